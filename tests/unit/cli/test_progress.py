"""How many rows there are, and what is told about a run under way."""

import gzip
import json
import random
from pathlib import Path

import pytest

from plaudit.cli import _progress
from plaudit.cli._progress import Meter, Total, count_rows
from plaudit.run import Progress


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def lines(count):
    return "".join(json.dumps({"response": f"answer {i:06}"}) + "\n" for i in range(count)).encode()


def test_lines_are_counted():
    Path("a.jsonl").write_bytes(lines(7))
    Path("b.jsonl").write_bytes(lines(3)[:-1])
    Path("c.jsonl.gz").write_bytes(gzip.compress(lines(5)))
    Path("empty.jsonl").write_bytes(b"")
    assert count_rows(["a.jsonl"]) == Total(7, True)
    assert count_rows(["b.jsonl"]) == Total(3, True)
    assert count_rows(["c.jsonl.gz"]) == Total(5, True)
    assert count_rows(["empty.jsonl"]) == Total(0, True)
    assert count_rows(["a.jsonl", "b.jsonl", "c.jsonl.gz"]) == Total(15, True)
    assert count_rows(["a.jsonl", "c.jsonl.gz"], limit=4) == Total(4, True)


@pytest.mark.parametrize("name", ["big.jsonl", "big.jsonl.gz"])
def test_big_files_are_estimated_from_their_beginning(name, monkeypatch):
    monkeypatch.setattr(_progress, "_COUNTED_BYTES", 1 << 10)
    monkeypatch.setattr(_progress, "_SAMPLED_BYTES", 1 << 20)
    draw = random.Random(0)
    data = b"".join(
        f'{{"response": "{draw.randbytes(200).hex()}"}}\n'.encode() for _ in range(9000)
    )
    Path(name).write_bytes(gzip.compress(data, 1) if name.endswith(".gz") else data)
    total = count_rows([name])
    assert not total.is_exact
    # what was read of a compressed file includes what its reader holds ready
    assert 0.6 * 9000 < total.rows < 1.1 * 9000


def test_parquet_knows_its_rows():
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"response": ["a", "b", "c"]}), "a.parquet")
    assert count_rows(["a.parquet"]) == Total(3, True)


def test_what_cannot_tell_its_rows_is_no_error():
    Path("a.json").write_text("[]")
    Path("cut.jsonl.gz").write_bytes(gzip.compress(lines(999))[:-20])
    Path("bad.jsonl.gz").write_bytes(b"\x1f\x8b\x08\x00" + bytes(range(100, 200)))
    for place in ("-", "hf:some/set", "a.json", "cut.jsonl.gz", "bad.jsonl.gz", "missing.jsonl"):
        assert count_rows([place]) is None


def test_where_there_is_no_terminal_a_line_now_and_then(capsys, monkeypatch):
    clock = iter([100.0, 101.0, 110.0, 110.0])
    monkeypatch.setattr(_progress.time, "monotonic", lambda: next(clock))
    with Meter(Total(1200, False), done=200) as meter:
        meter.update(Progress(rows=10))  # a second later: silent
        meter.update(Progress(rows=500, bad_rows=1, unscored=2))
    told = "700 of about 1,200 rows, 50 rows/s, 0:10 left, 1 bad rows, 2 unscored\n"
    assert capsys.readouterr() == ("", told)
