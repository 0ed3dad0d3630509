"""Repetition rules against naive implementations, by hand, and against known exploits."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit import load
from plaudit.errors import ConfigError, DataError
from plaudit.rules import repetition as rep
from plaudit.text import ngrams
from plaudit.types import Group, Response

LOOPY = st.lists(st.sampled_from(["a", "b", "ab", "aab", "你", "\ud800"]), max_size=40).map("".join)
ODD_TEXTS = ["", "\0", "\ud800" * 7, "漢\U0001f600é\x00" * 50, "x" * 100_000, "\n" * 1000]

# --- naive references -----------------------------------------------------------------------------


def naive_grams(items, n):
    return [tuple(items[i : i + n]) for i in range(len(items) - n + 1)]


def naive_penalty(items, n):
    grams = naive_grams(items, n)
    return -(1 - len(set(grams)) / len(grams)) if grams else 0.0


def naive_counts(items, n):
    counts = {}
    for gram in naive_grams(items, n):
        counts[gram] = counts.get(gram, 0) + 1
    return sorted(counts.values(), reverse=True)


def naive_char_repetition(text, n):
    counts = naive_counts(text, n)
    if not counts:
        return 1.0
    repeated = [c for c in counts if c > 1]
    top = repeated[: math.isqrt(sum(counts))]
    return 1.0 - sum(top) / sum(counts)


def naive_longest_repeat(text):
    for length in range(len(text) - 1, 0, -1):
        grams = naive_grams(text, length)
        if len(set(grams)) < len(grams):
            return length
    return 0


def naive_tail(text, min_repeats, min_chars):
    """The smallest period among those that cover most, by trying each."""
    best = (0, 0)
    for period in range(1, len(text)):
        covered = period
        while covered < len(text) and text[-1 - covered] == text[-1 - covered + period]:
            covered += 1
        if covered >= max(min_chars, min_repeats * period) and covered > best[1]:
            best = (period, covered)
    return best


def naive_match(text, place):
    match = 0
    while place + match < len(text) and text[match] == text[place + match]:
        match += 1
    return match


# --- exact n-gram codes ---------------------------------------------------------------------------


def same_classes(codes, items):
    """Whether two sequences are equal at the same pairs of places."""
    pairs = set(zip(codes, items, strict=True))
    return len(pairs) == len(set(codes)) == len(set(items))


@given(
    st.lists(st.sampled_from([0, 1, 2, 7, 150_000, 2**31, 2**32 - 1, 2**40]), max_size=60),
    st.integers(1, 12),
)
def test_codes_are_equal_exactly_where_n_grams_are(ids, n):
    array = np.array(ids, dtype=np.int64)
    codes = ngrams.gram_codes(array, n).tolist()
    grams = naive_grams(ids, n)
    assert len(codes) == len(grams)
    assert same_classes(codes, grams)
    distinct, total = ngrams.num_distinct(array, n)
    assert (distinct, total) == (len(set(grams)), len(grams))


@settings(max_examples=30)
@given(
    st.integers(0, 2**32),
    st.integers(1, 2000),
    st.integers(1, 30),
    st.sampled_from([2, 5, 90, 3000, 200_000]),
)
def test_codes_of_long_sequences_are_exact(seed, size, n, vocabulary):
    ids = np.random.default_rng(seed).integers(0, vocabulary, size)
    ids[size // 2 :] = ids[: size - size // 2]  # a copy, so that long n-grams repeat
    grams = naive_grams(ids.tolist(), n)
    assert same_classes(ngrams.gram_codes(ids, n).tolist(), grams)
    counted = ngrams.count_grams(ids, n)
    expected = naive_counts(ids.tolist(), n)
    assert (counted.total, counted.distinct) == (len(grams), len(expected))
    assert sorted(counted.repeated.tolist(), reverse=True) == [c for c in expected if c > 1]


@pytest.mark.parametrize("rounds", [0, 1, 2, 4])
@pytest.mark.parametrize("size", [3, 300, 5000])
def test_representatives_do_not_depend_on_the_rounds(rounds, size):
    codes = np.random.default_rng(size).integers(0, size, size).astype(np.uint64)
    results = ngrams.representatives(codes, rounds=rounds)
    assert (codes[results] == codes).all()
    assert same_classes(results.tolist(), codes.tolist())


def test_codes_made_to_meet_in_one_slot_are_told_apart():
    """An adversary who knows the hash gains nothing: losers go through further rounds."""
    inverse = pow(ngrams._MULTIPLIERS[-1], -1, 2**64)
    codes = np.array([inverse * i % 2**64 for i in range(1000)], dtype=np.uint64)  # slot 0, all
    both = np.concatenate([codes, codes])
    assert same_classes(ngrams.representatives(both).tolist(), both.tolist())
    assert ngrams._num_different(both) == 1000


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(1, 6))
def test_longest_repeat_is_the_naive_one(ids, least):
    place, length = ngrams.longest_repeat(np.array(ids), least)
    expected = naive_longest_repeat(ids)
    assert length == (expected if expected >= least else 0)
    if length:
        piece = ids[place : place + length]
        assert sum(ids[i : i + length] == piece for i in range(len(ids))) >= 2


# --- token ids and words --------------------------------------------------------------------------


def test_token_ids_of_every_kind_give_the_same_penalty():
    ids = [5, 6, 7, 5, 6, 7, 5]
    kinds = [ids, tuple(ids), np.array(ids), np.array(ids, np.int32), np.array(ids, np.uint16)]
    values = {rep.ngram("", kind, unit="tokens") for kind in kinds}
    assert values == {-(1 - 3 / 5)}


def test_padding_and_huge_ids_count_as_themselves():
    assert rep.ngram("", [-100, 1, -100, 1, 2**40], unit="tokens", n=2) == -0.25


@pytest.mark.parametrize("bad", [[[1, 2], [3]], ["a", "b"], [1.5, 2.5], [2**70], [[1, 2], [3, 4]]])
def test_token_ids_that_are_no_flat_list_of_integers_are_a_data_error(bad):
    with pytest.raises(DataError, match="flat list of integers"):
        rep.ngram("", bad, unit="tokens")


def test_words_of_several_scripts():
    words = ngrams.words_of("Don't stop—3.5%！ 你好 हिन्दी สวย 😀😀 \u200bEnd")
    assert words == ["don", "t", "stop", "3", "5", "你", "好", "हिन्दी", *"สวย", "😀", "😀", "end"]


def test_jieba_cuts_han_only():
    words = ngrams.words_of("我来到北京清华大学 Hello, мир かな", "jieba")
    assert words == ["我", "来到", "北京", "清华大学", "hello", "мир", "か", "な"]


def test_unknown_segmenter_and_unit_are_config_errors():
    with pytest.raises(ConfigError, match="segmenter"):
        ngrams.words_of("a", "pkuseg")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="unit"):
        rep.ngram("a", unit="bytes")  # type: ignore[arg-type]


def test_jieba_loads_without_a_word_on_stderr(tmp_path):
    code = "from plaudit.text.ngrams import jieba_words; print(jieba_words('我来到北京'))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONIOENCODING": "utf-8"},
        check=True,
    )
    assert (done.stdout.strip(), done.stderr) == ("['我', '来到', '北京']", "")


def test_words_added_to_the_global_jieba_change_no_score():
    before = ngrams.words_of("量子纠缠态", "jieba")
    import jieba

    jieba.add_word("量子纠缠态")
    assert ngrams.words_of("量子纠缠态", "jieba") == before


def test_importing_the_rules_loads_no_numpy_and_no_jieba():
    code = (
        "import sys, plaudit.rules.repetition, plaudit.rules.language;"
        "print([m for m in ('numpy', 'jieba', 'py3langid', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- ngram ----------------------------------------------------------------------------------------


@given(LOOPY, st.integers(1, 6))
def test_ngram_of_characters_is_the_naive_penalty(text, n):
    assert rep.ngram(text, unit="chars", n=n) == naive_penalty(text, n)


@given(st.lists(st.sampled_from(["so", "it", "is", "好"]), max_size=60), st.integers(1, 5))
def test_ngram_of_words_is_the_naive_penalty(words, n):
    assert rep.ngram(" ".join(words), n=n) == naive_penalty(words, n)


def test_ngram_equals_trl_on_token_ids():
    trl = pytest.importorskip("trl.rewards")
    ids = np.random.default_rng(0).integers(0, 40, 5000).tolist()
    for n in (1, 2, 3, 4):
        theirs = trl.get_repetition_penalty_reward(n, -1.0)([ids])[0]
        assert rep.ngram("", ids, unit="tokens", n=n) == theirs


def test_ngram_defaults_by_unit():
    assert rep.ngram("a b c a b c") == -0.25
    assert rep.ngram("", [1, 2, 3, 1, 2, 3], unit="tokens") == -0.25
    text = "abcdefghij" * 3
    assert rep.ngram(text, unit="chars") == rep.ngram(text, unit="chars", n=20) == -(1 - 10 / 11)


def test_ngram_scales_with_max_penalty_and_refuses_a_bonus():
    assert rep.ngram("a a a a", max_penalty=-0.5) == -0.25
    with pytest.raises(ConfigError, match="must not be positive"):
        rep.ngram("a a a", max_penalty=0.5)
    with pytest.raises(ConfigError, match="n=0"):
        rep.ngram("a a a", n=0)


def test_ngram_too_short_is_zero_and_never_minus_zero():
    for text in ("", "one two", "one two three"):
        assert math.copysign(1, rep.ngram(text)) == 1.0


def test_tokens_are_never_swapped_for_words():
    with pytest.raises(DataError, match="token_ids"):
        rep.ngram("so it is so it is", unit="tokens")
    reward = load("rules.repetition.ngram", unit="tokens")
    assert reward.score([Group("", [Response("x", token_ids=(1, 1, 1, 1))])])[0][0].value == -0.5


def test_exploit_repeated_two_character_chinese_word_is_seen():
    """3000 characters of one word scored 0 (no repetition) with words split at spaces."""
    assert rep.ngram("重复" * 1500) < -0.99
    assert rep.ngram("ซ้ำ" * 500) < -0.99
    assert rep.ngram("😀" * 500) < -0.99


def test_exploit_case_and_punctuation_do_not_hide_repetition():
    assert rep.ngram("Wait, what? WAIT: what! wait... What") == rep.ngram("wait what " * 3)


# --- Data-Juicer forms ----------------------------------------------------------------------------


@given(LOOPY, st.integers(1, 12))
def test_char_repetition_is_the_naive_formula(text, n):
    assert rep.char_repetition(text, n=n) == naive_char_repetition(text, n)


@given(LOOPY, st.integers(1, 12))
def test_data_juicer_ratio_with_its_own_root(text, n):
    grams = ngrams.count_grams(ngrams.code_points(text), n)
    counts = naive_counts(text, n)
    most = min(int(np.sqrt(len(counts))), len([c for c in counts if c > 1]))
    expected = sum(counts[:most]) / sum(counts) if counts else 0.0
    assert ngrams.top_share(grams, math.isqrt(grams.distinct)) == expected


@given(st.lists(st.sampled_from(["so", "it", "is"]), max_size=40), st.integers(1, 4))
def test_word_repetition_is_the_naive_formula(words, n):
    counts = naive_counts(words, n)
    expected = 1 - sum(c for c in counts if c > 1) / sum(counts) if counts else 1.0
    assert rep.word_repetition(" ".join(words), n=n) == expected


def test_exploit_two_alternating_words_score_low_by_characters():
    """Data-Juicer's root of the number of different n-grams counts only one of the two."""
    assert rep.char_repetition("ha" * 500) == 0.0


