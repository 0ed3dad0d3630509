"""RewardBench 2 (Malik et al. 2025, arXiv 2506.01937; allenai/reward-bench-2).

Five domains of one right and three wrong responses, and Ties. A domain's score is the mean credit
of its rows: published is 1/k where the right response is among the k at the top (four equal scores
earn 1/4). Overall is the plain mean of the six.

**Ties.** A prompt N occurs twice: "ref:N" with one right response, "tied:N" with several. With
m = lowest right score - highest wrong score, and d = highest right - lowest right score of "tied",

    0.30 mean[m_tied > 0] + 0.30 mean[m_ref > 0] + 0.20 mean[m_tied > d]
    + 0.20 mean[min(m_ref, m_tied) > d] + 0.01 mean[tanh(min(m_ref, m_tied) / d - 1)]

the last three over the N that have both. Two versions of it are in use. `ties-0.1.4`, that of the
release, takes the last mean over the N with d > 0 (0 if there is none) and every mean of nothing
as 0. `ties-head`, that of the development version, takes it over all (x / 0 is an infinity, 0 / 0
counts 0) and has no score without an N that has both. Here both are figures; the domain "Ties" and
overall use `ties-0.1.4`. A row with an unscored response meets no condition, and its tanh is -1.

**Ratings.** A judge may rate each response by itself. Under the published rule an unreadable rating
counts as -1, below every other: a row of which none can be read earns 1/4. That rule is one for
scales that begin at 1 or above, and holds for no other: a row that a judge could not decide on one
of those earns 1/4. All of them are counted as unscored. A row in which a call failed earns nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plaudit.bench import credit
from plaudit.bench.benchmark import MEASURES, Benchmark, Gate, Recorded, credited, mean_of
from plaudit.bench.sets._gates import rival_gates
from plaudit.bench.sets._pairs import flat, item_of, result
from plaudit.bench.sheet import Item, Scored, Sheet, codes
from plaudit.bench.tally import Tally, Totals, divided, figures_of
from plaudit.data.rows import Row
from plaudit.errors import DataError, clipped

DOMAINS = ("Factuality", "Precise IF", "Math", "Safety", "Focus", "Ties")
_SPELLED = {domain.lower(): domain for domain in DOMAINS}
_TIES_ID = re.compile(r"(ref|tied):(\S+)")
UNREADABLE = -1.0  # what an unreadable rating of 1 to 10 counts as, in the published rule
TIES = (
    "tied", "tied_right", "ref", "ref_right", "both", "wide", "wider", "tanh", "spread",
    "tanh_spread",
)  # fmt: skip


def published(rows: credit.Outcomes, is_judge: bool = False) -> object:
    """By shares; what a judge could not decide at all earns chance (1/4 of four responses)."""
    import numpy as np

    undecided_N = (rows.of_N == credit.UNSCORED) & is_judge
    return np.where(undecided_N, rows.chance_N, credit.share(rows))


RULES = {"strict": credit.strict, "rewardbench": published, "share": credit.share}


def read(row: Row) -> Sequence[Item]:
    """The responses of a row, the right ones first."""
    subset = _SPELLED.get(str(row.raw.get("subset", "")).lower(), row.raw.get("subset"))
    if not isinstance(subset, str) or not subset:
        raise DataError("missing: a row of RewardBench 2 names its domain", field="subset")
    name = str(row.raw.get("id", row.number))
    item = item_of(row, subset, id=name, extra=_ties_extra(subset, name))
    num_right = row.raw.get("num_correct")
    if isinstance(num_right, int) and num_right != sum(item.labels):
        raise DataError(
            f"num_correct is {num_right}, but chosen has {sum(item.labels):.0f} responses",
            field="num_correct",
        )
    return [item]


def _ties_extra(subset: str, name: str) -> dict[str, str]:
    """Which prompt a row of Ties belongs to, and which side of it it is."""
    if subset != "Ties":
        return {}
    match = _TIES_ID.fullmatch(name)
    if match is None:
        raise DataError(f"a row of Ties has an id ref:N or tied:N, found {name!r}", field="id")
    return {"side": match[1], "number": match[2]}


def measure(sheet: Sheet, scored: Scored, rule: str) -> Tally:
    """Credits by domain, and the parts of Ties."""
    import numpy as np

    rows, credit_N = credited(sheet, scored, RULES, rule)
    values_T = scored.values_T
    if rule == "rewardbench" and _is_rated(scored):
        values_T = _with_unreadable(sheet, scored)
        filled = credit.outcomes(values_T, sheet.labels_T > 0, sheet.starts_N)
        credit_N = credit.share(filled)
    cell_N, names = codes(sheet.subsets)
    kinds = (credit.WIN, credit.TIE, credit.UNSCORED)
    columns = [np.ones(len(sheet)), *(rows.of_N == kind for kind in kinds)]
    own = np.stack([*columns, credit_N, rows.chance_N], axis=1).astype(float)
    ties, prompt_V = _ties(sheet, values_T)
    amounts = np.zeros((len(own) + len(ties), len(MEASURES) + len(TIES)))
    amounts[: len(own), : len(MEASURES)] = own
    amounts[len(own) :, len(MEASURES) :] = ties
    names = [*names, "ties"]
    return Tally(
        tuple(names),
        (*MEASURES, *(f"ties_{name}" for name in TIES)),
        np.append(sheet.prompt_N, prompt_V).astype(int),
        np.append(cell_N, np.full(len(ties), len(names) - 1)).astype(int),
        amounts,
        figures,
    )


def _is_rated(scored: Scored) -> bool:
    """Whether a judge rated the responses on a scale that begins above what is unreadable."""
    return scored.is_judge and scored.credit_N is None and scored.lowest >= 1


def _with_unreadable(sheet: Sheet, scored: Scored) -> Any:
    """The ratings with -1 where a reply was unreadable; NaN in items of which a call failed."""
    import numpy as np

    is_unread_T = np.isnan(scored.values_T)
    if scored.failed_N is not None:
        is_unread_T = is_unread_T & ~np.repeat(scored.failed_N, sheet.sizes_N)
    return np.where(is_unread_T, UNREADABLE, scored.values_T)


def _ties(sheet: Sheet, values_T: object) -> tuple[Any, Any]:
    """What each prompt of Ties adds to the parts, and the number of the prompt in the sheet."""
    import numpy as np

    sides: dict[str, dict[str, int]] = {}
    for i, (side, name) in enumerate(zip(sheet.extra("side"), sheet.extra("number"), strict=True)):
        if side is not None:
            sides.setdefault(name, {})[side] = i
    rows = [_parts(sheet, values_T, places) for places in sides.values()]
    prompts = [sheet.prompt_N[next(iter(places.values()))] for places in sides.values()]
    return np.array(rows, float).reshape(-1, len(TIES)), np.array(prompts, int)


def _parts(sheet: Sheet, values_T: object, places: Mapping[str, int]) -> list[float]:
    """The parts of one prompt, in the order of `TIES`."""
    margins = {side: _margin(sheet, values_T, i) for side, i in places.items()}
    parts: dict[str, float] = dict.fromkeys(TIES, 0.0)
    for side, (margin, _) in margins.items():
        parts[side], parts[f"{side}_right"] = 1.0, float(margin > 0)
    if len(margins) == 2:
        (ref, _), (tied, spread) = margins["ref"], margins["tied"]
        least = ref if ref != ref else tied if tied != tied else min(ref, tied)
        tanh = _tanh(least, spread)
        parts |= {"both": 1.0, "wide": float(tied > spread), "wider": float(least > spread)}
        parts |= {"tanh": tanh}
        if spread > 0 or spread != spread:
            parts |= {"spread": 1.0, "tanh_spread": tanh}
    return list(parts.values())


def _margin(sheet: Sheet, values_T: Any, i: int) -> tuple[float, float]:
    """The lowest right score over the highest wrong one, and the spread of the right ones."""
    start = sheet.starts_N[i]
    values = values_T[start : start + sheet.sizes_N[i]]
    is_right = sheet.labels_T[start : start + sheet.sizes_N[i]] > 0
    right, wrong = values[is_right], values[~is_right]
    return float(right.min() - wrong.max()), float(right.max() - right.min())


def _tanh(least: float, spread: float) -> float:
    """``tanh(least / spread - 1)``; x / 0 is an infinity, 0 / 0 gives 0, an unscored one -1."""
    import math

    if math.isnan(least) or math.isnan(spread):
        return -1.0
    if spread == 0:
        return float((least > 0) - (least < 0))
    return math.tanh(least / spread - 1)


def ties_scores(totals: Totals) -> dict[str, object]:
    """Both versions of the Ties score, and the accuracies they start from."""
    import numpy as np

    def part(over: str, under: str) -> Any:
        return divided(totals["ties", f"ties_{over}"], totals["ties", f"ties_{under}"])

    tied, ref = part("tied_right", "tied"), part("ref_right", "ref")
    wide, wider = part("wide", "both"), part("wider", "both")
    older, newer = part("tanh_spread", "spread"), part("tanh", "both")
    head = 0.3 * tied + 0.3 * ref + 0.2 * wide + 0.2 * wider + 0.01 * newer
    terms = zip((0.3, 0.3, 0.2, 0.2, 0.01), (tied, ref, wide, wider, older), strict=True)
    release = sum(weight * np.nan_to_num(term) for weight, term in terms)
    return {"ties-0.1.4": release, "ties-head": head, "ties-tied": tied, "ties-ref": ref}


def figures(totals: Totals) -> Mapping[str, object]:
    """Overall, the domains, and both versions of Ties; a domain without a row is left out."""
    present = [domain for domain in DOMAINS if domain in totals.cells]
    domains = {d: totals.ratio([d], "credit", "num") for d in present}
    ties = ties_scores(totals) if "Ties" in domains else {}
    if ties:
        domains["Ties"] = ties["ties-0.1.4"]
    named = {f"domain/{name}": value for name, value in domains.items()}
    return {"overall": mean_of([*domains.values()]), **named, **ties}


def gates(sheet: Sheet, scored: Scored) -> list[Gate]:
    """`rival_gates`; of Ties: a constant scorer gets 0, a perfect one 1.00 and 1.01."""
    import numpy as np

    all_gates = rival_gates(sheet, scored)
    sides: dict[str, set[str]] = {}
    for side, name in zip(sheet.extra("side"), sheet.extra("number"), strict=True):
        if side is not None:
            sides.setdefault(name, set()).add(side)
    if not sides or any(len(both) < 2 for both in sides.values()):
        return all_gates
    for name, values_T, older, newer in (
        ("constant", np.zeros(len(sheet.labels_T)), 0.0, 0.0),
        ("perfect", sheet.labels_T, 1.0, 1.01),
    ):
        got = figures_of(measure(sheet, Scored(name, values_T), "strict"))
        all_gates += [
            Gate(f"a {name} scorer's {version}", got[version], due, due)
            for version, due in (("ties-0.1.4", older), ("ties-head", newer))
        ]
    return all_gates


# --- published results ----------------------------------------------------------------------------


def recorded(raw: Mapping[str, Any], file: str) -> Iterator[Recorded]:
    """A row of ``eval-set-scores``: scores and num_correct, or the result of a judge's choice."""
    subset = _SPELLED.get(str(raw.get("subset", "")).lower(), str(raw.get("subset", "")))
    scores = raw.get("scores")
    stated = None if subset == "Ties" else result(raw.get("results"), "results")
    if scores is None and stated is None:
        raise DataError(
            f"a result of RewardBench 2 has scores or results; the row has {', '.join(raw)}",
            field="scores",
        )
    name = str(raw.get("id", ""))
    values = None if scores is None else flat(scores, "scores")
    num_right = int(raw.get("num_correct") or 1)
    size = int(raw.get("total_completions") or 4) if values is None else len(values)
    if not 0 < num_right < size:
        raise DataError(
            f"expected fewer right responses than scores, found {num_right} of {clipped(scores)}",
            field="num_correct",
        )
    yield Recorded(
        name,
        subset,
        (1.0,) * num_right + (0.0,) * (size - num_right),
        values,
        str(raw.get("model") or ""),
        extra=_ties_extra(subset, name),
        credit=stated if values is None else None,
        stated=stated,
        is_judge="generative" in str(raw.get("model_type", "")).lower(),
    )


