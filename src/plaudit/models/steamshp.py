"""SteamSHP: a T5 that answers which of two responses to a post is better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plaudit.engines.checkpoint import Checkpoint, refuse_unused
from plaudit.engines.hf import Trunk
from plaudit.engines.load import Options, auto_model, engine_for, opened, tokenizer_of
from plaudit.engines.questions import Hidden
from plaudit.engines.text import clean
from plaudit.errors import ConfigError
from plaudit.models._architecture import Architecture
from plaudit.models._compare import Duel, ModelComparer, PairScorer, answer_of
from plaudit.models._load import reward_at
from plaudit.models._reward import sigmoid
from plaudit.models._text import Encoded
from plaudit.text.think import Part
from plaudit.types import Comparer, Pair

__all__ = ["ARCHITECTURE", "steamshp"]

_LIMIT = 512


def steamshp(model: str, *, view: Part = "answer", **options: object) -> Comparer:
    """P(first is better) in [0, 1]: ``sigmoid(z_A - z_B)`` at the first decoded token.

    The published use generates one token and reads anything but "A" as "B"; this reads the two
    logits, so that an unsure model says so. One order at a time: `combine.both_orders` cancels the
    preference for a place. Texts above `max_tokens` (default 512, what it was trained on) lose
    tokens of the post's beginning, counted in `parts`. stanfordnlp/SteamSHP-flan-t5-large and -xl
    (Ethayarajh et al. 2022).
    """
    engine_options = Options.of(options)
    params = {"model": model, "view": view, **options}
    return reward_at(
        "models.steamshp.steamshp",
        params,
        lambda: _scorer(opened(model, engine_options), view, engine_options),
        ModelComparer,
    )


def _scorer(checkpoint: Checkpoint, view: Part, options: Options) -> PairScorer:
    import torch

    module = auto_model(checkpoint, "AutoModelForSeq2SeqLM", options)
    refuse_unused(checkpoint, has_head=False, config_class=type(module.config))
    tokenizer = tokenizer_of(checkpoint, module.get_input_embeddings().num_embeddings)
    labels = [_label(checkpoint, tokenizer, letter) for letter in "AB"]
    start = module.config.decoder_start_token_id or 0

    def forward(**inputs):
        first = torch.full((len(inputs["input_ids"]), 1), start, device=module.device)
        logits = module(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            decoder_input_ids=first,
            use_cache=False,
        ).logits
        return logits[:, :, labels]

    def reading(answers: Sequence[Sequence[Sequence[float]]]) -> Duel:
        a, b = answers[0][0]
        return Duel(sigmoid(a - b), a - b)

    return PairScorer(
        engine_for(Trunk(forward, module, can_pack=False, is_pooled=True), options),
        Hidden(),
        lambda pair: [_encoded(tokenizer, pair, view, options.max_tokens or _LIMIT)],
        reading,
        {"kind": "T5 pair judge", "read": "the logits of A and B at the first decoded token"},
    )


def _label(checkpoint: Checkpoint, tokenizer: Any, letter: str) -> int:
    ids = tokenizer(letter, add_special_tokens=False)["input_ids"]
    if not ids:
        raise ConfigError(f"{checkpoint.name}: its tokenizer has no token for {letter!r}")
    return ids[0]


def _encoded(tokenizer: Any, pair: Pair, view: Part, limit: int) -> Encoded:
    post = " ".join(str(turn.get("content") or "") for turn in pair.prompt)
    a, b = (answer_of(pair, response, view) for response in (pair.first, pair.second))
    rest = f"\n\n RESPONSE A: {a}\n\n RESPONSE B: {b}\n\n Which response is better? RESPONSE"
    ids = list(tokenizer(f"POST: {clean(post)}{rest}")["input_ids"])
    cut = max(0, len(ids) - limit)
    return Encoded(ids[cut:], num_cut=cut, marks=(0,))


def _is_mine(checkpoint: Checkpoint) -> bool:
    return checkpoint.architecture == "T5ForConditionalGeneration"


ARCHITECTURE = Architecture(make=steamshp, is_mine=_is_mine, rank=5)
