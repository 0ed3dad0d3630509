"""Where the answer of a response stands, and the reference it is held against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from plaudit.answers.boxed import last_boxed
from plaudit.errors import ConfigError, ScoringError, clipped
from plaudit.think import split

__all__ = ["Extract", "answer_of", "last_tag", "references"]

Extract = Literal["answer", "all", "answer_tag", "boxed", "last_line"]


def answer_of(response: str, extract: Extract) -> str | None:
    """The stripped answer of a response, None where it states none.

    "answer" is what follows the think block, "all" the whole response; "answer_tag" the last
    ``<answer>..</answer>``, "boxed" the last box and "last_line" the last line that is not blank,
    these three of what follows the think block.

    >>> answer_of("<think>5?</think>It is\\n<answer> 4 </answer>", "answer_tag")
    '4'
    """
    if extract == "all":
        return response.strip() or None
    text = split(response).answer
    if extract == "answer":
        found = text
    elif extract == "answer_tag":
        found = last_tag(text, "answer")
    elif extract == "boxed":
        box = last_boxed(text)
        found = box and box[0]
    elif extract == "last_line":
        text = text.rstrip()
        found = text[text.rfind("\n") + 1 :]
    else:
        raise ConfigError(
            f"extract={extract!r} must be 'answer', 'all', 'answer_tag', 'boxed' or 'last_line'"
        )
    return (found or "").strip() or None


def last_tag(text: str, tag: str) -> str | None:
    """The content of the last closed block of that tag.

    >>> last_tag("<answer>1</answer> no, <answer>2</answer>", "answer")
    '2'
    """
    end = text.rfind(f"</{tag}>")
    start = text.rfind(f"<{tag}>", 0, max(end, 0))
    return None if end < 0 or start < 0 else text[start + len(tag) + 2 : end]


def references(reference: Any) -> list[str]:
    """The accepted answers: one text or number, or a list of them.

    Raises: ScoringError, the input's fault, for anything else and for a blank one.
    """
    items: Any = [reference] if isinstance(reference, str | int | float) else reference
    if hasattr(items, "tolist"):
        items = items.tolist()
    if not isinstance(items, Sequence) or not items:
        raise ScoringError(f"the reference must be text, found {clipped(items)}", fault="input")
    texts = []
    for item in items:
        if not isinstance(item, str | int | float) or not str(item).strip():
            found = clipped(item)
            raise ScoringError(f"a reference must be non-empty text, found {found}", fault="input")
        texts.append(str(item).strip())
    return texts
