"""Whose fault a missing score is: who is a judge, what it earns, what a later run scores again."""

import json
import math
import sys
from pathlib import Path

import pytest

import plaudit
from plaudit import combine
from plaudit.bench.folder import Folder
from plaudit.bench.runner import Entrant, Run, offline
from plaudit.types import Score

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from judging import LIST, PAIR, RATING, YES_NO

LENGTH = plaudit.load("rules.baseline.length")
AWAY = Score(math.nan, error="the server is away", fault="system")
UNREADABLE = Score(math.nan, {"num_unreadable": 1.0}, fault="system", error="absent: no verdict")
NO_REFERENCE = Score(math.nan, error="no reference", fault="input")


class Flaky:
    """The length; but what `faults` say of a row while they say so. `numbers` were scored."""

    relative, deterministic, cpu_bound, retries_itself = False, False, False, True

    def __init__(self, faults=(), *, is_judge=False, dies_after=None):
        self.faults, self.numbers = dict(faults), []
        self.is_judge, self._dies_after = is_judge, dies_after

    def __repr__(self):
        return "Flaky()"

    def score(self, groups):
        if self._dies_after is not None and len(self.numbers) >= self._dies_after:
            raise KeyboardInterrupt
        numbers = [int(group.prompt[0]["content"][1:]) for group in groups]
        self.numbers += numbers
        return [
            [
                self.faults[n] if n in self.faults and i == 0 else Score(float(len(r.text)))
                for i, r in enumerate(group.responses)
            ]
            for n, group in zip(numbers, groups, strict=True)
        ]


