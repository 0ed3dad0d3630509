"""Killable worker processes: the only deadline that works against code that keeps the GIL.

A worker is exec'd (the caller is never forked), imports its target once, and runs one job at a
time on its main thread. Where the target takes long to import, a pool may keep a nursery: an exec'd
process that imports it once and forks a worker whenever one is needed. The clock of a job starts
when an idle, ready worker is given it; at the deadline the parent kills the process. No signal
handler is installed in the caller, so a pool works from any thread, inside a running event loop and
in a spawned process.

Whether a late job is at fault is decided by CPU time: one that used its deadline is "timeout"; one
that did not (a busy machine, a sleeping disk) is run again, alone in its worker and by CPU
time, for at most 1.8 deadlines. So no job takes more than three times its deadline, however busy
the machine is; a job that still could not use its deadline is "stalled", which is not its fault.

A worker outlives its parent by seconds at most: an idle one sees its pipe close, a busy one is
ended by the kernel's CPU limit (set for each job). A job may open files and sockets: this protects
against accidents and hostile expressions, it is not a sandbox for hostile programs.
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
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from plaudit.errors import EngineError
from plaudit.old_names import old_names

__all__ = ["MACHINE", "JobOutcome", "Machine", "Pool"]
__getattr__ = old_names(__name__)

_HEAD = struct.Struct("<Q")
_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from plaudit import workers;"
    "getattr(workers, sys.argv[4])(sys.argv[2], json.loads(sys.argv[3]))"
)
_FORK, _REAP = b"f", b"r"  # what a nursery is asked for: one byte and a process id
_ORDER = struct.Struct("<cq")
_CAN_FORK = sys.platform == "linux"
_START_LIMIT_S = 120.0
_LONGEST_WAIT_S = 1e6  # the system call takes milliseconds in an int
_BLAMED_SHARE = 0.8
_RERUN_WALL = 1.8  # deadlines of wall time for the run by CPU time: with the first, and with what
# it takes to replace a worker, three in all
_LOOK_S = 0.05  # how often that run looks at the CPU time


class JobOutcome(NamedTuple):
    """How a job ended.

    "ok" (with `value`), "error" (the target raised `error`), "timeout" (it used its deadline),
    "crashed" (it killed its process), "stalled" (the deadline passed twice without CPU time used).
    """

    status: Literal["ok", "error", "timeout", "crashed", "stalled"]
    value: Any = None
    error: Exception | None = None
    cpu_s: float = 0.0


class Machine:
    """The clock, the pipes and the CPU times of this machine; a test may bring another."""

    def now(self) -> float:
        """Seconds of a monotonic clock."""
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
    it suits jobs that are known to take a small part of their deadline. With `forks`, on Linux, the
    target is imported and set up once, in a process that forks the workers: a killed one is
    replaced in milliseconds. For targets that start no threads.

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
        setup: object = None,
        memory_mb: int | None = None,
        blamed_s: float = math.inf,
        forks: bool = False,
    ) -> None:
        self.deadline_s = deadline_s
        self._blamed_s = blamed_s
        self._options = {"has_setup": setup is not None, "memory_mb": memory_mb}
        self._target = target
        self._setup = None if setup is None else pickle.dumps(setup, protocol=5)
        self._size = size
        self._forks = forks and _CAN_FORK
        self._shift = _Shift(size)

    def call(
        self,
        job: object,
        *,
        deadline_s: float | None = None,
        try_again: bool = True,
        was_late: bool = False,
    ) -> JobOutcome:
        """Runs one job and waits for it; thread-safe, one job per worker at a time.

        A job that is late without having used its CPU time is tried again, by CPU time and for
        1.8 deadlines at most, or with ``try_again=False`` reported as "stalled" at once. With
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
        return next((outcome for outcome in outcomes if outcome), JobOutcome("stalled"))

    def close(self) -> None:
        """Kills the workers. The pool can be used again; it then starts new ones."""
        ended, self._shift = self._shift, _Shift(self._size)
        if ended.pid == os.getpid():
            ended.close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _on_free_worker(
        self, message: bytes, bounds: _Bounds, blamed_s: float
    ) -> JobOutcome | None:
        """The outcome, or None if the deadline passed and the fault is not yet known."""
        shift = self._shift
        worker = shift.idle.get()
        try:
            worker = self._living(shift, worker)
            shift.hold(worker)
            worker.wait_ready()
            outcome = worker.run(message, bounds, blamed_s)
            shift.check_open()
            worker = self._living(shift, worker)  # a new one starts while the caller goes on
            return outcome
        finally:
            shift.put_back(worker)

    def _living(self, shift: _Shift, worker: _Worker | None) -> _Worker:
        if worker is not None and worker.is_alive:
            return worker
        if worker is not None:
            worker.kill()
        command = _Command(self._target, self._options, self._setup)
        process = _Child(shift.nursery(command)) if self._forks else command.start("_serve")
        worker = _Worker(process, self._target)
        _LIVE.add(worker)
        return worker


