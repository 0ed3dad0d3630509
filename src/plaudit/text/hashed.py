"""Hashed n-grams: a text as a sparse vector of fixed width, without a vocabulary.

A token is a word, one character of Chinese or Japanese, one sign of punctuation, or a run of line
breaks; case does not count. Hashes are BLAKE2b, so that a bucket is the same on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from plaudit.hashing import hash_number

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Sparse", "edge_grams", "hash_tokens", "line_kind", "tokens_of", "word_grams"]

_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(f"[{_UNSPACED}]|[^\\W{_UNSPACED}]+|[^\\w\\s]|\n+")
_ASCII_TOKEN = re.compile(r"[a-z0-9_]+|[^a-z0-9_\s]|\n+")  # the same, twice as fast
_MULTIPLIER = 0x9E3779B97F4A7C15
_FINALIZER = 0xFF51AFD7ED558CCD
_MOST_CACHED, _LONGEST_CACHED = 1 << 18, 64
_NUM_FIRST, _NUM_LAST, _NUM_LINES = 4, 3, 3
_PAIR, _FIRST, _LAST, _LINES = 2, 11, 12, 13  # what tells the kinds of gram apart


class Sparse(NamedTuple):
    """The buckets that are not 0, rising, and their values."""

    buckets: np.ndarray
    values: np.ndarray


class _Hashes(dict[str, int]):
    """The hash of each token, kept for the next text."""

    def __missing__(self, token: str) -> int:
        number = hash_number(token)
        if len(token) <= _LONGEST_CACHED:
            if len(self) >= _MOST_CACHED:
                self.clear()
            self[token] = number
        return number


_HASHES = _Hashes()


def tokens_of(text: str) -> list[str]:
    """The tokens of a text, in order.

    >>> tokens_of("It's 3.5, 对吗？\\n\\nYes")
    ['it', "'", 's', '3', '.', '5', ',', '对', '吗', '？', '\\n\\n', 'yes']
    """
    return (_ASCII_TOKEN if text.isascii() else _TOKEN).findall(text.lower())


def hash_tokens(tokens: Sequence[str]) -> np.ndarray:
    """The 64-bit hash of each token."""
    import numpy as np

    return np.fromiter(map(_HASHES.__getitem__, tokens), np.uint64, len(tokens))


def word_grams(hashes: np.ndarray, bits: int) -> Sparse:
    """Single tokens and pairs of neighbours: ``1 + ln n`` for n occurrences, of length 1 in all.

    >>> grams = word_grams(hash_tokens(tokens_of("no no no")), 18)
    >>> len(grams.buckets), round(float((grams.values**2).sum()), 6)
    (2, 1.0)
    """
    import numpy as np

    pairs = hashes[:-1] * np.uint64(_MULTIPLIER) + hashes[1:]
    return _counted(np.concatenate([hashes, pairs + np.uint64(_PAIR)]), bits)


def edge_grams(hashes: np.ndarray, line_kinds: Sequence[str], bits: int) -> Sparse:
    """How a text begins, ends and is laid out, valued as `word_grams`.

    The first 1 to 4 tokens, the last 1 to 3, and every three neighbouring lines by their kind.
    """
    import numpy as np

    runs = [
        *_prefixes(hashes[:_NUM_FIRST].tolist(), _FIRST),
        *_prefixes(hashes[: -_NUM_LAST - 1 : -1].tolist(), _LAST),
    ]
    return _counted(np.concatenate([np.array(runs, np.uint64), _windows(line_kinds)]), bits)


def line_kind(line: str) -> str:
    """The kind of a line: "a" for a letter first, "9" for a digit, else its first two characters.

    >>> [line_kind(line) for line in ("Text", "  2. item", "- item", "## Head", " ")]
    ['a', '9', '- ', '##', '']
    """
    start = line.lstrip()[:2]
    if not start[:1].isalnum():
        return start
    return "9" if start[0].isdigit() else "a"


def _prefixes(hashes: Sequence[int], salt: int) -> Iterator[int]:
    """The hash of the first hash, of the first two, and so on."""
    run = salt
    for number in hashes:
        run = (run * _MULTIPLIER + number) & 0xFFFFFFFFFFFFFFFF
        yield run


def _windows(line_kinds: Sequence[str]) -> np.ndarray:
    """The hash of each run of three lines; of all where there are fewer."""
    import numpy as np

    hashes = hash_tokens(line_kinds)
    num = max(len(hashes) - _NUM_LINES + 1, 1)
    runs = np.full(num, _LINES, np.uint64)
    for i in range(min(_NUM_LINES, len(hashes))):
        runs = runs * np.uint64(_MULTIPLIER) + hashes[i : i + num]
    return runs


def _counted(hashes: np.ndarray, bits: int) -> Sparse:
    """The distinct buckets with ``1 + ln n``, scaled to length 1."""
    import numpy as np

    mixed = (hashes ^ (hashes >> np.uint64(33))) * np.uint64(_FINALIZER)
    buckets = ((mixed ^ (mixed >> np.uint64(33))) >> np.uint64(64 - bits)).astype(np.int32)
    buckets.sort()
    is_first = np.ones(len(buckets), bool)
    np.not_equal(buckets[1:], buckets[:-1], out=is_first[1:])
    starts = np.flatnonzero(is_first)
    values = 1.0 + np.log(np.diff(starts, append=len(buckets)))
    return Sparse(buckets[starts], values / np.sqrt((values * values).sum() or 1.0))
