"""Whether the final answer of a solution is the reference answer."""

from __future__ import annotations

import functools
import importlib.util
import itertools
import os
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, NamedTuple

from plaudit.answers import extract as _extract
from plaudit.answers.equation import is_false, loses_its_left_side, operates_on_several
from plaudit.answers.extract import EXTRACTS, Extract
from plaudit.answers.latex_equal import (
    LatexAnswer,
    Percent,
    Units,
    answer_of,
    is_mathematical,
    list_of,
    other_units,
    same,
)
from plaudit.answers.latex_read import Oversized
from plaudit.answers.latex_token import bare, is_word, tokens_of
from plaudit.answers.reference import reference_of
from plaudit.answers.several import References, check_references, several
from plaudit.errors import (
    ConfigError,
    DataError,
    MissingExtra,
    ScoreTimeout,
    ScoringError,
    clipped,
    did_you_mean,
)
from plaudit.text import think
from plaudit.types import Range, Score
from plaudit.workers import JobOutcome, Pool

__all__ = ["equal"]

EXAMPLES = {"equal": {"columns": {"reference": "42"}}}
CHECKS = {"equal": {"reference": check_references}}  # what loaders may check in a column

_MEMO = 16_384
_MEMO_CHARS = 2000
_SENTENCE = re.compile(r"(?<![\\A-Za-z])(?:is|are|the)(?![A-Za-z])")
_POOL = Pool(  # starts no process before its first job
    "plaudit.answers.worker:prepared",
    setup=True,
    size=max(2, min(8, os.cpu_count() or 2)),
    memory_mb=4096,
    forks=True,
    blamed_s=1.0,  # an honest comparison takes some hundredths of a second
)


def equal(
    response: str,
    reference: str | Sequence[str],
    finish_reason: str | None = None,
    *,
    extract: Extract = "auto",
    strict: bool = False,
    percent: Percent = "value",
    units: Units = "ignore_missing",
    tolerance: float = 0.0,
    references: References | None = None,
    deadline_s: float = 5.0,
) -> Annotated[float | Score, Range(0, 1)]:
    r"""1 if the final answer of the response is the reference answer, else 0.

    The answer is read after the think block; a block that is never closed has no answer. `extract`
    says by which mark:

    - "boxed": the last complete ``\boxed``, with any that form one answer with it; "answer_tag":
      the last ``<answer>..</answer>`` (a box or phrase inside it counts); "gsm8k": the line after
      the last ``####``; "minerva": after the last "final answer is"; "last_number": the last
      quantity of the closing sentence, whatever else it holds;
    - "auto": the later of box, answer tag and Minerva's sentence, else a line after ``####``, else
      the sentence or line after "answer is" / "Answer:" / "A:" / a heading "Answer" / 答案 / 答： /
      所以选, else (not with `strict`) the one quantity of the closing sentence.

    The text after a mark is read as a whole or not at all (docs: "How an answer is read"): an
    expression, equation, list or interval, or a sentence with one quantity and its unit. Words that
    change a value are read where they are understood ("minus", "square root of", "two thirds", 负,
    的平方根); other functions, comparisons, hedges and denials make the answer unreadable: 0, with
    a note that says why. "42!" may be 42 or its factorial.

    The reference is raw, ``$..$``, ``\boxed{..}``, or a solution that contains ``\boxed`` or
    ``####``. Three layers decide, each only what the previous one left open: equal tokens after
    harmless spelling is removed (``\dfrac``, ``\left``, spaces, ``10,000``); an exact reader, which
    proves equality and difference with fractions, enclosures of irrational numbers and values at
    rational points; math-verify, in a worker process that is killed at `deadline_s`.

    A row may have a column `references` instead: a list, of which any one is right. A list under
    `reference` needs the parameter `references`: "any", or "all", where the answer must be the list
    of all of them, in any order.

    What counts as equal: the value. 0.5 is 1/2, and 0.33 is not 1/3: decimals are exact, nothing is
    rounded, unless `tolerance` allows a difference relative to the reference where one side is
    written as a decimal (3.14 against ``\pi`` with 1e-2). The sign counts. 50% is 1/2, not 50
    (``percent="unit"``: 50% is 50). Units count with their scale: 1 km is 1000 m and not 1 m, $5 is
    500 cents and not EUR 5. A unit that one side leaves out is ignored, unless ``units="require"``;
    words that count things (42 clips) are not units. (1,2) is ordered; 1,2 and {1,2} are not.
    ``x = 5`` is 5; of ``a = b = 5`` the last side counts. A numeral without a base is read in the
    base that the reference states. Words and sequences are not products: cat is not act.

    math-verify (huggingface/Math-Verify) rounds to six decimals and drops percent signs; if both
    sides are numbers the exact layer decides, so 1/2004! is not 1/2006!.

    Edge cases: no answer found, an empty response: 0 with a note. An answer that is longer than 10
    000 characters, nests deeper than 60 levels, or outruns its deadline is the response's fault. Of
    a truncated response (`finish_reason` "length"), a sentence that ends inside the
    answer is not read.

    Raises: ScoringError for a reference that cannot be read (fault "input"), ScoreTimeout,
    MissingExtra if only math-verify could decide and it is not installed.

    >>> equal(r"... so it is $\boxed{\frac{1}{2}}$.", "0.5").value
    1.0
    >>> equal("The answer is 26.", "#### 18").note
    'extracted 26 (answer is) against 18: different'
    """
    policy = _policy(percent, units, tolerance)
    accepted, gold_text = _accepted(reference, references)
    extraction = _extracted(response, extract, strict=strict, finish_reason=finish_reason)
    if isinstance(extraction, str):
        return Score(0.0, note=extraction)
    answer = _shortened(extraction.text or extraction.raw)
    comparison = f"extracted {answer} ({extraction.mark}) against {gold_text}"
    if extraction.raw != extraction.text and any(
        _is_same_text(extraction.raw, golds) for golds in accepted
    ):
        return Score(1.0, note=f"{comparison}: equal")
    if extraction.problem:
        return Score(0.0, note=f"{comparison}: {extraction.problem}")
    verdict = _verdict(extraction, accepted, policy, deadline_s)
    if verdict.fault is not None:
        raise verdict.fault(f"{comparison}: {verdict.why}", "response")
    return Score(verdict.value, note=f"{comparison}: {verdict.why}")


