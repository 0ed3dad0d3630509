"""Numbers and sums in a text, read exactly and without `eval`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

__all__ = ["evaluate", "number_of", "tokenise"]

_MAX_DIGITS = 1000
_PLAIN = {0x2212: "-", 0xD7: "*", 0xF7: "/", 0xFF0D: "-", 0xFF0E: ".", 0xFF05: "%", 0xFF0C: ","} | {
    code: code - 0xFEE0 for code in range(0xFF10, 0xFF1A)
}
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][+-]?\d{1,4}(?!\d))?|(?<!\d)\.\d+"
_NUMBER = re.compile(
    rf"(?P<sign>(?<![\w)])[+-]\$?)?(?:\\[dt]?frac\{{(?P<top>{_DIGITS})\}}\{{(?P<bottom>{_DIGITS})\}}"
    rf"|(?P<number>{_DIGITS})(?:\s?/\s?(?P<over>{_DIGITS}))?)(?P<percent>\s?\\?%)?"
)
_LATEX = {r"\times": "*", r"\cdot": "*", r"\div": "/", r"\left": "", r"\right": "", "$": ""}
_TOKEN = re.compile(r"\s*([0-9]+|[-+*/()])")
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "negate": 3}
_OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def number_of(text: str) -> Fraction | None:
    """The number if the text is nothing else, apart from ``$`` signs and a final full stop.

    >>> number_of("$1,000."), number_of("12 apples")
    (Fraction(1000, 1), None)
    """
    ascii_text = text.translate(_PLAIN).strip().removesuffix(".").removesuffix("。").strip("$ \t")
    match = _NUMBER.fullmatch(ascii_text)
    return _value(match) if match else None


def _value(match: re.Match[str]) -> Fraction | None:
    if match.end() - match.start() > _MAX_DIGITS:
        return None
    top = _fraction(match["number"] or match["top"])
    below = match["over"] or match["bottom"]
    bottom = _fraction(below) if below else Fraction(1)
    if not bottom:
        return None
    value = top / bottom / (100 if match["percent"] else 1)
    return -value if "-" in (match["sign"] or "") else value


def _fraction(digits: str) -> Fraction:
    return Fraction(digits.replace(",", ""))


def tokenise(expression: str) -> list[str]:
    r"""The numbers, operators and parentheses of an expression of whole numbers.

    Raises: ValueError at any other character.

    >>> tokenise(r"(1 + 2) × 3 \div 4")
    ['(', '1', '+', '2', ')', '*', '3', '/', '4']
    """
    source = expression.translate(_PLAIN)
    for macro, sign in _LATEX.items():
        source = source.replace(macro, sign)
    source = source.rstrip()
    tokens, at = [], 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if not match:
            raise ValueError(f"{source[at:].lstrip()[:1]!r} is not arithmetic")
        tokens.append(match.group(1))
        at = match.end()
    return tokens


def evaluate(tokens: Sequence[str]) -> Fraction:
    """The exact value of a tokenised expression; any depth of parentheses, linear time.

    Raises: ValueError if it is malformed or divides by zero.

    >>> evaluate(tokenise("-(1 - 3) / 4"))
    Fraction(1, 2)
    """
    values: list[Fraction] = []
    for token in _postfix(tokens):
        if token == "negate":
            values[-1] = -values[-1]
        elif token in _OPERATIONS:
            right = values.pop()
            if token == "/" and not right:
                raise ValueError("divides by zero")
            values[-1] = _OPERATIONS[token](values[-1], right)
        else:
            values.append(Fraction(token))
    return values[0]


def _postfix(tokens: Sequence[str]) -> Iterator[str]:
    """The tokens in the order of evaluation (Dijkstra's shunting yard)."""
    waiting: list[str] = []
    is_operand_due = True
    for token in tokens:
        if is_operand_due and token == "-":
            waiting.append("negate")
            continue
        if is_operand_due == (token in _OPERATIONS or token == ")"):
            raise ValueError(f"{token[:20]!r} is out of place")
        if token == "(":
            waiting.append(token)
        elif token == ")":
            yield from _closed(waiting)
        elif token in _OPERATIONS:
            yield from _at_least(_PRECEDENCE[token], waiting)
            waiting.append(token)
            is_operand_due = True
        else:
            yield token
            is_operand_due = False
    if is_operand_due or "(" in waiting:
        raise ValueError("the expression is not complete")
    yield from reversed(waiting)


def _at_least(precedence: int, waiting: list[str]) -> Iterator[str]:
    """The waiting operators of at least that precedence, last first."""
    while waiting and _PRECEDENCE.get(waiting[-1], 0) >= precedence:
        yield waiting.pop()


def _closed(waiting: list[str]) -> Iterator[str]:
    """The waiting operators inside the parenthesis that closes."""
    yield from _at_least(1, waiting)
    if not waiting:
        raise ValueError("unmatched closing parenthesis")
    waiting.pop()
