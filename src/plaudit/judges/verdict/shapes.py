"""What a verdict looks like in plain text: patterns that are tried only where they can match."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from plaudit.judges.verdict.characters import holds_any
from plaudit.judges.verdict.spec import GAP

__all__ = ["VerdictShape", "key_shape", "lower_case"]
# Letters that a pattern without case takes for i, s or k, and that lower case does not make so.
_ODD_LETTERS = "İıſ\u212a"


@dataclass(frozen=True)
class VerdictShape:
    """What a verdict looks like in plain text; the last group contains its value.

    Every match begins with one of `starts` (in lower case) or of `names` (as spelled; both empty:
    with anything) and contains one of `words` (in lower case; empty: any). With a `reach` one of
    the words begins at most so many characters behind the beginning of the match. `is_spaced`: white
    space stands before and behind that word.
    """

    pattern: re.Pattern[str]
    starts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    reach: int = 0
    names: tuple[str, ...] = ()
    is_spaced: bool = False

    def find(self, text: str) -> list[re.Match[str]]:
        """All matches in order. Most texts hold no start or word, and the check is cheap."""
        low, has_odd = lower_case(text)
        if not self.may_match(low, has_odd):
            return []
        if not self.starts:
            return list(self.pattern.finditer(text))
        spans = [(0, len(low))] if has_odd or not self.reach else self._spans(low)
        places = {*_places(low, self.starts, spans), *_places(text, self.names, spans)}
        matches: list[re.Match[str]] = []
        for place in sorted(places):
            if matches and matches[-1].end() > place:
                continue
            match = self.pattern.match(text, place)
            if match:
                matches.append(match)
        return matches

    @property
    def needs(self) -> tuple[str, ...]:
        """The parts of which a text in lower case holds one where it matches ("": anything)."""
        return self.words or (*self.starts, *map(str.lower, self.names)) or ("",)

    def may_match(self, low: str, has_odd: bool = False) -> bool:
        """Whether a text in lower case holds what matches hold: a word, or else a start."""
        if self.words:
            return has_odd or self._has_word(low)
        return not self.starts or holds_any(low, self.starts)

    def _has_word(self, low: str) -> bool:
        return bool(self._word_places(low)) if self.is_spaced else holds_any(low, self.words)

    def _word_places(self, low: str) -> list[int]:
        """Where one of the words begins."""
        if not self.is_spaced:
            return _places(low, self.words, [(0, len(low))])
        return [
            place
            for word in self.words
            for place in _places(low, (word,), [(0, len(low))])
            if low[place - 1 : place].isspace()
            and low[place + len(word) : place + len(word) + 1].isspace()
        ]

    def _spans(self, low: str) -> list[tuple[int, int]]:
        """Where a match can begin: the text before each of the words, in order."""
        spans: list[tuple[int, int]] = []
        for place in sorted(self._word_places(low)):
            start = place - self.reach
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], place + 1)
            else:
                spans.append((max(start, 0), place + 1))
        return spans


@functools.lru_cache(maxsize=8)
def lower_case(text: str) -> tuple[str, bool]:
    """The text in lower case, each character in its place, and whether a pattern without case may
    take one of its letters for another: "ſ" for "s"."""
    low = text.lower()
    if len(low) != len(text):  # some capitals become two characters
        low = "".join(char.lower()[0] for char in text)
    return low, not text.isascii() and holds_any(text, _ODD_LETTERS)


def key_shape(names: str) -> VerdictShape:
    """A key of an object, one of a pattern's, and the beginning of its value. The group is the key:
    an object whose key is broken holds no verdict.

    >>> key_shape("score|rating").find('{"rating": 7}')[0][0]
    '"rating": 7'
    """
    pattern = rf"[\"'“]({names})[\"'”]{GAP}:{GAP}[\"'“]?[^\s,}}\"'”]{{0,20}}"
    return VerdictShape(re.compile(pattern, re.IGNORECASE), ('"', "'", "“"), (":",))


def _places(text: str, parts: Sequence[str], spans: Sequence[tuple[int, int]]) -> list[int]:
    """Where one of the parts begins in one of the spans."""
    places = []
    for part in parts:
        if part not in text:
            continue
        more = len(part) - 1
        for start, end in spans:
            place = text.find(part, start, end + more)
            while place >= 0:
                places.append(place)
                place = text.find(part, place + 1, end + more)
    return places
