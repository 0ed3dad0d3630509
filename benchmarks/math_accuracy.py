"""Agreement of `rules.math.equal` with released labels, and with references against themselves.

    python -m benchmarks.math_accuracy [--list]

- `math_gsm8k_solutions`, `math_gsm8k_modern_solutions`, `math_level5_solutions`: the share of rows
  where the score is the label, as released. ``--list`` prints every disagreement.
- `math_answers`: every reference as a response in a box, against itself raw, in `$..$` and boxed;
  and the next exactly different reference of the file as the response.

Exactly different means: other text, and no two numerals of one value behind a name, units or degree
signs (8 and K=8, 120 and 120^\\circ are one value).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from benchmarks.harness import rows, table, write
from plaudit import Group, Score, load

_REWARD = load("rules.math.equal")
_DECORATION = re.compile(
    r"\\(?:text|mbox|textnormal)\s*\{[^{}]*\}|\^\{?\\circ\}?|^[A-Za-z]\s*=|\\[$!]|[,\s.]+$"
)


class Agreement(NamedTuple):
    """The share of rows on which score and label agree."""

    data: str
    rows: int
    disagreements: int
    share: float
    bar: float

    @property
    def is_met(self) -> bool:
        """Whether the bar is reached."""
        return self.share >= self.bar


def scored(response: str, reference: str) -> Score:
    """One response against one reference."""
    return _REWARD.score([Group("", [response], {"reference": reference})])[0][0]


def disagreements(data: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], Score]]:
    """The rows whose score is not their label."""
    scores = [scored(row["response"], row["reference_answer"]) for row in data]
    return [(r, s) for r, s in zip(data, scores, strict=True) if (s.value == 1.0) != r["correct"]]


def labelled() -> tuple[list[Agreement], list[tuple[Mapping[str, Any], Score]]]:
    """Agreement on every labelled file, and what disagrees."""
    agreements, listed = [], []
    for name, bar in (("math_gsm8k_solutions", 0.999), ("math_gsm8k_modern_solutions", 0.997)):
        data = rows(f"{name}.jsonl.gz")
        wrong = disagreements(data)
        agreements.append(_agreement(name, data, wrong, bar))
        listed += wrong
    data = rows("math_level5_solutions.jsonl.gz")
    wrong = disagreements(data)
    stated = [row for row in data if (row["final_answer"] or "").strip()]
    wrong_stated = [pair for pair in wrong if (pair[0]["final_answer"] or "").strip()]
    agreements.append(_agreement("math_level5_solutions, final_answer", stated, wrong_stated, 0.99))
    agreements.append(_agreement("math_level5_solutions, all", data, wrong, 0.98))
    return agreements, listed + wrong


def references() -> list[Agreement]:
    """Every reference against itself in three forms, and against the next different one."""
    texts = [row["reference_answer"] for row in rows("math_answers.jsonl.gz")]
    usable = [text for text in texts if text.strip()]
    print(f"math_answers: {len(texts) - len(usable)} empty references, refused at load time")
    agreements = []
    for name, form in (("raw", "{}"), ("in $..$", "${}$"), ("boxed", "\\boxed{{{}}}")):
        missed = [t for t in usable if scored(_boxed(t), form.format(t)).value != 1.0]
        agreements.append(_agreement(f"math_answers, own, {name}", usable, missed, 1.0))
    pairs = [(t, other) for i, t in enumerate(usable) if (other := _next_different(usable, i))]
    accepted = [pair for pair in pairs if scored(_boxed(pair[1]), pair[0]).value != 0.0]
    for reference, answer in accepted:
        print(f"accepted: {answer!r} for {reference!r}")
    return [*agreements, _agreement("math_answers, next different", pairs, accepted, 1.0)]


def _boxed(text: str) -> str:
    return f"\\boxed{{{text}}}"


def _next_different(texts: Sequence[str], at: int) -> str | None:
    mine = _numeral_or_text(texts[at])
    return next((t for t in (*texts[at + 1 :], *texts[:at]) if _numeral_or_text(t) != mine), None)


def _numeral_or_text(text: str) -> Fraction | str:
    """The value of a plain numeral, else the text without white space."""
    bare = _DECORATION.sub("", text.strip()).replace(",", "").strip()
    try:
        return Fraction(bare)
    except (ValueError, ZeroDivisionError):
        return "".join(text.split())


def _agreement(name: str, data: Sequence[Any], wrong: Sequence[Any], bar: float) -> Agreement:
    return Agreement(name, len(data), len(wrong), 1 - len(wrong) / len(data), bar)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="print every disagreement")
    args = parser.parse_args(argv)
    agreements, wrong = labelled()
    if args.list:
        for row, score in wrong:
            print(f"{row['id']}: label {row['correct']}, {score.note}")
    agreements += references()
    body = [
        (
            a.data,
            a.rows,
            a.disagreements,
            f"{a.share:.2%}",
            f"{a.bar:.1%}",
            "" if a.is_met else "missed",
        )
        for a in agreements
    ]
    print(table(["data", "rows", "disagree", "agree", "bar", ""], body))
    write("math_accuracy", agreements)
    return int(not all(a.is_met for a in agreements))


if __name__ == "__main__":
    sys.exit(main())
