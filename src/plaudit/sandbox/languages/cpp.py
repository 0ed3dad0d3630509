"""C++ through g++ or clang++."""

from __future__ import annotations

import shutil

from plaudit.sandbox.outcome import Limits, Program

__all__ = ["NAME", "PACKAGES", "command", "tool", "translation"]

NAME = "cpp"
PACKAGES = "apt install g++ (Debian, Ubuntu), brew install gcc (macOS)"
_FLAGS = ("-O2", "-std=c++17", "-pipe", "-o", "result", "main.cpp")
_LIMITS = Limits(cpu_s=20, memory_mb=2048, processes=16, open_files=256)


def tool() -> str | None:
    """The compiler's path, or None."""
    return shutil.which("g++") or shutil.which("clang++")


def translation(program: Program) -> Program:
    """The compiler's run; its product is the file `result`."""
    code = program.code if isinstance(program.code, bytes) else program.code.encode()
    arguments = (str(tool()), *_FLAGS)
    return Program("", files={"main.cpp": code}, language=NAME, arguments=arguments, limits=_LIMITS)


def command(program: Program) -> tuple[list[str], dict[str, bytes]]:
    """The translated program is the file `main` of the working directory."""
    return ["./main", *program.arguments], {}
