"""Probabilities of a verdict's labels, read at the token of the verdict.

``P(A) = exp(l_A) / (exp(l_A) + exp(l_B))``, where l of a label is the logsumexp over its surface
forms ("A", " A", "[[A"). The mass is the labels' share of all probability.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from plaudit.engines.chat import Token

__all__ = ["Odds", "expected", "label_odds"]

_ROUNDING = 1e-9  # log-probs are rounded: the remainder is never exactly 0
_AROUND = re.compile(r"^[\s\[(*\"'`_:：▁Ġ]+|[\s\])*\"'`_.。,，]+$")


class Odds(NamedTuple):
    """How likely each label is, among the labels.

    `probabilities` sum to 1; `mass` in [0, 1] is their share among all tokens; `is_bounded` says
    that some label was not among the rivals listed, so that the least likely rival's probability,
    an upper bound, is used for it.
    """

    probabilities: Mapping[str, float]
    mass: float
    is_bounded: bool = False


def label_odds(
    tokens: Sequence[Token], labels: Sequence[str], *, verdict: str | None = None, tail: str = ""
) -> Odds | None:
    """The odds at the last token that says one of `labels` (or `verdict`), case aside.

    `tail` is the reply from its verdict on: the token where it begins is tried before any other
    ("[[A]] is a good answer" ends in an article, not in a label). A reply of one token is read
    there whatever it says: the labels' mass tells how far it was from a verdict. None where no
    token says a label. Ties of surface forms are joined by logsumexp. A label that is not among the
    rivals gets an upper bound: the least rival's probability, or what all rivals leave.

    >>> odds = label_odds([Token(" A", -0.5, {" A": -0.5, "A": -2.5, "B": -1.5})], ["A", "B"])
    >>> round(odds.probabilities["A"], 3), round(odds.mass, 3)
    (0.755, 0.912)
    """
    names = {label.casefold(): label for label in labels}
    names_here = set(names) if verdict is None else {verdict.casefold()}
    found_at = [_token_at(tokens, tail), *reversed(tokens)]
    candidates = (
        token for token in found_at if token is not None and _bare(token.text) in names_here
    )
    token = next(candidates, tokens[0] if len(tokens) == 1 else None)
    if token is None or not token.top:
        return None
    logprobs: dict[str, list[float]] = {label: [] for label in labels}
    for text, logprob in token.top.items():
        if (label := names.get(_bare(text))) is not None:
            logprobs[label].append(logprob)
    if not any(logprobs.values()):
        return Odds(dict.fromkeys(labels, math.nan), 0.0, True)
    rest = 1.0 - math.fsum(math.exp(p) for p in token.top.values())
    least = min(*token.top.values(), math.log(max(rest, _ROUNDING)))
    joined = {label: _logsumexp(own) if own else least for label, own in logprobs.items()}
    mass = math.fsum(math.exp(p) for own in logprobs.values() for p in own)
    total = _logsumexp(joined.values())
    probabilities = {label: math.exp(p - total) for label, p in joined.items()}
    return Odds(probabilities, min(mass, 1.0), not all(logprobs.values()))


def expected(odds: Odds) -> float:
    """``E[s] = sum k p(k)`` over labels that are numbers (G-Eval, Liu et al. 2023, eq. 1).

    >>> expected(Odds({"1": 0.25, "5": 0.75}, 1.0))
    4.0
    """
    return math.fsum(float(label) * p for label, p in odds.probabilities.items())


def _token_at(tokens: Sequence[Token], tail: str) -> Token | None:
    """The token in which the last occurrence of `tail` begins."""
    texts = [token.text for token in tokens]
    left = "".join(texts).rfind(tail) if tail else -1
    for token in tokens if left >= 0 else ():
        left -= len(token.text)
        if left < 0:
            return token
    return None


def _bare(text: str) -> str:
    """A token's text without spaces and signs around a label."""
    return _AROUND.sub("", text).casefold()


def _logsumexp(values: Iterable[float]) -> float:
    terms = list(values)
    top = max(terms)
    return top + math.log(math.fsum(math.exp(value - top) for value in terms))
