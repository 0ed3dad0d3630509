"""How each published layout is graded: one table of comparison, prelude, checker and source.

A row of a published layout promises its grader's verdicts: what that grader takes is right here.
Four exceptions are stricter, because what they forgive can be earned without solving the task.
Integers compare exactly everywhere (APPS' and verl's graders take 10000001 for 10000000).
Words and lines keep their order and their number (APPS' and TACO's last resort compares sets of
sets, so that "YES NO" answers "YES YES NO"). An answer [3, 4] is not answered by its first item
(APPS' alternative reading of wrapped answers), unless all answers of the row have one item.
A missing last line is missing (open-r1's template compares as many lines as there are). Two are
kinder, because what they refuse is the harness's doing: a program that ends in ``if __name__ ==
"__main__"`` runs (APPS' wrapper does not call it), and where expected values went through JSON, as
EvalPlus' do in a file, a tuple is the list that JSON made of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from plaudit.grading.compare import Mode
from plaudit.old_names import old_names

__all__ = ["LAYOUTS", "Checker", "RowLayout", "Values", "described"]
__getattr__ = old_names(__name__)

Values = Literal["python", "json", "livecodebench", "apps", "evalplus"]
"""How returned values compare: see `plaudit.grading.returned`."""
Checker = Literal["testlib", "codeforces"]
"""Whose conventions a checker program follows: see `plaudit.grading.checker`."""


@dataclass(frozen=True, slots=True)
class RowLayout:
    """One row of the table.

    `output`: how printed output compares. `values`: how returned values compare. `prelude`: the
    imports that the grader puts before a program. `fresh`: each call has a new `Solution()`.
    `checker`: the conventions of the row's checker program. `says`: False where the rows do not
    say how they are compared, so that plaudit's own rule is taken. `source`: the published grader.
    """

    name: str
    output: Mode = "tokens"
    values: Values = "python"
    prelude: str = ""
    fresh: bool = False
    checker: Checker = "testlib"
    says: bool = True
    source: str = ""


def _imports(stars: str, modules: str, more: str = "") -> str:
    lines = [f"from {name} import *" for name in stars.split()]
    lines += [f"import {name}" for name in modules.split()]
    return "\n".join([*lines, *more.splitlines()]) + "\n"


_COMMON = (
    "string re datetime collections heapq bisect copy math random statistics itertools functools"
    " operator io sys json"
)
_STARTER = _imports(f"{_COMMON} builtins typing", _COMMON, "sys.setrecursionlimit(50000)")
_APPS = _imports(
    "",
    "sys time itertools collections math fractions random heapq",
    "from itertools import accumulate, product, permutations, combinations\n"
    "from collections import Counter, OrderedDict, deque, defaultdict, ChainMap\n"
    "from functools import lru_cache\n"
    "from math import sqrt, sin, cos, tan, ceil, fabs, floor, gcd, exp, log, log2\n"
    "from typing import List, Tuple\n"
    "from heapq import *\n"
    "stdin, stdout = sys.stdin, sys.stdout",
)
_TYPING = "from typing import List, Dict, Set, Tuple, Union, Optional\n"
_LEETCODE = (
    _imports("typing functools collections itertools heapq bisect string operator math", "")
    + _imports("", "random functools collections string math datetime")
    + """inf = float("inf")
class ListNode:
    def __init__(self, val=0, next=None):
        self.val, self.next = val, next
class TreeNode:
    def __init__(self, val=0, left=None, right=None):
        self.val, self.left, self.right = val, left, right
def list_node(values):
    head = None
    for value in reversed(values):
        head = ListNode(value, head)
    return head
def is_same_list(p1, p2):
    while p1 and p2:
        if p1.val != p2.val:
            return False
        p1, p2 = p1.next, p2.next
    return not p1 and not p2
def tree_node(values):
    nodes = [None if value is None else TreeNode(value) for value in values]
    waiting = [node for node in nodes[:1] if node]
    place = 1
    while place < len(nodes) and waiting:
        node = waiting.pop(0)
        node.left = nodes[place]
        node.right = nodes[place + 1] if place + 1 < len(nodes) else None
        waiting += [child for child in (node.left, node.right) if child]
        place += 2
    return nodes[0] if nodes else None
def is_same_tree(p, q):
    if not p or not q:
        return not p and not q
    same = p.val == q.val and is_same_tree(p.left, q.left)
    return same and is_same_tree(p.right, q.right)
"""
)

LAYOUTS = {
    layout.name: layout
    for layout in (
        RowLayout("own cases", values="json", says=False),
        RowLayout("test code", source="the tests' own =="),
        RowLayout(
            "LiveCodeBench",
            output="livecodebench",
            values="livecodebench",
            prelude=_STARTER,
            source="LiveCodeBench/LiveCodeBench lcb_runner/evaluation/testing_util.py:"
            " grade_call_based, grade_stdio",
        ),
        RowLayout(
            "APPS",
            output="apps",
            values="apps",
            prelude=_APPS,
            source="hendrycks/apps eval/testing_util.py: run_test",
        ),
        RowLayout(
            "TACO",
            output="trimmed",
            values="apps",
            prelude=_APPS,
            source="FlagOpen/TACO metrics/testing_util.py: execute_cb_code, and"
            " compare_std_results, whose steps beyond equal text expect lines and get text",
        ),
        RowLayout(
            "verl",
            output="verl",
            values="apps",
            prelude=_STARTER,
            source="volcengine/verl verl/utils/reward_score/prime_code/testing_util.py: run_test",
        ),
        RowLayout(
            "verifiable coding problems",
            output="stripped",
            values="apps",
            prelude=_TYPING,
            fresh=True,
            source="PrimeIntellect-ai/genesys src/genesys/verifiers/code_test_verifier.py:"
            " CodeVerifier (SYNTHETIC-1, open-r1); calls as agentica-project/rllm"
            " rllm/rewards/code_reward.py: primeintellect_check_correctness",
        ),
        RowLayout(
            "CodeContests",
            output="codecontests",
            source="google-deepmind/code_contests execution/tester_sandboxer.cc: OutputsMatch",
        ),
        RowLayout(
            "Codeforces",
            checker="codeforces",
            says=False,
            source="huggingface/open-r1 src/open_r1/utils/competitive_programming/cf_scoring.py:"
            " score_submission (the checker's verdict; without one nothing is published)",
        ),
        RowLayout(
            "EvalPlus",
            values="evalplus",
            source="evalplus/evalplus evalplus/eval/__init__.py: unsafe_execute",
        ),
        RowLayout(
            "HumanEval",
            source="openai/human-eval human_eval/execution.py: unsafe_execute",
        ),
        RowLayout("MBPP", source="google-research/google-research mbpp/README.md"),
        RowLayout(
            "LeetCodeDataset",
            prelude=_LEETCODE,
            source="newfacade/LeetCodeDataset eval_lcd/execution.py: unsafe_execute",
        ),
        RowLayout("rStar-Coder", values="json", prelude=_STARTER, says=False),
    )
}
"""The table, by name. "own cases" and "test code" are rows without a published layout."""


def described() -> str:
    """The table for people: how printed text and returned values of each layout compare.

    >>> print(described().splitlines()[3])
    LiveCodeBench               livecodebench   livecodebench
    """
    rows = [(layout.name, layout.output, layout.values, layout) for layout in LAYOUTS.values()]
    lines = [
        f"{name:<26}  {output:<14}  {values}{'' if layout.says else ' (no published rule)'}"
        for name, output, values, layout in rows
    ]
    head = f"{'How rows compare: layout':<26}  {'printed text':<14}  returned values"
    return "\n".join([head, *lines])
