"""Whether two answers are the same: proved equal, proved different, or not known.

Verdicts are True, False or None. True and False are proofs, up to the digits that
`_LatexComparison.numbers` asks for and the points that `_LatexComparison.expressions` looks at;
None means that this reader cannot tell.
"""

from __future__ import annotations

import functools
import math
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from plaudit.answers.latex_form import clock_of, option_of
from plaudit.answers.latex_read import Node, Oversized, UnreadableLatex, joined_quantities, read
from plaudit.answers.latex_real import Arithmetic, Complex, Undecided, Undefined, Value
from plaudit.answers.latex_sets import contradicts, real_set
from plaudit.answers.latex_shape import (
    MIRRORED,
    chosen,
    describes_set,
    has_choice,
    is_assignment,
    is_expression,
    is_matrix_algebra,
    is_numeral,
    named,
    roots,
    shortened,
    spread,
    unlinked,
)
from plaudit.answers.latex_token import bare, is_coin, is_word, name_set, repeating, tokens_of
from plaudit.answers.latex_value import (
    apart,
    evaluate,
    holds_container,
    is_narrow,
    is_scalar,
    symbols,
    weight,
)
from plaudit.answers.latex_whole import is_whole
from plaudit.answers.units import Unit, readings
from plaudit.old_names import old_names

__all__ = [
    "LatexAnswer",
    "Percent",
    "Units",
    "answer_of",
    "is_mathematical",
    "list_of",
    "other_units",
    "same",
]
__getattr__ = old_names(__name__)

Percent = Literal["value", "unit"]
Units = Literal["ignore_missing", "require"]

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
_DECIMAL = re.compile(r"\d\.\d|^\.\d|\d[eE]-?\d")
_SHORT_WORDS = name_set(
    "ad ah am an as at be by do go ha he hi if in is it me my no of oh ok on or so to up us we"
)
_VARIABLES = frozenset("uvwxyz")
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_GLUE = frozenset(("(", ")", ".", ",", "\\lor", "'", "{", "}"))


class LatexAnswer(NamedTuple):
    """An answer as text, and read as far as it could be read."""

    text: str
    numeral: str | None
    tokens: tuple[str, ...] = ()
    node: Node | None = None


def answer_of(text: str) -> LatexAnswer:
    r"""Reads an answer, once per text. Raises Oversized for one too long or too deep to judge.

    >>> answer_of(" 1,234.50 ").numeral, answer_of(r"\frac12").node[0]
    ('1234.5', 'div')
    """
    if "..." in text or "…" in text:
        text = repeating(text)
    text = bare(text)
    if _NUMERAL.fullmatch(text):
        numeral = _canonical(text)
        return LatexAnswer(text, numeral)
    if _DATE.fullmatch(text):
        return LatexAnswer(text, None, (text,), ("words", text))
    if len(text) > MAX_CHARS:
        raise Oversized(f"{len(text)} characters long")
    tokens = tokens_of(text)
    return LatexAnswer(text, None, tuple(tokens), _form_of(text, tokens))


def list_of(answers: Sequence[LatexAnswer]) -> LatexAnswer:
    """Several answers as one list, which is right if it holds each of them and nothing else."""
    if len(answers) == 1:
        return answers[0]
    nodes = [_numeral_node(x) if x.numeral is not None else x.node for x in answers]
    text = ", ".join(answer.text for answer in answers)
    tokens = tuple(tokens_of(text))
    return LatexAnswer(text, None, tokens, None if None in nodes else ("list", nodes))


def same(
    answer: LatexAnswer,
    reference: LatexAnswer,
    percent: Percent = "value",
    units: Units = "ignore_missing",
    tolerance: float = 0.0,
) -> bool | None:
    r"""Whether an answer is the reference.

    >>> same(answer_of("0.5"), answer_of(r"\frac{1}{2}"))
    True
    >>> same(answer_of("1/2^99"), answer_of("1/2^98")), same(answer_of("50%"), answer_of("50"))
    (False, False)
    >>> same(answer_of("1 km"), answer_of("1000 m")), same(answer_of("cat"), answer_of("act"))
    (True, False)
    """
    near = tolerance if tolerance and _has_decimal(answer, reference) else 0.0
    if answer.numeral is not None and reference.numeral is not None and not near:
        return answer.numeral == reference.numeral
    if answer.tokens and answer.tokens == reference.tokens:
        return True
    letters = _letters(answer.tokens)
    if letters and letters == _letters(reference.tokens):
        return True
    if letters and _are_words(answer.tokens, reference.tokens):
        return False
    a, b = (_numeral_node(x) if x.numeral is not None else x.node for x in (answer, reference))
    if b is not None and b[0] in ("base", "neg") and _has_digits_of(answer, b):
        return True
    if a is None or b is None:
        return None
    if (a[0] == "unit") != (b[0] == "unit"):
        a, b = _letters_as_units(a, answer, b), _letters_as_units(b, reference, a)
    return _LatexComparison(percent, units, near).nodes(a, b)