def rows_file(path, num):
    rows = [
        {"prompt": f"p{i}", "chosen": "x" * (i % 5 + 1), "rejected": "yy", "id": i,
         "subset": "hep-go"}
        for i in range(num)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def run(tmp_path, *rewards, num=200, folder="out", credit=None):
    data = rows_file(tmp_path / "rows.jsonl", num)
    entrants = [Entrant(f"r{i}", reward) for i, reward in enumerate(rewards)]
    return Run("rewardbench", Folder(tmp_path / folder), [data], entrants, credit=credit,
               num_draws=10)  # fmt: skip


def scores_of(tmp_path, folder="out"):
    return (tmp_path / folder / "scores.jsonl").read_bytes()


# --- who is a judge -------------------------------------------------------------------------------


def judge(path, template):
    return plaudit.load(path, template=template, replay="column:replies", read="text")


RATES = judge("judges.pointwise.rating", RATING)
JUDGES = {
    "rating": RATES,
    "pairwise": judge("judges.pairwise.pairwise", PAIR),
    "verifier": judge("judges.verifier.verifier", YES_NO),
    "listwise": plaudit.load("judges.listwise.listwise", template=LIST, replay="column:replies"),
    "jury": plaudit.load(
        "judges.jury.jury", template=RATING,
        judges=[{"name": n, "replay": f"column:{n}"} for n in "ab"],
    ),
    "in a sum": combine.weighted({"length": LENGTH, "judge": RATES}),
    "in a clip in a gate": combine.gate(LENGTH, combine.clip(RATES, low=0)),
    "in a route": combine.route("x", {"a": LENGTH, "b": RATES}),
    "of both orders": combine.round_robin(
        combine.both_orders(judge("judges.pairwise.critic", PAIR))
    ),
    "for the accuracy": plaudit.load("rules.length.kimi", accuracy=RATES),
    "before a penalty": plaudit.load(
        "rules.compat.openrlhf.stop_properly_penalty", reward=RATES, stop_properly_penalty_coef=0.5
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", JUDGES)
def test_a_judge_says_that_it_is_one_in_whatever_it_is_wrapped(name):
    assert Entrant(name, JUDGES[name]).is_judge


def test_no_reward_is_a_judge_for_its_name_or_for_answering_from_afar():
    class Served(Flaky):
        def __repr__(self):
            return "load('my.judges.like', server='http://judges.example')"

    for reward in (LENGTH, Flaky(), Served(), combine.weighted({"a": LENGTH, "b": Served()})):
        assert not Entrant("x", reward).is_judge


@pytest.mark.parametrize(
    ("name", "expected"),
    [("rating", 1.0), ("jury", 1.0), ("pairwise", None), ("verifier", None), ("in a sum", None)],
)
def test_the_scale_on_which_a_judge_rates_stands_in_the_manifest(name, expected, tmp_path):
    finished = run(tmp_path, JUDGES[name], num=2)
    finished.score()
    (about,) = finished.folder.manifest()["rewards"]
    assert (about["is_judge"], about["lowest"]) == (True, expected)


def test_the_scale_counts_through_a_view_and_not_below_the_value_of_a_fault():
    assert combine.view(RATES, part="all").lowest == 1.0
    low = plaudit.load("judges.pointwise.rating", template=RATING, on_response_fault=-3.0,
                       replay="column:replies")  # fmt: skip
    assert low.lowest == -3.0


# --- what it earns --------------------------------------------------------------------------------


@pytest.mark.parametrize("credit", ["strict", "rewardbench", "share"])
@pytest.mark.parametrize("fault", [AWAY, NO_REFERENCE], ids=["system", "input"])
@pytest.mark.parametrize("is_judge", [True, False])
def test_a_reward_that_is_dead_earns_nothing(credit, fault, is_judge, tmp_path):
    dead = Flaky(dict.fromkeys(range(10), fault), is_judge=is_judge)
    (entry,) = run(tmp_path, dead, num=10, credit=credit).score()["rewards"]
    assert entry["figures"]["overall"]["value"] == 0.0
    assert entry["counts"]["unscored"] == 10


def test_an_unreadable_verdict_of_a_judge_earns_what_is_published_and_that_is_said(tmp_path):
    faults = {0: UNREADABLE, 1: UNREADABLE, 2: AWAY}
    results = run(tmp_path, Flaky(faults, is_judge=True), num=4, credit="rewardbench").score()
    (entry,) = results["rewards"]
    assert entry["figures"]["overall"]["value"] == (0.5 + 0.5 + 0 + 1) / 4
    (note,) = [note for note in entry["notes"] if "unscored" in note]
    assert "3 of 4 unscored" in note
    assert "an unreadable verdict of a judge earns 1/2" in note
    assert "1 rows that failed otherwise earn nothing" in note
    (strict,) = offline(Folder(tmp_path / "out"), credit="strict")["rewards"]
    assert any("unscored (75.0%): they earn nothing" in note for note in strict["notes"])


def test_the_fault_of_each_score_stands_in_its_line(tmp_path):
    run(tmp_path, Flaky({0: UNREADABLE, 1: AWAY, 2: NO_REFERENCE}, is_judge=True), num=4).score()
    lines = list(map(json.loads, scores_of(tmp_path).splitlines()))
    assert [line.get("faults") for line in lines] == [
        ["unreadable", None], ["system", None], ["input", None], None,
    ]  # fmt: skip


def test_a_missing_score_without_a_reason_is_no_unreadable_verdict(tmp_path):
    finished = run(tmp_path, Flaky({0: UNREADABLE}, is_judge=True), num=2, credit="rewardbench")
    finished.score()
    lines = [json.loads(line) for line in scores_of(tmp_path).splitlines()]
    del lines[0]["faults"]  # as older runs wrote them
    path = tmp_path / "out" / "scores.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    results = offline(finished.folder)["rewards"][0]["figures"]["overall"]["value"]
    assert results == (0 + 0.5) / 2  # the second row is a tie


# --- what a later run scores again ----------------------------------------------------------------


def test_a_later_run_scores_again_what_the_system_failed_at_and_no_more(tmp_path):
    whole = run(tmp_path, Flaky({9: UNREADABLE}), LENGTH, folder="whole").score()
    faults = {0: AWAY, 5: NO_REFERENCE, 9: UNREADABLE, 70: AWAY, 199: AWAY}
    first = run(tmp_path, Flaky(faults), LENGTH).score()
    assert first["rewards"][0]["counts"]["unscored"] == 5
    again = Flaky({9: UNREADABLE})
    second = run(tmp_path, again, LENGTH).score()
    assert again.numbers == [0, 70, 199]
    assert second["rewards"][0]["counts"]["unscored"] == 2  # the input's, the unreadable one
    ours, theirs = (scores_of(tmp_path, name).splitlines() for name in ("out", "whole"))
    assert [i for i, line in enumerate(ours) if line != theirs[i]] == [5]
    assert whole["rewards"][1] == second["rewards"][1]
    third = Flaky()
    run(tmp_path, third, LENGTH).score()
    assert third.numbers == []


def test_what_fails_again_is_tried_again(tmp_path):
    faults = {0: AWAY, 3: AWAY}
    run(tmp_path, Flaky(faults), num=5).score()
    for left in ({3: AWAY}, {3: AWAY}, {}):
        again = Flaky(left)
        results = run(tmp_path, again, num=5).score()
        assert results["rewards"][0]["counts"]["unscored"] == len(left)
    assert again.numbers == [3]


def test_failed_rows_of_the_second_reward_are_scored_again_in_their_place(tmp_path):
    expected = run(tmp_path, LENGTH, Flaky(), folder="whole").score()
    run(tmp_path, LENGTH, Flaky({0: AWAY, 150: AWAY})).score()
    again = Flaky()
    assert run(tmp_path, LENGTH, again).score() == expected
    assert again.numbers == [0, 150]
    assert scores_of(tmp_path) == scores_of(tmp_path, "whole")
    assert not (tmp_path / "out" / "scores.retried.jsonl").exists()


def test_a_table_of_the_scores_is_that_of_the_lines_and_never_out_of_date(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    finished = run(tmp_path, Flaky({0: AWAY, 3: UNREADABLE}), LENGTH, num=9)
    finished.has_table = True
    finished.score()
    for again in (Flaky({3: UNREADABLE}), None):
        rows = parquet.read_table(tmp_path / "out" / "scores.parquet").to_pylist()
        lines = list(map(json.loads, scores_of(tmp_path).splitlines()))
        assert [{k: v for k, v in row.items() if v is not None} for row in rows] == lines
        if again is not None:
            run(tmp_path, again, LENGTH, num=9).score()
            assert again.numbers == [0]


@pytest.mark.parametrize("dies_after", [0, 64, 128])
def test_a_run_interrupted_while_it_scores_again_loses_nothing(dies_after, tmp_path):
    expected = run(tmp_path, Flaky(), folder="whole").score()
    faults = dict.fromkeys(range(200), AWAY)
    run(tmp_path, Flaky(faults)).score()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Flaky(dies_after=dies_after)).score()
    last = Flaky()
    assert run(tmp_path, last).score() == expected
    assert last.numbers == list(range(dies_after, 200))
    assert scores_of(tmp_path) == scores_of(tmp_path, "whole")


def test_an_unfinished_run_scores_again_what_failed_and_then_the_rest(tmp_path):
    expected = run(tmp_path, Flaky(), folder="whole").score()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Flaky({1: AWAY, 63: AWAY}, dies_after=64)).score()
    last = Flaky()
    assert run(tmp_path, last).score() == expected
    assert last.numbers == [1, 63, *range(64, 200)]
    assert scores_of(tmp_path) == scores_of(tmp_path, "whole")
