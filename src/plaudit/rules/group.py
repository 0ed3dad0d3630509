"""Responses against their rivals: near-duplicates, diversity, agreement, and length by outcome.

`distinct` and `diversity` look at the text alone: random padding makes every response different, so
combine them with a reward that penalises padding. `shortest_correct` and `adaptive_length` take
another reward, `accuracy`, as the rules of `rules.length` do, and treat its faults alike.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from plaudit.answers.extract import Extract
from plaudit.answers.latex_equal import Percent, Units
from plaudit.errors import ConfigError, DataError, ScoreTimeout, ScoringError
from plaudit.rules import math as math_rules
from plaudit.rules.length import _MeasuredResponse, _Shaped
from plaudit.text.ngrams import gram_codes, representatives
from plaudit.text.scripts import INVISIBLE, classes, points_of
from plaudit.text.units import Unit
from plaudit.types import Range, Reward, Score

if TYPE_CHECKING:
    import numpy as np

__all__ = ["adaptive_length", "distinct", "diversity", "majority", "shortest_correct"]

_CONSTANT = {"use": "rules.baseline.constant", "value": 1.0}
EXAMPLES = {
    "adaptive_length": {"params": {"accuracy": _CONSTANT, "beta": 0.001, "unit": "chars"}},
    "shortest_correct": {"params": {"accuracy": _CONSTANT, "unit": "chars"}},
}
_CELLS = 1 << 22


# --- texts ----------------------------------------------------------------------------------------


def distinct(
    responses: Sequence[str], *, n: int = 5, at_least: float = 0.8
) -> Annotated[list[Score], Range(0, 1)]:
    """From 0 (all rivals are near-duplicates of the response) up to 1 (none is), per response.

    ``1 - duplicates / (N - 1)``, where a rival is a near-duplicate if the Jaccard similarity of the
    two sets of character `n`-grams is `at_least` (Broder 1997, "On the resemblance and containment
    of documents"; exact, not sketched). Case, white space and invisible characters make no
    difference. Part: `nearest`, the greatest similarity to a rival.

    Two empty responses are duplicates; a response without rivals earns 1. Linear in the length of
    the texts, quadratic in their number.

    >>> [score.value for score in distinct(["The sum is 4.", "the  sum is 4.", "Five"])]
    [0.5, 0.5, 1.0]
    """
    if not 0 < at_least <= 1:
        raise ConfigError(f"distinct: at_least={at_least} must lie in (0, 1]")
    scores = []
    for rivals in _similarities(responses, n):
        duplicates = sum(similarity >= at_least for similarity in rivals)
        note = f"{duplicates} near-duplicates" if duplicates else None
        value = 1.0 - duplicates / len(rivals) if rivals else 1.0
        scores.append(Score(value, {"nearest": max(rivals, default=0.0)}, note=note))
    return scores


def diversity(responses: Sequence[str], *, n: int = 5) -> Annotated[list[Score], Range(0, 1)]:
    """From 0 (equal to all rivals) up to 1 (shares no `n`-gram with any), per response.

    1 minus the mean Jaccard similarity to the rivals, texts and n-grams as in `distinct`. Part:
    `nearest`, the greatest similarity. A response without rivals is not scored (input).

    >>> [score.value for score in diversity(["aaaaa", "AAAAA", "bbbbb"])]
    [0.5, 0.5, 1.0]
    """
    if len(responses) < 2:
        error = f"diversity needs two responses in the group, found {len(responses)}"
        return [Score.unscored(error, fault="input")] * len(responses)
    return [
        Score(1.0 - math.fsum(rivals) / len(rivals), {"nearest": max(rivals)})
        for rivals in _similarities(responses, n)
    ]


def _similarities(responses: Sequence[str], n: int) -> list[list[float]]:
    """For each response its Jaccard similarities to the others."""
    if len(responses) < 2:
        return [[] for _ in responses]
    table = _jaccard([_visible(text) for text in responses], n).tolist()
    return [[*row[:place], *row[place + 1 :]] for place, row in enumerate(table)]


def _visible(text: str) -> str:
    """The text in lower case, white space as single spaces, invisible characters left out."""
    if not text.isascii():
        visible = classes(points_of(text)) != INVISIBLE
        if not visible.all():
            text = "".join(char for char, keep in zip(text, visible.tolist(), strict=True) if keep)
    return " ".join(text.lower().split())


def _jaccard(texts: Sequence[str], n: int) -> np.ndarray:
    """The similarity of every two texts: shared n-grams over all n-grams of the two.

    Every text is followed by n - 1 NULs, so that a short one has n-grams too and none spans two.
    """
    import numpy as np

    if n < 1:
        raise ConfigError(f"n={n} must be at least 1")
    count, pad = len(texts), "\0" * (n - 1)
    lengths = np.array([len(text) for text in texts])
    codes = gram_codes(points_of("".join(text + pad for text in texts)), n)
    owners = np.repeat(np.arange(count), lengths + n - 1)[: len(codes)]
    starts = np.cumsum(lengths + n - 1) - (lengths + n - 1)
    is_inside = np.arange(len(codes)) - starts[owners] < lengths[owners]
    keys = np.unique(representatives(codes)[is_inside] * count + owners[is_inside])
    grams, owners = keys // count, keys % count
    sizes = np.bincount(owners, minlength=count)
    shared = _shared_counts(grams, owners, count)
    either = sizes[:, None] + sizes - shared
    return np.where(either > 0, shared / np.maximum(either, 1), 1.0)


def _shared_counts(grams: np.ndarray, owners: np.ndarray, count: int) -> np.ndarray:
    """How many grams every two owners share; `grams` ascending, no pair twice."""
    import numpy as np

    row = np.cumsum(np.diff(grams, prepend=grams[:1]) != 0)
    shared = np.zeros((count, count))
    step = max(1, _CELLS // count)
    for first in range(0, int(row[-1]) + 1 if len(row) else 0, step):
        low, high = np.searchsorted(row, [first, first + step])
        has_gram = np.zeros((step, count), np.float32)  # exact: sums stay below 2**24
        has_gram[row[low:high] - first, owners[low:high]] = 1
        shared += has_gram.T @ has_gram
    return shared


# --- answers --------------------------------------------------------------------------------------


def majority(
    responses: Sequence[str],
    finish_reason: Sequence[str | None] | None = None,
    *,
    extract: Extract = "auto",
    strict: bool = False,
    percent: Percent = "value",
    units: Units = "ignore_missing",
    tolerance: float = 0.0,
    ties: Literal["unscored", "all"] = "unscored",
    deadline_s: float = 5.0,
) -> Annotated[list[Score], Range(0, 1)]:
    """1 if the response's final answer is the one that most of its rivals give, else 0.

    ``[y_i = y*]``, y* the answer with the most votes in the group: the label-free reward of TTRL
    (Zuo et al. 2025, arXiv 2504.16084, eq. 3 and 4). Answers are read and compared as in
    `rules.math.equal`, whose parameters these are: 0.5 and 1/2 are one answer. Two are also equal
    where a third equals both. The part `share` is the share of the group with the same answer, the
    response included. It rewards agreement, not truth: a group that is wrong together earns 1.

    A response without a readable answer has no vote and earns 0. Nobody is scored (fault "input")
    where no answer has two votes, or, unless `ties` is "all", where several share the first place;
    with "all" each of these earns 1. An answer that cannot be judged is its response's fault.

    >>> texts = ["The answer is 0.5.", "The answer is 1/2.", "The answer is 2."]
    >>> [(score.value, round(score.parts["share"], 2)) for score in majority(texts)]
    [(1.0, 0.67), (1.0, 0.67), (0.0, 0.33)]
    """
    if ties not in ("unscored", "all"):
        raise ConfigError(f"ties={ties!r} must be 'unscored' or 'all'")
    answers = _stated_answers(
        responses,
        [None] * len(responses) if finish_reason is None else finish_reason,
        extract=extract,
        strict=strict,
        equality=(equality := _Equality(percent, units, tolerance, deadline_s)),
    )
    class_of = _classes_of([answer.text for answer in answers if answer.text], equality)
    votes = Counter(class_of[answer.text] for answer in answers if answer.text)
    most = max(votes.values(), default=0)
    first = [number for number, count in votes.items() if count == most]
    problem = _no_majority(len(first), most, len(responses), ties)
    return [
        _vote_score(answer, class_of.get(answer.text), votes, first, problem, len(responses))
        for answer in answers
    ]


def _no_majority(num_first: int, most: int, num: int, ties: str) -> str:
    """Why the group has no majority, or ""."""
    if most < 2:
        return f"no majority: none of {num} responses gives the answer of another"
    if num_first > 1 and ties == "unscored":
        return f"no majority: {num_first} answers have {most} of {num} votes each"
    return ""


def _vote_score(
    answer: _StatedAnswer,
    number: int | None,
    votes: Counter[int],
    first: Sequence[int],
    problem: str,
    num: int,
) -> Score:
    if answer.is_fault:
        return Score(math.nan, fault="response", error=answer.problem)  # the rule's low end
    share = {"share": votes[number] / num if number is not None else 0.0}
    if problem:
        return Score.unscored(problem, fault="input", parts=share)
    if number is None:
        return Score(0.0, share, note=answer.problem)
    return Score(float(number in first), share, note=f"{votes[number]} of {num} agree")


class _Equality(NamedTuple):
    """How two answers compare: the parameters of `rules.math.equal`."""

    percent: math_rules.Percent
    units: math_rules.Units
    tolerance: float
    deadline_s: float


class _StatedAnswer(NamedTuple):
    """What a response answers; an empty `text` is no answer, and `problem` says why.

    `is_fault` marks an answer that was made impossible to judge.
    """

    text: str
    problem: str = ""
    is_fault: bool = False


def _stated_answers(
    responses: Sequence[str],
    finish_reasons: Sequence[str | None],
    *,
    extract: str,
    strict: bool,
    equality: _Equality,
) -> list[_StatedAnswer]:
    """The answer of each response; one that does not equal itself as a reference is none."""
    answers = []
    for response, reason in zip(responses, finish_reasons, strict=True):
        extraction = math_rules._extracted(response, extract, strict=strict, finish_reason=reason)  # type: ignore[arg-type]
        if isinstance(extraction, str):
            answers.append(_StatedAnswer("", extraction))
        elif extraction.problem:
            answers.append(_StatedAnswer("", f"{extraction.mark}: {extraction.problem}"))
        else:
            answers.append(_readable(extraction.text, equality))
    return answers


def _readable(text: str, equality: _Equality) -> _StatedAnswer:
    short = math_rules._shortened(text)
    verdict = _compared(text, text, equality)
    if verdict is None:
        return _StatedAnswer("", f"{short} cannot be read as a reference")
    if verdict.fault is not None:
        return _StatedAnswer("", f"{short}: {verdict.why}", is_fault=True)
    return _StatedAnswer(text) if verdict.value else _StatedAnswer("", f"{short}: {verdict.why}")


def _classes_of(texts: Sequence[str], equality: _Equality) -> dict[str, int]:
    """A number for each distinct text, equal for answers that are equal, directly or by a third.

    Texts are compared in sorted order, so that nothing depends on the order of the responses. A
    text whose comparison outran its deadline is compared with no further one.
    """
    names = sorted(set(texts))
    class_of = {text: number for number, text in enumerate(names)}
    is_slow: set[str] = set()
    for first, second in itertools.combinations(names, 2):
        if class_of[first] == class_of[second] or {first, second} & is_slow:
            continue
        if _are_equal(first, second, equality, is_slow.add):
            low, high = sorted((class_of[first], class_of[second]))
            class_of = {text: low if n == high else n for text, n in class_of.items()}
    return class_of


def _are_equal(
    first: str, second: str, equality: _Equality, note_slow: Callable[[str], None]
) -> bool:
    """Whether either is right where the other is the reference."""
    for answer, reference in ((first, second), (second, first)):
        verdict = _compared(answer, reference, equality)
        if verdict is not None and verdict.value == 1.0:
            return True
        if verdict is not None and verdict.fault is ScoreTimeout:
            note_slow(first)
            note_slow(second)
            return False
    return False


def _compared(
    answer: str, reference: str, equality: _Equality
) -> math_rules._EqualityVerdict | None:
    """The verdict of `rules.math.equal`; None where the second cannot be read as a reference.

    Raises: ScoringError with fault "system" where the machine could not compare.
    """
    policy = math_rules._policy(equality.percent, equality.units, equality.tolerance)
    judge = (
        math_rules._judged
        if len(answer) <= math_rules._MEMO_CHARS
        else math_rules._judged.__wrapped__
    )
    try:
        return judge(answer, "", (reference,), policy, equality.deadline_s)
    except DataError:
        return None
    except ScoringError as error:
        if error.fault == "system":
            raise
        return None


# --- lengths --------------------------------------------------------------------------------------


def shortest_correct(
    accuracy: Reward,
    *,
    unit: Unit = "tokens",
    tokenizer: str | None = None,
    at_least: float = 1.0,
) -> Reward:
    """1 for the shortest correct response of its group, less for longer ones, 0 for wrong ones.

    ``[correct] * L* / L`` with L* the length of the shortest correct response in the group, the
    "sample optimal length" of ShorterBetter (arXiv 2504.21370; there the distance ``L - L*`` is
    what costs). A response that `accuracy` could not score is left out.

    Raises: DataError without token ids or tokenizer where unit="tokens".

    >>> from plaudit import Group, load
    >>> right = load("rules.baseline.constant", value=1.0)
    >>> reward = load("rules.group.shortest_correct", accuracy=right, unit="chars")
    >>> [score.value for score in reward.score([Group("?", ["x" * 4, "x" * 8])])[0]]
    [1.0, 0.5]
    """
    return _Shaped(
        shortest_correct, accuracy, _shortest, {}, unit, tokenizer, at_least, among_rivals=True
    )


def adaptive_length(
    accuracy: Reward,
    *,
    beta: float,
    unit: Unit = "tokens",
    tokenizer: str | None = None,
    at_least: float = 1.0,
) -> Reward:
    """At most 1: correctness less a cost of length that grows with the group's pass rate; no floor.

    ``[correct] - beta max(p, 1 / K) L`` with p the share of correct responses among the K scored
    ones: every unit of an easy prompt costs `beta`, of a hard one a K-th. ALP, "Just Enough
    Thinking", arXiv 2506.05256 (its ``beta / N`` is one number here).

    Raises: DataError without token ids or tokenizer where unit="tokens".

    >>> from plaudit import Group, load
    >>> right = load("rules.baseline.constant", value=1.0)
    >>> reward = load("rules.group.adaptive_length", accuracy=right, beta=0.125, unit="chars")
    >>> [score.value for score in reward.score([Group("?", ["x" * 2, "x" * 4])])[0]]
    [0.75, 0.5]
    """
    if not beta >= 0:
        raise ConfigError(f"adaptive_length: beta={beta} must not be negative")
    return _Shaped(
        adaptive_length,
        accuracy,
        _adaptive,
        {"beta": beta},
        unit,
        tokenizer,
        at_least,
        among_rivals=True,
    )


def _shortest(outcomes: Sequence[_MeasuredResponse]) -> list[float | Score]:
    shortest = min((o.length for o in outcomes if o.correct), default=0)
    return [(shortest / o.length if o.length else 1.0) * o.correct for o in outcomes]


def _adaptive(outcomes: Sequence[_MeasuredResponse], *, beta: float) -> list[float | Score]:
    count = len(outcomes)
    rate = max(sum(o.correct for o in outcomes), 1) / count if count else 0.0
    return [o.correct - beta * rate * o.length for o in outcomes]
