"""Small changes of a Python file: one operator, constant, call or keyword at a time.

`mutants` lists every change of a source in the order of the text; `apply` gives the source with one
of them. Annotations, decorators, docstrings and f-strings stay as they are, and so do keywords
whose absence no test could tell (`IGNORED_KEYWORDS`).
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

IGNORED_KEYWORDS = {
    "strict": "zip(strict=True) guards lengths that are equal by construction",
    "encoding": "the default is UTF-8 wherever the suite runs",
    "errors": "as encoding",
    "daemon": "tells when the interpreter may exit, not what is scored",
    "name": "names of threads",
    "stacklevel": "the line that a warning points at",
}
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_CALLS = {
    "min": "max",
    "any": "all",
    "find": "rfind",
    "index": "rindex",
    "split": "rsplit",
    "partition": "rpartition",
    "startswith": "endswith",
    "lstrip": "rstrip",
    "floor": "ceil",
}
_CALLS |= {after: before for before, after in _CALLS.items()}


class Mutant(NamedTuple):
    """One change: where it is (function, line, the text of that line) and what becomes of what."""

    function: str
    line: int
    code: str
    before: str
    after: str
    ordinal: int

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What names the change when lines have moved."""
        return (self.function, self.code, self.before, self.after, self.ordinal)


class _Site(NamedTuple):
    function: str
    node: ast.AST
    replacement: ast.AST


def mutants(source: str) -> list[Mutant]:
    """Every change of `source`, in the order of the text."""
    lines = source.splitlines()
    counts: Counter[tuple[str, ...]] = Counter()
    changes = []
    for site in _sites(ast.parse(source)):
        line = site.node.lineno  # type: ignore[attr-defined]
        texts = (site.function, lines[line - 1].strip(), *_texts(site))
        changes.append(Mutant(site.function, line, *texts[1:], ordinal=counts[texts]))
        counts[texts] += 1
    return changes


def apply(source: str, index: int) -> str:
    """`source` with the change of that index in ``mutants(source)``; comments are gone."""
    tree = ast.parse(source)
    site = next(site for i, site in enumerate(_sites(tree)) if i == index)
    return unparse(_Replace(site).visit(tree))


def unparse(tree: ast.AST) -> str:
    """The source of a tree."""
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


class _Replace(ast.NodeTransformer):
    def __init__(self, site: _Site) -> None:
        self.site = site

    def visit(self, node: ast.AST) -> ast.AST:
        return self.site.replacement if node is self.site.node else self.generic_visit(node)


def _texts(site: _Site) -> tuple[str, str]:
    return ast.unparse(site.node), ast.unparse(site.replacement)


def _sites(node: ast.AST, function: str = "") -> Iterator[_Site]:
    for child in _children(node):
        name = function
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name = f"{function}.{child.name}".lstrip(".")
        yield from (_Site(name or "-", child, changed) for changed in _changes(child))
        yield from _sites(child, name)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for field, content in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in content if isinstance(content, list) else [content]:
            if isinstance(child, ast.AST) and not _is_left_alone(child):
                yield child


def _is_left_alone(node: ast.AST) -> bool:
    if isinstance(node, ast.keyword):
        return node.arg in IGNORED_KEYWORDS
    return isinstance(node, ast.JoinedStr)


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        yield from _compared(node)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS and not _joins_text(node):
        yield ast.BinOp(node.left, _OPERATORS[type(node.op)](), node.right)
    elif isinstance(node, ast.Constant):
        yield from map(ast.Constant, _constants(node.value))
    elif isinstance(node, ast.Subscript):
        yield from _other_ends(node)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Continue):
        yield ast.Break()
    elif isinstance(node, ast.Break):
        yield ast.Continue()


def _compared(node: ast.Compare) -> Iterator[ast.AST]:
    for i, operator in enumerate(node.ops):
        operators = [*node.ops[:i], _COMPARISONS[type(operator)](), *node.ops[i + 1 :]]
        yield ast.Compare(node.left, operators, node.comparators)


def _joins_text(node: ast.BinOp) -> bool:
    sides = (node.left, node.right)
    return any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and isinstance(side.value, (str, bytes)))
        for side in sides
    )


def _constants(number: object) -> tuple[float, ...]:
    if isinstance(number, bool):
        return (not number,)
    if isinstance(number, int):
        return (number + 1, number - 1)
    if isinstance(number, float):
        return (number * 2, number / 2) if number else (1.0,)
    return ()


def _other_ends(node: ast.Subscript) -> Iterator[ast.AST]:
    first = isinstance(node.slice, ast.Constant) and node.slice.value == 0
    last = ast.unparse(node.slice) == "-1"
    if first or last:
        end = ast.Constant(-1 if first else 0)
        yield ast.Subscript(node.value, end, node.ctx)


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    called = copy.copy(node.func)
    if isinstance(called, ast.Name) and called.id in _CALLS:
        called.id = _CALLS[called.id]
        yield ast.Call(called, node.args, node.keywords)
    elif isinstance(called, ast.Attribute) and called.attr in _CALLS:
        called.attr = _CALLS[called.attr]
        yield ast.Call(called, node.args, node.keywords)
    for i, keyword in enumerate(node.keywords):
        if keyword.arg and keyword.arg not in IGNORED_KEYWORDS:
            yield ast.Call(node.func, node.args, node.keywords[:i] + node.keywords[i + 1 :])
