"""The single rows of a board, in columns: what was asked, what each reward gave, and what it said.

A page holds at most 20,000 rows. Of more, it has the most confident losses of each reward and the
rest evenly spaced; how many it has of how many stands on it, and all of them are in scores.jsonl.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from plaudit.bench.benchmark import benchmark
from plaudit.bench.charts import RowOutcomes
from plaudit.bench.folder import Folder
from plaudit.bench.read import RowCounts, items_of
from plaudit.bench.runner import _file
from plaudit.bench.sheet import Scored, Sheet, codes, line_of
from plaudit.errors import ConfigError
from plaudit.untrusted import clip

__all__ = ["is_safety", "rows_of", "texts_of"]

MAX_ROWS = 20_000
_MAX_CHARS = 24_000_000  # of all texts on a page
_TEXT_LIMITS = (300, 4000)  # of one text, at least and at most
_NOTE_LIMIT = 1000
_SAFETY = re.compile(
    r"safe|refus|harm|xstest|donotanswer|do-not-answer|danger|offens|toxic|jailbreak|unsafe", re.I
)


def is_safety(subset: str) -> bool:
    """Whether a subset's name says that its texts may be unsafe: a page shows them on demand alone.

    >>> is_safety("xstest-should-refuse"), is_safety("hep-python")
    (True, False)
    """
    return _SAFETY.search(subset) is not None


def rows_of(
    sheet: Sheet,
    scored: Sequence[Scored],
    outcomes: Sequence[RowOutcomes | None],
    *,
    remarks: Iterable[Mapping[str, object]] = (),
    texts: Mapping[int, Mapping[str, object]] | None = None,
    most: int = MAX_ROWS,
) -> dict[str, object]:
    """The rows of a page: columns of what the items are, and of what each reward gave them.

    `remarks` are lines of scores.jsonl with notes, errors or decisions; `texts` are by the number
    of the item.
    """
    picks = _picks(len(sheet), outcomes, most)
    lines = [sheet.lines[i] for i in picks]
    subset_N, subsets = codes([line["subset"] for line in lines])
    return {
        "num": len(sheet),
        "number": picks,
        "id": [line["id"] for line in lines],
        "subset": subset_N.tolist(),
        "subsets": subsets,
        "safety": [is_safety(name) for name in subsets],
        "where": [line.get("where", "") for line in lines],
        "labels": [line["labels"] for line in lines],
        "chars": [line.get("chars") for line in lines],
        "in_train": [bool(line.get("in_train")) for line in lines],
        "rewards": [
            _column(sheet, one, rows, picks) for one, rows in zip(scored, outcomes, strict=True)
        ],
        "remarks": _remarks(remarks, picks),
        "texts": None if texts is None else _clipped([texts.get(i) for i in picks]),
    }


def _picks(num: int, outcomes: Sequence[RowOutcomes | None], most: int) -> list[int]:
    """The numbers of the rows that a page holds, in order."""
    import numpy as np

    if num <= most:
        return list(range(num))
    wrong = [_most_confident(rows) for rows in outcomes if rows is not None]
    in_turn = chain.from_iterable(zip(*[w[: most // 2] for w in wrong], strict=False))
    picks = set(islice(dict.fromkeys(in_turn), most // 2))
    rest = np.array(sorted(set(range(num)) - picks))
    places = np.linspace(0, len(rest) - 1, most - len(picks)).astype(int)
    return sorted(picks | set(rest[places].tolist()))


def _most_confident(rows: RowOutcomes) -> list[int]:
    """The confident losses, the largest margin first."""
    import numpy as np

    lost = np.flatnonzero(rows.is_confident_N)
    return lost[np.argsort(rows.margin_N[lost], kind="stable")].tolist()


def _column(
    sheet: Sheet, one: Scored, rows: RowOutcomes | None, picks: Sequence[int]
) -> dict[str, object]:
    """What one reward gave the rows; `outcome` is 0 lost, 1 won, 2 tied, 3 unscored."""
    ends = (sheet.starts_N + sheet.sizes_N).tolist()
    starts, values = sheet.starts_N.tolist(), one.values_T.tolist()
    column: dict[str, object] = {
        "name": one.name,
        "values": [values[starts[i] : ends[i]] for i in picks],
    }
    if rows is not None:
        column["outcome"] = rows.of_N[picks].tolist()
        column["margin"] = rows.margin_N[picks].tolist()
        column["confident"] = rows.is_confident_N[picks].tolist()
        column["threshold"] = rows.threshold
    return column


def _remarks(lines: Iterable[Mapping[str, Any]], picks: Sequence[int]) -> list[dict[str, object]]:
    """Notes, errors and decisions of the rows of a page, `row` being the row's place on it."""
    places = {number: place for place, number in enumerate(picks)}
    return [
        {
            "row": places[line["item"]],
            "reward": line["reward"],
            "notes": [clip(str(note or ""), _NOTE_LIMIT) for note in line.get("notes") or ()],
            "errors": [clip(str(error or ""), _NOTE_LIMIT) for error in line.get("errors") or ()],
            "faults": [str(fault or "") for fault in line.get("faults") or ()],
            "decisions": [str(one) for one in line.get("decisions") or ()],
            "flipped": line.get("flipped"),
        }
        for line in lines
        if line["item"] in places
    ]


