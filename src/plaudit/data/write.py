"""Writing scored rows: the input row, its reward, and the details of the reward.

A row gains ``reward`` (a number or null; a list if the row has its responses as a list),
``reward_scores`` (value, parts, fault, error, note of each response; empty fields are omitted) or,
if the row could not be read, ``reward_error``.

The partial output is the journal (see `Journal`): rows are appended to ``OUT.partial.jsonl`` in
input order and become the output when all are written, by one rename. It is kept next to the output
if responses are unscored by a fault of the system: `resume` scores those rows again.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

from plaudit.data import export
from plaudit.data.journal import Journal, replace_durably
from plaudit.data.jsontext import dumps, loads_object
from plaudit.data.rows import Row
from plaudit.data.tables import require_pyarrow
from plaudit.errors import ConfigError, did_you_mean
from plaudit.journal import io_error
from plaudit.run import Result
from plaudit.types import Reward, Score

__all__ = ["Retry", "Writer", "output_row", "run_meta"]

Retry = Literal["system", "all", "none"]


class Writer:
    """Writes scored rows to a file (by suffix: JSONL, JSONL.gz, Parquet, CSV) or to ``-``.

    `meta` describes the run (see `run_meta`): `resume` refuses to continue with other rows or
    another reward. An existing output is refused unless `overwrite` (it is replaced when the new
    one is complete) or `resume` (an unfinished one is continued, a finished one left alone).
    `retry` says which unscored rows a resumed run scores again: those with a fault of the "system"
    (an unreachable server, a timeout, an exhausted budget), "all" or "none"; their new lines
    replace the old ones. While rows of the first kind remain, the output is not finished. As a
    context manager it finishes on a clean exit; else the partial output is kept.

        with Writer("scored.jsonl", meta=run_meta(reward, ["rows.jsonl"])) as writer:
            for row, result in scored(reward, writer.pending(read("rows.jsonl"))):
                writer.write(row, result)

    Raises: ConfigError.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        column: str = "reward",
        meta: Mapping[str, object] | None = None,
        overwrite: bool = False,
        resume: bool = False,
        retry: Retry = "system",
    ) -> None:
        if retry not in ("system", "all", "none"):
            raise ConfigError(f"retry={retry!r} must be 'system', 'all' or 'none'")
        self.column = column
        self.num_replaced = self.num_retried = self.num_retryable = 0
        self._retry: Retry = retry
        self._retried: deque[int] = deque()
        self._is_refused = False
        about = {**(meta or {}), "column": column}
        self._sink: _Sink
        if os.fspath(path) == "-":
            self._sink = _Stdout()
        else:
            self._sink = _sink(Path(path), about, overwrite=overwrite, resume=resume)
        self._num_rows = self._sink.num_done

    @property
    def num_done(self) -> int:
        """How many rows an earlier run has written, including those that are scored again."""
        return self._sink.num_done

    @property
    def num_before(self) -> int:
        """How many rows of an earlier run are kept unchanged, as far as known so far."""
        return self.num_done - self.num_retried

    @property
    def is_finished(self) -> bool:
        """Whether the output was already complete when this writer opened it."""
        return isinstance(self._sink, _Finished)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.finish()
        elif self._is_refused and not self.num_done:
            self.drop()  # the refusal concerns all rows: there is nothing to resume
        else:
            self._sink.close()

    def pending(
        self, rows: Iterable[Row], on_done: Callable[[Row, bytes], None] | None = None
    ) -> Iterator[Row]:
        """The rows that remain to be scored; `on_done` gets the finished ones, each with its line.

        Rows that are scored again come first, in their order; `write` must get the rows in the
        order in which they come.

        Raises: ConfigError if the rows written before are not those of the input, or if the input
        has a column that this writer would write.
        """
        if self.is_finished:
            return
        rest = iter(rows)
        for number, line in enumerate(self._sink.written(), 1):
            row = next(rest, None)
            self._check_same(number, line, row)
            if row is not None and self._is_retried(line):
                self._retried.append(number - 1)
                self.num_retried += 1
                yield row
            elif on_done is not None and row is not None:
                on_done(row, line)
        for row in rest:
            self._check_columns(row)
            yield row

    def write(self, row: Row, result: Result) -> int:
        """Writes the next row, and returns its index among all rows of the input.

        Raises: PlauditError if it cannot be written.
        """
        gained = _gained(row, result, self.column)
        line = _opened(row) + dumps(gained)[1:]
        self.num_retryable += any(map(is_retryable, gained.get(f"{self.column}_scores", ())))
        if self._retried:
            index = self._retried.popleft()
            self._sink.replace(index, line)
        else:
            index, self._num_rows = self._num_rows, self._num_rows + 1
            self._sink.append(line)
        return index

    def drop(self) -> None:
        """Removes the partial output: there is nothing to continue from."""
        self._sink.drop()

    def finish(self) -> None:
        """Turns the partial output into the output, atomically."""
        is_kept = self.num_retryable > 0 and self._retry != "none"
        self.num_replaced = self._sink.finish(is_kept=is_kept)

    def _is_retried(self, line: bytes) -> bool:
        """Whether a row that was written before is scored again."""
        if self._retry == "none" or b'"value":null' not in line:  # a cheap check
            return False
        scores = loads_object(line).get(f"{self.column}_scores", ())
        if self._retry == "all":
            return any(score["value"] is None for score in scores)
        return any(map(is_retryable, scores))

    def _check_same(self, number: int, line: bytes, row: Row | None) -> None:
        if row is None:
            raise ConfigError(
                f"{self._sink.name} holds {self.num_done} rows, the input only {number - 1};"
                " overwrite to start again"
            )
        if not line.startswith(_opened(row)):
            raise ConfigError(
                f"{self._sink.name}:{number} is not the row {row.where}: the input has changed"
                " since; overwrite to start again"
            )

    def _check_columns(self, row: Row) -> None:
        for name in _names(self.column):
            if name in row.raw:
                self._is_refused = True
                raise ConfigError(
                    f"{row.where}: the input has a column {name!r} already; write beside it"
                    f" with column={self.column + '_new'!r}"
                )


