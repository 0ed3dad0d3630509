"""Streaming statistics in bounded memory, and what is computed from a sample at the end."""

from __future__ import annotations

import heapq
import math
import random
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

__all__ = [
    "Extremes",
    "Messages",
    "Moments",
    "Reservoir",
    "correlations",
    "histogram",
]

_MAX_DISTINCT = 12
_MAX_MESSAGES = 500


@dataclass(slots=True)
class Moments:
    """Count, mean, spread, range and (while they are few) the distinct values of a stream.

    >>> moments = Moments()
    >>> for value in (1.0, 2.0, float("nan")): moments.add(value)
    >>> moments.num_scored, moments.num_unscored, moments.mean, moments.std
    (2, 1, 1.5, 0.7071067811865476)
    """

    num_scored: int = 0
    num_unscored: int = 0
    mean: float = math.nan
    low: float = math.inf
    high: float = -math.inf
    values: dict[float, int] | None = field(default_factory=dict)
    _m2: float = 0.0

    def add(self, value: float) -> None:
        """Counts one value; what is not finite is unscored (Welford's update)."""
        if not math.isfinite(value):
            self.num_unscored += 1
            return
        self.num_scored += 1
        if self.num_scored == 1:
            self.mean = 0.0
        delta = value - self.mean
        self.mean += delta / self.num_scored
        self._m2 += delta * (value - self.mean)
        if value < self.low:
            self.low = value
        if value > self.high:
            self.high = value
        if self.values is not None:
            self.values[value] = self.values.get(value, 0) + 1
            if len(self.values) > _MAX_DISTINCT:
                self.values = None

    @property
    def std(self) -> float:
        """The sample standard deviation; NaN below two values."""
        return math.sqrt(self._m2 / (self.num_scored - 1)) if self.num_scored > 1 else math.nan


class Reservoir:
    """A uniform sample of at most `size` items of a stream, the same for the same stream.

    >>> reservoir = Reservoir(2)
    >>> for item in range(100): reservoir.offer(lambda: item)
    >>> len(reservoir.items), reservoir.num_seen
    (2, 100)
    """

    def __init__(self, size: int, seed: int = 0) -> None:
        self.size = size
        self.items: list[Any] = []
        self.num_seen = 0
        self._random = random.Random(seed)

    def offer(self, make: Callable[[], object]) -> None:
        """Counts one item; `make` builds it only where it is kept."""
        self.num_seen += 1
        if len(self.items) < self.size:
            self.items.append(make())
            return
        place = int(self._random.random() * self.num_seen)
        if place < self.size:
            self.items[place] = make()


class Extremes:
    """The `size` items of highest rank; items with equal rank and key count as one.

    Among equal ranks the highest key stays, so the choice does not depend on the order of the
    stream and the counts are exact.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._heap: list[tuple[float, object]] = []
        self._items: dict[tuple[float, Any], tuple[int, Any]] = {}

    def offer(self, rank: float, key: Callable[[], Hashable], make: Callable[[], object]) -> None:
        """Considers one item; `key` and `make` are called only where they matter."""
        full = len(self._heap) >= self.size
        if full and rank < self._heap[0][0]:
            return
        entry = (rank, key())
        if entry in self._items:
            count, item = self._items[entry]
            self._items[entry] = (count + 1, item)
        elif not full:
            heapq.heappush(self._heap, entry)
            self._items[entry] = (1, make())
        elif entry > self._heap[0]:
            del self._items[heapq.heapreplace(self._heap, entry)]
            self._items[entry] = (1, make())

    def ranked(self) -> list[tuple[Any, int, Any]]:
        """(key, count, item) of what was kept, highest rank first."""
        order = sorted(self._items, reverse=True)
        return [(entry[1], *self._items[entry]) for entry in order]


class _Message(NamedTuple):
    num_seen: int
    example: object


class Messages:
    """Counts of messages that differ only in numbers and quoted values, with one example each.

    >>> messages = Messages()
    >>> for n in (1, 2): messages.add("system", f"try {n} failed", n)
    >>> messages.top(20)
    [('system', 2, 1)]
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], _Message] = {}
        self.num_other = 0

    def add(self, kind: str, message: str, example: object) -> None:
        """Counts one message; beyond 500 different ones the rest are only counted together."""
        key = (kind, _shape(message))
        earlier = self._counts.get(key)
        if earlier is None and len(self._counts) >= _MAX_MESSAGES:
            self.num_other += 1
            return
        first = earlier or _Message(0, example)
        self._counts[key] = first._replace(num_seen=first.num_seen + 1)

    def top(self, size: int) -> list[tuple[str, int, Any]]:
        """(kind, count, first example), most frequent first."""
        order = sorted(self._counts.items(), key=lambda entry: -entry[1].num_seen)
        return [(kind, message.num_seen, message.example) for (kind, _), message in order[:size]]

    def num_beyond(self, size: int) -> int:
        """How many messages were counted that `top` does not list."""
        listed = sum(count for _, count, _ in self.top(size))
        return sum(m.num_seen for m in self._counts.values()) + self.num_other - listed


