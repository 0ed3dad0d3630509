"""Fewer page faults in what a slot forks.

After a fork every page that either process writes to is copied, and every page of a library is
mapped again when it is first used. Each such fault costs a microsecond or two, and many times that
on some virtual machines. Twice in the life of a slot, before its first program, memory is made
ready: a fork then maps the large libraries itself (`share_libraries`), and the holes that imports
have left in the heaps are filled, so that a program's objects lie together on pages that nobody
else uses (`fill_holes`). For each program the C library's own calls take the place of Python's,
which do more than a process of one thread needs (`fork`, `wait`, `end_everyone`).
"""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import errno
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["end_everyone", "fill_holes", "fork", "share_libraries", "wait"]

_READ, _WRITE, _EXECUTE = 1, 2, 4  # PROT_*
_POOL, _POOL_HEAD = 1 << 14, 48  # of Python's allocator, in Objects/obmalloc.c
_SMALL = range(16, 513, 16)
_MOST = 4 << 20  # bytes of one size that may lie in holes
_LARGE = 100_000  # below what the C library maps by itself
_SIZES = (*(1 << power for power in range(16, 10, -1)), *range(1032, 23, -16))

_libc = ctypes.CDLL(None)
_python = ctypes.PyDLL(None)
_raw_fork, _wait4, _kill = _python.fork, _python.wait4, _python.kill
_status, _usage = ctypes.c_int(), (ctypes.c_long * 18)()  # struct rusage, see getrusage(2)
_num_threads = _thread._count  # beside the main one
_SIGKILL = int(signal.SIGKILL)
_STATUS, _USAGE = ctypes.byref(_status), ctypes.byref(_usage)


def fork() -> int:
    """`os.fork` without its hooks and the resetting of locks, which only other threads could hold.

    With other threads it is `os.fork`. Raises: OSError where no process can be made.
    """
    pid = os.fork() if _num_threads() else _raw_fork()
    if pid < 0:
        raise BlockingIOError(errno.EAGAIN, "no process could be made")
    return pid


def wait(pid: int) -> tuple[int, float, int]:
    """Status, CPU seconds and the most memory (KiB) of a child that has ended or is about to.

    `os.wait4` makes an object of 16 fields of a type that it looks up anew, by importing it.
    """
    if _wait4(pid, _STATUS, 0, _USAGE) != pid:
        _, status, usage = os.wait4(pid, 0)  # interrupted; this one goes on waiting
        return status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss
    cpu_s = _usage[0] + _usage[2] + (_usage[1] + _usage[3]) * 1e-6
    return _status.value, cpu_s, _usage[4]


def end_everyone() -> None:
    """Kills and reaps every other process that this one sees or may signal.

    There is seldom one, which `os.kill` and `os.waitpid` would say with an error each.
    """
    if _kill(-1, _SIGKILL) == 0 or _wait4(-1, None, 0, None) > 0:
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)


def share_libraries() -> int:
    """Lets a fork copy the page tables of Python and the C library; returns how many mappings.

    Linux does so for a mapping with a page that is this process's own (`vma_needs_copy` of
    mm/memory.c): one byte of each is written over with itself. Nothing is changed, and nothing is
    left writable. What refuses it stays as it was. Small libraries cost more than they save.
    """
    mappings = list(_mapped_files())
    functions = (_libc.malloc, _python.PyObject_Malloc)
    places = [ctypes.cast(each, ctypes.c_void_p).value or 0 for each in functions]
    files = {
        path for path, start, size, _ in mappings for at in places if start <= at < start + size
    }
    return sum(_own_first_page(*each) for path, *each in mappings if path in files)


def _mapped_files() -> Iterator[tuple[str, int, int, int]]:
    """Path, start, size and protection of the private read-only mappings of files."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        for line in file:
            span, access, _, _, _, *path = line.rstrip("\n").split(maxsplit=5)
            if path and path[0].startswith("/") and access in ("r-xp", "r--p"):
                start, end = (int(each, 16) for each in span.split("-"))
                yield path[0], start, end - start, _READ | (_EXECUTE if access[2] == "x" else 0)


def _own_first_page(start: int, size: int, protection: int) -> bool:
    protect: Callable[..., int] = _libc.mprotect
    place, length = ctypes.c_void_p(start), ctypes.c_size_t(size)
    if protect(place, length, protection | _WRITE) != 0:
        return False
    byte = ctypes.c_ubyte.from_address(start)
    byte.value = byte.value
    return protect(place, length, protection) == 0


def fill_holes() -> None:
    """Takes every free block that lies between blocks in use, for ever.

    A slot's programs then allocate from fresh pages, one after the other. Free pages go back to the
    kernel first: a fork copies an entry of a page table for each that is there.
    """
    getattr(_libc, "malloc_trim", int)(0)  # of the GNU library alone
    _fill_c_heap()
    take, free = _allocator(_python, "PyObject_Malloc", "PyObject_Free")
    for size in _SMALL:
        if not _take_all(take, free, size, lambda block: block % _POOL == _POOL_HEAD):
            return  # another allocator than the usual one


def _fill_c_heap() -> None:
    take, free = _allocator(_libc, "malloc", "free")
    break_now = _libc.sbrk
    break_now.restype = ctypes.c_void_p
    for _ in range(64):
        top = take(_LARGE)
        if abs(break_now(0) - top) < 4 * _LARGE:
            break
    else:
        return  # another C library, whose heap ends elsewhere
    free(top)
    for size in _SIZES:
        _take_all(take, free, size, lambda block: block >= top)


def _take_all(
    take: Callable[[int], int],
    free: Callable[[int], None],
    size: int,
    is_fresh: Callable[[int], bool],
) -> bool:
    """Takes blocks of a size until one is fresh; all are given back where none is."""
    blocks: list[int] = []
    while len(blocks) * size <= _MOST:
        blocks.append(take(size))
        if is_fresh(blocks[-1]):
            free(blocks[-1])
            return True
    for block in blocks:
        free(block)
    return False


def _allocator(library: Any, take: str, free: str) -> tuple[Callable[[int], int], Any]:
    taking, freeing = library[take], library[free]
    taking.restype, taking.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    freeing.restype, freeing.argtypes = None, [ctypes.c_void_p]
    return taking, freeing
