"""Agreement of `rules.constraints.ifeval` with the published verdicts on four models' responses.

    python -m benchmarks.ifeval [--list]

Every constraint of every row of `ifeval_responses`, strict and loose, pooled and for each kind;
``--list`` prints every disagreement. A published loose "no" beside a strict "yes" cannot be met by
any checker, because the response itself is among the loose texts: it is counted apart.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.harness import rows, table, write
from plaudit import Group, load

POOLED_BAR, KIND_BAR = 0.995, 0.95
MODES = ("strict", "loose")


class Verdict(NamedTuple):
    """One constraint of one response in one mode."""

    row: str
    mode: str
    kind: str
    ours: bool
    published: bool
    is_possible: bool
    note: str


class Agreement(NamedTuple):
    """The share of verdicts that agree; `possible_share` leaves the impossible ones out."""

    mode: str
    kind: str
    verdicts: int
    disagreements: int
    impossible: int
    share: float
    possible_share: float
    bar: float

    @property
    def is_met(self) -> bool:
        """Whether the share of the possible verdicts reaches the bar."""
        return self.possible_share >= self.bar


def verdicts(data: Sequence[Mapping[str, Any]], mode: str) -> Iterator[Verdict]:
    """Ours and the published one, constraint by constraint."""
    reward = load("rules.constraints.ifeval", mode=mode)
    for row in data:
        columns = {"constraints": row["constraints"], "kwargs": row["kwargs"]}
        (score,) = reward.score([Group(row["prompt"], [row["response"]], columns)])[0]
        for i, (kind, ours) in enumerate(
            zip(row["constraints"], score.parts.values(), strict=True)
        ):
            published = row[mode][i]
            is_possible = published or mode == "strict" or not row["strict"][i]
            note = score.note or ""
            yield Verdict(row["id"], mode, kind, ours == 1.0, published, is_possible, note)


def agreement(mode: str, kind: str, verdict_list: Sequence[Verdict], bar: float) -> Agreement:
    """The counts of some verdicts."""
    wrong = [v for v in verdict_list if v.ours != v.published]
    impossible = sum(not v.is_possible for v in wrong)
    left = len(verdict_list) - impossible
    share = 1 - len(wrong) / len(verdict_list)
    possible = 1 - (len(wrong) - impossible) / left
    return Agreement(mode, kind, len(verdict_list), len(wrong), impossible, share, possible, bar)


def by_kind(verdict_list: Sequence[Verdict]) -> Mapping[str, list[Verdict]]:
    """The verdicts of each kind, sorted."""
    kinds: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdict_list:
        kinds[verdict.kind].append(verdict)
    return dict(sorted(kinds.items()))


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="print every disagreement")
    args = parser.parse_args(argv)
    data, results = rows("ifeval_responses.jsonl.gz"), []
    for mode in MODES:
        began = time.process_time()
        verdict_list = list(verdicts(data, mode))
        per_row = (time.process_time() - began) / len(data)
        print(f"{mode}: {per_row * 1e3:.2f} ms CPU a response")
        results.append(agreement(mode, "all", verdict_list, POOLED_BAR))
        results += [agreement(mode, k, vs, KIND_BAR) for k, vs in by_kind(verdict_list).items()]
        for v in verdict_list if args.list else ():
            if v.ours != v.published:
                print(f"{v.row} {mode} {v.kind}: ours {v.ours}, published {v.published}; {v.note}")
    listed = [r for r in results if r.kind == "all" or r.disagreements]
    body = [
        (
            r.mode,
            r.kind,
            r.verdicts,
            r.disagreements,
            r.impossible,
            f"{r.share:.2%}",
            f"{r.possible_share:.2%}",
            f"{r.bar:.1%}",
            "" if r.is_met else "missed",
        )
        for r in listed
    ]
    head = ["mode", "kind", "verdicts", "disagree", "impossible", "agree", "possible", "bar", ""]
    print(table(head, body))
    write("ifeval", results)
    return int(not all(r.is_met for r in results))


if __name__ == "__main__":
    sys.exit(main())
