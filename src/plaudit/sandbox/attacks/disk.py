"""Programs that fill disks, descriptors and streams, or leave files that are hard to remove.

None writes more than 200 MB, so that they can be tried where nothing stops them.
"""

from __future__ import annotations

from typing import Any, Literal

from plaudit.sandbox.attacks._attack import Attack

__all__ = ["ATTACKS"]

_SQUARES = (((3,), 9),)
_LINES = (("3\n", "9\n"),)


def _fills(
    name: str,
    why: str,
    program: str,
    *,
    expect: Literal["pass", "fail", "any"] = "fail",
    layer: str = "rlimits",
    tests: Any = _SQUARES,
    **fields: Any,
) -> Attack:
    limits = (("cpu_s", 2.0), ("file_mb", 16))
    return Attack(name, program, tests, expect, limits=limits, layer=layer, why=why, **fields)


def _leaves(name: str, why: str, program: str, **fields: Any) -> Attack:
    """May well answer rightly; what counts is that nothing is there for the next program."""
    limits = (("cpu_s", 2.0),)
    return Attack(name, program, _SQUARES, "any", limits=limits, layer="cleanup", why=why, **fields)


def _floods(
    name: str,
    why: str,
    program: str,
    *,
    expect: Literal["pass", "fail", "any"] = "fail",
    layer: str = "output",
    tests: Any = _LINES,
    style: Literal["call", "stdin", "assert"] = "stdin",
) -> Attack:
    limits = (("cpu_s", 1.0), ("output_mb", 2))
    return Attack(name, program, tests, expect, style, "solve", limits, layer, why)


_FILLING = (
    _fills(
        "one_big_file",
        "a file larger than a file may be",
        """\
def solve(x):
    with open("big", "wb") as file:
        for _ in range(150):
            file.write(bytes(1 << 20))
    return x * x
""",
    ),
    _fills(
        "big_file_signal_ignored",
        "SIGXFSZ is ignored, so that the write fails and may be tried again",
        """\
import os
import signal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def solve(x):
    fd = os.open("big", os.O_CREAT | os.O_WRONLY)
    written = 0
    for _ in range(150):
        try:
            written += os.write(fd, bytes(1 << 20))
        except OSError:
            pass
    return x * x if written > 100 << 20 else 0
""",
    ),
    _fills(
        "big_file_signal_default",
        "SIGXFSZ has its own way again: the program dies of it",
        """\
import signal

signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


def solve(x):
    with open("big", "wb", buffering=0) as file:
        for _ in range(150):
            file.write(bytes(1 << 20))
    return x * x
""",
    ),
    _fills(
        "file_limit_raised",
        "raises the limit on a file's size first",
        """\
import resource


def solve(x):
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    with open("big", "wb") as file:
        for _ in range(150):
            file.write(bytes(1 << 20))
    return x * x
""",
        layer="seccomp",
    ),
    _fills(
        "sparse_file",
        "a terabyte that takes no room until it is read",
        """\
def solve(x):
    with open("sparse", "wb") as file:
        file.truncate(1 << 40)
    return x * x
""",
    ),
    _fills(
        "file_set_aside",
        "posix_fallocate takes the room without writing",
        """\
import os


def solve(x):
    fd = os.open("reserved", os.O_CREAT | os.O_RDWR)
    os.posix_fallocate(fd, 0, 150 << 20)
    return x * x
""",
    ),
    _fills(
        "many_middling_files",
        "no file is too large; together they are 190 MB",
        """\
def solve(x):
    for i in range(19):
        with open(f"part{i}", "wb") as file:
            file.write(bytes(10 << 20))
    return x * x
""",
        expect="any",
        layer="namespaces",
    ),
    _fills(
        "many_empty_files",
        "no bytes, but an inode each",
        """\
import os


def solve(x):
    for i in range(20_000):
        os.close(os.open(f"empty{i}", os.O_CREAT | os.O_WRONLY))
    return x * x
""",
        expect="any",
        layer="namespaces",
    ),
    _fills(
        "removed_but_open",
        "files without a name that keep their room while they are open",
        """\
import os

held = []


def solve(x):
    for i in range(18):
        fd = os.open("ghost", os.O_CREAT | os.O_RDWR)
        os.unlink("ghost")
        os.write(fd, bytes(10 << 20))
        held.append(fd)
    return x * x
""",
        expect="any",
        layer="namespaces",
    ),
    _fills(
        "temporary_directory_of_the_machine",
        "writes beside its own directory, where others look",
        """\
import os


def solve(x):
    path = os.path.join("{shared_tmp}", "left_behind")
    with open(path, "wb") as file:
        file.write(bytes(1 << 20))
    return x * x
""",
        layer="landlock",
    ),
    _fills(
        "var_tmp",
        "a directory that every user may write to",
        """\
import os


def solve(x):
    path = f"/var/tmp/left{os.getpid()}"
    with open(path, "wb") as file:
        file.write(bytes(1 << 20))
    os.unlink(path)
    return x * x
""",
        layer="landlock",
    ),
)

