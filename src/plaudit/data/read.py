"""Reading rows: JSONL, JSON, CSV, TSV, Parquet, Hugging Face datasets and standard input.

Memory stays flat: a file is read line by line, a Parquet file batch by batch. Only a JSON document
(an array of rows, an object of columns, or an object that wraps its rows, such as
``{"data": [...]}``) is loaded whole. A file may be compressed with gzip or zstd, whatever its name.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import sys
import types
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from plaudit.data import tables
from plaudit.data.jsontext import loads, loads_object
from plaudit.data.rows import Layout, Row
from plaudit.data.turns import is_turns
from plaudit.errors import ConfigError, DataError, clipped, did_you_mean
from plaudit.old_names import old_names

__all__ = ["FORMATS", "RawRow", "read"]
__getattr__ = old_names(__name__)

FORMATS: Mapping[str, str] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
_WRAPPERS = ("data", "rows", "examples", "instances", "items", "records", "samples", "results")
MAX_LINE_BYTES = 1 << 29
Stream = io.BufferedReader
_COMPRESSED = (".gz", ".zst")
_CUT_OFF = (EOFError, OSError, zlib.error)


class RawRow(NamedTuple):
    """A line or table row as read: its number, and its content or why it is unreadable."""

    number: int
    raw: Mapping[str, Any] | DataError


def read(
    source: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    columns: Mapping[str, str] | None = None,
    format: str | None = None,
    limit: int | None = None,
    keep_end_marks: bool = False,
) -> Iterator[Row]:
    """The rows of one source or of several, at most `limit`; a bad row carries its error.

    A source is a file, ``-`` for standard input, a directory that `datasets` saved, or
    ``hf:ORG/NAME[/CONFIG][:SPLIT]``. `format` overrides suffix and content; `columns` maps
    plaudit's names to the rows' own (see `plaudit.data.rows`). End-of-turn marks at the end of a
    response are removed, unless `keep_end_marks`.

    Raises: ConfigError for a source that is missing or of unknown format, before the first row.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "rows.jsonl"
    >>> _ = path.write_text('{"prompt": "2+2?", "response": "4"}')
    >>> [row.group.responses[0].text for row in read(path)]
    ['4']
    """
    layout = Layout(columns, keep_end_marks=keep_end_marks)
    if format is not None and format not in FORMATS.values():
        formats = sorted(set(FORMATS.values()))
        raise ConfigError(
            f"unknown format {format!r}{did_you_mean(format, formats)}; one of {', '.join(formats)}"
        )
    one = isinstance(source, str | os.PathLike)
    places = [os.fspath(s) for s in ([source] if one else source)]
    opened = [(_name(place), _opener(place, format)) for place in places]
    return islice(_rows(opened, layout), limit)


def _rows(
    opened: list[tuple[str, Callable[[], Iterator[RawRow]]]], layout: Layout
) -> Iterator[Row]:
    for name, items in opened:
        for number, raw in items():
            if isinstance(raw, DataError):
                yield Row(name, number, {}, raw.at(f"{name}:{number}"))
            else:
                yield layout.row(raw, name, number)


# --- finding the source ---------------------------------------------------------------------------


def _name(place: str) -> str:
    return "<stdin>" if place == "-" else place


def _opener(place: str, format: str | None) -> Callable[[], Iterator[RawRow]]:
    """A function that yields the items of a source; problems with its name are raised here."""
    if place.startswith("hf:"):
        return partial(_table_items, tables.hub_rows(place))
    if place == "-":
        return partial(_items, place, format)
    path = Path(place)
    if path.is_dir():
        return partial(_table_items, tables.saved_rows(path))
    if not path.exists():
        raise ConfigError(f"no such file: {place!r}{_neighbours(path)}")
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise ConfigError(f"{place}: cannot be read: {error.strerror}") from None
    if path.is_file():  # a pipe can be read only once
        format = format or _format_of_name(path) or _format_of_content(path)
        if format == "parquet":
            return partial(_table_items, tables.parquet_rows(place))
    return partial(_items, place, format)


def _neighbours(path: Path) -> str:
    parent = path.parent
    if not parent.is_dir():
        return f"; the directory {str(parent)!r} does not exist"
    names = sorted(child.name for child in parent.iterdir())
    return did_you_mean(path.name, names) or f"; {str(parent)!r} holds {len(names)} files"


def _format_of_name(path: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    return FORMATS.get(suffixes[-1]) if suffixes else None


def _format_of_content(path: Path) -> str:
    with path.open("rb") as file:
        return _guess(_head(_decompressed(file, str(path))), str(path))


def _guess(head: bytes, name: str) -> str:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if head.startswith(b"PAR1"):
        return "parquet"
    if start == b"[":
        return "json"
    if start in (b"{", b""):
        return "objects"
    suffixes = ", ".join(FORMATS)
    raise ConfigError(
        f"{name}: unknown format, found {clipped(head[:40])}; name it with format=, or use one of"
        f" the suffixes {suffixes} (and {', '.join(_COMPRESSED)})"
    )


# --- streams of bytes -----------------------------------------------------------------------------


def _items(place: str, format: str | None) -> Iterator[RawRow]:
    name = _name(place)
    with nullcontext(sys.stdin.buffer) if place == "-" else Path(place).open("rb", 1 << 18) as file:
        stream = _decompressed(file, name)
        format = format or _guess(_head(stream), name)
        if format == "parquet":
            raise ConfigError(f"{name}: Parquet cannot be read from a pipe; name a file")
        yield from _READERS[format](stream)


def _head(stream: Stream) -> bytes:
    try:
        return stream.peek(64)[:64]
    except _CUT_OFF:
        return b""


def _decompressed(file: IO[bytes], name: str) -> Stream:
    """The bytes of a file, decompressed if necessary, without a byte order mark."""
    stream = _buffered(file)
    start = stream.peek(4)[:4]
    if start.startswith(b"\x1f\x8b"):
        stream = _buffered(_Stepwise(gzip.GzipFile(fileobj=stream)))
    elif start.startswith(b"\x28\xb5\x2f\xfd"):
        stream = _buffered(_zstd(stream))
    start = _head(stream)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError(f"{name}: the file is UTF-16; convert it to UTF-8")
    if start.startswith(b"\xef\xbb\xbf"):
        stream.read(3)
    return stream


def _buffered(file: Any) -> Stream:
    return file if isinstance(file, io.BufferedReader) else io.BufferedReader(file, 1 << 17)


class _Stepwise(io.RawIOBase):
    """Yields what a decompressor produced before it failed."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Reads the bytes of one decompression step."""
        return self._file.readinto1(buffer)


