r"""Where the final answer of a solution stands, found from the end of the text.

Every search is an `rfind` or looks at a window of bounded size, so 130 kB cost microseconds and no
input costs more than linear time.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from plaudit.rules._boxed import last_boxed

__all__ = ["Extract", "Found", "extract"]

Extract = Literal["auto", "boxed", "answer_tag", "gsm8k", "last_number", "minerva"]

_WINDOW = 2000
_MARGIN = 60  # a number so near to the cut may have lost its first digits
_NUMBER = re.compile(
    r"(?:(?<![\w.)\]}])[-−+])?(?:\\?[$€£¥])?(?:(?<=[$€£¥])[-−])?"
    r"\d+(?:,\d{3}(?!\d))*(?:\.\d+)?(?:\s?\\?%)?(?:/\d+(?![\d.]))?"
)
_IS = re.compile(
    r"(?:nswer|NSWER)(?:\*\*)?[\"']?\s{0,9}(?:is|IS|was|=|:|：)(?:\*\*)?\s{0,9}[:：]?\s{0,9}"
)
_MARKUP = re.compile(r"[*\"'\s]+(?![a-z])")
_CHINESE = re.compile(r"答案\s*(?:应该是|应为|应是|是|为|等于)?\s*[:：=]?\s*")
_FINAL_IS = re.compile(r"(?i)final\s+answer\s+is\s*[:：]?\s*")
_HOPE = re.compile(r"(?i)\.?\s*I hope (?:it|this) is correct")
_SPANS = (("$$", "$$"), ("$", "$"), ("\\[", "\\]"), ("\\(", "\\)"))
_PLAIN_VALUE = re.compile(
    r"[-−+]?\\?[$€£¥]?[-−]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:\s*\\?%|(?:\s+[^\W\d_]+){0,3})?"
)
_SENTENCE_END = re.compile(r"[.。!?]\**\s+")


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
    """The later of box and answer tag, then `####`, then "the answer is", then the last number."""
    box = last_boxed(text)
    tag = text.rfind("</answer>")
    if tag > (box[1] if box else -1) and (found := _answer_tag(text)) is not None:
        return found
    if box is not None:
        return Found(box[0], "boxed")
    return _gsm8k(text) or _phrase(text) or _last_number(text)


def _boxed(text: str) -> Found | None:
    box = last_boxed(text)
    return None if box is None else Found(box[0], "boxed")


def _answer_tag(text: str) -> Found | None:
    """The content of the last answer tag, or the answer marked inside it."""
    end = text.rfind("</answer>")
    start = text.rfind("<answer>", 0, max(end, 0))
    if end < 0 or start < 0:
        return None
    content = text[start + len("<answer>") : end].strip()
    if (box := last_boxed(content)) is not None:
        return Found(box[0], "boxed in the answer tag")
    inner = (_gsm8k(content) or _phrase(content)) if len(content) < _WINDOW else None
    return inner or Found(content, "answer tag")


def _gsm8k(text: str) -> Found | None:
    at = text.rfind("####")
    if at < 0:
        return None
    line = _line(text, at + 4)
    number = _first_number(line)
    return Found(line if number is None or "\\" in line else number, "####")


def _minerva(text: str) -> Found | None:
    for at in _backwards(text, "inal answer is", "inal Answer is"):
        match = _FINAL_IS.match(text, max(at - 1, 0))
        if match is not None:
            tail = text[match.end() : match.end() + _WINDOW]
            hope = _HOPE.search(tail)
            return Found(_value(tail[: hope.start()] if hope else tail), "final answer is")
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
    value = _value(text[start : start + _WINDOW])
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


def _last_number(text: str) -> Found | None:
    """The last number of the text, or the formula that it ends."""
    for size in (_WINDOW // 4, len(text)):
        tail = text[-size:]
        last = deque(_NUMBER.finditer(tail), maxlen=1)
        if last and (last[0].start() > _MARGIN or len(tail) == len(text)):
            return Found(_formula_around(tail, last[0]) or last[0].group(), "last number")
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
        return content.rpartition("=")[2].strip() if "\\" in content else None
    return None


def _value(tail: str) -> str:
    """The value that a phrase introduces: a formula, a short first sentence, or a last number."""
    tail = tail.lstrip(" \t\r\n*:：")
    if tail.startswith(("$", "\\")) and (formula := _formula_at_start(tail)) is not None:
        return formula
    line = tail.partition("\n")[0].strip(" \t\r*\"'`")
    whole = line.rstrip(".。*\"'` ")
    if _PLAIN_VALUE.fullmatch(whole):
        return whole
    first = _SENTENCE_END.split(line, maxsplit=1)[0].rstrip(".。*\"'` ")
    if _PLAIN_VALUE.fullmatch(first) or not any(map(str.isdecimal, line)):
        return first
    if _is_formula(line):
        return line.rstrip(".。 ")
    return _last_in(line) or line


def _formula_at_start(tail: str) -> str | None:
    """The formula that a text begins with, if it has its line to itself."""
    for opening, closing in _SPANS:
        if tail.startswith(opening):
            end = tail.find(closing, len(opening))
            rest = tail[end + len(closing) :].partition("\n")[0] if end > 0 else ""
            if end > 0 and not rest.strip(" \t.,;。*\"'`"):
                return tail[len(opening) : end].strip()
    return None


def _is_formula(line: str) -> bool:
    """Whether a line holds mathematics and no sentence."""
    if "=" in line or "{" in line[:1]:
        return False
    longest = max(map(len, re.findall(r"[^\W\d_]+", re.sub(r"\\[A-Za-z]+", " ", line))), default=0)
    return longest <= 3 or ("\\" in line and longest <= 8)


def _line(text: str, start: int) -> str:
    """The rest of a line, or the next one where it is empty."""
    return text[start : start + _WINDOW].lstrip().partition("\n")[0].strip(" \t\r*\"'`")


def _first_number(line: str) -> str | None:
    match = _NUMBER.search(line)
    return match.group() if match else None


def _last_in(line: str) -> str | None:
    numbers = _NUMBER.findall(line)
    return numbers[-1] if numbers else None


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
