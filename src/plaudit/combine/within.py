"""One part, scored within its group or on a part of each response: normalise and view."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from plaudit.combine.core import (
    OnePart,
    replace_responses,
)
from plaudit.entry import entered
from plaudit.errors import ConfigError
from plaudit.offers import fault_value, lowest_of
from plaudit.text.think import Part, part_of
from plaudit.types import Child, Group, Response, Reward, Score

__all__ = ["normalise", "view", "z_scores"]


@dataclass(frozen=True, repr=False)
class _Normalise(OnePart):
    ddof: int = 1
    spelled = "normalise"
    relative = True  # type: ignore[assignment]

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """Each value less the group's mean, over the group's standard deviation."""
        return [self._normalised(scores) for scores in self.reward.score(groups)]

    def _normalised(self, scores: Sequence[Score]) -> list[Score]:
        values = [s.value for s in scores if s.is_scored]
        if len(values) < 2:
            error = f"normalise needs two scored responses in the group, found {len(values)}"
            lone = Score.unscored(error, fault="input")
            return [lone if s.is_scored else s for s in scores]
        standardised = iter(z_scores(values, ddof=self.ddof))
        return [replace(s, value=next(standardised)) if s.is_scored else s for s in scores]


def z_scores(values: Sequence[float], *, ddof: int, eps: float = 0.0) -> list[float]:
    """``(value - mean) / (std + eps)`` of two or more finite numbers; 0 where all are equal."""
    size = 2.0 ** (math.frexp(max(map(abs, values)))[1] - 1)  # exact; no sum can overflow
    scaled = [value / size for value in values]
    centre = statistics.fmean(scaled)
    spread = statistics.stdev(scaled) if ddof else statistics.pstdev(scaled)
    scale = spread + eps / size
    return [(value - centre) / scale if spread > 0 else 0.0 for value in scaled]


def normalise(reward: Reward, *, ddof: int = 1) -> Reward:
    """``(value - group mean) / group std``, as GRPO's advantage; 0 where all are equal.

    `ddof` 1 is the sample standard deviation (torch's default, as TRL uses), 0 the population's.
    """
    if ddof not in (0, 1):
        raise ConfigError(f"normalise: ddof={ddof} must be 0 or 1")
    return _Normalise(reward, ddof)


@dataclass(frozen=True, repr=False)
class _View(OnePart):
    part: Part = "answer"
    tag: str = "auto"
    spelled = "view"

    @property
    def fault_value(self) -> float:
        """The inner reward's."""
        return fault_value(self.reward)

    @property
    def lowest(self) -> float:
        """The inner reward's, where it rates on a scale; else NaN."""
        return lowest_of(self.reward)

    def children(self, group: Group) -> Iterator[Child]:
        yield Child(f"view of the {self.part}", None, self.reward, self._viewed(group))

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """The inner scores of the chosen part of every response; step spans refer to that part."""
        return self.reward.score([self._viewed(group) for group in groups])

    def _viewed(self, group: Group) -> Group:
        if self.part == "all":
            return group
        group = entered([group])[0]
        cut = [self._cut(r) for r in group.responses]
        same = all(new is old for new, old in zip(cut, group.responses, strict=True))
        return group if same else replace_responses(group, cut)

    def _cut(self, response: Response) -> Response:
        text = part_of(response.text, self.part, tag=self.tag)
        if text == response.text:
            return response
        return replace(response, text=text, token_ids=None)


def view(reward: Reward, *, part: Part = "answer", tag: str = "auto") -> Reward:
    """Scores only the `part` of each response: "answer" (after the think block), "think" or "all".

    `tag` as in `plaudit.text.think.split`: "auto" knows the blocks of all model families. Token ids
    describe the whole response, so a part of it has none.

    >>> from plaudit import load
    >>> seen = view(load("rules.baseline.length"), part="answer")
    >>> seen.score([Group("2 + 2?", ["<think>easy</think>4"])])[0][0].value
    1.0
    """
    if part not in ("answer", "think", "all"):
        raise ConfigError(f"view: part={part!r} must be 'answer', 'think' or 'all'")
    return _View(reward, part, tag)
