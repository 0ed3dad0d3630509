# ruff: noqa: E501  (tables of patterns)
"""The forms of scores: after anchors, in brackets, under keys, in sentences and lists."""

from __future__ import annotations

import functools
import re
from typing import Any, NamedTuple

from plaudit.judges.verdict.characters import simplify
from plaudit.judges.verdict.number_values import VALUE
from plaudit.judges.verdict.shapes import VerdictShape, key_shape
from plaudit.judges.verdict.spec import GAP, Scale, Scores

__all__ = ["OVERALL", "SCORE_WORDS", "list_shapes", "scale_shapes", "score_keys"]
SCORE_WORDS = ("score", "rating", "grade", "result", "评分", "得分", "打分", "分数", "总分")
OVERALL = (
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
_GIVES = ("give", "gave", "rate", "rated", "score", "scored", "award", "assign", "grade", "mark")
_EARNS = ("deserves", "earns", "merits", "gets", "receives", "scores")
_ZH_OBJECT = r"(?:该|这个?|此|本|上述)?(?:份|条)?(?:回答|答案|回复|答复|response)"


@functools.lru_cache(maxsize=64)
def scale_shapes(spec: Scale) -> tuple[VerdictShape, ...]:
    """Numbers after an anchor of the spec, after "overall score" and the like, after a generic word
    for scores, in double brackets, and in a sentence that gives one."""
    own = tuple(map(simplify, spec.anchors))
    number = _between_anchor_and_number()
    anchored = rf"(?<![A-Za-z_])(?:{'|'.join(map(re.escape, own))})[\])>]{{0,3}}{GAP}{number}"
    overall = rf"(?<![A-Za-z_]){OVERALL}{GAP}{number}"
    generic = rf"(?<![A-Za-z_])(?:{'|'.join(SCORE_WORDS)}(?<!总分)|总分(?=\s{{0,3}}[:为是]))[\])>]{{0,3}}{GAP}{number}"
    bracket = rf"\[{GAP}\[{GAP}({VALUE})(?={GAP}(?:/{GAP}\d{{1,3}}{GAP})?\]{GAP}\])"
    gives, earns, sums_up, zh_gives = _sentence_patterns()
    return (
        _compile(anchored, tuple(anchor.lower() for anchor in own)),
        _compile(overall, _STARTS),
        _compile(generic, SCORE_WORDS),
        _compile(bracket, ("[",)),
        _key_shape(spec),
        _compile(gives, ("i", "we"), _GIVES, 30, is_spaced=True),
        _compile(earns, ("it", "this", "that", "the", "assistant"), _EARNS, 60, is_spaced=True),
        _compile(sums_up, ("overall",)),
        _compile(zh_gives, ("给", "为", "对", "将", "打", "评", "该", "这", "此", "本", "上述", "回答", "答案", "回复", "答复", "response", "份", "条"), ("分",)),
    )  # fmt: skip


def _sentence_patterns() -> tuple[str, str, str, str]:
    """Sentences that give a score: "I give it 4", "it deserves a 4", "给该回答打4分"."""
    gives = (
        rf"\b(?:I|we)(?:'d|'ll| would| will)?\s(?:therefore\s|thus\s)?(?:give|gave|rate|rated|score|scored|award|assign|grade|mark)\s{{1,3}}{_OBJECT}\s{{1,3}}"
        rf"(?:as\s|at\s)?(?:an?\s)?(?:(?:solid|strong|full|perfect|overall|final)\s)?"
        rf"(?:(?:score|rating|grade)\s)?(?:of\s)?[\[(]{{0,2}}({VALUE})"
    )
    earns = (
        rf"\b{_OBJECT}\s{{1,3}}(?:therefore\s)?(?:deserves|earns|merits|gets|receives|scores)\s{{1,3}}"
        rf"(?:an?\s)?(?:(?:score|rating|grade)\sof\s)?[\[(]{{0,2}}({VALUE})"
    )
    sums_up = rf"\boverall,\s{{1,3}}({VALUE})(?=\s{{0,3}}(?:/|out\sof)\s{{0,3}}\d)"
    zh_gives = (
        rf"(?:给予?|为|对|将)?{_ZH_OBJECT}?\s{{0,3}}(?:打出?|评定?为?|给出?|给予|评定为)(?:了)?(?:{_ZH_OBJECT})?\s{{0,3}}({VALUE})"
        rf"(?=\s{{0,3}}(?:/\s{{0,3}}\d{{1,3}}\s{{0,3}})?分)"
    )
    return gives, earns, sums_up, zh_gives


def _compile(pattern: str, starts: tuple[str, ...], *words: Any, **options: object) -> VerdictShape:
    return VerdictShape(
        re.compile(pattern, re.IGNORECASE | re.MULTILINE), starts, *words, **options
    )


def _between_anchor_and_number() -> str:
    """The text allowed between an anchor and its number: a colon, a scale, a table's bar."""
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
    return rf"{remark}{is_a}{GAP}{colon}{GAP}{filler}(?:(?:of|is|therefore|thus|only)\b|:|=)?{GAP}{changed}{grade}{boxed}[\[(<\"“'`「]{{0,3}}{GAP}(?:score>)?({VALUE})"


@functools.lru_cache(maxsize=64)
def score_keys(spec: Scale) -> tuple[_KeyNames, _KeyNames]:
    """Keys of an object that announce the score of the whole: those that say so, and any score."""
    own = tuple(re.sub(r"[\W_]", "", simplify(anchor)).casefold() for anchor in spec.anchors)
    overall = rf"{'|'.join(map(re.escape, own))}|{_OVERALL_KEY}"
    return _KeyNames(re.compile(overall)), _KeyNames(re.compile(rf"{'|'.join(SCORE_WORDS)}|points"))


_OVERALL_KEY = (
    r"(?:overall|final|total|holistic|aggregate)(?:quality)?(?:score|rating|grade|mark)|overall"
    r"|(?:总体|综合|最终|整体|总)(?:打分|评分|得分|评价|分数)"
)


class _KeyNames(NamedTuple):
    """Names of one kind, in any case and with any separator."""

    pattern: re.Pattern[str]

    def __contains__(self, name: object) -> bool:
        bare = re.sub(r"[\s_-]", "", simplify(str(name))).casefold()
        return self.pattern.fullmatch(bare) is not None


@functools.lru_cache(maxsize=64)
def _key_shape(spec: Scale) -> VerdictShape:
    """A key of an object that announces a score."""
    own = "|".join(re.escape(simplify(anchor)) for anchor in spec.anchors)
    return key_shape(
        r"(?:(?:overall|final|total|holistic|aggregate)[\s_-]?(?:quality[\s_-]?)?)?(?:score|rating|grade|mark|result|points)"
        rf"|overall|(?:总体|综合|最终|整体|总)?(?:打分|评分|得分|评价|分数)|总分|{own.replace(' ', '[ _-]?')}"
    )


@functools.lru_cache(maxsize=64)
def list_shapes(spec: Scores) -> tuple[VerdictShape, ...]:
    """A box, and a list in brackets or numbers to the end of the line after an anchor."""
    own = tuple(dict.fromkeys([*map(simplify, spec.anchors), *_LIST_NAMES]))
    anchors = "|".join(map(re.escape, own))
    one = rf"(?:{VALUE})(?:{GAP}(?:/{GAP}\d+|分))?"
    bare = rf"({one}(?:{GAP}[,、;]{GAP}{one})*)[^\S\n]{{0,6}}[.。]?[^\S\n]{{0,6}}$"
    is_a = rf"(?:is|are|为|是|=)?{GAP}:?{GAP}"
    anchored = rf"(?:{anchors})[\])>]{{0,3}}{GAP}{is_a}(?:[\[(]([^\[\]()\n]{{1,400}})[\])]|{bare})"
    boxed = VerdictShape(re.compile(r"\\boxed\{([^{}\n]{1,400})\}"), ("\\boxed{",))
    lines = rf"(?:response|answer|assistant|回答|答案|助手)\s{{0,2}}#?\d{{1,2}}{GAP}:{GAP}({VALUE})"
    return (
        boxed,
        _compile(anchored, tuple(anchor.lower() for anchor in own)),
        _compile(lines, ("response", "answer", "assistant", "回答", "答案", "助手")),
    )


_LIST_NAMES = ("scores", "最终得分", "得分", "分数", "评分")
