"""pytest's own fixtures, as far as test texts for programs use them."""

from __future__ import annotations

import builtins
import contextlib
import importlib
import io
import logging
import os
import pathlib
import tempfile
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from plaudit.sandbox.inside.tests_code import Unusable

__all__ = ["BUILT_IN", "FixtureRequest"]


class _Fixtures(Protocol):
    """The values of fixtures for one test."""

    stack: contextlib.ExitStack
    name: str

    def get(self, name: str) -> Any: ...


class FixtureRequest:
    """As much of pytest's `request` as fixtures ask for."""

    def __init__(self, fixtures: _Fixtures, chosen: object = None):
        self.param, self.addfinalizer = chosen, fixtures.stack.callback
        self.getfixturevalue = fixtures.get
        self.node = types.SimpleNamespace(name=fixtures.name)


class _Captured(NamedTuple):
    out: str
    err: str


class _Capture:
    """`capsys`: what tests and program write is kept until `readouterr`."""

    def __init__(self, fixtures: _Fixtures):
        self._streams = io.StringIO(), io.StringIO()
        fixtures.stack.enter_context(contextlib.redirect_stdout(self._streams[0]))
        fixtures.stack.enter_context(contextlib.redirect_stderr(self._streams[1]))

    def readouterr(self) -> _Captured:
        captured = _Captured(*(stream.getvalue() for stream in self._streams))
        for stream in self._streams:
            stream.seek(0)
            stream.truncate()
        return captured

    def disabled(self) -> object:
        return contextlib.nullcontext()


class _Logged(logging.Handler):
    """`caplog`: what tests and program log."""

    def __init__(self, fixtures: _Fixtures):
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.setFormatter(logging.Formatter("%(levelname)-8s %(name)s:%(filename)s %(message)s"))
        root = logging.getLogger()
        fixtures.stack.callback(root.setLevel, root.level)
        fixtures.stack.callback(root.removeHandler, self)
        root.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def messages(self) -> list[str]:
        return [record.getMessage() for record in self.records]

    @property
    def text(self) -> str:
        return "".join(self.format(record) + "\n" for record in self.records)

    @property
    def record_tuples(self) -> list[tuple[str, int, str]]:
        return [(record.name, record.levelno, record.getMessage()) for record in self.records]

    def clear(self) -> None:
        self.records.clear()

    def set_level(self, level: Any, logger: str | None = None) -> None:
        logging.getLogger(logger).setLevel(level)

    @contextlib.contextmanager
    def at_level(self, level: Any, logger: str | None = None) -> Iterator[None]:
        chosen = logging.getLogger(logger)
        before = chosen.level
        chosen.setLevel(level)
        try:
            yield
        finally:
            chosen.setLevel(before)


_NOTHING: object = object()


class _MonkeyPatch:
    """`monkeypatch`: what it changes is as before after the test."""

    def __init__(self, fixtures: _Fixtures):
        self._undone = fixtures.stack.enter_context(contextlib.ExitStack())

    def setattr(
        self, target: Any, name: Any, value: object = _NOTHING, raising: bool = True
    ) -> None:
        if value is _NOTHING:
            target, name, value = *_resolved(target), name
        old = getattr(target, name, _NOTHING)
        if raising and old is _NOTHING and not hasattr(builtins, name):
            raise AttributeError(f"{target!r} has no attribute {name!r}")
        self._undone.callback(_restore, target, name, old)
        setattr(target, name, value)

    def delattr(self, target: Any, name: Any = _NOTHING, raising: bool = True) -> None:
        if name is _NOTHING:
            target, name = _resolved(target)
        old = getattr(target, name, _NOTHING)
        if old is not _NOTHING or raising:
            self._undone.callback(_restore, target, name, old)
            delattr(target, name)

    def setitem(self, mapping: Any, key: object, value: Any) -> None:
        old = mapping.get(key, _NOTHING)
        self._undone.callback(_restore_item, mapping, key, old)
        mapping[key] = value

    def delitem(self, mapping: Any, key: Any, raising: bool = True) -> None:
        if key in mapping or raising:
            self._undone.callback(_restore_item, mapping, key, mapping[key])
            del mapping[key]

    def setenv(self, name: str, value: object, prepend: str | None = None) -> None:
        more = prepend + os.environ[name] if prepend and name in os.environ else ""
        self.setitem(os.environ, name, str(value) + more)

    def delenv(self, name: str, raising: bool = True) -> None:
        self.delitem(os.environ, name, raising)

    def chdir(self, path: Any) -> None:
        self._undone.callback(os.chdir, os.getcwd())
        os.chdir(path)

    def undo(self) -> None:
        self._undone.close()

    @contextlib.contextmanager
    def context(self) -> Iterator[_MonkeyPatch]:
        patcher = object.__new__(_MonkeyPatch)
        with contextlib.ExitStack() as patcher._undone:
            yield patcher


