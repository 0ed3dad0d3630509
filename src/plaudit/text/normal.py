"""A normal form in which different spellings of an answer are equal."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["nfkc", "normal", "tokens"]

_SLICE = 256
_HAN_KANA = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_MARKS = (
    "!\"#$&'()*/:;?@\\[\\\\\\]_`{},.\\-"
    "\u00a1-\u00a9\u00ab\u00ad\u00ae\u00b4\u00b6-\u00b8\u00bb\u00bf\u2010-\u2027\u2030-\u2043\u2045-\u205e"
    "\u20a0-\u20cf\u3001-\u3004\u3008-\u3020\u3030\u303d\u30fb\ufe30-\ufe4f"
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d\d\d(?!\d))")
_BETWEEN_DIGITS = re.compile(rf"(?<=\d)(?!\.)[{_MARKS}](?=\d)")
_DELETED = re.compile(
    rf"(?![.\-#])[{_MARKS}]|(?<!\b[a-z])#|\.(?!\d)|(?<!\b[b-z])-(?!\d)|(?<=\b[b-z])-(?=\w)"
    r"|(?<=[^\s(])(?<!\b[b-z])-"
)
_ARTICLES = re.compile(r"\b(?:an?|the)\b")
_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN_KANA}]) (?=[{_HAN_KANA}])")
_TOKEN = re.compile(rf"[{_HAN_KANA}]|[^\s{_HAN_KANA}]+")


def nfkc(text: str) -> str:
    """Unicode's NFKC form (full-width letters become plain ones), in linear time.

    The library's own is quadratic in a run of combining marks (52 s at 256k characters), so the
    text goes through it in slices; they are cut before a character that combines with nothing.

    >>> nfkc("Ａ１，㎏")
    'A1,kg'
    """
    if text.isascii():
        return text
    parts, start = [], 0
    while start < len(text):
        end = start + _SLICE
        while end < len(text) and unicodedata.combining(text[end]) and end < start + 2 * _SLICE:
            end += 1
        parts.append(unicodedata.normalize("NFKC", text[start:end]))
        start = end
    return "".join(parts)


def normal(text: str) -> str:
    """The text without case, punctuation, English articles and excess white space.

    The steps of SQuAD's evaluation (arXiv 1606.05250), with two differences: NFKC and Chinese
    punctuation are handled, and numbers survive (1.5 stays apart from 15, -5 from 5, 50% from 50,
    1/2 from 12), as do the names C# and B-. White space between Chinese characters is removed. A
    text that would become empty, such as "The" or "?!", keeps its articles and punctuation.

    >>> normal("The  answer: “１，０００” Km！"), normal("北 京。"), normal("The")
    ('answer 1000 km', '北京', 'the')
    """
    folded = nfkc(text).casefold().replace("\u2212", "-")
    words = _BETWEEN_DIGITS.sub(" ", _THOUSANDS.sub("", folded))
    words = " ".join(_ARTICLES.sub(" ", _DELETED.sub("", words)).split())
    return _BETWEEN_HAN.sub("", words or " ".join(folded.split()))


def tokens(text: str) -> list[str]:
    """The words of the normal form; each Chinese character or kana is one.

    >>> tokens("The Eiffel tower, 巴黎")
    ['eiffel', 'tower', '巴', '黎']
    """
    return _TOKEN.findall(normal(text))
