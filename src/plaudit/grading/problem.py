"""What a program is graded on: tests as data, or test code. The answers stay with the grader."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from plaudit.grading.layouts import LAYOUTS, RowLayout, Values

__all__ = [
    "AssertProblem",
    "CallProblem",
    "CallTest",
    "Near",
    "Oracle",
    "Problem",
    "StdioProblem",
    "StdioTest",
    "Style",
]

Style = Literal["assert", "unittest", "pytest"]
Oracle = Literal["", "any", "set", "presence", "root"]
_CASES, _CODE = LAYOUTS["own cases"], LAYOUTS["test code"]


@dataclass(frozen=True, slots=True)
class StdioTest:
    """Standard input and the output that is expected. `group` names the subtask it belongs to."""

    input: str
    output: str
    group: str = ""
    points: float = 1.0


@dataclass(frozen=True, slots=True)
class Near:
    """A numeric comparison as test code writes it, with `a` the actual and `e` the expected value.

    "below": ``abs(a - e) < atol``; "within": ``abs(a - e) <= atol``; "isclose": `math.isclose`;
    "approx": ``a == pytest.approx(e)``; "round": ``round(a, digits) == e``.

    >>> Near("below", atol=1e-6).holds(0.3300000001, 0.33), Near("below", atol=0.1).holds("x", 1)
    (True, False)
    """

    form: Literal["below", "within", "isclose", "approx", "round"]
    atol: float = 0.0
    rtol: float = 0.0
    digits: int | None = None

    def holds(self, actual: object, expected: Any) -> bool:
        """Whether `actual` passes; only real numbers do (with others the test code would raise)."""
        if not isinstance(actual, int | float):
            return False
        try:
            return self._holds(actual, expected)
        except (OverflowError, ValueError):  # an int beyond float, round() of an infinity
            return False

    def _holds(self, actual: float, expected: float) -> bool:
        if self.form == "round":
            return round(actual, self.digits) == expected
        if self.form == "isclose":
            return math.isclose(actual, expected, rel_tol=self.rtol, abs_tol=self.atol)
        if self.form == "approx":
            # an infinity is near to nothing but itself
            bound = max(self.atol, self.rtol * abs(expected))
            is_near = math.isfinite(bound) and abs(actual - expected) <= bound
            return actual == expected or is_near
        distance = abs(actual - expected)
        return distance < self.atol if self.form == "below" else distance <= self.atol


@dataclass(frozen=True, slots=True)
class CallTest:
    """Arguments of one call and what it must return.

    One of four relations holds between the returned value and `expected`: equality (the default);
    truth, where `truth` is not None: ``bool(returned) == truth``; identity with True, False or
    None where `is_identical`; `near`. A value of `alternatives` is as good as `expected`: some
    published rows wrap each answer in a list and some do not.
    """

    arguments: tuple[Any, ...]
    expected: Any = None
    truth: bool | None = None
    group: str = ""
    points: float = 1.0
    is_identical: bool = False
    near: Near | None = None
    alternatives: tuple[Any, ...] = ()
    keywords: Mapping[str, object] = field(default_factory=dict)
    oracle: Oracle = ""


@dataclass(frozen=True, slots=True)
class StdioProblem:
    """A program that reads standard input; `checker` is a program that judges its output."""

    tests: tuple[StdioTest, ...]
    language: str | None = None
    cpu_s: float | None = None
    memory_mb: int | None = None
    checker: str = ""
    layout: RowLayout = field(default=_CASES, compare=False)


@dataclass(frozen=True, slots=True)
class CallProblem:
    """A function, or a method of a class `Solution`, called with data.

    `values`: how a returned value is compared with the expected one (`plaudit.grading.returned`).
    `tolerance`: how far a float may be from an expected float, where `values` leaves that open.
    `prompt`: the signature that a response may continue (`complete`).
    """

    entry: str
    tests: tuple[CallTest, ...]
    values: Values = "python"
    tolerance: float = 0.0
    language: str | None = None
    cpu_s: float | None = None
    memory_mb: int | None = None
    prompt: str = ""
    layout: RowLayout = field(default=_CODE, compare=False)


@dataclass(frozen=True, slots=True)
class AssertProblem:
    """Test code, which a process of its own runs; `setup` is run before it, there too."""

    tests: str
    setup: str = ""
    style: Style = "assert"
    entry: str | None = None
    language: str | None = None
    cpu_s: float | None = None
    memory_mb: int | None = None
    prompt: str = ""
    layout: RowLayout = field(default=_CODE, compare=False)


Problem = StdioProblem | CallProblem | AssertProblem
