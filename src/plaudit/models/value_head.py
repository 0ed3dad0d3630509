"""Value heads as TRL and LLaMA-Factory save them."""

from __future__ import annotations

from typing import Any

from plaudit.engines.checkpoint import Checkpoint
from plaudit.models._architecture import Architecture
from plaudit.models._headed import Headed, headed, scalar_head, trunk_from
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "value_head"]


def _trunk(checkpoint: Checkpoint, options: Any) -> Any:
    """The language model's trunk, whatever prefix its tensors have, without the output layer."""

    def rename(name: str) -> str | None:
        name = name.removeprefix("pretrained_model.").removeprefix("model.")
        return None if name.startswith(("v_head.", "lm_head.")) else name

    return trunk_from(checkpoint, options, rename=rename)


_WHAT = Headed(
    "value head", lambda checkpoint: scalar_head(checkpoint, "v_head.summary"), trunk=_trunk
)


def value_head(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """``w . h + b`` at the last token: any real number.

    Tensors ``v_head.summary.weight`` and ``.bias``, in the model's own weight files (TRL's
    AutoModelForCausalLMWithValueHead) or in value_head.safetensors or value_head.bin beside them
    (LLaMA-Factory). The language model's output layer is not loaded.
    """
    return headed("models.value_head.value_head", _WHAT, model, view, options)


def _is_mine(checkpoint: Checkpoint) -> bool:
    return checkpoint.has("v_head.summary.weight")


ARCHITECTURE = Architecture(make=value_head, is_mine=_is_mine, rank=5)
