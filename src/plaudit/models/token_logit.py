"""Rewards that a causal language model gives as the logit of one token."""

from __future__ import annotations

from plaudit.engines.causal import CausalModel, causal_model
from plaudit.engines.load import Options
from plaudit.engines.questions import LabelLogits
from plaudit.errors import ConfigError
from plaudit.models._headed import at_the_end, only_value
from plaudit.models._load import chat_form, reward_at
from plaudit.models._reward import Scorer
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["token_logit"]


def token_logit(
    model: str, *, token: int | str = 0, view: Part = "answer", **options: object
) -> Reward:
    """The logit of one token after the conversation: any real number.

    ``z_k = W_k . h`` at the last token of the chat template's text, without a generation prompt,
    for the id (or the token's own text) `token`. The default is the first id, into whose row the
    reward head of nvidia/Llama-3.1-Nemotron-70B-Reward-HF was copied; its card reads
    ``scores[0][0][0]`` of a generated token, which is this where no temperature is set. A plain
    causal model in the files: it has to be named, not found.

    Raises: ConfigError for a token that the vocabulary does not have.
    """
    params = {"model": model, "token": token, "view": view, **options}
    engine_options = Options.of(options)
    return reward_at(
        "models.token_logit.token_logit",
        params,
        lambda: _scorer(causal_model(model, engine_options), token, view, engine_options),
    )


def _scorer(model: CausalModel, token: int | str, view: Part, options: Options) -> Scorer:
    ident = _id_of(model, token)
    return Scorer(
        model.engine,
        chat_form(model.checkpoint, model.tokenizer, options, view, config=model.module.config),
        LabelLogits(model.layer, (ident,)),
        positions=at_the_end,
        reading=only_value,
        facts={"kind": "token logit", "read": f"the logit of id {ident} at the last token"},
        on_response_fault=options.on_response_fault,
    )


def _id_of(model: CausalModel, token: int | str) -> int:
    size = int(model.layer.weight_VH.shape[0])
    ident = model.tokenizer.get_vocab().get(token) if isinstance(token, str) else token
    if ident is None or isinstance(ident, bool) or not 0 <= ident < size:
        raise ConfigError(
            f"{model.checkpoint.name}: token={token!r} is not a token of its vocabulary of"
            f" {size} ids"
        )
    return ident
