"""Calibration fitted from labels: plain numbers for `combine.platt` and `combine.isotonic`.

Scores are any numbers, outcomes 1 (right) or 0 (wrong). Items in which either is NaN or infinite
are left out. Fit on rows that were not used to train the scorer.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from plaudit.errors import ConfigError
from plaudit.metrics import logistic

__all__ = ["Isotonic", "Platt", "fit_isotonic", "fit_platt"]


class Platt(NamedTuple):
    """The parameters of `combine.platt`."""

    slope: float
    intercept: float


class Isotonic(NamedTuple):
    """The parameters of `combine.isotonic`: points of a curve that never falls."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]


def fit_platt(scores: Sequence[float], outcomes: Sequence[float]) -> Platt:
    """The slope and intercept of least log-loss against Platt's softened outcomes.

    Right items count as ``(N+ + 1) / (N+ + 2)``, wrong ones as ``1 / (N- + 2)``, so that scores
    which separate the two have a finite fit (Platt 1999, section 2.2).

    Raises: ConfigError for an outcome other than 0 or 1, outcomes all alike, or scores all alike.

    >>> fit = fit_platt([1.0, 1.0, 0.0, 0.0], [1, 1, 0, 0])
    >>> round(fit.slope, 4), round(fit.intercept, 4)  # sigmoid(intercept) = 1/4, of both = 3/4
    (2.1972, -1.0986)
    """
    pairs = _labelled(scores, outcomes)
    num_right = sum(outcome for _, outcome in pairs)
    high, low = (num_right + 1) / (num_right + 2), 1 / (len(pairs) - num_right + 2)
    targets = [high if outcome else low for _, outcome in pairs]
    fit = logistic(targets, [score for score, _ in pairs])
    if not math.isfinite(fit.slopes[0]):
        raise ConfigError("fit_platt: no curve fits best: the scores are all alike, or too few")
    return Platt(fit.slopes[0], fit.intercept)


def fit_isotonic(scores: Sequence[float], outcomes: Sequence[float]) -> Isotonic:
    """The rising curve of least squared error, by pooling adjacent violators.

    Equal scores are pooled first, then neighbours whose shares fall (Ayer et al. 1955; Zadrozny
    and Elkan 2002). Each pool gives its first and last score with the share of right items in it.

    Raises: ConfigError for an outcome other than 0 or 1, or outcomes all alike.

    >>> fit_isotonic([1, 2, 3, 4], [0, 1, 0, 1])
    Isotonic(scores=(1.0, 2.0, 3.0, 4.0), probabilities=(0.0, 0.5, 0.5, 1.0))
    """
    pools: list[tuple[float, float, float, int]] = []  # first and last score, right items, items
    for score, items in itertools.groupby(sorted(_labelled(scores, outcomes)), key=itemgetter(0)):
        answers = [outcome for _, outcome in items]
        pool = (score, score, sum(answers), len(answers))
        while pools and pools[-1][2] * pool[3] >= pool[2] * pools[-1][3]:  # shares do not rise
            first, _, right, num = pools.pop()
            pool = (first, score, right + pool[2], num + pool[3])
        pools.append(pool)
    points = {score: right / num for first, last, right, num in pools for score in (first, last)}
    return Isotonic(tuple(points), tuple(points.values()))


def _labelled(scores: Sequence[float], outcomes: Sequence[float]) -> list[tuple[float, float]]:
    """The finite items as (score, outcome). Raises ConfigError for what cannot be fitted."""
    if len(scores) != len(outcomes):
        raise ConfigError(f"{len(scores)} scores for {len(outcomes)} outcomes")
    pairs = [(float(s), float(o)) for s, o in zip(scores, outcomes, strict=True)]
    pairs = [pair for pair in pairs if all(map(math.isfinite, pair))]
    other = next((outcome for _, outcome in pairs if outcome not in (0.0, 1.0)), None)
    if other is not None:
        raise ConfigError(f"an outcome is 1 (right) or 0 (wrong), found {other:g}")
    if len({outcome for _, outcome in pairs}) < 2:
        raise ConfigError(
            f"calibration needs right and wrong items, found {len(pairs)} items with outcomes alike"
        )
    return pairs