def other_units(answer: LatexAnswer, reference: LatexAnswer) -> str | None:
    r"""How the units of two quantities differ, where neither converts to the other; else None.

    >>> other_units(answer_of("12 m^2"), answer_of(r"12\text{ m}")) or "read as a variable"
    'read as a variable'
    >>> other_units(answer_of("12 cm"), answer_of("12 kg"))
    'cm does not convert to kg'
    """
    a, b = answer.node, reference.node
    if a is None or b is None or a[0] != "unit" or b[0] != "unit":
        return None
    units, others = readings(a[2]), readings(b[2])
    if not units or not others or {u.dims for u in units} & {v.dims for v in others}:
        return None
    return f"{a[2]} does not convert to {b[2]}"


def is_mathematical(answer: LatexAnswer) -> bool:
    r"""Whether an answer is mathematics throughout, which another parser may be asked about.

    >>> is_mathematical(answer_of(r"\sum_{k=1}^3 k")), is_mathematical(answer_of("B12 7"))
    (True, False)
    """
    return answer.numeral is not None or is_whole(answer.tokens)


def _has_decimal(answer: LatexAnswer, reference: LatexAnswer) -> bool:
    """Whether one side is written with a decimal point or an exponent of ten."""
    return any(_DECIMAL.search(x.text) for x in (answer, reference) if len(x.text) <= MAX_CHARS)


def _form_of(text: str, tokens: list[str]) -> Node | None:
    """The tree of an answer; a choice with its value and a time of day are forms of the whole."""
    if (choice := option_of(text)) is not None:
        letter, rest = choice
        node = _node_of(tokens_of(bare(rest)))
        return None if node is None else ("option", letter, node)
    node = _node_of(tokens)
    return clock_of(text, node) or node


def _node_of(tokens: list[str]) -> Node | None:
    """The tree of some tokens, or of the side of them that can be read; None without any."""
    return _short_node(tuple(tokens)) if len(tokens) <= _SHORT else _tree_of(tokens)


@functools.lru_cache(maxsize=4096)  # most right answers have the tokens of their reference
def _short_node(tokens: tuple[str, ...]) -> Node | None:
    return _tree_of(list(tokens))


def _tree_of(tokens: list[str]) -> Node | None:
    try:
        return read(tokens)
    except UnreadableLatex:
        if any(map(is_coin, tokens)):
            return _node_of([token for token in tokens if not is_coin(token)])
        return _last_side_of(tokens) or _row(tokens) or _sentence(tokens)


def _row(tokens: Sequence[str]) -> Node | None:
    """Numbers with nothing between them: a sequence, no product."""
    if len(tokens) < 2 or not all(token.isdecimal() for token in tokens):
        return None
    return ("row", [read([token]) for token in tokens])


def _letters_as_units(node: Node, answer: LatexAnswer, other: Node) -> Node:
    """An answer read again with letters as units, where the other side states a unit: 5 m."""
    if node[0] == "unit" or other[0] != "unit" or not readings(other[2]):
        return node
    try:
        quantity = read(list(answer.tokens), units=True) if answer.tokens else node
    except UnreadableLatex:
        return node
    return quantity if quantity[0] == "unit" and readings(quantity[2]) else node


def _has_digits_of(answer: LatexAnswer, based: Node) -> bool:
    """Whether an answer repeats the digits of a reference that states its base: 2A for 2A_16."""
    kind, *parts = based
    sign = "-" if kind == "neg" else ""
    if sign:
        kind, *parts = parts[0]
    if kind != "base" or len(parts) > 2 or parts[0].isdecimal() or not answer.tokens:
        return False
    return "".join(token.lstrip('"') for token in answer.tokens).upper() == sign + parts[0]


