"""Rows with their rewards: the output of `plaudit score` and `plaudit judge`, read back."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from plaudit.data.rows import Layout, Row
from plaudit.data.turns import wrong
from plaudit.errors import DataError, clipped, did_you_mean
from plaudit.hashing import digest
from plaudit.old_names import old_names
from plaudit.types import Message, Response

__all__ = ["Judged", "JudgedResponse", "grouped", "judged", "key_of", "prompts_of", "spoken"]
__getattr__ = old_names(__name__)

_DERIVED = ("{}", "{}_scores", "{}_error")


class JudgedResponse(NamedTuple):
    """A response with its reward. `value` NaN: no score. `row` and `place` locate it."""

    response: Response
    value: float
    parts: Mapping[str, float] = {}
    fault: str | None = None
    row: int = 1
    place: int = 0

    @property
    def is_scored(self) -> bool:
        """Whether the reward is a number."""
        return self.value == self.value

    @property
    def text(self) -> str:
        """The text of the response."""
        return self.response.text


class Judged(NamedTuple):
    """One prompt with its judged responses and the columns that belong to all of them."""

    prompt: tuple[Message, ...]
    members: tuple[JudgedResponse, ...]
    columns: Mapping[str, Any] = {}
    source: str = ""
    id: str = ""

    @property
    def where(self) -> str:
        """The place of its first row as error messages give it."""
        number = self.members[0].row if self.members else 0
        return f"{self.source}:{number}" if self.source else f"row {number}"


def judged(row: Row, column: str = "reward") -> Judged:
    """A row's group with the rewards in `column` (a number, null, or a list of them).

    ``{column}_scores``, if present, gives parts and faults. A null reward is NaN. Booleans count as
    1 and 0; text is read as JSON, for CSV.

    Raises: DataError for a row that could not be read or scored, without the column, or with a
    different number of rewards than responses.

    >>> from plaudit.data.rows import Layout
    >>> raw = {"prompt": "2+2?", "responses": ["4", "5"], "reward": [1.0, None]}
    >>> [member.value for member in judged(Layout().row(raw)).members]
    [1.0, nan]
    """
    if (error_text := row.raw.get(f"{column}_error")) is not None:
        raise DataError(str(error_text), where=row.where)
    if isinstance(row.group, DataError):
        raise row.group
    if column not in row.raw:
        raise DataError(
            f"missing column; the row has {', '.join(row.raw)}{did_you_mean(column, row.raw)}",
            where=row.where,
            field=column,
        )
    responses = row.group.responses
    try:
        values = _each(row.raw[column], column, len(responses))
        records = _each(row.raw.get(f"{column}_scores"), f"{column}_scores", len(responses))
        members = tuple(
            _member(response, value, record, column)._replace(row=row.number, place=place)
            for place, (response, value, record) in enumerate(
                zip(responses, values, records, strict=True)
            )
        )
    except DataError as error:
        raise error.at(row.where) from None
    own = {name.format(column) for name in _DERIVED}
    columns = {name: value for name, value in row.group.columns.items() if name not in own}
    return Judged(row.group.prompt, members, columns, row.source, row.group.id)


def _each(value: Any, field: str, count: int) -> Sequence[object]:
    """One item for each response; a single value belongs to a single response, null to all."""
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except ValueError:
            raise wrong("a number, null, or a list of them", value, field) from None
    if value is None or value == "":
        return [None] * count
    if hasattr(value, "tolist"):
        value = value.tolist()
    items = value if isinstance(value, list | tuple) else [value]
    if len(items) != count:
        raise DataError(
            f"expected one item for each of the {count} responses, found {clipped(value)}",
            field=field,
        )
    return items


def _member(response: Response, value: object, fields: object, column: str) -> JudgedResponse:
    if not isinstance(fields, Mapping):
        fields = {}
    parts = fields.get("parts") or {}
    return JudgedResponse(
        response,
        _number(value, column),
        {name: _number(part, f"{column}_scores") for name, part in parts.items()},
        fields.get("fault"),
    )


def _number(value: object, field: str) -> float:
    if value is None:
        return math.nan
    if not isinstance(value, int | float):
        raise wrong("a number or null", value, field)
    return float(value) if math.isfinite(value) else math.nan


def spoken(prompt: Sequence[Message]) -> str:
    """The text of all turns of a prompt, without parts that are not text.

    >>> spoken([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2+2?"}])
    'Be brief.\\n2+2?'
    """
    texts = []
    for turn in prompt:
        content = turn.get("content") or ""
        parts = [content] if isinstance(content, str) else content
        texts += [part if isinstance(part, str) else part.get("text") or "" for part in parts]
    return "\n".join(texts)


def prompts_of(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    """The place and text of each row's prompt, with or without responses.

    Raises: DataError for a row without a readable prompt: evaluation prompts that were skipped
    would be missed in the training data.

    >>> list(prompts_of([Layout().row({"question": "2+2?"}, "eval.jsonl", 7)]))
    [('eval.jsonl:7', '2+2?')]
    """
    alone = Layout({"response": "response"})
    for row in rows:
        group = row.group
        if isinstance(group, DataError):
            group = alone.row({**row.raw, "response": ""}, row.source, row.number).group
        if isinstance(group, DataError):
            raise group
        if not (text := spoken(group.prompt)):
            raise DataError(
                f"no prompt; the row has {', '.join(row.raw)}", where=row.where, field="prompt"
            )
        yield row.where, text


# --- rows that share a prompt ---------------------------------------------------------------------


def key_of(column: str) -> Callable[[Judged], bytes]:
    """A function that gives a row's group, as 16 bytes: from the prompt, or a column's value.

    It raises DataError for a row without the column.

    >>> ask = ({"role": "user", "content": "2+2?"},)
    >>> key_of("prompt")(Judged(ask, ())) == key_of("prompt")(Judged(ask, (), {"model": "m"}))
    True
    """

    def key(one: Judged) -> bytes:
        if column == "prompt":
            value: object = [dict(turn) for turn in one.prompt]
        elif (value := one.columns.get(column, one.id if column == "id" else None)) is None:
            raise DataError(
                f"missing column; the row has {', '.join(one.columns)}"
                f"{did_you_mean(column, one.columns)}",
                where=one.where,
                field=column,
            )
        text = json.dumps(value, sort_keys=True, default=str)
        return digest(text)

    return key


def grouped(
    rows: Iterable[Judged], key: Callable[[Judged], bytes], sizes: Mapping[bytes, int] | None = None
) -> Iterator[Judged]:
    """Groups of the rows that share a key, each as soon as all `sizes[key]` of its rows have come.

    Without `sizes` it is unknown when a group is complete, so all rows are held until the end.
    Columns whose values differ between the rows of a group go to the responses.

    >>> ask = ({"role": "user", "content": "2+2?"},)
    >>> rows = [Judged(ask, (JudgedResponse(Response(t), 1.0),), {"model": t}) for t in ("4", "5")]
    >>> [len(group.members) for group in grouped(rows, key_of("prompt"))]
    [2]
    """
    open_groups: dict[bytes, list[Judged]] = {}
    for row in rows:
        name = key(row)
        members = open_groups.setdefault(name, [])
        members.append(row)
        if sizes is not None and len(members) >= sizes.get(name, 0):
            yield _merged(open_groups.pop(name))
    yield from map(_merged, open_groups.values())


def _merged(rows: Sequence[Judged]) -> Judged:
    first = rows[0]
    if len(rows) == 1:
        return first
    shared = {
        name: value
        for name, value in first.columns.items()
        if all(name in row.columns and row.columns[name] == value for row in rows[1:])
    }
    members = tuple(
        member._replace(response=_with_columns(member.response, row, shared))
        for row in rows
        for member in row.members
    )
    is_one = all(row.id == first.id for row in rows)
    return first._replace(members=members, columns=shared, id=first.id if is_one else "")


def _with_columns(response: Response, row: Judged, shared: Mapping[str, object]) -> Response:
    own = {name: value for name, value in row.columns.items() if name not in shared}
    return replace(response, columns={**own, **response.columns})
