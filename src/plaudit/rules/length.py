"""Rewards on how long a response is, in a unit that the recipe names.

Lengths, limits and targets are all in `unit`: "tokens" (the row's token ids, or those of
``tokenizer=FILE``), "words" or "chars". No unit is ever substituted for another: if tokens are
requested and there are neither ids nor a tokenizer, the row is an error.

`kimi`, `cosine`, `l1_exact` and `l1_max` need to know which responses are correct: they take
another reward, `accuracy`, and count a response as correct where its value is `at_least` (1). A
response that `accuracy` could not score is not scored here either; one whose failure is its own
fault counts as wrong, and keeps that fault.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, NamedTuple

from plaudit.entry import entered
from plaudit.errors import ConfigError, DataError, ScoringError, clipped
from plaudit.offers import is_judge, is_reward
from plaudit.rule import column_of
from plaudit.text.units import Unit, length_of
from plaudit.types import Child, Group, Range, Response, Reward, Score

__all__ = [
    "cosine",
    "gaussian",
    "kimi",
    "l1_exact",
    "l1_max",
    "overlong_buffer",
    "range",
    "soft_overlong",
]

_CONSTANT = {"use": "rules.baseline.constant", "value": 1.0}
EXAMPLES = {
    "soft_overlong": {"params": {"max_length": 200, "buffer": 50, "unit": "chars"}},
    "overlong_buffer": {"params": {"max_length": 200, "buffer": 50, "unit": "chars"}},
    "gaussian": {"params": {"target": 200, "width": 50, "unit": "chars"}},
    "range": {"params": {"low": 20, "high": 200, "falloff": 20, "unit": "chars"}},
    "kimi": {"params": {"accuracy": _CONSTANT, "unit": "chars"}},
    "cosine": {"params": {"accuracy": _CONSTANT, "max_length": 200, "unit": "chars"}},
    "l1_exact": {"params": {"accuracy": _CONSTANT, "target": 200, "unit": "chars"}},
    "l1_max": {"params": {"accuracy": _CONSTANT, "target": 200, "unit": "chars"}},
}


# --- the length alone -----------------------------------------------------------------------------


def soft_overlong(
    response: str,
    token_ids: Sequence[int] | None = None,
    *,
    max_length: int,
    buffer: int,
    unit: Unit = "tokens",
    tokenizer: str | None = None,
) -> Annotated[float, Range(-1, 0)]:
    """0 up to ``max_length - buffer``, then falling linearly to -1 at `max_length` and beyond.

    ``0 if L <= M - B; (M - B - L) / B if L <= M; else -1``: DAPO, arXiv 2503.14476, equation 13,
    with M = 20480 and B = 4096 tokens in the paper. ``buffer=0`` is a plain limit. `finish_reason`
    is not read: a response cut at M has L = M and earns -1.

    Raises: DataError without token ids or tokenizer where unit="tokens".

    >>> soft_overlong("x" * 90, max_length=100, buffer=20, unit="chars")
    -0.5
    """
    _check_buffer(max_length, buffer)
    return _soft_overlong(length_of(response, token_ids, unit, tokenizer), max_length, buffer)


def overlong_buffer(
    response: str,
    token_ids: Sequence[int] | None = None,
    *,
    max_length: int,
    buffer: int,
    max_penalty: float = -1.0,
    unit: Unit = "tokens",
    tokenizer: str | None = None,
) -> Annotated[float, Range("max_penalty", 0)]:
    """From `max_penalty` (all of the buffer used, or more) to 0 (none of it).

    ``max_penalty * min(max(L - E, 0), B) / B`` with ``E = max_length - buffer``: the overlong
    buffer of verl's DAPO manager and of OpenRLHF, with the floor that only the latter has
    (without it, a response of twice the limit costs several times the penalty). The factor of
    those libraries is ``-max_penalty``.

    Raises: DataError without token ids or tokenizer where unit="tokens".

    >>> overlong_buffer("x" * 95, max_length=100, buffer=20, max_penalty=-2.0, unit="chars")
    -1.5
    """
    _check_buffer(max_length, buffer)
    if not max_penalty <= 0:
        raise ConfigError(f"max_penalty={max_penalty} must not be positive")
    length = length_of(response, token_ids, unit, tokenizer)
    return -max_penalty * _soft_overlong(length, max_length, buffer)


def gaussian(
    response: str,
    token_ids: Sequence[int] | None = None,
    num_tokens: float | None = None,
    *,
    target: float | None = None,
    width: float,
    unit: Unit = "tokens",
    tokenizer: str | None = None,
) -> Annotated[float, Range(0, 1)]:
    """1 at the target length, falling to 0 on both sides as a bell of standard deviation `width`.

    ``exp(-((L - target) / width)^2 / 2)``. The target is the parameter or, without it, the row's
    `num_tokens` (in `unit`). cmu-l3/l1 has it with width 500 and a floor of 0.1, XU-YIJIE/grpo-flat
    with target 200 and width 50 characters.

    Raises: DataError without a target, or without token ids or tokenizer where unit="tokens".

    >>> gaussian("x" * 200, target=200, width=50, unit="chars")
    1.0
    """
    if not width > 0:
        raise ConfigError(f"width={width} must be positive")
    length = length_of(response, token_ids, unit, tokenizer)
    return _gaussian(length, _target(target, num_tokens), width)


def range(
    response: str,
    token_ids: Sequence[int] | None = None,
    *,
    low: float = 0,
    high: float = math.inf,
    falloff: float,
    unit: Unit = "tokens",
    tokenizer: str | None = None,
) -> Annotated[float, Range(0, 1)]:
    """1 from `low` to `high`, falling linearly to 0 at a distance of `falloff` outside.

    ``max(0, 1 - d / falloff)`` with d the distance to the range; ``falloff=0`` is a hard limit.

    Raises: DataError without token ids or tokenizer where unit="tokens".

    >>> [range("x" * n, low=10, high=20, falloff=10, unit="chars") for n in (0, 4, 10, 20, 25)]
    [0.0, 0.4, 1.0, 1.0, 0.5]
    """
    if not (low <= high and falloff >= 0):
        raise ConfigError(
            f"range needs low <= high and falloff >= 0, found {low}, {high}, {falloff}"
        )
    return _range(length_of(response, token_ids, unit, tokenizer), low, high, falloff)


# --- length and correctness -----------------------------------------------------------------------


def kimi(
    accuracy: Reward,
    *,
    unit: Unit = "tokens",
    tokenizer: str | None = None,
    at_least: float = 1.0,
) -> Reward:
    """From -0.5 (the longest of its group) to 0.5 (the shortest, if correct), per group.

    ``l = 0.5 - (L - min) / (max - min)`` over the responses of one prompt; a correct response
    earns l, a wrong one ``min(0, l)``, and all 0 where the lengths are equal: Kimi k1.5, arXiv
    2501.12599, section 2.3.3. Minimum and maximum are those of the scored responses; a group
    with fewer than two has no statistics and stays unscored.

    Raises: DataError without token ids or tokenizer where unit="tokens".

    >>> from plaudit import Group, load
    >>> right = load("rules.baseline.constant", value=1.0)
    >>> reward = load("rules.length.kimi", accuracy=right, unit="chars")
    >>> [score.value for score in reward.score([Group("?", ["x", "xx", "xxx"])])[0]]
    [0.5, 0.0, -0.5]
    """
    return _Shaped(kimi, accuracy, _kimi_group, {}, unit, tokenizer, at_least, among_rivals=True)


def cosine(
    accuracy: Reward,
    *,
    max_length: int,
    correct: Sequence[float] = (1.0, 0.5),
    wrong: Sequence[float] = (-1.0, -0.5),
    unit: Unit = "tokens",
    tokenizer: str | None = None,
    at_least: float = 1.0,
) -> Reward:
    """Within `correct` or `wrong`, each a pair of the values at length 0 and at `max_length`.

    ``b + (a - b) (1 + cos(pi L / M)) / 2`` for a pair (a, b): a short correct response earns more
    than a long one, a short wrong one less. Demystifying long chain-of-thought, arXiv 2502.03373,
    with the ranges that open-r1 and TRL use. L is clamped at M: without that a correct response of
    twice the limit earns the maximum again.

    Raises: DataError without token ids or tokenizer where unit="tokens".

    >>> from plaudit import Group, load
    >>> right = load("rules.baseline.constant", value=1.0)
    >>> reward = load("rules.length.cosine", accuracy=right, max_length=100, unit="chars")
    >>> [score.value for score in reward.score([Group("?", ["", "x" * 50, "x" * 200])])[0]]
    [1.0, 0.75, 0.5]
    """
    if not max_length > 0:
        raise ConfigError(f"cosine: max_length={max_length} must be positive")
    ends = {"correct": _pair("correct", correct), "wrong": _pair("wrong", wrong)}
    params = {"max_length": max_length, **ends}
    return _Shaped(cosine, accuracy, _cosine_group, params, unit, tokenizer, at_least)


def l1_exact(
    accuracy: Reward,
    *,
    target: float | None = None,
    alpha: float = 0.0003,
    unit: Unit = "tokens",
    tokenizer: str | None = None,
    at_least: float = 1.0,
    columns: Mapping[str, str] | None = None,
) -> Reward:
    """1 for a correct response of exactly the target length, less by `alpha` a unit; no floor.

    ``[correct] - alpha |target - L|``: L1-Exact of LCPO, arXiv 2503.04697, equation 1. The target
    is the parameter or, without it, the row's `num_tokens` (in `unit`; `columns` binds another
    name).

    Raises: DataError without a target, or without token ids or tokenizer where unit="tokens".

    >>> from plaudit import Group, load
    >>> params = {"target": 100, "alpha": 0.01, "unit": "chars"}
    >>> right = load("rules.baseline.constant", value=1.0)
    >>> reward = load("rules.length.l1_exact", accuracy=right, **params)
    >>> [score.value for score in reward.score([Group("?", ["x" * 100, "x" * 150])])[0]]
    [1.0, 0.5]
    """
    params = {"target": target, "alpha": alpha}
    return _Shaped(l1_exact, accuracy, _l1_exact_group, params, unit, tokenizer, at_least, columns)


def l1_max(
    accuracy: Reward,
    *,
    target: float | None = None,
    alpha: float = 0.0003,
    delta: float = 0.5,
    unit: Unit = "tokens",
    tokenizer: str | None = None,
    at_least: float = 1.0,
    columns: Mapping[str, str] | None = None,
) -> Reward:
    """From 0 (wrong, or far over the target length) to 1 (correct and well below it).

    ``[correct] * clip(alpha (target - L) + delta, 0, 1)``: L1-Max of LCPO, arXiv 2503.04697,
    equation 2 (the published code differs from the paper). The target is the parameter or, without
    it, the row's `num_tokens` (in `unit`; `columns` binds another name).

    Raises: DataError without a target, or without token ids or tokenizer where unit="tokens".

    >>> from plaudit import Group, load
    >>> params = {"target": 100, "alpha": 0.01, "unit": "chars"}
    >>> right = load("rules.baseline.constant", value=1.0)
    >>> reward = load("rules.length.l1_max", accuracy=right, **params)
    >>> [score.value for score in reward.score([Group("?", ["x" * n for n in (50, 100, 150)])])[0]]
    [1.0, 0.5, 0.0]
    """
    params = {"target": target, "alpha": alpha, "delta": delta}
    return _Shaped(l1_max, accuracy, _l1_max_group, params, unit, tokenizer, at_least, columns)


class _MeasuredResponse(NamedTuple):
    """The input of a formula for one response; `num_tokens` is the row's target, if it has one."""

    correct: bool
    length: int
    num_tokens: object = None


