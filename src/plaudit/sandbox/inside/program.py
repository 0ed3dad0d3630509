"""What one program's process does, from the fork to its exit."""

from __future__ import annotations

import _thread
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

__all__ = ["NOT_STARTED", "STDLIB", "arrange", "become", "forget", "hide", "prepare", "warm"]

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
# bound here: a program's process runs them once, and each look-up by name writes to a page
_dup, _dup2, _closerange, _exit = os.dup, os.dup2, os.closerange, os._exit
_Module = types.ModuleType
_EXEC, _HAS_INPUT = wire.EXEC, (wire.SCRIPT, wire.EXEC)
_REHEARSALS = 20
_SAMPLE = b"""
import math
from typing import Dict, List, Optional
class A:
    def f(self, x: int) -> List[int]:
        return [i * x for i in range(3) if i]
def g(x: List[float], *a: int, **k: Optional[Dict[str, int]]) -> float:
    try:
        for i, y in enumerate(x):
            while y > 0.5 and i != y: y -= abs(1.0)
            if i not in a: continue
        return {1: x, 'a': (1, 2.5, True), 'b': f'{i:3d}'}
    except ValueError as e: raise
g([1.0, 2.0]); A().f(2)
d = {k: v for k, v in enumerate('ab')}
s = sorted((x for x in (3, 1)), key=lambda v: -v)
print(*s, sep='', end='')
"""
_SAMPLE_CALLS = b'g\n[[1.0,2.0],1]\n[[],"a"]\n[[{"t":[1,2]}]]\n'
_SAMPLE_TESTS = b"""
import math
from solution import g
def check(candidate):
    for x in ([1.0, 2.0], []):
        assert candidate(x, 1) == {1: x}, "message"
    assert abs(g([], a=2)[1] - 0.5) < 1e-6 and not math.isnan(1.0)
    try:
        g(7)
        assert False
    except TypeError as e:
        assert str(e) is not None
check(g)
"""
_SAMPLE_QUESTIONS = b"""{"q":["names",["g","A","List","absent"],{}]}
{"q":["call",[{"h":0},[1.0,2.0],1],[]]}
{"q":["call",[{"h":0},[],"a"],[["k",1]]]}
{"q":["call",[{"h":0},7],[]]}
"""
_PARTS = {"python": ("serve",), "judge": ("judge",), "exec": ()}
_MODULES: dict[str, Any] = {}
_SOURCE: list[str] = []
_LOGGING: list[tuple[list[object], list[object], Callable[[], None]]] = []


def prepare(preload: Sequence[str], role: str) -> None:
    """Imports what programs will find warm, and opens the standard streams they inherit."""
    _import_parts(_PARTS[role])
    for name in (*(() if role == "exec" else STDLIB.split()), *preload):
        importlib.import_module(name)
    _open_streams()
    sys.dont_write_bytecode = True
    sys.argv = [_NAME]
    sys.setrecursionlimit(_RECURSION)
    sys.set_int_max_str_digits(0)  # CPU time is bounded, and answers may be long
    sys.path[:] = [path for path in sys.path if path]


def _open_streams() -> None:
    for fd in (0, 1, 2):  # regular files, as in a program's process, so that the objects fit
        file = os.memfd_create("stdio", os.MFD_CLOEXEC)
        os.dup2(file, fd)
        os.close(file)
    sys.stdin = sys.__stdin__ = _stream(0, "r", "surrogateescape", None)
    sys.stdout = sys.__stdout__ = _stream(1, "w", "backslashreplace", "\n")
    sys.stderr = sys.__stderr__ = _stream(2, "w", "backslashreplace", "\n")


def _import_parts(names: Sequence[str]) -> None:
    """Imports modules of ours; `logging`, where they bring it, ends programs that use it alone."""
    is_new = "logging" not in sys.modules
    register, atexit.register = atexit.register, lambda act, *_, **__: act
    for name in names:
        _MODULES[name] = importlib.import_module(f"plaudit.sandbox.inside.{name}")
    atexit.register = register
    if is_new and "logging" in sys.modules:
        logging = sys.modules["logging"]
        handlers = logging._handlerList
        _LOGGING.append((handlers, list(handlers), logging.shutdown))


