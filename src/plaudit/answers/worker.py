r"""What runs inside the killable workers of `rules.math`: math-verify, without its alarms."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

__all__ = ["prepared"]

_FORMS = ("\\boxed{{{}}}", "${}$")


def prepared(_: Any) -> Callable[[tuple[str, str]], bool | None]:
    """The function that judges (answer, reference); math-verify is imported off the clock."""
    import math_verify

    logging.getLogger(math_verify.__name__).setLevel(logging.CRITICAL)
    return _judge


def _judge(job: tuple[str, str]) -> bool | None:
    """Whether math-verify takes the answer for the reference; None where it reads no reference.

    The parent keeps the deadline, so math-verify's own timeouts are off.
    """
    from math_verify import verify

    answer, reference = job
    golds = [gold for form in _FORMS if (gold := _parsed(form.format(reference)))]
    if not golds:
        return None
    targets = [target for form in _FORMS if (target := _parsed(form.format(answer)))]
    return bool(targets) and verify(
        golds[0], targets[0], allow_set_relation_comp=True, timeout_seconds=None
    )


def _parsed(text: str) -> list[Any]:
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    configs = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    return parse(text, configs, fallback_mode="no_fallback", parsing_timeout=0)
