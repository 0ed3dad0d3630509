"""Functions written for OpenRLHF: prompt and response in one text, tensors and dicts back."""

import pytest

from plaudit import Group, laws
from plaudit.adapters import openrlhf
from plaudit.errors import ConfigError

GROUPS = [Group("6 x 7 = ", ["42", "41"], {"reference": "42"}), Group("?", ["!"])]


def values(reward):
    return [[score.value for score in row] for row in reward.score(GROUPS)]


def test_the_call_is_positional_and_queries_hold_the_prompt():
    calls = []

    def any_names(a, b, c):
        calls.append((a, b, c))
        return [0.0, 1.0, 2.0]

    assert values(openrlhf.wrap(any_names)) == [[0.0, 1.0], [2.0]]
    assert calls == [
        (["6 x 7 = 42", "6 x 7 = 41", "?!"], ["6 x 7 = ", "6 x 7 = ", "?"], ["42", "42", None])
    ]


def test_labels_from_another_column():
    reward = openrlhf.wrap(
        lambda queries, prompts, labels: [float(v == "g") for v in labels],
        columns={"labels": "gold"},
    )
    assert reward.score([Group("?", ["a"], {"gold": "g"})])[0][0].value == 1.0


@pytest.mark.parametrize("kind", ["flat", "column", "list of tensors"])
def test_tensors(kind):
    torch = pytest.importorskip("torch")
    made = {
        "flat": torch.tensor([0.0, 1.0, 2.0]),
        "column": torch.tensor([[0.0], [1.0], [2.0]]),
        "list of tensors": [torch.tensor([v]) for v in (0.0, 1.0, 2.0)],
    }[kind]
    assert values(openrlhf.wrap(lambda queries, prompts, labels: made)) == [[0.0, 1.0], [2.0]]


def test_a_dict_of_tensors_gives_parts():
    torch = pytest.importorskip("torch")

    def reward_func(queries, prompts, labels, **kwargs):
        rewards = torch.tensor([-1.0, 0.5, 1.0])
        logs = {"format": rewards * 2, "batch_mean": torch.tensor(0.25), "short": [1.0]}
        return {"rewards": rewards, "scores": (rewards > 0).float(), "extra_logs": logs}

    first = openrlhf.wrap(reward_func).score(GROUPS)[0][0]
    assert (first.value, first.parts) == (-1.0, {"scores": 0.0, "format": -2.0})


def test_none_in_a_dict():
    score = openrlhf.wrap(lambda q, p, labels: {"rewards": [None, 1, 1]}).score(GROUPS)[0][0]
    assert score.fault == "input"


def test_a_dict_without_rewards():
    with pytest.raises(ConfigError, match="without 'rewards'"):
        openrlhf.wrap(lambda q, p, labels: {"scores": [1, 1, 1]}).score(GROUPS)


def test_the_wrong_length():
    with pytest.raises(ConfigError, match="returned 2 values for 3 responses"):
        openrlhf.wrap(lambda q, p, labels: [1.0, 1.0]).score(GROUPS)


def test_exceptions_name_the_row():
    def fails_for_none(queries, prompts, labels):
        return [float(label) for label in labels]

    scores = openrlhf.wrap(fails_for_none).score([*GROUPS[:1], Group("?", ["!"], id="r2")])
    assert scores[0][0].value == 42.0
    assert scores[1][0].error.startswith("TypeError")
    assert "(row r2, response 1)" in scores[1][0].error


def ends(queries, prompts, labels):
    return [float(query.endswith(label)) for query, label in zip(queries, labels, strict=True)]


def test_every_law_is_kept():
    assert laws.check(openrlhf.wrap(ends)) == []
