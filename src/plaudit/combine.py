"""Rewards made of rewards.

The NaN algebra, in one table:

    weighted, product, minimum, mean, mean_minus_std
                 NaN if any part is NaN, unless that part is `optional` (or `when` leaves it out):
                 then the note says so, and the other weights of weighted and mean renormalise;
                 mean_minus_std is NaN below two scored parts
    gate         NaN gate: NaN; closed gate: the floor, even if the gated part is NaN;
                 open gate: the gated part
    normalise    group statistics use the scored members; NaN below two of them, 0 at zero spread;
                 an unscored member stays unscored
    clip, affine, standardise, threshold
                 NaN stays NaN
    all          a result that is not finite (overflow, a root of a negative number) is NaN
    route        the chosen branch
    both_orders  NaN if either order is NaN
    round_robin  mean over the rivals that could be compared; NaN if there is none; a response's
                 fault in a comparison is the loser's alone

A fault of a part is a fault of the whole, with the part's name before the error; what stands behind
a closed gate does not count. Under a negative weight or scale a response's fault earns the part's
highest value, so that it never pays; where the part declares none, the whole is NaN.
"""

from __future__ import annotations

import hashlib
import math
import random
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

from plaudit.entry import entered
from plaudit.errors import ConfigError, DataError, clipped
from plaudit.rule import LISTS, sources_of
from plaudit.think import Part, part_of
from plaudit.types import Comparer, Fault, Group, Pair, Response, Reward, Score

__all__ = [
    "Child",
    "Member",
    "affine",
    "both_orders",
    "clip",
    "gate",
    "maximum",
    "mean",
    "mean_minus_std",
    "minimum",
    "normalise",
    "product",
    "round_robin",
    "route",
    "standardise",
    "threshold",
    "view",
    "weighted",
]


@dataclass(frozen=True)
class Member:
    """A part of a combination.

    `weight` scales it; an `optional` part that cannot be scored is left out; ``when={"has": NAME}``
    (or a list of names) leaves it out of the groups that lack the column.
    """

    reward: Reward
    weight: float = 1.0
    optional: bool = False
    when: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        _reward(self.reward, "a part")
        if not isinstance(self.weight, int | float) or not math.isfinite(self.weight):
            raise ConfigError(f"weight: expected a finite number, found {clipped(self.weight)}")
        when = {} if self.when is None else self.when
        if not isinstance(when, Mapping) or set(when) - {"has"}:
            raise ConfigError(f"when: it takes {{has: COLUMN}}, found {clipped(self.when)}")
        if not all(isinstance(name, str) for name in self._names()):
            raise ConfigError(f"when: has takes a column or a list of them, found {self.when}")

    def applies(self, group: Group) -> bool:
        """Whether this part judges the group: each column, or an alias of it, is there."""
        column_sets = [group.columns, *(r.columns for r in group.responses)]
        return all(
            any(
                columns.get(source) is not None
                for source in _places_of(name)
                for columns in column_sets
            )
            for name in self._names()
        )

    def _names(self) -> Sequence[Any]:
        names = (self.when or {}).get("has", ())
        return names if isinstance(names, list | tuple) else (names,)


def _places_of(name: str) -> Sequence[str]:
    """The columns in which an input may stand, its list of acceptable values among them."""
    return (*sources_of(name), LISTS[name]) if name in LISTS else sources_of(name)


class Child(NamedTuple):
    """A part as `explain` shows it: its name, weight, reward and what that reward is given."""

    name: str
    weight: float | None
    reward: Reward
    group: Group


