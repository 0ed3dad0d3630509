"""A trunk that transformers knows with a head that it does not: what such files share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from plaudit.engines.checkpoint import Checkpoint, refuse_unused
from plaudit.engines.load import (
    Options,
    auto_model,
    check_finite,
    engine_for,
    opened,
    tokenizer_of,
    trunk_of,
)
from plaudit.engines.questions import Head
from plaudit.engines.text import Bos
from plaudit.errors import ConfigError
from plaudit.models._load import chat_form, linear, reward_at
from plaudit.models._reward import Reading, Scorer, Value
from plaudit.models._text import Encoded
from plaudit.text.think import Part
from plaudit.types import Reward

__all__ = [
    "Headed",
    "all_equal",
    "at_the_end",
    "headed",
    "mlp",
    "needed",
    "only_value",
    "scalar_head",
    "trunk_from",
]

Rows = Callable[[Any], Any]


class Headed(NamedTuple):
    """What a file says of its architecture.

    `head` makes the rows' head from a checkpoint; `template` is used where the tokenizer has none
    (or always, with `is_own_template`); `trunk` loads the rows' model where the default does not.
    `finish` makes, from checkpoint and tokenizer, how a text ends before it is tokenised;
    `rewardbench_bos` is what RewardBench's own pipeline for it makes of a second BOS;
    `settings` are the names in config.json that head, positions or reading follow.
    """

    kind: str
    head: Callable[[Checkpoint], Rows]
    template: str | Callable[[Checkpoint], str] | None = None
    is_own_template: bool = False
    eos: bool = False
    special_tokens: bool = False
    trunk: Callable[[Checkpoint, Options], Any] | None = None
    positions: Callable[[Checkpoint, object], Callable[[Encoded], Sequence[int]]] | None = None
    reading: Callable[[Checkpoint], Reading] | None = None
    append: Callable[[Checkpoint], int] | None = None
    finish: Callable[[Checkpoint, object], Callable[[str], str]] | None = None
    settings: tuple[str, ...] = ()
    rewardbench_bos: Bos = "masked"


def headed(
    path: str, what: Headed, model: str, view: Part, options: Mapping[str, object], **params: object
) -> Reward:
    """The reward of a trunk with its own head, read at the last token unless `what` says else."""
    engine_options = Options.of(options)
    all_params = {"model": model, "view": view, **params, **options}
    return reward_at(
        path, all_params, lambda: _scorer(what, opened(model, engine_options), view, engine_options)
    )


def _scorer(what: Headed, checkpoint: Checkpoint, view: Part, options: Options) -> Scorer:
    load = what.trunk or (lambda f, o: auto_model(f, "AutoModel", o))
    module = load(checkpoint, options)
    tokenizer = tokenizer_of(checkpoint, module.get_input_embeddings().num_embeddings)
    has_own = getattr(tokenizer, "chat_template", None) is not None and not what.is_own_template
    own = what.template(checkpoint) if callable(what.template) else what.template
    form = chat_form(
        checkpoint,
        tokenizer,
        options,
        view,
        config=module.config,
        own_template=None if has_own or options.chat_template else own,
        eos=what.eos,
        special_tokens=what.special_tokens,
        finish=what.finish(checkpoint, tokenizer) if what.finish else None,
        rewardbench_bos=what.rewardbench_bos,
    )
    if what.append is not None:
        form = _Appending(form, what.append(checkpoint))
    head = what.head(checkpoint)
    positions = what.positions(checkpoint, tokenizer) if what.positions else at_the_end
    reading = what.reading(checkpoint) if what.reading else only_value
    refuse_unused(checkpoint, settings=what.settings, config_class=type(module.config))
    return Scorer(
        engine_for(trunk_of(module), options),
        form,  # type: ignore[arg-type]
        Head(lambda rows: head(rows.cpu())),
        positions=positions,
        reading=reading,
        facts={"kind": what.kind, "read": "the head's output at the last token"},
        on_response_fault=options.on_response_fault,
    )


class _Appending:
    """A form whose ids all end with one more: a model's own reward token."""

    def __init__(self, form: Any, token: int):
        self.form, self.token = form, token
        self.tokenizer, self.view = form.tokenizer, form.view
        self.max_tokens, self.overflow = form.max_tokens, form.overflow

    def encode(self, groups: Sequence[Any]) -> list[list[Encoded]]:
        from dataclasses import replace

        return [
            [e if e.error else replace(e, ids=self._with(e.ids)) for e in row]
            for row in self.form.encode(groups)
        ]

    def _with(self, ids: Sequence[int]) -> list[int]:
        return [*ids] if self.token in ids[-1:] else [*ids, self.token]


