"""The options of the selection rules, a frozen dataclass for each; see `data.selection`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from plaudit.options import Option

__all__ = ["PreferenceOptions", "PromptsOptions", "SftOptions", "Strategy"]

Strategy = Literal["best-vs-worst", "best-vs-random", "all-pairs"]


@dataclass(frozen=True, slots=True)
class PreferenceOptions:
    strategy: Annotated[Strategy, Option("best-vs-worst, best-vs-random or all-pairs.", "NAME")] = (
        "best-vs-worst"
    )
    min_margin: Annotated[float, Option("Least difference of the rewards.")] = 0.0
    max_margin: Annotated[float, Option("Largest difference.")] = math.inf
    min_agreement: Annotated[
        float | None,
        Option(
            "Least share of votes for the chosen one; 1: both orders of a pairwise judge.", "SHARE"
        ),
    ] = None
    parts: Annotated[
        tuple[str, ...],
        Option(
            "The parts that vote instead of forward and backward. Repeatable.",
            "PART",
            name="agreement-part",
        ),
    ] = ("forward", "backward")
    max_length_ratio: Annotated[float, Option("The longer over the shorter, in characters.")] = (
        math.inf
    )
    max_pairs: Annotated[int, Option("Pairs of one prompt (1).")] = 1


@dataclass(frozen=True, slots=True)
class SftOptions:
    at_least: Annotated[float, Option("Least reward; required.")]
    cap: Annotated[int, Option("Responses of one prompt (4).")] = 4
    prefer: Annotated[
        Literal["best", "random"], Option("random or best, under the cap.", "WHICH")
    ] = "random"
    max_other_script: Annotated[
        float | None, Option("Words in another script than due.", "SHARE")
    ] = None
    max_paragraph_chars: Annotated[int | None, Option("Longest paragraph.")] = None
    no_code_in_think: Annotated[bool, Option("No code block in the think part.")] = False


@dataclass(frozen=True, slots=True)
class PromptsOptions:
    pass_at: Annotated[float, Option("The reward of a right answer (1).")] = 1.0
    min_rate: Annotated[float, Option("Least pass rate.", "SHARE")] = 0.0
    max_rate: Annotated[float, Option("Largest pass rate.", "SHARE")] = 1.0
