"""The page of benchmark runs: one HTML file, under the same locks as the reports of rewards."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from plaudit.bench.boards import Finished, boards_of, finished, page_notes, results_of, together
from plaudit.bench.folder import PAGE
from plaudit.report.html import write_page

__all__ = ["runs_of", "write_bench_page", "write_run_page"]

Groups = Sequence[Sequence[Finished]]


def runs_of(places: Sequence[str]) -> tuple[Groups, list[Mapping[str, object]]]:
    """The runs of folders, those about the same rows together, and the results of each group.

    Raises: ConfigError for a folder that holds no finished run of this schema.
    """
    folders: dict[str, str] = {}
    for place in places:
        folders.setdefault(os.path.realpath(place), place)
    groups = together([finished(place) for place in folders.values()])
    return groups, [results_of(group) for group in groups]


def write_bench_page(
    path: str | os.PathLike[str],
    groups: Groups,
    results: Sequence[Mapping[str, object]],
    *,
    title: str = "",
    command: str = "",
    include_text: bool = False,
) -> Path:
    """Writes the page of runs as one HTML file, and returns its path.

    As `plaudit.report.write_report`: the file needs no network, no text in it can act, it appears
    whole or not at all, and equal arguments give an equal file. Texts are on it where the folders
    hold them; `include_text` reads them again from the data of the runs.

    Raises: OSError where the file cannot be written, ConfigError where the data has changed.
    """
    titles = list(dict.fromkeys(one["title"] for one in results))
    page = {
        "title": title or (titles[0] if len(titles) == 1 else "Benchmark runs"),
        "recipe": "",
        "command": command,
        "meta": [],
        "notes": page_notes(groups),
        "boards": list(boards_of(groups, results, include_text=include_text)),
    }
    return write_page(path, page, script="rows.js bench.js")


def write_run_page(place: str | os.PathLike[str]) -> Path:
    """Writes the page of one run into its folder, and returns its path.

    Raises: as `runs_of` and `write_bench_page`.
    """
    groups, results = runs_of([os.fspath(place)])
    return write_bench_page(Path(place) / PAGE, groups, results)
