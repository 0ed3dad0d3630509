"""Paired tests, ranks, calibration and length, against second implementations."""

import math
import random
from itertools import product

import numpy as np
import pytest
from bench_sheets import line

from plaudit.bench.benchmark import benchmark
from plaudit.bench.paired import compare_draws, holm, mcnemar, rank_ranges
from plaudit.bench.quality import auc, calibration, length_control
from plaudit.bench.results import assess
from plaudit.bench.sheet import Scored, Sheet
from plaudit.bench.tally import draw_figures, figures_of
from plaudit.errors import ConfigError, PlauditError
from plaudit.metrics import bootstrap_mean


@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 0), (10, 2), (5, 5), (0, 9), (30, 12)])
def test_mcnemar_counts_coin_tosses(b, c):
    num, least = b + c, min(b, c)
    tail = sum(math.comb(num, k) for k in range(least + 1)) / 2**num
    assert mcnemar(b, c) == pytest.approx(min(1.0, 2 * tail))
    assert mcnemar(b, c) == mcnemar(c, b)


def test_holm_by_hand():
    # sorted .005, .01, .03, .04 times 4, 3, 2, 1, never falling: .02, .03, .06, .06
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@pytest.mark.parametrize("seed", range(5))
def test_auc_counts_pairs(seed):
    draw = random.Random(seed)
    scores = [float(draw.randint(0, 5)) for _ in range(40)]
    right = [draw.random() < 0.5 for _ in scores]
    pairs = [
        (a > b) + 0.5 * (a == b)
        for (a, x), (b, y) in product(zip(scores, right, strict=True), repeat=2)
        if x and not y
    ]
    assert auc(scores, right) == pytest.approx(sum(pairs) / len(pairs))


def test_auc_of_one_side_is_none():
    assert math.isnan(auc([1.0, 2.0], [1, 1]))


def pairs_sheet(num, **features):
    lines = []
    for i in range(num):
        results = line(str(i), "all", [1.0, 0.0])
        lines.append({**results, **{name: values[i] for name, values in features.items()}})
    return Sheet(lines)


def drawn_scores(num, strength, seed):
    draw = np.random.default_rng(seed)
    values = draw.normal(size=2 * num)
    values[::2] += strength
    return values


def test_a_bootstrap_of_pairs_is_that_of_their_mean():
    sheet = pairs_sheet(200)
    values = drawn_scores(200, 0.5, 0)
    bench = benchmark("pairs")
    tally = bench.measure(sheet, Scored("x", values), "strict")
    (drawn,) = draw_figures([tally], sheet.strata_P, num_draws=2000)
    low, high = np.quantile(drawn["overall"], (0.025, 0.975))
    won = (values[::2] > values[1::2]).astype(float)
    due = bootstrap_mean(won.tolist(), num_draws=2000)
    assert figures_of(tally)["overall"] == pytest.approx(due.value)
    assert (low, high) == pytest.approx((due.low, due.high), abs=0.015)


def test_large_and_small_tables_are_drawn_alike(monkeypatch):
    from plaudit.bench import tally as module

    sheet = pairs_sheet(50)
    tally = benchmark("pairs").measure(sheet, Scored("x", drawn_scores(50, 0.5, 0)), "strict")
    (quick,) = draw_figures([tally], sheet.strata_P, num_draws=20)
    monkeypatch.setattr(module, "_BLOCK", 0)
    (slow,) = draw_figures([tally], sheet.strata_P, num_draws=20)
    np.testing.assert_allclose(quick["overall"], slow["overall"])


def test_ranks_say_what_cannot_be_told_apart():
    num = 400
    sheet = pairs_sheet(num)
    good = drawn_scores(num, 2.0, 1)
    same = good.copy()
    same[:4] = same[:4][::-1]  # two rows decided the other way round
    scored = [Scored("good", good), Scored("same", same), Scored("bad", drawn_scores(num, 0.0, 2))]
    results = assess(benchmark("pairs"), sheet, scored, num_draws=200)
    assert {e["name"]: e["rank"] for e in results["rewards"]} == {
        "good": [1, 2],
        "same": [1, 2],
        "bad": [3, 3],
    }
    pair = results["paired"][0]
    assert (pair["only_first"], pair["only_second"]) == (2, 0)
    assert pair["differs"] is False


def test_a_bootstrap_decides_where_a_prompt_has_several_rows():
    draws = [np.array([0.5, 0.6, 0.7]), np.array([0.1, 0.2, 0.3])]
    (pair,) = compare_draws(["a", "b"], [0.6, 0.2], draws, None, 40)
    assert pair.only_first is None
    assert pair.p == pytest.approx(2 * 1 / 4)
    assert rank_ranges(["a", "b"], [0.6, 0.2], [pair]) == {"a": (1, 2), "b": (1, 2)}


