"""What benchmarks of chosen and rejected responses share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plaudit.bench.sheet import Item, prompt_key
from plaudit.data.rivals import rivals
from plaudit.data.rows import Row
from plaudit.errors import DataError, clipped

__all__ = ["flat", "item_of", "number", "result"]

_PLACES = {"A": 0, "a": 0, "1": 0, "B": 1, "b": 1, "2": 1}


def item_of(
    row: Row, subset: str, *, id: str | None = None, extra: Mapping[str, object] = {}
) -> Item:
    """The item of a row of chosen and rejected responses; the labels are 1 and 0."""
    group = rivals(row)
    labels = tuple(float(r.columns.get("label") == "chosen") for r in group.responses)
    name = str(row.raw.get("id", row.number)) if id is None else id
    return Item(name, subset, prompt_key(group), labels, group, row.where, _place(row), extra)


def _place(row: Row) -> tuple[int, ...]:
    """Where the responses of a pair were in the source, if the row tells."""
    first = _PLACES.get(str(row.raw.get("chosen_was", "")).strip())
    return () if first is None else (first, 1 - first)


def number(value: object, field: str) -> float:
    """A score as a number, out of its list of one; NaN for null. Raises DataError.

    >>> number([[0.5]], "scores"), number(None, "scores")
    (0.5, nan)
    """
    while isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"expected a number, found {clipped(value)}", field=field)
    return float(value)


def result(value: object, field: str) -> float | None:
    """A published result of a row; a truth value is 1 or 0, null none. Raises DataError.

    >>> result(True, "results"), result(0.25, "results"), result(None, "results")
    (1.0, 0.25, None)
    """
    if isinstance(value, bool):
        return float(value)
    return None if value is None else number(value, field)


def flat(values: object, field: str) -> tuple[float, ...]:
    """Scores of several responses. Raises DataError.

    >>> flat([[1.0], 2, None], "scores")
    (1.0, 2.0, nan)
    """
    if not isinstance(values, Sequence) or isinstance(values, str):
        values = [values]
    return tuple(number(value, field) for value in values)
