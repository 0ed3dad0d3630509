"""A run of a benchmark: items into a folder, rewards over them, figures out of it.

Memory is bounded: the data is read once for the items, which go to a file without their texts, and
once for each reward, whose scores go to a file line by line. `offline` makes the figures again from
the folder alone.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from plaudit import offers
from plaudit.bench.benchmark import Benchmark, benchmark
from plaudit.bench.curves import Ensemble
from plaudit.bench.folder import UNREADABLE, Folder, hardware, versions
from plaudit.bench.offline import offline
from plaudit.bench.read import RowCounts, files_of, items_of
from plaudit.bench.recorded import (
    Publication,
    disagreement,
    earned,
    joined,
    publications,
    sheet_of,
)
from plaudit.bench.results import SCHEMA, rule_of
from plaudit.bench.sheet import Item, Scored, Sheet, line_of
from plaudit.data.jsontext import dumps, loads_object
from plaudit.data.judged import prompts_of
from plaudit.data.overlap import EvalPrompts
from plaudit.data.read import read
from plaudit.data.tables import require_pyarrow
from plaudit.data.write import is_retryable
from plaudit.errors import ConfigError, DataError
from plaudit.hashing import file_sha256
from plaudit.rule import prompt_text
from plaudit.run import Progress, Result, run
from plaudit.types import Reward, Score

__all__ = ["Entrant", "Run", "offline"]

_NOTE_CHARS = 2000


@dataclass(frozen=True)
class Entrant:
    """A reward that takes part: its name in tables, itself, and the recipe that builds it."""

    name: str
    reward: Reward
    recipe: Any = None

    @property
    def is_judge(self) -> bool:
        """Whether a language model's verdicts are behind the scores."""
        return offers.is_judge(self.reward)


