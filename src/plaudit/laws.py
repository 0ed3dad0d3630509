"""The laws of every reward, as checks that run on any reward: ours and yours.

`check(reward)` returns the broken laws; an empty list is a pass. The test suite runs it over every
reward in the package, `plaudit check my_pkg:mine` on the caller's own.
"""

# pyright: reportUnnecessaryIsInstance=false
# (what users pass is checked, whatever its type says)

from __future__ import annotations

import copy
import math
import pickle
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from plaudit import offers
from plaudit.combine import replace_responses
from plaudit.errors import DataError, MissingExtra, clipped
from plaudit.types import Group, Response, Reward, Score

__all__ = ["LAWS", "Finding", "check", "sample_groups"]

SAMPLE_COLUMNS: Mapping[str, object] = {
    "reference": "42",
    "language": "en",
    "numbers": [6, 7],
    "target": 42,
    "num_tokens": 100,
}
HARD_TEXTS: Mapping[str, str] = {
    "empty": "",
    "white space": " \n\t ",
    "100 kB": "The answer is 42. 答案是四十二。\n" * 3000,
    "lone surrogate": "\ud800 the answer is 42 \udfff",
    "NUL": "42\x00\x00 is \x00 it",
    "mixed scripts": "答案 is ответ 42 そう العدد 四十二 ４２ 🙂",
    "unclosed": "<think>\\boxed{ ```python\n<answer>",
}
_TEXTS = (
    "<think>6 times 7 is 42.</think><answer>\\boxed{42}</answer>",
    "<think>6 乘 7 等于 41。</think>\n<answer>41</answer>",
    "The answer is 42.",
    "I do not know. I do not know. I do not know. I do not know.",
)
_TOLERANCE = 1e-5
_SLOW_GROWTH = 1.6


class Finding(NamedTuple):
    """A broken law, and the input that shows it."""

    law: str
    problem: str


def check(reward: Reward, groups: Sequence[Group] | None = None) -> list[Finding]:
    """The laws that `reward` breaks on `groups` (default: a sample in two languages).

    A law of speed is among them: time that grows faster than about n^1.5 is reported.

    Raises: MissingExtra if the reward needs a package that is not installed; that breaks no law.

    >>> from plaudit import load
    >>> check(load("rules.baseline.length"))
    []
    """
    groups = sample_groups() if groups is None else list(groups)
    try:
        base = reward.score(groups)
    except MissingExtra:
        raise
    except Exception as error:  # a reward under test may raise anything
        return [Finding("scores", f"{type(error).__name__}: {error}")]
    findings: list[Finding] = []
    for law in LAWS:
        try:
            findings += [Finding(law.__name__, problem) for problem in law(reward, groups, base)]
        except MissingExtra:
            raise
        except Exception as error:  # a law that cannot even run is broken
            problem = f"{type(error).__name__}: {clipped(str(error), limit=200)}"
            findings.append(Finding(law.__name__, problem))
    return findings


def sample_groups(columns: Mapping[str, object] | None = None) -> list[Group]:
    """Groups of four, one and two responses in English and Chinese, with common columns."""
    columns = {**SAMPLE_COLUMNS, **(columns or {})}
    responses = [as_response(text) for text in _TEXTS]
    return [
        Group("What is 6 times 7?", responses, columns),
        Group("六乘七等于多少？", responses[1:2], columns),
        Group("What is 6 times 7?", responses[2:], columns, id="given"),
    ]


def as_response(text: str) -> Response:
    """A response with one token id per character and a finish reason."""
    return Response(text, token_ids=tuple(ord(c) % 1000 for c in text), finish_reason="stop")


# --- the laws: each yields what is wrong ----------------------------------------------------------


def same_shape(reward: Reward, groups: Sequence[Group], base: list[list[Score]]) -> Iterator[str]:
    """One Score per response, in order; nothing for nothing."""
    if reward.score([]) != []:
        yield "score([]) is not []"
    if len(base) != len(groups):
        yield f"{len(groups)} groups gave {len(base)} lists"
    for group, scores in zip(groups, base, strict=False):
        if len(scores) != len(group.responses):
            yield f"{len(group.responses)} responses gave {len(scores)} scores"
        if not all(isinstance(score, Score) for score in scores):
            yield f"not all are Scores: {clipped(scores)}"


def finite_or_explained(
    reward: Reward, groups: Sequence[Group], base: list[list[Score]]
) -> Iterator[str]:
    """A value is finite, or NaN with an error and a fault."""
    for score in _flat(base):
        if problem := _value_problem(score):
            yield problem


def hard_texts_are_scored(
    reward: Reward, groups: Sequence[Group], base: list[list[Score]]
) -> Iterator[str]:
    """Every text gets a Score, whatever is in it."""
    for name, text in HARD_TEXTS.items():
        group = replace_responses(groups[0], [as_response(text)])
        try:
            scores = reward.score([group])[0]
        except DataError as error:
            yield f"{name}: {error}"
            continue
        if len(scores) != 1:
            yield f"{name}: {len(scores)} scores for one response"
        elif problem := _value_problem(scores[0]):
            yield f"{name}: {problem}"
        elif (scores[0].error or "").partition(":")[0].endswith("Error"):
            yield f"{name}: the rule raised {scores[0].error}"
        elif scores[0].fault == "system":
            yield f"{name}: {scores[0].error}"


def deterministic(
    reward: Reward, groups: Sequence[Group], base: list[list[Score]]
) -> Iterator[str]:
    """Equal inputs give equal scores, from a fresh copy too."""
    if reward.deterministic:
        yield from _differences(reward, "a second call", base, reward.score(groups))
        yield from _differences(reward, "a deep copy", base, copy.deepcopy(reward).score(groups))


