"""The rewards of TRL (huggingface/trl, trl/rewards), exploits included.

The hardened rules are in `rules.math`, `rules.format`, `rules.length` and `rules.repetition`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from plaudit.answers.math_verify import certain
from plaudit.errors import ConfigError
from plaudit.rule import lift
from plaudit.rules.length import _soft_overlong, cosine
from plaudit.types import Range, Reward

__all__ = [
    "accuracy",
    "cosine_scaled",
    "reasoning_accuracy",
    "repetition_penalty",
    "soft_overlong_punishment",
    "think_format",
]

_CONSTANT = {"use": "rules.baseline.constant", "value": 1.0}
EXAMPLES = {
    "cosine_scaled": {"params": {"accuracy": _CONSTANT, "max_len": 200}},
    "soft_overlong_punishment": {"params": {"max_completion_len": 200, "soft_punish_cache": 50}},
}


def accuracy(response: str, reference: str) -> Annotated[float, Range(0, 1)]:
    r"""1 if math-verify takes the response's LaTeX for the reference, else 0.

    The last box goes before other LaTeX, boxes close together are read as one set, and an answer
    without LaTeX does not count. A raw reference such as ``\frac{1}{3}`` is read, some (words, bare
    tuples) are not, and math-verify's rounding accepts 1/2004! for 1/2006!. Hardened:
    `rules.math.equal`.

    Raises: ScoringError (input) where TRL skips a row because it cannot read the reference,
    ScoreTimeout.

    >>> accuracy(r"so \boxed{\frac{1}{2}}", "0.5"), accuracy("so 0.5", "0.5")
    (1.0, 0.0)
    """
    return certain("trl", response, reference)


def reasoning_accuracy(
    response: str, reference: str, *, reasoning_delimiters: Sequence[str] = ("</think>",)
) -> Annotated[float, Range(0, 1)]:
    r"""`accuracy` of what follows the last delimiter; 0 if there is none.

    Of several delimiters the first one listed that occurs decides.

    Raises: as `accuracy`.

    >>> reasoning_accuracy(r"\boxed{2}? </think> \boxed{3}", "3")
    1.0
    """
    delimiter = next((mark for mark in reasoning_delimiters if mark in response), None)
    if delimiter is None:
        return 0.0
    return accuracy(response.rpartition(delimiter)[2], reference)


def cosine_scaled(
    accuracy: Reward | None = None,
    *,
    max_len: int,
    min_value_wrong: float = -1.0,
    max_value_wrong: float = -0.5,
    min_value_correct: float = 0.5,
    max_value_correct: float = 1.0,
) -> Reward:
    """A short correct response earns more than a long one, a short wrong one less; in tokens.

    ``v + (w - v) (1 + cos(pi min(L / max_len, 1))) / 2`` from w at length 0 to v at `max_len`:
    correct from `max_value_correct` to `min_value_correct`, wrong from `min_value_wrong` to
    `max_value_wrong`. This is `rules.length.cosine`; `accuracy` is by default TRL's.

    >>> from plaudit import Group, Response, load
    >>> params = {"accuracy": load("rules.baseline.constant", value=1.0), "max_len": 100}
    >>> group = Group("?", [Response("", token_ids=(1,) * 50)])
    >>> load("rules.compat.trl.cosine_scaled", **params).score([group])[0][0].value
    0.75
    """
    return cosine(
        accuracy if accuracy is not None else lift(_ACCURACY, path="rules.compat.trl.accuracy"),
        max_length=max_len,
        correct=(max_value_correct, min_value_correct),
        wrong=(min_value_wrong, max_value_wrong),
    )


_ACCURACY = accuracy


def think_format(response: str) -> Annotated[float, Range(0, 1)]:
    """1 if the response starts with its only ``<think>`` and closes it, else 0.

    The pattern ``^<think>(?!.*<think>)(.*?)</think>.*$`` over any characters: an empty block, three
    closing tags and a missing answer pass; white space before the tag does not, nor does any
    response whose template wrote the tag. Hardened: `rules.format.think`.

    >>> think_format("<think></think>"), think_format("2 + 2</think>4")
    (1.0, 0.0)
    """
    tag = "<think>"
    if not response.startswith(tag) or response.find("</think>", len(tag)) < 0:
        return 0.0
    return float(response.find(tag, len(tag)) < 0)


def repetition_penalty(
    token_ids: Sequence[int], *, ngram_size: int = 3, max_penalty: float = -1.0
) -> Annotated[float, Range("max_penalty", 0)]:
    """From `max_penalty` (one n-gram repeated) to 0 (no n-gram twice, or too few tokens).

    ``(1 - different / all n-grams) * max_penalty`` over token ids; arXiv 2502.03373, appendix C.2.

    >>> repetition_penalty([5, 5, 5, 5, 5], ngram_size=2)
    -0.75
    """
    from plaudit.text.ngrams import num_distinct, token_array

    if max_penalty > 0:
        raise ConfigError(f"max_penalty={max_penalty} must not be positive")
    if len(token_ids) < ngram_size:
        return 0.0
    different, total = num_distinct(token_array(token_ids), ngram_size)
    return (1 - different / total) * max_penalty if different < total else 0.0


def soft_overlong_punishment(
    token_ids: Sequence[int], *, max_completion_len: int, soft_punish_cache: int
) -> Annotated[float, Range(-1, 0)]:
    """0 up to ``max_completion_len - soft_punish_cache`` tokens, then falling in a line to -1.

    DAPO, arXiv 2503.14476, equation 13; -1 beyond `max_completion_len`. With a cache of 0 a plain
    limit.

    >>> soft_overlong_punishment([1] * 90, max_completion_len=100, soft_punish_cache=20)
    -0.5
    """
    return _soft_overlong(len(token_ids), max_completion_len, soft_punish_cache)
