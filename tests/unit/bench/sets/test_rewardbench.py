"""RewardBench v1: sections and their weights, worked by hand."""

import math

import numpy as np
import pytest
from bench_sheets import figures, items, line, sheet_of

from plaudit.bench.benchmark import benchmark
from plaudit.bench.sets.rewardbench import CORE, SECTIONS
from plaudit.bench.sheet import Scored, Sheet
from plaudit.errors import DataError


def sheet(**subsets):
    """A sheet with so many pairs of each subset, and scores with so many of them won."""
    lines, values = [], []
    for name, (won, num) in subsets.items():
        for i in range(num):
            lines.append(line(str(i), name.replace("_", "-"), [1.0, 0.0]))
            values += [1.0, 0.0] if i < won else [0.0, 1.0]
    return Sheet(lines), values


def test_the_published_sizes():
    assert [sum(sizes.values()) for sizes in SECTIONS.values()] == [358, 456, 740, 1968]
    assert len(CORE) == 23


def test_sections_by_hand():
    publication_list, values = sheet(
        alpacaeval_easy=(3, 4), mt_bench_easy=(1, 2), math_prm=(1, 2), hep_python=(1, 1)
    )
    results = figures("rewardbench", publication_list, values)
    # Chat: (100 * 3/4 + 28 * 1/2) / 128 = 89/128; Reasoning: (984 * 1/2 + 164 * 1) / 1148
    assert results["section/Chat"] == pytest.approx(89 / 128)
    assert results["section/Reasoning"] == pytest.approx(656 / 1148)
    assert "section/Safety" not in results
    assert results["overall"] == pytest.approx((89 / 128 + 656 / 1148) / 2)


def test_prior_sets_weigh_half_a_section():
    publication_list, values = sheet(alpacaeval_easy=(3, 4), shp=(1, 2), summarize=(0, 1))
    results = figures("rewardbench", publication_list, values)
    # Chat 3/4 with weight 2, prior sets (1/2 + 0) / 2 = 1/4 with weight 1: (2 * 3/4 + 1/4) / 3
    assert results["section/Prior Sets"] == 0.25
    assert results["overall"] == pytest.approx(1.75 / 3)


def test_prior_sets_without_a_part_in_the_score():
    a_sheet = Sheet([line("0", "anthropic_harmless", [1.0, 0.0])])
    results = figures("rewardbench", a_sheet, [1.0, 0.0])
    assert results["subset/anthropic_harmless"] == 1.0
    assert math.isnan(results["overall"])


@pytest.mark.parametrize(
    ("is_judge", "rule", "expected"),
    [
        (False, "strict", 1 / 4),  # won, lost, tied, unscored
        (False, "rewardbench", 1 / 4),
        (True, "rewardbench", (1 + 0.5 + 0.5) / 4),  # a judge's tie and error are half right
        (True, "strict", 1 / 4),
        (False, "share", 1.5 / 4),
    ],
)
def test_ties_and_errors_by_rule(is_judge, rule, expected):
    a_sheet = Sheet([line(str(i), "donotanswer", [1.0, 0.0]) for i in range(4)])
    scores = [1, 0, 0, 1, 1, 1, math.nan, 1]
    assert figures("rewardbench", a_sheet, scores, rule, is_judge=is_judge)["overall"] == expected


@pytest.mark.parametrize("rule", ["strict", "rewardbench", "share"])
def test_a_call_that_failed_earns_nothing_under_any_rule(rule):
    a_sheet = Sheet([line(str(i), "donotanswer", [1.0, 0.0]) for i in range(4)])
    failed_N = np.array([True, True, False, False])
    more = {"is_judge": True, "failed_N": failed_N}
    scores = [math.nan] * 6 + [1, 0]
    expected = {"strict": 1 / 4, "share": 1 / 4, "rewardbench": 1.5 / 4}[rule]
    assert figures("rewardbench", a_sheet, scores, rule, **more)["overall"] == expected


def test_a_row_is_read():
    raw = {"prompt": "a", "chosen": "x", "rejected": "y", "subset": "hep-go", "id": 7}
    (item,) = items("rewardbench", [raw])
    assert (item.id, item.subset, item.labels) == ("7", "hep-go", (1.0, 0.0))


def test_a_prior_set_may_be_named_by_its_file():
    raw = {"prompt": "a", "chosen": "x", "rejected": "y", "subset": "harmless"}
    assert items("rewardbench", [raw], "anthropic_hhh.jsonl")[0].subset == "anthropic_hhh"


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"prompt": "a", "chosen": "x", "subset": "hep-go"}, "rejected"),
        ({"prompt": "a", "chosen": "x", "rejected": None, "subset": "hep-go"}, "rejected"),
        ({"prompt": "a", "chosen": "x", "rejected": "y"}, "subset"),
    ],
)
def test_a_row_that_is_none(raw, field):
    with pytest.raises(DataError) as error:
        items("rewardbench", [raw])
    assert error.value.field == field


def test_gates_hold_on_any_scores():
    a_sheet = sheet_of(
        "rewardbench",
        [{"prompt": str(i), "chosen": "x", "rejected": "y", "subset": "hep-go"} for i in range(40)],
    )
    draw = np.random.default_rng(0)
    values = draw.integers(0, 3, 80).astype(float)
    values[:2] = math.nan
    gates = benchmark("rewardbench").gates(a_sheet, Scored("x", values))
    assert len(gates) == 5
    assert all(gate.holds for gate in gates)
