"""Reads a list of scores, one for each response."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plaudit.errors import clipped
from plaudit.judges.verdict.label_names import bare_reply
from plaudit.judges.verdict.number_context import CORRECTED
from plaudit.judges.verdict.number_shapes import list_shapes
from plaudit.judges.verdict.number_values import VALUE, number_of, to_scale
from plaudit.judges.verdict.quotations import without_quotations
from plaudit.judges.verdict.scales import check_scale, text_around
from plaudit.judges.verdict.sentences import check_closed, is_mentioned, line_of
from plaudit.judges.verdict.spec import ReplyText, Scores, verdict_error

__all__ = ["read_scores"]


def read_scores(reply: ReplyText, spec: Scores) -> tuple[float, ...]:
    """The list of scores in a reply. Raises VerdictError."""
    body = without_quotations(reply.text, reply.is_cut)
    return _read_list(reply.text, body, spec, reply.is_cut, reply.num_responses)


_OR = re.compile(r"\s{0,6}(?:[,;]?\s{0,3}(?=\[)|or|或者?|/|~)\s{0,6}[\[(\d\\]", re.IGNORECASE)


def _read_list(
    text: str, body: str, spec: Scores, is_cut: bool, num_responses: int | None
) -> tuple[float, ...]:
    """One number per response. Raises VerdictError."""
    inner = _split_list(bare_reply(text))
    if all(map(number_of, inner)) and (len(inner) > 1 or num_responses == 1):
        if is_cut:
            raise verdict_error("truncated", "the list may continue")
        return _to_scores(inner, spec, num_responses)
    boxed, anchored, _ = list_shapes(spec)
    matches = [m for shape in (boxed, anchored) for m in shape.find(body)]
    matches = [m for m in matches if not is_mentioned(body, m.start())]
    matches = [m for m in matches if m.re is boxed.pattern or not _is_of_dimension(body, m.start())]
    matches = sorted((m for m in matches if _is_list(m, num_responses)), key=lambda m: m.start())
    if not matches:
        rows = [] if is_cut or num_responses is None else _numbers_by_row(body, num_responses)
        if rows:
            check_closed(body[body.rfind(rows[-1]) :])
            return _to_scores(rows, spec, num_responses)
        raise verdict_error("absent", f"no list of numbers after {' or '.join(spec.anchors)}")
    match = matches[-1]
    if is_cut and match.lastindex == 2 and not body[match.end() :].strip():
        raise verdict_error("truncated", "the list may continue")
    before = matches[-2] if len(matches) > 1 else match
    is_other = before[before.lastindex or 0] != match[match.lastindex or 0]
    rest = body[match.end() : line_of(body, match.start(), match.end())[1]]
    if re.match(
        r"\s{0,3}(?:for|on|in)\s\w|\s{0,3}\((?:example|e\.g|sample|format|示例)",
        rest,
        re.IGNORECASE,
    ):
        raise verdict_error("ambiguous", f"{match[0]} is not a list of overall scores")
    is_corrected = (
        CORRECTED.search(body, before.end(), max(match.start(), before.end())) is not None
    )
    if _OR.match(body, match.end()) or (is_other and not is_corrected):
        raise verdict_error("ambiguous", "several lists are offered")
    check_scale(text_around(body, match.start(match.lastindex or 0), match.end()), spec)
    check_closed(body[match.end() :])
    return _to_scores(_split_list(match[match.lastindex or 0]), spec, num_responses)


_ROW = re.compile(
    rf"[\s|*•-]{{0,6}}(?:response|answer|assistant|回答|答案|助手)\s{{0,2}}#?(\d{{1,2}})\s{{0,3}}(?:score|rating|得分|评分)?\s{{0,3}}[:|]\s{{0,3}}((?:{VALUE})(?:\s{{0,2}}/\s{{0,2}}\d{{1,3}}|\s{{0,2}}分)?)[\s|.]{{0,6}}",
    re.IGNORECASE,
)


def _numbers_by_row(body: str, num_responses: int) -> list[str]:
    """The numbers of lines with one response each, in order; empty where one is missing."""
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
    one response was judged ("Response 2, score: 3" is not a list)."""
    return match.lastindex == 1 or num_responses == 1 or len(_split_list(match[2])) > 1


def _split_list(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,、;]", text.strip("[]() "))]


def _to_scores(parts: Sequence[str], spec: Scores, num_responses: int | None) -> tuple[float, ...]:
    matches = [number_of(part) for part in parts]
    if None in matches:
        raise verdict_error("ambiguous", f"{clipped(', '.join(parts))} is not a list of numbers")
    if num_responses is not None and len(matches) != num_responses:
        raise verdict_error("outside", f"{len(matches)} scores for {num_responses} responses")
    return tuple(to_scale(m[1], m[3], m[4], spec) for m in matches if m)
