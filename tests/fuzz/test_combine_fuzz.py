"""Combinations of whatever scores: finite or explained, whatever the order, the batch, the size."""

import math
import statistics
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from plaudit.combine import (
    Member,
    affine,
    clip,
    gate,
    mean,
    mean_minus_std,
    minimum,
    normalise,
    product,
    route,
    standardise,
    threshold,
    view,
    weighted,
)
from plaudit.types import Group, Score

FINITE = st.floats(allow_nan=False, allow_infinity=False)
SMALL = st.floats(-100, 100)
UNSCORED = st.sampled_from(["response", "input", "system"]).map(
    lambda fault: Score.unscored("why", fault=fault)
)


@dataclass
class Given:
    """Gives the n-th of its scores to the text "n"."""

    scores: Any
    relative = False
    deterministic = True
    cpu_bound = True

    def score(self, groups):
        return [[self.scores[int(r.text)] for r in group.responses] for group in groups]


def scores(values=FINITE):
    faulted = values.map(lambda v: Score(v, fault="response", error="late"))
    return st.one_of(values.map(Score), UNSCORED, faulted)


def rewards(values=FINITE):
    return st.tuples(*[scores(values)] * 3).map(Given)


def members(values=FINITE, weights=FINITE):
    when = st.sampled_from([None, {"has": "there"}, {"has": "absent"}])
    return st.builds(Member, rewards(values), weights, st.booleans(), when)


NAMES = st.sampled_from("abcdef")
parts = st.dictionaries(NAMES, members(), min_size=1, max_size=5)
single = st.one_of(
    st.builds(
        lambda r, low, high: clip(r, low=min(low, high), high=max(low, high)),
        rewards(),
        FINITE,
        FINITE,
    ),
    st.builds(lambda r, a, b: affine(r, scale=a, shift=b), rewards(), FINITE, FINITE),
    st.builds(
        lambda r, m, s: standardise(r, mean=m, std=s),
        rewards(),
        FINITE,
        FINITE.filter(lambda s: s > 0),
    ),
    st.builds(lambda r, at: threshold(r, at=at), rewards(), FINITE),
    st.builds(lambda r, ddof: normalise(r, ddof=ddof), rewards(), st.sampled_from([0, 1])),
    rewards().map(view),
)
several = st.one_of(
    *(parts.map(make) for make in (weighted, product, minimum, mean, mean_minus_std))
)
chosen = st.one_of(
    st.builds(
        lambda r, by, at, low: gate(r, by, at_least=at, floor=low),
        rewards(),
        rewards(),
        FINITE,
        FINITE,
    ),
    st.builds(lambda a, b: route("there", {"1": a}, b), rewards(), rewards()),
)
anything = st.one_of(single, several, chosen)
nested = st.dictionaries(NAMES, anything, min_size=1, max_size=3).map(weighted)
GROUPS = [
    Group("p", ["0", "1", "2"], {"there": 1}),
    Group("q", ["2"], {"there": 1}),
    Group("r", []),
]


def same(one, two):
    return [
        [(s.error, s.fault, s.note, "nan" if math.isnan(s.value) else s.value) for s in group]
        for group in one
    ] == [
        [(s.error, s.fault, s.note, "nan" if math.isnan(s.value) else s.value) for s in group]
        for group in two
    ]


@given(st.one_of(anything, nested))
def test_every_value_is_finite_or_explained(reward):
    found = reward.score(GROUPS)
    assert [len(group) for group in found] == [3, 1, 0]
    for score in (s for group in found for s in group):
        assert math.isfinite(score.value) or (
            math.isnan(score.value) and score.error and score.fault
        )


@given(st.one_of(anything, nested))
def test_the_fault_value_is_a_number_or_nan(reward):
    assert not math.isinf(getattr(reward, "fault_value", math.nan))


@given(st.one_of(anything, nested))
def test_neither_batch_nor_order_of_groups_matters(reward):
    found = reward.score(GROUPS)
    assert same(found, [reward.score([group])[0] for group in GROUPS])
    assert same(found, reward.score(GROUPS[::-1])[::-1])


