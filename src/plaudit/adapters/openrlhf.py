"""Reward functions written for OpenRLHF's ``--remote_rm_url FILE.py`` (examples/python)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.adapters._wrapped import Sample, Wrapped, as_list, function_of, score_of_mapping
from plaudit.errors import ConfigError, clipped
from plaudit.types import Reward, Score

__all__ = ["wrap"]


@dataclass(frozen=True, eq=False, repr=False)
class _OpenRLHF(Wrapped):
    trainer = "openrlhf"
    trainer_arguments = frozenset({"queries", "prompts", "labels"})
    by_place = ("queries", "prompts", "labels")

    def arguments(self, samples: Sequence[Sample]) -> dict[str, Any]:
        prompts = [sample.prompt(conversational=False) for sample in samples]
        labels = self.columns.get("labels", "reference")
        return {
            "queries": [p + s.response.text for p, s in zip(prompts, samples, strict=True)],
            "prompts": prompts,
            "labels": [self.value_of(labels, sample, None) for sample in samples],
        }

    def values(self, result: Any, count: int) -> Sequence[object]:
        if not isinstance(result, Mapping):
            return as_list(result)
        if "rewards" not in result:
            raise ConfigError(f"{self.path} returned a dict without 'rewards': {clipped(result)}")
        rewards = as_list(result["rewards"])
        logs = {"scores": result.get("scores"), **(result.get("extra_logs") or {})}
        lists = {name: as_list(values) for name, values in logs.items() if _is_list(values)}
        full = {name: values for name, values in lists.items() if len(values) == len(rewards)}
        return [
            None if reward is None else {"score": reward, **{n: v[i] for n, v in full.items()}}
            for i, reward in enumerate(rewards)
        ]

    def score_of(self, value: object) -> Score | None:
        if isinstance(value, Mapping):
            return score_of_mapping(value, self.path)
        return super().score_of(value)


def _is_list(value: Any) -> bool:
    values = value.tolist() if callable(getattr(value, "tolist", None)) else value
    return isinstance(values, list | tuple)


def wrap(
    fn: Callable[..., Any] | str,
    *,
    columns: Mapping[str, str] | None = None,
    relative: bool = False,
    deterministic: bool = True,
    **params: object,
) -> Reward:
    """The values of an OpenRLHF reward function, in its own range, as a Reward.

    `fn` (or its name) is called once for a whole batch as the trainer does, ``fn(queries, prompts,
    labels, **params)``: a query is the prompt and the response in one text, a label the reference
    answer (None where the row has none). The trainer's prompts went through a chat template and
    keep its special tokens; here they are the bare text. A tensor, a list or a dict may come back:
    `rewards` are the values, `scores` and `extra_logs` become parts. ``columns={"labels": NAME}``
    binds another column; the rest is that of `adapters.trl.wrap`.

    Raises: ConfigError for results of the wrong length or kind.

    >>> def reward_func(queries, prompts, labels):
    ...     return {"rewards": [float(q.endswith(a)) for q, a in zip(queries, labels)]}
    >>> from plaudit import Group
    >>> wrap(reward_func).score([Group("6 x 7 = ", ["42"], {"reference": "42"})])[0][0].value
    1.0
    """
    target, path = function_of(fn)
    return _OpenRLHF(target, path, params, dict(columns or {}), relative, deterministic)
