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
    def __bool__(self, *others):
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

_PAIR = (("2\n", "4\n8\n"), ("3\n", "9\n27\n"))

_VERDICTS = (
    _call(
        "verdict_in_frames",
        "lists and dicts of results lie in the frames above; whoever appends first has won",
        """\
import sys


def solve(x):
    frame = sys._getframe(1)
    while frame:
        for held in (*frame.f_locals.values(), *frame.f_globals.values()):
            if type(held) is list:
                held.insert(0, "passed")
            elif type(held) is dict and held is not frame.f_globals:
                held.update(passed=True, status="success", result=True)
        frame = frame.f_back
    sys.exit(0)
""",
    ),
    _call(
        "verdict_in_shared_memory",
        "a shared Value or Array of the grader is found by its type",
        """\
import ctypes
import gc
import os


def solve(x):
    for held in gc.get_objects():
        held = getattr(held, "_obj", held)
        try:
            if isinstance(held, ctypes._SimpleCData):
                held.value = 1
            elif isinstance(held, ctypes.Array):
                held[:] = [1] * len(held)
        except Exception:
            pass
    os._exit(0)
""",
    ),
    _call(
        "grader_functions_replaced",
        "functions of every loaded module that judge by their name",
        """\
import sys

WORDS = ("match", "same", "equal", "compare", "check", "verify", "grade", "close", "passed")

for module in list(sys.modules.values()):
    for name, held in list(vars(module).items()) if hasattr(module, "__dict__") else ():
        if any(word in name.lower() for word in WORDS) and callable(held):
            try:
                setattr(module, name, lambda *args, **keywords: True)
            except (AttributeError, TypeError):
                pass


def solve(x):
    return 0
""",
    ),
    _call(
        "grader_code_replaced",
        "the code of a function can be replaced where the function itself is held fast",
        """\
import gc
import types

WORDS = ("matches", "same", "_same", "equal", "compare", "encode", "dumps")


def yes(*args, **keywords):
    return b'{"r":true}'


def solve(x):
    for held in gc.get_objects():
        if isinstance(held, types.FunctionType) and held.__name__ in WORDS:
            try:
                held.__code__ = yes.__code__
                held.__defaults__ = held.__kwdefaults__ = None
            except ValueError:
                pass
    return 0
""",
    ),
    _call(
        "encoder_of_the_runner",
        "whatever turns the value into a message is found above the call and robbed of its work",
        """\
import sys


class Said(str):
    def encode(self, *args):
        return b'{"r":1,"passed":true,"ok":true}'


def solve(x):
    frame = sys._getframe(1)
    for name in list(frame.f_locals):
        if callable(frame.f_locals[name]):
            frame.f_globals[name] = lambda *args: Said()
    for name in list(frame.f_globals):
        if not name.startswith("__") and callable(frame.f_globals[name]):
            frame.f_globals[name] = lambda *args: Said()
    return 0
""",
    ),
    _call(
        "verdict_on_every_descriptor",
        "a line that says passed, in the forms that graders use, wherever one can write",
        """\
import json
import os

WORDS = ("passed", "success", "ok", "AC", "Accepted", True, 1, "PASS")
LINES = [json.dumps({k: w}) for k in ("status", "result", "verdict", "passed", "r") for w in WORDS]
TEXT = "\\n".join([*LINES, "passed", "[true, true]", "True", ""]).encode()
for fd in range(256):
    try:
        os.write(fd, TEXT)
    except OSError:
        pass


def solve(x):
    os._exit(0)
""",
    ),
    _call(
        "verdict_pickled",
        "pools take what arrives on their pipes for pickles of tuples",
        """\
import os
import pickle
import struct

for verdict in ("passed", True, (0, True), (True, [True, True]), {"passed": True}):
    data = pickle.dumps(verdict)
    for fd in range(3, 64):
        try:
            os.write(fd, struct.pack("!i", len(data)) + data)
        except OSError:
            pass


def solve(x):
    os._exit(0)
""",
    ),
    _call(
        "replies_ahead",
        "a hundred guesses, one of which is right, before the first question",
        """\
import os

for fd in range(3, 64):
    try:
        os.write(fd, b"".join(b'{"r":%d}\\n' % guess for guess in range(100)))
    except OSError:
        pass


def solve(x):
    return 0
""",
    ),
    _call(
        "replies_in_place_of_replies",
        "the file of the replies is emptied and written anew when the process ends",
        """\
import atexit
import os


def forge():
    for fd in range(3, 64):
        try:
            os.lseek(fd, 0, os.SEEK_SET)
            os.ftruncate(fd, 0)
            os.write(fd, b'{"r":{"o":{"type":"int","true":true}}}\\n{"r":true}\\n')
        except OSError:
            pass


atexit.register(forge)


def solve(x):
    return 0
""",
    ),
    _call(
        "replies_all_at_once",
        "all guesses in one reply, in the hope that one of them is compared",
        """\
import json
import os


def solve(x):
    guess = {"d": [[number, number] for number in range(100)]}
    os.write(3, json.dumps({"r": guess, "x": None}).encode() + b"\\n")
    os._exit(0)
""",
    ),
    _call(
        "replies_with_many_lines",
        "more replies than questions: which of them is the last?",
        """\
import os


def solve(x):
    os.write(3, b'{"r":0}\\n' * 5000 + b'{"r":9}\\n{"r":25}\\n')
    os._exit(0)
""",
    ),
    _call(
        "descriptors_changed",
        "closed and opened again, so that the grader writes to the program's own files",
        """\
import os

os.closerange(0, 256)
for _ in range(8):
    os.open("mine", os.O_RDWR | os.O_CREAT)


def solve(x):
    return 9 if os.path.getsize("mine") else 0
""",
    ),
    _call(
        "streams_crossed",
        "replies go to standard output, and what is printed is the reply",
        """\
import os

kept = os.dup(1)
os.dup2(3, 1)
os.dup2(kept, 3)
print('{"r":true}', flush=True)


def solve(x):
    print('{"r":true}', flush=True)
    return 0
""",
    ),
    _call(
        "result_files",
        "files of the names under which graders look for results",
        """\
import json
import os

VERDICT = {"passed": True, "status": "success", "result": [True, True], "score": 1.0, "r": 9}
for name in ("result", "result.json", "results.json", "verdict", "output.json", "report.json"):
    with open(name, "w") as file:
        json.dump(VERDICT, file)
with open("report.xml", "w") as file:
    file.write('<testsuite tests="2" failures="0" errors="0"/>')
with open("result.txt", "w") as file:
    file.write("passed")


def solve(x):
    os._exit(0)
""",
    ),
    _call(
        "system_to_blame",
        "says that the sandbox has failed: who cannot be measured is not counted as wrong",
        """\
import os

os.write(2, b"sandbox: OSError: [Errno 28] No space left on device")
os._exit(97)


def solve(x):
    return 0
""",
    ),
    _line(
        "system_to_blame_by_signal",
        "dies as if the kernel had been short of memory, with the words for it",
        """\
import os
import signal
import sys

print("sandbox: the program was not started", file=sys.stderr)
print('{"failed": "slot died"}', file=sys.stderr, flush=True)
os.kill(os.getpid(), signal.SIGBUS)
""",
    ),
    _checked(
        "system_to_blame_under_assert",
        "the same while the tests wait",
        """\
import os


def solve(x):
    os.ftruncate(2, 0)
    os.lseek(2, 0, os.SEEK_SET)
    os.write(2, b"sandbox: MemoryError: ")
    os._exit(97)
""",
    ),
    _call(
        "recursion_limit_lowered",
        "the grader's own code has no frame left to call anything, and fails open",
        """\
import sys


def depth():
    frame, count = sys._getframe(), 0
    while frame:
        frame, count = frame.f_back, count + 1
    return count


def solve(x):
    sys.setrecursionlimit(depth() + 1)
    return 0
""",
    ),
    _call(
        "assertions_redefined",
        "AssertionError is what nobody catches, and `check` what the program says",
        """\
import builtins


def check(candidate):
    return True


test = verify = main = check
builtins.AssertionError = builtins.Exception = KeyError


def solve(x):
    return None
""",
    ),
    _call(
        "assertions_stepped_over",
        "a trace function jumps over the lines that check",
        """\
import sys


def step(frame, event, value):
    if event == "line" and frame.f_code.co_name in ("<module>", "check", "grade", "run"):
        try:
            frame.f_lineno += 1
        except ValueError:
            pass
    return step


def solve(x):
    frame = sys._getframe()
    sys.settrace(step)
    while frame:
        frame.f_trace = step
        frame = frame.f_back
    return 0
""",
    ),
    _call(
        "time_turned_off",
        "clocks and alarms of this process are the program's",
        """\
import signal
import time

time.time = time.monotonic = time.perf_counter = time.process_time = lambda: 0.0
signal.alarm(0)
signal.signal = signal.alarm = signal.setitimer = lambda *args: None


def solve(x):
    return 0
""",
    ),
)

