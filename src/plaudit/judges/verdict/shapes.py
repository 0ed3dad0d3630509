"""What a verdict looks like in plain text: patterns that are tried only where they can match."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from plaudit.judges.verdict.spec import GAP

__all__ = ["VerdictShape", "key_shape"]


class VerdictShape(NamedTuple):
    """What a verdict looks like in plain text; the last group contains its value. Every match
    begins with one of `starts` (lower case; empty: any beginning)."""

    pattern: re.Pattern[str]
    starts: tuple[str, ...] = ()

    def find(self, text: str) -> list[re.Match[str]]:
        """All matches in order. Most texts contain no start, and the check is cheap."""
        if not self.starts:
            return list(self.pattern.finditer(text))
        low = text.lower()
        if len(low) != len(text):  # some capitals become two characters
            low = "".join(char.lower()[0] for char in text)
        matches: list[re.Match[str]] = []
        for place in sorted({at for start in self.starts for at in _places(low, start)}):
            match = self.pattern.match(text, place)
            if match and (not matches or matches[-1].end() <= place):
                matches.append(match)
        return matches


def key_shape(names: str) -> VerdictShape:
    """A key of an object, one of a pattern's, and the beginning of its value. The group is the key:
    an object whose key is broken holds no verdict.

    >>> key_shape("score|rating").find('{"rating": 7}')[0][0]
    '"rating": 7'
    """
    pattern = rf"[\"'“]({names})[\"'”]{GAP}:{GAP}[\"'“]?[^\s,}}\"'”]{{0,20}}"
    return VerdictShape(re.compile(pattern, re.IGNORECASE), ('"', "'", "“"))


def _places(text: str, part: str) -> Iterator[int]:
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + 1)
