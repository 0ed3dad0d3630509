"""JudgeBench: two orders, other countings, and the layouts of its result files."""

import math

import pytest
from bench_sheets import figures, items, line

from plaudit.bench.benchmark import benchmark
from plaudit.bench.sets.judgebench import countings
from plaudit.bench.sheet import Sheet
from plaudit.errors import DataError


def recorded(raw, file="x.jsonl"):
    (row,) = benchmark("judgebench").recorded(raw, file)
    return row


ROW = {"pair_id": "p", "source": "mmlu-pro-law", "label": "A>B"}


@pytest.mark.parametrize(
    ("decisions", "margin"),
    [  # the second verdict is about the responses exchanged
        (("A>B", "B>A"), 4),  # right twice: +2 against -2
        (("A>B", "A=B"), 2),  # right and tie: right
        (("A>B", None), 2),  # right and none: right
        (("A>B", "A>B"), 0),  # right and wrong: a tie
        (("A=B", "A=B"), 0),
        (("B>A", "A>B"), -4),
        (("A=B", "A>B"), -2),
    ],
)
def test_verdicts_in_both_orders(decisions, margin):
    row = recorded({**ROW, "judgments": [{"decision": d} if d else None for d in decisions]})
    right, wrong = row.values
    assert right - wrong == margin
    assert row.is_judge


def test_no_verdict_at_all_is_unscored():
    row = recorded({**ROW, "judgments": [None, {"decision": None}]})
    assert all(math.isnan(value) for value in row.values)


def test_the_label_b_turns_the_row_round():
    row = recorded({**ROW, "label": "B>A", "judgments": [{"decision": "B>A"}]})
    assert row.values == (1.0, -1.0)
    assert row.place == (1, 0)


def test_scores_of_a_reward_model():
    judgment = {"judge_model": "m", "scores": [1.5, [2.5]]}
    raw = {**ROW, "judgments": [{"decision": "B>A", "judgment": judgment}] * 2}
    row = recorded(raw)
    assert (row.values, row.model, row.is_judge) == ((1.5, 2.5), "m", False)
    turned = recorded({**raw, "label": "B>A"})
    assert turned.values == (2.5, 1.5)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({**ROW, "label": "A", "score_a": 1, "score_b": 2}, "label"),
        (ROW, "judgments"),
        ({**ROW, "judgments": [{"decision": "A>>B"}]}, "decision"),
        ({**ROW, "score_a": "high", "score_b": 2}, "score_a"),
    ],
)
def test_a_result_that_is_none(raw, field):
    with pytest.raises(DataError) as error:
        recorded(raw)
    assert error.value.field == field


def test_countings_by_hand():
    verdicts = [("A>B", "A>B"), ("A>B", "B>A"), ("A=B", "B>A"), (None, None), ("B>A", "B>A")]
    results = countings(verdicts, ["A>B", "A>B", "A>B", "A>B", "B>A"])
    assert results == {
        "correct": 2,
        "tie": 2,  # right and wrong; nothing at all
        "incorrect": 1,  # tie and wrong
        "single_order_accuracy": 3 / 5,
        "both_orders_right": 2,
        "orders_disagree": 2,
        "equal_verdict": 1,
        "no_verdict": 2,
    }


@pytest.mark.parametrize(("place", "expected"), [([0, 1], 0.0), ([1, 0], 1.0)])
def test_the_published_rule_gives_a_tie_of_scores_to_b(place, expected):
    sheet = Sheet([{**line("1", "math", [1.0, 0.0]), "place": place}])
    assert figures("judgebench", sheet, [2.0, 2.0], "judgebench")["overall"] == expected
    assert figures("judgebench", sheet, [2.0, 2.0])["overall"] == 0.0


@pytest.mark.parametrize("place", [[0, 1], [1, 0]])
def test_the_published_rule_gives_a_judge_s_tie_nothing(place):
    sheet = Sheet([{**line("1", "math", [1.0, 0.0]), "place": place}])
    for rule in ("judgebench", "strict"):
        results = figures("judgebench", sheet, [0.0, 0.0], rule, is_judge=True)
        assert results["overall"] == 0.0


def test_a_row_of_the_data_is_read():
    raw = {
        "pair_id": "p",
        "source": "livecodebench",
        "question": "a",
        "response_model": "m",
        "response_A": "x",
        "response_B": "y",
        "label": "B>A",
    }
    (item,) = items("judgebench", [raw])
    assert (item.id, item.subset, item.labels) == ("p", "coding", (0.0, 1.0))
    assert item.place == (0, 1)
    assert item.group.prompt[0]["content"] == "a"
