"""How one program is graded: which work is due next, and what its outcomes mean.

A grader is fed outcome by outcome and asks for more work until it knows its tests' verdicts. What
is expected stays here; only code and inputs are handed out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from plaudit.errors import ScoringError
from plaudit.grading import checker, returned
from plaudit.grading.checker import Ruling
from plaudit.grading.compare import Mode, first_difference
from plaudit.grading.extract import defines
from plaudit.grading.problem import (
    AssertProblem,
    CallProblem,
    CallTest,
    Problem,
    StdioProblem,
    StdioTest,
)
from plaudit.old_names import old_names
from plaudit.sandbox.outcome import (
    FAILED_BY_ITSELF,
    Asserts,
    Calls,
    Limits,
    Outcome,
    Program,
    Work,
)

__all__ = ["Grader", "Rules", "TestVerdict", "grader"]
__getattr__ = old_names(__name__)

_MAX_RESTARTS = 20
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

    compare: Mode | None  # None: the layout's
    tolerance: float
    limits: Limits
    stop_at_first: bool
    isolate: Literal["program", "test"]
    language: str


@dataclass(frozen=True, slots=True)
class TestVerdict:
    """One test: whether it passed, in words why not, and whether the program ended itself.

    `share` of the `points` is earned: 1 for a test that passed, else 0, or what a checker gives.
    """

    passed: bool
    why: str = ""
    is_fault: bool = False
    points: float = 1.0
    group: str = ""
    share: float = 0.0

    @property
    def earned(self) -> float:
        """Points."""
        return self.points if self.passed else self.points * self.share


@dataclass
class Grader:
    """The common part: verdicts so far, CPU seconds, peak memory."""

    code: str
    rules: Rules
    verdicts: dict[int, TestVerdict] = field(default_factory=dict)
    cpu_s: float = 0.0
    memory_mb: float = 0.0
    note: str = ""
    is_opaque: bool = False
    """Whether some verdict rests on an object that stayed in the program's process."""

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


def _ended(outcome: Outcome, code: str = "") -> str:
    """Why a program did not end well, for people."""
    if outcome.kind in _WORDS:
        return f"{_WORDS[outcome.kind]} ({outcome.cpu_s:.2f} s of CPU)"
    if outcome.signal is not None:
        return f"killed by signal {outcome.signal}"
    tail = outcome.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return f"exit code {outcome.exit_code}" + (f": {tail[:200]}{_hint(tail, code)}" if tail else "")


_ALONE = "; programs may start no others (multiprocessing, subprocess)"
_HINTS = (
    ("No module named", "; packages= of the sandbox names what programs may import"),
    ("Operation not permitted", _ALONE),
    ("[Errno 38]", _ALONE),
    ("can't start new thread", "; the number of threads is limited"),
)
_STARTS = re.compile(r"\b(?:multiprocessing|ProcessPoolExecutor|subprocess|os\.(?:fork|system))\b")


def _hint(error: str, code: str) -> str:
    """What a known cause of failure is about, for people."""
    advice = next((hint for words, hint in _HINTS if words in error), "")
    is_refused = "[Errno" in error and _STARTS.search(code) is not None
    return advice or (_ALONE if is_refused else "")


def _is_fault(outcome: Outcome) -> bool:
    return outcome.kind in FAILED_BY_ITSELF or outcome.signal is not None


# --- standard input and output --------------------------------------------------------------------


