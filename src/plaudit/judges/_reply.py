# ruff: noqa: E501  (tables of patterns)
"""A judge's reply as text: what follows its thinking, in plain characters, without quotations."""

from __future__ import annotations

import html
import re
import unicodedata

from plaudit.judges._spec import holds_any, unread
from plaudit.think import FAMILIES, split

__all__ = [
    "BLANK",
    "CONCLUDING",
    "DISGUISES",
    "answered",
    "has_closing_mark",
    "is_mentioned",
    "line_of",
    "narrow",
    "plain",
    "sentence_of",
    "unquoted",
]

BLANK = "\ufffc"  # stands for a quoted character: it is no space, so a quotation joins nothing
DISGUISES = "&\\<*_~#"  # what `plain` makes of plain characters


def _marks(marks: list[str]) -> re.Pattern[str]:
    """A pattern for think marks, in any case and with space before the closing bracket."""
    return re.compile(
        "|".join(re.escape(mark).replace(">", r"\s{0,6}>") for mark in marks), re.IGNORECASE
    )


_TAGS = [family for family in FAMILIES if not family.is_prose]
_CLOSING = _marks([family.closing for family in _TAGS])
_CLOSING_STARTS = tuple({family.closing[0] for family in _TAGS})  # signs, which have no case
_OPENING = _marks([family.start for family in _TAGS if not family.is_word] + ["<thinking>"])


def has_closing_mark(text: str) -> bool:
    """Whether a text holds a mark that closes thinking."""
    return holds_any(text, _CLOSING_STARTS) and _CLOSING.search(text) is not None


def answered(text: str) -> str:
    """What stands behind the last think block, whatever the model's family.

    Raises: VerdictError for a block that is never closed.
    """
    thought = split(text)
    tail = thought.answer
    if thought.status == "unclosed":
        raise unread("truncated", "the think block is never closed", text)
    if tail:
        after = text[text.rfind(tail) + len(tail) :]
        if _OPENING.search(after):  # reasoning that is opened again and never closed
            raise unread("truncated", "the think block is never closed", text)
    closings = list(_CLOSING.finditer(tail))
    tail = tail[closings[-1].end() :] if closings else tail
    if _OPENING.search(tail) and _OPENING.search(unquoted(tail, is_cut=False)):
        raise unread("truncated", "the think block is never closed", text)
    return tail


# --- plain characters -----------------------------------------------------------------------------

# Where each alternative begins with a character of its own, the text between is passed over fast.
_EMPHASIS = re.compile(
    r"\*\*|__|\*(?:(?<!\w\*)(?=\S)|(?<=\S\*)(?!\w))|_(?:(?<!\w_)(?=\S)|(?<=\S_)(?!\w))"
)
_STRUCK = re.compile(
    r"~~[^~\n]{1,400}~~|<(del|s|strike)>[^<\n]{1,400}</\1>|<!--(?:[^-\n]|-(?!->)){0,400}-->"
)
_INLINE = re.compile(
    r"</?(?:b|i|u|em|strong|span|mark|font|center)(?:\s[^<>\n]{1,80})?>", re.IGNORECASE
)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+", re.MULTILINE)
_WIDE = tuple(zip("，：；！？（）【】", ",:;!?()[]", strict=True))
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3010: 91, 0x3011: 93}
# A raised digit is a footnote or a power, a fraction sign no division: NFKC makes both a digit.
_RAISED = re.compile(r"(?<=\d)[⁰¹²³⁴-⁹₀-₉]+")
_FRACTION = re.compile(r"[¼-¾⅐-⅞]")


def narrow(text: str) -> str:
    """The text with full-width letters, digits and signs made plain, every place as it was.

    >>> narrow("总体打分：【５】")
    '总体打分:[5]'
    """
    return text if text.isascii() else text.translate(_NARROW)


def plain(text: str) -> str:
    """The text in plain characters, without markup and what is struck out."""
    tail = text
    if not text.isascii():
        for wide, char in _WIDE:  # most Chinese text is normal after this, which is soon seen
            tail = tail.replace(wide, char)
        tail = _FRACTION.sub("半", _RAISED.sub("^", tail)).replace("\ufe0f", "")
        tail = unicodedata.normalize("NFKC", tail)
    tail = html.unescape(tail)
    if "<|" in tail:
        tail = re.sub(r"<\|[^<>|\n]{1,40}\|>", " ", tail)
    if "~~" in tail or "<" in tail:
        tail = _STRUCK.sub(lambda match: BLANK * len(match[0]), tail)
        tail = _INLINE.sub("", tail.replace("~~", ""))
    if "\\" in tail:
        tail = re.sub(r"\\([\[\](){}*_#>`\"'])", r"\1", tail)
    tail = _EMPHASIS.sub("", tail) if "*" in tail or "_" in tail else tail
    return (_HEADING.sub("", tail) if "#" in tail else tail).strip()


# --- quotations -----------------------------------------------------------------------------------

