"""How one program is graded: which work is due next, and what its outcomes mean.

A grader is fed outcome by outcome and asks for more work until it knows its tests' verdicts. What
is expected stays here; only code and inputs are handed out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from plaudit.errors import ScoringError
from plaudit.grading.compare import Mode, first_difference
from plaudit.grading.problem import (
    AssertProblem,
    CallProblem,
    CallTest,
    Problem,
    StdioProblem,
    StdioTest,
)
from plaudit.sandbox.inside import values
from plaudit.sandbox.outcome import (
    FAILED_BY_ITSELF,
    Asserts,
    Calls,
    Limits,
    Outcome,
    Program,
    Work,
)

__all__ = ["Grader", "Rules", "Verdict", "grader"]

_MAX_RESTARTS = 20
_CHECKER_LIMITS = Limits(cpu_s=10)
_WORDS = {
    "cpu": "out of CPU time",
    "wall": "out of wall-clock time",
    "memory": "out of memory",
    "output": "wrote more than allowed",
    "processes": "started too many processes",
    "forbidden": "made a forbidden system call",
    "compile": "does not compile",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What a recipe says about grading."""

    compare: Mode
    tolerance: float
    limits: Limits
    stop_at_first: bool
    isolate: Literal["program", "test"]
    language: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One test: whether it passed, in words why not, and whether the program ended itself."""

    passed: bool
    why: str = ""
    is_fault: bool = False
    points: float = 1.0
    group: str = ""


@dataclass
class Grader:
    """The common part: verdicts so far, CPU seconds, peak memory."""

    code: str
    rules: Rules
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    cpu_s: float = 0.0
    memory_mb: float = 0.0
    note: str = ""

    def due(self) -> list[Work]:
        """The work that is needed next; empty when all is known."""
        raise NotImplementedError

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """Reads the outcomes of the work that was due.

        Raises: ScoringError where the sandbox, or the tests, failed.
        """
        for outcome in outcomes:
            self.cpu_s += outcome.cpu_s
            self.memory_mb = max(self.memory_mb, outcome.memory_mb)
            if outcome.kind == "sandbox":
                raise ScoringError(f"sandbox: {outcome.error}", fault="system")

    def _stops(self) -> bool:
        return self.rules.stop_at_first and any(not v.passed for v in self.verdicts.values())


def grader(problem: Problem, code: str, rules: Rules) -> Grader:
    """The grader of a problem for one program."""
    if isinstance(problem, StdioProblem):
        return _Stdio(code, rules, problem=problem)
    if isinstance(problem, CallProblem):
        return _Called(code, rules, problem=problem)
    return _Asserted(code, rules, problem=problem)


def _ended(outcome: Outcome) -> str:
    """Why a program did not end well, for people."""
    if outcome.kind in _WORDS:
        return f"{_WORDS[outcome.kind]} ({outcome.cpu_s:.2f} s of CPU)"
    if outcome.signal is not None:
        return f"killed by signal {outcome.signal}"
    tail = outcome.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return f"exit code {outcome.exit_code}" + (f": {tail[:200]}" if tail else "")


def _is_fault(outcome: Outcome) -> bool:
    return outcome.kind in FAILED_BY_ITSELF or outcome.signal is not None


# --- standard input and output --------------------------------------------------------------------


@dataclass
class _Stdio(Grader):
    problem: StdioProblem = field(kw_only=True)
    asked: list[int] = field(default_factory=list)
    outputs: dict[int, str] = field(default_factory=dict)

    def due(self) -> list[Work]:
        if self.outputs:
            return [self._checker(place) for place in self.outputs]
        left = [i for i in range(len(self.problem.tests)) if i not in self.verdicts]
        if self._stops():
            left = []
        # one at a time costs a round each; twice as many each round costs few runs too many
        size = max(1, len(self.verdicts)) if self.rules.stop_at_first else len(left)
        self.asked = left[:size]
        return [self._program(self.problem.tests[place]) for place in self.asked]

    def _program(self, test: StdioTest) -> Program:
        language = self.rules.language
        return Program(self.code, stdin=test.input, language=language, limits=self.rules.limits)

    def take(self, outcomes: Sequence[Outcome]) -> None:
        super().take(outcomes)
        if self.outputs:
            for place, outcome in zip(self.outputs, outcomes, strict=True):
                self.verdicts[place] = self._checked(self.problem.tests[place], outcome)
            self.outputs = {}
            return
        for place, outcome in zip(self.asked, outcomes, strict=True):
            verdict = self._verdict(self.problem.tests[place], outcome)
            if verdict is None:
                self.outputs[place] = outcome.text
            else:
                self.verdicts[place] = verdict
            if outcome.kind == "compile":
                self._all_fail(_ended(outcome) + _last_error(outcome))

    def _all_fail(self, why: str) -> None:
        for place in range(len(self.problem.tests)):
            self.verdicts.setdefault(place, Verdict(False, why))

    def _verdict(self, test: StdioTest, outcome: Outcome) -> Verdict | None:
        """None where a checker has to decide."""
        marks = {"points": test.points, "group": test.group}
        if outcome.kind != "ok":
            return Verdict(False, _ended(outcome), _is_fault(outcome), **marks)
        if self.problem.checker:
            return None
        rules = self.rules
        difference = first_difference(
            outcome.text, test.output, mode=rules.compare, tolerance=rules.tolerance
        )
        return Verdict(not difference, difference, **marks)

    def _checker(self, place: int) -> Program:
        """The checker's run: `python checker.py input.txt output.txt answer.txt`."""
        test = self.problem.tests[place]
        files = {
            "input.txt": _encoded(test.input),
            "output.txt": _encoded(self.outputs[place]),
            "answer.txt": _encoded(test.output),
        }
        names = tuple(files)
        code = f"import sys\nsys.argv = ['checker.py', *{names!r}]\n" + self.problem.checker
        return Program(code, files=files, limits=_CHECKER_LIMITS)

    def _checked(self, test: StdioTest, outcome: Outcome) -> Verdict:
        """Accepted: exit code 0, and where the last line is a number, that number is above 0."""
        if outcome.kind not in ("ok", "exit"):
            raise ScoringError(f"the checker failed: {_ended(outcome)}", fault="input")
        said = outcome.text.strip().rpartition("\n")[2]
        try:
            share = float(said)
        except ValueError:
            share = 1.0
        accepted = outcome.kind == "ok" and share > 0
        points = test.points * (min(share, 1.0) if accepted and share < 1 else 1.0)
        why = "" if accepted else f"the checker refused it: {said[:200]}"
        if accepted and points < test.points:
            return Verdict(True, "", points=points, group=test.group)
        return Verdict(accepted, why, points=test.points, group=test.group)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _last_error(outcome: Outcome) -> str:
    lines = outcome.stderr.decode("utf-8", "replace").splitlines()
    found = next((line for line in lines if "error" in line), "")
    return f": {found[:200]}" if found else ""


