"""Several verdicts become one number."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.errors import ConfigError
from plaudit.judges.voting import best_rated, majority, mean, spread, vote, weighted

numbers = st.lists(st.floats(0, 10), min_size=1, max_size=9)


def test_by_hand():
    assert mean([1.0, 0.0, 0.0, 1.0, 1.0]) == pytest.approx(0.6)
    assert majority([1.0, 0.0, 0.0, 1.0, 1.0]) == 1.0
    assert majority([2.0, 5.0, 5.0, 2.0, 9.0]) == 3.5
    assert spread([1.0, 3.0]) == pytest.approx(math.sqrt(2))


def test_nothing_is_nan():
    assert all(math.isnan(f([])) for f in (mean, majority, spread))
    assert math.isnan(spread([4.0]))


@given(numbers, st.randoms(use_true_random=False))
def test_order_does_not_matter(values, rng):
    mixed = rng.sample(values, len(values))
    for how in ("mean", "majority"):
        assert vote(values, how) == vote(mixed, how)
        assert min(values) - 1e-9 <= vote(values, how) <= max(values) + 1e-9


def test_an_unknown_vote():
    with pytest.raises(ConfigError, match="vote='median' must be mean or majority"):
        vote([1.0], "median")


def test_the_best_judgments_are_kept_in_their_order():
    assert best_rated([1.0, 2.0, 3.0, 4.0], [0.1, 0.9, 0.5, 0.7], 2) == [2.0, 4.0]
    assert best_rated([1.0, 2.0, 3.0], [0.5, 0.5, 0.5], 2) == [1.0, 2.0]
    assert best_rated([1.0, 2.0], [0.1, 0.2], 9) == [1.0, 2.0]


def test_judgments_without_a_rating_go_first():
    assert best_rated([1.0, 2.0, 3.0], [math.nan, -5.0, math.nan], 1) == [2.0]
    assert best_rated([1.0, 2.0], [math.nan, math.nan], 1) == [1.0]


def test_weights():
    assert weighted([1.0, 0.5, 0.0], [2.0, 1.0, 1.0]) == pytest.approx(0.625)
    assert weighted([1.0, 1.0], [3.0, -1.0]) == pytest.approx(2 / 3)
    assert weighted([0.0, 1.0], [2.0, -4.0]) == -2.0


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 9)), min_size=1, max_size=8))
def test_positive_weights_stay_within_0_and_1(pairs):
    values, weights = zip(*pairs, strict=True)
    assert -1e-9 <= weighted(values, weights) <= 1 + 1e-9
