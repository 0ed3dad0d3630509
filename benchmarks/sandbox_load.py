"""The sandbox under load: memory of a slot, a long queue with hanging programs, growth.

``python -m benchmarks sandbox_load``; ``--programs`` and ``--runs`` for shorter ones.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.harness import write
from plaudit.sandbox import Calls, Limits, Program, Sandbox

HANG_CPU_S = 0.2
SHORT = Limits(cpu_s=0.5, wall_s=1.0)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the figures; 1 where a bar was missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=10_000)
    chosen = parser.parse_args(argv)
    figures = {**memory(), **queue(chosen.programs), **loop_lag(), **soak(chosen.runs)}
    write("sandbox_load", [figures])
    is_met = (
        figures["pss_mb"] <= 20
        and figures["pss_numpy_mb"] <= 30
        and figures["queue_over_ideal"] <= 1.2
        and figures["order_kept"]
        and not figures["grown"]
    )
    return int(not is_met)


def below(pid: int) -> list[int]:
    """A process and all below it."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [pid, *(descendant for child in text.split() for descendant in below(int(child)))]


def _pss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def memory() -> dict[str, float]:
    """PSS of a slot, the mean of four, after some programs."""
    sizes = {}
    for name, preload in (("pss_mb", ()), ("pss_numpy_mb", ("numpy",))):
        with Sandbox(slots=4, preload=preload) as box:
            list(box.run_many(Program("print(1)") for _ in range(40)))
            sizes[name] = sum(_pss_mb(p) for k in box.pids() for p in below(k)) / len(box.pids())
    print(f"memory of a slot: {sizes['pss_mb']:.1f} MB PSS, with numpy {sizes['pss_numpy_mb']:.1f}")
    return sizes


def queue(count: int) -> dict[str, float]:
    """Many programs, one in twenty hangs: order, and total time against ideal packing."""
    limits = Limits(cpu_s=HANG_CPU_S)
    codes = [f"print({i})\nwhile {i % 20 == 7}: pass" for i in range(count)]
    works = [Program(code, limits=limits) for code in codes]
    with Sandbox(slots=2) as box:
        list(box.run_many([Program("pass")] * 8))
        began, busy, in_order = time.perf_counter(), 0.0, True
        for i, outcome in enumerate(box.run_many(works)):
            busy += outcome.wall_s
            hangs = i % 20 == 7
            in_order &= outcome.kind == "cpu" if hangs else outcome.text == f"{i}\n"
        total = time.perf_counter() - began
    ratio = total / (busy / 2)
    timing = f"{total:.1f} s, {ratio:.2f} of ideal packing (bar 1.2)"
    print(f"queue of {count}: {timing}, in order: {in_order}")
    return {"queue_over_ideal": ratio, "order_kept": in_order, "queue_programs": count}


def loop_lag() -> dict[str, float]:
    """How long an event loop stands still while a batch runs in a thread beside it."""

    async def watch() -> float:
        done = asyncio.create_task(asyncio.to_thread(_batch))
        worst = 0.0
        while not done.done():
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            worst = max(worst, time.perf_counter() - before - 0.005)
        await done
        return worst

    worst = asyncio.run(watch())
    print(f"an event loop beside a batch of 500: longest pause {worst * 1e3:.1f} ms")
    return {"loop_pause_ms": worst * 1e3}


def _batch() -> None:
    with Sandbox(slots=2) as box:
        for _ in box.run_many(Program("print(1)") for _ in range(500)):
            pass


def _mixed(count: int) -> Iterator[Program | Calls]:
    draw = random.Random(0)
    kinds = (
        "print(1)",
        "import os\nopen('a', 'w').write('x' * 1000)\nos.mkdir('d')",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(0,)).start()",
        "import os\nos.fork()",
        "import os\nos.kill(os.getpid(), 9)",
        "x = bytearray(10**10)",
        "import os\nr = [os.pipe() for _ in range(200)]",
        "print('x' * 100_000)",
    )
    for _ in range(count):
        if draw.random() < 0.5:
            yield Calls("def f(x): return [x]", "f", ((1,), (2,)), limits=SHORT)
        else:
            yield Program(draw.choice(kinds), limits=SHORT)


def _state(box: Sandbox) -> dict[str, float]:
    every = [pid for keeper in box.pids() for pid in below(keeper)]
    slots = [len(os.listdir(f"/proc/{pid}/fd")) for pid in every]
    mounts = [len(Path(f"/proc/{pid}/mountinfo").read_text().splitlines()) for pid in every]
    return {
        "processes": len(every),
        "descriptors": sum(slots),
        "own descriptors": len(os.listdir("/proc/self/fd")),
        "mounts": sum(mounts),
        "memory MB": sum(map(_pss_mb, every)),
        "own memory MB": _pss_mb(os.getpid()),
    }


def soak(count: int) -> dict[str, object]:
    """Many runs of mixed programs: nothing may grow."""
    with Sandbox(slots=2) as box:
        for _ in box.run_many(_mixed(500)):
            pass
        before = _state(box)
        for _ in box.run_many(_mixed(count)):
            pass
        after = _state(box)
    grown = [name for name in before if after[name] > before[name] + (2 if "MB" in name else 0)]
    print(
        f"after {count} more runs: "
        + ", ".join(f"{n} {before[n]:.0f} -> {after[n]:.0f}" for n in before)
    )
    return {"soak_runs": count, "before": before, "after": after, "grown": grown}


if __name__ == "__main__":
    sys.exit(main())
