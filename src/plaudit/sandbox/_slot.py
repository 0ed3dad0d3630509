"""The caller's end of a slot: starts the process, sends tasks, reads replies."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plaudit.errors import ConfigError, EngineError
from plaudit.sandbox.inside import wire
from plaudit.sandbox.report import enforced

__all__ = ["Slot", "sweep"]

_PREFIX = "plaudit-slot-"
_START_LIMIT_S = 60.0
_INSIDE = Path(__file__).parent / "inside"
_BOOT = """
import sys, types, json
for name, path in (("plaudit", sys.argv[1]), ("plaudit.sandbox", sys.argv[1] + "/sandbox")):
    stub = sys.modules[name] = types.ModuleType(name)
    stub.__path__ = [path]
if sys.path and sys.path[0] == "":
    del sys.path[0]
import os
register, os.register_at_fork = os.register_at_fork, lambda **hooks: None
import random  # whose hook would seed it anew in every program
os.register_at_fork = register
from plaudit.sandbox.inside import lean
lean.fill_holes()  # before what is imported next, so that it lies together
from plaudit.sandbox.inside.slot import main
main(int(sys.argv[2]), json.loads(sys.argv[3]))
"""


class Slot:
    """One slot. Only one thread at a time uses it.

    Raises: EngineError where the process does not come up.
    """

    def __init__(self, *, interpreter: str, options: dict[str, object]) -> None:
        self.work = tempfile.mkdtemp(prefix=_PREFIX, dir=_folder(options))
        self._lock = _locked(self.work)
        ours, theirs = socket.socketpair()
        self.sock = ours
        try:
            self._process = self._start(theirs, interpreter, {**options, "work": self.work})
        except OSError as error:
            ours.close()
            os.close(self._lock)
            os.rmdir(self.work)
            if isinstance(error, FileNotFoundError | PermissionError):
                message = f"interpreter {interpreter!r} does not start: {error}"
                raise ConfigError(message) from None
            raise
        finally:
            theirs.close()
        self._unsent: list[tuple[memoryview, list[int]]] = []
        self._got = bytearray()
        self._report: dict[str, object] | None = None

    def _start(self, theirs: socket.socket, interpreter: str, options: dict[str, object]):
        package = str(_INSIDE.parent.parent)
        fd = theirs.fileno()
        argv = [interpreter, "-s", "-B", "-c", _BOOT, package, str(fd), json.dumps(options)]
        return subprocess.Popen(
            argv,
            pass_fds=[fd, self._lock],
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", **_ONE_THREAD},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )

    @property
    def pid(self) -> int:
        """The keeper's process."""
        return self._process.pid

    @property
    def report(self) -> dict[str, Any]:
        """What the slot enforces; waits until it is ready."""
        if self._report is None:
            report = self._read_report()
            self._report = {**report, "enforced": enforced(report)}
            self.sock.setblocking(False)
        return self._report

    def _read_report(self) -> dict[str, object]:
        end = time.monotonic() + _START_LIMIT_S
        while b"\n" not in self._got:
            self.sock.settimeout(max(0.01, end - time.monotonic()))
            try:
                data = self.sock.recv(1 << 16)
            except TimeoutError:
                raise self._failed(f"no answer within {_START_LIMIT_S:.0f} s") from None
            except ConnectionError:
                data = b""
            if not data:
                raise self._failed(f"it ended with exit code {self._process.wait()}")
            self._got += data
        line, _, rest = bytes(self._got).partition(b"\n")
        self._got = bytearray(rest)
        report = json.loads(line)
        if "failed" in report:
            raise self._failed(report["failed"])
        return report

    def _failed(self, reason: str) -> EngineError:
        self.close()
        return EngineError(f"a slot of the sandbox did not start: {reason}")

    def send(self, task: wire.Task, payload: bytes, fds: list[int] | None = None) -> None:
        """Queues a task; `flush` sends it. The descriptors are closed when they are sent."""
        data = wire.TASK.pack(*task._replace(size=len(payload))) + payload
        self._unsent.append((memoryview(data), fds or []))
        self.flush()

    def flush(self) -> None:
        """Sends as much as the slot takes now."""
        while self._unsent:
            view, fds = self._unsent[0]
            try:
                if fds:
                    num_bytes = socket.send_fds(self.sock, [view[: 1 << 16]], fds)
                    while fds:
                        os.close(fds.pop())
                else:
                    num_bytes = self.sock.send(view)
            except BlockingIOError:
                return
            if num_bytes == len(view):
                self._unsent.pop(0)
            else:
                self._unsent[0] = (view[num_bytes:], fds)

    @property
    def has_unsent(self) -> bool:
        """Whether there is something left to send."""
        return bool(self._unsent)

    def replies(self) -> Iterator[tuple[wire.SlotReply, list[bytes]]]:
        """The replies that have come in whole. Raises ConnectionError where the slot ended."""
        while True:
            try:
                data = self.sock.recv(1 << 20)
            except BlockingIOError:
                break
            if not data:
                raise ConnectionError("the slot ended")
            self._got += data
            if len(data) < 1 << 16:
                break
        while (reply := self._take()) is not None:
            yield reply

    def _take(self) -> tuple[wire.SlotReply, list[bytes]] | None:
        if len(self._got) < wire.REPLY.size:
            return None
        reply = wire.SlotReply(*wire.REPLY.unpack_from(self._got))
        place, streams = wire.REPLY.size, []
        if len(self._got) < place + reply.output + reply.errors + reply.result:
            return None
        for size in (reply.output, reply.errors, reply.result):
            streams.append(bytes(self._got[place : place + size]))
            place += size
        del self._got[:place]
        return reply, streams

    def close(self) -> None:
        """Hangs up; the keeper ends what is left, and this waits for it."""
        for _, fds in self._unsent if hasattr(self, "_unsent") else ():
            for fd in fds:
                os.close(fd)
        self._unsent = []
        self.sock.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(OSError):
            os.close(self._lock)
        shutil.rmtree(self.work, ignore_errors=True)


_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


def _locked(work: str) -> int:
    """A lock that lives as long as the caller and the slot do; see `sweep`."""
    lock = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _folder(options: dict[str, object]) -> str:
    """Where working directories lie; a slot that changes its user must be able to get there."""
    folder = Path(tempfile.gettempdir())
    if options["forking"] and os.getuid() == 0:
        ways = (folder, *folder.parents)
        return str(folder) if all(way.stat().st_mode & 0o001 for way in ways) else "/tmp"
    return str(folder)


def sweep() -> int:
    """Removes working directories whose caller and slot are both gone; returns how many."""
    removed = 0
    folders = {tempfile.gettempdir(), "/tmp"}
    for path in (path for folder in folders for path in Path(folder).glob(_PREFIX + "*")):
        with contextlib.suppress(OSError):
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
                removed += 1
            finally:
                os.close(lock)
    return removed


def wait_readable(fds: dict[int, int], timeout_s: float) -> list[int]:
    """The descriptors of `fds` (descriptor: poll mask) that are ready."""
    poller = select.poll()
    for fd, mask in fds.items():
        poller.register(fd, mask)
    return [fd for fd, _ in poller.poll(max(0.0, timeout_s) * 1000)]


if sys.platform != "linux":
    raise EngineError("the local sandbox runs on Linux only; elsewhere use plaudit.sandbox.remote")
