import base64
import collections
import gzip
import hashlib
import html.parser
import json
import math
import random
import re
from importlib import resources
from pathlib import Path

import pytest

from plaudit.data import Layout
from plaudit.errors import ConfigError, DataError
from plaudit.report._judge_gold import GoldLabel, better, family, models_of, target
from plaudit.report._judge_pairs import PairTally, Picks, picks
from plaudit.report._judge_votes import VoteTally, reason
from plaudit.report.judge import COLUMNS, JudgeSummary
from plaudit.report.judge_html import write_judge_report
from plaudit.run import Result
from plaudit.types import Response, Score

DATA = Path(__file__).parents[4] / "shared" / "data"
NAN = math.nan
LAYOUT = Layout()


def pair(forward, backward, error=None, **parts):
    """The scores of a pair, each from its own response's side."""
    value = (forward + backward) / 2
    fault = "system" if error else None
    one = Score(value, {"forward": forward, "backward": backward, **parts}, (), fault, error)
    turned = {"forward": 1 - backward, "backward": 1 - forward, **parts}
    return [one, Score(1 - value, turned, (), fault, error)]


def add(summary, raw, scores):
    row = LAYOUT.row({"prompt": "q", **raw}, "rows.jsonl", summary.counts["rows"] + 1)
    assert not isinstance(row.group, DataError), row.group
    summary.add(row, Result(0, row.group, scores, None))


def chosen(**more):
    return {"chosen": "yes", "rejected": "no", **more}


def of_pairs(*told, **options):
    summary = JudgeSummary(**options)
    for raw, scores in told:
        add(summary, raw, scores)
    return summary


def cell(summary, kind="pairs", place=0):
    return summary.table(kind).rows[place]


# --- labels ---------------------------------------------------------------------------------------


def two(**columns):
    return [Response("x", columns={k: v[0] for k, v in columns.items()}),
            Response("y", columns={k: v[1] for k, v in columns.items()})]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "responses", "options", "place"),
    [
        ({}, two(label=("chosen", "rejected")), {}, 0),
        ({}, two(label=("rejected", "chosen")), {}, 1),
        ({}, two(correct=(False, True)), {}, 1),
        ({}, two(correct=(True, True)), {}, None),
        ({"preference": "b"}, two(), {}, 1),
        ({"preference": "A"}, two(), {}, 0),
        ({"preference": "tie"}, two(), {}, None),
        ({}, two(), {}, None),
        ({"w": 1}, two(), {"label": "w"}, 0),
        ({"w": "2"}, two(), {"label": "w"}, 1),
        ({"w": 2.0}, two(), {"label": "w"}, 1),
        ({"w": 0}, two(), {"label": "w", "first_label": 0}, 0),
        ({"w": 1}, two(), {"label": "w", "first_label": 0}, 1),
        ({"w": " B "}, two(), {"label": "w"}, 1),
        ({"w": "tie"}, two(), {"label": "w"}, None),
        ({"w": None}, two(label=("chosen", "rejected")), {"label": "w"}, None),
        ({"w": [4, 2]}, two(), {"label": "w"}, None),
    ],
)
def test_the_better_response(raw, responses, options, place):
    assert better(raw, responses, **options) == place


@pytest.mark.parametrize("value", [0, 3, 1.5, "first", True, {"a": 1}])
def test_a_label_that_names_no_response_is_an_error(value):
    with pytest.raises(DataError, match=r"names none of 2 responses: a, b, tie"):
        better({"w": value}, two(), label="w")


def test_the_label_of_one_response():
    assert target({"score_mean": 3}, Response("x"), 0) == GoldLabel(3.0)
    assert target({"score": [3, 4]}, Response("x"), 1) == GoldLabel(4.0)
    assert target({"score": 9}, Response("x", columns={"score": 2}), 0) == GoldLabel(2.0)
    assert target({}, Response("x", columns={"correct": True}), 0) == GoldLabel(1.0, True)
    assert target({"human": "4.5", "score": 1}, Response("x"), 0, label="human") == GoldLabel(4.5)
    assert target({"score": "none"}, Response("x"), 0) is None
    assert target({}, Response("x"), 0, label="human") is None
    with pytest.raises(DataError, match="field 'human': expected a number or true or false"):
        target({"human": "good"}, Response("x"), 0, label="human")


