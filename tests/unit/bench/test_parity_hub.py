"""The comparison with published figures, on a model that publishes its own."""

import importlib.util
import json
from pathlib import Path

import pytest

import plaudit
from plaudit.bench.export import export_rewardbench
from plaudit.bench.folder import Folder
from plaudit.bench.runner import Entrant, Run

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "parity_hub.py"


@pytest.fixture(scope="module")
def parity():
    spec = importlib.util.spec_from_file_location("parity_hub", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_subset_that_is_apart_is_listed_with_its_rows(parity, tmp_path):
    rows = [
        {"prompt": f"p{i}", "chosen": "x" * (i % 5 + 1), "rejected": "yyy", "id": i,
         "subset": "hep-go" if i % 2 else "hep-js"}
        for i in range(20)
    ]  # fmt: skip
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    entrant = Entrant("m", plaudit.load("rules.baseline.length"))
    run = Folder(tmp_path / "run")
    results = Run("rewardbench", run, [str(data)], [entrant], num_draws=5).score()
    shares, scores = export_rewardbench(run, results)
    won = parity.rows_won(run)
    same = parity.compared(results, won, str(shares), str(scores))
    assert [one.subset for one in same] == ["hep-go", "hep-js"]
    assert all(one.is_equal and not one.flipped for one in same)
    theirs = json.loads(scores.read_text())
    at = theirs["id"].index("3")
    theirs["scores_chosen"][at], theirs["scores_rejected"][at] = 0.0, 9.0
    scores.write_text(json.dumps(theirs))
    shares.write_text(json.dumps({**json.loads(shares.read_text()), "hep-go": 0.3}))
    go, _ = parity.compared(results, won, str(shares), str(scores))
    assert not go.is_equal
    assert go.flipped == ("3",)
