"""JSON and Python literals read without running anything: no names, no arithmetic, bounded depth.

Both readers refuse text that two programs would read differently: a duplicate key, NaN and
infinities, nesting deeper than `DEPTH`. Linear on any input.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from plaudit.errors import DataError, clipped

__all__ = [
    "DEPTH",
    "PyCall",
    "is_deep",
    "read_json",
    "read_json_at",
    "read_python",
    "read_python_calls",
    "with_parsed",
]

DEPTH = 64
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>"[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*')
    |(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<word>[^\W\d][\w.]*)
    |(?P<mark>[\[\](){},:=;])
    |(?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\(u[0-9a-fA-F]{4}|U00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL
)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": "", "0": "\0"}
_ESCAPED |= {c: c for c in "\\'\"/"}
_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}


class PyCall(NamedTuple):
    """A call as written, ``name(key=value, ...)``."""

    name: str
    arguments: dict[str, Any]


def read_json(text: str) -> object:
    """The value of a JSON text.

    Raises: ValueError with the reason if the text is not strict JSON.

    >>> read_json('{"a": [1, 2.5]}')
    {'a': [1, 2.5]}
    >>> read_json('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ValueError: the key 'a' occurs twice
    """
    try:
        value = json.loads(text, object_pairs_hook=_unrepeated, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError(f"nested deeper than {DEPTH}") from None
    if is_deep(value):
        raise ValueError(f"nested deeper than {DEPTH}")
    return value


def read_json_at(text: str, place: int) -> tuple[object, int]:
    """The JSON value that begins at a position of a text, and where it ends.

    Raises: ValueError with the reason if no strict JSON value begins there.

    >>> read_json_at('f{"a": 1} and more', 1)
    ({'a': 1}, 9)
    """
    try:
        value, end = _DECODER.raw_decode(text, place)
    except RecursionError:
        raise ValueError(f"nested deeper than {DEPTH}") from None
    if is_deep(value):
        raise ValueError(f"nested deeper than {DEPTH}")
    return value, end


def with_parsed(value: Any, field: str) -> Any:
    """A column's value with JSON text parsed and arrays as lists.

    Raises: DataError if it nests deeper than the readers allow.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, str):
        try:
            return read_json(value)
        except ValueError:
            return value
    if is_deep(value):
        raise DataError(f"nested too deeply: {clipped(type(value))}", field=field)
    return value


def read_python(text: str) -> object:
    """The value of a Python literal, or of JSON (tuples become lists).

    Raises: ValueError where the text is anything else.

    >>> read_python("{'a': (1, True), 'b': null}")
    {'a': [1, True], 'b': None}
    """
    reader = _LiteralReader(text)
    value = reader.value(0)
    reader.expect("end")
    return value


def read_python_calls(text: str) -> list[PyCall]:
    """The calls of a text of nothing else: ``f(a=1)``, lines of them, or ``[f(), g(b=2)]``.

    Raises: ValueError where the text is anything else, or an argument has no name.

    >>> read_python_calls("[maths.add(a=1, b=[2, 3])]")
    [PyCall(name='maths.add', arguments={'a': 1, 'b': [2, 3]})]
    """
    reader = _LiteralReader(text)
    closing = "end"
    if reader.take("["):
        closing = "]"
    calls: list[PyCall] = []
    while not reader.take(closing):
        calls.append(reader.call())
        is_separated = reader.take(",") or reader.take(";")
        if closing == "]" and not is_separated and reader.text_of_next != "]":
            raise ValueError("no comma between two calls")
    if closing == "]":
        reader.expect("end")
    return calls


def is_deep(value: object, *, limit: int = DEPTH) -> bool:
    """Whether lists and mappings nest deeper than `limit`.

    >>> is_deep([[1]], limit=2), is_deep([[[1]]], limit=2)
    (False, True)
    """
    level = [value]
    for _ in range(limit):
        inner = []
        for item in level:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        if not inner:
            return False
        level = inner
    return any(isinstance(item, dict | list) for item in level)


def _unrepeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        earlier: set[str] = set()
        key = next(k for k, _ in pairs if k in earlier or earlier.add(k))
        raise ValueError(f"the key {key[:40]!r} occurs twice")
    return mapping


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unrepeated, parse_constant=_no_constant)


class _LiteralReader:
    """One token after the other; a value is read by recursion of bounded depth."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.advance()

    def advance(self) -> None:
        """Reads the next token. Raises ValueError if there is none."""
        token = _TOKEN.match(self.text, self.place)
        if token is None or token.lastgroup is None:
            raise ValueError(f"not a literal: {self.text[self.place : self.place + 20]!r}")
        self.kind: str = token.lastgroup
        self.text_of_next: str = token[self.kind]
        self.place = token.end()

    def take(self, mark: str) -> bool:
        """Skips that mark (or the "end") if it comes next; whether it did."""
        if mark == "end":
            return self.kind == "end"
        is_next = self.kind == "mark" and self.text_of_next == mark
        if is_next:
            self.advance()
        return is_next

    def expect(self, mark: str) -> None:
        if not self.take(mark):
            raise ValueError(f"expected {mark!r}, found {self.text_of_next[:20]!r}")

    def value(self, depth: int) -> object:
        kind, text = self.kind, self.text_of_next
        if depth > DEPTH:
            raise ValueError(f"nested deeper than {DEPTH}")
        if kind == "end" or (kind == "word" and text not in _WORDS):
            raise ValueError(f"no value: {text[:20]!r}")
        self.advance()
        if kind == "string":
            return _unescaped(text[1:-1])
        if kind == "number":
            return int(text) if text.lstrip("+-").isdigit() else float(text)
        if kind == "word":
            return _WORDS[text]
        if text == "{":
            return self.mapping(depth)
        if text in "[(":
            return self.items("]" if text == "[" else ")", depth)
        raise ValueError(f"no value: {text!r}")

    def items(self, closing: str, depth: int) -> list[object]:
        values = []
        while not self.take(closing):
            values.append(self.value(depth + 1))
            if not self.take(","):
                self.expect(closing)
                break
        return values

    def mapping(self, depth: int) -> dict[str, object]:
        pairs: list[tuple[str, object]] = []
        while not self.take("}"):
            key = self.value(depth + 1)
            if not isinstance(key, str):
                raise ValueError("a key that is not text")
            self.expect(":")
            pairs.append((key, self.value(depth + 1)))
            if not self.take(","):
                self.expect("}")
                break
        return _unrepeated(pairs)

    def call(self) -> PyCall:
        name = self.word()
        self.expect("(")
        pairs: list[tuple[str, object]] = []
        while not self.take(")"):
            key = self.word()
            self.expect("=")
            pairs.append((key, self.value(0)))
            if not self.take(","):
                self.expect(")")
                break
        return PyCall(name, _unrepeated(pairs))

    def word(self) -> str:
        if self.kind != "word":
            raise ValueError(f"expected a name, found {self.text_of_next[:20]!r}")
        word = self.text_of_next
        self.advance()
        return word


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    text = _ESCAPE.sub(_escaped, text)
    if not any("\ud800" <= c <= "\udfff" for c in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _escaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) > 1:
        return chr(int(code[1:], 16))
    return _ESCAPED.get(code, match[0])
