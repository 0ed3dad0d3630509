"""What the charts of a page are drawn from: a few numbers of each reward, from its scores.

Shapes: N rows, T responses or steps, P points.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.bench import credit
from plaudit.bench.benchmark import Benchmark, credited
from plaudit.bench.sheet import Scored, Sheet
from plaudit.metrics import kappa, reliability

__all__ = [
    "RowOutcomes",
    "agreement",
    "calibration_bins",
    "distribution",
    "length_points",
    "outcome",
]

_NUM_BINS = 24
_NUM_POINTS = 1500
_OUTER = 0.005  # of the scores at either end, gathered in the outermost bin of a long-tailed chart
_LONG = 4.0  # a chart is long-tailed where its range is so many times the range of the rest


@dataclass(frozen=True)
class RowOutcomes:
    """How the rows went for one reward: what each is, by what margin, and between which responses.

    `of_N` is won, lost, tied or unscored as `plaudit.bench.credit` numbers them. `margin_N` is the
    score of the best right response minus that of the best wrong one, NaN where a score is missing
    or a side is empty; `right_N` and `wrong_N` are the two, numbered among the responses of all
    rows. A loss is `is_confident_N` where its margin is among the quarter of largest ones.
    """

    of_N: Any
    margin_N: Any
    right_N: Any
    wrong_N: Any
    is_confident_N: Any
    threshold: float


def is_right(sheet: Sheet) -> Any:
    """Which responses are right, (T,): of graded rows those of the highest grade."""
    import numpy as np

    labels_T = sheet.labels_T
    if not len(labels_T) or np.isin(labels_T, (0.0, 1.0)).all():
        return labels_T > 0
    top_N = np.maximum.reduceat(labels_T, sheet.starts_N)
    return labels_T == np.repeat(top_N, sheet.sizes_N)


def outcome(benchmark: Benchmark, sheet: Sheet, one: Scored) -> RowOutcomes | None:
    """How each row went; None for scores of steps, which do not compete."""
    import numpy as np

    if benchmark.scores == "steps" or not len(sheet):
        return None
    right_T = is_right(sheet)
    rows, _ = credited(_binary(sheet, right_T), one, {"strict": credit.strict}, "strict")
    right, top_right = _best(sheet, one.values_T, right_T)
    wrong, top_wrong = _best(sheet, one.values_T, ~right_T)
    has_nan_N = np.logical_or.reduceat(np.isnan(one.values_T), sheet.starts_N)
    with np.errstate(invalid="ignore"):
        margin_N = top_right - top_wrong
    margin_N = np.where(np.isfinite(margin_N) & ~has_nan_N, margin_N, np.nan)
    size_N = np.abs(margin_N[np.isfinite(margin_N) & (margin_N != 0)])
    least = float(np.quantile(size_N, 0.75)) if len(size_N) else math.nan
    is_confident_N = (rows.of_N == credit.LOSS) & (np.nan_to_num(-margin_N) >= least)
    return RowOutcomes(rows.of_N, margin_N, right, wrong, is_confident_N, least)


def _binary(sheet: Sheet, right_T: Any) -> Sheet:
    """The sheet with 1 and 0 as labels; itself where it has no others."""
    if (sheet.labels_T == right_T).all():
        return sheet
    ends = (sheet.starts_N + sheet.sizes_N).tolist()
    spans = zip(sheet.lines, sheet.starts_N.tolist(), ends, strict=True)
    return Sheet({**line, "labels": right_T[a:b].astype(float).tolist()} for line, a, b in spans)


def _best(sheet: Sheet, values_T: Any, of_T: Any) -> tuple[Any, Any]:
    """The first of the highest-scored responses of each row among some, -1 for none; its score."""
    import numpy as np

    among_T = np.where(of_T & ~np.isnan(values_T), values_T, -np.inf)
    top_N = np.maximum.reduceat(among_T, sheet.starts_N)
    is_top_T = (among_T == np.repeat(top_N, sheet.sizes_N)) & of_T
    place_T = np.where(is_top_T, np.arange(len(values_T)), len(values_T))
    first_N = np.minimum.reduceat(place_T, sheet.starts_N)
    has_N = np.logical_or.reduceat(of_T, sheet.starts_N)
    return np.where(has_N, first_N, -1), np.where(has_N, top_N, np.nan)


# --- charts ---------------------------------------------------------------------------------------


def distribution(sheet: Sheet, one: Scored) -> dict[str, object] | None:
    """Counts of the scores of right and of wrong responses (or steps) in the same bins.

    Where a few scores lie far out, the outermost bins hold them too: `below` and `above` say how
    many. None where nothing is scored, or all is equal.
    """
    import numpy as np

    has_T = np.isfinite(one.values_T)
    values, right = one.values_T[has_T], is_right(sheet)[has_T]
    if not len(values) or values.min() == values.max():
        return None
    low, high = _range(values)
    num = min(_NUM_BINS, max(8, math.isqrt(len(values))))
    edges = np.linspace(low, high, num + 1)
    if not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
        return None
    inside = np.clip(values, low, high)
    return {
        "edges": edges.tolist(),
        "right": np.histogram(inside[right], edges)[0].tolist(),
        "wrong": np.histogram(inside[~right], edges)[0].tolist(),
        "below": int((values < low).sum()),
        "above": int((values > high).sum()),
    }


def _range(values: Any) -> tuple[float, float]:
    """The range to draw: all of it, or without the outermost values where they are far out."""
    import numpy as np

    low, high = float(values.min()), float(values.max())
    near, far = (float(q) for q in np.quantile(values, (_OUTER, 1 - _OUTER)))
    is_long = far > near and (high - low) > _LONG * (far - near)
    return (near, far) if is_long else (low, high)


def calibration_bins(sheet: Sheet, one: Scored) -> dict[str, object] | None:
    """The reliability diagram of scores that can be read as probabilities; None for others.

    `margin`: on pairs, how often the side that scores higher is right against
    ``sigmoid(|right - wrong|)``, over [0.5, 1], as `calibration` in results.json has it. `score`:
    where all scores lie in [0, 1], how often a response is right against its score.
    """
    import numpy as np

    right_T, has_T = is_right(sheet), np.isfinite(one.values_T)
    values = one.values_T[has_T]
    if not len(values) or not np.isin(sheet.labels_T, (0.0, 1.0)).all():
        return None
    curves = {}
    if (sheet.sizes_N == 2).all() and (np.add.reduceat(right_T, sheet.starts_N) == 1).all():
        values_N2 = one.values_T.reshape(-1, 2)
        margin_N = np.where(right_T.reshape(-1, 2)[:, 0], 1, -1) * -np.diff(values_N2)[:, 0]
        won_N: Any = np.where(margin_N == 0, 0.5, margin_N > 0)
        chance_N: Any = 0.5 * (1 + np.tanh(np.abs(margin_N) / 2))
        curves["margin"] = [b._asdict() for b in reliability(chance_N, won_N, low=0.5)]
    if values.min() >= 0 and values.max() <= 1 and len(np.unique(values)) > 1:
        shares = reliability(values, right_T[has_T].astype(float))
        curves["score"] = [b._asdict() for b in shares]
    return curves or None


def length_points(sheet: Sheet, rows: RowOutcomes | None) -> dict[str, object] | None:
    """Margins against length: right minus wrong response of each row, in characters.

    At most 1,500 points, evenly spaced over the rows that have a margin; `num` is how many have.
    """
    import numpy as np

    chars_T = sheet.feature("chars")
    if rows is None or chars_T is None:
        return None
    has_N = np.flatnonzero(np.isfinite(rows.margin_N))
    places = np.linspace(0, len(has_N) - 1, min(_NUM_POINTS, len(has_N))).astype(int)
    picks = has_N[places]
    longer = chars_T[rows.right_N[picks]] - chars_T[rows.wrong_N[picks]]
    return {
        "num": len(has_N),
        "rows": picks.tolist(),
        "longer": longer.astype(int).tolist(),
        "margin": rows.margin_N[picks].tolist(),
    }


def agreement(rows: Sequence[RowOutcomes | None]) -> Mapping[str, object]:
    """How often two rewards give a row the same outcome (won, lost or tied), and Cohen's kappa.

    Over the rows that both scored; `num` is how many.
    """
    num = len(rows)
    figures: dict[str, list[list[float]]] = {
        name: [[math.nan] * num for _ in range(num)] for name in ("share", "kappa", "num")
    }
    for i in range(num):
        for j in range(num):
            first, second = rows[i], rows[j]
            if first is not None and second is not None and i != j:
                for name, value in _together(first.of_N, second.of_N).items():
                    figures[name][i][j] = value
    return figures


def _together(first_N: Any, second_N: Any) -> dict[str, float]:
    import numpy as np

    has_N = (first_N != credit.UNSCORED) & (second_N != credit.UNSCORED)
    table = np.zeros((3, 3), int)
    np.add.at(table, (first_N[has_N], second_N[has_N]), 1)
    num = int(table.sum())
    share = float(np.trace(table)) / num if num else math.nan
    return {"share": share, "kappa": float(kappa(table)), "num": num}
