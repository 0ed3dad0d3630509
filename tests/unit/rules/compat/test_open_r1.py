"""open-r1's rewards: equal to its patterns and formulas on soups, and each known exploit."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import load
from plaudit.errors import ConfigError, DataError
from plaudit.rules.compat import open_r1
from plaudit.types import Group

BOTH = re.DOTALL | re.MULTILINE
FORMAT = re.compile(r"^<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>$", BOTH)
CODE = r"^<think>\n.*?\n</think>\n<answer>\n.*?```%s.*?```.*?\n</answer>$"
STEPS = r"(Step \d+:|^\d+\.|\n-|\n\*|First,|Second,|Next,|Finally,)"
GOOD = "<think>\n2 + 2\n</think>\n<answer>\n4\n</answer>"
PIECES = ["<think>", "</think>", "<answer>", "</answer>", "\n", "\n", " ", "4", "```", "```python"]
soups = st.lists(st.sampled_from(PIECES), max_size=16).map("".join)
near_misses = st.builds(
    lambda head, a, mid, b, tail: head + a + mid + b + tail,
    st.sampled_from(["<think>\n", "<think>", "\n<think>\n"]),
    soups,
    st.sampled_from(["\n</think>\n<answer>\n", "</think>\n<answer>\n", ""]),
    soups,
    st.sampled_from(["\n</answer>", "</answer>", "\n</answer>\n", "\n</answer> "]),
)


@given(st.one_of(soups, near_misses))
def test_format_equals_the_pattern(text):
    assert open_r1.format(text) == float(bool(FORMAT.match(text)))


@given(st.one_of(soups, near_misses))
def test_code_format_equals_the_pattern(text):
    assert open_r1.code_format(text) == float(bool(re.match(CODE % "python", text, BOTH)))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GOOD + "\nanything", id="text after the answer on a new line"),
        pytest.param(GOOD + "\n<answer>\n5\n</answer>", id="two answer blocks"),
        pytest.param(GOOD.replace("2 + 2", "<think>\n<think>\n"), id="three nested think blocks"),
        pytest.param("<think>\n\n</think>\n<answer>\n\n</answer>", id="nothing in either block"),
    ],
)
def test_exploits_pass_as_in_the_original(text):
    assert open_r1.format(text) == 1.0


@pytest.mark.parametrize("text", ["", GOOD + " ", "\n" + GOOD, GOOD.replace("\n", "")])
def test_a_space_or_a_missing_line_break_earns_nothing(text):
    assert open_r1.format(text) == 0.0


def test_code_format_reads_the_row_first():
    text = "<think>\na\n</think>\n<answer>\n```rust\nfn\n```\n</answer>"
    rule = load("rules.compat.open_r1.code_format")
    rows = [Group("?", [text], {"language": "rust"}), Group("?", [text])]
    assert [scores[0].value for scores in rule.score(rows)] == [1.0, 0.0]


def test_exploit_any_fence_passes():
    assert open_r1.code_format("<think>\n\n</think>\n<answer>\n```python3``````\n</answer>") == 1.0


@given(soups)
def test_tag_count_equals_the_counts(text):
    tags = ("<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>")
    expected = 0.0
    for tag in tags:
        if text.count(tag) == 1:
            expected += 0.25
    assert open_r1.tag_count(text) == expected


def test_exploit_all_four_tags_reversed_earn_everything():
    assert open_r1.tag_count("\n</answer>\n4\n<answer>\n\n</think>\n2 + 2\n<think>\n") == 1.0


SIGNS = ["Step 1:", "Step 12", "1.", "2.", "\n-", "\n*", "First,", "Next,", "\n", "a", " ", "٣."]


@given(st.lists(st.sampled_from(SIGNS), max_size=8).map("".join))
def test_reasoning_steps_equals_the_pattern(text):
    assert open_r1.reasoning_steps(text) == min(1.0, len(re.findall(STEPS, text)) / 3)


def test_exploit_empty_bullets_beat_a_numbered_list():
    assert open_r1.reasoning_steps("\n-\n-\n-") == 1.0
    assert open_r1.reasoning_steps("1. a\n2. b\n3. c\n4. d\n5. e") == 1 / 3


def _repetition(words, n, penalty):
    grams = list(zip(*[words[i:] for i in range(n)], strict=False))
    return (1 - len(set(grams)) / len(grams)) * penalty if len(words) >= n else 0.0


@given(st.lists(st.sampled_from(["a", "B", "b", "c", "\n"]), max_size=30), st.integers(1, 4))
def test_repetition_penalty_equals_the_sets(words, n):
    text = " ".join(words)
    expected = _repetition(text.lower().split(), n, -0.5)
    assert open_r1.repetition_penalty(text, ngram_size=n, max_penalty=-0.5) == expected


def test_exploit_words_between_spaces_are_blind_to_chinese():
    text = "你好" * 1500
    assert open_r1.repetition_penalty(text) == 0.0
    pytest.importorskip("jieba")
    assert open_r1.repetition_penalty(text, language="zh") < -0.9


def test_repetition_penalty_in_chinese_equals_the_sets():
    pytest.importorskip("jieba")
    from plaudit.text.ngrams import jieba_words

    text = "今天天气很好，今天天气很好，我们去公园。"
    expected = _repetition(jieba_words(text), 3, -1.0)
    assert open_r1.repetition_penalty(text, language="zh") == expected < 0


def test_repetition_penalty_refuses_a_reward():
    with pytest.raises(ConfigError, match="must not be positive"):
        open_r1.repetition_penalty("a", max_penalty=1.0)
    with pytest.raises(ConfigError, match="language='fr'"):
        open_r1.repetition_penalty("a", language="fr")


@pytest.mark.parametrize(
    ("length", "value"), [(0, 0.0), (12288, 0.0), (14336, -0.5), (16384, -1.0), (99999, -1.0)]
)
def test_soft_overlong_punishment(length, value):
    assert open_r1.soft_overlong_punishment(range(length)) == value


def test_soft_overlong_punishment_needs_token_ids():
    with pytest.raises(DataError, match="token_ids"):
        load("rules.compat.open_r1.soft_overlong_punishment").score([Group("?", ["a"])])
