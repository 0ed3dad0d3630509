"""The program's side of a test: answers what the tests ask about its names, until they hang up.

It runs in the program's own process and is trusted with nothing: what it says is data that the
program could as well have made up. Objects without a plain form stay here and are known to the
tests by a number (`{"h": 3}`); objects of the tests' own classes stay there and are `Foreign` here.
"""

from __future__ import annotations

import contextlib
import itertools
import operator
import socket
import sys
from collections.abc import Callable
from typing import Any

from plaudit.sandbox.inside import talk, values

__all__ = ["SPECIAL", "serve"]

_HELPERS = """
math cmath collections itertools functools operator heapq bisect re string random statistics
fractions decimal datetime copy typing json dataclasses enum textwrap array base64 hashlib
calendar numbers abc contextlib queue time
"""
_SPECIAL = """
eq ne lt le gt ge hash len iter next contains getitem setitem delitem call bool repr str add radd
sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul and or xor lshift
rshift neg pos abs invert int float index round enter exit iadd isub
"""
_OPERATORS = """
lt le gt ge getitem setitem delitem add sub mul truediv floordiv mod pow matmul and_ or_ xor
lshift rshift neg pos abs invert index iadd isub imul
"""
HELPERS = tuple(_HELPERS.split())
"""The modules whose functions the tests get from their own interpreter, never from a program."""

SPECIAL = tuple(f"__{name}__" for name in _SPECIAL.split())
"""The methods of the tests' own classes that are passed on."""


def serve(namespace: dict[str, Any], sock: socket.socket) -> None:
    """Answers questions about a program's namespace until the other side hangs up."""
    with contextlib.suppress(talk.Closed):
        _Program(namespace, sock).line.listen()


class Foreign:
    """An object of the tests, seen from the program."""

    _place: int
    _line: _Program

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._line.ask("get", self, [name])

    def __setattr__(self, name: str, value: Any) -> None:
        self._line.ask("set", self, [name, value])

    def __delattr__(self, name: str) -> None:
        self._line.ask("del", self, [name])


def _passed_on(name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **keywords: Any) -> Any:
        return self._line.ask(name, self, args, keywords)

    return method


