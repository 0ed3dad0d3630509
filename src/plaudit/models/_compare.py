"""The Comparer around a model that reads two responses at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from plaudit.engines.plan import Item
from plaudit.models._reward import again, engine_facts
from plaudit.models._text import Encoded
from plaudit.types import Pair, Score

__all__ = ["Duel", "ModelComparer", "PairScorer", "sigmoid"]


class Duel(NamedTuple):
    """One verdict: P(first is better), the raw margin behind it, more numbers for `parts`."""

    probability: float
    margin: float
    parts: Mapping[str, float] = {}


@dataclass(frozen=True)
class PairScorer:
    """A loaded model of pairs: the ids of a pair (one sequence or several), and its verdict."""

    engine: Any
    question: Any
    encode: Callable[[Pair], Sequence[Encoded]]
    reading: Callable[[Sequence[Sequence[Sequence[float]]]], Duel]
    facts: Mapping[str, Any]

    def compare(self, pairs: Sequence[Pair]) -> list[Score]:
        """One Score per pair."""
        encoded = [list(self.encode(pair)) for pair in pairs]
        groups = [
            [] if any(e.error for e in row) else [Item(e.ids, e.marks, e.types) for e in row]
            for row in encoded
        ]
        answers = self.engine.ask(self.question, groups)
        return [self._score(row, found) for row, found in zip(encoded, answers, strict=True)]

    def _score(self, encoded: Sequence[Encoded], answers: Sequence[Any]) -> Score:
        for one in encoded:
            if one.error is not None:
                return Score.unscored(one.error, fault=one.fault or "input")
        for answer in answers:
            if answer.values is None:
                return Score.unscored(answer.error, fault="system")
        duel = self.reading([answer.values for answer in answers])
        parts = {"margin": duel.margin, **duel.parts}
        parts["num_tokens"] = float(sum(len(one.ids) for one in encoded))
        if cut := sum(one.num_cut for one in encoded):
            parts["num_cut"] = float(cut)
        if not math.isfinite(duel.probability):
            told = f"the model gave {duel.probability}"
            return Score(math.nan, parts, fault="system", error=told)
        return Score(duel.probability, parts, note=answers[0].note)


class ModelComparer:
    """A Comparer around a PairScorer. Copies and pickles hold the parameters."""

    deterministic = True

    def __init__(self, path: str, params: Mapping[str, Any], scorer: Any):
        self.path = path
        self.params = dict(params)
        self.scorer = scorer

    def __repr__(self) -> str:
        args = [repr(self.path), *(f"{k}={v!r}" for k, v in self.params.items())]
        return f"load({', '.join(args)})"

    def __reduce__(self):
        return (again, (self.path, self.params))

    @property
    def tolerance(self) -> float:
        """How far a value may move by rounding."""
        return getattr(self.scorer.engine, "tolerance", 1e-5)

    @property
    def facts(self) -> Mapping[str, Any]:
        """What was found and how it is compared, for `plaudit show`."""
        return {**self.scorer.facts, **engine_facts(self.scorer.engine)}

    def compare(self, pairs: Sequence[Pair]) -> list[Score]:
        """P(first is better) for each pair, the raw margin in `parts`."""
        return self.scorer.compare(pairs)


def sigmoid(x: float) -> float:
    """``1 / (1 + e^-x)``, without overflow.

    >>> sigmoid(0.0), sigmoid(-1000.0)
    (0.5, 0.0)
    """
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))
