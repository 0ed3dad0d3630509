"""Published result files read back: their rows, what they say of themselves, and what is mended.

A file may be JSON Lines, a JSON list of rows, or an object of columns in which what holds for all
rows occurs once (as ``eval-set-scores`` of RewardBench has it). An object of nothing but shares by
subset is *reported*: there are no rows to recompute it from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from plaudit.bench.benchmark import Benchmark, Recorded
from plaudit.bench.read import files_of
from plaudit.bench.sheet import Scored, Sheet
from plaudit.data.read import read
from plaudit.errors import ConfigError, DataError

__all__ = [
    "Publication",
    "disagreement",
    "earned",
    "joined",
    "misstated",
    "publications",
    "published_rule",
    "sheet_of",
]

PUBLISHED = ("rewardbench",)  # credits that are published rules; else the first
_NUM_SHOWN = 3
_KINDS = ("subset", "section", "domain", "split", "category")
_APART = 1e-4  # half of the last digit in which percentages are published


@dataclass
class Publication:
    """The results of one model: its rows, or the shares that it reports, and what was noticed."""

    model: str
    files: list[str]
    rows: list[Recorded] = field(default_factory=list)
    reported: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """How the numbers came about."""
        return "recomputed from rows" if self.rows else "reported"


def publications(benchmark: Benchmark, files: Sequence[str]) -> list[Publication]:
    """The results in files, one for each model, rows mended where they are known to be wrong.

    ``NAME=FILE`` names the model, and a directory is the files of one. Files of one model are put
    together. Raises: ConfigError, and DataError with file, line and field.
    """
    if benchmark.recorded is None:
        raise ConfigError(f"{benchmark.name}: no layout of published results is known")
    results: dict[str, Publication] = {}
    for place in files:
        name, path = _split(place)
        inside = files_of([path])
        name = name or (Path(path).name if inside != [path] else "")
        for one in (one for file in inside for one in _of_file(benchmark, name, file)):
            _put_together(results, one)
    for one in results.values():
        one.notes += (ignored := _without_unknown(benchmark, one))
        if not one.rows and not one.reported:
            raise ConfigError(f"{', '.join(one.files)}: no row of {benchmark.name}: {ignored[0]}")
        if benchmark.repair is not None and one.rows:
            one.notes += benchmark.repair(one.rows)
        if benchmark.keeps_first:
            one.notes += _keep_first(one)
        one.notes += _repeated(one.rows)
    return list(results.values())


def _put_together(results: dict[str, Publication], one: Publication) -> None:
    """Adds the results of a file to those of its model. Raises ConfigError where rows occur twice.

    Ids may repeat within a file, as they were published; across files they are two results.
    """
    if (before := results.setdefault(one.model, one)) is one:
        return
    rows = {(row.subset, row.id) for row in before.rows}
    if any((row.subset, row.id) in rows for row in one.rows) or (before.reported and one.reported):
        raise ConfigError(f"two results of {one.model!r}: name them apart, as NAME=FILE")
    before.files += one.files
    before.rows += one.rows
    before.notes += one.notes
    before.reported |= one.reported


def _keep_first(one: Publication) -> list[str]:
    """Takes out the rows whose id repeats, but for the first of each."""
    first: dict[tuple[str, str], Recorded] = {}
    for row in one.rows:
        first.setdefault((row.subset, row.id), row)
    num = len(one.rows) - len(first)
    one.rows = list(first.values())
    return [f"{num:,} rows repeat an id: the first of each counts, as published"] if num else []


def _without_unknown(benchmark: Benchmark, one: Publication) -> list[str]:
    """Takes out the rows of subsets that the benchmark does not know, and names them."""
    if not benchmark.subsets:
        return []
    counts: dict[str, int] = {}
    for row in one.rows:
        if row.subset not in benchmark.subsets:
            counts[row.subset] = counts.get(row.subset, 0) + 1
    one.rows = [row for row in one.rows if row.subset not in counts]
    listed = ", ".join(f"{name or 'no name'} ({num:,})" for name, num in counts.items())
    return [f"ignored, no subset of this benchmark: {listed}"] if counts else []


def _split(place: str) -> tuple[str, str]:
    """The name and the file of ``NAME=FILE``; a file that exists under the whole text is itself."""
    name, equals, file = place.partition("=")
    return (name, file) if equals and not Path(place).exists() else ("", place)


def _of_file(benchmark: Benchmark, name: str, file: str) -> list[Publication]:
    """The results in a file; rows that name no model are those of the only one that others name."""
    assert benchmark.recorded is not None
    rows: list[Recorded] = []
    shares: list[tuple[str, dict[str, float]]] = []
    raws, notes = _last_run(benchmark, list(_raws(file)))
    for number, raw in raws:
        if reported := _reported(benchmark, raw):
            shares.append((str(raw.get("model") or ""), reported))
            if not _states(benchmark, raw):
                continue
        try:
            rows += [
                row if row.id else replace(row, id=str(number))
                for row in benchmark.recorded(raw, file)
            ]
        except DataError as error:
            raise error.at(f"{file}:{number}") from None
    models = {model for model in (*(row.model for row in rows), *(m for m, _ in shares)) if model}
    other = next(iter(models)) if len(models) == 1 else Path(file).name.partition(".json")[0]
    results: dict[str, Publication] = {}
    for row in rows:
        model = name or row.model or other
        results.setdefault(model, Publication(model, [file])).rows.append(row)
    for model, reported in shares:
        model = name or model or other
        results.setdefault(model, Publication(model, [file])).reported |= reported
    if not results:
        raise ConfigError(f"{file}: contains no result")
    for one in results.values():
        one.notes += notes
    return list(results.values())


def _states(benchmark: Benchmark, raw: Mapping[str, Any]) -> bool:
    """Whether an object is a whole run, with figures of its own."""
    return benchmark.stated is not None and bool(benchmark.stated(raw))


def _last_run(
    benchmark: Benchmark, raws: list[tuple[int, Mapping[str, object]]]
) -> tuple[list[tuple[int, Mapping[str, object]]], list[str]]:
    """The rows of a file to which each run appends its object: of these the last counts."""
    runs = [i for i, (_, raw) in enumerate(raws) if _states(benchmark, raw)]
    if len(runs) < 2:
        return raws, []
    remaining = [pair for i, pair in enumerate(raws) if i not in runs[:-1]]
    return remaining, [f"the file holds {len(runs)} runs: the last counts, as published"]


def _raws(file: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rows of a file with their numbers. Raises DataError for a line that cannot be read."""
    for row in read(file):
        if not row.raw and isinstance(row.group, DataError):
            raise row.group
        yield from enumerate(_rows_of(row.raw, row.where), row.number)