@dataclass
class _Stdio(Grader):
    problem: StdioProblem = field(kw_only=True)
    batch: list[int] = field(default_factory=list)
    outputs: dict[int, str] = field(default_factory=dict)
    broken: dict[int, Ruling] = field(default_factory=dict)

    def due(self) -> list[Work]:
        if self.broken:
            return [self._checker(place, self._test(place).output) for place in self.broken]
        if self.outputs:
            return [self._checker(place, text) for place, text in self.outputs.items()]
        left = [i for i in range(len(self.problem.tests)) if i not in self.verdicts]
        if self._stops():
            left = []
        # one at a time costs a round each; twice as many each round costs few runs too many
        size = max(1, len(self.verdicts)) if self.rules.stop_at_first else len(left)
        self.batch = left[:size]
        return [self._program(self._test(place)) for place in self.batch]

    def _test(self, place: int) -> StdioTest:
        return self.problem.tests[place]

    def _program(self, test: StdioTest) -> Program:
        language = self.rules.language
        return Program(self.code, stdin=test.input, language=language, limits=self.rules.limits)

    def _checker(self, place: int, output: str) -> Program:
        kind = self.problem.layout.checker
        return checker.program(self.problem.checker, kind, self._test(place), output)

    def take(self, outcomes: Sequence[Outcome]) -> None:
        if self.broken:
            self._take_controls(outcomes)
        elif self.outputs:
            self._take_rulings(outcomes)
        else:
            super().take(outcomes)
            for place, outcome in zip(self.batch, outcomes, strict=True):
                self._take_run(place, outcome)

    def _take_run(self, place: int, outcome: Outcome) -> None:
        verdict = self._verdict(self._test(place), outcome)
        if verdict is None:
            self.outputs[place] = outcome.text
        else:
            self.verdicts[place] = verdict
        if outcome.kind == "compile":
            self._all_fail(_ended(outcome) + _last_error(outcome))

    def _take_rulings(self, outcomes: Sequence[Outcome]) -> None:
        rulings = dict(zip(self.outputs, map(self._ruling, outcomes), strict=True))
        self.outputs = {}
        self.broken = {place: r for place, r in rulings.items() if r.verdict == "broken"}
        for place, ruling in rulings.items():
            if ruling.verdict != "broken":
                self.verdicts[place] = self._ruled(place, ruling)

    def _take_controls(self, outcomes: Sequence[Outcome]) -> None:
        """A checker that broke was run on the correct output, which it must accept."""
        for (place, ruling), outcome in zip(self.broken.items(), outcomes, strict=True):
            control = self._ruling(outcome)
            if control.verdict != "accepted":
                why = control.why or ruling.why
                raise ScoringError(
                    f"the checker fails on the correct output of test {place + 1}: {why}",
                    fault="input",
                )
            why = f"the checker broke off on it: {ruling.why}"
            test = self._test(place)
            self.verdicts[place] = TestVerdict(False, why, points=test.points, group=test.group)
        self.broken = {}

    def _ruling(self, outcome: Outcome) -> Ruling:
        if outcome.kind == "sandbox":
            raise ScoringError(f"sandbox: {outcome.error}", fault="system")
        return checker.ruling(self.problem.layout.checker, outcome)

    def _ruled(self, place: int, ruling: Ruling) -> TestVerdict:
        test = self._test(place)
        marks = {"points": test.points, "group": test.group, "share": ruling.share}
        return TestVerdict(ruling.verdict == "accepted", ruling.why, **marks)

    def _all_fail(self, why: str) -> None:
        for place in range(len(self.problem.tests)):
            self.verdicts.setdefault(place, TestVerdict(False, why))

    def _verdict(self, test: StdioTest, outcome: Outcome) -> TestVerdict | None:
        """None where a checker has to decide."""
        marks = {"points": test.points, "group": test.group}
        if outcome.kind != "ok":
            return TestVerdict(False, _ended(outcome, self.code), _is_fault(outcome), **marks)
        if self.problem.checker:
            return None
        rules, layout = self.rules, self.problem.layout
        mode = rules.compare or layout.output
        difference = first_difference(
            outcome.text, test.output, mode=mode, tolerance=rules.tolerance
        )
        if difference and not (rules.compare or layout.says):
            difference += f" (compared by {mode}: {layout.name} have no published rule)"
        return TestVerdict(not difference, difference, **marks)


def _last_error(outcome: Outcome) -> str:
    lines = outcome.stderr.decode("utf-8", "replace").splitlines()
    error_line = next((line for line in lines if "error" in line), "")
    return f": {error_line[:200]}" if error_line else ""


# --- calls ----------------------------------------------------------------------------------------