def at_the_end(encoded: Encoded) -> Sequence[int]:
    """The last position."""
    return (len(encoded.ids) - 1,)


def only_value(encoded: Encoded, rows: Sequence[Sequence[float]]) -> Value:
    """The first value of the only row."""
    return Value(rows[0][0])


def needed(checkpoint: Checkpoint, *names: str) -> list[Any]:
    """Tensors of those names, all finite. Raises ConfigError for one that is not there."""
    tensors = checkpoint.tensors(names)
    check_finite(checkpoint, tensors)
    return [tensors[name] for name in names]


def all_equal(checkpoint: Checkpoint, name: str, other: str) -> bool:
    """Whether two tensors of the checkpoint are one and the same."""
    one, two = checkpoint.tensors([name, other]).values()
    checkpoint.used.discard(name)
    return one.shape == two.shape and bool((one == two).all())


def row_head(checkpoint: Checkpoint, name: str) -> Rows:
    """The linear head whose weight (and bias, if any) are under `name`."""
    bias = needed(checkpoint, f"{name}.bias")[0] if checkpoint.has(f"{name}.bias") else None
    return linear(checkpoint, needed(checkpoint, f"{name}.weight")[0], bias, name=name)


def scalar_head(checkpoint: Checkpoint, name: str) -> Rows:
    """A linear head of one output. Raises ConfigError for one of several, of which all but the
    first would be passed over."""
    (weight,) = needed(checkpoint, f"{name}.weight")
    if weight.ndim != 2 or weight.shape[0] != 1:
        raise ConfigError(
            f"{checkpoint.name}: {name}.weight has the shape {tuple(weight.shape)}, and this reward"
            " reads one output; name the reward that fits (plaudit list)"
        )
    return row_head(checkpoint, name)


def mlp(checkpoint: Checkpoint, name: str) -> Rows:
    """``W_n relu(... relu(W_0 h + b_0))``: the layers `name`.0, `name`.2, ... of a Sequential."""
    import torch

    numbers = sorted(
        int(n.removeprefix(f"{name}.").removesuffix(".weight"))
        for n in checkpoint.tensor_names()
        if n.startswith(f"{name}.") and n.endswith(".weight")
        and n.removeprefix(f"{name}.").removesuffix(".weight").isdecimal()
    )  # fmt: skip
    if not numbers:
        raise ConfigError(
            f"{checkpoint.name}: no tensors {name}.0.weight, ...: not this layout's head"
        )
    layers = [row_head(checkpoint, f"{name}.{number}") for number in numbers[:-1]]
    layers.append(scalar_head(checkpoint, f"{name}.{numbers[-1]}"))

    def head(rows_RH):
        for layer in layers[:-1]:
            rows_RH = torch.relu(layer(rows_RH))
        return layers[-1](rows_RH)

    return head


def trunk_from(
    checkpoint: Checkpoint,
    options: Options,
    *,
    config: object = None,
    rename: Callable[[str], str | None] = lambda name: name,
    state: Mapping[str, object] | None = None,
) -> Any:
    """The trunk from tensors under other names; `rename` gives the class's own name, or None.

    `state` gives the tensors themselves where they have to be taken apart first.
    """
    from transformers import AutoConfig

    config = (
        AutoConfig.from_pretrained(str(checkpoint.path), trust_remote_code=False)
        if config is None
        else config
    )
    if state is None:
        renamed = {name: rename(name) for name in sorted(checkpoint.tensor_names())}
        tensors = checkpoint.tensors([name for name, new in renamed.items() if new])
        state = {str(renamed[name]): tensor for name, tensor in tensors.items()}
    return auto_model(checkpoint, "AutoModel", options, config=config, state=state)
