"""The one think-block parser: format rules, `view` and model rewards all split with it.

Two `str.find` calls, so linear on any input.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["Part", "Thought", "part_of", "split"]

Part = Literal["answer", "think", "all"]


class Thought(NamedTuple):
    """A response split at its think block.

    `status` is "closed" (``<think>..</think>`` at the start), "prefilled" (the template wrote the
    opening tag, so the text only closes the block), "unclosed" (opened, never closed: no answer)
    or "none" (no block: all of it is the answer).
    """

    think: str
    answer: str
    status: Literal["closed", "prefilled", "unclosed", "none"]


def split(text: str, *, tag: str = "think") -> Thought:
    """The think block at the start of a response, and what follows it.

    A block counts only at the start (after white space) or, where the template opened it, up to a
    closing tag that no opening tag precedes; tags that a text merely mentions later are text.
    The first closing tag ends the block.

    >>> split("<think>2+2</think>4")
    Thought(think='2+2', answer='4', status='closed')
    >>> split("2+2</think>4").status, split("<think>2+2").status, split("4").status
    ('prefilled', 'unclosed', 'none')
    """
    opening, closing = f"<{tag}>", f"</{tag}>"
    end = text.find(closing)
    if (head := _opened_at(text, opening)) >= 0:
        if end < 0:
            return Thought(text[head:], "", "unclosed")
        return Thought(text[head:end], text[end + len(closing) :], "closed")
    if end >= 0 and text.find(opening, 0, end) < 0:
        return Thought(text[:end], text[end + len(closing) :], "prefilled")
    return Thought("", text, "none")


def part_of(text: str, part: Part, *, tag: str = "think") -> str:
    """The named part of a response.

    >>> part_of("<think>2+2</think>4", "answer")
    '4'
    """
    if part == "all":
        return text
    thought = split(text, tag=tag)
    return thought.think if part == "think" else thought.answer


def _opened_at(text: str, opening: str) -> int:
    """Where the block's content begins if the text starts with `opening`, else -1."""
    if text.startswith(opening):
        return len(opening)
    if text[:1].isspace():
        start = len(text) - len(text.lstrip())
        if text.startswith(opening, start):
            return start + len(opening)
    return -1
