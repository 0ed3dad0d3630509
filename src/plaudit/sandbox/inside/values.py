"""Python values as JSON and back, and their comparison, for two processes that share no trust.

`encode` runs beside hostile code: it looks at exact types and calls methods of the base types only,
so that a subclass with a forged ``__eq__`` or ``__class__`` becomes the plain data it holds. What
it writes is still hostile: `decode`, `matches` and `loads` take any text, end soon, and raise
`Malformed` and nothing else.

JSON's own null, bool, number, string and array stand for themselves (finite floats, integers up to
2**53); everything else is an object with one key, its tag: ``{"t": [1, 2]}`` is the tuple (1, 2).
"""

from __future__ import annotations

import builtins
import importlib
import json
import math
import re
import sys
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

__all__ = [
    "MAX_DEPTH",
    "Malformed",
    "Named",
    "Opaque",
    "decode",
    "described",
    "dumps",
    "encode",
    "is_true",
    "loads",
    "make_arrays",
    "matches",
]

MAX_DEPTH = 150
_MAX_SIZE = 34 << 20
_PLAIN_INT = 1 << 53
_MAX_COLUMNS = 1000
_MAX_DIGITS = 20_000  # hex digits where more than a comparison is done with the number
_SAME_HASH = 64  # so many elements of one hash are no accident
_ATOMS = frozenset({str, bool, type(None)})
_NUMBERS = frozenset({int, bool, float})
_LONG_NUMBER = re.compile(rb"[0-9]{40}")
_HEX = re.compile(r"-?0x[0-9a-f]+")

Handles = Callable[[object, bool], object]


class Malformed(ValueError):
    """Encoded data that no `encode` has written, or that is too large or too deep."""


class Opaque(NamedTuple):
    """What is known of a value that has no plain form: the name of its type and its truth."""

    type: str
    true: bool


class Named(tuple):
    """A named tuple of the other process: a tuple whose items also have names."""

    names: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> object:
        if name in self.names:
            return self[self.names.index(name)]
        raise AttributeError(name)


# --- values to JSON -------------------------------------------------------------------------------


def encode(value: object, handles: Handles | None = None) -> Any:
    """What `dumps` can write: JSON with tags, from plain data and whatever is built of it.

    Subclasses of base types become their base, objects without a plain form ``{"o": ...}`` with the
    name of their type and their truth, taken once. `handles(value, is_opaque)` may give another
    form to what is not exactly of a base type. Raises: ValueError for a value deeper than
    `MAX_DEPTH`, which one that contains itself is; whatever methods of the value raise.

    >>> encode([1, 2.5, (True, None), {"a": {3}}])
    [1, 2.5, {'t': [True, None]}, {'d': [['a', {'S': [3]}]]}]
    """
    return _encode(value, handles, 0)


def _encode(value: Any, handles: Handles | None, depth: int) -> object:
    kind = type(value)
    if kind in _ATOMS or (kind is int and -_PLAIN_INT <= value <= _PLAIN_INT):
        return value
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}, or contains itself")
    write = _WRITERS.get(kind)
    if write is not None:
        return write(value, handles, depth + 1)
    write = _writer(kind)
    if handles is not None:
        handle = handles(value, write is None)
        if handle is not None:
            return handle
    return write(value, handles, depth + 1) if write else {"o": described(value)}


def _writer(kind: type) -> Callable[..., object] | None:
    """How to write a subclass of a base type, or a type of a library."""
    for base in type.__dict__["__mro__"].__get__(kind):
        if base is tuple and isinstance(getattr(kind, "_fields", None), tuple):
            return _write_named
        write = _WRITERS.get(base) or _LIBRARY_WRITERS.get(f"{base.__module__}.{base.__name__}")
        if write is not None:
            return write
    return None


def described(value: object) -> dict[str, object]:
    """What is told of a value without a plain form: its type's name, and its truth, taken now."""
    kind = type(value)
    return {"type": f"{kind.__module__}.{kind.__qualname__}"[:200], "true": _truth(value)}


def _truth(value: object) -> bool:
    try:
        return bool(value)
    except Exception:  # an object may refuse to have a truth
        return False


def _write_int(value: int, handles: Handles | None, depth: int) -> object:
    number = int.__pos__(value)
    return number if -_PLAIN_INT <= number <= _PLAIN_INT else {"i": hex(number)}


