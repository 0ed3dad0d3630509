"""A rule is a plain function; `lift` makes a Reward of it.

The positional parameters of the function are its inputs, the keyword-only ones its parameters:

    def ngram(response: str, *, n: int = 3, max_penalty: float = -1.0) -> float: ...

Inputs: `response` (text, without the end-of-turn marks at its end and with the opening think tag
that the prompt ends in: `plaudit.entry`; a rule with a parameter `prefilled` gets it as True for
such a response, and the unchanged text), `prompt` (text of the turn to answer, without that tag),
`messages` (the whole prompt), `reference`, `token_ids`, `finish_reason`, `response_messages` (the
turns of a response that carries more than text, such as tool calls; empty where it is text), any
column of the row, or `responses` for a group rule, which sees all responses of a prompt at once and
returns one value for each. In a group rule `token_ids`, `finish_reason`, `response_messages` and
columns that belong to responses are lists, one item a response. An input with a default may be
absent. A column whose value is None is absent.
"""

from __future__ import annotations

import functools
import inspect
import math
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from plaudit.entry import opening_of, with_opening, without_marks_group
from plaudit.errors import ConfigError, DataError, PlauditError, ScoringError, clipped, did_you_mean
from plaudit.text.think import starts_in
from plaudit.types import Fault, Group, Range, Response, Score

__all__ = [
    "ALIASES",
    "LISTS",
    "RESERVED",
    "AnyOf",
    "Rule",
    "column_of",
    "inputs_of",
    "lift",
    "prompt_text",
    "signature_of",
    "sources_of",
]

RESERVED = (
    "response",
    "responses",
    "prompt",
    "messages",
    "reference",
    "token_ids",
    "finish_reason",
    "response_messages",
)
ALIASES: Mapping[str, tuple[str, ...]] = {
    "reference": ("reference_answer", "solution", "answer", "ground_truth"),
    "expected_calls": ("tool_calls", "reference", "ground_truth"),
}
LISTS: Mapping[str, str] = {"reference": "references"}  # input: a column of acceptable values
_MISSING: Any = inspect.Parameter.empty
# Parts of a turn that are reasoning or tool calls: `data.door` has read them.
BESIDE_TEXT = ("thinking", "redacted_thinking", "reasoning", "tool_use", "refusal")
_PER_RESPONSE = ("token_ids", "finish_reason", "response_messages")


class AnyOf(tuple[Any, ...]):
    """Acceptable values of an input, any one of which is right: a row's column `references`."""

    __slots__ = ()


