"""ArmoRM: nineteen objectives, weighed by a gate that reads the prompt."""

from __future__ import annotations

from plaudit.engines.checkpoint import Checkpoint
from plaudit.models._architecture import Architecture
from plaudit.models._gated import gate_and_end, gated_head, gated_reading, softmax_gate
from plaudit.models._headed import Headed, Rows, headed, row_head
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "armorm"]

_OBJECTIVES = (
    "helpsteer-helpfulness", "helpsteer-correctness", "helpsteer-coherence",
    "helpsteer-complexity", "helpsteer-verbosity", "ultrafeedback-overall_score",
    "ultrafeedback-instruction_following", "ultrafeedback-truthfulness",
    "ultrafeedback-honesty", "ultrafeedback-helpfulness", "beavertails-is_safe",
    "prometheus-score", "argilla-overall_quality", "argilla-judge_lm", "code-complexity",
    "code-style", "code-explanation", "code-instruction-following", "code-readability",
)  # fmt: skip


def armorm(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """``sum_k g_k (r T)_k``: any real number; the objectives r are in `parts`.

    r is the regression head at the last token, T the reward transform, and
    ``g = scale * softmax(mlp(h) / temperature)`` is read where the last assistant header begins.
    Tensors ``regression_layer``, ``reward_transform_matrix`` and ``gating.layers.N``, as in
    RLHFlow/ArmoRM-Llama3-8B-v0.1 (Wang et al. 2024, LlamaForRewardModelWithGating). A response
    that contains an assistant header of its own moves the gate, as in the published code.
    """
    return headed("models.armorm.armorm", _WHAT, model, view, options)


def _head(checkpoint: Checkpoint) -> Rows:
    return gated_head(
        row_head(checkpoint, "regression_layer"), softmax_gate(checkpoint, _gate(checkpoint))
    )


def _gate(checkpoint: Checkpoint) -> Rows:
    """Linear layers with ReLU between: gating.layers.0, .1, ..."""
    import torch

    count = sum(
        n.startswith("gating.layers.") and n.endswith(".weight") for n in checkpoint.tensor_names()
    )
    layers = [row_head(checkpoint, f"gating.layers.{i}") for i in range(count)]

    def gate(rows_RH):
        for layer in layers[:-1]:
            rows_RH = torch.relu(layer(rows_RH))
        return layers[-1](rows_RH)

    return gate


def _is_mine(checkpoint: Checkpoint) -> bool:
    has_norm = any("gating.layers" in n and "running_mean" in n for n in checkpoint.tensor_names())
    return checkpoint.has("reward_transform_matrix") and not has_norm


_WHAT = Headed(
    "ArmoRM",
    _head,
    positions=gate_and_end,
    reading=lambda checkpoint: gated_reading(checkpoint, _OBJECTIVES),
    rewardbench_bos="both",
)
ARCHITECTURE = Architecture(make=armorm, is_mine=_is_mine)
