"""What a run gave, gathered result by result in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from plaudit.errors import clipped
from plaudit.hashing import content_hash
from plaudit.metrics import ranks
from plaudit.report._stats import (
    Extremes,
    Messages,
    Moments,
    Reservoir,
    correlations,
    histogram,
)
from plaudit.types import FAULT_KINDS, FaultKind, Group, Response, Score
from plaudit.untrusted import clip

if TYPE_CHECKING:
    from plaudit.run import Result

__all__ = ["Counts", "PartSummary", "Summary"]

MAX_PARTS = 64  # names beyond these are counted, not followed
MAX_IN_MATRIX = 32
MAX_MESSAGES = 20
MAX_BAD_ROWS = 20
MAX_POINT_VALUES = 60_000  # numbers in a page's scatter plots
TEXT_LIMIT = 2000


class Counts(NamedTuple):
    """What a mean must be read beside."""

    rows: int = 0
    bad_rows: int = 0
    responses: int = 0
    scored: int = 0
    unscored: int = 0
    faulted: Mapping[FaultKind, int] = {}
    empty: int = 0
    cut: int = 0
    groups: int = 0
    equal_groups: int = 0
    end_marks: int = 0
    reasoning: int = 0


class PartSummary(NamedTuple):
    """One part of the reward (or the reward itself, named ""), over all responses."""

    name: str
    mean: float
    std: float
    low: float
    high: float
    num_scored: int
    num_unscored: int
    num_not_applicable: int
    faulted: Mapping[FaultKind, int]


class _Part:
    """A stream of one part's values, and who was to blame when there was none."""

    __slots__ = ("faulted", "moments")

    def __init__(self) -> None:
        self.moments = Moments()
        self.faulted: dict[FaultKind, int] = {}

    def blame(self, fault: FaultKind) -> None:
        self.faulted[fault] = self.faulted.get(fault, 0) + 1

    def by_kind(self) -> dict[FaultKind, int]:
        """The faults in the order that every summary has."""
        return {kind: self.faulted[kind] for kind in FAULT_KINDS if kind in self.faulted}