# --- compression ----------------------------------------------------------------------------------


def test_compression_is_deflated_size_over_natural_size():
    text = "Let me think again. " * 40
    deflate = zlib.compressobj(1, zlib.DEFLATED, -15)
    size = len(deflate.compress(text.encode()) + deflate.flush())
    assert rep.compression(text, natural=0.5) == size / (0.5 * len(text))


def test_compression_leaves_ordinary_and_short_text_at_one():
    for text in ("", "4", "Yes.", "The sum of two and two is four.", "二加二等于四。"):
        assert rep.compression(text) == 1.0


def test_exploit_compression_sees_a_loop_in_any_language():
    for loop in ("wait ", "等一下，", "\n", "подожди "):
        assert rep.compression(loop * 2000) < 0.1


def test_compression_refuses_a_natural_ratio_out_of_range():
    with pytest.raises(ConfigError, match="natural"):
        rep.compression("a", natural=0)


# --- longest repeat -------------------------------------------------------------------------------


@given(LOOPY, st.integers(1, 8))
def test_longest_repeat_value_is_the_naive_one(text, least):
    length = naive_longest_repeat(text)
    expected = 1.0 - length / len(text) if length >= least else 1.0
    assert rep.longest_repeat(text, min_chars=least).value == expected


def test_longest_repeat_shows_the_passage():
    passage = "the quick brown fox jumps"
    score = rep.longest_repeat(f"1{passage}2{passage}3")
    assert score.value == 1 - 25 / 53
    assert score.note == f"25 of 53 characters occur twice: '{passage}'"


