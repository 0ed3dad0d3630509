"""`plaudit bench`: rewards on a benchmark, with floors, intervals and tests beside every figure."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli._console import console, stderr, table, text
from plaudit.cli._options import takes_options
from plaudit.cli._progress import Meter
from plaudit.cli._reward import (
    AllowImport,
    Columns,
    Limit,
    Offline,
    Overwrite,
    columns_of,
    go_offline,
)
from plaudit.errors import ConfigError
from plaudit.options import Option
from plaudit.untrusted import visible

if TYPE_CHECKING:
    from plaudit.bench.runner import Entrant, Run
    from plaudit.run import Progress

__all__ = ["run"]

_WIDTH = 80
_NAME_WIDTH = 26
_SHOWN_NOTES = 6
_NAMED = re.compile(r"([^=,:{\[]+)=(.+)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[BENCHMARK]",
            help="Its name; without it, the list of them. With --offline, folders of finished runs:"
            " their figures are computed again, nothing is scored.",
        ),
    ] = None
    data: Annotated[list[str] | None, Option("The rows. Repeatable.", "FILE|DIR|hf:NAME")] = None
    rewards: Annotated[
        list[str] | None,
        Option(
            "A reward of any kind, as for `plaudit score`. Repeatable.",
            "[NAME=]PATH[,K=V]|RECIPE|FILE",
            name="reward",
        ),
    ] = None
    imports: Annotated[
        list[str] | None,
        Option(
            "A published result file, in its own layout. Repeatable.", "[NAME=]FILE", name="import"
        ),
    ] = None
    output: Annotated[str | None, Option("The run's folder.", "FOLDER", short="-o")] = None
    credit: Annotated[
        str | None, Option("How ties and the unscored are credited; else strict.", "RULE")
    ] = None
    by: Annotated[str | None, Option("Subsets of your own rows.", "COLUMN")] = None
    train: Annotated[
        list[str] | None,
        Option("Training data: which prompts of the rows it repeats.", "FILE"),
    ] = None
    ensembles: Annotated[
        list[str] | None,
        Option("Of all the rewards.", "mean|worst|uncertainty", name="ensemble"),
    ] = None
    export: Annotated[str | None, Option("Write its result files as well.", "rewardbench")] = None
    include_text: Annotated[
        bool,
        Option("Keep prompts and responses in the folder; rows that state a licence keep theirs."),
    ] = False
    parquet: Annotated[bool, Option("Write the scores as scores.parquet as well.")] = False
    seed: Annotated[int, Option("Of the bootstrap and the random floor.")] = 0
    draws: Annotated[int, Option("Draws of the bootstrap.", least=1)] = 1000
    columns: Columns = None
    limit: Limit = None
    workers: Annotated[int, Option("Worker processes for rules.", least=0)] = 0
    deadline_s: Annotated[float, Option("Seconds that one response may take.")] = 60.0
    overwrite: Overwrite = False
    allow_import: AllowImport = None
    offline: Offline = False


@takes_options(BenchOptions)
def run(options: BenchOptions) -> None:
    """Score a benchmark with rewards of any kind: figures with intervals, floors and tests.

    The folder holds manifest.json, items.jsonl, scores.jsonl, results.json and report.html, a page
    of them that needs no network (`plaudit report` makes one of several runs); the same command
    goes on where it was interrupted. Subsets that a benchmark does not know are named and left out,
    absent ones are named, and sections are taken over those present.

    Exit codes: 0; 1 rows were bad or responses unscored; 2 the command line is wrong, or a null
    gate did not hold; 3 no row of the benchmark could be read; 4 reading or writing failed.
    """
    if options.offline:
        go_offline()
    if not options.names:
        _list()
        raise typer.Exit(0)
    if options.offline and all(os.path.isdir(place) for place in options.names):
        raise typer.Exit(_recompute(options.names, options.credit))
    _check_export(options.export)
    bench = _run_of(options, _only(options.names))
    try:
        with _Meters() as meters:
            results = bench.score(overwrite=options.overwrite, on_progress=meters)
    except KeyboardInterrupt:
        stderr(f"interrupted; the same command continues from {options.output}")
        raise typer.Exit(130) from None
    if options.export is not None:
        _export(bench, results)
    _print(results)
    _page(bench.folder.path)
    raise typer.Exit(_exit_code([results]))


def _recompute(places: Sequence[str], credit: str | None) -> int:
    """Prints the figures of finished runs, made again; returns the exit code."""
    from plaudit.bench.folder import Folder
    from plaudit.bench.runner import offline

    runs = [(place, offline(Folder(place), credit=credit)) for place in places]
    _print_all(runs)
    for place in places:
        _page(place)
    return _exit_code([results for _, results in runs])


def _only(names: Sequence[str]) -> str:
    if len(names) > 1:
        raise ConfigError(f"one benchmark at a time, found {', '.join(names)}")
    if os.path.isdir(os.path.join(names[0], "")) and os.path.exists(f"{names[0]}/manifest.json"):
        raise ConfigError(
            f"{names[0]} is the folder of a run: --offline computes its figures again"
        )
    return names[0]


def _run_of(options: BenchOptions, name: str) -> Run:
    """The run that a command line describes."""
    from plaudit.bench.folder import Folder
    from plaudit.bench.runner import Run

    if options.output is None:
        raise ConfigError("name the folder of the run: -o FOLDER")
    return Run(
        name,
        Folder(options.output),
        data=options.data or (),
        entrants=[_entrant(one, options.allow_import) for one in options.rewards or ()],
        imports=options.imports or (),
        credit=options.credit,
        columns=columns_of(options.columns),
        by=options.by,
        limit=options.limit,
        train=options.train or (),
        ensembles=_ensembles(options.ensembles),
        include_text=options.include_text,
        has_table=options.parquet,
        seed=options.seed,
        num_draws=options.draws,
        workers=options.workers,
        deadline_s=options.deadline_s,
        command=shlex.join(["plaudit", *sys.argv[1:]]),
    )


def _ensembles(kinds: Sequence[str] | None) -> list[Any]:
    from plaudit.bench.curves import ENSEMBLES

    for kind in kinds or ():
        if kind not in ENSEMBLES:
            raise ConfigError(f"--ensemble {kind}: one of {', '.join(ENSEMBLES)}")
    return list(kinds or ())


def _entrant(spelled: str, allow_import: Sequence[str] | None) -> Entrant:
    """The reward of one ``--reward``."""
    from plaudit import registry
    from plaudit.bench.runner import Entrant
    from plaudit.cli._reward import choose

    match = _NAMED.fullmatch(spelled)
    name, path = (match[1], match[2]) if match else (spelled, spelled)
    if path in registry.recipes() or path.endswith((".yaml", ".yml")):
        chosen = choose(path, None, None, allow_import)
    else:
        chosen = choose(None, path, None, allow_import)
    return Entrant(name, chosen.reward, dict(chosen.recipe))


def _list() -> None:
    from plaudit.bench.benchmark import available, benchmark

    grid = table("benchmark", "title", "rows")
    for name in available():
        one = benchmark(name)
        grid.add_row(text(name), text(one.title), text(one.source))
    console().print(grid)


class _Meters:
    """A meter for each reward, one after the other; a context manager."""

    def __init__(self) -> None:
        self._name = ""
        self._stack = contextlib.ExitStack()
        self._meter: Meter | None = None

    def __enter__(self) -> _Meters:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __call__(self, name: str, progress: Progress) -> None:
        """Takes the counts of a reward so far."""
        if self._meter is None or name != self._name:
            self._stack.close()
            self._name = name
            self._meter = self._stack.enter_context(Meter(None))
        self._meter.update(progress)


def _check_export(export: str | None) -> None:
    if export not in (None, "rewardbench"):
        raise ConfigError(f"--export {export}: rewardbench is the only layout")


def _export(bench: Any, results: Mapping[str, object]) -> None:
    from plaudit.bench.export import export_rewardbench

    for path in export_rewardbench(bench.folder, results):
        stderr(f"written: {path}")


def _exit_code(runs: Sequence[Mapping[str, Any]]) -> int:
    """1 where rows were bad or responses unscored."""
    for results in runs:
        unscored = any(e["counts"].get("unscored") for e in results["rewards"])
        if unscored or results.get("intake", {}).get("bad"):
            return 1
    return 0


def _page(place: str | os.PathLike[str]) -> None:
    """Writes the page of a run into its folder."""
    from plaudit.bench.page import write_run_page

    stderr(f"page: {write_run_page(place)}")


# --- the leaderboard ------------------------------------------------------------------------------


def _print_all(runs: Sequence[tuple[str, Mapping[str, object]]]) -> None:
    """The runs, and whether they are about the same rows."""
    for place, results in runs:
        if len(runs) > 1:
            console().print(text(place, "bold"))
        _print(results)
    if len({results["digest"] for _, results in runs}) > 1:
        stderr(
            "these runs are about different rows: their figures are shown side by side, and no"
            " test is"
            " made between them"
        )


def _print(results: Mapping[str, object]) -> None:
    """The tables of a run, no wider than 80 columns, and what must be said of it."""
    out = console()
    title = f"{results['title']}: {results['rows']:,} rows, {results['prompts']:,} prompts"
    out.print(text(f"{title}; credit {results['credit']}", "bold"))
    if results["rewards"] or results["floors"]:
        out.print(_headline(results))
        for columns in _chunks(results):
            out.print(_figures(results, columns))
    for line in _remarks(results):
        out.print(text(line, "dim"), width=_WIDTH)


def _headline(results: Mapping[str, Any]) -> object:
    heads = ("score", "95 %", "rank", "ties", "unscored")
    grid = table("", *heads, numeric=heads)
    for entry in _sorted(results):
        counts, ranks = entry["counts"], entry.get("rank")
        figure = entry["figures"][results["headline"]]
        grid.add_row(
            _name(entry),
            text(_percent(figure["value"])),
            text(_between(figure)),
            text("floor" if ranks is None else "-".join(dict.fromkeys(map(str, ranks)))),
            text(_share(counts.get("tied"), counts)),
            text(_share(counts.get("unscored"), counts), "red" if counts.get("unscored") else ""),
        )
    return grid


def _figures(results: Mapping[str, Any], columns: Sequence[str]) -> object:
    """Some of the figures of every reward and floor."""
    heads = [_short(column) for column in columns]
    grid = table("", *heads, numeric=tuple(heads))
    for entry in _sorted(results):
        cells = [entry["figures"].get(column, {}).get("value") for column in columns]
        grid.add_row(_name(entry), *(text(_percent(value)) for value in cells))
    return grid


def _chunks(results: Mapping[str, Any]) -> list[list[str]]:
    """The columns of the leaderboard, and the subsets where one reward is shown, by what fits."""
    columns = list(results["columns"])
    chunks: list[list[str]] = []
    left = 0
    for column in columns:
        width = max(len(_short(column)), 5) + 2
        if not chunks or left < width:
            chunks.append([])
            left = _WIDTH - _NAME_WIDTH
        chunks[-1].append(column)
        left -= width
    return chunks


def _short(column: str) -> str:
    """The last part of a figure's name.

    >>> _short("section/Chat Hard"), _short("overall")
    ('Chat Hard', 'overall')
    """
    return column.rpartition("/")[2]


def _sorted(results: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rewards from best to worst, then the floors."""

    def order(entry: Mapping[str, Any]) -> float:
        value = entry["figures"][results["headline"]]["value"]
        return -1.0 if value is None else value

    return [
        *sorted(results["rewards"], key=order, reverse=True),
        *sorted(results["floors"], key=order, reverse=True),
    ]


