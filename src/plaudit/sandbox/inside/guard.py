"""Keeps text that the program gave the tests from being run as code beside the verdict.

The first look is at the text of the tests (`tests_code.refuse_evaluation`). This is the second, for
ways that have no name there: ``getattr(builtins, "ev" + "al")``, ``map``, a library that evaluates
what it is handed. The interpreter says by an audit event (PEP 578) when it is about to run a code
object, and when `pickle` looks for a class. Code runs if the tests or an installed module bring it,
if it stands in the tests as a text, or if it calls nothing, as an annotation does.
"""

from __future__ import annotations

import ast
import dis
import functools
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from plaudit.sandbox.inside.tests_code import Unusable

__all__ = ["Guard"]

_TESTS = ("tests", "setup")
_IMPORTING = ("<frozen importlib", "<frozen zipimport")
_WRITERS = frozenset([
    ("collections", "namedtuple"),
    ("dataclasses", "_create_fn"),
    ("dataclasses", "add_fns_to_class"),
    ("unittest.mock", "_set_signature"),
    ("attr._make", "_compile_and_eval"),
    ("attr._make", "_linecache_and_compile"),
    ("scipy._lib.decorator", "make"),
    ("scipy.stats._distn_infrastructure", "_attach_argparser_methods"),
])  # fmt: skip
"""Functions that write code of their own, in which what they are handed are names at most."""
_HINT_READERS = frozenset(["typing", "typing_extensions", "inspect", "annotationlib"])
_EVENTS = frozenset(["exec", "function.__new__", "object.__setattr__", "pickle.find_class"])
_QUIET_NAMES = """
CACHE RESUME NOP EXTENDED_ARG LOAD_CONST LOAD_SMALL_INT LOAD_NAME LOAD_ATTR BINARY_SUBSCR
BUILD_TUPLE BUILD_LIST BINARY_OR BINARY_OP RETURN_VALUE RETURN_CONST
"""
_QUIET = frozenset(_QUIET_NAMES.split())
_LONG = 10_000
_QUIET_OPERATORS = (7, 26)  # what BINARY_OP does: "|", and since Python 3.14 the subscript


class Guard:
    """What may run in the tests' process; `refusal` says what was stopped, or is empty.

    `trees`: the tests, as they were parsed; `codes`: as they will be run.
    """

    def __init__(self, trees: Sequence[ast.AST], codes: Sequence[CodeType]):
        self.refusal = ""
        self._home = os.path.join(os.getcwd(), "")
        self._own = {id(code) for whole in codes for code in _nested(whole)}
        nodes = (node for tree in trees for node in ast.walk(tree))
        texts = (node.value for node in nodes if isinstance(node, ast.Constant))
        self._texts = {text for text in texts if isinstance(text, str) and 0 < len(text) < _LONG}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Inside, what must not run raises Unusable. An audit hook cannot be taken back."""
        if not _INSTALLED:
            _INSTALLED.append(_hook)
            sys.addaudithook(_hook)
        _WATCHING.append(self.look)
        try:
            yield
        finally:
            _WATCHING.pop()

    def look(self, event: str, args: tuple[Any, ...], caller: FrameType) -> None:
        """Raises Unusable, with the line, for an event that would run what the tests were given."""
        code = args[-1] if event == "object.__setattr__" else args[0]
        if event == "object.__setattr__" and args[1] != "__code__":
            return
        frames = list(_frames(caller))
        if event == "pickle.find_class":
            if not _is_import(frames):
                self._refuse(frames, f"pickle, which looks for {args[0]}.{args[1]}")
        elif not self._may_run(code, frames):
            self._refuse(frames, "what runs text as code")

    def _may_run(self, code: CodeType, frames: list[FrameType]) -> bool:
        caller = str(frames[0].f_globals.get("__name__"))
        if id(code) in self._own or _is_quiet(code, caller):
            return True
        if _is_importer(frames[0]):
            return os.path.isabs(code.co_filename) and not code.co_filename.startswith(self._home)
        if (caller, frames[0].f_code.co_name) in _WRITERS or _is_import(frames):
            return True
        if caller == "timeit" and self._is_timed(frames[0].f_locals):
            return True
        return self._is_written_there(code)

    def _is_timed(self, names: dict[str, Any]) -> bool:
        """Whether `timeit` was handed functions, or texts that stand in the tests."""
        texts = {*self._texts, "pass", "_stmt()", "_setup()"}  # the last two stand for functions
        texts |= {text.replace("\n", "\n" + " " * n) for text in self._texts for n in (4, 8)}
        return names.get("stmt") in texts and names.get("setup") in texts

    def _is_written_there(self, code: CodeType) -> bool:
        """Whether some text of the tests is just this code."""
        return any(
            code == _compiled(text, mode) for text in self._texts for mode in ("eval", "exec")
        )

    def _refuse(self, frames: list[FrameType], what: str) -> None:
        line = next((f.f_lineno for f in frames if f.f_code.co_filename in _TESTS), 0)
        self.refusal = self.refusal or (
            f"line {line}: the tests use {what}, which would run what the program returns beside"
            " the verdict; compare plain values instead"
        )
        raise Unusable(self.refusal)


_INSTALLED: list[Any] = []
_WATCHING: list[Callable[[str, tuple[Any, ...], FrameType], None]] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event in _EVENTS and _WATCHING:
        _WATCHING[-1](event, args, sys._getframe(1))


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_importer(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_IMPORTING)


def _is_import(frames: list[FrameType]) -> bool:
    """Whether a module is being imported by what is nearest to the tests."""
    for frame in frames:
        if frame.f_code.co_filename in _TESTS:
            return False
        if _is_importer(frame):
            return True
    return False


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _nested(each)


@functools.lru_cache(maxsize=1024)
def _compiled(text: str, mode: str) -> CodeType | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return compile(text.lstrip(" \t"), "<string>", mode, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _is_quiet(code: CodeType, caller: str) -> bool:
    """Whether code calls nothing: a constant, a tuple; for who reads type hints, names as well."""
    if code.co_names and caller not in _HINT_READERS:
        return False
    for operation, argument in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        name = dis.opname[operation]
        if name not in _QUIET or (name == "BINARY_OP" and argument not in _QUIET_OPERATORS):
            return False
    return True
