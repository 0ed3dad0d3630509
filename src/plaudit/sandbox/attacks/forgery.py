"""Programs that would rather be graded well than be right: by exit, by comparison, by verdict."""

from __future__ import annotations

from typing import Any

from plaudit.sandbox.attacks._attack import Attack

__all__ = ["ATTACKS"]

_SQUARES = (((3,), 9), ((5,), 25))
_LINES = (("3\n", "9\n"), ("5\n", "25\n"))
_CHECKS = "assert solve(3) == 9\nassert solve(5) == 25\n"


def _call(name: str, why: str, program: str, *, tests: Any = _SQUARES, **fields: Any) -> Attack:
    """Returns the wrong value, and means to be believed."""
    return Attack(name, program, tests, "fail", why=why, **fields)


def _line(name: str, why: str, program: str, *, tests: Any = _LINES, **fields: Any) -> Attack:
    """Prints the wrong lines."""
    return Attack(name, program, tests, "fail", "stdin", why=why, **fields)


def _checked(name: str, why: str, program: str, *, tests: str = _CHECKS, **fields: Any) -> Attack:
    """Is asked by test code that runs elsewhere."""
    return Attack(name, program, tests, "fail", "assert", why=why, **fields)


_EXITS = (
    _call(
        "exit_in_call",
        "status 0 is not a verdict",
        """\
import sys


def solve(x):
    sys.exit(0)
""",
    ),
    _call(
        "exit_at_module_level",
        "the tests behind the program are never reached",
        """\
import sys


def solve(x):
    return 0


sys.exit(0)
""",
    ),
    _call(
        "raw_exit_in_call",
        "os._exit skips every `finally` of the grader",
        """\
import os


def solve(x):
    os._exit(0)
""",
    ),
    _line(
        "raw_exit_at_module_level",
        "the same before anything is read or printed",
        """\
import os

os._exit(0)
""",
    ),
    _call(
        "obfuscated_exit",
        "a search through the source does not see it",
        """\
def solve(x):
    getattr(__import__("".join(map(chr, (111, 115)))), "tixe_"[::-1])(0)
""",
    ),
    _call(
        "libc_exit",
        "libc's exit is reached past patched Python functions",
        """\
import ctypes


def solve(x):
    ctypes.CDLL(None).exit(0)
""",
    ),
    _call(
        "system_call_exit",
        "the system call itself, past libc",
        """\
import ctypes
import os


def solve(x):
    number = {"x86_64": 231, "aarch64": 94}.get(os.uname().machine, 231)
    ctypes.CDLL(None).syscall(number, 0)
    return 0
""",
    ),
    _line(
        "exit_handler",
        "the last word on the exit code is the program's",
        """\
import atexit
import os

atexit.register(os._exit, 0)
print(int(input()) + 1)
raise ValueError("would be exit code 1")
""",
    ),
    _line(
        "exception_hook",
        "an unhandled exception ends with status 0",
        """\
import os
import sys

sys.excepthook = lambda *error: os._exit(0)
raise ValueError("would be exit code 1")
""",
    ),
    _call(
        "unraisable_hook",
        "an exception that cannot be raised calls a hook, which ends the process",
        """\
import os
import sys

sys.unraisablehook = lambda about: os._exit(0)


class Ghost:
    def __del__(self):
        raise ValueError


def solve(x):
    Ghost()
    return 0
""",
    ),
    _call(
        "thread_exit",
        "another thread ends the process while the call runs",
        """\
import os
import threading
import time


def solve(x):
    threading.Thread(target=os._exit, args=(0,), daemon=True).start()
    time.sleep(0.2)
    return 0
""",
    ),
    _call(
        "finalizer_exit",
        "the value that is returned ends the process when the grader lets go of it",
        """\
import os


class Bomb(int):
    def __del__(self):
        os._exit(0)


def solve(x):
    return Bomb(x)
""",
    ),
    _call(
        "signal_exit",
        "a timer of the program's own ends it between two instructions of the grader",
        """\
import os
import signal

signal.signal(signal.SIGALRM, lambda *about: os._exit(0))


def solve(x):
    signal.setitimer(signal.ITIMER_REAL, 0.0001)
    return 0
""",
    ),
    _call(
        "lying_exit_exception",
        "a subclass of SystemExit whose code is whatever is asked for",
        """\
class Leave(SystemExit):
    code = property(lambda self: 0)

    def __bool__(self):
        return True

    def __eq__(self, other):
        return True

    __hash__ = SystemExit.__hash__


def solve(x):
    raise Leave("passed")
""",
    ),
    _call(
        "generator_exit",
        "closing the generator that is returned ends the process",
        """\
import os


def solve(x):
    try:
        while True:
            yield x
    finally:
        os._exit(0)
""",
    ),
    _call(
        "truth_exit",
        "looking at the value ends the process",
        """\
import os


class Trap:
    def __bool__(self):
        os._exit(0)

    __len__ = __iter__ = __repr__ = __eq__ = __hash__ = __str__ = __bool__


def solve(x):
    return Trap()
""",
    ),
    _call(
        "collector_exit",
        "the garbage collector calls back in the grader's code",
        """\
import gc
import os


def solve(x):
    gc.callbacks.append(lambda *about: os._exit(0))
    gc.set_threshold(1)
    return [[] for _ in range(10)]
""",
    ),
    _call(
        "trace_exit",
        "the profiler is called as soon as the function returns",
        """\
import os
import sys


def solve(x):
    sys.setprofile(lambda frame, event, value: event == "return" and os._exit(0))
    return 0
""",
    ),
    _line(
        "exit_after_success_text",
        "the words of a test runner and status 0",
        """\
print("Ran 2 tests in 0.001s\\n\\nOK")
print("All tests passed")
raise SystemExit(0)
""",
    ),
    _line(
        "exec_true",
        "the process becomes one that ends with status 0",
        """\
import os

os.execv("/bin/true", ["true"])
""",
        layer="seccomp",
    ),
    _call(
        "tail_swallowed",
        "tests that are appended to the program land in a branch that is not taken",
        """\
def solve(x):
    return 0


if __name__ == "nobody":
    pass; \\
""",
    ),
    _checked(
        "exit_under_assert",
        "the tests do not end with the program",
        """\
import os


def solve(x):
    os._exit(0)
""",
    ),
    _checked(
        "exit_exception_under_assert",
        "SystemExit crosses the tests and looks like their end",
        """\
def solve(x):
    raise SystemExit(0)
""",
    ),
    _checked(
        "skip_under_assert",
        "a skipped test is no passed one",
        """\
import unittest


def solve(x):
    raise unittest.SkipTest("not today")
""",
    ),
)

