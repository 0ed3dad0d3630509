"""The names of columns with prompts, responses and the rest, and the getters of their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import SequenceMatcher
from operator import itemgetter
from typing import Any, NamedTuple

from plaudit.data.jsontext import loads
from plaudit.data.layouts import recognised, sorts_of
from plaudit.data.turns import REASONING
from plaudit.errors import DataError, clipped, did_you_mean
from plaudit.types import Message, Response

__all__ = [
    "CHATS",
    "COUNTED",
    "FINISH",
    "LIST",
    "MANY",
    "NUMBERED",
    "ONE",
    "PAIRS",
    "PREFERENCES",
    "PROMPTS",
    "PROMPT_LIKE",
    "RESPONSE_LIKE",
    "SPREAD",
    "STEPS",
    "SYSTEM",
    "TOKEN_IDS",
    "ColumnNames",
    "ColumnShape",
    "Get",
    "Raw",
    "Responses",
    "getter_of",
    "is_near",
    "shape_of",
    "take_first",
]

PROMPTS = ("prompt", "question", "problem", "instruction", "query", "input")
CHATS = ("messages", "conversations")
ONE = ("response", "completion", "output")
MANY = ("responses", "completions", "outputs")
PAIRS = (("chosen", "rejected"), ("response_a", "response_b"))
NUMBERED = re.compile(
    r"((?:(?!gold|ref|correct|expected)[a-z0-9]+[ _-])?"
    r"(?:response|completion|output|generation|candidate|attempt|rollout)"
    r"|assistant|conversation|(?!gold|ref|correct|expected)[a-z0-9]+_solution)"
    r"[ _-]?([a-d]|[0-9])",
    re.IGNORECASE,
)
STEPS = "steps"
SYSTEM = ("system", "system_prompt")
PREFERENCES = ("preference", "winner", "label", "overall_preference", "better")
TOKEN_IDS = ("token_ids", "completion_ids", "response_token_ids")
FINISH = ("finish_reason", "finish_reasons", "stop_reason")
COUNTED = {"better_from_0": 0, "better_from_1": 1}  # names for a label that counts responses
SPREAD = {
    "correct": "correct",
    "label": "label",
    "labels": "label",
    "model": "model",
    "models": "model",
    "correctness_math_verify": "correct",
}
LIST = (list, tuple)
PROMPT_LIKE = {*PROMPTS, *CHATS}
RESPONSE_LIKE = {*ONE, *MANY, *(name for pair in PAIRS for name in pair)}
_TAKES = {"prompt", "messages", STEPS, *RESPONSE_LIKE}  # names whose column has been consumed
NAMES = frozenset(
    {
        *PROMPT_LIKE, *RESPONSE_LIKE, *SYSTEM, *PREFERENCES, *TOKEN_IDS, *FINISH, *SPREAD,
        *COUNTED, STEPS, "history", "id",
    }
)  # fmt: skip
_MOST_SHOWN = 12
Raw = Mapping[str, Any]
Get = Callable[[Raw], Any]
# responses, whether the row has them as a list, and the prompt if they carry it
Responses = tuple[list[Response], bool, Sequence[Message] | None]


class ColumnShape(NamedTuple):
    """The key of a plan: a row's columns, those that are null, and the sorts of some values."""

    keys: tuple[str, ...]
    nulls: tuple[str, ...]
    sorts: tuple[tuple[str, Any], ...]


def shape_of(raw: Raw) -> ColumnShape:
    """The key under which the plan of a row is stored."""
    nulls = tuple([key for key, value in raw.items() if value is None])
    return ColumnShape(tuple(raw), nulls, tuple(sorts_of(raw).items()))


