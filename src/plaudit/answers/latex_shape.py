"""Trees brought into one shape before they are compared: relations, names, signs, vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from operator import mul

from plaudit.answers.latex_read import Node, children, rebuilt
from plaudit.answers.latex_real import Arithmetic, Undecided
from plaudit.answers.latex_value import evaluate, holds_container, is_scalar, symbols

__all__ = [
    "MIRRORED",
    "chosen",
    "describes_set",
    "has_choice",
    "is_assignment",
    "is_expression",
    "is_matrix_algebra",
    "is_name",
    "is_numeral",
    "last_side",
    "named",
    "roots",
    "shortened",
    "spread",
    "unlinked",
]

_LINKS = frozenset(("=", "\\approx", "\\in", "\\equiv", "\\to"))
MIRRORED = {"<": ">", ">": "<", "\\leq": "\\geq", "\\geq": "\\leq", "=": "=", "\\neq": "\\neq"}
_CONDITIONS = frozenset(("<", ">", "\\leq", "\\geq", "\\neq", "\\in"))
_SETS = frozenset(("union", "builder", "without"))
_MAX_MATRIX, _MAX_POWER, _MATRIX_DIGITS = 8, 16, 25
_ON_MATRICES = frozenset(("add", "mul", "neg", "pow", "div"))
_TURNED = {"(": ")", ")": "(", "[": "]", "]": "["}
_NUMBERS = frozenset(("num", "digits", "base", "words", "rel"))


def unlinked(a: Node, b: Node) -> tuple[Node, Node]:
    """`x = 5` against `5` is 5 against 5: if one side is no relation, the last side counts."""
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


# -- named values


def named(node: Node) -> dict[str, Node] | None:
    """The values that a list of equations, or one of tuples, gives to different names.

    Names that are letters are in the order of the alphabet, as in (x, y); others as written.
    """
    pairs = _pairs(node)
    if not pairs or any(left[0] != "sym" for left, _ in pairs):
        return None
    names = [left[1] for left, _ in pairs]
    if len(set(names)) != len(names) or (len(names) > 1 and len(set(map(_base, names))) == 1):
        return None
    if all(_base(name).isalpha() for name in names):
        pairs.sort(key=lambda pair: _order(pair[0][1]))
    return {left[1]: value for left, value in pairs}


def _pairs(node: Node) -> list[tuple[Node, Node]]:
    items = node[1] if node[0] == "list" else [node]
    if any(item[0] != "rel" or set(item[1]) != {"="} for item in items):
        return []
    if len(items) == 1:
        left, right = items[0][2][0], items[0][2][-1]
        if left[0] != "seq" or right[0] != "seq" or len(left[3]) != len(right[3]):
            return []
        return list(zip(left[3], right[3], strict=True))
    return [(item[2][0], item[2][-1]) for item in items]


def _base(name: str) -> str:
    return name.partition("_")[0]


def _order(name: str) -> tuple[str, int, str]:
    base, _, mark = name.partition("_")
    return base.lower(), int(mark) if mark.isdecimal() else 0, mark


def roots(a: Node, b: Node) -> tuple[Node, Node]:
    """x_1 = 1, x_2 = 2 and x = 1 or 2 as lists of values, where no side has another name."""
    names = [_roots_name(node) for node in (a, b)]
    if names[0] and names[1] and names[0] != names[1]:
        return a, b
    stripped = [
        ("list", [_value(item) for item in node[1]]) if name else node
        for name, node in zip(names, (a, b), strict=True)
    ]
    return stripped[0], stripped[1]


def _roots_name(node: Node) -> str | None:
    """The name that all equations of a list are about, the first item being one."""
    if node[0] != "list" or node[1][0][0] != "rel":
        return None
    names = set()
    for item in node[1]:
        if item[0] == "rel":
            if set(item[1]) != {"="} or item[2][0][0] != "sym":
                return None
            names.add(_base(item[2][0][1]))
        elif not is_scalar(item):
            return None
    return names.pop() if len(names) == 1 else None


def _value(item: Node) -> Node:
    return item[2][-1] if item[0] == "rel" else item


# -- sets and vectors


def describes_set(node: Node) -> bool:
    """Whether a tree can only be a set of reals: a union, conditions on a name, a set-builder."""
    if node[0] == "list":
        return any(map(describes_set, node[1]))
    return node[0] in _SETS or (node[0] == "rel" and not _CONDITIONS.isdisjoint(node[1]))


def spread(node: Node) -> Node:
    """Arithmetic on tuples and matrices done item by item: -(1, 2) is (-1, -2).

    What it cannot spread stays as it is.
    """
    kind = node[0]
    if kind == "neg":
        return _negated(spread(node[1])) or node
    if kind == "div" and is_scalar(node[2]):
        return _mapped(spread(node[1]), lambda item: ("div", item, node[2])) or node
    if kind == "pow":
        return _matrix_power(spread(node[1]), node[2]) or node
    if kind == "mul":
        parts = [spread(part) for part in node[1]]
        factors = [part for part in parts if is_scalar(part)]
        if len(factors) == len(parts) - 1:
            vector = next(part for part in parts if not is_scalar(part))
            return _mapped(vector, lambda item: ("mul", [*factors, item])) or node
        return _matrix_product(parts) or node
    if kind == "add":
        return _summed([spread(part) for part in node[1]]) or node
    return node


def _negated(node: Node) -> Node | None:
    """The negatives of what a vector, a set or an interval holds."""
    if node[0] == "seq" and len(node[3]) == 2 and not _is_vector(node):
        low, high = (("neg", end) for end in node[3])
        return ("seq", _TURNED[node[2]], _TURNED[node[1]], [high, low])
    if node[0] == "set":
        return ("set", [("neg", item) for item in node[1]])
    return _mapped(node, lambda item: ("neg", item))


def is_expression(node: Node) -> bool:
    """Whether a tree is arithmetic on numbers and names alone."""
    return is_scalar(node) and not holds_container(node)


def is_matrix_algebra(node: Node) -> bool:
    """Whether a tree is a matrix, or sums, products and powers of matrices and numbers."""
    if node[0] == "matrix" or is_expression(node):
        return True
    return node[0] in _ON_MATRICES and all(map(is_matrix_algebra, children(node)))


def _mapped(node: Node, change: Callable[[Node], Node]) -> Node | None:
    if not _is_vector(node):
        return None
    return rebuilt(node, change)


def _is_vector(node: Node) -> bool:
    return node[0] == "matrix" or (node[0] == "seq" and node[1:3] == ("(", ")"))


def _numbers(node: Node) -> list[list[Fraction]] | None:
    """The entries of a small matrix of exact numbers."""
    if node[0] != "matrix" or max(len(node[1]), len(node[1][0])) > _MAX_MATRIX:
        return None
    field = Arithmetic(_MATRIX_DIGITS)
    try:
        rows = [[evaluate(item, {}, field) for item in row] for row in node[1]]
    except Undecided:
        return None
    return rows if all(isinstance(x, Fraction) for row in rows for x in row) else None  # type: ignore[return-value]


def _matrix_product(parts: Sequence[Node]) -> Node | None:
    """The product of matrices of exact numbers."""
    rows = _numbers(parts[0])
    for part in parts[1:]:
        other = _numbers(part)
        if rows is None or other is None or len(rows[0]) != len(other):
            return None
        columns = list(zip(*other, strict=True))
        rows = [[sum(map(mul, row, column), Fraction(0)) for column in columns] for row in rows]
    return None if rows is None else ("matrix", [[("num", x) for x in row] for row in rows])


def _matrix_power(node: Node, exponent: Node) -> Node | None:
    is_small = exponent[0] == "num" and exponent[1].denominator == 1
    if not is_small or not 1 <= exponent[1] <= _MAX_POWER or node[0] != "matrix":
        return None
    return _matrix_product([node] * int(exponent[1]))


def _summed(parts: Sequence[Node]) -> Node | None:
    first = parts[0]
    if not all(map(_is_vector, parts)) or len({_shape(part) for part in parts}) != 1:
        return None
    if first[0] == "seq":
        columns = zip(*(part[3] for part in parts), strict=True)
        return ("seq", "(", ")", [("add", list(items)) for items in columns])
    rows = zip(*(part[1] for part in parts), strict=True)
    return ("matrix", [[("add", list(items)) for items in zip(*row, strict=True)] for row in rows])


def _shape(node: Node) -> tuple:
    return (node[0], len(node[3])) if node[0] == "seq" else (node[0], len(node[1]), len(node[1][0]))
