"""Style features and hashed n-grams: every number is finite, each feature counts its thing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.engines.linear import features_of
from plaudit.text.hashed import edge_grams, hash_tokens, tokens_of, word_grams
from plaudit.text.style import FEATURES, read_text, style_of, words_of

BUCKETS = [
    1942,
    10345,
    15524,
    45954,
    124658,
    133464,
    159189,
    159752,
    178483,
    243759,
    246523,
    259378,
]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)


def features(text, prompt=""):
    return dict(zip(FEATURES, style_of(read_text(text), words_of(prompt)).tolist(), strict=True))


@given(ANY_TEXT, ANY_TEXT)
def test_every_text_has_finite_features(text, prompt):
    style, words = features(text, prompt), features_of(text, words_of(prompt)).words
    assert all(map(math.isfinite, style.values()))
    assert all(0 <= value <= 1 for name, value in style.items() if name.endswith("_share"))
    assert float((words.values**2).sum()) == pytest.approx(1.0 if tokens_of(text) else 0.0)


@given(st.text(st.characters(max_codepoint=127), max_size=100))
def test_ascii_is_cut_as_any_other_text(text):
    assert tokens_of(f"{text} é") == [*tokens_of(f"{text} "), "é"]
    plain, other = features(text), features(f"{text}é")
    assert plain["pair_repeat_share"] >= 0
    assert other["log_chars"] > plain["log_chars"]


@pytest.mark.parametrize(
    ("text", "name", "count"),
    [
        ("- a\n* b\n+ c\n-d", "log_bullets", 3),
        ("1. a\n 2) b\n3 c\n1234. d", "log_numbered", 2),
        ("# A\n## B\ntext # c", "log_headers", 2),
        ("**a** b", "log_bold", 2),
        ("```\nx\n```", "log_fences", 2),
        ("see https://a.b and http://c", "log_links", 2),
        ("a! b? c!", "log_exclamations", 2),
        ("对吗？好！", "log_questions", 1),
        ("a (b) (c)", "log_parentheses", 2),
        ("12 and 3", "log_digits", 3),
        ("one\n\ntwo\n\nthree", "log_paragraphs", 2),
        ("I'm sorry, I cannot. Sorry!", "log_apologies", 3),
        ("Done. Hope this helps, let me know!", "log_closers", 2),
        ("abc abcd extraordinary internationally", "log_long_words", 2),
    ],
)
def test_counts(text, name, count):
    assert features(text)[name] == pytest.approx(math.log1p(count))


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("Yes.", "ends_sentence", 1),
        ("and then", "ends_word", 1),
        ("as follows:", "ends_open", 1),
        ("Sure, here", "opener_at_start", 1),
        ("surely", "opener_at_start", 0),
        ("抱歉，不行", "apology_at_start", 1),
        ("you and me", "second_person_share", 1 / 3),
        ("no no no no", "pair_repeat_share", 2 / 3),
        ("abcdefg", "chars_repeat_share", 0),
        ("ababababab", "chars_repeat_share", 5 / 7),
        ("!!", "is_wordless", 1),
        ("a\na\nb", "line_repeat_share", 1 / 3),
    ],
)
def test_shares_and_flags(text, name, value):
    assert features(text)[name] == pytest.approx(value)


def test_words_of_the_prompt():
    style = features("blue sky and sea", "Why is the sky blue?")
    assert style["prompt_words_used"] == pytest.approx(2 / 5)
    assert style["words_from_prompt"] == pytest.approx(2 / 4)


def test_edges_tell_beginnings_ends_and_layouts_apart():
    def edges(text):
        reading = read_text(text)
        return set(edge_grams(reading.hashes, reading.line_kinds, 16).buckets.tolist())

    assert edges("a b c d e f g") & edges("a b c x y z w")
    assert not edges("a b") - edges("a b")
    assert edges("one two") != edges("two one")
    assert edges("- a\n- b\n- c") & edges("- x\n- y\n- z")


def test_a_bucket_is_the_same_in_every_version():
    grams = word_grams(hash_tokens(tokens_of("What is 2 + 2? 二")), 18)
    assert grams.buckets.tolist() == BUCKETS
    assert np.all(np.diff(grams.buckets) > 0)
