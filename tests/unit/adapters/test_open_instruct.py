"""Verifiers written for open-instruct."""

from dataclasses import dataclass

import pytest

from plaudit import Group, Response, laws
from plaudit.adapters import open_instruct
from plaudit.errors import ConfigError, DataError


@dataclass
class Result:
    score: float
    cost: float = 0.0
    reasoning: str | None = None


class Verifier:
    def __init__(self, verifier_config=None):
        assert verifier_config is None

    def __call__(self, tokenized_prediction, prediction, label, query=None, rollout_state=None):
        assert (query, rollout_state) == ("6 x 7?", None)
        return Result(float(prediction == label), 0.25 * len(tokenized_prediction), "compared")


def one(reward, response="42", columns=None):
    group = Group("6 x 7?", [response], columns or {"reference": "42"}, id="r")
    return reward.score([group])[0][0]


@pytest.mark.parametrize("fn", [Verifier, Verifier()])
def test_classes_and_objects(fn):
    score = one(open_instruct.wrap(fn), Response("42", token_ids=(1, 2)))
    assert (score.value, score.parts, score.note) == (1.0, {"cost": 0.5}, "compared")


def test_older_signatures_and_bare_numbers():
    def verify(tokenized_prediction, prediction, label):
        return prediction == label

    assert one(open_instruct.wrap(verify)).value == 1.0
    assert one(open_instruct.wrap(verify), "7").value == 0.0


def test_another_label():
    reward = open_instruct.wrap(
        lambda prediction, label: float(label == {"func_name": "f"}), columns={"label": "gold"}
    )
    assert one(reward, columns={"gold": {"func_name": "f"}}).value == 1.0


def test_a_missing_label_names_the_row():
    with pytest.raises(DataError, match="row r, response 1: field 'reference'"):
        one(open_instruct.wrap(Verifier), columns={"other": 1})


def test_none_nan_and_text():
    assert one(open_instruct.wrap(lambda prediction: None)).fault == "input"
    assert one(open_instruct.wrap(lambda prediction: Result(float("nan")))).fault == "system"
    with pytest.raises(ConfigError, match="returned the text"):
        one(open_instruct.wrap(lambda prediction: "1"))


def test_exceptions_name_the_row():
    bad = one(open_instruct.wrap(lambda prediction: float(prediction)), "x")
    assert bad.error.startswith("ValueError")
    assert bad.error.endswith("(row r, response 1)")


def compare(tokenized_prediction, prediction, label, query=None, rollout_state=None):
    return Result(float(prediction == label))


def test_every_law_is_kept():
    assert laws.check(open_instruct.wrap(compare)) == []
