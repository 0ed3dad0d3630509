"""Printed output against expected output."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.errors import ConfigError
from plaudit.grading.compare import MODES, PUBLISHED, first_difference, same_output

EQUAL = [
    ("exact", "a\n", "a"),
    ("exact", "a", "a\n\n"),
    ("lines", "a \r\nb\n\n \n", "a\nb"),
    ("lines", "\ufeffa", "a"),
    ("lines", "", "\n"),
    ("tokens", " 1\n2\t3 ", "1 2 3"),
    ("tokens", "", " \n"),
    ("float", "1.0000001", "1"),
    ("float", "1e3", "1000.0"),
    ("float", "007 -0 +5", "7 0 5"),
    ("float", "NaN -INF infinity", "nan -inf inf"),
    ("float", "-nan", "nan"),
    ("float", "1e400", "1.0000000001e400"),
    ("float", "1e-999999999", "0.0"),
    ("float", "1e" + "9" * 50, "1e" + "9" * 50),
    ("float", "9" * 5000, "0" + "9" * 5000),
    ("float", "yes 0.5000000001", "yes 0.5"),
    ("float", "1000000007.0", "1000000007"),
    ("float", "1e9", "1000000000"),
    ("float", "2.50e1 100e-2", "25 1"),
    ("stripped", " a b \n\n c\n", "a b\n\nc"),
    ("livecodebench", "1000000007.0", "1000000007"),
    ("livecodebench", "0.5 1e3", "0.50 1000"),
    ("livecodebench", "YES\n1.0\n", "YES\n1"),
    ("verl", "0.333333333\n\n7.0", "0.3333333\n7"),
    ("verl", "a\n\nb", "a\nb"),
    ("apps", "1  2\n3", "1 2\n3"),
    ("apps", "3.14159 2.5", "3.1416 2.500"),
    ("apps", "1.0\n2.0", "1\n2"),
    ("codecontests", "Yes 123.000001", "YES 123"),
    ("codecontests", "1\n2 3", "1 2\n3"),
]
DIFFERENT = [
    ("exact", "a ", "a"),
    ("exact", "a\nb", "a"),
    ("exact", "\na", "a"),
    ("lines", "a b", "a  b"),
    ("lines", "a", "a\nb"),
    ("lines", "a\nb", "a"),
    ("lines", "a\n\nb", "a\nb"),
    ("lines", " a", "a"),
    ("tokens", "1 2", "1 2 3"),
    ("tokens", "1 2 3", "1 2"),
    ("tokens", "2 1", "1 2"),
    ("tokens", "1 1 2", "1 2 2"),
    ("tokens", "", "1"),
    ("tokens", "1", ""),
    ("tokens", "1.0", "1"),
    ("tokens", "a\u3000b", "a b"),
    ("float", "100000001", "100000000"),
    ("float", "1.1", "1"),
    ("float", "1_0.0", "10.0"),
    ("float", "nan", "1.0"),
    ("float", "inf", "-inf"),
    ("float", "inf", "1e400"),
    ("float", "1e500", "1e400"),
    ("float", "-1e400", "1e400"),
    ("float", "-1", "1"),
    ("float", "0x10", "16"),
    ("float", "1.0 2.0", "1.0"),
    ("float", "\u0661.0", "1.0"),
    ("float", "1000000008.0", "1000000007"),
    ("float", "1000000009", "1e9"),
    ("stripped", "1.0", "1"),
    ("stripped", "a  b", "a b"),
    ("stripped", "a", "a\nb"),
    ("livecodebench", "0.30000000000000004", "0.3"),
    ("livecodebench", "1000000008", "1000000007"),
    ("livecodebench", "1 2", "1 2 3"),
    ("livecodebench", "yes", "YES"),
    ("livecodebench", "1\n2", "1 2"),
    ("livecodebench", "nan", "0"),
    ("livecodebench", "sNaN", "1"),
    ("verl", "1  2", "1 2"),
    ("verl", "1.5 2", "1.50 2"),
    ("verl", "yes\n0.5", "yes\n0.50"),
    ("verl", "10000001", "10000000"),
    ("apps", "NO YES", "YES NO"),
    ("apps", "YES\nNO", "YES\nNO\nYES"),
    ("apps", "10000001", "10000000"),
    ("apps", "3.142 2", "3.140 2"),
    ("apps", "1 2 3", "1 2\n3"),
    ("codecontests", "abc deg", "abc def"),
    ("codecontests", "abc 123", "abc 123.1"),
    ("codecontests", "abc def", "abc def 123"),
    ("codecontests", "9007199254740993", "9007199254740992"),
]


@pytest.mark.parametrize(("mode", "actual", "expected"), EQUAL)
def test_equal(mode, actual, expected):
    assert same_output(actual, expected, mode=mode)
    assert first_difference(actual, expected, mode=mode) == ""


@pytest.mark.parametrize(("mode", "actual", "expected"), DIFFERENT)
def test_different(mode, actual, expected):
    assert not same_output(actual, expected, mode=mode)
    assert first_difference(actual, expected, mode=mode)


def test_the_first_difference_is_named():
    assert first_difference("a\nc", "a\nb", mode="lines") == "line 2: expected 'b', found 'c'"
    assert first_difference("a\n", "a\nb", mode="lines") == "line 2: expected 'b', found the end"
    assert first_difference("a\nb\nc\nd", "a\nx", mode="stripped") == (
        "line 2: expected 'x', found 'b'"
    )
    assert first_difference("ab\nx", "ab\ny", mode="exact").startswith("line 2, character 4")
    assert len(first_difference("x" * 10_000, "y" * 10_000)) < 250


def test_tolerance():
    assert same_output("1.05", "1.0", mode="float", tolerance=0.1)
    assert not same_output("1.05", "1.0", mode="float", tolerance=0)
    assert same_output("1000000.5", "1000000.0", mode="float")
    # a share of the expected number, not of the one that was printed
    assert not same_output("11.05", "10.0", mode="float", tolerance=0.1)
    assert same_output("10.0", "11.05", mode="float", tolerance=0.1)


def test_an_unknown_mode_is_refused():
    with pytest.raises(ConfigError, match="did you mean 'tokens'"):
        same_output("1", "1", mode="token")


@pytest.mark.parametrize("mode", [*MODES, *PUBLISHED])
@pytest.mark.parametrize(
    "hostile", ["1 " * 4_000_000, "\n" * 8_000_000, "9" * 8_000_000, "1e" * 4_000_000, "\ud800" * 9]
)
def test_a_long_output_is_answered(mode, hostile):
    assert not same_output(hostile, "1.5 2.5 3.5", mode=mode)


@given(st.text("01.e-\n \t\r+naif", max_size=30), st.text("01.e-\n \t\r+naif", max_size=30))
def test_each_mode_forgives_what_a_stricter_one_does(actual, expected):
    held = [same_output(actual, expected, mode=mode) for mode in MODES]
    assert held == sorted(held)
    assert all(same_output(actual, actual, mode=mode) for mode in MODES)
