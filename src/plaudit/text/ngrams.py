"""Exact n-gram counting on arrays, and the words that repetition rules count.

No value rests on a hash alone: n-grams are packed into 64-bit integers without loss, in several
steps where they do not fit, and a hash only chooses the slot where equal codes meet. (Sorting would
also work; 64-bit sorting in numpy is four times slower on processors for which it has no vector
code.)
"""

from __future__ import annotations

import array
import functools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from plaudit.errors import ConfigError, DataError, MissingExtra, clipped
from plaudit.text.scripts import points_of

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "Grams",
    "Segmenter",
    "code_points",
    "count_grams",
    "gram_codes",
    "jieba_words",
    "longest_repeat",
    "num_distinct",
    "representatives",
    "token_array",
    "top_share",
    "widened",
    "word_array",
    "words_of",
]

Segmenter = Literal["jieba"]

_WORD_BITS = 64
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xFF51AFD7ED558CCD, 0xD6E8FEB86659FD93)
_SMALL = 256

# Scripts written without spaces, and emoji: one code point is one word.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3040-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uf900-\ufaff\uff66-\uff9f"
    "\U00016fe0-\U00018aff\U0001aff0-\U0001b2ff\U0001f300-\U0001faff\U00020000-\U0003ffff"
)
_PUNCTUATION = (
    r"!-/:-@\[-`{-~\x00-\x1f\x7f-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7"
    "\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030"
    "\u303d-\u303f\ufe10-\ufe1f\ufe30-\ufe6f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)


# --- symbols as integers --------------------------------------------------------------------------


def code_points(text: str) -> np.ndarray:
    """The code points of a text (lone surrogates included): uint8 for ASCII, else uint32.

    >>> code_points("a你").tolist()
    [97, 20320]
    """
    import numpy as np

    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    return points_of(text)


def token_array(token_ids: Sequence[int]) -> np.ndarray:
    """Token ids as a one-dimensional array of integers from 0 up.

    Negative ids (padding) are shifted, which leaves equality as it is.

    Raises: DataError where the ids are not a flat sequence of integers.

    >>> token_array([5, 7, -100]).tolist()
    [105, 107, 0]
    """
    ids = _flat_integers(token_ids)
    low = int(ids.min()) if ids.size and ids.dtype.kind == "i" else 0
    return ids - low if low < 0 else ids


def _flat_integers(token_ids: Sequence[int]) -> np.ndarray:
    import numpy as np

    if isinstance(token_ids, (list, tuple)):
        try:  # 2.5 times as fast as numpy's own conversion
            return np.frombuffer(array.array("I", token_ids), np.uint32)
        except (OverflowError, TypeError):
            pass
    try:
        ids = np.asarray(token_ids)
        if ids.size == 0:
            return np.empty(0, np.uint32)
    except (TypeError, ValueError):  # ragged
        ids = np.empty(0)
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise DataError(
            f"expected a flat list of integers, found {clipped(token_ids)}", field="token_ids"
        )
    return ids


def word_array(words: Sequence[str]) -> np.ndarray:
    """Words as integers, numbered by first appearance.

    >>> word_array(["so", "it", "so"]).tolist()
    [0, 1, 0]
    """
    import numpy as np

    number = {word: i for i, word in enumerate(dict.fromkeys(words))}
    return np.frombuffer(array.array("I", map(number.__getitem__, words)), np.uint32)


# --- n-grams --------------------------------------------------------------------------------------


def gram_codes(ids: np.ndarray, n: int) -> np.ndarray:
    """One integer for each n-gram of `ids`, equal exactly where the n-grams are equal.

    Fewer than `n` ids have no n-gram. Linear in the number of ids, for each doubling of `n` beyond
    what 64 bits hold.

    >>> gram_codes(code_points("abab"), 2).tolist()
    [9701, 9799, 9701]
    """
    import numpy as np

    if n < 1:
        raise ConfigError(f"n={n} must be at least 1")
    if len(ids) < n:
        return np.empty(0, np.uint64)
    _keep_freed_memory()
    base, step = max(int(ids.max()) + 1, 2), 1
    if _widest(base) < n:
        ids, base = _dense(ids, base)
    if _widest(base) < n and base * base <= len(ids):
        ids, base, step = *_dense(_packed(ids, base, 2), base * base), 2
    width = min(n, _widest(base) * step)
    codes = _packed(ids, base, width, step)
    while width < n:
        codes = widened(representatives(codes), min(width, n - width))
        width += min(width, n - width)
    return codes


def widened(places: np.ndarray, by: int) -> np.ndarray:
    """Codes of n-grams `by` symbols longer, from `representatives` of the shorter ones.

    Two overlapping windows tell the window that they cover, so `by` is at most their width.
    """
    import numpy as np

    ahead = places.astype(np.uint64)
    return ahead[:-by] * np.uint64(len(places)) + ahead[by:]


def representatives(codes: np.ndarray, *, rounds: int = len(_MULTIPLIERS)) -> np.ndarray:
    """For each code the position of one equal code, the same for all equal codes.

    Each code writes its place into a table slot chosen by a hash; the last writer represents all
    that equal it. Codes that lost their slot to another code go through a further round; after
    `rounds` the rest is sorted, so no input takes longer than sorting.

    >>> representatives(code_points("abab")).tolist()
    [2, 3, 2, 3]
    """
    import numpy as np

    if len(codes) <= _SMALL or rounds == 0:
        return _by_sorting(codes)
    writers, differs, _ = _met(codes, rounds)
    apart = np.flatnonzero(differs)
    if len(apart):
        writers[apart] = apart[representatives(codes[apart], rounds=rounds - 1)]
    return writers


class Grams(NamedTuple):
    """`total` n-grams, `distinct` different ones, and the counts of those that repeat."""

    total: int
    distinct: int
    repeated: np.ndarray


def count_grams(ids: np.ndarray, n: int = 1) -> Grams:
    """How often each repeated n-gram of `ids` occurs.

    >>> grams = count_grams(code_points("ababa."), 2)
    >>> grams.total, grams.distinct, grams.repeated.tolist()
    (5, 3, [2, 2])
    """
    import numpy as np

    codes = gram_codes(ids, n)
    counts = np.bincount(representatives(codes))
    return Grams(len(codes), int(np.count_nonzero(counts)), counts[counts > 1])


def top_share(grams: Grams, most: int) -> float:
    """The share of all n-grams that the `most` frequent of the repeated ones make up, in [0, 1].

    With ``most = isqrt(grams.distinct)`` this is Data-Juicer's character repetition ratio.

    >>> top_share(count_grams(code_points("ababab."), 2), 1)
    0.5
    """
    import numpy as np

    most = min(most, len(grams.repeated))
    if most == 0:
        return 0.0
    having = np.bincount(grams.repeated)[::-1]  # how many occur most often, once less, ...
    num_counted = np.diff(np.minimum(np.cumsum(having), most), prepend=0)
    return int(num_counted @ np.arange(len(having))[::-1]) / grams.total


def num_distinct(ids: np.ndarray, n: int = 1) -> tuple[int, int]:
    """How many different n-grams `ids` holds, and how many in all; faster than `count_grams`.

    >>> num_distinct(code_points("ababab"), 2)
    (2, 5)
    """
    codes = gram_codes(ids, n)
    return _num_different(codes), len(codes)


def longest_repeat(ids: np.ndarray, least: int) -> tuple[int, int]:
    """Place and length of a longest run of ids that occurs twice (overlaps count), else (0, 0).

    Runs shorter than `least` are not looked for. The window doubles while some window repeats, then
    its length is found by bisection: O(n log n).

    >>> longest_repeat(code_points("abcXabcY"), 2)
    (0, 3)
    """
    place, places = _repeating(gram_codes(ids, least))
    if place < 0:
        return 0, 0
    width = least
    while (longer := _repeating(widened(places, width)))[0] >= 0:
        (place, places), width = longer, 2 * width
    low, high = 0, width
    while high - low > 1:
        by = (low + high) // 2
        at, _ = _repeating(widened(places, by))
        low, high, place = (by, high, at) if at >= 0 else (low, by, place)
    return place, width + low


def _repeating(codes: np.ndarray) -> tuple[int, np.ndarray]:
    """The first place whose code occurs again (-1: none does), and the representatives."""
    import numpy as np

    places = representatives(codes)
    again = np.flatnonzero(places != np.arange(len(places)))
    return (int(again[0]) if len(again) else -1), places


def _num_different(codes: np.ndarray, *, rounds: int = len(_MULTIPLIERS)) -> int:
    import numpy as np

    if len(codes) <= _SMALL or rounds == 0:
        return len(set(codes.tolist()))
    writers, differs, places = _met(codes, rounds)
    settled = int(np.count_nonzero(writers == places))
    return settled + _num_different(codes[differs], rounds=rounds - 1)


def _met(codes: np.ndarray, rounds: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The last writer to each code's slot, whether the code differs from it, all places."""
    import numpy as np

    count = len(codes)
    bits = count.bit_length() + (3 if count < 1 << 16 else 1)
    hashed = codes * np.uint64(_MULTIPLIERS[rounds - 1])
    hashed >>= np.uint64(_WORD_BITS - bits)
    slots = hashed.view(np.int64)
    places = np.arange(count, dtype=np.int32)
    table = np.empty(1 << bits, np.int32)
    table[slots] = places
    writers = table.take(slots, mode="wrap")  # nothing wraps; "wrap" is the fastest mode
    return writers, codes.take(writers, mode="wrap") != codes, places


@functools.cache
def _keep_freed_memory() -> None:
    """Lets the C library reuse the arrays of one call in the next.

    glibc maps blocks of 128 kB and more anew, with a page fault for each 4 kB (half of the time of
    a 131 kB text), until a larger block has been freed; a block that is never written to costs
    nothing. Up to 64 MB of freed memory then stay with the process.
    """
    import numpy as np

    np.empty(31 << 20, np.uint8)


def _by_sorting(codes: np.ndarray) -> np.ndarray:
    import numpy as np

    _, last, inverse = np.unique(codes[::-1], return_index=True, return_inverse=True)
    return (len(codes) - 1 - last)[inverse.reshape(-1)[::-1]]


def _widest(base: int) -> int:
    """How many digits of `base` fit into 64 bits."""
    width, power = 0, base
    while power <= 1 << _WORD_BITS:
        width, power = width + 1, power * base
    return width


def _dense(ids: np.ndarray, base: int) -> tuple[np.ndarray, int]:
    """The same ids renumbered without gaps, and how many different ones there are."""
    import numpy as np

    if base > 4 * len(ids) + (1 << 21):
        different, numbers = np.unique(ids, return_inverse=True)
        return numbers.reshape(-1), max(len(different), 2)
    places = ids.astype(np.intp)
    occurs = np.zeros(base, bool)
    occurs[places] = True
    number = np.cumsum(occurs, dtype=np.uint32)
    count = int(number[-1])
    number -= np.uint32(1)
    number = number.astype(np.min_scalar_type(count))
    return number.take(places, mode="wrap"), max(count, 2)


def _packed(ids: np.ndarray, base: int, width: int, step: int = 1) -> np.ndarray:
    """Each window of `width` symbols as one number in `base`; the caller makes sure that it fits.

    With a `step` of 2 each id stands for a pair of symbols, so every other one is a digit (and the
    last, where `width` is odd).
    """
    import numpy as np

    size = len(ids) + step - width
    ids = ids.view(f"u{ids.itemsize}").astype(np.uint64, copy=False)
    codes = ids[:size].copy()
    for digit in range(step, width, step):
        start = min(digit, width - step)
        codes *= np.uint64(base)
        codes += ids[start : start + size]
    return codes


# --- words ----------------------------------------------------------------------------------------


def words_of(text: str, segmenter: Segmenter | None = None) -> list[str]:
    """The words of a text in lower case, punctuation left out.

    A word is a run of letters, digits and marks between white space and punctuation. In scripts
    written without spaces (Han, kana, Thai, Lao, Khmer, Burmese, Yi) each character is a word, and
    so is each emoji; with ``segmenter="jieba"`` runs of Han are cut into dictionary words.

    Raises: MissingExtra if jieba is requested but not installed.

    >>> words_of("So it's 3.14, 对吗？")
    ['so', 'it', 's', '3', '14', '对', '吗']
    """
    if segmenter is None:
        return _word_pattern().findall(text.lower())
    if segmenter != "jieba":
        raise ConfigError(f"segmenter={segmenter!r} must be 'jieba' or absent")
    cut = _jieba().cut
    words: list[str] = []
    for run in _run_pattern().findall(text.lower()):
        words.extend(cut(run, HMM=False) if "\u3400" <= run[0] <= "\u9fff" else (run,))
    return words


def jieba_words(text: str) -> list[str]:
    """The text as jieba cuts it by default: punctuation and spaces included, new words guessed."""
    tokenizer = _jieba()
    from plaudit.text.segmentation import cut

    return list(cut(tokenizer, text))


@functools.cache
def _word_pattern() -> re.Pattern[str]:
    return re.compile(f"[{_UNSPACED}]|[^\\s{_PUNCTUATION}{_UNSPACED}]+")


@functools.cache
def _run_pattern() -> re.Pattern[str]:
    return re.compile(f"[\u3400-\u9fff]+|{_word_pattern().pattern}")


@functools.cache
def _jieba():
    """A tokenizer of our own, so that words added to jieba's global one change no score."""
    import logging
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes, pkg_resources
        try:
            import jieba
        except ImportError:
            raise MissingExtra.of("jieba words", package="jieba", extra="zh") from None
        logging.getLogger("jieba").setLevel(logging.WARNING)  # it reports loading on stderr
        tokenizer = jieba.Tokenizer()
        tokenizer.initialize()
    return tokenizer
