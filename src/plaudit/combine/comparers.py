"""Comparers: both orders of a pair, and a round robin of a group."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from plaudit import offers
from plaudit.combine.core import (
    Combination,
)
from plaudit.errors import ConfigError, clipped
from plaudit.hashing import seeded_hash
from plaudit.types import Child, Comparer, Group, Pair, Response, Reward, Score

__all__ = ["both_orders", "content_of", "round_robin"]


@dataclass(frozen=True)
class _BothOrders:
    comparer: Comparer

    @property
    def deterministic(self) -> bool:
        return self.comparer.deterministic

    @property
    def is_judge(self) -> bool:
        """Whether the comparer asks a language model."""
        return offers.is_judge(self.comparer)

    def __repr__(self) -> str:
        return f"both_orders({self.comparer!r})"

    def compare(self, pairs: Sequence[Pair]) -> list[Score]:
        """P(first is better), averaged over both orders."""
        swapped = [replace(p, first=p.second, second=p.first, places=p.places[::-1]) for p in pairs]
        scores = self.comparer.compare([*pairs, *swapped])
        return [
            self._merged(a, b)
            for a, b in zip(scores[: len(pairs)], scores[len(pairs) :], strict=True)
        ]

    def _merged(self, forward: Score, backward: Score) -> Score:
        parts = {"forward": forward.value, "backward": 1.0 - backward.value}
        for score, order in ((forward, "first order"), (backward, "swapped order")):
            if not score.is_scored:
                return replace(score, parts=parts, error=f"{order}: {score.error}")
        faulty = forward if forward.error is not None else backward
        value = (parts["forward"] + parts["backward"]) / 2
        if faulty.fault == "response":  # whoever is at fault loses, whatever the other order says
            value = parts["forward"] if faulty is forward else parts["backward"]
        notes = "; ".join(n for n in (forward.note, backward.note) if n)
        return Score(value, parts, fault=faulty.fault, error=faulty.error, note=notes or None)


def both_orders(comparer: Comparer) -> Comparer:
    """A comparer that asks in both orders and averages, which cancels a position bias.

    ``P = (P(a beats b | a first) + 1 - P(b beats a | b first)) / 2``; NaN if either is NaN.
    """
    return _BothOrders(_comparer(comparer, "both_orders"))


@dataclass(frozen=True, repr=False)
class _RoundRobin(Combination):
    comparer: Comparer
    num_pairs: int | None = None
    seed: int = 0
    spelled = "round_robin"
    relative = True  # type: ignore[assignment]
    cpu_bound = False  # type: ignore[assignment]

    @property
    def deterministic(self) -> bool:
        return self.comparer.deterministic

    @property
    def in_flight(self) -> int:
        """How many groups can usefully be scored at a time: as many as the comparer says."""
        return offers.in_flight_of(self.comparer)

    def _rewards(self) -> Sequence[Any]:
        return [self.comparer]

    def check(self, group: Group) -> None:
        """Raises the DataError of what the comparer cannot read in the group."""
        offers.check(self.comparer, group)

    def children(self, group: Group) -> Iterator[Child]:
        return iter(())

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """The mean over rivals of P(this response is better).

        Raises: DataError if the comparer cannot read a group.
        """
        for group in groups:
            self.check(group)
        plan = [(i, a, b) for i, g in enumerate(groups) for a, b in self._duels(g)]
        pairs = [
            Pair(g.prompt, g.responses[a], g.responses[b], g.columns, (a, b))
            for g, a, b in ((groups[i], a, b) for i, a, b in plan)
        ]
        wins: list[list[list[Score]]] = [[[] for _ in g.responses] for g in groups]
        for (i, a, b), score in zip(plan, self.comparer.compare(pairs), strict=True):
            wins[i][a].append(_blaming(score, loses=score.value == 0.0))
            wins[i][b].append(_blaming(_turned(score), loses=score.value == 1.0))
        return [[self._total(duels) for duels in group] for group in wins]

    def _duels(self, group: Group) -> list[tuple[int, int]]:
        """Pairs to compare, in an order that depends on the texts, not on their positions."""
        prompt = repr(group.prompt)
        rank = sorted(
            range(len(group.responses)),
            key=lambda i: seeded_hash(self.seed, prompt, content_of(group.responses[i])),
        )
        duels = [(a, b) for n, a in enumerate(rank) for b in rank[n + 1 :]]
        if self.num_pairs is None or self.num_pairs >= len(duels):
            return duels
        ring = [(rank[i], rank[(i + 1) % len(rank)]) for i in range(len(rank))]
        rest = [d for d in duels if d not in ring and d[::-1] not in ring]
        random.Random(seeded_hash(self.seed, prompt)).shuffle(rest)
        return (ring + rest)[: self.num_pairs]

    def _total(self, duels: Sequence[Score]) -> Score:
        values = [s.value for s in duels if s.is_scored]
        faulty = next((s for s in duels if s.error is not None), None)
        fault, error = (faulty.fault, faulty.error) if faulty else (None, None)
        if not values:
            message = error or "round_robin: no rival to compare"
            note = duels[0].note if duels else None
            pooled = _pooled([duel.parts for duel in duels])
            return Score(math.nan, pooled, fault=fault or "input", error=message, note=note)
        parts = {"num_rivals": float(len(values)), "num_failed": float(len(duels) - len(values))}
        parts |= _pooled([duel.parts for duel in duels])
        note = duels[0].note if len(duels) == 1 else None
        value = statistics.fmean(sorted(values))
        return Score(value, parts, fault=fault, error=error, note=note)


def _turned(score: Score) -> Score:
    """A comparison as the second response sees it."""
    parts = dict(score.parts)
    for own, other in (("forward", "backward"), ("backward", "forward")):
        if other in score.parts:
            parts[own] = 1.0 - score.parts[other]
        else:
            parts.pop(own, None)
    if "margin" in parts:
        parts["margin"] = -parts["margin"]
    return replace(score, value=1.0 - score.value, parts=parts)


def _blaming(score: Score, *, loses: bool) -> Score:
    """The comparison without a fault that is the other response's."""
    if score.fault != "response" or loses or not score.is_scored:
        return score
    return replace(score, fault=None, error=None)


