"""How well calls match the expected ones: one to one, in any order, by the best assignment."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from plaudit.errors import clipped
from plaudit.toolcalls.read import GoldCall, ToolCall
from plaudit.toolcalls.types import properties_of, same

__all__ = ["ArgumentPolicy", "CallMatch", "assignment", "fit", "match"]


class ArgumentPolicy(NamedTuple):
    """Whether extra arguments count, and when two values are equal."""

    extra_arguments: str = "forbid"
    is_text_equal: Callable[[str, str], bool] = operator.eq


class CallMatch(NamedTuple):
    """The three sums that the calls reach, each from 0 to its `most`, and the first problem."""

    names: float
    keys: float
    values: float
    most: tuple[float, float, float]
    problem: str

    @property
    def share(self) -> float:
        """The sums reached over the greatest possible sums."""
        return (self.names + self.keys + self.values) / sum(self.most)


class _Fit(NamedTuple):
    """One call compared with one expected call: shares of its arguments, and the first problem."""

    keys: float
    values: float
    problem: str


def match(
    calls: Sequence[ToolCall],
    gold: Sequence[GoldCall],
    tools: Mapping[str, Mapping[str, object]],
    policy: ArgumentPolicy,
    *,
    is_ordered: bool = False,
) -> CallMatch:
    """The best one-to-one match of calls with expected calls of the same name.

    The sums of ToolRL (arXiv 2504.13958, section 3.3): `names` is the Jaccard index of the two
    multisets of names, `keys` the sum over the expected calls of the Jaccard index of argument
    names, `values` the sum of the arguments with the right value.
    """
    gold_names, call_names = (Counter(one.name for one in side) for side in (gold, calls))
    names = (
        (gold_names & call_names).total() / ((gold_names | call_names).total() or 1)
        if gold or calls
        else 1.0
    )
    candidates = [call for call in calls if call.name in gold_names]
    if is_ordered:
        pairs: Sequence[int | None] = [i if i < len(calls) else None for i in range(len(gold))]
        candidates = list(calls)
    else:
        pairs = assignment([[_weight(c, g, tools, policy) for c in candidates] for g in gold])
    keys = values = 0.0
    problem = _count_problem(calls, gold_names, call_names)
    for expected, i in zip(gold, pairs, strict=True):
        if i is None or candidates[i].name != expected.name:
            problem = problem or f"{expected.name} is not where it should be"
            continue
        one = fit(candidates[i], expected, tools.get(expected.name), policy)
        keys += one.keys
        values += one.values * len(expected.arguments)
        problem = problem or one.problem
    most = (1.0, float(len(gold)), float(sum(len(g.arguments) for g in gold)))
    return CallMatch(names, keys, values, most, problem)


def fit(
    call: ToolCall, gold: GoldCall, schema: Mapping[str, object] | None, policy: ArgumentPolicy
) -> _Fit:
    """How well the arguments of one call match: shares of keys and of right values."""
    properties = properties_of(schema)
    expected = [
        k
        for k in gold.arguments
        if k in call.arguments or not _may_miss(k, gold, properties.get(k), policy)
    ]
    extra = [k for k in call.arguments if k not in gold.arguments]
    if policy.extra_arguments == "ignore":
        extra = []
    elif policy.extra_arguments == "defaults":
        extra = [k for k in extra if not _is_default(call.arguments[k], properties.get(k))]
    missing = [k for k in expected if k not in call.arguments]
    wrong = [
        k
        for k in expected
        if k in call.arguments
        and not _is_right(call.arguments[k], gold.arguments[k], properties.get(k), gold, policy)
    ]
    union = len(expected) + len(extra)
    return _Fit(
        (len(expected) - len(missing)) / union if union else 1.0,
        (len(expected) - len(missing) - len(wrong)) / len(expected) if expected else 1.0,
        _problem(call, gold, missing, extra, wrong),
    )


def assignment(weights: Sequence[Sequence[float]]) -> list[int | None]:
    """The column of each row (or None) such that the sum of the weights is greatest.

    The Hungarian method with potentials (Kuhn 1955, Munkres 1957): rows^2 x columns steps. Only
    pairs of positive weight are made.

    >>> assignment([[1, 2], [0, 2]])
    [0, 1]
    """
    rows, columns = len(weights), len(weights[0]) if weights else 0
    if not columns:
        return [None] * rows
    width = columns + rows  # one spare column for each row that gets none
    costs = [[-w for w in row] + [0.0] * rows for row in weights]
    row_price, column_price = [0.0] * rows, [0.0] * width
    owner = [-1] * width
    for row in range(rows):
        _place(row, costs, row_price, column_price, owner)
    column_of_row: list[int | None] = [None] * rows
    for column, row in enumerate(owner[:columns]):
        if row >= 0 and weights[row][column] > 0:
            column_of_row[row] = column
    return column_of_row


def _place(
    start: int,
    costs: Sequence[Sequence[float]],
    row_price: list[float],
    column_price: list[float],
    owner: list[int],
) -> None:
    """Assigns a column to one more row, along the cheapest chain of reassignments."""
    width = len(owner)
    least, before = [float("inf")] * width, [-1] * width
    done: list[int] = []
    left = set(range(width))
    row, column = start, -1
    while True:
        for j in left:
            cost = costs[row][j] - row_price[row] - column_price[j]
            if cost < least[j]:
                least[j], before[j] = cost, column
        following = min(left, key=lambda j: (least[j], j))
        step = least[following]
        row_price[start] += step
        for j in done:
            column_price[j] -= step
            row_price[owner[j]] += step
        for j in left:
            least[j] -= step
        column = following
        left.remove(column)
        if owner[column] < 0:
            break
        done.append(column)
        row = owner[column]
    while column >= 0:
        previous = before[column]
        owner[column] = start if previous < 0 else owner[previous]
        column = previous


# --- one argument ---------------------------------------------------------------------------------


def _weight(
    call: ToolCall,
    gold: GoldCall,
    tools: Mapping[str, Mapping[str, object]],
    policy: ArgumentPolicy,
) -> float:
    if call.name != gold.name:
        return 0.0
    one = fit(call, gold, tools.get(gold.name), policy)
    return one.keys + one.values * len(gold.arguments) + 1e-6  # a pair of nothing is still a pair


def _may_miss(key: str, gold: GoldCall, schema: object, policy: ArgumentPolicy) -> bool:
    if key in gold.optional:
        return True
    if policy.extra_arguments != "defaults":
        return False
    return any(_is_default(value, schema) for value in gold.arguments[key])


def _is_default(value: object, schema: object) -> bool:
    return (
        isinstance(schema, Mapping)
        and "default" in schema
        and same(value, schema["default"], schema)
    )


def _is_right(
    value: object,
    accepted: Sequence[object],
    schema: object,
    gold: GoldCall,
    policy: ArgumentPolicy,
) -> bool:
    return any(
        _agrees(value, right, schema, policy)
        or (gold.is_nested and _is_nested_right(value, right, schema, policy))
        for right in accepted
    )


def _agrees(value: object, right: object, schema: object, policy: ArgumentPolicy) -> bool:
    if isinstance(value, str) and isinstance(right, str):
        return policy.is_text_equal(value, right)
    if isinstance(value, list | tuple) and isinstance(right, list | tuple):
        item = schema.get("items") if isinstance(schema, Mapping) else None
        return len(value) == len(right) and all(
            _agrees(a, b, item, policy) for a, b in zip(value, right, strict=True)
        )
    if isinstance(value, Mapping) and isinstance(right, Mapping):
        inner = properties_of(schema if isinstance(schema, Mapping) else None)
        return value.keys() == right.keys() and all(
            _agrees(value[k], right[k], inner.get(k), policy) for k in value
        )
    return same(value, right, schema)


def _is_nested_right(value: object, right: object, schema: object, policy: ArgumentPolicy) -> bool:
    """BFCL's form of mappings, and of lists of them: each member a list of right values."""
    if isinstance(value, list | tuple) and isinstance(right, list | tuple):
        return len(value) == len(right) and all(
            _is_nested_right(a, b, None, policy) for a, b in zip(value, right, strict=True)
        )
    if not isinstance(value, Mapping) or not isinstance(right, Mapping):
        return False
    if not all(isinstance(accepted, list | tuple) for accepted in right.values()):
        return False
    inner = properties_of(schema if isinstance(schema, Mapping) else None)
    return value.keys() <= right.keys() and all(
        "" in accepted
        if key not in value
        else any(_agrees(value[key], one, inner.get(key), policy) for one in accepted)
        for key, accepted in right.items()
    )


# --- what is wrong --------------------------------------------------------------------------------


def _count_problem(
    calls: Sequence[ToolCall], gold_names: Counter[str], call_names: Counter[str]
) -> str:
    for call in calls:
        if call.problem:
            return f"a call that cannot be read: {call.problem}"
    if not calls and gold_names:
        return "no call"
    if missing := gold_names - call_names:
        return f"not called: {next(iter(missing))}"
    if extra := call_names - gold_names:
        return f"unexpected call: {next(iter(extra))[:40]}"
    return ""


def _problem(
    call: ToolCall,
    gold: GoldCall,
    missing: Sequence[str],
    extra: Sequence[str],
    wrong: Sequence[str],
) -> str:
    if missing:
        return f"{gold.name}: {missing[0]} is missing"
    if wrong:
        key = wrong[0]
        wrong_value = clipped(call.arguments[key], limit=40)
        right_value = clipped(gold.arguments[key][0], limit=40)
        return f"{gold.name}: {key} is {wrong_value}, not {right_value}"
    return f"{gold.name}: {extra[0][:40]} is not expected" if extra else ""
