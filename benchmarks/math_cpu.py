"""CPU of `rules.math.equal` per response, workers included, against TRL's accuracy_reward.

    python -m benchmarks.math_cpu [--repeats N] [--limit N]

Both judge the same responses in one process, in turn, in groups by problem as in the files, the
reference raw for plaudit and in `$..$` for TRL. Every repeat of plaudit starts cold: no remembered
verdicts, no worker. CPU time is that of this process and, for plaudit, of the workers, which are
ended and waited for before the clock is read. GSM8K responses are judged as they are and with their
stated answer boxed behind them (TRL reads only boxes and formulas).
"""

from __future__ import annotations

import argparse
import itertools
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.harness import natural_text, rows, table, write
from benchmarks.math_table import FILES, response_of
from plaudit import Group, load
from plaudit.rules import math as rule

_NUM_CHARS = 4 * 32_768
_LONG = 40


class Case(NamedTuple):
    """Groups to judge and how many times cheaper than TRL it must be."""

    name: str
    groups: list[Group]
    bar: float

    @property
    def num_responses(self) -> int:
        """All responses of all groups."""
        return sum(len(group.responses) for group in self.groups)


class Cost(NamedTuple):
    """Microseconds of CPU per response (best of the repeats), and TRL's over ours."""

    name: str
    responses: int
    ours_us: float
    trl_us: float
    ratio: float
    bar: float

    @property
    def is_met(self) -> bool:
        """Whether the bar is reached."""
        return self.ratio >= self.bar


def cases(limit: int | None) -> Iterator[Case]:
    """The labelled files and responses of 32k tokens."""
    for name, bar in zip(FILES, (20, 20, 3), strict=True):
        data = rows(f"{name}.jsonl.gz")[:limit]
        yield Case(name, list(_grouped(data, name, "")), bar)
        if "gsm8k" in name:
            yield Case(f"{name}, boxed", list(_grouped(data, name, "\n\\boxed{{{}}}")), bar)
    yield Case("32k tokens", list(_long()), 50)


def _grouped(data: Sequence[Mapping[str, Any]], file: str, form: str) -> Iterator[Group]:
    """Rows of one problem as one group."""
    key = lambda row: row["prompt"]
    for prompt, members in itertools.groupby(sorted(data, key=key), key):
        listed = list(members)
        texts = [response_of(row, file, form) for row in listed]
        yield Group(prompt, texts, {"reference": listed[0]["reference_answer"]})


def _long() -> Iterator[Group]:
    """Real solutions on end, of another start each, with a boxed answer behind."""
    text = natural_text("en", _NUM_CHARS * 4)
    data = rows("math_level5_solutions.jsonl.gz")
    for k in range(_LONG):
        reference = data[k]["reference_answer"]
        start = k * len(text) // (4 * _LONG)
        body = text[start : start + _NUM_CHARS].replace("\\boxed", "")
        answer = reference if k % 2 else f"{reference}1"
        yield Group("", [f"{body}\nSo it is $\\boxed{{{answer}}}$."], {"reference": reference})


def ours(case: Case) -> float:
    """CPU seconds of plaudit, cold, with its workers."""
    rule._judged.cache_clear()
    rule._POOL.close()
    reward = load("rules.math.equal")
    start = _cpu_s()
    for group in case.groups:
        reward.score([group])
    rule._POOL.close()
    return _cpu_s() - start


def theirs(case: Case) -> float:
    """CPU seconds of TRL, in the main thread with its timeouts, as in training."""
    from trl.rewards import accuracy_reward

    start = _cpu_s()
    for group in case.groups:
        completions = [[{"content": response.text}] for response in group.responses]
        accuracy_reward(completions, [f"${group.columns['reference']}$"] * len(completions))
    return _cpu_s() - start


def _cpu_s() -> float:
    """CPU seconds of this process and of its ended children."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measured(case: Case, repeats: int) -> Cost:
    """Both in turn; the best of each."""
    times = [(ours(case), theirs(case)) for _ in range(repeats)]
    mine, peer = (min(side) * 1e6 / case.num_responses for side in zip(*times, strict=True))
    return Cost(case.name, case.num_responses, mine, peer, peer / mine, case.bar)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--limit", type=int, help="rows of each file")
    args = parser.parse_args(argv)
    warm = Case("warm", [Group("", ["$1$"], {"reference": "1"})], 0)
    theirs(warm)  # its imports are not on the clock, ours (in the worker) are
    costs = [measured(case, args.repeats) for case in cases(args.limit)]
    body = [(*cost, "" if cost.is_met else "missed") for cost in costs]
    print(table(["data", "responses", "plaudit us", "TRL us", "ratio", "bar", ""], body))
    if args.limit is None:
        write("math_cpu", costs)
    return int(not all(cost.is_met for cost in costs))


if __name__ == "__main__":
    sys.exit(main())
