"""Libraries that could replace code of ours: MinHash, identity numbers, statistics.

None of them is an extra (docs/design/0007-libraries.md says why), so install them first:
``pip install datasketch python-stdnum scipy``, then ``python -m benchmarks.libraries``. Nothing is
measured without them. The figures have no bar: they are the reasons for a decision.
"""

from __future__ import annotations

import importlib
import importlib.util
import random
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from benchmarks.harness import cpu_s, rows, table, write
from plaudit import metrics
from plaudit.bench.paired import mcnemar
from plaudit.data.overlap import Seen, folded
from plaudit.text import private_data

LIBRARIES = ("datasketch", "stdnum", "scipy")
NEAR, NUM_MINIMA, BANDS_AND_ROWS = 0.8, 120, (20, 6)
NUM_PROMPTS = 20_000
NUM_OF_TEMPLATE = (1000, 2000, 4000, 8000)
TEMPLATE = (
    "You are given a list of things. Sort it in ascending order and print it, one a line, without"
    " a word before or after it: "
)
NUM_NUMBERS = 100_000
YOUNG_COUNTIES = (
    "110111",
    "130123",
    "130922",
)  # codes since 1986, as old as the numbers themselves
RESIDENCE_PERMITS = ("810000", "820000", "830000")  # of Hong Kong, Macau, Taiwan, since 2018


class Compared(NamedTuple):
    """One figure of ours beside that of a library."""

    figure: str
    ours: float
    library: float


def main(argv: Sequence[str]) -> int:
    """Prints and writes the figures."""
    if absent := [name for name in LIBRARIES if importlib.util.find_spec(name) is None]:
        print(f"nothing measured: {', '.join(absent)} not installed")
        return 0
    results = [*near_duplicates(), *identity_numbers(), *statistics()]
    write("libraries", results)
    print(table(("figure", "plaudit", "library"), results))
    return 0


# --- near duplicates ------------------------------------------------------------------------------


def near_duplicates() -> Iterator[Compared]:
    """CPU seconds and finds on prompts, and on many texts of one template."""
    kinds = {f"{NUM_PROMPTS} prompts": prompts(NUM_PROMPTS)}
    kinds |= {f"{num} of one template": of_template(num) for num in NUM_OF_TEMPLATE}
    for name, texts in kinds.items():
        (ours, our_s), (theirs, their_s) = (
            _timed(side, texts) for side in (num_near, num_near_by_datasketch)
        )
        yield Compared(f"{name}: CPU s", our_s, their_s)
        yield Compared(f"{name}: near duplicates", ours, theirs)


def _timed(side: Callable[[Sequence[str]], int], texts: Sequence[str]) -> tuple[int, float]:
    start = time.process_time()
    num = side(texts)
    return num, time.process_time() - start


def num_near(texts: Sequence[str]) -> int:
    """How many texts `Seen` takes for near duplicates."""
    earlier = Seen(near=NEAR)
    return sum(earlier.add(text) == "near" for text in texts)


def num_near_by_datasketch(texts: Sequence[str]) -> int:
    """The same by MinHash and MinHashLSH, with the same bands and without regard to numbers."""
    from datasketch import MinHash, MinHashLSH

    options: dict[str, Any] = {"num_perm": NUM_MINIMA, "hashfunc": zlib.crc32, "scheme": "affine32"}
    permutations = MinHash(**options).permutations
    index = MinHashLSH(threshold=NEAR, num_perm=NUM_MINIMA, params=BANDS_AND_ROWS)
    signatures: dict[int, Any] = {}
    whole: set[str] = set()
    num = 0
    for i, text in enumerate(map(folded, texts)):
        if text in whole or len(text) < 5:
            continue
        minima = MinHash(permutations=permutations, **options)
        grams = {text[j : j + 5].encode("utf-8", "surrogatepass") for j in range(len(text) - 4)}
        minima.update_batch(list(grams))
        if any(signatures[key].jaccard(minima) >= NEAR for key in index.query(minima)):
            num += 1
            continue
        index.insert(i, minima)
        signatures[i] = minima
        whole.add(text)
    return num


