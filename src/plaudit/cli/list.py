"""`plaudit list`: what there is to score with."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

import typer

from plaudit.cli._console import console, table, text
from plaudit.errors import ConfigError, did_you_mean

__all__ = ["run"]


class Entry(NamedTuple):
    """One line of the list."""

    kind: str
    name: str
    range: str
    summary: str


def run(
    prefix: Annotated[
        str,
        typer.Argument(help="Only names that start so or contain it: rules.math, recipe."),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the shipped rewards, combinations, recipes and judge templates: what each is."""
    every = [*_rules(), *_combinations(), *_adapters(), *_recipes(), *_templates()]
    entries = next(filter(None, (list(matches) for matches in _matches(every, prefix))), [])
    if not entries:
        raise ConfigError(
            f"nothing is named {prefix!r}{did_you_mean(prefix, [e.name for e in every]) or '.'}"
            " `plaudit list` shows all"
        )
    if as_json:
        _print_json(entries)
    else:
        _print(entries)


def _matches(every: Sequence[Entry], prefix: str) -> Iterator[Iterator[Entry]]:
    """The entries of that kind, else those whose names start so, else those that contain it."""
    yield (e for e in every if e.kind == prefix.removesuffix("s"))
    yield (e for e in every if e.name.startswith(prefix))
    yield (e for e in every if prefix in e.name)


def first_sentence(doc: str | None) -> str:
    """The first sentence of a docstring.

    >>> first_sentence("1 if so, e.g. now, else 0. The rest.")
    '1 if so, e.g. now, else 0.'
    """
    head = " ".join((doc or "").partition("\n\n")[0].split())
    end = head.find(". ")
    while end >= 0 and not head[end + 2 : end + 3].isupper():
        end = head.find(". ", end + 2)
    return head[: end + 1] if end >= 0 else head


def _rules() -> list[Entry]:
    from plaudit import registry

    return [_rule(name) for name in registry.available()]


def _rule(name: str) -> Entry:
    from plaudit import registry
    from plaudit.errors import PlauditError
    from plaudit.rule import Rule

    for family, kind in (("models.", "model"), ("judges.", "judge")):
        if name.startswith(family):
            return Entry(kind, name, "", first_sentence(registry.resolve(name).__doc__))
    try:
        reward = registry.example(name)[0]
        ends = reward.range if isinstance(reward, Rule) else None
    except PlauditError:  # an optional package is missing: the name is listed all the same
        ends = None
    bounds = f"[{ends.low:g}, {ends.high:g}]" if ends else ""
    return Entry("rule", name, bounds, first_sentence(registry.resolve(name).__doc__))


def _combinations() -> list[Entry]:
    from plaudit import combine

    functions = [getattr(combine, name) for name in combine.__all__]
    return [
        Entry("combination", f"combine.{f.__name__}", "", first_sentence(f.__doc__))
        for f in functions
        if inspect.isfunction(f)
    ]


def _adapters() -> list[Entry]:
    from plaudit import registry

    return [
        Entry("adapter", name, "", first_sentence(registry.resolve(name).__doc__))
        for name in registry.ADAPTERS
    ]


def _recipes() -> list[Entry]:
    from plaudit import registry

    return [
        Entry("recipe", name, "", str(registry.read_recipe(name).get("description", "")))
        for name in registry.recipes()
    ]


def _templates() -> list[Entry]:
    from plaudit.judges.template import load_template, shipped

    every = [load_template(name) for name in shipped()]
    return [Entry("template", t.name, "", f"{t.kind} ({t.language}): {t.source}") for t in every]


def _print(entries: list[Entry]) -> None:
    rows = table("name", "range", "what it is")
    for entry in entries:
        is_option = entry.kind in ("recipe", "template")
        name = f"--{entry.kind} {entry.name}" if is_option else entry.name
        rows.add_row(text(name, "bold"), text(entry.range), text(entry.summary))
    console().print(rows)


def _print_json(entries: list[Entry]) -> None:
    import json

    for entry in entries:
        print(json.dumps(entry._asdict(), ensure_ascii=False))
