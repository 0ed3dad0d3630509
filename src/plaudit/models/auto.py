"""The right reward for a checkpoint, by its config.json and weights, never by its name."""

from __future__ import annotations

from typing import Any

from plaudit.engines.checkpoint import open_checkpoint
from plaudit.models._architecture import chosen
from plaudit.types import Reward

__all__ = ["auto"]


def auto(model: str, *, revision: str | None = None, **params: Any) -> Reward:
    """The reward that fits the checkpoint at `model`; its range is the architecture's.

    ``load("DIRECTORY")``, ``load("hf:ORG/NAME")`` and ``load("modelscope:ORG/NAME")`` come here.
    A model that compares two responses is wrapped in `combine.round_robin`.

    Raises: ConfigError where no architecture knows the checkpoint, or it needs another model too.
    """
    found = open_checkpoint(model, revision=revision)
    params = params if revision is None else {**params, "revision": revision}
    reward = chosen(found).make(model, **params)
    if callable(getattr(reward, "score", None)):
        return reward
    from plaudit.combine import round_robin

    return round_robin(reward)