def test_exploit_a_block_given_twice_is_half():
    block = " ".join(f"word{i}" for i in range(3000))  # beyond the window of deflate
    assert rep.longest_repeat(block + block).value == 0.5


# --- lines and sentences --------------------------------------------------------------------------


def test_lines_by_characters_and_by_number():
    text = "abcdef\nxy\n\n  abcdef  \nxy\nend"
    assert rep.lines(text).value == 1 - 8 / 19
    assert rep.lines(text, weight="count").value == 1 - 2 / 5
    assert rep.lines(text).note == "2 times: 'abcdef'"


def test_lines_of_nothing_and_unknown_weight():
    assert rep.lines("").value == rep.lines("\n \n").value == 1.0
    with pytest.raises(ConfigError, match="weight"):
        rep.lines("a", weight="words")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("It costs 3.50 today. Ok.", ["It costs 3.50 today.", "Ok."]),
        ('He said "go." Then left.', ['He said "go."', "Then left."]),
        ("一。二！三？四", ["一。", "二！", "三？", "四"]),
        ("他说：“走吧。”然后走了。", ["他说：“走吧。”", "然后走了。"]),
        ("真的吗？！是的。", ["真的吗？！", "是的。"]),
        ("你好!我很好.", ["你好!", "我很好."]),
        ("no end\nnew line", ["no end", "new line"]),
        ("क्या? हाँ। ठीक।", ["क्या?", "हाँ।", "ठीक।"]),
    ],
)
def test_sentences_end_where_they_should(text, pieces):
    assert [p.strip() for p in rep._SENTENCE_END.split(text) if p.strip()] == pieces


