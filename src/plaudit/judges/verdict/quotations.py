"""Quotations in a reply: blanked, unless one is the verdict itself."""

from __future__ import annotations

import re

from plaudit.judges.verdict.characters import BLANK, holds_any
from plaudit.judges.verdict.sentences import CONCLUDING

__all__ = ["without_quotations"]
_QUOTED = re.compile(
    r"```.*?```|`[^`\n]*`|\"[^\"\n]*\"|“[^“”\n]*”|‘[^‘’\n]*’|「[^「」\n]*」|『[^『』\n]*』"
    r"|«[^«»\n]*»|(?<![\w\])])'[^'\n]*'(?![\w])|^[^\S\n]{0,6}>[^\n]*$",
    re.DOTALL | re.MULTILINE,
)
_QUOTE_SIGNS = "`\"'>“‘「『«"
_OPEN_QUOTE = re.compile(r"[\"`“‘「『«]")
_SIGNS = re.compile(r"^(?:```\w*|[`\"“‘「『«'>])|(?:```|[`\"”’」』»'])$")
_VERDICT_WORD = (
    r"(?:verdict|decision|judge?ment|choice|answer|conclusion|winner|rating|score|result|"
    r"output|preference|结论|判断|判定|裁决|选择|答案|评分|打分|得分|结果|胜者|输出)"
)
# "So my final verdict is:", "I choose", "因此,最终结论是" at the start of a sentence.
_LEAD = re.compile(
    rf"(?:^|[.!?。;\n]\s{{0,6}})(?:(?:in )?{CONCLUDING}\s{{0,3}}[,:]?\s{{0,3}}){{0,2}}"
    r"(?:here(?: is|'s) )?"
    rf"(?:(?:(?:my|the|our|我的|本)\s{{0,3}})?(?:(?:final|overall|最终|总体)的?\s{{0,3}})?{_VERDICT_WORD}"
    r"|(?:I|we)(?:'d| would| will|'ll)?\s(?:choose|pick|select|prefer|vote for|go with)"
    r"|我(?:会)?(?:选择?|判)|(?<!\w)\[RESULT\])"
    r"\s{0,3}(?:is|was|为|是)?\s{0,3}:?\s{0,3}$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"\s{0,6}(?:[.。!)*]{0,3}\s*$|[.。!*]{0,3}\s{0,6}\n|[.。!]\s)")
_SENTENCE_ENDS = ".!?。)]" + BLANK
_FOR_EXAMPLE = re.compile(
    r"(?:\be\.g\.|\bexample|\bfor instance|例如|比如|示例)\W{0,3}$", re.IGNORECASE
)
_LONGEST_VERDICT = 80


def without_quotations(text: str, is_cut: bool) -> str:
    """The text with quotations blanked, except one that is the verdict itself; in a truncated text
    a quotation may have lost its end.

    >>> without_quotations('It says "[[A]]". My verdict: `[[B]]`', is_cut=False).endswith(" [[B]] ")
    True
    """
    if not holds_any(text, _QUOTE_SIGNS):
        return text
    body = _QUOTED.sub(lambda match: _keep_or_blank(match, text, is_cut), text)
    opened = _OPEN_QUOTE.search(body) if is_cut else None
    return body[: opened.start()] if opened else body


def _keep_or_blank(match: re.Match[str], text: str, is_cut: bool) -> str:
    """The quotation blanked, or only its quotation marks where it is the verdict itself."""
    if len(match[0]) > _LONGEST_VERDICT or not _is_final(match, text, is_cut):
        return "".join("\n" if char == "\n" else BLANK for char in match[0])
    return _SIGNS.sub(lambda sign: " " * len(sign[0]), match[0])


def _is_final(match: re.Match[str], text: str, is_cut: bool) -> bool:
    """Whether a quotation is stated as the verdict: after "my verdict:", or alone at the end."""
    if not _GOES_ON.match(text, match.end()):
        return False
    before = text[max(match.start() - 100, 0) : match.start()]
    if _LEAD.search(before):
        return True
    if is_cut:  # the last line is the last one only by chance
        return False
    line = before.rpartition("\n")
    if line[2].strip() or text[match.end() :].strip(" \t\r\n.。!*"):
        return False
    above = before.rstrip()
    if _FOR_EXAMPLE.search(above):
        return False
    return not above or above[-1] in _SENTENCE_ENDS
