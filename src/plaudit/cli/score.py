"""`plaudit score`: rows in, scored rows and a report out."""

from __future__ import annotations

import contextlib
import functools
import os
import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

import plaudit
from plaudit.cli._console import spelled_as_options, stderr
from plaudit.cli._progress import Meter, count_rows
from plaudit.cli._reward import (
    AllowImport,
    AllowUnscored,
    Chosen,
    Columns,
    KeepEndMarks,
    KeepUnscored,
    Limit,
    Offline,
    Overwrite,
    Path,
    Recipe,
    Resume,
    Resumption,
    RetryUnscored,
    RewardColumn,
    Set,
    Strict,
    column_name,
    resumption,
)
from plaudit.cli._summary import Problems, print_summary, result_of
from plaudit.errors import ConfigError, DataError
from plaudit.untrusted import visible

if TYPE_CHECKING:
    from plaudit.data import Row, Writer
    from plaudit.report import Summary
    from plaudit.run import Progress, Result

__all__ = ["Job", "free_report", "run"]

_SHOWN_ERRORS = 100
_HOPELESS = 100  # rows, all of them bad, after which a run stops


def run(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="JSONL, JSON, CSV, TSV, Parquet (.gz, .zst), a saved data set,"
            " hf:ORG/NAME[:SPLIT], or - for standard input.",
        ),
    ],
    recipe: Recipe = None,
    reward: Path = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="Scored rows: .jsonl, .jsonl.gz, .parquet, .csv; - for standard output."
            " Without it only the summary is printed.",
        ),
    ] = None,
    report: Annotated[
        str | None, typer.Option(metavar="FILE.html", help="Write a self-contained report.")
    ] = None,
    settings: Set = None,
    columns: Columns = None,
    reward_column: RewardColumn = "reward",
    workers: Annotated[
        str,
        typer.Option(
            metavar="N|auto", help="Worker processes; 0 scores in this one, without deadlines."
        ),
    ] = "auto",
    deadline_s: Annotated[
        float, typer.Option("--deadline-s", help="Seconds that one response may take.")
    ] = 60.0,
    strict: Strict = False,
    overwrite: Overwrite = False,
    resume: Resume = False,
    retry_unscored: RetryUnscored = False,
    keep_unscored: KeepUnscored = False,
    limit: Limit = None,
    allow_unscored: AllowUnscored = False,
    check_only: Annotated[
        bool, typer.Option("--check-only", help="Read and check every row; score nothing.")
    ] = False,
    keep_end_marks: KeepEndMarks = False,
    allow_import: AllowImport = None,
    offline: Offline = False,
) -> None:
    """Score the responses in files.

    Every row gains reward and reward_scores; a row that cannot be read gains reward_error, and is
    counted. Each mean stands beside the number of responses without a score. A run stops where none
    of the first 100 rows can be read.

    Exit codes: 0 every response has a score; 1 some rows were bad or responses unscored, or there
    was no row; 2 the command line, the recipe or a name is wrong; 3 a bad row under --strict, or
    nothing but bad rows; 4 reading or writing failed; 130 interrupted, the partial output is kept
    for --resume, which also scores again what a fault of the system left unscored.
    """
    from plaudit.cli._reward import choose

    if offline:
        os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1")
    chosen = choose(recipe, reward, settings, allow_import)
    resuming = resumption(resume, retry_unscored, keep_unscored)
    job = Job(
        chosen=chosen,
        inputs=inputs,
        output=output,
        report=free_report(report, overwrite or resuming.is_wanted),
        columns=chosen.columns(columns),
        limit=limit,
        keep_end_marks=keep_end_marks,
        reward_column=column_name(reward_column),
        options={"workers": _workers(workers), "deadline_s": deadline_s, "strict": strict},
    )
    if check_only:
        raise typer.Exit(job.check())
    summary = job.run(overwrite=overwrite, resuming=resuming)
    counts = summary.counts
    has_failed = counts.bad_rows or (counts.unscored and not allow_unscored)
    raise typer.Exit(1 if has_failed or not counts.rows else 0)


