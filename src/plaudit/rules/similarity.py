"""Similarity to the row's reference: ROUGE-L, BLEU, chrF and edit similarity.

The measures are those of rouge-score, sacrebleu and rapidfuzz (the extra ``similarity``). They
count shared words and characters: a wrong answer in the words of the reference scores high, a
right one in other words low. ROUGE-L and edit similarity take time in the product of both lengths,
so both texts are cut first (`max_words`, `max_chars`); the note says so.

If the reference is a list of texts, the highest score counts.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from plaudit.errors import ConfigError, DataError, MissingExtra, clipped
from plaudit.text.ngrams import words_of
from plaudit.types import Range, Score

__all__ = ["bleu", "chrf", "edit", "rouge_l"]


def rouge_l(
    response: str, reference: str | Sequence[str], *, max_words: int = 1000
) -> Annotated[Score, Range(0, 1)]:
    """F1 of the longest common subsequence of words, from 0 (none) up to 1 (the same words).

    ROUGE-L of rouge-score (Lin 2004, "ROUGE"), without stemming, over words in lower case; Han
    counts by the character. Only the first `max_words` words of each text count. The parts are
    `precision` and `recall`.

    Raises: MissingExtra without rouge-score; DataError if the reference is not text.

    >>> rouge_l("the sum is 5", "The sum is 4.").value
    0.75
    """
    score = _rouge().score
    if max_words < 1:
        raise ConfigError(f"max_words={max_words} must be at least 1")
    ours = words_of(response)
    others = [words_of(text) for text in _texts_of(reference)]
    is_cut = max(len(ours), *map(len, others)) > max_words
    note = f"compared over the first {max_words} words" if is_cut else None
    start = " ".join(ours[:max_words])
    rouge_scores = [score(" ".join(words[:max_words]), start)["rougeL"] for words in others]
    best = max(rouge_scores, key=lambda one: one.fmeasure)
    parts = {"precision": float(best.precision), "recall": float(best.recall)}
    return Score(float(best.fmeasure), parts, note=note)


def bleu(
    response: str, reference: str | Sequence[str], *, max_chars: int = 100_000
) -> Annotated[Score, Range(0, 1)]:
    """Sentence BLEU, from 0 (no word in common) up to 1 (the same text).

    sacrebleu's, with exponential smoothing and effective order (Post 2018, arXiv 1804.08771), a
    hundredth of its scale, over words as in `rouge_l`.

    Raises: MissingExtra without sacrebleu; DataError if the reference is not text.

    >>> bleu("The sum is 4.", "the sum is 4").value
    1.0
    """
    return _sacrebleu_score("BLEU", response, reference, max_chars)


def chrf(
    response: str, reference: str | Sequence[str], *, max_chars: int = 100_000
) -> Annotated[Score, Range(0, 1)]:
    """The F2 of shared character n-grams up to 6, from 0 (none) up to 1 (the same text).

    chrF2 of sacrebleu (Popović 2015, "chrF"), a hundredth of its scale. White space does not
    count, case does; no segmentation is needed, so it suits Chinese too.

    Raises: MissingExtra without sacrebleu; DataError if the reference is not text.

    >>> chrf("答案是四", "答案是四").value
    1.0
    """
    return _sacrebleu_score("CHRF", response, reference, max_chars)


def edit(
    response: str, reference: str | Sequence[str], *, max_chars: int = 20_000
) -> Annotated[Score, Range(0, 1)]:
    """1 minus the Levenshtein distance over the longer length, from 0 up to 1 (the same text).

    rapidfuzz's normalised similarity, over code points after white space at the ends is removed.

    Raises: MissingExtra without rapidfuzz; DataError if the reference is not text.

    >>> edit("kitten", "sitting").value
    0.5714285714285714
    """
    try:
        from rapidfuzz.distance import Levenshtein
    except ImportError:
        raise _missing("rapidfuzz") from None
    texts, note = _cut(response.strip(), reference, max_chars)

    def measure(ours: str, theirs: str) -> float:
        return Levenshtein.normalized_similarity(ours, theirs.strip())

    return Score(_best(measure, texts), note=note)


def _sacrebleu_score(
    metric: str, response: str, reference: str | Sequence[str], max_chars: int
) -> Score:
    score = _sacrebleu(metric).sentence_score
    read: Callable[[str], str] = _spaced if metric == "BLEU" else str
    texts, note = _cut(response, reference, max_chars)

    def measure(ours: str, theirs: str) -> float:
        return score(read(ours), [read(theirs)]).score / 100

    return Score(min(1.0, max(0.0, _best(measure, texts))), note=note)


def _spaced(text: str) -> str:
    return " ".join(words_of(text))


def _best(measure: Callable[[str, str], float], texts: tuple[str, list[str]]) -> float:
    ours, references = texts
    return max(measure(ours, theirs) for theirs in references)


def _cut(
    response: str, reference: str | Sequence[str], max_chars: int
) -> tuple[tuple[str, list[str]], str | None]:
    """Response and references cut to `max_chars`, and a note if anything was cut."""
    if max_chars < 1:
        raise ConfigError(f"max_chars={max_chars} must be at least 1")
    texts = _texts_of(reference)
    is_cut = max(len(response), *map(len, texts)) > max_chars
    note = f"compared over the first {max_chars} characters" if is_cut else None
    return (response[:max_chars], [text[:max_chars] for text in texts]), note


def _texts_of(reference: str | Sequence[str]) -> Sequence[str]:
    texts = [reference] if isinstance(reference, str) else reference
    if not isinstance(texts, Sequence) or not texts or not all(isinstance(t, str) for t in texts):
        column = clipped(reference)
        raise DataError(f"expected a text or a list of texts, found {column}", field="reference")
    return texts


# --- libraries ------------------------------------------------------------------------------------


class _Words:
    """The tokenizer passed to rouge-score."""

    def tokenize(self, text: str) -> list[str]:
        return words_of(text)


@functools.cache
def _rouge() -> Any:
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ImportError:
        raise _missing("rouge_score") from None
    return RougeScorer(["rougeL"], tokenizer=_Words())


@functools.cache
def _sacrebleu(metric: str) -> Any:
    try:
        from sacrebleu.metrics.bleu import BLEU
        from sacrebleu.metrics.chrf import CHRF
    except ImportError:
        raise _missing("sacrebleu") from None
    return BLEU(tokenize="none", effective_order=True) if metric == "BLEU" else CHRF()


def _missing(package: str) -> MissingExtra:
    return MissingExtra.of("the similarity rules", package=package, extra="similarity")
