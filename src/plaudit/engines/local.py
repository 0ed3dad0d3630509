"""A causal language model in this process, as a chat engine.

A call for the one token after its prefix (`labels`, `max_tokens` 1) is not generated: one forward
pass reads the labels' log-probabilities at the last position, and the shared prefix of a job's
calls runs once. Other calls are sampled: the prompt is read once for all calls of a job
that share it, and they grow side by side.

Different prompts are generated one after another. For throughput over many prompts, a server with
continuous batching is the way.
"""

from __future__ import annotations

import contextlib
import inspect
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from plaudit.engines.chat import Call, Job, Reply, Token, Usage
from plaudit.engines.failures import only_memory
from plaudit.engines.hf import (
    Answer,
    HfEngine,
    free_memory,
)
from plaudit.engines.plan import Item
from plaudit.engines.questions import LabelLogits, OutputLayer
from plaudit.engines.sampling import Draft, Stream, draw_ids, rivals
from plaudit.engines.text import (
    Labelled,
    clean,
    clean_turn,
    labelled,
    one_bos,
    template_for,
    templated,
)
from plaudit.errors import ConfigError, DataError
from plaudit.types import Fault

__all__ = ["LocalEngine"]

_BLOCK = {"cpu": 2}  # rows of logits at a time; a processor does two in the time of one
_TAIL = 16  # ids that decide how a label after them is tokenised
_NOT_FINITE = (
    "the model's logits are not finite: its weights are broken, or its dtype cannot represent them;"
    " try dtype=float32"
)


class _Prompt(NamedTuple):
    """A call with its prompt; `labels` where these are all that is read."""

    call: Call
    ids: list[int]
    labels: Labelled | None = None

    @property
    def label_ids(self) -> set[int]:
        """All ids that are read."""
        return {i for own in self.labels.ids.values() for i in own} if self.labels else set()

    @property
    def item(self) -> Item:
        """The sequence whose last position holds the labels."""
        assert self.labels is not None
        end = len(self.ids) - self.labels.num_merged
        return Item(self.ids[:end], (end - 1,))


