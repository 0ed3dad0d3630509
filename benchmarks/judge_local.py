"""Judging with a model in this process: our one pass and our votes against the ways of other tools.

``python -m benchmarks judge_local``; ``python -m benchmarks.judge_local logits votes`` for a part.
One thread, fp32, CPU seconds, A B A B in one process; a random model of Qwen2-0.5B's layer shapes
with 3 layers and its vocabulary of 151 936 (with more layers the output layer weighs less, and so
does what logits at all positions cost); real pairs under Skywork-Critic's prompt, both orders.
What is gained on ``generate`` is what the two orders share: the instructions and the question.
With nothing shared, one pass costs what theirs costs.
"""

from __future__ import annotations

import argparse
import functools
import math
import random
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.harness import DATA, rows, table, write
from benchmarks.scoring import Figure, bar, in_turn, qwen, ratio, sides, tokenizer
from plaudit.engines.causal import output_layer
from plaudit.engines.chat import Call, Job, Reply, Sampling
from plaudit.engines.hf import HfEngine
from plaudit.engines.load import trunk_of
from plaudit.engines.local import LocalEngine

LAYERS = 3
VOCABULARY = 151_936
LABELS = ("A", "B")
TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}> {{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant> {% endif %}"
)


@functools.cache
def wrapped() -> Any:
    """The benchmark's tokenizer as transformers' own."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_object=tokenizer(), chat_template=TEMPLATE)


@functools.cache
def model() -> Any:
    """The other tools' model."""
    return built()


def built() -> Any:
    return qwen(LAYERS, "ForCausalLM", vocab_size=VOCABULARY, tie_word_embeddings=True)


@functools.cache
def engine(*, share: bool = True) -> LocalEngine:
    """Our chat engine on a model of its own (it changes the model's attention)."""
    lm = built()
    scorer = HfEngine(trunk_of(lm), share=share)
    return LocalEngine(lm, wrapped(), scorer, output_layer(lm), name="random")


def pairs(count: int) -> list[Job]:
    """Real pairs under the critic's prompt, each in both orders, the token behind ``[[`` wanted."""
    prompt = (DATA / "prompts" / "skywork_critic_pairwise.txt").read_text(encoding="utf-8")
    data = list(rows("pairs_valid.jsonl.gz"))
    jobs = []
    for row in random.Random(0).sample(data, count):
        first, second = sides(row)
        orders = ((first, second), (second, first))
        jobs.append(Job(tuple(call_of(prompt, row["prompt"], *both) for both in orders)))
    return jobs


def call_of(prompt: str, question: str, a: str, b: str) -> Call:
    text = prompt.format(input=question, response_a=a, response_b=b)
    turns = ({"role": "user", "content": text},)
    return Call(turns, Sampling(max_tokens=1), prefix="[[", labels=LABELS)


def ids_of(call: Call) -> list[int]:
    text = wrapped().apply_chat_template(
        list(call.messages), tokenize=False, add_generation_prompt=True
    )
    return wrapped()(text + call.prefix)["input_ids"]


def share_of_a(reply: Reply) -> float:
    """P(A) / (P(A) + P(B)) of a label read."""
    top = reply.tokens[0].top
    return 1 / (1 + math.exp(top["B"] - top["A"]))


# --- other tools' ways ----------------------------------------------------------------------------


def label_ids() -> dict[str, list[int]]:
    """Both ways to write each label, as our engine reads them."""
    return {
        label: [wrapped()(text)["input_ids"][-1] for text in (f"[[{label}", f"[[ {label}")]
        for label in LABELS
    }


def _share(logits_V: Any) -> float:
    import torch

    p = {la: float(torch.logsumexp(logits_V[ids].double(), 0)) for la, ids in label_ids().items()}
    return 1 / (1 + math.exp(p["B"] - p["A"]))


def all_positions(lm: Any, prompts: Sequence[Sequence[int]]) -> list[float]:
    """A forward call for each prompt, logits at all positions, the last taken."""
    import torch

    with torch.inference_mode():
        return [_share(lm(input_ids=torch.tensor([ids])).logits[0, -1]) for ids in prompts]


def generated(lm: Any, prompts: Sequence[Sequence[int]]) -> list[float]:
    """``generate(max_new_tokens=1)`` for each prompt, its logits asked for."""
    import torch

    shares = []
    for ids in prompts:
        prompt_ids = torch.tensor([list(ids)])
        out = lm.generate(
            prompt_ids, attention_mask=torch.ones_like(prompt_ids), max_new_tokens=1,
            do_sample=False, output_logits=True, return_dict_in_generate=True, pad_token_id=0,
        )  # fmt: skip
        shares.append(_share(out.logits[0][0]))
    return shares


def in_batches(lm: Any, prompts: Sequence[Sequence[int]], size: int = 8) -> list[float]:
    """``generate(max_new_tokens=1)`` for batches in file order, padded on the left."""
    import torch

    shares = []
    for start in range(0, len(prompts), size):
        batch = prompts[start : start + size]
        width = max(map(len, batch))
        ids = torch.tensor([[0] * (width - len(p)) + list(p) for p in batch])
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in batch])
        out = lm.generate(
            ids, attention_mask=mask, max_new_tokens=1, do_sample=False, output_logits=True,
            return_dict_in_generate=True, pad_token_id=0,
        )  # fmt: skip
        shares += map(_share, out.logits[0])
    return shares


