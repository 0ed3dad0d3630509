"""Rewards that are their parameters: spelled as one would type them, pickled as what to load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.types import Comparer, Reward

__all__ = ["Spelled", "again"]


class Spelled:
    """A reward whose path and parameters spell and pickle it; a copy is loaded from them."""

    def __init__(self, path: str, params: Mapping[str, Any]) -> None:
        self.path = path
        self.params = dict(params)

    def __repr__(self) -> str:
        args = [repr(self.path), *(f"{k}={v!r}" for k, v in self.params.items())]
        return f"load({', '.join(args)})"

    def __reduce__(self):
        return (again, (self.path, self.params))


def again(path: str, params: Mapping[str, object]) -> Reward | Comparer:
    """The reward of those parameters: what a pickle holds."""
    from plaudit.registry import load

    return load(path, **params)