_DESCRIPTORS = (
    _fills(
        "descriptors_used_up",
        "opens until it may not, and closes nothing",
        """\
import os


def solve(x):
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_000)]
    return x * x if len(held) == 1_000 else 0
""",
    ),
    _fills(
        "descriptors_used_up_by_pipes",
        "pipes, whose buffers are the kernel's memory",
        """\
import os


def solve(x):
    ends = []
    for _ in range(500):
        ends += os.pipe()
    return x * x
""",
    ),
    _fills(
        "descriptor_limit_raised",
        "raises the number of descriptors first",
        """\
import os
import resource


def solve(x):
    resource.setrlimit(resource.RLIMIT_NOFILE, (4_096, 4_096))
    held = [os.dup(0) for _ in range(1_000)]
    return x * x if held else 0
""",
        layer="seccomp",
    ),
    _fills(
        "descriptors_all_closed",
        "closes all it has, the way back to the grader with them",
        """\
import os


def solve(x):
    os.closerange(0, 4_096)
    return x * x
""",
        expect="any",
        layer="protocol",
    ),
    _fills(
        "descriptors_all_written",
        "writes an answer of its own to whatever is open",
        """\
import os


def solve(x):
    for fd in range(64):
        try:
            os.write(fd, b'{"r":9}\\n' * 20)
        except OSError:
            pass
    os._exit(0)
""",
        tests=(((3,), 9), ((4,), 16)),
        layer="protocol",
    ),
)

_LEFT_BEHIND = (
    _leaves(
        "deep_directories",
        "a path far longer than any path may be",
        """\
import os


def solve(x):
    for _ in range(3_000):
        os.mkdir("deeper")
        os.chdir("deeper")
    return x * x
""",
    ),
    _leaves(
        "deep_long_names",
        "deep, and each name as long as a name may be",
        """\
import os


def solve(x):
    for _ in range(300):
        os.mkdir("n" * 255)
        os.chdir("n" * 255)
    return x * x
""",
    ),
    _leaves(
        "locked_directory",
        "a directory without any permission, with a file in it",
        """\
import os


def solve(x):
    os.mkdir("locked")
    with open("locked/file", "w") as file:
        file.write("x")
    os.chmod("locked/file", 0)
    os.chmod("locked", 0)
    return x * x
""",
    ),
    _leaves(
        "locked_all_the_way",
        "nested directories, each locked after the one in it",
        """\
import os


def solve(x):
    path = "/".join(["down"] * 40)
    os.makedirs(path)
    while path:
        os.chmod(path, 0o100 if path.count("/") % 2 else 0)
        path = path.rpartition("/")[0]
    return x * x
""",
    ),
    _leaves(
        "locked_home",
        "takes away the permissions of the working directory itself",
        """\
import os


def solve(x):
    with open("file", "w") as file:
        file.write("x")
    os.chmod(".", 0)
    return x * x
""",
    ),
    _leaves(
        "symlinks_out",
        "links to what a careless cleanup would follow",
        """\
import os


def solve(x):
    os.symlink("{secret_file}", "secret")
    os.symlink("{shared_tmp}", "shared")
    os.symlink("/", "root")
    os.symlink(".", "loop")
    os.symlink("nowhere", "broken")
    return x * x
""",
    ),
    _leaves(
        "link_to_the_host",
        "a hard link would outlive the name in the directory",
        """\
import os


def solve(x):
    try:
        os.link("{secret_file}", "second_name")
    except OSError:
        pass
    return x * x
""",
    ),
    _leaves(
        "names_of_bytes",
        "names that are no text in any encoding",
        """\
import os


def solve(x):
    for name in (b"\\xff\\xfe", b"new\\nline", b" ", b"-rf", b"*", b"\\x1b[2J"):
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
    return x * x
""",
    ),
    _leaves(
        "pipes_in_the_directory",
        "a named pipe blocks whoever opens it",
        """\
import os
import socket


def solve(x):
    for make in (
        lambda: os.mkfifo("pipe"),
        lambda: os.mknod("device", 0o020600, os.makedev(1, 3)),
        lambda: socket.socket(socket.AF_UNIX).bind("socket"),
    ):
        try:
            make()
        except OSError:
            pass
    return x * x
""",
    ),
    _leaves(
        "directory_removed",
        "removes the directory that it runs in",
        """\
import os
import shutil


def solve(x):
    home = os.getcwd()
    os.mkdir("inner")
    os.chdir("inner")
    try:
        shutil.rmtree(home)
    except OSError:
        pass
    return x * x
""",
    ),
    _leaves(
        "module_planted",
        "a module with the name of a common one, for the next program to import",
        """\
def solve(x):
    for name in ("random.py", "json.py", "sitecustomize.py", "usercustomize.py"):
        with open(name, "w") as file:
            file.write("raise SystemExit(0)")
    return x * x
""",
    ),
    _leaves(
        "files_while_it_dies",
        "leaves files and is killed in the middle of it",
        """\
import os
import signal


def solve(x):
    for i in range(100):
        os.makedirs(f"half/done{i}", exist_ok=True)
        if i == 60:
            os.kill(os.getpid(), signal.SIGKILL)
    return x * x
""",
    ),
)

