r"""What is directly around a box and changes its value: -\boxed{5}, "at least \boxed{5}"."""

from __future__ import annotations

import re

__all__ = ["around_box"]

_NEAR = 80
_BEGINS_PLAINLY = re.compile(r"[:：=.\n][ \n*]{0,3}(?:\$\$?|\\\[|\\\()?[ \n]{0,2}$")
_PLAIN_STARTS = (": ", ": $", ":\n", ":\n$", ":\n$$", ".\n", "\n\n", "\n\n$", "\n\n$$")
_ENDS_PLAINLY = re.compile(r"[ \n]?(?:\$\$?|\\\]|\\\))?[.。*]{0,3}(?:\Z|\n)")
_OPERATORS = (
    r"(?:(?<=[$=(\[{\s])[-−±]|(?<=[\w)}])\s?[-+*/^_]|[*/^_<>≤≥≠±]|\\(?:cdot|times|pm|mp|neq?|leq?|geq?|not\s?=?|div)"
    r"|\\(?:sin|cos|tan|cot|sec|csc|log|ln|arc[a-z]+|lfloor|lceil|gcd|max|min)(?:_\{?\w+\}?)?\s?\(?"
    r"|\\sqrt(?:\[\w+\])?\s?\{|\\[dt]?frac\s?\{(?:[^{}]*\}\s?\{)?|(?<![A-Za-z\\])[\d)a-zA-Z]|\|)"
)
_FORMULA_BEFORE = re.compile(_OPERATORS + r"\s?\{?\s?$")
_FORMULA_AFTER = re.compile(
    r"\s?\}?\s?(?:\^(?!\s*\{?\s*(?:\\circ|°))|!|\\(?:pi|sqrt|cdot|times|div|frac|pm)(?![A-Za-z])|[-+*/±]\s?[\w\\(]"
    r"|[\d(π]|[a-eiknpqtxyz](?![A-Za-z]))"
)
_MACRO_BEFORE = re.compile(
    r"\\(?:sqrt|[dt]?frac|sin|cos|tan|log|ln)(?:\[\w+\])?\s?[{(]$|(?<![\w)*\s])[-−]$"
)
_WORDS_BEFORE = re.compile(
    r"(?i)(?P<word>\bnot|n[’']t|\bnever|\bcannot\sbe|\bminus|\bnegative|\b(?:less|more|fewer|greater|larger|smaller)\sthan"
    r"|\bat\s(?:least|most)|\bup\sto|\bbetween|\bmaybe|\bperhaps|\bpossibly|\bprobably|\b(?:could|might|may)\sbe"
    r"|\broots?\sof|\bhalf(?:\sof)?|\btwice|\bdouble|\bneither|\bnor|\bover|\bunder|\babove|\bbelow|\bnearly|\balmost"
    r"|\b(?:square|cube|inverse|reciprocal|opposite|log(?:arithm)?|sine|cosine|tangent|factorial|floor|ceiling)\sof"
    r"|不是|并非|不等于|小于|大于|少于|多于|超过|不足|至少|至多|可能是|也许是|负|根号|排除|平方根是)"
    r"[\s*:：]*(?:\b(?:equal\sto|be|the|a|an|exactly)\b)?[\s*$({\[\\]*$"
)
_WORDS_AFTER = re.compile(
    r"(?i)[\s$)}*\\\]]*(?P<word>\(?\b(?:or|and)\s+(?:maybe\s|perhaps\s|even\s)?(?=[$\\(]*-?\d)|\bsquared\b|\bcubed\b|\bdozen\b|\bfactorial\b"
    r"|\b(?:plus|minus|times)\s(?=[\w$\\])|\bto\sthe\spower\b|\bis\s(?:wrong|incorrect|not\b)|\?|？|或\s?(?=[$\\]*\d)|的(?:平方|立方|一半|倒数))"
)


def around_box(text: str, start: int, end: int) -> str:
    r"""What right around the box at `start` to `end` changes what it says, or "".

    A blank of an equation (``3 + \boxed{4} = 7``) says what it holds.

    >>> text = r"so it is $-\boxed{5}$"
    >>> around_box(text, 11, 20)
    "'-' before the box"
    """
    if _ENDS_PLAINLY.match(text, end) and (
        text.endswith(_PLAIN_STARTS, 0, start)
        or _BEGINS_PLAINLY.search(text[max(start - 14, 0) : start])
    ):
        return ""
    before = text[max(start - _NEAR, 0) : start]
    after = text[end : end + _NEAR]
    is_list = "," in text[start:end] or "and" in text[start:end]
    match = _WORDS_BEFORE.search(before)
    if match and not (is_list and match["word"].lower() == "between"):
        return f"{match['word']!r} before the box"
    if match := _WORDS_AFTER.match(after):
        return f"{match['word'].strip()!r} behind the box"
    if not _is_formula(text, start):
        match = _MACRO_BEFORE.search(before[before.rfind("\n") + 1 :])
        return f"{match.group()!r} before the box" if match else ""
    formula = re.split(r"\$|\\[)\]]", after, maxsplit=1)[0]
    if "=" in formula or "\\approx" in formula:
        return ""
    if match := _FORMULA_BEFORE.search(before):
        return f"{match.group().strip()!r} before the box"
    if match := _FORMULA_AFTER.match(after):
        return f"{match.group().strip()!r} behind the box"
    return ""


def _is_formula(text: str, at: int) -> bool:
    """Whether a place is inside of a formula, as far as the text before it tells."""
    near = text[max(at - 1000, 0) : at]
    for opening, closing in (("\\[", "\\]"), ("\\(", "\\)")):
        if near.rfind(opening) > near.rfind(closing):
            return True
    if near.count("$$") % 2:
        return True
    line = near[near.rfind("\n") + 1 :]
    return (line.count("$") - line.count("\\$")) % 2 == 1
