# ruff: noqa: E501  (tables of patterns)
"""Numbers in a reply: behind an anchor, in double brackets, in a table, in a plain sentence.

A score of the whole is told from those of dimensions by the word before its anchor; a number beside
which another scale is stated is refused, not converted.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from plaudit.errors import clipped
from plaudit.judges._label_grammar import whole
from plaudit.judges._reply import is_mentioned, line_of, sentence_of
from plaudit.judges._spec import GAP, JsonScore, Scale, Scores, Shape, find_all, holds_any, unread

__all__ = ["list_shapes", "number_of", "read_list", "read_number", "scale_shapes", "scaled"]

_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "零": 0, "两": 2, "兩": 2, "壹": 1, "贰": 2, "叁": 3,
    **{sign: n for n, sign in enumerate("一二三四五六七八九十", 1)},
}  # fmt: skip
_HANZI = "零一二两兩三四五六七八九十壹贰叁"
_NAMES = "|".join(word for word in _WORDS if word.isascii())
_VALUE = (
    rf"[-+]?(?:\d+(?:\.\d+)?|(?<!\d)\.\d+)|[{_HANZI}]|[★⭐]{{1,10}}[☆✩]{{0,9}}|\b(?:{_NAMES})\b"
)
_PLAIN_VALUE = rf"(?:\d+(?:\.\d+)?|[{_HANZI}]{{1,2}}|百|(?:{_NAMES})\b)"
_TAIL = re.compile(
    rf"\s{{0,6}}(?:(/|out\s{{1,3}}of(?:\s{{1,3}}a\s{{1,3}}possible)?|of|／)\s{{0,6}}({_PLAIN_VALUE})"
    r"(?:\s{0,3}(?:分|points?|stars?))?|(%)|(分|points?|stars?|[★⭐]|星级?|颗星))?",
    re.IGNORECASE,
)
_NUMBER_ALONE = re.compile(rf"({_VALUE}){_TAIL.pattern}", re.IGNORECASE)
_OTHER_MOST = re.compile(rf"\s{{0,3}}(?:/|out of\s)\s{{0,3}}({_PLAIN_VALUE})")
_RANGE = re.compile(
    rf"\s{{0,6}}(?:-|–|—|~|to|到|至|or|或者?|and|和|、|,(?!\s{{0,3}}\d{{1,3}}\s{{0,3}}分(?:制|满分))|vs\.?|->|→|⇒|=>|minus|plus|[+*×÷=±])\s{{0,6}}[\[(\"]{{0,2}}[-+]?(?:[\d.{_HANZI}★]|(?:{_NAMES})\b)"
    rf"|\s{{0,3}}[,.;]?\s{{0,3}}(?:no|wait|or rather|maybe|perhaps|possibly|actually|不对?|也许|可能)"
    rf"\W{{0,4}}(?:\w{{1,12}}\s)?[\d.{_HANZI}]|\s{{0,3}},?\s{{0,3}}(?:maybe|perhaps|possibly)\b",
    re.IGNORECASE,
)
_FOLLOWED = re.compile(rf"[A-Za-z\d.]*[A-Za-z\d]|,\d|[{_HANZI}百千半⁄^+]|点|[☆★]|:\d")
_CLOSERS = re.compile(r"^(?:\s{0,3}/\s{0,3}\d{1,3})?\s{0,3}[\])>\"'”」*]{1,4}")
_VAGUE = re.compile(
    r"\s{0,3}(?:半|制|[+＋]|以上|以下|左右|上下|多分|出头|之|for (?!an?\b|the\b|this\b|its?\b)|-?ish\b|or (?:so|more|less)\b)"
)


# --- values ---------------------------------------------------------------------------------------


def _number(text: str) -> float:
    """The number that a value spells, stars counted."""
    if text[0] in "★⭐":
        return float(sum(char in "★⭐" for char in text))
    return float(_WORDS.get(text.casefold(), text) if text != "百" else 100)


def scaled(
    number: str, maximum: str | None, percent: str | None, spec: Scale | Scores | JsonScore
) -> float:
    """The number as a value on the scale. Raises VerdictError where it is none."""
    value = _number(number)
    if percent:
        if (spec.low, spec.high) != (0, 1):
            raise unread("outside", f"{number} % on a scale of {spec.low:g} to {spec.high:g}")
        value /= 100
    if number[0] in "★⭐":
        maximum = str(len(number)) if number[-1] in "☆✩" else "5"
    if maximum is not None and _most(maximum) != spec.high:
        raise unread("outside", f"{number} of {maximum} on a scale up to {spec.high:g}")
    if not (math.isfinite(value) and spec.low <= value <= spec.high):
        raise unread("outside", f"{number} is not in {spec.low:g} to {spec.high:g}")
    if not isinstance(spec, JsonScore) and spec.is_integer and not value.is_integer():
        raise unread("outside", f"{number} is no whole number")
    return value


def _most(text: str) -> float:
    """The end of a scale: 10, "ten", "十", "百", "五".

    >>> _most("十"), _most("百"), _most("5")
    (10.0, 100.0, 5.0)
    """
    return math.nan if len(text) > 1 and text[0] in _HANZI else _number(text)


def number_of(text: str) -> re.Match[str] | None:
    """A text that is one number with its unit and nothing else."""
    return _NUMBER_ALONE.fullmatch(text)


def _follows(number: str, rest: str, spec: Scale, is_cut: bool) -> float:
    """The number, where what follows it does not make it another one."""
    if _RANGE.match(rest) or _RANGE.match(_CLOSERS.sub("", rest)):
        raise unread("ambiguous", "a range of scores")
    tail = _TAIL.match(rest)
    assert tail is not None
    after = rest[tail.end() :] if tail[0].strip() else rest
    if is_cut and not after.strip():
        raise unread("truncated", "the number may go on")
    if (not tail[0].strip() and _FOLLOWED.match(rest)) or _VAGUE.match(after):
        raise unread("ambiguous", f"the number goes on as {clipped(rest[:8])}")
    if tail[0].strip() and (_RANGE.match(after) or re.match(r"[A-Za-z]|\.?\d", after)):
        raise unread("ambiguous", f"the number goes on as {clipped(rest[:12])}")
    if _MEANT.match(after):
        raise unread("ambiguous", "the number is explained, not given")
    second = _OTHER_MOST.match(after)
    if second and not tail[2]:
        return scaled(number, second[1], None, spec)
    if not _ENDED.match(after):
        raise unread("ambiguous", f"{number} is part of a sentence")
    if not spec.is_integer and "." not in number and rest.strip() == ".":
        raise unread("truncated", "the number ends in its point")
    return scaled(number, tail[2], tail[3], spec)


_MEANT = re.compile(
    r"[^.\n。;]{0,80}\bif\b(?! (?:I|one|you) (?:had|have|must))|\s{0,3}(?:means?|would|stands? for|denotes?|"
    r"indicates?|represents?|表示|代表|意味|是(?:它|回答|用户))|[^\w\n]{0,4}(?:says|claims|is what|according to (?:the|its) (?:response|answer))\b",
    re.IGNORECASE,
)
_ENDED = re.compile(
    r"\s{0,6}(?:$|[^\w\s]|\n)|\s{1,6}[\u4e00-\u9fff]|\s{0,3}(?:because|since|as|due to|given|overall|"
    r"in total|on (?:a|the)|from \d|for (?:an?|the|this|its?)|with|and|total)\b|因为|由于|理由|总|的",
    re.IGNORECASE,
)


# --- other scales ---------------------------------------------------------------------------------

_NUMERALS = (*"0123456789", *filter(str.isascii, _WORDS))
_SPAN = rf"({_PLAIN_VALUE})\s{{0,3}}(?:-|–|—|~|到|至|to|through)\s{{0,3}}({_PLAIN_VALUE})"
_STATED = (
    Shape(re.compile(rf"()\(\s{{0,3}}(?:out\s)?of\s{{1,3}}({_PLAIN_VALUE})", re.IGNORECASE), words=("(",)),
    Shape(re.compile(rf"()({_PLAIN_VALUE})\s{{0,3}}(?:=|being|is|as)\s{{0,3}}(?:the\s)?(?:best|highest|perfect|excellent|flawless|top|most)\b", re.IGNORECASE), words=("best", "highest", "perfect", "excellent", "flawless", "top", "most")),
    Shape(re.compile(rf"()满分(?:为|是|:)?\s{{0,3}}({_PLAIN_VALUE})\s{{0,3}}分?"), words=("满分",)),
    Shape(re.compile(rf"()({_PLAIN_VALUE})\s{{0,3}}分?(?:分制|分满分|为满分)|()([百十五])分制"), words=("满分", "分制")),
    Shape(re.compile(rf"(?:scale|range)(?:d)?\s{{0,3}}(?:of|from|is|:)?\s{{0,3}}\(?{_SPAN}", re.IGNORECASE), words=("scale", "range")),
    Shape(re.compile(rf"{_SPAN}\s{{0,3}}(?:point\s{{1,3}})?scale", re.IGNORECASE), words=("scale",)),
    Shape(re.compile(rf"()({_PLAIN_VALUE})\s?-?\s?points?\s{{1,3}}scale", re.IGNORECASE), words=("scale",)),
    Shape(re.compile(rf"\b(?:from|between)\s{{1,3}}({_PLAIN_VALUE})\s{{1,3}}(?:to|and)\s{{1,3}}({_PLAIN_VALUE})", re.IGNORECASE), words=("from", "between")),
    Shape(re.compile(rf"从\s{{0,3}}{_SPAN}", re.IGNORECASE), ("从",)),
    Shape(re.compile(rf"{_SPAN}(?=\s{{0,3}}:)", re.IGNORECASE), words=("-", "~", "to", "through")),
    Shape(re.compile(rf"[\[(]\s{{0,3}}(?:scale:?\s{{0,3}}|范围:?\s{{0,3}}|评分范围:?\s{{0,3}})?{_SPAN}\s{{0,3}}分?\s{{0,3}}[\])]", re.IGNORECASE), ("[", "(")),
    Shape(re.compile(rf"()(?<![\d)\]{_HANZI}])(?<![\d)\]{_HANZI}] )\bout\s{{1,3}}of\s{{1,3}}(?:a\s(?:total|maximum|possible)\s(?:of\s)?)?({_PLAIN_VALUE})", re.IGNORECASE), words=("out",)),
    Shape(re.compile(rf"()\b(?:max\.|max(?:imum)?)(?:\s(?:score|points|of))?(?:\s(?:is|of))?:?\s{{0,3}}({_PLAIN_VALUE})", re.IGNORECASE), words=("max",)),
)  # fmt: skip


def _check_scale(text: str, spec: Scale | Scores) -> None:
    """Raises VerdictError where a text states another scale than that of the spec."""
    if text.isascii() and not holds_any(text.lower(), _NUMERALS):
        return
    for match in find_all(_STATED, text):
        low, high = [group for group in match.groups() if group is not None][:2]
        if _most(high) != spec.high or (low and _most(low) != spec.low):
            raise unread(
                "outside",
                f"{clipped(match[0])} is another scale than {spec.low:g} to {spec.high:g}",
            )


_OF_SCALES = re.compile(r"\bscale\b|满分|分制", re.IGNORECASE)


def _around(body: str, start: int, end: int) -> str:
    """The line of a number without its own fraction, and a next one that is a remark in brackets."""
    low, high = line_of(body, start, end)
    above = body[slice(*line_of(body, max(low - 2, 0), max(low - 1, 0)))] if low else ""
    above = above if _OF_SCALES.search(above) else ""
    after = body[end:high]
    if body[high : high + 2].strip().startswith("("):
        after += body[high : line_of(body, high + 1, high + 1)[1]]
    tail = _TAIL.match(after)
    return above + "\n" + body[low:start] + "\x00" + after[tail.end() if tail and tail[2] else 0 :]


def _stripped(text: str, spec: Scale | Scores) -> str:
    """A text without a remark that states the spec's own scale.

    >>> _stripped("4分(满分5分)", Scale())
    '4分'
    """
    _check_scale(text, spec)
    for shape in _STATED:
        text = re.sub(rf"[\s,(]{{0,4}}(?:on\s(?:a|the)\s)?(?:{shape.pattern.pattern})\)?", "", text,
                      flags=re.IGNORECASE)  # fmt: skip
    return text.strip(" ,")


# --- shapes ---------------------------------------------------------------------------------------

_GENERIC = (
    "score",
    "rating",
    "grade",
    "result",
    "评分",
    "得分",
    "打分",
    "評分",
    "得分",
    "打分",
    "分数",
    "分數",
)
_OVERALL = (
    r"(?:(?:overall|final|total|holistic|aggregate)\s{1,3}(?:(?:quality|numerical|numeric)\s{1,3})?"
    r"(?:score|rating|grade|mark|assessment|evaluation)"
    r"|(?:总体|综合|最终|整体|总|總體|綜合|最終|整體|總)(?:的)?(?:打分|评分|得分|评价|评级|分数|評分|評價|分數|打分))"
)
_STARTS = (
    "overall",
    "final",
    "total",
    "holistic",
    "aggregate",
    "总",
    "综合",
    "最终",
    "整体",
    "總",
    "綜合",
    "最終",
    "整體",
)
_OBJECT = (
    r"(?:it|(?:this|that)\s(?:response|answer|reply|output|solution|one)|this|the\s(?:response|answer|"
    r"reply|output|solution|assistant)(?:'s\s(?:response|answer|reply))?|assistant\s[A-D])"
)
_ZH_OBJECT = r"(?:该|这个?|此|本|上述)?(?:份|条)?(?:回答|答案|回复|答复|response)"


_GIVING = ("give", "gave", "rate", "rated", "score", "scored", "award", "assign", "grade", "mark")
_EARNING = ("deserves", "earns", "merits", "gets", "receives", "scores")


@functools.lru_cache(maxsize=64)
def scale_shapes(spec: Scale) -> tuple[Shape, ...]:
    """Numbers behind an anchor of the spec, behind "overall score" and its like, behind a word that
    all scores have, in double brackets, and in a sentence that gives one."""
    own = tuple(anchor for anchor in spec.anchors)
    behind = _behind()
    anchored = rf"(?<![A-Za-z])(?:{'|'.join(map(re.escape, own))})[\])>]{{0,3}}{GAP}{behind}"
    overall = rf"(?<![A-Za-z]){_OVERALL}{GAP}{behind}"
    generic = rf"(?<![A-Za-z])(?:{'|'.join(_GENERIC)})[\])>]{{0,3}}{GAP}{behind}"
    bracket = rf"\[{GAP}\[{GAP}({_VALUE})(?={GAP}(?:/{GAP}\d{{1,3}}{GAP})?\]{GAP}\])"
    gives, earns, zh_gives = _given()
    return (
        _compiled(anchored, tuple(anchor.lower() for anchor in own)),
        _compiled(overall, _STARTS),
        _compiled(generic, _GENERIC),
        _compiled(bracket, ("[",)),
        _compiled(gives, ("i", "we"), _GIVING, reach=24),
        _compiled(earns, ("it", "this", "that", "the", "assistant"), _EARNING, reach=48),
        _compiled(zh_gives, ("给", "为", "对", "将", "打", "评", "该", "这", "此", "本", "上述", "回答", "答案", "回复", "答复", "response", "份", "条"), ("分",)),
    )  # fmt: skip


def _given() -> tuple[str, str, str]:
    """Sentences that give a score: "I give it 4", "it deserves a 4", "给该回答打4分"."""
    gives = (
        rf"\b(?:I|we)(?:'d|'ll| would| will)?\s(?:therefore\s|thus\s)?(?:give|gave|rate|rated|score|scored|award|assign|grade|mark)\s{{1,3}}{_OBJECT}\s{{1,3}}"
        rf"(?:as\s|at\s)?(?:an?\s)?(?:(?:solid|strong|full|perfect|overall|final)\s)?"
        rf"(?:(?:score|rating|grade)\s)?(?:of\s)?[\[(]{{0,2}}({_VALUE})"
    )
    earns = (
        rf"\b{_OBJECT}\s{{1,3}}(?:therefore\s)?(?:deserves|earns|merits|gets|receives|scores)\s{{1,3}}"
        rf"(?:an?\s)?(?:(?:score|rating|grade)\sof\s)?[\[(]{{0,2}}({_VALUE})"
    )
    zh_gives = (
        rf"(?:给予?|为|对|将)?{_ZH_OBJECT}?\s{{0,3}}(?:打出?|评定?为?|给出?|给予|评定为)(?:了)?(?:{_ZH_OBJECT})?\s{{0,3}}({_VALUE})"
        rf"(?=\s{{0,3}}(?:/\s{{0,3}}\d{{1,3}}\s{{0,3}})?分)"
    )
    return gives, earns, zh_gives


def _compiled(pattern: str, *gates: Any, **reach: int) -> Shape:
    return Shape(re.compile(pattern, re.IGNORECASE | re.MULTILINE), *gates, **reach)


def _behind() -> str:
    """What may stand between an anchor and its number: a colon, a scale, a table's bar."""
    remark = (
        rf"(?:(?:\((?=[^()\n]{{0,40}}?(?:\d|overall|scale|total|满分|分制|总体))[^()\n]{{1,40}}\)|\[{GAP}\d{{1,3}}{GAP}[-~–]{GAP}\d{{1,3}}{GAP}\](?={GAP}:)"
        rf"|from \d{{1,3}} to \d{{1,3}}(?={GAP}:)|,? \d{{1,3}}-\d{{1,3}}(?={GAP}:)){GAP})?"
    )
    filler = r"(?:(?:score|rating|grade|result|得分|评分|分数)\s{0,3})?"
    is_a = r"(?:is(?: therefore| thus)?\b|of\b|would be|should be|为|是|=|\||给)?"
    return rf"{remark}{is_a}{GAP}[:|]?{GAP}{filler}(?:(?:of|is|therefore|thus|only)\b|:|=)?{GAP}[\[(<\"“'`「]{{0,3}}{GAP}(?:score>)?({_VALUE})"


