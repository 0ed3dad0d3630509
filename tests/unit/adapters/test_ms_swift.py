"""Functions and ORM classes written for ms-swift: completions are texts, and come first."""

import pytest

from plaudit import Group, Response, laws
from plaudit.adapters import ms_swift
from plaudit.errors import ConfigError


class ORM:
    def __init__(self, args=None, **kwargs):
        self.args = args


class Exact(ORM):
    def __call__(self, completions, solution, **kwargs):
        return [float(c == s) for c, s in zip(completions, solution, strict=True)]


class Old:
    def __call__(self, completions, **kwargs):
        return [float(len(c)) for c in completions]


class Later(ORM):
    async def __call__(self, completions, **kwargs):
        return [float(len(c)) for c in completions]


def values(reward, responses=("42", "7"), columns=None):
    group = Group("6 x 7?", responses, columns or {"solution": "42"})
    return [score.value for score in reward.score([group])[0]]


def test_what_the_trainer_gives():
    seen = {}

    def spy(texts, **kwargs):
        seen.update(kwargs)
        return [1.0] * len(texts)

    cut = Response("42", token_ids=(1, 2), finish_reason="length")
    assert values(ms_swift.wrap(spy), [cut]) == [1.0]
    assert seen == {
        "solution": ["42"],
        "messages": [
            [{"role": "user", "content": "6 x 7?"}, {"role": "assistant", "content": "42"}]
        ],
        "response_token_ids": [[1, 2]],
        "finish_reason": ["length"],
        "is_truncated": [True],
        "trainer_state": None,
    }


@pytest.mark.parametrize("orm", [Exact, Exact(), Exact(args="x")])
def test_classes_and_objects(orm):
    assert values(ms_swift.wrap(orm)) == [1.0, 0.0]


def test_a_class_without_arguments():
    assert values(ms_swift.wrap(Old)) == [2.0, 1.0]


def test_an_async_orm():
    reward = ms_swift.wrap(Later)
    assert not reward.cpu_bound
    assert values(reward) == [2.0, 1.0]


def test_the_reference_under_another_name():
    assert values(ms_swift.wrap(Exact), columns={"reference": "7"}) == [0.0, 1.0]


def test_none_and_the_wrong_length():
    reward = ms_swift.wrap(lambda completions, **_: [None, 1.0])
    scores = reward.score([Group("?", ["a", "b"])])[0]
    assert (scores[0].fault, scores[1].value) == ("input", 1.0)
    with pytest.raises(ConfigError, match="returned 2 values for 1"):
        values(reward, ["a"])


def test_strings_are_refused():
    with pytest.raises(ConfigError, match="returned the text"):
        values(ms_swift.wrap(lambda completions: ["a", "b"]))


def test_exceptions_name_the_row():
    reward = ms_swift.wrap(lambda completions, **_: [float(c) for c in completions])
    bad = reward.score([Group("?", ["1", "x"], id="r")])[0][1]
    assert bad.error.startswith("ValueError")
    assert bad.error.endswith("(row r, response 2)")


def test_every_law_is_kept():
    assert laws.check(ms_swift.wrap(Old)) == []
