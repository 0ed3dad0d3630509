"""Runs the benchmarks of this folder, prints their tables: ``python -m benchmarks [NAME...]``."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def benchmarks() -> Mapping[str, Callable[[Sequence[str]], int]]:
    """The `main` of every module here that measures something, by the module's name."""
    names = [info.name for info in pkgutil.iter_modules([str(Path(__file__).parent)])]
    modules = {n: importlib.import_module(f"benchmarks.{n}") for n in names if n[0] != "_"}
    return {name: module.main for name, module in modules.items() if hasattr(module, "main")}


def main(names: Sequence[str]) -> int:
    """Runs the named benchmarks, or all; 1 if any of them missed a bar."""
    modules = benchmarks()
    if unknown := set(names) - set(modules):
        raise SystemExit(
            f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(modules)}"
        )
    missed = [name for name in names or modules if modules[name]([])]
    if missed:
        print(f"bars missed in: {', '.join(missed)}", file=sys.stderr)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