@functools.lru_cache(maxsize=64)
def list_shapes(spec: Scores) -> tuple[Shape, ...]:
    """A box, and a list in brackets or numbers to the end of the line behind an anchor."""
    anchors = "|".join(map(re.escape, spec.anchors))
    one = rf"(?:{_VALUE})(?:{GAP}(?:/{GAP}\d+|分))?"
    bare = rf"({one}(?:{GAP}[,、;]{GAP}{one})*)[^\S\n]{{0,6}}[.。]?[^\S\n]{{0,6}}$"
    is_a = rf"(?:is|are|为|是|=)?{GAP}:?{GAP}"
    anchored = rf"(?:{anchors})[\])>]{{0,3}}{GAP}{is_a}(?:[\[(]([^\[\]()\n]{{1,400}})[\])]|{bare})"
    boxed = Shape(re.compile(r"\\boxed\{([^{}\n]{1,400})\}"), ("\\boxed{",))
    return boxed, _compiled(anchored, tuple(anchor.lower() for anchor in spec.anchors))


# --- one number -----------------------------------------------------------------------------------

Kind = Literal["overall", "bare", "dimension", "headed", "mention"]
_KNOWN_BEFORE = re.compile(
    r"(?:\b(?:my|the|a|an|its|this|your|final|overall|total|so|therefore|thus|and|with|of|is|i|"
    r"verdict|conclusion|judge?ment|evaluation|assessment|feedback|response|answer|given|numeric|"
    r"numerical|quality|assigned|suggested|proposed|recommended|holistic|single|resulting|result|"
    r"score|rating|grade|summary|hence|says|decision|looks?|note|reason|explanation|output|following|"
    r"good|fine|excellent|correction|corrected|revised|updated|new|correct|json|here)"
    r"|'s|(?:最终|总体|综合|整体|总|总的|我的|的|该|此|为|因此|所以|故|给出|结论|更正|回答|我|反馈|评价|判断|"
    r"总结|综上|如下|结果|最后|修正))$",
    re.IGNORECASE,
)


