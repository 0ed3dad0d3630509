"""`plaudit.score`: scores rows from Python, in whatever form they come."""

from __future__ import annotations

import difflib
import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from plaudit import offers, registry
from plaudit.data import export, tables
from plaudit.data.door import admitted
from plaudit.data.read import read
from plaudit.data.rows import Layout, Row
from plaudit.data.write import output_row
from plaudit.errors import ConfigError, DataError, clipped
from plaudit.rule import lift
from plaudit.run import Progress, Result, run
from plaudit.types import FaultKind, Group, Reward, count_faults, describe_faults

if TYPE_CHECKING:
    import pandas
    import pyarrow

__all__ = ["Scores", "ascore", "check_rows", "row_errors", "score", "scored"]


def score(
    reward: object,
    rows: object = None,
    *,
    prompts: Sequence[object] | None = None,
    responses: Sequence[object] | None = None,
    workers: int = 0,
    strict: bool = False,
    columns: Mapping[str, str] | None = None,
    keep_end_marks: bool = False,
    **lists: Sequence[object],
) -> Scores:
    """The scores of rows, in their order; a row that cannot be read stays in place as NaN.

    `reward` is a Reward, a function, the import path of one, a recipe's name, file or mapping.
    `rows` are dicts or Groups, a DataFrame, an Arrow table, a `datasets` Dataset, an object of
    columns, or a path; or the columns are passed as lists, `responses` being texts, or lists of
    texts for several responses to each prompt. `columns` maps plaudit's names to the rows' own,
    before the `columns` at the top of a recipe. End-of-turn marks such as ``<|im_end|>`` at the end
    of a response are removed and counted (`Scores.num_end_marks`) unless `keep_end_marks`.
    `workers` sends cpu-bound rewards to that many killable processes. It may be called from inside
    a running event loop; `ascore` does not block it.

    Raises: ConfigError, EngineError, and DataError where `strict`.

    >>> scores = score("rules.baseline.length", responses=["four", ["a", "bc"]])
    >>> scores.values, scores.mean
    ([4.0, [1.0, 2.0]], 2.3333333333333335)
    """
    _refuse_misspelt(lists)
    named_lists = {"prompt": prompts, "response": responses, **lists}
    lists = {name: values for name, values in named_lists.items() if values is not None}
    if (rows is None) == (not lists):
        raise ConfigError(
            "score takes either rows, or lists: responses=, prompts=, reference=, ..."
        )
    raws = _of_columns(lists) if rows is None else rows
    columns = {**_recipe_columns(reward), **(columns or {})}
    items = rows_of(raws, columns, keep_end_marks=keep_end_marks)
    return Scores(scored(reward_of(reward), items, workers=workers, strict=strict))


async def ascore(reward: object, rows: object = None, **options: Any) -> Scores:
    """`score` in a separate thread, for callers whose event loop must not block.

    >>> import asyncio
    >>> asyncio.run(ascore("rules.baseline.length", responses=["four"])).mean
    4.0
    """
    import asyncio

    return await asyncio.to_thread(score, reward, rows, **options)


