"""The tally of a judge that compared two responses, with a few numbers kept of every pair.

A pair's verdicts are in the frame of its own first response: 1 for it, 0 against it, 0.5 for
neither, None if there is none. What depends on verdicts alone is counted by their combinations,
so that its intervals are exact bootstraps over pairs at any number of rows.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from plaudit.metrics import (
    Interval,
    bootstrap_counts,
    brier,
    ece,
    fit_temperature,
    kappa,
    logistic,
    reliability,
    wilson,
)
from plaudit.types import Score

__all__ = ["PairTally", "Picks", "picks"]

_EVEN = 1e-9  # two values as near as this are a tie
_NUM_LENGTHS = 8


class Picks(NamedTuple):
    """The verdicts on one pair: the first response shown first, shown second, and together."""

    first: float | None
    second: float | None
    whole: float | None
    gold: int | None

    @property
    def orders(self) -> list[float]:
        """The single orders that could be read."""
        return [pick for pick in self[:2] if pick is not None]

    def right(self, pick: float) -> float:
        """How far a verdict is right: 1, 0, or 0.5 for a tie."""
        return 1.0 - pick if self.gold else pick

    @property
    def by_place(self) -> list[float]:
        """The orders as picks of the response that was shown first."""
        turned = None if self.second is None else 1.0 - self.second
        return [pick for pick in (self.first, turned) if pick is not None]


def picks(scores: Sequence[Score], gold: int | None) -> Picks:
    """The verdicts on a group; of more than two responses whether the gold one is the best alone.

    >>> both = Score(0.75, {"forward": 1.0, "backward": 0.5}), Score(0.25)
    >>> picks(both, 0)
    Picks(first=1.0, second=0.5, whole=1.0, gold=0)
    """
    values = [score.value for score in scores]
    is_scored = not any(map(math.isnan, values))
    if len(values) != 2:
        whole = _credit(values, gold) if is_scored and gold is not None else None
        return Picks(None, None, whole, None if gold is None else 0)
    whole = _sign(values[0] - values[1]) if is_scored else None
    orders = (scores[0].parts.get(name, math.nan) for name in ("forward", "backward"))
    first, second = (None if math.isnan(p) else _sign(p - 0.5) for p in orders)
    return Picks(first, second, whole, gold)


def _sign(margin: float) -> float:
    return 0.5 if abs(margin) <= _EVEN else float(margin > 0)


def _credit(values: Sequence[float], gold: int) -> float:
    """1 for the best, a share of it where several are best, else 0."""
    best = [i for i, value in enumerate(values) if value >= max(values) - _EVEN]
    return 1.0 / len(best) if gold in best else 0.0


# What a combination of verdicts adds to a share: to its numerator and to its denominator.


def _accuracy(p: Picks) -> tuple[float, float]:
    rights = [] if p.gold is None else [p.right(pick) for pick in p.orders]
    return sum(rights), len(rights)


def _both_right(p: Picks) -> tuple[float, float]:
    has_both = p.gold is not None and len(p.orders) == 2
    return float(has_both and all(p.right(pick) == 1.0 for pick in p.orders)), float(has_both)


def _same_verdict(p: Picks) -> tuple[float, float]:
    has_both = len(p.orders) == 2
    return float(has_both and p.first == p.second), float(has_both)


def _whole(p: Picks) -> tuple[float, float]:
    if p.whole is None or p.gold is None:
        return 0.0, 0.0
    return p.right(p.whole), 1.0


def _first_position(p: Picks) -> tuple[float, float]:
    decided = [pick for pick in p.by_place if pick != 0.5]
    return sum(decided), len(decided)


def _ties(p: Picks) -> tuple[float, float]:
    return p.orders.count(0.5), len(p.orders)


_SHARES: Mapping[str, Callable[[Picks], tuple[float, float]]] = {
    "accuracy": _accuracy,
    "both_right": _both_right,
    "same_verdict": _same_verdict,
    "swap_accuracy": _whole,
    "first_position": _first_position,
    "order_ties": _ties,
}


class PairTally:
    """Counts and a few numbers of the pairs of one cell of the table.

    >>> tally = PairTally()
    >>> tally.add(Picks(1.0, 1.0, 1.0, 0), probability=0.9, log_ratio=0.1)
    >>> tally.add(Picks(1.0, 0.0, 0.5, 0), probability=0.5, log_ratio=0.1)
    >>> figures, intervals = tally.figures()
    >>> figures["accuracy"], figures["both_right"], figures["flip_rate"]
    (0.75, 0.5, 0.5)
    """

    def __init__(self) -> None:
        self.counts: Counter[Picks] = Counter()
        self.probabilities, self.log_ratios, self.wholes, self.golds = (array("d") for _ in "PLWG")

    @property
    def num(self) -> int:
        """Pairs, with or without a verdict."""
        return self.counts.total()

    def add(self, verdicts: Picks, *, probability: float, log_ratio: float) -> None:
        """Counts a pair; NaN where the judge gave no P(first) or there are not two lengths."""
        self.counts[verdicts] += 1
        self.probabilities.append(probability)
        self.log_ratios.append(log_ratio)
        self.wholes.append(math.nan if verdicts.whole is None else verdicts.whole)
        self.golds.append(math.nan if verdicts.gold is None else 1.0 - verdicts.gold)

    @classmethod
    def merged(cls, tallies: Iterable[PairTally]) -> PairTally:
        """All pairs of several tallies."""
        total = cls()
        for tally in tallies:
            total.counts.update(tally.counts)
            for name in ("probabilities", "log_ratios", "wholes", "golds"):
                getattr(total, name).extend(getattr(tally, name))
        return total

    def figures(self) -> tuple[dict[str, float], dict[str, Interval]]:
        """The figures by name, and the 95 % intervals of those that have one."""
        intervals = {name: self._share(add) for name, add in _SHARES.items()}
        intervals["kappa"] = self._kappa()
        intervals["unscored"] = wilson(self._num(lambda p: p.whole is None), self.num)
        lengths, intervals["longer_wins"] = self._lengths()
        figures = {
            "num_pairs": self.num,
            "num_labelled": self._num(lambda p: p.gold is not None),
            **{name: interval.value for name, interval in intervals.items()},
            "flip_rate": 1.0 - intervals["same_verdict"].value,
            **lengths,
            **self._calibration(),
        }
        return figures, intervals

    def _num(self, holds: Callable[[Picks], bool]) -> int:
        return sum(n for verdicts, n in self.counts.items() if holds(verdicts))

    def _share(self, add: Callable[[Picks], tuple[float, float]]) -> Interval:
        """A share of pairs has Wilson's interval, one of orders that of a bootstrap of pairs."""
        added = [add(verdicts) for verdicts in self.counts]
        counts = list(self.counts.values())
        tops, bottoms = ([pair[k] for pair in added] for k in (0, 1))
        if max(bottoms, default=0) <= 1:
            sums = (sum(n * x for n, x in zip(counts, xs, strict=True)) for xs in (tops, bottoms))
            return wilson(*sums)
        import numpy as np

        top_K, bottom_K = np.asarray(tops, float), np.asarray(bottoms, float)
        return bootstrap_counts(lambda n_K: (n_K @ top_K) / (n_K @ bottom_K), counts)

    def _kappa(self) -> Interval:
        """Cohen's kappa of the verdicts by place: the response shown first, second, neither."""
        import numpy as np

        tables = [_by_place(verdicts) for verdicts in self.counts]
        if len({right for table in tables for _, right in table}) < 2:
            return Interval(math.nan, math.nan, math.nan)
        table_K33 = np.zeros((len(tables), 3, 3))
        for k, table in enumerate(tables):
            for verdict, right in table:
                table_K33[k, verdict, right] += 1
        return bootstrap_counts(
            lambda n_K: kappa(np.tensordot(n_K, table_K33, 1)), list(self.counts.values())
        )

    def _lengths(self) -> tuple[dict[str, float], Interval]:
        """How the verdicts go with ln(length / the rival's length); the share won by the longer."""
        slope, beside_gold = self._slopes()
        wins, gold = (self._longer(picked)[1] for picked in (self.wholes, self.golds))
        figures = {
            "length_slope": slope.slopes[0],
            "length_slope_error": slope.errors[0],
            "length_slope_given_gold": beside_gold.slopes[0],
            "length_slope_given_gold_error": beside_gold.errors[0],
            "longer_is_better": sum(gold) / len(gold) if gold else math.nan,
        }
        return figures, wilson(sum(wins), len(wins))

    def _slopes(self) -> tuple[Any, Any]:
        decided = [w if w != 0.5 else math.nan for w in self.wholes]
        signs = [2 * g - 1 for g in self.golds]
        alone = logistic(decided, self.log_ratios, intercept=False)
        return alone, logistic(decided, self.log_ratios, signs, intercept=False)

    def _longer(self, picked: Sequence[float]) -> tuple[list[float], list[float]]:
        """|ln ratio| and whether the longer one was picked, where one was and one is longer."""
        used = [
            (abs(x), w if x > 0 else 1.0 - w)
            for x, w in zip(self.log_ratios, picked, strict=True)
            if w in (0.0, 1.0) and x == x and x != 0
        ]
        return [x for x, _ in used], [w for _, w in used]

    def by_length(self) -> list[dict[str, float]]:
        """The share of wins of the longer response, by equal parts of the pairs."""
        far, wins = self._longer(self.wholes)
        bins = reliability(far, wins, num_bins=_NUM_LENGTHS, equal="mass")
        return [{"ratio": math.exp(b.probability), "share": b.share, "num": b.num} for b in bins]

    def confidences(self) -> tuple[list[float], list[float]]:
        """max(P, 1 - P) and whether the response it speaks for is the better one.

        Which response of a pair comes first says nothing, so P itself has no diagram.
        """
        pairs = self._labelled()
        rights = [0.5 if p == 0.5 else float((p > 0.5) == (g == 1.0)) for p, g in pairs]
        return [max(p, 1.0 - p) for p, _ in pairs], rights

    def _labelled(self) -> list[tuple[float, float]]:
        both = zip(self.probabilities, self.golds, strict=True)
        return [(p, g) for p, g in both if p == p and g == g]

    def _calibration(self) -> dict[str, float]:
        confidences, rights = self.confidences()
        fit, pairs = fit_temperature(confidences, rights, low=0.5), self._labelled()
        return {
            "ece": ece(confidences, rights, low=0.5),
            "ece_equal_mass": ece(confidences, rights, low=0.5, equal="mass"),
            "brier": brier([p for p, _ in pairs], [g for _, g in pairs]),
            "temperature": fit.value,
            "ece_after": fit.ece,
        }


def _by_place(p: Picks) -> list[tuple[int, int]]:
    """(said, right) of each order: 0 the response shown first, 1 the second, 2 neither.

    A pair that was not judged in orders counts once, its first response standing first.
    """
    if p.gold is None:
        return []
    if p.first is None and p.second is None:
        return [] if p.whole is None else [(_verdict_code(p.whole), p.gold)]
    orders = (
        (p.first, p.gold),
        (None if p.second is None else 1.0 - p.second, 1 - p.gold),
    )
    return [(_verdict_code(pick), right) for pick, right in orders if pick is not None]


def _verdict_code(pick: float) -> int:
    return {1.0: 0, 0.0: 1}.get(pick, 2)
