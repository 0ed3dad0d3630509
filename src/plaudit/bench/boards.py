"""Runs for a page: those about the same rows share a board, and no others are compared.

A board is plain data: the results of its runs (of several, with one test between all rewards), what
its charts are drawn from, and its rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from plaudit.bench.benchmark import benchmark
from plaudit.bench.browse import rows_of, texts_of
from plaudit.bench.charts import agreement, calibration_bins, distribution, length_points, outcome
from plaudit.bench.curves import ensemble
from plaudit.bench.folder import Folder
from plaudit.bench.paired import MIN_DRAWS
from plaudit.bench.results import SCHEMA, assess
from plaudit.bench.sheet import Scored, Sheet
from plaudit.errors import ConfigError

__all__ = ["Finished", "boards_of", "finished", "page_notes", "together", "warnings_of"]

_LEVEL = 0.05  # at which two rewards are told apart
_KEYS = (
    "title", "benchmark", "credit", "headline", "columns", "rows", "prompts", "digest", "subsets",
    "absent", "rewards", "floors", "floor_notes", "paired", "curve", "notes", "draws", "seed",
    "chance",
)  # fmt: skip


@dataclass(frozen=True)
class Finished:
    """A finished run as its folder holds it."""

    place: str
    folder: Folder
    manifest: Mapping[str, Any]
    results: Mapping[str, Any]
    sheet: Sheet
    scored: Sequence[Scored]
    score_names: Mapping[str, str]  # of a reward on a board: its name in the folder

    @property
    def rows_key(self) -> tuple[str, str, str]:
        """What runs share whose figures can be compared."""
        return self.results["benchmark"], self.results["digest"], self.results["credit"]

    def renamed(self, names: Mapping[str, str]) -> Finished:
        """The same run with other names for some of its rewards."""
        results = {
            **self.results,
            "rewards": [
                {**entry, "name": names.get(entry["name"], entry["name"])}
                for entry in self.results["rewards"]
            ],
        }
        scored = [replace(one, name=names.get(one.name, one.name)) for one in self.scored]
        score_names = {names.get(one.name, one.name): one.name for one in self.scored}
        return replace(self, results=results, scored=scored, score_names=score_names)


def finished(place: str | os.PathLike[str]) -> Finished:
    """The run of a folder.

    Raises: ConfigError for a folder without a run, of another schema, or whose run did not end.
    """
    name = os.fspath(place)
    if not Path(name).is_dir():
        raise ConfigError(
            f"{name}: is not the folder of a run; `plaudit bench -o FOLDER` makes one"
        )
    folder = Folder(name)
    manifest = folder.manifest()
    _check_schema(name, "manifest.json", manifest, ("benchmark", "rewards", "data"))
    bench, sheet = benchmark(manifest["benchmark"]), folder.sheet()
    scored = folder.scored(sheet)
    if len(scored) > 1 and bench.scores == "responses":
        scored += [ensemble(scored, kind) for kind in manifest.get("ensembles", [])]
    if not (folder.path / "results.json").exists():
        raise ConfigError(
            f"{name}: unfinished: it has no results.json; the command that began it goes on, and"
            f" where all is scored `plaudit bench --offline {name}` makes it"
        )
    results = folder.results()
    _check_schema(name, "results.json", results, _KEYS)
    names = [entry["name"] for entry in results["rewards"]]
    if results["digest"] != sheet.digest or names != [one.name for one in scored]:
        raise ConfigError(
            f"{name}: results.json is not of the items and scores beside it;"
            f" `plaudit bench --offline {name}` makes it anew"
        )
    score_names = {one.name: one.name for one in scored}
    return Finished(name, folder, manifest, results, sheet, scored, score_names)


def _check_schema(place: str, file: str, value: Any, keys: Sequence[str]) -> None:
    schema = value.get("schema") if isinstance(value, Mapping) else None
    if schema != SCHEMA:
        raise ConfigError(
            f"{place}/{file}: field 'schema': {schema!r}, where this version of plaudit reads"
            f" {SCHEMA}; it was written by plaudit"
            f" {value.get('plaudit', 'of another version') if isinstance(value, Mapping) else '?'}"
        )
    if missing := [key for key in keys if key not in value]:
        raise ConfigError(f"{place}/{file}: field {missing[0]!r}: missing")


# --- runs side by side ----------------------------------------------------------------------------


def together(runs: Sequence[Finished]) -> list[list[Finished]]:
    """The runs in groups about the same rows under the same credit, in the order of their names.

    A reward that several runs of a group have gets the folder beside its name.
    """
    groups: dict[tuple[str, str, str], list[Finished]] = {}
    for run in runs:
        groups.setdefault(run.rows_key, []).append(run)
    return [_distinct(group) for group in groups.values()]


def _distinct(group: Sequence[Finished]) -> list[Finished]:
    every = [one.name for run in group for one in run.scored]
    double = {name for name in every if every.count(name) > 1}
    return [run.renamed({name: f"{name} ({run.place})" for name in double}) for run in group]


def results_of(group: Sequence[Finished]) -> Mapping[str, object]:
    """The results of a group: those of its one run, or one test between the rewards of all.

    Draws and seed of the bootstrap are those of the first run.
    """
    first = group[0]
    if len(group) == 1:
        return first.results
    results = assess(
        benchmark(first.results["benchmark"]),
        first.sheet,
        [one for run in group for one in run.scored],
        credit=first.results["credit"],
        num_draws=first.results["draws"],
        seed=first.results["seed"],
    )
    notes = {e["name"]: e["notes"] for run in group for e in run.results["rewards"]}
    for entry in results["rewards"]:
        entry["notes"] = notes[entry["name"]]
    results["notes"] = list(dict.fromkeys(n for run in group for n in run.results["notes"]))
    results["intake"] = first.results.get("intake", {})
    results["reported"] = [one for run in group for one in run.results.get("reported", [])]
    shares = [r.results["contamination"] for r in group if r.results.get("contamination")]
    if shares:
        without = {name: value for one in shares for name, value in one["without"].items()}
        results["contamination"] = {**shares[0], "without": without}
    return results


def page_notes(groups: Sequence[Sequence[Finished]]) -> list[str]:
    """What a reader of several runs must know: which are compared, and which are not."""
    notes = []
    for group in groups:
        if len(group) > 1:
            *most, last = (run.place for run in group)
            draws, seed = group[0].results["draws"], group[0].results["seed"]
            notes.append(
                f"{', '.join(most)} and {last} are about the same"
                f" {group[0].results['rows']:,} rows: one table, with intervals and tests over all"
                f" their rewards ({draws:,} draws, seed {seed})"
            )
    if len(groups) > 1:
        same = len({group[0].rows_key[:2] for group in groups}) == 1
        what = "count the same rows by different credit" if same else "are about different rows"
        notes.append(
            f"these {len(groups)} tables {what}: their figures stand side by side, and no test is"
            " made between them"
        )
    return notes


def warnings_of(results: Mapping[str, Any]) -> list[str]:
    """What makes ranks say less than they seem to: a bootstrap of too few draws for its tests.

    Below `MIN_DRAWS` draws the least p is ``2 / (draws + 1)``, which Holm's adjustment multiplies
    by the number of pairs.
    """
    pairs, draws = results["paired"], results["draws"]
    is_bootstrap = any(pair["only_first"] is None for pair in pairs)
    least = min(1.0, 2 / (draws + 1) * len(pairs))
    if not is_bootstrap or draws >= MIN_DRAWS or least < _LEVEL:
        return []
    return [
        f"{draws:,} draws cannot tell any two rewards apart: over {len(pairs):,} tests the least"
        f" adjusted p that they can give is {least:.2g}; for the ranks to say something, score with"
        f" --draws {MIN_DRAWS} or more"
    ]


# --- the data of a page ---------------------------------------------------------------------------


def boards_of(
    groups: Sequence[Sequence[Finished]],
    results: Sequence[Mapping[str, Any]],
    *,
    include_text: bool = False,
) -> Iterator[dict[str, object]]:
    """What the page shows of each group of runs.

    Raises: ConfigError where texts are wanted that are neither in the folder nor in its data.
    """
    for group, figures in zip(groups, results, strict=True):
        bench, sheet = benchmark(figures["benchmark"]), group[0].sheet
        scored = [one for run in group for one in run.scored]
        outcomes = [outcome(bench, sheet, one) for one in scored]
        remarks = [line for run in group for line in _remarks_of(run)]
        texts = texts_of([run.folder for run in group], sheet, is_wanted=include_text)
        yield {
            "runs": [_about(run) for run in group],
            "results": figures,
            "warnings": warnings_of(figures),
            "unit": "step" if bench.scores == "steps" else "response",
            "charts": [_charts(sheet, *pair) for pair in zip(scored, outcomes, strict=True)],
            "agreement": agreement(outcomes),
            "rows": rows_of(sheet, scored, outcomes, remarks=remarks, texts=texts),
        }


def _charts(sheet: Sheet, one: Scored, rows: Any) -> dict[str, object]:
    return {
        "name": one.name,
        "distribution": distribution(sheet, one) if len(sheet) else None,
        "calibration": calibration_bins(sheet, one) if len(sheet) else None,
        "length": length_points(sheet, rows),
    }


def _about(run: Finished) -> dict[str, Any]:
    manifest = run.manifest
    return {
        "place": run.place,
        "command": manifest.get("command", ""),
        "plaudit": manifest.get("plaudit", ""),
        "data": [_file_text(file) for file in manifest["data"]],
        "rewards": [
            [name, str(about.get("repr") or ", ".join(_files(about)))]
            for name, about in _abouts(run).items()
        ],
    }


def _abouts(run: Finished) -> dict[str, Mapping[str, object]]:
    abouts = {about["name"]: about for about in run.manifest["rewards"]}
    return {name: abouts[own] for name, own in run.score_names.items() if own in abouts}


def _files(about: Mapping[str, Any]) -> list[str]:
    return [file["path"] for file in about.get("files", [])]


def _file_text(file: Mapping[str, Any]) -> str:
    digest = file.get("sha256", "")
    return (
        f"{file['path']} ({file['bytes']:,} bytes, sha256 {digest[:12]}…)"
        if digest
        else file["path"]
    )


def _remarks_of(run: Finished) -> Iterator[Mapping[str, object]]:
    """What the folder holds of a score beside its value, under the reward's name on the board."""
    board_names = {own: name for name, own in run.score_names.items()}
    for line in run.folder.score_lines():
        if line.keys() & {"notes", "errors", "decisions", "flipped"}:
            yield {**line, "reward": board_names.get(line["reward"], line["reward"])}
