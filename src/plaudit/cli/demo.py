"""`plaudit demo`: silent wrong rewards, side by side with what this package gives; offline."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import plaudit
from plaudit.cli._console import console, number, stderr, table, text

if TYPE_CHECKING:
    from plaudit.report import Summary
    from plaudit.run import Result
    from plaudit.types import Group, Score

__all__ = ["run"]

_FOLDER = Path(plaudit.__file__).parent / "demo"
SAMPLE = _FOLDER / "sample.jsonl"
ORIGINALS = _FOLDER / "originals.yaml"
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
) -> None:
    """A tour, offline, in seconds: where well-known rules go wrong silently, and why.

    Scores a bundled sample with the recipe r1 beside the original rules and writes a report.
    """
    groups = _groups()
    has_extra = importlib.util.find_spec("math_verify") is not None
    ours = _scored(plaudit.build("r1"), groups)
    asked = [group for group in groups if not group.columns.get("hostile")]
    theirs = {r.group.id: r.scores[0] for r in _scored(_originals(has_extra), asked) if r.group}
    _print(groups, ours, theirs)
    if not has_extra:
        stderr("math-verify is not installed, so its column is empty: pip install 'plaudit[math]'")
    _write(report, ours, theirs)


def _groups() -> list[Group]:
    from plaudit.data.read import read
    from plaudit.types import Group

    return [row.group for row in read(SAMPLE) if isinstance(row.group, Group)]


def _originals(has_extra: bool) -> Any:
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
    made = table("response, and why they differ", *heads, numeric=heads)
    for group, result in zip(groups, ours, strict=True):
        mine, other = result.scores[0].parts, theirs.get(group.id)
        their_parts = other.parts if other is not None else {}
        made.add_row(
            _lesson(group),
            _cells(mine, _OURS),
            _cells(their_parts, _THEIRS, differs_from=mine),
            end_section=True,
        )
    out.print(made)


def _head(title: str, names: Sequence[str]) -> str:
    return f"{title}\n" + " ".join(f"{_SHORT[name]:>5}" for name in names)


def _cells(
    parts: Mapping[str, float],
    names: Sequence[str],
    differs_from: Mapping[str, float] | None = None,
) -> Any:
    """The values under the head; those that another set contradicts stand out."""
    made = text("")
    for name in names:
        value = parts.get(name, float("nan"))
        other = (differs_from or {}).get({"tags": "format"}.get(name, name), value)
        style = "" if value == other or differs_from is None else "bold red"
        made.append_text(text(f"{number(round(value, 2)):>5} ", style))
    made.rstrip()
    return made


def _lesson(group: Group) -> Any:
    """What the response is, why the scores differ, and other rules on the same response."""
    made = text(group.id, "bold").append_text(text(f"\n{group.columns['lesson']}"))
    for who, path in group.columns.get("also", {}).items():
        made.append_text(text(f"\n{who}: {path.partition(',')[0]} {_one(path, group)}", "dim"))
    return made


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