def _name(entry: Mapping[str, Any]) -> Any:
    style = "dim" if entry["origin"] == "floor" else ""
    name = visible(entry["name"])
    short = name if len(name) <= _NAME_WIDTH else f"…{name[1 - _NAME_WIDTH :]}"
    return text(short, style)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _between(figure: Mapping[str, Any]) -> str:
    if figure["low"] is None:
        return "-"
    return f"{100 * figure['low']:.1f}-{100 * figure['high']:.1f}"


def _share(num: int | None, counts: Mapping[str, int]) -> str:
    """A count; "-" where the benchmark has no such thing."""
    return "-" if num is None else f"{num:,}"


def _remarks(results: Mapping[str, Any]) -> list[str]:
    """What must be said beside the tables, one line each."""
    lines = [f"{entry['name']}: {note}" for entry in results["rewards"] for note in entry["notes"]]
    lines += _reasons(results)
    lines += _imported(results)
    if results["absent"]:
        lines.append(f"absent: {', '.join(results['absent'])}")
    intake = results.get("intake") or {}
    if intake.get("ignored"):
        listed = ", ".join(f"{name} ({num:,})" for name, num in intake["ignored"].items())
        lines.append(f"ignored, no subset of this benchmark: {listed}")
    for kind, first in (intake.get("problems") or {}).items():
        more = intake["counts"][kind] - 1
        lines.append(f"{kind}: {first[0]}{f' (and {more:,} more)' if more else ''}")
    lines += _shortened(results["floor_notes"])
    if contamination := results.get("contamination"):
        share = f"{contamination['items']:,} of {contamination['of']:,}"
        lines.append(f"{share} prompts are in the training data")
        lines += [
            f"without them {name}: {_percent(figure['value'])}"
            for name, figure in contamination["without"].items()
        ]
    lines += [f"note: {note}" for note in results["notes"]]
    return lines


