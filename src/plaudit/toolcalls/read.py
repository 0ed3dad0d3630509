"""Tool calls: read from the text or the turns of a response, and from a column of gold.

The first of these ways that finds a call is used:

1. the whole text as JSON: a call, calls one after the other (Llama separates them with `;`), a
   list of calls, or OpenAI's ``{"tool_calls": [...]}``;
2. the whole text as Python: ``f(a=1)`` or ``[f(a=1), g()]``;
3. the marks of models' own formats: the table in `plaudit.toolcalls.formats`;
4. ``Action: name`` and ``Action Input: {json}`` lines (ReAct);
5. fenced blocks marked json, python, tool_call or tool_code.

The think block is ignored. Text that is marked as a call but cannot be read is a broken call and
counts as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from plaudit.errors import DataError, clipped
from plaudit.text.endmarks import without_end_marks
from plaudit.text.fences import fenced_blocks
from plaudit.text.literals import read_python_calls, with_parsed
from plaudit.text.think import split
from plaudit.toolcalls.call import ToolCall, broken, call_of, call_of_parts, listed_calls
from plaudit.toolcalls.cursor import CallReader, json_calls
from plaudit.toolcalls.formats import marked_calls

__all__ = ["GoldCall", "ToolCall", "calls_in", "calls_of", "gold_calls", "react_fields"]

Schemas = Mapping[str, Mapping[str, Any]]


class GoldCall(NamedTuple):
    """An expected call: the right values of each argument.

    `optional` names the arguments that may be left out; `is_nested` says that the members of a
    mapping are lists of right values too, as in BFCL's possible answers.
    """

    name: str
    arguments: Mapping[str, Sequence[Any]]
    optional: frozenset[str] = frozenset()
    is_nested: bool = False


_FIELD = re.compile(
    r"^[ \t]{0,3}(Thought|Action Input|Action|Observation|Final Answer)[ \t]*:", re.MULTILINE
)
_LANGUAGES = ("json", "python", "py", "tool_call", "tool_calls", "tool_code")


def calls_in(response: str, tools: Schemas | None = None) -> list[ToolCall]:
    """The calls that a response makes, including broken ones.

    `tools` holds the parameter schema of each tool, for formats with untyped values.

    >>> calls_in('<tool_call>{"name": "add", "arguments": {"a": 1}}</tool_call>')
    [ToolCall(name='add', arguments={'a': 1}, problem='')]
    """
    is_harmony = "<|message|>" in response  # its reasoning is in a separate channel
    text = response if is_harmony else split(response).answer
    text = without_end_marks(text)[0].strip()
    whole = _whole(text)
    if whole and not any(call.problem for call in whole):
        return whole  # a mark can only be inside one of its strings
    marked = marked_calls(text, tools or {})
    if marked is not None:
        return marked
    if fields := react_fields(text):
        return list(_react(fields))
    return whole or list(_fenced(text))


def calls_of(
    response: str, messages: Sequence[Mapping[str, object]], tools: Schemas | None = None
) -> list[ToolCall]:
    """The calls that a response makes: from its turns, or from its text if it is plain text.

    A turn carries calls in `tool_calls` (OpenAI), in the older `function_call`, or in parts of its
    content of the type ``tool_use`` (Anthropic); a turn without any may hold them in its text.

    >>> turn = {"role": "assistant", "content": None,
    ...         "tool_calls": [{"function": {"name": "f", "arguments": '{"a": 1}'}}]}
    >>> calls_of("", [turn])
    [ToolCall(name='f', arguments={'a': 1}, problem='')]
    """
    if not messages:
        return calls_in(response, tools)
    turns = [m for m in messages if m.get("role", "assistant") in ("assistant", "model")]
    return [call for turn in turns for call in _turn_calls(turn, tools)]


def _turn_calls(turn: Mapping[str, Any], tools: Schemas | None) -> Iterator[ToolCall]:
    """The calls of one turn; its text is read only if the turn has no calls of its own."""
    content = with_parsed(turn.get("content"), "content")
    parts = list(content) if isinstance(content, list | tuple) else []
    items = listed_calls(with_parsed(turn.get("tool_calls"), "tool_calls") or [])
    if turn.get("function_call") and not items:  # the same call in the older field
        items = [turn["function_call"]]
    items += [turn] if turn.get("type") == "function_call" else []
    items += [part for part in parts if _is_call_part(part)]
    if items:
        yield from (call_of(item) for item in items)
        return
    texts = [turn["content"]] if isinstance(turn.get("content"), str) else map(_part_text, parts)
    yield from calls_in("".join(texts), tools)


def _is_call_part(part: object) -> bool:
    return isinstance(part, Mapping) and part.get("type") in ("tool_use", "function_call")


def _part_text(part: object) -> str:
    text = part.get("text") if isinstance(part, Mapping) else part
    return text if isinstance(text, str) else ""


def gold_calls(value: Any, field: str, tools: Schemas | None = None) -> list[GoldCall]:
    """The expected calls of a column: a list of calls, one call, or a text that contains them.

    A call is ``{"name", "arguments"}``, also inside OpenAI's ``function``; or BFCL's possible
    answer ``{name: {argument: [right values]}}``, where "" among the values makes an argument
    optional.

    Raises: DataError for anything else.
    """
    column = with_parsed(value, field)
    if isinstance(column, str):
        calls = calls_in(column, tools)
        if not calls:
            raise DataError(f"no tool call in {clipped(column)}", field=field)
    else:
        items = listed_calls(column)
        if items and all(_is_possible_answer(item) for item in items):
            return [_possible(item) for item in items]
        calls = [call_of(item) for item in items]
    for call in calls:
        if call.problem:
            raise DataError(f"{call.problem}, found {clipped(value)}", field=field)
    return [GoldCall(c.name, {k: [v] for k, v in c.arguments.items()}) for c in calls]


def react_fields(text: str) -> list[tuple[str, str]]:
    """The labelled fields of a ReAct text, and the text before the first as a field labelled "".

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


