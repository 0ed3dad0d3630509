"""Rows of Parquet, Arrow, pandas and datasets."""

from __future__ import annotations

import sys

import pytest

from plaudit.data import tables
from plaudit.data.read import read
from plaudit.errors import ConfigError, DataError, EngineError, MissingExtra, PlauditError

pa = pytest.importorskip("pyarrow")
from pyarrow import parquet  # noqa: E402

ROWS = [{"prompt": f"q{i}", "responses": [f"a{i}", f"b{i}"], "level": i} for i in range(700)]


@pytest.fixture
def path(tmp_path):
    parquet.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet", row_group_size=300)
    return tmp_path / "a.parquet"


class TestParquet:
    def test_rows_of_all_row_groups_in_order(self, path):
        rows = list(read(path))
        assert [row.raw for row in rows] == ROWS
        assert rows[650].where == f"{path}:651"
        assert [r.text for r in rows[650].group.responses] == ["a650", "b650"]

    def test_content_tells_parquet(self, path):
        path.rename(path.with_name("b"))
        assert len(list(read(path.with_name("b"), limit=10))) == 10

    def test_nulls_are_absent_columns(self, tmp_path):
        table = pa.Table.from_pylist([{"response": "a", "reference": None}, {"response": None}])
        parquet.write_table(table, tmp_path / "a.parquet")
        good, bad = read(tmp_path / "a.parquet")
        assert good.group.columns == {}
        assert "expected text, found null" in str(bad.group)

    def test_a_truncated_file_has_no_row_at_all(self, path):
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(
            EngineError, match="truncated or damaged: Parquet magic bytes not found"
        ):
            list(read(path))

    def test_damage_in_the_middle_ends_the_rows_there(self, path):
        data = bytearray(path.read_bytes())
        middle = parquet.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
        data[middle : middle + 40] = b"\xff" * 40
        path.write_bytes(bytes(data))
        rows = list(read(path))
        assert len(rows) >= 257
        assert all(not isinstance(row.group, DataError) for row in rows[:-1])
        assert "truncated or damaged" in str(rows[-1].group)

    def test_invalid_utf8_costs_its_row(self, tmp_path):
        texts = pa.array([b"ok", b"a\xffb"], pa.binary()).cast(pa.string(), safe=False)
        parquet.write_table(pa.table({"response": texts}), tmp_path / "a.parquet")
        good, bad = read(tmp_path / "a.parquet")
        assert good.group.responses[0].text == "ok"
        assert "field 'response': invalid UTF-8: byte 0xff at byte 2 of the text" in str(bad.group)


class TestPandas:
    def test_nan_and_arrays(self):
        pd = pytest.importorskip("pandas")
        np = pytest.importorskip("numpy")
        frame = pd.DataFrame(
            {
                "response": ["a", None, float("nan")],
                "reference": [1.5, float("nan"), 2.0],
                "ids": [np.array([1, 2]), None, [3]],
                "when": [pd.NaT, pd.NaT, pd.NA],
            }
        )
        rows = list(tables.pandas_rows(frame))
        assert rows[0] == {"response": "a", "reference": 1.5, "ids": [1, 2], "when": None}
        assert rows[1] == {"response": None, "reference": None, "ids": None, "when": None}
        assert rows[2] == {"response": None, "reference": 2.0, "ids": [3], "when": None}


class TestArrow:
    def test_a_table_and_what_speaks_its_protocol(self):
        table = pa.Table.from_pylist(ROWS)
        assert list(tables.arrow_rows(table)) == ROWS
        batch = table.to_batches()[0]
        assert list(tables.arrow_rows(batch))[:3] == ROWS[:3]