class _Candidate(NamedTuple):
    """A number that claims to be a score: of what, and whether it stands in double brackets."""

    match: re.Match[str]
    kind: Kind
    is_marked: bool


def read_number(text: str, body: str, spec: Scale, is_cut: bool) -> float:
    """The score that a reply gives as a whole: `text` is all of it, `body` without quotations.

    Raises: VerdictError.
    """
    inner = whole(text)
    one = number_of(inner) or _remarked(inner, spec)
    if one and not (inner.startswith("=")):
        if is_cut:
            raise unread("truncated", "the number may go on")
        return scaled(one[1], one[3], one[4], spec)
    match = _chosen(body, spec, is_cut)
    end = match.end(match.lastindex or 0)
    if _is_marked(body, match) and not _CLOSING.match(body[end : end + 40]):
        raise unread("truncated", "the double brackets are not closed")
    opening = body[match.start() : match.start(match.lastindex or 0)].rstrip()[-1:]
    if opening == "<" and not body[end : end + 6].lstrip().startswith(">"):
        raise unread("ambiguous", "less than a number")
    _check_scale(_around(body, match.start(match.lastindex or 0), end), spec)
    return _follows(match[match.lastindex or 0], body[end : end + 60], spec, is_cut)


def _remarked(text: str, spec: Scale) -> re.Match[str] | None:
    """A text that is one number and a remark that states the spec's own scale."""
    is_one = 1 < len(text) < 80 and "\n" not in text and re.match(_VALUE, text, re.IGNORECASE)
    return number_of(_stripped(text, spec)) if is_one else None