def _write_float(value: float, handles: Handles | None, depth: int) -> object:
    number = float.__pos__(value)
    return number if math.isfinite(number) else {"f": repr(number)}


def _write_complex(value: complex, handles: Handles | None, depth: int) -> object:
    number = complex.__pos__(value)
    parts = (number.real, number.imag)
    return {"c": [_write_float(part, None, 0) for part in parts]}


def _write_list(value: list[object], handles: Handles | None, depth: int) -> object:
    return [_encode(item, handles, depth) for item in list.__iter__(value)]


def _write_tuple(
    value: tuple[object, ...], handles: Handles | None, depth: int
) -> dict[str, list[object]]:
    return {"t": [_encode(item, handles, depth) for item in tuple.__iter__(value)]}


def _write_named(value: Any, handles: Handles | None, depth: int) -> object:
    names = [str(name) for name in type(value)._fields]
    return {"n": [names, _write_tuple(value, handles, depth)["t"]]}


def _write_set(value: set[object], handles: Handles | None, depth: int) -> object:
    return {"S": [_encode(item, handles, depth) for item in set.__iter__(value)]}


def _write_frozenset(value: frozenset[object], handles: Handles | None, depth: int) -> object:
    return {"F": [_encode(item, handles, depth) for item in frozenset.__iter__(value)]}


def _pairs(
    items: Iterable[tuple[object, object]], handles: Handles | None, depth: int
) -> list[list[object]]:
    return [[_encode(k, handles, depth), _encode(v, handles, depth)] for k, v in items]


def _write_dict(value: dict[object, object], handles: Handles | None, depth: int) -> object:
    return {"d": _pairs(dict.items(value), handles, depth)}


def _write_ordered(
    value: OrderedDict[object, object], handles: Handles | None, depth: int
) -> object:
    keys = list(OrderedDict.__iter__(value))  # its order is not that of the dict below it
    return {"D": _pairs([(key, dict.__getitem__(value, key)) for key in keys], handles, depth)}


def _write_counter(value: Counter[object], handles: Handles | None, depth: int) -> object:
    return {"C": _pairs(dict.items(value), handles, depth)}


def _write_deque(value: deque[object], handles: Handles | None, depth: int) -> object:
    return {"q": [_encode(item, handles, depth) for item in deque.__iter__(value)]}


def _write_range(value: range, handles: Handles | None, depth: int) -> object:
    return {"g": [_write_int(part, None, 0) for part in (value.start, value.stop, value.step)]}


def _write_type(value: type, handles: Handles | None, depth: int) -> object:
    is_builtin = getattr(builtins, value.__name__, None) is value
    if not is_builtin and handles is not None:
        handle = handles(value, True)
        if handle is not None:
            return handle
    return {"k": value.__name__} if is_builtin else {"o": described(value)}


def _write_decimal(value: object, handles: Handles | None, depth: int) -> object:
    return {"N": sys.modules["decimal"].Decimal.__str__(value)}


def _write_fraction(value: Any, handles: Handles | None, depth: int) -> object:
    return {"R": [_write_int(part, None, 0) for part in (value._numerator, value._denominator)]}


def _write_array(value: Any, handles: Handles | None, depth: int) -> object:
    contents = value.tolist()
    if type(contents) is not list:
        return _encode(contents, handles, depth)
    return {"a": [str(value.dtype), _encode(contents, handles, depth)]}


def _write_frame(value: Any, handles: Handles | None, depth: int) -> object:
    """A table of pandas: columns, index, types and data, each as lists."""
    columns = [value.iloc[:, place] for place in range(value.shape[1])]
    index = [value.index.tolist(), value.index.name]
    types = [str(column.dtype) for column in columns]
    parts = ["frame", list(value.columns), index, types, [c.tolist() for c in columns]]
    return {"p": _encode(parts, handles, depth)}


def _write_series(value: Any, handles: Handles | None, depth: int) -> object:
    index = [value.index.tolist(), value.index.name]
    parts = ["series", [value.name], index, [str(value.dtype)], [value.tolist()]]
    return {"p": _encode(parts, handles, depth)}


def _write_scalar(value: Any, handles: Handles | None, depth: int) -> object:
    atom = value.tolist()
    return {"o": described(value)} if type(atom) is type(value) else _encode(atom, handles, depth)


