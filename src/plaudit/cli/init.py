"""`plaudit init`: looks at a file and proposes a commented recipe for it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from plaudit.cli._console import number, on_one_line, stderr
from plaudit.cli._look import Looks, look, reference_rule
from plaudit.cli._reward import Columns
from plaudit.errors import ConfigError

__all__ = ["run"]

_TRIED = 20  # rows on which the proposal is tried


def run(
    file: Annotated[str, typer.Argument(metavar="FILE", help="As for plaudit score.")],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="RECIPE.yaml", help="Write it here, not to stdout."),
    ] = None,
    columns: Columns = None,
    limit: Annotated[int, typer.Option(min=1, help="How many rows to look at.")] = 100,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the output.")] = False,
) -> None:
    """Look at a file and propose a recipe: columns, tags, language, kind of reference."""
    from plaudit.cli._reward import columns_of

    if output is not None and Path(output).exists() and not overwrite:
        raise ConfigError(f"{output}: exists; --overwrite replaces it")
    if file == "-":
        raise ConfigError("init reads a file twice; give it a file, not standard input")
    looks = look(file, columns_of(columns), limit)
    recipe = proposal(looks, file, output or "recipe.yaml")
    if output is None:
        print(recipe, end="")
    else:
        Path(output).write_text(recipe, encoding="utf-8")
        stderr(f"written: {output}")
    _try(recipe, looks)


def proposal(looks: Looks, file: str, name: str) -> str:
    """The text of a recipe that fits what was seen."""
    lines = [f"description: proposed for {_safe(Path(file).name)}", *_head(looks, file, name)]
    lines += ["use: combine.weighted", "parts:"]
    for part in (_accuracy, _format, _language, _loop, _length):
        lines += [f"  {line}".rstrip() for line in part(looks)]
    return "\n".join(lines) + "\n"


def _try(recipe: str, looks: Looks) -> None:
    """Scores a few of the rows with the proposal and says what came out."""
    import yaml

    from plaudit import registry
    from plaudit.report import Summary
    from plaudit.run import run as score

    summary = Summary()
    for result in score(registry.build(yaml.safe_load(recipe)), looks.groups[:_TRIED]):
        summary.add(result)
    means = ", ".join(f"{part.name} {number(part.mean)}" for part in summary.parts)
    counts = summary.counts
    stderr(
        f"tried on {counts.rows} rows: mean {number(summary.reward.mean)} ({means});"
        f" {counts.unscored} unscored, {counts.bad_rows} bad rows"
    )


# --- the text -------------------------------------------------------------------------------------


def _safe(value: Any) -> str:
    """A value of the user's data as YAML text on one line, fit for a comment as well."""
    import json

    return json.dumps(on_one_line(str(value), 60))


def _head(looks: Looks, file: str, name: str) -> Iterator[str]:
    """What was seen, and how to run it."""
    from plaudit.data.door import recipe_for

    total = looks.num_responses
    yield f"# {len(looks.groups)} rows looked at, {looks.num_bad} not readable; {total} responses:"
    seen = {"think": "a think block", "prefilled": "opened by the template"}
    seen |= {"answer": "an <answer> tag", "boxed": "a \\boxed answer", "code": "fenced code"}
    seen |= {"chinese": "Chinese text", "token_ids": "token ids", "cut": "cut by the limit"}
    told = [f"{looks.counts[mark]} {what}" for mark, what in seen.items() if looks.counts[mark]]
    yield f"# {', '.join(told) or 'none of the usual marks'}."
    words = ["plaudit", "score", file, "--recipe", name]
    for key, source in looks.columns.items():
        words += ["--column", f"{key}={source}"]
    yield f"# {on_one_line(shlex.join(words), 1000)}"
    if looks.reference_values and reference_rule(looks.reference_values) == "rules.math.equal":
        fitting = recipe_for([r for group in looks.groups for r in group.responses])
        yield f"# The shipped recipe for such responses is {fitting}: plaudit show {fitting}"
    sources = {str(g.columns["data_source"]) for g in looks.groups if "data_source" in g.columns}
    if len(sources) > 1:
        yield f"# data_source has {len(sources)} values: see `plaudit show r1-general` for routes."


def _accuracy(looks: Looks) -> Iterator[str]:
    if looks.reference is None or not looks.reference_values:
        yield "# accuracy: no column looks like a reference. Where there is one:"
        yield "# accuracy: {use: rules.math.equal, columns: {reference: NAME}}"
        yield "# Without any, the shipped recipe data-quality judges the text by itself."
        return
    rule = reference_rule(looks.reference_values)
    yield "accuracy:"
    yield f"  use: {rule}  # the references look like {_safe(looks.reference_values[0])}"
    yield "  weight: 1.0"
    has_many = any(isinstance(v, list) and len(v) > 1 for v in looks.reference_values)
    if rule == "rules.exact.multiple_choice" and has_many:
        yield "  # questions: true         # if each item answers another question of the prompt"
    if rule == "rules.math.equal":
        yield "  extract: auto             # or boxed, answer_tag, gsm8k, minerva, last_number"
    names = ("reference", "reference_answer", "solution", "answer", "ground_truth")
    if sum(looks.reference in group.columns for group in looks.groups) < len(looks.groups):
        yield f"  when: {{has: {looks.reference}}}  # left out of rows without one"
    if looks.reference not in names:
        yield f"  columns: {{reference: {_safe(looks.reference)}}}"


def _format(looks: Looks) -> Iterator[str]:
    if not looks.has("think"):
        yield "# format: no think blocks. To ask for them: {use: rules.format.think}"
        return
    rule = "think_answer" if looks.has("answer") else "think"
    opened = looks.counts["think"] - looks.counts["prefilled"]
    prefilled = "false" if not looks.counts["prefilled"] else "auto" if opened else "true"
    yield "format:"
    yield f"  use: rules.format.{rule}"
    yield "  weight: 0.5"
    yield f"  prefilled: {prefilled}          # true where the chat template writes <think>"


def _language(looks: Looks) -> Iterator[str]:
    if not looks.has("think"):
        return
    yield "language:                     # share of the reasoning in the language of the prompt"
    yield "  use: rules.language.consistency"
    yield "  weight: 0.2"
    yield "  optional: true              # left out where the prompt has no word"


def _loop(looks: Looks) -> Iterator[str]:
    yield "loop:                         # 0 where the response repeats itself until it is cut"
    yield "  use: rules.repetition.tail_loop"
    yield "  weight: 0.2"


def _length(looks: Looks) -> Iterator[str]:
    """Bounds that nine tenths of the responses keep; a part only where nothing else judges."""
    if not looks.lengths:
        return
    low = looks.lengths[len(looks.lengths) // 20]
    high = looks.lengths[-1 - len(looks.lengths) // 20]
    use = f"use: rules.length.range, low: {low}, high: {high}, falloff: {max(1, high)}, unit: chars"
    sign = "# " if looks.reference is not None else ""
    yield f"# length: nine tenths of the responses have {low} to {high} characters"
    yield f"{sign}length: {{{use}, weight: 0.2}}"