@dataclass(frozen=True, eq=False, repr=False)
class _Shaped:
    """Scores `accuracy`, measures the lengths and maps both, group by group, with `formula`."""

    factory: Callable[..., Reward]
    accuracy: Reward
    formula: Callable[..., list[float | Score]]
    params: Mapping[str, Any]
    unit: Unit = "tokens"
    tokenizer: str | None = None
    at_least: float = 1.0
    columns: Mapping[str, str] | None = None
    among_rivals: bool = False

    def __post_init__(self) -> None:
        if not is_reward(self.accuracy):
            raise ConfigError(
                f"{self._path}: accuracy must be a Reward, found"
                f" {clipped(self.accuracy)}; in a recipe write accuracy: {{use: rules.math.equal}}"
            )
        for name in self.columns or ():
            if name != "num_tokens":
                raise ConfigError(f"columns: no input {name!r}; num_tokens can be bound")

    @property
    def relative(self) -> bool:
        """Whether a score depends on the rivals, in the formula or in `accuracy`."""
        return self.among_rivals or self.accuracy.relative

    @property
    def deterministic(self) -> bool:
        """Whether equal inputs give equal scores, as `accuracy`."""
        return self.accuracy.deterministic

    @property
    def cpu_bound(self) -> bool:
        """Whether the work is Python on this machine's processor, as `accuracy`."""
        return self.accuracy.cpu_bound

    @property
    def is_judge(self) -> bool:
        """Whether `accuracy` is a judge's."""
        return is_judge(self.accuracy)

    def __repr__(self) -> str:
        own = {name: getattr(self, name) for name in ("unit", "tokenizer", "at_least", "columns")}
        defaults = inspect.signature(self.factory).parameters
        args = {k: v for k, v in {**self.params, **own}.items() if k in defaults}
        changed = [f"{k}={v!r}" for k, v in args.items() if v != defaults[k].default]
        return f"load({', '.join([repr(self._path), f'accuracy={self.accuracy!r}', *changed])})"

    @property
    def _path(self) -> str:
        return f"{self.factory.__module__.removeprefix('plaudit.')}.{self.factory.__name__}"

    def children(self, group: Group):
        """The reward that says which responses are correct."""
        yield Child("accuracy", None, self.accuracy, group)

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response, with its length and accuracy in `parts`."""
        inner = self.accuracy.score(groups)
        read = entered(groups)
        return [self._score_group(g, scores) for g, scores in zip(read, inner, strict=True)]

    def _score_group(self, group: Group, inner: Sequence[Score]) -> list[Score]:
        try:
            outcomes = [
                self._outcome(group, response, score)
                for response, score in zip(group.responses, inner, strict=True)
            ]
            scored = [o for o, score in zip(outcomes, inner, strict=True) if score.is_scored]
            values = iter(self.formula(scored, **self.params))
        except DataError as error:
            raise error if error.where else error.at(f"row {group.key}") from None
        return [
            _joined(outcome, score, next(values) if score.is_scored else score)
            for outcome, score in zip(outcomes, inner, strict=True)
        ]

    def _outcome(self, group: Group, response: Response, score: Score) -> _MeasuredResponse:
        length = length_of(response.text, response.token_ids, self.unit, self.tokenizer)
        correct = score.value >= self.at_least and score.fault != "response"
        num_tokens = column_of(group, response, "num_tokens", self.columns)
        return _MeasuredResponse(
            correct, length, None if num_tokens is inspect.Parameter.empty else num_tokens
        )


def _joined(outcome: _MeasuredResponse, accuracy: Score, value: float | Score) -> Score:
    """The score of one response: `value`, with the faults and notes of its accuracy."""
    parts = {"length": float(outcome.length), "accuracy": accuracy.value}
    parts.update({f"accuracy/{name}": part for name, part in accuracy.parts.items()})
    if isinstance(value, Score):
        return replace(value, parts=parts)
    return replace(accuracy, value=value, parts=parts, steps=())


# --- formulas -------------------------------------------------------------------------------------


def _soft_overlong(length: int, max_length: int, buffer: int) -> float:
    """DAPO's penalty in [-1, 0]."""
    over = length - (max_length - buffer)
    if over <= 0:
        return 0.0
    return -1.0 if over >= buffer else -over / buffer


