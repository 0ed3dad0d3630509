# ruff: noqa: E501  (tables of patterns)
"""Labels without a marker: in tags and boxes, after anchors, in a plain last sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plaudit.judges.verdict.characters import has_word
from plaudit.judges.verdict.label_context import CONDITION, CONTRAST, DENIED, POSITIVE, REPORTED
from plaudit.judges.verdict.label_names import label_of
from plaudit.judges.verdict.sentences import (
    CONCLUDING,
    check_closed,
    is_mentioned,
    is_own,
    sentence_of,
)
from plaudit.judges.verdict.shapes import VerdictShape
from plaudit.judges.verdict.spec import Labels, verdict_error

__all__ = ["anchored_label", "tagged_label"]
_RIGHT_ANSWER = re.compile(
    r"(?:correct|right|true|reference|expected|standard|正确|标准|参考)的?\s{0,3}(?:answer|option|choice|"
    r"solution|result|letter|答案|选项)[^.\n。]{0,30}$",
    re.IGNORECASE,
)


def tagged_label(body: str, spec: Labels, shapes: Sequence[VerdictShape]) -> str | None:
    """The label in the last answer tag or box, where it ends the reply."""
    tags, boxes = ([m for m in shape.find(body) if label_of(m[1], spec)] for shape in shapes)
    matches = sorted([*tags, *boxes], key=lambda match: match.start())
    if not matches:
        return None
    last = matches[-1]
    check_closed(body[last.end() :])
    labels = {label_of(match[1], spec) for match in matches}
    is_last = not has_word(body[last.end() :])
    if not is_last and (last in boxes or len(labels) > 1):
        raise verdict_error("ambiguous", f"{last[0]} is not the end of the reply")
    start, end = sentence_of(body, last.start(), last.end())
    before, after = body[start : last.start()], body[last.end() : max(end, last.end())]
    if last in tags and not is_last and has_word(before + after):
        raise verdict_error("ambiguous", f"{last[0]} is part of a sentence")
    if _RIGHT_ANSWER.search(before) or DENIED.search(before) or REPORTED.search(before):
        raise verdict_error("ambiguous", f"{last[0]} may answer the question itself")
    return label_of(last[1], spec)


def anchored_label(
    body: str, spec: Labels, anchored: VerdictShape, sentences: Sequence[VerdictShape], is_cut: bool
) -> str:
    matches = [match for match in anchored.find(body) if is_own(body, match.start())]
    labels = {label_of(match[1], spec) for match in matches}
    if is_cut and matches and matches[-1].end() == len(body):
        raise verdict_error("truncated", "the label may continue")
    if len(labels) == 1 and None not in labels:
        check_closed(body[matches[-1].end() :])
        return str(labels.pop())
    if not labels and sentences and not is_cut:
        return _label_of_last_sentence(body, spec, sentences)
    raise verdict_error("ambiguous" if len(labels) > 1 else "absent", "no marker in the reply")


_OPENS = re.compile(
    rf"[\s*>\-]*(?:(?:(?:in )?(?:the )?{CONCLUDING}|(?:given|considering|based on)\s(?:all\s)?(?:of\s)?(?:the above|these|this|everything)(?:\s\w{{2,14}}){{0,2}}|on balance|all in all|to conclude|in the end|in my (?:opinion|view)|"
    r"I (?:would )?(?:think|believe|conclude|find|say)(?: that)?|我(?:们)?(?:认为|觉得)|在我看来|我的?(?:最终)?(?:结论|判断)(?:是|为)?|"
    r"my|the|(?:final )?(?:verdict|decision|answer|judge?ment)|结论|判断|更)\s{0,3}(?:is|是|为)?(?:\sthat)?\s{0,3}[,:]?\s{0,3}){0,5}",
    re.IGNORECASE,
)
# "Both are good, but", "While A is longer,": the words before the clause that names the better one.
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


def _label_of_last_sentence(body: str, spec: Labels, shapes: Sequence[VerdictShape]) -> str:
    """The better response as the reply's last sentence names it, where none says otherwise."""
    full = [m for shape in shapes for m in shape.find(body) if _is_sentence(body, m)]
    full.sort(key=lambda match: match.start())
    labels = {_better_label(match, spec) for match in full}
    if not full or has_word(body[_sentence_end(body, full[-1]) :]):
        raise verdict_error("absent", "no marker in the reply")
    if len(labels) > 1:
        raise verdict_error("ambiguous", "several responses are called the better one")
    return str(labels.pop())


def _better_label(match: re.Match[str], spec: Labels) -> str | None:
    """The response that a sentence calls the better one."""
    label = label_of(match[match.lastindex or 0], spec)
    if "worse" not in match.re.groupindex:
        return label
    return next((name for name in spec.names if name != label), None)


def _sentence_end(body: str, match: re.Match[str]) -> int:
    return sentence_of(body, match.start(), match.end())[1]


def _is_sentence(body: str, match: re.Match[str]) -> bool:
    """Whether a match is its sentence except for words that open and close it."""
    start, end = sentence_of(body, match.start(), match.end())
    before, after = body[start : match.start()], body[match.end() : max(end, match.end())]
    closing = _CLOSES.fullmatch(after)
    if closing is None or after.rstrip().endswith("?"):
        return False
    why = closing["why"]
    if why and (CONTRAST.search(why) or (POSITIVE.search(why) and not _BECAUSE.match(why))):
        return False
    if _OPENS.fullmatch(before):
        return True
    lead = _LEADS_TO.match(before)
    if lead is None or _OPENS.fullmatch(before, lead.end()) is None:
        return False
    return not (CONDITION.search(before) or is_mentioned(body, match.start()))
