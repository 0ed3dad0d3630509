"""`plaudit check`: the laws, on any reward."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.cli._console import console, text
from plaudit.cli._reward import Columns

if TYPE_CHECKING:
    from plaudit.types import Group, Reward

__all__ = ["run"]


def run(
    name: Annotated[
        str,
        typer.Argument(
            metavar="PATH[,K=V]|RECIPE|FILE", help="As my_pkg:mine, my_pkg:mine,n=4 or recipe.yaml."
        ),
    ],
    rows: Annotated[
        str | None,
        typer.Option("--rows", metavar="FILE", help="Check on these rows instead of the sample."),
    ] = None,
    columns: Columns = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the rows.")] = 20,
) -> None:
    """Check that a reward keeps the laws: shape, order, NaN, odd texts, threads, speed.

    A rule that reads columns of its own names sample values for them in its module, as
    EXAMPLES = {"mine": {"params": {...}, "columns": {"tests": [...]}}}, or is checked on --rows.
    """
    reward, groups = _reward(name)
    if rows is not None:
        groups = _groups(name, rows, columns, limit)
    raise typer.Exit(_print(reward, groups))


def _reward(name: str) -> tuple[Reward, Sequence[Group]]:
    from plaudit import laws, registry
    from plaudit.cli._reward import choose, importing, node_of, see_current_directory

    if name in registry.recipes() or os.path.isfile(name):
        return choose(name, None, None, ["*"]).reward, laws.sample_groups()
    see_current_directory()
    node = node_of(name)
    with importing(name):
        return registry.example(node.pop("use"), **node)


def _groups(name: str, rows: str, columns: list[str] | None, limit: int) -> list[Group]:
    from plaudit import registry
    from plaudit.cli._reward import choose, columns_of
    from plaudit.data.read import read
    from plaudit.types import Group

    is_recipe = name in registry.recipes() or os.path.isfile(name)
    chosen = choose(name, None, None, ["*"]) if is_recipe else None
    mapped = columns_of(columns) if chosen is None else chosen.columns(columns)
    groups = [row.group for row in read(rows, columns=mapped, limit=limit)]
    return [group for group in groups if isinstance(group, Group)]


def _print(reward: Reward, groups: Sequence[Group]) -> int:
    """One line for each law; the exit code."""
    from plaudit import laws

    findings = laws.check(reward, groups)
    broken = {finding.law for finding in findings}
    out = console()
    out.print(text(repr(reward), "bold"))
    for law in laws.LAWS:
        is_kept = law.__name__ not in broken and "scores" not in broken
        mark, style = ("ok", "green") if is_kept else ("BROKEN", "bold red")
        out.print(text(f"{mark:>6}", style), text(f"{law.__name__}: {law.__doc__}"))
    for finding in findings:
        out.print(text(f"{finding.law}: {finding.problem}", "red"))
    return 1 if findings else 0
