"""The Group of a row, from its prompt, its responses and its other columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from plaudit.data._columns import FINISH, LIST, SPREAD, Get, Raw, Responses
from plaudit.data._values import ids_of, ragged, text_of, with_column
from plaudit.data.turns import wrong
from plaudit.types import Group, Message, Response

__all__ = ["RowPlan", "group_of"]

_PLURAL_FINISH = FINISH[1:2]
_PLURAL = ("labels", "models")


class RowPlan(NamedTuple):
    """How to read all rows that have the same columns."""

    id: Get | None
    prompt: Get | None
    responses: Callable[[Raw], Responses]
    token_ids: tuple[str, Get] | None
    finish_reason: tuple[str, Get] | None
    spread: tuple[tuple[str, Get], ...]
    shared: tuple[tuple[str, Get], ...]
    unchanged: tuple[str, ...]
    context: tuple[Get | None, Get | None]  # system prompt, earlier turns
    label: Get | None  # which response of a pair is the better one
    reading: Mapping[str, str]


def group_of(
    plan: RowPlan,
    raw: Raw,
    prompt: str | Sequence[Message],
    responses: list[Response],
    is_list: bool,
) -> Group:
    """The group, with list columns spread over the responses."""
    columns = {name: raw[name] for name in plan.unchanged}
    for name, get in plan.shared:
        if (value := get(raw)) is not None:
            columns[name] = value
    for name, get in plan.spread:
        value = get(raw)
        if is_list and isinstance(value, LIST):
            responses = _spread(name, value, responses, columns)
        else:
            columns[name] = value
    if plan.token_ids is not None:
        responses = _with_token_ids(plan.token_ids, raw, is_list, responses)
    if plan.finish_reason is not None:
        responses = _with_finish_reason(plan.finish_reason, raw, is_list, responses)
    return Group(prompt, responses, columns, "" if plan.id is None else str(plan.id(raw)))


def _spread(
    name: str, value: Sequence[object], responses: list[Response], columns: dict[str, object]
) -> list[Response]:
    """Responses with their items of a list column, which otherwise stays with the group."""
    if len(value) != len(responses):
        if name in _PLURAL:
            raise ragged(name, len(value), len(responses))
        columns[name] = value
        return responses
    key = SPREAD[name]
    items = zip(responses, value, strict=True)
    return [with_column(response, key, item) for response, item in items]


def _with_token_ids(
    column: tuple[str, Get], raw: Raw, is_list: bool, responses: list[Response]
) -> list[Response]:
    name, get = column
    values = get(raw)
    if not is_list and not _is_nested(values):
        values = [values]
    if not isinstance(values, LIST):
        raise wrong("a list of token ids for each response", values, name)
    if len(values) != len(responses):
        raise ragged(name, len(values), len(responses))
    return [
        response if ids is None else replace(response, token_ids=ids_of(ids, f"{name}[{i}]"))
        for i, (response, ids) in enumerate(zip(responses, values, strict=True))
    ]


def _with_finish_reason(
    column: tuple[str, Get], raw: Raw, is_list: bool, responses: list[Response]
) -> list[Response]:
    name, get = column
    values = get(raw)
    if values is None:
        return responses
    if isinstance(values, str) and (not is_list or name == "stop_reason"):
        values = [values] * len(responses)
    if not isinstance(values, LIST):
        raise wrong("a text for each response", values, name)
    if len(values) != len(responses) and name in _PLURAL_FINISH and not is_list:
        return responses  # they belong to other responses, only one of which is in the row
    if len(values) != len(responses):
        raise ragged(name, len(values), len(responses))
    return [
        response
        if reason is None
        else replace(response, finish_reason=text_of(reason, f"{name}[{i}]"))
        for i, (response, reason) in enumerate(zip(responses, values, strict=True))
    ]


def _is_nested(value: object) -> bool:
    return isinstance(value, LIST) and bool(value) and isinstance(value[0], LIST)