class TestDatasets:
    @pytest.fixture
    def datasets(self):
        return pytest.importorskip("datasets")

    def test_a_saved_dataset(self, datasets, tmp_path):
        datasets.Dataset.from_list(ROWS).save_to_disk(tmp_path / "saved")
        rows = list(read(tmp_path / "saved"))
        assert [row.raw for row in rows] == ROWS

    def test_a_saved_dict_needs_a_split(self, datasets, tmp_path):
        one = datasets.Dataset.from_list(ROWS[:3])
        datasets.DatasetDict(train=one, test=one).save_to_disk(tmp_path / "both")
        with pytest.raises(
            ConfigError, match=r"several splits; choose one of .*both/test, .*train"
        ):
            read(tmp_path / "both")
        assert len(list(read(tmp_path / "both" / "test"))) == 3
        datasets.DatasetDict(train=one).save_to_disk(tmp_path / "single")
        assert len(list(read(tmp_path / "single"))) == 3

    def test_another_directory_is_told_apart(self, tmp_path):
        (tmp_path / "a.jsonl").write_text("")
        with pytest.raises(ConfigError, match=r"not a directory that .* it holds a\.jsonl"):
            read(tmp_path)

    def test_datasets_in_memory_streamed_and_formatted(self, datasets):
        one = datasets.Dataset.from_list(ROWS[:5])
        assert list(tables.dataset_rows(one)) == ROWS[:5]
        assert list(tables.dataset_rows(one.with_format("numpy"))) == ROWS[:5]
        assert list(tables.dataset_rows(one.to_iterable_dataset())) == ROWS[:5]
        assert list(tables.dataset_rows(one.select([3, 1]))) == [ROWS[3], ROWS[1]]
        with pytest.raises(ConfigError, match="several splits: train, test"):
            list(tables.dataset_rows(datasets.DatasetDict(train=one, test=one)))


class TestHub:
    """The hub is not asked here: `load_dataset` is replaced."""

    @pytest.fixture
    def calls(self, monkeypatch):
        datasets = pytest.importorskip("datasets")
        found = []

        def load_dataset(*args, **options):
            found.append((args, options))
            if args[0] == "no/such":
                raise datasets.exceptions.DatasetNotFoundError("Dataset 'no/such' doesn't exist")
            splits = {"train": ROWS[:2], "test": ROWS[2:3]}
            if args[0] == "one/split":
                del splits["test"]
            return splits if options["split"] is None else iter(splits[options["split"]])

        monkeypatch.setattr(datasets, "load_dataset", load_dataset)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        return found

    def test_names_with_config_and_split(self, calls):
        rows = list(read("hf:org/name/main:test"))
        assert calls == [(("org/name", "main"), {"split": "test", "streaming": True})]
        assert [row.raw for row in rows] == ROWS[2:3]
        assert rows[0].where == "hf:org/name/main:test:1"

    def test_offline_uses_the_cache(self, calls, monkeypatch):
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        list(read("hf:org/name:train"))
        assert calls[0][1]["streaming"] is False

    def test_a_single_split_needs_no_name_and_several_are_listed(self, calls):
        assert len(list(read("hf:one/split"))) == 2
        with pytest.raises(ConfigError, match="choose one of hf:org/name:train, hf:org/name:test"):
            list(read("hf:org/name"))

    def test_a_dataset_that_does_not_exist(self, calls):
        with pytest.raises(ConfigError, match="hf:no/such: cannot be loaded: Dataset 'no/such'"):
            list(read("hf:no/such"))

    def test_a_name_that_is_none(self):
        with pytest.raises(ConfigError, match="is named hf:ORG/NAME"):
            read("hf:gsm8k")

    def test_a_broken_connection_is_no_end_of_the_data(self, monkeypatch):
        datasets = pytest.importorskip("datasets")

        def rows():
            yield ROWS[0]
            raise ConnectionError("reset by peer")

        monkeypatch.setattr(datasets, "load_dataset", lambda *args, **options: rows())
        found = read("hf:org/name:train")
        assert next(found).raw == ROWS[0]
        with pytest.raises(PlauditError, match="reading stopped: reset by peer"):
            next(found)


def test_a_missing_package_names_the_pip_line(monkeypatch, path):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtra, match=r"need 'datasets'.*pip install 'plaudit\[data\]'"):
        read("hf:org/name")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"Parquet files need 'pyarrow'"):
        list(read(path))
