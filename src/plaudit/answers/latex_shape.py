"""Trees brought into one shape before they are compared: relations, intervals, signs, units."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

from plaudit.answers.latex_read import Node, children, rebuilt
from plaudit.answers.latex_real import Arithmetic, Complex, Undecided, Value
from plaudit.answers.latex_value import evaluate, symbols

__all__ = [
    "MIRRORED",
    "as_interval",
    "chosen",
    "has_choice",
    "is_assignment",
    "is_name",
    "is_numeral",
    "last_side",
    "merged",
    "other_unit",
    "shortened",
    "unlinked",
]

_LINKS = frozenset(("=", "\\approx", "\\in", "\\equiv", "\\to"))
MIRRORED = {"<": ">", ">": "<", "\\leq": "\\geq", "\\geq": "\\leq", "=": "=", "\\neq": "\\neq"}
_SORTING_DIGITS = 25
_NUMBERS = frozenset(("num", "digits", "base", "words", "rel"))


def unlinked(a: Node, b: Node) -> tuple[Node, Node]:
    """`x = 5` against `5` is 5 against 5: where one side is no relation, the last side counts."""
    if a[0] == "list" and not _holds_relation(b):
        a = ("list", [last_side(item) for item in a[1]])
    elif a[0] == "list" and b[0] == "list" and not _holds_relation(a):
        b = ("list", [last_side(item) if is_assignment(item) else item for item in b[1]])
    elif a[0] == "rel" and b[0] != "rel":
        a = last_side(a)
    elif is_assignment(b) and a[0] != "rel":
        b = last_side(b)
    return a, b


def _holds_relation(node: Node) -> bool:
    return any(item[0] == "rel" for item in (node[1] if node[0] == "list" else [node]))


def last_side(node: Node) -> Node:
    """What a chain of equations ends in, before it is rounded; other trees stay what they are."""
    if node[0] != "rel" or not _LINKS.issuperset(node[1]):
        return node
    is_rounded = node[1][-1] == "\\approx" and not is_name(node[2][-2])
    return node[2][-2] if is_rounded else node[2][-1]


def is_assignment(node: Node) -> bool:
    """Whether a relation gives a name a value: x = ..., f(x) = ..., AB/CD = ..., (p, q) = ..."""
    if node[0] != "rel" or not _LINKS.issuperset(node[1]):
        return False
    left = node[2][0]
    return (
        left[0] == "sym"
        or (left[0] == "mul" and is_name(left))
        or (is_name(left) and not symbols(node[2][-1]))
    )


def is_name(node: Node) -> bool:
    """Whether a tree holds names and no numbers; a constant alone is a number."""
    return bool(symbols(node)) and not _holds_number(node)


def _holds_number(node: Node) -> bool:
    return node[0] in _NUMBERS or any(map(_holds_number, children(node)))


def as_interval(node: Node) -> Node:
    """An inequality about one name as the interval that it describes: 1 < x is (1, oo)."""
    if node[0] != "rel" or len(node[1]) > 2:
        return node
    operators, sides = node[1:]
    if operators[0] in (">", "\\geq"):
        operators, sides = [MIRRORED.get(op, op) for op in reversed(operators)], sides[::-1]
    if any(operator not in ("<", "\\leq") for operator in operators):
        return node
    opening = "(" if operators[0] == "<" else "["
    closing = ")" if operators[-1] == "<" else "]"
    low, high = ("neg", ("const", "inf")), ("const", "inf")
    if len(operators) == 2 and is_name(sides[1]):
        return ("seq", opening, closing, [sides[0], sides[2]])
    if len(operators) == 1 and is_name(sides[0]):
        return ("seq", "(", closing, [low, sides[1]])
    if len(operators) == 1 and is_name(sides[1]):
        return ("seq", opening, ")", [sides[0], high])
    return node


def shortened(node: Node) -> Node:
    """x = 2 + 3 = 5 as x = 5."""
    if len(node[1]) > 1 and set(node[1]) == {"="}:
        return ("rel", ("=",), [node[2][0], node[2][-1]])
    return ("rel", tuple("=" if op == "\\approx" else op for op in node[1]), node[2])


def has_choice(node: Node) -> bool:
    """Whether a tree holds a plus-minus sign."""
    return node[0] in ("pm", "mp") or any(map(has_choice, children(node)))


def chosen(node: Node, sign: str) -> Node:
    """A tree with its plus-minus signs replaced by one choice."""
    if node[0] not in ("pm", "mp"):
        return rebuilt(node, lambda child: chosen(child, sign))
    inner = chosen(node[1], sign)
    return inner if (node[0] == "pm") == (sign == "+") else ("neg", inner)


def is_numeral(node: Node) -> bool:
    """Whether a tree is a whole number without a sign."""
    return node[0] == "num" and node[1].denominator == 1 and node[1] >= 0


def merged(parts: Sequence[Node]) -> list[Node]:
    """Intervals from left to right, those that touch made one. Raises Undecided."""
    field = Arithmetic(_SORTING_DIGITS)
    ends = []
    for part in parts:
        if part[0] != "seq" or len(part[3]) != 2:
            raise Undecided("not an interval")
        low, high = (_position(evaluate(end, {}, field)) for end in part[3])
        ends.append((low, part[1] == "(", high, part[2] == "]", part))
    ends.sort(key=lambda end: end[:4])
    found: list[tuple] = []
    for low, is_open, high, is_closed, part in ends:
        last = found[-1] if found else None
        if last and (low, is_open and not last[3]) <= (last[2], False):
            if (high, is_closed) > last[2:4]:
                joined = ("seq", last[4][1], part[2], [last[4][3][0], part[3][1]])
                found[-1] = (*last[:2], high, is_closed, joined)
        else:
            found.append((low, is_open, high, is_closed, part))
    return [part for *_, part in found]


def _position(x: Value) -> Decimal:
    """A real to twenty digits, for sorting."""
    if isinstance(x, Complex):
        raise Undecided("a complex end of an interval")
    limits = {"Emax": MAX_EMAX, "Emin": MIN_EMIN, "traps": []}
    return Context(prec=20, **limits).plus(Arithmetic(_SORTING_DIGITS).enclose(x).lo)


_UNIT_NAMES = {
    name: unit
    for unit, names in {
        "mm": "mm millimeter millimeters millimetre millimetres",
        "cm": "cm centimeter centimeters centimetre centimetres",
        "m": "m meter meters metre metres",
        "km": "km kilometer kilometers kilometre kilometres",
        "in": "in inch inches",
        "ft": "ft foot feet",
        "yd": "yd yard yards",
        "mi": "mi mile miles",
        "s": "s sec secs second seconds",
        "min": "min mins minute minutes",
        "h": "h hr hrs hour hours",
        "day": "day days",
        "week": "week weeks",
        "year": "year years",
        "g": "g gram grams",
        "kg": "kg kilogram kilograms",
        "cent": "cent cents",
        "dollar": "dollar dollars usd",
        "am": "am",
        "pm": "pm",
    }.items()
    for name in names.split()
}
_DECORATIONS = frozenset(("square", "sq", "cubic", "cu", "^1", "^2", "^3", "of"))


def other_unit(a: str, b: str) -> bool:
    """Whether both units are well known and differ: cents against dollars, a.m. against p.m."""
    if a.startswith("mod_") and b.startswith("mod_"):
        return a != b
    found = []
    for words in (a, b):
        plain = [word for word in words.split() if word not in _DECORATIONS]
        if len(plain) != 1 or plain[0] not in _UNIT_NAMES:
            return False
        found.append(_UNIT_NAMES[plain[0]])
    return found[0] != found[1]
