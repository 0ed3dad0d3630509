"""The conditions under which the sandbox is tried, entered from root.

"root" and "user" are what they say. "container-root" and "container-user" emulate a default
container: Docker's fourteen capabilities, and a filter that refuses what its profile refuses (new
namespaces, mounts, keys, ...; clone3 is not there). It is an emulation, not a container.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from plaudit.errors import ConfigError
from plaudit.sandbox.inside import kernel, seccomp, syscalls

__all__ = ["CONDITIONS", "available", "enter", "run_under"]

CONDITIONS = ("root", "user", "container-root", "container-user")
_UID = 12345
_LAST_CAPABILITY = 40
# chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot
# mknod audit_write setfcap
_DOCKER = frozenset((0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31))


def available() -> tuple[str, ...]:
    """The conditions that this process can enter: all of them as root, else its own.

    >>> "root" in available() or available() == ("user",)
    True
    """
    return CONDITIONS if os.getuid() == 0 else ("user",)


def run_under(condition: str, argv: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    """Runs a command under a condition, with this process's streams.

    Raises: ConfigError for a condition that cannot be entered.
    """
    if condition not in available():
        raise ConfigError(f"condition {condition!r}: here there are {', '.join(available())}")
    code = "import sys; from plaudit.sandbox.conditions import enter; enter(sys.argv[1]);"
    code += "import os; os.execv(sys.argv[2], sys.argv[2:])"
    return subprocess.run([sys.executable, "-c", code, condition, *argv], check=False)


def enter(condition: str) -> None:
    """Turns this process into the condition, for good."""
    if os.getuid() != 0:
        return
    is_user, is_container = condition.endswith("user"), condition.startswith("container")
    home = tempfile.mkdtemp(prefix="plaudit-home-")
    os.environ.update(HOME=home, TMPDIR=home)
    if is_user:
        os.chown(home, _UID, _UID)
        _open_the_way()
    if is_container:
        seccomp.load(seccomp.container(syscalls.machine()))
        _drop_capabilities()
    if is_user:
        os.setgroups([])
        os.setresgid(_UID, _UID, _UID)
        os.setresuid(_UID, _UID, _UID)
        _make_dumpable()


def _open_the_way() -> None:
    """Lets others reach the interpreter where it lies below a directory of root's own.

    In a mount namespace of this process, an empty directory that all may enter covers the closed
    one, with the interpreter's tree in its place.
    """
    closed = {path for place in (sys.prefix, sys.base_prefix) if (path := _closed(Path(place)))}
    if not closed:
        return
    kernel.unshare(kernel.NEW_MOUNT)
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    for path in closed:
        for place in {Path(sys.prefix), Path(sys.base_prefix)}:
            if place.is_relative_to(path):
                _cover(path, place)


def _closed(place: Path) -> Path | None:
    parents = [*reversed(place.parents), place]
    return next((path for path in parents if not path.stat().st_mode & 0o001), None)


def _cover(path: Path, place: Path) -> None:
    aside = tempfile.mkdtemp(prefix="plaudit-aside-")
    kernel.mount(str(place), aside, "", kernel.MS_BIND | kernel.MS_REC)
    kernel.mount("tmpfs", str(path), "tmpfs", 0, "size=1m,mode=0755")
    place.mkdir(parents=True)
    kernel.mount(aside, str(place), "", kernel.MS_BIND | kernel.MS_REC)
    kernel.umount(aside)
    os.rmdir(aside)


def _drop_capabilities() -> None:
    """Keeps Docker's fourteen, in every set."""
    for number in range(_LAST_CAPABILITY + 1):
        if number not in _DOCKER:
            kernel.drop_from_bounding_set(number)
    low = sum(1 << number for number in _DOCKER)
    kernel.set_capabilities(low)


def _make_dumpable() -> None:
    """A change of user hides /proc/self, which an ordinary user's process can read."""
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
