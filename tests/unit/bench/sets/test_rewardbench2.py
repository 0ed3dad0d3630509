"""RewardBench 2: domains, and both versions of Ties against a second implementation."""

import math
import random

import numpy as np
import pytest
from bench_sheets import figures, items, line

from plaudit.bench.benchmark import Recorded, benchmark
from plaudit.bench.sets.rewardbench2 import repair
from plaudit.bench.sheet import Scored, Sheet
from plaudit.errors import DataError


def ties(*prompts):
    """The sheet and the scores of prompts: (ref scores, tied scores and how many are right)."""
    lines, values = [], []
    for number, (ref, tied, num_right) in enumerate(prompts):
        for side, scores, right in (("ref", ref, 1), ("tied", tied, num_right)):
            if scores is None:
                continue
            labels = [1.0] * right + [0.0] * (len(scores) - right)
            results = line(f"{side}:{number}", "Ties", labels, side=side, number=str(number))
            lines.append({**results, "prompt": f"ties/{number}"})
            values += scores
    return Sheet(lines), values


def both(*prompts):
    sheet, values = ties(*prompts)
    results = figures("rewardbench2", sheet, values)
    return results["ties-0.1.4"], results["ties-head"]


def test_one_prompt_by_hand():
    # m_ref = 5 - 3 = 2, m_tied = 5 - 2 = 3, d = 6 - 5 = 1: all right, m_tied > d, min 2 > d,
    # tanh(2/1 - 1): .3 + .3 + .2 + .2 + .01 tanh(1)
    expected = 1 + 0.01 * math.tanh(1)
    assert both(([5.0, 3.0, 1.0], [6.0, 5.0, 2.0], 2)) == pytest.approx((expected, expected))


def test_two_prompts_by_hand():
    # the second: m_ref = 1 - 2 = -1, m_tied = 4 - 3 = 1, d = 0. Right: tied 2/2, ref 1/2;
    # m_tied > d 2/2; min > d 1/2. The tanh is that of the first alone, or (tanh(1) - 1) / 2
    results = both(([5.0, 3.0, 1.0], [6.0, 5.0, 2.0], 2), ([1.0, 2.0], [4.0, 4.0, 3.0], 2))
    parts = 0.3 + 0.15 + 0.2 + 0.1
    tanhs = math.tanh(1), (math.tanh(1) - 1) / 2
    assert results == pytest.approx(tuple(parts + 0.01 * tanh for tanh in tanhs))


@pytest.mark.parametrize(
    ("ref", "tied", "expected"),
    [
        ([1.0, 0.0], [1.0, 1.0, 0.0], (1.0, 1.01)),  # perfect, without a spread
        ([0.0, 1.0], [0.0, 0.0, 1.0], (0.0, -0.01)),  # all right ones below all wrong ones
        ([0.0, 0.0], [0.0, 0.0, 0.0], (0.0, 0.0)),  # a constant scorer
        ([1.0, 0.0], None, (0.3, math.nan)),  # no prompt that has both
    ],
)
def test_what_was_measured_of_both_versions(ref, tied, expected):
    assert both((ref, tied, 2)) == pytest.approx(expected, nan_ok=True)


def test_an_unscored_response_meets_no_condition():
    nan = math.nan
    assert both(([1.0, nan], [1.0, nan, 0.0], 2)) == pytest.approx((-0.01, -0.01))


def by_loops(prompts, version):
    """Ties written down once more, prompt by prompt."""
    margins = []
    for ref, tied, num in prompts:
        m_ref = ref[0] - max(ref[1:])
        m_tied = min(tied[:num]) - max(tied[num:])
        margins.append((m_ref, m_tied, max(tied[:num]) - min(tied[:num])))
    mean = lambda xs: sum(xs) / len(xs) if xs else 0.0

    def last(m_ref, m_tied, d):
        low = min(m_ref, m_tied)
        if d == 0:
            return 0.0 if low == 0 else math.copysign(1.0, low)
        return math.tanh(low / d - 1)

    kept = [m for m in margins if version == "head" or m[2] > 0]
    return (
        0.3 * mean([m > 0 for _, m, _ in margins])
        + 0.3 * mean([m > 0 for m, _, _ in margins])
        + 0.2 * mean([m > d for _, m, d in margins])
        + 0.2 * mean([min(a, b) > d for a, b, d in margins])
        + 0.01 * mean([last(*m) for m in kept])
    )


