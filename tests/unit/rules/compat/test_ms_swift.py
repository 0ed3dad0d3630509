"""ms-swift's rewards: equal to its patterns and formulas on soups, and each known exploit."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import load
from plaudit.errors import ConfigError
from plaudit.rules.compat import ms_swift as rules
from plaudit.types import Group, Response, Score

BOTH = re.DOTALL | re.MULTILINE
FORMAT = re.compile(r"^<think>.*?</think>\s*<answer>.*?</answer>(?![\s\S])", BOTH)
REACT = re.compile(r"^<think>.*?</think>\s*Action:.*?Action Input:.*?$", BOTH)
PIECES = [
    "<think>",
    "</think>",
    "<answer>",
    "</answer>",
    "\n",
    " ",
    "4",
    "Action:",
    "Action Input:",
]
soups = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)


@given(st.one_of(soups, soups.map("<think>{}</answer>".format)))
def test_format_equals_the_pattern(text):
    assert rules.format(text) == float(bool(FORMAT.match(text)))


@given(st.one_of(soups, soups.map("<think></think>{}".format)))
def test_react_format_equals_the_pattern(text):
    assert rules.react_format(text) == float(bool(REACT.match(text)))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "<think>a</think><answer>4</answer><answer>5</answer>", id="two answer blocks"
        ),
        pytest.param("<think></think><answer></answer>", id="nothing in either block"),
        pytest.param("<think>a</think>b</think><answer>4</answer>", id="two closing tags"),
    ],
)
def test_exploits_pass_as_in_the_original(text):
    assert rules.format(text) == 1.0


def test_a_line_break_at_the_end_earns_nothing():
    assert rules.format("<think>a</think><answer>4</answer>\n") == 0.0


@given(st.lists(st.sampled_from(["a", "A", "b", "\n", "c"]), max_size=20), st.integers(1, 4))
def test_repetition_equals_the_sets(words, n):
    text = " ".join(words)
    words = text.lower().split()
    grams = list(zip(*[words[i:] for i in range(n)], strict=False))
    expected = (1 - len(set(grams)) / len(grams)) * -2.0 if len(words) >= n else 0.0
    params = {"repetition_n_grams": n, "repetition_max_penalty": -2.0}
    assert rules.repetition(text, **params) == expected


@pytest.mark.parametrize(
    ("length", "score"), [(0, 0.0), (80, 0.0), (90, -0.5), (100, -1.0), (200, -6.0)]
)
def test_exploit_soft_overlong_has_no_floor(length, score):
    params = {"soft_max_length": 100, "soft_cache_length": 20}
    assert rules.soft_overlong(range(length), **params) == score


def test_soft_overlong_checks_its_limits():
    with pytest.raises(ConfigError, match="soft_cache_length"):
        rules.soft_overlong([1], soft_max_length=20, soft_cache_length=20)


GOLD = 'Thought: add\nAction: add\nAction Input: {"x": 1, "y": [2]}'


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (GOLD, 1.0),
        ('Action: add\nAction Input: {"y": [2], "x": 1.0}<|im_end|>', 1.0),
        (GOLD + "\nObservation:", 1.0),
        ('Action: no\nAction Input: {}\nAction: add\nAction Input: {"x": 1, "y": [2]}', 1.0),
        ('Action: add\nAction Input: {"x": 1}', 0.0),
        ('Action: add\nAction Input: {"x": 1, "y": [2], "z": 3}', 0.0),
        ('Action: add\nAction Input: {"x": 1, "y": 2}', 0.0),
        ('Action: sub\nAction Input: {"x": 1, "y": [2]}', 0.0),
        ("Action: add\nAction Input: x = 1", 0.0),
        ("", 0.0),
    ],
)
def test_toolbench(text, score):
    assert rules.toolbench(text, GOLD) == score


def test_toolbench_without_action_or_with_text_inputs():
    assert rules.toolbench("", "no tool") == 1.0
    assert rules.toolbench("Action: a\nAction Input: b", "Action: a\nAction Input: b") == 0.0
    assert rules.toolbench("Action: a\nAction Input: [1]", "Action: a\nAction Input: [1]") == 0.0
    assert rules.toolbench("Action: a\nAction Input: " + "[" * 50_000, GOLD) == 0.0


@pytest.mark.parametrize(
    ("text", "reference", "score"),
    [
        ("<answer>0.5</answer>", "1/2", 1.0),
        ("<answer>5</answer> no, <answer>6</answer>", "6", 0.0),
        (r"\boxed{5} and $6$", "5", 1.0),
        ("it is 5", "5", 0.0),
        ("<answer>5</answer>", "steps <answer>$5$</answer>", 1.0),
        ("<answer>Monday</answer>", "Monday", 0.0),
    ],
)
def test_accuracy(text, reference, score):
    pytest.importorskip("math_verify")
    result = rules.accuracy(text, reference)
    assert (result.value if isinstance(result, Score) else result) == score


@pytest.mark.parametrize(("right", "ends"), [(1.0, (1.0, 0.5)), (0.0, (-0.5, 0.0))])
def test_cosine_is_not_clamped(right, ends):
    accuracy = load("rules.baseline.constant", value=right)
    reward = load("rules.compat.ms_swift.cosine", accuracy=accuracy, cosine_max_len=100)
    lengths = (0, 30, 100, 150, 200)
    group = Group("?", [Response("", token_ids=(1,) * n) for n in lengths])
    start, end = ends
    expected = [start + (end - start) * (1 - math.cos(n * math.pi / 100)) / 2 for n in lengths]
    assert [s.value for s in reward.score([group])[0]] == pytest.approx(expected, abs=1e-15)
    assert expected[4] == start


def test_cosine_prints_as_it_is_loaded():
    accuracy = load("rules.baseline.constant", value=1.0)
    reward = load("rules.compat.ms_swift.cosine", accuracy=accuracy, cosine_max_len=100)
    assert repr(eval(repr(reward), {"load": load})) == repr(reward)
    own = load("rules.compat.ms_swift.cosine", cosine_max_len=100)
    assert "accuracy=load('rules.compat.ms_swift.accuracy')" in repr(own)
