"""JavaScript through Node.js."""

from __future__ import annotations

import shutil

from plaudit.sandbox.outcome import Program

__all__ = ["NAME", "PACKAGES", "command", "tool", "translation"]

NAME = "javascript"
PACKAGES = "apt install nodejs (Debian, Ubuntu), brew install node (macOS)"


def tool() -> str | None:
    """The path of node, or None."""
    return shutil.which("node")


def translation(program: Program) -> None:
    """Node reads the source itself."""
    return None


def command(program: Program) -> tuple[list[str], dict[str, bytes]]:
    """`node main.js`, with its memory bounded by the program's limit."""
    code = program.code if isinstance(program.code, bytes) else program.code.encode()
    heap = f"--max-old-space-size={int(program.limits.memory_mb)}"
    return [str(tool()), heap, "--jitless", "main.js", *program.arguments], {"main.js": code}
