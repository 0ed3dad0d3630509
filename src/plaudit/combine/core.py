"""What all combinations share: parts, their traits, and whose fault counts."""

# pyright: reportUnnecessaryIsInstance=false
# (what users pass is checked, whatever its type says)

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, cast

from plaudit import offers
from plaudit.errors import ConfigError, clipped
from plaudit.offers import fault_value
from plaudit.rule import LISTS, sources_of
from plaudit.types import Child, Fault, Group, Response, Reward, Score

__all__ = [
    "Combination",
    "Member",
    "OnePart",
    "PartScore",
    "as_reward",
    "blamed",
    "first_fault",
    "flat_parts",
    "replace_responses",
]


@dataclass(frozen=True)
class Member:
    """A part of a combination.

    `weight` scales it; an `optional` part that cannot be scored is left out; ``when={"has": NAME}``
    (or a list of names) leaves it out of the groups that lack the column.
    """

    reward: Reward
    weight: float = 1.0
    optional: bool = False
    when: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        as_reward(self.reward, "a part")
        if not isinstance(self.weight, int | float) or not math.isfinite(self.weight):
            raise ConfigError(f"weight: expected a finite number, found {clipped(self.weight)}")
        when: Mapping[str, Any] = {} if self.when is None else self.when
        if not isinstance(when, Mapping) or set(when) - {"has"}:
            raise ConfigError(f"when: it takes {{has: COLUMN}}, found {clipped(self.when)}")
        if not all(isinstance(name, str) for name in self._names()):
            raise ConfigError(f"when: has takes a column or a list of them, found {self.when}")

    def applies(self, group: Group) -> bool:
        """Whether this part judges the group: each column, or an alias of it, is there."""
        column_sets = [group.columns, *(r.columns for r in group.responses)]
        return all(
            any(
                columns.get(source) is not None
                for source in _places_of(name)
                for columns in column_sets
            )
            for name in self._names()
        )

    def _names(self) -> Sequence[Any]:
        names: Any = () if self.when is None else self.when.get("has", ())
        return cast("Sequence[Any]", names) if isinstance(names, list | tuple) else (names,)


def _places_of(name: str) -> Sequence[str]:
    """The columns that may provide an input, with its list of acceptable values."""
    return (*sources_of(name), LISTS[name]) if name in LISTS else sources_of(name)


class Combination:
    """What all combinations share: traits taken from their parts, and a repr one can type."""

    spelled: str

    def _rewards(self) -> Sequence[Any]:
        raise NotImplementedError

    @property
    def relative(self) -> bool:
        """Whether a score depends on the rivals."""
        return any(reward.relative for reward in self._rewards())

    @property
    def deterministic(self) -> bool:
        """Whether equal inputs give equal scores."""
        return all(reward.deterministic for reward in self._rewards())

    @property
    def cpu_bound(self) -> bool:
        """Whether the work is Python on this machine's processor."""
        return all(reward.cpu_bound for reward in self._rewards())

    @property
    def in_flight(self) -> int:
        """How many groups can usefully be scored at a time (1: one batch after the other)."""
        return max(map(offers.in_flight_of, self._rewards()), default=1)

    @property
    def retries_itself(self) -> bool:
        """Whether a system fault of a part has been tried again, and paid for, already."""
        return any(map(offers.retries_itself, self._rewards()))

    @property
    def is_judge(self) -> bool:
        """Whether a language model's verdicts are behind a part."""
        return any(map(offers.is_judge, self._rewards()))

    def stop(self) -> None:
        """Ends what the parts have in flight."""
        for reward in self._rewards():
            offers.stop(reward)

    @property
    def fault_value(self) -> float:
        """What a response earns that made itself impossible to score; NaN where undeclared."""
        return math.nan

    def __repr__(self) -> str:
        first, *rest = fields(self)  # type: ignore[arg-type]
        args = [repr(getattr(self, first.name))]
        for f in rest:
            value = getattr(self, f.name)
            if value != f.default:
                args.append(f"{f.name}={value!r}")
        return f"{self.spelled}({', '.join(args)})"

    def children(self, group: Group) -> Iterator[Child]:
        """The parts that judge this group."""
        raise NotImplementedError


class PartScore(NamedTuple):
    """One part's score of one response."""

    name: str
    weight: float
    optional: bool
    score: Score


def first_fault(row: Sequence[PartScore]) -> tuple[Fault | None, str | None]:
    """The fault of the whole: that of a part that forces NaN, before one that has a value."""
    faulty = [p for p in row if p.score.error is not None]
    faulty.sort(key=lambda p: (p.score.is_scored, p.optional))
    if not faulty:
        return None, None
    errors = "; ".join(f"{p.name}: {p.score.error}" for p in faulty)
    return faulty[0].score.fault, errors


def flat_parts(row: Sequence[PartScore]) -> dict[str, float]:
    """The values of parts and, as ``part/name``, of the parts within them."""
    parts: dict[str, float] = {}
    for part in row:
        parts[part.name] = part.score.value
        for name, value in part.score.parts.items():
            parts[f"{part.name}/{name}"] = value
    return parts


@dataclass(frozen=True, repr=False)
class OnePart(Combination):
    reward: Reward

    def __post_init__(self) -> None:
        as_reward(self.reward, self.spelled)

    def _rewards(self) -> Sequence[Reward]:
        return [self.reward]

    def children(self, group: Group) -> Iterator[Child]:
        yield Child("reward", None, self.reward, group)


def as_reward(value: Any, name: str) -> Reward:
    if not offers.is_reward(value):
        raise ConfigError(f"{name} must be a Reward, found {clipped(value)}; make one with load()")
    return value


def blamed(reward: Reward, sign: float, score: Score | None = None) -> Score:
    """The score of a response at fault, at the end of the range that counts against it."""
    score = Score(fault_value(reward), fault="response") if score is None else score
    if sign >= 0:
        return score
    return replace(score, value=offers.fault_high(reward))


def replace_responses(group: Group, responses: Sequence[Response]) -> Group:
    """The same group (same id) with other responses."""
    return Group(group.prompt, responses, group.columns, group.key)