def test_the_models_of_a_pair():
    raw = {"chosen_model": "m", "rejected_model": "n"}
    assert models_of(raw, two(), 0) == ("m", "n")
    assert models_of(raw, two(), 1) == ("n", "m")
    assert models_of({"model_a": "m", "model_b": "n"}, two(), 1) == ("m", "n")
    assert models_of(raw, two(model=("p", "q")), 1) == ("p", "q")
    assert models_of({"chosen_model": "unknown", "rejected_model": "n"}, two(), 0) is None
    assert models_of({"model_a": "m", "model_b": "m"}, two(), 0) is None
    assert models_of({}, two(), 0) is None


def test_families():
    assert family("openai/chatgpt-4o-latest") == family("GPT-4") == "gpt"
    assert family("THUDM/ChatGLM3") == "glm"
    assert family("通义") == "通义"


# --- verdicts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forward", "backward", "found"),
    [
        (1.0, 1.0, (1.0, 1.0, 1.0)),
        (0.9, 0.2, (1.0, 0.0, 1.0)),
        (1.0, 0.0, (1.0, 0.0, 0.5)),
        (0.5, 0.4, (0.5, 0.0, 0.0)),
        (1.0, NAN, (1.0, None, None)),
        (NAN, NAN, (None, None, None)),
        (0.1 + 0.2 + 0.2, 0.5, (0.5, 0.5, 0.5)),  # not 0.5 to the last bit
    ],
)
def test_picks(forward, backward, found):
    assert picks(pair(forward, backward), 1) == (*found, 1)


def test_one_order_or_none_is_enough():
    assert picks([Score(0.8, {"backward": 0.8}), Score(0.2)], 0) == (None, 1.0, 1.0, 0)
    assert picks([Score(3.0), Score(4.0)], 0) == (None, None, 0.0, 0)


def test_of_many_the_best_alone_is_right():
    def scores(*values):
        return [Score(v) for v in values]

    assert picks(scores(1, 5, 2, 3), 1).whole == 1.0
    assert picks(scores(1, 5, 2, 5), 1).whole == 0.5
    assert picks(scores(1, 5, 2, 5), 0).whole == 0.0
    assert picks([*scores(1, 5), Score.unscored("x", fault="system")], 1).whole is None


def test_a_table_by_hand():
    summary = of_pairs(
        (chosen(), pair(1.0, 1.0)),  # right twice
        (chosen(), pair(1.0, 0.0)),  # picks the first shown: right, wrong
        (chosen(), pair(0.0, 0.0)),  # wrong twice
        (chosen(), pair(0.5, 1.0)),  # a tie, then right
    )
    found = cell(summary)
    assert found["num_pairs"] == found["num_labelled"] == 4
    assert found["accuracy"] == (2 + 1 + 0 + 1.5) / 8
    assert found["both_right"] == 1 / 4
    assert found["same_verdict"] == 2 / 4
    assert found["flip_rate"] == 2 / 4
    assert found["swap_accuracy"] == (1 + 0.5 + 0 + 1) / 4
    # decided orders, first shown picked: yes no | yes yes | no yes | - no
    assert found["first_position"] == 4 / 7
    assert found["order_ties"] == 1 / 8
    assert found["unscored"] == 0.0
    # rows: first, second, tie; columns: right one shown first, second
    table = [[2, 2], [1, 2], [1, 0]]
    chance = (4 * 4 + 3 * 4) / 64
    assert found["kappa"] == pytest.approx((4 / 8 - chance) / (1 - chance)), table
    low, high = found["intervals"]["both_right"]
    assert low < 1 / 4 < high


def test_the_order_of_columns_says_nothing():
    draw = random.Random(0)
    one, other = JudgeSummary(), JudgeSummary()
    for i in range(60):
        forward, backward = draw.random(), draw.random()
        texts = ["x" * draw.randint(1, 50), "y" * draw.randint(1, 50)]
        raw = {"response_a": texts[0], "response_b": texts[1], "preference": "ab"[i % 3 == 0]}
        add(one, raw, pair(forward, backward))
        turned = {"response_a": texts[1], "response_b": texts[0], "preference": "ba"[i % 3 == 0]}
        add(other, turned, pair(forward, backward)[::-1])
    first, second = cell(one), cell(other)
    for name, value in first.items():
        if isinstance(value, float):
            assert second[name] == pytest.approx(value, nan_ok=True), name


