"""The form of one entry of the built-in suite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Attack"]


@dataclass(frozen=True, slots=True)
class Attack:
    """A program, how it is graded, and the verdict that is right.

    `style`: "call" (`tests` are (arguments, expected) of `entry`), "stdin" (`tests` are (input,
    output)), "assert" (`tests` is one text of test code). `expect`: "pass", "fail", or "any" where
    only the traces matter. A leak is graded by making the secret the expected answer: who passes
    has read it. `{secret_file}`, `{secret_env}`, `{secret_port}`, `{canary}`, `{shared_tmp}` in a
    program are replaced by what the suite planted on the host. `layer` names what stops it first.
    `limits` are keyword arguments of `Limits`.
    """

    name: str
    program: str | bytes
    tests: Any
    expect: Literal["pass", "fail", "any"]
    style: Literal["call", "stdin", "assert"] = "call"
    entry: str = "solve"
    limits: tuple[tuple[str, float], ...] = (("cpu_s", 1.0),)
    layer: str = "protocol"
    why: str = ""
