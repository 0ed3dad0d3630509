"""The length rewards of L1 (cmu-l3/l1, math_reward.py; arXiv 2503.04697), as in its code.

The target length in tokens is the row's `num_tokens`; a negative one (a maximum, in the code's own
convention) counts by its absolute value. The formulas of the paper are in `rules.length`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Annotated

from plaudit.rules import length
from plaudit.rules.length import _MeasuredResponse, _Shaped, _target
from plaudit.types import Range, Reward, Score

__all__ = ["exact", "gaussian", "gpqa", "max_linear", "max_sigmoid"]

_CONSTANT = {"use": "rules.baseline.constant", "value": 1.0}
EXAMPLES = {
    "exact": {"params": {"accuracy": _CONSTANT}},
    "max_linear": {"params": {"accuracy": _CONSTANT}},
    "max_sigmoid": {"params": {"accuracy": _CONSTANT}},
}

_CHOICE_BACKWARDS = re.compile(r"[ABCD](?![A-Za-z])")


def exact(accuracy: Reward, *, alpha: float = 0.0003) -> Reward:
    """1 for a correct response of exactly the target length, less by `alpha` a token; no floor.

    ``[correct] - alpha |L - num_tokens|``, as the paper's L1-Exact; its run has alpha 0.0003, the
    function 1/3000.

    >>> from plaudit import Group, Response, load
    >>> right = load("rules.baseline.constant", value=1.0)
    >>> group = Group("?", [Response("", token_ids=(1,) * 50)], {"num_tokens": 100})
    >>> load("rules.compat.l1.exact", accuracy=right, alpha=0.01).score([group])[0][0].value
    0.5
    """
    return length.l1_exact(accuracy, alpha=alpha)


def max_linear(accuracy: Reward, *, alpha: float = 0.002) -> Reward:
    """From 0 (wrong, or far over the target) to 1 (correct and far below it), 0.5 at the target.

    ``[correct] * (clip(alpha (num_tokens - L), -1, 1) + 1) / 2``; the paper's L1-Max has
    ``clip(alpha (num_tokens - L) + 0.5, 0, 1)``.

    >>> from plaudit import Group, Response, load
    >>> right = load("rules.baseline.constant", value=1.0)
    >>> group = Group("?", [Response("", token_ids=(1,) * 350)], {"num_tokens": 100})
    >>> load("rules.compat.l1.max_linear", accuracy=right).score([group])[0][0].value
    0.25
    """
    return _Shaped(max_linear, accuracy, _max_linear, {"alpha": alpha})


def max_sigmoid(accuracy: Reward, *, alpha: float = 0.01) -> Reward:
    """From 0 (wrong, or far over the target) to 1 (correct and below it).

    ``[correct] * s`` with ``s = 1 / (1 + exp(-alpha (num_tokens - L)))``, up to the target length
    ``min(1, s + 0.1)``: one token below the target is worth 0.1.

    >>> from plaudit import Group, Response, load
    >>> right = load("rules.baseline.constant", value=1.0)
    >>> group = Group("?", [Response("", token_ids=(1,) * 100)], {"num_tokens": 100})
    >>> load("rules.compat.l1.max_sigmoid", accuracy=right).score([group])[0][0].value
    0.6
    """
    return _Shaped(max_sigmoid, accuracy, _max_sigmoid, {"alpha": alpha})


def gaussian(token_ids: Sequence[int], num_tokens: float) -> Annotated[float, Range(0.1, 1)]:
    """1 at the target length, falling on both sides to a floor of 0.1.

    ``max(0.1, exp(-((L - num_tokens) / 500)^2 / 2))``.

    >>> gaussian([1] * 100, 100), gaussian([1] * 100, 9999)
    (1.0, 0.1)
    """
    deviations = (len(token_ids) - num_tokens) / 500
    return max(0.1, math.exp(-deviations * deviations / 2))


def gpqa(response: str, reference: str) -> Annotated[float, Range(0, 1)]:
    """1 if the last capital A to D that follows no ASCII letter is the reference, else 0.

    At any position: the article in "A good question" is an A. A letter at the very start counts
    unless the text ends in an ASCII letter (in the original the index wraps around). Hardened:
    `rules.exact.choice`.

    >>> gpqa("It must be (B). Don't you agree?", "B")
    0.0
    """
    letter = _CHOICE_BACKWARDS.search(response[::-1])
    if letter is None or (letter.end() == len(response) and _is_letter(response[-1])):
        return float(reference == "")
    return float(letter.group() == reference)


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _max_linear(outcomes: Sequence[_MeasuredResponse], *, alpha: float) -> list[float | Score]:
    values = [min(max(alpha * _left(o), -1.0), 1.0) for o in outcomes]
    return [o.correct * (value + 1) / 2 for o, value in zip(outcomes, values, strict=True)]


def _max_sigmoid(outcomes: Sequence[_MeasuredResponse], *, alpha: float) -> list[float | Score]:
    return [o.correct * _bonus_sigmoid(_left(o), alpha) for o in outcomes]


def _left(outcome: _MeasuredResponse) -> float:
    """The target length less the length of the response, in tokens."""
    num_tokens = outcome.num_tokens
    if isinstance(num_tokens, int | float):
        num_tokens = abs(num_tokens)
    return _target(None, num_tokens) - outcome.length


def _bonus_sigmoid(left: float, alpha: float) -> float:
    if left < 0:
        power = math.exp(max(left * alpha, -700.0))
        return power / (1 + power)
    return min(1.0, 1 / (1 + math.exp(-min(left * alpha, 700.0))) + 0.1)
