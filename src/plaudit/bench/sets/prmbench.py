"""PRMBench (Song et al. 2025, arXiv 2501.03124; ssmisya/PRMBench): wrong steps, found or not.

A step is called valid where its score is above a threshold (credit `above-0.5`, or `above-0` for
logits). With valid as positive, F1 and the F1 of the other side are taken over all steps of a
scope, and PRMScore is half their sum, at least 0; of multi_solutions, which has no wrong step, it
is F1 alone. Overall is the PRMScore of all steps together, not the mean of the classes. A quotient
0 / 0 is -1 in all of them and goes on into the formula, as published. A step without a score counts
as called wrongly.

A unit is ``CLASS_IDX``; a repeated one keeps its first row. Error steps are counted from 1; one
beyond the last step matches none, and a row whose smallest is such has no first error. For each
row of redundency (the data's spelling) the original solution is a unit of class "correct", which
enters nothing but `similarity`.

A published result file holds an object a run, with `detailed_logs`: of each unit the labels of its
steps. They count as they stand, for each model has thresholds of its own, and for redundency and
circular the labels of redundancy, turned round, where a critic gives them. A unit for which a model
gave none is in no published figure; it is left out, and how many is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plaudit.bench.benchmark import Benchmark, Gate, Recorded, mean_of
from plaudit.bench.sheet import Item, Scored, Sheet, codes
from plaudit.bench.tally import Tally, Totals, figures_of
from plaudit.data.rows import Row
from plaudit.errors import DataError, clipped
from plaudit.types import Group, Response

CATEGORIES = {
    "simplicity": ("redundency", "circular"),
    "soundness": (
        "counterfactual",
        "step_contradiction",
        "domain_inconsistency",
        "confidence",
    ),
    "sensitivity": ("missing_condition", "deception", "multi_solutions"),
}
CLASSES = tuple(name for names in CATEGORIES.values() for name in names)
CORRECT = "correct"
THRESHOLDS = {"above-0.5": 0.5, "above-0": 0.0}
MEASURES = (
    "num", "unscored", "tp", "fp", "tn", "fn", "first", "first_found", "alike", "unlike",
)  # fmt: skip


def read(row: Row) -> Sequence[Item]:
    """The changed solution; for redundency also the original one."""
    raw = row.raw
    subset = str(raw.get("classification") or raw.get("subset") or "")
    idx = str(raw.get("idx") or raw.get("id") or row.number).removeprefix(f"{subset}_")
    prompt = _first(raw, "modified_question", "prompt")
    steps = _steps(raw, "modified_process", "steps")
    wrong = _wrong_steps(raw)
    labels = tuple(float(n not in wrong) for n in range(1, len(steps) + 1))
    extra = {"idx": idx, "first": min(wrong, default=0)}
    group = _group(prompt, steps)
    items = [Item(f"{subset}_{idx}", subset, idx, labels, group, row.where, (), extra)]
    if subset == "redundency":
        question = _first(raw, "original_question", "question", "prompt")
        steps = _steps(raw, "original_process", "original_steps")
        group, ones = _group(question, steps), (1.0,) * len(steps)
        extra = {"idx": idx, "first": 0}
        items.append(Item(f"{CORRECT}_{idx}", CORRECT, idx, ones, group, row.where, (), extra))
    return items


def _wrong_steps(raw: Mapping[str, Any]) -> list[int]:
    wrong = raw.get("error_steps")
    wrong = [] if wrong is None else wrong
    if not isinstance(wrong, list) or not all(type(n) is int for n in wrong):
        raise DataError(
            f"expected a list of numbers from 1, found {clipped(wrong)}", field="error_steps"
        )
    return wrong


def _first(raw: Mapping[str, Any], *names: str) -> str:
    for name in names:
        if isinstance(raw.get(name), str):
            return raw[name]
    raise DataError(f"expected text, the row has {', '.join(raw)}", field=names[0])


def _steps(raw: Mapping[str, object], *names: str) -> list[str]:
    name = next((name for name in names if name in raw), names[0])
    steps = raw.get(name)
    if not isinstance(steps, list) or not steps or not all(isinstance(s, str) for s in steps):
        raise DataError(f"expected a list of steps, found {clipped(steps)}", field=name)
    return steps


def _group(prompt: str, steps: Sequence[str]) -> Group:
    return Group(prompt, [Response("\n\n".join(steps), columns={"steps": list(steps)})])


def measure(sheet: Sheet, scored: Scored, rule: str) -> Tally:
    """Counts of steps by class, row by row."""
    import numpy as np

    with np.errstate(invalid="ignore"):
        valid_T = scored.values_T > THRESHOLDS[rule]
    is_scored_T, right_T = ~np.isnan(scored.values_T), sheet.labels_T > 0
    valid_T = np.where(is_scored_T, valid_T, ~right_T)
    cell_N, names = codes(sheet.subsets)
    sums = {
        "unscored": ~is_scored_T,
        "tp": valid_T & right_T,
        "fp": valid_T & ~right_T,
        "tn": ~valid_T & ~right_T,
        "fn": ~valid_T & right_T,
    }
    columns = {name: _by_item(values_T, sheet) for name, values_T in sums.items()}
    columns |= {"num": sheet.sizes_N.astype(float)}
    columns |= _first_errors(sheet, valid_T) | _likeness(sheet, valid_T)
    amounts = np.stack([columns[name] for name in MEASURES], axis=1)
    return Tally(tuple(names), MEASURES, sheet.prompt_N, cell_N, amounts, figures)


def _by_item(values_T: Any, sheet: Sheet) -> Any:
    import numpy as np

    return np.add.reduceat(values_T.astype(float), sheet.starts_N) if len(sheet) else np.empty(0)


def _first_errors(sheet: Sheet, valid_T: Any) -> dict[str, Any]:
    """Whether a row has a first wrong step, and whether it is called invalid."""
    import numpy as np

    first_N = np.array([n or 0 for n in sheet.extra("first")], int)
    has_N = (first_N >= 1) & (first_N <= sheet.sizes_N)
    at_N = np.where(has_N, sheet.starts_N + first_N - 1, 0)
    found_N = has_N & ~valid_T[at_N] if len(valid_T) else has_N
    return {"first": has_N.astype(float), "first_found": found_N.astype(float)}


def _likeness(sheet: Sheet, valid_T: object) -> dict[str, Any]:
    """How far the share of valid steps is from that of the row's correct unit."""
    import numpy as np

    share_N = _by_item(valid_T, sheet) / np.maximum(sheet.sizes_N, 1)
    shares = {
        idx: share
        for idx, subset, share in zip(sheet.extra("idx"), sheet.subsets, share_N, strict=True)
        if subset == CORRECT
    }
    own_N = np.array([shares.get(idx, 0.0) for idx in sheet.extra("idx")], float)
    is_alike_N = (own_N > 0) & (np.array(sheet.subsets) != CORRECT)
    return {
        "alike": is_alike_N.astype(float),
        "unlike": np.where(is_alike_N, np.abs(share_N - own_N), 0.0),
    }


