"""Languages other than Python, one file each: how a program is translated and started."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import Protocol

from plaudit.errors import ConfigError, did_you_mean
from plaudit.sandbox.outcome import Program

__all__ = ["COMPILES", "Language", "available", "get"]

COMPILES = b'["/usr/bin/env", "-u", "PLAUDIT"'
"""How the command of a translation begins; its product is the file `result`."""

_ALIASES = {
    "c++": "cpp",
    "cc": "cpp",
    "js": "javascript",
    "node": "javascript",
    "nodejs": "javascript",
}


class Language(Protocol):
    """A module of this package."""

    NAME: str
    PACKAGES: str

    def tool(self) -> str | None:
        """The path of the toolchain's program, or None."""
        ...

    def command(self, program: Program) -> tuple[list[str], dict[str, bytes]]:
        """How a translated program starts, and the files that it needs."""
        ...

    def translation(self, program: Program) -> Program | None:
        """What must run first, with the file `result` as its product; None for nothing."""
        ...


def get(name: str) -> Language:
    """The language of that name. Raises ConfigError for an unknown one."""
    name = _ALIASES.get(name.lower(), name.lower())
    if name not in _names():
        known = ("python", *_names())
        raise ConfigError(
            f"the sandbox runs no {name!r}{did_you_mean(name, known) or '.'} Languages:"
            f" {', '.join(known)}; others through plaudit.sandbox.remote"
        )
    return importlib.import_module(f"{__name__}.{name}")  # type: ignore[return-value]


@functools.cache
def _names() -> tuple[str, ...]:
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def available() -> dict[str, str | None]:
    """Each language and the path of its toolchain, None where it is not installed."""
    return {name: get(name).tool() for name in _names()}
