"""What a program leaves for those that run after it, and does to the host and its neighbours.

Planted things are looked for by later runs of the same program, which count how many there were
before; what the suite has planted on the host must be as it was. A program answers rightly only
where its attack has worked. Those that would end the machine's session try a harmless cousin first
(signal 0 to the same process) and go on only where that was refused.
"""

from __future__ import annotations

from typing import Any

from plaudit.sandbox.attacks._attack import Attack

__all__ = ["ATTACKS"]

_SQUARES = (((3,), 9),)
_LINES = (("3\n", "9\n"), ("5\n", "25\n"), ("4\n", "16\n"))
_COUNTS = (("\n", "1"), ("\n", "2"), ("\n", "3"), ("\n", "4"))


def _counts(name: str, why: str, program: str, *, layer: str = "cleanup", **fields: Any) -> Attack:
    """Prints how many of its runs it knows of; it must know of its own only."""
    return Attack(name, program, _COUNTS, "fail", "stdin", layer=layer, why=why, **fields)


def _counts_in_file(name: str, why: str, path: str, *, layer: str = "cleanup") -> Attack:
    """Keeps its count in a file; `path` is an expression."""
    program = f"""\
import os
import tempfile

path = {path}
count = 0
if os.path.exists(path):
    with open(path) as file:
        count = int(file.read())
try:
    with open(path, "w") as file:
        file.write(str(count + 1))
finally:
    print(count + 1)
"""
    return _counts(name, why, program, layer=layer)


def _harms(
    name: str,
    why: str,
    program: str,
    *,
    layer: str = "landlock",
    tests: Any = _SQUARES,
    **fields: Any,
) -> Attack:
    """Answers rightly only once the harm is done."""
    return Attack(name, program, tests, "fail", layer=layer, why=why, **fields)


def _signals(name: str, why: str, send: str, *, layer: str = "seccomp") -> Attack:
    """Does `send(pid, number)` to the process above, where signal 0 was refused."""
    program = f"""\
import ctypes
import os
import platform
import signal

libc = ctypes.CDLL(None, use_errno=True)
intel = platform.machine() == "x86_64"


def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def send(pid, number):
{send}

def solve(x):
    try:
        os.kill(os.getppid(), 0)
    except OSError:
        send(os.getppid(), signal.SIGKILL)
    return x * x
"""
    return Attack(name, program, _SQUARES, "fail", layer=layer, why=why)


