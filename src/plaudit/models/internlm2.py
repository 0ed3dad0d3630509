"""InternLM2 reward models, run as the Llama that they are with fused weights taken apart."""

from __future__ import annotations

from typing import Any

from plaudit.engines.checkpoint import Checkpoint
from plaudit.errors import ConfigError
from plaudit.models._architecture import Architecture
from plaudit.models._headed import Headed, headed, scalar_head, trunk_from
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "internlm2"]

_NAMES = {
    "tok_embeddings": "embed_tokens",
    "attention.wo": "self_attn.o_proj",
    "feed_forward.w1": "mlp.gate_proj",
    "feed_forward.w3": "mlp.up_proj",
    "feed_forward.w2": "mlp.down_proj",
    "attention_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
_SHARED = (
    "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "hidden_act", "max_position_embeddings", "rms_norm_eps", "pad_token_id",
    "bos_token_id", "eos_token_id",
)  # fmt: skip


def internlm2(model: str, *, view: Part = "answer", **options: object) -> Reward:
    """``w . h`` at the reward token, which is appended to the conversation: any real number.

    Tensors ``model.*`` with fused ``wqkv`` and ``v_head.weight``, config's reward_token_id, as in
    internlm/internlm2-7b-reward (architecture InternLM2ForRewardModel). The trunk runs as a Llama:
    each key head's block of `wqkv` holds its query heads, then the key, then the value. The
    directory needs a tokenizer.json (its own tokenizer is code, which is never run).
    """
    return headed("models.internlm2.internlm2", _WHAT, model, view, options)


def _trunk(checkpoint: Checkpoint, options: Any) -> Any:
    from transformers import LlamaConfig

    shared = {key: checkpoint.config[key] for key in _SHARED if key in checkpoint.config}
    scaling = checkpoint.config.get("rope_scaling")
    if scaling:
        raise ConfigError(
            f"{checkpoint.name}: config.json: rope_scaling={scaling}: only unscaled positions"
            " are known"
        )
    shared["rope_theta"] = checkpoint.config.get("rope_theta", 10000.0)
    config = LlamaConfig(**shared)
    state = {}
    for name, tensor in checkpoint.tensors("model.").items():
        state.update(_llama(name.removeprefix("model."), tensor, config))
    return trunk_from(checkpoint, options, config=config, state=state)


def _llama(name: str, tensor: object, config: object) -> dict[str, object]:
    """A tensor under its Llama name, the fused one as three."""
    if ".attention.wqkv." in name:
        return _parted(name, tensor, config)
    for old, new in _NAMES.items():
        name = name.replace(f"{old}.", f"{new}.")
    return {name: tensor}


def _parted(name: str, tensor: Any, config: Any) -> dict[str, object]:
    groups = config.num_key_value_heads
    heads = config.num_attention_heads // groups
    size = config.hidden_size // config.num_attention_heads
    blocks = tensor.reshape(groups, heads + 2, size, *tensor.shape[1:])
    parts = {"q": blocks[:, :heads], "k": blocks[:, heads], "v": blocks[:, heads + 1]}
    return {
        name.replace("attention.wqkv", f"self_attn.{kind}_proj"): part.reshape(
            -1, *tensor.shape[1:]
        ).contiguous()
        for kind, part in parts.items()
    }


def _reward_token(checkpoint: Checkpoint) -> int:
    token = checkpoint.config.get("reward_token_id")
    if not isinstance(token, int):
        raise ConfigError(
            f"{checkpoint.name}: config.json: no reward_token_id, where the score is read"
        )
    return token


def _is_mine(checkpoint: Checkpoint) -> bool:
    return checkpoint.architecture == "InternLM2ForRewardModel"


_WHAT = Headed(
    "InternLM2 reward model",
    lambda checkpoint: scalar_head(checkpoint, "v_head"),
    trunk=_trunk,
    append=_reward_token,
    settings=("reward_token_id",),
    rewardbench_bos="one",
)
ARCHITECTURE = Architecture(make=internlm2, is_mine=_is_mine)
