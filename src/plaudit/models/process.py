"""Process reward models: a value for every step of a solution."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from plaudit.engines.causal import output_layer
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
from plaudit.engines.questions import Head, Labels
from plaudit.engines.text import clean
from plaudit.errors import ConfigError
from plaudit.models._architecture import Architecture
from plaudit.models._load import limit_of, linear, made
from plaudit.models._reward import Scorer, Value, sigmoid
from plaudit.models._text import Encoded, Form
from plaudit.rule import prompt_text
from plaudit.think import Part, part_of
from plaudit.types import Group, Response, Reward, Step

__all__ = ["ARCHITECTURE", "process"]

Layout = Literal["auto", "math_shepherd", "qwen_prm", "skywork_prm"]
Reduce = Literal["min", "prod", "last", "mean"]

_QWEN_SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."
_QWEN_MARK = "<extra_0>"
_SHEPHERD_MARK = "ки"
_SEPARATORS = {"qwen_prm": "\n\n", "math_shepherd": "\n", "skywork_prm": "\n"}


def process(
    model: str,
    *,
    layout: Layout = "auto",
    reduce: Reduce = "min",
    separator: str | None = None,
    view: Part = "answer",
    **options: Any,
) -> Reward:
    """One value in [0, 1] from the values of a solution's steps, each P(the step is right).

    `Score.steps` holds every step's value with its span in the response's text; `reduce` makes one
    of them: "min" (the weakest step), "prod", "last" or "mean". Steps are the non-empty parts
    between `separator` (default: what the model was trained with: a blank line for qwen_prm, a
    line break for the others).

    `layout` is how the model marks and reads steps: "qwen_prm" (``<extra_0>`` behind each step,
    ``softmax(W2 relu(W1 h))[1]``; Qwen2.5-Math-PRM), "math_shepherd" (`` ки`` behind each step,
    softmax of the logits of "+" against "-"; peiyi9979/math-shepherd-mistral-7b-prm), "skywork_prm"
    (``sigmoid(v_head(h))`` at each step's line break; Skywork-o1-Open-PRM). "auto" tells the first
    and the last from config.json; a plain causal model has to be named.

    A response that contains the model's own step mark would add steps of its own: it is at fault
    and not scored. Raises: ConfigError where the checkpoint does not have the layout.
    """
    if reduce not in ("min", "prod", "last", "mean"):
        raise ConfigError(f"reduce={reduce!r} must be 'min', 'prod', 'last' or 'mean'")
    params = {
        "model": model, "layout": layout, "reduce": reduce, "separator": separator, "view": view,
        **options,
    }  # fmt: skip
    given = Options.of(options)
    if given.overflow in ("keep_start", "keep_end"):
        raise ConfigError(f"overflow={given.overflow!r}: steps cannot be cut; 'drop' or 'error'")
    return made(
        "models.process.process",
        params,
        lambda: _scorer(opened(model, given), layout, reduce, separator, view, given),
    )


def _scorer(
    found: Checkpoint,
    layout: str,
    reduce: str,
    separator: str | None,
    view: Part,
    options: Options,
) -> Scorer:
    layout = _layout_of(found) if layout == "auto" else layout
    if layout not in _LOADERS:
        raise ConfigError(f"layout={layout!r} must be one of auto, {', '.join(_LOADERS)}")
    made_of = _LOADERS[layout](found, options)
    refuse_unused(found, known=type(made_of.module.config))
    limit, overflow = limit_of(made_of.tokenizer, options, made_of.module.config)
    form = _StepForm(
        made_of.tokenizer, limit, overflow, view,
        encode_steps=made_of.encode, separator=separator or _SEPARATORS[layout],
    )  # fmt: skip
    return Scorer(
        engine_for(trunk_of(made_of.module), options),
        form,
        made_of.question,
        positions=lambda encoded: encoded.marks,
        reading=_reading(made_of.probability, reduce),
        facts={"kind": "process reward", "read": f"{layout}: {reduce} over the steps"},
        on_response_fault=options.on_response_fault,
    )


@dataclass(frozen=True)
class _Loaded:
    """A process model: how steps become ids with marks, and rows probabilities."""

    module: Any
    tokenizer: Any
    question: Any
    encode: Callable[[Group, Sequence[str]], tuple[list[int], list[int]]]
    probability: Callable[[Sequence[float]], float]


def _reading(
    probability: Callable[[Sequence[float]], float], reduce: str
) -> Callable[[Encoded, Sequence[Sequence[float]]], Value]:
    def reading(encoded: Encoded, rows: Sequence[Sequence[float]]) -> Value:
        values = [probability(row) for row in rows]
        steps = tuple(Step(v, a, b) for v, (a, b) in zip(values, encoded.spans, strict=True))
        if any(value != value for value in values):
            return Value(math.nan, steps=(), error="the model gave nan for a step")
        return Value(_reduced(values, reduce), {"num_steps": float(len(values))}, steps)

    return reading


def _reduced(values: Sequence[float], how: str) -> float:
    """One value of many.

    >>> [_reduced([0.5, 1.0, 0.8], how) for how in ("min", "prod", "last", "mean")]
    [0.5, 0.4, 0.8, 0.7666666666666666]
    """
    if how == "last":
        return values[-1]
    return {"min": min, "prod": math.prod, "mean": lambda v: math.fsum(v) / len(v)}[how](values)


def _steps_of(text: str, separator: str) -> list[tuple[int, int]]:
    """The spans of the parts between separators that hold more than white space.

    >>> _steps_of("a b\\n\\nc\\n", "\\n")
    [(0, 3), (5, 6)]
    """
    spans, start = [], 0
    for part in text.split(separator):
        end = start + len(part)
        kept = part.strip()
        if kept:
            first = start + part.index(kept)
            spans.append((first, first + len(kept)))
        start = end + len(separator)
    return spans


@dataclass(frozen=True)
class _StepForm(Form):
    """Steps with their marks, and where in the response's text each stands."""

    encode_steps: Callable[[Group, Sequence[str]], tuple[list[int], list[int]]] | None = None
    separator: str = "\n"

    def encode(self, groups: Sequence[Group]) -> list[list[Encoded]]:
        return [[self._one(group, response) for response in group.responses] for group in groups]

    def _one(self, group: Group, response: Response) -> Encoded:
        text = part_of(response.text, self.view)
        shift = response.text.rfind(text) if text else 0
        spans = _steps_of(text, self.separator)
        if not spans:
            return Encoded(error="the response has no step", fault="response")
        assert self.encode_steps is not None
        ids, marks = self.encode_steps(group, [clean(text[a:b]) for a, b in spans])
        if len(marks) != len(spans):
            told = f"{len(marks)} step marks for {len(spans)} steps: the text holds marks itself"
            return Encoded(error=told, fault="response")
        spans = [(a + shift, b + shift) for a, b in spans]
        return self.fitted(Encoded(ids, 0, marks=marks, spans=spans), f"row {group.key}")


# --- layouts --------------------------------------------------------------------------------------


def _layout_of(found: Checkpoint) -> str:
    if found.architecture == "Qwen2ForProcessRewardModel":
        return "qwen_prm"
    if found.architecture == "Qwen2ForPrmModel":
        return "skywork_prm"
    raise ConfigError(
        f"{found.name}: config.json (architectures={found.config.get('architectures')}) does not"
        f" say how steps are marked; pass layout= as one of {', '.join(_LOADERS)}"
    )


def _qwen_prm(found: Checkpoint, options: Options) -> _Loaded:
    import torch

    module, tokenizer = _trunk(found, options)
    names = [f"score.{i}.{kind}" for i in (0, 2) for kind in ("weight", "bias")]
    tensors = _tensors(found, names)
    first = linear(found, tensors[names[0]], tensors[names[1]], name="score.0")
    second = linear(found, tensors[names[2]], tensors[names[3]], name="score.2")
    first, second = (_on(module, head) for head in (first, second))
    mark = _only_id(tokenizer, _QWEN_MARK, found)

    def encode(group: Group, steps: Sequence[str]) -> tuple[list[int], list[int]]:
        turns: list[Any] = list(group.prompt)
        if not turns or turns[0].get("role") != "system":
            turns = [{"role": "system", "content": _QWEN_SYSTEM}, *turns]
        answer = "".join(step + _QWEN_MARK for step in steps)
        text = tokenizer.apply_chat_template(
            [*turns, {"role": "assistant", "content": answer}],
            tokenize=False,
            chat_template=options.chat_template,
        )
        return _marked(tokenizer(text, add_special_tokens=False)["input_ids"], mark)

    return _Loaded(
        module,
        tokenizer,
        Head(lambda rows: second(torch.relu(first(rows)))),
        encode,
        lambda row: sigmoid(row[1] - row[0]),
    )


def _math_shepherd(found: Checkpoint, options: Options) -> _Loaded:
    module = auto_model(found, "AutoModelForCausalLM", options)
    tokenizer = tokenizer_of(found, module.get_input_embeddings().num_embeddings)
    good, bad = (_last_id(tokenizer, f" {sign}") for sign in "+-")
    mark = _last_id(tokenizer, f" {_SHEPHERD_MARK}")

    def encode(group: Group, steps: Sequence[str]) -> tuple[list[int], list[int]]:
        solution = "\n".join(f"{step} {_SHEPHERD_MARK}" for step in steps)
        ids = tokenizer(f"{clean(prompt_text(group))} {solution}")["input_ids"]
        return _marked(ids, mark)

    return _Loaded(
        module,
        tokenizer,
        Labels(output_layer(module), (good, bad)),
        encode,
        lambda row: sigmoid(row[0] - row[1]),
    )


def _skywork_prm(found: Checkpoint, options: Options) -> _Loaded:
    module, tokenizer = _trunk(found, options)
    tensors = _tensors(found, ["v_head.summary.weight", "v_head.summary.bias"])
    head = _on(module, linear(found, *tensors.values(), name="v_head.summary"))
    end = _last_id(tokenizer, "\n")

    def encode(group: Group, steps: Sequence[str]) -> tuple[list[int], list[int]]:
        ids = _plain_ids(tokenizer, f"{tokenizer.bos_token or ''}{clean(prompt_text(group))}\n")
        marks = []
        for step in steps:
            ids += [*_plain_ids(tokenizer, step), end]
            marks.append(len(ids) - 1)
        return ids, marks

    return _Loaded(module, tokenizer, Head(head), encode, lambda row: sigmoid(row[0]))


_LOADERS: Mapping[str, Callable[[Checkpoint, Options], _Loaded]] = {
    "qwen_prm": _qwen_prm,
    "math_shepherd": _math_shepherd,
    "skywork_prm": _skywork_prm,
}


def _trunk(found: Checkpoint, options: Options) -> tuple[Any, Any]:
    module = auto_model(found, "AutoModel", options)
    return module, tokenizer_of(found, module.get_input_embeddings().num_embeddings)


def _tensors(found: Checkpoint, names: Sequence[str]) -> dict[str, Any]:
    missing = [name for name in names if not found.has(name)]
    if missing:
        raise ConfigError(
            f"{found.name}: no tensor {', '.join(missing)} in"
            f" {', '.join(path.name for path in found.weight_files)}: not this layout's head"
        )
    held = found.tensors(names)
    check_finite(found, held)
    return {name: held[name] for name in names}


def _on(module: Any, head: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The head, given rows from wherever the module is."""
    return lambda rows: head(rows.cpu())


def _marked(ids: Sequence[int], mark: int) -> tuple[list[int], list[int]]:
    return list(ids), [i for i, token in enumerate(ids) if token == mark]


def _only_id(tokenizer: Any, text: str, found: Checkpoint) -> int:
    ids = _plain_ids(tokenizer, text)
    if len(ids) != 1:
        raise ConfigError(
            f"{found.name}: its tokenizer writes the step mark {text!r} as {len(ids)} tokens, not 1"
        )
    return ids[0]


def _last_id(tokenizer: Any, text: str) -> int:
    return _plain_ids(tokenizer, text)[-1]


def _plain_ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _is_process(found: Checkpoint) -> bool:
    return found.architecture in ("Qwen2ForProcessRewardModel", "Qwen2ForPrmModel")


ARCHITECTURE = Architecture(make=process, is_mine=_is_process)
