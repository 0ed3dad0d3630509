"""Reads labels: markers first, then tags, anchors, sentences, and the key of an object."""

from __future__ import annotations

import re
from collections.abc import Callable

from plaudit.errors import VerdictError, clipped
from plaudit.judges.verdict.characters import to_plain
from plaudit.judges.verdict.json_values import announced_value, value_of
from plaudit.judges.verdict.label_context import LabelMarker
from plaudit.judges.verdict.label_markers import last_label, stated_label
from plaudit.judges.verdict.label_names import bare_reply, label_of
from plaudit.judges.verdict.label_sentences import anchored_label, tagged_label
from plaudit.judges.verdict.label_shapes import is_verdict_key, label_shapes
from plaudit.judges.verdict.quotations import without_quotations
from plaudit.judges.verdict.sentences import check_closed
from plaudit.judges.verdict.spec import MARKER, Labels, ReplyText, verdict_error

__all__ = ["announced_in_object", "read_label"]


def read_label(reply: ReplyText, spec: Labels) -> str:
    """The label that a reply states, in text or in one object. Raises VerdictError."""
    label = None if reply.is_cut else label_of(bare_reply(reply.text), spec)
    if label is not None:
        return label
    if spec.key:
        return _label_under_key(reply, spec)
    try:
        return _label_of_text(without_quotations(reply.text, reply.is_cut), spec, reply.is_cut)
    except VerdictError as error:
        announcement = (
            announced_in_object(reply, error, is_verdict_key) if spec.marker == MARKER else None
        )
        if announcement is None:
            raise
        return _label_of_value(announcement[0], "the key of a verdict", spec)


def announced_in_object(
    reply: ReplyText, error: VerdictError, is_key: Callable[[str], bool]
) -> tuple[object, object] | None:
    """The value under a verdict's key in an object, where the text around it has no verdict."""
    is_absent = str(error).startswith("absent") and "{" in reply.raw
    return announced_value(reply, is_key) if is_absent else None


def _label_under_key(reply: ReplyText, spec: Labels) -> str:
    value, _ = value_of(reply, spec.key)
    return _label_of_value(value, repr(spec.key), spec)


def _label_of_value(value: object, key: str, spec: Labels) -> str:
    """The label that a value of an object spells."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_name = isinstance(value, str | int) and not isinstance(value, bool)
    name = re.sub(r"\s(?:is|was)\s(?:the\s)?better$", "", bare_reply(to_plain(str(value))))
    label = label_of(name, spec) if is_name else None
    if label is None:
        raise verdict_error("outside", f"{key} is {clipped(value)}, none of {spec.allowed}")
    return label


def _label_of_text(body: str, spec: Labels, is_cut: bool) -> str:
    """The label that a text states; quotations are blanked in it.

    Raises: VerdictError.
    """
    marker, anchored, *others = label_shapes(spec)
    if marker.starts:  # of the default marker
        body = _BOXED.sub(lambda match: match[1], body)
    matches = [match for match in marker.find(body) if not _is_citation(match[1], spec)]
    marks = [(match, label_of(match[1], spec)) for match in matches]
    strange = [match[1] for match, label in marks if label is None]
    if strange:
        raise verdict_error(
            "outside", f"the marker {clipped(strange[-1])} is none of {spec.allowed}"
        )
    allowed = [
        LabelMarker(m.start(), m.end(), label, m[0]) for m, label in marks if label is not None
    ]
    if allowed:
        check_closed(body[allowed[-1].end :])
    if allowed and spec.marker != MARKER:
        return last_label(body, allowed, spec, is_cut)
    if allowed:
        return stated_label(body, allowed, len(spec.names) == 2, is_cut)
    tagged = tagged_label(body, spec, others[:2]) if others else None
    if tagged is not None:
        return tagged
    return anchored_label(body, spec, anchored, others[3:], is_cut)


_BOXED = re.compile(r"\$?\\boxed\{\s{0,3}(?:\\text\{)?(\[\[[^\[\]\n]{1,13}\]\])\s{0,3}\}{1,2}\$?")


def _is_citation(name: str, spec: Labels) -> bool:
    return name.strip().isdigit() and not any(label.isdigit() for label in spec.allowed)
