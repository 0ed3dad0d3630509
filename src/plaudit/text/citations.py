"""Citation marks in a text, by grammar, in one pass."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["GRAMMARS", "citations"]

_ID_LIST = r"[A-Za-z0-9_.:-]{1,40}(?:(?:, ?|; ?|，|、)[A-Za-z0-9_.:-]{1,40}){0,15}"
_NUMBERS = r"[0-9]{1,4}(?:(?:, ?|; ?|-|–|，|、)[0-9]{1,4}){0,15}"
_NAME = r"(?![a-z])[^\W\d_]{1,31}"
GRAMMARS: Mapping[str, re.Pattern[str]] = {
    "brackets": re.compile(rf"\[({_NUMBERS})\](?!\()"),  # [1](url) is a link
    "lenticular": re.compile(rf"【({_ID_LIST})(?:†[^】\n]{{0,40}})?】"),
    "cite": re.compile(rf"<cite>({_ID_LIST})</cite>|<cite id=\"({_ID_LIST})\" ?/?>"),
    "author_year": re.compile(
        rf"\(({_NAME}(?: (?:et al\.|(?:and|&) {_NAME}))?,? [12][0-9]{{3}}[a-z]?)\)"
    ),
}
_APART = re.compile(r"[,;，、] ?")


def citations(text: str, grammar: str) -> list[str]:
    """Every id that a mark of the grammar cites, in order; ranges of numbers are spelt out.

    >>> citations("So it is [1, 3-5].", "brackets")
    ['1', '3', '4', '5']
    """
    ids: list[str] = []
    for match in GRAMMARS[grammar].finditer(text):
        body = next(filter(None, match.groups()))
        for item in [body] if grammar == "author_year" else _APART.split(body):
            ids += _spelt(item, grammar)
    return ids


def _spelt(item: str, grammar: str) -> list[str]:
    """The numbers of a range "3-5" of at most 20; else the id, author and year without comma."""
    if grammar == "author_year":
        return [item.replace(",", "")]
    first, _, last = item.replace("–", "-").partition("-")
    if grammar == "brackets" and last and "-" not in last and 0 <= int(last) - int(first) < 20:
        return [str(number) for number in range(int(first), int(last) + 1)]
    return [item]
