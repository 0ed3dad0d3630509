"""`plaudit init` on every public layout: what it proposes runs as printed; in doubt it asks."""

from __future__ import annotations

import gzip
import json
import shlex
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from published import CASES, FOUR, IDS

from plaudit.cli._app import app
from plaudit.data.read import read
from plaudit.registry import data_columns
from plaudit.rule import column_of
from plaudit.types import Group

SHARED = Path(__file__).parents[3].parent / "shared" / "cases"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*words, code=0):
    result = CliRunner().invoke(app, [*words])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def init(*rows, name="in.jsonl", code=0, more=()):
    Path(name).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    result = run("init", "-o", "r.yaml", "--overwrite", name, *more, code=code)
    path = Path("r.yaml")
    return (yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None), result


def printed(result) -> list[str]:
    """The words of the command that init printed."""
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("next: ")]
    return shlex.split(line.removeprefix("next: "))


def read_as(recipe, name="in.jsonl") -> list[Group]:
    groups = [row.group for row in read(name, columns=data_columns(recipe))]
    assert all(isinstance(group, Group) for group in groups), groups
    return groups


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_printed_command_reads_the_layout_as_its_publisher_means_it(case):
    row = case.row if case.responses else {**case.row, "response": FOUR}
    recipe, result = init(row, row)
    words = printed(result)
    assert words == ["plaudit", "score", "in.jsonl", "--recipe", "r.yaml"]
    shown = run(*words[1:], "--workers", "0").stdout
    assert "2 rows (0 bad)" in shown
    assert "(0 unscored)" in shown
    for group in read_as(recipe):
        assert group.prompt[-1]["content"] == case.prompt
        assert tuple(r.text for r in group.responses) == (case.responses or (FOUR,))
        if case.reference is not None:
            assert column_of(group, None, "reference") == case.reference
        assert group.columns.get("references") == case.references
        if case.labels:
            assert tuple(r.columns["label"] for r in group.responses) == case.labels
    accuracy = recipe["parts"].get("accuracy", {}).get("use", "")
    assert accuracy == case.rule


@pytest.mark.parametrize("case", [c for c in CASES if not c.responses], ids=lambda c: c.layout)
def test_prompts_without_responses_are_called_so_and_nothing_stands_for_them(case):
    recipe, result = init(case.row, case.row, code=1)
    assert "prompts without responses" in result.stderr
    assert "next:" not in result.stderr
    assert not {"response", "responses", "messages"} & set(recipe["columns"])
    if case.reference is not None:
        assert "reference" in recipe["columns"]
    Path("in.jsonl").write_text(json.dumps({**case.row, "response": FOUR}) + "\n")
    run("score", "in.jsonl", "--recipe", "r.yaml", "--workers", "0")


def cases():
    path = SHARED / "layouts.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


RIGHT = {
    "trl stepwise": ({"prompt": "prompt", "steps": "completions"}, 1),
    "processbench": ({"prompt": "problem", "steps": "steps"}, 1),
    "judgebench": (
        {
            "prompt": "question", "response_a": "response_A", "response_b": "response_B",
            "preference": "label",
        },
        2,
    ),
    "wrapped json": ({"prompt": "prompt", "response": "response", "reference": "answer"}, 1),
}  # fmt: skip


@pytest.mark.parametrize("suffix", [".jsonl", ".json", "", ".json.gz", ".jsonl.gz", ".gz"])
@pytest.mark.parametrize("case", cases(), ids=lambda c: c["layout"])
def test_the_shared_cases(case, suffix):
    text = json.dumps(case["row"]).encode()
    name = f"in{suffix}"
    Path(name).write_bytes(gzip.compress(text) if suffix.endswith("gz") else text)
    if case["layout"] == "ms-swift grpo prompts":
        result = run("init", name, code=1)
        assert yaml.safe_load(result.stdout)["columns"] == {
            "prompt": "messages",
            "reference": "solution",
        }
        return
    if case["layout"] == "openai responses log":
        result = CliRunner().invoke(app, ["init", name])
        columns = (yaml.safe_load(result.stdout) or {}).get("columns", {})
        assert columns.get("response") in (None, "response")
        return
    columns, count = RIGHT[case["layout"]]
    result = run("init", name, "-o", "r.yaml")
    recipe = yaml.safe_load(Path("r.yaml").read_text())
    assert recipe["columns"] == columns
    (group,) = read_as(recipe, name)
    assert len(group.responses) == count
    assert "accuracy" in recipe["parts"] if "reference" in columns else True
    run(*printed(result)[1:], "--workers", "0")


