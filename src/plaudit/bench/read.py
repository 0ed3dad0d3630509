"""The items of a benchmark in files: read, checked and counted, none of them dropped in silence."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from plaudit.bench.benchmark import Benchmark
from plaudit.bench.sheet import Item
from plaudit.data.read import FORMATS, read
from plaudit.data.rivals import licence_of
from plaudit.data.rows import Row
from plaudit.errors import ConfigError, DataError

__all__ = ["RowCounts", "files_of", "items_of", "subset_by"]

_PACKED = (".gz", ".zst")
_NUM_SHOWN = 20


@dataclass
class RowCounts:
    """What came of the rows: how many were read, and what is wrong with some of them.

    `ignored` counts the rows of subsets that the benchmark does not know, by subset. `problems`
    holds the first twenty of each kind with their places: bad rows, equal or empty responses,
    repeated ids.
    """

    rows: int = 0
    items: int = 0
    bad: int = 0
    ignored: dict[str, int] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    _ids: dict[tuple[str, str], int] = field(default_factory=dict, repr=False)

    def note(self, kind: str, what: str) -> None:
        """Counts a problem, and keeps its place among the first."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        first = self.problems.setdefault(kind, [])
        if len(first) < _NUM_SHOWN:
            first.append(what)

    def as_dict(self) -> dict[str, object]:
        """The counts and problems as plain data."""
        names = ("rows", "items", "bad", "ignored", "problems", "counts")
        return {name: getattr(self, name) for name in names}

    def lines(self) -> Iterator[str]:
        """What a person should know, one line each."""
        if self.ignored:
            listed = ", ".join(f"{name} ({num:,})" for name, num in self.ignored.items())
            yield f"ignored, no subset of this benchmark: {listed}"
        for kind, first in self.problems.items():
            num = self.counts[kind]
            more = f" (and {num - 1:,} more)" if num > 1 else ""
            yield f"{kind}: {first[0]}{more}"


def files_of(data: Sequence[str]) -> list[str]:
    """The files that are named, those of directories among them in the order of their paths.

    Raises: ConfigError for a directory without any, and for standard input, which is read once.
    """
    files: list[str] = []
    for place in data:
        if place == "-":
            raise ConfigError("--data -: standard input is read once, the data is read twice")
        path = Path(place)
        if place.startswith("hf:") or not path.is_dir() or (path / "dataset_info.json").exists():
            files.append(place)
            continue
        inside = sorted(os.fspath(child) for child in path.rglob("*") if _is_rows(child))
        if not inside:
            raise ConfigError(f"{place}: no file with rows ({', '.join(FORMATS)}) in it")
        files += inside
    return files


def _is_rows(path: Path) -> bool:
    name = path.name.lower()
    for packed in _PACKED:
        name = name.removesuffix(packed)
    is_hidden = any(part.startswith(".") for part in path.parts[-2:])
    return path.is_file() and not is_hidden and Path(name).suffix in FORMATS


def items_of(
    benchmark: Benchmark,
    files: Sequence[str],
    intake: RowCounts,
    *,
    columns: Mapping[str, str] | None = None,
    by: str | None = None,
    limit: int | None = None,
) -> Iterator[Item]:
    """The items of files, in order; what is wrong with rows goes to the intake.

    `by` names a column that takes the place of the subset, for benchmarks of any rows. A row that
    cannot be read is counted with its place and field. An id that repeats within its subset is
    numbered (``7#2``) and noted; both rows count, but of PRMBench the first alone, as published.
    """
    for row in read(files, columns=columns, limit=limit):
        intake.rows += 1
        try:
            items = _items(benchmark, row, by)
        except DataError as error:
            intake.bad += 1
            intake.note("bad row", str(row.placed(error) if not error.where else error))
            continue
        for item in items:
            if benchmark.subsets and item.subset not in benchmark.subsets:
                intake.ignored[item.subset] = intake.ignored.get(item.subset, 0) + 1
            elif (checked := _checked(benchmark, item, intake)) is not None:
                intake.items += 1
                yield checked


def _items(benchmark: Benchmark, row: Row, by: str | None) -> Sequence[Item]:
    items = benchmark.read(row)
    if licence := licence_of(row):
        items = [replace(item, licence=licence) for item in items]
    if by is None:
        return items
    subset = subset_by(row, by)
    return [replace(item, subset=subset) for item in items]


def subset_by(row: Row, column: str) -> str:
    """The subset of a row that one of its columns names. Raises DataError where it has none."""
    if row.raw.get(column) is None:
        raise DataError(f"missing; the row has {', '.join(row.raw)}", field=column)
    return str(row.raw[column])


def _checked(benchmark: Benchmark, item: Item, intake: RowCounts) -> Item | None:
    """The item under an id of its own; None where a repeated unit does not count."""
    key = (item.subset, item.id)
    intake._ids[key] = again = intake._ids.get(key, 0) + 1
    if again > 1:
        intake.note("repeated id", f"{item.where}: field 'id': {item.id!r} is repeated")
        if benchmark.keeps_first:
            return None
        item = replace(item, id=f"{item.id}#{again}")
    if benchmark.scores == "responses":
        _note_texts(item, intake)
    return item


def _note_texts(item: Item, intake: RowCounts) -> None:
    """Notes a response that is empty, and one that is right here and wrong there."""
    texts = item.texts
    if not all(text.strip() for text in texts):
        intake.note("empty response", f"{item.where}: field 'response': empty")
    sides = [{t for t, label in zip(texts, item.labels, strict=True) if label == x} for x in (1, 0)]
    if sides[0] & sides[1]:
        where = f"{item.where}: field 'rejected'"
        intake.note("equal responses on both sides", f"{where}: equals a chosen one: it cannot win")
