"""`plaudit init`: looks at a file and proposes a commented recipe for it."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from plaudit.cli._console import number, on_one_line, say, stderr
from plaudit.cli._look import RULES, Choice, Looks, look
from plaudit.cli._reward import Columns
from plaudit.errors import ConfigError
from plaudit.rule import ALIASES

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
    """Look at a file and propose a recipe: columns, tags, language, kind of reference.

    The recipe says which columns of the file are the prompt, the response and the reference, so
    that the printed command runs unchanged. Where a column may be read in two ways, one is
    asked for.

    Exit codes: 0; 1 the file contains prompts without responses (the recipe is for those that will
    be sampled), or responses without a prompt outside a terminal; 2 no row can be read, or two
    readings are possible outside a terminal, where none can be chosen.
    """
    from plaudit.cli._reward import check_names, columns_of, inputs_in

    mapped = columns_of(columns)
    check_names(mapped, inputs_in([*RULES]))
    if output is not None and Path(output).exists() and not overwrite:
        raise ConfigError(f"{output}: exists; --overwrite replaces it")
    if file == "-":
        raise ConfigError("init reads a file twice; give it a file, not standard input")
    looks = _look(file, mapped, limit)
    name = output or "recipe.yaml"
    recipe = proposal(looks, file, name)
    if output is None:
        print(recipe, end="")
    else:
        Path(output).write_text(recipe, encoding="utf-8")
        stderr(f"written: {output}")
    for note in looks.notes:
        say(f"note: {note}")
    if not looks.has_responses:
        say(_no_responses(looks, file, name))
        raise typer.Exit(1)
    _try(recipe, file, limit)
    stderr(f"next: {command(file, name)}")
    if not looks.has_prompts:
        say(_no_prompts(looks, file))
        if not _is_attended():
            raise typer.Exit(1)


def command(file: str, name: str) -> str:
    """The command line that scores the file with the recipe of that name.

    >>> command("my rows.jsonl", "r.yaml")
    "plaudit score 'my rows.jsonl' --recipe r.yaml"
    """
    return shlex.join(["plaudit", "score", file, "--recipe", name])


def _look(file: str, columns: dict[str, str], limit: int) -> Looks:
    """Looks at the file, asking at the terminal where two readings are possible."""
    while True:
        try:
            return look(file, columns, limit)
        except Choice as error:
            columns |= _ask(file, error)


def _ask(file: str, choice: Choice) -> Mapping[str, str]:
    """The reading that the user chooses; where there is no terminal, the ways out and exit 2."""
    ways = [" ".join(f"--column {n}={s}" for n, s in option.items()) for option in choice.options]
    say(f"plaudit: {choice}:")
    if not _is_attended():
        for way in ways:
            stderr(f"  plaudit init {shlex.quote(file)} {way}")
        raise typer.Exit(2)
    for i, way in enumerate(ways, 1):
        stderr(f"  {i}  {way}")
    number_ = typer.prompt("which", type=int, err=True)
    if not 1 <= number_ <= len(ways):
        raise ConfigError(f"{number_}: choose a number from 1 to {len(ways)}")
    return choice.options[number_ - 1]


def _is_attended() -> bool:
    """Whether somebody is at the terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def proposal(looks: Looks, file: str, name: str) -> str:
    """The text of a recipe that fits what was seen."""
    lines = [f"description: proposed for {_safe(Path(file).name)}", *_head(looks, file, name)]
    lines += ["columns:                      # what the columns of the file are"]
    lines += [f"  {key}: {_scalar(source)}" for key, source in looks.columns.items()]
    lines += ["use: combine.weighted", "parts:"]
    for part in (_accuracy, _format, _language, _loop, _length):
        lines += [f"  {line}".rstrip() for line in part(looks)]
    return "\n".join(lines) + "\n"


def _no_responses(looks: Looks, file: str, name: str) -> str:
    """What to say of a file of prompts."""
    layout = f" ({looks.layout.name})" if looks.layout is not None else ""
    ways = " or ".join(f"--column {shlex.quote(f'response={c}')}" for c in looks.candidates[:4])
    return (
        f"{file}: prompts without responses{layout}: there is nothing to score yet. Sample some,"
        f" add them as the column response (or responses), and score them with --recipe {name};"
        f" if a column holds them, name it: {ways or '--column response=NAME'}"
    )


def _no_prompts(looks: Looks, file: str) -> str:
    """What to say of a file of responses without prompts."""
    names = list(dict.fromkeys(name for group in looks.groups for name in group.columns))
    there = f" (the rows also have {', '.join(names[:12])})" if names else ""
    return (
        f"WARNING: {file}: no column is the prompt, so that rules and judges which read it see an"
        f" empty one. Where there is one, name it: --column prompt=NAME{there}"
    )


