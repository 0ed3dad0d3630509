"""RM-Bench: the matrix by hand, and scores that anyone can compute from the text."""

import hashlib
import json

import numpy as np
import pytest
from bench_sheets import figures, items, line

from plaudit.bench.benchmark import benchmark
from plaudit.bench.sheet import Scored, Sheet, line_of
from plaudit.data.read import read
from plaudit.errors import DataError

SIX = [1.0] * 3 + [0.0] * 3


def test_one_row_by_hand():
    # chosen 3, 2, 1 against rejected 2.5, 2, 0:
    #          concise plain markdown
    # concise     1      1      1
    # plain       0      0*     1      * 2 against 2, a tie
    # markdown    0      0      1
    sheet = Sheet([line("chat/1", "chat", SIX)])
    results = figures("rmbench", sheet, [3, 2, 1, 2.5, 2, 0])
    assert results["difficulty/hard"] == 1.0  # above the diagonal
    assert results["difficulty/normal"] == pytest.approx(2 / 3)
    assert results["difficulty/easy"] == 0.0
    assert results["overall"] == results["domain/chat"] == pytest.approx(5 / 9)
    assert results["matrix/plain-markdown"] == 1.0
    halves = figures("rmbench", sheet, [3, 2, 1, 2.5, 2, 0], "share")
    assert halves["difficulty/normal"] == pytest.approx(2.5 / 3)


def test_safety_pools_its_files_and_overall_does_not_weigh_domains():
    won, lost = [1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]
    lines = [line(f"safety-refuse/{i}", "safety-refuse", SIX) for i in range(3)]
    lines += [line("safety-response/0", "safety-response", SIX), line("code/0", "code", SIX)]
    results = figures("rmbench", Sheet(lines), [*won * 3, *lost, *lost])
    assert results["domain/safety"] == 0.75  # 3 of 4 rows, not the mean of 1 and 0
    assert results["overall"] == pytest.approx((0.75 + 0) / 2)
    assert np.mean([results[f"difficulty/{x}"] for x in ("easy", "normal", "hard")]) == (
        pytest.approx(results["overall"])
    )


ROW = {"id": 7, "prompt": "a", "chosen": ["x", "y", "z"], "rejected": ["p", "q", "r"]}


@pytest.mark.parametrize(
    ("source", "more", "subset"),
    [
        ("chat_filtered.json", {"subset": "alpacaeval"}, "chat"),
        ("safety-refuse_filtered.json", {}, "safety-refuse"),
        ("total_dataset.json", {"domain": "safety-response"}, "safety-response"),
        ("x.jsonl", {"domain": "math"}, "math"),
    ],
)
def test_the_part_is_that_of_the_row_or_of_the_file(source, more, subset):
    (item,) = items("rmbench", [{**ROW, **more}], source)
    assert (item.subset, item.id) == (subset, f"{subset}/7")
    assert item.labels == tuple(SIX)


@pytest.mark.parametrize(("more", "field"), [({"chosen": ["x", "y"]}, "chosen"), ({}, "domain")])
def test_a_row_that_is_none(more, field):
    with pytest.raises(DataError) as error:
        items("rmbench", [{**ROW, **more}], "rows.jsonl")
    assert error.value.field == field


STAND_INS = {
    "number of characters": len,
    "minus number of characters": lambda text: -len(text),
    "first 8 hex digits of sha256 of the UTF-8 text, as an integer": lambda text: int(
        hashlib.sha256(text.encode()).hexdigest()[:8], 16
    ),
    "count of '**' plus count of '#' plus count of three backticks": lambda text: (
        text.count("**") + text.count("#") + text.count("```")
    ),
}


@pytest.mark.parametrize("name", STAND_INS)
def test_the_stand_in_scorers_give_the_published_figures(name, shared_data):
    published = json.loads((shared_data / "bench_published.json").read_text())["rmbench"]
    bench = benchmark("rmbench")
    rows = [i for r in read(shared_data / "bench_rmbench.jsonl.gz") for i in bench.read(r)]
    values = [STAND_INS[name](text) for item in rows for text in item.texts]
    results = figures("rmbench", Sheet(map(line_of, rows)), values)
    for part, levels in published["stand_in_scorers"]["values"][name].items():
        kind = "domain" if part in ("chat", "safety") else "subset"
        for level in ("hard", "normal", "easy"):
            got = 100 * results[f"{kind}/{part}/{level}"]
            assert got == pytest.approx(levels[f"{level}_acc"], abs=0.0001), (part, level)


def test_gates_hold():
    sheet = Sheet([line(f"chat/{i}", "chat", SIX) for i in range(5)])
    values = np.random.default_rng(0).integers(0, 4, 30).astype(float)
    values[4] = np.nan
    gates = benchmark("rmbench").gates(sheet, Scored("x", values))
    assert len(gates) == 6
    assert all(gate.holds for gate in gates)
