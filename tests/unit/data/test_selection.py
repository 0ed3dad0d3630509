"""What is picked and what is not: margins, ties, NaN, faults, filters, rates, the funnel's law."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.combine import both_orders, round_robin
from plaudit.data.judged import Judged, JudgedResponse
from plaudit.data.overlap import EvalPrompts, Seen
from plaudit.data.selection import Funnel, Preference, Prompts, Sft, agreement, select
from plaudit.errors import ConfigError
from plaudit.types import Group, Response, Score

NAN = math.nan
STRATEGIES = ["best-vs-worst", "best-vs-random", "all-pairs"]


def group(*values, prompt="What is the sum of two and two?", faults=(), **columns):
    faults = {**dict.fromkeys(range(len(values))), **dict(faults)}
    members = tuple(
        JudgedResponse(Response(f"text {i}"), value, fault=faults[i], row=1, place=i)
        for i, value in enumerate(values)
    )
    return Judged(({"role": "user", "content": prompt},), members, columns)


def of(*texts, value=1.0, prompt="What is the sum of two and two?", **columns):
    members = tuple(JudgedResponse(Response(text), value) for text in texts)
    return Judged(({"role": "user", "content": prompt},), members, columns)


def places(outcome):
    return [(pick.chosen.place, pick.rejected and pick.rejected.place) for pick in outcome.picks]


# --- preference -----------------------------------------------------------------------------------


def test_best_vs_worst():
    found = Preference().outcome(group(0.5, NAN, 0.9, 0.1))
    assert places(found) == [(2, 3)]
    assert found.picks[0].figures["margin"] == pytest.approx(0.8)
    assert places(Preference(max_pairs=3).outcome(group(4, 3, 2, 1))) == [(0, 3), (1, 2)]


def test_best_vs_random_is_drawn_by_the_seed_from_the_worse():
    one = group(*range(20))
    drawn = {places(Preference("best-vs-random", seed=s).outcome(one))[0] for s in range(30)}
    assert {chosen for chosen, _ in drawn} == {19}
    assert len(drawn) > 8


def test_best_vs_random_considers_the_others_that_are_not_better():
    rule = Preference("best-vs-random", max_pairs=9)
    found = rule.outcome(group(1, 0, 0.5))
    assert (found.considered, sorted(places(found))) == (2, [(0, 1), (0, 2)])
    found = rule.outcome(group(1, 0, 9, faults={2: "response"}.items()))
    assert (found.considered, places(found), found.dropped) == (1, [(0, 1)], {})


def test_all_pairs_are_all_and_capped():
    one = group(3, 1, 2, 2)
    everything = Preference("all-pairs", max_pairs=100).outcome(one)
    assert sorted(places(everything)) == [(0, 1), (0, 2), (0, 3), (2, 1), (3, 1)]
    assert everything.dropped == {"tie": 1}
    assert len(Preference("all-pairs", max_pairs=2).outcome(one).picks) == 2


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_draw_depends_on_texts_not_on_places(strategy):
    one = group(1, 1, 1, 0, 0, 0.5)
    rule = Preference(strategy, max_pairs=2)
    expected = sorted(places(rule.outcome(one)))
    for seed in range(5):
        members = random.Random(seed).sample(one.members, len(one.members))
        assert sorted(places(rule.outcome(one._replace(members=tuple(members))))) == expected


def test_among_the_best_the_seed_decides_not_the_place():
    one = group(1, 1, 1, 1, 0)
    assert len({places(Preference(seed=s).outcome(one))[0][0] for s in range(30)}) == 4


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((), "fewer than two scored responses"),
        ((1.0,), "fewer than two scored responses"),
        ((1.0, NAN, NAN), "fewer than two scored responses"),
        ((1.0, 1.0), "no pair passes"),
    ],
)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nan_and_ties_are_never_picked(strategy, values, reason):
    found = Preference(strategy).outcome(group(*values))
    assert not found.picks
    assert found.reason == reason
    assert set(found.dropped) <= {"tie"}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_response_at_fault_may_be_rejected_never_chosen(strategy):
    rule = Preference(strategy, max_pairs=9)
    found = rule.outcome(group(0.5, 0.9, 0.0, faults={1: "response", 2: "response"}.items()))
    assert places(found) == [(0, 2)]
    both = group(1, 0, faults={0: "response", 1: "response"}.items())
    assert rule.outcome(both).reason == "every scored response is at fault"


@pytest.mark.parametrize(
    ("options", "dropped"),
    [
        ({"min_margin": 0.9}, "margin too small"),
        ({"max_margin": 0.5}, "margin too large"),
        ({"min_agreement": 0.5}, "no agreement to measure"),
        ({"min_margin": 0.8, "max_margin": 0.8}, None),
    ],
)
def test_margins(options, dropped):
    found = Preference(**options).outcome(group(0.75, 0.25, -0.05))
    assert found.dropped == ({dropped: 1} if dropped else {})
    assert (found.reason is None) is (dropped is None)


@pytest.mark.parametrize(
    ("chosen", "rejected", "is_taken"),
    [
        ("aaaa", "bb", True),
        ("aa", "bbbb", True),
        ("aaaaa", "bb", False),
        ("bb", "aaaaa", False),
        ("a", "", False),
    ],
)
def test_the_ratio_of_lengths_binds_both_ways(chosen, rejected, is_taken):
    one = Judged(
        (), (JudgedResponse(Response(chosen), 1.0), JudgedResponse(Response(rejected), 0.0))
    )
    found = Preference(max_length_ratio=2).outcome(one)
    assert bool(found.picks) is is_taken
    assert is_taken or found.dropped == {"lengths too far apart": 1}


def test_one_text_with_two_scores_is_no_pair():
    one = Judged((), (JudgedResponse(Response("same"), 1.0), JudgedResponse(Response("same"), 0.0)))
    assert Preference().outcome(one).dropped == {"same text": 1}


def judge(forward, backward):
    """A pair as a pairwise judge scores it: P(first response is better), shown first and second."""
    first = JudgedResponse(
        Response("a"), (forward + backward) / 2, {"forward": forward, "backward": backward}
    )
    second = JudgedResponse(
        Response("b"), 1 - first.value, {"forward": 1 - backward, "backward": 1 - forward}
    )
    return Judged((), (first, second))


@pytest.mark.parametrize(
    ("forward", "backward", "agreed"),
    [(0.9, 0.8, 1.0), (0.9, 0.3, 0.5), (0.2, 0.1, 1.0), (0.2, 0.9, 0.5), (0.9, 0.5, 0.75)],
)
def test_both_orders_vote(forward, backward, agreed):
    (pick,) = Preference().outcome(judge(forward, backward)).picks
    assert pick.figures["agreement"] == agreed
    strict = Preference(min_agreement=1).outcome(judge(forward, backward))
    assert bool(strict.picks) is (agreed == 1)
    assert agreed == 1 or strict.dropped == {"too little agreement": 1}


class Fixed:
    """A comparer that likes "a", the more the earlier it stands."""

    deterministic = True

    def __init__(self, first, second):
        self.first, self.second = first, second

    def compare(self, pairs):
        return [Score(self.first if p.first.text == "a" else 1 - self.second) for p in pairs]


@pytest.mark.parametrize(("first", "second", "agreed"), [(0.9, 0.8, 1.0), (0.9, 0.2, 0.5)])
def test_the_parts_are_those_that_round_robin_writes(first, second, agreed):
    reward = round_robin(both_orders(Fixed(first, second)))
    for texts in (["a", "b"], ["b", "a"]):
        (scores,) = reward.score([Group("q", texts)])
        members = (
            JudgedResponse(Response(t), s.value, s.parts)
            for t, s in zip(texts, scores, strict=True)
        )
        (pick,) = Preference().outcome(Judged((), tuple(members))).picks
        assert (pick.chosen.text, pick.figures["agreement"]) == ("a", agreed)


def test_parts_of_several_judges_vote():
    a = JudgedResponse(Response("a"), 1, {"one": 3.0, "two": 1.0, "three": 5.0})
    b = JudgedResponse(Response("b"), 0, {"one": 2.0, "two": 2.0, "three": 4.0})
    assert agreement(a, b, ("one", "two", "three")) == pytest.approx(2 / 3)
    assert math.isnan(agreement(a, b, ("one", "four")))
    assert math.isnan(agreement(a, b, ()))


@pytest.mark.parametrize(
    "options",
    [
        {"strategy": "best-vs-wrost"}, {"min_margin": 1, "max_margin": 0.5}, {"max_pairs": 0},
        {"max_length_ratio": 0.5}, {"min_agreement": 2}, {"min_margin": NAN},
    ],
)  # fmt: skip
def test_options_that_exclude_every_pair(options):
    with pytest.raises(ConfigError):
        Preference(**options)


def test_options_at_the_ends_of_what_is_allowed():
    """And the defaults: a changed one is a changed selection."""
    assert Preference(max_length_ratio=1, min_agreement=1, max_pairs=1).seed == 0
    assert Preference(min_margin=0.5, max_margin=0.5, min_agreement=0) is not None
    assert Preference() == Preference(
        "best-vs-worst", 0.0, math.inf, None, ("forward", "backward"), math.inf, 1, 0
    )
    assert Sft(1.0) == Sft(1.0, 4, "random", None, None, False, 0)
    assert Sft(1.0, cap=1, max_other_script=1) != Sft(1.0, cap=1, max_other_script=0)
    assert Prompts() == Prompts(1.0, 0.0, 1.0, 0) == Prompts(min_rate=0, max_rate=1)


def test_two_empty_texts_are_as_long_as_each_other():
    members = (JudgedResponse(Response(""), 1.0), JudgedResponse(Response(""), 0.0))
    found = Preference(max_length_ratio=1).outcome(Judged((), members))
    assert found.dropped == {"same text": 1}
    members = (JudgedResponse(Response("ab"), 1.0), JudgedResponse(Response("cd"), 0.0))
    assert Preference(max_length_ratio=1).outcome(Judged((), members)).picks


# --- samples --------------------------------------------------------------------------------------


def test_rejection_sampling():
    found = Sft(at_least=0.5, cap=2, prefer="best").outcome(group(0.4, 0.5, 0.9, 0.7, NAN))
    assert places(found) == [(2, None), (3, None)]
    assert found.dropped == {"reward too low": 1, "over the cap of its prompt": 1}
    assert found.considered == 4


def test_the_seed_draws_under_the_cap():
    one = group(*[1.0] * 9)
    drawn = {places(Sft(at_least=1, cap=1, seed=s).outcome(one))[0][0] for s in range(40)}
    assert len(drawn) > 5


def test_faults_cuts_and_repeated_texts_go():
    members = (
        JudgedResponse(Response("a"), 1.0, fault="response"),
        JudgedResponse(Response("b", finish_reason="length"), 1.0),
        JudgedResponse(Response("c"), 1.0),
        JudgedResponse(Response("c"), 1.0),
    )
    found = Sft(at_least=1).outcome(Judged((), members))
    assert [pick.chosen.text for pick in found.picks] == ["c"]
    assert found.dropped == {"at fault": 1, "cut by its length limit": 1, "same text": 1}


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("<think>two and two make four</think>4", None),
        ("<think>two and two make four 二加二等于四二加二等于四</think>4", "mixed language"),
        ("<think>two and two</think>二加二等于四，二加二等于四，二加二等于四", None),
        ("<think>4</think>4", None),
        ("two and two 二加二等于四二加二等于四", "mixed language"),
    ],
)
def test_mixed_language(text, dropped):
    found = Sft(at_least=1, max_other_script=0.1).outcome(of(text))
    assert found.dropped == ({dropped: 1} if dropped else {})


def test_the_language_may_be_a_column_and_must_be_known():
    rule = Sft(at_least=1, max_other_script=0.1)
    text = "<think>二加二等于四</think>4"
    assert rule.outcome(of(text, language="zh")).picks
    assert rule.outcome(of(text, prompt="2 + 2")).dropped == {"language unknown": 1}
    assert rule.outcome(of(text, language="klingonish")).dropped == {"language unknown": 1}


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [
        ("<think>" + "a" * 50 + "\n\n" + "b" * 50 + "</think>" + "c" * 99, True),
        ("<think>" + "a" * 50 + "\n" + "b" * 50 + "</think>c", False),
        ("a" * 61, False),
        ("a" * 60, True),
        ("a" * 30 + "\n" + "b" * 29, True),  # the newline counts
        ("a" * 30 + "\n" + "b" * 30, False),
        ("\n" + "a" * 60, True),
    ],
)
def test_overlong_paragraphs(text, is_kept):
    found = Sft(at_least=1, max_paragraph_chars=60).outcome(of(text))
    assert bool(found.picks) is is_kept
    assert is_kept or found.dropped == {"overlong paragraph": 1}


def test_code_in_the_reasoning_only():
    rule = Sft(at_least=1, no_code_in_think=True)
    block = "\n```python\nprint(4)\n```\n"
    assert rule.outcome(of(f"<think>so{block}</think>4")).dropped == {"code in the reasoning": 1}
    assert rule.outcome(of(f"<think>so</think>{block}", f"plain{block}")).dropped == {}


@pytest.mark.parametrize("options", [{"cap": 0}, {"prefer": "worst"}, {"max_other_script": 2}])
def test_options_of_samples(options):
    with pytest.raises(ConfigError):
        Sft(at_least=1, **options)


# --- prompts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((1, 1, 1), "all right"),
        ((0, 0), "all wrong"),
        ((1, NAN), "fewer than two scored responses"),
        ((1, 0, 0, 0), "pass rate too low"),
        ((1, 1, 1, 0), "pass rate too high"),
        ((1, 0, NAN), None),
    ],
)
def test_pass_rates(values, reason):
    found = Prompts(min_rate=0.3, max_rate=0.7).outcome(group(*values))
    assert found.reason == reason
    if reason is None:
        assert found.picks[0].figures == {"pass_rate": 0.5, "num_scored": 2, "num_unscored": 1}


def test_the_bar_of_a_pass_and_the_ends_of_the_range():
    assert Prompts(pass_at=0.5, min_rate=0.5, max_rate=0.5).outcome(group(0.5, 0.4)).picks
    with pytest.raises(ConfigError, match=r"min_rate=0\.7 is above max_rate=0\.2"):
        Prompts(min_rate=0.7, max_rate=0.2)


# --- all prompts ----------------------------------------------------------------------------------


def test_repeats_and_overlap_are_counted_apart():
    known = EvalPrompts()
    known.add("e", "Name the three tallest mountains of the whole wide world")
    groups = [
        group(1, 1, prompt="What is a cat?"),  # gives nothing, so the next one is no repeat
        group(1, 0, prompt="What is a cat?"),
        group(1, 0, prompt="what is a  cat?"),
        group(1, 0, prompt="Q: Name the three tallest mountains of the whole wide world."),
        group(1, 0, prompt=""),
        group(1, 0, prompt=""),
    ]
    funnel = Funnel()
    picks = list(select(groups, Preference(), funnel=funnel, earlier=Seen(), evaluation=known))
    assert len(picks) == 3
    assert funnel.report()["prompts"] == {
        "in": 6,
        "dropped": {"no pair passes": 1, "duplicate": 1, "overlaps an evaluation prompt": 1},
        "left": 3,
    }


def test_a_funnel_starts_empty():
    funnel = Funnel()
    assert (funnel.left("pairs"), funnel.report()) == (0, {})
    funnel.take("pairs")
    funnel.drop("pairs", "tie")
    funnel.take("pairs")
    assert funnel.report() == {"pairs": {"in": 2, "dropped": {"tie": 1}, "left": 1}}


RULES = st.sampled_from(
    [
        *(Preference(name, max_pairs=3, min_margin=0.3) for name in STRATEGIES),
        Preference(min_margin=0.3),
        Sft(at_least=0.5, cap=2),
        Prompts(pass_at=0.5, min_rate=0.4),
    ]
)
VALUES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, NAN]), min_size=1, max_size=6)


@given(st.lists(VALUES, max_size=6), RULES)
def test_what_comes_in_is_picked_or_counted(rows, rule):
    """The law of the funnel, and that neither NaN nor a tie is picked."""
    funnel = Funnel()
    picks = list(select([group(*values) for values in rows], rule, funnel=funnel))
    told = funnel.report()
    for counts in told.values():
        assert counts["in"] == counts["left"] + sum(counts["dropped"].values())
    assert not rows or told[rule.unit]["left"] == len(picks)
    for pick in picks:
        sides = [member.value for member in (pick.chosen, pick.rejected) if member]
        assert all(value == value for value in sides)
        assert len(sides) < 2 or sides[0] >= sides[1] + 0.3
