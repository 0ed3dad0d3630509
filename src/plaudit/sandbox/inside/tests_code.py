"""Test code as a syntax tree: the names it leaves open, and its assertions made into checks."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import symtable
import warnings
from dataclasses import dataclass, field

__all__ = [
    "Check",
    "Checks",
    "Unusable",
    "bind_program",
    "can_import",
    "instrument",
    "open_names",
    "parse",
    "protect",
    "refuse_evaluation",
    "refuse_source",
    "unknown_modules",
]

_PROGRAM_NAMES = """
solution main candidate program answer submission __main__
"""
_LIBRARY_NAMES = """
PIL aiohttp anyio arrow attr attrs babel boto3 bs4 chardet click cryptography
cv2 cvxpy dateutil deepdiff dill django docx einops faker fastapi flask freezegun fsspec
fuzzywuzzy gensim geopandas geopy gmpy2 google h5py httpx hypothesis imageio ipaddr jax jinja2
jmespath joblib jsonschema keras kornia lightgbm loguru lxml mako markdown matplotlib
mock more_itertools mpmath msgpack multidict networkx nltk numba numpy nose numexpr openpyxl orjson
ortools packaging pandas parameterized paramiko patsy pendulum plotly polars prettytable psutil
psycopg2 pulp pyarrow pydantic pygments pymongo pyparsing pytest_asyncio pytest_mock pytz
pywt rapidfuzz redis regex requests requests_mock responses rich ruamel scipy seaborn selenium
simplejson six skimage sklearn sortedcontainers spacy sqlalchemy statsmodels sympy tabulate
tensorflow termcolor textblob toolz toml torch torchvision tornado tqdm transformers typer
typing_extensions tzlocal ujson unidecode urllib3 uvicorn websockets werkzeug wordcloud
xarray xgboost xlrd xmltodict yaml yarl zstandard
"""
RECORDER = "__plaudit__"
PROGRAM_MODULES = frozenset(_PROGRAM_NAMES.split())
_LIBRARIES = frozenset(_LIBRARY_NAMES.split())
_RUN_BY_NAME = ("check", "test", "main", "run")
_IMPORT_ERRORS = frozenset(["ImportError", "ModuleNotFoundError", "Exception"])
_EVALUATE = frozenset(["eval", "exec", "compile", "__import__"])
_LOADED = frozenset(["load", "loads", "Unpickler", "open"])
_PICKLES = ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib")
_UNSAFE = {
    **dict.fromkeys(_PICKLES, _LOADED),
    **dict.fromkeys(["builtins", "__builtins__"], _EVALUATE),
    "yaml": frozenset(["unsafe_load", "unsafe_load_all", "UnsafeLoader", "Loader", "CLoader"]),
    "jsonpickle": frozenset(["decode", "loads"]),
    "pandas": frozenset(["read_pickle"]),
}
"""What runs the text that it is handed, by module."""


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
    is_never: bool = False  # `assert False`: must not be reached


@dataclass
class Checks:
    """What `instrument` found; `functions` counts the functions whose beginning is recorded."""

    entries: list[Check] = field(default_factory=list)
    functions: int = 1


def parse(text: str, name: str) -> ast.Module:
    """The tree of test code. Raises: Unusable for what is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unusable(f"{name} are no Python: {error}") from None


def refuse_evaluation(tree: ast.Module) -> None:
    """Refuses tests that would run what the program gave them, in the process that decides.

    ``eval``, ``exec``, ``compile`` and ``__import__`` of anything but literals, `pickle` and its
    kin. What has no such name is for `guard`. Raises: Unusable, naming the line.

    >>> refuse_evaluation(ast.parse("assert eval('1 + 1') == 2"))
    """
    bound = _bound_names(tree)
    modules = _module_names(tree)
    literal: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and all(map(_is_literal, node.args)):
            literal |= {id(node.func)} if node.args and not node.keywords else set()
        what = "" if id(node) in literal else _evaluates(node, bound, modules)
        if what:
            raise Unusable(
                f"line {getattr(node, 'lineno', 0)}: the tests use {what}, which would run what the"
                " program returns beside the verdict; compare plain values instead"
            )


def refuse_source(tree: ast.Module) -> None:
    """Refuses tests that read the program's source, which they do not have. Raises: Unusable."""
    for node in ast.walk(tree):
        name = getattr(node, "attr", getattr(node, "id", ""))
        if name in ("getsource", "getsourcelines", "getsourcefile"):
            raise Unusable(
                f"line {getattr(node, 'lineno', 0)}: the tests use {name}, but do not see the"
                " program's source"
            )


