"""The folder of a run: what was scored, what came out, and what it was made with.

    manifest.json   command, recipes, versions, seeds, hardware, the data files with their hashes
    items.jsonl     one line a question, without texts (see `plaudit.bench.sheet`)
    scores.jsonl    one line for each question and reward, in order
    results.json    the figures (see `plaudit.bench.results`), made of the other three alone
    report.html     a page of them (see `plaudit.bench.page`), made of the other four alone
    scores.parquet  the lines of scores.jsonl as a table, if requested

A killed run loses at most the line being written; the same command goes on after the last whole
line, and scores again what a system fault left unscored (by way of ``scores.retried.jsonl``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from plaudit.bench.sheet import Scored, Sheet
from plaudit.data import export
from plaudit.data.journal import RetriedLines
from plaudit.data.jsontext import dumps, loads_object
from plaudit.data.tables import require_pyarrow
from plaudit.errors import ConfigError, DataError, PlauditError, clipped
from plaudit.journal import io_error

__all__ = ["UNREADABLE", "Folder", "hardware", "versions"]

PAGE = "report.html"
_FIXED = (  # what a resumed run shares
    "schema", "benchmark", "data", "columns", "by", "limit", "train", "include_text", "plaudit",
)  # fmt: skip
_MANIFEST, _ITEMS, _SCORES = "manifest.json", "items.jsonl", "scores.jsonl"
_RESULTS, _RETRIED, _TABLE = "results.json", "scores.retried.jsonl", "scores.parquet"
UNREADABLE = "unreadable"  # the fault of a score that a judge's reply does not give


class Folder:
    """A run's folder."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"Folder({os.fspath(self.path)!r})"

    @property
    def exists(self) -> bool:
        """Whether a run has been begun here."""
        return (self.path / _MANIFEST).exists()

    def begin(self, manifest: Mapping[str, Any], *, overwrite: bool = False) -> bool:
        """Makes the folder, or finds that a run like this one was begun in it (True).

        Raises: ConfigError where the folder holds another run, or other files.
        """
        has_rows = any((self.path / name).exists() for name in (_ITEMS, _SCORES, _RESULTS))
        if self.exists and has_rows and not overwrite:  # else it ended before it read any row
            self._check_same(manifest)
            return True
        if self.path.is_dir() and any(self.path.iterdir()) and not self.exists:
            raise ConfigError(
                f"{self.path}: is not empty and is not the folder of a run; choose another folder"
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for name in (_ITEMS, _SCORES, _RETRIED, _RESULTS, _TABLE):
                (self.path / name).unlink(missing_ok=True)
            (self.path / PAGE).unlink(missing_ok=True)
            self.write_manifest(manifest)
        except OSError as error:
            raise io_error(self.path, error) from error
        return False

    def _check_same(self, manifest: Mapping[str, Any]) -> None:
        before, now = self.manifest(), json.loads(json.dumps(manifest))
        names = [name for name in _FIXED if before.get(name) != now.get(name)]
        was, is_ = (_recipes(m) for m in (before, now))
        if was != is_[: len(was)]:
            names.append("rewards")
        if names:
            changes = "; ".join(
                f"{name} was {clipped(before.get(name))}, is {clipped(now.get(name))}"
                for name in names
            )
            raise ConfigError(
                f"{self.path}: is the folder of another run: {changes}; overwrite starts again,"
                " or name another"
                " folder"
            )

    def manifest(self) -> dict[str, Any]:
        """What the run was made with. Raises ConfigError if there is none."""
        return self._object(_MANIFEST)

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Writes what the run is made with."""
        self._write(_MANIFEST, manifest)

    def results(self) -> dict[str, Any]:
        """The figures of a finished run."""
        return self._object(_RESULTS)

    def write_results(self, results: Mapping[str, Any]) -> None:
        """Writes the figures, at once."""
        self._write(_RESULTS, results)

    def _object(self, name: str) -> dict[str, object]:
        place = self.path / name
        try:
            return json.loads(place.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(
                f"{self.path}: is not the folder of a run ({name} is missing)"
            ) from None
        except ValueError as error:
            raise ConfigError(f"{place}: broken JSON: {error}") from None

    def _write(self, name: str, value: Mapping[str, object]) -> None:
        place = self.path / name
        draft = place.with_name(f"{name}.new")
        try:
            draft.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
            os.replace(draft, place)
        except OSError as error:
            raise io_error(place, error) from error

    # --- items ------------------------------------------------------------------------------------

    def write_items(self, lines: Iterable[Mapping[str, Any]]) -> int:
        """Writes the questions, all or none; how many."""
        draft, num = self.path / f"{_ITEMS}.new", 0
        try:
            with draft.open("wb") as file:
                for line in lines:
                    file.write(dumps(line) + b"\n")
                    num += 1
            os.replace(draft, self.path / _ITEMS)
        except OSError as error:
            raise io_error(draft, error) from error
        return num

    @property
    def has_items(self) -> bool:
        """Whether the questions are all written."""
        return (self.path / _ITEMS).exists()

    def items(self) -> Iterator[dict[str, Any]]:
        """The questions."""
        return _objects(self.path / _ITEMS)

    def sheet(self) -> Sheet:
        """The questions in columns."""
        return Sheet(self.items())

    # --- scores -----------------------------------------------------------------------------------

    def open_scores(self) -> RetriedLines:
        """The scores so far, to be appended to or replaced by this process alone."""
        return RetriedLines(self.path / _SCORES, self.path / _RETRIED, is_alone=True)

    @property
    def has_table(self) -> bool:
        """Whether the scores stand in the folder as a table, too."""
        return (self.path / _TABLE).exists()

    def write_table(self) -> None:
        """Writes ``scores.parquet``. Raises MissingExtra without pyarrow."""
        require_pyarrow("scores.parquet")
        draft = self.path / f"{_TABLE}.new"
        try:
            export.FORMATS[".parquet"](self.path / _SCORES, draft)  # type: ignore[misc]
            os.replace(draft, self.path / _TABLE)
        except OSError as error:
            raise io_error(draft, error) from error

    def score_lines(self) -> Iterator[dict[str, Any]]:
        """The lines of scores, with notes and errors, in order."""
        return _objects(self.path / _SCORES)

    def scored(self, sheet: Sheet) -> list[Scored]:
        """The scores of each reward of the manifest, as far as there are any.

        Raises: ConfigError where a score belongs to no item.
        """
        abouts = [a for a in self.manifest()["rewards"] if a.get("origin") != "reported"]
        readers = [_Reader(about, sheet) for about in abouts]
        by_name = {reader.name: reader for reader in readers}
        for number, line in enumerate(self.score_lines(), 1):
            reader = by_name.get(line.get("reward", ""))
            if reader is None:
                raise ConfigError(
                    f"{self.path / _SCORES}:{number}: field 'reward': not in the manifest:"
                    f" {line.get('reward')!r}"
                )
            reader.add(line, f"{self.path / _SCORES}:{number}")
        unfinished = [reader for reader in readers if reader.num < len(sheet)]
        if unfinished:
            first = unfinished[0]
            raise ConfigError(
                f"{self.path}: unfinished: {first.name} has scores for {first.num:,} of"
                f" {len(sheet):,} items; repeat its command to continue"
            )
        return [reader.scored() for reader in readers]


class _Reader:
    """The scores of one reward, gathered from its lines."""

    def __init__(self, about: Mapping[str, Any], sheet: Sheet) -> None:
        import numpy as np

        self.name: str = about["name"]
        self.num = 0
        self._about, self._sheet = about, sheet
        self._values_T = np.full(int(sheet.sizes_N.sum()), np.nan)
        self._credit_N = np.full(len(sheet), np.nan)
        self._flipped_N = np.full(len(sheet), np.nan)
        self._failed_N = np.zeros(len(sheet), bool)
        self._decisions: list[Any] = [None] * len(sheet)
        self._errors: dict[str, int] = {}

    def add(self, line: Mapping[str, Any], where: str) -> None:
        """Takes in the line of one item."""
        i = line.get("item")
        if not isinstance(i, int) or not 0 <= i < len(self._sheet):
            raise ConfigError(f"{where}: field 'item': {i!r} is no item of {len(self._sheet):,}")
        if line.get("id") != self._sheet.ids[i]:
            raise ConfigError(
                f"{where}: field 'id': {line.get('id')!r}, where item {i} is"
                f" {self._sheet.ids[i]!r}: the items are those of another run"
            )
        self.num += 1
        start, size = int(self._sheet.starts_N[i]), int(self._sheet.sizes_N[i])
        values = line.get("values")
        if values is not None:
            if len(values) != size:
                raise ConfigError(f"{where}: field 'values': {len(values)} for {size} responses")
            self._values_T[start : start + size] = [
                float("nan") if value is None else value for value in values
            ]
            self._failed_N[i] = _is_failed(values, line.get("faults"))
        if line.get("credit") is not None:
            self._credit_N[i] = line["credit"]
        if line.get("flipped") is not None:
            self._flipped_N[i] = line["flipped"]
        self._decisions[i] = line.get("decisions")
        for error in filter(None, line.get("errors", [])):
            self._errors[error] = self._errors.get(error, 0) + 1

    def scored(self) -> Scored:
        """What the lines hold in all."""
        import numpy as np

        has_decisions = all(decision is not None for decision in self._decisions)
        origin = self._about.get("origin", "scored")
        lowest = self._about.get("lowest")
        most = sorted(self._errors.items(), key=lambda pair: -pair[1])[:20]
        return Scored(
            self.name,
            self._values_T,
            is_judge=bool(self._about.get("is_judge")),
            credit_N=self._credit_N if np.isfinite(self._credit_N).any() else None,
            decisions=self._decisions if has_decisions and self._decisions else None,
            flipped_N=self._flipped_N if np.isfinite(self._flipped_N).any() else None,
            failed_N=self._failed_N if origin == "scored" else None,
            lowest=float("nan") if lowest is None else float(lowest),
            origin=origin,
            errors=dict(most),
        )


def _is_failed(values: Sequence[float | None], faults: Sequence[str | None] | None) -> bool:
    """Whether a value is missing for another reason than an unreadable reply of a judge.

    >>> _is_failed([None, 1.0], ["unreadable", None]), _is_failed([None, 1.0], ["system", None])
    (False, True)
    """
    reasons = [None] * len(values) if faults is None or len(faults) != len(values) else faults
    return any(
        value is None and reason != UNREADABLE
        for value, reason in zip(values, reasons, strict=True)
    )


def _recipes(manifest: Mapping[str, Any]) -> list[object]:
    return [
        (reward["name"], reward.get("recipe"), reward.get("files"))
        for reward in manifest.get("rewards", [])
    ]


def _objects(place: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of lines; what is half written at its end is not a line."""
    if not place.exists():
        return
    with place.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield loads_object(line)
            except DataError as error:
                raise PlauditError(f"{place}:{number}: {error}") from None


def versions() -> dict[str, str]:
    """The versions of plaudit, Python and the libraries that have a part in scores, if loaded.

    >>> sorted(versions())[:2]
    ['numpy', 'plaudit']
    """
    import platform
    import sys

    import numpy

    from plaudit import __version__

    numbers = {"plaudit": __version__, "python": platform.python_version()}
    numbers["numpy"] = numpy.__version__
    for name in ("torch", "transformers", "tokenizers", "safetensors", "math_verify", "sympy"):
        version = getattr(sys.modules.get(name), "__version__", None)
        if version is not None:
            numbers[name] = str(version)
    return numbers


def hardware() -> dict[str, object]:
    """The machine: its processor, how many, and the accelerator where torch is loaded."""
    import platform
    import sys

    facts: dict[str, object] = {
        "system": platform.system(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
    }
    torch: object = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        facts["accelerators"] = [
            torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())
        ]
    return facts
