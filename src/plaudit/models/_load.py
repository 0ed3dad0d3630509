"""What the rewards around a loaded model share: weights held once, forms of text, linear heads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from plaudit.engines.checkpoint import Checkpoint
from plaudit.engines.load import Options, check_finite, loaded, max_tokens_of
from plaudit.engines.text import PROFILES, Bos, Overflow, template_for
from plaudit.errors import ConfigError
from plaudit.models._reward import ModelReward
from plaudit.models._text import ChatForm, Form, PairForm
from plaudit.text.think import Part

__all__ = ["chat_form", "limit_of", "linear", "reward_at"]


def reward_at(
    path: str, params: Mapping[str, object], build: Callable[[], object], kind: type = ModelReward
) -> Any:
    """The reward at `path`; rewards of equal parameters hold the same weights."""
    params = {k: v for k, v in params.items() if v is not None}
    reward = kind(path, params, model := loaded(path, params, build))
    reward._held = model
    reward.scorer = model.scorer
    return reward


def chat_form(
    checkpoint: Checkpoint,
    tokenizer: object,
    options: Options,
    view: Part,
    *,
    config: object,
    own_template: str | None = None,
    is_encoder: bool = False,
    needs_start: bool = False,
    special_tokens: bool = False,
    eos: bool = False,
    finish: Callable[[str], str] | None = None,
    rewardbench_bos: Bos = "masked",
) -> Form:
    """The form of a model's texts: a chat template, or an encoder's two texts without one."""
    limit, overflow = limit_of(tokenizer, options, config)
    has_template = any(
        t is not None
        for t in (options.chat_template, own_template, getattr(tokenizer, "chat_template", None))
    )
    if is_encoder and not has_template and options.profile is None:
        return PairForm(tokenizer, limit, overflow, view)
    return ChatForm(
        tokenizer,
        limit,
        overflow,
        "all" if options.profile else view,
        template=template_for(
            tokenizer, options.chat_template, own_template, options.profile, checkpoint.name
        ),
        template_options=options.template_options,
        special_tokens=PROFILES[options.profile].special_tokens
        if options.profile
        else special_tokens or is_encoder,
        needs_start=needs_start,
        eos=eos,
        finish=finish,
        bos=rewardbench_bos
        if options.profile and PROFILES[options.profile].special_tokens
        else "one",
    )


def limit_of(tokenizer: Any, options: Options, config: object) -> tuple[int | None, Overflow]:
    """The most tokens, and what happens above: the profile's, the caller's or the model's."""
    profile = PROFILES[options.profile] if options.profile else None
    own = options.max_tokens or max_tokens_of(tokenizer, config)
    if profile is None:
        return own, options.overflow
    if profile.max_tokens is None:
        return own, options.overflow
    side = tokenizer.truncation_side if profile.cut == "tokenizer" else profile.cut
    return profile.max_tokens, "keep_end" if side == "left" else "keep_start"


def linear(checkpoint: Checkpoint, weight: Any, bias: Any = None, *, name: str = "score") -> Any:
    """A head in fp32: rows [R, H] to [R, K]. Raises ConfigError where weights are not numbers."""
    import torch

    if not weight.is_floating_point() or weight.element_size() < 2:
        raise ConfigError(
            f"{checkpoint.name}: the head {name!r} is quantised ({weight.dtype}); take the model's"
            " unquantised weights, or a server that runs it (models.remote.remote)"
        )
    check_finite(checkpoint, {name: weight, **({} if bias is None else {f"{name} bias": bias})})
    weight = weight.detach().float()
    bias = None if bias is None else bias.detach().float()

    def head(rows_RH):
        return torch.nn.functional.linear(rows_RH.to(weight.device), weight, bias)

    return head
