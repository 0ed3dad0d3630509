"""The end of a run in words: means beside what could not be scored, and the first problems."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from plaudit.cli._console import console, number, on_one_line, spelled_as_options, table, text
from plaudit.types import describe_faults

if TYPE_CHECKING:
    from plaudit.data import Row
    from plaudit.report import Counts, PartSummary, Summary
    from plaudit.run import Result

__all__ = ["Problems", "print_summary", "result_of"]

_MOST = 5
_MOST_MESSAGES = 200
_LIMIT = 300
_NAME_WIDTH = 10
_WIDEST = 10_000


class MessageCounts:
    """What went wrong, each message once: its first place and how often it came."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[str, int]] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, place: str, message: str) -> None:
        """Counts a message; beyond a number of different ones new ones are not kept."""
        message = on_one_line(message, _LIMIT)
        first, count = self._counts.get(message, (place, 0))
        if count or len(self._counts) < _MOST_MESSAGES:
            self._counts[message] = first, count + 1

    def lines(self) -> list[str]:
        """The most frequent messages, of equals the first."""
        ranked = sorted(self._counts.items(), key=lambda item: -item[1][1])
        return [
            f"{place}: {message}{f' ({count:,} times)' if count > 1 else ''}"
            for message, (place, count) in ranked[:_MOST]
        ]


@dataclass
class Problems:
    """The rows that could not be read, and the faults of responses."""

    bad_rows: MessageCounts = field(default_factory=MessageCounts)
    faults: MessageCounts = field(default_factory=MessageCounts)

    def add(self, row: Row, result: Result) -> None:
        """Keeps what is told about the row."""
        if result.error is not None:
            error = row.placed(result.error)
            self.bad_rows.add(error.where, spelled_as_options(str(error.at(""))))
        for i, score in enumerate(result.scores):
            if score.error is not None:
                which = f" response {i + 1}" if row.is_list else ""
                self.faults.add(f"{row.where}{which}", f"{score.fault} fault: {score.error}")


def print_summary(
    summary: Summary,
    problems: Problems,
    seconds: float,
    *,
    num_before: int = 0,
    names: Iterable[str] = (),
    on_stderr: bool = False,
) -> None:
    """Prints the table of the reward and its parts, and what went wrong.

    `num_before` rows are of an earlier run. `names` are the parts that the recipe has: one that
    applied to no row is listed all the same.
    """
    out, counts = console(stderr=on_stderr), summary.counts
    parts = [part for part in summary.parts if "/" not in part.name]
    rows = [_cells(part, is_whole=not part.name) for part in (summary.reward, *parts)]
    listed = {part.name for part in parts}
    for name in (name for name in names if name not in listed):
        cells = ["-"] * 4 + ["0"] * 3 + [f"{counts.responses:,}"]
        rows.append([text(f"  {name}", "yellow"), *cells])
    lines, unbounded = _table_of(rows), out.options.update(max_width=_WIDEST)
    lines.collapse_padding = out.measure(lines, options=unbounded).maximum > out.width
    if (needed := out.measure(lines, options=unbounded).minimum) > out.width:
        lines.width = needed
    out.print(lines, crop=False)  # too wide beats figures that are cut
    before = f", {num_before:,} of them before" if num_before else ""
    faults = f"; faults: {describe_faults(counts.faulted)}" if counts.faulted else ""
    unscored = f"{counts.unscored:,} unscored{faults}"
    rate = f"{(counts.rows - num_before) / max(seconds, 1e-9):,.0f} rows/s"
    out.print(
        text(
            f"{counts.rows:,} rows ({counts.bad_rows:,} bad{before}), {counts.responses:,}"
            f" responses ({unscored}) in {seconds:.1f} s, {rate}"
        )
    )
    for line in _intake(counts):
        out.print(text(line))
    for title, messages in (("bad rows", problems.bad_rows), ("faults", problems.faults)):
        if lines := messages.lines():
            more = f" ({len(lines)} of {len(messages)} messages)" if len(messages) > _MOST else ""
            out.print(text(f"{title}{more}:", "bold"))
            out.print(text("\n".join(f"  {line}" for line in lines)))


def _table_of(rows: Sequence[Sequence[Any]]) -> Any:
    """The table, in which a name may be cut, but no figure."""
    lines = table(*_HEAD, numeric=_HEAD[1:])
    for n, column in enumerate(lines.columns):
        column.no_wrap = True
        column.min_width = (
            max(map(len, (_HEAD[n], *(row[n] for row in rows)))) if n else _NAME_WIDTH
        )
    for row in rows:
        lines.add_row(*row)
    return lines


_HEAD = ("part", "mean", "std", "min", "max", "scored", "unscored", "faulted", "n/a")


def _cells(part: PartSummary, *, is_whole: bool) -> list[Any]:
    figures = (part.mean, part.std, part.low, part.high)
    counts = (part.num_scored, part.num_unscored)
    faulted = describe_faults(part.faulted) if part.faulted else "0"
    # A combination does not list a part that is left out; that is no figure of the whole.
    left_out = "" if is_whole else f"{part.num_not_applicable:,}"
    name = text("reward", "bold") if is_whole else text(f"  {part.name}")
    return [name, *map(number, figures), *(f"{count:,}" for count in counts), faulted, left_out]


def _intake(counts: Counts) -> Iterator[str]:
    """What was taken off the responses or put into them before they were scored."""
    if counts.end_marks:
        yield (
            f"{counts.end_marks:,} responses ended in end-of-turn marks, which were taken off"
            " (--keep-end-marks leaves them)"
        )
    if counts.reasoning:
        yield (
            f"{counts.reasoning:,} responses had their reasoning in a field of its own; it was"
            " scored as <think>reasoning</think> in front of the text"
        )


def result_of(row: Row, line: bytes, index: int, column: str) -> Result:
    """The result that an earlier run wrote for a row."""
    from plaudit.data.jsontext import loads_object
    from plaudit.errors import DataError
    from plaudit.run import Result
    from plaudit.types import Group

    fields = loads_object(line)
    group = row.group if isinstance(row.group, Group) else None
    if (error := fields.get(f"{column}_error")) is not None:
        return Result(index, group, [], DataError(error))
    return Result(index, group, [_score(one) for one in fields[f"{column}_scores"]], None)


def _score(fields: Mapping[str, Any]) -> Any:
    from plaudit.types import Score

    return Score(
        _value(fields["value"]),
        {name: _value(value) for name, value in fields.get("parts", {}).items()},
        fault=fields.get("fault"),
        error=fields.get("error"),
        note=fields.get("note"),
    )


def _value(value: float | None) -> float:
    return math.nan if value is None else value
