"""Implicit rewards of DPO and KTO policies: how much likelier than the reference they answer."""

from __future__ import annotations

import contextlib
import itertools
import math
import sqlite3
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from plaudit.engines.causal import CausalModel, causal_model, log_probs
from plaudit.engines.hf import Answer, HfEngine
from plaudit.engines.load import Options
from plaudit.engines.plan import Item
from plaudit.engines.questions import Question
from plaudit.engines.text import template_for
from plaudit.errors import ConfigError
from plaudit.hashing import digest
from plaudit.models._causal import scored_positions
from plaudit.models._load import chat_form, reward_at
from plaudit.models._reward import Scorer, Value
from plaudit.models._text import ChatForm, Encoded, Form
from plaudit.text.think import Part
from plaudit.types import Group, Reward

__all__ = ["implicit"]

RefFree = Literal["sum", "avg", "norm"]
_CHUNK = 64


def implicit(
    model: str,
    *,
    reference: str | None = None,
    ref_free: RefFree | None = None,
    beta: float = 1.0,
    reference_cache: str | None = None,
    view: Part = "answer",
    **options: object,
) -> Reward:
    """``beta * (log pi(y|x) - log ref(y|x))``, summed over the response: any real number.

    The reward that a DPO or KTO policy implies (Rafailov et al. 2023, eq. 5), the part that
    depends on the prompt alone left out. `reference` is the model that the policy started from; a
    LoRA policy (`adapter=`) is its own reference with the adapter off. Without a reference,
    `ref_free` says what is made of the log-probs l of the response's T tokens: "sum" ``sum l``,
    "avg" ``sum l / T``, "norm" ``-sqrt(sum l^2)`` (as RewardBench's DPOInference).

    Scored is all that the chat template writes after the generation prompt: the response and its
    end marker; an empty response is unscored in every mode. `profile="rb-dpo"` tokenises as
    RewardBench does: BOS and EOS always added, the assistant header scored, prompts cut to 128
    tokens where both exceed 2048. Log-softmax and sums are in fp32, over the response's rows alone.
    `reference_cache` is a file that keeps the reference's log-probs by token ids and revision.

    Raises: ConfigError where neither or both of reference and ref_free are given, or they are one.
    """
    params = {
        "model": model, "reference": reference, "ref_free": ref_free, "beta": beta,
        "reference_cache": reference_cache, "view": view, **options,
    }  # fmt: skip
    engine_options = Options.of(options)
    _check(model, reference, ref_free, engine_options)
    return reward_at(
        "models.implicit.implicit",
        params,
        lambda: _scorer(
            model, reference, ref_free, float(beta), reference_cache, view, engine_options
        ),
    )


def _check(model: str, reference: str | None, ref_free: str | None, options: Options) -> None:
    has_reference = reference is not None or options.adapter is not None
    if ref_free is not None and ref_free not in ("sum", "avg", "norm"):
        raise ConfigError(f"ref_free={ref_free!r} must be 'sum', 'avg' or 'norm'")
    if reference is not None and ref_free is not None:
        raise ConfigError("implicit takes a reference or ref_free, not both")
    if not has_reference and ref_free is None:
        raise ConfigError(
            "implicit needs reference= (the model that the policy started from), adapter= (a LoRA"
            " policy is its own reference), or ref_free='sum', 'avg' or 'norm'"
        )
    if reference == model and options.adapter is None:
        raise ConfigError(f"policy and reference are both {model!r}: every reward would be 0")


def _scorer(
    model: str,
    reference: str | None,
    ref_free: str | None,
    beta: float,
    cache: str | None,
    view: Part,
    options: Options,
) -> Scorer:
    policy = causal_model(model, options)
    is_paired = ref_free is None
    return Scorer(
        _paired(policy, reference, cache, options) if is_paired else policy.engine,
        _form(policy, view, options),
        log_probs(policy.layer, policy.engine.device),
        positions=scored_positions,
        reading=_against(beta) if is_paired else _alone(ref_free or "sum", beta),
        facts={
            "kind": "implicit reward",
            "reference": "none" if not is_paired else reference or "the policy without its adapter",
            "read": f"log-probs of the response, {ref_free or 'sum'}, beta {beta:g}",
        },
        on_response_fault=options.on_response_fault,
    )


def _against(beta: float) -> Callable[[Encoded, Sequence[Sequence[float]]], Value]:
    """The reward from the policy's rows and, as the last row, the reference's sum."""

    def reading(encoded: Encoded, rows: Sequence[Sequence[float]]) -> Value:
        own = math.fsum(row[0] for row in rows[:-1])
        other = rows[-1][0]
        parts = {"log_prob": own, "log_prob_reference": other, "num_scored": float(len(rows) - 1)}
        return Value(beta * (own - other), parts)

    return reading


