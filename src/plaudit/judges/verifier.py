"""Generative verifiers: a model says whether a solution is correct, at once or after reasoning."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from plaudit.judges._each import EachResponse
from plaudit.judges._judge import Judge, JudgeSetup, JudgeVerdict, Read, judge_of
from plaudit.judges.voting import Vote
from plaudit.options import takes
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["YesNoSetup", "verifier", "yes_of"]

_YES = ("yes", "是")


@dataclass(frozen=True, kw_only=True)
class YesNoSetup(JudgeSetup):
    """What the judges share that say whether one response is right."""

    view: Part = "answer"
    min_mass: float = 0.5
    asks_again: bool = True
    on_response_fault: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)

    def reward(
        self, path: str, judge: Judge, value: Callable[[JudgeVerdict], float], **more: Any
    ) -> Reward:
        """The mean over the votes of the value of each verdict."""
        fault_value = self.on_response_fault
        return EachResponse(path, self, judge, value=value, on_response_fault=fault_value, **more)


@dataclass(frozen=True, kw_only=True)
class VerifierSetup(YesNoSetup):
    template: Any = "genrm_direct"
    read: Read = "logprobs"
    rationales: int = 1
    vote_by: Vote = "mean"
    normalised: bool = True


@takes(VerifierSetup, "options")
def verifier(**params: object) -> Reward:
    """P(the response is correct) in [0, 1], by the token "Yes".

    ``r = p(Yes) / (p(Yes) + p(No))``, or p(Yes) itself where not `normalised` (GenRM, Zhang et al.
    2024, arXiv 2408.15240, eq. 4). A template that reasons first ("genrm_cot") gives ``r_MajV =
    mean_k p(Yes | rationale k)`` over `rationales` samples, a mean of probabilities, not a count of
    votes (eq. 7). By `read` "text" each verdict is 1 or 0.

    A reply in which Yes and No together have less than `min_mass`, or that says neither, is no
    verdict: NaN where none is left. `options` say who answers and how: `judges.Backend`.

    Raises: ConfigError.
    """
    setup = VerifierSetup.of(params)
    judge = judge_of(setup, kind="verifier", samples=setup.rationales)

    value = functools.partial(yes_of, normalised=setup.normalised)
    return setup.reward("judges.verifier.verifier", judge, value)


def yes_of(verdict: JudgeVerdict, *, normalised: bool = True) -> float:
    """P(Yes) where it was measured, else 1 or 0 by the word."""
    if verdict.odds is None:
        return float(str(verdict.value).casefold() in _YES)
    p = sum(p for label, p in verdict.odds.probabilities.items() if label.casefold() in _YES)
    return p if normalised else p * verdict.odds.mass
