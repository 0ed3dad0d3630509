"""What a fork costs by itself, and how many pages a program's process touches, stage by stage.

``python -m benchmarks.sandbox_faults bare COUNT`` forks, compiles, runs and exits in an interpreter
that has imported what a slot has, with nothing around it; ``lean`` does so in one that has made
ready for forks as a slot does. Both print JSON, as `benchmarks.sandbox_peers` does. `stages` counts
the page faults of programs in a real slot, from the kernel's own counters.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["bare", "stages"]

_SOURCE = Path(__file__).parent.parent / "src" / "plaudit"
_BOOT = """
import sys, types
for name, path in (("plaudit", sys.argv[1]), ("plaudit.sandbox", sys.argv[1] + "/sandbox")):
    stub = sys.modules[name] = types.ModuleType(name)
    stub.__path__ = [path]
sys.path.insert(0, sys.argv[2])
from benchmarks.sandbox_faults import fork_programs
fork_programs(sys.argv[3], int(sys.argv[4]), sys.argv[5])
"""
_COUNTS = """
import resource as _resource
_first = _resource.getrusage(0).ru_minflt
def _counted(*args):
    {entry}(*args)
    return [_first, _resource.getrusage(0).ru_minflt]
"""


def bare(kind: str, count: int) -> dict[str, Any]:
    """CPU and page faults of a fork, compile, run and exit; `kind` is "bare" or "lean"."""
    from benchmarks.sandbox_peers import CODE, TESTS

    text = json.dumps({"code": CODE, "tests": [args for args, _ in TESTS]})
    root = str(Path(__file__).parent.parent)
    argv = [sys.executable, "-s", "-B", "-c", _BOOT, str(_SOURCE), root, kind, str(count), text]
    return json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)


def fork_programs(kind: str, count: int, text: str) -> None:
    """Prints the figures of `count` forks; runs in an interpreter of its own."""
    from plaudit.sandbox.inside import lean, program

    out = os.dup(1)
    program.prepare((), "python")
    program.warm()
    program.forget()
    gc.collect()
    if kind == "lean":
        lean.share_libraries()
        lean.fill_holes()
    fork = lean.fork if kind == "lean" else os.fork
    problem = json.loads(text)
    gc.freeze()
    for _ in range(5):
        _fork_one(fork, problem)
    began, wall = _usage(), time.perf_counter()
    for _ in range(count):
        _fork_one(fork, problem)
    wall, ended = time.perf_counter() - wall, _usage()
    cpu_s, parent, child = (after - before for before, after in zip(began, ended, strict=True))
    figures = {
        "cpu_ms": cpu_s / count * 1e3,
        "walls": [wall / count],
        "child_faults": child / count,
        "parent_faults": parent / count,
    }
    os.write(out, json.dumps(figures).encode())


def _fork_one(fork: Any, problem: dict[str, Any]) -> None:
    pid = fork()
    if pid == 0:
        namespace: dict[str, Any] = {"__name__": "solution"}
        exec(compile(problem["code"], "solution.py", "exec", dont_inherit=True), namespace)
        for args in problem["tests"]:
            namespace["has_close_elements"](*args)
        os._exit(0)
    os.waitpid(pid, 0)


def _usage() -> tuple[float, int, int]:
    own, children = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu_s = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    return cpu_s, own.ru_minflt, children.ru_minflt


def stages(count: int = 40) -> dict[str, float]:
    """Page faults of one program: by stage in its own process, and in the slot around it.

    The program reads its own counter at its first line and at its end; what a line of two and no
    calls has counted by then is the way to a program, the rest of the longer one's is its
    compilation. All faults are those that the kernel counts for the slot's children.
    """
    from benchmarks.sandbox_peers import CODE, TESTS
    from plaudit.sandbox import Calls, Sandbox

    calls = tuple(args for args, _ in TESTS)
    short = Calls(_COUNTS.format(entry="print"), "_counted", ((),))
    full = Calls(CODE + _COUNTS.format(entry="has_close_elements"), "_counted", calls)
    plain = Calls(CODE, "has_close_elements", calls)
    with Sandbox(slots=1) as box:
        for work in [short, full, plain] * 10:
            box.run(work)
        to_first, _ = box.run(short).replies[0]["r"]
        (compiled, _), *_, (_, ran) = (reply["r"] for reply in box.run(full).replies)
        (spawner,) = (child for pid in box.pids() for child in _children(pid))
        counted = _counters(spawner)
        for _ in range(count):
            box.run(full)
        own, children = (
            after - was for after, was in zip(_counters(spawner), counted, strict=True)
        )
        counted = _counters(spawner)
        for _ in range(count):
            box.run(plain)
        total = (_counters(spawner)[1] - counted[1]) / count
    return {
        "before": to_first,
        "compile": compiled - to_first,
        "run": ran - compiled,
        "after": children / count - ran,
        "child": total,
        "slot": own / count,
    }


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _counters(pid: int) -> tuple[int, int]:
    """Minor page faults of a process, and of the children that it has waited for; proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[7]), int(fields[8])


if __name__ == "__main__":
    print(json.dumps(bare(sys.argv[1], int(sys.argv[2]))))
