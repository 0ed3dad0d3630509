"""Causal language models as rewards: which rows of a response are read."""

from __future__ import annotations

from collections.abc import Sequence

from plaudit.engines.plan import Item
from plaudit.models._text import Encoded

__all__ = ["item_of", "scored_positions"]


def scored_positions(encoded: Encoded) -> Sequence[int]:
    """The positions whose next ids are the response: from the id before it to the last but one."""
    return range(max(encoded.start - 1, 0), len(encoded.ids) - 1)


def item_of(encoded: Encoded) -> Item:
    """The item that asks for a response's log-probs."""
    return Item(encoded.ids, tuple(scored_positions(encoded)))
