"""Null gates that several benchmarks share: what scorers that know nothing must get."""

from __future__ import annotations

import math

from plaudit.bench import credit
from plaudit.bench.benchmark import Gate
from plaudit.bench.sheet import Scored, Sheet

__all__ = ["pair_gates", "rival_gates"]

_Z = 3.2905  # the normal quantile of a 99.9 % interval


def rival_gates(sheet: Sheet, scored: Scored) -> list[Gate]:
    """A constant scorer ties all and earns chance by shares; a random one is near chance.

    Rows whose responses are all right, or all wrong, cannot be tied.
    """
    import numpy as np

    from plaudit.bench.floors import random_values

    labels_T, starts_N = sheet.labels_T > 0, sheet.starts_N
    constant = credit.outcomes(np.zeros(len(labels_T)), labels_T, starts_N)
    is_open_N = (constant.chance_N > 0) & (constant.chance_N < 1)
    num_open = float(is_open_N.sum())
    ties = float((constant.of_N == credit.TIE).sum())
    wins = float(((constant.of_N == credit.WIN) & is_open_N).sum())
    chance = float(constant.chance_N.sum())
    shared = float(credit.share(constant).sum())
    random_rows = credit.outcomes(random_values(sheet), labels_T, starts_N)
    half = _Z * math.sqrt(float((constant.chance_N * (1 - constant.chance_N)).sum())) + 0.5
    return [
        Gate("a constant scorer wins", wins, 0, 0),
        Gate("a constant scorer ties", ties, num_open, num_open),
        Gate("a constant scorer earns by shares", shared, chance, chance),
        Gate(
            "a random scorer wins",
            float(credit.strict(random_rows).sum()),
            chance - half,
            chance + half,
        ),
    ]


def pair_gates(sheet: Sheet, scored: Scored) -> list[Gate]:
    """`rival_gates`, and: won, won with the labels swapped, tied and unscored are all rows."""
    swapped = credit.outcomes(scored.values_T, sheet.labels_T == 0, sheet.starts_N)
    if scored.credit_N is not None:
        return rival_gates(sheet, scored)
    own = credit.outcomes(scored.values_T, sheet.labels_T > 0, sheet.starts_N)
    whole = sum(
        float((rows.of_N == kind).sum())
        for rows, kinds in (
            (own, (credit.WIN, credit.TIE, credit.UNSCORED)),
            (swapped, (credit.WIN,)),
        )
        for kind in kinds
    )
    name = "won, won with labels swapped, tied and unscored"
    return [*rival_gates(sheet, scored), Gate(name, whole, len(sheet), len(sheet))]