def test_what_could_not_be_read_enters_no_share_and_is_counted():
    absent = "second order: absent: no verdict"
    summary = of_pairs(
        (chosen(), pair(1.0, NAN, absent, num_votes=1.0, num_unreadable=1.0)),
        (chosen(), pair(NAN, NAN, "503 from the server")),
        (chosen(), pair(1.0, 1.0, num_votes=2.0)),
    )
    found = cell(summary)
    assert found["accuracy"] == 1.0
    assert found["same_verdict"] == 1.0
    assert found["unscored"] == pytest.approx(2 / 3)
    assert found["unreadable"] == 1 / 4
    told = summary.as_dict()
    assert told["counts"]["unscored"] == 4
    assert {r["reason"]: r["count"] for r in told["reasons"]} == {"absent": 1, "system fault": 1}
    assert {m["message"] for m in told["messages"]} == {absent, "503 from the server"}
    assert told["messages"][0]["where"] == "rows.jsonl:1"


def test_reasons():
    for word in ("truncated", "refused", "absent", "ambiguous", "outside", "forged"):
        assert reason(Score(NAN, error=f"{word}: told", fault="system")) == word
    assert reason(Score(NAN, error="first order: outside: 11", fault="system")) == "outside"
    assert reason(Score(NAN, error="was absent: no", fault="input")) == "input fault"
    assert reason(Score(0.0, error="hostile", fault="response")) == "response fault"
    assert reason(Score(0.0)) is None


def test_parts_are_counted_without_votes_too():
    tally = VoteTally()
    tally.add([Score(0.5, {"mass": 0.9, "spread": 1.0}), Score(0.5, {"mass": 0.7})])
    tally.add([Score(NAN, error="truncated: cut", fault="system")])
    tally.add([Score(NAN, {"num_votes": 0.0, "num_unreadable": 2.0}, error="503", fault="system")])
    found = tally.figures()
    assert found["unreadable"] == pytest.approx(1 / 3)
    assert found["mass"] == pytest.approx(0.8)
    assert found["spread"] == 1.0
    assert math.isnan(found["num_tokens"])


def test_without_labels_the_order_is_still_told():
    summary = of_pairs(({"response_a": "x", "response_b": "y"}, pair(1.0, 0.0)))
    found = cell(summary)
    assert (found["flip_rate"], found["first_position"]) == (1.0, 1.0)
    assert all(math.isnan(found[name]) for name in ("accuracy", "kappa", "ece", "swap_accuracy"))
    assert summary.counts["unlabelled"] == 1
    headings = {column.name for column in summary.table("pairs").columns}
    assert "first_position" in headings
    assert "accuracy" not in headings


def test_a_label_that_cannot_be_read_is_told():
    raw = {"response_a": "x", "response_b": "y", "winner": "left"}
    summary = of_pairs((raw, pair(1.0, 1.0)), label="winner")
    assert summary.counts["unlabelled"] == 1
    (message,) = summary.as_dict()["messages"]
    assert message["kind"] == "label"
    assert "'left' names none of 2 responses" in message["message"]


def test_a_rating_judge_on_pairs_has_one_verdict_for_both_orders():
    summary = of_pairs(
        (chosen(), [Score(4.0), Score(2.0)]),
        (chosen(), [Score(3.0), Score(3.0)]),
        (chosen(), [Score(1.0), Score.unscored("absent: x", fault="system")]),
    )
    found = cell(summary)
    assert found["swap_accuracy"] == 0.75
    assert math.isnan(found["accuracy"])
    assert math.isnan(found["kappa"])  # the better one is always the first
    assert math.isnan(found["brier"])
    assert found["unscored"] == pytest.approx(1 / 3)


def test_bad_rows_are_counted():
    summary = JudgeSummary()
    row = LAYOUT.row({"prompt": "q"}, "rows.jsonl", 7)
    assert isinstance(row.group, DataError)
    summary.add(row, Result(0, None, [], row.group))
    assert summary.counts["bad_rows"] == 1
    assert summary.kinds == []
    assert summary.as_dict()["messages"][0]["where"] == "rows.jsonl:7"


