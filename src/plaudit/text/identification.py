"""Which languages the prose of a text is written in, by its scripts and a model of n-grams."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from plaudit.errors import MissingExtra
from plaudit.text import scripts
from plaudit.text.language_target import is_japanese
from plaudit.text.prose import split_prose

if TYPE_CHECKING:
    import numpy as np

__all__ = ["language_model", "words_of_languages"]

_SEGMENT = 1000
_MAX_SEGMENTS = 8
_MODELLED = ("latin", "cyrillic", "arabic", "devanagari")
_MIN_LETTERS = 40
_SURE_LETTERS = 200
_MIN_CONFIDENCE = 0.5


def words_of_languages(text: str) -> dict[str, float]:
    """The words of the prose in each language ("unknown" among them); none in too short a text.

    Raises: MissingExtra without py3langid.

    >>> words_of_languages("猫坐在垫子上，看着月亮。")
    {'zh': 6.666666666666667}
    """
    identifier = language_model()  # first, so that a missing package is reported for any text
    words: dict[str, float] = {}
    points = scripts.points_of(split_prose(text).text)
    for start, end in _segments(len(points)):
        for language, count in _languages_in(points[start:end], identifier):
            words[language] = words.get(language, 0.0) + count
    return words


def _segments(size: int) -> list[tuple[int, int]]:
    """The segments to examine: a whole text in equal pieces, or evenly spaced pieces of a long one.

    >>> _segments(1500), _segments(9000)[-1], len(_segments(9000))
    ([(0, 750), (750, 1500)], (8000, 9000), 8)
    """
    count = min(-(-size // _SEGMENT), _MAX_SEGMENTS)
    if size > count * _SEGMENT:
        starts = [i * (size - _SEGMENT) // (count - 1) for i in range(count)]
        return [(start, start + _SEGMENT) for start in starts]
    return [(i * size // count, (i + 1) * size // count) for i in range(count)]


def _languages_in(points: np.ndarray, identifier) -> Iterator[tuple[str, float]]:
    """Languages and their words, script by script."""
    kinds = scripts.classes(points)
    words = scripts.word_counts(kinds)
    for script, count in words.items():
        if script in _MODELLED:
            language = _language_by_model(points, kinds, script, identifier)
        elif script == "han":
            language = "ja" if is_japanese(words) else "zh"
        else:
            language = scripts.BY_SCRIPT.get(script, script).partition(" ")[0]
        if language is not None and str(language).strip():
            yield language, count


def _language_by_model(
    points: np.ndarray, kinds: np.ndarray, script: str, identifier
) -> str | None:
    """The language of the words in one script; "unknown" for none, None for too few letters."""
    import numpy as np

    mine = kinds == scripts.class_of(script)
    letters = int(np.count_nonzero(mine))
    if letters < _MIN_LETTERS:
        return None
    own = points[mine | (kinds < scripts.FIRST_LETTER)]
    text = own.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    language, confidence = identifier.classify(text)
    if confidence >= _MIN_CONFIDENCE and script in scripts.LANGUAGES.get(language, ()):
        return language
    return "unknown" if letters >= _SURE_LETTERS else None


@functools.cache
def language_model():
    """A model of our own, so that languages set on py3langid's global one change no score."""
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError:
        raise MissingExtra.of(
            "rules that identify languages", package="py3langid", extra="lang"
        ) from None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
