"""Paired timing: A, B, A, B, ... in one process, in CPU time, with results in JSON and a table.

Ratios between two things timed in turn hold on another machine; the times themselves do not.
"""

from __future__ import annotations

import gzip
import json
import math
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import plaudit

__all__ = [
    "DATA",
    "RESULTS",
    "Pair",
    "Paired",
    "cpu_s",
    "machine",
    "natural_text",
    "paired",
    "row",
    "rows",
    "slope",
    "table",
    "write",
]

RESULTS = Path(__file__).parent / "results"
DATA = Path(__file__).parents[2] / "shared" / "data"

_SLICE_S = 0.02


class Pair(NamedTuple):
    """Two ways to do one thing, and how many times as fast ours must be."""

    name: str
    peer: str
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    bar: float | None = None


class Paired(NamedTuple):
    """CPU time of a call in milliseconds (minimum, median), and peer's time over ours."""

    name: str
    peer: str
    ours_ms: float
    ours_median_ms: float
    theirs_ms: float
    theirs_median_ms: float
    ratio: float
    median_ratio: float
    bar: float | None

    @property
    def is_met(self) -> bool:
        """Whether the ratio of the minima reaches the bar."""
        return self.bar is None or self.ratio >= self.bar


def cpu_s(call: Callable[[], Any], *, loops: int = 1) -> float:
    """CPU seconds of one call, the mean of `loops` calls; garbage collection runs as it would."""
    start = time.process_time()
    for _ in range(loops):
        call()
    return (time.process_time() - start) / loops


def loops_of(call: Callable[[], Any]) -> int:
    """How many calls fill a slice, after two to warm up."""
    fastest = min(cpu_s(call) for _ in range(2))
    return max(1, math.ceil(_SLICE_S / max(fastest, 1e-7)))


def paired(pair: Pair, *, repeats: int = 9) -> Paired:
    """Times both sides in turn, each in slices of some 20 ms."""
    sides = (pair.ours, pair.theirs)
    loops = [loops_of(side) for side in sides]
    times = [
        tuple(cpu_s(side, loops=n) * 1e3 for side, n in zip(sides, loops, strict=True))
        for _ in range(repeats)
    ]
    ours, theirs = zip(*times, strict=True)
    return Paired(
        name=pair.name,
        peer=pair.peer,
        ours_ms=min(ours),
        ours_median_ms=statistics.median(ours),
        theirs_ms=min(theirs),
        theirs_median_ms=statistics.median(theirs),
        ratio=min(theirs) / min(ours),
        median_ratio=statistics.median(b / a for a, b in times),
        bar=pair.bar,
    )


def slope(sizes: Sequence[float], times: Sequence[float]) -> float:
    """The exponent of time in size: the least-squares slope of log time against log size."""
    return statistics.linear_regression(
        list(map(math.log, sizes)), list(map(math.log, times))
    ).slope


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of a shared data file. Raises SystemExit where it is absent."""
    path = DATA / name
    if not path.exists():
        raise SystemExit(
            f"{path} is missing: the benchmarks read the shared data beside the checkout"
        )
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def natural_text(language: str, num_chars: int) -> str:
    """Model responses, one after the other: English solutions ("en") or Chinese answers ("zh")."""
    if language == "en":
        texts = (row["response"] for row in rows("math_level5_solutions.jsonl.gz"))
    else:
        texts = (row["chosen"] for row in rows("zh_pairs.jsonl.gz"))
    return _joined(texts, num_chars)


def _joined(texts: Iterable[str], num_chars: int) -> str:
    parts, length = [], 0
    for text in texts:
        parts.append(text)
        length += len(text) + 2
        if length > num_chars:
            break
    return "\n\n".join(parts)[:num_chars]


def machine() -> dict[str, str]:
    """What the numbers were taken with; no name of the machine."""
    return {
        "plaudit": plaudit.__version__,
        "python": platform.python_version(),
        "processor": _processor(),
        "system": platform.system(),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(named)} x {named[0]}" if named else platform.machine()


def write(name: str, results: Sequence[NamedTuple] | Sequence[Mapping[str, Any]]) -> Path:
    """Writes results/NAME.json; the figures are rounded to four digits."""
    plain = [_rounded(r._asdict() if hasattr(r, "_asdict") else dict(r)) for r in results]  # type: ignore[union-attr]
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    text = json.dumps({"machine": machine(), "results": plain}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in row.items()}


def table(head: Sequence[str], body: Iterable[Sequence[Any]]) -> str:
    """A markdown table; floats get three digits."""
    return "\n".join(map(row, [head, ["---"] * len(head), *body]))


def row(cells: Sequence[Any]) -> str:
    """One line of a markdown table."""
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
