"""Plain values as JSON and back: the only thing that crosses from a program to its grader.

`encode` runs beside hostile code: it reads values through the base types' own methods, so that a
subclass yields data and nothing else. `matches` runs in the caller: it compares hostile data with a
trusted value, led by the trusted one, so that no collision of hashes and no huge number costs more
than its length.

JSON's own null, true, false, strings, lists and integers below 2**53 stand for themselves; the
rest is an object of one key: f float, i integer, t tuple, S set, F frozenset, d dict, b bytes,
y bytearray, c complex, D Decimal, q Fraction, o opaque (anything else: its type and its truth).
"""

from __future__ import annotations

import json
import math
import sys
from typing import Any

__all__ = ["Malformed", "Opaque", "decode", "dumps", "encode", "is_true", "loads", "matches"]

_EXACT = 1 << 53
_DEPTH = 400
_MAX_DIGITS = 1 << 20


class Malformed(ValueError):
    """Data that no encoder wrote."""


class Opaque:
    """What stays behind in the program's process: its type's name and whether it was true."""

    def __init__(self, kind: str, truth: bool, handle: int = -1):
        self.kind, self.truth, self.handle = kind, truth, handle

    def __bool__(self) -> bool:
        return self.truth

    def __repr__(self) -> str:
        return f"<{self.kind}>"


def encode(value: Any, keep: Any = None, depth: int = 0) -> Any:
    """The value as JSON would hold it. `keep(object) -> int` numbers what is opaque.

    Raises: ValueError where it is deeper than 400 levels (a cycle is).

    >>> encode((1, {"a": 2.5}))
    {'t': [1, {'d': [['a', {'f': '2.5'}]]}]}
    """
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return value if -_EXACT < value < _EXACT else {"i": hex(value)}
    if kind is float:
        return {"f": repr(value)}
    if depth > _DEPTH:
        raise ValueError("the value is nested too deeply, or holds itself")
    if kind is list:
        return [encode(item, keep, depth + 1) for item in value]
    for base, write in _WRITERS:
        if issubclass(kind, base):
            return write(value, keep, depth + 1)
    return _other(value, keep, depth)


def _many(tag: str, base: Any):
    return lambda value, keep, depth: {
        tag: [encode(item, keep, depth) for item in base.__iter__(value)]
    }


def _list(value: Any, keep: Any, depth: int) -> Any:
    return [encode(item, keep, depth) for item in list.__iter__(value)]


def _dict(value: Any, keep: Any, depth: int) -> Any:
    pairs = dict.items(value)
    return {"d": [[encode(key, keep, depth), encode(item, keep, depth)] for key, item in pairs]}


_WRITERS: list[tuple[type, Any]] = [
    (int, lambda value, keep, depth: encode(int.__int__(value))),
    (float, lambda value, keep, depth: {"f": float.__repr__(value)}),
    (str, lambda value, keep, depth: str.__str__(value)),
    (tuple, _many("t", tuple)),
    (list, _list),
    (dict, _dict),
    (set, _many("S", set)),
    (frozenset, _many("F", frozenset)),
    (bytes, lambda value, keep, depth: {"b": bytes.hex(value)}),
    (bytearray, lambda value, keep, depth: {"y": bytearray.hex(value)}),
    (complex, lambda value, keep, depth: {"c": [repr(part) for part in _parts(value)]}),
]


def _parts(value: complex) -> tuple[float, float]:
    return complex.real.__get__(value), complex.imag.__get__(value)


def _other(value: Any, keep: Any, depth: int) -> Any:
    kind = type(value)
    module, name = str(kind.__module__), str(kind.__name__)
    if module == "decimal" and name == "Decimal":
        return {"D": str(value)}
    if module == "fractions" and name == "Fraction":
        return {"q": [hex(value.numerator), hex(value.denominator)]}
    if module == "numpy" and hasattr(value, "tolist"):
        return encode(value.tolist(), keep, depth + 1)
    if module == "collections" and name == "deque":
        return [encode(item, keep, depth + 1) for item in value]
    if kind is range or name in ("dict_keys", "dict_values", "dict_items"):
        return [encode(item, keep, depth + 1) for item in value]
    return {"o": _opaque(value, f"{module}.{name}", keep)}


def _opaque(value: Any, name: str, keep: Any) -> dict[str, Any]:
    try:
        truth = bool(value)
    except Exception:
        truth = False
    found = {"type": name[:100], "true": truth}
    return found if keep is None else {**found, "id": keep(value)}


def dumps(value: Any) -> bytes:
    """One line of JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def loads(data: bytes) -> Any:
    """What a line of JSON holds. Raises Malformed for anything that is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(f"not readable: {type(error).__name__}") from None


def decode(data: Any, wrap: Any = None) -> Any:
    """The value that was encoded; `wrap(opaque data)` makes something of what stayed behind.

    Raises: Malformed.

    >>> decode(encode({1: (2, b"x")}))
    {1: (2, b'x')}
    """
    try:
        return _decode(data, wrap)
    except Malformed:
        raise
    except (ValueError, TypeError, KeyError, RecursionError, ArithmeticError) as error:
        raise Malformed(f"not readable: {type(error).__name__}") from None


