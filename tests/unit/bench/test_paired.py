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
        made = line(str(i), "all", [1.0, 0.0])
        lines.append({**made, **{name: values[i] for name, values in features.items()}})
    return Sheet(lines)


def drawn_scores(num, strength, seed):
    draw = np.random.default_rng(seed)
    values = draw.normal(size=2 * num)
    values[::2] += strength
    return values


def test_a_bootstrap_of_pairs_is_that_of_their_mean():
    sheet = pairs_sheet(200)
    values = drawn_scores(200, 0.5, 0)
    made = benchmark("pairs")
    tally = made.measure(sheet, Scored("x", values), "strict")
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
    (pair,) = compare_draws(["a", "b"], [0.6, 0.2], draws, None)
    assert pair.only_first is None
    assert pair.p == pytest.approx(2 * 1 / 4)
    assert rank_ranges(["a", "b"], [0.6, 0.2], [pair]) == {"a": (1, 2), "b": (1, 2)}


def test_calibration_of_margins_that_are_true():
    draw = np.random.default_rng(0)
    margins = draw.normal(scale=2, size=4000)
    won = draw.random(4000) < 1 / (1 + np.exp(-np.abs(margins)))
    signed = np.where(won, np.abs(margins), -np.abs(margins))
    values = np.stack([signed, np.zeros(4000)], axis=1).reshape(-1)
    found = calibration(pairs_sheet(4000), Scored("x", values))
    assert found["ece"] < 0.03
    assert found["temperature"] == pytest.approx(1, abs=0.15)
    scaled = calibration(pairs_sheet(4000), Scored("x", 10 * values))
    assert scaled["ece"] > 0.15
    assert scaled["temperature"] == pytest.approx(10 * found["temperature"], rel=0.05)
    assert scaled["auc"] == pytest.approx(found["auc"])


def test_length_control_of_a_scorer_of_length():
    draw = np.random.default_rng(0)
    chars = draw.integers(10, 1000, (500, 2))
    chars[:60, 1] = chars[:60, 0]
    sheet = pairs_sheet(500, chars=chars.tolist())
    found = length_control(sheet, Scored("x", chars.reshape(-1).astype(float)))
    assert found["matched"]["num"] >= 60
    assert found["matched"]["value"] < 0.4  # ties win nothing
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
