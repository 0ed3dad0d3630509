"""What a judge's verdicts are worth: agreement, order, length, calibration, cost.

Rows come in one by one with the results of the runner; a few numbers are kept of each. What a
pairwise judge found in each order is in the parts `forward` (P(this response is better), it
being shown first) and `backward` (it being shown second), so the summary of scored rows read again
is the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from plaudit.errors import ConfigError, DataError
from plaudit.hashing import content_hash
from plaudit.metrics import Interval, quantiles, reliability
from plaudit.report._judge_columns import COLUMNS, Column
from plaudit.report._judge_gold import GoldLabel, better, models_of, target
from plaudit.report._judge_jurors import JurorTally
from plaudit.report._judge_models import ModelTally
from plaudit.report._judge_pairs import PairTally, Picks, picks
from plaudit.report._judge_points import PointTally
from plaudit.report._judge_votes import VoteTally
from plaudit.report._stats import Extremes, Messages
from plaudit.report.summary import _prompt_text
from plaudit.types import Group, Score
from plaudit.untrusted import clip

if TYPE_CHECKING:
    from plaudit.run import Result

__all__ = ["COLUMNS", "Column", "JudgeSummary", "JudgeTable"]

_MAX_CELLS = 200
_MAX_CURVES = 40
_MAX_MESSAGES = 20
_TEXT_LIMIT = 2000
_OTHER = "(others)"


class _Row(Protocol):
    """What is needed of a row of `plaudit.data`."""

    @property
    def raw(self) -> Mapping[str, Any]: ...
    @property
    def where(self) -> str: ...


class JudgeTable(NamedTuple):
    """The cells of one kind, the total last where there are several."""

    kind: str
    columns: tuple[Column, ...]
    rows: list[dict[str, Any]]


class _Cell:
    """All that is counted for one combination of the `by` columns."""

    def __init__(self) -> None:
        self.pairs, self.points = PairTally(), PointTally()
        self.pair_votes, self.point_votes = VoteTally(), VoteTally()

    @classmethod
    def merged(cls, cells: Sequence[_Cell]) -> _Cell:
        total = cls()
        total.pairs = PairTally.merged(cell.pairs for cell in cells)
        total.points = PointTally.merged(cell.points for cell in cells)
        total.pair_votes = VoteTally.merged(cell.pair_votes for cell in cells)
        total.point_votes = VoteTally.merged(cell.point_votes for cell in cells)
        return total

    def kinds(self) -> list[str]:
        points = ["yes_no" if self.points.is_yes_no else "ratings"] if self.points.num else []
        return ["pairs", *points] if self.pairs.num else points

    def figures(
        self, kind: str, scale: tuple[float, float] | None
    ) -> tuple[dict[str, float], dict[str, Interval]]:
        if kind == "pairs":
            figures, intervals = self.pairs.figures()
            return {**figures, **self.pair_votes.figures()}, intervals
        figures, intervals = self.points.figures(scale=scale)
        return {**figures, **self.point_votes.figures()}, intervals

    def curves(self, kind: str) -> dict[str, object]:
        """The points of the reliability diagram, and the share of wins by length."""
        low = 0.5 if kind == "pairs" else 0.0
        points = self.pairs.confidences() if kind == "pairs" else self.points.labelled()
        bins = [] if kind == "ratings" else reliability(*points, low=low)
        return {
            "low": low,
            "reliability": [b._asdict() for b in bins],
            "lengths": self.pairs.by_length() if kind == "pairs" else [],
            "histogram": self.points.histogram() if kind == "ratings" else [],
            "scatter": self.points.scatter() if kind == "ratings" else [],
        }


class JudgeSummary:
    """The figures of a judge's verdicts, in all and by the columns `by`.

    A group of several responses is a pair (or a choice) where the row tells which one is better or
    the judge gave both orders; any other response is a rating, or a yes or no where its label is a
    boolean. `label` names the column with the label (see the columns found without it in
    `plaudit.report._judge_gold`); where it holds numbers for places, `first_label` is the first.
    `judge` names the judge where the rows have no column of that name. `scale` holds the ends of a
    rating; labels outside of it enter correlations only. `usage` may be set at the end: calls,
    paid_calls, prompt_tokens, completion_tokens, cached_tokens, cost, retries, reasked, and
    latency_s, a list of seconds.

    Raises: ConfigError for an unusable scale.

    >>> from plaudit.data import Layout
    >>> from plaudit.run import Result
    >>> row = Layout().row({"prompt": "hi", "chosen": "hello", "rejected": "no", "judge": "x"})
    >>> scores = [Score(1.0, {"forward": 1.0, "backward": 1.0}), Score(0.0)]
    >>> summary = JudgeSummary(by=["judge"])
    >>> summary.add(row, Result(0, row.group, scores, None))
    >>> cell = summary.table("pairs").rows[0]
    >>> cell["by"], cell["accuracy"], cell["both_right"], cell["flip_rate"]
    (['x'], 1.0, 1.0, 0.0)
    """

    def __init__(
        self,
        name: str = "",
        *,
        by: Sequence[str] = (),
        label: str | None = None,
        first_label: int = 1,
        judge: str = "",
        scale: tuple[float, float] | None = None,
        num_rows: int = 10,
    ) -> None:
        if scale is not None and not -math.inf < scale[0] < scale[1] < math.inf:
            raise ConfigError(f"scale={scale!r} must be two numbers, the lower one first")
        self.name, self.by = name, tuple(by)
        self.label, self.first_label = label, first_label
        self.judge, self.scale = judge, scale
        self.usage: Mapping[str, Any] = {}
        self.counts = dict.fromkeys(("rows", "bad_rows", "responses", "unscored", "unlabelled"), 0)
        self._cells: dict[tuple[str, ...], _Cell] = {}
        self._models, self._jurors = ModelTally(), JurorTally()
        self._messages = Messages()
        self._worst = Extremes(num_rows)

    # --- one result at a time ---------------------------------------------------------------------

    def add(self, row: _Row, result: Result) -> None:
        """Counts one result of the runner with the row it came from."""
        self.counts["rows"] += 1
        if result.error is not None:
            self.counts["bad_rows"] += 1
            self._note("bad row", row, str(result.error))
        if result.group is None or not result.scores:
            return
        self.counts["responses"] += len(result.scores)
        self.counts["unscored"] += sum(not score.is_scored for score in result.scores)
        self._tell(row, result.scores)
        gold = self._better(row, result.group)
        is_pair = len(result.scores) > 1 and (gold is not None or _has_orders(result.scores[0]))
        self._jurors.add(result.scores, is_pair=is_pair)
        if is_pair:
            self._add_pair(row, result.group, result.scores, gold)
            return
        for place, score in enumerate(result.scores):
            self._add_point(row, result.group, place, score)

    def _tell(self, row: _Row, scores: Sequence[Score]) -> None:
        faults = {score.error: score.fault for score in scores if score.error is not None}
        for error, fault in faults.items():
            self._note(f"{fault or 'unstated'} fault", row, error)

    def _note(self, kind: str, row: _Row, message: str) -> None:
        self._messages.add(kind, message, (clip(row.where, 300), clip(message, 1000)))

    def _better(self, row: _Row, group: Group) -> int | None:
        if len(group.responses) < 2:
            return None
        try:
            return better(row.raw, group.responses, label=self.label, first_label=self.first_label)
        except DataError as error:
            self._note("label", row, str(error))
            return None

    def _cell(self, row: _Row, columns: Mapping[str, object]) -> tuple[_Cell, tuple[str, ...]]:
        key = tuple(clip(str(columns.get(name, row.raw.get(name, ""))), 200) for name in self.by)
        if key not in self._cells and len(self._cells) >= _MAX_CELLS:
            key = (_OTHER,) * len(self.by)
        return self._cells.setdefault(key, _Cell()), key

    def _add_pair(self, row: _Row, group: Group, scores: Sequence[Score], gold: int | None) -> None:
        cell, key = self._cell(row, group.columns)
        verdicts = picks(scores, gold)
        cell.pairs.add(verdicts, probability=_probability(scores), log_ratio=_log_ratio(group))
        cell.pair_votes.add(scores, is_pair=_has_orders(scores[0]))
        self.counts["unlabelled"] += gold is None
        if verdicts.whole is None:
            return
        self._add_models(row, group, verdicts)
        if gold is not None:
            wrong = 1.0 - verdicts.right(verdicts.whole)
            sure = max(s.value for s in scores) - min(s.value for s in scores)
            self._rank(wrong * (1.0 + sure), row, key, group, scores, f"response {gold + 1}")

    def _add_models(self, row: _Row, group: Group, verdicts: Picks) -> None:
        models = models_of(row.raw, group.responses, verdicts.gold)
        if models is None or verdicts.whole is None or len(group.responses) != 2:
            return
        judge = clip(str(row.raw.get("judge") or self.judge), 200)
        is_better = None if verdicts.gold is None else 1.0 - verdicts.gold
        names = (clip(models[0], 200), clip(models[1], 200))
        self._models.add(judge, names, won=verdicts.whole, is_better=is_better)

    def _add_point(self, row: _Row, group: Group, place: int, score: Score) -> None:
        response = group.responses[place]
        cell, key = self._cell(row, {**group.columns, **response.columns})
        gold: GoldLabel | None = None
        try:
            gold = target(row.raw, response, place, label=self.label)
        except DataError as error:
            self._note("label", row, str(error))
        cell.points.add(score.value, gold)
        cell.point_votes.add([score])
        self.counts["unlabelled"] += gold is None
        if gold is not None and score.is_scored:
            label = f"{bool(gold.value)}" if gold.is_boolean else f"{gold.value:g}"
            alone = Group(group.prompt, [response], group.columns, group.id)
            self._rank(abs(score.value - gold.value), row, key, alone, [score], label)

    def _rank(
        self,
        rank: float,
        row: _Row,
        key: tuple[str, ...],
        group: Group,
        scores: Sequence[Score],
        gold: str,
    ) -> None:
        """Keeps the furthest from their labels; what agrees is none of them."""
        if rank <= 0.5:
            return
        texts = [clip(response.text, _TEXT_LIMIT) for response in group.responses]
        self._worst.offer(
            rank,
            lambda: content_hash(_prompt_text(group), *texts, *key),
            lambda: {
                "where": clip(row.where, 300),
                "by": list(key),
                "gold": gold,
                "values": [score.value for score in scores],
                "parts": [(name, value) for name, value in list(scores[0].parts.items())[:12]],
                "prompt": _prompt_text(group),
                "texts": texts,
                "lengths": [len(response.text) for response in group.responses],
                "notes": [clip(s.note, _TEXT_LIMIT) for s in scores if s.note],
            },
        )

    # --- the figures ------------------------------------------------------------------------------

    @property
    def kinds(self) -> list[str]:
        """The kinds of verdicts that were seen: pairs, ratings, yes_no."""
        present = {kind for cell in self._cells.values() for kind in cell.kinds()}
        return [kind for kind in COLUMNS if kind in present]

    def table(self, kind: str) -> JudgeTable:
        """The table of one kind: a row for each cell, then the total where there are several.

        A row is plain data: the values of the `by` columns, all figures by name (NaN where there is
        none, shares in [0, 1]), `intervals` of 95 %, and `is_total`. Columns that no row has a
        figure for are left out.
        """
        cells = self._of_kind(kind)
        rows = [self._row(kind, list(key), cell) for key, cell in cells]
        if len(rows) > 1:
            total = _Cell.merged([cell for _, cell in cells])
            rows.append(self._row(kind, ["all", *[""] * (len(self.by) - 1)], total, is_total=True))
        used = tuple(c for c in COLUMNS[kind] if any(_is_number(row[c.name]) for row in rows))
        return JudgeTable(kind, used, rows)

    def _of_kind(self, kind: str) -> list[tuple[tuple[str, ...], _Cell]]:
        return [(key, cell) for key, cell in self._cells.items() if kind in cell.kinds()]

    def _row(
        self, kind: str, by: Sequence[str], cell: _Cell, *, is_total: bool = False
    ) -> dict[str, object]:
        figures, intervals = cell.figures(kind, self.scale)
        return {
            "by": list(by),
            "is_total": is_total,
            **figures,
            "intervals": {name: [i.low, i.high] for name, i in intervals.items()},
        }

    @property
    def jury(self) -> dict[str, object]:
        """How far jurors agree (see `JurorTally.as_dict`); empty without a jury."""
        return self._jurors.as_dict()

    def as_dict(self) -> dict[str, object]:
        """All figures as plain data (dicts, lists, strings, numbers; NaN if there is none)."""
        tables = [self.table(kind) for kind in self.kinds]
        return {
            "name": self.name,
            "by": list(self.by),
            "counts": dict(self.counts),
            "tables": [
                {**t._asdict(), "columns": [c._asdict() for c in t.columns]} for t in tables
            ],
            "curves": list(self._curves(tables)),
            "reasons": self._reasons(),
            "messages": [
                {"kind": kind, "count": count, "where": where, "message": message}
                for kind, count, (where, message) in self._messages.top(_MAX_MESSAGES)
            ],
            "num_other_messages": self._messages.num_beyond(_MAX_MESSAGES),
            "models": self._models.as_list(),
            "jury": self.jury,
            "usage": _usage(self.usage, self.counts["rows"]),
            "worst": [row for _, _, row in self._worst.ranked()],
        }

    def _curves(self, tables: Sequence[JudgeTable]) -> Iterable[dict[str, object]]:
        """Of the total first, then of the cells."""
        for table in tables:
            cells = self._of_kind(table.kind)
            named = [(list(key), cell) for key, cell in cells[:_MAX_CURVES]]
            if len(cells) > 1:
                named.insert(0, (["all"], _Cell.merged([cell for _, cell in cells])))
            for by, cell in named:
                yield {"kind": table.kind, "by": by, **cell.curves(table.kind)}

    def _reasons(self) -> list[dict[str, object]]:
        cells = self._cells.values()
        total = VoteTally.merged(v for cell in cells for v in (cell.pair_votes, cell.point_votes))
        return [{"reason": reason, "count": n} for reason, n in total.reasons.most_common()]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _has_orders(score: Score) -> bool:
    return any(name.rpartition("/")[2] in ("forward", "backward") for name in score.parts)


def _probability(scores: Sequence[Score]) -> float:
    """P(first is better) of a judge that gave one."""
    return scores[0].value if len(scores) == 2 and _has_orders(scores[0]) else math.nan


def _log_ratio(group: Group) -> float:
    """ln of the first response's length over the second's, in characters (at least one)."""
    if len(group.responses) != 2:
        return math.nan
    first, second = (max(1, len(response.text)) for response in group.responses)
    return math.log(first / second)


def _usage(usage: Mapping[str, Any], num_rows: int) -> dict[str, Any]:
    """The numbers as they came, quantiles of the latency, and what one row cost."""
    figures = {str(k): v for k, v in usage.items() if _is_number(v)}
    seconds = [float(s) for s in usage.get("latency_s") or ()]
    if seconds:
        at = (0.5, 0.9, 0.99, 1.0)
        names = ("latency_p50_s", "latency_p90_s", "latency_p99_s", "latency_max_s")
        figures |= dict(zip(names, quantiles(seconds, at), strict=True))
    if num_rows and figures.get("cost"):
        figures["cost_per_row"] = figures["cost"] / num_rows
    return figures
