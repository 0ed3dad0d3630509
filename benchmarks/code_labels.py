"""Published Python programs against their published tests: right ones pass, buggy ones fail.

``python -m benchmarks code_labels``: three runs must agree, the last two beside two processes that
keep both cores busy, since CPU time decides and not the clock.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmarks.harness import rows, table, write
from plaudit import Group, Score, load

SPIN = "while True: pass"


def main(argv: Sequence[str] | None = None) -> int:
    """Prints counts and every disagreement; 1 where there is one that CPU time does not explain."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cpu-s", type=float, default=5.0)
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args(argv)
    data = list(rows("code_python.jsonl"))
    reward = load("rules.code.passes", cpu_s=chosen.cpu_s)
    runs = []
    for turn in range(chosen.repeat):
        busy = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(2 if turn else 0)]
        try:
            runs.append(_verdicts(reward, data))
        finally:
            for process in busy:
                process.kill()
                process.wait()
    return print_verdicts(data, runs, chosen.cpu_s)


def _verdicts(reward: Any, data: Sequence[Any]) -> list[list[Score]]:
    groups = []
    for row in data:
        texts = [f"```python\n{p['code']}\n```" for p in row["correct"] + row["buggy"]]
        columns = {k: v for k, v in row.items() if k not in ("prompt", "correct", "buggy")}
        groups.append(Group(row["prompt"], texts, columns, id=row["id"]))
    return reward.score(groups)


def print_verdicts(data: Sequence[Any], runs: list[list[list[Score]]], cpu_s: float) -> int:
    counts: Counter[str] = Counter()
    bad: list[list[str]] = []
    slow = 0
    for place, row in enumerate(data):
        for i, score in enumerate(runs[0][place]):
            is_right = i < len(row["correct"])
            values = {run[place][i].value for run in runs}
            verdict = "passes" if score.value == 1.0 else "fails"
            counts[f"{'correct' if is_right else 'buggy'} {verdict}"] += 1
            counts["runs differ"] += len(values) > 1
            if (score.value == 1.0) != is_right:
                slow += score.parts.get("cpu_s", 0.0) >= cpu_s
                bad.append([row["id"], str(i), verdict, str(score.error or score.note)])
    print(table(["verdict", "programs"], sorted(counts.items())))
    print(table(["row", "program", "verdict", "why"], bad))
    write("code_labels", [{**counts, "disagreements": len(bad), "out_of_cpu": slow}])
    return int(len(bad) > slow or counts["runs differ"] > 0)


if __name__ == "__main__":
    sys.exit(main())
