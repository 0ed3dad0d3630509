"""``results.json``: everything that a report needs of a run, from its items and scores alone.

The schema is documented in docs/bench.md; `SCHEMA` rises when a field changes its meaning.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from plaudit.bench.benchmark import Benchmark, Gate
from plaudit.bench.curves import curve
from plaudit.bench.duels import duels
from plaudit.bench.floors import floors as floors_of
from plaudit.bench.paired import compare_draws, rank_ranges
from plaudit.bench.quality import calibration, length_control
from plaudit.bench.sheet import Scored, Sheet
from plaudit.bench.tally import Tally, counts_of, draw_figures, figures_of, intervals
from plaudit.errors import ConfigError, PlauditError, did_you_mean
from plaudit.metrics import wilson

__all__ = ["SCHEMA", "assess", "rule_of"]

SCHEMA = 1
_SOLVED = 0.99
_FAR = 0.1  # above chance, for the lower end of the interval
_MOST_COLUMNS = 12
_FEWEST = 20  # rows of which a floor may be said to solve them


def assess(
    benchmark: Benchmark,
    sheet: Sheet,
    scored: Sequence[Scored],
    *,
    credit: str | None = None,
    num_draws: int = 1000,
    seed: int = 0,
    has_floors: bool = True,
) -> dict[str, Any]:
    """The figures of rewards on the items of a benchmark, floors and tests beside them.

    Raises: ConfigError for an unknown credit, PlauditError where a null gate does not hold: then
    the figures would mean something else than they say.
    """
    rule = rule_of(benchmark, credit)
    floors = floors_of(benchmark, sheet, seed=seed) if has_floors and len(sheet) else []
    gates = [_gates(benchmark, sheet, one) for one in scored]
    every = [*scored, *floors] if len(sheet) else []
    tallies = [benchmark.measure(sheet, one, rule) for one in every]
    draws = draw_figures(tallies, sheet.strata_P, num_draws=num_draws, seed=seed) if every else []
    entries = [
        _entry(benchmark, sheet, one, tally, figures_R, rule)
        for one, tally, figures_R in zip(every, tallies, draws, strict=True)
    ]
    own, floor_entries = entries[: len(scored)], entries[len(scored) :]
    pairs = _pairs(benchmark, sheet, tallies[: len(scored)], own, draws, rule)
    _add_ranks(benchmark, own, pairs)
    _add_floor_notes(benchmark, own, floor_entries, draws)
    for one, entry, passed in zip(scored, own, gates, strict=True):
        entry["gates"] = [{**vars(gate), "holds": gate.holds} for gate in passed]
        entry |= _details(benchmark, sheet, one)
    chance = _chance(tallies[0]) if tallies else {}
    about = _about(benchmark, sheet, rule, entries)
    return to_builtin(
        {
            **about,
            "draws": num_draws,
            "seed": seed,
            "chance": chance,
            "rewards": own,
            "floors": floor_entries,
            "floor_notes": _solved(benchmark, floor_entries, chance),
            "paired": [pair._asdict() | {"differs": pair.differs} for pair in pairs],
            "curve": curve(sheet, scored, seed=seed) if benchmark.is_selection else [],
            "notes": [*benchmark.notes],
        }
    )


def _about(
    benchmark: Benchmark, sheet: Sheet, rule: str, entries: Sequence[Mapping[str, object]]
) -> dict[str, Any]:
    """What was computed, and on which rows."""
    return {
        "schema": SCHEMA,
        "benchmark": benchmark.name,
        "title": benchmark.title,
        "credit": rule,
        "headline": benchmark.headline,
        "columns": _columns(benchmark, entries),
        "rows": len(sheet),
        "prompts": sheet.num_prompts,
        "digest": sheet.digest,
        "subsets": _subsets(benchmark, sheet),
        "absent": [
            name for name in benchmark.subsets if name not in {*sheet.subsets, *benchmark.optional}
        ],
    }


def _details(benchmark: Benchmark, sheet: Sheet, one: Scored) -> dict[str, object]:
    """What accuracy does not say: calibration and length, a judge's countings and flips."""
    import numpy as np

    details: dict[str, object] = {}
    if benchmark.scores == "responses" and one.decisions is None:
        details["calibration"] = calibration(sheet, one)
        details["length"] = length_control(sheet, one)
    if benchmark.is_share and bool((sheet.sizes_N == 2).all()):
        details["margins"] = {
            subset: {"mean": part.mean_margin, "median": part.median_margin}
            for subset, part in duels(benchmark, sheet, one).items()
        }
    if one.decisions is not None and benchmark.countings is not None:
        details["judge"] = benchmark.countings(one.decisions, sheet.extra("label"))
    if one.flipped_N is not None:
        flipped_N = one.flipped_N[np.isfinite(one.flipped_N)]
        share = wilson(float(flipped_N.sum()), len(flipped_N))
        details["flips"] = {**share._asdict(), "num": len(flipped_N)}
    return details


