"""What a row of scores earns: a win, a loss, a tie, or nothing that can be said.

A row contains the scores of rival responses, each of them right or wrong. It is a win where a right
one scores above every wrong one, a tie where the best right and the best wrong one are equal, and
unscored where a score is missing. A *credit* makes numbers of these outcomes. `strict` pays a win
and nothing else; `share` pays a tie the share of right responses among those at the top (1/2 on a
pair), which is what breaking ties at random earns on average.

Shapes: N rows, T responses in all (row n has those from `starts_N[n]` on).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["LOSS", "TIE", "UNSCORED", "WIN", "Credit", "Outcomes", "outcomes", "share", "strict"]

LOSS, WIN, TIE, UNSCORED = 0, 1, 2, 3


class Outcomes(NamedTuple):
    """The outcome of each row, what a tie is worth in it, and what a random order would earn.

    `share_N` is the share of right responses among those at the top, `chance_N` among all;
    NaN in `share_N` where the row is unscored.
    """

    of_N: Any
    share_N: Any
    chance_N: Any


Credit = Callable[[Outcomes, bool], Any]  # of the outcomes, and whether a judge gave them: (N,)


def outcomes(values_T: object, is_right_T: object, starts_N: object) -> Outcomes:
    """The outcome of each row. A row in which any score is NaN is unscored.

    A row without a wrong response is a win, one without a right response a loss.

    >>> import numpy as np
    >>> values = np.array([2.0, 1.0, 1.0, 1.0, 0.0, 3.0, np.nan, 0.0])
    >>> found = outcomes(values, np.array([1, 0] * 4) > 0, np.array([0, 2, 4, 6]))
    >>> found.of_N.tolist(), found.share_N.tolist()
    ([1, 2, 0, 3], [1.0, 0.5, 0.0, nan])
    """
    import numpy as np

    values_T, is_right_T = np.asarray(values_T, float), np.asarray(is_right_T, bool)
    starts_N = np.asarray(starts_N, int)
    if not len(starts_N):
        none = np.empty(0)
        return Outcomes(none.astype(np.int8), none, none)
    size_N = np.diff(np.append(starts_N, len(values_T)))
    right_N = np.maximum.reduceat(np.where(is_right_T, values_T, -np.inf), starts_N)
    wrong_N = np.maximum.reduceat(np.where(is_right_T, -np.inf, values_T), starts_N)
    has_nan_N = np.logical_or.reduceat(np.isnan(values_T), starts_N)
    of_N = np.where(right_N > wrong_N, WIN, np.where(right_N == wrong_N, TIE, LOSS))
    is_top_T = values_T == np.repeat(np.fmax(right_N, wrong_N), size_N)
    num_top_N = np.add.reduceat(is_top_T.astype(float), starts_N)
    num_right_N = np.add.reduceat((is_top_T & is_right_T).astype(float), starts_N)
    with np.errstate(invalid="ignore", divide="ignore"):
        share_N = np.where(has_nan_N, np.nan, num_right_N / num_top_N)
    chance_N = np.add.reduceat(is_right_T.astype(float), starts_N) / size_N
    return Outcomes(np.where(has_nan_N, UNSCORED, of_N).astype(np.int8), share_N, chance_N)


def strict(rows: Outcomes, is_judge: bool = False) -> Any:
    """1 for a win, else 0: ties and rows without a score are counted apart and earn nothing."""
    return (rows.of_N == WIN).astype(float)


def share(rows: Outcomes, is_judge: bool = False) -> Any:
    """1 for a win, the share at the top for a tie; a row without a score earns nothing."""
    import numpy as np

    return np.where(rows.of_N == TIE, rows.share_N, strict(rows))