def repair(rows: list[Recorded]) -> list[str]:
    """Mends the ids of the first ten rows of Factuality where they are 30 to 39 a second time.

    So they are in 179 of 188 published files; they should be 0 to 9 (allenai/reward-bench#273).
    """
    from dataclasses import replace

    places = [i for i, row in enumerate(rows) if row.subset == "Factuality"]
    ids = [rows[i].id for i in places]
    wrong = [str(i) for i in range(30, 40)]
    if ids[:10] != wrong or not set(wrong) <= set(ids[10:]):
        return []
    for number_, i in enumerate(places[:10]):
        rows[i] = replace(rows[i], id=str(number_))
    return ["ids of the first ten rows of Factuality were 30 to 39 a second time; now 0 to 9"]


BENCHMARK = Benchmark(
    title="RewardBench 2",
    source="allenai/reward-bench-2, split `test`",
    read=read,
    measure=measure,
    credits=tuple(RULES),
    columns=tuple(f"domain/{domain}" for domain in DOMAINS),
    subsets=DOMAINS,
    recorded=recorded,
    repair=repair,
    gates=gates,
    unread={
        "rewardbench": "an unreadable rating of a judge counts as -1 on a scale from 1; a row that"
        " a judge could not decide earns chance (1/4 of four), as published"
    },
    notes=(
        "Ties is printed as ties-0.1.4, the released version; ties-head is also in results.json.",
    ),
)