def scored(
    reward: Reward,
    rows: Iterable[Row],
    *,
    workers: int = 0,
    deadline_s: float = 60.0,
    batch_size: int = 64,
    strict: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> Iterator[tuple[Row, Result]]:
    """Each row with its result, in order and with bounded memory (see `run`).

    If `strict`, the first bad row raises its DataError, after all rows before it.
    """
    waiting: deque[Row] = deque()

    def groups() -> Iterator[Group | DataError]:
        for row in rows:
            waiting.append(row)
            yield row.group

    for result in run(
        reward,
        groups(),
        workers=workers,
        deadline_s=deadline_s,
        batch_size=batch_size,
        on_progress=on_progress,
    ):
        row = waiting.popleft()
        if result.error is not None:
            error = row.placed(result.error)
            if strict:
                raise error
            result = replace(result, error=error)
        yield row, result


def check_rows(
    reward: object, rows: object, *, columns: Mapping[str, str] | None = None
) -> list[DataError]:
    """The errors of rows with their places, in order, before anything is scored.

    Finds rows that cannot be read, columns that a rule of the reward lacks, and references that
    its rules refuse. `reward`, `rows` and `columns` are those of `score`.

    >>> rows = [{"response": "4", "answer": "4"}, {"response": "4", "answer": ""}]
    >>> print(check_rows("math", rows)[0])
    row 2: field 'reference': an empty reference answer: ''
    """
    columns = {**_recipe_columns(reward), **(columns or {})}
    return list(row_errors(reward_of(reward), rows_of(rows, columns)))


def row_errors(reward: Reward, rows: Iterable[Row]) -> Iterator[DataError]:
    """The first error of each row that the reward cannot score."""
    for row in rows:
        if isinstance(row.group, DataError):
            yield row.group
        elif (error := _unfit(reward, row.group)) is not None:
            yield row.placed(error)


def _unfit(reward: Reward, group: Group) -> DataError | None:
    """The first error of a part of the reward that cannot read the group."""
    try:
        offers.check(reward, group)
        children = offers.children_of(reward, group)
    except DataError as error:
        return error
    problems = (_unfit(child.reward, child.group) for child in children)
    return next((error for error in problems if error is not None), None)


class Scores(Sequence[Result]):
    """The results of a call of `score`, one for each row, in order.

    `values` holds a number for each row (NaN: not scored), or a list where the row has a list of
    responses; `mean` is over the responses that were scored. `num_unscored` counts the responses
    without a number (a bad row counts as one). `faulted` counts by kind, as in every summary: a
    fault of the response earns the reward's minimum and counts as scored, a fault of the input or
    of the system has no score.
    """

    def __init__(self, row_results: Iterable[tuple[Row, Result]]) -> None:
        self._row_results = list(row_results)

    @overload
    def __getitem__(self, index: int) -> Result: ...
    @overload
    def __getitem__(self, index: slice) -> Scores: ...
    def __getitem__(self, index: int | slice) -> Result | Scores:
        """The result of a row, or the Scores of a slice."""
        if isinstance(index, slice):
            return Scores(self._row_results[index])
        return self._row_results[index][1]

    def __len__(self) -> int:
        return len(self._row_results)

    def __repr__(self) -> str:
        counts = f"{self.num_unscored} unscored, faults: {describe_faults(self.faulted)}"
        first = f"; first error: {clipped(self.errors[0], limit=200)[1:-1]}" if self.errors else ""
        return f"Scores(mean {self.mean:.4g} over {len(self._scored)} scored, {counts}{first})"

    @property
    def values(self) -> list[float | list[float]]:
        """The value of each row: a float, or a list where the row has a list of responses."""
        return [_value(row, result) for row, result in self._row_results]

    @property
    def mean(self) -> float:
        """The mean over the scored responses; NaN if there is none."""
        return math.fsum(self._scored) / len(self._scored) if self._scored else math.nan

    @property
    def num_unscored(self) -> int:
        """How many responses have no number; a bad row counts as one at least."""
        return sum(
            sum(not score.is_scored for score in result.scores) if result.scores else _width(result)
            for result in self
        )

    @property
    def faulted(self) -> dict[FaultKind, int]:
        """How many responses are faulted, by kind: response, input, system, unstated."""
        return count_faults(score for result in self for score in result.scores)

    @property
    def num_faulted(self) -> int:
        """How many responses are faulted, of any kind."""
        return sum(self.faulted.values())

    @property
    def num_end_marks(self) -> int:
        """How many responses ended in end-of-turn or pad marks, which were removed."""
        return sum(row.intake.end_marks for row, _ in self._row_results)

    @property
    def errors(self) -> list[str]:
        """The errors with their places, in the order of the rows."""
        return [text for row, result in self._row_results for text in _errors(row, result)]

    def to_rows(self, column: str = "reward") -> list[dict[str, object]]:
        """The rows as they would be written to a file: their columns and the new ones."""
        return [output_row(row, result, column) for row, result in self._row_results]

    def to_pandas(self, column: str = "reward") -> pandas.DataFrame:
        """A pandas DataFrame of `to_rows`."""
        import pandas

        return pandas.DataFrame(self.to_rows(column))

    def to_arrow(self, column: str = "reward") -> pyarrow.Table:
        """A pyarrow Table of `to_rows`; a column of mixed types becomes JSON text."""
        return export.arrow_table(self.to_rows(column))

    @property
    def _scored(self) -> list[float]:
        return [score.value for result in self for score in result.scores if score.is_scored]


def reward_of(reward: object) -> Reward:
    """The Reward given by a name, a recipe, a function or a Reward.

    >>> reward_of("rules.baseline.length")
    load('rules.baseline.length')
    """
    if isinstance(reward, str):
        return registry.build(reward) if _names_recipe(reward) else registry.load(reward)
    if isinstance(reward, Mapping | os.PathLike):
        return registry.build(reward)
    if isinstance(reward, Reward):
        return reward
    if callable(reward) and not isinstance(reward, type):
        return lift(reward)
    raise ConfigError(
        f"expected a reward, its import path, a recipe or a function, found {clipped(reward)}"
    )


def _names_recipe(reward: str) -> bool:
    return reward.endswith((".yaml", ".yml")) or not set(".:/") & set(reward)


def _recipe_columns(reward: Any) -> Mapping[str, str]:
    """The `columns` at the top of a recipe; a built reward has none."""
    is_recipe = isinstance(reward, Mapping | os.PathLike)
    is_recipe = is_recipe or (isinstance(reward, str) and _names_recipe(reward))
    return registry.data_columns(reward) if is_recipe else {}


def rows_of(
    rows: object, columns: Mapping[str, str] | None = None, *, keep_end_marks: bool = False
) -> Iterator[Row]:
    """The rows in a path, a table, an object of columns, or an iterable of dicts or Groups."""
    if isinstance(rows, str | Path):
        return read(rows, columns=columns, keep_end_marks=keep_end_marks)
    layout = Layout(columns, keep_end_marks=keep_end_marks)
    return (_row(layout, raw, number) for number, raw in enumerate(_raws(rows), 1))


def _refuse_misspelt(names: Iterable[str]) -> None:
    """Refuses a misspelt prompts=, which would become an unused column and leave parts unscored."""
    names_with_meaning = ("prompts", "responses", "prompt", "response")
    for name in names:
        close = difflib.get_close_matches(name, names_with_meaning, n=1, cutoff=0.85)
        if close and name not in names_with_meaning:
            raise ConfigError(f"score: {name}= looks like {close[0]}=; rename it or pass rows")


def _raws(rows: object) -> Iterable[object]:
    package = type(rows).__module__.partition(".")[0]
    if package == "pandas":
        return tables.pandas_rows(rows)
    if package == "datasets":
        return tables.dataset_rows(rows)
    if hasattr(rows, "__arrow_c_stream__"):
        return tables.arrow_rows(rows)
    if isinstance(rows, Mapping):
        return _of_columns(rows)
    if isinstance(rows, Iterable):
        return rows
    raise ConfigError(f"expected rows, a table or a path, found {clipped(rows)}")


def _row(layout: Layout, raw: object, number: int) -> Row:
    if isinstance(raw, Group):
        group, intake = admitted(raw, {}, keep_end_marks=layout.keep_end_marks)
        return Row("", number, _raw_of(raw), group, len(raw.responses) != 1, intake)
    if isinstance(raw, DataError):
        return Row("", number, {}, raw.at(f"row {number}"))
    if isinstance(raw, Mapping):
        return layout.row(raw, "", number)
    error = DataError(f"expected a dict or a Group, found {clipped(raw)}", where=f"row {number}")
    return Row("", number, {}, error)


def _raw_of(group: Group) -> dict[str, object]:
    """A Group as a row."""
    raw: dict[str, Any] = {"id": group.id} if group.id else {}
    raw["prompt"] = list(group.prompt)
    raw["responses"] = [response.text for response in group.responses]
    return {**raw, **group.columns}


def _of_columns(lists: Mapping[str, Sequence[object]]) -> Iterator[dict[str, object]]:
    """Rows from columns that are lists. Raises ConfigError at once if their lengths differ."""
    for name, values in lists.items():
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise ConfigError(
                f"{name}: expected a list with one item for each row, found {values!r}"
            )
    columns = {name: list(values) for name, values in lists.items()}
    sizes = {name: len(values) for name, values in columns.items()}
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise ConfigError(f"the lists have different lengths: {listed}")
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def _width(result: Result) -> int:
    return len(result.group.responses) if result.group is not None else 1


def _value(row: Row, result: Result) -> float | list[float]:
    values = [score.value for score in result.scores] or [math.nan] * _width(result)
    return values if row.is_list else values[0]


def _errors(row: Row, result: Result) -> Iterator[str]:
    if result.error is not None:
        yield str(result.error)
    for i, score in enumerate(result.scores):
        if score.error is not None:
            place = f"{row.where}: response {i}" if row.is_list else row.where
            yield f"{place}: {score.error}"
