"""The text filters of Data-Juicer (modelscope/data-juicer, data_juicer/ops/filter) as rewards.

1 if the filter keeps a text, 0 if it drops it; `parts` has its statistic by Data-Juicer's name.
A filter keeps from the lower to the upper bound, both included; the default bounds are the
original's. Words are runs between spaces, tabs and line breaks, without special characters at their
ends: a Chinese text is a few long words, as in the original without its tokeniser.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Annotated

from plaudit.errors import ConfigError
from plaudit.text.special import special_set, special_table
from plaudit.types import Range, Score

__all__ = [
    "alphanumeric",
    "average_line_length",
    "character_repetition",
    "flagged_words",
    "maximum_line_length",
    "special_characters",
    "stopwords",
    "text_length",
    "word_repetition",
    "words_num",
]

_WORD = re.compile(r"[^ \n\t]+")
_NOT_ALNUM = re.compile(r"[\W_]+")

EXAMPLES = {
    "flagged_words": {"params": {"words": ["damn"]}},
    "stopwords": {"params": {"words": ["the", "is", "to"]}},
}


def character_repetition(
    response: str, *, rep_len: int = 10, min_ratio: float = 0.0, max_ratio: float = 0.5
) -> Annotated[Score, Range(0, 1)]:
    """1 if the character repetition ratio (`char_rep_ratio`) lies within the bounds, else 0.

    The sum of the ``min(floor(sqrt(distinct)), repeated)`` greatest counts of distinct character
    n-grams, over all n-grams; 0 for a text shorter than an n-gram. A long loop of three characters
    has a ratio of a third and is kept. Hardened: `rules.repetition.char_repetition`.

    >>> character_repetition("aha" * 50).value, character_repetition("ha" * 50).parts
    (1.0, {'char_rep_ratio': 0.5054945054945055})
    """
    from plaudit.text import ngrams

    grams = ngrams.count_grams(ngrams.code_points(response), rep_len)
    ratio = ngrams.top_share(grams, math.isqrt(grams.distinct))
    return _within("char_rep_ratio", ratio, min_ratio, max_ratio)


def word_repetition(
    response: str, *, rep_len: int = 10, min_ratio: float = 0.0, max_ratio: float = 0.5
) -> Annotated[Score, Range(0, 1)]:
    """1 if the word repetition ratio (`word_rep_ratio`) lies within the bounds, else 0.

    The share of n-grams of lower-case words that occur more than once; 0 for a text of fewer words.
    Hardened: `rules.repetition.word_repetition`.

    >>> word_repetition("one two three four one two", rep_len=2).parts
    {'word_rep_ratio': 0.4}
    """
    from plaudit.text import ngrams

    words = _words(response.lower())
    grams = ngrams.count_grams(ngrams.word_array(words), rep_len)
    ratio = int(grams.repeated.sum()) / grams.total if grams.total else 0.0
    return _within("word_rep_ratio", ratio, min_ratio, max_ratio)


def special_characters(
    response: str, *, min_ratio: float = 0.0, max_ratio: float = 0.25
) -> Annotated[Score, Range(0, 1)]:
    """1 if the share of special characters (`special_char_ratio`) lies within the bounds, else 0.

    Special characters are ASCII punctuation, digits and white space, a list of symbols and emoji:
    the spaces of an English text alone make up most of the bound.

    >>> special_characters("x = 4").parts
    {'special_char_ratio': 0.8}
    """
    from plaudit.text.ngrams import code_points

    table = special_table()
    points = code_points(response).clip(max=len(table) - 1)
    ratio = int(table[points].sum()) / len(response) if response else 0.0
    return _within("special_char_ratio", ratio, min_ratio, max_ratio)


def alphanumeric(
    response: str, *, min_ratio: float = 0.25, max_ratio: float = math.inf
) -> Annotated[Score, Range(0, 1)]:
    """1 if the share of letters and digits of any script (`alnum_ratio`) lies within the bounds.

    >>> alphanumeric("x = 4").parts
    {'alnum_ratio': 0.4}
    """
    ratio = len(_NOT_ALNUM.sub("", response)) / len(response) if response else 0.0
    return _within("alnum_ratio", ratio, min_ratio, max_ratio)


def average_line_length(
    response: str, *, min_len: float = 10, max_len: float = math.inf
) -> Annotated[Score, Range(0, 1)]:
    """1 if characters over lines (`avg_line_length`) lies within the bounds, else 0.

    Line breaks count as characters; 0 for an empty text.

    >>> average_line_length("ab\\ncd").parts
    {'avg_line_length': 2.5}
    """
    lines = response.splitlines()
    return _within(
        "avg_line_length", len(response) / len(lines) if lines else 0.0, min_len, max_len
    )


def maximum_line_length(
    response: str, *, min_len: float = 10, max_len: float = math.inf
) -> Annotated[Score, Range(0, 1)]:
    """1 if the length of the longest line (`max_line_length`) lies within the bounds, else 0.

    >>> maximum_line_length("ab\\ncde").parts
    {'max_line_length': 3.0}
    """
    longest = max(map(len, response.splitlines()), default=0)
    return _within("max_line_length", longest, min_len, max_len)


def text_length(
    response: str, *, min_len: float = 10, max_len: float = math.inf
) -> Annotated[Score, Range(0, 1)]:
    """1 if the number of characters (`text_len`) lies within the bounds, else 0.

    >>> text_length("four").value
    0.0
    """
    return _within("text_len", len(response), min_len, max_len)


def words_num(
    response: str, *, min_num: float = 10, max_num: float = math.inf
) -> Annotated[Score, Range(0, 1)]:
    """1 if the number of words (`num_words`) lies within the bounds, else 0.

    Numbers are not words: digits are special characters.

    >>> words_num("two words, 4 !").parts
    {'num_words': 2.0}
    """
    return _within("num_words", len(_words(response)), min_num, max_num)


def stopwords(
    response: str, *, words: Sequence[str], min_ratio: float = 0.3, max_ratio: float = 1.0
) -> Annotated[Score, Range(0, 1)]:
    """1 if the share of words from the list (`stopwords_ratio`) lies within the bounds, else 0.

    The original fetches its lists of stop words; here the recipe gives one, in lower case.

    >>> stopwords("The sum is 4.", words=["the", "is"]).parts["stopwords_ratio"] == 2 / 3
    True
    """
    return _within("stopwords_ratio", _share_of(words, response), min_ratio, max_ratio)


def flagged_words(
    response: str, *, words: Sequence[str], min_ratio: float = 0.0, max_ratio: float = 0.045
) -> Annotated[Score, Range(0, 1)]:
    """1 if the share of words from the list (`flagged_words_ratio`) lies within the bounds, else 0.

    The original fetches its lists of flagged words; here the recipe gives one, in lower case.

    >>> flagged_words("Damn good.", words=["damn"]).value
    0.0
    """
    return _within("flagged_words_ratio", _share_of(words, response), min_ratio, max_ratio)


def _within(name: str, value: float, low: float, high: float) -> Score:
    is_kept = low <= value <= high
    note = None if is_kept else f"{name} {value:.4g} is outside of {low:g} to {high:g}"
    return Score(float(is_kept), {name: float(value)}, note=note)


def _words(text: str) -> list[str]:
    """Words stripped of special characters; empty ones are dropped."""
    special = special_set()
    ends = "".join(special)
    words = [
        word.strip(ends) if word[0] in special or word[-1] in special else word
        for word in _WORD.findall(text)
    ]
    return [word for word in words if word]


def _share_of(listed: Sequence[str], text: str) -> float:
    if isinstance(listed, str):
        raise ConfigError(f"words={listed!r} must be a list of words")
    words, word_set = _words(text.lower()), frozenset(listed)
    return sum(word in word_set for word in words) / len(words) if words else 0.0