def _zstd(file: Stream) -> object:
    return tables.require_pyarrow("zstd files").CompressedInputStream(file, "zstd")


def _lines(stream: Stream) -> Iterator[tuple[int, bytes | DataError]]:
    """The lines of a stream with their numbers; a truncated stream ends with an error."""
    number = 0
    while True:
        number += 1
        try:
            line = stream.readline(MAX_LINE_BYTES)
            is_long = len(line) == MAX_LINE_BYTES and line[-1:] != b"\n"
            while is_long and line and line[-1:] != b"\n":
                line = stream.readline(MAX_LINE_BYTES)
        except _CUT_OFF as error:
            yield number, _cut_off(error)
            return
        if is_long:
            yield number, DataError(f"the line is longer than {MAX_LINE_BYTES >> 20} MiB")
        elif not line:
            return
        else:
            yield number, line


def _cut_off(error: Exception) -> DataError:
    return DataError(f"the file is truncated or damaged here: {error}")


# --- JSON -----------------------------------------------------------------------------------------


def _jsonl(stream: Stream) -> Iterator[RawRow]:
    return _objects(_lines(stream))


def _objects(lines: Iterable[tuple[int, bytes | DataError]]) -> Iterator[RawRow]:
    """A row for each line; a line that is only a wrapper holds several."""
    for number, line in lines:
        if isinstance(line, DataError):
            yield RawRow(number, line)
        elif not line.isspace():
            try:
                raw = loads_object(line)
                wrapped = _wrapped(raw) if len(raw) == 1 else _logged_batch(raw)
            except DataError as error:
                raw, wrapped = error, None
            yield from (RawRow(number, row) for row in ([raw] if wrapped is None else wrapped))


