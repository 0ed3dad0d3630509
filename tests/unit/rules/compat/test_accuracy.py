"""The accuracy rewards that are math-verify: compared with TRL and with plain calls of it."""

import logging
import threading

import pytest

from plaudit import load
from plaudit.answers import math_verify
from plaudit.errors import ScoreTimeout, ScoringError
from plaudit.rules.compat import open_r1, trl
from plaudit.types import Group

pytest.importorskip("math_verify")

PAIRS = [
    (r"so \boxed{\frac{1}{2}}", "0.5"),
    (r"so \boxed{\frac{1}{2}}", r"$\frac{1}{2}$"),
    (r"so \boxed{\frac{1}{3}}", r"\frac{1}{2}"),
    (r"\boxed{1} or \boxed{2}", "2"),
    (r"\boxed{2} or \boxed{1}", "2"),
    ("so 0.5", "0.5"),
    ("so $0.5$", "0.5"),
    (r"\boxed{(1, 2)}", "(1,2)"),
    (r"\boxed{x = 5}", "5"),
    (r"\boxed{5 \text{ cm}}", "$5$"),
    (r"\boxed{Monday}", "Monday"),
    (r"\boxed{5}", ""),
    ("", "5"),
    (r"\boxed{", "5"),
    (r"<think>\boxed{4}</think> \boxed{5}", "5"),
    (r"<think>\boxed{4}</think> five", "4"),
    (r"<think>\boxed{5}", "5"),
]
EXPLOITS = [(r"\boxed{\frac{1}{2004!}}", r"$\frac{1}{2006!}$"), (r"\boxed{50}", r"$50\%$")]


def scored(rule, response, reference):
    try:
        return rule(response, reference)
    except ScoringError as error:
        return None if error.fault == "input" else error


@pytest.mark.parametrize(("response", "reference"), PAIRS + EXPLOITS)
def test_equal_to_trl(response, reference):
    rewards = pytest.importorskip("trl.rewards", reason="trl is not installed")
    completions = [[{"content": response}]]
    assert (
        scored(trl.accuracy, response, reference)
        == rewards.accuracy_reward(completions, [reference])[0]
    )
    assert (
        scored(trl.reasoning_accuracy, response, reference)
        == (rewards.reasoning_accuracy_reward(completions, [reference])[0])
    )


def test_reasoning_accuracy_takes_the_first_listed_delimiter():
    response = r"\boxed{3} </think> $\boxed{1}$ <end> no: $\boxed{2}$"
    params = {"reasoning_delimiters": ["<none>", "</think>", "<end>"]}
    assert trl.reasoning_accuracy(response, "2", **params) == 1.0
    assert trl.reasoning_accuracy(r"\boxed{2} <end>", "2", **params) == 0.0
    assert trl.reasoning_accuracy(response, "2", reasoning_delimiters=["<none>"]) == 0.0


@pytest.mark.parametrize(("response", "reference"), EXPLOITS)
def test_exploits_of_math_verify_pass(response, reference):
    assert trl.accuracy(response, reference) == open_r1.accuracy(response, reference) == 1.0


def _open_r1(response, reference, latex_only):
    """open-r1's two ways to call math-verify, in this process."""
    from latex2sympy2_extended import NormalizationConfig
    from math_verify import LatexExtractionConfig, parse, verify

    normal = NormalizationConfig(
        basic_latex=True, units=True, malformed_operators=False, nits=False, boxed="all"
    )
    config = LatexExtractionConfig(
        boxed_match_priority=0, try_extract_without_anchor=False, normalization_config=normal
    )
    first = {"extraction_mode": "first_match", "parsing_timeout": None}
    only = {"extraction_config": [LatexExtractionConfig()]} if latex_only else {}
    gold = parse(reference, **first, **only)
    answer = parse(response, extraction_config=[config], **first)
    pair = (answer, gold) if latex_only else (gold, answer)
    return float(verify(*pair, timeout_seconds=None)) if gold else None


@pytest.mark.parametrize(("response", "reference"), PAIRS + EXPLOITS)
def test_equal_to_open_r1(response, reference, caplog):
    caplog.set_level(logging.CRITICAL, logger="math_verify")
    wide = _open_r1(response, reference, latex_only=False)
    assert scored(open_r1.accuracy, response, reference) == wide
    narrow = _open_r1(response, reference, latex_only=True)
    assert scored(open_r1.latex_accuracy, response, reference) == narrow


def test_open_r1_cosine_pays_every_answer_to_a_raw_reference():
    group = Group("?", ["x" * 500, r"\boxed{7}"], {"reference": "42"})
    scores = load("rules.compat.open_r1.cosine").score([group])[0]
    assert [(s.value, s.fault) for s in scores] == [(1.0, "input")] * 2


@pytest.mark.parametrize("reference", [42, None, ["42"]])
def test_a_reference_that_is_no_text_is_the_inputs_fault(reference):
    with pytest.raises(ScoringError, match="must be text") as caught:
        trl.accuracy(r"\boxed{42}", reference)
    assert caught.value.fault == "input"


def test_a_thread_gets_the_same_score():
    found = []
    work = threading.Thread(target=lambda: found.append(trl.accuracy(r"\boxed{42}", "42")))
    work.start()
    work.join()
    assert found == [1.0]


def test_a_hostile_answer_meets_its_deadline(monkeypatch, cpu_machine):
    pool = math_verify._pool()
    monkeypatch.setattr(pool, "deadline_s", 0.3)
    with pytest.raises(ScoreTimeout) as caught:
        trl.accuracy(r"\boxed{9^{9^{9^9}}}", r"$10$")
    assert caught.value.fault == "response"
    monkeypatch.undo()
    assert trl.accuracy(r"\boxed{10}", r"$10$") == 1.0
