"""Verdicts read from a judge's reply: pure functions that would rather refuse than guess.

The contract, in ten points:

1. Text before the last ``</think>`` is no evidence; a block that is never closed leaves no verdict.
2. Text is NFKC-normalised (full-width letters, digits, brackets, colons), then freed of markdown
   emphasis, headings, special tokens, backslash escapes and HTML entities.
3. What stands in matched quotes or backticks is a quotation, unless the whole reply is one.
4. The last well-formed marker wins; markers offered as alternatives are no verdict.
5. A marker outside the allowed set leaves no verdict, whatever was said before it.
6. A score needs its anchor; a bare number or label counts only where it is the whole reply.
7. ``k/m`` counts only where m is the scale's maximum; ranges and values outside are refused, never
   clamped; percents count only on a scale from 0 to 1.
8. JSON: exactly one object with the key; booleans, null, NaN and cut numbers are refused.
9. A reply cut by its length limit counts only with a complete verdict; a filtered or empty one not.
10. What cannot be read is a VerdictError with its reason: never 0, 0.5, "A" or a tie.
"""

from __future__ import annotations

import ast
import html
import json
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from plaudit.errors import VerdictError, clipped

__all__ = ["JsonScore", "Labels", "Scale", "Spec", "YesNo", "evidence", "parse"]

