"""What goes into the sandbox and what comes out of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from plaudit.errors import ConfigError, clipped
from plaudit.sandbox.inside import values

__all__ = ["FAILED_BY_ITSELF", "Asserts", "Calls", "Kind", "Limits", "Outcome", "Program", "Work"]

Kind = Literal[
    "ok",
    "exit",
    "cpu",
    "wall",
    "memory",
    "output",
    "processes",
    "forbidden",
    "compile",
    "sandbox",
]
FAILED_BY_ITSELF: tuple[Kind, ...] = ("cpu", "wall", "memory", "output", "processes", "forbidden")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use; all of it is enforced from outside the program.

    `cpu_s` decides (seconds of CPU time of the process, any fraction). `wall_s` is the backstop for
    a program that sleeps: by default ``2 * cpu_s + 1``, and longer for as long as the program is
    short of a processor. Memory, files and output are in MiB. `processes` above 1 lets a program
    in another language than Python start others, where the machine has the layers for it.

    Raises: ConfigError for a limit that is not a positive number.

    >>> Limits(cpu_s=2).wall
    5.0
    """

    cpu_s: float = 5.0
    wall_s: float | None = None
    memory_mb: int = 512
    processes: int = 1
    open_files: int = 128
    file_mb: int = 64
    disk_mb: int = 64
    num_files: int = 4096
    output_mb: float = 8.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if name == "wall_s" and value is None:
                continue
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not math.isfinite(value) or value <= 0:
                raise ConfigError(f"limit {name} must be a positive number, found {clipped(value)}")

    @property
    def wall(self) -> float:
        """The wall-clock backstop in seconds."""
        return 2.0 * self.cpu_s + 1.0 if self.wall_s is None else float(self.wall_s)


@dataclass(frozen=True, slots=True)
class Program:
    """A whole program with its standard input and the files of its working directory."""

    code: str | bytes
    stdin: str | bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)
    language: str = "python"
    arguments: tuple[str, ...] = ()
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Calls:
    """A Python program and calls of one of its functions, each a tuple of plain values.

    `entry` is a function's name, or a method's of a class `Solution`, of which there is one for all
    calls, or with `fresh` a new one for each. `keywords` are the calls' arguments by name: none, or
    one mapping for each call. With `awaits` a coroutine is run and its result returned. The replies
    are data; what is expected of them stays with the caller.
    """

    code: str | bytes
    entry: str
    arguments: tuple[tuple[Any, ...], ...]
    limits: Limits = Limits()
    keywords: tuple[Mapping[str, object], ...] = ()
    fresh: bool = False
    awaits: bool = False

    def encoded(self) -> list[object]:
        """The calls as `plaudit.sandbox.inside.values` writes them: a list of the arguments, or
        ``{"a": arguments, "k": keywords}``."""
        named = self.keywords or ({},) * len(self.arguments)
        return [
            values.encode({"a": list(args), "k": dict(more)} if more else list(args))
            for args, more in zip(self.arguments, named, strict=True)
        ]

    def after(self, num: int) -> Calls:
        """The same without the first `num` calls."""
        return replace(self, arguments=self.arguments[num:], keywords=self.keywords[num:])


@dataclass(frozen=True, slots=True)
class Asserts:
    """A Python program and test code that runs in another process and calls it through data only.

    `style`: "assert" (statements, and functions that they call), "unittest" or "pytest".
    `setup` runs before `tests`, in the process of the tests. `stop_at_first` ends at the first
    check that does not hold.
    """

    code: str | bytes
    tests: str
    setup: str = ""
    style: Literal["assert", "unittest", "pytest"] = "assert"
    stop_at_first: bool = False
    limits: Limits = Limits()


Work = Program | Calls | Asserts


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended, seen from outside.

    `kind`: "ok" (exit code 0), "exit" (another exit code or a signal of its own), "cpu" and "wall"
    (out of time), "memory", "output" (wrote more than allowed), "processes", "forbidden" (ended by
    a refused system call), "compile" (was not translated), "sandbox" (could not be measured:
    `error` says why, and nothing about the program is known).

    Where the kernel leaves no trace of the reason, "memory", "processes" and "forbidden" are read
    off the program's last words on stderr. They explain a failure; they never turn one into "ok".
    """

    kind: Kind
    exit_code: int | None = None
    signal: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    stdout_truncated: bool = False
    stderr_truncated: bool = False
    cpu_s: float = 0.0
    wall_s: float = 0.0
    memory_mb: float = 0.0
    enforced: frozenset[str] = frozenset()
    error: str = ""
    replies: tuple[Any, ...] = ()
    """For `Calls`: one encoded reply for each call that was answered (see `inside.values`)."""
    checks: tuple[Any, ...] = ()
    """For `Asserts`: what the process of the tests reported (see `inside.judge`)."""

    @property
    def text(self) -> str:
        """Standard output as text; bytes that are not UTF-8 become U+FFFD."""
        return self.stdout.decode("utf-8", "replace")