def figures(totals: Totals) -> Mapping[str, object]:
    """PRMScore overall, by category and class; F1 of both sides, and the shares."""
    import numpy as np

    present = [name for name in totals.cells if name != CORRECT]
    in_order = [name for name in CLASSES if name in present]
    f1, negative = _f1s(totals, present)
    shares = {
        "overall": np.maximum(0.5 * f1 + 0.5 * negative, 0),
        "f1": f1,
        "negative_f1": negative,
        "first_error_acc": totals.ratio(present, "first_found", "first"),
        "total_step_acc": _over(totals, present, ("tp", "tn"), ("tp", "tn", "fp", "fn")),
        "correct_step_acc": _over(totals, present, ("tp",), ("tp", "fn")),
        "wrong_step_acc": _over(totals, present, ("tn",), ("tn", "fp")),
        "similarity": _quotient(totals.over(present, "unlike"), totals.over(present, "alike")),
    }
    classes = {name: _class_score(totals, name) for name in in_order}
    for category, names in CATEGORIES.items():
        values = [classes[name] for name in names if name in classes]
        if values:
            shares[f"category/{category}"] = mean_of(values)
    return {**shares, **{f"subset/{name}": value for name, value in classes.items()}}


def _over(
    totals: Totals, cells: Sequence[str], over: Sequence[str], under: Sequence[str]
) -> object:
    return _quotient(
        sum(totals.over(cells, name) for name in over),
        sum(totals.over(cells, name) for name in under),
    )


