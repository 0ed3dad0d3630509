"""A file of lines that only grows: a killed process loses at most the line being written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from plaudit.errors import ConfigError, PlauditError

__all__ = ["Lines", "io_error"]

_BLOCK = 1 << 20


class Lines:
    """Appends whole lines to a file; what an earlier process left half written is cut off.

    Each line is one write to the operating system, so that a SIGKILL loses none before it. With
    `is_alone` the file is this process's own while it is open.

    Raises: ConfigError if another process has it open; the file is then unchanged.
    """

    def __init__(self, path: Path, *, is_alone: bool = False) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)
        try:
            if is_alone:  # before anything is cut off: the other's lines grow meanwhile
                _lock(self._file.fileno(), path)
            self.num_lines, self.size = _whole_lines(path)
            self._file.truncate(self.size)
        except BaseException:
            self._file.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        """The lines that were there when the file was opened, without their ends."""
        with self.path.open("rb", _BLOCK) as file:
            for _ in range(self.num_lines):
                yield file.readline()[:-1]

    def append(self, line: bytes) -> None:
        """Writes a line. Raises PlauditError for a full disk; the lines before it are kept."""
        data = memoryview(line + b"\n")
        written = 0
        try:
            while written < len(data):
                written += self._file.write(data[written:])
        except OSError as error:
            self._file.truncate(self.size)
            raise io_error(self.path, error) from error
        self.size += len(data)

    def fileno(self) -> int:
        """The open file's descriptor."""
        return self._file.fileno()

    def flush(self) -> None:
        """Waits until the lines are on the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Closes the file; the lines stay."""
        self._file.close()


def io_error(path: Path, error: OSError) -> PlauditError:
    """What a failed write says."""
    return PlauditError(
        f"{path}: cannot be written: {error.strerror or error};"
        " the rows written before are kept: mend this and resume"
    )


def _lock(descriptor: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # not on Windows
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(
            f"{path}: another run is writing this journal; wait for it, or name another"
        ) from None


def _whole_lines(path: Path) -> tuple[int, int]:
    """How many whole lines a file contains, and how many bytes they take."""
    count = size = end = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            count += block.count(b"\n")
            if (last := block.rfind(b"\n")) >= 0:
                end = size + last + 1
            size += len(block)
    return count, end
