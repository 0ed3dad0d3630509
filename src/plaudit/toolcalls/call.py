"""One tool call, and how it is built from a parsed text or column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from plaudit.text.literals import read_json

__all__ = ["ToolCall", "broken", "call_of", "call_of_parts", "listed_calls"]

_NAMES = ("name", "tool_name")
_ARGUMENTS = ("arguments", "parameters")


class ToolCall(NamedTuple):
    """One call; a broken call has an empty name and its error in `problem`."""

    name: str
    arguments: Mapping[str, Any]
    problem: str = ""


def broken(problem: str) -> ToolCall:
    """A call that cannot be read.

    >>> broken("not closed").name
    ''
    """
    return ToolCall("", {}, problem)


def call_of(value: object) -> ToolCall:
    """The call in ``{"name", "arguments"}``, also nested inside ``function``.

    `parameters` (Llama) and `input` (Anthropic) are read as `arguments`, `tool_name` (Cohere) as
    `name`.

    >>> call_of({"tool_name": "f", "parameters": {"a": 1}})
    ToolCall(name='f', arguments={'a': 1}, problem='')
    """
    if isinstance(value, Mapping) and isinstance(value.get("function"), Mapping):
        value = value["function"]
    if not isinstance(value, Mapping):
        return broken("a call must be a mapping with name and arguments")
    names = [key for key in _NAMES if key in value]
    arguments = [key for key in _ARGUMENTS if key in value] or [k for k in ("input",) if k in value]
    if len(arguments) != 1 or len(names) > 1:
        return broken("a call must have a name and arguments")
    return call_of_parts(value[names[0]] if names else None, value[arguments[0]])


def call_of_parts(name: object, arguments: object) -> ToolCall:
    """A call from its name and arguments: a mapping, its JSON text, or None for no arguments.

    >>> call_of_parts("f", '{"a": 1}').arguments, call_of_parts("f", "[1]").problem
    ({'a': 1}, "the arguments of 'f' are not a mapping")
    """
    if not isinstance(name, str) or not name.strip():
        return broken("a call without a name")
    if isinstance(arguments, str):
        try:
            arguments = read_json(arguments) if arguments.strip() else {}
        except ValueError as error:
            return broken(f"arguments of {name[:40]!r}: {error}")
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, Mapping):
        return broken(f"the arguments of {name[:40]!r} are not a mapping")
    return ToolCall(name.strip(), arguments)


def listed_calls(value: object) -> list[Any]:
    """The items of a list of calls, of OpenAI's ``{"tool_calls": [...]}``, or one call.

    >>> listed_calls({"tool_calls": [1, 2]}), listed_calls({"name": "f"})
    ([1, 2], [{'name': 'f'}])
    """
    if isinstance(value, Mapping):
        if isinstance(value.get("tool_calls"), list | tuple):
            return list(value["tool_calls"])
        return [value.get("function_call", value)]
    return list(value) if isinstance(value, list | tuple) else [value]
