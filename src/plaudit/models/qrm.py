"""QRM: quantiles of nineteen objectives, weighed by a gate that reads the prompt."""

from __future__ import annotations

from plaudit.engines.checkpoint import Checkpoint
from plaudit.models._architecture import Architecture
from plaudit.models._gated import gate_and_end, gated_head, gated_reading, softmax_gate
from plaudit.models._headed import Headed, Rows, headed, needed, row_head
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "qrm"]

_EPSILON = 1e-5  # of torch's BatchNorm1d


def qrm(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """``sum_k g_k (mean_q(r) T)_k``: any real number.

    r are each objective's quantiles at the last token, T the reward transform; the gate
    ``g = scale * softmax(mlp(h) / temperature)``, read where the last assistant header begins, has
    ReLU and then batch normalisation after each hidden layer. Tensors ``regression_layer``,
    ``reward_transform_matrix`` and ``gating.layers.N``, as in nicolinho/QRM-Llama3.1-8B and
    QRM-Gemma-2-27B (Dorka 2024; rewardbench/models/qrm.py, LlamaForRewardModelWithGating31). On a
    Gemma 2 trunk the header is ``<end_of_turn>``, a line break, ``<start_of_turn>model``.
    """
    return headed("models.qrm.qrm", _WHAT, model, view, options)


def _head(checkpoint: Checkpoint) -> Rows:
    (transform,) = needed(checkpoint, "reward_transform_matrix")
    count = transform.shape[0]
    quantiles = row_head(checkpoint, "regression_layer")

    def objectives(rows_RH):
        return quantiles(rows_RH).reshape(len(rows_RH), count, -1).mean(2)

    return gated_head(objectives, softmax_gate(checkpoint, _gate(checkpoint)))


def _gate(checkpoint: Checkpoint) -> Rows:
    """Blocks of linear, ReLU and normalisation (three numbers each), then a linear layer."""
    import torch

    norms = sorted(
        int(name.split(".")[2])
        for name in checkpoint.tensor_names()
        if name.endswith("running_mean")
    )
    blocks = [(row_head(checkpoint, f"gating.layers.{n - 2}"), _norm(checkpoint, n)) for n in norms]
    last = row_head(checkpoint, f"gating.layers.{norms[-1] + 1}")

    def gate(rows_RH):
        for layer, norm in blocks:
            rows_RH = norm(torch.relu(layer(rows_RH)))
        return last(rows_RH)

    return gate


def _norm(checkpoint: Checkpoint, number: int) -> Rows:
    names = ("weight", "bias", "running_mean", "running_var")
    weight, bias, mean, variance = (
        tensor.float()
        for tensor in needed(checkpoint, *(f"gating.layers.{number}.{name}" for name in names))
    )
    return lambda rows: (rows - mean) / (variance + _EPSILON).sqrt() * weight + bias


def _is_mine(checkpoint: Checkpoint) -> bool:
    has_norm = any("gating.layers" in n and "running_mean" in n for n in checkpoint.tensor_names())
    return checkpoint.has("reward_transform_matrix") and has_norm


_WHAT = Headed(
    "QRM", _head, positions=gate_and_end, reading=lambda checkpoint: gated_reading(checkpoint, ())
)
ARCHITECTURE = Architecture(make=qrm, is_mine=_is_mine)
