"""`plaudit report`: one page of benchmark runs, and their leaderboard on the terminal."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from typing import Annotated

import typer

from plaudit.cli._console import console, say, stderr, text
from plaudit.cli._options import takes_options
from plaudit.cli._reward import Overwrite, free_path
from plaudit.options import Option

__all__ = ["run"]


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="Folders of finished runs of `plaudit bench`."),
    ]
    output: Annotated[str, Option("The page.", "FILE.html", short="-o")] = "report.html"
    title: Annotated[str, Option("Its heading; else the name of the benchmark.")] = ""
    include_text: Annotated[
        bool,
        Option("Read prompts and responses again from the data of the runs, and show them."),
    ] = False
    overwrite: Overwrite = False


@takes_options(ReportOptions)
def run(options: ReportOptions) -> None:
    """Make one page of benchmark runs: a leaderboard, charts, and every row to look at.

    Runs about the same rows share a table, with one test between all their rewards; runs about
    different rows stand side by side, without a test. Nothing is scored. The page is one file that
    needs no network. It holds prompts and responses only where the folder of a run does, or with
    --include-text.

    Exit codes: 0; 2 a folder holds no finished run, or the data has changed; 4 writing failed.
    """
    from plaudit.bench.boards import page_notes, warnings_of
    from plaudit.bench.page import runs_of, write_bench_page
    from plaudit.cli.bench import _print as print_results

    groups, results = runs_of(options.runs)
    path = free_path(options.output, options.overwrite)
    for group, figures in zip(groups, results, strict=True):
        if len(groups) > 1:
            console().print(text(", ".join(run.place for run in group), "bold"))
        print_results(figures)
    written = write_bench_page(
        path,
        groups,
        results,
        title=options.title,
        command=shlex.join(["plaudit", *sys.argv[1:]]),
        include_text=options.include_text,
    )
    for note in [*page_notes(groups), *(line for one in results for line in warnings_of(one))]:
        say(note)
    stderr(f"page: {written}")
