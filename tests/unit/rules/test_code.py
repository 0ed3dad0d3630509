"""rules.code.passes: layouts, styles, what counts as whose fault."""

import copy
import math
import pickle

import pytest

import plaudit
from plaudit import Group, load
from plaudit.errors import ConfigError, DataError
from plaudit.sandbox import Outcome

ADD = {"tests": ["assert add(1, 2) == 3", "assert add(2, 2) == 4"]}
GOOD = "```python\ndef add(a, b):\n    return a + b\n```"
HALF = "```python\ndef add(a, b):\n    return 3\n```"
STDIO = {
    "tests": [
        {"input": "1 2\n", "output": "3\n"},
        {"input": "5 5\n", "output": "10\n"},
        {"input": "0 0\n", "output": "0\n"},
    ]
}
SUM = "```python\nprint(sum(map(int, input().split())))\n```"


def scored(text, row, **params):
    params = {"cpu_s": 1.0, **params}
    return load("rules.code.passes", **params).score([Group("Write it.", [text], row)])[0][0]


@pytest.mark.parametrize(("columns", "text"), [(ADD, GOOD), (STDIO, SUM)])
@pytest.mark.parametrize("give", ["all", "fraction", "groups"])
def test_a_right_program(columns, text, give):
    score = scored(text, columns, give=give)
    assert (score.value, score.fault) == (1.0, None)
    assert score.parts["passed"] == score.parts["total"] == len(columns["tests"])


def test_a_wrong_program_is_a_value_and_no_fault():
    score = scored(HALF, ADD)
    assert (score.value, score.fault, score.parts["passed"]) == (0.0, None, 1.0)
    assert score.note == "returned 3, expected 4"
    assert scored(HALF, ADD, give="fraction").value == 0.5


def test_the_first_failure_ends_it_where_nothing_more_can_be_earned():
    code = "```python\nimport sys\nprint(7)\n```"
    assert scored(code, STDIO).parts["total"] == 3.0
    score = scored(code, STDIO, give="fraction")
    rule = "(compared by tokens: own cases have no published rule)"
    assert (score.value, score.note) == (0.0, f"token 1: expected '3', found '7' {rule}")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("import os\n    os._exit(0)", "ended its process before it returned"),
        ("import os\n    os.kill(os.getpid(), 9)", "killed by signal 9"),
        ("while True: pass", "out of CPU time"),
        ("return 'x' * 10**9", "out of memory"),
    ],
)
def test_who_ends_the_process_or_outruns_a_limit_is_at_fault(body, why):
    text = f"```python\ndef add(a, b):\n    {body}\n```"
    score = scored(text, ADD, memory_mb=128)
    assert score.value == 0.0
    if score.fault is None:  # a MemoryError in a call is an exception like any other
        assert "MemoryError" in (score.note or "")
    else:
        assert score.fault == "response"
        assert why in (score.error or "")
    assert scored(text, ADD, memory_mb=128, on_response_fault=-1.0).value in (-1.0, 0.0)


def test_after_a_crash_the_other_tests_go_on():
    code = "import os\ndef add(a, b):\n    if a == 1: os.kill(os.getpid(), 11)\n    return a + b"
    score = scored(f"```python\n{code}\n```", ADD, give="fraction")
    assert (score.value, score.fault) == (0.5, "response")
    assert score.error == "killed by signal 11"


def test_a_sandbox_that_fails_is_nobody_s_zero(monkeypatch):
    from plaudit import sandbox

    class Broken:
        def run_many(self, works):
            return (Outcome("sandbox", error="no slots") for _ in works)

    monkeypatch.setattr(sandbox, "shared", lambda **options: Broken())
    score = scored(GOOD, ADD)
    assert math.isnan(score.value)
    assert (score.fault, score.error) == ("system", "sandbox: no slots")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I would rather not.",
        "<think>```python\ndef add(a, b): return a + b\n```",
        "```python\n```",
    ],
)
def test_no_program_is_a_zero_that_says_so(text):
    score = scored(text, ADD)
    assert (score.value, score.fault, score.note) == (0.0, None, "no program in the response")


def test_several_fences_and_a_wrong_tag():
    assert scored("```python\nprint(1)\n```\nFixed:\n" + GOOD, ADD).value == 1.0
    assert scored(GOOD + "\nExample:\n```python\nadd(1, 2)\n```", ADD).value == 1.0
    score = scored(GOOD.replace("python", "javascript"), ADD)
    assert score.value == 1.0
    assert "tagged javascript" in (score.note or "")


@pytest.mark.parametrize(
    "columns",
    [{}, {"tests": []}, {"tests": 3}, {"input_output": "{"}, {"test_list": [1]}],
)
def test_tests_that_are_missing_or_malformed_name_the_row(columns):
    reward = load("rules.code.passes")
    group = Group("Write it.", [GOOD], columns, id="row7")
    with pytest.raises(DataError, match="row7"):
        reward.score([group])
    with pytest.raises(DataError, match="row7"):
        reward.check(group)


def test_a_row_s_own_names_for_its_columns():
    group = {"my_tests": ADD["tests"]}
    assert scored(GOOD, group, columns={"tests": "my_tests"}).value == 1.0
    with pytest.raises(DataError, match="no column 'my_tests'"):
        scored(GOOD, {}, columns={"tests": "my_tests"})


def test_humaneval_body_completion():
    columns = {
        "prompt": 'def twice(x: int) -> int:\n    """Doubles x."""\n',
        "test": "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(0) == 0",
        "entry_point": "twice",
    }
    assert scored("```python\n    return x * 2\n```", columns).value == 1.0
    assert scored("```python\n    return x + 3\n```", columns).value == 0.0


def test_float_compare_and_checker():
    tests = [{"input": "", "output": "0.333333333"}]
    text = "```python\nprint(1 / 3)\n```"
    assert scored(text, {"tests": tests}).value == 0.0
    assert scored(text, {"tests": tests}, compare="float").value == 1.0


def test_isolation_of_each_call():
    code = "seen = []\ndef add(a, b):\n    seen.append(a)\n    return a + b + len(seen) - 1"
    assert scored(f"```python\n{code}\n```", ADD).value == 0.0
    assert scored(f"```python\n{code}\n```", ADD, isolate="test").value == 1.0


def test_it_prints_pickles_and_copies():
    reward = load("rules.code.passes", give="fraction", cpu_s=2)
    assert repr(reward) == "load('rules.code.passes', give='fraction', cpu_s=2)"
    for twin in (pickle.loads(pickle.dumps(reward)), copy.deepcopy(reward), eval(repr(reward))):
        assert repr(twin) == repr(reward)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"give": "some"}, "give='some'"),
        ({"compare": "token"}, "did you mean 'tokens'"),
        ({"isolate": "all"}, "isolate must be"),
        ({"cpu_s": 0}, "limit cpu_s must be a positive number"),
        ({"cpu": 1}, "no parameter 'cpu'"),
    ],
)
def test_bad_parameters(params, message):
    with pytest.raises(ConfigError, match=message):
        load("rules.code.passes", **params)


def test_the_recipe():
    reward = plaudit.build("code")
    assert [s.value for s in reward.score([Group("Add.", [GOOD, HALF], ADD)])[0]] == [1.0, 0.0]