def _shape(message: str) -> str:
    return re.sub(r"""\d+|'[^'\n]*'|"[^"\n]*\"""", "#", message[:500])


# --- from the sample ------------------------------------------------------------------------------


def histogram(values: Sequence[float], *, target: int | None = None) -> Mapping[str, object] | None:
    """Counts in about `target` bins with round edges; None where there is nothing to bin.

    The default is the square root of the number of values, within 8 and 24. A bin holds its low
    edge, the last one its high edge too.

    >>> histogram([0.0, 0.1, 0.2, 1.0], target=4)
    {'low': 0.0, 'step': 0.25, 'counts': [3, 0, 0, 1]}
    """
    if not values:
        return None
    target = target or min(24, max(8, math.isqrt(len(values))))
    low, high = min(values), max(values)
    step = _round_step((high - low) / target)
    if step is None:
        return None
    start = math.floor(low / step) * step
    counts = [0] * max(1, math.ceil((high - start) / step - 1e-9))
    for value in values:
        counts[min(int((value - start) / step + 1e-9), len(counts) - 1)] += 1
    return {"low": start, "step": step, "counts": counts}


def _round_step(rough: float) -> float | None:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `rough`."""
    if not 1e-300 < rough < 1e300:
        return None
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 2.5, 5, 10, 20) if m * power >= rough * (1 - 1e-9))


def correlations(columns: Sequence[Sequence[float]]) -> list[list[float]]:
    """Pearson's r between all columns, each pair over the rows that have both.

    NaN where fewer than three rows have both or one of the two is constant there.

    >>> correlations([[1.0, 2.0, 4.0], [3.0, 2.0, 0.0], [1.0, 1.0, 1.0]])
    [[1.0, -1.0, nan], [-1.0, 1.0, nan], [nan, nan, nan]]
    """
    import numpy as np

    if not columns or not columns[0]:
        return [[math.nan] * len(columns) for _ in columns]
    x_CN = np.asarray(columns, float)
    has_CN = np.isfinite(x_CN)
    x_CN = _unit_scale(np.where(has_CN, x_CN, 0.0), has_CN)
    mask_CN = has_CN.astype(float)
    num_CC = mask_CN @ mask_CN.T
    sum_CC = x_CN @ mask_CN.T  # over the rows both have, of the first
    square_CC = (x_CN * x_CN) @ mask_CN.T
    with np.errstate(invalid="ignore", divide="ignore"):
        spread_CC = square_CC - sum_CC**2 / num_CC
        cross_CC = x_CN @ x_CN.T - sum_CC * sum_CC.T / num_CC
        r_CC = cross_CC / np.sqrt(spread_CC * spread_CC.T)
    known_CC = (num_CC >= 3) & (spread_CC > 1e-12 * num_CC)
    r_CC = np.clip(np.where(known_CC & known_CC.T, r_CC, np.nan), -1.0, 1.0)
    return [[round(r, 12) for r in row] for row in r_CC.tolist()]


def _unit_scale(x_CN: Any, has_CN: Any) -> Any:
    """Columns with mean 0 and largest size 1, for sums of squares that stay in range."""
    import numpy as np

    num_C1 = np.maximum(has_CN.sum(axis=1, keepdims=True), 1)
    x_CN = x_CN / np.maximum(np.abs(x_CN).max(axis=1, keepdims=True), 1e-300)
    x_CN = np.where(has_CN, x_CN - x_CN.sum(axis=1, keepdims=True) / num_C1, 0.0)
    size_C1 = np.abs(x_CN).max(axis=1, keepdims=True)
    return np.where(size_C1 > 1e-12, x_CN / np.maximum(size_C1, 1e-300), 0.0)
