"""cgroup v2, where this user may make one: memory and processes of a whole slot.

A bonus on top of the limits of each process. Containers seldom allow it. Source: Linux
Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import contextlib
import os

__all__ = ["Cgroup", "enter"]

_MOUNTS, _OWN = "/proc/self/mounts", "/proc/self/cgroup"
_MOST_PROCESSES = 512


class Cgroup:
    """The cgroup of one slot; `limits` names what it bounds, `missing` says why there is none."""

    def __init__(self, path: str = "", limits: tuple[str, ...] = (), missing: str = "") -> None:
        self.path, self.limits, self.missing = path, limits, missing

    def leave(self) -> None:
        """Goes back to the cgroup above and removes this one."""
        if not self.path:
            return
        with contextlib.suppress(OSError):
            _write(os.path.join(os.path.dirname(self.path), "cgroup.procs"), str(os.getpid()))
            os.rmdir(self.path)


def enter(memory_mb: int | None, *, mounts: str = _MOUNTS, own: str = _OWN) -> Cgroup:
    """Makes a cgroup below the present one, with limits, and moves this process into it."""
    parent = _present(mounts, own)
    if parent is None:
        return Cgroup(missing="no cgroup v2 is mounted")
    path = os.path.join(parent, f"plaudit-{os.getpid()}")
    try:
        offered = _read(os.path.join(parent, "cgroup.controllers")).split()
        controllers = [name for name in ("memory", "pids") if name in offered]
        if not controllers:
            return Cgroup(missing="the cgroup offers neither memory nor pids")
        switch = " ".join(f"+{name}" for name in controllers)
        _write(os.path.join(parent, "cgroup.subtree_control"), switch)
        os.mkdir(path)
    except OSError as error:
        return Cgroup(missing=f"not writable: {error.strerror}")
    try:
        limits = _limit(path, controllers, memory_mb)
        _write(os.path.join(path, "cgroup.procs"), str(os.getpid()))
    except OSError as error:
        with contextlib.suppress(OSError):
            os.rmdir(path)
        return Cgroup(missing=f"not usable: {error.strerror}")
    return Cgroup(path, limits)


def _limit(path: str, controllers: list[str], memory_mb: int | None) -> tuple[str, ...]:
    limits = []
    if "pids" in controllers:
        _write(os.path.join(path, "pids.max"), str(_MOST_PROCESSES))
        limits.append("pids")
    if "memory" in controllers and memory_mb is not None:
        _write(os.path.join(path, "memory.max"), str(memory_mb << 20))
        limits.append("memory")
    return tuple(limits)


def _present(mounts: str, own: str) -> str | None:
    """The directory of this process's cgroup in the unified hierarchy."""
    try:
        lines = [line.split() for line in _read(mounts).splitlines()]
        place = next(line[1] for line in lines if line[2] == "cgroup2")
        inner = next(line for line in _read(own).splitlines() if line.startswith("0::"))
    except (OSError, StopIteration, IndexError):
        return None
    return os.path.join(place, inner[3:].strip().lstrip("/")).rstrip("/")


def _read(path: str) -> str:
    with open(path, "rb") as file:
        return file.read().decode()


def _write(path: str, text: str) -> None:
    with open(path, "wb", buffering=0) as file:
        file.write(text.encode())
