r"""Sets of real numbers: what inequalities, intervals, unions and set-builders describe.

A set is a union of spans in order. The ends are trees, so that they compare exactly; their places
are decimals, which only sort them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import NamedTuple

from plaudit.answers.latex_read import Node
from plaudit.answers.latex_real import Arithmetic, Complex, Undecided, Value
from plaudit.answers.latex_value import evaluate, is_scalar, symbols
from plaudit.old_names import old_names

__all__ = ["RealSpan", "contradicts", "real_set"]
__getattr__ = old_names(__name__)

_DIGITS = 25
_INFINITY: Node = ("const", "inf")
_MINUS_INFINITY: Node = ("neg", _INFINITY)
_PLACES = Context(prec=20, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_COMPLEMENTS = {"\\neq": "=", ">": "\\leq", "\\geq": "<"}
_MOST_SPANS = 200
_MOST_PROBED = 8
_STEP = Fraction(1, 1000)
_SIGNS = {"<": (-1,), ">": (1,), "\\leq": (-1, 0), "\\geq": (0, 1), "\\neq": (-1, 1), "=": (0,)}


class RealSpan(NamedTuple):
    """The reals between two places; `opens` is 1 where the lower end is left out, 0 where not."""

    low: Decimal
    opens: int
    high: Decimal
    closes: int  # 1 where the upper end belongs to it
    ends: tuple[Node, Node]


def real_set(node: Node) -> list[RealSpan] | None:
    r"""The spans of a tree that describes a set of reals, from left to right; else None.

    Inequalities are about one name, linear in it or in its absolute value. Conditions in a list
    with "or" are united; after commas they are intersected, and united where nothing would be
    left, as nobody states conditions that cannot be met.
    """
    try:
        return _merged(_spans(node, _Subject()))
    except Undecided:
        return None


def contradicts(relation: Node, spans: Sequence[RealSpan]) -> bool:
    """Whether an inequality in one name holds outside of a set or fails inside, at some point.

    The points are halves up to 10, those in and beside the ends of the set, and two far out.
    """
    names = symbols(relation)
    if len(names) != 1:
        return False
    (name,) = names
    field = Arithmetic(_DIGITS)
    for x in _probes(spans, field):
        holds = _holds(relation, {name: x}, field)
        if holds is not None and holds != any(_is_inside(x, span) for span in spans):
            return True
    return False


def _probes(spans: Sequence[RealSpan], field: Arithmetic) -> list[Fraction]:
    probes = [Fraction(k, 2) for k in range(-20, 21)] + [Fraction(k * 12347, 10) for k in (-1, 1)]
    for span in spans[:_MOST_PROBED]:
        for end in span.ends:
            value = evaluate(end, {}, field)
            if isinstance(value, Fraction):
                probes += [value, value - _STEP, value + _STEP]
            elif (place := _place(end)).is_finite() and abs(place.adjusted()) < _DIGITS:
                probes += [Fraction(place) - _STEP, Fraction(place) + _STEP]
    return probes


def _is_inside(x: Fraction, span: RealSpan) -> bool:
    is_above = span.low < x or (span.low == x and not span.opens)
    return is_above and (x < span.high or (span.high == x and bool(span.closes)))


def _holds(relation: Node, at: dict[str, Value], field: Arithmetic) -> bool | None:
    """Whether a chain holds at a point; None where that is not certain."""
    try:
        values = [evaluate(side, at, field) for side in relation[2]]
    except Undecided:
        return None
    for operator, left, right in zip(relation[1], values, values[1:], strict=False):
        difference = field.add(left, field.neg(right))
        if isinstance(difference, Complex) or operator not in _SIGNS:
            return None
        if (sign := field.sign(difference)) is None:
            return None
        if sign not in _SIGNS[operator]:
            return False
    return True


class _Subject:
    """The one name that all conditions are about."""

    def __init__(self) -> None:
        self.name: Node | None = None

    def agree(self, name: Node) -> None:
        if self.name not in (None, name):
            raise Undecided("conditions on two names")
        self.name = name


def _spans(node: Node, subject: _Subject) -> list[RealSpan]:
    kind = node[0]
    if kind == "seq" and len(node[3]) == 2:
        low, high = node[3]
        return [_span(node[1] == "(", low, high, node[2] == "]")]
    if kind == "union":
        return [span for part in node[1] for span in _spans(part, subject)]
    if kind == "set":
        return [_point(item) for item in node[1]]
    if kind == "list":
        return _listed(node, subject)
    if kind == "rel":
        return _chain(node, subject)
    if kind == "builder":
        within = _merged(_spans(node[2], subject))
        return _intersected(_merged(_spans(node[1], subject)), within)
    if kind == "without":
        whole, out = (_merged(_spans(part, subject)) for part in node[1:])
        return _intersected(whole, _complement(out))
    raise Undecided("no set of reals")


def _listed(node: Node, subject: _Subject) -> list[RealSpan]:
    if any(is_scalar(item) for item in node[1]):
        raise Undecided("numbers in a list, not sets")
    parts = [_merged(_spans(item, subject)) for item in node[1]]
    if len(node) == 2 and all(item[0] == "rel" for item in node[1]):
        left = parts[0]
        for part in parts[1:]:
            left = _intersected(left, part)
        if left:
            return left
    return [span for part in parts for span in part]


def _chain(node: Node, subject: _Subject) -> list[RealSpan]:
    """A chain of inequalities: 1 < x < 3 is 1 < x and x < 3."""
    operators, sides = node[1:]
    left: list[RealSpan] | None = None
    for k, operator in enumerate(operators):
        solution = _merged(_solved(sides[k], operator, sides[k + 1], subject))
        left = solution if left is None else _intersected(left, solution)
    return left or []


def _solved(left: Node, operator: str, right: Node, subject: _Subject) -> list[RealSpan]:
    if operator == "\\in":
        if left[0] != "sym":
            raise Undecided("not a name that is in a set")
        subject.agree(left)
        return _spans(right, subject)
    if operator in _COMPLEMENTS:
        opposite = _COMPLEMENTS[operator]
        return _complement(_merged(_solved(left, opposite, right, subject)))
    if operator not in ("<", "\\leq", "="):
        raise Undecided(f"{operator} makes no span")
    if not (is_scalar(left) and is_scalar(right)):
        raise Undecided("a relation between sets")
    if not symbols(right) and left[0] == "abs" and symbols(left):
        return _within(left[1], operator, right, subject)
    if not symbols(left) and right[0] == "abs" and symbols(right):
        inverse = "\\leq" if operator == "<" else "<"  # c < |f| where not |f| <= c
        if operator == "=":
            return _within(right[1], "=", left, subject)
        return _complement(_merged(_within(right[1], inverse, left, subject)))
    return _half_line(left, operator, right, subject)


def _within(inner: Node, operator: str, bound: Node, subject: _Subject) -> list[RealSpan]:
    """|f| < c is -c < f and f < c; |f| = c is f = c or f = -c."""
    if _place(bound).is_signed():
        return []
    ends = (_half_line(inner, operator, bound, subject),
            _half_line(("neg", bound), operator, inner, subject))  # fmt: skip
    if operator == "=":
        return [*ends[0], *ends[1]]
    return _intersected(*map(_merged, ends))


def _half_line(left: Node, operator: str, right: Node, subject: _Subject) -> list[RealSpan]:
    """What solves one inequality: a name against a number, or a linear one with exact numbers."""
    if _is_subject(left) and not symbols(right):
        subject.agree(left)
        return [_below(operator, right)]
    if _is_subject(right) and not symbols(left):
        subject.agree(right)
        return [_above(operator, left)]
    names = symbols(left) | symbols(right)
    if len(names) != 1:
        raise Undecided("not about one name")
    (name,) = names
    slope, start = _line(("add", [left, ("neg", right)]), name)
    subject.agree(("sym", name))
    zero: Node = ("num", -start / slope)
    return [_below(operator, zero) if slope > 0 else _above(operator, zero)]


def _is_subject(node: Node) -> bool:
    """Whether a tree is a name or a function of names, as x and f(x)."""
    return node[0] == "sym" or (node[0] == "mul" and all(map(_is_subject, node[1])))


def _line(node: Node, name: str) -> tuple[Fraction, Fraction]:
    """Slope and start of a tree that is linear in a name, by its values at four points."""
    field = Arithmetic(_DIGITS)
    values = []
    for x in (0, 1, 2, Fraction(-7, 3)):
        value = evaluate(node, {name: Fraction(x)}, field)
        if not isinstance(value, Fraction):
            raise Undecided("not exact")
        values.append(value)
    start, slope = values[0], values[1] - values[0]
    is_linear = values[2] == start + 2 * slope and values[3] == start - slope * Fraction(7, 3)
    if not slope or not is_linear:
        raise Undecided("not linear")
    return slope, start


def _below(operator: str, end: Node) -> RealSpan:
    if operator == "=":
        return _point(end)
    return _span(True, _MINUS_INFINITY, end, operator == "\\leq")


def _above(operator: str, end: Node) -> RealSpan:
    if operator == "=":
        return _point(end)
    return _span(operator == "<", end, _INFINITY, False)


def _point(node: Node) -> RealSpan:
    return _span(False, node, node, True)


def _span(is_open: bool, low: Node, high: Node, is_closed: bool) -> RealSpan:
    """A span; what has no end is open there."""
    start, end = _place(low), _place(high)
    opens, closes = is_open or start.is_infinite(), is_closed and end.is_finite()
    return RealSpan(start, int(opens), end, int(closes), (low, high))


def _place(node: Node) -> Decimal:
    """A real to twenty digits, for sorting. Raises Undecided."""
    value: Value = evaluate(node, {}, Arithmetic(_DIGITS))
    if isinstance(value, Complex):
        raise Undecided("a complex end of an interval")
    return _PLACES.copy().plus(Arithmetic(_DIGITS).enclose(value).lo)


def _merged(spans: Sequence[RealSpan]) -> list[RealSpan]:
    """Spans from left to right, empty ones gone, those that touch made one."""
    if len(spans) > _MOST_SPANS:
        raise Undecided("too many spans")
    disjoint: list[RealSpan] = []
    for span in sorted(spans, key=lambda span: span[:4]):
        if not _is_filled(span):
            continue
        last = disjoint[-1] if disjoint else None
        if last and (span.low, span.opens and not last.closes) <= (last.high, False):
            if span[2:4] > last[2:4]:
                disjoint[-1] = last._replace(high=span.high, closes=span.closes,
                                          ends=(last.ends[0], span.ends[1]))  # fmt: skip
        else:
            disjoint.append(span)
    return disjoint


def _is_filled(span: RealSpan) -> bool:
    if span.low == span.high:
        return not span.opens and bool(span.closes)
    return span.low < span.high


def _intersected(a: Sequence[RealSpan], b: Sequence[RealSpan]) -> list[RealSpan]:
    common = []
    for p in a:
        for q in b:
            low, high = max(p, q, key=lambda s: s[:2]), min(p, q, key=lambda s: s[2:4])
            span = RealSpan(low.low, low.opens, high.high, high.closes, (low.ends[0], high.ends[1]))
            if _is_filled(span):
                common.append(span)
    return common


def _complement(spans: Sequence[RealSpan]) -> list[RealSpan]:
    """The reals that are in none of the spans, which are in order."""
    gaps = []
    low, opens = _MINUS_INFINITY, True
    for span in spans:
        gaps.append(_span(opens, low, span.ends[0], bool(span.opens)))
        low, opens = span.ends[1], bool(span.closes)
    gaps.append(_span(opens, low, _INFINITY, False))
    return _merged(gaps)