def _logged_batch(raw: dict[str, object]) -> list[dict[str, object]] | None:
    """The rows of a line that contains a batch column by column, as ms-swift logs completions."""
    prompts, texts = raw.get("prompt"), raw.get("completion")
    if not isinstance(prompts, list) or not isinstance(texts, list) or not texts:
        return None
    if not isinstance(texts[0], str) or isinstance(prompts[0] if prompts else None, dict):
        return None
    return _rows_of_columns(raw) if all(isinstance(v, list) for v in raw.values()) else None


def _either(stream: Stream) -> Iterator[RawRow]:
    """Rows of a file of unknown form: JSON lines, or one document over many lines."""
    lines = _lines(stream)
    full = (item for item in lines if isinstance(item[1], DataError) or item[1].strip())
    head = list(islice(full, 2))
    if head and isinstance(head[0][1], bytes) and not _is_one_line(head[0][1]):
        rest = [line for _, line in chain(head, lines)]
        yield from _document(rest) if _is_document(rest) else _objects(enumerate(rest, head[0][0]))
    elif len(head) == 1 and isinstance(head[0][1], bytes) and (rows := _rows_wrapped(head[0][1])):
        yield from (RawRow(number, row) for number, row in enumerate(rows, 1))
    else:
        yield from _objects(chain(head, lines))


def _rows_wrapped(line: bytes) -> list[dict[str, object]] | None:
    """The rows in the only line of a file, if it wraps them."""
    try:
        return _wrapped(loads_object(line))
    except DataError:
        return None


def _is_document(lines: Sequence[bytes | DataError]) -> bool:
    """Whether lines are one JSON value; errors in JSON lines are reported line by line."""
    texts = [line for line in lines if not isinstance(line, DataError)]
    if len(texts) != len(lines) or len(texts) == 1:
        return False
    return texts[0].strip() in (b"{", b"[") or texts[-1].strip() in (b"}", b"]")


def _json(stream: Stream) -> Iterator[RawRow]:
    """A document, loaded whole; a file of JSON lines with the suffix .json is streamed."""
    lines = _lines(stream)
    full = (item for item in lines if isinstance(item[1], DataError) or item[1].strip())
    head = list(islice(full, 2))
    if len(head) == 2 and _is_one_line(head[0][1]):
        yield from _objects(chain(head, lines))
    elif head:
        yield from _document([line for _, line in chain(head, lines)])


def _is_one_line(line: bytes | DataError) -> bool:
    return isinstance(line, bytes) and line.lstrip()[:1] == b"{" and line.rstrip()[-1:] == b"}"


def _document(lines: list[bytes | DataError]) -> Iterator[RawRow]:
    """The rows of a JSON document: an array of them, an object of columns, or a single row."""
    last = lines[-1]
    if isinstance(last, DataError):
        yield RawRow(len(lines), last)
        return
    try:
        value = loads(b"".join(lines), what="file")  # type: ignore[arg-type]
        rows = _rows_of_columns(value) if isinstance(value, dict) else value
        if not isinstance(rows, list):
            raise DataError(
                f"expected an array of rows or an object of columns, found {clipped(rows)}"
            )
    except DataError as error:
        yield RawRow(1, error)
        return
    yield from (RawRow(number, _object(row)) for number, row in enumerate(rows, 1))


