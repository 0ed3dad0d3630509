"""Several parts: sums, products, extremes and ensembles."""

# pyright: reportUnnecessaryIsInstance=false
# (what users pass is checked, whatever its type says)

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.combine.core import (
    Combination,
    Member,
    PartScore,
    as_reward,
    blamed,
    first_fault,
    flat_parts,
)
from plaudit.errors import ConfigError, clipped
from plaudit.types import Child, Group, Reward, Score

__all__ = [
    "Parts",
    "maximum",
    "mean",
    "mean_minus_std",
    "members",
    "minimum",
    "product",
    "weighted",
]


@dataclass(frozen=True, repr=False)
class Parts(Combination):
    """A combination of named parts that is a function of each response's scores."""

    parts: Mapping[str, Member]
    says_left_out = "left out"

    def _rewards(self) -> Sequence[Reward]:
        return [member.reward for member in self.parts.values()]

    @property
    def fault_value(self) -> float:
        """The combination of the parts' own fault values."""
        lows = [
            PartScore(name, member.weight, member.optional, blamed(member.reward, member.weight))
            for name, member in self.parts.items()
        ]
        lows_that_count = [low for low in lows if low.score.is_scored or not low.optional]
        value = self._combined(lows_that_count) if lows_that_count else math.nan
        return value if math.isfinite(value) else math.nan

    def children(self, group: Group) -> Iterator[Child]:
        for name, member in self.parts.items():
            if member.applies(group):
                yield Child(name, member.weight, member.reward, group)

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response, with each part's value under its name in `parts`."""
        return [[self._join(row) for row in group] for group in self._part_scores(groups)]

    def _part_scores(self, groups: Sequence[Group]) -> list[list[list[PartScore]]]:
        """For each response of each group the scores of the parts that apply to it."""
        rows: list[list[list[PartScore]]] = [[[] for _ in g.responses] for g in groups]
        for name, member in self.parts.items():
            chosen = [i for i, group in enumerate(groups) if member.applies(group)]
            scored = member.reward.score([groups[i] for i in chosen])
            for i, scores in zip(chosen, scored, strict=True):
                for row, score in zip(rows[i], scores, strict=True):
                    if score.fault == "response" and member.weight < 0:
                        score = blamed(member.reward, member.weight, score)
                    row.append(PartScore(name, member.weight, member.optional, score))
        return rows

    def _join(self, row: Sequence[PartScore]) -> Score:
        parts = flat_parts(row)
        scored = [p for p in row if p.score.is_scored]
        fault, error = first_fault(row)
        fatal = [p for p in row if not p.score.is_scored and not p.optional]
        if fatal:
            return Score(math.nan, parts, fault=fatal[0].score.fault or "system", error=error)
        if not scored:
            reason = f"{self.spelled}: no part applies to this row"
            return Score(math.nan, parts, fault=fault or "input", error=error or reason)
        value = self._combined(scored)
        if not math.isfinite(value):
            reason = f"{self.spelled} of {len(scored)} scored parts is {value}"
            return Score(math.nan, parts, fault=fault or "input", error=error or reason)
        return Score(value, parts, fault=fault, error=error, note=self._notes(row))

    def _notes(self, row: Sequence[PartScore]) -> str | None:
        notes = [f"{p.name}: {p.score.note}" for p in row if p.score.note]
        scored = {p.name for p in row if p.score.is_scored}
        notes += [f"{name} {self.says_left_out}" for name in self.parts if name not in scored]
        return "; ".join(notes) or None

    def _combined(self, scored: Sequence[PartScore]) -> float:
        try:
            return float(self._value(scored))
        except (ArithmeticError, TypeError, ValueError):  # overflow, 0**-1, (-1)**0.5, inf - inf
            return math.nan

    def _value(self, scored: Sequence[PartScore]) -> Any:
        raise NotImplementedError

    def _scale(self, scored: Sequence[PartScore]) -> float:
        """What renormalises the weights of the parts that were kept."""
        present = math.fsum(abs(p.weight) for p in scored)
        full = math.fsum(abs(m.weight) for m in self.parts.values())
        return full / present if present else 1.0