def test_the_shared_cases_are_there():
    if not cases():
        pytest.skip("the shared cases are not beside this checkout")


# --- doubt ----------------------------------------------------------------------------------------


def one_line(result):
    return " ".join(result.stderr.split())


def test_two_columns_of_responses_are_asked_for():
    recipe, result = init({"prompt": "q", "response": "4", "output": "5"}, code=2)
    assert recipe is None
    assert "response and output may each contain the responses" in result.stderr
    for name in ("response", "output"):
        assert f"\n  plaudit init in.jsonl --column response={name}\n" in result.stderr
    recipe, _ = init(
        {"prompt": "q", "response": "4", "output": "5"}, more=["--column", "response=output"]
    )
    assert [g.responses[0].text for g in read_as(recipe)] == ["5"]


def test_what_the_user_adds_to_a_published_layout_is_not_taken_for_the_publisher_s():
    row = {
        "problem": "2+2?", "solution": "s", "answer": "4", "generations": ["4"],
        "finish_reasons": ["stop"], "response": "5",
    }  # fmt: skip
    _, result = init(row, code=2)
    assert "response and generations may each contain the responses" in result.stderr
    assert "--column responses=generations" in result.stderr


def test_two_guesses_are_asked_for_and_one_is_taken():
    _, result = init({"q": "a", "model_output": "1", "llm_reply": "2"}, code=2)
    assert "model_output and llm_reply may each contain the response" in result.stderr
    recipe, _ = init({"q": "a", "model_output": "1", "output_tokens": "9", "notes": "x" * 999})
    assert recipe["columns"] == {"prompt": "q", "response": "model_output"}


def test_two_references_are_asked_for_unless_they_say_the_same():
    row = {"prompt": "q", "response": "4", "answer": "4", "ground_truth": "5"}
    _, result = init(row, code=2)
    assert "ground_truth and answer may each be the reference" in result.stderr
    assert "--column reference=answer" in result.stderr
    recipe, _ = init({**row, "ground_truth": "4"})
    assert recipe["columns"]["reference"] == "ground_truth"


@pytest.mark.parametrize(
    "row",
    [
        {"answer": True},
        {"label": False},
        {"label": 1},
        {"gold": True, "label": 0},
        {"solution": False},
    ],
)
def test_a_truth_value_is_never_a_reference(row):
    recipe, _ = init({"prompt": "q", "response": "4", **row})
    assert "reference" not in recipe["columns"]
    assert "accuracy" not in recipe["parts"]


@pytest.mark.parametrize("name", ["answer", "solution", "ground_truth", "reference_answer"])
def test_a_known_name_of_the_reference_is_never_a_response(name):
    recipe, result = init({"prompt": "q", name: "4" * 500, "note": "x"}, code=1)
    assert recipe["columns"] == {"prompt": "prompt", "reference": name}
    assert "prompts without responses" in result.stderr


def test_a_known_name_goes_before_a_guess():
    row = {"prompt": "q", "response": "4", "answer": "4", "gold": "5", "target": "6"}
    recipe, _ = init(row)
    assert recipe["columns"]["reference"] == "answer"


def test_a_reference_that_some_rows_lack_is_no_column_of_every_row():
    rows = {"prompt": "q", "response": "4", "answer": "4"}, {"prompt": "q", "response": "4"}
    recipe, result = init(*rows)
    assert "reference" not in recipe["columns"]
    assert recipe["parts"]["accuracy"]["when"] == {"has": "answer"}
    run(*printed(result)[1:], "--workers", "0")