class Summary:
    """The figures of one run over any number of rows, with a fixed amount of memory.

    Counts, means, spreads and ranges are exact; distributions, correlations and points come from
    a uniform sample of `sample_size` responses, the same for the same results in the same order.
    The `num_rows` best and worst responses do not depend on the order; equal ones count as one.

    >>> from plaudit import Group, load
    >>> from plaudit.run import run
    >>> summary = Summary()
    >>> for result in run(load("rules.baseline.length"), [Group("hi", ["a", "abc"])]):
    ...     summary.add(result)
    >>> summary.counts.scored, summary.reward.mean
    (2, 2.0)
    """

    def __init__(self, name: str = "", *, sample_size: int = 4096, num_rows: int = 10) -> None:
        self.name = name
        self._total = _Part()
        self._parts: dict[str, _Part] = {}
        self._num_hidden_parts = 0
        names = ("rows", "empty", "cut", "groups", "equal_groups", "end_marks", "reasoning")
        self._counts = dict.fromkeys(names, 0)
        self._num_bad_rows = 0
        self._bad_rows: list[dict[str, str]] = []
        self._sample = Reservoir(sample_size)
        self._best, self._worst, self._failed = (Extremes(num_rows) for _ in range(3))
        self._messages = Messages()

    # --- one result at a time ---------------------------------------------------------------------

    def add(self, result: Result) -> None:
        """Counts one result of the runner: a row's scores, or the error that made it unreadable."""
        self._counts["rows"] += 1
        if result.error is not None:
            self._num_bad_rows += 1
            if len(self._bad_rows) < MAX_BAD_ROWS:
                self._bad_rows.append(_bad_row(result))
        if result.group is None or not result.scores:
            return
        for place, score in enumerate(result.scores):
            self._add_score(result.index, result.group, place, score)
        self._count_group(result.scores)

    def add_intake(self, end_marks: int = 0, reasoning: int = 0) -> None:
        """Counts responses that ended in end-of-turn marks, and such whose reasoning was a field.

        See `plaudit.data.door`.
        """
        self._counts["end_marks"] += end_marks
        self._counts["reasoning"] += reasoning

    def _add_score(self, index: int, group: Group, place: int, score: Score) -> None:
        response = group.responses[place]
        value = _number(score.value)
        self._total.moments.add(value)
        self._counts["empty"] += not response.text
        self._counts["cut"] += response.finish_reason == "length"
        for name, part_value in score.parts.items():
            part = self._part(name)
            if part is not None:
                part.moments.add(_number(part_value))
        self._sample.offer(lambda: self._sampled(response, value, score))
        fault = score.faulted
        failed = fault is not None or not math.isfinite(value)
        if failed:
            self._add_fault(index, place, score, fault or "unstated")
        self._rank(index, group, place, score, failed=failed)

    def _part(self, name: str) -> _Part | None:
        part = self._parts.get(name)
        if part is None:
            if len(self._parts) >= MAX_PARTS:
                self._num_hidden_parts += 1
                return None
            part = self._parts[name] = _Part()
        return part

    def _sampled(self, response: Response, value: float, score: Score) -> tuple:
        parts = {n: _number(v) for n, v in score.parts.items() if n in self._parts}
        return float(len(response.text)), value, parts

    def _add_fault(self, index: int, place: int, score: Score, fault: FaultKind) -> None:
        self._total.blame(fault)
        message = score.error or "no error was given"
        example = {"message": message[:1000], "row": index, "response": place}
        self._messages.add(fault, message, example)
        for name in _blamed_parts(score):
            if name in self._parts:
                self._parts[name].blame(fault)

    def _rank(self, index: int, group: Group, place: int, score: Score, *, failed: bool) -> None:
        def key() -> str:
            texts = (_prompt_text(group), clip(group.responses[place].text, TEXT_LIMIT))
            return content_hash(*texts, str(len(group.responses[place].text)))

        def make() -> dict[str, object]:
            return _row(index, group, place, score)

        value = _number(score.value)
        if math.isfinite(value):
            self._best.offer(value, key, make)
            self._worst.offer(-value, key, make)
        if failed:
            self._failed.offer(-float(index), key, make)

    def _count_group(self, scores: Sequence[Score]) -> None:
        values = [s.value for s in scores if s.is_scored]
        if len(values) > 1:
            self._counts["groups"] += 1
            self._counts["equal_groups"] += min(values) == max(values)

    # --- the figures ------------------------------------------------------------------------------

    @property
    def counts(self) -> Counts:
        """Rows, responses and what became of them.

        `faulted` is by kind and overlaps `scored`: a response fault earns the minimum. `groups`
        have at least two scored responses; in `equal_groups` these are equal, so that a group
        advantage learns nothing from them. `end_marks` and `reasoning` as in `add_intake`.
        """
        moments = self._total.moments
        return Counts(
            bad_rows=self._num_bad_rows,
            responses=moments.num_scored + moments.num_unscored,
            scored=moments.num_scored,
            unscored=moments.num_unscored,
            faulted=self._total.by_kind(),
            **self._counts,
        )

    @property
    def reward(self) -> PartSummary:
        """The whole reward."""
        return self._part_summary("", self._total)

    @property
    def parts(self) -> list[PartSummary]:
        """The parts in the order in which they first appeared, at most 64."""
        return [self._part_summary(name, part) for name, part in self._parts.items()]

    def _part_summary(self, name: str, part: _Part) -> PartSummary:
        m, total = part.moments, self._total.moments
        num_applicable, responses = (x.num_scored + x.num_unscored for x in (m, total))
        low, high = (m.low, m.high) if m.num_scored else (math.nan, math.nan)
        return PartSummary(
            name,
            m.mean,
            m.std,
            low,
            high,
            num_scored=m.num_scored,
            num_unscored=m.num_unscored,
            num_not_applicable=responses - num_applicable,
            faulted=part.by_kind(),
        )

    # --- the page's data --------------------------------------------------------------------------

    def as_dict(self) -> dict[str, Any]:
        """All figures as plain data (dicts, lists, strings, numbers; NaN if there is none)."""
        names = ["", *self._parts]
        columns = [self._column(name) for name in names]
        lengths = [item[0] for item in self._sample.items]
        return {
            "name": self.name,
            "counts": self.counts._asdict(),
            "num_sampled": len(lengths),
            "parts": list(self._part_dicts(columns, lengths)),
            "num_hidden_parts": self._num_hidden_parts,
            "correlation": _matrix(names, columns, lengths),
            "points": _points(columns, lengths),
            "rows": self._row_lists(),
            "errors": [
                {"fault": fault, "count": count, **example}
                for fault, count, example in self._messages.top(MAX_MESSAGES)
            ],
            "num_other_errors": self._messages.num_beyond(MAX_MESSAGES),
            "bad_rows": list(self._bad_rows),
        }

    def _column(self, name: str) -> list[float]:
        """The sampled values of one part, NaN if there is none."""
        if not name:
            return [value for _, value, _ in self._sample.items]
        return [parts.get(name, math.nan) for _, _, parts in self._sample.items]

    def _part_dicts(
        self, columns: Sequence[Sequence[float]], lengths: Sequence[float]
    ) -> Iterator[dict[str, object]]:
        tallies = [self._total, *self._parts.values()]
        for part, tally, column in zip([self.reward, *self.parts], tallies, columns, strict=True):
            finite = [v for v in column if math.isfinite(v)]
            pearson, spearman = _against(column, lengths)
            values = tally.moments.values
            yield {
                **part._asdict(),
                "values": sorted(values.items()) if values else None,
                "histogram": None if values else histogram(finite),
                "pearson_length": pearson,
                "spearman_length": spearman,
            }

    def _row_lists(self) -> dict[str, list[dict[str, object]]]:
        """Best and worst rows (none in both) and the first that failed."""
        worst = self._worst.ranked()
        listed = {(key, row["row"], row["response"]) for key, _, row in worst}
        best = [
            r for r in self._best.ranked() if (r[0], r[2]["row"], r[2]["response"]) not in listed
        ]
        lists = {"worst": worst, "best": best, "failed": self._failed.ranked()}
        return {k: [{**row, "count": n} for _, n, row in rows] for k, rows in lists.items()}


