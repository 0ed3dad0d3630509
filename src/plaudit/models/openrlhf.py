"""Reward models as OpenRLHF saves them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from plaudit.engines.checkpoint import Checkpoint
from plaudit.errors import ConfigError
from plaudit.models._architecture import Architecture
from plaudit.models._headed import Headed, Rows, headed, scalar_head
from plaudit.models._reward import Reading, Value
from plaudit.models._text import Encoded
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "openrlhf"]

_HEADS = ("value_head", "score")
_CLASSES = ("RewardModel", "LLMForSequenceRegression")


def openrlhf(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """``w . h`` at the last token, or ``(w . h - mean) / std``: any real number.

    Normalised where config.json says normalize_reward, with its mean and std (0 and 1 without); the
    trainer writes the two down whether or not they are to be used. Tensor ``value_head.weight``
    (``score.weight`` in later versions) beside the trunk. As in training the text's last line
    breaks go and the EOS token follows, after a space where the template does not end in it.
    Source: OpenRLHF/OpenRLHF, openrlhf/models/model.py (_get_reward_model) and
    openrlhf/datasets/reward_dataset.py (RewardDataset).
    """
    return headed("models.openrlhf.openrlhf", _WHAT, model, view, options)


def _head(checkpoint: Checkpoint) -> Rows:
    return scalar_head(
        checkpoint, next(name for name in _HEADS if checkpoint.has(f"{name}.weight"))
    )


def _finish(checkpoint: Checkpoint, tokenizer: Any) -> Callable[[str], str]:
    eos = tokenizer.eos_token
    if eos is None:
        raise ConfigError(
            f"{checkpoint.name}: its tokenizer has no EOS token, where the score is read"
        )

    def finish(text: str) -> str:
        text = text.rstrip("\n")
        return text if text.endswith(eos) else f"{text} {eos}"

    return finish


def _reading(checkpoint: Checkpoint) -> Reading:
    mean, std = 0.0, 1.0
    if checkpoint.config.get("normalize_reward"):
        mean = _moment(checkpoint, "mean", 0.0)
        std = _moment(checkpoint, "std", 1.0)
    if std <= 0:
        raise ConfigError(f"{checkpoint.name}: config.json: std={std} must be positive")

    def reading(encoded: Encoded, rows: Sequence[Sequence[float]]) -> Value:
        return Value((rows[0][0] - mean) / std)

    return reading


def _moment(checkpoint: Checkpoint, name: str, default: float) -> float:
    value = checkpoint.config.get(name)
    if value is None:
        return default
    if not isinstance(value, int | float):
        raise ConfigError(f"{checkpoint.name}: config.json: {name}={value!r} is not a number")
    return float(value)


def _is_mine(checkpoint: Checkpoint) -> bool:
    is_saved_by_it = "normalize_reward" in checkpoint.config or checkpoint.architecture in _CLASSES
    return is_saved_by_it and any(checkpoint.has(f"{name}.weight") for name in _HEADS)


_WHAT = Headed(
    "OpenRLHF",
    _head,
    finish=_finish,
    reading=_reading,
    settings=("normalize_reward", "mean", "std"),
)
ARCHITECTURE = Architecture(make=openrlhf, is_mine=_is_mine)
