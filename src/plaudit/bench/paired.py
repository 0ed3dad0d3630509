"""Rewards compared on the same rows: paired tests, and ranks of what cannot be distinguished."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from plaudit.metrics import quantiles

__all__ = ["MIN_DRAWS", "Comparison", "compare_draws", "holm", "mcnemar", "rank_ranges"]

MIN_DRAWS = 100  # from so many on, the tail beyond the draws is estimated
_RARE = 10  # draws on the rarer side that are enough to be counted


class Comparison(NamedTuple):
    """Two rewards on the same rows.

    `difference` is that of the headline figure with its paired bootstrap interval; `p` is from
    McNemar's test where the figure is the share of rows won, else from the bootstrap; `p_adjusted`
    is Holm's over all pairs of rewards.
    """

    first: str
    second: str
    difference: float
    low: float
    high: float
    only_first: int | None
    only_second: int | None
    p: float
    p_adjusted: float

    @property
    def differs(self) -> bool:
        """Whether the two can be distinguished at 5 %, all comparisons together."""
        return self.p_adjusted < 0.05


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p of McNemar's test: ``min(1, 2 P(X <= min(b, c)))``, X ~ B(b + c, 1/2).

    `only_first` rows were won by the first alone, `only_second` by the second alone (McNemar 1947).

    >>> mcnemar(10, 2), mcnemar(0, 0)
    (0.03857421875, 1.0)
    """
    num, least = only_first + only_second, min(only_first, only_second)
    if num == 0:
        return 1.0
    base = math.lgamma(num + 1) - num * math.log(2)
    logs = (base - math.lgamma(k + 1) - math.lgamma(num - k + 1) for k in range(least + 1))
    return round(min(1.0, 2 * math.fsum(map(math.exp, logs))), 12)


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's adjusted p values, in the order of the input (Holm 1979).

    The k-th smallest is multiplied by ``m - k + 1``, and none is below one before it.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    adjusted, least = [1.0] * len(ps), 0.0
    for k, i in enumerate(order):
        least = max(least, min(1.0, (len(ps) - k) * ps[i]))
        adjusted[i] = least
    return adjusted


def compare_draws(
    names: Sequence[str],
    values: Sequence[float],
    draws: Sequence[Any],
    wins: Sequence[object] | None,
    num_prompts: int,
) -> list[Comparison]:
    """Each pair of rewards: the difference of their figures, and whether it can be chance.

    `draws` hold the figure of each in the same bootstrap draws; `wins`, where the figure is the
    share of rows won and a prompt has one row, whether each row was won.
    """
    pairs = []
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            apart = draws[i] - draws[j]
            low, high = quantiles(apart, (0.025, 0.975))
            only = None if wins is None else _only(wins[i], wins[j])
            p = _bootstrap_p(apart, num_prompts) if only is None else mcnemar(*only)
            first, second = (None, None) if only is None else only
            difference = values[i] - values[j]
            pairs.append(Comparison(names[i], names[j], difference, low, high, first, second, p, p))
    adjusted = holm([pair.p for pair in pairs])
    return [pair._replace(p_adjusted=p) for pair, p in zip(pairs, adjusted, strict=True)]


def _only(first_N: Any, second_N: Any) -> tuple[int, int]:
    return int((first_N & ~second_N).sum()), int((second_N & ~first_N).sum())


def _bootstrap_p(apart: Any, num_prompts: int) -> float:
    """Twice the share of draws on the rarer side of 0 (with one more on either side).

    If fewer than ten of at least `MIN_DRAWS` draws lie there, the share cannot be counted: then it
    is the tail beyond 0 of the normal distribution with the draws' mean and deviation, at least
    ``2 ** (1 - num_prompts)``, the least p of a sign test. Draws in which a figure is NaN say
    nothing; 1 where there is no other.
    """
    import numpy as np

    apart = apart[np.isfinite(apart)]
    num = len(apart)
    side = min(int((apart <= 0).sum()), int((apart >= 0).sum()))
    p = min(1.0, 2 * (side + 1) / (num + 1))
    if side >= _RARE or num < MIN_DRAWS or (deviation := float(apart.std())) == 0:
        return p
    tail = math.erfc(abs(float(apart.mean())) / deviation / math.sqrt(2))
    return min(p, max(tail, 2.0 ** (1 - num_prompts)))


def rank_ranges(
    names: Sequence[str], values: Sequence[float], pairs: Sequence[Comparison]
) -> dict[str, tuple[int, int]]:
    """The ranks that each reward may have: 1 + those surely better, up to all but the surely worse.

    Those without a figure (NaN) share the last ranks, behind all that have one.

    >>> same = Comparison("a", "b", 0.01, -0.1, 0.1, 5, 4, 1.0, 1.0)
    >>> rank_ranges(["a", "b"], [0.8, 0.79], [same])
    {'a': (1, 2), 'b': (1, 2)}
    """
    better: Mapping[str, set[str]] = {name: set() for name in names}
    worse: Mapping[str, set[str]] = {name: set() for name in names}
    for pair in pairs:
        if pair.differs and not math.isnan(pair.difference):
            first_wins = pair.difference > 0
            winner, loser = (pair.first, pair.second) if first_wins else (pair.second, pair.first)
            better[loser].add(winner)
            worse[winner].add(loser)
    num_ranked = sum(not math.isnan(value) for value in values)
    return {
        name: (num_ranked + 1, len(names))
        if math.isnan(value)
        else (1 + len(better[name]), num_ranked - len(worse[name]))
        for name, value in zip(names, values, strict=True)
    }
