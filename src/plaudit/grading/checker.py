"""Checker programs: how one is called, and what its words and exit code mean.

"codeforces" is called with input, correct output and the program's output, and accepts by exit code
0 and the text "1". "testlib" is called with input, the program's output and the correct output, and
accepts by exit code 0, unless the last line of its output is a number below 1, its share; exit code
7 ("points") gives a share too.

Sources: huggingface/open-r1 `src/open_r1/utils/competitive_programming/cf_scoring.py` (the exit
code is 0 and the printed text is 1) and its data set's card for the arguments;
MikeMirzayanov/testlib `testlib.h` for the arguments of `registerTestlibCmd` and the exit codes of
`TResult`: 0 ok, 1 wrong answer, 2 presentation error, 3 the checker's own fault, 7 points, 8
unexpected end of file. A row's own `checker` follows testlib.

A checker that crashes, or runs out of time or memory, is asked about the correct output itself: if
it takes that, the program's output was to blame; if not, the checker is broken and the row is an
input fault.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from plaudit.errors import clipped
from plaudit.grading.extract import with_prelude
from plaudit.grading.layouts import Checker
from plaudit.grading.problem import StdioTest
from plaudit.sandbox.outcome import Limits, Outcome, Program

__all__ = ["Ruling", "program", "ruling"]

_LIMITS = Limits(cpu_s=10)
_FILES: dict[Checker, tuple[str, str, str]] = {
    "codeforces": ("input.txt", "correct_output.txt", "solution_output.txt"),
    "testlib": ("input.txt", "output.txt", "answer.txt"),
}
_REFUSED = (1, 2, 8)
_FAULTY, _POINTS = 3, 7
_SHARE = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_LINE = re.compile(r'File "solution\.py", line ([0-9]+)')


class Ruling(NamedTuple):
    """What a checker said: "accepted" with a share from 0 to 1, "refused", or "broken"."""

    verdict: Literal["accepted", "refused", "broken"]
    share: float
    why: str


def program(checker: str, kind: Checker, test: StdioTest, output: str) -> Program:
    """The run of a checker on a program's output."""
    names = _FILES[kind]
    texts = {"codeforces": (test.input, test.output, output)}.get(
        kind, (test.input, output, test.output)
    )
    files = {
        name: text.encode("utf-8", "surrogatepass") for name, text in zip(names, texts, strict=True)
    }
    if re.search(r"^[ \t]*#[ \t]*include\b", checker, re.MULTILINE):
        return Program(checker, files=files, language="cpp", arguments=names, limits=_LIMITS)
    argv = f"import sys; sys.argv = {['checker.py', *names]!r}"
    return Program(with_prelude(argv, checker), files=files, limits=_LIMITS)


def ruling(kind: Checker, outcome: Outcome) -> Ruling:
    """How a checker ruled, or that it broke.

    >>> ruling("codeforces", Outcome("ok", 0, stdout=b"0\\n")).verdict
    'refused'
    """
    words = clipped((outcome.text.strip() or _words(outcome)).rpartition("\n")[2], limit=200)
    if outcome.kind not in ("ok", "exit") or outcome.exit_code is None or _crashed(outcome):
        return Ruling("broken", 0.0, _crash(outcome))
    if outcome.exit_code == 0:
        share = _share(kind, outcome.text)
        verdict = "accepted" if share >= 1 else "refused"
        return Ruling(verdict, share, "" if share >= 1 else f"the checker refused it: {words}")
    if kind == "testlib" and outcome.exit_code == _POINTS:
        share = _points(_words(outcome) or outcome.text)
        verdict = "accepted" if share >= 1 else "refused"
        return Ruling(verdict, share, "" if share >= 1 else f"the checker gave {words}")
    if kind == "testlib" and outcome.exit_code not in _REFUSED:
        return Ruling("broken", 0.0, f"exit code {outcome.exit_code}: {words}")
    return Ruling("refused", 0.0, f"the checker refused it: {words}")


def _share(kind: Checker, text: str) -> float:
    """The share that a checker printed before it ended well."""
    if kind == "codeforces":
        found = text.strip()
        return min(1.0, max(0.0, float(found))) if _SHARE.fullmatch(found) else 0.0
    last = text.strip().rpartition("\n")[2].strip()
    return min(1.0, max(0.0, float(last))) if _SHARE.fullmatch(last) else 1.0


def _points(text: str) -> float:
    """The number of testlib's message "points 0.5", a share; above 1 it is out of 100."""
    found = _SHARE.search(text.removeprefix("points"))
    points = float(found[0]) if found else 0.0
    return min(1.0, max(0.0, points if points <= 1 else points / 100))


def _words(outcome: Outcome) -> str:
    return outcome.stderr.decode("utf-8", "replace").strip()


def _crashed(outcome: Outcome) -> bool:
    return outcome.exit_code == 1 and b"Traceback (most recent call last)" in outcome.stderr


def _first_error(words: str) -> str:
    """The compiler's first line about an error, which names file and line."""
    return next((line for line in words.splitlines() if "error" in line), words)


def _crash(outcome: Outcome) -> str:
    """Why a checker gave no verdict, with the line of its text."""
    words = _words(outcome)
    place = _LINE.findall(words)
    line = f"line {int(place[-1]) - 1}: " if place else ""
    if outcome.kind == "compile":
        return "compile: " + clipped(_first_error(words), limit=200)
    if outcome.kind not in ("ok", "exit"):
        return f"{line}{outcome.kind}: {clipped(words.rpartition(chr(10))[2], limit=200)}"
    if outcome.signal is not None:
        return f"killed by signal {outcome.signal}"
    return line + clipped(words.rpartition("\n")[2], limit=200)
