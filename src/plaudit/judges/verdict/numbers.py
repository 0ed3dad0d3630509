# ruff: noqa: E501  (tables of patterns)
"""Reads the score of the whole response, not that of a dimension."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from plaudit.errors import VerdictError, clipped
from plaudit.judges.verdict.characters import has_word, to_plain
from plaudit.judges.verdict.json_values import value_of
from plaudit.judges.verdict.label_names import bare_reply
from plaudit.judges.verdict.labels import announced_in_object
from plaudit.judges.verdict.number_context import (
    CORRECTED,
    ScoreCandidate,
    find_candidates,
    is_bracketed,
)
from plaudit.judges.verdict.number_shapes import OVERALL, scale_shapes, score_keys
from plaudit.judges.verdict.number_values import TAIL, VALUE, number_of, read_value, to_scale
from plaudit.judges.verdict.quotations import without_quotations
from plaudit.judges.verdict.scales import check_scale, strip_scale, text_around
from plaudit.judges.verdict.sentences import check_closed, sentence_of
from plaudit.judges.verdict.spec import JsonScore, ReplyText, Scale, verdict_error

__all__ = ["read_json_score", "read_score"]


def read_score(reply: ReplyText, spec: Scale) -> float:
    """The overall score of a reply, in text or in one object. Raises VerdictError."""
    body = without_quotations(reply.text, reply.is_cut)
    try:
        return _read_number(reply.text, body, spec, reply.is_cut)
    except VerdictError as error:
        for keys in score_keys(spec):
            announcement = announced_in_object(reply, error, keys.__contains__)
            if announcement is not None:
                check_scale(reply.text, spec)
                return _score_of_value(*announcement, "the key of a score", spec)
        raise


def read_json_score(reply: ReplyText, spec: JsonScore) -> float:
    """The number under the spec's key in the only object with it. Raises VerdictError."""
    return _score_of_value(*value_of(reply, spec.key), repr(spec.key), spec)


def _score_of_value(value: object, most: object, key: str, spec: JsonScore | Scale) -> float:
    """The number that a value of an object spells, where the object states no other maximum."""
    if isinstance(most, int | float) and not isinstance(most, bool) and most != spec.high:
        raise verdict_error("outside", f"{value} of {most:g} on a scale up to {spec.high:g}")
    if isinstance(value, str):
        number = number_of(to_plain(value))
        if number is None:
            raise verdict_error("outside", f"{key} is {clipped(value)}, not a number")
        return to_scale(number[1], number[3], number[4], spec)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise verdict_error("outside", f"{key} is {clipped(value)}, not a number")
    if not math.isfinite(value):
        raise verdict_error("outside", f"{key} is {value}")
    return to_scale(str(value), None, None, spec)


def _read_number(text: str, body: str, spec: Scale, is_cut: bool) -> float:
    """The score that a reply gives as a whole: `text` is all of it, `body` without quotations.

    Raises: VerdictError.
    """
    inner = bare_reply(text)
    one = number_of(inner) or _number_with_remark(inner, spec)
    if one and not (inner.startswith("=")):
        if is_cut:
            raise verdict_error("truncated", "the number may continue")
        return to_scale(one[1], one[3], one[4], spec)
    match = _find_score(body, spec, is_cut)
    end = match.end(match.lastindex or 0)
    if is_bracketed(body, match) and not _CLOSING.match(body[end : end + 40]):
        raise verdict_error("truncated", "the double brackets are not closed")
    opening = body[match.start() : match.start(match.lastindex or 0)].rstrip()[-1:]
    if opening == "<" and not body[end : end + 6].lstrip().startswith(">"):
        raise verdict_error("ambiguous", "less than a number")
    if (
        _TAGGED.search(body[max(match.start() - 12, 0) : match.start()])
        and "</" not in body[end : end + 12]
    ):
        raise verdict_error("truncated", "the tag is not closed")
    check_scale(text_around(body, match.start(match.lastindex or 0), end), spec)
    check_closed(body[end:])
    return read_value(match[match.lastindex or 0], body[end : end + 60], spec, is_cut)


_STARTS_WITH_NUMBER = re.compile(VALUE, re.IGNORECASE)
_TAGGED = re.compile(r"<(?:\w{1,10}_)?$")


def _number_with_remark(text: str, spec: Scale) -> re.Match[str] | None:
    """The match of a text that is one number and a remark that states the spec's own scale."""
    is_one = 1 < len(text) < 80 and "\n" not in text and _STARTS_WITH_NUMBER.match(text)
    return number_of(strip_scale(text, spec)) if is_one else None