def _reasons(results: Mapping[str, Any]) -> list[str]:
    """The most frequent reason for which a reward has scores missing."""
    lines = []
    for entry in results["rewards"]:
        if entry["errors"]:
            (first, num), *others = entry["errors"].items()
            more = f"; {len(others):,} more in results.json (errors)" if others else ""
            lines.append(f"{entry['name']}: {num:,} times: {visible(first)}{more}")
    return lines


def _imported(results: Mapping[str, Any]) -> list[str]:
    """Where figures are not from scoring; reported ones, which have no rows."""
    lines = []
    for entry in results["rewards"]:
        if entry["origin"] not in ("scored", "ensemble"):
            lines.append(f"{entry['name']}: {entry['origin']}")
        if flips := entry.get("flips"):
            lines.append(
                f"{entry['name']}: {flips['value']:.1%} of {flips['num']:,} verdicts flip with the"
                " order of the responses"
            )
        if judge := entry.get("judge"):
            lines.append(
                f"{entry['name']}: first order alone {judge['single_order_accuracy']:.2%}, both"
                f" orders right {judge['both_orders_right']:,}, orders disagree"
                f" {judge['orders_disagree']:,}, equal {judge['equal_verdict']:,}, no verdict"
                f" {judge['no_verdict']:,}"
            )
    recomputed = {entry["name"] for entry in results["rewards"]}
    for one in (one for one in results.get("reported", []) if one["name"] not in recomputed):
        shares = ", ".join(f"{name} {_percent(value)}" for name, value in one["figures"].items())
        lines.append(f"{one['name']}: reported, no rows: {shares}")
    return lines


def _shortened(notes: Sequence[str]) -> list[str]:
    lines = [f"floor: {note}" for note in notes[:_SHOWN_NOTES]]
    if len(notes) > _SHOWN_NOTES:
        lines.append(f"floor: {len(notes) - _SHOWN_NOTES} more in results.json (floor_notes)")
    return lines
