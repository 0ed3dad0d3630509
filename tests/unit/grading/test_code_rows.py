"""Rows as they are published."""

import base64
import json
import pickle
import zlib
from pathlib import Path

import pytest

from plaudit.errors import DataError
from plaudit.grading.problem import (
    AssertProblem,
    CallProblem,
    CallTest,
    StdioProblem,
    StdioTest,
)
from plaudit.grading.rows import problem_of

DATA = Path(__file__).parents[3] / "../shared/data"
CHECK = "METADATA = {}\n\ndef check(candidate):\n    assert candidate(1) == 2\n"
LOOP = "def check(candidate):\n    for i in range(2):\n        assert candidate(i) == i\n"


def packed(value) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


def stdio(*pairs, **more):
    return StdioProblem(tuple(StdioTest(*pair) for pair in pairs), **more)


def test_humaneval():
    prompt = "def f(x):\n    '''Doc.'''\n"
    row = {"prompt": prompt, "test": CHECK, "entry_point": "f"}
    assert problem_of(row) == CallProblem("f", (CallTest((1,), 2),), prompt=prompt)
    problem = problem_of(row | {"test": LOOP})
    assert isinstance(problem, AssertProblem)
    assert problem.tests.rstrip().endswith("check(f)")
    assert (problem.entry, problem.style, problem.prompt) == ("f", "assert", prompt)
    with pytest.raises(DataError, match="entry_point"):
        problem_of({"prompt": prompt, "test": CHECK})


def test_mbpp():
    row = {
        "text": "Write f.",
        "test_list": ["assert f(1) == 2"],
        "test_setup_code": "",
        "challenge_test_list": ["assert f(2) == (3,)"],
    }
    assert problem_of(row).tests == (CallTest((1,), 2), CallTest((2,), (3,)))
    row["test_setup_code"] = "root = Node(1)"
    problem = problem_of(row)
    assert isinstance(problem, AssertProblem)
    assert problem.setup == "root = Node(1)"
    sanitized = {"test_list": ["assert f(1) == 2"], "test_imports": ["import math"]}
    assert problem_of(sanitized).entry == "f"


def test_evalplus():
    row = {
        "prompt": "def f(x):\n",
        "entry_point": "f",
        "base_input": [[1]],
        "plus_input": [[2], [3]],
        "atol": 0,
        "canonical_solution": "    return x",
    }
    with pytest.raises(DataError, match="canonical_solution"):
        problem_of(row)
    problem = problem_of(row | {"base_output": [1], "plus_output": [2, 3]})
    assert [(t.arguments, t.expected, t.group) for t in problem.tests] == [
        ((1,), 1, "base"),
        ((2,), 2, "plus"),
        ((3,), 3, "plus"),
    ]
    assert problem.values == "evalplus"
    with pytest.raises(DataError, match="2 inputs and 1 outputs"):
        problem_of(row | {"base_output": [1], "plus_output": [2]})


@pytest.mark.parametrize("pack", [json.dumps, lambda value: packed(json.dumps(value))])
def test_livecodebench(pack):
    cases = [{"input": "1\n", "output": "2\n", "testtype": "stdin"}]
    row = {"public_test_cases": json.dumps(cases), "private_test_cases": pack(cases)}
    assert problem_of(row) == stdio(("1\n", "2\n"), ("1\n", "2\n"))
    cases = [{"input": '[1, 2]\n"a"', "output": "[3]", "testtype": "functional"}]
    row = {
        "public_test_cases": "[]",
        "private_test_cases": pack(cases),
        "metadata": json.dumps({"func_name": "f"}),
        "starter_code": "class Solution:\n    def f(self, x, y):\n",
    }
    problem = problem_of(row)
    assert (problem.entry, problem.tests) == ("f", (CallTest(([1, 2], "a"), [3]),))
    del row["metadata"]
    assert problem_of(row).entry == "f"


class Hostile:
    def __reduce__(self):
        return print, ("run",)


@pytest.mark.parametrize(
    "value",
    [
        packed(Hostile()),
        packed(["[]"]),
        packed("no json"),
        base64.b64encode(zlib.compress(b"")).decode(),
        base64.b64encode(b"abc").decode(),
        packed("[]")[:-8],
        "%%%",
    ],
)
def test_packed_tests_are_never_run(value, capsys):
    with pytest.raises(DataError, match="private_test_cases"):
        problem_of({"public_test_cases": "[]", "private_test_cases": value})
    assert capsys.readouterr().out == ""


def test_apps_and_taco():
    row = {"input_output": json.dumps({"inputs": ["1", ["2", "3"]], "outputs": ["4", ["5"]]})}
    limits = {"time_limit": "2.5 seconds", "memory_limit": "256.0 megabytes"}
    assert problem_of(row | limits) == stdio(("1", "4"), ("2\n3", "5"), cpu_s=2.5, memory_mb=256)
    calls = {"inputs": [[1, [2]]], "outputs": [[3]], "fn_name": "f"}
    problem = problem_of({"input_output": json.dumps(calls)})
    assert problem.tests == (CallTest((1, [2]), [3], alternatives=(3,)),)
    calls["outputs"] = [[3, 4]]
    assert problem_of({"input_output": calls}).tests[0].alternatives == ()


