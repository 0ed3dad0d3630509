"""Neural reward models on a processor: ours against the ways of other tools, same weights.

``python -m benchmarks scoring``; ``python -m benchmarks.scoring pairs dpo`` for a part. One thread,
fp32, CPU seconds, A B A B in one process; models of real layer shapes (Qwen2-0.5B, DeBERTa-v3-base)
with fewer layers and random weights; real texts under a tokenizer trained on them. Memory is the
rise of the resident peak during a call.
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import gc
import itertools
import math
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks import _model_peers as peers
from benchmarks.harness import rows, table, write
from plaudit.engines.hf import HfEngine, Trunk
from plaudit.engines.plan import Budget, Item, plan, shared, windows
from plaudit.engines.questions import Head, Hidden, LogProbs, OutputLayer

VOCABULARY = 16_000
QWEN = {
    "hidden_size": 896, "intermediate_size": 4864, "num_attention_heads": 14,
    "num_key_value_heads": 2, "max_position_embeddings": 32_768,
}  # fmt: skip


class Figure(NamedTuple):
    """A figure beside its bar; `detail` says what it is made of."""

    workload: str
    baseline: str
    value: float
    unit: str
    bar: str
    is_met: bool
    detail: str


# --- models and texts -----------------------------------------------------------------------------


@functools.cache
def tokenizer() -> Any:
    """A byte-level BPE of 16 000 ids, trained on the preference pairs."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, show_progress=False)
    texts = (sides(row)[0] for row in rows("pairs_valid.jsonl.gz"))
    bpe.train_from_iterator(texts, trainer)
    return bpe


def ids_of(text: str) -> list[int]:
    return tokenizer().encode(text).ids


def qwen(layers: int, head: str = "ForSequenceClassification", **changes: Any) -> Any:
    """A random Qwen2-0.5B-shaped model with fewer layers."""
    import torch
    import transformers

    fields = {"vocab_size": VOCABULARY + 1, "num_labels": 1, **QWEN, **changes}
    config = transformers.Qwen2Config(num_hidden_layers=layers, pad_token_id=VOCABULARY, **fields)
    torch.manual_seed(0)
    return getattr(transformers, f"Qwen2{head}")(config).eval()


def engine(model: Any, **params: Any) -> tuple[HfEngine, Head]:
    """Our engine on a classifier's trunk, and its head as a question."""
    trunk = Trunk(lambda **inputs: model.model(**inputs).last_hidden_state, model)
    weight = model.score.weight.detach()
    return HfEngine(trunk, **params), Head(lambda rows: rows @ weight.T)


def sides(row: Mapping[str, Any]) -> tuple[str, str]:
    """The better and the worse response of a row."""
    better = row["preference"]
    return row[f"response_{better}"], row[f"response_{'b' if better == 'a' else 'a'}"]


def pairs(count: int, *, is_drawn: bool = True) -> list[list[list[int]]]:
    """Token ids of prompt and response, two responses to each prompt, in file order.

    Drawn with a fixed seed, as most sets ask each prompt once; the file's own neighbours often
    answer the same prompt, and so are alike in length.
    """
    data, id_pairs = list(rows("pairs_valid.jsonl.gz")), []
    places = sorted(random.Random(0).sample(range(len(data)), count)) if is_drawn else range(count)
    for row in (data[i] for i in places):
        head = f"<user> {row['prompt']}\n<assistant> "
        id_pairs.append([ids_of(head + text) for text in sides(row)])
    return id_pairs


def group(num: int, prefix: int, response: float) -> list[list[int]]:
    """One prompt of `prefix` ids with `num` real responses whose mean length is `response`."""
    responses = (ids_of(text) for row in rows("pairs_valid.jsonl.gz") for text in sides(row))
    texts = [ids for ids in itertools.islice(responses, 1200) if len(ids) >= 20]
    scale = response / statistics.fmean(len(t) for t in texts[:num])
    stream = list(itertools.chain.from_iterable(texts))
    sizes = [max(2, round(len(t) * scale)) for t in texts[:num]]
    prompt, out, at = stream[:prefix], [], prefix
    for size in sizes:
        out.append([*prompt, *stream[at : at + size]])
        at += size
    return out


_ALL_ROWS = "ours, the last layer on all rows"


def on_all_rows(model: Any) -> tuple[HfEngine, Head]:
    """Our engine as it runs every layer but the last."""
    engine_and_head = engine(model)
    engine_and_head[0]._trims = False
    return engine_and_head


