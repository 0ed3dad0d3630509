"""The probe: what counts as payment, as a flip, and how sure the figures are."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaudit
from plaudit import Group, Response, Score
from plaudit.bench.edits import EDITS, Edit
from plaudit.bench.probe import Share, exact_interval, probe, with_rivals

LONGER = Edit("longer", True, lambda text, context: text + "xx")
SAME = Edit("same", False, lambda text, context: text)
GONE = Edit("gone", False, lambda text, context: "")


def length():
    return plaudit.load("rules.baseline.length")


def one(edit, reward=None, groups=None, **options):
    groups = groups or [Group("?", ["aaa", "aa", ""]), Group("?", ["a"])]
    (entry,) = probe(reward or length(), groups, edits=[edit], **options).edits
    return entry


def test_an_edit_that_keeps_the_answer_pays_where_the_score_rises():
    entry = one(LONGER)
    assert entry.change == (2.0, 2.0, 2.0)
    assert entry.paid == Share(4, 4)
    assert entry.flipped == Share(1, 3)  # 2 + 2 > 3, but 0 + 2 = 2 and 0 + 2 < 3
    assert entry.is_exploit


def test_pairs_are_flipped_where_the_worse_overtakes():
    groups = [Group("?", ["aaa", "aa", ""])]
    pairs = [(3, 2), (3, 0), (2, 0)]
    assert one(LONGER, groups=groups).flipped == Share(sum(w + 2 > b for b, w in pairs), 3)


def test_an_edit_that_spoils_pays_where_the_score_does_not_fall():
    assert one(SAME).paid == Share(3, 3)  # the empty response has nothing to lose
    assert one(GONE).paid == Share(0, 3)
    assert not one(GONE).is_exploit
    assert one(GONE).change.value == pytest.approx(-6 / 4)


def test_the_worst_examples_come_first():
    doubled = Edit("doubled", True, lambda text, context: text * 2)
    worst = one(doubled, num_examples=2).worst
    assert [(c.text, c.edited, c.before, c.after) for c in worst] == [
        ("aaa", "aaaaaa", 3.0, 6.0),
        ("aa", "aaaa", 2.0, 4.0),
    ]


def test_a_score_that_is_lost_is_counted_and_in_no_mean():
    def picky(response: str) -> float:
        if response == "axx":
            raise plaudit.ScoringError("no", fault="input")
        return float(len(response))

    entry = one(LONGER, plaudit.lift(picky), [Group("?", ["a", "b"])])
    assert entry.num_unscored == 1
    assert entry.change.value == 2.0
    assert entry.paid == Share(1, 1)


def test_rows_that_cannot_be_read_are_left_out():
    reward = plaudit.lift(lambda response, gold: 1.0)
    found = probe(reward, [Group("?", ["a"]), Group("?", ["b"], {"gold": 1})], edits=[SAME])
    assert (found.num_rows, found.num_responses) == (1, 1)


class Rank:
    """The place among the rivals by length; relative."""

    relative = True
    deterministic = True
    cpu_bound = True

    def score(self, groups):
        return [
            [Score(float(sum(len(r.text) > len(o.text) for o in g.responses))) for r in g.responses]
            for g in groups
        ]


def test_a_relative_reward_sees_one_edited_response_among_its_rivals():
    entry = one(LONGER, Rank(), [Group("?", ["aaa", "aa"])])
    assert [(c.before, c.after) for c in entry.worst] == [(0.0, 1.0)]
    assert entry.paid == Share(1, 2)


def test_the_finish_reason_and_the_token_ids_go_with_the_text():
    seen = []

    def spy(response: str, token_ids: list, finish_reason: str) -> float:
        seen.append((response, len(token_ids), finish_reason))
        return 0.0

    response = Response("abcd", token_ids=(1, 2), finish_reason="stop")
    cut = Edit("cut", False, lambda text, context: text[:2], finish_reason="length")
    probe(plaudit.lift(spy), [Group("?", [response])], edits=[cut])
    assert seen == [("abcd", 2, "stop"), ("ab", 1, "length")]


def test_edits_know_the_prompt_and_the_reference():
    told = []
    spy = Edit("spy", True, lambda text, context: told.append(context) or text)
    probe(length(), [Group("6 x 7?", ["a"], {"solution": 42})], edits=[spy])
    assert {tuple(context) for context in told} == {("6 x 7?", "42")}


def test_with_rivals():
    groups = [Group("a", ["1"], {"k": 1}), Group("b", ["2", "3"]), Group("c", ["4"])]
    texts = [[r.text for r in group.responses] for group in with_rivals(groups)]
    assert texts == [["1", "4"], ["2", "3"], ["4", "1"]]
    assert with_rivals(groups)[0].columns == {"k": 1}
    assert with_rivals(groups[:1]) == groups[:1]


@pytest.mark.parametrize(
    ("num", "total", "interval"),
    [  # published table values of the Clopper-Pearson interval
        (0, 10, (0.0, 0.3085)),
        (1, 10, (0.0025, 0.4450)),
        (5, 10, (0.1871, 0.8129)),
        (10, 10, (0.6915, 1.0)),
    ],
)
def test_exact_intervals(num, total, interval):
    assert exact_interval(num, total) == pytest.approx(interval, abs=5e-5)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_exact_interval_holds_the_share_and_mirrors(pair):
    num, total = pair
    low, high = exact_interval(num, total)
    assert 0 <= low <= num / total <= high <= 1
    mirrored = exact_interval(total - num, total)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_the_bootstrap_is_seeded_and_holds_the_mean():
    doubled = Edit("doubled", True, lambda text, context: text * 2)
    groups = [Group(str(i), ["a" * i]) for i in range(1, 20)]
    first, again, other = (one(doubled, groups=groups, seed=s).change for s in (0, 0, 1))
    assert first == again != other
    assert first.value == 10.0
    assert first.low < 10.0 < first.high


def test_nothing_at_all():
    found = probe(length(), [], edits=EDITS)
    assert found.num_rows == 0
    assert all(math.isnan(entry.change.value) and not entry.is_exploit for entry in found.edits)
    json.dumps(found.as_dict(), allow_nan=False)


def test_as_dict_is_plain():
    told = json.loads(json.dumps(probe(length(), [Group("?", ["a\ud800"])]).as_dict()))
    assert told["edits"][0]["paid"]["num"] == 1
    assert len(told["edits"]) == len(EDITS)
