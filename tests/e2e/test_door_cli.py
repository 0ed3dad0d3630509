"""What the command line says of how responses came in, and its switch for end-of-turn marks."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from plaudit.cli._app import app

LENGTH = ["--reward", "rules.baseline.length"]
ROWS = [
    {"prompt": "q", "response": "four<|im_end|>"},
    {"prompt": "q", "response": "four", "reasoning_content": "2 + 2"},
    {"prompt": "q", "response": "four"},
]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    Path("in.jsonl").write_text(lines, encoding="utf-8")


def plaudit_(*words, code=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, f"{result.output}\n{result.stderr}\n{result.exception!r}"
    return result


def rewards(name="out.jsonl"):
    lines = Path(name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["reward"] for line in lines]


def test_the_summary_and_the_report_count_them():
    options = ["-o", "out.jsonl", "--report", "r.html"]
    out = plaudit_("score", "in.jsonl", *LENGTH, *options).stdout
    assert "1 responses ended in end-of-turn marks, which were removed" in out
    assert "1 responses had their reasoning in a field of its own" in out
    assert rewards() == [4.0, len("<think>2 + 2</think>four"), 4.0]
    page = Path("r.html").read_text(encoding="utf-8")
    assert '"end_marks":1' in page.replace(" ", "")


def test_a_run_without_them_says_nothing():
    Path("in.jsonl").write_text(json.dumps(ROWS[2]), encoding="utf-8")
    out = plaudit_("score", "in.jsonl", *LENGTH).stdout
    assert "end-of-turn" not in out
    assert "reasoning" not in out


def test_they_are_kept_where_the_switch_says_so():
    plaudit_("score", "in.jsonl", *LENGTH, "-o", "out.jsonl", "--keep-end-marks")
    assert rewards()[0] == len("four<|im_end|>")
    plaudit_("score", "in.jsonl", *LENGTH, "-o", "two.jsonl", "--keep-end-marks", "--workers", "1")
    assert rewards("two.jsonl") == rewards()


def test_selected_data_has_no_end_marks_unless_they_are_kept():
    rows = [{**ROWS[0], "reward": 1.0}]
    Path("scored.jsonl").write_text(json.dumps(rows[0]), encoding="utf-8")
    options = ["--to", "sft", "--at-least", "0.5"]
    for name, extra, text in (("a", [], "four"), ("b", ["--keep-end-marks"], "four<|im_end|>")):
        plaudit_("select", "scored.jsonl", *options, *extra, "-o", f"{name}.jsonl")
        (line,) = Path(f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        assert json.loads(line)["response"] == text


def test_show_tells_how_responses_are_read():
    for name in ("reasoning", "rules.math.equal"):
        assert "Responses are read without the end-of-turn marks" in plaudit_("show", name).stdout


def test_init_names_the_recipe_that_fits():
    row = {"prompt": "2+2?", "response": "<think>two and two</think>It is 4.", "answer": "4"}
    Path("in.jsonl").write_text(json.dumps(row), encoding="utf-8")
    out = plaudit_("init", "in.jsonl").stdout
    assert "The shipped recipe for such responses is reasoning" in out
    assert "use: rules.format.think\n" in out
