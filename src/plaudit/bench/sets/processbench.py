"""ProcessBench (Zheng et al. 2024, arXiv 2412.06559; QwenLM/ProcessBench): the first wrong step.

`label` is the index, from 0, of the first wrong step, -1 if there is none. What is predicted is
the first step whose score is not above a threshold (credit `above-0.5`, or `above-0` for logits),
else -1. Of the rows with an error the share of exact matches is acc_error, of those without
acc_correct; F1 of a split is their harmonic mean (0 where both are 0), overall the plain mean of
the splits. A row with an unscored step matches nothing.

A row of a published result file holds the index that was predicted: of it and of no other step the
score is 0, of the rest 1. One that is missing, or names no step, is unscored and matches nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from plaudit.bench.benchmark import Benchmark, Gate, Recorded, mean_of
from plaudit.bench.sheet import Item, Scored, Sheet, codes, prompt_key
from plaudit.bench.tally import Tally, Totals, divided, figures_of
from plaudit.data.rows import Row
from plaudit.errors import DataError, clipped
from plaudit.types import Group, Response

SPLITS = ("gsm8k", "math", "olympiadbench", "omnimath")
THRESHOLDS = {"above-0.5": 0.5, "above-0": 0.0}
MEASURES = ("num", "unscored", "error", "error_found", "correct", "correct_found", "credit")


def read(row: Row) -> Sequence[Item]:
    """The solution of a row; a step is right before the first wrong one, and of it alone wrong."""
    raw = row.raw
    steps, label = raw.get("steps"), raw.get("label")
    if not isinstance(steps, list) or not steps or not all(isinstance(s, str) for s in steps):
        raise DataError(f"expected a list of steps, found {clipped(steps)}", field="steps")
    if not _is_index(label, len(steps)):
        raise DataError(
            f"expected the index of a step from 0, or -1, found {clipped(label)}", field="label"
        )
    response = Response("\n\n".join(steps), columns={"steps": list(steps)})
    group = Group(_problem(raw), [response])
    labels = tuple(float(i != label) for i in range(len(steps)))
    name = str(raw.get("id", row.number))
    subset = _split(raw, row.source, name)
    key = prompt_key(group)
    return [Item(name, subset, key, labels, group, row.where, (), {"first": label})]


def _problem(raw: Mapping[str, Any]) -> str:
    return str(raw.get("problem") or raw.get("prompt") or "")


def _is_index(value: object, num_steps: int) -> bool:
    return type(value) is int and -1 <= value < num_steps


def _split(raw: Mapping[str, Any], source: str, name: str) -> str:
    """The split of a row: named in it, by its file, or by its id (gsm8k-12)."""
    stem = Path(source).name.partition(".")[0].partition("-")[0].partition("_")[0]
    for value in (raw.get("subset"), raw.get("split"), stem, name.partition("-")[0]):
        if value in SPLITS:
            return str(value)
    raise DataError(
        f"missing: the split, one of {', '.join(SPLITS)}, is named in the row, in its id or by its"
        " file",
        field="subset",
    )


def measure(sheet: Sheet, scored: Scored, rule: str) -> Tally:
    """Matches by split."""
    import numpy as np

    with np.errstate(invalid="ignore"):
        wrong_T = ~(scored.values_T > THRESHOLDS[rule])
    first_N = np.array(sheet.extra("first"), int)
    index_T = np.arange(len(wrong_T)) - np.repeat(sheet.starts_N, sheet.sizes_N)
    far = int(sheet.sizes_N.max(initial=0)) + 1
    said_N = np.minimum.reduceat(np.where(wrong_T, index_T, far), sheet.starts_N)
    said_N = np.where(said_N == far, -1, said_N)
    unscored_N = np.logical_or.reduceat(np.isnan(scored.values_T), sheet.starts_N)
    match_N = (said_N == first_N) & ~unscored_N
    is_error_N = first_N >= 0
    columns = (
        np.ones(len(sheet)),
        unscored_N,
        is_error_N,
        is_error_N & match_N,
        ~is_error_N,
        ~is_error_N & match_N,
        match_N,
    )
    cell_N, names = codes(sheet.subsets)
    amounts = np.stack([column.astype(float) for column in columns], axis=1)
    return Tally(tuple(names), MEASURES, sheet.prompt_N, cell_N, amounts, figures)


def figures(totals: Totals) -> Mapping[str, object]:
    """F1 and both accuracies of each split, and their means."""
    import numpy as np

    present = [split for split in SPLITS if split in totals.cells]
    shares: dict[str, object] = {}
    for split in present:
        error = totals.ratio([split], "error_found", "error")
        correct = totals.ratio([split], "correct_found", "correct")
        f1 = divided(2 * error * correct, error + correct)
        shares[f"split/{split}"] = np.where(error + correct == 0, 0.0, f1)
        shares |= {f"split/{split}/acc_error": error, f"split/{split}/acc_correct": correct}
    return {"overall": mean_of([shares[f"split/{split}"] for split in present]), **shares}


def gates(sheet: Sheet, scored: Scored) -> list[Gate]:
    """A scorer that calls every step valid finds no error, one that calls none finds no solution.

    Both have an F1 of 0 wherever a split has rows of both sorts; one that knows has 1.
    """
    import numpy as np

    all_gates = []
    rows = list(zip(sheet.subsets, sheet.extra("first"), strict=True))
    splits = {
        split: {first >= 0 for s, first in rows if s == split}
        for split in dict.fromkeys(sheet.subsets)
    }
    for name, values_T in (
        ("every step valid", np.ones(len(sheet.labels_T))),
        ("every step invalid", -np.ones(len(sheet.labels_T))),
        ("the labels", sheet.labels_T),
    ):
        got = figures_of(measure(sheet, Scored(name, values_T), "above-0.5"))
        due = float(name == "the labels")
        all_gates += [
            Gate(f"{name}: F1 of {split}", got[f"split/{split}"], due, due)
            for split, sorts in splits.items()
            if len(sorts) == 2 and (due or name == "every step valid" or _is_plain(sheet, split))
        ]
    return all_gates


def _is_plain(sheet: Sheet, split: str) -> bool:
    """Whether calling every step wrong finds no error: none of the split is in the first step."""
    rows = zip(sheet.subsets, sheet.extra("first"), strict=True)
    return all(first != 0 for subset, first in rows if subset == split)


# --- published results ----------------------------------------------------------------------------


def recorded(raw: Mapping[str, Any], file: str) -> Iterator[Recorded]:
    """A row of ``SPLIT_error.jsonl`` or ``SPLIT_correct.jsonl``: the data's, and `prediction`."""
    label, steps = raw.get("label"), raw.get("steps")
    if "prediction" not in raw or type(label) is not int:
        raise DataError(
            f"a result of ProcessBench has label and prediction; the row has {', '.join(raw)}",
            field="prediction" if "prediction" not in raw else "label",
        )
    if not isinstance(steps, list) or not _is_index(label, len(steps)):
        raise DataError(
            f"expected the steps of the solution, found {clipped(steps)}", field="steps"
        )
    predicted, num = raw["prediction"], len(steps)
    values = tuple(float(i != predicted) for i in range(num))
    if not _is_index(predicted, num):
        values = (float("nan"),) * num
    name = str(raw.get("id", ""))
    yield Recorded(
        name,
        _split(raw, file, name),
        tuple(float(i != label) for i in range(num)),
        values,
        str(raw.get("model") or ""),
        prompt=prompt_key(Group(_problem(raw), [])),
        extra={"first": label},
        stated=None if raw.get("match") is None else float(bool(raw["match"])),
        is_judge="generated_critique" in raw,
    )


BENCHMARK = Benchmark(
    title="ProcessBench",
    source="Qwen/ProcessBench",
    read=read,
    measure=measure,
    credits=tuple(THRESHOLDS),
    columns=tuple(f"split/{split}" for split in SPLITS),
    subsets=SPLITS,
    scores="steps",
    recorded=recorded,
    gates=gates,
)