class _Node:
    """What all combinations share: traits taken from their parts, and a repr one can type."""

    spelled: str

    def _rewards(self) -> Sequence[Any]:
        raise NotImplementedError

    @property
    def relative(self) -> bool:
        """Whether a score depends on the rivals."""
        return any(reward.relative for reward in self._rewards())

    @property
    def deterministic(self) -> bool:
        """Whether equal inputs give equal scores."""
        return all(reward.deterministic for reward in self._rewards())

    @property
    def cpu_bound(self) -> bool:
        """Whether the work is Python on this machine's processor."""
        return all(reward.cpu_bound for reward in self._rewards())

    @property
    def in_flight(self) -> int:
        """How many groups can usefully be scored at a time (1: one batch after the other)."""
        return max((getattr(reward, "in_flight", 1) for reward in self._rewards()), default=1)

    @property
    def retries_itself(self) -> bool:
        """Whether a system fault of a part has been tried again, and paid for, already."""
        return any(getattr(reward, "retries_itself", False) for reward in self._rewards())

    @property
    def is_judge(self) -> bool:
        """Whether a language model's verdicts are behind a part."""
        return any(is_judge(reward) for reward in self._rewards())

    def stop(self) -> None:
        """Ends what the parts have under way."""
        for reward in self._rewards():
            if hasattr(reward, "stop"):
                reward.stop()  # type: ignore[attr-defined]

    @property
    def fault_value(self) -> float:
        """What a response earns that made itself impossible to score; NaN where undeclared."""
        return math.nan

    def __repr__(self) -> str:
        first, *rest = fields(self)  # type: ignore[arg-type]
        args = [repr(getattr(self, first.name))]
        for f in rest:
            value = getattr(self, f.name)
            if value != f.default:
                args.append(f"{f.name}={value!r}")
        return f"{self.spelled}({', '.join(args)})"

    def children(self, group: Group) -> Iterator[Child]:
        """The parts that judge this group."""
        raise NotImplementedError


# --- several parts ---------------------------------------------------------------------------


class _Scored(NamedTuple):
    """One part's score of one response."""

    name: str
    weight: float
    optional: bool
    score: Score


@dataclass(frozen=True, repr=False)
class _Parts(_Node):
    parts: Mapping[str, Member]
    says_left_out = "left out"

    def _rewards(self) -> Sequence[Reward]:
        return [member.reward for member in self.parts.values()]

    @property
    def fault_value(self) -> float:
        """The combination of the parts' own fault values."""
        lows = [
            _Scored(name, member.weight, member.optional, _blamed(member.reward, member.weight))
            for name, member in self.parts.items()
        ]
        lows_that_count = [low for low in lows if low.score.is_scored or not low.optional]
        value = self._combined(lows_that_count) if lows_that_count else math.nan
        return value if math.isfinite(value) else math.nan

    def children(self, group: Group) -> Iterator[Child]:
        for name, member in self.parts.items():
            if member.applies(group):
                yield Child(name, member.weight, member.reward, group)

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response, with each part's value under its name in `parts`."""
        rows: list[list[list[_Scored]]] = [[[] for _ in g.responses] for g in groups]
        for name, member in self.parts.items():
            chosen = [i for i, group in enumerate(groups) if member.applies(group)]
            scored = member.reward.score([groups[i] for i in chosen])
            for i, scores in zip(chosen, scored, strict=True):
                for row, score in zip(rows[i], scores, strict=True):
                    if score.fault == "response" and member.weight < 0:
                        score = _blamed(member.reward, member.weight, score)
                    row.append(_Scored(name, member.weight, member.optional, score))
        return [[self._join(row) for row in group] for group in rows]

    def _join(self, row: Sequence[_Scored]) -> Score:
        parts = _flat(row)
        scored = [p for p in row if p.score.is_scored]
        fault, error = _first_fault(row)
        fatal = [p for p in row if not p.score.is_scored and not p.optional]
        if fatal:
            return Score(math.nan, parts, fault=fatal[0].score.fault or "system", error=error)
        if not scored:
            reason = f"{self.spelled}: no part applies to this row"
            return Score(math.nan, parts, fault=fault or "input", error=error or reason)
        value = self._combined(scored)
        if not math.isfinite(value):
            reason = f"{self.spelled} of {len(scored)} scored parts is {value}"
            return Score(math.nan, parts, fault=fault or "input", error=error or reason)
        return Score(value, parts, fault=fault, error=error, note=self._notes(row))

    def _notes(self, row: Sequence[_Scored]) -> str | None:
        notes = [f"{p.name}: {p.score.note}" for p in row if p.score.note]
        scored = {p.name for p in row if p.score.is_scored}
        notes += [f"{name} {self.says_left_out}" for name in self.parts if name not in scored]
        return "; ".join(notes) or None

    def _combined(self, scored: Sequence[_Scored]) -> float:
        try:
            return float(self._value(scored))
        except (ArithmeticError, TypeError, ValueError):  # overflow, 0**-1, (-1)**0.5, inf - inf
            return math.nan

    def _value(self, scored: Sequence[_Scored]) -> Any:
        raise NotImplementedError

    def _scale(self, scored: Sequence[_Scored]) -> float:
        """What renormalises the weights of the parts that were kept."""
        present = math.fsum(abs(p.weight) for p in scored)
        full = math.fsum(abs(m.weight) for m in self.parts.values())
        return full / present if present else 1.0


