"""As much of pytest as test texts for programs use, and a clear refusal of the rest."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import math
import re
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from plaudit.sandbox.inside import distant, pytest_fixtures
from plaudit.sandbox.inside.tests_code import Unusable

__all__ = ["Skipped", "approx", "cases", "module", "raises"]


class Skipped(Exception):
    """A test that takes itself out."""


class Failed(AssertionError):
    """A test that says it has failed."""


class _Info:
    """What `raises` caught."""

    value: Any = None

    @property
    def type(self) -> type[BaseException]:
        return type(self.value)

    def match(self, pattern: str) -> bool:
        assert re.search(pattern, str(self.value)), f"{str(self.value)!r} is not like {pattern!r}"
        return True


class raises:
    """``with raises(E, match=...) as info``, or ``raises(E, function, *args)``."""

    expected: Any
    pattern: str | None
    info: _Info

    def __new__(cls, expected: Any, *args: Any, match: str | None = None, **keywords: Any) -> Any:
        self = super().__new__(cls)
        self.expected, self.pattern, self.info = expected, match, _Info()
        if not args:
            return self
        with self:
            args[0](*args[1:], **keywords)
        return self.info

    def __enter__(self) -> _Info:
        return self.info

    def __exit__(self, kind: Any, value: Any, trace: Any) -> bool:
        if kind is None:
            raise Failed(f"did not raise {self.expected}")
        if not issubclass(kind, Exception) or not issubclass(kind, self.expected):
            return False
        if isinstance(value, distant.MissingAttribute) and not self._names(AttributeError):
            return False  # what is missing does not raise what was asked for
        self.info.value = value
        return self.pattern is None or self.info.match(self.pattern)

    def _names(self, error: type) -> bool:
        """Whether an error is asked for by its own name."""
        return error in (self.expected if isinstance(self.expected, tuple) else (self.expected,))


class warns:
    """``with warns(W, match=...) as found``: some warning of this kind, alike, is given."""

    def __init__(self, expected: Any = Warning, *, match: str | None = None):
        self._expected, self._pattern = expected, match
        self._catch = warnings.catch_warnings(record=True)

    def __enter__(self) -> Any:
        self._caught: Any = self._catch.__enter__()
        warnings.simplefilter("always")
        return self._caught

    def __exit__(self, *error: Any) -> None:
        self._catch.__exit__(*error)
        if error[0] is None and not any(map(self._is_alike, self._caught)):
            raise Failed(f"did not warn {self._expected}")

    def _is_alike(self, warning: Any) -> bool:
        is_alike = self._pattern is None or re.search(self._pattern, str(warning.message))
        return issubclass(warning.category, self._expected) and bool(is_alike)


class approx:
    """Equal to what is within ``max(rel * |expected|, abs)``; of numbers, lists, tuples, dicts."""

    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, expected: Any, rel: Any = None, abs: Any = None, nan_ok: bool = False):
        self.expected, self.rel, self.abs, self.nan_ok = expected, rel, abs, nan_ok

    def __repr__(self) -> str:
        return f"approx({self.expected!r})"

    def __eq__(self, actual: object) -> bool:
        return self._near(actual, self.expected)

    def _near(self, actual: Any, expected: Any) -> bool:
        expected, actual = _listed(expected), _listed(actual)
        if isinstance(expected, dict):
            is_alike = isinstance(actual, dict) and actual.keys() == expected.keys()
            return is_alike and all(self._near(actual[key], expected[key]) for key in expected)
        if isinstance(expected, list | tuple):
            is_alike = isinstance(actual, list | tuple) and len(actual) == len(expected)
            return is_alike and all(map(self._near, actual, expected))
        if not _is_number(expected) or not _is_number(actual):
            return type(actual) is type(expected) and bool(actual == expected)
        return self._near_number(actual, expected)

    def _near_number(self, actual: Any, expected: Any) -> bool:
        if actual == expected:
            return True
        if expected != expected:
            return self.nan_ok and actual != actual
        if not isinstance(expected, complex) and math.isinf(expected):
            return False
        least = 1e-12 if self.abs is None else self.abs
        rel = (0.0 if self.abs is not None else 1e-6) if self.rel is None else self.rel
        try:
            return bool(abs(actual - expected) <= max(rel * abs(expected), least))
        except (TypeError, OverflowError):
            near = abs(float(actual) - float(expected))  # type: ignore[arg-type]
            return bool(near <= max(rel * abs(expected), least))


def _listed(value: Any) -> object:
    return value.tolist() if type(value).__module__ == "numpy" else value


def _is_number(value: object) -> bool:
    return hasattr(type(value), "__abs__") and type(value) is not bool and hasattr(value, "real")


class param(NamedTuple):
    """One set of arguments with its marks."""

    values: tuple[Any, ...]
    marks: tuple[object, ...] = ()


def _param(*values: object, marks: object = (), id: object = None) -> param:
    return param(values, tuple(marks) if isinstance(marks, list | tuple) else (marks,))


class _PytestMark:
    """``mark.NAME`` and ``mark.NAME(...)``: kept on the function or class, read by `cases`."""

    def __init__(
        self, name: str, args: tuple[Any, ...] = (), keywords: dict[str, Any] | None = None
    ):
        self.name, self.args, self.keywords = name, args, keywords or {}

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        is_decorating = len(args) == 1 and not keywords and callable(args[0])
        if (is_decorating and inspect.isroutine(args[0])) or inspect.isclass(
            args[0] if args else 0
        ):
            marked: Any = args[0]
            marked.pytestmark = [*vars(marked).get("pytestmark", ()), self]
            return marked
        return _PytestMark(self.name, args, keywords)

    def skips(self) -> bool:
        if self.name == "skip":
            return True
        return self.name == "skipif" and bool(self.args[0] if self.args else False)


class _Marks:
    def __getattr__(self, name: str) -> _PytestMark:
        return _PytestMark(name)


def _fixture(function: Any = None, **options: Any) -> object:
    def decorate(function: Any) -> object:
        function.is_fixture = True
        function.fixture_name = options.get("name") or function.__name__
        function.is_automatic = options.get("autouse", False)
        function.params = [_param_value(each) for each in options.get("params") or ()]
        return function

    return decorate(function) if function is not None else decorate


def _param_value(value: object) -> object:
    return value.values[0] if isinstance(value, param) else value


def _skip(reason: str = "", **_: object) -> None:
    raise Skipped(reason)


def _fail(reason: str = "", **_: object) -> None:
    raise Failed(reason)


def _unknown(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    raise Unusable(f"the tests use pytest.{name}, which is not supported")


def module() -> types.ModuleType:
    """The stand-in, to be registered as `pytest`."""
    pytest_module = types.ModuleType("pytest")
    vars(pytest_module).update(
        raises=raises,
        warns=warns,
        approx=approx,
        param=_param,
        mark=_Marks(),
        fixture=_fixture,
        skip=_skip,
        fail=_fail,
        main=lambda *args, **keywords: 0,
        __getattr__=_unknown,
    )
    return pytest_module


class Case(NamedTuple):
    """One test: a line, a name, and what runs it."""

    line: int
    name: str
    run: Callable[[], Any]


def cases(namespace: dict[str, Any]) -> Iterator[Case]:
    """The tests of a module, in order. Raises: Unusable for a fixture that nobody defines."""
    fixtures = {
        getattr(value, "fixture_name", ""): value
        for value in namespace.values()
        if inspect.isfunction(value) and getattr(value, "is_fixture", False)
    }
    for name, value in list(namespace.items()):
        if name.startswith("test") and inspect.isfunction(value):
            yield from _function_cases(name, value, value, None, fixtures)
        elif name.startswith("Test") and type(value) is type and value.__module__ == "tests":
            yield from _class_cases(name, value, fixtures)


def _class_cases(name: str, kind: type, fixtures: dict[str, Any]) -> Iterator[Case]:
    own = {
        getattr(value, "fixture_name", ""): value
        for value in vars(kind).values()
        if inspect.isfunction(value) and getattr(value, "is_fixture", False)
    }
    methods = {key: getattr(kind, key) for base in kind.__mro__[::-1] for key in vars(base)}
    for key, method in methods.items():
        if key.startswith("test") and inspect.isfunction(method):
            yield from _function_cases(f"{name}.{key}", method, method, kind, {**fixtures, **own})


def _function_cases(
    name: str, function: Any, marked: object, kind: type | None, fixtures: dict[str, Any]
) -> Iterator[Case]:
    marks = [*getattr(kind, "pytestmark", ()), *getattr(marked, "pytestmark", ())]
    tables = [_table(mark) for mark in marks if mark.name == "parametrize"]
    if any(mark.skips() for mark in marks):
        return
    is_failing = any(mark.name == "xfail" for mark in marks)
    names = list(inspect.signature(function).parameters)
    names = names[(1 if kind else 0) + _num_patched(function) :]
    bound = {key for table in tables for row in table for key in row}
    choices = [
        [{_CHOICE + key: value} for value in fixtures[key].params]
        for key in _closure([key for key in names if key not in bound], fixtures)
        if fixtures[key].params
    ]
    for rows in itertools.product(*tables, *choices):
        arguments = {key: value for row in rows for key, value in row.items()}
        needed = [key for key in names if key not in arguments]
        _check_fixtures(needed, function, fixtures)

        def run(arguments: dict[str, object] = arguments, needed: list[str] = needed) -> None:
            with contextlib.ExitStack() as stack:
                subject = kind() if kind else None
                _set_up(stack, subject, kind)
                chosen = {k: v for k, v in arguments.items() if k.startswith(_CHOICE)}
                rest = {k: v for k, v in arguments.items() if not k.startswith(_CHOICE)}
                sources = _FixtureSource(stack, fixtures, subject, chosen, function.__name__)
                sources.automatic()
                fixture_values = {key: sources.get(key) for key in needed}
                _run(function, subject, {**fixture_values, **rest}, is_failing)

        yield Case(inspect.unwrap(function).__code__.co_firstlineno, name, run)


def _num_patched(function: object) -> int:
    """How many of its arguments `unittest.mock.patch` gives a function."""
    default = getattr(sys.modules.get("unittest.mock"), "DEFAULT", None)
    patches = getattr(function, "patchings", ())
    return sum(each.attribute_name is None and each.new is default for each in patches)


_CHOICE = "choice of "


def _closure(names: list[str], fixtures: dict[str, Any]) -> list[str]:
    """The fixtures that these need, and the automatic ones, each once."""
    waiting = [*names, *(key for key, value in fixtures.items() if value.is_automatic)]
    closure: list[str] = []
    while waiting:
        key = waiting.pop(0)
        if key in fixtures and key not in closure:
            closure.append(key)
            waiting += inspect.signature(fixtures[key]).parameters
    return closure


def _run(function: Any, subject: Any, arguments: dict[str, Any], is_failing: bool) -> None:
    try:
        result = function(*([subject] if subject is not None else []), **arguments)
        if inspect.iscoroutine(result):
            import asyncio

            asyncio.run(result)
    except Exception:
        if not is_failing:
            raise


def _check_fixtures(needed: list[str], function: Any, fixtures: dict[str, object]) -> None:
    parameters = inspect.signature(function).parameters
    for key in needed:
        has_default = parameters[key].default is not inspect.Parameter.empty
        if key not in fixtures and key not in pytest_fixtures.BUILT_IN and not has_default:
            raise Unusable(f"the tests need the fixture {key!r}, which is not supported")
    needed[:] = [k for k in needed if parameters[k].default is inspect.Parameter.empty]


def _table(mark: _PytestMark) -> list[dict[str, Any]]:
    named = {**dict(zip(("argnames", "argvalues"), mark.args, strict=False)), **mark.keywords}
    names = named["argnames"]
    names = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
    names = [name for name in names if name]
    rows = []
    for value in named["argvalues"]:
        marks: tuple[Any, ...] = ()
        if isinstance(value, param):
            value, marks = (value.values if len(names) > 1 else value.values[0]), value.marks
        if not any(each.skips() for each in marks):
            rows.append(dict(zip(names, value if len(names) > 1 else [value], strict=True)))
    return rows


def _set_up(stack: contextlib.ExitStack, subject: object, kind: type | None) -> None:
    if subject is None:
        return
    for before, after in (("setup_class", "teardown_class"), ("setup_method", "teardown_method")):
        for name, act in ((before, lambda call: call()), (after, stack.callback)):
            method = getattr(subject, name, None)
            if method is not None:
                wants = len(inspect.signature(method).parameters)
                act(lambda method=method, wants=wants: method(*[None] * wants))


class _FixtureSource:
    """The values of fixtures for one test."""

    def __init__(
        self,
        stack: contextlib.ExitStack,
        functions: dict[str, Any],
        subject: Any,
        chosen: dict[str, Any],
        name: str,
    ):
        self.stack, self.functions, self.subject = stack, functions, subject
        self.chosen, self.name = chosen, name
        self.values: dict[str, Any] = {}

    def automatic(self) -> None:
        for name, function in self.functions.items():
            if function.is_automatic:
                self.get(name)

    def get(self, name: str) -> Any:
        if name not in self.values:
            self.values[name] = self._make(name)
        return self.values[name]

    def _make(self, name: str) -> Any:
        if name not in self.functions:
            if name not in pytest_fixtures.BUILT_IN:
                raise Unusable(f"the tests need the fixture {name!r}, which is not supported")
            return pytest_fixtures.BUILT_IN[name](self)
        function = self.functions[name]
        arguments = {
            key: self._argument(key, name) for key in inspect.signature(function).parameters
        }
        result = function(**arguments)
        if not inspect.isgenerator(result):
            return result
        self.stack.callback(lambda: next(result, None))
        return next(result)

    def _argument(self, key: str, name: str) -> Any:
        if key == "self":
            return self.subject
        if key == "request" and key not in self.functions:
            return pytest_fixtures.FixtureRequest(self, self.chosen.get(_CHOICE + name))
        return self.get(key)


def register() -> None:
    """Makes ``import pytest`` find the stand-in."""
    sys.modules["pytest"] = module()
