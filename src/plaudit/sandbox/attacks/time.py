"""Programs that do not end: loops and waits that a grader's own timer does not reach."""

from __future__ import annotations

from typing import Any

from plaudit.sandbox.attacks._attack import Attack

__all__ = ["ATTACKS"]

_SQUARES = (((3,), 9), ((5,), 25))
_LINES = (("3\n", "9\n"),)


def _spins(name: str, why: str, program: str, *, tests: Any = _SQUARES, **fields: Any) -> Attack:
    """Burns CPU time for ever, or far beyond the limit."""
    limits = (("cpu_s", 0.5), ("wall_s", 4.0))
    return Attack(name, program, tests, "fail", limits=limits, layer="cpu", why=why, **fields)


def _waits(name: str, why: str, program: str, *, tests: Any = _SQUARES, **fields: Any) -> Attack:
    """Uses no CPU time and does not end."""
    limits = (("cpu_s", 0.5), ("wall_s", 0.7))
    return Attack(name, program, tests, "fail", limits=limits, layer="wall", why=why, **fields)


_TIMERS = (
    _spins(
        "alarm_off_loop",
        "the grader's alarm is a timer of the program's own process",
        """\
import signal


def solve(x):
    signal.alarm(0)
    for which in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        signal.setitimer(which, 0)
    while x:
        pass
    return x * x
""",
    ),
    _spins(
        "alarm_handler_ignored",
        "a handler that the program sets replaces the grader's",
        """\
import signal

for number in range(1, signal.NSIG):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


def solve(x):
    while x:
        x += 1
    return x * x
""",
    ),
    _spins(
        "signals_blocked",
        "a blocked signal waits for as long as the program likes",
        """\
import signal

signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))


def solve(x):
    total = 0
    while total >= 0:
        total += x
    return x * x
""",
    ),
    _spins(
        "catch_base_exception_loop",
        "a timeout that is an exception can be caught",
        """\
def solve(x):
    while True:
        try:
            while True:
                x += 1
        except BaseException:
            continue
""",
    ),
    _spins(
        "catch_in_frames",
        "each frame catches, so that no exception reaches the top",
        """\
def layer(n):
    while True:
        try:
            if n:
                layer(n - 1)
            while True:
                n += 1
        except BaseException:
            n = 40


def solve(x):
    layer(40)
    return x * x
""",
    ),
    _spins(
        "finally_loop",
        "the block that cleans up after the timeout is the loop",
        """\
def solve(x):
    try:
        return x * x
    finally:
        while True:
            x ^= 1
""",
    ),
    _spins(
        "context_manager_loop",
        "leaving a `with` block calls the program",
        """\
class Door:
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        while True:
            pass


def solve(x):
    with Door():
        return x * x
""",
    ),
    _spins(
        "generator_refuses_close",
        "closing a generator raises in it, and it goes on",
        """\
def stubborn():
    while True:
        try:
            yield 1
        except BaseException:
            while True:
                pass


def solve(x):
    walk = stubborn()
    next(walk)
    walk.close()
    return x * x
""",
    ),
    _spins(
        "handler_that_loops",
        "the handler of the signal never returns",
        """\
import os
import signal


def forever(number, frame):
    while True:
        pass


def solve(x):
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGXCPU, signal.SIGINT):
        signal.signal(number, forever)
    os.kill(os.getpid(), signal.SIGALRM)
    return x * x
""",
    ),
)

