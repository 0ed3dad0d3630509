"""JSON text that orjson refuses, in and out."""

from __future__ import annotations

import datetime
import decimal
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.data.jsontext import dumps, loads, loads_object
from plaudit.errors import DataError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_what_is_written_is_what_the_standard_library_reads(row):
    line = dumps(row)
    assert b"\n" not in line
    assert json.loads(line) == row


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**200), 2**200), max_size=5))
def test_top_level_integers_of_any_size_survive(row):
    assert loads_object(dumps(row)) == row


def test_lone_surrogates_both_ways():
    assert loads(b'"\\ud800 \\udc00"') == "\ud800 \udc00"
    assert dumps({"a": "\ud800"}) == b'{"a":"\\ud800"}'


def test_numbers_that_json_does_not_know():
    assert math.isnan(loads(b'{"a": NaN}')["a"])
    assert loads(b'{"a": -Infinity}')["a"] == -math.inf
    assert dumps({"a": math.nan, "b": [math.inf]}) == b'{"a":null,"b":[null]}'
    assert dumps({"a": math.nan, "b": "\ud800"}) == b'{"a":null,"b":"\\ud800"}'


def test_an_integer_beyond_64_bits_is_not_rounded():
    assert loads(b'{"reference": 123456789012345678901234567890}') == {
        "reference": 123456789012345678901234567890
    }
    assert loads(b'{"a": 1e300}') == {"a": 1e300}


def test_raw_control_characters_are_taken():
    assert loads(b'{"a": "x\x00y\tz"}') == {"a": "x\x00y\tz"}


def test_broken_json_names_column_and_what_stands_there():
    with pytest.raises(DataError, match=r"^broken JSON at column 10: expecting value, found '}'$"):
        loads(b'{"abcd": }\r\n')
    with pytest.raises(DataError, match="found the end of the line"):
        loads(b'{"a": ')
    with pytest.raises(DataError, match="at line 2 column 6: expecting value, found 'x'"):
        loads(b'{\n"a": x', what="file")


def test_invalid_utf8_names_the_byte():
    with pytest.raises(DataError, match=r"invalid UTF-8: byte 0xff at byte 8 of the line, after '"):
        loads(b'{"a": "' + b"\xff" + b'"}')


def test_surrogates_encoded_as_utf8_are_invalid():
    with pytest.raises(DataError, match="byte 0xed"):
        loads(b'{"a": "\xed\xa0\x80"}')


@pytest.mark.parametrize("line", [b"3", b'"x"', b"[1]", b"null"])
def test_a_line_that_is_no_object(line):
    with pytest.raises(DataError, match="expected a JSON object, found"):
        loads_object(line)


@pytest.mark.parametrize("depth", [201, 900, 5000, 200_000])
def test_deep_nesting_is_an_error_and_no_crash(depth):
    line = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
    with pytest.raises(DataError, match="nested more than 200 deep"):
        loads_object(line)


def test_what_is_read_can_be_written_at_the_deepest():
    line = b'{"a":' + b"[" * 199 + b"]" * 199 + b"}"
    assert dumps(loads_object(line)) == line


def test_braces_in_text_are_not_depth():
    line = dumps({"a": "{" * 1000, "b": [1]})
    assert loads_object(line)["a"] == "{" * 1000


def test_digits_beyond_the_limit_of_integers():
    with pytest.raises(DataError, match="broken JSON: Exceeds the limit"):
        loads(b'{"a": NaN, "b": ' + b"9" * 5000 + b"}")


def test_values_that_json_does_not_know():
    row = {
        "bytes": b"xy",
        "decimal": decimal.Decimal("1.50"),
        "day": datetime.date(2024, 1, 2),
        "span": datetime.timedelta(seconds=1),
        "set": {2, 1},
    }
    expected = {"bytes": "eHk=", "decimal": "1.50", "day": "2024-01-02", "span": "0:00:01"}
    assert json.loads(dumps(row)) == {**expected, "set": [1, 2]}
    assert json.loads(dumps({**row, "x": "\ud800"}))["set"] == [1, 2]


def test_numpy_values():
    import numpy as np

    row = {"a": np.arange(3), "b": np.float32(0.5), "c": np.int64(7)}
    assert json.loads(dumps(row)) == {"a": [0, 1, 2], "b": 0.5, "c": 7}
    assert json.loads(dumps({**row, "x": "\ud800"})) == {
        "a": [0, 1, 2],
        "b": 0.5,
        "c": 7,
        "x": "\ud800",
    }
