"""The grader suite: published layouts, right programs in several styles and near misses.

`published.json` holds rows, programs and two verdicts each: `published` was got by running the
layout's grader (for SYNTHETIC-1 and CodeContests, whose graders need Docker or C++, by its
comparison), `right` is what plaudit must give. They are the same but where `differs` says why:

| differs | what the published grader does |
|---|---|
| integers | takes an integer near another for it (numpy.allclose) |
| order, number | compares sets of lines and words: any order, any number of repeats |
| accident | compares the characters of words with the words of lines, equal for one digit |
| main | never calls what stands under ``if __name__ == "__main__"`` |
| JSON | tells a tuple from a list; a row in a file cannot, since JSON has no tuples |

Graders: LiveCodeBench/LiveCodeBench 28fef95, hendrycks/apps 362aedc, FlagOpen/TACO 245eba3,
volcengine/verl b178a3c, evalplus/evalplus 26d6d00, openai/human-eval 6d43fb9,
PrimeIntellect-ai/genesys bc10edd (lines 224 to 226, restated), google-deepmind/code_contests
fa7a4f8 (execution/tester_sandboxer.cc, ValuesMatch, restated). APPS and TACO ran with a small
stand-in for the package pyext; the rows of newfacade/LeetCodeDataset 182cd19 ran through
human-eval's executor, which is given the same program text; MBPP and AceCode ran as plain asserts,
KodCode under pytest, the Codeforces row through its checker, NeMo Gym and rllm as LiveCodeBench.
"""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from plaudit import Group, load

SUITE = json.loads(Path(__file__).with_name("published.json").read_text(encoding="utf-8"))
DIFFERS = {"integers", "order", "number", "accident", "main", "JSON"}
LAYOUTS = sorted({case["row"].split()[0] for case in SUITE["cases"]})


def test_the_suite_is_whole():
    cases = SUITE["cases"]
    assert len(cases) >= 900
    assert {case["row"] for case in cases} == SUITE["rows"].keys()
    assert {case.get("differs") for case in cases} <= DIFFERS | {None}
    assert all((case["right"] == case["published"]) == ("differs" not in case) for case in cases)
    counts = defaultdict(lambda: [0, 0])
    for case in cases:
        counts[case["row"]][case["right"]] += 1
    assert all(wrong >= 2 and right >= 1 for wrong, right in counts.values())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_verdict_is_the_published_one(layout):
    by_row = defaultdict(list)
    for case in SUITE["cases"]:
        if case["row"].split()[0] == layout:
            by_row[case["row"]].append(case)
    groups = [
        Group("Solve it.", [f"```python\n{c['program']}\n```" for c in cases], SUITE["rows"][row])
        for row, cases in by_row.items()
    ]
    scores = load("rules.code.passes", cpu_s=5).score(groups)
    wrong = [
        (case["row"], case["name"], score.value, score.note or score.error)
        for cases, row in zip(by_row.values(), scores, strict=True)
        for case, score in zip(cases, row, strict=True)
        if score.value != case["right"]
    ]
    assert wrong == []
