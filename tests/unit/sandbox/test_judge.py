"""Tests beside the program: what passes, what fails, and what cannot be forged."""

import socket
import subprocess
import sys

import pytest

from plaudit.sandbox.inside import judge

PROGRAM = """
import resource, socket, sys, types
from plaudit.sandbox.inside import serve
resource.setrlimit(resource.RLIMIT_CPU, (2, 3))
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
module = types.ModuleType("solution")
sys.modules["solution"] = sys.modules["__main__"] = module
exec(compile(sys.stdin.read(), "solution.py", "exec"), module.__dict__)
serve.serve(module.__dict__, socket.socket(fileno=int(sys.argv[1])))
"""


@pytest.fixture(autouse=True)
def _modules(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # tests and program share their directory
    monkeypatch.setitem(sys.modules, "pytest", pytest)
    monkeypatch.setitem(sys.modules, "tests", judge)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    limit = sys.get_int_max_str_digits()
    yield
    sys.set_int_max_str_digits(limit)  # the judge lifts it, in a process of its own


def judged(program, tests, **options):
    mine, theirs = socket.socketpair()
    number = str(theirs.fileno())
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, number],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[theirs.fileno()],
    )
    theirs.close()
    mine.settimeout(20)
    with mine, process:
        process.stdin.write(program.encode())
        process.stdin.close()
        try:
            return judge.run(tests, sock=mine, **options)
        finally:
            process.kill()


def passes(program, tests, **options):
    verdict = judged(program, tests, **options)
    checks = verdict["checks"]
    return verdict["finished"] and bool(checks) and all(check["ok"] for check in checks)