class _Bounds(NamedTuple):
    """How long one attempt may take, in seconds of wall time and of CPU time."""

    wall_s: float
    cpu_s: float


class _Shift:
    """The workers of a pool until it is closed: each is idle, or held by one thread.

    Only who holds a worker touches its pipes; another thread may at most end its process.
    """

    def __init__(self, size: int) -> None:
        self.pid = os.getpid()
        self.idle: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        self._nursery: _Nursery | None = None
        self._held: dict[int, _Worker] = {}
        self._lock = threading.Lock()
        self._is_closed = False
        for _ in range(size):
            self.idle.put(None)

    def check_open(self) -> None:
        """Raises EngineError where the pool was closed."""
        if self._is_closed:
            raise EngineError("the pool of workers was closed")

    def nursery(self, command: _Command) -> _Nursery:
        """The process that forks the workers, started on first use."""
        with self._lock:
            self.check_open()
            if self._nursery is not None and not self._nursery.is_alive:
                self._nursery.kill()
                self._nursery = None
            if self._nursery is None:
                self._nursery = _Nursery(command)
            return self._nursery

    def hold(self, worker: _Worker) -> None:
        """Records which worker serves this thread. Raises EngineError if the pool was closed."""
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
            drained: list[_Worker | None] = []
            with contextlib.suppress(queue.Empty):
                while True:
                    drained.append(self.idle.get_nowait())
            for worker in drained:
                if worker is not None:
                    worker.kill()
                self.idle.put(None)
            if self._nursery is not None:
                self._nursery.kill()


class _Command(NamedTuple):
    """What starts a worker, or a nursery."""

    target: str
    options: dict[str, Any]
    setup: bytes | None

    def start(
        self, role: str, stdin: Any = subprocess.PIPE, stdout: Any = subprocess.PIPE
    ) -> subprocess.Popen[bytes]:
        """The process; it reads its setup first."""
        argv = [sys.executable, "-c", _BOOT, json.dumps(sys.path), self.target]
        argv += [json.dumps(self.options), role]
        process = subprocess.Popen(argv, stdin=stdin, stdout=stdout, bufsize=0)
        if self.setup is not None and process.stdin is not None:
            _send(process.stdin.fileno(), self.setup)
        return process


