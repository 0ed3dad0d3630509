"""Recorded replies in the place of a model: by content from a journal, by place from a column."""

import pytest

from plaudit.engines.calls import CallJournal
from plaudit.engines.chat import Call, Job, Reply, Sampling, Token, Usage
from plaudit.engines.replay import ColumnReplay, JournalReplay
from plaudit.errors import ConfigError

TURNS = ({"role": "user", "content": "which?"},)


def job(columns=None, *, places=("",), samples=1, **more):
    calls = [Call(TURNS, index=i, place=p, **more) for p in places for i in range(samples)]
    return Job(tuple(calls), columns or {})


def texts(rows):
    return [[reply.text for reply in row] for row in rows]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "calls"
    calls = CallJournal(path)
    one = Call(TURNS)
    tokens = (Token("A", -0.5, {"A": -0.5, "B": -1.0}),)
    calls.put(one.key("m"), one, Reply("[[A]]", "stop", tokens, Usage(5, 2)), "m")
    calls.close()
    return path


def test_a_journal_answers_what_it_holds(path):
    (row,) = JournalReplay(path, "m").answer([job()])
    assert (row[0].text, row[0].usage, row[0].is_recorded) == ("[[A]]", Usage(5, 2), True)
    assert row[0].tokens[0].top == {"A": -0.5, "B": -1.0}


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("other", job()),
        ("m", job(samples=2)),
        ("m", job(sampling=Sampling(temperature=1.0))),
        ("m", job(template="v2")),
        ("m", job(labels=("A",))),
        ("m", job(prefix="[[")),
        ("m", job(schema={"type": "object"})),
    ],
)
def test_a_call_that_differs_is_not_answered(path, model, given):
    reply = JournalReplay(path, model).answer([given])[0][-1]
    assert (reply.text, reply.fault) == (None, "system")
    assert reply.error == f"{path} has no reply of {model!r} to this call"


def test_the_place_does_not_make_the_call(path):
    assert texts(JournalReplay(path, "m").answer([job(places=("ab",))])) == [["[[A]]"]]


def test_the_journal_may_be_written_by_another_meanwhile(path):
    calls = CallJournal(path)
    assert texts(JournalReplay(path, "m").answer([job()])) == [["[[A]]"]]
    calls.close()


def test_no_journal(tmp_path):
    with pytest.raises(ConfigError, match="no journal of calls"):
        JournalReplay(tmp_path / "none", "m")


@pytest.mark.parametrize(
    ("held", "given", "found"),
    [
        ({"ab": "A", "ba": "B"}, {"places": ("ab", "ba")}, ["A", "B"]),
        ({"0": "x", "1": "y"}, {"places": ("1", "0")}, ["y", "x"]),
        ({"ab": ["a", "b"]}, {"places": ("ab",), "samples": 2}, ["a", "b"]),
        (["a", "b", "c"], {"samples": 2}, ["a", "b"]),
        (("a", "b"), {"samples": 2}, ["a", "b"]),
        ("one", {"places": ("ab", "ba")}, ["one", "one"]),
        ("", {}, [""]),
        (7, {}, ["7"]),
        ("\ud800", {}, ["\ud800"]),
    ],
)
def test_a_column_answers_by_place_and_sample(held, given, found):
    engine = ColumnReplay("reply")
    (row,) = engine.answer([job({"reply": held}, **given)])
    assert [reply.text for reply in row] == found
    assert all(reply.is_recorded and reply.error is None for reply in row)


@pytest.mark.parametrize(
    ("columns", "given"),
    [
        ({}, {}),
        ({"other": "A"}, {}),
        ({"reply": None}, {}),
        ({"reply": {"ab": "A"}}, {"places": ("ba",)}),
        ({"reply": {"ab": None}}, {"places": ("ab",)}),
        ({"reply": ["a"]}, {"samples": 2}),
        ({"reply": []}, {}),
        ({"reply": {"ab": ["a", None]}}, {"places": ("ab",), "samples": 2}),
    ],
)
def test_a_column_without_the_reply_is_a_fault_of_the_input(columns, given):
    reply = ColumnReplay("reply").answer([job(columns, **given)])[0][-1]
    assert (reply.text, reply.fault) == (None, "input")
    assert reply.error.startswith("column 'reply' has no reply for ")


def test_every_job_reads_its_own_row():
    given = [job({"reply": f"{i}"}, samples=i) for i in range(4)]
    assert texts(ColumnReplay("reply").answer(given)) == [["0"] * 0, ["1"], ["2"] * 2, ["3"] * 3]


def test_what_is_recorded_is_what_it_is(path):
    column, journal = ColumnReplay("reply", "gpt"), JournalReplay(path, "gpt")
    for engine in (column, journal):
        engine.check(Call(TURNS))
        assert engine.deterministic
        assert engine.can_prefix
        assert (engine.in_flight, engine.resolve(), engine.answer([])) == (1, "gpt", [])
    assert not column.can_ask_again
    assert journal.can_ask_again  # what was asked twice stands there twice
