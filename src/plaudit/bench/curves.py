"""Best of N against N, and ensembles of saved scores.

Shapes: N responses of a prompt, M members of an ensemble, T responses of all rows.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any, Literal

from plaudit.bench.sets.best_of_n import voted
from plaudit.bench.sheet import Scored, Sheet
from plaudit.hashing import content_hash

__all__ = ["ENSEMBLES", "Ensemble", "best_of", "curve", "ensemble", "majority_of", "oracle_of"]

Ensemble = Literal["mean", "worst", "uncertainty"]
ENSEMBLES: tuple[Ensemble, ...] = ("mean", "worst", "uncertainty")
_NUM_SAMPLES = 200


def best_of(values: Sequence[float], labels: Sequence[float], num: int) -> float:
    """The chance that the highest-scored of `num` responses drawn without replacement is right.

    Exact: with the responses in falling order, response r is the best of the draw with probability
    ``C(N - r, num - 1) / C(N, num)``; equal scores share theirs. NaN where a score is missing.

    >>> best_of([3.0, 2.0, 1.0], [0.0, 1.0, 1.0], 1), best_of([3.0, 2.0, 1.0], [0.0, 1.0, 1.0], 3)
    (0.6666666666666666, 0.0)
    """
    if any(value != value for value in values):
        return math.nan
    total, left = 0.0, len(values)
    whole = math.comb(len(values), num)
    for score in sorted(set(values), reverse=True):
        tied = [label for value, label in zip(values, labels, strict=True) if value == score]
        below = left - len(tied)
        chance = (math.comb(left, num) - math.comb(below, num)) / whole
        total += chance * math.fsum(tied) / len(tied)
        left = below
    return total


def oracle_of(labels: Sequence[float], num: int) -> float:
    """The chance that one of `num` responses drawn without replacement is right (pass@num).

    >>> oracle_of([1.0, 0.0, 0.0], 2)
    0.6666666666666667
    """
    wrong = sum(label <= 0 for label in labels)
    return 1 - math.comb(wrong, num) / math.comb(len(labels), num)


def majority_of(
    answers: Sequence[str | None], labels: Sequence[float], num: int, *, seed: int = 0
) -> float:
    """The chance that the most frequent answer of `num` responses is right; the first of equals.

    The mean over all draws where there are at most 200, else over 200 seeded ones; the responses
    keep their order.

    >>> majority_of(["7", "8", "8"], [0.0, 1.0, 1.0], 3)
    1.0
    """
    from itertools import combinations

    size = len(labels)
    if math.comb(size, num) <= _NUM_SAMPLES:
        picks = list(combinations(range(size), num))
    else:
        draw = random.Random(content_hash(str(seed), repr(answers), str(num)))
        picks = [sorted(draw.sample(range(size), num)) for _ in range(_NUM_SAMPLES)]
    right = [_voted_right([answers[i] for i in p], [labels[i] for i in p]) for p in picks]
    return math.fsum(right) / len(right)


def _voted_right(answers: Sequence[str | None], labels: Sequence[float]) -> float:
    return labels[voted(answers)] if any(a is not None for a in answers) else 0.0


def curve(sheet: Sheet, scored: Sequence[Scored], *, seed: int = 0) -> list[dict[str, Any]]:
    """Best of N for N = 1, 2, 4, .. up to all: each reward, oracle, majority and random.

    Over the prompts that have as many responses; a prompt with an unscored response counts as not
    selected right. `majority` is null where the answers are unknown.
    """
    import numpy as np

    most = int(sheet.sizes_N.max(initial=0))
    sizes = sorted({2**k for k in range(most.bit_length()) if 2**k <= most} | {most} - {0})
    answers = sheet.extra("answers")
    points = []
    for num in sizes:
        rows = [i for i in range(len(sheet)) if sheet.sizes_N[i] >= num]
        labels = {i: sheet.lines[i]["labels"] for i in rows}
        voted_rows = [
            majority_of(answers[i], labels[i], num, seed=seed) for i in rows if answers[i]
        ]
        points.append(
            {
                "n": num,
                "prompts": len(rows),
                "oracle": float(np.mean([oracle_of(labels[i], num) for i in rows])),
                "majority": float(np.mean(voted_rows)) if voted_rows else None,
                "random": float(np.mean([np.mean(labels[i]) for i in rows])),
                "rewards": {s.name: _mean_best(sheet, s, rows, num) for s in scored},
            }
        )
    return points


def _mean_best(sheet: Sheet, scored: Scored, rows: Sequence[int], num: int) -> float:
    chances = []
    for i in rows:
        start = sheet.starts_N[i]
        values = scored.values_T[start : start + sheet.sizes_N[i]].tolist()
        chance = best_of(values, sheet.lines[i]["labels"], num)
        chances.append(0.0 if chance != chance else chance)
    return math.fsum(chances) / len(chances)


def ensemble(members: Sequence[Scored], kind: Ensemble) -> Scored:
    """The members' scores, z-normalised over all responses, as one: NaN where any has none.

    `mean`, `worst` (the lowest) or `uncertainty` (mean minus population standard deviation over
    the members), as analysis/run_ensemble_offline.py of allenai/reward-bench has them.

    >>> import numpy as np
    >>> one, other = Scored("a", np.array([0.0, 2.0])), Scored("b", np.array([5.0, 1.0]))
    >>> ensemble([one, other], "worst").values_T.tolist()
    [-1.0, -1.0]
    """
    import numpy as np

    z_MT = np.stack([_standard(member.values_T) for member in members])
    combined = {
        "mean": lambda: z_MT.mean(0),
        "worst": lambda: z_MT.min(0),
        "uncertainty": lambda: z_MT.mean(0) - z_MT.std(0),
    }[kind]()
    return Scored(f"ensemble: {kind}", combined, origin="ensemble")


def _standard(values_T: Any) -> Any:
    """Values minus their mean over their standard deviation; 0 where all are equal."""
    import numpy as np

    size = np.nanstd(values_T) if np.isfinite(values_T).any() else math.nan
    return (values_T - np.nanmean(values_T)) / size if size > 0 else values_T * 0.0
