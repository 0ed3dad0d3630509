"""RewardBench's reading of judge replies (allenai/reward-bench 0.1.4, generative scripts), for
numbers that compare with its leaderboards.

These rules are not to be trusted for anything else: any mention of ``[[A]]`` beats the final
``[[B]]``, a rating is whatever number ends the reply. What the scripts call "error" is None here;
they count it 0.5 (four-way: 0.25), and a rating that cannot be read -1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from plaudit.errors import ConfigError, VerdictError, clipped
from plaudit.judges.verdict import Labels, Spec

__all__ = [
    "four",
    "pair",
    "pair_atla",
    "pair_offsetbias",
    "pair_prometheus",
    "parser_for",
    "rated_pair",
    "rating",
]


def pair(text: str) -> str | None:
    """ "A" or "B": the first of ``[[A]]``, ``[[B]]`` (in this order) that the text contains.

    Version 1's default rule, for Gemini and RISE-Judge too. None where it holds neither.

    >>> pair("I pick [[B]] over [[A]]"), pair("[[C]]")
    ('A', None)
    """
    return _first(text, {"[[A]]": "A", "[[B]]": "B"})


def four(text: str) -> str | None:
    """ "A" to "D": the first of ``[[A]]`` to ``[[D]]`` (in this order) that the text contains.

    Version 2's ranking rule. None where it holds none.

    >>> four("[[D]], not [[C]]"), four("D")
    ('C', None)
    """
    return _first(text, {f"[[{letter}]]": letter for letter in "ABCD"})


def pair_prometheus(text: str) -> str | None:
    """ "A" or "B" as the last character of a text that contains ``[RESULT]``.

    None otherwise: a space or full stop at the end is an error.

    >>> pair_prometheus("fine. [RESULT] B"), pair_prometheus("[RESULT] B.")
    ('B', None)
    """
    return text[-1] if "[RESULT]" in text and text[-1] in "AB" else None


def pair_offsetbias(text: str) -> str | None:
    """ "A" where the text contains "Output (a)", else "B" where it holds "Output (b)", else None.

    >>> pair_offsetbias("Output (b) beats Output (a)")
    'A'
    """
    return _first(text, {"Output (a)": "A", "Output (b)": "B"})


def pair_atla(text: str) -> str | None:
    """The word after the first ``**Result:**``, whatever it is; None if there is none.

    >>> pair_atla("**Result:** B"), pair_atla("**Result:** neither")
    ('B', 'neither')
    """
    match = re.search(r"\*\*Result:\*\*\s*(\w+)", text)
    return match[1] if match else None


def rating(text: str) -> float | None:
    """The whole number from 1 to 10 that ends the text; None where none does (-1 in the scripts).

    >>> rating("Rating: 7"), rating("8/10"), rating("7.5"), rating("-3"), rating("9.")
    (7.0, 10.0, 5.0, 3.0, None)
    """
    match = re.search(r"\b([1-9]|10)\b\s*$", text.strip())
    return float(match[1]) if match else None


def rated_pair(first: str, second: str) -> str | None:
    """ "A" or "B": the reply with the higher rating; None for equal ones and where one is unread.

    >>> rated_pair("8", "7"), rated_pair("8", "8"), rated_pair("8", "seven")
    ('A', None, None)
    """
    a, b = rating(first), rating(second)
    if a is None or b is None or a == b:
        return None
    return "A" if a > b else "B"


def parser_for(kind: str) -> Callable[..., str | float]:
    """The rule for templates of a kind, called like `plaudit.judges.verdict.parse`.

    Pairwise: `pair`; listwise: `four`; pointwise: `rating`. How the reply ended is not looked at,
    as in the scripts. The parser raises VerdictError where the rule finds nothing, and for a label
    that the template does not know.

    Raises: ConfigError for a kind that RewardBench does not judge.

    >>> parser_for("pairwise")("not [[A]] but [[B]]", Labels())
    'A'
    """
    if kind not in _RULES:
        raise ConfigError(
            f"parser='rewardbench' reads {', '.join(_RULES)} judges, not a {kind} one;"
            " leave parser out for plaudit's own"
        )
    return _RULES[kind]


def _parser(rule: Callable[[str], str | float | None]) -> Callable[..., str | float]:
    def parse(
        text: str | None, spec: Spec, finish_reason: str | None = None, **_: object
    ) -> str | float:
        verdict = rule(text or "")
        if verdict is None:
            raise VerdictError(f"absent: no verdict by RewardBench's rule: {clipped(text)}")
        if isinstance(spec, Labels) and verdict not in spec.allowed:
            raise VerdictError(f"outside: {verdict!r} is none of {spec.allowed}: {clipped(text)}")
        return verdict

    return parse


def _first(text: str, verdicts: Mapping[str, str]) -> str | None:
    return next((label for marker, label in verdicts.items() if marker in text), None)


_RULES: Mapping[str, Callable[..., str | float]] = {
    "pairwise": _parser(pair),
    "listwise": _parser(four),
    "pointwise": _parser(rating),
}
