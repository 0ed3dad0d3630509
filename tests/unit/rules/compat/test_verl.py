"""verl's string graders: what the originals give, by hand and by plain re-readings of them."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import load
from plaudit.answers import hendrycks
from plaudit.errors import ConfigError
from plaudit.rules.compat import verl as rules
from plaudit.types import Group, Score


def value(result):
    return result.value if isinstance(result, Score) else result


# --- gsm8k ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "strict", "flexible"),
    [
        ("9 * 2 = 18\n#### 18", 1.0, 1.0),
        ("#### 17 no, #### 18", 1.0, 1.0),
        ("#### 1,8", 1.0, 0.1),
        ("#### 18.", 0.1, 0.1),
        ("#### 18.00", 0.1, 0.1),
        ("#### $18", 0.0, 1.0),
        ("it is 18 . . .", 0.0, 1.0),
        ("#### 18" + " " * 300, 0.0, 0.0),
        ("...", 0.0, 0.1),
        (". .", 0.0, 0.1),
        ("no number", 0.0, 0.0),
        ("", 0.0, 0.0),
    ],
)
def test_gsm8k(text, strict, flexible):
    assert value(rules.gsm8k(text, "18", format_score=0.1)) == strict
    assert value(rules.gsm8k(text, "18", method="flexible", format_score=0.1)) == flexible


@given(
    st.lists(st.sampled_from(["#### ", "18", "-", ",", ".", "1", " ", "x"]), max_size=9).map(
        "".join
    )
)
def test_gsm8k_equals_the_patterns(text):
    strict = re.findall(r"#### (-?[0-9.,]+)", text)
    expected = (0.5 if strict[-1].replace(",", "") != "18" else 1.0) if strict else 0.0
    assert value(rules.gsm8k(text, "18", format_score=0.5)) == expected
    runs = [run for run in re.findall(r"-?[0-9.,]+", text) if run != "."]
    wrong = 0.5 if "." in text or runs else 0.0
    expected = 1.0 if runs and runs[-1] == "18" else wrong
    assert value(rules.gsm8k(text, "18", method="flexible", format_score=0.5)) == expected


def test_a_reference_that_is_a_number_is_the_inputs_fault():
    for name in ("gsm8k", "math_reward", "math_dapo", "math_verify"):
        rule = load(f"rules.compat.verl.{name}")
        assert rule.score([Group("?", ["18"], {"reference": 18})])[0][0].fault == "input"
    with pytest.raises(ConfigError, match="method='loose'"):
        rules.gsm8k("18", "18", method="loose")


# --- Hendrycks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (r"\frac12", r"\frac{1}{2}"),
        (r"\dfrac1{72}", r"\frac{1}{72}"),
        (r"\tfrac{1}{2}", r"\frac{1}{2}"),
        (r"\frac1", r"\frac1"),
        (r"\frac12\frac3", r"\frac12\frac3"),
        ("1/2", r"\frac{1}{2}"),
        ("-1/2", r"\frac{-1}{2}"),
        ("a/2", "a/2"),
        ("01/2", "01/2"),
        ("1/2/3", "1/2/3"),
        ("0.5", r"\frac{1}{2}"),
        ("0.50", "0.50"),
        (".5", r"\frac{1}{2}"),
        ("x = 5", "5"),
        ("xyz = 5", "xyz=5"),
        (r"\sqrt3x", r"\sqrt{3}x"),
        (r"\sqrt{3}", r"\sqrt{3}"),
        (r"5\text{ cm}", "5"),
        (r"90^\circ", "90"),
        (r"\left( 1,\!000 \right)", "(1,000)"),
        (r"\$5\%", "5"),
        ("", ""),
        (" ", ""),
    ],
)
def test_hendrycks_normal_form(text, normal):
    assert hendrycks.normal(text) == normal


@pytest.mark.parametrize("text", [r"\sqrt", r"\frac", r"1\text{ a}\text{ b}", r"\frac\frac12"])
def test_what_the_original_cannot_digest_is_compared_as_it_stands(text):
    with pytest.raises(ValueError, match=r"nothing|two units"):
        hendrycks.normal(text)
    assert hendrycks.is_equal(text, text)
    assert not hendrycks.is_equal(text, text + " ")


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (r"\boxed{1} then \boxed{\frac12}", 1.0),
        (r"\boxed{0.5}", 1.0),
        (r"\boxed 1/2$ is it", 1.0),
        (r"\boxed 1/2$, or \boxed{3}", 1.0),
        (r"\boxed{3}, or \boxed 1/2", 1.0),
        (r"\boxed{1/2", 0.0),
        (r"\boxed{1/2} or \boxed{3", 0.0),
        (r"\fbox{1/2}", 0.0),
        (r"\boxed5{1/2}", 0.0),
        (r"\boxed{0.50}", 0.0),
        ("1/2", 0.0),
        ("", 0.0),
    ],
)
def test_math_reward(text, score):
    assert value(rules.math_reward(text, r"\frac{1}{2}")) == score


def test_math_reward_counts_escaped_braces():
    assert rules.math_reward(r"\boxed{\{1\}}", r"\{1\}") == 1.0
    assert value(rules.math_reward(r"\boxed{a\}b}", r"a\}b")) == 0.0


# --- DAPO -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reference", "score"),
    [
        ("Answer: 18", "18", 1.0),
        ("answer :  $18$.", "18", 1.0),
        ("Answer: $18$", "18", 1.0),
        ("Answer: 17\nAnswer:\n18", "18", 1.0),
        ("Answer: x = 1,000", "1000", 1.0),
        ("Answer: \\frac12", "\\frac{1}{2}", 1.0),
        ("Answer: 18" + "\n" * 300, "18", -1.0),
        ("Answer: 20 dollars", "20", 1.0),
        ("18", "18", -1.0),
        ("", "18", -1.0),
    ],
)
def test_math_dapo(text, reference, score):
    result = rules.math_dapo(text, reference)
    assert (result.value, result.parts["acc"]) == (score, float(score > 0))


def test_exploit_deleted_words_make_unequal_answers_equal():
    assert rules.math_dapo("Answer: issue", "is").value == 1.0
    assert rules.math_dapo("Answer: a b", "b").value == 1.0


def test_exploit_a_missing_answer_equals_the_marker_for_it():
    assert rules.math_dapo("I give up.", "[INVALID]").value == 1.0


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (r"\boxed{18}", 1.0),
        (r"\boxed{17} \boxed{18}", 1.0),
        (r"\boxed{18}" + " " * 100, -1.0),
        (r"\boxed{18 }", -1.0),
        (r"\boxed{18", -1.0),
        ("Answer: 18", -1.0),
    ],
)
def test_math_dapo_strict_box(text, score):
    assert rules.math_dapo(text, "18", strict_box_verify=True).value == score


# --- geo3k and search -----------------------------------------------------------------------------

PIECES = ["<think>", "</think>", "\\boxed{", "}", "\n", "4", "</think>\\boxed{}"]


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_geo3k_format_equals_the_pattern(text):
    pattern = r"<think>.*</think>.*\\boxed\{.*\}.*"
    assert rules.geo3k_format(text) == float(bool(re.fullmatch(pattern, text, re.DOTALL)))


def _em(text, targets, contains):
    def normal(s):
        kept = "".join(c for c in s.lower() if c not in string.punctuation)
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())

    found = re.findall(r"<answer>(.*?)</answer>", text, re.DOTALL)
    if not found:
        return 0.0
    mine, theirs = normal(found[-1].strip()), [normal(t) for t in targets]
    return 1.0 if any(t in mine if contains else t == mine for t in theirs) else 0.25


WORDS = ["<answer>", "</answer>", "The ", "Eiffel", "-", " tower", "a", "\n", "an!"]


@given(st.lists(st.sampled_from(WORDS), max_size=10).map("".join))
def test_search_r1_equals_the_patterns(text):
    text += "<answer>"
    targets = ["eiffel tower", "an"]
    row = {"target": targets}
    assert value(rules.search_r1_em(text, row, format_score=0.25)) == _em(text, targets, False)
    assert value(rules.search_r1_subem(text, row, format_score=0.25)) == _em(text, targets, True)


def test_search_r1_ten_tags_cost_three_quarters():
    text = "<answer>Rome</answer>"
    assert rules.search_r1_em(text * 10, "rome") == 1.0
    assert rules.search_r1_em(text * 11, "rome").value == 0.25
    assert rules.search_r1_subem(text * 11, "rome") == 1.0


def test_exploit_listing_many_answers():
    assert rules.search_r1_subem("<answer>Paris, Rome, Oslo</answer>", "Rome") == 1.0
    assert value(rules.search_r1_em("<answer>Paris, Rome, Oslo</answer>", "Rome")) == 0.0


def test_search_r1_needs_texts():
    group = Group("?", ["<answer>4</answer>"], {"reference": {"target": None}})
    assert load("rules.compat.verl.search_r1_em").score([group])[0][0].fault == "input"


# --- math-verify ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reference", "score"),
    [
        (r"\boxed{0.5}", r"\frac{1}{2}", 1.0),
        ("so 0.5", r"\frac{1}{2}", 1.0),
        ("so 0.4", r"\frac{1}{2}", 0.0),
        (r"\boxed{50}", "50\\%", 1.0),
        (r"\boxed{Monday}", "", 0.0),
    ],
)
def test_math_verify(text, reference, score):
    pytest.importorskip("math_verify")
    assert value(rules.math_verify(text, reference)) == score
