"""How families of process models mark the steps of a solution, and read them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from plaudit.engines.causal import output_layer
from plaudit.engines.checkpoint import Checkpoint
from plaudit.engines.load import Options, auto_model, check_finite, tokenizer_of
from plaudit.engines.questions import Head, LabelLogits
from plaudit.engines.text import clean, template_for, templated
from plaudit.errors import ConfigError
from plaudit.models._load import linear
from plaudit.models._reward import sigmoid
from plaudit.rule import prompt_text
from plaudit.types import Group

__all__ = ["LAYOUTS", "StepFamily", "Steps"]

_QWEN_SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."
_QWEN_MARK = "<extra_0>"
_SHEPHERD_MARK = "ки"
_RIGHT = ("true", "right", "correct", "good", "positive", "pos", "yes", "+")


@dataclass(frozen=True)
class Steps:
    """A process model: how steps become ids with marks, and rows probabilities."""

    module: Any
    tokenizer: Any
    question: Any
    encode: Callable[[Group, Sequence[str]], tuple[list[int], list[int]]]
    probability: Callable[[Sequence[float]], float]


def _qwen_prm(checkpoint: Checkpoint, options: Options, separator: str) -> Steps:
    import torch

    module, tokenizer = _trunk(checkpoint, options)
    names = [f"score.{i}.{kind}" for i in (0, 2) for kind in ("weight", "bias")]
    tensors = _tensors(checkpoint, names)
    first = linear(checkpoint, tensors[names[0]], tensors[names[1]], name="score.0")
    second = linear(checkpoint, tensors[names[2]], tensors[names[3]], name="score.2")
    first, second = (_on(module, head) for head in (first, second))
    mark = _only_id(tokenizer, _QWEN_MARK, checkpoint)

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

    return Steps(
        module,
        tokenizer,
        Head(lambda rows: second(torch.relu(first(rows)))),
        encode,
        lambda row: sigmoid(row[1] - row[0]),
    )


def _math_shepherd(checkpoint: Checkpoint, options: Options, separator: str) -> Steps:
    module = auto_model(checkpoint, "AutoModelForCausalLM", options)
    tokenizer = tokenizer_of(checkpoint, module.get_input_embeddings().num_embeddings)
    good, bad = (_last_id(tokenizer, f" {sign}") for sign in "+-")
    mark = _last_id(tokenizer, f" {_SHEPHERD_MARK}")

    def encode(group: Group, steps: Sequence[str]) -> tuple[list[int], list[int]]:
        solution = "\n".join(f"{step} {_SHEPHERD_MARK}" for step in steps)
        ids = tokenizer(f"{clean(prompt_text(group))} {solution}")["input_ids"]
        return _marked(ids, mark)

    return Steps(
        module,
        tokenizer,
        LabelLogits(output_layer(module), (good, bad)),
        encode,
        lambda row: sigmoid(row[0] - row[1]),
    )


def _skywork_prm(checkpoint: Checkpoint, options: Options, separator: str) -> Steps:
    module, tokenizer = _trunk(checkpoint, options)
    tensors = _tensors(checkpoint, ["v_head.summary.weight", "v_head.summary.bias"])
    head = _on(module, linear(checkpoint, *tensors.values(), name="v_head.summary"))
    end = _last_id(tokenizer, "\n")

    def encode(group: Group, steps: Sequence[str]) -> tuple[list[int], list[int]]:
        ids = _plain_ids(tokenizer, f"{tokenizer.bos_token or ''}{clean(prompt_text(group))}\n")
        marks = []
        for step in steps:
            ids += [*_plain_ids(tokenizer, step), end]
            marks.append(len(ids) - 1)
        return ids, marks

    return Steps(module, tokenizer, Head(head), encode, lambda row: sigmoid(row[0]))


def _trl_prm(checkpoint: Checkpoint, options: Options, separator: str) -> Steps:
    module, tokenizer = _trunk(checkpoint, options)
    tensors = _tensors(checkpoint, ["score.weight"])
    if checkpoint.has("score.bias"):
        tensors.update(_tensors(checkpoint, ["score.bias"]))
    _check_labels(checkpoint, tensors["score.weight"])
    head = _on(module, linear(checkpoint, *tensors.values()))
    ending = _plain_ids(tokenizer, separator)

    def encode(group: Group, steps: Sequence[str]) -> tuple[list[int], list[int]]:
        ids = _plain_ids(tokenizer, clean(prompt_text(group)))
        if tokenizer.bos_token_id is not None:
            ids = [tokenizer.bos_token_id, *ids]
        marks = []
        for step in steps:
            ids += [*_plain_ids(tokenizer, step), *ending]
            marks.append(len(ids) - 1)
        return ids, marks

    return Steps(module, tokenizer, Head(head), encode, lambda row: sigmoid(row[1] - row[0]))


def _check_labels(checkpoint: Checkpoint, weight: Any) -> None:
    """TRL's trainer makes label 1 of a right step. Raises ConfigError where names say otherwise."""
    named = checkpoint.config.get("id2label") or {}
    names = [str(named.get(str(i), f"LABEL_{i}")).lower() for i in range(int(weight.shape[0]))]
    if len(names) != 2:
        raise ConfigError(
            f"{checkpoint.name}: a token classifier of {len(names)} labels"
            f" ({', '.join(names[:6])}); a"
            " process reward has two, wrong and right"
        )
    if names[1] not in ("label_1", *_RIGHT):
        raise ConfigError(
            f"{checkpoint.name}: config.json calls its labels {names[0]!r} and {names[1]!r}; a"
            " process"
            f" reward reads the second as right ({', '.join(_RIGHT)})"
        )