def _chosen(body: str, spec: Scale, is_cut: bool) -> re.Match[str]:
    own, overall, generic, bracket, *sentences = scale_shapes(spec)
    anchored: list[_Candidate] = []
    for shapes in ((overall, own), (generic,)):
        candidates = _candidates(body, [m for shape in shapes for m in shape.find(body)], spec)
        if any(one.kind in ("overall", "bare") for one in candidates):
            return _of(body, sorted(candidates, key=lambda one: one.match.start()), is_cut)
        anchored += candidates
    if marked := bracket.find(body):
        return _marked(body, marked, is_cut)
    given = _in_sentence(body, [m for shape in sentences for m in shape.find(body)])
    if given is not None:
        return given
    if anchored:
        raise unread("absent", "only scores of dimensions, none of the whole")
    raise unread("absent", f"no number behind {' or '.join(spec.anchors)}")


def _candidates(body: str, matches: Sequence[re.Match[str]], spec: Scale) -> list[_Candidate]:
    return [
        candidate
        for m in matches
        if (candidate := _Candidate(m, _kind(body, m), _is_marked(body, m))).kind != "mention"
    ]


def _is_marked(body: str, match: re.Match[str]) -> bool:
    place = match.start(match.lastindex or 0)
    return "".join(body[max(place - 12, 0) : place].split())[-2:] == "[["