_C_LOOPS = (
    _spins(
        "regex_backtracking",
        "exponential matching in C, where no Python signal handler runs",
        """\
import re


def solve(x):
    re.fullmatch(r"(?:(?:a|b|ab)+c?)+", "ab" * 40 + "!")
    return x * x
""",
    ),
    _spins(
        "regex_nested_stars",
        "the same by input: a pattern that looks harmless",
        """\
import re

WORDS = re.compile(r"^(\\w+\\s?)*$")


def solve(x):
    return x * x if WORDS.match("word" * 12 + "?") is None else 0
""",
    ),
    _spins(
        "big_power",
        "one multiplication of long integers lasts minutes",
        """\
def solve(x):
    return x * x if 7 ** (x * 40_000_000) else 0
""",
    ),
    _spins(
        "power_tower",
        "the text is short, the number is not",
        """\
def solve(x):
    tower = 9**9**9
    return x * x if tower else 0
""",
    ),
    _spins(
        "modular_power",
        "pow with three long arguments",
        """\
def solve(x):
    modulus = (1 << 1_000_003) - 1
    pow(3, (1 << 1_000_000) - 5, modulus)
    return x * x
""",
    ),
    _spins(
        "integer_to_text",
        "quadratic conversion once the limit on digits is lifted",
        """\
import sys

if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)


def solve(x):
    return x * x if len(str((1 << 12_000_000) - x)) else 0
""",
    ),
    _spins(
        "text_to_integer",
        "the way back is as slow",
        """\
import sys

if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)


def solve(x):
    while True:
        int("9" * 2_000_000)
""",
    ),
    _spins(
        "factorial",
        "math.factorial of ten million",
        """\
import math


def solve(x):
    return x * x if math.factorial(30_000_000) else 0
""",
    ),
    _spins(
        "sum_of_range",
        "a builtin that walks over 10**13 numbers",
        """\
def solve(x):
    return sum(range(10**13)) * 0 + x * x
""",
    ),
    _spins(
        "deque_of_count",
        "an endless iterator eaten in C, in constant memory",
        """\
import collections
import itertools


def solve(x):
    collections.deque(itertools.count(), maxlen=0)
    return x * x
""",
    ),
    _spins(
        "minimum_of_repeat",
        "min of something that has no end",
        """\
from itertools import repeat


def solve(x):
    return min(repeat(x)) * x
""",
    ),
    _spins(
        "largest_permutation",
        "all orders of sixteen things",
        """\
from itertools import permutations


def solve(x):
    return x * x if max(permutations(range(16))) else 0
""",
    ),
    _spins(
        "membership_in_product",
        "`in` over a product of 10**18 tuples",
        """\
from itertools import product


def solve(x):
    return x * x if (-1,) not in product(range(1000), repeat=6) else 0
""",
    ),
    _spins(
        "sort_again_and_again",
        "each sort of two million numbers is one call of C code",
        """\
import random


def solve(x):
    numbers = [random.random() for _ in range(200_000)] * 10
    while True:
        sorted(numbers)
""",
    ),
    _spins(
        "colliding_hashes",
        "integers that all have hash zero make a set quadratic",
        """\
def solve(x):
    prime = (1 << 61) - 1
    return x * x if len(set(range(0, prime * 60_000, prime))) else 0
""",
    ),
    _spins(
        "key_derivation",
        "a C loop that has given up the interpreter's lock",
        """\
import hashlib


def solve(x):
    hashlib.pbkdf2_hmac("sha256", b"a", b"b", 2**31 - 1)
    return x * x
""",
    ),
    _spins(
        "long_decimal",
        "a square root to thirty million places",
        """\
import decimal


def solve(x):
    decimal.getcontext().prec = 30_000_000
    return x * x if decimal.Decimal(2).sqrt() else 0
""",
    ),
)

