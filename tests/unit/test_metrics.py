import itertools
import math
import random
import statistics

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plaudit.metrics import (
    Interval,
    bootstrap_counts,
    bootstrap_mean,
    brier,
    confusion,
    ece,
    fit_temperature,
    fleiss_kappa,
    kappa,
    kendall,
    logistic,
    pearson,
    quantiles,
    ranks,
    reliability,
    spearman,
    wilson,
)

SMALL = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=25)
NAN = math.nan


def sides(pairs):
    return [float(a) for a, _ in pairs], [float(b) for _, b in pairs]


# --- shares ---------------------------------------------------------------------------------------


def test_wilson_by_hand():
    # the roots of (p - q)² = z² q(1 - q) / n
    for right, num in ((0, 5), (3, 5), (5, 5), (354, 419), (2.5, 7)):
        share, low, high = wilson(right, num)
        assert share == right / num
        for end in (low, high):
            gap = (share - end) ** 2 - 1.959963985**2 * end * (1 - end) / num
            assert gap == pytest.approx(0, abs=1e-9)
        assert 0 <= low <= share <= high <= 1


def test_a_higher_level_is_wider_and_nothing_has_no_interval():
    assert wilson(8, 10, level=0.99).low < wilson(8, 10).low
    assert all(map(math.isnan, wilson(0, 0)))
    assert all(map(math.isnan, bootstrap_mean([])))
    assert all(map(math.isnan, bootstrap_mean([NAN])))
    assert all(map(math.isnan, bootstrap_counts(lambda n: n[..., 0], [])))
    assert all(map(math.isnan, bootstrap_counts(lambda n: n[..., 0], [0, 0])))


def test_bootstrap_agrees_with_the_normal_law():
    values = [1.0] * 300 + [0.0] * 100
    found = bootstrap_mean(values, num_draws=4000)
    half = 1.96 * math.sqrt(0.75 * 0.25 / 400)
    assert found.value == 0.75
    assert found.low == pytest.approx(0.75 - half, abs=0.005)
    assert found.high == pytest.approx(0.75 + half, abs=0.005)


def test_counts_draw_the_same_law_as_items():
    by_item = bootstrap_mean([1.0] * 30 + [0.0] * 10, num_draws=5000)
    by_count = bootstrap_counts(lambda n: n[..., 0] / n.sum(-1), [30, 10], num_draws=5000)
    assert by_count.value == by_item.value
    assert by_count.low == pytest.approx(by_item.low, abs=0.026)
    assert by_count.high == pytest.approx(by_item.high, abs=0.026)


def test_draws_come_from_the_seed():
    values = [0.0, 1.0, 1.0, 0.0, 1.0, 0.3, 0.2, 0.7]
    assert bootstrap_mean(values) == bootstrap_mean(values)
    assert bootstrap_mean(values) != bootstrap_mean(values, seed=1)


def test_clusters_of_equal_items_are_as_wide_as_their_number_says():
    values = [float(i % 2) for i in range(40) for _ in range(10)]
    clusters = [f"prompt {i}" for i in range(40) for _ in range(10)]
    alone, together = bootstrap_mean(values), bootstrap_mean(values, clusters=clusters)
    ratio = (together.high - together.low) / (alone.high - alone.low)
    assert ratio == pytest.approx(math.sqrt(10), rel=0.15)


def test_a_cluster_without_a_number_is_none():
    found = bootstrap_mean([1.0, NAN, 0.5], clusters=["a", "b", "c"])
    assert found.value == 0.75


def test_draws_without_a_figure_are_left_out():
    # kappa has none where a draw holds one label alone
    found = bootstrap_counts(lambda n: kappa(n.reshape((*n.shape[:-1], 2, 2))), [2, 0, 0, 1])
    assert found == Interval(1.0, 1.0, 1.0)


def test_quantiles():
    assert quantiles(list(range(101)), (0.5, 0.9, 0.99)) == [50.0, 90.0, 99.0]
    assert quantiles([3.0, NAN], (0.1,)) == [3.0]
    assert all(map(math.isnan, quantiles([])))


# --- agreement ------------------------------------------------------------------------------------


def test_confusion_leaves_out_what_is_no_label():
    assert confusion([1, 2, 2, 9], [1, 1, 2, 1], [1, 2]) == [[1, 0], [1, 1]]


