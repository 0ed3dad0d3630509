"""Rewards from running a response's program against tests, in the sandbox.

The expected answers never enter the process that runs the program, and the verdict never comes from
a channel that the program can write: see `docs/sandbox.md`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from plaudit.entry import entered
from plaudit.errors import ConfigError, DataError, ScoringError, did_you_mean
from plaudit.grading import extract, grade, layouts, rows
from plaudit.grading.compare import MODES, PUBLISHED, Mode
from plaudit.grading.problem import Problem, StdioProblem
from plaudit.options import changed, takes
from plaudit.rule import prompt_text
from plaudit.sandbox.outcome import Limits, Outcome, Work
from plaudit.sandbox.runner import runner_of
from plaudit.types import Fault, Group, Range, Response, Reward, Score

__all__ = ["passes"]

EXAMPLES = {
    "passes": {
        "columns": {
            "tests": ["assert add(1, 2) == 3", "assert add(0, 0) == 0"],
            "language": "python",
        }
    }
}
SHOWN = {"passes": layouts.described}
"""What `plaudit show` adds to a rule's documentation."""
_GIVES = ("all", "fraction", "groups")
_PLAIN_VALUES = ("accept", "require")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class _Passes:
    """The Reward that `passes` makes: its parameters are the fields."""

    give: Literal["all", "fraction", "groups"] = "all"
    stop_at_first: bool | None = None
    compare: Mode | None = None
    tolerance: float = 1e-6
    plain_values: Literal["accept", "require"] = "accept"
    cpu_s: float | None = None
    wall_s: float | None = None
    memory_mb: int | None = None
    isolate: Literal["program", "test"] = "program"
    language: str | None = None
    sandbox: Mapping[str, object] | None = None
    columns: Mapping[str, str] | None = None
    on_response_fault: float = 0.0
    range: Range = field(default=Range(0, 1), init=False)

    relative = False
    deterministic = True
    cpu_bound = False

    def __post_init__(self) -> None:
        choices = {"give": _GIVES, "compare": (*MODES, *PUBLISHED), "plain_values": _PLAIN_VALUES}
        for name, allowed in choices.items():
            choice = getattr(self, name)
            if choice is not None and choice not in allowed:
                close = did_you_mean(str(choice), allowed) or "."
                raise ConfigError(f"{name}={choice!r} is not one of {', '.join(allowed)}{close}")
        if self.isolate not in ("program", "test"):
            raise ConfigError(f"isolate must be 'program' or 'test', found {self.isolate!r}")
        Limits(**self.limits)  # reports a bad number now rather than at the first row
        for name in ("sandbox", "columns"):
            object.__setattr__(self, name, dict(getattr(self, name) or {}))

    @property
    def limits(self) -> dict[str, Any]:
        """The limits that are set."""
        limits = {name: getattr(self, name) for name in ("cpu_s", "wall_s", "memory_mb")}
        return {name: limit for name, limit in limits.items() if limit is not None}

    def __repr__(self) -> str:
        params = {name: param for name, param in changed(self).items() if param != {}}
        params |= {name: params.pop(name) for name in self.limits}  # these come last
        return f"load({', '.join([repr('rules.code.passes'), *_spelled(params)])})"

    @property
    def fault_value(self) -> float:
        """The score of a response whose program killed its process or hit a limit."""
        return float(self.on_response_fault)

    @property
    def fault_high(self) -> float:
        """The same where a negative weight turns the best value into the worst."""
        return 1.0

    def check(self, group: Group) -> None:
        """Reads the tests of a row without running anything. Raises DataError."""
        for response in group.responses[:1] or (Response(""),):
            self._problem(group, response)

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response. Raises DataError where a row's tests cannot be read."""
        groups = entered(groups)
        jobs = [[self._job(group, response) for response in group.responses] for group in groups]
        _work_through([job for row in jobs for job in row], runner_of(self.sandbox or {}))
        return [[job.score() for job in row] for row in jobs]

    def _job(self, group: Group, response: Response) -> _GradedResponse:
        problem = self._problem(group, response)
        language = self.language or problem.language or "python"
        entry = getattr(problem, "entry", None)
        program = extract.program_in(response.text, language=language, entry=entry)
        if program is None:
            return _GradedResponse(self, group.key, problem, None, "no program in the response")
        code = program.code
        if entry and getattr(problem, "prompt", ""):
            code = extract.complete(problem.prompt, code, entry)  # type: ignore[union-attr]
        if language == "python" and not (entry and entry not in code):
            # a prelude's own `gcd` is not the function that a response failed to write
            code = extract.with_prelude(problem.layout.prelude, code)
        rules = self._rules(problem, language)
        return _GradedResponse(
            self, group.key, problem, grade.grader(problem, code, rules), program.note
        )

    def _problem(self, group: Group, response: Response) -> Problem:
        columns = {"prompt": prompt_text(group), **group.columns, **response.columns}
        for column, name in (self.columns or {}).items():
            if name not in columns:
                raise DataError(f"no column {name!r} for {column!r}", where=f"row {group.key}")
            columns[column] = columns[name]
        try:
            return rows.problem_of(columns)
        except DataError as error:
            raise (error if error.where else error.at(f"row {group.key}")) from None

    def _rules(self, problem: Problem, language: str) -> grade.Rules:
        own = {"cpu_s": problem.cpu_s, "memory_mb": problem.memory_mb}
        limits = {k: v for k, v in own.items() if v is not None} | self.limits
        stop = self.give == "all" if self.stop_at_first is None else self.stop_at_first
        if language != "python" and not isinstance(problem, StdioProblem):
            message = f"calls and asserts are graded for Python only, found {language!r}"
            raise ConfigError(message) if self.language else DataError(message, field="language")
        return grade.Rules(
            compare=self.compare,
            tolerance=self.tolerance,
            limits=Limits(**limits),
            stop_at_first=stop,
            isolate=self.isolate,
            language=language,
        )


