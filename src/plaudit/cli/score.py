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
from typing import TYPE_CHECKING, Annotated, Generic, TypeVar

import typer

import plaudit
from plaudit import offers
from plaudit.cli._console import spelled_as_options, stderr
from plaudit.cli._options import takes_options
from plaudit.cli._progress import Meter, count_rows
from plaudit.cli._reward import (
    AllowImport,
    AllowUnscored,
    ChosenReward,
    Columns,
    KeepEndMarks,
    Limit,
    Offline,
    Overwrite,
    Path,
    Recipe,
    Resumption,
    RewardColumn,
    Set,
    Strict,
    column_name,
    free_path,
    go_offline,
)
from plaudit.cli._summary import Problems, print_summary, result_of
from plaudit.errors import ConfigError, DataError
from plaudit.old_names import old_names
from plaudit.options import Option
from plaudit.untrusted import visible

if TYPE_CHECKING:
    from plaudit.cli.judge import JudgeOptions
    from plaudit.data import Row, Writer
    from plaudit.report import Summary
    from plaudit.run import Progress, Result

__all__ = ["ScoreJob", "run"]
__getattr__ = old_names(__name__)

RunOptions = TypeVar("RunOptions", "ScoreOptions", "JudgeOptions")

_SHOWN_ERRORS = 100
_HOPELESS = 100  # rows, all of them bad, after which a run stops


@dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="JSONL, JSON, CSV, TSV, Parquet (.gz, .zst), a saved data set,"
            " hf:ORG/NAME[:SPLIT], or - for standard input.",
        ),
    ]
    recipe: Recipe = None
    reward: Path = None
    output: Annotated[
        str | None,
        Option(
            "Scored rows: .jsonl, .jsonl.gz, .parquet, .csv; - for standard output."
            " Without it only the summary is printed.",
            "OUT",
            short="-o",
        ),
    ] = None
    report: Annotated[str | None, Option("Write a self-contained report.", "FILE.html")] = None
    settings: Set = None
    columns: Columns = None
    reward_column: RewardColumn = "reward"
    workers: Annotated[
        str, Option("Worker processes; 0 scores in this one, without deadlines.", "N|auto")
    ] = "auto"
    deadline_s: Annotated[float, Option("Seconds that one response may take.")] = 60.0
    strict: Strict = False
    overwrite: Overwrite = False
    resumption: Resumption
    limit: Limit = None
    allow_unscored: AllowUnscored = False
    check_only: Annotated[bool, Option("Read and check every row; score nothing.")] = False
    keep_end_marks: KeepEndMarks = False
    allow_import: AllowImport = None
    offline: Offline = False


@takes_options(ScoreOptions)
def run(options: ScoreOptions) -> None:
    """Score the responses in files.

    Every row gains reward and reward_scores; a row that cannot be read gains reward_error, and is
    counted. Each mean is beside the number of responses without a score. A run stops where none
    of the first 100 rows can be read.

    Exit codes: 0 every response has a score; 1 some rows were bad or responses unscored, or there
    was not a row; 2 the command line, the recipe or a name is wrong; 3 a bad row under --strict, or
    nothing but bad rows; 4 reading or writing failed; 130 interrupted, the partial output is kept
    for --resume, which also scores again what a fault of the system left unscored.
    """
    from plaudit.cli._reward import choose

    if options.offline:
        go_offline()
    chosen = choose(options.recipe, options.reward, options.settings, options.allow_import)
    scoring = {"workers": _workers(options.workers), "deadline_s": options.deadline_s}
    job = ScoreJob(chosen, options, scoring)
    raise typer.Exit(job.check() if options.check_only else job.run())


