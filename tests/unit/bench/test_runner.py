"""Runs: the folder, resuming, bad input, imports beside data, contamination, steps."""

import json

import pytest

import plaudit
from plaudit.bench.export import export_rewardbench
from plaudit.bench.folder import Folder
from plaudit.bench.runner import Entrant, Run, offline
from plaudit.errors import ConfigError, DataError
from plaudit.types import Score, Step

LENGTH = plaudit.load("rules.baseline.length")
RANDOM = plaudit.load("rules.baseline.random")


def rows_file(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def pairs(num=30, subset="hep-go"):
    return [
        {"prompt": f"p{i}", "chosen": "x" * (i % 5 + 1), "rejected": "yy", "id": i,
         "subset": subset}
        for i in range(num)
    ]  # fmt: skip


def lines_of(folder, name):
    return [json.loads(text) for text in (folder / name).read_text().splitlines()]


def run(tmp_path, rows, *entrants, name="rewardbench", folder="out", **options):
    data = rows_file(tmp_path / "rows.jsonl", rows)
    entrants = entrants or (Entrant("length", LENGTH),)
    options = {"num_draws": 20, **options}
    return Run(name, Folder(tmp_path / folder), [data], entrants, **options)


def test_a_run_leaves_four_files(tmp_path):
    results = run(tmp_path, pairs(), Entrant("a", LENGTH), Entrant("b", RANDOM)).score()
    out = tmp_path / "out"
    names = sorted(path.name for path in out.iterdir())
    assert names == ["items.jsonl", "manifest.json", "results.json", "scores.jsonl"]
    manifest = json.loads((out / "manifest.json").read_text())
    assert [reward["name"] for reward in manifest["rewards"]] == ["a", "b"]
    assert manifest["data"][0]["sha256"]
    assert {"python", "numpy", "plaudit"} <= set(manifest["versions"])
    assert manifest["hardware"]["processors"] >= 1
    assert len(lines_of(out, "items.jsonl")) == 30
    assert len(lines_of(out, "scores.jsonl")) == 60
    assert json.loads((out / "results.json").read_text()) == results
    assert "xx" not in (out / "items.jsonl").read_text()  # no text of the data


def test_offline_gives_the_same_results_without_scoring(tmp_path):
    results = run(tmp_path, pairs(), seed=3).score()
    (tmp_path / "rows.jsonl").unlink()
    assert offline(Folder(tmp_path / "out")) == results
    other = offline(Folder(tmp_path / "out"), credit="share")
    assert other["credit"] == "share"


class Dies:
    """A reward that is interrupted at its n-th call."""

    relative, deterministic, cpu_bound = False, True, False

    def __init__(self, calls):
        self.calls = calls

    def __repr__(self):
        return "Dies()"

    def score(self, groups):
        self.calls -= 1
        if self.calls < 0:
            raise KeyboardInterrupt
        return LENGTH.score(groups)


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_an_interrupted_run_goes_on(calls, tmp_path):
    rows = pairs(200)  # batches of 64
    whole = run(tmp_path, rows, Entrant("a", RANDOM), Entrant("b", Dies(99)), folder="whole")
    expected = whole.score()
    broken = run(tmp_path, rows, Entrant("a", RANDOM), Entrant("b", Dies(calls)))
    with pytest.raises(KeyboardInterrupt):
        broken.score()
    assert len(lines_of(tmp_path / "out", "scores.jsonl")) == 200 + 64 * calls
    with pytest.raises(ConfigError, match=f"b has scores for {64 * calls} of 200 items"):
        offline(Folder(tmp_path / "out"))
    finished = run(tmp_path, rows, Entrant("a", RANDOM), Entrant("b", Dies(99))).score()
    assert finished == expected
    scores = [(tmp_path / name / "scores.jsonl").read_bytes() for name in ("whole", "out")]
    assert scores[0] == scores[1]


def test_a_half_written_line_is_scored_again(tmp_path):
    expected = run(tmp_path, pairs()).score()
    scores = tmp_path / "out" / "scores.jsonl"
    whole = scores.read_bytes()
    scores.write_bytes(whole[: len(whole) // 2])
    (tmp_path / "out" / "results.json").unlink()
    assert run(tmp_path, pairs()).score() == expected
    assert scores.read_bytes() == whole


def test_a_reward_may_be_added_to_a_finished_run(tmp_path):
    run(tmp_path, pairs(), Entrant("a", LENGTH)).score()
    results = run(tmp_path, pairs(), Entrant("a", Dies(0)), Entrant("b", RANDOM)).score()
    assert [entry["name"] for entry in results["rewards"]] == ["a", "b"]
    assert len(results["paired"]) == 1


@pytest.mark.parametrize("change", ["rows", "reward", "limit"])
def test_another_run_is_refused_its_folder(change, tmp_path):
    run(tmp_path, pairs()).score()
    other = {
        "rows": lambda: run(tmp_path, pairs(31)),
        "reward": lambda: run(tmp_path, pairs(), Entrant("other", RANDOM)),
        "limit": lambda: run(tmp_path, pairs(), limit=3),
    }[change]
    with pytest.raises(ConfigError, match="folder of another run"):
        other().score()
    assert other().score(overwrite=True)["rows"] in (3, 30, 31)


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty and is not the folder of a run"):
        run(tmp_path, pairs()).score(overwrite=True)


def test_bad_rows_are_counted_and_named(tmp_path):
    rows = pairs(6)
    rows[1] = {"prompt": "a", "chosen": "x", "subset": "hep-go"}
    rows[2]["subset"] = "nobody-knows"
    rows[3]["rejected"] = rows[3]["chosen"]
    rows[4]["rejected"] = " "
    rows[5]["id"] = 0
    results = run(tmp_path, rows).score()
    where = f"{tmp_path / 'rows.jsonl'}"
    intake = results["intake"]
    assert (intake["rows"], intake["items"], intake["bad"]) == (6, 4, 1)
    assert intake["ignored"] == {"nobody-knows": 1}
    shown = {kind: publication_list[0] for kind, publication_list in intake["problems"].items()}
    assert shown["bad row"].startswith(f"{where}:2: field 'rejected'")
    assert shown["equal responses on both sides"].startswith(f"{where}:4: field 'rejected'")
    assert shown["empty response"].startswith(f"{where}:5: ")
    assert shown["repeated id"].startswith(f"{where}:6: field 'id'")
    ids = [item["id"] for item in lines_of(tmp_path / "out", "items.jsonl")]
    assert ids == ["0", "3", "4", "0#2"]
    assert "hep-cpp" in results["absent"]


def test_no_row_at_all_is_an_error_with_the_first_reason(tmp_path):
    with pytest.raises(DataError, match=r"rows\.jsonl:1: field 'subset'"):
        run(tmp_path, [{"prompt": "a", "chosen": "x", "rejected": "y"}]).score()
    with pytest.raises(DataError, match="ignored"):
        run(tmp_path, pairs(2, "other"), folder="b").score()


class Fails:
    """A reward that cannot score long responses."""

    relative, deterministic, cpu_bound = False, True, False

    def score(self, groups):
        return [
            [
                Score(1.0)
                if len(r.text) < 3
                else Score.unscored("the server is down", fault="system")
                for r in group.responses
            ]
            for group in groups
        ]


def test_what_could_not_be_scored_earns_nothing_and_is_said(tmp_path):
    results = run(tmp_path, pairs(10), Entrant("fails", Fails())).score()
    (entry,) = results["rewards"]
    assert entry["counts"] == {"num": 10, "won": 0, "tied": 4, "unscored": 6}
    assert entry["errors"] == {"the server is down": 6}
    assert any("6 of 10 unscored" in note for note in entry["notes"])


def test_a_row_that_the_reward_cannot_read(tmp_path):
    needs = plaudit.load("rules.exact.equal")
    (entry,) = run(tmp_path, pairs(3), Entrant("needs", needs)).score()["rewards"]
    assert entry["counts"]["unscored"] == 3
    assert "reference" in next(iter(entry["errors"]))


def test_a_directory_is_enough(tmp_path):
    folder = tmp_path / "bench"
    (folder / "more").mkdir(parents=True)
    row = {"id": 1, "prompt": "a", "chosen": ["x", "y", "z"], "rejected": ["p", "q", "r"]}
    (folder / "chat_filtered.json").write_text(json.dumps([row]))
    (folder / "more" / "code_filtered.json").write_text(json.dumps([row]))
    (folder / "README.md").write_text("no rows")
    finished = Run("rmbench", Folder(tmp_path / "out"), [str(folder)], [Entrant("l", LENGTH)],
               num_draws=5)  # fmt: skip
    assert finished.score()["subsets"] == {"chat": 1, "code": 1}


def test_subsets_by_a_column_of_ones_own(tmp_path):
    rows = [{**row, "lang": "zh" if i % 3 else "en"} for i, row in enumerate(pairs(9))]
    results = run(tmp_path, rows, name="pairs", by="lang").score()
    assert results["subsets"] == {"en": 3, "zh": 6}
    with pytest.raises(DataError, match="field 'nowhere'"):
        run(tmp_path, rows, name="pairs", by="nowhere", folder="b").score()


def test_prompts_of_the_training_data_are_counted(tmp_path):
    rows = pairs(6)
    for i, row in enumerate(rows):
        row["prompt"] = f"How many legs do {i + 2} spiders have on a sunny day in May {i}?"
    train = rows_file(tmp_path / "train.jsonl", [{**rows[2], "extra": 1}, {**rows[4]}])
    results = run(tmp_path, rows, train=[train]).score()
    assert (results["contamination"]["items"], results["contamination"]["of"]) == (2, 6)
    assert results["contamination"]["without"]["length"]["value"] is not None
    marks = [item["in_train"] for item in lines_of(tmp_path / "out", "items.jsonl")]
    assert marks == [False, False, True, False, True, False]


def test_texts_are_kept_on_request(tmp_path):
    run(tmp_path, pairs(2), include_text=True).score()
    first = lines_of(tmp_path / "out", "items.jsonl")[0]
    assert first["text"] == {"prompt": "p0", "responses": ["x", "yy"]}


class Steps:
    """A process reward: how long each step is, over ten."""

    relative, deterministic, cpu_bound = False, True, False

    def score(self, groups):
        return [[_steps(r.columns["steps"]) for r in g.responses] for g in groups]


def _steps(texts):
    return Score(1.0, steps=tuple(Step(len(text) / 10, 0, 1) for text in texts))


SOLUTION = {
    "id": "gsm8k-0",
    "problem": "p",
    "steps": ["a long first step", "b"],
    "label": 1,
}


def test_steps_are_scored(tmp_path):
    rows = [SOLUTION, {**SOLUTION, "label": -1, "steps": ["a long first step", "another one"]}]
    results = run(tmp_path, rows, Entrant("s", Steps()), name="processbench").score()
    assert results["rewards"][0]["figures"]["overall"]["value"] == 1.0
    assert [floor["name"] for floor in results["floors"]][:1] == ["every step valid"]


def test_a_reward_without_steps_is_refused_where_steps_count(tmp_path):
    with pytest.raises(ConfigError, match="a process reward is needed"):
        run(tmp_path, [SOLUTION], Entrant("l", LENGTH), name="processbench").score()


@pytest.mark.parametrize("name", ["processbench", "prmbench"])
def test_an_ensemble_of_step_scores_is_refused(name, tmp_path):
    entrants = (Entrant("a", Steps()), Entrant("b", Steps()))
    with pytest.raises(ConfigError, match="no ensemble of step scores"):
        run(tmp_path, [SOLUTION], *entrants, name=name, ensembles=["mean"]).score()
    assert not (tmp_path / "out").exists()


def test_imports_join_the_data_by_id(tmp_path):
    recorded = [
        {"id": i, "subset": "hep-go", "scores_chosen": float(i), "scores_rejected": 2.5,
         "model": "m", "results": int(i > 2)}
        for i in range(5)
    ]  # fmt: skip
    file = rows_file(tmp_path / "m.jsonl", recorded)
    data = rows_file(tmp_path / "rows.jsonl", pairs(5))
    finished = Run("rewardbench", Folder(tmp_path / "out"), [data], [Entrant("l", LENGTH)], [file],
               num_draws=20)  # fmt: skip
    results = finished.score()
    assert [entry["name"] for entry in results["rewards"]] == ["m", "l"]
    assert results["rewards"][0]["origin"] == "recomputed from rows"
    assert results["rewards"][0]["counts"]["won"] == 2
    assert len(results["paired"]) == 1
    assert offline(Folder(tmp_path / "out")) == results


def test_an_import_that_says_other_results_than_its_rows(tmp_path):
    rows = [{"id": 0, "subset": "hep-go", "scores_chosen": 1.0, "scores_rejected": 2.0,
             "results": 1, "model": "m"}]  # fmt: skip
    file = rows_file(tmp_path / "m.jsonl", rows)
    results = Run("rewardbench", Folder(tmp_path / "out"), imports=[file], num_draws=5).score()
    assert any("disagrees with its own rows" in n for n in results["rewards"][0]["notes"])


def test_reported_shares_stand_apart(tmp_path):
    (tmp_path / "m.json").write_text(json.dumps({"Math": 0.5, "model": "m"}))
    finished = Run("rewardbench2", Folder(tmp_path / "out"), imports=[str(tmp_path / "m.json")])
    results = finished.score()
    assert results["reported"] == [{"name": "m", "figures": {"Math": 0.5}}]
    assert results["rewards"] == []


@pytest.mark.parametrize("name", ["rewardbench", "rewardbench2"])
def test_what_is_exported_is_imported_with_the_same_figures(name, tmp_path):
    rows = pairs(20)
    if name == "rewardbench2":
        rows = [
            {**row, "chosen": [row["chosen"]], "rejected": ["aa", "b", "ccc"], "subset": "Math"}
            for row in rows
        ]
    finished = run(tmp_path, rows, Entrant("a", LENGTH), name=name, credit="rewardbench")
    results = finished.score()
    paths = export_rewardbench(finished.folder, results)
    assert [path.parent.name for path in paths] == ["eval-set", "eval-set-scores"]
    again = Run(name, Folder(tmp_path / "again"), imports=[str(paths[1])], credit="rewardbench",
                num_draws=20).score()  # fmt: skip
    (one,), (other,) = results["rewards"], again["rewards"]
    assert {k: v["value"] for k, v in one["figures"].items()} == {
        k: v["value"] for k, v in other["figures"].items()
    }
    assert not any("disagrees" in note for note in other["notes"])


class Equal:
    """A judge that calls every pair a tie."""

    relative, deterministic, cpu_bound, is_judge = False, False, False, True

    def score(self, groups):
        return [[Score(0.5) for _ in group.responses] for group in groups]


def test_the_exported_shares_are_those_of_the_exported_rows(tmp_path):
    finished = run(tmp_path, pairs(20), Entrant("judge", Equal()))
    results = finished.score()
    assert results["rewards"][0]["figures"]["overall"]["value"] == 0.0  # strict
    shares, columns = (
        json.loads(p.read_text()) for p in export_rewardbench(finished.folder, results)
    )
    assert set(columns["results"]) == {0.5}
    assert shares["hep-go"] == 0.5


def test_rows_of_more_than_two_responses_are_not_exported_as_pairs(tmp_path):
    rows = [{"prompt": "q", "chosen": ["a", "bb"], "rejected": ["ccc", "dd"]}]
    finished = run(tmp_path, rows, name="pairs")
    results = finished.score()
    with pytest.raises(ConfigError, match=r"rows\.jsonl:1: 4 responses"):
        export_rewardbench(finished.folder, results)
    assert not (tmp_path / "out" / "rewardbench").exists()


@pytest.mark.parametrize("names", [("a/b", "a b"), ("a:b", "A_b"), ("x" * 120, "x" * 121)])
def test_two_rewards_whose_files_have_one_name_are_not_exported(names, tmp_path):
    finished = run(tmp_path, pairs(2), *(Entrant(name, LENGTH) for name in names))
    results = finished.score()
    with pytest.raises(ConfigError, match="would both be written to"):
        export_rewardbench(finished.folder, results)
    assert not (tmp_path / "out" / "rewardbench").exists()


def test_two_rewards_of_one_name_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="two rewards are called 'a'"):
        run(tmp_path, pairs(), Entrant("a", LENGTH), Entrant("a", RANDOM)).score()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"item": 99}, "is no item"),
        ({"id": "other"}, "those of another run"),
        ({"values": [1.0]}, "1 for 2 responses"),
        ({"reward": "nobody"}, "not in the manifest"),
    ],
)
def test_scores_that_do_not_fit_the_items_are_refused(change, why, tmp_path):
    run(tmp_path, pairs(2)).score()
    scores = tmp_path / "out" / "scores.jsonl"
    first, second = lines_of(tmp_path / "out", "scores.jsonl")
    scores.write_text(json.dumps({**first, **change}) + "\n" + json.dumps(second) + "\n")
    with pytest.raises(ConfigError, match=why):
        offline(Folder(tmp_path / "out"))