def _find_score(body: str, spec: Scale, is_cut: bool) -> re.Match[str]:
    own, overall, generic, bracket, _, *sentences = scale_shapes(spec)
    by_own, strong = (find_candidates(body, shape.find(body)) for shape in (own, overall))
    named = {one.match.end(): one for one in [*by_own, *strong]}  # one for each number
    if _scores_whole(named.values()):
        return _choose(body, sorted(named.values(), key=lambda one: one.match.start()), is_cut)
    by_name = find_candidates(body, generic.find(body))
    by_name = [one for one in by_name if one.match.end() not in named]
    if _scores_whole(by_name):
        return _choose(body, by_name, is_cut)
    if marked := bracket.find(body):
        return _bracketed_score(body, marked, is_cut)
    match = _score_in_sentence(body, [m for shape in sentences for m in shape.find(body)])
    if match is not None:
        return match
    if by_own or by_name:
        raise verdict_error("absent", "only scores of dimensions, no overall score")
    raise verdict_error("absent", f"no number after {' or '.join(spec.anchors)}")


def _scores_whole(candidates: Iterable[ScoreCandidate]) -> bool:
    return any(one.kind in ("overall", "bare") for one in candidates)


def _choose(body: str, candidates: list[ScoreCandidate], is_cut: bool) -> re.Match[str]:
    """The last overall score; of several that differ, the last only where the reply says so."""
    overall = [one for one in candidates if one.kind == "overall"]
    bare = [one for one in candidates if one.kind == "bare"]
    if overall:
        values = [one.match[one.match.lastindex or 0] for one in overall]
        is_taken_back = len(overall) < 2 or _is_corrected(body, overall)
        if values[-1] != values[-2:][0] and not is_taken_back and not overall[-1].is_marked:
            raise verdict_error(
                "ambiguous", f"several scores: {clipped(', '.join(sorted(set(values))))}"
            )
        return overall[-1].match
    rivals = [*bare, *(one for one in candidates if one.kind == "headed")]
    values = {one.match[one.match.lastindex or 0] for one in rivals}
    marked = [one for one in bare if one.is_marked]
    if len(values) > 1 and not marked and not _is_corrected(body, bare):
        raise verdict_error("ambiguous", f"several scores: {clipped(', '.join(sorted(values)))}")
    chosen = (marked or bare)[-1].match
    after = body[chosen.end() :]
    if not marked and _OVERALL.search(after):
        raise verdict_error("truncated", "an overall score is announced and not given")
    if is_cut and (len(bare) > 1 or len(candidates) > len(bare)):
        raise verdict_error("truncated", "scores of dimensions, truncated before the overall score")
    return chosen


_OVERALL = re.compile(OVERALL, re.IGNORECASE)


def _is_corrected(body: str, bare: Sequence[ScoreCandidate]) -> bool:
    """Whether the last of several scores takes back or sums up those before it."""
    if len(bare) < 2:
        return False
    start, end = bare[-2].match.end(), bare[-1].match.start()
    return CORRECTED.search(body[max(end - 60, start) : end]) is not None


def _bracketed_score(body: str, matches: Sequence[re.Match[str]], is_cut: bool) -> re.Match[str]:
    """The number in double brackets that is a sentence of its own and ends the reply."""
    last = matches[-1]
    closing = _CLOSING.match(body, last.end())
    end = closing.end() if closing else last.end()
    before = body[sentence_of(body, last.start(), end)[0] : last.start()]
    is_alone = not has_word(re.sub(r"[\[\s]", "", before)) or _FINAL.search(before)
    is_one = len({match[1] for match in matches}) == 1
    if is_cut or not is_one or not is_alone or has_word(body[end:]):
        raise verdict_error(
            "absent", f"{last[0]} is part of a text that does not call it the score"
        )
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


def _score_in_sentence(body: str, matches: Sequence[re.Match[str]]) -> re.Match[str] | None:
    """The number that one sentence gives the response; it must be the only one that does."""
    stated = []
    for match in matches:
        start, end = sentence_of(body, match.start(), match.end())
        number = match.end(match.lastindex or 0)
        tail = TAIL.match(body, number)
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
        raise verdict_error(
            "ambiguous", f"several scores are given: {clipped(', '.join(sorted(values)))}"
        )
    return stated[-1] if stated else None


_OVER = re.compile(
    r"\s{0,3}(?:$|[.,;!)\]。(]|because|since|overall|in total|on (?:a|the) (?:scale|\d)|因为|由于|的(?:评分|评价|分数|得分))",
    re.IGNORECASE,
)
