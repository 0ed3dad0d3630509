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
from plaudit.models._load import chat_form, linear, reward_at
from plaudit.models._reward import Scorer, Value
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = ["ARCHITECTURE", "classifier"]

Reduce = str | int | Sequence[float] | None


def classifier(
    model: str, *, reduce: Reduce = None, view: Part = "answer", **options: object
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
    return reward_at(
        "models.classifier.classifier", params, lambda: _scorer(model, reduce, view, options)
    )


def _is_classifier(checkpoint: Checkpoint) -> bool:
    return checkpoint.architecture.endswith("ForSequenceClassification")


def _scorer(model: str, reduce: Reduce, view: Part, options: Mapping[str, object]) -> Scorer:
    engine_options = Options.of(options)
    checkpoint = opened(model, engine_options)
    count = _num_in_adapter(engine_options)
    reading, reduction = _reduction(checkpoint, reduce, _labels(checkpoint, count))
    module = auto_model(
        checkpoint, "AutoModelForSequenceClassification", engine_options, num_labels=count
    )
    refuse_unused(checkpoint, config_class=type(module.config))
    tokenizer = tokenizer_of(checkpoint, module.get_input_embeddings().num_embeddings)
    head = getattr(module, "score", None)
    has_rows = head is not None and hasattr(head, "weight")
    form = chat_form(
        checkpoint, tokenizer, engine_options, view, config=module.config, is_encoder=not has_rows
    )
    if has_rows:
        engine = engine_for(trunk_of(module), engine_options)
        weight, bias = head.weight, getattr(head, "bias", None)  # type: ignore[union-attr]
        question: Any = Head(linear(checkpoint, weight, bias))
    else:
        check_finite(checkpoint, {n: p for n, p in module.named_parameters() if "classif" in n})
        if engine_options.dtype == "auto":
            module = module.float()  # an encoder is small, and its head rounds where it is
        engine = engine_for(_whole(module), engine_options)
        question = Hidden()
    return Scorer(
        engine,
        form,
        question,
        positions=lambda encoded: (len(encoded.ids) - 1,) if has_rows else (0,),
        reading=lambda encoded, rows: Value(reading(rows[0])),
        facts={
            "kind": "sequence classifier",
            "read": f"{reduction} at the {'last token' if has_rows else 'pooled token'}",
        },
        on_response_fault=engine_options.on_response_fault,
    )


def _whole(module: Any) -> Trunk:
    """A model with a pooler of its own: its logits as the only row."""

    def forward(**inputs):
        return module(**inputs).logits[:, None]

    return Trunk(
        forward, module, can_pack=False, pad_id=module.config.pad_token_id or 0, is_pooled=True
    )


def _reduction(
    checkpoint: Checkpoint, reduce: Reduce, names: Sequence[str]
) -> tuple[Callable[[Sequence[float]], float], str]:
    """The arithmetic from logits to one number, and its name."""
    if reduce is None and len(names) == 1:
        return (lambda z: z[0]), "the only logit"
    if reduce is None:
        raise ConfigError(
            f"{checkpoint.name}: config.json names {len(names)} labels ({', '.join(names[:6])}),"
            " and a"
            " reward is one number: pass reduce= with a label's index or name, 'margin', 'expected'"
            " or a list of weights"
        )
    if reduce == "expected":
        return _expected, "the expected label"
    if reduce == "margin" and len(names) == 2:
        return (lambda z: z[1] - z[0]), "second logit less first"
    if isinstance(reduce, str | int):
        at = _index_of(checkpoint, names, reduce)
        return (lambda z: z[at]), f"the logit of label {names[at]!r}"
    weights = [float(w) for w in reduce]
    if len(weights) != len(names):
        raise ConfigError(
            f"{checkpoint.name}: reduce has {len(weights)} weights for {len(names)} labels"
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
    adapter = open_checkpoint(options.adapter)
    names = [
        n for n in adapter.tensor_names() if n.endswith((".score.weight", ".classifier.weight"))
    ]
    return int(adapter.tensors(names[:1])[names[0]].shape[0]) if names else None


def _labels(checkpoint: Checkpoint, count: int | None) -> list[str]:
    if count is not None:
        return [f"LABEL_{i}" for i in range(count)]
    named = checkpoint.config.get("id2label")
    if isinstance(named, Mapping) and named:
        return [str(named[key]) for key in sorted(named, key=int)]
    num_labels = checkpoint.config.get("num_labels") or 2  # transformers' own default
    return [f"LABEL_{i}" for i in range(int(num_labels))]


def _index_of(checkpoint: Checkpoint, names: Sequence[str], label: str | int) -> int:
    if isinstance(label, int) and -len(names) <= label < len(names):
        return label % len(names)
    if label in names:
        return names.index(str(label))
    raise ConfigError(
        f"{checkpoint.name}: reduce={label!r} is none of its labels {', '.join(names[:10])},"
        " 'margin'"
        f" (of two), 'expected' or a list of weights{did_you_mean(str(label), names)}"
    )


ARCHITECTURE = Architecture(make=classifier, is_mine=_is_classifier, rank=9)