def test_a_judge_says_how_often_its_verdict_flips_with_the_order(tmp_path):
    judge = plaudit.load(
        "judges.pairwise.pairwise", template="pairwise", replay="column:replies", orders="both"
    )
    replies = [{"ab": a, "ba": b} for a, b in (("A", "A"), ("A", "B"), ("B", "A"))]
    rows = [
        {**row, "replies": {order: f"[[{letter}]]" for order, letter in reply.items()}}
        for row, reply in zip(pairs(3), replies, strict=True)
    ]
    results = run(tmp_path, rows, Entrant("judge", judge)).score()
    (entry,) = results["rewards"]
    assert entry["is_judge"]
    assert entry["counts"] == {"num": 3, "won": 1, "tied": 1, "unscored": 0}
    assert entry["flips"]["num"] == 3
    assert entry["flips"]["value"] == pytest.approx(1 / 3)


def test_an_import_that_is_run_again_keeps_its_remarks(tmp_path):
    recorded = [
        {"id": i, "subset": "hep-go", "scores_chosen": 1.0, "scores_rejected": 2.5, "model": "m",
         "results": 1}
        for i in range(2, 7)
    ]  # fmt: skip
    file = rows_file(tmp_path / "m.jsonl", recorded)
    data = rows_file(tmp_path / "rows.jsonl", pairs(5))

    def made():
        return Run("rewardbench", Folder(tmp_path / "out"), [data], [], [file], num_draws=5).score()

    first = made()
    assert first["rows"] == 3
    assert "2 rows of the data have no recorded result" in first["notes"]
    assert any("disagrees" in note for note in first["rewards"][0]["notes"])
    assert made() == first


def test_a_model_says_of_itself_what_it_is(tmp_path):
    class Model(Steps):
        facts = {"revision": "abc", "dtype": "bfloat16"}

        def score(self, groups):
            return LENGTH.score(groups)

    run(tmp_path, pairs(2), Entrant("m", Model())).score()
    (about,) = Folder(tmp_path / "out").manifest()["rewards"]
    assert about["facts"] == {"revision": "abc", "dtype": "bfloat16"}


def test_another_result_file_is_another_run(tmp_path):
    row = {"id": 1, "subset": "hep-go", "scores_chosen": 1.0, "scores_rejected": 0.5, "model": "m"}
    file = rows_file(tmp_path / "m.jsonl", [row])
    Run("rewardbench", Folder(tmp_path / "out"), imports=[file], num_draws=5).score()
    rows_file(tmp_path / "m.jsonl", [{**row, "scores_chosen": 0.0}])
    with pytest.raises(ConfigError, match="folder of another run"):
        Run("rewardbench", Folder(tmp_path / "out"), imports=[file], num_draws=5).score()