def sections_sheet(name):
    """Many rows of one section, few of another."""
    one, other = {
        "rmb": ("pair-helpful", "pair-harmless"),
        "rewardbench": ("math-prm", "alpacaeval-easy"),
        "rewardbench2": ("Math", "Focus"),
    }[name]
    lines = [line(str(i), one, [1.0, 0.0]) for i in range(300)]
    return Sheet([*lines, *(line(str(i), other, [1.0, 0.0]) for i in range(6))])


@pytest.mark.parametrize("name", ["rmb", "rewardbench", "rewardbench2"])
@pytest.mark.parametrize("rule", ["strict", "rewardbench"])
def test_a_test_is_about_the_headline_not_about_all_rows_together(name, rule):
    if rule not in benchmark(name).credits:
        return
    sheet = sections_sheet(name)
    # the first wins most rows of the large section; the second, by the headline, is no worse
    won = [[i < 180 for i in range(300)] + [i < 2 for i in range(6)],
           [i >= 180 for i in range(300)] + [i < 4 for i in range(6)]]  # fmt: skip
    scored = [
        Scored(who, np.array([[w, not w] for w in row], float).ravel())
        for who, row in zip("ab", won, strict=True)
    ]
    results = assess(benchmark(name), sheet, scored, credit=rule, num_draws=400)
    (pair,) = results["paired"]
    assert pair["only_first"] is None
    assert pair["difference"] < 0  # while more rows are won by the first
    assert (pair["low"] > 0 or pair["high"] < 0) == pair["differs"]
    ranks = {entry["name"]: entry["rank"] for entry in results["rewards"]}
    assert ranks == ({"a": [2, 2], "b": [1, 1]} if pair["differs"] else {"a": [1, 2], "b": [1, 2]})


def test_rows_won_under_credit_first_are_those_of_its_figure():
    lines = [line(str(i), "all", [1.0, 0.0] if i % 2 else [0.0, 1.0]) for i in range(20)]
    zeros, ones = np.zeros(40), np.ones(40)
    scored = [Scored("zeros", zeros), Scored("ones", ones)]
    scored.append(Scored("right", Sheet(lines).labels_T))
    results = assess(benchmark("best_of_n"), Sheet(lines), scored, credit="first", num_draws=20)
    pairs = {(p["first"], p["second"]): (p["only_first"], p["only_second"])
             for p in results["paired"]}  # fmt: skip
    assert pairs["zeros", "ones"] == (0, 0)
    assert pairs["zeros", "right"] == (0, 10)  # in the other ten the first of equals is right
    for pair in results["paired"]:
        assert pair["difference"] == pytest.approx((pair["only_first"] - pair["only_second"]) / 20)


def test_draws_without_a_figure_are_on_no_side():
    nans, some = np.full(9, np.nan), np.array([0.1, np.nan, 0.2, np.nan, 0.3, 0.1, 0.2, 0.1, 0.4])
    (pair,) = compare_draws(["a", "b"], [math.nan, 0.5], [nans, some], None, 40)
    assert (pair.p, pair.differs) == (1.0, False)
    (pair,) = compare_draws(["a", "b"], [0.2, 0.0], [some, np.zeros(9)], None, 40)
    assert pair.p == pytest.approx(2 / 8)  # of seven draws that are numbers


@pytest.mark.parametrize("values", [[0.9, math.nan, 0.1, math.nan], [math.nan] * 3, [0.5, 0.4]])
def test_no_figure_ranks_behind_all_figures(values):
    names = [f"r{i}" for i in range(len(values))]
    draws = [np.full(999, value) for value in values]
    ranks = rank_ranges(names, values, compare_draws(names, values, draws, None, 40))
    order = sorted(v for v in values if v == v)[::-1]
    for name, value in zip(names, values, strict=True):
        place = order.index(value) + 1 if value == value else None
        expected = (place, place) if place else (len(order) + 1, len(values))
        assert ranks[name] == expected


def test_rewards_without_a_figure_cannot_be_told_apart():
    lines = [line(str(i), "gsm8k", [1.0, 1.0], first=-1) for i in range(30)]
    scored = [Scored("a", np.ones(60)), Scored("b", np.ones(60))]
    results = assess(benchmark("processbench"), Sheet(lines), scored, num_draws=50)
    assert [pair["differs"] for pair in results["paired"]] == [False]
    assert [entry["rank"] for entry in results["rewards"]] == [[1, 2], [1, 2]]


