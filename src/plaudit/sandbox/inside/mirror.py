"""Files and variables that tests and program share, though each process has its own.

Tests write a file and hand its path to the program, or set a variable of the environment that it
reads. Before a call the program's side gets what has changed, and after it the tests' side does.
Paths are relative to the working directory; what the program says is data: only regular files
below that directory are written, bounded in number and size. What lay there at the beginning is
never looked at, written or removed, and nothing is removed that the two have not exchanged before.
"""

from __future__ import annotations

import os
import stat
from os import listdir, lstat, makedirs, rmdir, unlink
from typing import Any

__all__ = ["Mirror"]

_own_open = open  # as it is now: tests patch `builtins.open`
_MOST_FILES = 500
_MOST_BYTES = 8 << 20
_MOST_DEPTH = 20


class Mirror:
    """One side's view of its working directory and environment, as of the last exchange."""

    def __init__(self) -> None:
        self.home = os.getcwd()
        self.foreign = frozenset(_names(self.home))
        self.files: dict[str, tuple[int, int] | None] = {}
        self.exchanged: set[str] = set()
        self.variables = dict(os.environ)

    def changes(self) -> list[list[object]]:
        """What has changed since: ``["d", path]``, ``["f", path, hex]``, ``["r", path]`` for one
        that is gone, ``["v", name, value]`` with None for a variable that is gone."""
        current = self._look()
        changed: list[list[Any]] = []
        total = 0
        for path, mark in current.items():
            if path in self.files and self.files[path] == mark:
                continue
            self.exchanged.add(path)
            if mark is None:
                changed.append(["d", path])
                continue
            data = self._read(path)
            total += len(data)
            if total > _MOST_BYTES:
                break
            changed.append(["f", path, data.hex()])
        gone = [path for path in sorted(self.files, reverse=True) if not self._is_there(path)]
        changed += [["r", path] for path in gone]
        self.files = current
        return changed + self._variables()

    def _variables(self) -> list[list[object]]:
        now = dict(os.environ)
        names = [
            name for name in {*now, *self.variables} if now.get(name) != self.variables.get(name)
        ]
        self.variables = now
        return [["v", name, now.get(name)] for name in sorted(names)]

    def apply(self, changes: object) -> None:
        """Makes this side what the other one said. Raises: ValueError for what no side says."""
        if type(changes) is not list or len(changes) > 2 * _MOST_FILES:
            raise ValueError("no list of changes")
        for kind, name, *rest in changes:
            if type(name) is not str or "\0" in name:
                raise ValueError("no name")
            if kind == "v":
                _set_variable(name, rest[0])
            else:
                self._apply_file(kind, name, rest)
        self.files = self._look()
        self.variables = dict(os.environ)

    def _apply_file(self, kind: str, name: str, rest: list[Any]) -> None:
        parts = name.split("/")
        if name.startswith("/") or not set(parts).isdisjoint(("", ".", "..")):
            raise ValueError("a path leads out of the directory")
        if parts[0] in self.foreign:
            return
        path = os.path.join(self.home, name)
        if kind != "r":
            self.exchanged.add(name)
        if kind == "d":
            makedirs(path, exist_ok=True)
        elif kind == "r" and name in self.exchanged and os.path.lexists(path):
            is_folder = os.path.isdir(path) and not os.path.islink(path)
            rmdir(path) if is_folder else unlink(path)
        elif kind == "f":
            makedirs(os.path.dirname(path), exist_ok=True)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with _own_open(fd, "wb") as file:
                file.write(bytes.fromhex(rest[0]))

    def _look(self) -> dict[str, tuple[int, int] | None]:
        """Every file below the directory, with size and time of change; None for a directory."""
        marks: dict[str, tuple[int, int] | None] = {}
        waiting = [("", 0)]
        while waiting and len(marks) < _MOST_FILES:
            folder, depth = waiting.pop()
            names = set(_names(os.path.join(self.home, folder)))
            for name in sorted(names - (set() if folder else self.foreign)):
                path = os.path.join(folder, name)
                about = lstat(os.path.join(self.home, path))
                if stat.S_ISDIR(about.st_mode):
                    marks[path] = None
                    waiting += [(path, depth + 1)] if depth < _MOST_DEPTH else []
                elif stat.S_ISREG(about.st_mode):
                    marks[path] = (about.st_size, about.st_mtime_ns)
        return marks

    def _is_there(self, path: str) -> bool:
        return os.path.lexists(os.path.join(self.home, path))

    def _read(self, path: str) -> bytes:
        with _own_open(os.path.join(self.home, path), "rb") as file:
            return file.read(_MOST_BYTES + 1)


def _names(folder: str) -> list[str]:
    try:
        return sorted(listdir(folder))
    except OSError:
        return []


def _set_variable(name: str, value: object) -> None:
    if value is None:
        os.environ.pop(name, None)
    elif type(value) is str and name and "=" not in name:
        os.environ[name] = value
