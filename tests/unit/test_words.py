"""Names say what they hold: no bare participles, one class to a name, few arguments.

The ceilings are what there still is. They only go down: a package that has fewer gets its number.

    python tests/unit/test_words.py     prints the numbers of today, and the bindings counted
"""

import ast
import functools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import plaudit

ROOT = Path(plaudit.__file__).parent
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
WORDS = """
told found given held made seen said taken kept meant asked shown known wanted tried sent drawn
"""
PARTICIPLES = frozenset(WORDS.split())
DIALECT = frozenset({"_told", "_said", "_grow", "_plain"})  # as names of functions
MOST_ARGUMENTS = 12
# By package; a module of plaudit's own folder counts under its name. What is not here is 0.
CEILINGS: dict[str, int] = {}
DIALECT_CEILINGS: dict[str, int] = {}
SHARED_CLASSES = "Item Limits Scores"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@functools.cache
def trees() -> list[tuple[Path, ast.Module]]:
    """Every module but the attacks, which are programs of others."""
    paths = [p for p in sorted(ROOT.rglob("*.py")) if "attacks" not in p.relative_to(ROOT).parts]
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def bindings(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The names of parameters, of functions, and of what is stored, each with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, FUNCTIONS):
            yield node.name, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name, node.lineno


def arguments(function: ast.AST) -> int:
    """How many arguments a function takes, a starred one counting as one."""
    args = function.args
    starred = (args.vararg is not None) + (args.kwarg is not None)
    return len(args.posonlyargs) + len(args.args) + len(args.kwonlyargs) + starred


def package_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def participles() -> list[tuple[Path, int, str]]:
    return [
        (path, line, name)
        for path, tree in trees()
        for name, line in bindings(tree)
        if name.strip("_") in PARTICIPLES
    ]


def functions() -> Iterator[tuple[Path, ast.AST]]:
    for path, tree in trees():
        yield from ((path, node) for node in ast.walk(tree) if isinstance(node, FUNCTIONS))


def dialect() -> list[tuple[Path, int, str]]:
    return [(path, f.lineno, f.name) for path, f in functions() if f.name in DIALECT]


def shared_classes() -> set[str]:
    """The names of classes in two or more modules."""
    modules: dict[str, set[Path]] = {}
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                modules.setdefault(node.name, set()).add(path)
    return {name for name, paths in modules.items() if len(paths) > 1}


def over(places: list[tuple[Path, int, str]], ceilings: dict[str, int]) -> list[str]:
    """The places in packages that have more of them than their ceiling."""
    counts = Counter(package_of(path) for path, _, _ in places)
    return [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path, line, name in places
        if counts[package_of(path)] > ceilings.get(package_of(path), 0)
    ]


def test_no_package_gains_a_bare_participle():
    assert over(participles(), CEILINGS) == []


def test_benchmarks_have_none_of_these_names():
    for path in BENCHMARKS.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {name for name, _ in bindings(tree)}
        assert [n for n in names if n.strip("_") in PARTICIPLES or n in DIALECT] == [], path


def test_no_package_gains_a_function_of_the_dialect():
    assert over(dialect(), DIALECT_CEILINGS) == []


def test_no_class_takes_the_name_of_another():
    assert sorted(shared_classes() - {*SHARED_CLASSES.split()}) == []


def test_no_function_takes_more_than_twelve_arguments():
    long = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path, function in functions()
        if arguments(function) > MOST_ARGUMENTS
    ]
    assert long == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def _told(x, *, found=1): held = x", ["_told", "x", "found", "held"]),
        ("for kept, (a, b) in x: pass", ["kept", "a", "b"]),
        ("try: pass\nexcept E as said: pass", ["said"]),
        ("match x:\n case [1, *rest] | {'a': made}: pass", ["rest", "made"]),
        ("lambda given: (seen := given)", ["given", "seen"]),
        ("x.found = load(found)", []),
    ],
)
def test_what_counts_as_a_binding(source, names):
    assert sorted(name for name, _ in bindings(ast.parse(source))) == sorted(names)


if __name__ == "__main__":
    for path, line, name in participles():
        print(f"{path.relative_to(ROOT)}:{line} {name}")
    print("participles", dict(Counter(package_of(p) for p, _, _ in participles())))
    print("dialect", dict(Counter(package_of(p) for p, _, _ in dialect())))
    print("classes", " ".join(sorted(shared_classes())))
    print("all bindings", sum(1 for _, tree in trees() for _ in bindings(tree)))
    print("most arguments", max(arguments(f) for _, f in functions()))
