"""The rewards of mini-r1-zero: equal to its patterns on soups, and each known exploit."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import load
from plaudit.errors import ConfigError
from plaudit.rules.compat import mini_r1_zero as rules
from plaudit.types import Group

GOLD = "She sells 9 * 2 = 18 eggs.\n#### 18"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<answer>18</answer>", 1.0),
        ("It is 18.0, no more", 1.0),
        ("first 17, then 18.", 1.0),
        ("18, not 17", 0.0),
        ("no number", 0.0),
        ("", 0.0),
        ("１８", 1.0),
        ("1.18", 0.0),
        ("1.2.18", 1.0),
    ],
)
def test_accuracy(text, value):
    assert rules.accuracy(text, GOLD) == value


def test_exploit_the_sign_is_not_read():
    assert rules.accuracy("-18", GOLD) == 1.0
    assert rules.accuracy("-18", "#### -18") == 0.0


def test_a_thousands_separator_splits_the_number():
    assert rules.accuracy("1,234", "#### 1,234") == 0.0
    assert rules.accuracy("1234", "#### 1,234") == 1.0


@given(st.text("12.,- \n九\ud800", max_size=30))
def test_last_number_equals_the_pattern(text):
    numbers = re.findall(r"\d+(?:\.\d+)?", text)
    assert rules._last_number(text) == (float(numbers[-1]) if numbers else None)


def test_a_reference_without_number_is_the_inputs_fault():
    group = Group("?", ["18"], {"solution": "eighteen"})
    score = load("rules.compat.mini_r1_zero.accuracy").score([group])[0][0]
    assert (score.is_scored, score.fault) == (False, "input")
    assert score.error == "no number in the reference: 'eighteen'"


PIECES = ["<think>", "</think>", "<answer>", "</answer>", "</think><answer>", "\n", "4", "\r", " "]
soups = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(
    st.one_of(soups, soups.map(lambda t: f"<think>{t}</answer>"), soups.map("<think>{}\n".format))
)
def test_format_equals_the_pattern(text):
    expected = re.match(r"^<think>.*?</think><answer>.*?</answer>$", text)
    assert rules.format(text) == float(bool(expected))


@pytest.mark.parametrize(
    "text",
    [
        "<think></think><answer></answer>",
        "<think></think><answer></answer></answer></answer>\n",
        "<think><think></think><answer></think><answer></answer>",
    ],
)
def test_exploits_pass_as_in_the_original(text):
    assert rules.format(text) == 1.0


def test_reasoning_of_two_lines_earns_nothing():
    assert rules.format("<think>a\nb</think><answer>4</answer>") == 0.0


@pytest.mark.parametrize(
    ("count", "step", "linear"), [(0, 0, 0), (500, 0, 0.1), (501, 0.5, 0.1002)]
)
def test_length(count, step, linear):
    assert rules.length("x" * count) == step
    assert rules.length("x" * count, form="linear") == linear


def test_length_has_two_forms():
    with pytest.raises(ConfigError, match="form='log'"):
        rules.length("x", form="log")


LISTED = {
    "wait", "possible", "perhaps", "check", "maybe", "let me", "would be", "but the", "wait but",
    "check if", "but how", "wait no", "but wait", "let me check", "let me think", "but let me",
}  # fmt: skip
SPOKEN = [
    "wait",
    "Wait",
    "wait,",
    "perhaps",
    "let",
    "me",
    "check",
    "I",
    "maybe",
    "MAYBE",
    "possible",
]


@given(st.lists(st.sampled_from(SPOKEN), max_size=20).map(" ".join))
def test_reflection_equals_the_sum_over_words(text):
    expected = sum(0.1 if word in LISTED else 0.0 for word in text.lower().split())
    expected += 0.1 if " I " in text else 0
    assert rules.reflection(text) == expected


def test_phrases_and_words_with_a_comma_never_match():
    assert rules.reflection("let me think, but wait, let me check: would be") == 0.0


def test_exploit_a_repeated_word_is_paid_without_end_unless_capped():
    text = "wait " * 1000
    assert rules.reflection(text) == pytest.approx(100)
    assert rules.reflection(text, cap=0.5) == 0.5