def _are_words(a: Sequence[str], b: Sequence[str]) -> bool:
    """Whether both are runs of letters of which one is a word or a sequence, not a product.

    A run is a product where it has at most two small letters and is not an English word (xy), or
    holds variables alone (u to z). ABC, AB, cat and act are words: their order counts. Where the
    other side has an operator, a digit or a bracket, letters are variables.
    """
    runs = ["".join(token.lstrip('"') for token in tokens) for tokens in (a, b)]
    if not all(run.isalpha() for run in runs):
        return False
    return not all(map(_is_product, runs))


def _is_product(run: str) -> bool:
    if not run.isascii() or not run.islower():
        return False
    return (len(run) <= 2 and run not in _SHORT_WORDS) or _VARIABLES.issuperset(run)


def _last_side_of(tokens: list[str]) -> Node | None:
    """Of one equation that cannot be read whole, what follows its last sign of equality."""
    sign = "=" if "=" in tokens else "\\approx"
    if sign not in tokens:
        return None
    start = len(tokens) - tokens[::-1].index(sign)
    depth = 0
    for token in tokens[:start]:
        depth += (token in _OPENING) - (token in _CLOSING)
        if not depth and token in (",", ";", "\\lor"):  # several equations
            return None
    try:
        return ("rel", ("=",), [("opaque",), read(tokens[start:])])
    except UnreadableLatex:
        return None


def _sentence(tokens: Sequence[str]) -> Node | None:
    """Tokens that contain so many words, not counting a unit, that they are prose."""
    end = len(tokens)
    while end and is_word(tokens[end - 1]):
        end -= 1
    words = sum(is_word(token) and len(token) > 3 for token in tokens[:end])
    is_plain = not any(token[0] == "\\" for token in tokens)
    if words < 2 and not (words and is_plain) and not (tokens and is_word(tokens[0])):
        return None
    return ("words", " ".join(token.lstrip('"').lower() for token in tokens))


def _numeral_node(answer: LatexAnswer) -> Node:
    assert answer.numeral is not None
    return read(["-", answer.numeral[1:]] if answer.numeral[0] == "-" else [answer.numeral])


def _canonical(numeral: str) -> str:
    """A decimal numeral without what does not change it: 007 -> 7, -1,000.50 -> -1000.5."""
    sign = "-" if numeral[0] == "-" else ""
    whole, _, part = numeral.lstrip("+-").replace(",", "").replace(" ", "").partition(".")
    whole, part = whole.lstrip("0") or "0", part.rstrip("0")
    decimal = f"{whole}.{part}" if part else whole
    return decimal if decimal == "0" else sign + decimal


def _letters(tokens: Sequence[str]) -> str:
    """The letters of a token list that contains nothing else; words regardless of case."""
    words = []
    for token in tokens:
        letters = token.lstrip('"')
        if letters.isalpha():
            words.append(letters)
        elif token not in _GLUE:
            return ""
        elif token in (",", "\\lor"):
            words.append(",")
    joined = "".join(words)
    return joined if len(joined) == 1 else joined.lower()


