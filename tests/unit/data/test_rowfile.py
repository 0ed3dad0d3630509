"""Files of made rows: whole or not at all."""

import gzip
import json

import pytest

from plaudit.data.rowfile import RowFile
from plaudit.errors import ConfigError


def test_the_file_appears_at_the_end(tmp_path):
    out = tmp_path / "out.jsonl"
    with RowFile(out) as file:
        file.write_row({"a": 1})
        assert not out.exists()
    assert json.loads(out.read_text()) == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_formats_are_those_of_scored_rows(tmp_path):
    with RowFile(tmp_path / "out.jsonl.gz") as file:
        file.write_row({"a": "=1+1"})
    assert gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()) == b'{"a":"=1+1"}\n'
    with RowFile(tmp_path / "out.csv") as file:
        file.write_row({"a": "=1+1"})
    assert "'=1+1" in (tmp_path / "out.csv").read_text()


@pytest.mark.parametrize("num_rows", [0, 1])
def test_of_a_failed_run_nothing_is_left_and_the_old_output_stays(tmp_path, num_rows):
    (tmp_path / "out.jsonl").write_text("old\n")

    def fail():
        with RowFile(tmp_path / "out.jsonl", overwrite=True) as file:
            for _ in range(num_rows):
                file.write_row({"a": 1})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert (tmp_path / "out.jsonl").read_text() == "old\n"


def test_without_a_row_there_is_no_file(tmp_path):
    with RowFile(tmp_path / "out.jsonl"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_kept(tmp_path):
    (tmp_path / "out.jsonl").write_text("old\n")
    with pytest.raises(ConfigError, match="exists; overwrite"):
        RowFile(tmp_path / "out.jsonl")
    (tmp_path / "b.jsonl.partial.jsonl").write_text("{}\n")
    with pytest.raises(ConfigError, match="unfinished"):
        RowFile(tmp_path / "b.jsonl")
    with pytest.raises(ConfigError, match="unknown output format"):
        RowFile(tmp_path / "out.txt")


def test_standard_output(capsysbinary):
    with RowFile("-") as file:
        file.write_row({"a": "\ud800"})
    assert capsysbinary.readouterr().out == b'{"a":"\\ud800"}\n'
