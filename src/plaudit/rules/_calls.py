"""Tool calls: read from the text of a response in the common formats, and from a column of gold.

A response is read in the first of these formats of which it holds a mark:

1. ``<tool_call>{json}</tool_call>`` (Hermes, Qwen), ``<functioncall> {json}`` (Glaive),
   ``[TOOL_CALLS] [json]`` (Mistral), ``<|python_tag|>{json}`` (Llama);
2. ``Action: name`` and ``Action Input: {json}`` lines (ReAct);
3. the whole text as JSON: a call, a list of calls, or OpenAI's ``{"tool_calls": [...]}``;
4. the whole text as Python: ``f(a=1)`` or ``[f(a=1), g()]``;
5. fenced blocks marked json, python, tool_call or tool_code.

What stands in the think block is no call. What is marked as a call and cannot be read is a broken
call: it is counted, so that it cannot hide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from plaudit.errors import DataError, clipped
from plaudit.fences import fenced_blocks
from plaudit.rules._literal import is_deep, read_json, read_python, read_python_calls
from plaudit.think import split

__all__ = ["Call", "Gold", "calls_in", "gold_calls", "react_fields", "with_parsed"]


class Call(NamedTuple):
    """One call; a broken one has no name, and says in `problem` what is wrong with it."""

    name: str
    arguments: Mapping[str, Any]
    problem: str = ""


class Gold(NamedTuple):
    """An expected call: for each argument the values that are right.

    `optional` names the arguments that may be left out; `is_nested` says that the members of a
    mapping are lists of right values too, as in BFCL's possible answers.
    """

    name: str
    arguments: Mapping[str, Sequence[Any]]
    optional: frozenset[str] = frozenset()
    is_nested: bool = False


_MARK = re.compile(
    r"<tool_call>|</tool_call>|<functioncall>|</functioncall>|<\|endoftext\|>"
    r"|\[TOOL_CALLS\]|<\|python_tag\|>"
)
_ENDS = {"<tool_call>": "</tool_call>"}
_FIELD = re.compile(
    r"^[ \t]{0,3}(Thought|Action Input|Action|Observation|Final Answer)[ \t]*:", re.MULTILINE
)
_LANGUAGES = ("json", "python", "py", "tool_call", "tool_calls", "tool_code")


def calls_in(response: str) -> list[Call]:
    """The calls that a response makes, broken ones among them.

    >>> calls_in('<tool_call>{"name": "add", "arguments": {"a": 1}}</tool_call>')
    [Call(name='add', arguments={'a': 1}, problem='')]
    """
    text = split(response).answer.strip()
    if _MARK.search(text):
        return list(_marked(text))
    if fields := react_fields(text):
        return list(_react(fields))
    return _whole(text) or list(_fenced(text))


def gold_calls(value: Any, field: str) -> list[Gold]:
    """The expected calls of a column: a list of calls, one call, or a text that holds them.

    A call is ``{"name", "arguments"}``, also inside OpenAI's ``function``; or BFCL's possible
    answer ``{name: {argument: [right values]}}``, where "" among the values makes an argument
    optional.

    Raises: DataError for anything else.
    """
    found = with_parsed(value, field)
    if isinstance(found, str):
        calls = calls_in(found)
        if not calls:
            raise DataError(f"no tool call in {clipped(found)}", field=field)
    else:
        items = _listed(found)
        if items and all(_is_possible_answer(item) for item in items):
            return [_possible(item) for item in items]
        calls = [_call(item) for item in items]
    for call in calls:
        if call.problem:
            raise DataError(f"{call.problem}, found {clipped(value)}", field=field)
    return [Gold(c.name, {k: [v] for k, v in c.arguments.items()}) for c in calls]


def with_parsed(value: Any, field: str) -> Any:
    """A column's value; a text that holds JSON is read, arrays become lists.

    Raises: DataError for nesting deeper than any reader here goes.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, str):
        try:
            return read_json(value)
        except ValueError:
            return value
    if is_deep(value):
        raise DataError(f"nested too deeply: {clipped(type(value))}", field=field)
    return value


def react_fields(text: str) -> list[tuple[str, str]]:
    """The labelled fields of a ReAct text and what stands before the first, labelled "".

    Empty where no line begins with ``Action:``.

    >>> react_fields("Thought: look\\nAction: find\\nAction Input: {}")
    [('', ''), ('Thought', 'look'), ('Action', 'find'), ('Action Input', '{}')]
    """
    marks = list(_FIELD.finditer(text))
    if not any(mark[1] == "Action" for mark in marks):
        return []
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    fields = [("", text[: marks[0].start()].strip())]
    for mark, end in zip(marks, ends, strict=True):
        fields.append((mark[1], text[mark.end() : end].strip()))
    return fields


