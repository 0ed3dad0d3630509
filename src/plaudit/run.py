"""The runner: an iterator of groups through a reward, in input order, with bounded memory.

The one place for batching, worker processes, deadlines and progress; rewards know nothing of it.

What goes wrong costs one row, not the run. A row that cannot be read (DataError) is passed through
and counted. If a batch exceeds its deadline or kills its worker, its responses are run again one by
one, in parallel, to find the one at fault; only that one gets the reward's declared minimum
and ``fault="response"``, and it costs its batch at most three deadlines. System faults are retried
once, except for rewards that are not deterministic or retry by themselves: they pay for each
attempt.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import math
import pickle
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from plaudit import offers
from plaudit.combine import replace_responses
from plaudit.errors import ConfigError, DataError
from plaudit.types import FaultKind, Group, Reward, Score, count_faults
from plaudit.workers import JobOutcome, Pool

__all__ = ["Progress", "Result", "run"]

_TARGET_BATCH_S = 0.02
_BATCH_CHARS = 4_000_000
_AHEAD = 4  # batches in flight or waiting, per worker


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one input row: its scores, or the error that made it unreadable."""

    index: int
    group: Group | None
    scores: list[Score]
    error: DataError | None


@dataclass
class Progress:
    """Counts so far."""

    rows: int = 0
    bad_rows: int = 0
    responses: int = 0
    unscored: int = 0
    faulted: dict[FaultKind, int] = field(default_factory=dict[FaultKind, int])
    tokens: int = 0
    seconds: float = 0.0

    def count(self, results: Sequence[Result]) -> None:
        """Adds a batch of results."""
        self.rows += len(results)
        for result in results:
            self.bad_rows += result.error is not None
            self.responses += len(result.scores)
            for score in result.scores:
                self.tokens += int(score.parts.get("num_tokens", 0)) if score.parts else 0
                self.unscored += not score.is_scored
            for kind, count in count_faults(result.scores).items():
                self.faulted[kind] = self.faulted.get(kind, 0) + count


