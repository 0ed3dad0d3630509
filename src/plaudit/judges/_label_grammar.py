# ruff: noqa: E501  (tables of patterns)
r"""Labels in a reply: markers and what is said about them, tags and boxes, anchors, plain sentences.

A marker is a verdict only where its sentence states it: not where it is denied, conditional, asked,
reported from a response, or compared with another one, unless the comparison names a winner.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Sequence
from typing import NamedTuple

from plaudit.errors import clipped
from plaudit.judges._reply import (
    BLANK,
    CONCLUDING,
    is_mentioned,
    line_of,
    narrow,
    sentence_of,
    simplified,
)
from plaudit.judges._spec import GAP, MARKER, Labels, Shape, key_shape, unread

__all__ = [
    "DIMENSION",
    "TAKEN_BACK",
    "is_own",
    "is_verdict_key",
    "known",
    "label_shapes",
    "read_label",
    "whole",
]

_NOUN = (
    r"(?:assistant|response|answer|output|model|candidate|option|choice|solution|"
    r"助手|回答|答案|回复|模型|选项|答复)"
)
_NOUN_FIRST = re.compile(rf"^(?:the)?{_NOUN}#?", re.IGNORECASE)
_TIES = frozenset(("tie", "tied", "atie", "draw", "adraw", "平局", "平手", "打平", "和局"))
_PAIRS = {"[": "]", "(": ")", '"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "「": "」",
          "『": "』", "«": "»"}  # fmt: skip


# --- names of labels ------------------------------------------------------------------------------


def known(name: str, spec: Labels) -> str | None:
    """The label that a text spells: in any case, behind a noun, as a tie, or turned round.

    >>> arena = Labels(("A>>B", "A>B", "A=B", "B>A", "B>>A"))
    >>> known("Assistant b", Labels()), known("A≪B", arena), known("tie", arena)
    ('B', 'B>>A', 'A=B')
    """
    name = narrow("".join(name.split())).casefold()
    labels = _spellings(spec)
    if name in labels:
        return labels[name]
    bare = _NOUN_FIRST.sub("", name)
    if bare in labels:
        return labels[bare]
    if name in _TIES and spec.tie_label:
        return spec.tie_label
    return labels.get(_turned(name)) or _by_number(name, spec)


@functools.lru_cache(maxsize=64)
def _spellings(spec: Labels) -> dict[str, str]:
    return {narrow("".join(label.split())).casefold(): label for label in spec.allowed}


_NUMBERS = {sign: place for row in ("1234", "一二三四") for place, sign in enumerate(row)} | {
    word: place
    for row in (("one", "two", "three", "four"), ("first", "second", "third", "fourth"))
    for place, word in enumerate(row)
}
_NUMBERED = re.compile(
    rf"(?:the)?(?:{_NOUN}#?(?P<behind>[1-4]|[一二三四]|one|two|three|four)"
    rf"|(?P<before>first|second|third|fourth)(?:{_NOUN}|one)"
    rf"|第(?P<zh>[一二三四1-4])个?(?:{_NOUN})?)"
)


def _by_number(name: str, spec: Labels) -> str | None:
    """The label in the place that a name counts: the first of "Response 1" or "第一个回答".

    >>> _by_number("secondresponse", Labels()), _by_number("回答一", Labels())
    ('B', 'A')
    """
    if "".join(spec.names) in "1234" and name in _NUMBERS and _NUMBERS[name] < len(spec.names):
        return spec.names[_NUMBERS[name]]
    match = _NUMBERED.fullmatch(name) if "".join(spec.names) in "ABCD" else None
    if match is None:
        return None
    place = _NUMBERS[match["behind"] or match["before"] or match["zh"]]
    return spec.names[place] if place < len(spec.names) else None


_SIDES = re.compile(r"([a-z0-9]{1,9})(>{1,2}|<{1,2}|={1,2})([a-z0-9]{1,9})")
_SIGNS = (
    *zip("≫≪≻≺＞＜≈＝", (">>", "<<", ">", "<", ">", "<", "=", "="), strict=True),
    ("\\gg", ">>"), ("\\ll", "<<"), ("\\succ", ">"), ("\\prec", "<"), ("\\approx", "="),
)  # fmt: skip


def _turned(name: str) -> str:
    """A comparison with ">" for its sign, "a=b" in the order of the letters; "" where it is none.

    >>> _turned("a<<b"), _turned("b==a"), _turned("a>>>b")
    ('b>>a', 'a=b', '')
    """
    for sign, spelled in _SIGNS:
        name = name.replace(sign, spelled)
    match = _SIDES.fullmatch(name)
    if match is None or (match[1] == match[3]):
        return ""
    left, sign, right = match.groups()
    if sign[0] == "=":
        return "=".join(sorted((left, right)))
    return f"{left}{sign}{right}" if sign[0] == ">" else f"{right}{'>' * len(sign)}{left}"


_ANSWERING = re.compile(r"^(?:(?:final )?(?:answer|choice)|(?:最终)?答案)\s*:", re.IGNORECASE)


_FRACTION = re.compile(r"\.\d")
_IN_TAG = re.compile(
    r"^<((?:(?:overall|final|total)_)?(?:answer|verdict|score|rating|grade|result|output|judge?ment|decision|winner|choice|label|final|"
    r"preference|evaluation|答案|结论|评分|打分|总体打分|总体评分|综合评分|结果))>\s*(.*?)\s*</\1>$",
    re.DOTALL | re.IGNORECASE,
)
# Pictures around a word say nothing, but stars do.
_SIGN = re.compile(
    "^[\u2190-\u21ff\u2600-\u2604\u2607-\u27bf\U0001f300-\U0001f31e\U0001f320-\U0001faff\\s]+|[\u2600-\u2604\u2607-\u27bf\U0001f300-\U0001f31e\U0001f320-\U0001faff\\s]+$"
)


def whole(text: str) -> str:
    """A short reply without the brackets, quotes, tags and dots around it; "" for a long one."""
    if len(text) > 400:
        return ""
    text = _SIGN.sub("", text)
    inner = _IN_TAG.sub(r"\2", text.strip())
    inner = re.sub(r"^\\boxed\{(?:\\text\{)?([^{}]*)\}?\}$", r"\1", inner.strip("$ "))
    inner = re.sub(r"^```\w*\s*(.*?)\s*```$", r"\1", inner, flags=re.DOTALL)
    inner = _ANSWERING.sub("", inner)
    while True:
        inner = inner.strip(" \t\r\n。,!").rstrip(". \t")
        inner = inner if _FRACTION.match(inner) else inner.lstrip(". \t")
        inner = inner[0] if len(inner) == 2 and inner[1] == ")" else inner
        if len(inner) < 2 or _PAIRS.get(inner[0]) != inner[-1]:
            return inner
        inner = inner[1:-1]


# --- shapes ---------------------------------------------------------------------------------------

_ADV = (
    r"(?:(?:clearly|much|slightly|far|significantly|somewhat|marginally|definitely|therefore|still|"
    r"overall|a bit|a little|by far|simply|also|considerably|obviously|generally)\s{1,3}){0,3}"
)
_BETTER = r"(?:better|best|superior|stronger|strongest|preferable|preferred|winner|winning)"
_THING = r"(?:one|answer|response|assistant|choice|option|output|solution|candidate|model|reply)"
_ZH_ADV = r"(?:明显|显然|总体上?|整体上?|略微?|稍微?|稍|要|更加?|相对|显著|远远?|还是|也)"
_ZH_GOOD = (
    r"(?:更好|更优秀?|更佳|更强|更胜一筹|胜出|获胜|较好|较优|较佳|最好|最佳|最优|为优|为佳|为胜|胜)"
)
_ORDINAL = (
    rf"(?:the\s)?(?:first|second)\s{{1,3}}{_THING}|{_NOUN}\s{{0,2}}#?(?:[12](?!\d)|[一二]|one|two)"
    rf"|第[一二]个?(?:{_NOUN})?"
)
_TAGS = r"(?:answer|verdict|decision|winner|choice|final|final_answer|result|preference)"


@functools.lru_cache(maxsize=64)
def label_shapes(spec: Labels) -> tuple[Shape, ...]:
    """Markers, bare labels behind an anchor, and with the default marker tags and sentences."""
    own = [simplified(anchor) for anchor in spec.anchors]
    anchors = "|".join(map(re.escape, own))
    is_default = spec.marker == MARKER
    anchored = Shape(
        re.compile(
            _anchored(
                rf"(?:{anchors}{'|' + _TITLES if is_default else ''})[\])>]{{0,3}}{GAP}", spec
            ),
            re.IGNORECASE | re.MULTILINE,
        ),
        (*(anchor.lower() for anchor in own), *(_TITLE_STARTS if is_default else ())),
    )
    marker = re.compile(simplified(spec.marker), re.IGNORECASE)
    if not is_default:
        return (Shape(marker), anchored)
    return (Shape(marker, ("[",)), anchored, *_tags(), key_shape(_SPACED_KEYS), *_sentences(spec))


# Titles in front of a bare label, and the cell or line that sums up a list of criteria.
_TITLES = (
    r"^[\s>•*-]{0,6}(?:(?:preferred|better|best|winning)\s(?:response|answer|assistant|output)|preference|decision|judge?ment|conclusion|selected|selection)(?=\s{0,3}[:→])|"
    r"最终(?=\s{0,3}:)|"
    r"(?:(?:final|overall|my)\s)(?:decision|judge?ment|choice|conclusion|preference|selection|pick|vote|winner)|final(?=\s{0,3}:)"
    r"|(?:最终|我的|总体|综合)(?:结论|判断|裁决|判决|选择|评判|评定|评价|结果)|(?:获|优)?胜者|赢家|判决|更好的(?:回答|答案|回复)"
    r"|^[\s|>•-]{0,6}(?:overall|(?:总|整)体(?:而言|评价)?|综合(?:评价)?|总评)(?=\s{0,3}[:|])"
)
_TITLE_STARTS = (
    *("preferred", "better", "best", "winning", "preference", "decision", "judgement", "judgment"),
    *("conclusion", "select"),
    "final",
    "overall",
    "my",
    "最终",
    "我的",
    "总",
    "整",
    "综合",
    "获",
    "优",
    "胜者",
    "赢家",
    "判决",
    "更好",
    "|",
    ">",
    "•",
    "-",
)
_JSON_KEYS = (
    r"(?:final|overall)?(?:verdict|winner|decision|judge?ment|choice|preference|preferred|selection)"
    r"|(?:better|best|preferred|winning)(?:response|answer|assistant|output)?"
    r"|(?:最终|总体|综合)?(?:结论|判断|裁决|判决|选择|评判)|(?:获|优)?胜者|更好的(?:回答|答案|回复)?"
)

_SPACED_KEYS = _JSON_KEYS.replace(")?", r")?[\s_-]?")


def is_verdict_key(name: str) -> bool:
    """Whether a key of an object announces a label: "final_verdict", "更好的回答"."""
    bare = re.sub(r"[\s_-]", "", simplified(name)).casefold()
    return re.fullmatch(_JSON_KEYS, bare) is not None


def _anchored(anchor: str, spec: Labels) -> str:
    labels = "|".join(map(re.escape, spec.allowed))
    noun = rf"(?:(?:the )?{_NOUN}(?:\s{{0,2}}#)?\s{{0,2}})?"
    is_a = rf"(?:is|为|是|选)?{GAP}[:|→]?{GAP}[\[(<]{{0,3}}{GAP}(?:选|it(?:'s| is)\s)?"
    remark = (
        r"(?:\s{0,2}(?:is|was)\s(?:clearly\s|slightly\s|much\s)?(?:the\s)?better(?:\sone)?|(?:更|较)好"
        r"|\s{0,2}\((?![^()\n]{0,60}?(?:\b(?:not|or|and|but|if|tentative|provisional|pending|unsure|maybe|perhaps|probably)\b|[?？]|[待暂]定|不确定))[^()\n]{1,60}\)"
        r"|,?\s(?:because|since)\s(?![^\n]{0,280}?\b(?:but|however|although|though|if|unless)\b)[^\n]{1,280})?"
    )
    cells = r"(?:\s{0,3}\|(?:(?!\s{0,3}[A-D]\s{0,3}\|)[^\n|]{0,80}\|){0,2})?"
    end = rf"{GAP}[\])>]{{0,3}}{GAP}{remark}[^\S\n]{{0,6}}[.。!]?{cells}[^\S\n]{{0,6}}$"
    name = rf"{_ORDINAL}|{noun}(?:{labels}|[A-Za-z<>=]{{1,5}})|平局|平手|an?\s(?:tie|draw)"
    return rf"{anchor}{is_a}({name}){end}"


@functools.cache
def _tags() -> tuple[Shape, ...]:
    tag = re.compile(
        rf"<{_TAGS}>{GAP}([^<>\n]{{1,20}}?)(?:\s(?:is|was)\s(?:the\s)?better)?\.?{GAP}</{_TAGS}>",
        re.IGNORECASE,
    )
    boxed = re.compile(r"\\boxed\{(?:\\text\{)?([^{}\n]{1,20})\}")
    return Shape(tag, ("<",)), Shape(boxed, ("\\boxed{",))


def _sentences(spec: Labels) -> tuple[Shape, ...]:
    """Plain sentences that name the better response, one group each."""
    if not spec.names:
        return ()
    name = "|".join(f"(?-i:{re.escape(label)})" for label in spec.names)
    noun = (
        rf"{_NOUN}\s{{0,2}}"
        if all(label.isdigit() for label in spec.names)
        else rf"(?:{_NOUN}\s{{0,2}})?"
    )
    ordinal = f"|{_ORDINAL}" if len(spec.names) == 2 else ""
    one = rf"(?<![A-Za-z0-9_\-])[\[(]{{0,2}}({noun}(?:{name})(?![A-Za-z0-9_>=<-]){ordinal})[\])]{{0,2}}"
    other = one.replace(f"({noun}", f"(?:{noun}", 1)
    own = rf"(?:'s (?:\w{{2,12}}\s)?{_THING}|'s)?(?:\s{{0,2}}的?(?:回答|答案|回复))?"
    over = r"(?!\s{0,3}(?!because\b|since\b|as it\b|overall\b)\w)"
    zh_over = r"(?:一些|一点|些)?(?=\s{0,3}(?:[。.,!;]|$|因为|由于))"
    zh_than = r"(?:优于|胜过|好于|强于|胜于)"
    zh_under = r"(?:不如|逊于|弱于|差于|不及|比不上|输给|逊色于)"
    patterns = [
        rf"{one}{own}\s{{1,3}}(?:is|was)\s{{1,3}}{_ADV}(?:the\s{{1,3}})?{_ADV}{_BETTER}"
        rf"(?:\s{{1,3}}{_THING})?(?:\s{{1,3}}(?:than|to)\s{{1,3}}{other}{own})?{over}",
        rf"{one}{own}\s{{1,3}}{_ADV}(?:wins|(?:beats|outperforms|surpasses|edges out)\s{{1,3}}{other}{own})"
        rf"(?:\s{{1,3}}overall)?{over}",
        rf"(?:\b(?:I|we)(?:'d| would| will|'ll)?\s{{1,3}}{_ADV}(?:choose|pick|select|prefer|vote for|favou?r|"
        rf"go with|side with|opt for|settle on)|\b(?:better|best|winning|preferred|superior|stronger)\s{{1,3}}{_THING}"
        rf"\s{{1,3}}is|\b(?:winner|my (?:choice|pick|preference|vote))\s{{1,3}}(?:is|goes to))\s{{0,3}}:?"
        rf"\s{{0,3}}{one}{own}{over}",
        rf"{one}{own}\s{{0,3}}{_ZH_ADV}{{0,3}}{_ZH_GOOD}{zh_over}",
        rf"{one}{own}\s{{0,3}}{_ZH_ADV}{{0,2}}(?:比\s{{0,3}}{other}{own}\s{{0,3}}{_ZH_ADV}{{0,3}}(?:好|优|强|佳)"
        rf"|{zh_than}\s{{0,3}}{other}{own}){zh_over}",
        rf"(?:(?:我(?:会|更|认为|最终)?)?(?:选择|选|倾向于?|偏向于?|支持|喜欢|偏好)|(?:更好|更优|更佳|较好|较优|较佳|最好|最佳)的(?:回答|"
        rf"答案|助手|回复)?(?:是|为)|(?:胜者|获胜者|赢家|优胜者)(?:是|为)?)\s{{0,3}}:?\s{{0,3}}{one}{own}{zh_over}",
    ]
    if len(spec.names) == 2:  # what is worse than the other makes the other the better one
        patterns += [
            rf"{other}{own}\s{{1,3}}(?:is|was)\s{{1,3}}{_ADV}(?:worse|weaker|inferior|poorer)\s{{1,3}}(?:than|to)\s{{1,3}}{one}{own}{over}",
            rf"{other}{own}\s{{0,3}}{_ZH_ADV}{{0,2}}(?:{zh_under}\s{{0,3}}{one}{own}|没有\s{{0,3}}{one}{own}\s{{0,3}}好|比\s{{0,3}}{one}{own}\s{{0,3}}{_ZH_ADV}{{0,3}}(?:差|弱)){zh_over}",
        ]
        patterns += [  # the group "worse" says that the name is the other one's
            rf"(?P<worse>){one}{own}\s{{1,3}}(?:is|was)\s{{1,3}}{_ADV}(?:the\s{{1,3}})?(?:worse|weaker|inferior|poorer)(?:\s{{1,3}}{_THING})?{over}",
            rf"(?P<worse>){one}{own}\s{{0,3}}{_ZH_ADV}{{0,3}}(?:更差|较差|更糟|更弱|较弱){zh_over}",
        ]
    if spec.tie_label:
        patterns.append(
            r"(?:\b(?:it|this)(?:'s|\sis)|\b(?:verdict|result|decision|outcome|conclusion)\s(?:is|:)(?:\s(?:that\s)?it(?:'s|\sis))?"
            r"|\bI(?:'d|\swould)?\s(?:call|declare)\s(?:it|this)|(?:verdict|decision|结论|判断|结果)\s{0,3}(?::|是|为)(?:\s{0,3}it(?:'s|\sis))?)"
            rf"\s{{0,3}}(?:therefore\s|essentially\s|clearly\s)?(?:an?\s)?(tie|draw|平局|平手)(?:\sbetween\s(?:{other}\sand\s{other}|the\stwo(?:\s\w{{1,12}})?|both(?:\s\w{{1,12}})?))?{over}"
        )
    return tuple(Shape(re.compile(p, re.IGNORECASE | re.MULTILINE)) for p in patterns)


# --- reading --------------------------------------------------------------------------------------


class _Mark(NamedTuple):
    """A marker and its label."""

    start: int
    end: int
    label: str
    text: str


def read_label(body: str, spec: Labels, is_cut: bool) -> str:
    """The label that a text states; quotations are blanked in it.

    Raises: VerdictError.
    """
    marker, anchored, *others = label_shapes(spec)
    if marker.starts:  # of the default marker
        body = _BOXED.sub(lambda match: match[1], body)
    matches = [match for match in marker.find(body) if not _is_citation(match[1], spec)]
    marks = [(match, known(match[1], spec)) for match in matches]
    strange = [match[1] for match, label in marks if label is None]
    if strange:
        raise unread("outside", f"the marker {clipped(strange[-1])} is none of {spec.allowed}")
    allowed = [_Mark(m.start(), m.end(), label, m[0]) for m, label in marks if label is not None]
    if allowed and spec.marker != MARKER:
        return _last(body, allowed, spec, is_cut)
    if allowed:
        return _stated(body, allowed, len(spec.names) == 2, is_cut)
    tagged = _tagged(body, spec, others[:2]) if others else None
    if tagged is not None:
        return tagged
    return _anchored_label(body, spec, anchored, others[3:], is_cut)


_BOXED = re.compile(r"\$?\\boxed\{\s{0,3}(?:\\text\{)?(\[\[[^\[\]\n]{1,13}\]\])\s{0,3}\}{1,2}\$?")


def _is_citation(name: str, spec: Labels) -> bool:
    return name.strip().isdigit() and not any(label.isdigit() for label in spec.allowed)


_BETWEEN = re.compile(
    rf"[\s,;:/|>=&(){BLANK}-]*(?:or|and|vs\.?|versus|to|或者?|和|与|还是|then)?"
    rf"[\s,;:/|>=&(){BLANK}-]*",
    re.IGNORECASE,
)


def _check_alone(body: str, marks: Sequence[_Mark]) -> None:
    """Raises VerdictError where the last marker is one of several offered in a row."""
    if len(marks) < 2 or marks[-2].label == marks[-1].label:
        return
    before, mark = marks[-2:]
    between = body[before.end : mark.start]
    if len(between) < 40 and _BETWEEN.fullmatch(between):
        raise unread("ambiguous", f"{before.text} and {mark.text} stand side by side")


# What takes back a verdict before it, or sums up what was said.
TAKEN_BACK = re.compile(
    r"\b(?:wait|actually|correct(?:ion|ed)|revis\w+|updat\w+|second (?:look|thoughts?)|reconsider\w*|re-?evaluat\w*|on reflection|instead|"
    r"mistaken?|sorry|no[,:.]|final(?:ly)?|overall|majority|in (?:conclusion|summary|the end)|thus|therefore|hence|so|however|but|ultimately)(?!\w)"
    r"|更正|修正|纠正|改|重新|不对|等等|等一下|实际上|应为|最终|最后|综合|综上|总体|因此|所以|但|多数",
    re.IGNORECASE,
)


def _last(body: str, marks: Sequence[_Mark], spec: Labels, is_cut: bool) -> str:
    """The last marker of a grammar of its own."""
    mark = marks[-1]
    if is_cut and mark.end == len(body) and mark.text[-1].isalnum():
        raise unread("truncated", "the label may go on")
    if is_cut and not _FINISHED.match(body, mark.end):
        raise unread("truncated", f"what is said of {mark.text} is cut off")
    _check_alone(body, marks)
    names = "|".join(map(re.escape, spec.allowed))
    offered = rf"[\s,\])*]{{0,6}}(?:or|and|/|vs\.?|或者?|和|与)\s{{0,3}}(?:{_NOUN}\s{{0,3}})?[\[(]{{0,2}}(?:{names})(?!\w)"
    if re.match(offered, body[mark.end : mark.end + 60], re.IGNORECASE):
        raise unread("ambiguous", f"{mark.text} is one of several")
    if mark.text[0].isalpha():
        start, end = sentence_of(body, mark.start, mark.end)
        before, after = body[start : mark.start], body[mark.end : max(end, mark.end)]
        clause = before.rpartition(BLANK)[2]
        is_supposed = _CONDITION.search(clause) or _EXAMPLE.search(clause)
        if (is_supposed and not _is_concluded(before)) or _CONDITION_AFTER.match(after):
            raise unread("ambiguous", f"{mark.text} is mentioned, not stated")
    line = body[line_of(body, mark.start, mark.end)[0] : mark.start]
    if _NOT_OWN.search(line) or re.search(
        r"\b(?:form|format|template|example)\s{0,3}(?:is)?\s{0,3}:", line, re.IGNORECASE
    ):
        raise unread("ambiguous", f"{mark.text} is mentioned, not stated")
    if re.match(r"[\s*)\]]{0,4}[!?]{0,2}\?", body[mark.end : mark.end + 8]):
        raise unread("ambiguous", f"{mark.text} is asked")
    if len({one.label for one in marks}) > 1:
        other = next(one for one in reversed(marks) if one.label != mark.label)
        if not TAKEN_BACK.search(body, other.end, mark.start):
            raise unread("ambiguous", f"{other.text} and {mark.text}, and nothing takes one back")
    return mark.label


# Whose verdict it is, where it is not the judge's: "the previous", "the user's", "参考".
_NOT_OWN = re.compile(
    r"(?:\b(?:previous|prior|earlier|old|original|first|gold(?:en)?|reference|expected|human|annotat\w+|crowd(?:'s)?|other|user'?s?|author'?s?|"
    r"student'?s?|response'?s?|assistant'?s?|his|her|their|its|example|sample)\s(?:\w+\s)?(?:verdict|decision|judge?ment|choice|label|vote|preference|winner)?"
    r"|(?:上一?[次位轮版]|之前的?|原来?的?|参考|标准|人工|标注|用户|期望|示例)(?:的)?(?:判断|结论|答案|选择|标签)?)\s{0,3}(?:is|was|是|为)?\s{0,3}:?\s{0,3}$",
    re.IGNORECASE,
)


# --- what a sentence says about its markers -------------------------------------------------------

_CONCLUDED = re.compile(
    rf"(?:(?P<word>(?:\b|(?<=[\u4e00-\u9fff])){CONCLUDING}(?:winner|verdict)?|(?:^|\W)no(?=[:,]))|\bverdict|\bdecision|\bwinner|\banswer|\bchoice|\bI(?:'d|'ll| would| will)?\s(?:choose|pick|select|"
    r"prefer|settle on|opt for|side with|favou?r|vote(?: for)?|lean(?: slightly)? towards?)|\bI meant|\b(?:final|my) output|\bleaning(?: slightly)? towards?|\b(?:yet|but|however),?\s(?:(?:on reflection|in the end|overall|finally|actually|after all),?\s)?it(?:'s| is)|\bif (?:I|one) (?:had|have|must)[^,\n]{0,30},|如果(?:必须|一定要|非要|只能)[^,\n]{0,12},\s{0,2}(?:那就)?(?:是)?|毫无疑问,|但(?:还)?是|\bgo (?:with|for)|\bbetter is|\bI conclude|结论|判断|判定|结果|(?:我的|最终的?)选择|应该选择?|(?:^|[,;:]|我|我会|最终|最后|所以|因此|应|故|改)\s{0,3}选择?|(?:故|因此|所以|改)\s{0,3}判|(?:我|更|我更|略)倾向于?|应该?是|胜者|更好的是|相比|两者之?[中间],?|(?<!正确)(?<!标准)答案)"
    r"(?:\s{0,3}(?:is|was|be|为|是))?\s{0,3}[,:]?\s{0,3}$",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    rf"(?:\b(?:{CONCLUDING}|verdict|decision|winner|wins|choose|pick|select|prefer|judge?ment|"
    r"best|answer|choice|better|majority)\b|结论|判断|判定|判决|裁决|选|胜|更好|更优|因此|所以|综上|总之|最终|总体|整体|综合|总评|多数)",
    re.IGNORECASE,
)
_NOUNS = rf"(?:\s{{1,3}}(?:the|{_NOUN}|label|mark|marker|verdict|it is|it's|it))*"
_DENIED = re.compile(
    r"(?:(?:\b(?:not|never|neither|nor|cannot|no longer|hardly|against|reject|rejects|rejected)|n't)"
    r"(?:\s{1,3}(?!but\b)[\w']+){0,4}"
    rf"|\b(?:rather than|instead of|than|over|unlike|except|without|versus|vs\.?|beats|to){_NOUNS}"
    r"|(?:不是|不选|不会选|不应选?|不能选?|不该选?|并非|而非|排除|别选|不选择|不为|优于|胜过|不如|好于|强于|"
    rf"比|没有|也不)\s{{0,3}}{_NOUN}?)\s{{0,3}}$",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"(?:\b(?:if|unless|whether|suppose|assuming)\b(?! I (?:had|have|must)| forced| pressed)"
    r"|如果(?!必须|一定要|非要|只能)|假如|是否|倘若|除非|\b(?:might|could|may)(?: well)? be\s{0,3}$"
    r"|可能是\s{0,3}$|也许|或许|原本|本来|差点|希望|打算|想选|有人|\btempt\w*|\bwas going to\b|\bfirst thought\b)",
    re.IGNORECASE,
)
_CONDITION_AFTER = re.compile(
    r"\s{0,3}[,)]?\s{0,3}(?:(?:if|when|whenever|unless|where|means?|stands? for|denotes?|indicates?"
    r"|for (?:a |the )?(?:tie|draw|first|second))\b|若|如果|表示|代表|意味着|的话|当)",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    rf"(?:\b(?<!what )(?:{_NOUN}(?:\s[A-D1-4])?|text|prompt|instructions?|user|question|it|he|she|task|"
    r"injection|author|they|[A-D])(?:'s\s\w+)?\s(?:\w+\s){0,2}?"
    r"(?:says?|said|claims?|claimed|asks?|asked|instructs?|instructed|wants?|tells?|told|demands?|"
    r"contains?|contained|includes?|included|writes?|wrote|states?|stated|requires?|required|"
    r"insists?|requests?|requested|plants?|ends? with|mentions?|tries|prints?|output|say|write)\b"
    r"[^,;]{0,40}"
    r"|(?:回答|助手|答案|提示|用户|文本|指令|题目|其|它|他|问题|任务)[^,;。]{0,8}?(?:写着|写道|写了|写的是|"
    r"声称|要求|宣称|让我|自称|说(?![服明])|包含|含有|出现)[^,;。]{0,12})[:,]?\s{0,3}$",
    re.IGNORECASE,
)
_BAD = re.compile(
    r"\s{0,3}(?:[:—-]\s{0,3}(?:rejected|eliminated|disqualified|worse|wrong|bad|incorrect|no|loses)\b|(?:'s|is|was|are|looks?|seems?|would be)\s{1,3}(?:\w+ly\s|much\s|still\s|far\s)?"
    r"(?:worse|weaker|wrong|incorrect|inferior|not|bad|out|worst|false|rejected|eliminated|disqualified)\b"
    r"|isn't|wasn't|would not|wouldn't|can't|cannot|(?:loses|fails|lacks|falls)\b"
    r"|(?:明显|稍|略|要)?(?:更差|较差|不如|错误|被?淘汰|出局|被否|不对|不好|不正确|是错))",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(?:(?:\b(?:not|never|neither|nor|cannot|hardly|refuse to)\b|n't)(?:\s[\w']+){0,2}\s{0,3}"
    r"|不(?:会|应该?|能|该|要|可)?|并不|也不)$",
    re.IGNORECASE,
)


def _is_concluded(before: str) -> bool:
    """Whether the text in front of a marker leads to it: "so", "my verdict is", "I choose"."""
    match = _CONCLUDED.search(before)
    return match is not None and (
        match["word"] is not None or not _NO.search(before[: match.start()])
    )


class _Said(NamedTuple):
    """A sentence with markers: what stands before, between and behind them."""

    before: str
    marks: list[_Mark]
    after: str
    gaps: list[str]
    heading: str

    @property
    def labels(self) -> set[str]:
        return {mark.label for mark in self.marks}


def _stated(body: str, marks: Sequence[_Mark], is_pair: bool, is_cut: bool) -> str:
    """The label that the last sentence with markers states. An earlier sentence may name another
    label only where the last one concludes."""
    denied: set[str] = set()
    sentences = _sentences_with(body, marks)
    if is_cut and not _FINISHED.match(sentences[-1].after + body[marks[-1].end :][:20]):
        raise unread("truncated", f"what is said of {marks[-1].text} is cut off")
    for place, sentence in reversed([*enumerate(sentences)]):
        label = _reading(sentence, is_pair)
        if label is None:
            denied |= sentence.labels
            continue
        if label in denied:
            raise unread("ambiguous", f"{sentence.marks[-1].text} is stated and then denied")
        others = {mark.label for mark in marks if mark.start < sentence.marks[0].start}
        if others - {label}:
            _check_alone(body, [mark for mark in marks if mark.start <= sentence.marks[-1].start])
            if not _concludes(sentence) or _is_listed(body, sentence.marks[0].start):
                raise unread("ambiguous", "several labels, and the last one concludes nothing")
            if place and _repeats(sentence, sentences[place - 1], label):
                raise unread("ambiguous", "several labels behind the same words")
        return label
    raise unread("ambiguous", f"{marks[-1].text} is only denied")


# In a cut reply: nothing follows the marker, or what cannot make it one side of a comparison.
_FINISHED = re.compile(
    r"[*_\s]{0,6}(?:$|\n|[.。!;:)\]}<—–(]|-\s|,?\s{0,3}(?:because|since|as|due to|因为|由于)(?!\w)|\s{0,3}(?:here|overall)\b)",
    re.IGNORECASE,
)


def _repeats(sentence: _Said, before: _Said, label: str) -> bool:
    """Whether the sentence before says another label in the same words."""
    words, others = (
        "".join(re.findall(r"\w+", one.before)).casefold() for one in (sentence, before)
    )
    return bool(words) and words == others and before.labels != {label}


def _sentences_with(body: str, marks: Sequence[_Mark]) -> list[_Said]:
    groups: list[tuple[int, int, list[_Mark]]] = []
    for mark in marks:
        if groups and mark.start < groups[-1][1]:
            groups[-1][2].append(mark)
            continue
        start, end = sentence_of(body, mark.start, mark.end)
        groups.append((start, end, [mark]))
    return [
        _Said(
            body[start : members[0].start],
            members,
            body[members[-1].end : _behind_signs(body, max(end, members[-1].end))],
            [body[one.end : two.start] for one, two in itertools.pairwise(members)],
            _heading(body, start, members[0].start),
        )
        for start, end, members in groups
    ]


def _behind_signs(body: str, end: int) -> int:
    """The end of a sentence behind all of its signs: "!?"."""
    while body[end - 1 : end] in ("!", "?") and body[end : end + 1] in ("!", "?"):
        end += 1
    return end


def _heading(body: str, start: int, place: int) -> str:
    """The line above a marker that opens its line, where it ends in a colon."""
    if re.search(r"\w", body[start:place]):
        return ""
    above = body[max(start - 80, 0) : start].rstrip()
    return above.rpartition("\n")[2] if above.endswith(":") else ""


def _reading(sentence: _Said, is_pair: bool) -> str | None:
    """The label that a sentence states; None where it only denies.

    Raises: VerdictError where it does neither.
    """
    mark = sentence.marks[-1]
    before = sentence.gaps[-1] if sentence.gaps else sentence.before
    is_concluded = _is_concluded(before)
    if len(sentence.labels) > 1 and not is_concluded:
        return _compared(sentence, is_pair)
    if not is_concluded and all(_DENIED.search(text) for text in (sentence.before, *sentence.gaps)):
        return None
    if not is_concluded and _DENIED.search(before):
        raise unread("ambiguous", f"{mark.text} is stated and denied")
    if (
        _CONDITION_AFTER.match(sentence.after)
        or _BAD.match(sentence.after)
        or sentence.after.rstrip().endswith("?")
        or _CONDITION.search(before)
        or _REPORTED.search(before)
        or _NOT_OWN.search(before)
        or _EXAMPLE.search(sentence.heading)
        or _NOT_OWN.search(sentence.heading)
        or _REPORTED.search(sentence.heading)
        or not _is_stated(before, sentence.after)
    ):
        raise unread("ambiguous", f"{mark.text} is mentioned, not stated")
    return mark.label


_TAG = re.compile(r"</?[A-Za-z_][\w ]{0,20}>")
_EXAMPLE = re.compile(
    r"\b(?:example|e\.g|i\.e|format|ignore|template|sample|instance|expect\w*|placeholder|such as|like)\b|例如|比如"
    r"|示例|格式|忽略|譬如",
    re.IGNORECASE,
)
_POSITIVE = re.compile(
    r"\b(?:better|best|wins|winner|prefer\w*|superior|stronger|goes to|tie|draw|equal\w*|clear\w*|more \w+|right|correct)\b"
    r"|更|胜|平局|相当|最好|较好|正确|对",
    re.IGNORECASE,
)
_IT_IS = re.compile(
    r"\W*(?:(?:so|thus|therefore|hence|then|所以|因此),?\s{0,3})?(?:(?:no|不)[,:]\s?)?(?:it(?:'s| is)|这是|是|为|the label(?: is)?|label)\s{0,3}$",
    re.IGNORECASE,
)
_ON = re.compile(
    r"\s{0,3}(?:here\b)?(?:$|[^\w\s]|(?-i:(?<=\s)[A-Z][a-z])|(?:理由|解释|说明|原因|助手)|because\b|since\b|as\b|due to\b|given\b|by far\b|wins?\b|applies\b|"
    r"(?:is|was)\s(?:(?:my|the|clearly|definitely|much|slightly|by far|overall|a)\s){0,3}(?:final|better|best|"
    r"winner|superior|stronger|preferred|preferable|correct|right|more|verdict|choice|answer|overall)\b"
    r"|因为|由于|更|胜|获胜|较好|较佳|较优|为佳|最|是(?:更|较|最|我)|的(?:回答)?更|为(?:更|较|最))",
    re.IGNORECASE,
)
_WAVERS = re.compile(
    r"\b(?:but|or|not sure|unsure|though|although|wants?|believe|perhaps|maybe|however|disagree|unless|tentative\w*|provisional\w*|pending)\b|待定|暂定|不确定|但|也许|可能|除非",
    re.IGNORECASE,
)


# "On closer inspection, [[A]] wins."
_WINS = re.compile(
    r"\s{0,3}(?:wins(?:\soverall)?|fits|is\s(?:clearly\s|overall\s)?(?:my\s(?:final\s)?verdict|the\s(?:right\scall|winner|best|better(?:\s\w{2,10})?)|better))[\s.!]{0,6}$",
    re.IGNORECASE,
)
_WEIGHED = re.compile(
    r"\s{0,3}(?:on\s(?:closer\sinspection|reflection|balance)|all in all|all things considered|taken together|ignoring (?:this|that|it)"
    r"|(?:after|having)\s(?:weigh|compar|consider|review|read)ing\s[^,;:\n]{1,40}|毫无疑问|显然|综合考虑)\s{0,3},?\s{0,3}",
    re.IGNORECASE,
)


def _is_stated(before: str, after: str) -> bool:
    """Whether what stands around a marker states it: it opens its sentence, is led to by a word
    that concludes or a colon, or ends a sentence that calls a response the better one."""
    is_tagged = re.search(rf"<{_TAGS}>\s{{0,6}}$", before, re.IGNORECASE) is not None
    before, after = _TAG.sub("", before), _TAG.sub("", after)
    if not _ON.match(after) or _WAVERS.search(after) or _EXAMPLE.search(before):
        return False
    if (
        not re.search(r"\w", before)
        or _is_concluded(before)
        or _IT_IS.fullmatch(before)
        or is_tagged
    ):
        return True
    if _WINS.match(after) and _WEIGHED.fullmatch(before):
        return True
    if re.search(r"(?:→|⇒|=>)\s{0,3}$", before):
        return not _NEGATED.search(before)
    titled = re.search(r"[\[(《<]([^\[\]()《》<>\n]{1,20})[\])》>]\s{0,3}$", before)
    if titled and _CONCLUDES.search(titled[1]):
        return True
    if re.search(r"[:→—–|-]\s{0,3}$", before):
        head = re.split(r"[,;]", before)[-1]
        is_title = (
            (len(head.split()) <= 2 and not DIMENSION.search(head))
            or _CONCLUDES.search(head)
            or _POSITIVE.search(head)
        )
        is_title = is_title or BLANK in before  # a quotation, and what it is
        return bool(is_title) and not _NEGATED.search(before)
    is_last = not re.search(r"\w", after)
    return is_last and bool(_POSITIVE.search(before)) and not _UNSURE.search(before)


# Titles of one dimension: "Helpfulness:", "准确性:".
DIMENSION = re.compile(
    r"\b(?!prefer)\w+(?:ness|ity|acy|ance|ence|ency|ism)\b|\b(?:style|depth|details?|tone|grammar|format(?:ting)?|logic|reasoning|length|"
    r"coverage|structure|content|facts|language|fluency|criterion|aspect|dimension|turn|round|judge|vote)\b|[性度]\s{0,3}:|文笔|语言|逻辑|结构|"
    r"风格|内容|格式|维度|评审[一二三四五\d]|第[一二三四五\d][轮回]",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:not|never|no longer)\b[^,;:]{0,20}[:]?\s{0,3}$|n't\b[^,;:]{0,20}:?\s{0,3}$",
    re.IGNORECASE,
)


def _is_listed(body: str, place: int) -> bool:
    """Whether a place stands in an item of a numbered list."""
    line = body[line_of(body, place, place)[0] : place]
    return re.match(r"\s{0,6}(?:\d{1,2}[.)、]|[•*-]\s)", line) is not None


def _concludes(sentence: _Said) -> bool:
    """Whether nothing but the marker stands in its sentence, or a word that concludes does."""
    rest = f"{sentence.before} {sentence.after}"
    if not re.search(r"\w", rest) or _CONCLUDES.search(rest):
        return True
    return _is_concluded(sentence.before) or _IT_IS.fullmatch(sentence.before) is not None


_SEEMS = r"(?:(?:is|was|seems|looks|appears|performs|answers|does|scores)\s(?:to be\s)?)?"
_FIRST = re.compile(
    rf"(?:{_SEEMS}{_ADV}(?:better|stronger|superior|preferable|preferred|higher)\s(?:than|to|over)(?:\sthat of)?(?:\sthe)?"
    rf"|{_ADV}(?:beats|outperforms|surpasses|defeats|wins\s(?:over|against)|edges out|trumps)"
    r"|\(?over|has the edge over|above|rather than|instead of|[,;(]{0,2}\s?(?:(?:and|but)\s)?(?:certainly\s|definitely\s)?not"
    rf"|(?:的(?:回答|答案))?{_ZH_ADV}{{0,3}}(?:优于|胜过|好于|胜于|强于|超过|胜)|[,;(]{{0,2}}\s?(?:而)?(?:不是|非|并非))",
    re.IGNORECASE,
)
_SECOND = re.compile(
    rf"(?:{_SEEMS}{_ADV}(?:worse|weaker|inferior|poorer|lower)\s(?:than|to)"
    rf"|{_ADV}(?:loses to|falls short of|falls behind|trails)"
    r"|below|(?:is|was)\s(?:clearly\s)?(?:beaten|outperformed|surpassed)\sby"
    rf"|(?:的(?:回答|答案))?{_ZH_ADV}{{0,3}}(?:不如|逊于|弱于|负于|差于|不及|比不上|输给|逊色于))",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"(?:\b(?:not|never|hardly|neither|nor|if|whether|unless|either|both)\b|n't|不|如果|是否|假如|既|有人|别人|很难|难说|未必|谈不上"
    r"|\b(?:many|some|others|people|one|they|you|who|whoever)\s(?:(?:would|might|may|could|will)\s)?(?:says?|thinks?|argues?|claims?|believes?|prefers?)\b)",
    re.IGNORECASE,
)
_PARTLY = re.compile(
    r"\s{0,3},?\s{0,3}(?:(?:in|on|at|for|regarding|with|when|if|as|only|except|but|though|although|"
    r"or|and|while|yet)\b(?! (?:every|all|most|general)\b)|仅|但|在.{0,20}方面|的)",
    re.IGNORECASE,
)
_THAN = re.compile(rf"(?:的(?:回答|答案))?{_ZH_ADV}{{0,3}}比")
_THAN_GOOD = re.compile(rf"\s{{0,3}}(?:的(?:回答|答案))?{_ZH_ADV}{{0,3}}(?:好|优|强|佳)")
_THAN_BAD = re.compile(rf"\s{{0,3}}(?:的(?:回答|答案))?{_ZH_ADV}{{0,3}}(?:差|弱|糟|逊)")
_LACKS = re.compile(r"\s{0,3}(?:的(?:回答|答案))?(?:那么|这么)?(?:好|优秀|强)")
_CHANGED = re.compile(
    r"(?:\b(?:moved?|chang\w+|switch\w+|shift\w+|revis\w+|updat\w+)\b[^.;,\n]{0,40}\bfrom|从)\s{0,3}$",
    re.IGNORECASE,
)
_TO = re.compile(r"to|改为|改成|变为|改到", re.IGNORECASE)
_BESIDE = re.compile(r"(?:相比|比起|与|和|相较于?)\s{0,3}$")
# What is left, and the words that lead to what is taken for it.
_DROPPED = (
    (re.compile(r"\b(?:reject|dismiss|drop|discard|abandon)\s$", re.IGNORECASE), re.compile(r"in favou?r of", re.IGNORECASE)),
    (re.compile(r"(?:先|最初|起初)(?:判|选)?择?\s?$"), re.compile(r",?[^,。]{0,8}改(?:判|选)?为?")),
    (re.compile(r"与其选?择?\s?$"), re.compile(r",?\s?(?:还)?不如选?择?")),
    (re.compile(r"(?:原判|原来选|起初选|先前选|本来选)择?\s?$"), re.compile(r",?\s?(?:现在?)?改(?:判|选)为?")),
)  # fmt: skip
_INSTEAD = re.compile(r"over|rather|instead|[,;(]|and|but|而?不是|而?非|并非", re.IGNORECASE)
_NOT_BUT = re.compile(r"(?:\bnot|n't(?:\s\w+){0,2}|不是|并非|不选|不应选)\s{0,3}$", re.IGNORECASE)
_BUT = re.compile(r"\s{0,3},?\s{0,3}(?:but(?:\srather)?|而?是|而选|而应选?)\s{0,3}", re.IGNORECASE)


def _compared(sentence: _Said, is_pair: bool) -> str:
    """The winner of a sentence that sets two markers against each other.

    Raises: VerdictError where no grammar names one.
    """
    if len(sentence.marks) == 2:
        first, second = sentence.marks
        winner = _winner(sentence, first.label, second.label, is_pair)
        if winner is not None and not sentence.after.rstrip().endswith("?"):
            return winner
    both = f"{sentence.marks[-2].text} and {sentence.marks[-1].text}"
    raise unread("ambiguous", f"{both} in one sentence, which names no winner")


def _winner(sentence: _Said, first: str, second: str, is_pair: bool) -> str | None:
    gap, after = sentence.gaps[0].strip(), sentence.after
    if _NOT_BUT.search(sentence.before) and _BUT.fullmatch(sentence.gaps[0]):
        return second
    if _UNSURE.search(sentence.before) or _REPORTED.search(sentence.before):
        return None
    if _CHANGED.search(sentence.before) and _TO.fullmatch(gap) and not re.search(r"\w", after):
        return second
    if _CONTRAST.search(after):
        return None
    if (
        _BESIDE.search(sentence.before)
        and gap == ","
        and re.match(rf"\s{{0,3}}{_ZH_ADV}{{0,3}}{_ZH_GOOD}\W*$", after)
    ):
        return second
    if re.search(r"选择?\s{0,3}$", sentence.before) and re.fullmatch(
        r"[,;]\s{0,3}(?:而)?不选择?", gap
    ):
        return first
    if any(left.search(sentence.before) and right.fullmatch(gap) for left, right in _DROPPED):
        return second
    if not is_pair and not _INSTEAD.match(gap):  # better than one of several is not yet the best
        return None
    if _THAN.fullmatch(gap):
        if _THAN_GOOD.match(after):
            return first
        return second if _THAN_BAD.match(after) else None
    if gap in ("没有", "不比"):
        return second if gap == "没有" and _LACKS.match(after) else None
    if _PARTLY.match(after):
        return None
    is_preferred = gap == "to" and re.search(r"\bprefer\s{1,3}$", sentence.before, re.IGNORECASE)
    if _FIRST.fullmatch(gap) or is_preferred:
        return first
    return second if _SECOND.fullmatch(gap) else None


# --- tags, anchors, sentences ---------------------------------------------------------------------

_RIGHT_ANSWER = re.compile(
    r"(?:correct|right|true|reference|expected|standard|正确|标准|参考)的?\s{0,3}(?:answer|option|choice|"
    r"solution|result|letter|答案|选项)[^.\n。]{0,30}$",
    re.IGNORECASE,
)


def _tagged(body: str, spec: Labels, shapes: Sequence[Shape]) -> str | None:
    """The label in the last answer tag or box, where the reply ends there."""
    tags, boxes = ([m for m in shape.find(body) if known(m[1], spec)] for shape in shapes)
    matches = sorted([*tags, *boxes], key=lambda match: match.start())
    if not matches:
        return None
    last = matches[-1]
    labels = {known(match[1], spec) for match in matches}
    is_last = not re.search(r"\w", body[last.end() :])
    if not is_last and (last in boxes or len(labels) > 1):
        raise unread("ambiguous", f"{last[0]} is not what the reply ends in")
    start, end = sentence_of(body, last.start(), last.end())
    before, after = body[start : last.start()], body[last.end() : max(end, last.end())]
    if last in tags and not is_last and re.search(r"\w", before + after):
        raise unread("ambiguous", f"{last[0]} stands in a sentence")
    if _RIGHT_ANSWER.search(before) or _DENIED.search(before) or _REPORTED.search(before):
        raise unread("ambiguous", f"{last[0]} may answer the question itself")
    return known(last[1], spec)


_OWN = re.compile(
    r"(?:^|[^\w\s])\s*$|\b(?:my|the|our|final|overall|a|is|so|thus|therefore|hence|in|and|this|"
    r"of|clear|ultimate|following)\s{0,3}$|(?:我的|最终|总体|因此|所以|综上|总之|为|是|本|故|的最终|最后)\s{0,3}的?$",
    re.IGNORECASE,
)


def is_own(body: str, place: int) -> bool:
    """Whether an anchor is the judge's own, by the word in front of it, and not reported."""
    start, _ = sentence_of(body, place, place)
    before = body[start:place]
    return _OWN.search(before) is not None and not is_mentioned(body, place)