def _clipped(texts: Sequence[Mapping[str, Any] | None]) -> list[dict[str, object] | None]:
    num = sum(1 + len(text["responses"]) for text in texts if text is not None)
    least, most = _TEXT_LIMITS
    limit = max(least, min(most, _MAX_CHARS // max(num, 1)))
    return [None if text is None else _cut(text, limit) for text in texts]


def _cut(text: Mapping[str, Any], limit: int) -> dict[str, object]:
    responses = [clip(response, limit) for response in text["responses"]]
    return {"prompt": clip(text["prompt"], limit), "responses": responses}


# --- texts ----------------------------------------------------------------------------------------


def texts_of(
    folders: Sequence[Folder], sheet: Sheet, *, is_wanted: bool
) -> dict[int, Mapping[str, object]] | None:
    """The texts of the items that a folder holds, by number; None where there are none.

    Where they are wanted and no folder holds them all, the data of the first is read again.

    Raises: ConfigError where that data is gone or has changed.
    """
    texts: dict[int, Mapping[str, object]] = {}
    for folder in folders:
        texts |= {i: line["text"] for i, line in enumerate(folder.items()) if line.get("text")}
    if is_wanted and len(texts) < len(sheet):
        texts = _texts_again(folders[0], sheet)
    return texts or None


def _texts_again(folder: Folder, sheet: Sheet) -> dict[int, Mapping[str, object]]:
    manifest = folder.manifest()
    files = [_unchanged(folder, file) for file in manifest["data"]]
    if not files:
        raise ConfigError(f"{folder.path}: include_text: the run has no data, results alone")
    items = items_of(
        benchmark(manifest["benchmark"]),
        files,
        RowCounts(),
        columns=manifest.get("columns"),
        by=manifest.get("by"),
        limit=manifest.get("limit"),
    )
    by_key = {}
    for item in items:
        line = line_of(item)
        by_key[item.subset, item.id, line.get("digest")] = item.as_text()
    keys = ((line["subset"], line["id"], line.get("digest")) for line in sheet.lines)
    return {i: by_key[key] for i, key in enumerate(keys) if key in by_key}


def _unchanged(folder: Folder, file: Mapping[str, Any]) -> str:
    """The path of a data file. Raises ConfigError where it is not the one that was scored."""
    path, digest = file["path"], file.get("sha256")
    where = f"{folder.path}: include_text: {path}"
    if digest is not None and not os.path.isfile(path):
        raise ConfigError(f"{where}: no such file: the texts are read from the data of the run")
    if digest is not None and _file(path)["sha256"] != digest:
        raise ConfigError(f"{where}: has changed since the run")
    return path