# --- cells ----------------------------------------------------------------------------------------


def test_a_row_for_each_combination_and_a_total():
    summary = of_pairs(
        *[(chosen(judge=j, subset=s), pair(float(j == "x"), float(j == "x")))
          for j in "xy" for s in ("one", "two")],
        by=["judge", "subset"],
    )  # fmt: skip
    rows = summary.table("pairs").rows
    assert [row["by"] for row in rows] == [
        ["x", "one"], ["x", "two"], ["y", "one"], ["y", "two"], ["all", ""],
    ]  # fmt: skip
    assert [row["accuracy"] for row in rows] == [1.0, 1.0, 0.0, 0.0, 0.5]
    assert [row["is_total"] for row in rows] == [False] * 4 + [True]
    assert rows[-1]["num_pairs"] == 4


def test_too_many_cells_are_one():
    summary = of_pairs(*[(chosen(n=i), pair(1.0, 1.0)) for i in range(230)], by=["n"])
    rows = summary.table("pairs").rows
    assert len(rows) == 202
    assert rows[200]["by"] == ["(others)"]
    assert rows[200]["num_pairs"] == 30
    assert rows[201]["num_pairs"] == 230


def test_kinds_stand_apart():
    summary = JudgeSummary(by=["judge"])
    add(summary, chosen(judge="critic"), pair(1.0, 1.0))
    add(summary, {"response": "x", "score": 4, "judge": "rater"}, [Score(4.0)])
    add(summary, {"response": "x", "correct": True, "judge": "verifier"}, [Score(0.9)])
    assert summary.kinds == ["pairs", "ratings", "yes_no"]
    for kind in summary.kinds:
        assert [row["num_labelled"] for row in summary.table(kind).rows] == [1]
    assert summary.table("yes_no").rows[0]["by"] == ["verifier"]


def test_figures_of_all_columns_exist():
    summary = JudgeSummary()
    add(summary, chosen(), pair(1.0, 1.0))
    add(summary, {"response": "x", "score": 4}, [Score(4.0)])
    told = JudgeSummary()
    add(told, {"response": "x", "correct": True}, [Score(0.9)])
    for one, kind in ((summary, "pairs"), (summary, "ratings"), (told, "yes_no")):
        assert {column.name for column in COLUMNS[kind]} <= set(cell(one, kind))


# --- length, models, calibration ------------------------------------------------------------------


def test_the_length_slope_of_a_judge_that_loves_length():
    draw = random.Random(1)
    tally = PairTally()
    for _ in range(20_000):
        ratio, gold = draw.gauss(0, 0.7), draw.randrange(2)
        odds = 1.5 * ratio + 0.8 * (1 - 2 * gold)
        won = float(draw.random() < 1 / (1 + math.exp(-odds)))
        tally.add(Picks(None, None, won, gold), probability=NAN, log_ratio=ratio)
    found, _ = tally.figures()
    error = found["length_slope_given_gold_error"]
    assert abs(found["length_slope_given_gold"] - 1.5) < 4 * error < 0.2
    assert 1.2 < found["length_slope"] < 1.5  # what the labels explain looks like noise here
    assert 0.6 < found["longer_wins"] < 0.8
    assert found["longer_is_better"] == pytest.approx(0.5, abs=0.02)
    shares = [b["share"] for b in tally.by_length()]
    assert shares[0] < 0.6 < 0.8 < shares[-1]


def test_equal_lengths_and_ties_are_no_matter_of_length():
    summary = of_pairs(
        ({"chosen": "aa", "rejected": "bb"}, pair(1.0, 1.0)),
        ({"chosen": "aaa", "rejected": "bb"}, pair(1.0, 0.0)),
        ({"chosen": "", "rejected": "bbbb"}, pair(0.0, 0.0)),
    )
    found = cell(summary)
    assert found["longer_wins"] == 1.0
    assert found["longer_is_better"] == 0.5
    assert math.isnan(found["length_slope"])


