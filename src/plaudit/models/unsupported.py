"""Reward models whose layout is known to exist and cannot be read from public source."""

from __future__ import annotations

from plaudit.engines.checkpoint import Checkpoint
from plaudit.errors import ConfigError
from plaudit.models._architecture import Architecture

__all__ = ["ARCHITECTURE"]


def _make(model: str, **options: object) -> object:
    raise ConfigError(f"{model}: not supported")


def _is_ziya(checkpoint: Checkpoint) -> bool:
    return checkpoint.model_type == "llama" and _has_value_head(checkpoint)


def _is_critic(checkpoint: Checkpoint) -> bool:
    return checkpoint.architecture == "CriticModel" and "normalize_reward" in checkpoint.config


def _is_value_head_of_none(checkpoint: Checkpoint) -> bool:
    return checkpoint.model_type != "llama" and _has_value_head(checkpoint)


def _has_value_head(checkpoint: Checkpoint) -> bool:
    return any(name.startswith("value_head.") for name in checkpoint.tensor_names())


def _is_vision(checkpoint: Checkpoint) -> bool:
    return "_vl" in checkpoint.model_type


ARCHITECTURE = (
    Architecture(
        _make,
        _is_critic,
        -1,
        "a critic of OpenRLHF: it gives the values of a policy's states, not a reward",
    ),
    Architecture(
        _make,
        _is_ziya,
        1,
        "a Llama with value_head.* and without OpenRLHF's normalize_reward (as"
        " IDEA-CCNL/Ziya-LLaMA-7B-Reward): its forward pass is code in the model's repository that"
        " no public source repeats, and that is never run. Where OpenRLHF trained it, write"
        ' "normalize_reward": false into config.json',
    ),
    Architecture(
        _make,
        _is_value_head_of_none,
        1,
        "value_head.* without OpenRLHF's normalize_reward: where OpenRLHF trained it, write"
        ' "normalize_reward": false into config.json; no other trainer is known to save this',
    ),
    Architecture(
        _make,
        _is_vision,
        1,
        "a vision-language model: images are passed through, not scored",
    ),
)