def _first_fault(row: Sequence[_Scored]) -> tuple[Fault | None, str | None]:
    """The fault of the whole: a part that forces NaN speaks before one that has a value."""
    faulty = [p for p in row if p.score.error is not None]
    faulty.sort(key=lambda p: (p.score.is_scored, p.optional))
    if not faulty:
        return None, None
    errors = "; ".join(f"{p.name}: {p.score.error}" for p in faulty)
    return faulty[0].score.fault, errors


def _flat(row: Sequence[_Scored]) -> dict[str, float]:
    """The values of parts and, as ``part/name``, of the parts within them."""
    parts: dict[str, float] = {}
    for part in row:
        parts[part.name] = part.score.value
        for name, value in part.score.parts.items():
            parts[f"{part.name}/{name}"] = value
    return parts


@dataclass(frozen=True, repr=False)
class _Weighted(_Parts):
    spelled = "weighted"
    says_left_out = "left out, weights renormalised"

    def _value(self, scored):
        return self._scale(scored) * math.fsum(p.weight * p.score.value for p in scored)


@dataclass(frozen=True, repr=False)
class _Product(_Parts):
    spelled = "product"

    def _value(self, scored):
        return math.prod(p.score.value**p.weight for p in scored)


@dataclass(frozen=True, repr=False)
class _Minimum(_Parts):
    spelled = "minimum"

    def _value(self, scored):
        return min(p.weight * p.score.value for p in scored)


@dataclass(frozen=True, repr=False)
class _Maximum(_Parts):
    spelled = "maximum"

    def _value(self, scored):
        return max(p.weight * p.score.value for p in scored)


@dataclass(frozen=True, repr=False)
class _Mean(_Parts):
    spelled = "mean"
    says_left_out = "left out, weights renormalised"

    def _value(self, scored):
        return math.fsum(p.weight * p.score.value for p in scored) / math.fsum(
            p.weight for p in scored
        )


@dataclass(frozen=True, repr=False)
class _MeanMinusStd(_Parts):
    k: float = 1.0
    spelled = "mean_minus_std"

    def _value(self, scored):
        values = [p.score.value for p in scored]
        if len(values) < 2 or not all(map(math.isfinite, values)):
            return math.nan
        return statistics.fmean(values) - self.k * statistics.pstdev(values)


def weighted(parts: Mapping[str, Reward | Member]) -> Reward:
    """The sum of weight times value over the parts.

    ``sum_i w_i r_i``; where an optional part is unscored or a `when` does not hold, the remaining
    weights are scaled to the full sum of absolute weights.

    >>> from plaudit import load
    >>> reward = weighted({"long": Member(load("rules.baseline.length"), 0.5)})
    >>> reward.score([Group("hi", ["four"])])[0][0].value
    2.0
    """
    return _Weighted(_members(parts))


def product(parts: Mapping[str, Reward | Member]) -> Reward:
    """The product of the parts, each to the power of its weight (1 by default)."""
    return _Product(_members(parts))


def minimum(parts: Mapping[str, Reward | Member]) -> Reward:
    """The smallest of weight times value: as good as the worst part."""
    return _Minimum(_members(parts))


def maximum(parts: Mapping[str, Reward | Member]) -> Reward:
    """The largest of weight times value: as good as the best part.

    >>> from plaudit import load
    >>> length = load("rules.baseline.length")
    >>> reward = maximum({"whole": length, "half": Member(length, 0.5)})
    >>> reward.score([Group("hi", ["four"])])[0][0].value
    4.0
    """
    return _Maximum(_members(parts))


def mean(parts: Mapping[str, Reward | Member]) -> Reward:
    """The weighted mean ``sum w_i r_i / sum w_i`` of an ensemble."""
    return _Mean(_members(parts))