# --- calls ----------------------------------------------------------------------------------------


@dataclass
class _Called(Grader):
    problem: CallProblem = field(kw_only=True)
    asked: list[list[int]] = field(default_factory=list)
    restarts: int = 0

    def due(self) -> list[Work]:
        left = [i for i in range(len(self.problem.tests)) if i not in self.verdicts]
        if not left or self._stops():
            return []
        self.asked = [[i] for i in left] if self.rules.isolate == "test" else [left]
        return [
            Calls(
                self.code,
                self.problem.entry,
                tuple(self.problem.tests[place].arguments for place in places),
                self.rules.limits,
            )
            for places in self.asked
        ]

    def take(self, outcomes: Sequence[Outcome]) -> None:
        super().take(outcomes)
        for places, outcome in zip(self.asked, outcomes, strict=True):
            for place, reply in zip(places, outcome.replies, strict=False):
                self.verdicts[place] = self._verdict(self.problem.tests[place], reply)
            if len(outcome.replies) < len(places):
                self._broke_off(places[len(outcome.replies) :], outcome)

    def _broke_off(self, left: list[int], outcome: Outcome) -> None:
        """The first call without a reply is the one that ended the program; the others go on."""
        why = _ended(outcome) if outcome.kind != "ok" else "ended its process before it returned"
        is_fault = _is_fault(outcome) or outcome.kind == "ok"
        self.verdicts[left[0]] = self._marked(left[0], False, why, is_fault)
        self.restarts += 1
        never_ran = not outcome.replies and outcome.kind == "exit" and outcome.signal is None
        if outcome.kind in ("cpu", "wall") or never_ran or self.restarts > _MAX_RESTARTS:
            for place in left[1:]:
                self.verdicts[place] = self._marked(place, False, f"not reached: {why}", False)

    def _marked(self, place: int, passed: bool, why: str, is_fault: bool = False) -> Verdict:
        test = self.problem.tests[place]
        return Verdict(passed, why, is_fault, test.points, test.group)

    def _verdict(self, test: CallTest, reply: Any) -> Verdict:
        marks = {"points": test.points, "group": test.group}
        if not isinstance(reply, dict) or "r" not in reply:
            name = reply.get("x", "?") if isinstance(reply, dict) else "?"
            message = reply.get("m", "") if isinstance(reply, dict) else ""
            return Verdict(False, f"raised {name}: {message}"[:300], **marks)
        if self._holds(test, reply["r"]):
            return Verdict(True, **marks)
        wanted = f"{test.truth}" if test.truth is not None else repr(test.expected)
        return Verdict(False, f"returned {_shown(reply['r'])}, expected {wanted[:120]}", **marks)

    def _holds(self, test: CallTest, data: Any) -> bool:
        if test.truth is not None:
            return _truth(data) == test.truth
        if test.is_identical:
            return data is test.expected
        if test.near is not None:
            return _is_near(test, data)
        problem = self.problem
        return any(
            values.matches(data, wanted, tolerance=problem.tolerance, lenient=problem.lenient)
            for wanted in (test.expected, *test.alternatives)
        )


