"""The program's side of a test: answers what the tests ask about its names, until they hang up.

It runs in the program's own process and is trusted with nothing: what it says is data that the
program could as well have made up. Objects without a plain form stay here and are known to the
tests by a number (`{"h": 3}`); objects of the tests' own classes stay there and are `Foreign` here.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import inspect
import io
import itertools
import operator
import socket
import sys
import types
from collections.abc import Callable
from typing import Any

from plaudit.sandbox.inside import mirror, notices, patches, talk, values

__all__ = ["SPECIAL", "serve"]

_HELPERS = """
math cmath collections itertools functools operator heapq bisect re string random statistics
fractions decimal datetime copy typing json dataclasses enum textwrap array base64 hashlib
calendar numbers abc contextlib queue time asyncio inspect io pathlib
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


def serve(namespace: dict[str, object], sock: socket.socket) -> None:
    """Answers questions about a program's namespace until the other side hangs up."""
    with contextlib.suppress(talk.Closed):
        _ServedProgram(namespace, sock).line.listen()


class Foreign:
    """An object of the tests, seen from the program."""

    _place: int
    _line: _ServedProgram

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._line.ask("get", self, [name])

    def __setattr__(self, name: str, value: object) -> None:
        self._line.ask("set", self, [name, value])

    def __delattr__(self, name: str) -> None:
        self._line.ask("del", self, [name])


def _passed_on(name: str) -> Callable[..., object]:
    def method(self: Any, *args: Any, **keywords: Any) -> object:
        return self._line.ask(name, self, args, keywords)

    return method


class _ServedProgram:
    """The program's names and objects."""

    def __init__(self, namespace: dict[str, object], sock: socket.socket):
        self.namespace = namespace
        self.objects: list[Any] = []
        self.places: dict[int, int] = {}
        self.named: dict[type, str] = {}
        self.foreign: dict[int, Foreign] = {}
        self.foreign_types: dict[object, type] = {}
        self.line = talk.Line(sock, self.answer)
        self.mirror: mirror.Mirror | None = None
        self.written: list[_Written] = []
        self.notices: notices.Collected | None = None
        self.events: object = None
        self.acts: dict[str, Callable[..., object]] = {  # beside _ACTS, which is never copied
            "bind": self.bind,
            "patch": patches.apply,
            "await": self.await_,
            "anext": self.anext,
            "aenter": lambda subject: self.await_(type(subject).__aenter__(subject)),
            "aleave": lambda subject: self.await_(
                type(subject).__aexit__(subject, None, None, None)
            ),
        }

    # what the tests ask

    def answer(self, question: Any) -> dict[str, object]:
        act, *rest = question
        try:
            if act == "names":
                return {"r": self.describe(*rest)}
            if self.mirror is not None:
                self.mirror.apply(rest.pop())
            reply = self.do(act, *rest)
        except talk.Closed:
            raise
        except BaseException as error:
            reply = self.raised(error)
        return self.shared(reply)

    def shared(self, reply: dict[str, object]) -> dict[str, object]:
        """The reply, with what was written meanwhile."""
        if self.mirror is not None:
            reply["f" if "x" in reply else "m"] = self.mirror.changes()
        if self.notices is not None:
            reply["n"] = self.notices.take()
        out = [[stream.place, text] for stream in self.written if (text := stream.take())]
        return {**reply, "out": out} if out else reply

    def prepare(self, options: dict[str, bool]) -> None:
        """Passes on what these tests look at: printed text, typed text, files."""
        if options.get("out"):
            sys.stdout, sys.stderr = self.written = [_Written(1), _Written(2)]  # type: ignore[assignment]
        if options.get("in"):
            builtins.input = lambda prompt="": self.typed("input", str(prompt))
            sys.stdin = _Typed(self.typed)  # type: ignore[assignment]
        if options.get("notices"):
            self.notices = notices.Collected()
        if options.get("pandas"):  # tables may come before the program imports it
            with contextlib.suppress(ImportError):
                importlib.import_module("pandas")
        if options.get("files"):
            self.mirror = mirror.Mirror()

    def typed(self, act: str, *args: str) -> str:
        reply = self.line.ask([act, 0, list(args), []])
        if "r" in reply:
            return str(reply["r"])
        raise _error_of(reply)

    def bind(self, name: str, *value: object) -> None:
        """Sets a name of the program's module, or takes it away."""
        if value:
            self.namespace[name] = value[0]
        else:
            self.namespace.pop(name, None)

    # coroutines: one loop for all, so that what they leave running goes on

    def await_(self, subject: object) -> object:
        return self.loop().run_until_complete(subject)

    def anext(self, subject: Any) -> list[object]:
        """The next item in a list, or none at the end."""
        try:
            return [self.await_(type(subject).__anext__(subject))]
        except StopAsyncIteration:
            return []

    def loop(self) -> Any:
        if self.events is None:
            asyncio = importlib.import_module("asyncio")
            self.events = asyncio.new_event_loop()
            asyncio.set_event_loop(self.events)
        return self.events

    def describe(self, names: list[str], options: dict[str, bool]) -> dict[str, object]:
        self.prepare(options)
        objects = {name: self.namespace[name] for name in names if name in self.namespace}
        for name, value in objects.items():
            if isinstance(value, type) and not _helper(name, value):
                self.named[value] = name
        return {name: self.described(name, value) for name, value in objects.items()}

    def described(self, name: str, value: Any) -> dict[str, object]:
        is_own = getattr(value, "__globals__", None) is self.namespace
        helper = "" if is_own else _helper(name, value)
        if helper:
            return {"helper": helper}
        if value in self.named if isinstance(value, type) else False:
            return self.described_class(value)
        return {"value": self.encode(value)}

    def described_class(self, kind: type) -> dict[str, object]:
        bases = [self.named[base] for base in kind.__mro__[1:] if base in self.named]
        errors = [base.__name__ for base in kind.__mro__] if issubclass(kind, Exception) else []
        return {"class": self.place(kind), "name": kind.__name__, "bases": bases, "errors": errors}

    def do(self, act: str, encoded: list[Any], keywords: list[Any]) -> dict[str, Any]:
        args = [self.decode(item) for item in encoded]
        run = self.acts.get(act) or _ACTS[act]
        result = run(*args, **{name: self.decode(item) for name, item in keywords})
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

    def raised(self, error: BaseException) -> dict[str, object]:
        names = [kind.__name__ for kind in type(error).__mro__]
        own = [self.named[kind] for kind in type(error).__mro__ if kind in self.named]
        reply: dict[str, object] = {"x": own[0] if own else names[0], "m": _message(error)}
        reply["k"] = own + names
        with contextlib.suppress(Exception):
            reply["a"] = self.encode(list(error.args))
        return reply

    # what the program asks

    def ask(self, act: str, subject: Foreign, args: Any, keywords: Any = None) -> object:
        named = [[name, self.encode(value)] for name, value in (keywords or {}).items()]
        place = object.__getattribute__(subject, "_place")
        reply = self.line.ask([act, place, [self.encode(arg) for arg in args], named])
        if "r" in reply:
            return self.decode(reply["r"])
        raise _error_of(reply)

    # values

    def encode(self, value: object) -> object:
        return values.encode(value, self.handle)

    def decode(self, encoded: object) -> Any:
        return values.decode(encoded, self.resolve_handle)

    def handle(self, value: object, is_opaque: bool) -> object:
        kind = type(value)
        if issubclass(kind, Foreign):
            return {"j": object.__getattribute__(value, "_place")}
        names = [self.named[base] for base in type.mro(kind) if base in self.named]
        if not names and not is_opaque:
            return None
        about = values.described(value)
        about.update(h=self.place(value), k=names)
        if kind in _ASYNC:
            about["a"] = _ASYNC[kind]
        if not is_opaque:
            about["b"] = True
        return {"o": about}

    def place(self, value: object) -> int:
        place = self.places.get(id(value))
        if place is None:
            place = self.places[id(value)] = len(self.objects)
            self.objects.append(value)
        return place

    def resolve_handle(self, tag: str, body: Any) -> object:
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
            methods: dict[str, object] = {each: _passed_on(each) for each in special}
            if "__eq__" in methods and "__hash__" not in methods:
                methods["__hash__"] = None
            self.foreign_types[key] = type(name, (Foreign,), methods)
        return self.foreign_types[key]


