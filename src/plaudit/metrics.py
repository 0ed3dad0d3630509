"""Agreement, calibration and their intervals: arithmetic on numbers, knowing nothing of rewards.

What cannot be said is NaN, never 0 and never an exception: a share of nothing, a correlation with a
constant, a slope that outcomes on two sides of a threshold leave without bound. Items in which a
number is NaN or infinite are left out. Whatever is drawn at random is drawn from a seed.

Shapes: N items, K categories, R draws of a bootstrap, D covariates.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Literal, NamedTuple

__all__ = [
    "Bin",
    "Interval",
    "Logistic",
    "Temperature",
    "bootstrap_counts",
    "bootstrap_mean",
    "brier",
    "confusion",
    "ece",
    "fit_temperature",
    "fleiss_kappa",
    "kappa",
    "kendall",
    "logistic",
    "pearson",
    "quantiles",
    "ranks",
    "reliability",
    "spearman",
    "wilson",
]

_LEAST = 1e-6  # a probability of 0 or 1 has no log-odds
_MAX_STEPS = 100
_MAX_HALVINGS = 50


class Interval(NamedTuple):
    """A figure and the ends of its confidence interval; all three NaN if there is none."""

    value: float
    low: float
    high: float


class Logistic(NamedTuple):
    """A logistic fit: the intercept (0 where none was asked for), slopes and their standard errors.

    `errors` are those of the slopes.
    """

    intercept: float
    slopes: tuple[float, ...]
    errors: tuple[float, ...]


class Bin(NamedTuple):
    """The items of one bin of probabilities: their mean, the share that came true, how many."""

    probability: float
    share: float
    num: int


class Temperature(NamedTuple):
    """The temperature that fits best, and the calibration error that it leaves."""

    value: float
    ece: float


_NONE = Interval(math.nan, math.nan, math.nan)


# --- shares and their intervals -------------------------------------------------------------------


def wilson(num_right: float, num: float, *, level: float = 0.95) -> Interval:
    """A share in [0, 1] with Wilson's score interval, which never leaves [0, 1].

    ``(p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)``, z the normal quantile of `level`
    (Wilson, 1927). A tie may count as half a success. NaN where `num` is 0.

    >>> [round(x, 3) for x in wilson(8, 10)]
    [0.8, 0.49, 0.943]
    """
    if not num > 0:
        return _NONE
    z, share = statistics.NormalDist().inv_cdf((1 + level) / 2), num_right / num
    scale = 1 + z * z / num
    middle = (share + z * z / (2 * num)) / scale
    half = z / scale * math.sqrt(max(share * (1 - share), 0.0) / num + (z / 2 / num) ** 2)
    return Interval(share, max(middle - half, 0.0), min(middle + half, 1.0))


def bootstrap_mean(
    values: Sequence[float],
    *,
    clusters: Sequence[Hashable] | None = None,
    num_draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The mean of `values` with its percentile bootstrap interval.

    Items are drawn with replacement; with `clusters` (one label for each item) whole clusters are,
    as where several judgments are about one prompt. (Efron and Tibshirani, 1993, chapter 13.)
    The interval has no width where all values are equal; NaN where there is no value.

    >>> [round(x, 2) for x in bootstrap_mean([0.0, 1.0] * 50)]
    [0.5, 0.4, 0.6]
    >>> pairs = [i // 2 for i in range(100)]
    >>> [round(x, 2) for x in bootstrap_mean([0.0, 1.0] * 50, clusters=pairs)]
    [0.5, 0.5, 0.5]
    """
    import numpy as np

    x_N = np.asarray(values, float)
    has_N = np.isfinite(x_N)
    if not has_N.any():
        return _NONE
    sums, nums = x_N[has_N], np.ones(int(has_N.sum()))
    if clusters is not None:
        places = {name: i for i, name in enumerate(dict.fromkeys(clusters))}
        of_N = np.asarray([places[name] for name in clusters])[has_N]
        sums, nums = np.bincount(of_N, sums), np.bincount(of_N)
        sums, nums = sums[nums > 0], nums[nums > 0]
    draw = np.random.default_rng(seed)
    picks = (draw.integers(0, len(sums), len(sums)) for _ in range(num_draws))
    means = [float(sums[pick].sum() / nums[pick].sum()) for pick in picks]
    return _between(float(sums.sum() / nums.sum()), means, level)


