"""`plaudit compare`: two response columns, which one wins and by how much."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli._console import console, stderr, table, text
from plaudit.cli._options import takes_options
from plaudit.cli._progress import Meter, count_rows
from plaudit.cli._reward import AllowImport, Columns, Limit, Offline, Overwrite, Path, Recipe, Set
from plaudit.errors import ConfigError, DataError, did_you_mean
from plaudit.options import Option
from plaudit.untrusted import visible

if TYPE_CHECKING:
    from plaudit.data import Layout, Row
    from plaudit.run import Result

__all__ = ["run"]

_RESPONSES = (
    "response", "completion", "output", "responses", "completions", "outputs", "chosen", "rejected",
    "response_a", "response_b",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="As for `plaudit score`.")]
    recipe: Recipe = None
    reward: Path = None
    a: Annotated[str, Option("The column of the first responses.", "COLUMN")] = "chosen"
    b: Annotated[str, Option("The column of the second responses.", "COLUMN")] = "rejected"
    output: Annotated[
        str | None, Option("A line for each row; - for stdout.", "OUT.jsonl", short="-o")
    ] = None
    settings: Set = None
    columns: Columns = None
    limit: Limit = None
    overwrite: Overwrite = False
    allow_import: AllowImport = None
    offline: Offline = False


@takes_options(CompareOptions)
def run(options: CompareOptions) -> None:
    """Compare two columns of responses: how often the first wins, and by what margin.

    Both responses of a row are scored as one group. A tie counts for neither side; a row in which
    either could not be scored is counted apart and enters no rate. The interval is Wilson's, 95 %.

    Exit codes: 0; 1 some rows were bad or unscored, or there was none; 2 the command line is wrong.
    """
    from plaudit import registry
    from plaudit.cli._reward import choose, go_offline

    if options.offline:
        go_offline()
    if options.a == options.b:
        raise ConfigError(f"--a and --b are both {options.a!r}: two columns are compared")
    chosen = choose(options.recipe, options.reward, options.settings, options.allow_import)
    read = chosen.columns(options.columns)
    read = {name: read[name] for name in read if name not in registry.RESPONSE_COLUMNS}
    duels = _Duels()
    with _lines(options.output, options.overwrite) as write:
        try:
            for row, result in _results(
                chosen.reward, options.inputs, (options.a, options.b), read, options.limit
            ):
                write(duels.add(row, result))
        except KeyboardInterrupt:
            stderr(f"interrupted after {duels.num_rows:,} rows")
            raise typer.Exit(130) from None
    duels.print(chosen.name, options.a, options.b)
    raise typer.Exit(1 if duels.num_bad or duels.num_unscored or not duels.num_rows else 0)


@dataclass
class _Duels:
    """Counts and margins of the rows so far."""

    margins: list[float] = field(default_factory=list)
    num_bad: int = 0
    num_unscored: int = 0

    @property
    def num_rows(self) -> int:
        return len(self.margins) + self.num_bad + self.num_unscored

    def add(self, row: Row, result: Result) -> dict[str, Any]:
        """Counts a row; its line for the output."""
        if result.error is not None:
            self.num_bad += 1
            if self.num_bad <= 3:
                stderr(visible(str(result.error)))
            return {"row": row.number, "error": str(result.error)}
        first, second = result.scores
        if not (first.is_scored and second.is_scored):
            self.num_unscored += 1
            return {"row": row.number, "error": first.error or second.error}
        margin = first.value - second.value
        self.margins.append(margin)
        winner = "a" if margin > 0 else "b" if margin < 0 else "tie"
        return {
            "row": row.number, "a": first.value, "b": second.value, "margin": margin,
            "winner": winner,
        }  # fmt: skip

    def print(self, name: str, a: str, b: str) -> None:
        """The table of wins and margins."""
        wins, losses = (sum(sign * m > 0 for m in self.margins) for sign in (1, -1))
        rows = table("", name)
        for label, value in {
            f"{a} wins": _rate(wins, len(self.margins)),
            f"{b} wins": _rate(losses, len(self.margins)),
            "ties": f"{len(self.margins) - wins - losses:,}",
            "mean margin": f"{statistics.fmean(self.margins):.4g}" if self.margins else "-",
            "median margin": f"{statistics.median(self.margins):.4g}" if self.margins else "-",
            "unscored rows": f"{self.num_unscored:,}",
            "bad rows": f"{self.num_bad:,}",
        }.items():
            rows.add_row(text(label), text(value))
        console().print(rows)


def _results(
    reward: Any,
    inputs: Sequence[str],
    sides: tuple[str, str],
    columns: Mapping[str, str],
    limit: int | None,
) -> Iterator[tuple[Row, Result]]:
    """Every row with its two responses scored as one group."""
    from plaudit.data import Layout, scored
    from plaudit.data.read import read

    layout = Layout({name: source for name, source in columns.items() if name != "response"})
    rows = (_paired(row, sides, layout) for row in read(inputs, columns=columns, limit=limit))
    with Meter(count_rows(inputs, limit)) as meter:
        yield from scored(reward, rows, on_progress=meter.update)


def _paired(row: Row, sides: tuple[str, str], layout: Layout) -> Row:
    """The row with a group of the two columns' responses."""
    missing = [side for side in sides if row.raw.get(side) is None]
    if len(missing) == 2 and isinstance(row.group, DataError):
        return row
    if missing:
        message = (
            f"missing column; the row has {', '.join(row.raw)}{did_you_mean(missing[0], row.raw)}"
        )
        return row._replace(group=DataError(message, where=row.where, field=missing[0]))
    columns = {k: v for k, v in row.raw.items() if k not in (*_RESPONSES, *sides)}
    both = {"response_a": row.raw[sides[0]], "response_b": row.raw[sides[1]]}
    return layout.row({**columns, **both}, row.source, row.number)


@contextlib.contextmanager
def _lines(output: str | None, overwrite: bool) -> Iterator[Any]:
    """A function that writes one object a line; it does nothing without an output."""
    if output is None:
        yield lambda line: None
        return
    if output == "-":
        yield lambda line: print(json.dumps(line, ensure_ascii=False))
        return
    if os.path.exists(output) and not overwrite:
        raise ConfigError(f"{output}: exists; --overwrite replaces it")
    with open(output, "w", encoding="utf-8", errors="backslashreplace") as file:
        yield lambda line: file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _rate(count: int, total: int) -> str:
    """A count with its share and Wilson's interval.

    >>> _rate(8, 10)
    '8 (80.0 %, 49.0 to 94.3)'
    """
    from plaudit.metrics import wilson

    if not total:
        return "0"
    share, low, high = (100 * end for end in wilson(count, total))
    return f"{count:,} ({share:.1f} %, {low:.1f} to {high:.1f})"
