"""Runs untrusted programs, fast, and reports exactly what it enforces. Useful on its own.

>>> import plaudit.sandbox as sandbox
>>> sandbox.run("print(6 * 7)").text
'42\\n'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__all__ = [
    "Asserts",
    "Calls",
    "Limits",
    "Outcome",
    "Program",
    "Sandbox",
    "SandboxUnavailable",
    "run",
    "run_many",
    "shared",
]

_WHERE = {
    **dict.fromkeys(("Asserts", "Calls", "Limits", "Outcome", "Program"), "outcome"),
    **dict.fromkeys(("Sandbox", "SandboxUnavailable", "run", "run_many", "shared"), "pool"),
}

if TYPE_CHECKING:
    from plaudit.sandbox.outcome import Asserts, Calls, Limits, Outcome, Program
    from plaudit.sandbox.pool import Sandbox, SandboxUnavailable, run, run_many, shared


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
