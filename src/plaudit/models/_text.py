"""How a prompt and its responses become token ids: templates, one BOS, truncation, boundaries.

Prompt and response are rendered and tokenised together, never pasted from two id lists (BPE merges
across the border). Nothing is cut silently: what is cut, or refused, stands in the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from plaudit.engines.text import (
    Bos,
    Overflow,
    adds_second_bos,
    clean,
    clean_turn,
    num_common,
    one_bos,
    starts_with,
    templated,
)
from plaudit.errors import DataError
from plaudit.think import FAMILIES, Part, opening_at_end, part_of
from plaudit.types import Fault, Group, Message, Response

__all__ = [
    "ChatForm",
    "Encoded",
    "Form",
    "PairForm",
    "PlainForm",
    "encoded_ahead",
    "heads_of",
    "turns_of",
]

_CHUNK = 64  # groups that are tokenised at a time
_EMPTY = "an empty response: only its end mark could be scored"


@dataclass(frozen=True)
class Encoded:
    """One prompt with one response, as ids.

    `start` is the first id of the response (0 where nobody asks); `num_cut` counts ids that were
    left out. `marks` are positions that a form wants read, `spans` the parts of the response's text
    that they stand for. With an `error` there is nothing to score; `fault` says whose doing it is.
    `first` is the position of the first id.
    """

    ids: Sequence[int] = ()
    start: int = 0
    num_cut: int = 0
    types: Sequence[int] = ()
    marks: Sequence[int] = ()
    spans: Sequence[tuple[int, int]] = ()
    error: str | None = None
    fault: Fault | None = None
    first: int = 0


@dataclass(frozen=True)
class Form:
    """What all forms share: the limit and what happens above it."""

    tokenizer: Any
    max_tokens: int | None = None
    overflow: Overflow = "drop"
    view: Part = "answer"

    def encode(self, groups: Sequence[Group]) -> list[list[Encoded]]:
        """The ids of every response of every group."""
        raise NotImplementedError

    def fitted(self, encoded: Encoded, where: str = "") -> Encoded:
        """The ids within the limit, by the policy.

        Raises: DataError where the policy is "error".
        """
        limit, size = self.max_tokens, len(encoded.ids)
        if limit is None or size <= limit or encoded.error:
            return encoded
        fault: Fault = "response" if encoded.start < limit else "input"
        message = (
            f"{size} tokens ({encoded.start} before the response) exceed max_tokens={limit};"
            " overflow='drop' leaves such responses unscored, 'keep_end' or 'keep_start' cut"
        )
        if self.overflow == "error":
            raise DataError(message, where=where, field="responses")
        if self.overflow == "drop":
            return Encoded(error=message, fault=fault)
        return self._cut(encoded, limit)

    def _cut(self, encoded: Encoded, limit: int) -> Encoded:
        ids, over = list(encoded.ids), len(encoded.ids) - limit
        if self.overflow == "keep_start":
            return replace(encoded, ids=ids[:limit], num_cut=over, types=encoded.types[:limit])
        first = 1 if starts_with(ids, getattr(self.tokenizer, "bos_token_id", None)) else 0
        return replace(
            encoded,
            ids=[*ids[:first], *ids[first + over :]],
            start=max(first, encoded.start - over),
            num_cut=over,
            types=[*encoded.types[:first], *encoded.types[first + over :]] if encoded.types else (),
        )


@dataclass(frozen=True)
class ChatForm(Form):
    """Chat templates: the prompt's turns, then the response as the assistant's.

    No generation prompt follows the response. Exactly one BOS, if the tokenizer has and adds one.
    `needs_start` also finds where the response begins; `finish` ends the text as a model was
    trained to see it. `bos` is for the profiles of RewardBench, where a tokenizer that adds a BOS
    to the template's own makes two: "masked" counts the first one's position and nothing else,
    "both" reads the two.
    """

    template: str | None = None
    template_options: Mapping[str, Any] = field(default_factory=dict)
    special_tokens: bool = False
    needs_start: bool = False
    eos: bool = False
    finish: Callable[[str], str] | None = None
    bos: Bos = "one"

    def encode(self, groups: Sequence[Group]) -> list[list[Encoded]]:
        rendered = [[self.render(group, r) for r in group.responses] for group in groups]
        texts = [text for row in rendered for text in row if isinstance(text, str)]
        ids = iter(self.tokenize(texts))
        heads = self._heads(groups) if self.needs_start else [[] for _ in groups]
        return [
            [
                self._one(group, head, text, next(ids)) if isinstance(text, str) else text
                for text in row
            ]
            for group, head, row in zip(groups, heads, rendered, strict=True)
        ]

    def render(self, group: Group, response: Response) -> str | Encoded:
        """The text of the prompt with the response; an error where the template refuses it."""
        turns = turns_of(group, response, self.view)
        if self.needs_start and not response.messages and not turns[-1]["content"].strip():  # type: ignore[union-attr]
            return Encoded(error=_EMPTY, fault="response")
        text = self.templated(turns)
        return self.finish(text) if self.finish and isinstance(text, str) else text

    def templated(self, turns: Sequence[Message], *, generation: bool = False) -> str | Encoded:
        """The template's text for the turns."""
        try:
            return templated(
                self.tokenizer, turns, self.template, self.template_options, generation=generation
            )
        except DataError as error:
            return Encoded(error=str(error), fault="input")

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of templated texts, with exactly one BOS."""
        return one_bos(self.tokenizer, texts, self.special_tokens)

    def _one(self, group: Group, heads: Sequence[_Head], text: str, ids: list[int]) -> Encoded:
        eos = self.tokenizer.eos_token_id
        if self.eos and eos is not None and ids[-1:] != [eos]:
            ids = [*ids, eos]
        head = next((head for head in heads if text.startswith(head.text)), None)
        if self.needs_start and head is None:
            return Encoded(
                error="the chat template rewrites the prompt when a response follows it, so where"
                " the response begins cannot be told; give another chat_template",
                fault="input",
            )
        encoded = Encoded(ids, num_common(head.ids, ids) if head else 0)
        return self._with_bos(encoded, text, f"row {group.key}")

    def _with_bos(self, encoded: Encoded, text: str, where: str) -> Encoded:
        """The ids within the limit, a second BOS among them where RewardBench has it."""
        bos = self.tokenizer.bos_token_id
        if self.bos == "one" or not adds_second_bos(self.tokenizer, text):
            return self.fitted(encoded, where)
        encoded = replace(encoded, ids=[bos, *encoded.ids], start=encoded.start + 1)
        encoded = self.fitted(encoded, where)
        if self.bos == "masked" and [*encoded.ids[:2]] == [bos, bos]:
            return replace(encoded, ids=encoded.ids[1:], start=encoded.start - 1, first=1)
        return encoded

    def _heads(self, groups: Sequence[Group]) -> list[list[_Head]]:
        """What may stand before the response of each prompt, the longest first."""
        prompts = [
            self.templated([clean_turn(turn) for turn in group.prompt], generation=True)
            for group in groups
        ]
        texts = [heads_of(text) if isinstance(text, str) else [] for text in prompts]
        ids = iter(self.tokenize([text for row in texts for text in row]))
        return [[_Head(text, next(ids)) for text in row] for row in texts]


class _Head(NamedTuple):
    """The text up to where a response begins, and its ids."""

    text: str
    ids: list[int]


def heads_of(prompt: str) -> list[str]:
    """A prompt with its generation prompt, and without the thinking that this has begun.

    Templates that open a think block for the model (DeepSeek-R1's, QwQ's), or close an empty one,
    write none into a turn that is over.

    >>> heads_of("<user>2+2?<assistant><think>\\n")
    ['<user>2+2?<assistant><think>\\n', '<user>2+2?<assistant>']
    >>> heads_of("<assistant><think>\\n\\n</think>\\n\\n")[1:], heads_of("<assistant>")[1:]
    (['<assistant>'], [])
    """
    heads = [prompt]
    rest = prompt.rstrip()
    closing = next((f.closing for f in FAMILIES if rest.endswith(f.closing)), "")
    rest = rest.removesuffix(closing).rstrip() if closing else prompt
    if opening := opening_at_end(rest):
        bare = rest.removesuffix(opening)
        heads += dict.fromkeys((bare, bare.rstrip()))
    return heads


@dataclass(frozen=True)
class PairForm(Form):
    """Encoders without a chat template: ``[CLS] prompt [SEP] response [SEP]``."""

    def encode(self, groups: Sequence[Group]) -> list[list[Encoded]]:
        firsts = [clean(_prompt_text(g)) for g in groups for _ in g.responses]
        seconds = [clean(part_of(r.text, self.view)) for g in groups for r in g.responses]
        if not firsts:
            return [[] for _ in groups]
        batch = self.tokenizer(firsts, seconds, add_special_tokens=True, truncation=False)
        types = batch.get("token_type_ids")
        sides = (self._side(batch, n) for n in range(len(firsts)))
        rows = iter(zip(batch["input_ids"], types or [()] * len(firsts), sides, strict=True))
        return [[self._one(group, *next(rows)) for _ in group.responses] for group in groups]

    def _one(self, group: Group, ids, types, start: int) -> Encoded:
        return self.fitted(Encoded(list(ids), start, types=list(types)), f"row {group.key}")

    def _side(self, batch, n: int) -> int:
        """The first id of the second text."""
        sides = batch.sequence_ids(n) if self.tokenizer.is_fast else []
        return next((i for i, side in enumerate(sides) if side == 1), 0)


@dataclass(frozen=True)
class PlainForm(Form):
    """Texts made by a function of (group, response text), tokenised as they are.

    `make` gives the text before the response's end and where in it the response begins.
    """

    make: Callable[[Group, str], tuple[str, str]] = lambda group, response: ("", response)
    special_tokens: bool = True
    eos: bool = False

    def encode(self, groups: Sequence[Group]) -> list[list[Encoded]]:
        texts = [[clean(part_of(r.text, self.view)) for r in g.responses] for g in groups]
        pieces = [
            self.make(group, text) for group, row in zip(groups, texts, strict=True) for text in row
        ]
        full = iter(one_bos(self.tokenizer, [a + b for a, b in pieces], self.special_tokens))
        heads = iter(one_bos(self.tokenizer, [a for a, _ in pieces], self.special_tokens))
        return [
            [self._one(group, text, next(full), next(heads)) for text in row]
            for group, row in zip(groups, texts, strict=True)
        ]

    def _one(self, group: Group, text: str, ids: list[int], head: Sequence[int]) -> Encoded:
        if not text.strip():
            return Encoded(error=_EMPTY, fault="response")
        eos = self.tokenizer.eos_token_id
        if self.eos and eos is not None and ids[-1:] != [eos]:
            ids = [*ids, eos]
        return self.fitted(Encoded(ids, num_common(head, ids)), f"row {group.key}")


def turns_of(group: Group, response: Response, view: Part) -> list[Message]:
    """The prompt's turns with the response's behind them, `view` of its text.

    >>> turns_of(Group("2 + 2?", ["<think>easy</think>4"]), Response("<think>easy</think>4"),
    ...          "answer")[-1]
    {'role': 'assistant', 'content': '4'}
    """
    text = clean(part_of(response.text, view))
    if not response.messages:
        return [*map(clean_turn, group.prompt), {"role": "assistant", "content": text}]
    *before, last = map(clean_turn, (*group.prompt, *response.messages))
    if isinstance(last.get("content"), str) and last.get("role") == "assistant":
        last = {**last, "content": clean(part_of(last["content"], view))}  # type: ignore[typeddict-item]
    return [*before, last]  # type: ignore[list-item]


def encoded_ahead(form: Form, groups: Iterable[Group]) -> Iterator[list[Encoded]]:
    """The ids of each group, tokenised in a thread one chunk ahead of whoever reads."""
    from concurrent.futures import ThreadPoolExecutor

    chunks = list(_chunks(groups))
    if len(chunks) < 2:
        for chunk in chunks:
            yield from form.encode(chunk)
        return
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(form.encode, chunks[0])
        for chunk in [*chunks[1:], None]:
            ready = coming.result()
            if chunk is not None:
                coming = pool.submit(form.encode, chunk)
            yield from ready


def _chunks(groups: Iterable[Group]) -> Iterator[list[Group]]:
    chunk: list[Group] = []
    for group in groups:
        chunk.append(group)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _prompt_text(group: Group) -> str:
    """All turns of the prompt in one text, one a line where there are several."""
    from plaudit.rule import prompt_text

    if len(group.prompt) <= 1:
        return prompt_text(group)
    return "\n".join(str(turn.get("content") or "") for turn in group.prompt)
