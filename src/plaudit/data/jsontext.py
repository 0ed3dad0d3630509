"""JSON text of rows: orjson first, the standard library for text that orjson refuses.

orjson refuses lone surrogates, NaN, raw control characters and integers beyond 64 bits (when
reading, it rounds those to a float); the standard library accepts them all.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any

import orjson

from plaudit.errors import DataError, clipped

__all__ = ["dumps", "loads", "loads_object"]

_INT_LIMIT = 2.0**63
_MAX_DEPTH = 200  # orjson writes 254 levels, pickle and the standard library a few hundred


def loads_object(line: bytes, *, what: str = "line") -> dict[str, Any]:
    """The JSON object in a line.

    Raises: DataError for broken JSON (with the column), invalid UTF-8 (with the byte) or a value
    that is not an object.

    >>> loads_object(b'{"a": "\\\\ud800"}')
    {'a': '\\ud800'}
    """
    row = loads(line, what=what)
    if type(row) is not dict:
        raise DataError(f"expected a JSON object, found {clipped(row)}")
    return row


def loads(data: bytes, *, what: str = "line") -> Any:
    """The JSON value in `data`. Raises DataError."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = _loads_slowly(data, what)
    kinds = set(map(type, value.values())) if type(value) is dict else {type(value)}
    if (list in kinds or dict in kinds) and _is_deep(value, data):
        raise DataError(f"broken JSON: nested more than {_MAX_DEPTH} deep")
    return _loads_slowly(data, what) if _has_rounded_integer(value) else value


def dumps(row: Mapping[str, object]) -> bytes:
    """A row as one line of JSON, without the line end; NaN becomes null, lone surrogates escapes.

    >>> dumps({"a": "\\ud800", "b": float("nan"), "c": b"xy"})
    b'{"a":"\\\\ud800","b":null,"c":"eHk="}'
    """
    try:
        return orjson.dumps(row, default=_to_builtin, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError:  # lone surrogates, big integers, keys that are not text
        text = json.dumps(_finite(row), default=_to_builtin, separators=(",", ":"), allow_nan=False)
        return text.encode("ascii")


def _has_rounded_integer(value: object) -> bool:
    """Whether a number, at any depth, is too large for orjson to read without rounding."""
    if type(value) is dict:
        value = value.values()
    elif type(value) is not list:
        return False
    kinds = set(map(type, value))
    return (
        float in kinds and any(type(v) is float and not -_INT_LIMIT < v < _INT_LIMIT for v in value)
    ) or ((dict in kinds or list in kinds) and any(map(_has_rounded_integer, value)))


def _is_deep(value: object, data: bytes) -> bool:
    if data.count(b"[") + data.count(b"{") <= _MAX_DEPTH:
        return False
    level = [value]
    for _ in range(_MAX_DEPTH + 1):
        level = [
            item
            for holder in level
            for item in (holder.values() if isinstance(holder, dict) else holder)
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True


def _loads_slowly(data: bytes, what: str) -> object:
    try:
        text = data.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        at = error.start
        before = data[max(0, at - 20) : at].decode("utf-8", "replace")
        raise DataError(
            f"invalid UTF-8: byte 0x{data[at]:02x} at byte {at + 1} of the {what},"
            f" after {clipped(before)}; convert the file to UTF-8"
        ) from None
    try:
        return json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        raise DataError(_broken(error, what)) from None
    except ValueError as error:  # more digits than Python allows in an integer
        raise DataError(f"broken JSON: {error}") from None
    except RecursionError:
        raise DataError(f"broken JSON: nested more than {_MAX_DEPTH} deep") from None


def _broken(error: json.JSONDecodeError, what: str) -> str:
    place = f"column {error.colno}"
    if what != "line":
        place = f"line {error.lineno} {place}"
    rest = error.doc[error.pos : error.pos + 100]
    rest_text = clipped(rest) if rest else f"the end of the {what}"
    return f"broken JSON at {place}: {error.msg[:1].lower()}{error.msg[1:]}, found {rest_text}"


def _to_builtin(value: Any) -> object:
    """A value that JSON does not know, as one that it does."""
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return value
