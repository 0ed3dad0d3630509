"""Rewards made of rewards: the NaN algebra line by line, faults, names, reprs, odd numbers."""

import copy
import math
import pickle
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest

from plaudit import combine, lift, load
from plaudit.combine import (
    Member,
    affine,
    both_orders,
    clip,
    fault_value,
    gate,
    maximum,
    mean,
    mean_minus_std,
    minimum,
    normalise,
    product,
    round_robin,
    route,
    seeded_hash,
    standardise,
    threshold,
    view,
    weighted,
)
from plaudit.errors import ConfigError, DataError, ScoringError
from plaudit.types import Group, Pair, Range, Response, Reward, Score

NAN = math.nan


@dataclass(repr=False)
class Fixed:
    """A reward for tests: what it gives for a text, and what it was asked."""

    given: Any
    fault_value: float = NAN
    relative: bool = False
    deterministic: bool = True
    cpu_bound: bool = True
    asked: list[str] = field(default_factory=list)

    def __repr__(self):
        return f"Fixed({self.given!r})"

    def score(self, groups):
        return [[self._one(r.text) for r in group.responses] for group in groups]

    def _one(self, text):
        self.asked.append(text)
        given = self.given[text] if isinstance(self.given, dict) else self.given
        return given if isinstance(given, Score) else Score(given)


def bad(fault="system", error="down"):
    return Fixed(Score.unscored(error, fault=fault))


def one(reward, text="x", **columns):
    return reward.score([Group("p", [text], columns)])[0][0]


def value(reward, text="x", **columns):
    return one(reward, text, **columns).value


def row(reward, texts, **columns):
    return [s.value for s in reward.score([Group("p", texts, columns)])[0]]


# --- several parts: values ------------------------------------------------------------------------


def test_weighted_is_the_sum_of_weight_times_value():
    reward = weighted({"a": Member(Fixed(2.0), 0.5), "b": Fixed(3.0), "c": Member(Fixed(1.0), -1)})
    assert value(reward) == 2.0 * 0.5 + 3.0 - 1.0
    assert one(reward).parts == {"a": 2.0, "b": 3.0, "c": 1.0}


def test_product_takes_weights_as_powers():
    assert value(product({"a": Fixed(3.0), "b": Fixed(-2.0)})) == -6.0
    assert value(product({"a": Member(Fixed(9.0), 0.5), "b": Member(Fixed(2.0), 3)})) == 24.0
    assert value(product({"a": Member(Fixed(5.0), 0)})) == 1.0


def test_minimum_is_of_weight_times_value():
    assert value(minimum({"a": Fixed(2.0), "b": Member(Fixed(3.0), 0.5)})) == 1.5


def test_maximum_is_of_weight_times_value():
    assert value(maximum({"a": Fixed(2.0), "b": Member(Fixed(3.0), 0.5)})) == 2.0
    assert value(maximum({"a": Fixed(-2.0), "b": Fixed(-3.0)})) == -2.0


def test_mean_divides_by_the_weights():
    assert value(mean({"a": Member(Fixed(1.0), 3), "b": Fixed(5.0)})) == 2.0


def test_mean_minus_std_is_conservative():
    parts = {"a": Fixed(1.0), "b": Fixed(3.0)}  # mean 2, population standard deviation 1
    assert value(mean_minus_std(parts)) == 1.0
    assert value(mean_minus_std(parts, k=0.5)) == 1.5
    assert value(mean_minus_std({"a": Fixed(4.0), "b": Fixed(4.0)})) == 4.0


def test_the_sum_does_not_depend_on_the_order_of_its_parts():
    values = {"a": 0.1, "b": 0.2, "c": 0.3, "d": -0.1, "e": 1e16, "f": -1e16}
    forwards = {name: Fixed(v) for name, v in values.items()}
    backwards = dict(reversed(forwards.items()))
    assert value(weighted(forwards)) == value(weighted(backwards)) == 0.5
    assert value(mean(forwards)) == value(mean(backwards))


# --- several parts: the NaN algebra ---------------------------------------------------------------

SEVERAL = [weighted, product, minimum, maximum, mean, mean_minus_std]


@pytest.mark.parametrize("make", SEVERAL)
def test_nan_if_any_part_is_nan(make):
    score = one(make({"a": Fixed(1.0), "b": bad(), "c": Fixed(2.0)}))
    assert math.isnan(score.value)
    assert (score.fault, score.error) == ("system", "b: down")
    assert score.parts["a"] == 1.0
    assert math.isnan(score.parts["b"])


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (weighted, (1.0 * 2 + 3.0 * 1) * (2 + 1 + 5) / (2 + 1)),
        (product, 1.0**2 * 3.0),
        (minimum, 2.0),
        (maximum, 3.0),
        (mean, (1.0 * 2 + 3.0 * 1) / 3),
        (mean_minus_std, 2.0 - 1.0),
    ],
)
def test_an_optional_part_is_left_out_and_the_score_says_so(make, expected):
    parts = {"a": Member(Fixed(1.0), 2), "b": Fixed(3.0), "c": Member(bad(), 5, optional=True)}
    score = one(make(parts))
    assert score.value == pytest.approx(expected)
    assert "c left out" in score.note
    assert ("weights renormalised" in score.note) == (make in (weighted, mean))
    assert (score.fault, score.error) == ("system", "c: down")