def test_sentences_share_of_the_unique():
    assert rep.sentences("A b. A b. C d.", weight="count").value == 2 / 3
    assert rep.sentences("等等。" * 4).value == 0.25


# --- tail loop ------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(LOOPY, st.sampled_from([2.0, 2.5, 3.0]), st.integers(1, 12))
def test_tail_period_is_the_naive_one(text, min_repeats, min_chars):
    results = rep._tail_period(text, min_repeats, min_chars)
    assert results == naive_tail(text, min_repeats, min_chars)


@given(st.text("ab", max_size=60), st.integers(1, 60))
def test_self_matches_are_those_of_each_place(text, last):
    last = min(last, max(len(text) - 1, 0))
    expected = [naive_match(text, i) for i in range(1, last + 1)]
    assert list(rep._self_matches(text, last)) == expected


def test_a_loop_of_exactly_the_least_length_counts():
    assert rep._tail_period("aabaabaab", 3.0, 9) == (3, 9)


def test_tail_loop_with_a_partial_last_round():
    text = "The sum is 4.\n" + "Wait, let me check again. " * 20 + "Wait, let"
    score = rep.tail_loop(text, "length")
    assert score.value == 0.0
    assert score.parts == {"period": 26.0, "repeats": 529 / 26, "covered": 529.0}
    assert score.note is not None
    assert "cut by the length limit" in score.note
    assert "20.3 rounds" in score.note


