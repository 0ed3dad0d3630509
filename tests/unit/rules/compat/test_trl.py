"""TRL's rewards, compared with the installed package, and each known exploit."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.errors import ConfigError
from plaudit.rules.compat import trl as ours


@pytest.fixture(scope="module")
def trl():
    return pytest.importorskip("trl.rewards", reason="trl is not installed")


def content(texts):
    return [[{"role": "assistant", "content": text}] for text in texts]


PIECES = ["<think>", "</think>", "\n", " ", "4", "<answer>"]
EXPLOITS = ["<think></think>", "<think>a</think>b</think>c</think>", "<think>a</think>"]


def test_exploits_pass_as_in_the_original():
    assert [ours.think_format(text) for text in EXPLOITS] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "text", ["", "\n<think>a</think>4", "a</think>4", "<think>a<think>b</think>4", "<think>a"]
)
def test_think_format_refuses(text):
    assert ours.think_format(text) == 0.0


def test_think_format_equals_trl(trl):
    draw = random.Random(0)
    texts = [*EXPLOITS, *("".join(draw.choices(PIECES, k=draw.randint(0, 8))) for _ in range(500))]
    assert [ours.think_format(t) for t in texts] == trl.think_format_reward(content(texts))


@given(st.lists(st.sampled_from(PIECES), max_size=10).map("".join))
def test_think_format_equals_the_pattern(text):
    pattern = r"^<think>(?!.*<think>)(.*?)</think>.*$"
    expected = bool(re.match(pattern, text, re.DOTALL | re.MULTILINE))
    assert ours.think_format(text) == float(expected)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_repetition_penalty_equals_trl(trl, n):
    draw = random.Random(n)
    ids = [[draw.randrange(5) for _ in range(draw.randrange(40))] for _ in range(200)]
    ids.append([151643, 2**31, 2**31])
    theirs = trl.get_repetition_penalty_reward(ngram_size=n, max_penalty=-0.7)(ids)
    assert [ours.repetition_penalty(i, ngram_size=n, max_penalty=-0.7) for i in ids] == theirs


def test_repetition_penalty_by_hand():
    assert ours.repetition_penalty([1, 2, 3, 4], ngram_size=2) == 0.0
    assert ours.repetition_penalty([], ngram_size=2) == 0.0
    with pytest.raises(ConfigError, match="must not be positive"):
        ours.repetition_penalty([1], max_penalty=0.1)


@pytest.mark.parametrize("cache", [0, 20, 100])
def test_soft_overlong_punishment_equals_trl(trl, cache):
    ids = [[1] * n for n in (0, 1, 79, 80, 81, 90, 99, 100, 101, 500)]
    theirs = trl.get_soft_overlong_punishment(max_completion_len=100, soft_punish_cache=cache)(ids)
    params = {"max_completion_len": 100, "soft_punish_cache": cache}
    assert [ours.soft_overlong_punishment(i, **params) for i in ids] == theirs
