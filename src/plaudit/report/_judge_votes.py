"""How well a judge could be read: votes, tokens, and why there was no verdict."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from plaudit.types import Score

__all__ = ["UNREADABLE", "VoteTally", "reason"]

UNREADABLE = ("truncated", "refused", "absent", "ambiguous", "outside")
_REASON = re.compile(rf"(?:^|: )({'|'.join((*UNREADABLE, 'forged'))}):")


def reason(score: Score) -> str | None:
    """The first word on why a reply could not be read, else whose fault it was; None without one.

    >>> reason(Score(float("nan"), error="first order: absent: no verdict", fault="system"))
    'absent'
    >>> reason(Score(float("nan"), error="503 from the server", fault="system"))
    'system fault'
    """
    fault = score.faulted
    if fault is None:
        return None
    match = _REASON.search(score.error or "")
    return match[1] if match else f"{fault} fault"


class VoteTally:
    """Counts over the calls of one cell of the table.

    >>> tally = VoteTally()
    >>> tally.add([Score(0.5, {"num_votes": 3.0, "num_unreadable": 1.0, "num_tokens": 40.0})])
    >>> tally.figures()["unreadable"], tally.figures()["num_tokens"]
    (0.25, 40.0)
    """

    def __init__(self) -> None:
        self.sums: defaultdict[str, float] = defaultdict(float)
        self.reasons: Counter[str] = Counter()

    def add(self, scores: Sequence[Score], *, is_pair: bool = False) -> None:
        """Counts the scores of a row; those of a pair tell of the same calls."""
        for score in scores[:1] if is_pair else scores:
            self._add_parts(score)
        reasons = [why for score in scores if (why := reason(score)) is not None]
        self.reasons.update(set(reasons) if is_pair else reasons)

    def _add_parts(self, score: Score) -> None:
        parts, is_unreadable = score.parts, reason(score) in UNREADABLE
        self.sums["read"] += parts.get("num_votes", float(score.is_scored))
        if score.is_scored or is_unreadable:  # else it was the engine that failed
            self.sums["unreadable"] += parts.get("num_unreadable", float(is_unreadable))
        for name in ("num_tokens", "mass", "spread"):
            value = parts.get(name, math.nan)
            if math.isfinite(value):
                self.sums[name] += value
                self.sums[f"with {name}"] += 1

    @classmethod
    def merged(cls, tallies: Iterable[VoteTally]) -> VoteTally:
        """All calls of several tallies."""
        total = cls()
        for tally in tallies:
            for name, value in tally.sums.items():
                total.sums[name] += value
            total.reasons.update(tally.reasons)
        return total

    def figures(self) -> dict[str, float]:
        """The share of unreadable replies, means of the other parts, tokens in all."""
        sums = self.sums
        return {
            "unreadable": _ratio(sums["unreadable"], sums["unreadable"] + sums["read"]),
            "mass": _ratio(sums["mass"], sums["with mass"]),
            "spread": _ratio(sums["spread"], sums["with spread"]),
            "num_tokens": sums["num_tokens"] if sums["with num_tokens"] else math.nan,
        }


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom else math.nan
