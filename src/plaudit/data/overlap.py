"""Repeated texts: duplicates among prompts, and overlap with evaluation prompts.

Exact means equal after NFKC, case folding and white space; punctuation and signs stay, because they
distinguish one sum from another. Near means alike in character 5-grams. Overlap means that a text
contains long runs of words of an evaluation prompt. All three compare wording only: a paraphrase or
a translation passes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from plaudit.errors import ConfigError
from plaudit.hashing import digest, hash_number
from plaudit.old_names import old_names
from plaudit.text.ngrams import words_of
from plaudit.text.normal import nfkc
from plaudit.text.scripts import points_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["EvalMatch", "EvalPrompts", "Seen", "folded"]
__getattr__ = old_names(__name__)

_SHINGLE = 5
_NUM_MINIMA = 120
_BAND_ROWS = (10, 8, 6, 5, 4, 3, 2, 1)  # divisors of 120
_RECALL = 0.99
_MOST_IN_BUCKET = 32
_CHUNK = 1 << 13
_MULTIPLIER = 0x9E3779B97F4A7C15
_SHORTEST_WORDS, _SHORTEST_CHARACTERS = 8, 12
_FIRST_UNSPACED = "\u0e00"
_SIGNS = re.compile(r"\d+(?:\.\d+)?|[+*/^=<>×÷±≤≥≠√]|(?<![^\W\d_])[-−]|[-−](?![^\W\d_])")


def folded(text: str) -> str:
    """The text in NFKC, without case and excess white space; equal for exact duplicates.

    >>> folded("Ｗhat  is 2-2?") == folded("what is 2-2?"), folded("2-2") == folded("2+2")
    (True, False)
    """
    return " ".join(nfkc(text).casefold().split())


# --- duplicates -----------------------------------------------------------------------------------


class Seen:
    """The texts kept so far, and whether a new one repeats one of them.

    With `near` (a Jaccard similarity in (0, 1]) a text is also a repeat if its character 5-grams
    are that similar to those of a kept text and both have the same numbers and operators in the
    same order ("12 + 35" and "12 + 36" are two sums). The similarity is estimated from 120 minima
    (Broder 1997; standard error at most 0.046, at 0.8 0.037) of candidates that share a band of
    them, which finds at least 99 % of the texts at the threshold. A bucket of candidates holds 32,
    so among many texts of one template some repeats are missed.

    Memory: 16 bytes per kept text, with `near` about 4 kB more, whatever its length. The first text
    of a cluster is kept.

    Raises: ConfigError for `near` outside (0, 1].

    >>> seen = Seen(near=0.8)
    >>> [seen.add(t) for t in ("Name a large city in France.", "name a  large city in France.")]
    [None, 'exact']
    >>> seen.add("Name a large city in France!"), seen.add("Name a small fish.")
    ('near', None)
    """

    def __init__(self, *, near: float | None = None) -> None:
        if near is not None and not 0 < near <= 1:
            raise ConfigError(f"near={near} must be above 0 and at most 1")
        self._near = near
        self._whole: set[bytes] = set()
        self._buckets: dict[int, int | list[int]] = {}
        self._minima: Any = None
        self._rows = _band_rows(near) if near is not None else 1
        self._count = 0

    def __len__(self) -> int:
        return len(self._whole)

    def add(self, text: str) -> Literal["exact", "near"] | None:
        """How the text repeats a kept one; None if it does not, in which case it is kept."""
        text = folded(text)
        key = digest(text, size=16)
        if key in self._whole:
            return "exact"
        if self._near is not None and len(text) >= _SHINGLE and self._is_near(text):
            return "near"
        self._whole.add(key)
        return None

    def _is_near(self, text: str) -> bool:
        """Whether a kept text is near this one; if none is, keeps it."""
        import numpy as np

        minima = _minima_of(text)
        signs = _hash(" ".join(_SIGNS.findall(text)))
        keys = _band_keys(minima, self._rows, signs)
        candidates = sorted({i for key in keys for i in _members(self._buckets.get(key))})
        if candidates:
            shares = np.count_nonzero(self._minima[candidates] == minima, axis=1) / _NUM_MINIMA
            if float(shares.max()) >= (self._near or 1.0):
                return True
        self._keep(minima, keys)
        return False

    def _keep(self, minima: np.ndarray, keys: Sequence[int]) -> None:
        import numpy as np

        if self._minima is None:
            self._minima = np.empty((256, _NUM_MINIMA), np.uint32)
        if self._count == len(self._minima):
            self._minima = np.concatenate([self._minima, np.empty_like(self._minima)])
        self._minima[self._count] = minima
        for key in keys:
            old = self._buckets.get(key)
            if old is None:
                self._buckets[key] = self._count
            elif isinstance(old, int):
                self._buckets[key] = [old, self._count]
            elif len(old) < _MOST_IN_BUCKET:
                old.append(self._count)
        self._count += 1


def _members(bucket: int | list[int] | None) -> Iterable[int]:
    if bucket is None:
        return ()
    return (bucket,) if isinstance(bucket, int) else bucket


def _band_rows(near: float) -> int:
    """The most minima that a band may have so that texts at the threshold still share a band.

    >>> _band_rows(0.8), _band_rows(0.9)
    (6, 10)
    """
    return next(
        (r for r in _BAND_ROWS if 1 - (1 - near**r) ** (_NUM_MINIMA // r) >= _RECALL),
        _BAND_ROWS[-1],
    )


def _minima_of(text: str) -> np.ndarray:
    """The least hash of the text's character 5-grams under each of 120 hash functions."""
    import numpy as np

    grams = np.unique(_mixed(_runs(points_of(text).astype(np.uint64), {_SHINGLE})[_SHINGLE]))
    factors, least = _factors(), np.full(_NUM_MINIMA, 0xFFFFFFFF, np.uint32)
    for start in range(0, len(grams), _CHUNK):
        hashed = grams[start : start + _CHUNK, None] * factors
        least = np.minimum(least, (hashed >> np.uint64(32)).astype(np.uint32).min(axis=0))
    return least


