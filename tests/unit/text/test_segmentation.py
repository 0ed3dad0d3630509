"""Our walk through jieba's dictionary and model gives jieba's own words."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.text.ngrams import jieba_words

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    jieba = pytest.importorskip("jieba", reason="jieba is not installed")
jieba.setLogLevel(60)

PIECES = [
    "的",
    "中",
    "好",
    "囧嚞",
    "人工智能",
    "小明硕士",
    "abc1.5",
    "%",
    " ",
    "\r\n",
    "，",
    "。",
    "\ud800",
    "鿕",
    "鿖",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_equal_on_soups(text):
    assert jieba_words(text) == list(jieba.cut(text))


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=25))
def test_equal_on_any_han(text):
    assert jieba_words(text) == list(jieba.cut(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("我来到北京清华大学", ["我", "来到", "北京", "清华大学"]),
        ("他来到了网易杭研大厦", ["他", "来到", "了", "网易", "杭研", "大厦"]),
        ("a b，c", ["a", " ", "b", "，", "c"]),
    ],
)
def test_by_example(text, words):
    assert jieba_words(text) == words


def test_a_long_run_of_one_character():
    words = jieba_words("的" * 50_001)
    assert "".join(words) == "的" * 50_001
    assert words[:2] == jieba_words("的" * 51)[:2]
