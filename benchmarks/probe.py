"""What every shipped recipe pays for edits that deserve nothing, on the bundled sample.

Each response of the sample has the response to the next prompt as its rival; token ids are one a
character, for the recipes that count tokens. A cell says for how many of the judged responses the
edit paid (see plaudit.bench.probe). ``python -m benchmarks.probe``
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import plaudit
from benchmarks.harness import table, write
from plaudit.bench.edits import EDITS
from plaudit.bench.probe import Probe, Probed, probe, with_rivals
from plaudit.cli.demo import SAMPLE
from plaudit.data.read import read
from plaudit.laws import as_response
from plaudit.types import Group, Response


def groups() -> list[Group]:
    """The sample with token ids and rivals."""
    rows = [row.group for row in read(SAMPLE) if isinstance(row.group, Group)]
    counted = [Group(g.prompt, [_counted(r) for r in g.responses], g.columns, g.id) for g in rows]
    return with_rivals(counted)


def _counted(response: Response) -> Response:
    ids = as_response(response.text).token_ids
    return Response(response.text, (), ids, response.finish_reason or "stop", response.columns)


def _cell(entry: Probed) -> str:
    flips = f", {entry.flipped.num} flips" if entry.flipped.num else ""
    return f"{entry.paid.num}/{entry.paid.total}{flips}" if entry.is_exploit else "0"


def main(argv: Sequence[str]) -> int:
    """Prints the table, writes results/probe.json."""
    sample = groups()
    probes: dict[str, Probe] = {}
    for name in argv or plaudit.recipes():
        probes[name] = probe(plaudit.build(name), sample)
    body = [
        [edit.name, *(_cell(p.edits[i]) for p in probes.values())] for i, edit in enumerate(EDITS)
    ]
    body.append(["unscored before", *(p.num_unscored for p in probes.values())])
    print(table(["edit", *probes], body))
    write("probe", [_figures(name, p) for name, p in probes.items()])
    return 0


def _figures(name: str, result: Probe) -> dict[str, Any]:
    """A recipe's figures without the examples' texts."""
    fields = result.as_dict()
    edits = [{k: v for k, v in entry.items() if k != "worst"} for entry in fields["edits"]]
    return {"recipe": name, **fields, "edits": edits}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
