"""The table of the README: what math rewards get wrong on the same labelled solutions.

    python -m benchmarks.math_table [--limit N] [--as-written] [--rule NAME]

Data: `math_gsm8k_solutions`, `math_gsm8k_modern_solutions`, `math_level5_solutions`. Of their
labels 14 call a response wrong that states the reference (`math_labels.json` says why, row by row;
they are all the rows with a "wrong" label that any rule here accepts but for three, where verl's
math_verify accepts an empty box). The table counts against the labels so corrected; the JSON has
both counts.

Every rule gets what it asks for:

- the stated answer in the form that the rule reads. Level-5 responses end in a `\\boxed` as they
  are. GSM8K responses state it in a sentence ("The answer is 18.", "A: 18"). plaudit reads that;
  for the others the same answer is written once more behind the response as `\\boxed{18}` (TRL,
  open-r1, ms-swift, verl's math_verify and math_reward, OpenRLHF), `Answer: 18` (verl's math_dapo)
  or `#### 18` (verl's gsm8k). ``--as-written`` leaves all responses as they are;
- the reference as their documents have it: in `$..$` for TRL, open-r1 and ms-swift, bare for verl
  (which boxes it itself) and OpenRLHF, the raw column for plaudit;
- the main thread, where math-verify's alarms work, but for the row that says otherwise.

A *false accept* earned 1 with a wrong label. A *false reject* earned 0 with a right label and was
judged. *Silent*: 0 or nothing with a right label because nothing was read, or an exception
swallowed, without a word to the caller.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import math_peers as peers
from benchmarks.harness import rows, table, write
from benchmarks.math_peers import Verdict

FILES = ("math_gsm8k_solutions", "math_gsm8k_modern_solutions", "math_level5_solutions")
GSM8K = FILES[:2]
CORRECTED = json.loads((Path(__file__).parent / "math_labels.json").read_text(encoding="utf-8"))


class Rule(NamedTuple):
    """A rule, the form in which it reads answers, and the one in which it reads references."""

    judge: Callable[[str, str], Verdict]
    answer: str = "\n\\boxed{{{}}}"
    reference: str = "{}"
    files: tuple[str, ...] = FILES


class Errors(NamedTuple):
    """What a rule got wrong on a file, by the corrected labels and (`_released`) by the others."""

    rule: str
    file: str
    rows: int
    false_accepts: int
    false_rejects: int
    silent: int
    false_accepts_released: int
    false_rejects_released: int
    silent_released: int


def plaudit_equal(response: str, reference: str) -> Verdict:
    """`rules.math.equal` through its Reward; faults are counted and told, so none is silent."""
    from plaudit import Group, load

    score = load("rules.math.equal").score([Group("", [response], {"reference": reference})])[0][0]
    return Verdict(score.value if score.is_scored else 0.0)


RULES: Mapping[str, Rule] = {
    "plaudit math.equal": Rule(plaudit_equal, answer=""),
    "plaudit math.equal, answer boxed": Rule(plaudit_equal),
    "TRL accuracy_reward": Rule(peers.trl, reference="${}$"),
    "open-r1 accuracy": Rule(peers.open_r1, reference="${}$"),
    "ms-swift MathAccuracy": Rule(peers.swift, reference="${}$"),
    "verl math_verify": Rule(peers.verl_math_verify),
    "verl math_verify, from a thread": Rule(peers.verl_in_thread),
    "verl math_reward": Rule(peers.verl_math_reward),
    "verl math_dapo": Rule(peers.verl_math_dapo, "\nAnswer: {}"),
    "verl gsm8k (strict)": Rule(peers.verl_gsm8k_strict, "\n#### {}", files=GSM8K),
    "verl gsm8k (flexible)": Rule(peers.verl_gsm8k_flexible, "\n#### {}", files=GSM8K),
    "OpenRLHF math_reward_func": Rule(peers.openrlhf),
}


def stated(row: Mapping[str, Any]) -> str | None:
    """The answer that a response states, as the file gives it; else what follows its "A:"."""
    if "final_answer" in row:
        return row["final_answer"]
    _, mark, answer = row["response"].rpartition("\nA: ")
    return answer.strip() if mark else None


def response_of(row: Mapping[str, Any], file: str, form: str) -> str:
    """The response with its stated answer in the given form, where it is not there already."""
    answer = stated(row)
    has_box = file == "math_level5_solutions" and "boxed" in form
    is_there = has_box or not form
    return row["response"] if is_there or not answer else row["response"] + form.format(answer)


def errors(name: str, file: str, *, limit: int | None, as_written: bool) -> Errors:
    """Runs one rule over one file."""
    rule, data = RULES[name], rows(f"{file}.jsonl.gz")[:limit]
    judged = []
    for row in data:
        response = row["response"] if as_written else response_of(row, file, rule.answer)
        verdict = rule.judge(response, rule.reference.format(row["reference_answer"]))
        judged.append((verdict, row["correct"] or row["id"] in CORRECTED, row["correct"]))
    corrected = counts((verdict, label) for verdict, label, _ in judged)
    return Errors(name, file, len(data), *corrected, *counts((v, label) for v, _, label in judged))


def counts(judged: Iterable[tuple[Verdict, bool]]) -> tuple[int, int, int]:
    """False accepts, false rejects, silent zeros."""
    accepts = rejects = silent = 0
    for verdict, label in judged:
        accepts += verdict.value == 1.0 and not label
        silent += verdict.is_silent and label
        rejects += verdict.value != 1.0 and label and not verdict.is_silent
    return accepts, rejects, silent


def markdown(error_rows: Sequence[Errors]) -> str:
    """One line a rule: the sums over all files, and the three counts of each file."""
    sizes = {e.file: e.rows for e in error_rows}
    head = [
        "",
        "false accepts",
        "false rejects",
        "silent",
        *(f"{f} ({n})" for f, n in sizes.items()),
    ]
    lines = []
    for rule in dict.fromkeys(e.rule for e in error_rows):
        mine = {e.file: e for e in error_rows if e.rule == rule}
        sums = [sum(e[k] for e in mine.values()) for k in (3, 4, 5)]
        cells = [" / ".join(map(str, mine[f][3:6])) if f in mine else "-" for f in sizes]
        lines.append([rule, *sums, *cells])
    return table(head, lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table and writes it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--limit", type=int, help="rows of each file")
    parser.add_argument("--as-written", action="store_true", help="leave the responses as they are")
    parser.add_argument(
        "--rule", action="append", choices=RULES, help="only this rule (repeatable)"
    )
    args = parser.parse_args(argv)
    error_rows = [
        errors(name, file, limit=args.limit, as_written=args.as_written)
        for name in args.rule or RULES
        for file in RULES[name].files
    ]
    print(markdown(error_rows))
    name = "math_table_as_written" if args.as_written else "math_table"
    if args.limit is None and not args.rule:
        write(name, error_rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