_STREAMS = (
    _floods(
        "endless_print",
        "print without end",
        """\
while True:
    print("9" * 1000)
""",
    ),
    _floods(
        "endless_write",
        "os.write goes past every object that a grader put in place of sys.stdout",
        """\
import os

block = b"9\\n" * 50_000
while True:
    os.write(1, block)
""",
    ),
    _floods(
        "endless_write_errors_caught",
        "goes on when a write fails",
        """\
import os

while True:
    try:
        os.write(1, b"9" * 1_000_000)
    except OSError:
        pass
""",
    ),
    _floods(
        "endless_stderr",
        "the other stream that is often not bounded",
        """\
import sys

print(int(input()) ** 2, flush=True)
while True:
    sys.stderr.write("warning " * 1000)
""",
    ),
    _floods(
        "endless_stdout_in_call",
        "prints from a function whose value is what is graded",
        """\
import os


def solve(x):
    while True:
        os.write(1, b"debug " * 10_000)
""",
        tests=_SQUARES,
        style="call",
    ),
    _floods(
        "one_huge_line",
        "one line of a hundred megabytes",
        """\
import sys

for _ in range(100):
    sys.stdout.write("9" * (1 << 20))
""",
    ),
    _floods(
        "answer_then_flood",
        "starts with the right line; what is cut off must not make it right",
        """\
import sys

print(int(input()) ** 2, flush=True)
for _ in range(40):
    sys.stdout.write(" \\n" * (1 << 16))
sys.stdout.write("and more")
""",
    ),
    _floods(
        "huge_traceback",
        "an error message of fifty megabytes",
        """\
raise ValueError("x" * 50_000_000)
""",
    ),
    _floods(
        "stdout_closed",
        "closes its output and ends with status zero",
        """\
import os

os.close(1)
print(int(input()) ** 2)
os._exit(0)
""",
        layer="protocol",
    ),
    _floods(
        "stdout_to_stderr",
        "turns its output over to the other stream",
        """\
import os

os.dup2(2, 1)
print(int(input()) ** 2)
""",
        layer="protocol",
    ),
    _floods(
        "write_after_close",
        "writes to a stream that it has closed",
        """\
import sys

sys.stdout.close()
print(int(input()) ** 2)
""",
        layer="protocol",
    ),
    _floods(
        "output_taken_back",
        "rewinds its output and writes over what it said before",
        """\
import os

os.write(1, b"12345\\n")
try:
    os.lseek(1, 0, os.SEEK_SET)
    os.ftruncate(1, 0)
except OSError:
    pass
print(int(input()) ** 2)
""",
        expect="any",
        layer="protocol",
    ),
    _floods(
        "stdout_made_huge",
        "where output is a file, a hole in it is a terabyte long",
        """\
import os

print(int(input()) ** 2, flush=True)
try:
    os.ftruncate(1, 1 << 40)
except OSError:
    os.lseek(1, 1 << 40, os.SEEK_SET)
    os.write(1, b"9")
""",
        layer="rlimits",
    ),
    _floods(
        "stdin_written",
        "writes to its own input",
        """\
import os

given = input()
try:
    os.write(0, b"more\\n")
except OSError:
    pass
print(int(given) ** 2)
""",
        expect="any",
        layer="protocol",
    ),
)

ATTACKS: tuple[Attack, ...] = (*_FILLING, *_DESCRIPTORS, *_LEFT_BEHIND, *_STREAMS)
