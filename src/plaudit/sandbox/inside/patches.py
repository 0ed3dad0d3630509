"""Patches of libraries that tests make in their own process, and that the program has to see.

``patch("random.randint", return_value=4)`` changes a module of the tests' process; the program has
another. What the tests may patch is read off their text, and looked at before each call.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from typing import Any

from plaudit.sandbox.inside import tests_code

__all__ = ["Patches", "apply", "targets"]

_PATCHERS = frozenset(["patch", "setattr", "delattr", "object"])
_SHARED_OTHERWISE = frozenset(
    ["builtins.input", "sys.stdin", "sys.stdout", "sys.stderr", "sys.modules", "sys.path"]
)
_GONE: object = object()
Place = tuple[Any, str]


def targets(tree: ast.Module, programs: set[str]) -> set[str]:
    """The dotted names of libraries that the tests patch or assign to.

    `programs`: names that mean the program. Raises: Unusable for a library that is not here.

    >>> sorted(targets(ast.parse("import time\\ntime.sleep = 1\\npatch('random.random')"), set()))
    ['random.random', 'time.sleep']
    """
    names = _imported(tree)
    patched = {name for node in ast.walk(tree) for name in _patched(node, names)}
    libraries = set()
    for name in patched - _SHARED_OTHERWISE:
        root = name.partition(".")[0]
        if root not in programs and tests_code.can_import(root):
            libraries.add(name)
    return libraries


def _imported(tree: ast.Module) -> dict[str, str]:
    """Names of the tests, and what they are called where they come from."""
    origins: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                origins[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                origins[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return origins


def _patched(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Assign):
        yield from filter(None, (_dotted(t, names) for t in node.targets if _is_attribute(t)))
    if not isinstance(node, ast.Call) or _last_name(node.func) not in _PATCHERS:
        return
    first, second = [*node.args, None, None][:2]
    if isinstance(first, ast.Constant) and isinstance(first.value, str) and "." in first.value:
        yield first.value
    elif first is not None and isinstance(second, ast.Constant) and isinstance(second.value, str):
        home = _dotted(first, names)
        if home:
            yield f"{home}.{second.value}"


def _is_attribute(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    """``time.sleep`` of an imported module, or ""."""
    if isinstance(node, ast.Attribute):
        home = _dotted(node.value, names)
        return f"{home}.{node.attr}" if home else ""
    return names.get(node.id, "") if isinstance(node, ast.Name) else ""


class Patches:
    """The tests' side: which of the targets are not what they were."""

    def __init__(self, names: set[str]):
        self._names = {
            name: value for name in sorted(names) if (value := _value(name)) is not _GONE
        }
        self._last_values: dict[str, object] = dict(self._names)

    def changes(self) -> Iterator[tuple[str, list[object]]]:
        """Each target that has changed since, with its new value, or none where it is as before."""
        for name, original in self._names.items():
            now = _value(name)
            if now is not self._last_values[name]:
                self._last_values[name] = now
                yield name, [] if now is original or now is _GONE else [now]


def _value(name: str) -> Any:
    try:
        home, last = _place(name)
        return getattr(home, last)
    except (ImportError, AttributeError):
        return _GONE


def _place(name: str) -> Place:
    """The object and the name that a dotted name means. Raises ImportError, AttributeError."""
    home, _, last = name.rpartition(".")
    parts = home.split(".")
    for size in range(len(parts), 0, -1):
        module = ".".join(parts[:size])
        try:
            subject = sys.modules.get(module) or importlib.import_module(module)
        except ImportError:
            continue
        for part in parts[size:]:
            subject = getattr(subject, part)
        return subject, last
    raise ImportError(name)


_ORIGINALS: dict[str, object] = {}


def apply(name: str, *value: object) -> None:
    """The program's side: sets a target, or makes it what it was."""
    home, last = _place(name)
    original = _ORIGINALS.setdefault(name, getattr(home, last, _GONE))
    new = value[0] if value else original
    delattr(home, last) if new is _GONE else setattr(home, last, new)
