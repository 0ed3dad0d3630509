"""The page of benchmark runs: all rows, all figures, nothing compared that cannot be."""

import json
import re

import numpy as np
import pytest
from score_table import Table

from plaudit.bench import browse, charts, credit
from plaudit.bench.benchmark import benchmark
from plaudit.bench.boards import boards_of, page_notes
from plaudit.bench.browse import is_safety, rows_of
from plaudit.bench.folder import Folder
from plaudit.bench.page import runs_of, write_bench_page
from plaudit.bench.runner import Entrant, Run, offline
from plaudit.bench.sets.rewardbench import SECTIONS
from plaudit.bench.sheet import Scored, Sheet
from plaudit.errors import ConfigError, PlauditError
from plaudit.registry import load
from plaudit.types import Score, Step

HOSTILE = (
    "</script><script>document.title = 'owned'</script><!--<script> <img src=x onerror=alert(1)>"
    " \x1b[31m \u202e \u2028 \ud800 \x00 [red]x[/red] =cmd()"
)


class Steps(Table):
    def _score(self, text):
        ends = [i + 1 for i, c in enumerate(text) if c == "."]
        spans = zip([0, *ends], ends, strict=False)
        return Score(1.0, steps=tuple(Step(0.25 * i, a, b) for i, (a, b) in enumerate(spans)))


def pairs(num=30, *, seed=0, **more):
    draw = np.random.default_rng(seed)
    return [
        {"id": str(i), "subset": "ab"[i % 2], "prompt": f"question {i}",
         "chosen": f"score {draw.normal():.3f} {'x' * int(draw.integers(40))}",
         "rejected": f"score {draw.normal():.3f} {'x' * int(draw.integers(40))}", **more}
        for i in range(num)
    ]  # fmt: skip


TABLE = (("table", Table()),)


@pytest.fixture
def run(tmp_path):
    """Scores rows into a folder of that name, by default with a table; the folder's path."""

    def score(rows, name="out", entrants=TABLE, bench="pairs", **more):
        data = tmp_path / f"{name}.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in rows))
        rewards = [Entrant(*one) for one in entrants]
        options = {"num_draws": 50, "data": [str(data)], "entrants": rewards, **more}
        Run(bench, Folder(tmp_path / name), **options).score()
        return str(tmp_path / name)

    return score


def page_of(places, tmp_path, **more):
    """The text of the page of runs, and its data."""
    path = write_bench_page(tmp_path / "page.html", *runs_of(places), **more)
    text = path.read_text(encoding="utf-8")
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return text, json.loads(block[1])


def board_of(place, tmp_path):
    return page_of([place], tmp_path)[1]["boards"][0]