@takes(_Passes)
def passes(**params: Any) -> Reward:
    """From 0 (a test fails) up to 1 (every test passes): the program in a response against tests.

    The row may have any published layout: HumanEval, MBPP, EvalPlus, LiveCodeBench, APPS,
    CodeContests and others (`plaudit.grading.rows`), and answers compare as that layout's grader
    compares them (`plaudit.grading.layouts`). Rows that say no rule compare printed output by
    tokens, and returned values as JSON with floats within 1e-6; their notes say so. The program is
    the last fitting code block of the answer, or the answer itself where it is code.

    `give`: "all" (1 where all pass), "fraction" (points of the passed tests over all points),
    "groups" (points of the subtasks in which all pass). `stop_at_first`: end at the first failing
    test (default: where `give` is "all"). `compare` and `tolerance`: how standard output is
    compared in place of the layout's rule ("exact", "lines", "tokens", "float", or a published one:
    "stripped", "trimmed", "livecodebench", "verl", "apps", "codecontests"). `plain_values`: whether
    a verdict may rest on the word of an object that stayed in the program's process (a class of its
    own, a generator), or must fail with "require". `cpu_s`: CPU seconds, of one run with standard
    input, or of all calls together (default: the row's own limit, or 5); `wall_s`, `memory_mb`: see
    `plaudit.sandbox.Limits`. `isolate="test"` runs each call in a process of its own. `sandbox`:
    parameters of `plaudit.sandbox.Sandbox`, or ``{remote: plaudit, urls: [...]}`` ("plaudit",
    "sandbox_fusion", "piston") with those of `plaudit.sandbox.remote`.

    Parts: `passed`, `total`, `fraction`, `cpu_s`, `memory_mb`, `opaque` (1 where a verdict rests on
    an object of the program, else 0). The note tells the first failure. No program in the response:
    0. A program that kills its process or outruns a limit fails that test,
    with ``fault="response"``; a sandbox that failed is NaN with ``fault="system"``, tests that
    cannot be run NaN with ``fault="input"``.

    Raises: ConfigError for an unknown choice; at scoring DataError where tests are missing or
    malformed, and ConfigError where the sandbox's minimum cannot be enforced.

    >>> group = {"tests": ["assert add(1, 2) == 3"]}
    >>> from plaudit import Group, load
    >>> reward = load("rules.code.passes")
    >>> texts = ["def add(a, b): return a + b", "import os\\nos._exit(0)"]
    >>> [score.value for score in reward.score([Group("Add.", texts, group)])[0]]
    [1.0, 0.0]
    """
    return _Passes(**params)


