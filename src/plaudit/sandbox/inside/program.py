"""What one program's process does, from the fork to its exit."""

from __future__ import annotations

import atexit
import builtins
import contextlib
import importlib
import io
import json
import linecache
import mmap
import os
import random
import socket
import struct
import sys
import threading
import traceback
import types
from collections.abc import Callable, Collection, Sequence
from typing import Any, NoReturn

from plaudit.sandbox.inside import values, wire

__all__ = ["NOT_STARTED", "STDLIB", "forget", "hide", "prepare", "run", "warm"]

NOT_STARTED = 97
"""The exit code of a process that failed before it was handed over to its program."""

STDLIB = """
abc array bisect cmath collections collections.abc contextlib copy dataclasses
datetime decimal enum fractions functools heapq io itertools json math operator random
re statistics string struct textwrap time typing
"""
_LENGTH = struct.Struct("<I")
_RECURSION = 20_000
_MAX_REPLY = 32 << 20
_NAME = "solution.py"
_PARTS = {"python": ("serve",), "judge": ("judge",), "exec": ()}
_MODULES: dict[str, Any] = {}
_SOURCE: list[str] = []


def prepare(preload: Sequence[str], role: str) -> None:
    """Imports what programs will find warm, and opens the standard streams they inherit."""
    for name in _PARTS[role]:
        _MODULES[name] = importlib.import_module(f"plaudit.sandbox.inside.{name}")
    for name in (*(() if role == "exec" else STDLIB.split()), *preload):
        importlib.import_module(name)
    for fd in (0, 1, 2):  # regular files, as in a program's process, so that the objects fit
        file = os.memfd_create("stdio", os.MFD_CLOEXEC)
        os.dup2(file, fd)
        os.close(file)
    sys.stdin = sys.__stdin__ = _stream(0, "r", "surrogateescape", None)
    sys.stdout = sys.__stdout__ = _stream(1, "w", "backslashreplace", "\n")
    sys.stderr = sys.__stderr__ = _stream(2, "w", "backslashreplace", "\n")
    sys.dont_write_bytecode = True
    sys.path[:] = [path for path in sys.path if path]


def hide(names: Collection[str]) -> None:
    """Lets modules that may not be read look as if they were not installed."""
    sys.meta_path.insert(0, _Hidden(names))


class _Hidden:
    """Finds nothing, and for hidden names says so before anybody looks for the file."""

    def __init__(self, names: Collection[str]):
        self._names = frozenset(names)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] in self._names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _stream(fd: int, mode: str, errors: str, newline: str | None) -> io.TextIOWrapper:
    encoding = "utf-8"
    return open(fd, mode, encoding=encoding, errors=errors, newline=newline, closefd=False)  # type: ignore[return-value]


def warm() -> None:
    """Runs once what every program runs, so that what is built lazily is shared by fork."""
    source = (
        "import math\nfrom typing import List\nclass A:\n    def f(self, x: int) -> List[int]:\n"
        "        return [i * x for i in range(3) if i]\ndef g(x, *a, **k):\n    try:\n"
        "        while x > 0: x -= 1\n        return {1: x, 'a': (1, 2.5), 'b': f'{x:3d}'}\n"
        "    except ValueError as e: raise\ng(1); A().f(2)\n"
        "d = {k: v for k, v in enumerate('ab')}\n"
        "s = sorted((x for x in (3, 1)), key=lambda v: -v)\n"
    )
    for _ in range(3):
        exec(compile(source, "warm.py", "exec", dont_inherit=True), {"__name__": "warm"})
    values.loads(values.dumps({"r": values.encode([1, 2.5, {"a": (1, {2})}])}))
    with contextlib.suppress(ZeroDivisionError):
        divmod(1, 0)
    json.loads('{"a": [1, 2.5, "b"]}')


def forget() -> None:
    """What a program must not find: our modules, and a random state that differs between runs."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "plaudit"]:
        del sys.modules[name]
    random.seed(0)


def run(
    task: wire.Task,
    payload: mmap.mmap,
    streams: list[int],
    fds: list[int],
    start: Callable[[], None],
) -> NoReturn:
    """Becomes the program, after `start`.

    `payload` is code and inputs; `fds` holds a socket to the tests, if there are any.
    """
    code, rest = _split(payload, task.size)
    out, err, result = streams
    stdin = os.memfd_create("in", 0) if task.mode in (wire.SCRIPT, wire.EXEC) else -1
    if stdin >= 0:
        rest = _write_files(rest, task.mode)
        _write_all(stdin, rest)
        os.lseek(stdin, 0, os.SEEK_SET)
    kept = _arrange(stdin, out, err, fds[0] if fds else result)
    start()
    sys.setrecursionlimit(_RECURSION)
    sys.set_int_max_str_digits(0)  # CPU time is bounded, and answers may be long
    if task.mode == wire.EXEC:
        _execute(code)
    sys.argv = [_NAME]
    act = _ACTS[task.mode]
    _guarded(lambda: act(code, rest, kept))


def _split(payload: mmap.mmap, size: int) -> tuple[bytes, bytes]:
    length = _LENGTH.unpack_from(payload)[0]
    end = _LENGTH.size + length
    return payload[_LENGTH.size : end], payload[end:size]


def _write_files(rest: bytes, mode: int) -> bytes:
    """Writes the files that come in front of the standard input, which is returned."""
    length = _LENGTH.unpack_from(rest)[0]
    start = _LENGTH.size + length
    for name, size in json.loads(rest[_LENGTH.size : start] or b"[]"):
        if os.path.dirname(name):
            os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "wb") as file:
            file.write(rest[start : start + size])
        if mode == wire.EXEC:
            os.chmod(name, 0o755)
        start += size
    return rest[start:]


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _arrange(stdin: int, out: int, err: int, extra: int) -> int:
    """Descriptors 0, 1 and 2, one more as 3, and nothing else."""
    kept = os.dup(extra)  # never one of 0 to 3
    if stdin >= 0:
        os.dup2(stdin, 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.dup2(kept, 3)
    os.closerange(4, 4096)
    return 3


def _execute(code: bytes) -> NoReturn:
    """Replaces the process: for languages other than Python, `code` is the command."""
    os.close(3)
    command = json.loads(code)
    os.execv(command[0], command)


def _load(code: bytes, name: str) -> dict[str, Any]:
    """Runs a module's text as the module `name`; it is also `__main__`, which pickle needs."""
    module = types.ModuleType(name)
    sys.modules["__main__"] = sys.modules[name] = module
    module.__dict__["__builtins__"] = builtins
    source = code.decode("utf-8", "surrogatepass").removeprefix("\ufeff")
    _SOURCE.append(source)
    text: Any = source if source.isascii() or _is_clean(source) else code
    exec(compile(text, _NAME, "exec", dont_inherit=True), module.__dict__)
    return module.__dict__


