# ruff: noqa: E501  (tables of patterns)
"""Numbers as they are written, and whether what follows one changes it."""

from __future__ import annotations

import math
import re

from plaudit.errors import clipped
from plaudit.judges.verdict.spec import JsonScore, Scale, Scores, verdict_error

__all__ = [
    "HANZI",
    "NUMBER_WORDS",
    "PLAIN_VALUE",
    "TAIL",
    "VALUE",
    "number_of",
    "read_value",
    "scale_end",
    "to_scale",
]
NUMBER_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "零": 0, "两": 2,
    **{sign: n for n, sign in enumerate("壹贰叁肆伍陆柒捌玖拾", 1)},
    **{sign: n for n, sign in enumerate("一二三四五六七八九十", 1)},
}  # fmt: skip
HANZI = "零一二两三四五六七八九十壹贰叁肆伍陆柒捌玖拾"
_NAMES = "|".join(word for word in NUMBER_WORDS if word.isascii())
VALUE = (
    rf"[-+]?(?:\d+(?:\.\d+)?|(?<!\d)\.\d+)|[{HANZI}]|[★⭐🌟]{{1,10}}[☆✩]{{0,9}}|\b(?:{_NAMES})\b"
)
PLAIN_VALUE = rf"(?:\d+(?:\.\d+)?|[{HANZI}]{{1,2}}|百|(?:{_NAMES})\b)"
TAIL = re.compile(
    rf"\s{{0,6}}(?:(/|out\s{{1,3}}of(?:\s{{1,3}}a\s{{1,3}}possible)?|of|／)\s{{0,6}}({PLAIN_VALUE})"
    r"(?:\s{0,3}(?:分|points?|stars?))?|(%)|(分|points?|stars?|[★⭐🌟]|星级?|颗星))?",
    re.IGNORECASE,
)
_NUMBER = re.compile(rf"({VALUE}){TAIL.pattern}", re.IGNORECASE)
_RANGE = re.compile(
    rf"\s{{0,6}}(?:-|–|—|~|to|到|至|or|或者?|and|和|、|,(?!\s{{0,3}}\d{{1,3}}\s{{0,3}}分(?:制|满分))|vs\.?|->|→|⇒|=>|minus|plus|[+*×÷=±])\s{{0,6}}[\[(\"]{{0,2}}[-+]?(?:[\d.{HANZI}★]|(?:{_NAMES})\b)"
    rf"|\s{{0,3}}[,.;]?\s{{0,3}}(?:no|wait|or rather|maybe|perhaps|possibly|actually|不对?|也许|可能)"
    rf"\W{{0,4}}(?:\w{{1,12}}\s)?[\d.{HANZI}]|\s{{0,3}},?\s{{0,3}}(?:maybe|perhaps|possibly)\b",
    re.IGNORECASE,
)
_FOLLOWED = re.compile(rf"[A-Za-z\d.]*[A-Za-z\d]|,\d|[{HANZI}百千半⁄^+]|点|[☆★]|:\d")
_CLOSERS = re.compile(r"^(?:\s{0,3}/\s{0,3}\d{1,3})?\s{0,3}[\])>}$\"'”」*]{1,4}")
_SHUT = re.compile(
    r"\s{0,2}[\])}$\"'”」]{1,4}(?=\s{0,3}(?:/|out\b|of\b|分|%|points?\b|stars?\b))", re.IGNORECASE
)
_VAGUE = re.compile(
    r"\s{0,3}(?:半|制|[+＋]|以上|以下|左右|上下|多分|出头|之|for (?!an?\b|the\b|this\b|its?\b)|-?ish\b|or (?:so|more|less)\b)"
)


_GOES_ON = re.compile(r"[A-Za-z]|\.?\d")
_OTHER_MAXIMUM = re.compile(rf"\s{{0,3}}(?:/|out of\s)\s{{0,3}}({PLAIN_VALUE})")
_CLOSED = re.compile(r"^\s?\]\s?\]")


def _to_number(text: str) -> float:
    """The number that a value spells, stars counted."""
    if text[0] in "★⭐🌟":
        return float(sum(char in "★⭐🌟" for char in text))
    return float(NUMBER_WORDS.get(text.casefold(), text) if text != "百" else 100)


def to_scale(
    number: str, maximum: str | None, percent: str | None, spec: Scale | Scores | JsonScore
) -> float:
    """The number as a value on the scale. Raises VerdictError for a number that is not on it."""
    value = _to_number(number)
    if percent:
        if (spec.low, spec.high) != (0, 1):
            raise verdict_error(
                "outside", f"{number} % on a scale of {spec.low:g} to {spec.high:g}"
            )
        value /= 100
    if number[0] in "★⭐🌟":
        maximum = str(len(number)) if number[-1] in "☆✩" else "5"
    if maximum is not None and scale_end(maximum) != spec.high:
        raise verdict_error("outside", f"{number} of {maximum} on a scale up to {spec.high:g}")
    if not (math.isfinite(value) and spec.low <= value <= spec.high):
        raise verdict_error("outside", f"{number} is not in {spec.low:g} to {spec.high:g}")
    if not isinstance(spec, JsonScore) and spec.is_integer and not value.is_integer():
        raise verdict_error("outside", f"{number} is not a whole number")
    return value


