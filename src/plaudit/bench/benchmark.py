"""What a benchmark is: how its rows are read, what they credit, and what its figures are.

Each file of `plaudit.bench.sets` is one benchmark and defines ``BENCHMARK``; the file's name is the
benchmark's. Nothing else names it: a file that is added is found, one that is deleted is gone.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from plaudit.bench import credit, sets
from plaudit.bench.sheet import Item, Scored, Sheet, codes
from plaudit.bench.tally import Figures, Tally, Totals
from plaudit.data.rows import Row
from plaudit.errors import ConfigError, did_you_mean

__all__ = ["Benchmark", "Gate", "Recorded", "available", "benchmark", "credited", "tally_of"]


@dataclass(frozen=True)
class Recorded:
    """One row of a published result file: the question as far as the file tells it, and its scores.

    `values` are the recorded scores, or `credit` the recorded result where there are none. `said`
    is what the publication itself says of the row (1 right, 0 wrong), to be compared with it.
    """

    id: str
    subset: str
    labels: tuple[float, ...]
    values: tuple[float, ...] | None
    model: str = ""
    prompt: str = ""
    place: tuple[int, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    credit: float | None = None
    stated: float | None = None
    decisions: tuple[str | None, ...] | None = None
    is_judge: bool = False


@dataclass(frozen=True)
class Gate:
    """What a scorer that knows nothing must get, and what it got.

    `expected` is a range; the gate holds where the figure is in it.
    """

    name: str
    value: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Whether the figure is within the range."""
        return self.low - 1e-9 <= self.value <= self.high + 1e-9


Read = Callable[[Row], Sequence[Item]]
Measure = Callable[[Sheet, Scored, str], Tally]
Import = Callable[[Mapping[str, Any], str], Iterator[Recorded]]  # a row of a file, the file's name


@dataclass(frozen=True)
class Benchmark:
    """One benchmark.

    `read` makes the items of a row and raises DataError for one that is not of this benchmark;
    `measure` tallies the scores of a reward under a credit (one of `credits`, the first by
    default). `subsets` are those it knows: rows of others are named and left out; where it is empty
    all are taken. Those of them that are absent are named, except for the `optional` ones.
    `headline` is the figure that a leaderboard sorts by, `columns` those it shows.

    `gates` are what scorers that know nothing must get. `recorded` reads a row of a published
    result file, `repair` mends such rows where they are known to be wrong, and says what it did;
    `stated` are the figures, by name, that an object of a whole run says of itself.
    Where `keeps_first`, a repeated id counts once. `is_share` says that the headline is the plain
    share of all rows that are won, so that McNemar's test is about it; `is_selection` that best of
    n has a curve.
    `countings` are other countings of a judge's decisions; `unread` says by credit what an
    unreadable reply of a judge earns, where that is not nothing.
    """

    title: str
    source: str
    read: Read
    measure: Measure
    credits: tuple[str, ...] = ("strict", "share")
    headline: str = "overall"
    columns: tuple[str, ...] = ()
    subsets: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    scores: Literal["responses", "steps"] = "responses"
    recorded: Import | None = None
    repair: Callable[[list[Recorded]], list[str]] | None = None
    stated: Callable[[Mapping[str, object]], Mapping[str, float]] | None = None
    gates: Callable[[Sheet, Scored], list[Gate]] | None = None
    keeps_first: bool = False
    is_share: bool = False
    is_selection: bool = False
    countings: Callable[[Sequence[Any], Sequence[str]], Mapping[str, float]] | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    name: str = ""


def available() -> list[str]:
    """The names of the benchmarks.

    >>> "rewardbench" in available()
    True
    """
    modules = pkgutil.iter_modules(sets.__path__)
    return sorted(info.name for info in modules if not info.name.startswith("_"))


def benchmark(name: str) -> Benchmark:
    """The benchmark of a name. Raises ConfigError for an unknown one.

    >>> benchmark("judgebench").name
    'judgebench'
    """
    from dataclasses import replace

    spelled = name.replace("-", "_")
    if spelled not in available():
        raise ConfigError(
            f"no benchmark {name!r}{did_you_mean(spelled, available())};"
            f" benchmarks are {', '.join(available())}"
        )
    return replace(importlib.import_module(f"{sets.__name__}.{spelled}").BENCHMARK, name=spelled)


# --- benchmarks whose rows are right or wrong -----------------------------------------------------

MEASURES = ("num", "won", "tied", "unscored", "credit", "chance")


def credited(
    sheet: Sheet, scored: Scored, rules: Mapping[str, credit.Credit], rule: str
) -> tuple[credit.Outcomes, Any]:
    """The outcome of each row of rival responses, and its credit under a rule.

    A row whose result was published without scores has that result as its credit; one that could
    not be scored for another reason than an unreadable reply of a judge earns nothing.
    """
    import numpy as np

    rows = credit.outcomes(scored.values_T, sheet.labels_T > 0, sheet.starts_N)
    if scored.credit_N is not None:
        has_N = np.isfinite(scored.credit_N)
        result_N = np.where(scored.credit_N >= 1, credit.WIN, credit.TIE)
        result_N = np.where(scored.credit_N <= 0, credit.LOSS, result_N)
        rows = rows._replace(
            of_N=np.where(has_N, result_N, rows.of_N),
            share_N=np.where(has_N, scored.credit_N, rows.share_N),
        )
    credit_N = rules[rule](rows, scored.is_judge)
    if scored.failed_N is not None:
        credit_N = np.where((rows.of_N == credit.UNSCORED) & scored.failed_N, 0.0, credit_N)
    return rows, credit_N


def tally_of(
    sheet: Sheet,
    rows: credit.Outcomes,
    credit_N: Any,
    figures: Figures,
    *,
    cells: Sequence[str] | None = None,
) -> Tally:
    """The tally of rows with one outcome each, by subset or by the `cells` that are given."""
    import numpy as np

    cell_N, names = codes(sheet.subsets if cells is None else cells)
    columns = [np.ones(len(sheet))]
    columns += [rows.of_N == kind for kind in (credit.WIN, credit.TIE, credit.UNSCORED)]
    amounts = np.stack([*columns, credit_N, rows.chance_N], axis=1).astype(float)
    return Tally(tuple(names), MEASURES, sheet.prompt_N, cell_N, amounts, figures)


def subset_figures(totals: Totals) -> dict[str, object]:
    """The mean credit of each cell, as ``subset/NAME``."""
    return {f"subset/{c}": totals.ratio([c], "credit", "num") for c in totals.cells}


def mean_of(values: Sequence[object], weights: Sequence[float] | None = None) -> object:
    """The weighted mean of figures, over those that are numbers; NaN where none is.

    >>> float(mean_of([0.5, float("nan"), 1.0], [1, 5, 3]))
    0.875
    """
    import numpy as np

    if not len(values):
        return np.asarray(np.nan)
    x = np.stack(np.broadcast_arrays(*[np.asarray(v, float) for v in values]))
    w = np.asarray([1.0] * len(values) if weights is None else weights, float)
    w = w.reshape(-1, *[1] * (x.ndim - 1)) * np.isfinite(x)
    total = w.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, (np.nan_to_num(x) * w).sum(0) / total, np.nan)
