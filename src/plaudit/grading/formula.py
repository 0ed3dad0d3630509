"""Formulas over names, as the `calculate_output` of OpenAI's multi grader: no code is run."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from plaudit.errors import ConfigError, clipped, did_you_mean

__all__ = ["FUNCTIONS", "Formula", "formula"]

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "min": min, "max": max, "abs": abs, "floor": math.floor, "ceil": math.ceil, "exp": math.exp,
    "sqrt": math.sqrt, "log": math.log,
}  # fmt: skip
_SEVERAL = ("min", "max")
_BINARY: Mapping[type[ast.operator], Callable[[float, float], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.Pow: operator.pow,
}  # fmt: skip
_LONGEST = 10_000


@dataclass(frozen=True)
class Formula:
    """A formula and the names in it."""

    text: str
    tree: ast.expr
    names: frozenset[str]

    def value(self, values: Mapping[str, float]) -> float:
        """The number for these values; NaN where there is none (1 / 0, the root of -1)."""
        try:
            number = float(_value(self.tree, values))
        except (ArithmeticError, TypeError, ValueError):  # TypeError: a complex power
            return math.nan
        return number if math.isfinite(number) else math.nan


def formula(text: str, names: Mapping[str, Any]) -> Formula:
    """Reads a formula: numbers, `names`, ``+ - * / ^``, parentheses and `FUNCTIONS`.

    Raises: ConfigError for anything else in it.

    >>> formula("0.5 * a + 2 ^ b", {"a": 0, "b": 0}).value({"a": 1.0, "b": 3.0})
    8.5
    """
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
        raise ConfigError(f"formula_parse_error: expected a formula, found {clipped(text)}")
    if "**" in text or "//" in text:
        raise ConfigError(f"formula_parse_error: {clipped(text)}: a power is written ^")
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
        used = frozenset(_checked(tree, names, text))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"formula_parse_error: {clipped(text)} is not a formula") from None
    return Formula(text, tree, used)


def _checked(node: ast.expr, names: Mapping[str, Any], text: str) -> set[str]:
    """The names under a node. Raises ConfigError for what a formula cannot contain."""
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return set()
        case ast.Name(id=name):
            if name not in names:
                raise ConfigError(
                    f"invalid_variable_error: {clipped(text)}: no grader {name!r}"
                    f"{did_you_mean(name, names) or '.'} There are {', '.join(names)}"
                )
            return {name}
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _checked(operand, names, text)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _checked(left, names, text) | _checked(right, names, text)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS and (
            len(args) == 1 or (args and name in _SEVERAL)
        ):
            return set().union(*(_checked(arg, names, text) for arg in args))
    raise ConfigError(
        f"formula_parse_error: {clipped(text)}: {clipped(ast.unparse(node))} is not allowed;"
        f" a formula has numbers, names, + - * / ^ and {', '.join(FUNCTIONS)}"
    )


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=number):
            return float(number)  # type: ignore[arg-type]
        case ast.Name(id=name):
            return values[name]
        case ast.UnaryOp(op=op, operand=operand):
            return -_value(operand, values) if isinstance(op, ast.USub) else _value(operand, values)
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_value(left, values), _value(right, values))
        case ast.Call(func=ast.Name(id=name), args=args):
            numbers = [_value(arg, values) for arg in args]
            is_alone = name in _SEVERAL and len(numbers) == 1
            return numbers[0] if is_alone else FUNCTIONS[name](*numbers)
    raise AssertionError(node)
