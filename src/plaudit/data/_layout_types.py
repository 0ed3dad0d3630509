"""What a published layout is, and where its columns are documented."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

__all__ = ["GIT", "HUB", "Published", "Read", "Sort", "UnreadableLayout"]

Kind = Literal["prompts", "responses", "pairs", "steps", "chat"]
Read = Callable[[Any, Mapping[str, Any]], Any]  # of the value and its row
Sort = Literal["list", "object", "truth"]

HUB = "huggingface.co/datasets/"
GIT = "github.com/"


class Published(NamedTuple):
    """A layout: the columns that identify it (all of `has`), what they mean, and the source.

    `kind` "prompts" means that the set has no responses: they are sampled and added. `sorts` gives
    the sort of a column's values if another set has the same columns.
    """

    name: str
    kind: Kind
    has: tuple[str, ...]
    source: str
    columns: Mapping[str, str] = {}
    reads: Mapping[str, Read] = {}
    sorts: Mapping[str, Sort] = {}


class UnreadableLayout(NamedTuple):
    """A layout whose rows are not a prompt with responses, and why."""

    name: str
    has: tuple[str, ...]
    why: str
    source: str
