"""Several parts, each standardised within its group before they are summed: standardise_each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from plaudit.combine.core import Member, PartScore
from plaudit.combine.several import Parts, members
from plaudit.combine.within import z_scores
from plaudit.errors import ConfigError, DataError
from plaudit.types import Group, Reward, Score

__all__ = ["Whitening", "standardise_each"]

Whitening = Literal["none", "responses", "tokens"]
_VARIANCE_FLOOR = 1e-8  # verl, verl/utils/torch_functional.py, masked_whiten


@dataclass(frozen=True, repr=False)
class _StandardiseEach(Parts):
    ddof: int = 1
    eps: float = 1e-4
    whiten: Whitening = "none"
    spelled = "standardise_each"
    says_left_out = "left out, adds 0"
    relative = True  # type: ignore[assignment]

    @property
    def fault_value(self) -> float:
        """NaN: what a fault earns depends on the rivals."""
        return math.nan

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """The weighted sum of each part's z-scores; `parts` has them, and ``NAME/raw`` as scored.

        Raises: DataError where ``whiten="tokens"`` and a response has no token ids.
        """
        weights = [[self._weight(group, n) for n in range(len(group.responses))]
                   for group in groups]  # fmt: skip
        rows = [self._standardised(rows) for rows in self._part_scores(groups)]
        scores = [[self._join(row) for row in group] for group in rows]
        return scores if self.whiten == "none" else self._whitened(scores, weights)

    def _standardised(self, rows: Sequence[list[PartScore]]) -> list[list[PartScore]]:
        """The rows of one group, each part's values standardised over its scored members."""
        if not rows:
            return []
        columns = [self._standardised_part(column) for column in zip(*rows, strict=True)]
        return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in rows]

    def _standardised_part(self, column: Sequence[PartScore]) -> list[PartScore]:
        values = [part.score.value for part in column if part.score.is_scored]
        if len(values) < 2:
            return [part._replace(score=self._lone(part.score, len(values))) for part in column]
        standardised = iter(z_scores(values, ddof=self.ddof, eps=self.eps))
        return [
            part._replace(score=_standardised_score(part.score, next(standardised)))
            if part.score.is_scored
            else part
            for part in column
        ]

    def _lone(self, score: Score, count: int) -> Score:
        """The score of a part that too few members of the group have."""
        if not score.is_scored:
            return score
        error = f"{self.spelled} needs two scored responses in the group, found {count}"
        parts = {**score.parts, "raw": score.value}
        return Score.unscored(error, fault=score.fault or "input", parts=parts)

    def _value(self, scored: Sequence[PartScore]) -> float:
        return math.fsum(part.weight * part.score.value for part in scored)

    def _weight(self, group: Group, place: int) -> int:
        """How much a response counts in the whitening: 1, or its number of tokens."""
        if self.whiten != "tokens":
            return 1
        token_ids = group.responses[place].token_ids
        if token_ids is None:
            message = f"response {place} carries no token_ids, which whiten='tokens' weighs by"
            raise DataError(message, where=f"row {group.key}", field="token_ids")
        return len(token_ids)

    def _whitened(
        self, scores: list[list[Score]], weights: Sequence[Sequence[int]]
    ) -> list[list[Score]]:
        """The sums of the whole batch brought to mean 0 and standard deviation 1."""
        pairs = [
            (score.value, weight)
            for row, row_weights in zip(scores, weights, strict=True)
            for score, weight in zip(row, row_weights, strict=True)
            if score.is_scored
        ]
        if len(pairs) < 2 or sum(weight for _, weight in pairs) < 2:
            return [[self._alone(score) for score in row] for row in scores]
        centre, scale = self._batch_statistics(pairs)
        return [
            [
                replace(score, value=(score.value - centre) * scale) if score.is_scored else score
                for score in row
            ]
            for row in scores
        ]

    def _alone(self, score: Score) -> Score:
        if not score.is_scored:
            return score
        error = f"{self.spelled}: whitening needs two scored responses in the batch"
        return Score.unscored(error, fault="input", parts=score.parts)

    def _batch_statistics(self, pairs: Sequence[tuple[float, int]]) -> tuple[float, float]:
        """The batch's mean and what its deviations from it are multiplied by; 0 at no spread."""
        if len({value for value, _ in pairs}) == 1:
            return pairs[0][0], 0.0
        total = sum(weight for _, weight in pairs)
        centre = math.fsum(value * weight for value, weight in pairs) / total
        squares = math.fsum(weight * (value - centre) ** 2 for value, weight in pairs)
        variance = squares / (total - self.ddof)
        if self.whiten == "tokens":
            return centre, 1.0 / math.sqrt(variance + _VARIANCE_FLOOR)
        return centre, 1.0 / (math.sqrt(variance) + self.eps)


def _standardised_score(score: Score, value: float) -> Score:
    return replace(score, value=value, parts={**score.parts, "raw": score.value})


def standardise_each(
    parts: Mapping[str, Reward | Member],
    *,
    ddof: int = 1,
    eps: float = 1e-4,
    whiten: Whitening = "none",
) -> Reward:
    """The weighted sum of parts, each standardised within its group first: GDPO's advantage.

    ``A_i = sum_k w_k (r_ik - mean_k) / (std_k + eps)``, mean and standard deviation of part k over
    the group, so that no part drowns another by its scale (Liu et al. 2026, arXiv 2601.05242,
    eq. 4 to 6). `ddof` 1 is the sample standard deviation, 0 the population's. The score's `parts`
    have the z-score of each part under its name and the value as scored under ``NAME/raw``.

    `whiten` brings the sums of one call of `score`, the batch, to mean 0 and spread 1: "responses"
    by ``(A - mean) / (std + eps)``, "tokens" by ``(A - mean) / sqrt(var + 1e-8)``, where a response
    counts once a token. A whitened score depends on all groups of the call; hand over a training
    step at once. TRL's ``normalize_then_sum`` (trl/trainer/grpo_trainer.py) is ``ddof=1, eps=1e-4,
    whiten="responses"``, verl's GDPO (verl/trainer/ppo/core_algos.py) ``ddof=1, eps=1e-6,
    whiten="tokens"``.

    Unscored parts: statistics use the scored members; a part with fewer than two of them is
    unscored in that group, and one whose members are equal is 0. Where a part is unscored the sum
    is NaN with its reason, or, if the part is `optional`, the part adds 0 and the weights stay as
    they are. Either way no z-score of another part or another response changes; whitening alone
    joins all sums, and leaves out those that are NaN.

    Raises: ConfigError; scoring raises DataError where ``whiten="tokens"`` and token ids are
    missing.

    >>> from plaudit import load
    >>> parts = {"long": load("rules.baseline.length"), "flat": load("rules.baseline.constant")}
    >>> scores = standardise_each(parts, ddof=0, eps=0).score([Group("hi", ["a", "abc"])])[0]
    >>> [score.value for score in scores], scores[1].parts["long/raw"]
    ([-1.0, 1.0], 3.0)
    """
    if ddof not in (0, 1):
        raise ConfigError(f"standardise_each: ddof={ddof} must be 0 or 1")
    if isinstance(eps, str) or not 0 <= eps < math.inf:
        raise ConfigError(f"standardise_each: eps={eps!r} must be a finite number, 0 or more")
    if whiten not in ("none", "responses", "tokens"):
        raise ConfigError(
            f"standardise_each: whiten={whiten!r} must be 'none', 'responses' or 'tokens'"
        )
    return _StandardiseEach(members(parts), ddof, float(eps), whiten)
