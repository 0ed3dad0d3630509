"""Prose separated from code, LaTeX, URLs and tags. Linear on any input."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Prose", "split_prose", "without_code"]

_TOKEN = re.compile(
    r"``*|~~~+|\\[\\$]|\\[\[(]|\\begin\{|\\[A-Za-z]+|\$\$?|https?://[!-~]*|www\.[!-~]*"
    r"|</?[A-Za-z][\w-]{0,30}>"
)
_CLOSING = {"$$": "$$", r"\[": r"\]", r"\(": r"\)", r"\begin{": r"\end{"}

_CODE_LINE = re.compile(
    r"^[ \t]{0,80}(?![ \t])(?:[\w.\[\]'\"]+[ \t]*(?:[-+*/]?=(?!=)|->|<-|\()[^㐀-鿿\n]*"
    r"|(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+[\w.]+[^㐀-鿿\n]*"
    r"|(?:async[ \t]+)?(?:def|class)[ \t]+\w+[^㐀-鿿\n]*[:({]"
    r"|(?:for[ \t]+\w[\w, ]*[ \t]in|if|elif|while|with)[ \t][^㐀-鿿\n]*:"
    r"|return\b[^㐀-鿿\n ]*[ \t]?[^㐀-鿿\n ]*|(?:\$|>>>)[ \t][^㐀-鿿\n]*"
    r"|[^㐀-鿿\n]*[;{}])[ \t]*(?://.*|\#.*)?$",
    re.MULTILINE,
)
_CALL = re.compile(r"(?<![\w.])[A-Za-z_][\w.]{0,60}\([^()㐀-鿿\n]{0,40}\)")


class Prose(NamedTuple):
    """The text outside and inside of code, LaTeX, URLs and tags; pieces are joined with spaces."""

    text: str
    removed: str


def split_prose(text: str) -> Prose:
    """The prose of a text, and separately its fenced and inline code, LaTeX, URLs and tags.

    An unclosed fence runs to the end, as in Markdown; other unclosed marks are prose. A ``$`` opens
    mathematics as in pandoc: no white space inside the marks, no digit after them, one line.

    >>> split_prose("Let $x$ be `int(y)`, see https://a.org/b ok")
    Prose(text='Let   be  , see   ok', removed='$x$ `int(y)` https://a.org/b')
    """
    prose, removed = [], []
    seek = _Seek(text)
    start = place = 0
    while mark := _TOKEN.search(text, place):
        end = _end_of(mark, seek)
        if end > 0:
            prose.append(text[start : mark.start()])
            removed.append(text[mark.start() : end])
            start = end
        place = max(end, mark.end())
    prose.append(text[start:])
    return Prose(" ".join(prose), " ".join(removed))


def without_code(text: str) -> str:
    """The text without unfenced lines of code and calls.

    >>> without_code("So:\\nx = f(1)\\nand sin(x) is it.")
    'So:\\n \\nand   is it.'
    """
    return _CALL.sub(" ", _CODE_LINE.sub(" ", text))


class _Seek:
    """`str.find` for ascending positions: each needle scans the text once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._next: dict[str, int] = {}

    def __call__(self, needle: str, place: int) -> int:
        """The first occurrence at or after `place`, or the length of the text."""
        occurrence = self._next.get(needle, -1)
        if occurrence < place:
            occurrence = self.text.find(needle, place)
            occurrence = self._next[needle] = len(self.text) if occurrence < 0 else occurrence
        return occurrence


def _end_of(opening: re.Match[str], seek: _Seek) -> int:
    """Where the span opened by a mark ends; 0 if it opens none."""
    mark, place = opening.group(), opening.end()
    if mark[0] in "`~":
        return _code_end(mark, place, seek)
    if mark == "$":
        return _dollar_end(place, seek)
    if mark in (r"\\", r"\$"):
        return 0
    closing = _CLOSING.get(mark)
    if closing is None:  # a command, a URL or a tag is complete in itself
        return place
    end = seek(closing, place)
    if mark == r"\begin{":
        end = seek("}", min(end + len(closing), len(seek.text)))
        closing = "}"
    return end + len(closing) if end < len(seek.text) else 0


def _code_end(mark: str, place: int, seek: _Seek) -> int:
    size = len(seek.text)
    if len(mark) >= 3:
        fence = mark[:3]
        end = seek(fence, place)
        while end < size and seek.text[end : end + 1] == fence[0]:
            end += 1
        return end
    end = seek(mark, place)
    return end + len(mark) if end < seek("\n\n", place) else 0


def _dollar_end(place: int, seek: _Seek) -> int:
    text = seek.text
    end = seek("$", place)
    if end >= seek("\n", place):
        return 0
    if text[place].isspace() or text[end - 1].isspace() or text[end + 1 : end + 2].isdigit():
        return 0
    return end + 1