def _rows_of(raw: Mapping[str, object], where: str) -> list[Mapping[str, object]]:
    """The rows of an object of columns; a row is itself."""
    columns = {k: v for k, v in raw.items() if isinstance(v, list)}
    keys = [name for name in ("id", "subset", "results") if name in columns]
    if not keys:
        return [raw]
    num = len(columns[keys[0]])
    for name, values in columns.items():
        if len(values) != num:
            raise DataError(
                f"{len(values)} values where {keys[0]!r} has {num}", where=where, field=name
            )
    shared = {k: v for k, v in raw.items() if k not in columns}
    return [{**shared, **{k: v[i] for k, v in columns.items()}} for i in range(num)]


def _reported(benchmark: Benchmark, raw: Mapping[str, Any]) -> dict[str, float]:
    """The figures that a run states, or the shares by subset of an object with nothing else."""
    if benchmark.stated is not None and (figures := benchmark.stated(raw)):
        return dict(figures)
    if any(name in raw for name in ("id", "subset", "results")):
        return {}
    spelled = {subset.lower(): subset for subset in benchmark.subsets}
    return {
        spelled[key.lower()]: float(value)
        for key, value in raw.items()
        if key.lower() in spelled and isinstance(value, int | float)
    }


def _repeated(rows: Sequence[Recorded]) -> list[str]:
    """Says which ids repeat: they cannot be joined with anything."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row.subset, row.id)
        counts[key] = counts.get(key, 0) + 1
    double = [f"{subset}/{name}" for (subset, name), num in counts.items() if num > 1]
    if not double:
        return []
    more = f" and {len(double) - _NUM_SHOWN} more" if len(double) > _NUM_SHOWN else ""
    return [f"{len(double)} ids repeat: {', '.join(double[:_NUM_SHOWN])}{more}"]


# --- as a sheet -----------------------------------------------------------------------------------


def sheet_of(results: Sequence[Publication]) -> tuple[Sheet, list[Scored]]:
    """The rows that all results share, and each model's scores on them.

    Raises: ConfigError where the results are about different rows: no paired test could be made.
    """
    with_rows = [one for one in results if one.rows]
    if not with_rows:
        return Sheet([]), []
    first = with_rows[0]
    keys = _keys(first.rows)
    for other in with_rows[1:]:
        theirs = _keys(other.rows)
        if theirs.keys() != keys.keys():
            apart = len(theirs.keys() ^ keys.keys())
            raise ConfigError(
                f"{first.model} and {other.model} are about different rows ({apart:,} are in"
                " only one"
                " of them alone): import them into folders of their own;"
                " `plaudit bench --offline FOLDER FOLDER` sets them side by side without a test"
            )
    lines = [_line(key, row) for key, row in keys.items()]
    scored = [_scored(one, [_keys(one.rows)[key] for key in keys], None) for one in with_rows]
    return Sheet(lines), scored


def joined(results: Sequence[Publication], data: Sheet) -> tuple[Sheet, list[Scored], list[str]]:
    """The items of the data that all results have scores for, those scores, and what was left out.

    Raises: ConfigError where nothing can be joined.
    """
    with_rows = [one for one in results if one.rows]
    tables = [_keys(one.rows) for one in with_rows]
    places = [
        i
        for i, line in enumerate(data.lines)
        if all((line["subset"], line["id"]) in table for table in tables)
    ]
    if not places:
        raise ConfigError("no row of the data has the id of a recorded result")
    notes = []
    if len(places) < len(data):
        notes.append(f"{len(data) - len(places):,} rows of the data have no recorded result")
    keys = [(data.lines[i]["subset"], data.lines[i]["id"]) for i in places]
    for one, table in zip(with_rows, tables, strict=True):
        if left := len(table) - len(keys):
            notes.append(f"{left:,} rows of {one.model} are not in the data")
    lines = [
        {**data.lines[i], "extra": {**tables[0][k].extra, **data.lines[i].get("extra", {})}}
        for i, k in zip(places, keys, strict=True)
    ]
    sheet = Sheet(lines)
    scored = [
        _scored(one, [table[key] for key in keys], sheet)
        for one, table in zip(with_rows, tables, strict=True)
    ]
    return sheet, scored, notes


def _keys(rows: Sequence[Recorded]) -> dict[tuple[str, str], Recorded]:
    """The rows by subset and id; a repeated id is numbered."""
    table: dict[tuple[str, str], Recorded] = {}
    for row in rows:
        key, again = (row.subset, row.id), 1
        while key in table:
            again += 1
            key = (row.subset, f"{row.id}#{again}")
        table[key] = row
    return table


def _line(key: tuple[str, str], row: Recorded) -> dict[str, Any]:
    subset, name = key
    line: dict[str, object] = {
        "id": name,
        "subset": subset,
        "prompt": row.prompt or f"{subset}/{name}",
        "labels": list(row.labels),
        "where": "",
    }
    if row.place:
        line["place"] = list(row.place)
    if row.extra:
        line["extra"] = dict(row.extra)
    return line


def _scored(one: Publication, rows: Sequence[Recorded], sheet: Sheet | None) -> Scored:
    """The recorded scores, in the order of the sheet's responses."""
    import numpy as np

    values: list[float] = []
    for i, row in enumerate(rows):
        own = row.values if row.values is not None else (float("nan"),) * len(row.labels)
        labels = row.labels if sheet is None else tuple(sheet.lines[i]["labels"])
        values += _turned(own, row, labels)
    credit_N = np.array([np.nan if row.credit is None else row.credit for row in rows])
    decisions = None
    if rows and all(row.decisions is not None for row in rows):
        decisions = [row.decisions or () for row in rows]
    return Scored(
        one.model,
        np.array(values, float),
        is_judge=any(row.is_judge for row in rows),
        credit_N=credit_N if np.isfinite(credit_N).any() else None,
        decisions=decisions,
        origin=one.origin,
    )


