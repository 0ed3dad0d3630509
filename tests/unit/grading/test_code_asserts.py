"""Test code that is call tests, and test code that is more."""

import ast
import json
import math
from pathlib import Path

import pytest

from plaudit.grading.asserts import calls_of
from plaudit.grading.problem import CallTest, Near

DATA = Path(__file__).parents[3] / "../shared/data/code_python.jsonl"

CONVERTED = [
    ("assert f(1) == 2", CallTest((1,), 2)),
    ("assert 2 == f(1), f'{x}'", CallTest((1,), 2)),
    ("assert (f(-1, 'a')) == (2, [3], {4: 5})", CallTest((-1, "a"), (2, [3], {4: 5}))),
    ("assert f(*[127], *(1,)) == {1}", CallTest((127, 1), {1})),
    ("assert f() == set()", CallTest((), set())),
    ("assert f(frozenset([1])) == float('-inf')", CallTest((frozenset([1]),), -math.inf)),
    ("assert f(2**31 - 1) == [0] * 3 + [1]", CallTest((2**31 - 1,), [0, 0, 0, 1])),
    ("assert f(list(range(3))) == b'x'", CallTest(([0, 1, 2],), b"x")),
    ("assert f(1)", CallTest((1,), truth=True)),
    ("assert not f(1)", CallTest((1,), truth=False)),
    ("assert f(1) is True", CallTest((1,), True, is_identical=True)),
    ("assert None is f(1)", CallTest((1,), None, is_identical=True)),
    ("assert f(1) == True", CallTest((1,), True)),
    ("assert abs(f(1) - 0.5) < 1e-6", CallTest((1,), 0.5, near=Near("below", 1e-6))),
    ("assert 1e-6 >= abs(0.5 - f(1))", CallTest((1,), 0.5, near=Near("within", 1e-6))),
    ("assert round(f(1), 2) == 0.5", CallTest((1,), 0.5, near=Near("round", digits=2))),
    (
        "import math\nassert math.isclose(f(1), 0.5, rel_tol=0.1)",
        CallTest((1,), 0.5, near=Near("isclose", 0.0, 0.1)),
    ),
    (
        "from pytest import approx\nassert f(1) == approx(0.5, abs=0.1)",
        CallTest((1,), 0.5, near=Near("approx", 0.1, 0.0)),
    ),
    ("METADATA = {'a': 'b'}\n'''doc'''\nassert True, 'x'\nassert f(1) == 2", CallTest((1,), 2)),
    ("x = [1]\nassert f(x) == 2", CallTest(([1],), 2)),
    ("def check(candidate):\n    assert candidate(1) == 2\ncheck(f)", CallTest((1,), 2)),
    ("def check(f):\n    '''x'''\n    assert f(1) == 2\n\ncheck(f)", CallTest((1,), 2)),
]


@pytest.mark.parametrize(("text", "test"), CONVERTED)
def test_what_is_a_call_test(text, test):
    problem = calls_of(text)
    assert problem is not None
    assert (problem.entry, problem.tests, problem.values) == ("f", (test,), "python")


