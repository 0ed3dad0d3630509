"""Wall time of hostile answers while other processes keep the processors busy.

    python -m benchmarks.deadline_load [--deadline S] [--spinners N...]

A group of four: a hostile answer that math-verify would not finish, and three right ones that it
must judge. Beside 0, 2 and 8 spinning processes the hostile answer must cost its batch no more than
three deadlines of wall time (and the start of the next worker), and no neighbour may be blamed.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchmarks.harness import table, write
from plaudit import Group, load
from plaudit.rules import math

HOSTILE = r"\boxed{\prod_{k=1}^{50000} (1+\frac{1}{k^2})}"
HONEST = r"\boxed{\sum_{k=1}^{%d} k}"
MOST = 3.0  # deadlines


class Run(NamedTuple):
    """The wall time of one group, in seconds and in deadlines, and who was blamed."""

    spinners: int
    deadline_s: float
    wall_s: float
    deadlines: float
    hostile: str
    blamed_neighbours: int


@contextlib.contextmanager
def spinning(count: int) -> Iterator[None]:
    """Processes that do nothing, as fast as they can."""
    argv = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(argv) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def measured(num_spinners: int, deadline_s: float) -> Run:
    """One group beside the spinners; the first worker is up, as in any run."""
    reward = load("rules.math.equal", deadline_s=deadline_s)
    math._judged.cache_clear()
    with spinning(num_spinners):
        reward.score([Group("", [HONEST % 3], {"reference": "6"})])
        began = time.monotonic()
        responses = [HOSTILE, *(HONEST % n for n in (4, 5, 6))]
        hostile, *rest = reward.score([Group("", responses, {"reference": "6"})])[0]
        wall_s = time.monotonic() - began
    math._POOL.close()
    blamed = sum(score.fault == "response" for score in rest)
    return Run(
        num_spinners, deadline_s, wall_s, wall_s / deadline_s, hostile.fault or "scored", blamed
    )


def main(argv: Sequence[str]) -> int:
    """Prints the table, writes results/deadline_load.json; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deadline", type=float, default=5.0)
    parser.add_argument("--spinners", type=int, nargs="*", default=[0, 2, 8])
    args = parser.parse_args(argv)
    results = [measured(count, args.deadline) for count in args.spinners]
    print(table(("spinners", "deadline s", "wall s", "deadlines", "hostile", "blamed"), results))
    write("deadline_load", results)
    return int(any(run.deadlines > MOST or run.blamed_neighbours for run in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
