"""Which responses of a group state the same answer, by the equality of `rules.math.equal`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

from plaudit.errors import DataError, ScoreTimeout, ScoringError
from plaudit.rules import math

__all__ = ["Equality", "StatedAnswer", "classes_of", "stated_answers"]


class Equality(NamedTuple):
    """How two answers compare: the parameters of `rules.math.equal`."""

    percent: math.Percent
    units: math.Units
    tolerance: float
    deadline_s: float


class StatedAnswer(NamedTuple):
    """What a response answers; an empty `text` is no answer, and `problem` says why.

    `is_fault` marks an answer that was made impossible to judge.
    """

    text: str
    problem: str = ""
    is_fault: bool = False


def stated_answers(
    responses: Sequence[str],
    finish_reasons: Sequence[str | None],
    *,
    extract: str,
    strict: bool,
    equality: Equality,
) -> list[StatedAnswer]:
    """The answer of each response; one that does not equal itself as a reference is none."""
    answers = []
    for response, reason in zip(responses, finish_reasons, strict=True):
        extraction = math._extracted(response, extract, strict=strict, finish_reason=reason)  # type: ignore[arg-type]
        if isinstance(extraction, str):
            answers.append(StatedAnswer("", extraction))
        elif extraction.problem:
            answers.append(StatedAnswer("", f"{extraction.mark}: {extraction.problem}"))
        else:
            answers.append(_readable(extraction.text, equality))
    return answers


def _readable(text: str, equality: Equality) -> StatedAnswer:
    shown = math._shortened(text)
    verdict = _compared(text, text, equality)
    if verdict is None:
        return StatedAnswer("", f"{shown} cannot be read as a reference")
    if verdict.fault is not None:
        return StatedAnswer("", f"{shown}: {verdict.why}", is_fault=True)
    return StatedAnswer(text) if verdict.value else StatedAnswer("", f"{shown}: {verdict.why}")


def classes_of(texts: Sequence[str], equality: Equality) -> dict[str, int]:
    """A number for each distinct text, equal for answers that are equal, directly or by a third.

    Texts are compared in sorted order, so that nothing depends on the order of the responses. A
    text whose comparison outran its deadline is compared with no further one.
    """
    names = sorted(set(texts))
    class_of = {text: number for number, text in enumerate(names)}
    is_slow: set[str] = set()
    for first, second in itertools.combinations(names, 2):
        if class_of[first] == class_of[second] or {first, second} & is_slow:
            continue
        if _are_equal(first, second, equality, is_slow.add):
            kept, dropped = class_of[first], class_of[second]
            class_of = {text: kept if n == dropped else n for text, n in class_of.items()}
    return class_of


def _are_equal(
    first: str, second: str, equality: Equality, note_slow: Callable[[str], None]
) -> bool:
    """Whether either is right where the other is the reference."""
    for answer, reference in ((first, second), (second, first)):
        verdict = _compared(answer, reference, equality)
        if verdict is not None and verdict.value == 1.0:
            return True
        if verdict is not None and verdict.fault is ScoreTimeout:
            note_slow(first)
            note_slow(second)
            return False
    return False


def _compared(answer: str, reference: str, equality: Equality) -> math._EqualityVerdict | None:
    """The verdict of `rules.math.equal`; None where the second cannot be read as a reference.

    Raises: ScoringError with fault "system" where the machine could not compare.
    """
    policy = math._policy(equality.percent, equality.units, equality.tolerance)
    judge = math._judged if len(answer) <= math._MEMO_CHARS else math._judged.__wrapped__
    try:
        return judge(answer, "", (reference,), policy, equality.deadline_s)
    except DataError:
        return None
    except ScoringError as error:
        if error.fault == "system":
            raise
        return None
