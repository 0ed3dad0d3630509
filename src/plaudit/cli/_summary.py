"""The end of a run in words: means beside what could not be scored, and the first problems."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from plaudit.cli._console import console, number, on_one_line, spelled_as_options, table, text

if TYPE_CHECKING:
    from plaudit.data import Row
    from plaudit.report import PartSummary, Summary
    from plaudit.run import Result

__all__ = ["Problems", "print_summary", "result_of"]

_MOST = 5
_MOST_MESSAGES = 200
_LIMIT = 300


@dataclass
class Problems:
    """The first bad rows, and the faults of responses by message with the first place of each."""

    bad_rows: list[str] = field(default_factory=list)
    faults: dict[str, tuple[str, int]] = field(default_factory=dict)

    def add(self, row: Row, result: Result) -> None:
        """Keeps what is told about the row, if there is room."""
        if result.error is not None and len(self.bad_rows) < _MOST:
            told = spelled_as_options(str(row.placed(result.error)))
            self.bad_rows.append(on_one_line(told, _LIMIT))
        for i, score in enumerate(result.scores):
            if score.error is not None:
                which = f" response {i + 1}" if row.is_list else ""
                self._count(on_one_line(f"{score.fault} fault: {score.error}", _LIMIT), row, which)

    def _count(self, message: str, row: Row, which: str) -> None:
        place, count = self.faults.get(message, (f"{row.where}:{which}", 0))
        if count or len(self.faults) < _MOST_MESSAGES:
            self.faults[message] = place, count + 1

    def fault_lines(self) -> list[str]:
        """The most frequent messages, each with its first place."""
        ranked = sorted(self.faults.items(), key=lambda item: -item[1][1])
        return [
            f"{place} {message}{f' ({count:,} times)' if count > 1 else ''}"
            for message, (place, count) in ranked[:_MOST]
        ]


def print_summary(
    summary: Summary,
    problems: Problems,
    seconds: float,
    *,
    names: Iterable[str] = (),
    on_stderr: bool = False,
) -> None:
    """Prints the table of the reward and its parts, and what went wrong.

    `names` are the parts that the recipe has: one that applied to no row is listed all the same.
    """
    out, counts = console(stderr=on_stderr), summary.counts
    made = table(*_HEAD, numeric=_HEAD[1:])
    shown = [part for part in summary.parts if "/" not in part.name]
    for part in (summary.reward, *shown):
        made.add_row(*_cells(part, is_whole=not part.name))
    seen = {part.name for part in shown}
    for name in (name for name in names if name not in seen):
        cells = ["-"] * 4 + ["0"] * 3 + [f"{counts.responses:,}"]
        made.add_row(text(f"  {name}", "yellow"), *cells)
    out.print(made)
    rate = f"{counts.rows / seconds:,.0f} rows/s" if seconds > 0 else ""
    out.print(
        text(
            f"{counts.rows:,} rows ({counts.bad_rows:,} bad), {counts.responses:,} responses"
            f" ({counts.unscored:,} unscored{_faults(counts.faulted)}) in {seconds:.1f} s, {rate}"
        )
    )
    for title, lines, total in (
        ("bad rows", problems.bad_rows, counts.bad_rows),
        ("faults", problems.fault_lines(), len(problems.faults)),
    ):
        if lines:
            more = f" ({len(lines)} of {total:,})" if total > len(lines) else ""
            out.print(text(f"{title}{more}:", "bold"))
            out.print(text("\n".join(f"  {line}" for line in lines)))


_HEAD = ("part", "mean", "std", "min", "max", "scored", "unscored", "faulted", "n/a")


def _cells(part: PartSummary, *, is_whole: bool) -> list[Any]:
    figures = (part.mean, part.std, part.low, part.high)
    counts = (part.num_scored, part.num_unscored, sum(part.faulted.values()))
    # A combination does not list a part that is left out; that is no figure of the whole.
    left_out = "" if is_whole else f"{part.num_not_applicable:,}"
    name = text("reward", "bold") if is_whole else text(f"  {part.name}")
    return [name, *map(number, figures), *(f"{count:,}" for count in counts), left_out]


def _faults(faulted: Mapping[str, int]) -> str:
    """Faults by who is to blame, as a clause."""
    named = [f"{count:,} {fault}" for fault, count in faulted.items()]
    return f"; faults: {', '.join(named)}" if named else ""


def result_of(row: Row, line: bytes, index: int, column: str) -> Result:
    """The result that an earlier run wrote for a row."""
    from plaudit.data.jsontext import loads_object
    from plaudit.errors import DataError
    from plaudit.run import Result
    from plaudit.types import Group

    told = loads_object(line)
    group = row.group if isinstance(row.group, Group) else None
    if (error := told.get(f"{column}_error")) is not None:
        return Result(index, group, [], DataError(error))
    return Result(index, group, [_score(one) for one in told[f"{column}_scores"]], None)


def _score(told: Mapping[str, Any]) -> Any:
    from plaudit.types import Score

    return Score(
        _value(told["value"]),
        {name: _value(value) for name, value in told.get("parts", {}).items()},
        fault=told.get("fault"),
        error=told.get("error"),
        note=told.get("note"),
    )


def _value(value: float | None) -> float:
    return math.nan if value is None else value
