"""Sheets made by hand for tests of benchmarks."""

import numpy as np

from plaudit.bench.benchmark import benchmark
from plaudit.bench.sheet import Scored, Sheet, line_of
from plaudit.bench.tally import figures_of
from plaudit.data.rows import Layout


def items(name, rows, source="rows.jsonl"):
    """The items that a benchmark reads in rows."""
    bench, layout = benchmark(name), Layout()
    return [
        item
        for number, raw in enumerate(rows, 1)
        for item in bench.read(layout.row(raw, source, number))
    ]


def sheet_of(name, rows, source="rows.jsonl"):
    return Sheet([line_of(item) for item in items(name, rows, source)])


def figures(name, sheet, values, rule=None, **more):
    """The figures of flat values on a sheet."""
    bench = benchmark(name)
    scored = Scored("x", np.array(values, float), **more)
    return figures_of(bench.measure(sheet, scored, rule or bench.credits[0]))


def line(id, subset, labels, **extra):
    return {"id": id, "subset": subset, "prompt": f"{subset}/{id}", "labels": labels, "where": "",
            **({"extra": extra} if extra else {})}  # fmt: skip
