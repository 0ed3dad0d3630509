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
from typing import Literal, NamedTuple

from plaudit.errors import clipped
from plaudit.judges._label_grammar import DIMENSION, whole
from plaudit.judges._reply import is_mentioned, line_of, sentence_of, simplified
from plaudit.judges._spec import GAP, JsonScore, Scale, Scores, Shape, key_shape, unread

__all__ = ["check_scale", "list_shapes", "number_of", "read_list", "read_number", "scale_shapes", "scaled",
           "score_keys"]  # fmt: skip

_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "零": 0, "两": 2,
    **{sign: n for n, sign in enumerate("壹贰叁肆伍陆柒捌玖拾", 1)},
    **{sign: n for n, sign in enumerate("一二三四五六七八九十", 1)},
}  # fmt: skip
_HANZI = "零一二两三四五六七八九十壹贰叁肆伍陆柒捌玖拾"
_NAMES = "|".join(word for word in _WORDS if word.isascii())
_VALUE = (
    rf"[-+]?(?:\d+(?:\.\d+)?|(?<!\d)\.\d+)|[{_HANZI}]|[★⭐🌟]{{1,10}}[☆✩]{{0,9}}|\b(?:{_NAMES})\b"
)
_PLAIN_VALUE = rf"(?:\d+(?:\.\d+)?|[{_HANZI}]{{1,2}}|百|(?:{_NAMES})\b)"
_TAIL = re.compile(
    rf"\s{{0,6}}(?:(/|out\s{{1,3}}of(?:\s{{1,3}}a\s{{1,3}}possible)?|of|／)\s{{0,6}}({_PLAIN_VALUE})"
    r"(?:\s{0,3}(?:分|points?|stars?))?|(%)|(分|points?|stars?|[★⭐🌟]|星级?|颗星))?",
    re.IGNORECASE,
)
_RANGE = re.compile(
    rf"\s{{0,6}}(?:-|–|—|~|to|到|至|or|或者?|and|和|、|,(?!\s{{0,3}}\d{{1,3}}\s{{0,3}}分(?:制|满分))|vs\.?|->|→|⇒|=>|minus|plus|[+*×÷=±])\s{{0,6}}[\[(\"]{{0,2}}[-+]?(?:[\d.{_HANZI}★]|(?:{_NAMES})\b)"
    rf"|\s{{0,3}}[,.;]?\s{{0,3}}(?:no|wait|or rather|maybe|perhaps|possibly|actually|不对?|也许|可能)"
    rf"\W{{0,4}}(?:\w{{1,12}}\s)?[\d.{_HANZI}]|\s{{0,3}},?\s{{0,3}}(?:maybe|perhaps|possibly)\b",
    re.IGNORECASE,
)
_FOLLOWED = re.compile(rf"[A-Za-z\d.]*[A-Za-z\d]|,\d|[{_HANZI}百千半⁄^+]|点|[☆★]|:\d")
_CLOSERS = re.compile(r"^(?:\s{0,3}/\s{0,3}\d{1,3})?\s{0,3}[\])>}$\"'”」*]{1,4}")
_SHUT = re.compile(
    r"\s{0,2}[\])}$\"'”」]{1,4}(?=\s{0,3}(?:/|out\b|of\b|分|%|points?\b|stars?\b))", re.IGNORECASE
)
_VAGUE = re.compile(
    r"\s{0,3}(?:半|制|[+＋]|以上|以下|左右|上下|多分|出头|之|for (?!an?\b|the\b|this\b|its?\b)|-?ish\b|or (?:so|more|less)\b)"
)


# --- values ---------------------------------------------------------------------------------------


def _number(text: str) -> float:
    """The number that a value spells, stars counted."""
    if text[0] in "★⭐🌟":
        return float(sum(char in "★⭐🌟" for char in text))
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
    if number[0] in "★⭐🌟":
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
    return re.fullmatch(rf"({_VALUE}){_TAIL.pattern}", text, re.IGNORECASE)