@dataclass
class Run:
    """One run of a benchmark into a folder.

    `data` are files, directories or ``hf:`` names; `imports` published result files (``NAME=FILE``
    or FILE), which join the data by id where there is any. `by` is a column in the place of the
    subset. `train` are files whose prompts are looked for among those of the benchmark. With
    `has_table` the scores are written as Parquet, too.
    """

    name: str
    folder: Folder
    data: Sequence[str] = ()
    entrants: Sequence[Entrant] = ()
    imports: Sequence[str] = ()
    credit: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    by: str | None = None
    limit: int | None = None
    train: Sequence[str] = ()
    ensembles: Sequence[Ensemble] = ()
    include_text: bool = False
    has_table: bool = False
    seed: int = 0
    num_draws: int = 1000
    workers: int = 0
    deadline_s: float = 60.0
    command: str = ""
    intake: RowCounts = field(default_factory=RowCounts)

    def score(
        self,
        *,
        overwrite: bool = False,
        on_progress: Callable[[str, Progress], None] | None = None,
    ) -> dict[str, object]:
        """Scores what is not yet scored, writes the folder, and returns the results.

        Raises: ConfigError, EngineError, PlauditError for a gate that does not hold, and DataError
        where no row of the data can be read.
        """
        bench = benchmark(self.name)
        self._check(bench)
        files = files_of(self.data)
        results = publications(bench, self.imports) if self.imports else []
        _check_ensembles(self.ensembles, [*self.entrants, *(p for p in results if p.rows)])
        _refuse_same_names([*(e.name for e in self.entrants), *(p.model for p in results)])
        manifest = self._manifest(bench, files, results)
        self.folder.begin(manifest, overwrite=overwrite)
        if not self.folder.has_items:
            self._write_items(bench, files, results)
        manifest["intake"] = self._intake()
        if results:
            self._write_imports(bench, files, results, manifest)
        self.folder.write_manifest(manifest)
        num_before = sum(bool(one.rows) for one in results)
        for number, entrant in enumerate(self.entrants, num_before):
            self._score_one(bench, files, number, entrant, on_progress)
        if self.has_table or self.folder.has_table:  # one of an earlier run would be out of date
            self.folder.write_table()
        return offline(self.folder)

    def _check(self, bench: Benchmark) -> None:
        """Raises ConfigError for what cannot be run, before anything is read or scored."""
        if not self.data and not self.imports:
            raise ConfigError("name the rows: data (files or a directory), or results to import")
        if self.data and not self.entrants and not self.imports:
            raise ConfigError("name what to score with: a reward, or results to import")
        rule_of(bench, self.credit)
        if self.has_table:
            require_pyarrow("scores.parquet")
        if self.ensembles and bench.scores == "steps":
            raise ConfigError(
                f"{bench.name}: no ensemble of step scores: they count against a fixed threshold,"
                " which standardised scores do not have"
            )

    # --- the manifest -----------------------------------------------------------------------------

    def _manifest(
        self, bench: Benchmark, files: Sequence[str], results: Sequence[Publication]
    ) -> dict[str, object]:
        rewards = [_about_publication(one) for one in results]
        rewards += [_about(entrant) for entrant in self.entrants]
        return {
            "schema": SCHEMA,
            "benchmark": bench.name,
            "source": bench.source,
            "command": self.command,
            "credit": self.credit,
            "by": self.by,
            "columns": dict(self.columns),
            "limit": self.limit,
            "seed": self.seed,
            "draws": self.num_draws,
            "ensembles": list(self.ensembles),
            "include_text": self.include_text,
            "data": [_file(place) for place in files],
            "train": [_file(place) for place in self.train],
            "rewards": rewards,
            "plaudit": versions()["plaudit"],
            "versions": versions(),
            "hardware": hardware(),
        }

    def _intake(self) -> Mapping[str, Any]:
        """What came of the rows; where an earlier run wrote the items, what it said."""
        if self.intake.rows or not self.folder.exists:
            return self.intake.as_dict()
        return self.folder.manifest().get("intake") or self.intake.as_dict()

    # --- items ------------------------------------------------------------------------------------

    def _write_items(
        self, bench: Benchmark, files: Sequence[str], results: Sequence[Publication]
    ) -> None:
        if not files:
            return
        names = self._contaminated(bench, files) if self.train else set()
        lines = (self._line(item, names) for item in self._items(bench, files, self.intake))
        num = self.folder.write_items(lines)
        if not num:
            first = next(self.intake.lines(), "there is none")
            raise DataError(f"{', '.join(self.data)}: no row of {bench.name}: {first}")
        self.folder.write_manifest(
            {**self._manifest(bench, files, results), "intake": self.intake.as_dict()}
        )

    def _items(self, bench: Benchmark, files: Sequence[str], intake: RowCounts) -> Iterator[Item]:
        return items_of(bench, files, intake, columns=self.columns, by=self.by, limit=self.limit)

    def _line(self, item: Item, contaminated: set[str]) -> dict[str, Any]:
        line = line_of(item)
        if self.train:
            line["in_train"] = _name(item) in contaminated
        if self.include_text or item.licence:
            line["text"] = item.as_text()
        return line

    def _contaminated(self, bench: Benchmark, files: Sequence[str]) -> set[str]:
        """The names of the items whose prompt a training text repeats."""
        prompts, same = EvalPrompts(), dict[str, list[str]]()
        for item in self._items(bench, files, RowCounts()):
            text = prompt_text(item.group)
            if text not in same:
                prompts.add(text, text)
            same.setdefault(text, []).append(_name(item))
        names: set[str] = set()
        for _, text in prompts_of(read(list(self.train))):
            if (match := prompts.match(text)) is not None:
                names |= set(same[match.name])
        return names

    # --- scores -----------------------------------------------------------------------------------

    def _score_one(
        self,
        bench: Benchmark,
        files: Sequence[str],
        number: int,
        entrant: Entrant,
        on_progress: Callable[[str, Progress], None] | None,
    ) -> None:
        """Scores the items that have no score yet, or none by a fault of the system."""
        num_items = sum(1 for _ in self.folder.items())
        lines = self.folder.open_scores()
        try:
            first = number * num_items
            num_done = min(max(lines.num_lines - first, 0), num_items)
            retried = _retried(lines, first, num_items)
            items = self._items(bench, files, RowCounts())
            pending = (
                pair for pair in enumerate(items) if pair[0] >= num_done or pair[0] in retried
            )
            report = None if on_progress is None else lambda p: on_progress(entrant.name, p)
            if num_done < num_items or retried:
                for line in _scores(bench, entrant, pending, self.workers, self.deadline_s, report):
                    if line["item"] < num_done:
                        lines.replace(first + line["item"], dumps(line))
                    else:
                        lines.append(dumps(line))
                lines.sync()
        finally:
            lines.close()

    def _has_imports(self, manifest: dict[str, Any]) -> bool:
        """Whether an earlier run has read the results; then its remarks are taken over."""
        before = self.folder.manifest()
        if "notes" not in before:
            return False
        notes = {about["name"]: about.get("notes", []) for about in before["rewards"]}
        for about in manifest["rewards"]:
            about["notes"] = notes.get(about["name"], about["notes"])
        manifest["notes"] = before["notes"]
        return True

    def _write_imports(
        self,
        bench: Benchmark,
        files: Sequence[str],
        results: Sequence[Publication],
        manifest: dict[str, Any],
    ) -> None:
        """The recorded scores, and the items where there is no data that contains them."""
        if self._has_imports(manifest):
            return
        notes: list[str] = []
        if files:
            sheet, scored, notes = joined(results, self.folder.sheet())
            if len(sheet) < sum(1 for _ in self.folder.items()) and self.entrants:
                raise ConfigError(
                    "the data has rows without a recorded result: score the rewards in a folder of"
                    " their own, or import without rewards"
                )
        elif self.entrants:
            raise ConfigError("rewards need data to score; results can be imported without")
        else:
            sheet, scored = sheet_of(results)
        self.folder.write_items(sheet.lines)
        for about, note in _judged_notes(bench, results, sheet, scored):
            next(r for r in manifest["rewards"] if r["name"] == about)["notes"].append(note)
        manifest["notes"] = notes
        lines = self.folder.open_scores()
        try:
            for line in islice(_recorded_lines(sheet, scored), lines.num_lines, None):
                lines.append(dumps(line))
        finally:
            lines.close()


