# ruff: noqa: E501  (tables of patterns)
"""Values under a key of the only JSON object in a reply."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from plaudit.judges.verdict.characters import BLANK
from plaudit.judges.verdict.sentences import check_closed
from plaudit.judges.verdict.spec import ReplyText, verdict_error

__all__ = ["announced_value", "value_of", "values_in"]
_MAXIMA = ("max", "max_score", "maximum", "maximum_score", "scale", "out_of", "total", "满分")


class _JsonObject(NamedTuple):
    """The keys and values of an object, repeated keys repeated, and its place."""

    pairs: list[tuple[object, object]]
    start: int
    end: int


def value_of(reply: ReplyText, key: str) -> tuple[object, object]:
    """The only value under the key, and the maximum that its object states (None for none).

    Raises: VerdictError if there is none or several, where the only one is quoted, or where an
    object or a list of objects is cut.
    """
    for text in (reply.raw, reply.text):
        for body in (
            _without_quotations(text, is_code=False),
            _without_quotations(text, is_code=True),
        ):
            objects = [one for one in _objects(body) if _values(one.pairs, key)]
            if objects:
                return _only_value(body, objects, key, reply.is_cut)
    raise verdict_error("absent", f"0 values for {key!r}")


def announced_value(
    reply: ReplyText, is_key: Callable[[str], bool]
) -> tuple[object, object] | None:
    """The value under the only key of its kind in the one object of a reply that should have been
    text, and the maximum that it states; None where there is no such object.

    Raises: VerdictError as `value_of`.
    """
    for text in (reply.raw, reply.text):
        for body in (
            _without_quotations(text, is_code=False),
            _without_quotations(text, is_code=True),
        ):
            names = {str(n) for one in _objects(body) for n, _ in one.pairs if is_key(str(n))}
            if len(names) > 1:
                raise verdict_error("ambiguous", f"values for {' and '.join(sorted(names))}")
            if names:
                return value_of(reply, names.pop())
    return None


def _only_value(
    body: str, objects: list[_JsonObject], key: str, is_cut: bool
) -> tuple[object, object]:
    values = [value for one in objects for value in _values(one.pairs, key)]
    if len(values) != 1:
        raise verdict_error("ambiguous", f"{len(values)} values for {key!r}")
    after = body[objects[0].end :]
    check_closed(after)
    if _begins_object_with(after, key) or (is_cut and "{" in after):
        raise verdict_error("truncated", f"another object with {key!r} begins and is not closed")
    if is_cut and re.match(r"\s{0,20},", after):
        raise verdict_error("truncated", "the list of objects may continue")
    names = {str(name).casefold(): value for name, value in objects[0].pairs}
    return values[0], next((_scale_end(names[name]) for name in _MAXIMA if name in names), None)


def _scale_end(value: object) -> object:
    """The end of a scale that a value states: 10 of "1-10"."""
    numbers = re.findall(r"\d{1,4}(?:\.\d+)?", value) if isinstance(value, str) else []
    return float(numbers[-1]) if numbers else value


def _begins_object_with(text: str, key: str) -> bool:
    """Whether an object that is never closed has the key."""
    place = text.find("{")
    return place >= 0 and re.search(rf"[\"']{re.escape(key)}[\"']", text[place:], re.I) is not None


def values_in(text: str, key: str) -> list[object]:
    """All values under the key, quoted or not."""
    return [value for one in _objects(text) for value in _values(one.pairs, key)]


def _values(pairs: list[tuple[Any, Any]], key: str) -> list[object]:
    values = [value for name, value in pairs if str(name).casefold() == key.casefold()]
    if values or len(pairs) != 1 or str(pairs[0][0]).casefold() not in _WRAPPERS:
        return values
    inner = pairs[0][1]  # an object within {"result": ...}
    is_object = isinstance(inner, list) and all(type(pair) is tuple for pair in inner)
    return _values(inner, key) if is_object else []


_WRAPPERS = ("result", "evaluation", "verdict", "judgment", "judgement", "assessment", "output",
             "结果", "评价", "评审", "评估")  # fmt: skip
_SPAN = re.compile(
    r"`[^`\n]*`|“[^“”\n]*”|「[^「」\n]*」|『[^『』\n]*』|«[^«»\n]*»|^[^\S\n]{0,6}>[^\n]*$", re.M
)
_FENCE = re.compile(
    r"^[^\S\n]{0,6}```[^\n`]{0,20}\n.*?^[^\S\n]{0,6}```[^\S\n]{0,6}$|```.*?```", re.M | re.S
)
_LED = re.compile(
    r"\b(?:example|format|e\.g\.?|sample|template|schema|structure)\b[^\n.]{0,24}$|(?:例如|比如|格式|示例|结构|模板)[^\n。]{0,12}$|(?:response|assistant|answer|user|prompt|text|it|回答|助手|提示|用户|其中)[^\n.]{0,40}"
    r"(?:says?|said|contains?|includes?|wrote|writes|claims?|plants?|quotes?|holds?|ends? with|tells?|"
    r"写着|写道|包含|含有|声称|要求|写了)[^\n.]{0,40}:?\s{0,3}$",
    re.IGNORECASE,
)


def _without_quotations(text: str, *, is_code: bool) -> str:
    """The text without quoted objects: those in backticks or quotation marks within a text, and
    fenced ones, but where `is_code` those fences that the reply itself states."""
    whole = text.strip()
    if whole[:1] in "`“「\"'" and "{" in whole[:12] and whole.count("```") in (0, 2):
        whole = re.sub(r"^(?:```\w*|[`“「\"'])|(?:```|[`”」\"'])$", "", whole)
        if _end_of(whole, max(whole.find("{"), 0)) == len(whole.rstrip()):
            return whole
    body = _FENCE.sub(lambda match: _blank_fence(match, text, is_code), text)
    body = _SPAN.sub(lambda match: BLANK * len(match[0]) if "{" in match[0] else match[0], body)
    return _blank_quoted_objects(body)


def _blank_fence(match: re.Match[str], text: str, is_code: bool) -> str:
    is_own = is_code and "\n" in match[0] and not _LED.search(text[: match.start()][-120:])
    if not is_own:
        return BLANK * len(match[0])
    return match[0].replace("```", "   ")


_ABOUT = re.compile(
    r"[^\n]{0,3}\b(?:is what|is quoted|appears|stands in|in the (?:answer|response|text)|which|was planted)\b"
    r"|\s{0,3}(?:是回答|是它|这句|出现)",
    re.IGNORECASE,
)


def _blank_quoted_objects(body: str) -> str:
    """The text without objects in straight quotation marks, or that the reply says a response
    contains: ``"{...}"``."""
    for one in list(_objects(body)) if "{" in body else ():
        line = body[max(one.start - 120, 0) : one.start].rpartition("\n")[2]
        if (line.strip() and _LED.search(line)) or _ABOUT.match(body, one.end):
            body = body[: one.start] + BLANK * (one.end - one.start) + body[one.end :]
    return re.sub(
        r"(?<![:\w\\,\[{])\s{0,1}(?<!\w)[\"']\{[^\n]{0,2000}?\}[\"'](?!\s{0,3}[:,}\]])",
        lambda match: BLANK * len(match[0]),
        body,
    )


_BRACES = re.compile(r"[{}]|\"(?:[^\"\\\n]|\\.)*\"")


def _objects(text: str) -> Iterator[_JsonObject]:
    """The outermost objects in a text."""
    place = text.find("{")
    while place >= 0:
        end = _end_of(text, place)
        if end is None:
            return
        yield _JsonObject(_parse_object(text[place:end]), place, end)
        place = text.find("{", end)


def _end_of(text: str, place: int) -> int | None:
    """The end of the object at `place`, ignoring braces in strings; None where it is not closed."""
    depth = 0
    for match in _BRACES.finditer(text, place):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return None


def _parse_object(text: str) -> list[tuple[object, object]]:
    """The pairs of an object in JSON or as a Python literal; empty where it is neither."""
    text = re.sub(r",\s{0,20}([}\]])", r"\1", text)
    try:
        return json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        pass
    if text[1:].lstrip().startswith("“"):
        return _parse_object(re.sub("[“”]", '"', text.translate({0xFF1A: 58, 0xFF0C: 44})))
    try:  # unknown escapes would warn
        literal = ast.literal_eval(re.sub(r"\\(?![\\'\"])", r"\\\\", text))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return []
    return list(literal.items()) if isinstance(literal, dict) else []
