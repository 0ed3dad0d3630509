"""The value of a tree that `_latex_read` made, where its symbols have given values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from plaudit.answers.latex_read import Node, children, rebuilt
from plaudit.answers.latex_real import Arithmetic, Complex, Enclosure, Undecided, Value
from plaudit.answers.latex_token import name_set

__all__ = ["apart", "evaluate", "holds_container", "is_narrow", "is_scalar", "symbols", "weight"]

_HEAVY = 10_000
_COARSE_DIGITS = 10
_INFINITE = Decimal("Infinity")
_SCALARS = name_set(
    "num digits const sym add mul neg div pow root fact abs floor ceil binom fn logb pct deg pm mp"
    " base unit"
)


def is_scalar(node: Node) -> bool:
    """Whether a tree is one number or expression, not a tuple, a set, a relation or a text."""
    return node[0] in _SCALARS


def holds_container(node: Node) -> bool:
    """Whether arithmetic is done on what is not one number, as in a sum of matrices."""
    return any(not is_scalar(child) or holds_container(child) for child in children(node))


def symbols(node: Node) -> set[str]:
    """The names of the variables in a tree."""
    if node[0] == "sym":
        return {node[1]}
    return {name for child in children(node) for name in symbols(child)}


def weight(node: Node) -> int:
    """About how many digits the numbers in a tree would have, written out."""
    if node[0] == "num":
        return (node[1].numerator.bit_length() + node[1].denominator.bit_length()) // 3
    if node[0] == "pow":
        return (weight(node[1]) + 1) * _times(node[2])
    if node[0] == "fact" or node[:2] == ("fn", "exp"):
        return (weight(node[-1]) + 1) * _times(node[-1])
    return 1 + sum(map(weight, children(node)))


def _times(node: Node) -> int:
    """The size of an exponent, of either sign, as far as it matters; 1 where it has none."""
    field = Arithmetic(_COARSE_DIGITS)
    try:
        x = evaluate(node, {}, field)
        parts = x if isinstance(x, Complex) else (x,)
        high = max(end.copy_abs() for part in parts for end in field.enclose(part))
    except Undecided:
        return 1
    return math.ceil(min(high, Decimal(_HEAVY))) or 1


def evaluate(node: Node, at: Mapping[str, Value], field: Arithmetic) -> Value:
    """The value of a scalar tree where its symbols have the values `at`.

    Raises: Undecided if there is none, or none that this arithmetic finds.
    """
    return _RULES[node[0]](node, at, field) if node[0] in _RULES else _undecided(node)


def apart(x: Value, y: Value, field: Arithmetic) -> bool:
    """Whether two values are certainly different."""
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return x != y
    if isinstance(x, Complex) or isinstance(y, Complex):
        a = x if isinstance(x, Complex) else Complex(x, Fraction(0))
        b = y if isinstance(y, Complex) else Complex(y, Fraction(0))
        return apart(a.re, b.re, field) or apart(a.im, b.im, field)
    a, b = field.enclose(x), field.enclose(y)
    return a.hi < b.lo or b.hi < a.lo


def is_narrow(x: Value, field: Arithmetic) -> bool:
    """Whether a value is known to `field.digits` digits (absolutely, near zero)."""
    if isinstance(x, Fraction):
        return True
    if isinstance(x, Complex):
        return is_narrow(x.re, field) and is_narrow(x.im, field)
    if x.lo == x.hi:
        return True
    width = field.up.subtract(x.hi, x.lo)
    size = max(x.lo.copy_abs(), x.hi.copy_abs(), Decimal(1))
    return width.is_finite() and width <= field.up.multiply(
        size, Decimal(1).scaleb(-field.digits, field.up)
    )


def _undecided(node: Node) -> Value:
    raise Undecided(f"{node[0]!r} has no value")


def _symbol(node: Node, at: Mapping[str, Value], field: Arithmetic) -> Value:
    if node[1] not in at:
        raise Undecided(f"{node[1]} is free")
    return at[node[1]]


def _constant(node: Node, at: Mapping[str, Value], field: Arithmetic) -> Value:
    if node[1] == "pi":
        return field.pi()
    if node[1] == "e":
        return field.exp(Fraction(1))
    return Complex(Fraction(0), Fraction(1)) if node[1] == "i" else Enclosure(_INFINITE, _INFINITE)


def _sum(node: Node, at: Mapping[str, Value], field: Arithmetic) -> Value:
    total: Value = Fraction(0)
    for term in node[1]:
        total = field.add(total, evaluate(term, at, field))
    return total


def _product(node: Node, at: Mapping[str, Value], field: Arithmetic) -> Value:
    total: Value = Fraction(1)
    for factor in node[1]:
        total = field.mul(total, evaluate(factor, at, field))
    return total


def _root(node: Node, at: Mapping[str, Value], field: Arithmetic) -> Value:
    degree = evaluate(node[2], at, field)
    if not isinstance(degree, Fraction) or degree.denominator != 1 or not 0 < degree <= 1000:
        raise Undecided("a root of a strange degree")
    return field.root(evaluate(node[1], at, field), degree.numerator)


def _absolute(node: Node, at: Mapping[str, Value], field: Arithmetic) -> Value:
    x = evaluate(node[1], at, field)
    if isinstance(x, Complex):
        return field.root(field.add(field.mul(x.re, x.re), field.mul(x.im, x.im)), 2)
    if (sign := field.sign(x)) is None:
        raise Undecided("the size of what may be zero")
    return field.neg(x) if sign < 0 else x


def _function(node: Node, at: Mapping[str, Value], field: Arithmetic) -> Value:
    x = evaluate(_in_radians(node[2]), at, field)
    name = node[1]
    if name == "ln":
        return field.log(x)
    if name == "exp":
        return field.exp(x)
    if name in ("sin", "cos"):
        return field.sin(x) if name == "sin" else field.cos(x)
    if name in ("sec", "csc"):
        return field.inverse(field.cos(x) if name == "sec" else field.sin(x))
    above, below = (field.sin(x), field.cos(x))
    return field.div(above, below) if name == "tan" else field.div(below, above)


def _in_radians(node: Node) -> Node:
    """Degrees mean an angle where they are inside a function."""
    if node[0] == "deg":
        return ("div", ("mul", [node[1], ("const", "pi")]), ("num", Fraction(180)))
    return rebuilt(node, _in_radians) if node[0] in ("add", "mul", "neg", "div") else node


def _logarithm(node: Node, at: Mapping[str, Value], field: Arithmetic) -> Value:
    base, x = (field.log(evaluate(part, at, field)) for part in node[1:])
    return field.div(x, base)


def _based(node: Node, at: Mapping[str, Value], field: Arithmetic) -> Value:
    try:
        return Fraction(int(node[1], node[2]))
    except ValueError:
        raise Undecided(f"{node[1]} is not a numeral of base {node[2]}") from None


_RULES = {
    "num": lambda node, at, field: field.fitted(node[1]),
    "digits": lambda node, at, field: field.literal(node[1]),
    "const": _constant,
    "sym": _symbol,
    "add": _sum,
    "mul": _product,
    "neg": lambda node, at, field: field.neg(evaluate(node[1], at, field)),
    "div": lambda node, at, field: field.div(*(evaluate(n, at, field) for n in node[1:])),
    "pow": lambda node, at, field: field.power(*(evaluate(n, at, field) for n in node[1:])),
    "root": _root,
    "fact": lambda node, at, field: field.factorial(evaluate(node[1], at, field)),
    "binom": lambda node, at, field: field.binomial(*(evaluate(n, at, field) for n in node[1:])),
    "abs": _absolute,
    "floor": lambda node, at, field: field.rounded(evaluate(node[1], at, field), up=False),
    "ceil": lambda node, at, field: field.rounded(evaluate(node[1], at, field), up=True),
    "fn": _function,
    "logb": _logarithm,
    "pct": lambda node, at, field: field.div(evaluate(node[1], at, field), Fraction(100)),
    "deg": lambda node, at, field: evaluate(node[1], at, field),
    "unit": lambda node, at, field: evaluate(node[1], at, field),
    "base": _based,
}
