"""Data-Juicer's filters against plain counts."""

import math
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import load
from plaudit.errors import ConfigError
from plaudit.rules.compat import data_juicer as rules
from plaudit.text.special import special_set
from plaudit.types import Group

PIECES = ["a", "b", "Ab, ", " ", "\n", "\t", "1.", "🙂", "一", "你好", "。", "\x0b", "İ", "\ud800"]
soups = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


def _grams(items, n):
    return Counter(tuple(items[i : i + n]) for i in range(len(items) - n + 1))


def _char_ratio(text, n):
    counts = sorted(_grams(text, n).values(), reverse=True)
    repeated = sum(count > 1 for count in counts)
    top = counts[: min(math.isqrt(len(counts)), repeated)]
    return sum(top) / sum(counts) if counts else 0.0


def _words(text):
    """Words with special characters peeled off one at a time."""
    words = []
    for word in re.split("[ \n\t]", text):
        while word and word[0] in special_set():
            word = word[1:]
        while word and word[-1] in special_set():
            word = word[:-1]
        words += [word] if word else []
    return words


@given(soups, st.integers(1, 5))
def test_character_repetition_equals_the_counts(text, n):
    parts = rules.character_repetition(text, rep_len=n).parts
    assert parts == {"char_rep_ratio": _char_ratio(text, n)}


@given(soups, st.integers(1, 4))
def test_word_repetition_equals_the_counts(text, n):
    counts = _grams(_words(text.lower()), n).values()
    ratio = sum(c for c in counts if c > 1) / sum(counts) if counts else 0.0
    assert rules.word_repetition(text, rep_len=n).parts == {"word_rep_ratio": ratio}


@given(soups)
def test_shares_and_lengths_equal_the_counts(text):
    size, lines = len(text), text.splitlines()
    expected = {
        "special_char_ratio": sum(c in special_set() for c in text) / size if text else 0.0,
        "alnum_ratio": sum(map(str.isalnum, text)) / size if text else 0.0,
        "avg_line_length": size / len(lines) if lines else 0.0,
        "max_line_length": max(map(len, lines), default=0),
        "text_len": size,
        "num_words": len(_words(text)),
    }
    rule_of = {
        "special_char_ratio": rules.special_characters,
        "alnum_ratio": rules.alphanumeric,
        "avg_line_length": rules.average_line_length,
        "max_line_length": rules.maximum_line_length,
        "text_len": rules.text_length,
        "num_words": rules.words_num,
    }
    assert {name: rule_of[name](text).parts[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("name", "kept", "dropped"),
    [
        ("character_repetition", "Each of these words is here once.", "a" * 50),
        ("word_repetition", "Each of these words is here once.", "so it is " * 20),
        ("special_characters", "nearly all letters", "1 + 1 = 2"),
        ("alphanumeric", "letters", "!?! ..."),
        ("average_line_length", "a line of some length\n" * 3, "a\nb\nc"),
        ("maximum_line_length", "short\na line of some length", "a\nb\nc"),
        ("text_length", "ten chars.", "nine char"),
        ("words_num", "one two three four five six seven eight nine ten", "10 words"),
    ],
)
def test_a_filter_keeps_or_drops(name, kept, dropped):
    scores = load(f"rules.compat.data_juicer.{name}").score([Group("?", [kept, dropped])])[0]
    assert [score.value for score in scores] == [1.0, 0.0]
    assert scores[0].note is None
    assert "is outside of" in scores[1].note


def test_exploit_a_loop_of_three_characters_is_kept():
    assert rules.character_repetition("aha" * 500).value == 1.0


def test_stop_words_and_flagged_words():
    text = "The sum, is 4: a DAMN good sum"
    assert rules.stopwords(text, words=["the", "is", "a"]).parts == {"stopwords_ratio": 3 / 7}
    assert rules.stopwords(text, words=["the"]).value == 0.0
    assert rules.flagged_words(text, words=["damn"]).parts == {"flagged_words_ratio": 1 / 7}
    assert rules.flagged_words("", words=["damn"]).value == 1.0
    with pytest.raises(ConfigError, match="list of words"):
        rules.flagged_words(text, words="damn")


def test_special_characters_by_example():
    assert set("7 \t!~。，①🙂’") - special_set() == {"①"}
    assert special_set().isdisjoint("aé你ß")
