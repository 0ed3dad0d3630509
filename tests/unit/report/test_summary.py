import json
import math
import random

import pytest

from plaudit.errors import DataError
from plaudit.report import Summary
from plaudit.run import Result
from plaudit.types import Group, Response, Score


def results(*rows):
    """Results of (texts, scores) rows."""
    return [
        Result(i, Group(f"prompt {i}", texts), scores, None)
        for i, (texts, scores) in enumerate(rows)
    ]


def summed(items, **options):
    summary = Summary(**options)
    for item in items:
        summary.add(item)
    return summary


def test_every_count_by_hand():
    unscored = Score.unscored(
        "accuracy: bad reference", fault="input", parts={"accuracy": math.nan}
    )
    blamed = Score(0.0, {"accuracy": 0.0}, fault="response", error="accuracy: too slow")
    bad = Result(2, None, [], DataError("missing", where="a.jsonl:3", field="reference"))
    summary = summed(
        [
            *results(
                (["", "four"], [Score(0.0, {"accuracy": 0.0}), Score(1.0, {"accuracy": 1.0})]),
                (["x", "y"], [unscored, blamed]),
            ),
            bad,
            Result(3, Group("p", [Response("cut", finish_reason="length")]), [Score(3.0)], None),
            Result(4, Group("p", ["a", "b"]), [Score(2.0), Score(2.0)], None),
        ]
    )
    counts = summary.counts
    assert (counts.rows, counts.bad_rows, counts.responses) == (5, 1, 7)
    assert (counts.scored, counts.unscored) == (6, 1)
    assert counts.faulted == {"input": 1, "response": 1}
    assert (counts.empty, counts.cut, counts.groups, counts.equal_groups) == (1, 1, 2, 1)
    assert summary.reward.mean == pytest.approx(8 / 6)
    (accuracy,) = summary.parts
    assert (accuracy.num_scored, accuracy.num_unscored, accuracy.num_not_applicable) == (3, 1, 3)
    assert accuracy.mean == pytest.approx(1 / 3)
    assert accuracy.faulted == {"input": 1, "response": 1}
    data = summary.as_dict()
    assert data["bad_rows"] == [{"where": "a.jsonl:3", "field": "reference", "message": "missing"}]
    assert [(e["fault"], e["count"], e["row"]) for e in data["errors"]] == [
        ("input", 1, 1),
        ("response", 1, 1),
    ]


@pytest.mark.parametrize(
    ("error", "parts", "blamed"),
    [
        ("a: slow", {"a": 0.0, "b": 1.0}, {"a"}),
        ("a: bad; b: slow", {"a": math.nan, "b": 0.0}, {"a", "b"}),
        ("a: bad; b: bad", {"a": math.nan, "b": math.nan}, {"a"}),
        ("a: inner: slow", {"a": 0.0, "a/inner": 0.0}, {"a", "a/inner"}),
        ("slow", {"a": 1.0}, set()),
    ],
)
def test_a_part_is_faulted_where_the_error_names_it(error, parts, blamed):
    score = Score(0.0, parts, fault="response", error=error)
    summary = summed(results((["x"], [score])))
    assert {part.name for part in summary.parts if part.faulted} == blamed


def test_a_nan_without_error_is_still_counted_and_listed():
    summary = summed(results((["x"], [Score(math.nan)])))
    assert summary.counts.faulted == {"unstated": 1}
    assert summary.as_dict()["rows"]["failed"][0]["row"] == 0


def test_parts_that_are_no_numbers_are_unscored():
    parts = {"text": "high", "none": None, "inf": math.inf, "flag": True}
    summary = summed(results((["x"], [Score(1.0, parts)])))
    assert [p.num_unscored for p in summary.parts] == [1, 1, 1, 0]


