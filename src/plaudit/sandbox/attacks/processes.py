"""Programs that start, leave behind or stop processes and threads.

None starts more than fifty processes, and none of these lives longer than twenty seconds, so that
they can be tried where nothing stops them.
"""

from __future__ import annotations

from typing import Any, Literal

from plaudit.sandbox.attacks._attack import Attack

__all__ = ["ATTACKS"]

_SQUARES = (((3,), 9),)
_LINES = (("3\n", "9\n"),)


def _forks(name: str, why: str, program: str, *, tests: Any = _SQUARES, **fields: Any) -> Attack:
    """Answers rightly only once it has another process."""
    return Attack(name, program, tests, "fail", layer="seccomp", why=why, **fields)


def _itself(
    name: str,
    why: str,
    program: str,
    *,
    expect: Literal["pass", "fail", "any"] = "fail",
    layer: str = "wall",
    tests: Any = _SQUARES,
    **fields: Any,
) -> Attack:
    """Turns against its own process or threads."""
    limits = (("cpu_s", 0.5), ("wall_s", 1.0))
    return Attack(name, program, tests, expect, limits=limits, layer=layer, why=why, **fields)


_BOMBS = (
    _forks(
        "fork_bomb",
        "os.fork, again and again",
        """\
import os
import time


def solve(x):
    for _ in range(40):
        if os.fork() == 0:
            time.sleep(10)
            os._exit(0)
    return x * x
""",
    ),
    _forks(
        "fork_bomb_posix",
        "the module below os still has what os was robbed of",
        """\
import posix
import time


def solve(x):
    for _ in range(40):
        if posix.fork() == 0:
            time.sleep(10)
            posix._exit(0)
    return x * x
""",
    ),
    _forks(
        "fork_bomb_libc",
        "libc knows nothing of what was taken out of a Python module",
        """\
import ctypes
import time

libc = ctypes.CDLL(None)


def solve(x):
    for _ in range(40):
        pid = libc.fork()
        if pid == 0:
            time.sleep(10)
            libc._exit(0)
        if pid < 0:
            raise OSError("no fork")
    return x * x
""",
    ),
    _forks(
        "fork_doubling",
        "children that fork: two, four, eight, sixteen, thirty-two",
        """\
import os
import time


def solve(x):
    me = os.getpid()
    for _ in range(5):
        os.fork()
    if os.getpid() != me:
        time.sleep(10)
        os._exit(0)
    return x * x
""",
    ),
    _forks(
        "fork_refused_answers",
        "carries on without children, and may: only what is left behind counts",
        """\
import os


def solve(x):
    children = []
    for _ in range(20):
        children.append(os.fork())
        if not children[-1]:
            os._exit(0)
    return x * x if all(children) else 0
""",
    ),
    _forks(
        "vfork_libc",
        "vfork is a system call of its own on some machines",
        """\
import ctypes

libc = ctypes.CDLL(None)


def solve(x):
    pid = libc.vfork()
    if pid == 0:
        libc._exit(0)
    if pid < 0:
        raise OSError("no vfork")
    return x * x
""",
    ),
    _forks(
        "clone_system_call",
        "clone by its number, with no library in between",
        """\
import ctypes
import platform
import signal

number = {"x86_64": 56, "aarch64": 220}[platform.machine()]
libc = ctypes.CDLL(None)


def solve(x):
    pid = libc.syscall(number, signal.SIGCHLD, None, None, None, None)
    if pid == 0:
        libc._exit(0)
    if pid < 0:
        raise OSError("no clone")
    return x * x
""",
    ),
    _forks(
        "clone3_system_call",
        "clone3 hands its flags over in memory, where no filter sees them",
        """\
import ctypes
import signal

libc = ctypes.CDLL(None)


def solve(x):
    fields = (ctypes.c_uint64 * 11)()
    fields[4] = signal.SIGCHLD
    pid = libc.syscall(435, ctypes.byref(fields), ctypes.sizeof(fields))
    if pid == 0:
        libc._exit(0)
    if pid < 0:
        raise OSError("no clone3")
    return x * x
""",
    ),
    _forks(
        "zombie_farm",
        "children that end and are never waited for",
        """\
import os


def solve(x):
    for _ in range(50):
        if os.fork() == 0:
            os._exit(0)
    return x * x
""",
    ),
    _forks(
        "multiprocessing_pool",
        "the library forks for the program",
        """\
import multiprocessing


def square(x):
    return x * x


def solve(x):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        return pool.map(square, [x])[0]
""",
        limits=(("cpu_s", 0.5), ("wall_s", 1.5)),
    ),
    _forks(
        "process_executor",
        "concurrent.futures starts processes as well",
        """\
import concurrent.futures
import sys

if __name__ == "__main__":
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        for power in pool.map(pow, [int(sys.stdin.read())], [2]):
            print(power)
""",
        tests=_LINES,
        style="stdin",
        limits=(("cpu_s", 0.5), ("wall_s", 1.5)),
    ),
)

