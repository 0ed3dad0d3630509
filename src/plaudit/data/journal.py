"""A file of lines that a killed run leaves behind whole, and that a later run continues."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from plaudit.errors import ConfigError, PlauditError, clipped

__all__ = ["Journal", "io_error", "replace_durably"]

_BLOCK = 1 << 20


class Journal:
    """Lines in ``OUT.partial.jsonl``, and what made them in ``OUT.partial.json``.

    Each line is one write to the operating system, so a SIGKILL loses at most the line under way;
    `resume` cuts that off and goes on behind the last whole line.

    Raises: ConfigError where `resume` meets lines that something else made; says what differs.
    """

    def __init__(self, out: Path, about: Mapping[str, Any], *, resume: bool) -> None:
        self.path = out.with_name(f"{out.name}.partial.jsonl")
        self._about_path = out.with_name(f"{out.name}.partial.json")
        self.num_lines, self._size = 0, 0
        if resume:
            self._check_about(about)
        if resume and self.path.exists():
            self.num_lines, self._size = _whole_lines(self.path)
            os.truncate(self.path, self._size)
        else:
            self._begin(about)
        self._file = self.path.open("ab", buffering=0)

    @classmethod
    def exists(cls, out: Path) -> bool:
        """Whether an unfinished run has left lines for this output."""
        return out.with_name(f"{out.name}.partial.jsonl").exists()

    def _begin(self, about: Mapping[str, Any]) -> None:
        self.path.unlink(missing_ok=True)
        self._about_path.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")

    def _check_about(self, about: Mapping[str, Any]) -> None:
        try:
            text = self._about_path.read_text(encoding="utf-8")
            before = json.loads(text)
        except FileNotFoundError:
            if self.path.exists():
                raise ConfigError(
                    f"{self.path}: cannot be resumed, {self._about_path.name} is missing;"
                    " overwrite to begin anew"
                ) from None
            return
        except ValueError:
            before = {}
        now = json.loads(json.dumps(about))
        if self.path.exists() and before != now:
            raise ConfigError(_difference(self.path, before, now))

    def lines(self) -> Iterator[bytes]:
        """The lines that an earlier run wrote, without their ends."""
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
            self._file.truncate(self._size)
            raise io_error(self.path, error) from error
        self._size += len(data)

    def close(self) -> None:
        """Closes the file; the lines stay for a later run."""
        self._file.close()

    def sync(self) -> None:
        """Waits until the lines are on the disk, and closes the file."""
        os.fsync(self._file.fileno())
        self.close()

    def discard(self) -> None:
        """Removes both files: the output is complete."""
        self.path.unlink(missing_ok=True)
        self._about_path.unlink(missing_ok=True)


def replace_durably(made: Path, out: Path) -> None:
    """Puts a complete file in the place of the output, at once."""
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    os.replace(made, out)


def io_error(path: Path, error: OSError) -> PlauditError:
    """What a failed write says."""
    return PlauditError(
        f"{path}: cannot be written: {error.strerror or error};"
        " the rows written before are kept: mend this and resume"
    )


def _whole_lines(path: Path) -> tuple[int, int]:
    """How many whole lines a file holds, and how many bytes they take."""
    count = size = end = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            count += block.count(b"\n")
            if (last := block.rfind(b"\n")) >= 0:
                end = size + last + 1
            size += len(block)
    return count, end


def _difference(path: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    names = [k for k in {**before, **now} if before.get(k) != now.get(k)]
    told = "; ".join(
        f"{name} was {clipped(before.get(name), limit=300)}, is {clipped(now.get(name), limit=300)}"
        for name in names
    )
    return f"{path}: cannot be resumed, another run began it: {told}; overwrite to begin anew"
