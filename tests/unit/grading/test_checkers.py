"""Checker programs: argument order, verdicts, and who is to blame when one breaks."""

import math

import pytest

from plaudit import Group, load

ONE = [{"input": "4\n", "output": "2\n"}]
# any divisor of the input is right; the correct output is one of them
DIVIDES = """
n = int(open(sys.argv[1]).read())
d = int(open(sys.argv[{output}]).read())
assert int(open(sys.argv[{answer}]).read()) == 2
"""


def codeforces(body, **more):
    code = "import sys\n" + DIVIDES.format(output=3, answer=2) + body
    return {"official_tests": ONE, "generated_checker": code, **more}


def own_checker(body, **more):
    code = "import sys\n" + DIVIDES.format(output=2, answer=3) + body
    return {"tests": ONE, "checker": code, **more}


PRINTS = "print(1 if n % d == 0 else 0)"
EXITS = "sys.exit(0 if n % d == 0 else 1)"


def scored(row, output, **params):
    text = f"```python\nprint({output!r})\n```"
    return load("rules.code.passes", **params).score([Group("p", [text], row)])[0][0]


@pytest.mark.parametrize("row", [codeforces(PRINTS), own_checker(PRINTS), own_checker(EXITS)])
@pytest.mark.parametrize(("output", "value"), [("4", 1.0), ("2", 1.0), ("1", 1.0), ("3", 0.0)])
def test_both_orders_of_arguments(row, output, value):
    score = scored(row, output)
    assert (score.value, score.fault) == (value, None)


@pytest.mark.parametrize(
    ("row", "value", "fraction"),
    [
        (codeforces("print(0.4)"), 0.0, 0.4),  # cf_scoring.py: the printed text is "1"
        (codeforces("print('1')\nprint('ok')"), 0.0, 0.0),
        (codeforces("print(1)\nsys.exit(3)"), 0.0, 0.0),
        (codeforces(""), 0.0, 0.0),
        (own_checker(""), 1.0, 1.0),
        (own_checker("print(0.25)"), 0.0, 0.25),
        (own_checker("sys.stderr.write('points 0.5')\nsys.exit(7)"), 0.0, 0.5),
        (own_checker("sys.stderr.write('points 30')\nsys.exit(7)"), 0.0, 0.3),
        (own_checker("sys.stderr.write('wrong answer')\nsys.exit(1)"), 0.0, 0.0),
        (own_checker("sys.exit(2)"), 0.0, 0.0),
    ],
)
def test_what_a_checker_says_is_read_as_its_convention_has_it(row, value, fraction):
    assert scored(row, "2").value == value
    assert scored(row, "2", give="fraction").value == pytest.approx(fraction)


def test_output_that_a_checker_breaks_on_is_the_response_s_own():
    for row in (codeforces(PRINTS), own_checker(EXITS)):
        for output in ("four", "", "0"):
            score = scored(row, output)
            assert (score.value, score.fault) == (0.0, None)
            assert "the checker broke off on it: line " in (score.note or "")


def test_output_that_exhausts_a_checker_is_the_response_s_own():
    row = own_checker("while d == 7: pass")
    score = scored(row, "7")
    assert (score.value, score.fault) == (0.0, None)
    assert "the checker broke off on it: cpu" in (score.note or "")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (codeforces("1 / 0"), "line 6: 'ZeroDivisionError: division by zero'"),
        (own_checker("sys.exit(3)"), "exit code 3"),
        (own_checker("if n: raise SystemExit(9)"), "exit code 9"),
        (codeforces("print(0)", official_tests=ONE), None),
        ({"tests": ONE, "checker": "def f(:"}, "SyntaxError"),
    ],
)
def test_a_broken_checker_is_the_row_s_own(row, why):
    score = scored(row, "2")
    if why is None:  # it refuses everything, which is a verdict
        assert score.value == 0.0
        return
    assert math.isnan(score.value)
    assert score.fault == "input"
    assert "the checker fails on the correct output of test 1" in (score.error or "")
    assert why in (score.error or "")


def test_a_checker_may_begin_with_a_future_import():
    row = {
        "tests": ONE,
        "checker": "from __future__ import annotations\n" + own_checker(EXITS)["checker"],
    }
    assert scored(row, "1").value == 1.0