def _wrapped(value: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The rows that a document wraps, as ``{"version": 1, "data": [...]}``; else None.

    Raises: DataError for several lists of rows, such as splits.
    """
    lists = [name for name, rows in value.items() if _are_rows(rows)]
    if len(lists) > 1 and len(lists) == len(value):
        raise DataError(
            f"the file contains several lists of rows: {', '.join(lists)}; save the one to read"
        )
    wrappers = [name for name in lists if name in _WRAPPERS]
    return value[wrappers[0]] if len(wrappers) == 1 else None


def _are_rows(value: Any) -> bool:
    """Whether a value is a list of objects that are not the turns of a chat."""
    is_list = isinstance(value, list) and bool(value) and not _is_chat(value)
    return is_list and all(isinstance(row, dict) for row in value)


def _is_chat(value: object) -> bool:
    """Whether a value is the turns of one chat, and not a column of chats."""
    is_list = isinstance(value, list) and bool(value) and isinstance(value[0], dict)
    return is_list and is_turns(value)


def _rows_of_columns(value: dict[str, Any]) -> list[dict[str, Any]]:
    if (wrapped := _wrapped(value)) is not None:
        return wrapped
    if value and all(key.isdecimal() and isinstance(value[key], dict) for key in value):
        return list(value.values())  # rows keyed by their numbers, as OpenCompass writes them
    is_table = value and all(isinstance(column, list) for column in value.values())
    if not is_table or any(map(_is_chat, value.values())):
        return [value]
    sizes = {name: len(column) for name, column in value.items()}
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise DataError(f"the columns have different lengths: {listed}")
    return [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]


def _object(row: object) -> dict[str, object] | DataError:
    if isinstance(row, dict):
        return row
    return DataError(f"expected a JSON object, found {clipped(row)}")


# --- CSV ------------------------------------------------------------------------------------------


def _csv(stream: Stream, *, delimiter: str = ",") -> Iterator[RawRow]:
    """Rows under the names of the first line, all values as text; numbered by their first line."""
    if csv.field_size_limit() < MAX_LINE_BYTES:  # cells of 128 kB would be refused otherwise
        csv.field_size_limit(MAX_LINE_BYTES)
    ends: list[RawRow] = []
    reader = csv.reader(_text_lines(stream, ends), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield RawRow(number, DataError(f"broken CSV: {error}"))
            continue
        if names is None and cells:
            names = _header(cells)
        elif names is not None and cells:
            yield RawRow(number, _record(names, cells))
    yield from ends


def _text_lines(stream: Stream, ends: list[RawRow]) -> Iterator[str]:
    for number, line in _lines(stream):
        if isinstance(line, DataError):
            ends.append(RawRow(number, line))
            return
        yield line.decode("utf-8", "surrogateescape")


def _header(cells: list[str]) -> list[str]:
    double = sorted({name for name in cells if cells.count(name) > 1})
    if double:
        raise ConfigError(f"the header names {', '.join(map(repr, double))} more than once")
    return cells


def _record(names: list[str], cells: list[str]) -> dict[str, object] | DataError:
    if len(cells) != len(names):
        return DataError(f"expected {len(names)} cells, found {len(cells)}: {clipped(cells)}")
    for name, cell in zip(names, cells, strict=True):
        try:
            cell.encode()
        except UnicodeEncodeError as error:
            byte = ord(cell[error.start]) & 0xFF
            return DataError(
                f"invalid UTF-8: byte 0x{byte:02x} after {clipped(cell[: error.start][-20:])};"
                " convert the file to UTF-8",
                field=name,
            )
    return dict(zip(names, cells, strict=True))


def _table_items(rows: Iterable[Mapping[str, object] | DataError]) -> Iterator[RawRow]:
    yield from (RawRow(number, raw) for number, raw in enumerate(rows, 1))


_READERS: Mapping[str, Callable[[Stream], Iterator[RawRow]]] = {
    "jsonl": _jsonl,
    "json": _json,
    "objects": _either,
    "csv": _csv,
    "tsv": partial(_csv, delimiter="\t"),
}


class _Callable(types.ModuleType):
    """This module is called `read` like its function: `plaudit.data.read` is either."""

    def __call__(self, *args: Any, **options: Any) -> Iterator[Row]:
        """The rows of a source: see the function `read`."""
        return read(*args, **options)


sys.modules[__name__].__class__ = _Callable