def independent_of_the_batch(
    reward: Reward, groups: Sequence[Group], base: list[list[Score]]
) -> Iterator[str]:
    """Neither order nor neighbours in the batch change a score."""
    if not reward.deterministic:
        return
    yield from _differences(
        reward, "one group at a time", base, [reward.score([g])[0] for g in groups]
    )
    backwards = reward.score(list(reversed(groups)))
    yield from _differences(reward, "reversed batch", base, list(reversed(backwards)))


def independent_of_the_group(
    reward: Reward, groups: Sequence[Group], base: list[list[Score]]
) -> Iterator[str]:
    """An absolute score ignores its rivals; a relative one follows its response."""
    if not reward.deterministic:
        return
    turned = [replace_responses(g, tuple(reversed(g.responses))) for g in groups]
    scores = [list(reversed(s)) for s in reward.score(turned)]
    yield from _differences(reward, "a permuted group", base, scores)
    if not reward.relative:
        alone = [
            [reward.score([replace_responses(g, [r])])[0][0] for r in g.responses] for g in groups
        ]
        yield from _differences(reward, "each response alone", base, alone)


def ignores_the_id(
    reward: Reward, groups: Sequence[Group], base: list[list[Score]]
) -> Iterator[str]:
    """A score depends on texts and columns, never on Group.id."""
    if reward.deterministic:
        renamed = [replace_id(g, f"other {i}") for i, g in enumerate(groups)]
        yield from _differences(reward, "other ids", base, reward.score(renamed))


def leaves_inputs_alone(
    reward: Reward, groups: Sequence[Group], base: list[list[Score]]
) -> Iterator[str]:
    """Scoring changes no group."""
    copies = copy.deepcopy(list(groups))
    reward.score(groups)
    if copies != list(groups):
        yield "the groups were changed"


def pickles(reward: Reward, groups: Sequence[Group], base: list[list[Score]]) -> Iterator[str]:
    """The object survives pickling, and the copy scores alike."""
    again = pickle.loads(pickle.dumps(reward))
    if reward.deterministic:
        yield from _differences(reward, "an unpickled copy", base, again.score(groups))


def repr_can_be_typed(
    reward: Reward, groups: Sequence[Group], base: list[list[Score]]
) -> Iterator[str]:
    """repr is an expression, not ``<object at 0x...>``."""
    if " at 0x" in repr(reward) or repr(reward).startswith("<"):
        yield f"repr is {clipped(repr(reward))}"


def works_in_a_thread(
    reward: Reward, groups: Sequence[Group], base: list[list[Score]]
) -> Iterator[str]:
    """A worker thread gets the same scores."""
    got: list[Any] = []

    def work() -> None:
        try:
            got.append(reward.score(groups))
        except Exception as error:
            got.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if isinstance(got[0], Exception):
        yield f"raised {type(got[0]).__name__}: {got[0]}"
    elif reward.deterministic:
        yield from _differences(reward, "a worker thread", base, got[0])


def time_grows_linearly(
    reward: Reward, groups: Sequence[Group], base: list[list[Score]]
) -> Iterator[str]:
    """A text 8 times as long takes about 8 times as long, not 64 times."""
    for seed in ("<think>", "\n</think>\n<answer>\n", "\\boxed{", "\n", "a", "6 x 7. 是 "):
        short, long = (_seconds(reward, groups[0], seed, size) for size in (8_000, 64_000))
        if _is_slow(short, long):  # again: a busy machine may have been in the way
            long = min(long, _seconds(reward, groups[0], seed, 64_000))
        if _is_slow(short, long):
            yield f"{seed!r} repeated: {short:.3f} s at 8 kB, {long:.3f} s at 64 kB"
            return


def _is_slow(short: float, long: float) -> bool:
    return long > 0.2 and long > short * 8**_SLOW_GROWTH


Law = Callable[[Reward, Sequence[Group], list[list[Score]]], Iterator[str]]
LAWS: tuple[Law, ...] = (
    same_shape,
    finite_or_explained,
    hard_texts_are_scored,
    deterministic,
    independent_of_the_batch,
    independent_of_the_group,
    ignores_the_id,
    leaves_inputs_alone,
    pickles,
    repr_can_be_typed,
    works_in_a_thread,
    time_grows_linearly,
)


def replace_id(group: Group, id: str) -> Group:
    """The same group under another id."""
    return Group(group.prompt, group.responses, group.columns, id)


def _flat(scored: Sequence[Sequence[Score]]) -> list[Score]:
    return [score for scores in scored for score in scores]


def _value_problem(score: Score) -> str | None:
    if math.isinf(score.value):
        return f"an infinite value: {clipped(score)}"
    if not score.is_scored and not (score.error and score.fault):
        return f"NaN without error and fault: {clipped(score)}"
    return None


def _differences(
    reward: Reward, what: str, base: list[list[Score]], other: list[list[Score]]
) -> Iterator[str]:
    tolerance = 0.0 if reward.cpu_bound else offers.tolerance_of(reward, _TOLERANCE)
    for one, two in zip(_flat(base), _flat(other), strict=True):
        same_nan = not one.is_scored and not two.is_scored
        if not same_nan and not math.isclose(
            one.value, two.value, rel_tol=tolerance, abs_tol=tolerance
        ):
            yield f"{what} gave {two.value} instead of {one.value}"
            return


def _seconds(reward: Reward, group: Group, seed: str, size: int) -> float:
    text = (seed * (size // len(seed) + 1))[:size]
    response = replace(as_response(text), finish_reason="length")
    began = time.thread_time()
    reward.score([replace_responses(group, [response])])
    return time.thread_time() - began
