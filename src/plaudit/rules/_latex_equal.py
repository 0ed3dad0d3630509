"""Whether two answers are the same: proved equal, proved different, or not known.

Every function returns True, False or None. True and False are proofs up to the precision stated in
`_numbers` and the random points of `_expressions`; None means that this reader cannot tell.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from plaudit.rules._latex_read import Node, Oversized, Unreadable, read
from plaudit.rules._latex_real import Arithmetic, Complex, Undecided, Value
from plaudit.rules._latex_token import bare, is_word, tokens_of
from plaudit.rules._latex_value import apart, evaluate, is_narrow, is_scalar, symbols

__all__ = ["Answer", "Percent", "answer_of", "same"]

Percent = Literal["value", "unit"]

_NUMERAL = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|[-+]?\.\d+")
MAX_CHARS = 10_000
_FIRST_DIGITS = 25
_PROOF_DIGITS = 60
_MAX_PROOF_DIGITS = 1500
_POINTS = 5
_MAX_UNORDERED = 40
_LINKS = frozenset(("=", "\\approx", "\\in", "\\equiv", "\\to"))
_MIRRORED = {"<": ">", ">": "<", "\\leq": "\\geq", "\\geq": "\\leq", "=": "=", "\\neq": "\\neq"}


class Answer(NamedTuple):
    """An answer as text, and read as far as it could be read."""

    text: str
    numeral: str | None
    tokens: tuple[str, ...] = ()
    node: Node | None = None


def answer_of(text: str) -> Answer:
    r"""Reads an answer, once per text. Raises Oversized for one too long or too deep to judge.

    >>> answer_of(" 1,234.50 ").numeral, answer_of(r"\frac12").node[0]
    ('1234.5', 'div')
    """
    text = bare(text)
    if _NUMERAL.fullmatch(text):
        numeral = _canonical(text)
        return Answer(text, numeral)
    if len(text) > MAX_CHARS:
        raise Oversized(f"{len(text)} characters long")
    tokens = tokens_of(text)
    return Answer(text, None, tuple(tokens), _node_of(tokens))


def same(answer: Answer, reference: Answer, *, percent: Percent = "value") -> bool | None:
    r"""Whether an answer is the reference.

    >>> same(answer_of("0.5"), answer_of(r"\frac{1}{2}"))
    True
    >>> same(answer_of("1/2^99"), answer_of("1/2^98")), same(answer_of("50%"), answer_of("50"))
    (False, False)
    """
    if answer.numeral is not None and reference.numeral is not None:
        return answer.numeral == reference.numeral
    if answer.tokens and answer.tokens == reference.tokens:
        return True
    letters = _letters(answer.tokens)
    if letters and letters == _letters(reference.tokens):
        return True
    a, b = (_numeral_node(x) if x.numeral is not None else x.node for x in (answer, reference))
    if a is None or b is None:
        return None
    size = len(answer.text) + len(reference.text)
    return _Comparison(percent, size).nodes(a, b)


def _node_of(tokens: list[str]) -> Node | None:
    try:
        return read(tokens)
    except Unreadable:
        return _last_side_of(tokens) or _sentence(tokens)


def _last_side_of(tokens: list[str]) -> Node | None:
    """Of an equation that cannot be read whole, what stands behind the last sign of equality."""
    for sign in ("=", "\\approx"):
        if sign in tokens:
            start = len(tokens) - tokens[::-1].index(sign)
            try:
                return ("rel", ("=",), [("opaque",), read(tokens[start:])])
            except Unreadable:
                return None
    return None


def _sentence(tokens: Sequence[str]) -> Node | None:
    """Tokens that hold so many words that they are prose, not mathematics."""
    words = sum(len(token) > 2 for token in tokens if is_word(token))
    if words < 2 and not (tokens and is_word(tokens[0])):
        return None
    return ("words", tuple(token.lstrip('"').lower() for token in tokens))


def _numeral_node(answer: Answer) -> Node:
    assert answer.numeral is not None
    return read(["-", answer.numeral[1:]] if answer.numeral[0] == "-" else [answer.numeral])


def _canonical(numeral: str) -> str:
    """A decimal numeral without what does not change it: 007 -> 7, -1,000.50 -> -1000.5."""
    sign = "-" if numeral[0] == "-" else ""
    whole, _, part = numeral.lstrip("+-").replace(",", "").partition(".")
    whole, part = whole.lstrip("0") or "0", part.rstrip("0")
    found = f"{whole}.{part}" if part else whole
    return found if found == "0" else sign + found


def _letters(tokens: Sequence[str]) -> str:
    """The letters of a token list that holds nothing else; words regardless of case."""
    found = []
    for token in tokens:
        letters = token.lstrip('"')
        if letters.isalpha():
            found.append(letters)
        elif token not in ("(", ")", ".", ",", "'", "{", "}"):
            return ""
        elif token == ",":
            found.append(",")
    joined = "".join(found)
    return joined if len(joined) == 1 else joined.lower()


class _Comparison:
    """Compares trees; `size` (the length of both texts) sets how many digits are a proof."""

    def __init__(self, percent: Percent, size: int) -> None:
        self.percent = percent
        self.proof_digits = min(_PROOF_DIGITS + 2 * size, _MAX_PROOF_DIGITS)

    def nodes(self, a: Node, b: Node) -> bool | None:
        a, b = _unlinked(a, b)
        if a[0] == "rel" or b[0] == "rel":
            return self.relations(a, b)
        if a[0] == "unit" and b[0] == "unit" and _other_unit(a[2], b[2]):
            return False
        a, b = self.bare_node(a), self.bare_node(b)
        if a[0] == "words" or b[0] == "words":
            return a == b
        if is_scalar(a) and is_scalar(b):
            return self.scalars(a, b)
        return self.containers(a, b)

    def bare_node(self, node: Node) -> Node:
        """A tree without its unit, its degree sign, and both cases of a plus-minus apart."""
        while node[0] in ("unit", "deg") or (node[0] == "pct" and self.percent == "unit"):
            node = node[1]
        if is_scalar(node) and _has_choice(node):
            return ("list", [_chosen(node, "+"), _chosen(node, "-")])
        return node

    # -- several numbers

    def containers(self, a: Node, b: Node) -> bool | None:
        kinds = {a[0], b[0]}
        if kinds == {"seq"}:
            return a[1:3] == b[1:3] and self.in_order(a[3], b[3])
        if kinds == {"matrix"}:
            return len(a[1]) == len(b[1]) and _all(map(self.in_order, a[1], b[1]))
        if kinds == {"ratio"}:
            return self.in_order(a[1], b[1])
        if kinds == {"list", "seq"}:
            return self.list_as_tuple(a, b)
        if kinds <= {"list", "set"}:
            return self.in_any_order(_items(a), _items(b))
        if kinds <= {"union", "seq"}:
            return self.unions(a, b)
        return self.mixed(a, b)

    def unions(self, a: Node, b: Node) -> bool | None:
        """Sets of reals, whatever intervals they were cut into."""
        try:
            parts = [_merged(node[1] if node[0] == "union" else [node]) for node in (a, b)]
        except Undecided:
            if a[0] != b[0]:
                tuples = [node for node in (a, b) if node[0] == "seq" and len(node[3]) != 2]
                return False if tuples else None
            return True if self.in_any_order(a[1], b[1]) else None
        if [part[1:3] for part in parts[0]] != [part[1:3] for part in parts[1]]:
            return False
        return _all(self.in_order(p[3], q[3]) for p, q in zip(*parts, strict=True))

    def mixed(self, a: Node, b: Node) -> bool | None:
        """One number against several."""
        for one, other in ((a, b), (b, a)):
            if one[0] == "ratio" and is_scalar(other) and len(one[1]) == 2:
                return self.scalars(("div", *one[1]), other) or False
            if one[0] == "set" and is_scalar(other) and len(one[1]) == 1:
                return self.nodes(one[1][0], other)
        return False

    def list_as_tuple(self, a: Node, b: Node) -> bool | None:
        items, bracketed = (a[1], b) if a[0] == "list" else (b[1], a)
        if bracketed[1:3] != ("(", ")"):
            return False
        return self.in_order(items, bracketed[3])

    def in_order(self, a: Sequence[Node], b: Sequence[Node]) -> bool | None:
        return len(a) == len(b) and _all(map(self.nodes, a, b))

    def in_any_order(self, a: Sequence[Node], b: Sequence[Node]) -> bool | None:
        if len(a) != len(b):
            return False
        if len(a) > _MAX_UNORDERED:
            return self.in_order(a, b) or None
        left, unsure = list(b), False
        for item in a:
            verdicts = [self.nodes(item, other) for other in left]
            if True in verdicts:
                left.pop(verdicts.index(True))
            elif None in verdicts:
                unsure = True
            else:
                return False
        return None if unsure else True

    # -- relations

    def relations(self, a: Node, b: Node) -> bool | None:
        if a[0] != b[0]:  # an inequality against an interval or a number
            other, relation = (b, a) if a[0] == "rel" else (a, b)
            is_set = other[0] in ("seq", "union", "set", "list")
            return None if is_set and set(relation[1]) != {"="} else False
        a, b = _shortened(a), _shortened(b)
        if a[1] == b[1] and self.in_order(a[2], b[2]):
            return True
        if len(a[1]) != 1 or len(b[1]) != 1 or {*a[1], *b[1]} - _MIRRORED.keys():
            return None
        if _is_assignment(a) and _is_assignment(b):
            return False
        return self.proportional(a, b)

    def proportional(self, a: Node, b: Node) -> bool | None:
        """Whether lhs - rhs of the one is a constant times that of the other."""
        f, g = (("add", [node[2][0], ("neg", node[2][1])]) for node in (a, b))
        field = Arithmetic(_FIRST_DIGITS)
        ratios = set()
        for at in _points(symbols(f) | symbols(g)):
            try:
                ratios.add(field.div(evaluate(f, at, field), evaluate(g, at, field)))
            except Undecided:
                return None
        if len(ratios) != 1 or not isinstance(ratio := ratios.pop(), Fraction):
            return None
        operator = a[1][0] if ratio > 0 else _MIRRORED[a[1][0]]
        return True if operator == b[1][0] else None

    # -- one number or expression

    def scalars(self, a: Node, b: Node) -> bool | None:
        if a == b:
            return True
        if b[0] == "base" and _is_numeral(a):  # read in the base that the reference states
            return str(a[1].numerator) == b[1].lstrip("0")
        names = symbols(a) | symbols(b)
        if "\\log" in symbols(a) ^ symbols(b):
            return None
        return self.expressions(a, b, names) if names else self.numbers(a, b)

    def numbers(self, a: Node, b: Node) -> bool | None:
        """Exact numbers by their fractions, others by digits.

        Enclosures that do not overlap are a proof of difference. Two irrational numbers are taken
        for equal when they agree to 60 digits and two more for every character of both texts.
        """
        for digits in (_FIRST_DIGITS, self.proof_digits):
            field = Arithmetic(digits)
            try:
                x, y = evaluate(a, {}, field), evaluate(b, {}, field)
            except Undecided:
                return None
            if apart(x, y, field):
                return False
            if isinstance(x, Fraction) and isinstance(y, Fraction):
                return True
        return True if is_narrow(x, field) and is_narrow(y, field) else None

    def expressions(self, a: Node, b: Node, names: set[str]) -> bool | None:
        """Expressions differ if they differ at one point; they are taken for equal at five."""
        field = Arithmetic(_PROOF_DIGITS)
        agreed = 0
        for at in _points(names):
            try:
                x, y = evaluate(a, at, field), evaluate(b, at, field)
            except Undecided:
                continue
            if apart(x, y, field):
                return False
            agreed += is_narrow(x, field) and is_narrow(y, field)
        return True if agreed >= _POINTS // 2 + 1 else None


def _all(verdicts) -> bool | None:
    """False if one is, else None if one is, else True."""
    found = list(verdicts)
    if False in found:
        return False
    return None if None in found else True


def _items(node: Node) -> Sequence[Node]:
    return node[1]


def _points(names: set[str]) -> list[dict[str, Value]]:
    """Values for variables: rational, of both signs, the same in every run."""
    draws = random.Random(20250211)
    points: list[dict[str, Value]] = []
    for k in range(_POINTS):
        sign = -1 if k >= 3 else 1
        points.append(
            {n: sign * Fraction(draws.randrange(100, 999), 7 + 4 * k) for n in sorted(names)}
        )
    return points


def _unlinked(a: Node, b: Node) -> tuple[Node, Node]:
    """`x = 5` against `5` is 5 against 5: where one side is no relation, the last side counts."""
    if a[0] == "list" and b[0] != "rel":
        a = ("list", [_last_side(item) if b[0] != "list" else item for item in a[1]])
    if a[0] == "list" and b[0] == "list" and not _any_relation(b[1]):
        a = ("list", [_last_side(item) for item in a[1]])
    elif a[0] == "list" and b[0] == "list" and not _any_relation(a[1]):
        b = ("list", [_last_side(item) if _is_assignment(item) else item for item in b[1]])
    if a[0] == "rel" and b[0] != "rel":
        a = _last_side(a)
    elif b[0] == "rel" and a[0] != "rel" and _is_assignment(b):
        b = _last_side(b)
    return a, b


def _any_relation(nodes: Sequence[Node]) -> bool:
    return any(node[0] == "rel" for node in nodes)


def _last_side(node: Node) -> Node:
    return node[2][-1] if node[0] == "rel" and _LINKS.issuperset(node[1]) else node


def _is_assignment(node: Node) -> bool:
    """Whether a relation gives a name a value: x = ..., f(x) = ..., AB = ..."""
    return node[0] == "rel" and _LINKS.issuperset(node[1]) and _is_name(node[2][0])


def _is_name(node: Node) -> bool:
    if node[0] == "mul":
        return all(part[0] in ("sym", "const") for part in node[1])
    return node[0] == "sym"


def _shortened(node: Node) -> Node:
    """x = 2 + 3 = 5 as x = 5."""
    if len(node[1]) > 1 and set(node[1]) == {"="}:
        return ("rel", ("=",), [node[2][0], node[2][-1]])
    return ("rel", tuple("=" if op == "\\approx" else op for op in node[1]), node[2])


def _has_choice(node: Node) -> bool:
    return any(
        _has_choice(part)
        for child in node[1:]
        for part in (child if isinstance(child, list) else [child])
        if isinstance(part, tuple) and part and isinstance(part[0], str)
    ) or node[0] in ("pm", "mp")


def _chosen(node: Node, sign: str) -> Node:
    """A tree with its plus-minus signs replaced by one choice."""
    if node[0] in ("pm", "mp"):
        inner = _chosen(node[1], sign)
        return inner if (node[0] == "pm") == (sign == "+") else ("neg", inner)
    choose: Callable[[object], object] = lambda child: (
        [_chosen(part, sign) for part in child]
        if isinstance(child, list)
        else _chosen(child, sign)
        if isinstance(child, tuple) and child and isinstance(child[0], str)
        else child
    )
    return (node[0], *map(choose, node[1:]))


def _is_numeral(node: Node) -> bool:
    return node[0] == "num" and node[1].denominator == 1 and node[1] >= 0


def _merged(parts: Sequence[Node]) -> list[Node]:
    """Intervals from left to right, those that touch made one. Raises Undecided."""
    field = Arithmetic(_FIRST_DIGITS)
    ends = []
    for part in parts:
        if part[0] != "seq" or len(part[3]) != 2:
            raise Undecided("not an interval")
        low, high = (_position(evaluate(end, {}, field)) for end in part[3])
        ends.append((low, part[1] == "(", high, part[2] == "]", part))
    ends.sort(key=lambda end: end[:4])
    merged: list[tuple] = []
    for low, is_open, high, is_closed, part in ends:
        last = merged[-1] if merged else None
        if last and (low, is_open and not last[3]) <= (last[2], False):
            if (high, is_closed) > last[2:4]:
                joined = ("seq", last[4][1], part[2], [last[4][3][0], part[3][1]])
                merged[-1] = (*last[:2], high, is_closed, joined)
        else:
            merged.append((low, is_open, high, is_closed, part))
    return [part for *_, part in merged]


def _position(x: Value) -> Decimal:
    """A real to twenty digits, for sorting."""
    if isinstance(x, Complex):
        raise Undecided("a complex end of an interval")
    limits = {"Emax": MAX_EMAX, "Emin": MIN_EMIN, "traps": []}
    return Context(prec=20, **limits).plus(Arithmetic(_FIRST_DIGITS).enclose(x).lo)


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


def _other_unit(a: Sequence[str], b: Sequence[str]) -> bool:
    """Whether both units are well known and differ: cents against dollars, a.m. against p.m."""
    found = []
    for words in (a, b):
        plain = [word for word in words if word not in _DECORATIONS]
        if len(plain) != 1 or plain[0] not in _UNIT_NAMES:
            return False
        found.append(_UNIT_NAMES[plain[0]])
    return found[0] != found[1]