# Fleiss 1971 as worked out in the textbook example: ten items, five labels, fourteen raters.
FLEISS = """
0 0 0 0 14 / 0 2 6 4 2 / 0 0 3 5 6 / 0 3 9 2 0 / 2 2 8 1 1 / 7 7 0 0 0 / 3 2 6 3 0 / 2 5 3 2 2
/ 6 5 2 1 0 / 0 2 2 3 7
"""


def test_fleiss_kappa_on_the_textbook_example():
    counts = [[int(n) for n in row.split()] for row in FLEISS.split("/")]
    rows = [[label for label, n in enumerate(row) for _ in range(n)] for row in counts]
    assert fleiss_kappa(rows) == pytest.approx(0.210, abs=5e-4)
    assert fleiss_kappa([*rows, [3], []]) == fleiss_kappa(rows)
    assert fleiss_kappa([[1, 1], [0, 0]]) == 1
    assert fleiss_kappa([[1, 0], [1, 0]]) == -1
    for nothing in ([], [[1]], [[1, 1], [1, 1]]):
        assert math.isnan(fleiss_kappa(nothing))


def test_kappa_by_hand():
    # Cohen's formula (p0 - pe) / (1 - pe), with p0 = 0.7 and pe = 0.5
    assert kappa([[20, 5], [10, 15]]) == pytest.approx((0.7 - 0.5) / (1 - 0.5))
    assert kappa([[10, 0], [0, 10]]) == 1.0
    assert kappa([[0, 10], [10, 0]]) == -1.0
    assert kappa([[5, 5], [5, 5]]) == 0.0


def test_quadratic_kappa_by_hand():
    table = [[2, 1, 0], [0, 3, 1], [0, 0, 3]]
    n, rows, columns = 10, [3, 4, 3], [2, 4, 4]
    observed = sum((i - j) ** 2 * table[i][j] for i in range(3) for j in range(3))
    expected = sum((i - j) ** 2 * rows[i] * columns[j] / n for i in range(3) for j in range(3))
    assert kappa(table, weights="quadratic") == pytest.approx(1 - observed / expected)
    # of two labels both are one
    assert kappa([[3, 1], [2, 5]], weights="quadratic") == pytest.approx(kappa([[3, 1], [2, 5]]))


@pytest.mark.parametrize("table", [[], [[0, 0], [0, 0]], [[7, 0], [0, 0]]])
def test_kappa_of_one_label_or_none_is_none(table):
    assert math.isnan(kappa(table))


def test_one_side_with_one_label_agrees_by_chance_alone():
    assert kappa([[7, 3], [0, 0]]) == 0.0


def test_a_stack_of_tables_gives_an_array():
    found = kappa([[[1, 0], [0, 1]], [[0, 0], [0, 0]]])
    assert found[0] == 1.0
    assert math.isnan(found[1])


def naive_tau(xs, ys):
    signs = [
        (np.sign(a - c), np.sign(b - d))
        for (a, b), (c, d) in itertools.combinations(zip(xs, ys, strict=True), 2)
    ]
    untied = [sum(s[k] != 0 for s in signs) for k in (0, 1)]
    size = math.sqrt(untied[0] * untied[1])
    return sum(a * b for a, b in signs) / size if size else NAN


@given(SMALL)
def test_kendall_agrees_with_the_definition(pairs):
    xs, ys = sides(pairs)
    assert kendall(xs, ys) == pytest.approx(naive_tau(xs, ys), abs=1e-9, nan_ok=True)


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), max_size=20))
def test_kendall_of_numbers_without_ties(pairs):
    xs, ys = sides(pairs)
    assert kendall(xs, ys) == pytest.approx(naive_tau(xs, ys), abs=1e-9, nan_ok=True)


def test_kendall_of_many_items_is_not_quadratic():
    draw = random.Random(0)
    xs = [draw.random() for _ in range(100_000)]
    assert kendall(xs, xs) == 1.0
    assert kendall(xs, [-x for x in xs]) == -1.0
    assert abs(kendall(xs, draw.sample(xs, len(xs)))) < 0.01