def _follows(number: str, rest: str, spec: Scale, is_cut: bool) -> float:
    """The number, where what follows it does not make it another one."""
    if _RANGE.match(rest) or _RANGE.match(_CLOSERS.sub("", rest)):
        raise unread("ambiguous", "a range of scores")
    shut = _SHUT.match(rest)  # "[4]/10"
    rest = rest[shut.end() :] if shut else rest
    tail = _TAIL.match(rest)
    assert tail is not None
    if tail[4] and "star" in tail[4].lower() and spec.high > 5 and _number(number) <= 5:
        raise unread("ambiguous", "stars are usually counted up to five")
    after = rest[tail.end() :] if tail[0].strip() else rest
    if is_cut and not after.strip():
        raise unread("truncated", "the number may go on")
    if (not tail[0].strip() and _FOLLOWED.match(rest)) or _VAGUE.match(after):
        raise unread("ambiguous", f"the number goes on as {clipped(rest[:8])}")
    if tail[0].strip() and (_RANGE.match(after) or re.match(r"[A-Za-z]|\.?\d", after)):
        raise unread("ambiguous", f"the number goes on as {clipped(rest[:12])}")
    if _CUT_OFF.match(after) or (is_cut and not _FINISHED.match(after)):
        raise unread("truncated", "what follows the number is cut off")
    if _MEANT.match(after):
        raise unread("ambiguous", "the number is explained, not given")
    second = re.match(rf"\s{{0,3}}(?:/|out of\s)\s{{0,3}}({_PLAIN_VALUE})", after)
    if second and tail[2]:
        raise unread("ambiguous", "two fractions")
    if _TWO.match(after):
        raise unread("ambiguous", "the number is asked, or one of two")
    if second:
        return scaled(number, second[1], None, spec)
    if not _ENDED.match(re.sub(r"^\s?\]\s?\]", "", after)):
        raise unread("ambiguous", f"{number} is part of a sentence")
    if not spec.is_integer and "." not in number and rest.strip() == ".":
        raise unread("truncated", "the number ends in its point")
    return scaled(number, tail[2], tail[3], spec)


# "4?", "[[7]][[8]]", "4 (lenient) / 3 (strict)"
_TWO = re.compile(
    r"[\s\])}>*\"'”」]{0,4}(?:!?\?|\[\s?\[|\([^()\n]{1,20}\)\s{0,3}(?:[/,、;]|or|and|或|和)\s{0,3}\d)"
)
# A remark that is begun and not ended, and what shows in a cut reply that the number was complete.
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


# --- other scales ---------------------------------------------------------------------------------