def test_negative_weights_renormalise_by_their_size():
    parts = {"a": Member(Fixed(1.0), 1), "b": Member(Fixed(1.0), -1), "c": Fixed(1.0)}
    parts["c"] = Member(bad(), 2, optional=True)
    assert value(weighted(parts)) == 0.0
    parts["b"] = Member(bad(), -1, optional=True)
    assert value(weighted(parts)) == 4.0


def test_only_parts_of_no_weight_left():
    parts = {"a": Member(Fixed(7.0), 0), "b": Member(bad(), optional=True)}
    assert value(weighted(parts)) == 0.0
    score = one(mean(parts))
    assert math.isnan(score.value)
    assert score.error.startswith("b: down")


@pytest.mark.parametrize("make", SEVERAL)
def test_when_no_optional_part_is_left_the_whole_is_nan(make):
    score = one(make({"a": Member(bad("input", "no reference"), optional=True)}))
    assert math.isnan(score.value)
    assert (score.fault, score.error) == ("input", "a: no reference")


def test_mean_minus_std_needs_two_scored_parts():
    score = one(mean_minus_std({"a": Fixed(1.0)}))
    assert math.isnan(score.value)
    assert score.fault == "input"
    assert score.error == "mean_minus_std of 1 scored parts is nan"


# --- faults and notes -----------------------------------------------------------------------------


def test_a_response_fault_with_a_value_is_a_fault_of_the_whole():
    hung = Fixed(Score(-1.0, fault="response", error="hung"))
    score = one(weighted({"a": Fixed(1.0), "b": hung}))
    assert score == Score(0.0, {"a": 1.0, "b": -1.0}, fault="response", error="b: hung")


def test_what_forces_nan_speaks_first():
    hung = Fixed(Score(-1.0, fault="response", error="hung"))
    score = one(weighted({"a": hung, "b": bad("input", "no reference")}))
    assert math.isnan(score.value)
    assert score.fault == "input"
    assert score.error == "b: no reference; a: hung"


def test_a_fatal_part_speaks_before_an_optional_one():
    parts = {"o": Member(bad("system", "down"), optional=True), "f": bad("input", "empty")}
    score = one(weighted(parts))
    assert (score.fault, score.error) == ("input", "f: empty; o: down")


def test_the_fault_of_the_whole_is_that_of_the_part_that_speaks_first():
    hung = Fixed(Score(-1.0, fault="response", error="hung"))
    odd = Fixed(Score(2.0, fault="input", error="odd"))
    score = one(weighted({"a": hung, "b": odd}))
    assert (score.value, score.fault, score.error) == (1.0, "response", "a: hung; b: odd")
    score = one(weighted({"a": hung, "b": Member(bad(), optional=True)}))
    assert (score.value, score.fault, score.error) == (-2.0, "system", "b: down; a: hung")


def test_notes_carry_the_name_of_their_part():
    score = one(weighted({"a": Fixed(Score(1.0, note="found 4")), "b": Fixed(1.0)}))
    assert score.note == "a: found 4"
    assert one(weighted({"b": Fixed(1.0)})).note is None


def test_nested_parts_are_named_by_their_path():
    inner = weighted({"x": Fixed(Score(1.0, {"deep": 5.0})), "y": Fixed(2.0)})
    outer = weighted({"a": Member(inner, 0.5), "b": Fixed(1.0)})
    assert one(outer).parts == {"a": 3.0, "a/x": 1.0, "a/x/deep": 5.0, "a/y": 2.0, "b": 1.0}
    assert value(outer) == 2.5


# --- when -----------------------------------------------------------------------------------------


def test_when_leaves_a_part_out_where_the_column_is_missing():
    part = Fixed(10.0)
    reward = weighted({"a": Fixed(1.0), "b": Member(part, 3.0, when={"has": "gold"})})
    groups = [Group("p", ["x"], {"gold": 1}), Group("p", ["y"]), Group("p", ["z"], {"gold": None})]
    scores = [s[0] for s in reward.score(groups)]
    assert [s.value for s in scores] == [31.0, 4.0, 4.0]
    assert part.asked == ["x"]
    assert [sorted(s.parts) for s in scores] == [["a", "b"], ["a"], ["a"]]
    assert scores[0].note is None
    assert scores[1].note == "b left out, weights renormalised"
    assert scores[1].fault is None


def test_when_asks_for_all_of_a_list():
    reward = weighted({"a": Fixed(0.0), "b": Member(Fixed(1.0), when={"has": ["k", "l"]})})
    assert value(reward, k=1, l=2) == 1.0
    assert value(reward, k=1) == 0.0


