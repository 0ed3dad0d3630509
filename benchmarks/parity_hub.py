"""Six reward models of the hub against the figures that RewardBench publishes for them.

Scores the `filtered` split with plaudit, reads ``eval-set/MODEL.json`` (shares by subset) and
``eval-set-scores/MODEL.json`` (scores by row) of `allenai/reward-bench-results`, and compares them
subset by subset and row by row. It needs a network, the weights and an accelerator: it was not run
where plaudit is developed, and no figure of it is claimed anywhere.

    python -m benchmarks.parity_hub --output parity            # all six, one after the other
    python -m benchmarks.parity_hub --output parity --model Ray2333/GRM-Gemma-2B-sftreg
    python -m benchmarks.parity_hub --output parity --data rows.jsonl --published FOLDER

A subset counts as equal within a point: published scores are of 16-bit arithmetic with padding, so
rows near a tie may fall either way. What is beyond it is listed with its rows.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import plaudit
from plaudit.bench.benchmark import benchmark
from plaudit.bench.folder import Folder
from plaudit.bench.recorded import publications
from plaudit.bench.runner import Entrant, Run

DATA = "hf:allenai/reward-bench:filtered"
RESULTS = "allenai/reward-bench-results"
MODELS = (
    "OpenAssistant/reward-model-deberta-v3-large-v2",
    "weqweasdas/RM-Gemma-2B",
    "Ray2333/GRM-Gemma-2B-sftreg",
    "sfairXC/FsfairX-LLaMA3-RM-v0.1",
    "RLHFlow/ArmoRM-Llama3-8B-v0.1",
    "Skywork/Skywork-Reward-Llama-3.1-8B",
)
PROFILE = "rb-run-rm"
TOLERANCE = 0.01


class Difference(NamedTuple):
    """A subset's share, ours and theirs, and the ids of the rows that fall the other way."""

    subset: str
    ours: float
    theirs: float
    flipped: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Whether the shares agree within a point."""
        return abs(self.ours - self.theirs) <= TOLERANCE


def published(model: str, kind: str, folder: str | None) -> str:
    """The path of a published file: below `folder`, or downloaded from the hub."""
    name = f"{kind}/{model}.json"
    if folder is not None:
        return os.path.join(folder, name)
    from huggingface_hub import hf_hub_download

    return hf_hub_download(RESULTS, name, repo_type="dataset")


def compared(
    results: Mapping[str, Any], ours: Mapping[tuple[str, str], bool], shares: str, rows: str
) -> list[Difference]:
    """Each subset that both have, ours against the published shares and rows."""
    theirs = json.loads(Path(shares).read_text(encoding="utf-8"))
    (recorded,) = publications(benchmark("rewardbench"), [f"published={rows}"])
    won = {
        (row.subset, row.id): row.values[0] > row.values[1] if row.values else row.credit == 1
        for row in recorded.rows
    }
    figures = results["rewards"][0]["figures"]
    return [
        Difference(
            subset,
            figures[f"subset/{subset}"]["value"],
            theirs[subset],
            tuple(i for (name, i), is_won in ours.items() if name == subset
                  and won.get((name, i), is_won) != is_won),
        )
        for subset in results["subsets"]
        if subset in theirs
    ]  # fmt: skip


def rows_won(folder: Folder) -> dict[tuple[str, str], bool]:
    """Which rows the reward of a run won, by subset and id."""
    sheet = folder.sheet()
    (one,) = folder.scored(sheet)
    right_N2 = one.values_T.reshape(-1, 2)
    return {
        (subset, name): bool(right > wrong)
        for subset, name, (right, wrong) in zip(sheet.subsets, sheet.ids, right_N2, strict=True)
    }


def measure(
    model: str, output: Path, data: str, folder: str | None, **params: Any
) -> list[Difference]:
    """Scores a model, or goes on with it, and compares it with what is published."""
    reward = plaudit.load(f"hf:{model}" if folder is None else model, **params)
    run = Folder(output / model.replace("/", "--"))
    bench = Run("rewardbench", run, [data], [Entrant(model, reward, params)])
    results = bench.score()
    name = model if folder is None else Path(model).name
    paths = (published(name, kind, folder) for kind in ("eval-set", "eval-set-scores"))
    return compared(results, rows_won(run), *paths)


def main(argv: Sequence[str]) -> int:
    """Prints the subsets of each model; 1 where one of them is beyond a point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--model", action="append")
    parser.add_argument("--data", default=DATA)
    parser.add_argument("--published")
    options = parser.parse_args(argv)
    num_apart = 0
    for model in options.model or MODELS:
        differences = measure(
            model, options.output, options.data, options.published, profile=PROFILE
        )
        print(model)
        for one in differences:
            mark = "=" if one.is_equal else "APART"
            rows = f"; rows {', '.join(one.flipped[:10])}" if one.flipped else ""
            print(f"  {one.subset:24} {one.ours:.4f} {one.theirs:.4f} {mark}{rows}")
        num_apart += sum(not one.is_equal for one in differences)
    return 1 if num_apart else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
