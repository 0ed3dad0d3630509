"""The Comparer around a model that reads two responses at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from plaudit.engines.model import ModelEngine
from plaudit.engines.plan import Item
from plaudit.entry import entered_pair
from plaudit.models._reward import FromFiles, engine_facts
from plaudit.models._text import Encoded, turns_of
from plaudit.text.think import Part
from plaudit.types import Group, Pair, Response, Score

if TYPE_CHECKING:
    from plaudit.engines.hf import Answer
    from plaudit.engines.questions import Question

__all__ = ["Duel", "ModelComparer", "PairScorer", "answer_of"]


class Duel(NamedTuple):
    """One verdict: P(first is better), the raw margin behind it, more numbers for `parts`."""

    probability: float
    margin: float
    parts: Mapping[str, float] = {}


@dataclass(frozen=True)
class PairScorer:
    """A loaded model of pairs: the ids of a pair (one sequence or several), and its verdict."""

    engine: ModelEngine
    question: Question
    encode: Callable[[Pair], Sequence[Encoded]]
    reading: Callable[[Sequence[Sequence[Sequence[float]]]], Duel]
    facts: Mapping[str, object]

    def compare(self, pairs: Sequence[Pair]) -> list[Score]:
        """One Score per pair."""
        encoded = [list(self.encode(pair)) for pair in pairs]
        groups = [
            [] if any(e.error for e in row) else [Item(e.ids, e.marks, e.types) for e in row]
            for row in encoded
        ]
        answers = self.engine.ask(self.question, groups)
        return [
            self._score(row, row_answers) for row, row_answers in zip(encoded, answers, strict=True)
        ]

    def _score(self, encoded: Sequence[Encoded], answers: Sequence[Answer]) -> Score:
        for one in encoded:
            if one.error is not None:
                return Score.unscored(one.error, fault=one.fault or "input")
        rows: list[list[list[float]]] = []
        for answer in answers:
            if answer.values is None:
                return Score.unscored(answer.error or "no answer", fault="system")
            rows.append(answer.values)
        duel = self.reading(rows)
        parts = {"margin": duel.margin, **duel.parts}
        parts["num_tokens"] = float(sum(len(one.ids) for one in encoded))
        if cut := sum(one.num_cut for one in encoded):
            parts["num_cut"] = float(cut)
        if not math.isfinite(duel.probability):
            message = f"the model gave {duel.probability}"
            return Score(math.nan, parts, fault="system", error=message)
        return Score(duel.probability, parts, note=answers[0].note)


class ModelComparer(FromFiles[PairScorer]):
    """A Comparer around a PairScorer. Copies and pickles hold the parameters."""

    @property
    def facts(self) -> Mapping[str, object]:
        """What was found and how it is compared, for `plaudit show`."""
        return {**self.scorer.facts, **engine_facts(self.scorer.engine)}

    def compare(self, pairs: Sequence[Pair]) -> list[Score]:
        """P(first is better) for each pair, the raw margin in `parts`."""
        return self.scorer.compare([entered_pair(pair) for pair in pairs])


def answer_of(pair: Pair, response: Response, view: Part) -> str:
    """The text of a response that a comparison reads."""
    group = Group(pair.prompt, [response])
    return str(turns_of(group, response, view)[-1].get("content") or "")
