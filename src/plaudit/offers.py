"""What rewards offer besides their traits, and what holds where they offer nothing.

The one place that looks for attributes which a reward need not have: a reward of one's own may
offer any of them. Those that belong together are the protocols of `plaudit.types`.
"""

# pyright: reportUnnecessaryIsInstance=false
# (what users pass is checked, whatever its type says)

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeGuard, cast

from plaudit.types import Checking, Child, Comparer, Composite, Described, Group, Reward

__all__ = [
    "check",
    "children_of",
    "comparer_of",
    "facts_of",
    "fault_high",
    "fault_value",
    "in_flight_of",
    "is_comparer",
    "is_judge",
    "is_reward",
    "jurors_of",
    "lowest_of",
    "parts_of",
    "retries_itself",
    "spelling_of",
    "stop",
    "tolerance_of",
]


def is_reward(candidate: object) -> TypeGuard[Reward]:
    """Whether an object scores groups: what a combination takes as a part.

    >>> from plaudit import load
    >>> is_reward(load("rules.baseline.length")), is_reward("rules.baseline.length")
    (True, False)
    """
    return callable(getattr(candidate, "score", None))


def is_comparer(candidate: object) -> TypeGuard[Comparer]:
    """Whether an object compares pairs: what `combine.round_robin` takes."""
    return callable(getattr(candidate, "compare", None))


def is_judge(reward: Reward | Comparer) -> bool:
    """Whether the scores are verdicts of a language model, in whole or in part.

    Judges say so of themselves, combinations if one of their parts is one.
    """
    return getattr(reward, "is_judge", False)


def lowest_of(reward: Reward | Comparer) -> float:
    """The low end of the scale on which a judge rates; NaN of others."""
    return getattr(reward, "lowest", math.nan)


def in_flight_of(reward: Reward | Comparer) -> int:
    """How many groups may usefully be in flight; 1 where the reward waits for nobody."""
    return getattr(reward, "in_flight", 1)


def retries_itself(reward: Reward | Comparer) -> bool:
    """Whether the reward has retried system faults already."""
    return getattr(reward, "retries_itself", False)


def stop(reward: Reward | Comparer) -> None:
    """Cancels what the reward has in flight, if anything."""
    end = getattr(reward, "stop", None)
    if end is not None:
        end()


def check(reward: Reward | Comparer, group: Group) -> None:
    """Raises the DataError of what the reward cannot read in the group, if it can tell."""
    if isinstance(reward, Checking):
        reward.check(group)


def children_of(reward: Reward, group: Group) -> list[Child]:
    """The parts that judge the group; none where the reward is not made of others.

    Raises: DataError where no part takes the group.
    """
    return list(reward.children(group)) if isinstance(reward, Composite) else []


def parts_of(reward: Reward) -> Mapping[str, object]:
    """The parts of a combination by name, those included that do not judge every group."""
    parts: object = getattr(reward, "parts", None)
    return cast("Mapping[str, object]", parts) if isinstance(parts, Mapping) else {}


def spelling_of(reward: Reward) -> str:
    """The name of a combination, as "weighted"; "" for every other reward."""
    return getattr(reward, "spelled", "")


def comparer_of(reward: Reward | Comparer) -> Reward | Comparer:
    """The comparer inside of a `combine.round_robin`; any other reward itself."""
    return getattr(reward, "comparer", reward)


def jurors_of(reward: Reward) -> Sequence[Reward]:
    """The jurors of a jury; any other reward by itself."""
    return getattr(reward, "jurors", (reward,))


def facts_of(reward: object) -> Mapping[str, object]:
    """What a model or a judge says of itself: files, template, dtype; nothing of others."""
    facts: object = reward.facts if isinstance(reward, Described) else {}
    return cast("Mapping[str, object]", facts) if isinstance(facts, Mapping) else {}


def fault_value(reward: object) -> float:
    """The value that `reward` declares for a response that made itself impossible to score.

    NaN where it declares none.
    """
    return getattr(reward, "fault_value", math.nan)


def fault_high(reward: Reward | Comparer) -> float:
    """The same where a negative weight turns the best value into the worst."""
    return getattr(reward, "fault_high", math.nan)


def tolerance_of(reward: Reward | Comparer, default: float) -> float:
    """How far a score may move by rounding when its group is split, as a model says."""
    return getattr(reward, "tolerance", default)