def test_self_preference():
    told = [("gpt4_turbo", "llama-7b", 0.0), ("gpt4_turbo", "llama-7b", 1.0),
            ("qwen-7b", "gpt4_turbo", 0.0), ("qwen-7b", "llama-7b", 1.0)]  # fmt: skip
    summary = of_pairs(
        *[(chosen(chosen_model=m, rejected_model=n), pair(p, p)) for m, n, p in told],
        judge="GPT-4",
    )
    (found,) = summary.as_dict()["models"]
    assert found["models"] == ["gpt4_turbo", "llama-7b", "qwen-7b"]
    assert found["wins"][0][1:] == [0.5, 1.0]
    assert found["wins"][1][0] == 0.5
    assert found["wins"][2][:2] == [0.0, 1.0]
    assert found["nums"][0] == [0, 2, 1]
    own = found["own"]
    assert (own["family"], own["num"]) == ("gpt", 3)
    assert own["wins"] == pytest.approx(2 / 3)
    assert own["is_better"] == pytest.approx(2 / 3)


def test_the_judge_of_a_row_goes_before():
    row = chosen(chosen_model="m", rejected_model="n", judge="Qwen")
    summary = of_pairs((row, pair(1.0, 1.0)), judge="GPT-4")
    assert [one["judge"] for one in summary.as_dict()["models"]] == ["Qwen"]


def test_calibration_is_of_the_response_it_leans_to():
    summary = JudgeSummary()
    for i in range(40):
        p = 0.8 if i % 4 else 0.2  # right three times of four, and 0.8 sure
        add(summary, chosen(), pair(p, p))
    found = cell(summary)
    assert found["ece"] == pytest.approx(0.05)
    assert found["brier"] == pytest.approx((3 * 0.04 + 0.64) / 4)
    assert found["temperature"] == pytest.approx(math.log(4) / math.log(3))
    assert found["ece_after"] == pytest.approx(0.0, abs=1e-9)
    (curve,) = summary.as_dict()["curves"]
    assert curve["reliability"] == [{"probability": 0.8, "share": 0.75, "num": 40}]


def test_an_even_probability_costs_a_quarter():
    summary = of_pairs((chosen(), pair(0.5, 0.5)))
    assert cell(summary)["brier"] == 0.25
    assert cell(summary)["ece"] == 0.0


# --- one response at a time -----------------------------------------------------------------------


def of_ratings(*told, **options):
    summary = JudgeSummary(**options)
    for value, label in told:
        score = Score(value) if value == value else Score.unscored("absent: x", fault="system")
        add(summary, {"response": "x", "score": label}, [score])
    return summary


def test_ratings_by_hand():
    found = cell(of_ratings((5, 5), (3.6, 4), (2, 3), (1, 1), (NAN, 2), scale=(1, 5)), "ratings")
    assert found["num_responses"] == found["num_labelled"] == 5
    assert found["exact"] == 3 / 4
    assert found["difference"] == pytest.approx((0.4 + 1) / 4)
    assert found["bias"] == pytest.approx(-1.4 / 4)
    assert found["spearman"] == found["kendall"] == 1.0
    # observed 3/4; by chance, from the counts of 1..5: labels 1 0 1 1 1, ratings 1 1 0 1 1
    assert found["kappa"] == pytest.approx((3 / 4 - 3 / 16) / (1 - 3 / 16))
    assert found["kappa_quadratic"] > found["kappa"]
    assert found["unscored"] == found["unreadable"] == 1 / 5


def test_half_points_are_rounded_up():
    assert cell(of_ratings((2.5, 3), (3.5, 4), (1, 1)), "ratings")["exact"] == 1.0


def test_labels_on_another_scale_enter_correlations_alone():
    found = cell(of_ratings((5, 10), (3, 6), (1, 2), scale=(1, 5)), "ratings")
    assert found["pearson"] == 1.0
    assert all(math.isnan(found[n]) for n in ("exact", "kappa", "difference", "bias"))


def test_ratings_without_spread_have_no_correlation():
    found = cell(of_ratings((3, 1), (3, 2), (3, 3)), "ratings")
    assert all(math.isnan(found[n]) for n in ("pearson", "spearman", "kendall"))
    assert found["exact"] == pytest.approx(1 / 3)


def test_each_response_of_a_group_has_its_label():
    summary = JudgeSummary()
    rows = {"responses": [{"text": "x", "score": 2}, {"text": "y", "score": 5}]}
    add(summary, rows, [Score(2.0), Score(5.0)])
    assert cell(summary, "ratings")["exact"] == 1.0


