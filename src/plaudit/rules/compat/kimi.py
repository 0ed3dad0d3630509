"""The length reward of Kimi k1.5 (arXiv 2501.12599, section 2.3.3), as in the report."""

from __future__ import annotations

from collections.abc import Sequence

from plaudit.rules.length import _kimi, _MeasuredResponse, _Shaped
from plaudit.types import Reward, Score

__all__ = ["length"]

_CONSTANT = {"use": "rules.baseline.constant", "value": 1.0}
EXAMPLES = {"length": {"params": {"accuracy": _CONSTANT}}}


def length(accuracy: Reward) -> Reward:
    """From -0.5 (the longest of its group) to 0.5 (the shortest, if correct), in tokens.

    ``l = 0.5 - (L - min) / (max - min)`` over the responses of a prompt; a correct one earns l, a
    wrong one ``min(0, l)``, and all 0 where the lengths are equal, so a single response earns 0
    (`rules.length.kimi` leaves it unscored, and has other units). The report adds it to the
    accuracy with a weight, after a start without it.

    >>> from plaudit import Group, Response, load
    >>> right = load("rules.baseline.constant", value=1.0)
    >>> group = Group("?", [Response("", token_ids=(1,) * n) for n in (10, 20, 30)])
    >>> [s.value for s in load("rules.compat.kimi.length", accuracy=right).score([group])[0]]
    [0.5, 0.0, -0.5]
    """
    return _Relative(length, accuracy, _by_length, {})


class _Relative(_Shaped):
    relative = True  # type: ignore[assignment]


def _by_length(outcomes: Sequence[_MeasuredResponse]) -> list[float | Score]:
    lengths = [o.length for o in outcomes]
    ends = min(lengths, default=0), max(lengths, default=0)
    return [_kimi(o.correct, o.length, *ends) for o in outcomes]