@dataclass(frozen=True, eq=False, repr=False)
class Rule:
    """A Reward around a plain function; made by `lift` or `load`."""

    fn: Callable[..., Any]
    path: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    on_response_fault: float | None = None
    inputs: Mapping[str, Any] = field(init=False)
    relative: bool = field(init=False)
    range: Range | None = field(init=False)
    _call: Callable[..., Any] = field(init=False)
    _prefilled: Callable[..., Any] | None = field(init=False)

    deterministic = True
    cpu_bound = True

    def __post_init__(self) -> None:
        signature = signature_of(self.fn)
        inputs = inputs_of(signature)
        _check_params(self.path, signature, self.params)
        _check_inputs(self.path, signature, inputs, self.columns)
        put = functools.partial(object.__setattr__, self)
        put("inputs", inputs)
        put("relative", "responses" in inputs)
        put("range", _range_of(self.fn, self.path, signature, self.params))
        put("_call", functools.partial(self.fn, **self.params) if self.params else self.fn)
        put("_prefilled", self._call_if_prefilled(signature))

    def _call_if_prefilled(self, signature: inspect.Signature) -> Callable[..., Any] | None:
        """The function with `prefilled=True`, if it has that parameter."""
        param = signature.parameters.get("prefilled")
        if param is None or param.kind is not inspect.Parameter.KEYWORD_ONLY or self.relative:
            return None
        return functools.partial(self.fn, **{**self.params, "prefilled": True})

    def __reduce__(self):
        return (Rule, (self.fn, self.path, self.params, self.columns, self.on_response_fault))

    def __repr__(self) -> str:
        extra = dict(self.params)
        if self.columns:
            extra["columns"] = dict(self.columns)
        if self.on_response_fault is not None:
            extra["on_response_fault"] = self.on_response_fault
        args = [repr(self.path), *(f"{k}={v!r}" for k, v in extra.items())]
        return f"load({', '.join(args)})"

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response. Raises DataError if a row lacks an input of the rule."""
        scored = []
        for group in groups:
            try:
                scored.append(self._score_entered(without_marks_group(group)))
            except DataError as error:
                raise (error if error.where else error.at(f"row {group.key}")) from None
        return scored

    @property
    def fault_value(self) -> float:
        """What a response earns that made itself impossible to score; NaN where undeclared."""
        return self._fault_end(self.range.low if self.range else math.nan)

    @property
    def fault_high(self) -> float:
        """The same where a negative weight turns the best value into the worst."""
        return self._fault_end(self.range.high if self.range else math.nan)

    def _fault_end(self, end: float | str) -> float:
        value = float(end if self.on_response_fault is None else self.on_response_fault)
        return value if math.isfinite(value) else math.nan

    def check(self, group: Group) -> None:
        """Reads the inputs of the rule from a group, without scoring.

        A module may name checks of its columns: ``CHECKS = {"rule": {"reference": function}}``. A
        check gets the parameters of the rule that it names, too.

        Raises: DataError where something is missing, or cannot be read.
        """
        checks = getattr(sys.modules.get(self.fn.__module__), "CHECKS", {})
        checks = checks.get(getattr(self.fn, "__name__", ""), {})
        group = with_opening(without_marks_group(group))
        for response in group.responses[:1] if self.relative else group.responses:
            for name in self.inputs:
                value = (
                    self._group_input(name, group)
                    if self.relative
                    else self._input(name, group, response)
                )
                if name in checks:
                    checks[name](value, **self._params_of(checks[name]))

    def _params_of(self, check: Callable[..., object]) -> Mapping[str, object]:
        names = inspect.signature(check).parameters
        return {name: value for name, value in self.params.items() if name in names}

    def _score_entered(self, group: Group) -> list[Score]:
        """The scores of a group without end marks; handles a prefilled think tag."""
        opening = opening_of(group)
        if opening and self._prefilled is not None:
            moved = with_opening(group)
            return [
                self._score_one(moved, response, self._call)
                if starts_in(response.text, opening)
                else self._score_one(moved, response, self._prefilled)
                for response in group.responses
            ]
        group = with_opening(group) if opening else group
        if self.relative:
            return self._score_group(group)
        return [self._score_one(group, response, self._call) for response in group.responses]

    def _score_one(self, group: Group, response: Response, call: Callable[..., object]) -> Score:
        inputs = [self._input(name, group, response) for name in self.inputs]
        score = self._guarded(inputs, call)
        return score if response.text else self._without_text(score, response)

    def _without_text(self, score: Score, response: Response) -> Score:
        """The score of a response without text, with the reason for that in its note."""
        reads_text = "response" in self.inputs and "response_messages" not in self.inputs
        if not reads_text or not (problem := _textless(response)):
            return score
        return replace(score, note=f"{problem}; {score.note}" if score.note else problem)

    def _score_group(self, group: Group) -> list[Score]:
        count = len(group.responses)
        inputs = [self._group_input(name, group) for name in self.inputs]
        try:
            values = self._call(*inputs)
        except Exception as error:  # a rule may raise anything; nothing may be lost
            return [self._failed(error)] * count
        if callable(getattr(values, "tolist", None)):  # numpy and torch
            values = values.tolist()
        if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != count:
            raise ConfigError(
                f"{self.path} returned {clipped(values)} for {count} responses;"
                " a group rule returns a list with one value for each"
            )
        return [self._as_score(value) for value in values]

    def _guarded(self, args: Sequence[object], call: Callable[..., object]) -> Score:
        try:
            return self._as_score(call(*args))
        except Exception as error:  # a rule may raise anything; nothing may be lost
            return self._failed(error)

    def _failed(self, error: Exception) -> Score:
        if isinstance(error, ScoringError):
            return self._blamed(error.fault, str(error))
        if isinstance(error, PlauditError):
            raise error
        return Score.unscored(_describe(error), fault="system")

    def _blamed(self, fault: Fault, message: str) -> Score:
        value = self.fault_value if fault == "response" else math.nan
        return Score(value, fault=fault, error=message)

    def _as_score(self, value: object) -> Score:
        if isinstance(value, Score):
            return self._checked(value)
        number = _number(value)
        if math.isfinite(number):
            return Score(number)
        return Score.unscored(
            f"{self.path} returned {clipped(value)}; expected a finite number or a Score",
            fault="system",
        )

    def _checked(self, score: Score) -> Score:
        """The rule's own Score, checked against the laws: finite, or unscored with a reason."""
        number = _number(score.value)
        if math.isfinite(number):
            return score if type(score.value) is float else replace(score, value=number)
        if score.error is None or score.fault is None:
            return Score.unscored(
                f"{self.path} returned {clipped(score)} without error and fault", fault="system"
            )
        return replace(score, value=self._blamed(score.fault, score.error).value)

    def _input(self, name: str, group: Group, response: Response) -> object:
        if name == "response":
            return _readable(response, group) if response.messages else response.text
        if name in _PER_RESPONSE and name not in self.columns:
            if name == "response_messages":
                return list(response.messages)
            value = getattr(response, name)
            return self._required(name, group, _MISSING) if value is None else value
        return self._shared_input(name, group, response)

    def _group_input(self, name: str, group: Group) -> object:
        if name == "responses":
            return [_readable(response, group) for response in group.responses]
        sources = sources_of(name, self.columns)
        if name in _PER_RESPONSE or any(s in r.columns for r in group.responses for s in sources):
            return [self._input(name, group, response) for response in group.responses]
        return self._shared_input(name, group, None)

    def _shared_input(self, name: str, group: Group, response: Response | None) -> object:
        if name not in self.columns:
            if name == "prompt":
                return prompt_text(group)
            if name == "messages":
                return group.prompt
        value = column_of(group, response, name, self.columns)
        if value is not _MISSING:
            return value
        if name in LISTS and name not in self.columns:
            value = _any_of(group, response, LISTS[name])
        return self._required(name, group, value)

    def _required(self, name: str, group: Group, value: object) -> object:
        if value is not _MISSING:
            return value
        default = self.inputs[name]
        if default is not _MISSING:
            return default
        source = self.columns.get(name, name)
        raise DataError(_missing(name, source, group, self.path), field=source)