_SPAN = rf"({_PLAIN_VALUE})\s{{0,3}}(?:-|–|—|~|到|至|to|through)\s{{0,3}}({_PLAIN_VALUE})"
_STATED = (
    re.compile(rf"()\(\s{{0,3}}(?:out\s)?of\s{{1,3}}({_PLAIN_VALUE})", re.IGNORECASE),
    re.compile(rf"()({_PLAIN_VALUE})\s{{0,3}}(?:=|being|is|as)\s{{0,3}}(?:the\s)?(?:best|highest|perfect|excellent|flawless|top|most)\b", re.IGNORECASE),
    re.compile(rf"()[\[(]\s{{0,3}}(?:总分|共|总计|满)(?:为|是|:)?\s{{0,3}}({_PLAIN_VALUE})\s{{0,3}}[分星]"),
    re.compile(rf"()({_PLAIN_VALUE})\s{{0,3}}分?\s{{0,3}}(?:为|是|代表|表示)?\s{{0,3}}(?:最好|最高|最优|最佳|优秀)|()最高(?:分)?(?:为|是)?\s{{0,3}}({_PLAIN_VALUE})"),
    re.compile(rf"()满分(?:为|是|:)?\s{{0,3}}({_PLAIN_VALUE})\s{{0,3}}分?"),
    re.compile(rf"()({_PLAIN_VALUE})\s{{0,3}}分?(?:分制|分满分|为满分)|()([百十五])分制"),
    re.compile(rf"(?:scale|range)(?:d)?\s{{0,3}}(?:of|from|is|:)?\s{{0,3}}\(?{_SPAN}", re.IGNORECASE),
    re.compile(rf"{_SPAN}\s{{0,3}}(?:point\s{{1,3}})?scale", re.IGNORECASE),
    re.compile(rf"()({_PLAIN_VALUE})\s?-?\s?points?\s{{1,3}}scale", re.IGNORECASE),
    re.compile(rf"\b(?:from|between)\s{{1,3}}({_PLAIN_VALUE})\s{{1,3}}(?:to|and)\s{{1,3}}({_PLAIN_VALUE})", re.IGNORECASE),
    re.compile(rf"从\s{{0,3}}{_SPAN}|{_SPAN}(?=\s{{0,3}}:)|[\[(]\s{{0,3}}(?:scale:?\s{{0,3}}|范围:?\s{{0,3}}|评分范围:?\s{{0,3}})?{_SPAN}\s{{0,3}}分?\s{{0,3}}[\])]", re.IGNORECASE),
    re.compile(rf"()(?<![\d)\]{_HANZI}])(?<![\d)\]{_HANZI}] )\bout\s{{1,3}}of\s{{1,3}}(?:a\s(?:total|maximum|possible)\s(?:of\s)?)?({_PLAIN_VALUE})", re.IGNORECASE),
    re.compile(rf"()\b(?:max\.|max(?:imum)?)(?:\s(?:score|points|of))?(?:\s(?:is|of))?:?\s{{0,3}}({_PLAIN_VALUE})", re.IGNORECASE),
)  # fmt: skip


def check_scale(text: str, spec: Scale | Scores) -> None:
    """Raises VerdictError where a text states another scale than that of the spec."""
    for pattern in _STATED:
        for match in pattern.finditer(text):
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
    check_scale(text, spec)
    for pattern in _STATED:
        text = re.sub(rf"[\s,(]{{0,4}}(?:on\s(?:a|the)\s)?(?:{pattern.pattern})\)?", "", text,
                      flags=re.IGNORECASE)  # fmt: skip
    return text.strip(" ,")


# --- shapes ---------------------------------------------------------------------------------------

_GENERIC = ("score", "rating", "grade", "result", "评分", "得分", "打分", "分数", "总分")
_OVERALL = (
    r"(?:(?:overall|final|total|holistic|aggregate)[\s_]{1,3}(?:(?:quality|numerical|numeric)\s{1,3})?"
    r"(?:score|rating|grade|mark|assessment|evaluation)"
    r"(?:\s(?:for|of)\s(?:this|the)\s(?:response|answer|reply|output|solution|assistant(?:'s\s(?:response|answer|reply))?))?"
    r"|(?:总体|综合|最终|整体|总)(?:的)?(?:打分|评分|得分|评价|评级|分数)"
    r"|(?:overall|(?:总|整)体|综合)(?=\s{0,3}[:|])|综合(?=\s{0,2}\d{1,3}(?:\.\d)?\s{0,2}分))"
)
_STARTS = ("overall", "final", "total", "holistic", "aggregate", "总", "综合", "最终", "整体")
_OBJECT = (
    r"(?:it|(?:this|that)\s(?:response|answer|reply|output|solution|one)|this|the\s(?:response|answer|"
    r"reply|output|solution|assistant)(?:'s\s(?:response|answer|reply))?|assistant\s[A-D])"
)
_ZH_OBJECT = r"(?:该|这个?|此|本|上述)?(?:份|条)?(?:回答|答案|回复|答复|response)"


