"""The prompt of a row, with its system prompt and earlier turns."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.data._columns import (
    CHATS,
    LIST,
    PROMPT_LIKE,
    PROMPTS,
    SYSTEM,
    ColumnNames,
    Get,
    Raw,
    getter_of,
    is_near,
)
from plaudit.data._values import is_text
from plaudit.data.turns import is_turns, split_chat, turns, wrong
from plaudit.errors import DataError
from plaudit.types import Message

__all__ = ["NO_CONTEXT", "context_readers", "prompt_reader", "transcript", "with_context"]

_INNER_PROMPTS = ("request.messages", "request.prompt", "body.messages", "body.prompt")


def prompt_reader(names: ColumnNames, *, has_chat: bool) -> Get | None:
    """The getter of the prompt; None if a chat carries it or the row has none."""
    if has_chat:
        return None
    candidates = names.among((*PROMPTS, *CHATS))
    candidates = [name for name in candidates if name in names.mapped] or candidates
    if not candidates:
        _no_prompt(names)
        return _inner_prompt(names)
    name = candidates[0]
    source = names.sources[name]
    names.reading["prompt"] = source
    get = names.take(name)
    if source in CHATS:
        return functools.partial(_prompt_of_chat, source, get)
    if source == "instruction" and "input" in names.sources:
        return functools.partial(_instruction, get, names.take("input"))
    return functools.partial(_prompt, name, get)


def _inner_prompt(names: ColumnNames) -> Get | None:
    """The getter of a prompt within a request; without it a row has an empty prompt."""
    inner = [path for path in _INNER_PROMPTS if path.partition(".")[0] in names.keys]
    if not inner:
        return None
    head = inner[0].partition(".")[0]
    gets = [(path, getter_of(path, names.keys, is_strict=False)) for path in inner]

    def read(raw: Raw) -> str | Sequence[Message]:
        if not isinstance(raw[head], Mapping):
            return ()
        filled = ((path, get) for path, get in gets if get(raw) is not None)
        return next((_prompt(path, get, raw) for path, get in filled), ())

    return read


def _no_prompt(names: ColumnNames) -> None:
    for key in names.nulls:
        if key in PROMPT_LIKE:
            raise wrong("text or messages", None, key)
    is_object = "object" in names.keys  # an API request, whose `instructions` are a system prompt
    for key in names.sources:
        if is_near(key, PROMPT_LIKE) and not (is_object and key == "instructions"):
            raise DataError(
                f"missing column; {names.present()}; {key!r} looks like it:"
                f" name it with columns={{'prompt': {key!r}}}",
                field="prompt",
            )


def _prompt(name: str, get: Get, raw: Raw) -> str | Sequence[Message]:
    value = get(raw)
    if type(value) is str:
        messages = transcript(value) if value.startswith("\n\nHuman:") else ()
        return messages[:-1] if messages and not messages[-1].get("content") else value
    if is_turns(value):
        return turns(value, name)
    raise wrong("text or a list of messages", value, name)


def _instruction(get: Get, get_input: Get, raw: Raw) -> str | Sequence[Message]:
    text, more = _prompt("instruction", get, raw), get_input(raw)
    if isinstance(text, str) and isinstance(more, str) and more:
        return f"{text}\n{more}"
    return text


def _prompt_of_chat(name: str, get: Get, raw: Raw) -> Sequence[Message]:
    messages = turns(get(raw), name)
    return messages if messages[-1].get("role") != "assistant" else split_chat(messages)[0]


NO_CONTEXT = (None, None)


def context_readers(names: ColumnNames) -> tuple[Get | None, Get | None]:
    """The getters of a system prompt and of earlier turns; both stay with the group."""
    system = next((name for name in SYSTEM if name in names.sources), None)
    return (
        None if system is None else names.look(system),
        names.look("history") if "history" in names.sources else None,
    )


def with_context(
    context: tuple[Get | None, Get | None], raw: Raw, prompt: str | Sequence[Message]
) -> str | Sequence[Message]:
    """A prompt after its system prompt and earlier turns, if the row has them."""
    system, history = (None if get is None else get(raw) for get in context)
    earlier: list[Any] = []
    if isinstance(history, LIST) and isinstance(prompt, str):
        earlier = _earlier(history)
    has_system = isinstance(system, str) and bool(system)
    if not isinstance(prompt, str):
        has_system = has_system and bool(prompt) and prompt[0].get("role") != "system"
    if not earlier and not has_system:
        return prompt
    first: list[Any] = [{"role": "system", "content": system}] if has_system else []
    last: Any = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    return [*first, *earlier, *last]


def _earlier(history: Sequence[Any]) -> list[Message]:
    """The turns of [question, answer] pairs, or messages; [] for a list of anything else."""
    if is_turns(history):
        return list(turns(history, "history"))
    if not all(isinstance(p, LIST) and len(p) == 2 and all(map(is_text, p)) for p in history):
        return []
    roles = ("user", "assistant")
    return [
        {"role": role, "content": text}
        for pair in history
        for role, text in zip(roles, pair, strict=True)
    ]


_SPEAKER = re.compile(r"\n\n(Human|Assistant):")


def transcript(text: str) -> tuple[Message, ...]:
    """The turns of a transcript with Human: and Assistant:; () for any other text."""
    _, *pieces = _SPEAKER.split(f"\n\n{text.lstrip()}")
    roles = {"Human": "user", "Assistant": "assistant"}
    messages: list[Any] = [
        {"role": roles[who], "content": what.strip()}
        for who, what in zip(pieces[::2], pieces[1::2], strict=True)
    ]
    is_one = len(messages) > 1 and messages[0].get("role") == "user"
    return tuple(messages) if is_one and text.lstrip().startswith("Human:") else ()