@dataclass
class _GradedResponse:
    """One response on its way through the sandbox."""

    reward: _Passes
    row: str
    problem: Problem
    grader: grade.Grader | None
    note: str
    failure: ScoringError | None = None

    def due(self) -> list[Work]:
        if self.grader is None or self.failure is not None:
            return []
        return self.grader.due()

    def take(self, outcomes: list[Outcome]) -> None:
        assert self.grader is not None
        try:
            self.grader.take(outcomes)
        except ScoringError as error:
            self.failure = error

    def score(self) -> Score:
        if self.failure is not None:
            where = f"row {self.row}: " if self.failure.fault == "input" else ""
            return Score.unscored(f"{where}{self.failure}", fault=self.failure.fault)
        if self.grader is None:
            return Score(0.0, {"passed": 0.0, "fraction": 0.0}, note=self.note)
        verdicts = list(self.grader.verdicts.values())
        total = max(len(getattr(self.problem, "tests", ())), 1)
        if not isinstance(getattr(self.problem, "tests", ()), tuple):
            total = len(verdicts)
        passed = sum(verdict.passed for verdict in verdicts)
        parts = {
            "passed": float(passed),
            "total": float(total),
            "fraction": passed / total,
            "cpu_s": self.grader.cpu_s,
            "memory_mb": self.grader.memory_mb,
            "opaque": float(self.grader.is_opaque),
        }
        return self._valued(verdicts, parts)

    def _valued(self, verdicts: list[grade.TestVerdict], parts: dict[str, float]) -> Score:
        bad = next((verdict for verdict in verdicts if not verdict.passed), None)
        culprit = next((verdict for verdict in verdicts if verdict.is_fault), None)
        notes = [self.note, self.grader.note if self.grader else "", bad.why if bad else ""]
        note = "; ".join(text for text in notes if text) or None
        value = self._value(verdicts, parts)
        if parts["opaque"] and self.reward.plain_values == "require":
            why = "a verdict rests on an object of the program, and plain_values is 'require'"
            return Score(0.0, parts, note="; ".join(filter(None, [note, why])))
        if culprit is None:
            return Score(value, parts, note=note)
        fault: Fault = "response"
        if self.reward.give == "all":
            value = self.reward.fault_value
        return Score(value, parts, fault=fault, error=culprit.why, note=note)

    def _value(self, verdicts: list[grade.TestVerdict], parts: dict[str, float]) -> float:
        if self.reward.give == "all":
            return float(parts["passed"] == parts["total"])
        problem_tests = getattr(self.problem, "tests", ())
        tests = problem_tests if isinstance(problem_tests, tuple) else verdicts
        total = math.fsum(test.points for test in tests) or 1.0
        if self.reward.give == "fraction":
            return grade.share(verdicts, total)
        failed = {verdict.group for verdict in verdicts if not verdict.passed}
        whole = [verdict for verdict in verdicts if verdict.group not in failed]
        return grade.share(whole, total)


def _work_through(jobs: list[_GradedResponse], run_many: Any) -> None:
    """Runs in rounds: whatever the jobs need next is run together, until none needs anything."""
    while True:
        due = [(job, job.due()) for job in jobs]
        due = [(job, works) for job, works in due if works]
        if not due:
            return
        outcomes: Iterator[Outcome] = run_many(work for _, works in due for work in works)
        for job, works in due:
            job.take([next(outcomes) for _ in works])
        jobs = [job for job, _ in due]


def _spelled(params: Mapping[str, object]) -> list[str]:
    return [f"{name}={value!r}" for name, value in params.items()]