def _kind(body: str, match: re.Match[str]) -> Kind:
    """Whether a number is that of the whole or of a dimension, by the words before its anchor."""
    anchor = match[0][: match.start(match.lastindex or 0) - match.start()]
    if is_mentioned(body, match.start()):
        return "mention"
    name = re.match(r"[\[(]?[A-Za-z]+|[\u4e00-\u9fff]+", anchor)
    if name is not None and name[0].casefold() not in _GENERIC:
        return "overall"
    low, _ = line_of(body, match.start(), match.end())
    before = re.sub(r"[\s:\-–—|*>(\[,.;\"']+$", "", body[low : match.start()])
    before = re.sub(r"^[\s|*>\-]*(?:\d{1,2}[.)、]\s{0,3})?", "", before)
    if not before or not re.search(r"\w$|" + "\ufffc$", before):
        return "bare" if _is_headless(body, low) else "headed"
    if _ends_sentence(body, match.start()):
        return "bare"
    if before[-1].isdigit():  # another number in the same row: which one is the score?
        return "headed"
    clause = re.split(r"[.;。!?,:]", before)[-1]
    if _CORRECTED.search(clause) or set(re.findall(r"[A-Za-z'’\-]+", clause.lower())) <= _OWN_WORDS:
        return "bare" if _KNOWN_BEFORE.search(before) or _CORRECTED.search(clause) else "dimension"
    return "mention" if _KNOWN_BEFORE.search(before) else "dimension"


