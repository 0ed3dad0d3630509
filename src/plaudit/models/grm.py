"""GRM: generalisable reward models, a value head of one or more layers."""

from __future__ import annotations

from typing import Any

from plaudit.engines.checkpoint import Checkpoint
from plaudit.models._architecture import Architecture
from plaudit.models._headed import Headed, headed, mlp, scalar_head, trunk_from
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "grm"]


def _head(checkpoint: Checkpoint) -> Any:
    is_linear = checkpoint.has("v_head.summary.weight")
    return (
        scalar_head(checkpoint, "v_head.summary")
        if is_linear
        else mlp(checkpoint, "v_head.summary")
    )


def _trunk(checkpoint: Checkpoint, options: Any) -> Any:
    def rename(name: str) -> str | None:
        return None if name.startswith(("v_head.", "lm_head.")) else name.removeprefix("model.")

    return trunk_from(checkpoint, options, rename=rename)


_WHAT = Headed("GRM", _head, trunk=_trunk, rewardbench_bos="both")


def grm(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """The value head's output at the last token: any real number.

    ``v_head.summary`` is one linear layer, or with config's vhead_layer_type "mlp" linear layers
    with ReLU between (tensors v_head.summary.0, .2, ...), as in Ray2333/GRM-*-sftreg and
    -rewardmodel-ft (Yang et al. 2024). The output layer of the language model is not loaded.
    """
    return headed("models.grm.grm", _WHAT, model, view, options)


def _is_mine(checkpoint: Checkpoint) -> bool:
    has_layers = any(n.startswith("v_head.summary.0.") for n in checkpoint.tensor_names())
    return has_layers or (
        "vhead_layer_type" in checkpoint.config and checkpoint.has("v_head.summary.weight")
    )


ARCHITECTURE = Architecture(make=grm, is_mine=_is_mine)