def _resolved(path: str) -> tuple[object, str]:
    """The object and the name that a dotted path means."""
    home, _, name = path.rpartition(".")
    target = importlib.import_module(home.partition(".")[0])
    for part in home.split(".")[1:]:
        target = getattr(target, part)
    return target, name


def _restore(target: object, name: str, old: object) -> None:
    delattr(target, name) if old is _NOTHING else setattr(target, name, old)


def _restore_item(mapping: Any, key: object, old: object) -> None:
    mapping.pop(key, None) if old is _NOTHING else mapping.__setitem__(key, old)


def _folder(fixtures: _Fixtures) -> pathlib.Path:
    """A new directory below the working one, which the program has as well."""
    directory = tempfile.TemporaryDirectory(dir=os.getcwd(), prefix="test-")
    path = pathlib.Path(fixtures.stack.enter_context(directory))
    is_same = os.getcwd() in _SAME  # a root of its own: the program's directory has this name too
    return path if is_same else pathlib.Path(os.path.relpath(path))


class _OldPath:
    """`tmpdir`: as much of py.path as tests use."""

    def __init__(self, path: pathlib.Path):
        self._path, self.strpath, self.basename = path, str(path), path.name

    def __str__(self) -> str:
        return self.strpath

    def __fspath__(self) -> str:
        return self.strpath

    def __truediv__(self, name: object) -> _OldPath:
        return self.join(name)

    def join(self, *names: Any) -> _OldPath:
        return _OldPath(self._path.joinpath(*map(str, names)))

    def mkdir(self, *names: object) -> _OldPath:
        directory = self.join(*names)
        directory._path.mkdir()
        return directory

    def write(self, data: object, mode: str = "w") -> None:
        with open(self._path, mode) as file:
            file.write(data)

    def read(self, mode: str = "r") -> object:
        with open(self._path, mode) as file:
            return file.read()

    def exists(self) -> bool:
        return self._path.exists()

    check = exists

    def listdir(self) -> list[_OldPath]:
        return [_OldPath(path) for path in sorted(self._path.iterdir())]

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        raise Unusable(f"the tests use tmpdir.{name}, which is not supported")


class _Folders:
    """`tmp_path_factory`."""

    def __init__(self, fixtures: _Fixtures):
        self._fixtures = fixtures

    def mktemp(self, name: str, numbered: bool = True) -> pathlib.Path:
        return _folder(self._fixtures)


_SAME = ("/tmp", "/box")
BUILT_IN: dict[str, Callable[[_Fixtures], object]] = {
    "tmp_path": _folder,
    "tmpdir": lambda fixtures: _OldPath(_folder(fixtures)),
    "tmp_path_factory": _Folders,
    "request": FixtureRequest,
    "capsys": _Capture,
    "capfd": _Capture,
    "caplog": _Logged,
    "monkeypatch": _MonkeyPatch,
}
