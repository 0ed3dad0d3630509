"""A slot: a confined interpreter that forks one process for each program.

Two processes. The *keeper* enters namespaces, starts the *spawner* and waits; when the spawner or
the caller is gone it kills what is left and removes the working directory. The spawner imports what
programs often import, confines itself once, and from then on takes tasks from its socket. It never
looks at a payload, which is gone from its memory before the program's process is waited for.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import json
import mmap
import os
import select
import signal
import socket
import struct
import sys
import time
from typing import Any, NoReturn

from plaudit.sandbox.inside import cgroup, confine, kernel, paths, program, watch, wire

__all__ = ["main"]

_PAGE = 1 << 16
_HARD_WALL = 10.0  # a program short of a processor gets this many times its wall limit
_BUSY_SHARE = 0.5  # who used more of the time than this was not asleep
_STARVED_SHARE = 0.05  # nor, on a machine with more to run than processors, who used more than this
_GRACE = 0.5  # seconds a program may live on after its tests have ended
_INTERPRETER = 128 << 20  # what an interpreter with its libraries takes, at most
_NUM_CORES = os.cpu_count() or 1


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


def _spawn(sock: socket.socket, options: dict[str, Any], report: dict[str, Any]) -> None:
    program.prepare(options["preload"], options["role"])
    program.hide(paths.hidden(options["packages"]))
    report.update(confine.lock(options, report))
    program.warm()
    program.forget()
    gc.collect()
    gc.freeze()
    spawner = _Spawner(sock, options, report)
    report["refused"] = spawner.trial()
    sock.sendall(json.dumps(report).encode() + b"\n")
    while spawner.serve():
        pass


class _Spawner:
    """Takes tasks from the socket, one at a time."""

    def __init__(self, sock: socket.socket, options: dict[str, Any], report: dict[str, Any]):
        self.sock = sock
        self.forking = options["forking"]
        self.owns_pids = report["owns_pids"]
        self.home = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOATIME)
        self.look = self._looked_at()
        self.virtual = report["virtual"]
        self.started = mmap.mmap(-1, 1)  # shared: a child says there that it becomes its program
        self.payload = mmap.mmap(-1, _PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

    def trial(self) -> list[str]:
        """What a process confined as programs are was seen to be refused."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):
                confine.program(self.forking)
                os.write(writer, json.dumps(confine.attempts(self.forking)).encode())
            os._exit(0)
        os.close(writer)
        with open(reader, "rb") as file:
            said = file.read()
        os.waitpid(pid, 0)
        return json.loads(said or b"[]")

    def serve(self) -> bool:
        """One task, from its head to its reply; False where the caller hung up."""
        head, fds, _, _ = socket.recv_fds(self.sock, wire.TASK.size, 2)
        while head and len(head) < wire.TASK.size:
            head += self.sock.recv(wire.TASK.size - len(head))
        if not head:
            return False
        task = wire.Task(*wire.TASK.unpack(head))
        self._receive(task.size)
        streams = [os.memfd_create(name, os.MFD_CLOEXEC) for name in ("out", "err", "result")]
        began = time.monotonic()
        watch.begin(0 if task.mode == wire.EXEC else task.memory + _INTERPRETER)
        self.started[0] = 0
        pid = os.fork()
        if pid == 0:
            self._become(task, streams, fds)
        self.payload.madvise(mmap.MADV_DONTNEED)  # gone from here; the program has its copy
        if task.mode == wire.JUDGE:
            _close(fds)
        stopped = self._wait(pid, fds[0] if fds else -1, task, began)
        _close(fds)
        _, status, usage = os.wait4(pid, 0)
        if self.owns_pids:
            _kill_everyone()
        if task.fetch:
            self._fetch(streams, task.file_size)
        self._answer(task, streams, stopped, status, usage, time.monotonic() - began)
        return self._clean()

    def _receive(self, size: int) -> None:
        if size > len(self.payload):
            self.payload.close()
            space = -(-size // _PAGE) * _PAGE
            self.payload = mmap.mmap(-1, space, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        view, got = memoryview(self.payload), 0
        while got < size:
            count = self.sock.recv_into(view[got:size])
            if not count:
                os._exit(0)
            got += count

    def _become(self, task: wire.Task, streams: list[int], fds: list[int]) -> NoReturn:
        try:
            confine.limit(task, self.virtual)
            program.run(task, self.payload, streams, fds, self._start)
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.write(streams[1], f"sandbox: {type(error).__name__}: {error}".encode())
            os._exit(program.NOT_STARTED)

    def _start(self) -> None:
        """The last act before the program, which cannot take it back: the page is gone."""
        confine.program(self.forking)
        self.started[0] = 1
        self.started.close()

    def _wait(self, pid: int, peer: int, task: wire.Task, began: float) -> int:
        """0 when the program has ended by itself, else why it was ended."""
        halted = False
        watched = os.pidfd_open(pid)
        poller = select.poll()
        poller.register(watched, select.POLLIN)
        poller.register(self.sock, select.POLLRDHUP)
        if peer >= 0:
            poller.register(peer, select.POLLRDHUP)
        clock = (~pid << 3) | 2  # the process's own CPU clock, see clock_getcpuclockid(3)
        unwatched = watch.AFTER_S
        try:
            while True:
                used = _cpu_s(clock)
                passed = time.monotonic() - began
                why = _overdue(task, used, passed)
                if why:
                    break
                left = min((task.cpu_s - used) / min(_NUM_CORES, 4), task.wall_s - passed)
                if unwatched and passed >= unwatched:
                    watch.wake()
                    unwatched = 0.0
                left = min(left, unwatched - passed) if unwatched else left
                events = dict(poller.poll(max(left, 0.002) * 1000))
                if watched in events:
                    return watch.reason()
                if self.sock.fileno() in events:
                    os._exit(0)  # the caller hung up; the keeper ends the program
                if peer in events:  # the tests have ended; the program has a moment to do so too
                    poller.unregister(peer)
                    task = task._replace(wall_s=min(task.wall_s, passed + _GRACE), cpu_s=task.cpu_s)
                    halted = True
            signal.pidfd_send_signal(watched, signal.SIGKILL)
            return wire.HALTED if halted else why
        except ProcessLookupError:
            return watch.reason()
        finally:
            os.close(watched)

    def _answer(
        self,
        task: wire.Task,
        streams: list[int],
        stopped: int,
        status: int,
        usage: Any,
        wall_s: float,
    ) -> None:
        is_data = task.fetch or task.mode == wire.CALLS  # what calls returned, or a built program
        most = (task.output, task.errors, task.file_size if is_data else task.output)
        sizes = [os.fstat(fd).st_size for fd in streams]
        kept = [min(size, limit) for size, limit in zip(sizes, most, strict=True)]
        over = sum(1 << i for i, limit in enumerate(most) if sizes[i] > limit)
        reply = wire.Reply(
            stopped,
            os.waitstatus_to_exitcode(status),
            usage.ru_utime + usage.ru_stime,
            wall_s,
            usage.ru_maxrss << 10,
            output=kept[0],
            errors=kept[1],
            result=kept[2],
            truncated=over,
            started=bool(self.started[0]),
        )
        parts = [wire.REPLY.pack(*reply)]
        parts += [os.pread(fd, size, 0) for fd, size in zip(streams, kept, strict=True) if size]
        _close(streams)
        self.sock.sendall(b"".join(parts))

    def _fetch(self, streams: list[int], limit: int) -> None:
        """Takes the file `result` of the working directory in place of the third stream."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        with contextlib.suppress(OSError):
            file = os.open("result", flags, dir_fd=self.home)
            _, streams[2] = os.close(streams[2]), file

    def _clean(self) -> bool:
        """Empties the working directory; a slot that cannot is not used again."""
        with contextlib.suppress(OSError, RecursionError):
            if not self._is_empty():
                os.fchmod(self.home, 0o700)
                empty(self.home)
            if self._looked_at() != self.look:  # its mode and times would tell of the last program
                os.fchmod(self.home, 0o700)
                os.utime(self.home, ns=self.look[1:])
            return True
        return False

    def _is_empty(self) -> bool:
        with contextlib.suppress(PermissionError), os.scandir(self.home) as entries:
            return not any(True for _ in entries)
        return False

    def _looked_at(self) -> tuple[int, int, int]:
        found = os.fstat(self.home)
        return found.st_mode, found.st_atime_ns, found.st_mtime_ns


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


def _overdue(task: wire.Task, used: float, passed: float) -> int:
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


def _kill_everyone() -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


if struct.calcsize("P") != 8:
    sys.exit("the sandbox needs a 64-bit interpreter")
