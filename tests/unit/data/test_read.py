"""Sources of every format, and the errors of those that are damaged."""

from __future__ import annotations

import gzip
import io
import json
import sys

import pytest

from plaudit.data import read as reading
from plaudit.data.read import read
from plaudit.errors import ConfigError, DataError

ROWS = [{"prompt": f"q{i}", "response": f"r{i} 因为"} for i in range(5)]


def lines(rows=ROWS) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def texts(source, **options):
    return [row.group.responses[0].text for row in read(source, **options)]


def told(source, **options):
    """What each row holds: a response's text, or its error without the directory."""
    out = []
    for row in read(source, **options):
        if isinstance(row.group, DataError):
            assert row.group.where == row.where == f"{row.source}:{row.number}"
            out.append((row.number, f"{row.group.field}: {row.group.args[0]}".removeprefix(": ")))
        else:
            out.append((row.number, row.group.responses[0].text))
    return out


@pytest.fixture
def put(tmp_path):
    def write(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return write


class TestFormats:
    EXPECTED = [f"r{i} 因为" for i in range(5)]

    def test_jsonl_with_and_without_a_last_newline(self, put):
        assert texts(put("a.jsonl", lines())) == self.EXPECTED
        assert texts(put("b.jsonl", lines().rstrip())) == self.EXPECTED

    @pytest.mark.parametrize("name", ["a.jsonl.gz", "a.ndjson.gz", "plain.jsonl", "nosuffix"])
    def test_gzip_whatever_the_name(self, put, name):
        assert texts(put(name, gzip.compress(lines()))) == self.EXPECTED

    def test_zstd(self, put):
        pyarrow = pytest.importorskip("pyarrow")
        packed = pyarrow.compress(lines(), codec="zstd", asbytes=True)
        assert texts(put("a.jsonl.zst", packed)) == self.EXPECTED
        assert texts(put("a", packed)) == self.EXPECTED

    def test_a_json_array_and_an_object_of_columns(self, put):
        assert texts(put("a.json", json.dumps(ROWS, indent=2).encode())) == self.EXPECTED
        columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
        assert texts(put("b.json", json.dumps(columns).encode())) == self.EXPECTED

    def test_a_single_row_as_json(self, put):
        assert texts(put("a.json", json.dumps(ROWS[0], indent=1).encode())) == ["r0 因为"]
        assert texts(put("b.json", json.dumps(ROWS[0]).encode() + b"\n\n")) == ["r0 因为"]

    def test_json_lines_that_are_called_json(self, put):
        assert texts(put("a.json", b"\n" + lines())) == self.EXPECTED
        broken = lines(ROWS[:1]) + b"{broken}\n" + lines(ROWS[1:2])
        assert [kind for kind, _ in told(put("b.json", broken))] == [1, 2, 3]

    def test_content_decides_where_the_suffix_says_nothing(self, put):
        assert texts(put("a.txt", lines())) == self.EXPECTED
        assert texts(put("b", json.dumps(ROWS).encode())) == self.EXPECTED
        assert texts(put("c.txt", b"prompt,response\nq,r\n"), format="csv") == ["r"]
        with pytest.raises(
            ConfigError, match=r"unknown format, found b'hello'; name it with format="
        ):
            read(put("d.txt", b"hello"))

    def test_an_empty_file_has_no_rows(self, put):
        for name in ("a.jsonl", "a.json", "a.csv", "a"):
            assert list(read(put(name, b""))) == []

    def test_a_byte_order_mark_blank_lines_and_crlf(self, put):
        data = b"\xef\xbb\xbf" + lines(ROWS[:2]).replace(b"\n", b"\r\n\r\n") + b"  \n"
        assert told(put("a.jsonl", data)) == [(1, "r0 因为"), (3, "r1 因为")]
        assert texts(put("a.jsonl.gz", gzip.compress(data))) == ["r0 因为", "r1 因为"]
        assert texts(put("a.csv", b"\xef\xbb\xbfprompt,response\r\nq,r\r\n")) == ["r"]

    def test_line_separators_inside_text_do_not_split_lines(self, put):
        row = {"prompt": "q", "response": "a\u2028b\x85c\x0bd\re"}
        data = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        assert texts(put("a.jsonl", data)) == [row["response"]]

    def test_several_sources_in_sequence_and_a_limit(self, put):
        a, b = put("a.jsonl", lines(ROWS[:3])), put("b.csv", b"prompt,response\nq,r\n")
        rows = list(read([a, b]))
        assert [(row.source, row.number) for row in rows] == [(a, 1), (a, 2), (a, 3), (b, 2)]
        assert len(list(read([a, b], limit=2))) == 2

    def test_columns_are_mapped(self, put):
        path = put("a.jsonl", b'{"q": "2+2?", "out": "4", "gold": "4"}\n')
        (row,) = read(path, columns={"prompt": "q", "response": "out", "reference": "gold"})
        assert row.group.columns == {"reference": "4"}
        assert row.raw == {"q": "2+2?", "out": "4", "gold": "4"}


class TestStdin:
    def feed(self, monkeypatch, data: bytes):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    @pytest.mark.parametrize(
        "data",
        [lines(), gzip.compress(lines()), json.dumps(ROWS).encode()],
        ids=["json lines", "gzip", "json"],
    )
    def test_json_lines_gzip_and_json(self, monkeypatch, data):
        self.feed(monkeypatch, data)
        rows = list(read("-"))
        assert len(rows) == 5
        assert rows[1].where == "<stdin>:2"

    def test_csv_with_its_format(self, monkeypatch):
        self.feed(monkeypatch, b"prompt,response\nq,r\n")
        assert texts("-", format="csv") == ["r"]

    def test_parquet_needs_a_file(self, monkeypatch):
        self.feed(monkeypatch, b"PAR1....")
        with pytest.raises(ConfigError, match="name a file"):
            list(read("-"))


class TestMissing:
    def test_a_misspelt_file_is_answered_with_close_matches(self, put, tmp_path):
        put("train.jsonl", b"")
        with pytest.raises(ConfigError, match=r"no such file: .*trian\.jsonl.* 'train\.jsonl'"):
            read(str(tmp_path / "trian.jsonl"))

    def test_a_missing_directory_and_a_file_without_likeness(self, put, tmp_path):
        put("train.jsonl", b"")
        with pytest.raises(ConfigError, match="does not exist"):
            read(str(tmp_path / "nowhere" / "a.jsonl"))
        with pytest.raises(ConfigError, match="holds 1 files"):
            read(str(tmp_path / "zzz.csv"))

    def test_missing_sources_are_found_before_the_first_row(self, put, tmp_path):
        with pytest.raises(ConfigError, match="no such file"):
            read([put("a.jsonl", lines()), str(tmp_path / "b.jsonl")])

    def test_an_unknown_format(self, put):
        with pytest.raises(ConfigError, match="unknown format 'jsnol'; did you mean 'jsonl'"):
            read(put("a.jsonl", b""), format="jsnol")

    def test_utf16(self, put):
        for coding in ("utf-16-le", "utf-16-be"):
            data = "\ufeff".encode(coding) + "prompt,response".encode(coding)
            with pytest.raises(ConfigError, match="UTF-16; convert it to UTF-8"):
                list(read(put("a.csv", data)))


class TestDamage:
    def test_a_broken_line_costs_one_row(self, put):
        data = lines(ROWS[:1]) + b'{"prompt": "q", "response": \n' + lines(ROWS[1:2])
        assert told(put("a.jsonl", data)) == [
            (1, "r0 因为"),
            (2, "broken JSON at column 29: expecting value, found the end of the line"),
            (3, "r1 因为"),
        ]

    def test_a_truncated_gzip_gives_its_whole_lines_and_one_error(self, put):
        import random

        rng = random.Random(0)
        rows = [{"prompt": "q", "response": f"{rng.random()}"} for _ in range(3000)]
        data = gzip.compress(lines(rows))
        path = put("a.jsonl.gz", data[: len(data) // 2])
        found = told(path)
        number, error = found[-1]
        assert number == len(found) > 1000
        assert "truncated or damaged here" in error
        assert [text for _, text in found[:-1]] == [r["response"] for r in rows[: len(found) - 1]]

    def test_a_gzip_with_a_wrong_checksum_and_one_that_is_noise(self, put):
        data = bytearray(gzip.compress(lines()))
        data[-6] ^= 1
        assert "CRC" in told(put("a.jsonl.gz", bytes(data)))[-1][1]
        assert (
            "truncated or damaged" in told(put("b.jsonl.gz", b"\x1f\x8b\x08\x00" + b"?" * 50))[0][1]
        )

    def test_a_truncated_zstd(self, put):
        pyarrow = pytest.importorskip("pyarrow")
        packed = pyarrow.compress(lines(), codec="zstd", asbytes=True)
        assert "truncated or damaged" in told(put("a.zst", packed[:-3]), format="jsonl")[-1][1]

    def test_a_line_that_is_too_long_is_skipped(self, put, monkeypatch):
        monkeypatch.setattr(reading, "MAX_LINE_BYTES", 1 << 20)
        data = lines(ROWS[:1]) + b'{"response": "' + b"x" * (3 << 20) + b'"}\n' + lines(ROWS[1:2])
        assert told(put("a.jsonl", data)) == [
            (1, "r0 因为"),
            (2, "the line is longer than 1 MiB"),
            (3, "r1 因为"),
        ]
        assert len(list(read(put("b.jsonl", data.rstrip() + b"y" * (1 << 20))))) == 3

    def test_a_json_document_that_is_broken_or_of_the_wrong_kind(self, put):
        assert told(put("a.json", b'[{"response": "r"},\n{"a": x}]')) == [
            (1, "broken JSON at line 2 column 7: expecting value, found 'x}]'")
        ]
        assert told(put("b.json", b"3")) == [
            (1, "expected an array of rows or an object of columns, found 3")
        ]
        assert told(put("c.json", b'[{"response": "r"}, 3]')) == [
            (1, "r"),
            (2, "expected a JSON object, found 3"),
        ]

    def test_columns_of_different_lengths(self, put):
        found = told(put("a.json", b'{"prompt": ["a", "b"], "response": ["c"]}'))
        assert found == [(1, "the columns have different lengths: prompt 2, response 1")]


class TestCsv:
    def test_quoted_newlines_keep_the_line_numbers(self, put):
        data = b'prompt,response\nq0,"a\nb"\n\nq1,c\nq2\nq3,d\n'
        assert told(put("a.csv", data)) == [
            (2, "a\nb"),
            (5, "c"),
            (6, "expected 2 cells, found 1: ['q2']"),
            (7, "d"),
        ]

    def test_tsv(self, put):
        assert texts(put("a.tsv", b"prompt\tresponse\nq\ta,b\n")) == ["a,b"]

    def test_a_long_cell(self, put):
        assert texts(put("a.csv", b"response\n" + b"x" * 300_000 + b"\n")) == ["x" * 300_000]

    def test_invalid_utf8_names_field_and_byte(self, put):
        found = told(put("a.csv", b"prompt,response\nq,ab\xffc\nq,d\n"))
        assert found == [
            (2, "response: invalid UTF-8: byte 0xff after 'ab'; convert the file to UTF-8"),
            (3, "d"),
        ]

    def test_broken_quotes_cost_their_row(self, put):
        found = told(put("a.csv", b'prompt,response\nq,"a"b\nq,c\n'))
        assert found == [(2, "broken CSV: ',' expected after '\"'"), (3, "c")]
        found = told(put("b.csv", b'prompt,response\nq,"a\n'))
        assert found == [(2, "broken CSV: unexpected end of data")]

    def test_a_header_that_names_a_column_twice(self, put):
        with pytest.raises(ConfigError, match="names 'response' more than once"):
            list(read(put("a.csv", b"response,response\na,b\n")))

    def test_nul_bytes_are_text(self, put):
        (found,) = told(put("a.csv", b"response\na\x00b\n"))
        assert found[1] in ("a\x00b", "broken CSV: line contains NUL")  # Python 3.10 refuses them


def test_the_shared_files_read_as_they_are(shared_data):
    expected = {
        "math_gsm8k_modern_solutions.jsonl.gz": (2636, 1),
        "math_gsm8k_solutions.jsonl.gz": (2636, 1),
        "math_level5_solutions.jsonl.gz": (1525, 1),
        "math_best_of_8.jsonl": (86, 8),
        "zh_pairs.jsonl.gz": (1200, 2),
        "en_pairs_dpo_mix.jsonl.gz": (293, 2),
        "eval_pairs.jsonl.gz": (4684, 2),
        "zh_exam_mcq.jsonl": (406, 1),
        "ifeval_responses.jsonl.gz": (968, 1),
        "zh_pointwise.jsonl.gz": (2009, 1),
    }
    for name, (num_rows, num_responses) in expected.items():
        groups = [row.group for row in read(shared_data / name)]
        assert len(groups) == num_rows, name
        assert {len(group.responses) for group in groups} == {num_responses}, name
        assert all(group.id and group.prompt for group in groups), name


def test_the_best_of_8_file_keeps_each_verdict_with_its_response(shared_data):
    first = next(read(shared_data / "math_best_of_8.jsonl"))
    assert [r.columns["correct"] for r in first.group.responses] == first.raw["correct"]
    assert first.group.columns["reference_answer"] == "420"
    assert len(first.group.columns["rm_scores"]) == 8


def _read(path, text):
    path.write_text(text, encoding="utf-8")
    return [row.raw or str(row.group) for row in read(path)]


ROW = {"prompt": "a", "response": "b"}
CHAT = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}


@pytest.mark.parametrize("name", ["a.json", "a", "a.txt"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_document_that_wraps_its_rows(tmp_path, name, indent):
    for value in ({"data": [ROW, ROW]}, {"version": 1, "rows": [ROW, ROW], "n": 2}):
        assert _read(tmp_path / name, json.dumps(value, indent=indent)) == [ROW, ROW]


@pytest.mark.parametrize("name", ["a.json", "a"])
@pytest.mark.parametrize("indent", [None, 2])
def test_one_chat_is_one_row_and_no_table_of_messages(tmp_path, name, indent):
    assert _read(tmp_path / name, json.dumps(CHAT, indent=indent)) == [CHAT]


def test_an_object_of_columns_may_hold_chats(tmp_path):
    table = {"messages": [CHAT["messages"]] * 2, "level": [1, 2]}
    assert len(_read(tmp_path / "a.json", json.dumps(table))) == 2


def test_a_document_with_several_splits_is_refused(tmp_path):
    (told,) = _read(tmp_path / "a.json", json.dumps({"train": [ROW], "test": [ROW, ROW]}))
    assert "several lists of rows: train, test" in told


def test_a_row_with_a_list_of_objects_is_a_row(tmp_path):
    row = {"prompt": "a", "completions": [{"text": "b"}], "data": [{"x": 1}]}
    assert _read(tmp_path / "a.jsonl", json.dumps(row)) == [row]
    assert _read(tmp_path / "b.jsonl", json.dumps({"calls": [{"x": 1}]})) == [{"calls": [{"x": 1}]}]


def test_broken_lines_without_a_suffix_are_told_line_by_line(tmp_path):
    found = _read(tmp_path / "a", '{"prompt": "a",\n{"prompt": "a", "response": "b"}\n')
    assert "a:1: broken JSON at column" in found[0]
    assert found[1] == ROW


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_big_integers_stay_what_they_are_at_any_depth(tmp_path, name):
    row = {"response": "a", "info": {"n": [12345678901234567890123]}}
    assert _read(tmp_path / name, json.dumps([row, row] if name == "a.json" else row))[0] == row


def test_the_function_and_its_module_share_a_name(tmp_path):
    """`plaudit.data.read` is the function before its module is imported, and the module after."""
    import importlib
    import subprocess
    import sys

    path = tmp_path / "a.jsonl"
    path.write_text('{"response": "4"}')
    code = (
        "import sys; from plaudit import data; path = sys.argv[1]\n"
        "n = [len(list(data.read(path))) for _ in range(3)]\n"
        "import plaudit.data.read as module\n"
        "from plaudit.data.read import read\n"
        "assert module.FORMATS and n == [1, 1, 1] and len(list(read(path, limit=1))) == 1\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    module = importlib.import_module("plaudit.data.read")
    assert [r.group.responses[0].text for r in module(path)] == ["4"]


def test_a_line_that_logs_a_batch_column_by_column_is_its_rows(tmp_path):
    """ms-swift's completions.jsonl (swift/rlhf_trainers/grpo_trainer.py, `log`)."""
    path = tmp_path / "completions.jsonl"
    batches = [
        {
            "step": ["1", "1"],
            "prompt": ["2+2?", "3+3?"],
            "completion": ["4", "5"],
            "acc": [1.0, 0.0],
        },
        {"step": ["2"], "prompt": [[{"role": "user", "content": "1+1?"}]], "completion": ["2"]},
    ]
    path.write_text("".join(json.dumps(batch) + "\n" for batch in batches), encoding="utf-8")
    groups = [row.group for row in read(str(path))]
    assert [group.prompt[-1]["content"] for group in groups] == ["2+2?", "3+3?", "1+1?"]
    assert [group.responses[0].text for group in groups] == ["4", "5", "2"]
    assert [group.columns.get("acc") for group in groups] == [1.0, 0.0, None]
