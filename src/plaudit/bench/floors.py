"""Floors: what scorers that know nothing of quality get on the same rows.

Each of them is a `Scored` like that of a reward and goes through the same credit, intervals and
tests. A benchmark that a floor solves says little about a reward that solves it too.
"""

from __future__ import annotations

from typing import Any

from plaudit.bench.benchmark import Benchmark
from plaudit.bench.sheet import Scored, Sheet
from plaudit.hashing import content_hash

__all__ = ["floors", "random_values"]


def floors(benchmark: Benchmark, sheet: Sheet, *, seed: int = 0) -> list[Scored]:
    """The floors that the rows allow.

    Longer and shorter compare characters, first the place in the source's own order (absent where
    not all rows tell it), most markdown the number of ``**``, ``#`` and fences. For steps they are
    every step valid, every step invalid, and random.
    """
    import numpy as np

    random_T = random_values(sheet, seed=seed)
    if benchmark.scores == "steps":
        ones = np.ones(len(sheet.labels_T))
        constants = {"every step valid": ones, "every step invalid": -ones, "random": random_T}
        return [Scored(name, values_T, origin="floor") for name, values_T in constants.items()]
    values: dict[str, object] = {}
    if (chars_T := sheet.feature("chars")) is not None:
        values |= {"longer wins": chars_T, "shorter wins": -chars_T}
    if (place_T := sheet.feature("place")) is not None:
        values["first wins"] = -place_T
    if (markdown_T := sheet.feature("markdown")) is not None:
        values["most markdown wins"] = markdown_T
    values["random"] = random_T
    return [Scored(name, values_T, origin="floor") for name, values_T in values.items()]


def random_values(sheet: Sheet, *, seed: int = 0) -> Any:
    """A number in [0, 1) for each response, hashed from the seed, the item and its place in it."""
    import numpy as np

    return np.array(
        [
            int(content_hash(str(seed), line["id"], line["subset"], str(i)), 16) / 2**64
            for line in sheet.lines
            for i in range(len(line["labels"]))
        ]
    )