def sampled(lm: Any, ids: Sequence[int], num: int, length: int) -> Any:
    """``generate(num_return_sequences=num)``: the prompt is repeated before it is read."""
    import torch

    prompt_ids = torch.tensor([list(ids)])
    return lm.generate(
        prompt_ids, attention_mask=torch.ones_like(prompt_ids), do_sample=True, temperature=1.0,
        top_k=0, num_return_sequences=num, max_new_tokens=length, min_new_tokens=length,
        pad_token_id=0,
    )  # fmt: skip


# --- workloads ------------------------------------------------------------------------------------


def compared(
    jobs: Sequence[Job], peers: Mapping[str, tuple[Callable[..., list[float]], float]], repeats: int
) -> Iterator[Figure]:
    """Time and P(A) / (P(A) + P(B)) of our label reads against other ways (a bar of 0: none)."""
    ours, apart, plain = engine(), engine(share=False), model()
    prompts = [ids_of(call) for job in jobs for call in job.calls]
    shares: dict[str, list[float]] = {}

    def recording(name: str, call: Callable[[], list[float]]) -> Callable[[], None]:
        return lambda: shares.update({name: call()})

    def shares_of(of: LocalEngine) -> list[float]:
        return [share_of_a(reply) for row in of.answer(jobs) for reply in row]

    calls = {
        "ours": recording("ours", lambda: shares_of(ours)),
        "apart": recording("apart", lambda: shares_of(apart)),
    }
    for name, (peer, _) in peers.items():
        calls[name] = recording(name, lambda peer=peer: peer(plain, prompts))
        peer(plain, [[1, 2, 3]])
    for one in (ours, apart):
        one.answer([Job((call_of("{input}", "a", "", ""),))])
    times = in_turn(calls, repeats)
    detail = f"pairs: {len(jobs)}, both orders, {sum(map(len, prompts))} tokens, {LAYERS} layers"
    for name, (_, least) in peers.items():
        value, alone = ratio(times, name), ratio(times, name, "apart")
        bar_text, is_met = bar(value, least) if least else ("-", True)
        yield Figure("P(A), P(B), V=151936", name, value, "x", bar_text, is_met, detail)
        yield Figure("P(A), P(B), nothing shared", name, alone, "x", "-", True, detail)
        worst = max(abs(a - b) for a, b in zip(shares["ours"], shares[name], strict=True))
        yield Figure(
            "P(A) / (P(A) + P(B))", name, worst, "max error", "<= 1e-6", worst <= 1e-6, "fp32"
        )


def logits() -> Iterator[Figure]:
    """A pair, against logits at all positions."""
    yield from compared(pairs(1), {"logits at all positions": (all_positions, 1.3)}, 3)


def one_token() -> Iterator[Figure]:
    """Some pairs, against ``generate``, one by one and in batches."""
    jobs, name = pairs(3), "generate(max_new_tokens=1)"
    yield from compared(jobs, {name: (generated, 1.15)}, 3)
    yield from compared(jobs, {f"{name}, batch 8": (in_batches, 0.0)}, 1)


def votes(num: int = 8, length: int = 16, repeats: int = 1) -> Iterator[Figure]:
    """N sampled replies to one prompt."""
    ours, plain = engine(), model()
    one = pairs(1)[0].calls[0]
    many = [
        Call(one.messages, Sampling(1.0, max_tokens=length), index=i, prefix=one.prefix)
        for i in range(num)
    ]
    ids = ids_of(one)
    calls = {
        "ours": lambda: ours.answer([Job(tuple(many))]),
        "generate(num_return_sequences)": lambda: sampled(plain, ids, num, length),
    }
    times = in_turn(calls, repeats)
    value = ratio(times, "generate(num_return_sequences)")
    detail = (
        f"prompt {len(ids)}, {length} new tokens each, {LAYERS} layers;"
        f" {statistics.median(times['ours']):.1f} s and"
        f" {statistics.median(times['generate(num_return_sequences)']):.1f} s"
    )
    yield Figure(
        f"{num} votes", f"generate(num_return_sequences={num})", value, "x", "-", True, detail
    )


WORKLOADS: Mapping[str, Callable[[], Iterator[Figure]]] = {
    "logits": logits,
    "one_token": one_token,
    "votes": votes,
}


def main(names: Sequence[str]) -> int:
    """Runs the named workloads, or all; 1 if a bar was missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.judge_local")
    parser.add_argument("workloads", nargs="*", default=[], metavar="|".join(WORKLOADS))
    chosen = parser.parse_args(names).workloads or list(WORKLOADS)
    import torch

    torch.set_num_threads(1)
    figures = [figure for name in chosen for figure in WORKLOADS[name]()]
    print(table(Figure._fields, figures))
    if set(chosen) == set(WORKLOADS):
        write("judge_local", figures)
    return int(not all(figure.is_met for figure in figures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