@dataclass
class Job:
    """One run of the verb."""

    chosen: Chosen
    inputs: list[str]
    output: str | None
    report: str | None
    columns: Mapping[str, str]
    limit: int | None
    options: Mapping[str, Any]
    keep_end_marks: bool = False
    reward_column: str = "reward"
    problems: Problems = field(default_factory=Problems)

    def run(self, *, overwrite: bool, resuming: Resumption) -> Summary:
        """Scores, writes, prints the summary and makes the report."""
        from plaudit.report import Summary

        summary, began = Summary(self.chosen.name), time.monotonic()
        rows = self._rows()
        writer = self._writer(overwrite=overwrite, resuming=resuming)
        if writer is not None and writer.is_finished:
            why = ": what is unscored in it is no fault of the system" * (resuming.retry == "all")
            stderr(f"{self.output} is complete already{why}; --overwrite scores anew")
            raise typer.Exit(0)
        try:
            self._score(rows, writer, summary)
        except DataError:
            if 0 < summary.counts.rows == summary.counts.bad_rows < _HOPELESS:
                self._print(summary, time.monotonic() - began, 0)
            raise
        except KeyboardInterrupt:
            _stop_asking()
            stderr(f"interrupted after {summary.counts.rows:,} rows{self._kept()}")
            raise typer.Exit(130) from None
        if writer is not None and writer.num_replaced:
            stderr(f"{writer.num_replaced:,} characters that {self.output} cannot hold are escaped")
        self._print(summary, time.monotonic() - began, writer.num_before if writer else 0)
        self._say_unscored(writer, resuming)
        if not summary.counts.rows:
            stderr(f"plaudit: no row in {', '.join(self.inputs)}")
        self._report(summary)
        return summary

    def _print(self, summary: Summary, seconds: float, num_before: int) -> None:
        print_summary(
            summary,
            self.problems,
            seconds,
            num_before=num_before,
            names=getattr(self.chosen.reward, "parts", ()),
            on_stderr=self.output == "-",
        )

    def check(self) -> int:
        """Prints what is wrong with the rows before anything is scored; the exit code."""
        from plaudit.data.api import row_errors

        count = 0
        for count, error in enumerate(row_errors(self.chosen.reward, self._rows()), 1):
            if count <= _SHOWN_ERRORS:
                stderr(visible(spelled_as_options(str(error))))
        print(f"{count:,} bad rows for {self.chosen.name}" if count else "every row can be scored")
        return 1 if count else 0

    def _rows(self, limit: int | None = None) -> Iterator[Row]:
        from plaudit.data.read import read

        return read(
            self.inputs,
            columns=self.columns,
            limit=limit or self.limit,
            keep_end_marks=self.keep_end_marks,
        )

    def _say_unscored(self, writer: Writer | None, resuming: Resumption) -> None:
        if writer is not None and writer.num_retryable and resuming.retry != "none":
            stderr(
                f"{writer.num_retryable:,} rows are unscored by a fault of the system: the same"
                " command with --resume scores these again, with --keep-unscored leaves them so"
            )

    def _writer(self, *, overwrite: bool, resuming: Resumption) -> Writer | None:
        from plaudit.data import Writer

        if self.output is None:
            if resuming.is_wanted or (overwrite and self.report is None):
                which = "resume" if resuming.is_wanted else "overwrite"
                raise ConfigError(f"--{which} needs --output")
            return None
        return Writer(
            self.output,
            column=self.reward_column,
            meta=self._meta(),
            overwrite=overwrite,
            resume=resuming.is_wanted,
            retry=resuming.retry,
        )

    def _meta(self) -> Mapping[str, Any]:
        """What makes the rows: a resumed run must be the same."""
        from plaudit.data import run_meta
        from plaudit.data.journal import CALLED

        called = {CALLED: self.chosen.name}
        return run_meta(self.chosen.reward, self.inputs, **self._reading, **called)

    @property
    def _reading(self) -> Mapping[str, Any]:
        """How the rows are read, as far as it changes them."""
        kept = {"keep_end_marks": True} if self.keep_end_marks else {}
        return {"columns": dict(self.columns), **kept}

    def _score(self, rows: Iterable[Row], writer: Writer | None, summary: Summary) -> None:
        """Gives each result to the writer, the summary and the list of problems."""
        from plaudit.data import scored

        if writer is not None:
            rows = writer.pending(rows, functools.partial(self._count_again, summary))
        with contextlib.ExitStack() as stack:
            if writer is not None:
                stack.enter_context(writer)
            num_before = writer.num_before if writer else 0
            meter = stack.enter_context(Meter(count_rows(self.inputs, self.limit), num_before))

            def update(progress: Progress) -> None:
                meter.done = writer.num_before if writer else 0
                meter.update(progress)

            found = scored(self.chosen.reward, rows, on_progress=update, **self.options)
            stack.callback(found.close)  # type: ignore[attr-defined]  # ends the workers at once
            for row, result in found:
                if writer is not None:
                    result = replace(result, index=writer.write(row, result))
                self._count(summary, row, result)
                if summary.counts.rows == summary.counts.bad_rows == _HOPELESS:
                    self._give_up(writer, f"none of the first {_HOPELESS} rows")
            if summary.counts.rows == summary.counts.bad_rows > 0:
                self._give_up(writer, "no row")

    def _give_up(self, writer: Writer | None, which: str) -> None:
        """Ends a run in which no row could be read so far. Raises DataError with the reason."""
        if writer is not None:
            writer.drop()
        reason = self.problems.bad_rows.lines()[0]
        raise DataError(
            f"{which} can be scored: {reason}. Nothing was written;"
            f" `plaudit init {shlex.quote(self.inputs[0])}` looks at the columns"
        )

    def _count(self, summary: Summary, row: Row, result: Result) -> None:
        summary.add(result)
        summary.add_intake(**row.intake._asdict())
        self.problems.add(row, result)

    def _count_again(self, summary: Summary, row: Row, line: bytes) -> None:
        """Counts a row that an earlier run scored."""
        self._count(summary, row, result_of(row, line, summary.counts.rows, self.reward_column))

    def _kept(self) -> str:
        if self.output in (None, "-"):
            return ""
        return f"; they are kept beside {self.output}: the same command with --resume goes on"

    def _report(self, summary: Summary) -> None:
        from plaudit.cli._reward import as_yaml
        from plaudit.report import write_report

        if self.report is None:
            return
        path = write_report(
            self.report,
            summary,
            title=f"{self.chosen.name}: {', '.join(self.inputs)}",
            recipe_text=as_yaml(self.chosen.recipe),
            command=shlex.join(["plaudit", *sys.argv[1:]]),
            meta={"input": ", ".join(self.inputs), "plaudit": plaudit.__version__},
        )
        stderr(f"report: {path}")


def _stop_asking() -> None:
    """Nothing goes out any more, if anything did: threads that wait for a server end at once."""
    if (http := sys.modules.get("plaudit.http")) is not None:
        http.halt()


def free_report(report: str | None, may_replace: bool) -> str | None:
    """The path of the report, if it can be written."""
    if report is None:
        return None
    if os.path.exists(report) and not may_replace:
        raise ConfigError(f"{report}: exists; --overwrite replaces it")
    if not os.path.isdir(parent := os.path.dirname(report) or "."):
        raise ConfigError(f"{report}: the directory {parent!r} does not exist")
    return report


def _workers(text: str) -> int:
    if text == "auto":
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
    if not text.isdecimal():
        raise ConfigError(f"--workers {text!r}: a number or auto")
    return int(text)
