"""Best of N and graded responses, worked by hand."""

import math

import numpy as np
import pytest
from bench_sheets import figures, items, sheet_of

from plaudit.bench.benchmark import benchmark
from plaudit.bench.curves import best_of, curve, ensemble, majority_of, oracle_of
from plaudit.bench.results import assess
from plaudit.bench.sheet import Scored
from plaudit.errors import DataError


def row(correct, predicted=None, **more):
    texts = [f"r{i}" for i in range(len(correct))]
    answers = {} if predicted is None else {"predicted": predicted}
    return {
        "prompt": str(more or correct),
        "responses": texts,
        "correct": correct,
        **answers,
        **more,
    }


def test_best_of_n_by_hand():
    rows = [
        row([True, False, False, True], ["7", "8", "8", "7"]),
        row([False, True], ["1", "2"]),
        row([False, False], ["3", "3"]),
    ]
    sheet = sheet_of("best_of_n", rows)
    # the second row is a tie of right and wrong: nothing, 1/2, or the first of them (wrong)
    values = [1, 2, 3, 9, 5, 5, 1, 2]
    for rule, share in {"strict": 1 / 3, "share": 1.5 / 3, "first": 1 / 3}.items():
        results = figures("best_of_n", sheet, values, rule)
        assert results["overall"] == pytest.approx(share), rule
    assert results["oracle"] == pytest.approx(2 / 3)
    assert results["random"] == pytest.approx((1 / 2 + 1 / 2 + 0) / 3)
    # majority: 7 and 8 are equal, the first one seen is right; 1 before 2 is wrong; 3 is wrong
    assert results["majority"] == pytest.approx(1 / 3)


def test_the_first_of_equals_may_be_right():
    sheet = sheet_of("best_of_n", [row([True, False])])
    assert figures("best_of_n", sheet, [1, 1], "first")["overall"] == 1.0
    assert math.isnan(figures("best_of_n", sheet, [1, 1])["majority"])


def test_the_chance_of_the_best_of_two_by_hand():
    # scores 3 > 2 > 1, right are the last two. Of the pairs {3,2} and {3,1} the best is wrong,
    # of {2,1} right: 1/3
    assert best_of([3.0, 2.0, 1.0], [0.0, 1.0, 1.0], 2) == pytest.approx(1 / 3)
    # a tie at the top: {3,3'} is right half the time, {3,1} never, {3',1} always: 1/2
    assert best_of([3.0, 3.0, 1.0], [0.0, 1.0, 1.0], 2) == pytest.approx(1 / 2)
    assert math.isnan(best_of([3.0, math.nan], [1.0, 0.0], 1))
    assert oracle_of([1.0, 0.0, 0.0, 0.0], 2) == pytest.approx(1 / 2)
    assert majority_of(["7", "8", "8"], [1.0, 0.0, 0.0], 2) == pytest.approx(2 / 3)


def test_the_curve_ends_at_the_figures_of_all():
    rows = [row([True, False, False, True], ["7", "8", "8", "7"]), row([False] * 4, list("abcd"))]
    sheet = sheet_of("best_of_n", rows)
    points = curve(sheet, [Scored("x", sheet.labels_T)])
    assert [point["n"] for point in points] == [1, 2, 4]
    assert points[0]["rewards"]["x"] == points[0]["random"] == 0.25
    assert points[-1]["rewards"]["x"] == points[-1]["oracle"] == 0.5


def test_an_ensemble_by_hand():
    # standardised: (-1, 1, -1, 1) and (1, -1, -1, 1)
    members = [
        Scored("a", np.array([0.0, 2.0, 0.0, 2.0])),
        Scored("b", np.array([30.0, 10.0, 10.0, 30.0])),
    ]
    results = {kind: ensemble(members, kind).values_T for kind in ("mean", "worst", "uncertainty")}
    assert results["mean"].tolist() == [0.0, 0.0, -1.0, 1.0]
    assert results["worst"].tolist() == [-1.0, -1.0, -1.0, 1.0]
    assert results["uncertainty"].tolist() == [-1.0, -1.0, -1.0, 1.0]