_LATE = (
    _spins(
        "import_time_loop",
        "the loop runs before any function is called",
        """\
n = 1
while n:
    n += 1


def solve(x):
    return x * x
""",
    ),
    _spins(
        "decorator_loop",
        "the loop runs while the function is defined",
        """\
def forever(function):
    while True:
        function = forever


@forever
def solve(x):
    return x * x
""",
    ),
    _spins(
        "delete_loop",
        "__del__ runs where an exception cannot leave it",
        """\
class Ghost:
    def __del__(self):
        while True:
            pass


def solve(x):
    ghost = Ghost()
    del ghost
    return x * x
""",
    ),
    _spins(
        "collector_loop",
        "the garbage collector calls back",
        """\
import gc


def forever(phase, info):
    while True:
        pass


def solve(x):
    gc.callbacks.append(forever)
    gc.collect()
    return x * x
""",
    ),
    _spins(
        "trace_loop",
        "a trace function runs between the lines",
        """\
import sys


def forever(frame, event, value):
    while True:
        pass


def square(x):
    return x * x


def solve(x):
    sys.settrace(forever)
    return square(x)
""",
    ),
    _spins(
        "exit_handler_loop",
        "the answer is out, but the program does not end",
        """\
import atexit


@atexit.register
def forever():
    while True:
        pass


print(int(input()) ** 2)
""",
        tests=_LINES,
        style="stdin",
    ),
    _waits(
        "exit_handler_sleep",
        "a sleep on the way out",
        """\
import atexit
import time

atexit.register(time.sleep, 1000)
print(int(input()) ** 2)
""",
        tests=_LINES,
        style="stdin",
    ),
    _waits(
        "thread_never_ends",
        "a thread that is no daemon is waited for at the end",
        """\
import threading
import time


def linger():
    while True:
        time.sleep(100)


threading.Thread(target=linger).start()
print(int(input()) ** 2, flush=True)
""",
        tests=_LINES,
        style="stdin",
    ),
    _spins(
        "busy_threads",
        "the main thread waits while eight others burn time",
        """\
import threading


def burn():
    while True:
        pass


def solve(x):
    threads = [threading.Thread(target=burn, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return x * x
""",
    ),
    _spins(
        "thread_keeps_the_lock",
        "another thread never gives the interpreter back to the main thread",
        """\
import sys
import threading
import time

sys.setswitchinterval(10_000.0)


def burn():
    while True:
        pass


def solve(x):
    threading.Thread(target=burn, daemon=True).start()
    time.sleep(0.01)
    return x * x
""",
    ),
    _spins(
        "recursion_retried",
        "RecursionError is caught on the way up, so that the calls are a tree",
        """\
def dive(n):
    try:
        dive(n + 1)
    except RecursionError:
        pass
    try:
        dive(n + 1)
    except RecursionError:
        pass


def solve(x):
    dive(0)
    return x * x
""",
    ),
    _spins(
        "exponential_calls",
        "the honest slow solution",
        """\
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def solve(x):
    return fib(60 + x) * 0 + x * x
""",
    ),
    _spins(
        "answers_then_loops",
        "the right output is flushed before the loop",
        """\
print(int(input()) ** 2, flush=True)
while True:
    pass
""",
        tests=_LINES,
        style="stdin",
    ),
    _spins(
        "loop_under_assert",
        "the test's call does not come back",
        """\
def solve(x):
    while x == x:
        pass
    return x
""",
        tests="assert solve(1) == 1\nassert solve(2) == 2\n",
        style="assert",
    ),
)

_WAITING = (
    _waits(
        "sleep_for_ever",
        "no CPU time is used at all",
        """\
import time


def solve(x):
    time.sleep(10**6)
    return x * x
""",
    ),
    _waits(
        "sleep_again",
        "each sleep that is interrupted starts again",
        """\
import time


def solve(x):
    while True:
        try:
            time.sleep(1000)
        except BaseException:
            pass
""",
    ),
    _waits(
        "sleep_in_c",
        "libc sleeps while the interpreter's lock is held",
        """\
import ctypes


def solve(x):
    ctypes.PyDLL(None).sleep(1000)
    return x * x
""",
    ),
    _waits(
        "select_on_nothing",
        "waits for the first of no events",
        """\
import select


def solve(x):
    select.select([], [], [])
    return x * x
""",
    ),
    _waits(
        "pipe_to_itself",
        "reads what only it could write",
        """\
import os


def solve(x):
    reader, writer = os.pipe()
    return int(os.read(reader, 1)) + x * x
""",
    ),
    _waits(
        "lock_taken_twice",
        "a thread that waits for itself",
        """\
import threading

lock = threading.Lock()


def solve(x):
    with lock, lock:
        return x * x
""",
    ),
    _waits(
        "queue_without_writer",
        "Queue.get on an empty queue",
        """\
import queue


def solve(x):
    return queue.Queue().get() + x * x
""",
    ),
    _waits(
        "pause",
        "waits for a signal that does not come",
        """\
import signal


def solve(x):
    signal.pause()
    return x * x
""",
    ),
    _waits(
        "event_loop_for_ever",
        "asyncio with nothing to do",
        """\
import asyncio


async def wait():
    await asyncio.get_running_loop().create_future()


def solve(x):
    asyncio.run(wait())
    return x * x
""",
    ),
    _waits(
        "sleep_under_assert",
        "the tests wait with the program",
        """\
import time


def solve(x):
    time.sleep(10**6)
    return x
""",
        tests="assert solve(1) == 1\n",
        style="assert",
    ),
)