@functools.lru_cache(maxsize=64)
def scale_shapes(spec: Scale) -> tuple[Shape, ...]:
    """Numbers behind an anchor of the spec, behind "overall score" and its like, behind a word that
    all scores have, in double brackets, and in a sentence that gives one."""
    own = tuple(map(simplified, spec.anchors))
    behind = _behind()
    anchored = rf"(?<![A-Za-z_])(?:{'|'.join(map(re.escape, own))})[\])>]{{0,3}}{GAP}{behind}"
    overall = rf"(?<![A-Za-z_]){_OVERALL}{GAP}{behind}"
    generic = rf"(?<![A-Za-z_])(?:{'|'.join(_GENERIC)}(?<!总分)|总分(?=\s{{0,3}}[:为是]))[\])>]{{0,3}}{GAP}{behind}"
    bracket = rf"\[{GAP}\[{GAP}({_VALUE})(?={GAP}(?:/{GAP}\d{{1,3}}{GAP})?\]{GAP}\])"
    gives, earns, sums_up, zh_gives = _given()
    return (
        _compiled(anchored, tuple(anchor.lower() for anchor in own)),
        _compiled(overall, _STARTS),
        _compiled(generic, _GENERIC),
        _compiled(bracket, ("[",)),
        _keyed(spec),
        _compiled(gives, ("i", "we")),
        _compiled(earns, ("it", "this", "that", "the", "assistant")),
        _compiled(sums_up, ("overall",)),
        _compiled(zh_gives, ("给", "为", "对", "将", "打", "评", "该", "这", "此", "本", "上述", "回答", "答案", "回复", "答复", "response", "份", "条")),
    )  # fmt: skip


def _given() -> tuple[str, str, str, str]:
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
    sums_up = rf"\boverall,\s{{1,3}}({_VALUE})(?=\s{{0,3}}(?:/|out\sof)\s{{0,3}}\d)"
    zh_gives = (
        rf"(?:给予?|为|对|将)?{_ZH_OBJECT}?\s{{0,3}}(?:打出?|评定?为?|给出?|给予|评定为)(?:了)?(?:{_ZH_OBJECT})?\s{{0,3}}({_VALUE})"
        rf"(?=\s{{0,3}}(?:/\s{{0,3}}\d{{1,3}}\s{{0,3}})?分)"
    )
    return gives, earns, sums_up, zh_gives


def _compiled(pattern: str, starts: tuple[str, ...]) -> Shape:
    return Shape(re.compile(pattern, re.IGNORECASE | re.MULTILINE), starts)


def _behind() -> str:
    """What may stand between an anchor and its number: a colon, a scale, a table's bar."""
    remark = (
        rf"(?:(?:\((?=[^()\n]{{0,40}}?(?:\d|overall|scale|total|weighted|加权|满分|分制|总体))[^()\n]{{1,40}}\)|\[{GAP}\d{{1,3}}{GAP}[-~–]{GAP}\d{{1,3}}{GAP}\](?={GAP}:)"
        rf"|from \d{{1,3}} to \d{{1,3}}(?={GAP}:)|,? \d{{1,3}}-\d{{1,3}}(?={GAP}:)){GAP})?"
    )
    filler = r"(?:(?:score|rating|grade|result|得分|评分|分数)\s{0,3})?"
    is_a = r"(?:is(?: therefore| thus)?(?:\san?)?\b|of\b|would be|should be|应该?为|应该?是|为|是|=|\||给)?"
    grade = r"(?:(?:an?\s)?(?:solid|strong|clear)\s|(?:excellent|very good|good|fair|average|poor|bad|mediocre|优秀|良好|较好|很好|一般|中等|及格|较差|很差|差)\s{0,3}(?=\())?"
    changed = r"(?:从\s{0,2}\d{1,3}分?\s{0,2}(?:改为|调整为|降为|降至|降到|升为|升至)|不是\s{0,2}\d{1,3}分?\s{0,2},\s{0,2}而是)?\s{0,2}"
    colon = r"(?:[:|→]|——?|\s-(?=\s))?"
    boxed = r"\$?(?:\\boxed\{(?:\\text\{)?)?"
    return rf"{remark}{is_a}{GAP}{colon}{GAP}{filler}(?:(?:of|is|therefore|thus|only)\b|:|=)?{GAP}{changed}{grade}{boxed}[\[(<\"“'`「]{{0,3}}{GAP}(?:score>)?({_VALUE})"


