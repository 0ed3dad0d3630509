"""Hostile answers, from every place that rewards are called from: time, verdict, what is left.

    python -m benchmarks.math_hostile [--deadline S]

Each place (main thread, worker thread, running asyncio loop, spawned process), with gmpy2 and
without, is a process of its own with a session of its own. It judges groups of three: a right
answer, the hostile one, a right answer. Checked: the hostile answer earns 0 with a note or with
fault "response", within 0.1 s where its size decides and within its deadline + 0.5 s where
math-verify is asked; its neighbours earn 1; an alarm that the caller set fires; no process of the
session is left.

The clock of a deadline starts in a worker that is up: an answer that follows a killed one at once
waits for the next worker first (half a second of imports).
"""

from __future__ import annotations

import argparse
import asyncio
import concurrent.futures
import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.harness import table, write
from plaudit import Group, load

PLACES = ("main thread", "worker thread", "running loop", "spawned process")
ENGINES = {"gmpy2": {}, "no gmpy2": {"SYMPY_GROUND_TYPES": "python", "MPMATH_NOGMPY": "1"}}
BY_SIZE = {
    "9^9^9^9": r"9^{9^{9^9}}",
    "(10^9)!": r"10^{9}!",
    "10^10^10": r"10^{10^{10}}",
    "2^2^40": r"2^{2^{40}}",
    "C(1e9, 5e8)": r"\binom{10^9}{5\cdot10^8}",
    "((9!)!)!": r"((9!)!)!",
    "(x+1)^1e6": r"(x+1)^{1000000}",
    "10 000 fractions": r"\frac{1}{" * 10_000 + "2" + "}" * 10_000,
    "1 MB of digits": "7" * 1_000_000,
    "1 MB over 3": r"\frac{" + "7" * 1_000_000 + "}{3}",
    "60 000 terms": "1" + "+1" * 60_000,
}
BY_DEADLINE = {
    "sum of k^k": r"\sum_{k=1}^{10^9} k^k",
    "product": r"\prod_{k=1}^{50000} (1+\frac{1}{k^2})",
    "integral": r"\int_0^1 \frac{\sin(x^7)e^{x^3}}{\ln(1+x)} dx",
}
SIZE_LIMIT_S = 0.1
SLACK_S = 0.5
_CHILD = (
    "import sys; from benchmarks.math_hostile import child;child(sys.argv[1], float(sys.argv[2]))"
)


class Result(NamedTuple):
    """The slowest answer of one kind at one place, and what was wrong."""

    place: str
    engine: str
    kind: str
    answers: int
    slowest_s: float
    limit_s: float
    failures: str


def judged(name: str, answer: str, deadline_s: float, limit_s: float) -> dict[str, Any]:
    """One group of three: seconds, and what is wrong about the scores."""
    reward = load("rules.math.equal", deadline_s=deadline_s)
    right = r"so $\boxed{\frac{84}{2}}$"
    group = Group("", [right, f"so $\\boxed{{{answer}}}$", right], {"reference": "42"})
    start = time.monotonic()
    before, hostile, after = reward.score([group])[0]
    seconds = time.monotonic() - start
    wrong = []
    if hostile.value != 0.0 or not (hostile.fault == "response" or hostile.note):
        wrong.append(f"{name}: {hostile}")
    if (before.value, after.value) != (1.0, 1.0):
        wrong.append(f"{name}: neighbours {before.value}, {after.value}")
    if seconds > limit_s:
        wrong.append(f"{name}: {seconds:.2f} s")
    return {"seconds": seconds, "wrong": wrong}


def all_judged(deadline_s: float) -> dict[str, list[dict[str, Any]]]:
    """Every hostile answer; those for math-verify with a worker that is up."""
    by_size = [judged(name, answer, deadline_s, SIZE_LIMIT_S) for name, answer in BY_SIZE.items()]
    by_deadline = []
    for k, (name, answer) in enumerate(BY_DEADLINE.items()):
        easy = Group("", [rf"\boxed{{\sum_{{k=1}}^{k + 3} k}}"], {"reference": "6"})
        load("rules.math.equal").score([easy])
        by_deadline.append(judged(name, answer, deadline_s, deadline_s + SLACK_S))
    return {"size": by_size, "deadline": by_deadline}


def at(place: str, deadline_s: float) -> dict[str, list[dict[str, Any]]]:
    """The same from one place."""
    if place == "worker thread":
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            return threads.submit(all_judged, deadline_s).result()
    if place == "running loop":

        async def inside() -> dict[str, list[dict[str, Any]]]:
            return all_judged(deadline_s)

        return asyncio.run(inside())
    if place == "spawned process":
        with concurrent.futures.ProcessPoolExecutor(
            1, mp_context=multiprocessing.get_context("spawn")
        ) as processes:
            return processes.submit(all_judged, deadline_s).result()
    return all_judged(deadline_s)


def child(place: str, deadline_s: float) -> None:
    """Runs in the process of one place; prints what it found as JSON."""
    fired: list[float] = []
    signal.signal(signal.SIGALRM, lambda *_: fired.append(time.monotonic()))
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    answers = at(place, deadline_s)
    with contextlib.suppress(InterruptedError):
        time.sleep(1.0)
    print(json.dumps({"alarm": bool(fired), **answers}))


def results(deadline_s: float) -> Iterator[Result]:
    """All places with both engines."""
    for engine, variables in ENGINES.items():
        for place in PLACES:
            process = subprocess.Popen(
                [sys.executable, "-c", _CHILD, place, str(deadline_s)],
                env=os.environ | variables,
                cwd=Path(__file__).parents[1],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            out, err = process.communicate()
            if process.returncode:
                raise SystemExit(f"{place}, {engine}: {err}")
            yield from _results(place, engine, json.loads(out), deadline_s, _left(process.pid))


def _results(
    place: str, engine: str, report: dict[str, Any], deadline_s: float, left: list[str]
) -> Iterator[Result]:
    for kind, limit in (("size", SIZE_LIMIT_S), ("deadline", deadline_s + SLACK_S)):
        answers = report[kind]
        wrong = [text for answer in answers for text in answer["wrong"]]
        wrong += [] if report["alarm"] else ["the caller's alarm did not fire"]
        wrong += [f"left behind: {', '.join(left)}"] if left else []
        slowest = max(answer["seconds"] for answer in answers)
        yield Result(place, engine, kind, len(answers), slowest, limit, "; ".join(wrong))


def _left(session: int) -> list[str]:
    """The processes of a session that still run, a moment after its leader ended."""
    time.sleep(0.3)
    left = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                left.append(path.parent.name)
    return left


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--deadline", type=float, default=5.0)
    args = parser.parse_args(argv)
    failures = list(results(args.deadline))
    body = [(*r[:-1], r.failures or "ok") for r in failures]
    print(
        table(["called from", "engine", "decided by", "answers", "slowest s", "limit s", ""], body)
    )
    write("math_hostile", failures)
    return int(any(r.failures for r in failures))


if __name__ == "__main__":
    sys.exit(main())