class _Program:
    """The program's names and objects."""

    def __init__(self, namespace: dict[str, Any], sock: socket.socket):
        self.namespace = namespace
        self.objects: list[Any] = []
        self.places: dict[int, int] = {}
        self.named: dict[type, str] = {}
        self.foreign: dict[int, Foreign] = {}
        self.foreign_types: dict[Any, type] = {}
        self.line = talk.Line(sock, self.answer)

    # what the tests ask

    def answer(self, question: Any) -> dict[str, Any]:
        try:
            act, *rest = question
            if act == "names":
                return {"r": self.describe(*rest)}
            return self.do(act, *rest)
        except talk.Closed:
            raise
        except BaseException as error:
            return self.raised(error)

    def describe(self, names: list[str]) -> dict[str, Any]:
        found = {name: self.namespace[name] for name in names if name in self.namespace}
        for name, value in found.items():
            if isinstance(value, type) and not _helper(name, value):
                self.named[value] = name
        return {name: self.described(name, value) for name, value in found.items()}

    def described(self, name: str, value: Any) -> dict[str, Any]:
        helper = _helper(name, value)
        if helper:
            return {"helper": helper}
        if value in self.named if isinstance(value, type) else False:
            return self.described_class(value)
        return {"value": self.encode(value)}

    def described_class(self, kind: type) -> dict[str, Any]:
        bases = [self.named[base] for base in kind.__mro__[1:] if base in self.named]
        errors = [base.__name__ for base in kind.__mro__] if issubclass(kind, Exception) else []
        return {"class": self.place(kind), "name": kind.__name__, "bases": bases, "errors": errors}

    def do(self, act: str, encoded: list[Any], keywords: list[Any]) -> dict[str, Any]:
        args = [self.decode(item) for item in encoded]
        result = _ACTS[act](*args, **{name: self.decode(item) for name, item in keywords})
        changed, same = [], None
        for i, (before, arg) in enumerate(zip(encoded, args, strict=True)):
            if type(before) in (list, dict) and "h" not in before and "j" not in before:
                after = self.encode(arg)
                if after != before:
                    changed.append([i, after])
                if arg is result:
                    same = i
        reply = {"r": self.encode(result)} if same is None else {"same": same}
        return {**reply, "c": changed} if changed else reply

    def raised(self, error: BaseException) -> dict[str, Any]:
        names = [kind.__name__ for kind in type(error).__mro__]
        own = [self.named[kind] for kind in type(error).__mro__ if kind in self.named]
        reply: dict[str, Any] = {"x": own[0] if own else names[0], "m": _message(error)}
        reply["k"] = own + names
        with contextlib.suppress(Exception):
            reply["a"] = self.encode(list(error.args))
        return reply

    # what the program asks

    def ask(self, act: str, subject: Foreign, args: Any, keywords: Any = None) -> Any:
        named = [[name, self.encode(value)] for name, value in (keywords or {}).items()]
        place = object.__getattribute__(subject, "_place")
        reply = self.line.ask([act, place, [self.encode(arg) for arg in args], named])
        if "r" in reply:
            return self.decode(reply["r"])
        raise _error_of(reply)

    # values

    def encode(self, value: Any) -> Any:
        return values.encode(value, self.handle)

    def decode(self, encoded: Any) -> Any:
        return values.decode(encoded, self.found)

    def handle(self, value: Any, is_opaque: bool) -> Any:
        kind = type(value)
        if issubclass(kind, Foreign):
            return {"j": object.__getattribute__(value, "_place")}
        names = [self.named[base] for base in type.mro(kind) if base in self.named]
        if not names and not is_opaque:
            return None
        about = values.described(value)
        about.update(h=self.place(value), k=names)
        if not is_opaque:
            about["b"] = True
        return {"o": about}

    def place(self, value: Any) -> int:
        found = self.places.get(id(value))
        if found is None:
            found = self.places[id(value)] = len(self.objects)
            self.objects.append(value)
        return found

    def found(self, tag: str, body: Any) -> Any:
        if tag == "h":
            return self.objects[body]
        if tag != "j":
            raise values.Malformed(f"unknown tag {tag!r}")
        place, name, special = body
        if place not in self.foreign:
            kind = self.foreign_type(name, special)
            self.foreign[place] = subject = object.__new__(kind)
            object.__setattr__(subject, "_place", place)
            object.__setattr__(subject, "_line", self)
        return self.foreign[place]

    def foreign_type(self, name: str, special: list[str]) -> type:
        key = (name, *special)
        if key not in self.foreign_types:
            methods: dict[str, Any] = {each: _passed_on(each) for each in special}
            if "__eq__" in methods and "__hash__" not in methods:
                methods["__hash__"] = None
            self.foreign_types[key] = type(name, (Foreign,), methods)
        return self.foreign_types[key]


def _helper(name: str, value: Any) -> str:
    """The module of the standard library where a name means exactly this value, or ""."""
    if isinstance(value, type(sys)):
        return value.__name__ if value.__name__ in (*HELPERS, "numpy") else ""
    for module in HELPERS:
        held = sys.modules.get(module)
        if held is not None and vars(held).get(name, _helper) is value:
            return module
    return ""


def _message(error: BaseException) -> str:
    try:
        return str(error)[:300]
    except Exception:  # __str__ is the program's own
        return ""


def _error_of(reply: dict[str, Any]) -> Exception:
    import builtins

    found = getattr(builtins, str(reply.get("x")), None)
    if isinstance(found, type) and issubclass(found, Exception):
        return found(str(reply.get("m", "")))
    return RuntimeError(str(reply.get("m", "")))


def _take(iterator: Any, num: int) -> list[Any]:
    return list(itertools.islice(iterator, num))


def _base(value: Any) -> Any:
    """The plain data that an object of a subclass of a base type holds."""
    return values.decode(values.encode(value))


_ACTS: dict[str, Callable[..., Any]] = {
    "call": lambda subject, *args, **keywords: subject(*args, **keywords),
    "get": getattr,
    "set": setattr,
    "del": delattr,
    "take": _take,
    "base": _base,
    "iter": iter,
    "next": next,
    "len": len,
    "truth": lambda subject: bool(subject),
    "hash": hash,
    "repr": repr,
    "str": str,
    "format": format,
    "dir": dir,
    "int": int,
    "float": float,
    "complex": complex,
    "round": round,
    "divmod": divmod,
    "reversed": lambda subject: list(reversed(subject)),
    "enter": lambda subject: type(subject).__enter__(subject),
    "leave": lambda subject: type(subject).__exit__(subject, None, None, None),
    "contains": lambda subject, item: item in subject,
    "eq": lambda left, right: bool(left == right),
    **{name.strip("_"): getattr(operator, name) for name in _OPERATORS.split()},
}
