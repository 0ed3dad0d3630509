"""Test code turned into call tests, where every assertion of it is one: read, never run.

What is left (loops, helpers, wrapped calls, names that are not literals) is for the process that
runs test code. The conversion is all or nothing, so no assertion is lost.
"""

from __future__ import annotations

import ast
import builtins
import copy
import math
import operator
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from plaudit.grading.problem import CallProblem, CallTest, Near

__all__ = ["calls_of"]

_MOST_TEXT = 2_000_000
_MOST_BITS = 10_000
_MOST_ITEMS = 200_000
_STARS = ("typing", "math", "collections")  # they bind none of the names that are read here

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
_MAKERS: Mapping[str, Callable[..., object]] = {
    "set": set,
    "frozenset": frozenset,
    "list": list,
    "tuple": tuple,
    "dict": dict,
    "float": float,
    "complex": complex,
}
_CONSTANTS = {"math.inf": math.inf, "math.pi": math.pi, "math.e": math.e, "math.tau": math.tau}


class _Other(Exception):
    """Something that is not a call test."""


def calls_of(
    tests: str | Sequence[str],
    *,
    entry: str | None = None,
    setup: str = "",
    style: Literal["assert", "pytest"] = "assert",
) -> CallProblem | None:
    """The call tests that test code amounts to, or None where it is more than that.

    Read are ``assert f(..) == literal`` and its mirror image, ``assert f(..)``, ``assert not
    f(..)``, ``is True`` (False, None), ``abs(f(..) - x) < y``, ``math.isclose``, ``pytest.approx``
    and ``round(f(..), n) == literal``; at the top level, in a function `check` whose argument is
    the entry (called, or the only one), and in argument-less functions `test_*` where `style` is
    "pytest". Literals include sets, ``float("inf")``, starred lists, names bound to literals, and
    arithmetic of bounded size. Imports, docstrings, messages and true constants are passed over.
    Equality is Python's. All assertions must call one function: `entry`, or the first one called.

    >>> calls_of("assert f(1, [2]) == (3, 4)").tests[0].arguments
    (1, [2])
    >>> calls_of("for i in range(3): assert f(i) == i") is None
    True
    """
    text = tests if isinstance(tests, str) else "\n".join(tests)
    reader = _AssertReader(entry, style)
    try:
        reader.module(_tree(setup), is_setup=True)
        reader.module(_tree(text))
    except (_Other, RecursionError, MemoryError):
        return None
    if reader.entry is None or not reader.tests:
        return None
    return CallProblem(reader.entry, tuple(reader.tests))


def _tree(text: str) -> list[ast.stmt]:
    if len(text) > _MOST_TEXT:
        raise _Other
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text).body
    except (SyntaxError, ValueError) as error:  # NUL, surrogates
        raise _Other from error


