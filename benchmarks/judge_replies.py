"""Recorded judge replies through the replay engine, against the labels recorded with them.

``python -m benchmarks judge_replies``: 16 760 pairwise replies of five judges (LLMBar: both
orders, four protocols) are read as `plaudit judge` reads them. Every reply whose reading is not its
recorded label is listed with what it says; the table is that of the report: single orders right,
right in both, the same verdict in both.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.harness import rows, table, write
from plaudit.data import Layout
from plaudit.errors import VerdictError
from plaudit.judges.template import load_template
from plaudit.judges.verdict import parse
from plaudit.registry import load
from plaudit.report import JudgeSummary
from plaudit.run import run

__all__ = ["TEMPLATE", "main", "paired", "readings"]

TEMPLATE: Mapping[str, Any] = {
    "name": "llmbar",
    "kind": "pairwise",
    "source": "princeton-nlp/LLMBar: the grammar of the replies, not the prompt",
    "text": "{input}\nOutput (a): {response_a}\nOutput (b): {response_b}",
    "verdict": {
        "labels": {
            "allowed": ["a", "b"],
            "marker": r"(?m)output \(([ab])\)(?= is (?:clearly |the )?better"
            r"|(?<=^output \([ab]\))\W*$)",
        }
    },
}
_PUBLISHED = {("GPT-4", "Vanilla"): (84.5, 80.9, 92.8), ("ChatGPT", "Vanilla"): (40.0, 22.9, 65.9)}


class Difference(NamedTuple):
    """A reply that is read otherwise than it was recorded, and its end."""

    id: str
    judge: str
    protocol: str
    recorded: str
    read: str
    says: str


class Cell(NamedTuple):
    """Percent of the pairs of one judge and protocol."""

    judge: str
    protocol: str
    right: float
    both_right: float
    same: float
    unreadable: float
    differing: int


def readings(replies: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    """The replies whose reading is not their recorded winner."""
    spec = load_template(TEMPLATE).spec
    for row in replies:
        try:
            label, reason = str(parse(row["reply"], spec)), ""
        except VerdictError as error:
            label, reason = "", str(error).partition(":")[0]
        winner = {"a": "1", "b": "2"}.get(label, "")
        if winner and row["swapped"]:
            winner = {"1": "2", "2": "1"}[winner]
        recorded = row["winner_in_source_order"] or ""
        if winner != recorded:
            yield Difference(
                row["id"], row["judge"], row["protocol"], recorded or "none",
                winner or f"unreadable ({reason})", row["reply"][-240:],
            )  # fmt: skip


def paired(
    replies: Sequence[Mapping[str, Any]], pairs: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """A row for each judge, protocol and pair, in the order of the source, with its replies."""
    by_key: dict[tuple[str, str, str], dict[str, Any]] = {}
    for reply in replies:
        key = (reply["judge"], reply["protocol"], reply["pair_id"])
        pair = pairs[key[2]]
        is_first = pair["chosen_was"] == "A"
        first, second = [pair["chosen"], pair["rejected"]][:: 1 if is_first else -1]
        row = by_key.setdefault(key, {
            "judge": key[0], "protocol": key[1], "prompt": pair["prompt"], "response_a": first,
            "response_b": second, "preference": "a" if is_first else "b", "replies": {},
        })  # fmt: skip
        row["replies"]["ba" if reply["swapped"] else "ab"] = reply["reply"]
    return list(by_key.values())


def _cells(pair_rows: Sequence[Mapping[str, Any]], differing: Counter[Any]) -> list[Cell]:
    judge = load("judges.pairwise.pairwise", template=TEMPLATE, replay="column:replies")
    summary, layout = JudgeSummary(by=["judge", "protocol"]), Layout()
    read = [layout.row(raw, "", n) for n, raw in enumerate(pair_rows, 1)]
    for row, result in zip(read, run(judge, (row.group for row in read)), strict=True):
        summary.add(row, result)
    cell_rows = [row for row in summary.table("pairs").rows if not row["is_total"]]
    return [
        Cell(
            *row["by"],
            *(
                round(100 * row[name], 1)
                for name in ("accuracy", "both_right", "same_verdict", "unreadable")
            ),
            differing[tuple(row["by"])],
        )
        for row in cell_rows
    ]


def main(argv: Sequence[str]) -> int:
    """Prints the table; 1 where a published figure is missed."""
    replies = [row for row in rows("judge_replies_llmbar.jsonl.gz") if row["protocol"] != "Rating"]
    pairs = {row["id"]: row for row in rows("eval_pairs.jsonl.gz")}
    differences = list(readings(replies))
    counts = Counter((one.judge, one.protocol) for one in differences)
    cells = _cells(paired(replies, pairs), counts)
    print(table(Cell._fields, cells))
    print(f"{len(replies) - len(differences):,} of {len(replies):,} replies read as recorded")
    write("judge_replies", cells)
    write("judge_replies_otherwise", differences)
    figures_of = {
        (cell.judge, cell.protocol): (cell.right, cell.both_right, cell.same) for cell in cells
    }
    return int(any(figures_of[key] != figures for key, figures in _PUBLISHED.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
