"""Neural reward models on one GPU: ours against the ways of other tools, same random weights.

``python -m benchmarks gpu_scoring``: builds an 8B-shaped classifier, a 7B-shaped causal LM and a
0.5B-shaped classifier on the device in bf16, runs preference pairs, groups and log-probs, and
prints executed and effective MFU, ratios, peak memory and numerics. Without CUDA it says so, runs
the numerics on the processor with a small model, and ends with 0. Servers (vLLM, SGLang) are taken
in where VLLM_URL or SGLANG_URL names one that serves the same kind of classifier.

MFU: ``executed = sum(w rows + a pairs) / (t peak)`` over what really ran, ``effective`` the same
over plain, unshared, unpadded sequences; w = 2 parameters without embeddings and head, a per pair
of a query and a key. The peak is measured: the fastest large bf16 product of the same run.
"""

from __future__ import annotations

import gc
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from benchmarks import _model_peers as peers
from benchmarks.harness import table, write
from plaudit.engines.hf import HfEngine, Trunk
from plaudit.engines.plan import Item, plan, shared
from plaudit.engines.questions import Head, LogProbs, OutputLayer

SHAPES = {
    "8B": {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
           "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128_256},
    "7B": {"hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28,
           "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152_064},
    "0.5B": {"hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
             "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151_936},
    "tiny": {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2,
             "num_attention_heads": 8, "num_key_value_heads": 2, "vocab_size": 4096},
}  # fmt: skip
_LIMIT_S = 480.0


class Row(NamedTuple):
    """One measured workload; `ratio` is the baseline's time over ours."""

    model: str
    workload: str
    system: str
    seconds: float
    tokens_per_s: float
    executed_mfu: float
    effective_mfu: float
    ratio: float
    peak_gib: float
    note: str


def build(shape: str, device: str, head: str = "ForSequenceClassification") -> Any:
    """A Llama-shaped model with random weights, made on the device."""
    import torch
    import transformers

    config = transformers.LlamaConfig(
        **SHAPES[shape], num_labels=1, pad_token_id=0, max_position_embeddings=32_768
    )
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            torch.manual_seed(0)
            return getattr(transformers, f"Llama{head}")(config).eval()
    finally:
        torch.set_default_dtype(before)


def lengths(num: int, seed: int = 0) -> Iterator[tuple[int, int, int]]:
    """Prompt and two response lengths of pairs: log-normal, as measured on AlpacaEval pairs."""
    rnd = random.Random(seed)
    for _ in range(num):
        prompt = min(600, max(8, round(rnd.lognormvariate(3.5, 0.7))))
        both = (min(3500, max(4, round(rnd.lognormvariate(5.6, 0.65)))) for _ in range(2))
        yield prompt, *both  # type: ignore[misc]


def sequence(rnd: random.Random, num: int, size: int) -> list[int]:
    return [rnd.randrange(5, size) for _ in range(num)]


def pairs(num: int, size: int) -> list[list[list[int]]]:
    rnd, sequences = random.Random(1), []
    for prompt, first, second in lengths(num):
        head = sequence(rnd, prompt, size)
        sequences.append([[*head, *sequence(rnd, n, size)] for n in (first, second)])
    return sequences


def groups(num: int, prompt: int, response: int, size: int, count: int) -> list[list[list[int]]]:
    rnd = random.Random(2)
    sequences = []
    for _ in range(count):
        head = sequence(rnd, prompt, size)
        tails = [max(4, round(rnd.gauss(response, response / 4))) for _ in range(num)]
        sequences.append([[*head, *sequence(rnd, n, size)] for n in tails])
    return sequences


class Meter:
    """Seconds and peak memory of calls on a device."""

    def __init__(self, device: str):
        self.is_cuda = device == "cuda"
        self.peak = self._gemm()

    def __call__(self, call: Callable[[], Any]) -> tuple[float, float, Any]:
        import torch

        gc.collect()
        if self.is_cuda:
            torch.cuda.synchronize()
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
        began, output = time.perf_counter(), None
        try:
            output = call()
        except RuntimeError as error:  # a baseline that does not fit is a result
            if "memory" not in str(error).lower():
                raise
            return float("nan"), float("nan"), "out of memory"
        if self.is_cuda:
            torch.cuda.synchronize()
            used = (torch.cuda.max_memory_allocated() - before) / 2**30
            return time.perf_counter() - began, used, output
        return time.perf_counter() - began, 0.0, output

    def _gemm(self) -> float:
        """FLOP/s of a large product in the dtype of the models."""
        import torch

        size = 8192 if self.is_cuda else 1024
        kind = {"device": "cuda", "dtype": torch.bfloat16} if self.is_cuda else {}
        a, b = torch.randn(size, size, **kind), torch.randn(size, size, **kind)  # type: ignore[arg-type]
        best = float("inf")
        for _ in range(10):
            began = time.perf_counter()
            a @ b
            if self.is_cuda:
                torch.cuda.synchronize()
            best = min(best, time.perf_counter() - began)
        return 2.0 * size**3 / best


class Bench:
    """One model with its engine; turns calls into rows."""

    def __init__(self, shape: str, device: str, meter: Meter):
        self.shape, self.meter, self.device = shape, meter, device
        self.model = build(shape, device)
        self.size = SHAPES[shape]["vocab_size"]
        trunk = Trunk(lambda **inputs: self.model.model(**inputs).last_hidden_state, self.model)
        self.engine = HfEngine(trunk)
        weight = self.model.score.weight.detach().float()
        self.question = Head(lambda rows: rows @ weight.T)
        own = sum(p.numel() for n, p in self.model.model.named_parameters() if "embed" not in n)
        config = self.model.config
        self.work = 2.0 * own
        self.per_pair = 4.0 * config.num_hidden_layers * config.hidden_size

    def ours(self, data: Sequence[Sequence[Sequence[int]]], *, share: bool = True) -> list[float]:
        self.engine.share = share
        items = ([Item(ids, (len(ids) - 1,)) for ids in group] for group in data)
        return [a.values[0][0] for g in self.engine.ask(self.question, items) for a in g]  # type: ignore[index]

    def theirs(self, call: Callable[[Any], Any]) -> Callable[[], Any]:
        """A call with the library's own attention set."""

        def run() -> Any:
            self.model.set_attn_implementation("sdpa")
            try:
                return call(self.model)
            finally:
                from plaudit.engines import attention

                self.model.set_attn_implementation(attention.install())

        return run

    def flops(self, data: Sequence[Sequence[Sequence[int]]]) -> tuple[float, float]:
        """(executed by us, effective): linear and attention work."""
        executed = effective = 0.0
        for group in data:
            shared_group = shared([Item(ids, ()) for ids in group])
            p = shared_group.prefix
            executed += self.work * shared_group.rows + self.per_pair * p * p / 2
            for item in shared_group.items:
                own = len(item.ids) - p
                executed += self.per_pair * (own * p + own * own / 2)
            effective += sum(self.work * len(i) + self.per_pair * len(i) ** 2 / 2 for i in group)
        return executed, effective

    def rows(
        self, workload: str, data: Sequence[Sequence[Sequence[int]]],
        baselines: dict[str, Callable[[], Any]],
    ) -> Iterator[Row]:  # fmt: skip
        """Ours (twice, the second counts), then each baseline."""
        self.ours(data[:2])
        seconds, memory, scores = self.meter(lambda: self.ours(data))
        executed, effective = self.flops(data)
        tokens = sum(len(ids) for group in data for ids in group)
        passes = sum(1 for _ in plan([shared([Item(i, ()) for i in g]) for g in data],
                                     self.engine.budget))  # fmt: skip
        peak = self.meter.peak
        yield Row(
            self.shape, workload, f"plaudit ({self.engine.way})", seconds, tokens / seconds,
            executed / seconds / peak, effective / seconds / peak, 1.0, memory, f"{passes} passes",
        )  # fmt: skip
        for name, call in baselines.items():
            took, used, output = self.meter(call)
            note = output if isinstance(output, str) else _agreement(scores, output)
            yield Row(
                self.shape, workload, name, took, tokens / took, float("nan"),
                effective / took / peak, took / seconds, used, note,
            )  # fmt: skip


def _agreement(ours: Sequence[float], theirs: Any) -> str:
    flat = [x for row in theirs for x in row] if isinstance(theirs[0], list) else list(theirs)
    worst = max(abs(a - b) for a, b in zip(ours, flat, strict=True))
    return f"max difference {worst / max(statistics.pstdev(flat), 1e-9):.2g} of a std"


def classifier(shape: str, device: str, meter: Meter, num_pairs: int) -> Iterator[Row]:
    bench = Bench(shape, device, meter)
    data = pairs(num_pairs, bench.size)
    flat = [ids for pair in data for ids in pair]
    yield from bench.rows(
        "preference pairs", data,
        {
            "RewardBench loop": bench.theirs(lambda m: peers.rewardbench(m, data)),
            "sorted, token budget": bench.theirs(
                lambda m: peers.by_length(m, flat, budget=16_384)
            ),
        },
    )  # fmt: skip
    if shape == "tiny":
        return
    for prompt, response in ((1000, 300), (4000, 300)):
        shared_groups = groups(16, prompt, response, bench.size, 2)
        yield from bench.rows(
            f"N=16, P={prompt}, R={response}", shared_groups,
            {
                "one padded call (TRL)": bench.theirs(
                    lambda m, shared_groups=shared_groups: [
                        peers.padded(m, group) for group in shared_groups
                    ]
                ),
                "packed without sharing": lambda data=shared_groups: bench.ours(data, share=False),
            },
        )  # fmt: skip


def numerics(shape: str, device: str, meter: Meter, num_pairs: int) -> Iterator[Row]:
    """Errors in bf16 against single fp32 calls, and whether order and split change a bit."""
    bench = Bench(shape, device, meter)
    data = pairs(num_pairs, bench.size)
    began = time.perf_counter()
    ours = bench.ours(data)
    took = time.perf_counter() - began
    order = random.Random(3).sample(range(len(data)), len(data))
    shuffled = bench.ours([data[i] for i in order])
    again = {i: shuffled[2 * n : 2 * n + 2] for n, i in enumerate(order)}
    split = [x for i in range(0, len(data), 7) for x in bench.ours(data[i : i + 7])]
    moved = sum([*again[i]] != ours[2 * i : 2 * i + 2] for i in range(len(data)))
    moved += sum(a != b for a, b in zip(split, ours, strict=True))
    plain = bench.theirs(lambda m: [peers.padded(m, [ids])[0] for p in data for ids in p])()
    bench.model.float()
    truth = bench.theirs(lambda m: [peers.padded(m, [ids])[0] for p in data for ids in p])()
    nan = float("nan")
    for system, scores, seconds, note in (
        (f"plaudit ({bench.engine.way})", ours, took, f"{moved} scores moved by order or split"),
        ("plain bf16 calls", plain, nan, ""),
    ):
        errors = [abs(a - b) for a, b in zip(scores, truth, strict=True)]
        rms = statistics.fmean(e * e for e in errors) ** 0.5 / statistics.pstdev(truth)
        error = f"error against fp32: rms {rms:.2g} of a std; {note}".removesuffix("; ")
        yield Row(shape, "numerics", system, seconds, nan, nan, nan, nan, nan, error)


def log_probs(shape: str, device: str, meter: Meter, num_pairs: int) -> Iterator[Row]:
    """The policy's pass of a DPO reward."""
    model = build(shape, device, "ForCausalLM")
    size = SHAPES[shape]["vocab_size"]
    data = pairs(num_pairs, size)
    start = [min(len(a), len(b)) // 4 for a, b in data]
    trunk = Trunk(lambda **inputs: model.model(**inputs).last_hidden_state, model)
    engine = HfEngine(trunk)
    question = LogProbs(OutputLayer(model.lm_head.weight), 1024, 32_768)

    def ours() -> list[float]:
        items = (
            [Item(ids, range(first - 1, len(ids) - 1)) for ids in pair]
            for pair, first in zip(data, start, strict=True)
        )
        return [sum(r[0] for r in a.values or ()) for g in engine.ask(question, items) for a in g]

    def theirs() -> list[float]:
        model.set_attn_implementation("sdpa")
        return peers.dpo(model, data, start)

    seconds, memory, mine = meter(ours)
    seconds, memory, mine = meter(ours)
    took, used, output = meter(theirs)
    tokens = sum(len(i) for p in data for i in p)
    note = output if isinstance(output, str) else _agreement(mine, output)
    nan = float("nan")
    yield Row(shape, "log-probs", f"plaudit ({engine.way})", seconds, tokens / seconds, nan, nan,
              1.0, memory, "")  # fmt: skip
    yield Row(shape, "log-probs", "full logits", took, tokens / took, nan, nan, took / seconds,
              used, note)  # fmt: skip


def served(size: int) -> Iterator[Row]:
    """Servers named in the environment, on the pairs of the 0.5B shape."""
    from plaudit.engines.remote import RemoteEngine

    for variable, protocol in (("VLLM_URL", "vllm"), ("SGLANG_URL", "sglang")):
        if url := os.environ.get(variable):
            data = pairs(200, size)
            engine = RemoteEngine([url], os.environ.get("SERVED_MODEL", ""), protocol)
            began = time.perf_counter()
            list(engine.ask(None, ([Item(ids, ()) for ids in pair] for pair in data)))
            took, nan = time.perf_counter() - began, float("nan")
            tokens = sum(len(i) for p in data for i in p)
            yield Row("served", "preference pairs", protocol, took, tokens / took, nan, nan, nan,
                      nan, url)  # fmt: skip


def main(names: Sequence[str]) -> int:
    """Prints the table; 0 also where there is no GPU."""
    import torch

    has_gpu = torch.cuda.is_available()
    meter = Meter("cuda" if has_gpu else "cpu")
    began, figures = time.monotonic(), []
    if not has_gpu:
        print("no CUDA device: the numerics run on the processor, the timings are of no interest")
        torch.set_num_threads(1)
        figures += classifier("tiny", "cpu", meter, 24)
    else:
        print(f"{torch.cuda.get_device_name()}, torch {torch.__version__},"
              f" measured bf16 peak {meter.peak / 1e12:.0f} TFLOP/s", flush=True)  # fmt: skip
        parts: list[Callable[[], Iterator[Row]]] = [
            lambda: classifier("8B", "cuda", meter, 400),
            lambda: classifier("0.5B", "cuda", meter, 805),
            lambda: log_probs("7B", "cuda", meter, 60),
            lambda: numerics("0.5B", "cuda", meter, 200),
            lambda: numerics("8B", "cuda", meter, 60),
        ]
        for part in parts:
            if time.monotonic() - began < _LIMIT_S:
                for row in part():
                    print(*row, sep="  ", flush=True)
                    figures.append(row)
                write("gpu_scoring", figures)  # what is measured stays, whatever comes after
                gc.collect()
                torch.cuda.empty_cache()
    figures += served(SHAPES["0.5B"]["vocab_size"])
    print(table(Row._fields, figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
