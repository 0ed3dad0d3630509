"""RMB (Zhou et al. 2024, arXiv 2410.09893; Zhou-Zoey/RMB-Reward-Model-Benchmark).

Pairs and best-of-N rows, helpful and harmless. A pair is right where the chosen response scores
strictly higher; a best-of-N row where the best one scores strictly above every loser, without
partial credit. Overall is the plain mean of the four shares (that of RM-R1-UIUC/RM-R1), over those
that are present.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from plaudit.bench import credit
from plaudit.bench.benchmark import Benchmark, Recorded, credited, mean_of, tally_of
from plaudit.bench.sets._gates import rival_gates
from plaudit.bench.sets._pairs import number, result
from plaudit.bench.sheet import Item, Scored, Sheet, prompt_key
from plaudit.bench.tally import Tally, Totals
from plaudit.data.rows import Row
from plaudit.errors import DataError, clipped
from plaudit.types import Group

FORMS = {"pair": "Pairwise_set", "bon": "BoN_set"}
SIDES = {"helpful": "Helpfulness", "harmless": "Harmlessness"}
PARTS = tuple(f"{form}-{side}" for form in FORMS for side in SIDES)
RULES = {"strict": credit.strict, "share": credit.share}


def category_of(raw: Mapping[str, object], source: str) -> str:
    """The category's path within the set. Raises DataError."""
    path = raw.get("category_path") or source
    if not any(name in str(path) for name in SIDES.values()):
        raise DataError(
            f"expected a path with Helpfulness or Harmlessness, found {clipped(path)}",
            field="category_path",
        )
    return str(path)


def subset_of(path: str, form: str) -> str:
    """The part and the scenario that a path names.

    >>> subset_of("Pairwise_set/Helpfulness/Brainstorming/Idea Development", "pair")
    'pair-helpful/Brainstorming/Idea Development'
    """
    side = next(side for side, name in SIDES.items() if name in path)
    rest = path.split(SIDES[side], 1)[1].removesuffix(".json").strip("/")
    return f"{form}-{side}/{rest}" if rest else f"{form}-{side}"


def read(row: Row) -> Sequence[Item]:
    """The responses of a row, the better one first."""
    form = "bon" if "bon_best" in row.raw else "pair"
    better, worse = ("bon_best", "loser_list") if form == "bon" else ("chosen", "reject")
    turns = row.raw.get("conversation_input")
    if not isinstance(turns, list) or not turns:
        raise DataError(
            f"expected a list of turns, found {clipped(turns)}", field="conversation_input"
        )
    losers = row.raw.get(worse)
    losers = losers if isinstance(losers, list) else [losers]
    if not losers:
        raise DataError("expected a response, found none", field=worse)
    texts = [_answer(row.raw.get(better), better), *(_answer(one, worse) for one in losers)]
    prompt = [{"role": str(turn.get("role")), "content": turn.get("content")} for turn in turns]
    group = Group(prompt, texts, {}, "")  # pyright: ignore[reportArgumentType]
    name = str(row.raw.get(f"{form}_uid", row.number))
    labels = (1.0, *[0.0] * len(losers))
    subset = subset_of(category_of(row.raw, row.source), form)
    return [Item(name, subset, prompt_key(group), labels, group, row.where)]


def _answer(value: object, field: str) -> str:
    text = value.get("answer") if isinstance(value, Mapping) else None
    if not isinstance(text, str):
        raise DataError(
            f"expected an object with the text `answer`, found {clipped(value)}", field=field
        )
    return text


def measure(sheet: Sheet, scored: Scored, rule: str) -> Tally:
    """Wins by part and scenario."""
    rows, credit_N = credited(sheet, scored, RULES, rule)
    return tally_of(sheet, rows, credit_N, figures)


def figures(totals: Totals) -> Mapping[str, object]:
    """Overall, the four parts, and each scenario; a part without a row is left out."""
    parts: dict[str, list[str]] = {}
    for cell in totals.cells:
        parts.setdefault(cell.partition("/")[0], []).append(cell)
    shares = {part: totals.ratio(cells, "credit", "num") for part, cells in parts.items()}
    named = {f"part/{part}": shares[part] for part in PARTS if part in shares}
    scenarios = {f"subset/{cell}": totals.ratio([cell], "credit", "num") for cell in totals.cells}
    return {"overall": mean_of([*named.values()]), **named, **scenarios}


def recorded(raw: Mapping[str, object], file: str) -> Iterator[Recorded]:
    """A row of a result file: ``chosen_reward`` and ``reject_reward``, and what it says of them."""
    names = [
        next((name for name in pair if name in raw), pair[0])
        for pair in (("chosen_reward", "score_chosen"), ("reject_reward", "score_rejected"))
    ]
    for name in names:
        if name not in raw:
            raise DataError(f"missing; the row has {', '.join(raw)}", field=name)
    yield Recorded(
        str(raw.get("pair_uid", raw.get("id", ""))),
        subset_of(category_of(raw, ""), "pair"),
        (1.0, 0.0),
        tuple(number(raw[name], name) for name in names),
        str(raw.get("model") or Path(file).name.partition("_result")[0]),
        stated=result(raw.get("is_correct"), "is_correct"),
    )


BENCHMARK = Benchmark(
    title="RMB",
    source="Zhou-Zoey/RMB-Reward-Model-Benchmark, RMB_dataset",
    read=read,
    measure=measure,
    credits=tuple(RULES),
    columns=tuple(f"part/{part}" for part in PARTS),
    recorded=recorded,
    gates=rival_gates,
)
