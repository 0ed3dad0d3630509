import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.report._stats import (
    Extremes,
    Messages,
    Moments,
    Reservoir,
    correlations,
    histogram,
)

FLOATS = st.floats(-1e6, 1e6)


@given(st.lists(FLOATS, min_size=2))
def test_moments_agree_with_the_statistics_module(values):
    moments = Moments()
    for value in values:
        moments.add(value)
    assert moments.mean == pytest.approx(statistics.fmean(values), abs=1e-6)
    assert moments.std == pytest.approx(statistics.stdev(values), rel=1e-6, abs=1e-5)
    assert (moments.low, moments.high) == (min(values), max(values))


def test_what_is_not_finite_is_unscored():
    moments = Moments()
    for value in (math.nan, math.inf, -math.inf, 2.0):
        moments.add(value)
    assert (moments.num_scored, moments.num_unscored, moments.mean) == (1, 3, 2.0)
    assert math.isnan(moments.std)


def test_distinct_values_are_counted_until_there_are_too_many():
    moments = Moments()
    for value in (0.0, 1.0, 1.0, -0.0):
        moments.add(value)
    assert moments.values == {0.0: 2, 1.0: 2}
    for value in range(20):
        moments.add(float(value))
    assert moments.values is None


def test_a_large_offset_does_not_spoil_the_spread():
    moments = Moments()
    for value in (1e9 + 1, 1e9 + 2, 1e9 + 3):
        moments.add(value)
    assert moments.std == pytest.approx(1.0)


def sampled(stream, size=50):
    reservoir = Reservoir(size)
    for item in stream:
        reservoir.offer(lambda item=item: item)
    return reservoir


def test_reservoir_is_bounded_repeatable_and_uniform():
    first, again = sampled(range(10_000)), sampled(range(10_000))
    assert first.items == again.items
    assert len(first.items) == len(set(first.items)) == 50
    halves = sum(item < 5000 for item in sampled(range(10_000), 1000).items)
    assert 430 < halves < 570  # 500, and more than four standard deviations


def test_reservoir_keeps_everything_while_there_is_room():
    assert sampled(range(7)).items == list(range(7))


def test_extremes_count_equal_items_and_ignore_the_order():
    stream = [(rank, f"key {n}") for rank in range(5) for n in range(6)] * 3
    for order in (stream, stream[::-1], sorted(stream, key=lambda e: e[1])):
        extremes = Extremes(8)
        for rank, key in order:
            extremes.offer(rank, lambda key=key: key, lambda key=key: key.upper())
        kept = [f"key {n}" for n in (5, 4, 3, 2, 1, 0)] + ["key 5", "key 4"]
        assert extremes.ranked() == [(key, 3, key.upper()) for key in kept]


def test_extremes_of_nothing():
    assert Extremes(3).ranked() == []


def test_messages_that_differ_in_values_are_one():
    messages = Messages()
    for n in range(3):
        messages.add("input", f"row {n}: reference '{n}x' cannot be parsed", n)
    messages.add("system", "judge is down", 9)
    assert messages.top(1) == [("input", 3, 0)]
    assert messages.num_beyond(1) == 1


def test_messages_are_bounded():
    messages = Messages()
    for n in range(2000):
        messages.add("system", "x" * n, n)
    assert len(messages.top(10_000)) == 500
    # what is shaped by its first 500 characters falls together beyond them
    assert messages.num_beyond(500) == messages.num_other
    assert sum(count for _, count, _ in messages.top(500)) + messages.num_other == 2000


@given(st.lists(FLOATS, min_size=1))
def test_histogram_counts_every_value_once(values):
    bins = histogram(values)
    if bins is None:
        assert max(values) - min(values) < 1e-290
        return
    assert sum(bins["counts"]) == len(values)
    assert bins["low"] <= min(values) + 1e-9 * bins["step"]
    assert max(values) <= bins["low"] + bins["step"] * (len(bins["counts"]) + 1e-6)
    assert len(bins["counts"]) <= 26


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0], [-1e308, 1e308], [0.0, 5e-324]])
def test_histogram_of_what_has_no_bins(values):
    assert histogram(values) is None


def naive_r(xs, ys):
    pairs = [(x, y) for x, y in zip(xs, ys, strict=True) if not math.isnan(x + y)]
    if len(pairs) < 3 or len({x for x, _ in pairs}) < 2 or len({y for _, y in pairs}) < 2:
        return None
    return statistics.correlation(*zip(*pairs, strict=True))


@given(
    st.lists(
        st.tuples(*[st.sampled_from([math.nan, -2.0, 0.0, 1.0, 3.5])] * 3), min_size=0, max_size=30
    )
)
def test_correlations_agree_with_the_statistics_module(rows):
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
    matrix = correlations(columns)
    for i in range(3):
        for j in range(3):
            expected = naive_r(columns[i], columns[j])
            if expected is None:
                assert math.isnan(matrix[i][j])
            else:
                assert matrix[i][j] == pytest.approx(expected, abs=1e-9)


def test_correlations_of_huge_and_tiny_numbers():
    matrix = correlations([[1e300, 2e300, 4e300], [1e-200, 2e-200, 4e-200], [1e9, 1e9, 1e9]])
    assert matrix[0][1] == pytest.approx(1.0)
    assert math.isnan(matrix[0][2])
