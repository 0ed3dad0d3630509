"""Text in plain characters: full width, traditional characters, markup, escapes."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

__all__ = ["BLANK", "DISGUISES", "has_word", "holds_any", "narrow", "simplify", "to_plain"]
BLANK = "\ufffc"  # replaces a quoted character: it is not a space, so it joins no words
DISGUISES = "&\\<*_~#"  # signs that `to_plain` removes or decodes
# Where each alternative begins with a character of its own, the text between is passed over fast.
_EMPHASIS = re.compile(
    r"\*\*|__|\*(?:(?<!\w\*)(?=\S)|(?<=\S\*)(?!\w))|_(?:(?<!\w_)(?=\S)|(?<=\S_)(?!\w))"
)
_WORD = re.compile(r"\w")
_STRUCK = re.compile(
    r"~~[^~\n]{1,400}~~|<(del|s|strike)>[^<\n]{1,400}</\1>|<!--(?:[^-\n]|-(?!->)){0,400}-->"
)
_INLINE = re.compile(
    r"</?(?:b|i|u|em|strong|span|mark|font|center)(?:\s[^<>\n]{1,80})?>", re.IGNORECASE
)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+", re.MULTILINE)
_WIDE = tuple(zip("，：；！？（）【】", ",:;!?()[]", strict=True))
# Traditional characters of the words that verdicts are made of, sign by sign.
_SIMPLE = str.maketrans(
    "總綜評體優勝較選擇輸結論斷終為從給個對錯誤覆無發則雖過並沒後說寫請條標題準滿數級當顯負遜稱這該應會認驗證"
    "確實還與兩貳陸獲贏強遠間處顆樣問戶範圍據釋維測計來傾於決讓聲現變調將項難別僅們裡卻儘勸傑頁價質創語識點審備細節簡潔詳邏輯風構內學舊類",
    "总综评体优胜较选择输结论断终为从给个对错误复无发则虽过并没后说写请条标题准满数级当显负逊称这该应会认验证"
    "确实还与两贰陆获赢强远间处颗样问户范围据释维测计来倾于决让声现变调将项难别仅们里却尽劝杰页价质创语识点审备细节简洁详逻辑风构内学旧类",
)
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3010: 91, 0x3011: 93}
_NARROW |= _SIMPLE
# A raised digit is a footnote or a power, a fraction sign no division: NFKC makes both a digit.
_RAISED = re.compile(r"(?<=\d)[⁰¹²³⁴-⁹₀-₉]+")
_FRACTION = re.compile(r"[¼-¾⅐-⅞]")


def holds_any(text: str, parts: Sequence[str]) -> bool:
    """Whether a text holds one of the parts."""
    for part in parts:  # noqa: SIM110  (a generator costs more than the checks)
        if part in text:
            return True
    return False


def has_word(text: str) -> bool:
    """Whether a text holds a letter or a digit of any script, or an underscore."""
    return _WORD.search(text) is not None


def narrow(text: str) -> str:
    """The text with full-width letters, digits and signs made plain and traditional characters
    simplified; no character moves.

    >>> narrow("總體打分：【５】")
    '总体打分:[5]'
    """
    return text if text.isascii() else text.translate(_NARROW)


def simplify(text: str) -> str:
    """The text with the traditional characters of verdicts simplified.

    >>> simplify("綜合評分")
    '综合评分'
    """
    return text if text.isascii() else text.translate(_SIMPLE)


def to_plain(text: str) -> str:
    """The text in plain characters, without markup and without text that is struck out."""
    tail = text
    if not text.isascii():
        for wide, char in _WIDE:  # most Chinese text is normal after this, which is soon seen
            tail = tail.replace(wide, char)
        tail = _FRACTION.sub("半", _RAISED.sub("^", tail)).replace("\ufe0f", "")
        tail = simplify(unicodedata.normalize("NFKC", tail))
    tail = html.unescape(tail)
    if "<|" in tail:
        tail = re.sub(r"<\|[^<>|\n]{1,40}\|>", " ", tail)
    if "~~" in tail or "<" in tail:
        tail = _STRUCK.sub(lambda match: BLANK * len(match[0]), tail)
        tail = _INLINE.sub("", tail.replace("~~", ""))
    if "\\" in tail:
        tail = re.sub(r"\\([\[\](){}*_#>`\"'])", r"\1", tail)
    if "*" in tail or "_" in tail:
        tail = _EMPHASIS.sub("", tail)
    return (_HEADING.sub("", tail) if "#" in tail else tail).strip()
