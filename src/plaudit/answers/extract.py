r"""Where the final answer of a solution stands, found from the end of the text.

Every search is an `rfind` or looks at a window of bounded size, so 130 kB cost microseconds and no
input costs more than linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from plaudit.answers.boxed import last_boxed
from plaudit.answers.extract_value import (
    final_formula,
    first_number,
    is_bare_formula,
    is_plain,
    last_number,
    value_in,
)

__all__ = ["Extract", "Found", "extract"]

Extract = Literal["auto", "boxed", "answer_tag", "gsm8k", "last_number", "minerva"]

_WINDOW = 2000
_IS = re.compile(
    r"(?:nswer|NSWER)(?:\*\*)?[\"']?\s{0,9}(?:is|IS|was|=|:|：)(?:\*\*)?\s{0,9}[:：]?\s{0,9}"
)
_MARKUP = re.compile(r"[*\"'\s]+(?![a-z])")
_CHINESE = re.compile(r"答案\s*(?:应该是|应为|应是|是|为|等于)?\s*[:：=]?\s*")
_FINAL_IS = re.compile(r"(?i)final\s+answer\s+is\s*[:：]?\s*")
_HOPE = re.compile(r"(?i)\.?\s*I hope (?:it|this) is correct")
_JOINT = re.compile(  # what joins boxes to one answer: at least one comma or conjunction
    r"[\s$.]*(?:\\[()\[\]]\s*)?(?:,|;|、|，|\\q?quad|\\text\{\s*(?:and|or)\s*\}|and\b|or\b|和|或)"
    r"(?:[\s$,;]|\\[()\[\]]|\\q?quad|\\text\{\s*(?:and|or)\s*\}|and\b|or\b){0,12}"
)
_MOST_BOXES = 12


class Found(NamedTuple):
    """An extracted answer and the mark it was found by."""

    text: str
    mark: str


def extract(text: str, how: Extract) -> Found | None:
    r"""The final answer of a solution, or None where the mark asked for is missing.

    >>> extract(r"so \boxed{\frac12}.", "auto")
    Found(text='\\frac12', mark='boxed')
    >>> extract("3 + 4 = 7\n#### 7", "gsm8k").text
    '7'
    >>> extract("It costs $1,200 in all.", "last_number").text
    '$1,200'
    """
    return _METHODS[how](text)


def _auto(text: str) -> Found | None:
    """The later of box, answer tag and Minerva's sentence, else the weaker marks in turn."""
    found, end = _boxes(text)
    if text.rfind("</answer>") >= end and (tagged := _answer_tag(text)) is not None:
        return tagged
    if found is None:
        return _value_behind_hashes(text) or _phrase(text) or _formula(text) or _last_number(text)
    rest = text[end:]
    return (_minerva(rest) if "I hope it is correct" in rest else None) or found


def _boxed(text: str) -> Found | None:
    return _boxes(text)[0]


def _boxes(text: str) -> tuple[Found | None, int]:
    """The last box, with the boxes that "and" or a comma joins to it, and where it ends."""
    box = last_boxed(text)
    if box is None:
        return None, 0
    contents, start = [box[0]], box[1]
    while len(contents) < _MOST_BOXES and "}" in text[max(start - 40, 0) : start]:
        near = text[max(start - _WINDOW, 0) : start]
        before = last_boxed(near)
        if before is None or not _JOINT.fullmatch(near, before[2]):
            break
        contents.append(before[0])
        start += before[1] - len(near)
    return Found(", ".join(dict.fromkeys(reversed(contents))), "boxed"), box[2]


def _answer_tag(text: str) -> Found | None:
    """The content of the last answer tag, or the answer marked inside it."""
    end = text.rfind("</answer>")
    start = text.rfind("<answer>", 0, max(end, 0))
    if end < 0 or start < 0:
        return None
    content = text[start + len("<answer>") : end].strip()
    if (box := _boxed(content)) is not None:
        return Found(box.text, "boxed in the answer tag")
    inner = (_gsm8k(content) or _phrase(content)) if len(content) < _WINDOW else None
    return inner or Found(content, "answer tag")


def _gsm8k(text: str) -> Found | None:
    """The number behind the last ####, or its line where that is LaTeX or holds no number."""
    at = text.rfind("####")
    if at < 0:
        return None
    line = _line(text, at + 4)
    number = first_number(line)
    return Found(line if number is None or "\\" in line else number, "####")


def _value_behind_hashes(text: str) -> Found | None:
    """The same, where a value stands there and not a heading."""
    at = text.rfind("####")
    return _gsm8k(text) if at >= 0 and is_plain(_line(text, at + 4)) else None


def _formula(text: str) -> Found | None:
    formula = final_formula(text)
    if formula is not None:
        return Found(formula, "final formula")
    whole = text.strip()
    return Found(whole, "whole text") if is_bare_formula(whole) else None


def _last_number(text: str) -> Found | None:
    number = last_number(text)
    return None if number is None else Found(number, "last number")


def _minerva(text: str) -> Found | None:
    for at in _backwards(text, "inal answer is", "inal Answer is"):
        match = _FINAL_IS.match(text, max(at - 1, 0))
        if match is not None:
            tail = text[match.end() : match.end() + _WINDOW]
            hope = _HOPE.search(tail)
            return Found(value_in(tail[: hope.start()] if hope else tail), "final answer is")
    return None


def _phrase(text: str) -> Found | None:
    """What follows the last "answer is", "Answer:", "A:" or 答案."""
    english = next(_phrases(text), None)
    chinese = text.rfind("答案")
    short = 0 if text.startswith("A:") else text.rfind("\nA:") + 1
    if not (short or text.startswith("A:")):
        short = -1
    start, mark = english or (-1, "")
    if chinese >= 0 and (match := _CHINESE.match(text, chinese)) and match.end() > start:
        start, mark = match.end(), match.group().strip() or "答案"
    if short >= 0 and short + 2 > start:
        start, mark = short + 2, "A:"
    if start < 0:
        return None
    value = value_in(text[start : start + _WINDOW])
    if not value or (value.endswith((":", "：")) and not any(map(str.isdecimal, value))):
        return None  # "the answer is as follows:", and the value stands further down
    return Found(value, mark)


def _phrases(text: str) -> Iterator[tuple[int, str]]:
    """Where values begin behind "answer is" and its kin, last first."""
    for at in _backwards(text, "nswer", "NSWER"):
        match = _IS.match(text, at)
        if (
            match
            and text[at - 1 : at] in ("a", "A")
            and not text[max(at - 2, 0) : at - 1].isalnum()
        ):
            yield match.end(), _plain(text[at - 1 : match.end()])


def _plain(mark: str) -> str:
    """A mark without the quotes and stars around it."""
    return mark.strip() if mark.replace(" ", "").isalpha() else _MARKUP.sub("", mark).strip()


def _line(text: str, start: int) -> str:
    """The rest of a line, or the next one where it is empty."""
    return text[start : start + _WINDOW].lstrip().partition("\n")[0].strip(" \t\r*\"'`")


def _backwards(text: str, one: str, other: str) -> Iterator[int]:
    """Where either needle stands, last first."""
    first, second = text.rfind(one), text.rfind(other)
    while first >= 0 or second >= 0:
        if first > second:
            yield first
            first = text.rfind(one, 0, first)
        else:
            yield second
            second = text.rfind(other, 0, second)


_METHODS: dict[str, Callable[[str], Found | None]] = {
    "auto": _auto,
    "boxed": _boxed,
    "answer_tag": _answer_tag,
    "gsm8k": _gsm8k,
    "last_number": _last_number,
    "minerva": _minerva,
}
