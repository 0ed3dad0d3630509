"""The options of each kind of training: its command line, and its call from Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from plaudit.options import Option

__all__ = ["DataOptions", "LinearOptions"]


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Which pairs are read, which of them are trained on, and which are held out."""

    data: Annotated[
        list[str],
        Option(
            "Rows of chosen and rejected, or of response_a, response_b and a label. Repeatable.",
            "FILE|DIR|hf:NAME",
        ),
    ]
    out: Annotated[str, Option("The directory to write.", "DIR", short="-o")]
    valid: Annotated[
        list[str] | None,
        Option(
            "Rows to evaluate on, instead of prompts held out of --data. Repeatable.",
            "FILE|DIR|hf:NAME",
        ),
    ] = None
    held_out: Annotated[float, Option("The share of prompts to evaluate on.", "SHARE")] = 0.1
    dedup: Annotated[str | None, Option("Drop repeated pairs: exact or near.", "HOW")] = None
    near: Annotated[float | None, Option("How alike near is (0.8).", "SHARE")] = None
    against: Annotated[
        list[str] | None, Option("Drop prompts that overlap these. Repeatable.", "FILE")
    ] = None
    balance_length: Annotated[
        bool, Option("Let the longer response win half of the pairs, at every ratio of lengths.")
    ] = False
    licence: Annotated[
        str | None, Option("The licence of rows that state none; goes into scoring.json.", "TEXT")
    ] = None
    seed: Annotated[int, Option("Of the split and of every draw.")] = 0
    overwrite: Annotated[bool, Option("Replace the directory.")] = False


@dataclass(frozen=True, kw_only=True)
class LinearOptions(DataOptions):
    """The baseline on hashed n-grams and style."""

    variant: Annotated[
        str, Option("linear, or style: without words, to see how much of the data is style.")
    ] = "linear"
    penalty: Annotated[
        float | None, Option("Of the squared weights (1e-4; style: 0.1).", "NUMBER")
    ] = None