def mean_minus_std(parts: Mapping[str, Reward | Member], *, k: float = 1.0) -> Reward:
    """The mean of an ensemble less `k` population standard deviations (weights are not used).

    A conservative ensemble in the manner of Coste et al., arXiv 2310.02743 (there with variance).
    """
    return _MeanMinusStd(_members(parts), k)


def _members(parts: Mapping[str, Reward | Member]) -> Mapping[str, Member]:
    if not isinstance(parts, Mapping) or not parts:
        raise ConfigError(f"parts must map names to rewards, found {clipped(parts)}")
    for name in parts:
        if not isinstance(name, str) or not name or "/" in name:
            raise ConfigError(f"a part's name is a non-empty string without '/', found {name!r}")
    return {n: p if isinstance(p, Member) else Member(_reward(p, n)) for n, p in parts.items()}


def _reward(value: Any, name: str) -> Reward:
    if not callable(getattr(value, "score", None)):
        raise ConfigError(f"{name} must be a Reward, found {clipped(value)}; make one with load()")
    return value


# --- one part: the value is mapped --------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class _One(_Node):
    reward: Reward

    def __post_init__(self) -> None:
        _reward(self.reward, self.spelled)

    def _rewards(self) -> Sequence[Reward]:
        return [self.reward]

    def children(self, group: Group) -> Iterator[Child]:
        yield Child("reward", None, self.reward, group)


class _Mapped(_One):
    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """The inner scores with their values mapped; NaN stays NaN."""
        return [[self._mapped(s) for s in scores] for scores in self.reward.score(groups)]

    def _mapped(self, score: Score) -> Score:
        if score.fault == "response":
            score = _blamed(self.reward, self._sign, score)
        if not score.is_scored:
            return score
        value = self._value(score.value)
        if math.isfinite(value):
            return replace(score, value=value)
        reason = f"{self.spelled} of {score.value} is {value}"
        return replace(
            score, value=math.nan, fault=score.fault or "input", error=score.error or reason
        )

    @property
    def fault_value(self) -> float:
        """The mapped fault value of the inner reward."""
        return self._mapped(Score(fault_value(self.reward), fault="response")).value

    @property
    def _sign(self) -> float:
        """Negative where the map turns high into low."""
        return 1.0

    def _value(self, value: float) -> float:
        raise NotImplementedError


@dataclass(frozen=True, repr=False)
class _Clip(_Mapped):
    low: float = -math.inf
    high: float = math.inf
    spelled = "clip"

    def _value(self, value):
        return min(max(value, self.low), self.high)


@dataclass(frozen=True, repr=False)
class _Affine(_Mapped):
    scale: float = 1.0
    shift: float = 0.0
    spelled = "affine"

    @property
    def _sign(self) -> float:
        return self.scale

    def _value(self, value):
        return value * self.scale + self.shift


@dataclass(frozen=True, repr=False)
class _Standardise(_Mapped):
    mean: float = 0.0
    std: float = 1.0
    spelled = "standardise"

    def _value(self, value):
        return (value - self.mean) / self.std


@dataclass(frozen=True, repr=False)
class _Threshold(_Mapped):
    at: float = 0.5
    above: float = 1.0
    below: float = 0.0
    spelled = "threshold"

    def _value(self, value):
        return self.above if value >= self.at else self.below


def clip(reward: Reward, *, low: float = -math.inf, high: float = math.inf) -> Reward:
    """The value kept within [low, high]."""
    if not low <= high:
        raise ConfigError(f"clip: low={low} must not exceed high={high}")
    return _Clip(reward, float(low), float(high))


def affine(reward: Reward, *, scale: float = 1.0, shift: float = 0.0) -> Reward:
    """``scale * value + shift``."""
    return _Affine(reward, float(scale), float(shift))


def standardise(reward: Reward, *, mean: float, std: float) -> Reward:
    """``(value - mean) / std`` with fixed statistics, measured beforehand."""
    if not std > 0:
        raise ConfigError(f"standardise: std={std} must be positive")
    return _Standardise(reward, float(mean), float(std))


