"""Values that do harm to whoever takes them: when they are read, compared, shown or let go.

None of them is the right answer. What they attack runs after the call: the writer of the reply in
the program's process, and the reader and the comparison in the grader's.
"""

from __future__ import annotations

from typing import Any

from plaudit.sandbox.attacks._attack import Attack

__all__ = ["ATTACKS"]

_SQUARES = (((3,), 9), ((5,), 25))


def _returns(
    name: str,
    why: str,
    program: str,
    *,
    tests: Any = _SQUARES,
    layer: str = "protocol",
    **fields: Any,
) -> Attack:
    """Returns something that is not the answer."""
    return Attack(name, program, tests, "fail", layer=layer, why=why, **fields)


def _replies(name: str, why: str, line: str, *, tests: Any = _SQUARES, **fields: Any) -> Attack:
    """Writes lines of its own wherever a reply might go; `line` is an expression of its text."""
    program = f"""\
import os

LINE = ({line}).encode() + b"\\n"
for fd in range(3, 64):
    try:
        for _ in range(4):
            os.write(fd, LINE)
    except OSError:
        pass


def solve(x):
    os._exit(0)
"""
    return Attack(name, program, tests, "fail", why=why, **fields)


_CODE = (
    _returns(
        "pickle_of_result",
        "who unpickles the value runs the program's code in the grader's process",
        """\
import os


class Parcel:
    def __reduce__(self):
        return os.mkdir, ("{shared_tmp}/unpickled",)


def solve(x):
    return Parcel()
""",
    ),
    _returns(
        "pickle_of_exception",
        "pools pickle exceptions as well",
        """\
import os


class Parcel(Exception):
    def __reduce__(self):
        return os.mkdir, ("{shared_tmp}/unpickled",)


def solve(x):
    raise Parcel("open me")
""",
    ),
    _returns(
        "copy_of_result",
        "a copy of the value is made by the value",
        """\
import os


class Parcel(list):
    def __deepcopy__(self, memo):
        os._exit(0)

    __copy__ = __getstate__ = __reduce_ex__ = lambda self, *args: os._exit(0)


def solve(x):
    return Parcel([x])
""",
    ),
    _returns(
        "text_that_is_code",
        "who calls eval on what was printed runs it",
        """\
class Text:
    def __repr__(self):
        return "__import__('os').mkdir('{shared_tmp}/evaluated') or 9"

    __str__ = __repr__


def solve(x):
    return Text()
""",
    ),
    _returns(
        "yaml_that_is_code",
        "a string is no document, whatever it looks like",
        """\
def solve(x):
    return "!!python/object/apply:os.mkdir ['{shared_tmp}/loaded']"
""",
    ),
    _returns(
        "type_of_a_library",
        "a class that calls itself numpy.ndarray is asked for its list",
        """\
import os


class ndarray:
    dtype = "int64"
    shape = ()

    def tolist(self):
        os._exit(0)

    item = __array__ = __float__ = __int__ = tolist


ndarray.__module__ = "numpy"


def solve(x):
    return ndarray()
""",
    ),
    _returns(
        "fraction_of_its_own",
        "a number of a library whose parts are computed when they are asked for",
        """\
import fractions
import os


class Part(fractions.Fraction):
    _numerator = property(lambda self: os._exit(0))
    numerator = denominator = _denominator = _numerator


def solve(x):
    return object.__new__(Part)
""",
    ),
    _returns(
        "date_of_its_own",
        "a date that writes itself",
        """\
import datetime


class Day(datetime.date):
    def isoformat(self):
        return "2020-01-01" * 200_000

    __str__ = __repr__ = isoformat


def solve(x):
    return Day(2020, 1, 2)
""",
        tests=(((3,), "2020-01-01"), ((5,), "2020-01-01")),
    ),
    _returns(
        "fields_of_a_tuple",
        "a named tuple with a million names for one item",
        """\
class Pair(tuple):
    _fields = ("a",) * 1_000_000

    def _asdict(self):
        return {"result": 9}


def solve(x):
    return Pair((x,))
""",
    ),
    _returns(
        "value_of_an_enumeration",
        "an integer that holds 8 and says 9",
        """\
import enum


class Number(enum.IntEnum):
    EIGHT = 8


Number.EIGHT._value_ = 9
Number.EIGHT._name_ = "9"


def solve(x):
    return Number.EIGHT
""",
    ),
)