def _shortened(text: str) -> str:
    """An answer shortened for a note."""
    return text if len(text) <= 60 else text[:57] + "..."


def _is_same_text(answer: str, references: tuple[str, ...]) -> bool:
    """Whether the whole text after a mark is the single reference, token by token."""
    if len(references) != 1:
        return False
    gold = reference_of(references[0])
    if gold.numeral is not None or not answer or len(answer) > 2 * len(gold.text) + 40:
        return False
    if "\n" not in answer and _SENTENCE.search(answer) and not any(map(is_word, gold.tokens)):
        return False
    return tuple(tokens_of(bare(answer))) == gold.tokens


class _EqualityVerdict(NamedTuple):
    value: float
    why: str
    fault: type[ScoringError] | None = None


_EQUAL, _DIFFERENT = _EqualityVerdict(1.0, "equal"), _EqualityVerdict(0.0, "different")


class _EqualityPolicy(NamedTuple):
    """The options for what counts as equal."""

    percent: Percent
    units: Units
    tolerance: float


@functools.lru_cache(maxsize=64)
def _policy(percent: Percent, units: Units, tolerance: float) -> _EqualityPolicy:
    """The chosen policy. Raises ConfigError for unknown values."""
    for name, value, choices in (
        ("percent", percent, ("value", "unit")),
        ("units", units, ("ignore_missing", "require")),
    ):
        if value not in choices:
            hint = did_you_mean(str(value), choices)
            raise ConfigError(f"{name}={value!r} is not one of {', '.join(choices)}{hint}")
    if isinstance(tolerance, str) or not 0 <= tolerance < 1:
        raise ConfigError(f"tolerance={tolerance!r} must be at least 0 and below 1, as in 1e-2")
    return _EqualityPolicy(percent, units, tolerance)


def _accepted(
    reference: str | Sequence[str], how: References | None
) -> tuple[Sequence[tuple[str, ...]], str]:
    """The acceptable references, each a text or a list of texts, and their form for the note."""
    if type(reference) is str and how is None:  # by far the most common case
        return _single(reference)
    try:
        alternatives = several(reference, how)
        gold_texts = [
            ", ".join(_shortened(reference_of(text).text) for text in texts)
            for texts in alternatives
        ]
    except DataError as error:
        raise ScoringError(str(error), fault="input") from None
    return alternatives, " | ".join(gold_texts)


@functools.lru_cache(maxsize=8192)
def _single(reference: str) -> tuple[Sequence[tuple[str, ...]], str]:
    try:
        return ((reference,),), _shortened(reference_of(reference).text)
    except DataError as error:
        raise ScoringError(str(error), fault="input") from None


def _verdict(
    extraction: _extract.Extracted,
    accepted: Sequence[tuple[str, ...]],
    policy: _EqualityPolicy,
    deadline_s: float,
) -> _EqualityVerdict:
    """The best verdict on the extracted answer against the acceptable references."""
    judge = _judged if len(extraction.text) <= _MEMO_CHARS else _judged.__wrapped__
    if len(accepted) == 1:
        return judge(extraction.text, extraction.factorial, accepted[0], policy, deadline_s)
    return _best(
        judge(extraction.text, extraction.factorial, golds, policy, deadline_s)
        for golds in accepted
    )


