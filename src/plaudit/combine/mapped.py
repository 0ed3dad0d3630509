"""One part, each value mapped: clip, affine, standardise, threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from plaudit.combine.core import (
    OnePart,
    blamed,
)
from plaudit.errors import ConfigError
from plaudit.offers import fault_value
from plaudit.types import Group, Reward, Score

__all__ = ["Mapped", "affine", "clip", "standardise", "threshold"]


class Mapped(OnePart):
    """One part whose value is mapped; a fault stays at the bad end of the range."""

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """The inner scores with their values mapped; NaN stays NaN."""
        return [[self._mapped(s) for s in scores] for scores in self.reward.score(groups)]

    def _mapped(self, score: Score) -> Score:
        if score.fault == "response":
            score = blamed(self.reward, self._sign, score)
        if not score.is_scored:
            return score
        value = self._value(score.value)
        if math.isfinite(value):
            return replace(score, value=value)
        reason = f"{self.spelled} of {score.value} is {value}"
        return replace(
            score, value=math.nan, fault=score.fault or "input", error=score.error or reason
        )

    @property
    def fault_value(self) -> float:
        """The mapped fault value of the inner reward."""
        return self._mapped(Score(fault_value(self.reward), fault="response")).value

    @property
    def _sign(self) -> float:
        """Negative where the map turns high into low."""
        return 1.0

    def _value(self, value: float) -> float:
        raise NotImplementedError


@dataclass(frozen=True, repr=False)
class _Clip(Mapped):
    low: float = -math.inf
    high: float = math.inf
    spelled = "clip"

    def _value(self, value: float) -> float:
        return min(max(value, self.low), self.high)


@dataclass(frozen=True, repr=False)
class _Affine(Mapped):
    scale: float = 1.0
    shift: float = 0.0
    spelled = "affine"

    @property
    def _sign(self) -> float:
        return self.scale

    def _value(self, value: float) -> float:
        return value * self.scale + self.shift


@dataclass(frozen=True, repr=False)
class _Standardise(Mapped):
    mean: float = 0.0
    std: float = 1.0
    spelled = "standardise"

    def _value(self, value: float) -> float:
        return (value - self.mean) / self.std


@dataclass(frozen=True, repr=False)
class _Threshold(Mapped):
    at: float = 0.5
    above: float = 1.0
    below: float = 0.0
    spelled = "threshold"

    def _value(self, value: float) -> float:
        return self.above if value >= self.at else self.below


def clip(reward: Reward, *, low: float = -math.inf, high: float = math.inf) -> Reward:
    """The value kept within [low, high]."""
    if not low <= high:
        raise ConfigError(f"clip: low={low} must not exceed high={high}")
    return _Clip(reward, float(low), float(high))


def affine(reward: Reward, *, scale: float = 1.0, shift: float = 0.0) -> Reward:
    """``scale * value + shift``."""
    return _Affine(reward, float(scale), float(shift))


def standardise(reward: Reward, *, mean: float, std: float) -> Reward:
    """``(value - mean) / std`` with fixed statistics, measured beforehand."""
    if not std > 0:
        raise ConfigError(f"standardise: std={std} must be positive")
    return _Standardise(reward, float(mean), float(std))


def threshold(reward: Reward, *, at: float = 0.5, above: float = 1.0, below: float = 0.0) -> Reward:
    """`above` where the value is at least `at`, else `below`."""
    return _Threshold(reward, float(at), float(above), float(below))