class _LatexComparison:
    """Compares trees."""

    def __init__(self, percent: Percent, units: Units, tolerance: float) -> None:
        self.percent = percent
        self.units = units
        self.tolerance = tolerance

    def nodes(self, a: Node, b: Node) -> bool | None:
        if a[0] in _SHAPED or b[0] in _SHAPED:
            verdict = self.shaped(a, b)
            if verdict is not None:
                return verdict
            a, b = unlinked(*self.folded(a, b))
        if a[0] == "rel" or b[0] == "rel":
            return self.relations(a, b)
        if a[0] == "unit" or b[0] == "unit":
            return self.quantities(a, b)
        return self.unitless(a, b)

    def unitless(self, a: Node, b: Node) -> bool | None:
        """Trees without relations and units."""
        a, b = self.bare_node(a), self.bare_node(b)
        if a[0] == "words" or b[0] == "words":
            return a == b
        if is_scalar(a) and is_scalar(b) and not (holds_container(a) or holds_container(b)):
            return self.scalars(a, b)
        a, b = spread(a), spread(b)
        if any(is_scalar(node) and holds_container(node) for node in (a, b)):
            return None if is_matrix_algebra(a) and is_matrix_algebra(b) else False
        return self.scalars(a, b) if is_scalar(a) and is_scalar(b) else self.containers(a, b)

    def bare_node(self, node: Node) -> Node:
        """A tree without its unit, its degree sign, and both cases of a plus-minus apart."""
        while node[0] in ("unit", "deg") or (node[0] == "pct" and self.percent == "unit"):
            node = node[1]
        if is_scalar(node) and has_choice(node):
            return ("list", [chosen(node, "+"), chosen(node, "-")])
        return node

    # -- forms of a whole answer

    def shaped(self, a: Node, b: Node) -> bool | None:
        """What the shape of both decides: choices, times, named values, sets of reals."""
        kinds = {a[0], b[0]}
        if "option" in kinds:
            return self.options(a, b)
        if "clock" in kinds:
            return self.clocks(a, b)
        if kinds & {"rel", "list"} and (verdict := self.assignments(a, b)) is not None:
            return verdict
        return self.sets(a, b)

    def options(self, a: Node, b: Node) -> bool | None:
        """A choice with its value is the choice, or the value, or both of another."""
        if a[0] == "option" and b[0] == "option":
            return _all([a[1] == b[1], self.nodes(a[2], b[2])])
        choice, other = (a, b) if a[0] == "option" else (b, a)
        if other == ("sym", choice[1]) or other == ("words", choice[1].lower()):
            return True
        return self.nodes(choice[2], other) if a is choice else self.nodes(other, choice[2])

    def clocks(self, a: Node, b: Node) -> bool | None:
        """Times of one day; a time without a half of the day may be the ratio of its numbers."""
        if a[0] == b[0]:
            return self.times(a, b)
        clock, other = (a, b) if a[0] == "clock" else (b, a)
        if other[0] == "rel":
            other = unlinked(other, clock)[0]
        if other[0] == "unit" and other[2] in ("am", "pm"):
            hour = other[1]
            if not is_numeral(hour) or hour[1] > 12:
                return False
            seconds = (int(hour[1]) % 12 + 12 * (other[2] == "pm")) * 3600
            return self.times(clock, ("clock", seconds, other[2], hour))
        otherwise = clock[3]
        if clock[2] or otherwise is None:
            return False
        if otherwise[0] == "ratio" and other[0] != "ratio":  # no quotient, but of the same numbers
            return other[0] == "div" and list(other[1:]) == otherwise[1]
        if otherwise[0] == "ratio" and clock is b:  # 4:30 is not 8:60
            return self.in_order(other[1], otherwise[1])
        return self.nodes(otherwise, other) if clock is a else self.nodes(other, otherwise)

    def times(self, a: Node, b: Node) -> bool:
        (x, half), (y, other) = a[1:3], b[1:3]
        if bool(half) == bool(other):
            return x == y
        if self.units == "require" or "day" in (half, other):
            return False
        return x % _HALF_DAY == y % _HALF_DAY

    def assignments(self, a: Node, b: Node) -> bool | None:
        """Named values against others of the same names, or against a tuple."""
        first, second = named(a), named(b)
        if first and second:
            if first.keys() != second.keys():
                return None
            return _all(self.nodes(first[name], second[name]) for name in first)
        for names, node, is_answer in ((first, b, True), (second, a, False)):
            if names and len(names) > 1 and node[0] == "seq" and node[1:3] == ("(", ")"):
                values = list(names.values())
                return self.in_order(*((values, node[3]) if is_answer else (node[3], values)))
        return None

    def sets(self, a: Node, b: Node) -> bool | None:
        """Sets of reals, however they are described; None if one is not a set or cannot be read."""
        strong = [describes_set(node) for node in (a, b)]
        weak = [node[0] in _WEAK_SETS for node in (a, b)]
        if not any(strong) or not all(s or w for s, w in zip(strong, weak, strict=True)):
            return None
        first, second = real_set(a), real_set(b)
        if first is None or second is None:
            return None
        if a[0] == b[0] == "rel" and symbols(a) != symbols(b):
            return False
        if [(s.opens, s.closes) for s in first] != [(s.opens, s.closes) for s in second]:
            return False
        return self.in_order(*([end for s in spans for end in s.ends] for spans in (first, second)))

    def folded(self, a: Node, b: Node) -> tuple[Node, Node]:
        """Lists in the shape of the other side: 3 hours and 20 minutes, x = 1 or x = 2."""
        if (a[0] == "list") != (b[0] == "list"):
            a, b = (joined_quantities(x[1]) or x if x[0] == "list" else x for x in (a, b))
        return roots(a, b)

    # -- quantities

    def quantities(self, a: Node, b: Node) -> bool | None:
        """Equal dimension and scale; a unit that one side leaves out is the policy's business."""
        units = [_readings(node) for node in (a, b)]
        if units[0] and units[1]:
            return self.measured(a, units[0], b, units[1])
        if self.units == "require" and (units[0] or units[1]):
            return False
        if a[0] == b[0] == "unit" and _moduli_differ(a[2], b[2]):
            return False
        return self.nodes(_without_unit(a), _without_unit(b))

    def measured(
        self, a: Node, units: Sequence[Unit], b: Node, others: Sequence[Unit]
    ) -> bool | None:
        verdicts: list[bool | None] = []
        for u in units:
            for v in others:
                if u.dims == v.dims:
                    verdicts.append(self.scaled(a[1], u, b[1], v))
        if True in verdicts:
            return True
        return None if None in verdicts else False

    def scaled(self, a: Node, u: Unit, b: Node, v: Unit) -> bool | None:
        if u == v:
            return self.unitless(a, b)
        if not (is_scalar(a) and is_scalar(b)):
            return False
        return self.unitless(_in_base_unit(a, u), _in_base_unit(b, v))

    # -- several numbers

    def containers(self, a: Node, b: Node) -> bool | None:
        kinds = {a[0], b[0]}
        if kinds == {"seq"}:
            return a[1:3] == b[1:3] and self.in_order(a[3], b[3])
        if kinds == {"matrix"}:
            return len(a[1]) == len(b[1]) and _all(map(self.in_order, a[1], b[1]))
        if kinds == {"ratio"}:
            return self.in_order(*_shortened(a[1], b[1]))
        if "row" in kinds and kinds <= {"row", "list", "seq"}:
            return self.in_order(*(node[-1] if node[0] == "seq" else node[1] for node in (a, b)))
        if kinds == {"list", "seq"}:
            return self.list_as_tuple(a, b)
        if kinds <= {"list", "set"}:
            return self.in_any_order(a[1], b[1])
        if kinds == {"union"}:
            return True if self.in_any_order(a[1], b[1]) else None
        if kinds == {"union", "seq"}:
            tuples = [node for node in (a, b) if node[0] == "seq" and len(node[3]) != 2]
            return False if tuples else None
        if kinds & {"builder", "without"} and kinds & _SET_KINDS:
            return None
        return self.mixed(a, b)

    def mixed(self, a: Node, b: Node) -> bool | None:
        """One number against several."""
        for one, other in ((a, b), (b, a)):
            if one[0] == "ratio" and is_scalar(other) and len(one[1]) == len(one) == 2:
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
        distinct: list[Node] = []
        for item in items:
            if not any(self.nodes(item, other) for other in distinct):
                distinct.append(item)
        return distinct

    # -- relations

    def relations(self, a: Node, b: Node) -> bool | None:
        if a[0] != b[0]:  # an inequality against an interval or a number
            other, relation = (b, a) if a[0] == "rel" else (a, b)
            is_set = other[0] in ("seq", "union", "set", "list")
            if not is_set or set(relation[1]) == {"="}:
                return False
            return self.condition(relation, other)
        a, b = shortened(a), shortened(b)
        if a[1] == b[1] and self.in_order(a[2], b[2]):
            return True
        if len(a[1]) != 1 or len(b[1]) != 1 or {*a[1], *b[1]} - MIRRORED.keys():
            return None
        if is_assignment(a) and is_assignment(b):
            return False
        return self.proportional(a, b)

    def condition(self, relation: Node, other: Node) -> bool | None:
        """An inequality that is not solved here against a set: points may tell them apart."""
        if not all(map(is_expression, relation[2])):
            return False
        spans = real_set(other)
        return False if spans is not None and contradicts(relation, spans) else None

    def proportional(self, a: Node, b: Node) -> bool | None:
        """Whether lhs - rhs of the one is a constant times that of the other."""
        f, g = (("add", [node[2][0], ("neg", node[2][1])]) for node in (a, b))
        field = Arithmetic(_FIRST_DIGITS)
        ratios = set()
        for at in _points(frozenset(symbols(f) | symbols(g))):
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
        if a[0] == b[0] == "neg" and b[1][0] == "base":
            a, b = a[1], b[1]
        if b[0] == "base" and len(b) == 3 and is_numeral(a):  # in the base of the reference
            return str(a[1].numerator) == (b[1].lstrip("0") or "0")
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
                return self.is_near(x, y, field)
            if isinstance(x, Fraction) and isinstance(y, Fraction):
                return True
        is_proof = proof <= _MAX_PROOF_DIGITS and is_narrow(x, field) and is_narrow(y, field)
        return True if is_proof else None

    def is_near(self, x: Value, y: Value, field: Arithmetic) -> bool:
        """Whether a real is within the tolerance of the reference, which is relative to it."""
        if not self.tolerance or isinstance(x, Complex) or isinstance(y, Complex):
            return False
        left, right = field.enclose(x).lo, field.enclose(y).lo
        if not (left.is_finite() and right.is_finite()):
            return False
        allowed = field.up.multiply(Decimal(repr(self.tolerance)), right.copy_abs())
        return field.down.subtract(left, right).copy_abs() <= allowed

    def expressions(self, a: Node, b: Node, names: set[str]) -> bool | None:
        """Expressions differ if they differ at one point; they are taken for equal at five."""
        field = Arithmetic(_PROOF_DIGITS)
        agreed = 0
        for at in _points(frozenset(names)):
            try:
                x, y = evaluate(a, at, field), evaluate(b, at, field)
            except Undecided:
                continue
            if apart(x, y, field):
                return False
            agreed += is_narrow(x, field) and is_narrow(y, field)
        return True if agreed >= _POINTS // 2 + 1 else None


