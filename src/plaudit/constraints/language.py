"""Whether a text is in a language, for constraints: yes, no, or `Undecidable`; deterministic."""

from __future__ import annotations

import re

from plaudit.constraints.counting import COMMON_WORDS
from plaudit.errors import DataError, clipped, did_you_mean
from plaudit.text import scripts
from plaudit.text.identification import language_model, words_of_languages

__all__ = ["Undecidable", "is_in"]

_LETTERS = re.compile(r"[^\W\d_]+")
_NUM_WORDS = 50  # this many English words without a function word are a list
_MOST_WORDS = 1000
_LEAD = 2.0


class Undecidable(Exception):
    """The text is too short, or has nothing, to identify its language."""


def is_in(text: str, language: str) -> bool:
    """Whether most words are in the language (a code such as "en" or "zh-cn").

    `plaudit.text.identification` decides. Where it finds too little text or no language, only the
    distinct words are given to its model, which must give one language twice the probability of the
    next. Fifty English words without one function word (names, keywords, words run together) are
    not English, after the stop-word filter of Gopher (Rae et al. 2021, arXiv 2112.11446).

    Raises: Undecidable; DataError for an unknown language.

    >>> is_in("THE SAFETY REPORT", "en"), is_in("Wo ist der Bahnhof?", "en")
    (True, False)
    """
    code = language.strip().lower().replace("_", "-").partition("-")[0]
    if code not in scripts.LANGUAGES:
        raise DataError(
            f"unknown language {clipped(language)}{did_you_mean(code, scripts.LANGUAGES)}",
            field="kwargs",
        )
    return _language_of(text) == code


def _language_of(text: str) -> str:
    words = _LETTERS.findall(text.lower())
    counts = words_of_languages(text)
    best = max(counts, key=counts.__getitem__) if sum(counts.values()) else "unknown"
    if best == "unknown":
        best = _guess(words)
    if best == "en" and len(words) >= _NUM_WORDS and COMMON_WORDS.isdisjoint(words):
        raise Undecidable("a list of words without function words")
    return best


def _guess(words: list[str]) -> str:
    """The model's language for the distinct words, if it leads clearly."""
    distinct = list(dict.fromkeys(words))[:_MOST_WORDS]
    if not distinct:
        raise Undecidable("there is no word to identify the language from")
    (first, p), (_, q), *_ = language_model().rank(" ".join(distinct))
    if p < _LEAD * q:
        raise Undecidable("there are too few words to identify the language")
    return first
