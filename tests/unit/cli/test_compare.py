"""`plaudit compare`: wins, margins, ties, unscored and bad rows."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from plaudit.cli._app import app

ROWS = [
    {"prompt": "a", "chosen": "longer", "rejected": "x"},
    {"prompt": "a", "chosen": "x", "rejected": "longer"},
    {"prompt": "a", "chosen": "same", "rejected": "emas"},
]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def call(rows, *words):
        (tmp_path / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
        return CliRunner().invoke(app, ["compare", "rows.jsonl", *words])

    return call


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_wins_losses_and_ties(run, tmp_path):
    done = run(ROWS, "--reward", "rules.baseline.length", "-o", "out.jsonl")
    assert done.exit_code == 0
    assert "chosen wins" in done.output
    assert "1 (33.3 %" in done.output
    assert [line["winner"] for line in lines(tmp_path / "out.jsonl")] == ["a", "b", "tie"]
    assert lines(tmp_path / "out.jsonl")[0]["margin"] == 5.0


def test_any_two_columns(run):
    rows = [{"prompt": "a", "gpt": "one", "mine": "three"}]
    done = run(rows, "--a", "mine", "--b", "gpt", "--reward", "rules.baseline.length")
    assert done.exit_code == 0
    assert "mine wins" in done.output
    assert "1 (100.0 %" in done.output


def test_a_missing_column_is_a_bad_row_with_its_place(run):
    done = run([*ROWS, {"prompt": "a", "chosen": "b"}], "--reward", "rules.baseline.length")
    assert done.exit_code == 1
    assert "rows.jsonl:4: field 'rejected'" in done.output
    assert "bad rows" in done.output


def test_unscored_rows_enter_no_rate(run):
    rows = [{**ROWS[0], "reference": "1"}, {**ROWS[0], "reference": "\\frac{"}]
    done = run(rows, "--reward", "rules.math.equal")
    assert done.exit_code == 1
    assert "unscored rows" in done.output or "bad rows" in done.output


def test_one_column_twice_is_refused(run):
    done = run(ROWS, "--a", "chosen", "--b", "chosen", "--reward", "rules.baseline.length")
    assert done.exit_code == 2 or done.exception is not None
    assert "two columns are compared" in f"{done.output}{done.exception}"


def test_an_output_that_exists_is_kept(run, tmp_path):
    (tmp_path / "out.jsonl").write_text("mine")
    done = run(ROWS, "--reward", "rules.baseline.length", "-o", "out.jsonl")
    assert "exists" in f"{done.output}{done.exception}"
    assert (tmp_path / "out.jsonl").read_text() == "mine"


def test_no_row_is_an_error(run):
    assert run([], "--reward", "rules.baseline.length").exit_code == 1


def test_subsets_by_a_column(run, tmp_path):
    rows = [{**row, "lang": lang} for lang in ("zh", "en", "zh") for row in ROWS]
    rows[1]["chosen"] = "as long as the other is long"  # zh: 3 of 6 won, en: 1 of 3
    rows.append(ROWS[0])
    done = run(rows, "--by", "lang", "--reward", "rules.baseline.length", "-o", "out.jsonl")
    assert done.exit_code == 1
    assert "rows.jsonl:10: field 'lang'" in done.output
    results = {line.split()[0]: line.split()[1:] for line in done.output.splitlines() if line}
    assert results["zh"][:2] == ["3", "(50.0"]
    assert results["en"][:2] == ["1", "(33.3"]
    assert [line.get("subset") for line in lines(tmp_path / "out.jsonl")][:4] == ["zh"] * 3 + ["en"]


def test_the_counts_are_those_of_bench_pairs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    rows = [
        {"prompt": f"p{i}", "chosen": "x" * (i % 4 + 1), "rejected": "x" * (i % 3 + 1),
         "lang": "zh" if i % 5 else "en", "reference": "x" if i % 7 else None}
        for i in range(50)
    ]  # fmt: skip
    Path("rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    reward = ("--reward", "rules.baseline.length")
    done = CliRunner().invoke(app, ["compare", "rows.jsonl", "--by", "lang", *reward])
    assert done.exit_code == 0, done.output
    words = ["bench", "pairs", "--data", "rows.jsonl", "--by", "lang", "-o", "run", *reward]
    assert CliRunner().invoke(app, words).exit_code == 0
    (entry,) = json.loads(Path("run/results.json").read_text())["rewards"]
    table = {line.split("  ")[0].strip(): line for line in done.output.splitlines() if line.strip()}
    counts, margins = entry["by_subset"], entry["margins"]
    for lang in ("en", "zh"):
        lost = counts[lang]["num"] - counts[lang]["won"] - counts[lang]["tied"]
        cells = table[lang].replace("(", "").replace(")", "").split()
        assert cells[1] == str(counts[lang]["won"])
        assert cells[4] == str(lost)
        assert cells[7] == str(counts[lang]["tied"])
        assert float(cells[8]) == pytest.approx(margins[lang]["mean"], rel=1e-3)
    assert f"{entry['counts']['won']} (" in table["chosen wins"]
    assert f"{margins['all rows']['median']:.4g}" in table["median margin"]
