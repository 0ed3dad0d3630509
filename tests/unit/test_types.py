"""Groups, responses and scores: what is wrapped, what stays, what travels."""

import copy
import dataclasses
import math
import pickle
import types

import pytest

from plaudit.types import (
    Comparer,
    Group,
    Pair,
    Response,
    Reward,
    Score,
    Step,
    content_hash,
    count_faults,
    describe_faults,
)

TURNS = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "2 + 2?"})
FULL = Response("4", TURNS, (17, 3), "stop", {"model": "m"})


def test_a_string_prompt_is_one_user_turn():
    assert Group("hi", ["a"]).prompt == ({"role": "user", "content": "hi"},)
    assert Group("", []).prompt == ({"role": "user", "content": ""},)


def test_message_prompts_and_whole_responses_stay_as_they_are():
    group = Group(list(TURNS), ["a", FULL], {"reference": "4"}, "x1")
    assert group.prompt == TURNS
    assert group.responses == (Response("a"), FULL)
    assert group.responses[1] is FULL
    assert group.columns == {"reference": "4"}
    assert group.id == "x1"


def test_a_lone_string_is_not_a_list_of_letters():
    with pytest.raises(TypeError, match=r"write \['abc'\]"):
        Group("hi", "abc")


def test_defaults_are_not_shared():
    one, two = Group("a", []), Group("b", [])
    assert one.columns == {}
    assert one.columns is not two.columns
    assert Response("").columns is not Response("").columns


@pytest.mark.parametrize(
    "thing",
    [
        FULL,
        Group(TURNS, [FULL, "b"], {"reference": [1, 2]}, "id"),
        Score(0.5, {"a": 1.0}, (Step(0.1, 0, 3),), "response", "late", "noted"),
        Pair(TURNS, FULL, Response("b"), {"k": 1}),
        Step(1.0, 2, 3),
    ],
)
def test_every_type_pickles_and_copies(thing):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(thing, protocol)) == thing
    assert copy.deepcopy(thing) == thing
    assert copy.copy(thing) == thing


@pytest.mark.parametrize("thing", [FULL, Group("a", ["b"]), Score(1.0)])
def test_values_are_frozen(thing):
    name = dataclasses.fields(thing)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(thing, name, None)
    with pytest.raises((AttributeError, TypeError)):
        thing.no_such_field = 1


def test_replace_keeps_what_it_is_not_told():
    group = Group(TURNS, [FULL], {"k": 1}, "id")
    assert dataclasses.replace(group, id="other") == Group(TURNS, [FULL], {"k": 1}, "other")


def test_the_key_is_the_id_or_the_content():
    assert Group("a", ["b"], id="row 7").key == "row 7"
    base = Group("a", ["b"])
    assert base.id == ""
    assert base.key == Group("a", [Response("b", columns={"model": "m"})], {"reference": 1}).key
    different = [Group("a", ["c"]), Group("b", ["b"]), Group("a", ["b", "b"]), Group("a", [])]
    assert len({base.key, *(group.key for group in different)}) == 5


def test_the_key_takes_surrogates_and_parts():
    turns = [{"role": "user", "content": [{"type": "text", "text": "\ud800"}]}]
    assert len(Group(turns, ["\udfff\x00"]).key) == 16


def test_an_unscored_score_says_why():
    score = Score.unscored("judge down", fault="system", parts={"asked": 1.0})
    assert math.isnan(score.value)
    assert (score.is_scored, score.fault, score.error) == (False, "system", "judge down")
    assert score.parts == {"asked": 1.0}
    assert Score(0.0).is_scored


def test_content_hash_keeps_texts_apart():
    assert content_hash("ab", "c") != content_hash("a", "bc")
    assert content_hash("a", "") != content_hash("a")
    assert content_hash("a") == content_hash("a")
    assert content_hash("\ud800") != content_hash("\ud801")


def test_the_protocols_recognise_their_own():
    class Good:
        relative = deterministic = cpu_bound = True

        def score(self, groups):
            return [[Score(0.0) for _ in g.responses] for g in groups]

    class Compares:
        deterministic = True

        def compare(self, pairs):
            return [Score(0.5) for _ in pairs]

    assert isinstance(Good(), Reward)
    assert isinstance(Compares(), Comparer)
    assert not isinstance(Compares(), Reward)
    assert not isinstance(Good(), Comparer)


def test_faulted_means_the_same_in_every_summary(capsys):
    from plaudit.cli._summary import Problems, print_summary
    from plaudit.data.api import Scores
    from plaudit.report import Summary
    from plaudit.run import Progress, Result

    scores = [
        Score(1.0),
        Score(0.0, fault="response", error="too slow"),
        Score.unscored("no reference", fault="input"),
        Score.unscored("judge down", fault="system"),
        Score.unscored("judge down", fault="system"),
        Score(math.nan),
    ]
    result = Result(0, Group("p", ["a"] * len(scores)), scores, None)
    faults = {"response": 1, "input": 1, "system": 2, "unstated": 1}
    words = "1 response, 1 input, 2 system, 1 unstated"
    summary, progress = Summary(), Progress()
    summary.add(result)
    progress.count([result])
    assert count_faults(scores) == faults
    assert describe_faults(faults) == words
    assert summary.counts.faulted == summary.reward.faulted == progress.faulted == faults
    assert list(summary.as_dict()["counts"]["faulted"]) == list(faults)
    assert (summary.counts.unscored, progress.unscored) == (4, 4)
    row = types.SimpleNamespace(where="row 1", is_list=True)
    assert f"faults: {words}" in repr(Scores([(row, result)]))  # type: ignore[list-item]
    print_summary(summary, Problems(), 1.0)
    assert f"4 unscored; faults: {words}" in " ".join(capsys.readouterr().out.split())