_ALLIES = (
    _returns(
        "mock_any",
        "the standard library has an object that equals everything",
        """\
from unittest import mock


def solve(x):
    return mock.ANY
""",
    ),
    _returns(
        "magic_mock",
        "and one that has every method and every attribute",
        """\
from unittest.mock import MagicMock

Result = MagicMock()
for name in ("__eq__", "__lt__", "__gt__", "__le__", "__ge__", "__contains__"):
    setattr(Result, name, lambda self, other: True)


def solve(x):
    return Result
""",
    ),
    _returns(
        "just_true",
        "`if result is True` takes the value for a verdict",
        """\
def solve(x):
    return True
""",
    ),
    _returns(
        "not_implemented",
        "the value that tells == to ask the other side, and is true on older versions",
        """\
def solve(x):
    return NotImplemented
""",
    ),
    _returns(
        "many_at_once",
        "every number there is: the right one is among them",
        """\
def solve(x):
    return set(range(1000))
""",
    ),
    _returns(
        "verdict_as_value",
        "the words that a grader writes about a test",
        """\
def solve(x):
    return {"r": 9, "passed": True, "status": "passed", "result": [True], "expected": 9, "x": None}
""",
    ),
    _returns(
        "tagged_value",
        "what the reply's own notation would be for something else",
        """\
def solve(x):
    return {"i": hex(x * x)} if x == 3 else {"t": [x * x]}
""",
    ),
    _returns(
        "wrapped_answers",
        "the right value in a list, as text and as a float too large by one part in 10**12",
        """\
def solve(x):
    return {3: [9], 5: "25", 7: 49 * (1 + 1e-12)}[x]
""",
        tests=(((3,), 9), ((5,), 25), ((7,), 49)),
    ),
    _returns(
        "weak_proxy",
        "an object that passes everything on to another one",
        """\
import weakref


class Everything:
    __eq__ = lambda self, other: True
    __hash__ = object.__hash__


everything = Everything()


def solve(x):
    return weakref.proxy(everything)
""",
    ),
)

_TRAPS = (
    _returns(
        "equality_hangs",
        "the comparison runs outside the time that is measured",
        """\
class Number(int):
    def __eq__(self, other):
        while True:
            pass

    __ne__ = __lt__ = __gt__ = __sub__ = __rsub__ = __bool__ = __eq__
    __hash__ = int.__hash__


def solve(x):
    return Number(x)
""",
    ),
    _returns(
        "text_form_hangs",
        "the value is shown in a log",
        """\
class Number(int):
    def __repr__(self):
        while True:
            pass

    __str__ = __format__ = __repr__


def solve(x):
    return Number(x)
""",
    ),
    _returns(
        "hash_hangs",
        "the value is put into a set",
        """\
class Key(str):
    def __hash__(self):
        while armed:
            pass
        return 1


armed = False
table = {Key("a"): 1}
armed = True


def solve(x):
    return table
""",
        tests=(((1,), {"a": 2}), ((2,), {"b": 1})),
    ),
    _returns(
        "truth_hangs",
        "the value is asked whether it is true",
        """\
class Trap:
    def __bool__(self):
        while True:
            pass

    __len__ = __iter__ = __bool__


def solve(x):
    return Trap()
""",
        layer="cpu",
        limits=(("cpu_s", 0.3),),
    ),
    _returns(
        "attribute_hangs",
        "whatever is looked up on it never comes back",
        """\
class Trap:
    def __getattribute__(self, name):
        while True:
            pass


def solve(x):
    return Trap()
""",
        limits=(("cpu_s", 0.3),),
    ),
    _returns(
        "error_text_hangs",
        "the message of the exception is asked for",
        """\
class Trap(Exception):
    def __str__(self):
        while True:
            pass

    __repr__ = __str__


def solve(x):
    raise Trap
""",
        layer="cpu",
        limits=(("cpu_s", 0.3),),
    ),
    _returns(
        "error_text_fails",
        "an exception about the exception, and then an exit with status 0",
        """\
import os


class Trap(Exception):
    def __str__(self):
        raise Trap2


class Trap2(BaseException):
    def __str__(self):
        os._exit(0)


def solve(x):
    raise Trap
""",
    ),
    _returns(
        "endless_iterator",
        "list() of the value does not end",
        """\
import itertools


def solve(x):
    return itertools.count(9)
""",
    ),
    _returns(
        "endless_list",
        "a list for isinstance that never runs out of elements",
        """\
class Items(list):
    def __iter__(self):
        while True:
            yield 9

    def __len__(self):
        return 2**62

    __reversed__ = __iter__


def solve(x):
    return Items()
""",
        tests=(((1,), [9]), ((2,), [9, 9])),
    ),
    _returns(
        "endless_mapping",
        "a dict whose items never end",
        """\
import itertools


class Table(dict):
    items = keys = values = __iter__ = lambda self: itertools.count()
    __getitem__ = __missing__ = get = lambda self, key, default=None: 9


def solve(x):
    return Table()
""",
        tests=(((1,), {1: 9}), ((2,), {2: 9})),
    ),
    _returns(
        "growing_list",
        "another thread makes the list longer while it is being written",
        """\
import sys
import threading

items = [0]


def grow():
    while True:
        items.extend([0] * 1000)


def solve(x):
    sys.setswitchinterval(1e-6)
    threading.Thread(target=grow, daemon=True).start()
    return items
""",
        layer="rlimits",
        limits=(("cpu_s", 0.5), ("wall_s", 1.5), ("memory_mb", 256)),
    ),
    _returns(
        "coroutine",
        "nobody awaits it, and it says so while it is thrown away",
        """\
import warnings

warnings.simplefilter("error")


async def solve(x):
    return x * x
""",
    ),
    _returns(
        "pieces_of_the_interpreter",
        "a frame, a module and a function, with everything behind them",
        """\
import sys


def solve(x):
    return [sys._getframe(1), sys, solve, solve.__code__, type, object(), open, print][x]
""",
    ),
    _returns(
        "open_things",
        "descriptors, locks and buffers",
        """\
import mmap
import threading


def solve(x):
    return {3: mmap.mmap(-1, 4096), 5: memoryview(b"25"), 6: threading.Lock()}[x]
""",
    ),
)