def test_when_sees_the_columns_of_responses():
    group = Group("p", [Response("x", columns={"gold": 1}), "y"])
    assert Member(Fixed(1.0), when={"has": "gold"}).applies(group)


@pytest.mark.parametrize("name", ["reference", "reference_answer", "solution", "ground_truth"])
def test_when_knows_the_aliases(name):
    member = Member(Fixed(1.0), when={"has": "reference"})
    assert member.applies(Group("p", ["x"], {name: "4"}))
    assert not member.applies(Group("p", ["x"], {"other": "4"}))


@pytest.mark.parametrize("make", SEVERAL)
def test_no_part_applies(make):
    score = one(make({"a": Member(Fixed(1.0), when={"has": "gold"})}))
    assert math.isnan(score.value)
    assert score.fault == "input"
    assert score.error == f"{make.__name__}: no part applies to this row"


# --- numbers that are not -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reward",
    [
        product({"a": Member(Fixed(-2.0), 0.5)}),  # complex
        product({"a": Member(Fixed(-1.0), 0.5), "b": Member(Fixed(-1.0), 0.5)}),
        product({"a": Member(Fixed(0.0), -1)}),
        product({"a": Member(Fixed(1e300), 2)}),
        product({"a": Fixed(1e200), "b": Fixed(1e200)}),
        weighted({"a": Fixed(1e308), "b": Fixed(1e308)}),
        weighted({"a": Member(Fixed(1e308), 1e5)}),
        weighted({"a": Fixed(math.inf), "b": Fixed(-math.inf)}),
        mean({"a": Member(Fixed(1.0), 1), "b": Member(Fixed(1.0), -1)}),
        mean_minus_std({"a": Fixed(1.7e308), "b": Fixed(-1.7e308)}, k=2),
        mean_minus_std({"a": Fixed(math.inf), "b": Fixed(1.0)}),
        minimum({"a": Fixed(-math.inf)}),
        maximum({"a": Fixed(math.inf)}),
        affine(Fixed(1e308), scale=10),
        standardise(Fixed(1e308), mean=0, std=1e-10),
        clip(Fixed(math.inf)),
        affine(Fixed(1.0), scale=NAN),
    ],
)
def test_what_is_not_finite_is_unscored_with_a_reason(reward):
    score = one(reward)
    assert math.isnan(score.value)
    assert score.fault == "input"
    assert "is nan" in score.error or "inf" in score.error


def test_whole_powers_of_negative_numbers_are_real():
    assert value(product({"a": Member(Fixed(-2.0), 3)})) == -8.0
    assert value(product({"a": Member(Fixed(-2.0), -1)})) == -0.5


# --- one part -------------------------------------------------------------------------------------

MAPPED = [
    (clip, {"low": -1, "high": 2}, {-5.0: -1.0, 0.5: 0.5, 7.0: 2.0}),
    (clip, {"low": 0}, {-5.0: 0.0, 1e9: 1e9}),
    (affine, {"scale": -2, "shift": 3}, {1.0: 1.0, 0.0: 3.0}),
    (standardise, {"mean": 10, "std": 4}, {10.0: 0.0, 2.0: -2.0}),
    (threshold, {}, {0.5: 1.0, 0.49: 0.0}),
    (threshold, {"at": 2, "above": 5, "below": -5}, {2.0: 5.0, 1.9: -5.0}),
]


@pytest.mark.parametrize(("make", "params", "expected"), MAPPED)
def test_mapped_values(make, params, expected):
    for given, wanted in expected.items():
        inner = Score(given, {"k": 1.0}, note="n")
        assert one(make(Fixed(inner), **params)) == Score(wanted, {"k": 1.0}, note="n")


@pytest.mark.parametrize(("make", "params", "expected"), MAPPED)
def test_nan_stays_nan(make, params, expected):
    score = one(make(bad("input", "none"), **params))
    assert math.isnan(score.value)
    assert (score.fault, score.error) == ("input", "none")


def test_normalise_is_the_group_advantage():
    texts = {"a": 1.0, "b": 3.0}
    assert row(normalise(Fixed(texts)), ["a", "b"]) == pytest.approx([-(0.5**0.5), 0.5**0.5])
    assert row(normalise(Fixed(texts), ddof=0), ["b", "a"]) == [1.0, -1.0]


@pytest.mark.parametrize("value_", [0.0, 0.1, -3.3, 1e308, 5e-324])
@pytest.mark.parametrize("ddof", [0, 1])
def test_normalise_is_zero_at_zero_spread(value_, ddof):
    assert row(normalise(Fixed(value_), ddof=ddof), ["a", "b", "c"]) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("size", [1e-300, 1e-5, 1.0, 1e300, 1.7e308])
def test_normalise_holds_at_any_size(size):
    texts = {"a": -size, "b": size, "c": 0.0}
    assert row(normalise(Fixed(texts)), list("abc")) == pytest.approx([-1.0, 1.0, 0.0])


