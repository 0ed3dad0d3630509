# ruff: noqa: E501  (tables of patterns)
"""Scales that a text states: a number beside another scale is refused, never converted."""

from __future__ import annotations

import functools
import re

from plaudit.errors import clipped
from plaudit.judges.verdict.characters import holds_any
from plaudit.judges.verdict.number_values import HANZI, NUMBER_WORDS, PLAIN_VALUE, TAIL, scale_end
from plaudit.judges.verdict.sentences import line_of
from plaudit.judges.verdict.shapes import VerdictShape, lower_case
from plaudit.judges.verdict.spec import Scale, Scores, verdict_error

__all__ = ["check_scale", "strip_scale", "text_around"]
_SPAN = rf"({PLAIN_VALUE})\s{{0,3}}(?:-|–|—|~|到|至|to|through)\s{{0,3}}({PLAIN_VALUE})"


def _stated(pattern: str, words: tuple[str, ...], starts: tuple[str, ...] = ()) -> VerdictShape:
    return VerdictShape(re.compile(pattern, re.IGNORECASE), starts, words)


_STATED = (
    _stated(rf"()\(\s{{0,3}}(?:out\s)?of\s{{1,3}}({PLAIN_VALUE})", ("of",), ("(",)),
    _stated(rf"()({PLAIN_VALUE})\s{{0,3}}(?:=|being|is|as)\s{{0,3}}(?:the\s)?(?:best|highest|perfect|excellent|flawless|top|most)\b", ("best", "highest", "perfect", "excellent", "flawless", "top", "most")),
    _stated(rf"()[\[(]\s{{0,3}}(?:总分|共|总计|满)(?:为|是|:)?\s{{0,3}}({PLAIN_VALUE})\s{{0,3}}[分星]", ("总", "共", "满"), ("[", "(")),
    _stated(rf"()({PLAIN_VALUE})\s{{0,3}}分?\s{{0,3}}(?:为|是|代表|表示)?\s{{0,3}}(?:最好|最高|最优|最佳|优秀)|()最高(?:分)?(?:为|是)?\s{{0,3}}({PLAIN_VALUE})", ("最", "优秀")),
    _stated(rf"()满分(?:为|是|:)?\s{{0,3}}({PLAIN_VALUE})\s{{0,3}}分?", (), ("满分",)),
    _stated(rf"()({PLAIN_VALUE})\s{{0,3}}分?(?:分制|分满分|为满分)|()([百十五])分制", ("分制", "满分")),
    _stated(rf"(?:scale|range)(?:d)?\s{{0,3}}(?:of|from|is|:)?\s{{0,3}}\(?{_SPAN}", (), ("scale", "range")),
    _stated(rf"{_SPAN}\s{{0,3}}(?:point\s{{1,3}})?scale", ("scale",)),
    _stated(rf"()({PLAIN_VALUE})\s?-?\s?points?\s{{1,3}}scale", ("scale",)),
    _stated(rf"\b(?:from|between)\s{{1,3}}({PLAIN_VALUE})\s{{1,3}}(?:to|and)\s{{1,3}}({PLAIN_VALUE})", (), ("from", "between")),
    _stated(rf"从\s{{0,3}}{_SPAN}|{_SPAN}(?=\s{{0,3}}:)|[\[(]\s{{0,3}}(?:scale:?\s{{0,3}}|范围:?\s{{0,3}}|评分范围:?\s{{0,3}})?{_SPAN}\s{{0,3}}分?\s{{0,3}}[\])]", ("-", "–", "—", "~", "到", "至", "to", "through")),
    _stated(rf"()(?<![\d)\]{HANZI}])(?<![\d)\]{HANZI}] )\bout\s{{1,3}}of\s{{1,3}}(?:a\s(?:total|maximum|possible)\s(?:of\s)?)?({PLAIN_VALUE})", ("of",), ("out",)),
    _stated(rf"()\b(?:max\.|max(?:imum)?)(?:\s(?:score|points|of))?(?:\s(?:is|of))?:?\s{{0,3}}({PLAIN_VALUE})", (), ("max",)),
)  # fmt: skip
_NUMERALS = (*"0123456789", *filter(str.isascii, NUMBER_WORDS))


def check_scale(text: str, spec: Scale | Scores) -> None:
    """Raises VerdictError where a text states another scale than that of the spec."""
    if text.isascii() and not holds_any(lower_case(text)[0], _NUMERALS):
        return
    for shape in _STATED:
        for match in shape.find(text):
            low, high = [group for group in match.groups() if group is not None][:2]
            if scale_end(high) != spec.high or (low and scale_end(low) != spec.low):
                raise verdict_error(
                    "outside",
                    f"{clipped(match[0])} is another scale than {spec.low:g} to {spec.high:g}",
                )


_OF_SCALES = re.compile(r"\bscale\b|满分|分制", re.IGNORECASE)


def text_around(body: str, start: int, end: int) -> str:
    """The line of a number without its own fraction, with a remark in brackets on the next."""
    low, high = line_of(body, start, end)
    above = body[slice(*line_of(body, max(low - 2, 0), max(low - 1, 0)))] if low else ""
    above = above if _OF_SCALES.search(above) else ""
    after = body[end:high]
    if body[high : high + 2].strip().startswith("("):
        after += body[high : line_of(body, high + 1, high + 1)[1]]
    tail = TAIL.match(after)
    return above + "\n" + body[low:start] + "\x00" + after[tail.end() if tail and tail[2] else 0 :]


def strip_scale(text: str, spec: Scale | Scores) -> str:
    """The text without a remark that states the spec's own scale.

    >>> strip_scale("4分(满分5分)", Scale())
    '4分'
    """
    check_scale(text, spec)
    for shape in _STATED:
        if shape.may_match(*lower_case(text)):
            text = _with_its_brackets(shape).sub("", text)
    return text.strip(" ,")


@functools.cache
def _with_its_brackets(shape: VerdictShape) -> re.Pattern[str]:
    """A pattern for the statement of a scale and the brackets and words around it."""
    remark = rf"[\s,(]{{0,4}}(?:on\s(?:a|the)\s)?(?:{shape.pattern.pattern})\)?"
    return re.compile(remark, re.IGNORECASE)
