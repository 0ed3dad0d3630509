r"""Which equations state a value: those whose left side is a name, or a computation."""

from __future__ import annotations

import re
from fractions import Fraction

from plaudit.answers.latex_read import Node
from plaudit.answers.latex_real import Arithmetic, Undecided
from plaudit.answers.latex_shape import is_name
from plaudit.answers.latex_value import evaluate, holds_container, is_scalar, symbols

__all__ = ["is_false", "loses_its_left_side", "operates_on_several"]

_DIGITS = 25
_LINKS = frozenset(("=", "\\approx", "\\in", "\\equiv", "\\to"))


def loses_its_left_side(answer: Node | None, reference: Node | None) -> bool:
    r"""Whether an equation would have to lose more than a name to be the reference.

    `x = 5`, `f(2) = 5`, `AB + BC = 5` and `3 + 2 = 5` state 5; `2x = 5` and `x^2 + y^2 = 5` do not.

    >>> from plaudit.answers.latex_equal import answer_of
    >>> [loses_its_left_side(answer_of(text).node, None) for text in ("x = 5", "2x + 1 = 5")]
    [False, True]
    """
    if answer is None or answer[0] != "rel" or (reference and _holds_relation(reference)):
        return False
    if not _LINKS.issuperset(answer[1]):
        return False
    left, *others = answer[2]
    if left[0] == "opaque" or is_name(left) or not symbols(left) or _is_call(left):
        return False
    return all(symbols(side) for side in others[:-1])


def is_false(answer: Node | None) -> bool:
    r"""Whether an answer equates whole numbers that differ: 49 + 65 = 113 states no answer.

    What is not a whole number may be rounded (14/3 = 4.67), and is not judged.

    >>> from plaudit.answers.latex_equal import answer_of
    >>> [is_false(answer_of(text).node) for text in ("2 + 2 = 5", "2 + 3 = 5", "14/3 = 4.67")]
    [True, False, False]
    """
    if answer is None or answer[0] != "rel" or set(answer[1]) != {"="}:
        return False
    numbers = [side for side in answer[2] if side[0] != "opaque" and not symbols(side)]
    if len(numbers) < 2 or not all(map(is_scalar, numbers)):
        return False
    try:
        values = {evaluate(side, {}, Arithmetic(_DIGITS)) for side in numbers}
    except Undecided:
        return False
    return len(values) > 1 and all(
        isinstance(value, Fraction) and value.denominator == 1 for value in values
    )


def _holds_relation(node: Node) -> bool:
    return any(item[0] == "rel" for item in (node[1] if node[0] == "list" else [node]))


def _is_call(node: Node) -> bool:
    """Whether a product is a function of a number: f(2), P(3)."""
    return node[0] == "mul" and node[1][0][0] == "sym" and all(n[0] != "sym" for n in node[1][1:])


def operates_on_several(answer: Node | None, text: str = "") -> bool:
    r"""Whether an answer is a function, sign or power of a tuple or list: no value that is known.

    >>> from plaudit.answers.latex_equal import answer_of
    >>> operates_on_several(answer_of(r"\sin(1, 2)").node)
    True
    """
    if answer is not None:
        return is_scalar(answer) and holds_container(answer)
    return any(_holds_list(text, match.end()) for match in _FUNCTION.finditer(text[:_LONGEST]))


_LONGEST = 2000
_FUNCTION = re.compile(
    r"\\(?:sqrt(?:\[\w+\])?|(?:arc)?(?:sin|cos|tan|cot)|sinh|cosh|tanh|sec|csc|ln|log|exp|lfloor|lceil)"
    r"(?![A-Za-z])\s*(?:\\left\s*)?[({]?|-\s*(?:\\left\s*)?\("
)
_DEPTH = {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}


def _holds_list(text: str, start: int) -> bool:
    """Whether a comma is in the brackets that are open at `start`."""
    depth = 0
    for char in text[start : start + 200]:
        depth += _DEPTH.get(char, 0)
        if depth < 0:
            return False
        if char in ",;" and depth == 0:
            return True
    return False
