"""The few system calls that Python does not offer, through ctypes."""

from __future__ import annotations

import ctypes
import os

from plaudit.sandbox.inside import syscalls

__all__ = [
    "become_subreaper",
    "drop_capabilities",
    "drop_from_bounding_set",
    "hide_memory",
    "landlock",
    "load",
    "mount",
    "mount_read_only",
    "never_gain_privileges",
    "pivot_root",
    "set_capabilities",
    "umount",
    "unshare",
]

NEW_USER, NEW_PID, NEW_NET = 0x10000000, 0x20000000, 0x40000000
NEW_MOUNT, NEW_IPC, NEW_UTS = 0x00020000, 0x08000000, 0x04000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18

_PR_CAPBSET_DROP = 24
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_CHILD_SUBREAPER = 4, 38, 36
_AT_FDCWD, _AT_RECURSIVE, _MOUNT_ATTR_RDONLY = -100, 0x8000, 1
_MNT_DETACH = 2
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def call(name: str, *args: object) -> int:
    """Issues a system call by name. Raises OSError with the kernel's reason."""
    number = syscalls.TABLES[syscalls.machine()][name]
    passed = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    ctypes.set_errno(0)
    result = _libc.syscall(ctypes.c_long(number), *passed)
    if result < 0:
        reason = ctypes.get_errno()
        raise OSError(reason, f"{name}: {os.strerror(reason)}")
    return result


def load() -> float:
    """Processes that ran or waited for a processor, on average over the last minute; sysinfo(2)."""
    words = (ctypes.c_ulong * 32)()  # seconds since the start, then three averages of 16.16 bits
    if _libc.sysinfo(ctypes.byref(words)) != 0:
        return 0.0
    return words[1] / 65536


def landlock(name: str, *args: object) -> int:
    """A Landlock system call; the numbers are the same on every machine."""
    numbers = {"create_ruleset": 444, "add_rule": 445, "restrict_self": 446}
    passed = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    ctypes.set_errno(0)
    result = _libc.syscall(ctypes.c_long(numbers[name]), *passed)
    if result < 0:
        reason = ctypes.get_errno()
        raise OSError(reason, f"landlock_{name}: {os.strerror(reason)}")
    return result


def _prctl(*args: int) -> None:
    if _libc.prctl(*[ctypes.c_ulong(arg) for arg in (*args, 0, 0, 0, 0)[:5]]) != 0:
        reason = ctypes.get_errno()
        raise OSError(reason, f"prctl {args[0]}: {os.strerror(reason)}")


def hide_memory() -> None:
    """Nobody of the same user may read this process through ptrace or /proc."""
    _prctl(_PR_SET_DUMPABLE, 0)


def never_gain_privileges() -> None:
    """Sets no_new_privs: no exec raises privileges, and filters may be loaded."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def become_subreaper() -> None:
    """Orphans among the descendants become children of this process."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def drop_capabilities() -> None:
    """Gives up every capability of this process."""
    set_capabilities(0)


def set_capabilities(mask: int) -> None:
    """Leaves this process the capabilities of the mask (numbers below 32), permitted and in force.

    Raises: OSError where it has not got one of them.
    """
    header = ctypes.create_string_buffer(8)
    ctypes.c_uint32.from_buffer(header).value = _CAPABILITY_VERSION_3
    sets = (ctypes.c_uint32 * 6)(mask, mask, 0, 0, 0, 0)
    call("capset", header, sets)


def drop_from_bounding_set(number: int) -> None:
    """No program started from here on can gain this capability."""
    _prctl(_PR_CAPBSET_DROP, number)


def unshare(flags: int) -> None:
    """Enters new namespaces."""
    call("unshare", flags)


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """mount(2)."""
    ctypes.set_errno(0)
    done = _libc.mount(
        source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()
    )
    if done != 0:
        reason = ctypes.get_errno()
        raise OSError(reason, f"mount {target}: {os.strerror(reason)}")


def umount(target: str) -> None:
    """Detaches a mount and what lies under it."""
    if _libc.umount2(target.encode(), _MNT_DETACH) != 0:
        reason = ctypes.get_errno()
        raise OSError(reason, f"umount {target}: {os.strerror(reason)}")


def mount_read_only(target: str) -> None:
    """Makes a mount and everything under it read-only."""
    attributes = (ctypes.c_uint64 * 4)(_MOUNT_ATTR_RDONLY, 0, 0, 0)
    path = ctypes.c_char_p(target.encode())
    call("mount_setattr", _AT_FDCWD, path, _AT_RECURSIVE, attributes, 32)


def pivot_root() -> None:
    """Makes the current directory, a mount, the root; the old root is gone."""
    here = ctypes.c_char_p(b".")
    call("pivot_root", here, here)
    umount(".")
    os.chdir("/")