_SIZES = (
    _returns(
        "text_of_fifty_megabytes",
        "the reader keeps what it is given",
        """\
def solve(x):
    return "9" * 50_000_000
""",
        limits=(("cpu_s", 1.0), ("memory_mb", 512)),
    ),
    _returns(
        "list_of_millions",
        "three million small numbers",
        """\
def solve(x):
    return [9] * 3_000_000
""",
    ),
    _returns(
        "laughs_by_the_billion",
        "ten lists that hold each other ten times are 10**10 elements when they are written out",
        """\
def solve(x):
    value = [x]
    for _ in range(10):
        value = [value] * 10
    return value
""",
        layer="cpu",
        limits=(("cpu_s", 0.5), ("memory_mb", 256)),
    ),
    _returns(
        "doubling_tuples",
        "the same with tuples, thirty deep",
        """\
def solve(x):
    value = (x,)
    for _ in range(30):
        value = (value, value)
    return value
""",
        layer="cpu",
        limits=(("cpu_s", 0.5), ("memory_mb", 256)),
    ),
    _returns(
        "integer_of_megabytes",
        "its decimal form takes minutes",
        """\
def solve(x):
    return 1 << 8_000_000
""",
    ),
    _returns(
        "many_long_integers",
        "each is short enough for the reader, together they are not",
        """\
def solve(x):
    return [(1 << 60_000) + i for i in range(200)]
""",
    ),
    _returns(
        "digits_above_the_limit",
        "str() of it raises an error that nobody expects",
        """\
def solve(x):
    return 10**5000
""",
    ),
    _returns(
        "too_large_for_a_float",
        "the comparison with a float overflows",
        """\
def solve(x):
    return 10**400
""",
        tests=(((1,), 9.5), ((2,), 1e308)),
    ),
    _returns(
        "exponent_of_a_billion",
        "a short decimal that is a long integer",
        """\
import decimal


def solve(x):
    return decimal.Decimal("1e999999")
""",
        tests=(((1,), 9), ((2,), 9.5)),
    ),
    _returns(
        "deep_list",
        "a hundred thousand lists inside each other overflow the reader's stack",
        """\
def solve(x):
    value = []
    for _ in range(100_000):
        value = [value]
    return value
""",
        tests=(((1,), []), ((2,), [[]])),
    ),
    _returns(
        "deep_mixture",
        "just as deep, through dicts and tuples",
        """\
import sys

sys.setrecursionlimit(10**6)


def solve(x):
    value = 9
    for _ in range(30_000):
        value = {"a": (value,)}
    return value
""",
    ),
    _returns(
        "list_in_itself",
        "it has no end, and == on two of them recurses",
        """\
def solve(x):
    value = [x]
    value.append(value)
    return value
""",
        tests=(((1,), [1]), ((2,), [2, [2]])),
    ),
    _returns(
        "dict_in_itself",
        "through a dict and a tuple",
        """\
def solve(x):
    value = {}
    value["a"] = (value, value)
    return value
""",
        tests=(((1,), {}), ((2,), {"a": ()})),
    ),
    _returns(
        "keys_that_collide",
        "a set of them takes quadratic time in the process that rebuilds it",
        """\
def solve(x):
    prime = (1 << 61) - 1
    return [i * prime for i in range(60_000)] if x == 3 else {}
""",
        tests=(((3,), {0, 1}), ((5,), {0: 1})),
    ),
    _returns(
        "message_of_megabytes",
        "the exception's message goes to a log",
        """\
def solve(x):
    raise ValueError("9" * 20_000_000)
""",
    ),
    _returns(
        "range_of_everything",
        "small when it is sent, large when it is a list",
        """\
def solve(x):
    return range(10**18)
""",
        tests=(((1,), [0, 1]), ((2,), [0, 1, 2])),
    ),
)

