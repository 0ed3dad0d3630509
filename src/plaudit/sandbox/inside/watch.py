"""The keeper's look at the program that runs, for what no limit of the kernel's counts.

Threads, memory that a program shares with itself, files and their sum where there is no quota, and
how long it waited for a processor. A program of under 50 ms is never looked at: the spawner wakes
the keeper for a longer one, and the keeper then looks twenty times a second. What it finds it
writes into a page that it shares with the spawner, and that no program's process has.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import signal
import struct
from collections.abc import Iterator, Sequence

from plaudit.sandbox.inside import wire

__all__ = ["AFTER_S", "begin", "keep", "prepare", "reason", "share", "waited_s", "wake"]

AFTER_S = 0.05
"""Seconds after which the spawner has the keeper look."""
_EVERY_MS = 50
_FILES_EVERY = 5  # looks
_MOST_THREADS = 1024
_MOST_TASKS = 64  # threads whose waiting is looked at
_PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
# Places in the page: bytes, wire's reason, nanoseconds, and which program the page speaks of.
_MEMORY, _WHY, _WAITED, _TURN = 0, 8, 16, 24
_UNKNOWN = (1 << 64) - 1
_NUMBER = struct.Struct("<Q")
_SHARED: list[mmap.mmap] = []
_BELL: list[int] = []


def prepare() -> None:
    """Makes the page and the bell that keeper and spawner share; before they part."""
    _SHARED.append(mmap.mmap(-1, mmap.PAGESIZE))
    _BELL.append(os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK))


def share() -> None:
    """The spawner's: no process that it forks has the page."""
    _SHARED[0].madvise(mmap.MADV_DONTFORK)


def begin(memory: int) -> None:
    """The spawner's: a program starts that may have so many bytes resident, or any with 0."""
    turn = _read(_TURN) + 1
    for place, value in ((_TURN, turn), (_MEMORY, memory), (_WHY, 0), (_WAITED, _UNKNOWN)):
        _NUMBER.pack_into(_SHARED[0], place, value)


def wake() -> None:
    """The spawner's: the keeper begins to look."""
    os.eventfd_write(_BELL[0], 1)


def reason() -> int:
    """Why the keeper ended the program, as `wire` writes it, or 0."""
    return _read(_WHY)


def waited_s() -> float | None:
    """Seconds that the program was kept waiting for a processor, where the kernel says so."""
    waited_ns = _read(_WAITED) if _SHARED else _UNKNOWN
    return None if waited_ns == _UNKNOWN else waited_ns / 1e9


def _read(place: int) -> int:
    return _NUMBER.unpack_from(_SHARED[0], place)[0]


def keep(spawner: int, caller: int, work: str, most_files: int, most_bytes: int) -> None:
    """The keeper's: returns when the spawner or the caller is gone; both are pidfds but the first.

    Looks at the spawner's programs meanwhile, when it is woken.
    """
    ended = os.pidfd_open(spawner)
    poller = select.poll()
    for fd in (ended, caller, _BELL[0]):
        poller.register(fd, select.POLLIN)
    turn, is_awake = 0, False
    while True:
        events = {fd for fd, _ in poller.poll(_EVERY_MS if is_awake else None)}
        if events & {ended, caller}:
            break
        if _BELL[0] in events:
            os.eventfd_read(_BELL[0])
            turn = 0
        number, programs = _read(_TURN), _children(spawner)
        is_awake = _look(programs, number)
        if is_awake and turn % _FILES_EVERY == 0 and _is_full(work, most_files, most_bytes):
            for pid in programs:
                _end(pid, wire.OUTPUT, number)
        turn += 1
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(ended, signal.SIGKILL)


def _look(programs: Sequence[int], number: int) -> bool:
    """Looks at each program of the spawner's once; whether there is one."""
    for pid in programs:
        with contextlib.suppress(OSError, ValueError, IndexError):
            num_threads, resident = _figures(pid)
            memory = _read(_MEMORY)
            _NUMBER.pack_into(_SHARED[0], _WAITED, _waited_ns(pid))
            if memory and resident > memory:
                _end(pid, wire.MEMORY, number)
            elif memory and num_threads > _MOST_THREADS:
                _end(pid, wire.PROCESSES, number)
    return bool(programs)


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children", "rb") as file:
        return [int(word) for word in file.read().split()]
    return []


def _figures(pid: int) -> tuple[int, int]:
    """Number of threads and resident bytes: fields 20 and 24 of proc_pid_stat(5)."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return int(fields[17]), int(fields[21]) * _PAGE_SIZE


def _waited_ns(pid: int) -> int:
    """How long the thread waited that waited longest: the second number of its schedstat."""
    longest = 0
    for task in os.listdir(f"/proc/{pid}/task")[:_MOST_TASKS]:
        try:
            with open(f"/proc/{pid}/task/{task}/schedstat", "rb") as file:
                longest = max(longest, int(file.read().split()[1]))
        except FileNotFoundError:  # a thread that has ended, or a kernel that does not count
            if task == str(pid):
                return _UNKNOWN
    return longest


def _end(pid: int, why: int, number: int) -> None:
    """Ends a program, unless another one has begun since it was looked at."""
    if _read(_TURN) != number:
        return
    _NUMBER.pack_into(_SHARED[0], _WHY, why)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _is_full(work: str, most_files: int, most_bytes: int) -> bool:
    """Whether the working directory holds too much; with a root of its own it lies elsewhere."""
    size = 0
    for num_files, entry in enumerate(_entries(work), 1):
        with contextlib.suppress(OSError):
            size += entry.stat(follow_symlinks=False).st_blocks * 512
        if num_files > most_files or size > most_bytes:
            return True
    return False


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    """Everything below a directory, in no order."""
    waiting = [folder]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
