"""Writing rows that were generated rather than scored: all of them, or no file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from plaudit.data.journal import Journal
from plaudit.data.jsontext import dumps
from plaudit.data.write import Writer
from plaudit.errors import ConfigError

__all__ = ["RowFile"]


class RowFile(Writer):
    """Writes rows to a file (by suffix: JSONL, JSONL.gz, Parquet, CSV) or to ``-``.

    The file appears when all rows are written. A run that fails, is interrupted or writes no row
    leaves nothing behind, and an existing output stays.

    Raises: ConfigError for an output that exists (unless `overwrite`) or cannot be written.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "out.jsonl"
    >>> with RowFile(path) as file: file.write_row({"a": 1})
    >>> path.read_text()
    '{"a":1}\\n'
    """

    def __init__(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        self._out = None if os.fspath(path) == "-" else Path(path)
        if self._out is not None and not overwrite:
            _check_free(self._out)
        super().__init__(path, overwrite=overwrite)
        self.num_rows = 0

    def __enter__(self) -> RowFile:
        return self

    def write_row(self, row: Mapping[str, object]) -> None:
        """Appends a row. Raises PlauditError if it cannot be written."""
        self._sink.append(dumps(row))
        self.num_rows += 1

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None and self.num_rows:
            self.finish()
            return
        self._sink.close()
        if self._out is not None:
            left = Journal(self._out, {}, resume=False)
            left.close()
            left.discard()


def _check_free(out: Path) -> None:
    if out.exists():
        raise ConfigError(f"{out}: exists; overwrite replaces it")
    if Journal.exists(out):
        raise ConfigError(f"{out}: an unfinished run left lines; overwrite to start again")
