"""WorldPM and Qwen2.5-Math-RM: a Qwen2 trunk with a two-layer head."""

from __future__ import annotations

from plaudit.engines.checkpoint import Checkpoint
from plaudit.models._architecture import Architecture
from plaudit.models._headed import Headed, headed, mlp
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "worldpm"]

_WHAT = Headed(
    "Qwen2 reward model", lambda checkpoint: mlp(checkpoint, "score"), rewardbench_bos="one"
)


def worldpm(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """``W2 relu(W1 h + b1) + b2`` at the last token: any real number.

    Tensors ``score.0`` and ``score.2`` beside a Qwen2 trunk, as in Qwen/WorldPM-72B and
    Qwen/Qwen2.5-Math-RM-72B (architecture Qwen2ForRewardModel; vLLM has it in
    model_executor/models/qwen2_rm.py). No special tokens besides the chat template's.
    """
    return headed("models.worldpm.worldpm", _WHAT, model, view, options)


def _is_mine(checkpoint: Checkpoint) -> bool:
    return checkpoint.architecture == "Qwen2ForRewardModel"


ARCHITECTURE = Architecture(make=worldpm, is_mine=_is_mine)
