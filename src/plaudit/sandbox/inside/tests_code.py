"""Test code as a syntax tree: the names it leaves open, and its assertions made into checks."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import symtable
import warnings
from dataclasses import dataclass, field

__all__ = ["Check", "Checks", "Unusable", "bind_program", "instrument", "open_names", "parse"]

_PROGRAM_NAMES = """
solution main candidate program answer submission __main__
"""
_LIBRARY_NAMES = """
numpy pandas scipy sklearn torch tensorflow sympy networkx matplotlib requests hypothesis django
flask pytest_mock yaml PIL bs4 aiohttp attr pydantic
"""
RECORDER = "__plaudit__"
PROGRAM_MODULES = frozenset(_PROGRAM_NAMES.split())
_LIBRARIES = frozenset(_LIBRARY_NAMES.split())
_RUN_BY_NAME = ("check", "test", "main", "run")


class Unusable(BaseException):
    """Tests that cannot be run, whatever the program does. Not an Exception: tests catch those."""


@dataclass
class Check:
    """One assertion and what became of it. `owner` must not end without reaching it, if there."""

    line: int
    text: str
    owner: int | None = None
    is_reached: bool = False
    passed: bool = False
    error: str | None = None


@dataclass
class Checks:
    """What `instrument` found; `functions` counts the functions whose beginning is recorded."""

    found: list[Check] = field(default_factory=list)
    functions: int = 1


def parse(text: str, name: str) -> ast.Module:
    """The tree of test code. Raises: Unusable for what is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unusable(f"{name} are no Python: {error}") from None


def open_names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """The global names that the code uses, and those that it binds at its top level.

    >>> sorted(open_names(ast.parse("import re\\ndef t(x):\\n    assert f(x) == y"))[0])
    ['f', 'y']
    """
    top = symtable.symtable(ast.unparse(tree), "tests", "exec")
    used: set[str] = set()
    bound = {symbol.get_name() for symbol in top.get_symbols() if _is_bound(symbol)}
    waiting = [top]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        for symbol in table.get_symbols():
            is_global = table is top or symbol.is_global()
            if is_global and symbol.is_referenced():
                used.add(symbol.get_name())
            if table is not top and symbol.is_declared_global() and symbol.is_assigned():
                bound.add(symbol.get_name())
    return used - bound, bound


def _is_bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported()


def bind_program(tree: ast.Module) -> tuple[dict[str, str], set[str]]:
    """Takes out imports of the program itself (``from solution import f as g``).

    Returns the names so bound and what they are called in the program, and the names that stand for
    the program as a module. Raises: Unusable for a library that is not installed here.
    """
    names: dict[str, str] = {}
    modules: set[str] = set()
    finder = _Imports(names, modules)
    finder.visit(tree)
    ast.fix_missing_locations(tree)
    return names, modules


class _Imports(ast.NodeTransformer):
    def __init__(self, names: dict[str, str], modules: set[str]):
        self.names = names
        self.modules = modules

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        if not node.level and not _is_program(node.module or ""):
            return node
        for alias in node.names:
            if alias.name != "*":
                self.names[alias.asname or alias.name] = alias.name
        return ast.copy_location(ast.Pass(), node)

    def visit_Import(self, node: ast.Import) -> ast.stmt:
        kept = [alias for alias in node.names if not _is_program(alias.name)]
        self.modules.update(a.asname or a.name for a in node.names if a not in kept)
        node.names = kept
        return node if kept else ast.copy_location(ast.Pass(), node)


def _is_program(name: str) -> bool:
    root = name.partition(".")[0]
    if root in PROGRAM_MODULES:
        return True
    if root in ("pytest", "tests"):
        return False
    try:
        if importlib.util.find_spec(root) is not None:
            return False
    except (ImportError, ValueError):
        return False
    if root in _LIBRARIES:
        raise Unusable(f"the tests import {root}, which is not installed where they run")
    return True


def instrument(tree: ast.Module, source: str) -> Checks:
    """Makes each assertion call the recorder; changes the tree.

    An assertion directly in the body of the module or of a function must be reached when the body
    is run; one inside a condition, a loop or a ``try`` counts when it is reached. Outside ``try``
    and ``with``, in the module and in functions that are named like tests, one that fails does not
    stop what follows.

    >>> tree = ast.parse("assert 1\\nif x:\\n    assert 2")
    >>> [check.owner for check in instrument(tree, "").found]
    [0, None]
    """
    checks = Checks()
    tree.body = _Walk(checks, 0, True).block(tree.body, True, True)
    ast.fix_missing_locations(tree)
    return checks


class _Walk:
    """The statements of one function, or of the module."""

    def __init__(self, checks: Checks, owner: int, goes_on: bool):
        self.checks = checks
        self.owner = owner
        self.goes_on = goes_on
        self.may_leave = False  # a `return` or `raise` came before

    def block(self, body: list[ast.stmt], is_direct: bool, is_free: bool) -> list[ast.stmt]:
        return [self.statement(node, is_direct, is_free) for node in body]

    def statement(self, node: ast.stmt, is_direct: bool, is_free: bool) -> ast.stmt:
        if isinstance(node, ast.Assert):
            return self.check(node, is_direct, is_free)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return self.function(node)
        if isinstance(node, ast.ClassDef):
            node.body = _Walk(self.checks, self.owner, False).block(node.body, False, False)
            return node
        if isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue):
            self.may_leave = True
        is_free = is_free and not isinstance(node, ast.Try | ast.With | ast.AsyncWith)
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(node, name, None)
            if isinstance(inner, list):
                setattr(node, name, self.block(inner, False, is_free))
        for branch in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            branch.body = self.block(branch.body, False, is_free)
        return node

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
        place = self.checks.functions
        self.checks.functions += 1
        walk = _Walk(self.checks, place, node.name.lower().startswith(_RUN_BY_NAME))
        has_text = ast.get_docstring(node, clean=False) is not None
        body = walk.block(node.body, True, True)
        node.body = [*body[:has_text], _call("enter", place), *body[has_text:]]
        return node

    def check(self, node: ast.Assert, is_direct: bool, is_free: bool) -> ast.stmt:
        never = isinstance(node.test, ast.Constant) and not node.test.value
        must = is_direct and not self.may_leave and not never
        place = len(self.checks.found)
        text = ast.unparse(node)[:120]
        self.checks.found.append(Check(node.lineno, text, self.owner if must else None))
        message = ast.Lambda(_NO_ARGUMENTS, node.msg or ast.Constant(None))
        made = _call("hold", _recorder("reach", ast.Constant(place)), node.test, message)
        if self.goes_on and is_free:
            caught = ast.Attribute(ast.Name(RECORDER, ast.Load()), "Caught", ast.Load())
            handler = ast.ExceptHandler(caught, None, [_call("failed", place)])
            made = ast.Try([made], [handler], [], [])
        for part in ast.walk(made):
            if not hasattr(part, "lineno"):
                ast.copy_location(part, node)
        return made


_NO_ARGUMENTS = ast.arguments([], [], None, [], [], None, [])


def _recorder(method: str, *args: ast.expr) -> ast.Call:
    function = ast.Attribute(ast.Name(RECORDER, ast.Load()), method, ast.Load())
    return ast.Call(function, list(args), [])


def _call(method: str, *args: ast.expr | int) -> ast.Expr:
    nodes = [ast.Constant(arg) if isinstance(arg, int) else arg for arg in args]
    return ast.Expr(_recorder(method, *nodes))


def is_builtin(name: str) -> bool:
    """Whether a name that is bound nowhere is one of Python's own."""
    return hasattr(builtins, name)