def test_yes_or_no_by_hand():
    summary = JudgeSummary()
    for value, is_correct in ((0.9, True), (0.8, False), (0.1, False), (0.5, True), (0.2, False)):
        add(summary, {"response": "x", "correct": is_correct}, [Score(value)])
    found = cell(summary, "yes_no")
    counts = [found[n] for n in ("true_yes", "false_yes", "true_no", "false_no", "ties")]
    assert counts == [1, 1, 2, 0, 1]
    assert found["accuracy"] == 3.5 / 5
    assert found["brier"] == pytest.approx((0.01 + 0.64 + 0.01 + 0.25 + 0.04) / 5)
    chance = (2 * 2 + 2 * 3) / 25
    assert found["kappa"] == pytest.approx((3 / 5 - chance) / (1 - chance))


def test_a_rating_against_a_boolean_is_a_rating():
    summary = JudgeSummary()
    for value, is_correct in ((4.0, True), (1.0, False)):
        add(summary, {"response": "x", "correct": is_correct}, [Score(value)])
    assert summary.kinds == ["ratings"]
    assert cell(summary, "ratings")["pearson"] == 1.0


@pytest.mark.parametrize("scale", [(5, 1), (1, 1), (NAN, 5), (0, math.inf)])
def test_a_scale_has_two_ends(scale):
    with pytest.raises(ConfigError, match="the lower one first"):
        JudgeSummary(scale=scale)


# --- the rest -------------------------------------------------------------------------------------


def test_usage():
    summary = of_pairs((chosen(), pair(1.0, 1.0)), (chosen(), pair(1.0, 1.0)))
    assert summary.as_dict()["usage"] == {}
    summary.usage = {"calls": 4, "cost": 0.5, "latency_s": [1.0, 2.0, 3.0], "cached_tokens": None}
    told = summary.as_dict()["usage"]
    assert told["calls"] == 4
    assert told["cost_per_row"] == 0.25
    assert told["latency_p50_s"] == 2.0
    assert told["latency_max_s"] == 3.0
    assert "cached_tokens" not in told


def test_the_surest_errors_are_shown_and_no_more_than_asked_for():
    summary = JudgeSummary(num_rows=3)
    for i in range(20):
        add(summary, chosen(prompt=f"q{i}"), pair(1 - i / 20, 1 - i / 20))
    told = summary.as_dict()["worst"]
    assert [row["where"] for row in told] == [f"rows.jsonl:{n}" for n in (20, 19, 18)]
    assert told[0]["gold"] == "response 1"
    assert told[0]["texts"] == ["yes", "no"]
    assert told[0]["values"] == pytest.approx([0.05, 0.95])


def test_texts_are_clipped():
    summary = JudgeSummary()
    add(summary, {"chosen": "x" * 100_000, "rejected": "y", "prompt": "z" * 9000}, pair(0.0, 0.0))
    (row,) = summary.as_dict()["worst"]
    assert len(row["texts"][0]) < 2100
    assert len(row["prompt"]) < 2100
    assert row["lengths"] == [100_000, 1]


def test_a_summary_of_nothing():
    told = JudgeSummary().as_dict()
    assert told["tables"] == told["curves"] == told["models"] == told["worst"] == []


def test_equal_rows_give_equal_figures():
    def made():
        draw = random.Random(3)
        rows = [(chosen(prompt=f"{i}"), pair(draw.random(), draw.random())) for i in range(50)]
        return of_pairs(*rows).as_dict()

    assert str(made()) == str(made())


# --- recorded verdicts ----------------------------------------------------------------------------


