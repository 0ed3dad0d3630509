"""JavaScript through Node.js."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

from plaudit.sandbox.languages._command import Command
from plaudit.sandbox.outcome import Program

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

PACKAGES = "apt install nodejs (Debian, Ubuntu), brew install node (macOS)"
ALIASES = ("js", "node", "nodejs")
FENCES = ("js", "node", "nodejs", "jsx", "mjs", "es6", "ecmascript")
LOOKS = re.compile(
    r"^(?:(?:export |async )*function\b|(?:const|let|var) \w+ ?=|class \w+)|"
    r"\b(?:console\.log|process\.std(?:in|out)|require) ?\(|process\.stdin",
    re.MULTILINE,
)
SUFFIXES = (".js",)
SERVICES = {"sandbox_fusion": "nodejs"}
_THREADS, _OWN_MB = 16, 256  # node's own


def tool() -> str | None:
    """The path of node, or None."""
    return shutil.which("node")


def translation(program: Program) -> None:
    """Node reads the source itself."""
    _ = program


def command(program: Program, product: bytes) -> Command:
    """`node main.js`, its heap bounded by the program's limit."""
    _ = product
    code = program.code
    source = code if isinstance(code, bytes) else code.encode("utf-8", "surrogatepass")
    heap = f"--max-old-space-size={int(program.limits.memory_mb)}"
    limits = replace(
        program.limits,
        processes=program.limits.processes + _THREADS,
        memory_mb=program.limits.memory_mb + _OWN_MB,
    )
    argv = (str(tool()), heap, "main.js", *program.arguments)
    return Command(argv, limits, {"main.js": source}, stack_mb=8)  # for each of its threads