NODE = """
class Node:
    kind = "node"
    def __init__(self, value, *, left=None):
        self.value, self.left, self.right = value, left, None
    def __eq__(self, other): return isinstance(other, Node) and self.value == other.value
    def __hash__(self): return hash(self.value)
    def __lt__(self, other): return self.value < other.value
    def __add__(self, number): return Node(self.value + number)
    def __len__(self): return self.value
    def __getitem__(self, place): return [self.value][place]
    def __repr__(self): return f"Node({self.value})"
def height(node): return 0 if node is None else 1 + max(height(node.left), height(node.right))
def same(node): return node
"""
GOOD = {
    "plain": ("def f(x): return (x, {x}, {x: [x]})", "assert f(1) == (1, {1}, {1: [1]})"),
    "match": (
        "import re\ndef f(s): return re.match('(a)b', s)",
        "m = f('ab')\nassert m\nassert m.group(1) == 'a' and m.span() == (0, 2)\nassert not f('x')",
    ),
    "generator": ("def f():\n    yield 1\n    yield (2,)", "assert list(f()) == [1, (2,)]"),
    "endless": (
        "import itertools\ndef f(): return itertools.count()",
        "from itertools import islice\ng = f()\nassert next(g) == 0\n"
        "assert list(islice(g, 3)) == [1, 2, 3]",
    ),
    "tree": (
        NODE,
        "root = Node(1)\nroot.left = Node(2)\nassert height(root) == 2\n"
        "assert root.left.value == 2",
    ),
    "class": (
        NODE,
        "n = Node(3)\nassert isinstance(n, Node) and type(n) is Node and Node.kind == 'node'\n"
        "assert n == Node(3) and n != Node(4) and n in {Node(3)} and n < Node(4)\n"
        "assert len(n) == 3 and n[0] == 3 and repr(n) == 'Node(3)' and (n + 2).value == 5\n"
        "assert same(n) is n\nassert sorted([Node(2), Node(1)])[0].value == 1",
    ),
    "mutation": (
        "def f(a, d): a.sort(); a.append(a[0]); d['x'] = [1]; return a",
        "a, d = [3, 1], {}\nb = f(a, d)\nassert b is a\nassert a == [1, 3, 1]\n"
        "assert d == {'x': [1]}",
    ),
    "callback": (
        "def f(g, xs): return sorted(map(g, xs), key=lambda x: -x)",
        "seen = []\ndef g(x):\n    seen.append(x)\n    return x + 1\n"
        "assert f(g, [1, 2]) == [3, 2]\nassert seen == [1, 2]\nassert f(lambda x: x, [0]) == [0]",
    ),
    "closure": ("def f(x): return lambda y: x + y", "assert f(1)(2) == 3"),
    "own objects": (
        "def f(n):\n    n.next.value = 5\n    return n.next if n else None",
        "class N:\n    def __init__(self): self.value, self.next = 0, None\n"
        "a = N()\na.next = N()\nassert f(a) is a.next\nassert a.next.value == 5",
    ),
    "error": (
        "class Empty(Exception): pass\ndef f(x):\n    if x: raise Empty('no')\n    return {}[1]",
        "try:\n    f(1)\n    assert False\nexcept Empty as e:\n    assert str(e) == 'no'\n"
        "try:\n    f(0)\n    assert False\nexcept KeyError as e:\n    assert e.args == (1,)",
    ),
    "import": (
        "from math import isclose\nfrom collections import Counter\ndef f(): return 0.1 + 0.2",
        "assert isclose(f(), 0.3)\nassert Counter('aa')['a'] == 2\nassert math.floor(f()) == 0",
    ),
    "from solution": ("def f(): return 1", "from solution import f as g\nassert g() == 1"),
    "module": ("def f(): return 1", "import solution\nassert solution.f() == 1"),
    "builtin": ("def sum(a, b): return a * b", "assert sum(2, 3) == 6"),
    "check": ("def f(x): return x", "def check(f):\n    '''x'''\n    assert f(1) == 1\ncheck(f)"),
    "left to a runner": ("def f(x): return x", "def test_f():\n    assert f(1) == 1"),
    "enum": (
        "import enum\nclass C(enum.Enum):\n    R = 1\n    G = 2\ndef f(): return C.R",
        "assert f() == C.R and f() is C.R and f() != C.G and f().value == 1\nassert len(C) == 2",
    ),
    "named": (
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef f(): return P(1, 2)",
        "assert f() == (1, 2) and f().x == 1",
    ),
    "static": (
        "class Solution:\n    def f(self, x): return x\n    @staticmethod\n    def g(): return 2",
        "assert Solution().f(1) == 1\nassert Solution.g() == 2",
    ),
    "dead code after return": (
        "def f(): return 1",
        "def check(f):\n    assert f() == 1\n    return\n    assert f() == 2\ncheck(f)",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_right_programs_pass(name):
    program, tests = GOOD[name]
    verdict = judged(program, tests)
    assert verdict["finished"], verdict
    assert verdict["checks"]
    assert [check for check in verdict["checks"] if not check["ok"]] == []


ANY = """
class Any(object):
    __class__ = property(lambda self: int)
    _true = lambda self, *a: True
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __bool__ = _true
    __hash__ = lambda self: 3
    __ne__ = lambda self, o: False
    __sub__ = __rsub__ = __abs__ = __float__ = lambda self, *a: 0.0
    __len__ = lambda self: 1
"""
FORGED = {
    "any": ANY + "def f(x): return Any()",
    "int": "class I(int):\n    __eq__ = lambda s, o: True\ndef f(x): return I(5)",
    "list": "class L(list):\n    __eq__ = lambda s, o: True\ndef f(x): return L([5])",
    "str": "class S(str):\n    __eq__ = lambda s, o: True\ndef f(x): return S('5')",
    "helpers": "def isclose(*a, **k): return True\ndef approx(*a): return 5\n"
    "def abs(x): return 0\nAssertionError = KeyError\ndef check(*a): pass\ndef f(x): return 5",
    "patched": "import builtins, math\n"
    "builtins.abs = math.isclose = lambda *a: 0\n"
    "def f(x): return 5",
    "exit": "import sys\ndef f(x): sys.exit(0)",
    "os exit": "import os\ndef f(x): os._exit(0)",
    "exit at once": "import sys\nsys.exit(0)",
    "os exit at once": "import os\nos._exit(0)",
    "closed": "import os\ndef f(x): os.close(3); os.closerange(3, 99); return 1",
    "endless": "import itertools\ndef f(x): return itertools.count()",
    "loop": "def f(x):\n    while True: pass",
    "huge": "def f(x): return 'x' * (20 << 20)",
    "deep": "def f(x):\n    a = []\n    for i in range(100000): a = [a]\n    return a",
    "cycle": "def f(x):\n    a = []\n    a.append(a)\n    return a",
    "helper by name": "import operator\nfrom unittest.mock import MagicMock as f, ANY",
    "stateful": "class T:\n    n = 0\n    def __bool__(s): T.n += 1; return bool(T.n % 2)\n"
    "def f(x): return T()",
    "missing": "g = 1",
    "keyboard": "def f(x): raise KeyboardInterrupt",
    "stop": "class _Stop(BaseException): pass\ndef f(x): raise _Stop",
    "type": "def f(x): return type('int', (), {'__eq__': lambda s, o: True})",
}
WRITE = """
import socket, sys
def f(x):
    for fd in range(3, 30):
        try: s = socket.socket(fileno=fd)
        except OSError: continue
        s.sendall({line!r})
        s.detach()
    return 5
"""
LINES = {
    "text": b"ok\n",
    "reply": b'{"r":5}\n' * 9,
    "odd": b'{"r":{"o":{"h":-1}}}\n',
    "handle": b'{"r":{"j":0}}\n',
    "deep": b"[" * 100_000 + b"\n",
    "verdict": b'{"checks":[],"finished":true}\n',
    "same": b'{"same":0}\n',
    "same none": b'{"same":-7,"c":[[9,1]]}\n',
    "question": b'{"q":["get",0,["__globals__"],[]]}\n' * 3,
    "long": b"x" * (17 << 20) + b"\n",
}
FORGED |= {f"writes {key}": WRITE.format(line=line) for key, line in LINES.items()}
STRICT = (
    "assert f(1) == 1\nassert 2 == f(2)\nassert f([3]) == [3]\nassert isclose(f(4), 4)\n"
    "assert abs(f(0.5) - 0.5) < 1e-6\nassert 7 in f(7)\nassert f(8) < 9 and f(8) == 8\n"
    "assert f('a') == 'a' and not f(0)"
)


@pytest.mark.parametrize("name", FORGED)
def test_forgeries_fail(name):
    verdict = judged(FORGED[name], STRICT)
    assert not (verdict["finished"] and all(check["ok"] for check in verdict["checks"])), verdict
    first = verdict["checks"][0]
    assert not first["ok"]
    assert "fault" not in verdict


@pytest.mark.parametrize("name", [*(k for k in FORGED if k.startswith("w")), "any", "os exit"])
def test_no_exception_is_forged_by_dying(name):
    tests = (
        "import pytest\n"
        "def test_a():\n    with pytest.raises(ValueError):\n        f(-1)\n"
        "def test_b():\n    with pytest.raises(ValueError):\n        f(-2)\n"
    )
    verdict = judged(FORGED[name], tests, style="pytest")
    assert not all(check["ok"] for check in verdict["checks"])


def test_a_program_does_not_see_behind_what_is_lent_to_it():
    program = """
def f(node, function):
    found = []
    for thing in (node, function, node.method):
        for name in ("__globals__", "__class__", "__dict__", "__init__", "__closure__", "__code__",
                     "__func__", "__self__", "f_globals", "gi_frame"):
            for act in ("get", "__call__", "del", "eval", "__getattribute__"):
                try:
                    line, place = thing._line, thing._place
                    found.append(line.ask(act, thing, [name]))
                except Exception as error:
                    pass
    return [x for x in found if x is not None and x != "called"]
"""
    tests = (
        "class N:\n    def method(self, *a): return 'called'\n"
        "assert f(N(), lambda *a: 'called') == []"
    )
    verdict = judged(program, tests)
    assert verdict["checks"][0]["ok"], verdict


def test_a_failed_check_does_not_stop_the_next():
    tests = "assert f(1) == 1\nassert f(0) == 1, 'zero'\nassert f(2) == 3\nassert f(3) == 3"
    program = "def f(x): return x if x else 1 // x"
    verdict = judged(program, tests)
    assert [check["ok"] for check in verdict["checks"]] == [True, False, False, True]
    assert "ZeroDivisionError" in verdict["checks"][1]["error"]
    verdict = judged(program, tests, stop_at_first=True)
    assert [check["ok"] for check in verdict["checks"]] == [True, False, False, False]
    assert not verdict["finished"]


def test_checks_in_branches_count_when_reached():
    tests = "for i in range(3):\n    assert f(i) == i\nif f(9) == 8:\n    assert False\n"
    tests += "assert f(5) == 5"
    verdict = judged("def f(x): return x", tests)
    assert [(check["line"], check["ok"]) for check in verdict["checks"]] == [(2, True), (5, True)]
    verdict = judged("def f(x): return 8", tests)
    assert not any(check["ok"] for check in verdict["checks"])
    assert not passes("def f(): return []", "for x in f():\n    assert x")


@pytest.mark.parametrize(
    ("tests", "style"),
    [
        ("assert f(", "assert"),
        ("x = f(1)", "assert"),
        ("", "assert"),
        ("def test_a(client):\n    assert f(1)", "pytest"),
        ("import pytest\ndef test_a():\n    pytest.deprecated_call()", "pytest"),
        ("assert f(1)", "pytest"),
        ("assert f(1)", "unittest"),
        ("import torch\nimport tensorflow\nassert f(1)", "assert"),
        ("assert f(1)", "doctest"),
    ],
)
def test_tests_that_cannot_be_run_are_an_input_fault(tests, style):
    verdict = judged("def f(x): return x", tests, style=style)
    assert verdict["fault"] == "input"
    assert verdict["error"]


PYTEST = """
import pytest
from solution import f
@pytest.fixture
def two():
    yield 2
@pytest.mark.parametrize("x, y", [(1, 1), pytest.param(2, 2), (3, 4)])
def test_table(x, y): assert f(x) == y
def test_approx(two): assert f(0.3) == pytest.approx(0.1 + 0.2) and f([two]) == pytest.approx([2])
def test_raises():
    with pytest.raises(ZeroDivisionError, match="zero"):
        f(0)
class TestMore:
    def setup_method(self): self.x = 5
    def test_x(self): assert f(self.x) == 5
    @pytest.mark.skip(reason="later")
    def test_later(self): assert False
def test_path(tmp_path): assert f(str(tmp_path))
"""


def test_pytest_style():
    verdict = judged("def f(x): return x if x != 0 else 1 / x", PYTEST, style="pytest")
    assert [check["ok"] for check in verdict["checks"]] == [
        True,
        True,
        False,
        True,
        True,
        True,
        True,
    ]
    assert verdict["finished"]


UNITTEST = """
import unittest
class Tests(unittest.TestCase):
    def setUp(self): self.x = 1
    def test_a(self): self.assertEqual(f(self.x), 1)
    def test_b(self): self.assertEqual(f(2), 3)
    def test_c(self):
        with self.assertRaises(TypeError): f()
    @unittest.skip("later")
    def test_d(self): self.fail()
    def test_e(self):
        for i in range(3):
            with self.subTest(i=i): self.assertEqual(f(i), min(i, 1))
if __name__ == "__main__":
    unittest.main()
"""


def test_unittest_style():
    verdict = judged("def f(x): return x", UNITTEST, style="unittest")
    assert [check["ok"] for check in verdict["checks"]] == [True, False, True, False]
    for name in ("exit", "os exit", "any", "writes reply"):
        verdict = judged(FORGED[name], UNITTEST, style="unittest")
        assert not verdict["checks"][0]["ok"]


def test_setup_and_opaque():
    verdict = judged(
        "def f(x): return x.v",
        "assert f(V(3)) == 3",
        setup="class V:\n    def __init__(s, v): s.v = v",
    )
    assert verdict["checks"][0]["ok"]
    assert not verdict["opaque"]
    assert judged("import re\nf = re.compile('a').match", "assert f('a')")["opaque"]
