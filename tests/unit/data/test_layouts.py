"""Every public layout of the table: prompt, responses and reference as its publisher means them."""

from __future__ import annotations

import gzip
import json
import math
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from published import CASES, FOUR, IDS

from plaudit.data._layout_values import sign_of, webgpt_preference
from plaudit.data.layouts import TABLE, recognised_row
from plaudit.data.read import read
from plaudit.data.rows import Layout
from plaudit.errors import DataError
from plaudit.rule import column_of
from plaudit.types import Group


def group_of(row, columns=None) -> Group:
    found = Layout(columns).row(row).group
    assert isinstance(found, Group), found
    return found


def completed(case):
    """The case's row; where the set has prompts only, with a response that was sampled."""
    return case.row if case.responses else {**case.row, "response": FOUR}


def test_every_layout_has_a_row_here_and_says_where_its_columns_were_read():
    assert {case.layout for case in CASES} == {known.name for known in TABLE}
    assert len(TABLE) >= 40
    for known in TABLE:
        assert "/" in known.source
        assert known.has


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_layout_is_recognised_by_its_columns(case):
    found = recognised_row(case.row)
    assert found is not None
    assert found.name == case.layout


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_prompt_responses_and_reference_are_what_the_publisher_means(case):
    group = group_of(completed(case))
    assert group.prompt[-1]["content"] == case.prompt
    assert tuple(turn["role"] for turn in group.prompt) == case.turns
    assert tuple(r.text for r in group.responses) == (case.responses or (FOUR,))
    if case.labels:
        assert tuple(r.columns["label"] for r in group.responses) == case.labels
    if case.reference is not None:
        assert column_of(group, None, "reference") == case.reference
    assert group.columns.get("references") == case.references
    if case.references is not None:
        assert {"reference", "answer"}.isdisjoint(group.columns)
    if case.finish is not None:
        assert {r.finish_reason for r in group.responses} == {case.finish}


@pytest.mark.parametrize("case", [c for c in CASES if not c.responses], ids=lambda c: c.layout)
def test_prompts_without_responses_are_an_error_that_says_so(case):
    found = Layout().row(case.row).group
    assert isinstance(found, DataError)
    if {"messages", "conversation"} & set(case.row):
        assert "expected a turn of the assistant at the end, found none" in str(found)
    else:
        assert f"columns of {case.layout}: prompts without responses" in str(found)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_columns_that_a_row_is_read_from_read_it_the_same_way(case):
    """What `init` writes into a recipe gives the same responses, prompt and reference."""
    row = completed(case)
    reading = dict(Layout().reading(row))
    plain, mapped = group_of(row), group_of(row, reading)
    assert mapped.prompt == plain.prompt
    assert mapped.responses == plain.responses
    if case.reference is not None:
        assert mapped.columns["reference"] == case.reference


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_no_column_is_lost(case):
    """What is neither prompt nor response is still there, under its own name."""
    row = completed(case)
    group = group_of(row)
    used = {source.partition(".")[0] for source in Layout().reading(row).values()}
    kept = {**group.columns, **group.responses[0].columns, "id": group.id}
    for name, value in row.items():
        if value is None or name in used or name in _UNDER_ANOTHER_NAME:
            continue
        assert name in kept, name


_UNDER_ANOTHER_NAME = {
    "input", "finish_reasons", "models", "correctness_math_verify", "messages",
    "r1_solution_1", "r1_solution_2", "r1_solution_3",
}  # fmt: skip


WEIRD = [
    None, 3, True, 1.5, "", "x", "[", "{", '["a"]', '{"a": 1}', "\n\nHuman:", b"x",
    "\n\nHuman: a\n\nAssistant: b\n\nHuman:", [], {}, [[]], [{}], [None], ["x"], [["x"]],
    [["a", "b"]], {"role": 3}, [{"role": "user", "content": "x"}], {"x": None}, [1, 2],
    [{"from": "gpt", "value": None}], [True, False],
]  # fmt: skip
ADDED = ["history", "system", "labels", "finish_reasons", "label", "winner", "steps", "model_a"]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_value_of_any_other_sort_gives_a_group_or_an_error_that_says_so(case):
    row = completed(case)
    for i, name in enumerate([*row, *ADDED]):
        for value in WEIRD[i % 3 :: 3]:
            found = Layout().row({**row, name: value}).group
            assert isinstance(found, Group | DataError)
            if isinstance(found, Group):
                assert all(isinstance(response.text, str) for response in found.responses)
                assert found.responses


# --- the forms that files have --------------------------------------------------------------------


