"""What a program printed against what it should have printed.

A row of a published layout is compared as its grader compares ("livecodebench", "apps", "verl",
"codecontests", "stripped", "trimmed"; see `plaudit.grading.layouts`). Else the default is "tokens":
stdin problems differ from their own reference output in spaces, line ends and blank lines, and most
judges compare tokens unless layout is the task. "lines" also holds the program to its line breaks,
"float" forgives rounding, "exact" forgives a final newline only. Integers compare exactly in all
modes.

Linear in the texts, and bounded by the expected text where they differ: nothing of a long hostile
output is split beyond the number of expected tokens.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from itertools import zip_longest
from typing import Literal

from plaudit.errors import ConfigError, clipped, did_you_mean

__all__ = ["MODES", "PUBLISHED", "Mode", "first_difference", "same_output"]

Mode = Literal[
    "exact",
    "lines",
    "tokens",
    "float",
    "stripped",
    "trimmed",
    "livecodebench",
    "verl",
    "apps",
    "codecontests",
]
MODES: tuple[Mode, ...] = ("exact", "lines", "tokens", "float")
PUBLISHED: tuple[Mode, ...] = (
    "stripped",
    "trimmed",
    "livecodebench",
    "verl",
    "apps",
    "codecontests",
)
Near = Callable[[float, float], bool]

_INTEGER = re.compile(rb"([+-]?)([0-9]+)")
_NUMBER = re.compile(rb"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_PARTS = re.compile(rb"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?")
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
    "exact": equal except for newlines at the very end;
    "lines": equal lines, where white space at the end of a line, blank lines at the end, a carriage
    return before a newline and a byte order mark do not count;
    "tokens": equal sequences of words, split at ASCII white space;
    "float": as "tokens", but two decimal numbers of which at least one is not an integer are equal
    within `tolerance`, absolutely or relative to the expected one; an integer equals the same
    integer only (7, 007, 7.0 and 7e0 are one), nan equals nan, an infinity the same infinity, in
    any case of letters;
    "stripped": equal lines, where white space around each line and around all of it does not count;
    "trimmed": equal texts, where white space around all of it does not count, nor around lines
    where all of them are single characters;
    "livecodebench": as "stripped", or in each line the same decimal numbers (0.5 is 0.50);
    "verl": as "stripped" without blank lines, or one number in each line, near as by
    `numpy.allclose`;
    "apps": as "verl", or the same words in each line, or only numbers, equal to three decimals;
    "codecontests": as "tokens" in any case of letters, and numbers within 1e-5.

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
    if mode not in (*MODES, *PUBLISHED):
        modes = (*MODES, *PUBLISHED)
        hint = did_you_mean(mode, modes) or f"; one of {', '.join(modes)}"
        raise ConfigError(f"unknown mode of comparison {clipped(mode)}{hint}")
    if actual == expected:
        return ""
    if mode == "exact":
        return _exact(actual.rstrip("\n"), expected.rstrip("\n"))
    if mode == "trimmed":
        return _trimmed(actual.replace("\r\n", "\n"), expected.replace("\r\n", "\n"))
    actual, expected = actual.removeprefix("\ufeff"), expected.removeprefix("\ufeff")
    if mode == "lines":
        return _lines(actual, expected)
    if mode in ("stripped", "livecodebench"):
        return _stripped(actual, expected, mode == "livecodebench")
    if mode in ("verl", "apps"):
        return _numbered(actual, expected, mode == "apps")
    if mode == "codecontests":
        return _tokens(_bytes(actual).lower(), _bytes(expected).lower(), _within_1e5)
    near = None if mode == "tokens" else _within(tolerance)
    return _tokens(_bytes(actual), _bytes(expected), near)


def _within(tolerance: float) -> Near:
    return lambda actual, expected: abs(actual - expected) <= tolerance * max(1.0, abs(expected))


def _within_1e5(actual: float, expected: float) -> bool:
    return abs(actual - expected) < 1e-5


def _close(actual: float, expected: float) -> bool:
    """As `numpy.allclose` by default: an infinity is close to itself only, nan to nothing."""
    if actual == expected:
        return True
    return (
        abs(actual) != math.inf and abs(actual - expected) <= 1e-8 + 1e-5 * abs(expected) < math.inf
    )


def _bytes(text: str) -> bytes:
    """UTF-8, since bytes split at ASCII white space only; a lone surrogate stays what it is."""
    return text.encode("utf-8", "surrogatepass")


def _exact(actual: str, expected: str) -> str:
    if actual == expected:
        return ""
    place = _common(actual, expected)
    line = expected.count("\n", 0, place) + 1
    target, output = expected[place : place + 40], actual[place : place + 40]
    return _mismatch(f"line {line}, character {place + 1}", target or None, output or None)


def _trimmed(actual: str, expected: str) -> str:
    """TACO's comparison, which by its last step takes blanks around lines of one character."""
    if all(len(line.strip()) < 2 for line in expected.strip().split("\n")):
        return _stripped(actual, expected, False)
    return _exact(actual.strip(), expected.strip())


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
    expected_lines = [line.rstrip(_BLANK) for line in expected.rstrip(_BLANK + "\n").split("\n")]
    whole = actual.rstrip(_BLANK + "\n")
    actual_lines = whole.split("\n", len(expected_lines))  # at most one line more than is wanted
    for number, (want, line) in enumerate(zip_longest(expected_lines, actual_lines), 1):
        line = None if line is None else line.rstrip(_BLANK)
        if want != line:
            return _mismatch(f"line {number}", want, line)
    return ""


