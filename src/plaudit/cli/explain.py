"""`plaudit explain`: one row, the tree of parts behind its scores."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit import offers
from plaudit.cli._console import console, number, on_one_line, text
from plaudit.cli._options import takes_options
from plaudit.cli._reward import AllowImport, Columns, Path, Recipe, Set
from plaudit.errors import ConfigError, DataError
from plaudit.options import Option

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from plaudit.data import Row
    from plaudit.explain import Explanation
    from plaudit.types import Group, Response, Reward, Score, Step

__all__ = ["run"]

_SHOWN_CHARS = 1500
_MAX_SPANS = 20


@dataclass(frozen=True, kw_only=True)
class ExplainOptions:
    place: Annotated[
        str,
        typer.Argument(
            metavar="FILE[:LINE]", help="A line of a text file, a row of a table; else the first."
        ),
    ]
    recipe: Recipe = None
    reward: Path = None
    settings: Set = None
    columns: Columns = None
    response: Annotated[int | None, Option("Only the Nth response of the row.", "N", least=1)] = (
        None
    )
    full: Annotated[bool, Option("Show long responses whole.")] = False
    allow_import: AllowImport = None


@takes_options(ExplainOptions)
def run(options: ExplainOptions) -> None:
    """Explain the scores of one row: every part with its weight, reason and time."""
    from plaudit.cli._reward import choose
    from plaudit.explain import explain

    chosen = choose(options.recipe, options.reward, options.settings, options.allow_import)
    row = _row(options.place, chosen.columns(options.columns))
    if isinstance(row.group, DataError):
        raise row.group
    _warm_up(chosen.reward, row.group)
    tree = explain(chosen.reward, row.group, name=chosen.name)
    out = console()
    for i in _places(options.response, row.group):
        _print_response(out, row, row.group, i, full=options.full)
        _print_tree(out, tree, i)
    failed = tree.error is not None or any(not score.is_scored for score in tree.scores)
    raise typer.Exit(1 if failed else 0)


def _warm_up(reward: Reward, group: Group) -> None:
    """Loads what the rules import, so that the times shown are theirs alone."""
    from plaudit.combine import replace_responses
    from plaudit.types import Response

    with contextlib.suppress(DataError):
        reward.score([replace_responses(group, [Response("")] * len(group.responses))])


def _places(response: int | None, group: Group) -> list[int]:
    count = len(group.responses)
    if response is None:
        return [*range(count)]
    if response > count:
        raise ConfigError(f"--response {response}: the row has {count}")
    return [response - 1]


def _row(place: str, columns: dict[str, str]) -> Row:
    """The row at FILE:LINE."""
    from plaudit.data.read import read

    source, colon, line = place.rpartition(":")
    if not (colon and line.isdigit()) or (place.startswith("hf:") and place.count(":") == 1):
        source, line = place, ""
    number = None
    for row in read(source, columns=columns):
        number = row.number
        if not line or number >= int(line):
            break
    else:
        raise ConfigError(f"{source}: has no row {line or 1}; the last is {number or 0}")
    if line and number != int(line):
        raise ConfigError(f"{source}:{line}: contains no row; the next one is {number}")
    return row


# --- the response ---------------------------------------------------------------------------------


def _print_response(out: Console, row: Row, group: Group, i: int, *, full: bool) -> None:
    from plaudit.rule import prompt_text

    response = group.responses[i]
    which = f", response {i + 1} of {len(group.responses)}" if len(group.responses) > 1 else ""
    identity = f" (id {group.id})" if group.id else ""
    out.print(text(f"{row.where}{which}{identity}", "bold"))
    out.print(text(f"prompt: {on_one_line(prompt_text(group), 200)}", "dim"))
    out.print(_response_text(response, full=full))
    out.print(text(_about(response), "dim"))
    for name, start, end in _spans(response.text):
        excerpt = on_one_line(response.text[start:end], 80)
        out.print(text(f"{name}, characters {start}-{end}: {excerpt}", "dim"))


def _response_text(response: Response, *, full: bool) -> Text:
    """The response with its think block dimmed; a long one without its middle."""
    from plaudit.text.think import answer_start

    limit = len(response.text) if full else _SHOWN_CHARS
    start = answer_start(response.text)
    thought = text(_cut(response.text[:start], limit // 2), "dim italic")
    return thought.append_text(text(_cut(response.text[start:], limit)))


def _cut(value: str, limit: int) -> str:
    from plaudit.untrusted import clip

    return clip(value, limit)


def _spans(response: str) -> Iterator[tuple[str, int, int]]:
    """Where the think block, the last answer tag and the last box are."""
    from plaudit.answers.boxed import last_boxed
    from plaudit.text.think import answer_start, split

    thought = split(response)
    if thought.status != "none":
        yield f"think block ({thought.status})", 0, answer_start(response)
    end = response.rfind("</answer>")
    start = response.rfind("<answer>", 0, max(end, 0))
    if start >= 0:
        yield "last answer tag", start, end + len("</answer>")
    if (box := last_boxed(response)) is not None:
        yield "last box", box[1], box[2]


def _about(response: Response) -> str:
    pieces = [f"{len(response.text):,} characters"]
    if response.token_ids is not None:
        pieces.append(f"{len(response.token_ids):,} tokens")
    if response.finish_reason is not None:
        pieces.append(f"finish reason {response.finish_reason}")
    return ", ".join(pieces)


# --- the tree -------------------------------------------------------------------------------------


def _print_tree(out: Console, tree: Explanation, i: int) -> None:
    from rich.tree import Tree

    root = Tree(_line(tree, i))
    _add_children(root, tree, i)
    out.print(root)
    out.print()


def _add_children(branch: Any, node: Explanation, i: int) -> None:
    """Adds below a node what its score says, then its parts."""
    for line in _details(node, i):
        branch.add(line)
    parent_text = node.group.responses[i].text
    for child in node.children:
        below = branch.add(_line(child, i))
        if (sight := child.group.responses[i].text) != parent_text:
            quoted = repr(on_one_line(sight, 120)) if sight else "nothing"
            below.add(text(f"sees only {quoted}", "dim"))
        _add_children(below, child, i)


def _line(node: Explanation, i: int) -> Text:
    """Name, weight, value, what it is, time."""
    line = text(node.name, "bold")
    if node.is_applicable:
        line.append_text(_value(node.scores[i] if node.scores else None))
    else:
        line.append_text(text("  does not apply to this row", "dim"))
    if node.weight is not None:
        line.append_text(text(f"  weight {node.weight:g}", "cyan"))
    return line.append_text(text(f"  {_what(node.reward)}{_time(node)}", "dim"))


def _time(node: Explanation) -> str:
    return f"  {1000 * node.seconds:.1f} ms" if node.is_applicable else ""


def _value(score: Score | None) -> Text:
    if score is None or not score.is_scored:
        return text("  unscored", "bold red")
    return text(f"  {number(score.value)}", "bold red" if score.fault else "bold green")


def _what(reward: Reward) -> str:
    """The reward as it was built; a combination by its name, since its parts follow below it."""
    spelled = offers.spelling_of(reward) or repr(reward)
    spelled = re.sub(r"load\('([\w.:]+)'(?:, )?", r"\1(", spelled)
    return on_one_line(spelled.replace("()", ""), 100)


def _details(node: Explanation, i: int) -> list[Text]:
    """The note, error, parts and spans that the parts below do not say themselves."""
    if node.error is not None and not any(child.error for child in node.children):
        return [text(str(node.error.at("")), "red")]
    if not node.scores:
        return []
    score = node.scores[i]
    below = [child.scores[i] for child in node.children if child.scores]
    lines = []
    if score.note and not any(child.note for child in below):
        lines.append(text(on_one_line(score.note, 400)))
    if score.error and not any(child.error for child in below):
        lines.append(text(f"{score.fault} fault: {on_one_line(score.error, 400)}", "red"))
    names = {child.name for child in node.children}
    own = {k: v for k, v in score.parts.items() if k.partition("/")[0] not in names}
    if own and not (node.children and offers.spelling_of(node.reward)):
        lines.append(text(", ".join(f"{k} {number(v)}" for k, v in own.items()), "dim"))
    return lines + [_span(step, node.group.responses[i].text) for step in score.steps[:_MAX_SPANS]]


def _span(step: Step, response: str) -> Text:
    excerpt = on_one_line(response[step.start : step.end], 80)
    return text(f"characters {step.start}-{step.end}: {excerpt!r} {number(step.value)}", "yellow")
