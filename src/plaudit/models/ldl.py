"""LDL-Reward: a distribution over ten levels for each of many objectives, weighed by a gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.engines.checkpoint import Checkpoint
from plaudit.engines.load import check_finite
from plaudit.models._architecture import Architecture
from plaudit.models._headed import Headed, Rows, headed
from plaudit.models._load import linear
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "ldl"]

_FILES = ("regression_layer.pt", "gating_layer.pt")
_LEVELS = 10


def ldl(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """``sum_l (sum_k w_k p_kl) l / 9`` over the levels l of 0 to 9: any real number.

    ``p_k`` is a softmax over ten levels for objective k and w the gate's output, both of the last
    token's row: linear layers with leaky ReLU (slope 0.01) between, from regression_layer.pt and
    gating_layer.pt beside a Gemma-2 trunk, as in ShikaiChen/LDL-Reward-Gemma-2-27B-v0.1. config's
    softmax and temperature apply to the gate.
    """
    return headed("models.ldl.ldl", _WHAT, model, view, options)


def _head(checkpoint: Checkpoint) -> Rows:
    import torch

    levels, gate = (_layers(checkpoint, name) for name in _FILES)
    temperature = float(checkpoint.config.get("temperature", 1.0))
    is_softmax = bool(checkpoint.config.get("softmax", False))

    def head(rows_RH):
        shares_RKL = levels(rows_RH).reshape(len(rows_RH), -1, _LEVELS).softmax(-1)
        weights_RK = gate(rows_RH)
        if is_softmax:
            weights_RK = (weights_RK / temperature).softmax(1)
        steps_L = torch.linspace(0, 1, _LEVELS)
        return (weights_RK[:, :, None] * shares_RKL).sum(1).mul(steps_L).sum(1, keepdim=True)

    return head


def _layers(checkpoint: Checkpoint, file: str) -> Rows:
    """The linear layers of one file, in the order of their numbers."""
    import torch

    tensors: Mapping[str, Any] = checkpoint.file(file)
    check_finite(checkpoint, tensors)
    numbers = sorted(int(n.split(".")[1]) for n in tensors if n.endswith(".weight"))
    layers = [
        linear(checkpoint, tensors[f"network.{n}.weight"], tensors[f"network.{n}.bias"])
        for n in numbers
    ]

    def run(rows_RH):
        for layer in layers[:-1]:
            rows_RH = torch.nn.functional.leaky_relu(layer(rows_RH), 0.01)
        return layers[-1](rows_RH)

    return run


def _is_mine(checkpoint: Checkpoint) -> bool:
    return all((checkpoint.path / name).is_file() for name in _FILES)


_WHAT = Headed("LDL-Reward", _head)
ARCHITECTURE = Architecture(make=ldl, is_mine=_is_mine)