class LocalEngine:
    """Answers chat calls from a causal LM in this process.

    `module`, `tokenizer`, `engine` and `layer` belong together, as `engines.causal.causal_model`
    loads them; `name` is what replies are filed under. `chat_template` (a file or a template) and
    `template_options` go to the template; a call's prefix follows the generation prompt, and
    all of it is tokenised together with one BOS. `max_tokens_of_model` bounds prompt and reply
    together: a prompt that leaves no room is a Reply with an error, fault "input".

    A label's log-probability is the sum over how it may be written ("A", " A"). All log-probs are
    the model's, before temperature and top_p. A `schema` is not enforced. Equal calls give equal
    replies, up to rounding where their neighbours differ. Safe in threads, one pass at a time.

    Raises: ConfigError where there is no chat template.
    """

    deterministic = True
    in_flight = 1
    can_prefix = True
    can_ask_again = True

    def __init__(
        self,
        module: Any,
        tokenizer: Any,
        engine: HfEngine,
        layer: OutputLayer,
        *,
        name: str,
        chat_template: str | None = None,
        template_options: Mapping[str, Any] | None = None,
        max_tokens_of_model: int | None = None,
    ):
        self.model = name
        self._base = getattr(module, "base_model", module)
        self._tokenizer = tokenizer
        self._engine = engine
        self._layer = layer
        self._template = template_for(tokenizer, chat_template, None, None, name)
        self._options = dict(template_options or {})
        self._limit = max_tokens_of_model
        self._ends = self._end_ids(getattr(module, "generation_config", None))
        self._labelled: dict[object, Labelled] = {}
        self._pieces: dict[int, str] = {}

    def resolve(self) -> str:
        """The name under which its replies are known."""
        return self.model

    def stop(self) -> None:
        """Does nothing: a pass in flight runs to its end."""

    def check(self, call: Call) -> None:
        """Renders and tokenises the call, and tries a pass over one token where it is generated.

        Raises: ConfigError where the template refuses the turns, a label is not one token, or the
        model keeps no cache.
        """
        try:
            text = self._text(call)
        except DataError as error:
            raise ConfigError(f"{self.model}: {error}; give another chat_template=") from error
        prompt = self._prompt(call, text, self._tokenize([text])[0])
        if prompt.labels is None:
            with self._alone():
                self._forward([prompt.ids[:1]])

    def answer(self, jobs: Sequence[Job]) -> list[list[Reply]]:
        """One Reply per call of each job, in order.

        Raises: ConfigError for labels that are not one token.
        """
        prepared = [self._prepare(job) for job in jobs]
        prompts = [[one for one in row if isinstance(one, _Prompt)] for row in prepared]
        reads = iter(self._read([[one for one in row if one.labels] for row in prompts]))
        replies = []
        for row, open_ in zip(prepared, prompts, strict=True):
            written = iter(self._write([one for one in open_ if not one.labels]))
            replies.append(
                [
                    one if isinstance(one, Reply) else next(reads if one.labels else written)
                    for one in row
                ]
            )
        return replies

    # --- prompts ----------------------------------------------------------------------------------

    def _prepare(self, job: Job) -> list[_Prompt | Reply]:
        """The prompts of a job, or the reply that says why one cannot be sent."""
        texts = [self._text_or_reply(call) for call in job.calls]
        ids = iter(self._tokenize([text for text in texts if isinstance(text, str)]))
        return [
            text if isinstance(text, Reply) else self._fit(self._prompt(call, text, next(ids)))
            for call, text in zip(job.calls, texts, strict=True)
        ]

    def _text_or_reply(self, call: Call) -> str | Reply:
        try:
            return self._text(call)
        except DataError as error:
            return _failed_reply(str(error), "input")

    def _text(self, call: Call) -> str:
        turns = [clean_turn(turn) for turn in call.messages]  # type: ignore[arg-type]
        text = templated(self._tokenizer, turns, self._template, self._options, generation=True)
        return text + clean(call.prefix)

    def _tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        return one_bos(self._tokenizer, texts, False)

    def _prompt(self, call: Call, text: str, ids: list[int]) -> _Prompt:
        if not call.labels or call.sampling.max_tokens != 1:
            return _Prompt(call, ids)
        key = (call.labels, tuple(ids[-_TAIL:]))
        if key not in self._labelled:
            self._labelled[key] = labelled(self._tokenizer, text, call.labels, self.model)
        return _Prompt(call, ids, self._labelled[key])

    def _fit(self, prompt: _Prompt) -> _Prompt | Reply:
        size, room = len(prompt.ids), 0 if prompt.labels else 1
        if not size:
            return _failed_reply("the chat template makes no token of the turns", "input")
        if self._limit is not None and size + room > self._limit:
            message = f"a prompt of {size} tokens, and the model takes {self._limit} with its reply"
            return _failed_reply(message, "input", size)
        return prompt

    def _end_ids(self, generation: Any) -> frozenset[int]:
        """What ends a reply: the generation config's ids, EOS, the template's end of a turn."""
        eos = getattr(generation, "eos_token_id", None)
        ends = [*(eos if isinstance(eos, (list, tuple)) else [eos])]
        ends += [self._tokenizer.eos_token_id, self._end_of_turn()]
        return frozenset(end for end in ends if end is not None)

    def _end_of_turn(self) -> int | None:
        """The special token that the template writes after an assistant's turn, if any."""
        mark = "zq7"
        turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": mark}]
        try:
            text = templated(self._tokenizer, turns, self._template, self._options)
        except DataError:
            return None
        behind = text.rpartition(mark)[2]
        ids = self._tokenizer(behind, add_special_tokens=False)["input_ids"]
        added = self._tokenizer.added_tokens_decoder
        return ids[0] if ids and ids[0] in added and added[ids[0]].special else None

    # --- labels -----------------------------------------------------------------------------------

    def _read(self, groups: Sequence[Sequence[_Prompt]]) -> Iterator[Reply]:
        """Label reads, each group's together; all in one go, so that small groups share passes."""
        groups = [group for group in groups if group]
        ids = sorted({i for group in groups for one in group for i in one.label_ids})
        block = _BLOCK.get(self._engine.device.type, 64)
        question = LabelLogits(self._layer, tuple(ids), is_normalised=True, block=block)
        start = time.perf_counter()
        answers_by_group = list(
            self._engine.ask(question, ([one.item for one in group] for group in groups))
        )
        each_s = (time.perf_counter() - start) / max(1, sum(map(len, groups)))
        for group, answers in zip(groups, answers_by_group, strict=True):
            for one, answer in zip(group, answers, strict=True):
                yield _verdict(one, answer, ids, each_s)

    # --- generated text ---------------------------------------------------------------------------

    def _write(self, prompts: Sequence[_Prompt]) -> list[Reply]:
        """Sampled replies, those of one prompt side by side."""
        places: dict[tuple[int, ...], list[int]] = {}
        for place, one in enumerate(prompts):
            places.setdefault(tuple(one.ids), []).append(place)
        replies_by_place: dict[int, Reply] = {}
        for ids, own in places.items():
            with self._alone():
                replies = self._samples(ids, [prompts[place].call for place in own])
            replies_by_place.update(zip(own, replies, strict=True))
        return [replies_by_place[place] for place in range(len(prompts))]

    def _samples(self, ids: Sequence[int], calls: Sequence[Call]) -> list[Reply]:
        """The replies to one prompt; where memory is short, half of them at a time."""
        try:
            return self._grow_drafts(ids, calls)
        except RuntimeError as error:
            only_memory(error)
        free_memory(self._engine.device)
        if len(calls) == 1:
            message = f"out of memory on a prompt of {len(ids)} tokens alone"
            return [_failed_reply(message, "system", len(ids))]
        half = (len(calls) + 1) // 2
        return [*self._samples(ids, calls[:half]), *self._samples(ids, calls[half:])]

    def _grow_drafts(self, ids: Sequence[int], calls: Sequence[Call]) -> list[Reply]:
        """One pass over the prompt, then one for each token of all that still grow."""
        start = time.perf_counter()
        drafts = [Draft(call, self._tokenizer, ids, self._room(call, ids)) for call in calls]
        growing = [draft for draft in drafts if draft.reason is None]
        logits_RV, cache = self._forward([ids])
        rows = [0] * len(growing)
        while growing:
            self._extend(growing, logits_RV[rows], start)
            open_rows = [(row, d) for row, d in zip(rows, growing, strict=True) if d.reason is None]
            rows, growing = [row for row, _ in open_rows], [draft for _, draft in open_rows]
            if not growing:
                break
            self._select(cache, rows, logits_RV.shape[0])
            logits_RV, cache = self._forward([draft.ids[-1:] for draft in growing], cache)
            rows = list(range(len(growing)))
        return [_reply(draft, len(ids), i) for i, draft in enumerate(drafts)]

    def _room(self, call: Call, ids: Sequence[int]) -> int:
        """The most tokens that the reply may have."""
        limit = call.sampling.max_tokens
        return limit if self._limit is None else min(limit, self._limit - len(ids))

    def _extend(self, drafts: Sequence[Draft], logits_RV: Any, start: float) -> None:
        """The next token of each draft, or its end."""
        samplings = [draft.call.sampling for draft in drafts]
        ids = draw_ids(logits_RV, samplings, [draft.draw() for draft in drafts])
        finite = logits_RV.amax(1).isfinite().tolist()
        tops = self._rivals(drafts, logits_RV, ids)
        for draft, id_, is_finite, (logprob, top) in zip(drafts, ids, finite, tops, strict=True):
            if not is_finite:
                draft.fail(_NOT_FINITE)
            elif id_ in self._ends:
                draft.end("stop")
            else:
                draft.add(id_, logprob, top)
            draft.seconds = time.perf_counter() - start

    def _rivals(
        self, drafts: Sequence[Draft], logits_RV: object, ids: Sequence[int]
    ) -> list[tuple[float, dict[str, float]]]:
        """Each new token's log-probability and its rivals' by text, for calls with labels."""
        if not any(draft.call.labels for draft in drafts):
            return [(math.nan, {})] * len(drafts)
        rows = zip(rivals(logits_RV, ids), ids, strict=True)
        return [(row[id_], self._by_text(row)) for row, id_ in rows]

    def _by_text(self, row: Mapping[int, float]) -> dict[str, float]:
        """Log-probs by text; of ids that read alike the likeliest counts."""
        top: dict[str, float] = {}
        for id_, logprob in row.items():
            top.setdefault(self._piece(id_), logprob)
        return top

    def _piece(self, id_: int) -> str:
        """What a token reads as within a text."""
        if id_ not in self._pieces:
            stream = Stream(
                self._tokenizer, self._tokenizer("a", add_special_tokens=False)["input_ids"]
            )
            text = stream.push(id_) or stream.rest() or self._tokenizer.decode([id_])
            self._pieces[id_] = text
        return self._pieces[id_]

    def _select(self, cache: Any, rows: Sequence[int], num_rows: int) -> None:
        """The cache cut to these of its rows; a prompt's one row is repeated."""
        import torch

        if list(rows) != list(range(num_rows)):
            cache.reorder_cache(torch.tensor(rows, device=self._engine.device))

    def _forward(self, ids: Sequence[Sequence[int]], cache: Any = None) -> tuple[Any, Any]:
        """fp32 logits after the last ids, [R, V], and the cache for the next step."""
        import torch

        input_ids = torch.tensor([list(row) for row in ids], device=self._engine.device)
        name = _cache_name(self._base)
        out = self._base(input_ids=input_ids, **{name: cache}, use_cache=True)
        cache = getattr(out, name, None)
        if cache is None:
            raise ConfigError(
                f"{self.model}: the model keeps no cache of keys and values, so"
                " it cannot generate here; serve it (vLLM, llama.cpp) and ask the server"
            )
        return self._layer.logits(out.last_hidden_state[:, -1]), cache

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Exclusive use of the model, with its own attention, which batches with a cache."""
        import torch

        with self._engine.alone(), torch.inference_mode():
            yield


def _cache_name(base: Any) -> str:
    """What the library calls the cache of keys and values: "cache" since transformers 5.24."""
    names = inspect.signature(getattr(base, "forward", base)).parameters
    return "cache" if "cache" in names else "past_key_values"


def _verdict(one: _Prompt, answer: Answer, ids: Sequence[int], seconds: float) -> Reply:
    """The likeliest label as a reply of one token, whose rivals are all labels."""
    num_prompt = len(one.item.ids)
    if answer.values is None or one.labels is None:
        return _failed_reply(answer.error or "nothing was read", "system", num_prompt)
    logprobs = dict(zip(ids, answer.values[0], strict=True))
    top = {label: _either([logprobs[i] for i in own]) for label, own in one.labels.ids.items()}
    if not all(map(math.isfinite, top.values())):
        return _failed_reply(_NOT_FINITE, "system", num_prompt)
    best = max(top, key=lambda label: top[label])
    return Reply(best, "stop", (Token(best, top[best], top),), Usage(num_prompt, 1), seconds)


def _either(logprobs: Sequence[float]) -> float:
    """``log sum exp``: the log-probability of one or another."""
    most = max(logprobs)
    return most + math.log(sum(math.exp(value - most) for value in logprobs))


def _reply(draft: Draft, num_prompt: int, place: int) -> Reply:
    """The reply of a finished draft; only the first draft of a prompt reads the prompt."""
    if draft.error is not None:
        return _failed_reply(draft.error, "system", num_prompt)
    usage = Usage(num_prompt, len(draft.ids), num_prompt if place else 0)
    return Reply(draft.text, draft.reason, tuple(draft.tokens), usage, draft.seconds)


def _failed_reply(error: str, fault: Fault, num_prompt: int = 0) -> Reply:
    return Reply(None, None, usage=Usage(num_prompt), error=error, fault=fault)