def _number(value: Any) -> float:
    """A part's value as a float; NaN for anything else (parts may come from user code)."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _blamed_parts(score: Score) -> list[str]:
    """The parts that the error names.

    A combination writes ``part: error; part: error``; the first is the one whose fault the score
    carries. A later one that has a value can only have had a response fault.
    """
    error = score.error or ""
    named = []
    for name, value in score.parts.items():
        place = f"{name.replace('/', ': ')}: "
        if error.startswith(place) or (value == value and f"; {place}" in error):
            named.append(name)
    return named


def _bad_row(result: Result) -> dict[str, str]:
    error = result.error
    assert error is not None
    return {
        "where": clip(error.where or f"row {result.index + 1}", 300),
        "field": clip(error.field, 100),
        "message": clip(str(error.args[0]), 500),
    }


def _row(index: int, group: Group, place: int, score: Score) -> dict[str, object]:
    """What a reader needs to see why one response got its score."""
    response = group.responses[place]
    columns = {**group.columns, **response.columns}
    return {
        "row": index,
        "response": place,
        "num_responses": len(group.responses),
        "id": clip(group.id, 100),
        "value": _number(score.value),
        "parts": [(name, _number(v)) for name, v in list(score.parts.items())[:MAX_PARTS]],
        "note": clip(score.note or "", TEXT_LIMIT),
        "error": clip(score.error or "", TEXT_LIMIT),
        "fault": score.fault,
        "finish_reason": response.finish_reason,
        "length": len(response.text),
        "prompt": _prompt_text(group),
        "text": clip(response.text, TEXT_LIMIT),
        "columns": [(str(k), _shown_column(v)) for k, v in list(columns.items())[:12]],
    }


def _shown_column(value: object) -> str:
    return clip(value, 300) if isinstance(value, str) else clipped(value, limit=300)


def _prompt_text(group: Group) -> str:
    """The whole prompt for people: roles where there is more than one turn."""
    turns = []
    for message in group.prompt:
        content = message.get("content")
        text = content if isinstance(content, str) else clipped(content, limit=TEXT_LIMIT)
        turns.append(f"[{message.get('role')}] {text}" if len(group.prompt) > 1 else text)
    return clip("\n".join(turns), TEXT_LIMIT)


def _against(column: Sequence[float], lengths: Sequence[float]) -> tuple[float, float]:
    """Pearson's and Spearman's correlation of one part with the length."""
    pairs = [(v, n) for v, n in zip(column, lengths, strict=True) if math.isfinite(v)]
    values, sizes = [v for v, _ in pairs], [n for _, n in pairs]
    return (
        correlations([values, sizes])[0][1],
        correlations([ranks(values), ranks(sizes)])[0][1],
    )


def _matrix(
    names: Sequence[str], columns: Sequence[Sequence[float]], lengths: Sequence[float]
) -> dict[str, object]:
    """Pearson's r between the reward, its parts (parts of parts last) and the length."""
    order = sorted(range(len(names)), key=lambda i: names[i].count("/"))[: MAX_IN_MATRIX - 1]
    return {
        "names": [names[i] for i in order],
        "r": correlations([*(columns[i] for i in order), lengths]),
    }


def _points(columns: Sequence[Sequence[float]], lengths: Sequence[float]) -> dict[str, object]:
    """The columns of the scatter plots; fewer points where there are many parts."""
    num = min(len(lengths), 2000, MAX_POINT_VALUES // (len(columns) + 1))
    places = [i * len(lengths) // num for i in range(num)]
    return {
        "length": [lengths[i] for i in places],
        "columns": [[_short(column[i]) for i in places] for column in columns],
    }


def _short(value: float) -> float:
    return float(f"{value:.5g}")