def _write_when(value: Any, handles: Handles | None, depth: int) -> object:
    return {"T": [_date_name(type(value)), value.isoformat()]}


def _write_path(value: object, handles: Handles | None, depth: int) -> object:
    return {"P": sys.modules["pathlib"].PurePath.__str__(value)}


def _write_delta(value: Any, handles: Handles | None, depth: int) -> object:
    return {"T": ["timedelta", [value.days, value.seconds, value.microseconds]]}


def _date_name(kind: type) -> str:
    return next(base.__name__ for base in kind.__mro__ if base.__module__ == "datetime")


_WRITERS: dict[type, Callable[..., object]] = {
    bool: lambda value, handles, depth: value,
    str: lambda value, handles, depth: str.__str__(value),
    int: _write_int,
    float: _write_float,
    complex: _write_complex,
    list: _write_list,
    tuple: _write_tuple,
    set: _write_set,
    frozenset: _write_frozenset,
    OrderedDict: _write_ordered,
    Counter: _write_counter,
    dict: _write_dict,
    deque: _write_deque,
    bytes: lambda value, handles, depth: {"b": bytes.hex(value)},
    bytearray: lambda value, handles, depth: {"B": bytearray.hex(value)},
    range: _write_range,
    type: _write_type,
}
_LIBRARY_WRITERS: dict[str, Callable[..., object]] = {
    "decimal.Decimal": _write_decimal,
    "fractions.Fraction": _write_fraction,
    "datetime.datetime": _write_when,
    "datetime.date": _write_when,
    "datetime.time": _write_when,
    "datetime.timedelta": _write_delta,
    "pathlib.PurePath": _write_path,
    "pandas.core.frame.DataFrame": _write_frame,
    "pandas.core.series.Series": _write_series,
    "pandas.DataFrame": _write_frame,  # from 3.0 on
    "pandas.Series": _write_series,
    "numpy.ndarray": _write_array,
    "numpy.generic": _write_scalar,
}

# --- JSON to values -------------------------------------------------------------------------------


def decode(encoded: object, opaque: Callable[[str, object], object] | None = None) -> Any:
    """The plain value of encoded data; what has no plain form becomes an `Opaque`.

    `opaque(tag, body)` makes something else of the objects with a tag that is not data. Sets and
    dicts in which a suspicious number of elements hash alike are refused, as are long numbers
    where building the value would take more than linear time. Raises: Malformed.

    >>> decode({"t": [1, {"F": [2]}, {"f": "inf"}]})
    (1, frozenset({2}), inf)
    """
    try:
        return _decode(encoded, opaque or _unknown, 0)
    except Malformed:
        raise
    except (TypeError, ValueError, KeyError, ArithmeticError, AttributeError) as error:
        raise Malformed(f"{type(error).__name__}: {str(error)[:80]}") from None


def _unknown(tag: str, body: object) -> object:
    if tag == "o" and type(body) is dict and type(body.get("type")) is str:
        return Opaque(body["type"], body.get("true") is True)
    raise Malformed(f"unknown tag {tag[:20]!r}")


def _decode(encoded: Any, opaque: Callable[[str, Any], Any], depth: int) -> object:
    kind = type(encoded)
    if kind in _ATOMS or kind is int or kind is float:
        return encoded
    if depth > MAX_DEPTH + 1:
        raise Malformed(f"nested deeper than {MAX_DEPTH}")
    if kind is list:
        return [_decode(item, opaque, depth + 1) for item in encoded]
    tag, body = _tagged(encoded)
    make = _MAKERS.get(tag)
    if make is not None:
        return make(_decode_items(tag, body, opaque, depth + 1))
    read = _READERS.get(tag)
    return read(body) if read is not None else opaque(tag, body)


def _tagged(encoded: object) -> tuple[str, Any]:
    if type(encoded) is not dict or len(encoded) != 1:
        raise Malformed("an object must have one key, its tag")
    return next(iter(encoded.items()))


def _decode_items(tag: str, body: object, opaque: Any, depth: int) -> list[object]:
    if type(body) is not list:
        raise Malformed(f"{tag!r} must hold an array")
    if tag in "dDC":
        pairs = [_pair(pair) for pair in body]
        return [(_decode(k, opaque, depth), _decode(v, opaque, depth)) for k, v in pairs]
    return [_decode(item, opaque, depth) for item in body]