def _bound_names(tree: ast.Module) -> set[str]:
    """The names that the tests give a meaning of their own, anywhere."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def _module_names(tree: ast.Module) -> dict[str, str]:
    """What modules are called in the tests, and what they are."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    aliases = [alias for node in imports for alias in node.names]
    return {alias.asname: alias.name for alias in aliases if alias.asname is not None}


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _evaluates(node: ast.AST, bound: set[str], modules: dict[str, str]) -> str:
    """The name of what runs its argument, if this node is one."""
    if isinstance(node, ast.Name) and node.id in _EVALUATE - bound:
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        home = modules.get(node.value.id, node.value.id)
        return f"{home}.{node.attr}" if node.attr in _UNSAFE.get(home, ()) else ""
    if isinstance(node, ast.ImportFrom):
        unsafe = _UNSAFE.get(node.module or "", frozenset())
        return next((f"{node.module}.{a.name}" for a in node.names if a.name in unsafe), "")
    return ""


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


def bind_program(tree: ast.Module, stranger: str = "") -> tuple[dict[str, str], set[str]]:
    """Takes out imports of the program itself (``from solution import f as g``).

    `stranger`: a module of an unknown name that can only be the program (`unknown_modules`).
    Returns the names so bound and what they are called in the program, and the names that stand for
    the program as a module. Raises: Unusable for a library that is not installed here.
    """
    names: dict[str, str] = {}
    modules: set[str] = set()
    finder = _Imports(names, modules, stranger)
    finder.visit(tree)
    ast.fix_missing_locations(tree)
    return names, modules


def unknown_modules(tree: ast.Module) -> tuple[set[str], bool]:
    """Imported modules that are neither here nor of a known name, and whether another import
    is one of the program.

    >>> unknown_modules(ast.parse("import json, quux\\nfrom solution import f"))
    ({'quux'}, True)
    """
    modules: set[str] = set()
    is_program = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            is_program = True
        elif isinstance(node, ast.ImportFrom):
            modules.add((node.module or "").partition(".")[0])
    is_program = is_program or bool(modules & PROGRAM_MODULES)
    return {name for name in modules if _is_unknown(name)}, is_program


class _Imports(ast.NodeTransformer):
    def __init__(self, names: dict[str, str], modules: set[str], stranger: str):
        self.names = names
        self.modules = modules
        self.stranger = stranger
        self.is_guarded = False

    def visit_Try(self, node: ast.Try) -> ast.stmt:
        """``try: import x`` with a handler for a library that is not there."""
        caught = {n.id for h in node.handlers for n in ast.walk(h) if isinstance(n, ast.Name)}
        before, self.is_guarded = self.is_guarded, self.is_guarded or bool(_IMPORT_ERRORS & caught)
        self.generic_visit(node)
        self.is_guarded = before
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        if not node.level and not self._is_program(node.module or ""):
            return node
        for alias in node.names:
            if alias.name != "*":
                self.names[alias.asname or alias.name] = alias.name
        return ast.copy_location(ast.Pass(), node)

    def visit_Import(self, node: ast.Import) -> ast.stmt:
        aliases = [alias for alias in node.names if not self._is_program(alias.name)]
        self.modules.update(a.asname or a.name for a in node.names if a not in aliases)
        node.names = aliases
        return node if aliases else ast.copy_location(ast.Pass(), node)

    def _is_program(self, name: str) -> bool:
        """Whether an import means the program; after a guard, tests go on without a library."""
        root = name.partition(".")[0]
        if root in PROGRAM_MODULES or (self.stranger and root == self.stranger):
            return True
        return not (self.is_guarded or can_import(root))


def can_import(root: str) -> bool:
    """True: a module can be imported where the tests run. Raises: Unusable, naming the package."""
    try:
        if root in ("pytest", "tests") or importlib.util.find_spec(root) is not None:
            return True
    except (ImportError, ValueError):  # installed, and not among the packages
        pass
    raise Unusable(
        f"the tests import {root}, which cannot be read where they run: install it there, and"
        f" name it in packages= of the sandbox (sandbox: {{packages: [{root}]}})"
    )


def _is_unknown(root: str) -> bool:
    """Whether nothing of this name is here, nor is it a library's that might have been.

    One that is installed and may not be read raises where it is looked for.
    """
    if root in PROGRAM_MODULES or root in _LIBRARIES or root in ("", "pytest", "tests"):
        return False
    try:
        return importlib.util.find_spec(root) is None
    except (ImportError, ValueError):
        return False