def _alone(kind: str, beta: float) -> Callable[[Encoded, Sequence[Sequence[float]]], Value]:
    def reading(encoded: Encoded, rows: Sequence[Sequence[float]]) -> Value:
        logs = [row[0] for row in rows]
        if not logs:
            return Value(
                math.nan, error="no token of the response is left to score", fault="response"
            )
        parts = {"log_prob": math.fsum(logs), "num_scored": float(len(logs))}
        return Value(beta * _reduced(logs, kind), parts)

    return reading


def _reduced(log_probs: Sequence[float], kind: str) -> float:
    """RewardBench's reference-free scores of a response's log-probs.

    >>> [_reduced([-3.0, -4.0], kind) for kind in ("sum", "avg", "norm")]
    [-7.0, -3.5, -5.0]
    """
    if kind == "norm":
        return -math.sqrt(math.fsum(value * value for value in log_probs))
    total = math.fsum(log_probs)
    return total / len(log_probs) if kind == "avg" else total


# --- the reference --------------------------------------------------------------------------------


@dataclass
class _Paired:
    """Asks the policy, then the reference; the reference's sum is one more row of each answer.

    One chunk at a time: where the reference is the policy with its adapter off, another thread
    must not see it so.
    """

    policy: HfEngine
    totals: Callable[[Sequence[Sequence[Item]]], list[list[float | str]]]
    lock: threading.RLock = field(default_factory=threading.RLock)  # pyright: ignore[reportGeneralTypeIssues]

    tolerance = 1e-5

    @property
    def way(self) -> str:
        return self.policy.way

    @property
    def why(self) -> str:
        return self.policy.why

    @property
    def device(self) -> object:
        return self.policy.device

    @property
    def dtype(self) -> str:
        return self.policy.dtype

    def ask(self, question: Question, groups: Iterable[Sequence[Item]]) -> Iterator[list[Answer]]:
        coming = iter(groups)
        while chunk := list(itertools.islice(coming, _CHUNK)):
            with self.lock:
                policy_answers = list(self.policy.ask(question, chunk))
                sums = self.totals(chunk)
            for answers, totals in zip(policy_answers, sums, strict=True):
                yield [_joined(a, t) for a, t in zip(answers, totals, strict=True)]


def _joined(answer: Answer, total: float | str) -> Answer:
    if answer.values is None:
        return answer
    if isinstance(total, str):
        return Answer(None, f"reference: {total}")
    return answer._replace(values=[*answer.values, [total]])


def _paired(
    policy: CausalModel, reference: str | None, cache: str | None, options: Options
) -> _Paired:
    import dataclasses

    if reference is None:
        other, revision = policy, f"{policy.checkpoint.revision} without adapter"
        without = _without_adapter(policy.module)
    else:
        other = causal_model(reference, dataclasses.replace(options, adapter=None))
        _same_vocabulary(policy, other)
        revision, without = other.checkpoint.revision, contextlib.nullcontext
    question = log_probs(other.layer, other.engine.device)

    def totals(groups: Sequence[Sequence[Item]]) -> list[list[float | str]]:
        with without():
            return [
                [_total(answer) for answer in answers]
                for answers in other.engine.ask(question, groups)
            ]

    return _Paired(policy.engine, _Cached(cache, revision, totals) if cache else totals)


def _total(answer: Answer) -> float | str:
    if answer.values is None:
        return answer.error or "no answer"
    return math.fsum(row[0] for row in answer.values)


def _without_adapter(module: Any) -> Callable[[], Any]:
    """The module with its adapter off, as a context.

    Raises: ConfigError at once where the installed libraries cannot switch it.
    """

    @contextlib.contextmanager
    def without() -> Iterator[None]:
        module.disable_adapters()
        try:
            yield
        finally:
            module.enable_adapters()

    try:
        with without():
            return without
    except (ValueError, ImportError, AttributeError) as error:
        raise ConfigError(
            f"the adapter cannot be switched off to have the reference: {error}; install a peft"
            " that fits this transformers, or give the reference as a model of its own"
        ) from error


def _same_vocabulary(policy: CausalModel, other: CausalModel) -> None:
    if policy.tokenizer.get_vocab() != other.tokenizer.get_vocab():
        raise ConfigError(
            f"{policy.checkpoint.name} and {other.checkpoint.name} have different vocabularies,"
            " so their"
            " log-probs are of different tokens; the reference is what the policy began as"
        )


