"""The python grader: ``grade(sample, item)`` of a source, run in the sandbox."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.entry import entered
from plaudit.errors import ConfigError, clipped
from plaudit.grading.grader import Namespaces, SampleError, TextGrader
from plaudit.sandbox.inside import values
from plaudit.sandbox.outcome import FAILED_BY_ITSELF, Calls, Limits, Outcome
from plaudit.sandbox.runner import runner_of
from plaudit.text.think import Part
from plaudit.types import Group, Response, Score

__all__ = ["PythonGrader"]

_MOST_BYTES = 256_000
_RUNTIME, _SERVER = "python_grader_runtime_error", "python_grader_server_error"


class PythonGrader(TextGrader):
    """Runs the source once for each response."""

    cpu_bound = False
    fault_high = math.nan  # a source may return any number

    def __init__(
        self, params: Mapping[str, Any], source: str, cpu_s: float, memory_mb: int,
        sandbox: Mapping[str, Any], view: Part, on_response_fault: float,
        pass_threshold: float | None,
    ) -> None:  # fmt: skip
        super().__init__("rules.grader.python", params, {}, view, on_response_fault, pass_threshold)
        _check(source)
        self.source, self.sandbox = source, dict(sandbox)
        self.limits = Limits(cpu_s=cpu_s, wall_s=max(cpu_s, 2.0), memory_mb=memory_mb)

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response."""
        samples = [
            [self._sample(group, response) for response in group.responses]
            for group in entered(groups)
        ]
        calls = [
            Calls(self.source, "grade", ((sample, item),), self.limits)
            for row in samples
            for sample, item in row
        ]
        outcomes = iter(runner_of(self.sandbox)(calls)) if calls else iter(())
        return [[self._graded(next(outcomes), sample) for sample, _ in row] for row in samples]

    def _sample(self, group: Group, response: Response) -> tuple[dict[str, Any], dict[str, Any]]:
        names = Namespaces(group, response, self.view)
        sample = {name: names.sample[name] for name in names.sample if name != "output_json"}
        try:
            sample["output_json"] = names.sample["output_json"]
        except SampleError:
            sample["output_json"] = None
        return sample, names.item

    def _graded(self, outcome: Outcome, sample: Mapping[str, Any]) -> Score:
        if outcome.kind == "sandbox":
            return Score.unscored(f"{_SERVER}: {outcome.error}", fault="system")
        if outcome.replies:
            return self._read(outcome.replies[0], sample)
        if outcome.kind in FAILED_BY_ITSELF:
            error = f"{_RUNTIME}: ended by its limit: {outcome.kind}"
            return Score(self.fault_value, fault="response", error=error)
        last = outcome.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return self._failed(f"ended before grade returned: {last}", sample)

    def _read(self, reply: Any, sample: Mapping[str, Any]) -> Score:
        """The number in the reply of the source's process, which may hold anything."""
        if not isinstance(reply, dict) or "r" not in reply:
            exception = reply if isinstance(reply, dict) else {}
            return self._failed(f"grade raised {exception.get('x')}: {exception.get('m')}", sample)
        try:
            number = values.decode(reply["r"])
        except values.Malformed:
            number = None
        if not isinstance(number, int | float) or not math.isfinite(number):
            return self._failed(f"grade returned {clipped(number)}, not a finite number", sample)
        return self.marked(Score(float(number)))

    def _failed(self, why: str, sample: Mapping[str, Any]) -> Score:
        if sample["output_json"] is None and "output_json" in self.source:
            return self.blamed(f"the response is not JSON, and {why}")
        return Score.unscored(f"{_RUNTIME}: {why}", fault="system")


def _check(source: Any) -> None:
    """Raises ConfigError for a source without a function `grade` of two arguments."""
    if not isinstance(source, str) or len(source.encode("utf-8", "surrogatepass")) > _MOST_BYTES:
        raise ConfigError(f"source: expected Python of at most 256 kB, found {clipped(source)}")
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ConfigError(f"source: not Python: {error}") from None
    functions = [n for n in body if isinstance(n, ast.FunctionDef) and n.name == "grade"]
    if not functions:
        raise ConfigError("source: it must define grade(sample, item) at its top level")
    arguments = functions[-1].args
    if len(arguments.posonlyargs) + len(arguments.args) != 2 and arguments.vararg is None:
        raise ConfigError("source: grade takes exactly two arguments, sample and item")