class _AssertReader:
    """Statement after statement; `tests` grows, anything that is not a call test raises _Other."""

    def __init__(self, entry: str | None, style: str) -> None:
        self.entry = entry
        self.style = style
        self.tests: list[CallTest] = []
        self.imported: dict[str, str] = {}
        self.bound: dict[str, ast.expr] = {}
        self.used: set[str] = set()
        self.checks: dict[str, ast.FunctionDef] = {}
        self.alias: dict[str, str] = {}

    def module(self, body: Iterable[ast.stmt], *, is_setup: bool = False) -> None:
        for node in body:
            if is_setup and not isinstance(node, ast.Import | ast.ImportFrom | ast.Pass):
                raise _Other
            if isinstance(node, ast.FunctionDef):
                self.function(node)
            elif not self.check_call(node):
                self.statement(node)
        for name in list(self.checks):  # HumanEval's rows leave the call to the harness
            if name != "check" or self.entry is None:
                raise _Other
            self.run(self.checks.pop(name), self.entry)

    def function(self, node: ast.FunctionDef) -> None:
        names = [a.arg for a in node.args.args]
        if node.decorator_list or not _is_plain(node.args):
            raise _Other
        if self.style == "pytest" and node.name.startswith("test") and not names:
            self.run(node, None)
        elif len(names) == 1:
            self.checks[node.name] = node
        else:
            raise _Other

    def check_call(self, node: ast.stmt) -> bool:
        """Runs a function of this file that is called with the entry."""
        call = node.value if isinstance(node, ast.Expr) else None
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            return False
        argument = call.args[0] if len(call.args) == 1 and not call.keywords else None
        if call.func.id not in self.checks or not isinstance(argument, ast.Name):
            raise _Other
        self.run(self.checks.pop(call.func.id), argument.id)
        return True

    def run(self, node: ast.FunctionDef, entry: str | None) -> None:
        """The straight-line body of a function, with its argument (if any) bound to the entry."""
        outer = dict(self.bound), set(self.used)
        self.alias = {node.args.args[0].arg: entry} if entry else {}
        for statement in node.body:
            self.statement(statement)
        self.alias = {}
        self.bound, used = outer
        self.used |= used

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self.imports(node)
        elif isinstance(node, ast.Assign):
            self.binding(node)
        elif isinstance(node, ast.Assert):
            self.assertion(node.test)
        elif not isinstance(node, ast.Pass) and not _is_docstring(node):
            raise _Other

    def imports(self, node: ast.Import | ast.ImportFrom) -> None:
        for name in node.names:
            if name.name == "*":
                if not isinstance(node, ast.ImportFrom) or node.module not in _STARS:
                    raise _Other
                continue
            home = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            local = name.asname or name.name.partition(".")[0]
            self.imported[local] = home + (name.name if name.asname else name.name.split(".")[0])
            self.bound.pop(local, None)

    def binding(self, node: ast.Assign) -> None:
        """A name for a literal; it may be used once, or often where nothing can change it."""
        target = node.targets[0]
        if len(node.targets) != 1 or not isinstance(target, ast.Name):
            raise _Other
        if target.id in (self.entry, *self.alias, *self.checks):
            raise _Other
        self.value(node.value)
        if any(isinstance(n, ast.Name) and n.id in self.bound for n in ast.walk(node.value)):
            raise _Other  # a name for a name: which of them changes it is not followed
        self.bound[target.id] = node.value
        self.used.discard(target.id)
        self.imported.pop(target.id, None)

    def assertion(self, node: ast.expr) -> None:
        if isinstance(node, ast.Constant) and node.value:
            return  # assert True, "message"
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self.tests.append(self.test(node.operand, truth=False))
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            self.tests.append(self.comparison(node.left, node.ops[0], node.comparators[0]))
        elif isinstance(node, ast.Call) and self.called(node) == "math.isclose":
            self.tests.append(self.isclose(node))
        else:
            self.tests.append(self.test(node, truth=True))

    def comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> CallTest:
        if isinstance(op, ast.Gt | ast.GtE):
            left, right = right, left
        if isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            form = "below" if isinstance(op, ast.Lt | ast.Gt) else "within"
            return self.distance(left, form, _number(self.value(right)))
        if not self.is_measured(left):
            left, right = right, left
        if isinstance(op, ast.Is):
            if not (isinstance(right, ast.Constant) and isinstance(right.value, bool | type(None))):
                raise _Other
            return self.test(left, right.value, is_identical=True)
        if not isinstance(op, ast.Eq):
            raise _Other
        return self.equality(left, right)

    def equality(self, left: ast.expr, right: ast.expr) -> CallTest:
        if isinstance(left, ast.Call) and self.called(left) == "round":
            if not 1 <= len(left.args) <= 2 or left.keywords:
                raise _Other
            digits = self.value(left.args[1]) if len(left.args) > 1 else None
            if digits is not None and (type(digits) is not int or abs(digits) > 30):
                raise _Other
            near = Near("round", digits=digits)
            return self.test(left.args[0], _number(self.value(right)), near=near)
        if isinstance(right, ast.Call) and self.called(right) == "pytest.approx":
            return self.approx(left, right)
        return self.test(left, right)

    def approx(self, left: ast.expr, node: ast.Call) -> CallTest:
        """pytest's defaults: 1e-6 relative, 1e-12 absolute; a lone `abs` switches `rel` off."""
        values = [self.value(a) for a in node.args]
        named = self.options(node, "rel", "abs")
        if not 1 <= len(values) <= 3:
            raise _Other
        named |= {k: _bound(v) for k, v in zip(("rel", "abs"), values[1:], strict=False)}
        rtol = named.get("rel", 0.0 if "abs" in named else 1e-6)
        near = Near("approx", atol=named.get("abs", 1e-12), rtol=rtol)
        return self.test(left, _number(values[0]), near=near)

    def isclose(self, node: ast.Call) -> CallTest:
        named = self.options(node, "rel_tol", "abs_tol")
        if len(node.args) != 2:
            raise _Other
        left, right = node.args if self.is_measured(node.args[0]) else node.args[::-1]
        near = Near("isclose", atol=named.get("abs_tol", 0.0), rtol=named.get("rel_tol", 1e-9))
        return self.test(left, _number(self.value(right)), near=near)

    def distance(self, node: ast.expr, form: Literal["below", "within"], atol: float) -> CallTest:
        """``abs(f(..) - x)``, either way round."""
        if not (isinstance(node, ast.Call) and self.called(node) == "abs" and len(node.args) == 1):
            raise _Other
        inner = node.args[0]
        if node.keywords or not (isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub)):
            raise _Other
        left, right = inner.left, inner.right
        if not self.is_measured(left):
            left, right = right, left
        return self.test(left, _number(self.value(right)), near=Near(form, atol=atol))

    def options(self, node: ast.Call, *names: str) -> dict[str, float]:
        if any(k.arg not in names for k in node.keywords):
            raise _Other
        return {str(k.arg): _bound(self.value(k.value)) for k in node.keywords}

    def is_measured(self, node: ast.expr) -> bool:
        """Whether a side of a comparison holds the entry's call, and is not the literal."""
        if not isinstance(node, ast.Call):
            return False
        name = self.called(node)
        if name == "round" and node.args:
            return self.is_measured(node.args[0])
        return name not in _MAKERS and name != "pytest.approx"

    def called(self, node: ast.Call) -> str:
        """The full name of what is called, imports and the argument of `check` looked up."""
        if isinstance(node.func, ast.Name):
            name = node.func.id
            if name in self.alias:
                return self.alias[name]
            if name in self.bound or name in self.checks:
                raise _Other
            return self.imported.get(name, name)
        return self.dotted(node.func)

    def dotted(self, node: ast.expr) -> str:
        """``math.inf``, where `math` was imported."""
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            raise _Other
        home = node.value.id
        if home in self.alias or home in self.bound or home not in self.imported:
            raise _Other
        return f"{self.imported[home]}.{node.attr}"

    def test(self, node: ast.expr, expected: object = None, **relation: Any) -> CallTest:
        """A call of the entry and what is expected of it: a value, or the node of a literal.

        The call is read first, as Python evaluates it first: names are used in that order.
        """
        arguments, keywords = self.call(node)
        expected_value = self.value(expected) if isinstance(expected, ast.expr) else expected
        return CallTest(arguments, expected_value, keywords=keywords, **relation)

    def call(self, node: ast.expr) -> tuple[tuple[object, ...], dict[str, object]]:
        """The arguments of a call of the entry."""
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            raise _Other
        name = self.alias.get(node.func.id, node.func.id)
        if self.entry is None and hasattr(builtins, name):
            raise _Other
        home, _, own = self.imported.get(name, name).rpartition(".")
        if own != name or (home.partition(".")[0] in sys.stdlib_module_names and not self.entry):
            raise _Other  # another name for it, or a test of the library
        self.entry = self.entry or name
        if name != self.entry or node.func.id in self.bound:
            raise _Other
        if any(keyword.arg is None for keyword in node.keywords):  # f(**options)
            raise _Other
        arguments = tuple(self.items(node.args))
        return arguments, {str(k.arg): self.value(k.value) for k in node.keywords}

    def items(self, nodes: Iterable[ast.expr]) -> list[Any]:
        elements: list[object] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                value = self.value(node.value)
                if not isinstance(value, list | tuple | str):
                    raise _Other
                elements += value
            else:
                elements.append(self.value(node))
        return elements

    def value(self, node: ast.expr) -> object:
        """What a literal stands for. NaN is refused: it equals nothing, not even itself."""
        try:
            value = self.literal(node)
        except (TypeError, ValueError, ArithmeticError) as error:  # the test code would raise
            raise _Other from error
        if isinstance(value, float | complex) and value != value:
            raise _Other
        return value

    def literal(self, node: ast.expr) -> object:
        if isinstance(node, ast.Constant) and node.value is not ...:
            return node.value
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            kind = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
            return kind(self.items(node.elts))
        if isinstance(node, ast.Dict):
            return self.mapping(node)
        if isinstance(node, ast.UnaryOp):
            return _UNARY[type(node.op)](self.value(node.operand))
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            left, right = self.value(node.left), self.value(node.right)
            _bounded(node.op, left, right)
            return _BINARY[type(node.op)](left, right)
        if isinstance(node, ast.Name):
            return self.named(node.id)
        if isinstance(node, ast.Attribute) and self.dotted(node) in _CONSTANTS:
            return _CONSTANTS[self.dotted(node)]
        if isinstance(node, ast.Call):
            return self.construct(node)
        raise _Other

    def mapping(self, node: ast.Dict) -> dict[object, object]:
        keys = [key for key in node.keys if key is not None]
        if len(keys) != len(node.keys):  # {**other}
            raise _Other
        return dict(zip(self.items(keys), self.items(node.values), strict=True))

    def named(self, name: str) -> object:
        if name in self.alias:
            raise _Other
        if name in self.bound:
            value = self.value(self.bound[name])
            if name in self.used and not _is_frozen(value):
                raise _Other  # the first call may have changed it
            self.used.add(name)
            return copy.deepcopy(value)
        if self.imported.get(name) in _CONSTANTS:
            return _CONSTANTS[self.imported[name]]
        raise _Other

    def construct(self, node: ast.Call) -> object:
        """``set()``, ``float("inf")``, ``list(range(3))``."""
        name = self.called(node)
        if name not in _MAKERS or name == self.entry or len(node.args) > 2 or node.keywords:
            raise _Other
        inner = node.args[0] if node.args else None
        if isinstance(inner, ast.Call) and self.called(inner) == "range" and len(node.args) == 1:
            if inner.keywords or self.entry == "range":
                raise _Other
            span = range(*self.items(inner.args))
            if len(span) > _MOST_ITEMS:
                raise _Other
            return _MAKERS[name](span)
        return _MAKERS[name](*self.items(node.args))


