"""Rewards on Python source that is parsed and never run: syntax, imports, complexity, style.

Each reads the program of a response as `rules.code` does: after the think block, the last fenced
block that names Python, else one that names no language, else the answer itself where it is code.
None of them says that a program works, and none is a security barrier: that is the job of the
sandbox.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, TypeGuard

from plaudit.errors import ConfigError, did_you_mean
from plaudit.grading.extract import program_in
from plaudit.types import Range, Score

__all__ = ["complexity", "no_imports", "parses", "style"]

FORBIDDEN = (
    *("_posixsubprocess", "multiprocessing", "posix", "pty", "signal", "subprocess"),
    *("_ctypes", "cffi", "ctypes"),
    *("_socket", "aiohttp", "ftplib", "http", "httpx", "imaplib", "poplib", "requests", "smtplib"),
    *("socket", "socketserver", "ssl", "urllib.request", "urllib3", "xmlrpc"),
)
_SNAKE = re.compile(r"_*[a-z][a-z0-9_]*|_+")
_CAPS = re.compile(r"_*[A-Z][A-Za-z0-9]*")
_WORD = re.compile(r"[^\W\d]\w*")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class _ParsedProgram(NamedTuple):
    """A program and its syntax tree, or why there is no tree."""

    code: str
    tree: ast.Module | None
    problem: str = ""


# --- syntax ---------------------------------------------------------------------------------------


def parses(response: str, *, max_chars: int = 200_000) -> Annotated[Score, Range(0, 1)]:
    """1 if the program of the response is valid Python syntax, else 0.

    The grammar is that of the running Python, read with `ast.parse`; code that only the compiler
    rejects (``return`` outside a function) passes. No code, a program of comments alone, one that
    is longer than `max_chars` or nested too deeply for the parser, NUL and lone surrogates: 0, with
    a note.

    Source: docs.python.org/3/reference/grammar.html.

    >>> parses("```python\\nprint(4)\\n```").value
    1.0
    >>> parses("```python\\nprint(4\\n```").note
    "line 1: '(' was never closed"
    """
    source = _source(response, max_chars)
    return Score(0.0, note=source.problem) if source.tree is None else Score(1.0)


def _source(response: str, max_chars: int) -> _ParsedProgram:
    """The parsed program of the response."""
    program = program_in(response, language="python")
    if program is None:
        return _ParsedProgram("", None, "no code in the response")
    if program.language != "python":
        return _ParsedProgram(
            "", None, program.note or f"the program is {program.language}, not Python"
        )
    if len(program.code) > max_chars:
        return _ParsedProgram(
            program.code, None, f"the program is longer than max_chars={max_chars}"
        )
    return _read(program.code)


def _read(code: str) -> _ParsedProgram:
    """The syntax tree; nesting too deep for the parser counts as a syntax error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is still valid syntax
            tree = ast.parse(code)
    except SyntaxError as error:
        place = f"line {error.lineno}: " if error.lineno else ""  # NUL has no line
        return _ParsedProgram(code, None, f"{place}{error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:  # surrogates, nesting
        return _ParsedProgram(code, None, f"cannot be parsed: {type(error).__name__}")
    return _ParsedProgram(code, tree if tree.body else None, "" if tree.body else "no statement")


# --- imports --------------------------------------------------------------------------------------


def no_imports(
    response: str,
    *,
    forbidden: Sequence[str] = FORBIDDEN,
    allowed: Sequence[str] | None = None,
    max_chars: int = 200_000,
) -> Annotated[Score, Range(0, 1)]:
    """1 if the program imports no forbidden module, else 0.

    `forbidden` names modules, including their submodules; the default lists modules that start
    processes, open connections or call C. With `allowed` every other module is forbidden as well.
    Checked are ``import``, ``from .. import``, ``__import__``, ``import_module`` (under another
    name too) and ``sys.modules[..]``; an import whose name is not a literal, or that is relative,
    counts as forbidden. No program that parses: 0. The part `finds` counts, the note shows them.

    This is not a security measure: ``getattr`` and `exec` get around it. It shapes what a policy
    writes; the sandbox restricts what a program does.

    Raises: ConfigError if a list of names is a plain string.

    >>> no_imports("```python\\nimport os.path, socket\\n```").note
    'line 1: socket'
    >>> no_imports("```python\\nimport os.path\\n```", allowed=["math"]).note
    'line 1: os.path'
    """
    _refuse_text(forbidden=forbidden, allowed=allowed)
    source = _source(response, max_chars)
    if source.tree is None:
        return Score(0.0, note=source.problem)
    finds = [
        f"line {line}: {names[0]}"
        for line, names in _imports(source.tree)
        if _is_forbidden(names, forbidden, allowed)
    ]
    return Score(float(not finds), {"finds": float(len(finds))}, note=_finds_note(finds))


def _refuse_text(**lists: Sequence[str] | None) -> None:
    for name, names in lists.items():
        if isinstance(names, str):
            raise ConfigError(f"{name}={names!r} must be a list of module names: [{names!r}]")


def _is_forbidden(
    names: Sequence[str], forbidden: Sequence[str], allowed: Sequence[str] | None
) -> bool:
    """Whether a module that may have any of these names is forbidden."""
    if any(name == "?" or name.startswith(".") or _below(name, forbidden) for name in names):
        return True
    return allowed is not None and not any(_below(name, allowed) for name in names)


def _below(name: str, modules: Iterable[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _imports(tree: ast.Module) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line and possible names of each import; "?" where the name is not a literal."""
    nodes = list(ast.walk(tree))
    importers = {"__import__", "import_module"} | {
        alias.asname
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname and alias.name in ("import_module", "__import__")
    }
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, (alias.name,)) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield from ((node.lineno, _from(base, alias.name)) for alias in node.names)
        elif isinstance(node, ast.Call) and _last_name(node.func) in importers:
            named = [*node.args, *(key.value for key in node.keywords)][:1]
            yield node.lineno, (_literal(named[0] if named else None),)
        elif _is_module_table(node) and _literal(node.slice) != "?":
            yield node.lineno, (_literal(node.slice),)


def _from(base: str, name: str) -> tuple[str, ...]:
    """The modules that ``from base import name`` may import: a submodule, or `base` itself."""
    return (base,) if base.startswith(".") else (f"{base}.{name}", base)


def _is_module_table(node: ast.AST) -> TypeGuard[ast.Subscript]:
    return isinstance(node, ast.Subscript) and _last_name(node.value) == "modules"


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _literal(node: ast.expr | None) -> str:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node.value if is_text else "?"  # type: ignore[union-attr]


# --- complexity -----------------------------------------------------------------------------------


def complexity(
    response: str, *, limit: int = 10, max_chars: int = 200_000
) -> Annotated[Score, Range(0, 1)]:
    """From 0 (no program that parses) up to 1 (no function is more complex than `limit`).

    ``min(1, limit / worst)``, where `worst` is the highest cyclomatic number of a function: 1 and
    one for each ``if``, ``elif``, ``for``, ``while``, ``except``, conditional expression,
    ``and``/``or``, loop and condition of a comprehension, and ``case`` that can fail. A nested
    function is one of its own; code outside functions is one more, if it branches or there is no
    function. Parts: `max`, `mean`, `functions`.

    Short is simple: a program that does nothing earns 1.

    Source: T. J. McCabe, A Complexity Measure, IEEE TSE 2 (4), 1976 (sections 2 and 4: 10 as a
    reasonable upper limit).

    Raises: ConfigError for a limit below 1.

    >>> complexity("```python\\ndef f(x):\\n    return 1 if x and x > 2 else 0\\n```").parts
    {'max': 3.0, 'mean': 3.0, 'functions': 1.0}
    """
    if limit < 1:
        raise ConfigError(f"limit={limit!r} must be at least 1")
    source = _source(response, max_chars)
    if source.tree is None:
        return Score(0.0, note=source.problem)
    numbers = _complexities(source.tree)
    name, worst = max(numbers, key=lambda pair: pair[1])
    parts = {
        "max": float(worst),
        "mean": sum(number for _, number in numbers) / len(numbers),
        "functions": float(sum(name != "<module>" for name, _ in numbers)),
    }
    return Score(min(1.0, limit / worst), parts, note=f"{name}: {worst}")


def _complexities(tree: ast.Module) -> list[tuple[str, int]]:
    """Name and cyclomatic number of each function, and of the module level if it counts."""
    numbers = [["<module>", 1]]
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    while stack:
        node, unit = stack.pop()
        if isinstance(node, _FUNCTIONS):
            unit = len(numbers)
            numbers.append([node.name, 1])
        numbers[unit][1] += _decisions(node)
        stack += [(child, unit) for child in ast.iter_child_nodes(node)]
    counted = numbers if numbers[0][1] > 1 or len(numbers) == 1 else numbers[1:]
    return [(name, number) for name, number in counted]


def _decisions(node: ast.AST) -> int:
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    if isinstance(node, ast.match_case):
        return int(not _always_matches(node))
    branches = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler)
    return int(isinstance(node, branches))


def _always_matches(case: ast.match_case) -> bool:
    pattern = case.pattern
    return case.guard is None and isinstance(pattern, ast.MatchAs) and pattern.pattern is None


# --- style ----------------------------------------------------------------------------------------


def style(
    response: str,
    *,
    checks: Sequence[str] | None = None,
    max_line: int = 79,
    max_chars: int = 200_000,
) -> Annotated[Score, Range(0, 1)]:
    """The share of style checks that the program passes, from 0 up to 1 (all of them).

    Each check is a part, 1 or 0: `line_length` (at most `max_line` characters), `tabs`,
    `trailing_blanks`, `names` (functions in snake case, classes in CapWords), `bare_except`,
    `none_comparison` (``== None``), `wildcard_import`, `docstrings` (of public functions and
    classes outside functions), and two that go beyond PEP 8, `mutable_default` and `unused_import`.
    `checks` selects some of them. No program that parses: 0, without parts.

    One long line fails its check just as ten do. Style says nothing about whether code works.

    Source: PEP 8; PEP 257 for docstrings. Raises: ConfigError for an unknown check.

    >>> style("```python\\ndef Add(a, b=[]):\\n    return a\\n```", checks=["names", "tabs"]).value
    0.5
    """
    chosen = list(_CHECKS) if checks is None else checks
    for name in chosen:
        if name not in _CHECKS:
            names = ", ".join(_CHECKS)
            raise ConfigError(f"no check {name!r}{did_you_mean(name, _CHECKS)} Known: {names}")
    if not chosen:
        raise ConfigError("checks=[] must name at least one check")
    source = _source(response, max_chars)
    if source.tree is None:
        return Score(0.0, note=source.problem)
    program = _StyleInput(
        source.code.split("\n"), list(ast.walk(source.tree)), source.tree, max_line
    )
    finds = {name: sorted(_CHECKS[name](program)) for name in chosen}
    parts = {name: float(not lines) for name, lines in finds.items()}
    failures = [f"line {lines[0]}: {name}" for name, lines in finds.items() if lines]
    return Score(sum(parts.values()) / len(parts), parts, note=_finds_note(failures))


class _StyleInput(NamedTuple):
    """The input of a style check; a check yields the lines that fail it."""

    lines: list[str]
    nodes: list[ast.AST]
    tree: ast.Module
    max_line: int


def _long_lines(program: _StyleInput) -> Iterator[int]:
    return (n for n, line in enumerate(program.lines, 1) if len(line) > program.max_line)


def _tabs(program: _StyleInput) -> Iterator[int]:
    for number, line in enumerate(program.lines, 1):
        if "\t" in line[: len(line) - len(line.lstrip())]:
            yield number


def _trailing_blanks(program: _StyleInput) -> Iterator[int]:
    return (n for n, line in enumerate(program.lines, 1) if line.rstrip("\r")[-1:] in (" ", "\t"))


def _bad_names(program: _StyleInput) -> Iterator[int]:
    for node in program.nodes:
        if isinstance(node, _FUNCTIONS):
            fits = _SNAKE.fullmatch(node.name.strip("_") or "_")
        elif isinstance(node, ast.ClassDef):
            fits = _CAPS.fullmatch(node.name)
        else:
            continue
        if not fits and node.name.isascii():
            yield node.lineno


def _bare_excepts(program: _StyleInput) -> Iterator[int]:
    for node in program.nodes:
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield node.lineno


def _none_comparisons(program: _StyleInput) -> Iterator[int]:
    for node in program.nodes:
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for place, op in enumerate(node.ops):
                if isinstance(op, ast.Eq | ast.NotEq) and any(map(_is_none, sides[place:][:2])):
                    yield node.lineno


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _wildcards(program: _StyleInput) -> Iterator[int]:
    for node in program.nodes:
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            yield node.lineno


def _undocumented(program: _StyleInput) -> Iterator[int]:
    """Public functions and classes at the top, and public methods of public classes."""
    stack: list[Any] = [*program.tree.body]
    while stack:
        node = stack.pop()
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_"):
            if ast.get_docstring(node, clean=False) is None:
                yield node.lineno
            if isinstance(node, ast.ClassDef):
                stack += node.body


def _mutable_defaults(program: _StyleInput) -> Iterator[int]:
    for node in program.nodes:
        if isinstance(node, ast.arguments):
            for default in [*node.defaults, *node.kw_defaults]:
                if default is not None and _is_mutable(default):
                    yield default.lineno


def _is_mutable(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("list", "dict", "set")
    displays = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    return isinstance(node, displays)


def _unused_imports(program: _StyleInput) -> Iterator[int]:
    """Imported names that are never used; short strings count as use (``__all__``, types)."""
    read: set[str] = set()
    for node in program.nodes:
        if isinstance(node, ast.Name):
            read.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            read.update(_WORD.findall(node.value) if len(node.value) < 100 else ())
    for node in program.nodes:
        if isinstance(node, ast.Import | ast.ImportFrom) and not _is_future(node):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                if bound != "*" and bound not in read:
                    yield node.lineno


def _is_future(node: ast.Import | ast.ImportFrom) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


_CHECKS: Mapping[str, Callable[[_StyleInput], Iterator[int]]] = {
    "line_length": _long_lines,
    "tabs": _tabs,
    "trailing_blanks": _trailing_blanks,
    "names": _bad_names,
    "bare_except": _bare_excepts,
    "none_comparison": _none_comparisons,
    "wildcard_import": _wildcards,
    "docstrings": _undocumented,
    "mutable_default": _mutable_defaults,
    "unused_import": _unused_imports,
}


def _finds_note(finds: Sequence[str]) -> str | None:
    """The first five finds as one note."""
    return ", ".join(find[:80] for find in finds[:5]) or None