def test_normalise_uses_the_scored_members():
    texts = {"a": 1.0, "b": Score.unscored("down", fault="system"), "c": 3.0}
    scores = normalise(Fixed(texts), ddof=0).score([Group("p", ["a", "b", "c"])])[0]
    assert [s.value for s in scores[::2]] == [-1.0, 1.0]
    assert math.isnan(scores[1].value)
    assert (scores[1].fault, scores[1].error) == ("system", "down")


@pytest.mark.parametrize("texts", [["a"], ["a", "b"], ["b"], []])
def test_normalise_is_nan_below_two_scored(texts):
    given = {"a": 1.0, "b": Score.unscored("down", fault="system")}
    scores = normalise(Fixed(given)).score([Group("p", texts)])[0]
    assert all(math.isnan(s.value) and s.error and s.fault for s in scores)
    if "a" in texts:
        assert scores[0].error == "normalise needs two scored responses in the group, found 1"


def test_normalise_keeps_faults_and_parts():
    given = {"a": Score(0.0, {"k": 1.0}, fault="response", error="hung"), "b": 2.0}
    score = normalise(Fixed(given), ddof=0).score([Group("p", ["a", "b"])])[0][0]
    assert score == Score(-1.0, {"k": 1.0}, fault="response", error="hung")


# --- view -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "seen"), [("answer", "b"), ("think", "a"), ("all", "<think>a</think>b")]
)
def test_view_shows_one_part(part, seen):
    inner = Fixed(1.0)
    assert value(view(inner, part=part), "<think>a</think>b") == 1.0
    assert inner.asked == [seen]


def test_view_of_an_answer_never_given_is_empty():
    inner = Fixed(1.0)
    value(view(inner), "<think>never closed")
    assert inner.asked == [""]


def test_view_drops_token_ids_of_what_it_cuts_only():
    seen = []

    class Ids(Fixed):
        def score(self, groups):
            seen.extend((r.token_ids, r.finish_reason) for g in groups for r in g.responses)
            return super().score(groups)

    cut = Response("<think>a</think>b", token_ids=(1, 2, 3), finish_reason="length")
    whole = Response("b", token_ids=(3,))
    view(Ids(0.0)).score([Group("p", [cut, whole])])
    assert seen == [(None, "length"), ((3,), None)]


def test_view_keeps_the_identity_of_its_group():
    keys = []

    class Keys(Fixed):
        def score(self, groups):
            keys.extend(g.key for g in groups)
            return super().score(groups)

    groups = [Group("p", ["<think>a</think>b"]), Group("p", ["b"]), Group("p", ["b"], id="x")]
    view(Keys(0.0)).score(groups)
    assert keys == [g.key for g in groups]


# --- gate -----------------------------------------------------------------------------------------


def test_an_open_gate_gives_the_gated_value():
    score = one(gate(Fixed(Score(5.0, {"k": 1.0}, note="n")), Fixed(Score(1.0, {"m": 2.0}))))
    parts = {"gate": 1.0, "gate/m": 2.0, "gated": 5.0, "gated/k": 1.0}
    assert score == Score(5.0, parts, note="n")


def test_a_closed_gate_is_its_floor_and_does_not_ask():
    inner = Fixed(5.0)
    score = one(gate(inner, Fixed(Score(0.9, note="no block")), floor=-1))
    assert score == Score(-1.0, {"gate": 0.9}, note="gate closed: no block")
    assert inner.asked == []


def test_a_closed_gate_is_its_floor_even_if_the_gated_part_is_nan():
    inner = Fixed({"a": Score.unscored("down", fault="system"), "b": 3.0})
    by = Fixed({"a": 0.0, "b": 1.0})
    scores = gate(inner, by, floor=-1).score([Group("p", ["a", "b"])])[0]
    assert scores[0] == Score(-1.0, {"gate": 0.0}, note="gate closed")
    assert scores[1].value == 3.0


def test_an_open_gate_before_nan_is_nan():
    score = one(gate(bad(), Fixed(1.0)))
    assert math.isnan(score.value)
    assert (score.fault, score.error) == ("system", "gated: down")


def test_a_nan_gate_is_nan_and_does_not_ask():
    inner = Fixed(5.0)
    score = one(gate(inner, bad("input", "no reference"), floor=-1))
    assert math.isnan(score.value)
    assert (score.fault, score.error) == ("input", "gate: no reference")
    assert list(score.parts) == ["gate"]
    assert inner.asked == []


def test_a_faulty_gate_stays_visible_open_or_closed():
    hung = {"fault": "response", "error": "hung"}
    closed = one(gate(Fixed(5.0), Fixed(Score(0.0, **hung))))
    assert (closed.value, closed.fault, closed.error) == (0.0, "response", "gate: hung")
    opened = one(gate(Fixed(5.0), Fixed(Score(1.0, **hung))))
    assert (opened.value, opened.fault, opened.error) == (5.0, "response", "gate: hung")


def test_the_gate_opens_at_its_limit():
    reward = gate(Fixed(1.0), Fixed({"a": 0.5, "b": 0.49}), at_least=0.5)
    assert row(reward, ["a", "b"]) == [1.0, 0.0]


