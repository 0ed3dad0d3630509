"""A file of lines that stays intact when a run is killed, and that a later run continues."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from plaudit.errors import ConfigError, clipped
from plaudit.journal import Lines

__all__ = ["CALLED", "Journal", "RetriedLines", "replace_durably"]

CALLED = "called"  # the reward's readable name; it is not compared


class RetriedLines:
    """The lines of a file that grows, some of which a later run replaces.

    A SIGKILL loses at most the line being written (see `Lines`). `replace` substitutes other lines
    for some: the new sequence grows in the file `retried` and replaces the old one when it is
    complete. After a kill in between, opening the file again completes it from the old one.

    Raises: ConfigError with `is_alone` where another process has the file.
    """

    def __init__(self, path: Path, retried: Path, *, is_alone: bool = False) -> None:
        self.path = path
        self._retried_path, self._is_alone = retried, is_alone
        self._retried: _Retried | None = None
        self._lines = Lines(path, is_alone=is_alone)
        if retried.exists():
            self._retried = _Retried(self._lines, retried)
            self._adopt_retried()
        self.num_lines = self._lines.num_lines

    def __iter__(self) -> Iterator[bytes]:
        """The lines that an earlier run wrote, without their ends."""
        return iter(self._lines)

    def append(self, line: bytes) -> None:
        """Writes a line. Raises PlauditError for a full disk; the lines before it are kept."""
        self._adopt_retried()
        self._lines.append(line)

    def replace(self, index: int, line: bytes) -> None:
        """Replaces a line of an earlier run; in ascending order, and before anything is appended.
        Raises PlauditError for a full disk; no line is lost."""
        if self._retried is None:
            self._retried = _Retried(self._lines, self._retried_path)
        self._retried.replace(index, line)

    def close(self) -> None:
        """Closes the file; the lines stay for a later run."""
        if self._retried is not None:
            self._retried.close()
        self._lines.close()

    def sync(self) -> None:
        """Waits until the lines are on disk, and closes the file."""
        self._adopt_retried()
        self._lines.flush()
        self._lines.close()

    def _adopt_retried(self) -> None:
        if self._retried is None:
            return
        try:
            self._retried.finish()
        except BaseException:  # a full disk: both files are kept as they are
            self.close()
            raise
        self._lines.close()
        self._retried, self._lines = None, Lines(self.path, is_alone=self._is_alone)


class Journal:
    """Lines in ``OUT.partial.jsonl``, and the run that wrote them in ``OUT.partial.json``.

    A SIGKILL loses at most the line being written; `resume` continues after the last whole one.
    Lines are replaced by way of ``OUT.retried.jsonl`` (see `RetriedLines`).

    Raises: ConfigError if the lines to `resume` are from a different run; says what differs.
    """

    def __init__(self, out: Path, about: Mapping[str, object], *, resume: bool) -> None:
        self.path = out.with_name(f"{out.name}.partial.jsonl")
        self._about_path = out.with_name(f"{out.name}.partial.json")
        self._retried_path = out.with_name(f"{out.name}.retried.jsonl")
        if resume:
            self._check_about(about)
        if not (resume and self.path.exists()):
            self._retried_path.unlink(missing_ok=True)
            self.path.unlink(missing_ok=True)
            self._about_path.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        self._lines = RetriedLines(self.path, self._retried_path)
        self.num_lines = self._lines.num_lines

    @classmethod
    def exists(cls, out: Path) -> bool:
        """Whether an unfinished run left lines for this output."""
        return out.with_name(f"{out.name}.partial.jsonl").exists()

    def _check_about(self, about: Mapping[str, object]) -> None:
        try:
            text = self._about_path.read_text(encoding="utf-8")
            before = json.loads(text)
        except FileNotFoundError:
            if self.path.exists():
                raise ConfigError(
                    f"{self.path}: cannot be resumed, {self._about_path.name} is missing;"
                    " overwrite to start again"
                ) from None
            return
        except ValueError:
            before = {}
        now = json.loads(json.dumps(about))
        if self.path.exists() and _without_name(before) != _without_name(now):
            raise ConfigError(_difference(self.path, before, now))

    def lines(self) -> Iterator[bytes]:
        """The lines that an earlier run wrote, without their ends."""
        return iter(self._lines)

    def append(self, line: bytes) -> None:
        """Writes a line. Raises PlauditError for a full disk; the lines before it are kept."""
        self._lines.append(line)

    def replace(self, index: int, line: bytes) -> None:
        """Replaces a line of an earlier run, as `RetriedLines.replace` does."""
        self._lines.replace(index, line)

    def close(self) -> None:
        """Closes the file; the lines stay for a later run."""
        self._lines.close()

    def sync(self) -> None:
        """Waits until the lines are on disk, and closes the file."""
        self._lines.sync()

    def discard(self) -> None:
        """Removes all files: the output is complete."""
        self._retried_path.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
        self._about_path.unlink(missing_ok=True)


class _Retried:
    """A copy of a file's lines, some of them replaced."""

    def __init__(self, before: Lines, path: Path) -> None:
        self._path = before.path
        self._lines = Lines(path)
        self._rest = itertools.islice(before, self._lines.num_lines, None)
        self._next = self._lines.num_lines

    def replace(self, index: int, line: bytes) -> None:
        self._copy(index - self._next)
        next(self._rest)
        self._lines.append(line)
        self._next = index + 1

    def finish(self) -> None:
        """Copies the remaining lines, and replaces the file."""
        self._copy(None)
        self.close()
        replace_durably(self._lines.path, self._path)

    def close(self) -> None:
        self._lines.close()

    def _copy(self, num: int | None) -> None:
        for line in itertools.islice(self._rest, num):
            self._lines.append(line)


def replace_durably(complete: Path, out: Path) -> None:
    """Moves a complete file to the place of the output, atomically."""
    with complete.open("rb+") as file:
        os.fsync(file.fileno())
    os.replace(complete, out)


def _without_name(about: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in about.items() if name != CALLED}


def _difference(path: Path, before: Mapping[str, object], now: Mapping[str, object]) -> str:
    names = [k for k in {**before, **now} if before.get(k) != now.get(k) and k != CALLED]
    changes = "; ".join(_change(name, before, now) for name in names)
    return f"{path}: cannot be resumed, another run started it: {changes}; overwrite to start again"


def _change(name: str, before: Mapping[str, object], now: Mapping[str, object]) -> str:
    """The difference, with the reward's short name if both runs have one."""
    if name == "reward" and before.get(CALLED) and now.get(CALLED):
        was, is_ = before[CALLED], now[CALLED]
        return f"{is_} has changed since" if was == is_ else f"the reward was {was}, is {is_}"
    old, new = (clipped(about.get(name), limit=300) for about in (before, now))
    return f"{name} was {old}, is {new}"