@dataclass(frozen=True, repr=False)
class _Weighted(Parts):
    spelled = "weighted"
    says_left_out = "left out, weights renormalised"

    def _value(self, scored: Sequence[PartScore]) -> float:
        return self._scale(scored) * math.fsum(p.weight * p.score.value for p in scored)


@dataclass(frozen=True, repr=False)
class _Product(Parts):
    spelled = "product"

    def _value(self, scored: Sequence[PartScore]) -> float:
        return math.prod(p.score.value**p.weight for p in scored)


@dataclass(frozen=True, repr=False)
class _Minimum(Parts):
    spelled = "minimum"

    def _value(self, scored: Sequence[PartScore]) -> float:
        return min(p.weight * p.score.value for p in scored)


@dataclass(frozen=True, repr=False)
class _Maximum(Parts):
    spelled = "maximum"

    def _value(self, scored: Sequence[PartScore]) -> float:
        return max(p.weight * p.score.value for p in scored)


@dataclass(frozen=True, repr=False)
class _Mean(Parts):
    spelled = "mean"
    says_left_out = "left out, weights renormalised"

    def _value(self, scored: Sequence[PartScore]) -> float:
        return math.fsum(p.weight * p.score.value for p in scored) / math.fsum(
            p.weight for p in scored
        )


@dataclass(frozen=True, repr=False)
class _MeanMinusStd(Parts):
    k: float = 1.0
    spelled = "mean_minus_std"

    def _value(self, scored: Sequence[PartScore]) -> float:
        values = [p.score.value for p in scored]
        if len(values) < 2 or not all(map(math.isfinite, values)):
            return math.nan
        return statistics.fmean(values) - self.k * statistics.pstdev(values)


def weighted(parts: Mapping[str, Reward | Member]) -> Reward:
    """The sum of weight times value over the parts.

    ``sum_i w_i r_i``; where an optional part is unscored or a `when` does not hold, the remaining
    weights are scaled to the full sum of absolute weights.

    >>> from plaudit import load
    >>> reward = weighted({"long": Member(load("rules.baseline.length"), 0.5)})
    >>> reward.score([Group("hi", ["four"])])[0][0].value
    2.0
    """
    return _Weighted(members(parts))


def product(parts: Mapping[str, Reward | Member]) -> Reward:
    """The product of the parts, each to the power of its weight (1 by default)."""
    return _Product(members(parts))


def minimum(parts: Mapping[str, Reward | Member]) -> Reward:
    """The smallest of weight times value: as good as the worst part."""
    return _Minimum(members(parts))


def maximum(parts: Mapping[str, Reward | Member]) -> Reward:
    """The largest of weight times value: as good as the best part.

    >>> from plaudit import load
    >>> length = load("rules.baseline.length")
    >>> reward = maximum({"whole": length, "half": Member(length, 0.5)})
    >>> reward.score([Group("hi", ["four"])])[0][0].value
    4.0
    """
    return _Maximum(members(parts))


def mean(parts: Mapping[str, Reward | Member]) -> Reward:
    """The weighted mean ``sum w_i r_i / sum w_i`` of an ensemble."""
    return _Mean(members(parts))


def mean_minus_std(parts: Mapping[str, Reward | Member], *, k: float = 1.0) -> Reward:
    """The mean of an ensemble less `k` population standard deviations (weights are not used).

    A conservative ensemble in the manner of Coste et al., arXiv 2310.02743 (there with variance).
    """
    return _MeanMinusStd(members(parts), k)


def members(parts: Mapping[str, Reward | Member]) -> Mapping[str, Member]:
    """The parts by name, each a Member. Raises ConfigError for what is no part or no name."""
    if not isinstance(parts, Mapping) or not parts:
        raise ConfigError(f"parts must map names to rewards, found {clipped(parts)}")
    for name in parts:
        if not isinstance(name, str) or not name or "/" in name:
            raise ConfigError(f"a part's name is a non-empty string without '/', found {name!r}")
    return {n: p if isinstance(p, Member) else Member(as_reward(p, n)) for n, p in parts.items()}
