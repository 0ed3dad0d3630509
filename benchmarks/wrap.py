"""What wrapping a trainer's reward function costs: microseconds per response over the bare call.

The bare function is called with arguments made beforehand, the wrapped one makes them from groups
and Scores from what comes back; 64 groups of 8 responses with three columns. Least of 15 runs each,
in turn. ``python -m benchmarks.wrap``
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from benchmarks.harness import cpu_s, table, write
from plaudit import Group, Response
from plaudit.adapters import ms_swift, open_instruct, openrlhf, trl, verifiers, verl

BAR_US = 5.0
NUM_RESPONSES = 64 * 8


class Overhead(NamedTuple):
    """Microseconds per response: the bare function, the wrapped one, their difference."""

    trainer: str
    call: str
    bare_us: float
    wrapped_us: float
    overhead_us: float
    bar_us: float

    @property
    def is_met(self) -> bool:
        """Whether the overhead is within the bar."""
        return self.overhead_us <= self.bar_us


def _batched(completions: Any = (), solution_strs: Any = (), **_: Any) -> list[float]:
    return [1.0] * (len(completions) or len(solution_strs))


def _swift(completions: Any, **_: Any) -> list[float]:
    return [1.0] * len(completions)


def _openrlhf(queries: Any, prompts: Any, labels: Any) -> list[float]:
    return [1.0] * len(queries)


def _verl(data_source: Any, solution_str: Any, ground_truth: Any, extra_info: Any = None) -> float:
    return 1.0


def _verl_batch(data_sources: Any, solution_strs: Any, ground_truths: Any, extra_infos: Any) -> Any:
    return [1.0] * len(solution_strs)


def _verifiers(completion: Any, answer: Any) -> float:
    return 1.0


def _group(completions: Any, answers: Any) -> list[float]:
    return [1.0] * len(completions)


def _open_instruct(tokenized_prediction: Any, prediction: Any, label: Any, query: Any = None):
    return 1.0


CASES: Sequence[tuple[str, str, Any, Callable[..., Any]]] = (
    ("trl", "batch", trl, _batched),
    ("ms_swift", "batch", ms_swift, _swift),
    ("openrlhf", "batch", openrlhf, _openrlhf),
    ("verl", "response", verl, _verl),
    ("verl", "batch", verl, _verl_batch),
    ("verifiers", "response", verifiers, _verifiers),
    ("verifiers", "group", verifiers, _group),
    ("open_instruct", "response", open_instruct, _open_instruct),
)


REFERENCES = {"verl": "ground_truth", "verifiers": "answer", "open_instruct": "reference"}


def groups(reference: str) -> list[Group]:
    """Rows as a trainer has them, with the column it reads."""
    ids = tuple(range(200))
    return [
        Group(
            f"What is 6 times {i}?",
            [
                Response(f"It is {i * j}. " * 20, token_ids=ids, finish_reason="stop")
                for j in range(8)
            ],
            {"answer": str(6 * i), "data_source": "gsm8k", "extra_info": {"index": i}},
        )
        for i in range(64)
    ]


def measured(trainer: str, call: str, module: Any, fn: Callable[..., Any]) -> Overhead:
    """The overhead of one way to call."""
    rows, calls = groups(REFERENCES.get(trainer, "solution")), []

    def spy(*args: Any, **kwargs: Any) -> Any:
        calls.append((args, kwargs))
        return fn(*args, **kwargs)

    spy.__signature__ = inspect.signature(fn)  # type: ignore[attr-defined]
    module.wrap(spy).score(rows)
    reward = module.wrap(fn)

    def bare() -> None:
        for args, kwargs in calls:
            fn(*args, **kwargs)

    pairs = [(cpu_s(bare), cpu_s(lambda: reward.score(rows))) for _ in range(15)]
    least = [1e6 * min(side) / NUM_RESPONSES for side in zip(*pairs, strict=True)]
    return Overhead(trainer, call, *least, least[1] - least[0], BAR_US)


def main(argv: Sequence[str]) -> int:
    """Prints the table, writes results/wrap.json; 1 if a bar is missed."""
    results = [measured(*case) for case in CASES]
    print(table(Overhead._fields, results))
    write("wrap", results)
    return int(not all(result.is_met for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
