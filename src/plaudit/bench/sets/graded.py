"""Responses with grades or ranks, as in CheemsBench (AlignRM/CheemsRM) and other Chinese sets.

`accuracy` is the share of pairs of responses with different grades of which the better one scores
strictly higher; `exact_match` the share of prompts without an inverted pair, where equal scores
are no inversion (the two treat ties differently, as published). With subsets, both are the means
of the subsets'. A prompt with an unscored response is not a match, and each of its pairs that needs
the missing score is unscored; where all its grades are equal, the prompt itself is counted so.

Rows have `labels` (higher is better), one for each response, or `ranks` (lower is better).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.bench.benchmark import Benchmark, Gate, mean_of
from plaudit.bench.sheet import Item, Scored, Sheet, codes, prompt_key
from plaudit.bench.tally import Tally, Totals, figures_of
from plaudit.data.rows import Row
from plaudit.errors import DataError, clipped

MEASURES = (
    "num", "won", "tied", "unscored", "credit", "chance", "prompts", "matched", "unpaired",
)  # fmt: skip


def read(row: Row) -> Sequence[Item]:
    """The responses of a row with their grades."""
    if isinstance(row.group, DataError):
        raise row.group
    name = "ranks" if "ranks" in row.raw else "labels"
    grades = row.raw.get(name)
    size = len(row.group.responses)
    if not isinstance(grades, list) or len(grades) != size:
        raise DataError(
            f"expected a number for each of {size} responses, found {clipped(grades)}", field=name
        )
    if not all(_is_number(grade) for grade in grades):
        raise DataError(f"expected finite numbers, found {clipped(grades)}", field=name)
    sign = -1.0 if name == "ranks" else 1.0
    return [
        Item(
            str(row.raw.get("id", row.number)),
            str(row.raw.get("subset") or row.raw.get("category") or "all"),
            prompt_key(row.group),
            tuple(sign * float(grade) for grade in grades),
            row.group,
            row.where,
        )
    ]


def _is_number(value: Any) -> bool:
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and math.isfinite(value)


def measure(sheet: Sheet, scored: Scored, rule: str) -> Tally:
    """Pairs of different grades by subset, prompt by prompt."""
    import numpy as np

    rows = []
    for start, size in zip(sheet.starts_N, sheet.sizes_N, strict=True):
        rows.append(
            _pairs(
                sheet.labels_T[start : start + size], scored.values_T[start : start + size], rule
            )
        )
    cell_N, names = codes(sheet.subsets)
    amounts = np.array(rows, float).reshape(-1, len(MEASURES))
    return Tally(tuple(names), MEASURES, sheet.prompt_N, cell_N, amounts, figures)


def _pairs(grades: Any, values: Any, rule: str) -> tuple[float, ...]:
    """The measures of one prompt; `unpaired` is 1 where it is unscored and has no pair."""
    better, worse = (grades[:, None] > grades).nonzero()
    margins = values[better] - values[worse]
    won, tied = float((margins > 0).sum()), float((margins == 0).sum())
    num, unscored = float(len(margins)), float((margins != margins).sum())
    credit = won + (0.5 * tied if rule == "share" else 0.0)
    has_gap = bool((values != values).any())
    unpaired = float(has_gap and not num)
    matched = float(not has_gap and not (margins < 0).any())
    return num, won, tied, unscored + unpaired, credit, 0.5 * num, 1.0, matched, unpaired


def figures(totals: Totals) -> Mapping[str, object]:
    """Accuracy (overall) and exact match, and both of each subset."""
    cells = totals.cells
    pairs = {c: totals.ratio([c], "credit", "num") for c in cells}
    match = {c: totals.ratio([c], "matched", "prompts") for c in cells}
    shares = {"overall": mean_of([*pairs.values()]), "exact_match": mean_of([*match.values()])}
    shares |= {f"subset/{c}": value for c, value in pairs.items()}
    return {**shares, **{f"subset/{c}/exact_match": value for c, value in match.items()}}


def gates(sheet: Sheet, scored: Scored) -> list[Gate]:
    """A constant scorer wins no pair and inverts none; won both ways, tied, unscored are all."""
    import numpy as np

    zeros = figures_of(measure(sheet, Scored("constant", np.zeros(len(sheet.labels_T))), "strict"))
    own = measure(sheet, scored, "strict").totals()
    turned = Scored("turned", -scored.values_T)
    other = measure(sheet, turned, "strict").totals()
    whole = sum(float(own.over(own.cells, name)) for name in ("won", "tied", "unscored"))
    whole += float(other.over(other.cells, "won") - own.over(own.cells, "unpaired"))
    num = float(own.over(own.cells, "num"))
    whole_gates = [
        Gate("a constant scorer's exact match", zeros["exact_match"], 1, 1),
        Gate("won, won with scores turned, tied and unscored", whole, num, num),
    ]
    return (
        [Gate("a constant scorer's accuracy", zeros["overall"], 0, 0), *whole_gates]
        if num
        else whole_gates
    )


BENCHMARK = Benchmark(
    title="Graded responses",
    source="your rows: responses with labels (higher is better) or ranks (lower is better)",
    read=read,
    measure=measure,
    columns=("exact_match",),
    gates=gates,
)
