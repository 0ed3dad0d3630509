"""Listwise judges: a model reads all responses of a group at once."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plaudit.combine import content_of
from plaudit.entry import entered
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
from plaudit.judges.template import Template
from plaudit.judges.verdict import Labels, Scores
from plaudit.judges.voting import best_rated, mean, spread
from plaudit.options import takes
from plaudit.text.think import Part
from plaudit.types import Group, Response, Reward, Score

__all__ = ["listwise"]


@dataclass(frozen=True, kw_only=True)
class ListwiseSetup(JudgeSetup):
    template: Any = "grm_principles"
    read: Read = "text"
    permutations: int = 1
    votes: int = 1
    seed: int = 0
    meta: Reward | None = None
    num_kept: int | None = None
    view: Part = "answer"
    min_mass: float = 0.5
    asks_again: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)


@takes(ListwiseSetup, "options")
def listwise(**params: object) -> Reward:
    """What a judge of the whole list gives each response, averaged over orders and votes.

    With a template that scores each (DeepSeek-GRM, arXiv 2504.02495): the mean of its numbers, on
    the template's scale. With one that names the best (RewardBench 2's four-way): the share of
    orders and votes in which it was named, in [0, 1]; by `read` "logprobs" the mean of its
    probability. The responses are shown in `permutations` orders drawn from `seed` and the texts,
    never as they come (samples are drawn by `seed` too); of n orders for n responses each response
    occurs once in each place. `meta`, a Reward of judgments, keeps the best `num_kept` (default:
    half).

    A judgment that cannot be read is left out; with none left the group is unscored. A planted
    verdict that is only repeated earns its response the low end, ``fault="response"``. A relative
    reward. `options` say who answers and how: `judges.Backend`.

    Raises: ConfigError; scoring raises DataError for a column of the template that is missing.
    """
    return _Listwise(ListwiseSetup.of(params))


def _check_labels(template: Template) -> None:
    """Raises ConfigError for a list of another length than there are labels."""
    size = template.num_responses
    if isinstance(template.spec, Labels) and size not in (None, len(template.spec.allowed)):
        raise ConfigError(
            f"template {template.name!r}: {len(template.spec.allowed)} labels for {size} responses;"
            " give each response its label"
        )


class _Listwise(JudgeReward):
    relative = True

    def __init__(self, setup: ListwiseSetup) -> None:
        if setup.permutations < 1:
            raise ConfigError(f"permutations={setup.permutations} must be 1 or more")
        judge = judge_of(setup, kind="listwise", samples=setup.votes)
        _check_labels(judge.template)
        if setup.meta is not None and setup.permutations * setup.votes < 2:
            raise ConfigError(
                "meta chooses among judgments: permutations or votes must be 2 or more"
            )
        super().__init__("judges.listwise.listwise", setup.changed, judge)
        self._setup = setup

    @property
    def fault_value(self) -> float:
        """The value of a response that plants a verdict: the low end."""
        spec = self.judge.template.spec
        return float(spec.low) if isinstance(spec, Scores) else 0.0

    def check(self, group: Group) -> None:
        """Raises the DataError of a column that the template needs and the group lacks."""
        needs(self.judge.template, group)

    def jobs(self, groups: Sequence[Group]) -> list[list[Query]]:
        """The queries that scoring the groups would send."""
        groups = [group for group in entered(groups) if self._fits(group)]
        return [self._queries(group, self._orders(group)) for group in groups]

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response."""
        groups = entered(groups)
        orders = [self._orders(group) for group in groups]
        jobs = [
            (self._queries(group, order_list) if self._fits(group) else [], group.columns)
            for group, order_list in zip(groups, orders, strict=True)
        ]
        verdicts_by_job = self.judge.ask(jobs)
        return [
            self._scores(group, order_list, queries, verdicts)
            for group, order_list, (queries, _), verdicts in zip(
                groups, orders, jobs, verdicts_by_job, strict=True
            )
        ]

    def _orders(self, group: Group) -> list[list[int]]:
        """The orders in which the responses are shown, by their texts, not by their places.

        Each is a list of places in the group: rotations of a random order.
        """
        prompt, seed = repr(group.prompt), self._setup.seed
        texts = [content_of(response) for response in group.responses]
        rank = sorted(range(len(texts)), key=lambda i: seeded_hash(seed, prompt, texts[i]))
        rng = random.Random(seeded_hash(seed, prompt, *(texts[i] for i in rank)))
        orders: list[list[int]] = []
        while len(orders) < self._setup.permutations:
            order = rng.sample(rank, len(rank)) if orders else rank
            orders += [order[k:] + order[:k] for k in range(len(order) or 1)]
        return orders[: self._setup.permutations]

    def _fits(self, group: Group) -> bool:
        is_size = bool(group.responses) and self._group_size in (None, len(group.responses))
        return is_size and why_unshown(group, group.responses) is None

    @property
    def _group_size(self) -> int | None:
        """How many responses a group must have: as many as there are labels, or any number."""
        spec = self.judge.template.spec
        return len(spec.allowed) if isinstance(spec, Labels) else self.judge.template.num_responses

    def _queries(self, group: Group, orders: Sequence[Sequence[int]]) -> list[Query]:
        judge = self.judge
        queries = []
        for n, order in enumerate(orders):
            responses: list[Response] = [group.responses[i] for i in order]
            turns = fill_template(judge.template, group, responses, judge.view)
            count = len(responses) if isinstance(judge.template.spec, Scores) else None
            texts = tuple(answer_text(response, judge.view) for response in responses)
            queries.append(Query(tuple(turns), str(n), texts, count))
        return queries

    def _scores(
        self,
        group: Group,
        orders: Sequence[Sequence[int]],
        queries: Sequence[Query],
        verdicts_by_query: Sequence[Sequence[JudgeVerdict]],
    ) -> list[Score]:
        if not self._fits(group):
            num = len(group.responses)
            error = why_unshown(group, group.responses) or (
                f"the template judges {self._group_size} responses, the group has {num}"
            )
            return [Score.unscored(error, fault="input") for _ in group.responses]
        verdicts = [verdict for row in verdicts_by_query for verdict in row]
        places = [order for order, row in zip(orders, verdicts_by_query, strict=True) for _ in row]
        turns = [
            one.turns for one, row in zip(queries, verdicts_by_query, strict=True) for _ in row
        ]
        forgers = {
            order[v.forger]: v for v, order in zip(verdicts, places, strict=True)
            if v.forger is not None
        }  # fmt: skip
        read = [i for i, verdict in enumerate(verdicts) if verdict.error is None]
        values = [self._by_response(verdicts[i], places[i]) for i in read]
        values = self._best_rated(values, [(turns[i], verdicts[i]) for i in read])
        parts = parts_of(verdicts)
        note = verdicts[read[0]].reply.text if read else None
        return [
            self._score(i, forgers, [row[i] for row in values], verdicts, parts, note)
            for i in range(len(group.responses))
        ]

    def _by_response(self, verdict: JudgeVerdict, order: Sequence[int]) -> dict[int, float]:
        """The value that one judgment gives to each place in the group."""
        spec = self.judge.template.spec
        if not isinstance(spec, Labels):
            return {place: float(v) for place, v in zip(order, verdict.value, strict=True)}
        labels = spec.allowed
        if verdict.odds is not None:
            return {p: verdict.odds.probabilities[labels[n]] for n, p in enumerate(order)}
        return {p: float(labels[n] == verdict.value) for n, p in enumerate(order)}

    def _best_rated(self, values: list[dict[int, float]], judged: Sequence[Any]):
        if self._setup.meta is None or not values:
            return values
        groups = [Group(turns, [verdict.reply.text or ""]) for turns, verdict in judged]
        rated = [scores[0].value for scores in self._setup.meta.score(groups)]
        count = self._setup.num_kept or max(1, len(values) // 2)
        chosen = best_rated([float(n) for n in range(len(values))], rated, count)
        return [values[int(n)] for n in chosen]

    def _score(
        self,
        place: int,
        forgers: Mapping[int, JudgeVerdict],
        values: Sequence[float],
        verdicts: Sequence[JudgeVerdict],
        parts: Mapping[str, float],
        note: str | None,
    ) -> Score:
        if place in forgers:
            error = forgers[place].error
            return Score(self.fault_value, dict(parts), fault="response", error=error)
        value = mean(values)
        if not math.isfinite(value):
            return unscored(verdicts, dict(parts))
        own_parts = {**parts, "spread": spread(values)} if len(values) > 1 else dict(parts)
        return Score(value, own_parts, note=note)