def _is_plain(node: ast.arguments) -> bool:
    """Whether there are positional arguments only, without defaults."""
    return not (node.posonlyargs or node.kwonlyargs or node.vararg or node.kwarg or node.defaults)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Other
    return value


def _bound(value: Any) -> float:
    """A tolerance; the libraries refuse a negative one."""
    if _number(value) < 0:
        raise _Other
    return value


def _is_frozen(value: object) -> bool:
    if isinstance(value, tuple | frozenset):
        return all(map(_is_frozen, value))
    return value is None or isinstance(value, bool | int | float | complex | str | bytes)


def _bounded(op: ast.operator, left: object, right: object) -> None:
    """Refuses arithmetic whose result would be large, or would alias what a call can change."""
    if isinstance(left, list | tuple | str | bytes) or isinstance(
        right, list | tuple | str | bytes
    ):
        _bounded_sequence(op, left, right)
    elif isinstance(left, int) and isinstance(right, int):
        size = left.bit_length()
        if isinstance(op, ast.Pow):
            size *= max(right, 0)
        elif isinstance(op, ast.LShift):
            size += max(right, 0)
        if size + right.bit_length() > _MOST_BITS:
            raise _Other


def _bounded_sequence(op: ast.operator, left: Any, right: Any) -> None:
    if isinstance(op, ast.Add):
        return  # as long as its text
    if not isinstance(op, ast.Mult):
        raise _Other  # "%d" % 3
    items, times = (right, left) if isinstance(left, int) else (left, right)
    is_flat = isinstance(items, str | bytes) or all(map(_is_frozen, items))
    if not is_flat or not isinstance(times, int) or _size(items) * times > _MOST_ITEMS:
        raise _Other


def _size(value: object) -> int:
    """Number of items and characters, nested ones too."""
    if isinstance(value, str | bytes):
        return len(value) + 1
    if isinstance(value, list | tuple | set | frozenset):
        return 1 + sum(map(_size, value))
    return 1
