"""Floors: what they compare, where they are absent, and that random is chance."""

import numpy as np
import pytest
from bench_sheets import figures, line, sheet_of

from plaudit.bench.benchmark import available, benchmark
from plaudit.bench.floors import floors, random_values
from plaudit.bench.read import files_of
from plaudit.bench.sheet import Sheet
from plaudit.errors import ConfigError

ROW = {"prompt": "a", "chosen": "# **long** answer", "rejected": "short", "chosen_was": "B"}


def by_name(sheet, name="pairs", seed=0):
    return {one.name: one.values_T.tolist() for one in floors(benchmark(name), sheet, seed=seed)}


def test_what_each_floor_compares():
    by_figure = by_name(sheet_of("pairs", [ROW]))
    assert by_figure["longer wins"] == [17.0, 5.0]
    assert by_figure["shorter wins"] == [-17.0, -5.0]
    assert by_figure["most markdown wins"] == [3.0, 0.0]
    assert by_figure["first wins"] == [-1.0, 0.0]  # the chosen one was B
    assert all(0 <= value < 1 for value in by_figure["random"])


def test_floors_that_the_rows_do_not_allow_are_absent():
    no_order = {key: value for key, value in ROW.items() if key != "chosen_was"}
    assert "first wins" not in by_name(sheet_of("pairs", [ROW, no_order]))
    assert list(by_name(Sheet([line("1", "all", [1.0, 0.0])]))) == ["random"]


def test_steps_have_floors_of_their_own():
    sheet = Sheet([line("1", "gsm8k", [1.0, 0.0], first=1)])
    by_figure = by_name(sheet, "processbench")
    assert list(by_figure) == ["every step valid", "every step invalid", "random"]


@pytest.mark.parametrize("seed", [0, 1])
def test_random_is_chance_and_follows_the_item(seed):
    sheet = Sheet([line(str(i), "all", [1.0, 0.0]) for i in range(5000)])
    values = random_values(sheet, seed=seed)
    assert figures("pairs", sheet, values)["overall"] == pytest.approx(0.5, abs=0.03)
    turned = Sheet(sheet.lines[::-1])
    assert sorted(random_values(turned, seed=seed)) == sorted(values)
    assert len(np.unique(values)) == 10000


def test_every_benchmark_says_what_it_is():
    for name in available():
        bench = benchmark(name)
        assert bench.title
        assert bench.source
        assert bench.gates is not None, name
        assert set(bench.optional) <= set(bench.subsets)


def test_files_of_a_directory(tmp_path):
    for name in ("b.jsonl", "a.json.gz", "notes.md", ".hidden.jsonl", "more/c.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    results = files_of([str(tmp_path), "hf:org/name:test"])
    expected = ["a.json.gz", "b.jsonl", "more/c.parquet"]
    assert results == [*(str(tmp_path / name) for name in expected), "hf:org/name:test"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="no file with rows"):
        files_of([str(tmp_path / "empty")])