def test_calibration_of_margins_that_are_true():
    draw = np.random.default_rng(0)
    margins = draw.normal(scale=2, size=4000)
    won = draw.random(4000) < 1 / (1 + np.exp(-np.abs(margins)))
    signed = np.where(won, np.abs(margins), -np.abs(margins))
    values = np.stack([signed, np.zeros(4000)], axis=1).reshape(-1)
    results = calibration(pairs_sheet(4000), Scored("x", values))
    assert results["ece"] < 0.03
    assert results["temperature"] == pytest.approx(1, abs=0.15)
    scaled = calibration(pairs_sheet(4000), Scored("x", 10 * values))
    assert scaled["ece"] > 0.15
    assert scaled["temperature"] == pytest.approx(10 * results["temperature"], rel=0.05)
    assert scaled["auc"] == pytest.approx(results["auc"])


def test_length_control_of_a_scorer_of_length():
    draw = np.random.default_rng(0)
    chars = draw.integers(10, 1000, (500, 2))
    chars[:60, 1] = chars[:60, 0]
    sheet = pairs_sheet(500, chars=chars.tolist())
    results = length_control(sheet, Scored("x", chars.reshape(-1).astype(float)))
    assert results["matched"]["num"] >= 60
    assert results["matched"]["value"] < 0.4  # ties win nothing
    knows = length_control(sheet, Scored("x", drawn_scores(500, 3.0, 1)))
    assert knows["matched"]["value"] > 0.9
    assert knows["logistic"]["value"] > 0.9
    assert abs(knows["logistic"]["slope"]) < 3 * knows["logistic"]["error"]


def test_length_control_where_there_is_no_text():
    assert length_control(pairs_sheet(3), Scored("x", np.zeros(6))) == {}


def test_a_scorer_that_ties_all_is_said():
    results = assess(benchmark("pairs"), pairs_sheet(5), [Scored("x", np.zeros(10))], num_draws=5)
    (entry,) = results["rewards"]
    assert any("every comparison is a tie" in note for note in entry["notes"])
    assert entry["figures"]["overall"]["value"] == 0.0


def test_a_floor_that_solves_a_subset_is_said():
    sheet = pairs_sheet(30, chars=[[9, 3]] * 30, markdown=[[0, 0]] * 30)
    results = assess(benchmark("pairs"), sheet, [Scored("x", drawn_scores(30, 1, 0))], num_draws=50)
    assert "longer wins solves overall (100.0%)" in results["floor_notes"]


def test_a_gate_that_does_not_hold_prints_nothing():
    from dataclasses import replace

    from plaudit.bench.benchmark import Gate

    broken = replace(benchmark("pairs"), gates=lambda sheet, scored: [Gate("so", 1.0, 0.0, 0.0)])
    with pytest.raises(PlauditError, match=r"'so' fails on these rows.*no figure is printed"):
        assess(broken, pairs_sheet(3), [Scored("x", np.zeros(6))])


def test_an_unknown_credit_is_named():
    with pytest.raises(ConfigError, match="no credit 'stric'; did you mean 'strict'"):
        assess(benchmark("pairs"), pairs_sheet(3), [], credit="stric")


def test_what_no_draw_contradicts_is_told_apart_from_many_rivals():
    rng = np.random.default_rng(0)
    values = [0.9 - 0.05 * i for i in range(13)]
    noise = rng.normal(0, 0.004, (13, 1000))
    draws = [value + row for value, row in zip(values, noise, strict=True)]
    pairs = compare_draws([str(i) for i in range(13)], values, draws, None, 3000)
    assert all(pair.differs for pair in pairs)  # 78 tests: 2 / 1001 times 78 is 0.16


def test_a_tail_is_that_of_the_normal_distribution_where_it_can_be_checked():
    apart = np.random.default_rng(1).normal(2.5, 1, 200)  # a count would be about 2.5 of 200
    (pair,) = compare_draws(["a", "b"], [2.5, 0], [apart, np.zeros(200)], None, 500)
    assert pair.p == pytest.approx(0.0124, rel=0.8)  # 2 (1 - Phi(2.5))


@pytest.mark.parametrize("num_prompts", [1, 2, 5])
def test_few_prompts_tell_little_however_sure_the_draws_are(num_prompts):
    apart = np.random.default_rng(1).normal(50, 1, 1000)
    (pair,) = compare_draws(["a", "b"], [50, 0], [apart, np.zeros(1000)], None, num_prompts)
    assert pair.p == min(2 / 1001, 2.0 ** (1 - num_prompts))