@functools.lru_cache(maxsize=64)
def score_keys(spec: Scale) -> tuple[_Keys, _Keys]:
    """Keys of an object that announce the score of the whole: those that say so, and any score."""
    own = tuple(re.sub(r"[\W_]", "", simplified(anchor)).casefold() for anchor in spec.anchors)
    overall = rf"{'|'.join(map(re.escape, own))}|{_OVERALL_KEY}"
    return _Keys(re.compile(overall)), _Keys(re.compile(rf"{'|'.join(_GENERIC)}|points"))


_OVERALL_KEY = (
    r"(?:overall|final|total|holistic|aggregate)(?:quality)?(?:score|rating|grade|mark)|overall"
    r"|(?:总体|综合|最终|整体|总)(?:打分|评分|得分|评价|分数)"
)


class _Keys(NamedTuple):
    """Names of one kind, in any case and with any separator."""

    pattern: re.Pattern[str]

    def __contains__(self, name: object) -> bool:
        bare = re.sub(r"[\s_-]", "", simplified(str(name))).casefold()
        return self.pattern.fullmatch(bare) is not None


@functools.lru_cache(maxsize=64)
def _keyed(spec: Scale) -> Shape:
    """A key of an object that announces a score."""
    own = "|".join(re.escape(simplified(anchor)) for anchor in spec.anchors)
    return key_shape(
        r"(?:(?:overall|final|total|holistic|aggregate)[\s_-]?(?:quality[\s_-]?)?)?(?:score|rating|grade|mark|result|points)"
        rf"|overall|(?:总体|综合|最终|整体|总)?(?:打分|评分|得分|评价|分数)|总分|{own.replace(' ', '[ _-]?')}"
    )


@functools.lru_cache(maxsize=64)
def list_shapes(spec: Scores) -> tuple[Shape, ...]:
    """A box, and a list in brackets or numbers to the end of the line behind an anchor."""
    own = tuple(dict.fromkeys([*map(simplified, spec.anchors), *_LIST_NAMES]))
    anchors = "|".join(map(re.escape, own))
    one = rf"(?:{_VALUE})(?:{GAP}(?:/{GAP}\d+|分))?"
    bare = rf"({one}(?:{GAP}[,、;]{GAP}{one})*)[^\S\n]{{0,6}}[.。]?[^\S\n]{{0,6}}$"
    is_a = rf"(?:is|are|为|是|=)?{GAP}:?{GAP}"
    anchored = rf"(?:{anchors})[\])>]{{0,3}}{GAP}{is_a}(?:[\[(]([^\[\]()\n]{{1,400}})[\])]|{bare})"
    boxed = Shape(re.compile(r"\\boxed\{([^{}\n]{1,400})\}"), ("\\boxed{",))
    lines = (
        rf"(?:response|answer|assistant|回答|答案|助手)\s{{0,2}}#?\d{{1,2}}{GAP}:{GAP}({_VALUE})"
    )
    return (
        boxed,
        _compiled(anchored, tuple(anchor.lower() for anchor in own)),
        _compiled(lines, ("response", "answer", "assistant", "回答", "答案", "助手")),
    )


_LIST_NAMES = ("scores", "最终得分", "得分", "分数", "评分")


# --- one number -----------------------------------------------------------------------------------

