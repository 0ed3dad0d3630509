"""Reward functions written for a Rubric of verifiers (verifiers/rubrics/rubric.py)."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.adapters._wrapped import Sample, Wrapped, function_of
from plaudit.rule import signature_of
from plaudit.types import Reward

__all__ = ["wrap"]

_PLURALS = {
    "prompt": "prompts",
    "completion": "completions",
    "answer": "answers",
    "state": "states",
    "task": "tasks",
    "info": "infos",
}


@dataclass(frozen=True, eq=False, repr=False)
class _Verifiers(Wrapped):
    trainer = "verifiers"
    trainer_arguments = frozenset({*_PLURALS, *_PLURALS.values()})
    takes_columns = True

    def arguments(self, samples: Sequence[Sample]) -> dict[str, Any]:
        columns = self.column_lists(samples, self.trainer_arguments)
        one = {name: read(samples[0]) for name, read in self.single.items()}
        if not self.is_batched:
            return one | {name: values[0] for name, values in columns.items()}
        many = {plural: name for name, plural in _PLURALS.items() if self._wants(plural)}
        readers = {plural: getattr(self, f"read_{name}") for plural, name in many.items()}
        return columns | one | {p: [read(s) for s in samples] for p, read in readers.items()}

    @functools.cached_property
    def single(self) -> dict[str, Callable[[Sample], object]]:
        return self.readers(_PLURALS)

    def read_prompt(self, sample: Sample) -> object:
        return sample.prompt(conversational=self.conversational)

    def read_completion(self, sample: Sample) -> object:
        return sample.completion(conversational=self.conversational)

    def read_answer(self, sample: Sample) -> object:
        """verifiers gives "" where there is no answer; a function that reads it must have one."""
        is_needed = "answer" in self.required or "answers" in self.required
        return self.value_of("answer", sample, *([] if is_needed else [""]))

    def read_state(self, sample: Sample) -> dict[str, object]:
        names = [name for name in _PLURALS if name != "state"]
        row = {name: getattr(self, f"read_{name}")(sample) for name in names}
        return {**row, "responses": [], "turn": 1, "timing": {}}

    def read_task(self, sample: Sample) -> object:
        return self.value_of("task", sample, "default")

    def read_info(self, sample: Sample) -> object:
        return self.value_of("info", sample, {})


def wrap(
    fn: Callable[..., Any] | str,
    *,
    columns: Mapping[str, str] | None = None,
    conversational: bool = True,
    deterministic: bool = True,
    **params: object,
) -> Reward:
    """The values of a verifiers reward function, in its own range, as a Reward.

    `fn` (or its name) is given what it names of `prompt`, `completion`, `answer`, `state`, `task`,
    `info` and the row's columns, once a response. A plural among its names (`completions`,
    `states`, ...) or a list as its annotated result makes it a group function, called once a group:
    the Reward is then relative. `parser` and other objects of a rubric are `params`. Prompt and
    completion are message lists, or texts where not `conversational`. ``async def`` runs all at
    once. Where the Rubric makes 0.0 of an exception, here it is NaN with a system fault. The
    `trace` methods of verifiers' v1 tasks are not read.

    Raises: ConfigError for results of the wrong length or kind; DataError for a missing column.

    >>> def exact(completion, answer):
    ...     return float(completion[-1]["content"] == answer)
    >>> from plaudit import Group
    >>> wrap(exact).score([Group("6 x 7?", ["42"], {"answer": "42"})])[0][0].value
    1.0
    """
    target, path = function_of(fn)
    is_group = _is_group(signature_of(target))
    bound = dict(columns or {})
    return _Verifiers(
        target, path, params, bound, is_group, deterministic, conversational, is_batched=is_group
    )


def _is_group(signature: inspect.Signature) -> bool:
    returns = str(signature.return_annotation).lower()
    is_list = returns.startswith(("list", "<class 'list'", "typing.list"))
    return is_list or bool({*_PLURALS.values()} & {*signature.parameters})
