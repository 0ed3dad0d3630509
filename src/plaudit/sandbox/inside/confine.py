"""The walls of a slot, from the outermost in; each is used where the machine allows it.

`enter` is the keeper's part (namespaces), `lock` the spawner's (files, capabilities, the base
filter), `limit` and `program` belong to each program's process. `attempts` tries what a program
must not do: a layer counts as enforced only where its effect was seen.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from plaudit.sandbox.inside import kernel, landlock, paths, seccomp, syscalls, wire

__all__ = ["attempts", "enter", "limit", "limits", "lock", "program"]

_WORK = "/tmp" if not any(path.startswith("/tmp/") for path in paths.roots()) else "/box"
"""The working directory in a root of its own; it must not cover the interpreter."""
_AS_SLACK = 1 << 30  # address space, not memory: stacks of threads, arenas, mapped libraries
_STACKS = 256 << 20  # stacks of 32 threads; what is resident is counted by `watch`
_EXEC_SLACK = 64 << 20
_SPACES = kernel.NEW_USER | kernel.NEW_PID | kernel.NEW_NET | kernel.NEW_IPC | kernel.NEW_UTS
_FILTERS: list[seccomp.Prepared] = []


def enter(options: dict[str, Any]) -> dict[str, Any]:
    """The keeper's part: a private user where root may take one, then new namespaces."""
    report: dict[str, Any] = {"private_uid": False, "namespaces": False, "missing": {}}
    readable = _readable(options)
    if options["forking"] and os.getuid() == 0:
        _take_private_user(options["work"], report)
    try:
        uid, gid = os.getuid(), os.getgid()
        kernel.unshare(_SPACES)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{uid} {uid} 1")
        _write("/proc/self/gid_map", f"{gid} {gid} 1")
        report["namespaces"] = True
    except OSError as error:
        report["missing"]["namespaces"] = str(error)
    report["readable"] = readable
    return report


def _readable(options: dict[str, Any]) -> list[str]:
    places = paths.readable(options["packages"])
    return [*places, *paths.TOOLCHAIN] if options["forking"] else places


def _take_private_user(work: str, report: dict[str, Any]) -> None:
    """Becomes a user that nobody else is, so that its processes can be counted and ended."""
    for uid in (1_900_000_000 + os.getpid(), 60_000 + os.getpid() % 5000):
        try:
            os.chown(work, uid, uid)
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        except OSError as error:
            report["missing"]["private_uid"] = str(error)
        else:
            report["private_uid"] = True
            report["missing"].pop("private_uid", None)
            return


def _write(path: str, text: str) -> None:
    with open(path, "wb") as file:
        file.write(text.encode())


def lock(options: dict[str, Any], report: dict[str, Any]) -> dict[str, object]:
    """The spawner's part, done once: what is set here holds for every program."""
    missing, work, readable = report.pop("missing"), options["work"], report.pop("readable")
    virtual = _virtual_size()
    if report["namespaces"]:
        try:
            _private_root(options)
            work = _WORK
        except OSError as error:
            missing["mounts"] = str(error)
    os.chdir(work)
    _scrub(work)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the caller may have ignored it
    kernel.hide_memory()
    kernel.never_gain_privileges()
    with _noted("landlock", missing):
        writable = [".", *paths.DEVICES]
        report["landlock"] = landlock.restrict(readable, writable, executable=options["forking"])
    kernel.drop_capabilities()
    for name in (resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE):
        resource.setrlimit(name, (0, 0))
    with _noted("seccomp", missing):
        has_root = report["namespaces"] and "mounts" not in missing
        _filter_calls(options["forking"], not has_root and not report["private_uid"])
    owns_pids = os.getpid() == 1 or report["private_uid"]
    return {"virtual": virtual, "owns_pids": owns_pids, "missing": missing, "uid": os.getuid()}


def _filter_calls(forking: bool, keeps_modes: bool) -> None:
    machine = syscalls.machine()
    prepared = seccomp.child(machine, forking=forking, keeps_modes=keeps_modes)
    _FILTERS.append(seccomp.Prepared(prepared))
    seccomp.load(seccomp.base(machine, forking=forking))


@contextlib.contextmanager
def _noted(layer: str, missing: dict[str, str]) -> Iterator[None]:
    try:
        yield
    except (OSError, KeyError) as error:
        missing[layer] = f"{type(error).__name__}: {error}"


