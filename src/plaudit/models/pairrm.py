"""PairRM and Better-PairRM: a DeBERTa encoder that reads a prompt and two candidates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from plaudit.engines.checkpoint import Checkpoint, refuse_unused
from plaudit.engines.hf import Trunk
from plaudit.engines.load import Options, engine_for, opened, tokenizer_of
from plaudit.engines.questions import Hidden
from plaudit.engines.text import clean
from plaudit.errors import ConfigError
from plaudit.models._architecture import Architecture
from plaudit.models._compare import Duel, ModelComparer, PairScorer
from plaudit.models._headed import row_head, trunk_from
from plaudit.models._load import reward_at
from plaudit.models._reward import sigmoid
from plaudit.models._text import Encoded, turns_of
from plaudit.text.think import Part
from plaudit.types import Comparer, Group, Message, Pair, Response

__all__ = ["ARCHITECTURE", "pairrm"]

Style = Literal["pairrm", "better"]
_MARKS = ("<|source|>", "<|candidate1|>", "<|candidate2|>")
_ORDER = "Finish the following coversation in each i-th turn by filling in <Response i> with your response."  # noqa: E501  (its misspelling is part of what the model was trained on)


def pairrm(
    model: str, *, style: Style = "pairrm", view: Part = "answer", **options: object
) -> Comparer:
    """P(first is better) in [0, 1]: ``sigmoid((f(A, B) - f(B, A)) / 2)``, both orders read.

    ``f(A, B) = mean over tasks of head([h_source, h_A]) - head([h_source, h_B])`` with head
    ``W2 tanh(W1 x)`` on the rows of the tokens ``<|source|>``, ``<|candidate1|>`` and
    ``<|candidate2|>``. Tensors ``pretrained_model.*`` and ``head_layer``, as in
    llm-blender/PairRM-hf (Jiang et al. 2023). `style` "better" forms text as mightbe/Better-PairRM
    does; the two checkpoints look alike, so it cannot be determined from the files.

    As published, the prompt is cut to 1224 tokens (better: its last 2030) and each candidate to
    half of what is left of 2048 (670 of 3370); `parts` count what was cut. `margin` is the raw
    difference f(A, B) - f(B, A), whose sign RewardBench reads.
    """
    if style not in _STYLES:
        raise ConfigError(f"style={style!r} must be one of {', '.join(_STYLES)}")
    engine_options = Options.of(options)
    params = {"model": model, "style": style, "view": view, **options}
    return reward_at(
        "models.pairrm.pairrm",
        params,
        lambda: _scorer(opened(model, engine_options), _STYLES[style], view, engine_options),
        ModelComparer,
    )


@dataclass(frozen=True)
class _Style:
    """Lengths and texts of one of the two."""

    source_tokens: int
    total_tokens: int
    candidate_tokens: int | None
    keeps_end: bool
    source: Callable[[Sequence[Message]], str]
    candidate: Callable[[Sequence[Message]], str]


def _scorer(checkpoint: Checkpoint, style: _Style, view: Part, options: Options) -> PairScorer:
    import torch

    module = trunk_from(
        checkpoint,
        options,
        rename=lambda n: (
            n.removeprefix("pretrained_model.") if n.startswith("pretrained_model.") else None
        ),
    )
    if options.dtype == "auto":
        module = module.float()
    tokenizer = tokenizer_of(checkpoint, module.get_input_embeddings().num_embeddings)
    first, last = row_head(checkpoint, "head_layer.1"), row_head(checkpoint, "head_layer.4")
    refuse_unused(checkpoint, config_class=type(module.config))

    def head(source: Sequence[float], candidate: Sequence[float]) -> float:
        row = torch.tensor([[*source, *candidate]])
        return float(last(torch.tanh(first(row))).mean())

    def reading(answers: Sequence[Sequence[Sequence[float]]]) -> Duel:
        ab, ba = (head(s, a) - head(s, b) for s, a, b in answers)
        return Duel(sigmoid((ab - ba) / 2), ab - ba, {"forward": ab, "backward": ba})

    def forward(**inputs):
        return module(**inputs).last_hidden_state

    config = module.config
    limit = config.max_position_embeddings if config.position_biased_input else style.total_tokens
    marks = [_id_of(checkpoint, tokenizer, mark) for mark in _MARKS]
    encode = _Encode(tokenizer, marks, style, view, options.max_tokens or limit)
    trunk = Trunk(forward, module, can_pack=False, pad_id=module.config.pad_token_id or 0)
    return PairScorer(
        engine_for(trunk, options),
        Hidden(),
        encode,
        reading,
        {"kind": "pair ranker", "read": "the marks of prompt and candidates, in both orders"},
    )


def _id_of(checkpoint: Checkpoint, tokenizer: Any, mark: str) -> int:
    ids = tokenizer(mark, add_special_tokens=False)["input_ids"]
    if len(ids) != 1:
        raise ConfigError(f"{checkpoint.name}: its tokenizer does not have the token {mark!r}")
    return ids[0]


@dataclass(frozen=True)
class _Encode:
    """The two sequences of a pair, as they are and swapped."""

    tokenizer: Any
    marks: Sequence[int]
    style: _Style
    view: Part
    limit: int

    def __call__(self, pair: Pair) -> list[Encoded]:
        a, b = (self._turns(pair, response) for response in (pair.first, pair.second))
        return [self._sequence(a, b), self._sequence(b, a)]

    def _turns(self, pair: Pair, response: Response) -> list[Message]:
        turns = turns_of(Group(pair.prompt, [response]), response, self.view)
        if turns and turns[0].get("role") == "system" and len(turns) > 1:
            both = "\n".join(str(t.get("content") or "") for t in turns[:2])
            turns = [{**turns[1], "content": both}, *turns[2:]]
        return turns

    def _sequence(self, a: Sequence[Message], b: Sequence[Message]) -> Encoded:
        style, most = self.style, min(self.style.source_tokens, self.limit // 2)
        source, cut = self._part(0, style.source(a), most, keeps_end=style.keeps_end)
        room = (min(style.total_tokens, self.limit) - len(source)) // 2
        ids, marks = source, [1]
        for mark, turns in ((1, a), (2, b)):
            marks.append(len(ids) + 1)
            part, lost = self._part(mark, style.candidate(turns), room, style.candidate_tokens)
            ids, cut = [*ids, *part], cut + lost
        return Encoded(ids, 0, num_cut=cut, marks=marks)

    def _part(
        self, mark: int, text: str, room: int, limit: int | None = None, keeps_end: bool = False
    ) -> tuple[list[int], int]:
        """[CLS] mark text [SEP] within `room` ids, and how many were cut."""
        text_ids = list(self.tokenizer(clean(text), add_special_tokens=False)["input_ids"])
        most = max(0, min(room - 3, room if limit is None else limit))
        part_ids = (
            text_ids[len(text_ids) - most :]
            if keeps_end and len(text_ids) > most
            else text_ids[:most]
        )
        ids = [
            self.tokenizer.cls_token_id,
            self.marks[mark],
            *part_ids,
            self.tokenizer.sep_token_id,
        ]
        return ids, len(text_ids) - len(part_ids)


def _question_lines(turns: Sequence[Message]) -> str:
    lines = [
        f"USER: {turn.get('content') or ''}\nAssistant: <Response {i + 1}>"
        for i, turn in enumerate(t for t in turns if t.get("role") == "user")
    ]
    return _ORDER + "\n".join(lines)


def _answer_lines(turns: Sequence[Message]) -> str:
    answers = [turn for turn in turns if turn.get("role") == "assistant"]
    return "\n".join(f"<Response {i + 1}>: {t.get('content') or ''}" for i, t in enumerate(answers))


def _dialogue(turns: Sequence[Message]) -> str:
    names = {"user": "USER", "assistant": "ASSISTANT", "system": "SYSTEM MESSAGE"}
    lines = [
        f"{names.get(str(t.get('role')), 'USER')}: {str(t.get('content') or '').strip()}"
        for t in turns[:-1]
    ]
    return "\n\n".join([*lines, "ASSISTANT: "])


def _last(turns: Sequence[Message]) -> str:
    return str(turns[-1].get("content") or "")


_STYLES: Mapping[str, _Style] = {
    "pairrm": _Style(1224, 2048, None, False, _question_lines, _answer_lines),
    "better": _Style(2030, 3370, 670, True, _dialogue, _last),
}


def _is_mine(checkpoint: Checkpoint) -> bool:
    return checkpoint.has("head_layer.1.weight") and checkpoint.has("head_layer.4.weight")


ARCHITECTURE = Architecture(make=pairrm, is_mine=_is_mine)