def lift(
    fn: Callable[..., object],
    *,
    path: str | None = None,
    columns: Mapping[str, str] | None = None,
    on_response_fault: float | None = None,
    **params: object,
) -> Rule:
    """A Reward that calls `fn` for every response (or every group, if it takes `responses`).

    `columns` binds inputs to other column names; `on_response_fault` is the value of a response
    that made itself impossible to score (default: the low end of the function's declared Range).

    Raises: ConfigError for a parameter that the function does not take.

    >>> def shout(response: str, *, bonus: float = 1.0) -> float:
    ...     return bonus * response.isupper()
    >>> lift(shout, bonus=2.0).score([Group("hi", ["HI", "hi"])])[0][0].value
    2.0
    """
    if path is None:  # an object with __call__ is named by its class
        named = fn if hasattr(fn, "__qualname__") else type(fn)
        path = f"{named.__module__}:{named.__qualname__}"
    return Rule(fn, path, params, dict(columns or {}), on_response_fault)


def sources_of(name: str, binding: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The columns that may provide an input: the bound one, or its own name and its aliases.

    >>> sources_of("reference")[:3]
    ('reference', 'reference_answer', 'solution')
    """
    bound = (binding or {}).get(name)
    return (bound,) if bound else (name, *ALIASES.get(name, ()))


def column_of(
    group: Group,
    response: Response | None,
    name: str,
    binding: Mapping[str, str] | None = None,
) -> object:
    """The value of an input column, its own name first and then its aliases; else `_MISSING`.

    Raises: DataError where two aliases are present and the name itself is not.
    """
    places = (group.columns,) if response is None else (response.columns, group.columns)
    own = (binding.get(name) if binding else None) or name
    for columns in places:
        if (value := columns.get(own)) is not None:
            return value
    aliases = sources_of(name, binding)[1:]
    values_by_alias = {
        alias: columns[alias]
        for alias in aliases
        for columns in reversed(places)  # the response's own value is the last and wins
        if columns.get(alias) is not None
    }
    if len(values_by_alias) > 1:
        raise DataError(
            f"ambiguous: the row has {', '.join(values_by_alias)};"
            f" bind one with columns: {{{name}: {next(iter(values_by_alias))}}}",
            where=f"row {group.key}",
            field=name,
        )
    return next(iter(values_by_alias.values()), _MISSING)


def _any_of(group: Group, response: Response | None, column: str) -> object:
    """The values of a column that lists acceptable ones; else `_MISSING`."""
    value = None if response is None else response.columns.get(column)
    value = group.columns.get(column) if value is None else value
    if value is None:
        return _MISSING
    if callable(getattr(value, "tolist", None)):  # numpy
        value = value.tolist()
    return AnyOf(value) if isinstance(value, list | tuple) else AnyOf((value,))


def prompt_text(group: Group) -> str:
    """The text of the turn to answer. Raises DataError for a part that is not text."""
    if not group.prompt:
        return ""
    content = group.prompt[-1].get("content") or ""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list | tuple) else [content]
    return "".join(_text_of(part, group, "prompt") for part in parts)


def _text_of(part: object, group: Group, field: str) -> str:
    if isinstance(part, Mapping) and isinstance(part.get("text"), str):
        return part["text"]
    raise DataError(
        f"a text rule cannot read the part {clipped(part)}", where=f"row {group.key}", field=field
    )


def _readable(response: Response, group: Group) -> str:
    """The text of a response. Raises DataError if it contains an image or the like."""
    if response.messages and isinstance(parts := response.messages[-1].get("content"), list):
        for part in parts:
            if not (isinstance(part, Mapping) and part.get("type") in BESIDE_TEXT):
                _text_of(part, group, "response")
    return response.text


def _textless(response: Response) -> str:
    """Why a response has no text, according to its turns."""
    last = response.messages[-1] if response.messages else {}
    if last.get("tool_calls"):
        return "the response has no text: its turn makes tool calls"
    is_empty = bool(last) and not last.get("content")
    return "the response has no text: its turn is empty" if is_empty else ""


def inputs_of(signature: inspect.Signature) -> dict[str, object]:
    """The inputs of a rule with their defaults (`inspect.Parameter.empty` where there is none).

    >>> inputs_of(inspect.signature(lambda response, reference="", *, n=3: 0.0))["reference"]
    ''
    """
    return {
        p.name: p.default
        for p in signature.parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    }


def signature_of(fn: Callable[..., Any]) -> inspect.Signature:
    """The signature of a callable. Raises ConfigError if Python cannot determine it.

    Annotations that a module keeps as text print without quotes.
    """
    try:
        signature = inspect.signature(fn)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{fn!r} has no readable signature: {error}") from None
    params = [p.replace(annotation=_unquoted(p.annotation)) for p in signature.parameters.values()]
    return inspect.Signature(params, return_annotation=_unquoted(signature.return_annotation))


class _Unquoted(str):
    __slots__ = ()
    __repr__ = str.__str__


def _unquoted(annotation: object) -> object:
    return _Unquoted(annotation) if isinstance(annotation, str) else annotation


def _tail(path: str) -> str:
    return path.rpartition(":")[2].rpartition(".")[2]


def _check_params(path: str, signature: inspect.Signature, params: Mapping[str, object]) -> None:
    names = [p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    for name in params:
        if name not in names and not takes_any:
            raise ConfigError(
                f"{path} has no parameter {name!r}{did_you_mean(name, names) or '.'}"
                f" Signature: {_tail(path)}{signature}"
            )
    needed = [
        p.name
        for p in signature.parameters.values()
        if p.kind is p.KEYWORD_ONLY and p.default is _MISSING and p.name not in params
    ]
    if needed:
        raise ConfigError(
            f"{path} needs the parameter {', '.join(needed)}. Signature: {_tail(path)}{signature}"
        )


def _check_inputs(
    path: str,
    signature: inspect.Signature,
    inputs: Mapping[str, object],
    columns: Mapping[str, str],
) -> None:
    if {"response", "responses"} <= inputs.keys():
        raise ConfigError(f"{path} reads both response and responses; a rule takes one of them")
    free = [name for name in inputs if name not in ("response", "responses")]
    for name in columns:
        if name not in free:
            raise ConfigError(
                f"{path} reads no column {name!r}{did_you_mean(name, free) or '.'}"
                f" Signature: {_tail(path)}{signature}"
            )


def _number(value: Any) -> float:
    """The float in a Python, numpy or torch scalar; NaN if there is none."""
    if type(value) is float:
        return value
    if value is None or isinstance(value, str | bytes):  # float("1") is a number, "1" a mistake
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):  # torch: RuntimeError
        return math.nan


def _range_of(
    fn: Callable[..., object], path: str, signature: inspect.Signature, params: Mapping[str, object]
) -> Range | None:
    if "Range" not in str(signature.return_annotation):
        return None
    try:
        hints = typing.get_type_hints(fn, include_extras=True)
    except NameError as error:
        raise ConfigError(f"{path}: the annotations cannot be read: {error}") from None
    stack: list[Any] = [hints.get("return")]
    while stack:
        hint = stack.pop()
        if typing.get_origin(hint) is Annotated:
            for extra in hint.__metadata__:
                if isinstance(extra, Range):
                    low, high = (_end(end, path, signature, params) for end in extra)
                    return Range(low, high)
        stack.extend(typing.get_args(hint))
    return None


def _end(
    end: float | str, path: str, signature: inspect.Signature, params: Mapping[str, Any]
) -> float:
    if not isinstance(end, str):
        return float(end)
    if end not in signature.parameters:
        raise ConfigError(f"{path}: its Range names {end!r}, which is not one of its parameters")
    value = params.get(end, signature.parameters[end].default)
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{path}: {end}={clipped(value)} must be a number") from None


def _missing(name: str, source: str, group: Group, path: str) -> str:
    if name in _PER_RESPONSE and source == name:
        return f"the response carries no {name}, which {path} reads"
    columns = {**group.columns, **(group.responses[0].columns if group.responses else {})}
    names = [key if value is not None else f"{key} (null)" for key, value in columns.items()]
    aliases = sources_of(name)[1:] if source == name else ()
    also = f" (or {', '.join(aliases)})" if aliases else ""
    return (
        f"missing column{also}, which {path} reads;"
        f" the row has {', '.join(names) or 'no columns'}"
        f"{did_you_mean(source, columns) or '.'} Bind another with columns: {{{name}: NAME}}"
    )


def _describe(error: Exception) -> str:
    """The error with the line of the rule that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = ""
    if trace is not None:
        code = trace.tb_frame.f_code
        place = f" at {code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
    return f"{type(error).__name__}: {clipped(str(error), limit=200)}{place}"
