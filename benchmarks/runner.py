"""What the runner costs: overhead, two workers over one, imports, memory while 5 GB stream through.

``python -m benchmarks runner``; ``python -m benchmarks.runner --gb 0.5 --skip workers`` for a part.
Times are CPU time where one process works and wall time where two share the work; runs to be
compared take turns.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.harness import Pair, cpu_s, paired, table, write
from plaudit import Group, Reward, load
from plaudit.run import run

NUM_ROWS = 10_000
_FLAT_MB = 300
_LINES = 2000  # distinct lines of the stream
_CHUNK_LINES = 200


class Figure(NamedTuple):
    """A figure beside its bar; `detail` says what it is made of."""

    name: str
    value: float
    unit: str
    bar: str
    is_met: bool
    detail: str


def busy(response: str, *, loops: int) -> float:
    """A rule that takes as long as it is told."""
    total = 0
    for i in range(loops):
        total += i
    return float(total)


def loops_for(seconds: float) -> int:
    """How many loops keep `busy` busy for that long."""
    each = min(cpu_s(lambda: busy("", loops=500), loops=200) for _ in range(9)) / 500
    return max(1, round(seconds / each))


def overhead() -> Iterator[Figure]:
    """The runner in this process, against a bare loop that calls the same function."""
    loops = loops_for(20e-6)
    groups = [Group("p", ["a response"]) for _ in range(NUM_ROWS)]
    reward = load("benchmarks.runner:busy", loops=loops)

    def bare() -> None:
        for group in groups:
            for response in group.responses:
                busy(response.text, loops=loops)

    timing = paired(Pair("", "", lambda: drain(reward, groups), bare), repeats=7)
    ratio = 1 / timing.median_ratio
    per_row = (timing.ours_ms - timing.theirs_ms) / NUM_ROWS * 1e3
    rule_us = timing.theirs_ms / NUM_ROWS * 1e3
    detail = (
        f"{NUM_ROWS:,} rows of one response, rule {rule_us:.1f} us, runner {per_row:.1f} us more"
    )
    yield Figure("runner over a bare loop, 20 us rule", ratio, "x", "<= 1.5", ratio <= 1.5, detail)


def drain(reward: Reward, groups: Sequence[Group], workers: int = 0) -> None:
    """Scores everything and keeps nothing."""
    for _ in run(reward, groups, workers=workers):
        pass


class Timed(NamedTuple):
    """Wall time of one run with warm workers, and the CPU time of this process in it."""

    wall_s: float
    cpu_s: float


def scaling() -> Iterator[Figure]:
    """Two workers against one, both warm, on a rule of 200 us."""
    reward = load("benchmarks.runner:busy", loops=loops_for(200e-6))
    groups = [Group("p", ["a response"]) for _ in range(NUM_ROWS)]
    turns = [(timed(reward, groups, 1), timed(reward, groups, 2)) for _ in range(5)]
    ratio = statistics.median(one.wall_s / two.wall_s for one, two in turns)
    best = [min(side, key=lambda t: t.wall_s) for side in zip(*turns, strict=True)]
    detail = (
        f"{NUM_ROWS:,} rows: {best[0].wall_s:.2f} s and {best[1].wall_s:.2f} s of wall time,"
        f" {best[0].cpu_s:.2f} s and {best[1].cpu_s:.2f} s of CPU in the parent;"
        f" {os.cpu_count()} processors"
    )
    yield Figure("two workers over one, 200 us rule", ratio, "x", ">= 1.7", ratio >= 1.7, detail)


def timed(reward: Reward, groups: Sequence[Group], workers: int) -> Timed:
    """The time from the first result on, when all workers have started."""
    results = run(reward, [*groups[: 64 * workers], *groups], workers=workers)
    for _ in range(64 * workers):
        next(results)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in results:
        pass
    return Timed(time.perf_counter() - wall, time.process_time() - cpu)


def imports() -> Iterator[Figure]:
    """CPU time of a fresh interpreter, the interpreter itself included."""
    load_one = "import plaudit; plaudit.load('rules.format.think')"
    sides: Mapping[str, tuple[Sequence[str], float]] = {
        "import plaudit; load one rule": (["-c", load_one], 0.15),
        "plaudit --help": (["-m", "plaudit", "--help"], 0.45),
    }
    bare = min(child_cpu_s(["-c", "pass"]) for _ in range(9))
    for name, (args, bar) in sides.items():
        child_cpu_s(args)  # writes the byte code
        seconds = statistics.median(child_cpu_s(args) for _ in range(9))
        detail = f"median of 9; the bare interpreter takes {bare:.3f} s of it"
        yield Figure(name, seconds, "s CPU", f"<= {bar}", seconds <= bar, detail)


def child_cpu_s(args: Sequence[str]) -> float:
    """CPU seconds of a Python process, from start to end."""
    quiet = {"stdout": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, *args], **quiet)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{args} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


# --- memory ---------------------------------------------------------------------------------------


def streaming(num_bytes: int) -> Iterator[Figure]:
    """Rows from a pipe through reader, runner and writer; the memory of all processes."""
    argv = ["score", "-", "--reward", "rules.format.think", "--output", "-", "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "plaudit", *argv, "--allow-unscored"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    memory = Memory(process.pid)
    began = time.perf_counter()
    num_rows = feed(process, num_bytes, memory.mark)
    if process.wait():
        raise RuntimeError(f"plaudit score ended with {process.returncode}")
    seconds = time.perf_counter() - began
    memory.stop()
    peak, growth = memory.peak_mb, memory.late_mb - memory.early_mb
    detail = (
        f"{num_bytes / 1e9:g} GB, {num_rows:,} rows, {num_bytes / 1e6 / seconds:.0f} MB/s;"
        f" command and workers together; {growth:+.1f} MB from the first to the last quarter"
    )
    name = f"peak memory, {num_bytes / 1e9:g} GB streamed"
    yield Figure(name, peak, "MB", f"<= {_FLAT_MB}", peak <= _FLAT_MB, detail)


def feed(process: subprocess.Popen[bytes], num_bytes: int, mark: Callable[[float], None]) -> int:
    """Writes that many bytes of rows into the process; the number of rows."""
    draw = random.Random(0)
    lines = [line(number, draw) for number in range(_LINES)]
    written = count = 0
    assert process.stdin is not None
    with process.stdin as pipe:
        while written < num_bytes:
            chunk = b"".join(draw.choices(lines, k=_CHUNK_LINES))
            pipe.write(chunk)
            written += len(chunk)
            count += _CHUNK_LINES
            mark(written / num_bytes)
    return count


def line(number: int, draw: random.Random) -> bytes:
    """A row of about 4 kB, now and then of 400 kB."""
    words = 60_000 if number % 500 == 0 else draw.randint(300, 900)
    text = " ".join(draw.choices(("so", "the", "answer", "is", "42", "因为", "所以"), k=words))
    row = {"prompt": f"question {number}", "response": f"<think>{text}</think>42", "answer": "42"}
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


class Memory:
    """Samples the memory that a session's processes have to themselves or share, in a thread."""

    def __init__(self, session: int) -> None:
        self._session = session
        self._samples: list[tuple[float, float]] = []
        self._share = 0.0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def mark(self, share: float) -> None:
        """How much of the stream has been written."""
        self._share = share

    def stop(self) -> None:
        """Ends the sampling."""
        self._is_over.set()
        self._thread.join()

    @property
    def peak_mb(self) -> float:
        """The highest sample."""
        return max(mb for _, mb in self._samples)

    @property
    def early_mb(self) -> float:
        """The median of the first quarter, its beginning left out."""
        return statistics.median(mb for share, mb in self._samples if 0.05 < share <= 0.25)

    @property
    def late_mb(self) -> float:
        """The median of the last quarter."""
        return statistics.median(mb for share, mb in self._samples if share > 0.75)

    def _watch(self) -> None:
        while not self._is_over.wait(0.1):
            self._samples.append((self._share, session_mb(self._session)))


