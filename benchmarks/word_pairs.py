"""Builds `src/plaudit/text/word_pairs.json`: which general words, and letters, follow one another.

    python -m benchmarks.word_pairs SHARED_DATA

Reads texts under Apache-2.0 and MIT licences only, and keeps no text of them: a list of words that
occur in all sources, one bit for each pair of them, whether it occurred, and one for each three
letters within words of English, whether they occurred ten times.
"""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from plaudit.text.prose import split_prose
from plaudit.text.word_order import LETTERS, runs_of, triples_of

OUT = Path(__file__).parents[1] / "src/plaudit/text/word_pairs.json"
NUM_WORDS = 300
MIN_LETTERS, OFTEN = 4, 10
SOURCES = {
    "en": (
        "en_pairs_dpo_mix.jsonl.gz",
        "ifeval_responses.jsonl.gz",
        "pointwise_rubric.jsonl.gz",
        "math_gsm8k_modern_solutions.jsonl.gz",
        "bench_judgebench.jsonl.gz",
    ),
    "zh": (
        "zh_pairs.jsonl.gz",
        "zh_pointwise.jsonl.gz",
        "zh_exam_mcq.jsonl",
        "zh_constraints.jsonl",
    ),
}
FIELDS = ("prompt", "response", "chosen", "rejected", "response_a", "response_b", "model_output")


def main() -> None:
    """Writes the table."""
    data = Path(sys.argv[1])
    tables = {code: table(code, [data / name for name in names]) for code, names in SOURCES.items()}
    tables["letters"] = letters([data / name for name in SOURCES["en"]])
    OUT.write_text(json.dumps(tables, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def table(code: str, places: list[Path]) -> dict[str, str]:
    """The words and the packed bits of one language."""
    runs: list[list[str]] = []
    shares = []
    for place in places:
        texts = list(texts_of(place))
        in_texts: Counter[str] = Counter()
        for text in texts:
            word_runs = list(runs_of(split_prose(text).text, code))
            in_texts.update({word for run in word_runs for word in run})
            runs += word_runs
        shares.append({word: count / len(texts) for word, count in in_texts.items()})
    words = general(shares)
    number = {word: i for i, word in enumerate(words)}
    follows = np.zeros((len(words), len(words)), bool)
    for run in runs:
        for first, second in itertools.pairwise(run):
            if first in number and second in number:
                follows[number[first], number[second]] = True
    return {"words": " ".join(words), "follows": packed(follows)}


def letters(places: list[Path]) -> dict[str, str]:
    """The packed bits of the letters that follow one another in words of four and more."""
    counts = np.zeros((len(LETTERS),) * 3, np.int64)
    for text in itertools.chain.from_iterable(map(texts_of, places)):
        for word in re.findall("[a-z]+", text.lower()):
            for triple in triples_of(word) if len(word) >= MIN_LETTERS else ():
                counts[triple] += 1
    return {"follows": packed(counts >= OFTEN)}


def packed(bits: np.ndarray) -> str:
    """An array of truth values as text."""
    return base64.b64encode(zlib.compress(np.packbits(bits).tobytes(), 9)).decode()


def general(shares: list[dict[str, float]]) -> list[str]:
    """The words that the source poorest but one in them has most."""

    def second_lowest(word: str) -> float:
        return sorted(share.get(word, 0.0) for share in shares)[1]

    words = sorted(set().union(*shares), key=lambda word: (-second_lowest(word), word))
    return [word for word in words if len(word) > 1 or word in "ai" or not word.isascii()][
        :NUM_WORDS
    ]


def texts_of(place: Path) -> Iterator[str]:
    """Prompts and responses of a file."""
    opened = gzip.open if place.suffix == ".gz" else open
    with opened(place, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            yield from (row[field] for field in FIELDS if isinstance(row.get(field), str))


if __name__ == "__main__":
    main()
