"""What claims to be a verdict in a text, quoted or not."""

from __future__ import annotations

import functools
import re
from typing import Any

from plaudit.judges.verdict.characters import DISGUISES, holds_any, simplify, to_plain
from plaudit.judges.verdict.json_values import values_in
from plaudit.judges.verdict.label_names import label_of
from plaudit.judges.verdict.label_shapes import label_shapes
from plaudit.judges.verdict.number_shapes import list_shapes, scale_shapes
from plaudit.judges.verdict.quotations import without_quotations
from plaudit.judges.verdict.shapes import VerdictShape, key_shape, lower_case
from plaudit.judges.verdict.spec import MARK, JsonScore, Labels, Scale, Scores, Spec, YesNo
from plaudit.judges.verdict.thinking import CLOSING_STARTS, has_closing_mark
from plaudit.judges.verdict.yes_no import yes_no_shapes

__all__ = ["claims", "is_legible", "may_claim", "restored"]
_SIGNS = (*DISGUISES, *CLOSING_STARTS)


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
    if not matches:
        return matches
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
    # a quoted value may be read without its signs
    forms = dict.fromkeys((normal, without_quotations(normal, is_cut=False)))
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
    """Whether a text contains all that a verdict needs, or signs that may encode it; cheap."""
    if not text.isascii() or holds_any(text, _SIGNS):
        return True
    low, _ = lower_case(text)
    parts, others = _needs(spec)
    return holds_any(low, parts) or any(shape.may_match(low) for shape in others)


@functools.lru_cache(maxsize=64)
def _needs(spec: Spec) -> tuple[tuple[str, ...], tuple[VerdictShape, ...]]:
    """The parts of which ASCII text holds one where it matches a shape ("": anything), and the
    shapes that need more than that."""
    shapes = shapes_of(spec)
    parts = {part for shape in shapes if not shape.is_spaced for part in shape.needs}
    is_longer = [any(part != other and other in part for other in parts) for part in parts]
    shortest = {part for part, longer in zip(parts, is_longer, strict=True) if not longer}
    ascii_parts = sorted(filter(str.isascii, shortest), key=lambda part: (len(part), part))
    return tuple(ascii_parts), tuple(shape for shape in shapes if shape.is_spaced)


def key_of(spec: Spec) -> str:
    """The key of a JSON verdict, "" for the others."""
    return spec.key if isinstance(spec, JsonScore | Labels) else ""


_SHAPES: dict[type, Any] = {
    Labels: label_shapes, Scale: scale_shapes, Scores: list_shapes, YesNo: yes_no_shapes,
}  # fmt: skip