def prompts(num: int) -> list[str]:
    """Different prompts and openings of responses; 3 in 20 are edited copies of a prompt."""
    draw = random.Random(0)
    files = (
        "pairs_train",
        "eval_pairs",
        "math_answers",
        "pairs_valid",
        "zh_pairs",
        "bench_rmbench",
    )
    all_rows = [row for name in files for row in rows(f"{name}.jsonl.gz")]
    texts = list(dict.fromkeys(row["prompt"] for row in all_rows))
    openings = dict.fromkeys(str(row.get("response_a") or "")[:300] for row in all_rows)
    texts = [*texts, *openings][: num * 17 // 20]
    copies = [edited(draw.choice(texts), draw) for _ in range(num - len(texts))]
    texts += copies
    draw.shuffle(texts)
    return texts


def edited(text: str, draw: random.Random) -> str:
    """The text with one word more."""
    words = text.split(" ")
    words.insert(draw.randrange(len(words)), "plainly")
    return " ".join(words)


def of_template(num: int) -> list[str]:
    """Texts that differ in their last words alone, below the threshold for the most part."""
    draw = random.Random(0)
    words = ["".join(draw.choices("abcdefgh", k=6)) for _ in range(400)]
    return [TEMPLATE + " ".join(draw.choices(words, k=5)) for _ in range(num)]


# --- identity numbers -----------------------------------------------------------------------------


def identity_numbers() -> Iterator[Compared]:
    """Check digits; numbers of people older than their county's code, and permits; what raises."""
    luhn = importlib.import_module("stdnum.luhn")
    resident = importlib.import_module("stdnum.cn.ric")
    draw = random.Random(0)
    bodies = ["".join(draw.choices("0123456789", k=17)) for _ in range(NUM_NUMBERS)]
    wholes = [body + resident.calc_check_digit(f"{body}0") for body in bodies]
    ours = sum(map(private_data.has_id_check_digit, wholes))
    yield Compared("check digits of GB 11643 that are right", ours, NUM_NUMBERS)
    ours = sum(map(private_data.has_luhn_digit, bodies))
    yield Compared("Luhn digits that are right", ours, sum(map(luhn.is_valid, bodies)))
    find = private_data.FINDERS["cn_id"]
    births = [f"{code}19600101001" for code in YOUNG_COUNTIES]
    births += [f"{code}19900101001" for code in RESIDENCE_PERMITS]
    numbers = [body + resident.calc_check_digit(f"{body}0") for body in births]
    by_library = sum(_verdict(resident.is_valid, number) == "valid" for number in numbers)
    yield Compared("identity numbers read, of 6", len(find(", ".join(numbers))), by_library)
    raised = sum(_verdict(resident.is_valid, number) == "raised" for number in wholes)
    yield Compared(f"exceptions on {NUM_NUMBERS} numbers", 0, raised)


def _verdict(is_valid: Callable[[str], bool], number: str) -> str:
    try:
        return "valid" if is_valid(number) else "invalid"
    except KeyError:
        return "raised"


# --- statistics -----------------------------------------------------------------------------------


def statistics() -> Iterator[Compared]:
    """The largest difference of 300 random samples, and the time of one call."""
    import numpy as np
    from scipy import stats

    draw = np.random.default_rng(0)
    pairs: dict[str, tuple[Callable[..., float], Callable[..., Any]]] = {
        "pearson": (metrics.pearson, stats.pearsonr),
        "spearman": (metrics.spearman, stats.spearmanr),
        "kendall": (metrics.kendall, stats.kendalltau),
    }
    x_N = draw.integers(0, 20, (300, 50)).astype(float)
    y_N = x_N + draw.integers(0, 9, x_N.shape)
    for name, (ours, theirs) in pairs.items():
        apart = [abs(ours(x, y) - theirs(x, y).statistic) for x, y in zip(x_N, y_N, strict=True)]
        yield Compared(f"{name}: largest difference", max(apart), 0.0)
        times = [cpu_s(lambda f=f: f(x_N[0], y_N[0]), loops=200) * 1e6 for f in (ours, theirs)]
        yield Compared(f"{name}: us", times[0], times[1])
    wins = draw.integers(1, 300, (300, 2)).tolist()
    exact = [stats.binomtest(b, b + c).pvalue for b, c in wins]
    apart = [abs(mcnemar(*w) - p) for w, p in zip(wins, exact, strict=True)]
    yield Compared("mcnemar: largest difference", max(apart), 0.0)
    ranges = [stats.binomtest(b, b + c).proportion_ci(method="wilson") for b, c in wins]
    lows = [
        abs(metrics.wilson(b, b + c).low - r.low) for (b, c), r in zip(wins, ranges, strict=True)
    ]
    yield Compared("wilson: largest difference", max(lows), 0.0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