_STARTERS = (
    _forks(
        "subprocess_shell",
        "a command line",
        """\
import subprocess


def solve(x):
    return int(subprocess.run(["/bin/sh", "-c", f"echo $(({x}*{x}))"], stdout=-1).stdout)
""",
    ),
    _forks(
        "system",
        "os.system starts a shell from C",
        """\
import os


def solve(x):
    if os.system("true") != 0:
        raise OSError("no shell")
    return x * x
""",
    ),
    _forks(
        "popen",
        "os.popen reads what a command writes",
        """\
import os


def solve(x):
    return int(os.popen(f"echo $(({x} * {x}))").read())
""",
    ),
    _forks(
        "posix_spawn",
        "starts a program without a fork of its own",
        """\
import os


def solve(x):
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", "sleep 10"], {})
    return x * x if pid > 0 else 0
""",
    ),
    _forks(
        "exec_shell",
        "the process becomes a shell, with the program's streams",
        """\
import os

os.execv("/bin/sh", ["sh", "-c", "read n; echo $((n * n))"])
""",
        tests=_LINES,
        style="stdin",
    ),
    _forks(
        "exec_interpreter",
        "a new interpreter that nobody has confined",
        """\
import os
import sys

os.execv(sys.executable, ["python", "-I", "-c", "print(int(input()) ** 2)"])
""",
        tests=_LINES,
        style="stdin",
    ),
    _forks(
        "exec_own_file",
        "a script that it has written itself",
        """\
import os

with open("run.sh", "w") as file:
    file.write("#!/bin/sh\\nread n\\necho $((n * n))\\n")
os.chmod("run.sh", 0o755)
os.execv("./run.sh", ["run.sh"])
""",
        tests=_LINES,
        style="stdin",
    ),
    _forks(
        "exec_from_memory",
        "a program that is in no file system",
        """\
import os

fd = os.memfd_create("shell", 0)
with open("/bin/sh", "rb") as file:
    os.write(fd, file.read())
os.execv(f"/proc/self/fd/{fd}", ["sh", "-c", "read n; echo $((n * n))"])
""",
        tests=_LINES,
        style="stdin",
    ),
    _forks(
        "pseudo_terminal",
        "a fork with a terminal",
        """\
import os
import pty


def solve(x):
    pid, fd = pty.fork()
    if pid == 0:
        os._exit(0)
    return x * x
""",
    ),
)

_SURVIVORS = (
    _forks(
        "daemon",
        "forks twice and leaves its session, so that no group kill finds it",
        """\
import os
import time


def solve(x):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(15)
        os._exit(0)
    return x * x
""",
    ),
    _forks(
        "daemon_deaf",
        "the same, with every signal ignored that can be",
        """\
import os
import signal
import time


def solve(x):
    if os.fork() == 0:
        os.setsid()
        for number in range(1, 32):
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError:
                pass
        time.sleep(15)
        os._exit(0)
    return x * x
""",
    ),
    _forks(
        "pipe_holder",
        "a child keeps standard output open, and its reader waits",
        """\
import os
import time

if os.fork() == 0:
    time.sleep(15)
    os._exit(0)
print(int(input()) ** 2)
""",
        tests=_LINES,
        style="stdin",
    ),
    _forks(
        "subprocess_survivor",
        "a command in a session of its own outlives the answer",
        """\
import subprocess


def solve(x):
    subprocess.Popen(["sleep", "15"], start_new_session=True)
    return x * x
""",
    ),
    _forks(
        "stopped_child",
        "a child that is stopped does not see a polite signal",
        """\
import os
import signal


def solve(x):
    pid = os.fork()
    if pid == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    return x * x
""",
    ),
    _forks(
        "child_answers",
        "the parent dies at once and a child goes on with the answer",
        """\
import os
import time

if os.fork():
    os._exit(0)
time.sleep(0.2)
print(int(input()) ** 2)
""",
        tests=_LINES,
        style="stdin",
    ),
)

