"""A cursor over a text from which calls are read, and types for values given as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from plaudit.text.literals import read_json, read_json_at
from plaudit.toolcalls.call import ToolCall, call_of, listed_calls
from plaudit.toolcalls.types import kind_of, kinds_of, properties_of

__all__ = ["CallReader", "Tags", "json_calls", "tagged_call", "tagged_calls", "typed"]

_SPACE = re.compile(r"\s*")
_SEPARATOR = re.compile(r"\s*[;,]?\s*")
_SPELLED = {"True": True, "False": False, "None": None}


class CallReader:
    """The text of a response, how far it is read, and the schemas of its tools.

    A method that does not find what it expects raises ValueError and does not advance.
    """

    def __init__(self, text: str, tools: Mapping[str, Mapping[str, object]]) -> None:
        self.text = text
        self.tools = tools
        self.place = 0

    def skip_space(self) -> None:
        """Steps over white space."""
        self.place = _SPACE.match(self.text, self.place).end()  # type: ignore[union-attr]

    def is_at(self, *starts: str) -> bool:
        """Whether one of the texts comes next, after white space."""
        self.skip_space()
        return self.text.startswith(starts, self.place)

    def take(self, text: str) -> bool:
        """Skips a text and any white space before it if it comes next; whether it did."""
        is_next = self.is_at(text)
        if is_next:
            self.place += len(text)
        return is_next

    def expect(self, text: str) -> None:
        """Skips a text that must come next."""
        if not self.take(text):
            raise ValueError(f"{text} is missing")

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Skips a match of the pattern, and white space before it, if it comes next, else None."""
        self.skip_space()
        match = pattern.match(self.text, self.place)
        if match:
            self.place = match.end()
        return match

    def until(self, end: str) -> str:
        """The text up to an end mark, which is skipped."""
        at = self.text.find(end, self.place)
        if at < 0:
            raise ValueError(f"{end} is missing")
        start, self.place = self.place, at + len(end)
        return self.text[start:at]

    def json(self) -> object:
        """The JSON value that comes next."""
        self.skip_space()
        value, self.place = read_json_at(self.text, self.place)
        return value


def json_calls(reading: CallReader) -> Iterator[ToolCall]:
    """One call or list of calls after the other, each JSON; `;` or a comma may separate them."""
    while True:
        yield from (call_of(item) for item in listed_calls(reading.json()))
        end = _SEPARATOR.match(reading.text, reading.place).end()  # type: ignore[union-attr]
        if not reading.text.startswith(("{", "[{"), end):
            return
        reading.place = end


class Tags(NamedTuple):
    """How a format of tags opens and closes a call and each of its values.

    The first group of `call` is the tool's name; of `value` the first group is the argument's name
    and the second, where there is one, ``true`` or ``false``: whether the value is text.
    """

    call: re.Pattern[str]
    call_end: str
    value: re.Pattern[str]
    value_end: str


def tagged_calls(reading: CallReader, tags: Tags) -> Iterator[ToolCall]:
    """The calls in tags that come next, at least one."""
    opening = reading.match(tags.call)
    if opening is None:
        raise ValueError("no call in the block")
    while opening is not None:
        yield tagged_call(reading, tags, opening[1].strip())
        opening = reading.match(tags.call)


def tagged_call(reading: CallReader, tags: Tags, name: str) -> ToolCall:
    """The call of that name, from the values (or JSON arguments) and closing tag that come next."""
    if not name:
        raise ValueError("a call without a name")
    if reading.is_at("{"):
        call = call_of({"name": name, "arguments": reading.json()})
        reading.expect(tags.call_end)
        return call
    schemas = properties_of(reading.tools.get(name))
    arguments: dict[str, Any] = {}
    while opening := reading.match(tags.value):
        key = opening[1].strip()
        if key in arguments:
            raise ValueError(f"the argument {key[:40]!r} occurs twice")
        start = reading.place
        raw = reading.until(tags.value_end)
        if tags.value.search(raw) or tags.call.search(raw):
            reading.place = start
            raise ValueError(f"the argument {key[:40]!r} is not closed")
        kind = opening[2] if tags.value.groups > 1 else None
        arguments[key] = typed(raw, schemas.get(key), kind)
    reading.expect(tags.call_end)
    return ToolCall(name, arguments)


def typed(raw: str, schema: object, is_text: str | None = None) -> object:
    """The typed value of a text, without one line break at either end.

    What the schema declares decides: text stays text, anything else is read as JSON; without a
    schema it is JSON if it parses as JSON, else text. Python's ``True``, ``False`` and ``None``
    count only where the schema allows a boolean or null. `is_text` ("true" or "false") is what the
    format itself says and takes precedence: with "true" the text is kept unchanged.

    >>> typed("7", None), typed("7", {"type": "string"}), typed("Paris", None)
    (7, '7', 'Paris')
    >>> typed("True", {"type": "boolean"}), typed("True", None)
    (True, 'True')
    """
    if is_text == "true":
        return raw
    text = raw.removeprefix("\n").removesuffix("\n")
    kinds = frozenset[str]() if is_text else _declared_kinds(schema)
    if kinds == {"string"}:
        return text
    value = _json_or_text(text)
    if value == text and text.strip() in _SPELLED:
        spelled = _SPELLED[text.strip()]
        return spelled if kind_of(spelled) in kinds else text
    if "string" not in kinds:
        return value
    kind = kind_of(value)
    is_other = kind != "string" and (kind in kinds or (kind == "integer" and "number" in kinds))
    return value if is_other else text


def _json_or_text(text: str) -> object:
    try:
        return read_json(text)
    except ValueError:
        return text


def _declared_kinds(schema: Any) -> frozenset[str]:
    """The kinds of a schema, or those of its choices if it only lists choices."""
    choices = schema.get("enum") if isinstance(schema, Mapping) else None
    if isinstance(choices, list | tuple) and choices and "type" not in schema:
        return frozenset(map(kind_of, choices))
    return kinds_of(schema)
