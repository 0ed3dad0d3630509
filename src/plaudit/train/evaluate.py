"""What a reward gets on held-out pairs, beside the floors, as `plaudit bench pairs` counts it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from plaudit.bench.benchmark import benchmark
from plaudit.bench.results import assess
from plaudit.bench.sheet import Item, Scored, Sheet, line_of, prompt_key
from plaudit.train.pairs import TrainingPair
from plaudit.types import Group, Reward

__all__ = ["calibration_of", "evaluation", "position_problems", "scores_of", "sheet_of"]

Scores = list[tuple[float, float]]  # of the chosen and the rejected response of each pair


def scores_of(reward: Reward, pairs: Sequence[TrainingPair]) -> Scores:
    """The values of both sides of each pair."""
    rows = reward.score([pair.group for pair in pairs])
    return [(row[0].value, row[1].value) for row in rows]


def sheet_of(
    pairs: Sequence[TrainingPair], subset_of: Callable[[TrainingPair], str] = lambda pair: "all"
) -> Sheet:
    """The pairs as the questions of a benchmark."""
    items = (
        Item(
            str(number), subset_of(pair), prompt_key(pair.group), (1.0, 0.0), pair.group, pair.where
        )
        for number, pair in enumerate(pairs)
    )
    return Sheet(map(line_of, items))


def evaluation(name: str, pairs: Sequence[TrainingPair], scores: Scores, seed: int) -> Any:
    """Accuracy by prompt with its 95 % interval, the floors, and calibration; None without pairs.

    A tie is a loss, as in `plaudit bench`.
    """
    import numpy as np

    if not pairs:
        return None
    scored = Scored(name, np.array(scores, float).reshape(-1))
    results = assess(benchmark("pairs"), sheet_of(pairs), [scored], seed=seed)
    own = results["rewards"][0]
    return {
        "pairs": results["rows"],
        "prompts": results["prompts"],
        "accuracy": _figure(own),
        "floors": {floor["name"]: _figure(floor) for floor in results["floors"]},
        "length": own["length"],
        "calibration": own["calibration"],
    }


def _figure(entry: Mapping[str, Any]) -> dict[str, Any]:
    figure = entry["figures"]["overall"]
    return {name: figure[name] for name in ("value", "low", "high")}


def calibration_of(scores: Scores) -> dict[str, float] | None:
    """The mean and the standard deviation of the scores; None without any."""
    values = [value for pair in scores for value in pair]
    if not values:
        return None
    return {"mean": statistics.fmean(values), "std": statistics.pstdev(values)}


def position_problems(reward: Reward, pairs: Sequence[TrainingPair], scores: Scores) -> list[str]:
    """Pairs whose scores change by a bit where sides and rows are exchanged: none in a sound one.

    Every pair is scored again in reverse order of rows, with the rejected response first.
    """
    turned = [
        pair._replace(group=Group(pair.group.prompt, pair.group.responses[::-1]))
        for pair in reversed(pairs)
    ]
    again = [row[::-1] for row in scores_of(reward, turned)][::-1]
    return [
        f"{pair.where}: {before} became {after}"
        for pair, before, after in zip(pairs, scores, again, strict=True)
        if before != after or not all(map(math.isfinite, before))
    ]
