"""`plaudit probe`, run in this process."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from plaudit.cli._app import app


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr("sys.path", [*__import__("sys").path])


def probed(*words, code=0):
    result = CliRunner().invoke(app, ["probe", *words])
    assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
    return result


def test_a_recipe_on_the_bundled_sample():
    out = probed("math", "-o", "p.json", "--report", "p.html").stdout
    assert "30 responses of 15 rows of the bundled sample" in out
    assert "keeps the answer: must not rise" in out
    told = json.loads(Path("p.json").read_text(encoding="utf-8"))
    assert {entry["edit"] for entry in told["edits"]} >= {"padding", "lone_colon"}
    assert "<html" in Path("p.html").read_text(encoding="utf-8")


def page_data(path):
    text = Path(path).read_text(encoding="utf-8")
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(block[1])


def test_the_page_holds_the_figures_and_both_texts_and_no_parts():
    rows = '{"prompt": "Say it in English.", "response": "That is it.", "language": "en"}\n'
    Path("in.jsonl").write_text(rows * 3, encoding="utf-8")
    Path("r.yaml").write_text(
        "use: combine.weighted\nparts:\n  language: {use: rules.language.consistency}\n"
        "  length: {use: rules.baseline.length}\n"
    )
    probed("r.yaml", "in.jsonl", "-o", "p.json", "--report", "p.html")
    page, figures = page_data("p.html"), json.loads(Path("p.json").read_text())
    assert page["meta"] == [["input", "in.jsonl"]]
    assert "runs" not in page
    shown = page["probe"]
    for edit, due in zip(shown["edits"], figures["edits"], strict=True):
        assert {name: edit[name] for name in due if name != "worst"} == {
            name: due[name] for name in due if name != "worst"
        }
    padding = next(edit for edit in shown["edits"] if edit["edit"] == "padding")
    assert padding["paid"]["num"] == padding["paid"]["total"] > 0
    first = padding["worst"][0]
    assert first["after"] > first["before"]
    assert first["text"] in first["edited"]
    assert "language/latin" not in Path("p.html").read_text(encoding="utf-8")


def test_a_path_on_rows_of_ones_own():
    Path("in.jsonl").write_text('{"prompt": "?", "response": "a\\u001b[31mb"}\n', encoding="utf-8")
    out = probed("rules.baseline.length", "in.jsonl").stdout
    assert "1 responses of 1 rows of in.jsonl" in out
    assert "1/1 [2-100 %]" in out
    assert "\x1b[31mb" not in out
    assert "⟨ESC⟩[31mb" in out


def test_a_wrapped_function():
    source = (
        "def long(completions, **kwargs):\n    return [len(c[0]['content']) for c in completions]\n"
    )
    Path("probe_pkg.py").write_text(source, encoding="utf-8")
    out = probed("adapters.trl.wrap,fn=probe_pkg:long", "--examples", "0").stdout
    assert "load('adapters.trl.wrap', fn='probe_pkg:long')" in out


def test_an_unknown_reward():
    assert "no reward" in probed("rules.nothing", code=2).stderr


BARE = """
import sys
for name in ("math_verify", "py3langid", "jieba", "rapidfuzz", "pyarrow", "torch"):
    sys.modules[name] = None
from plaudit.cli import main
sys.exit(main())
"""


def test_without_extras_the_edits_that_need_one_are_left_out_and_the_table_says_so():
    words = ("probe", "math", "-o", "p.json", "--limit", "6", "--examples", "0")
    done = subprocess.run(
        [sys.executable, "-c", BARE, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "pip install 'plaudit[math]'" in done.stdout
    told = json.loads(Path("p.json").read_text(encoding="utf-8"))
    left_out = {entry["edit"] for entry in told["left_out"]}
    assert "several_answers" in left_out
    assert left_out.isdisjoint(entry["edit"] for entry in told["edits"])
    assert len(told["edits"]) > 10
    rows = [line for line in done.stdout.splitlines() if line.startswith("several_answers ")]
    assert "left out" in rows[0]
