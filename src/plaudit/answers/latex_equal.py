"""Whether two answers are the same: proved equal, proved different, or not known.

Verdicts are True, False or None. True and False are proofs, up to the digits that
`_Comparison.numbers` asks for and the points that `_Comparison.expressions` looks at; None means
that this reader cannot tell.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from plaudit.answers.latex_read import Node, Oversized, Unreadable, read
from plaudit.answers.latex_real import Arithmetic, Undecided, Undefined, Value
from plaudit.answers.latex_shape import (
    MIRRORED,
    as_interval,
    chosen,
    has_choice,
    is_assignment,
    is_numeral,
    merged,
    other_unit,
    shortened,
    unlinked,
)
from plaudit.answers.latex_token import bare, is_word, tokens_of
from plaudit.answers.latex_value import (
    apart,
    evaluate,
    holds_container,
    is_narrow,
    is_scalar,
    symbols,
    weight,
)

__all__ = ["Answer", "Percent", "answer_of", "same"]

Percent = Literal["value", "unit"]

_NUMERAL = re.compile(
    r"[-+]?(?:\d{1,3}(?:(?:,\d{3})+|(?: \d{3})+)|\d+)(?:\.\d*)?|[-+]?\.\d+", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)  # no subtraction: 2023-01-02 is not 2020
MAX_CHARS = 10_000
_FIRST_DIGITS = 25
_PROOF_DIGITS = 60
_MAX_PROOF_DIGITS = 4000
_POINTS = 5
_MAX_UNORDERED = 40


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
    if _DATE.fullmatch(text):
        return Answer(text, None, (text,), ("words", text))
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
    return _Comparison(percent).nodes(a, b)


def _node_of(tokens: list[str]) -> Node | None:
    try:
        return read(tokens)
    except Unreadable:
        return _last_side_of(tokens) or _sentence(tokens)


def _last_side_of(tokens: list[str]) -> Node | None:
    """Of one equation that cannot be read whole, what stands behind its last sign of equality."""
    sign = "=" if "=" in tokens else "\\approx"
    if sign not in tokens:
        return None
    start = len(tokens) - tokens[::-1].index(sign)
    opened = [sum(t in "([{" for t in tokens[:k]) - sum(t in ")]}" for t in tokens[:k])
              for k, token in enumerate(tokens[:start]) if token in (",", ";")]  # fmt: skip
    if 0 in opened:  # several equations
        return None
    try:
        return ("rel", ("=",), [("opaque",), read(tokens[start:])])
    except Unreadable:
        return None


def _sentence(tokens: Sequence[str]) -> Node | None:
    """Tokens that hold so many words, not counting a unit, that they are prose."""
    end = len(tokens)
    while end and is_word(tokens[end - 1]):
        end -= 1
    words = sum(is_word(token) and len(token) > 3 for token in tokens[:end])
    is_plain = not any(token[0] == "\\" for token in tokens)
    if words < 2 and not (words and is_plain) and not (tokens and is_word(tokens[0])):
        return None
    return ("words", " ".join(token.lstrip('"').lower() for token in tokens))


def _numeral_node(answer: Answer) -> Node:
    assert answer.numeral is not None
    return read(["-", answer.numeral[1:]] if answer.numeral[0] == "-" else [answer.numeral])


def _canonical(numeral: str) -> str:
    """A decimal numeral without what does not change it: 007 -> 7, -1,000.50 -> -1000.5."""
    sign = "-" if numeral[0] == "-" else ""
    whole, _, part = numeral.lstrip("+-").replace(",", "").replace(" ", "").partition(".")
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
    """Compares trees."""

    def __init__(self, percent: Percent) -> None:
        self.percent = percent

    def nodes(self, a: Node, b: Node) -> bool | None:
        a, b = unlinked(a, b)
        if {a[0], b[0]} in ({"rel", "seq"}, {"rel", "union"}):
            a, b = as_interval(a), as_interval(b)
        if a[0] == "rel" or b[0] == "rel":
            return self.relations(a, b)
        if a[0] == "unit" and b[0] == "unit" and other_unit(a[2], b[2]):
            return False
        a, b = self.bare_node(a), self.bare_node(b)
        if a[0] == "words" or b[0] == "words":
            return a == b
        if any(is_scalar(node) and holds_container(node) for node in (a, b)):
            return None
        if is_scalar(a) and is_scalar(b):
            return self.scalars(a, b)
        return self.containers(a, b)

    def bare_node(self, node: Node) -> Node:
        """A tree without its unit, its degree sign, and both cases of a plus-minus apart."""
        while node[0] in ("unit", "deg") or (node[0] == "pct" and self.percent == "unit"):
            node = node[1]
        if is_scalar(node) and has_choice(node):
            return ("list", [chosen(node, "+"), chosen(node, "-")])
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
            return self.in_any_order(a[1], b[1])
        if kinds <= {"union", "seq"}:
            return self.unions(a, b)
        return self.mixed(a, b)

    def unions(self, a: Node, b: Node) -> bool | None:
        """Sets of reals, whatever intervals they were cut into."""
        try:
            parts = [merged(node[1] if node[0] == "union" else [node]) for node in (a, b)]
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
        if len(b) < len(a) <= _MAX_UNORDERED:
            a = self.different(a)
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

    def different(self, items: Sequence[Node]) -> list[Node]:
        """Items without those that say again what one before them said."""
        kept: list[Node] = []
        for item in items:
            if not any(self.nodes(item, other) for other in kept):
                kept.append(item)
        return kept

    # -- relations

    def relations(self, a: Node, b: Node) -> bool | None:
        if a[0] != b[0]:  # an inequality against an interval or a number
            other, relation = (b, a) if a[0] == "rel" else (a, b)
            is_set = other[0] in ("seq", "union", "set", "list")
            return None if is_set and set(relation[1]) != {"="} else False
        a, b = shortened(a), shortened(b)
        if a[1] == b[1] and self.in_order(a[2], b[2]):
            return True
        if len(a[1]) != 1 or len(b[1]) != 1 or {*a[1], *b[1]} - MIRRORED.keys():
            return None
        if is_assignment(a) and is_assignment(b):
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
        operator = a[1][0] if ratio > 0 else MIRRORED[a[1][0]]
        return True if operator == b[1][0] else None

    # -- one number or expression

    def scalars(self, a: Node, b: Node) -> bool | None:
        if a == b:
            return True
        if b[0] == "base" and is_numeral(a):  # read in the base that the reference states
            return str(a[1].numerator) == b[1].lstrip("0")
        names = symbols(a) | symbols(b)
        if "\\log" in symbols(a) ^ symbols(b):
            return None
        return self.expressions(a, b, names) if names else self.numbers(a, b)

    def numbers(self, a: Node, b: Node) -> bool | None:
        """Exact numbers by their fractions, others by digits.

        Enclosures that do not overlap are a proof of difference. Two irrational numbers are taken
        for equal when they agree to 60 digits and twice those that are written in both.
        """
        proof = _PROOF_DIGITS + 2 * (weight(a) + weight(b))
        y = None
        for digits in (_FIRST_DIGITS, min(proof, _MAX_PROOF_DIGITS)):
            field = Arithmetic(digits)
            try:
                y = evaluate(b, {}, field)
                x = evaluate(a, {}, field)
            except Undefined:
                return False if y is not None else None
            except Undecided:
                return None
            if apart(x, y, field):
                return False
            if isinstance(x, Fraction) and isinstance(y, Fraction):
                return True
        is_proof = proof <= _MAX_PROOF_DIGITS and is_narrow(x, field) and is_narrow(y, field)
        return True if is_proof else None

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


def _all(verdicts: Iterable[bool | None]) -> bool | None:
    """False if one is, else None if one is, else True."""
    found = list(verdicts)
    if False in found:
        return False
    return None if None in found else True


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
