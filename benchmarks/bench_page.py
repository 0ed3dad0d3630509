"""How fast the page of a benchmark run opens: 3 000 rows with texts, eight rewards, in Chromium.

Milliseconds from navigation to the end of the load event, and CPU seconds of the page's process;
medians of five. Bar: 2 s on an idle machine. ``python -m benchmarks.bench_page``
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.harness import table, write
from plaudit.bench.folder import PAGE, Folder
from plaudit.bench.page import write_run_page
from plaudit.bench.runner import Entrant, Run
from plaudit.data.jsontext import dumps
from plaudit.registry import load

BAR_MS = 2000
NUM_ROWS = 3000
NUM_REWARDS = 8
NUM_REPEATS = 5
SUBSETS = ("hep-go", "donotanswer", "math-prm", "llmbar-natural")
WORDS = ["the answer is", "forty", "two", "because", "six times", "seven", "makes it so,", "答案是"]
LOADED = "performance.timing.loadEventEnd - performance.timing.navigationStart"
SEARCH = """(() => {
  const began = performance.now(), search = document.querySelector("input[type=search]");
  search.value = "forty two because"; search.dispatchEvent(new Event("change"));
  return performance.now() - began;
})()"""


def rows_file(path: Path) -> Path:
    """Pairs of texts of about 1,000 characters."""
    draw = random.Random(0)
    with path.open("wb") as file:
        for i in range(NUM_ROWS):
            prompt, chosen, rejected = (
                " ".join(draw.choices(WORDS, k=draw.randint(20, 220))) for _ in range(3)
            )
            row = {"id": i, "subset": SUBSETS[i % 4], "prompt": f"{i} {prompt}"}
            file.write(dumps({**row, "chosen": chosen, "rejected": rejected}) + b"\n")
    return path


def page_of(place: Path) -> Path:
    """The page of a run with texts over these rows."""
    rewards = [load("rules.baseline.random", seed=seed) for seed in range(NUM_REWARDS)]
    run = Run(
        "rewardbench",
        Folder(place / "run"),
        data=[str(rows_file(place / "rows.jsonl"))],
        entrants=[Entrant(f"random {seed}", reward) for seed, reward in enumerate(rewards)],
        include_text=True,
    )
    run.score()
    write_run_page(place / "run")
    return place / "run" / PAGE


def opened(page: Path, profile: Path) -> dict[str, Any]:
    """The medians of opening a page."""
    from tests.chrome import Chrome

    loads, clocks, searches = [], [0.0], []
    with Chrome(profile) as tab:
        tab.send("Performance.enable")
        for _ in range(NUM_REPEATS):
            tab.open(page)
            loads.append(tab.run(LOADED))
            metrics = {m["name"]: m["value"] for m in tab.send("Performance.getMetrics")["metrics"]}
            clocks.append(metrics["ProcessTime"])
            searches.append(tab.run(SEARCH))
    return {
        "what": f"{NUM_ROWS:,} rows with texts, {NUM_REWARDS} rewards",
        "page_mb": round(page.stat().st_size / 1e6, 1),
        "load_ms": round(statistics.median(loads)),
        "cpu_s": round(statistics.median(b - a for a, b in pairwise(clocks)), 2),
        "search_ms": round(statistics.median(searches)),
        "bar_ms": BAR_MS,
    }


def main(_: Sequence[str] = ()) -> int:
    """Prints the table, writes results/bench_page.json; 1 where the bar is missed."""
    with tempfile.TemporaryDirectory() as folder:
        cost = opened(page_of(Path(folder)), Path(folder) / "profile")
    print(table(tuple(cost), [list(cost.values())]))
    write("bench_page", [cost])
    return int(cost["load_ms"] > BAR_MS)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
