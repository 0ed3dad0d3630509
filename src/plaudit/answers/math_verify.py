"""math-verify, called as each original calls it, in worker processes killed at a deadline.

The originals call it in their own process, with alarms that work only in the main thread (and one
hostile line blocks the others for seconds, or forever). The whole response is parsed, as in the
originals.
"""

from __future__ import annotations

import functools
import importlib.util
import logging
import os
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from plaudit.errors import MissingExtra, ScoreTimeout, ScoringError, clipped
from plaudit.workers import Pool

__all__ = ["Style", "certain", "judged", "prepared"]

Style = Literal["trl", "open_r1", "open_r1_shaped", "ms_swift", "ms_swift_tag", "verl"]

_DEADLINE_S = 10.0
_WORKER_MEMORY_MB = 4096


def judged(style: Style, response: str, reference: object) -> bool | None:
    """Whether math-verify accepts the response; None if it cannot read the reference.

    Raises: ScoringError (input) for a reference that is not text, (response) if the response kills
    its worker, ScoreTimeout, MissingExtra without math-verify.
    """
    if not isinstance(reference, str):
        reference_text = clipped(reference)
        raise ScoringError(f"the reference must be text, found {reference_text}", fault="input")
    if importlib.util.find_spec("math_verify") is None:
        raise MissingExtra.of("accuracy rewards", package="math_verify", extra="math")
    outcome = _pool().call((style, response, reference))
    if outcome.status == "ok":
        return outcome.value
    if outcome.status == "stalled":
        raise ScoringError("the machine was too busy to judge within the deadline", fault="system")
    if outcome.status == "timeout":
        raise ScoreTimeout(f"undecided after {_DEADLINE_S:g} s")
    raise ScoringError(f"math-verify {outcome.status}: {outcome.error}", fault="response")


def certain(style: Style, response: str, reference: object) -> float:
    """As `judged`, 1 or 0. Raises ScoringError (input) if the original skips the row."""
    verdict = judged(style, response, reference)
    if verdict is None:
        raise ScoringError(
            f"math-verify cannot read the reference {clipped(reference)}", fault="input"
        )
    return float(verdict)


@functools.cache
def _pool() -> Pool:
    return Pool(
        f"{__name__}:prepared",
        setup=True,
        size=max(2, min(8, os.cpu_count() or 2)),
        deadline_s=_DEADLINE_S,
        memory_mb=_WORKER_MEMORY_MB,
    )


# --- in the worker --------------------------------------------------------------------------------


class _MathVerifyCall(NamedTuple):
    """What an original passes to `parse`, and the order in which it passes to `verify`."""

    gold: dict[str, Any]
    answer: dict[str, Any]
    is_gold_first: bool = True


def prepared(_: object) -> Callable[[tuple[Style, str, str]], bool | None]:
    """The function that judges (style, response, reference); math-verify is imported beforehand."""
    _calls()
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    return _judge


def _judge(job: tuple[Style, str, str]) -> bool | None:
    from math_verify import parse, verify

    style, response, reference = job
    call = _calls()[style]
    gold = _gold(style, reference)
    if not gold:
        return None
    answer = parse(response, parsing_timeout=None, **call.answer)  # type: ignore[arg-type]
    pair = (gold, answer) if call.is_gold_first else (answer, gold)
    return verify(*pair, timeout_seconds=None)


@functools.lru_cache(maxsize=1024)
def _gold(style: Style, reference: str) -> list[Any]:
    from math_verify import parse

    return parse(reference, parsing_timeout=None, **_calls()[style].gold)  # type: ignore[arg-type]


@functools.cache
def _calls() -> dict[Style, _MathVerifyCall]:
    from math_verify import ExprExtractionConfig, LatexExtractionConfig

    first = {"extraction_mode": "first_match"}
    latex = {"extraction_config": [LatexExtractionConfig()]}
    both = {"extraction_config": [ExprExtractionConfig(), LatexExtractionConfig()]}
    units = {"units": True}
    strict = {"nits": False, "malformed_operators": False, "basic_latex": True, **units}
    strict_first = first | _boxed_first({**strict, "boxed": True})
    return {
        "trl": _MathVerifyCall({}, first | _boxed_first(units)),
        "open_r1": _MathVerifyCall(first, first | _boxed_first({**strict, "boxed": "all"})),
        "open_r1_shaped": _MathVerifyCall(first | latex, strict_first, is_gold_first=False),
        "ms_swift": _MathVerifyCall(first, strict_first),
        "ms_swift_tag": _MathVerifyCall(first, first),
        "verl": _MathVerifyCall(latex, both),
    }


def _boxed_first(normalization: dict[str, Any]) -> dict[str, Any]:
    from latex2sympy2_extended import NormalizationConfig
    from math_verify import LatexExtractionConfig

    config = LatexExtractionConfig(
        normalization_config=NormalizationConfig(**normalization),
        boxed_match_priority=0,
        try_extract_without_anchor=False,
    )
    return {"extraction_config": [config]}
