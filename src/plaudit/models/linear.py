"""A baseline: Bradley-Terry on hashed n-grams and style, as `plaudit train linear` trains it."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plaudit.engines.contract import read_contract
from plaudit.engines.linear import WEIGHTS, LinearModel, feature_hash, read_weights
from plaudit.entry import entered
from plaudit.errors import ConfigError
from plaudit.rule import prompt_text
from plaudit.spelled import Spelled
from plaudit.text.style import words_of
from plaudit.text.think import Part, part_of
from plaudit.types import Group, Reward, Score

__all__ = ["linear"]


def linear(model: str, *, view: Part = "answer") -> Reward:
    """A baseline, any real number: the log-odds of words and style, which read no meaning.

    ``w . words + e . edges + sum_f g_f(style_f)``, fitted so that ``sigmoid(difference)`` is the
    probability that the one response is preferred to the other (Bradley and Terry 1952). Its parts
    are those three sums. 0 is the mean of the responses it was trained on. `model` is a directory
    that `plaudit train linear` wrote.

    It shows what can be won without understanding, so it belongs beside a reward in a table, not
    in front of an optimiser: it pays for length, lists and an author's habits.

    It reads the last turn of the prompt and the answer after the think block, as in its training. A
    group without a prompt is unscored.

    Raises: ConfigError for another `view`, and for a directory without a readable
    ``scoring.json``, of another version, or trained with features that this version does not
    compute.
    """
    if view != "answer":
        raise ConfigError(f"view={view!r}: the model was trained on the answer, view='answer'")
    directory = Path(os.path.expanduser(model)).resolve()
    contract = read_contract(directory, kind="linear", features=feature_hash())
    weights: Any = contract["weights"]
    return _Linear(model, contract, _weights(directory / WEIGHTS, weights["sha256"]))


@functools.lru_cache(maxsize=8)
def _weights(path: Path, sha256: str) -> LinearModel:
    """The weights, shared by rewards of one file; the hash tells a file that was replaced."""
    return read_weights(path)


class _Linear(Spelled):
    """The Reward around a `LinearModel`; copies and pickles hold the directory's name."""

    relative = False
    deterministic = True
    cpu_bound = False

    def __init__(self, model: str, contract: Mapping[str, Any], weights: LinearModel) -> None:
        super().__init__("models.linear.linear", {"model": model})
        self.contract = contract
        self.weights = weights

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the contract says, for `plaudit show`."""
        names = ("kind", "variant", "label", "calibration", "licences", "warnings")
        return {name: self.contract[name] for name in names if self.contract.get(name)}

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response."""
        return [self._scores(group) for group in entered(groups)]

    def _scores(self, group: Group) -> list[Score]:
        if not (prompt := prompt_text(group)):
            unscored = Score.unscored("no prompt, and the model reads it", fault="input")
            return [unscored] * len(group.responses)
        words = words_of(prompt)
        return [self._score(r.text, words) for r in group.responses]

    def _score(self, text: str, prompt_words: Any) -> Score:
        parts = self.weights.score(part_of(text, "answer"), prompt_words)
        return Score(math.fsum(parts.values()), parts)
