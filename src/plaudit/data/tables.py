"""Rows of tables: Parquet, Arrow, pandas, and datasets saved on disk or on a hub.

A table column has one type, so rows are padded: a struct has every key of any row, null if this row
lacks it. Those nulls are removed again, at every depth. A 32-bit float is read as the shortest
decimal that gives it (0.1, not 0.10000000149), a decimal unchanged, a map as an object.

pyarrow, pandas and datasets are imported where they are used.
"""

from __future__ import annotations

import functools
import os
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from plaudit.errors import ConfigError, DataError, EngineError, MissingExtra, PlauditError

__all__ = [
    "arrow_rows",
    "dataset_rows",
    "hub_rows",
    "pandas_rows",
    "parquet_rows",
    "require_pyarrow",
    "saved_rows",
]

Rows = Iterator[Mapping[str, object] | DataError]
_BATCH = 256
_HUB_NAME = re.compile(r"hf:([^/:\s]+/[^/:\s]+)(?:/([^/:\s]+))?(?::([^/:\s]+))?")


def parquet_rows(path: str) -> Rows:
    """The rows of a Parquet file, read batch by batch; damage ends them with a DataError.

    Raises: EngineError if the damage comes before the first row.
    """
    pyarrow = require_pyarrow("Parquet files")
    from pyarrow import parquet

    num_batches = 0
    try:
        with parquet.ParquetFile(path, buffer_size=1 << 20) as file:
            for batch in file.iter_batches(_BATCH):
                num_batches += 1
                yield from _rows_of_batch(batch)
    except (OSError, pyarrow.ArrowException) as error:
        why = f"the Parquet file is truncated or damaged: {_first_line(error)}"
        if not num_batches:
            raise EngineError(f"{path}: {why}") from error
        yield DataError(why)


def arrow_rows(table: Any) -> Rows:
    """The rows of a pyarrow Table, or of any object with the Arrow stream protocol."""
    pyarrow = require_pyarrow("Arrow tables")
    if not isinstance(table, pyarrow.Table):
        table = pyarrow.table(table)
    for batch in table.to_batches(_BATCH):
        yield from _rows_of_batch(batch)


def pandas_rows(frame: Any) -> Rows:
    """The rows of a DataFrame; NaN, NaT and NA are nulls, arrays are lists."""
    import pandas

    nulls = (pandas.NA, pandas.NaT)
    short = {name for name, kind in frame.dtypes.items() if kind == "float32"}
    for start in range(0, len(frame), _BATCH):
        for row in frame.iloc[start : start + _BATCH].to_dict("records"):
            cells = {name: _without_padding(_cell(value, nulls)) for name, value in row.items()}
            for name in short:
                if cells[name] is not None:
                    cells[name] = _shortest_float32(cells[name])
            yield cells


def dataset_rows(dataset: Any) -> Rows:
    """The rows of a `datasets` Dataset or IterableDataset."""
    if isinstance(dataset, Mapping):
        raise ConfigError(f"the dataset has several splits: {', '.join(dataset)}; choose one")
    if hasattr(dataset, "with_format") and hasattr(dataset, "__len__"):
        for table in dataset.with_format("arrow").iter(_BATCH):
            for batch in table.to_batches():
                yield from _rows_of_batch(batch)
    else:
        for row in dataset:
            yield {name: _without_padding(value) for name, value in row.items()}


def saved_rows(path: Path) -> Rows:
    """The rows of a directory that `Dataset.save_to_disk` wrote.

    Raises: ConfigError at once if there is no such directory, or it has several splits.
    """
    if (path / "dataset_dict.json").is_file():
        splits = sorted(child for child in path.iterdir() if child.is_dir())
        if len(splits) != 1:
            listed = ", ".join(map(str, splits))
            raise ConfigError(f"{path}: the dataset has several splits; choose one of {listed}")
        path = splits[0]
    if not (path / "dataset_info.json").is_file():
        names = sorted(child.name for child in path.iterdir())[:5]
        raise ConfigError(
            f"{path}: not a directory that Dataset.save_to_disk wrote;"
            f" it holds {', '.join(names) or 'nothing'}: name its files instead"
        )
    return dataset_rows(_datasets().load_from_disk(str(path)))


def hub_rows(name: str) -> Rows:
    """The rows of ``hf:ORG/NAME[/CONFIG][:SPLIT]``; HF_ENDPOINT and HF_HUB_OFFLINE are honoured.

    Rows are streamed, or come from the local cache if HF_HUB_OFFLINE is set.

    Raises: ConfigError at once for an invalid name.
    """
    match = _HUB_NAME.fullmatch(name)
    if match is None:
        raise ConfigError(f"{name!r}: a dataset on the hub is named hf:ORG/NAME[/CONFIG][:SPLIT]")
    datasets = _datasets()
    repo, config, split = match.groups()
    return _hub_rows(datasets, name, repo, config, split)