_QUOTED = re.compile(
    r"```.*?```|`[^`\n]*`|\"[^\"\n]*\"|“[^“”\n]*”|‘[^‘’\n]*’|「[^「」\n]*」|『[^『』\n]*』"
    r"|«[^«»\n]*»|(?<![\w\])])'[^'\n]*'(?![\w])|^[^\S\n]{0,6}>[^\n]*$",
    re.DOTALL | re.MULTILINE,
)
_QUOTE_SIGNS = "`\"'>“‘「『«"
_OPEN_QUOTE = re.compile(r"[\"`“‘「『«]")
_SIGNS = re.compile(r"^(?:```\w*|[`\"“‘「『«'>])|(?:```|[`\"”’」』»'])$")
CONCLUDING = (
    r"(?:so|thus|therefore|hence|overall|finally|conclusion|summary|ultimately|final|"
    r"因此|所以|综上(?:所述)?|总之|总的来说|总体而言|总体来看|综合来看|最后|最终|故)"
)
_VERDICT = (
    r"(?:verdict|decision|judge?ment|choice|answer|conclusion|winner|rating|score|result|"
    r"结论|判断|判定|裁决|选择|答案|评分|打分|得分|结果|胜者)"
)
# "So my final verdict is:", "I choose", "因此,最终结论是" at the start of a sentence.
_LEAD = re.compile(
    rf"(?:^|[.!?。;\n]\s{{0,6}})(?:(?:in )?{CONCLUDING}\s{{0,3}}[,:]?\s{{0,3}}){{0,2}}"
    rf"(?:(?:(?:my|the|our|我的|本)\s{{0,3}})?(?:(?:final|overall|最终|总体)的?\s{{0,3}})?{_VERDICT}"
    r"|(?:I|we)(?:'d| would| will|'ll)?\s(?:choose|pick|select|prefer|vote for|go with)"
    r"|我(?:会)?(?:选择?|判))"
    r"\s{0,3}(?:is|was|为|是)?\s{0,3}:?\s{0,3}$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"\s{0,6}(?:[.。!)*]{0,3}\s*$|[.。!*]{0,3}\s{0,6}\n|[.。!]\s)")
_ENDED = ".!?。)]" + BLANK
_LONGEST_VERDICT = 80


def unquoted(text: str, is_cut: bool) -> str:
    """The text with quotations blanked, but for the one that is the verdict itself; in a cut text a
    quotation may have lost its end.

    >>> unquoted('It says "[[A]]". My verdict: `[[B]]`', is_cut=False).endswith(" [[B]] ")
    True
    """
    if not holds_any(text, _QUOTE_SIGNS):
        return text
    body = _QUOTED.sub(lambda match: _kept(match, text), text)
    opened = _OPEN_QUOTE.search(body) if is_cut else None
    return body[: opened.start()] if opened else body


def _kept(match: re.Match[str], text: str) -> str:
    """A quotation blanked; or without its signs where it stands where a verdict stands."""
    if len(match[0]) > _LONGEST_VERDICT or not _is_final(match, text):
        return "".join("\n" if char == "\n" else BLANK for char in match[0])
    return _SIGNS.sub(lambda sign: " " * len(sign[0]), match[0])


def _is_final(match: re.Match[str], text: str) -> bool:
    """Whether a quotation is stated as the verdict: behind "my verdict:", or alone at the end."""
    if not _GOES_ON.match(text, match.end()):
        return False
    before = text[max(match.start() - 100, 0) : match.start()]
    if _LEAD.search(before):
        return True
    line = before.rpartition("\n")
    if line[2].strip() or text[match.end() :].strip(" \t\r\n.。!*"):
        return False
    above = before.rstrip()
    return not above or above[-1] in _ENDED


# --- sentences ------------------------------------------------------------------------------------

_ENDS = re.compile(r"\n|。|!|\?|;|\.(?=\s|$)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bcf\.)(?<!\bvs\.)")
_WINDOW = 300


def sentence_of(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence begins and ends that holds ``text[start:end]``, the sign at its end
    included; at most 300 characters to either side.

    >>> sentence_of("One. Two is [[A]]! Three", 12, 17)
    (4, 18)
    """
    low = max(start - _WINDOW, 0)
    ends = [match.end() for match in _ENDS.finditer(text, low, start)]
    after = _ENDS.search(text, end, min(end + _WINDOW, len(text)))
    return ends[-1] if ends else low, after.end() if after else min(end + _WINDOW, len(text))


_SUPPOSED = re.compile(
    r"\b(?:if|unless|whether|suppose|assuming)\b(?! I (?:had|have|must)| forced| pressed)|如果(?!必须|一定要|非要|只能)"
    r"|假如|倘若|除非|\b(?:example|e\.g|sample|template|placeholder)\b|例如|比如|示例|譬如",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"(?:\b(?:claims?|claimed|asks?|asked|wants?|wanted|demands?|requests?|expects?|expected|says|said|writes|wrote|"
    r"contains?|states?|previous|earlier|self-assigned|boasts?|pretends?|maximum|minimum|average|user's|ignore|"
    r"format|form|ends? with|hopes?|not|never|no)\b|n't\b|自称|声称|宣称|要求|写着|写道|上次|之前|原来|期望|希望|格式|忽略|"
    r"不(?:能|会|应|该|给|打|予|是)|满分为)[^,;]*$",
    re.IGNORECASE,
)


def is_mentioned(text: str, place: int) -> bool:
    """Whether what begins at a place is reported, supposed, denied or an example, by what its
    sentence says before.

    >>> is_mentioned("It claims a rating of 9", 12), is_mentioned("It is right, rating: 9", 13)
    (True, False)
    """
    before = text[sentence_of(text, place, place)[0] : place]
    return bool(_SUPPOSED.search(before) or _REPORTED.search(before))


def line_of(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the line begins and ends that holds ``text[start:end]``: at most 300 characters."""
    low, high = max(start - _WINDOW, 0), min(end + _WINDOW, len(text))
    begin, stop = text.rfind("\n", low, start), text.find("\n", end, high)
    return low if begin < 0 else begin + 1, high if stop < 0 else stop
