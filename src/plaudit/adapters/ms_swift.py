"""Reward functions and ORM classes written for ms-swift's GRPO (swift/plugin/orm.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.adapters._wrapped import Sample, Wrapped, function_of, instance_of
from plaudit.types import Reward

__all__ = ["wrap"]


@dataclass(frozen=True, eq=False, repr=False)
class _Swift(Wrapped):
    trainer = "ms_swift"
    trainer_arguments = frozenset(
        {
            "completions",
            "messages",
            "response_token_ids",
            "finish_reason",
            "is_truncated",
            "trainer_state",
        }
    )
    by_place = ("completions",)
    takes_columns = True

    def arguments(self, samples: Sequence[Sample]) -> dict[str, Any]:
        return {
            **self.column_lists(samples, self.trainer_arguments),
            "completions": [sample.response.text for sample in samples],
            "messages": [
                [*sample.prompt(conversational=True), *sample.completion(conversational=True)]
                for sample in samples
            ],
            "response_token_ids": self.token_ids(samples, "response_token_ids"),
            "finish_reason": [sample.response.finish_reason for sample in samples],
            "is_truncated": [sample.response.finish_reason == "length" for sample in samples],
            "trainer_state": None,
        }


def wrap(
    fn: Callable[..., Any] | str,
    *,
    columns: Mapping[str, str] | None = None,
    relative: bool = False,
    deterministic: bool = True,
    **params: object,
) -> Reward:
    """The values of an ms-swift ORM or function, in its own range, as a Reward.

    `fn` is a function, an ORM object, a class (made with ``args=None`` where it takes that) or the
    name of one. It is called once for the whole batch as the trainer does, ``fn(completions,
    messages=, **columns, response_token_ids=, finish_reason=, is_truncated=, trainer_state=None)``
    with completions as texts, leaving out what it does not take; an AsyncORM works too. `columns`,
    `relative`, `deterministic`, `params`, faults and errors are those of `adapters.trl.wrap`.

    Raises: ConfigError for results of the wrong length or kind; DataError for a missing column.

    >>> class Short:
    ...     def __call__(self, completions, **kwargs):
    ...         return [float(len(text) < 9) for text in completions]
    >>> from plaudit import Group
    >>> wrap(Short).score([Group("Say hi", ["hi"])])[0][0].value
    1.0
    """
    target, path = function_of(fn)
    function = instance_of(target, args=None)
    return _Swift(function, path, params, dict(columns or {}), relative, deterministic)