_OWN_WORDS = frozenset(
    [
        "i",
        "i'd",
        "we",
        "would",
        "will",
        "give",
        "gives",
        "assign",
        "assigns",
        "award",
        "rate",
        "it",
        "this",
        "that",
        "the",
        "a",
        "an",
        "its",
        "response",
        "response's",
        "answer",
        "answer's",
        "reply",
        "assistant",
        "assistant's",
        "solution",
        "output",
        "my",
        "final",
        "overall",
        "total",
        "so",
        "therefore",
        "thus",
        "hence",
        "deserves",
        "deserve",
        "earns",
        "merits",
        "gets",
        "receives",
        "with",
        "is",
        "of",
        "as",
        "on",
        "and",
        "to",
        "for",
        "here",
        "here's",
        "in",
        "conclusion",
        "summary",
        "result",
        "evaluation",
        "assessment",
        "verdict",
        "judgment",
        "judgement",
        "feedback",
        "think",
        "believe",
        "numeric",
        "numerical",
        "quality",
        "holistic",
        "single",
        "following",
        "resulting",
        "corrected",
        "correction",
        "revised",
        "updated",
        "new",
        "good",
        "fine",
        "excellent",
        "our",
        "your",
        "says",
        "decision",
        "score",
        "rating",
        "grade",
        "explanation",
        "note",
        "reason",
        "hence",
        "assigned",
        "suggested",
        "proposed",
        "recommended",
        "output",
        "json",
        "correct",
        "given",
    ]
)


