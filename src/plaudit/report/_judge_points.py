"""The tally of a judge that rated responses one by one, or said yes or no to each.

Two numbers are kept of every response: the verdict and its label.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from plaudit.metrics import (
    Interval,
    bootstrap_counts,
    brier,
    confusion,
    ece,
    fit_temperature,
    kappa,
    kendall,
    pearson,
    spearman,
    wilson,
)
from plaudit.report._judge_gold import GoldLabel

__all__ = ["PointTally"]

_MAX_LABELS = 101
_MAX_BINS, _NUM_BINS = 20, 20
_MAX_POINTS = 2000
_NONE = Interval(math.nan, math.nan, math.nan)


class PointTally:
    """Verdicts and labels of the responses of one cell of the table.

    >>> tally = PointTally()
    >>> for value, label in ((4.0, 5.0), (2.0, 2.0), (1.4, 1.0)): tally.add(value, GoldLabel(label))
    >>> figures, intervals = tally.figures(scale=(1, 5))
    >>> round(figures["exact"], 2), round(figures["difference"], 2), figures["spearman"]
    (0.67, 0.47, 1.0)
    """

    def __init__(self) -> None:
        self.values, self.golds = array("d"), array("d")
        self.num_boolean = 0

    @property
    def num(self) -> int:
        """Responses, with or without a verdict."""
        return len(self.values)

    @property
    def is_yes_no(self) -> bool:
        """Whether all labels are booleans and all verdicts lie in [0, 1]."""
        num_labelled = sum(g == g for g in self.golds)
        is_share = all(0.0 <= v <= 1.0 for v in self.values if v == v)
        return 0 < self.num_boolean == num_labelled and is_share

    def add(self, value: float, gold: GoldLabel | None) -> None:
        """Counts a response; the value of one without a verdict is NaN."""
        self.values.append(value)
        self.golds.append(math.nan if gold is None else gold.value)
        self.num_boolean += gold is not None and gold.is_boolean

    @classmethod
    def merged(cls, tallies: Iterable[PointTally]) -> PointTally:
        """All responses of several tallies."""
        total = cls()
        for tally in tallies:
            total.values.extend(tally.values)
            total.golds.extend(tally.golds)
            total.num_boolean += tally.num_boolean
        return total

    def figures(
        self, *, scale: tuple[float, float] | None = None
    ) -> tuple[dict[str, float], dict[str, Interval]]:
        """The figures by name, and the 95 % intervals of those that have one."""
        values, golds = self.labelled()
        measured, intervals = (
            self._yes_no(values, golds) if self.is_yes_no else _ratings(values, golds, scale)
        )
        intervals["unscored"] = wilson(sum(v != v for v in self.values), self.num)
        figures = {
            "num_responses": self.num,
            "num_labelled": sum(g == g for g in self.golds),
            **measured,
            **{name: interval.value for name, interval in intervals.items()},
        }
        return figures, intervals

    def labelled(self) -> tuple[list[float], list[float]]:
        """Verdicts and labels of the responses that have both."""
        both = zip(self.values, self.golds, strict=True)
        pairs = [(v, g) for v, g in both if v == v and g == g]
        return [v for v, _ in pairs], [g for _, g in pairs]

    def histogram(self) -> list[dict[str, float]]:
        """How many verdicts are in each bin: one for each whole number, or 20 of equal width."""
        numbers = [v for v in self.values if v == v]
        if not numbers:
            return []
        low, high = min(numbers), max(numbers)
        is_whole = all(v.is_integer() for v in numbers) and high - low <= _MAX_BINS
        if is_whole or low == high:
            counts = Counter(numbers)
            steps = range(int(high - low) + 1) if is_whole else (0,)
            return [{"low": low + k, "high": low + k, "num": counts[low + k]} for k in steps]
        width = (high - low) / _NUM_BINS
        counts = Counter(min(int((v - low) / width), _NUM_BINS - 1) for v in numbers)
        return [
            {"low": low + k * width, "high": low + (k + 1) * width, "num": counts[k]}
            for k in range(_NUM_BINS)
        ]

    def scatter(self) -> list[dict[str, float]]:
        """Label and verdict of the labelled responses, equal ones counted, the most frequent."""
        values, golds = self.labelled()
        digits = 3 if len(set(values)) * len(set(golds)) <= _MAX_POINTS else 1
        counts = Counter(
            (round(g, digits), round(v, digits)) for v, g in zip(values, golds, strict=True)
        )
        return [
            {"label": g, "value": v, "num": num} for (g, v), num in counts.most_common(_MAX_POINTS)
        ]

    def _yes_no(
        self, values: Sequence[float], golds: Sequence[float]
    ) -> tuple[dict[str, float], dict[str, Interval]]:
        verdicts = [_side(value) for value in values]
        right = ["yes" if gold else "no" for gold in golds]
        table = confusion(verdicts, right, ("yes", "no", "tie"))
        num_right = table[0][0] + table[1][1] + sum(table[2]) / 2
        fit = fit_temperature(values, golds)
        measured = {
            "true_yes": table[0][0],
            "false_yes": table[0][1],
            "false_no": table[1][0],
            "true_no": table[1][1],
            "ties": sum(table[2]),
            "ece": ece(values, golds),
            "ece_equal_mass": ece(values, golds, equal="mass"),
            "brier": brier(values, golds),
            "temperature": fit.value,
            "ece_after": fit.ece,
        }
        return measured, {"accuracy": wilson(num_right, len(verdicts)), "kappa": _kappa(table)}


def _side(value: float) -> str:
    return "tie" if value == 0.5 else "yes" if value > 0.5 else "no"


def _ratings(
    values: Sequence[float], golds: Sequence[float], scale: tuple[float, float] | None
) -> tuple[dict[str, float], dict[str, Interval]]:
    gaps = [v - g for v, g in zip(values, golds, strict=True)]
    measured = {
        "pearson": pearson(values, golds),
        "spearman": spearman(values, golds),
        "kendall": kendall(values, golds),
    }
    labels = _labels(values, golds, scale)
    if not labels:
        measured |= {"difference": math.nan, "bias": math.nan}
        return measured, dict.fromkeys(("exact", "kappa", "kappa_quadratic"), _NONE)
    measured["difference"] = sum(map(abs, gaps)) / len(gaps)
    measured["bias"] = sum(gaps) / len(gaps)
    table = confusion([_rounded(v) for v in values], [_rounded(g) for g in golds], labels)
    num_equal = sum(table[i][i] for i in range(len(labels)))
    return measured, {
        "exact": wilson(num_equal, len(values)),
        "kappa": _kappa(table),
        "kappa_quadratic": _kappa(table, weights="quadratic"),
    }


def _labels(
    values: Sequence[float], golds: Sequence[float], scale: tuple[float, float] | None
) -> list[int]:
    """The whole numbers of the scale; none where the labels are on another one."""
    both = [*values, *golds]
    if not both:
        return []
    low, high = scale or (min(both), max(both))
    if not (low <= min(both) and max(both) <= high and high - low < _MAX_LABELS):
        return []
    return list(range(_rounded(low), _rounded(high) + 1))


def _rounded(value: float) -> int:
    return math.floor(value + 0.5)


def _kappa(table: list[list[int]], **weights: Any) -> Interval:
    """Of the cells that contain something only: most of a long scale's do not."""
    import numpy as np

    num = len(table)
    counts = Counter({(i, j): n for i, row in enumerate(table) for j, n in enumerate(row) if n})
    each = np.zeros((len(counts), num, num))
    for k, (i, j) in enumerate(counts):
        each[k, i, j] = 1
    return bootstrap_counts(
        lambda n_K: kappa(np.tensordot(n_K, each, 1), **weights), list(counts.values())
    )
