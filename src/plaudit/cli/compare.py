"""`plaudit compare`: two response columns, which one wins and by how much."""

from __future__ import annotations

import contextlib
import json
import os
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
    from plaudit.bench.duels import Duels
    from plaudit.data import Layout, Row
    from plaudit.run import Result
    from plaudit.types import Score

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
    by: Annotated[str | None, Option("Subsets, each with its own counts.", "COLUMN")] = None
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
    pairs = _Pairs(options.by)
    with _lines(options.output, options.overwrite) as write:
        try:
            for row, result in _results(
                chosen.reward, options.inputs, (options.a, options.b), read, options.limit
            ):
                write(pairs.add(row, result))
        except KeyboardInterrupt:
            stderr(f"interrupted after {pairs.num_rows:,} rows")
            raise typer.Exit(130) from None
    num_unscored = pairs.print(chosen.name, options.a, options.b)
    raise typer.Exit(1 if pairs.num_bad or num_unscored or not pairs.num_rows else 0)


@dataclass
class _Pairs:
    """The scores of the rows so far, by the column that names their subset."""

    by: str | None
    subsets: list[str] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    num_bad: int = 0

    @property
    def num_rows(self) -> int:
        return len(self.subsets) + self.num_bad

    def add(self, row: Row, result: Result) -> dict[str, Any]:
        """Takes in a row; its line for the output."""
        from plaudit.bench.read import subset_by

        error = result.error
        try:
            subset = "" if self.by is None or error is not None else subset_by(row, self.by)
        except DataError as missing:
            error, subset = row.placed(missing), ""
        if error is not None:
            self.num_bad += 1
            if self.num_bad <= 3:
                stderr(visible(str(error)))
            return {"row": row.number, "error": str(error)}
        self.subsets.append(subset)
        self.values += [score.value for score in result.scores]
        line = _line(row.number, *result.scores)
        return line if self.by is None else {**line, "subset": subset}

    def print(self, name: str, a: str, b: str) -> int:
        """The table of wins and margins; how many rows are unscored."""
        import numpy as np

        from plaudit.bench.benchmark import benchmark
        from plaudit.bench.duels import ALL, duels
        from plaudit.bench.sheet import Scored, Sheet

        sheet = Sheet(
            {"id": str(n), "subset": subset, "prompt": str(n), "labels": (1.0, 0.0)}
            for n, subset in enumerate(self.subsets)
        )
        scored = Scored(name, np.array(self.values, float))
        parts = duels(benchmark("pairs"), sheet, scored)
        rows = table("", name)
        cells = {**_cells(parts[ALL], a, b), "bad rows": f"{self.num_bad:,}"}
        for label, value in cells.items():
            rows.add_row(text(label), text(value))
        console().print(rows)
        if self.by is not None:
            console().print(_by_subset(self.by, parts, a, b))
        return parts[ALL].unscored


def _by_subset(by: str, parts: Mapping[str, Duels], a: str, b: str) -> object:
    """The table of the subsets, one row each; a single one has the figures of all rows."""
    from plaudit.bench.duels import ALL

    heads = (f"{a} wins", f"{b} wins", "ties", "mean margin", "unscored")
    rows = table(by, *heads, numeric=heads)
    for subset, part in parts.items():
        if subset != ALL:
            counts = (f"{part.tied:,}", _margin(part.mean_margin), f"{part.unscored:,}")
            shares = (_short_rate(part, num) for num in (part.won, part.lost))
            rows.add_row(text(subset), *map(text, (*shares, *counts)))
    return rows


def _line(number: int, first: Score, second: Score) -> dict[str, Any]:
    """What is written of a scored row."""
    if not (first.is_scored and second.is_scored):
        return {"row": number, "error": first.error or second.error}
    margin = first.value - second.value
    winner = "a" if margin > 0 else "b" if margin < 0 else "tie"
    return {
        "row": number, "a": first.value, "b": second.value, "margin": margin, "winner": winner,
    }  # fmt: skip


def _cells(part: Duels, a: str, b: str) -> dict[str, str]:
    """The column of a subset, by the name of the row."""
    return {
        f"{a} wins": _rate(part, part.won),
        f"{b} wins": _rate(part, part.lost),
        "ties": f"{part.tied:,}",
        "mean margin": _margin(part.mean_margin),
        "median margin": _margin(part.median_margin),
        "unscored rows": f"{part.unscored:,}",
    }


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


def _margin(margin: float) -> str:
    return "-" if margin != margin else f"{margin:.4g}"


def _short_rate(part: Duels, num: int) -> str:
    """A count with its share of the scored rows."""
    return "0" if part.num == part.unscored else f"{num:,} ({100 * part.share(num).value:.1f} %)"


def _rate(part: Duels, num: int) -> str:
    """A count with its share of the scored rows and Wilson's interval.

    >>> from plaudit.bench.duels import Duels
    >>> _rate(Duels(11, 8, 0, 1, 0.5, 0.5), 8)
    '8 (80.0 %, 49.0 to 94.3)'
    """
    if part.num == part.unscored:
        return "0"
    share, low, high = (100 * end for end in part.share(num))
    return f"{num:,} ({share:.1f} %, {low:.1f} to {high:.1f})"