_LEFT_BEHIND = (
    _counts_in_file("file_left", "the next program starts in the same directory", '"count.txt"'),
    _counts_in_file("hidden_file_left", "a name that `rm *` does not see", '".count"'),
    _counts_in_file("odd_name_left", "a name that is no text", 'b"\\xff\\n-rf *"'),
    _counts_in_file(
        "temporary_file_left",
        "the directory for temporary files, wherever that is",
        'os.path.join(tempfile.gettempdir(), "count.txt")',
    ),
    _counts_in_file(
        "tmp_file_left", "everybody's /tmp", '"/tmp/plaudit-count.txt"', layer="landlock"
    ),
    _counts_in_file(
        "var_tmp_file_left",
        "the temporary directory that one forgets",
        '"/var/tmp/plaudit-count.txt"',
        layer="landlock",
    ),
    _counts_in_file(
        "shared_memory_file_left",
        "files in memory outlive the process",
        '"/dev/shm/plaudit-count"',
        layer="landlock",
    ),
    _counts_in_file(
        "home_file_left",
        "the user's own directory",
        'os.path.join(os.path.expanduser("~"), ".plaudit-count")',
    ),
    _counts_in_file(
        "host_file_left",
        "a directory of the host that anybody may write to",
        '"{shared_tmp}/count"',
        layer="landlock",
    ),
    _counts(
        "directory_without_rights",
        "what may not be listed is not emptied by a simple rm",
        """\
import os

count = 0
if os.path.isdir("locked"):
    os.chmod("locked", 0o700)
    count = len(os.listdir("locked"))
else:
    os.mkdir("locked")
open(f"locked/{count}", "w").close()
os.chmod("locked", 0)
print(count + 1)
""",
    ),
    _counts(
        "deep_directories_left",
        "a path that is longer than any path may be cannot be removed by its name",
        """\
import os

count = len(os.listdir("."))
for _ in range(60):
    name = "d" * 200 + str(count)
    os.mkdir(name)
    os.chdir(name)
print(count + 1)
""",
    ),
    _counts(
        "time_of_the_directory",
        "the directory's own time of change is a number that nobody clears",
        """\
import os

MARK = 1_000_000_000
count = max(0, int(os.stat(".").st_mtime) - MARK) % 1000
count = count if int(os.stat(".").st_mtime) - MARK < 1000 else 0
os.utime(".", (MARK + count + 1, MARK + count + 1))
print(count + 1)
""",
    ),
    _counts(
        "access_time_of_the_directory",
        "and so is the time at which it was last read",
        """\
import os

MARK = 1_000_000_000
about = os.stat(".")
count = int(about.st_atime) - MARK if 0 < int(about.st_atime) - MARK < 1000 else 0
os.utime(".", (MARK + count + 1, about.st_mtime))
print(count + 1)
""",
    ),
    _counts(
        "mode_of_the_directory",
        "nine bits for the next one",
        """\
import os
import stat

mode = stat.S_IMODE(os.stat(".").st_mode)
count = mode & 0o7
os.chmod(".", 0o700 | (count + 1))
print(count + 1)
""",
    ),
    _counts(
        "attribute_of_the_directory",
        "extended attributes are not listed by ls",
        """\
import os

count = 0
if "user.count" in os.listxattr("."):
    count = int(os.getxattr(".", "user.count"))
try:
    os.setxattr(".", "user.count", str(count + 1).encode())
finally:
    print(count + 1)
""",
        layer="seccomp",
    ),
    _counts(
        "attribute_of_a_module",
        "a server that runs one program after the other in one process keeps what they change",
        """\
import builtins
import os

builtins.count = getattr(builtins, "count", 0) + 1
os.environ["COUNT"] = str(builtins.count)
print(builtins.count)
""",
        layer="protocol",
    ),
    _counts(
        "environment_kept",
        "the environment of the process that starts the next one",
        """\
import ctypes
import os

count = int(os.environ.get("PLAUDIT_COUNT", 0))
os.putenv("PLAUDIT_COUNT", str(count + 1))
ctypes.CDLL(None).setenv(b"PLAUDIT_COUNT", str(count + 1).encode(), 1)
print(count + 1)
""",
        layer="environment",
    ),
    _counts(
        "offset_of_a_descriptor",
        "a descriptor that several programs inherit has one offset for all of them",
        """\
import os

count = 0
for fd in range(3, 64):
    try:
        here = os.lseek(fd, 0, os.SEEK_CUR)
        os.lseek(fd, here + 1, os.SEEK_SET)
        count = max(count, here)
    except OSError:
        pass
print(count + 1)
""",
        layer="descriptors",
    ),
    _counts(
        "written_to_a_descriptor",
        "what lies in an inherited file is read by the next program",
        """\
import os

count = 0
for fd in range(64):
    try:
        held = os.pread(fd, 100, 0).decode()
        if held.startswith("count"):
            count = int(held[5:])
    except (OSError, ValueError):
        pass
for fd in range(3, 64):
    try:
        os.pwrite(fd, f"count{count + 1}".encode(), 0)
    except OSError:
        pass
print(count + 1)
""",
        layer="descriptors",
    ),
    _counts(
        "mapping_shared_with_parent",
        "anonymous memory that was shared before the fork is shared after it",
        """\
import ctypes
import re

found = []
try:
    with open("/proc/self/maps") as file:
        found = [line for line in file if re.search(r" rw-s ", line)]
except OSError:
    pass
count = 0
for line in found:
    start = int(line.partition("-")[0], 16)
    count = max(count, ctypes.c_ubyte.from_address(start).value)
    ctypes.c_ubyte.from_address(start).value = count + 1
print(count + 1)
""",
        layer="landlock",
    ),
    _counts(
        "system_v_memory",
        "a segment that lives until somebody removes it",
        """\
import ctypes

libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
segment = libc.shmget(0x504C4155, 4096, 0o1600)
count = 0
if segment >= 0:
    place = libc.shmat(segment, None, 0)
    if place and place != ctypes.c_void_p(-1).value:
        cell = ctypes.c_int.from_address(place)
        count = cell.value
        cell.value += 1
print(count + 1)
""",
        layer="seccomp",
    ),
    _counts(
        "system_v_queue",
        "a message waits in the kernel for the next program",
        """\
import ctypes

libc = ctypes.CDLL(None)
queue = libc.msgget(0x504C4155, 0o1600)
count = 0
letter = (ctypes.c_long * 2)(1, 0)
if queue >= 0:
    libc.msgrcv(queue, letter, 8, 0, 0o4000)
    count = letter[1]
    letter[0], letter[1] = 1, count + 1
    libc.msgsnd(queue, letter, 8, 0o4000)
print(count + 1)
""",
        layer="seccomp",
    ),
    _counts(
        "named_shared_memory",
        "multiprocessing has names for memory",
        """\
from multiprocessing import resource_tracker, shared_memory

resource_tracker.register = lambda *args: None
count = 0
try:
    try:
        memory = shared_memory.SharedMemory("plaudit_count")
    except FileNotFoundError:
        memory = shared_memory.SharedMemory("plaudit_count", create=True, size=16)
        memory.buf[0] = 0
    count = memory.buf[0]
    memory.buf[0] = count + 1
    memory.close()
except OSError:
    pass
print(count + 1)
""",
        layer="landlock",
    ),
    _counts(
        "key_in_a_keyring",
        "the kernel keeps keys for a user",
        """\
import ctypes
import platform

libc = ctypes.CDLL(None)
intel = platform.machine() == "x86_64"
add, ctl = (248, 250) if intel else (217, 219)
count = 0
held = ctypes.create_string_buffer(16)
key = libc.syscall(ctl, 10, -4, b"user", b"plaudit-count", 0)
if key > 0 and libc.syscall(ctl, 11, key, held, 16) > 0:
    count = int(held.value)
libc.syscall(add, b"user", b"plaudit-count", str(count + 1).encode(), 1, -4)
print(count + 1)
""",
        layer="seccomp",
    ),
)

