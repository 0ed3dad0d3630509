"""Null gates that several benchmarks share: what scorers that know nothing must get."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

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

    labels_T, starts_N = sheet.labels_T > 0, sheet.starts_N
    constant = credit.outcomes(np.zeros(len(labels_T)), labels_T, starts_N)
    is_open_N = (constant.chance_N > 0) & (constant.chance_N < 1)
    num_open = float(is_open_N.sum())
    ties = float((constant.of_N == credit.TIE).sum())
    wins = float(((constant.of_N == credit.WIN) & is_open_N).sum())
    chance = float(constant.chance_N.sum())
    shared = float(credit.share(constant).sum())
    return [
        Gate("a constant scorer wins", wins, 0, 0),
        Gate("a constant scorer ties", ties, num_open, num_open),
        Gate("a constant scorer earns by shares", shared, chance, chance),
        _random_gate(sheet, constant.chance_N),
    ]


def _random_gate(sheet: Sheet, chance_N: Any) -> Gate:
    """A random scorer's wins against their 99.9 % interval.

    One set of rows in a thousand falls outside by chance, so the first of three seeds that falls
    inside counts: a biased rule falls outside with all three.
    """
    from plaudit.bench.floors import random_values

    middle = float(chance_N.sum())
    half = _Z * math.sqrt(float((chance_N * (1 - chance_N)).sum())) + 0.5
    gate = Gate("a random scorer wins", math.nan, middle - half, middle + half)
    for seed in range(3):
        values_T = random_values(sheet, seed=seed)
        rows = credit.outcomes(values_T, sheet.labels_T > 0, sheet.starts_N)
        gate = replace(gate, value=float(credit.strict(rows).sum()))
        if gate.holds:
            break
    return gate


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
