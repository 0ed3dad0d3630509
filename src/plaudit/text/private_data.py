"""Private data in text: e-mail addresses, phone and card numbers, Chinese identity numbers, IPs.

Numbers with a check digit count only if it is right, phone numbers only in ranges that a country
has assigned (phonenumbers' tables), and numbers in a calculation do not count.
Values reserved for examples (example.com, 555-0100, private networks) are not private. Every scan
is one pass.
"""

from __future__ import annotations

import datetime
import functools
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from plaudit.errors import MissingExtra

__all__ = ["FINDERS", "has_id_check_digit", "has_luhn_digit"]

_FULL_WIDTH = {0xFF10 + digit: 0x30 + digit for digit in range(10)} | {0xFF20: 0x40, 0xFF0E: 0x2E}

# --- numbers --------------------------------------------------------------------------------------

_DIGITS = re.compile(r"[0-9]+(?:[ -][0-9]+)*")
_ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<![0-9A-Za-z.+])(?:\+|\(?[0-9])[0-9() -]*[0-9]")
# A mark is an operator if an operand follows it: **bold** digits are no product.
_EQUALS_BEFORE = re.compile(r" ?= ?-?$")
_WORD_BEFORE = re.compile(r"[^\W\d]{3}$")
_COUNTED_BEFORE = re.compile(
    r"(?:[0-9)\]}]|(?<![A-Za-z])[A-Za-z]) ?[-+*/^×÷·]{1,2} ?$|[≈≡≤≥\\{$_] ?$|[0-9][,.]$"
)
_COUNTED_AFTER = re.compile(
    r" ?[-+*/^×÷·]{1,2} ?(?:[0-9(\[{\\]|[A-Za-z](?![A-Za-z]))| ?[=≈≡≤≥\\}$%^]|[,.][0-9]|[A-Za-z]"
)
_CARD_LAYOUTS = ((4, 4, 4, 4), (4, 6, 5), (4, 4, 4, 4, 3), (4, 6, 4))
_PROVINCE = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_ID_WEIGHTS = tuple(2 ** (17 - i) % 11 for i in range(17))
_MOBILE = re.compile(r"(?:86)?1[3-9][0-9]{9}")
_CHINESE = re.compile(r"\(?0[1-9][0-9]{1,2}\)?[ -][0-9]{3,4}[ -]?[0-9]{4}|[48]00-[0-9]{3}-[0-9]{4}")
_AMERICAN = re.compile(
    r"(?:1[ -]?)?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ -])[2-9][0-9]{2}[ -][0-9]{4}"
)
_FICTION = re.compile(r"[2-9][0-9]{2}55501[0-9]{2}")  # 555-0100 to 555-0199


def has_luhn_digit(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others (ISO/IEC 7812-1, annex B).

    >>> has_luhn_digit("79927398713"), has_luhn_digit("79927398710")
    (True, False)
    """
    doubled = sum(sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0


def has_id_check_digit(number: str) -> bool:
    """Whether the last of 18 places is the check digit of the others (GB 11643, ISO 7064 MOD 11-2).

    >>> has_id_check_digit("11010519491231002X"), has_id_check_digit("110105194912310021")
    (True, False)
    """
    total = sum(weight * int(d) for weight, d in zip(_ID_WEIGHTS, number[:17], strict=True))
    return "10X98765432"[total % 11] == number[17].upper()


def _cards(text: str) -> Iterator[str]:
    for match in _DIGITS.finditer(text):
        run = match.group()
        if len(run) < 13 or len(run) > 23 or _is_counted(text, match.start(), match.end()):
            continue
        groups = re.split("[ -]", run)
        digits = "".join(groups)
        layout = tuple(map(len, groups))
        if (len(groups) == 1 or layout in _CARD_LAYOUTS) and _is_card(digits):
            yield digits


def _is_card(digits: str) -> bool:
    return len(digits) in _card_lengths(digits) and len(set(digits)) > 1 and has_luhn_digit(digits)


def _card_lengths(digits: str) -> tuple[int, ...]:
    """The lengths that the issuer's prefix allows; empty for a prefix that no issuer has."""
    first = int(digits[:4])
    if digits[0] == "4":
        return (13, 16, 19)
    if digits[:2] in ("34", "37"):
        return (15,)
    if 5100 <= first <= 5599 or 2221 <= first <= 2720 or digits[:2] in ("35", "65"):
        return (16,)
    if digits[:2] == "62" or digits[:4] == "6011" or 6440 <= first <= 6499:
        return (16, 17, 18, 19)
    return (14,) if digits[:2] in ("36", "38", "39", "30") else ()


def _id_numbers(text: str) -> Iterator[str]:
    for match in _ID_NUMBER.finditer(text):
        number = match.group()
        if (
            _PROVINCE.match(number)
            and _is_date(number[6:14])
            and has_id_check_digit(number)
            and not _is_counted(text, match.start(), match.end())
        ):
            yield number.upper()


def _is_date(digits: str) -> bool:
    try:
        born = datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return 1850 <= born.year <= 2100


def _phones(text: str) -> Iterator[str]:
    _phone_library()  # without it no text is scored, whether it has digits or not
    for match in _PHONE.finditer(text):
        run = match.group()
        digits = re.sub("[^0-9]", "", run) if len(run) <= 24 else ""
        if (
            8 <= len(digits) <= 15
            and not _is_counted(text, match.start(), match.end())
            and _is_phone(run if ")" in run else run.lstrip("("), digits)
        ):
            yield digits


def _is_phone(run: str, digits: str) -> bool:
    """Whether the digits are written as phone numbers are, and the country has such a number."""
    if run.startswith("+"):
        is_real = run[1] != " " and not (digits[0] == "1" and _FICTION.fullmatch(digits[1:]))
        return is_real and _is_assigned(run, None)
    if _AMERICAN.fullmatch(run):
        return not _FICTION.fullmatch(digits[-10:]) and _is_assigned(run, "US")
    if _MOBILE.fullmatch(digits):
        groups = [len(group) for group in re.split("[ -]", run.lstrip("("))]
        is_written_so = groups[-3:] == [3, 4, 4] or groups[-1] >= 11
        return is_written_so and _is_assigned(digits[-11:], "CN")
    return _CHINESE.fullmatch(run) is not None and _is_assigned(run, "CN")


def _is_assigned(run: str, region: str | None) -> bool:
    """Whether the number is in a range that its country, or `region`, has assigned."""
    library = _phone_library()
    try:
        return library.is_valid_number(library.parse(run, region))
    except library.NumberParseException:
        return False


@functools.cache
def _phone_library() -> Any:
    try:
        import phonenumbers
    except ImportError:
        raise MissingExtra.of("phone numbers", package="phonenumbers", extra="phone") from None
    return phonenumbers


def _is_counted(text: str, start: int, end: int) -> bool:
    """Whether the number is an operand, inside mathematics, or part of something longer."""
    before, after = text[max(0, start - 16) : start], text[end : end + 16]
    if equals := _EQUALS_BEFORE.search(before):
        return not _WORD_BEFORE.search(before[: equals.start()])
    return bool(_COUNTED_BEFORE.search(before) or _COUNTED_AFTER.match(after))


# --- addresses ------------------------------------------------------------------------------------

_LOCAL = re.compile(r"[A-Za-z0-9._%+-]{1,64}$")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])")
_RESERVED = re.compile(r"(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)$")
_IPV4 = re.compile(r"(?<![\w.])[0-9]+(?:\.[0-9]+)+(?![\w]|\.\w)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{1,4}(?::{1,2}[0-9A-Fa-f]{1,4})+(?![\w:])")


