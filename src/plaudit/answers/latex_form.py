"""Forms that a whole answer may have: a choice with its value, a time of day."""

from __future__ import annotations

import re
from fractions import Fraction

from plaudit.answers.latex_read import Node

__all__ = ["clock_of", "option_of"]

_OPTION = re.compile(
    r"\\(?:textbf|text|textrm|mathbf|mathrm|bf|rm)\s*\{\s*(?:\(\s*([A-Z])\s*\)|([A-Z])[.:)])\s*[.:]?\s*\}"
    r"(?:\\[ ,;:!]|\\q?quad|[\s~:.])*(?P<any>[\d$\\(\[.-].*)"
    r"|\(([A-Z])\)(?:\\[ ,;:!]|\\q?quad|[\s~])+(?P<plain>[\d$\\(\[.-].*)"
    r"|([A-Z])[.)：:](?:\\[ ,;:!]|\\q?quad|[\s~])+(?P<behind>[\d$\\(\[.-].*)",
    re.DOTALL,
)
_OPERATORS = ("+", "*", "/", "^", "=", "_", "\\cdot", "\\times", "\\cap", "\\cup", "<", ">", "\\to")
_MORNING = "凌晨 清晨 早上 早晨 上午"
_EVENING = "中午 下午 傍晚 晚上 夜里"
_HALVES = {**dict.fromkeys(_MORNING.split(), "am"), **dict.fromkeys(_EVENING.split(), "pm")}
_MARKS = {"a": "am", "p": "pm"}
_COLON = r"(?:\\[!,;]|\s)*(?::|：|\\colon)(?:\\[!,;]|\s)*"
_TIME = re.compile(
    rf"(?P<day>{'|'.join(_HALVES)})?\s*(?P<hour>\d{{1,2}})"
    rf"(?:{_COLON}(?P<min>[0-5]\d)(?:{_COLON}(?P<sec>[0-5]\d))?"
    r"|\s*[点时]\s*(?:(?P<han>[0-5]?\d)\s*分?|(?P<half>半)|整)?)"
    r"(?:\s|~|\\[ ,;:!])*(?:\\(?:text|mathrm|mbox|textrm)\s*\{\s*)?"
    r"(?P<mark>[aApP]\.?\s?[mM]\.?)?\s*\}?"
)


def option_of(text: str) -> tuple[str, str] | None:
    r"""The letter and the value of a choice that states both; else None.

    >>> option_of(r"\textbf{(C)}\ 12"), option_of("(C) + 2"), option_of("B. 3/4")
    (('C', '12'), None, ('B', '3/4'))
    """
    if not text.startswith(("\\", "(")) and text[1:2] not in (".", ")", ":", "："):
        return None
    match = _OPTION.fullmatch(text)
    if match is None:
        return None
    letter = next(filter(None, (match[1], match[2], match[4], match[6])))
    rest = match["any"] or match["plain"] or match["behind"]
    return None if rest.startswith(_OPERATORS) else (letter, rest)


def clock_of(text: str, duration: Node | None = None) -> Node | None:
    r"""The time of day that a text is: seconds, half of the day, and what it may be otherwise.

    That is the ratio of 3:45, and the `duration` of 3时45分, which the caller reads.

    The half is "day" where an hour above 12 or of 0 says as much, and "" where nothing does.

    >>> clock_of("3:45 PM")[1:3], clock_of("15:45")[1:3], clock_of("下午3点45分")[1:3]
    ((56700, 'pm'), (56700, 'day'), (56700, 'pm'))
    >>> clock_of("3:45")[1:3], clock_of("3:4"), clock_of("30:45")
    ((13500, ''), None, None)
    """
    if len(text) > 60 or not (":" in text or "：" in text or "点" in text or "时" in text):
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hour, minute = int(match["hour"]), int(match["min"] or match["han"] or 30 * bool(match["half"]))
    half = _HALVES.get(match["day"] or "") or _MARKS.get((match["mark"] or "")[:1].lower(), "")
    is_bare = not (match["min"] or match["han"] or match["half"] or half)
    if hour > 24 or is_bare:  # 3点 may be 3 points
        return None
    otherwise = duration if "时" in text and not half else None
    if match["min"] and not match["sec"] and match["min"][0] != "0":
        otherwise = ("ratio", [("num", Fraction(hour)), ("num", Fraction(minute))])
    if half and hour <= 12:
        hour = hour % 12 + 12 * (half == "pm")
    elif hour > 12 or hour == 0:
        half = "day"
    return ("clock", hour * 3600 + minute * 60 + int(match["sec"] or 0), half, otherwise)