def _anchored_label(
    body: str, spec: Labels, anchored: Shape, sentences: Sequence[Shape], is_cut: bool
) -> str:
    matches = [match for match in anchored.find(body) if is_own(body, match.start())]
    labels = {known(match[1], spec) for match in matches}
    if is_cut and matches and matches[-1].end() == len(body):
        raise unread("truncated", "the label may go on")
    if len(labels) == 1 and None not in labels:
        return str(labels.pop())
    if not labels and sentences and not is_cut:
        return _plain_label(body, spec, sentences)
    raise unread("ambiguous" if len(labels) > 1 else "absent", "no marker in the reply")


_OPENS = re.compile(
    rf"[\s*>\-]*(?:(?:(?:in )?(?:the )?{CONCLUDING}|(?:given|considering|based on)\s(?:all\s)?(?:of\s)?(?:the above|these|this|everything)(?:\s\w{{2,14}}){{0,2}}|on balance|all in all|to conclude|in the end|in my (?:opinion|view)|"
    r"I (?:would )?(?:think|believe|conclude|find|say)(?: that)?|我(?:们)?(?:认为|觉得)|在我看来|我的?(?:最终)?(?:结论|判断)(?:是|为)?|"
    r"my|the|(?:final )?(?:verdict|decision|answer|judge?ment)|结论|判断|更)\s{0,3}(?:is|是|为)?(?:\sthat)?\s{0,3}[,:]?\s{0,3}){0,5}",
    re.IGNORECASE,
)
# "Both are good, but", "While A is longer,": what stands before the clause that names the better one.
_LEADS_TO = re.compile(
    r"(?:(?:while|although|though|even though|whereas|despite)\b[^\n]{1,240},\s{0,3}|(?:虽然|尽管)[^\n]{1,120},\s{0,3}(?:但是?)?"
    r"|[^\n]{1,240}[,\s]\s{0,3}(?:but|however|so|therefore|thus|hence|yet)[,:]?\s{1,3}|[^\n]{1,120},\s{0,3}(?:但是?|不过|然而|因此|所以|故|(?:总|整)体(?:上|来看|而言)?|综合来看|总的来说)\s{0,3},?\s{0,3})",
    re.IGNORECASE,
)
_CLOSES = re.compile(
    r"(?:\s{0,3}overall)?\s{0,3}(?:[,;:(—-]{0,2}\s{0,3}(?P<why>[^\n]{1,280}?))?[\s.。!*,)]*",
    re.IGNORECASE,
)
_BECAUSE = re.compile(r"because|since|as it|因为|由于", re.IGNORECASE)
_CONTRAST = re.compile(
    r"\b(?:but|however|although|though|yet|while|except|unless|if|when|only|not sure|or)\b|但|不过|然而|虽然|如果|只是|仅|还是|或",
    re.IGNORECASE,
)


