"""Prints the slow tests that the changed paths on standard input may break, one a line.

A change in `src/plaudit/NAME/` may break the slow tests of `tests/unit/NAME`, and those below. What
is in no table (the types, the runner, the pins) may break all of them; pages and results none.
"""

import sys
from pathlib import Path

ALL = ("tests",)
NONE = ("docs/", "benchmarks/results/", "README", "CHANGELOG", "LICENSE", "NOTICE", "mkdocs.yml")
RULES = ("tests/contract/test_growth.py", "tests/contract/test_laws.py", "tests/unit/answers",
         "tests/unit/rules", "tests/laws")  # fmt: skip
MODELS = ("tests/contract/test_models.py", "tests/unit/engines", "tests/unit/models")
BREAKS = {
    "src/plaudit/answers/": RULES,
    "src/plaudit/rules/": RULES,
    "src/plaudit/constraints/": RULES,
    "src/plaudit/text/": RULES,
    "src/plaudit/toolcalls/": RULES,
    "src/plaudit/spelled.py": RULES,
    "src/plaudit/sandbox/": ("tests/e2e/test_attacks.py",),
    "src/plaudit/engines/": MODELS,
    "src/plaudit/models/": MODELS,
    "src/plaudit/data/": ("tests/e2e", "tests/laws"),
    "src/plaudit/cli/": ("tests/e2e/test_layouts.py",),
    "src/plaudit/adapters/": (),
    "src/plaudit/bench/": ("tests/e2e/test_bench_kinds.py",),
    "src/plaudit/demo/": (),
    "src/plaudit/judges/": (),
    "src/plaudit/recipes/": (),
    "src/plaudit/report/": (),
    "benchmarks/": ("tests/contract/test_growth.py",),
}


def broken_by(path: str) -> tuple[str, ...]:
    """The slow tests, as files and folders, that a change of one file may break."""
    if path.startswith(NONE) or path.endswith(".md"):
        return ()
    if path.startswith("tests/") and Path(path).name.startswith("test_"):
        return (path,)
    for folder, tests in BREAKS.items():
        if path.startswith(folder):
            parts = path.split("/")
            return (*tests, f"tests/unit/{parts[2]}") if len(parts) > 3 else tests
    return ALL


def main() -> None:
    """Reads paths, prints what is there of their tests."""
    found = {test for path in sys.stdin.read().split() for test in broken_by(path)}
    if "tests" in found:
        found = {"tests"}
    print(*sorted(test for test in found if Path(test).exists()), sep="\n")


if __name__ == "__main__":
    main()
