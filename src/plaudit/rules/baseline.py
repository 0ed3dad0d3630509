"""Baselines to compare with: a seeded random score, a constant, the length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from plaudit.hashing import seeded_hash
from plaudit.text.units import Unit, length_of
from plaudit.types import Range

__all__ = ["constant", "length", "random"]


def random(response: str, prompt: str = "", *, seed: int = 0) -> Annotated[float, Range(0, 1)]:
    """A random number in [0, 1), seeded by (seed, prompt, response): equal texts, equal scores.

    The floor of RewardBench's "random" type (which draws new values in each run).

    >>> random("a") == random("a"), 0 <= random("a") < 1
    (True, True)
    """
    return (seeded_hash(seed, prompt, response) >> 11) / 2**53


def constant(response: str, *, value: float = 0.0) -> Annotated[float, Range("value", "value")]:
    """Always `value`.

    >>> constant("anything", value=0.5)
    0.5
    """
    return value


def length(
    response: str,
    token_ids: Sequence[int] | None = None,
    *,
    unit: Unit = "chars",
    tokenizer: str | None = None,
) -> Annotated[float, Range(0, float("inf"))]:
    """The length of the response in `unit`, from 0 up: the bias that every reward is compared with.

    >>> length("four")
    4.0
    """
    return float(length_of(response, token_ids, unit, tokenizer))