def test_a_gated_reward_sees_the_whole_group_or_nothing():
    inner = Fixed(1.0)
    reward = gate(inner, Fixed({"a": 1.0, "b": 0.0}))
    reward.score([Group("p", ["a", "b"]), Group("p", ["b", "b"])])
    assert inner.asked == ["a", "b"]


# --- route ----------------------------------------------------------------------------------------


def test_only_the_chosen_branch_runs():
    maths, code, rest = Fixed(1.0), Fixed(2.0), Fixed(3.0)
    reward = route("kind", {"math": maths, "code": code}, rest)
    groups = [
        Group("p", ["a"], {"kind": "code"}),
        Group("p", ["b"], {"kind": "math"}),
        Group("p", ["c"], {"kind": "other"}),
        Group("p", ["d", "e"], {"kind": "code"}),
        Group("p", ["f"]),
    ]
    assert [[s.value for s in scores] for scores in reward.score(groups)] == [
        [2.0],
        [1.0],
        [3.0],
        [2.0, 2.0],
        [3.0],
    ]
    assert (maths.asked, code.asked, rest.asked) == (["b"], ["a", "d", "e"], ["c", "f"])


def test_a_case_called_default_is_not_the_default():
    reward = route("kind", {"default": Fixed(1.0)}, Fixed(2.0))
    groups = [Group("p", ["a"], {"kind": "default"}), Group("p", ["b"], {"kind": "else"})]
    assert [s[0].value for s in reward.score(groups)] == [1.0, 2.0]
    assert [s[0].value for s in reward.score(groups[::-1])] == [2.0, 1.0]


def test_numbers_and_truth_values_name_cases():
    reward = route("n", {1: Fixed(1.0), "True": Fixed(2.0)})
    assert value(reward, n=1) == value(reward, n="1") == 1.0
    assert value(reward, n=True) == 2.0


def test_a_row_that_no_branch_takes_is_named():
    reward = route("kind", {"math": Fixed(1.0)})
    with pytest.raises(DataError) as caught:
        reward.score([Group("p", ["a"], {"kind": "cod"}, id="r7")])
    assert (
        str(caught.value) == "row r7: field 'kind': no case for 'cod' and no default; cases: math"
    )
    with pytest.raises(DataError, match="no case for None"):
        value(reward)
    with pytest.raises(DataError, match="no case for"):
        value(reward, kind=["math"])


def test_a_route_with_one_relative_branch_is_relative():
    calm, rivals = Fixed(1.0), Fixed(1.0, relative=True)
    assert not route("k", {"a": calm}).relative
    assert route("k", {"a": calm, "b": rivals}).relative
    assert route("k", {"a": calm}, rivals).relative


# --- comparers ------------------------------------------------------------------------------------


@dataclass
class Table:
    """A comparer for tests: P(first is better) of Bradley-Terry, by strength."""

    strengths: Any
    bias: float = 0.0
    deterministic: bool = True
    asked: list[Any] = field(default_factory=list)

    def compare(self, pairs):
        return [self._one(p.first.text, p.second.text) for p in pairs]

    def _one(self, a, b):
        self.asked.append((a, b))
        if "?" in (a, b):
            return Score.unscored("no verdict", fault="system")
        one, two = self.strengths[a], self.strengths[b]
        return Score(one / (one + two) + self.bias, {"margin": one - two})


FOUR = {"a": 1.0, "b": 3.0, "c": 4.0, "d": 12.0}


def test_both_orders_cancel_a_position_bias():
    fair = both_orders(Table(FOUR, bias=0.2))
    pair = Pair((), Response("a"), Response("b"))
    swapped = Pair((), Response("b"), Response("a"))
    one_, two = fair.compare([pair, swapped])
    assert one_.value == pytest.approx(0.25)
    assert two.value == pytest.approx(0.75)
    assert one_.parts == pytest.approx({"forward": 0.45, "backward": 0.05})


@pytest.mark.parametrize("texts", [("a", "?"), ("?", "a")])
def test_both_orders_are_nan_if_either_is(texts):
    class OnlyOne(Table):
        def _one(self, a, b):
            if a == "?":
                return Score.unscored("no verdict", fault="system")
            return Score(0.9)

    pair = Pair((), Response(texts[0]), Response(texts[1]))
    score = both_orders(OnlyOne(FOUR)).compare([pair])[0]
    assert math.isnan(score.value)
    order = "first order" if texts[0] == "?" else "swapped order"
    assert (score.fault, score.error) == ("system", f"{order}: no verdict")
    assert list(score.parts) == ["forward", "backward"]
    assert score.parts["forward" if order == "swapped order" else "backward"] == pytest.approx(
        0.9 if order == "swapped order" else 0.1
    )


