"""The results of a run in the layout of RewardBench's own files.

``eval-set/NAME.json`` has the share of each subset, ``eval-set-scores/NAME.json`` an object of
columns: id, subset, results, and the scores. Texts are not in them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plaudit.bench.benchmark import benchmark
from plaudit.bench.folder import Folder
from plaudit.bench.sheet import Scored, Sheet
from plaudit.errors import ConfigError

__all__ = ["export_rewardbench"]

_LAYOUTS = ("rewardbench", "rewardbench2", "pairs")


def export_rewardbench(folder: Folder, results: Mapping[str, Any]) -> list[Path]:
    """Writes two files for each reward into FOLDER/rewardbench; their paths.

    Raises: ConfigError for a benchmark whose rows have another form.
    """
    bench, sheet = benchmark(results["benchmark"]), folder.sheet()
    if bench.name not in _LAYOUTS:
        raise ConfigError(f"{bench.name}: RewardBench has no layout for it")
    rule = "rewardbench" if "rewardbench" in bench.credits else "strict"
    paths = []
    for one in folder.scored(sheet):
        tally = bench.measure(sheet, one, rule)
        credit_N = tally.amounts_UM[: len(sheet), tally.measures.index("credit")]
        entry = next(e for e in results["rewards"] if e["name"] == one.name)
        about = {"model": one.name, "model_type": _type(one), "chat_template": "plaudit"}
        shares = {
            name.partition("/")[2]: figure["value"]
            for name, figure in entry["figures"].items()
            if name.startswith(("subset/", "domain/"))
        }
        columns = {**_columns(bench.name, sheet, one), "results": credit_N.tolist(), **about}
        paths += [
            _write(folder.path / "rewardbench" / "eval-set", one.name, {**shares, **about}),
            _write(folder.path / "rewardbench" / "eval-set-scores", one.name, columns),
        ]
    return paths


def _type(one: Scored) -> str:
    return "Generative" if one.is_judge else "Seq. Classifier"


def _columns(name: str, sheet: Sheet, one: Scored) -> dict[str, Any]:
    """The columns of all rows; a missing score is null."""
    rows = [
        one.values_T[start : start + size].tolist()
        for start, size in zip(sheet.starts_N, sheet.sizes_N, strict=True)
    ]
    right = [[label > 0 for label in line["labels"]] for line in sheet.lines]
    sides = [
        (
            [_number(v) for v, is_right in zip(values, labels, strict=True) if is_right],
            [_number(v) for v, is_right in zip(values, labels, strict=True) if not is_right],
        )
        for values, labels in zip(rows, right, strict=True)
    ]
    columns: dict[str, Any] = {"id": sheet.ids, "subset": sheet.subsets}
    if name == "rewardbench2":
        columns["scores"] = [chosen + rejected for chosen, rejected in sides]
        columns["num_correct"] = [len(chosen) for chosen, _ in sides]
        return columns
    columns["scores_chosen"] = [chosen[0] for chosen, _ in sides]
    columns["scores_rejected"] = [rejected[0] for _, rejected in sides]
    return columns


def _number(value: float) -> float | None:
    return None if value != value else value


def _write(folder: Path, name: str, value: Mapping[str, object]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '_', name)[:120]}.json"
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    return path