class ColumnNames:
    """The columns of a row under plaudit's names; a consumed column is not a group column."""

    def __init__(self, columns: Mapping[str, str], shape: ColumnShape):
        keys, nulls = shape.keys, shape.nulls
        for key in keys:
            if not isinstance(key, str):
                raise DataError(f"a column's name is text, found {clipped(key)}")
        self.mapped = set(columns)
        self.nulls = nulls
        self.keys = [key for key in keys if key not in nulls]
        self.layout = recognised(self.keys, dict(shape.sorts))
        self.reads = {} if self.layout is None else self.layout.reads
        self.reading: dict[str, str] = {}
        moved = {key for key in columns.values() if key in keys}
        published = self._published(columns, moved)
        moved |= {
            key
            for name, key in published.items()
            if key in keys and (name in _TAKES or key in RESPONSE_LIKE)
        }
        own = {key: key for key in self.keys if key not in moved and key not in columns}
        mapped = {name: self._source(columns, name) for name in columns}
        self.sources = {**published, **mapped, **own}

    def _published(self, columns: Mapping[str, str], moved: Collection[str]) -> dict[str, str]:
        """The names that the row's layout adds to those of the caller and of the row itself.

        Response names are left out if the caller maps the responses.
        """
        layout = {} if self.layout is None else self.layout.columns
        has_responses = not _TAKES.isdisjoint(set(columns) - {"prompt"})
        return {
            name: source
            for name, source in layout.items()
            if name not in columns
            and (name == source or name not in self.keys)
            and source not in moved
            and source.partition(".")[0] in self.keys
            and not (has_responses and name in _TAKES and name != "prompt")
        }

    def _source(self, columns: Mapping[str, str], name: str) -> str:
        source = columns[name]
        if source in self.keys or source.partition(".")[0] in self.keys:
            return source
        if source in self.nulls and name in ONE and self.has_reasoning:
            return source
        if source in self.nulls:
            raise DataError(f"the mapped column {source!r} is null", field=name)
        raise DataError(
            f"the mapped column {source!r} is missing; {self.present()}"
            f"{did_you_mean(source, self.keys)}",
            field=name,
        )

    @property
    def has_reasoning(self) -> bool:
        """Whether the row has reasoning next to its responses."""
        return any(name in self.keys for name in REASONING)

    def present(self) -> str:
        """A clause that lists the row's columns."""
        first_keys, more = self.keys[:_MOST_SHOWN], len(self.keys) - _MOST_SHOWN
        rest = f" and {more} more" if more > 0 else ""
        return f"the row has {', '.join(first_keys) or 'no columns'}{rest}"

    def among(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that the row has and that are not consumed."""
        return [name for name in names if name in self.sources]

    def among_nulls(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that are null next to reasoning: a response that is all reasoning."""
        all_null = [name for name in names if name in self.nulls and self.has_reasoning]
        self.sources |= {name: name for name in all_null[:1]}
        return all_null

    def take(self, name: str) -> Get:
        """The getter of a column, which is thereby consumed."""
        get = self.look(name)
        del self.sources[name]
        return get

    def look(self, name: str) -> Get:
        """The getter of a column that also stays with the group."""
        source = self.sources[name]
        get = getter_of(source, self.keys, is_strict=name in self.mapped)
        read = self.reads.get(source)
        return get if read is None else lambda raw: read(get(raw), raw)


def take_first(names: ColumnNames, candidates: Sequence[str]) -> tuple[str, Get] | None:
    """The first candidate column, mapped ones first, and its getter; it is consumed."""
    present = names.among(candidates)
    chosen = next(
        (name for name in present if name in names.mapped),
        present[0] if present else None,
    )
    return (chosen, names.take(chosen)) if chosen else None


def getter_of(source: str, keys: Sequence[str], *, is_strict: bool = True) -> Get:
    """The getter of a column, or of the value at a dotted path in it; JSON text is parsed."""
    if source in keys:
        return itemgetter(source)
    if "." not in source:
        return lambda raw: raw.get(source)
    head, *path = source.split(".")

    def reach(raw: Raw) -> object:
        value = raw[head]
        for name in path:
            if isinstance(value, str) and value.lstrip()[:1] == "{":
                value = _object_in(value, is_strict=is_strict)
            if not isinstance(value, Mapping) or name not in value:
                if is_strict:
                    raise DataError(f"the mapped column has no {name!r} in it", field=source)
                return None
            value = value[name]
        return value

    return reach


def _object_in(text: str, *, is_strict: bool) -> object:
    """The object in JSON text; other text counts as empty if the path is optional."""
    try:
        return loads(text.encode("utf-8", "surrogatepass"), what="text")
    except DataError:
        if is_strict:
            raise
        return None


def is_near(key: str, names: set[str]) -> bool:
    """Whether a column is a misspelling of one of `names`; `prompt_id` is not one of `prompt`."""
    return any(SequenceMatcher(None, key.lower(), name).ratio() > 0.85 for name in names)