def rule_of(benchmark: Benchmark, credit: str | None) -> str:
    """The credit of that name, by default the first. Raises ConfigError for one it has not."""
    rule = credit or benchmark.credits[0]
    if rule not in benchmark.credits:
        raise ConfigError(
            f"{benchmark.name} has no credit {rule!r}{did_you_mean(rule, benchmark.credits)};"
            f" it has {', '.join(benchmark.credits)}"
        )
    return rule


def _gates(benchmark: Benchmark, sheet: Sheet, one: Scored) -> list[Gate]:
    """The null gates on these rows. Raises PlauditError where one does not hold."""
    gates = benchmark.gates(sheet, one) if benchmark.gates is not None and len(sheet) else []
    for gate in gates:
        if not gate.holds:
            raise PlauditError(
                f"{benchmark.name}: the gate '{gate.name}' fails on these rows: found"
                f" {gate.value:g}, expected {gate.low:g} to {gate.high:g}; no figure is printed"
            )
    return gates


# --- one reward -----------------------------------------------------------------------------------


def _entry(
    benchmark: Benchmark,
    sheet: Sheet,
    one: Scored,
    tally: Tally,
    figures_R: Mapping[str, object],
    rule: str,
) -> dict[str, Any]:
    """The figures of a reward with their intervals, and its counts."""
    values = figures_of(tally)
    figures = {
        name: {
            "value": interval.value,
            "low": interval.low,
            "high": interval.high,
            "interval": "bootstrap",
        }
        for name, interval in intervals(values, figures_R).items()
    }
    counts = counts_of(tally)
    if rule == "strict" and sheet.num_prompts == len(sheet):
        for cell, numbers in counts.items():
            name = next((n for n in (f"subset/{cell}", f"section/{cell}") if n in figures), None)
            if name is not None and numbers["num"]:
                interval = wilson(numbers["won"], numbers["num"])
                figures[name] = {**interval._asdict(), "interval": "wilson"}
    whole = {
        key: sum(cell[key] for cell in counts.values()) for key in next(iter(counts.values()), {})
    }
    return {
        "name": one.name,
        "origin": one.origin,
        "is_judge": one.is_judge,
        "counts": whole,
        "by_subset": counts,
        "figures": figures,
        "errors": dict(one.errors),
        "notes": _remarks(whole, _unscored_rule(benchmark, one, rule)),
    }


def _remarks(whole: Mapping[str, int], unscored_rule: str) -> list[str]:
    """What stands out: nothing is decided, or much could not be scored."""
    num = whole.get("num", 0)
    remarks = []
    if num and whole.get("tied", 0) == num:
        remarks.append("every comparison is a tie: the scores say nothing")
    if unscored := whole.get("unscored", 0):
        of = f" of {num:,} unscored ({unscored / num:.1%})" if num else " unscored"
        remarks.append(f"{unscored:,}{of}: {unscored_rule}")
    return remarks


def _unscored_rule(benchmark: Benchmark, one: Scored, rule: str) -> str:
    """What the unscored of a reward earn under a credit."""
    if not one.is_judge or rule not in benchmark.unread:
        return "they earn nothing"
    num_failed = 0 if one.failed_N is None else int(one.failed_N.sum())
    failed = f"; {num_failed:,} rows that failed otherwise earn nothing" if num_failed else ""
    return benchmark.unread[rule] + failed


# --- rewards side by side -------------------------------------------------------------------------