def _stripped(actual: str, expected: str, is_decimal: bool) -> str:
    """Line by line, white space around lines left out; `is_decimal`: or the same numbers."""
    expected_lines = [line.strip() for line in expected.strip().split("\n")]
    actual_lines = actual.strip().split("\n", len(expected_lines))
    for number, (want, line) in enumerate(zip_longest(expected_lines, actual_lines), 1):
        line = None if line is None else line.strip()
        same = want == line or (is_decimal and want and line and _same_decimals(line, want))
        if not same:
            return _mismatch(f"line {number}", want, line)
    return ""


def _same_decimals(line: str, want: str) -> bool:
    expected_tokens = want.split()
    tokens = line.split(None, len(expected_tokens))
    if len(expected_tokens) != len(tokens):
        return False
    try:
        return [Decimal(token) for token in tokens] == [Decimal(token) for token in expected_tokens]
    except ArithmeticError:  # no number, or a signalling nan
        return False


def _numbered(actual: str, expected: str, is_loose: bool) -> str:
    """APPS' and verl's comparison, one reading for all lines; blank lines are left out."""
    expected_lines = [line.strip() for line in expected.split("\n") if line.strip()]
    # programs that print more blank lines than this are not forgiven them
    parts = actual.strip().split("\n", 4 * len(expected_lines) + 1000)
    actual_lines = [line.strip() for line in parts if line.strip()]
    for number, (want, line) in enumerate(zip_longest(expected_lines, actual_lines), 1):
        if want is None or line is None:
            return _mismatch(f"line {number}", want, line)
    pairs = list(zip(actual_lines, expected_lines, strict=True))
    readings: list[Callable[[str, str], bool]] = [str.__eq__]
    if is_loose:
        readings += [_is_close, lambda line, want: line.split() == want.split(), _is_rounded]
    elif not all(line.isdigit() and want.isdigit() for line, want in pairs):
        readings.append(_is_close)  # verl compares whole numbers as text: 03 is not 3
    if any(all(same(line, want) for line, want in pairs) for same in readings):
        return ""
    for number, (line, want) in enumerate(pairs, 1):
        if not any(same(line, want) for same in readings):
            return _mismatch(f"line {number}", want, line)
    return "no one reading (text, numbers) holds for all lines"


def _is_close(line: str, want: str) -> bool:
    return _is_near(_bytes(line), _bytes(want), _close)


def _is_rounded(line: str, want: str) -> bool:
    """Numbers only, equal when they are rounded to three decimals."""
    expected_tokens = want.split()
    tokens = line.split(None, len(expected_tokens))
    pairs = zip(tokens, expected_tokens, strict=False)
    return len(expected_tokens) == len(tokens) and all(
        _is_near(_bytes(token), _bytes(want), _same_thousandths) for token, want in pairs
    )


