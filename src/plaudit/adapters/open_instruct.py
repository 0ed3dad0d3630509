"""Verifiers written for open-instruct (open_instruct/ground_truth_utils.py)."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.adapters._wrapped import Sample, Wrapped, function_of, instance_of
from plaudit.rule import _number
from plaudit.types import Reward, Score

__all__ = ["wrap"]


@dataclass(frozen=True, eq=False, repr=False)
class _OpenInstruct(Wrapped):
    trainer = "open_instruct"
    trainer_arguments = frozenset(
        {"tokenized_prediction", "prediction", "label", "query", "rollout_state"}
    )

    def arguments(self, samples: Sequence[Sample]) -> dict[str, Any]:
        return {name: read(samples[0]) for name, read in self.single.items()}

    @functools.cached_property
    def single(self) -> dict[str, Callable[[Sample], object]]:
        return self.readers(sorted(self.trainer_arguments))

    def read_tokenized_prediction(self, sample: Sample) -> list[int]:
        return list(sample.response.token_ids or ())

    def read_prediction(self, sample: Sample) -> str:
        return sample.response.text

    def read_label(self, sample: Sample) -> object:
        return self.value_of(self.columns.get("label", "reference"), sample)

    def read_query(self, sample: Sample) -> str:
        return sample.prompt(conversational=False)

    def read_rollout_state(self, sample: Sample) -> None:
        return None

    def score_of(self, value: object) -> Score | None:
        number = _number(getattr(value, "score", value))
        if not math.isfinite(number):
            return None
        cost = _number(getattr(value, "cost", None))
        parts = {"cost": cost} if math.isfinite(cost) and cost else {}
        return Score(number, parts, note=getattr(value, "reasoning", None))


def wrap(
    fn: Callable[..., Any] | str,
    *,
    columns: Mapping[str, str] | None = None,
    deterministic: bool = True,
    **params: object,
) -> Reward:
    """The scores of an open-instruct verifier, by its contract from 0 to 1, as a Reward.

    `fn` is a VerifierFunction, its class (made without a configuration) or the name of one, or a
    function of the same signature: called once a response with ``tokenized_prediction=`` (the token
    ids, or an empty list), ``prediction=``, ``label=`` (the reference answer), ``query=`` and
    ``rollout_state=None``, leaving out what it does not take. `score` is the value, `cost` a part,
    `reasoning` the note; a bare number is taken too. Its `weight` is the trainer's business.
    ``columns={"label": NAME}`` binds another column; faults are those of `adapters.trl.wrap`.

    Raises: ConfigError for results of the wrong kind; DataError for a missing label.

    >>> def verify(tokenized_prediction, prediction, label, query=None):
    ...     return float(prediction == label)
    >>> from plaudit import Group
    >>> wrap(verify).score([Group("6 x 7?", ["42"], {"reference": "42"})])[0][0].value
    1.0
    """
    target, path = function_of(fn)
    verifier = instance_of(target, verifier_config=None)
    bound = dict(columns or {})
    return _OpenInstruct(verifier, path, params, bound, False, deterministic, is_batched=False)