def _gaussian(length: float, target: float, width: float) -> float:
    """A bell of height 1 around the target."""
    deviations = (length - target) / width
    return math.exp(-deviations * deviations / 2)


def _range(length: float, low: float, high: float, falloff: float) -> float:
    """1 inside, a line down to 0 outside."""
    distance = max(low - length, length - high, 0)
    if distance == 0:
        return 1.0
    return max(0.0, 1 - distance / falloff) if falloff else 0.0


def _kimi(correct: bool, length: float, shortest: float, longest: float) -> float:
    """Kimi k1.5's reward of one response in a group with these extremes."""
    if shortest == longest:
        return 0.0
    value = 0.5 - (length - shortest) / (longest - shortest)
    return value if correct else min(0.0, value)


def _cosine(length: float, max_length: float, at_zero: float, at_max: float) -> float:
    """Half a cosine from `at_zero` to `at_max`; not clamped: the caller limits `length`."""
    return at_max + (at_zero - at_max) * (1 + math.cos(math.pi * length / max_length)) / 2


def _l1_exact(correct: bool, length: float, target: float, alpha: float) -> float:
    """LCPO's L1-Exact."""
    return correct - alpha * abs(target - length)


def _l1_max(correct: bool, length: float, target: float, alpha: float, delta: float) -> float:
    """LCPO's L1-Max, as in the paper."""
    return correct * min(max(alpha * (target - length) + delta, 0.0), 1.0)


