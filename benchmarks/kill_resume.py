"""SIGKILL at random points of a run, resume, kill again, ...: is the output that of a quiet run?

``python -m benchmarks kill_resume``, or with other sizes ``python -m benchmarks.kill_resume --rows
50000 --points 20``. The rows hold what may go wrong: lines that are no JSON, missing columns, lone
surrogates, duplicates, lists of responses.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

__all__ = ["Killed", "main", "measure"]

_WORDS = [
    "the answer",
    "is forty two,",
    "because six",
    "times",
    "因为",
    "答案",
    "是",
    "\n",
    "\ud800",
]
_RECIPE = """
use: combine.weighted
parts:
  format: {use: rules.format.think, weight: 0.5}
  random: {use: rules.baseline.random, seed: 7}
  calm: {use: rules.repetition.ngram, unit: chars, n: 10}
  exact: {use: rules.exact.equal, when: {has: reference}}
"""
_PATIENCE_S = 300.0


class Killed(RuntimeError):
    """The run ended before it could be killed."""


def make_rows(path: Path, count: int, *, seed: int = 0) -> None:
    """Writes rows of 30 to 300 words, some of them bad."""
    draw = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        for line in _lines(count, draw):
            file.write(line + "\n")


def _lines(count: int, draw: random.Random) -> Iterator[str]:
    line = ""
    for number in range(count):
        kind = draw.random()
        if kind < 0.01:
            yield "{broken"
        elif kind < 0.02:
            yield json.dumps({"prompt": "no response"})
        elif kind < 0.05 and line:
            yield line  # a duplicate row stays a row
        else:
            line = json.dumps(_row(number, kind, draw))
            yield line


def _row(number: int, kind: float, draw: random.Random) -> dict[str, Any]:
    texts = [_text(draw) for _ in range(draw.randint(2, 4) if kind < 0.2 else 1)]
    row: dict[str, Any] = {"prompt": f"question {number}"}
    row["responses" if kind < 0.2 else "response"] = texts if kind < 0.2 else texts[0]
    return {**row, "reference": "42"} if kind < 0.6 else row


def _text(draw: random.Random) -> str:
    words = " ".join(draw.choices(_WORDS, k=draw.randint(30, 300)))
    return f"<think>{words}</think>42" if draw.random() < 0.7 else words


def make_recipe(path: Path) -> None:
    """Writes the recipe that the rows are scored with."""
    path.write_text(_RECIPE, encoding="utf-8")


def command(rows: Path, recipe: Path, output: Path, *more: str) -> list[str]:
    """The command line that scores the rows."""
    scored = ["score", str(rows), "--recipe", str(recipe), "--output", str(output)]
    return [sys.executable, "-m", "plaudit", *scored, "--workers", "2", *more]


def finish(command: Sequence[str]) -> None:
    """Runs to the end; bad rows make the exit code 1."""
    ended = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S)
    if ended.returncode not in (0, 1):
        raise RuntimeError(f"exit code {ended.returncode}: {ended.stderr}")


def kill_at(command: Sequence[str], output: Path, num_bytes: int) -> int:
    """Starts a run and kills it once its partial output has that size; gives the size reached.

    Raises: Killed where the run ended by itself.
    """
    return kill_when(command, output.with_name(f"{output.name}.partial.jsonl"), num_bytes)


def kill_when(command: Sequence[str], file: Path, num_bytes: int) -> int:
    """Starts a run and kills it once a file has that size; gives the size reached.

    Raises: Killed where the run ended by itself.
    """
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, start_new_session=True, **quiet) as process:
        while process.poll() is None and _size(file) < num_bytes:
            time.sleep(0.0005)
        process.kill()
        if process.wait() != -signal.SIGKILL:
            raise Killed(f"ended with {process.returncode} before {num_bytes} bytes were written")
    no_process_of(process.pid)
    return _size(file)


def no_process_of(session: int, *, within_s: float = 30.0) -> None:
    """Waits until no process of the session is left. Raises RuntimeError where one stays."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise RuntimeError(f"a worker of the killed run is alive after {within_s:.0f} s")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def main(argv: Sequence[str]) -> int:
    """Prints and writes how many kills the output survived; 1 where it differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        figure = measure(Path(folder), args.rows, args.points, args.seed)
    from benchmarks.harness import table, write

    write("kill_resume", [figure])
    print(table(list(figure), [list(figure.values())]))
    return 0 if figure["identical"] else 1


def measure(folder: Path, num_rows: int, num_points: int, seed: int) -> dict[str, Any]:
    """One quiet run, and one that is killed at `num_points` random points and resumed each time."""
    rows, recipe = folder / "rows.jsonl", folder / "recipe.yaml"
    quiet, killed = folder / "quiet.jsonl", folder / "killed.jsonl"
    make_rows(rows, num_rows, seed=seed)
    make_recipe(recipe)
    finish(command(rows, recipe, quiet))
    expected = quiet.read_bytes()
    draw = random.Random(seed)
    points = sorted(draw.randrange(1, int(len(expected) * 0.98)) for _ in range(num_points))
    torn = 0
    for point in points:
        size = kill_at(command(rows, recipe, killed, "--resume"), killed, point)
        torn += not _ends_whole(killed.with_name(f"{killed.name}.partial.jsonl"), size)
    finish(command(rows, recipe, killed, "--resume"))
    return {
        "rows": num_rows,
        "kills": len(points),
        "torn lines": torn,
        "bytes": len(expected),
        "identical": killed.read_bytes() == expected,
    }


def _ends_whole(path: Path, size: int) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, size - 1))
        return file.read() in (b"", b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