OTHER = [
    "",
    "assert True",
    "assert f(x) == 1",
    "assert f(1, **{}) == 1",
    "assert f(1) == g(1)",
    "assert f(1) == 1\nassert g(1) == 1",
    "assert f(1) != 1",
    "assert f(1) == 1 == 1",
    "assert f(1) == 1 and f(2) == 2",
    "assert (f(1) == 1, 'always true')",
    "assert f(1) in (1, 2)",
    "assert f(1) is 1",
    "assert f(1) is 0.0",
    "assert f(1) == float('nan')",
    "assert f(1) == [float('nan')]",
    "assert sorted(f(1)) == [1]",
    "assert len([1]) == 1",
    "assert f(1) == 2**100000",
    "assert f(1) == 1 << 10**9",
    "assert f(1) == [[0] * 2] * 2",
    "assert f('a' * 10**9) == 1",
    "assert f(1) == 1 / 0",
    "assert f({[]: 1}) == 1",
    "for i in range(3):\n    assert f(i) == i",
    "x = [1]\nassert f(x) == 2\nassert f(x) == 2",
    "x = [1]\nassert f(x) == x",
    "x = [1]\ny = x\nassert f(y) == 2",
    "f = abs\nassert f(1) == 2",
    "from x import *\nassert f(1) == 2",
    "from x import g as f\nassert f(1) == 2",
    "from math import floor\nassert floor(1) == 1",
    "def f(x): return x\nassert f(1) == 2",
    "def check(candidate):\n    assert candidate(1) == 2",
    "def check(a, b=1):\n    assert a(1) == 2\ncheck(f)",
    "def check(c):\n    assert c(1) == 2\n    return\ncheck(f)",
    "def check(c):\n    assert c(1) == 2\ncheck(g())",
    "class A: pass\nassert f(1) == 2",
    "assert f(1) == (",
    "assert f(1) == 1\0",
    "assert f(" + "[" * 5000 + "]" * 5000 + ") == 1",
    "assert f(" + "-" * 50_000 + "1) == 1",
    "assert f(...) == 1",
    "assert abs(f(1) - 0.5) > 1e-6",
    "f(1)",
]


@pytest.mark.parametrize("text", OTHER)
def test_what_is_more_than_call_tests(text):
    assert calls_of(text) is None


def test_the_entry_is_held_to():
    assert calls_of("assert g(1) == 1", entry="f") is None
    problem = calls_of("def check(c):\n    assert c(1) == 2", entry="f")
    assert problem is not None
    assert problem.entry == "f"


def test_setup_of_imports_only():
    assert calls_of(["assert f(math.inf) == 1"], setup="import math") is not None
    assert calls_of(["assert f(1) == 1"], setup="x = 1") is None


def test_pytest_functions():
    text = "from solution import f\n\ndef test_a():\n    x = [1]\n    assert f(x) == 2\n"
    assert calls_of(text) is None
    problem = calls_of(text, style="pytest")
    assert problem is not None
    assert problem.tests == (CallTest(([1],), 2),)


def test_each_use_of_a_name_is_a_value_of_its_own():
    problem = calls_of("x = ([1],)\nassert f(x) == 1\nx = [2]\nassert f(x) == 2")
    assert problem is not None
    assert [t.arguments for t in problem.tests] == [(([1],),), ([2],)]


@pytest.mark.parametrize(
    ("near", "actual", "expected", "holds"),
    [
        (Near("below", 0.5), 1.5, 1, False),
        (Near("within", 0.5), 1.5, 1, True),
        (Near("within", 0.5), "1", 1, False),
        (Near("within", 0.5), math.nan, 1, False),
        (Near("below", 0.5), 10**400, 1.0, False),
        (Near("isclose", 0.0, 1e-9), 1.0, 1.0 + 1e-12, True),
        (Near("approx", 1e-12, 1e-6), math.inf, math.inf, True),
        (Near("approx", 1e-12, 1e-6), 5.0, math.inf, False),
        (Near("approx", 0.0, 0.1), 11.05, 10.0, False),  # a share of the expected number
        (Near("approx", 0.0, 0.1), 10.0, 11.05, True),
        (Near("round", digits=2), 0.504, 0.5, True),
        (Near("round"), math.inf, 1, False),
    ],
)
def test_near(near, actual, expected, holds):
    assert near.holds(actual, expected) is holds


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not beside the checkout")
def test_shared_problems_keep_every_assertion():
    rows = [json.loads(line) for line in DATA.read_text().splitlines()]
    num_converted = 0
    for row in rows:
        problem = calls_of(row["tests"], entry=row.get("entry_point"), setup=row["test_setup"])
        if problem is not None:
            num_converted += 1
            asserts = [
                node
                for node in ast.walk(ast.parse("\n".join(row["tests"])))
                if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant)
            ]
            assert len(problem.tests) == len(asserts), row["id"]
    assert num_converted >= 0.95 * len(rows)
