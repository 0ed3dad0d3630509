"""Killable worker processes: the only deadline that holds against code that keeps the GIL.

A worker is exec'd (the caller is never forked), imports its target once, and runs one job at a
time on its main thread. The clock of a job starts when an idle, ready worker is given it; at the
deadline the parent kills the process. No signal handler is installed in the caller, so a pool
works from any thread, inside a running event loop and in a spawned process.

Whether a late job is to blame is decided by CPU time: one that burnt its deadline is "timeout"; one
that did not (a busy machine, a sleeping disk) is run once more, alone in its worker and by CPU
time, for twice its deadline at most. So no job takes more than three times its deadline, however
busy the machine is; what could not burn its deadline in that time is "stalled", and nobody's fault.

A worker outlives its parent by seconds at most: idle it sees its pipe close, busy the kernel's CPU
limit (set anew for each job) ends it. What is not stopped: a job that opens files or sockets.
This is a wall against accidents and hostile expressions, not a sandbox for hostile programs.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import math
import os
import pickle
import queue
import select
import struct
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from plaudit.errors import EngineError

__all__ = ["MACHINE", "Machine", "Outcome", "Pool"]

_HEAD = struct.Struct("<Q")
_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]);"
    "from plaudit.workers import _serve; _serve(sys.argv[2], json.loads(sys.argv[3]))"
)
_START_LIMIT_S = 120.0
_LONGEST_WAIT_S = 1e6  # the system call takes milliseconds in an int
_BLAMED_SHARE = 0.8
_RERUN_WALL = 2.0  # deadlines of wall time for the run by CPU time: with the first, three in all
_LOOK_S = 0.05  # how often that run looks at the CPU time


class Outcome(NamedTuple):
    """How a job ended.

    "ok" (with `value`), "error" (the target raised `error`), "timeout" (it burnt its deadline),
    "crashed" (it killed its process), "stalled" (the deadline passed twice without CPU time used).
    """

    status: Literal["ok", "error", "timeout", "crashed", "stalled"]
    value: Any = None
    error: Exception | None = None
    cpu_s: float = 0.0


class Machine:
    """The clock, the pipes and the CPU times of this machine; a test may bring another."""

    def now(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def readable(self, fd: int, timeout_s: float) -> bool:
        """Waits until there is something to read, at most `timeout_s`; whether there is."""
        poller = select.poll()
        poller.register(fd, select.POLLIN)
        return bool(poller.poll(min(timeout_s, _LONGEST_WAIT_S) * 1000))

    def cpu_s(self, pid: int) -> float:
        """CPU seconds that a process used so far; where the system does not tell, wall time."""
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            return time.monotonic()
        return (int(fields[11]) + int(fields[12])) / _TICKS


MACHINE = Machine()


class Pool:
    """Worker processes that run ``target(job)``, where target is ``"module:function"``.

    With `setup`, the worker first calls ``target(setup)`` and runs jobs on what it returns.
    Workers start when first needed. `memory_mb` caps the address space of a worker. A late job is
    to blame if it used 0.8 of its deadline in CPU time, or `blamed_s` seconds where that is less:
    it suits jobs that are known to take a small part of their deadline.

    Raises: EngineError where a worker cannot start (the target does not import, setup raises).

    >>> with Pool("operator:neg") as pool:
    ...     pool.call(2).value
    -2
    """

    def __init__(
        self,
        target: str,
        *,
        size: int = 1,
        deadline_s: float = 5.0,
        setup: Any = None,
        memory_mb: int | None = None,
        blamed_s: float = math.inf,
    ) -> None:
        self.deadline_s = deadline_s
        self._blamed_s = blamed_s
        self._options = {"has_setup": setup is not None, "memory_mb": memory_mb}
        self._target = target
        self._setup = None if setup is None else pickle.dumps(setup, protocol=5)
        self._size = size
        self._shift = _Shift(size)

    def call(
        self,
        job: Any,
        *,
        deadline_s: float | None = None,
        try_again: bool = True,
        was_late: bool = False,
    ) -> Outcome:
        """Runs one job and waits for it; thread-safe, one job per worker at a time.

        A job that is late without having used its CPU time is tried again, by CPU time and for
        twice its deadline at most, or with ``try_again=False`` reported as "stalled" at once. With
        `was_late` (it was late in a larger job) only that second try is made.

        Raises: EngineError where a worker cannot start, or another thread closes the pool.
        """
        if os.getpid() != self._shift.pid:  # forked: the workers belong to the parent
            self._inherited, self._shift = self._shift, _Shift(self._size)
        limit = self.deadline_s if deadline_s is None else deadline_s
        message = pickle.dumps((limit, job), protocol=5)
        first, second = _Bounds(limit, math.inf), _Bounds(_RERUN_WALL * limit, limit)
        tries = [] if was_late else [first]
        tries += [second] if was_late or try_again else []
        blamed_s = min(self._blamed_s, _BLAMED_SHARE * limit)
        outcomes = (self._on_free_worker(message, bounds, blamed_s) for bounds in tries)
        return next((outcome for outcome in outcomes if outcome), Outcome("stalled"))

    def close(self) -> None:
        """Kills the workers. The pool can be used again; it then starts new ones."""
        ended, self._shift = self._shift, _Shift(self._size)
        if ended.pid == os.getpid():
            ended.close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _on_free_worker(self, message: bytes, bounds: _Bounds, blamed_s: float) -> Outcome | None:
        """The outcome, or None where the deadline passed and nobody can be blamed yet."""
        shift = self._shift
        worker = shift.idle.get()
        try:
            worker = self._living(worker)
            shift.hold(worker)
            worker.wait_ready()
            outcome = worker.run(message, bounds, blamed_s)
            shift.check_open()
            worker = self._living(worker)  # a new one starts while the caller goes on
            return outcome
        finally:
            shift.put_back(worker)

    def _living(self, worker: _Worker | None) -> _Worker:
        if worker is not None and worker.is_alive:
            return worker
        if worker is not None:
            worker.kill()
        worker = _Worker(self._target, self._options, self._setup)
        _LIVE.add(worker)
        return worker


class _Bounds(NamedTuple):
    """How long one try may take, in seconds of wall time and of CPU time."""

    wall_s: float
    cpu_s: float


class _Shift:
    """The workers of a pool until it is closed: each is idle, or held by one thread.

    Only who holds a worker touches its pipes; another thread may at most end its process.
    """

    def __init__(self, size: int) -> None:
        self.pid = os.getpid()
        self.idle: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        self._held: dict[int, _Worker] = {}
        self._lock = threading.Lock()
        self._is_closed = False
        for _ in range(size):
            self.idle.put(None)

    def check_open(self) -> None:
        """Raises EngineError where the pool was closed."""
        if self._is_closed:
            raise EngineError("the pool of workers was closed")

    def hold(self, worker: _Worker) -> None:
        """Takes note of who works for this thread. Raises EngineError where the pool was closed."""
        with self._lock:
            self._held[threading.get_ident()] = worker
            self.check_open()

    def put_back(self, worker: _Worker | None) -> None:
        """Frees the slot of this thread."""
        with self._lock:
            self._held.pop(threading.get_ident(), None)
            if worker is not None and (self._is_closed or not worker.is_alive):
                worker.kill()
                worker = None
            self.idle.put(worker)

    def close(self) -> None:
        """Ends all processes; whoever holds one finds out."""
        with self._lock:
            self._is_closed = True
            for worker in self._held.values():
                worker.stop()
            drained = []
            with contextlib.suppress(queue.Empty):
                while True:
                    drained.append(self.idle.get_nowait())
            for worker in drained:
                if worker is not None:
                    worker.kill()
                self.idle.put(None)


class _Worker:
    """One process and the two ends of its pipes."""

    def __init__(self, target: str, options: dict[str, Any], setup: bytes | None) -> None:
        argv = [sys.executable, "-c", _BOOT, json.dumps(sys.path), target, json.dumps(options)]
        self._process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        self._ready = False
        self._target = target
        self._is_open = True
        if setup is not None:
            self._send(setup)

    @property
    def is_alive(self) -> bool:
        """Whether the process can take a job."""
        return self._is_open and self._process.poll() is None

    def wait_ready(self) -> None:
        """Waits for the import of the target. Raises EngineError where it failed."""
        if self._ready:
            return
        if not Machine().readable(self._from, _START_LIMIT_S):
            reason = f"no answer within {_START_LIMIT_S:.0f} s"
        elif (reply := self._receive()) is None:
            reason = f"it ended with exit code {self._process.wait()}"
        elif reply[0] == "ready":
            self._ready = True
            return
        else:
            reason = repr(reply[1])
        self.kill()
        raise EngineError(f"worker for {self._target} did not start: {reason}")

    def run(self, message: bytes, bounds: _Bounds, blamed_s: float) -> Outcome | None:
        """Sends a job and waits; kills the process where a bound is passed."""
        began = self._cpu_s()
        self._send(message)
        if not self._is_done_within(bounds, began):
            used = self._cpu_s() - began
            self.kill()
            return Outcome("timeout", cpu_s=used) if used >= blamed_s else None
        reply = self._receive()
        if reply is None:
            self.kill()
            return Outcome("crashed")
        status, value, cpu_s = reply
        if status == "ok":
            return Outcome("ok", value, cpu_s=cpu_s)
        return Outcome("error", error=value, cpu_s=cpu_s)

    def stop(self) -> None:
        """Ends the process; the pipes stay for the thread that reads them."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def kill(self) -> None:
        """Ends and reaps the process."""
        self._is_open = False
        self.stop()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _is_done_within(self, bounds: _Bounds, began: float) -> bool:
        if bounds.cpu_s == math.inf:
            return MACHINE.readable(self._from, bounds.wall_s)
        end = MACHINE.now() + bounds.wall_s
        while (left := end - MACHINE.now()) > 0 and self._cpu_s() - began < bounds.cpu_s:
            if MACHINE.readable(self._from, min(_LOOK_S, bounds.cpu_s, left)):
                return True
        return False

    def _cpu_s(self) -> float:
        return MACHINE.cpu_s(self._process.pid)

    def _send(self, message: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):  # a dead worker is found when its reply is read
            view = memoryview(_HEAD.pack(len(message)) + message)
            while view:
                view = view[os.write(self._to, view) :]

    def _receive(self) -> Any:
        data = _read_message(self._from)
        return None if data is None else pickle.loads(data)


