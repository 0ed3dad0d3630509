# ruff: noqa: E501  (tables of patterns)
"""Sentences that compare two markers, and the winner that they name."""

from __future__ import annotations

import re

from plaudit.judges.verdict.characters import has_word
from plaudit.judges.verdict.label_context import CONTRAST, REPORTED, UNSURE, MarkedSentence
from plaudit.judges.verdict.label_shapes import ADVERBS, ZH_ADVERBS, ZH_BETTER

__all__ = ["winner_of"]
_SEEMS = r"(?:(?:is|was|seems|looks|appears|performs|answers|does|scores)\s(?:to be\s)?)?"
_FIRST = re.compile(
    rf"(?:{_SEEMS}{ADVERBS}(?:better|stronger|superior|preferable|preferred|higher)\s(?:than|to|over)(?:\sthat of)?(?:\sthe)?"
    rf"|{ADVERBS}(?:beats|outperforms|surpasses|defeats|wins\s(?:over|against)|edges out|trumps)"
    r"|\(?over|has the edge over|above|rather than|instead of|[,;(]{0,2}\s?(?:(?:and|but)\s)?(?:certainly\s|definitely\s)?not"
    rf"|(?:的(?:回答|答案))?{ZH_ADVERBS}{{0,3}}(?:优于|胜过|好于|胜于|强于|超过|胜)|[,;(]{{0,2}}\s?(?:而)?(?:不是|非|并非))",
    re.IGNORECASE,
)
_SECOND = re.compile(
    rf"(?:{_SEEMS}{ADVERBS}(?:worse|weaker|inferior|poorer|lower)\s(?:than|to)"
    rf"|{ADVERBS}(?:loses to|falls short of|falls behind|trails)"
    r"|below|(?:is|was)\s(?:clearly\s)?(?:beaten|outperformed|surpassed)\sby"
    rf"|(?:的(?:回答|答案))?{ZH_ADVERBS}{{0,3}}(?:不如|逊于|弱于|负于|差于|不及|比不上|输给|逊色于))",
    re.IGNORECASE,
)
_PARTLY = re.compile(
    r"\s{0,3},?\s{0,3}(?:(?:in|on|at|for|regarding|with|when|if|as|only|except|but|though|although|"
    r"or|and|while|yet)\b(?! (?:every|all|most|general)\b)|仅|但|在.{0,20}方面|的)",
    re.IGNORECASE,
)
_THAN = re.compile(rf"(?:的(?:回答|答案))?{ZH_ADVERBS}{{0,3}}比")
_THAN_GOOD = re.compile(rf"\s{{0,3}}(?:的(?:回答|答案))?{ZH_ADVERBS}{{0,3}}(?:好|优|强|佳)")
_THAN_BAD = re.compile(rf"\s{{0,3}}(?:的(?:回答|答案))?{ZH_ADVERBS}{{0,3}}(?:差|弱|糟|逊)")
_LACKS = re.compile(r"\s{0,3}(?:的(?:回答|答案))?(?:那么|这么)?(?:好|优秀|强)")
_CHANGED = re.compile(
    r"(?:\b(?:moved?|chang\w+|switch\w+|shift\w+|revis\w+|updat\w+)\b[^.;,\n]{0,40}\bfrom|从)\s{0,3}$",
    re.IGNORECASE,
)
_TO = re.compile(r"to|改为|改成|变为|改到", re.IGNORECASE)
_BESIDE = re.compile(r"(?:相比|比起|与|和|相较于?)\s{0,3}$")
# Words for the rejected label, and the words between it and the chosen one.
_DROPPED = (
    (re.compile(r"\b(?:reject|dismiss|drop|discard|abandon)\s$", re.IGNORECASE), re.compile(r"in favou?r of", re.IGNORECASE)),
    (re.compile(r"(?:先|最初|起初)(?:判|选)?择?\s?$"), re.compile(r",?[^,。]{0,8}改(?:判|选)?为?")),
    (re.compile(r"与其选?择?\s?$"), re.compile(r",?\s?(?:还)?不如选?择?")),
    (re.compile(r"(?:原判|原来选|起初选|先前选|本来选)择?\s?$"), re.compile(r",?\s?(?:现在?)?改(?:判|选)为?")),
)  # fmt: skip
_INSTEAD = re.compile(r"over|rather|instead|[,;(]|and|but|而?不是|而?非|并非", re.IGNORECASE)
_NOT_BUT = re.compile(r"(?:\bnot|n't(?:\s\w+){0,2}|不是|并非|不选|不应选)\s{0,3}$", re.IGNORECASE)
_BUT = re.compile(r"\s{0,3},?\s{0,3}(?:but(?:\srather)?|而?是|而选|而应选?)\s{0,3}", re.IGNORECASE)


def winner_of(sentence: MarkedSentence, first: str, second: str, is_pair: bool) -> str | None:
    """The label that a sentence with two markers prefers; None where no grammar names one."""
    gap, after = sentence.gaps[0].strip(), sentence.after
    if _NOT_BUT.search(sentence.before) and _BUT.fullmatch(sentence.gaps[0]):
        return second
    if UNSURE.search(sentence.before) or REPORTED.search(sentence.before):
        return None
    if _CHANGED.search(sentence.before) and _TO.fullmatch(gap) and not has_word(after):
        return second
    if CONTRAST.search(after):
        return None
    if (
        _BESIDE.search(sentence.before)
        and gap == ","
        and re.match(rf"\s{{0,3}}{ZH_ADVERBS}{{0,3}}{ZH_BETTER}\W*$", after)
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
