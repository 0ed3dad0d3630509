"""Rows with rewards read back: what the writer wrote, CSV text, bad rows, rows joined by a key."""

import math

import pytest

from plaudit.data.judged import Judged, JudgedResponse, grouped, judged, key_of, prompts_of, spoken
from plaudit.data.rows import Layout
from plaudit.errors import DataError
from plaudit.types import Response


def read(raw, **options):
    return judged(Layout().row(raw, "rows.jsonl", 3), **options)


def test_what_score_writes():
    group = read(
        {
            "prompt": "2+2?",
            "responses": ["4", "5", "6"],
            "reference": "4",
            "reward": [1, 0.0, None],
            "reward_scores": [
                {"value": 1, "parts": {"format": 0.5, "lost": None}},
                {"value": 0, "fault": "response", "error": "hangs"},
                {"value": None, "fault": "system", "error": "down"},
            ],
        }
    )
    assert [m.value for m in group.members[:2]] == [1.0, 0.0]
    assert [m.is_scored for m in group.members] == [True, True, False]
    assert [m.fault for m in group.members] == [None, "response", "system"]
    assert group.members[0].parts["format"] == 0.5
    assert math.isnan(group.members[0].parts["lost"])
    assert group.columns == {"reference": "4"}
    assert [(m.row, m.place) for m in group.members] == [(3, 0), (3, 1), (3, 2)]
    assert group.where == "rows.jsonl:3"


@pytest.mark.parametrize(
    ("raw", "values"),
    [
        ({"response": "4", "reward": 1.5}, [1.5]),
        ({"response": "4", "reward": [1.5]}, [1.5]),
        ({"response": "4", "reward": True}, [1.0]),
        ({"response": "4", "reward": "0.5"}, [0.5]),
        ({"chosen": "4", "rejected": "5", "reward": "[1, 0]"}, [1.0, 0.0]),
    ],
)
def test_shapes_of_a_reward(raw, values):
    assert [m.value for m in read({"prompt": "q", **raw}).members] == values


@pytest.mark.parametrize("reward", [None, "", float("nan"), float("inf")])
def test_no_number_is_no_score(reward):
    assert not read({"prompt": "q", "response": "4", "reward": reward}).members[0].is_scored


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"response": "4", "rewrd": 1}, "field 'reward': missing column.*did you mean 'rewrd'"),
        ({"responses": ["4", "5"], "reward": 1}, "one item for each of the 2 responses, found 1"),
        ({"response": "4", "reward": "good"}, "expected a number, null, or a list of them"),
        ({"response": "4", "reward": {"a": 1}}, "expected a number or null"),
        ({"response": "4", "reward": None, "reward_error": "broken JSON"}, "broken JSON"),
        ({"responses": [], "reward": []}, "at least one response"),
    ],
)
def test_bad_rows_say_what_and_where(raw, told):
    with pytest.raises(DataError, match=told) as error:
        read({"prompt": "q", **raw})
    assert error.value.where == "rows.jsonl:3"


def test_another_column():
    raw = {"prompt": "q", "response": "4", "quality": 3, "reward": 1}
    group = read(raw, column="quality")
    assert group.members[0].value == 3.0
    assert group.columns == {"reward": 1}


def test_the_text_of_a_prompt_leaves_out_what_is_no_text():
    parts = [{"type": "text", "text": "What is"}, {"type": "image"}, {"text": "this?"}]
    assert spoken([{"role": "user", "content": parts}]).split("\n") == ["What is", "", "this?"]


# --- rows joined ----------------------------------------------------------------------------------


def row(prompt, text, value=1.0, number=1, **columns):
    member = JudgedResponse(Response(text), value, row=number)
    return Judged(({"role": "user", "content": prompt},), (member,), columns, "rows.jsonl")


def test_rows_of_a_prompt_become_a_group():
    rows = [
        row("a", "1", subset="s", model="m"),
        row("b", "2"),
        row("a", "3", subset="s", model="n"),
    ]
    groups = list(grouped(rows, key_of("prompt")))
    assert [[m.text for m in g.members] for g in groups] == [["1", "3"], ["2"]]
    assert groups[0].columns == {"subset": "s"}
    assert [m.response.columns for m in groups[0].members] == [{"model": "m"}, {"model": "n"}]


def test_a_group_comes_as_soon_as_its_last_row():
    """Only groups that are still open are held: consecutive rows stream."""
    rows = [row("a", "1"), row("a", "2"), row("b", "3"), row("b", "4")]
    key, taken = key_of("prompt"), []
    sizes = {key(one): 2 for one in rows}

    def counted():
        for one in rows:
            taken.append(one)
            yield one

    groups = grouped(counted(), key, sizes)
    next(groups)
    assert len(taken) == 2
    assert len(next(groups).members) == 2
    assert next(groups, None) is None


def test_rows_of_a_file_that_changed_between_the_passes_are_not_lost():
    rows = [row("a", "1"), row("b", "2")]
    key = key_of("prompt")
    assert len(list(grouped(rows, key, {key(rows[0]): 5}))) == 2


def test_a_column_as_key_and_its_absence():
    assert key_of("q")(row("a", "1", q=7)) == key_of("q")(row("b", "2", q=7))
    with pytest.raises(DataError, match="field 'quest': missing column; the row has question"):
        key_of("quest")(row("a", "1", question=7))


# --- evaluation prompts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        {"question": "Who?"},
        {"prompt": "Who?", "chosen": "I", "rejected": "you"},
        {"prompt": "Who?", "response": "I", "output": "you"},
        {"messages": [{"role": "user", "content": "Who?"}]},
        {"chosen": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "I"}],
         "rejected": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "u"}]},
    ],
)  # fmt: skip
def test_prompts_with_responses_or_without(raw):
    assert list(prompts_of([Layout().row(raw, "e.jsonl", 1)])) == [("e.jsonl:1", "Who?")]


def test_a_row_without_a_prompt_is_an_error_not_a_gap():
    with pytest.raises(DataError, match=r"e\.jsonl:2.*no prompt; the row has text"):
        list(prompts_of([Layout().row({"text": "Who?"}, "e.jsonl", 2)]))