def bootstrap_counts(
    statistic: Callable[[Any], Any],
    counts: Sequence[int],
    *,
    num_draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """A statistic of counts by category with its percentile bootstrap interval.

    To draw N items with replacement is to draw counts from the multinomial of the observed shares,
    so items that fall into few categories need not be kept. `statistic` maps an array of counts
    (.., K) to one of shape (..); draws in which it is NaN are left out. NaN where nothing was
    counted.

    >>> [round(x, 2) for x in bootstrap_counts(lambda n: n[..., 1] / n.sum(-1), [50, 50])]
    [0.5, 0.4, 0.6]
    """
    import numpy as np

    n_K = np.asarray(counts, float)
    total = int(n_K.sum()) if n_K.size else 0
    if not total:
        return _NONE
    with np.errstate(invalid="ignore", divide="ignore"):
        value = float(statistic(n_K))
        n_RK = np.random.default_rng(seed).multinomial(total, n_K / n_K.sum(), num_draws)
        replicates = np.asarray(statistic(n_RK), float)
    return _between(value, replicates[np.isfinite(replicates)].tolist(), level)


def _between(value: float, replicates: Sequence[float], level: float) -> Interval:
    if not math.isfinite(value):
        return _NONE
    return Interval(value, *quantiles(replicates, ((1 - level) / 2, (1 + level) / 2)))


def quantiles(values: Sequence[float], at: Sequence[float] = (0.5, 0.9, 0.99)) -> list[float]:
    """The quantiles `at` of the values, linear between neighbours; NaN where there is no value.

    >>> quantiles([1.0, 2.0, 3.0, 4.0], (0.0, 0.5, 1.0))
    [1.0, 2.5, 4.0]
    """
    import numpy as np

    x_N = np.asarray(values, float)
    x_N = x_N[np.isfinite(x_N)]
    return np.quantile(x_N, list(at)).tolist() if x_N.size else [math.nan] * len(at)


# --- agreement ------------------------------------------------------------------------------------


def confusion(
    first: Sequence[Hashable], second: Sequence[Hashable], labels: Sequence[Hashable]
) -> list[list[int]]:
    """Counts of items by the label of `first` (row) and of `second` (column).

    An item that has another label on either side is left out.

    >>> confusion("aab", "abb", "ab")
    [[1, 1], [0, 1]]
    """
    places = {label: i for i, label in enumerate(labels)}
    table = [[0] * len(labels) for _ in labels]
    for a, b in zip(first, second, strict=True):
        if a in places and b in places:
            table[places[a]][places[b]] += 1
    return table


def kappa(table: object, *, weights: Literal["none", "quadratic"] = "none") -> Any:
    """Cohen's kappa of a table of counts (K, K): 1 full agreement, 0 that of chance, down to -1.

    ``1 - Σ w·observed / Σ w·expected``; w is 1 off the diagonal, or ``(i-j)²`` for labels in
    order at equal distances (Cohen 1960, 1968). NaN for an empty table and where both sides use
    one and the same label alone. A stack of tables (.., K, K) gives an array (..).

    >>> round(kappa([[20, 5], [10, 15]]), 3)
    0.4
    """
    import numpy as np

    n_KK = np.asarray(table, float)
    if not n_KK.size:
        return math.nan
    place_K = np.arange(n_KK.shape[-1])
    apart_KK = place_K[:, None] - place_K
    w_KK = apart_KK**2 if weights == "quadratic" else apart_KK != 0
    rows, columns = n_KK.sum(-1), n_KK.sum(-2)
    observed = (w_KK * n_KK).sum((-2, -1))
    expected = (w_KK * rows[..., :, None] * columns[..., None, :]).sum((-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        kappas = 1 - observed * n_KK.sum((-2, -1)) / np.where(expected > 0, expected, np.nan)
    return kappas if n_KK.ndim > 2 else float(kappas)


def fleiss_kappa(ratings: Sequence[Sequence[Hashable]]) -> float:
    """Fleiss' kappa of the labels that raters gave each item: 1 full agreement, 0 that of chance.

    ``(P - E) / (1 - E)``: P the mean over items of the share of pairs of raters that agree, E the
    sum of the squared shares of the labels in all (Fleiss 1971). Items may have different numbers
    of ratings; those with fewer than two are left out. NaN without items, and where all labels are
    one and the same.

    >>> round(fleiss_kappa(["aab", "aaa", "bbb", "abb"]), 3)
    0.333
    """
    rows = [Counter(row) for row in ratings if len(row) > 1]
    totals = sum(rows, Counter())
    num = totals.total()
    expected = math.fsum((n / num) ** 2 for n in totals.values()) if num else 1.0
    if expected >= 1.0:
        return math.nan
    pairs = [sum(n * (n - 1) for n in row.values()) for row in rows]
    sizes = [row.total() * (row.total() - 1) for row in rows]
    agreed = math.fsum(p / n for p, n in zip(pairs, sizes, strict=True)) / len(rows)
    return (agreed - expected) / (1 - expected)


def pearson(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Pearson's r in [-1, 1]; NaN below two items and where one side is constant.

    >>> pearson([1.0, 2.0, 4.0], [3.0, 2.0, 0.0])
    -1.0
    """
    import numpy as np

    x_N, y_N = (_unit_scale(side) for side in _both_finite(xs, ys))
    size = math.sqrt(float((x_N**2).sum() * (y_N**2).sum()))
    return round(float(np.clip((x_N * y_N).sum() / size, -1, 1)), 12) if size > 0 else math.nan


def spearman(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Spearman's rho in [-1, 1]: Pearson's r of the ranks, ties at their mean rank.

    >>> spearman([1.0, 2.0, 30.0], [1.0, 2.0, 3.0])
    1.0
    """
    x_N, y_N = _both_finite(xs, ys)
    return pearson(ranks(x_N), ranks(y_N))


def kendall(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Kendall's tau-b in [-1, 1], which corrects for ties; NaN where one side is constant.

    ``(concordant - discordant) / sqrt((n0 - ties in x)(n0 - ties in y))`` with n0 all pairs of
    items (Kendall 1945), in N log² N by counting inversions (Knight 1966).

    >>> round(kendall([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0]), 4)
    0.6667
    """
    import numpy as np

    x_N, y_N = _both_finite(xs, ys)
    if len(x_N) < 2:
        return math.nan
    x_N, y_N = (np.unique(side, return_inverse=True)[1].reshape(-1) for side in (x_N, y_N))
    num_pairs = len(x_N) * (len(x_N) - 1) / 2
    in_x, in_y = _num_tied(x_N), _num_tied(y_N)
    in_both = _num_tied(x_N * (int(y_N.max()) + 1) + y_N)
    discordant = _inversions(y_N[np.lexsort((y_N, x_N))])
    size = math.sqrt((num_pairs - in_x) * (num_pairs - in_y))
    ahead = num_pairs - in_x - in_y + in_both - 2 * discordant
    return round(ahead / size, 12) if size else math.nan


def ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value from 1, ties sharing their mean rank; NaN keeps NaN.

    >>> ranks([10.0, 30.0, 10.0, float("nan")])
    [1.5, 3.0, 1.5, nan]
    """
    import numpy as np

    x_N = np.asarray(values, float)
    has_N = ~np.isnan(x_N)
    _, place_N, num_U = np.unique(x_N[has_N], return_inverse=True, return_counts=True)
    rank_N = np.full(len(x_N), np.nan)
    rank_N[has_N] = (np.cumsum(num_U) - (num_U - 1) / 2)[place_N.reshape(-1)]
    return rank_N.tolist()


def _both_finite(xs: Sequence[float], ys: Sequence[float]) -> tuple[Any, Any]:
    import numpy as np

    x_N, y_N = np.asarray(xs, float), np.asarray(ys, float)
    has_N = np.isfinite(x_N) & np.isfinite(y_N)
    return x_N[has_N], y_N[has_N]


def _unit_scale(x_N: Any) -> Any:
    """Mean 0 and largest size 1 (all 0 for a constant), so that squares stay in range."""
    import numpy as np

    if not x_N.size:
        return x_N
    x_N = x_N / max(float(np.abs(x_N).max()), 1e-300)
    x_N = x_N - x_N.mean()
    size = float(np.abs(x_N).max())
    return x_N / size if size > 1e-12 else np.zeros_like(x_N)


def _num_tied(place_N: Any) -> float:
    """Pairs of items with equal values."""
    import numpy as np

    num_U = np.unique(place_N, return_counts=True)[1]
    return float((num_U * (num_U - 1) / 2).sum())


def _inversions(y_N: Any) -> float:
    """Pairs that are in falling order, of whole numbers from 0.

    Two numbers fall at the highest bit in which they differ: bit by bit, among those with equal
    higher bits, the ones before each zero.
    """
    import numpy as np

    total = 0.0
    for bit in range(int(y_N.max()).bit_length()):
        high_N = y_N >> (bit + 1)
        order = np.argsort(high_N, kind="stable")
        high_N, one_N = high_N[order], (y_N[order] >> bit) & 1
        before_N = np.cumsum(one_N) - one_N
        before_N -= before_N[np.searchsorted(high_N, high_N)]
        total += float(before_N[one_N == 0].sum())
    return total


# --- calibration ----------------------------------------------------------------------------------


def brier(probabilities: Sequence[float], outcomes: Sequence[float]) -> float:
    """The mean of ``(p - outcome)²`` in [0, 1]; lower is better (Brier 1950).

    >>> brier([1.0, 0.5], [1.0, 0.0])
    0.125
    """
    p_N, y_N = _both_finite(probabilities, outcomes)
    return float(((p_N - y_N) ** 2).mean()) if len(p_N) else math.nan


def reliability(
    probabilities: Sequence[float],
    outcomes: Sequence[float],
    *,
    num_bins: int = 10,
    low: float = 0.0,
    equal: Literal["width", "mass"] = "width",
) -> list[Bin]:
    """The bins of a reliability diagram that contain an item, in rising order.

    Bins have equal width over [`low`, 1], or about equal numbers of items (equal probabilities
    stay together). An outcome is 1, 0, or what lies between for an undecided one.

    >>> [bin.num for bin in reliability([0.1, 0.12, 0.95], [0, 0, 1])]
    [2, 1]
    """
    import numpy as np

    p_N, y_N = _both_finite(probabilities, outcomes)
    if not len(p_N):
        return []
    inner = np.linspace(low, 1.0, num_bins + 1)[1:-1]
    if equal == "mass":
        inner = np.quantile(p_N, np.linspace(0, 1, num_bins + 1)[1:-1])
    of_N = np.searchsorted(inner, p_N, side="right")
    return [
        Bin(float(p_N[of_N == b].mean()), float(y_N[of_N == b].mean()), int((of_N == b).sum()))
        for b in np.unique(of_N)
    ]


def ece(
    probabilities: Sequence[float],
    outcomes: Sequence[float],
    *,
    num_bins: int = 10,
    low: float = 0.0,
    equal: Literal["width", "mass"] = "width",
) -> float:
    """The expected calibration error in [0, 1]; lower is better.

    ``Σ num_b / N · |mean probability_b - share_b|`` over the bins of `reliability` (Naeini et al.
    2015; Guo et al. 2017, arXiv 1706.04599, equation 3). It depends on the bins.

    >>> round(ece([0.9, 0.9, 0.9, 0.9], [1, 1, 0, 0]), 3)
    0.4
    """
    bins = reliability(probabilities, outcomes, num_bins=num_bins, low=low, equal=equal)
    total = sum(b.num for b in bins)
    return sum(b.num * abs(b.probability - b.share) for b in bins) / total if total else math.nan


def fit_temperature(
    probabilities: Sequence[float],
    outcomes: Sequence[float],
    *,
    num_bins: int = 10,
    low: float = 0.0,
    equal: Literal["width", "mass"] = "width",
) -> Temperature:
    """The temperature T > 0 of least log-loss, and the `ece` of ``sigmoid(log-odds / T)``.

    T above 1 says that the probabilities are too extreme (Guo et al. 2017, arXiv 1706.04599). A
    probability of 0 or 1 counts as 1e-6 away from it. The error is that of the items to which T
    was fitted. NaN where no finite T is best: all outcomes as foretold, all probabilities 0.5, or
    probabilities that point away from the outcomes.

    >>> fit = fit_temperature([0.9] * 4 + [0.1] * 4, [1, 1, 1, 0, 0, 0, 0, 1])
    >>> round(fit.value, 6), round(fit.ece, 6)
    (2.0, 0.0)
    """
    import numpy as np

    p_N, y_N = _both_finite(probabilities, outcomes)
    p_N = np.clip(p_N, _LEAST, 1 - _LEAST)
    odds_N = np.log(p_N) - np.log1p(-p_N)
    slope = logistic(y_N, odds_N, intercept=False).slopes[0]
    if not slope > 0:
        return Temperature(math.nan, math.nan)
    fitted = _sigmoid(slope * odds_N)
    left = ece(fitted.tolist(), y_N.tolist(), num_bins=num_bins, low=low, equal=equal)
    return Temperature(1 / slope, left)


# --- slopes ---------------------------------------------------------------------------------------


def logistic(
    outcomes: Sequence[float], *covariates: Sequence[float], intercept: bool = True
) -> Logistic:
    """The slopes of ``P(outcome) = sigmoid(a + b·x + ..)`` of greatest likelihood.

    Newton's method; standard errors from the inverse Hessian. Without `intercept` the fit does
    not change when the sides of an item are swapped (outcome 1 - y, covariates -x), which is what
    comparisons of pairs want. NaN where no finite slope is best (a covariate separates the
    outcomes, all outcomes equal) or none is determined (a constant covariate, too few items).

    >>> fit = logistic([1, 1, 1, 0, 0, 0, 0, 1], [1, 1, 1, 1, 0, 0, 0, 0])
    >>> round(fit.intercept, 4), round(fit.slopes[0], 4), round(fit.errors[0], 4)
    (-1.0986, 2.1972, 1.633)
    """

    y_N, x_ND = _design(outcomes, covariates, intercept)
    first, nans = int(intercept), (math.nan,) * len(covariates)
    fitted = _newton(y_N, x_ND)
    if fitted is None:
        return Logistic(math.nan, nans, nans)
    b_D, error_D = (side.tolist() for side in fitted)
    return Logistic(b_D[0] if intercept else 0.0, tuple(b_D[first:]), tuple(error_D[first:]))


def _design(outcomes: object, covariates: Sequence[object], intercept: bool) -> tuple[Any, Any]:
    """The items in which all is finite: outcomes (N,), and covariates (N, D) after the ones."""
    import numpy as np

    y_N = np.asarray(outcomes, float)
    columns = [np.ones(len(y_N))] if intercept else []
    columns += [np.asarray(column, float) for column in covariates]
    x_ND = np.stack(columns, axis=1)
    has_N = np.isfinite(y_N) & np.isfinite(x_ND).all(1)
    return y_N[has_N], x_ND[has_N]


def _newton(y_N: Any, x_ND: Any) -> tuple[Any, Any] | None:
    """The coefficients once they stand still, with their errors; None where they do not."""
    import numpy as np

    if len(y_N) <= x_ND.shape[1] or np.linalg.matrix_rank(x_ND) < x_ND.shape[1]:
        return None
    scale_D = np.abs(x_ND).max(0)
    if scale_D.min() < 1e-200:
        return None
    x_ND, b_D = x_ND / scale_D, np.zeros(x_ND.shape[1])
    for _ in range(_MAX_STEPS):
        p_N = _sigmoid(x_ND @ b_D)
        hessian_DD = (x_ND * (p_N * (1 - p_N))[:, None]).T @ x_ND
        try:
            inverse_DD = np.linalg.inv(hessian_DD)
        except np.linalg.LinAlgError:
            return None
        step_D = inverse_DD @ (x_ND.T @ (y_N - p_N))
        if np.abs(step_D).max() <= 1e-9 * max(1.0, float(np.abs(b_D).max())):
            with np.errstate(over="ignore"):
                estimate = b_D / scale_D, np.sqrt(np.diag(inverse_DD)) / scale_D
            return estimate if all(np.isfinite(values_D).all() for values_D in estimate) else None
        b_D = b_D + _damped(step_D, b_D, y_N, x_ND)
    return None


def _damped(step_D: Any, b_D: Any, y_N: object, x_ND: Any) -> Any:
    """The step, halved until it does not raise the loss."""
    before = _loss(y_N, x_ND @ b_D)
    for _ in range(_MAX_HALVINGS):
        if _loss(y_N, x_ND @ (b_D + step_D)) <= before + 1e-12 * max(1.0, before):
            break
        step_D = step_D / 2
    return step_D


def _loss(y_N: Any, eta_N: Any) -> float:
    import numpy as np

    return float((np.logaddexp(0.0, eta_N) - y_N * eta_N).sum())


def _sigmoid(eta_N: Any) -> Any:
    import numpy as np

    return 0.5 * (1 + np.tanh(eta_N / 2))