def test_best_and_worst_do_not_depend_on_the_order_and_count_duplicates():
    rows = [Result(i, Group("p", [f"r{i % 30}"]), [Score(float(i % 30))], None) for i in range(90)]
    shuffled = random.Random(0).sample(rows, len(rows))
    for order in (rows, shuffled):
        lists = summed(order, num_rows=3).as_dict()["rows"]
        assert [(r["value"], r["count"]) for r in lists["best"]] == [(29, 3), (28, 3), (27, 3)]
        assert [(r["value"], r["text"]) for r in lists["worst"]] == [
            (0, "r0"),
            (1, "r1"),
            (2, "r2"),
        ]


def test_no_row_is_both_best_and_worst():
    lists = summed(results(*[([f"r{i}"], [Score(1.0)]) for i in range(25)])).as_dict()["rows"]
    assert len(lists["worst"]) == 10
    assert lists["best"] == []


def test_a_row_says_why():
    group = Group(
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2 + 2?"}],
        [Response("h" * 3000 + "END", finish_reason="length", columns={"model": "m"})],
        {"reference": "4", "tests": [1, 2]},
        id="q1",
    )
    score = Score(-1.0, {"accuracy": 0.0}, note="extracted 5, reference 4")
    (row,) = summed([Result(6, group, [score], None)]).as_dict()["rows"]["worst"]
    assert (row["row"], row["id"], row["note"]) == (6, "q1", "extracted 5, reference 4")
    assert row["prompt"] == "[system] Be brief.\n[user] 2 + 2?"
    assert "1,003 characters left out" in row["text"]
    assert row["text"].endswith("END")
    assert row["length"] == 3003
    assert row["columns"] == [("reference", "4"), ("tests", "[1, 2]"), ("model", "m")]


def test_correlation_and_length_by_hand():
    rows = [(["x" * n], [Score(float(-n), {"up": float(n), "flat": 1.0})]) for n in (1, 2, 3, 4)]
    data = summed(results(*rows)).as_dict()
    assert data["correlation"]["names"] == ["", "up", "flat"]
    r = data["correlation"]["r"]
    assert r[0][1] == pytest.approx(-1)
    assert r[1][3] == pytest.approx(1)  # the last column is the length
    assert math.isnan(r[0][2])
    assert data["parts"][0]["pearson_length"] == pytest.approx(-1)
    assert data["parts"][1]["spearman_length"] == pytest.approx(1)
    assert data["points"]["length"] == [1, 2, 3, 4]


def test_few_values_are_counted_exactly_and_many_are_binned():
    rows = [(["x"], [Score(float(n % 2), {"fine": n / 99})]) for n in range(100)]
    total, fine = summed(results(*rows), sample_size=20).as_dict()["parts"]
    assert total["values"] == [(0.0, 50), (1.0, 50)]
    assert total["histogram"] is None
    assert fine["values"] is None
    assert sum(fine["histogram"]["counts"]) == 20


def test_memory_is_bounded_whatever_the_run_holds():
    summary = Summary(sample_size=100)
    for i in range(1500):
        score = Score(float(i), {f"part {i}": 1.0}, fault="system", error="e" * (i % 700))
        summary.add(Result(i, Group("p" * 9000, ["r" * 9000]), [score], None))
        summary.add(Result(i, None, [], DataError("m" * 9000, where="w" * 9000)))
    data = summary.as_dict()
    assert len(data["parts"]) == 65
    assert data["num_hidden_parts"] == 1500 - 64
    assert len(data["errors"]) == len(data["bad_rows"]) == 20
    assert sum(e["count"] for e in data["errors"]) + data["num_other_errors"] == 1500
    assert data["num_sampled"] == 100
    assert len(data["correlation"]["names"]) == 31
    assert len(json.dumps(data)) < 400_000


def test_equal_runs_give_equal_figures():
    rows = results(*[([f"r{i}"], [Score(i * 0.1)]) for i in range(500)])
    one, two = (repr(summed(rows, sample_size=50).as_dict()) for _ in range(2))
    assert one == two


def test_nothing_at_all():
    summary = Summary()
    assert summary.counts.responses == 0
    assert math.isnan(summary.reward.mean)
    assert summary.as_dict()["points"] == {"length": [], "columns": [[]]}