def test_an_unreadable_response_is_an_error_and_no_reason_to_guess():
    _, result = init({"question": "q", "expected_answer": "4", "response": 4}, code=2)
    assert "field 'response': expected text, found 4 (int)" in one_line(result)


def test_names_that_yaml_would_read_otherwise_are_quoted():
    recipe, _ = init({"prompt": "q", "response": "4", "gold answer: x": "4", "no": "n"})
    assert recipe["columns"]["prompt"] == "prompt"
    recipe, _ = init(
        {"no": "q", "y es": "4"}, more=["--column", "prompt=no", "--column", "response=y es"]
    )
    assert recipe["columns"] == {"prompt": "no", "response": "y es"}
    assert read_as(recipe)[0].responses[0].text == "4"


def test_numbers_that_name_the_better_response_are_asked_for():
    row = {"prompt": "q", "response_1": "4", "response_2": "5", "label": 1}
    recipe, result = init(row, code=2)
    assert recipe is None
    assert "the numbers in label may count the better response from 0 or from 1" in one_line(result)
    right = {
        "better_from_0": ["rejected", "chosen"],
        "better_from_1": ["chosen", "rejected"],
        "preference": [None, None],
    }
    for name, labels in right.items():
        way = f"--column {name}=label"
        assert f"plaudit init in.jsonl {way}\n" in result.stderr
        recipe, told = init(row, more=way.split())
        (group,) = read_as(recipe)
        assert [r.columns.get("label") for r in group.responses] == labels
        assert ("these pairs are read without a label" in one_line(told)) == (labels[0] is None)


def test_a_number_that_the_layout_does_not_know_is_asked_for():
    rows = [{"input": "q", "output_1": "4", "output_2": "5", "label": label} for label in (0, 1)]
    assert "may count the better response" in one_line(init(*rows, code=2)[1])


def test_labels_that_are_not_understood_are_said():
    row = {"prompt": "q", "response_a": "4", "response_b": "5", "winner": "C"}
    _, result = init(row)
    assert "1 labels in winner do not say which response is the better one, as 'C'" in one_line(
        result
    )


@pytest.mark.parametrize("name", ["reference", "answer", "ground_truth", "gold"])
def test_a_list_of_references_is_asked_for(name):
    row = {"prompt": "q", "response": "\\boxed{4}", name: ["4", "6"]}
    _, result = init(row, code=2)
    assert "references: any (one of them is right)" in one_line(result)
    recipe, told = init(row, more=["--column", f"references={name}"])
    assert recipe["columns"]["references"] == name
    assert recipe["parts"]["accuracy"]["use"] == "rules.math.equal"
    assert "accuracy 1" in told.stderr
    recipe, told = init(row, more=["--column", f"reference={name}"])
    assert recipe["parts"]["accuracy"]["references"] == "all"
    assert "accuracy 0" in told.stderr


def test_the_column_references_is_read_as_such():
    recipe, told = init({"prompt": "q", "response": "\\boxed{4}", "references": ["4", "6"]})
    assert recipe["columns"]["references"] == "references"
    assert "accuracy 1" in told.stderr
    recipe, _ = init({"prompt": "q", "response": "\\boxed{4}", "gold": ["4"]})
    assert recipe["columns"]["references"] == "gold"  # any of one is all of one


@pytest.mark.parametrize(
    "more", [{"target": 0.87}, {"label": 0.5}, {"expected": 0.1}, {"key": 1000}]
)
def test_scores_and_row_numbers_are_no_reference(more):
    recipe, result = init({"prompt": "q", "response": "4", **more})
    assert "reference" not in recipe["columns"]
    assert ("and is not taken for the reference" in one_line(result)) == ("key" not in more)


