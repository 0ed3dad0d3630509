"""A run of `plaudit bench` that is killed, again and again, and resumed is that of a quiet one."""

import importlib.util
import json
import random
import sys
from pathlib import Path

import pytest

from plaudit.data.jsontext import dumps

if sys.platform == "win32":
    pytest.skip("SIGKILL needs a POSIX system", allow_module_level=True)

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "kill_resume.py"
NUM_ROWS = 4000
NUM_KILLS = 4


@pytest.fixture(scope="module")
def killing():
    spec = importlib.util.spec_from_file_location("kill_resume", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def command(rows, folder, *more):
    words = ["bench", "rewardbench", "--data", str(rows), "-o", str(folder), "--draws", "10"]
    rewards = ("length=rules.baseline.length", "chance=rules.baseline.random")
    named = [word for reward in rewards for word in ("--reward", reward)]
    return [sys.executable, "-m", "plaudit", *words, *named, *more]


@pytest.fixture(scope="module")
def quiet(killing, tmp_path_factory):
    """A folder with the rows, and the run that was not disturbed."""
    folder = tmp_path_factory.mktemp("quiet")
    draw = random.Random(1)
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
        for i in range(NUM_ROWS):
            row = {
                "id": i,
                "prompt": f"question {i}",
                "subset": ("hep-go", "donotanswer")[i % 2],
                "chosen": "好 \ud800" * draw.randrange(40),
                "rejected": "x" * draw.randrange(99),
            }
            file.write(json.dumps(row) + "\n")  # fmt: skip
    killing.finish(command(folder / "rows.jsonl", folder / "run"))
    return folder


def results_of(run):
    return json.loads((run / "results.json").read_text())


def test_killed_while_scoring_and_resumed(killing, quiet, tmp_path):
    expected, run = (quiet / "run" / "scores.jsonl").read_bytes(), tmp_path / "run"
    scores, draw = run / "scores.jsonl", random.Random(2)
    points = sorted(draw.randrange(1, int(len(expected) * 0.9)) for _ in range(NUM_KILLS))
    for point in points:
        assert killing.kill_when(command(quiet / "rows.jsonl", run), scores, point) >= point
        assert not (run / "results.json").exists()
        assert expected.startswith(scores.read_bytes())
    killing.finish(command(quiet / "rows.jsonl", run))
    assert scores.read_bytes() == expected
    assert len(expected.splitlines()) == 2 * NUM_ROWS
    assert results_of(run) == results_of(quiet / "run")
    assert sorted(path.name for path in run.iterdir()) == [
        "items.jsonl", "manifest.json", "report.html", "results.json", "scores.jsonl",
    ]  # fmt: skip


def test_killed_while_the_questions_are_written(killing, quiet, tmp_path):
    run = tmp_path / "run"
    killing.kill_when(command(quiet / "rows.jsonl", run), run / "items.jsonl.new", 1)
    assert not (run / "items.jsonl").exists()
    killing.finish(command(quiet / "rows.jsonl", run))
    for name in ("items.jsonl", "scores.jsonl"):
        assert (run / name).read_bytes() == (quiet / "run" / name).read_bytes()
    assert results_of(run) == results_of(quiet / "run")
    assert not (run / "items.jsonl.new").exists()


def test_killed_while_failed_rows_are_scored_again(killing, quiet, tmp_path):
    run = tmp_path / "run"
    killing.finish(command(quiet / "rows.jsonl", run))
    scores, expected = run / "scores.jsonl", (quiet / "run" / "scores.jsonl").read_bytes()
    lines = [json.loads(line) for line in expected.splitlines()]
    for line in lines[::2]:  # as if the system had failed at every other row
        line |= {"values": [None, None], "errors": ["away"] * 2, "faults": ["system"] * 2}
    failed = b"".join(dumps(line) + b"\n" for line in lines)
    scores.write_bytes(failed)
    retried = run / "scores.retried.jsonl"
    for point in (1, len(failed) // 8, len(failed) // 4):
        killing.kill_when(command(quiet / "rows.jsonl", run), retried, point)
    killing.finish(command(quiet / "rows.jsonl", run))
    assert scores.read_bytes() == expected
    assert results_of(run) == results_of(quiet / "run")
    assert not retried.exists()
