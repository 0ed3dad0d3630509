"""Repetition: n-grams, compression, the longest repeat, duplicate lines, a loop at the end.

These rules measure only repetition, and a text too short to repeat anything has the full value: do
not train on one of them alone, or the policy learns to say nothing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from plaudit.errors import ConfigError, DataError, clipped
from plaudit.text import ngrams
from plaudit.text.ngrams import Segmenter
from plaudit.text.units import Unit
from plaudit.text.units import tokenizer as load_tokenizer
from plaudit.types import Range, Score

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "char_repetition",
    "compression",
    "distinct_words",
    "lines",
    "longest_repeat",
    "ngram",
    "sentences",
    "tail_loop",
    "word_repetition",
]

Weight = Literal["chars", "count"]

_DEFAULT_N = {"tokens": 3, "words": 3, "chars": 20}

# White space after an end mark (and one closing quote); in Chinese and Japanese the mark suffices.
_SENTENCE_END = re.compile(
    r"""(?<=[.!?…؟।])\s+|(?<=[.!?…؟।]["'”’»)\]])\s+|\n+"""
    r"""|(?<=[。！？｡])(?![。！？｡”’」』）])|(?<=[。！？｡][”’」』）])|(?<=[!?])(?=[぀-ヿ㐀-鿿])"""
)

# "Step 12:", "3)", 第三步：, "**Day 4** -": numbered lines whose remaining text may be the same.
_COUNTER = re.compile(
    r"\W{0,6}(?:第\s?)?(?:[^\W\d_]{1,12}\s{0,2}){0,2}?[(（#\[]?"
    r"(?:\d{1,5}|[一二三四五六七八九十百]{1,5}|[ivxlc]{1,6}(?=[.)]))"
    r"\s?(?:[步次条点章节天轮回题][：:，,、.]?|[.)）、：:*\]]|-|–|—)[\s*:：.)-]{0,4}",
    re.IGNORECASE,
)
_MIN_COUNTED = 3  # the number of rounds, and of words in each
_HAN = re.compile("[㐀-鿿]")
_REST_WORD = re.compile("[^\\W\\d_㐀-鿿]+|[㐀-鿿]{2}")

_CLAUSE_END = re.compile("[,;:，；：、]+")
_LOOP_WORDS = 8
_MIN_LOOP = 20


def ngram(
    response: str,
    token_ids: Sequence[int] | None = None,
    *,
    unit: Unit = "words",
    n: int | None = None,
    max_penalty: float = -1.0,
    tokenizer: str | None = None,
    segmenter: Segmenter | None = None,
) -> Annotated[float, Range("max_penalty", 0)]:
    """From `max_penalty` (one n-gram over and over) up to 0 (no n-gram twice).

    ``(1 - distinct / total) * max_penalty`` over the n-grams of the response.

    `unit`: "words" (in lower case, without punctuation; Han, kana and Thai count by the character,
    or Han by jieba's words with ``segmenter="jieba"``), "chars" (code points), or "tokens" (the
    response's `token_ids`, or those of the `tokenizer` file). `n` is 3, for "chars" 20: shorter
    character n-grams recur in any long text.

    The penalty of Yeo et al. 2025, "Demystifying Long Chain-of-Thought Reasoning in LLMs", in the
    form that open-r1 (words) and TRL (token ids) give it. Fewer than `n` units: 0. The share of
    distinct n-grams falls with length, so compare responses of similar length.

    Raises: DataError for "tokens" without token ids or a tokenizer; no other unit is used instead.

    >>> ngram("so it is so it is so it is")
    -0.5714285714285714
    """
    if max_penalty > 0:
        raise ConfigError(f"ngram: max_penalty={max_penalty} must not be positive")
    ids = _units_as_ids(response, token_ids, unit, tokenizer, segmenter)
    distinct, total = ngrams.num_distinct(ids, _DEFAULT_N[unit] if n is None else n)
    return (1 - distinct / total) * max_penalty if distinct < total else 0.0


def _units_as_ids(
    response: str,
    token_ids: Sequence[int] | None,
    unit: Unit,
    tokenizer: str | None,
    segmenter: Segmenter | None,
) -> np.ndarray:
    if unit == "chars":
        return ngrams.code_points(response)
    if unit == "words":
        return ngrams.word_array(ngrams.words_of(response, segmenter))
    if unit != "tokens":
        raise ConfigError(f"ngram: unit={unit!r} must be 'tokens', 'words' or 'chars'")
    if token_ids is None and tokenizer is not None:
        token_ids = load_tokenizer(tokenizer).encode(response, add_special_tokens=False).ids
    if token_ids is None:
        raise DataError(
            "ngram: unit='tokens' needs the response's token_ids or a tokenizer; pass token_ids in"
            " the row, tokenizer=FILE, or unit='words' or 'chars'",
            field="token_ids",
        )
    return ngrams.token_array(token_ids)


def char_repetition(response: str, *, n: int = 10) -> Annotated[float, Range(0, 1)]:
    """From 0 (the same characters throughout) up to 1 (no `n` characters in a row occur twice).

    1 minus a repetition ratio: of the counts of the different character n-grams, the sum of the
    greatest ``min(floor(sqrt(total)), repeated)``, over the `total` number of n-grams. This is
    Data-Juicer's ratio (modelscope/data-juicer, character_repetition_filter, which keeps a text up
    to 0.5) with the root of the total in place of the root of the number of different n-grams: the
    same on ordinary text, but ``"ha" * 50`` earns 0 where theirs leaves it 0.49.

    Fewer than `n` characters: 1. A passage of several hundred characters that occurs twice hardly
    lowers it: see `longest_repeat`.

    >>> char_repetition("ha" * 50), char_repetition("The sum is 4.")
    (0.0, 1.0)
    """
    grams = ngrams.count_grams(ngrams.code_points(response), n)
    return 1.0 - ngrams.top_share(grams, math.isqrt(grams.total))


def word_repetition(
    response: str, *, n: int = 10, segmenter: Segmenter | None = None
) -> Annotated[float, Range(0, 1)]:
    """From 0 (every `n` words in a row recur) up to 1 (no `n` words in a row occur twice).

    1 minus Data-Juicer's word repetition ratio: the share of word n-grams that occur more than once
    (modelscope/data-juicer, word_repetition_filter), with words as in `ngram`. Fewer than `n`
    words: 1.

    >>> word_repetition("one two three four one two", n=2)
    0.6
    """
    ids = ngrams.word_array(ngrams.words_of(response, segmenter))
    grams = ngrams.count_grams(ids, n)
    return 1.0 - int(grams.repeated.sum()) / grams.total if grams.total else 1.0


def compression(response: str, *, natural: float = 0.25) -> Annotated[float, Range(0, 1)]:
    """From 0 (compresses to nothing) up to 1 (compresses no better than ordinary text).

    ``min(1, compressed / (natural * size))`` with the UTF-8 bytes of the response and their raw
    deflate stream (level 1), which has no header that would count against short texts. Ordinary
    prose, mathematics and code in English or Chinese compress to 0.3 of their size or more, a loop
    to 0.01. Detects redundancy of any kind and language within deflate's window of 32 kB; for
    longer repeated blocks see `longest_repeat`.

    Empty response: 1. Other builds of zlib may differ in the last digits below 1.

    >>> compression("Let me think again. " * 50) < 0.2, compression("The sum of 2 and 2 is 4.")
    (True, 1.0)
    """
    import zlib

    if not 0 < natural <= 1:
        raise ConfigError(f"compression: natural={natural} must lie in (0, 1]")
    data = response.encode("utf-8", "surrogatepass")
    deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    size = len(deflate.compress(data)) + len(deflate.flush())
    return min(1.0, size / (natural * len(data))) if data else 1.0


def longest_repeat(response: str, *, min_chars: int = 20) -> Annotated[Score, Range(0, 1)]:
    """From 0 (one character throughout) up to 1 (no passage occurs twice).

    ``1 - longest / length``, where `longest` is the length of the longest substring that occurs at
    two places (they may overlap): a text that is repeated once scores 0.5, a loop nearly 0. Repeats
    below `min_chars` are ordinary language and score 1. The note shows the passage.

    >>> longest_repeat("The answer to the question is 4. " * 2).value
    0.5
    """
    place, length = ngrams.longest_repeat(ngrams.code_points(response), min_chars)
    if length == 0:
        return Score(1.0)
    passage = response[place : place + length]
    note = f"{length} of {len(response)} characters occur twice: {clipped(passage)}"
    return Score(1.0 - length / len(response), note=note)


def lines(response: str, *, weight: Weight = "chars") -> Annotated[Score, Range(0, 1)]:
    """From 0 (one line over and over) up to 1 (no line occurs twice).

    1 minus the share of lines that occurred before, weighted by their characters, or by number with
    ``weight="count"``; white space around lines and empty lines are left out. The duplicate line
    fractions of Gopher (Rae et al. 2021, table A1), which keeps a document up to 0.2 by characters
    and 0.3 by number.

    >>> lines("one\\ntwo\\n  one").value
    0.6666666666666666
    """
    return _unique_share(response.splitlines(), weight)


def sentences(response: str, *, weight: Weight = "chars") -> Annotated[Score, Range(0, 1)]:
    """From 0 (one sentence over and over) up to 1 (no sentence occurs twice).

    As `lines`, for sentences: they end at a line break, at ``.!?…`` before white space, and at
    ``。！？`` anywhere. Repeats within a sentence count too: words in a run of 8 (Chinese:
    characters) that occurred earlier in the sentence, and clauses of 4 characters or more between
    commas from their third time on. Sentences that differ only in a number at the beginning ("Step
    7: Check it again.", 第七步：再检查一遍。) count as one if there are three or more.

    >>> sentences("Wait. Let me see. Wait. Let me see.").value
    0.5
    >>> sentences("等等。再想想。等等。").value
    0.7
    >>> sentences("我不知道，" * 10).value, sentences("I like the cats " * 10).value
    (0.1, 0.1)
    >>> sentences("Step 1: Check the sum.\\nStep 2: Check the sum.\\nStep 3: Check the sum.").value
    0.3333333333333333
    """
    return _unique_share(_uncounted(_SENTENCE_END.split(response)), weight, _fresh_share)


def _uncounted(pieces: Sequence[str]) -> Sequence[str]:
    """The pieces, without their counters if several differ only in the counter."""
    rests = [_rest(piece) for piece in pieces]
    rounds = Counter(rest for _, rest in set(zip(pieces, rests, strict=True)) if rest)
    if not rounds or max(rounds.values()) < _MIN_COUNTED:
        return pieces
    return [
        rest if rounds[rest] >= _MIN_COUNTED else piece
        for piece, rest in zip(pieces, rests, strict=True)
    ]


def _rest(piece: str) -> str:
    """The text after the counter of a piece; "" without a counter or if only a word or two follow.

    >>> _rest("**Step 12:** Check it once more."), _rest("3. Paris"), _rest("第三步：再检查一遍。")
    ('Check it once more.', '', '再检查一遍。')
    """
    counter = _COUNTER.match(piece)
    rest = piece[counter.end() :] if counter else ""
    return rest if len(_REST_WORD.findall(rest)) >= (2 if _HAN.search(rest) else 3) else ""


def _fresh_share(sentence: str) -> float:
    """The share of a sentence that is not a repeat within it.

    >>> _fresh_share("one two three"), _fresh_share("so it is said " * 5)
    (1.0, 0.2)
    """
    if len(sentence) < _MIN_LOOP:
        return 1.0
    clauses = Counter(map(str.strip, _CLAUSE_END.split(sentence)))
    again = sum(len(c) * (n - 1) for c, n in clauses.items() if n >= 3 and len(c) >= 4)
    total = max(1, sum(len(c) * n for c, n in clauses.items()))
    return min((total - again) / total, _fresh_words(sentence))


def _fresh_words(sentence: str) -> float:
    """The share of words in no run of `_LOOP_WORDS` that occurred earlier in the sentence."""
    words = ngrams.words_of(sentence)
    if len(words) <= _LOOP_WORDS:
        return 1.0
    earlier: set[tuple[str, ...]] = set()
    num_again = covered = 0
    for start, run in enumerate(zip(*(words[i:] for i in range(_LOOP_WORDS)), strict=False)):
        if run in earlier:
            num_again += start + _LOOP_WORDS - max(covered, start)
            covered = start + _LOOP_WORDS
        earlier.add(run)
    return (len(words) - num_again) / len(words)


def _unique_share(
    pieces: Sequence[str], weight: Weight, fresh: Callable[[str], float] = lambda piece: 1.0
) -> Score:
    if weight not in ("chars", "count"):
        raise ConfigError(f"weight={weight!r} must be 'chars' or 'count'")
    counts = Counter(filter(None, map(str.strip, pieces)))
    size = len if weight == "chars" else lambda piece: 1
    unique = sum(size(piece) * fresh(piece) for piece in counts)
    total = sum(size(piece) * count for piece, count in counts.items())
    if unique == total:
        return Score(1.0)
    piece, count = max(counts.items(), key=lambda item: size(item[0]) * (item[1] - 1))
    if count == 1:
        piece = min(counts, key=lambda piece: size(piece) * (fresh(piece) - 1.0))
        return Score(unique / total, note=f"repeats within: {clipped(piece)}")
    return Score(unique / total, note=f"{count} times: {clipped(piece)}")


def tail_loop(
    response: str,
    finish_reason: str | None = None,
    *,
    min_repeats: float = 3.0,
    min_chars: int = 100,
    cut_only: bool = False,
) -> Annotated[Score, Range(0, 1)]:
    """0 where the response ends in a loop ("repeats until cut off"), else 1.

    A loop is an ending of at least `min_chars` characters that repeats its first period exactly,
    `min_repeats` times or more; the last round may be cut anywhere, and white space may follow.
    Among several periods the one that covers most counts. The parts are its `period`, `repeats` and
    `covered` characters.

    With `cut_only` only a loop that ran into the length limit counts (`finish_reason` "length"). A
    word after the loop, or a number that changes in each round, and it no longer counts as a loop:
    see `compression` and `ngram`.

    Raises: DataError for `cut_only` without a finish_reason.

    >>> tail_loop("The sum is 4. " + "Wait, let me check. " * 9 + "Wait, le").parts
    {'period': 20.0, 'repeats': 9.5, 'covered': 190.0}
    """
    if min_repeats < 2:
        raise ConfigError(f"tail_loop: min_repeats={min_repeats} must be at least 2")
    if cut_only and finish_reason is None:
        raise DataError("tail_loop: cut_only needs the finish_reason", field="finish_reason")
    if cut_only and finish_reason != "length":
        return Score(1.0)
    period, covered = _tail_period(response, min_repeats, min_chars)
    if covered == 0:
        response = response.rstrip()
        period, covered = _tail_period(response, min_repeats, min_chars)
    if covered == 0:
        return Score(1.0)
    repeats = covered / period
    cut = ", cut by the length limit" if finish_reason == "length" else ""
    note = f"ends in {repeats:.1f} rounds of {clipped(response[-period:])}{cut}"
    parts = {"period": float(period), "repeats": repeats, "covered": float(covered)}
    return Score(0.0, parts, note=note)


def _tail_period(text: str, min_repeats: float, min_chars: int) -> tuple[int, int]:
    """The period of the loop that ends the text and the characters it covers, else (0, 0).

    The reversed text has period p for as long as it matches itself shifted by p characters: its Z
    function at p. Most texts end in characters that do not occur before, which a single search
    shows.
    """
    back = text[::-1]
    matched = int(min_chars * (1 - 1 / min_repeats))
    if len(back) < min_chars or back.find(back[:matched], 1) < 0:
        return 0, 0
    best, covered = 0, 0
    for period, match in enumerate(_self_matches(back, int(len(back) / min_repeats) + 1), 1):
        reach = period + match
        if reach > covered and reach >= max(min_chars, min_repeats * period):
            best, covered = period, reach
            if reach == len(back):
                break
    return best, covered


def _self_matches(text: str, last: int) -> Iterator[int]:
    """How many characters of the text from place i on equal its beginning, for i = 1 to `last`.

    The Z algorithm: linear, since `right` only grows.
    """
    matches = [len(text)]
    left = right = 0
    for place in range(1, last + 1):
        match = min(matches[place - left], right - place) if place < right else 0
        if place + match >= right:
            match += _common_length(text, match, place + match)
            left, right = place, place + match
        matches.append(match)
        yield match


def _common_length(text: str, first: int, second: int) -> int:
    """How many characters from `first` and from `second` on are equal (first < second)."""

    def equal(done: int, step: int) -> bool:
        a, b = first + done, second + done
        return b + step <= len(text) and text[a : a + step] == text[b : b + step]

    done, step = 0, 1
    while equal(done, step):
        done, step = done + step, step * 2
    while step > 1:
        step //= 2
        if equal(done, step):
            done += step
    return done


def distinct_words(
    response: str, *, segmenter: Segmenter | None = None
) -> Annotated[float, Range(0, 1)]:
    """From 0 (no word at all) up to 1 (no word occurs twice): different words over words.

    Words as in `ngram`. The ratio falls with length (Heaps' law), so it favours short responses.

    >>> distinct_words("so it is so"), distinct_words("")
    (0.75, 0.0)
    """
    words = ngrams.words_of(response, segmenter)
    return len(set(words)) / len(words) if words else 0.0
