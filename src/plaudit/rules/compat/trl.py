"""The rewards of TRL (huggingface/trl, trl/rewards), exploits included.

The hardened rules stand in `rules.format`, `rules.length` and `rules.repetition`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from plaudit.errors import ConfigError
from plaudit.rules.length import _soft_overlong
from plaudit.types import Range

__all__ = ["repetition_penalty", "soft_overlong_punishment", "think_format"]


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
    from plaudit.rules._ngrams import num_distinct, token_array

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


EXAMPLES = {
    "soft_overlong_punishment": {"params": {"max_completion_len": 200, "soft_punish_cache": 50}},
}
