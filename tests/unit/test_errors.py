"""Errors say what, where and what to do; they survive the way out of a worker process."""

import copy
import pickle

import pytest

import plaudit
from plaudit import errors
from plaudit.errors import (
    ConfigError,
    DataError,
    EngineError,
    MissingExtra,
    PlauditError,
    SandboxError,
    ScoreTimeout,
    ScoringError,
    VerdictError,
    clipped,
    did_you_mean,
)

ALL = [
    PlauditError("a"),
    ConfigError("a"),
    DataError("a", where="f:1", field="x"),
    MissingExtra.of("a", package="b", extra="c"),
    ScoringError("a", "input"),
    VerdictError("a"),
    SandboxError("a"),
    ScoreTimeout("a"),
    EngineError("a", status=503, retryable=True),
]


@pytest.mark.parametrize("error", ALL, ids=lambda e: type(e).__name__)
def test_every_error_pickles_with_all_it_knows(error):
    for again in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        for name in ("where", "field", "fault", "status", "retryable"):
            assert getattr(again, name, None) == getattr(error, name, None)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (ConfigError, ValueError),
        (DataError, ValueError),
        (MissingExtra, ImportError),
        (ScoringError, RuntimeError),
        (EngineError, RuntimeError),
    ],
)
def test_the_tree_hangs_on_builtin_errors_too(kind, builtin):
    assert issubclass(kind, PlauditError)
    assert issubclass(kind, builtin)


def test_every_error_is_a_public_name():
    own = {n for n, e in vars(errors).items() if isinstance(e, type) and issubclass(e, Exception)}
    assert own <= set(plaudit.__all__)


def test_a_data_error_gives_place_and_field_where_it_knows_them():
    assert str(DataError("bad")) == "bad"
    assert str(DataError("bad", where="a:3")) == "a:3: bad"
    assert str(DataError("bad", field="f")) == "field 'f': bad"
    placed = DataError("bad", where="row x", field="f").at("a.jsonl:3")
    assert str(placed) == "a.jsonl:3: field 'f': bad"


def test_blame_by_default():
    assert ScoringError("x").fault == "system"
    assert VerdictError("x").fault == SandboxError("x").fault == "system"
    assert ScoreTimeout("x").fault == "response"
    assert ScoreTimeout("x", "system").fault == "system"


@pytest.mark.parametrize("error", [ScoringError("gone", "input"), EngineError("gone", 503)])
def test_messages_show_the_message_alone(error):
    assert str(error) == "gone"


def test_close_matches():
    assert did_you_mean("thnik", ["think", "answer"]) == "; did you mean 'think'?"
    assert did_you_mean("lenght", ["length", "lengthy"]) == "; did you mean 'length' or 'lengthy'?"
    assert did_you_mean("zzz", ["think"]) == ""
    assert did_you_mean("x", []) == ""


def test_values_in_messages_are_short_and_printable():
    assert clipped("a") == "'a'"
    assert clipped(None) == "None"
    long = clipped("x" * 10_000)
    assert len(long) == 80
    assert long.endswith("...")
    assert clipped("\ud800\x1b[31m\x00").isprintable()
    assert len(clipped(list(range(1000)), limit=20)) == 20
