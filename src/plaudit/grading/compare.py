"""What a program printed against what it should have printed.

The default is "tokens": published stdin problems (Codeforces, CodeContests, APPS, TACO) differ from
their own reference output in spaces, line ends and blank lines, and the judges they come from
compare tokens unless layout is the task. "lines" also holds the program to its line breaks, "float"
forgives rounding, "exact" forgives a final newline only.

Linear in the texts, and bounded by the expected text where they differ: nothing of a long hostile
output is split beyond the number of expected tokens.
"""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from itertools import zip_longest
from typing import Literal

from plaudit.errors import ConfigError, clipped, did_you_mean

__all__ = ["MODES", "Mode", "first_difference", "same_output"]

Mode = Literal["exact", "lines", "tokens", "float"]
MODES: tuple[Mode, ...] = ("exact", "lines", "tokens", "float")

_INTEGER = re.compile(rb"([+-]?)([0-9]+)")
_NUMBER = re.compile(rb"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPECIAL = re.compile(rb"([+-]?)(nan|inf(?:inity)?)", re.IGNORECASE)
# As wide as the library goes, and no signal raises: a printed exponent is anyone's choice.
_WIDE = Context(prec=40, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
_LONG = 12  # digits of an exponent that any Decimal can hold
_BLANK = " \t\r\v\f"


def same_output(
    actual: str, expected: str, *, mode: Mode = "tokens", tolerance: float = 1e-6
) -> bool:
    """Whether a program's output is the expected one.

    `mode`:
    "exact": equal but for newlines at the very end;
    "lines": equal lines, where white space at the end of a line, blank lines at the end, a carriage
    return before a newline and a byte order mark do not count;
    "tokens": equal sequences of words, split at ASCII white space;
    "float": as "tokens", but two decimal numbers of which at least one is no integer are equal
    within `tolerance`, absolutely or relative to the expected one; two integers are equal as
    numbers, nan equals nan, an infinity the same infinity, in any case of letters.

    Raises: ConfigError for an unknown mode.

    >>> same_output("1  2\\n\\n", "1 2"), same_output("1 2", "1 2 3")
    (True, False)
    >>> same_output("0.33333333", "0.333333333", mode="float")
    True
    """
    return not _difference(actual, expected, mode, tolerance)


def first_difference(
    actual: str, expected: str, *, mode: Mode = "tokens", tolerance: float = 1e-6
) -> str:
    """Where an output first differs, in words; empty where `same_output` holds.

    >>> first_difference("1 2", "1 3")
    "token 2: expected '3', found '2'"
    >>> first_difference("1", "1 3")
    "token 2: expected '3', found the end"
    """
    return _difference(actual, expected, mode, tolerance)


def _difference(actual: str, expected: str, mode: Mode, tolerance: float) -> str:
    if mode not in MODES:
        hint = did_you_mean(mode, MODES) or f"; one of {', '.join(MODES)}"
        raise ConfigError(f"unknown mode of comparison {clipped(mode)}{hint}")
    if actual == expected:
        return ""
    if mode == "exact":
        return _exact(actual.rstrip("\n"), expected.rstrip("\n"))
    actual, expected = actual.removeprefix("\ufeff"), expected.removeprefix("\ufeff")
    if mode == "lines":
        return _lines(actual, expected)
    return _tokens(_bytes(actual), _bytes(expected), tolerance if mode == "float" else None)


def _bytes(text: str) -> bytes:
    """UTF-8, since bytes split at ASCII white space only; a lone surrogate stays what it is."""
    return text.encode("utf-8", "surrogatepass")


def _exact(actual: str, expected: str) -> str:
    if actual == expected:
        return ""
    place = _common(actual, expected)
    line = expected.count("\n", 0, place) + 1
    wanted, found = expected[place : place + 40], actual[place : place + 40]
    return _said(f"line {line}, character {place + 1}", wanted or None, found or None)


def _common(first: str, second: str) -> int:
    """Length of the common beginning, by halving: comparing slices costs no Python loop."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _lines(actual: str, expected: str) -> str:
    wanted = [line.rstrip(_BLANK) for line in expected.rstrip(_BLANK + "\n").split("\n")]
    whole = actual.rstrip(_BLANK + "\n")
    found = whole.split("\n", len(wanted))  # at most one line more than is wanted
    for number, (want, line) in enumerate(zip_longest(wanted, found), 1):
        line = None if line is None else line.rstrip(_BLANK)
        if want != line:
            return _said(f"line {number}", want, line)
    return ""


def _tokens(actual: bytes, expected: bytes, tolerance: float | None) -> str:
    wanted = expected.split()
    found = actual.split(None, len(wanted))  # the rest of a longer output stays one piece
    if found == wanted:
        return ""
    for number, (want, token) in enumerate(zip_longest(wanted, found), 1):
        if want != token and not _is_near(token, want, tolerance):
            return _said(f"token {number}", _shown(want), _shown(token))
    return ""


def _shown(token: bytes | None) -> str | None:
    return None if token is None else token[:200].decode("utf-8", "replace")


def _said(place: str, wanted: str | None, found: str | None) -> str:
    want = "the end" if wanted is None else clipped(wanted)
    return f"{place}: expected {want}, found {'the end' if found is None else clipped(found)}"


def _is_near(actual: bytes | None, expected: bytes | None, tolerance: float | None) -> bool:
    if actual is None or expected is None or tolerance is None:
        return False
    integers = _INTEGER.fullmatch(actual), _INTEGER.fullmatch(expected)
    if integers[0] and integers[1]:
        return _integer(integers[0]) == _integer(integers[1])
    if _NUMBER.fullmatch(actual) and _NUMBER.fullmatch(expected):
        return _numbers_near(actual, expected, tolerance)
    words = _SPECIAL.fullmatch(actual), _SPECIAL.fullmatch(expected)
    if words[0] and words[1]:
        return _special(words[0]) == _special(words[1])
    return False


def _integer(match: re.Match[bytes]) -> tuple[bool, bytes]:
    """Sign and digits: no `int()`, which is quadratic and refuses long texts."""
    digits = match[2].lstrip(b"0")
    return (match[1] == b"-" and digits != b""), digits


def _special(match: re.Match[bytes]) -> tuple[bool, bytes]:
    kind = match[2].lower()[:3]
    return (match[1] == b"-" and kind != b"nan"), kind


def _numbers_near(actual: bytes, expected: bytes, tolerance: float) -> bool:
    found, wanted = float(actual), float(expected)
    largest = max(abs(found), abs(wanted))
    if largest < 1e300:
        return abs(found - wanted) <= tolerance * max(1.0, abs(wanted))
    return _huge_near(_decimal(actual), _decimal(expected), tolerance)


def _huge_near(found: Decimal, wanted: Decimal, tolerance: float) -> bool:
    """Numbers beyond float, by the relative distance alone."""
    distance = _WIDE.subtract(found, wanted).copy_abs()  # abs() would use another context
    bound = _WIDE.multiply(Decimal(tolerance), wanted.copy_abs())
    return _WIDE.compare(distance, bound) <= 0


def _decimal(text: bytes) -> Decimal:
    """The number, its exponent held within what arithmetic can hold."""
    mantissa, mark, exponent = text.lower().partition(b"e")
    sign, digits = exponent[:1].strip(b"0123456789"), exponent.lstrip(b"+-").lstrip(b"0")
    if len(digits) > _LONG:
        digits = b"9" * _LONG
    tail = mark + sign + (digits or b"0") if mark else b""
    return _WIDE.create_decimal((mantissa + tail).decode("ascii"))
