"""Pairs of responses counted: wins of the first, of the second, ties, and by what margin.

What `plaudit compare` prints of two columns, and `plaudit bench pairs` of chosen and rejected.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from plaudit.bench.benchmark import Benchmark
from plaudit.bench.sheet import Scored, Sheet, codes
from plaudit.bench.tally import counts_of
from plaudit.metrics import Interval, wilson

__all__ = ["ALL", "Duels", "duels"]

ALL = "all rows"
_COUNTED = ("num", "won", "tied", "unscored")


class Duels(NamedTuple):
    """How many pairs there are, and what came of them; margins are first minus second.

    Margins are NaN where no pair was scored.
    """

    num: int
    won: int
    tied: int
    unscored: int
    mean_margin: float
    median_margin: float

    @property
    def lost(self) -> int:
        """How many the second won."""
        return self.num - self.won - self.tied - self.unscored

    def share(self, num: int) -> Interval:
        """So many of the scored pairs, with Wilson's 95 % interval."""
        return wilson(num, self.num - self.unscored)


def duels(benchmark: Benchmark, sheet: Sheet, scored: Scored) -> dict[str, Duels]:
    """The pairs of all rows (`ALL`), then those of each subset.

    Each item has two responses, labelled 1 (the first) and 0.
    """
    import numpy as np

    counts = counts_of(benchmark.measure(sheet, scored, "strict"))
    values_NS = scored.values_T.reshape(-1, 2)
    first_N = sheet.labels_T.reshape(-1, 2)[:, 0] > 0
    margins_N = np.where(first_N, 1.0, -1.0) * (values_NS[:, 0] - values_NS[:, 1])
    cell_N, names = codes(sheet.subsets)
    whole = {key: sum(cell[key] for cell in counts.values()) for key in _COUNTED}
    parts = {ALL: _duels(whole, margins_N)}
    for k, name in enumerate(names):
        parts[name] = _duels(counts[name], margins_N[cell_N == k])
    return parts


def _duels(counts: Mapping[str, int], margins_N: object) -> Duels:
    num, won, tied, unscored = (counts[key] for key in _COUNTED)
    return Duels(num, won, tied, unscored, *_middles(margins_N))


def _middles(margins_N: Any) -> tuple[float, float]:
    """The mean and the median of the margins that are numbers."""
    import numpy as np

    margins_N = margins_N[np.isfinite(margins_N)]
    if not len(margins_N):
        return math.nan, math.nan
    return float(margins_N.mean()), float(np.median(margins_N))