def threshold(reward: Reward, *, at: float = 0.5, above: float = 1.0, below: float = 0.0) -> Reward:
    """`above` where the value is at least `at`, else `below`."""
    return _Threshold(reward, float(at), float(above), float(below))


# --- one part: the group matters ------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class _Normalise(_One):
    ddof: int = 1
    spelled = "normalise"
    relative = True  # type: ignore[assignment]

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """Each value less the group's mean, over the group's standard deviation."""
        return [self._normalised(scores) for scores in self.reward.score(groups)]

    def _normalised(self, scores: Sequence[Score]) -> list[Score]:
        values = [s.value for s in scores if s.is_scored]
        if len(values) < 2:
            error = f"normalise needs two scored responses in the group, found {len(values)}"
            lone = Score.unscored(error, fault="input")
            return [lone if s.is_scored else s for s in scores]
        size = 2.0 ** (math.frexp(max(map(abs, values)))[1] - 1)  # exact; no sum can overflow
        scaled = [value / size for value in values]
        centre = statistics.fmean(scaled)
        spread = statistics.stdev(scaled) if self.ddof else statistics.pstdev(scaled)
        return [
            replace(s, value=(s.value / size - centre) / spread if spread > 0 else 0.0)
            if s.is_scored
            else s
            for s in scores
        ]


def normalise(reward: Reward, *, ddof: int = 1) -> Reward:
    """``(value - group mean) / group std``, as GRPO's advantage; 0 where all are equal.

    `ddof` 1 is the sample standard deviation (torch's default, as TRL uses), 0 the population's.
    """
    if ddof not in (0, 1):
        raise ConfigError(f"normalise: ddof={ddof} must be 0 or 1")
    return _Normalise(reward, ddof)


@dataclass(frozen=True, repr=False)
class _View(_One):
    part: Part = "answer"
    tag: str = "auto"
    spelled = "view"

    @property
    def fault_value(self) -> float:
        """The inner reward's."""
        return fault_value(self.reward)

    @property
    def lowest(self) -> float:
        """The inner reward's, where it rates on a scale; else NaN."""
        return getattr(self.reward, "lowest", math.nan)

    def children(self, group: Group) -> Iterator[Child]:
        yield Child(f"view of the {self.part}", None, self.reward, self._viewed(group))

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """The inner scores of the chosen part of every response; step spans refer to that part."""
        return self.reward.score([self._viewed(group) for group in groups])

    def _viewed(self, group: Group) -> Group:
        if self.part == "all":
            return group
        group = entered([group])[0]
        cut = [self._cut(r) for r in group.responses]
        same = all(new is old for new, old in zip(cut, group.responses, strict=True))
        return group if same else replace_responses(group, cut)

    def _cut(self, response: Response) -> Response:
        text = part_of(response.text, self.part, tag=self.tag)
        if text == response.text:
            return response
        return replace(response, text=text, token_ids=None)


def view(reward: Reward, *, part: Part = "answer", tag: str = "auto") -> Reward:
    """Scores only the `part` of each response: "answer" (after the think block), "think" or "all".

    `tag` as in `plaudit.think.split`: "auto" knows the blocks of all model families. Token ids
    describe the whole response, so a part of it has none.

    >>> from plaudit import load
    >>> seen = view(load("rules.baseline.length"), part="answer")
    >>> seen.score([Group("2 + 2?", ["<think>easy</think>4"])])[0][0].value
    1.0
    """
    if part not in ("answer", "think", "all"):
        raise ConfigError(f"view: part={part!r} must be 'answer', 'think' or 'all'")
    return _View(reward, part, tag)


def replace_responses(group: Group, responses: Sequence[Response]) -> Group:
    """The same group (same id) with other responses."""
    return Group(group.prompt, responses, group.columns, group.key)


