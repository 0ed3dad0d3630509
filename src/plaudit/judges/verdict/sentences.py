# ruff: noqa: E501  (tables of patterns)
"""Sentences and lines around a place in a text, and whether the words before it only mention it."""

from __future__ import annotations

import re

from plaudit.errors import clipped
from plaudit.judges.verdict.spec import verdict_error

__all__ = [
    "CONCLUDING",
    "DIMENSION",
    "TAKEN_BACK",
    "check_closed",
    "is_mentioned",
    "is_own",
    "line_of",
    "sentence_of",
]
CONCLUDING = (
    r"(?:so|thus|therefore|hence|overall|finally|conclusion|summary|ultimately|final|majority|"
    r"因此|所以|综上(?:所述)?|总之|总的来说|(?:总|整)体(?:而言|来看|上)?|综合(?:来看|而言|考虑|比较|对比|分析)?|总评|多数(?:意见)?|最后|最终|故)"
)
_ENDS = re.compile(r"\n|。|!|\?|;|\.(?=\s|$)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bcf\.)(?<!\bvs\.)")
_WINDOW = 300


def sentence_of(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence begins and ends that contains ``text[start:end]``, the sign at its end
    included; at most 300 characters to either side.

    >>> sentence_of("One. Two is [[A]]! Three", 12, 17)
    (4, 18)
    """
    low = max(start - _WINDOW, 0)
    ends = [match.end() for match in _ENDS.finditer(text, low, start)]
    after = _ENDS.search(text, end, min(end + _WINDOW, len(text)))
    return ends[-1] if ends else low, after.end() if after else min(end + _WINDOW, len(text))


_SUPPOSED = re.compile(
    r"\b(?:if|unless|whether|suppose|assuming)\b(?! I (?:had|have|must)| forced| pressed)|如果(?!必须|一定要|非要|只能)"
    r"|假如|倘若|除非|\b(?:example|e\.g|sample|template|placeholder)\b|例如|比如|示例|譬如",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"(?:\b(?:claims?|claimed|asks?|asked|wants?|wanted|demands?|requests?|expects?|expected|says|said|writes|wrote|"
    r"contains?|states?|previous|earlier|self-assigned|boasts?|pretends?|maximum|minimum|average|user's|ignore|"
    r"himself|herself|itself|themselves|format|form|ends? with|hopes?|not|never|no)\b|n't\b|自称|自评|上一?版|上一?轮|声称|宣称|要求|写着|写道|上次|之前|原来|期望|希望|格式|忽略|"
    r"不(?:能|会|应|该|给|打|予|是)|满分为)[^,;]*$",
    re.IGNORECASE,
)


def is_mentioned(text: str, place: int) -> bool:
    """Whether what begins at a place is reported, supposed, denied or an example, by what its
    sentence says before.

    >>> is_mentioned("It claims a rating of 9", 12), is_mentioned("It is right, rating: 9", 13)
    (True, False)
    """
    before = text[sentence_of(text, place, place)[0] : place]
    return bool(_SUPPOSED.search(before) or _REPORTED.search(before))


def line_of(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the line begins and ends that contains ``text[start:end]``: at most 300 characters."""
    low, high = max(start - _WINDOW, 0), min(end + _WINDOW, len(text))
    begin, stop = text.rfind("\n", low, start), text.find("\n", end, high)
    return low if begin < 0 else begin + 1, high if stop < 0 else stop


# Words that take back an earlier verdict, or sum up.
TAKEN_BACK = re.compile(
    r"\b(?:wait|actually|correct(?:ion|ed)|revis\w+|updat\w+|second (?:look|thoughts?)|reconsider\w*|re-?evaluat\w*|on reflection|instead|"
    r"mistaken?|sorry|no[,:.]|final(?:ly)?|overall|majority|in (?:conclusion|summary|the end)|thus|therefore|hence|so|however|but|ultimately)(?!\w)"
    r"|更正|修正|纠正|改|重新|不对|等等|等一下|实际上|应为|最终|最后|综合|综上|总体|因此|所以|但|多数",
    re.IGNORECASE,
)
# A verdict that is opened again: "wait, let me recheck", and the words that close it.
_REOPENED = re.compile(
    r"\b(?:let me|let's|I (?:should|need to|must|have to|want to)|wait|hold on|hmm+|actually)\b[^.\n]{0,40}?"
    r"\b(?:re-?consider|re-?check|re-?think|re-?evaluate|re-?assess|re-?examine|revisit|double[- ]check|check again|look again|think again)"
    r"|(?:等等|等一下|让我|我再|我需要|我得)[^。\n]{0,8}?(?:重新|再)(?:仔细)?(?:考虑|检查|核对|看|想|评估|审视|算)",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"\b(?:stands?|confirm\w*|unchanged|remains?|still|keep|yes|correct|right|agree|same|holds?)\b|维持|不变|仍|没错|无误|确认|正确",
    re.IGNORECASE,
)


def check_closed(after: str) -> None:
    """Raises VerdictError where the text after a verdict begins to reconsider it and never ends.

    >>> check_closed(" Wait, let me double-check: 6 x 7 = 42. Yes, it stands.")
    """
    match = _REOPENED.search(after)
    if match and not _CLOSED.search(after, match.end()):
        raise verdict_error("ambiguous", f"the verdict is reconsidered: {clipped(match[0])}")


# Titles of one dimension: "Helpfulness:", "准确性:".
DIMENSION = re.compile(
    r"\b(?!prefer)\w+(?:ness|ity|acy|ance|ence|ency|ism)\b|\b(?:style|depth|details?|tone|grammar|format(?:ting)?|logic|reasoning|length|"
    r"coverage|structure|content|facts|language|fluency|criterion|aspect|dimension|turn|round|judge|vote)\b|[性度]\s{0,3}:|文笔|语言|逻辑|结构|"
    r"风格|内容|格式|维度|评审[一二三四五\d]|第[一二三四五\d][轮回]",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"(?:^|[^\w\s])\s*$|\b(?:my|the|our|final|overall|a|is|so|thus|therefore|hence|in|and|this|"
    r"of|clear|ultimate|following)\s{0,3}$|(?:我的|最终|总体|因此|所以|综上|总之|为|是|本|故|的最终|最后)\s{0,3}的?$",
    re.IGNORECASE,
)


def is_own(body: str, place: int) -> bool:
    """Whether an anchor is the judge's own, judging by the word before it, and not reported."""
    start, _ = sentence_of(body, place, place)
    before = body[start:place]
    return _OWN.search(before) is not None and not is_mentioned(body, place)
