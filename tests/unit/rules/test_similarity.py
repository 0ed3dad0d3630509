"""Similarity measures against naive implementations, and what happens without the libraries."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit import ConfigError, DataError, MissingExtra
from plaudit.rules import similarity
from plaudit.rules.similarity import bleu, chrf, edit, rouge_l

WORDS = st.lists(st.sampled_from("abc"), min_size=1, max_size=8)


def common_subsequence(a, b):
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1][j + 1] = (
                table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
            )
    return table[-1][-1]


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


@settings(max_examples=50)
@given(WORDS, WORDS)
def test_rouge_l_against_the_definition(ours, theirs):
    common = common_subsequence(ours, theirs)
    score = rouge_l(" ".join(ours), " ".join(theirs))
    assert score.parts["precision"] == pytest.approx(common / len(ours))
    assert score.parts["recall"] == pytest.approx(common / len(theirs))
    assert score.value == pytest.approx(2 * common / (len(ours) + len(theirs)))


@settings(max_examples=50)
@given(st.text("ab中", min_size=1, max_size=9), st.text("ab中", min_size=1, max_size=9))
def test_edit_against_the_definition(ours, theirs):
    expected = 1 - distance(ours, theirs) / max(len(ours), len(theirs))
    assert edit(ours, theirs).value == pytest.approx(expected)


def test_bleu_of_four_words_in_five():
    precisions = (4 / 5) * (3 / 4) * (2 / 3) * (1 / 2)
    assert bleu("the sum is four now", "the sum is four").value == pytest.approx(precisions**0.25)


def test_chrf_of_one_letter():
    assert chrf("ab", "ac").value == pytest.approx((0.5 + 0.0) / 2)


@pytest.mark.parametrize("rule", [rouge_l, bleu, chrf, edit])
class TestEach:
    def test_range(self, rule):
        text = "The sum of two and two is four, 答案是四。"
        assert rule(text, text).value == pytest.approx(1.0)
        assert rule("xyz", "答案").value == 0.0
        assert rule("", "four").value == 0.0

    def test_the_best_of_several_references_counts(self, rule):
        assert rule("a b c d", ["x y z", "a b c d"]).value == pytest.approx(1.0)

    def test_odd_texts(self, rule):
        for text in ("", "\ud800", "a\0b", "答案 is ответ"):
            assert 0 <= rule(text, "42").value <= 1

    @pytest.mark.parametrize("reference", [42, [], [1], {"a": "b"}])
    def test_a_reference_that_is_no_text(self, rule, reference):
        with pytest.raises(DataError, match="reference"):
            rule("a", reference)

    def test_limits_are_positive(self, rule):
        limit = "max_words" if rule is rouge_l else "max_chars"
        with pytest.raises(ConfigError, match=limit):
            rule("a", "a", **{limit: 0})


def test_copying_the_reference_many_times_costs_in_every_measure():
    reference = "the sum of the numbers is four"
    for rule in (rouge_l, bleu, chrf, edit):
        assert rule(f"{reference} " * 20, reference).value < 0.35


def test_long_texts_are_cut_and_say_so():
    assert edit("a" * 30_000, "a" * 40_000).note == "compared over the first 20000 characters"
    assert rouge_l("a " * 2000, "a").note == "compared over the first 1000 words"
    assert edit("a" * 100, "a").note is None


@pytest.mark.parametrize(
    ("rule", "module"),
    [
        (rouge_l, "rouge_score.rouge_scorer"),
        (bleu, "sacrebleu.metrics.bleu"),
        (chrf, "sacrebleu.metrics.chrf"),
        (edit, "rapidfuzz.distance"),
    ],
)
def test_without_the_library(rule, module, monkeypatch):
    similarity._rouge.cache_clear()
    similarity._sacrebleu.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=r"plaudit\[similarity\]"):
        rule("a", "a")
