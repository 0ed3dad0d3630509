"""Reward functions written for TRL's GRPO and RLOO trainers (trl/trainer/grpo_trainer.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.adapters._wrapped import Sample, Wrapped, function_of
from plaudit.types import Reward

__all__ = ["wrap"]


def _ignored(*args: object, **kwargs: object) -> None:
    """Stands for the trainer's `log_extra` and `log_metric`: nothing is logged here."""


@dataclass(frozen=True, eq=False, repr=False)
class _TRL(Wrapped):
    trainer = "trl"
    trainer_arguments = frozenset(
        {"prompts", "completions", "completion_ids", "trainer_state", "log_extra", "log_metric"}
    )
    takes_columns = True

    def arguments(self, samples: Sequence[Sample]) -> dict[str, Any]:
        talk = self.conversational
        return {
            **self.column_lists(samples, ("prompt", "completion", *self.trainer_arguments)),
            "prompts": [sample.prompt(conversational=talk) for sample in samples],
            "completions": [sample.completion(conversational=talk) for sample in samples],
            "completion_ids": self.token_ids(samples, "completion_ids"),
            "trainer_state": None,
            "log_extra": _ignored,
            "log_metric": _ignored,
        }


def wrap(
    fn: Callable[..., Any] | str,
    *,
    columns: Mapping[str, str] | None = None,
    conversational: bool = True,
    relative: bool = False,
    deterministic: bool = True,
    **params: object,
) -> Reward:
    """The values of a TRL reward function, in its own range, as a Reward.

    `fn` (or its name ``my_pkg.rewards:fn``) is called as the trainer does, once for a whole batch:
    ``fn(prompts=, completions=, completion_ids=, **columns, trainer_state=None, log_extra=,
    log_metric=)``, leaving out what it does not take; ``async def`` works too. Completions are
    message lists, or texts where not `conversational`. `columns` binds an argument to a column of
    another name, `params` are passed unchanged. Set `relative` where the values depend on the
    rivals (then each call gets one group), and ``deterministic=False`` where they may differ.

    None becomes NaN with an input fault; NaN, infinity and exceptions become NaN with a system
    fault that names the row (after an exception every response is tried alone).

    Raises: ConfigError for results of the wrong length or kind; DataError for a missing column.

    >>> def short(completions, **kwargs):
    ...     return [float(len(c[0]["content"]) < 9) for c in completions]
    >>> from plaudit import Group
    >>> wrap(short).score([Group("Say hi", ["hi"])])[0][0].value
    1.0
    """
    target, path = function_of(fn)
    return _TRL(target, path, params, dict(columns or {}), relative, deterministic, conversational)