def _ends_sentence(body: str, place: int) -> bool:
    """Whether a new sentence begins at a place."""
    return body[max(place - 8, 0) : place].rstrip(" ([*")[-1:] in tuple(".!?。)】]")


_HEADINGS = re.compile(
    r"feedback|verdict|evaluation|assessment|final|overall|rating|result|score|conclusion|summary|"
    r"answer|judge?ment|json|response|评价|结论|总|评分|打分|反馈|最终|综合|判断|理由|分析|analysis|reason",
    re.IGNORECASE,
)


def _is_headless(body: str, low: int) -> bool:
    """Whether the line above a number is no heading of a dimension: short and no sentence."""
    above = body[max(low - 200, 0) : low].rstrip(" \t").removesuffix("\n")
    line = above.rpartition("\n")[2].strip(" *#>-:")
    if not line or len(line) > 32 or line[-1] in ".!?。;,)]}>|\ufffc" or line[-1].isdigit():
        return True
    return bool(_HEADINGS.search(line)) or not re.search(r"[A-Za-z\u4e00-\u9fff]", line)


def _of(body: str, candidates: list[_Candidate], is_cut: bool) -> re.Match[str]:
    """The last number of the whole; one of several that differ only where it is said to be it."""
    overall = [one for one in candidates if one.kind == "overall"]
    bare = [one for one in candidates if one.kind == "bare"]
    if overall:
        return overall[-1].match
    rivals = [*bare, *(one for one in candidates if one.kind == "headed")]
    values = {one.match[one.match.lastindex or 0] for one in rivals}
    marked = [one for one in bare if one.is_marked]
    if len(values) > 1 and not marked and not _is_corrected(body, bare):
        raise unread("ambiguous", f"several scores: {clipped(', '.join(sorted(values)))}")
    chosen = (marked or bare)[-1].match
    after = body[chosen.end() :]
    if not marked and re.search(_OVERALL, after, re.IGNORECASE):
        raise unread("truncated", "a score of the whole is announced and not given")
    if is_cut and (len(bare) > 1 or len(candidates) > len(bare)):
        raise unread("truncated", "scores of dimensions, cut before that of the whole")
    return chosen


_CORRECTED = re.compile(
    r"\b(?:correct(?:ion|ed)|revis\w+|updat\w+|final|second (?:look|thoughts?)|reconsider\w*|actually|"
    r"therefore|so|overall|considering|based on|given)\b|综合|以上|更正|修正|最终|重新|综上|因此|所以",
    re.IGNORECASE,
)


def _is_corrected(body: str, bare: Sequence[_Candidate]) -> bool:
    """Whether the last of several scores takes back or sums up those before it."""
    if len(bare) < 2:
        return False
    start, end = bare[-2].match.end(), bare[-1].match.start()
    return _CORRECTED.search(body[max(end - 60, start) : end]) is not None


def _marked(body: str, matches: Sequence[re.Match[str]], is_cut: bool) -> re.Match[str]:
    """The number in double brackets that is a sentence of its own and ends the reply."""
    last = matches[-1]
    closing = _CLOSING.match(body, last.end())
    end = closing.end() if closing else last.end()
    before = body[sentence_of(body, last.start(), end)[0] : last.start()]
    is_alone = not re.search(r"\w", re.sub(r"[\[\s]", "", before)) or _FINAL.search(before)
    is_one = len({match[1] for match in matches}) == 1
    if is_cut or not is_one or not is_alone or re.search(r"\w", body[end:]):
        raise unread("absent", f"{last[0]} stands in a text and is not said to be the score")
    return last