def _emails(text: str) -> Iterator[str]:
    place = text.find("@")
    while place >= 0:
        domain = _DOMAIN.match(text, place + 1)
        local = _LOCAL.search(text[max(0, place - 64) : place]) if domain else None
        if domain and local and not _RESERVED.search(domain.group().lower()):
            yield f"{local.group().lstrip('.-')}@{domain.group()}".lower()
        place = text.find("@", place + 1)


def _ips(text: str) -> Iterator[str]:
    for match in _IPV4.finditer(text):
        digits = match.group()
        named = text[max(0, match.start() - 9) : match.start()].lower()
        if (
            len(digits) >= 10
            and digits.count(".") == 3
            and not re.search(r"v(?:ersion)? ?$", named)
        ):
            yield from _public(digits)
    for match in _IPV6.finditer(text):
        if 4 <= len(match.group().replace("::", ":").split(":")) <= 8:
            yield from _public(match.group())


def _public(address: str) -> Iterator[str]:
    try:
        if len(address) <= 39 and (ip := ipaddress.ip_address(address)).is_global:
            yield str(ip)
    except ValueError:
        return


def _listing(find: Callable[[str], Iterator[str]]) -> Callable[[str], list[str]]:
    """The distinct finds in text order, with full-width digits read as digits."""
    return lambda text: list(dict.fromkeys(find(text.translate(_FULL_WIDTH))))


FINDERS: Mapping[str, Callable[[str], list[str]]] = {
    "email": _listing(_emails),
    "phone": _listing(_phones),
    "card": _listing(_cards),
    "cn_id": _listing(_id_numbers),
    "ip": _listing(_ips),
}