def _forms(rows, folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    texts = {
        "a.jsonl": lines,
        "a.json": json.dumps(rows, indent=1),
        "wrapped.json": json.dumps({"data": rows}),
        "pretty": json.dumps({"version": 1, "data": rows}, indent=2),
        "lines": lines,
        "array": json.dumps(rows),
        "wrapped.jsonl": json.dumps({"data": rows}),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
    pq.write_table(pa.Table.from_pylist(rows), folder / "a.parquet")
    return [folder / n for name in texts for n in (name, f"{name}.gz")] + [folder / "a.parquet"]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_every_form_of_a_file_gives_the_same_group(case, tmp_path):
    pytest.importorskip("pyarrow")
    row = json.loads(json.dumps(completed(case)))
    expected = group_of(row)
    for path in _forms([row, row], tmp_path):
        found = [r.group for r in read(path)]
        assert len(found) == 2, path
        for group in found:
            assert isinstance(group, Group), (path, group)
            assert group == _as_read(expected, path), path


def _as_read(group: Group, path) -> Group:
    """Parquet cannot tell a null in a struct from one that pads it, and has no empty struct."""
    if path.suffix != ".parquet":
        return group
    columns = {k: _without_nulls(v) for k, v in group.columns.items() if v != {}}
    return Group(group.prompt, group.responses, columns, group.id)


def _without_nulls(value):
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(v) for v in value] if isinstance(value, list) else value


def test_struct_padding_vanishes_at_every_depth(tmp_path):
    pytest.importorskip("pyarrow")
    rows = [
        {"prompt": "q", "response": "r", "calls": [{"args": {"city": "Paris"}}], "m": {"a": 1}},
        {"prompt": "q", "response": "r", "calls": [{"args": {"n": 2}}], "m": {"b": {"c": 1}}},
    ]
    for path in _forms(rows, tmp_path):
        assert [dict(r.raw) for r in read(path)] == rows, path


def test_numbers_are_those_that_were_meant(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import decimal

    import pyarrow.parquet as pq

    nested = pa.list_(pa.struct({"f": pa.float32()}))
    floats = [0.1, 0.3, 16777216.0, 3.4028234663852886e38, 1e-45, -0.0, float("inf"), 1 / 3]
    table = pa.table(
        {
            "response": ["x"] * len(floats),
            "short": pa.array(floats, pa.float32()),
            "nested": pa.array([[{"f": f}] for f in floats], nested),
            "exact": pa.array([decimal.Decimal("42.00")] * len(floats), pa.decimal128(38, 2)),
            "big": pa.array([2**64 - 1] * len(floats), pa.uint64()),
            "flag": [True] * len(floats),
        }
    )  # fmt: skip
    pq.write_table(table, tmp_path / "a.parquet")
    rows = [r.raw for r in read(tmp_path / "a.parquet")]
    assert [row["short"] for row in rows[:3]] == [0.1, 0.3, 16777216.0]
    for row, value in zip(rows, floats, strict=True):
        import numpy as np

        assert np.float32(row["short"]) == np.float32(value)
        assert len(repr(row["short"])) <= len(repr(float(np.float32(value))))
        assert row["nested"] == [{"f": row["short"]}]
        assert row["exact"] == decimal.Decimal("42.00")
        assert row["big"] == 2**64 - 1
        assert row["flag"] is True


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
INFO = st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(-(2**63), 2**63 - 1),
        "文": TEXT,
        "inner": st.fixed_dictionaries({}, optional={"x": st.floats(allow_nan=False), "b": TEXT}),
        "items": st.lists(st.fixed_dictionaries({}, optional={"i": st.booleans(), "t": TEXT})),
    },
)
WHOLE = {"n": 1, "文": "a", "inner": {"x": 0.5, "b": "c"}, "items": [{"i": True, "t": "d"}]}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.fixed_dictionaries({"prompt": TEXT, "response": TEXT, "info": INFO})))
def test_rows_are_the_same_in_every_form_of_a_file(tmp_path, rows):
    pytest.importorskip("pyarrow")
    rows = [{"prompt": "p", "response": "r", "info": WHOLE}, *rows]
    expected = [group_of(row) for row in json.loads(json.dumps(rows))]
    for path in _forms(rows, tmp_path):
        assert [row.group for row in read(path)] == expected, path


@pytest.mark.parametrize("missing", [math.nan, float("inf") - float("inf")])
@pytest.mark.parametrize(
    ("value", "raw"),
    [
        (lambda nan: sign_of(nan, {}), "a preference"),
        (lambda nan: webgpt_preference(nan, {"score_0": nan, "score_1": 1.0}), "the first score"),
        (lambda nan: webgpt_preference(1.0, {"score_0": 1.0, "score_1": nan}), "the second score"),
        (lambda nan: webgpt_preference(nan, {"score_0": nan, "score_1": nan}), "both scores"),
    ],
)
def test_a_score_that_is_no_number_prefers_nothing(missing, value, raw):
    assert value(missing) is None, raw


@pytest.mark.parametrize(
    ("first", "second", "label"), [(1.0, -1.0, "a"), (0, 0.5, "b"), (0.25, 0.25, "tie")]
)
def test_the_higher_score_is_preferred(first, second, label):
    assert webgpt_preference(first, {"score_0": first, "score_1": second}) == label
    assert sign_of(second - first, {}) == label
