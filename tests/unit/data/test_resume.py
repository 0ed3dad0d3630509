"""A run that is killed at any point and resumed gives the output of a run left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

NUM_ROWS = 400

# Kills itself with SIGKILL: inside the line of row AT, or around a step of the finish.
RUN = """
import os, signal, sys
from plaudit import load
from plaudit.data import journal, write
from plaudit.data.api import scored
from plaudit.data.read import read

source, out, point = sys.argv[1:]

def die(*args):
    os.kill(os.getpid(), signal.SIGKILL)

real_append, real_replace = journal.Journal.append, write.replace_durably

def append(self, line):
    if self.num_written == int(point):
        self._lines._lines._file.write(line[: len(line) // 2])
        die()
    self.num_written += 1
    real_append(self, line)

def replace_then_die(made, target):
    real_replace(made, target)
    die()

if point.isdigit():
    journal.Journal.num_written = 0
    journal.Journal.append = append
elif point == "before the rename":
    write.replace_durably = die
elif point == "after the rename":
    write.replace_durably = replace_then_die
elif point == "before the description is gone":
    journal.Journal.discard = lambda self: (self.path.unlink(missing_ok=True), die())

reward = load("rules.baseline.random")
meta = write.run_meta(reward, [source])
with write.Writer(out, meta=meta, resume=True) as writer:
    for row, result in scored(reward, writer.pending(read(source)), batch_size=16):
        writer.write(row, result)
"""


def run(source, out, point="never") -> int:
    command = [sys.executable, "-c", RUN, str(source), str(out), str(point)]
    return subprocess.run(command, timeout=600).returncode


@pytest.fixture
def source(tmp_path):
    rng = random.Random(1)
    lines = [
        f'{{"id": {i}, "prompt": "q{i}", "response": "{"x" * rng.randrange(300)} \\ud800"}}\n'
        if i % 7
        else "{broken\n"
        for i in range(NUM_ROWS)
    ]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    return path


def test_sigkill_inside_lines_then_resume_is_identical(source, tmp_path):
    assert run(source, tmp_path / "whole.jsonl") == 0
    out = tmp_path / "out.jsonl"
    for point in (0, 1, 130, 0, 200):  # counted anew in every run
        assert run(source, out, point) == -signal.SIGKILL
        assert not out.exists()
    assert run(source, out) == 0
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl", "whole.jsonl"]


@pytest.mark.parametrize(
    "suffix",
    [".jsonl", *(pytest.param(s, marks=pytest.mark.slow) for s in (".jsonl.gz", ".parquet"))],
)
def test_sigkill_while_finishing_then_resume_is_identical(source, tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    whole, out = tmp_path / f"whole{suffix}", tmp_path / f"out{suffix}"
    assert run(source, whole) == 0
    for point in ("before the rename", "after the rename", "before the description is gone"):
        assert run(source, out, point) == -signal.SIGKILL
        assert run(source, out) == 0
        assert out.read_bytes() == whole.read_bytes()
        out.unlink()
        for left in tmp_path.glob("out*"):
            left.unlink()


def test_sigkill_from_outside_at_any_time(source, tmp_path):
    assert run(source, tmp_path / "whole.jsonl") == 0
    out, partial = tmp_path / "out.jsonl", tmp_path / "out.jsonl.partial.jsonl"
    command = [sys.executable, "-c", RUN, str(source), str(out), "never"]
    process = subprocess.Popen(command)
    while process.poll() is None and not (partial.exists() and os.path.getsize(partial)):
        time.sleep(0.0005)
    process.kill()
    process.wait()
    assert run(source, out) == 0
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