_CLOSING = re.compile(r"\.?\s{0,6}(?:/\s{0,6}\d{1,3})?\s{0,6}\]\s{0,6}\]")
_FINAL = re.compile(
    r"\b(?:overall|final|verdict|I (?:would )?(?:give|rate|assign|score)|so|therefore|thus)\b|最终|总体|综上|因此",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(
    r"\b(?:if|would have|could|might|each|every|per|unless|not|n't|almost|nearly|about|at (?:least|most)|cannot|never|hardly|refuse|hesitate|should)\b|"
    r"n't\b|如果|若|假如|可以|应该|标准|最多|至少|每|扣|本来|维度|方面|不(?!错)|要求|通常|打算|想|准备",
    re.IGNORECASE,
)


def _in_sentence(body: str, matches: Sequence[re.Match[str]]) -> re.Match[str] | None:
    """The number that one sentence gives the response; it must be the only one that does."""
    held = []
    for match in matches:
        start, end = sentence_of(body, match.start(), match.end())
        number = match.end(match.lastindex or 0)
        tail = _TAIL.match(body, number)
        after = body[tail.end() if tail else number : max(end, number)]
        if _SUPPOSED.search(body[start : match.start()]) or not _OVER.match(after):
            continue
        held.append(match)
    values = {match[match.lastindex or 0] for match in held}
    if len(values) > 1:
        raise unread("ambiguous", f"several scores are given: {clipped(', '.join(sorted(values)))}")
    return held[-1] if held else None


_OVER = re.compile(
    r"\s{0,3}(?:$|[.,;!)\]。(]|because|since|overall|in total|on (?:a|the) (?:scale|\d)|因为|由于|的(?:评分|分数|得分))",
    re.IGNORECASE,
)


# --- lists of numbers -----------------------------------------------------------------------------

_OR = re.compile(r"\s{0,6}(?:[,;]?\s{0,3}(?=\[)|or|或者?|/|~)\s{0,6}[\[(\d\\]", re.IGNORECASE)


def read_list(
    text: str, body: str, spec: Scores, is_cut: bool, num_responses: int | None
) -> tuple[float, ...]:
    """One number per response. Raises VerdictError."""
    inner = _split(whole(text))
    if all(map(number_of, inner)) and (len(inner) > 1 or num_responses == 1):
        if is_cut:
            raise unread("truncated", "the list may go on")
        return _listed(inner, spec, num_responses)
    matches = [m for shape in list_shapes(spec) for m in shape.find(body)]
    matches = [m for m in matches if not is_mentioned(body, m.start())]
    matches = sorted((m for m in matches if _is_list(m, num_responses)), key=lambda m: m.start())
    if not matches:
        raise unread("absent", f"no list of numbers behind {' or '.join(spec.anchors)}")
    match = matches[-1]
    if is_cut and match.lastindex == 2 and not body[match.end() :].strip():
        raise unread("truncated", "the list may go on")
    before = matches[-2] if len(matches) > 1 else match
    is_row = sentence_of(body, before.end(), before.end())[1] > match.start()
    is_other = before[before.lastindex or 0] != match[match.lastindex or 0]
    is_corrected = (
        _CORRECTED.search(body, before.end(), max(match.start(), before.end())) is not None
    )
    if _OR.match(body, match.end()) or (is_row and is_other and not is_corrected):
        raise unread("ambiguous", "several lists are offered")
    _check_scale(_around(body, match.start(match.lastindex or 0), match.end()), spec)
    return _listed(_split(match[match.lastindex or 0]), spec, num_responses)


def _is_list(match: re.Match[str], num_responses: int | None) -> bool:
    """Whether a match is a list of scores: one number without brackets is a list of one only where
    one response was judged ("Response 2, score: 3" is none)."""
    return match.lastindex == 1 or num_responses == 1 or len(_split(match[2])) > 1


def _split(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,、;]", text.strip("[]() "))]


def _listed(parts: Sequence[str], spec: Scores, num_responses: int | None) -> tuple[float, ...]:
    matches = [number_of(part) for part in parts]
    if None in matches:
        raise unread("ambiguous", f"{clipped(', '.join(parts))} is no list of numbers")
    if num_responses is not None and len(matches) != num_responses:
        raise unread("outside", f"{len(matches)} scores for {num_responses} responses")
    return tuple(scaled(m[1], m[3], m[4], spec) for m in matches if m)
