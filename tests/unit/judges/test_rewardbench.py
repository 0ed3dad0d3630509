"""RewardBench's reading rules, mistakes included."""

import pytest

from plaudit.errors import ConfigError, VerdictError
from plaudit.judges.compat import rewardbench
from plaudit.judges.verdict import Labels, Scale, parse

FOUR = Labels(("A", "B", "C", "D"))


@pytest.mark.parametrize(
    ("text", "pair", "four"),
    [
        ("[[A]]", "A", "A"),
        ("[[B]]", "B", "B"),
        ("I pick [[B]] over [[A]]", "A", "A"),
        ("[[D]] over [[C]]", None, "C"),
        ("[[a]]", None, None),
        ("[[ A ]]", None, None),
        ("A", None, None),
        ("<think>[[A]]</think>[[B]]", "A", "A"),
        ('Use "[[A]]" if A is better', "A", "A"),
        ("[[C]]", None, "C"),
        ("$ERROR$", None, None),
        ("", None, None),
    ],
)
def test_the_first_marker_in_the_order_of_the_letters_wins(text, pair, four):
    assert rewardbench.pair(text) == pair
    assert rewardbench.four(text) == four


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7), ("Rating: 10", 10), ("8/10", 10), ("7.5", 5), ("-3", 3), ("**9**", None),
        ("9.", None), ("0", None), ("11", None), ("100", None), ("7 \n", 7), ("8分", None),
        ("in 2024", None), ("seven", None), ("", None), ("$ERROR$", None),
    ],
)  # fmt: skip
def test_a_rating_is_the_number_at_the_end(text, expected):
    assert rewardbench.rating(text) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("8", "7", "A"), ("2", "10", "B"), ("5", "5", None), ("x", "5", None), ("5", "", None)],
)
def test_equal_and_unread_ratings_are_an_error(first, second, expected):
    assert rewardbench.rated_pair(first, second) == expected


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        ("pair_prometheus", "ok [RESULT] A", "A"),
        ("pair_prometheus", "[RESULT] A ", None),
        ("pair_prometheus", "A", None),
        ("pair_prometheus", "", None),
        ("pair_offsetbias", "Output (b)", "B"),
        ("pair_offsetbias", "Output (b), not Output (a)", "A"),
        ("pair_offsetbias", "output (a)", None),
        ("pair_atla", "**Result:** A", "A"),
        ("pair_atla", "**Result:** Tie", "Tie"),
        ("pair_atla", "Result: A", None),
    ],
)
def test_the_rules_of_single_model_families(rule, text, expected):
    assert getattr(rewardbench, rule)(text) == expected


def test_a_parser_stands_in_for_ours():
    quoting = "[[A]] looked better at first, yet it is [[B]]"
    assert rewardbench.parser_for("pairwise")(quoting, Labels(), "stop") == "A"
    assert parse(quoting, Labels(), "stop") == "B"
    assert rewardbench.parser_for("listwise")("[[D]]", FOUR, "stop", count=4) == "D"
    assert rewardbench.parser_for("pointwise")("so 8", Scale(1, 10, ("rating",)), "stop") == 8


@pytest.mark.parametrize(
    ("kind", "text", "spec", "told"),
    [
        ("pairwise", "neither", Labels(), "absent: .*neither"),
        ("pairwise", None, Labels(), "absent"),
        ("listwise", "[[D]]", Labels(), "outside: 'D'"),
        ("pointwise", "9.", Scale(1, 10), "absent"),
    ],
)
def test_what_the_rule_does_not_find_is_no_verdict(kind, text, spec, told):
    with pytest.raises(VerdictError, match=told):
        rewardbench.parser_for(kind)(text, spec, "stop")


def test_other_kinds_are_refused_with_the_way_out():
    with pytest.raises(ConfigError, match=r"pairwise, listwise, pointwise.*leave parser out"):
        rewardbench.parser_for("verifier")
