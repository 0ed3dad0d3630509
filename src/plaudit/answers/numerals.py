r"""Number words of English and Chinese as numerals: "forty-two", 一百二十三, 三分之二.

The scans are single regular expressions over a text without digits; linear.
"""

from __future__ import annotations

import re
from fractions import Fraction

__all__ = ["SMALL", "chinese_numeral", "with_chinese_numerals", "with_english_numerals"]

SMALL = {
    "zero": 0,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
}
_TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_PARTS = {
    "half": 2,
    "halve": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "eleventh": 11,
    "twelfth": 12,
    "thirteenth": 13,
    "fifteenth": 15,
    "sixteenth": 16,
    "twentieth": 20,
    "hundredth": 100,
    "thousandth": 1000,
}
_UNIT_WORD = "|".join([*SMALL, *_TENS])
_NUMBER = (
    rf"(?:(?:{_UNIT_WORD})|an?(?=[ -](?:{'|'.join(_SCALES)})\b))"
    rf"(?:[ -](?:and[ -])?(?:{_UNIT_WORD}|{'|'.join(_SCALES)})\b)*"
)
_PART = rf"(?:{'|'.join(_PARTS)})s?"
_WORDS = re.compile(
    rf"\b(?:(?P<whole>{_NUMBER})(?: and |-and-)(?P<above2>an?|{_UNIT_WORD})[ -](?P<below2>{_PART})"
    rf"|(?P<above>an?|{_UNIT_WORD})[ -](?P<below>{_PART})(?![ -](?:{_PART}|root|power|day|time)\b)"
    rf"|(?P<number>{_NUMBER}))\b",
    re.IGNORECASE,
)

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SIZES = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_NUMERAL = "[零〇一二两三四五六七八九十百千万萬亿億]+(?:点[零〇一二三四五六七八九]+)?"
_CHINESE = re.compile(
    rf"(?:(?P<whole>{_NUMERAL})又)?(?P<below>百|{_NUMERAL})分之(?P<above>{_NUMERAL})"
    rf"|(?P<number>{_NUMERAL})"
)
_NO_NUMBER_BEFORE = "第统同唯万"
_NO_NUMBER_AFTER = "共般起样定直些下种切边方旦致旁向律"


def with_english_numerals(text: str) -> str:
    r"""A text without digits, its number words written as numerals.

    >>> with_english_numerals("forty-two apples, two thirds and three and a half")
    '42 apples, \\frac{2}{3} and \\frac{7}{2}'
    """
    return _WORDS.sub(_english, text)


def _english(match: re.Match[str]) -> str:
    if match["number"]:
        return str(_cardinal(match["number"]))
    if match["whole"]:
        part = _share(match["above2"], match["below2"])
        return _fraction(_cardinal(match["whole"]) + part)
    part = _share(match["above"], match["below"])
    return _fraction(part)


def _share(above: str, below: str) -> Fraction:
    below = below.lower()
    size = _PARTS.get(below) or _PARTS[below.removesuffix("s")]
    return Fraction(1 if above.lower() in ("a", "an") else _cardinal(above), size)


def _fraction(value: Fraction) -> str:
    return f"\\frac{{{value.numerator}}}{{{value.denominator}}}"


def _cardinal(words: str) -> int:
    total = current = 0
    for word in re.split(r"[ -]+", words.lower()):
        if word in SMALL:
            current += SMALL[word]
        elif word in _TENS:
            current += _TENS[word]
        elif word == "hundred":
            current = (current or 1) * 100
        elif word in _SCALES:
            total += (current or 1) * _SCALES[word]
            current = 0
        elif word in ("a", "an"):
            current = 1
    return total + current


def with_chinese_numerals(text: str) -> str:
    r"""A text with its Chinese numerals and fractions written as numerals.

    >>> with_chinese_numerals("一百二十三个, 三分之二, 百分之三十, 零点五, 一共")
    '123个, \\frac{2}{3}, 30%, 0.5, 一共'
    """
    return _CHINESE.sub(_chinese, text)


def _chinese(match: re.Match[str]) -> str:
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    if match["number"]:
        if before in _NO_NUMBER_BEFORE and before:
            return match.group()
        if match.group() == "一" and after and after in _NO_NUMBER_AFTER:
            return match.group()
        value = chinese_numeral(match["number"])
        return match.group() if value is None else _decimal(value)
    above, below = chinese_numeral(match["above"]), chinese_numeral(match["below"])
    whole = chinese_numeral(match["whole"]) if match["whole"] else Fraction(0)
    if above is None or not below or whole is None:
        return match.group()
    if match["below"] == "百" and not match["whole"]:
        return _decimal(above) + "%"
    value = whole + above / below
    return _fraction(value)


def _decimal(value: Fraction) -> str:
    """A terminating decimal without an exponent."""
    if value.denominator == 1:
        return str(value.numerator)
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str(int(value * 10**places)).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"


def chinese_numeral(text: str) -> Fraction | None:
    """The value of a Chinese numeral, or None where the characters form none.

    >>> chinese_numeral("两千零五"), chinese_numeral("三万"), chinese_numeral("十十")
    (Fraction(2005, 1), Fraction(30000, 1), None)
    """
    whole, _, places = text.partition("点")
    value = _chinese_whole(whole)
    if value is None:
        return None
    digits = "".join(str(_DIGITS[c]) for c in places)
    return Fraction(value) + (Fraction(int(digits), 10 ** len(digits)) if digits else 0)


def _chinese_whole(text: str) -> int | None:
    if len(text) > 1 and all(c in _DIGITS for c in text):  # 二〇二六
        return int("".join(str(_DIGITS[c]) for c in text))
    total = section = digit = 0
    size = 10**9
    for c in text:
        if c in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[c]
        elif c in _SIZES:
            if _SIZES[c] >= size:
                return None
            size = _SIZES[c]
            section += (digit or 1) * size
            digit = 0
        else:
            total = (total + section + digit) * _MYRIADS[c]
            section = digit = 0
            size = 10**9
    return total + section + digit
