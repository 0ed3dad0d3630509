"""An engine without a model: deterministic answers from the ids alone, for tests."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from plaudit.engines.hf import Answer
from plaudit.engines.plan import Item
from plaudit.hashing import hash_number

__all__ = ["FakeEngine"]


class FakeEngine:
    """Answers every read position with `width` numbers in [-1, 1) drawn from the ids up to it.

    As in a causal model, an answer does not depend on later positions. `values` gives other
    answers; an `Answer` that it returns (an error, say) is the answer to the whole sequence.

    >>> engine = FakeEngine()
    >>> first, second = next(iter(engine.ask(None, [[Item([1, 2], [0, 1]), Item([1, 3], [0, 1])]])))
    >>> first.values[0] == second.values[0], first.values[1] == second.values[1]
    (True, False)
    """

    way, why, device, dtype, tolerance = "fake", "", "none", "none", 1e-5

    def __init__(self, width: int = 1, values: Callable[[Item], object] | None = None):
        self.width = width
        self.values = values or self._draw_values
        self.items: list[Item] = []

    def ask(self, question: object, groups: Iterable[Sequence[Item]]) -> Iterator[list[Answer]]:
        """One Answer per item of each group, in order; all items are kept in `items`."""
        for group in groups:
            self.items += group
            yield [self._answer(self.values(item)) for item in group]

    def _answer(self, answer: Any) -> Answer:
        return answer if isinstance(answer, Answer) else Answer(answer)

    def _draw_values(self, item: Item) -> list[list[float]]:
        return [self._row(item.ids[: p + 1]) for p in item.read]

    def _row(self, ids: Sequence[int]) -> list[float]:
        content = struct.pack(f"<{len(ids)}q", *ids)
        return [hash_number(content, salt=bytes([k])) / 2**63 - 1 for k in range(self.width)]
