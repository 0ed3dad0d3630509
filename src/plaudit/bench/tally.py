"""Sums by cell, figures made of them, and what figures do when the prompts are resampled.

Every figure of every benchmark is a function of sums over rows: how many comparisons a cell (a
subset, a class of steps) has, how many were won, and so on. A bootstrap draws prompts, which
weighs the rows; the same function of the weighted sums is the figure of that draw.

Shapes: U entries, M measures, C cells, P prompts, R draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from plaudit.metrics import Interval, quantiles

__all__ = ["Figures", "Tally", "Totals", "draw_figures", "figures_of", "intervals", "weights"]

_BLOCK = 1 << 22


class Totals:
    """Sums by cell and measure; ``totals[cell, measure]`` has the shape of the draws.

    A cell that no row belongs to is 0.

    >>> import numpy as np
    >>> totals = Totals(("a",), ("num",), np.array([[3.0]]))
    >>> float(totals["a", "num"]), float(totals["b", "num"])
    (3.0, 0.0)
    """

    def __init__(self, cells: Sequence[str], measures: Sequence[str], sums: Any) -> None:
        self.cells = tuple(cells)
        self._cells = {name: i for i, name in enumerate(cells)}
        self._measures = {name: i for i, name in enumerate(measures)}
        self.sums = sums
        self.used: set[str] = set()  # the measures that figures have asked for

    def __getitem__(self, key: tuple[str, str]) -> Any:
        cell, measure = key
        self.used.add(measure)
        if cell not in self._cells:
            return self.sums[..., 0, 0] * 0.0 if self._cells else 0.0
        return self.sums[..., self._cells[cell], self._measures[measure]]

    def over(self, cells: Sequence[str], measure: str) -> Any:
        """The sum of a measure over cells."""
        return sum((self[cell, measure] for cell in cells), 0.0)

    def ratio(self, cells: Sequence[str], over: str, under: str) -> Any:
        """The sum of one measure over that of another; NaN where the latter is 0."""
        return divided(self.over(cells, over), self.over(cells, under))


def divided(over: object, under: object) -> Any:
    """A quotient that is NaN where the divisor is 0."""
    import numpy as np

    over, under = np.asarray(over, float), np.asarray(under, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(under != 0, over / under, np.nan)


Figures = Callable[[Totals], Mapping[str, Any]]


@dataclass(frozen=True)
class Tally:
    """What rows add to cells: entry u adds ``amounts_UM[u]`` to ``cell_U[u]``, for its prompt."""

    cells: tuple[str, ...]
    measures: tuple[str, ...]
    prompt_U: Any
    cell_U: Any
    amounts_UM: Any
    figures: Figures

    def totals(self, weights_P: Any = None) -> Totals:
        """The sums by cell and measure, each prompt as often as its weight says."""
        import numpy as np

        shape = (len(self.cells), len(self.measures))
        sums = np.empty(shape)
        for m in range(len(self.measures)):
            amounts_U = self.amounts_UM[:, m]
            if weights_P is not None:
                amounts_U = amounts_U * weights_P[self.prompt_U]
            sums[:, m] = np.bincount(self.cell_U, amounts_U, minlength=shape[0])
        return Totals(self.cells, self.measures, sums)

    def reduced(self) -> Tally:
        """The tally with those measures alone that its figures ask for."""
        totals = self.totals()
        self.figures(totals)
        places = [m for m, name in enumerate(self.measures) if name in totals.used]
        names = tuple(self.measures[m] for m in places)
        return replace(self, measures=names, amounts_UM=self.amounts_UM[:, places])

    def by_prompt(self, num_prompts: int) -> object:
        """The sums of each prompt, (P, C * M)."""
        import numpy as np

        width = len(self.cells) * len(self.measures)
        sums = np.zeros((num_prompts, width))
        for m in range(len(self.measures)):
            column_U = self.cell_U * len(self.measures) + m
            np.add.at(sums, (self.prompt_U, column_U), self.amounts_UM[:, m])
        return sums


def figures_of(tally: Tally) -> dict[str, float]:
    """Each figure on the rows as they are."""
    return {name: float(value) for name, value in tally.figures(tally.totals()).items()}


def counts_of(tally: Tally) -> dict[str, dict[str, int]]:
    """How many comparisons (or steps) each cell has: won, tied, unscored."""
    names = [n for n in ("num", "won", "tied", "unscored") if n in tally.measures]
    totals = tally.totals()
    counts = {c: {n: round(float(totals[c, n])) for n in names} for c in totals.cells}
    return {cell: numbers for cell, numbers in counts.items() if any(numbers.values())}


def weights(strata_P: Sequence[int], num_draws: int, seed: int) -> Iterator[Any]:
    """How often each prompt is drawn, with replacement and within its stratum, draw by draw.

    >>> [int(draw.sum()) for draw in weights([0, 0, 1], 2, seed=0)]
    [3, 3]
    """
    import numpy as np

    order = np.argsort(np.asarray(strata_P, int), kind="stable")
    strata = np.asarray(strata_P, int)[order]
    first = np.searchsorted(strata, strata)
    size = np.bincount(strata)[strata]
    draw = np.random.default_rng(seed)
    for _ in range(num_draws):
        picks = order[first + (draw.random(len(order)) * size).astype(int)]
        yield np.bincount(picks, minlength=len(order))


def draw_figures(
    tallies: Sequence[Tally], strata_P: Sequence[int], *, num_draws: int = 1000, seed: int = 0
) -> list[dict[str, Any]]:
    """The figures of each tally in every draw, (R,); all tallies see the same draws.

    So figures of two rewards on the same rows can be subtracted draw by draw.
    """
    import numpy as np

    tallies = [tally.reduced() for tally in tallies]
    num_prompts = len(strata_P)
    sums = [np.empty((num_draws, len(t.cells) * len(t.measures))) for t in tallies]
    widest = max((table_R.shape[1] for table_R in sums), default=0)
    is_dense = num_prompts * widest <= _BLOCK
    tables = [tally.by_prompt(num_prompts) if is_dense else None for tally in tallies]
    draws, done = weights(strata_P, num_draws, seed), 0
    size = max(1, _BLOCK // max(num_prompts, 1)) if is_dense else 1
    while len(block := list(islice(draws, size))):
        weights_BP = np.array(block, float).reshape(len(block), num_prompts)
        for tally, table, table_R in zip(tallies, tables, sums, strict=True):
            if table is not None:
                table_R[done : done + len(block)] = weights_BP @ table
            else:
                table_R[done] = tally.totals(weights_BP[0]).sums.reshape(-1)
        done += len(block)
    return [_figures(tally, table_R) for tally, table_R in zip(tallies, sums, strict=True)]


def _figures(tally: Tally, sums: Any) -> dict[str, object]:
    import numpy as np

    shape = (len(sums), len(tally.cells), len(tally.measures))
    figures = tally.figures(Totals(tally.cells, tally.measures, sums.reshape(shape)))
    return {
        name: np.broadcast_to(np.asarray(v, float), (len(sums),)) for name, v in figures.items()
    }


def intervals(
    values: Mapping[str, float], draws: Mapping[str, Any], *, level: float = 0.95
) -> dict[str, Interval]:
    """Each figure with its percentile interval; draws in which it is NaN are left out."""
    ends = ((1 - level) / 2, (1 + level) / 2)
    return {
        name: Interval(value, *quantiles(draws[name], ends))
        if math.isfinite(value) and name in draws
        else Interval(value, math.nan, math.nan)
        for name, value in values.items()
    }