class _Written(io.TextIOBase):
    """A stream of the program that its tests look at."""

    encoding = "utf-8"

    def __init__(self, place: int):
        self.place = place
        self._parts: list[str] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    @property
    def buffer(self) -> object:
        """What takes bytes."""
        return _Bytes(self)

    def write(self, text: str) -> int:
        self._size += len(text)
        if self._size <= _MOST_WRITTEN:
            self._parts.append(str.__str__(text))
        return len(text)

    def take(self) -> str:
        """What was written since the last time."""
        text, self._parts, self._size = "".join(self._parts), [], 0
        return text


class _Bytes(io.BufferedIOBase):
    """The bytes below such a stream."""

    def __init__(self, stream: _Written):
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)


class _Typed(io.TextIOBase):
    """Standard input, where the tests decide what it holds."""

    def __init__(self, ask: Callable[..., str]):
        self._ask = ask

    def readable(self) -> bool:
        return True

    def readline(self, size: int = -1) -> str:  # type: ignore[override]
        return self._ask("readline")

    def read(self, size: int | None = -1) -> str:
        return self._ask("read")


def _helper(name: str, value: Any) -> str:
    """The module of the standard library where a name means exactly this value, or ""."""
    if isinstance(value, type(sys)):
        return value.__name__ if value.__name__ in (*HELPERS, "numpy") else ""
    for module in HELPERS:
        library = sys.modules.get(module)
        if library is not None and vars(library).get(name, _helper) is value:
            return module
    return ""


def _message(error: BaseException) -> str:
    try:
        return str(error)[:300]
    except Exception:  # __str__ is the program's own
        return ""


def _error_of(reply: dict[str, object]) -> Exception:
    import builtins

    kind = getattr(builtins, str(reply.get("x")), None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        return kind(str(reply.get("m", "")))
    return RuntimeError(str(reply.get("m", "")))


def _take(iterator: Any, num: int) -> list[object]:
    return list(itertools.islice(iterator, num))


def _base(value: object) -> object:
    """The plain data that an object of a subclass of a base type holds."""
    return values.decode(values.encode(value))


def _signature(subject: Any) -> list[object]:
    """Name, kind, default and annotation (lists of one or none) of each parameter."""
    empty = inspect.Parameter.empty
    return [
        [
            each.name,
            int(each.kind),
            [] if each.default is empty else [each.default],
            [] if each.annotation is empty else [each.annotation],
        ]
        for each in inspect.signature(subject).parameters.values()
    ]


def _code(subject: Any) -> dict[str, object]:
    """What tests ask of a function's code object."""
    names = ("co_name", "co_argcount", "co_kwonlyargcount", "co_flags", "co_varnames", "co_names")
    return {name: getattr(subject.__code__, name) for name in names}


_MOST_WRITTEN = 4 << 20
_ASYNC: dict[type, str] = {types.CoroutineType: "c", types.AsyncGeneratorType: "g"}
_ACTS: dict[str, Callable[..., object]] = {
    "signature": _signature,
    "code": _code,
    "is_async": inspect.iscoroutinefunction,
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
