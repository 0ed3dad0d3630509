# ruff: noqa: E501  (tables of patterns)
"""The forms of labels: markers, anchors, tags, boxes, keys and plain sentences."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from plaudit.judges.verdict.characters import simplify
from plaudit.judges.verdict.label_names import NOUN
from plaudit.judges.verdict.shapes import VerdictShape, key_shape
from plaudit.judges.verdict.spec import GAP, MARKER, Labels

__all__ = ["ADVERBS", "TAGS", "ZH_ADVERBS", "ZH_BETTER", "is_verdict_key", "label_shapes"]
ADVERBS = (
    r"(?:(?:clearly|much|slightly|far|significantly|somewhat|marginally|definitely|therefore|still|"
    r"overall|a bit|a little|by far|simply|also|considerably|obviously|generally)\s{1,3}){0,3}"
)
_BETTER = r"(?:better|best|superior|stronger|strongest|preferable|preferred|winner|winning)"
_THING = r"(?:one|answer|response|assistant|choice|option|output|solution|candidate|model|reply)"
ZH_ADVERBS = r"(?:明显|显然|总体上?|整体上?|略微?|稍微?|稍|要|更加?|相对|显著|远远?|还是|也)"
ZH_BETTER = (
    r"(?:更好|更优秀?|更佳|更强|更胜一筹|胜出|获胜|较好|较优|较佳|最好|最佳|最优|为优|为佳|为胜|胜)"
)
_ORDINAL = (
    rf"(?:the\s)?(?:first|second)\s{{1,3}}{_THING}|{NOUN}\s{{0,2}}#?(?:[12](?!\d)|[一二]|one|two)"
    rf"|第[一二]个?(?:{NOUN})?"
)
TAGS = r"(?:answer|verdict|decision|winner|choice|final|final_answer|result|preference)"


@functools.lru_cache(maxsize=64)
def label_shapes(spec: Labels) -> tuple[VerdictShape, ...]:
    """Markers, bare labels after an anchor, and with the default marker also tags and sentences."""
    own = [simplify(anchor) for anchor in spec.anchors]
    anchors = "|".join(map(re.escape, own))
    is_default = spec.marker == MARKER
    anchored = VerdictShape(
        re.compile(
            _anchored_pattern(
                rf"(?:{anchors}{'|' + _TITLES if is_default else ''})[\])>]{{0,3}}{GAP}", spec
            ),
            re.IGNORECASE | re.MULTILINE,
        ),
        (*(anchor.lower() for anchor in own), *(_TITLE_STARTS if is_default else ())),
    )
    marker = re.compile(simplify(spec.marker), re.IGNORECASE)
    if not is_default:
        return (VerdictShape(marker), anchored)
    return (
        VerdictShape(marker, ("[",)),
        anchored,
        *_tag_shapes(),
        key_shape(_SPACED_KEYS),
        *_sentence_shapes(spec),
    )


# Titles in front of a bare label, and the cell or line that sums up a list of criteria.
_TITLES = (
    r"^[\s>•*-]{0,6}(?:(?:preferred|better|best|winning)\s(?:response|answer|assistant|output)|preference|decision|judge?ment|conclusion|selected|selection)(?=\s{0,3}[:→])|"
    r"最终(?=\s{0,3}:)|"
    r"(?:(?:final|overall|my)\s)(?:decision|judge?ment|choice|conclusion|preference|selection|pick|vote|winner)|final(?=\s{0,3}:)"
    r"|(?:最终|我的|总体|综合)(?:结论|判断|裁决|判决|选择|评判|评定|评价|结果)|(?:获|优)?胜者|胜出者|赢家|判决|更好的(?:回答|答案|回复)"
    r"|^[\s|>•-]{0,6}(?:overall|(?:总|整)体(?:而言|评价)?|综合(?:评价)?|总评)(?=\s{0,3}[:|])"
)
_TITLE_STARTS = (
    "preferred", "better", "best", "winning", "preference", "decision", "judgement", "judgment",
    "conclusion", "select", "final", "overall", "my", "最终", "我的", "总", "整", "综合", "获", "优",
    "胜者", "胜出者", "赢家", "判决", "更好", "|", ">", "•", "-",
)  # fmt: skip
_JSON_KEYS = (
    r"(?:final|overall)?(?:verdict|winner|decision|judge?ment|choice|preference|preferred|selection)"
    r"|(?:better|best|preferred|winning)(?:response|answer|assistant|output)?"
    r"|(?:最终|总体|综合)?(?:结论|判断|裁决|判决|选择|评判)|(?:获|优)?胜者|更好的(?:回答|答案|回复)?"
)
_SPACED_KEYS = _JSON_KEYS.replace(")?", r")?[\s_-]?")


def is_verdict_key(name: str) -> bool:
    """Whether a key of an object announces a label: "final_verdict", "更好的回答"."""
    bare = re.sub(r"[\s_-]", "", simplify(name)).casefold()
    return re.fullmatch(_JSON_KEYS, bare) is not None


def _anchored_pattern(anchor: str, spec: Labels) -> str:
    labels = "|".join(map(re.escape, spec.allowed))
    noun = rf"(?:(?:the )?{NOUN}(?:\s{{0,2}}#)?\s{{0,2}})?"
    is_a = rf"(?:is|为|是|选)?{GAP}[:|→]?{GAP}[\[(<]{{0,3}}{GAP}(?:选|it(?:'s| is)\s)?"
    remark = (
        r"(?:\s{0,2}(?:is|was)\s(?:clearly\s|slightly\s|much\s)?(?:the\s)?better(?:\sone)?|(?:更|较)好"
        r"|\s{0,2}\((?![^()\n]{0,60}?(?:\b(?:not|or|and|but|if|tentative|provisional|pending|unsure|maybe|perhaps|probably)\b|[?？]|[待暂]定|不确定))[^()\n]{1,60}\)"
        r"|,?\s(?:because|since)\s(?![^\n]{0,280}?\b(?:but|however|although|though|if|unless)\b)[^\n]{1,280})?"
    )
    cells = r"(?:\s{0,3}\|(?:(?!\s{0,3}[A-D]\s{0,3}\|)[^\n|]{0,80}\|){0,2})?"
    end = rf"{GAP}[\])>]{{0,3}}{GAP}{remark}[^\S\n]{{0,6}}[.。!]?{cells}[^\S\n]{{0,6}}(?:[✅✔🏆🥇👍][^\S\n]{{0,3}})?$"
    name = rf"{_ORDINAL}|{noun}(?:{labels}|[A-Za-z<>=]{{1,5}})|平局|平手|an?\s(?:tie|draw)"
    return rf"{anchor}{is_a}({name}){end}"


@functools.cache
def _tag_shapes() -> tuple[VerdictShape, ...]:
    tag = re.compile(
        rf"<{TAGS}>{GAP}([^<>\n]{{1,20}}?)(?:\s(?:is|was)\s(?:the\s)?better)?\.?{GAP}</{TAGS}>",
        re.IGNORECASE,
    )
    boxed = re.compile(r"\\boxed\{(?:\\text\{)?([^{}\n]{1,20})\}")
    return VerdictShape(tag, ("<",)), VerdictShape(boxed, ("\\boxed{",))


def _sentence_shapes(spec: Labels) -> tuple[VerdictShape, ...]:
    """Plain sentences that name the better response, one group each."""
    if not spec.names:
        return ()
    longest = max(map(len, spec.names))
    return tuple(
        VerdictShape(
            re.compile(sentence.pattern, re.IGNORECASE | re.MULTILINE),
            sentence.starts,
            sentence.words,
            sentence.reach + longest,
            spec.names if sentence.starts == _NAME_STARTS else (),
        )
        for sentence in _sentences(spec)
    )


class _Sentence(NamedTuple):
    """A pattern, and what its matches hold: see `VerdictShape`."""

    pattern: str
    words: tuple[str, ...]
    reach: int
    starts: tuple[str, ...]


# How the names of responses begin, beside the labels themselves.
_NAME_STARTS = (
    "[", "(", "assistant", "response", "answer", "output", "model", "candidate", "option", "choice",
    "solution", "the", "first", "second", "助手", "回答", "答案", "回复", "模型", "选项", "答复", "第",
)  # fmt: skip
_WORSE = ("worse", "weaker", "inferior", "poorer")


def _sentences(spec: Labels) -> list[_Sentence]:
    name = "|".join(f"(?-i:{re.escape(label)})" for label in spec.names)
    noun = (
        rf"{NOUN}\s{{0,2}}"
        if all(label.isdigit() for label in spec.names)
        else rf"(?:{NOUN}\s{{0,2}})?"
    )
    ordinal = f"|{_ORDINAL}" if len(spec.names) == 2 else ""
    one = rf"(?<![A-Za-z0-9_\-])[\[(]{{0,2}}({noun}(?:{name})(?![A-Za-z0-9_>=<-]){ordinal})[\])]{{0,2}}"
    other = one.replace(f"({noun}", f"(?:{noun}", 1)
    sentences = _better_sentences(one, other)
    if len(spec.names) == 2:
        sentences += _worse_sentences(one, other)
    if spec.tie_label:
        sentences.append(_tie_sentence(other))
    return sentences


_OWN = rf"(?:'s (?:\w{{2,12}}\s)?{_THING}|'s)?(?:\s{{0,2}}的?(?:回答|答案|回复))?"
_OVER = r"(?!\s{0,3}(?!because\b|since\b|as it\b|overall\b)\w)"
_ZH_OVER = r"(?:一些|一点|些)?(?=\s{0,3}(?:[。.,!;]|$|因为|由于))"
_ZH_THAN = r"(?:优于|胜过|好于|强于|胜于)"
_ZH_UNDER = r"(?:不如|逊于|弱于|差于|不及|比不上|输给|逊色于)"


def _better_sentences(one: str, other: str) -> list[_Sentence]:
    return [
        _Sentence(
            rf"{one}{_OWN}\s{{1,3}}(?:is|was)\s{{1,3}}{ADVERBS}(?:the\s{{1,3}})?{ADVERBS}{_BETTER}"
            rf"(?:\s{{1,3}}{_THING})?(?:\s{{1,3}}(?:than|to)\s{{1,3}}{other}{_OWN})?{_OVER}",
            ("better", "best", "superior", "strong", "prefer", "winn"), 180, _NAME_STARTS,
        ),
        _Sentence(
            rf"{one}{_OWN}\s{{1,3}}{ADVERBS}(?:wins|(?:beats|outperforms|surpasses|edges out)\s{{1,3}}{other}{_OWN})"
            rf"(?:\s{{1,3}}overall)?{_OVER}",
            ("wins", "beats", "outperforms", "surpasses", "edges out"), 120, _NAME_STARTS,
        ),
        _Sentence(
            rf"(?:\b(?:I|we)(?:'d| would| will|'ll)?\s{{1,3}}{ADVERBS}(?:choose|pick|select|prefer|vote for|favou?r|"
            rf"go with|side with|opt for|settle on)|\b(?:better|best|winning|preferred|superior|stronger)\s{{1,3}}{_THING}"
            rf"\s{{1,3}}is|\b(?:winner|my (?:choice|pick|preference|vote))\s{{1,3}}(?:is|goes to))\s{{0,3}}:?"
            rf"\s{{0,3}}{one}{_OWN}{_OVER}",
            ("choose", "pick", "select", "prefer", "vote", "favo", "go with", "side with", "opt for",
             "settle on", "better", "best", "winn", "superior", "stronger", "choice"), 70,
            ("i", "we", "better", "best", "winn", "prefer", "superior", "stronger", "my "),
        ),
        _Sentence(
            rf"{one}{_OWN}\s{{0,3}}{ZH_ADVERBS}{{0,3}}{ZH_BETTER}{_ZH_OVER}",
            ("更", "胜", "获", "较", "最", "为"), 80, _NAME_STARTS,
        ),
        _Sentence(
            rf"{one}{_OWN}\s{{0,3}}{ZH_ADVERBS}{{0,2}}(?:比\s{{0,3}}{other}{_OWN}\s{{0,3}}{ZH_ADVERBS}{{0,3}}(?:好|优|强|佳)"
            rf"|{_ZH_THAN}\s{{0,3}}{other}{_OWN}){_ZH_OVER}",
            ("比", "优于", "胜", "好于", "强于"), 80, _NAME_STARTS,
        ),
        _Sentence(
            rf"(?:(?:我(?:会|更|认为|最终)?)?(?:选择|选|倾向于?|偏向于?|支持|喜欢|偏好)|(?:更好|更优|更佳|较好|较优|较佳|最好|最佳)的(?:回答|"
            rf"答案|助手|回复)?(?:是|为)|(?:胜者|获胜者|赢家|优胜者)(?:是|为)?)\s{{0,3}}:?\s{{0,3}}{one}{_OWN}{_ZH_OVER}",
            ("选", "倾向", "偏", "支持", "喜欢", "更", "较", "最", "胜者", "赢家"), 8,
            ("我", "选", "倾向", "偏", "支持", "喜欢", "更", "较", "最", "胜者", "获", "赢家", "优"),
        ),
    ]  # fmt: skip


def _worse_sentences(one: str, other: str) -> list[_Sentence]:
    """The worse one of two makes the other the better one. The group "worse" says that the name is
    that of the worse."""
    return [
        _Sentence(
            rf"{other}{_OWN}\s{{1,3}}(?:is|was)\s{{1,3}}{ADVERBS}(?:worse|weaker|inferior|poorer)\s{{1,3}}(?:than|to)\s{{1,3}}{one}{_OWN}{_OVER}",
            _WORSE, 130, _NAME_STARTS,
        ),
        _Sentence(
            rf"{other}{_OWN}\s{{0,3}}{ZH_ADVERBS}{{0,2}}(?:{_ZH_UNDER}\s{{0,3}}{one}{_OWN}|没有\s{{0,3}}{one}{_OWN}\s{{0,3}}好|比\s{{0,3}}{one}{_OWN}\s{{0,3}}{ZH_ADVERBS}{{0,3}}(?:差|弱)){_ZH_OVER}",
            ("不如", "逊", "弱于", "差于", "不及", "比", "输给", "没有"), 80, _NAME_STARTS,
        ),
        _Sentence(
            rf"(?P<worse>){one}{_OWN}\s{{1,3}}(?:is|was)\s{{1,3}}{ADVERBS}(?:the\s{{1,3}})?(?:worse|weaker|inferior|poorer)(?:\s{{1,3}}{_THING})?{_OVER}",
            _WORSE, 130, _NAME_STARTS,
        ),
        _Sentence(
            rf"(?P<worse>){one}{_OWN}\s{{0,3}}{ZH_ADVERBS}{{0,3}}(?:更差|较差|更糟|更弱|较弱){_ZH_OVER}",
            ("更", "较"), 80, _NAME_STARTS,
        ),
    ]  # fmt: skip


def _tie_sentence(other: str) -> _Sentence:
    return _Sentence(
        r"(?:\b(?:it|this)(?:'s|\sis)|\b(?:verdict|result|decision|outcome|conclusion)\s(?:is|:)(?:\s(?:that\s)?it(?:'s|\sis))?"
        r"|\bI(?:'d|\swould)?\s(?:call|declare)\s(?:it|this)|(?:verdict|decision|结论|判断|结果)\s{0,3}(?::|是|为)(?:\s{0,3}it(?:'s|\sis))?)"
        rf"\s{{0,3}}(?:therefore\s|essentially\s|clearly\s)?(?:an?\s)?(tie|draw|平局|平手)(?:\sbetween\s(?:{other}\sand\s{other}|the\stwo(?:\s\w{{1,12}})?|both(?:\s\w{{1,12}})?))?{_OVER}",
        ("tie", "draw", "平局", "平手"), 60,
        ("i", "this", "verdict", "result", "decision", "outcome", "conclusion", "结论", "判断", "结果"),
    )  # fmt: skip
