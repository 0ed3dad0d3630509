"""Each bad input of the list: a clear error in its place, and no other row lost.

From file to file, as `plaudit score` does it.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pytest

from plaudit import load
from plaudit.data.api import scored
from plaudit.data.read import read
from plaudit.data.write import Writer, run_meta
from plaudit.errors import ConfigError, DataError

GOOD = b'{"id": "good", "prompt": "q", "response": "four", "reference": "four"}\n'


def same(response: str, reference: str) -> float:
    return float(response == reference)


def run(source, out, reward, **options):
    meta = run_meta(reward, [source])
    with Writer(out, meta=meta, **options) as writer:
        for row, result in scored(reward, writer.pending(read(source))):
            writer.write(row, result)
    return [json.loads(line) for line in out.read_bytes().splitlines()]


@pytest.fixture
def between(tmp_path):
    """Scores a bad line between two good ones, and gives the row that came of it."""

    def score(line: bytes, reward=None) -> dict:
        (tmp_path / "in.jsonl").write_bytes(GOOD + line + b"\n" + GOOD)
        reward = reward or load("rules.baseline.length")
        rows = run(tmp_path / "in.jsonl", tmp_path / "out.jsonl", reward)
        assert len(rows) == 3
        for row in (rows[0], rows[2]):
            assert row["reward"] == 4.0 or row["reward"] == 1.0
            assert "reward_error" not in row
        if "reward_error" in rows[1]:
            assert rows[1]["reward"] is None
            place, _, rest = rows[1]["reward_error"].partition("in.jsonl:2: ")
            assert place == f"{tmp_path}/"
            return {**rows[1], "told": rest}
        return rows[1]

    return score


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            b'{"prompt": "q", "resp": "x"}',
            "field 'response': missing column; the row has prompt, resp",
        ),
        (b'{"promt": "q", "response": "x"}', "field 'prompt': missing column; the row has promt"),
        (b'{"prompt": "q", "response": "x",', "broken JSON at column 33: "),
        (b'{"prompt": "q" "response": "x"}', "broken JSON at column 16: expecting ',' delimiter"),
        (b'{"response": "a\xffb"}', "invalid UTF-8: byte 0xff at byte 16 of the line, after '"),
        (b"[1, 2]", "expected a JSON object, found [1, 2]"),
        (b"\x00\x00\x00\x00", "broken JSON at column 1: expecting value, found "),
        (b'{"response": null}', "field 'response': expected text, found null"),
        (b'{"response": 42}', "field 'response': expected text, found 42 (int)"),
        (b'{"response": true}', "field 'response': expected text, found True (bool)"),
        (b'{"response": {"a": 1}}', "field 'response': expected text, or an object with text"),
        (b'{"responses": []}', "field 'responses': expected at least one response, found []"),
        (b'{"responses": ["a", null]}', "field 'responses[1]': expected text, found null"),
        (b'{"responses": ["a"], "token_ids": [[1], [2]]}', "field 'token_ids': expected one item"),
        (b'{"prompt": 3, "response": "x"}', "field 'prompt': expected text or a list of messages"),
        (b'{"messages": [{"role": "user"}]}', "field 'messages[0].content': expected a message"),
        (b'{"messages": "hi"}', "field 'messages': expected a list of messages, found 'hi'"),
        (b'{"response": "a", "output": "b"}', "field 'response': several columns may contain the"),
        (b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}", "broken JSON: nested more than 200 deep"),
    ],
    ids=lambda value: repr(value[:30]) if isinstance(value, bytes) else "",
)
def test_a_bad_row_is_reported_with_its_place(between, line, told):
    assert between(line)["told"].startswith(told)


def test_what_was_found_is_cut_to_80_characters(between):
    told = between(b'{"response": [' + b"1," * 10000 + b"1]}")["told"]
    assert len(told) < 160


def test_a_missing_column_of_the_rule_names_file_line_and_field(between):
    from plaudit import lift

    told = between(b'{"prompt": "q", "response": "x", "refrence": "y"}', lift(same))["told"]
    assert told.startswith("field 'reference': missing column (or ")
    assert "the row has refrence; did you mean 'refrence'?" in told


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b'{"response": ""}', 0.0),
        (b'{"response": "a\\u0000b"}', 3.0),
        (b'{"response": "a\x00b"}', 3.0),
        (b'{"response": "\\ud800"}', 1.0),
        (b'{"response": "x", "score": NaN}', 1.0),
        (b'{"response": "x", "n": 123456789012345678901234567890}', 1.0),
        ('{"response": "混合 mixed עברית"}'.encode(), 14.0),
    ],
    ids=["empty", "NUL escape", "NUL byte", "lone surrogate", "NaN", "big integer", "scripts"],
)
def test_unusual_rows_are_scored_and_come_back(between, line, value):
    row = between(line)
    assert row["reward"] == value
    expected = json.loads(line.replace(b"NaN", b"null"), strict=False)
    assert row["response"] == expected["response"]
    assert row.get("n") == expected.get("n")


def test_a_100_mb_line_is_scored(tmp_path):
    source, size = tmp_path / "in.jsonl", 100_000_000
    with source.open("wb") as file:
        file.write(GOOD + b'{"response": "' + b"x" * size + b'"}\n' + GOOD)
    values = [
        result.scores[0].value for _, result in scored(load("rules.baseline.length"), read(source))
    ]
    assert values == [4.0, float(size), 4.0]


def test_a_truncated_download_gives_its_rows_and_one_error(tmp_path):
    data = gzip.compress(b"".join(GOOD.replace(b"good", b"%d" % i) for i in range(20_000)))
    (tmp_path / "in.jsonl.gz").write_bytes(data[: len(data) // 2])
    rows = run(tmp_path / "in.jsonl.gz", tmp_path / "out.jsonl", load("rules.baseline.length"))
    assert [row["id"] for row in rows[:-1]] == [str(i) for i in range(len(rows) - 1)]
    assert len(rows) > 5_000
    assert "truncated or damaged here" in rows[-1]["reward_error"]


def test_strict_stops_at_the_bad_row_and_gives_those_before(tmp_path):
    (tmp_path / "in.jsonl").write_bytes(GOOD + b"{\n" + GOOD)
    rows = scored(load("rules.baseline.length"), read(tmp_path / "in.jsonl"), strict=True)
    assert next(rows)[1].scores[0].value == 4.0
    with pytest.raises(DataError, match=r"in\.jsonl:2: broken JSON at column 2"):
        next(rows)


def test_an_output_that_exists_is_refused(tmp_path):
    (tmp_path / "in.jsonl").write_bytes(GOOD)
    reward, out = load("rules.baseline.length"), tmp_path / "out.jsonl"
    out.write_text("years of work")
    with pytest.raises(ConfigError, match="exists"):
        run(tmp_path / "in.jsonl", out, reward)
    assert out.read_text() == "years of work"
    assert len(run(tmp_path / "in.jsonl", out, reward, overwrite=True)) == 1


FULL = """
import resource, sys
from plaudit import load
from plaudit.data.api import scored
from plaudit.data.read import read
from plaudit.data.write import Writer
from plaudit.errors import PlauditError

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    with Writer(sys.argv[2], resume=True) as writer:
        for row, result in scored(load("rules.baseline.length"), writer.pending(read(sys.argv[1]))):
            writer.write(row, result)
except PlauditError as error:
    sys.exit(str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs setrlimit")
def test_a_disk_that_fills_up_loses_nothing(tmp_path):
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b"".join(GOOD.replace(b"good", b"%d" % i) for i in range(2000)))
    command = [sys.executable, "-c", FULL, str(source), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1
    assert "out.jsonl.partial.jsonl: cannot be written: File too large" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    kept = (tmp_path / "out.jsonl.partial.jsonl").read_bytes()
    assert kept.endswith(b"}\n")
    assert len(kept) > 99_000
    with Writer(out, resume=True) as writer:
        rows = scored(load("rules.baseline.length"), writer.pending(read(source)))
        for row, result in rows:
            writer.write(row, result)
    assert [json.loads(line)["id"] for line in out.read_bytes().splitlines()] == [
        str(i) for i in range(2000)
    ]
