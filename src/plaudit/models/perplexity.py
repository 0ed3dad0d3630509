"""How likely a response is under a causal language model: a reward for fluency."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

from plaudit.engines.causal import CausalModel, causal_model, log_probs
from plaudit.engines.load import Options
from plaudit.errors import ConfigError
from plaudit.models._causal import scored_positions
from plaudit.models._load import chat_form, limit_of, reward_at
from plaudit.models._reward import Scorer, Value
from plaudit.models._text import Encoded, Form, PlainForm
from plaudit.rule import prompt_text
from plaudit.text.think import Part
from plaudit.types import Group, Reward

__all__ = ["perplexity"]

Preset = Literal["mean_log_prob", "grpo_flat"]


def perplexity(
    model: str,
    *,
    is_conditional: bool = True,
    preset: Preset = "mean_log_prob",
    view: Part = "answer",
    **options: object,
) -> Reward:
    """The mean log-prob of the response's tokens, ``-ln ppl``, in (-inf, 0]: higher is likelier.

    ``sum_t log p(y_t | x, y_<t) / T`` with the prompt x before it, or without (`is_conditional`
    False). `preset` "grpo_flat" gives ``10 * clamp(1 - (ln ppl - 1) / 10, 0, 1)``, in [0, 10]. The
    code published under that name averages over padding too, so that its scores depend on the
    batch; these do not. Without a prompt and without a BOS the first token cannot be scored.

    A chat model reads the prompt through its template; a base model reads prompt, line break,
    response. `parts` contain the perplexity.

    Raises: ConfigError for a checkpoint that is not a causal language model.
    """
    if preset not in ("mean_log_prob", "grpo_flat"):
        raise ConfigError(f"preset={preset!r} must be 'mean_log_prob' or 'grpo_flat'")
    params = {
        "model": model, "is_conditional": is_conditional, "preset": preset, "view": view, **options
    }  # fmt: skip
    engine_options = Options.of(options)
    return reward_at(
        "models.perplexity.perplexity",
        params,
        lambda: _scorer(model, is_conditional, preset, view, engine_options),
    )


def _scorer(model: str, is_conditional: bool, preset: str, view: Part, options: Options) -> Scorer:
    causal = causal_model(model, options)
    return Scorer(
        causal.engine,
        _form(causal, is_conditional, view, options),
        log_probs(causal.layer, causal.engine.device),
        positions=scored_positions,
        reading=_reading(preset),
        facts={
            "kind": "perplexity",
            "read": f"{preset} of the response"
            f"{' after its prompt' if is_conditional else ' by itself'}",
        },
        on_response_fault=options.on_response_fault,
    )


def _form(model: CausalModel, is_conditional: bool, view: Part, options: Options) -> Form:
    has_template = options.chat_template or getattr(model.tokenizer, "chat_template", None)
    if is_conditional and has_template:
        return chat_form(
            model.checkpoint,
            model.tokenizer,
            options,
            view,
            config=model.module.config,
            needs_start=True,
        )
    limit, overflow = limit_of(model.tokenizer, options, model.module.config)
    make = _after_prompt if is_conditional else _by_itself
    return PlainForm(model.tokenizer, limit, overflow, view, make=make)


def _after_prompt(group: Group, response: str) -> tuple[str, str]:
    return f"{prompt_text(group)}\n", response


def _by_itself(group: Group, response: str) -> tuple[str, str]:
    return "", response


def _reading(preset: str) -> Callable[[Encoded, Sequence[Sequence[float]]], Value]:
    def reading(encoded: Encoded, rows: Sequence[Sequence[float]]) -> Value:
        if not rows:
            return Value(math.nan, error="no token of the response can be scored", fault="response")
        mean = math.fsum(row[0] for row in rows) / len(rows)
        parts = {"mean_log_prob": mean, "num_scored": float(len(rows))}
        if mean > -700:  # beyond it the perplexity itself is not a float
            parts["perplexity"] = math.exp(-mean)
        return Value(_flat(mean) if preset == "grpo_flat" else mean, parts)

    return reading


def _flat(mean_log_prob: float) -> float:
    """10 at a perplexity of e or less, 0 at e^11 or more, linear in its logarithm.

    >>> _flat(-1.0), _flat(-6.0), _flat(-20.0)
    (10.0, 5.0, 0.0)
    """
    return 10.0 * min(1.0, max(0.0, 1.0 - (-mean_log_prob - 1.0) / 10.0))