@given(parts, st.randoms())
def test_sums_do_not_depend_on_the_order_of_parts(some, random):
    shuffled = list(some.items())
    random.shuffle(shuffled)
    for make in (weighted, mean, minimum):
        one, two = (make(dict(order)).score(GROUPS) for order in (some.items(), shuffled))
        for a, b in zip((s for g in one for s in g), (s for g in two for s in g), strict=True):
            assert a.value == b.value or (math.isnan(a.value) and math.isnan(b.value))
            assert dict(a.parts).keys() == dict(b.parts).keys()


@given(st.dictionaries(NAMES, st.tuples(SMALL, SMALL), min_size=1))
def test_weighted_agrees_with_the_sum(some):
    reward = weighted({n: Member(Given([Score(v)]), w) for n, (v, w) in some.items()})
    exact = sum(v * w for v, w in some.values())
    assert math.isclose(reward.score([Group("p", ["0"])])[0][0].value, exact, abs_tol=1e-9)


@given(st.dictionaries(NAMES, st.tuples(SMALL, st.floats(0.1, 100), st.booleans()), min_size=1))
def test_a_weighted_mean_lies_between_its_kept_parts(some):
    reward = mean(
        {
            name: Member(Given([Score(v) if kept else Score.unscored("x", fault="input")]), w, True)
            for name, (v, w, kept) in some.items()
        }
    )
    score = reward.score([Group("p", ["0"])])[0][0]
    kept = [v for v, _, is_kept in some.values() if is_kept]
    if kept:
        assert min(kept) - 1e-9 <= score.value <= max(kept) + 1e-9
    else:
        assert math.isnan(score.value)


@given(members(SMALL, st.floats(0.1, 10)), st.floats(0.1, 10))
def test_a_part_left_out_leaves_the_full_weight_to_the_others(member, weight):
    gone = Member(Given([Score.unscored("x", fault="input")] * 3), weight, optional=True)
    kept = Member(member.reward, member.weight)
    alone = Member(member.reward, member.weight + weight)
    one = weighted({"a": kept, "b": gone}).score(GROUPS[:1])[0]
    two = weighted({"a": alone}).score(GROUPS[:1])[0]
    for left, right in zip(one, two, strict=True):
        assert left.is_scored == right.is_scored
        if left.is_scored:
            assert math.isclose(left.value, right.value, rel_tol=1e-12, abs_tol=1e-12)


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=8), st.sampled_from([0, 1]))
def test_normalised_values_have_mean_0_and_spread_1(values, ddof):
    reward = normalise(Given([Score(float(v)) for v in values]), ddof=ddof)
    found = [s.value for s in reward.score([Group("p", list(map(str, range(len(values)))))])[0]]
    if len(set(values)) == 1:
        assert found == [0.0] * len(values)
        return
    spread = statistics.stdev if ddof else statistics.pstdev
    assert math.isclose(statistics.fmean(found), 0, abs_tol=1e-9)
    assert math.isclose(spread(found), 1, rel_tol=1e-9)
    assert sorted(range(len(values)), key=found.__getitem__) == sorted(
        range(len(values)), key=values.__getitem__
    )


@given(st.lists(scores(), min_size=1, max_size=6), st.randoms())
def test_a_normalised_score_follows_its_response(given_scores, random):
    order = list(range(len(given_scores)))
    random.shuffle(order)
    reward = normalise(Given(given_scores))
    straight = reward.score([Group("p", list(map(str, range(len(order)))))])[0]
    turned = reward.score([Group("p", list(map(str, order)))])[0]
    assert same([[straight[i] for i in order]], [turned])


@given(rewards(), rewards(), SMALL, SMALL)
def test_a_gate_is_its_floor_the_gated_value_or_nan(inner, by, at_least, floor):
    found = gate(inner, by, at_least=at_least, floor=floor).score(GROUPS[:1])[0]
    for n, score in enumerate(found):
        key = by.scores[n].value
        expected = key if math.isnan(key) else inner.scores[n].value if key >= at_least else floor
        assert score.value == expected or (math.isnan(score.value) and math.isnan(expected))


@given(parts)
def test_no_fault_of_a_kept_part_is_lost(some):
    for score, n in zip(weighted(some).score(GROUPS[:1])[0], range(3), strict=True):
        asked = {k: m.reward.scores[n] for k, m in some.items() if m.applies(GROUPS[0])}
        for name, part in asked.items():
            if part.error is not None:
                assert f"{name}: {part.error}" in score.error