@pytest.mark.parametrize(
    "more",
    [
        {"env_extras": {"reward_model": {"ground_truth": "4"}}},
        {"reward_model": {"ground_truth": "4"}},
        {"gt_answer": "4"},
    ],
)
def test_a_reference_that_lies_deeper_is_seen(more):
    recipe, _ = init({"prompt": "q", "response": FOUR, **more})
    (group,) = read_as(recipe)
    assert group.columns["reference"] == "4"


def test_responses_without_a_prompt_are_said_aloud():
    recipe, result = init({"response": "4", "note": "x"}, code=1)
    assert recipe["columns"] == {"response": "response"}
    assert "WARNING: in.jsonl: no column is the prompt" in one_line(result)
    assert "--column prompt=NAME (the rows also have note)" in one_line(result)
    assert "next: plaudit score" in result.stderr


@pytest.mark.parametrize("name", ["ctx", "turns", "trajectory"])
def test_other_names_of_the_prompt(name):
    recipe, _ = init({name: "2+2?", "response": "4"})
    assert recipe["columns"]["prompt"] == name
    _, result = init({name: ["a", "b"], "response": "4"}, code=1)  # no prompt, but no crash
    assert "no column is the prompt" in one_line(result)


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        ({"attempt": "4"}, {"response": "attempt"}),
        ({"samples": ["4", "5"]}, {"response": "samples"}),
        ({"llm_response": "4"}, {"response": "llm_response"}),
        ({"prediction": "4"}, {"response": "prediction"}),
        ({"chosen_response": "4", "rejected_response": "5"}, None),
    ],
)
def test_responses_under_other_names(row, columns):
    row = {"question": "q", "final_answer": "4", **row}
    if columns is None:
        row = {"instruction": row.pop("question"), **row}
        columns = {"chosen": "chosen_response", "rejected": "rejected_response"}
    recipe, _ = init(row)
    assert columns.items() <= recipe["columns"].items()


def test_columns_that_may_hold_responses_are_named():
    long = "A long text about the sum of two and two. " * 9
    _, result = init({"question": "q", "answer": "4", "essay": long, "drafts": [long]}, code=1)
    assert "--column response=essay or --column response=drafts" in one_line(result)


def test_numbered_solutions_are_rivals():
    row = {"question": "q", "final_answer": "4", "qwen_solution_1": "4", "qwen_solution_2": "5"}
    (group,) = read_as(init(row)[0])
    assert [r.text for r in group.responses] == ["4", "5"]
    row = {"question": "q", "gold_solution_1": "4", "gold_solution_2": "5"}
    assert "prompts without responses" in init(row, code=1)[1].stderr


def test_messages_of_a_tree_are_no_responses():
    row = {"message_id": "1", "parent_id": None, "text": "2+2?", "role": "prompter", "lang": "en"}
    _, result = init(row, code=2)
    assert "these are the columns of OASST1 messages" in one_line(result)


def test_a_file_whose_layout_is_read_otherwise_is_no_crash():
    """The prompt's name is guessed, its turns are of no known sort."""
    row = {"question_turns": [{"role": "HUMAN", "prompt": "2+2?"}], "prediction": "4"}
    _, result = init(row, code=1)
    assert "no column is the prompt" in one_line(result)


@pytest.mark.parametrize(
    ("name", "near"),
    [("referense", "reference"), ("respons", "response"), ("promt", "prompt")],
)
def test_a_misspelt_name_of_a_column_is_refused(name, near):
    row = {"q": "2+2?", "model_text": FOUR, "gold": "4"}
    _, result = init(row, code=2, more=["--column", f"{name}=gold"])
    assert f"--column {name}=gold: unknown name '{name}'" in one_line(result)
    assert near in one_line(result)
    init(row)
    for recipe in ("r.yaml", "math"):
        words = ["score", "in.jsonl", "--recipe", recipe, "--column", f"{name}=gold"]
        assert f"unknown name '{name}'" in one_line(run(*words, code=2))
    known = ["--column", "reference=gold", "--column", "response=model_text"]
    run("score", "in.jsonl", "--recipe", "math", "--workers", "0", *known, "--column", "prompt=q")