def instrument(tree: ast.Module, source: str) -> Checks:
    """Makes each assertion call the recorder; changes the tree.

    An assertion directly in the body of the module or of a function must be reached when the body
    is run; one inside a condition, a loop or a ``try`` counts when it is reached. Outside ``try``
    and ``with``, in the module and in functions that are named like tests, one that fails does not
    stop what follows.

    >>> tree = ast.parse("assert 1\\nif x:\\n    assert 2")
    >>> [check.owner for check in instrument(tree, "").entries]
    [0, None]
    """
    checks = Checks()
    tree.body = _Walk(checks, 0, True).block(tree.body, True, True)
    ast.fix_missing_locations(tree)
    return checks


def protect(tree: ast.Module) -> None:
    """Makes each comparison with a call see its other names as they were before the call.

    In ``assert f(xs) == sorted(xs)`` a program that empties `xs` would change what is expected of
    it. The change is there for the next statement. ``is`` is left alone: it asks for the object.
    """
    _Protect().visit(tree)
    ast.fix_missing_locations(tree)


class _Protect(ast.NodeTransformer):
    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        if any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops) or not _may_wrap(node):
            return node
        return _recorder("compared", ast.Lambda(_NO_ARGUMENTS, node))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        is_assertion = name.startswith("assert") and name not in ("assertIs", "assertIsNot")
        pair = ast.Tuple(node.args, ast.Load())
        if is_assertion and len(node.args) > 1 and _may_wrap(pair):
            both = _recorder("compared", ast.Lambda(_NO_ARGUMENTS, pair))
            node.args = [ast.Starred(both, ast.Load())]
        return node


def _may_wrap(node: ast.expr) -> bool:
    """Whether there is a call, and nothing that a function of its own would change."""
    inner = list(ast.walk(node))
    unsafe = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)
    if any(isinstance(each, unsafe) for each in inner):
        return False
    calls = [each for each in inner if isinstance(each, ast.Call)]
    names = [call.func.id for call in calls if isinstance(call.func, ast.Name)]
    return bool(calls) and not {"super", "locals", "vars"} & set(names)


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
        if isinstance(node, ast.Raise) and _is_failure(node):
            args = getattr(node.exc, "args", None)
            assertion = ast.Assert(ast.Constant(False), args[0] if args else None)
            return self.check(ast.copy_location(assertion, node), False, is_free)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return self.function(node)
        if isinstance(node, ast.ClassDef):
            node.body = _Walk(self.checks, self.owner, False).block(node.body, False, False)
            return node
        if isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue):
            self.may_leave = True
        is_free = is_free and not isinstance(node, ast.Try | ast.With | ast.AsyncWith)
        first = len(self.checks.entries)
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(node, name, None)
            if isinstance(inner, list):
                setattr(node, name, self.block(inner, False, is_free))
        for branch in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            branch.body = self.block(branch.body, False, is_free)
        if isinstance(node, ast.Try) and node.handlers:
            self.expect(node, first, len(self.checks.entries))
        return node

    def expect(self, node: ast.Try, first: int, last: int) -> None:
        """``try: f(); assert False``: who gets into a handler has done what was asked."""
        never = [place for place in range(first, last) if self.checks.entries[place].is_never]
        for handler in node.handlers if never else ():
            caught = ast.walk(handler.type) if handler.type is not None else ()
            is_named = any(getattr(each, "id", "") == "AttributeError" for each in caught)
            calls = [_call("avoid", place, int(is_named)) for place in never]
            handler.body = calls + handler.body

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
        place = len(self.checks.entries)
        text = ast.unparse(node)[:120]
        check = Check(node.lineno, text, self.owner if must else None, is_never=never)
        self.checks.entries.append(check)
        message = ast.Lambda(_NO_ARGUMENTS, node.msg or ast.Constant(None))
        statement = _call("hold", _recorder("reach", ast.Constant(place)), node.test, message)
        if self.goes_on and is_free:
            caught = ast.Attribute(ast.Name(RECORDER, ast.Load()), "Caught", ast.Load())
            handler = ast.ExceptHandler(caught, None, [_call("failed", place)])
            statement = ast.Try([statement], [handler], [], [])
        for part in ast.walk(statement):
            if not hasattr(part, "lineno"):
                ast.copy_location(part, node)
        return statement


def _is_failure(node: ast.Raise) -> bool:
    """``raise AssertionError(...)``."""
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id == "AssertionError"


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
