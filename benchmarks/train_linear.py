"""The linear baseline against a plain one, on length-balanced pairs: accuracy, floors, speed.

The plain one is Bradley-Terry on L2-normalised counts of hashed single tokens and pairs of them,
2^18 buckets, without style; its penalty is chosen on `pairs_valid_lenbal`. Ours has the defaults of
`plaudit train linear`: features, scales and penalty were chosen by cross-validation over prompts
of the training file, with `pairs_valid_lenbal` beside it, as for the plain one. No subset of
`eval_pairs` chose anything. ``python -m benchmarks.train_linear``
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from benchmarks.harness import DATA, cpu_s, rows, table, write
from plaudit.bench.benchmark import benchmark
from plaudit.bench.floors import floors
from plaudit.engines.linear import WORD_BITS
from plaudit.metrics import bootstrap_mean
from plaudit.models.linear import linear
from plaudit.text.hashed import Sparse
from plaudit.train.evaluate import scores_of, sheet_of
from plaudit.train.fit import Differences, bradley_terry
from plaudit.train.options import LinearOptions
from plaudit.train.pairs import TrainingPair, read_pairs
from plaudit.train.run import train_linear

TRAIN, VALID = "pairs_train_lenbal.jsonl.gz", "pairs_valid_lenbal.jsonl.gz"
NATURAL, EVAL = "pairs_valid.jsonl.gz", "eval_pairs.jsonl.gz"
LENBAL = "alpacaeval-gpt4-lenbal"
PENALTIES = (1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6)
BAR_CPU_S, BAR_LENBAL, BAR_PER_S = 180.0, 74.0, 5000.0
NUM_TIMED = 2000
Margins = Mapping[str, np.ndarray]


class Figure(NamedTuple):
    """Percent of pairs in the right order, a tie counting as none, of a set and a scorer."""

    set: str
    pairs: int
    prompts: int
    scorer: str
    accuracy: float
    low: float
    high: float


class Verdict(NamedTuple):
    """A bar, what was measured, and whether it is reached."""

    bar: str
    least: float
    measured: float
    low: float
    high: float
    is_met: bool


# --- the plain baseline -----------------------------------------------------------------------


def plain_grams(text: str) -> Sparse:
    """L2-normalised counts of lower-case words and pairs of words, by Python's own tokens."""
    words = re.findall(r"\w+|[^\w\s]", text.lower())
    grams = Counter(words) + Counter(f"{a} {b}" for a, b in pairwise(words))
    counts: Counter[int] = Counter()
    for gram, num in grams.items():
        bucket = crc32(gram.encode("utf-8", "surrogatepass")) & ((1 << WORD_BITS) - 1)
        counts[bucket] += num
    buckets = np.array(sorted(counts), np.int64)
    values = np.array([counts[bucket] for bucket in buckets.tolist()], float)
    return Sparse(buckets, values / np.sqrt((values**2).sum() or 1.0))


def plain_scores(weights: np.ndarray, pairs: Sequence[TrainingPair]) -> np.ndarray:
    """The scores of both sides, (N, 2)."""
    sides = ([plain_grams(text) for text in pair[1:3]] for pair in pairs)
    return np.array([[weights[g.buckets] @ g.values for g in row] for row in sides])


def train_plain(
    train: Sequence[TrainingPair], valid: Sequence[TrainingPair]
) -> tuple[np.ndarray, float]:
    """The weights of the penalty that does best on `valid`, and that penalty."""
    differences = []
    for pair in train:
        chosen, rejected = plain_grams(pair.chosen), plain_grams(pair.rejected)
        buckets, places = np.unique(
            np.concatenate([chosen.buckets, rejected.buckets]), return_inverse=True
        )
        values = np.bincount(places, np.concatenate([chosen.values, -rejected.values]))
        differences.append(Sparse(buckets, values))
    matrix = Differences(differences, 1 << WORD_BITS, np.zeros((len(train), 0)))
    best: tuple[float, np.ndarray, float] | None = None
    for penalty in PENALTIES:
        weights, _ = matrix.split(bradley_terry(matrix, penalty).weights_C)
        scores = plain_scores(weights, valid)
        accuracy = float((scores[:, 0] > scores[:, 1]).mean())
        print(f"plain, penalty {penalty:g}: {100 * accuracy:.2f} on {VALID}", file=sys.stderr)
        if best is None or accuracy > best[0]:
            best = accuracy, weights, penalty
    assert best is not None
    return best[1], best[2]


# --- measuring --------------------------------------------------------------------------------


def evaluation_sets() -> dict[str, list[TrainingPair]]:
    """Each set of pairs by name: two validation files, every subset of eval_pairs."""
    sets = {
        name.partition(".")[0]: read_pairs([str(DATA / name)], Counter())[0]
        for name in (NATURAL, VALID)
    }
    subsets = {f"{EVAL}:{i}": row["subset"] for i, row in enumerate(rows(EVAL), 1)}
    for pair in read_pairs([str(DATA / EVAL)], Counter())[0]:
        sets.setdefault(subsets[Path(pair.where).name], []).append(pair)
    return sets


def wins_of(scores: np.ndarray) -> np.ndarray:
    """1 for each pair whose chosen response scores higher."""
    return (scores[:, 0] > scores[:, 1]).astype(float)