def lines(place, name):
    with open(f"{place}/{name}", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


# --- figures and rows -----------------------------------------------------------------------------

UNSCORED = {"chosen": "nothing", "rejected": "score 1"}
TWO = (("table", Table()), ("length", load("rules.baseline.length")))


def test_the_results_of_a_run_are_on_the_page_unchanged(run, tmp_path):
    place = run([*pairs(), {**pairs(1)[0], **UNSCORED, "id": "none"}], entrants=TWO)
    results = json.loads((tmp_path / "out/results.json").read_text())
    assert board_of(place, tmp_path)["results"] == results


def test_every_row_and_every_score_is_there_in_order(run, tmp_path):
    place = run([*pairs(), {**pairs(1)[0], **UNSCORED, "id": "none"}], entrants=TWO)
    rows = board_of(place, tmp_path)["rows"]
    items = lines(place, "items.jsonl")
    assert rows["num"] == len(rows["id"]) == 31
    assert rows["number"] == list(range(31))
    assert rows["id"] == [item["id"] for item in items]
    assert [rows["subsets"][i] for i in rows["subset"]] == [item["subset"] for item in items]
    assert rows["labels"] == [item["labels"] for item in items]
    for column in rows["rewards"]:
        scores = [s for s in lines(place, "scores.jsonl") if s["reward"] == column["name"]]
        assert column["values"] == [line["values"] for line in scores]


def test_outcomes_and_margins_are_those_of_the_scores(run, tmp_path):
    tie = {**pairs(1)[0], "chosen": "score 1", "rejected": "score 1", "id": "tie"}
    place = run([*pairs(), tie, {**tie, **UNSCORED, "id": "none"}])
    board = board_of(place, tmp_path)
    (column,) = board["rows"]["rewards"]
    counts = board["results"]["rewards"][0]["counts"]
    names = {credit.WIN: "won", credit.TIE: "tied", credit.UNSCORED: "unscored"}
    for kind, name in names.items():
        assert column["outcome"].count(kind) == counts[name]
    for (right, wrong), margin, kind in zip(
        column["values"], column["margin"], column["outcome"], strict=True
    ):
        if right is None or wrong is None:
            assert (margin, kind) == (None, credit.UNSCORED)
        else:
            assert margin == right - wrong
            due = credit.WIN if right > wrong else credit.TIE if right == wrong else credit.LOSS
            assert kind == due


def test_confident_losses_are_those_among_the_largest_quarter(run, tmp_path):
    column = board_of(run(pairs(200)), tmp_path)["rows"]["rewards"][0]
    sizes = sorted(abs(margin) for margin in column["margin"])
    least = column["threshold"]
    assert sizes[148] <= least <= sizes[151]
    for margin, is_confident in zip(column["margin"], column["confident"], strict=True):
        assert is_confident == (margin < 0 and -margin >= least)
    assert sum(column["confident"]) > 10


def test_unscored_values_are_null_with_their_reason_and_rationales_stand_beside(run, tmp_path):
    place = run([*pairs(2), {**pairs(1)[0], **UNSCORED, "id": "none"}])
    board = board_of(place, tmp_path)
    assert board["rows"]["rewards"][0]["values"][2] == [None, 1.0]
    (remark,) = [one for one in board["rows"]["remarks"] if one["row"] == 2]
    assert remark["errors"] == ["no score in it", ""]
    assert remark["notes"] == ["", "read score 1"]


def test_of_many_rows_the_confident_losses_come_first_and_the_page_says_so(run, tmp_path):
    place = run(pairs(100))
    ((run_,),) = runs_of([place])[0]
    rows = [charts.outcome(benchmark("pairs"), run_.sheet, one) for one in run_.scored]
    browser = rows_of(run_.sheet, run_.scored, rows, most=30)
    assert browser["num"] == 100
    assert len(browser["id"]) == 30
    assert browser["number"] == sorted(set(browser["number"]))
    confident = np.flatnonzero(rows[0].is_confident_N)
    worst = confident[np.argsort(rows[0].margin_N[confident])][:15]
    assert set(worst) <= set(browser["number"])
    assert [browser["rewards"][0]["margin"][i] for i in range(30)] == [
        rows[0].margin_N[i] for i in browser["number"]
    ]


def test_steps_have_scores_and_no_outcome(run, tmp_path):
    row = {"id": "gsm8k-1", "problem": "why?", "steps": ["One. ", "Two."], "label": 1}
    place = run([row], entrants=[("steps", Steps())], bench="processbench", include_text=True)
    board = board_of(place, tmp_path)
    assert board["unit"] == "step"
    (column,) = board["rows"]["rewards"]
    assert "outcome" not in column
    assert column["values"] == [[0.0, 0.25]]
    assert board["rows"]["labels"] == [[1.0, 0.0]]
    assert len(board["rows"]["texts"][0]["responses"]) == 2


# --- charts ---------------------------------------------------------------------------------------


def test_the_bins_of_a_distribution_hold_every_score_once(run, tmp_path):
    rows = [*pairs(200), {**pairs(1)[0], "chosen": "score 4000", "id": "far"}]
    board = board_of(run(rows), tmp_path)
    chart = board["charts"][0]["distribution"]
    assert sum(chart["right"]) == sum(chart["wrong"]) == 201
    assert chart["edges"] == sorted(chart["edges"])
    assert chart["edges"][-1] < 10
    assert chart["above"] >= 1
    values = [v for pair in board["rows"]["rewards"][0]["values"] for v in pair]
    assert chart["below"] == sum(v < chart["edges"][0] for v in values)


def test_the_reliability_diagram_gives_the_calibration_error_of_the_results(run, tmp_path):
    board = board_of(run(pairs(300)), tmp_path)
    bins = board["charts"][0]["calibration"]["margin"]
    num = sum(one["num"] for one in bins)
    error = sum(one["num"] * abs(one["probability"] - one["share"]) for one in bins) / num
    assert num == 300
    assert error == pytest.approx(board["results"]["rewards"][0]["calibration"]["ece"])


def test_scores_that_are_probabilities_have_a_diagram_of_their_own(run, tmp_path):
    rows = [{**pairs(1)[0], "chosen": f"score {i / 10}", "rejected": "score 0.5", "id": str(i)}
            for i in range(11)]  # fmt: skip
    curves = board_of(run(rows), tmp_path)["charts"][0]["calibration"]
    assert sum(one["num"] for one in curves["score"]) == 22
    beyond = board_of(run(rows, "b", entrants=[("t", Table(0.2))]), tmp_path)
    assert "score" not in beyond["charts"][0]["calibration"]


def test_agreement_is_counted_row_by_row(run, tmp_path):
    rows = [*pairs(60), {**pairs(1)[0], **UNSCORED, "id": "none"}]
    board = board_of(run(rows, entrants=TWO), tmp_path)
    first, second = (one["outcome"] for one in board["rows"]["rewards"])
    both = [(a, b) for a, b in zip(first, second, strict=True) if credit.UNSCORED not in (a, b)]
    figures = board["agreement"]
    assert figures["num"][0][1] == len(both) == 60
    assert figures["share"][0][1] == sum(a == b for a, b in both) / 60
    assert figures["share"][1][0] == figures["share"][0][1]
    assert figures["share"][0][0] is None


def test_points_stand_where_length_and_margin_say(run, tmp_path):
    place = run(pairs(40))
    board, items = board_of(place, tmp_path), lines(place, "items.jsonl")
    dots = board["charts"][0]["length"]
    assert dots["num"] == len(dots["rows"]) == 40
    for row, longer, margin in zip(dots["rows"], dots["longer"], dots["margin"], strict=True):
        right, wrong = items[row]["chars"]
        assert longer == right - wrong
        assert margin == board["rows"]["rewards"][0]["margin"][row]


def test_of_grades_the_highest_is_right():
    lines_ = [
        {"id": "a", "subset": "s", "prompt": "p", "labels": [1, 3, 3]},
        {"id": "b", "subset": "s", "prompt": "q", "labels": [-2, -1, -3]},
    ]
    sheet, one = Sheet(lines_), Scored("x", np.array([5.0, 4.0, 6.0, 0.0, 1.0, 2.0]))
    rows = charts.outcome(benchmark("graded"), sheet, one)
    assert charts.is_right(sheet).tolist() == [False, True, True, False, True, False]
    assert rows.of_N.tolist() == [credit.WIN, credit.LOSS]
    assert rows.margin_N.tolist() == [1.0, -1.0]
    assert (rows.right_N.tolist(), rows.wrong_N.tolist()) == ([2, 4], [0, 5])


# --- several runs ---------------------------------------------------------------------------------


def test_runs_about_the_same_rows_share_a_table_and_a_test(run, tmp_path):
    rows = pairs(60)
    places = [run(rows, "a"), run(rows, "b", entrants=[("length", load("rules.baseline.length"))])]
    page = page_of(places, tmp_path)[1]
    (board,) = page["boards"]
    by_name = {entry["name"]: entry for entry in board["results"]["rewards"]}
    assert list(by_name) == ["table", "length"]
    for place in places:
        (own,) = json.loads((tmp_path / place / "results.json").read_text())["rewards"]
        entry = by_name[own["name"]]
        assert entry["figures"] == own["figures"]
        assert entry["counts"] == own["counts"]
        assert entry["notes"] == own["notes"]
    (test,) = board["results"]["paired"]
    assert {test["first"], test["second"]} == {"table", "length"}
    assert "same 60 rows" in page["notes"][0]


def test_runs_about_other_rows_are_never_tested_and_the_page_says_so(run, tmp_path):
    page = page_of([run(pairs(20), "a"), run(pairs(30, seed=1), "b")], tmp_path)[1]
    assert len(page["boards"]) == 2
    assert all(board["results"]["paired"] == [] for board in page["boards"])
    assert "about different rows" in page["notes"][0]
    assert "no test" in page["notes"][0]


def test_too_few_draws_for_the_tests_are_said(run, tmp_path):
    # Prompts that repeat, so that the test is the bootstrap.
    rows = [{**row, "prompt": f"p{i // 2}"} for i, row in enumerate(pairs(20))]
    entrants = [(f"t{i}", Table(i)) for i in range(3)]
    for num_draws, num_warnings in ((99, 1), (100, 0)):
        place = run(rows, f"n{num_draws}", entrants, num_draws=num_draws)
        board = board_of(place, tmp_path)
        assert len(board["warnings"]) == num_warnings
    few = board_of(run(rows, "few", entrants, num_draws=10), tmp_path)
    assert "over 3 tests" in few["warnings"][0]
    assert "--draws 100" in few["warnings"][0]
    assert {tuple(entry["rank"]) for entry in few["results"]["rewards"]} == {(1, 3)}


def test_mcnemars_test_needs_no_draws(run, tmp_path):
    board = board_of(run(pairs(20), entrants=TWO, num_draws=1), tmp_path)
    assert board["results"]["paired"][0]["only_first"] is not None
    assert board["warnings"] == []


def test_other_credit_is_another_table(run, tmp_path):
    rows = pairs(20)
    places = [run(rows, "a"), run(rows, "b")]
    offline(Folder(places[1]), credit="share")
    groups, _ = runs_of(places)
    assert [len(group) for group in groups] == [1, 1]
    assert "same rows by different credit" in page_notes(groups)[0]


def test_a_reward_in_two_runs_has_the_folder_beside_its_name(run, tmp_path):
    rows = pairs(10)
    places = [run(rows, "a"), run(rows, "b", entrants=[("table", Table(1.0))])]
    (board,) = page_of(places, tmp_path)[1]["boards"]
    names = [f"table ({place})" for place in places]
    assert [entry["name"] for entry in board["results"]["rewards"]] == names
    assert [one["name"] for one in board["rows"]["rewards"]] == names
    assert {one["reward"] for one in board["rows"]["remarks"]} == set(names)
    assert board["rows"]["rewards"][1]["values"][0][0] == pytest.approx(
        board["rows"]["rewards"][0]["values"][0][0] + 1
    )
    assert board["runs"][1]["rewards"] == [[names[1], "Table(1.0, sign=1)"]]


def test_the_same_folder_twice_is_one_run(run, tmp_path):
    place = run(pairs(4))
    other = run(pairs(4), "other")
    (group,) = runs_of([place, other, f"{place}/", f"{place}/../out"])[0]
    assert [one.place for one in group] == [place, other]


# --- texts ----------------------------------------------------------------------------------------


def test_texts_are_on_the_page_only_where_they_are_asked_for(run, tmp_path):
    place = run(pairs(5), entrants=[("length", load("rules.baseline.length"))])
    text, page = page_of([place], tmp_path)
    assert page["boards"][0]["rows"]["texts"] is None
    assert "question 3" not in text
    text, page = page_of([place], tmp_path, include_text=True)
    assert [t["prompt"] for t in page["boards"][0]["rows"]["texts"]] == [
        f"question {i}" for i in range(5)
    ]
    assert page["boards"][0]["rows"]["texts"][2]["responses"][0] == pairs(5)[2]["chosen"]


def test_rows_that_state_a_licence_keep_their_texts(run, tmp_path):
    columns = [
        {}, {"licence": "MIT"}, {"license": "CC BY 4.0"}, {"license": ""}, {"licence": None},
        {"license": " Unknown "}, {"licence": 4},
    ]  # fmt: skip
    rows = [{**row, **more} for row, more in zip(pairs(7), columns, strict=True)]
    texts = board_of(run(rows), tmp_path)["rows"]["texts"]
    prompts = [text and text["prompt"] for text in texts]
    assert prompts == [None, "question 1", "question 2", None, None, None, None]


@pytest.mark.parametrize("change", ["gone", "changed"])
def test_texts_of_changed_data_are_refused(change, run, tmp_path):
    place = run(pairs(5))
    data = tmp_path / "out.jsonl"
    data.unlink() if change == "gone" else data.write_text(data.read_text() + "\n")
    reason = "no such file" if change == "gone" else "has changed"
    with pytest.raises(ConfigError, match=reason):
        page_of([place], tmp_path, include_text=True)


def test_long_texts_are_cut_in_the_open(run, tmp_path):
    rows = [{**pairs(1)[0], "prompt": "a" * 9000 + "z"}]
    (text,) = board_of(run(rows, include_text=True), tmp_path)["rows"]["texts"]
    assert "characters left out" in text["prompt"]
    assert text["prompt"].endswith("z")
    assert len(text["prompt"]) < 4200


def test_safety_subsets_of_rewardbench_are_those_of_its_safety_section():
    for section, subsets in SECTIONS.items():
        for subset in subsets:
            assert is_safety(subset) == (section == "Safety"), subset


@pytest.mark.parametrize("subset", ["Safety", "safety-response", "bon-harmless/S1", "hhh-harmless"])
def test_safety_subsets_of_others(subset):
    assert is_safety(subset)


def test_hostile_texts_names_and_notes_add_no_markup_and_no_control(run, tmp_path):
    def one(text):
        row = {"id": text, "subset": text, "prompt": text, "chosen": f"score 1 {text}",
               "rejected": f"score 2 {text}"}  # fmt: skip
        place = run([row], f"o{len(text)}", [(f"n{text}", Table())], include_text=True)
        return page_of([place], tmp_path, title=text, command=text)[0]

    hostile, plain = one(HOSTILE), one("x")
    assert len(re.findall("<[a-z/!]", hostile)) == len(re.findall("<[a-z/!]", plain))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\ud800]", hostile)
    assert "⟨ESC⟩[31m ⟨U+202E⟩ ⟨U+2028⟩ ⟨U+D800⟩ ⟨NUL⟩" in hostile


