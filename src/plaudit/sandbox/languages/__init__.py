"""Languages other than Python, one file each: how a program is translated and started.

A file is all there is to a language: what is in this folder is found, with its other names.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Mapping
from typing import Protocol

from plaudit.errors import ConfigError, did_you_mean
from plaudit.sandbox.languages._command import Command
from plaudit.sandbox.outcome import Program

__all__ = [
    "Command",
    "Language",
    "available",
    "fences",
    "get",
    "looks",
    "name_of",
    "service_names",
    "suffixes",
]


class Language(Protocol):
    """What a module of this package holds."""

    PACKAGES: str
    """How the toolchain is installed, for the error message."""
    ALIASES: tuple[str, ...]
    """Other names, in lower case."""
    FENCES: tuple[str, ...]
    """The tags of fenced blocks besides the name, in lower case."""
    LOOKS: re.Pattern[str]
    """What a program without a fence has somewhere."""
    SUFFIXES: tuple[str, ...]
    """The endings of its files; the main file gets the first."""
    SERVICES: Mapping[str, str]
    """Its name at remote sandboxes ("piston", "sandbox_fusion") where it differs."""

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
    name = name_of(name)
    if name not in _names():
        languages = ("python", *_names())
        raise ConfigError(
            f"the sandbox runs no {name!r}{did_you_mean(name, languages) or '.'} Languages:"
            f" {', '.join(languages)}; others through plaudit.sandbox.remote"
        )
    return _module(name)


def name_of(alias: str) -> str:
    """The name of the language with that name or alias; another word in lower case.

    >>> name_of("NodeJS"), name_of("Ada")
    ('javascript', 'ada')
    """
    return _aliases().get(alias.lower(), alias.lower())


def fences() -> dict[str, str]:
    """The tags of fenced blocks and the language that each one names."""
    return {tag: name for name in _names() for tag in (name, *_module(name).FENCES)}


def looks() -> dict[str, re.Pattern[str]]:
    """Each language and what its programs have somewhere."""
    return {name: _module(name).LOOKS for name in _names()}


def suffixes() -> dict[str, str]:
    """The endings of files and the language of each; a language's first is its main file's.

    >>> suffixes()[".cxx"]
    'cpp'
    """
    return {end: name for name in _names() for end in _module(name).SUFFIXES}


def service_names(service: str) -> dict[str, str]:
    """Each name and alias that a remote sandbox calls otherwise, and what it calls the language.

    >>> service_names("piston")["cpp"]
    'c++'
    """
    modules = ((name, _module(name)) for name in _names())
    return {
        alias: module.SERVICES.get(service, name)
        for name, module in modules
        for alias in (name, *module.ALIASES)
        if alias != module.SERVICES.get(service, name)
    }


def _module(name: str) -> Language:
    return importlib.import_module(f"{__name__}.{name}")  # type: ignore[return-value]


@functools.cache
def _aliases() -> dict[str, str]:
    return {alias: name for name in _names() for alias in _module(name).ALIASES}


@functools.cache
def _names() -> tuple[str, ...]:
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in names if not name.startswith("_")))


def available() -> dict[str, str | None]:
    """Each language and the path of its toolchain, None where it is not installed."""
    return {name: get(name).tool() for name in _names()}
