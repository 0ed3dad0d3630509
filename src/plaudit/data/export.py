"""Converts a journal of JSON lines to gzip, Parquet or CSV, line by line.

Parquet needs one type per column. Two passes: the first finds a type that contains all values (a
column whose values have no common type is written as JSON text), the second writes.
"""

from __future__ import annotations

import csv
import gzip
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plaudit.data.jsontext import dumps, loads_object
from plaudit.data.tables import require_pyarrow
from plaudit.untrusted import csv_cell

if TYPE_CHECKING:
    import pyarrow

__all__ = ["FORMATS", "arrow_table"]

_BATCH_ROWS = 1000
_BATCH_BYTES = 1 << 24


def _to_gzip(lines: Path, out: Path) -> int:
    with (
        lines.open("rb") as source,
        out.open("wb") as file,
        gzip.GzipFile("", "wb", 6, file, mtime=0) as target,
    ):
        shutil.copyfileobj(source, target, 1 << 20)
    return 0


def _to_csv(lines: Path, out: Path) -> int:
    """Objects and lists become JSON text; text that a spreadsheet would run gets an apostrophe."""
    names = list(dict.fromkeys(name for rows in _batches(lines) for row in rows for name in row))
    with out.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([_csv_cell(name) for name in names])
        for rows in _batches(lines):
            writer.writerows([_csv_cell(row.get(name)) for name in names] for row in rows)
    return 0


def _csv_cell(value: Any) -> object:
    if isinstance(value, str):
        return csv_cell(value)
    if value is None or isinstance(value, int | float):
        return value
    return dumps(value).decode()


def _to_parquet(lines: Path, out: Path) -> int:
    columns = _Columns(lambda: _batches(lines))
    from pyarrow import parquet

    while True:
        columns.num_replaced = 0
        try:
            with parquet.ParquetWriter(out, columns.schema()) as writer:
                for rows in _batches(lines):
                    writer.write_table(columns.table(rows))
            return columns.num_replaced
        except _Unfit as error:
            columns.types[error.args[0]] = None


def arrow_table(rows: Sequence[Mapping[str, object]]) -> pyarrow.Table:
    """A pyarrow Table of rows; columns whose values have no common type become JSON text."""
    columns = _Columns(lambda: [rows])
    while True:
        try:
            return columns.table(rows)
        except _Unfit as error:
            columns.types[error.args[0]] = None


class _Unfit(Exception):
    """A column whose values do not all fit its type."""


class _Columns:
    """The columns of rows and their Arrow types; None stands for JSON text."""

    def __init__(self, batches: Callable[[], Iterable[Sequence[Mapping[str, object]]]]) -> None:
        pyarrow = require_pyarrow("Arrow tables")
        self._pa = pyarrow
        self._unfit = (
            pyarrow.ArrowInvalid,
            pyarrow.ArrowTypeError,
            pyarrow.ArrowNotImplementedError,
            OverflowError,
        )
        self.num_replaced = 0
        self.types: dict[str, Any] = {}
        for rows in batches():
            for name in dict.fromkeys(name for row in rows for name in row):
                self._learn(name, [row.get(name) for row in rows])
        for name, arrow_type in self.types.items():
            if arrow_type is not None and self._has_empty_struct(arrow_type):
                self.types[name] = None

    def schema(self) -> Any:
        """The Arrow schema."""
        text = self._pa.string()
        return self._pa.schema(
            [(name, arrow_type or text) for name, arrow_type in self.types.items()]
        )

    def table(self, rows: Sequence[Mapping[str, Any]]) -> Any:
        """The rows as a table of that schema."""
        arrays = [self._filled(name, rows) for name in self.types]
        return self._pa.Table.from_arrays(arrays, schema=self.schema())

    def _learn(self, name: str, values: list[object]) -> None:
        if name in self.types and self.types[name] is None:
            return
        try:
            arrow_type = self._array(values).type
            if name in self.types:
                schemas = [self._pa.schema([(name, t)]) for t in (self.types[name], arrow_type)]
                unified = self._pa.unify_schemas(schemas, promote_options="permissive")
                arrow_type = unified.field(name).type
        except self._unfit:
            arrow_type = None
        self.types[name] = arrow_type

    def _filled(self, name: str, rows: Sequence[Mapping[str, object]]) -> object:
        values = [row.get(name) for row in rows]
        arrow_type = self.types[name]
        if arrow_type is None:
            values = [None if value is None else dumps(value).decode() for value in values]
            return self._array(values, self._pa.string())
        try:
            return self._array(values, arrow_type)
        except self._unfit:
            raise _Unfit(name) from None

    def _array(self, values: list[object], type: object = None) -> Any:
        try:
            return self._pa.array(values, type)
        except UnicodeEncodeError:  # Arrow cannot store lone surrogates
            whole = [_without_surrogates(value) for value in values]
            pairs = zip(values, whole, strict=True)
            self.num_replaced += sum(old != new for old, new in pairs)
            return self._pa.array(whole, type)

    def _has_empty_struct(self, arrow_type: Any) -> bool:
        """Whether a type contains objects without any key, which Parquet cannot store."""
        types = self._pa.types
        if types.is_struct(arrow_type):
            inner = [field.type for field in arrow_type]
            return not inner or any(map(self._has_empty_struct, inner))
        return types.is_list(arrow_type) and self._has_empty_struct(arrow_type.value_type)


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, Mapping):
        return {_without_surrogates(k): _without_surrogates(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value


def _batches(lines: Path) -> Iterator[list[dict[str, object]]]:
    batch: list[dict[str, object]] = []
    size = 0
    with lines.open("rb", 1 << 20) as file:
        for line in file:
            batch.append(loads_object(line))
            size += len(line)
            if len(batch) == _BATCH_ROWS or size > _BATCH_BYTES:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


FORMATS: Mapping[str, Callable[[Path, Path], int] | None] = {
    ".jsonl": None,
    ".jsonl.gz": _to_gzip,
    ".parquet": _to_parquet,
    ".csv": _to_csv,
}