def _decode(data: Any, wrap: Any) -> Any:
    if isinstance(data, list):
        return [_decode(item, wrap) for item in data]
    if not isinstance(data, dict):
        return data
    ((tag, inner),) = data.items()
    if tag == "o":
        return wrap(inner) if wrap else Opaque(str(inner["type"]), inner["true"] is True)
    if tag in ("t", "S", "F"):
        return {"t": tuple, "S": set, "F": frozenset}[tag](_decode(item, wrap) for item in inner)
    if tag == "d":
        return {_decode(key, wrap): _decode(item, wrap) for key, item in inner}
    return _scalar(tag, inner)


def _scalar(tag: str, inner: Any) -> Any:
    if tag == "f":
        return float(inner)
    if tag == "i":
        return int(inner, 16)
    if tag == "b":
        return bytes.fromhex(inner)
    if tag == "y":
        return bytearray.fromhex(inner)
    if tag == "c":
        return complex(float(inner[0]), float(inner[1]))
    if tag == "D":
        import decimal

        return decimal.Decimal(inner)
    if tag == "q":
        import fractions

        return fractions.Fraction(int(inner[0], 16), int(inner[1], 16))
    raise Malformed(f"unknown tag {tag[:20]!r}")


def is_true(data: Any) -> bool:
    """Whether the encoded value counts as true."""
    if isinstance(data, dict) and len(data) == 1:
        ((tag, inner),) = data.items()
        if tag == "o":
            return isinstance(inner, dict) and inner.get("true") is True
        if tag in ("t", "S", "F", "d", "b", "y"):
            return bool(inner)
    return bool(decode(data))


def matches(data: Any, expected: Any, *, tolerance: float = 0.0, lenient: bool = False) -> bool:
    """Whether encoded data equals a trusted value, by Python's own rules for plain values.

    With `tolerance`, numbers may differ by ``tolerance * max(1, |expected|)`` and NaN equals NaN.
    `lenient` is for tests that went through plain JSON: a tuple equals a list, a set a list of its
    members, a key its text.

    >>> matches(encode((1, 2)), (1, 2)), matches(encode((1, 2)), [1, 2])
    (True, False)
    >>> matches(encode((1, 2)), [1, 2], lenient=True), matches(encode(0.3), 0.1 + 0.2)
    (True, False)
    """
    try:
        return _same(data, expected, tolerance, lenient)
    except (ValueError, TypeError, KeyError, RecursionError, ArithmeticError):
        return False


def _same(data: Any, expected: Any, tolerance: float, lenient: bool) -> bool:
    tag, inner = _tagged(data)
    if expected is None or isinstance(expected, str):
        return tag == "" and type(inner) is type(expected) and inner == expected
    if _is_number(expected):
        return _same_number(tag, inner, expected, tolerance)
    if isinstance(expected, list | tuple):
        allowed = ("[", "t") if lenient else ("[",) if isinstance(expected, list) else ("t",)
        return tag in allowed and _same_items(inner, expected, tolerance, lenient)
    if isinstance(expected, set | frozenset):
        allowed = ("S", "F", "[", "t") if lenient else ("S", "F")
        return tag in allowed and _same_set(inner, expected)
    if isinstance(expected, dict):
        return tag == "d" and _same_dict(inner, expected, tolerance, lenient)
    if isinstance(expected, bytes | bytearray):
        return tag in ("b", "y") and bytes.fromhex(inner) == bytes(expected)
    return tag not in ("o", "") and _decode(data, None) == expected


def _tagged(data: Any) -> tuple[str, Any]:
    if isinstance(data, dict):
        ((tag, inner),) = data.items()
        return tag, inner
    return ("[" if isinstance(data, list) else ""), data


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | complex)


def _same_number(tag: str, inner: Any, expected: Any, tolerance: float) -> bool:
    if tag == "" and not isinstance(inner, int):
        return False
    if tag == "i" and len(inner) > _MAX_DIGITS:
        return False
    if tag not in ("", "f", "i", "c", "D", "q"):
        return False
    actual = inner if tag == "" else _scalar(tag, inner)
    if actual == expected:
        return True
    if not tolerance or isinstance(actual, complex) or isinstance(expected, complex):
        return False
    if isinstance(actual, bool) or isinstance(expected, bool):
        return False
    actual, wanted = float(actual), float(expected)
    if math.isnan(wanted):
        return math.isnan(actual)
    return abs(actual - wanted) <= tolerance * max(1.0, abs(wanted))


def _same_items(inner: Any, expected: Any, tolerance: float, lenient: bool) -> bool:
    return len(inner) == len(expected) and all(
        _same(item, wanted, tolerance, lenient)
        for item, wanted in zip(inner, expected, strict=True)
    )


def _same_set(inner: Any, expected: Any) -> bool:
    return len(inner) == len(expected) and {_hashable(item) for item in inner} == expected


def _hashable(data: Any) -> Any:
    value = _decode(data, None)
    return frozenset(value) if isinstance(value, set) else value


def _same_dict(inner: Any, expected: dict[Any, Any], tolerance: float, lenient: bool) -> bool:
    if len(inner) != len(expected):
        return False
    found = {_hashable(key): item for key, item in inner}
    if lenient and found.keys() != expected.keys():
        found = {str(key): item for key, item in found.items()}
        expected = {str(key): item for key, item in expected.items()}
    return found.keys() == expected.keys() and all(
        _same(found[key], wanted, tolerance, lenient) for key, wanted in expected.items()
    )


if hasattr(sys, "set_int_max_str_digits"):
    assert _MAX_DIGITS > 4300  # hexadecimal is read in linear time and has no such limit