def _retried(lines: Iterable[bytes], first: int, num_items: int) -> set[int]:
    """The items of a reward whose lines, from `first` on, tell of a fault of the system."""
    own = enumerate(islice(lines, first, first + num_items))
    return {
        i
        for i, line in own
        if b'"system"' in line and "system" in loads_object(line).get("faults", ())
    }


def _check_ensembles(kinds: Sequence[Ensemble], members: Sequence[object]) -> None:
    if kinds and len(members) < 2:
        raise ConfigError(f"an ensemble ({kinds[0]}) has two rewards or more, found {len(members)}")


def _refuse_same_names(names: Sequence[str]) -> None:
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise ConfigError(f"two rewards are called {double!r}: name one, as NAME=PATH")


def _name(item: Item) -> str:
    return f"{item.subset}/{item.id}"


def _about(entrant: Entrant) -> dict[str, Any]:
    return {
        "name": entrant.name,
        "origin": "scored",
        "recipe": entrant.recipe,
        "repr": repr(entrant.reward),
        "relative": entrant.reward.relative,
        "is_judge": entrant.is_judge,
        "lowest": _lowest(entrant.reward),
        "facts": {name: str(value) for name, value in offers.facts_of(entrant.reward).items()},
        "notes": [],
    }


def _lowest(reward: Reward) -> float | None:
    """The low end of the scale on which a judge rates."""
    lowest = offers.lowest_of(reward)
    return lowest if math.isfinite(lowest) else None


def _about_publication(one: Publication) -> dict[str, object]:
    return {
        "name": one.model,
        "origin": one.origin,
        "recipe": None,
        "files": [_file(file) for file in one.files],
        "is_judge": any(row.is_judge for row in one.rows),
        "reported": one.reported,
        "notes": list(one.notes),
    }


def _file(place: str) -> dict[str, object]:
    """A file's path, size and hash; of a hub name the name alone."""
    if not os.path.isfile(place):
        return {"path": place}
    return {"path": place, "bytes": os.path.getsize(place), "sha256": file_sha256(place)}