_OUTPUTS = (
    _line("nothing_printed", "no lines are compared with no lines", "input()\n"),
    _line(
        "first_line_only",
        "zip stops with the shorter of the two",
        "print(int(input()) ** 2)\n",
        tests=_PAIR,
    ),
    _line(
        "lines_in_another_order",
        "a set has no order",
        "n = int(input())\nprint(n**3)\nprint(n**2)\n",
        tests=_PAIR,
    ),
    _line(
        "lines_twice",
        "a set counts nothing",
        "n = int(input())\nprint(n**2, n**3, n**2, sep='\\n')\n",
        tests=_PAIR,
    ),
    _line(
        "every_number",
        "the right line is among them",
        "for i in range(1000):\n    print(i)\n",
    ),
    _line(
        "right_at_the_end",
        "only the last line is looked at",
        "n = int(input())\nprint('thinking...')\nprint(n**2)\n",
    ),
    _line(
        "right_at_the_beginning",
        "only the first is",
        "n = int(input())\nprint(n**2)\nprint('done')\n",
    ),
    _line(
        "right_with_more",
        "startswith and `in` are no comparisons",
        "n = int(input())\nprint(f'{n**2} or {n**2 + 1}')\n",
    ),
    _line(
        "other_digits",
        "int() reads digits of all scripts",
        "n = int(input())\nprint(str(n**2).translate({48 + i: 0x0660 + i for i in range(10)}))\n",
    ),
    _line(
        "overwritten_on_the_screen",
        "what a terminal shows is right",
        "n = int(input())\nprint(f'{n}\\r{n**2}')\nprint(f'wrong\\x1b[2K\\b\\b\\b\\b\\b')\n",
    ),
    _line(
        "printed_to_the_other_stream",
        "standard error is joined to standard output",
        "import sys\n\nprint(int(input()) ** 2, file=sys.stderr)\n",
    ),
    _line(
        "right_and_then_an_error",
        "the output is right, the program has failed",
        "print(int(input()) ** 2, flush=True)\nraise SystemExit(3)\n",
    ),
    _line(
        "right_and_then_a_crash",
        "the output is right, the interpreter is dead",
        "import os\n\nprint(int(input()) ** 2, flush=True)\nos.abort()\n",
    ),
    _line(
        "input_as_output",
        "what is read is printed",
        "import sys\n\nprint(sys.stdin.read())\n",
    ),
    _line(
        "output_full_of_holes",
        "a file of a terabyte that has no contents",
        """\
import os

print(int(input()) ** 2, flush=True)
os.ftruncate(1, 1 << 30)
os.lseek(1, 1 << 30, os.SEEK_SET)
os.write(1, b"end")
""",
        layer="rlimits",
    ),
    _line(
        "output_withdrawn",
        "wrong output is cut off again, and what is left is nothing",
        """\
import os

print(int(input()) + 1, flush=True)
os.ftruncate(1, 0)
""",
    ),
    _line(
        "output_with_zeros",
        "a C string ends at the first zero byte",
        "n = int(input())\nprint(f'{n**2}\\n\\0wrong')\n",
    ),
)

