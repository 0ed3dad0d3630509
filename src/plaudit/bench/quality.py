"""What accuracy alone does not say of scores: calibration, and how much of them is length.

Shapes: N pairs or rows, T responses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from plaudit.bench.sheet import Scored, Sheet
from plaudit.metrics import brier, ece, logistic, wilson

__all__ = ["auc", "calibration", "length_control"]

_NEAR = math.log(1.1)


def auc(scores: object, is_right: object) -> float:
    """The share of (right, wrong) responses of all rows in which the right one scores higher.

    Ties count half; NaN where a side is empty (Mann and Whitney 1947). It compares scores of
    different prompts, which a best-of-N never does.

    >>> auc([0.9, 0.4, 0.4, 0.1], [1, 1, 0, 0])
    0.875
    """
    import numpy as np

    scores, is_right = np.asarray(scores, float), np.asarray(is_right, bool)
    has = np.isfinite(scores)
    scores, is_right = scores[has], is_right[has]
    right, wrong = np.sort(scores[is_right]), np.sort(scores[~is_right])
    if not len(right) or not len(wrong):
        return math.nan
    below = np.searchsorted(wrong, right, "left") + np.searchsorted(wrong, right, "right")
    return float(below.mean()) / (2 * len(wrong))


def calibration(sheet: Sheet, scored: Scored) -> dict[str, float]:
    """AUC over all responses, Brier and ECE of what the scores say as probabilities.

    On pairs the probability is that of the Bradley-Terry model, ``sigmoid(right - wrong)``, and its
    ECE is that of the more likely side over [0.5, 1]; `temperature` is the divisor of the margins
    that fits best, `ece_fitted` the error it leaves. On other rows a score in [0, 1] is the
    probability that its response is right; scores beyond have no Brier and no ECE.
    """
    import numpy as np

    is_right_T = sheet.labels_T > 0
    figures = {"auc": auc(scored.values_T, is_right_T)}
    if len(sheet) and (sheet.sizes_N == 2).all():
        return figures | _of_margins(_margins(sheet, scored.values_T))
    values_T = scored.values_T[np.isfinite(scored.values_T)]
    if len(values_T) and values_T.min() >= 0 and values_T.max() <= 1:
        right = is_right_T.astype(float)
        figures |= {"brier": brier(scored.values_T, right), "ece": ece(scored.values_T, right)}
    return figures


def _margins(sheet: Sheet, values_T: Any) -> Any:
    """Right minus wrong of each pair."""
    import numpy as np

    values_N2, labels_N2 = values_T.reshape(-1, 2), sheet.labels_T.reshape(-1, 2)
    with np.errstate(invalid="ignore"):
        return np.where(labels_N2[:, 0] > labels_N2[:, 1], 1, -1) * (
            values_N2[:, 0] - values_N2[:, 1]
        )


def _of_margins(margins_N: Any) -> dict[str, float]:
    import numpy as np

    margins_N = margins_N[np.isfinite(margins_N)]
    size_N: Any = np.abs(margins_N)
    won_N: Any = np.where(margins_N > 0, 1.0, np.where(margins_N < 0, 0.0, 0.5))
    slope = logistic(won_N, size_N, intercept=False).slopes[0]
    has_fit = slope > 0
    return {
        "brier": brier(_sigmoid(margins_N), won_N * 0 + 1),
        "ece": ece(_sigmoid(size_N), won_N, low=0.5),
        "temperature": 1 / slope if has_fit else math.nan,
        "ece_fitted": ece(_sigmoid(slope * size_N), won_N, low=0.5) if has_fit else math.nan,
    }


def _sigmoid(x_N: Any) -> Any:
    import numpy as np

    return 0.5 * (1 + np.tanh(x_N / 2))


def length_control(sheet: Sheet, scored: Scored) -> Mapping[str, object]:
    """Accuracy on pairs with length taken out, in two ways; empty where rows are not pairs of
    texts.

    `matched` is over pairs whose lengths in characters differ by less than a tenth, with its Wilson
    interval. `logistic` fits ``P(win) = sigmoid(a + b x)`` to x, the log of the ratio of lengths in
    favour of the right response over its standard deviation: ``sigmoid(a)`` is the accuracy at
    equal lengths, `slope` is b with its standard error. A tie counts as no win; unscored are out.
    """
    import numpy as np

    chars_T = sheet.feature("chars")
    if chars_T is None or not len(sheet) or not (sheet.sizes_N == 2).all():
        return {}
    margins_N = _margins(sheet, scored.values_T)
    ratio_N = _margins(sheet, np.log(np.maximum(chars_T, 1)))
    has_N = np.isfinite(margins_N)
    won_N, ratio_N = margins_N[has_N] > 0, ratio_N[has_N]
    near_N = np.abs(ratio_N) < _NEAR
    matched = wilson(float(won_N[near_N].sum()), float(near_N.sum()))
    figures: dict[str, object] = {
        "matched": {**matched._asdict(), "num": int(near_N.sum())},
        "longer_share": float((ratio_N > 0).mean()) if len(ratio_N) else math.nan,
    }
    size = float(ratio_N.std()) if len(ratio_N) else 0.0
    if size > 0:
        fit = logistic(won_N.astype(float), ratio_N / size)
        at_equal = 1 / (1 + math.exp(-fit.intercept)) if math.isfinite(fit.intercept) else math.nan
        figures["logistic"] = {"value": at_equal, "slope": fit.slopes[0], "error": fit.errors[0]}
    return figures
