r"""What runs inside the killable workers of `rules.math`: math-verify, without its alarms.

What math-verify calls equal is evaluated again: it rounds to six decimals, drops what it does
not know, and simplifies without regard to signs. Where both sides are expressions that have values
at two points, the values must agree to twelve digits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["prepared"]

_FIRST = ((r"\sum_{k=1}^{3} k", "6"), (r"x^2 > 4", r"(-\infty,-2) \cup (2,\infty)"))
_FORMS = ("\\boxed{{{}}}", "${}$")
_DIGITS = 30
_AGREEMENT = 12
_POINTS = ((13, 7), (-29, 11))  # where symbols are evaluated, as numerator and denominator


def prepared(_: object) -> Callable[[tuple[str, str]], bool | str | None]:
    """The function that judges (answer, reference); what the first job loads is off the clock."""
    import math_verify

    logging.getLogger(math_verify.__name__).setLevel(logging.CRITICAL)
    for answer, reference in _FIRST:
        _judge((answer, reference))
    return _judge


def _judge(job: tuple[str, str]) -> bool | str | None:
    """Whether math-verify takes the answer for the reference; None where it reads no reference.

    A text says why its result does not count. The parent keeps the deadline, so math-verify's own
    timeouts are off.
    """
    from math_verify import verify

    answer, reference = job
    golds = [gold for form in _FORMS if (gold := _parsed(form.format(reference)))]
    if not golds:
        return None
    targets = [target for form in _FORMS if (target := _parsed(form.format(answer)))]
    if not targets or not verify(
        golds[0], targets[0], allow_set_relation_comp=True, timeout_seconds=None
    ):
        return False
    return _differing(golds[0], targets[0]) or True


def _parsed(text: str) -> list[Any]:
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    configs = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    return parse(text, configs, fallback_mode="no_fallback", parsing_timeout=0)


def _differing(golds: list[Any], targets: list[Any]) -> str | None:
    """How the values differ at two points; None if they agree or cannot be computed."""
    from sympy import Expr

    gold, target = (next((x for x in xs if isinstance(x, Expr)), None) for xs in (golds, targets))
    if gold is None or target is None:
        return None
    for x, y, point in _values(gold, target):
        if abs(x - y) > 10.0**-_AGREEMENT * max(abs(x), abs(y)):
            return f"math-verify calls them equal, but they differ{point}: {y:.6g} and {x:.6g}"
    return None


def _values(gold: Any, target: Any) -> Iterator[tuple[Any, Any, str]]:
    """The values of both at the points where both have one."""
    from sympy import Rational

    names = sorted(gold.free_symbols | target.free_symbols, key=str)
    for above, below in _POINTS if names else _POINTS[:1]:
        at = {name: Rational(above + 3 * k, below) for k, name in enumerate(names)}
        values = [_number(expression, at) for expression in (gold, target)]
        if None not in values:
            yield values[0], values[1], f" at {at}" if at else ""


def _number(expression: Any, at: dict[Any, Any]) -> Any | None:
    """The value to thirty digits, None if there is none."""
    try:
        value = expression.evalf(_DIGITS, subs=at)
    except Exception:  # sympy raises whatever it likes
        return None
    is_finite = getattr(value, "is_number", False) and value.is_finite
    return value if is_finite else None