def _same_thousandths(actual: float, expected: float) -> bool:
    return round(actual, 3) == round(expected, 3)


def _tokens(actual: bytes, expected: bytes, near: Near | None) -> str:
    expected_tokens = expected.split()
    # the rest of a longer output stays one piece
    actual_tokens = actual.split(None, len(expected_tokens))
    if actual_tokens == expected_tokens:
        return ""
    for number, (want, token) in enumerate(zip_longest(expected_tokens, actual_tokens), 1):
        if want != token and not _is_near(token, want, near):
            return _mismatch(f"token {number}", _decode_token(want), _decode_token(token))
    return ""


def _decode_token(token: bytes | None) -> str | None:
    return None if token is None else token[:200].decode("utf-8", "replace")


def _mismatch(place: str, expected: str | None, actual: str | None) -> str:
    want = "the end" if expected is None else clipped(expected)
    return f"{place}: expected {want}, found {'the end' if actual is None else clipped(actual)}"


def _is_near(actual: bytes | None, expected: bytes | None, near: Near | None) -> bool:
    if actual is None or expected is None or near is None:
        return False
    if _INTEGER.fullmatch(actual) or _INTEGER.fullmatch(expected):
        whole = _whole(actual), _whole(expected)
        if whole[0] and whole[1]:
            return whole[0] == whole[1]
    if _NUMBER.fullmatch(actual) and _NUMBER.fullmatch(expected):
        return _numbers_near(actual, expected, near)
    words = _SPECIAL.fullmatch(actual), _SPECIAL.fullmatch(expected)
    if words[0] and words[1]:
        return _special(words[0]) == _special(words[1])
    return False


def _whole(token: bytes) -> tuple[bool, bytes] | None:
    """The integer that a number is, as sign and digits; None for anything else.

    No `int()`, which is quadratic and refuses long texts; an exponent of more than four digits
    makes a number that is not looked at as an integer.
    """
    match = _PARTS.fullmatch(token)
    if match is None:
        return None
    sign, before, after, exponent = (part or b"" for part in match.groups())
    if len(exponent) > 5:
        return None
    shift = int(exponent or b"0")
    after = after.rstrip(b"0")
    if shift < 0:
        if after or (before[shift:].strip(b"0") and before.strip(b"0")):
            return None
        before = before[:shift]
    elif len(after) > shift:
        return None
    digits = (before + after + b"0" * max(0, shift - len(after))).lstrip(b"0")
    return (sign == b"-" and digits != b""), digits


def _special(match: re.Match[bytes]) -> tuple[bool, bytes]:
    kind = match[2].lower()[:3]
    return (match[1] == b"-" and kind != b"nan"), kind


def _numbers_near(actual: bytes, expected: bytes, near: Near) -> bool:
    actual_number, expected_number = float(actual), float(expected)
    if max(abs(actual_number), abs(expected_number)) < 1e300:
        return near(actual_number, expected_number)
    return _huge_near(_decimal(actual), _decimal(expected), near)


def _huge_near(actual: Decimal, expected: Decimal, near: Near) -> bool:
    """Numbers beyond float, by their quotient: what is near is near at 1e200 too."""
    if not expected:
        return False
    share = _WIDE.divide(actual, expected)
    is_alike = share.is_finite() and share.copy_abs() < 10  # abs() would use another context
    return is_alike and near(float(share) * 1e200, 1e200)


def _decimal(text: bytes) -> Decimal:
    """The number, its exponent held within what arithmetic can hold."""
    mantissa, mark, exponent = text.lower().partition(b"e")
    sign, digits = exponent[:1].strip(b"0123456789"), exponent.lstrip(b"+-").lstrip(b"0")
    if len(digits) > _LONG:
        digits = b"9" * _LONG
    tail = mark + sign + (digits or b"0") if mark else b""
    return _WIDE.create_decimal((mantissa + tail).decode("ascii"))