@given(SMALL)
def test_pearson_and_spearman_agree_with_the_statistics_module(pairs):
    xs, ys = sides(pairs)
    if len(set(xs)) < 2 or len(set(ys)) < 2:
        assert math.isnan(pearson(xs, ys))
        assert math.isnan(spearman(xs, ys))
        return
    assert pearson(xs, ys) == pytest.approx(statistics.correlation(xs, ys), abs=1e-9)
    ranked = statistics.correlation(ranks(xs), ranks(ys))
    assert spearman(xs, ys) == pytest.approx(ranked, abs=1e-9)


def test_huge_and_tiny_numbers_correlate():
    assert pearson([1e300, 2e300, 4e300], [1e-200, 2e-200, 4e-200]) == 1.0
    assert math.isnan(pearson([1e9, 1e9, 1e9], [1.0, 2.0, 3.0]))


@pytest.mark.parametrize("measure", [pearson, spearman, kendall])
def test_items_without_a_number_are_left_out(measure):
    assert measure([1.0, NAN, 2.0, 3.0], [1.0, 9.0, 2.0, math.inf]) == 1.0
    assert math.isnan(measure([], []))
    assert math.isnan(measure([1.0], [1.0]))


def test_ranks():
    assert ranks([3.0, 1.0, 3.0, 3.0, 2.0]) == [4.0, 1.0, 4.0, 4.0, 2.0]
    assert ranks([]) == []


# --- calibration ----------------------------------------------------------------------------------


def test_reliability_by_hand():
    p, y = [0.05, 0.15, 0.15, 1.0], [0, 1, 0, 1]
    found = reliability(p, y)
    assert [b.num for b in found] == [1, 2, 1]
    assert [b.share for b in found] == [0.0, 0.5, 1.0]
    assert [b.probability for b in found] == pytest.approx([0.05, 0.15, 1.0])
    assert ece(p, y) == pytest.approx((0.05 + 2 * 0.35 + 0) / 4)
    assert brier(p, y) == pytest.approx((0.05**2 + 0.85**2 + 0.15**2) / 4)


def test_bins_from_half_on():
    found = reliability([0.5, 0.54, 0.56, 0.99], [0, 0, 1, 1], low=0.5)
    assert [b.num for b in found] == [2, 1, 1]


def test_bins_of_equal_mass_keep_equal_probabilities_together():
    p = [0.1] * 50 + [0.2 + i / 1000 for i in range(50)]
    found = reliability(p, [1] * 100, num_bins=4, equal="mass")
    assert sum(b.num for b in found) == 100
    assert found[0].num == 50
    assert ece(p, [1] * 100, num_bins=4, equal="mass") == pytest.approx(1 - statistics.fmean(p))


def test_temperature_is_what_spoiled_the_probabilities():
    draw = np.random.default_rng(0)
    odds = draw.normal(0, 1.5, 40_000)
    outcomes = draw.random(40_000) < 1 / (1 + np.exp(-odds))
    spoiled = 1 / (1 + np.exp(-3.0 * odds))
    fit = fit_temperature(spoiled.tolist(), outcomes.tolist())
    assert fit.value == pytest.approx(3.0, rel=0.03)
    assert fit.ece < 0.01 < ece(spoiled.tolist(), outcomes.tolist())


def test_temperature_of_hard_verdicts_says_how_often_they_are_right():
    fit = fit_temperature([1.0] * 8 + [0.0] * 2, [1.0] * 6 + [0.0] * 3 + [1.0])
    # log-odds of 0.7 against those of 1 - 1e-6
    assert fit.value == pytest.approx(math.log(999_999) / math.log(7 / 3), rel=1e-6)


@pytest.mark.parametrize(
    ("p", "y"),
    [
        ([], []),
        ([0.5, 0.5], [1, 0]),  # no spread
        ([0.9, 0.8, 0.1], [1, 1, 0]),  # all as foretold: the lower T the better
        ([0.9, 0.8, 0.1, 0.2], [0, 0, 1, 0]),  # against the outcomes: the higher T the better
    ],
)
def test_no_temperature_is_best(p, y):
    assert all(map(math.isnan, fit_temperature(p, y)))


def test_calibration_of_nothing():
    assert reliability([], []) == []
    assert math.isnan(ece([], []))
    assert math.isnan(brier([NAN], [1]))


# --- slopes ---------------------------------------------------------------------------------------