Reason = Literal["truncated", "refused", "absent", "ambiguous", "outside"]
_MARKER = r"\[\s*\[\s*([^\[\]\n]{1,12}?)\s*\]\s*\]"
_CLOSING = re.compile(r"</(?:think|thinking)\s*>", re.IGNORECASE)
_OPENING = re.compile(r"<(?:think|thinking)\s*>", re.IGNORECASE)
_QUOTED = re.compile(
    r"```.*?```|`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”|‘[^’\n]*’|「[^」\n]*」|『[^』\n]*』"
    r"|(?<![\w\])])'[^'\n]*'(?![\w])",
    re.DOTALL,
)
_BETWEEN = re.compile(
    r"[\s,;:/|>=&()-]*(?:or|and|vs\.?|versus|to|或者?|和|与|还是|then)?[\s,;:/|>=&()-]*"
)
_OPEN_QUOTE = re.compile(r"[\"`“‘「『]")
_PAIRS = {"[": "]", "(": ")", '"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "「": "」"}
_NUMBER = r"(?<![\w.])([-+]?\d+(?:\.\d+)?|[一二三四五六七八九十])"
_HANZI = dict(zip("一二三四五六七八九十", range(1, 11), strict=True))
_TAIL = re.compile(
    r"\s*(?:(/|out of|／)\s*(\d+(?:\.\d+)?)|(%)|(分|points?|stars?|星))?", re.IGNORECASE
)
_RANGE = re.compile(
    r"\s*(?:-|–|—|~|to|到|至|or|或|and|和)\s*[-+]?[\d一二三四五六七八九十]", re.IGNORECASE
)
_FOLLOWED = re.compile(r"[A-Za-z\d.]*[A-Za-z\d]")


@dataclass(frozen=True)
class Labels:
    """One of a few labels in a marker: ``[[A]]``, or what `marker` (a pattern, one group) says.

    Labels compare without case. `anchors` are words after which a bare label counts at the end of
    a line ("Final verdict: A").
    """

    allowed: tuple[str, ...] = ("A", "B")
    marker: str = _MARKER
    anchors: tuple[str, ...] = ("verdict", "answer", "winner", "choice", "结论", "最终判断", "答案")


@dataclass(frozen=True)
class Scale:
    """A number from `low` to `high` behind one of the `anchors`."""

    low: float = 1
    high: float = 5
    anchors: tuple[str, ...] = ("总体打分", "总体评分", "总分")
    is_integer: bool = True


@dataclass(frozen=True)
class JsonScore:
    """A number from `low` to `high` under `key` (without case) of the only JSON object."""

    key: str = "score"
    low: float = 0
    high: float = 1


@dataclass(frozen=True)
class YesNo:
    """ "yes" or "no" behind one of the `anchors`, or as the whole reply."""

    anchors: tuple[str, ...] = ("(yes/no)?", "answer", "verdict", "verification", "是否正确")


Spec = Labels | Scale | JsonScore | YesNo


def parse(text: str | None, spec: Spec, finish_reason: str | None = None) -> str | float:
    """The verdict in a reply: a label of `spec`, or a number in its range.

    Raises: VerdictError whose message begins with its reason (truncated, refused, absent,
    ambiguous, outside).

    >>> parse("Both are fine, but B is exact. **[[B]]**", Labels())
    'B'
    >>> parse("六个维度……\\n**总体打分：5**\\n给予满分。", Scale())
    5.0
    >>> parse("I would say [[A]] or [[B]].", Labels())  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    plaudit.errors.VerdictError: ambiguous: ...
    """
    if text is None or finish_reason == "content_filter":
        raise _unread("refused", "the reply was filtered or is null", text)
    if not text.strip():
        raise _unread("absent", "the reply is empty", text)
    is_cut = finish_reason == "length"
    try:
        return _READERS[type(spec)](evidence(text), spec, is_cut)
    except VerdictError as error:
        if is_cut and not str(error).startswith("truncated"):
            raise _unread("truncated", "cut by its length limit before a verdict", text) from None
        raise _unread(*_parts(error), text) from None


def evidence(text: str) -> str:
    """The part of a reply that counts, in plain characters: points 1 and 2.

    Raises: VerdictError for a think block that is never closed.
    """
    closings = list(_CLOSING.finditer(text))
    tail = text[closings[-1].end() :] if closings else text
    if _OPENING.search(tail):
        raise _unread("truncated", "the think block is never closed", text)
    tail = unicodedata.normalize("NFKC", tail).replace("【", "[").replace("】", "]")
    tail = html.unescape(tail)
    tail = re.sub(r"<\|[^<>|\n]{1,40}\|>", " ", tail)
    tail = re.sub(r"\\([\[\](){}*_#>`\"'])", r"\1", tail)
    tail = re.sub(r"\*\*|__|~~|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)", "", tail)
    return re.sub(r"(?m)^\s{0,3}#{1,6}\s+", "", tail).strip()


# --- labels ---------------------------------------------------------------------------------------


def _label(text: str, spec: Labels, is_cut: bool) -> str:
    whole = None if is_cut and len(text) < 8 else _known(_whole(text), spec)
    if whole is not None:
        return whole
    body = _unquoted(text, is_cut)
    found = list(re.finditer(spec.marker, body, re.IGNORECASE))
    labels = [_known(match[1], spec) for match in found]
    strange = [m[1] for m, label in zip(found, labels, strict=True) if label is None]
    if any(not name.strip().isdigit() for name in strange):
        raise _unread("outside", f"the marker {clipped(strange[-1])} is none of {spec.allowed}")
    kept = [(m, label) for m, label in zip(found, labels, strict=True) if label is not None]
    if kept:
        return _last_of(body, kept)
    return _anchored_label(body, spec)


def _last_of(body: str, kept: Sequence[tuple[re.Match[str], str]]) -> str:
    """The last label, unless it is one of several offered in a row."""
    match, label = kept[-1]
    if len(kept) > 1:
        before, other = kept[-2]
        is_beside = _BETWEEN.fullmatch(body[before.end() : match.start()]) is not None
        if other != label and is_beside:
            raise _unread("ambiguous", f"{before[0]} and {match[0]} stand side by side")
    return label


def _anchored_label(body: str, spec: Labels) -> str:
    anchors = "|".join(map(re.escape, spec.anchors))
    is_a = r"\s*(?:is|为|是)?\s*[::]?\s*[\[(<]*\s*"
    pattern = rf"(?:{anchors}){is_a}([A-Za-z<>=]{{1,5}})\s*[\])>]*\s*[.。]?\s*$"
    found = re.findall(pattern, body, re.IGNORECASE | re.MULTILINE)
    labels = {_known(name, spec) for name in found}
    if len(labels) == 1 and None not in labels:
        return str(labels.pop())
    raise _unread("ambiguous" if len(labels) > 1 else "absent", "no marker in the reply")


def _known(name: str, spec: Labels) -> str | None:
    """The label that a text spells, or None."""
    name = re.sub(r"\s+", "", name).casefold()
    return next((label for label in spec.allowed if label.casefold() == name), None)


def _whole(text: str) -> str:
    """The reply without the brackets, quotes, tags and dots around it."""
    inner = re.sub(r"^<(\w+)>\s*(.*?)\s*</\1>$", r"\2", text.strip(), flags=re.DOTALL)
    inner = re.sub(r"^\\boxed\{(.*)\}$", r"\1", inner.strip("$ "))
    inner = re.sub(r"^```\w*\s*(.*?)\s*```$", r"\1", inner, flags=re.DOTALL)
    while True:
        inner = inner.strip(" \t\r\n.。,")
        if len(inner) < 2 or _PAIRS.get(inner[0]) != inner[-1]:
            return inner
        inner = inner[1:-1]


def _unquoted(text: str, is_cut: bool) -> str:
    """The text with quotations blanked; in a cut one a quotation may have lost its end."""
    body = _QUOTED.sub(lambda match: " " * len(match[0]), text)
    opened = _OPEN_QUOTE.search(body) if is_cut else None
    return body[: opened.start()] if opened else body


# --- numbers --------------------------------------------------------------------------------------


def _score(text: str, spec: Scale, is_cut: bool) -> float:
    whole = re.fullmatch(_NUMBER + _TAIL.pattern, _whole(text), re.IGNORECASE)
    if whole:
        if is_cut:
            raise _unread("truncated", "the number may go on")
        return _scaled(whole[1], whole[3], whole[4], spec)
    body = _unquoted(text, is_cut)
    found = list(_anchored(body, spec))
    if not found:
        raise _unread("absent", f"no number behind {' or '.join(spec.anchors)}")
    match = found[-1]
    rest = body[match.end() :]
    if _RANGE.match(rest):
        raise _unread("ambiguous", "a range of scores")
    tail = _TAIL.match(rest)
    assert tail is not None
    after = rest[tail.end() :]
    if is_cut and not after.strip():
        raise _unread("truncated", "the number may go on")
    if (not tail[0].strip() and _FOLLOWED.match(rest)) or after.startswith("半"):
        raise _unread("ambiguous", f"the number goes on as {clipped(rest[:8])}")
    if not spec.is_integer and rest.strip() == ".":
        raise _unread("truncated", "the number ends in its point")
    return _scaled(match[1], tail[2], tail[3], spec)


def _anchored(body: str, spec: Scale) -> Iterator[re.Match[str]]:
    """Every number that stands directly behind an anchor."""
    anchors = "|".join(map(re.escape, spec.anchors))
    between = r"\s*(?:is|为|是|=|\(\s*\d+\s*[-~]\s*\d+\s*分?\s*\))?\s*[::]?\s*[\[(<]*\s*(?:score>)?"
    number = _NUMBER.replace(r"(?<![\w.])", "")
    yield from re.finditer(rf"(?:{anchors})[\])>]*{between}{number}", body, re.IGNORECASE)


def _scaled(
    number: str, maximum: str | None, percent: str | None, spec: Scale | JsonScore
) -> float:
    """The number as a value on the scale."""
    value = float(_HANZI.get(number, number))
    if percent:
        if (spec.low, spec.high) != (0, 1):
            raise _unread("outside", f"{number} % on a scale of {spec.low:g} to {spec.high:g}")
        value /= 100
    if maximum is not None and float(maximum) != spec.high:
        raise _unread("outside", f"{number}/{maximum} on a scale up to {spec.high:g}")
    if not (math.isfinite(value) and spec.low <= value <= spec.high):
        raise _unread("outside", f"{number} is not in {spec.low:g} to {spec.high:g}")
    if isinstance(spec, Scale) and spec.is_integer and not value.is_integer():
        raise _unread("outside", f"{number} is no whole number")
    return value


def _json(text: str, spec: JsonScore, is_cut: bool) -> float:
    found = [held for held in map(_object, _braced(text)) if held is not None]
    values = [v for held in found for k, v in held.items() if str(k).lower() == spec.key.lower()]
    if len(values) != 1:
        reason: Reason = "ambiguous" if values else "absent"
        raise _unread(reason, f"{len(values)} values for {spec.key!r}")
    value = values[0]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unread("outside", f"{spec.key!r} is {clipped(value)}, no number")
    return _scaled(str(value), None, None, spec) if math.isfinite(value) else _refuse(value, spec)


def _refuse(value: float, spec: JsonScore) -> float:
    raise _unread("outside", f"{spec.key!r} is {value}")


def _braced(text: str) -> Iterator[str]:
    """The outermost pairs of braces."""
    depth, start = 0, 0
    for place, char in enumerate(text):
        if char == "{":
            start = place if depth == 0 else start
            depth += 1
        elif char == "}" and depth:
            depth -= 1
            if depth == 0:
                yield text[start : place + 1]


def _object(text: str) -> dict[Any, Any] | None:
    """The object that a text spells, as JSON or as a Python literal; None where it is neither."""
    text = re.sub(r",\s*([}\]])", r"\1", text)
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        return found if isinstance(found, dict) else None
    return None


# --- yes and no -----------------------------------------------------------------------------------


def _yes_no(text: str, spec: YesNo, is_cut: bool) -> str:
    words = {"yes": "yes", "no": "no", "是": "yes", "否": "no"}
    whole = words.get(_whole(text).casefold())
    if whole:
        return whole
    anchors = "|".join(map(re.escape, spec.anchors))
    pattern = rf"(?:{anchors})\s*(?:is|为|是)?\s*[::]?\s*(yes|no|是|否)(?![\w/])"
    found = re.findall(pattern, _unquoted(text, is_cut), re.IGNORECASE)
    if not found:
        raise _unread("absent", "neither yes nor no behind its question")
    return words[found[-1].casefold()]


_READERS: dict[type, Any] = {Labels: _label, Scale: _score, JsonScore: _json, YesNo: _yes_no}


def _unread(reason: Reason, told: str, text: str | None = "") -> VerdictError:
    reply = f": {clipped(text[-200:], limit=120)}" if text else ""
    return VerdictError(f"{reason}: {told}{reply}")


def _parts(error: VerdictError) -> tuple[Reason, str]:
    reason, _, told = str(error).partition(": ")
    return reason, told  # type: ignore[return-value]
