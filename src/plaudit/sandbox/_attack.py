"""One attack of the built-in suite, and the text file that holds it (attacks/README.md)."""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from plaudit.errors import ConfigError

__all__ = ["Attack", "read_attack"]

_EXPRESSIONS = ("limits", "program", "tests")


@dataclass(frozen=True, slots=True)
class Attack:
    """A program, how it is graded, and the verdict that is right.

    `style`: "call" (`tests` are (arguments, expected) of `solve`), "stdin" (`tests` are (input,
    output)), "assert" (`tests` is one text of test code). `expect`: "pass", "fail", or "any" where
    only the traces matter. `layer` names what stops it first. `limits` are keyword arguments of
    `Limits`. What the suite plants on the host replaces the names in braces in program and tests.
    """

    name: str
    program: str | bytes
    tests: Any
    expect: Literal["pass", "fail", "any"]
    style: Literal["call", "stdin", "assert"]
    limits: Mapping[str, float]
    layer: str
    why: str = ""


def read_attack(name: str, text: str) -> Attack:
    """The attack that a text file holds.

    Raises: ConfigError naming the attack where a key is missing, unknown or not readable.
    """
    header, *sections = text.split("\n---\n")
    try:
        fields: dict[str, Any] = dict([line.split(": ", 1) for line in header.splitlines()])
        for key in _EXPRESSIONS:
            if key in fields:
                fields[key] = _evaluate(fields[key])
        if len(sections) > 2:
            raise ValueError(f"{len(sections)} sections behind the header: a program and tests")
        return Attack(name, **fields, **dict(zip(("program", "tests"), sections, strict=False)))
    except (TypeError, ValueError, ArithmeticError, MemoryError, SyntaxError) as error:
        message = f"attack {name}: {error}; attacks/README.md shows the form"
        raise ConfigError(message) from error


def _evaluate(expression: str) -> Any:
    """A Python literal, in which +, * and ** stand between constants: ``"x" * 3_000_000``."""
    return _value(ast.parse(expression, mode="eval").body)


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Tuple():
            return tuple(map(_value, node.elts))
        case ast.BinOp() if type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](_value(node.left), _value(node.right))
        case ast.Dict() | ast.List() | ast.Set() | ast.UnaryOp():
            return ast.literal_eval(node)
        case _:
            raise ValueError(f"{ast.unparse(node)!r} is no literal")


_OPERATORS: Mapping[type[ast.operator], Any] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.Pow: operator.pow,
}