# --- choosing -------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class _Gate(_Node):
    reward: Reward
    by: Reward
    at_least: float = 1.0
    floor: float = 0.0
    spelled = "gate"

    @property
    def fault_value(self) -> float:
        """The lower of the floor and the gated reward's."""
        return min(self.floor, fault_value(self.reward))

    def __post_init__(self) -> None:
        _reward(self.reward, "gate")
        _reward(self.by, "gate: by")

    def _rewards(self) -> Sequence[Reward]:
        return [self.reward, self.by]

    def children(self, group: Group) -> Iterator[Child]:
        yield Child(f"gate (>= {self.at_least:g})", None, self.by, group)
        yield Child("gated", None, self.reward, group)

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """The gated scores; groups in which no gate is open are not given to the gated reward."""
        gates = self.by.score(groups)
        opened = [i for i, row in enumerate(gates) if any(self._open(g) for g in row)]
        inner = dict(zip(opened, self.reward.score([groups[i] for i in opened]), strict=True))
        return [
            [self._gated(g, inner[i][j] if i in inner else None) for j, g in enumerate(row)]
            for i, row in enumerate(gates)
        ]

    def _open(self, gate: Score) -> bool:
        return gate.value >= self.at_least

    def _gated(self, gate: Score, inner: Score | None) -> Score:
        if inner is None or not gate.is_scored or not self._open(gate):
            return self._closed(gate)
        row = [_Scored("gate", 1.0, False, gate), _Scored("gated", 1.0, False, inner)]
        fault, error = _first_fault(row)
        return replace(inner, parts=_flat(row), fault=fault, error=error)

    def _closed(self, gate: Score) -> Score:
        row = [_Scored("gate", 1.0, False, gate)]
        fault, error = _first_fault(row)
        if not gate.is_scored:
            return replace(gate, parts=_flat(row), error=error)
        note = f"gate closed{': ' + gate.note if gate.note else ''}"
        return Score(self.floor, _flat(row), fault=fault, error=error, note=note)


def gate(reward: Reward, by: Reward, *, at_least: float = 1.0, floor: float = 0.0) -> Reward:
    """The value of `reward` where `by` scores `at_least`, else `floor`."""
    return _Gate(reward, by, float(at_least), float(floor))


@dataclass(frozen=True, repr=False)
class _Route(_Node):
    by: str
    cases: Mapping[str, Reward]
    default: Reward | None = None
    spelled = "route"

    @property
    def fault_value(self) -> float:
        """The lowest that a branch declares."""
        declared = [fault_value(reward) for reward in self._rewards()]
        return min((low for low in declared if low == low), default=math.nan)

    def _rewards(self) -> Sequence[Reward]:
        return [*self.cases.values(), *([self.default] if self.default is not None else [])]

    def children(self, group: Group) -> Iterator[Child]:
        case, reward = self._chosen(group)
        yield Child(f"{self.by} = {'default' if case is None else case}", None, reward, group)

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """Each group scored by its own branch. Raises DataError where no branch takes a group."""
        branches: dict[str | None, list[int]] = {}
        for i, group in enumerate(groups):
            branches.setdefault(self._chosen(group)[0], []).append(i)
        out: list[list[Score]] = [[] for _ in groups]
        for places in branches.values():
            reward = self._chosen(groups[places[0]])[1]
            scored = reward.score([groups[i] for i in places])
            for i, scores in zip(places, scored, strict=True):
                out[i] = scores
        return out

    def _chosen(self, group: Group) -> tuple[str | None, Reward]:
        """The case that takes the group, None for the default, and its reward."""
        value = group.columns.get(self.by)
        if isinstance(value, str | int | bool) and str(value) in self.cases:
            return str(value), self.cases[str(value)]
        if self.default is not None:
            return None, self.default
        raise DataError(
            f"no case for {clipped(value)} and no default; cases: {', '.join(self.cases)}",
            where=f"row {group.key}",
            field=self.by,
        )


def route(by: str, cases: Mapping[str, Reward], default: Reward | None = None) -> Reward:
    """Scores each group with the reward that its column `by` names; else with `default`.

    Only the chosen branch runs, and only its columns are needed.
    """
    if not isinstance(cases, Mapping) or not cases:
        raise ConfigError(f"route: cases must map values to rewards, found {clipped(cases)}")
    for name, reward in cases.items():
        _reward(reward, f"route: case {name}")
    if default is not None:
        _reward(default, "route: default")
    return _Route(by, {str(k): v for k, v in cases.items()}, default)


