"""Rewards that a network computes, one architecture a file; `auto` finds the right one."""

from __future__ import annotations

__all__ = ["Options"]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    if name != "Options":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from plaudit.engines.load import Options

    return Options
