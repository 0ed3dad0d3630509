"""The length penalties of OpenRLHF (openrlhf/trainer/ppo_utils/length_penalty.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from plaudit.errors import ConfigError, DataError, clipped
from plaudit.offers import is_judge, is_reward
from plaudit.rules.length import _soft_overlong
from plaudit.types import Child, Group, Range, Response, Reward, Score

__all__ = ["overlong_penalty", "stop_properly_penalty"]

EXAMPLES = {
    "overlong_penalty": {"params": {"max_new_tokens": 200, "overlong_buffer_len": 50}},
    "stop_properly_penalty": {
        "params": {"reward": {"use": "rules.baseline.length"}, "stop_properly_penalty_coef": 0.5}
    },
}


def overlong_penalty(
    token_ids: Sequence[int],
    *,
    max_new_tokens: int,
    overlong_buffer_len: int,
    overlong_penalty_factor: float = 1.0,
) -> Annotated[float, Range(-float("inf"), 0)]:
    """0 up to the buffer, then falling in a line to ``-overlong_penalty_factor``, the floor.

    ``-min(L - (max_new_tokens - B), B) / B * factor`` above the buffer; it is added to the reward.

    >>> overlong_penalty([1] * 200, max_new_tokens=100, overlong_buffer_len=20)
    -1.0
    """
    if not 0 < overlong_buffer_len <= max_new_tokens:
        raise ConfigError(
            f"needs 0 < overlong_buffer_len <= max_new_tokens, found {overlong_buffer_len} and"
            f" {max_new_tokens}"
        )
    length = len(token_ids)
    return overlong_penalty_factor * _soft_overlong(length, max_new_tokens, overlong_buffer_len)


def stop_properly_penalty(reward: Reward, *, stop_properly_penalty_coef: float) -> Reward:
    """The value of `reward`, changed where the response was cut by its length limit.

    A coefficient from 0 to 1 multiplies the value of a cut response (which lifts a negative one), a
    negative coefficient replaces it. Cut is what has ``finish_reason == "length"``. The penalty of
    ProRL (arXiv 2505.24864) as OpenRLHF has it.

    Raises: DataError where a response has no finish_reason.

    >>> from plaudit import Group, Response, load
    >>> params = {"reward": load("rules.baseline.length"), "stop_properly_penalty_coef": -0.5}
    >>> cut = load("rules.compat.openrlhf.stop_properly_penalty", **params)
    >>> cut.score([Group("?", [Response("four", finish_reason="length")])])[0][0].value
    -0.5
    """
    if not stop_properly_penalty_coef <= 1:
        raise ConfigError(
            f"stop_properly_penalty_coef={stop_properly_penalty_coef} must not exceed 1"
        )
    if not is_reward(reward):
        raise ConfigError(
            f"stop_properly_penalty: reward must be a Reward, found {clipped(reward)}"
        )
    return _StopProperly(reward, stop_properly_penalty_coef)


@dataclass(frozen=True, repr=False)
class _StopProperly:
    reward: Reward
    coef: float

    @property
    def relative(self) -> bool:
        return self.reward.relative

    @property
    def deterministic(self) -> bool:
        return self.reward.deterministic

    @property
    def cpu_bound(self) -> bool:
        return self.reward.cpu_bound

    @property
    def is_judge(self) -> bool:
        return is_judge(self.reward)

    def __repr__(self) -> str:
        return (
            f"load('rules.compat.openrlhf.stop_properly_penalty', reward={self.reward!r},"
            f" stop_properly_penalty_coef={self.coef!r})"
        )

    def children(self, group: Group) -> Iterator[Child]:
        """The reward whose values are changed."""
        yield Child("reward", None, self.reward, group)

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response; `parts` says whether it was truncated."""
        return [
            [self._changed(g, r, s) for r, s in zip(g.responses, scores, strict=True)]
            for g, scores in zip(groups, self.reward.score(groups), strict=True)
        ]

    def _changed(self, group: Group, response: Response, score: Score) -> Score:
        if response.finish_reason is None:
            raise DataError(
                "the response has no finish_reason, which says whether it was truncated",
                where=f"row {group.key}",
                field="finish_reason",
            )
        is_cut = response.finish_reason == "length"
        parts = {**score.parts, "cut": float(is_cut)}
        if not is_cut or not score.is_scored:
            return replace(score, parts=parts)
        value = self.coef if self.coef < 0 else score.value * self.coef
        return replace(score, value=value, parts=parts)
