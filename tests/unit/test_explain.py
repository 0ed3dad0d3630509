"""The tree of parts: what each gave, also where one fails, does not apply or sees only a part."""

import math

import pytest

import plaudit
from plaudit import Group
from plaudit.explain import explain


def tree(recipe, group):
    return explain(plaudit.build(recipe), group)


def shape(node):
    return [(depth, part.name, part.weight) for depth, part in node.walk()]


LENGTH = {"use": "rules.baseline.length"}


def test_a_rule_alone_is_one_node():
    node = tree(LENGTH, Group("?", ["a", "bcd"]))
    assert shape(node) == [(0, "reward", None)]
    assert [score.value for score in node.scores] == [1.0, 3.0]
    assert node.seconds > 0


def test_weights_and_values_of_all_parts():
    recipe = {
        "use": "combine.weighted",
        "parts": {
            "long": {**LENGTH, "weight": 2.0},
            "bounded": {"use": "combine.clip", "reward": LENGTH, "high": 2, "weight": 0.5},
        },
    }
    node = tree(recipe, Group("?", ["abc"]))
    assert shape(node) == [
        (0, "reward", None),
        (1, "long", 2.0),
        (1, "bounded", 0.5),
        (2, "reward", None),
    ]
    assert [part.scores[0].value for _, part in node.walk()] == [7.0, 3.0, 2.0, 3.0]


def test_the_time_of_a_combination_is_that_of_its_parts():
    parts = {"a": LENGTH, "b": LENGTH}
    node = tree({"use": "combine.weighted", "parts": parts}, Group("?", ["abc"]))
    assert node.seconds == sum(part.seconds for part in node.children)


def test_a_view_shows_what_its_part_sees():
    node = tree({**LENGTH, "view": "answer"}, Group("?", ["<think>long</think>42"]))
    assert node.children[0].group.responses[0].text == "42"
    assert node.scores[0].value == 2.0


def test_a_part_that_does_not_apply_stays_visible():
    parts = {"always": LENGTH, "never": {**LENGTH, "weight": 3.0, "when": {"has": "gold"}}}
    node = tree({"use": "combine.weighted", "parts": parts}, Group("?", ["abc"]))
    assert [part.name for part in node.children] == ["always", "never"]
    assert [part.is_applicable for part in node.children] == [True, False]
    assert node.children[1].weight == 3.0


def test_a_part_without_its_column_does_not_hide_the_others():
    parts = {"long": LENGTH, "target": {"use": "rules.length.l1_exact", "accuracy": LENGTH}}
    parts["target"]["unit"] = "chars"
    node = tree({"use": "combine.weighted", "parts": parts}, Group("?", ["abc"]))
    good, bad = node.children
    assert good.scores[0].value == 3.0
    assert bad.scores == ()
    assert "num_tokens" in str(bad.error)
    assert "num_tokens" in str(node.error)


def test_a_route_shows_the_branch_that_was_taken():
    recipe = {"use": "combine.route", "by": "kind", "cases": {"a": LENGTH, "b": LENGTH}}
    node = tree(recipe, Group("?", ["abc"], {"kind": "b"}))
    assert [part.name for part in node.children] == ["kind = b"]


def test_a_route_without_a_branch_is_an_error_in_its_place():
    node = tree(
        {"use": "combine.route", "by": "kind", "cases": {"a": LENGTH}},
        Group("?", ["abc"], {"kind": "c"}),
    )
    assert node.children == ()
    assert "no case for 'c'" in str(node.error)


def test_faults_stay_with_the_part_that_made_them():
    def broken(response: str) -> float:
        raise plaudit.ScoringError("no verdict", fault="system")

    from plaudit.combine import Member, weighted

    reward = weighted({"judge": plaudit.lift(broken), "long": Member(plaudit.load(LENGTH["use"]))})
    node = explain(reward, Group("?", ["abc"]))
    judge, long = node.children
    assert judge.scores[0].error == "no verdict"
    assert judge.scores[0].fault == "system"
    assert math.isnan(node.scores[0].value)
    assert long.scores[0].value == 3.0


@pytest.mark.parametrize("name", plaudit.recipes())
def test_every_recipe_can_be_explained(name):
    from plaudit.laws import sample_groups

    group = sample_groups({"data_source": "math", "tests": ["assert f(1) == 1"]})[0]
    node = explain(plaudit.build(name), group)
    leaves = [part for _, part in node.walk() if not part.children and part.is_applicable]
    assert leaves
    assert all(len(part.scores) == len(group.responses) for part in (node, *leaves))
