"""Scored rows on their way out: what a row gains, and which outputs are refused."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import json
import math
import sys

import pytest

from plaudit import Group, Score, Step, load
from plaudit.data.api import scored
from plaudit.data.journal import Journal
from plaudit.data.read import read
from plaudit.data.rows import Layout, Row
from plaudit.data.write import Writer, output_row, run_meta
from plaudit.errors import ConfigError, DataError, MissingExtra, PlauditError
from plaudit.run import Result

REWARD = load("rules.baseline.length")
RAWS = [{"id": i, "prompt": f"q{i}", "response": "x" * i} for i in range(6)]


def rows_of(raws=RAWS, source="in.jsonl"):
    layout = Layout()
    return [layout.row(raw, source, i) for i, raw in enumerate(raws, 1)]


def run_into(path, raws=RAWS, **options):
    with Writer(path, **options) as writer:
        for row, result in scored(REWARD, writer.pending(rows_of(raws))):
            writer.write(row, result)
    return writer


def written(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def result(*scores, error=None):
    return Result(0, Group("q", ["r"] * len(scores)), list(scores), error)


class TestOutputRow:
    def test_one_response_gains_a_number(self):
        (row,) = rows_of([{"prompt": "q", "response": "r", "level": 3}])
        score = Score(0.5, {"a": 1.0, "b": math.nan}, note="why")
        assert output_row(row, result(score)) == {
            "prompt": "q",
            "response": "r",
            "level": 3,
            "reward": 0.5,
            "reward_scores": [{"value": 0.5, "parts": {"a": 1.0, "b": None}, "note": "why"}],
        }

    def test_a_list_of_responses_gains_a_list_even_of_one(self):
        two, one = rows_of([{"responses": ["a", "b"]}, {"responses": ["a"]}])
        assert output_row(two, result(Score(1.0), Score(0.0)))["reward"] == [1.0, 0.0]
        assert output_row(one, result(Score(1.0)))["reward"] == [1.0]

    def test_an_unscored_response_is_null_with_fault_and_error(self):
        (row,) = rows_of([{"response": "r"}])
        gained = output_row(row, result(Score.unscored("no verdict", fault="system")), "r")
        assert gained["r"] is None
        assert gained["r_scores"] == [{"value": None, "fault": "system", "error": "no verdict"}]

    def test_steps(self):
        (row,) = rows_of([{"response": "r"}])
        gained = output_row(row, result(Score(1.0, steps=(Step(0.5, 0, 3), Step(math.nan, 3, 4)))))
        assert gained["reward_scores"][0]["steps"] == [[0.5, 0, 3], [None, 3, 4]]

    def test_a_bad_row_gains_its_error_with_the_place(self):
        (row,) = rows_of([{"response": None}])
        gained = output_row(row, result(error=DataError("missing", where="row 1", field="x")))
        assert gained == {
            "response": None,
            "reward": None,
            "reward_error": "in.jsonl:1: field 'x': missing",
        }
        gained = output_row(row, result(error=row.group))
        assert gained["reward_error"] == ("in.jsonl:1: field 'response': expected text, found null")


class TestJsonl:
    def test_rows_in_order_and_no_partial_files_left(self, tmp_path):
        out = tmp_path / "out.jsonl"
        run_into(out)
        assert [row["reward"] for row in written(out)] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
        assert [row["id"] for row in written(out)] == [0, 1, 2, 3, 4, 5]
        assert [p.name for p in tmp_path.iterdir()] == ["out.jsonl"]

    def test_gzip_is_the_same_bytes_every_time(self, tmp_path):
        run_into(tmp_path / "a.jsonl.gz")
        run_into(tmp_path / "b.jsonl.gz")
        data = (tmp_path / "a.jsonl.gz").read_bytes()
        assert data == (tmp_path / "b.jsonl.gz").read_bytes()
        assert len(gzip.decompress(data).splitlines()) == 6

    def test_lone_surrogates_and_big_integers_are_written_as_json(self, tmp_path):
        out = tmp_path / "out.jsonl"
        run_into(out, [{"response": "a\ud800", "n": 10**40, "x": math.nan}])
        assert out.read_bytes().startswith(b'{"response":"a\\ud800","n":1' + b"0" * 40)
        assert written(out)[0]["response"] == "a\ud800"
        assert written(out)[0]["x"] is None

    def test_no_row_at_all(self, tmp_path):
        run_into(tmp_path / "out.jsonl", [])
        assert (tmp_path / "out.jsonl").read_bytes() == b""

    def test_a_column_of_another_name(self, tmp_path):
        run_into(tmp_path / "out.jsonl", column="length")
        assert written(tmp_path / "out.jsonl")[2]["length"] == 2.0

    def test_standard_output(self, capfdbinary):
        run_into("-")
        out = capfdbinary.readouterr().out
        assert [json.loads(line)["reward"] for line in out.splitlines()] == [0, 1, 2, 3, 4, 5]


class TestRefusals:
    def test_an_output_that_exists(self, tmp_path):
        out = tmp_path / "out.jsonl"
        out.write_text("mine")
        with pytest.raises(ConfigError, match="exists; overwrite replaces it"):
            Writer(out)
        assert out.read_text() == "mine"

    def test_overwrite_keeps_the_old_output_until_the_new_one_is_complete(self, tmp_path):
        out = tmp_path / "out.jsonl"
        out.write_text("mine")
        with pytest.raises(RuntimeError), Writer(out, overwrite=True):
            raise RuntimeError
        assert out.read_text() == "mine"
        run_into(out, overwrite=True)
        assert len(written(out)) == 6

    def test_an_unfinished_run(self, tmp_path):
        out = tmp_path / "out.jsonl"
        with pytest.raises(RuntimeError), Writer(out):
            raise RuntimeError
        with pytest.raises(
            ConfigError, match="a run is unfinished; resume to continue it, overwrite"
        ):
            Writer(out)

    def test_a_column_that_the_input_has(self, tmp_path):
        raws = [*RAWS[:2], {"response": "r", "reward_scores": 1}]
        expected = (
            r"in\.jsonl:3: the input has a column 'reward_scores' already.*column='reward_new'"
        )
        with pytest.raises(ConfigError, match=expected):
            run_into(tmp_path / "out.jsonl", raws)

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("out.jsnl", r"unknown output format; did you mean '\.jsonl'"),
            ("out", "unknown output format; it takes"),
            ("no/out.jsonl", "the directory .*no' does not exist"),
            (".jsonl", "is a directory"),
        ],
    )
    def test_targets_that_cannot_be(self, tmp_path, name, told):
        (tmp_path / ".jsonl").mkdir()
        with pytest.raises(ConfigError, match=told):
            Writer(tmp_path / name)

    def test_overwrite_and_resume_at_once(self, tmp_path):
        with pytest.raises(ConfigError, match="exclude each other"):
            Writer(tmp_path / "out.jsonl", overwrite=True, resume=True)

    def test_a_directory_that_may_not_be_written(self, tmp_path, monkeypatch):
        def refuse(*args, **options):
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr("pathlib.Path.write_text", refuse)
        with pytest.raises(ConfigError, match=r"out\.jsonl: cannot be written: Permission denied"):
            Writer(tmp_path / "out.jsonl")


class TestFullDisk:
    def test_rows_before_are_kept_whole_and_resume_completes_them(self, tmp_path, monkeypatch):
        out = tmp_path / "out.jsonl"
        real = io.FileIO.write
        left = [150]

        class Full(io.FileIO):
            def write(self, data):
                if left[0] <= 0:
                    raise OSError(errno.ENOSPC, "No space left on device")
                count = real(self, data[: left[0]])
                left[0] -= count
                return count

        def opened(path, mode="r", *args, **options):
            return Full(path, mode) if mode == "ab" else open(path, mode, *args, **options)

        monkeypatch.setattr("pathlib.Path.open", opened)
        with pytest.raises(PlauditError, match=r"partial\.jsonl: cannot be written: No space left"):
            run_into(out)
        monkeypatch.undo()
        kept = (tmp_path / "out.jsonl.partial.jsonl").read_bytes()
        assert kept.endswith(b"}\n")
        assert 1 <= len(kept.splitlines()) < 6
        run_into(out, resume=True)
        run_into(tmp_path / "whole.jsonl")
        assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()

    def test_a_disk_that_is_full_at_the_end(self, tmp_path, monkeypatch):
        def refuse(*args):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("plaudit.data.write.replace_durably", refuse)
        with pytest.raises(PlauditError, match="rows written before are kept"):
            run_into(tmp_path / "out.jsonl.gz")
        monkeypatch.undo()
        assert Journal.exists(tmp_path / "out.jsonl.gz")
        run_into(tmp_path / "out.jsonl.gz", resume=True)
        assert len(gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()).splitlines()) == 6


class TestResume:
    META = {"reward": "load('a')", "limit": None}

    def stop_after(self, out, count, meta=META, raws=RAWS, torn=b""):
        writer = Writer(out, meta=meta)
        for row, found in scored(REWARD, writer.pending(rows_of(raws)[:count])):
            writer.write(row, found)
        writer.__exit__(RuntimeError)
        with (out.parent / f"{out.name}.partial.jsonl").open("ab") as file:
            file.write(torn)

    def test_a_torn_line_is_cut_off_and_the_rest_is_scored(self, tmp_path):
        out = tmp_path / "out.jsonl"
        self.stop_after(out, 3, torn=b'{"id": 3, "pro')
        seen = []
        with Writer(out, meta=self.META, resume=True) as writer:
            assert writer.num_done == 3
            for row, found in scored(REWARD, writer.pending(rows_of())):
                seen.append(row.number)
                writer.write(row, found)
        assert seen == [4, 5, 6]
        run_into(tmp_path / "whole.jsonl", meta=self.META)
        assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()

    def test_rows_done_before_are_handed_over(self, tmp_path):
        out = tmp_path / "out.jsonl"
        self.stop_after(out, 2)
        done = []
        writer = Writer(out, meta=self.META, resume=True)
        rows = writer.pending(rows_of(), lambda row, line: done.append((row.number, line)))
        assert next(rows).number == 3
        assert [number for number, _ in done] == [1, 2]
        assert json.loads(done[1][1])["reward"] == 1.0
        writer.__exit__(RuntimeError)

    def test_another_reward_or_input_is_refused_and_named(self, tmp_path):
        out = tmp_path / "out.jsonl"
        self.stop_after(out, 3)
        other = {**self.META, "reward": "load('b')"}
        with pytest.raises(ConfigError, match=r"""reward was "load\('a'\)", is "load\('b'\)";"""):
            Writer(out, meta=other, resume=True)
        with pytest.raises(ConfigError, match="column was 'reward', is 'r2'"):
            Writer(out, meta=self.META, column="r2", resume=True)
        (tmp_path / "out.jsonl.partial.json").unlink()
        with pytest.raises(ConfigError, match=r"partial\.json is missing; overwrite"):
            Writer(out, meta=self.META, resume=True)

    def test_rows_that_changed_since_are_found(self, tmp_path):
        out = tmp_path / "out.jsonl"
        self.stop_after(out, 3)
        changed = [RAWS[0], {**RAWS[1], "response": "z"}, *RAWS[2:]]
        with pytest.raises(
            ConfigError, match=r":2 is not the row in\.jsonl:2: the input has chang"
        ):
            run_into(out, changed, meta=self.META, resume=True)

    def test_an_input_that_became_shorter(self, tmp_path):
        out = tmp_path / "out.jsonl"
        self.stop_after(out, 3)
        with pytest.raises(ConfigError, match="holds 3 rows, the input only 2"):
            run_into(out, RAWS[:2], meta=self.META, resume=True)

    def test_a_value_that_merely_begins_alike_is_another_row(self, tmp_path):
        out = tmp_path / "out.jsonl"
        self.stop_after(out, 1, raws=[{"response": "x", "n": 12}])
        with pytest.raises(ConfigError, match="is not the row"):
            run_into(out, [{"response": "x", "n": 1}], meta=self.META, resume=True)

    def test_bad_rows_are_resumed_too(self, tmp_path):
        layout = Layout()
        raws = [{"response": None}, {"response": "ok"}]
        rows = [Row("f", 1, {}, DataError("broken JSON", where="f:1"))]
        rows += [layout.row(raw, "f", i) for i, raw in enumerate(raws, 2)]

        def run(name, rows, **options):
            with Writer(tmp_path / name, **options) as writer:
                for row, found in scored(REWARD, writer.pending(rows)):
                    writer.write(row, found)

        writer = Writer(tmp_path / "a.jsonl")
        for row, found in scored(REWARD, writer.pending(rows[:2])):
            writer.write(row, found)
        writer.__exit__(RuntimeError)
        run("a.jsonl", rows, resume=True)
        run("b.jsonl", rows)
        assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
        assert written(tmp_path / "a.jsonl")[0] == {
            "reward": None,
            "reward_error": "f:1: broken JSON",
        }

    def test_resuming_nothing_begins_and_resuming_a_finished_run_leaves_it(self, tmp_path):
        out = tmp_path / "out.jsonl"
        assert run_into(out, resume=True).is_finished is False
        before = out.read_bytes()
        assert run_into(out, resume=True).is_finished is True
        assert out.read_bytes() == before

    def test_standard_output_has_nothing_to_resume(self, capfdbinary):
        assert run_into("-", [], resume=True).num_done == 0


def test_run_meta_names_what_makes_the_rows(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"12345")
    meta = run_meta(REWARD, [path, "hf:a/b"], limit=3)
    assert meta["reward"] == "load('rules.baseline.length')"
    assert meta["inputs"] == [
        {"path": str(path), "bytes": 5},
        {"path": "hf:a/b", "bytes": None},
    ]
    assert meta["limit"] == 3


class TestCsv:
    def test_cells_and_formulas(self, tmp_path):
        raws = [
            {"id": 1, "prompt": "=1+1", "response": "+x", "tags": ["a"]},
            {"id": -2, "prompt": "-2", "response": "@y\n,", "extra": "\tz"},
            {"id": 3, "prompt": "ok\ud800", "response": "plain"},
        ]
        run_into(tmp_path / "out.csv", raws)
        with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [row["prompt"] for row in rows] == ["'=1+1", "-2", "ok\\ud800"]
        assert [row["response"] for row in rows] == ["'+x", "'@y\n,", "plain"]
        assert [row["id"] for row in rows] == ["1", "-2", "3"]
        assert [row["extra"] for row in rows] == ["", "'\tz", ""]
        assert rows[0]["tags"] == '["a"]'
        assert rows[0]["reward"] == "2.0"


class TestParquet:
    @pytest.fixture(autouse=True)
    def _pyarrow(self):
        pytest.importorskip("pyarrow")

    def table(self, tmp_path, raws, **options):
        from pyarrow import parquet

        out = tmp_path / "out.parquet"
        self.writer = run_into(out, raws, overwrite=True, **options)
        assert [p.name for p in tmp_path.iterdir()] == ["out.parquet"]
        return parquet.read_table(out)

    def test_types_and_rows(self, tmp_path):
        table = self.table(tmp_path, [{"prompt": "q", "responses": ["a", "bc"], "level": 3}] * 3)
        assert table.to_pylist()[0] == {
            "prompt": "q",
            "responses": ["a", "bc"],
            "level": 3,
            "reward": [1.0, 2.0],
            "reward_scores": [{"value": 1.0}, {"value": 2.0}],
        }
        assert table.schema.field("level").type == "int64"

    def test_types_widen_over_batches_and_clashing_ones_become_json(self, tmp_path, monkeypatch):
        monkeypatch.setattr("plaudit.data.export._BATCH_ROWS", 1)
        raws = [
            {"response": "a", "n": 1, "meta": {"x": 1}, "odd": 1, "none": None, "empty": {}},
            {"response": "b", "n": 1.5, "meta": {"y": "z"}, "odd": "s", "big": 10**30},
        ]
        first, second = self.table(tmp_path, raws).to_pylist()
        assert (first["n"], second["n"]) == (1.0, 1.5)
        assert first["meta"] == {"x": 1, "y": None}
        assert second["meta"] == {"x": None, "y": "z"}
        assert (first["odd"], second["odd"]) == ("1", '"s"')
        assert (first["empty"], second["empty"]) == ("{}", None)
        assert (first["big"], second["big"]) == (None, str(10**30))
        assert first["none"] is None

    def test_integers_too_large_for_a_float_column_become_json(self, tmp_path, monkeypatch):
        monkeypatch.setattr("plaudit.data.export._BATCH_ROWS", 1)
        raws = [{"response": "a", "n": 2**60 + 1}, {"response": "b", "n": 0.5}]
        assert [r["n"] for r in self.table(tmp_path, raws).to_pylist()] == [str(2**60 + 1), "0.5"]

    def test_lone_surrogates_are_replaced_and_counted(self, tmp_path):
        raws = [{"response": "a\ud800b", "m": {"k": ["\udc00"]}}, {"response": "c", "m": None}]
        first = self.table(tmp_path, raws).to_pylist()[0]
        assert first["response"] == "a\ufffdb"
        assert first["m"] == {"k": ["\ufffd"]}
        assert self.writer.num_replaced == 2

    def test_bad_rows_and_nan(self, tmp_path):
        raws = [{"response": None}, {"response": "ab"}]
        bad, good = self.table(tmp_path, raws).to_pylist()
        assert (bad["reward"], good["reward"]) == (None, 2.0)
        assert bad["reward_error"].startswith("in.jsonl:1: field 'response'")

    def test_it_can_be_read_back(self, tmp_path):
        self.table(tmp_path, RAWS)
        rows = list(read(tmp_path / "out.parquet"))
        assert [row.group.responses[0].text for row in rows] == [raw["response"] for raw in RAWS]

    def test_a_missing_pyarrow_is_said_before_anything_is_scored(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(MissingExtra, match=r"pip install 'plaudit\[data\]'"):
            Writer(tmp_path / "out.parquet")
        assert list(tmp_path.iterdir()) == []
