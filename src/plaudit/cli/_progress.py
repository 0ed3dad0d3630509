"""How far a run is: rows, rate and time left, on stderr; a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import contextlib
import gzip
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from plaudit.cli._console import stderr
from plaudit.types import describe_faults

if TYPE_CHECKING:
    from plaudit.run import Progress

__all__ = ["Meter", "Total", "count_rows", "progress_bar"]

_LINE_EVERY_S = 10.0
_COUNTED_BYTES = 1 << 26  # plain files up to this size are counted to the end
_SAMPLED_BYTES = 1 << 22
_PACKED = 8  # how much dearer a compressed byte is to read
_BLOCK = 1 << 18


class Total(NamedTuple):
    """How many rows there are, or about how many."""

    rows: int
    is_exact: bool


def count_rows(places: Sequence[str], limit: int | None = None) -> Total | None:
    """The rows in files: counted where that is quick, else estimated from their beginning.

    None where one of them cannot tell (standard input, a hub data set, a JSON document).
    """
    totals = [_count(place) for place in places]
    counts = [total for total in totals if total is not None]
    if len(counts) < len(totals):
        return None
    rows, is_exact = sum(t.rows for t in counts), all(t.is_exact for t in counts)
    if limit is not None and limit < rows:
        return Total(limit, True)
    return Total(rows, is_exact)


def _count(place: str) -> Total | None:
    if not os.path.isfile(place):
        return None
    name = place.lower().removesuffix(".gz")
    if name.endswith(".parquet"):
        return _count_parquet(place)
    if not name.endswith((".jsonl", ".ndjson")):
        return None
    try:
        return _count_lines(place)
    except (OSError, EOFError, zlib.error):  # a damaged file: reading it will say so
        return None


def _count_parquet(place: str) -> Total | None:
    import pyarrow.parquet

    try:
        return Total(pyarrow.parquet.ParquetFile(place).metadata.num_rows, True)
    except (OSError, pyarrow.ArrowException):  # a damaged file: reading it will say so
        return None


def _count_lines(place: str) -> Total:
    is_packed = place.lower().endswith(".gz")
    size = os.path.getsize(place)
    is_small = size <= (_COUNTED_BYTES // _PACKED if is_packed else _COUNTED_BYTES)
    lines = size_read = 0
    with open(place, "rb") as raw:
        file: object = gzip.GzipFile(fileobj=raw) if is_packed else raw
        block, last = b"\n", b"\n"
        while (is_small or size_read < _SAMPLED_BYTES) and (block := file.read(_BLOCK)):
            lines += block.count(b"\n")
            size_read += len(block)
            last = block
        consumed = raw.tell()
    if not block or is_small:
        return Total(lines + (last[-1:] != b"\n"), True)
    return Total(max(1, lines) * size // max(1, consumed), False)


class Meter:
    """Shows the progress of a run; a context manager. `done` rows are there from before."""

    def __init__(self, total: Total | None, done: int = 0) -> None:
        self._total = total
        self.done = done
        self._bar: Any = None
        self._began = self._last_line = time.monotonic()

    def __enter__(self) -> Meter:
        if sys.stderr.isatty():
            self._bar = _bar()
            self._bar.start()
            rows = self._total.rows if self._total else None
            self._task = self._bar.add_task("", total=rows, completed=self.done, message="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, progress: Progress) -> None:
        """Takes the counts so far."""
        if self._bar is not None:
            rows = self.done + progress.rows
            self._bar.update(self._task, completed=rows, message=self._line(progress))
        elif (now := time.monotonic()) - self._last_line >= _LINE_EVERY_S:
            self._last_line = now
            stderr(self._line(progress))

    def _line(self, progress: Progress) -> str:
        seconds = time.monotonic() - self._began
        rate = progress.rows / seconds if seconds > 0 else 0.0
        rows = self.done + progress.rows
        pieces = [f"{rows:,}{self._of()} rows", f"{rate:,.0f} rows/s"]
        if self._total is not None and rate > 0:
            pieces.append(f"{_clock(max(0, self._total.rows - rows) / rate)} left")
        if progress.responses > progress.rows and seconds > 0:
            pieces.append(f"{progress.responses / seconds:,.0f} responses/s")
        if progress.tokens and seconds > 0:
            pieces.append(f"{progress.tokens / seconds:,.0f} tokens/s")
        counts = {
            "bad rows": progress.bad_rows,
            "unscored": progress.unscored,
        }
        pieces += [f"{count:,} {name}" for name, count in counts.items() if count]
        if progress.faulted:
            pieces.append(f"faults: {describe_faults(progress.faulted)}")
        return ", ".join(pieces)

    def _of(self) -> str:
        if self._total is None:
            return ""
        return f" of {'' if self._total.is_exact else 'about '}{self._total.rows:,}"


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[int, int, str], None]]:
    """A function of count, total and noun that shows how far something is, on stderr."""
    bar = _bar() if sys.stderr.isatty() else None
    task = None if bar is None else bar.add_task("", message="")
    last_line_at = time.monotonic()

    def show(count: int, total: int, noun: str) -> None:
        nonlocal last_line_at
        line = f"{count:,} of {total:,} {noun}"
        if bar is not None:
            bar.update(task, completed=count, total=total, message=line)
        elif time.monotonic() - last_line_at >= _LINE_EVERY_S:
            last_line_at = time.monotonic()
            stderr(line)

    with bar or contextlib.nullcontext():
        yield show


def _bar() -> Any:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    from plaudit.cli._console import console

    columns = (BarColumn(bar_width=24), TaskProgressColumn(), TextColumn("{task.fields[message]}"))
    return Progress(*columns, console=console(stderr=True), refresh_per_second=5, transient=True)


def _clock(seconds: float) -> str:
    """Time for people.

    >>> _clock(59), _clock(3700)
    ('0:59', '1:01:40')
    """
    minutes, s = divmod(int(seconds), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours}:{m:02d}:{s:02d}" if hours else f"{m}:{s:02d}"
