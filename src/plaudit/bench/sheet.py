"""The questions of a benchmark without their texts: what credit, floors and intervals need.

An `Item` is one question as it is scored, its group included. Its line in ``items.jsonl`` has no
texts; a `Sheet` holds the lines of all, in columns, so that a million rows stay small.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, count
from operator import itemgetter
from typing import Any

from plaudit.hashing import content_hash
from plaudit.rule import prompt_text
from plaudit.types import Group

__all__ = ["Item", "Scored", "Sheet", "line_of", "markdown", "prompt_key"]

_MARKDOWN = re.compile(r"\*\*|#|```")


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a benchmark: the group to score, and what a right order of it is.

    `labels` has one number for each response (or step, where steps are scored): 1 right, 0 wrong,
    or a grade. `prompt` names what a bootstrap draws as one; `place` is the position of each
    response in the source's own order, where it has one. `extra` is what only this benchmark reads.
    `licence` is the one that the row itself states.
    """

    id: str
    subset: str
    prompt: str
    labels: tuple[float, ...]
    group: Group
    where: str = ""
    place: tuple[int, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    licence: str = ""

    @property
    def texts(self) -> list[str]:
        """What is scored one by one: the steps of the response, or the responses."""
        steps = self.group.responses[0].columns.get("steps") if self.group.responses else None
        if steps is not None and len(steps) == len(self.labels):
            return list(steps)
        return [response.text for response in self.group.responses]

    def as_text(self) -> dict[str, object]:
        """The prompt as text, and the texts that are scored.

        >>> Item("1", "s", "p", (1.0, 0.0), Group("?", ["yes", "no"])).as_text()
        {'prompt': '?', 'responses': ['yes', 'no']}
        """
        return {"prompt": prompt_text(self.group), "responses": self.texts}


def prompt_key(group: Group) -> str:
    """What rows with the same prompt share."""
    return content_hash(repr(group.prompt))


def markdown(text: str) -> int:
    """How much markdown a text contains: its ``**``, ``#`` and fences of three backticks.

    >>> markdown("## A **bold** word")
    4
    """
    return len(_MARKDOWN.findall(text))


def line_of(item: Item) -> dict[str, object]:
    """The item as a line of ``items.jsonl``.

    >>> line = line_of(Item("1", "s", "p", (1.0, 0.0), Group("?", ["yes", "**no**"])))
    >>> line["labels"], line["chars"], line["markdown"]
    ([1.0, 0.0], [3, 6], [0, 2])
    """
    texts = item.texts
    line: dict[str, object] = {
        "id": item.id,
        "subset": item.subset,
        "prompt": item.prompt,
        "labels": list(item.labels),
        "where": item.where,
    }
    if len(texts) == len(item.labels):
        line["chars"] = [len(text) for text in texts]
        line["markdown"] = [markdown(text) for text in texts]
        line["digest"] = content_hash(repr(item.group.prompt), *texts)
    if item.place:
        line["place"] = list(item.place)
    if item.extra:
        line["extra"] = dict(item.extra)
    return line


class Sheet:
    """The lines of all items in columns.

    Shapes: N items, T responses or steps in all, P prompts.
    """

    def __init__(self, lines: Iterable[Mapping[str, Any]]) -> None:
        self.lines = list(lines)

    def __len__(self) -> int:
        return len(self.lines)

    @cached_property
    def ids(self) -> list[str]:
        """The id of each item."""
        return [line["id"] for line in self.lines]

    @cached_property
    def subsets(self) -> list[str]:
        """The subset of each item."""
        return list(map(itemgetter("subset"), self.lines))

    @cached_property
    def sizes_N(self) -> Any:
        """How many responses or steps each item has."""
        import numpy as np

        return np.fromiter(map(len, map(itemgetter("labels"), self.lines)), int, len(self))

    @cached_property
    def starts_N(self) -> Any:
        """Where the responses of each item begin among those of all."""
        import numpy as np

        ends_N = np.cumsum(self.sizes_N)
        return ends_N - self.sizes_N

    @cached_property
    def labels_T(self) -> Any:
        """The label of each response or step."""
        return self._flat("labels")

    @cached_property
    def prompt_N(self) -> Any:
        """The number of each item's prompt."""
        return codes(list(map(itemgetter("prompt"), self.lines)))[0]

    @cached_property
    def num_prompts(self) -> int:
        """How many different prompts there are."""
        return int(self.prompt_N.max()) + 1 if len(self) else 0

    @cached_property
    def strata_P(self) -> Any:
        """The stratum of each prompt: the subset of its first item."""
        import numpy as np

        subset_N = codes(self.subsets)[0]
        strata_P = np.zeros(self.num_prompts, int)
        strata_P[self.prompt_N[::-1]] = subset_N[::-1]
        return codes(strata_P.tolist())[0]

    def feature(self, name: str) -> Any | None:
        """A number for each response or step (`chars`, `markdown`, `place`); None where unknown."""
        if not self.lines or not all(name in line for line in self.lines):
            return None
        return self._flat(name)

    def extra(self, name: str) -> list[Any]:
        """What each item holds under a name of its own; None where it has none."""
        return [line.get("extra", {}).get(name) for line in self.lines]

    @cached_property
    def digest(self) -> str:
        """A hash of all items: runs with equal digests are about the same rows.

        >>> Sheet([]).digest == Sheet([]).digest
        True
        """
        return content_hash(
            *(f"{r['id']} {r['subset']} {r['labels']} {r.get('digest', '')}" for r in self.lines)
        )

    def _flat(self, name: str) -> object:
        import numpy as np

        return np.fromiter(chain.from_iterable(map(itemgetter(name), self.lines)), float)


@dataclass(frozen=True)
class Scored:
    """What one reward gave the items of a sheet.

    `values_T` has NaN where there is no score. `credit_N`, where a publication gives no scores but
    a result for each row, has that result. `decisions` are a judge's in both orders, turned back to
    the source's order; `flipped_N` is 1 where a judge's verdict changes with the order in which it
    sees the responses, NaN where that is not known. `failed_N`, where known, is whether an item
    has no score for another reason than an unreadable reply of a judge: no rule credits it.
    `lowest` is the low end of the scale on which a judge rates, NaN where it does not rate or that
    is not known. `origin` says how the numbers came about.
    """

    name: str
    values_T: Any
    is_judge: bool = False
    credit_N: Any = None
    decisions: Sequence[Sequence[str | None]] | None = None
    flipped_N: Any = None
    failed_N: Any = None
    lowest: float = math.nan
    origin: str = "scored"
    errors: Mapping[str, int] = field(default_factory=dict)


def codes(names: Sequence[Any]) -> tuple[Any, list[Any]]:
    """The number of each name, from 0 in the order of first use, and the names by number.

    >>> numbers, names = codes(["b", "a", "b"])
    >>> numbers.tolist(), names
    ([0, 1, 0], ['b', 'a'])
    """
    import numpy as np

    numbers = dict.fromkeys(names)
    if len(numbers) == len(names):  # no name repeats, as of a million prompts
        return np.arange(len(names)), list(numbers)
    numbers = dict(zip(numbers, count(), strict=False))
    return np.fromiter(map(numbers.__getitem__, names), int, len(names)), list(numbers)
