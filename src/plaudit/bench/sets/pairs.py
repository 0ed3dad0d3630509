"""Any rows of chosen and rejected responses: the share of pairs in which the chosen one wins.

The figures are the share over all rows, and over those of each subset where rows name one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from plaudit.bench import credit
from plaudit.bench.benchmark import (
    Benchmark,
    Recorded,
    credited,
    mean_of,
    subset_figures,
    tally_of,
)
from plaudit.bench.sets._gates import pair_gates
from plaudit.bench.sets._pairs import flat, item_of
from plaudit.bench.sheet import Item, Scored, Sheet
from plaudit.bench.tally import Tally, Totals
from plaudit.data.rows import Row

RULES = {"strict": credit.strict, "share": credit.share}


def read(row: Row) -> Sequence[Item]:
    """The pair of a row."""
    return [item_of(row, str(row.raw.get("subset", "") or "all"))]


def measure(sheet: Sheet, scored: Scored, rule: str) -> Tally:
    """Wins by subset."""
    rows, credit_N = credited(sheet, scored, RULES, rule)
    return tally_of(sheet, rows, credit_N, figures)


def figures(totals: Totals) -> Mapping[str, object]:
    """The share over all rows, the mean over subsets, and each subset's."""
    subsets = subset_figures(totals)
    more = {"mean_of_subsets": mean_of([*subsets.values()])} if len(subsets) > 1 else {}
    return {"overall": totals.ratio(totals.cells, "credit", "num"), **more, **subsets}


def recorded(raw: Mapping[str, object], file: str) -> Iterator[Recorded]:
    """A row with recorded scores: ``score_chosen`` and ``score_rejected``, or the like."""
    for better, worse in (("score_chosen", "score_rejected"), ("scores_chosen", "scores_rejected")):
        if better in raw and worse in raw:
            right, wrong = flat(raw[better], better), flat(raw[worse], worse)
            labels = (1.0,) * len(right) + (0.0,) * len(wrong)
            yield Recorded(
                str(raw.get("id", "")),
                str(raw.get("subset") or "all"),
                labels,
                right + wrong,
                str(raw.get("model") or ""),
            )


BENCHMARK = Benchmark(
    title="Pairs of any kind",
    source="your rows: prompt, chosen, rejected; or response_a, response_b and the better one",
    read=read,
    measure=measure,
    columns=("mean_of_subsets",),
    recorded=recorded,
    gates=pair_gates,
    is_share=True,
)