# --- comparers ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _BothOrders:
    comparer: Comparer

    @property
    def deterministic(self) -> bool:
        return self.comparer.deterministic

    @property
    def is_judge(self) -> bool:
        """Whether the comparer is a language model that is asked."""
        return is_judge(self.comparer)

    def __repr__(self) -> str:
        return f"both_orders({self.comparer!r})"

    def compare(self, pairs: Sequence[Pair]) -> list[Score]:
        """P(first is better), averaged over both orders."""
        swapped = [replace(p, first=p.second, second=p.first, places=p.places[::-1]) for p in pairs]
        scores = self.comparer.compare([*pairs, *swapped])
        return [
            self._merged(a, b)
            for a, b in zip(scores[: len(pairs)], scores[len(pairs) :], strict=True)
        ]

    def _merged(self, forward: Score, backward: Score) -> Score:
        parts = {"forward": forward.value, "backward": 1.0 - backward.value}
        for score, order in ((forward, "first order"), (backward, "swapped order")):
            if not score.is_scored:
                return replace(score, parts=parts, error=f"{order}: {score.error}")
        faulty = forward if forward.error is not None else backward
        value = (parts["forward"] + parts["backward"]) / 2
        if faulty.fault == "response":  # whoever is at fault loses, whatever the other order says
            value = parts["forward"] if faulty is forward else parts["backward"]
        notes = "; ".join(n for n in (forward.note, backward.note) if n)
        return Score(value, parts, fault=faulty.fault, error=faulty.error, note=notes or None)


def both_orders(comparer: Comparer) -> Comparer:
    """A comparer that asks in both orders and averages, which cancels a position bias.

    ``P = (P(a beats b | a first) + 1 - P(b beats a | b first)) / 2``; NaN if either is NaN.
    """
    return _BothOrders(_comparer(comparer, "both_orders"))


@dataclass(frozen=True, repr=False)
class _RoundRobin(_Node):
    comparer: Comparer
    num_pairs: int | None = None
    seed: int = 0
    spelled = "round_robin"
    relative = True  # type: ignore[assignment]
    cpu_bound = False  # type: ignore[assignment]

    @property
    def deterministic(self) -> bool:
        return self.comparer.deterministic

    @property
    def in_flight(self) -> int:
        """How many groups can usefully be scored at a time: as many as the comparer says."""
        return getattr(self.comparer, "in_flight", 1)

    def _rewards(self) -> Sequence[Any]:
        return [self.comparer]

    def check(self, group: Group) -> None:
        """Raises the DataError of what the comparer cannot read in the group."""
        if hasattr(self.comparer, "check"):
            self.comparer.check(group)  # type: ignore[attr-defined]

    def children(self, group: Group) -> Iterator[Child]:
        return iter(())

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """The mean over rivals of P(this response is better).

        Raises: DataError of what the comparer cannot read in a group.
        """
        for group in groups:
            self.check(group)
        plan = [(i, a, b) for i, g in enumerate(groups) for a, b in self._duels(g)]
        pairs = [
            Pair(g.prompt, g.responses[a], g.responses[b], g.columns, (a, b))
            for g, a, b in ((groups[i], a, b) for i, a, b in plan)
        ]
        wins: list[list[list[Score]]] = [[[] for _ in g.responses] for g in groups]
        for (i, a, b), score in zip(plan, self.comparer.compare(pairs), strict=True):
            wins[i][a].append(_blaming(score, loses=score.value == 0.0))
            wins[i][b].append(_blaming(_turned(score), loses=score.value == 1.0))
        return [[self._total(duels) for duels in group] for group in wins]

    def _duels(self, group: Group) -> list[tuple[int, int]]:
        """Pairs to compare, in an order that the texts fix, not the places in the group."""
        prompt = repr(group.prompt)
        rank = sorted(
            range(len(group.responses)),
            key=lambda i: seeded_hash(self.seed, prompt, content_of(group.responses[i])),
        )
        duels = [(a, b) for n, a in enumerate(rank) for b in rank[n + 1 :]]
        if self.num_pairs is None or self.num_pairs >= len(duels):
            return duels
        ring = [(rank[i], rank[(i + 1) % len(rank)]) for i in range(len(rank))]
        rest = [d for d in duels if d not in ring and d[::-1] not in ring]
        random.Random(seeded_hash(self.seed, prompt)).shuffle(rest)
        return (ring + rest)[: self.num_pairs]

    def _total(self, duels: Sequence[Score]) -> Score:
        values = [s.value for s in duels if s.is_scored]
        faulty = next((s for s in duels if s.error is not None), None)
        fault, error = (faulty.fault, faulty.error) if faulty else (None, None)
        if not values:
            message = error or "round_robin: no rival to compare"
            note = duels[0].note if duels else None
            pooled = _pooled([duel.parts for duel in duels])
            return Score(math.nan, pooled, fault=fault or "input", error=message, note=note)
        parts = {"num_rivals": float(len(values)), "num_failed": float(len(duels) - len(values))}
        parts |= _pooled([duel.parts for duel in duels])
        note = duels[0].note if len(duels) == 1 else None
        value = statistics.fmean(sorted(values))
        return Score(value, parts, fault=fault, error=error, note=note)


