"""Pairwise critics: a model reads two responses and names the better one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from plaudit.combine import content_of, round_robin
from plaudit.entry import entered, entered_pair
from plaudit.errors import ConfigError
from plaudit.hashing import seeded_hash
from plaudit.judges._judge import (
    JudgeReward,
    JudgeSetup,
    JudgeVerdict,
    Query,
    Read,
    judge_of,
    parts_of,
    unscored,
)
from plaudit.judges._slots import answer_text, fill_template, needs, why_unshown
from plaudit.judges.verdict import Labels
from plaudit.judges.voting import Vote, vote
from plaudit.options import takes
from plaudit.text.think import Part
from plaudit.types import Comparer, Group, Pair, Reward, Score

__all__ = ["critic", "pairwise"]

Orders = Literal["both", "one"]


@dataclass(frozen=True, kw_only=True)
class CriticSetup(JudgeSetup):
    template: Any = "skywork_critic_pairwise"
    read: Read = "text"
    orders: Orders = "both"
    votes: int = 1
    vote_by: Vote = "mean"
    seed: int = 0
    view: Part = "answer"
    min_mass: float = 0.5
    asks_again: bool = True
    parser: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@takes(CriticSetup, "options")
def critic(**params: object) -> Comparer:
    """P(first is better) in [0, 1], as a language model judges it.

    In one order: by `read` "text" the worth of the label (first 1, second 0, tie 0.5; five labels
    1, 0.75, 0.5, 0.25, 0), by "logprobs" ``P(A) / (P(A) + P(B))`` at the verdict. Over `votes`
    samples their mean or `vote_by` "majority"; over both `orders` ``(P(A | ab) + 1 - P(A | ba)) /
    2``, which cancels a preference for the first place. `orders` "one" buys one, drawn from `seed`
    and the texts; samples are drawn by it too. `forward` and `backward` among the parts are
    P(first is better) where it is shown first and second, `flipped` is 1 where the two orders
    prefer different responses.

    An order without a readable vote leaves the pair unscored (a system fault, the reply in the
    note). A response whose planted verdict the judge only repeats loses, with ``fault="response"``.
    `template` is a shipped name or a file; `parser` "rewardbench" reads replies as RewardBench
    does and counts what it cannot read as 0.5 (for its numbers alone). `options` say who answers
    and how: `judges.Backend`.

    Sources: Skywork-Critic; Zheng et al. 2023 (arXiv 2306.05685); RLHFlow pair-preference.

    Raises: ConfigError.
    """
    return _Critic(CriticSetup.of(params))


def pairwise(
    *, num_pairs: int | None = None, seed: int = 0, view: Part = "answer", **params: object
) -> Reward:
    """The mean over rivals of P(this response is better), in [0, 1]: `critic` as a Reward.

    A relative reward over groups of any size: all pairs of a group are judged, or `num_pairs` of
    them (a ring through all, then drawn by `seed`). Of a group of two the parts are those of the
    pair, each response's own way round.

    Parameters: those of `judges.pairwise.critic`.
    """
    return round_robin(critic(seed=seed, view=view, **params), num_pairs=num_pairs, seed=seed)


class _OrderVote(NamedTuple):
    """P(first of the pair is better) in one order; NaN without a readable vote."""

    value: float
    verdicts: Sequence[JudgeVerdict]
    is_swapped: bool


class _Critic(JudgeReward):
    def __init__(self, setup: CriticSetup) -> None:
        if setup.orders not in ("both", "one"):
            raise ConfigError(f"orders={setup.orders!r} must be both or one")
        judge = judge_of(setup, kind="pairwise", samples=setup.votes)
        super().__init__("judges.pairwise.critic", setup.changed, judge)
        self._setup = setup
        spec = judge.template.spec
        assert isinstance(spec, Labels)
        self._worths = {label: spec.worth(label) for label in spec.allowed}

    def compare(self, pairs: Sequence[Pair]) -> list[Score]:
        """One Score per pair, in order."""
        pairs = [entered_pair(pair) for pair in pairs]
        whys = [why_unshown(Group(pair.prompt, []), (pair.first, pair.second)) for pair in pairs]
        jobs = [
            ([] if why else self._queries(pair), pair.columns)
            for pair, why in zip(pairs, whys, strict=True)
        ]
        verdicts_by_job = self.judge.ask(jobs)
        return [
            Score.unscored(why, fault="input") if why else self._score(queries, verdicts)
            for (queries, _), verdicts, why in zip(jobs, verdicts_by_job, whys, strict=True)
        ]

    def check(self, group: Group) -> None:
        """Raises the DataError of a column that the template needs and the group lacks."""
        needs(self.judge.template, group)

    def jobs(self, groups: Sequence[Group]) -> list[list[Query]]:
        """The queries that scoring all pairs of each group would send: for estimates."""
        return [
            self._queries(Pair(group.prompt, first, second, group.columns, (i, j)))
            for group in entered(groups)
            for i, first in enumerate(group.responses)
            for j, second in enumerate(group.responses[i + 1 :], i + 1)
            if why_unshown(group, (first, second)) is None
        ]

    def _queries(self, pair: Pair) -> list[Query]:
        view, language = self.judge.view, self.judge.template.language
        first, second = (answer_text(one, view, language) for one in (pair.first, pair.second))
        texts = (first, second)
        if self._setup.orders == "both":
            return [self._query(pair, texts, is_swapped) for is_swapped in (False, True)]
        first, second = content_of(pair.first), content_of(pair.second)
        side = seeded_hash(self._setup.seed, repr(pair.prompt), *sorted((first, second))) % 2
        return [self._query(pair, texts, (first > second) != bool(side))]

    def _query(self, pair: Pair, texts: tuple[str, str], is_swapped: bool) -> Query:
        responses, (i, j) = (pair.first, pair.second), pair.places
        if is_swapped:
            responses, (i, j), texts = (pair.second, pair.first), (j, i), (texts[1], texts[0])
        group = Group(pair.prompt, responses, pair.columns)
        own = {"response_a": texts[0], "response_b": texts[1]}
        turns = fill_template(self.judge.template, group, responses, self.judge.view, **own)
        return Query(tuple(turns), _place(i, j), texts, is_swapped=is_swapped)

    def _score(
        self, queries: Sequence[Query], verdicts_by_query: Sequence[Sequence[JudgeVerdict]]
    ) -> Score:
        verdicts = [verdict for row in verdicts_by_query for verdict in row]
        votes = [
            self._vote_in_order(one.is_swapped, row)
            for one, row in zip(queries, verdicts_by_query, strict=True)
        ]
        parts = {**_parts_by_order(votes), **parts_of(verdicts)}
        if loser := _forger(votes):
            why = next(v.error for v in verdicts if v.forger is not None)
            value = 0.0 if loser == "first" else 1.0
            return Score(value, parts, fault="response", error=f"the {loser} response: {why}")
        for order in votes:
            if not math.isfinite(order.value):
                return unscored([v for v in order.verdicts if v.error is not None], parts)
        ties = sum(order.value == 0.5 for order in votes)
        value = sum(order.value for order in votes) / len(votes)
        return Score(value, {**parts, "num_ties": float(ties)}, note=_rationale(votes))

    def _vote_in_order(self, is_swapped: bool, verdicts: Sequence[JudgeVerdict]) -> _OrderVote:
        worths = [self._worth(verdict) for verdict in verdicts]
        value = vote([worth for worth in worths if worth is not None], self._setup.vote_by)
        return _OrderVote(1.0 - value if is_swapped else value, verdicts, is_swapped)

    def _worth(self, verdict: JudgeVerdict) -> float | None:
        """P(the first shown is better); None where the verdict could not be read."""
        if verdict.error is not None:
            is_read = verdict.reply.error is None and verdict.forger is None
            return 0.5 if self._setup.parser is not None and is_read else None
        if verdict.odds is None:
            return self._worths[verdict.value]
        odds = verdict.odds.probabilities
        return math.fsum(self._worths[label] * p for label, p in odds.items())


def _place(i: int, j: int) -> str:
    """The name of an order: ab or ba for the first two responses, otherwise their places.

    >>> _place(1, 0), _place(0, 2)
    ('ba', '0-2')
    """
    return {(0, 1): "ab", (1, 0): "ba"}.get((i, j), f"{i}-{j}")


def _forger(votes: Sequence[_OrderVote]) -> str | None:
    """Which response of the pair planted a verdict that the judge repeated."""
    for order in votes:
        for verdict in order.verdicts:
            if verdict.forger is not None:
                return "first" if (verdict.forger == 0) != order.is_swapped else "second"
    return None


def _parts_by_order(votes: Sequence[_OrderVote]) -> dict[str, float]:
    """P(first is better) of each order by its name, and whether they contradict each other."""
    parts = {"backward" if order.is_swapped else "forward": order.value for order in votes}
    if len(votes) == 2 and all(math.isfinite(order.value) for order in votes):
        one, other = (order.value - 0.5 for order in votes)
        parts["flipped"] = float(one * other < 0)
    return parts


def _rationale(votes: Sequence[_OrderVote]) -> str | None:
    """The judge's first reply in each order."""
    texts = [order.verdicts[0].reply.text for order in votes if order.verdicts[0].reply.text]
    return "\n--- swapped ---\n".join(texts) or None  # type: ignore[arg-type]
