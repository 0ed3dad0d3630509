"""Athene-RM: a token is appended to the conversation, and the reward read there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from plaudit.engines.checkpoint import Checkpoint
from plaudit.errors import ConfigError
from plaudit.models._architecture import Architecture
from plaudit.models._headed import Headed, headed, scalar_head
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "athene"]


def athene(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """``w . h`` at the CLS token, which is appended to the conversation: any real number.

    Tensor ``v_head.weight`` beside a Llama trunk (``model.*``), and a tokenizer with a cls_token
    (id 128003), as in Nexusflow/Athene-RM-8B and -70B. The model card's pipeline tokenises the
    template's text with special tokens, which puts a second BOS before Llama 3's own; here there
    is one. Source: the cards' AtheneForSequenceClassification and AtheneRewardPipeline.
    """
    return headed("models.athene.athene", _WHAT, model, view, options)


def _finish(checkpoint: Checkpoint, tokenizer: Any) -> Callable[[str], str]:
    cls = tokenizer.cls_token
    if cls is None:
        raise ConfigError(
            f"{checkpoint.name}: tokenizer_config.json names no cls_token, where the reward is read"
        )
    return lambda text: text + cls


def _is_mine(checkpoint: Checkpoint) -> bool:
    names = checkpoint.tensor_names()
    is_other = checkpoint.architecture == "InternLM2ForRewardModel" or "score.weight" in names
    has_trunk = any(name.startswith("model.layers.") for name in names)
    return "v_head.weight" in names and has_trunk and not is_other and not _has_transformer(names)


def _has_transformer(names: Iterable[str]) -> bool:
    """Whether the trunk is under Starling's prefix as well."""
    return any(name.startswith("transformer.") for name in names)


_WHAT = Headed("Athene", lambda checkpoint: scalar_head(checkpoint, "v_head"), finish=_finish)
ARCHITECTURE = Architecture(make=athene, is_mine=_is_mine)