def hide(names: Collection[str]) -> None:
    """Lets modules that may not be read look as if they were not installed."""
    sys.meta_path.insert(0, _Hidden(names))


class _Hidden:
    """Finds nothing, and for hidden names says so before anybody looks for the file."""

    def __init__(self, names: Collection[str]):
        self._names = frozenset(names)

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in self._names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _stream(fd: int, mode: str, errors: str, newline: str | None) -> io.TextIOWrapper:
    encoding = "utf-8"
    return open(fd, mode, encoding=encoding, errors=errors, newline=newline, closefd=False)  # type: ignore[return-value]


def warm() -> None:
    """Runs what every program's process runs, in this one, so that a fork shares what it builds.

    The interpreter rewrites a function's code when it is first run, fills the caches of types and
    makes objects that it keeps: in a program's process each is a page that is copied.
    """
    main = sys.modules["__main__"]
    sink = os.memfd_create("warm", os.MFD_CLOEXEC)
    for _ in range(_REHEARSALS):
        _script(_SAMPLE, b"", os.dup(sink))
        _calls(_SAMPLE, _SAMPLE_CALLS, sink)
        if "serve" in _MODULES:
            _rehearse_serving()
        if "judge" in _MODULES:
            _rehearse_judging(_MODULES["judge"].tests_code)
        _flush()
        _NAMESPACES.clear()
        os.ftruncate(sink, 0)
    os.close(sink)
    del sys.modules["solution"]
    sys.modules["__main__"] = main
    _SOURCE.clear()
    _open_streams()  # whose positions are the sample's
    json.loads('{"a": [1, 2.5, "b"]}')


def _rehearse_serving() -> None:
    """Answers questions that lie in the socket already, until the end that follows them."""
    ours, theirs = socket.socketpair()
    with ours:
        ours.sendall(_SAMPLE_QUESTIONS)
        ours.shutdown(socket.SHUT_WR)
        _serve(_SAMPLE, b"", theirs.detach())


def _rehearse_judging(tests_code: Any) -> None:
    """What becomes of test code until it runs; the rest would change this process for good."""
    text = _SAMPLE_TESTS.decode()
    tree = tests_code.parse(text, "tests")
    tests_code.refuse_evaluation(tree)
    tests_code.bind_program(tree)
    tests_code.open_names(tree)
    tests_code.instrument(tree, text)
    tests_code.protect(tree)
    compile(tree, "tests", "exec", dont_inherit=True)