class _Cached:
    """Sums of reference log-probs in an SQLite file, by token ids and model revision."""

    def __init__(self, path: str, revision: str, totals: Callable[..., Any]):
        self.path, self.revision, self.totals = path, revision, totals
        with self._open() as base:
            base.execute("create table if not exists log_probs (key blob primary key, total real)")

    def __call__(self, groups: Sequence[Sequence[Item]]) -> list[list[float | str]]:
        keys = [[self._key(item) for item in group] for group in groups]
        cached = self._cached_totals([key for row in keys for key in row])
        missing = [i for i, row in enumerate(keys) if any(key not in cached for key in row)]
        fresh = dict(zip(missing, self.totals([groups[i] for i in missing]), strict=True))
        self._keep(
            (key, total)
            for i, totals in fresh.items()
            for key, total in zip(keys[i], totals, strict=True)
            if isinstance(total, float) and math.isfinite(total)
        )
        return [
            fresh[i] if i in fresh else [cached[key] for key in row] for i, row in enumerate(keys)
        ]

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            base = sqlite3.connect(self.path, timeout=60)
        except sqlite3.Error as error:
            raise ConfigError(f"reference_cache={self.path!r}: {error}") from None
        try:
            with base:
                yield base
        except sqlite3.DatabaseError as error:
            raise ConfigError(f"reference_cache={self.path!r}: {error}") from None
        finally:
            base.close()

    def _key(self, item: Item) -> bytes:
        numbers = (*item.ids, item.read[0] if item.read else -1)
        return digest(self.revision.encode() + struct.pack(f"<{len(numbers)}q", *numbers))

    def _cached_totals(self, keys: Sequence[bytes]) -> dict[bytes, float]:
        with self._open() as base:
            rows = (
                base.execute("select total from log_probs where key = ?", (key,)).fetchone()
                for key in keys
            )
            return {key: row[0] for key, row in zip(keys, rows, strict=True) if row}

    def _keep(self, rows: Iterable[tuple[bytes, float]]) -> None:
        with self._open() as base:
            base.executemany("insert or replace into log_probs values (?, ?)", list(rows))


# --- text -----------------------------------------------------------------------------------------


def _form(policy: CausalModel, view: Part, options: Options) -> Form:
    if options.profile == "rb-dpo":
        template = template_for(
            policy.tokenizer, options.chat_template, None, "rb-dpo", policy.checkpoint.name
        )
        return _RewardBenchForm(policy.tokenizer, view="all", template=template, needs_start=True)
    return chat_form(
        policy.checkpoint,
        policy.tokenizer,
        options,
        view,
        config=policy.module.config,
        needs_start=True,
    )


class _RewardBenchForm(ChatForm):
    """RewardBench's DPOInference.tokenize_row, 2048 / 128 / 1920 rule included."""

    def encode(self, groups: Sequence[Group]) -> list[list[Encoded]]:
        return [self._group(group) for group in groups]

    def _group(self, group: Group) -> list[Encoded]:
        prompt = self.templated(list(group.prompt))
        if isinstance(prompt, Encoded):
            return [prompt for _ in group.responses]
        texts = [self.render(group, response) for response in group.responses]
        sides = [t if isinstance(t, Encoded) else self._sides(prompt, t) for t in texts]
        longest = max((len(s[1]) for s in sides if isinstance(s, tuple)), default=0)
        return [s if isinstance(s, Encoded) else _rule(*s, longest) for s in sides]

    def _sides(self, prompt: str, text: str) -> tuple[list[int], list[int]]:
        """Prompt and response ids, the border one id earlier where a merge crosses it."""
        answer = text.replace(prompt, "")
        head, full = (
            list(self.tokenizer(t, add_special_tokens=False)["input_ids"])
            for t in (prompt, prompt + answer)
        )
        border = len(head) if full[: len(head)] == head else len(head) - 1
        eos = self.tokenizer.eos_token_id
        bos = self.tokenizer.bos_token_id
        return [eos if bos is None else bos, *full[:border]], [*full[border:], eos]


def _rule(prompt: list[int], response: list[int], longest: int) -> Encoded:
    """The ids that are left when the longest response of the group decides."""
    size = len(prompt) + len(response)
    if len(prompt) + longest > 2048:
        prompt = prompt[-128:]
    if len(prompt) + longest > 2048:
        response = response[:1920]
    ids = [*prompt, *response]
    return Encoded(ids, len(prompt), num_cut=size - len(ids))