def _nested_finally(depth: int) -> str:
    """Every `finally` is compiled twice, the ones in it four times, and so on."""
    lines = []
    for level in range(depth):
        lines += [" " * level + "try:", " " * level + " x = 1", " " * level + "finally:"]
    return "\n".join(
        [*lines, " " * depth + "x = [x, x, x]", "", "def solve(x):", " return x * x\n"]
    )


_TRANSLATING = (
    Attack(
        "finally_compile_bomb",
        _nested_finally(19),
        _SQUARES,
        "fail",
        limits=(("cpu_s", 0.5), ("wall_s", 4.0), ("memory_mb", 256)),
        layer="cpu",
        why="2**19 copies of a block: the compiler itself is the loop",
    ),
    Attack(
        "sign_compile_bomb",
        "y = " + "-" * 200_000 + "1\n\n\ndef solve(x):\n    return x * x\n",
        _SQUARES,
        "fail",
        limits=(("cpu_s", 1.0),),
        why="an expression too deep for the parser must not end the grader",
    ),
    Attack(
        "bracket_compile_bomb",
        """\
def solve(x):
    return eval("(" * 150 + "x" + ")" * 150) * 0 + eval("[" * 50_000 + "]" * 50_000)
""",
        _SQUARES,
        "fail",
        limits=(("cpu_s", 1.0),),
        why="the same at run time, by eval",
    ),
    _spins(
        "long_source_bomb",
        "millions of lines are made and compiled",
        """\
def solve(x):
    while True:
        compile("a = b + c\\n" * 30_000, "bomb.py", "exec")
""",
    ),
    _spins(
        "constant_folding",
        "constants that the compiler works out before the program runs",
        "def solve(x):\n    return x * x\n\n\nfor n in range(10**9):\n"
        "    compile('y = ' + '+'.join(['(2**127-1)*3**70'] * 2000), 'fold.py', 'exec')\n",
    ),
    Attack(
        "recursion_in_c",
        """\
import sys

sys.setrecursionlimit(10**9)


def solve(x):
    one, two = [], []
    for _ in range(1_000_000):
        one, two = [one], [two]
    return x * x if one == two else 0
""",
        _SQUARES,
        "fail",
        limits=(("cpu_s", 4.0),),
        layer="rlimits",
        why="the recursion limit is lifted and the C stack overflows: the interpreter dies",
    ),
    Attack(
        "recursion_through_ctypes",
        """\
import ctypes
import sys

sys.setrecursionlimit(10**9)


def solve(x):
    dive = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda n: dive(n + 1))
    return dive(0) + x * x
""",
        _SQUARES,
        "fail",
        limits=(("cpu_s", 4.0),),
        layer="rlimits",
        why="Python and C call each other without a limit on recursion",
    ),
)

ATTACKS: tuple[Attack, ...] = (*_TIMERS, *_C_LOOPS, *_LATE, *_WAITING, *_TRANSLATING)
