"""Why a group got its scores: the tree of parts, each with its own scores and time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from plaudit import offers
from plaudit.combine import Member
from plaudit.errors import DataError
from plaudit.types import Child, Group, Reward, Score

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True)
class Explanation:
    """One node of the tree: a reward and what it gave to each response of its group.

    `group` is what the reward was given (a view's child sees a part of each response). `seconds`
    is the time of a leaf, and for a combination the sum over its parts. Where the row lacks what
    the reward reads, `scores` is empty and `error` says so; a part that does not apply to the row
    has neither.
    """

    name: str
    weight: float | None
    reward: Reward
    group: Group
    scores: tuple[Score, ...]
    seconds: float
    error: DataError | None = None
    children: tuple[Explanation, ...] = ()

    @property
    def is_applicable(self) -> bool:
        """Whether the part judges this row (`when` may leave it out)."""
        return bool(self.scores or self.error or not self.group.responses)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Explanation]]:
        """This node and all below it, with their depths, from top to bottom."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


def explain(reward: Reward, group: Group, *, name: str = "reward") -> Explanation:
    """The tree of parts behind the scores of a group.

    Each part is scored by itself, so what fails in one does not hide the others.

    >>> from plaudit import build
    >>> parts = {"long": {"use": "rules.baseline.length", "weight": 0.5}}
    >>> tree = explain(build({"use": "combine.weighted", "parts": parts}), Group("hi", ["four"]))
    >>> [(depth, node.name, node.weight, node.scores[0].value) for depth, node in tree.walk()]
    [(0, 'reward', None, 2.0), (1, 'long', 0.5, 4.0)]
    """
    return _explained(Child(name, None, reward, group))


def _explained(child: Child) -> Explanation:
    reward, group = child.reward, child.group
    children, error = _children(reward, group)
    began = time.perf_counter()
    scores: tuple[Score, ...] = ()
    try:
        scores = tuple(reward.score([group])[0])
    except DataError as data_error:
        error = data_error
    seconds = time.perf_counter() - began
    if children:
        seconds = sum(part.seconds for part in children)
    return Explanation(
        child.name, child.weight, reward, group, scores, seconds, error, tuple(children)
    )


def _children(reward: Reward, group: Group) -> tuple[list[Explanation], DataError | None]:
    """The parts that judge the group, then those that do not apply to it."""
    try:
        children = [_explained(child) for child in offers.children_of(reward, group)]
    except DataError as error:  # a route without a branch for this row
        return [], error
    names = {part.name for part in children}
    left_out = [
        Explanation(name, member.weight, member.reward, group, (), 0.0)
        for name, member in offers.parts_of(reward).items()
        if isinstance(member, Member) and name not in names
    ]
    return children + left_out, None
