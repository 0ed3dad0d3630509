"""RLHFlow pair-preference: a causal LM that names the better of two responses, asked both ways."""

from __future__ import annotations

from collections.abc import Sequence

from plaudit.engines.causal import CausalModel, causal_model
from plaudit.engines.load import Options
from plaudit.engines.questions import LabelLogits
from plaudit.engines.text import clean, templated
from plaudit.errors import ConfigError, DataError
from plaudit.models._compare import Duel, ModelComparer, PairScorer, answer_of
from plaudit.models._load import reward_at
from plaudit.models._reward import sigmoid
from plaudit.models._text import Encoded
from plaudit.text.think import Part
from plaudit.types import Comparer, Message, Pair

__all__ = ["pair_preference"]


def pair_preference(model: str, *, view: Part = "answer", **options: object) -> Comparer:
    """P(first is better) in [0, 1]: the mean over both orders of ``sigmoid(z_own - z_other)``.

    z are the logits of "A" and "B" at the last token of ``[CONTEXT] .. [RESPONSE A] .. [RESPONSE
    B] ..``, one user turn of the model's template, its BOS left out, as in
    RLHFlow/pair-preference-model-LLaMA3-8B (Dong et al. 2024). `margin` is the sum of the two
    orders' log-odds. A plain causal model in the files: it has to be named, not found.
    """
    engine_options = Options.of(options)
    params = {"model": model, "view": view, **options}
    return reward_at(
        "models.pair_preference.pair_preference",
        params,
        lambda: _scorer(causal_model(model, engine_options), view, engine_options),
        ModelComparer,
    )


def _scorer(model: CausalModel, view: Part, options: Options) -> PairScorer:
    labels = tuple(_label(model, letter) for letter in "AB")

    def encode(pair: Pair) -> list[Encoded]:
        context = _context(pair.prompt)
        a, b = (answer_of(pair, response, view) for response in (pair.first, pair.second))
        return [_encoded_pair(model, context, *both, options) for both in ((a, b), (b, a))]

    def reading(answers: Sequence[Sequence[Sequence[float]]]) -> Duel:
        ab, ba = (rows[0][0] - rows[0][1] for rows in answers)
        return Duel(
            (sigmoid(ab) + sigmoid(-ba)) / 2,
            ab - ba,
            {"forward": sigmoid(ab), "backward": sigmoid(-ba)},
        )

    return PairScorer(
        model.engine,
        LabelLogits(model.layer, labels),
        encode,
        reading,
        {"kind": "pair preference", "read": "the logits of A and B at the last token, both orders"},
    )


def _label(model: CausalModel, letter: str) -> int:
    ids = model.tokenizer(letter, add_special_tokens=False)["input_ids"]
    if len(ids) != 1:
        raise ConfigError(
            f"{model.checkpoint.name}: its tokenizer writes {letter!r} as {len(ids)} tokens"
        )
    return ids[0]


def _context(prompt: Sequence[Message]) -> str:
    turns = [
        f"\n\n<turn> {'assistant' if turn.get('role') == 'assistant' else 'user'}\n"
        f" {clean(str(turn.get('content') or ''))}"
        for turn in prompt
    ]
    return "\n" + "".join(turns) + "\n\n\n"


def _encoded_pair(model: CausalModel, context: str, a: str, b: str, options: Options) -> Encoded:
    text = f"[CONTEXT] {context} [RESPONSE A] {a} [RESPONSE B] {b} \n"
    turns = [{"role": "user", "content": text}]
    tokenizer = model.tokenizer
    try:
        templated_text = templated(tokenizer, turns, options.chat_template, {})
    except DataError as error:
        return Encoded(error=str(error), fault="input")
    templated_text = templated_text.replace(tokenizer.bos_token or "\0\0", "")
    ids = list(tokenizer(templated_text, add_special_tokens=False)["input_ids"])
    limit = options.max_tokens
    if limit is not None and len(ids) > limit:
        return Encoded(error=f"{len(ids)} tokens exceed max_tokens={limit}", fault="response")
    return Encoded(ids, marks=(len(ids) - 1,))