def _is_clean(source: str) -> bool:
    """Whether it encodes; a lone surrogate is a syntax error, which `compile` of bytes reports."""
    try:
        source.encode()
    except UnicodeEncodeError:
        return False
    return True


def _script(code: bytes, rest: bytes, result: int) -> None:
    os.close(result)
    _load(code, "__main__")


def _calls(code: bytes, rest: bytes, result: int) -> None:
    """Answers each line of arguments with a line of result."""
    head, _, lines = rest.partition(b"\n")
    name, *flags = head.decode().split(" ")
    encode, decode, dumps, loads = values.encode, values.decode, values.dumps, values.loads
    write = os.write
    namespace = _load(code, "solution")
    function = _entry(namespace, name)
    for line in lines.split(b"\n"):
        if not line:
            continue
        try:
            args, keywords = _call_of(decode(loads(line)))
            if "fresh" in flags:
                function = _entry(namespace, name)
            returned = function(*args, **keywords)
            if "await" in flags and type(returned) is types.CoroutineType:
                returned = importlib.import_module("asyncio").run(returned)
            reply = dumps({"r": encode(returned)})
        except Exception as error:
            reply = dumps({"x": type(error).__name__, "m": _message(error)})
        if len(reply) > _MAX_REPLY:
            reply = dumps({"x": "OutputLimit", "m": f"{len(reply)} bytes returned"})
        view = memoryview(reply + b"\n")
        while view:
            view = view[write(result, view) :]


def _call_of(call: Any) -> tuple[list[Any], dict[str, Any]]:
    """Arguments by place and by name."""
    return (call["a"], call["k"]) if type(call) is dict else (call, {})


def _message(error: Exception) -> str:
    try:
        return str(error)[:300]
    except Exception:
        return ""


def _entry(namespace: dict[str, Any], name: str) -> Callable[..., Any]:
    kind = namespace.get("Solution")
    if isinstance(kind, type) and hasattr(kind, name):  # before a name that an import * brought
        return getattr(kind(), name)
    found = namespace.get(name)
    if found is None and kind is not None:
        found = getattr(kind(), name, None)
    if found is None:
        raise NameError(f"name {name!r} is not defined")
    return found


def _serve(code: bytes, rest: bytes, result: int) -> None:
    _ = rest
    _MODULES["serve"].serve(_load(code, "solution"), socket.socket(fileno=result))


def _judge(code: bytes, rest: bytes, result: int) -> None:
    _ = rest
    asked = json.loads(code)
    verdict = _MODULES["judge"].run(sock=socket.socket(fileno=result), **asked)
    os.write(1, json.dumps(verdict).encode())


_ACTS: dict[int, Callable[[bytes, bytes, int], None]] = {
    wire.SCRIPT: _script,
    wire.CALLS: _calls,
    wire.SERVE: _serve,
    wire.JUDGE: _judge,
}


_end_threads: Callable[[], None] = threading._shutdown  # type: ignore[attr-defined]


def _guarded(act: Callable[[], None]) -> NoReturn:
    """Ends as an interpreter ends: threads, exit handlers, streams, exit code."""
    code = 0
    try:
        act()
    except SystemExit as error:
        code = _exit_code(error.code)
    except BaseException:
        code = 1
        with contextlib.suppress(BaseException):
            _print_traceback()
    for end in (_end_threads, atexit._run_exitfuncs, sys.stdout.flush, sys.stderr.flush):
        with contextlib.suppress(BaseException):
            end()
    os._exit(code & 255)


def _print_traceback() -> None:
    for source in _SOURCE:
        linecache.cache[_NAME] = (len(source), None, source.splitlines(True), _NAME)
    traceback.print_exc(limit=20)


def _exit_code(code: Any) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code
    with contextlib.suppress(BaseException):
        print(code, file=sys.stderr)
    return 1
