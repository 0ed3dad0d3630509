"""Rubrics: each criterion is judged by itself and has a weight."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from plaudit.engines.text import clean
from plaudit.entry import entered
from plaudit.errors import ConfigError, DataError, clipped
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
from plaudit.judges._slots import answer_text, column_value, fill_template, needs, why_unshown
from plaudit.judges.verifier import yes_of
from plaudit.judges.voting import Vote, vote, weighted
from plaudit.options import takes
from plaudit.text.think import Part
from plaudit.types import Group, Reward, Score

__all__ = ["rubric"]

_TEXTS = ("criterion", "text", "description", "title", "name")


class Criterion(NamedTuple):
    """A criterion and its weight."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class RubricSetup(JudgeSetup):
    criteria: Sequence[object] | None = None
    template: Any = "rubric_checklist"
    read: Read = "text"
    votes: int = 1
    vote_by: Vote = "mean"
    view: Part = "answer"
    min_mass: float = 0.5
    asks_again: bool = True
    on_response_fault: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@takes(RubricSetup, "options")
def rubric(**params: object) -> Reward:
    """The weighted share of criteria that the response meets: ``sum w_j c_j / sum_{w_j>0} w_j``.

    In [0, 1] where no weight is negative (Gunjal et al. 2025, arXiv 2507.17746, explicit
    aggregation). `criteria` are texts, or mappings with `criterion` and `weight`; without them each
    row has its own in the column `rubric`. Each is one call, the criterion last, so that the text
    before it is read once where prefixes are cached; c_j is 1 or 0 by the reply, or P(Yes)
    by `read` "logprobs". The parts hold each c_j as `criterion_1`, `criterion_2`, ...

    A criterion without a readable verdict leaves the response unscored. A planted verdict that the
    judge only repeats earns `on_response_fault` (default: the low end, as if only what counts
    against it were met). A holistic rubric is a pointwise template with the slot {rubric}.
    `options` say who answers: `judges.Backend`.

    Raises: ConfigError; scoring raises DataError for a row without criteria.
    """
    return _Rubric(RubricSetup.of(params))


class _Rubric(JudgeReward):
    def __init__(self, setup: RubricSetup) -> None:
        judge = judge_of(setup, kind="rubric", samples=setup.votes)
        fixed = setup.criteria
        self._criteria = None if fixed is None else _criteria(fixed, "criteria", ConfigError)
        super().__init__("judges.rubric.rubric", setup.changed, judge)
        self._setup = setup

    @property
    def fault_value(self) -> float:
        """The value of a response that plants a verdict; NaN where each row has a rubric."""
        return math.nan if self._criteria is None else self._worst(self._criteria)

    def _worst(self, criteria: Sequence[Criterion]) -> float:
        if self._setup.on_response_fault is not None:
            return float(self._setup.on_response_fault)
        weights = [one.weight for one in criteria]
        return weighted([float(weight < 0) for weight in weights], weights)

    def check(self, group: Group) -> None:
        """Raises the DataError of a row without criteria, or without another column."""
        self._of(group)
        needs(self.judge.template, group)

    def jobs(self, groups: Sequence[Group]) -> list[list[Query]]:
        """The queries that scoring the groups would send."""
        return [self._queries(group) for group in entered(groups)]

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response. Raises: DataError for a row without criteria."""
        groups = entered(groups)
        jobs = [(self._queries(group), group.columns) for group in groups]
        verdicts_by_job = self.judge.ask(jobs)
        return [
            self._scores(group, verdicts)
            for group, verdicts in zip(groups, verdicts_by_job, strict=True)
        ]

    def _of(self, group: Group) -> Sequence[Criterion]:
        if self._criteria is not None:
            return self._criteria
        column = column_value(group, "rubric")
        return _criteria(column, f"row {group.key}: field 'rubric'", DataError)

    def _queries(self, group: Group) -> list[Query]:
        judge = self.judge
        return [
            Query(
                tuple(
                    fill_template(
                        judge.template, group, (response,), judge.view, criterion=one.text
                    )
                ),
                f"{n}:{j}",
                (answer_text(response, judge.view),),
            )
            for n, response in enumerate(group.responses)
            if why_unshown(group, (response,)) is None
            for j, one in enumerate(self._of(group))
        ]

    def _scores(
        self, group: Group, verdicts_by_query: Sequence[Sequence[JudgeVerdict]]
    ) -> list[Score]:
        criteria = self._of(group)
        rest, scores = iter(verdicts_by_query), []
        for response in group.responses:
            if (why := why_unshown(group, (response,))) is not None:
                scores.append(Score.unscored(why, fault="input"))
            else:
                scores.append(self._score(criteria, [next(rest) for _ in criteria]))
        return scores

    def _score(
        self, criteria: Sequence[Criterion], verdicts_by_query: Sequence[Sequence[JudgeVerdict]]
    ) -> Score:
        verdicts = [verdict for row in verdicts_by_query for verdict in row]
        values = [
            vote([yes_of(v) for v in row if v.error is None], self._setup.vote_by)
            for row in verdicts_by_query
        ]
        parts = {f"criterion_{j}": value for j, value in enumerate(values, 1)}
        parts |= parts_of(verdicts)
        forged = next((v for v in verdicts if v.forger is not None), None)
        if forged is not None:
            return Score(self._worst(criteria), parts, fault="response", error=forged.error)
        lost = next((j for j, value in enumerate(values) if not math.isfinite(value)), None)
        if lost is not None:
            score = unscored(verdicts_by_query[lost], parts)
            error = (
                f"criterion {lost + 1} ({clipped(criteria[lost].text, limit=60)}): {score.error}"
            )
            return Score(math.nan, parts, fault=score.fault, error=error, note=score.note)
        return Score(weighted(values, [one.weight for one in criteria]), parts)


def _criteria(column: object, place: str, error: type[Exception]) -> list[Criterion]:
    """The criteria in a list of texts or mappings. Raises `error`."""
    if isinstance(column, str):
        column = [line.strip(" -*\t") for line in column.splitlines() if line.strip(" -*\t")]
    if not isinstance(column, list | tuple) or not column:
        raise error(f"{place}: expected a list of criteria, found {clipped(column)}")
    criteria = [_criterion(item, f"{place}[{n}]", error) for n, item in enumerate(column)]
    if not any(one.weight > 0 for one in criteria):
        raise error(f"{place}: no criterion has a positive weight")
    return criteria


def _criterion(item: object, place: str, error: type[Exception]) -> Criterion:
    if isinstance(item, str) and item.strip():
        return Criterion(clean(item))
    if not isinstance(item, Mapping):
        raise error(f"{place}: expected a text or a mapping, found {clipped(item)}")
    text = next((item[name] for name in _TEXTS if isinstance(item.get(name), str)), None)
    weight = item.get("weight", item.get("points", 1.0))
    if text is None:
        raise error(f"{place}: no {' or '.join(_TEXTS)} among {', '.join(map(str, item))}")
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
        raise error(f"{place}: weight {clipped(weight)} is not a finite number")
    return Criterion(clean(text), float(weight))
