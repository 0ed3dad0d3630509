"""Landlock: a file, network and signal wall that needs neither root nor namespaces.

Source: Linux Documentation/userspace-api/landlock.rst (ABI 1 to 6).
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from plaudit.sandbox.inside import kernel

__all__ = ["abi", "restrict"]

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_CHAR, _MAKE_SOCK, _MAKE_FIFO, _MAKE_BLOCK = 1 << 6, 1 << 9, 1 << 10, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_NUM_FS_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # 16 from ABI 5 on
_TCP_BIND_AND_CONNECT, _SCOPE_SOCKETS_AND_SIGNALS = 3, 3
_PATH_BENEATH = 1


def abi() -> int:
    """The version of Landlock that the running kernel offers; 0 for none."""
    try:
        return kernel.landlock("create_ruleset", 0, 0, 1)
    except OSError:
        return 0


def restrict(readable: Iterable[str], writable: Iterable[str], *, executable: bool = False) -> int:
    """Lets this process and its descendants read and write only what is listed, for ever.

    What does not exist is skipped. TCP is denied from ABI 4 on; from ABI 6 on also abstract sockets
    and signals to processes outside. Returns the ABI.

    Raises: OSError where the kernel has no Landlock.
    """
    version = abi()
    handled = (1 << _NUM_FS_RIGHTS.get(version, 16)) - 1
    ruleset = _ruleset(version, handled)
    read = _READ_FILE | _READ_DIR | (_EXECUTE if executable else 0)
    devices = _MAKE_CHAR | _MAKE_BLOCK | _MAKE_SOCK | _MAKE_FIFO | _IOCTL_DEV
    write = handled & ~devices & ~(0 if executable else _EXECUTE)
    try:
        for rights, paths in ((read, readable), (write, writable)):
            for path in paths:
                _allow(ruleset, path, rights & handled)
        kernel.landlock("restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)
    return version


def _ruleset(version: int, handled: int) -> int:
    fields = [handled]
    if version >= 4:
        fields.append(_TCP_BIND_AND_CONNECT)
    if version >= 6:
        fields.append(_SCOPE_SOCKETS_AND_SIGNALS)
    attributes = struct.pack(f"{len(fields)}Q", *fields)
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    return kernel.landlock("create_ruleset", buffer, len(attributes), 0)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(target).st_mode):
            rights &= _FILE_RIGHTS
        rule = struct.pack("=Qi", rights, target)
        buffer = ctypes.create_string_buffer(rule, len(rule))
        kernel.landlock("add_rule", ruleset, _PATH_BENEATH, buffer, 0)
    finally:
        os.close(target)
