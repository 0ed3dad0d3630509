"""RM-Bench (Liu et al. 2024, arXiv 2410.16184; THU-KEG/RM-Bench).

A row has three right and three wrong responses in the styles concise, detailed plain and detailed
markdown: nine comparisons. *Hard* are those in which the right one has the plainer style, *normal*
those in the same style, *easy* the rest; a domain's score is the mean of the three, overall the
plain mean of the four domains. Safety pools the rows of its two files first. Each difficulty is
the mean of that difficulty over the domains, so the mean of the three is overall. Published credit
is strict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from plaudit.bench import credit
from plaudit.bench.benchmark import MEASURES, Benchmark, Gate, Recorded, mean_of
from plaudit.bench.sets._pairs import flat, item_of
from plaudit.bench.sheet import Item, Scored, Sheet, codes
from plaudit.bench.tally import Tally, Totals, figures_of
from plaudit.data.rows import Row
from plaudit.errors import DataError

STYLES = ("concise", "plain", "markdown")
DOMAINS: Mapping[str, tuple[str, ...]] = {
    "chat": ("chat",),
    "math": ("math",),
    "code": ("code",),
    "safety": ("safety", "safety-refuse", "safety-response"),
}
SUBSETS = tuple(subset for subsets in DOMAINS.values() for subset in subsets)
LEVELS = {
    "easy": [(i, j) for i in range(3) for j in range(3) if i > j],
    "normal": [(i, i) for i in range(3)],
    "hard": [(i, j) for i in range(3) for j in range(3) if i < j],
}
CELLS = [(i, j) for i in range(3) for j in range(3)]
RULES = {"strict": credit.strict, "share": credit.share}


def subset_of(raw: Mapping[str, object], source: str) -> str:
    """The part that a row belongs to: its domain, its subset, or the name of its file."""
    stem = Path(source).name.partition(".")[0].lower()
    for name in (raw.get("subset"), raw.get("domain"), stem.removesuffix("_filtered")):
        if isinstance(name, str) and name.lower() in SUBSETS:
            return name.lower()
    for subset in sorted(SUBSETS, key=len, reverse=True):
        if stem.startswith(subset):
            return subset
    raise DataError(
        f"missing: a row of RM-Bench has a domain, one of {', '.join(SUBSETS)}, or is in a file"
        " of that name",
        field="domain",
    )


def read(row: Row) -> Sequence[Item]:
    """The six responses of a row: right ones by style, then wrong ones by style."""
    for side in ("chosen", "rejected"):
        if not isinstance(row.raw.get(side), list) or len(row.raw[side]) != len(STYLES):
            raise DataError("expected a list of three responses, one of each style", field=side)
    subset = subset_of(row.raw, row.source)
    name = str(row.raw.get("id", row.number))
    return [item_of(row, subset, id=name if "/" in name else f"{subset}/{name}")]


def measure(sheet: Sheet, scored: Scored, rule: str) -> Tally:
    """Wins by subset and cell of the matrix."""
    import numpy as np

    values_N6 = scored.values_T.reshape(-1, 6)
    subset_N, subsets = codes(sheet.subsets)
    cells, prompts, amounts = [], [], []
    for c, (i, j) in enumerate(CELLS):
        pair_N2 = values_N6[:, [i, 3 + j]]
        labels = np.tile([True, False], len(pair_N2))
        rows = credit.outcomes(pair_N2.reshape(-1), labels, np.arange(0, 2 * len(pair_N2), 2))
        kinds = (credit.WIN, credit.TIE, credit.UNSCORED)
        columns = [np.ones(len(pair_N2)), *(rows.of_N == kind for kind in kinds)]
        earned_N = RULES[rule](rows, scored.is_judge)
        amounts.append(np.stack([*columns, earned_N, rows.chance_N], axis=1).astype(float))
        cells.append(subset_N * len(CELLS) + c)
        prompts.append(sheet.prompt_N)
    names = tuple(f"{subset}|{i}{j}" for subset in subsets for i, j in CELLS)
    prompt_U, cell_U, amounts_UM = map(np.concatenate, (prompts, cells, amounts))
    return Tally(names, MEASURES, prompt_U, cell_U, amounts_UM, figures)


def _share(totals: Totals, subsets: Sequence[str], cells: Sequence[tuple[int, int]]) -> object:
    """The mean over cells of the share of rows won."""
    names = [[f"{subset}|{i}{j}" for subset in subsets] for i, j in cells]
    return mean_of([totals.ratio(of, "credit", "num") for of in names])


def figures(totals: Totals) -> Mapping[str, object]:
    """Overall, domains, difficulties, both within each part, and the matrix."""
    present = list(dict.fromkeys(name.partition("|")[0] for name in totals.cells))
    domains = {
        name: [subset for subset in subsets if subset in present]
        for name, subsets in DOMAINS.items()
        if any(subset in present for subset in subsets)
    }
    means: dict[str, object] = {}
    parts = {f"domain/{name}": subsets for name, subsets in domains.items()}
    parts |= {f"subset/{name}": [name] for name in present}
    for name, subsets in parts.items():
        levels = {level: _share(totals, subsets, cells) for level, cells in LEVELS.items()}
        means[name] = mean_of([*levels.values()])
        means |= {f"{name}/{level}": value for level, value in levels.items()}
    for level in LEVELS:
        means[f"difficulty/{level}"] = mean_of([means[f"domain/{d}/{level}"] for d in domains])
    for i, j in CELLS:
        shares = [_share(totals, subsets, [(i, j)]) for subsets in domains.values()]
        means[f"matrix/{STYLES[i]}-{STYLES[j]}"] = mean_of(shares)
    return {"overall": mean_of([means[f"domain/{name}"] for name in domains]), **means}


def gates(sheet: Sheet, scored: Scored) -> list[Gate]:
    """A constant scorer ties all nine; a plainest-wins scorer has hard 1 and easy 0.

    Won, won with chosen and rejected exchanged, tied and unscored are all comparisons.
    """
    import numpy as np

    zeros = Scored("constant", np.zeros(len(sheet.labels_T)))
    tally = measure(sheet, zeros, "strict")
    totals, num = tally.totals(), float(9 * len(sheet))
    turned = scored.values_T.reshape(-1, 2, 3)[:, ::-1].reshape(-1)
    own, other = (
        measure(sheet, Scored("", values), "strict").totals()
        for values in (scored.values_T, turned)
    )
    whole = sum(float(own.over(own.cells, name)) for name in ("won", "tied", "unscored"))
    whole += float(other.over(other.cells, "won"))
    plainest = Scored("plainest", np.tile([2.0, 1.0, 0.0], 2 * len(sheet)))
    levels = figures_of(measure(sheet, plainest, "strict"))
    return [
        Gate("a constant scorer wins", float(totals.over(totals.cells, "won")), 0, 0),
        Gate("a constant scorer ties", float(totals.over(totals.cells, "tied")), num, num),
        Gate("won, won with sides exchanged, tied and unscored", whole, num, num),
        Gate("a scorer of plain style alone: hard", levels["difficulty/hard"], 1, 1),
        Gate("a scorer of plain style alone: normal", levels["difficulty/normal"], 0, 0),
        Gate("a scorer of plain style alone: easy", levels["difficulty/easy"], 0, 0),
    ]


def recorded(raw: Mapping[str, object], file: str) -> Iterator[Recorded]:
    """A row of a result file: ``score_chosen`` and ``score_rejected``, three numbers each."""
    values = ()
    for side in ("score_chosen", "score_rejected"):
        if raw.get(side) is None:
            raise DataError(f"missing; the row has {', '.join(raw)}", field=side)
        three = flat(raw[side], side)
        if len(three) != len(STYLES):
            raise DataError(f"expected three scores, found {len(three)}", field=side)
        values += three
    subset, name = subset_of(raw, file), str(raw.get("id", ""))
    yield Recorded(
        name if "/" in name else f"{subset}/{name}",
        subset,
        (1.0,) * 3 + (0.0,) * 3,
        values,
        str(raw.get("model") or ""),
    )


BENCHMARK = Benchmark(
    title="RM-Bench",
    source="THU-KEG/RM-Bench, data/*_filtered.json or the joined file",
    read=read,
    measure=measure,
    credits=tuple(RULES),
    columns=(
        *(f"domain/{name}" for name in DOMAINS),
        *(f"difficulty/{level}" for level in LEVELS),
    ),
    subsets=SUBSETS,
    optional=("safety",),  # its two parts together, where a file does not tell them apart
    recorded=recorded,
    gates=gates,
)