class _Nursery:
    """A process that has set up its target and forks workers from itself; thread-safe.

    Who it forked is its child: it reaps them when asked to, so that no process id is used twice
    under the caller's hands, and ends them all when its socket closes.
    """

    def __init__(self, command: _Command) -> None:
        self._target = command.target
        self._lock = threading.RLock()
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = command.start("_nurse", stdin=theirs, stdout=None)
        if command.setup is not None:
            _send(self._socket.fileno(), command.setup)
        self._ready = False
        _LIVE.add(self)

    @property
    def is_alive(self) -> bool:
        """Whether it can fork."""
        return self._process.poll() is None

    def fork(self, read_from: int, reply_to: int) -> int:
        """The process id of a worker with these pipes. Raises EngineError."""
        with self._lock:
            if not self._ready:
                _wait_ready(self._socket.fileno(), self, self._target)
                self._ready = True
            with contextlib.suppress(OSError):
                socket.send_fds(self._socket, [_ORDER.pack(_FORK, 0)], [read_from, reply_to])
            pid = _receive(self._socket.fileno())
        if pid is None:
            self.kill()
            raise EngineError(f"the process that starts workers for {self._target} ended")
        return pid

    def reap(self, pid: int) -> None:
        """Waits for a worker that was killed."""
        with self._lock, contextlib.suppress(OSError):
            self._socket.sendall(_ORDER.pack(_REAP, pid))
            _receive(self._socket.fileno())

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        return self._process.wait()

    def kill(self) -> None:
        """Ends it and all that it forked."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes who waits for it
        if not self._ready:
            self._process.kill()
        self._process.wait()
        with self._lock:
            self._socket.close()


class _Child:
    """A process that a nursery forked: the part of Popen that a worker needs."""

    def __init__(self, nursery: _Nursery) -> None:
        self._nursery = nursery
        self._lock = threading.Lock()
        self._is_reaped = False
        jobs, replies = os.pipe(), os.pipe()
        self.stdin = open(jobs[1], "wb", buffering=0)  # noqa: SIM115
        self.stdout = open(replies[0], "rb", buffering=0)  # noqa: SIM115
        try:
            self.pid = nursery.fork(jobs[0], replies[1])
        except EngineError:
            self.stdin.close()
            self.stdout.close()
            raise
        finally:
            os.close(jobs[0])
            os.close(replies[1])

    def poll(self) -> int | None:
        """None while it lives."""
        poller = select.poll()
        poller.register(self.stdout, 0)
        return 0 if self._is_reaped or poller.poll(0) else None  # its end of the pipe is closed

    def kill(self) -> None:
        """Ends it."""
        with self._lock:
            if not self._is_reaped and self._nursery.is_alive:  # else it has ended them all
                os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Waits until it has ended, after a kill or an exit."""
        with self._lock:
            if not self._is_reaped:
                self._nursery.reap(self.pid)
            self._is_reaped = True
        return 0


class _Worker:
    """One process and the two ends of its pipes."""

    def __init__(self, process: subprocess.Popen[bytes] | _Child, target: str) -> None:
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self._to, self._from = process.stdin.fileno(), process.stdout.fileno()
        self._ready = False
        self._target = target
        self._is_open = True

    @property
    def is_alive(self) -> bool:
        """Whether the process can take a job."""
        return self._is_open and self._process.poll() is None

    def wait_ready(self) -> None:
        """Waits for the import of the target. Raises EngineError where it failed."""
        if not self._ready:
            _wait_ready(self._from, self, self._target)
            self._ready = True

    def wait(self) -> int:
        """The exit code, once the process has ended."""
        return self._process.wait()

    def run(self, message: bytes, bounds: _Bounds, blamed_s: float) -> JobOutcome | None:
        """Sends a job and waits; kills the process where a bound is passed."""
        began = self._cpu_s()
        _send(self._to, message)
        if not self._is_done_within(bounds, began):
            used = self._cpu_s() - began
            self.kill()
            return JobOutcome("timeout", cpu_s=used) if used >= blamed_s else None
        reply = _receive(self._from)
        if reply is None:
            self.kill()
            return JobOutcome("crashed")
        status, value, cpu_s = reply
        if status == "ok":
            return JobOutcome("ok", value, cpu_s=cpu_s)
        return JobOutcome("error", error=value, cpu_s=cpu_s)

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


def _wait_ready(fd: int, process: _Worker | _Nursery, target: str) -> None:
    """Waits for the message that the target is imported. Raises EngineError if it is not."""
    if not Machine().readable(fd, _START_LIMIT_S):
        reason = f"no answer within {_START_LIMIT_S:.0f} s"
    elif (reply := _receive(fd)) is None:
        reason = f"it ended with exit code {process.wait()}"
    elif reply[0] == "ready":
        return
    else:
        reason = repr(reply[1])
    process.kill()
    raise EngineError(f"worker for {target} did not start: {reason}")


_LIVE: weakref.WeakSet[_Worker | _Nursery] = weakref.WeakSet()
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_OWNER = os.getpid()


