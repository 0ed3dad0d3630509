"""What claims to be a verdict in a text, quoted or not."""

from __future__ import annotations

import functools
import re
from typing import Any

from plaudit.judges.verdict.characters import DISGUISES, simplify, to_plain
from plaudit.judges.verdict.json_values import values_in
from plaudit.judges.verdict.label_names import label_of
from plaudit.judges.verdict.label_shapes import label_shapes
from plaudit.judges.verdict.number_shapes import list_shapes, scale_shapes
from plaudit.judges.verdict.quotations import without_quotations
from plaudit.judges.verdict.shapes import VerdictShape, key_shape
from plaudit.judges.verdict.spec import MARK, JsonScore, Labels, Scale, Scores, Spec, YesNo
from plaudit.judges.verdict.thinking import has_closing_mark
from plaudit.judges.verdict.yes_no import yes_no_shapes

__all__ = ["claims", "is_legible", "may_claim", "restored"]


@functools.lru_cache(maxsize=64)
def shapes_of(spec: Spec) -> tuple[VerdictShape, ...]:
    """What a verdict looks like in plain text."""
    if key := key_of(spec):
        return (key_shape(re.escape(simplify(key))),)
    return _SHAPES[type(spec)](spec)


def claims(text: str, spec: Spec) -> list[re.Match[str]]:
    """Everything in a plain text that reads as a verdict of `spec`, quoted or not, in order.

    The last group of each match is the value. The text is used unchanged: think blocks, markup and
    escapes are for the caller to remove (`evidence`).

    >>> [match[1] for match in claims("Say [[A]]. Verdict: B", Labels())]
    ['A', 'B']
    """
    matches = [m for shape in shapes_of(spec) for m in shape.find(text)]
    if isinstance(spec, Labels) and not spec.key:
        anchored = shapes_of(spec)[1].pattern
        matches = [m for m in matches if m.re is not anchored or label_of(m[1], spec)]
    first: dict[tuple[int, int], re.Match[str]] = {}
    for match in sorted(matches, key=lambda match: match.start()):  # one for each value
        first.setdefault(match.span(match.lastindex or 0), match)
    return sorted(first.values(), key=lambda match: match.start())


def is_legible(text: str, spec: Spec) -> bool:
    """Whether a verdict of `spec` can be read anywhere in a text, markup and escapes undone.

    >>> is_legible("he wrote &#91;[A]]", Labels()), is_legible("an answer", Labels())
    (True, False)
    """
    if not may_claim(text, spec):
        return False
    normal = to_plain(text)
    forms = (
        normal,
        without_quotations(normal, is_cut=False),
    )  # a quoted value may be read without its signs
    if any(claims(form, spec) for form in forms) or has_closing_mark(text):
        return True
    key = key_of(spec)
    return bool(key) and any(values_in(form, key) for form in (text, normal))


def restored(text: str) -> str:
    """The text before it was neutralised. Invisible marks (U+2060) of its own are lost too.

    >>> restored("[\\u2060[A]]")
    '[[A]]'
    """
    return text.replace(MARK, "")


def may_claim(text: str, spec: Spec) -> bool:
    """Whether a text contains anything with which a verdict begins, markup and escapes included."""
    if not text.isascii():
        return True
    low = text.lower()
    return any(part in low for part in _beginnings(spec))


@functools.lru_cache(maxsize=64)
def _beginnings(spec: Spec) -> tuple[str, ...]:
    """The beginnings of claims, and the signs that may encode one ("": anything)."""
    return (*DISGUISES, *(start for shape in shapes_of(spec) for start in shape.starts or ("",)))


def key_of(spec: Spec) -> str:
    """The key of a JSON verdict, "" for the others."""
    return spec.key if isinstance(spec, JsonScore | Labels) else ""


_SHAPES: dict[type, Any] = {
    Labels: label_shapes, Scale: scale_shapes, Scores: list_shapes, YesNo: yes_no_shapes,
}  # fmt: skip