def _scores(
    bench: Benchmark,
    entrant: Entrant,
    items: Iterable[tuple[int, Item]],
    workers: int,
    deadline_s: float,
    on_progress: Callable[[Progress], None] | None,
) -> Iterator[dict[str, Any]]:
    """The line of each item."""
    from collections import deque

    waiting: deque[tuple[int, Item]] = deque()

    def groups() -> Iterator[Any]:
        for number, item in items:
            waiting.append((number, item))
            yield item.group

    results = run(
        entrant.reward,
        groups(),
        workers=workers,
        deadline_s=deadline_s,
        on_progress=on_progress,
    )
    for result in results:
        number, item = waiting.popleft()
        yield {"reward": entrant.name, "item": number, "id": item.id, **_line(bench, item, result)}


def _line(bench: Benchmark, item: Item, result: Result) -> dict[str, Any]:
    """The values of an item; what could not be scored is null, with its reason."""
    if result.error is not None:
        return _unscored(item, str(result.error), "input")
    if bench.scores == "steps":
        return _steps(item, result.scores[0])
    line: dict[str, object] = {"values": [_number(s.value) for s in result.scores]}
    if any(s.error for s in result.scores):
        line["errors"] = [s.error for s in result.scores]
    if any(faults := [_fault(s) for s in result.scores]):
        line["faults"] = faults
    if result.scores and "flipped" in result.scores[0].parts:
        line["flipped"] = result.scores[0].parts["flipped"]
    if any(s.note for s in result.scores):
        line["notes"] = [None if s.note is None else s.note[:_NOTE_CHARS] for s in result.scores]
    return line


def _unscored(item: Item, reason: str, fault: str | None) -> dict[str, object]:
    """The line of an item without any score."""
    size = len(item.labels)
    return {"values": [None] * size, "errors": [reason], "faults": [fault] * size}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _fault(score: Score) -> str | None:
    """Who is to blame: for a missing score of a judge whose call did not fail, its reply."""
    kind = score.faulted
    if kind != "system" or score.is_scored:
        return kind
    fields = {"value": None, "fault": score.fault, "parts": score.parts}
    return kind if is_retryable(fields) else UNREADABLE


def _steps(item: Item, score: Score) -> dict[str, object]:
    """The values of an item's steps. Raises ConfigError for a reward that gives none at all."""
    if score.is_scored and not score.steps:
        raise ConfigError("this reward gives no score for each step; a process reward is needed")
    values = [_number(step.value) for step in score.steps]
    if len(values) != len(item.labels):
        reason = score.error or f"{len(values)} step scores for {len(item.labels)} steps"
        return _unscored(item, reason, _fault(score) or "unstated")
    if None not in values:
        return {"values": values}
    kind = _fault(score) or "unstated"
    faults = [kind if value is None else None for value in values]
    return {"values": values, "errors": [score.error or "a step without a score"], "faults": faults}


def _recorded_lines(sheet: Sheet, scored: Sequence[Scored]) -> Iterator[dict[str, object]]:
    for one in scored:
        for i, (start, size) in enumerate(zip(sheet.starts_N, sheet.sizes_N, strict=True)):
            values = one.values_T[start : start + size].tolist()
            line: dict[str, object] = {"reward": one.name, "item": i, "id": sheet.ids[i]}
            line["values"] = [value if math.isfinite(value) else None for value in values]
            if one.credit_N is not None and math.isfinite(one.credit_N[i]):
                line["credit"] = float(one.credit_N[i])
            if one.decisions is not None:
                line["decisions"] = list(one.decisions[i])
            yield line


def _judged_notes(
    bench: Benchmark, results: Sequence[Publication], sheet: Sheet, scored: Sequence[Scored]
) -> Iterator[tuple[str, str]]:
    """What a publication says of its rows, where their scores say otherwise."""
    for one, values in zip([p for p in results if p.rows], scored, strict=True):
        note = disagreement(one.rows, earned(bench, one))
        if note is not None:
            yield values.name, note
