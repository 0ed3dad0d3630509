"""Published layouts: each is read, by the rule that the table names, and each refused one by name.

A right program earns 1 and a near miss 0, in the spelling of the columns that the publisher uses.
"""

import json

import pytest

from plaudit import Group, load
from plaudit.errors import DataError
from plaudit.grading.layouts import LAYOUTS
from plaudit.grading.rows import problem_of

ADD = "def add(a, b):\n    return a + b"
OFF = "def add(a, b):\n    return a + b + (a > 9)"
METHOD = (
    "class Solution:\n    def add(self, a: List[int], b: int) -> int:\n        return sum(a) + b"
)
METHOD_OFF = METHOD + " + (b > 9)"
SUM = "print(sum(map(int, input().split())))"
SUM_OFF = "a, b = map(int, input().split())\nprint(a + b + (b > 9))"
IO = {"inputs": ["1 2\n", "5 10\n"], "outputs": ["3\n", "15\n"]}
CALLS = {"inputs": [[1, 2], [10, 4]], "outputs": [[3], [14]], "fn_name": "add"}
LINES = {"inputs": ["1\n2", "10\n4"], "outputs": ["3", "14"], "fn_name": "add"}
CASES = [{"input": "1 2\n", "output": "3\n"}, {"input": "5 10\n", "output": "15\n"}]
ASSERTS = ["assert add(1, 2) == 3", "assert add(10, 4) == 14"]
CHECK = (
    "def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(10, 4) == 14\n"
)
HELD = (
    "def check(candidate):\n    for a, b, c in [(1, 2, 3), (10, 4, 14)]:\n"
    "        assert candidate(a, b) == c\n"
)
PYTEST = (
    "from solution import add\n\ndef test_small():\n    assert add(1, 2) == 3\n\n"
    "def test_large():\n    assert add(10, 4) == 14\n"
)
UNIT = (
    "import unittest\nclass TestCases(unittest.TestCase):\n    def test_small(self):\n"
    "        self.assertEqual(add(1, 2), 3)\n    def test_large(self):\n"
    "        self.assertEqual(add(10, 4), 14)\n"
)
LEET = (
    "def check(candidate):\n    assert candidate(a = [1], b = 2) == 3\n"
    "    assert candidate(a = [1], b = 10) == 11\n"
)
STUB = {"prompt": "def add(a, b):\n    '''Adds.'''\n", "entry_point": "add"}
TYPED = [{**case, "type": "stdin_stdout", "fn_name": None} for case in CASES]
CALLED = [
    {"type": "function_call", "fn_name": "add", "input": [1, 2], "output": [3]},
    {"type": "function_call", "fn_name": "add", "input": [10, 4], "output": [14]},
]
LCB = [{**case, "testtype": "stdin"} for case in CASES]
FUNCTIONAL = [
    {"input": "[1]\n2", "output": "3", "testtype": "functional"},
    {"input": "[1]\n10", "output": "11", "testtype": "functional"},
]
NAMED = {"func_name": "add"}
CHECKER = "import sys\nprint(int(open(sys.argv[2]).read() == open(sys.argv[3]).read()))"
TREES = (
    "def check(candidate):\n    for v in [[2, 1, 3], []]:\n"
    "        assert is_same_tree(candidate(root = tree_node(v)), tree_node(v))\n"
)
SAME = (
    "class Solution:\n    def same(self, root: Optional[TreeNode]):\n        {}\n"
    "        return root"
)
SWAP = "if root: root.left, root.right = root.right, root.left"
PUBLISHED = {
    "APPS stdin": ("APPS", {"input_output": json.dumps(IO)}, SUM, SUM_OFF),
    "APPS calls": ("APPS", {"input_output": json.dumps(CALLS)}, ADD, OFF),
    "TACO stdin": ("TACO", {"input_output": json.dumps(IO), "raw_tags": "[]"}, SUM, SUM_OFF),
    "TACO calls": ("TACO", {"input_output": CALLS, "time_limit": None}, ADD, OFF),
    "LiveCodeBench stdin": (
        "LiveCodeBench",
        {"public_test_cases": json.dumps(LCB), "private_test_cases": "[]", "metadata": "{}"},
        SUM,
        SUM_OFF,
    ),
    "LiveCodeBench functional": (
        "LiveCodeBench",
        {"public_test_cases": json.dumps(FUNCTIONAL), "metadata": json.dumps(NAMED)},
        METHOD,
        METHOD_OFF,
    ),
    "LiveCodeBench by starter code": (
        "LiveCodeBench",
        {
            "public_test_cases": FUNCTIONAL,
            "starter_code": "class Solution:\n    def add(self, a: List[int], b: int) -> int:\n",
        },
        METHOD,
        METHOD_OFF,
    ),
    "DeepCoder, LiveCodeBench's part": (
        "LiveCodeBench",
        {"tests": json.dumps([{**case, "metadata": NAMED} for case in FUNCTIONAL])},
        METHOD,
        METHOD_OFF,
    ),
    "DeepCoder, PrimeIntellect's part": (
        "verifiable coding problems",
        {"tests": json.dumps(CALLED)},
        ADD,
        OFF,
    ),
    "DeepCoder, TACO's part": ("APPS", {"tests": json.dumps(IO)}, SUM, SUM_OFF),
    "rllm, Codeforces": ("own cases", {"tests": CASES}, SUM, SUM_OFF),
    "rllm, LeetCode": (
        "LeetCodeDataset",
        {"tests": {"functional": LEET}, "entry_point": "Solution().add"},
        METHOD,
        METHOD_OFF,
    ),
    "LeetCodeDataset": (
        "LeetCodeDataset",
        {
            "prompt": "from typing import *\nimport math\n",
            "entry_point": "Solution().add",
            "test": LEET,
            "input_output": [{"input": "a = [1], b = 2", "output": "3"}],
        },
        METHOD,
        METHOD_OFF,
    ),
    "LeetCodeDataset with trees": (
        "LeetCodeDataset",
        {"entry_point": "Solution().same", "test": TREES},
        SAME.format("pass"),
        SAME.format(SWAP),
    ),
    "open-r1 stdin": (
        "verifiable coding problems",
        {"verification_info": {"language": "python", "test_cases": TYPED}},
        SUM,
        SUM_OFF,
    ),
    "open-r1 calls": (
        "verifiable coding problems",
        {"verification_info": json.dumps({"language": "python", "test_cases": CALLED})},
        ADD,
        OFF,
    ),
    "SYNTHETIC-1 stdin": (
        "verifiable coding problems",
        {"verification_info": repr({"language": "python", "test_cases": TYPED})},
        SUM,
        SUM_OFF,
    ),
    "SYNTHETIC-2 stdin": (
        "verifiable coding problems",
        {"verification_info": repr({"language": "python", "test_cases": json.dumps(TYPED)})},
        SUM,
        SUM_OFF,
    ),
    "Codeforces": ("Codeforces", {"official_tests": CASES, "generated_tests": 0}, SUM, SUM_OFF),
    "Codeforces with a checker": (
        "Codeforces",
        {"official_tests": CASES, "generated_checker": CHECKER, "input_mode": "stdio"},
        SUM,
        SUM_OFF,
    ),
    "CodeContests": (
        "CodeContests",
        {
            "public_tests": {"input": ["1 2"], "output": ["3"]},
            "private_tests": {"input": ["5 10"], "output": ["15\n"]},
            "generated_tests": {"input": [], "output": []},
        },
        SUM,
        SUM_OFF,
    ),
    "EvalPlus": (
        "EvalPlus",
        {
            **STUB,
            "base_input": [[1, 2]],
            "base_output": [3],
            "plus_input": [[10, 4]],
            "plus_output": [14],
            "atol": 0,
        },
        ADD,
        OFF,
    ),
    "HumanEval": ("HumanEval", {**STUB, "test": CHECK}, ADD, OFF),
    "HumanEval+, as code": ("HumanEval", {**STUB, "test": HELD}, ADD, OFF),
    "HumanEvalPack": ("HumanEval", {**STUB, "test": CHECK + "\ncheck(add)"}, ADD, OFF),
    "BigCodeBench": ("HumanEval", {"test": UNIT, "entry_point": "add"}, ADD, OFF),
    "MBPP": ("MBPP", {"test_list": ASSERTS, "test_setup_code": ""}, ADD, OFF),
    "MBPP sanitized": ("MBPP", {"test_list": ASSERTS, "test_imports": ["import math"]}, ADD, OFF),
    "MBPP+": ("test code", {"test_list": ASSERTS[:1], "test": "\n".join(ASSERTS)}, ADD, OFF),
    "AceCode": ("test code", {"test_cases": ASSERTS}, ADD, OFF),
    "KodCode": ("test code", {"test": PYTEST, "test_info": [{"function_name": "add"}]}, ADD, OFF),
    "rllm, KodCode": ("test code", {"tests": PYTEST}, ADD, OFF),
    "PRIME stdin": ("verl", {"reward_model": {"ground_truth": json.dumps(IO)}}, SUM, SUM_OFF),
    "PRIME calls": ("verl", {"ground_truth": json.dumps(LINES)}, ADD, OFF),
    "verl asserts": ("test code", {"ground_truth": {"assert_case": ASSERTS}}, ADD, OFF),
    "NeMo Gym": ("LiveCodeBench", {"verifier_metadata": {"unit_tests": IO}}, SUM, SUM_OFF),
    "rStar-Coder stdin": (
        "rStar-Coder",
        {"inputs": json.dumps(IO["inputs"]), "outputs": json.dumps(IO["outputs"]), "func_name": ""},
        SUM,
        SUM_OFF,
    ),
    "rStar-Coder calls": (
        "rStar-Coder",
        {"inputs": "[[[1], 2], [[1], 10]]", "outputs": "[3, 11]", "func_name": "add"},
        METHOD,
        METHOD_OFF,
    ),
    "your own calls": (
        "own cases",
        {
            "tests": [
                {"input": [1, 2], "output": 3, "fn_name": "add"},
                {"input": [10, 4], "output": 14, "fn_name": "add"},
            ]
        },
        ADD,
        OFF,
    ),
    "your own code": ("test code", {"tests": "\n".join(ASSERTS)}, ADD, OFF),
}