_NOTATION = (
    _returns(
        "line_in_the_text",
        "a string with the end of its own line and a line of its own",
        """\
def solve(x):
    return '"}\\n{"r":9}\\n{"r":25}\\n'
""",
    ),
    _returns(
        "line_in_the_error_name",
        "the name of the exception's class is the program's too",
        """\
def solve(x):
    raise type('E"}\\n{"r":9}\\n{"r":25}\\n', (Exception,), {})('m"}\\n{"r":9}\\n')
""",
    ),
    _returns(
        "line_in_the_type_name",
        "and so is the name of a type without a plain form",
        """\
Odd = type('T"}}}\\n{"r":9}\\n{"r":25}\\n', (), {"__module__": '\\n{"r":9}\\n'})


def solve(x):
    return Odd()
""",
    ),
    _returns(
        "module_name_is_no_text",
        "what is asked of a type need not be a string",
        """\
class Odd:
    __module__ = property(lambda self: 1)
    __qualname__ = "\\ud800\\x00"


Odd.__module__ = ["numpy"]


def solve(x):
    return Odd()
""",
    ),
    _returns(
        "half_a_character",
        "a lone surrogate cannot be encoded",
        """\
def solve(x):
    return "\\ud800" * 3 + "\\x00\\udfff"
""",
        tests=(((1,), "???"), ((2,), "\ufffd\ufffd\ufffd\x00\ufffd")),
    ),
    _returns(
        "numbers_that_are_none",
        "JSON has no word for nan and the infinities",
        """\
def solve(x):
    return {3: float("nan"), 5: float("inf"), 6: [float("-inf")], 7: complex("nan+infj")}[x]
""",
        tests=(((3,), 9), ((5,), 1e308), ((6,), [0]), ((7,), 0)),
    ),
    _replies(
        "reply_with_wide_array",
        "an array whose type says that each element has two hundred megabytes",
        """'{"r":{"a":["S200000000",[' + ",".join("1" * 8) + "]]}}" """,
    ),
    _replies(
        "reply_with_deep_brackets",
        "a line of brackets, for a parser that recurses",
        """'{"r":' + "[" * 200_000 + "]" * 200_000 + "}" """,
    ),
    _replies(
        "reply_with_long_number",
        "a decimal number of a million digits, which takes quadratic time to read",
        """'{"r":' + "9" * 1_000_000 + "}" """,
    ),
    _replies(
        "reply_with_odd_tags",
        "tags that no writer uses, and some that it does, with what does not belong in them",
        """'{"r":{"R":[1,0]}}\\n{"r":{"N":"1e999999999"}}' """,
    ),
    _replies(
        "reply_with_call",
        "a type that is a function, a date that is none, a tag that is a method",
        """'{"r":{"k":"exec"}}\\n{"r":{"T":["datetime","9"]}}\\n{"r":{"__class__":[]}}' """,
    ),
    _replies(
        "reply_with_infinity",
        "numbers that Python's parser takes though JSON has none of them",
        """'{"r":NaN}\\n{"r":-Infinity}' """,
        tests=(((3,), 9.5), ((5,), 1e308)),
    ),
    _replies(
        "reply_twice",
        "the same key twice: one for whoever looks first, one for whoever looks last",
        """'{"r":9,"r":0}\\n{"r":25,"x":"ValueError","r":0}' """,
    ),
    _replies(
        "reply_without_end",
        "an object that is never closed",
        """'{"r":9' + " " * 70_000""",
    ),
)

ATTACKS: tuple[Attack, ...] = (*_CODE, *_ALLIES, *_TRAPS, *_SIZES, *_NOTATION)
