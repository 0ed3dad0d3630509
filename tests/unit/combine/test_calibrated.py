"""platt and isotonic: curves by hand, faults at the bad end, fits by their conditions."""

import itertools
import math
import random
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit import ConfigError, Group, Range, ScoringError, build, lift, load
from plaudit.calibration import fit_isotonic, fit_platt
from plaudit.combine import isotonic, platt

LENGTH = load("rules.baseline.length")


def values(reward, *texts):
    return [score.value for score in reward.score([Group("p", list(texts))])[0]]


def hung(response: str) -> Annotated[float, Range(-3, 1)]:
    raise ScoringError("hung", fault="response")


# --- the curves -----------------------------------------------------------------------------------


def test_platt_by_hand():
    # log-odds ln(3) is 3/4, and 0 is 1/2
    reward = platt(LENGTH, slope=math.log(3), intercept=0.0)
    assert values(reward, "", "a") == pytest.approx([0.5, 0.75])


def test_platt_does_not_overflow():
    reward = platt(LENGTH, slope=1e300, intercept=0.0)
    assert values(reward, "x" * 9) == [1.0]
    assert values(platt(LENGTH, slope=-1e300, intercept=0.0), "x" * 9) == [0.0]


def test_isotonic_by_hand():
    reward = isotonic(LENGTH, scores=[2, 4, 6], probabilities=[0.0, 0.5, 0.5])
    assert values(reward, "", "xx", "xxx", "xxxx", "xxxxx", "x" * 99) == [
        0.0, 0.0, 0.25, 0.5, 0.5, 0.5,
    ]  # fmt: skip


@pytest.mark.parametrize(("slope", "bad_end"), [(1.0, -3.0), (-1.0, 1.0)])
def test_a_response_fault_earns_the_bad_end_of_the_range(slope, bad_end):
    reward = platt(lift(hung), slope=slope, intercept=0.0)
    score = reward.score([Group("p", ["x"])])[0][0]
    assert score.fault == "response"
    assert score.value == pytest.approx(1 / (1 + math.exp(-slope * bad_end)))
    assert score.value == reward.fault_value


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: platt(LENGTH, slope=math.nan, intercept=0), "slope=nan"),
        (lambda: platt(LENGTH, slope="1", intercept=0), "slope='1'"),
        (lambda: isotonic(LENGTH, scores=[], probabilities=[]), "0 scores"),
        (lambda: isotonic(LENGTH, scores=[1, 1], probabilities=[0, 1]), "must rise"),
        (lambda: isotonic(LENGTH, scores=[1, 2], probabilities=[1, 0]), "must not fall"),
        (lambda: isotonic(LENGTH, scores=[1, 2], probabilities=[0, 2]), "must not fall"),
        (lambda: isotonic(LENGTH, scores=[1], probabilities=[0, 1]), "1 scores for 2"),
        (lambda: isotonic(LENGTH, scores="12", probabilities=[0, 1]), "finite numbers"),
    ],
)
def test_numbers_that_make_no_curve(make, message):
    with pytest.raises(ConfigError, match=message):
        make()


def test_a_fit_goes_into_a_recipe_as_plain_numbers():
    fit = fit_isotonic([1, 2, 3, 4], [0, 1, 0, 1])
    recipe = {
        "use": "combine.isotonic",
        "reward": "rules.baseline.length",
        "scores": list(fit.scores),
        "probabilities": list(fit.probabilities),
    }
    assert values(build(recipe), "xx", "xxx", "xxxx") == [0.5, 0.5, 1.0]


# --- the fits -------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(6, 60))
def test_platt_fit_is_where_the_gradient_of_the_log_loss_is_0(seed, num):
    draw = random.Random(seed)
    scores = [draw.gauss(0, 3) for _ in range(num)]
    outcomes = [float(draw.random() < 1 / (1 + math.exp(-s))) for s in scores]
    if len(set(outcomes)) < 2:
        return
    slope, intercept = fit_platt(scores, outcomes)
    right = sum(outcomes)
    targets = [(right + 1) / (right + 2) if y else 1 / (num - right + 2) for y in outcomes]
    residuals = [
        1 / (1 + math.exp(-(slope * s + intercept))) - t
        for s, t in zip(scores, targets, strict=True)
    ]
    assert sum(residuals) == pytest.approx(0, abs=1e-6)
    assert sum(r * s for r, s in zip(residuals, scores, strict=True)) == pytest.approx(0, abs=1e-5)


def test_platt_recovers_the_curve_that_drew_the_outcomes():
    draw = random.Random(7)
    scores = [draw.uniform(-4, 4) for _ in range(20_000)]
    outcomes = [float(draw.random() < 1 / (1 + math.exp(-(1.5 * s - 0.5)))) for s in scores]
    slope, intercept = fit_platt(scores, outcomes)
    assert (slope, intercept) == (pytest.approx(1.5, abs=0.06), pytest.approx(-0.5, abs=0.06))


def rising_by_min_max(scores, outcomes):
    """The isotonic fit by its min-max formula: max over i <= k of min over j >= k of means."""
    knots = sorted(set(scores))
    groups = [[y for s, y in zip(scores, outcomes, strict=True) if s == knot] for knot in knots]

    def mean(i, j):
        items = list(itertools.chain(*groups[i : j + 1]))
        return sum(items) / len(items)

    size = range(len(knots))
    return knots, [max(min(mean(i, j) for j in size if j >= k) for i in range(k + 1)) for k in size]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=14))
def test_isotonic_fit_is_that_of_the_min_max_formula(items):
    scores, outcomes = [float(s) for s, _ in items], [float(y) for _, y in items]
    if len(set(outcomes)) < 2:
        return
    fit = fit_isotonic(scores, outcomes)
    knots, expected = rising_by_min_max(scores, outcomes)
    reward = isotonic(LENGTH, scores=fit.scores, probabilities=fit.probabilities)
    assert values(reward, *("x" * int(knot) for knot in knots)) == pytest.approx(expected)


@pytest.mark.parametrize("fit", [fit_platt, fit_isotonic])
def test_labels_that_fit_nothing(fit):
    with pytest.raises(ConfigError, match="outcomes alike"):
        fit([1.0, 2.0], [1, 1])
    with pytest.raises(ConfigError, match=r"found 0\.5"):
        fit([1.0, 2.0], [1, 0.5])
    with pytest.raises(ConfigError, match="2 scores for 1"):
        fit([1.0, 2.0], [1])


def test_unscored_items_are_left_out():
    assert fit_isotonic([1, math.nan, 2], [0, 1, 1]).scores == (1.0, 2.0)
    with pytest.raises(ConfigError, match="all alike"):
        fit_platt([1.0, 1.0, 1.0], [1, 0, 1])