def _plain_label(body: str, spec: Labels, shapes: Sequence[Shape]) -> str:
    """The better response as the reply's last sentence names it, where none says otherwise."""
    full = [m for shape in shapes for m in shape.find(body) if _is_sentence(body, m)]
    full.sort(key=lambda match: match.start())
    labels = {_better(match, spec) for match in full}
    if not full or re.search(r"\w", body[_end(body, full[-1]) :]):
        raise unread("absent", "no marker in the reply")
    if len(labels) > 1:
        raise unread("ambiguous", "several responses are called the better one")
    return str(labels.pop())


def _better(match: re.Match[str], spec: Labels) -> str | None:
    """The response that a sentence calls the better one."""
    label = known(match[match.lastindex or 0], spec)
    if "worse" not in match.re.groupindex:
        return label
    return next((name for name in spec.names if name != label), None)


def _end(body: str, match: re.Match[str]) -> int:
    return sentence_of(body, match.start(), match.end())[1]


def _is_sentence(body: str, match: re.Match[str]) -> bool:
    """Whether a match is its sentence but for words that open and close it."""
    start, end = sentence_of(body, match.start(), match.end())
    before, after = body[start : match.start()], body[match.end() : max(end, match.end())]
    closing = _CLOSES.fullmatch(after)
    if closing is None or after.rstrip().endswith("?"):
        return False
    why = closing["why"]
    if why and (_CONTRAST.search(why) or (_POSITIVE.search(why) and not _BECAUSE.match(why))):
        return False
    if _OPENS.fullmatch(before):
        return True
    lead = _LEADS_TO.match(before)
    if lead is None or _OPENS.fullmatch(before, lead.end()) is None:
        return False
    return not (_CONDITION.search(before) or is_mentioned(body, match.start()))
