"""What a group puts into a template's slots."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from plaudit.engines.text import clean
from plaudit.errors import ConfigError, DataError, did_you_mean
from plaudit.judges.template import Template
from plaudit.rule import column_of, prompt_text, sources_of
from plaudit.think import Part, part_of
from plaudit.types import Group, Message, Response

__all__ = ["answer_text", "column_text", "column_value", "filled", "fits", "needs"]

_ROLES = {
    "en": {"user": "User", "assistant": "Assistant", "system": "System", "tool": "Tool"},
    "zh": {"user": "用户", "assistant": "助手", "system": "系统", "tool": "工具"},
}
_COLUMNS = {"reference": "reference", "rubric": "rubric"}
# What a template of each kind must show: one slot of each tuple.
_ONE = ("response", "response_a", "conversation", "conversation_a")
_PAIR = (("response_a", "conversation_a"), ("response_b", "conversation_b"))
_SHOWN = {"pairwise": _PAIR, "listwise": (("responses",),), "rubric": (_ONE, ("criterion",))}
_ONLY = {"response_b": "pairwise", "conversation_b": "pairwise", "responses": "listwise",
         "criterion": "rubric"}  # fmt: skip


def fits(template: Template) -> None:
    """Raises ConfigError for a template whose slots are not those of its kind."""
    place, kind = f"template {template.name!r}", template.kind
    for slots in _SHOWN.get(kind, (_ONE,)):
        if not set(slots) & set(template.slots):
            raise ConfigError(
                f"{place}: a {kind} template needs a slot {' or '.join(f'{{{s}}}' for s in slots)};"
                f" it has {', '.join(template.slots) or 'none'}"
            )
    for slot in template.slots:
        if _ONLY.get(slot, kind) != kind:
            raise ConfigError(f"{place}: slot {{{slot}}} belongs to {_ONLY[slot]} templates only")


def filled(
    template: Template, group: Group, shown: Sequence[Response], view: Part, **given: str
) -> list[dict[str, str]]:
    """The turns of a template for the responses `shown`, in that order; `given` slots as they are.

    Raises: DataError where the group lacks the column of a slot.
    """
    readers = _readers(template, group, shown, view)
    values = {name: given[name] if name in given else readers[name]() for name in template.slots}
    return template.messages(**values)


def needs(template: Template, group: Group) -> None:
    """Raises the DataError of a column that the template needs and the group lacks."""
    for slot, name in _COLUMNS.items():
        if slot in template.slots:
            column_text(group, name)


def answer_text(response: Response, view: Part, language: str = "en") -> str:
    """What of a response is judged: `view` of its text, or its turns where it is several."""
    if len(response.messages) <= 1:
        return clean(part_of(response.text, view))
    return _dialogue(_viewed(response, view), language)


def _viewed(response: Response, view: Part) -> list[Message]:
    """The turns of a response, the last one cut to `view`."""
    if not response.messages:
        return [{"role": "assistant", "content": part_of(response.text, view)}]
    *before, last = response.messages
    content = last.get("content")
    text = content if isinstance(content, str) else response.text
    return [*before, {**last, "content": part_of(text, view)}]  # type: ignore[list-item]


def column_value(group: Group, name: str, response: Response | None = None) -> Any:
    """The value of a column, or of one of its aliases. Raises DataError where there is none."""
    value = column_of(group, response, name)
    if value is inspect.Parameter.empty:
        held = {**group.columns, **(group.responses[0].columns if group.responses else {})}
        others = ", ".join(sources_of(name)[1:])
        also = f" (or {others})" if others else ""
        raise DataError(
            f"missing column{also}, which the judge's template reads; the row has"
            f" {', '.join(held) or 'no columns'}{did_you_mean(name, held)}",
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
    template: Template, group: Group, shown: Sequence[Response], view: Part
) -> Mapping[str, Callable[[], str]]:
    """How each slot's value is made, for those that a template has."""
    language = template.language
    answer = functools.partial(answer_text, view=view, language=language)
    spoken = functools.partial(_conversation, group, view=view, language=language)
    return {
        "input": lambda: _input(group, language),
        "question": lambda: clean(prompt_text(group)),
        "history": lambda: _dialogue(group.prompt[:-1], language),
        "response": lambda: answer(shown[0]),
        "response_a": lambda: answer(shown[0]),
        "response_b": lambda: answer(shown[1]),
        "responses": lambda: template.listed([answer(response) for response in shown]),
        "conversation": lambda: spoken(shown[0]),
        "conversation_a": lambda: spoken(shown[0]),
        "conversation_b": lambda: spoken(shown[1]),
        "reference": lambda: column_text(group, "reference"),
        "rubric": lambda: column_text(group, "rubric"),
    }


def _input(group: Group, language: str) -> str:
    """The prompt: its one turn as it is, several with their roles."""
    if len(group.prompt) <= 1:
        return clean(prompt_text(group))
    return _dialogue(group.prompt, language)


def _conversation(group: Group, response: Response, view: Part, language: str) -> str:
    """The prompt's turns and the response's behind them, with their roles."""
    return _dialogue([*group.prompt, *_viewed(response, view)], language)


def _dialogue(turns: Sequence[Message], language: str) -> str:
    """Turns as text, each under its role.

    >>> _dialogue([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}], "en")
    'User: hi\\n\\nAssistant: ho'
    """
    roles, colon = _ROLES.get(language, _ROLES["en"]), "：" if language == "zh" else ": "
    return "\n\n".join(
        f"{roles.get(turn.get('role', ''), turn.get('role', ''))}{colon}"
        f"{clean(prompt_text(Group([turn], [])))}"
        for turn in turns
    )
