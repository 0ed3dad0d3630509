"""The rewards of DAPO (arXiv 2503.14476) as its recipe in volcengine/verl runs them.

The accuracy reward of that recipe is `rules.compat.verl.math_dapo`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from plaudit.errors import ConfigError
from plaudit.rules.length import _soft_overlong
from plaudit.types import Range

__all__ = ["overlong_buffer", "soft_overlong_punishment"]


def soft_overlong_punishment(
    token_ids: Sequence[int], *, max_length: int = 20480, cache: int = 4096
) -> Annotated[float, Range(-1, 0)]:
    """0 up to ``max_length - cache`` tokens, then falling linearly to -1 at `max_length`.

    Equation 13 with the paper's numbers; -1 beyond. As `rules.length.soft_overlong` in tokens.

    >>> soft_overlong_punishment([1] * 18432)
    -0.5
    """
    return _soft_overlong(len(token_ids), max_length, cache)


def overlong_buffer(
    token_ids: Sequence[int],
    *,
    max_resp_len: int = 20480,
    overlong_buffer_len: int = 4096,
    penalty_factor: float = 1.0,
) -> Annotated[float, Range(-float("inf"), 0)]:
    """0 up to the buffer, then falling linearly without bound, past -penalty_factor at the limit.

    ``min(-(L - (max_resp_len - B)) / B * penalty_factor, 0)``: verl's DAPO reward manager adds it
    to the score (verl/workers/reward_manager/dapo.py). Hardened: `rules.length.overlong_buffer`.

    >>> overlong_buffer([1] * 200, max_resp_len=100, overlong_buffer_len=20)
    -6.0
    """
    if not 0 < overlong_buffer_len <= max_resp_len:
        raise ConfigError(
            f"needs 0 < overlong_buffer_len <= max_resp_len, found {overlong_buffer_len} and"
            f" {max_resp_len}"
        )
    exceed = len(token_ids) - (max_resp_len - overlong_buffer_len)
    return min(-exceed / overlong_buffer_len * penalty_factor, 0.0)
