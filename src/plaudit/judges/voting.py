"""Votes over several verdicts: pure functions of finite numbers.

Every function takes the verdicts that could be read. With none of them it returns NaN, and the
caller gives the reason.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from plaudit.errors import ConfigError
from plaudit.old_names import old_names

__all__ = ["Vote", "best_rated", "majority", "mean", "spread", "vote", "weighted"]
__getattr__ = old_names(__name__)

Vote = Literal["mean", "majority"]


def mean(values: Sequence[float]) -> float:
    """The mean; NaN of nothing. As a mean of P(Yes) over rationales: GenRM-CoT, Zhang et al. 2024
    (arXiv 2408.15240), eq. 7.

    >>> mean([0.5, 1.0]), mean([])
    (0.75, nan)
    """
    return math.fsum(values) / len(values) if values else math.nan


def majority(values: Sequence[float]) -> float:
    """The value most often given; where several are, their mean (Mahan et al. 2024, 2410.12832).

    >>> majority([1.0, 1.0, 0.0]), majority([1.0, 0.0])
    (1.0, 0.5)
    """
    if not values:
        return math.nan
    counts = Counter(values)
    most = max(counts.values())
    return mean(sorted(value for value, count in counts.items() if count == most))


def vote(values: Sequence[float], how: str) -> float:
    """`mean` or `majority`, by name. Raises ConfigError for another."""
    if how not in ("mean", "majority"):
        raise ConfigError(f"vote={how!r} must be mean or majority")
    return mean(values) if how == "mean" else majority(values)


def best_rated(values: Sequence[float], meta: Sequence[float], num_kept: int) -> list[float]:
    """The `num_kept` values whose judgments a meta reward rates best, in their order.

    Judgments whose own rating is NaN go first (DeepSeek-GRM's guided voting, Liu et al. 2025,
    arXiv 2504.02495, sec. 4.2).

    >>> best_rated([3.0, 9.0, 4.0], [0.9, 0.1, 0.8], 2)
    [3.0, 4.0]
    """
    rank = sorted(range(len(values)), key=lambda i: (math.isnan(meta[i]), -meta[i], i))
    return [values[i] for i in sorted(rank[:num_kept])]


def weighted(values: Sequence[float], weights: Sequence[float]) -> float:
    """``sum_j w_j c_j / sum_j w_j`` over the positive weights below (Gunjal et al. 2025,
    arXiv 2507.17746, eq. 1): in [0, 1] where no weight is negative.

    >>> weighted([1.0, 0.0, 1.0], [3.0, 1.0, -1.0])
    0.5
    """
    total = math.fsum(weight for weight in weights if weight > 0)
    return math.fsum(w * c for w, c in zip(weights, values, strict=True)) / total


def spread(values: Sequence[float]) -> float:
    """The standard deviation (n - 1) of the votes; NaN below two."""
    return statistics.stdev(values) if len(values) > 1 else math.nan
