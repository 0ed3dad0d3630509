"""Calls as Gemma 4 and FunctionGemma write them: ``call:name{key:value}``, strings in marks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from plaudit.text.literals import DEPTH, read_json
from plaudit.toolcalls.call import ToolCall
from plaudit.toolcalls.cursor import CallReader, typed
from plaudit.toolcalls.types import properties_of

__all__ = ["gemma_calls"]

_HEAD = re.compile(r"call:([^\s{}<>:]+)\s*(?=\{)")
_KEY = re.compile(r"([^\s:{}\[\],<>]+)\s*:")
_BARE = re.compile(r"[^\s,\]}]+")


def gemma_calls(reading: CallReader, quote: str, end: str, *, is_typed: bool) -> Iterator[ToolCall]:
    """One call; strings are enclosed in `quote` marks, numbers, booleans and null are bare.

    `is_typed`: a quoted value is what the schema declares (FunctionGemma quotes numbers, too).
    """
    head = reading.match(_HEAD)
    if head is None:
        raise ValueError("call:NAME{ is missing")
    schemas = properties_of(reading.tools.get(head[1])) if is_typed else {}
    arguments = _mapping(reading, quote, 0, lambda key, raw: _text(raw, schemas.get(key), is_typed))
    reading.expect(end)
    yield ToolCall(head[1], arguments)


def _text(raw: str, schema: object, is_typed: bool) -> object:
    return typed(raw, schema) if is_typed else raw


def _mapping(
    reading: CallReader, quote: str, depth: int, text: Callable[[str, str], object]
) -> dict[str, Any]:
    reading.expect("{")
    arguments: dict[str, Any] = {}
    while not reading.take("}"):
        key = reading.match(_KEY)
        if key is None or key[1] in arguments:
            raise ValueError(f"the key {key[1][:40]!r} occurs twice" if key else "a key is missing")
        arguments[key[1]] = _value(reading, quote, depth, lambda raw, k=key[1]: text(k, raw))
        if not reading.take(",") and not reading.is_at("}"):
            raise ValueError("} is missing")
    return arguments


def _value(reading: CallReader, quote: str, depth: int, text: Callable[[str], object]) -> Any:
    if depth > DEPTH:
        raise ValueError(f"nested deeper than {DEPTH}")
    if reading.take(quote):
        return text(reading.until(quote))
    if reading.is_at("{"):
        return _mapping(reading, quote, depth + 1, lambda _, raw: text(raw))
    if reading.take("["):
        return _items(reading, quote, depth, text)
    bare = reading.match(_BARE)
    if bare is None:
        raise ValueError("a value is missing")
    return read_json(bare[0])


def _items(
    reading: CallReader, quote: str, depth: int, text: Callable[[str], object]
) -> list[object]:
    items = []
    while not reading.take("]"):
        items.append(_value(reading, quote, depth + 1, text))
        if not reading.take(",") and not reading.is_at("]"):
            raise ValueError("] is missing")
    return items