def _pairs(
    benchmark: Benchmark,
    sheet: Sheet,
    tallies: Sequence[Tally],
    entries: Sequence[Mapping[str, Any]],
    draws: Sequence[Mapping[str, object]],
    rule: str,
) -> list[Any]:
    """Each two rewards compared on the rows that they share: all of them.

    By the rows won where the headline is their share, and a prompt has one; else by the draws.
    """
    if len(tallies) < 2:
        return []
    key = benchmark.headline
    is_rows = benchmark.is_share and rule in ("strict", "first")
    is_rows = is_rows and sheet.num_prompts == len(sheet)
    return compare_draws(
        [entry["name"] for entry in entries],
        [entry["figures"][key]["value"] for entry in entries],
        [figures_R[key] for figures_R in draws[: len(tallies)]],
        [_wins(tally) for tally in tallies] if is_rows else None,
        sheet.num_prompts,
    )


def _wins(tally: Tally) -> object:
    """Whether each row earned all that it can."""
    return tally.amounts_UM[:, tally.measures.index("credit")] >= 1


def _add_ranks(benchmark: Benchmark, entries: Sequence[dict[str, Any]], pairs: Any) -> None:
    names = [entry["name"] for entry in entries]
    values = [entry["figures"][benchmark.headline]["value"] for entry in entries]
    for name, ranks in rank_ranges(names, values, pairs).items():
        entries[names.index(name)]["rank"] = list(ranks)


def _add_floor_notes(
    benchmark: Benchmark,
    entries: Sequence[dict[str, Any]],
    floors: Sequence[Mapping[str, Any]],
    draws: Sequence[Mapping[str, Any]],
) -> None:
    """Says of a reward which floors it is not surely above."""
    import numpy as np

    key = benchmark.headline
    for i, entry in enumerate(entries):
        below = []
        for j, floor in enumerate(floors, len(entries)):
            apart = draws[i][key] - draws[j][key]
            low = np.quantile(apart[np.isfinite(apart)], 0.025) if np.isfinite(apart).any() else 0
            if low <= 0:
                below.append(floor["name"])
        if below:
            entry["notes"].append(f"not surely above the floors: {', '.join(below)}")


def _chance(tally: Tally) -> dict[str, float]:
    """What a random order earns, by figure."""
    if "chance" not in tally.measures or "credit" not in tally.measures:
        return {}
    amounts = tally.amounts_UM.copy()
    at = tally.measures.index("credit")
    amounts[:, at] = amounts[:, tally.measures.index("chance")]
    return figures_of(replace(tally, amounts_UM=amounts))


def _solved(
    benchmark: Benchmark, floors: Sequence[Mapping[str, Any]], chance: Mapping[str, float]
) -> list[str]:
    """Which figures a floor solves, or beats chance at by far."""
    notes = []
    for floor in floors:
        for name, figure in floor["figures"].items():
            if floor["name"] == "random" or name not in chance or "ties-" in name:
                continue
            rows = floor["by_subset"].get(name.partition("/")[2], floor["counts"])
            if rows.get("num", 0) < _FEWEST:
                continue
            value, low = figure["value"], figure["low"]
            if value >= _SOLVED:
                notes.append(f"{floor['name']} solves {name} ({value:.1%})")
            elif low > chance[name] + _FAR:
                due = f"where chance is {chance[name]:.1%}"
                notes.append(f"{floor['name']} gets {value:.1%} of {name}, {due}")
    return notes


def _columns(benchmark: Benchmark, entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """The figures that a leaderboard shows: those of the benchmark that are present.

    Of a benchmark of any rows also those of its subsets, where they are several and no crowd.
    """
    present = dict.fromkeys(name for entry in entries for name in entry["figures"])
    columns = [name for name in benchmark.columns if name in present]
    own = [name for name in present if name.startswith("subset/") and name.count("/") == 1]
    is_shown = not benchmark.subsets and 1 < len(own) <= _MOST_COLUMNS
    return columns + own if is_shown else columns


def _subsets(benchmark: Benchmark, sheet: Sheet) -> dict[str, int]:
    counts: dict[str, int] = {}
    for subset in sheet.subsets:
        counts[subset] = counts.get(subset, 0) + 1
    order = {name: i for i, name in enumerate(benchmark.subsets)}
    return dict(sorted(counts.items(), key=lambda pair: order.get(pair[0], len(order))))


def to_builtin(value: Any) -> Any:
    """Numbers and lists that JSON holds; NaN and infinities are null.

    >>> to_builtin({"a": [float("nan"), 1]})
    {'a': [None, 1]}
    """
    if isinstance(value, Mapping):
        return {str(name): to_builtin(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_builtin(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