_FOR_OTHERS = (
    Attack(
        "directory_locked_for_the_next",
        """\
import os

with open("notes.txt", "w") as file:
    file.write("mine")
print(int(input()) ** 2, flush=True)
os.chmod(".", 0)
""",
        _LINES,
        "any",
        "stdin",
        layer="cleanup",
        why="who takes the rights from the directory must not make the next program fail",
    ),
    Attack(
        "directory_filled_for_the_next",
        """\
import os

print(int(input()) ** 2, flush=True)
try:
    for i in range(500):
        os.mkdir(f"d{i}")
    open("solution.py", "w").close()
    os.symlink("/", "root")
    os.mkfifo("fifo")
except OSError:
    pass
""",
        _LINES,
        "pass",
        "stdin",
        layer="cleanup",
        why="hundreds of entries, links and pipes are gone before the next program starts",
    ),
    Attack(
        "shadow_of_a_module",
        """\
for name in ("random", "re", "json", "sitecustomize", "usercustomize", "colorsys"):
    with open(name + ".py", "x") as file:
        file.write("raise SystemExit(0)\\n")
import colorsys

print(int(input()) ** 2, colorsys.rgb_to_yiq(0, 0, 0)[0])
""",
        (("3\n", "9 0.0\n"), ("5\n", "25 0.0\n"), ("4\n", "16 0.0\n")),
        "any",
        "stdin",
        layer="cleanup",
        why="a file called like a module must not be imported by a program that comes later",
    ),
    _harms(
        "shadow_for_the_tests",
        "the tests import a module that the program has written",
        """\
import sys

TEXT = "def rgb_to_hsv(*args):\\n    return 0, 0, 0\\n"
for folder in (".", "/tmp"):
    try:
        with open(f"{folder}/colorsys.py", "x") as file:
            file.write(TEXT)
    except OSError:
        pass
sys.modules["colorsys"] = sys.modules["__main__"]


def rgb_to_hsv(*args):
    return 0, 0, 0


def solve(x):
    return 0
""",
        tests="import colorsys\n\nassert solve(3) == 9 * colorsys.rgb_to_hsv(1, 1, 1)[2]\n",
        style="assert",
        layer="protocol",
    ),
    _harms(
        "configuration_for_the_tests",
        "files that a test runner looks for by itself",
        """\
for name in ("conftest.py", "pytest.py", "unittest.py", "tests.py", "solution.py", "check.py"):
    with open(name, "x") as file:
        file.write("import os\\nos._exit(0)\\n")
with open("pytest.ini", "x") as file:
    file.write("[pytest]\\naddopts = --collect-only\\n")


def solve(x):
    return 0
""",
        tests="import unittest\n\nassert solve(3) == 9\nassert solve(4) == 16\n",
        style="assert",
        layer="protocol",
    ),
)


