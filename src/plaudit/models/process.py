"""Process reward models: a value for every step of a solution."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from plaudit.engines.checkpoint import Checkpoint, refuse_unused
from plaudit.engines.load import Options, engine_for, opened, trunk_of
from plaudit.engines.text import clean
from plaudit.errors import ConfigError
from plaudit.models._architecture import Architecture
from plaudit.models._load import limit_of, reward_at
from plaudit.models._reward import Scorer, Value
from plaudit.models._steps import LAYOUTS
from plaudit.models._text import Encoded, Form
from plaudit.text.think import Part, part_of
from plaudit.types import Group, Response, Reward, Step

__all__ = ["ARCHITECTURE", "process"]

Layout = Literal["auto", "math_shepherd", "qwen_prm", "rlhflow_prm", "skywork_prm", "trl_prm"]
Reduce = Literal["min", "prod", "last", "mean"]


def process(
    model: str,
    *,
    layout: Layout = "auto",
    reduce: Reduce = "min",
    separator: str | None = None,
    view: Part = "answer",
    **options: object,
) -> Reward:
    """One value in [0, 1] from the values of a solution's steps, each P(the step is right).

    `Score.steps` holds every step's value with its span in the response's text; `reduce` makes one
    of them: "min" (the weakest step), "prod", "last" or "mean". Steps are the non-empty parts
    between `separator` (default: what the model was trained with: a blank line for qwen_prm and
    rlhflow_prm, a line break for the others).

    `layout` is how the model marks and reads steps:
    "qwen_prm"       ``<extra_0>`` after each step, ``softmax(W2 relu(W1 h))[1]``
                     (Qwen2.5-Math-PRM)
    "math_shepherd"  `` ки`` after each step, softmax of the logits of "+" against "-"
                     (peiyi9979/math-shepherd-mistral-7b-prm)
    "skywork_prm"    ``sigmoid(v_head(h))`` at each step's line break (Skywork-o1-Open-PRM)
    "trl_prm"        ``softmax(W h + b)[1]`` at the last token of the separator after each step,
                     prompt and steps as plain text (huggingface/trl, PRMTrainer.tokenize_row)
    "rlhflow_prm"    each step a user's turn that "+" answers; softmax of the logits of "+" against
                     "-" where the answer begins (RLHFlow/Llama3.1-8B-PRM-Deepseek-Data;
                     RLHFlow/RLHF-Reward-Modeling, math-rm/prm_evaluate.py)
    "auto" tells qwen_prm, skywork_prm and trl_prm from config.json; a plain causal model has to be
    named. `reduce` "mean" is what RLHFlow's script takes.

    A response that contains the model's own step mark would add steps of its own: it is at fault
    and not scored. Raises: ConfigError where the checkpoint does not have the layout.
    """
    if reduce not in ("min", "prod", "last", "mean"):
        raise ConfigError(f"reduce={reduce!r} must be 'min', 'prod', 'last' or 'mean'")
    params = {
        "model": model, "layout": layout, "reduce": reduce, "separator": separator, "view": view,
        **options,
    }  # fmt: skip
    engine_options = Options.of(options)
    if engine_options.overflow in ("keep_start", "keep_end"):
        raise ConfigError(
            f"overflow={engine_options.overflow!r}: steps cannot be cut; 'drop' or 'error'"
        )
    return reward_at(
        "models.process.process",
        params,
        lambda: _scorer(
            opened(model, engine_options), layout, reduce, separator, view, engine_options
        ),
    )


def _scorer(
    checkpoint: Checkpoint,
    layout: str,
    reduce: str,
    separator: str | None,
    view: Part,
    options: Options,
) -> Scorer:
    layout = _layout_of(checkpoint) if layout == "auto" else layout
    if layout not in LAYOUTS:
        raise ConfigError(f"layout={layout!r} must be one of auto, {', '.join(LAYOUTS)}")
    separator = separator or LAYOUTS[layout].separator
    made_of = LAYOUTS[layout].load(checkpoint, options, separator)
    refuse_unused(checkpoint, config_class=type(made_of.module.config))
    limit, overflow = limit_of(made_of.tokenizer, options, made_of.module.config)
    form = _StepForm(
        made_of.tokenizer, limit, overflow, view,
        encode_steps=made_of.encode, separator=separator,
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
    """The spans of the parts between separators that contain more than white space.

    >>> _steps_of("a b\\n\\nc\\n", "\\n")
    [(0, 3), (5, 6)]
    """
    spans, start = [], 0
    for part in text.split(separator):
        end = start + len(part)
        step = part.strip()
        if step:
            first = start + part.index(step)
            spans.append((first, first + len(step)))
        start = end + len(separator)
    return spans


@dataclass(frozen=True)
class _StepForm(Form):
    """Steps with their marks, and where in the response's text each is."""

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
            message = (
                f"{len(marks)} step marks for {len(spans)} steps: the text itself contains marks"
            )
            return Encoded(error=message, fault="response")
        spans = [(a + shift, b + shift) for a, b in spans]
        return self.fitted(Encoded(ids, 0, marks=marks, spans=spans), f"row {group.key}")


def _layout_of(checkpoint: Checkpoint) -> str:
    if checkpoint.architecture == "Qwen2ForProcessRewardModel":
        return "qwen_prm"
    if checkpoint.architecture == "Qwen2ForPrmModel":
        return "skywork_prm"
    if _is_token_classifier(checkpoint):
        return "trl_prm"
    raise ConfigError(
        f"{checkpoint.name}: config.json"
        f" (architectures={checkpoint.config.get('architectures')}) does not"
        f" say how steps are marked; pass layout= as one of {', '.join(LAYOUTS)}"
    )


def _is_process(checkpoint: Checkpoint) -> bool:
    names = ("Qwen2ForProcessRewardModel", "Qwen2ForPrmModel")
    return checkpoint.architecture in names or _is_token_classifier(checkpoint)


def _is_token_classifier(checkpoint: Checkpoint) -> bool:
    return checkpoint.architecture.endswith("ForTokenClassification")


ARCHITECTURE = Architecture(make=process, is_mine=_is_process)
