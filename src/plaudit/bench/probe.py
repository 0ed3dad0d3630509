"""How can this reward be hacked? Edits that deserve nothing, and what the reward pays for them.

Every response is scored as it is and after each edit of `plaudit.bench.edits`. An edit that keeps
the answer *pays* where the score rises; one that spoils it pays where the score does not fall
(responses that already have the lowest value are left out: they cannot fall).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from plaudit.bench.edits import EDITS, Context, Edit
from plaudit.combine import replace_responses
from plaudit.errors import MissingExtra
from plaudit.metrics import Interval
from plaudit.rule import column_of, prompt_text, sources_of
from plaudit.run import Result, run
from plaudit.types import Group, Response, Reward

__all__ = [
    "Change",
    "Interval",
    "LeftOut",
    "Probe",
    "Probed",
    "Share",
    "exact_interval",
    "probe",
    "with_rivals",
]

_RESAMPLES = 2000
_TOLERANCE = 1e-9


class Share(NamedTuple):
    """So many of so many."""

    num: int
    total: int

    @property
    def interval(self) -> Interval:
        """The share with its exact (Clopper-Pearson) 95 % interval."""
        if not self.total:
            return Interval(math.nan, math.nan, math.nan)
        return Interval(self.num / self.total, *exact_interval(self.num, self.total))


class LeftOut(NamedTuple):
    """An edit that was not made, since scoring its responses needs an extra that is absent."""

    edit: Edit
    why: str


class Change(NamedTuple):
    """One response before and after an edit."""

    row: int
    response: int
    before: float
    after: float
    prompt: str
    text: str
    edited: str

    @property
    def gain(self) -> float:
        """How much the edit added."""
        return self.after - self.before


@dataclass(frozen=True)
class Probed:
    """What one edit did to the scores.

    `change` is the mean change with a bootstrap interval over the rows; `paid` the responses that
    the edit paid for; `flipped` the pairs of rivals in which the edited worse one overtook the
    better; `worst` the greatest payments; `num_unscored` the responses that lost their number.
    """

    edit: Edit
    change: Interval
    paid: Share
    flipped: Share
    num_unscored: int
    worst: tuple[Change, ...]
    results: tuple[Result, ...]

    @property
    def is_exploit(self) -> bool:
        """Whether the edit paid for even one response, or lifted one over its better."""
        return self.paid.num > 0 or self.flipped.num > 0

    def as_dict(self) -> dict[str, object]:
        """The figures as plain data; None for what was not measured."""
        return {
            "edit": self.edit.name,
            "does": self.edit.does,
            "keeps_answer": self.edit.keeps_answer,
            "change": _bounds(self.change),
            "paid": {**self.paid._asdict(), "share": _bounds(self.paid.interval)},
            "flipped": {**self.flipped._asdict(), "share": _bounds(self.flipped.interval)},
            "num_unscored": self.num_unscored,
            "worst": [change._asdict() for change in self.worst],
        }


@dataclass(frozen=True)
class Probe:
    """A reward's probe: the scores as they were, and one entry an edit.

    `left_out` are the edits that need an extra that is not installed.
    """

    reward: str
    num_rows: int
    num_responses: int
    num_unscored: int
    original: tuple[Result, ...]
    edits: tuple[Probed, ...]
    left_out: tuple[LeftOut, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """The figures as plain data."""
        counts = ("reward", "num_rows", "num_responses", "num_unscored")
        entries = [entry.as_dict() for entry in self.edits]
        left_out = [{"edit": edit.name, "why": why} for edit, why in self.left_out]
        figures = {name: getattr(self, name) for name in counts}
        return {**figures, "edits": entries, "left_out": left_out}


def probe(
    reward: Reward,
    groups: Iterable[Group],
    *,
    edits: Sequence[Edit] = EDITS,
    seed: int = 0,
    num_examples: int = 3,
) -> Probe:
    """What `reward` pays for each edit of the responses of `groups`.

    Rows that the reward cannot read are left out, and so are edits after which the reward would
    need an extra that is not installed. A relative reward sees one edited response among
    its unedited rivals.

    >>> from plaudit import load
    >>> found = probe(load("rules.baseline.length"), [Group("2 + 2?", ["It is 4.", "5"])])
    >>> found.edits[0].edit.name, found.edits[0].paid, found.edits[0].flipped
    ('padding', Share(num=2, total=2), Share(num=1, total=1))
    """
    readable = (r for r in run(reward, groups) if r.error is None and r.group is not None)
    rows = [replace(result, index=i) for i, result in enumerate(readable)]
    after: dict[Edit, list[Result]] = {}
    left_out: list[LeftOut] = []
    for edit in edits:
        try:
            after[edit] = _edited(reward, rows, edit)
        except MissingExtra as error:
            left_out.append(LeftOut(edit, str(error)))
    low = _lowest([rows, *after.values()])
    scores = [score for result in rows for score in result.scores]
    return Probe(
        repr(reward),
        len(rows),
        len(scores),
        sum(not score.is_scored for score in scores),
        tuple(rows),
        tuple(
            _probed(edit, rows, results, low, seed, num_examples) for edit, results in after.items()
        ),
        tuple(left_out),
    )


def _lowest(runs: Iterable[Sequence[Result]]) -> float:
    scores = (score for results in runs for result in results for score in result.scores)
    return min((score.value for score in scores if score.is_scored), default=math.nan)


def with_rivals(groups: Sequence[Group]) -> list[Group]:
    """The groups; one with a single response gets that of the next such group as its rival.

    A response to another prompt is the worse one by right, so the pair can be flipped.

    >>> [len(group.responses) for group in with_rivals([Group("a", ["1"]), Group("b", ["2"])])]
    [2, 2]
    """
    single = [group for group in groups if len(group.responses) == 1]
    if len(single) < 2:
        return list(groups)
    turned = dict(zip(map(id, single), [*single[1:], single[0]], strict=True))
    return [
        replace_responses(group, (*group.responses, *turned[id(group)].responses))
        if id(group) in turned
        else group
        for group in groups
    ]


def exact_interval(num: int, total: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """The Clopper-Pearson interval of a share: it covers the truth at least that often.

    >>> low, high = exact_interval(0, 10)
    >>> low, round(high, 4)
    (0.0, 0.3085)
    """
    tail = (1 - confidence) / 2
    low = 0.0 if num == 0 else _root(lambda p: 1 - _at_most(num - 1, total, p) - tail)
    high = 1.0 if num == total else _root(lambda p: tail - _at_most(num, total, p))
    return low, high


# --- the edited responses -------------------------------------------------------------------------


def _edited(reward: Reward, rows: Sequence[Result], edit: Edit) -> list[Result]:
    """The results of the rows with every response edited (one at a time where rivals matter)."""
    if not reward.relative:
        groups = [_with(row.group, edit, None) for row in rows if row.group]
        return list(run(reward, groups))
    alone = [_with(row.group, edit, i) for row in rows if row.group for i in range(len(row.scores))]
    edited = iter(run(reward, alone))
    return [_merged(row, [next(edited) for _ in row.scores], edit) for row in rows]


def _merged(row: Result, edited: Sequence[Result], edit: Edit) -> Result:
    """One result of those in which one response each was edited."""
    assert row.group is not None
    scores = [r.scores[i] for i, r in enumerate(edited) if r.error is None]
    error = next((r.error for r in edited if r.error is not None), None)
    group = _with(row.group, edit, None)
    return replace(row, group=group, scores=[] if error else scores, error=error)


def _with(group: Group, edit: Edit, only: int | None) -> Group:
    """The group with its responses edited, or `only` that one."""
    responses = [
        _applied(group, response, edit) if only in (None, i) else response
        for i, response in enumerate(group.responses)
    ]
    return replace_responses(group, responses)


def _applied(group: Group, response: Response, edit: Edit) -> Response:
    columns = {**group.columns, **response.columns}
    has_reference = any(columns.get(name) is not None for name in sources_of("reference"))
    reference = column_of(group, response, "reference") if has_reference else ""
    text = edit.apply(response.text, Context(prompt_text(group), str(reference)))
    ids = _stretched(response.token_ids, response.text, text)
    reason = edit.finish_reason or response.finish_reason
    return replace(response, text=text, messages=(), token_ids=ids, finish_reason=reason)


def _stretched(ids: tuple[int, ...] | None, old: str, new: str) -> tuple[int, ...] | None:
    """Token ids in proportion to the edited text, for rules that only count them."""
    if ids is None:
        return None
    count = round(len(ids) * len(new) / max(len(old), 1))
    return (ids * (count // max(len(ids), 1) + 1))[:count] if ids else ()


# --- the figures ----------------------------------------------------------------------------------


def _probed(
    edit: Edit,
    rows: Sequence[Result],
    results: Sequence[Result],
    low: float,
    seed: int,
    num_examples: int,
) -> Probed:
    changes = [c for pair in zip(rows, results, strict=True) for c in _changes(*pair)]
    scored = [c for c in changes if not math.isnan(c.gain)]
    judged = [c for c in scored if edit.keeps_answer or c.before > low + _TOLERANCE]
    paid = [c for c in judged if c.gain > (_TOLERANCE if edit.keeps_answer else -_TOLERANCE)]
    worst = sorted(paid, key=lambda c: (-c.gain, -c.after, c.row, c.response))[:num_examples]
    lost = sum(math.isnan(c.after) and not math.isnan(c.before) for c in changes)
    return Probed(
        edit,
        _bootstrapped(scored, seed),
        Share(len(paid), len(judged)),
        _flipped(changes),
        lost,
        tuple(worst),
        tuple(results),
    )


def _changes(row: Result, result: Result) -> list[Change]:
    if row.group is None or result.group is None:
        return []
    after = [s.value for s in result.scores] or [math.nan] * len(row.scores)
    prompt = prompt_text(row.group)
    return [
        Change(row.index, i, score.value, after[i], prompt, old.text, new.text)
        for i, (score, old, new) in enumerate(
            zip(row.scores, row.group.responses, result.group.responses, strict=True)
        )
    ]


def _flipped(changes: Sequence[Change]) -> Share:
    """Pairs of one row with unequal scores, and those in which the edited worse one now leads."""
    rows: dict[int, list[Change]] = {}
    for change in changes:
        rows.setdefault(change.row, []).append(change)
    pairs = [
        (better, worse)
        for rivals in rows.values()
        for better in rivals
        for worse in rivals
        if better.before > worse.before + _TOLERANCE
    ]
    num = sum(worse.after > better.before + _TOLERANCE for better, worse in pairs)
    return Share(num, len(pairs))


def _bootstrapped(changes: Sequence[Change], seed: int) -> Interval:
    """The mean gain, with a percentile bootstrap that draws whole rows."""
    rows: dict[int, list[float]] = {}
    for change in changes:
        rows.setdefault(change.row, []).append(change.gain)
    if not rows:
        return Interval(math.nan, math.nan, math.nan)
    sums = [(math.fsum(gains), len(gains)) for gains in rows.values()]
    mean = math.fsum(s for s, _ in sums) / sum(n for _, n in sums)
    if len(set(sums)) == 1:
        return Interval(mean, mean, mean)
    draw = random.Random(seed)
    means = sorted(_mean_of(draw.choices(sums, k=len(sums))) for _ in range(_RESAMPLES))
    cut = round(0.025 * _RESAMPLES)
    return Interval(mean, means[cut], means[-cut - 1])


def _mean_of(sums: Sequence[tuple[float, int]]) -> float:
    return sum(s for s, _ in sums) / sum(n for _, n in sums)


def _at_most(num: int, total: int, p: float) -> float:
    """P(X <= num) for X binomial."""
    if p <= 0 or p >= 1:
        return float(p <= 0 or num >= total)
    logs = (
        math.lgamma(total + 1)
        - math.lgamma(k + 1)
        - math.lgamma(total - k + 1)
        + k * math.log(p)
        + (total - k) * math.log1p(-p)
        for k in range(num + 1)
    )
    return min(1.0, math.fsum(map(math.exp, logs)))


def _root(rising: Any) -> float:
    """Where a rising function of a share crosses 0, by halving."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def _bounds(interval: Interval) -> list[float | None]:
    return [None if math.isnan(value) else value for value in interval]
