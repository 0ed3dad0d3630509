"""Chat turns in data: messages with role and content, or ShareGPT's from and value.

The text of a response is its last turn: the parts of its content that are text, preceded by the
reasoning that servers put into a separate field, as ``<think>reasoning</think>``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.errors import DataError, clipped
from plaudit.text.think import split
from plaudit.types import Message, Response

__all__ = [
    "REASONING",
    "answer",
    "is_turns",
    "reasoning_of",
    "split_chat",
    "split_pair",
    "turns",
    "with_think",
    "wrong",
]

# The fields in which servers give reasoning: vLLM, SGLang and DeepSeek; OpenRouter and vLLM; Ollama
REASONING = ("reasoning_content", "reasoning", "thinking")
_THINK_PARTS = ("thinking", "reasoning")
# Parts that can be dropped when a turn becomes text: their content is read elsewhere.
_READ_PARTS = (*_THINK_PARTS, "redacted_thinking", "tool_use", "refusal")

_SHAREGPT = {
    "human": "user",
    "gpt": "assistant",
    "function_call": "assistant",
    "observation": "tool",
}
_ROLES = frozenset(("system", "user", "assistant", "tool"))


def wrong(expected: str, value: object, field: str) -> DataError:
    """The error for a value of the wrong type."""
    description = "null" if value is None else f"{clipped(value)} ({type(value).__name__})"
    return DataError(f"expected {expected}, found {description}", field=field)


def is_turns(value: object) -> bool:
    """Whether a value looks like chat turns: a message or a list of messages."""
    if isinstance(value, Mapping):
        return "role" in value or "from" in value
    return isinstance(value, list | tuple) and bool(value) and is_turns(value[0])


def turns(value: object, field: str) -> tuple[Message, ...]:
    """The messages in a value; those with role and content are passed through unchanged.

    Raises: DataError that names the malformed message.
    """
    if isinstance(value, Mapping):
        value = (value,)
    if not isinstance(value, list | tuple) or not value:
        raise wrong("a list of messages", value, field)
    return tuple(_turn(item, f"{field}[{i}]") for i, item in enumerate(value))


def answer(messages: Sequence[Message], field: str) -> Response:
    """The response made of a model's turns: the text is that of the last turn.

    The messages are kept if there are several, or if the last makes tool calls, has a part that is
    not text or had null content, so that rules can tell.

    >>> answer([{"role": "assistant", "content": "4"}], "response").text
    '4'
    >>> answer([{"role": "assistant", "reasoning": "2+2", "content": "4"}], "response").text
    '<think>2+2</think>4'
    """
    if not messages:
        raise DataError("expected a turn of the assistant at the end, found none", field=field)
    last = messages[-1]
    if last.get("role") != "assistant":
        raise DataError(
            f"expected the assistant's turn at the end, found the role {clipped(last.get('role'))}",
            field=field,
        )
    is_null = last.get("content") is None and not _has_more(last)
    text, last = _text(last), _with_inline_reasoning({**last, "content": ""} if is_null else last)
    alone = len(messages) == 1 and not last.get("tool_calls") and not is_null and _is_readable(last)
    return Response(text, () if alone else (*messages[:-1], last))


def with_think(think: str, text: str, *, is_finished: bool = True) -> str:
    """A response with the reasoning that a server returned separately, as its think block.

    A response that already has a think block keeps that one. Unfinished reasoning stays open.

    >>> with_think("2+2", "4"), with_think("2+2", "<think>2+2</think>4")
    ('<think>2+2</think>4', '<think>2+2</think>4')
    """
    if not think.strip() or split(text).status in ("closed", "unclosed"):
        return text
    pairs = (("<think>", "</think>"), ("[THINK]", "[/THINK]"), ("◁think▷", "◁/think▷"))
    # Reasoning with a closing mark would end too early; the last pair takes the rest.
    opening, closing = next((pair for pair in pairs if pair[1] not in think), pairs[-1])
    return opening + think.replace(closing, "") + (closing + text if is_finished else "")


def reasoning_of(fields: Mapping[str, Any]) -> str:
    """The reasoning in the fields or the parts of a message, "" if there is none."""
    for name in REASONING:
        if isinstance(fields.get(name), str) and fields[name]:
            return fields[name]
    content = fields.get("content")
    parts = content if isinstance(content, list | tuple) else ()
    return "".join(_reasoning_in(part) for part in parts if isinstance(part, Mapping))


def _reasoning_in(part: Mapping[str, object]) -> str:
    """The text of a part of reasoning: Anthropic's, Mistral's (a list) or OpenAI's (summaries)."""
    if part.get("type") not in _THINK_PARTS:
        return ""
    for name in ("thinking", "text", "content", "summary"):
        value = part.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, list | tuple) and value:
            return "\n\n".join(str(p.get("text", "")) for p in value if isinstance(p, Mapping))
    return ""


