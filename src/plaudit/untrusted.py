"""Model text made safe to look at: in a report, on a terminal, in a spreadsheet.

A response may hold an escape sequence that rewrites the terminal, a direction override that shows
`100` for `001`, an invisible character, or a formula that a spreadsheet runs.
"""

from __future__ import annotations

import re

__all__ = ["clip", "csv_cell", "visible"]

_HIDDEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls but tab and newline
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, fillers, marks
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"  # widthless, bidi
    "\ud800-\udfff"  # lone surrogates
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # musical controls, tags, variation selectors
    "]"
)
_NAMES = {0: "NUL", 7: "BEL", 8: "BS", 13: "CR", 27: "ESC", 127: "DEL"}
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def visible(text: str) -> str:
    r"""The text with every control, invisible and direction-changing character shown.

    Tabs and newlines stay. Other controls, bidirectional and zero-width characters, tags and lone
    surrogates are spelled ``⟨U+202E⟩``, the best known by name (``⟨ESC⟩``). The result encodes as
    UTF-8 and can be printed (markup of rich is not touched: print it as plain text).

    >>> visible("a\x1b[31mb\u202ec\ud800")
    'a⟨ESC⟩[31mb⟨U+202E⟩c⟨U+D800⟩'
    """
    return text if text.isascii() and text.isprintable() else _HIDDEN.sub(_visible, text)


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"⟨{_NAMES.get(code) or f'U+{code:04X}'}⟩"


def csv_cell(text: str) -> str:
    """The text for a CSV cell: never a formula to a spreadsheet, else unchanged.

    What begins with ``=``, ``+``, ``-``, ``@`` (or their full-width forms, a tab or a line end),
    spaces before it aside, gets an apostrophe in front, unless it is a plain number. Quoting
    stays the CSV writer's work.

    >>> csv_cell("=cmd()"), csv_cell("-1.5"), csv_cell("a=b")
    ("'=cmd()", '-1.5', 'a=b')
    """
    if not text.lstrip(" \u00a0\u3000").startswith(_FORMULA_STARTS) or _is_number(text):
        return text
    return f"'{text}"


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text) is not None


def clip(text: str, limit: int) -> str:
    """The head and tail of a long text, with the number of characters left out between them.

    >>> clip("abcdefghij", 4)
    'abc\\n[… 6 characters left out …]\\nj'
    """
    if len(text) <= limit:
        return text
    tail = limit // 4
    head = limit - tail
    left_out = f"[… {len(text) - limit:,} characters left out …]"
    return f"{text[:head]}\n{left_out}\n{text[len(text) - tail :]}"
