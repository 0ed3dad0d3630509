"""The formula of a multi grader against arithmetic by hand, and what it refuses."""

import math

import pytest

from plaudit.errors import ConfigError
from plaudit.grading.formula import formula

NAMES = {"a": 3.0, "b": 0.5, "c": -2.0}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(a + b) / 2", 1.75),
        ("0.5 * a + 0.5 * b", 1.75),
        ("a - b - 1", 1.5),
        ("2 ^ a", 8.0),
        ("-a ^ 2", -9.0),  # a power binds tighter than a sign
        ("2 ^ a ^ 2", 512.0),  # and is read from the right
        ("min(a, b, c) + max(a, b)", 1.0),
        ("min(a)", 3.0),
        ("abs(c) + floor(b) + ceil(b)", 3.0),
        ("exp(0) + log(1) + sqrt(4)", 3.0),
        ("+a", 3.0),
        ("1", 1.0),
    ],
)
def test_values(text, value):
    assert formula(text, NAMES).value(NAMES) == pytest.approx(value)


@pytest.mark.parametrize("text", ["1 / (a - 3)", "log(c)", "sqrt(c)", "c ^ b", "exp(a * 1000)"])
def test_no_number_is_nan(text):
    assert math.isnan(formula(text, NAMES).value(NAMES))


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("a +", "formula_parse_error"),
        ("", "formula_parse_error"),
        (None, "formula_parse_error"),
        ("a ** 2", "formula_parse_error"),
        ("a // 2", "formula_parse_error"),
        ("a % 2", "formula_parse_error"),
        ("a if b else c", "formula_parse_error"),
        ("a.real", "formula_parse_error"),
        ("__import__('os')", "formula_parse_error"),
        ("round(a)", "formula_parse_error"),
        ("floor(a, b)", "formula_parse_error"),
        ("min()", "formula_parse_error"),
        ("'a'", "formula_parse_error"),
        ("True", "formula_parse_error"),
        ("(" * 5000 + "a" + ")" * 5000, "formula_parse_error"),
        ("a + d", "invalid_variable_error"),
    ],
)
def test_what_is_no_formula(text, flag):
    with pytest.raises(ConfigError, match=flag):
        formula(text, NAMES)


def test_its_names():
    assert formula("a + min(b, 1)", NAMES).names == {"a", "b"}
