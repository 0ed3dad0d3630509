"""The string normal form of MATH answers that Hendrycks et al. published with the data set.

Reimplements the evaluation code of arXiv 2103.03874 as copied by verl, OpenRLHF and l1: the same
strings, quirks included. A text on which the original fails raises ValueError here.
"""

from __future__ import annotations

import re

__all__ = ["is_equal", "last_boxed_verbatim", "normal"]

_BRACE = re.compile(r"[{}]")
_DELETED = ("\\left", "\\right", "^{\\circ}", "^\\circ", "\\$")
_UNIT = "\\text{ "


def is_equal(one: str, two: str) -> bool:
    """Whether the normal forms are equal, or the texts themselves if one has no normal form.

    >>> is_equal("\\\\dfrac12", "1/2"), is_equal("x+1", "1+x")
    (True, False)
    """
    try:
        return normal(one) == normal(two)
    except ValueError:
        return one == two


def normal(text: str) -> str:
    r"""The normal form: fractions and roots braced, units on the right and spaces removed.

    Raises: ValueError for two units, or a fraction or root without argument.

    >>> normal(r"x = \tfrac12 \text{ cm}"), normal("0.5")
    ('\\frac{1}{2}', '\\frac{1}{2}')
    """
    text = text.replace("\n", "").replace("\\!", "").replace("\\\\", "\\")
    text = text.replace("tfrac", "frac").replace("dfrac", "frac")
    for mark in _DELETED:
        text = text.replace(mark, "")
    text = _without_unit(text).replace("\\\\%", "").replace("\\%", "")
    text = text.replace(" .", " 0.").replace("{.", "{0.")
    if not text:
        return text
    text = _braced_roots(_right_side("0" + text if text[0] == "." else text)).replace(" ", "")
    text = _braced_fractions(text)
    return _as_fraction("\\frac{1}{2}" if text == "0.5" else text)


def last_boxed_verbatim(text: str) -> str | None:
    r"""The last ``\boxed`` (else ``\fbox``) up to its closing brace, macro included.

    Escaped braces count as braces, and a last box that is not closed gives None.
    """
    start = text.rfind("\\boxed")
    if start < 0:
        start = text.rfind("\\fbox")
    end = -1 if start < 0 else closing_brace(text, start)
    return text[start : end + 1] if end >= 0 else None


def closing_brace(text: str, start: int) -> int:
    """Where the first brace group after `start` closes (escaped braces count), or -1.

    A closing brace before any opening one makes the count negative, as in the original.
    """
    depth = 0
    for brace in _BRACE.finditer(text, start):
        depth += 1 if brace.group() == "{" else -1
        if depth == 0 and brace.group() == "}":
            return brace.start()
    return -1


def _without_unit(text: str) -> str:
    before, unit, after = text.partition(_UNIT)
    if unit and _UNIT in after:
        raise ValueError("two units")
    return before


def _right_side(text: str) -> str:
    """The right side of the only equals sign, if at most two characters come before it."""
    sides = text.split("=")
    return sides[1] if len(sides) == 2 and len(sides[0]) <= 2 else text


def _braced_roots(text: str) -> str:
    head, *tails = text.split("\\sqrt")
    return head + "".join("\\sqrt" + _braced_first(tail) for tail in tails)


def _braced_first(tail: str) -> str:
    if not tail:
        raise ValueError("a root of nothing")
    return tail if tail[0] == "{" else "{" + tail[0] + "}" + tail[1:]


def _braced_fractions(text: str) -> str:
    head, *tails = text.split("\\frac")
    if any(len(tail) == 1 and tail != "{" for tail in _before_failure(tails)):
        return text
    return head + "".join("\\frac" + _braced_pair(tail) for tail in tails)


def _before_failure(tails: list[str]) -> list[str]:
    """The tails up to the first empty one, at which the original stops."""
    return tails[: tails.index("")] if "" in tails else tails


def _braced_pair(tail: str) -> str:
    if not tail:
        raise ValueError("a fraction of nothing")
    if tail[0] == "{":
        return tail
    below = tail[1] if tail[1] == "{" else "{" + tail[1] + "}"
    return "{" + tail[0] + "}" + below + tail[2:]


def _as_fraction(text: str) -> str:
    """a/b as a fraction, where a and b are integers written as Python writes them."""
    above, slash, below = text.partition("/")
    try:
        is_plain = bool(slash) and f"{int(above)}/{int(below)}" == text
    except ValueError:
        return text
    return f"\\frac{{{above}}}{{{below}}}" if is_plain else text