def test_equal_runs_give_an_equal_page(run, tmp_path):
    place = run(pairs(6))
    assert page_of([place], tmp_path)[0] == page_of([place], tmp_path)[0]


# --- what is no finished run ----------------------------------------------------------------------


def edit(path, change):
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def cut_scores(folder):
    text = (folder / "scores.jsonl").read_text()
    (folder / "scores.jsonl").write_text(text[: len(text) - 20])


BROKEN = {
    "no manifest": (lambda f: (f / "manifest.json").unlink(), "is not the folder of a run"),
    "an older schema": (
        lambda f: edit(f / "results.json", lambda r: r.update(schema=0)),
        "field 'schema': 0, where this version of plaudit reads 1",
    ),
    "a newer manifest": (
        lambda f: edit(f / "manifest.json", lambda r: r.update(schema=2)),
        "manifest.json: field 'schema': 2",
    ),
    "no results": (lambda f: (f / "results.json").unlink(), "unfinished: it has no results.json"),
    "a cut line": (cut_scores, "unfinished: table has scores for 5 of 6"),
    "results of other rows": (
        lambda f: edit(f / "results.json", lambda r: r.update(digest="0")),
        "not of the items and scores beside it",
    ),
    "results of other rewards": (
        lambda f: edit(f / "results.json", lambda r: r["rewards"][0].update(name="b")),
        "not of the items and scores beside it",
    ),
    "a missing field": (
        lambda f: edit(f / "results.json", lambda r: r.pop("paired")), "field 'paired': missing",
    ),
    "half a file": (
        lambda f: (f / "results.json").write_text('{"schema": 1,'), "results.json: broken JSON",
    ),
    "no object": (lambda f: (f / "results.json").write_text("[1]"), "field 'schema': None"),
    "a broken line": (
        lambda f: (f / "scores.jsonl").write_text("{\n" + (f / "scores.jsonl").read_text()),
        "scores.jsonl:1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_finished_run_is_said(name, run, tmp_path):
    place = run(pairs(6))
    spoil, reason = BROKEN[name]
    spoil(tmp_path / "out")
    with pytest.raises(PlauditError, match=re.escape(reason)):
        runs_of([place])


def test_a_file_and_a_missing_folder_are_no_runs(run, tmp_path):
    (tmp_path / "file").write_text("")
    for name in ("file", "nowhere"):
        with pytest.raises(ConfigError, match="is not the folder of a run"):
            runs_of([str(tmp_path / name)])


def test_a_page_of_reported_shares_has_no_rows(tmp_path):
    shares = {"model": "m", "model_type": "x", "alpacaeval-easy": 0.9, "hep-go": 0.5}
    (tmp_path / "m.json").write_text(json.dumps(shares))
    Run("rewardbench", Folder(tmp_path / "out"), imports=[str(tmp_path / "m.json")]).score()
    board = board_of(str(tmp_path / "out"), tmp_path)
    assert board["rows"]["id"] == []
    assert board["results"]["reported"][0]["name"] == "m"


def test_boards_come_one_by_one(run, tmp_path):
    groups, results = runs_of([run(pairs(3), "a"), run(pairs(4), "b")])
    boards = boards_of(groups, results)
    assert next(boards)["rows"]["num"] == 3
    assert next(boards)["rows"]["num"] == 4
    assert browse.MAX_ROWS == 20_000