def scale_end(text: str) -> float:
    """The end of a scale: 10, "ten", "十", "百", "五".

    >>> scale_end("十"), scale_end("百"), scale_end("5")
    (10.0, 100.0, 5.0)
    """
    return math.nan if len(text) > 1 and text[0] in HANZI else _to_number(text)


def number_of(text: str) -> re.Match[str] | None:
    """The match of a text that is one number with its unit and nothing else; None for others."""
    return _NUMBER.fullmatch(text)


def read_value(number: str, rest: str, spec: Scale, is_cut: bool) -> float:
    """The number as a value on the scale, unless the text after it changes it."""
    if _RANGE.match(rest) or _RANGE.match(_CLOSERS.sub("", rest)):
        raise verdict_error("ambiguous", "a range of scores")
    shut = _SHUT.match(rest)  # "[4]/10"
    rest = rest[shut.end() :] if shut else rest
    tail = TAIL.match(rest)
    assert tail is not None
    if tail[4] and "star" in tail[4].lower() and spec.high > 5 and _to_number(number) <= 5:
        raise verdict_error("ambiguous", "stars are usually counted up to five")
    after = rest[tail.end() :] if tail[0].strip() else rest
    if is_cut and not after.strip():
        raise verdict_error("truncated", "the number may continue")
    if (not tail[0].strip() and _FOLLOWED.match(rest)) or _VAGUE.match(after):
        raise verdict_error("ambiguous", f"the number continues as {clipped(rest[:8])}")
    if tail[0].strip() and (_RANGE.match(after) or _GOES_ON.match(after)):
        raise verdict_error("ambiguous", f"the number continues as {clipped(rest[:12])}")
    if _CUT_OFF.match(after) or (is_cut and not _FINISHED.match(after)):
        raise verdict_error("truncated", "what follows the number is cut off")
    if _MEANT.match(after):
        raise verdict_error("ambiguous", "the number is mentioned, not given")
    second = _OTHER_MAXIMUM.match(after)
    if second and tail[2]:
        raise verdict_error("ambiguous", "two fractions")
    if _TWO.match(after):
        raise verdict_error("ambiguous", "the number is in a question, or one of two")
    if second:
        return to_scale(number, second[1], None, spec)
    if not _ENDED.match(_CLOSED.sub("", after)):
        raise verdict_error("ambiguous", f"{number} is part of a sentence")
    if not spec.is_integer and "." not in number and rest.strip() == ".":
        raise verdict_error("truncated", "the number ends in its point")
    return to_scale(number, tail[2], tail[3], spec)


# "4?", "[[7]][[8]]", "4 (lenient) / 3 (strict)"
_TWO = re.compile(
    r"[\s\])}>*\"'”」]{0,4}(?:!?\?|\[\s?\[|\([^()\n]{1,20}\)\s{0,3}(?:[/,、;]|or|and|或|和)\s{0,3}\d)"
)
# An unfinished remark, and text that shows that a number in a truncated reply was complete.
_CUT_OFF = re.compile(
    r"\s{0,6}(?:\n\s{0,3})?\([^()]{0,60}$|\s{0,3}(?:[/~–—-]|→|to|or|到|或)\s{0,3}$"
)
_FINISHED = re.compile(
    r"[\])}>*$\"'”」\s]{0,6}?(?:\s{0,6}\n|[。!;|]|\.\s+\S|\([^()\n]{1,60}\)|,?\s{0,3}(?:because|since|as|due to|因为|由于)(?!\w)|</)",
    re.IGNORECASE,
)
_MEANT = re.compile(
    r"\s{0,3}\(\s{0,2}(?:claimed|stated|self|according|as claimed|自称|自评)|[^.\n。;]{0,80}\bif\b(?! (?:I|one|you) (?:had|have|must))|\s{0,3}(?:means?|would|stands? for|denotes?|"
    r"indicates?|represents?|表示|代表|意味|是(?:它|回答|用户))|[^\w\n]{0,4}(?:says|claims|is what|according to (?:the|its) (?:response|answer))\b",
    re.IGNORECASE,
)
_ENDED = re.compile(
    r"\s{0,6}(?:$|[^\w\s]|\n)|\s{1,6}[\u4e00-\u9fff]|\s{1,3}(?-i:The|This|It|I|Although|While|Reason|Explanation|Because|Overall|Response)\b|\s{0,3}(?:because|since|as|due to|given|overall|"
    r"in total|on (?:a|the)|from \d|for (?:(?-i:an?)|the|this|its?)|with|and|total)\b|因为|由于|理由|总|的",
    re.IGNORECASE,
)
