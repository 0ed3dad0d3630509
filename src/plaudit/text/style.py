"""Style of a text as a few dozen numbers: length, layout, punctuation, wording, repetition.

Counts enter as ``ln(1 + n)``, shares in [0, 1]. None of the numbers says whether a text is right.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from plaudit.text.hashed import hash_tokens, line_kind, tokens_of
from plaudit.text.scripts import points_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FEATURES", "Reading", "read_text", "style_of", "words_of"]

FEATURES: tuple[str, ...] = (
    "log_chars",
    "log_words",
    "log_sentences",
    "log_paragraphs",
    "chars_per_word",
    "words_per_sentence",
    "distinct_per_root_words",
    "distinct_share",
    "log_long_words",
    "long_word_share",
    "pair_repeat_share",
    "triple_repeat_share",
    "line_repeat_share",
    "chars_repeat_share",
    "log_distinct_chars",
    "log_lines",
    "log_longest_line",
    "line_length_spread",
    "log_bullets",
    "log_numbered",
    "log_headers",
    "log_bold",
    "log_fences",
    "log_links",
    "log_blank_runs",
    "log_backticks",
    "log_pipes",
    "log_formulas",
    "log_digits",
    "digit_share",
    "upper_share",
    "non_ascii_share",
    "line_breaks_per_char",
    "log_exclamations",
    "log_questions",
    "log_parentheses",
    "log_quotes",
    "log_colons",
    "log_semicolons",
    "log_dashes",
    "log_apostrophes",
    "commas_per_word",
    "colons_per_word",
    "first_person_share",
    "second_person_share",
    "hedge_share",
    "connective_share",
    "function_word_share",
    "ends_sentence",
    "ends_question",
    "ends_open",
    "ends_word",
    "starts_upper",
    "starts_space",
    "ends_space",
    "apology_at_start",
    "log_apologies",
    "opener_at_start",
    "log_closers",
    "prompt_words_used",
    "words_from_prompt",
    "is_wordless",
)

# The class of a token, from 0: words first, then signs.
_WORDS = (
    "i me my we our us 我 们",
    "you your yours 你 您",
    "may might could perhaps possibly generally typically usually often likely probably some seem"
    " seems",
    "however therefore because since although additionally furthermore moreover finally first"
    " second also while thus",
    "the a an of to in and or is are was were be been it its this that these those for on with as"
    " at by from but not 的 了 是 在 和",
)
_SIGNS = (".。", "!！", "?？", ",，", ":：", ";；", "(（", '"“', "-", "'’", "\\$", "`", "|")
_NUM_WORD_CLASSES = len(_WORDS) + 1  # 0: any other word
_CLASS_OF = {
    **{word: 1 + i for i, words in enumerate(_WORDS) for word in words.split()},
    **{sign: _NUM_WORD_CLASSES + i for i, signs in enumerate(_SIGNS) for sign in signs},
}
_OTHER_SIGN = _NUM_WORD_CLASSES + len(_SIGNS)
_PARAGRAPH = _OTHER_SIGN + 1
_NUM_CLASSES = _PARAGRAPH + 1
_LENGTH_SHIFT, _CLASS_MASK = 5, 31  # a kind is the class of a token plus 32 times its length

_APOLOGIES = (
    "sorry", "apolog", "as an ai", "i cannot", "i can't", "unable to", "language model", "抱歉",
    "无法", "作为一个",
)  # fmt: skip
_CLOSERS = (
    "let me know", "hope this", "feel free", "happy to help", "enjoy", "good luck", "希望",
)  # fmt: skip
_OPENER = re.compile(r"\s*(?:(?:sure|certainly|of course|absolutely|great|yes|no)\b|当然|好的)")
_NUMBERED = re.compile(r"\s*\d{1,3}[.)]\s")
_BULLETS = ("- ", "* ", "• ", "+ ")
_LONG = 9
_START, _END = 300, 200
_MULTIPLIER = 0x9E3779B97F4A7C15
_MOST_CACHED, _LONGEST_CACHED = 1 << 18, 64


class Reading(NamedTuple):
    """A text cut up once for all features: its tokens as hashes and kinds, its lines.

    `words` are the hashes of its different words, rising.
    """

    text: str
    lower: str
    hashes: np.ndarray
    kinds: np.ndarray
    words: np.ndarray
    lines: list[str]
    line_kinds: list[str]


class _Kinds(dict[str, int]):
    """The class and length of each token, kept for the next text."""

    def __missing__(self, token: str) -> int:
        number = _class_of(token) + (min(len(token), 1 << 20) << _LENGTH_SHIFT)
        if len(token) <= _LONGEST_CACHED:
            if len(self) >= _MOST_CACHED:
                self.clear()
            self[token] = number
        return number


def _class_of(token: str) -> int:
    if token[0] == "\n":
        return _PARAGRAPH if len(token) > 1 else _OTHER_SIGN
    other = 0 if token[0].isalnum() or token[0] == "_" else _OTHER_SIGN
    return _CLASS_OF.get(token, other)


_KINDS = _Kinds()


def read_text(text: str) -> Reading:
    """The text with its tokens and lines."""
    hashes, kinds = _hashes_and_kinds(text)
    words, lines = _distinct(hashes[_is_word(kinds)]), text.split("\n")
    line_kinds = [line_kind(line) for line in lines]
    return Reading(text, text.lower(), hashes, kinds, words, lines, line_kinds)


def words_of(text: str) -> np.ndarray:
    """The `words` of a text's reading, without the rest of it.

    >>> words_of("Is it? It is.").tolist() == read_text("Is it? It is.").words.tolist()
    True
    """
    hashes, kinds = _hashes_and_kinds(text)
    return _distinct(hashes[_is_word(kinds)])


def _hashes_and_kinds(text: str) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    tokens = tokens_of(text)
    kinds = np.fromiter(map(_KINDS.__getitem__, tokens), np.int32, len(tokens))
    return hash_tokens(tokens), kinds


def _distinct(hashes: np.ndarray) -> np.ndarray:
    """The different hashes, rising."""
    import numpy as np

    hashes.sort()
    is_first = np.ones(len(hashes), bool)
    np.not_equal(hashes[1:], hashes[:-1], out=is_first[1:])
    return hashes[is_first]


def style_of(reading: Reading, prompt_words: np.ndarray) -> np.ndarray:
    """The features of a text in the order of `FEATURES`, as float64; each is finite.

    `prompt_words` are the `words` of the prompt's reading.

    >>> reading = read_text("Yes. **Yes.**")
    >>> values = dict(zip(FEATURES, style_of(reading, reading.words).tolist()))
    >>> values["log_words"] == math.log1p(2), values["words_from_prompt"], values["log_bold"] > 0
    (True, 1.0, True)
    """
    import numpy as np

    counts = np.bincount(reading.kinds & _CLASS_MASK, minlength=_NUM_CLASSES).tolist()
    num_words = sum(counts[:_NUM_WORD_CLASSES])
    values = [
        *_sizes(reading, counts, num_words),
        *_repetition(reading),
        *_layout(reading),
        *_characters(reading, counts, num_words),
        *_wording(counts, num_words),
        *_ends(reading),
        *_from_prompt(reading.words, prompt_words),
    ]
    return np.array(values)


def _is_word(kinds: np.ndarray) -> np.ndarray:
    return (kinds & _CLASS_MASK) < _NUM_WORD_CLASSES


def _log(count: float) -> float:
    return math.log1p(count)


def _sign(counts: Sequence[int], sign: str) -> int:
    return counts[_CLASS_OF[sign]]


def _sizes(reading: Reading, counts: Sequence[int], num_words: int) -> list[float]:
    import numpy as np

    num_chars, num = len(reading.text), max(num_words, 1)
    num_sentences = sum(_sign(counts, sign) for sign in ".!?")
    is_long = reading.kinds >= _LONG << _LENGTH_SHIFT
    num_long = int(np.count_nonzero(is_long & _is_word(reading.kinds)))
    num_distinct = len(reading.words)
    return [
        _log(num_chars),
        _log(num_words),
        _log(num_sentences),
        _log(counts[_PARAGRAPH]),
        _log(num_chars / num),
        math.log((num_words + 1) / (num_sentences + 1)),
        num_distinct / math.sqrt(num),
        num_distinct / num,
        _log(num_long),
        num_long / num,
    ]


def _repetition(reading: Reading) -> list[float]:
    lines = [line for line in reading.lines if line and not line.isspace()]
    num_runs, num_repeats = _char_repeats(reading.lower)
    return [
        _repeat_share(reading.hashes, 2),
        _repeat_share(reading.hashes, 3),
        1 - len(set(lines)) / len(lines) if lines else 0.0,
        num_repeats / max(num_runs, 1),
        _log(num_runs - num_repeats),
    ]


def _repeat_share(hashes: np.ndarray, size: int) -> float:
    num_runs, num_repeats = _repeats(hashes, size)
    return num_repeats / max(num_runs, 1)


def _char_repeats(lower: str) -> tuple[int, int]:
    """How many runs of four characters there are, and how many of them occurred before."""
    import numpy as np

    if not lower.isascii() or len(lower) < 4:
        return _repeats(points_of(lower).astype(np.uint64), 4)
    runs = np.ndarray((len(lower) - 3,), np.uint32, lower.encode(), strides=(1,)).copy()
    runs.sort()
    return len(runs), int(np.count_nonzero(runs[1:] == runs[:-1]))


def _repeats(ids: np.ndarray, size: int) -> tuple[int, int]:
    """How many runs of `size` there are, and how many of them occurred before."""
    import numpy as np

    num = max(len(ids) - size + 1, 0)
    runs = ids[:num].copy()
    for i in range(1, size):
        runs *= np.uint64(_MULTIPLIER)
        runs += ids[i : i + num]
    runs.sort()
    return num, int(np.count_nonzero(runs[1:] == runs[:-1]))


def _layout(reading: Reading) -> list[float]:
    text, kinds = reading.text, Counter(reading.line_kinds)
    lengths = [
        len(line) for line, kind in zip(reading.lines, reading.line_kinds, strict=True) if kind
    ]
    num, mean = max(len(lengths), 1), sum(lengths) / max(len(lengths), 1)
    spread = math.sqrt(max(sum(n * n for n in lengths) / num - mean * mean, 0.0))
    num_numbered = 0
    if kinds["9"]:
        num_numbered = sum(1 for line in reading.lines if _NUMBERED.match(line))
    return [
        _log(len(lengths)),
        _log(max(lengths, default=0)),
        spread / (1 + mean),
        _log(sum(kinds[start] for start in _BULLETS)),
        _log(num_numbered),
        _log(sum(n for kind, n in kinds.items() if kind[:1] == "#")),
        *(_log(text.count(mark)) for mark in ("**", "```", "://", "\n\n\n")),
    ]


def _characters(reading: Reading, counts: Sequence[int], num_words: int) -> list[float]:
    import numpy as np

    num, words = len(reading.text) + 1, max(num_words, 1)
    ascii_counts = np.bincount(np.minimum(points_of(reading.text), 128), minlength=129)
    digits, upper = int(ascii_counts[48:58].sum()), int(ascii_counts[65:91].sum())
    return [
        *(_log(_sign(counts, sign)) for sign in "`|$"),
        _log(digits),
        digits / num,
        upper / num,
        int(ascii_counts[128]) / num,
        int(ascii_counts[10]) / num,
        *(_log(_sign(counts, sign)) for sign in "!?(\":;-'"),
        _sign(counts, ",") / words,
        _sign(counts, ":") / words,
    ]


def _wording(counts: Sequence[int], num_words: int) -> list[float]:
    return [count / max(num_words, 1) for count in counts[1:_NUM_WORD_CLASSES]]


def _ends(reading: Reading) -> list[float]:
    text, lower = reading.text, reading.lower
    last, end = text.rstrip()[-1:], lower[-_END:]
    ends = _CLASS_OF.get(last, -1)
    return [
        float(ends in (_CLASS_OF["."], _CLASS_OF["!"], _CLASS_OF["?"])),
        float(ends == _CLASS_OF["?"]),
        float(ends in (_CLASS_OF[","], _CLASS_OF[":"], _CLASS_OF["-"])),
        float(last.isalnum()),
        float(text[:1].isupper()),
        float(text[:1].isspace()),
        float(text[-1:].isspace()),
        float(any(phrase in lower[:_START] for phrase in _APOLOGIES)),
        _log(sum(map(lower.count, _APOLOGIES))),
        float(_OPENER.match(lower) is not None),
        _log(sum(map(end.count, _CLOSERS))),
    ]


def _from_prompt(words: np.ndarray, prompt_words: np.ndarray) -> list[float]:
    """The share of the prompt's words that the text uses, that of the text's in the prompt."""
    import numpy as np

    if not len(words) or not len(prompt_words):
        return [0.0, 0.0, float(not len(words))]
    places = np.minimum(np.searchsorted(prompt_words, words), len(prompt_words) - 1)
    num_shared = int(np.count_nonzero(prompt_words[places] == words))
    return [num_shared / len(prompt_words), num_shared / len(words), 0.0]
