"""What the wrappers share: calling a foreign function, and reading what it gives back.

A function may be synchronous or ``async def``. Awaitables run on one event loop of their own, in a
thread of its own, so they work under a running loop too, and clients they keep stay on one loop.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import math
import os
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from plaudit.entry import without_marks_group
from plaudit.errors import ConfigError, DataError, PlauditError, ScoringError, clipped
from plaudit.registry import resolve
from plaudit.rule import ALIASES, _describe, _number, column_of, signature_of
from plaudit.types import Group, Response, Score

__all__ = ["Sample", "Wrapped", "as_list", "function_of", "instance_of", "score_of_mapping"]

_ABSENT: object = inspect.Parameter.empty
_REFERENCE = ("reference", *ALIASES["reference"])


class Sample(NamedTuple):
    """One response and where it is."""

    group: Group
    response: Response
    place: int

    @property
    def where(self) -> str:
        return f"row {self.group.key}, response {self.place + 1}"

    def completion(self, *, conversational: bool) -> Any:
        """The response as message turns, or as text."""
        if not conversational:
            return self.response.text
        turns = [dict(turn) for turn in self.response.messages]
        return turns or [{"role": "assistant", "content": self.response.text}]

    def prompt(self, *, conversational: bool) -> Any:
        """The prompt as message turns, or as the text of all turns."""
        turns = self.group.prompt
        if conversational:
            return [dict(turn) for turn in turns]
        if len(turns) == 1:
            return str(turns[0].get("content") or "")
        return "\n".join(str(turn.get("content") or "") for turn in turns)


class _Failure(NamedTuple):
    error: Exception


@dataclass(frozen=True, eq=False, repr=False)
class Wrapped:
    """A Reward around a trainer's reward function; `wrap` of the trainer's module makes it."""

    fn: Callable[..., Any]
    path: str
    params: Mapping[str, object] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    relative: bool = False
    deterministic: bool = True
    conversational: bool = True
    is_batched: bool = True
    accepted: frozenset[str] | None = field(init=False)  # None: any name
    required: frozenset[str] = field(init=False)
    cpu_bound: bool = field(init=False)

    trainer: ClassVar[str]
    trainer_arguments: ClassVar[frozenset[str]]
    by_place: ClassVar[tuple[str, ...]] = ()
    takes_columns: ClassVar[bool] = False

    def __post_init__(self) -> None:
        signature = signature_of(self.fn)
        named = [p for p in signature.parameters.values() if p.kind is not p.VAR_POSITIONAL]
        named = named[len(self.by_place) :]
        takes_any = any(p.kind is p.VAR_KEYWORD for p in named)
        needed = {p.name for p in named if p.default is _ABSENT and p.kind is not p.VAR_KEYWORD}
        put = functools.partial(object.__setattr__, self)
        put("accepted", None if takes_any else frozenset(p.name for p in named))
        put("required", frozenset(needed - self.params.keys()))
        put("cpu_bound", not _is_async(self.fn))
        self._check(signature)

    def _check(self, signature: inspect.Signature) -> None:
        usage = f"Signature: {self.path}{signature}"
        if self.accepted is not None and (odd := self.params.keys() - self.accepted):
            raise ConfigError(f"{self.path} takes no parameter {', '.join(sorted(odd))}. {usage}")
        odd = self.required - self.trainer_arguments
        if odd and not self.takes_columns:
            raise ConfigError(
                f"{self.path} needs {', '.join(sorted(odd))}, which {self.trainer} does not give;"
                f" pass it as a parameter. {usage}"
            )

    def __repr__(self) -> str:
        extra = {"fn": self.path, **self.params}
        if self.columns:
            extra["columns"] = dict(self.columns)
        for name, usual in (("relative", False), ("deterministic", True), ("conversational", True)):
            if getattr(self, name) is not usual:
                extra[name] = not usual
        args = "".join(f", {name}={value!r}" for name, value in extra.items())
        return f"load('adapters.{self.trainer}.wrap'{args})"

    # --- what a trainer's file says ---------------------------------------------------------------

    def arguments(self, samples: Sequence[Sample]) -> dict[str, Any]:
        """The named arguments that the trainer would pass for these samples."""
        raise NotImplementedError

    def values(self, result: Any, count: int) -> Sequence[object]:
        """What a batched call gave, one item a sample."""
        return as_list(result)

    def score_of(self, value: object) -> Score | None:
        """The Score in one value; None where it holds no number."""
        number = _number(value)
        return Score(number) if math.isfinite(number) else None

    # --- scoring ----------------------------------------------------------------------------------

    def score(self, groups: Sequence[Group]) -> list[list[Score]]:
        """One Score per response. Raises DataError for a missing column, ConfigError for a result
        of the wrong length or kind."""
        groups = [without_marks_group(group) for group in groups]
        rows = [[Sample(g, r, i) for i, r in enumerate(g.responses)] for g in groups]
        samples = [sample for row in rows for sample in row]
        if not self.is_batched:
            batches = [[sample] for sample in samples]
        elif self.relative:
            batches = [row for row in rows if row]
        else:
            batches = [samples] if samples else []
        scores_in_order = iter([score for scores in self._batches(batches) for score in scores])
        return [[next(scores_in_order) for _ in row] for row in rows]

    def _batches(self, batches: Sequence[Sequence[Sample]]) -> list[list[Score]]:
        results = _settled([self._called(batch) for batch in batches])
        return [self._scores(b, result) for b, result in zip(batches, results, strict=True)]

    def _called(self, samples: Sequence[Sample]) -> object:
        arguments = self.arguments(samples)
        placed = [arguments.pop(name) for name in self.by_place]
        if self.accepted is not None and self.is_batched:  # else only what is wanted was read
            arguments = {k: v for k, v in arguments.items() if k in self.accepted}
        if self.params:
            arguments.update(self.params)
        try:
            return self.fn(*placed, **arguments)
        except Exception as error:  # somebody else's function may raise anything
            return _Failure(error)

    def _scores(self, samples: Sequence[Sample], result: Any) -> list[Score]:
        if isinstance(result, _Failure):
            if len(samples) > 1 and not self.relative:  # alone, the guilty row is found
                return [s for row in self._batches([[one] for one in samples]) for s in row]
            return [self._failed(sample, result.error) for sample in samples]
        if not self.is_batched:
            return [self._scored(samples[0], result)]
        values = self.values(result, len(samples))
        if len(values) != len(samples):
            raise ConfigError(
                f"{self.path} returned {len(values)} values for {len(samples)} responses"
                f" (the first: {samples[0].where})"
            )
        return [self._scored(s, value) for s, value in zip(samples, values, strict=True)]

    def _scored(self, sample: Sample, value: object) -> Score:
        if type(value) is float and math.isfinite(value):  # the common case, fast
            return Score(value)
        if value is None:
            error = f"{self.path} returned None ({sample.where})"
            return Score.unscored(error, fault="input")
        if isinstance(value, str | bytes):
            raise ConfigError(f"{self.path} returned the text {clipped(value)} ({sample.where})")
        score = self.score_of(value)
        if score is None:
            error = f"{self.path} returned {clipped(value)} ({sample.where})"
            return Score.unscored(error, fault="system")
        return score

    def _failed(self, sample: Sample, error: Exception) -> Score:
        if isinstance(error, ScoringError):
            return Score.unscored(f"{error} ({sample.where})", fault=error.fault)
        if isinstance(error, PlauditError):
            raise error
        return Score.unscored(f"{_describe(error)} ({sample.where})", fault="system")

    def token_ids(self, samples: Sequence[Sample], name: str) -> list[list[int] | None]:
        """The ids of each response, None where it carries none.

        Raises: DataError if there is none and the function cannot do without `name`.
        """
        id_lists = [sample.response.token_ids for sample in samples]
        if name in self.required and None in id_lists:
            raise DataError(
                f"the response carries no token_ids, which {self.path} reads as {name!r}",
                where=samples[id_lists.index(None)].where,
                field="token_ids",
            )
        return [None if ids is None else list(ids) for ids in id_lists]

    # --- columns ----------------------------------------------------------------------------------

    def column_lists(
        self, samples: Sequence[Sample], reserved: Iterable[str]
    ) -> dict[str, list[object]]:
        """Every column that the function takes, one item a sample; names in `taken` left out.

        Raises: DataError where a row lacks a column that the function cannot do without.
        """
        if self.accepted is not None and self.accepted <= self.trainer_arguments:
            return {}
        places = [s.group.columns for s in samples] + [s.response.columns for s in samples]
        names = {name: None for columns in places for name in columns}
        relevant = {n for n in (*names, *self.columns, *self.required) if self._wants(n)}
        return {
            name: self._list(name, samples) for name in sorted(relevant - {*reserved, *self.params})
        }

    def readers(self, names: Iterable[str]) -> dict[str, Callable[[Sample], object]]:
        """The methods ``read_NAME`` of those names that the function takes."""
        return {name: getattr(self, f"read_{name}") for name in names if self._wants(name)}

    def _wants(self, name: str) -> bool:
        return self.accepted is None or name in self.accepted

    def _list(self, name: str, samples: Sequence[Sample]) -> list[object]:
        default = _ABSENT if name in self.required else None
        return [self.value_of(name, sample, default) for sample in samples]

    def value_of(self, name: str, sample: Sample, default: object = _ABSENT) -> object:
        """The column bound to an argument; any name of the reference answer finds the others.

        Raises: DataError if there is none and no default.
        """
        source = self.columns.get(name, name)
        value = sample.response.columns.get(source, sample.group.columns.get(source))
        if value is None and source in _REFERENCE:
            value = column_of(sample.group, sample.response, "reference")
        if value is not None and value is not _ABSENT:
            return value
        if default is not _ABSENT:
            return default
        raise DataError(
            f"missing column, which {self.path} reads as {name!r}; bind another with"
            f" columns: {{{name}: NAME}}",
            where=sample.where,
            field=source,
        )


def function_of(fn: Callable[..., object] | str) -> tuple[Any, str]:
    """The function, and its name as one would type it. Raises ConfigError for what is neither."""
    if isinstance(fn, str):
        return resolve(fn), fn
    if not callable(fn):
        raise ConfigError(f"expected a function or its name my_pkg.module:fn, found {clipped(fn)}")
    named = fn if hasattr(fn, "__qualname__") else type(fn)
    return fn, f"{named.__module__}:{named.__qualname__}"


def instance_of(fn: object, **arguments: object) -> Any:
    """An object of the class, given those `arguments` that it takes; a function as it is."""
    if not inspect.isclass(fn):
        return fn
    signature = signature_of(fn)
    takes_any = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    accepted = {k: v for k, v in arguments.items() if takes_any or k in signature.parameters}
    return fn(**accepted)


def score_of_mapping(mapping: Mapping[str, object], path: str) -> Score | None:
    """The Score in ``{"score": number, ...}``: further numbers are parts, texts are in the note.

    None where the score is not a finite number. Raises ConfigError where there is no score.
    """
    if "score" not in mapping:
        raise ConfigError(f"{path} returned a dict without 'score': {clipped(mapping)}")
    rest = {str(name): value for name, value in mapping.items() if name != "score"}
    numbers = {name: _number(value) for name, value in rest.items()}
    parts = {name: value for name, value in numbers.items() if math.isfinite(value)}
    note = "; ".join(f"{name}: {value}" for name, value in rest.items() if isinstance(value, str))
    value = _number(mapping["score"])
    return Score(value, parts, note=note or None) if math.isfinite(value) else None


def as_list(result: Any) -> list[object]:
    """A list, tuple, array or tensor as a flat list. Raises ConfigError for anything else."""
    values = result.tolist() if callable(getattr(result, "tolist", None)) else result
    if not isinstance(values, list | tuple):
        raise ConfigError(
            f"expected a list with one value for each response, got {clipped(values)}"
        )
    return [v[0] if isinstance(v, list) and len(v) == 1 else v for v in values]


def _is_async(fn: object) -> bool:
    call = type(fn).__call__ if not inspect.isroutine(fn) else fn
    return inspect.iscoroutinefunction(call)


def _settled(results: list[Any]) -> list[object]:
    """The results with every awaitable replaced by what it gave; exceptions as failures."""
    places = [i for i, result in enumerate(results) if hasattr(result, "__await__")]
    if places:
        awaited = _gathered([results[i] for i in places])
        for i, result in zip(places, awaited, strict=True):
            results[i] = _Failure(result) if isinstance(result, Exception) else result
    return results


def _gathered(awaitables: Sequence[Awaitable[object]]) -> list[object]:
    async def all_of() -> list[object]:
        return await asyncio.gather(*awaitables, return_exceptions=True)

    return asyncio.run_coroutine_threadsafe(all_of(), _loop(os.getpid())).result()


@functools.lru_cache(maxsize=1)
def _loop(pid: int) -> asyncio.AbstractEventLoop:
    """The loop of this process, running in a daemon thread."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="plaudit-adapters", daemon=True).start()
    return loop