def _plants(name: str, why: str, path: str, text: str = "raise SystemExit(0)") -> Attack:
    """Writes where an interpreter looks when it starts; `path` is an expression."""
    program = f"""\
import os
import sysconfig


def solve(x):
    path = {path}
    os.makedirs(os.path.dirname(path), exist_ok=True)
    is_new = not os.path.exists(path)
    with open(path, "a") as file:
        file.write({text!r} if is_new and not path.endswith("os.py") else "")
    if is_new:
        os.unlink(path)
    return x * x
"""
    return Attack(name, program, _SQUARES, "fail", layer="landlock", why=why)


_INTERPRETER = (
    _plants(
        "sitecustomize_planted",
        "imported by every interpreter when it starts",
        'sysconfig.get_path("purelib") + "/sitecustomize.py"',
    ),
    _plants(
        "path_file_planted",
        "a line of a .pth file that begins with import is run",
        'sysconfig.get_path("platlib") + "/plaudit-planted.pth"',
        "import os",
    ),
    _plants(
        "user_site_planted",
        "the user's own packages, outside every installation",
        '"/root/.local/lib/python3/site-packages/usercustomize.py"',
    ),
    _plants(
        "library_rewritten",
        "the standard library itself, opened for appending and left as it was",
        'os.path.join(os.path.dirname(os.__file__), "os.py")',
    ),
    _plants(
        "cache_planted",
        "byte code that is younger than its source is believed",
        'os.path.dirname(os.__file__) + "/__pycache__/plaudit-planted.pyc"',
    ),
    _plants(
        "preload_planted",
        "a library that every program of the machine loads",
        '"/etc/ld.so.preload"',
        "",
    ),
    _plants("shell_start_planted", "run by the next shell", '"/etc/profile.d/plaudit.sh"', ""),
    _plants("job_planted", "run by the clock", '"/etc/cron.d/plaudit"', ""),
)