def _hub_rows(datasets: Any, name: str, repo: str, config: str | None, split: str | None) -> Rows:
    from datasets.exceptions import DatasetsError

    is_offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")
    try:
        dataset = datasets.load_dataset(repo, config, split=split, streaming=not is_offline)
    except (DatasetsError, OSError, ValueError) as error:
        raise ConfigError(f"{name}: cannot be loaded: {_first_line(error)}") from error
    if isinstance(dataset, Mapping):
        if len(dataset) != 1:
            listed = ", ".join(f"hf:{repo}{f'/{config}' if config else ''}:{s}" for s in dataset)
            raise ConfigError(f"{name}: the dataset has several splits; choose one of {listed}")
        dataset = next(iter(dataset.values()))
    try:
        yield from dataset_rows(dataset)
    except (
        DatasetsError,
        OSError,
    ) as error:  # the network: rows are missing, so this is not the end
        raise PlauditError(f"{name}: reading stopped: {_first_line(error)}") from error


def _rows_of_batch(batch: Any) -> Iterable[Mapping[str, object] | DataError]:
    try:
        rows = batch.to_pylist()
    except UnicodeDecodeError:
        return [_row_of_slice(batch.slice(i, 1)) for i in range(batch.num_rows)]
    for name, reader in _readers(batch.schema).items():
        for row in rows:
            if row[name] is not None:
                row[name] = reader(row[name])
    return rows


def _row_of_slice(batch: Any) -> Mapping[str, object] | DataError:
    for name in batch.schema.names:
        try:
            batch.column(name).to_pylist()
        except UnicodeDecodeError as error:
            return DataError(
                f"invalid UTF-8: byte 0x{error.object[error.start]:02x}"
                f" at byte {error.start + 1} of the text",
                field=name,
            )
    row = batch.to_pylist()[0]
    return {
        name: reader(row[name]) if row[name] is not None else None
        for name, reader in {**dict.fromkeys(row, _same), **_readers(batch.schema)}.items()
    }


def _same(value: object) -> object:
    return value


@functools.lru_cache(64)
def _readers(schema: Any) -> dict[str, Callable[[object], object]]:
    """The conversions of column values, for the columns that need one."""
    readers = {name: _reader(schema.field(name).type) for name in schema.names}
    return {name: reader for name, reader in readers.items() if reader is not None}


def _reader(kind: Any) -> Callable[[Any], Any] | None:
    """A function that converts values of an Arrow type to JSON values; None if they are."""
    from pyarrow import types

    if types.is_float32(kind):
        return _shortest_float32
    if types.is_dictionary(kind):
        return _reader(kind.value_type)
    if types.is_struct(kind):
        fields = {kind.field(i).name: _reader(kind.field(i).type) for i in range(kind.num_fields)}
        return functools.partial(_object, fields)
    if types.is_map(kind):
        return functools.partial(_map, _reader(kind.item_type))
    if types.is_nested(kind) and hasattr(kind, "value_type"):
        item = _reader(kind.value_type)
        return None if item is None else functools.partial(_list, item)
    return None


def _list(item: Callable[[Any], Any], values: Any) -> list[object]:
    return [None if value is None else item(value) for value in values]


def _object(
    fields: Mapping[str, Callable[[object], object] | None], value: Any
) -> dict[str, object]:
    return {
        name: item if (reader := fields.get(name)) is None else reader(item)
        for name, item in value.items()
        if item is not None
    }


def _map(reader: Callable[[object], object] | None, value: Any) -> dict[str, object]:
    pairs = value.items() if isinstance(value, Mapping) else value
    return {name: item if reader is None or item is None else reader(item) for name, item in pairs}


def _shortest_float32(value: float) -> float:
    """The float whose decimal is the shortest that gives the 32-bit float.

    >>> _shortest_float32(0.10000000149011612), _shortest_float32(16777216.0)
    (0.1, 16777216.0)
    """
    for digits in range(6, 9):
        short = float(f"{value:.{digits}g}")
        try:
            if struct.unpack("f", struct.pack("f", short))[0] == value:
                return short
        except OverflowError:  # the rounded decimal is beyond the largest 32-bit float
            continue
    return float(f"{value:.9g}")


def _without_padding(value: object) -> Any:
    """A value without the nulls in its objects, at every depth."""
    if isinstance(value, dict):
        return {name: _without_padding(item) for name, item in value.items() if item is not None}
    return [_without_padding(item) for item in value] if isinstance(value, list) else value


def _cell(value: Any, nulls: tuple[object, ...]) -> Any:
    if hasattr(value, "tolist"):
        is_short = getattr(value, "dtype", None) == "float32" and getattr(value, "ndim", 0) == 1
        value = [_shortest_float32(item) for item in value.tolist()] if is_short else value.tolist()
    if isinstance(value, list):
        return [_cell(item, nulls) for item in value]
    if isinstance(value, dict):
        return {name: _cell(item, nulls) for name, item in value.items()}
    if any(value is null for null in nulls):
        return None
    return None if type(value) is float and value != value else value


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0]


def require_pyarrow(what: str) -> Any:
    """The module pyarrow. Raises MissingExtra with the feature that needs it."""
    try:
        import pyarrow
    except ImportError:
        raise MissingExtra.of(what, package="pyarrow", extra="data") from None
    return pyarrow


def _datasets() -> Any:
    try:
        import datasets
    except ImportError:
        raise MissingExtra.of("Hugging Face datasets", package="datasets", extra="data") from None
    return datasets
