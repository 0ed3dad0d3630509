"""What a benchmark run costs: a rule over 3 000 pairs, figures of a million rows, 100 000 rows.

CPU seconds and, of the last, peak memory; each in a process of its own. Bars: 3 s for the first,
2 s for the second without a bootstrap. ``python -m benchmarks.bench``
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.harness import table, write

SUBSETS = ("hep-go", "donotanswer", "math-prm", "llmbar-natural")
NUM_MILLION = 1_000_000


def rows_file(path: Path, num: int) -> Path:
    """Pairs of four subsets, prompts all different."""
    with path.open("w", encoding="utf-8") as file:
        for i in range(num):
            row = {
                "id": i,
                "subset": SUBSETS[i % 4],
                "prompt": f"question {i}",
                "chosen": "a good answer " * (i % 7 + 1),
                "rejected": "a bad answer " * (i % 5 + 1),
            }
            file.write(json.dumps(row) + "\n")
    return path


def command_cost(num: int) -> dict[str, Any]:
    """`plaudit bench` with one rule over so many pairs, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        rows = rows_file(Path(folder) / "rows.jsonl", num)
        words = ["bench", "rewardbench", "--data", str(rows), "-o", f"{folder}/run"]
        reward = ("--reward", "rules.baseline.length")
        began = time.perf_counter()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "plaudit", *words, *reward], check=True, capture_output=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "what": f"a rule over {num:,} pairs",
        "cpu_s": round(cpu, 2),
        "wall_s": round(time.perf_counter() - began, 2),
        "peak_mb": round(after.ru_maxrss / 1024),
    }


def figures_cost() -> dict[str, Any]:
    """The figures of a million rows without a bootstrap, columns of the sheet included."""
    import numpy as np

    from plaudit.bench.benchmark import benchmark
    from plaudit.bench.sheet import Scored, Sheet
    from plaudit.bench.tally import figures_of

    lines = [
        {"id": str(i), "subset": SUBSETS[i % 4], "prompt": str(i), "labels": [1.0, 0.0]}
        for i in range(NUM_MILLION)
    ]
    values_T = np.random.default_rng(0).normal(size=2 * NUM_MILLION)
    began, cpu = time.perf_counter(), time.process_time()
    figures_of(benchmark("rewardbench").measure(Sheet(lines), Scored("x", values_T), "strict"))
    return {
        "what": f"figures of {NUM_MILLION:,} rows",
        "cpu_s": round(time.process_time() - cpu, 2),
        "wall_s": round(time.perf_counter() - began, 2),
    }


def main() -> int:
    """Prints the table, writes results/bench.json."""
    costs = [command_cost(3000), command_cost(100_000), figures_cost()]
    names = ("what", "cpu_s", "wall_s", "peak_mb")
    print(table(names, [[cost.get(name, "") for name in names] for cost in costs]))
    write("bench", costs)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