_FILES = (
    _harms(
        "host_file_deleted",
        "a file of the caller",
        """\
import os


def solve(x):
    os.remove("{secret_file}")
    return x * x
""",
    ),
    _harms(
        "host_file_overwritten",
        "opened for writing",
        """\
def solve(x):
    with open("{secret_file}", "w") as file:
        file.write("gone")
    return x * x
""",
    ),
    _harms(
        "host_file_truncated",
        "truncate does not open it",
        """\
import os


def solve(x):
    os.truncate("{secret_file}", 0)
    return x * x
""",
    ),
    _harms(
        "host_file_replaced",
        "rename puts another file in its place",
        """\
import os


def solve(x):
    with open("new", "w") as file:
        file.write("gone")
    os.replace("new", "{secret_file}")
    return x * x
""",
    ),
    _harms(
        "host_file_moved",
        "rename takes it away into the program's own directory",
        """\
import os


def solve(x):
    os.rename("{secret_file}", "mine")
    return x * x
""",
    ),
    _harms(
        "host_file_mode",
        "rights are no content: Landlock lets chmod through",
        """\
import os


def solve(x):
    os.chmod("{secret_file}", 0o600)
    return x * x
""",
        layer="namespaces",
    ),
    _harms(
        "host_file_times",
        "the times of a file are no content either",
        """\
import os


def solve(x):
    os.utime("{secret_file}", (1, 1))
    return x * x
""",
        layer="namespaces",
    ),
    _harms(
        "host_file_owner",
        "nor is the owner of a file",
        """\
import os


def solve(x):
    os.chown("{secret_file}", os.getuid(), os.getgid())
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "host_file_attribute",
        "nor are extended attributes",
        """\
import os


def solve(x):
    os.setxattr("{secret_file}", "user.note", b"here")
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "host_directory_mode",
        "a directory that is closed to the others",
        """\
import os


def solve(x):
    os.chmod("{shared_tmp}", 0o777)
    return x * x
""",
        layer="namespaces",
    ),
    _harms(
        "host_directory_written",
        "a new file in a directory of the host",
        """\
def solve(x):
    with open("{shared_tmp}/note", "w") as file:
        file.write("here")
    return x * x
""",
    ),
    _harms(
        "host_directory_nameless",
        "a file without a name is given one later",
        """\
import ctypes
import os

libc = ctypes.CDLL(None)


def solve(x):
    fd = os.open("{shared_tmp}", os.O_TMPFILE | os.O_RDWR, 0o600)
    os.write(fd, b"here")
    path = f"/proc/self/fd/{fd}".encode()
    if libc.linkat(-100, path, -100, b"{shared_tmp}/note", 0x400) != 0:
        raise OSError("no name")
    return x * x
""",
    ),
    _harms(
        "host_directory_made",
        "mkdir, mkfifo, mknod and symlink write to a directory too",
        """\
import os
import stat

TRIES = (
    lambda: os.mkdir("{shared_tmp}/folder"),
    lambda: os.mkfifo("{shared_tmp}/fifo"),
    lambda: os.mknod("{shared_tmp}/node", stat.S_IFREG | 0o600),
    lambda: os.symlink("/", "{shared_tmp}/link"),
    lambda: os.link("{secret_file}", "{shared_tmp}/second"),
)


def solve(x):
    done = 0
    for act in TRIES:
        try:
            act()
            done += 1
        except OSError:
            pass
    return x * x if done else 0
""",
    ),
    _harms(
        "host_directory_socket",
        "binding a socket makes a file",
        """\
import socket


def solve(x):
    server = socket.socket(socket.AF_UNIX)
    server.bind("{shared_tmp}/socket")
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "linked_into_own_directory",
        "a second name for the host's file inside the directory that may be written",
        """\
import os


def solve(x):
    os.link("{secret_file}", "mine")
    with open("mine", "w") as file:
        file.write("gone")
    return x * x
""",
    ),
    _harms(
        "written_through_a_link",
        "the name is inside, what it leads to is not",
        """\
import os


def solve(x):
    os.symlink("{shared_tmp}", "out")
    with open("out/note", "w") as file:
        file.write("here")
    return x * x
""",
    ),
    _harms(
        "written_through_dots",
        "up from the program's directory and down again",
        """\
def solve(x):
    with open("../" * 12 + "{shared_tmp}".lstrip("/") + "/note", "w") as file:
        file.write("here")
    return x * x
""",
    ),
    _harms(
        "written_through_proc",
        "another way to the root",
        """\
import os


def solve(x):
    for root in ("/proc/self/root", "/proc/1/root", f"/proc/{os.getppid()}/root"):
        try:
            with open(root + "{shared_tmp}/note", "w") as file:
                file.write("here")
            return x * x
        except OSError:
            pass
    return 0
""",
    ),
    _harms(
        "written_after_chdir",
        "relative names, once the current directory is another one",
        """\
import os


def solve(x):
    os.chdir("{shared_tmp}")
    with open("note", "w") as file:
        file.write("here")
    return x * x
""",
    ),
    _harms(
        "cleaned_through_a_link",
        "whoever empties the directory must not follow links out of it",
        """\
import os

os.symlink(os.path.dirname("{secret_file}"), "folder")
os.symlink("{secret_file}", "result")
os.symlink("{shared_tmp}", ".hidden")
os.mkdir("inner")
os.symlink("{secret_file}", "inner/file")


def solve(x):
    return 0
""",
        layer="cleanup",
    ),
    _harms(
        "own_directory_replaced",
        "the directory is renamed and a link to the host put in its place",
        """\
import os


def solve(x):
    home = os.getcwd()
    if os.listdir(home):
        raise OSError("not a directory of its own")
    os.rename(home, home + "-old")
    os.symlink(os.path.dirname("{secret_file}"), home)
    return x * x
""",
    ),
    _harms(
        "own_directory_deleted",
        "the next program has nowhere to start",
        """\
import os


def solve(x):
    home = os.getcwd()
    os.chdir("/")
    os.rmdir(home)
    return x * x
""",
    ),
    _harms(
        "root_changed",
        "chroot into a directory of its own, and out of it",
        """\
import os


def solve(x):
    os.mkdir("jail")
    os.chroot("jail")
    for _ in range(64):
        os.chdir("..")
    os.chroot(".")
    os.remove("{secret_file}")
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "mounted_over",
        "a bind mount shows the host's directory somewhere else",
        """\
import ctypes
import os

libc = ctypes.CDLL(None)


def solve(x):
    libc.unshare(0x10020000)
    os.mkdir("here")
    if libc.mount(b"{shared_tmp}", b"here", b"", 4096, None) != 0:
        raise OSError("no mount")
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "system_writes",
        "settings of the kernel are files",
        """\
import os

PATHS = (
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/vm/drop_caches",
    "/proc/sys/kernel/hostname",
    "/sys/fs/cgroup/cgroup.procs",
    "/sys/kernel/uevent_helper",
    "/dev/kmsg",
    "/dev/mem",
    "/proc/self/oom_score_adj",
    f"/proc/{os.getppid()}/oom_score_adj",
)


def solve(x):
    for path in PATHS:
        try:
            os.close(os.open(path, os.O_WRONLY))
            return x * x
        except OSError:
            pass
    return 0
""",
    ),
)

_NEIGHBOURS = (
    _signals("parent_killed", "os.kill on the process above", "    os.kill(pid, number)\n"),
    _signals(
        "parent_killed_by_libc",
        "past a patched os.kill",
        "    check(libc.kill(pid, number))\n",
    ),
    _signals(
        "parent_killed_by_number",
        "past libc as well",
        "    check(libc.syscall(62 if intel else 129, pid, int(number)))\n",
    ),
    _signals(
        "parent_thread_killed",
        "a signal to one thread of the process above",
        "    check(libc.syscall(234 if intel else 131, pid, pid, int(number)))\n",
    ),
    _signals(
        "parent_killed_by_queue",
        "a signal with a value",
        "    check(libc.sigqueue(pid, int(number), None))\n",
    ),
    _signals(
        "parent_killed_by_descriptor",
        "a process can be signalled through a descriptor of it",
        "    signal.pidfd_send_signal(os.pidfd_open(pid), number)\n",
    ),
    _signals(
        "parent_killed_by_owner_of_pipe",
        "the kernel signals whoever is named as the owner of a descriptor",
        """\
    import fcntl
    reader, writer = os.pipe()
    fcntl.fcntl(reader, fcntl.F_SETOWN, pid)
    fcntl.fcntl(reader, 10, int(number))
    fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC)
    os.write(writer, b"x")
""",
    ),
    _signals(
        "parent_killed_by_owner_of_socket",
        "an ioctl names the owner as well",
        """\
    import array
    import fcntl
    import socket
    ours, other = socket.socketpair()
    fcntl.ioctl(ours, 0x8901, array.array("i", [pid]))
    fcntl.fcntl(ours, fcntl.F_SETFL, os.O_ASYNC)
    other.send(b"x")
""",
    ),
    _signals(
        "parent_stopped",
        "a stopped grader waits for ever",
        "    os.kill(pid, signal.SIGSTOP)\n",
    ),
    _signals(
        "ancestors_killed",
        "the processes above the process above",
        """\
    for other in range(max(2, pid - 20), pid):
        try:
            os.kill(other, 0)
        except ProcessLookupError:
            continue
        except PermissionError:
            pass
        os.kill(other, number)
    raise OSError("nobody left")
""",
    ),
    _signals(
        "everyone_killed",
        "-1 is everybody; tried only where the process above is out of reach",
        "    os.kill(-1, number)\n",
    ),
    _signals(
        "group_above_killed",
        "a negative pid is a process group",
        "    os.killpg(os.getpgid(pid), number)\n",
    ),
    _harms(
        "parent_traced",
        "a tracer may do anything to the process",
        """\
import ctypes
import os

libc = ctypes.CDLL(None)


def solve(x):
    if libc.ptrace(0x4206, os.getppid(), None, None) != 0:
        raise OSError("no ptrace")
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "parent_memory_written",
        "process_vm_writev needs no tracer; it writes nothing here and is refused all the same",
        """\
import ctypes
import os
import platform

libc = ctypes.CDLL(None)
number = 311 if platform.machine() == "x86_64" else 271


def solve(x):
    text = ctypes.create_string_buffer(8)
    own = (ctypes.c_size_t * 2)(ctypes.addressof(text), 0)
    if libc.syscall(number, os.getppid(), own, 1, own, 1, 0) < 0:
        raise OSError("no writing")
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "parent_memory_opened",
        "the memory of a process is a file",
        """\
import os


def solve(x):
    with open(f"/proc/{os.getppid()}/mem", "r+b", buffering=0):
        return x * x
""",
    ),
    _harms(
        "descriptor_taken",
        "pidfd_getfd copies a descriptor out of another process",
        """\
import ctypes
import os

libc = ctypes.CDLL(None)


def solve(x):
    there = os.pidfd_open(os.getppid())
    for fd in range(16):
        if libc.syscall(438, there, fd, 0) >= 0:
            return x * x
    return 0
""",
        layer="seccomp",
    ),
    _harms(
        "parent_reniced",
        "the grader is made slow",
        """\
import os


def solve(x):
    parent = os.getppid()
    os.setpriority(os.PRIO_PROCESS, parent, os.getpriority(os.PRIO_PROCESS, parent))
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "user_reniced",
        "every process of this user",
        """\
import os


def solve(x):
    try:
        os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0))
    except OSError:
        os.setpriority(os.PRIO_USER, os.getuid(), 19)
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "parent_pinned",
        "the grader is put on one processor",
        """\
import os


def solve(x):
    os.sched_setaffinity(os.getppid(), os.sched_getaffinity(os.getppid()))
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "real_time_scheduling",
        "a real-time process lets nobody else run",
        """\
import os


def solve(x):
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "parent_limited",
        "the limits of another process",
        """\
import os
import resource


def solve(x):
    held = resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)
    resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, held)
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "own_limits_raised",
        "root may raise what it was given",
        """\
import resource


def solve(x):
    most = resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "another_user",
        "root becomes somebody, and somebody else becomes root",
        """\
import os


def solve(x):
    os.setresuid(12321, 12321, 12321) if os.getuid() == 0 else os.setresuid(0, 0, 0)
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "machine_renamed",
        "the name of the machine",
        """\
import socket


def solve(x):
    socket.sethostname(socket.gethostname())
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "clock_set",
        "the time of the machine",
        """\
import time


def solve(x):
    time.clock_settime(time.CLOCK_REALTIME, time.time())
    return x * x
""",
        layer="seccomp",
    ),
    _harms(
        "message_to_terminal",
        "characters are pushed into the caller's terminal as if typed",
        """\
import fcntl
import os


def solve(x):
    done = 0
    for fd in range(16):
        try:
            fcntl.ioctl(fd, 0x5412, b"#")
            done += 1
        except OSError:
            pass
    fcntl.ioctl(os.open("/dev/tty", os.O_RDWR), 0x5412, b"#")
    return x * x
""",
    ),
)

ATTACKS: tuple[Attack, ...] = (
    *_LEFT_BEHIND,
    *_FOR_OTHERS,
    *_INTERPRETER,
    *_FILES,
    *_NEIGHBOURS,
)