def split_chat(messages: Sequence[Message]) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """Prompt and answer of a conversation: all up to the last user turn, and the rest.

    >>> split_chat([{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}])[1]
    ({'role': 'assistant', 'content': '4'},)
    """
    for end in range(len(messages), 0, -1):
        if messages[end - 1].get("role") == "user":
            return tuple(messages[:end]), tuple(messages[end:])
    first = next((i for i, m in enumerate(messages) if m.get("role") == "assistant"), len(messages))
    return tuple(messages[:first]), tuple(messages[first:])


def split_pair(
    a: Sequence[Message], b: Sequence[Message]
) -> tuple[tuple[Message, ...], tuple[Message, ...], tuple[Message, ...]]:
    """The prompt that two conversations share, and the answer of each.

    Conversations that begin with an assistant turn are answers only.
    """
    end = 0
    if a[0].get("role") != "assistant":
        while end < min(len(a), len(b)) and a[end] == b[end]:
            end += 1
        while end and a[end - 1].get("role") == "assistant":
            end -= 1
    return tuple(a[:end]), tuple(a[end:]), tuple(b[end:])


def _turn(value: object, field: str) -> Message:
    if not isinstance(value, Mapping):
        raise wrong("a message with role and content", value, field)
    has_content = "content" in value or "value" in value
    if "from" in value or ("value" in value and "content" not in value):
        value = _of_sharegpt(value)
    role, content = value.get("role"), value.get("content")
    if not isinstance(role, str):
        raise wrong("a message with role and content", value, field)
    may_be_null = _has_more(value) or (role == "assistant" and has_content)
    if isinstance(content, str | list) or (content is None and may_be_null):
        return value  # type: ignore[return-value]
    raise wrong("a message whose content is text", content, f"{field}.content")


def _of_sharegpt(value: Mapping[str, object]) -> Mapping[str, object]:
    """A turn with `from` and `value`, or one of them, as a message; roles in any case."""
    role = value.get("role", value.get("from"))
    if isinstance(role, str):
        small = role.lower()
        role = _SHAREGPT.get(small, small if small in _ROLES else role)
    beside = {k: value[k] for k in (*REASONING, "tool_calls") if value.get(k)}
    return {"role": role, "content": value.get("content", value.get("value")), **beside}


def _has_more(message: Mapping[str, object]) -> bool:
    """Whether a message without content has anything else."""
    return any(message.get(name) for name in ("tool_calls", "function_call", "refusal", *REASONING))


def _text(message: Message) -> str:
    """The text of a turn, preceded by its reasoning as a think block."""
    content: Any = message.get("content")
    if content is None:
        content = message.get("refusal") or ""
    text = content if isinstance(content, str) else "".join(map(_part, content))
    is_finished = bool(text) or message.get("content") is not None or bool(_calls(message))
    return with_think(reasoning_of(message), text, is_finished=is_finished)


def _part(part: object) -> str:
    """The text of a part: "" for a picture, a call or reasoning."""
    if not isinstance(part, Mapping) or part.get("type") in _THINK_PARTS:
        return ""
    value = part.get("refusal") if part.get("type") == "refusal" else part.get("text")
    return value if isinstance(value, str) else ""


def _is_readable(message: Mapping[str, object]) -> bool:
    """Whether the text of a turn covers all of its parts except calls."""
    content = message.get("content")
    return all(
        isinstance(part, Mapping)
        and (isinstance(part.get("text"), str) or part.get("type") in _READ_PARTS)
        for part in (content if isinstance(content, list | tuple) else ())
    )


def _with_inline_reasoning(message: Message) -> Message:
    """A last turn with its reasoning inside its content, and its calls under `tool_calls`."""
    calls, think = _calls(message), reasoning_of(message)
    fields: dict[str, object] = dict(message)
    if calls and not message.get("tool_calls"):
        fields["tool_calls"] = calls
    if think and _is_readable(message):
        fields = {k: v for k, v in fields.items() if k not in REASONING}
        fields["content"] = _text(message)
    return message if fields == message else fields  # type: ignore[return-value]


def _calls(message: Mapping[str, Any]) -> list[object]:
    """The calls of a turn: OpenAI's list, its older single call, or Anthropic's parts."""
    if message.get("tool_calls"):
        return list(message["tool_calls"])
    if isinstance(message.get("function_call"), Mapping):
        return [{"type": "function", "function": message["function_call"]}]
    content = message.get("content")
    return [
        {
            "id": part.get("id"),
            "type": "function",
            "function": {"name": part.get("name"), "arguments": part.get("input")},
        }
        for part in (content if isinstance(content, list | tuple) else ())
        if isinstance(part, Mapping) and part.get("type") == "tool_use"
    ]