def _try(recipe: str, file: str, limit: int) -> None:
    """Scores a few of the rows with the proposal, as the printed command will read them."""
    import yaml

    from plaudit import registry
    from plaudit.data import scored
    from plaudit.data.read import read
    from plaudit.report import Summary

    node, summary, problem = yaml.safe_load(recipe), Summary(), ""
    rows = read(file, columns=registry.data_columns(node), limit=min(limit, _TRIED))
    for _, result in scored(registry.build(node), rows):
        summary.add(result)
        problem = problem or (f"; {result.error}" if result.error is not None else "")
    means = ", ".join(f"{part.name} {number(part.mean)}" for part in summary.parts)
    counts = summary.counts
    say(
        f"tried on {counts.rows} rows: mean {number(summary.reward.mean)} ({means});"
        f" {counts.unscored} unscored, {counts.bad_rows} bad rows{on_one_line(problem, 300)}"
    )


# --- the text -------------------------------------------------------------------------------------


def _safe(value: object) -> str:
    """A value of the user's data as YAML text on one line, fit for a comment as well."""
    return json.dumps(on_one_line(str(value), 60))


def _scalar(name: str) -> str:
    """A column's name as YAML."""
    is_word = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", name) and name.lower() not in _YAML_WORDS
    return name if is_word else json.dumps(name)


_YAML_WORDS = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")


def _head(looks: Looks, file: str, name: str) -> Iterator[str]:
    """What was seen, and how to run it."""
    from plaudit.data.door import recipe_for

    total = looks.num_responses
    yield f"# {len(looks.groups)} rows looked at, {looks.num_bad} not readable; {total} responses:"
    names = {"think": "a think block", "prefilled": "opened by the template"}
    names |= {"answer": "an <answer> tag", "boxed": "a \\boxed answer", "code": "fenced code"}
    names |= {"chinese": "Chinese text", "token_ids": "token ids", "cut": "cut by the limit"}
    shapes = [f"{looks.counts[mark]} {what}" for mark, what in names.items() if looks.counts[mark]]
    yield f"# {', '.join(shapes) or 'none of the usual marks'}."
    yield from (f"# {line}" for line in _shapes(looks))
    if looks.layout is not None:
        page = looks.layout.source.partition(";")[0]
        yield f"# The columns are those of {looks.layout.name}: {page}"
    if looks.has_responses:
        yield f"# {on_one_line(command(file, name), 1000)}"
    if looks.has_responses and looks.rule == "rules.math.equal":
        fitting = recipe_for([r for group in looks.groups for r in group.responses])
        yield f"# The shipped recipe for such responses is {fitting}: plaudit show {fitting}"
    sources = {str(g.columns["data_source"]) for g in looks.groups if "data_source" in g.columns}
    if len(sources) > 1:
        yield f"# data_source has {len(sources)} values: see `plaudit show r1-general` for routes."


def _accuracy(looks: Looks) -> Iterator[str]:
    if looks.rule is None:
        yield "# accuracy: no column looks like a reference. Where there is one:"
        yield "# accuracy: {use: rules.math.equal, columns: {reference: NAME}}"
        yield "# Without any, the shipped recipe data-quality judges the text by itself."
        return
    values, name = looks.reference_values, looks.reference
    is_compared = bool(values) and looks.rule not in _OTHER_COLUMNS
    like = f"  # the references look like {_safe(values[0])}" if is_compared else ""
    yield "accuracy:"
    yield f"  use: {looks.rule}{like}"
    yield "  weight: 1.0"
    has_many = any(isinstance(v, list) and len(v) > 1 for v in values)
    if looks.rule == "rules.exact.multiple_choice" and has_many:
        yield "  # questions: true         # if each item answers another question of the prompt"
    if looks.rule == "rules.math.equal":
        yield "  extract: auto             # or boxed, answer_tag, gsm8k, minerva, last_number"
        if name != "references" and any(isinstance(v, list) for v in values):
            yield "  references: all           # the answer is the whole list; or any"
    if is_compared and name is not None and len(values) < len(looks.groups):
        yield f"  when: {{has: {_scalar(name)}}}  # left out of rows without one"
    if (
        is_compared
        and name is not None
        and name
        not in (
            "reference",
            "references",
            *ALIASES["reference"],
        )
    ):
        yield f"  columns: {{reference: {_scalar(name)}}}"


def _shapes(looks: Looks) -> Iterator[str]:
    """What the responses of a row are to each other."""
    if not looks.has_responses:
        yield "The rows have prompts but no responses."
        return
    pairs = [group for group in looks.groups if len(group.responses) > 1]
    labels = [{r.columns.get("label") for r in group.responses} for group in pairs]
    if num := sum("chosen" in names for names in labels):
        yield f"{num} rows are pairs or more, labelled: the better one is `chosen`."
    if num := sum(names == {"tie"} for names in labels):
        yield f"{num} rows are labelled as ties."
    if num := sum("steps" in group.responses[0].columns for group in looks.groups):
        yield f"{num} rows are one solution of several steps each."


_OTHER_COLUMNS = ("rules.code.passes", "rules.tools.equal", "rules.constraints.ifeval")


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
    sign = "# " if looks.rule is not None else ""
    yield f"# length: nine tenths of the responses have {low} to {high} characters"
    yield f"{sign}length: {{{use}, weight: 0.2}}"