Kind = Literal["overall", "bare", "dimension", "headed", "mention"]
_KNOWN_BEFORE = re.compile(
    r"(?:\b(?:my|the|a|an|its|this|your|final|overall|total|so|therefore|thus|and|with|of|is|i|"
    r"verdict|conclusion|judge?ment|evaluation|assessment|feedback|response|answer|given|numeric|"
    r"numerical|assigned|suggested|proposed|recommended|holistic|single|resulting|result|"
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
    if (
        _TAGGED.search(body[max(match.start() - 12, 0) : match.start()])
        and "</" not in body[end : end + 12]
    ):
        raise unread("truncated", "the tag is not closed")
    check_scale(_around(body, match.start(match.lastindex or 0), end), spec)
    return _follows(match[match.lastindex or 0], body[end : end + 60], spec, is_cut)


_TAGGED = re.compile(r"<(?:\w{1,10}_)?$")


def _remarked(text: str, spec: Scale) -> re.Match[str] | None:
    """A text that is one number and a remark that states the spec's own scale."""
    is_one = 1 < len(text) < 80 and "\n" not in text and re.match(_VALUE, text, re.IGNORECASE)
    return number_of(_stripped(text, spec)) if is_one else None


def _chosen(body: str, spec: Scale, is_cut: bool) -> re.Match[str]:
    own, overall, generic, bracket, _, *sentences = scale_shapes(spec)
    strong = _candidates(body, overall.find(body), spec)
    by_own = _candidates(body, own.find(body), spec)
    by_name = _candidates(body, generic.find(body), spec)
    named = {one.match.end(): one for one in [*by_own, *strong]}  # one for each number
    by_name = [one for one in by_name if one.match.end() not in named]
    for candidates in ([*named.values()], by_name):
        if any(one.kind in ("overall", "bare") for one in candidates):
            return _of(body, sorted(candidates, key=lambda one: one.match.start()), is_cut)
    if marked := bracket.find(body):
        return _marked(body, marked, is_cut)
    match = _in_sentence(body, [m for shape in sentences for m in shape.find(body)])
    if match is not None:
        return match
    if by_own or by_name:
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
        words = body[max(match.start() - 20, 0) : match.start()].rpartition("\n")[2].split() or [""]
        is_part = re.search(r"[性度]$", words[-1]) or DIMENSION.fullmatch(words[-1])
        return "dimension" if is_part and body[match.start() - 1] != ":" else "overall"
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
        values = [one.match[one.match.lastindex or 0] for one in overall]
        is_taken_back = len(overall) < 2 or _is_corrected(body, overall)
        if values[-1] != values[-2:][0] and not is_taken_back and not overall[-1].is_marked:
            raise unread("ambiguous", f"several scores: {clipped(', '.join(sorted(set(values))))}")
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
    r"therefore|so|considering|based on|given|wait|no[,:]|however|but|instead|mistaken?|sorry|now|on reflection)\b|综合|改|不对|现|以上|更正|修正|最终|重新|综上|因此|所以",
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
    r"n't\b|如果|若|假如|可能|别人|有人|上次|之前|原来|给我|部分|可以|应该|标准|最多|至少|每|扣|本来|维度|方面|不(?!错)|要求|通常|打算|想|准备",
    re.IGNORECASE,
)


def _in_sentence(body: str, matches: Sequence[re.Match[str]]) -> re.Match[str] | None:
    """The number that one sentence gives the response; it must be the only one that does."""
    stated = []
    for match in matches:
        start, end = sentence_of(body, match.start(), match.end())
        number = match.end(match.lastindex or 0)
        tail = _TAIL.match(body, number)
        after = body[tail.end() if tail else number : max(end, number)]
        before = body[start : match.start()]
        if (
            _SUPPOSED.search(f"{before}{match[0][:2]}")
            or re.search(r"[性度上]\s?$", before)
            or not _OVER.match(after)
        ):
            continue
        stated.append(match)
    values = {match[match.lastindex or 0] for match in stated}
    if len(values) > 1:
        raise unread("ambiguous", f"several scores are given: {clipped(', '.join(sorted(values)))}")
    return stated[-1] if stated else None