@dataclass
class ScoreJob(Generic[RunOptions]):
    """One run of the verb; `scoring` are keywords of `scored`."""

    chosen: ChosenReward
    options: RunOptions
    scoring: Mapping[str, object]
    problems: Problems = field(default_factory=Problems)

    def __post_init__(self) -> None:
        options = self.options
        may_replace = options.overwrite or options.resumption.is_wanted
        self.report = None if options.report is None else free_path(options.report, may_replace)
        self.columns = self._columns()
        self.reward_column = column_name(options.reward_column)

    def _columns(self) -> Mapping[str, str]:
        return self.chosen.columns(self.options.columns)

    def run(self) -> int:
        """Scores, writes, prints the summary and makes the report; the exit code."""
        from plaudit.report import Summary

        summary, began = Summary(self.chosen.name), time.monotonic()
        rows, output = self._rows(), self.options.output
        writer = self._writer()
        if writer is not None and writer.is_finished:
            is_all = self.options.resumption.retry == "all"
            why = ": its unscored responses are not system faults" * is_all
            stderr(f"{output} is already complete{why}; --overwrite scores again")
            return 0
        try:
            self._score(rows, writer, summary)
        except DataError:
            if 0 < summary.counts.rows == summary.counts.bad_rows < _HOPELESS:
                self._print(summary, time.monotonic() - began, 0)
            raise
        except KeyboardInterrupt:
            _stop_asking()
            stderr(f"interrupted after {summary.counts.rows:,} rows{self._how_to_go_on()}")
            return 130
        if writer is not None and writer.num_replaced:
            stderr(f"{writer.num_replaced:,} characters that {output} cannot represent are escaped")
        self._print(summary, time.monotonic() - began, writer.num_before if writer else 0)
        self._say_unscored(writer)
        if not summary.counts.rows:
            stderr(f"plaudit: no row in {', '.join(self.options.inputs)}")
        self._report(summary)
        counts = summary.counts
        has_failed = counts.bad_rows or (counts.unscored and not self.options.allow_unscored)
        return 1 if has_failed or not counts.rows else 0

    def _print(self, summary: Summary, seconds: float, num_before: int) -> None:
        print_summary(
            summary,
            self.problems,
            seconds,
            num_before=num_before,
            names=tuple(offers.parts_of(self.chosen.reward)),
            on_stderr=self.options.output == "-",
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
            self.options.inputs,
            columns=self.columns,
            limit=limit or self.options.limit,
            keep_end_marks=self.options.keep_end_marks,
        )

    def _say_unscored(self, writer: Writer | None) -> None:
        retry = self.options.resumption.retry
        if writer is not None and writer.num_retryable and retry != "none":
            stderr(
                f"{writer.num_retryable:,} rows are unscored because of a system fault: the same"
                " command with --resume scores these again, with --keep-unscored leaves them so"
            )

    def _writer(self) -> Writer | None:
        from plaudit.data import Writer

        options, resumption = self.options, self.options.resumption
        if options.output is None:
            if resumption.is_wanted or (options.overwrite and self.report is None):
                which = "resume" if resumption.is_wanted else "overwrite"
                raise ConfigError(f"--{which} needs --output")
            return None
        return Writer(
            options.output,
            column=self.reward_column,
            meta=self._meta(),
            overwrite=options.overwrite,
            resume=resumption.is_wanted,
            retry=resumption.retry,
        )

    def _meta(self) -> Mapping[str, object]:
        """What makes the rows: a resumed run must be the same."""
        from plaudit.data import run_meta
        from plaudit.data.journal import CALLED

        called = {CALLED: self.chosen.name}
        return run_meta(self.chosen.reward, self.options.inputs, **self._reading, **called)

    @property
    def _reading(self) -> Mapping[str, object]:
        """How the rows are read, as far as it changes them."""
        marks = {"keep_end_marks": True} if self.options.keep_end_marks else {}
        return {"columns": dict(self.columns), **marks}

    def _score(self, rows: Iterable[Row], writer: Writer | None, summary: Summary) -> None:
        """Gives each result to the writer, the summary and the list of problems."""
        from plaudit.data import scored

        if writer is not None:
            rows = writer.pending(rows, functools.partial(self._count_again, summary))
        with contextlib.ExitStack() as stack:
            if writer is not None:
                stack.enter_context(writer)
            num_before = writer.num_before if writer else 0
            meter = stack.enter_context(
                Meter(count_rows(self.options.inputs, self.options.limit), num_before)
            )

            def update(progress: Progress) -> None:
                meter.done = writer.num_before if writer else 0
                meter.update(progress)

            scoring = {**self.scoring, "strict": self.options.strict}
            results = scored(self.chosen.reward, rows, on_progress=update, **scoring)
            stack.callback(results.close)  # type: ignore[attr-defined]  # ends the workers at once
            for row, result in results:
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
            f" `plaudit init {shlex.quote(self.options.inputs[0])}` looks at the columns"
        )

    def _count(self, summary: Summary, row: Row, result: Result) -> None:
        summary.add(result)
        summary.add_intake(**row.intake._asdict())
        self.problems.add(row, result)

    def _count_again(self, summary: Summary, row: Row, line: bytes) -> None:
        """Counts a row that an earlier run scored."""
        self._count(summary, row, result_of(row, line, summary.counts.rows, self.reward_column))

    def _how_to_go_on(self) -> str:
        if (output := self.options.output) in (None, "-"):
            return ""
        return f"; they are kept beside {output}: the same command with --resume continues"

    def _report(self, summary: Summary) -> None:
        from plaudit.cli._reward import as_yaml
        from plaudit.report import write_report

        if self.report is None:
            return
        path = write_report(
            self.report,
            summary,
            title=f"{self.chosen.name}: {', '.join(self.options.inputs)}",
            recipe_text=as_yaml(self.chosen.recipe),
            command=shlex.join(["plaudit", *sys.argv[1:]]),
            meta={"input": ", ".join(self.options.inputs), "plaudit": plaudit.__version__},
        )
        stderr(f"report: {path}")


def _stop_asking() -> None:
    """Nothing goes out any more, if anything did: threads that wait for a server end at once."""
    if (http := sys.modules.get("plaudit.http")) is not None:
        http.halt()


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
