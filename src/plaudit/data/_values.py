"""Checked values of a row, and responses with one more column."""

from __future__ import annotations

from typing import Any

from plaudit.data._columns import LIST
from plaudit.data.turns import wrong
from plaudit.errors import DataError
from plaudit.types import Response

__all__ = ["ids_of", "is_text", "ragged", "text_of", "with_column"]


def is_text(value: object) -> bool:
    """Whether a value is text."""
    return isinstance(value, str)


def with_column(r: Response, name: str, value: object) -> Response:
    """A response with one more column; `dataclasses.replace` takes twice the time."""
    return Response(r.text, r.messages, r.token_ids, r.finish_reason, {**r.columns, name: value})


def ids_of(value: Any, field: str) -> tuple[int, ...]:
    """The token ids in a value. Raises DataError unless they are a list of integers."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, LIST):
        raise wrong("a list of token ids", value, field)
    if not set(map(type, value)) <= {int}:
        raise wrong("a list of token ids, all integers", value, field)
    return tuple(value)


def text_of(value: object, field: str) -> str:
    """The value, which must be text. Raises DataError."""
    if not isinstance(value, str):
        raise wrong("text", value, field)
    return value


def ragged(name: str, count: int, expected: int, *, of: str = "responses") -> DataError:
    """The error for a list whose length does not fit the row."""
    return DataError(
        f"expected one item for each of the {expected} {of}, found {count}", field=name
    )
