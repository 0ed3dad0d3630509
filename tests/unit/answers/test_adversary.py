"""Answers that say more, less or something else than the reference, and must not pass for it."""

import pytest

from plaudit.answers.latex_equal import answer_of, same
from plaudit.errors import ScoringError
from plaudit.rules.math import equal


@pytest.mark.parametrize(
    ("answer", "reference"),
    [(r"\pi+10^{-90}", r"\pi"), (r"\pi+10^{-400}", r"\pi"), (r"\ln(1+10^{-100})", "0"),
     (r"\exp(-300)+\pi", r"\pi"), (r"2^{-\sqrt{2}\cdot 1000}+\sqrt 2", r"\sqrt 2"),
     (r"e^{-1000}+1", "1")],
)  # fmt: skip
def test_a_difference_in_a_negative_exponent_is_looked_for_far_enough(answer, reference):
    assert same(answer_of(answer), answer_of(reference)) is False


@pytest.mark.parametrize(
    ("answer", "reference"),
    [("9^{9^9}", "9^{9^9}+1"), ("e^{10^6}", "e^{10^6}+1"), (r"\pi^{10^9}", r"\pi^{10^9}+1")],
)
def test_towers_that_differ_in_their_last_digit_are_not_called_equal(answer, reference):
    assert same(answer_of(answer), answer_of(reference)) is not True


def test_powers_are_still_equal_by_their_digits():
    for answer, reference in ((r"(1+\sqrt2)^{50}", r"(3+2\sqrt2)^{25}"), ("e^{2i\\pi}", "1"),
                              (r"2^{-1/2}", r"\frac{\sqrt2}{2}")):  # fmt: skip
        assert same(answer_of(answer), answer_of(reference)) is True


def test_no_numeral_has_base_zero_or_one():
    assert same(answer_of("17_0"), answer_of("17")) is not True  # Python reads base 0 as "any"
    assert same(answer_of("101_2"), answer_of("5")) is True


def test_a_date_is_no_subtraction():
    assert equal(r"\boxed{2023-01-02}", "2020").value == 0.0
    assert equal(r"\boxed{2023-01-02}", "2023-02-01").value == 0.0
    assert equal(r"The answer is \boxed{2023-01-02}.", "2023-01-02").value == 1.0


@pytest.mark.parametrize("answer", [r"x>\pi", r"\pi<x", r"\pi < x < \infty"])
def test_a_constant_is_no_name_for_what_an_inequality_is_about(answer):
    assert same(answer_of(answer), answer_of(r"(\pi,\infty)")) is True
    assert same(answer_of(answer), answer_of(r"(-\infty,\pi)")) is False


@pytest.mark.parametrize("answer", [r"\neq 42", r"\geq 42", r"\le 42", "> 42"])
def test_a_relation_without_a_left_side_is_not_its_right_side(answer):
    assert equal(f"\\boxed{{{answer}}}", "42").value == 0.0


_BETWEEN = [" ", ", ", " or ", ";", "|", "||", "/", r"\\", "\n", ":", r"\text{ or }", r"\lor ",
            r"\to ", r"\Rightarrow ", r"\approx ", r"\neq ", "=", "==", r"\pm ", r"\ldots ", "、",
            "或", "\u200b", r"} \boxed{", "</answer><answer>", r"\over ", r"\phantom{"]  # fmt: skip


@pytest.mark.parametrize("between", _BETWEEN)
@pytest.mark.parametrize("form", [r"\boxed{%s}", "<answer>%s</answer>", "#### %s", "答案是%s。",
                                  "The answer is %s.", r"\boxed{\text{%s}}", r"\boxed{\{%s\}}",
                                  r"so $%s$"])  # fmt: skip
def test_two_candidates_never_pass_for_both_references(form, between):
    response = form % f"42{between}43"
    assert equal(response, "42").value + equal(response, "43").value <= 1.0


def test_a_missing_number_is_no_reference():
    with pytest.raises(ScoringError) as caught:
        equal(r"\boxed{1}", float("nan"))
    assert caught.value.fault == "input"
    assert equal(r"\boxed{\infty}", float("inf")).value == 1.0


@pytest.mark.parametrize(
    ("answer", "reference"),
    [("5 million", "5000000"), (r"5\text{ million dollars}", "5,000,000"), ("2.5 thousand", "2500"),
     ("3 hundred thousand", "300000"), ("5万", "50000"), ("5万元", "50000"),
     ("1.2亿人", "120000000"), ("5百万", "5000000")],
)  # fmt: skip
def test_words_that_multiply_count(answer, reference):
    bare = answer.partition(" ")[0].rstrip("百万亿元人").partition("\\")[0]
    assert same(answer_of(answer), answer_of(reference)) is True
    assert same(answer_of(answer), answer_of(bare)) is False


@pytest.mark.parametrize("answer", ["5千克", "5千米", "5元", "5 hundredweights"])
def test_units_that_begin_like_a_multiplier_are_units(answer):
    assert same(answer_of(answer), answer_of("5")) is True