def floor_wins(pairs: Sequence[TrainingPair]) -> dict[str, np.ndarray]:
    """The wins of the floors that `plaudit bench` shows."""
    sheet = sheet_of(pairs)
    return {
        floor.name: wins_of(floor.values_T.reshape(-1, 2))
        for floor in floors(benchmark("pairs"), sheet)
    }


def figures(name: str, pairs: Sequence[TrainingPair], wins: Margins) -> list[Figure]:
    """The accuracy of each scorer with its interval; prompts are drawn whole."""
    clusters = [pair.prompt for pair in pairs]
    measured = []
    for scorer, won in wins.items():
        interval = bootstrap_mean(won.tolist(), clusters=clusters)
        measured.append(
            Figure(name, len(pairs), len(set(clusters)), scorer, *(100 * x for x in interval))
        )
    return measured


def paired(
    bar: str,
    names: Sequence[str],
    sets: Mapping[str, Sequence[TrainingPair]],
    wins: Mapping[str, Margins],
) -> Verdict:
    """Ours minus the plain one, pooled over sets, in points; its lower end must be above 0."""
    won = np.concatenate([wins[name]["linear"] - wins[name]["plain"] for name in names])
    clusters = [pair.prompt for name in names for pair in sets[name]]
    interval = bootstrap_mean(won.tolist(), clusters=clusters)
    value, low, high = (100 * x for x in interval)
    return Verdict(f"{bar} ({len(won)} pairs)", 0.0, value, low, high, low > 0)


def per_second(score: Callable[[], Any], num: int) -> float:
    """Responses per CPU second, the best of three."""
    return num / min(cpu_s(score) for _ in range(3))


def main(argv: Sequence[str]) -> int:
    """Trains both, prints and writes the tables; 1 if a bar is missed."""
    directory = Path(tempfile.mkdtemp())
    data = [str(DATA / TRAIN)]
    valid = [str(DATA / VALID)]
    trained: dict[str, float] = {}
    rewards = {}
    for variant in ("linear", "style"):
        out = str(directory / variant)
        options = LinearOptions(data=data, valid=valid, out=out, variant=variant)
        trained[variant] = cpu_s(lambda options=options: train_linear(options))
        rewards[variant] = linear(out)
    sets = evaluation_sets()
    train_pairs = read_pairs(data, Counter())[0]
    plain, penalty = train_plain(train_pairs, sets[VALID.partition(".")[0]])
    wins, measured = {}, []
    for name, pairs in sets.items():
        own = {v: wins_of(np.array(scores_of(r, pairs))) for v, r in rewards.items()}
        wins[name] = {**own, "plain": wins_of(plain_scores(plain, pairs)), **floor_wins(pairs)}
        measured += figures(name, pairs, wins[name])
    timed = [pair.group for pair in sets[LENBAL]][: NUM_TIMED // 2]
    speed = per_second(lambda: rewards["linear"].score(timed), 2 * len(timed))
    verdicts = verdicts_of(trained, measured, sets, wins, speed)
    report(measured, verdicts)
    size = sum(path.stat().st_size for path in (directory / "linear").iterdir())
    about = {"plain_penalty": penalty, "cpu_s": trained, "bytes": size}
    write(
        "train_linear", [about, *(v._asdict() for v in verdicts), *(f._asdict() for f in measured)]
    )
    return int(not all(verdict.is_met for verdict in verdicts))


def verdicts_of(
    trained: Mapping[str, float],
    measured: Sequence[Figure],
    sets: Mapping[str, Sequence[TrainingPair]],
    wins: Mapping[str, Margins],
    speed: float,
) -> list[Verdict]:
    """The bars of the task."""
    lenbal = next(f for f in measured if (f.set, f.scorer) == (LENBAL, "linear"))
    adversarial = [name for name in sets if name.startswith("llmbar-adver")]
    not_under = paired("adversarial LLMBar, ours minus plain", adversarial, sets, wins)
    seconds = trained["linear"]
    return [
        Verdict("CPU seconds, at most", BAR_CPU_S, seconds, seconds, seconds, seconds < BAR_CPU_S),
        Verdict(f"accuracy on {LENBAL}", BAR_LENBAL, *lenbal[4:], lenbal.accuracy >= BAR_LENBAL),
        paired("length-balanced, ours minus plain", [LENBAL, VALID.partition(".")[0]], sets, wins),
        not_under._replace(is_met=not_under.measured >= 0),
        Verdict("responses per CPU second", BAR_PER_S, speed, speed, speed, speed >= BAR_PER_S),
    ]


def report(measured: Sequence[Figure], verdicts: Sequence[Verdict]) -> None:
    """Prints the accuracies, a row a set, and the bars."""
    scorers = list(dict.fromkeys(figure.scorer for figure in measured))
    by_set: dict[str, dict[str, Figure]] = {}
    for figure in measured:
        by_set.setdefault(figure.set, {})[figure.scorer] = figure
    body = []
    for name, row in by_set.items():
        ours = row["linear"]
        cells = [f"{row[s].accuracy:.1f}" if s in row else "-" for s in scorers]
        body.append([name, ours.pairs, *cells, f"{ours.low:.1f}-{ours.high:.1f}"])
    print(table(["set", "pairs", *scorers, "95 % of linear"], body))
    print()
    print(table(list(Verdict._fields), verdicts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