_LIVE: weakref.WeakSet[_Worker] = weakref.WeakSet()
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_OWNER = os.getpid()


@atexit.register
def _kill_all() -> None:
    if os.getpid() == _OWNER:
        for worker in list(_LIVE):
            worker.kill()


def _read_message(fd: int) -> bytes | None:
    head = _read_exactly(fd, _HEAD.size)
    return None if head is None else _read_exactly(fd, _HEAD.unpack(head)[0])


def _read_exactly(fd: int, size: int) -> bytes | None:
    chunks = []
    while size:
        chunk = os.read(fd, min(size, 1 << 20))
        if not chunk:
            return None
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


# --- in the worker process ------------------------------------------------------------------------


def _serve(target: str, options: dict[str, Any]) -> None:
    """Imports the target, then answers jobs until the pipe closes."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reply_to = os.dup(1)
    os.dup2(2, 1)  # what a job prints must not enter the pipe of answers
    _limit_memory(options["memory_mb"])
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        handle = _load_target(target)
        if options["has_setup"]:
            handle = handle(pickle.loads(_read_message(0) or b""))
    except Exception as error:
        _reply(reply_to, ("failed", f"{type(error).__name__}: {error}"))
        return
    _reply(reply_to, ("ready", None))
    while (message := _read_message(0)) is not None:
        limit, job = pickle.loads(message)
        _limit_cpu(limit)
        _reply(reply_to, _answer(handle, job))


def _answer(handle: Callable[[Any], Any], job: Any) -> tuple[str, Any, float]:
    began = time.thread_time()  # RLIMIT_CPU makes process_time tick-coarse
    try:
        status, value = "ok", handle(job)
    except Exception as error:
        status, value = "error", error
    return status, value, time.thread_time() - began


def _reply(fd: int, message: tuple[Any, ...]) -> None:
    try:
        data = pickle.dumps(message, protocol=5)
    except Exception as error:  # what does not pickle is named instead
        data = pickle.dumps(("error", RuntimeError(f"{message[1]!r:.200}: {error}"), 0.0))
    view = memoryview(_HEAD.pack(len(data)) + data)
    while view:
        view = view[os.write(fd, view) :]


def _load_target(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def _limit_memory(memory_mb: int | None) -> None:
    if memory_mb is None or sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))


def _limit_cpu(limit: float) -> None:
    """The kernel ends a job whose parent died before it could."""
    if sys.platform == "win32":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    seconds = int(time.process_time() + limit * 2) + 2
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))


def _die_with_parent() -> None:
    poller = select.poll()
    poller.register(0, 0)  # wakes only when every writer has closed the pipe
    poller.poll()
    os._exit(1)