def forget() -> None:
    """What a program must not find: our modules, and a random state that differs between runs."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "plaudit"]:
        del sys.modules[name]
    random.seed(0)


def arrange(
    mode: int, payload: mmap.mmap, size: int, streams: Sequence[int], fds: Sequence[int]
) -> tuple[bytes, bytes, int]:
    """The program's code, its inputs, and the descriptor for what else it has to say.

    `size` bytes of `payload` are code and inputs; `fds` holds a socket to the tests, if there are
    any. No other descriptor is left than these and the standard streams.
    """
    code, rest = _split(payload, size)
    stdin = -1
    if mode in _HAS_INPUT:
        stdin = os.memfd_create("in", 0)
        rest = _write_files(rest, mode)
        _write_all(stdin, rest)
        os.lseek(stdin, 0, os.SEEK_SET)
    out, err, result = streams
    return code, rest, _descriptors(stdin, out, err, fds[0] if fds else result)


def become(mode: int, code: bytes, rest: bytes, extra: int) -> NoReturn:
    """Runs the program and ends as an interpreter ends: threads, exit handlers, streams, code."""
    if mode == _EXEC:
        _execute(code)
    _main_thread._native_id = _native_id()  # a fork keeps the number of its parent's
    status = 0
    try:
        _ACTS[mode](code, rest, extra)
    except SystemExit as error:
        status = _exit_code(error.code)
    except BaseException:
        status = 1
        with contextlib.suppress(BaseException):
            _print_traceback()
    _finish()
    _exit(status & 255)


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


def _descriptors(stdin: int, out: int, err: int, extra: int) -> int:
    """Descriptors 0, 1 and 2, one more as 3, and nothing else."""
    spare = _dup(extra)  # never one of 0 to 3
    if stdin >= 0:
        _dup2(stdin, 0)
    _dup2(out, 1)
    _dup2(err, 2)
    _dup2(spare, 3)
    _closerange(4, 4096)
    return 3


def _execute(code: bytes) -> NoReturn:
    """Replaces the process: for languages other than Python, `code` is the command."""
    os.close(3)
    command = json.loads(code)
    os.execv(command[0], command)


def _load(code: bytes, name: str) -> dict[str, object]:
    """Runs a module's text as the module `name`; it is also `__main__`, which pickle needs."""
    module = _Module(name)
    sys.modules["__main__"] = sys.modules[name] = module
    module.__dict__["__builtins__"] = builtins
    source = code.decode("utf-8", "surrogatepass").removeprefix("\ufeff")
    _SOURCE.append(source)
    if name == "__main__":
        _NAMESPACES.append(module.__dict__)
    text: object = source if source.isascii() or _is_clean(source) else code
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
    function = namespace.get(name)
    if function is None and kind is not None:
        function = getattr(kind(), name, None)
    if function is None:
        raise NameError(f"name {name!r} is not defined")
    return function


def _serve(code: bytes, rest: bytes, result: int) -> None:
    _ = rest
    _MODULES["serve"].serve(_load(code, "solution"), socket.socket(fileno=result))


def _judge(code: bytes, rest: bytes, result: int) -> None:
    _ = rest
    request = json.loads(code)
    verdict = _MODULES["judge"].run(sock=socket.socket(fileno=result), **request)
    os.write(1, json.dumps(verdict).encode())


_ACTS: dict[int, Callable[[bytes, bytes, int], None]] = {
    wire.SCRIPT: _script,
    wire.CALLS: _calls,
    wire.SERVE: _serve,
    wire.JUDGE: _judge,
}


_main_thread: Any = threading.main_thread()
_native_id = threading.get_native_id
_end_threads: Callable[[], None] = threading._shutdown  # type: ignore[attr-defined]
_num_threads: Callable[[], int] = _thread._count
_joined_at_exit: list[object] = threading._threading_atexits  # type: ignore[attr-defined]
_run_exitfuncs, _num_exitfuncs = atexit._run_exitfuncs, atexit._ncallbacks


def _finish() -> None:
    """What is left to do at the end; nothing that fails there changes the exit code."""
    shut_logs = [shut for handlers, before, shut in _LOGGING if handlers != before]
    if _num_threads() or _joined_at_exit or _num_exitfuncs() or shut_logs:
        _try(_end_threads)
        _try(_run_exitfuncs)
    for shut in shut_logs:
        _try(shut)
    _flush()


def _flush() -> None:
    """Flushes what the program wrote: the standard streams, and writers that it still holds."""
    for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
        _try(lambda name=name: getattr(sys, name).flush())
    for namespace in _NAMESPACES:
        has_own_end = False
        for value in list(namespace.values()):
            if isinstance(value, io.IOBase):
                _try(value.flush)
            has_own_end = has_own_end or hasattr(type(value), "__del__")
        if has_own_end:  # an interpreter would end its objects before it ends
            _try(namespace.clear)


_NAMESPACES: list[dict[str, object]] = []


def _try(act: Callable[[], None]) -> None:
    try:
        act()
    except BaseException:
        return


def _print_traceback() -> None:
    for source in _SOURCE:
        linecache.cache[_NAME] = (len(source), None, source.splitlines(True), _NAME)
    traceback.print_exc(limit=20)


def _exit_code(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code
    with contextlib.suppress(BaseException):
        print(code, file=sys.stderr)
    return 1
