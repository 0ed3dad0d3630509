"""Whether words follow one another as in running text, unlike shuffled words and word lists.

A table of 300 general words of English and 300 characters of Chinese says which pairs of them occur
side by side in some 700 000 words of chat, mathematics and exams (a fifth of all pairs do; nearly
all of the pairs in another text are among them, but only half of those in a shuffled one).
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from plaudit.text.languages import (
    FUNCTION_WORDS,
    OTHER_FUNCTION_WORDS,
    identify,
    latin_words,
)

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LETTERS", "WordOrder", "order_of", "runs_of", "scrambled", "triples_of"]

LETTERS = "^abcdefghijklmnopqrstuvwxyz$"
_LETTER = {letter: i for i, letter in enumerate(LETTERS)}
_LONG_WORD = re.compile(r"(?<![\w'’.@/\\-])[a-z]{4,20}(?![\w'’@/\\-])")
_LETTERS_HEAD = 4000  # characters that are examined
_MIN_TRIPLES = 24
_MIN_LONG_WORDS = 20  # if the function words identify no language
_UNSEEN = {"en": (0.08, 0.16), None: (0.25, 0.35)}

_RUNS = {"en": re.compile("[a-z' ]+"), "zh": re.compile("[一-鿿]+")}
_WORDS = {"en": re.compile("[a-z]+(?:'[a-z]+)?"), "zh": re.compile("[一-鿿]")}
_LATIN_RUN = re.compile("[a-zß-ʸ'’ ]+")
_LATIN_WORD = re.compile("[a-zß-ʸ]+(?:['’][a-zß-ʸ]+)?")
_KANA = re.compile("[ぁ-ヿ]")

_MIN_PAIRS = 5
_MIN_COVER = {"en": 0.3, "zh": 0.4}  # fewer of the table's words: another language or style
_ODD = {"en": (0.12, 0.22), "zh": (0.25, 0.4)}  # running text has fewer, shuffled text more
_LONG = {"en": 6, "zh": 12}  # a run of this many words has function words
_MIN_FUNCTION = {"en": 0.08, "zh": 0.15}


class WordOrder(NamedTuple):
    """How far a text is from running text, from 0 to 1: by its pairs, and by runs of words without
    a function word; NaN if there is too little text."""

    shuffled: float
    loose: float


def runs_of(text: str, code: str) -> Iterator[list[str]]:
    """The words between marks, in English ("en") or Chinese ("zh") letters.

    >>> list(runs_of("So it is, 对吗", "en")), list(runs_of("So it is, 对吗", "zh"))
    ([['so', 'it', 'is']], [['对', '吗']])
    """
    for run in _RUNS[code].findall(text.lower()):
        if words := _WORDS[code].findall(run):
            yield words


def order_of(text: str) -> WordOrder:
    """The order of the words of a text.

    >>> order_of("The sum of the two numbers is the total of all that we have in it.").shuffled
    0.0
    """
    shuffled = [_shuffled(list(runs_of(text, code)), code) for code in _RUNS]
    judged = [share for share in shuffled if not math.isnan(share)]
    return WordOrder(max(judged, default=math.nan), _loose(text))


def _shuffled(runs: list[list[str]], code: str) -> float:
    odd, pairs = _odd_pairs(runs, code)
    if pairs < _MIN_PAIRS:
        return math.nan
    low, high = _ODD[code]
    share = max(0, odd - 1) / pairs  # one odd pair is tolerated
    return min(1.0, max(0.0, (share - low) / (high - low)))


def _loose(text: str) -> float:
    """The share of words in long runs with almost no function word."""
    latin = [_LATIN_WORD.findall(run) for run in _LATIN_RUN.findall(text.lower())]
    chinese = [] if _KANA.search(text) else list(runs_of(text, "zh"))
    loose = total = 0
    for code, runs in (("en", latin), ("zh", chinese)):
        total += sum(map(len, runs))
        loose += sum(len(run) for run in runs if _is_loose(run, code))
    return loose / total if total >= _LONG["en"] else math.nan


def _odd_pairs(runs: list[list[str]], code: str) -> tuple[int, int]:
    """How many pairs of table words are unseen in the corpus, and how many pairs there are."""
    import numpy as np

    number, follows = _table(code)
    ids = [i for run in runs for i in (*(number.get(word, -1) for word in run), -2)]
    word_ids = np.array(ids, np.int64)
    num_words = len(word_ids) - len(runs)
    if np.count_nonzero(word_ids >= 0) < _MIN_COVER[code] * num_words:
        return 0, 0
    first, second = word_ids[:-1], word_ids[1:]
    both = (first >= 0) & (second >= 0)
    is_usual = follows[first[both], second[both]]
    return len(is_usual) - int(np.count_nonzero(is_usual)), len(is_usual)


def triples_of(word: str) -> Iterator[tuple[int, int, int]]:
    """The letter trigrams of a lower-case word, with its ends as extra letters."""
    ids = [_LETTER[letter] for letter in f"^{word}$"]
    return zip(ids, ids[1:], ids[2:], strict=False)


def scrambled(text: str) -> float:
    """How far the letters within the words of an English text are shuffled, from 0 to 1.

    NaN if the text is in another language or too short to judge. Only lower-case words of four
    letters or more count, which leaves out most names.

    >>> scrambled("The river floods every spring when the snow melts and farmers plant late.")
    0.0
    >>> scrambled("The rveir fdolos eervy snripg wehn the sonw mtels and frmreas plnat ltae.")
    1.0
    """
    text = text[:_LETTERS_HEAD]
    words = _LONG_WORD.findall(text)
    triples = [triple for word in words for triple in triples_of(word)]
    if len(triples) < _MIN_TRIPLES:
        return math.nan
    occurs = _letter_table()
    share = sum(not occurs[triple] for triple in triples) / len(triples)
    if share < _UNSEEN["en"][0]:  # nearly all texts
        return 0.0
    language = identify(latin_words(text))
    if language not in _UNSEEN or (language is None and len(words) < _MIN_LONG_WORDS):
        return math.nan
    low, high = _UNSEEN[language]
    return min(1.0, max(0.0, (share - low) / (high - low)))


def _is_loose(run: list[str], code: str) -> bool:
    """Whether a long run has almost no function word."""
    if len(run) < _LONG[code]:
        return False
    function_words = _table("zh")[0] if code == "zh" else _joining()
    return sum(word in function_words for word in run) < _MIN_FUNCTION[code] * len(run)


@functools.cache
def _joining() -> frozenset[str]:
    return FUNCTION_WORDS | OTHER_FUNCTION_WORDS


@functools.cache
def _table(code: str) -> tuple[dict[str, int], np.ndarray]:
    table = _tables()[code]
    words = table["words"].split()
    size = len(words)
    follows = _bits(table["follows"])[: size * size].reshape(size, size)
    return {word: i for i, word in enumerate(words)}, follows


@functools.cache
def _letter_table() -> np.ndarray:
    size = len(LETTERS)
    return _bits(_tables()["letters"]["follows"])[: size**3].reshape(size, size, size)


@functools.cache
def _tables() -> dict[str, dict[str, str]]:
    import importlib.resources
    import json

    file = importlib.resources.files("plaudit.text") / "word_pairs.json"
    return json.loads(file.read_text(encoding="utf-8"))


def _bits(packed: str) -> np.ndarray:
    import base64
    import zlib

    import numpy as np

    data = zlib.decompress(base64.b64decode(packed))
    return np.unpackbits(np.frombuffer(data, np.uint8)).astype(bool)
