"""Reward models whose layout is known to exist and cannot be read from public source."""

from __future__ import annotations

from typing import Any

from plaudit.engines.checkpoint import Checkpoint
from plaudit.errors import ConfigError
from plaudit.models._architecture import Architecture

__all__ = ["ARCHITECTURE"]


def _make(model: str, **options: Any) -> Any:
    raise ConfigError(f"{model}: not supported")


def _is_ziya(found: Checkpoint) -> bool:
    return found.model_type == "llama" and any(
        name.startswith("value_head.") for name in found.tensor_names()
    )


def _is_vision(found: Checkpoint) -> bool:
    return "_vl" in found.model_type


ARCHITECTURE = (
    Architecture(
        _make,
        _is_ziya,
        1,
        "a Llama with value_head.* (as IDEA-CCNL/Ziya-LLaMA-7B-Reward): its forward pass is code in"
        " the model's repository that no public source repeats, and that is never run",
    ),
    Architecture(
        _make,
        _is_vision,
        1,
        "a vision-language model: images are passed through, not scored",
    ),
)
