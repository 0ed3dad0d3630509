"""Reward functions written for verl's reward managers (verl/workers/reward_manager)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.adapters._wrapped import Sample, Wrapped, function_of, score_of_mapping
from plaudit.rule import signature_of
from plaudit.types import Reward, Score

__all__ = ["wrap"]

_PLURALS = {
    "data_source": "data_sources",
    "solution_str": "solution_strs",
    "ground_truth": "ground_truths",
    "extra_info": "extra_infos",
}


@dataclass(frozen=True, eq=False, repr=False)
class _Verl(Wrapped):
    trainer = "verl"
    trainer_arguments = frozenset({*_PLURALS, *_PLURALS.values()})

    def arguments(self, samples: Sequence[Sample]) -> dict[str, Any]:
        if not self.is_batched:
            return {name: read(samples[0]) for name, read in self.single.items()}
        readers = {plural: getattr(self, f"read_{name}") for name, plural in _PLURALS.items()}
        return {plural: [read(s) for s in samples] for plural, read in readers.items()}

    @functools.cached_property
    def single(self) -> dict[str, Callable[[Sample], object]]:
        return self.readers(_PLURALS)

    def read_data_source(self, sample: Sample) -> object:
        return self.value_of("data_source", sample, "")

    def read_solution_str(self, sample: Sample) -> str:
        return sample.response.text

    def read_ground_truth(self, sample: Sample) -> object:
        """The column, or `ground_truth` in the column `reward_model` of verl's own data files."""
        ground_truth = self.value_of("ground_truth", sample, None)
        if ground_truth is not None:
            return ground_truth
        nested = self.value_of("reward_model", sample, {})
        ground_truth = nested.get("ground_truth") if isinstance(nested, Mapping) else None
        return self.value_of("ground_truth", sample) if ground_truth is None else ground_truth

    def read_extra_info(self, sample: Sample) -> object:
        return self.value_of("extra_info", sample, {})

    def score_of(self, value: object) -> Score | None:
        if isinstance(value, Mapping):
            return score_of_mapping(value, self.path)
        return super().score_of(value)


def wrap(
    fn: Callable[..., Any] | str,
    *,
    columns: Mapping[str, str] | None = None,
    relative: bool = False,
    deterministic: bool = True,
    **params: object,
) -> Reward:
    """The values of a verl `compute_score` function, in its own range, as a Reward.

    `fn` (or its name) is called as the naive manager does, once a response, ``fn(data_source=,
    solution_str=, ground_truth=, extra_info=, **params)``, or, where its signature has the plural
    names, once a batch as the batch manager does; ``async def`` runs all at once. The data source
    is "" where the row has none; the ground truth is that column (or an alias of it, or
    ``reward_model["ground_truth"]``). A dict gives its `score`; its other numbers become parts,
    its texts the note. `columns`, `relative`, `deterministic`, faults and errors are those of
    `adapters.trl.wrap`.

    Raises: ConfigError for results of the wrong length or kind; DataError for a missing column.

    >>> def compute_score(data_source, solution_str, ground_truth, extra_info=None):
    ...     return {"score": float(ground_truth in solution_str), "num_chars": len(solution_str)}
    >>> from plaudit import Group
    >>> score = wrap(compute_score).score([Group("6 x 7?", ["42"], {"ground_truth": "42"})])[0][0]
    >>> score.value, score.parts
    (1.0, {'num_chars': 2.0})
    """
    target, path = function_of(fn)
    is_batched = bool({*_PLURALS.values()} & {*signature_of(target).parameters})
    bound = dict(columns or {})
    return _Verl(target, path, params, bound, relative, deterministic, is_batched=is_batched)