def _turned(score: Score) -> Score:
    """A comparison as the second response sees it."""
    parts = dict(score.parts)
    for own, other in (("forward", "backward"), ("backward", "forward")):
        if other in score.parts:
            parts[own] = 1.0 - score.parts[other]
        else:
            parts.pop(own, None)
    if "margin" in parts:
        parts["margin"] = -parts["margin"]
    return replace(score, value=1.0 - score.value, parts=parts)


def _blaming(score: Score, *, loses: bool) -> Score:
    """The comparison without a fault that is the other response's."""
    if score.fault != "response" or loses or not score.is_scored:
        return score
    return replace(score, fault=None, error=None)


def _pooled(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The parts of several comparisons: counts are added up, the rest is averaged."""
    if len(parts) == 1:
        return {name: value for name, value in parts[0].items() if value == value}
    pooled = {}
    for name in dict.fromkeys(name for duel_parts in parts for name in duel_parts):
        values = [
            duel_parts[name]
            for duel_parts in parts
            if duel_parts.get(name, math.nan) == duel_parts.get(name)
        ]
        if values:
            pooled[name] = math.fsum(values) / (1 if name.startswith("num_") else len(values))
    return pooled


def round_robin(comparer: Comparer, *, num_pairs: int | None = None, seed: int = 0) -> Reward:
    """A relative reward in [0, 1] over N responses: the mean over rivals of P(i beats j).

    `num_pairs` limits the comparisons of a group (first a ring through all, then random ones,
    drawn from the seed and the texts).
    """
    if num_pairs is not None and num_pairs < 1:
        raise ConfigError(f"round_robin: num_pairs={num_pairs} must be positive")
    return _RoundRobin(_comparer(comparer, "round_robin"), num_pairs, seed)


def _comparer(value: Any, name: str) -> Comparer:
    if not callable(getattr(value, "compare", None)):
        raise ConfigError(f"{name} must be given a Comparer, found {clipped(value)}")
    return value


def fault_value(reward: Reward) -> float:
    """The value that `reward` declares for a response that made itself impossible to score.

    NaN where it declares none.
    """
    return getattr(reward, "fault_value", math.nan)


def is_judge(reward: Any) -> bool:
    """Whether the scores are verdicts of a language model that is asked, in whole or in part.

    Judges say so of themselves, combinations where one of their parts is one.
    """
    return bool(getattr(reward, "is_judge", False))


def _blamed(reward: Reward, sign: float, score: Score | None = None) -> Score:
    """The score of a response at fault, at the end of the range that counts against it."""
    score = Score(fault_value(reward), fault="response") if score is None else score
    if sign >= 0:
        return score
    return replace(score, value=getattr(reward, "fault_high", math.nan))


def content_of(response: Response) -> str:
    """What tells a response from its rivals in a draw: its text, or its turns where it has them.

    >>> content_of(Response("4"))
    '4'
    """
    return response.text if not response.messages else repr((response.text, response.messages))


def seeded_hash(seed: int, *texts: str) -> int:
    """A 64-bit number drawn from a seed and texts: the source of every random choice.

    >>> seeded_hash(0, "a") == seeded_hash(0, "a"), seeded_hash(0, "a") == seeded_hash(1, "a")
    (True, False)
    """
    digest = hashlib.blake2b(str(seed).encode(), digest_size=8)
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return int.from_bytes(digest.digest(), "little")