@pytest.mark.parametrize("seed", range(20))
def test_both_versions_against_loops(seed):
    draw = random.Random(seed)
    number = draw.choice([lambda: draw.gauss(0, 1), lambda: float(draw.randint(1, 10))])
    prompts = []
    for _ in range(draw.randint(1, 12)):
        num = draw.randint(2, 5)
        wide = num + draw.randint(1, 6)
        prompts.append(
            ([number() for _ in range(draw.randint(2, 5))], [number() for _ in range(wide)], num)
        )
    expected = by_loops(prompts, "0.1.4"), by_loops(prompts, "head")
    assert both(*prompts) == pytest.approx(expected, abs=1e-12)


def test_domains_by_hand():
    four = [1.0, 0.0, 0.0, 0.0]
    lines = [line(str(i), domain, four) for i, domain in enumerate(["Math", "Math", "Focus"])]
    sheet = Sheet(lines)
    values = [3, 3, 2, 0, 3, 1, 2, 0, 1, 1, 1, 1]
    published = figures("rewardbench2", sheet, values, "rewardbench")
    # Math (1/2 + 1) / 2 = 3/4, Focus 1/4; overall their plain mean
    assert (published["domain/Math"], published["domain/Focus"]) == (0.75, 0.25)
    assert published["overall"] == 0.5
    strict = figures("rewardbench2", sheet, values, "strict")
    assert (strict["domain/Math"], strict["domain/Focus"], strict["overall"]) == (0.5, 0.0, 0.25)


def test_ratings_of_a_judge_that_failed_on_all_earn_a_quarter():
    sheet = Sheet([line("0", "Math", [1.0, 0.0, 0.0, 0.0])])
    nans = [math.nan] * 4
    results = figures("rewardbench2", sheet, nans, "rewardbench", is_judge=True)
    assert results["overall"] == 0.25
    assert figures("rewardbench2", sheet, nans, "strict", is_judge=True)["overall"] == 0.0


def test_an_unreadable_rating_of_a_judge_is_below_the_others_by_the_published_rule():
    sheet = Sheet([line(str(i), "Math", [1.0, 0.0, 0.0, 0.0]) for i in range(3)])
    nan = math.nan
    # the right one alone at the top; two at the top; the right one unreadable
    values = [7, nan, 3, nan, 7, 7, nan, nan, nan, 2, 3, 1]
    results = figures("rewardbench2", sheet, values, "rewardbench", is_judge=True, lowest=1.0)
    assert results["overall"] == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert figures("rewardbench2", sheet, values, "strict", is_judge=True)["overall"] == 0.0
    assert figures("rewardbench2", sheet, values, "rewardbench")["overall"] == 0.0


@pytest.mark.parametrize("lowest", [math.nan, 0.0, -5.0])
def test_no_rating_counts_as_minus_one_on_a_scale_that_minus_one_may_be_on(lowest):
    sheet = Sheet([line(str(i), "Math", [1.0, 0.0, 0.0, 0.0]) for i in range(2)])
    values = [0.7, math.nan, 0.3, 0.2, math.nan, 0.2, 0.3, 0.1]
    results = figures("rewardbench2", sheet, values, "rewardbench", is_judge=True, lowest=lowest)
    assert results["overall"] == 0.25  # undecided, both of them


