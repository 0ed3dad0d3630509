"""Outcomes and credits: worked by hand, and laws over drawn scores."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.bench import credit
from plaudit.bench.credit import LOSS, TIE, UNSCORED, WIN, outcomes


def of(rows, labels):
    """Outcomes of rows of scores, each with its labels."""
    sizes = [len(row) for row in rows]
    starts = np.cumsum([0, *sizes[:-1]])
    return outcomes([v for row in rows for v in row], [x for row in labels for x in row], starts)


@pytest.mark.parametrize(
    ("scores", "expected", "share"),
    [
        ([2.0, 1.0], WIN, 1.0),
        ([1.0, 2.0], LOSS, 0.0),
        ([1.0, 1.0], TIE, 0.5),  # two at the top, one of them right
        ([math.nan, 1.0], UNSCORED, math.nan),
        ([1.0, math.nan], UNSCORED, math.nan),
        ([math.inf, 1.0], WIN, 1.0),
        ([-math.inf, -math.inf], TIE, 0.5),
        # best of four, as measured on allenai/reward-bench: 1, 1/2, 1/4, 0, 1/2
        ([3.0, 1.0, 2.0, 0.0], WIN, 1.0),
        ([3.0, 3.0, 2.0, 0.0], TIE, 0.5),
        ([1.0, 1.0, 1.0, 1.0], TIE, 0.25),
        ([1.0, 3.0, 2.0, 0.0], LOSS, 0.0),
        ([0.0, 0.0, -1.0, -2.0], TIE, 0.5),
    ],
)
def test_a_row_by_hand(scores, expected, share):
    results = of([scores], [[True] + [False] * (len(scores) - 1)])
    assert results.of_N.tolist() == [expected]
    assert results.share_N[0] == share or (math.isnan(results.share_N[0]) and math.isnan(share))
    assert credit.strict(results).tolist() == [float(expected == WIN)]
    assert credit.share(results).tolist() == [0.0 if math.isnan(share) else share]


def test_several_right_responses():
    # the top two are right and wrong: a tie, of which half is right; chance is 2 of 4
    results = of([[5.0, 1.0, 5.0, 0.0]], [[True, True, False, False]])
    assert (results.of_N[0], results.share_N[0], results.chance_N[0]) == (TIE, 0.5, 0.5)


def test_rows_that_are_all_right_or_all_wrong():
    results = of([[1.0, 1.0], [1.0, 2.0]], [[True, True], [False, False]])
    assert results.of_N.tolist() == [WIN, LOSS]
    assert results.chance_N.tolist() == [1.0, 0.0]


def test_no_row():
    assert credit.strict(outcomes([], [], [])).tolist() == []


values = st.one_of(st.integers(-3, 3).map(float), st.just(math.nan))
rows = st.lists(st.lists(values, min_size=2, max_size=5), min_size=1, max_size=20)


@given(rows, st.randoms())
def test_an_outcome_follows_its_responses(drawn, order):
    labels = [[i == 0 for i in range(len(row))] for row in drawn]
    before = of(drawn, labels)
    mixed = [order.sample(range(len(row)), len(row)) for row in drawn]
    turned = of(
        [[row[i] for i in way] for row, way in zip(drawn, mixed, strict=True)],
        [[row[i] for i in way] for row, way in zip(labels, mixed, strict=True)],
    )
    assert before.of_N.tolist() == turned.of_N.tolist()
    np.testing.assert_array_equal(before.share_N, turned.share_N)


@given(st.lists(st.tuples(values, values), min_size=1, max_size=30))
def test_won_won_with_labels_swapped_tied_and_unscored_are_all_pairs(pairs):
    own = of(pairs, [[True, False]] * len(pairs)).of_N.tolist()
    swapped = of(pairs, [[False, True]] * len(pairs)).of_N.tolist()
    parts = own.count(WIN) + swapped.count(WIN) + own.count(TIE) + own.count(UNSCORED)
    assert parts == len(pairs)


@given(rows, st.integers(1, 5))
def test_only_the_order_of_scores_counts(drawn, scale):
    labels = [[i == 0 for i in range(len(row))] for row in drawn]
    scaled = [[value * scale + 7 for value in row] for row in drawn]
    assert of(drawn, labels).of_N.tolist() == of(scaled, labels).of_N.tolist()
