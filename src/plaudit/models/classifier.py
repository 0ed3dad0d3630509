"""Sequence classifiers: any model of transformers' AutoModelForSequenceClassification."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from plaudit.engines.checkpoint import Checkpoint, open_checkpoint, refuse_unused
from plaudit.engines.hf import Trunk
from plaudit.engines.load import (
    Options,
    auto_model,
    check_finite,
    engine_for,
    opened,
    tokenizer_of,
    trunk_of,
)
from plaudit.engines.questions import Head, Hidden
from plaudit.errors import ConfigError, did_you_mean
from plaudit.models._architecture import Architecture
from plaudit.models._load import chat_form, linear, made
from plaudit.models._reward import Scorer, Value
from plaudit.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "classifier"]

Reduce = str | int | Sequence[float] | None


def classifier(
    model: str, *, reduce: Reduce = None, view: Part = "answer", **options: Any
) -> Reward:
    """The logit of a sequence classifier's only label, without activation: any real number.

    ``score = w . h[last token] + b``, read at the last token by length (never by looking for the
    pad id), head and sum in fp32. As Skywork-Reward, and RewardBench's "Seq. Classifier".

    A model of several labels needs `reduce`: a label's index or name (its logit), "margin" (the
    second logit less the first, of two), "expected" (``sum k softmax(z)_k`` for ratings that count
    from 0), or a list with a weight for each logit. `model` is a directory, hf:ORG/NAME or
    modelscope:ORG/NAME; `view` the part of a reasoning response that is scored. `options` are
    those of every model (`plaudit.models.Options`): device, dtype, max_tokens, overflow, profile...

    Raises: ConfigError for a checkpoint without a (trained) head, with NaN in it, with labels
    and no `reduce`, without a chat template, or whose vocabulary does not fit its tokenizer.
    """
    params = {"model": model, "reduce": reduce, "view": view, **options}
    return made(
        "models.classifier.classifier", params, lambda: _scorer(model, reduce, view, options)
    )


def _is_classifier(found: Checkpoint) -> bool:
    return found.architecture.endswith("ForSequenceClassification")


def _scorer(model: str, reduce: Reduce, view: Part, options: Mapping[str, Any]) -> Scorer:
    given = Options.of(options)
    found = opened(model, given)
    count = _num_in_adapter(given)
    reading, told = _reduction(found, reduce, _labels(found, count))
    module = auto_model(found, "AutoModelForSequenceClassification", given, num_labels=count)
    refuse_unused(found, known=type(module.config))
    tokenizer = tokenizer_of(found, module.get_input_embeddings().num_embeddings)
    head = getattr(module, "score", None)
    has_rows = head is not None and hasattr(head, "weight")
    form = chat_form(found, tokenizer, given, view, config=module.config, is_encoder=not has_rows)
    if has_rows:
        engine = engine_for(trunk_of(module), given)
        weight, bias = head.weight, getattr(head, "bias", None)  # type: ignore[union-attr]
        question: Any = Head(linear(found, weight, bias))
    else:
        check_finite(found, {n: p for n, p in module.named_parameters() if "classif" in n})
        if given.dtype == "auto":
            module = module.float()  # an encoder is small, and its head rounds where it is
        engine = engine_for(_whole(module), given)
        question = Hidden()
    return Scorer(
        engine,
        form,
        question,
        positions=lambda encoded: (len(encoded.ids) - 1,) if has_rows else (0,),
        reading=lambda encoded, rows: Value(reading(rows[0])),
        facts={
            "kind": "sequence classifier",
            "read": f"{told} at the {'last token' if has_rows else 'pooled token'}",
        },
        on_response_fault=given.on_response_fault,
    )


def _whole(module: Any) -> Trunk:
    """A model with a pooler of its own: its logits as the only row."""

    def forward(**inputs):
        return module(**inputs).logits[:, None]

    return Trunk(
        forward, module, can_pack=False, pad_id=module.config.pad_token_id or 0, is_pooled=True
    )


def _reduction(
    found: Checkpoint, reduce: Reduce, names: Sequence[str]
) -> tuple[Callable[[Sequence[float]], float], str]:
    """The arithmetic from logits to one number, and its name."""
    if reduce is None and len(names) == 1:
        return (lambda z: z[0]), "the only logit"
    if reduce is None:
        raise ConfigError(
            f"{found.name}: config.json names {len(names)} labels ({', '.join(names[:6])}), and a"
            " reward is one number: pass reduce= with a label's index or name, 'margin', 'expected'"
            " or a list of weights"
        )
    if reduce == "expected":
        return _expected, "the expected label"
    if reduce == "margin" and len(names) == 2:
        return (lambda z: z[1] - z[0]), "second logit less first"
    if isinstance(reduce, str | int):
        at = _index_of(found, names, reduce)
        return (lambda z: z[at]), f"the logit of label {names[at]!r}"
    weights = [float(w) for w in reduce]
    if len(weights) != len(names):
        raise ConfigError(
            f"{found.name}: reduce has {len(weights)} weights for {len(names)} labels"
        )
    return (lambda z: sum(w * x for w, x in zip(weights, z, strict=True))), "a weighted sum"


def _expected(logits: Sequence[float]) -> float:
    import math

    top = max(logits)
    shares = [math.exp(z - top) for z in logits]
    return sum(k * s for k, s in enumerate(shares)) / sum(shares)


def _num_in_adapter(options: Options) -> int | None:
    """The rows of the head that an adapter brings; None without one."""
    if options.adapter is None:
        return None
    held = open_checkpoint(options.adapter)
    names = [n for n in held.tensor_names() if n.endswith((".score.weight", ".classifier.weight"))]
    return int(held.tensors(names[:1])[names[0]].shape[0]) if names else None


def _labels(found: Checkpoint, count: int | None) -> list[str]:
    if count is not None:
        return [f"LABEL_{i}" for i in range(count)]
    named = found.config.get("id2label")
    if isinstance(named, Mapping) and named:
        return [str(named[key]) for key in sorted(named, key=int)]
    told = found.config.get("num_labels") or 2  # transformers' own default
    return [f"LABEL_{i}" for i in range(int(told))]


def _index_of(found: Checkpoint, names: Sequence[str], label: str | int) -> int:
    if isinstance(label, int) and -len(names) <= label < len(names):
        return label % len(names)
    if label in names:
        return names.index(str(label))
    raise ConfigError(
        f"{found.name}: reduce={label!r} is none of its labels {', '.join(names[:10])}, 'margin'"
        f" (of two), 'expected' or a list of weights{did_you_mean(str(label), names)}"
    )


ARCHITECTURE = Architecture(make=classifier, is_mine=_is_classifier, rank=9)
