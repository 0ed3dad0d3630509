"""Judges of one response at a time: a group is one job, and each response has its own votes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from plaudit.entry import entered
from plaudit.errors import ConfigError
from plaudit.judges._judge import (
    Judge,
    JudgeReward,
    JudgeSetup,
    JudgeVerdict,
    Query,
    parts_of,
    unscored,
)
from plaudit.judges._slots import answer_text, fill_template, needs, why_unshown
from plaudit.judges.voting import best_rated, spread, vote
from plaudit.text.think import part_of
from plaudit.types import Group, Response, Score

__all__ = ["EachResponse"]


class EachResponse(JudgeReward):
    """An absolute reward: `value` turns each verdict into a number, a vote makes the score.

    `is_empty` tells whether a response has no answer; it then gets `on_response_fault` without
    a call.
    """

    def __init__(
        self,
        path: str,
        setup: JudgeSetup,
        judge: Judge,
        *,
        value: Callable[[JudgeVerdict], float],
        on_response_fault: float,
        is_empty: Callable[[str, Group], bool] | None = None,
    ) -> None:
        super().__init__(path, setup.changed, judge)
        self.fault_value = float(on_response_fault)
        self._setup, self._value, self._is_empty = setup, value, is_empty
        if setup.meta is not None and judge.samples < 2:
            raise ConfigError("meta chooses among judgments: samples must be 2 or more")

    def check(self, group: Group) -> None:
        """Raises the DataError of a column that the template needs and the group lacks."""
        needs(self.judge.template, group)
        self._columns(group)

    def _columns(self, group: Group) -> Mapping[str, object]:
        """The group's columns, its recorded replies one for each response."""
        places = [str(n) for n in range(len(group.responses))]
        return self.judge.aligned(group.columns, places, f"row {group.key}")

    def jobs(self, groups: Sequence[Group]) -> list[list[Query]]:
        """The queries that scoring the groups would send."""
        return [self._queries(group) for group in entered(groups)]

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response.

        Raises: DataError where a column of the template is missing.
        """
        groups = entered(groups)
        jobs = [(self._queries(group), self._columns(group)) for group in groups]
        verdicts_by_job = self.judge.ask(jobs)
        return [
            self._scores(group, queries, verdicts)
            for group, (queries, _), verdicts in zip(groups, jobs, verdicts_by_job, strict=True)
        ]

    def _queries(self, group: Group) -> list[Query]:
        return [
            self._query(group, response, str(n))
            for n, response in enumerate(group.responses)
            if not self._has_no_answer(response, group) and why_unshown(group, (response,)) is None
        ]

    def _query(self, group: Group, response: Response, place: str) -> Query:
        template, view = self.judge.template, self.judge.view
        text = answer_text(response, view, template.language)
        turns = fill_template(template, group, (response,), view, response=text)
        return Query(tuple(turns), place, (text,))

    def _has_no_answer(self, response: Response, group: Group) -> bool:
        if self._is_empty is None or (
            response.messages and response.messages[-1].get("tool_calls")
        ):
            return False
        return self._is_empty(part_of(response.text, self.judge.view), group)

    def _scores(
        self, group: Group, queries: Sequence[Query], verdicts_by_query: Any
    ) -> list[Score]:
        by_place = {
            one.place: (one, verdicts)
            for one, verdicts in zip(queries, verdicts_by_query, strict=True)
        }
        scores = []
        for n, response in enumerate(group.responses):
            if str(n) in by_place:
                scores.append(self._score(*by_place[str(n)]))
            elif (why := why_unshown(group, (response,))) is not None:
                scores.append(Score.unscored(why, fault="input"))
            else:
                note = "no answer: the response says nothing, so the judge was not called"
                scores.append(Score(self.fault_value, note=note))
        return scores

    def _score(self, query: Query, verdicts: Sequence[JudgeVerdict]) -> Score:
        parts = parts_of(verdicts)
        forged = next((v for v in verdicts if v.forger is not None), None)
        if forged is not None:
            return Score(self.fault_value, parts, fault="response", error=forged.error)
        read = [verdict for verdict in verdicts if verdict.error is None]
        if not read:
            return unscored(verdicts, parts)
        values = [self._value(verdict) for verdict in read]
        if self._setup.meta is not None:
            values = self._best_rated(query, read, values)
            parts["num_kept"] = float(len(values))
        if len(values) > 1:
            parts["spread"] = spread(values)
        value = vote(values, self._setup.vote_by)
        if not math.isfinite(value):
            return unscored(verdicts, parts)
        return Score(value, parts, note=read[0].reply.text)

    def _best_rated(
        self, query: Query, read: Sequence[JudgeVerdict], values: list[float]
    ) -> list[float]:
        """The values of the judgments that the meta reward rates best."""
        assert self._setup.meta is not None
        texts = [verdict.reply.text or "" for verdict in read]
        rated = self._setup.meta.score([Group(query.turns, texts)])[0]  # type: ignore[arg-type]
        count = self._setup.num_kept or max(1, self.judge.samples // 2)
        return best_rated(values, [score.value for score in rated], count)
