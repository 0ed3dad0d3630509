"""C++ through g++ or clang++."""

from __future__ import annotations

import re
import shutil

from plaudit.sandbox.languages._command import Command
from plaudit.sandbox.outcome import Limits, Program

__all__ = [
    "ALIASES",
    "FENCES",
    "LOOKS",
    "PACKAGES",
    "SERVICES",
    "SUFFIXES",
    "command",
    "tool",
    "translation",
]

PACKAGES = "apt install g++ (Debian, Ubuntu), brew install gcc (macOS)"
ALIASES = ("c++", "cc", "cxx")
FENCES = ("c++", "cc", "cxx", "c++11", "c++14", "c++17", "c++20", "c++23", "cpp17", "cpp20", "g++",
          "hpp")  # fmt: skip
LOOKS = re.compile(r"^[ \t]*#[ \t]*include\b|\bint[ \t]+main[ \t]*\(", re.MULTILINE)
SUFFIXES = (".cpp", ".cc", ".cxx")
SERVICES = {"piston": "c++"}
_FLAGS = ("-O2", "-std=c++17", "-pipe", "-o", "result", "main.cpp")
_LIMITS = Limits(cpu_s=20, memory_mb=2048, processes=16, open_files=256)


def tool() -> str | None:
    """The compiler's path, or None."""
    return shutil.which("g++") or shutil.which("clang++")


def translation(program: Program) -> Command:
    """The compiler's run, inside the sandbox too."""
    files = {"main.cpp": _source(program)}
    return Command((str(tool()), *_FLAGS), _LIMITS, files, product=True)


def command(program: Program, product: bytes) -> Command:
    """The translated program itself."""
    return Command(("./main", *program.arguments), program.limits, {"main": product})


def _source(program: Program) -> bytes:
    code = program.code
    return code if isinstance(code, bytes) else code.encode("utf-8", "surrogatepass")
