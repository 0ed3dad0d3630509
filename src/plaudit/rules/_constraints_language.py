"""Whether a text is in a language, for constraints: yes, no, or `Undecidable`; deterministic."""

from __future__ import annotations

import re

from plaudit.errors import DataError, ScoringError, clipped, did_you_mean
from plaudit.rules import _scripts
from plaudit.rules._constraints_text import COMMON_WORDS
from plaudit.rules.language import _identifier, identified

__all__ = ["Undecidable", "is_in"]

_LETTERS = re.compile(r"[^\W\d_]+")
_NUM_WORDS = 50  # so many English words hold a function word, or they are a list
_MOST_WORDS = 1000
_LEAD = 2.0


class Undecidable(Exception):
    """The text holds too little, or nothing, to tell its language by."""


def is_in(text: str, language: str) -> bool:
    """Whether most words are in the language (a code such as "en" or "zh-cn").

    `rules.language.identified` decides. Where it finds too little text or no language, the distinct
    words alone are put to its model, which must give one language twice the probability of the
    next. Fifty English words without one function word (names, keywords, words run together) are
    no English, after the stop-word filter of Gopher (Rae et al. 2021, arXiv 2112.11446).

    Raises: Undecidable; DataError for a language that nobody knows.

    >>> is_in("THE SAFETY REPORT", "en"), is_in("Wo ist der Bahnhof?", "en")
    (True, False)
    """
    code = language.strip().lower().replace("_", "-").partition("-")[0]
    if code not in _scripts.LANGUAGES:
        raise DataError(
            f"unknown language {clipped(language)}{did_you_mean(code, _scripts.LANGUAGES)}",
            field="kwargs",
        )
    return _language_of(text, code) == code


def _language_of(text: str, code: str) -> str:
    words = _LETTERS.findall(text.lower())
    try:
        shares = identified(text, languages=code).parts
    except ScoringError:
        shares = {"unknown": 1.0}
    best = max(shares, key=shares.__getitem__)
    if best == "unknown":
        best = _guess(words)
    if best == "en" and len(words) >= _NUM_WORDS and COMMON_WORDS.isdisjoint(words):
        raise Undecidable("a list of words, without one of those that join them")
    return best


def _guess(words: list[str]) -> str:
    """The model's language for the distinct words, if it leads clearly."""
    distinct = list(dict.fromkeys(words))[:_MOST_WORDS]
    if not distinct:
        raise Undecidable("there is no word to tell the language by")
    (first, p), (_, q), *_ = _identifier().rank(" ".join(distinct))
    if p < _LEAD * q:
        raise Undecidable("the words are too few to tell their language")
    return first
