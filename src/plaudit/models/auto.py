"""The right reward for a checkpoint, by its config.json and weights, never by its name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from plaudit.engines.checkpoint import Checkpoint, open_checkpoint
from plaudit.engines.contract import contract_in
from plaudit.engines.load import needs_torch
from plaudit.errors import ConfigError
from plaudit.models._architecture import chosen
from plaudit.offers import is_reward
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["auto"]


def auto(
    model: str, *, view: Part = "answer", revision: str | None = None, **params: Any
) -> Reward:
    """The reward that fits the checkpoint at `model`; its range is the architecture's.

    ``load("DIRECTORY")``, ``load("hf:ORG/NAME")`` and ``load("modelscope:ORG/NAME")`` come here.
    A model that compares two responses is wrapped in `combine.round_robin`; a LoRA adapter is
    put on the base model that it names. A directory that `plaudit train` wrote says what it is.

    Raises: ConfigError where no architecture knows the checkpoint, or it needs another model too.
    """
    if contract_in(model) == "linear":
        from plaudit.models.linear import linear

        if params or revision is not None:
            names = ", ".join([*params, *(["revision"] if revision is not None else [])])
            raise ConfigError(f"{model}: a linear model takes no {names}")
        return linear(model, view=view)
    needs_torch()
    checkpoint = open_checkpoint(model, revision=revision)
    if checkpoint.is_adapter:
        return _of_adapter(checkpoint, {"view": view, **params})
    params = {"view": view, **params, **({} if revision is None else {"revision": revision})}
    reward = chosen(checkpoint).make(model, **params)
    if is_reward(reward):
        return reward
    from plaudit.combine import round_robin

    return round_robin(reward)


def _of_adapter(checkpoint: Checkpoint, params: Mapping[str, Any]) -> Reward:
    """A classifier where the adapter holds a head, else a policy that is its own reference."""
    from plaudit.models.classifier import classifier
    from plaudit.models.implicit import implicit

    has_head = any(".score." in name for name in checkpoint.tensor_names())
    make = classifier if has_head else implicit
    return make(_base_of(checkpoint), adapter=checkpoint.name, **params)


def _base_of(checkpoint: Checkpoint) -> str:
    """The name of the model that an adapter belongs to."""
    base = checkpoint.base_model
    if not base:
        raise ConfigError(
            f"{checkpoint.name}: adapter_config.json names no base_model_name_or_path; pass the"
            " model,"
            " and the adapter with adapter="
        )
    return base if os.path.isdir(base) else f"hf:{base}"
