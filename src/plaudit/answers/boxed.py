"""The last boxed answer of a text, found from its end: linear on any input."""

from __future__ import annotations

import re

__all__ = ["joined_boxes", "last_boxed"]

_STEP = {"{": 1, "}": -1}
_SIMPLE = re.compile(r"\\boxed\{([^{}\\]*)\}")
_BLANKS = re.compile(r"[ \t]*")
_BRACED = re.compile(r"\\.|[{}]", re.DOTALL)
_BARE = re.compile(r"\\.|[{}\s$]", re.DOTALL)
_SEPARATOR = r"(?:,|;|、|，|\\q?quad|\\text\{\s*(?:and|or)\s*\}|and\b|or\b|和|或)"
_JOINT = re.compile(  # what joins boxes to one answer: at least one comma or conjunction
    rf"[\s$.]*(?:\\[()\[\]]\s*)?{_SEPARATOR}"
    r"(?:[\s$,;]|\\[()\[\]]|\\q?quad|\\text\{\s*(?:and|or)\s*\}|and\b|or\b){0,12}"
    r"|[\s$]*(?:\\\))?(?:[ \t]+(?!(?:wait|no|not|but|so|then|hmm|is)\b)[a-z]+){1,2}"
    r",?[ \t]+and[ \t]+(?:\\\(|\$)?[ \t]*"  # \boxed{1} papers and \boxed{2} bins
)
_MOST_BOXES = 12
_WINDOW = 2000


def last_boxed(text: str) -> tuple[str, int, int] | None:
    r"""The content of the last complete ``\boxed`` or ``\fbox``, and its span in the text.

    ``text[start:end]`` is the whole box; the content is stripped and may be empty. A box is
    complete when its brace closes (``\{`` and ``\}`` do not count); without braces it holds the run
    up to white space or the end of the formula. Of nested boxes the inner one starts last. Where
    the last box is cut off, the last complete one before it is taken.

    >>> last_boxed(r"so \boxed{\frac{1}{2}}.")
    ('\\frac{1}{2}', 3, 22)
    >>> last_boxed(r"$\boxed 5$, then \boxed{6")
    ('5', 1, 9)
    """
    limit = len(text)
    name = text.rfind("box")
    if name > 0 and (simple := _SIMPLE.match(text, name - 1)):  # how most of them look
        return simple[1].strip(), name - 1, simple.end()
    while name >= 0:
        end = name
        start, body = _macro(text, name)
        if start >= 0:
            if (span := _argument(text, body, limit)) is not None:
                return span[0], start, span[1]
            limit = start  # an open box leaves every box around it open, too
        name = text.rfind("box", 0, end)
    return None


def _macro(text: str, name: int) -> tuple[int, int]:
    """Where the macro around the letters "box" begins and where its argument may; else -1."""
    if name >= 1 and text.startswith("\\boxed", name - 1):
        start, body = name - 1, name + 5
    elif name >= 2 and text.startswith("\\fbox", name - 2):
        start, body = name - 2, name + 3
    else:
        return -1, -1
    following = text[body : body + 1]
    return (-1, -1) if following.isascii() and following.isalpha() else (start, body)


def _argument(text: str, body: int, limit: int) -> tuple[str, int] | None:
    """The argument of a box and where the box ends, if that is before `limit`."""
    if not text.startswith("{", body):
        body = _BLANKS.match(text, body).end()  # type: ignore[union-attr]
        if not text.startswith("{", body):
            return _bare(text, body, limit)
    depth = 0
    for brace in _BRACED.finditer(text, body, limit):
        depth += _STEP.get(brace.group(), 0)
        if depth == 0 and brace.group() == "}":
            return text[body + 1 : brace.start()].strip(), brace.end()
    return None


def _bare(text: str, body: int, limit: int) -> tuple[str, int] | None:
    r"""An argument without braces, as in ``\boxed 5``; words after a mere mention are not one."""
    depth, end = 0, limit
    for match in _BARE.finditer(text, body, limit):
        token = match.group()
        if depth == 0 and (token in ("}", "$", "\\)", "\\]") or token.isspace()):
            end = match.start()
            break
        depth += _STEP.get(token, 0)
    content = text[body:end].rstrip(".,;:")
    if not content or depth > 0 or (len(content) > 1 and content.isalpha()):
        return None
    return content, body + len(content)


def joined_boxes(text: str) -> tuple[str, int, int] | None:
    r"""The last box with the boxes that "and" or a comma joins to it, and their span.

    >>> joined_boxes(r"$\boxed{1}$ and $\boxed{2}$")
    ('1, 2', 1, 26)
    """
    box = last_boxed(text)
    if box is None or "}" not in text[max(box[1] - 40, 0) : box[1]]:
        return box
    contents, start = [box[0]], box[1]
    while len(contents) < _MOST_BOXES and "}" in text[max(start - 40, 0) : start]:
        near = text[max(start - _WINDOW, 0) : start]
        before = last_boxed(near)
        if before is None or not _JOINT.fullmatch(near, before[2]):
            break
        contents.append(before[0])
        start += before[1] - len(near)
    return ", ".join(dict.fromkeys(reversed(contents))), start, box[2]