# --- the formats ----------------------------------------------------------------------------------


def _marked(text: str) -> Iterator[Call]:
    """The calls behind marks: each call ends at the next mark, so the whole is linear."""
    marks = list(_MARK.finditer(text))
    for i, mark in enumerate(marks):
        if mark[0].startswith("</") or mark[0] == "<|endoftext|>":
            continue
        following = marks[i + 1] if i + 1 < len(marks) else None
        if (end := _ENDS.get(mark[0])) and (following is None or following[0] != end):
            yield _broken(f"{mark[0]} is not closed")
            continue
        body = text[mark.end() : following.start() if following else len(text)]
        yield from _read(body, is_python=mark[0] == "<functioncall>")


def _react(fields: Sequence[tuple[str, str]]) -> Iterator[Call]:
    """An action and its input are one call; an observation that the model writes is none."""
    for i, (label, name) in enumerate(fields):
        if label != "Action":
            continue
        after, body = fields[i + 1] if i + 1 < len(fields) else ("", "")
        if after == "Action Input":
            yield _of_parts(name, body)
        else:
            yield _broken("an Action without Action Input")


def _whole(text: str) -> list[Call]:
    if text.startswith(("{", "[{", "[ {", "[\n")) or text == "[]":
        try:
            return [_call(item) for item in _listed(read_json(text))]
        except ValueError:
            pass
    try:
        return [Call(*call) for call in read_python_calls(text)]
    except ValueError:
        return []


def _fenced(text: str) -> Iterator[Call]:
    """Calls in fenced blocks; a block of other code or data is none."""
    for info, body in fenced_blocks(text):
        language = info.partition(" ")[0].lower()
        if language not in _LANGUAGES:
            continue
        if body is None:
            yield _broken("a code block is not closed")
        elif language in ("python", "py", "tool_code"):
            yield from _whole(body.strip())
        else:
            yield from _read(body, is_python=False)


def _read(body: str, *, is_python: bool) -> Iterator[Call]:
    """The call, the list of calls or the lines of calls of a marked text."""
    try:
        value = _json_or_python(body) if is_python else read_json(body)
        yield from (_call(item) for item in _listed(value))
        return
    except ValueError as error:
        lines = [line for line in body.splitlines() if line.strip()]
        if len(lines) < 2 or not all(line.strip().startswith("{") for line in lines):
            yield _broken(str(error))
            return
    for line in lines:
        try:
            yield _call(read_json(line))
        except ValueError as error:
            yield _broken(str(error))


def _json_or_python(text: str) -> Any:
    try:
        return read_json(text)
    except ValueError:
        return read_python(text)


# --- one call -------------------------------------------------------------------------------------


def _listed(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        if isinstance(value.get("tool_calls"), list | tuple):
            return list(value["tool_calls"])
        return [value.get("function_call", value)]
    return list(value) if isinstance(value, list | tuple) else [value]


def _call(value: Any) -> Call:
    """The call in ``{"name", "arguments"}``, which may stand inside ``function``."""
    if isinstance(value, Mapping) and isinstance(value.get("function"), Mapping):
        value = value["function"]
    if not isinstance(value, Mapping):
        return _broken("a call must be a mapping with name and arguments")
    given = [key for key in ("arguments", "parameters") if key in value]
    if len(given) != 1:
        return _broken("a call must have a name and arguments")
    return _of_parts(value.get("name"), value[given[0]])


def _of_parts(name: Any, arguments: Any) -> Call:
    if not isinstance(name, str) or not name.strip():
        return _broken("a call without a name")
    if isinstance(arguments, str):
        try:
            arguments = read_json(arguments) if arguments.strip() else {}
        except ValueError as error:
            return _broken(f"arguments of {name[:40]!r}: {error}")
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, Mapping):
        return _broken(f"the arguments of {name[:40]!r} are no mapping")
    return Call(name.strip(), arguments)


def _broken(problem: str) -> Call:
    return Call("", {}, problem)


def _is_possible_answer(item: Any) -> bool:
    if not isinstance(item, Mapping) or len(item) != 1:
        return False
    inner = next(iter(item.values()))
    return isinstance(inner, Mapping) and all(isinstance(v, list | tuple) for v in inner.values())


def _possible(item: Mapping[str, Any]) -> Gold:
    name, arguments = next(iter(item.items()))
    return Gold(
        name,
        {k: list(values) for k, values in arguments.items()},
        frozenset(k for k, values in arguments.items() if "" in values),
        is_nested=True,
    )