def _pair(pair: object) -> list[Any]:
    if type(pair) is not list or len(pair) != 2:
        raise Malformed("a dict must hold pairs")
    return pair


def _unflooded(keys: Collection[object]) -> None:
    """Refuses keys that were chosen to collide, for which a hash table takes quadratic time."""
    if len(keys) > _SAME_HASH and max(Counter(map(hash, keys)).values()) > _SAME_HASH:
        raise Malformed("elements chosen to collide")


def _make_set(items: list[object]) -> set[object]:
    _unflooded(items)
    return set(items)


def _make_dict(pairs: list[tuple[object, object]]) -> dict[object, object]:
    _unflooded([key for key, _ in pairs])
    return dict(pairs)


def _make_counter(pairs: list[tuple[object, object]]) -> Counter[object]:
    return Counter(_make_dict(pairs))


def _make_complex(parts: list[Any]) -> complex:
    real, imag = parts
    return complex(real, imag)


def _make_fraction(parts: list[object]) -> object:
    from fractions import Fraction

    top, bottom = map(_short, parts)
    return Fraction(top, bottom)


def _make_range(parts: list[object]) -> range:
    start, stop, step = map(_short, parts)
    return range(start, stop, step)


def _make_named(parts: list[object]) -> Named:
    names, items = parts
    if type(names) is not list or type(items) is not list or len(names) != len(items):
        raise Malformed("a named tuple needs as many names as items")
    named_tuple = Named(items)
    named_tuple.names = tuple(map(str, names))
    return named_tuple


_DTYPE = re.compile(
    r"[<>=|]?(?:[biuf]\d{1,2}|c8|c16|\?)|bool|(?:u?int|float)\d{1,2}|complex64|complex128"
)


def make_arrays() -> None:
    """From now on arrays become arrays here too where numpy can be imported, as tests need them."""
    _WANTED.append("numpy")


_WANTED: list[str] = []


def _imported_numpy() -> Any:
    try:
        return importlib.import_module(_WANTED[0]) if _WANTED else None
    except ImportError:
        return None


def _make_array(parts: list[object]) -> object:
    dtype, items = parts
    if type(dtype) is not str or not _DTYPE.fullmatch(dtype):
        raise Malformed("no array of such items")  # a wide one would take the reader's memory
    numpy = sys.modules.get("numpy") or _imported_numpy()
    return numpy.array(items, dtype=str(dtype)) if numpy is not None else items


_PANDAS = re.compile(r"u?int\d{1,2}|U?Int\d{1,2}|float\d{2}|bool(?:ean)?|category|datetime64\[ns\]")