_THREADS = (
    _itself(
        "thread_bomb",
        "five thousand threads: their stacks count as memory",
        """\
import threading

gate = threading.Event()


def solve(x):
    for _ in range(5_000):
        threading.Thread(target=gate.wait, args=(20,), daemon=True).start()
    return x * x
""",
        layer="rlimits",
    ),
    _itself(
        "raw_thread_bomb",
        "the same below the threading module, with errors swallowed",
        """\
import _thread
import time


def solve(x):
    started = 0
    for _ in range(3_000):
        try:
            _thread.start_new_thread(time.sleep, (20,))
            started += 1
        except RuntimeError:
            pass
    return x * x if started > 2_500 else 0
""",
        layer="rlimits",
    ),
    _itself(
        "thread_chain",
        "each thread starts the next one, and nobody waits for any",
        """\
import threading


def go_on():
    threading.Thread(target=go_on).start()


print(int(input()) ** 2, flush=True)
go_on()
""",
        expect="any",  # the interpreter may end between two threads, with the right output
        tests=_LINES,
        style="stdin",
    ),
    _itself(
        "thread_outlives_main",
        "the main thread leaves by pthread_exit; the process stays",
        """\
import ctypes
import threading
import time

threading.Thread(target=time.sleep, args=(20,)).start()
print(int(input()) ** 2, flush=True)
ctypes.PyDLL(None).syscall(60, 0)
""",
        tests=_LINES,
        style="stdin",
        expect="any",
    ),
)

_SIGNALS = (
    _itself(
        "stop_itself",
        "a stopped process neither ends nor uses time",
        """\
import os
import signal


def solve(x):
    os.kill(os.getpid(), signal.SIGSTOP)
    return x * x
""",
    ),
    _itself(
        "stop_itself_after_answer",
        "stops with the right output already written",
        """\
import os
import signal

print(int(input()) ** 2, flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
""",
        tests=_LINES,
        style="stdin",
    ),
    _itself(
        "kill_itself",
        "dies of SIGKILL, as if the grader had done it",
        """\
import os
import signal


def solve(x):
    os.kill(os.getpid(), signal.SIGKILL)
    return x * x
""",
        layer="protocol",
    ),
    _itself(
        "kill_itself_after_answer",
        "the output is right, but the program died",
        """\
import os
import signal

print(int(input()) ** 2, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
""",
        tests=_LINES,
        style="stdin",
        layer="protocol",
    ),
    _itself(
        "segmentation_fault",
        "reads from address zero",
        """\
import ctypes


def solve(x):
    ctypes.string_at(0)
    return x * x
""",
        layer="protocol",
    ),
    _itself(
        "abort",
        "ends as a failed assertion in C does",
        """\
import os


def solve(x):
    os.abort()
""",
        layer="protocol",
    ),
    _itself(
        "kill_all",
        "kill with -1 is every process that may be signalled",
        """\
import os
import signal


def solve(x):
    os.kill(-1, signal.SIGCONT)
    return x * x
""",
        layer="seccomp",
    ),
    _itself(
        "kill_group",
        "kill with 0 is the whole process group, the grader with it",
        """\
import os
import signal


def solve(x):
    os.kill(0, signal.SIGCONT)
    return x * x
""",
        layer="seccomp",
    ),
    _itself(
        "deaf_to_every_signal",
        "SIGTERM and SIGXCPU are ignored, and then it spins",
        """\
import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)


def solve(x):
    while True:
        x += 1
""",
        layer="cpu",
    ),
    _itself(
        "cpu_limit_raised",
        "the soft limit on CPU time is lifted as far as it goes",
        """\
import resource
import signal


def solve(x):
    signal.signal(signal.SIGXCPU, lambda *_: None)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
    while x:
        x += 1
""",
        layer="seccomp",
    ),
    _itself(
        "sessions_and_groups",
        "leaves the process group in which the grader would look for it",
        """\
import os


def solve(x):
    os.setsid()
    return x * x
""",
        layer="seccomp",
    ),
    _itself(
        "immune_to_parent",
        "asks to become the parent of orphans",
        """\
import ctypes


def solve(x):
    if ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) != 0:
        raise OSError("no subreaper")
    return x * x
""",
        layer="seccomp",
    ),
    _itself(
        "fork_under_assert",
        "the tests hang on the answer of a child",
        """\
import os
import time


def solve(x):
    if os.fork() == 0:
        return x * x
    time.sleep(15)
""",
        tests="assert solve(3) == 9\n",
        style="assert",
        layer="seccomp",
    ),
)

ATTACKS: tuple[Attack, ...] = (*_BOMBS, *_STARTERS, *_SURVIVORS, *_THREADS, *_SIGNALS)
