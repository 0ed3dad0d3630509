"""The tally of a jury: how far its jurors agree, pair by pair and all together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from plaudit.metrics import confusion, fleiss_kappa, kappa
from plaudit.types import Score

__all__ = ["JurorTally"]

_PREFIX = "juror/"  # as `plaudit.judges.jury.JUROR`, which is not imported for a name
_MAX_JURORS = 20


class JurorTally:
    """The values of each juror on each response (of a pair: on its first one).

    >>> tally = JurorTally()
    >>> for a, b in ((4, 4), (2, 3), (5, 5)): tally.add([Score(4, {"juror/x": a, "juror/y": b})])
    >>> agreements = tally.as_dict()
    >>> agreements["names"], round(agreements["agreement"][0][1], 2), agreements["nums"][0][1]
    (['x', 'y'], 0.67, 3)
    """

    def __init__(self) -> None:
        self.items: list[dict[str, float]] = []

    def add(self, scores: Sequence[Score], *, is_pair: bool = False) -> None:
        """Counts the scores of a row; those of a pair tell of the same verdict."""
        for score in scores[:1] if is_pair else scores:
            if values := _values(score.parts):
                self.items.append(values)

    def as_dict(self) -> dict[str, object]:
        """Names, and for each two jurors how often both spoke, agreed, and Cohen's kappa; Fleiss'
        kappa over the items that two or more judged. Empty without a jury."""
        names = list(dict.fromkeys(name for item in self.items for name in item))[:_MAX_JURORS]
        if len(names) < 2:
            return {}
        rows = [{n: _verdict(v, self._is_share) for n, v in item.items()} for item in self.items]
        fleiss = fleiss_kappa([list(row.values()) for row in rows])
        both = [[[(r[a], r[b]) for r in rows if a in r and b in r] for b in names] for a in names]
        return {
            "names": names,
            "fleiss": fleiss,
            "num_items": sum(len(item) > 1 for item in rows),
            "nums": [[len(pairs) for pairs in row] for row in both],
            "agreement": [[_share(pairs) for pairs in row] for row in both],
            "kappa": [[_kappa(pairs) for pairs in row] for row in both],
        }

    @property
    def _is_share(self) -> bool:
        """Whether all values are probabilities, of which the side counts."""
        return all(0.0 <= value <= 1.0 for item in self.items for value in item.values())


def _values(parts: Mapping[str, float]) -> dict[str, float]:
    """What each juror gave; parts of jurors' parts begin with a juror's own."""
    names = [name for name in parts if name.startswith(_PREFIX)]
    own = [n for n in names if not any(n.startswith(f"{other}/") for other in names)]
    return {n.removeprefix(_PREFIX): parts[n] for n in own if math.isfinite(parts[n])}


def _verdict(value: float, is_share: bool) -> float:
    return (value > 0.5) - (value < 0.5) if is_share else math.floor(value + 0.5)


def _share(pairs: Sequence[tuple[float, float]]) -> float:
    return sum(a == b for a, b in pairs) / len(pairs) if pairs else math.nan


def _kappa(pairs: Sequence[tuple[float, float]]) -> float:
    labels = sorted({label for pair in pairs for label in pair})
    return float(kappa(confusion([a for a, _ in pairs], [b for _, b in pairs], labels)))
