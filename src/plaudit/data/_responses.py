"""The responses of a row: text, messages, objects, pairs, lists and steps."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from plaudit.data._columns import CHATS, LIST, MANY, PAIRS, STEPS, ColumnNames, Get, Raw, Responses
from plaudit.data._prompts import transcript
from plaudit.data._values import ids_of, is_text, ragged, text_of, with_column
from plaudit.data.door import is_output, response_of, responses_of_output
from plaudit.data.finish import finish_of, with_stop_reasons
from plaudit.data.turns import (
    REASONING,
    answer,
    is_turns,
    reasoning_of,
    split_chat,
    split_pair,
    turns,
    with_think,
    wrong,
)
from plaudit.errors import DataError, clipped
from plaudit.types import Message, Response

__all__ = ["are_step_labels", "response_reader"]

_ITEM_TEXTS = ("text", "content", "response", "completion", "output", "answer")


def response_reader(names: ColumnNames, kind: tuple[str, ...]) -> Callable[[Raw], Responses]:
    """The function that reads the responses from columns of that kind."""
    name, source = kind[0], names.sources[kind[0]]
    gets = [names.take(name) for name in kind]
    if len(gets) == 2:
        return functools.partial(_pair, kind, gets)
    if len(gets) > 2:
        return functools.partial(_several, kind, gets)
    if name == "completions" == source and "labels" in names.sources:
        return functools.partial(_steps_or_many, gets[0], names.look("labels"))
    if name == STEPS:
        labels = names.look("labels") if "labels" in names.sources else None
        return functools.partial(_steps, source, gets[0], labels)
    read = _chat if name in CHATS else _many if name in MANY else _one
    return functools.partial(read, name, gets[0])


def _one(name: str, get: Get, raw: Raw) -> Responses:
    value = get(raw)
    if type(value) is str:
        return [Response(value)], False, None
    if value is None:
        if not any(raw.get(field) for field in REASONING):
            raise wrong("text", value, name)
        return [Response("")], False, None  # all reasoning, which the door puts in
    if is_output(value):
        return [responses_of_output(value, name, raw)], False, None
    if isinstance(value, LIST) and not is_turns(value):
        return _many(name, get, raw)
    if isinstance(value, Mapping) and (responses := response_of(value, name)) is not None:
        return with_stop_reasons(responses, value), len(responses) > 1, None
    return [_response(value, name)], False, None


def _many(name: str, get: Get, raw: Raw) -> Responses:
    values = get(raw)
    if not isinstance(values, LIST):
        raise wrong("a list of responses", values, name)
    if not values:
        raise wrong("at least one response", values, name)
    thinks = next((raw[field] for field in REASONING if isinstance(raw.get(field), LIST)), ())
    responses = [
        Response(value) if type(value) is str else _item(value, f"{name}[{i}]", thinks[i : i + 1])
        for i, value in enumerate(values)
    ]
    return responses, True, None


def _item(value: object, field: str, think: Sequence[object]) -> Response:
    """One response of a list; a null counts only if the row has reasoning for it."""
    if value is not None:
        return _response(value, field)
    if any(think):
        return Response("")
    raise DataError(
        "expected text, found null: give the text, an empty one for a response that is empty, or"
        " leave it out of the row with all that belongs to it",
        field=field,
    )


def _pair(kind: tuple[str, ...], gets: Sequence[Get], raw: Raw) -> Responses:
    a, b = (get(raw) for get in gets)
    if kind == PAIRS[0] and (_is_plain_list(a) or _is_plain_list(b)):
        return _lists(kind, a, b)
    prompt, responses = _pair_of(kind, a, b)
    if kind == PAIRS[0]:
        labels = zip(responses, kind, strict=True)
        responses = [with_column(response, "label", name) for response, name in labels]
    return responses, True, prompt


def _pair_of(
    kind: tuple[str, ...], a: object, b: object
) -> tuple[Sequence[Message] | None, list[Response]]:
    """The prompt that both sides share, if they are conversations, and the two responses."""
    if isinstance(a, str) and isinstance(b, str):
        reply_a, reply_b = transcript(a), transcript(b)
        if reply_a and reply_b:
            a, b = reply_a, reply_b
    if isinstance(a, LIST) and not isinstance(b, LIST):
        a = turns(a, kind[0])
        prompt, reply = split_chat(a)
        if prompt:
            return prompt, [answer(reply, kind[0]), _response(b, kind[1])]
    if not isinstance(a, LIST) or not isinstance(b, LIST):
        return None, [_response(a, kind[0]), _response(b, kind[1])]
    a, b = turns(a, kind[0]), turns(b, kind[1])
    shared, reply_a, reply_b = split_pair(a, b)
    if not shared and a[0].get("role") != "assistant" == b[0].get("role"):
        shared, reply_a = split_chat(a)
    if any(reply and reply[0].get("role") != "assistant" for reply in (reply_a, reply_b)):
        raise DataError(
            f"the two conversations share no prompt: {kind[0]} goes on with"
            f" {clipped(reply_a[:1])}, {kind[1]} with {clipped(reply_b[:1])}",
            field=f"{kind[0]}, {kind[1]}",
        )
    return shared or None, [answer(reply_a, kind[0]), answer(reply_b, kind[1])]


def _is_plain_list(value: Any) -> bool:
    """Whether a value is a list of responses, not of messages."""
    is_list = isinstance(value, LIST) and bool(value)
    return is_list and not (isinstance(value[0], Mapping) and is_turns(value[0]))


def _lists(kind: tuple[str, ...], a: Any, b: Any) -> Responses:
    """All chosen responses, then all rejected ones, each labelled."""
    responses = []
    for name, values in zip(kind, (a, b), strict=True):
        items = values if _is_plain_list(values) else [values]
        for i, value in enumerate(items):
            field = f"{name}[{i}]" if items is values else name
            responses.append(with_column(_response(value, field), "label", name))
    return responses, True, None


def _several(kind: tuple[str, ...], gets: Sequence[Get], raw: Raw) -> Responses:
    return [_response(get(raw), name) for name, get in zip(kind, gets, strict=True)], True, None


def _steps_or_many(get: Get, get_labels: Get, raw: Raw) -> Responses:
    """One solution of steps if each completion has a boolean label, else rival responses."""
    if are_step_labels(get_labels(raw), get(raw)):
        return _steps("completions", get, get_labels, raw)
    return _many("completions", get, raw)


def are_step_labels(labels: object, values: object) -> bool:
    """Whether labels are one boolean for each of the texts in `values`."""
    return (
        isinstance(values, LIST)
        and isinstance(labels, LIST)
        and len(labels) == len(values) > 0
        and set(map(type, labels)) == {bool}
        and all(map(is_text, values))
    )


def _steps(name: str, get: Get, get_labels: Get | None, raw: Raw) -> Responses:
    """One response: its steps with a blank line between them."""
    values = get(raw)
    if not isinstance(values, LIST) or not values:
        raise wrong("a list of steps", values, name)
    steps = [_step(value, f"{name}[{i}]") for i, value in enumerate(values)]
    labels: object = [label for _, label in steps]
    if get_labels is not None and isinstance(column_labels := get_labels(raw), LIST):
        labels = list(column_labels)
        if len(labels) != len(steps):
            raise ragged("labels", len(labels), len(steps), of="steps")
    texts = [text for text, _ in steps]
    columns: dict[str, object] = {STEPS: texts}
    if any(label is not None for label in labels):
        columns["step_labels"] = labels
    return [Response("\n\n".join(texts), columns=columns)], False, None


def _step(value: object, field: str) -> tuple[str, object]:
    """The text of a step and its rating: text, an object, or a step of PRM800K."""
    if isinstance(value, Mapping) and isinstance(value.get("completions"), LIST):
        own, at = value.get("human_completion"), value.get("chosen_completion")
        if at is None and own is None and len(value["completions"]) > 0:
            at = 0  # all were rated wrong: the first one was used
        value = own if at is None else value["completions"][at]
    if isinstance(value, Mapping):
        text = next((value[n] for n in ("text", "step", "content") if n in value), None)
        return text_of(text, field), value.get("rating", value.get("label"))
    return text_of(value, field), None


def _chat(name: str, get: Get, raw: Raw) -> Responses:
    prompt, reply = split_chat(turns(get(raw), name))
    return [answer(reply, name)], False, prompt


def _response(value: Any, field: str) -> Response:
    """One response: text, messages, or an object with the text."""
    if isinstance(value, str):
        return Response(value)
    if is_turns(value):
        return answer(turns(value, field), field)
    if is_output(value):
        return responses_of_output(value, field)
    if isinstance(value, Mapping):
        return _response_of_object(value, field)
    raise wrong("text", value, field)


def _response_of_object(value: Raw, field: str) -> Response:
    if (choices := response_of(value, field)) is not None:
        if len(choices) > 1:
            raise wrong("an object with one choice", value, field)
        return with_stop_reasons(choices, value)[0]
    names = [name for name in _ITEM_TEXTS if name in value]
    if not names:
        raise wrong(f"text, or an object with {' or '.join(_ITEM_TEXTS)}", value, field)
    text, think = value[names[0]], reasoning_of(value)
    if not isinstance(text, str) and not (text is None and think):
        raise wrong("text", text, f"{field}.{names[0]}")
    ids, finish = value.get("token_ids"), finish_of(value)
    rest = {
        k: v
        for k, v in value.items()
        if v is not None and k not in (names[0], "token_ids", "finish_reason", *REASONING)
    }
    return Response(
        with_think(think, text or "", is_finished=text is not None),
        token_ids=None if ids is None else ids_of(ids, f"{field}.token_ids"),
        finish_reason=None if finish is None else text_of(finish, f"{field}.finish_reason"),
        columns=rest,
    )