def _class_score(totals: Totals, name: str) -> Any:
    import numpy as np

    f1, negative = _f1s(totals, [name])
    return f1 if name == "multi_solutions" else np.maximum(0.5 * f1 + 0.5 * negative, 0)


def _f1s(totals: Totals, cells: Sequence[str]) -> tuple[Any, Any]:
    """F1 with valid as positive, and with invalid."""
    tp, fp, tn, fn = (totals.over(cells, name) for name in ("tp", "fp", "tn", "fn"))
    return _f1(tp, fp, fn), _f1(tn, fn, fp)


def _f1(hits: Any, false: Any, missed: Any) -> object:
    """``2 p r / (p + r)``, where any 0 / 0 is -1.

    >>> float(_f1(3, 1, 1)), float(_f1(0, 0, 2))
    (0.75, 0.0)
    """
    p, r = _quotient(hits, hits + false), _quotient(hits, hits + missed)
    return _quotient(2 * p * r, p + r)


def _quotient(over: object, under: object) -> Any:
    """A quotient that is -1 where the divisor is 0."""
    import numpy as np

    over, under = np.asarray(over, float), np.asarray(under, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(under != 0, over / np.where(under != 0, under, 1), -1.0)


def gates(sheet: Sheet, scored: Scored) -> list[Gate]:
    """Calling every step valid, or none, must give what the labels alone say.

    With w the share of wrong steps: all valid has F1 ``2 (1-w) / (2-w)`` and negative F1 0, all
    invalid F1 0 and negative F1 ``2 w / (1+w)``.
    """
    import numpy as np

    in_f1 = np.repeat(np.array(sheet.subsets) != CORRECT, sheet.sizes_N)
    if not in_f1.any():
        return []
    wrong = float((sheet.labels_T[in_f1] == 0).mean())
    both = []
    for name, value, key, due in (
        ("valid", 1.0, "f1", 2 * (1 - wrong) / (2 - wrong)),
        ("valid", 1.0, "negative_f1", 0.0 if wrong else -1.0),
        ("invalid", -1.0, "f1", 0.0 if wrong < 1 else -1.0),
        ("invalid", -1.0, "negative_f1", 2 * wrong / (1 + wrong)),
    ):
        constant = Scored(name, np.full(len(sheet.labels_T), value))
        got = figures_of(measure(sheet, constant, "above-0.5"))[key]
        both.append(Gate(f"every step {name}: {key}", got, due, due))
    return both


# --- published results ----------------------------------------------------------------------------

_TOTALS, _BY_CLASS = "total_hallucination_results", "hallucination_type_results"
_STATED = (
    "f1", "negative_f1", "first_error_acc", "total_step_acc", "correct_step_acc", "wrong_step_acc",
    "similarity",
)  # fmt: skip


def stated(raw: Mapping[str, Any]) -> dict[str, float]:
    """The figures of a run's object, by the names that they have here."""
    totals, classes = raw.get(_TOTALS), raw.get(_BY_CLASS)
    if not isinstance(totals, Mapping) or "f1" not in totals:
        return {}
    shares = {name: float(totals[name]) for name in _STATED if name in totals}
    shares["overall"] = _score_of(totals["f1"], totals.get("negative_f1", -1))
    by_class = classes if isinstance(classes, Mapping) else {}
    positive, negative = (by_class.get(name) or {} for name in ("f1", "negative_f1"))
    for name in (name for name in CLASSES if name in positive):
        is_f1 = name == "multi_solutions"
        both = _score_of(positive[name], negative.get(name, -1))
        shares[f"subset/{name}"] = float(positive[name]) if is_f1 else both
    return shares


def _score_of(f1: float, negative_f1: float) -> float:
    return max(0.5 * float(f1) + 0.5 * float(negative_f1), 0.0)


def recorded(raw: Mapping[str, Any], file: str) -> Iterator[Recorded]:
    """The units of a run's object, or one of its `detailed_logs`."""
    if "detailed_logs" in raw:
        for log in raw["detailed_logs"]:
            yield from recorded(log, file)
        return
    if _TOTALS in raw:
        return
    name = raw.get("idx")
    if not isinstance(name, str) or "error_steps" not in raw or "prediction" not in raw:
        if isinstance(name, str) and raw.get("results", 0) is None:  # an older form of no answer
            yield _unanswered(name, raw)
            return
        raise DataError(
            f"a result of PRMBench has detailed_logs, or idx, error_steps and prediction; the row"
            f" has {', '.join(raw)}",
            field="detailed_logs",
        )
    marks = _marks(raw, _class_of(name, raw))
    if marks is None:
        yield _unanswered(name, raw)
        return
    wrong, subset = _wrong_steps(raw), _class_of(name, raw)
    labels = tuple(float(n not in wrong) for n in range(1, len(marks) + 1))
    idx = _without_class(name, subset)
    extra = {"idx": idx, "first": min(wrong, default=0)}
    yield Recorded(f"{subset}_{idx}", subset, labels, marks, prompt=idx, extra=extra)


def _without_class(name: str, subset: str) -> str:
    """The problem of a unit; the data's own ids have the class in them once more.

    >>> _without_class("circular_circular_p1_0", "circular")
    'p1_0'
    """
    prefixes = [f"{subset}_", f"{subset}_" if subset != CORRECT else "redundency_"]
    for prefix in prefixes:
        name = name.removeprefix(prefix)
    return name


def _unanswered(name: str, raw: Mapping[str, Any]) -> Recorded:
    return Recorded(name, _class_of(name, raw), (), None)


def _class_of(name: str, raw: Mapping[str, Any]) -> str:
    """The class of a unit: named (the layout spells it "classifcation"), or by its id."""
    subset = raw.get("classifcation") or raw.get("classification")
    if isinstance(subset, str):
        return subset
    classes = (*CLASSES, CORRECT)
    return next((one for one in classes if name.startswith(f"{one}_")), name.partition("_")[0])


def _marks(raw: Mapping[str, Any], subset: str) -> tuple[float, ...] | None:
    """1 for each step that is called valid, else 0; None where there is no answer."""
    prediction = raw["prediction"]
    if prediction is None or prediction.get("validity") is False:
        return None
    scores = prediction.get("scores") or {}
    name, is_turned = "step_level_validity_labels", False
    if subset in ("redundency", "circular") and "step_level_redundancy_labels" in scores:
        name, is_turned = "step_level_redundancy_labels", True
    marks = scores.get(name)
    if not isinstance(marks, list) or not all(mark in (0, 1) for mark in marks):
        raise DataError(f"expected a list of true and false, found {clipped(marks)}", field=name)
    return tuple(float(bool(mark) != is_turned) for mark in marks)


def repair(rows: list[Recorded]) -> list[str]:
    """Takes out the units without an answer, and says how many they were."""
    num = len(rows)
    rows[:] = [row for row in rows if row.labels]
    missing = num - len(rows)
    left_out = f"{missing:,} of {num:,} units have no answer and are left out, as published"
    return [left_out] if missing else []


BENCHMARK = Benchmark(
    title="PRMBench",
    source="ssmisya/PRMBench, mr_eval/tasks/prmtest_classified/data",
    read=read,
    measure=measure,
    credits=tuple(THRESHOLDS),
    columns=tuple(f"category/{name}" for name in CATEGORIES),
    subsets=(*CLASSES, CORRECT),
    optional=(CORRECT,),
    scores="steps",
    recorded=recorded,
    repair=repair,
    stated=stated,
    gates=gates,
    keeps_first=True,
    notes=(
        "Wrong steps are about one in six: calling every step valid has an F1 of about 91 and a"
        " PRMScore of about 45.",
    ),
)