_SHAPED = frozenset(("rel", "list", "union", "builder", "without", "clock", "option"))
_WEAK_SETS = frozenset(("seq", "set", "list"))
_SET_KINDS = frozenset(("seq", "set", "union", "rel", "builder", "without"))
_HALF_DAY = 12 * 3600
_SHORT = 64


def _readings(node: Node) -> tuple[Unit, ...]:
    if node[0] == "unit":
        return readings(node[2])
    return readings("°") if node[0] == "deg" else ()


def _without_unit(node: Node) -> Node:
    return node[1] if node[0] == "unit" else node


def _shortened(answer: Sequence[Node], gold: Sequence[Node]) -> tuple[Sequence[Node], ...]:
    """The parts of two ratios, those of the answer in lowest terms where those of the gold are."""
    if not all(is_numeral(part) and part[1] > 0 for part in (*answer, *gold)):
        return answer, gold
    divisor, other = (math.gcd(*(int(part[1]) for part in parts)) for parts in (answer, gold))
    if other != 1:  # 4:2 may be a score of goals
        return answer, gold
    return [("num", part[1] / divisor) for part in answer], gold


def _moduli_differ(a: str, b: str) -> bool:
    return a.startswith("mod_") and b.startswith("mod_") and a != b


def _in_base_unit(node: Node, unit: Unit) -> Node:
    """The value in the base unit, as a tree: (x + offset) * scale * pi^pis."""
    if unit.offset:
        node = ("add", [node, ("num", unit.offset)])
    factors = [node, ("num", unit.scale)]
    if unit.pis:
        factors.append(("pow", ("const", "pi"), ("num", Fraction(unit.pis))))
    return ("mul", factors)


def _all(verdicts: Iterable[bool | None]) -> bool | None:
    """False if one is, else None if one is, else True."""
    parts = list(verdicts)
    if False in parts:
        return False
    return None if None in parts else True


@functools.lru_cache(maxsize=256)
def _points(names: frozenset[str]) -> Sequence[Mapping[str, Value]]:
    """Values for variables: rational, of both signs, the same in every run."""
    draws = random.Random(20250211)
    points: list[dict[str, Value]] = []
    for k in range(_POINTS):
        sign = -1 if k >= 3 else 1
        points.append(
            {n: sign * Fraction(draws.randrange(100, 999), 7 + 4 * k) for n in sorted(names)}
        )
    return points
