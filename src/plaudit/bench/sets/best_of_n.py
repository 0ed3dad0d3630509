"""Selection among N responses, each right or wrong: is the highest-scored one right?

Overall is the share of prompts whose selected response is right. Where right and wrong ones share
the top, credit `strict` pays nothing, `share` the share of right ones at the top, and `first`
takes the first of them, as ``argmax`` does. Beside it are `oracle` (any is right), `random` (the
mean share of right ones) and, where rows tell the `predicted` answer of each response, `majority`
(the most frequent answer, the first of equals).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plaudit.bench import credit
from plaudit.bench.benchmark import MEASURES, Benchmark, Recorded, credited, tally_of
from plaudit.bench.sets._gates import rival_gates
from plaudit.bench.sets._pairs import flat
from plaudit.bench.sheet import Item, Scored, Sheet, prompt_key
from plaudit.bench.tally import Tally, Totals
from plaudit.data.rows import Row
from plaudit.errors import DataError, clipped

RULES = {"strict": credit.strict, "share": credit.share, "first": credit.strict}
_RIGHT = {1: 1.0, 0: 0.0, "correct": 1.0, "incorrect": 0.0}  # True is 1


def read(row: Row) -> Sequence[Item]:
    """The responses of a row, with what is right and what each of them answers."""
    if isinstance(row.group, DataError):
        raise row.group
    columns = [response.columns for response in row.group.responses]
    marks = [c.get("correct", c.get("label")) for c in columns]
    labels = tuple(_label(value, i) for i, value in enumerate(marks))
    answers = row.raw.get("predicted")
    extra = {}
    if isinstance(answers, list) and len(answers) == len(labels):
        extra = {"answers": [None if a is None else str(a) for a in answers]}
    name = str(row.raw.get("id", row.number))
    subset = str(row.raw.get("subset") or "all")
    return [Item(name, subset, prompt_key(row.group), labels, row.group, row.where, (), extra)]


def _label(value: object, i: int) -> float:
    if not isinstance(value, bool | int | str) or value not in _RIGHT:
        raise DataError(
            f"expected true or false for each response, found {clipped(value)} for response {i}",
            field="correct",
        )
    return _RIGHT[value]


def measure(sheet: Sheet, scored: Scored, rule: str) -> Tally:
    """Right selections by subset, with what oracle, majority and random get."""
    import numpy as np

    rows, credit_N = credited(sheet, scored, RULES, rule)
    if rule == "first":
        credit_N = np.where(rows.of_N == credit.TIE, first_right(sheet, scored.values_T), credit_N)
    tally = tally_of(sheet, rows, credit_N, figures)
    oracle_N = np.array([max(line["labels"]) for line in sheet.lines])
    majority_N = np.array([majority(line) for line in sheet.lines])
    has_N = np.isfinite(majority_N)
    more = np.stack([oracle_N, has_N, np.where(has_N, majority_N, 0)], axis=1).astype(float)
    from dataclasses import replace

    return replace(
        tally,
        measures=(*MEASURES, "oracle", "voted", "majority"),
        amounts_UM=np.hstack([tally.amounts_UM, more]),
    )


def first_right(sheet: Sheet, values_T: Any) -> Any:
    """Whether the first of the highest-scored responses is right; 0 where one has no score."""
    import numpy as np

    rights = []
    for start, size in zip(sheet.starts_N, sheet.sizes_N, strict=True):
        values = values_T[start : start + size]
        is_scored = not np.isnan(values).any()
        rights.append(sheet.labels_T[start + values.argmax()] if is_scored else 0.0)
    return np.array(rights)


def majority(line: Mapping[str, Any]) -> float:
    """Whether the most frequent answer of a row is right; NaN where the answers are unknown.

    >>> majority({"labels": [0.0, 1.0, 1.0], "extra": {"answers": ["7", "8", "8"]}})
    1.0
    """
    answers = line.get("extra", {}).get("answers")
    if answers is None:
        return float("nan")
    return line["labels"][voted(answers)] if any(a is not None for a in answers) else 0.0


def voted(answers: Sequence[str | None]) -> int:
    """The place of the first response with the most frequent answer; one without has no vote.

    >>> voted([None, "7", "8", "8"])
    2
    """
    counts = Counter(answer for answer in answers if answer is not None)
    return answers.index(max(counts, key=lambda a: counts[a])) if counts else 0


def figures(totals: Totals) -> Mapping[str, object]:
    """What the reward selects, and what oracle, majority and random do; the share by subset."""
    cells = totals.cells
    shares = {
        "overall": totals.ratio(cells, "credit", "num"),
        "oracle": totals.ratio(cells, "oracle", "num"),
        "random": totals.ratio(cells, "chance", "num"),
        "majority": totals.ratio(cells, "majority", "voted"),
    }
    subsets = {f"subset/{c}": totals.ratio([c], "credit", "num") for c in cells}
    return {**shares, **(subsets if len(subsets) > 1 else {})}


def recorded(raw: Mapping[str, Any], file: str) -> Iterator[Recorded]:
    """A row with ``rm_scores`` (or scores, rewards) and ``correct`` for each response."""
    name = next((n for n in ("rm_scores", "scores", "rewards") if n in raw), None)
    right = raw.get("correct")
    if name is None or not isinstance(right, list):
        raise DataError(
            f"a recorded selection has scores and correct; the row has {', '.join(raw)}",
            field=name or "scores",
        )
    values = flat(raw[name], name)
    labels = tuple(_label(value, i) for i, value in enumerate(right))
    if len(values) != len(labels):
        raise DataError(f"{len(values)} scores for {len(labels)} responses", field=name)
    answers = raw.get("predicted")
    extra = {"answers": [None if a is None else str(a) for a in answers]} if answers else {}
    subset = str(raw.get("subset") or "all")
    yield Recorded(
        str(raw.get("id", "")), subset, labels, values, str(raw.get("model") or ""), extra=extra
    )


BENCHMARK = Benchmark(
    title="Best of N",
    source="your rows: responses and correct; predicted (the answer of each) for the majority",
    read=read,
    measure=measure,
    credits=tuple(RULES),
    columns=("oracle", "majority", "random"),
    recorded=recorded,
    gates=rival_gates,
    is_share=True,
    is_selection=True,
)
