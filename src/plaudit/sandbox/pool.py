"""A pool of slots: programs in, outcomes out, in order and with back-pressure.

One thread drives a batch; the slots do the work. Nothing here forks the caller or installs a
signal handler, so that a pool works from any thread, inside a running event loop, in a Ray worker
and beside an imported torch.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from plaudit.errors import ConfigError, EngineError
from plaudit.sandbox._lane import Lane, Ticket
from plaudit.sandbox._slot import sweep, wait_readable
from plaudit.sandbox.outcome import Outcome, Program, Work
from plaudit.sandbox.report import check_minimum

__all__ = ["Sandbox", "SandboxUnavailable", "run", "run_many", "shared"]

_TRIES = 2
_WINDOW = 64  # outcomes that may wait for an earlier one
_IDLE_POLL_S = 5.0


class SandboxUnavailable(ConfigError):
    """What is required cannot be enforced here; the message names it and the way out."""


class Sandbox:
    """Slots for untrusted programs.

    `slots`: how many run side by side (default: the processors this process may use). `packages`:
    import names that programs may read beside the standard library (None: all). `preload`: modules
    imported before, so that programs find them warm. `interpreter`: another Python than this one.
    `minimum`: what must be enforced, of "files" (Landlock or a private root), "seccomp",
    "landlock", "namespaces", "processes", "network"; below it the first use raises. `disk_mb` and
    `num_files` bound the working directory where it is a file system of its own.
    `slot_memory_mb` bounds a whole slot where a cgroup v2 is delegated to this user.

    Raises: SandboxUnavailable (a ConfigError) at the first use.

    >>> with Sandbox(slots=1) as box:
    ...     box.run(Program("print(input()[::-1])", stdin="abc")).text
    'cba\\n'
    """

    def __init__(
        self,
        *,
        slots: int | None = None,
        packages: Sequence[str] | None = ("numpy",),
        preload: Sequence[str] = (),
        interpreter: str | None = None,
        minimum: Sequence[str] = ("files", "seccomp"),
        disk_mb: int = 64,
        num_files: int = 4096,
        slot_memory_mb: int | None = None,
    ) -> None:
        if slots is not None and slots < 1:
            raise ConfigError(f"slots must be at least 1, found {slots}")
        allowed = (
            None
            if packages is None
            else sorted({*packages, *(m.partition(".")[0] for m in preload)})
        )
        self._size = slots or usable_cores()
        self._interpreter = interpreter or sys.executable
        self._minimum = tuple(minimum)
        self._options = {
            "packages": allowed,
            "preload": tuple(preload),
            "disk_mb": disk_mb,
            "num_files": num_files,
            "slot_memory_mb": slot_memory_mb,
        }
        self._start_afresh()
        _OPEN.add(self)

    def _start_afresh(self) -> None:
        self._pid = os.getpid()
        self._idle: list[Lane] = []
        self._lanes: list[Lane] = []
        self._changed = threading.Condition()
        self._is_swept = False

    def run(self, work: Work | str, /, **fields: Any) -> Outcome:
        """Runs one program and waits for it; a string is short for ``Program(string, **fields)``.

        Raises: SandboxUnavailable; ConfigError for a language that is not there.
        """
        if isinstance(work, str | bytes):
            work = Program(work, **fields)
        with self._leased(most=1) as lanes:
            return next(_Batch(lanes, [work], self._ready).outcomes())

    def run_many(self, works: Iterable[Work]) -> Iterator[Outcome]:
        """The outcomes of many programs, in the order of the programs, as they get ready.

        `works` is read only as fast as slots get free. A slot that breaks is replaced and its
        program tried again; after that its outcome is of kind "sandbox".
        """
        with self._leased() as lanes:
            yield from _Batch(lanes, works, self._ready).outcomes()

    @property
    def report(self) -> Mapping[str, Any]:
        """What one slot said of itself: `enforced`, `missing` with reasons, and details."""
        with self._leased(most=1) as lanes:
            return self._ready(lanes[0])

    def pids(self) -> list[int]:
        """The processes of the slots' keepers."""
        return [pid for lane in self._lanes for pid in lane.pids()]

    def close(self) -> None:
        """Ends the slots. The sandbox can be used again; it then starts new ones."""
        with self._changed:
            lanes, self._lanes, self._idle = self._lanes, [], []
        if self._pid == os.getpid():
            for lane in lanes:
                lane.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _ready(self, lane: Lane) -> Mapping[str, Any]:
        """A lane's report, once it holds what is required."""
        report = lane.slot("python").report
        problem = check_minimum(self._minimum, report)
        if problem:
            lane.close()
            raise SandboxUnavailable(problem)
        return report

    @contextlib.contextmanager
    def _leased(self, most: int | None = None) -> Iterator[list[Lane]]:
        """Lanes for one batch: all that are free, at least one."""
        if self._pid != os.getpid():  # forked: the slots belong to the parent
            self._start_afresh()
        if not self._is_swept:
            self._is_swept = True
            sweep()
        lanes = self._take(most or self._size)
        try:
            yield lanes
        finally:
            with self._changed:
                for lane in lanes:
                    if lane.load:
                        lane.close()
                    lane.owner = 0
                self._idle += [lane for lane in lanes if lane in self._lanes]
                self._changed.notify_all()

    def _take(self, most: int) -> list[Lane]:
        me = threading.get_ident()
        with self._changed:
            while not self._idle and len(self._lanes) >= self._size:
                if any(lane.owner == me for lane in self._lanes):
                    break  # this thread holds lanes in a batch that it has not read to the end
                self._changed.wait(_IDLE_POLL_S)
            lanes = [self._idle.pop() for _ in range(min(most, len(self._idle)))]
            if not lanes or len(lanes) < most:
                missing = min(most - len(lanes), max(self._size - len(self._lanes), not lanes))
                fresh = [Lane(self._interpreter, self._options) for _ in range(missing)]
                self._lanes += fresh
                lanes += fresh
            for lane in lanes:
                lane.owner = me
        return lanes