def test_there_are_enough_of_them():
    assert len(PUBLISHED) >= 35
    unseen = LAYOUTS.keys() - {layout for layout, *_ in PUBLISHED.values()}
    assert unseen == set()


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_layout_is_read_and_graded(name):
    layout, row, right, wrong = PUBLISHED[name]
    assert problem_of({"prompt": "p", **row}).layout.name == layout
    texts = [f"```python\n{code}\n```" for code in (right, wrong)]
    scores = load("rules.code.passes").score([Group(row.get("prompt", "p"), texts, row)])[0]
    assert [score.value for score in scores] == [1.0, 0.0], scores


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"grader_files": [], "test_names": ["a"], "subtask": "1"}, "open-r1/ioi"),
        ({"verification_info": {"ground_truth": "42"}}, "no test cases"),
        ({**STUB, "base_input": [[1, 2]], "plus_input": []}, "canonical_solution"),
        ({"inputs": "[1", "outputs": "[2]"}, "inputs"),
        ({"official_tests": CASES, "input_mode": "file"}, "only stdio"),
    ],
)
def test_what_is_not_read_is_refused_by_name(row, words):
    with pytest.raises(DataError, match=words):
        problem_of(row)


def test_a_row_that_says_no_rule_has_a_note_that_does():
    reward = load("rules.code.passes")
    for name, words in [
        ("rllm, Codeforces", "compared by tokens: own cases have no published rule"),
        ("your own calls", "compared as JSON: own cases have no published rule"),
    ]:
        _, row, _, wrong = PUBLISHED[name]
        score = reward.score([Group("p", [f"```python\n{wrong}\n```"], row)])[0][0]
        assert words in (score.note or "")


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_prelude_runs_before_any_program(layout):
    compile(layout.prelude, "prelude", "exec")
    assert layout.source or not layout.says or layout.name in ("own cases", "test code")
    row = {"tests": [{"input": "", "output": "7"}]}
    code = f'"""Docs."""\nfrom __future__ import annotations\n{layout.prelude}print(7)'
    assert (
        load("rules.code.passes").score([Group("p", [f"```python\n{code}\n```"], row)])[0][0].value
    )
