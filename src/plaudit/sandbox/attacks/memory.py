"""Programs that take more memory than they may, by every way that the kernel counts differently.

None asks for more than two gigabytes, so that they can be tried where nothing stops them.
"""

from __future__ import annotations

from typing import Any

from plaudit.sandbox.attacks._attack import Attack

__all__ = ["ATTACKS"]

_SQUARES = (((3,), 9),)


def _takes(
    name: str,
    why: str,
    program: str,
    *,
    tests: Any = _SQUARES,
    layer: str = "memory",
    cpu_s: float = 2.0,
    **fields: Any,
) -> Attack:
    """Answers rightly only once it has had more than the 256 MiB that it is given."""
    limits = (("cpu_s", cpu_s), ("memory_mb", 256))
    return Attack(name, program, tests, "fail", limits=limits, layer=layer, why=why, **fields)


ATTACKS: tuple[Attack, ...] = (
    _takes(
        "one_bytearray",
        "a single allocation",
        """\
def solve(x):
    block = bytearray(700 << 20)
    return x * x + block[-1]
""",
    ),
    _takes(
        "list_doubling",
        "a list that doubles until it is too long",
        """\
def solve(x):
    row = [x]
    while len(row) < 90_000_000:
        row += row
    return row[-1] * x
""",
    ),
    _takes(
        "text_doubling",
        "the same with text",
        """\
def solve(x):
    text = "ab"
    while len(text) < 600_000_000:
        text = text + text
    return x * x
""",
    ),
    _takes(
        "many_small_objects",
        "no allocation is large; the sum is",
        """\
class Node:
    def __init__(self, after):
        self.after = after
        self.name = str(id(self))


def solve(x):
    node = None
    for _ in range(4_000_000):
        node = Node(node)
    return x * x
""",
        cpu_s=5.0,
    ),
    _takes(
        "dict_of_tuples",
        "an honest cache without a bound",
        """\
def solve(x):
    seen = {}
    for i in range(6_000_000):
        seen[i, i + 1] = (i, x)
    return x * x
""",
        cpu_s=5.0,
    ),
    _takes(
        "long_integer",
        "one number of half a gigabyte",
        """\
def solve(x):
    return x * x if (1 << (5 << 30)) else 0
""",
    ),
    _takes(
        "bytes_join",
        "joined in C from small parts",
        """\
import itertools


def solve(x):
    part = bytes(1 << 20)
    return len(b"".join(itertools.repeat(part, 700))) * 0 + x * x
""",
    ),
    _takes(
        "text_repeat_format",
        "a width in a format specification",
        """\
def solve(x):
    return x * x + len(f"{x:700000000d}") * 0
""",
    ),
    _takes(
        "product_list",
        "all pairs at once",
        """\
import itertools


def solve(x):
    return len(list(itertools.product(range(3_500), repeat=2))) * 0 + x * x
""",
        cpu_s=5.0,
    ),
    _takes(
        "decompression_bomb",
        "700 KB that unpack to 700 MB",
        """\
import zlib


def solve(x):
    packer = zlib.compressobj(9)
    zeros = bytes(1 << 20)
    packed = b"".join(packer.compress(zeros) for _ in range(700)) + packer.flush()
    return x * x + zlib.decompress(packed)[-1]
""",
        cpu_s=10.0,
    ),
    _takes(
        "private_mapping",
        "mmap, beside the allocator",
        """\
import mmap


def solve(x):
    area = mmap.mmap(-1, 700 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for place in range(0, len(area), 4096):
        area[place] = 1
    return x * x
""",
    ),
    _takes(
        "shared_mapping",
        "shared memory is no data segment: RLIMIT_DATA does not count it",
        """\
import mmap


def solve(x):
    area = mmap.mmap(-1, 1900 << 20)
    for place in range(0, 700 << 20, 4096):
        area[place] = 1
    return x * x
""",
        layer="rlimits",
    ),
    _takes(
        "many_mappings",
        "two thousand mappings of a megabyte",
        """\
import mmap


def solve(x):
    areas = [mmap.mmap(-1, 1 << 20) for _ in range(1_900)]
    for area in areas[:700]:
        for place in range(0, len(area), 4096):
            area[place] = 1
    return x * x
""",
        layer="rlimits",
    ),
    _takes(
        "mapped_file",
        "memory that is a file of the working directory",
        """\
import mmap


def solve(x):
    with open("area", "w+b") as file:
        file.truncate(700 << 20)
        area = mmap.mmap(file.fileno(), 700 << 20)
        for place in range(0, len(area), 4096):
            area[place] = 1
    return x * x
""",
        layer="rlimits",
    ),
    _takes(
        "memory_file",
        "a file that lies in memory and in no directory",
        """\
import os


def solve(x):
    fd = os.memfd_create("hoard")
    block = bytes(1 << 20)
    for _ in range(500):
        os.write(fd, block)
    return x * x
""",
        layer="seccomp",
    ),
    _takes(
        "shared_memory_directory",
        "/dev/shm is memory of the whole machine, and stays",
        """\
import os


def solve(x):
    path = f"/dev/shm/hoard{os.getpid()}"
    with open(path, "wb") as file:
        try:
            for _ in range(100):
                file.write(bytes(1 << 20))
        finally:
            os.unlink(path)
    return x * x
""",
        layer="landlock",
    ),
    _takes(
        "shared_memory_object",
        "the same by the library, left behind on purpose",
        """\
from multiprocessing import resource_tracker, shared_memory

resource_tracker.register = lambda *_: None


def solve(x):
    block = shared_memory.SharedMemory("hoard", create=True, size=8 << 20)
    block.buf[0] = 1
    block.close()
    return x * x
""",
        layer="landlock",
    ),
    _takes(
        "system_five_segment",
        "shared memory of System V has no owner to die with",
        """\
import ctypes

libc = ctypes.CDLL(None)


def solve(x):
    segment = libc.shmget(0, 8 << 20, 0o1600)
    if segment < 0:
        raise OSError("no segment")
    libc.shmctl(segment, 0, None)
    return x * x
""",
        layer="seccomp",
    ),
    _takes(
        "limit_raised",
        "raises its own limits first, as root may",
        """\
import resource


def solve(x):
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    block = bytearray(700 << 20)
    return x * x + block[-1]
""",
        layer="seccomp",
    ),
    _takes(
        "limit_raised_quietly",
        "tries to raise its limits and goes on if it may not",
        """\
import ctypes
import resource

libc = ctypes.CDLL(None)


def solve(x):
    endless = (ctypes.c_uint64 * 2)(2**64 - 1, 2**64 - 1)
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        libc.prlimit(0, limit, endless, None)
        libc.setrlimit(limit, endless)
    block = bytearray(700 << 20)
    return x * x + block[-1]
""",
    ),
    _takes(
        "thread_stacks",
        "twenty-eight stacks of 64 MB",
        """\
import threading

gate = threading.Event()


def solve(x):
    threading.stack_size(64 << 20)
    threads = [threading.Thread(target=gate.wait) for _ in range(28)]
    try:
        for thread in threads:
            thread.start()
    finally:
        gate.set()
    return x * x
""",
    ),
    _takes(
        "memory_error_caught",
        "collects until there is no more, lets go, and collects again",
        """\
def solve(x):
    most = 0
    for _ in range(3):
        held = []
        try:
            while len(held) < 700:
                held.append(bytearray(1 << 20))
        except MemoryError:
            pass
        most = max(most, len(held))
    return x * x if most >= 700 else 0
""",
    ),
    _takes(
        "heap_by_libc",
        "malloc, where Python counts nothing",
        """\
import ctypes

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.memset.argtypes = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t


def solve(x):
    for _ in range(70):
        block = libc.malloc(10 << 20)
        if not block:
            raise MemoryError
        libc.memset(block, 1, 10 << 20)
    return x * x
""",
    ),
    _takes(
        "locked_pages",
        "memory that may not be swapped out",
        """\
import ctypes
import mmap

libc = ctypes.CDLL(None)


def solve(x):
    area = mmap.mmap(-1, 64 << 20)
    start = ctypes.addressof(ctypes.c_char.from_buffer(area))
    if libc.mlock(ctypes.c_void_p(start), ctypes.c_size_t(64 << 20)) != 0:
        raise OSError("not locked")
    return x * x
""",
        layer="rlimits",
    ),
    _takes(
        "hoard_under_assert",
        "the tests wait for a program that runs out of memory",
        """\
def solve(x):
    return len(bytearray(700 << 20)) * 0 + x * x
""",
        tests="assert solve(3) == 9\n",
        style="assert",
    ),
)
