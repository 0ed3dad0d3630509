"""Which reward counts: a gate, or a route by a column."""

# pyright: reportUnnecessaryIsInstance=false
# (what users pass is checked, whatever its type says)

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from plaudit.combine.core import (
    Combination,
    PartScore,
    as_reward,
    first_fault,
    flat_parts,
)
from plaudit.errors import ConfigError, DataError, clipped
from plaudit.offers import fault_value
from plaudit.types import Child, Group, Reward, Score

__all__ = ["gate", "route"]


@dataclass(frozen=True, repr=False)
class _Gate(Combination):
    reward: Reward
    by: Reward
    at_least: float = 1.0
    floor: float = 0.0
    spelled = "gate"

    @property
    def fault_value(self) -> float:
        """The lower of the floor and the gated reward's."""
        return min(self.floor, fault_value(self.reward))

    def __post_init__(self) -> None:
        as_reward(self.reward, "gate")
        as_reward(self.by, "gate: by")

    def _rewards(self) -> Sequence[Reward]:
        return [self.reward, self.by]

    def children(self, group: Group) -> Iterator[Child]:
        yield Child(f"gate (>= {self.at_least:g})", None, self.by, group)
        yield Child("gated", None, self.reward, group)

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """The gated scores; groups in which no gate is open are not given to the gated reward."""
        gates = self.by.score(groups)
        opened = [i for i, row in enumerate(gates) if any(self._open(g) for g in row)]
        inner = dict(zip(opened, self.reward.score([groups[i] for i in opened]), strict=True))
        return [
            [self._gated(g, inner[i][j] if i in inner else None) for j, g in enumerate(row)]
            for i, row in enumerate(gates)
        ]

    def _open(self, gate: Score) -> bool:
        return gate.value >= self.at_least

    def _gated(self, gate: Score, inner: Score | None) -> Score:
        if inner is None or not gate.is_scored or not self._open(gate):
            return self._closed(gate)
        row = [PartScore("gate", 1.0, False, gate), PartScore("gated", 1.0, False, inner)]
        fault, error = first_fault(row)
        return replace(inner, parts=flat_parts(row), fault=fault, error=error)

    def _closed(self, gate: Score) -> Score:
        row = [PartScore("gate", 1.0, False, gate)]
        fault, error = first_fault(row)
        if not gate.is_scored:
            return replace(gate, parts=flat_parts(row), error=error)
        note = f"gate closed{': ' + gate.note if gate.note else ''}"
        return Score(self.floor, flat_parts(row), fault=fault, error=error, note=note)


def gate(reward: Reward, by: Reward, *, at_least: float = 1.0, floor: float = 0.0) -> Reward:
    """The value of `reward` where `by` scores `at_least`, else `floor`."""
    return _Gate(reward, by, float(at_least), float(floor))


@dataclass(frozen=True, repr=False)
class _Route(Combination):
    by: str
    cases: Mapping[str, Reward]
    default: Reward | None = None
    spelled = "route"

    @property
    def fault_value(self) -> float:
        """The lowest that a branch declares."""
        declared = [fault_value(reward) for reward in self._rewards()]
        return min((low for low in declared if low == low), default=math.nan)

    def _rewards(self) -> Sequence[Reward]:
        return [*self.cases.values(), *([self.default] if self.default is not None else [])]

    def children(self, group: Group) -> Iterator[Child]:
        case, reward = self._chosen(group)
        yield Child(f"{self.by} = {'default' if case is None else case}", None, reward, group)

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """Each group scored by its own branch. Raises DataError where no branch takes a group."""
        branches: dict[str | None, list[int]] = {}
        for i, group in enumerate(groups):
            branches.setdefault(self._chosen(group)[0], []).append(i)
        out: list[list[Score]] = [[] for _ in groups]
        for places in branches.values():
            reward = self._chosen(groups[places[0]])[1]
            scored = reward.score([groups[i] for i in places])
            for i, scores in zip(places, scored, strict=True):
                out[i] = scores
        return out

    def _chosen(self, group: Group) -> tuple[str | None, Reward]:
        """The case that takes the group, None for the default, and its reward."""
        value = group.columns.get(self.by)
        if isinstance(value, str | int | bool) and str(value) in self.cases:
            return str(value), self.cases[str(value)]
        if self.default is not None:
            return None, self.default
        raise DataError(
            f"no case for {clipped(value)} and no default; cases: {', '.join(self.cases)}",
            where=f"row {group.key}",
            field=self.by,
        )


def route(by: str, cases: Mapping[str, Reward], default: Reward | None = None) -> Reward:
    """Scores each group with the reward that its column `by` names; else with `default`.

    Only the chosen branch runs, and only its columns are needed.
    """
    if not isinstance(cases, Mapping) or not cases:
        raise ConfigError(f"route: cases must map values to rewards, found {clipped(cases)}")
    for name, reward in cases.items():
        as_reward(reward, f"route: case {name}")
    if default is not None:
        as_reward(default, "route: default")
    return _Route(by, {str(k): v for k, v in cases.items()}, default)