class _Batch:
    """One call of `run_many`: which lane has what, and which outcome is due."""

    def __init__(self, lanes: list[Lane], works: Iterable[Work], ready: Any):
        self._lanes, self._ready = lanes, ready
        self._works = enumerate(works)
        self._again: deque[Ticket] = deque()
        self._ticket: Ticket | None = None
        self._done: dict[int, Outcome] = {}
        self._due = 0
        self._is_read = False

    def outcomes(self) -> Iterator[Outcome]:
        while True:
            self._fill()
            while self._due in self._done:
                self._due += 1
                yield self._done.pop(self._due - 1)
                self._fill()
            if not any(lane.load for lane in self._lanes):
                if self._is_read and not self._again and self._ticket is None and not self._done:
                    return
                continue
            self._wait()

    def _fill(self) -> None:
        for lane in sorted(self._lanes, key=lambda lane: lane.load):
            while (ticket := self._next()) is not None and lane.takes(ticket.work):
                self._ticket = None
                self._put(lane, ticket)

    def _next(self) -> Ticket | None:
        """The ticket in hand, one to try again, or a new one while the window is open."""
        if self._ticket is None and self._again:
            self._ticket = self._again.popleft()
        if self._ticket is None and not self._is_read:
            waiting = len(self._done) + sum(lane.load for lane in self._lanes)
            if waiting < _WINDOW + 4 * len(self._lanes):
                place, work = next(self._works, (-1, None))
                self._is_read = work is None
                self._ticket = None if work is None else Ticket(place, work)
        return self._ticket

    def _put(self, lane: Lane, ticket: Ticket) -> None:
        try:
            self._ready(lane)
            lane.put(ticket)
        except (EngineError, OSError) as error:  # of the system: a full disk, no descriptors left
            tickets = lane.reset()  # counts a try of what it was given
            if ticket not in tickets:
                ticket.tries += 1
                tickets.append(ticket)
            self._failed(lane, tickets, str(error))

    def _wait(self) -> None:
        owners = {fd: lane for lane in self._lanes for fd in lane.masks()}
        masks = {fd: mask for lane in self._lanes for fd, mask in lane.masks().items()}
        for fd in wait_readable(masks, _IDLE_POLL_S):
            lane = owners[fd]
            try:
                for ticket, outcome in lane.pump(fd):
                    self._finish(ticket, outcome)
            except ConnectionError as error:
                self._failed(lane, lane.reset(), str(error))
        now = time.monotonic()
        for lane in self._lanes:
            if lane.overdue(now):
                self._failed(lane, lane.reset(), "a slot did not answer")

    def _finish(self, ticket: Ticket, outcome: Outcome) -> None:
        ticket.tries += outcome.kind == "sandbox"
        if outcome.kind == "sandbox" and ticket.tries < _TRIES:
            ticket.judged = None
            self._again.append(ticket)
        else:
            self._done[ticket.place] = outcome

    def _failed(self, lane: Lane, tickets: list[Ticket], reason: str) -> None:
        for ticket in {ticket.place: ticket for ticket in tickets}.values():
            if ticket.tries < _TRIES:
                self._again.append(ticket)
            else:
                self._done[ticket.place] = Outcome("sandbox", error=reason)


def usable_cores() -> int:
    """Processors that this process may use: its affinity, and the quota of its cgroup."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    with (
        contextlib.suppress(OSError, ValueError),
        open("/sys/fs/cgroup/cpu.max", encoding="ascii") as file,
    ):
        quota, period = file.read().split()
        if quota != "max":
            cores = min(cores, max(1, int(quota) // int(period)))
    return cores


_OPEN: weakref.WeakSet[Sandbox] = weakref.WeakSet()
_SHARED: dict[tuple[object, ...], Sandbox] = {}
_SHARED_LOCK = threading.Lock()


def shared(**options: Any) -> Sandbox:
    """The sandbox of this process with these options; it is closed when the process ends.

    >>> shared() is shared()
    True
    """
    key = tuple(
        sorted((name, tuple(v) if isinstance(v, list) else v) for name, v in options.items())
    )
    with _SHARED_LOCK:
        if key not in _SHARED:
            _SHARED[key] = Sandbox(**options)
        return _SHARED[key]


def run(program: Work | str, /, **fields: object) -> Outcome:
    """Runs one program in the shared sandbox; see `Sandbox.run`.

    >>> from plaudit.sandbox import Limits
    >>> run("import time\\nwhile True: time.sleep(1)", limits=Limits(cpu_s=1, wall_s=0.2)).kind
    'wall'
    """
    return shared().run(program, **fields)


def run_many(works: Iterable[Work]) -> Iterator[Outcome]:
    """Runs many programs in the shared sandbox, in order; see `Sandbox.run_many`."""
    return shared().run_many(works)


@atexit.register
def _close_all() -> None:
    for sandbox in list(_OPEN):
        sandbox.close()
