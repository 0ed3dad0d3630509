"""Juries: several judges, or several models, vote on the same responses."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from plaudit import offers
from plaudit.errors import ConfigError, clipped
from plaudit.judges._judge import JudgeReward
from plaudit.judges.verdict.spec import ends_of
from plaudit.judges.voting import spread
from plaudit.options import changed, split, takes
from plaudit.spelled import Spelled
from plaudit.types import Fault, Group, Reward, Score

__all__ = ["JUROR", "jury"]

JUROR = "juror/"  # parts of a jury's score: ``juror/NAME`` is that juror's value
VoteBy = Literal["mean", "majority", "median"]
_SUMMED = ("num_votes", "num_unreadable", "num_failed_calls", "num_tokens")
_SIDED = ("judges.pairwise.pairwise", "judges.verifier.verifier", "judges.reference.correct")


@dataclass(frozen=True, kw_only=True)
class JurySetup:
    """The parameters of `jury`; `params` are those of its judges."""

    judge: str = "judges.pointwise.rating"
    models: Sequence[str] = ()
    judges: Sequence[Mapping[str, object]] = ()
    vote_by: VoteBy = "mean"
    weights: Sequence[float] | None = None
    min_jurors: int | None = None
    params: Mapping[str, object] = field(default_factory=dict)


@takes(JurySetup, "params")
def jury(**params: object) -> Reward:
    """What several judges say together, on their common scale.

    The jurors are `models`, each asked by `judge` with the same `params`, or `judges`, each a
    mapping of the parameters that are its own (``judge`` and ``name`` among them) over `params`.
    Their values are joined by `vote_by`: the weighted "mean", the "median" (weighted: where half of
    the weight is reached), or the "majority", the value with the most weight (several such: their
    mean), which for P(better) and P(yes) is taken of 1, 0.5 and 0. Verga et al. 2024
    (arXiv 2404.18796) average over a panel of small models.

    Among the parts are each juror's value (``juror/NAME``, NaN where it gave none) and its own
    parts, the sums of their votes, unreadable replies, failed calls and tokens, `num_jurors` that
    gave a value, `agreement` (the share of pairs of jurors with the same verdict, in [0, 1]) and
    `spread`. With fewer values than `min_jurors` (default: more than half) the response is
    unscored. A response that plants a verdict which one juror only repeats earns the vote of the
    jurors' fault values. Each juror's calls are journalled like those of any judge; jurors are
    called one after the other.

    Raises: ConfigError for fewer than two jurors, other weights than jurors, two jurors that ask
    the same model the same, jurors with other scales, or of which some are relative and some are
    not; scoring raises what a juror raises.
    """
    return _Jury(JurySetup(**split(JurySetup, params, "params")))


def _rows(setup: JurySetup) -> list[tuple[str, str, dict[str, object]]]:
    """The name, the judge and the parameters of each juror."""
    models, judges = setup.models, setup.judges
    if isinstance(models, str) or bool(models) == bool(judges):
        raise ConfigError("a jury needs models=[...] or judges=[{...}, ...], two or more of them")
    rows = []
    for n, juror in enumerate(judges or [{"model": model} for model in models]):
        if not isinstance(juror, Mapping):
            raise ConfigError(
                f"judges[{n}]: expected a mapping of parameters, found {clipped(juror)}"
            )
        params = {**setup.params, **juror}
        path = params.pop("judge", setup.judge)
        name = params.pop("name", None) or params.get("model") or str(params.get("template", n))
        rows.append((str(name), path, params))
    names = [name for name, _, _ in rows]
    return [
        (name if names.count(name) == 1 else f"{name}#{n + 1}", path, params)
        for n, (name, path, params) in enumerate(rows)
    ]


def _check(setup: JurySetup, num: int) -> None:
    vote_by, weights, min_jurors = setup.vote_by, setup.weights, setup.min_jurors
    if num < 2:
        raise ConfigError(f"a jury of {num} is a judge: name two jurors or more")
    if vote_by not in _JOINS:
        raise ConfigError(f"vote_by={vote_by!r} must be one of {', '.join(_JOINS)}")
    if weights is not None and (len(weights) != num or not all(0 < w < math.inf for w in weights)):
        raise ConfigError(f"weights={weights!r}: give {num} positive numbers, one for each juror")
    if min_jurors is not None and not 1 <= min_jurors <= num:
        raise ConfigError(f"min_jurors={min_jurors!r} must be from 1 to {num}")


def _check_differ(rows: Sequence[tuple[str, str, Mapping[str, object]]]) -> None:
    """Raises ConfigError for two jurors whose calls are equal: one would repeat the other."""
    names_by_call: dict[str, str] = {}  # the names of jurors by what they ask
    for name, path, options in rows:
        if "model" not in options or options.get("replay") is not None:
            continue
        call = repr((path, sorted((k, v) for k, v in options.items() if k != "server")))
        if call in names_by_call:
            raise ConfigError(
                f"the jurors {names_by_call[call]} and {name} ask {options['model']!r} the same, so"
                " that one repeats the other; more samples of one model are its votes, and a model"
                " that another server serves needs another name"
            )
        names_by_call[call] = name


def _check_scales(jurors: Mapping[str, Reward]) -> None:
    """Raises ConfigError for jurors on different scales, whose mean has no meaning."""
    scales: dict[tuple[float, float], str] = {}
    for name, juror in jurors.items():
        ends = ends_of(juror.judge.template.spec) if isinstance(juror, JudgeReward) else None
        if ends is not None:
            scales[ends] = name
    if len(scales) > 1:
        ends = ", ".join(f"{name} from {low:g} to {high:g}" for (low, high), name in scales.items())
        raise ConfigError(f"a jury votes on one scale: {ends}")


class _Jury(Spelled):
    cpu_bound = False
    retries_itself = True
    is_judge = True

    def __init__(self, setup: JurySetup) -> None:
        from plaudit.registry import load

        rows = _rows(setup)
        _check_differ(rows)
        _check(setup, len(rows))
        super().__init__("judges.jury.jury", changed(setup, "params"))
        self.names = tuple(name for name, _, _ in rows)
        self.jurors: tuple[Reward, ...] = tuple(load(path, **params) for _, path, params in rows)
        self._weights = tuple(map(float, setup.weights or [1.0] * len(rows)))
        self._least = setup.min_jurors or len(rows) // 2 + 1
        self._is_sided = all(path in _SIDED for _, path, _ in rows)
        self._vote_by: VoteBy = setup.vote_by
        if len({bool(juror.relative) for juror in self.jurors}) > 1:
            raise ConfigError("a jury compares or rates: its judges are of both sorts")
        _check_scales(dict(zip(self.names, self.jurors, strict=True)))

    @property
    def relative(self) -> bool:
        """Whether the jurors compare responses."""
        return bool(self.jurors[0].relative)

    @property
    def deterministic(self) -> bool:
        """Whether all jurors are."""
        return all(juror.deterministic for juror in self.jurors)

    @property
    def in_flight(self) -> int:
        """How many groups may usefully be in flight."""
        return max(map(offers.in_flight_of, self.jurors))

    @property
    def fault_value(self) -> float:
        """The vote of the jurors' fault values; NaN where one declares none."""
        lows = [offers.fault_value(juror) for juror in self.jurors]
        return self._join(lows, self._weights) if all(map(math.isfinite, lows)) else math.nan

    @property
    def lowest(self) -> float:
        """The lowest value that the jurors' ratings can have; NaN where they do not rate."""
        lows = [offers.lowest_of(juror) for juror in self.jurors]
        return min(lows) if all(map(math.isfinite, lows)) else math.nan

    def stop(self) -> None:
        """Cancels the calls in flight."""
        for juror in self.jurors:
            offers.stop(juror)

    def check(self, group: Group) -> None:
        """Raises the DataError of a column that a juror needs and the group lacks."""
        for juror in self.jurors:
            offers.check(juror, group)

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response, with each juror's value among the parts."""
        by_juror = [juror.score(groups) for juror in self.jurors]
        return [
            [self._score([rows[i][j] for rows in by_juror]) for j in range(len(group.responses))]
            for i, group in enumerate(groups)
        ]

    def _score(self, scores: Sequence[Score]) -> Score:
        parts = self._parts(scores)
        planted = next((s for s in scores if s.fault == "response"), None)
        if planted is not None and math.isfinite(self.fault_value):
            return Score(self.fault_value, parts, fault="response", error=planted.error)
        votes = [(s.value, w) for s, w in zip(scores, self._weights, strict=True) if s.is_scored]
        if len(votes) < self._least:
            return Score(
                math.nan, parts, fault=_fault(scores), error=self._errors(scores, len(votes))
            )
        value = self._join(*map(list, zip(*votes, strict=True)))
        return Score(value, parts, note=self._notes(scores))

    def _parts(self, scores: Sequence[Score]) -> dict[str, float]:
        parts: dict[str, float] = {}
        for name, score in zip(self.names, scores, strict=True):
            parts[f"{JUROR}{name}"] = score.value
            parts |= {f"{JUROR}{name}/{part}": value for part, value in score.parts.items()}
        for name in _SUMMED:
            counts = [score.parts[name] for score in scores if name in score.parts]
            if counts:
                parts[name] = math.fsum(counts)
        values = [score.value for score in scores if score.is_scored]
        parts["num_jurors"] = float(len(values))
        if len(values) > 1:
            parts["agreement"] = _agreement([self._verdict(value) for value in values])
            parts["spread"] = spread(values)
        return parts

    def _verdict(self, value: float) -> float:
        """The verdict of a juror: for a probability its side, otherwise the number itself."""
        return value if not self._is_sided else 0.5 * (1 + (value > 0.5) - (value < 0.5))

    def _join(self, values: Sequence[float], weights: Sequence[float]) -> float:
        if self._vote_by == "majority":
            values = [self._verdict(value) for value in values]
        return _JOINS[self._vote_by](values, weights)

    def _errors(self, scores: Sequence[Score], num: int) -> str:
        errors = (f"{n}: {s.error}" for n, s in zip(self.names, scores, strict=True) if s.error)
        return (
            f"{num} of {len(scores)} jurors gave a verdict, {self._least} are needed; "
            + "; ".join(errors)
        )

    def _notes(self, scores: Sequence[Score]) -> str | None:
        notes = (f"{n}: {s.note}" for n, s in zip(self.names, scores, strict=True) if s.note)
        return "\n--- next juror ---\n".join(notes) or None


