"""One part, its value turned into a probability: platt and isotonic, with fitted numbers."""

# pyright: reportUnnecessaryIsInstance=false
# (what users pass is checked, whatever its type says)

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from plaudit.combine.mapped import Mapped
from plaudit.errors import ConfigError, clipped
from plaudit.types import Reward

__all__ = ["isotonic", "platt"]


@dataclass(frozen=True, repr=False)
class _Platt(Mapped):
    slope: float = 1.0
    intercept: float = 0.0
    spelled = "platt"

    @property
    def _sign(self) -> float:
        return self.slope

    def _value(self, value: float) -> float:
        log_odds = self.slope * value + self.intercept
        if log_odds >= 0:
            return 1.0 / (1.0 + math.exp(-log_odds))
        odds = math.exp(log_odds)
        return odds / (1.0 + odds)


@dataclass(frozen=True, repr=False)
class _Isotonic(Mapped):
    scores: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()
    spelled = "isotonic"

    def _value(self, value: float) -> float:
        if value != value:
            return value
        after = bisect.bisect_left(self.scores, value)
        if after == 0 or after == len(self.scores):
            return self.probabilities[min(after, len(self.scores) - 1)]
        low, high = self.scores[after - 1 : after + 1]
        share = (value - low) / (high - low)
        left, right = self.probabilities[after - 1 : after + 1]
        return left + share * (right - left)


def platt(reward: Reward, *, slope: float, intercept: float) -> Reward:
    """P(right) in [0, 1]: ``1 / (1 + exp(-(slope * value + intercept)))``.

    Platt scaling (Platt 1999, "Probabilistic outputs for support vector machines"; his A and B are
    the negatives). The numbers come from labelled scores: `plaudit.calibration.fit_platt`.

    Raises: ConfigError for numbers that are not finite.

    >>> from plaudit import Group, load
    >>> reward = platt(load("rules.baseline.length"), slope=1.0, intercept=-4.0)
    >>> [round(score.value, 3) for score in reward.score([Group("hi", ["four", ""])])[0]]
    [0.5, 0.018]
    """
    for name, number in (("slope", slope), ("intercept", intercept)):
        if not isinstance(number, int | float) or not math.isfinite(number):
            raise ConfigError(f"platt: {name}={clipped(number)} must be a finite number")
    return _Platt(reward, float(slope), float(intercept))


def isotonic(reward: Reward, *, scores: Sequence[float], probabilities: Sequence[float]) -> Reward:
    """P(right) in [0, 1] by a rising curve through the points (scores, probabilities).

    Linear between two points, constant beyond the ends (Zadrozny and Elkan 2002, "Transforming
    classifier scores into accurate multiclass probability estimates"; scikit-learn's
    IsotonicRegression with ``out_of_bounds="clip"``). The points come from labelled scores:
    `plaudit.calibration.fit_isotonic`.

    Raises: ConfigError where the scores do not rise, the probabilities fall or leave [0, 1].

    >>> from plaudit import Group, load
    >>> length = load("rules.baseline.length")
    >>> reward = isotonic(length, scores=[2, 4], probabilities=[0.25, 0.75])
    >>> [score.value for score in reward.score([Group("hi", ["a", "abc", "abcdef"])])[0]]
    [0.25, 0.5, 0.75]
    """
    knots, shares = _numbers("scores", scores), _numbers("probabilities", probabilities)
    if len(knots) != len(shares) or not knots:
        raise ConfigError(
            f"isotonic: {len(knots)} scores for {len(shares)} probabilities; it takes as many of"
            " each, one or more"
        )
    if any(low >= high for low, high in itertools.pairwise(knots)):
        raise ConfigError(f"isotonic: the scores must rise, found {clipped(knots)}")
    falls = any(low > high for low, high in itertools.pairwise(shares))
    if falls or shares[0] < 0 or shares[-1] > 1:
        raise ConfigError(
            f"isotonic: the probabilities must not fall and must lie in [0, 1], found"
            f" {clipped(shares)}"
        )
    return _Isotonic(reward, knots, shares)


def _numbers(name: str, numbers: Sequence[float]) -> tuple[float, ...]:
    try:
        values = tuple(float(number) for number in numbers)
    except (TypeError, ValueError):
        values = (math.nan,)
    if isinstance(numbers, str) or not all(map(math.isfinite, values)):
        raise ConfigError(f"isotonic: {name} must be finite numbers, found {clipped(numbers)}")
    return values
