"""Language models as judges: their prompts, how verdicts are read, and how scores are made.

One kind of judge per file: `pairwise`, `pointwise`, `listwise`, `verifier`, `reference`, `rubric`.
"""

from __future__ import annotations

__all__ = ["Backend"]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    if name != "Backend":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from plaudit.judges._backend import Backend

    return Backend
