"""`plaudit show`: one reward or recipe in full."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from plaudit.cli._console import console, on_one_line, text
from plaudit.cli._reward import AllowImport, Set

__all__ = ["run"]

_NODE_WORDS = ("use", "weight", "optional", "when", "view", "columns", "on_response_fault")


def run(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|RECIPE|TEMPLATE|FILE",
            help="As rules.math.equal, my_pkg.rewards:mine, r1, recipe.yaml or a judge template.",
        ),
    ],
    settings: Set = None,
    allow_import: AllowImport = None,
) -> None:
    """Show a reward (signature, range, inputs, documentation), a recipe (its tree) or a template.

    A template is printed as its file: `plaudit show pairwise > mine.yaml` begins one of your own.
    """
    from plaudit import registry
    from plaudit.judges.template import shipped

    if name in shipped():
        print(_template(name).rstrip())
    elif name in registry.recipes() or os.path.isfile(name):
        _show_recipe(name, settings, allow_import)
    else:
        _show_reward(name)


def _template(name: str) -> str:
    """The file of a shipped template, whole: with the text of the file beside it."""
    import yaml

    from plaudit.judges.template import load_template, template_file

    source = template_file(name).read_text(encoding="utf-8")
    fields = yaml.safe_load(source)
    if fields.pop("text_file", None) is None:
        return source
    whole = {**fields, "text": load_template(name).text}
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)


def _show_reward(name: str) -> None:
    from plaudit import registry
    from plaudit.cli._reward import importing, see_current_directory
    from plaudit.entry import CONVENTION

    if ":" in name:
        see_current_directory()
    with importing(name):
        description = registry.show(name)
    console().print(text(description))
    if "  reads: response" in description:
        console().print(text(CONVENTION, "dim"))


def _show_recipe(name: str, settings: list[str] | None, allow: list[str] | None) -> None:
    from rich.tree import Tree

    from plaudit.cli._reward import choose
    from plaudit.entry import CONVENTION

    chosen = choose(name, None, settings, allow)
    out = console()
    description = chosen.recipe.get("description")
    out.print(text(f"{name}: {description}" if description else name, "bold"))
    root = Tree(text(_line("", chosen.recipe)))
    _add_children(root, chosen.recipe)
    out.print(root)
    reward = chosen.reward
    traits = {
        "relative": reward.relative,
        "deterministic": reward.deterministic,
        "cpu bound": reward.cpu_bound,
    }
    labels = [name for name, has_trait in traits.items() if has_trait]
    out.print(text(f"This reward is {', '.join(labels)}."))
    out.print(text(CONVENTION, "dim"))


def _add_children(branch: Any, node: Mapping[str, object]) -> None:
    """Adds a node's inputs and the nodes inside it to the tree."""
    for line in _reads(node):
        branch.add(text(line, "dim"))
    for name, inner in inside(node):
        _add_children(branch.add(text(_line(name, inner))), inner)


def inside(node: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The nodes directly inside a recipe node, with their names."""
    for key, value in node.items():
        if key == "use":
            continue
        holder = value if isinstance(value, Mapping) and "use" not in value else {key: value}
        for name, inner in holder.items():
            if isinstance(inner, Mapping) and "use" in inner:
                yield name, inner


def _line(name: str, node: Mapping[str, object]) -> str:
    """A node on one line: weight, conditions, name, parameters."""
    words = [f"{name}:"] if name else []
    if "weight" in node:
        words.append(f"{node['weight']} x")
    words.append(str(node["use"]))
    nodes = {key for key, _ in inside(node)}
    params = {
        key: value
        for key, value in node.items()
        if key not in (*_NODE_WORDS, "name", "description", "parts", "cases") and key not in nodes
    }
    words.append(f"({', '.join(f'{k}={v!r}' for k, v in params.items())})" if params else "")
    words += [
        f"[{key}: {_as_text(node[key])}]"
        for key in ("view", "when", "optional", "on_response_fault", "columns")
        if key in node
    ]
    return on_one_line(" ".join(filter(None, words)), 300)


def _as_text(value: Any) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, Mapping) else value


def _reads(node: Mapping[str, Any]) -> list[str]:
    """The lines of `registry.show` on range and inputs."""
    from plaudit import registry

    lines = registry.show(node["use"]).splitlines()
    return [line.strip() for line in lines if line.startswith(("  range:", "  reads:"))]