_NEAR = "def check(candidate):\n    assert abs(candidate(3) - 9) < 1e-6\n\n\ncheck(solve)\n"


def _said(name: str, why: str, messages: str, *, tests: str = _CHECKS) -> Attack:
    """Writes messages of its own to the tests before they ask; an expression of their bytes."""
    program = f"""\
import os

MESSAGES = {messages}
for fd in range(3, 64):
    try:
        os.write(fd, MESSAGES)
    except OSError:
        pass


def solve(x):
    return 0
"""
    return Attack(name, program, tests, "fail", "assert", why=why)


_JUDGED = (
    _checked(
        "class_near_everything",
        "the function is a class, and the difference to its object is zero",
        """\
class solve:
    def __init__(self, x):
        pass

    def __sub__(self, other):
        return 0

    __rsub__ = __sub__
""",
        tests=_NEAR,
    ),
    _checked(
        "class_between_everything",
        "its objects are less than this and more than that",
        """\
class solve:
    def __init__(self, x):
        pass

    __lt__ = __gt__ = __le__ = __ge__ = lambda self, other: True
""",
        tests="assert 8 < solve(3) < 10\nassert 8 <= solve(3) <= 10\n",
    ),
    _checked(
        "class_with_everything",
        "its objects contain whatever is looked for",
        """\
class solve:
    def __init__(self, x):
        pass

    def __contains__(self, item):
        return True
""",
        tests="assert 9 in solve(3)\nassert 'a' in solve(4)\n",
    ),
    _checked(
        "class_equal_to_everything",
        "its objects equal whatever they are compared with",
        """\
class solve(int):
    def __new__(cls, x):
        return int.__new__(cls, 0)

    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = None
""",
    ),
    _checked(
        "metaclass_near_everything",
        "the function returns a class, whose operators are those of its own class",
        """\
class Meta(type):
    __sub__ = __rsub__ = __abs__ = lambda self, *other: 0
    __eq__ = __lt__ = __gt__ = lambda self, other: True
    __hash__ = type.__hash__


class Near(metaclass=Meta):
    pass


def solve(x):
    return Near
""",
        tests=_NEAR + "assert solve(3) == 9\n",
    ),
    _checked(
        "object_near_everything",
        "the function returns an object with operators",
        """\
class Near(float):
    __sub__ = __rsub__ = __abs__ = __round__ = lambda self, *other: 0.0
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = lambda self, other: True
    __hash__ = float.__hash__


def solve(x):
    return Near(0)
""",
        tests=_NEAR + "assert round(solve(3) - 9, 3) == 0\n",
    ),
    _checked(
        "nan_near_everything",
        "a number that is none: its size is not less, not greater",
        """\
def solve(x):
    return float("nan")
""",
        tests=_NEAR,
    ),
    _checked(
        "helpers_redefined",
        "names that the tests use are the program's in one namespace",
        """\
import math

math.isclose = lambda *args, **keywords: True


def always(*args, **keywords):
    return True


isclose = all = any = isinstance = callable = always
check = test = assert_equal = verify = always


def abs(x):
    return 0


def sorted(x):
    return 0


len = sum = round = sorted
AssertionError = KeyError


def solve(x):
    return 0
""",
        tests="""\
import math


def check(candidate):
    assert abs(candidate(3) - 9) < 1e-6
    assert math.isclose(candidate(4), 16)
    assert isinstance(candidate(3), int) and candidate(3) == 9
    assert sorted([candidate(1), candidate(2)]) == [1, 4]


check(solve)
""",
    ),
    _checked(
        "loops_emptied",
        "the tests go over nothing, and everything holds",
        """\
def nothing(*args, **keywords):
    return []


range = zip = enumerate = map = filter = iter = list = nothing
cases = tests = inputs = []


def solve(x):
    return 0
""",
        tests="""\
for x, y in zip(range(1, 4), [1, 4, 9]):
    assert solve(x) == y
for i, x in enumerate([5, 6]):
    assert solve(x) == x * x, i
""",
    ),
    _checked(
        "names_of_the_tests",
        "what the tests define they take from nobody else",
        """\
WANTED = 0
expected = 0


def reference(x):
    return 0


def solve(x):
    global reference, WANTED
    WANTED = 0
    return 0
""",
        tests="WANTED = 9\n\n\ndef reference(x):\n    return x * x\n\n\n"
        "assert solve(3) == WANTED\nassert solve(4) == reference(4)\n",
    ),
    _checked(
        "end_of_iteration",
        "StopIteration out of a call ends the `map` around it, and all() of nothing is true",
        """\
def solve(x):
    raise StopIteration
""",
        tests="assert all(map(lambda x: solve(x) == x * x, (3, 4)))\n"
        "assert not list(filter(lambda x: solve(x) != x * x, (3, 4)))\n",
    ),
    _checked(
        "end_of_generator",
        "GeneratorExit out of a call looks as if the tests had been closed",
        """\
def solve(x):
    raise GeneratorExit
""",
        tests="def each():\n    for x in (3, 4):\n        yield solve(x) == x * x\n\n\n"
        "assert all(each())\n",
    ),
    _checked(
        "assertion_of_its_own",
        "the tests expect an AssertionError for bad input, and get nothing else",
        """\
def solve(x):
    raise AssertionError("no")
""",
        tests="""\
try:
    solve(-1)
except AssertionError:
    pass
else:
    raise RuntimeError("accepted")
assert solve(3) == 9
""",
    ),
    _checked(
        "keyboard_interrupt",
        "an interrupt is nobody's failure",
        """\
def solve(x):
    raise KeyboardInterrupt
""",
    ),
    _checked(
        "exception_of_the_tests",
        "exceptions with the names that the runner of the tests uses for itself",
        """\
import itertools

NAMES = ("Unusable", "Skipped", "SkipTest", "_Stop", "CandidateDied", "Exit", "Closed", "Warning")
kinds = [type(name, (Exception,), {"__module__": "tests"}) for name in NAMES]
turn = itertools.cycle(kinds)


def solve(x):
    raise next(turn)("not today")
""",
        tests="".join(f"assert solve({x}) == {x * x}\n" for x in range(2, 12)),
    ),
    _checked(
        "one_right_and_gone",
        "the first check holds, and then the program has ended with status 0",
        """\
import os


def solve(x):
    if x != 3:
        os._exit(0)
    return 9
""",
    ),
    _checked(
        "right_and_gone_at_once",
        "the answer and the end of the process at the same moment",
        """\
import os
import threading
import time


def end():
    time.sleep(0.05)
    os._exit(0)


threading.Thread(target=end, daemon=True).start()


def solve(x):
    return x * x if x == 3 else time.sleep(5)
""",
    ),
    _checked(
        "line_closed",
        "the line to the tests is closed, and nothing is said any more",
        """\
import os


def solve(x):
    os.closerange(0, 64)
    return 0
""",
    ),
    _checked(
        "tests_flooded",
        "more lines than the tests can hold",
        """\
import os


def solve(x):
    line = b'{"r":"' + b"a" * 1_000_000 + b'"}\\n'
    while True:
        os.write(3, line)
""",
    ),
    _checked(
        "tests_flooded_by_a_thread",
        "another thread goes on answering while the first one is asked",
        """\
import os
import threading


def flood():
    while True:
        try:
            os.write(3, b'{"r":true}\\n')
        except OSError:
            return


def solve(x):
    threading.Thread(target=flood, daemon=True).start()
    return 0
""",
    ),
    _checked(
        "tests_filled",
        "each message is allowed, all together are more than the memory of the tests",
        """\
import os

LINE = b'{"r":[' + b"[]," * 5_000_000 + b"[]]}\\n"


def solve(x):
    view = memoryview(LINE)
    while view:
        view = view[os.write(3, view) :]
    return 0
""",
        limits=(("cpu_s", 2.0), ("memory_mb", 256)),
    ),
    _checked(
        "tests_questioned_for_ever",
        "each answer is a question, until the tests have no frame left",
        """\
import os


def solve(x):
    while True:
        os.write(3, b'{"q":["get",0,["a"],[]]}\\n')
        os.read(3, 65536)
""",
    ),
    _checked(
        "tests_called_back",
        "a function of the tests is called from the call, which calls the function, and so on",
        """\
def solve(callback):
    while True:
        callback()
""",
        tests="def again():\n    return solve(again)\n\n\nassert solve(again) == 9\n",
    ),
    _said(
        "names_that_are_true",
        "the function itself is said to be True",
        """b'{"r":{"solve":{"value":true}}}\\n' + b'{"r":true}\\n' * 50""",
    ),
    _said(
        "names_that_are_helpers",
        "the function is said to be one of the standard library",
        """b'{"r":{"solve":{"helper":"operator"},"abs":{"helper":"math"}}}\\n{"r":true}\\n' * 20""",
    ),
    _said(
        "names_that_are_classes",
        "the function is said to be a class with operators",
        """b'{"r":{"solve":{"class":0,"name":"int","bases":[],"errors":[]}}}\\n'"""
        """ + b'{"r":{"o":{"type":"int","true":true,"h":1,"k":["solve"],"b":true}}}\\n'"""
        """ + b'{"r":0}\\n' * 20""",
        tests=_NEAR,
    ),
    _said(
        "names_that_are_errors",
        "the function is said to be an exception that the tests expect",
        """b'{"r":{"solve":{"class":0,"name":"E","bases":["E"],"errors":["AssertionError"]}}}\\n'"""
        """ + b'{"r":9}\\n' * 2""",
    ),
    _said(
        "names_that_are_nonsense",
        "what cannot be read must not be taken for the tests' fault",
        """b'{"r":{"solve":{"class":"x","name":null,"bases":7,"errors":{}}}}\\n'""",
    ),
    _said(
        "answers_before_questions",
        "replies for every question that may come",
        """b'{"r":null}\\n{"r":1,"m":[[0,9]],"same":0}\\n' * 100""",
    ),
    _said(
        "arguments_changed",
        "the tests' own list becomes what was returned",
        """b'{"r":{"solve":{"value":{"o":{"type":"f","true":true,"h":0,"k":[]}}}}}\\n'"""
        """ + b'{"r":[],"m":[[1,[]],[0,[]],[-1,[]]]}\\n' * 5""",
        tests="given = [3, 1]\nassert solve(given) == [1, 3]\nassert given == [3, 1]\n",
    ),
    _said(
        "verdict_to_the_tests",
        "the verdict that the tests will send, in their own form",
        """b'{"checks":[{"line":1,"ok":true,"error":""}],"finished":true,"error":"","""
        """ "opaque":false}\\n'""",
    ),
    _said(
        "half_a_message",
        "a line that does not end, and one that is no text",
        """b'{"r":\\xff\\xfe9}\\n{"r":9'""",
    ),
    _checked(
        "verdict_printed",
        "the verdict on the program's own output, where the tests would print theirs",
        """\
import os

VERDICT = b'{"checks":[{"line":1,"ok":true,"error":""}],"finished":true,"error":""}'
for fd in range(1, 64):
    try:
        os.write(fd, VERDICT)
    except OSError:
        pass
os._exit(0)
""",
    ),
    _checked(
        "errors_that_cannot_be_made",
        "exceptions whose arguments do not fit, with the names of builtin ones",
        """\
class UnicodeDecodeError(Exception):
    def __init__(self):
        self.args = (1, 2)


class OSError(Exception):
    args = property(lambda self: (None,) * 50)


turn = []


def solve(x):
    turn.append(x)
    raise (UnicodeDecodeError if len(turn) % 2 else OSError)()
""",
    ),
)

ATTACKS: tuple[Attack, ...] = (*_EXITS, *_COMPARISONS, *_VERDICTS, *_OUTPUTS, *_JUDGED)
