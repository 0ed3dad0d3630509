"""Which columns of a row hold its responses, and the errors if none or several may."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from plaudit.data._columns import (
    CHATS,
    MANY,
    NUMBERED,
    ONE,
    PAIRS,
    RESPONSE_LIKE,
    STEPS,
    ColumnNames,
    is_near,
)
from plaudit.data.layouts import unreadable
from plaudit.data.turns import wrong
from plaudit.errors import DataError, did_you_mean

__all__ = ["mapping_of", "refuse_unreadable", "response_columns", "response_kinds"]


def mapping_of(kind: tuple[str, ...], names: ColumnNames) -> dict[str, str]:
    """The response columns under the names that a mapping may use."""
    sources = [names.sources[name] for name in kind]
    if len(kind) == 1:
        name = kind[0]
        public = "response" if name in ONE else "responses" if name in MANY else name
        return {"messages" if name in CHATS else public: sources[0]}
    if kind in PAIRS:
        return dict(zip(kind, sources, strict=True))
    return dict(zip(PAIRS[1], sources, strict=True)) if len(kind) == 2 else {}


def response_columns(names: ColumnNames) -> tuple[str, ...]:
    """The column or columns with the responses."""
    refuse_unreadable(names)
    kinds = response_kinds(names)
    if not kinds:
        raise _no_response(names)
    if len(kinds) > 1:
        raise _several_responses(names, kinds)
    return kinds[0]


def refuse_unreadable(names: ColumnNames) -> None:
    """Raises DataError for rows of a layout that has no prompts with responses."""
    layout = unreadable((*names.keys, *names.nulls))
    if layout is not None and names.mapped.isdisjoint({*RESPONSE_LIKE, *CHATS, STEPS}):
        raise DataError(f"these are the columns of {layout.name}: {layout.why}", field="response")


def response_kinds(names: ColumnNames) -> list[tuple[str, ...]]:
    """Each column, or group of columns, that may contain the responses."""
    kinds = [(name,) for name in names.among((*ONE, *MANY))]
    kinds += [pair for pair in PAIRS if len(names.among(pair)) == 2]
    kinds += [kind for kind in _numbered(names.sources) if kind not in kinds]
    kinds += [(name,) for name in names.among((STEPS, *CHATS)) if name in names.mapped]
    mapped = [kind for kind in kinds if names.mapped.intersection(kind)]
    chats = [(name,) for name in names.among((*CHATS, STEPS))[:1]]
    return mapped or kinds or chats or [(name,) for name in names.among_nulls(ONE)[:1]]


def _numbered(names: Collection[str]) -> list[tuple[str, ...]]:
    """Columns such as output_1 and output_2: each series from its first member on, in order."""
    series: dict[str, dict[str, str]] = {}
    for name in names:
        if match := NUMBERED.fullmatch(name):
            series.setdefault(match[1].lower(), {})[match[2].lower()] = name
    complete = []
    for members in series.values():
        marks = sorted(members)
        first = marks[0]
        whole = [chr(ord(first) + i) for i in range(len(marks))]
        if len(marks) > 1 and first in "a01" and marks == whole:
            complete.append(tuple(members[mark] for mark in marks))
    return complete


def _several_responses(names: ColumnNames, kinds: Sequence[tuple[str, ...]]) -> DataError:
    listed = ", ".join(" + ".join(names.sources[name] for name in kind) for kind in kinds)
    name, source = next(iter(mapping_of(kinds[0], names).items()), ("response", kinds[0][0]))
    return DataError(
        f"several columns may contain the response: {listed}; choose one with"
        f" columns={{{name!r}: {source!r}}}",
        field="response",
    )


def _no_response(names: ColumnNames) -> DataError:
    empty = [name for name in names.nulls if name in RESPONSE_LIKE]
    if empty:
        return wrong("text", None, empty[0])
    near = (
        f"; {key!r}: {hint[2:]}"
        for key in names.keys
        if (hint := did_you_mean(key, sorted(RESPONSE_LIKE), limit=1))
        and is_near(key, RESPONSE_LIKE)
    )
    if (hint := next(near, "")) or names.layout is None or names.layout.kind != "prompts":
        return DataError(
            f"missing column; {names.present()}{hint}. Expected {', '.join((*ONE, *MANY))},"
            " chosen + rejected, or messages; name another with columns={'response': NAME}",
            field="response",
        )
    return DataError(
        f"missing column; {names.present()}. These are the columns of {names.layout.name}: prompts"
        " without responses; sample some and add them as 'response', or name their column with"
        " columns={'response': NAME}",
        field="response",
    )
