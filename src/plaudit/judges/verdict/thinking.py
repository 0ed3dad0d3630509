"""The text after a reply's thinking; a think block that is never closed leaves no verdict."""

from __future__ import annotations

import functools
import re

from plaudit.judges.verdict.characters import holds_any
from plaudit.judges.verdict.quotations import without_quotations
from plaudit.judges.verdict.spec import verdict_error
from plaudit.text.think import FAMILIES, split

__all__ = ["CLOSING_STARTS", "has_closing_mark", "text_after_thinking"]


def _mark_pattern(marks: list[str]) -> re.Pattern[str]:
    """A pattern for think marks, in any case and with space before the closing bracket."""
    return re.compile(
        "|".join(re.escape(mark).replace(">", r"\s{0,6}>") for mark in marks), re.IGNORECASE
    )


_TAGS = [family for family in FAMILIES if not family.is_prose]
_CLOSING = _mark_pattern([family.closing for family in _TAGS])
CLOSING_STARTS = tuple(dict.fromkeys(family.closing[0] for family in _TAGS))  # no letters
_OPENING = _mark_pattern([family.start for family in _TAGS if not family.is_word] + ["<thinking>"])
_MARK_STARTS = tuple(dict.fromkeys((*CLOSING_STARTS, *(family.start[0] for family in _TAGS))))


def has_closing_mark(text: str) -> bool:
    """Whether a text contains a mark that closes thinking."""
    return holds_any(text, CLOSING_STARTS) and _CLOSING.search(text) is not None


@functools.lru_cache(maxsize=8)
def text_after_thinking(text: str) -> str:
    """The text after the last think block, whatever the model's family.

    Raises: VerdictError for a block that is never closed.
    """
    thought = split(text)
    tail = thought.answer
    if thought.status == "unclosed":
        raise verdict_error("truncated", "the think block is never closed", text)
    if tail:
        place = text.find(thought.think) + len(thought.think)
        after = text[text.find(tail, place) + len(tail) :]
        if _OPENING.search(after):  # reasoning that is opened again and never closed
            raise verdict_error("truncated", "the think block is never closed", text)
    if not holds_any(tail, _MARK_STARTS):
        return tail
    closings = list(_CLOSING.finditer(tail))
    tail = tail[closings[-1].end() :] if closings else tail
    if _OPENING.search(tail) and _OPENING.search(without_quotations(tail, is_cut=False)):
        raise verdict_error("truncated", "the think block is never closed", text)
    return tail
