"""A file imports only from lower layers or its own folder; a rule does not pay for torch."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import plaudit

ROOT = Path(plaudit.__file__).parent
LAYERS = {
    0: "errors hashing offers old_names types untrusted",
    0.2: "text",  # what rules, data and judges share; it knows nothing of rewards
    # of use to all, knowing nothing of rewards
    0.5: "calibration http journal metrics options outage pace",
    0.9: "endmarks entry fences rule think workers",  # three of them old names of modules in text/
    1: "combine engines sandbox",
    1.2: "explain graders laws registry run spelled",
    1.5: "answers constraints grading toolcalls",  # libraries of the rules, knowing nothing of them
    2: "rules",
    3: "judges models",
    4: "data report",
    5: "bench",
    6: "adapters train",
    7: "serve",
    8: "scale",
    9: "cli",
    10: "__main__",
}
LEVEL = {name: level for level, names in LAYERS.items() for name in names.split()}
# The registry imports what a name says, at run time and by that name: `importlib` is its business.
# No file has a right to write down an import from above, within a function or not.
FILES = sorted(path for path in ROOT.rglob("*.py") if path.name != "__init__.py")


def top(module: str) -> str:
    """The layer's member that a module of plaudit belongs to ("" for the package itself)."""
    return module.removeprefix("plaudit").removeprefix(".").partition(".")[0]


def imported(path: Path) -> set[str]:
    """The modules of plaudit that a file imports anywhere in it, TYPE_CHECKING blocks included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= set(names) if node.module == "plaudit" else {node.module or ""}
    return {name for name in found if name == "plaudit" or name.startswith("plaudit.")}


def level_of(module: str) -> int:
    """A name of the package itself (`plaudit.load`) counts where it is defined."""
    name = top(module)
    if name not in LEVEL and name in plaudit._WHERE:
        name = top(plaudit._WHERE[name])
    return LEVEL[name] if name not in ("", "__version__") else 0


def is_alone(member: str) -> bool:
    """Whether a member is a module in the package's own folder."""
    return not (ROOT / member).is_dir()


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_imports_from_lower_layers_or_its_own_folder(path):
    own = path.relative_to(ROOT).with_suffix("").parts[0]
    for name in imported(path):
        same_folder = top(name) == own or (is_alone(own) and is_alone(top(name)))
        level = level_of(name)
        assert level < LEVEL[own] or (level == LEVEL[own] and same_folder), name


def test_every_member_has_a_layer():
    members = {path.relative_to(ROOT).with_suffix("").parts[0] for path in FILES}
    assert members <= LEVEL.keys()


def test_rules_holds_rules_alone():
    homes = {name.rpartition(".")[0] for name in plaudit.available("rules.")}
    files = {path.relative_to(ROOT).with_suffix("") for path in FILES}
    modules = {".".join(path.parts) for path in files if path.parts[0] == "rules"}
    assert modules == homes


def test_imports_are_found_wherever_they_stand(tmp_path):
    path = tmp_path / "f.py"
    path.write_text(
        "from plaudit import load, cli\nimport os\n"
        "def f():\n    import plaudit.data.read\n    from plaudit.bench import x\n"
    )
    levels = {name: level_of(name) for name in imported(path)}
    assert levels == {
        "plaudit.load": 1.2,
        "plaudit.cli": 9,
        "plaudit.data.read": 4,
        "plaudit.bench": 5,
    }


def graph() -> dict[str, set[str]]:
    """Which file imports which at its top level (functions and TYPE_CHECKING blocks left out)."""
    edges = {}
    for path in FILES:
        name = ".".join(("plaudit", *path.relative_to(ROOT).with_suffix("").parts))
        tree = ast.parse(path.read_text(encoding="utf-8"))
        tree.body = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
        found = set()
        for node in tree.body:
            if isinstance(node, ast.ImportFrom):
                found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            else:
                found |= {alias.name for alias in node.names}
        edges[name] = found
    return {name: {to for to in found if to in edges} for name, found in edges.items()}


def test_there_is_no_import_cycle():
    edges, done = graph(), set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way, name))
        if name not in done:
            for to in sorted(edges[name]):
                visit(to, (*way, name))
            done.add(name)

    for name in sorted(edges):
        visit(name, ())


HEAVY = ("torch", "transformers", "sympy", "numpy", "yaml", "typer", "rich", "orjson", "pyarrow")


def loaded_after(code: str) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after `code`."""
    return modules_after(code) & set(HEAVY)


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after `code`."""
    told = f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=600
    )
    return set(json.loads(result.stdout))


@pytest.mark.parametrize(
    "code",
    [
        "import plaudit",
        "import plaudit; plaudit.load('rules.format.think')",
        "import plaudit; plaudit.load('rules.format.think').score([plaudit.Group('a', ['b'])])",
        "import plaudit.workers, plaudit.run, plaudit.laws, plaudit.explain",
    ],
)
def test_a_rule_loads_no_heavy_package(code):
    assert loaded_after(code) == set()


def test_no_rule_module_loads_torch_transformers_sympy_or_numpy():
    modules = sorted({name.rpartition(".")[0] for name in plaudit.available()})
    code = "\n".join(f"import plaudit.{name}" for name in modules)
    assert loaded_after(code) & {"torch", "transformers", "sympy", "numpy"} == set()


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["score", "--help"]])
def test_help_loads_the_verb_that_is_asked_for_and_no_heavy_package(words):
    code = (
        "import contextlib, io, plaudit.cli._app as cli\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    cli.app({words!r}, standalone_mode=False)"
    )
    modules = modules_after(code)
    verbs = {name for name in modules if re.fullmatch(r"plaudit\.cli\.[a-z]+", name)}
    assert verbs == ({"plaudit.cli.score"} if words[0] == "score" else set())
    assert modules & {*HEAVY, "pydantic", "plaudit.data.read", "plaudit.run"} == {"typer"}
