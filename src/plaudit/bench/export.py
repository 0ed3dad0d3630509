"""The results of a run in the layout of RewardBench's own files.

``eval-set/NAME.json`` has the share of each subset, ``eval-set-scores/NAME.json`` an object of
columns: id, subset, results, and the scores, both under the published credit where there is one.
Texts are not in them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plaudit.bench.benchmark import benchmark
from plaudit.bench.folder import Folder
from plaudit.bench.sheet import Scored, Sheet
from plaudit.bench.tally import figures_of
from plaudit.errors import ConfigError

__all__ = ["export_rewardbench"]

_LAYOUTS = ("rewardbench", "rewardbench2", "pairs")


def export_rewardbench(folder: Folder, results: Mapping[str, Any]) -> list[Path]:
    """Writes two files for each reward into FOLDER/rewardbench; their paths.

    Raises: ConfigError for a benchmark or rows of another form, and for two rewards whose files
    would have one name; then nothing is written.
    """
    bench, sheet = benchmark(results["benchmark"]), folder.sheet()
    if bench.name not in _LAYOUTS:
        raise ConfigError(f"{bench.name}: RewardBench has no layout for it")
    if bench.name != "rewardbench2":
        _check_pairs(sheet)
    scored = folder.scored(sheet)
    _check_names([one.name for one in scored])
    rule = "rewardbench" if "rewardbench" in bench.credits else "strict"
    paths = []
    for one in scored:
        tally = bench.measure(sheet, one, rule)
        credit_N = tally.amounts_UM[: len(sheet), tally.measures.index("credit")]
        about = {"model": one.name, "model_type": _type(one), "chat_template": "plaudit"}
        shares = {
            name.partition("/")[2]: _number(value)
            for name, value in figures_of(tally).items()
            if name.startswith(("subset/", "domain/"))
        }
        columns = {**_columns(bench.name, sheet, one), "results": credit_N.tolist(), **about}
        paths += [
            _write(folder.path / "rewardbench" / "eval-set", one.name, {**shares, **about}),
            _write(folder.path / "rewardbench" / "eval-set-scores", one.name, columns),
        ]
    return paths


def _check_pairs(sheet: Sheet) -> None:
    """Raises ConfigError for a row of more than two responses, which the layout cannot hold."""
    for line in sheet.lines:
        if len(line["labels"]) != 2:
            raise ConfigError(
                f"{line['where'] or line['id']}: {len(line['labels'])} responses: RewardBench's"
                " layout has one chosen and one rejected"
            )


def _check_names(names: Sequence[str]) -> None:
    """Raises ConfigError where the results of one reward would replace those of another."""
    by_file: dict[str, str] = {}
    for name in names:
        other = by_file.setdefault(_file_name(name).lower(), name)
        if other != name:
            raise ConfigError(
                f"the rewards {other!r} and {name!r} would both be written to {_file_name(name)}:"
                " name one, as NAME=PATH"
            )


def _type(one: Scored) -> str:
    return "Generative" if one.is_judge else "Seq. Classifier"


def _columns(name: str, sheet: Sheet, one: Scored) -> dict[str, object]:
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
    columns: dict[str, object] = {"id": sheet.ids, "subset": sheet.subsets}
    if name == "rewardbench2":
        columns["scores"] = [chosen + rejected for chosen, rejected in sides]
        columns["num_correct"] = [len(chosen) for chosen, _ in sides]
        return columns
    columns["scores_chosen"] = [chosen[0] for chosen, _ in sides]
    columns["scores_rejected"] = [rejected[0] for _, rejected in sides]
    return columns


def _number(value: float) -> float | None:
    return None if value != value else value


def _file_name(name: str) -> str:
    """The file of a reward.

    >>> _file_name("org/model 7B")
    'org_model_7B.json'
    """
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '_', name)[:120]}.json"


def _write(folder: Path, name: str, value: Mapping[str, object]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _file_name(name)
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    return path