def test_tail_loop_needs_length_and_rounds():
    assert rep.tail_loop("ha" * 49 + "!").value == 1.0
    assert rep.tail_loop("ha" * 49).value == 1.0
    assert rep.tail_loop("ha" * 50).value == 0.0
    block = "".join(chr(0x4E00 + i) for i in range(100))
    assert rep.tail_loop(block * 2).value == 1.0
    assert rep.tail_loop(block * 3).value == 0.0
    assert rep.tail_loop(block * 2, min_repeats=2).value == 0.0


def test_tail_loop_prefers_the_period_that_covers_most():
    block = "header: " + "x" * 40
    score = rep.tail_loop(block * 6)
    assert score.parts == {"period": 48.0, "repeats": 6.0, "covered": 288.0}


def test_tail_loop_looks_past_white_space_but_sees_a_loop_of_it():
    assert rep.tail_loop("ha" * 100 + "\n\n").parts["covered"] == 200.0
    assert rep.tail_loop("Done." + "\n" * 100).parts["period"] == 1.0


def test_tail_loop_cut_only_reads_the_finish_reason():
    text = "ha" * 100
    assert rep.tail_loop(text, "stop", cut_only=True).value == 1.0
    assert rep.tail_loop(text, "length", cut_only=True).value == 0.0
    assert rep.tail_loop(text, "stop").value == 0.0
    with pytest.raises(DataError, match="finish_reason"):
        rep.tail_loop(text, cut_only=True)
    with pytest.raises(ConfigError, match="min_repeats"):
        rep.tail_loop(text, min_repeats=1)


def test_exploit_loop_until_cut_off_inside_an_unclosed_think_block():
    text = "<think>\nSo x = 4. " + "But wait, is it? Let me reconsider. " * 300
    assert rep.tail_loop(text[:-7], "length").value == 0.0


# --- distinct words -------------------------------------------------------------------------------


def test_distinct_words_by_hand():
    assert rep.distinct_words("The the THE cat") == 0.5
    assert rep.distinct_words("人人") == 0.5
    assert rep.distinct_words("清华大学清华大学", segmenter="jieba") == 0.5


def test_exploit_an_empty_response_is_not_diverse():
    assert rep.distinct_words("") == rep.distinct_words("!!!") == 0.0


# --- all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", rep.__all__)
@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_texts_get_a_score_in_range(name, text):
    reward = load(f"rules.repetition.{name}")
    score = reward.score([Group("", [text])])[0][0]
    assert score.error is None
    assert reward.range.low <= score.value <= reward.range.high


@pytest.mark.parametrize(
    "name", ["char_repetition", "compression", "longest_repeat", "tail_loop", "lines"]
)
def test_one_character_throughout_scores_near_the_minimum(name):
    text = "x\n" * 50_000 if name == "lines" else "x" * 100_000
    assert load(f"rules.repetition.{name}").score([Group("", [text])])[0][0].value < 0.03
