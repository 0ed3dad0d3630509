"""URM: attributes with their uncertainty, weighed by a gate, all at the last token."""

from __future__ import annotations

from plaudit.engines.checkpoint import Checkpoint
from plaudit.errors import ConfigError
from plaudit.models._architecture import Architecture
from plaudit.models._headed import Headed, Rows, headed, row_head
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "urm"]

_LAYERS = (0, 2, 4)


def urm(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """``sum_k g_k m_k`` at the last token: any real number.

    ``score`` gives each attribute's mean m and its uncertainty in turn, of which the reward takes
    the means; the gate ``g = W4 selu(W2 selu(W0 h))`` (with biases) is in ``weights.fc``. As in
    LxzGordon/URM-LLaMa-3.1-8B (Lou et al. 2024). Source: sgl-project/sglang,
    python/sglang/srt/models/llama_reward.py (LlamaForSequenceClassificationWithNormal_Weights).
    The gate is in fp32 here, in fp16 there.
    """
    return headed("models.urm.urm", _WHAT, model, view, options)


def _head(checkpoint: Checkpoint) -> Rows:
    import torch

    score = row_head(checkpoint, "score")
    layers = [row_head(checkpoint, f"weights.fc.{number}") for number in _LAYERS]
    num_labels, num_gates = (
        int(checkpoint.tensors([f"{name}.weight"])[f"{name}.weight"].shape[0])
        for name in ("score", "weights.fc.4")
    )
    if num_labels != 2 * num_gates:
        raise ConfigError(
            f"{checkpoint.name}: score has {num_labels} rows for {num_gates} gates; URM has a"
            " mean and a"
            " deviation for each"
        )

    def head(rows_RH):
        gates_RK = rows_RH
        for layer in layers[:-1]:
            gates_RK = torch.nn.functional.selu(layer(gates_RK))
        means_RK = score(rows_RH)[:, ::2]
        return (layers[-1](gates_RK) * means_RK).sum(1, keepdim=True)

    return head


def _is_mine(checkpoint: Checkpoint) -> bool:
    return checkpoint.has("weights.fc.0.weight") and checkpoint.has("score.weight")


_WHAT = Headed("URM", _head)
ARCHITECTURE = Architecture(make=urm, is_mine=_is_mine)
