"""The rules of grpo-flat: equal to its patterns and formulas, and each known exploit."""

import math
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import load
from plaudit.rules.compat import grpo_flat as rules
from plaudit.types import Group


@pytest.mark.parametrize(
    ("count", "value"),
    [(200, 10.0), (150, 10 * math.exp(-0.5)), (250, 10 * math.exp(-0.5)), (0, 10 * math.exp(-8))],
)
def test_length(count, value):
    assert rules.length("好" * count) == pytest.approx(value, rel=1e-15)


def test_repetition_is_the_share_of_different_words():
    pytest.importorskip("jieba")
    assert rules.repetition("好好学习") == 10.0
    assert rules.repetition("a a a") == 10 * 2 / 5
    assert rules.repetition("学习，学习，学习") == 10 * 2 / 5


def test_an_empty_response_is_its_own_fault():
    pytest.importorskip("jieba")
    score = load("rules.compat.grpo_flat.repetition").score([Group("?", [""])])[0][0]
    assert (score.value, score.fault) == (0.0, "response")


@given(st.text("a一鿿〇龥䶿 \ud800。🙂", max_size=20))
def test_chinese_char_ratio_equals_the_pattern(text):
    count = len(re.findall("[\u4e00-\u9fff]", text))
    assert rules.chinese_char_ratio(text) == (count / len(text) * 10 if text else 0)


MARKS = ("<think>\n", "</think>\n", "<answer>\n", "</answer>\n")
PIECES = [*MARKS, "<think>", "</think><answer>", "</answer>", "\n", "\n", "4", " ", "\r"]
soups = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(soups)
def test_think_mark_equals_the_counts(text):
    assert rules.think_mark(text) == sum(0.125 for mark in MARKS if text.count(mark) == 1)


def test_exploit_marks_in_any_order():
    assert rules.think_mark("".join(reversed(MARKS))) == 0.5


@given(
    st.one_of(
        soups,
        st.tuples(soups, soups).map(
            "<think>\n{0[0]}\n</think>\n<answer>\n{0[1]}\n</answer>\n".format
        ),
        soups.map("<think>\n\n</think>\n<answer>\n\n</answer>\n{}".format),
    )
)
def test_hard_thinking_format_equals_the_pattern(text):
    expected = re.match(r"^<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>\n$", text)
    assert rules.hard_thinking_format(text) == (0.5 if expected else 0.0)


def test_hard_thinking_format_of_two_lines_earns_nothing():
    text = "<think>\na{}\n</think>\n<answer>\n4\n</answer>\n"
    assert rules.hard_thinking_format(text.format("")) == 0.5
    assert rules.hard_thinking_format(text.format("\nb")) == 0.0
    assert rules.hard_thinking_format(text.format("")[:-1]) == 0.0


@given(st.one_of(soups, soups.map("<think>{}</think><answer></answer>".format)))
def test_soft_thinking_format_equals_the_pattern(text):
    expected = re.match(r"^<think>.*?</think><answer>.*?</answer>$", text)
    assert rules.soft_thinking_format(text) == float(bool(expected))


@pytest.mark.parametrize(
    ("text", "value"), [("", -0.99), ("a  b", -0.97), ("a " * 99, 0.0), ("a " * 199, -1.0)]
)
def test_punish_too_long(text, value):
    assert rules.punish_too_long(text) == value


def test_exploit_chinese_text_is_one_piece():
    assert rules.punish_too_long("好" * 5000) == -0.99


def _bleu_1(references, hypothesis):
    """BLEU-1 as its paper defines it, on sequences of any items."""
    counts, clipped = Counter(hypothesis), 0
    for item, count in counts.items():
        clipped += min(count, max(Counter(r)[item] for r in references))
    closest = min(map(len, references), key=lambda n: (abs(n - len(hypothesis)), n))
    brevity = math.exp(1 - closest / len(hypothesis)) if closest >= len(hypothesis) else 1
    return brevity * clipped / len(hypothesis)


letters = st.lists(st.sampled_from(["a", "b", "ab", "aab", "", "ccc"]), max_size=8).map(" ".join)


@given(letters, letters)
def test_unbias_equals_bleu_of_words_against_letters(text, reference):
    expected = _bleu_1(reference.split(" "), text.split(" "))
    assert rules.unbias(text, reference) == pytest.approx(expected, abs=1e-15)


def test_exploit_normal_words_never_match_but_single_letters_do():
    assert rules.unbias("the cat sat", "the cat sat") == 0.0
    assert rules.unbias("t h e", "the cat sat") == 1.0
