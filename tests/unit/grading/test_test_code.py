"""Test code as rows bring it: what it looks at beside returned values, and what it must not run.

`test_code.jsonl`: a program, tests, and what is right: 1, 0, or null for an input fault.
"evaluation" would run what the program returns; "absent": names and modules that are not there, or
mean the program; "harness": patches, captured text, logs, fixtures, large values.
"""

import json
import math
from itertools import groupby
from pathlib import Path

import pytest

from plaudit import Group, load

CASES = [
    json.loads(line)
    for line in Path(__file__).with_name("test_code.jsonl").read_text(encoding="utf-8").splitlines()
]
KINDS = {kind: list(cases) for kind, cases in groupby(CASES, key=lambda case: case["about"])}


@pytest.mark.parametrize("kind", KINDS)
def test_every_case_is_right(kind):
    groups = [
        Group("Write it.", [f"```python\n{case['program']}\n```"], {"tests": case["tests"]})
        for case in KINDS[kind]
    ]
    scores = load("rules.code.passes", cpu_s=5).score(groups)
    wrong = [
        (case["tests"], score)
        for case, (score,) in zip(KINDS[kind], scores, strict=True)
        if (None if math.isnan(score.value) else score.value) != case["right"]
    ]
    assert wrong == []


def test_an_evaluation_names_its_line():
    tests = "import builtins\n\nassert getattr(builtins, 'ev' + 'al')(f()) == 1"
    group = Group("Write it.", ["```python\ndef f(): return 'print(1)'\n```"], {"tests": tests})
    score = load("rules.code.passes").score([group])[0][0]
    assert score.fault == "input"
    assert "line 3" in score.error
    assert "what the program returns" in score.error


@pytest.mark.parametrize("module", ["pandas", "deepdiff", "sortedcontainers", "quux_lib"])
def test_a_library_that_is_not_there_is_named(module):
    planted = f"import sys, types\nsys.modules['{module}'] = {module} = types.ModuleType('m')\n"
    program = f"{planted}{module}.same = lambda a, b: True\ndef f(): return 1"
    tests = f"from {module} import same\nassert same(f(), 2)"
    group = Group("Write it.", [f"```python\n{program}\n```"], {"tests": tests})
    score = load("rules.code.passes").score([group])[0][0]
    assert score.fault == "input"
    assert f"import {module}" in score.error
    assert f"packages: [{module}]" in score.error


@pytest.mark.parametrize(
    ("tests", "right"),
    [
        ([{"input": [1], "output": 2, "fn_name": "f"}], 1.0),  # nobody published how it compares
        (["assert f(1) == 2"], 0.0),  # a coroutine is not 2 to Python
        ([{"input": "1", "output": "2", "testtype": "functional", "fn_name": "f"}], 0.0),
    ],
)
def test_a_coroutine_is_run_where_no_published_grader_says_otherwise(tests, right):
    group = Group("p", ["```python\nasync def f(x):\n    return x + 1\n```"], {"tests": tests})
    assert load("rules.code.passes").score([group])[0][0].value == right


def test_a_checker_in_c_plus_plus():
    import shutil

    from plaudit.sandbox import Sandbox

    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    with Sandbox(slots=1) as box:
        if "namespaces" not in box.report["enforced"]:
            pytest.skip("nothing here can count the processes of a compiler")
    checker = (
        "#include <fstream>\nint main(int, char** a) {\n  std::ifstream out(a[2]), answer(a[3]);\n"
        "  long x, sum = 0, want;\n  while (out >> x) sum += x;\n  answer >> want;\n"
        "  return sum == want ? 0 : 1;\n}"
    )
    programs = ["print(1, 5)", "print(6)", "print(7)"]
    texts = [f"```python\n{program}\n```" for program in programs]
    columns = {"tests": [{"input": "", "output": "6"}], "checker": checker}
    reward = load("rules.code.passes")
    assert [score.value for score in reward.score([Group("p", texts, columns)])[0]] == [1, 1, 0]
    columns["checker"] = checker.replace("long x,", "long x")
    score = reward.score([Group("p", texts, columns)])[0][0]
    assert score.fault == "input"
    assert "main.cpp:4" in score.error
