"""Annotations name real types: few hold `Any`, and ever fewer (six in a hundred is the aim).

An alias of `Any` counts like `Any` itself, wherever it is imported, and so does an `object` that
its function casts to something else. The ceiling is what there still is; it only goes down.

    python tests/unit/test_any.py          prints the share, and each package's own
    python tests/unit/test_any.py data     and the places in a package
"""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import plaudit

ROOT = Path(plaudit.__file__).parent
MOST = 0.093
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Annotation(NamedTuple):
    """An annotation, the name that it is of, and what its function casts."""

    node: ast.expr
    name: str
    cast_names: frozenset[str] = frozenset()


def annotations(tree: ast.AST) -> Iterator[Annotation]:
    """Those of parameters, of returns and of variables."""
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            args = node.args
            every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
            names = cast_names(node)
            for arg in every:
                if arg is not None and arg.annotation is not None:
                    yield Annotation(arg.annotation, arg.arg, names)
            if node.returns is not None:
                yield Annotation(node.returns, "return")
        elif isinstance(node, ast.AnnAssign):
            yield Annotation(node.annotation, ast.unparse(node.target))


def cast_names(function: ast.AST) -> frozenset[str]:
    """The names that a function casts to a type."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    casts = [
        c for c in calls if ast.unparse(c.func) in ("cast", "typing.cast") and len(c.args) == 2
    ]
    return frozenset(c.args[1].id for c in casts if isinstance(c.args[1], ast.Name))


def names_in(node: ast.AST) -> set[str]:
    """The names in an annotation, those in a quoted one included."""
    names: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            names.add(part.id)
        elif isinstance(part, ast.Attribute):
            names.add(part.attr)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str) and part is node:
            names |= names_in(ast.parse(part.value, mode="eval").body)
    return names


def aliases_in(tree: ast.Module, known: set[str]) -> set[str]:
    """What a module assigns at its top that holds `Any`, or one of the names that do already."""
    names = set()
    for node in tree.body:
        value = getattr(node, "value", None)
        is_alias = isinstance(value, ast.Subscript | ast.BinOp | ast.Name | ast.Attribute)
        if isinstance(node, ast.Assign) and is_alias and names_in(value) & known:
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def imported(tree: ast.Module, aliases: dict[str, set[str]]) -> set[str]:
    """The aliases that a module imports from others of the package."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in aliases.get(node.module or "", ())
    }


def trees() -> dict[str, ast.Module]:
    """Every module by its name; the attacks are programs of others."""
    paths = [p for p in sorted(ROOT.rglob("*.py")) if "attacks" not in p.relative_to(ROOT).parts]
    return {
        ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): ast.parse(path.read_text(encoding="utf-8"))
        for path in paths
    }


def aliases_of(modules: dict[str, ast.Module]) -> dict[str, set[str]]:
    """The names of each module that stand for `Any`, imported ones included."""
    aliases: dict[str, set[str]] = {name: {"Any"} for name in modules}
    while True:
        grown = {
            name: own | imported(modules[name], aliases) | aliases_in(modules[name], own)
            for name, own in aliases.items()
        }
        if grown == aliases:
            return aliases
        aliases = grown


def holds_any(annotation: Annotation, aliases: set[str]) -> bool:
    names = names_in(annotation.node)
    return bool(names & aliases) or ("object" in names and annotation.name in annotation.cast_names)


def places() -> list[tuple[str, Annotation, bool]]:
    """Each annotation with its module, and whether it counts as `Any`."""
    modules = trees()
    aliases = aliases_of(modules)
    return [
        (name, annotation, holds_any(annotation, aliases[name]))
        for name, tree in modules.items()
        for annotation in annotations(tree)
    ]


def test_few_annotations_hold_any():
    counts = [counts for _, _, counts in places()]
    assert len(counts) > 10_000
    assert sum(counts) / len(counts) <= MOST


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(a: Any, b: int, *c: list[Any], d: 'Any' = 1) -> Any: ...", "a c d return"),
        ("x: dict[str, Any] = {}\ny: int = 1", "x"),
        ("Raw = Mapping[str, Any]\ndef f(a: Raw, b: dict[int, Raw]) -> str: ...", "a b"),
        ("Raw = Any | None\nRow = list[Raw]\ndef f(a: Row): ...", "a"),
        ("def f(a: object, b: object): return cast(int, a)", "a"),
        ("def f(a: object): return cast('int', g(a))", ""),
        ("T = TypeVar('T', bound=Any)\ndef f(a: T) -> T: ...", ""),
        ("def f(a: t.Any, *, b: Callable[..., t.Any]): ...", "a b"),
    ],
)
def test_what_counts_as_any(source, names):
    tree = ast.parse(source)
    aliases = aliases_of({"m": tree})["m"]
    counted = [one.name for one in annotations(tree) if holds_any(one, aliases)]
    assert sorted(counted) == sorted(names.split())


def test_an_alias_counts_where_it_is_imported():
    modules = {"plaudit.a": ast.parse("Raw = dict[str, Any]"),
               "plaudit.b": ast.parse("from plaudit.a import Raw as R\nx: R = {}")}  # fmt: skip
    assert "R" in aliases_of(modules)["plaudit.b"]


if __name__ == "__main__":
    rows = places()
    for module, annotation, counts in rows:
        if counts and len(sys.argv) > 1 and module.startswith(f"plaudit.{sys.argv[1]}"):
            node = annotation.node
            print(f"{module}:{node.lineno} {annotation.name}: {ast.unparse(node)}")
    total = Counter(module.split(".")[1:2][0] if "." in module else "" for module, _, _ in rows)
    counted = Counter(
        module.split(".")[1:2][0] if "." in module else "" for module, _, c in rows if c
    )
    for package, count in counted.most_common():
        print(f"{package:12} {count:5} of {total[package]:5}")
    print(f"{sum(counted.values())} of {len(rows)}: {sum(counted.values()) / len(rows):.2%}")