def _pooled(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The parts of several comparisons: counts are added up, the rest is averaged."""
    if len(parts) == 1:
        return {name: value for name, value in parts[0].items() if value == value}
    pooled: dict[str, float] = {}
    for name in dict.fromkeys(name for duel_parts in parts for name in duel_parts):
        values = [
            duel_parts[name]
            for duel_parts in parts
            if duel_parts.get(name, math.nan) == duel_parts.get(name)
        ]
        if values:
            pooled[name] = math.fsum(values) / (1 if name.startswith("num_") else len(values))
    return pooled


def round_robin(comparer: Comparer, *, num_pairs: int | None = None, seed: int = 0) -> Reward:
    """A relative reward in [0, 1] over N responses: the mean over rivals of P(i beats j).

    `num_pairs` limits the comparisons of a group (first a ring through all, then random ones,
    drawn from the seed and the texts).
    """
    if num_pairs is not None and num_pairs < 1:
        raise ConfigError(f"round_robin: num_pairs={num_pairs} must be positive")
    return _RoundRobin(_comparer(comparer, "round_robin"), num_pairs, seed)


def _comparer(value: Any, name: str) -> Comparer:
    if not offers.is_comparer(value):
        raise ConfigError(f"{name} must be given a Comparer, found {clipped(value)}")
    return value


def content_of(response: Response) -> str:
    """What distinguishes a response from its rivals in a draw: its text, or its turns.

    >>> content_of(Response("4"))
    '4'
    """
    return response.text if not response.messages else repr((response.text, response.messages))
