"""Probabilities of labels: by hand, at the right token, bounded where a label is not listed."""

import math

import pytest

from plaudit.engines.chat import Token
from plaudit.judges.odds import Odds, expected, label_odds

AB = ("A", "B")


def token(text, **top):
    return Token(text, top.get(text, -0.1), top)


def at(text, p, q):
    """A token that is "A" with probability p and "B" with q."""
    return Token(text, math.log(p), {"A": math.log(p), "B": math.log(q)})


def test_two_labels_by_hand():
    odds = label_odds([at("A", 0.6, 0.2)], AB)
    assert odds.probabilities["A"] == pytest.approx(0.75)
    assert odds.probabilities["B"] == pytest.approx(0.25)
    assert odds.mass == pytest.approx(0.8)
    assert not odds.is_bounded


def test_the_ratio_is_the_sigmoid_of_the_difference():
    odds = label_odds([token("B", A=-1.75, B=-0.5)], AB)
    assert odds.probabilities["A"] == pytest.approx(1 / (1 + math.exp(1.25)))


def test_ways_to_write_a_label_are_added_up():
    tops = {" A": 0.3, "A": 0.1, "[[A": 0.1, "**a": 0.05, "B": 0.2, " B]]": 0.05, "The": 0.2}
    top = {text: math.log(p) for text, p in tops.items()}
    odds = label_odds([Token(" A", top[" A"], top)], AB)
    assert odds.mass == pytest.approx(0.8)
    assert odds.probabilities["A"] == pytest.approx(0.55 / 0.8)


def test_the_last_token_that_says_the_verdict_is_read():
    tokens = [at("A", 0.9, 0.1), Token(" so ", -0.1, {}), at("B", 0.2, 0.8), at("A", 0.6, 0.4)]
    assert label_odds(tokens, AB, verdict="B").probabilities["A"] == pytest.approx(0.2)
    assert label_odds(tokens, AB).probabilities["A"] == pytest.approx(0.6)


def test_an_article_behind_the_verdict_is_no_label():
    article = Token(" a", -0.1, {" a": -0.1, " the": -2.4})
    tokens = [token("[["), at("A", 0.7, 0.3), token("]]"), token(" is"), article, token(" joy")]
    odds = label_odds(tokens, AB, verdict="A", tail="A]] is a joy")
    assert odds.probabilities["A"] == pytest.approx(0.7)


def test_a_tail_that_tokens_do_not_spell_falls_back():
    tokens = [at("A", 0.7, 0.3), token("]]")]
    odds = label_odds(tokens, AB, verdict="A", tail="A]] and more")
    assert odds.probabilities["A"] == pytest.approx(0.7)


def test_one_token_is_read_whatever_it_says():
    top = {"The": math.log(0.9), "A": math.log(0.06), "B": math.log(0.02)}
    odds = label_odds([Token("The", top["The"], top)], AB)
    assert odds.mass == pytest.approx(0.08)
    assert odds.probabilities["A"] == pytest.approx(0.75)


def test_nothing_to_read():
    assert label_odds([], AB) is None
    assert label_odds([token("so"), token("it")], AB) is None
    assert label_odds([Token("A", -0.1, {})], AB) is None


def test_no_label_among_the_rivals_has_no_mass():
    odds = label_odds([token("The", The=-0.1, It=-3.0)], AB)
    assert odds.mass == 0.0
    assert math.isnan(odds.probabilities["A"])


def test_an_unlisted_label_is_bounded_by_the_least_rival():
    odds = label_odds([token("A", A=math.log(0.5), x=math.log(0.25), y=math.log(0.05))], AB)
    assert odds.is_bounded
    assert odds.probabilities["B"] == pytest.approx(0.05 / 0.55)
    assert odds.mass == pytest.approx(0.5)


def test_an_unlisted_label_is_bounded_by_what_the_rivals_leave():
    odds = label_odds([token("A", A=math.log(0.99))], AB)
    assert odds.probabilities["B"] == pytest.approx(0.01)
    certain = label_odds([token("A", A=0.0)], AB)
    assert 0.0 < certain.probabilities["B"] < 1e-6


@pytest.mark.parametrize("text", ["是", " 是", "是。", "**是**"])
def test_labels_in_chinese(text):
    odds = label_odds([Token(text, -0.1, {text: math.log(0.8), "否": math.log(0.2)})], ("是", "否"))
    assert odds.probabilities["是"] == pytest.approx(0.8)


def test_expected_number():
    assert expected(Odds({"1": 0.1, "2": 0.2, "3": 0.7}, 0.9)) == pytest.approx(2.6)