def _rlhflow_prm(checkpoint: Checkpoint, options: Options, separator: str) -> Steps:
    module = auto_model(checkpoint, "AutoModelForCausalLM", options)
    tokenizer = tokenizer_of(checkpoint, module.get_input_embeddings().num_embeddings)
    template = template_for(tokenizer, options.chat_template, None, None, checkpoint.name)
    good, bad = (_only_id(tokenizer, sign, checkpoint) for sign in "+-")

    def encode(group: Group, steps: Sequence[str]) -> tuple[list[int], list[int]]:
        first, *others = steps
        questions = [f"{clean(prompt_text(group))} {first}", *others]
        text, places = _answered(tokenizer, template, options, questions)
        tokens = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids = list(tokens["input_ids"])
        at = {start: n for n, (start, _) in enumerate(tokens["offset_mapping"]) if ids[n] == good}
        return ids, [at[place] - 1 for place in places if at.get(place)]

    return Steps(
        module,
        tokenizer,
        LabelLogits(output_layer(module), (good, bad)),
        encode,
        lambda row: sigmoid(row[0] - row[1]),
    )


def _answered(
    tokenizer: object, template: str | None, options: Options, questions: Sequence[str]
) -> tuple[str, list[int]]:
    """The conversation in which "+" answers each turn, and where in its text each "+" is."""
    whole = "".join(questions)
    mark = next(c for c in map(chr, range(0xE000, 0xF900)) if c not in whole)
    turns = [
        turn
        for text in questions
        for turn in ({"role": "user", "content": text}, {"role": "assistant", "content": mark})
    ]
    parts = templated(tokenizer, turns, template, options.template_options).split(mark)
    ends = itertools.accumulate(len(part) + 1 for part in parts[:-1])
    return "+".join(parts), [end - 1 for end in ends]


class StepFamily(NamedTuple):
    """How a family of process models is loaded, and the separator of its training steps."""

    load: Callable[[Checkpoint, Options, str], Steps]
    separator: str


LAYOUTS: Mapping[str, StepFamily] = {
    "qwen_prm": StepFamily(_qwen_prm, "\n\n"),
    "math_shepherd": StepFamily(_math_shepherd, "\n"),
    "skywork_prm": StepFamily(_skywork_prm, "\n"),
    "trl_prm": StepFamily(_trl_prm, "\n"),
    "rlhflow_prm": StepFamily(_rlhflow_prm, "\n\n"),
}


def _trunk(checkpoint: Checkpoint, options: Options) -> tuple[Any, Any]:
    module = auto_model(checkpoint, "AutoModel", options)
    return module, tokenizer_of(checkpoint, module.get_input_embeddings().num_embeddings)


def _tensors(checkpoint: Checkpoint, names: Sequence[str]) -> dict[str, Any]:
    missing = [name for name in names if not checkpoint.has(name)]
    if missing:
        raise ConfigError(
            f"{checkpoint.name}: no tensor {', '.join(missing)} in"
            f" {', '.join(path.name for path in checkpoint.weight_files)}: not this layout's head"
        )
    tensors = checkpoint.tensors(names)
    check_finite(checkpoint, tensors)
    return {name: tensors[name] for name in names}


def _on(module: object, head: Callable[[object], object]) -> Callable[[Any], Any]:
    """The head, given rows from wherever the module is."""
    return lambda rows: head(rows.cpu())


def _marked(ids: Sequence[int], mark: int) -> tuple[list[int], list[int]]:
    return list(ids), [i for i, token in enumerate(ids) if token == mark]


def _only_id(tokenizer: object, text: str, checkpoint: Checkpoint) -> int:
    ids = _plain_ids(tokenizer, text)
    if len(ids) != 1:
        raise ConfigError(
            f"{checkpoint.name}: its tokenizer writes the step mark {text!r} as {len(ids)}"
            " tokens, not 1"
        )
    return ids[0]


def _last_id(tokenizer: object, text: str) -> int:
    return _plain_ids(tokenizer, text)[-1]


def _plain_ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])