def _make_table(parts: list[Any]) -> object:
    """A table, where its reader uses pandas already; nothing is imported for what somebody sent."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        raise Malformed("a table, and no pandas here")
    kind, names, (labels, name), types, data = parts
    if type(data) is not list or len(data) > _MAX_COLUMNS:
        raise Malformed("a table of too many columns")
    try:
        return _table(
            pandas, kind, names, pandas.Index(labels, name=name), zip(data, types, strict=True)
        )
    except Exception as error:  # pandas has many of its own for data that fits together badly
        raise Malformed(f"no table: {type(error).__name__}") from None


def _table(
    pandas: Any, kind: str, names: list[object], index: object, columns: Iterable[Any]
) -> Any:
    series = [
        pandas.Series(items, index=index, dtype=each if _PANDAS.fullmatch(each) else None)
        for items, each in columns
    ]
    if kind == "series":
        (column,) = series
        column.name = names[0]
        return column
    table = pandas.concat(series, axis=1) if series else pandas.DataFrame(index=index)
    table.columns = names
    return table


def _short(number: object) -> int:
    if type(number) is not int or number.bit_length() > 4 * _MAX_DIGITS:
        raise Malformed("an integer is needed here, and not so long")
    return number


_MAKERS: dict[str, Callable[..., object]] = {
    "t": tuple,
    "S": _make_set,
    "F": lambda items: frozenset(_make_set(items)),
    "d": _make_dict,
    "D": lambda pairs: OrderedDict(_make_dict(pairs)),
    "C": _make_counter,
    "q": deque,
    "c": _make_complex,
    "R": _make_fraction,
    "g": _make_range,
    "n": _make_named,
    "a": _make_array,
    "p": _make_table,
}


def _read_int(body: object) -> int:
    if type(body) is not str or not _HEX.fullmatch(body):
        raise Malformed("an integer must be written in hexadecimal")
    return int(body, 16)


def _read_float(body: object) -> float:
    if body not in ("nan", "inf", "-inf"):
        raise Malformed("only nan and the infinities are written as text")
    return float(body)


def _read_decimal(body: object) -> object:
    from decimal import Decimal

    if type(body) is not str or len(body) > _MAX_DIGITS:
        raise Malformed("a decimal must be a string, and not so long")
    return Decimal(body)


def _read_bytes(body: object) -> bytes:
    if type(body) is not str:
        raise Malformed("bytes must be a string of hexadecimal digits")
    return bytes.fromhex(body)


def _read_when(body: Any) -> object:
    import datetime

    name, value = body
    if name == "timedelta":
        return datetime.timedelta(*map(_short, value))
    if name not in ("date", "datetime", "time") or len(value) > 64:
        raise Malformed("unknown kind of date")
    return getattr(datetime, name).fromisoformat(value)


def _read_path(body: object) -> object:
    import pathlib

    if type(body) is not str or len(body) > _MAX_DIGITS:
        raise Malformed("a path must be a string, and not so long")
    return pathlib.Path(body)


def _read_type(body: object) -> type:
    kind = getattr(builtins, body, None) if type(body) is str else None
    if not isinstance(kind, type):
        raise Malformed("no such builtin type")
    return kind


_READERS: dict[str, Callable[[object], object]] = {
    "i": _read_int,
    "f": _read_float,
    "N": _read_decimal,
    "b": _read_bytes,
    "B": lambda body: bytearray(_read_bytes(body)),
    "T": _read_when,
    "P": _read_path,
    "k": _read_type,
}

# --- comparison -----------------------------------------------------------------------------------


def matches(
    encoded: object,
    expected: object,
    *,
    tolerance: float = 0.0,
    relative: float | None = None,
    lenient: bool = False,
    arrays: bool = True,
) -> bool:
    """Whether hostile encoded data is the expected value, as ``==`` of the plain values would say.

    So ``1 == True == 1.0``, a list is not a tuple, a set is a frozenset, nan is not itself, and
    what has no plain form is nothing. A numpy array is compared as its list, or where `arrays` is
    False only one of a single item, as ``==`` of longer ones has no truth, and a deque is not a
    list. `tolerance`: floats (but
    not keys) may differ by ``tolerance * max(1, |expected|)``, or ``tolerance + relative *
    |expected|`` where `relative` is there, and nan is nan; an integer is the same integer only,
    written as a float or not. `lenient`, for expected values that went through plain JSON: a tuple
    is a list, a key 1 is a key "1", and a list is a set where a set is expected. Data that is
    malformed, or whose comparison raises, matches nothing.

    >>> matches(encode((1, 2.0)), (1.0, 2)), matches(encode((1, 2)), [1, 2])
    (True, False)
    >>> matches(encode({1: (0.1 + 0.2,)}), {"1": [0.3]}, tolerance=1e-9, lenient=True)
    True
    """
    try:
        return _ValueComparison(tolerance, relative, lenient, arrays).same(encoded, expected, 0)
    except (ArithmeticError, ValueError, TypeError, RecursionError):  # Decimal("sNaN") == 1
        return False


class _ValueComparison:
    """Walks along the expected value, which is trusted; looks at data only where it fits."""

    def __init__(self, tolerance: float, relative: float | None, lenient: bool, arrays: bool):
        self.arrays = arrays
        self.tolerance = tolerance
        self.relative = relative
        self.lenient = lenient

    def same(self, encoded: object, expected: Any, depth: int) -> bool:
        if depth > 3 * MAX_DEPTH:
            return False
        kind = type(expected)
        if kind is str or expected is None:
            return type(encoded) is kind and encoded == expected
        if kind in _NUMBERS and type(encoded) in _NUMBERS and encoded == expected:
            return True
        if isinstance(expected, list | tuple | deque):
            items = self._items(encoded, expected)
            return self._all_same(items, expected, depth)
        if isinstance(expected, dict):
            return self._same_dict(encoded, expected, depth)
        if isinstance(expected, set | frozenset):
            return self._same_set(encoded, expected, depth)
        if hasattr(expected, "tolist"):
            return self.same(encoded, expected.tolist(), depth + 1)
        return self._same_leaf(encoded, expected)

    def _items(self, encoded: object, expected: Any) -> Any:
        if type(encoded) is list:
            return encoded if self.lenient or isinstance(expected, list) else None
        tag, body = _tag_of(encoded)
        if tag in ("a", "n"):
            body = body[1] if type(body) is list and len(body) == 2 else None
        if not self.arrays and ((tag == "a" and len(expected) != 1) or tag == "q"):
            return body if tag == "q" and isinstance(expected, deque) else None
        if self.lenient:
            return body if tag in ("t", "n", "a", "q") else None
        tags = ("q",) if isinstance(expected, deque) else ("t", "n")
        return body if tag in (("a",) if isinstance(expected, list) else tags) else None

    def _all_same(self, items: object, expected: Any, depth: int) -> bool:
        if type(items) is not list or len(items) != len(expected):
            return False
        pairs = zip(items, expected, strict=True)
        return all(self.same(item, other, depth + 1) for item, other in pairs)

    def _same_dict(self, encoded: object, expected: dict[object, object], depth: int) -> bool:
        tag, body = _tag_of(encoded)
        if tag not in ("d", "D", "C") or type(body) is not list or len(body) != len(expected):
            return False
        left = {(_json_key(key) if self.lenient else key): expected[key] for key in expected}
        for pair in body:
            key = _decode_or_missing(pair[0]) if type(pair) is list and len(pair) == 2 else _MISSING
            key = _json_key(key) if self.lenient else key
            expected_value = _pop(left, key)
            if expected_value is _MISSING or not self.same(pair[1], expected_value, depth + 1):
                return False
        return True

    def _same_set(self, encoded: object, expected: Any, depth: int) -> bool:
        tag, body = ("S", encoded) if self.lenient and type(encoded) is list else _tag_of(encoded)
        if tag not in ("S", "F") or type(body) is not list or len(body) != len(expected):
            return False
        left, others = dict.fromkeys(expected), []
        for item in body:
            value = _frozen(_decode_or_missing(item)) if self.lenient else _decode_or_missing(item)
            if _pop(left, value) is _MISSING:
                others.append(item)
        return not left or (bool(self.tolerance) and self._pair_up(others, list(left), depth))

    def _pair_up(self, others: list[object], left: list[object], depth: int) -> bool:
        """Finds each item that is not there exactly one that is near enough."""
        if len(others) > _SAME_HASH:
            return False
        for item in others:
            near = [i for i, candidate in enumerate(left) if self.same(item, candidate, depth + 1)]
            if not near:
                return False
            del left[near[0]]
        return True

    def _same_leaf(self, encoded: object, expected: object) -> bool:
        value = _decode_or_missing(encoded)
        if value is _MISSING or isinstance(value, Opaque):
            return False
        if isinstance(expected, bytes | bytearray):
            return isinstance(value, bytes | bytearray) and value == expected
        if _is_number(value) and _is_number(expected):
            return self._same_number(value, expected)
        return type(value) is type(expected) and bool(value == expected)

    def _same_number(self, value: object, expected: object) -> bool:
        if _is_long(value) and not isinstance(expected, int):
            return False  # turning it into the other's type would take long
        if value == expected:
            return True
        if not (self.tolerance or self.relative) or _are_whole(value, expected):
            return False
        try:
            return self._is_near(_as_float(value), _as_float(expected))
        except (ArithmeticError, ValueError):
            return False

    def _is_near(self, value: Any, expected: Any) -> bool:
        if value != value or expected != expected:
            return value != value and expected != expected
        if value in _INFINITE or expected in _INFINITE:
            return value == expected
        if self.relative is None:
            return abs(value - expected) <= self.tolerance * max(1.0, abs(expected))
        return abs(value - expected) <= self.tolerance + self.relative * abs(expected)


_MISSING: Any = object()
_INFINITE = (math.inf, -math.inf)


def _tag_of(encoded: object) -> tuple[Any, Any]:
    return next(iter(encoded.items())) if type(encoded) is dict and len(encoded) == 1 else ("", 0)


def _decode_or_missing(encoded: object) -> Any:
    try:
        return decode(encoded)
    except Malformed:
        return _MISSING


def _pop(left: dict[Any, Any], key: object) -> object:
    """Takes a hostile key out of a dict of trusted ones; each can be taken once."""
    if key is _MISSING or _holds_long(key):
        return _MISSING
    try:
        return left.pop(key, _MISSING)
    except (TypeError, ArithmeticError):  # not hashable, or a signalling nan
        return _MISSING


def _holds_long(key: object) -> bool:
    if isinstance(key, tuple | frozenset):
        return any(_holds_long(item) for item in key)
    return _is_long(key)


def _is_long(value: object) -> bool:
    return isinstance(value, int) and value.bit_length() > 4 * _MAX_DIGITS


def _is_number(value: object) -> bool:
    if isinstance(value, int | float | complex):
        return True
    return type(value).__module__ in ("decimal", "_decimal", "fractions") and hasattr(value, "real")


def _are_whole(value: object, expected: object) -> bool:
    """Whether both are integers, one of them of type int: those have no rounding to forgive."""
    pair = (value, expected)
    return any(isinstance(number, int) for number in pair) and all(
        isinstance(number, int) or (isinstance(number, float) and number.is_integer())
        for number in pair
    )


def _as_float(value: Any) -> object:
    return value if isinstance(value, complex) else float(value)


def _json_key(key: object) -> Any:
    """The name that a key has in a JSON object, where it has one."""
    if isinstance(key, bool) or key is None:
        return json.dumps(key)
    if isinstance(key, int) and not _is_long(key):
        return hex(key) if abs(key) > _PLAIN_INT else str(key)
    return repr(key) if isinstance(key, float) else key


def _frozen(value: object) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    return frozenset(value) if isinstance(value, set) else value


def is_true(encoded: object) -> bool:
    """The truth of hostile encoded data: that of the plain value, False where it is malformed.

    >>> is_true(encode([0])), is_true(encode(())), is_true(encode(0.0))
    (True, False, False)
    """
    value = _decode_or_missing(encoded)
    if value is _MISSING:
        return False
    if isinstance(value, Opaque):
        return value.true
    while _tag_of(encoded)[0] == "a" and isinstance(value, list) and len(value) == 1:
        value = value[0]
    try:
        return bool(value)
    except (ValueError, ArithmeticError):  # an array of several elements
        return False


# --- text -----------------------------------------------------------------------------------------

_JSON = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False)
_SCAN: Callable[[str, int], tuple[Any, int]] = vars(json.JSONDecoder())["scan_once"]


def _chunks(encoder: json.JSONEncoder) -> Callable[[object, int], Iterable[str]]:
    """What `encoder.encode` builds again for each text: the writer in C, where there is one."""
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return lambda encoded, _: encoder.iterencode(encoded)
    text = json.encoder.encode_basestring_ascii
    return make(None, encoder.default, text, None, ":", ",", False, False, False)


_CHUNKS = _chunks(_JSON)


def dumps(encoded: object) -> bytes:
    """One line of ASCII, without its end.

    >>> dumps({"r": encode((1, "é"))})
    b'{"r":{"t":[1,"\\\\u00e9"]}}'
    """
    return "".join(_CHUNKS(encoded, 0)).encode("ascii")


def loads(line: bytes | bytearray | memoryview, max_size: int = _MAX_SIZE) -> object:
    """What `dumps` wrote. Raises: Malformed for anything that is not JSON, or too large or deep.

    >>> loads(b'{"r":[1,2]}')
    {'r': [1, 2]}
    """
    if len(line) > max_size:
        raise Malformed(f"{len(line)} bytes, more than {max_size}")
    line = bytes(line)
    try:
        text = line.decode("utf-8")
        if _LONG_NUMBER.search(line):
            return json.loads(text, parse_int=_parse_int)
        return _parse(text)
    except Malformed:
        raise
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{type(error).__name__}: {str(error)[:80]}") from None


def _parse(text: str) -> object:
    """`json.loads`, with less around the scanner for a text without white space at its ends."""
    try:
        value, end = _SCAN(text, 0)
    except StopIteration:
        return json.loads(text)  # or the error that says what is wrong
    return value if end == len(text) else json.loads(text)


def _parse_int(digits: str) -> int:
    if len(digits) > 30:
        raise Malformed("a long integer must be written in hexadecimal")
    return int(digits)
