"""The tables behind a run of `plaudit judge`: agreement with the labels, and between jurors."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.cli._console import console, number, table, text

__all__ = ["print_judged"]

_SHOWN = frozenset((
    "num_pairs", "num_responses", "accuracy", "swap_accuracy", "both_right", "same_verdict",
    "first_position", "kappa", "kappa_quadratic", "spearman", "exact", "difference",
    "length_slope", "unreadable", "unscored",
))  # fmt: skip
_MAX_JUROR_PAIRS = 45
_WIDEST = 10_000


def print_judged(judged: Any, *, on_stderr: bool) -> None:
    """The tables of agreement, one for each kind of verdict that was seen; all is in the report."""
    out = console(stderr=on_stderr)
    for figures in (judged.table(kind) for kind in judged.kinds):
        columns = [column for column in figures.columns if column.name in _SHOWN]
        lines = _by_row(judged, figures, columns)
        if out.measure(lines, options=out.options.update(max_width=_WIDEST)).maximum > out.width:
            lines = _by_figure(judged, figures, columns)
        out.print(lines, crop=False)
    if judged.jury:
        _print_jury(judged.jury, out)


def _print_jury(jury: Mapping[str, Any], out: Any) -> None:
    """A line for each two jurors."""
    lines = table("jurors", "agree %", "kappa", "n", numeric=("agree %", "kappa", "n"))
    pairs = list(itertools.combinations(range(len(jury["names"])), 2))
    for i, j in pairs[:_MAX_JUROR_PAIRS]:
        names = f"{jury['names'][i]}, {jury['names'][j]}"
        share, kappa = jury["agreement"][i][j], jury["kappa"][i][j]
        percent = f"{100 * share:.1f}" if share == share else "-"
        lines.add_row(text(names), percent, number(kappa), f"{jury['nums'][i][j]:,}")
    out.print(lines, crop=False)
    more = len(pairs) - _MAX_JUROR_PAIRS
    rest = f"; {more} more pairs are in the report" if more > 0 else ""
    kappa = number(jury["fleiss"])
    out.print(text(f"Fleiss' kappa {kappa} over {jury['num_items']:,} items{rest}"))


def _by_row(judged: Any, figures: Any, columns: Sequence[Any]) -> Any:
    """A row for each cell of the report, a column for each figure."""
    heads = [column.heading for column in columns]
    lines = table(*(judged.by or (figures.kind,)), *heads, numeric=tuple(heads))
    for column in lines.columns:
        column.no_wrap = True
    for row in figures.rows:
        cells = [_cell(row[column.name], column) for column in columns]
        lines.add_row(*(text(name) for name in row["by"] or ("all",)), *cells)
    return lines


def _by_figure(judged: Any, figures: Any, columns: Sequence[Any]) -> Any:
    """Where a line would be wider than the screen: a line for each figure of each cell."""
    lines = table(*(judged.by or (figures.kind,)), "figure", "value", numeric=("value",))
    lines.columns[-1].no_wrap = True
    for row in figures.rows:
        for n, column in enumerate(columns):
            names = row["by"] or ("all",)
            heads = (text(name if n == 0 else "") for name in names)
            unit = " %" if column.is_share else ""
            lines.add_row(*heads, f"{column.heading}{unit}", _cell(row[column.name], column))
    return lines


def _cell(value: float, column: Any) -> str:
    """A figure of the report: shares in percent."""
    if value != value:
        return "-"
    return f"{100 * value:.1f}" if column.is_share else f"{value:,.4g}"