def _fault(scores: Sequence[Score]) -> Fault:
    """An input fault where every unscored juror has one, otherwise a system fault."""
    faults = {score.fault for score in scores if not score.is_scored}
    return "input" if faults == {"input"} else "system"


def _agreement(verdicts: Sequence[float]) -> float:
    """The share of pairs with the same verdict.

    >>> _agreement([1.0, 1.0, 0.0])
    0.3333333333333333
    """
    pairs = list(itertools.combinations(verdicts, 2))
    return sum(a == b for a, b in pairs) / len(pairs)


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return math.fsum(v * w for v, w in zip(values, weights, strict=True)) / math.fsum(weights)


def _majority(values: Sequence[float], weights: Sequence[float]) -> float:
    """The value with the most weight; of several such their mean.

    >>> _majority([3.0, 4.0, 4.0], [1.0, 1.0, 1.0]), _majority([1.0, 0.0], [1.0, 1.0])
    (4.0, 0.5)
    """
    sums: dict[float, float] = {}
    for value, weight in zip(values, weights, strict=True):
        sums[value] = sums.get(value, 0.0) + weight
    most = max(sums.values())
    return statistics.fmean(v for v, total in sums.items() if math.isclose(total, most))


def _median(values: Sequence[float], weights: Sequence[float]) -> float:
    """The value at which half of the weight is reached; at exactly half, the mean of two.

    >>> _median([1.0, 5.0, 3.0], [1.0, 1.0, 1.0]), _median([1.0, 3.0], [1.0, 1.0])
    (3.0, 2.0)
    """
    half, reached = math.fsum(weights) / 2, 0.0
    rows = sorted(zip(values, weights, strict=True))
    for n, (value, weight) in enumerate(rows):
        reached += weight
        if math.isclose(reached, half) and n + 1 < len(rows):
            return (value + rows[n + 1][0]) / 2
        if reached > half:
            return value
    return rows[-1][0]


_JOINS: Mapping[str, Callable[[Sequence[float], Sequence[float]], float]] = {
    "mean": _mean, "majority": _majority, "median": _median,
}  # fmt: skip
