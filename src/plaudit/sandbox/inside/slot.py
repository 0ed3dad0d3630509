"""A slot: a confined interpreter that forks one process for each program.

Two processes. The *keeper* enters namespaces, starts the *spawner* and waits; when the spawner or
the caller is gone it kills what is left and removes the working directory. The spawner imports what
programs often import, confines itself once, and from then on takes tasks from its socket. It never
looks at a payload, which is gone from its memory before the program's process is waited for.
"""

from __future__ import annotations

import contextlib
import copy
import errno
import gc
import json
import mmap
import os
import select
import signal
import socket
import stat
import struct
import sys
import time
from collections.abc import Sequence
from typing import Any, NoReturn

from plaudit.sandbox.inside import cgroup, confine, kernel, lean, paths, program, watch, wire

__all__ = ["main"]

_PAGE = 1 << 16
_HARD_WALL = 10.0  # a program short of a processor gets this many times its wall limit
_BUSY_SHARE = 0.5  # who used more of the time than this was not asleep
_STARVED_SHARE = 0.05  # nor, on a machine with more to run than processors, who used more than this
_GRACE = 0.5  # seconds a program may live on after its tests have ended
_NUM_CORES = os.cpu_count() or 1
_MOST_CORES = min(_NUM_CORES, 4)  # that a program may use at once without being looked at sooner
_CLOEXEC, _DONTNEED = os.MFD_CLOEXEC, mmap.MADV_DONTNEED
_HEAD_SIZE, _ROOM_FOR_FDS = wire.TASK.size, socket.CMSG_SPACE(2 * 4)
_SIZE, _SIZE_AT = struct.Struct("<Q"), wire.TASK.size - 9  # the last field but one


def main(fd: int, options: dict[str, Any]) -> NoReturn:
    """Runs the keeper; does not return."""
    caller = os.pidfd_open(os.getppid())
    kernel.become_subreaper()
    group = cgroup.enter(options["slot_memory_mb"])
    report = confine.enter(options)
    report["cgroup"] = group.limits
    if group.missing:
        report["missing"]["cgroup"] = group.missing
    watch.prepare()
    spawner = os.fork()
    if spawner == 0:
        os.close(caller)
        watch.share()
        try:
            _spawn(socket.socket(fileno=fd), options, report)
        except (BrokenPipeError, ConnectionError):
            os._exit(0)
        except BaseException as error:
            _say_failed(fd, error)
        os._exit(1)
    os.close(fd)
    _keep(spawner, caller, options)
    group.leave()
    os._exit(0)


def _say_failed(fd: int, error: BaseException) -> None:
    with contextlib.suppress(OSError):
        os.write(fd, json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode() + b"\n")


def _keep(spawner: int, caller: int, options: dict[str, Any]) -> None:
    work = options["work"]
    watch.keep(spawner, caller, work, options["num_files"], options["disk_mb"] << 20)
    _end_orphans()
    with contextlib.suppress(OSError, RecursionError):
        folder = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        empty(folder)
        os.rmdir(work)