def test_a_two_by_two_table_has_the_log_odds_ratio():
    a, b, c, d = 30, 10, 12, 28  # outcome 1 and 0 at x = 1, then at x = 0
    y = [1] * a + [0] * b + [1] * c + [0] * d
    x = [1] * (a + b) + [0] * (c + d)
    fit = logistic(y, x)
    assert fit.intercept == pytest.approx(math.log(c / d))
    assert fit.slopes[0] == pytest.approx(math.log(a * d / (b * c)))
    assert fit.errors[0] == pytest.approx(math.sqrt(1 / a + 1 / b + 1 / c + 1 / d))


def test_the_slopes_that_made_the_outcomes_are_found():
    draw = np.random.default_rng(1)
    x, z = draw.normal(size=(2, 20_000))
    y = draw.random(20_000) < 1 / (1 + np.exp(-(0.3 + 1.2 * x - 0.7 * z)))
    fit = logistic(y.tolist(), x.tolist(), z.tolist())
    for found, true, error in zip(fit.slopes, (1.2, -0.7), fit.errors, strict=True):
        assert abs(found - true) < 4 * error < 0.1
    assert fit.intercept == pytest.approx(0.3, abs=0.1)


def test_without_intercept_the_order_of_a_pair_is_of_no_matter():
    draw = random.Random(2)
    x = [draw.gauss(0, 1) for _ in range(200)]
    y = [float(draw.random() < 1 / (1 + math.exp(-v))) for v in x]
    turned = [draw.random() < 0.5 for _ in x]
    swapped = [1 - v if t else v for v, t in zip(y, turned, strict=True)]
    minus = [-v if t else v for v, t in zip(x, turned, strict=True)]
    one, other = logistic(y, x, intercept=False), logistic(swapped, minus, intercept=False)
    assert one.intercept == 0.0
    assert one.slopes == pytest.approx(other.slopes)
    assert one.errors == pytest.approx(other.errors)


def test_the_unit_of_a_covariate_moves_the_slope_alone():
    y, x = [0, 1, 0, 1, 1, 0, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8]
    one, other = logistic(y, x), logistic(y, [1e6 * v for v in x])
    assert other.slopes[0] * 1e6 == pytest.approx(one.slopes[0])
    assert other.errors[0] * 1e6 == pytest.approx(one.errors[0])


def test_one_extreme_item_does_not_throw_the_steps():
    x = [-1.0, -0.5, 0.2, 0.4, 0.8, 1.0, 50.0]
    fit = logistic([0, 1, 0, 1, 0, 1, 1], x)
    # at the maximum the residuals are orthogonal to the covariates
    p = [1 / (1 + math.exp(-(fit.intercept + fit.slopes[0] * v))) for v in x]
    gaps = [y - q for y, q in zip([0, 1, 0, 1, 0, 1, 1], p, strict=True)]
    assert sum(gaps) == pytest.approx(0, abs=1e-7)
    assert sum(g * v for g, v in zip(gaps, x, strict=True)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("y", "x"),
    [
        ([], []),
        ([1, 0], [1.0, 2.0]),  # two items, two unknowns
        ([1, 1, 1, 1], [1.0, 2.0, 3.0, 4.0]),  # one class
        ([0, 0, 1, 1], [1.0, 2.0, 3.0, 4.0]),  # separated
        ([0, 0, 1, 1, 1], [1.0, 2.0, 2.0, 3.0, 4.0]),  # separated but for the middle
        ([0, 1, 0, 1], [2.0, 2.0, 2.0, 2.0]),  # constant
        ([0, 1, 0, 1], [NAN, NAN, NAN, 1.0]),
    ],
)
def test_no_slope_is_best(y, x):
    fit = logistic(y, x)
    assert all(map(math.isnan, (fit.intercept, *fit.slopes, *fit.errors)))


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(-1e6, 1e6)), max_size=12))
@example([(0, 6.4e-170), (0, 2.2e-313), (1, 2.2e-313)])  # its errors are beyond a float
def test_a_fit_is_a_maximum_or_none(items):
    y, x = sides(items)
    fit = logistic(y, x, intercept=False)
    if math.isnan(fit.slopes[0]):
        return
    p = [0.5 * (1 + math.tanh(fit.slopes[0] * v / 2)) for v in x]
    score = sum((a - q) * v for a, q, v in zip(y, p, x, strict=True))
    assert abs(score) <= 1e-6 * max(1.0, *map(abs, x))
