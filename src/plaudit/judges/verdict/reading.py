"""From a reply to its verdict."""

from __future__ import annotations

from typing import Any

from plaudit.errors import VerdictError
from plaudit.judges.verdict.characters import to_plain
from plaudit.judges.verdict.labels import read_label
from plaudit.judges.verdict.number_lists import read_scores
from plaudit.judges.verdict.numbers import read_json_score, read_score
from plaudit.judges.verdict.spec import (
    JsonScore,
    Labels,
    ReplyText,
    Scale,
    Scores,
    Spec,
    VerdictValue,
    YesNo,
    verdict_error,
)
from plaudit.judges.verdict.thinking import text_after_thinking
from plaudit.judges.verdict.yes_no import read_yes_no

__all__ = ["evidence", "parse"]


def parse(
    text: str | None, spec: Spec, finish_reason: str | None = None, *, count: int | None = None
) -> VerdictValue:
    """The verdict in a reply: a label of `spec`, a number in its range, or for Scores a tuple.

    `count` is how many responses were judged: a list of another length is not a verdict.

    Raises: VerdictError whose message begins with its reason (truncated, refused, absent,
    ambiguous, outside).

    >>> parse("Both are fine, but B is exact. **[[B]]**", Labels())
    'B'
    >>> parse("六个维度……\\n**总体打分：5**\\n给予满分。", Scale())
    5.0
    >>> parse("I would say [[A]] or [[B]].", Labels())  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    plaudit.errors.VerdictError: ambiguous: ...
    """
    if text is None or finish_reason == "content_filter":
        raise verdict_error("refused", "the reply was filtered or is null", text)
    if not text.strip():
        raise verdict_error("absent", "the reply is empty", text)
    is_cut = finish_reason == "length"
    try:
        raw = text_after_thinking(text)
        return _READERS[type(spec)](ReplyText(to_plain(raw), raw, is_cut, count), spec)
    except VerdictError as error:
        if is_cut and not str(error).startswith("truncated"):
            raise verdict_error(
                "truncated", "the length limit cut it before a verdict", text
            ) from None
        raise verdict_error(*_reason_and_message(error), text) from None


def evidence(text: str) -> str:
    """The part of a reply that counts, in plain characters: points 1 and 2.

    Raises: VerdictError for a think block that is never closed.

    >>> evidence("<think>[[B]]</think>**［［Ａ］］**")
    '[[A]]'
    """
    return to_plain(text_after_thinking(text))


_READERS: dict[type, Any] = {
    Labels: read_label, Scale: read_score, Scores: read_scores, JsonScore: read_json_score,
    YesNo: read_yes_no,
}  # fmt: skip


def _reason_and_message(error: VerdictError) -> tuple[Any, str]:
    reason, _, message = str(error).partition(": ")
    return reason, message
