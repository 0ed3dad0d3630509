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
_SYS_ADMIN = 21
# chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot
# mknod audit_write setfcap
_DOCKER = frozenset((0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31))


def available() -> tuple[str, ...]:
    """The conditions that this process can enter.

    All of them as root. Root without CAP_SYS_ADMIN, in a container for instance, is what it is, and
    can become a user where the interpreter lies open. A user is only that.

    >>> set(available()) <= set(CONDITIONS)
    True
    """
    if os.getuid() != 0:
        return ("user",)
    if _effective() >> _SYS_ADMIN & 1:
        return CONDITIONS
    return ("root",) if _hidden() else ("root", "user")


def _effective() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff:"))


def run_under(
    condition: str, argv: Sequence[str], *, capture: bool = False
) -> subprocess.CompletedProcess[bytes]:
    """Runs a command under a condition, with this process's streams or with its output captured.

    `HOME` and `TMPDIR` are a directory of its own, removed afterwards. This process is not forked:
    a fresh interpreter enters the condition and becomes the command.

    Raises: ConfigError for a condition that cannot be entered.
    """
    _check(condition)
    code = "import os, sys; from plaudit.sandbox.conditions import enter;"
    code += "enter(sys.argv[1], home=sys.argv[2]); os.execv(sys.argv[3], sys.argv[3:])"
    with tempfile.TemporaryDirectory(prefix="plaudit-home-") as home:
        command = [sys.executable, "-c", code, condition, home, *argv]
        return subprocess.run(command, check=False, capture_output=capture)


def enter(condition: str, *, home: str | None = None) -> None:
    """Turns this process into the condition, for good.

    `home` becomes `HOME` and `TMPDIR`, and belongs to the user; by default a new directory, which
    stays. A process that is not root is in the one condition that it can enter.

    Raises: ConfigError for a condition that cannot be entered.
    """
    _check(condition)
    is_user, is_container = condition.endswith("user"), condition.startswith("container")
    home = tempfile.mkdtemp(prefix="plaudit-home-") if home is None else home
    os.environ.update(HOME=home, TMPDIR=home)
    os.chmod(home, 0o711)  # as others may pass through /tmp
    tempfile.tempdir = None  # so that this process looks again
    if os.getuid() != 0:
        return
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


def _check(condition: str) -> None:
    if condition not in available():
        raise ConfigError(f"condition {condition!r}: here there are {', '.join(available())}")


def _open_the_way() -> None:
    """Lets others reach the interpreter where it lies below a directory of root's own.

    In a mount namespace of this process, an empty directory that all may enter covers the closed
    one, with the trees of the interpreter and of this package in their places.
    """
    hidden = _hidden()
    if not hidden:
        return
    kernel.unshare(kernel.NEW_MOUNT)
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    for closed, places in hidden.items():
        _cover(closed, places)


def _hidden() -> dict[Path, set[Path]]:
    """By closed directory, the needed places below it."""
    places_below: dict[Path, set[Path]] = {}
    for place in _needed():
        if closed := _closed(place):
            places_below.setdefault(closed, set()).add(place)
    return places_below


def _needed() -> list[Path]:
    """What an interpreter of ours reads; of trees that lie in each other, the outer one."""
    source = Path(__file__).resolve().parents[2]
    every = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)} | {source}
    return [place for place in every if not any(place.is_relative_to(o) for o in every - {place})]


def _closed(place: Path) -> Path | None:
    """The outermost directory above a place that others may not enter."""
    outermost_first = reversed(place.parents)
    return next((path for path in outermost_first if not path.stat().st_mode & 0o001), None)


def _cover(closed: Path, places: set[Path]) -> None:
    asides = {place: tempfile.mkdtemp(prefix="plaudit-aside-") for place in places}
    for place, aside in asides.items():
        kernel.mount(str(place), aside, "", kernel.MS_BIND | kernel.MS_REC)
    kernel.mount("tmpfs", str(closed), "tmpfs", 0, "size=1m,mode=0755")
    before = os.umask(0o022)
    for place, aside in asides.items():
        place.mkdir(parents=True)
        kernel.mount(aside, str(place), "", kernel.MS_BIND | kernel.MS_REC)
        kernel.umount(aside)
        os.rmdir(aside)
    os.umask(before)


def _drop_capabilities() -> None:
    """Keeps Docker's fourteen, in every set."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for number in range(last + 1):
        if number not in _DOCKER:
            kernel.drop_from_bounding_set(number)
    low = sum(1 << number for number in _DOCKER)
    kernel.set_capabilities(low)


def _make_dumpable() -> None:
    """A change of user hides /proc/self, which an ordinary user's process can read."""
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