def _end_orphans() -> None:
    """Kills and reaps every descendant; orphans have become children of the keeper."""
    path = f"/proc/self/task/{os.getpid()}/children"
    while True:
        with contextlib.suppress(OSError, ValueError), open(path, "rb") as file:
            for pid in file.read().split():
                os.kill(int(pid), signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _spawn(sock: socket.socket, options: dict[str, Any], report: dict[str, object]) -> None:
    program.prepare(options["preload"], options["role"])
    program.hide(paths.hidden(options["packages"]))
    lean.share_libraries()
    report.update(confine.lock(options, report))
    program.warm()
    program.forget()
    spawner = _Spawner(sock, options, report)
    report["refused"] = spawner.trial(options["forking"])
    sock.sendall(json.dumps(report).encode() + b"\n")
    gc.collect()
    lean.fill_holes()
    gc.freeze()
    while spawner.serve():
        pass


class _SlotJob:
    """What the spawner needs of a task; tasks of one batch differ in nothing but their size."""

    __slots__ = ("bounds", "cpu_s", "fetch", "file_size", "mode", "most", "resident", "wall_s")

    def __init__(self, task: wire.Task, virtual: int):
        self.mode, self.fetch, self.file_size = task.mode, task.fetch, task.file_size
        self.cpu_s, self.wall_s = task.cpu_s, task.wall_s
        self.bounds = confine.limits(task, virtual)
        self.resident = 0 if task.mode == wire.EXEC else task.memory + wire.INTERPRETER
        is_data = task.fetch or task.mode == wire.CALLS  # what calls returned, or a built program
        self.most = (task.output, task.errors, task.file_size if is_data else task.output)


class _Spawner:
    """Takes tasks from the socket, one at a time.

    After each fork it shares its pages with a program, so that every page that it writes to is
    copied: what runs for each task is kept short, and makes few objects.
    """

    def __init__(self, sock: socket.socket, options: dict[str, object], report: dict[str, Any]):
        self.sock = sock
        self.owns_pids = report["owns_pids"]
        self.home = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOATIME)
        self.look = self._looked_at()
        self.virtual = report["virtual"]
        self.head, self.job = b"", None
        self.poller = select.poll()
        self.poller.register(sock, select.POLLRDHUP)
        self.started = mmap.mmap(-1, 1)  # shared: a child says there that it becomes its program
        self.payload = mmap.mmap(-1, _PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

    def trial(self, forking: bool) -> list[str]:
        """What a process confined as programs are was seen to be refused."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):
                confine.program()
                os.write(writer, json.dumps(confine.attempts(forking)).encode())
            os._exit(0)
        os.close(writer)
        with open(reader, "rb") as file:
            report = file.read()
        os.waitpid(pid, 0)
        return json.loads(report or b"[]")

    def serve(self) -> bool:
        """One task, from its head to its reply; False where the caller hung up."""
        head, ancillary, _, _ = self.sock.recvmsg(_HEAD_SIZE, _ROOM_FOR_FDS)
        fds = list(memoryview(ancillary[0][2]).cast("i")) if ancillary else []
        while head and len(head) < _HEAD_SIZE:
            head += self.sock.recv(_HEAD_SIZE - len(head))
        if not head:
            return False
        job, size = self._job(head)
        self._receive(size)
        streams = [_memfd("out", _CLOEXEC), _memfd("err", _CLOEXEC), _memfd("result", _CLOEXEC)]
        payload, started = self.payload, self.started
        started[0] = 0
        watch.begin(job.resident)
        began = _now()
        pid = _fork()
        if pid == 0:
            _become(job.mode, size, job.bounds, payload, started, streams, fds)
        payload.madvise(_DONTNEED)  # gone from here; the program has its copy
        if job.mode == wire.JUDGE:
            _close(fds)
        stopped = self._wait(pid, fds[0] if fds else -1, job, began)
        _close(fds)
        status, cpu_s, memory = lean.wait(pid)
        if self.owns_pids:
            lean.end_everyone()
        if job.fetch:
            self._fetch(streams)
        self._answer(job, streams, stopped, status, cpu_s, _now() - began, memory)
        return self._clean()

    def _job(self, head: bytes) -> tuple[_SlotJob, int]:
        """What is to be done, and the size of the payload."""
        size = _SIZE.unpack_from(head, _SIZE_AT)[0]
        key = head[:_SIZE_AT] + head[_SIZE_AT + _SIZE.size :]
        if self.job is None or key != self.head:
            self.head = key
            self.job = _SlotJob(wire.Task(*wire.TASK.unpack(head)), self.virtual)
        return self.job, size

    def _receive(self, size: int) -> None:
        if size > len(self.payload):
            self.payload.close()
            space = -(-size // _PAGE) * _PAGE
            self.payload = mmap.mmap(-1, space, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        got = self.sock.recv_into(self.payload, size, socket.MSG_WAITALL) if size else 0
        while got < size:  # cut short by a signal, or by the end
            count = self.sock.recv_into(memoryview(self.payload)[got:size])
            if not count:
                os._exit(0)
            got += count

    def _wait(self, pid: int, peer: int, job: _SlotJob, began: float) -> int:
        """0 when the program has ended by itself, else why it was ended."""
        watched, poller = os.pidfd_open(pid), self.poller
        poller.register(watched, select.POLLIN)
        if peer >= 0:
            poller.register(peer, select.POLLRDHUP)
        try:
            stopped = self._watch(watched, (~pid << 3) | 2, peer, job, began)
            if stopped:
                signal.pidfd_send_signal(watched, signal.SIGKILL)
            return stopped
        except ProcessLookupError:
            return watch.reason()
        finally:
            poller.unregister(watched)
            if peer >= 0:
                with contextlib.suppress(KeyError):  # where the tests ended first
                    poller.unregister(peer)
            os.close(watched)

    def _watch(self, watched: int, clock: int, peer: int, job: _SlotJob, began: float) -> int:
        """`clock` is the process's own CPU clock, see clock_getcpuclockid(3)."""
        used = passed = 0.0
        halted, unwatched = False, watch.AFTER_S
        while True:
            left = min((job.cpu_s - used) / _MOST_CORES, job.wall_s - passed)
            left = min(left, unwatched - passed) if unwatched else left
            events = self.poller.poll(max(left, 0.002) * 1000)
            for fd, _ in events:
                if fd == watched:
                    return watch.reason()
            passed = _now() - began
            if unwatched and passed >= unwatched:
                watch.wake()
                unwatched = 0.0
            for fd, _ in events:
                if fd != peer:
                    os._exit(0)  # the caller hung up; the keeper ends the program
                # the tests have ended; the program has a moment to do so too
                self.poller.unregister(peer)
                job = copy.copy(job)
                job.wall_s = min(job.wall_s, passed + _GRACE)
                halted = True
            used = _cpu_s(clock)
            why = _overdue(job, used, passed)
            if why:
                return wire.HALTED if halted else why

    def _answer(
        self,
        job: _SlotJob,
        streams: list[int],
        stopped: int,
        status: int,
        cpu_s: float,
        wall_s: float,
        memory: int,
    ) -> None:
        parts, sizes, over, flag = [b""], [0, 0, 0], 0, 1
        for place in range(3):
            fd, most = streams[place], job.most[place]
            size = os.lseek(fd, 0, os.SEEK_END)
            if size > most:
                over, size = over | flag, most
            if size:
                parts.append(os.pread(fd, size, 0))
            sizes[place] = size
            flag += flag
        _close(streams)
        code = os.waitstatus_to_exitcode(status)
        head = (stopped, code, cpu_s, wall_s, memory << 10, *sizes, over, self.started[0] != 0)
        parts[0] = _pack_reply(*head)
        self.sock.sendall(b"".join(parts))

    def _fetch(self, streams: list[int]) -> None:
        """Takes the file `result` of the working directory in place of the third stream."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        with contextlib.suppress(OSError):
            file = os.open("result", flags, dir_fd=self.home)
            if not stat.S_ISREG(os.fstat(file).st_mode):
                os.close(file)
                return
            _, streams[2] = os.close(streams[2]), file

    def _clean(self) -> bool:
        """Empties the working directory; a slot that cannot is not used again."""
        try:
            if not self._is_empty():
                os.fchmod(self.home, 0o700)
                empty(self.home)
            if self._looked_at() != self.look:  # its mode and times would tell of the last program
                os.fchmod(self.home, 0o700)
                os.utime(self.home, ns=self.look[1:])
            return True
        except (OSError, RecursionError):
            return False

    def _is_empty(self) -> bool:
        try:
            with os.scandir(self.home) as entries:
                return next(entries, None) is None
        except PermissionError:
            return False

    def _looked_at(self) -> tuple[int, int, int]:
        status = os.fstat(self.home)
        return status.st_mode, status.st_atime_ns, status.st_mtime_ns


def _become(
    mode: int,
    size: int,
    bounds: Sequence[tuple[int, tuple[int, int]]],
    payload: mmap.mmap,
    started: mmap.mmap,
    streams: Sequence[int],
    fds: Sequence[int],
) -> NoReturn:
    """The process of one program. It cannot take back that it has started: the page is gone."""
    has_started = False
    try:
        _limit(bounds)
        code, rest, extra = _arrange(mode, payload, size, streams, fds)
        _confine()
        started[0] = 1
        started.close()
        has_started = True
        _run(mode, code, rest, extra)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(streams[1], f"sandbox: {type(error).__name__}: {error}".encode())
        os._exit(1 if has_started else program.NOT_STARTED)


# bound here: a program's process runs them once, and each look-up by name writes to a page
_fork, _memfd, _now = lean.fork, os.memfd_create, time.monotonic
_pack_reply = wire.REPLY.pack
_limit, _confine = confine.limit, confine.program
_arrange, _run = program.arrange, program.become


def empty(folder: int) -> None:
    """Removes everything in a directory, by descriptors, so that no path is too deep or renamed."""
    stack = [os.dup(folder)]
    names: list[str] = []
    try:
        while stack:
            child = _remove_entries(stack[-1])
            if child is None:
                os.close(stack.pop())
                if stack:
                    os.rmdir(names.pop(), dir_fd=stack[-1])
            else:
                names.append(child)
                stack.append(_open_directory(child, stack[-1]))
                if len(stack) > 500:
                    _raise_up(stack, names)
    finally:
        for fd in stack:
            os.close(fd)


def _remove_entries(folder: int) -> str | None:
    """Unlinks the files; the name of a directory that must be emptied first, or None."""
    os.lseek(folder, 0, os.SEEK_SET)
    for name in os.listdir(folder):
        try:
            os.unlink(name, dir_fd=folder)
        except (IsADirectoryError, PermissionError):
            try:
                os.rmdir(name, dir_fd=folder)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EACCES, errno.EPERM):
                    raise
                return name
    return None


def _open_directory(name: str, folder: int) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(name, flags, dir_fd=folder)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=folder)
        return os.open(name, flags, dir_fd=folder)


def _raise_up(stack: list[int], names: list[str]) -> None:
    """A tree too deep for descriptors: its lower part moves up to the top and waits its turn."""
    os.rename(names[-1], f"deep{time.monotonic_ns()}", src_dir_fd=stack[-2], dst_dir_fd=stack[0])
    os.close(stack.pop())
    names.pop()


def _close(fds: list[int]) -> None:
    while fds:
        os.close(fds.pop())


def _overdue(task: wire.Task | _SlotJob, used: float, passed: float) -> int:
    if used >= task.cpu_s:
        return wire.CPU
    if passed < task.wall_s:
        return 0
    waited = watch.waited_s()
    if waited is not None:  # time in which it had no processor is not its own
        is_late = passed - waited >= task.wall_s or passed >= _HARD_WALL * task.wall_s
        return wire.WALL if is_late else 0
    least = _STARVED_SHARE if kernel.load() > _NUM_CORES else _BUSY_SHARE
    starved = used > least * passed and passed < _HARD_WALL * task.wall_s
    return 0 if starved else wire.WALL


def _cpu_s(clock: int) -> float:
    try:
        return time.clock_gettime(clock)
    except OSError:  # it has just ended
        return 0.0


if struct.calcsize("P") != 8:
    sys.exit("the sandbox needs a 64-bit interpreter")
