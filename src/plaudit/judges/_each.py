"""Judges of one response at a time: the responses of a group are one job, each with its votes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from plaudit.entry import entered
from plaudit.errors import ConfigError
from plaudit.judges._judge import Asked, Judge, JudgeReward, JudgeSetup, Verdict, parts_of, unscored
from plaudit.judges._slots import answer_text, filled, needs, unshown
from plaudit.judges.voting import kept, spread, vote
from plaudit.think import part_of
from plaudit.types import Group, Response, Score

__all__ = ["EachResponse"]


class EachResponse(JudgeReward):
    """An absolute reward: `value` makes a number of each verdict, votes make the score.

    `is_empty` says of an answer to a group that it is none: it is worth `on_response_fault`
    unasked.
    """

    def __init__(
        self,
        path: str,
        setup: JudgeSetup,
        judge: Judge,
        *,
        value: Callable[[Verdict], float],
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

    def _columns(self, group: Group) -> Mapping[str, Any]:
        """The group's columns, its recorded replies one for each response."""
        places = [str(n) for n in range(len(group.responses))]
        return self.judge.aligned(group.columns, places, f"row {group.key}")

    def jobs(self, groups: Sequence[Group]) -> list[list[Asked]]:
        """What scoring the groups would ask."""
        return [self._asked(group) for group in entered(groups)]

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response.

        Raises: DataError where a column of the template is missing.
        """
        groups = entered(groups)
        jobs = [(self._asked(group), self._columns(group)) for group in groups]
        found = self.judge.ask(jobs)
        return [
            self._scores(group, asked, verdicts)
            for group, (asked, _), verdicts in zip(groups, jobs, found, strict=True)
        ]

    def _asked(self, group: Group) -> list[Asked]:
        judge = self.judge
        return [
            Asked(
                tuple(filled(judge.template, group, (response,), judge.view)), str(n),
                (answer_text(response, judge.view),),
            )
            for n, response in enumerate(group.responses)
            if not self._has_no_answer(response, group) and unshown(group, (response,)) is None
        ]  # fmt: skip

    def _has_no_answer(self, response: Response, group: Group) -> bool:
        if self._is_empty is None or (
            response.messages and response.messages[-1].get("tool_calls")
        ):
            return False
        return self._is_empty(part_of(response.text, self.judge.view), group)

    def _scores(self, group: Group, asked: Sequence[Asked], found: Any) -> list[Score]:
        by_place = {one.place: (one, verdicts) for one, verdicts in zip(asked, found, strict=True)}
        scores = []
        for n, response in enumerate(group.responses):
            if str(n) in by_place:
                scores.append(self._score(*by_place[str(n)]))
            elif (why := unshown(group, (response,))) is not None:
                scores.append(Score.unscored(why, fault="input"))
            else:
                told = "no answer: what stands there says nothing, and was not asked about"
                scores.append(Score(self.fault_value, note=told))
        return scores

    def _score(self, asked: Asked, verdicts: Sequence[Verdict]) -> Score:
        parts = parts_of(verdicts)
        forged = next((v for v in verdicts if v.forger is not None), None)
        if forged is not None:
            return Score(self.fault_value, parts, fault="response", error=forged.error)
        read = [verdict for verdict in verdicts if verdict.error is None]
        if not read:
            return unscored(verdicts, parts)
        values = [self._value(verdict) for verdict in read]
        if self._setup.meta is not None:
            values = self._chosen(asked, read, values)
            parts["num_kept"] = float(len(values))
        if len(values) > 1:
            parts["spread"] = spread(values)
        value = vote(values, self._setup.vote_by)
        if not math.isfinite(value):
            return unscored(verdicts, parts)
        return Score(value, parts, note=read[0].reply.text)

    def _chosen(self, asked: Asked, read: Sequence[Verdict], values: list[float]) -> list[float]:
        """The values of the judgments that the meta reward rates best."""
        assert self._setup.meta is not None
        texts = [verdict.reply.text or "" for verdict in read]
        rated = self._setup.meta.score([Group(asked.turns, texts)])[0]  # type: ignore[arg-type]
        count = self._setup.num_kept or max(1, self.judge.samples // 2)
        return kept(values, [score.value for score in rated], count)
