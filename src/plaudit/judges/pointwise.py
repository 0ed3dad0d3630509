"""Pointwise judges: a model reads one response and gives it a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plaudit.judges._each import EachResponse
from plaudit.judges._judge import JudgeSetup, Read, expected_value, judge_of
from plaudit.judges.verdict import JsonScore, Scale
from plaudit.judges.voting import Vote
from plaudit.options import takes
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["rating"]


@dataclass(frozen=True, kw_only=True)
class RatingSetup(JudgeSetup):
    template: Any = "mt_bench_single"
    read: Read = "text"
    samples: int = 1
    vote_by: Vote = "mean"
    meta: Reward | None = None
    num_kept: int | None = None
    view: Part = "answer"
    min_mass: float = 0.5
    asks_again: bool = True
    on_response_fault: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@takes(RatingSetup, "options")
def rating(**params: object) -> Reward:
    """The judge's number, on the template's own scale (1 to 5, 1 to 10, 0 to 1).

    By `read` "text" the number that the reply states after its anchor; by "logprobs" the expected
    one over digit tokens, ``E[s] = sum k p(k) / sum p(k)`` (G-Eval, Liu et al. 2023), with
    the digits' share of all probability as the part `mass`. Over `samples` their mean (or
    majority); with `meta`, a Reward that rates the judgments themselves, only the best `num_kept`
    (default: half) count (DeepSeek-GRM's guided voting, arXiv 2504.02495). The reply, with its
    dimensions, is the note.

    An unreadable number is NaN, never the middle of the scale. A planted number that the judge only
    repeats earns `on_response_fault` (default: the scale's low end). Templates with {reference} or
    {rubric} read those columns. `options` say who answers and how: `judges.Backend`.

    Raises: ConfigError; scoring raises DataError for a missing column.
    """
    setup = RatingSetup.of(params)
    judge = judge_of(setup, kind="pointwise", samples=setup.samples)
    spec = judge.template.spec
    assert isinstance(spec, Scale | JsonScore)
    low = spec.low if setup.on_response_fault is None else setup.on_response_fault
    return EachResponse(
        "judges.pointwise.rating", setup, judge, value=expected_value, on_response_fault=low
    )
