"""`plaudit probe`: what a reward pays for edits that deserve nothing."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.cli._console import console, number, on_one_line, table, text
from plaudit.cli._options import takes_options
from plaudit.cli._reward import AllowImport, Columns, Set
from plaudit.options import Option

if TYPE_CHECKING:
    from rich.console import Console

    from plaudit.bench.probe import Interval, Probe, Probed, Share
    from plaudit.cli._reward import ChosenReward
    from plaudit.types import Group

__all__ = ["run"]

_KEEPS = "keeps the answer: must not rise"
_SPOILS = "spoils the answer: must fall"


@dataclass(frozen=True, kw_only=True)
class ProbeOptions:
    name: Annotated[
        str,
        typer.Argument(metavar="PATH[,K=V]|RECIPE|FILE", help="The reward, as for check."),
    ]
    source: Annotated[
        str | None,
        typer.Argument(metavar="[INPUT]", help="Rows with real responses; else a bundled sample."),
    ] = None
    settings: Set = None
    columns: Columns = None
    limit: Annotated[int, Option("How many of the rows.", least=1)] = 200
    examples: Annotated[int, Option("Worst examples shown for an edit.", least=0)] = 1
    seed: Annotated[int, Option("Of the bootstrap.")] = 0
    output: Annotated[str | None, Option("The figures.", "FILE.json", short="-o")] = None
    report: Annotated[
        str | None, Option("A page: edits with intervals, before and after.", "FILE.html")
    ] = None
    allow_import: AllowImport = None


@takes_options(ProbeOptions)
def run(options: ProbeOptions) -> None:
    """Probe how a reward can be hacked: what it pays for edits that deserve nothing.

    Padding, markdown, repetition, flattery, forged verdicts and the like keep the answer and must
    not raise the score; a lone colon, a cut tail, several answers spoil it and must lower the
    score. An edit that needs an extra that is not installed is left out. Rows with one response get
    the response to another prompt as a rival.
    """
    from plaudit.bench.probe import probe, with_rivals
    from plaudit.cli._reward import columns_of

    chosen = _chosen(options.name, options.settings, options.allow_import)
    columns_for = columns_of if options.source is None else chosen.columns
    mapped = columns_for(options.columns)
    groups = with_rivals(_groups(options.source, mapped, options.limit))
    report = probe(chosen.reward, groups, seed=options.seed, num_examples=max(options.examples, 3))
    out = console()
    _print(out, report, options.source)
    _print_examples(out, report, options.examples)
    if options.output is not None:
        figures = json.dumps(report.as_dict(), indent=1)  # ASCII: lone surrogates are no UTF-8
        Path(options.output).write_text(figures + "\n", encoding="utf-8")
    if options.report is not None:
        _write(options.report, report, chosen, options.source)
        out.print(text(f"report: {options.report}", "bold"))
    raise typer.Exit(0 if report.num_responses > report.num_unscored else 1)


def _chosen(
    name: str, settings: Sequence[str] | None, allow_import: Sequence[str] | None
) -> ChosenReward:
    from plaudit import registry
    from plaudit.cli._reward import choose

    if name in registry.recipes() or os.path.isfile(name):
        return choose(name, None, settings, allow_import)
    return choose(None, name, settings, allow_import)


def _groups(source: str | None, columns: Mapping[str, str], limit: int) -> list[Group]:
    from plaudit.cli.demo import SAMPLE
    from plaudit.data.read import read
    from plaudit.types import Group

    rows = read(source or SAMPLE, columns=columns, limit=limit)
    return [row.group for row in rows if isinstance(row.group, Group)]


def _print(out: Console, probe: Probe, source: str | None) -> None:
    out.print(text(probe.reward, "bold"))
    where = source or "the bundled sample"
    out.print(
        text(
            f"{probe.num_responses} responses of {probe.num_rows} rows of {where},"
            f" {probe.num_unscored} unscored; 95 % intervals in brackets",
            "dim",
        )
    )
    heads = ("mean change", "paid", "pairs flipped", "unscored")
    for title, keeps in ((_KEEPS, True), (_SPOILS, False)):
        rows = table(title, *heads, numeric=heads)
        for entry in probe.edits:
            if entry.edit.keeps_answer is keeps:
                rows.add_row(*_cells(entry))
        for edit, _ in probe.left_out:
            if edit.keeps_answer is keeps:
                rows.add_row(text(edit.name, "dim"), *[text("left out", "dim")] * len(heads))
        out.print(rows)
    for edit, why in probe.left_out:
        out.print(text(f"{edit.name} left out: {why}", "yellow"))


def _cells(entry: Probed) -> list:
    style = "bold red" if entry.is_exploit else ""
    return [
        text(entry.edit.name, style),
        text(_signed(entry.change)),
        text(_share(entry.paid), "bold red" if entry.paid.num else ""),
        text(_share(entry.flipped), "bold red" if entry.flipped.num else ""),
        text(entry.num_unscored, "red" if entry.num_unscored else ""),
    ]


def _signed(change: Interval) -> str:
    if math.isnan(change.value):
        return "-"
    return f"{change.value:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"


def _share(share: Share) -> str:
    if not share.total:
        return "-"
    _, low, high = (100 * end for end in share.interval)
    return f"{share.num}/{share.total} [{low:.0f}-{high:.0f} %]"


def _print_examples(out: Console, probe: Probe, examples: int) -> None:
    """The greatest payments, with the edited text made safe to look at."""
    for entry in probe.edits:
        for change in entry.worst[:examples]:
            place = f"row {change.row + 1}, response {change.response + 1}"
            move = f"{number(change.before)} -> {number(change.after)}"
            out.print(text(f"{entry.edit.name}: {place}: {move}", "bold"))
            out.print(text(f"  {on_one_line(change.edited, 200)}", "dim"))


def _write(report: str, probe: Probe, chosen: ChosenReward, source: str | None) -> None:
    """The page of the figures."""
    from plaudit.cli._reward import as_yaml
    from plaudit.report.probe import write_probe_report

    write_probe_report(
        report,
        probe.as_dict(),
        title=f"Probe of {chosen.name}",
        recipe_text=as_yaml(chosen.recipe),
        meta={"input": source or "the bundled sample"},
    )