class Forged(Table):
    """Blames the first response where it is the hostile one, or the second; else 0.75 or 0.25."""

    def _one(self, a, b):
        hung = {"fault": "response", "error": "forged", "note": f"{a}{b}"}
        if "!" in a:
            return Score(0.0, **hung)
        if "!" in b:
            return Score(1.0, **hung)
        return Score(0.75, note=f"{a}{b}")


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_who_forges_a_verdict_in_one_order_loses_in_both(order):
    class Once(Forged):
        def _one(self, a, b):
            is_forged = (a == "!") == (order == "forward")
            return super()._one(a, b) if is_forged else Score(0.5)

    pairs = [Pair((), Response("!"), Response("b"))]
    score = both_orders(Once({})).compare(pairs)[0]
    assert (score.value, score.fault, score.error) == (0.0, "response", "forged")
    other = "backward" if order == "forward" else "forward"
    assert score.parts == {order: 0.0, other: 0.5}


def test_only_the_one_who_forged_a_verdict_is_at_fault():
    for texts in (["!", "b"], ["b", "!"], ["a", "!", "b"]):
        scores = round_robin(Forged({})).score([Group("p", texts)])[0]
        for text, score in zip(texts, scores, strict=True):
            assert score.fault == ("response" if text == "!" else None)
            assert score.error == ("forged" if text == "!" else None)
            assert (score.value == 0.0) == (text == "!")


def test_a_single_comparison_keeps_its_note():
    pair = round_robin(Forged({})).score([Group("p", ["a", "b"])])[0]
    assert {score.note for score in pair} <= {"ab", "ba"}
    three = round_robin(Forged({})).score([Group("p", ["a", "b", "c"])])[0]
    assert [score.note for score in three] == [None] * 3


def test_round_robin_is_the_mean_over_rivals():
    scores = round_robin(Table(FOUR)).score([Group("p", ["a", "b", "d"])])[0]
    expected = [(1 / 4 + 1 / 13) / 2, (3 / 4 + 3 / 15) / 2, (12 / 13 + 12 / 15) / 2]
    assert [s.value for s in scores] == pytest.approx(expected)
    assert scores[0].parts == {"num_rivals": 2.0, "num_failed": 0.0, "margin": -6.5}


def test_round_robin_asks_each_pair_once_across_groups():
    table = Table(FOUR)
    round_robin(table).score([Group("p", list("abcd")), Group("q", list("ab"))])
    assert len(table.asked) == 6 + 1
    assert len({frozenset(pair) for pair in table.asked}) == 6


def test_round_robin_follows_its_response():
    reward = round_robin(Table(FOUR, bias=0.1), num_pairs=4)
    straight = row(reward, list("abcd"))
    assert row(reward, list("dcba")) == straight[::-1]
    assert row(reward, list("cadb")) == [straight["abcd".index(t)] for t in "cadb"]


def test_round_robin_means_over_the_rivals_that_could_be_compared():
    scores = round_robin(Table(FOUR)).score([Group("p", ["a", "?", "b"])])[0]
    assert [s.value for s in scores[::2]] == [0.25, 0.75]
    assert scores[0].parts == {"num_rivals": 1.0, "num_failed": 1.0, "margin": -2.0}
    assert (scores[0].fault, scores[0].error) == ("system", "no verdict")
    assert math.isnan(scores[1].value)
    assert (scores[1].fault, scores[1].error) == ("system", "no verdict")


def test_round_robin_without_a_rival_is_nan():
    score = round_robin(Table(FOUR)).score([Group("p", ["a"])])[0][0]
    assert math.isnan(score.value)
    assert (score.fault, score.error) == ("input", "round_robin: no rival to compare")
    assert round_robin(Table(FOUR)).score([Group("p", [])]) == [[]]


@pytest.mark.parametrize("num_pairs", range(1, 8))
def test_num_pairs_limits_the_comparisons(num_pairs):
    table = Table(FOUR)
    scores = round_robin(table, num_pairs=num_pairs).score([Group("p", list("abcd"))])[0]
    assert len(table.asked) == min(num_pairs, 6)
    assert len({frozenset(pair) for pair in table.asked}) == len(table.asked)
    assert all(s.is_scored for s in scores) or num_pairs < 4


def test_a_seed_draws_other_pairs():
    drawn = set()
    for seed in range(20):
        table = Table(FOUR)
        round_robin(table, num_pairs=1, seed=seed).score([Group("p", list("abcd"))])
        drawn.add(frozenset(table.asked[0]))
    assert len(drawn) > 1


# --- traits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("trait", ["relative", "deterministic", "cpu_bound"])
def test_traits_come_from_the_parts(trait):
    join = any if trait == "relative" else all
    for values in ([True, True], [True, False], [False, False]):
        first, second = (Fixed(1.0, **{trait: v}) for v in values)
        for reward in (weighted({"a": first, "b": second}), gate(first, second)):
            assert getattr(reward, trait) is join(values)
        assert getattr(clip(first), trait) is values[0]


def test_what_compares_rivals_is_relative():
    assert normalise(Fixed(1.0)).relative
    assert round_robin(Table(FOUR)).relative
    assert not round_robin(Table(FOUR)).cpu_bound
    assert not round_robin(both_orders(Table(FOUR, deterministic=False))).deterministic


