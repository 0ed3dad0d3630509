"""JudgeBench (Tan et al. 2024, arXiv 2410.12784; ScalerLab/JudgeBench).

Pairs of responses of one model, one of them right; overall is the share over all pairs. A judge is
asked in both orders: each verdict adds +1 if it names the right response, -1 if the wrong one, 0
for a tie or none, and the pair is right where the sum is above 0. So right and tie is right, right
and wrong is a tie and earns nothing. A reward model needs one order: strictly higher wins. Credit
`judgebench` is the published single-order rule for scores, by which equal scores say "B>A"; a
judge's verdicts, which may be ties, it credits as `strict` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plaudit.bench import credit
from plaudit.bench.benchmark import (
    Benchmark,
    Recorded,
    credited,
    subset_figures,
    tally_of,
)
from plaudit.bench.sets._gates import pair_gates
from plaudit.bench.sets._pairs import flat, item_of, number
from plaudit.bench.sheet import Item, Scored, Sheet
from plaudit.bench.tally import Tally, Totals
from plaudit.data.rows import Row
from plaudit.errors import ConfigError, DataError, clipped

SECTIONS = {
    "mmlu-pro": "knowledge",
    "livebench-reasoning": "reasoning",
    "livebench-math": "math",
    "livecodebench": "coding",
}
NAMES = tuple(SECTIONS.values())
LABELS = ("A>B", "B>A")
_TURNED = {"A>B": "B>A", "B>A": "A>B"}
RULES = {"strict": credit.strict, "share": credit.share, "judgebench": credit.strict}


def section_of(raw: Mapping[str, Any]) -> str:
    """The section of a row, by its source. Raises DataError."""
    if raw.get("section") in NAMES:
        return raw["section"]
    source = str(raw.get("source") or raw.get("subset") or "")
    for prefix, name in SECTIONS.items():
        if source.startswith(prefix):
            return name
    return source or "unknown"


def label_of(raw: Mapping[str, Any]) -> str:
    """Which response is right. Raises DataError."""
    if raw.get("label") not in LABELS:
        raise DataError(f"expected A>B or B>A, found {clipped(raw.get('label'))}", field="label")
    return raw["label"]


def read(row: Row) -> Sequence[Item]:
    """The pair of a row; where the source had it, the order A, B."""
    name = str(row.raw.get("pair_id", row.raw.get("id", row.number)))
    item = item_of(row, section_of(row.raw), id=name)
    if "response_A" in row.raw and not item.place:
        from dataclasses import replace

        item = replace(item, place=(0, 1))
    return [item]


def measure(sheet: Sheet, scored: Scored, rule: str) -> Tally:
    """Wins by section."""
    import numpy as np

    rows, credit_N = credited(sheet, scored, RULES, rule)
    if rule == "judgebench" and not scored.is_judge:
        if (place_T := sheet.feature("place")) is None:
            raise ConfigError("credit judgebench: the rows do not say which response is A")
        is_right_T = sheet.labels_T > 0
        right_is_b_N = place_T[is_right_T] == 1
        credit_N = np.where((rows.of_N == credit.TIE) & right_is_b_N, 1.0, credit_N)
    return tally_of(sheet, rows, credit_N, figures)


def figures(totals: Totals) -> Mapping[str, object]:
    """The share over all pairs and over those of each section."""
    overall = totals.ratio(totals.cells, "credit", "num")
    sections = {f"section/{k[7:]}": v for k, v in subset_figures(totals).items()}
    return {"overall": overall, **sections}


def countings(decisions: Sequence[Sequence[str | None]], labels: Sequence[str]) -> dict[str, float]:
    """Other countings of a judge's verdicts: which of them a figure is must be said.

    `decisions` are in the source's order. Shares are of all pairs, counts are numbers.

    >>> found = countings([("A>B", "A=B"), ("A>B", "B>A"), (None, "B>A")], ["A>B", "A>B", "B>A"])
    >>> found["both_orders_right"], found["orders_disagree"], found["no_verdict"]
    (0, 2, 1)
    """
    rows = list(zip(decisions, labels, strict=True))
    sums = [_sum(verdicts, label) for verdicts, label in rows]
    verdicts = [verdict for pair, _ in rows for verdict in pair]
    return {
        "correct": sum(total > 0 for total in sums),
        "tie": sum(total == 0 for total in sums),
        "incorrect": sum(total < 0 for total in sums),
        "single_order_accuracy": sum(p[0] == label for p, label in rows) / max(len(rows), 1),
        "both_orders_right": sum(set(pair) == {label} and len(pair) > 1 for pair, label in rows),
        "orders_disagree": sum(len(set(p)) > 1 and None not in p for p, _ in rows),
        "equal_verdict": verdicts.count("A=B"),
        "no_verdict": verdicts.count(None),
    }


def _sum(verdicts: Sequence[str | None], label: str) -> int:
    """+1 for each verdict that is the label, -1 for each that is its opposite."""
    return sum((v == label) - (v == _TURNED[label]) for v in verdicts)


# --- published results ----------------------------------------------------------------------------


def recorded(raw: Mapping[str, object], file: str) -> Iterator[Recorded]:
    """A row of ``outputs/*.jsonl``, or one with ``score_a`` and ``score_b`` or ``decision_1``."""
    label = label_of(raw)
    scores, decisions, model = _result(raw, file)
    right = LABELS.index(label)
    values: tuple[float, ...] | None = None
    if scores is not None:
        values = (scores[right], scores[1 - right])
    elif decisions is not None:
        total = float(_sum(decisions, label))
        has_none = all(verdict is None for verdict in decisions)
        values = (float("nan"),) * 2 if has_none else (total, -total)
    yield Recorded(
        str(raw.get("pair_id", raw.get("id", ""))),
        section_of(raw),
        (1.0, 0.0),
        values,
        model,
        place=(right, 1 - right),
        extra={"label": label},
        decisions=decisions,
        is_judge=scores is None,
        stated=None if "correct" not in raw else float(bool(raw["correct"])),
    )


def _result(
    raw: Mapping[str, Any], file: str
) -> tuple[tuple[float, ...] | None, tuple[str | None, ...] | None, str]:
    """The scores of A and B or the decisions in the source's order, and the model."""
    model = str(raw.get("model") or "")
    if isinstance(raw.get("judgments"), list):
        entries = raw["judgments"]
        verdicts = [(e or {}).get("decision") for e in entries]
        first = (entries[0] or {}).get("judgment") or {} if entries else {}
        judge = first.get("judge_model") if isinstance(first, Mapping) else None
        scores = first.get("scores") if isinstance(first, Mapping) else None
        if scores is not None:
            return flat(scores, "judgments.scores"), None, str(judge or model)
        return None, _in_source_order(verdicts), str(judge or model)
    if "score_a" in raw and "score_b" in raw:
        return (number(raw["score_a"], "score_a"), number(raw["score_b"], "score_b")), None, model
    if "decision_1" in raw:
        verdicts = [raw["decision_1"], *([raw["decision_2"]] if "decision_2" in raw else [])]
        return None, _in_source_order(verdicts), model
    raise DataError(
        f"a result of JudgeBench has judgments, score_a and score_b, or decision_1;"
        f" the row has {', '.join(raw)}",
        field="judgments",
    )


def _in_source_order(verdicts: Sequence[str | None]) -> tuple[str | None, ...]:
    """Decisions as of the source's order; the second one was about the responses exchanged."""
    for verdict in verdicts:
        if verdict not in (*LABELS, "A=B", None):
            raise DataError(
                f"expected A>B, B>A, A=B or null, found {clipped(verdict)}", field="decision"
            )
    return tuple(
        _TURNED.get(v, v) if i == 1 and v is not None else v for i, v in enumerate(verdicts)
    )


BENCHMARK = Benchmark(
    title="JudgeBench",
    source="ScalerLab/JudgeBench, data/*.jsonl",
    read=read,
    measure=measure,
    credits=tuple(RULES),
    columns=tuple(f"section/{name}" for name in NAMES),
    subsets=NAMES,
    recorded=recorded,
    gates=pair_gates,
    is_share=True,
    countings=countings,
)