def is_retryable(score: Mapping[str, Any]) -> bool:
    """Whether a missing score is not the response's fault, so that scoring again may help. A failed
    call is retryable, an unreadable reply of a judge is not.

    >>> is_retryable({"value": None, "fault": "system", "error": "the server was away"})
    True
    >>> is_retryable({"value": None, "fault": "system", "parts": {"num_unreadable": 1}})
    False
    """
    if score["value"] is not None or score.get("fault") != "system":
        return False
    counts = {name.rpartition("/")[2] for name, value in score.get("parts", {}).items() if value}
    return "num_failed_calls" in counts or "num_unreadable" not in counts


def output_row(row: Row, result: Result, column: str = "reward") -> dict[str, object]:
    """A row as it is written: its own columns and the new ones."""
    return {**row.raw, **_gained(row, result, column)}


def run_meta(
    reward: Reward | str,
    sources: Iterable[str | os.PathLike[str]],
    **options: object,
) -> dict[str, object]:
    """What determines the rows of a run: version, reward, inputs with their sizes, and `options`.

    Pass a text for a reward if some of its parameters do not matter for the rows.

    >>> from plaudit import load
    >>> run_meta(load("rules.baseline.length"), ["-"], limit=5)["inputs"]
    [{'path': '-', 'bytes': None}]
    """
    from plaudit import __version__

    paths = [os.fspath(source) for source in sources]
    return {
        "plaudit": __version__,
        "reward": reward if isinstance(reward, str) else _spelling(reward),
        "inputs": [
            {"path": path, "bytes": os.path.getsize(path) if os.path.isfile(path) else None}
            for path in paths
        ],
        **options,
    }


def _spelling(reward: Reward) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", repr(reward))


# --- rows -----------------------------------------------------------------------------------------


def _names(column: str) -> tuple[str, str, str]:
    return column, f"{column}_scores", f"{column}_error"


def _opened(row: Row) -> bytes:
    """The row's own part of its output line."""
    return dumps(row.raw)[:-1] + b"," if row.raw else b"{"


def _gained(row: Row, result: Result, column: str) -> dict[str, Any]:
    value, scores, error = _names(column)
    if result.error is not None:
        return {value: None, error: str(row.placed(result.error))}
    scores_fields = [_score_fields(score) for score in result.scores]
    values = [score["value"] for score in scores_fields]
    return {value: values if row.is_list else values[0], scores: scores_fields}


def _score_fields(score: Score) -> dict[str, object]:
    """The fields of a score as written; empty ones are omitted."""
    fields: dict[str, object] = {"value": _number(score.value)}
    if score.parts:
        fields["parts"] = {name: _number(value) for name, value in score.parts.items()}
    if score.steps:
        fields["steps"] = [[_number(step.value), step.start, step.end] for step in score.steps]
    if score.fault is not None:
        fields["fault"] = score.fault
    if score.error is not None:
        fields["error"] = score.error
    if score.note is not None:
        fields["note"] = score.note
    return fields