# --- fault values ---------------------------------------------------------------------------------


def low(value_):
    return Fixed(1.0, fault_value=value_)


@pytest.mark.parametrize(
    ("reward", "expected"),
    [
        (weighted({"a": Member(low(-1.0), 2), "b": low(0.5)}), -1.5),
        (weighted({"a": low(-1.0), "b": low(NAN)}), NAN),
        (weighted({"a": low(-1.0), "b": Member(low(NAN), optional=True)}), -2.0),
        (weighted({"a": Member(low(NAN), optional=True)}), NAN),
        (product({"a": low(-1.0), "b": low(2.0)}), -2.0),
        (product({"a": Member(low(0.0), -1)}), NAN),
        (product({"a": Member(low(-1.0), 0.5)}), NAN),
        (minimum({"a": low(-1.0), "b": low(2.0)}), -1.0),
        (maximum({"a": low(-1.0), "b": low(2.0)}), 2.0),
        (mean({"a": low(-1.0), "b": low(2.0)}), 0.5),
        (mean_minus_std({"a": low(-1.0), "b": low(1.0)}), -1.0),
        (mean_minus_std({"a": low(-1.0), "b": low(NAN)}), NAN),
        (weighted({"a": low(1e308), "b": low(1e308)}), NAN),
        (clip(low(-5.0), low=-1), -1.0),
        (affine(low(-5.0), scale=2, shift=1), -9.0),
        (threshold(low(0.0), below=-1), -1.0),
        (threshold(low(NAN)), NAN),
        (clip(low(NAN), low=0), NAN),
        (view(low(-3.0)), -3.0),
        (gate(low(2.0), Fixed(1.0), floor=-1), -1.0),
        (gate(low(-2.0), Fixed(1.0)), -2.0),
        (route("k", {"a": low(1.0), "b": low(-1.0)}, low(0.0)), -1.0),
        (route("k", {"a": low(NAN), "b": low(-1.0)}), -1.0),
        (route("k", {"a": low(-1.0), "b": low(NAN)}), -1.0),
        (route("k", {"a": low(NAN)}), NAN),
        (normalise(low(1.0)), NAN),
        (round_robin(Table(FOUR)), NAN),
    ],
)
def test_what_an_impossible_response_earns(reward, expected):
    assert fault_value(reward) == pytest.approx(expected, nan_ok=True)


def test_a_reward_of_ones_own_declares_none():
    assert math.isnan(fault_value(object()))  # type: ignore[arg-type]


# --- objects print as they were built, and travel -------------------------------------------------

LENGTH = load("rules.baseline.length")
TYPED = [
    weighted({"a": LENGTH, "b": Member(LENGTH, 0.5, True, {"has": "k"})}),
    product({"a": LENGTH}),
    minimum({"a": LENGTH}),
    maximum({"a": LENGTH}),
    mean({"a": LENGTH}),
    mean_minus_std({"a": LENGTH, "b": LENGTH}, k=2.0),
    clip(LENGTH, low=0),
    clip(LENGTH, low=0, high=3),
    affine(LENGTH, scale=2),
    standardise(LENGTH, mean=1, std=2),
    threshold(LENGTH, at=2, below=-1),
    normalise(LENGTH, ddof=0),
    normalise(LENGTH),
    view(LENGTH),
    view(LENGTH, part="think", tag="reason"),
    gate(LENGTH, LENGTH, at_least=2, floor=-1),
    route("k", {"v": LENGTH}),
    route("k", {"v": LENGTH, "w": clip(LENGTH)}, LENGTH),
]


@pytest.mark.parametrize("reward", TYPED, ids=repr)
def test_repr_can_be_typed(reward):
    scope = {name: getattr(combine, name) for name in combine.__all__} | {"load": load}
    again = eval(repr(reward), scope)
    assert repr(again) == repr(reward)
    assert type(again) is type(reward)
    groups = [Group("p", ["<think>abc</think>d", "ab"], {"k": "v"})]
    assert again.score(groups) == reward.score(groups)


@pytest.mark.parametrize("reward", TYPED, ids=repr)
def test_combinations_pickle_and_copy(reward):
    for again in (pickle.loads(pickle.dumps(reward)), copy.deepcopy(reward)):
        assert repr(again) == repr(reward)
        assert isinstance(again, Reward)


@pytest.mark.parametrize("reward", TYPED, ids=repr)
def test_nothing_for_nothing(reward):
    assert reward.score([]) == []
    assert reward.score([Group("p", [], {"k": "v"})]) == [[]]


