"""Who wins against whom before which judge, and whether a judge favours its own family."""

from __future__ import annotations

import math
from collections import Counter

from plaudit.metrics import wilson
from plaudit.report._judge_gold import family

__all__ = ["ModelTally"]

_MAX_PAIRS = 5000  # (judge, model, model); beyond them only counted
_MAX_MODELS = 20
_MAX_JUDGES = 8


class ModelTally:
    """Wins by judge and pair of models.

    >>> tally = ModelTally()
    >>> tally.add("GPT-4", ("gpt4_turbo", "llama-7b"), won=1.0, is_better=0.0)
    >>> by = tally.as_list()[0]
    >>> by["models"], by["wins"][0][1], by["own"]["wins"], by["own"]["is_better"]
    (['gpt4_turbo', 'llama-7b'], 1.0, 1.0, 0.0)
    """

    def __init__(self) -> None:
        # wins of the first model, judged pairs, pairs in which it is the better one, labelled pairs
        self._sums: dict[tuple[str, str, str], list[float]] = {}
        self.num_other = 0

    def add(
        self, judge: str, models: tuple[str, str], *, won: float, is_better: float | None
    ) -> None:
        """Counts a verdict on a pair: 1 where the first model's response won, 0.5 for a tie."""
        one, other = sorted(models)
        key = (judge, one, other)
        if key not in self._sums and len(self._sums) >= _MAX_PAIRS:
            self.num_other += 1
            return
        if one != models[0]:
            won, is_better = 1.0 - won, None if is_better is None else 1.0 - is_better
        sums = self._sums.setdefault(key, [0.0] * 4)
        sums[0] += won
        sums[1] += 1
        if is_better is not None:
            sums[2] += is_better
            sums[3] += 1

    def as_list(self) -> list[dict[str, object]]:
        """For each judge: the models that it met most, the row's share of wins over the column's,
        the pairs behind it, and how its own family fared.
        """
        nums: Counter[str] = Counter()
        for (judge, _, _), sums in self._sums.items():
            nums[judge] += int(sums[1])
        return [self._of(judge) for judge, _ in nums.most_common(_MAX_JUDGES)]

    def _of(self, judge: str) -> dict[str, object]:
        met = {(a, b): sums for (who, a, b), sums in self._sums.items() if who == judge}
        nums: Counter[str] = Counter()
        for pair, sums in met.items():
            for model in set(pair):
                nums[model] += int(sums[1])
        models = sorted(model for model, _ in nums.most_common(_MAX_MODELS))
        return {
            "judge": judge,
            "models": models,
            "num_hidden": len(nums) - len(models),
            "wins": [[_wins(met, a, b) for b in models] for a in models],
            "nums": [[_num(met, a, b) for b in models] for a in models],
            "own": _own(judge, met),
        }


_Met = dict[tuple[str, str], list[float]]


def _num(met: _Met, a: str, b: str) -> int:
    return int(met.get((min(a, b), max(a, b)), [0, 0])[1])


def _wins(met: _Met, a: str, b: str) -> float:
    num = _num(met, a, b)
    if not num or a == b:
        return math.nan
    share = met[min(a, b), max(a, b)][0] / num
    return share if a < b else 1.0 - share


def _own(judge: str, met: _Met) -> dict[str, object]:
    """Pairs in which one response is of the judge's family: its share of wins, and what is due."""
    own = family(judge) if judge else ""
    won, num, better, num_labelled = 0.0, 0, 0.0, 0.0
    for (a, b), sums in met.items():
        sides = [family(model) == own for model in (a, b)]
        if sides[0] != sides[1]:
            won += sums[0] if sides[0] else sums[1] - sums[0]
            better += sums[2] if sides[0] else sums[3] - sums[2]
            num, num_labelled = num + int(sums[1]), num_labelled + sums[3]
    wins = wilson(won, num)
    return {
        "family": own,
        "num": num,
        "wins": wins.value,
        "interval": [wins.low, wins.high],
        "is_better": better / num_labelled if num_labelled else math.nan,
    }