@dataclass
class _Called(Grader):
    problem: CallProblem = field(kw_only=True)
    batch: list[list[int]] = field(default_factory=list)
    restarts: int = 0

    def due(self) -> list[Work]:
        left = [i for i in range(len(self.problem.tests)) if i not in self.verdicts]
        if not left or self._stops():
            return []
        self.batch = [[i] for i in left] if self.rules.isolate == "test" else [left]
        return [self._calls(places) for places in self.batch]

    def _calls(self, places: list[int]) -> Calls:
        tests = [self.problem.tests[place] for place in places]
        return Calls(
            self.code,
            self.problem.entry,
            tuple(test.arguments for test in tests),
            self.rules.limits,
            tuple(test.keywords for test in tests),
            self.problem.layout.fresh,
            awaits=not self.problem.layout.says,
        )

    def take(self, outcomes: Sequence[Outcome]) -> None:
        super().take(outcomes)
        for places, outcome in zip(self.batch, outcomes, strict=True):
            for place, reply in zip(places, outcome.replies, strict=False):
                self.verdicts[place] = self._verdict(self.problem.tests[place], reply)
            if len(outcome.replies) < len(places):
                self._broke_off(places[len(outcome.replies) :], outcome)
            elif outcome.kind == "memory":  # counted at the end; which call took it is not known
                self.verdicts[places[-1]] = self._marked(places[-1], False, _ended(outcome), True)

    def _broke_off(self, left: list[int], outcome: Outcome) -> None:
        """The first call without a reply is the one that ended the program; the others go on."""
        why = (
            _ended(outcome, self.code)
            if outcome.kind != "ok"
            else "ended its process before it returned"
        )
        is_fault = _is_fault(outcome) or outcome.kind == "ok"
        self.verdicts[left[0]] = self._marked(left[0], False, why, is_fault)
        self.restarts += 1
        never_ran = not outcome.replies and outcome.kind == "exit" and outcome.signal is None
        if outcome.kind in ("cpu", "wall") or never_ran or self.restarts > _MAX_RESTARTS:
            for place in left[1:]:
                self.verdicts[place] = self._marked(place, False, f"not reached: {why}", False)

    def _marked(self, place: int, passed: bool, why: str, is_fault: bool = False) -> TestVerdict:
        test = self.problem.tests[place]
        return TestVerdict(passed, why, is_fault, test.points, test.group)

    def _verdict(self, test: CallTest, reply: object) -> TestVerdict:
        marks = {"points": test.points, "group": test.group}
        if not isinstance(reply, dict) or "r" not in reply:
            name = reply.get("x", "?") if isinstance(reply, dict) else "?"
            message = reply.get("m", "") if isinstance(reply, dict) else ""
            why = f"raised {name}: {message}"[:300] + _hint(str(message), self.code)
            return TestVerdict(False, why, **marks)
        self.is_opaque |= returned.is_opaque(reply["r"])
        if returned.holds(self.problem, test, reply["r"]):
            return TestVerdict(True, **marks)
        expected = f"{test.truth}" if test.truth is not None else returned.show_value(test.expected)
        why = f"returned {returned.show_encoded(reply['r'])}, expected {expected}"
        layout = self.problem.layout
        if not layout.says:
            why += f" (compared as JSON: {layout.name} have no published rule)"
        return TestVerdict(False, why, **marks)


_GONE = "the other side is gone"
_ABSENT = re.compile(r"the program does not define '(\w+)'")
_ONE_FUNCTION = ("HumanEval", "LeetCodeDataset")


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
        report = outcome.checks[0] if outcome.checks else {}
        if report.get("fault") == "input":
            raise ScoringError(f"tests: {report.get('error')}", fault="input")
        self._check_helpers(f"{report.get('error')} {report.get('checks')}")
        for place, check in enumerate(report.get("checks", ())):
            error = str(check["error"])
            why = f"line {check['line']}: {error}"[:300] + _hint(error, self.code)
            self.verdicts[place] = TestVerdict(bool(check["ok"]), "" if check["ok"] else why)
        if report.get("opaque"):
            self.note = "some values stayed in the program's process"
            self.is_opaque = True
        if not report.get("finished") or not self.verdicts or outcome.kind == "memory":
            self._unfinished(outcome, str(report.get("error", "")))

    def _check_helpers(self, errors: str) -> None:
        """Rows whose tests call one function only: what else they lack is missing in the row."""
        entry, match = self.problem.entry, _ABSENT.search(errors)
        if match is None or entry is None or self.problem.layout.name not in _ONE_FUNCTION:
            return
        if match[1] != entry and defines(self.code, entry):
            raise ScoringError(
                f"tests: they use {match[1]!r}, which neither tests nor prompt define",
                fault="input",
            )

    def _unfinished(self, outcome: Outcome, error: str) -> None:
        ended = outcome.kind not in ("ok", "exit") or outcome.signal is not None
        why = _ended(outcome, self.code)
        if not ended and error and not (_GONE in error and outcome.stderr):
            why = error + _hint(error, self.code)
        self.verdicts[len(self.verdicts)] = TestVerdict(False, why[:300], _is_fault(outcome))


def share(verdicts: Sequence[TestVerdict], total: float) -> float:
    """Points earned out of `total`, from 0 to 1."""
    earned = math.fsum(verdict.earned for verdict in verdicts)
    return min(1.0, earned / total) if total > 0 else 0.0