# --- what does not fit ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: weighted({}), "parts must map names to rewards, found {}"),
        (lambda: weighted([LENGTH]), "parts must map names to rewards"),  # type: ignore[arg-type]
        (lambda: weighted({"a/b": LENGTH}), "without '/', found 'a/b'"),
        (lambda: weighted({"": LENGTH}), "a part's name is a non-empty string"),
        (lambda: weighted({1: LENGTH}), "a part's name is a non-empty string"),  # type: ignore
        (lambda: weighted({"a": 3}), "a must be a Reward, found 3"),  # type: ignore
        (lambda: weighted({"a": "rules.x"}), r"found 'rules.x'; make one with load\(\)"),  # type: ignore
        (lambda: Member(3), "a part must be a Reward, found 3"),  # type: ignore
        (lambda: Member(LENGTH, "0.5"), "weight: expected a finite number, found '0.5'"),  # type: ignore
        (lambda: Member(LENGTH, NAN), "weight: expected a finite number"),
        (lambda: Member(LENGTH, math.inf), "weight: expected a finite number"),
        (lambda: Member(LENGTH, when={"hass": "k"}), "when: it takes {has: COLUMN}"),
        (lambda: Member(LENGTH, when="reference"), "when: it takes {has: COLUMN}"),  # type: ignore
        (lambda: Member(LENGTH, when={"has": 5}), "when: has takes a column or a list"),
        (lambda: Member(LENGTH, when={"has": [None]}), "when: has takes a column or a list"),
        (lambda: clip(LENGTH, low=1, high=0), "low=1 must not exceed high=0"),
        (lambda: clip(LENGTH, low=NAN), "low=nan must not exceed"),
        (lambda: clip(3), "clip must be a Reward, found 3"),  # type: ignore
        (lambda: standardise(LENGTH, mean=0, std=0), "std=0 must be positive"),
        (lambda: standardise(LENGTH, mean=0, std=NAN), "std=nan must be positive"),
        (lambda: normalise(LENGTH, ddof=2), "ddof=2 must be 0 or 1"),
        (lambda: view(LENGTH, part="answers"), "part='answers' must be"),  # type: ignore
        (lambda: gate(LENGTH, 3), "gate: by must be a Reward, found 3"),  # type: ignore
        (lambda: route("k", {}), "cases must map values to rewards"),
        (lambda: route("k", {"a": 3}), "route: case a must be a Reward"),  # type: ignore
        (lambda: route("k", {"a": LENGTH}, 3), "route: default must be a Reward"),  # type: ignore
        (lambda: round_robin(LENGTH), "round_robin must be given a Comparer"),  # type: ignore
        (lambda: both_orders(LENGTH), "both_orders must be given a Comparer"),  # type: ignore
        (lambda: round_robin(Table(FOUR), num_pairs=0), "num_pairs=0 must be positive"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ConfigError, match=message):
        call()


def test_seeded_draws():
    assert seeded_hash(0, "ab", "c") != seeded_hash(0, "a", "bc")
    assert seeded_hash(0, "\ud800") != seeded_hash(0, "\ud801")
    assert 0 <= seeded_hash(-1) < 2**64


class TestAFaultNeverPays:
    """Under a negative weight or scale the minimum would be the best value."""

    group = Group("p", ["hostile", "calm"])

    def at_fault(self, **params):
        def noisy(response: str) -> Annotated[float, Range(0, 1)]:
            if response == "hostile":
                raise ScoringError("too hostile", fault="response")
            return 0.25

        return lift(noisy, **params)

    @pytest.mark.parametrize(
        "reward_of",
        [
            lambda inner: weighted({"noise": Member(inner, weight=-2.0)}),
            lambda inner: affine(inner, scale=-2.0),
            lambda inner: minimum({"noise": Member(inner, weight=-2.0)}),
        ],
        ids=["weighted", "affine", "minimum"],
    )
    def test_the_highest_value_counts(self, reward_of):
        reward = reward_of(self.at_fault())
        hostile, calm = reward.score([self.group])[0]
        assert (hostile.value, hostile.fault, calm.value) == (-2.0, "response", -0.5)
        assert reward.fault_value == -2.0

    @pytest.mark.parametrize("weight", [2.0, 1.0, 0.5, 0.0])
    def test_under_a_weight_that_is_not_negative_the_lowest_counts(self, weight):
        hostile, _ = weighted({"noise": Member(self.at_fault(), weight)}).score([self.group])[0]
        assert (hostile.value, hostile.fault) == (0.0, "response")
        scaled, _ = affine(self.at_fault(), scale=weight).score([self.group])[0]
        assert (scaled.value, scaled.fault) == (0.0, "response")
        assert weighted({"noise": Member(self.at_fault(), weight)}).fault_value == 0.0

    def test_a_declared_value_stands(self):
        reward = affine(self.at_fault(on_response_fault=0.5), scale=-2.0)
        assert reward.score([self.group])[0][0].value == -1.0

    def test_an_undeclared_one_is_nan(self):
        inner = weighted({"noise": self.at_fault()})
        hostile, _ = affine(inner, scale=-1.0).score([self.group])[0]
        assert not hostile.is_scored
        assert hostile.fault == "response"


def test_a_part_for_rows_with_a_reference_applies_to_a_list_of_them():
    member = Member(Fixed(1.0), when={"has": "reference"})
    assert member.applies(Group("?", ["x"], {"references": ["1"]}))
    assert not member.applies(Group("?", ["x"], {"other": ["1"]}))