@functools.cache
def _factors() -> np.ndarray:
    import numpy as np

    return np.array([_hash(f"minimum {i}") | 1 for i in range(_NUM_MINIMA)], np.uint64)


def _band_keys(minima: np.ndarray, rows: int, signs: int) -> list[int]:
    import numpy as np

    keys = np.full(_NUM_MINIMA // rows, signs, np.uint64)
    keys += np.arange(len(keys), dtype=np.uint64)
    for column in minima.reshape(-1, rows).T.astype(np.uint64):
        keys = _mixed(keys * np.uint64(_MULTIPLIER) + column)
    return keys.tolist()


# --- overlap with evaluation prompts --------------------------------------------------------------


class EvalMatch(NamedTuple):
    """An evaluation prompt that a text repeats: its name, and the share of its runs in the text."""

    name: str
    share: float


class EvalPrompts:
    """Evaluation prompts, and which of them a text repeats.

    A run is 13 words in a row (GPT-3, arXiv 2005.14165, appendix C), or 20 characters where most of
    the prompt is written without spaces: 13 English words are about 20 Chinese characters. Case,
    punctuation and width do not count. A text repeats a prompt when it contains at least
    `min_share` of the prompt's distinct runs, at any position; 0 makes any one run enough, as in
    GPT-3, which also finds shared quotations and instructions. A prompt shorter than a run is one
    run of its own length, down to 8 words or 12 characters; a shorter one is only repeated by a
    text that equals it (`folded`).

    Memory: about 12 bytes per word of the prompts.

    Raises: ConfigError for a `min_share` outside [0, 1] or runs shorter than one word.

    >>> known = EvalPrompts()
    >>> known.add("q1", "How many of the letters r are there in the word strawberry?")
    >>> known.match("Q: how many of the letters R are there in the word strawberry")
    EvalMatch(name='q1', share=1.0)
    >>> known.match("How many of the letters a are there in the word banana?") is None
    True
    """

    def __init__(self, *, words: int = 13, characters: int = 20, min_share: float = 0.5) -> None:
        if not 0 <= min_share <= 1:
            raise ConfigError(f"min_share={min_share} must be from 0 to 1")
        if min(words, characters) < 1:
            raise ConfigError(f"words={words}, characters={characters}: a run has at least 1")
        self._words, self._characters, self._min_share = words, characters, min_share
        self._names: list[str] = []
        self._num_runs: list[int] = []
        self._whole: dict[bytes, int] = {}
        self._added: dict[int, list[tuple[int, np.ndarray]]] = {}
        self._sorted: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str, text: str) -> None:
        """Adds one evaluation prompt; an empty one is ignored."""
        import numpy as np

        tokens = words_of(nfkc(text))
        if not (whole := folded(text)):
            return
        number = len(self._names)
        self._names.append(name)
        self._whole.setdefault(digest(whole, size=16), number)
        size = self._run_length(tokens)
        runs = np.empty(0, np.uint64) if size == 0 else np.unique(_runs_of(tokens, {size})[size])
        self._num_runs.append(len(runs))
        if size:
            self._added.setdefault(size, []).append((number, runs))
            self._sorted.pop(size, None)

    def match(self, text: str) -> EvalMatch | None:
        """The evaluation prompt that the text repeats most of, or None; the first one in a tie."""
        import numpy as np

        if (number := self._whole.get(digest(folded(text), size=16))) is not None:
            return EvalMatch(self._names[number], 1.0)
        best: EvalMatch | None = None
        for size, runs in _runs_of(words_of(nfkc(text)), set(self._added)).items():
            owners, counts = np.unique(self._owners(size, runs), return_counts=True)
            if len(owners) == 0:
                continue
            shares = counts / np.array([self._num_runs[i] for i in owners.tolist()])
            top = int(shares.argmax())
            share = float(shares[top])
            if share >= self._min_share and (best is None or share > best.share):
                best = EvalMatch(self._names[int(owners[top])], share)
        return best

    def _run_length(self, tokens: Sequence[str]) -> int:
        """How many tokens make a run of this prompt; 0 if it is too short for any."""
        unspaced = sum(len(token) == 1 and token >= _FIRST_UNSPACED for token in tokens)
        is_unspaced = 2 * unspaced > len(tokens)
        full = self._characters if is_unspaced else self._words
        least = min(full, _SHORTEST_CHARACTERS if is_unspaced else _SHORTEST_WORDS)
        return min(full, len(tokens)) if len(tokens) >= least else 0

    def _owners(self, size: int, runs: np.ndarray) -> np.ndarray:
        """The prompts that contain each of the distinct runs, once for each run."""
        import numpy as np

        hashes, owners = self._sorted.get(size) or self._index(size)
        places = np.minimum(np.searchsorted(hashes, runs), len(hashes) - 1)
        runs = np.unique(runs[hashes[places] == runs])  # nearly always none
        low, high = (np.searchsorted(hashes, runs, side) for side in ("left", "right"))
        spans = zip(low.tolist(), high.tolist(), strict=True)
        return np.concatenate([owners[:0], *(owners[a:b] for a, b in spans)])

    def _index(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np

        added = self._added[size]
        hashes = np.concatenate([runs for _, runs in added])
        owners = np.repeat(
            np.array([number for number, _ in added], np.int32), [len(runs) for _, runs in added]
        )
        order = np.argsort(hashes, kind="stable")
        self._sorted[size] = hashes[order], owners[order]
        return self._sorted[size]


# --- hashes ---------------------------------------------------------------------------------------


def _runs_of(tokens: Sequence[str], sizes: set[int]) -> dict[int, np.ndarray]:
    import numpy as np

    return _runs(np.fromiter(map(_hash, tokens), np.uint64, len(tokens)), sizes)


def _runs(ids: np.ndarray, sizes: set[int]) -> dict[int, np.ndarray]:
    """The hash of every run of each size; sizes beyond the number of ids have none."""
    import numpy as np

    runs_by_size: dict[int, np.ndarray] = {}
    runs = np.zeros(len(ids) + 1, np.uint64)
    for size in range(1, min(max(sizes, default=0), len(ids)) + 1):
        runs = runs[:-1] * np.uint64(_MULTIPLIER) + ids[size - 1 :]
        if size in sizes:
            runs_by_size[size] = runs
    return runs_by_size


def _mixed(hashes: np.ndarray) -> np.ndarray:
    """Every bit of the result depends on every bit of the hash (Murmur3's finalizer)."""
    import numpy as np

    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        hashes = (hashes ^ (hashes >> np.uint64(33))) * np.uint64(factor)
    return hashes ^ (hashes >> np.uint64(33))


@functools.lru_cache(maxsize=1 << 16)
def _hash(token: str) -> int:
    return hash_number(token)