def test_columns_that_a_reward_reads_by_itself_are_not_refused():
    row = {
        "prompt": "q",
        "response": "```python\\nx = 1\\n```",
        "mine": "4",
        "my tests": ["assert x"],
    }
    Path("in.jsonl").write_text(json.dumps(row) + "\n")
    run("init", "in.jsonl", "--column", "test_list=my tests")
    run("score", "in.jsonl", "-r", "code", "--column", "test_list=my tests", "--check-only")
    run("score", "in.jsonl", "-r", "code", "--column", "tests=my tests", "--check-only")
    Path("my_rule.py").write_text(
        "def same(response: str, target: str) -> float:\n    return 1.0\n"
    )
    run(
        "score", "in.jsonl", "--reward", "my_rule:same", "--column", "target=mine", "--workers", "0"
    )
    words = ["score", "in.jsonl", "--reward", "my_rule:same", "--column", "other=mine"]
    assert "unknown name 'other'" in one_line(run(*words, code=2))


def test_prose_is_wrapped_and_commands_are_not(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, result = init({"prompt": "q", "response": "4", "gold": ["a", "b"]}, code=2)
    prose = [line for line in result.stderr.splitlines() if "plaudit init" not in line]
    assert len(prose) > 1
    assert max(map(len, prose)) <= 80
    assert "  plaudit init in.jsonl --column references=gold" in result.stderr.splitlines()


# --- score ----------------------------------------------------------------------------------------


def test_a_file_of_bad_rows_only_is_code_3_and_writes_nothing():
    Path("in.jsonl").write_text('{"prompt": "q"}\n' * 3)
    words = ["score", "in.jsonl", "--reward", "rules.baseline.length", "--workers", "0"]
    result = run(*words, "-o", "out.jsonl", code=3)
    assert "no row can be scored: in.jsonl:1: field 'response'" in one_line(result)
    assert "3 rows (3 bad)" in result.stdout
    assert not list(Path.cwd().glob("out.jsonl*"))


def test_a_damaged_parquet_file_is_code_4():
    pytest.importorskip("pyarrow")
    Path("in.parquet").write_bytes(b"PAR1" + b"x" * 400)
    words = ["score", "in.parquet", "--reward", "rules.baseline.length", "--workers", "0"]
    (line,) = run(*words, "-o", "out.jsonl", code=4).stderr.splitlines()
    assert "in.parquet: the Parquet file is truncated or damaged" in line


def test_a_refused_run_leaves_nothing_behind():
    Path("in.jsonl").write_text(json.dumps({"prompt": "q", "response": "four", "reward": 9}) + "\n")
    words = ["score", "in.jsonl", "--reward", "rules.baseline.length", "--workers", "0"]
    words += ["-o", "out.jsonl"]
    run(*words, code=2)
    assert not list(Path.cwd().glob("out.jsonl*"))
    run(*words, "--reward-column", "mine")


def test_resuming_with_another_recipe_names_both():
    Path("in.jsonl").write_text('{"prompt": "q", "response": "four", "answer": "4"}\n')
    words = ["score", "in.jsonl", "--workers", "0", "-o", "out.jsonl", "--recipe"]
    run(*words, "math")
    line = Path("out.jsonl").read_text()
    from plaudit.data import run_meta
    from plaudit.registry import build

    about = run_meta(build("math"), ["in.jsonl"], columns={}, called="math", column="reward")
    Path("out.jsonl").unlink()
    Path("out.jsonl.partial.jsonl").write_text(line)
    Path("out.jsonl.partial.json").write_text(json.dumps(about))
    told = one_line(run(*words, "r1", "--resume", code=2))
    assert "the reward was math, is r1; --overwrite to start again" in told
    run(*words, "math", "--resume")


def test_a_run_that_cannot_read_a_row_stops_after_a_hundred():
    rows = [{"prompt": "q", "resp": "x"}] * 150
    Path("in.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    words = ["score", "in.jsonl", "--reward", "rules.baseline.length", "-o", "out.jsonl"]
    result = run(*words, "--workers", "0", code=3)
    assert "none of the first 100 rows can be scored: in.jsonl:1: field 'response'" in one_line(
        result
    )
    assert "(100 times)" in result.stderr
    assert not list(Path.cwd().glob("out.jsonl*"))
    good = json.dumps({"prompt": "q", "response": "x"})
    Path("in.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows) + good + "\n")
    run(*words, "--workers", "0", code=3)
    lines = Path("in.jsonl").read_text().splitlines()
    Path("in.jsonl").write_text("\n".join([lines[-1], *lines[:-1]]) + "\n")
    assert "151 rows (150 bad)" in run(*words, "--workers", "0", code=1).stdout


def test_a_column_that_exists_is_refused_and_the_way_out_works():
    row = {"prompt": "q", "response": "four", "reward": 9, "reward_scores": []}
    Path("in.jsonl").write_text(json.dumps(row) + "\n")
    words = ["score", "in.jsonl", "--reward", "rules.baseline.length", "--workers", "0"]
    words += ["-o", "out.jsonl"]
    told = one_line(run(*words, code=2))
    assert "already; write beside it with --reward-column reward_new" in told
    run(*words, "--reward-column", "reward_new", "--overwrite")
    (line,) = Path("out.jsonl").read_text().splitlines()
    assert json.loads(line) == {**row, "reward_new": 4.0, "reward_new_scores": [{"value": 4.0}]}
    run(*words, "--reward-column", "reward_new", "--resume")
    run(*words, "--reward-column", " ", "--overwrite", code=2)


def test_columns_of_a_recipe_go_before_the_names_and_the_command_line_before_both():
    row = {"prompt": "q", "response": "a", "text": "abc", "long": "abcdef"}
    Path("in.jsonl").write_text(json.dumps(row) + "\n")
    recipe = {
        "columns": {"prompt": "prompt", "response": "text"},
        "use": "combine.weighted",
        "parts": {"n": {"use": "rules.baseline.length"}},
    }
    Path("r.yaml").write_text(yaml.safe_dump(recipe))
    words = ["score", "in.jsonl", "--recipe", "r.yaml", "--workers", "0", "-o", "-"]

    def value(*more):
        return json.loads(run(*words, *more).stdout.splitlines()[0])["reward"]

    assert value() == 3.0
    assert value("--column", "response=long") == 6.0
    assert value("--set", "columns.response=response") == 1.0
    import plaudit

    assert plaudit.score("r.yaml", [row]).values == [3.0]
    assert plaudit.score("r.yaml", [row], columns={"response": "long"}).values == [6.0]


def test_at_a_terminal_one_of_two_readings_is_asked_for(monkeypatch):
    from plaudit.cli import init as verb

    class Terminal:
        def isatty(self):
            return True

        def write(self, text):
            return len(text)

        def flush(self):
            pass

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stderr", Terminal())
    answers = iter([2, 3])
    monkeypatch.setattr(verb.typer, "prompt", lambda *words, **options: next(answers))
    Path("in.jsonl").write_text(json.dumps({"prompt": "q", "response": "4", "output": "5"}))
    assert verb._look("in.jsonl", {}, 100).columns["response"] == "output"
    with pytest.raises(verb.ConfigError, match="3: choose a number from 1 to 2"):
        verb._look("in.jsonl", {}, 100)


def test_the_other_verbs_read_the_columns_of_a_recipe_too():
    recipe, _ = init({"q": "2+2?", "model_text": FOUR, "gold": "4"})
    assert recipe["columns"] == {"prompt": "q", "response": "model_text", "reference": "gold"}
    assert "accuracy" in run("explain", "in.jsonl:1", "--recipe", "r.yaml").stdout
    run("check", "r.yaml", "--rows", "in.jsonl")


@pytest.mark.parametrize("width", [80])
def test_the_ways_out_fit_a_narrow_terminal(width):
    _, result = init({"prompt": "q", "response": "4", "output": "5"}, code=2)
    assert all(len(line) <= width for line in result.stderr.splitlines())
