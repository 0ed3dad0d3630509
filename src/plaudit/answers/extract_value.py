"""The value in a piece of prose: a formula, a short first sentence, or the last number."""

from __future__ import annotations

import re
from collections import deque

__all__ = [
    "final_formula",
    "first_number",
    "is_bare_formula",
    "is_plain",
    "last_number",
    "value_in",
]

_NUMBER = re.compile(
    r"(?:(?<![\w.)\]}])[-−+])?(?:\\?[$€£¥])?(?:(?<=[$€£¥])[-−])?"
    r"(?:(?<![A-Za-z])\d+(?:,\d{3}(?!\d))*(?:\.\d+)?|(?<![\w.])\.\d+)"
    r"(?:\s?\\?%)?(?:/\d+(?!\d|\.\d))?"
)
_PLAIN_VALUE = re.compile(
    r"[-−+]?\\?[$€£¥]?[-−]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:\s*\\?%|(?:\s+[^\W\d_]+){0,3})?"
)
_SENTENCE_END = re.compile(r"[.。!?]\**\s+")
_SPANS = (("$$", "$$"), ("$", "$"), ("\\[", "\\]"), ("\\(", "\\)"))
_LETTERS = re.compile(r"[^\W\d_]+")
_COMMAND = re.compile(r"\\(?:text|mbox|mathrm)\s*\{[^{}]*\}|\\[A-Za-z]+")
_WRAPPING = " \t\r*\"'`"
_TRAILING = " \t\r\n.,;:。，；*\"'`"
_END_MARKS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "</s>", "<｜end▁of▁sentence｜>")
_WINDOW = 500
_LONGEST_FORMULA = 2000
_MARGIN = 60  # a number so near to the cut may have lost its first digits


def value_in(tail: str) -> str:
    """The value that a phrase introduces.

    >>> value_in("18. She sold 3."), value_in("7 * 3 + 1 = 22."), value_in("$x = 5$. I hope so.")
    ('18', '22', 'x = 5')
    """
    tail = tail.lstrip(" \t\r\n*:：")
    if tail.startswith(("$", "\\")) and (formula := _formula_at_start(tail)) is not None:
        return formula
    line = tail.partition("\n")[0].strip(_WRAPPING)
    whole = line.rstrip(".。*\"'` ")
    if _PLAIN_VALUE.fullmatch(whole):
        return whole
    first = _SENTENCE_END.split(line, maxsplit=1)[0].rstrip(".。*\"'` ")
    if _PLAIN_VALUE.fullmatch(first) or not any(map(str.isdecimal, line)):
        return first
    if "=" not in line and not line.startswith("{") and _is_formula(whole):
        return whole
    numbers = _NUMBER.findall(line)
    return numbers[-1] if numbers else line


def is_plain(text: str) -> bool:
    """Whether a text is a number with at most a unit, or a formula."""
    return _PLAIN_VALUE.fullmatch(text.rstrip(". ")) is not None or _longest_word(text) <= 3


def is_bare_formula(text: str) -> bool:
    """Whether a text is one line of mathematics and nothing else."""
    return 0 < len(text) <= _WINDOW and "\n" not in text and _longest_word(text) <= 1


def first_number(line: str) -> str | None:
    """The first number of a line."""
    match = _NUMBER.search(line)
    return match.group() if match else None


def last_number(text: str) -> str | None:
    """The last number of a text, or the formula around it."""
    for size in (_WINDOW, len(text)):
        tail = text[-size:]
        last = deque(_NUMBER.finditer(tail), maxlen=1)
        if last and (last[0].start() > _MARGIN or len(tail) == len(text)):
            return _formula_around(tail, last[0]) or last[0].group()
    return None


def final_formula(text: str) -> str | None:
    r"""The formula that a text ends with, in dollars or LaTeX brackets.

    >>> final_formula("So it is $[0, 1)$."), final_formula("They cost $5.")
    ('[0, 1)', None)
    """
    tail = _without_end_marks(text[-_LONGEST_FORMULA:])
    for opening, closing in _SPANS:
        if tail.endswith(closing):
            start = tail.rfind(opening, 0, len(tail) - len(closing))
            content = tail[start + len(opening) : len(tail) - len(closing)].strip()
            return content if start >= 0 and content and _is_formula(content) else None
    return None


def _without_end_marks(tail: str) -> str:
    tail = tail.rstrip(_TRAILING)
    for mark in _END_MARKS:
        tail = tail.removesuffix(mark)
    return tail.rstrip(_TRAILING)


def _formula_at_start(tail: str) -> str | None:
    """The formula that a text begins with, if its sentence ends there."""
    for opening, closing in _SPANS:
        if tail.startswith(opening):
            end = tail.find(closing, len(opening))
            rest = tail[end + len(closing) :].partition("\n")[0].strip(_WRAPPING)
            if end > 0 and (not rest or rest[0] in ".,;。，；"):
                return tail[len(opening) : end].strip()
    return None


def _formula_around(text: str, number: re.Match[str]) -> str | None:
    r"""The `$...$` or `\(...\)` that the number stands in, if it is LaTeX."""
    line_start = text.rfind("\n", 0, number.start()) + 1
    line_end = text.find("\n", number.end())
    line = text[line_start : line_end if line_end >= 0 else len(text)]
    at = number.start() - line_start
    for opening, closing in _SPANS:
        start = line.rfind(opening, 0, at)
        end = line.find(closing, at)
        if start < 0 or end < 0 or line.count(opening, 0, at) % 2 != 1:
            continue
        content = line[start + len(opening) : end]
        return content.strip() if "\\" in content and _is_formula(content) else None
    return None


def _is_formula(text: str) -> bool:
    """Whether a text is mathematics, or a word, without a sentence in it."""
    longest = _longest_word(text)
    return longest <= 3 or (longest <= 8 and ("\\" in text or text.strip().isalpha()))


def _longest_word(text: str) -> int:
    """The length of the longest run of letters outside commands and their texts."""
    return max(map(len, _LETTERS.findall(_COMMAND.sub(" ", text))), default=0)