_COMPARISONS = (
    _call(
        "always_equal",
        "`result == expected` asks the result",
        """\
class Everything:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = object.__hash__


def solve(x):
    return Everything()
""",
    ),
    _call(
        "always_equal_integer",
        "an int for isinstance, an ally for ==",
        """\
class Number(int):
    __eq__ = __le__ = __ge__ = lambda self, other: True
    __ne__ = __lt__ = __gt__ = lambda self, other: False
    __hash__ = int.__hash__
    __sub__ = __rsub__ = __abs__ = lambda self, *other: Number(0)


def solve(x):
    return Number(0)
""",
    ),
    _call(
        "always_equal_text",
        "the methods that a tolerant grader calls first give the same",
        """\
class Text(str):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = str.__hash__
    strip = lower = split = casefold = replace = lambda self, *args: self


def solve(x):
    return Text("?")
""",
        tests=((("a",), "b"), (("c",), "d")),
    ),
    _call(
        "always_equal_list",
        "as long as one likes, with whatever elements",
        """\
class Items(list):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __len__ = lambda self: 2
    __iter__ = lambda self: iter((1, 2))


def solve(x):
    return Items()
""",
        tests=(((0,), [1, 2]), ((1,), [1, 2])),
    ),
    _call(
        "always_near_float",
        "every difference to it is zero",
        """\
class Near(float):
    __eq__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = lambda self, *other: 0.0
    __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
    __hash__ = float.__hash__


def solve(x):
    return Near(0.0)
""",
        tests=(((2,), 1.5), ((3,), 2.5)),
    ),
    _call(
        "not_a_number",
        "nan is not less than, not greater than and not different enough from anything",
        """\
def solve(x):
    return float("nan")
""",
        tests=(((2,), 1.5), ((3,), 2.5)),
    ),
    _call(
        "always_equal_dict",
        "a dict that has every key",
        """\
class Every(dict):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __contains__ = lambda self, key: True
    __missing__ = lambda self, key: self
    __len__ = lambda self: 1
    keys = lambda self: {"a": 1}.keys()
    items = lambda self: {"a": 1}.items()


def solve(x):
    return Every()
""",
        tests=(((1,), {"a": 1}), ((2,), {"a": 1})),
    ),
    _call(
        "always_equal_set",
        "contains everything, lacks nothing",
        """\
class Every(frozenset):
    __eq__ = issubset = issuperset = __contains__ = lambda self, other: True
    __sub__ = __rsub__ = __xor__ = __rxor__ = lambda self, other: frozenset()
    __hash__ = frozenset.__hash__


def solve(x):
    return Every()
""",
        tests=(((1,), {1, 2}), ((2,), {3})),
    ),
    _call(
        "class_spoof",
        "isinstance believes __class__",
        """\
class Spy:
    __class__ = property(lambda self: int)
    __eq__ = lambda self, other: True
    __hash__ = lambda self: 9
    __index__ = __int__ = __trunc__ = lambda self: 9


def solve(x):
    return Spy()
""",
    ),
    _call(
        "metaclass_spoof",
        "a class that says of itself that it is int and equal to it",
        """\
class Meta(type):
    __eq__ = __instancecheck__ = __subclasscheck__ = lambda self, other: True
    __hash__ = lambda self: hash(int)
    __mro__ = property(lambda self: (int, object))
    __name__ = property(lambda self: "int")
    __module__ = "builtins"


class Spy(metaclass=Meta):
    __eq__ = lambda self, other: True
    __hash__ = object.__hash__


def solve(x):
    return Spy()
""",
    ),
    _call(
        "forged_order_of_classes",
        "mro() is a method, and the program may write it",
        """\
class Meta(type):
    def mro(self):
        return [self, Every, object]


class Every:
    __eq__ = lambda self, other: True
    __hash__ = None


class Spy(Every, metaclass=Meta):
    pass


def solve(x):
    return Spy()
""",
    ),
    _call(
        "class_changed_later",
        "the class is given its __eq__ after it has been looked at",
        """\
import threading
import time


class Number(int):
    pass


def change():
    time.sleep(0.001)
    Number.__eq__ = lambda self, other: True


def solve(x):
    threading.Thread(target=change, daemon=True).start()
    return Number(0)
""",
    ),
    _call(
        "patched_builtins",
        "what the grader calls in this process is the program's",
        """\
import builtins

for name in ("all", "any", "isinstance", "callable", "hasattr", "issubclass"):
    setattr(builtins, name, lambda *args, **keywords: True)
for name in ("abs", "len", "sum", "round", "hash"):
    setattr(builtins, name, lambda *args, **keywords: 0)
for name in ("str", "repr", "sorted", "set", "type"):
    setattr(builtins, name, lambda *args, **keywords: "same")
builtins.AssertionError = Warning


def solve(x):
    return 0
""",
    ),
    _call(
        "patched_isclose",
        "a tolerance is what math.isclose says",
        """\
import cmath
import math
import operator

math.isclose = cmath.isclose = operator.eq = lambda *args, **keywords: True
math.isnan = math.fabs = operator.ne = lambda *args, **keywords: False


def solve(x):
    return 0.0
""",
        tests=(((2,), 1.5), ((3,), 2.5)),
    ),
    _call(
        "patched_json",
        "the result goes out through the program's own json",
        """\
import json
import json.encoder

FORGED = '{"r":true,"passed":true,"status":"passed","result":1}'
json.dumps = lambda *args, **keywords: FORGED
json.JSONEncoder.encode = json.encoder.JSONEncoder.encode = lambda *args: FORGED
json.JSONEncoder.iterencode = lambda *args: iter([FORGED])
json.loads = json.load = json.JSONDecoder.decode = lambda *args, **keywords: [True]
json.encoder.encode_basestring_ascii = lambda text: '"passed"'


def solve(x):
    return {"a": "b"}
""",
    ),
    _call(
        "patched_re",
        "everything matches, nothing is cut out",
        """\
import re


class Found:
    group = lambda self, *args: "9"
    groups = lambda self: ("9",)
    __bool__ = lambda self: True


re.match = re.search = re.fullmatch = lambda *args, **keywords: Found()
re.findall = re.split = lambda *args, **keywords: ["9", "25"]
re.compile = lambda *args, **keywords: re


def solve(x):
    return "nothing"
""",
        tests=((("a",), "9"), (("b",), "25")),
    ),
    _call(
        "patched_numbers",
        "Fraction, Decimal and their friends compare as the program likes",
        """\
import decimal
import fractions
import numbers

fractions.Fraction.__eq__ = lambda self, other: True
numbers.Number.__instancecheck__ = lambda self, other: True
decimal.getcontext().prec = 1


def solve(x):
    return fractions.Fraction(1, 3)
""",
        tests=(((2,), 0.5), ((3,), 0.25)),
    ),
    _call(
        "patched_unittest",
        "assertEqual does nothing any more",
        """\
import unittest

for name in dir(unittest.TestCase):
    if name.startswith("assert") or name in ("fail", "failUnless"):
        setattr(unittest.TestCase, name, lambda *args, **keywords: None)
unittest.TestResult.wasSuccessful = lambda self: True


def solve(x):
    return 0
""",
    ),
    _call(
        "rewritten_small_integers",
        "9 is an object in memory, and in this process it becomes 8",
        """\
import ctypes
import sys

HEAD = object.__basicsize__


def solve(x):
    size = sys.getsizeof(8) - HEAD
    for number in (9, 25):
        ctypes.memmove(id(number) + HEAD, id(8) + HEAD, size)
    return 8
""",
    ),
    _call(
        "alternating_value",
        "each look at the object shows something else",
        """\
import itertools


class Changing:
    count = itertools.count()
    __eq__ = lambda self, other: next(self.count) % 2 == 0
    __int__ = __index__ = __hash__ = lambda self: next(self.count)
    __float__ = lambda self: float(next(self.count))


def solve(x):
    return Changing()
""",
        tests=(((1,), 0), ((2,), 1)),
    ),
)

ATTACKS: tuple[Attack, ...] = (*_EXITS, *_COMPARISONS)