_OVER = re.compile(
    r"\s{0,3}(?:$|[.,;!)\]。(]|because|since|overall|in total|on (?:a|the) (?:scale|\d)|因为|由于|的(?:评分|评价|分数|得分))",
    re.IGNORECASE,
)


# --- lists of numbers -----------------------------------------------------------------------------

_NO_WAIT = re.compile(r"\b(?:no|wait|sorry|correction)\b", re.IGNORECASE)
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
    boxed, anchored, _ = list_shapes(spec)
    matches = [m for shape in (boxed, anchored) for m in shape.find(body)]
    matches = [m for m in matches if not is_mentioned(body, m.start())]
    matches = [m for m in matches if m.re is boxed.pattern or not _is_of_dimension(body, m.start())]
    matches = sorted((m for m in matches if _is_list(m, num_responses)), key=lambda m: m.start())
    if not matches:
        rows = [] if is_cut or num_responses is None else _rows(body, num_responses)
        if rows:
            return _listed(rows, spec, num_responses)
        raise unread("absent", f"no list of numbers behind {' or '.join(spec.anchors)}")
    match = matches[-1]
    if is_cut and match.lastindex == 2 and not body[match.end() :].strip():
        raise unread("truncated", "the list may go on")
    before = matches[-2] if len(matches) > 1 else match
    is_other = before[before.lastindex or 0] != match[match.lastindex or 0]
    rest = body[match.end() : line_of(body, match.start(), match.end())[1]]
    if re.match(
        r"\s{0,3}(?:for|on|in)\s\w|\s{0,3}\((?:example|e\.g|sample|format|示例)",
        rest,
        re.IGNORECASE,
    ):
        raise unread("ambiguous", f"{match[0]} is no list of scores of the whole")
    is_corrected = (
        _CORRECTED.search(body, before.end(), max(match.start(), before.end())) is not None
    )
    if _OR.match(body, match.end()) or (is_other and not is_corrected):
        raise unread("ambiguous", "several lists are offered")
    check_scale(_around(body, match.start(match.lastindex or 0), match.end()), spec)
    return _listed(_split(match[match.lastindex or 0]), spec, num_responses)


_ROW = re.compile(
    rf"[\s|*•-]{{0,6}}(?:response|answer|assistant|回答|答案|助手)\s{{0,2}}#?(\d{{1,2}})\s{{0,3}}(?:score|rating|得分|评分)?\s{{0,3}}[:|]\s{{0,3}}((?:{_VALUE})(?:\s{{0,2}}/\s{{0,2}}\d{{1,3}}|\s{{0,2}}分)?)[\s|.]{{0,6}}",
    re.IGNORECASE,
)


def _rows(body: str, num_responses: int) -> list[str]:
    """The numbers of lines that give each response one, in order; nothing where one is missing."""
    rows = [match for line in body.splitlines() if (match := _ROW.fullmatch(line))]
    places = [int(match[1]) for match in rows]
    return [match[2] for match in rows] if places == [*range(1, num_responses + 1)] else []


_WHOLE_LIST = re.compile(
    r"(?:\b(?:final|overall|total|the|my|are|is|so|therefore|thus|here|these|following|revised|corrected|updated|all|and|resulting|now|wait|no|json)"
    r"|最终|总体|综合|总|的|为|是)?\s{0,3}$",
    re.IGNORECASE,
)


def _is_of_dimension(body: str, place: int) -> bool:
    """Whether a list is that of one dimension, by the word before its anchor: "Depth scores"."""
    before = body[max(place - 40, 0) : place].rpartition("\n")[2].rstrip(" \t")
    match = _WHOLE_LIST.search(before)
    is_word = re.search(r"\w$", before) is not None
    return is_word and not (match and match[0].strip())


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