def test_a_call_that_failed_earns_nothing_and_is_no_rating_of_minus_one():
    sheet = Sheet([line(str(i), "Math", [1.0, 0.0, 0.0, 0.0]) for i in range(3)])
    nan = math.nan
    values = [7, nan, 3, 2, nan, nan, nan, nan, 7, nan, nan, nan]
    more = {"is_judge": True, "lowest": 1.0, "failed_N": np.array([True, True, False])}
    for rule, expected in (("rewardbench", 1 / 3), ("strict", 0.0), ("share", 0.0)):
        results = figures("rewardbench2", sheet, values, rule, **more)
        assert results["overall"] == pytest.approx(expected)
    ties_sheet, _ = ties(([0.0, 0.0], [0.0, 0.0, 0.0], 2))
    more["failed_N"] = np.array([True, True])
    results = figures("rewardbench2", ties_sheet, [9, nan, 8, 7, nan], "rewardbench", **more)
    assert results["ties-head"] == pytest.approx(-0.01)


def test_ties_of_a_judge_take_an_unreadable_rating_as_minus_one():
    sheet, _ = ties(([0.0, 0.0], [0.0, 0.0, 0.0], 2))
    values = [9.0, math.nan, 8.0, 7.0, math.nan]
    results = figures("rewardbench2", sheet, values, "rewardbench", is_judge=True, lowest=1.0)
    # m_ref = 9 + 1 = 10, m_tied = 7 + 1 = 8, d = 1
    assert results["ties-head"] == pytest.approx(1 + 0.01 * math.tanh(7))


def test_ties_is_in_overall_as_the_release_has_it():
    sheet, values = ties(([1.0, 0.0], [1.0, 1.0, 0.0], 2))
    sheet = Sheet([*sheet.lines, line("0", "Math", [1.0, 0.0, 0.0, 0.0])])
    results = figures("rewardbench2", sheet, [*values, 1.0, 2.0, 0.0, 0.0])
    assert results["domain/Ties"] == 1.0
    assert results["overall"] == 0.5


ROW = {"prompt": "a", "chosen": ["x"], "rejected": ["y", "z", "w"], "subset": "math", "id": "3"}


def test_a_row_is_read():
    (item,) = items("rewardbench2", [ROW])
    assert (item.subset, item.labels) == ("Math", (1.0, 0.0, 0.0, 0.0))
    (item,) = items("rewardbench2", [{**ROW, "subset": "ties", "id": "tied:5"}])
    assert (item.subset, item.extra) == ("Ties", {"side": "tied", "number": "5"})


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"subset": "Ties", "id": "5"}, "id"),
        ({"num_correct": 2}, "num_correct"),
        ({"rejected": []}, "rejected"),
        ({"subset": None}, "subset"),
    ],
)
def test_a_row_that_is_none(more, field):
    with pytest.raises(DataError) as error:
        items("rewardbench2", [{**ROW, **more}])
    assert error.value.field == field


def test_gates_state_those_of_ties():
    sheet, values = ties(([5.0, 3.0, 1.0], [6.0, 5.0, 2.0], 2))
    gates = benchmark("rewardbench2").gates(sheet, Scored("x", np.array(values)))
    assert [g.value for g in gates if "ties-" in g.name] == pytest.approx([0, 0, 1, 1.01])
    assert all(gate.holds for gate in gates)


def factuality(ids):
    return [Recorded(i, "Factuality", (1.0, 0.0), (1.0, 0.0)) for i in ids]


def test_the_ids_that_are_known_to_be_wrong_are_mended():
    rows = factuality([*map(str, range(30, 40)), *map(str, range(10, 60))])
    assert len(repair(rows)) == 1
    assert [row.id for row in rows] == [str(i) for i in range(60)]


@pytest.mark.parametrize("ids", [range(60), range(30, 60), [*range(30, 40), *range(50, 90)]])
def test_other_ids_stay(ids):
    rows = factuality(map(str, ids))
    assert repair(rows) == []
    assert [row.id for row in rows] == [str(i) for i in ids]
