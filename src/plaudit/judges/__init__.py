"""Language models that judge: what they are asked, how their verdicts are read, what they come to.

One kind of judge a file: `pairwise`, `pointwise`, `listwise`, `verifier`, `reference`, `rubric`.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Backend"]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name != "Backend":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from plaudit.judges._backend import Backend

    return Backend