def session_mb(session: int) -> float:
    """Resident memory of all processes of a session, shared pages counted once."""
    total = 0
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getsid(int(path.name)) == session:
                total += proportional_kb((path / "smaps_rollup").read_text())
    return total / 1024


def proportional_kb(text: str) -> int:
    """The Pss line of a smaps_rollup."""
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def main(argv: Sequence[str]) -> int:
    """Prints and writes the figures; 1 if a bar was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gb", type=float, default=5.0, help="size of the stream")
    parser.add_argument(
        "--skip", nargs="*", default=[], choices=["overhead", "workers", "imports", "memory"]
    )
    args = parser.parse_args(argv)
    parts: Mapping[str, Callable[[], Iterator[Figure]]] = {
        "overhead": overhead,
        "workers": scaling,
        "imports": imports,
        "memory": lambda: streaming(int(args.gb * 1e9)),
    }
    figures = [f for name, part in parts.items() if name not in args.skip for f in part()]
    if not args.skip:
        write("runner", figures)
    head = ["figure", "measured", "bar", "met", ""]
    body: list[list[Any]] = [
        [f.name, f"{f.value:.3g} {f.unit}", f.bar, "yes" if f.is_met else "NO", f.detail]
        for f in figures
    ]
    print(table(head, body))
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
