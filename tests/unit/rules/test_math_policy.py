"""Several references, policies, and what math-verify is asked and believed."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from plaudit import Group, Response, load
from plaudit.answers import worker
from plaudit.answers.several import check_references, several
from plaudit.data.api import check_rows
from plaudit.errors import ConfigError, DataError
from plaudit.rule import AnyOf
from plaudit.rules import math as rule
from plaudit.workers import JobOutcome

CASES = Path(__file__).parents[4] / "shared" / "cases" / "math_more.jsonl"


def scores(answers, columns, **params):
    group = Group("?", [rf"\boxed{{{answer}}}" for answer in answers], columns)
    return load("rules.math.equal", **params).score([group])[0]


def values(answers, columns, **params):
    return [one.value for one in scores(answers, columns, **params)]


@pytest.fixture
def asked(monkeypatch):
    """What would have gone to math-verify, which answers what `asked.answer` says."""

    class Jobs(list):
        answer = True

    jobs = Jobs()

    def call(job, *, deadline_s):
        jobs.append(job)
        return JobOutcome("ok", jobs.answer)

    monkeypatch.setattr(rule._POOL, "call", call)
    rule._judged.cache_clear()
    yield jobs
    rule._judged.cache_clear()


# --- several references


def test_any_of_the_column_references_is_right():
    columns = {"references": ["3.5", r"\frac{7}{2}", "12 cm"]}
    assert values(["7/2", "12", "3.5, 12", "4"], columns) == [1.0, 1.0, 0.0, 0.0]
    assert values(["3.5"], {"references": "3.5"}) == [1.0]
    assert "against 3.5 | " in scores(["4"], columns)[0].note


def test_one_reference_comes_before_the_list():
    columns = {"reference": "1", "references": ["2"]}
    assert values(["1", "2"], columns) == [1.0, 0.0]


def test_a_list_under_reference_says_nothing_and_names_the_ways_out():
    (found,) = scores(["1"], {"reference": ["1", "2"]})
    assert found.fault == "input"
    assert "references: any" in found.error
    assert "references: all" in found.error


def test_a_list_under_reference_with_its_meaning():
    columns = {"reference": ["1", "2"]}
    answers = ["1", "2", "1, 2", r"\{2, 1\}", "1,2,3", r"1 \text{ or } 2", "(2,1)"]
    assert values(answers, columns, references="any") == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert values(answers, columns, references="all")[:6] == [0.0, 0.0, 1.0, 1.0, 0.0, 1.0]


def test_all_of_answers_with_commas_of_their_own():
    columns = {"reference": ["(1,2)", "(3,4)"]}
    assert values(["(3,4), (1,2)", "(1,2)", "(1,2),(4,3)"], columns, references="all") == [1, 0, 0]


def test_a_column_that_is_bound_is_a_list_of_unknown_meaning():
    reward = load("rules.math.equal", columns={"reference": "golds"}, references="any")
    assert reward.score([Group("?", [r"\boxed{2}"], {"golds": ["1", "2"]})])[0][0].value == 1.0
    assert repr(reward).count("references='any'") == 1


def test_references_of_each_response():
    responses = [
        Response(r"\boxed{2}", columns={"references": refs}) for refs in (["1", "2"], ["3"])
    ]
    found = load("rules.math.equal").score([Group("?", responses, {})])[0]
    assert [one.value for one in found] == [1.0, 0.0]


@pytest.mark.parametrize("references", [[], [""], ["1", None], [[1]], ["12 is not right"], [True]])
def test_lists_that_hold_no_reference_are_input_faults(references):
    with pytest.raises(DataError):
        check_references(references, "any")
    with pytest.raises(DataError):
        check_references(AnyOf(references))


def test_several():
    assert several(AnyOf(["1", 2])) == [("1",), ("2",)]
    assert several("1") == [("1",)]
    with pytest.raises(ConfigError, match="did you mean 'any'"):
        several(["1"], "anny")  # type: ignore[arg-type]


def test_references_that_cannot_be_read_are_counted_before_a_run():
    bad = (["1", "2"], "12 is not the answer", r"\frac{1}{2")
    rows = [
        {"prompt": "?", "response": "1", "reference": reference}
        for reference in ("1", *bad, "Monday", "∅", "[]")
    ]
    found = [str(error) for error in check_rows("math", rows)]
    assert [text.partition(":")[0] for text in found] == ["row 2", "row 3", "row 4"]
    assert "references: any" in found[0]
    assert "cannot be read" in found[1]
    assert not check_rows(load("rules.math.equal", references="all"), rows[:2])


def test_the_command_line_counts_them(tmp_path):
    path = tmp_path / "rows.jsonl"
    references = ("1", ["1", "2"], "12 is not the answer", "2")
    path.write_text(
        "".join(
            json.dumps({"prompt": "?", "response": "1", "reference": reference}) + "\n"
            for reference in references
        )
    )
    command = [sys.executable, "-m", "plaudit", "score", str(path), "--reward", "rules.math.equal"]
    run = subprocess.run([*command, "--check-only"], capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stdout.startswith("2 bad rows")


@pytest.mark.parametrize("reference", ["[]", "{}", "∅", r"\varnothing", r"\emptyset", r"\{\}"])
def test_the_empty_set_is_a_reference(reference):
    assert values([r"\emptyset", r"\{\}", "0", r"\{0\}"], {"reference": reference}) == [1, 1, 0, 0]


# --- policies


def test_a_missing_unit_is_the_policys_business():
    columns = {"reference": "12 cm"}
    answers = ["12", "12 cm", "0.12 m", "12 clips"]
    assert values(answers, columns) == [1.0, 1.0, 1.0, 1.0]
    assert values(answers, columns, units="require") == [0.0, 1.0, 1.0, 0.0]
    assert scores(["12 kg"], columns)[0].note.endswith("kg does not convert to cm: different")


def test_a_tolerance_is_for_decimals():
    columns = {"reference": r"\pi"}
    assert values(["3.14", "3.2", "-3.14"], columns, tolerance=1e-2) == [1.0, 0.0, 0.0]
    assert values(["3.14"], columns) == [0.0]
    assert values(["100"], {"reference": "101"}, tolerance=1e-1) == [0.0]
    assert values([r"(0.333, 0.667)"], {"reference": r"(\frac13,\frac23)"}, tolerance=1e-2) == [1.0]


@pytest.mark.parametrize(
    "params",
    [{"tolerance": 1}, {"tolerance": -0.1}, {"tolerance": "1e-2"}, {"units": "requires"},
     {"percent": "values"}, {"references": "each"}],
)  # fmt: skip
def test_policies_that_there_are_not(params):
    with pytest.raises(ConfigError):
        scores(["1"], {"reference": "1"}, **params)


# --- math-verify


@pytest.mark.parametrize(
    "answer",
    ["cat", "42!!", "B12", "1 2 3 x", r"12 \text{ is not the answer}", "3 hours 5 kg", "6+", "#6",
     r"\text{sum of } 3 \text{ and}", r"\sum_{k=1}^{3} k \text{ apples and more}"],
)  # fmt: skip
def test_what_is_not_mathematics_is_not_asked(answer, asked):
    (found,) = scores([answer], {"reference": "6"})
    assert found.value == 0.0
    assert found.fault is None
    assert found.note.partition(" against 6: ")[2]  # "different", or what was in the way
    assert asked == []


@pytest.mark.parametrize("answer", [r"\sum_{k=1}^{3} k", r"\int_0^1 10^{-9}x dx", r"\gcd(12, 18)"])
def test_mathematics_that_is_not_read_here_is_asked(answer, asked):
    assert values([answer], {"reference": "6"}) == [1.0]
    assert len(asked) == 1


def test_an_unreadable_reference_is_the_rows_fault(asked):
    (found,) = scores([r"\sum_{k=1}^{3} k"], {"reference": "6 is not the answer"})
    assert found.fault == "input"
    assert asked == []


def test_a_verdict_that_two_points_contradict_does_not_stand(asked):
    asked.answer = "math-verify calls them equal, but they differ: 1 and 2"
    (found,) = scores([r"\sum_{k=1}^{3} k"], {"reference": "6"})
    assert found.value == 0.0
    assert found.note.endswith("they differ: 1 and 2")


@pytest.mark.skipif(importlib.util.find_spec("sympy") is None, reason="sympy is not installed")
class TestPoints:
    def test_values_that_differ_at_a_point_are_told(self):
        from sympy import Rational, S, Sum, symbols

        x, k = symbols("x k")
        assert "differ at" in worker._differing([x**2], [x**2 + Rational(1, 10**9)])
        assert "they differ:" in worker._differing([S(1) / 10**9], [S(2) / 10**9])
        assert worker._differing([(x + 1) ** 2], [x**2 + 2 * x + 1]) is None
        assert worker._differing([Sum(k, (k, 1, 3))], [S(6)]) is None

    def test_what_has_no_value_is_left_to_math_verify(self):
        from sympy import Interval, S, symbols, zoo

        x = symbols("x")
        assert worker._differing([Interval(0, 1)], [Interval(0, 1)]) is None
        assert worker._differing(["text"], [S(1)]) is None
        assert worker._differing([zoo], [S(1)]) is None
        assert worker._differing([x], [1 / x]) is not None


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not beside the checkout")
def test_the_shared_cases_of_equality():
    """Those whose answer is a box or stands behind a mark; sentences are the reader's business."""
    rows = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["response"].startswith(("\\boxed", "Answer:", "<answer>$"))]
    assert len(rows) >= 8
    for row in rows:
        columns = {name: row[name] for name in ("reference", "references") if name in row}
        found = load("rules.math.equal").score([Group("?", [row["response"]], columns)])[0][0]
        assert (found.value, found.fault) == (row["right"], None), row["why"]
