r"""Formulas in running text: where each `$..$`, `\(..\)`, `$$..$$` and `\[..\]` begins and ends.

A dollar that begins a price is not a formula. Linear: a formula is sought within a bounded window.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from plaudit.answers.latex_token import name_set

__all__ = ["Span", "formulas", "is_mathematics", "longest_word", "sentence_end"]

_LONGEST = 2000
_OPENING = re.compile(r"\\\\|\\\$|\$\$?|\\[(\[]")
_CLOSING = {"$$": "$$", "\\[": "\\]", "\\(": "\\)", "$": "$"}
_LETTERS = re.compile(r"[^\W\d_]+")
_COMMAND = re.compile(
    r"\\(?:text|mbox|mathrm|textbf|textit|textrm|textnormal|operatorname)\s*\{[^{}]*\}"
    r"|\\begin\{[^{}]*\}|\\end\{[^{}]*\}|\\[A-Za-z]+"
)
_MARKUP_AFTER = " \t*_\"'”’」』)）`~"
_BREAK = re.compile(r"\\.|[{}]|\n|[.!?。！？]|[．｡](?!\d)|\\begin\{|\\end\{", re.DOTALL)
_ABBREVIATIONS = name_set(
    "sq approx mr mrs ms dr st vs e.g i.e ca resp max min fig eq no nos in ft lb lbs oz cu yd"
)
_LAST_WORD = re.compile(r"([A-Za-z][A-Za-z.]*)$")


class Span(NamedTuple):
    """A formula: its content between `inner_start` and `inner_end`, delimiters outside."""

    start: int
    inner_start: int
    inner_end: int
    end: int


def formulas(text: str, start: int = 0, stop: int | None = None) -> Iterator[Span]:
    r"""The formulas of a text in order.

    >>> [("$5 and $x+1$, \\(y\\)"[s.inner_start : s.inner_end]) for s in
    ...  formulas("$5 and $x+1$, \\(y\\)")]
    ['x+1', 'y']
    """
    stop = len(text) if stop is None else stop
    at = start
    while (match := _OPENING.search(text, at, stop)) is not None:
        at = match.end()
        if match.group() in ("\\\\", "\\$"):
            continue
        span = _formula_at(text, match, stop)
        if span is not None:
            yield span
            at = span.end


def _formula_at(text: str, opening: re.Match[str], stop: int) -> Span | None:
    mark = opening.group()
    closing = _CLOSING[mark]
    limit = min(opening.end() + _LONGEST, stop)
    end = text.find(closing, opening.end(), limit)
    while end > 0 and mark == "$" and text[end - 1] == "\\":
        end = text.find(closing, end + 1, limit)
    if end < 0 or end == opening.end():
        return None
    span = Span(opening.start(), opening.end(), end, end + len(closing))
    return span if mark != "$" or _is_dollar_formula(text, span) else None


def _is_dollar_formula(text: str, span: Span) -> bool:
    """Whether two dollars enclose mathematics, and are not two prices."""
    content = text[span.inner_start : span.inner_end]
    if "\n" in content.strip("\n") and "\\begin" not in content:
        return False
    if text[span.end : span.end + 1].isdecimal():
        return False
    if content[-1:].isspace() and not content[:1].isspace():
        return "\\" in content and is_mathematics(content)
    return is_mathematics(content)


def is_mathematics(text: str) -> bool:
    """Whether a text is mathematics, or a word, without a sentence in it."""
    longest = longest_word(text)
    return longest <= 3 or (longest <= 8 and ("\\" in text or text.strip().isalpha()))


def longest_word(text: str) -> int:
    """The length of the longest run of letters outside commands and their texts."""
    return max(map(len, _LETTERS.findall(_COMMAND.sub(" ", text))), default=0)


def sentence_end(text: str, start: int, stop: int) -> tuple[int, str]:
    r"""Where the sentence at `start` ends on its line, and the marks that end it ("" at the line).

    Full stops of numerals, abbreviations, formulas and braces end nothing, nor does the line end
    inside an open environment or brace.

    >>> sentence_end("5 sq. units! And 6", 0, 18), sentence_end("$a. b$.", 0, 7)
    ((11, '!'), (6, '.'))
    """
    inside = formulas(text, start, stop)
    formula = next(inside, None)
    depth = environments = 0
    at = start
    while (match := _BREAK.search(text, at, stop)) is not None:
        at = match.end()
        while formula is not None and formula.end <= match.start():
            formula = next(inside, None)
        if formula is not None and formula.start <= match.start():
            at = formula.end
            continue
        token = match.group()
        if token in "{}":
            depth += 1 if token == "{" else -1
        elif token[0] == "\\":
            is_begin = text.startswith("\\begin{", match.start())
            environments += is_begin - text.startswith("\\end{", match.start())
        elif token == "\n":
            if depth <= 0 and environments <= 0:
                return match.start(), ""
        elif depth <= 0 and environments <= 0 and _ends_sentence(text, match, stop):
            return match.start(), _closing(text, match.start(), stop)
    return stop, ""


def _ends_sentence(text: str, match: re.Match[str], stop: int) -> bool:
    token, end = match.group(), match.end()
    if token in "。！？．｡":
        return True
    while end < stop and text[end] in "!?.":
        end += 1
    after = end
    while after < stop and text[after] in _MARKUP_AFTER and not text[after].isspace():
        after += 1
    if after < stop and not text[after].isspace() and text[after] not in "<\u3000":
        return bool(_is_ideograph(text[after])) and token != "."
    if token == ".":
        word = _LAST_WORD.search(text[max(match.start() - 12, 0) : match.start()])
        rest = text[after:stop].lstrip(" \t")[:1]
        if word and word.group(1).lower() in _ABBREVIATIONS and rest.islower():
            return False
        if (
            word
            and word.group(1).lower() in ("approx", "ca", "no", "i.e", "e.g")
            and rest.isdecimal()
        ):
            return False
        return not (word and len(word.group(1)) == 3 and "." in word.group(1) and rest.islower())
    if token == "!":  # 5! = 120, 5! + 1
        rest = text[after:stop].lstrip(" \t")[:1]
        return not (rest and rest in "=+-*/^<>≈×·÷\\")
    return True


def _is_ideograph(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def _closing(text: str, at: int, stop: int) -> str:
    end = at
    while end < stop and text[end] in ".!?。！？．｡":
        end += 1
    return text[at:end]
