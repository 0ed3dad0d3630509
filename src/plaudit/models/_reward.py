"""The Reward around a model: ids in, rows read, values out, and every failure in its place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from plaudit.engines.model import ModelEngine
from plaudit.engines.plan import Item
from plaudit.engines.tokens import note_of
from plaudit.entry import entered, in_own_places
from plaudit.models._text import Encoded, Form, encoded_ahead
from plaudit.spelled import Spelled
from plaudit.types import Fault, Group, Score, Step

if TYPE_CHECKING:
    from plaudit.engines.hf import Answer
    from plaudit.engines.questions import Question

__all__ = [
    "FromFiles",
    "ModelReward",
    "Reading",
    "Scorer",
    "Value",
    "engine_facts",
    "sigmoid",
    "token_facts",
]


@dataclass(frozen=True)
class Value:
    """What a model's arithmetic gives for one response."""

    value: float
    parts: Mapping[str, float] | None = None
    steps: tuple[Step, ...] = ()
    error: str | None = None
    fault: Fault = "system"


Reading = Callable[[Encoded, Sequence[Sequence[float]]], Value]


@dataclass(frozen=True)
class Scorer:
    """A loaded model: how text becomes ids, which rows are read, and what they are worth.

    `positions` gives the rows to read of one encoded response (rising), `reading` its value from
    their answers, [rows, K]. `engine` has `ask(question, groups)`. `facts` are for `show`.
    """

    engine: ModelEngine
    form: Form
    question: Question
    positions: Callable[[Encoded], Sequence[int]]
    reading: Reading
    facts: Mapping[str, object]
    on_response_fault: float | None = None

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response."""
        encoded_rows: list[list[Encoded]] = []
        answers = self.engine.ask(self.question, self._items(groups, encoded_rows))
        scored: list[list[Score]] = []
        for group_answers in answers:
            row = encoded_rows[len(scored)]
            left = iter(group_answers)
            scored.append([self._score(e, next(left) if e.error is None else None) for e in row])
        return scored

    def _items(
        self, groups: Sequence[Group], encoded_rows: list[list[Encoded]]
    ) -> Iterator[list[Item]]:
        """The items of each group, what was encoded being kept in `held`."""
        for row in encoded_ahead(self.form, groups):
            row = [self._checked(encoded) for encoded in row]
            encoded_rows.append(row)
            yield [
                Item(e.ids, tuple(self.positions(e)), e.types, e.first)
                for e in row
                if e.error is None
            ]

    def _checked(self, encoded: Encoded) -> Encoded:
        if encoded.error is None and not encoded.ids:
            return replace(encoded, error="no token at all to score", fault="input")
        return encoded

    def _score(self, encoded: Encoded, answer: Answer | None) -> Score:
        parts: dict[str, float] = {}
        if encoded.ids:
            parts["num_tokens"] = float(len(encoded.ids))
        if encoded.num_cut:
            parts["num_cut"] = float(encoded.num_cut)
        if answer is None:
            return self._unscored(encoded, parts)
        if answer.values is None:
            return Score(math.nan, parts, fault="system", error=answer.error)
        result = self.reading(encoded, answer.values)
        parts = {**(result.parts or {}), **parts}
        if result.error is not None or not math.isfinite(result.value):
            message = result.error or f"the model gave {result.value}"
            return Score(math.nan, parts, result.steps, fault=result.fault, error=message)
        return Score(result.value, parts, result.steps, note=answer.note)

    def _unscored(self, encoded: Encoded, parts: Mapping[str, float]) -> Score:
        has_value = encoded.fault == "response" and self.on_response_fault is not None
        value = float(self.on_response_fault or 0.0) if has_value else math.nan
        return Score(value, parts, fault=encoded.fault or "system", error=encoded.error)


class _Asking(Protocol):
    """What holds an engine: a Scorer, or a PairScorer."""

    @property
    def engine(self) -> ModelEngine: ...


S = TypeVar("S", bound=_Asking)


class FromFiles(Spelled, Generic[S]):
    """What rewards and comparers of a loaded model share; copies hold the same weights."""

    deterministic = True

    def __init__(self, path: str, params: Mapping[str, object], scorer: S):
        super().__init__(path, params)
        self.scorer = scorer

    @property
    def tolerance(self) -> float:
        """How far a score may move when its group is split: rounding, by the model's dtype."""
        return self.scorer.engine.tolerance


class ModelReward(FromFiles[Scorer]):
    """A Reward around a Scorer. Copies and pickles hold the parameters, and share the weights."""

    relative = False
    cpu_bound = False

    @property
    def fault_value(self) -> float:
        """What a response earns that made itself impossible to score; NaN where undeclared."""
        value = self.scorer.on_response_fault
        return math.nan if value is None else float(value)

    @property
    def facts(self) -> Mapping[str, object]:
        """What was found and how it is scored, for `plaudit show`."""
        form = self.scorer.form
        limit = form.max_tokens
        return {
            **self.scorer.facts,
            "view": form.view,
            "limit": f"{limit} tokens, beyond it {form.overflow}" if limit else "none",
            **token_facts(form.tokenizer),
            **engine_facts(self.scorer.engine),
        }

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response, `num_tokens` (and `num_cut`) among its parts.

        Raises: DataError where a text is too long and overflow is "error".
        """
        scores = self.scorer.score(entered(groups))
        return [in_own_places(group, row) for group, row in zip(groups, scores, strict=True)]


def token_facts(tokenizer: object) -> Mapping[str, object]:
    """Whose ids a tokenizer gives, where they are not simply the library's."""
    note = note_of(tokenizer)
    return {"tokens": note} if note else {}


def engine_facts(engine: ModelEngine) -> Mapping[str, str]:
    """How an engine runs."""
    why = f" ({engine.why})" if engine.why else ""
    return {"runs": f"{engine.way} on {engine.device}, {engine.dtype}{why}"}


def sigmoid(x: float) -> float:
    """``1 / (1 + e^-x)``, without overflow.

    >>> sigmoid(0.0), sigmoid(-1000.0)
    (0.5, 0.0)
    """
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))
