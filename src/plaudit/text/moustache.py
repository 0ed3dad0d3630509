"""Texts with variables in double braces, as OpenAI's graders write them: ``{{ item.answer }}``.

A variable is a namespace (`item` or `sample`) and a path: ``.name``, ``[0]``, ``["any name"]``.
All variables are replaced in one pass, so a value cannot open another. A text stands as it is,
every other value as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from plaudit.errors import ConfigError, clipped

__all__ = ["Moustache", "NoValue", "Variable", "moustache", "value_at"]

NAMESPACES = ("item", "sample")
_SLOT = re.compile(r"\{\{(.{0,1000}?)\}\}", re.DOTALL)
_STEP = r"""\.([^\W\d][\w-]*)|\[(\d{1,9})\]|\["([^"\]]+)"\]|\['([^'\]]+)'\]"""
_VARIABLE = re.compile(rf"\s*(item|sample)((?:{_STEP})+)\s*")
_STEPS = re.compile(_STEP)


class NoValue(LookupError):
    """A variable that has no value: `namespace` says where it was looked for."""

    def __init__(self, namespace: str, message: str) -> None:
        super().__init__(message)
        self.namespace = namespace


class Variable(NamedTuple):
    """A namespace and the path in it: names of mappings, places of lists."""

    namespace: str
    path: tuple[str | int, ...]

    def __str__(self) -> str:
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return self.namespace + "".join(steps)


@dataclass(frozen=True)
class Moustache:
    """A text cut at its variables."""

    pieces: tuple[str | Variable, ...]

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables, in order."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Variable))

    def fill(self, namespaces: Mapping[str, Any]) -> str:
        """The text with the variables' values.

        Raises: NoValue for the first variable without one.
        """
        return "".join(
            piece if isinstance(piece, str) else _text_of(piece, namespaces)
            for piece in self.pieces
        )


def moustache(text: str) -> Moustache:
    """The text, cut at its variables.

    Raises: ConfigError for what is in double braces and is no variable.

    >>> moustache("{{ item.a }} or {{item.rest[0]}}").fill({"item": {"a": 2, "rest": "b"}})
    Traceback (most recent call last):
    plaudit.text.moustache.NoValue: {{item.rest[0]}}: item.rest is a text, not a list
    >>> moustache("{{item.rest[0]}} {x}").fill({"item": {"rest": ["{{item.rest}}"]}})
    '{{item.rest}} {x}'
    """
    if not isinstance(text, str):
        raise ConfigError(f"expected a text with variables in it, found {clipped(text)}")
    pieces: list[str | Variable] = []
    end = 0
    for slot in _SLOT.finditer(text):
        pieces += [text[end : slot.start()], _variable(slot)]
        end = slot.end()
    pieces.append(text[end:])
    return Moustache(tuple(piece for piece in pieces if piece != ""))


def _variable(slot: re.Match[str]) -> Variable:
    match = _VARIABLE.fullmatch(slot[1])
    if match is None:
        raise ConfigError(
            f"{clipped(slot[0])}: in double braces goes a variable, {{{{item.NAME}}}} or"
            " {{sample.output_text}}"
        )
    steps = [
        int(place) if place else name or double or single
        for name, place, double, single in _STEPS.findall(match[2])
    ]
    return Variable(match[1], tuple(steps))


def value_at(variable: Variable, namespaces: Mapping[str, Any]) -> Any:
    """What the variable names. Raises NoValue where there is nothing, null included."""
    value, place = namespaces[variable.namespace], variable.namespace
    for step in variable.path:
        value = _native(value)
        is_place = isinstance(step, int)
        kind = Sequence if is_place else Mapping
        if not isinstance(value, kind) or isinstance(value, str):
            expected = "a list" if is_place else "a mapping"
            raise _no_value(variable, f"{place} is {_kind_of(value)}, not {expected}")
        try:
            value = value[step]  # type: ignore[index]
        except LookupError:
            raise _no_value(variable, f"{place} has no {step!r}") from None
        place += f"[{step}]" if is_place else f".{step}"
    value = _native(value)
    if value is None or value != value:
        raise _no_value(variable, f"{place} is {value}")
    return value


def _no_value(variable: Variable, why: str) -> NoValue:
    return NoValue(variable.namespace, f"{{{{{variable}}}}}: {why}")


def _kind_of(value: Any) -> str:
    return "a text" if isinstance(value, str) else f"a {type(value).__name__}"


def _text_of(variable: Variable, namespaces: Mapping[str, Any]) -> str:
    value = value_at(variable, namespaces)
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=_json_form)
    except (TypeError, ValueError, RecursionError) as error:
        raise _no_value(variable, f"{clipped(value)} is not JSON: {error}") from None


def _native(value: Any) -> Any:
    """A number or array of numpy as Python has it; everything else as it is."""
    return value.tolist() if callable(getattr(value, "tolist", None)) else value


def _json_form(value: Any) -> Any:
    native = _native(value)
    if native is not value:
        return native
    raise TypeError(f"{type(value).__name__} has no JSON form")
