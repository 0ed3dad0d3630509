"""Languages other than Python, one file each: how a program is translated and started."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import Protocol

from plaudit.errors import ConfigError, did_you_mean
from plaudit.sandbox.languages._command import Command
from plaudit.sandbox.outcome import Program

__all__ = ["Command", "Language", "available", "get"]

_ALIASES = {
    "c++": "cpp",
    "cc": "cpp",
    "cxx": "cpp",
    "js": "javascript",
    "node": "javascript",
    "nodejs": "javascript",
}


class Language(Protocol):
    """What a module of this package holds."""

    PACKAGES: str
    """How the toolchain is installed, for the error message."""

    def tool(self) -> str | None:
        """The path of the toolchain's program, or None."""
        ...

    def translation(self, program: Program) -> Command | None:
        """What must run first, with the file `result` as its product; None for nothing."""
        ...

    def command(self, program: Program, product: bytes) -> Command:
        """How the program starts, with the product of its translation."""
        ...


def get(name: str) -> Language:
    """The language of that name. Raises ConfigError for an unknown one, or without its toolchain.

    >>> get("c++").__name__.rpartition(".")[2]
    'cpp'
    """
    name = _ALIASES.get(name.lower(), name.lower())
    if name not in _names():
        languages = ("python", *_names())
        raise ConfigError(
            f"the sandbox runs no {name!r}{did_you_mean(name, languages) or '.'} Languages:"
            f" {', '.join(languages)}; others through plaudit.sandbox.remote"
        )
    return importlib.import_module(f"{__name__}.{name}")  # type: ignore[return-value]


@functools.cache
def _names() -> tuple[str, ...]:
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in names if not name.startswith("_")))


def available() -> dict[str, str | None]:
    """Each language and the path of its toolchain, None where it is not installed."""
    return {name: get(name).tool() for name in _names()}