def test_codecontests():
    row = {
        "public_tests": {"input": ["1"], "output": ["2"]},
        "private_tests": {"input": [], "output": []},
        "generated_tests": {"input": ["3"], "output": ["4"]},
        "time_limit": {"seconds": 1, "nanos": 500_000_000},
        "memory_limit_bytes": 256_000_000,
        "input_file": "",
    }
    wanted = stdio(
        ("1", "2", "public_tests"), ("3", "4", "generated_tests"), cpu_s=1.5, memory_mb=245
    )
    assert problem_of(row) == wanted
    with pytest.raises(DataError, match="reads a file"):
        problem_of(row | {"input_file": "in.txt"})


def test_codeforces_with_a_checker():
    row = {
        "official_tests": [{"input": "1", "output": "2"}],
        "generated_checker": "print(1)",
        "time_limit": 2.0,
        "memory_limit": 256.0,
    }
    assert problem_of(row) == stdio(("1", "2"), checker="print(1)", cpu_s=2.0, memory_mb=256)


def test_prime_and_verl():
    truth = {"inputs": ["1\n[2]"], "outputs": ["[3]"], "fn_name": "f"}
    wanted = (CallTest((1, [2]), [3], alternatives=(3,)),)
    assert problem_of({"ground_truth": json.dumps(truth)}).tests == wanted
    assert problem_of({"reward_model": {"ground_truth": json.dumps(truth)}}).tests == wanted
    asserts = {"assert_case": ["assert f(1) == 2"]}
    assert problem_of({"ground_truth": json.dumps(asserts)}).tests == (CallTest((1,), 2),)


def test_open_r1():
    case = {"input": "1", "output": "2", "type": "stdin_stdout", "fn_name": None}
    row = {"verification_info": {"language": "python", "test_cases": [case]}}
    assert problem_of(row) == stdio(("1", "2"), language="python")
    call = {"input": [1], "output": [2], "type": "function_call", "fn_name": "f"}
    row = {"verification_info": json.dumps({"language": "python", "test_cases": [call]})}
    assert problem_of(row).tests == (CallTest((1,), [2], alternatives=(2,)),)
    mixed = {"verification_info": {"test_cases": [case, call]}}
    with pytest.raises(DataError, match="standard input and function calls"):
        problem_of(mixed)


def test_tests_of_every_kind():
    assert problem_of({"tests": ["assert f(1) == 2"]}).entry == "f"
    cases = [{"input": "1", "output": "2", "group": "a", "points": 3}]
    assert problem_of({"tests": cases}) == stdio(("1", "2", "a", 3.0))
    assert problem_of({"tests": [{**cases[0], "points": 0}]}) == stdio(("1", "2", "a", 0.0))
    assert problem_of({"test_cases": json.dumps(["assert f(1) == 2"])}).entry == "f"
    unit = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): ...\n"
    assert problem_of({"tests": unit}).style == "unittest"
    test = "from solution import f\n\ndef test_a():\n    for i in [1]: assert f(i)\n"
    info = [{"function_name": "f"}]
    problem = problem_of({"test": test, "test_info": info})
    assert (problem.style, problem.entry) == ("pytest", "f")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({}, "tests"),
        ({"prompt": "x", "tests": None}, "tests"),
        ({"tests": []}, "tests"),
        ({"tests": ""}, "tests"),
        ({"tests": 5}, "tests"),
        ({"tests": [{"input": "1"}]}, "tests"),
        ({"tests": [{"input": "1", "output": None}]}, "tests.output"),
        ({"tests": [{"input": "1", "output": "1", "points": -1}]}, "tests"),
        ({"tests": [{"input": "1", "output": "1", "type": "odd"}]}, "tests"),
        ({"tests": [{"input": "1", "output": "1"}], "time_limit": "soon"}, "time_limit"),
        ({"test_list": [1]}, "test_list"),
        ({"input_output": "{"}, "input_output"),
        ({"input_output": "[" * 100_000}, "input_output"),
        ({"input_output": {"inputs": ["1"]}}, "input_output.outputs"),
        ({"input_output": {"inputs": ["1"], "outputs": []}}, "input_output.outputs"),
        ({"ground_truth": "42"}, "ground_truth"),
        ({"public_test_cases": "[]"}, "public_test_cases"),
        ({"verification_info": {"language": "python"}}, "verification_info.test_cases"),
        ({"tests": [{"input": [1], "output": 1, "type": "functional"}]}, "tests"),
    ],
)
def test_what_is_missing_or_malformed_is_named(row, field):
    with pytest.raises(DataError) as caught:
        problem_of(row)
    assert caught.value.field == field


@pytest.mark.parametrize(("name", "kind"), [("code_python", "assert"), ("code_stdio", "stdio")])
def test_shared_rows_are_read(name, kind):
    path = DATA / f"{name}.jsonl"
    if not path.exists():
        pytest.skip("the shared data are not beside the checkout")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    problems = [problem_of(row) for row in rows]
    assert all(isinstance(p, StdioProblem) == (kind == "stdio") for p in problems)
    assert all(p.tests for p in problems)