def _number(value: float) -> float | None:
    return value if value - value == 0 else None  # NaN and the infinities are not JSON numbers


# --- where they go --------------------------------------------------------------------------------


class _Sink(Protocol):
    name: str
    num_done: int

    def written(self) -> Iterable[bytes]: ...
    def append(self, line: bytes) -> None: ...
    def replace(self, index: int, line: bytes) -> None: ...
    def finish(self, *, is_kept: bool = False) -> int: ...
    def close(self) -> object: ...
    def drop(self) -> None: ...


def _sink(out: Path, about: Mapping[str, object], *, overwrite: bool, resume: bool) -> _Sink:
    _check_target(out, overwrite=overwrite, resume=resume)
    if resume and out.exists() and not Journal.exists(out):
        return _Finished()
    return _File(out, about, resume=resume)


class _File:
    """A journal that becomes the output."""

    def __init__(self, out: Path, about: Mapping[str, object], *, resume: bool) -> None:
        self._out = out
        try:
            self._journal = Journal(out, about, resume=resume)
        except OSError as error:
            raise ConfigError(f"{out}: cannot be written: {error.strerror}") from None
        self.name = str(self._journal.path)
        self.num_done = self._journal.num_lines
        self.written = self._journal.lines
        self.append = self._journal.append
        self.replace = self._journal.replace
        self.close = self._journal.close

    def finish(self, *, is_kept: bool = False) -> int:
        convert = export.FORMATS[_suffix(self._out)]
        complete, num_replaced = self._journal.path, 0
        self._journal.sync()
        try:
            if convert is not None or is_kept:
                complete = self._out.with_name(f"{self._out.name}.partial")
                num_replaced = (convert or _copy)(self._journal.path, complete)
            replace_durably(complete, self._out)
        except OSError as error:
            raise io_error(complete, error) from error
        if not is_kept:
            self._journal.discard()
        return num_replaced

    def drop(self) -> None:
        self._journal.close()
        self._journal.discard()


class _Stdout:
    """JSON lines on standard output."""

    name = "<stdout>"
    num_done = 0

    def written(self) -> Iterable[bytes]:
        return ()

    def append(self, line: bytes) -> None:
        sys.stdout.buffer.write(line + b"\n")

    def replace(self, index: int, line: bytes) -> None:
        raise ConfigError("standard output has no rows of an earlier run")

    def finish(self, *, is_kept: bool = False) -> int:
        sys.stdout.buffer.flush()
        return 0

    def drop(self) -> None:
        pass

    close = finish


class _Finished:
    """An output that is already complete."""

    name = ""
    num_done = 0

    def written(self) -> Iterable[bytes]:
        return ()

    def append(self, line: bytes) -> None:
        raise ConfigError("the output is complete; overwrite to start again")

    def replace(self, index: int, line: bytes) -> None:
        self.append(line)

    def finish(self, *, is_kept: bool = False) -> int:
        return 0

    def drop(self) -> None:
        pass

    close = finish


def _copy(lines: Path, out: Path) -> int:
    shutil.copyfile(lines, out)
    return 0


def _suffix(out: Path) -> str:
    """The longest known suffix of a name. Raises ConfigError."""
    fitting = [suffix for suffix in export.FORMATS if out.name.lower().endswith(suffix)]
    if not fitting:
        raise ConfigError(
            f"{out}: unknown output format{did_you_mean(out.suffix, export.FORMATS)};"
            f" it takes {', '.join(export.FORMATS)}, or - for standard output"
        )
    return max(fitting, key=len)


def _check_target(out: Path, *, overwrite: bool, resume: bool) -> None:
    if _suffix(out) == ".parquet":
        require_pyarrow("Parquet files")
    if overwrite and resume:
        raise ConfigError("overwrite and resume exclude each other")
    if out.is_dir():
        raise ConfigError(f"{out}: is a directory; name a file in it")
    if not out.parent.is_dir():
        raise ConfigError(f"{out}: the directory {str(out.parent)!r} does not exist")
    if overwrite or resume:
        return
    if out.exists() and Journal.exists(out):
        raise ConfigError(
            f"{out}: exists, and has rows that a system fault left unscored; resume scores"
            " them again, overwrite starts again"
        )
    if out.exists():
        raise ConfigError(f"{out}: exists; overwrite replaces it, resume leaves a finished one")
    if Journal.exists(out):
        raise ConfigError(
            f"{out}: a run is unfinished; resume to continue it, overwrite to start again"
        )