def _private_root(options: dict[str, Any]) -> None:
    """A root of its own: empty except what is readable, all of it read-only, and the work dir."""
    root = options["work"]  # any directory will do to mount on
    kernel.unshare(kernel.NEW_MOUNT)  # here, so that the keeper goes on seeing the machine's files
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", root, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=1m,mode=0755")
    for path in (*paths.roots(), *(paths.TOOLCHAIN if options["forking"] else ()), *paths.DEVICES):
        _bind(path, root)
    os.makedirs(root + _WORK, exist_ok=True)
    kernel.mount_read_only(root)
    flags = kernel.MS_NOSUID | kernel.MS_NODEV
    size = f"size={options['disk_mb']}m,nr_inodes={options['num_files']},mode=0700"
    kernel.mount("tmpfs", root + _WORK, "tmpfs", flags, size)
    os.chdir(root)
    kernel.pivot_root()


def _bind(path: str, root: str) -> None:
    """Shows a file or directory of the machine at the same place under the new root."""
    target = root + path
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
        return
    if not os.path.lexists(path) or os.path.lexists(target):
        return
    if os.path.isdir(path):
        os.mkdir(target)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
    kernel.mount(path, target, "", kernel.MS_BIND | kernel.MS_REC)


def _virtual_size() -> int:
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _scrub(work: str) -> None:
    seed = os.environ.get("PYTHONHASHSEED", "0")
    os.environ.clear()
    os.environ.update(
        PATH="/usr/local/bin:/usr/bin:/bin",
        HOME=work,
        TMPDIR=work,
        LANG="C.UTF-8",
        PYTHONHASHSEED=seed,
        OMP_NUM_THREADS="1",
        OPENBLAS_NUM_THREADS="1",
        OPENSSL_CONF="/dev/null",  # node looks for one that it may not read
    )


def limits(task: wire.Task, virtual: int) -> list[tuple[int, tuple[int, int]]]:
    """The kernel's own limits for one program; CPU is a backstop, in whole seconds."""
    cpu = int(task.cpu_s) + 2
    pairs = [
        (resource.RLIMIT_FSIZE, max(task.file_size, task.output + 1)),
        (resource.RLIMIT_NOFILE, task.open_files),
        (resource.RLIMIT_STACK, task.stack),
        (resource.RLIMIT_CPU, cpu),
    ]
    if task.mode == wire.EXEC:  # V8 and others reserve far more addresses than they use
        pairs.append((resource.RLIMIT_DATA, task.memory + _EXEC_SLACK))
        pairs.append((resource.RLIMIT_NPROC, task.processes + 2))
    else:
        pairs.append((resource.RLIMIT_DATA, virtual + task.memory + _STACKS))
        pairs.append((resource.RLIMIT_AS, virtual + task.memory + _AS_SLACK))
    return [(name, (value, value)) for name, value in pairs]


def limit(bounds: Iterable[tuple[int, tuple[int, int]]]) -> None:
    """Sets what `limits` gave."""
    for name, pair in bounds:
        _set_limit(name, pair)


def program() -> None:
    """The last filter, on top of the slot's: nothing but this process, and no way back."""
    for prepared in _FILTERS:
        prepared.load(_own_pid())


_set_limit, _own_pid = resource.setrlimit, os.getpid


# --- trying what must not work --------------------------------------------------------------------


def attempts(forking: bool) -> list[str]:
    """The names of the walls that held when this process ran against them."""
    tries: dict[str, Callable[[], object]] = {
        "files": lambda: os.close(os.open("/etc/passwd", os.O_RDONLY)),
        "writes": lambda: os.close(os.open("/var/tmp/plaudit", os.O_CREAT | os.O_WRONLY)),
        "proc": lambda: os.listdir("/proc/self"),
        "network": lambda: socket.socket().close(),
        "signals": lambda: os.kill(os.getppid(), 0),
        "limits": _raise_limit,
        "capabilities": lambda: os.chroot("."),
    }
    if not forking:
        tries["processes"] = lambda: os._exit(0) if os.fork() == 0 else None
        tries["exec"] = lambda: os.execv("/bin/true", ["true"])
    return sorted(name for name, act in tries.items() if _is_refused(act))


def _raise_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard + 1))


def _is_refused(act: Callable[[], object]) -> bool:
    try:
        act()
    except OSError as error:
        return error.errno in (errno.EPERM, errno.EACCES, errno.ENOENT, errno.ENOSYS, errno.EROFS)
    except ValueError:  # what the resource module makes of EPERM
        return True
    return False


if sys.platform != "linux":
    raise ImportError("the sandbox's slots run on Linux only")
