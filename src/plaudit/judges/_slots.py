"""The values of a template's placeholders, taken from a group."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from plaudit.engines.text import clean
from plaudit.errors import ConfigError, DataError, clipped, did_you_mean
from plaudit.judges.template import Template
from plaudit.rule import BESIDE_TEXT, column_of, prompt_text, sources_of
from plaudit.text.think import Part, part_of
from plaudit.types import Group, Message, Response

__all__ = [
    "answer_text",
    "column_text",
    "column_value",
    "fill_template",
    "fits",
    "needs",
    "why_unshown",
]

_ROLES = {
    "en": {"user": "User", "assistant": "Assistant", "system": "System", "tool": "Tool"},
    "zh": {"user": "用户", "assistant": "助手", "system": "系统", "tool": "工具"},
}
_COLUMNS = {"reference": "reference", "rubric": "rubric"}
# What a template of each kind must show: one placeholder of each tuple.
_ONE = ("response", "response_a", "conversation", "conversation_a")
_PAIR = (("response_a", "conversation_a"), ("response_b", "conversation_b"))
_SHOWN = {"pairwise": _PAIR, "listwise": (("responses",),), "rubric": (_ONE, ("criterion",))}
_ONLY = {"response_b": "pairwise", "conversation_b": "pairwise", "responses": "listwise",
         "criterion": "rubric"}  # fmt: skip


def fits(template: Template) -> None:
    """Raises ConfigError for a template whose placeholders do not fit its kind."""
    place, kind = f"template {template.name!r}", template.kind
    for slots in _SHOWN.get(kind, (_ONE,)):
        if not set(slots) & set(template.slots):
            raise ConfigError(
                f"{place}: a {kind} template needs {' or '.join(f'{{{s}}}' for s in slots)};"
                f" it has {', '.join(template.slots) or 'none'}"
            )
    for slot in template.slots:
        if _ONLY.get(slot, kind) != kind:
            raise ConfigError(f"{place}: {{{slot}}} belongs to {_ONLY[slot]} templates only")


def fill_template(
    template: Template, group: Group, responses: Sequence[Response], view: Part, **own: str
) -> list[dict[str, str]]:
    """The turns of a template for the responses, in this order; slots in `own` have that value.

    Raises: DataError where the group lacks the column of a slot.
    """
    readers = _readers(template, group, responses, view)
    values = {name: own[name] if name in own else readers[name]() for name in template.slots}
    return template.messages(**values)


def needs(template: Template, group: Group) -> None:
    """Raises the DataError of a column that the template needs and the group lacks."""
    for slot, name in _COLUMNS.items():
        if slot in template.slots:
            column_text(group, name)


def answer_text(response: Response, view: Part, language: str = "en") -> str:
    """The part of a response that is judged: `view` of its text, or all of its turns."""
    if len(response.messages) <= 1:
        text = clean(part_of(response.text, view))
        calls = response.messages[0].get("tool_calls") if response.messages else None
        return "\n".join(filter(None, (text, *_calls(calls, language))))
    return _dialogue(_turns_in_view(response, view), language)


def why_unshown(group: Group, responses: Sequence[Response]) -> str | None:
    """Why the prompt or one of the responses cannot be shown to a judge whole, or None."""
    turns = [*group.prompt, *(turn for response in responses for turn in response.messages)]
    return next(filter(None, map(_why_unshown, turns)), None)


def _why_unshown(turn: Message) -> str | None:
    content = turn.get("content")
    for part in content if isinstance(content, list | tuple) else ():
        if not (isinstance(part, Mapping) and _is_text(part)):
            kind = part.get("type", "?") if isinstance(part, Mapping) else type(part).__name__
            return f"the judge cannot be shown a part of type {clipped(kind)}: {clipped(part)}"
    for call in turn.get("tool_calls") or ():
        if not _name_of(call):
            return f"the judge cannot be shown a tool call without a name: {clipped(call)}"
    return None


def _is_text(part: Mapping[str, object]) -> bool:
    return isinstance(part.get("text"), str) or part.get("type") in BESIDE_TEXT


_LONGEST_CALL = 4000
_CALL_WORDS = {
    "en": ("[tool call] {}({})", " [... {} more characters cut]"),
    "zh": ("[工具调用] {}({})", " [……其后 {} 个字符已截去]"),
}


def _calls(calls: Any, language: str) -> list[str]:
    """A line for each tool call: its name and its arguments, long ones cut with a note."""
    form = _CALL_WORDS.get(language, _CALL_WORDS["en"])[0]
    return [
        form.format(_name_of(call), _shorten(_arguments_of(call), language)) for call in calls or ()
    ]


def _function_of(call: object) -> Mapping[str, object]:
    function = call.get("function", call) if isinstance(call, Mapping) else {}
    return function if isinstance(function, Mapping) else {}


def _name_of(call: object) -> str:
    name = _function_of(call).get("name")
    return clean(name) if isinstance(name, str) else ""


def _arguments_of(call: object) -> str:
    arguments = _function_of(call).get("arguments", {})
    return clean(
        arguments
        if isinstance(arguments, str)
        else json.dumps(arguments, ensure_ascii=False, default=str)
    )


def _shorten(text: str, language: str) -> str:
    """The first 4000 characters of a text, and how many more there were.

    >>> _shorten("x" * 4003, "en")[-30:]
    'xx [... 3 more characters cut]'
    """
    if len(text) <= _LONGEST_CALL:
        return text
    note = _CALL_WORDS.get(language, _CALL_WORDS["en"])[1]
    return text[:_LONGEST_CALL] + note.format(len(text) - _LONGEST_CALL)


def _turns_in_view(response: Response, view: Part) -> list[Message]:
    """The turns of a response, the last one cut to `view`."""
    if not response.messages:
        return [{"role": "assistant", "content": part_of(response.text, view)}]
    *before, last = response.messages
    content = last.get("content")
    text = content if isinstance(content, str) else response.text
    return [*before, {**last, "content": part_of(text, view)}]  # type: ignore[list-item]


def column_value(group: Group, name: str, response: Response | None = None) -> object:
    """The value of a column, or of one of its aliases. Raises DataError if there is none."""
    value = column_of(group, response, name)
    if value is inspect.Parameter.empty:
        columns = {**group.columns, **(group.responses[0].columns if group.responses else {})}
        others = ", ".join(sources_of(name)[1:])
        also = f" (or {others})" if others else ""
        raise DataError(
            f"missing column{also}, which the judge's template reads; the row has"
            f" {', '.join(columns) or 'no columns'}{did_you_mean(name, columns)}",
            where=f"row {group.key}",
            field=name,
        )
    return value


def column_text(group: Group, name: str, response: Response | None = None) -> str:
    """A column as text: several texts a paragraph each, anything else as JSON."""
    value = column_value(group, name, response)
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return clean("\n\n".join(value))
    return clean(json.dumps(value, ensure_ascii=False, default=str))


def _readers(
    template: Template, group: Group, responses: Sequence[Response], view: Part
) -> Mapping[str, Callable[[], str]]:
    """The function that makes the value of each placeholder."""
    language = template.language
    answer = functools.partial(answer_text, view=view, language=language)
    conversation = functools.partial(_conversation, group, view=view, language=language)
    return {
        "input": lambda: _input(group, language),
        "question": lambda: clean(prompt_text(group)),
        "history": lambda: _dialogue(group.prompt[:-1], language),
        "response": lambda: answer(responses[0]),
        "response_a": lambda: answer(responses[0]),
        "response_b": lambda: answer(responses[1]),
        "responses": lambda: template.listed([answer(response) for response in responses]),
        "conversation": lambda: conversation(responses[0]),
        "conversation_a": lambda: conversation(responses[0]),
        "conversation_b": lambda: conversation(responses[1]),
        "reference": lambda: column_text(group, "reference"),
        "rubric": lambda: column_text(group, "rubric"),
    }


def _input(group: Group, language: str) -> str:
    """The prompt: a single turn unchanged, several with their roles."""
    if len(group.prompt) <= 1 and not any(turn.get("tool_calls") for turn in group.prompt):
        return clean(prompt_text(group))
    return _dialogue(group.prompt, language)


def _conversation(group: Group, response: Response, view: Part, language: str) -> str:
    """The prompt's turns and then the response's, with their roles."""
    return _dialogue([*group.prompt, *_turns_in_view(response, view)], language)


def _dialogue(turns: Sequence[Message], language: str) -> str:
    """Turns as text, each under its role.

    >>> _dialogue([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}], "en")
    'User: hi\\n\\nAssistant: ho'
    """
    return "\n\n".join(_turn_text(turn, language) for turn in turns)


def _turn_text(turn: Message, language: str) -> str:
    """A turn under its role: its text, a tool's result cut, and the tools it calls."""
    roles, colon = _ROLES.get(language, _ROLES["en"]), "：" if language == "zh" else ": "
    role = turn.get("role", "")
    text = clean(prompt_text(Group([turn], [])))
    if role == "tool":
        text = _shorten(text, language)
    name = turn.get("name") if role == "tool" else None
    heading = f"{roles.get(role, role)}{f' ({clean(str(name))})' if name else ''}{colon}"
    return heading + "\n".join(filter(None, (text, *_calls(turn.get("tool_calls"), language))))