def _react(fields: Sequence[tuple[str, str]]) -> Iterator[ToolCall]:
    """An action and its input are one call; an observation written by the model is ignored."""
    for i, (label, name) in enumerate(fields):
        if label != "Action":
            continue
        after, body = fields[i + 1] if i + 1 < len(fields) else ("", "")
        if after == "Action Input":
            yield call_of_parts(name, body)
        else:
            yield broken("an Action without Action Input")


def _whole(text: str) -> list[ToolCall]:
    if text.startswith(("{", "[{", "[ {", "[\n")) or text == "[]":
        try:
            return _all_json(text)
        except ValueError:
            pass
    try:
        return [ToolCall(*call) for call in read_python_calls(text)]
    except ValueError:
        return []


def _all_json(text: str) -> list[ToolCall]:
    """The calls of a text that is JSON as a whole."""
    reading = CallReader(text, {})
    calls = list(json_calls(reading))
    reading.skip_space()
    if reading.place < len(text):
        raise ValueError(f"no JSON: {text[reading.place : reading.place + 20]!r}")
    return calls


def _fenced(text: str) -> Iterator[ToolCall]:
    """Calls in fenced blocks; blocks of other code or data are ignored."""
    for info, body in fenced_blocks(text):
        language = info.partition(" ")[0].lower()
        if language not in _LANGUAGES:
            continue
        if body is None:
            yield broken("a code block is not closed")
        elif language in ("python", "py", "tool_code"):
            yield from _whole(body.strip())
        else:
            try:
                yield from _all_json(body)
            except ValueError as error:
                yield broken(str(error))


# --- possible answers -----------------------------------------------------------------------------


def _is_possible_answer(item: object) -> bool:
    if not isinstance(item, Mapping) or len(item) != 1:
        return False
    inner = next(iter(item.values()))
    return isinstance(inner, Mapping) and all(isinstance(v, list | tuple) for v in inner.values())


def _possible(item: Mapping[str, Any]) -> GoldCall:
    name, arguments = next(iter(item.items()))
    return GoldCall(
        name,
        {k: list(values) for k, values in arguments.items()},
        frozenset(k for k, values in arguments.items() if "" in values),
        is_nested=True,
    )
