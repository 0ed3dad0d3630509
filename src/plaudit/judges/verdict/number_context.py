# ruff: noqa: E501  (tables of patterns)
"""Whether a number scores the whole response, a dimension, or is only mentioned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from plaudit.judges.verdict.number_shapes import SCORE_WORDS
from plaudit.judges.verdict.sentences import DIMENSION, is_mentioned, line_of

__all__ = ["CORRECTED", "ScoreCandidate", "find_candidates", "is_bracketed"]
Kind = Literal["overall", "bare", "dimension", "headed", "mention"]
_WORDS_BEFORE = re.compile(
    r"(?:\b(?:my|the|a|an|its|this|your|final|overall|total|so|therefore|thus|and|with|of|is|i|"
    r"verdict|conclusion|judge?ment|evaluation|assessment|feedback|response|answer|given|numeric|"
    r"numerical|assigned|suggested|proposed|recommended|holistic|single|resulting|result|"
    r"score|rating|grade|summary|hence|says|decision|looks?|note|reason|explanation|output|following|"
    r"good|fine|excellent|correction|corrected|revised|updated|new|correct|json|here)"
    r"|'s|(?:最终|总体|综合|整体|总|总的|我的|的|该|此|为|因此|所以|故|给出|结论|更正|回答|我|反馈|评价|判断|"
    r"总结|综上|如下|结果|最后|修正))$",
    re.IGNORECASE,
)


class ScoreCandidate(NamedTuple):
    """A number that claims to be a score: of what, and whether it is in double brackets."""

    match: re.Match[str]
    kind: Kind
    is_marked: bool


def find_candidates(body: str, matches: Sequence[re.Match[str]]) -> list[ScoreCandidate]:
    """The numbers of matches that are more than mentioned, in order."""
    return [
        candidate
        for m in matches
        if (candidate := ScoreCandidate(m, _kind_of(body, m), is_bracketed(body, m))).kind
        != "mention"
    ]


def is_bracketed(body: str, match: re.Match[str]) -> bool:
    """Whether a number is in double brackets."""
    place = match.start(match.lastindex or 0)
    return "".join(body[max(place - 12, 0) : place].split())[-2:] == "[["


def _kind_of(body: str, match: re.Match[str]) -> Kind:
    """Whether a number scores the whole or a dimension, by the words before its anchor."""
    anchor = match[0][: match.start(match.lastindex or 0) - match.start()]
    if is_mentioned(body, match.start()):
        return "mention"
    name = _ANCHOR.match(anchor)
    if name is not None and name[0].casefold() not in SCORE_WORDS:
        words = body[max(match.start() - 20, 0) : match.start()].rpartition("\n")[2].split() or [""]
        is_part = re.search(r"[性度]$", words[-1]) or DIMENSION.fullmatch(words[-1])
        return "dimension" if is_part and body[match.start() - 1] != ":" else "overall"
    low, _ = line_of(body, match.start(), match.end())
    before = _BULLET.sub("", body[low : match.start()].rstrip(_SIGNS_BEFORE))
    if not before or not _ENDS_IN_WORD.search(before):
        return "bare" if _is_headless(body, low) else "headed"
    if _ends_sentence(body, match.start()):
        return "bare"
    if before[-1].isdigit():  # another number in the same row: which one is the score?
        return "headed"
    clause = _CLAUSE_ENDS.split(before)[-1]
    if CORRECTED.search(clause) or set(_WORDS.findall(clause.lower())) <= _OWN_WORDS:
        return "bare" if _WORDS_BEFORE.search(before) or CORRECTED.search(clause) else "dimension"
    return "mention" if _WORDS_BEFORE.search(before) else "dimension"


_ANCHOR = re.compile(r"[\[(]?[A-Za-z]+|[\u4e00-\u9fff]+")
_BULLET = re.compile(r"^[\s|*>\-]*(?:\d{1,2}[.)、]\s{0,3})?")
_ENDS_IN_WORD = re.compile(r"[\w\ufffc]$")
_CLAUSE_ENDS = re.compile(r"[.;。!?,:]")
_WORDS = re.compile(r"[A-Za-z'’\-]+")
_SPACES = "".join(filter(str.isspace, map(chr, range(0x3001))))
_SIGNS_BEFORE = _SPACES + ":-–—|*>([,.;\"'"
# Words that lead to the score itself: "I would give it a final".
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
        "assigned",
        "suggested",
        "proposed",
        "recommended",
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
    """Whether the line above a number is not the heading of a dimension (short, no sentence)."""
    above = body[max(low - 200, 0) : low].rstrip(" \t").removesuffix("\n")
    line = above.rpartition("\n")[2].strip(" *#>-:")
    if not line or len(line) > 32 or line[-1] in ".!?。;,)]}>|\ufffc" or line[-1].isdigit():
        return True
    return bool(_HEADINGS.search(line)) or not re.search(r"[A-Za-z\u4e00-\u9fff]", line)


CORRECTED = re.compile(
    r"\b(?:correct(?:ion|ed)|revis\w+|updat\w+|final|second (?:look|thoughts?)|reconsider\w*|actually|"
    r"therefore|so|considering|based on|given|wait|no[,:]|however|but|instead|mistaken?|sorry|now|on reflection)\b|综合|改|不对|现|以上|更正|修正|最终|重新|综上|因此|所以",
    re.IGNORECASE,
)
