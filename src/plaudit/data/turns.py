"""Chat turns in data: messages with role and content, or ShareGPT's from and value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.errors import DataError, clipped
from plaudit.types import Message, Response

__all__ = ["answer", "is_turns", "split_chat", "split_pair", "turns", "wrong"]

_SHAREGPT = {
    "human": "user",
    "gpt": "assistant",
    "function_call": "assistant",
    "observation": "tool",
}


def wrong(expected: str, value: Any, field: str) -> DataError:
    """The error for a value of the wrong sort."""
    found = "null" if value is None else f"{clipped(value)} ({type(value).__name__})"
    return DataError(f"expected {expected}, found {found}", field=field)


def is_turns(value: Any) -> bool:
    """Whether a value is meant as chat turns: a message or a list of messages."""
    if isinstance(value, Mapping):
        return "role" in value or "from" in value
    return isinstance(value, list | tuple) and bool(value) and is_turns(value[0])


def turns(value: Any, field: str) -> tuple[Message, ...]:
    """The messages in a value; those with role and content are passed through untouched.

    Raises: DataError naming the message that is malformed.
    """
    if isinstance(value, Mapping):
        value = (value,)
    if not isinstance(value, list | tuple) or not value:
        raise wrong("a list of messages", value, field)
    return tuple(_turn(item, f"{field}[{i}]") for i, item in enumerate(value))


def answer(said: Sequence[Message], field: str) -> Response:
    """The response that a model's turns make: the text is that of the last.

    >>> answer([{"role": "assistant", "content": "4"}], "response").text
    '4'
    """
    if not said:
        raise DataError("expected a turn of the assistant at the end, found none", field=field)
    last = said[-1]
    if last.get("role") != "assistant":
        raise DataError(
            f"expected the assistant's turn at the end, found the role {clipped(last.get('role'))}",
            field=field,
        )
    alone = len(said) == 1 and not last.get("tool_calls")
    return Response(_text(last, field), () if alone else tuple(said))


def split_chat(said: Sequence[Message]) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """Prompt and answer of a conversation: all up to the last user turn, and the rest.

    >>> split_chat([{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}])[1]
    ({'role': 'assistant', 'content': '4'},)
    """
    for end in range(len(said), 0, -1):
        if said[end - 1].get("role") == "user":
            return tuple(said[:end]), tuple(said[end:])
    first = next((i for i, m in enumerate(said) if m.get("role") == "assistant"), len(said))
    return tuple(said[:first]), tuple(said[first:])


def split_pair(
    a: Sequence[Message], b: Sequence[Message]
) -> tuple[tuple[Message, ...], tuple[Message, ...], tuple[Message, ...]]:
    """The prompt that two conversations share, and what each answers.

    Conversations that begin with the assistant are answers only.
    """
    end = 0
    if a[0].get("role") != "assistant":
        while end < min(len(a), len(b)) and a[end] == b[end]:
            end += 1
        while end and a[end - 1].get("role") == "assistant":
            end -= 1
    return tuple(a[:end]), tuple(a[end:]), tuple(b[end:])


def _turn(value: Any, field: str) -> Message:
    if not isinstance(value, Mapping):
        raise wrong("a message with role and content", value, field)
    if "role" not in value and "from" in value:
        role = value["from"]
        value = {"role": _SHAREGPT.get(role, role), "content": value.get("value")}
    role, content = value.get("role"), value.get("content")
    if not isinstance(role, str):
        raise wrong("a message with role and content", value, field)
    if isinstance(content, str | list) or (content is None and value.get("tool_calls")):
        return value  # type: ignore[return-value]
    raise wrong("a message whose content is text", content, f"{field}.content")


def _text(message: Message, field: str) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = [_part(part, field) for part in content or ()]
    return "".join(parts)


def _part(part: Any, field: str) -> str:
    if isinstance(part, Mapping) and isinstance(part.get("text"), str):
        return part["text"]
    raise wrong("a part that is text", part, field)
