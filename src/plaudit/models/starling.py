"""Starling reward models: a Llama trunk under its own prefix with a value head."""

from __future__ import annotations

from typing import Any

from plaudit.engines.checkpoint import Checkpoint
from plaudit.models._architecture import Architecture
from plaudit.models._headed import Headed, all_equal, headed, scalar_head, trunk_from
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "starling"]

_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}[INST] {{ message['content'] }} </s> [/INST] "
    "{% else %}{{ message['content'] }}</s>{% endif %}{% endfor %}"
)


def _trunk(checkpoint: Checkpoint, options: Any) -> Any:
    def rename(name: str) -> str | None:
        if not name.startswith("transformer."):
            return None
        return name.removeprefix("transformer.").removeprefix("model.")

    module = trunk_from(checkpoint, options, rename=rename)
    checkpoint.used.update(_copies(checkpoint))
    return module


def _copies(checkpoint: Checkpoint) -> set[str]:
    """The trunk's tensors under the name ``model.model.*`` as well, as the 7B was saved."""
    names = {n: n.replace("model.model.", "transformer.", 1) for n in checkpoint.tensor_names()}
    pairs = [(n, own) for n, own in names.items() if own != n and checkpoint.has(own)]
    return {n for n, own in pairs if all_equal(checkpoint, n, own)}


_WHAT = Headed(
    "Starling",
    lambda checkpoint: scalar_head(checkpoint, "v_head"),
    template=_TEMPLATE,
    trunk=_trunk,
    rewardbench_bos="both",
)


def starling(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """``w . h`` at the last token: any real number.

    Tensors ``transformer.*`` (a Llama trunk) and ``v_head.weight``, as in
    berkeley-nest/Starling-RM-7B-alpha and Nexusflow/Starling-RM-34B. The 7B repository contains
    weights alone: put config.json and the tokenizer of meta-llama/Llama-2-7b-chat-hf beside them.
    The published code reads the token before the first pad id; this reads the last one by length.
    """
    return headed("models.starling.starling", _WHAT, model, view, options)


def _is_mine(checkpoint: Checkpoint) -> bool:
    return checkpoint.has("v_head.weight") and any(
        name.startswith("transformer.") for name in checkpoint.tensor_names()
    )


ARCHITECTURE = Architecture(make=starling, is_mine=_is_mine)
