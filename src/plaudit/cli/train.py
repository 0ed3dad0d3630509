"""Train a reward from preference data: `plaudit train linear` makes the baseline.

What it writes can only be scored as it was trained: scoring.json beside the weights says how.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from plaudit.cli._console import console, stderr, table, text
from plaudit.cli._options import takes_options
from plaudit.cli._reward import Columns, columns_of
from plaudit.options import values_of
from plaudit.train.options import LinearOptions
from plaudit.untrusted import visible

if TYPE_CHECKING:
    from plaudit.train.run import Training

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True, kw_only=True)
class LinearCommand(LinearOptions):
    columns: Columns = None


@app.callback()
def group() -> None:
    """Train a reward from preference data."""


@app.command(name="linear")
@takes_options(LinearCommand)
def run_linear(options: LinearCommand) -> None:
    """Train the baseline: Bradley-Terry on hashed words and style, in minutes on one core.

    It reads no meaning: it shows what length, layout and an author's words win on the data. Use it
    as a row beside other rewards, not as a reward to optimise.

    Exit codes: 0; 2 the command line is wrong; 3 a row is no pair, or none is left; 4 writing
    failed. Nothing is left under the name of the directory then.
    """
    from plaudit.train.run import train_linear

    own = LinearOptions(**values_of(LinearOptions, options))
    training = train_linear(own, columns_of(options.columns))
    _show(training, options.out)


def _show(training: Training, out: str) -> None:
    contract = training.contract
    for head, rows in (
        (("pairs", "number"), _counts(training)),
        (("on held-out pairs", "accuracy", "95 %"), _accuracies(contract)),
    ):
        if body := list(rows):
            grid = table(*head, numeric=head[1:])
            for row in body:
                grid.add_row(*row)
            console().print(grid)
    for warning in contract["warnings"]:
        stderr(f"warning: {visible(warning)}")
    stderr(f"{out}: {contract['label']}")


def _counts(training: Training) -> Iterator[tuple[Any, ...]]:
    split = training.split
    yield "rows", f"{split.num_rows:,}"
    for reason, num in split.dropped.items():
        yield f"dropped: {reason}", f"{num:,}"
    yield "trained on", f"{len(split.train):,}"
    yield "held out", f"{len(split.valid):,}"


def _accuracies(contract: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    if (result := contract["evaluation"]) is None:
        return
    figures = {f"{contract['variant']} (baseline)": result["accuracy"], **result["floors"]}
    for name, figure in figures.items():
        low, high = (100 * figure[end] for end in ("low", "high"))
        yield text(visible(name)), f"{100 * figure['value']:.1f}", f"{low:.1f}-{high:.1f}"