def llmbar():
    """The rows and scores that the recorded winners of LLMBar's judges amount to."""
    replies, pairs = DATA / "judge_replies_llmbar.jsonl.gz", DATA / "eval_pairs.jsonl.gz"
    if not (replies.exists() and pairs.exists()):
        pytest.skip(f"{DATA} with judge_replies_llmbar and eval_pairs is not there")
    with gzip.open(pairs, "rt", encoding="utf-8") as lines:
        by_id = {row["id"]: row for row in map(json.loads, lines)}
    told = collections.defaultdict(dict)
    with gzip.open(replies, "rt", encoding="utf-8") as lines:
        for reply in map(json.loads, lines):
            if reply["protocol"] == "Vanilla" and reply["judge"] in ("GPT-4", "ChatGPT"):
                told[reply["judge"], reply["pair_id"]][reply["swapped"]] = reply
    for (judge, name), orders in told.items():
        label = orders[False]["label"]
        wins = [float(orders[s]["winner_in_source_order"] == label) for s in (False, True)]
        # the chosen response is shown first where its place is 1 and nothing was swapped
        yield {**by_id[name], "judge": judge}, pair(*(wins if label == "1" else wins[::-1]))


def test_recorded_verdicts_give_the_published_table():
    summary = of_pairs(*llmbar(), by=["judge"])
    rows = {row["by"][0]: row for row in summary.table("pairs").rows}
    names = ("accuracy", "both_right", "same_verdict")
    assert [round(100 * rows["GPT-4"][n], 1) for n in names] == [84.5, 80.9, 92.8]
    assert [round(100 * rows["ChatGPT"][n], 1) for n in names] == [40.0, 22.9, 65.9]
    assert rows["GPT-4"]["num_pairs"] == rows["ChatGPT"]["num_pairs"] == 419
    for row in rows.values():
        low, high = row["intervals"]["accuracy"]
        assert low < row["accuracy"] < high < low + 0.09


# --- ratings, juries ------------------------------------------------------------------------------


def rated(*values_and_labels, **options):
    summary = JudgeSummary(label="gold", **options)
    for value, label in values_and_labels:
        raw = {"response": "x"} | ({} if label is None else {"gold": label})
        add(summary, raw, [Score(value) if value == value else Score.unscored("?", fault="system")])
    return summary


def test_a_rating_report_has_a_histogram_and_a_scatter_where_there_are_labels():
    (curve,) = rated((3.0, 4), (3.0, 4), (5.0, 5), (NAN, 1)).as_dict()["curves"]
    assert [(b["low"], b["num"]) for b in curve["histogram"]] == [(3, 2), (4, 0), (5, 1)]
    assert {(p["label"], p["value"], p["num"]) for p in curve["scatter"]} == {(4, 3, 2), (5, 5, 1)}
    (curve,) = rated((0.25, None), (0.5, None), (0.75, None)).as_dict()["curves"]
    assert sum(b["num"] for b in curve["histogram"]) == 3
    assert len(curve["histogram"]) == 20
    assert curve["scatter"] == []
    (curve,) = rated((NAN, None)).as_dict()["curves"]
    assert curve["histogram"] == curve["scatter"] == []


def test_jurors_agree_pair_by_pair_and_in_all():
    summary = JudgeSummary()
    for x, y, z in ((4, 4, 5), (2, 2, NAN), (3, 5, 5), (1, 1, 1)):
        parts = {"juror/x": x, "juror/org/y": y, "juror/org/y/num_votes": 1, "juror/z": z}
        add(summary, {"response": "r"}, [Score(3.0, parts)])
    told = summary.as_dict()["jury"]
    assert told["names"] == ["x", "org/y", "z"]
    assert told["agreement"][0][1] == 3 / 4
    assert told["agreement"][1][2] == told["agreement"][2][1] == 2 / 3
    assert [row[2] for row in told["nums"]] == [3, 3, 3]
    assert told["num_items"] == 4
    assert 0 < told["fleiss"] < 1
    assert JudgeSummary().as_dict()["jury"] == {}


def test_jurors_of_pairs_agree_on_the_side():
    summary = JudgeSummary()
    for x, y in ((1.0, 0.75), (0.5, 0.5), (0.9, 0.1)):
        first, second = pair(0.5, 0.5, **{"juror/x": x, "juror/y": y})
        add(summary, chosen(), [first, second])
    told = summary.as_dict()["jury"]
    assert told["nums"][0][1] == 3
    assert told["agreement"][0][1] == 2 / 3


# --- the page -------------------------------------------------------------------------------------

HOSTILE = (
    "</script><script>document.title = 'owned'</script><!--<script> <img src=x onerror=alert(1)>"
    " \x1b[31m \u202e \u2028 \ud800 \x00 [red]x[/red] =cmd()"
)


