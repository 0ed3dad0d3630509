"""OpenAssistant reward models: a GPT-NeoX trunk, pooled at the last token or over all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from plaudit.engines.checkpoint import Checkpoint
from plaudit.models._architecture import Architecture
from plaudit.models._headed import Headed, at_the_end, headed, scalar_head, trunk_from
from plaudit.models._reward import Reading, Value
from plaudit.models._text import Encoded
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "oasst"]

_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|assistant|>' if message['role'] == 'assistant' else '<|system|>' if message['role'] =="
    " 'system' else '<|prompter|>' }}{{ message['content'] }}<|endoftext|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def oasst(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """``w . h + b`` of the pooled token rows h: any real number.

    config's pooling is "last" (the last token's row) or "mean" (of all the text's rows; that
    branch of RewardBench's class fails on its shapes). Tensors ``gpt_neox.*`` and ``out_proj``, as
    in OpenAssistant/oasst-rm-2.1-pythia-1.4b-epoch-2.5 (Open-Assistant,
    model_training/models/reward_model.py).
    """
    return headed("models.oasst.oasst", _WHAT, model, view, options)


def _trunk(checkpoint: Checkpoint, options: Any) -> Any:
    from transformers import GPTNeoXConfig

    own = ("model_type", "architectures", "pooling", "auto_map", "transformers_version")
    settings = {key: value for key, value in checkpoint.config.items() if key not in own}

    def rename(name: str) -> str | None:
        return name.removeprefix("gpt_neox.") if name.startswith("gpt_neox.") else None

    return trunk_from(checkpoint, options, config=GPTNeoXConfig(**settings), rename=rename)


def _positions(checkpoint: Checkpoint, tokenizer: object) -> Callable[[Encoded], Sequence[int]]:
    if checkpoint.config.get("pooling") == "mean":
        return lambda encoded: range(len(encoded.ids))
    return at_the_end


def _reading(checkpoint: Checkpoint) -> Reading:
    """The mean over the read rows: the head is linear, so it may come before the mean."""
    return lambda encoded, rows: Value(math.fsum(row[0] for row in rows) / len(rows))


def _is_mine(checkpoint: Checkpoint) -> bool:
    return checkpoint.model_type == "gpt_neox_reward_model"


_WHAT = Headed(
    "OpenAssistant",
    lambda checkpoint: scalar_head(checkpoint, "out_proj"),
    template=_TEMPLATE,
    trunk=_trunk,
    positions=_positions,
    reading=_reading,
)
ARCHITECTURE = Architecture(make=oasst, is_mine=_is_mine)
