"""End-of-turn and pad marks: what inference engines leave at the end of a response.

One table for the whole package. The list is of marks that end a turn or pad a sequence; no text
that a person writes ends in one.
"""

from __future__ import annotations

__all__ = ["END_MARKS", "without_end_marks"]

END_MARKS = (
    "<|im_end|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<end_of_turn>",
    "<eos>",
    "<pad>",
    "</s>",
    "<|end|>",
    "<|return|>",
    "<｜end▁of▁sentence｜>",
)
_LONGEST = max(map(len, END_MARKS))


def without_end_marks(text: str) -> tuple[str, tuple[str, ...]]:
    """A text without the chain of marks at its end, and the marks in their order.

    White space between and before the marks goes with them; a text that ends in no mark stays as
    it is. Linear.

    >>> without_end_marks("4<|im_end|><|endoftext|>\\n")
    ('4', ('<|im_end|>', '<|endoftext|>'))
    >>> without_end_marks("no mark \\n")
    ('no mark \\n', ())
    """
    end, marks = len(text.rstrip()), []
    while mark := _mark_before(text, end):
        marks.append(mark)
        end -= len(mark)
        while end and text[end - 1].isspace():
            end -= 1
    return (text[:end], tuple(reversed(marks))) if marks else (text, ())


def _mark_before(text: str, end: int) -> str:
    """The mark that ends at `end`, or an empty text."""
    tail = text[max(end - _LONGEST, 0) : end]
    return next((mark for mark in END_MARKS if tail.endswith(mark)), "")