def _turned(values: Sequence[float], row: Recorded, labels: Sequence[float]) -> list[float]:
    """The values in the order of the labels; the recorded ones may be in the other order."""
    if tuple(labels) == row.labels:
        return list(values)
    if len(labels) == 2 and tuple(labels[::-1]) == row.labels:
        return list(values[::-1])
    raise ConfigError(
        f"{row.subset}/{row.id}: the data has labels {list(labels)}, the result {list(row.labels)}"
    )


def published_rule(benchmark: Benchmark) -> str:
    """The credit under which a benchmark's figures are published."""
    rules = [rule for rule in benchmark.credits if rule in PUBLISHED]
    return rules[0] if rules else benchmark.credits[0]


def earned(benchmark: Benchmark, one: Publication) -> object:
    """The credit of each row of a publication under the rule that it was published with.

    None where it says no result of any row.
    """
    if all(row.stated is None for row in one.rows):
        return None
    scores = _scored(one, one.rows, None)
    lines = [_line(key, row) for key, row in _keys(one.rows).items()]
    sheet = Sheet(lines)
    rule = published_rule(benchmark)
    tally = benchmark.measure(sheet, replace(scores, credit_N=None), rule)
    return tally.amounts_UM[: len(sheet), tally.measures.index("credit")]


def disagreement(rows: Sequence[Recorded], credit_N: Any) -> str | None:
    """Where the publication's own result of a row is not what its scores earn."""
    if credit_N is None:
        return None
    pairs = [
        (row, float(earned))
        for row, earned in zip(rows, credit_N, strict=True)
        if row.stated is not None and row.values is not None
    ]
    apart = [(row, earned) for row, earned in pairs if abs((row.stated or 0.0) - earned) > 1e-6]
    if not apart:
        return None
    row, earned = apart[0]
    return (
        f"the publication disagrees with its own rows: {len(apart):,} of {len(pairs):,} rows say"
        f" another result than their scores (first: {row.subset}/{row.id} says {row.stated:g},"
        f" its scores earn {earned:g})"
    )


def misstated(reported: Mapping[str, float], figures: Mapping[str, Any]) -> list[str]:
    """Figures that a publication states otherwise than its rows give them.

    `figures` are those recomputed, as results have them.

    >>> misstated({"hep-go": 0.7, "Math": 0.5}, {"subset/hep-go": {"value": 0.5}})
    ['states hep-go as 0.7000, its rows give 0.5000']
    """
    notes = []
    for name, stated in reported.items():
        spelled = (name, *(f"{kind}/{name}" for kind in _KINDS))
        value = next((figures[key]["value"] for key in spelled if key in figures), None)
        if value is not None and abs(value - stated) > _APART:
            notes.append(f"states {name} as {stated:.4f}, its rows give {value:.4f}")
    return notes