@pytest.mark.parametrize(
    "correct", [[True, "maybe"], [None, True], [0.5, 1]], ids=["text", "null", "half"]
)
def test_best_of_n_a_row_that_is_none(correct):
    with pytest.raises(DataError) as error:
        items("best_of_n", [row(correct)])
    assert error.value.field == "correct"


def graded(labels, key="labels", **more):
    texts = [f"r{i}" for i in range(len(labels))]
    return {"prompt": str(labels), "responses": texts, key: labels, **more}


def test_graded_by_hand():
    rows = [graded([3, 2, 1]), graded([1, 1, 2]), graded([2, 1], subset="b")]
    sheet = sheet_of("graded", rows)
    # first: 3>2 won, 3>1 tied, 2>1 lost (an inversion): 1 of 3. Second: 3 has two below, both won,
    # no inversion: 2 of 2. Subset b: tied, which is no inversion: 0 of 1 and a match
    values = [5, 4, 5, 1, 2, 3, 7, 7]
    results = figures("graded", sheet, values)
    assert results["subset/all"] == pytest.approx(3 / 5)
    assert results["subset/all/exact_match"] == 0.5
    assert (results["subset/b"], results["subset/b/exact_match"]) == (0.0, 1.0)
    assert results["overall"] == pytest.approx((3 / 5 + 0) / 2)
    assert results["exact_match"] == pytest.approx(0.75)
    assert all(g.holds for g in benchmark("graded").gates(sheet, Scored("x", sheet.labels_T)))


def test_ranks_count_from_the_best():
    sheet = sheet_of("graded", [graded([1, 2], "ranks")])
    assert figures("graded", sheet, [5, 4])["overall"] == 1.0


@pytest.mark.parametrize("grades", [[1, 1], [2, 1], [1, 2, 2]], ids=str)
@pytest.mark.parametrize("gaps", ["first", "last", "all"])
def test_a_prompt_with_an_unscored_response_is_no_match_and_is_counted(grades, gaps):
    sheet = sheet_of("graded", [graded(grades), graded([2, 1], subset="b")])
    values = [float(grade) for grade in grades] + [2.0, 1.0]
    for i in {"first": [0], "last": [len(grades) - 1], "all": range(len(grades))}[gaps]:
        values[i] = math.nan
    scored = Scored("x", np.array(values), is_judge=True)
    entry = assess(benchmark("graded"), sheet, [scored], num_draws=5)["rewards"][0]
    assert entry["figures"]["subset/all/exact_match"]["value"] == 0.0
    assert entry["figures"]["exact_match"]["value"] == 0.5
    assert entry["by_subset"]["all"]["unscored"] >= 1
    assert entry["counts"]["unscored"] == entry["by_subset"]["all"]["unscored"]
    assert any("unscored" in note for note in entry["notes"])
    assert all(gate["holds"] for gate in entry["gates"])


@pytest.mark.parametrize("name", ["labels", "ranks"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, True, "1", None])
def test_a_grade_that_is_no_number_is_refused(name, bad):
    with pytest.raises(DataError) as error:
        items("graded", [{"prompt": "q", "responses": ["a", "b"], name: [1, bad]}])
    assert error.value.field == name


def test_a_broken_reward_of_equal_grades_alone_is_unscored():
    sheet = sheet_of("graded", [graded([1, 1])])
    results = assess(benchmark("graded"), sheet, [Scored("x", np.full(2, math.nan))], num_draws=5)
    (entry,) = results["rewards"]
    assert entry["figures"]["exact_match"]["value"] == 0.0
    assert entry["counts"]["unscored"] == 1
    assert any("1 unscored" in note for note in entry["notes"])