def ask(
    engine_and_head: tuple[HfEngine, Any], groups: Sequence[Sequence[Sequence[int]]]
) -> list[float]:
    """Our scores, one for each sequence."""
    model, question = engine_and_head
    items = ([Item(ids, (len(ids) - 1,)) for ids in group] for group in groups)
    return [a.values[0][0] for answers in model.ask(question, items) for a in answers]  # type: ignore[index]


# --- measuring ------------------------------------------------------------------------------------


def in_turn(calls: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """CPU seconds of each call, A B C A B C ..., after one round to warm up on small input."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            gc.collect()
            start = time.process_time()
            call()
            times[name].append(time.process_time() - start)
    return times


def ratio(times: Mapping[str, Sequence[float]], peer: str, ours: str = "ours") -> float:
    """The median over rounds of peer's time over ours."""
    return statistics.median(b / a for a, b in zip(times[ours], times[peer], strict=True))


def at_depth(
    times: Mapping[str, Sequence[float]], peer: str, layers: int, depth: int = 24
) -> float:
    """The ratio in a model of `depth` layers, from runs with few: the median over rounds.

    What a layer takes is that of a run on all rows, the last one's saving counted once.
    """
    rounds = zip(times["ours"], times[_ALL_ROWS], times[peer], strict=True)
    return statistics.median(
        theirs * depth / (full * depth - (full - own) * layers) for own, full, theirs in rounds
    )


def peak_mb(call: Callable[[], Any]) -> float:
    """How far the resident peak rises above what is held before the call, in MiB."""
    with_libc = ctypes.CDLL(None)
    with_libc.mallopt(-3, 1 << 20)  # M_MMAP_THRESHOLD: freed blocks go back at once
    gc.collect()
    with_libc.malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = _status("VmRSS")
    call()
    return (_status("VmHWM") - before) / 1024


def _status(name: str) -> float:
    with open("/proc/self/status") as file:
        return next(float(line.split()[1]) for line in file if line.startswith(name))


def gemm_peak() -> float:
    """The fastest fp32 product of this process, in GFLOP/s."""
    import torch

    a, b = torch.randn(2048, 896), torch.randn(896, 4864)
    a @ b
    best = math.inf
    for _ in range(8):
        start = time.process_time()
        a @ b
        best = min(best, time.process_time() - start)
    return 2 * 2048 * 896 * 4864 / best / 1e9


def flops(model: Any, lengths: Sequence[int]) -> float:
    """The useful work of plain, unshared, unpadded sequences: w T + a T^2."""
    own = sum(p.numel() for n, p in model.model.named_parameters() if "embed" not in n)
    a = 2 * model.config.num_hidden_layers * model.config.hidden_size
    return sum(2.0 * own * n + a * n * n for n in lengths)


def bar(value: float, least: float) -> tuple[str, bool]:
    return f">= {least:g}", value >= least


# --- workloads ------------------------------------------------------------------------------------


def preference_pairs(count: int = 64, repeats: int = 3) -> Iterator[Figure]:
    """Pairs in file order: against RewardBench's loop and against sorted padded batches."""
    model = qwen(2)
    data = pairs(count)
    flat = [ids for pair in data for ids in pair]
    ours = engine(model)
    plain = qwen(2)  # the same weights; its attention stays the library's
    calls = {
        "ours": lambda: ask(ours, data),
        "RewardBench loop": lambda: peers.rewardbench(plain, data),
        "sorted, token budget": lambda: peers.by_length(plain, flat),
    }
    ask(ours, data[:2]), peers.rewardbench(plain, data[:2])
    peak = gemm_peak()
    times = in_turn(calls, repeats)
    peak = max(peak, gemm_peak())
    description = f"{count} pairs, {sum(map(len, flat))} tokens, 2 layers, way {ours[0].way}"
    for name, least in (("RewardBench loop", 2.0), ("sorted, token budget", 1.15)):
        value = ratio(times, name)
        yield Figure("preference pairs", name, value, "x", *bar(value, least), description)
    share = flops(model, list(map(len, flat))) / statistics.median(times["ours"]) / 1e9 / peak
    yield Figure(
        "preference pairs", "fp32 GEMM peak", share, "of peak", *bar(share, 0.6),
        f"peak {peak:.0f} GFLOP/s, useful work only",
    )  # fmt: skip
    truth = [peers.padded(plain, [ids], use_cache=False)[0] for ids in flat[:16]]
    worst = max(abs(a - b) for a, b in zip(ask(ours, data)[:16], truth, strict=True))
    limit = 1e-5 * max(1.0, 4 * statistics.pstdev(truth))
    yield Figure(
        "preference pairs", "batch-1 forward", worst, "max error", f"<= {limit:.1g}",
        worst <= limit, "16 sequences, fp32",
    )  # fmt: skip


def plain_loops(count: int = 64, repeats: int = 3) -> Iterator[Figure]:
    """Pairs against loops without any padding, where neighbours are strangers and where alike."""
    ours, whole, plain = engine(qwen(2)), on_all_rows(qwen(2)), qwen(2)
    for is_drawn in (True, False):
        data = pairs(count, is_drawn=is_drawn)
        flat = [ids for pair in data for ids in pair]
        calls = {
            "ours": lambda data=data: ask(ours, data),
            _ALL_ROWS: lambda data=data: ask(whole, data),
            "batch 1": lambda flat=flat: peers.one_by_one(plain, flat),
            "KV-prefix loop": lambda data=data: [
                peers.behind_prompt(plain, pair, _prompt_rows(pair)) for pair in data
            ],
            "RewardBench loop": lambda data=data: peers.rewardbench(plain, data),
        }  # fmt: skip
        ask(ours, data[:2]), peers.one_by_one(plain, flat[:2])
        times = in_turn(calls, repeats)
        name = "preference pairs" if is_drawn else "preference pairs, neighbours alike"
        planned = [shared([Item(ids, ()) for ids in pair]) for pair in data]
        rows_run = sum(step.rows for step in plan(planned, Budget()))
        description = f"{count} pairs, {sum(map(len, flat))} tokens, {rows_run} rows run"
        best = min(list(calls)[2:4], key=lambda peer: ratio(times, peer))
        for peer in list(calls)[2:]:
            value = ratio(times, peer)
            says = bar(value, 1.1) if peer == best else ("-", True)
            deep = at_depth(times, peer, 2)
            if peer != "RewardBench loop" or not is_drawn:
                yield Figure(
                    name, peer, value, "x", *says, f"{description}; {deep:.3g}x at 24 layers"
                )


def _prompt_rows(pair: Sequence[Sequence[int]]) -> int:
    """What a pair has in common, one row at least being left to each side."""
    return min(len(_common(pair)), *(len(ids) - 1 for ids in pair))


def shares(call: Callable[[], Any]) -> tuple[float, float, float]:
    """Of the CPU time of a call: matrix products of the layers, attention, everything else."""
    import torch

    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiler:
        call()
    kinds = [0.0, 0.0, 0.0]
    for event in profiler.key_averages():
        is_product = event.key in ("aten::mm", "aten::addmm")
        is_attention = "scaled_dot_product" in event.key
        kinds[0 if is_product else 1 if is_attention else 2] += event.self_cpu_time_total
    total = sum(kinds)
    return kinds[0] / total, kinds[1] / total, kinds[2] / total


def profile(num: int = 16, prefix: int = 1000, response: int = 330) -> Iterator[Figure]:
    """Where the time of a KV-prefix loop goes: what no way of running can save."""
    plain, data = qwen(1), group(num, prefix, response)
    ours = engine(qwen(1))
    sides = {
        "ours": lambda: ask(ours, [data]),
        "KV-prefix loop": lambda: peers.behind_prompt(plain, data, prefix),
    }
    for name, call in sides.items():
        call()
        products, attention, rest = shares(call)
        yield Figure(
            f"profile, N={num}, prompt {prefix}", name, 1 / products, "x at most", "-", True,
            f"matrix products {products:.0%}, attention {attention:.0%}, rest {rest:.0%} of the"
            " CPU time; the same products must be computed by every side",
        )  # fmt: skip


def one_group(num: int, prefix: int, response: int, least: float, repeats: int) -> Iterator[Figure]:
    """A prompt with many responses, against one right-padded call as TRL makes it."""
    model, plain = qwen(1), qwen(1)
    ours, whole, data = engine(model), on_all_rows(qwen(1)), group(num, prefix, response)
    ask(ours, [data[:2]]), peers.padded(plain, data[:2])
    calls = {
        "ours": lambda: ask(ours, [data]),
        _ALL_ROWS: lambda: ask(whole, [data]),
        "one padded call (TRL)": lambda: peers.padded(plain, data),
        "KV-prefix loop": lambda: peers.behind_prompt(plain, data, prefix),
    }
    times = in_turn(calls, repeats)
    value = ratio(times, "one padded call (TRL)")
    name = f"N={num}, prompt {prefix}, responses {response}"
    description = f"longest {max(map(len, data)) - prefix}, 1 layer"
    yield Figure(name, "one padded call (TRL)", value, "x", *bar(value, least), description)
    value = at_depth(times, "KV-prefix loop", 1)  # with one layer alone the last one is all
    description = (
        f"{description}, reckoned for 24; {ratio(times, 'KV-prefix loop'):.3g}x with the one"
    )
    yield Figure(name, "KV-prefix loop", value, "x", *bar(value, 1.15), description)
    truth = [peers.padded(plain, [ids], use_cache=False)[0] for ids in data]
    worst = max(abs(a - b) for a, b in zip(ask(ours, [data]), truth, strict=True))
    limit = 1e-5 * max(1.0, 4 * statistics.pstdev(truth))
    yield Figure(
        name, "batch-1 forward", worst, "max error", f"<= {limit:.1g}", worst <= limit, "fp32"
    )


def groups_of_16() -> Iterator[Figure]:
    yield from one_group(16, 1000, 330, 4.0, 3)


def groups_of_8() -> Iterator[Figure]:
    yield from one_group(8, 60, 370, 1.3, 5)


def sharing() -> Iterator[Figure]:
    """A long prompt with many short responses, against packing without sharing."""
    model = qwen(1)
    data = group(64, 4000, 200)
    ours, without = engine(model), engine(model, share=False)
    ask(ours, [data[:2]])
    times = in_turn({"ours": lambda: ask(ours, [data]), "packed": lambda: ask(without, [data])}, 1)
    value = ratio(times, "packed")
    yield Figure(
        "N=64, prompt 4000, responses 200", "packed without sharing", value, "x",
        *bar(value, 10.0), "1 layer, one round",
    )  # fmt: skip


def memory() -> Iterator[Figure]:
    """The peak of a call with 8 and with 64 responses to one prompt."""
    ours = engine(qwen(2))
    peaks = {}
    for num in (8, 64, 8, 64):
        data = group(num, 3500, 150)
        peaks.setdefault(num, []).append(peak_mb(lambda data=data: ask(ours, [data])))
    few, many = min(peaks[8]), min(peaks[64])
    growth = many / few - 1
    yield Figure(
        "peak memory, N from 8 to 64", "N=8", growth * 100, "% more", "<= 5", growth <= 0.05,
        f"{few:.0f} and {many:.0f} MiB above the weights; prompt 3500, responses 150, 2 layers",
    )  # fmt: skip


def dpo(count: int = 3, repeats: int = 3) -> Iterator[Figure]:
    """Response log-probs at a vocabulary of 151 936, against full logits and log_softmax."""
    model = qwen(2, "ForCausalLM", vocab_size=151_936, tie_word_embeddings=True)
    plain = qwen(2, "ForCausalLM", vocab_size=151_936, tie_word_embeddings=True)
    data = pairs(60)
    data = sorted(data, key=lambda pair: abs(max(map(len, pair)) - 500))[:count]
    start = [max(8, len(_common(pair))) for pair in data]
    trunk = Trunk(lambda **inputs: model.model(**inputs).last_hidden_state, model)
    ours_engine, layer = HfEngine(trunk), OutputLayer(model.lm_head.weight)

    def ours() -> list[float]:
        groups = [
            [Item(ids, range(first - 1, len(ids) - 1)) for ids in pair]
            for pair, first in zip(data, start, strict=True)
        ]
        return [
            math.fsum(row[0] for row in answer.values or ())
            for answers in ours_engine.ask(LogProbs(layer), groups)
            for answer in answers
        ]

    def theirs() -> list[float]:
        return peers.dpo(plain, data, start)

    first, second = ours(), theirs()
    times = in_turn({"ours": ours, "full logits": theirs}, repeats)
    value = ratio(times, "full logits")
    detail = f"{count} pairs, {sum(len(i) for p in data for i in p)} tokens, 2 layers, policy alone"
    yield Figure("DPO log-probs, V=151936", "full logits", value, "x", *bar(value, 1.8), detail)
    mine, other = peak_mb(ours), peak_mb(theirs)
    yield Figure(
        "DPO log-probs, peak memory", "full logits", mine / other, "of theirs", "<= 0.125",
        mine / other <= 0.125, f"{mine:.0f} and {other:.0f} MiB above the weights",
    )  # fmt: skip
    worst = max(abs(a - b) / abs(b) for a, b in zip(first, second, strict=True))
    yield Figure(
        "DPO log-probs, sums", "full logits", worst, "relative error", "<= 1e-5", worst <= 1e-5, ""
    )


def _common(pair: Sequence[Sequence[int]]) -> list[int]:
    return [a for a, b in itertools.takewhile(lambda p: p[0] == p[1], zip(*pair, strict=False))]


def encoder(count: int = 32, repeats: int = 3) -> Iterator[Figure]:
    """A DeBERTa-v3-shaped classifier at the lengths of real pairs, at most 512 tokens."""
    import torch
    import transformers

    config = transformers.DebertaV2Config(
        vocab_size=VOCABULARY + 1, hidden_size=768, intermediate_size=3072, num_hidden_layers=3,
        num_attention_heads=12, max_position_embeddings=512, relative_attention=True,
        position_buckets=256, norm_rel_ebd="layer_norm", share_att_key=True, type_vocab_size=0,
        pos_att_type=["p2c", "c2p"], position_biased_input=False, num_labels=1,
        pad_token_id=VOCABULARY,
    )  # fmt: skip
    torch.manual_seed(0)
    model = transformers.DebertaV2ForSequenceClassification(config).eval()
    data = [ids[:512] for pair in pairs(count) for ids in pair]
    trunk = Trunk(
        lambda **inputs: model(**inputs).logits[:, None], model, can_pack=False, is_pooled=True
    )
    ours_engine = HfEngine(trunk)

    def ours() -> list[float]:
        items = [[Item(ids, (0,))] for ids in data]
        return [a.values[0][0] for answers in ours_engine.ask(Hidden(), items) for a in answers]  # type: ignore[index]

    first = ours()
    second = peers.in_order(model, data)
    times = in_turn({"ours": ours, "batch 8": lambda: peers.in_order(model, data)}, repeats)
    value = ratio(times, "batch 8")
    detail = f"{len(data)} texts, mean {statistics.fmean(map(len, data)):.0f} tokens, 3 layers"
    yield Figure("encoder, real lengths", "batch 8, unsorted", value, "x", *bar(value, 1.5), detail)
    worst = max(abs(a - b) for a, b in zip(first, second, strict=True))
    yield Figure(
        "encoder, real lengths", "batch 8, unsorted", worst, "max difference", "<= 1e-5",
        worst <= 1e-5, "fp32",
    )  # fmt: skip


def planning(num: int = 1_000_000) -> Iterator[Figure]:
    """What planning costs beside a run, and how a million sequences are planned."""
    data = pairs(24)
    items = [[Item(ids, (len(ids) - 1,)) for ids in pair] for pair in data]
    start = time.process_time()
    for _ in range(20):
        list(plan([shared(group) for group in items], Budget()))
    each = (time.process_time() - start) / 20
    ours = engine(qwen(2))
    run = min(in_turn({"ours": lambda: ask(ours, data)}, 2)["ours"])
    share = 100 * each / run
    yield Figure(
        "planning", "the run", share, "% of time", "<= 2", share <= 2, f"{1e6 * each / 48:.0f} us a"
        " sequence, 2 layers",
    )  # fmt: skip
    ids = data[0][0][:200]
    stream = ([Item([*ids, n], (200,)), Item([*ids, n + 1], (200,))] for n in range(num // 2))
    tracemalloc.start()
    start, passes = time.process_time(), 0
    for window in windows(stream, rows=262_144):
        passes += sum(1 for _ in plan([shared(group) for group in window], Budget()))
    seconds = time.process_time() - start
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    yield Figure(
        "planning 1e6 sequences", "-", peak, "MiB", "<= 64", peak <= 64,
        f"{passes} passes, {1e6 * seconds / num:.0f} us a sequence (traced)",
    )  # fmt: skip


WORKLOADS: Mapping[str, Callable[[], Iterator[Figure]]] = {
    "pairs": preference_pairs,
    "loops": plain_loops,
    "profile": profile,
    "n16": groups_of_16,
    "n8": groups_of_8,
    "sharing": sharing,
    "memory": memory,
    "dpo": dpo,
    "encoder": encoder,
    "planning": planning,
}


def main(names: Sequence[str]) -> int:
    """Runs the named workloads, or all; 1 if a bar was missed."""
    parser = argparse.ArgumentParser(prog="benchmarks.scoring")
    parser.add_argument("workloads", nargs="*", default=[], metavar="|".join(WORKLOADS))
    chosen = parser.parse_args(names).workloads or list(WORKLOADS)
    import torch

    torch.set_num_threads(1)
    figures: list[Figure] = []
    for name in chosen:
        for figure in WORKLOADS[name]():
            figures.append(figure)
            print(f"{figure.workload} / {figure.baseline}: {figure.value:.3g} {figure.unit}"
                  f" ({figure.bar}) {figure.detail}", flush=True)  # fmt: skip
    print(table(Figure._fields, figures))
    if set(chosen) == set(WORKLOADS):
        write("scoring", figures)
    return int(not all(figure.is_met for figure in figures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