def _kimi_group(outcomes: Sequence[_MeasuredResponse]) -> list[float | Score]:
    if len(outcomes) < 2:
        error = f"kimi needs two scored responses in the group, found {len(outcomes)}"
        return [Score.unscored(error, fault="input")] * len(outcomes)
    lengths = [o.length for o in outcomes]
    ends = min(lengths), max(lengths)
    return [_kimi(o.correct, o.length, *ends) for o in outcomes]


def _cosine_group(
    outcomes: Sequence[_MeasuredResponse],
    *,
    max_length: int,
    correct: tuple[float, float],
    wrong: tuple[float, float],
) -> list[float | Score]:
    return [
        _cosine(min(o.length, max_length), max_length, *(correct if o.correct else wrong))
        for o in outcomes
    ]


def _l1_exact_group(
    outcomes: Sequence[_MeasuredResponse], *, target: float | None, alpha: float
) -> list[float | Score]:
    return _at_target(outcomes, target, partial(_l1_exact, alpha=alpha))


def _l1_max_group(
    outcomes: Sequence[_MeasuredResponse], *, target: float | None, alpha: float, delta: float
) -> list[float | Score]:
    return _at_target(outcomes, target, partial(_l1_max, alpha=alpha, delta=delta))


def _at_target(
    outcomes: Sequence[_MeasuredResponse],
    target: float | None,
    formula: Callable[[bool, int, float], float],
) -> list[float | Score]:
    """The formula at each response's target; a malformed target leaves its response unscored."""
    values = []
    for outcome in outcomes:
        try:
            goal = _target(target, outcome.num_tokens)
        except ScoringError as error:
            values.append(Score.unscored(str(error), fault=error.fault))
        else:
            values.append(formula(outcome.correct, outcome.length, goal))
    return values


# --- checks ---------------------------------------------------------------------------------------


def _target(target: float | None, num_tokens: object) -> float:
    """The target length: the parameter, else the row's column."""
    if target is not None:
        return target
    if num_tokens is None:
        raise DataError("no target length: pass target=N or give num_tokens", field="num_tokens")
    if not isinstance(num_tokens, int | float) or not 0 < num_tokens < math.inf:
        column = clipped(num_tokens)
        raise ScoringError(f"num_tokens must be a positive number, found {column}", fault="input")
    return num_tokens


def _check_buffer(max_length: int, buffer: int) -> None:
    if not 0 <= buffer <= max_length:
        raise ConfigError(f"needs 0 <= buffer <= max_length, found {buffer} and {max_length}")


def _pair(name: str, values: Sequence[float]) -> tuple[float, float]:
    if isinstance(values, str) or not isinstance(values, Sequence) or len(values) != 2:
        raise ConfigError(
            f"cosine: {name} is a pair (value at length 0, value at max_length), found"
            f" {clipped(values)}"
        )
    return float(values[0]), float(values[1])
