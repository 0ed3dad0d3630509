"""A causal language model with its output layer, whose logits are checked against the model's."""

from __future__ import annotations

from typing import Any, NamedTuple

from plaudit.engines.checkpoint import Checkpoint, refuse_unused
from plaudit.engines.hf import HfEngine, Trunk, library_attention
from plaudit.engines.load import Options, auto_model, engine_for, opened, tokenizer_of, trunk_of
from plaudit.engines.questions import LogProbs, OutputLayer
from plaudit.errors import ConfigError

__all__ = ["CausalModel", "causal_model", "log_probs", "output_layer"]


class CausalModel(NamedTuple):
    """A loaded causal LM: where it came from, module, tokenizer, engine, output layer."""

    checkpoint: Checkpoint
    module: Any
    tokenizer: Any
    engine: HfEngine
    layer: OutputLayer


def causal_model(model: str, options: Options) -> CausalModel:
    """The causal LM that `model` names.

    Raises: ConfigError where its logits, or other tensors of the checkpoint, are not understood.
    """
    checkpoint = opened(model, options)
    module = auto_model(checkpoint, "AutoModelForCausalLM", options)
    refuse_unused(checkpoint, has_head=False, config_class=type(module.config))
    tokenizer = tokenizer_of(checkpoint, module.get_input_embeddings().num_embeddings)
    engine = engine_for(trunk_of(module), options)
    layer = output_layer(module)
    _check_layer(checkpoint, module, engine.trunk, layer)
    return CausalModel(checkpoint, module, tokenizer, engine, layer)


def output_layer(module: Any) -> OutputLayer:
    """The module's output embeddings, with the scale or soft cap that its config names."""
    head = module.get_output_embeddings()
    config = module.config.get_text_config()
    scale = float(getattr(config, "logit_scale", None) or 1.0)
    scale /= float(getattr(config, "logits_scaling", None) or 1.0)
    softcap = getattr(config, "final_logit_softcapping", None)
    return OutputLayer(head.weight, getattr(head, "bias", None), scale, softcap)


def log_probs(layer: OutputLayer, device: object) -> LogProbs:
    """The log-prob question with blocks that suit the device."""
    is_cuda = getattr(device, "type", "") == "cuda"
    return LogProbs(layer, 1024, 32_768) if is_cuda else LogProbs(layer)


def _check_layer(checkpoint: Checkpoint, module: Any, trunk: Trunk, layer: OutputLayer) -> None:
    """Our logits against the model's own, on one short sequence."""
    import torch

    size = layer.weight_VH.shape[0]
    ids = torch.arange(1, 9, device=module.device)[None] % size
    with torch.inference_mode(), library_attention(module):  # ours has no soft cap
        theirs = module(input_ids=ids, use_cache=False).logits[0].float()
        ours = layer.logits(trunk.forward(input_ids=ids, use_cache=False)[0])
    if not bool(theirs.isfinite().all()):
        raise ConfigError(f"{checkpoint.name}: its logits are not finite: the weights are broken")
    limit = 1e-3 if layer.weight_VH.dtype == torch.float32 else 0.1
    worst = float((ours - theirs).abs().max()) / max(1.0, float(theirs.abs().max()))
    if worst > limit:
        raise ConfigError(
            f"{checkpoint.name}: its logits are more than an output layer with scale and soft cap"
            f" (they differ by {worst:.2g}); this architecture is not supported for log-probs"
        )