class Page(html.parser.HTMLParser):
    """The elements of a page as a browser's parser would find them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self._open = [], {}, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open = len(self.tags)

    def handle_endtag(self, tag):
        self._open = None

    def handle_data(self, data):
        self.texts[self._open] = self.texts.get(self._open, "") + data

    def contents(self, wanted):
        return [self.texts.get(i, "") for i, (tag, _) in enumerate(self.tags, 1) if tag == wanted]


@pytest.fixture
def hostile(tmp_path):
    summary = JudgeSummary(HOSTILE, by=["judge"], judge=HOSTILE)
    models = {"chosen_model": HOSTILE, "rejected_model": "m"}
    raw = {"prompt": HOSTILE, "chosen": HOSTILE, "rejected": "no", "judge": HOSTILE, **models}
    one, other = pair(0.0, 0.0, **{HOSTILE: 1.0})
    noted = Score(one.value, one.parts, (), "response", HOSTILE, HOSTILE)
    add(summary, raw, [noted, other])
    texts = {"title": HOSTILE, "recipe_text": HOSTILE, "command": HOSTILE}
    path = write_judge_report(tmp_path / "r.html", summary, meta={HOSTILE: HOSTILE}, **texts)
    return path.read_text(encoding="utf-8")


def test_hostile_text_adds_no_element_and_no_control(hostile, tmp_path):
    plain = write_judge_report(tmp_path / "plain.html", JudgeSummary()).read_text(encoding="utf-8")
    assert Page(hostile).tags[1:] == Page(plain).tags[1:]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2066-\u2069]", hostile)
    data = json.loads(Page(hostile).contents("script")[0])
    shown = data["judge"]["worst"][0]
    assert shown["texts"][0] == shown["prompt"] == shown["notes"][0] == data["title"]
    assert "⟨ESC⟩[31m ⟨U+202E⟩ ⟨U+2028⟩ ⟨U+D800⟩ ⟨NUL⟩ [red]x[/red]" in data["title"]


def test_the_policy_allows_these_scripts_alone(hostile):
    page = Page(hostile)
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv"))
    directives = dict(d.split(" ", 1) for d in policy.split("; "))
    _, *scripts = page.contents("script")
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert directives["default-src"] == "'none'"
    assert directives["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]


def test_equal_arguments_give_equal_files(tmp_path):
    files = [
        write_judge_report(tmp_path / name, of_pairs((chosen(), pair(1.0, 0.0)))) for name in "ab"
    ]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("name", ["page.js", "judge.js"])
def test_scripts_can_stand_inside_a_page_and_read_no_markup(name):
    script = (resources.files("plaudit.report") / "assets" / name).read_text(encoding="utf-8")
    assert not re.search("</(script|style)|<!--|\r|\0", script, re.IGNORECASE)
    assert "textContent" in script
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "fetch(",
    ):
        assert word not in script


def test_the_script_shows_the_figures_by_names_that_exist():
    """A figure that is renamed here would be a dash on the page."""
    script = (resources.files("plaudit.report") / "assets" / "judge.js").read_text()
    known = {column.name for kind in COLUMNS.values() for column in kind}
    known |= {"by", "is_total", "intervals", "flip_rate", "length_slope_given_gold"}
    known |= {"length_slope_given_gold_error", "gold", "parts", "texts", "values", "where"}
    known |= {"prompt", "notes", "lengths"}
    assert set(re.findall(r"\brow\.([a-z_]+)", script)) <= known


def test_the_printed_table_turns_where_it_is_wider_than_the_screen(monkeypatch, capsys):
    from plaudit.cli._judge_tables import print_judged

    raw = chosen(judge="a-judge-with-a-long-name", subset="a subset with a name of its own")
    summary = of_pairs((raw, pair(1.0, 1.0)), (raw, pair(0.0, 1.0)), by=["judge", "subset"])
    monkeypatch.setenv("COLUMNS", "80")
    print_judged(summary, on_stderr=False)
    printed = capsys.readouterr().out
    assert "…" not in printed
    assert re.search(r"Both right %\s+50\.0", printed)
    monkeypatch.setenv("COLUMNS", "400")
    print_judged(summary, on_stderr=False)
    assert re.search(r"Both right\s+Same", capsys.readouterr().out)
