"""Runs on a foreign server, as the program that it was sent; see `plaudit.sandbox.remote`.

Its text goes out together with that of `inside.values` (and, for tests, `inside.serve` and
`inside.judge`). Standard input holds a line with a length, a question of that length, and the rest.
What it has to say it writes in lines that begin with a token. It imports the standard library only,
and works on Python 3.8 and later.
"""

from __future__ import annotations

import base64
import builtins
import contextlib
import ctypes
import importlib
import importlib.abc
import importlib.util
import json
import os
import signal
import socket
import sys
import time
import traceback
import types

_INSIDE = "plaudit.sandbox.inside"
_SET_DUMPABLE = 4
_GRACE_S = 0.5


class _Sources(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the modules whose texts came along."""

    def __init__(self, texts):
        self.texts = texts

    def find_spec(self, fullname, path=None, target=None):
        if not fullname.startswith(_INSIDE) and not _INSIDE.startswith(fullname + "."):
            return None
        is_package = _INSIDE.startswith(fullname)
        return importlib.util.spec_from_loader(fullname, self, is_package=is_package)

    def exec_module(self, module):
        text = self.texts.get(module.__name__.rpartition(".")[2], "")
        exec(compile(text, module.__name__, "exec", dont_inherit=True), module.__dict__)


def main(texts):
    """Answers the question on standard input."""
    sys.meta_path.insert(0, _Sources(texts))
    try:
        size = int(_read_line())
        asked = json.loads(_read(size))
        {"calls": _calls, "asserts": _asserts}[asked["mode"]](asked)
    except SystemExit as error:
        _leave(error.code if isinstance(error.code, int) else int(error.code is not None))
    except BaseException:
        traceback.print_exc(limit=20)
        _leave(1)
    _leave(0)


def _leave(code):
    with contextlib.suppress(BaseException):
        sys.stderr.flush()
    os._exit(code & 255)


def _read_line():
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            break
        line += byte
    return line


def _read(size=-1):
    """That many bytes, or all there are."""
    parts = []
    while size:
        part = os.read(0, min(size, 1 << 20) if size > 0 else 1 << 20)
        if not part:
            break
        parts.append(part)
        size -= len(part) if size > 0 else 0
    return b"".join(parts)


def _say(fd, token, value):
    text = f"\n{token} {json.dumps(value, separators=(',', ':'))}\n".encode()
    view = memoryview(text)
    while view:
        view = view[os.write(fd, view) :]
    return len(text)


def _silence():
    """Standard input is at its end, standard output leads nowhere."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)


def _load(code):
    """The namespace of the program, run as the module `solution`."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "plaudit"]:
        del sys.modules[name]
    module = types.ModuleType("solution")
    sys.modules["__main__"] = sys.modules["solution"] = module
    module.__dict__["__builtins__"] = builtins
    sys.argv = ["solution.py"]
    exec(compile(code, "solution.py", "exec", dont_inherit=True), module.__dict__)
    return module.__dict__


def _entry(namespace, name):
    kind = namespace.get("Solution")
    if isinstance(kind, type) and hasattr(kind, name):  # before a name that an import * brought
        return getattr(kind(), name)
    found = namespace.get(name)
    if found is None and kind is not None:
        found = getattr(kind(), name, None)
    if found is None:
        raise NameError(f"name {name!r} is not defined")
    return found


def _calls(asked):
    """Says a reply for each line of arguments, as long as the output may grow."""
    values = importlib.import_module(_INSIDE + ".values")
    encode, decode, loads = values.encode, values.decode, values.loads
    token, left = asked["token"], asked["most"]
    lines = _read().split(b"\n")
    out = os.dup(1)
    _silence()
    _say(out, asked["begin"], {})
    namespace = _load(base64.b64decode(asked["code"]))
    function = _entry(namespace, asked["entry"])
    for place, line in enumerate(lines):
        try:
            call = decode(loads(line))
            args, keywords = (call["a"], call["k"]) if type(call) is dict else (call, {})
            if asked.get("fresh"):
                function = _entry(namespace, asked["entry"])
            result = function(*args, **keywords)
            if asked.get("awaits") and isinstance(result, types.CoroutineType):
                result = importlib.import_module("asyncio").run(result)
            reply = {"r": encode(result)}
        except Exception as error:
            reply = {"x": type(error).__name__, "m": _message(error)}
        size = len(json.dumps(reply, separators=(",", ":")))
        if size > asked["most"]:
            reply = {"x": "OutputLimit", "m": f"{size} bytes returned"}
        elif size > left and place:
            _say(out, token, {"more": True})
            return
        left -= _say(out, token, reply)
    _say(out, token, {"end": True})


def _message(error):
    try:
        return str(error)[:300]
    except Exception:
        return ""


def _asserts(asked):
    """The program in a child, which hears of neither the tests nor the token; the tests here."""
    parts = {name: importlib.import_module(f"{_INSIDE}.{name}") for name in ("serve", "judge")}
    ours, theirs = socket.socketpair()
    gate, opener = os.pipe()
    out = os.dup(1)
    _set_dumpable(0)  # nobody but root reads this process's memory
    pid = os.fork()
    if pid == 0:
        for fd in (out, opener, ours.detach()):
            os.close(fd)
        _silence()
        os.read(gate, 1)  # the program cannot undo that its run has begun
        os.close(gate)
        _set_dumpable(1)
        parts["serve"].serve(_load(base64.b64decode(asked["code"])), theirs)
        return
    _say(out, asked["begin"], {})
    theirs.close()
    os.close(gate)
    os.close(opener)
    rest = json.loads(_read())
    try:
        verdict = parts["judge"].run(sock=ours, **rest["asked"])
    except Exception as error:
        said = f"the tests ended: {type(error).__name__}: {_message(error)}"
        verdict = {"checks": [], "finished": False, "error": said}
    ours.close()
    _say(out, rest["token"], {"verdict": verdict, "status": _ended(pid)})


def _set_dumpable(value):
    with contextlib.suppress(Exception):
        ctypes.CDLL(None).prctl(_SET_DUMPABLE, value, 0, 0, 0)


def _ended(pid):
    """How the program's process ended: exit code, minus its signal, or None if it went on."""
    end = time.monotonic() + _GRACE_S
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None