@atexit.register
def _kill_all() -> None:
    if os.getpid() == _OWNER:
        for worker in list(_LIVE):
            worker.kill()


def _send(fd: int, message: bytes) -> None:
    with contextlib.suppress(
        BrokenPipeError, ConnectionResetError
    ):  # a dead worker is found when its reply is read
        view = memoryview(_HEAD.pack(len(message)) + message)
        while view:
            view = view[os.write(fd, view) :]


def _receive(fd: int) -> Any:
    data = _read_message(fd)
    return None if data is None else pickle.loads(data)


def _read_message(fd: int) -> bytes | None:
    head = _read_exactly(fd, _HEAD.size)
    return None if head is None else _read_exactly(fd, _HEAD.unpack(head)[0])


def _read_exactly(fd: int, size: int) -> bytes | None:
    chunks: list[bytes] = []
    while size:
        try:
            chunk = os.read(fd, min(size, 1 << 20))
        except ConnectionResetError:
            return None
        if not chunk:
            return None
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


# --- in the worker process ------------------------------------------------------------------------


def _serve(  # pyright: ignore[reportUnusedFunction]
    target: str, options: dict[str, object]
) -> None:
    """Imports the target, then answers jobs until the pipe closes."""
    reply_to = os.dup(1)
    os.dup2(2, 1)  # what a job prints must not enter the pipe of answers
    threading.Thread(target=_die_with_parent, daemon=True).start()
    if (handle := _prepared(target, options, reply_to)) is not None:
        _answer_all(handle, reply_to)


def _nurse(  # pyright: ignore[reportUnusedFunction]
    target: str, options: dict[str, object]
) -> None:
    """Imports the target, then forks workers and reaps them until the socket closes."""
    control = socket.socket(fileno=os.dup(0))
    os.dup2(2, 1)
    if (handle := _prepared(target, options, control.fileno())) is None:
        return
    _reply(control.fileno(), ("ready", None))
    children: set[int] = set()
    while True:
        order, fds, *_ = socket.recv_fds(control, _ORDER.size, 2)
        if len(order) < _ORDER.size:
            break
        kind, pid = _ORDER.unpack(order)
        if kind == _REAP:
            os.waitpid(pid, 0)
            children.discard(pid)
        elif (pid := os.fork()) == 0:
            control.close()
            _live(handle, *fds)
        else:
            children.add(pid)
        for fd in fds:
            os.close(fd)
        _reply(control.fileno(), pid)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _live(handle: Callable[[object], object], read_from: int, reply_to: int) -> None:
    """The life of a forked worker."""
    os.dup2(read_from, 0)
    os.close(read_from)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        _answer_all(handle, reply_to)
    finally:
        os._exit(0)


def _prepared(target: str, options: dict[str, Any], reply_to: int) -> Callable[[Any], Any] | None:
    """The callable that runs the jobs; None, with the reason sent, if it cannot be loaded."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(options["memory_mb"])
    try:
        handle = _load_target(target)
        return handle(pickle.loads(_read_message(0) or b"")) if options["has_setup"] else handle
    except Exception as error:
        _reply(reply_to, ("failed", f"{type(error).__name__}: {error}"))
        return None


def _answer_all(handle: Callable[[object], object], reply_to: int) -> None:
    _reply(reply_to, ("ready", None))
    while (message := _read_message(0)) is not None:
        limit, job = pickle.loads(message)
        _limit_cpu(limit)
        _reply(reply_to, _answer(handle, job))


def _answer(handle: Callable[[object], object], job: object) -> tuple[str, object, float]:
    began = time.thread_time()  # RLIMIT_CPU makes process_time tick-coarse
    try:
        status, value = "ok", handle(job)
    except Exception as error:
        status, value = "error", error
    return status, value, time.thread_time() - began


def _reply(fd: int, message: Any) -> None:
    try:
        data = pickle.dumps(message, protocol=5)
    except Exception as error:  # what does not pickle is named instead
        data = pickle.dumps(("error", RuntimeError(f"{message[1]!r:.200}: {error}"), 0.0))
    _send(fd, data)


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