def run(
    reward: Reward,
    items: Iterable[Group | DataError],
    *,
    workers: int = 0,
    deadline_s: float = 60.0,
    batch_size: int = 64,
    strict: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> Iterator[Result]:
    """One Result per item, in order, as soon as it and all earlier ones are scored.

    `workers` 0 scores in this process, where no deadline can be enforced; N sends a reward that
    is ``cpu_bound`` to N killable processes, with `deadline_s` for each response. A reward that
    says ``in_flight`` > 1 (it waits for a server) scores several batches at a time. `strict` raises
    the first DataError instead of counting it. Nothing is read ahead of what is in flight.

    Raises: ConfigError, EngineError, and DataError where `strict`.

    >>> from plaudit import load
    >>> results = run(load("rules.baseline.length"), [Group("hi", ["a", "bc"])])
    >>> [score.value for score in next(results).scores]
    [1.0, 2.0]
    """
    _check_numbers(workers, deadline_s, batch_size)
    if (width := offers.in_flight_of(reward)) > 1:
        batches = _overlapped(reward, items, width, batch_size)
    elif workers == 0 or not reward.cpu_bound:
        batches = _in_process(reward, items, batch_size)
    else:
        _check_portable(reward)
        batches = _in_workers(reward, items, workers, deadline_s, batch_size)
    return _counted(batches, strict, on_progress)


def _counted(
    batches: Generator[list[Result]],
    strict: bool,
    on_progress: Callable[[Progress], None] | None,
) -> Iterator[Result]:
    progress, began = Progress(), time.monotonic()
    with contextlib.closing(batches):  # an error on its way up would keep the workers alive
        for batch in batches:
            progress.count(batch)
            progress.seconds = time.monotonic() - began
            if on_progress is not None:
                on_progress(progress)
            for result in batch:
                if strict and result.error is not None:
                    raise result.error
                yield result


def _take(numbered: Iterator[tuple[int, Any]], size: int) -> list[tuple[int, Any]]:
    """The next items: at most `size`, and a bounded amount of text."""
    batch: list[tuple[int, Any]] = []
    chars = 0
    for pair in itertools.islice(numbered, size):
        batch.append(pair)
        if isinstance(pair[1], Group):
            chars += sum([len(response.text) for response in pair[1].responses])
            if chars > _BATCH_CHARS:
                break
    return batch


# --- in this process ------------------------------------------------------------------------------


def _in_process(reward: Reward, items: Iterable[object], size: int) -> Generator[list[Result]]:
    numbered = iter(enumerate(items))
    while batch := _take(numbered, size):
        groups = [item for _, item in batch if isinstance(item, Group)]
        yield _results(batch, score_batch(reward, groups))


def _overlapped(
    reward: Reward, items: Iterable[object], width: int, most: int
) -> Generator[list[Result]]:
    """Batches in threads, twice `width` groups in all: none waits for the slowest of another."""
    numbered = iter(enumerate(items))
    size = max(1, min(most, math.ceil(width / _AHEAD)))
    num_threads = min(2 * _AHEAD, 2 * width // size)
    waiting: deque[tuple[list[tuple[int, Any]], Future[list[Any]]]] = deque()
    threads = ThreadPoolExecutor(num_threads, thread_name_prefix="plaudit")
    is_done = False
    try:
        while True:
            while len(waiting) < 3 * _AHEAD and (batch := _take(numbered, size)):
                groups = [item for _, item in batch if isinstance(item, Group)]
                waiting.append((batch, threads.submit(score_batch, reward, groups)))
            if not waiting:
                is_done = True
                return
            batch, future = waiting[0]
            results = _results(batch, future.result())
            waiting.popleft()
            yield results
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        if not is_done:  # discard what is in flight
            offers.stop(reward)


def score_batch(reward: Reward, groups: Sequence[Group]) -> list[list[Score] | DataError]:
    """Scores groups; a bad row gives its DataError, a system fault is retried once."""
    try:
        scored: list[list[Score] | DataError] = list(reward.score(groups))
    except DataError as error:
        if len(groups) == 1:
            return [error]
        return [score_batch(reward, [group])[0] for group in groups]
    if not reward.deterministic or offers.retries_itself(reward):
        return scored
    for i, scores in enumerate(scored):
        if isinstance(scores, list) and any(s.fault == "system" for s in scores):
            scored[i] = reward.score([groups[i]])[0]
    return scored


def _results(batch: Sequence[tuple[int, Any]], scored: Sequence[Any]) -> list[Result]:
    answers = iter(scored)
    out: list[Result] = []
    for index, item in batch:
        answer = next(answers) if isinstance(item, Group) else item
        if isinstance(answer, DataError):
            out.append(Result(index, item if isinstance(item, Group) else None, [], answer))
        else:
            out.append(Result(index, item, answer, None))
    return out


# --- in worker processes --------------------------------------------------------------------------


class _Importable(pickle.Unpickler):
    """Refuses objects that only the running script or notebook defines."""

    def find_class(self, module_name: str, global_name: str) -> object:
        if module_name in ("__main__", "__mp_main__"):
            raise AttributeError(f"{global_name} is defined in the running script or notebook")
        return super().find_class(module_name, global_name)


def _check_numbers(workers: int, deadline_s: float, batch_size: int) -> None:
    for name, value, is_good, due in (
        ("workers", workers, workers >= 0, "at least 0"),
        ("batch_size", batch_size, batch_size >= 1, "at least 1"),
        ("deadline_s", deadline_s, 0 < deadline_s < math.inf, "positive and finite"),
    ):
        if not is_good:
            raise ConfigError(f"run: {name}={value!r} must be {due}")


def _check_portable(reward: Reward) -> None:
    """Raises ConfigError where a worker process could not load the reward."""
    try:
        _Importable(io.BytesIO(pickle.dumps(reward, protocol=5))).load()
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"{reward!r} cannot go to a worker process: {error};"
            " put it into a module that can be imported, or pass workers=0"
        ) from None


class _Scorer:  # pyright: ignore[reportUnusedClass]
    """What a worker runs: ``target(setup)`` makes it, each job is a list of groups."""

    def __init__(self, reward: Reward) -> None:
        self._reward = reward

    def __call__(self, groups: Sequence[Group]) -> list[list[Score] | DataError]:
        return score_batch(self._reward, groups)


def _in_workers(
    reward: Reward, items: Iterable[object], workers: int, deadline_s: float, most: int
) -> Generator[list[Result]]:
    numbered = iter(enumerate(items))
    size = _BatchSize(most)
    waiting: deque[tuple[list[tuple[int, Any]], Future[list[Any]]]] = deque()
    with (
        Pool("plaudit.run:_Scorer", size=workers, deadline_s=deadline_s, setup=reward) as pool,
        ThreadPoolExecutor(workers, thread_name_prefix="plaudit") as threads,
        ThreadPoolExecutor(workers, thread_name_prefix="plaudit-suspect") as suspects,
    ):
        judge = _Judge(reward, pool, suspects, deadline_s, size)
        try:
            while True:
                while len(waiting) < workers * _AHEAD:
                    batch = _take(numbered, size.now)
                    if not batch:
                        break
                    groups = [item for _, item in batch if isinstance(item, Group)]
                    waiting.append((batch, threads.submit(judge.score, groups)))
                if not waiting:
                    return
                batch, future = waiting[0]
                results = _results(batch, future.result())
                waiting.popleft()
                yield results
        finally:
            judge.is_stopped = True
            left = [future for _, future in waiting if not future.cancel()]
            pool.close()
            while wait(left, timeout=0.1).not_done:  # a job slipped in afterwards
                pool.close()


class _BatchSize:
    """How many groups to send at once: what takes about 20 ms, so that deadlines stay sharp."""

    def __init__(self, most: int) -> None:
        self.now = 1
        self._most = most

    def learn(self, count: int, seconds: float) -> None:
        """Follows the speed just seen, at most doubling."""
        fitting = int(count * _TARGET_BATCH_S / seconds) if seconds > 0 else self._most
        self.now = max(1, min(fitting, 2 * max(count, self.now), self._most))


class _Judge:
    """Scores a batch in the pool and, if that fails, determines whose fault it was.

    A batch that was late has used up one deadline; each of its responses then has what is left of
    three, by CPU time and side by side.
    """

    def __init__(
        self,
        reward: Reward,
        pool: Pool,
        suspects: ThreadPoolExecutor,
        deadline_s: float,
        size: _BatchSize,
    ) -> None:
        self._reward = reward
        self._pool = pool
        self._suspects = suspects
        self._deadline_s = deadline_s
        self._size = size
        self.is_stopped = False

    def score(self, groups: Sequence[Group]) -> list[list[Score] | DataError]:
        """The scores of every group; a response can never make it raise."""
        parts = [self._parts(group) for group in groups]
        if sum(map(len, parts)) <= 1:
            return [self._alone(part, was_late=False) for (part,) in parts]
        began = time.monotonic()
        outcome = self._call(groups, self._deadline_s, try_again=False)
        if outcome.status == "ok":
            self._size.learn(len(groups), time.monotonic() - began)
            return outcome.value
        was_late = outcome.status in ("timeout", "stalled")
        answers = iter(self._side_by_side([p for ps in parts for p in ps], was_late=was_late))
        return [_joined([next(answers) for _ in ps]) for ps in parts]

    def _parts(self, group: Group) -> list[Group]:
        """The parts of a group that can be scored, and be at fault, separately."""
        if self._reward.relative or len(group.responses) <= 1:
            return [group]
        return [replace_responses(group, [response]) for response in group.responses]

    def _side_by_side(
        self, parts: Sequence[Group], *, was_late: bool
    ) -> list[list[Score] | DataError]:
        futures = [self._suspects.submit(self._alone, part, was_late=was_late) for part in parts]
        wait(futures)
        return [future.result() for future in futures]

    def _alone(self, part: Group, *, was_late: bool) -> list[Score] | DataError:
        began = time.monotonic()
        limit = self._deadline_s * max(1, len(part.responses))
        outcome = self._call([part], limit, was_late=was_late)
        if outcome.status == "ok":
            self._size.learn(1, time.monotonic() - began)
            return outcome.value[0]
        if len(part.responses) <= 1:
            return [self._blame(outcome)] * len(part.responses)
        failed = Score.unscored(f"the group {_what(outcome, self._deadline_s)}", fault="system")
        return [failed] * len(part.responses)

    def _call(self, groups: Sequence[Group], limit: float, **options: bool) -> JobOutcome:
        if self.is_stopped:
            raise CancelledError
        outcome = self._pool.call(groups, deadline_s=limit, **options)
        if outcome.error is not None:
            raise outcome.error
        return outcome

    def _blame(self, outcome: JobOutcome) -> Score:
        error = f"the response {_what(outcome, self._deadline_s)}"
        if outcome.status == "stalled":
            return Score(math.nan, fault="system", error=error)
        return Score(offers.fault_value(self._reward), fault="response", error=error)


def _joined(answers: Sequence[list[Score] | DataError]) -> list[Score] | DataError:
    """The scores of one group from those of its parts; the first error where there is one."""
    for answer in answers:
        if isinstance(answer, DataError):
            return answer
    return [score for answer in answers if isinstance(answer, list) for score in answer]


def _what(outcome: JobOutcome, deadline_s: float) -> str:
    if outcome.status == "timeout":
        return f"outran its deadline of {deadline_s:g} s ({outcome.cpu_s:.1f} s of CPU)"
    if outcome.status == "crashed":
        return "killed the process that scored it"
    return f"made no progress in {deadline_s:g} s, twice"
