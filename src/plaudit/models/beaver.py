"""Beaver: reward and cost models of safe RLHF, normalised as they were trained."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from plaudit.engines.checkpoint import Checkpoint
from plaudit.models._architecture import Architecture
from plaudit.models._headed import Headed, headed, scalar_head
from plaudit.models._reward import Reading, Value
from plaudit.models._text import Encoded
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "beaver"]

_TEMPLATE = (
    "BEGINNING OF CONVERSATION: {% for message in messages %}"
    "{% if message['role'] == 'user' %}USER: {{ message['content'] }} ASSISTANT:"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] }}{{ eos_token }}"
    "{% else %}{{ message['content'] }} {% endif %}{% endfor %}"
)


def beaver(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """The score at the last token, a cost negated so that higher is better: any real number.

    ``s = w . h + b``; with config's do_normalize a reward is ``(s - mean) / (std + 1e-8)`` and a
    cost ``s / (std + 1e-8)``. Tensor ``score_head.weight`` beside a Llama trunk, ``normalizer.*``
    or config's mean and var, as in PKU-Alignment/beaver-7b-v1.0-reward and -cost (safe-rlhf,
    models/score_model). `parts` contain the cost under its own sign.
    """
    return headed("models.beaver.beaver", _WHAT, model, view, options)


def _reading(checkpoint: Checkpoint) -> Reading:
    is_cost = checkpoint.config.get("score_type") == "cost"
    normal = _normaliser(checkpoint, is_cost)

    def reading(encoded: Encoded, rows: Sequence[Sequence[float]]) -> Value:
        score = normal(rows[0][0])
        return Value(-score, {"cost": score}) if is_cost else Value(score)

    return reading


def _normaliser(checkpoint: Checkpoint, is_cost: bool) -> Callable[[float], float]:
    checkpoint.used.update(n for n in checkpoint.tensor_names() if n.startswith("normalizer."))
    if not checkpoint.config.get("do_normalize"):
        return lambda score: score
    mean, variance = (_statistic(checkpoint, name) for name in ("mean", "var"))
    size = math.sqrt(variance) + 1e-8
    return (lambda score: score / size) if is_cost else (lambda score: (score - mean) / size)


def _statistic(checkpoint: Checkpoint, name: str) -> float:
    """A moment of the scores in training, from the weights or else from config.json."""
    if checkpoint.has(f"normalizer.{name}"):
        return float(checkpoint.tensors([f"normalizer.{name}"])[f"normalizer.{name}"].flatten()[0])
    statistic = checkpoint.config.get(name, 1.0 if name == "var" else 0.0)
    return float(statistic[0] if isinstance(statistic, list) else statistic)


def _is_mine(checkpoint: Checkpoint) -> bool:
    return checkpoint.has("score_head.weight")


_WHAT = Headed(
    "Beaver",
    lambda checkpoint: scalar_head(checkpoint, "score_head"),
    template=_TEMPLATE,
    special_tokens=True,
    reading=_reading,
    rewardbench_bos="both",
    settings=(
        "score_type",
        "score_dim",
        "score_bias",
        "do_normalize",
        "normalizer_type",
        "mean",
        "var",
    ),
)
ARCHITECTURE = Architecture(make=beaver, is_mine=_is_mine)
