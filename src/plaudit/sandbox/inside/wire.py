"""The messages between caller and slot: a fixed head, then bytes that only the program reads."""

from __future__ import annotations

import struct
from typing import NamedTuple

__all__ = [
    "CALLS",
    "EXEC",
    "INTERPRETER",
    "JUDGE",
    "REPLY",
    "SCRIPT",
    "SERVE",
    "TASK",
    "SlotReply",
    "Task",
]

SCRIPT, CALLS, SERVE, JUDGE, EXEC = range(5)
TASK = struct.Struct("<BddQQQQQIIQB")
REPLY = struct.Struct("<BiddQQQQBB")
CPU, WALL, HALTED, MEMORY, PROCESSES, OUTPUT = range(1, 7)
INTERPRETER = 128 << 20  # bytes that an interpreter with its libraries takes, at most


class Task(NamedTuple):
    """One program to run; sizes in bytes, times in seconds. `size` bytes of payload follow.

    `fetch` asks for the file `result` of the working directory in place of the third stream.
    """

    mode: int
    cpu_s: float
    wall_s: float
    memory: int
    stack: int
    file_size: int
    output: int
    errors: int
    open_files: int
    processes: int
    size: int
    fetch: bool


class SlotReply(NamedTuple):
    """How it ended, followed by three streams: output, errors, result.

    `stopped` is 0 or why the slot ended the program (CPU, ..., OUTPUT); `status` is the exit code,
    or minus the signal. `started` is False where the process was never handed to its program.
    """

    stopped: int
    status: int
    cpu_s: float
    wall_s: float
    memory: int
    output: int
    errors: int
    result: int
    truncated: int
    started: bool
