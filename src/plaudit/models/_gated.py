"""Objectives weighed by a gate that reads the prompt: ArmoRM and QRM."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from plaudit.engines.checkpoint import Checkpoint
from plaudit.errors import ConfigError
from plaudit.models._headed import Rows, needed
from plaudit.models._reward import Reading, Value
from plaudit.models._text import Encoded

__all__ = ["gate_and_end", "gated_head", "gated_reading"]

_MARKS = {  # RLHFlow/RLHF-Reward-Modeling, armo-rm/stage-2_prepare.py (token_patterns)
    "llama": "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    "gemma2": "<end_of_turn>\n<start_of_turn>model\n",
}


def _mark_of(checkpoint: Checkpoint) -> str:
    """The text at which the gate is read. Raises ConfigError for a trunk of no known family."""
    if checkpoint.model_type not in _MARKS:
        raise ConfigError(
            f"{checkpoint.name}: a gate on a trunk of model_type={checkpoint.model_type!r}: it"
            " is known where"
            f" to read it for {', '.join(_MARKS)}"
        )
    return _MARKS[checkpoint.model_type]


def gate_and_end(checkpoint: Checkpoint, tokenizer: Any) -> Callable[[Encoded], Sequence[int]]:
    """Where the prompt ends (the last assistant header) and where the response ends.

    Nowhere where there is no such header: another template, or it was cut off.
    """
    mark = list(tokenizer(_mark_of(checkpoint), add_special_tokens=False)["input_ids"])

    def positions(encoded: Encoded) -> Sequence[int]:
        ids = list(encoded.ids)
        for at in range(len(ids) - len(mark), -1, -1):
            if ids[at : at + len(mark)] == mark:
                return (at, len(ids) - 1)
        return ()

    return positions


def gated_head(objectives: Rows, gate: Rows) -> Rows:
    """Both heads side by side: [R, objectives + gates]."""
    import torch

    return lambda rows_RH: torch.cat([objectives(rows_RH), gate(rows_RH)], dim=1)


def gated_reading(checkpoint: Checkpoint, names: Sequence[str]) -> Reading:
    """``sum_k gate_k (r T)_k`` with r the last row's objectives, gate the first row's."""
    (transform,) = needed(checkpoint, "reward_transform_matrix")
    matrix = transform.float().tolist()
    count = len(matrix)
    mark = _mark_of(checkpoint)

    def reading(encoded: Encoded, rows: Sequence[Sequence[float]]) -> Value:
        if len(rows) != 2:
            message = f"the text holds no {mark!r}, where the gate is read"
            return Value(math.nan, error=message, fault="input")
        gate, rewards = rows[0][count:], rows[-1][:count]
        adjusted = [sum(r * matrix[i][k] for i, r in enumerate(rewards)) for k in range(count)]
        parts = dict(zip(names, rewards, strict=False)) if len(names) == count else {}
        return Value(sum(g * a for g, a in zip(gate, adjusted, strict=True)), parts)

    return reading


def softmax_gate(checkpoint: Checkpoint, layers: Rows) -> Rows:
    """``scale * softmax(layers(h) / temperature)``."""
    (scale,) = needed(checkpoint, "gating.logit_scale")
    factor = float(scale.flatten()[0])
    temperature = float(checkpoint.config.get("gating_temperature", 10))
    return lambda rows_RH: (layers(rows_RH) / temperature).softmax(1) * factor
