"""`plaudit demo`: silent wrong rewards, side by side with what this package gives; offline."""

from __future__ import annotations

import importlib.util
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import plaudit
from plaudit.cli._console import console, number, stderr, table, text
from plaudit.errors import ConfigError

if TYPE_CHECKING:
    from plaudit.report import Summary
    from plaudit.run import Result
    from plaudit.types import Group, Score

__all__ = ["run"]

_FOLDER = Path(plaudit.__file__).parent / "demo"
SAMPLE = _FOLDER / "sample.jsonl"
ORIGINALS = _FOLDER / "originals.yaml"
FILES = ("rollouts.jsonl", "pairs.jsonl", "recipe.yaml")
_OURS = ("accuracy", "format", "language")
_THEIRS = ("accuracy", "format", "tags")
_SHORT = {"accuracy": "acc", "format": "form", "language": "lang", "tags": "tags"}
_INTRO = """\
{count} responses in English and Chinese, scored by the recipe r1 and by the rules it replaces. \
acc: accuracy (originally of TRL, by math-verify), form: format (of open-r1), tags: tag count (of \
open-r1), lang: language consistency, "-": not scored."""


def run(
    report: Annotated[
        str, typer.Option(metavar="FILE.html", help="Where the report goes; replaced if it exists.")
    ] = "plaudit-demo.html",
    files: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Also leave rollouts, pairs and a recipe there, to try the verbs on.",
        ),
    ] = None,
) -> None:
    """A tour, offline, in seconds: where well-known rules go wrong silently, and why.

    Scores a bundled sample with the recipe r1 beside the original rules and writes a report. With
    --files it leaves rollouts.jsonl, pairs.jsonl and recipe.yaml, on which the examples of every
    verb's --help run.
    """
    if files is not None:
        _leave(Path(files))
    groups = _groups()
    has_extra = importlib.util.find_spec("math_verify") is not None
    ours = _scored(plaudit.build("r1"), groups)
    honest = [group for group in groups if not group.columns.get("hostile")]
    theirs = {r.group.id: r.scores[0] for r in _scored(_originals(has_extra), honest) if r.group}
    _print(groups, ours, theirs)
    if not has_extra:
        stderr("math-verify is not installed, so its column is empty: pip install 'plaudit[math]'")
    _write(report, ours, theirs)
    if files is not None:
        _say_what_next(Path(files))


def _leave(folder: Path) -> None:
    """Copies the files. Raises ConfigError rather than replace what is not theirs."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {folder / name: (_FOLDER / name).read_bytes() for name in FILES}
    for path, data in texts.items():
        if path.exists() and path.read_bytes() != data:
            raise ConfigError(f"{path}: exists and is another file; --files takes another folder")
    for path, data in texts.items():
        path.write_bytes(data)


def _say_what_next(folder: Path) -> None:
    rollouts, pairs, recipe = (shlex.quote(str(folder / name)) for name in FILES)
    out = console()
    out.print(text(f"left in {folder}: {', '.join(FILES)}; try", "bold"))
    out.print(text(f"  plaudit score {rollouts} --recipe {recipe} --output scored.jsonl"))
    out.print(text("  plaudit select scored.jsonl --to preference --output preference.jsonl"))
    out.print(text(f"  plaudit judge {pairs} --template pairwise --replay column:replies"))


def _groups() -> list[Group]:
    from plaudit.data.read import read
    from plaudit.types import Group

    return [row.group for row in read(SAMPLE) if isinstance(row.group, Group)]


def _originals(has_extra: bool) -> object:
    """The original rules; without math-verify those that need none."""
    from plaudit import registry

    recipe = dict(registry.read_recipe(ORIGINALS))
    if not has_extra:
        recipe["parts"] = {k: v for k, v in recipe["parts"].items() if k != "accuracy"}
    return registry.build(recipe)


def _scored(reward: Any, groups: Sequence[Group]) -> list[Result]:
    from plaudit.run import run as score

    return list(score(reward, groups))


# --- the table ------------------------------------------------------------------------------------


def _print(groups: Sequence[Group], ours: Sequence[Result], theirs: Mapping[str, Score]) -> None:
    out = console()
    out.print(text(_INTRO.format(count=len(groups))))
    out.print()
    heads = (_head("plaudit r1", _OURS), _head("the originals", _THEIRS))
    rows = table("response, and why they differ", *heads, numeric=heads)
    for group, result in zip(groups, ours, strict=True):
        mine, other = result.scores[0].parts, theirs.get(group.id)
        their_parts = other.parts if other is not None else {}
        rows.add_row(
            _lesson(group),
            _cells(mine, _OURS),
            _cells(their_parts, _THEIRS, differs_from=mine),
            end_section=True,
        )
    out.print(rows)


def _head(title: str, names: Sequence[str]) -> str:
    return f"{title}\n" + " ".join(f"{_SHORT[name]:>5}" for name in names)


def _cells(
    parts: Mapping[str, float],
    names: Sequence[str],
    differs_from: Mapping[str, float] | None = None,
) -> Any:
    """The values under the head; those that another set contradicts stand out."""
    cell = text("")
    for name in names:
        value = parts.get(name, float("nan"))
        other = (differs_from or {}).get({"tags": "format"}.get(name, name), value)
        style = "" if value == other or differs_from is None else "bold red"
        cell.append_text(text(f"{number(round(value, 2)):>5} ", style))
    cell.rstrip()
    return cell


def _lesson(group: Group) -> Any:
    """What the response is, why the scores differ, and other rules on the same response."""
    lesson = text(group.id, "bold").append_text(text(f"\n{group.columns['lesson']}"))
    for who, path in group.columns.get("also", {}).items():
        lesson.append_text(text(f"\n{who}: {path.partition(',')[0]} {_one(path, group)}", "dim"))
    return lesson


def _one(path: str, group: Group) -> str:
    from plaudit import registry
    from plaudit.cli._reward import node_of
    from plaudit.errors import MissingExtra

    try:
        return number(round(registry.build(node_of(path)).score([group])[0][0].value, 2))
    except MissingExtra:
        return "-"


# --- the report -----------------------------------------------------------------------------------


def _write(report: str, ours: Sequence[Result], theirs: Mapping[str, Score]) -> None:
    from plaudit import registry
    from plaudit.cli._reward import as_yaml
    from plaudit.report import write_report

    again = (_result(result, theirs) for result in ours if result.group)
    pages = [_summary("r1", ours), _summary("the originals", filter(None, again))]
    Path(report).parent.mkdir(parents=True, exist_ok=True)
    path = write_report(
        report,
        pages,
        title="plaudit demo: r1 beside the original rules",
        recipe_text=as_yaml(registry.read_recipe("r1")),
        command=f"plaudit score {SAMPLE} --recipe r1 --report report.html",
        meta={"sample": str(SAMPLE), "plaudit": plaudit.__version__},
    )
    out = console()
    out.print(text(f"report: {path}", "bold"))
    out.print(text(f"one row in depth: plaudit explain {SAMPLE}:6 --recipe r1"))
    out.print(text("your own file: plaudit init FILE proposes a recipe, plaudit score runs it"))


def _result(result: Result, theirs: Mapping[str, Score]) -> Result | None:
    from dataclasses import replace

    score = theirs.get(result.group.id) if result.group else None
    return replace(result, scores=[score]) if score is not None else None


def _summary(name: str, results: Iterable[Result]) -> Summary:
    from plaudit.report import Summary

    summary = Summary(name)
    for result in results:
        summary.add(result)
    return summary
