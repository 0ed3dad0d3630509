"""CPU seconds of `plaudit --help` and of the help of a verb, a process each, the least of several.

python -m benchmarks.help_cpu
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.harness import table, write

BARS_S = {"plaudit --help": 0.3, "plaudit score --help": 0.45, "plaudit judge --help": 0.45}
REPEATS = 7


class Help(NamedTuple):
    """The least and the median CPU seconds of a command, user and system."""

    command: str
    cpu_s: float
    median_s: float
    bar_s: float


def measured(command: str, bar_s: float) -> Help:
    """One command, after a run that compiles what is not compiled."""
    argv = [sys.executable, "-m", *command.split()]
    times = sorted([child_s(argv) for _ in range(REPEATS + 1)][1:])
    return Help(command, times[0], times[len(times) // 2], bar_s)


def child_s(argv: Sequence[str]) -> float:
    """CPU seconds of a child process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main(_: Sequence[str]) -> int:
    """Prints the table, writes results/help_cpu.json; 1 if a command costs more than its bar."""
    results = [measured(command, bar_s) for command, bar_s in BARS_S.items()]
    print(table(("command", "CPU s", "median", "bar"), results))
    write("help_cpu", results)
    return int(any(result.cpu_s > result.bar_s for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
