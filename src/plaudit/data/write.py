"""Writing scored rows: the input row, its reward, and how the reward came about.

A row gains ``reward`` (a number or null; a list where the row gave its responses as a list),
``reward_scores`` (value, parts, fault, error, note of each response; what is empty is left out)
or, where it could not be read, ``reward_error``.

The partial output is the journal (see `Journal`): rows are appended to ``OUT.partial.jsonl`` in
input order and become the output when all are there, by one rename.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from plaudit.data import export
from plaudit.data.journal import Journal, replace_durably
from plaudit.data.jsontext import dumps
from plaudit.data.rows import Row
from plaudit.data.tables import require_pyarrow
from plaudit.errors import ConfigError, did_you_mean
from plaudit.journal import io_error
from plaudit.run import Result
from plaudit.types import Reward, Score

__all__ = ["Writer", "output_row", "run_meta"]


class Writer:
    """Writes scored rows to a file (by suffix: JSONL, JSONL.gz, Parquet, CSV) or to ``-``.

    `meta` says what makes the rows (see `run_meta`): `resume` refuses to go on with other rows or
    another reward. An output that exists is refused unless `overwrite` (it is replaced when the new
    one is complete) or `resume` (an unfinished one is continued, a finished one left alone).
    As a context manager it finishes on a clean exit; else the partial output is kept.

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
        meta: Mapping[str, Any] | None = None,
        overwrite: bool = False,
        resume: bool = False,
    ) -> None:
        self.column = column
        self.num_replaced = 0
        self._is_refused = False
        about = {**(meta or {}), "column": column}
        self._sink: _Sink
        if os.fspath(path) == "-":
            self._sink = _Stdout()
            return
        out = Path(path)
        _check_target(out, overwrite=overwrite, resume=resume)
        if resume and out.exists() and not Journal.exists(out):
            self._sink = _Finished()
        else:
            self._sink = _File(out, about, resume=resume)

    @property
    def num_done(self) -> int:
        """How many rows an earlier run has written."""
        return self._sink.num_done

    @property
    def is_finished(self) -> bool:
        """Whether the output was complete when this writer came to resume it."""
        return isinstance(self._sink, _Finished)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.finish()
        elif self._is_refused and not self.num_done:
            self.drop()  # the refusal stands for all rows: nothing is to be resumed
        else:
            self._sink.close()

    def pending(
        self, rows: Iterable[Row], on_done: Callable[[Row, bytes], None] | None = None
    ) -> Iterator[Row]:
        """The rows still to be scored; `on_done` gets those written before, each with its line.

        Raises: ConfigError where the rows written before are not those of the input, or where the
        input has a column that this writer would write.
        """
        if self.is_finished:
            return
        rest = iter(rows)
        for number, line in enumerate(self._sink.written(), 1):
            row = next(rest, None)
            self._check_same(number, line, row)
            if on_done is not None and row is not None:
                on_done(row, line)
        for row in rest:
            self._check_columns(row)
            yield row

    def write(self, row: Row, result: Result) -> None:
        """Appends a row. Raises PlauditError where it cannot be written."""
        gained = dumps(_gained(row, result, self.column))
        self._sink.append(_opened(row) + gained[1:])

    def drop(self) -> None:
        """Removes the partial output: there is nothing in it to go on from."""
        self._sink.drop()

    def finish(self) -> None:
        """Makes the output of the partial one, at once."""
        self.num_replaced = self._sink.finish()

    def _check_same(self, number: int, line: bytes, row: Row | None) -> None:
        if row is None:
            raise ConfigError(
                f"{self._sink.name} holds {self.num_done} rows, the input only {number - 1};"
                " overwrite to begin anew"
            )
        if not line.startswith(_opened(row)):
            raise ConfigError(
                f"{self._sink.name}:{number} is not the row {row.where}: the input has changed"
                " since; overwrite to begin anew"
            )

    def _check_columns(self, row: Row) -> None:
        for name in _names(self.column):
            if name in row.raw:
                self._is_refused = True
                raise ConfigError(
                    f"{row.where}: the input has a column {name!r} already; write beside it"
                    f" with column={self.column + '_new'!r}"
                )


def output_row(row: Row, result: Result, column: str = "reward") -> dict[str, Any]:
    """A row as it is written: what it held, and what it gained."""
    return {**row.raw, **_gained(row, result, column)}


def run_meta(
    reward: Reward | str,
    sources: Iterable[str | os.PathLike[str]],
    **options: Any,
) -> dict[str, Any]:
    """What makes the rows of a run: version, reward, inputs with their sizes, and `options`.

    A text stands for a reward some of whose parameters do not matter for the rows.

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
    told = [_told(score) for score in result.scores]
    values = [score["value"] for score in told]
    return {value: values if row.is_list else values[0], scores: told}


def _told(score: Score) -> dict[str, Any]:
    """What is written of a score; what is empty is left out."""
    told: dict[str, Any] = {"value": _number(score.value)}
    if score.parts:
        told["parts"] = {name: _number(value) for name, value in score.parts.items()}
    if score.steps:
        told["steps"] = [[_number(step.value), step.start, step.end] for step in score.steps]
    if score.fault is not None:
        told["fault"] = score.fault
    if score.error is not None:
        told["error"] = score.error
    if score.note is not None:
        told["note"] = score.note
    return told


def _number(value: float) -> float | None:
    return value if value - value == 0 else None  # NaN and the infinities are no JSON numbers


# --- where they go --------------------------------------------------------------------------------


class _Sink(Protocol):
    name: str
    num_done: int

    def written(self) -> Iterable[bytes]: ...
    def append(self, line: bytes) -> None: ...
    def finish(self) -> int: ...
    def close(self) -> object: ...
    def drop(self) -> None: ...


class _File:
    """A journal that becomes the output."""

    def __init__(self, out: Path, about: Mapping[str, Any], *, resume: bool) -> None:
        self._out = out
        try:
            self._journal = Journal(out, about, resume=resume)
        except OSError as error:
            raise ConfigError(f"{out}: cannot be written: {error.strerror}") from None
        self.name = str(self._journal.path)
        self.num_done = self._journal.num_lines
        self.written = self._journal.lines
        self.append = self._journal.append
        self.close = self._journal.close

    def finish(self) -> int:
        convert = export.FORMATS[_suffix(self._out)]
        made, num_replaced = self._journal.path, 0
        self._journal.sync()
        try:
            if convert is not None:
                made = self._out.with_name(f"{self._out.name}.partial")
                num_replaced = convert(self._journal.path, made)
            replace_durably(made, self._out)
        except OSError as error:
            raise io_error(made, error) from error
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

    def finish(self) -> int:
        sys.stdout.buffer.flush()
        return 0

    def drop(self) -> None:
        pass

    close = finish


class _Finished:
    """An output that is complete already."""

    name = ""
    num_done = 0

    def written(self) -> Iterable[bytes]:
        return ()

    def append(self, line: bytes) -> None:
        raise ConfigError("the output is complete; overwrite to begin anew")

    def finish(self) -> int:
        return 0

    def drop(self) -> None:
        pass

    close = finish


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
    if out.exists():
        raise ConfigError(f"{out}: exists; overwrite replaces it, resume leaves a finished one")
    if Journal.exists(out):
        raise ConfigError(f"{out}: a run is unfinished; resume goes on, overwrite begins anew")
