"""A row of chosen and rejected responses, and the licence that it states."""

from __future__ import annotations

from plaudit.data.rows import Row
from plaudit.errors import DataError
from plaudit.types import Group

__all__ = ["licence_of", "rivals"]

_LICENCE = ("licence", "license")
_NO_LICENCE = {"", "?", "-", "n/a", "none", "none stated", "not stated", "null", "other", "unknown"}


def rivals(row: Row) -> Group:
    """The group of a row of chosen and rejected responses. Raises DataError with the field."""
    sides = ("chosen", "rejected")
    for name in sides:
        if row.raw.get(name) in (None, []) and any(side in row.raw for side in sides):
            raise DataError("expected a response, found none", field=name)
    if isinstance(row.group, DataError):
        raise row.group
    labels = [response.columns.get("label") for response in row.group.responses]
    if len(labels) < 2 or not {"chosen", "rejected"} <= set(labels):
        missing = next((n for n in ("chosen", "rejected") if n not in labels), "chosen")
        raise DataError(
            "missing: a row has chosen and rejected, or response_a, response_b and the label of the"
            f" better one; it has {', '.join(row.raw)}",
            field=missing,
        )
    return row.group


def licence_of(row: Row) -> str:
    """The licence that a row states; "" where it states none, or says that it is not known."""
    texts = (row.raw.get(name) for name in _LICENCE)
    stated = (text.strip() for text in texts if isinstance(text, str))
    return next((text for text in stated if text.lower() not in _NO_LICENCE), "")
