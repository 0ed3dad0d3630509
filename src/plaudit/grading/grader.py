"""What OpenAI's graders share: the names `item` and `sample`, and faults by the API's flags."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from plaudit.entry import entered
from plaudit.errors import ConfigError, DataError, clipped
from plaudit.spelled import Spelled
from plaudit.text.moustache import Moustache, NoValue, moustache
from plaudit.text.think import Part, part_of
from plaudit.types import Group, Response, Score

__all__ = [
    "Namespaces",
    "SampleError",
    "TextGrader",
    "check_item",
    "check_view",
    "fill",
    "finite",
    "item_of",
    "sample_fault",
    "slots_of",
    "with_passed",
]

_OF_SAMPLES = ("output_text", "output_json", "output_tools", "choices")


class SampleError(Exception):
    """A response that lacks what the grader reads of it."""


class Namespaces(Mapping[str, Any]):
    """`item` and `sample` of one response; JSON is parsed only where a grader reads it."""

    def __init__(self, group: Group, response: Response, view: Part) -> None:
        self.item = item_of(group, response)
        self.sample = _Sample(response, part_of(response.text, view))

    def __getitem__(self, name: str) -> Any:
        return {"item": self.item, "sample": self.sample}[name]

    def __iter__(self) -> Iterator[str]:
        return iter(("item", "sample"))

    def __len__(self) -> int:
        return 2


class _Sample(Mapping[str, Any]):
    """The response as the API's `sample`."""

    def __init__(self, response: Response, text: str) -> None:
        self.response, self.text = response, text

    def __getitem__(self, name: str) -> Any:
        if name == "output_text":
            return self.text
        if name == "output_json":
            return _json_of(self.text)
        if name == "output_tools":
            return self._last_turn().get("tool_calls") or []
        if name == "choices":
            message = {"role": "assistant", **self._last_turn(), "content": self.text}
            reason = self.response.finish_reason
            return [{"index": 0, "message": message, "finish_reason": reason}]
        raise KeyError(name)

    def _last_turn(self) -> Mapping[str, Any]:
        return self.response.messages[-1] if self.response.messages else {}  # type: ignore[return-value]

    def __iter__(self) -> Iterator[str]:
        return iter(_OF_SAMPLES)

    def __len__(self) -> int:
        return len(_OF_SAMPLES)


def item_of(group: Group, response: Response) -> dict[str, Any]:
    """The row as the API's `item`: the columns of the group and of the response."""
    return {**group.columns, **response.columns}


def _json_of(text: str) -> Any:
    """The JSON that a whole response is. Raises SampleError where it is none, or repeats a key."""
    try:
        return json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise SampleError(f"the response is not JSON: {clipped(str(error))}") from None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError("an object repeats a key")
    return mapping


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def slots_of(**texts: Any) -> dict[str, Moustache]:
    """The texts of a grader, cut at their variables.

    Raises: ConfigError naming the field, also for a part of the sample that there is not.
    """
    slots = {}
    for name, text in texts.items():
        try:
            slots[name] = moustache(text)
        except ConfigError as error:
            raise ConfigError(f"{name}: {error}") from None
        for variable in slots[name].variables:
            if variable.namespace == "sample" and variable.path[0] not in _OF_SAMPLES:
                raise ConfigError(
                    f"invalid_variable_error: {name}: {{{{{variable}}}}}: a sample has"
                    f" {', '.join(_OF_SAMPLES)}"
                )
    return slots


def finite(name: str, number: Any) -> float:
    """A parameter that must be a finite number. Raises ConfigError."""
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise ConfigError(f"{name}={clipped(number)} must be a finite number")
    return float(number)


def fill(slot: Moustache, names: Mapping[str, Any], group: Group) -> str:
    """A text with its variables filled in. Raises DataError (the row's) or SampleError."""
    try:
        return slot.fill(names)
    except NoValue as error:
        if error.namespace == "sample":
            raise SampleError(str(error)) from None
        raise DataError(f"invalid_variable_error: {error}", where=f"row {group.key}") from None


def check_item(slots: Iterable[Moustache], group: Group) -> None:
    """Reads the variables of a row. Raises DataError where one has no value."""
    for response in group.responses[:1]:
        item = {"item": item_of(group, response)}
        for slot in slots:
            own = tuple(v for v in slot.variables if v.namespace == "item")
            fill(Moustache(own), item, group)


def sample_fault(value: float, why: str) -> Score:
    """The score of a response that lacks what the grader reads."""
    return Score(value, fault="response", error=f"sample_parse_error: {why}")


def with_passed(score: Score, threshold: float | None) -> Score:
    """The score with the part `passed` where there is a threshold."""
    if threshold is None or not score.is_scored:
        return score
    return replace(score, parts={**score.parts, "passed": float(score.value >= threshold)})


def check_view(view: Part) -> Part:
    """The view. Raises ConfigError for another."""
    if view not in ("answer", "think", "all"):
        raise ConfigError(f"view={view!r} must be answer, think or all")
    return view


class TextGrader(Spelled):
    """A reward that fills texts with the row and the response, and grades them.

    A variable of the row that has no value is a DataError; one of the response (it is not JSON,
    lacks a field, calls no tool) is the response's fault: it earns `on_response_fault`.
    """

    relative = False
    deterministic = True
    cpu_bound = True
    fault_high = 1.0

    def __init__(
        self, path: str, params: Mapping[str, Any], slots: Mapping[str, Moustache], view: Part,
        on_response_fault: float, pass_threshold: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(path, {k: v for k, v in params.items() if v is not None and v != ""})
        self.slots = dict(slots)
        self.view: Part = check_view(view)
        self.fault_value = finite("on_response_fault", on_response_fault)
        self.threshold = None if pass_threshold is None else finite("threshold", pass_threshold)

    def check(self, group: Group) -> None:
        """Reads the variables of the row. Raises DataError where one has no value."""
        check_item(self.slots.values(), group)

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response. Raises DataError where the row lacks a variable."""
        return [
            [self._score(group, response) for response in group.responses]
            for group in entered(groups)
        ]

    def _score(self, group: Group, response: Response) -> Score:
        try:
            return self.marked(self.grade(self.texts(group, response)))
        except SampleError as error:
            return self.blamed(str(error))

    def texts(self, group: Group, response: Response) -> dict[str, str]:
        """The texts with their variables filled in. Raises DataError and SampleError."""
        names = Namespaces(group, response, self.view)
        return {name: fill(slot, names, group) for name, slot in self.slots.items()}

    def blamed(self, why: str) -> Score:
        """The score of a response that lacks what the grader reads."""
        return sample_fault(self.fault_value, why)

    def marked(self, score: Score) -> Score:
        """The score with the part `passed` where there is a threshold."""
        return with_passed(score, self.threshold)

    def grade(self, texts: Mapping[str, str]) -> Score:
        """The grade of the filled texts."""
        raise NotImplementedError
