"""Why a response ended, under the names of Chat Completions, whatever a server calls it.

finish_reason  text; or an object with `type` (SGLang) or `reason` (HELM)
stop_reason    Anthropic's and others', if it names a reason rather than a stop string or token
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from plaudit.types import Response

__all__ = ["finish_of", "stop_reason_of", "with_stop_reasons"]

_REASONS = {
    "stop": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "truncated": "length",
    "tool_use": "tool_calls",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "refusal",
    "abort": "abort",
}


def stop_reason_of(value: object) -> str | None:
    """The finish reason for a stop reason; None for a stop string or token.

    >>> stop_reason_of("max_tokens"), stop_reason_of("</answer>"), stop_reason_of(151645)
    ('length', None, None)
    """
    return _REASONS.get(value.lower()) if isinstance(value, str) else None


def finish_of(value: Mapping[str, object]) -> object:
    """The finish reason in an object with a response; None if it has none.

    >>> finish_of({"text": "4", "finish_reason": {"type": "length", "length": 8}})
    'length'
    >>> finish_of({"text": "4", "stop_reason": "max_tokens"})
    'length'
    """
    reason = value.get("finish_reason")
    if isinstance(reason, Mapping):
        reason = reason.get("type", reason.get("reason"))
    return stop_reason_of(value.get("stop_reason")) if reason is None else reason


def with_stop_reasons(responses: Sequence[Response], value: Mapping[str, object]) -> list[Response]:
    """The responses in an object with `choices`, each with the stop reason of its choice."""
    body = value.get("body")
    choices = (body if isinstance(body, Mapping) else value).get("choices", [value])
    if not isinstance(choices, list | tuple) or len(choices) != len(responses):
        return list(responses)
    return [_stopped(response, choice) for response, choice in zip(responses, choices, strict=True)]


def _stopped(response: Response, choice: object) -> Response:
    if response.finish_reason is not None or not isinstance(choice, Mapping):
        return response
    reason = finish_of(choice)
    return replace(response, finish_reason=reason) if isinstance(reason, str) else response