def _best(verdicts: Iterable[_EqualityVerdict]) -> _EqualityVerdict:
    """The first verdict that accepts, else the first without a fault, else the first."""
    rejections: list[_EqualityVerdict] = []
    for verdict in verdicts:
        if verdict.value == 1.0:
            return verdict
        rejections.append(verdict)
    return next((verdict for verdict in rejections if verdict.fault is None), rejections[0])


def _extracted(
    response: str, how: Extract, *, strict: bool, finish_reason: str | None
) -> _extract.Extracted | str:
    """The extracted answer, or why there is none."""
    thought = think.split(response)
    if thought.status == "unclosed":
        return "the think block never closes, so there is no answer"
    try:
        extraction = _extract.extract(
            thought.answer, how, strict=strict, finish_reason=finish_reason
        )
    except KeyError:
        raise ConfigError(
            f"extract={how!r} is not one of {', '.join(EXTRACTS)}{did_you_mean(str(how), EXTRACTS)}"
        ) from None
    if extraction is None:
        return f"no answer found (extract: {how})"
    if not extraction.problem and not extraction.text.strip(" \t\r\n_.$\"'"):
        return f"an empty answer ({extraction.mark})"
    return extraction


@functools.lru_cache(maxsize=_MEMO)
def _judged(
    answer: str,
    factorial: str,
    references: tuple[str, ...],
    policy: _EqualityPolicy,
    deadline_s: float,
) -> _EqualityVerdict:
    """The verdict on one distinct answer; its other reading counts only if proved equal.

    Several references are one list.
    """
    try:
        stated, golds = answer_of(answer), [reference_of(reference) for reference in references]
        gold = list_of(golds)
        verdict = same(stated, gold, *policy)
        if verdict is not True and factorial:
            verdict = same(answer_of(factorial), gold, *policy) or verdict
    except Oversized as error:
        return _EqualityVerdict(0.0, f"{error}, which cannot be judged", ScoringError)
    if verdict is True and loses_its_left_side(stated.node, gold.node):
        return _EqualityVerdict(0.0, "an equation whose left side is more than a name")
    if verdict is True and is_false(stated.node):
        return _EqualityVerdict(0.0, "an equation between different numbers")
    if verdict is not None:
        return _EQUAL if verdict else _unequal(stated, gold)
    if operates_on_several(stated.node, stated.text):
        return _EqualityVerdict(0.0, "an operation on several values")
    if not is_mathematical(stated):
        return _EqualityVerdict(0.0, "different: the answer is not mathematics that could be read")
    return _ask_math_verify(stated, gold, deadline_s)


def _unequal(stated: LatexAnswer, gold: LatexAnswer) -> _EqualityVerdict:
    """The verdict "different", naming the units if they are the reason."""
    units = other_units(stated, gold)
    return _DIFFERENT if units is None else _EqualityVerdict(0.0, f"{units}: different")


def _ask_math_verify(stated: LatexAnswer, gold: LatexAnswer, deadline_s: float) -> _EqualityVerdict:
    """The verdict of math-verify, from a worker that is killed at the deadline."""
    answer, reference = stated.text, gold.text
    if not is_mathematical(gold):
        raise ScoringError(f"cannot read the reference {clipped(reference)}", fault="input")
    if lost := sorted(_lost(stated) ^ _lost(gold)):
        return _EqualityVerdict(0.0, f"different: {lost[0]!r} is on one side only")
    if importlib.util.find_spec("math_verify") is None:
        raise MissingExtra.of(
            f"answers like {clipped(answer, limit=40)}", package="math_verify", extra="math"
        )
    outcome = _POOL.call((answer, reference), deadline_s=deadline_s)
    if outcome.status == "ok":
        return _answered(outcome, reference)
    if outcome.status == "stalled":
        raise ScoringError("the machine was too busy to judge within the deadline", fault="system")
    if outcome.status == "timeout":
        return _EqualityVerdict(0.0, f"undecided after {deadline_s:g} s", ScoreTimeout)
    return _EqualityVerdict(0.0, f"math-verify {outcome.status}", ScoringError)


def _lost(answer: LatexAnswer) -> frozenset[str]:
    """Meaningful parts that math-verify drops: ellipses of lists, and minutes of arc (60')."""
    tokens = answer.tokens
    minutes = any(b == "'" and a[0].isdecimal() for a, b in itertools.pairwise(tokens))
    has_ellipsis = "\\ldots" in tokens or "..." in answer.text
    return frozenset(("...",) * has_ellipsis + ("'",) * minutes)


def _answered(outcome: JobOutcome, reference: str) -> _EqualityVerdict:
    if outcome.value is None:
        raise ScoringError(f"math-verify cannot read the reference {reference!r}", fault="input")
    if isinstance(outcome.value, str):
        return _EqualityVerdict(0.0, f"different: {outcome.value}")
    return _EQUAL if outcome.value else _DIFFERENT