def _truth(data: Any) -> bool | None:
    try:
        return values.is_true(data)
    except values.Malformed:
        return None


def _is_near(test: CallTest, data: Any) -> bool:
    try:
        actual = values.decode(data)
    except values.Malformed:
        return False
    return test.near is not None and test.near.holds(actual, test.expected)


def _shown(data: Any) -> str:
    try:
        return repr(values.decode(data))[:120]
    except values.Malformed:
        return "what cannot be read"


# --- test code ------------------------------------------------------------------------------------


@dataclass
class _Asserted(Grader):
    problem: AssertProblem = field(kw_only=True)

    def due(self) -> list[Work]:
        if self.verdicts:
            return []
        rules, problem = self.rules, self.problem
        return [
            Asserts(
                self.code,
                problem.tests,
                setup=problem.setup,
                style=problem.style,
                stop_at_first=rules.stop_at_first,
                limits=rules.limits,
            )
        ]

    def take(self, outcomes: Sequence[Outcome]) -> None:
        super().take(outcomes)
        (outcome,) = outcomes
        found = outcome.checks[0] if outcome.checks else {}
        if found.get("fault") == "input":
            raise ScoringError(f"tests: {found.get('error')}", fault="input")
        for place, check in enumerate(found.get("checks", ())):
            why = f"line {check['line']}: {check['error']}"[:300]
            self.verdicts[place] = Verdict(bool(check["ok"]), "" if check["ok"] else why)
        if found.get("opaque"):
            self.note = "some values stayed in the program's process"
        if not found.get("finished") or not self.verdicts:
            self._unfinished(outcome, str(found.get("error", "")))

    def _unfinished(self, outcome: Outcome, error: str) -> None:
        ended = outcome.kind not in ("ok", "exit") or outcome.signal is not None
        why = _ended(outcome) if ended else error or _ended(outcome)
        self.verdicts[len(self.verdicts)] = Verdict(False, why[:300], _is_fault(outcome))


def share(verdicts: Sequence[Verdict], total: float) -> float:
    """Points earned out of `total`, from 0 to 1."""
    earned = math.fsum(verdict.points for verdict in verdicts if verdict.passed)
    return min(1.0, earned / total) if total > 0 else 0.0
