"""The accuracy rule: what it reads, what it refuses, whom it blames."""

import asyncio
import builtins
import concurrent.futures
import importlib.util
import signal
import subprocess
import sys
import time

import pytest

from plaudit import Group, load
from plaudit.answers.reference import check_reference, reference_of
from plaudit.answers.several import check_references
from plaudit.errors import ConfigError, DataError, MissingExtra, ScoreTimeout, ScoringError
from plaudit.rules import math as rule
from plaudit.workers import JobOutcome


def value(response, reference, **options):
    return rule.equal(response, reference, **options).value


@pytest.fixture
def asked(monkeypatch):
    """What would have gone to math-verify, which answers "different"."""
    jobs = []

    def call(job, *, deadline_s):
        jobs.append(job)
        return JobOutcome("ok", False)

    monkeypatch.setattr(rule._POOL, "call", call)
    rule._judged.cache_clear()
    yield jobs
    rule._judged.cache_clear()


# --- the reference


@pytest.mark.parametrize(
    "reference",
    [r"\frac{1}{2}", r"$\frac{1}{2}$", r"\boxed{\frac{1}{2}}", r"$\boxed{\frac12}$", "0.5", 0.5,
     "One half of 1.\n#### 0.5", r"\boxed{0.5}, i.e. $\boxed{\frac12}$",
     r"We find $x = \boxed{\frac{1}{2}}$, as claimed."],
)  # fmt: skip
def test_a_reference_is_raw_wrapped_or_a_solution(reference):
    assert value(r"\boxed{1/2}", reference) == 1.0
    assert value(r"\boxed{1/3}", reference) == 0.0


@pytest.mark.parametrize("reference", ["42", 42, 42.0, " 42. ", "#### 42", "$42$"])
def test_a_number_as_reference(reference):
    assert value("The answer is 42.", reference) == 1.0


@pytest.mark.parametrize(
    "reference",
    ["", "   ", "$$", r"\boxed{}", None, [], True, r"\frac{1}{2", "{" * 100, "(" * 100 + "1",
     "1+" * 10_000 + "1"],
)  # fmt: skip
def test_a_reference_that_cannot_be_read_is_an_input_fault(reference):
    with pytest.raises(DataError):
        check_reference(reference)
    with pytest.raises(ScoringError) as caught:
        rule.equal("42", reference)
    assert caught.value.fault == "input"


def test_a_reference_of_several_boxes():
    assert value(r"\boxed{2, 1}", r"$\boxed{1}$ and $\boxed{2}$") == 1.0
    assert value(r"$\boxed{2}$ or $\boxed{1}$", "1,2") == 1.0
    assert value(r"\boxed{2}", r"$\boxed{1}$ and $\boxed{2}$") == 0.0


def test_a_reference_is_read_once():
    first = reference_of(r"\frac{3}{7}")
    assert reference_of(r"\frac{3}{7}") is first
    assert rule.CHECKS["equal"]["reference"] is check_references


# --- the response


def test_the_note_tells_what_was_matched():
    assert (
        rule.equal("The answer is 18.", "18").note == "extracted 18 (answer is) against 18: equal"
    )
    assert "no answer found" in rule.equal("I do not know.", "18").note


@pytest.mark.parametrize("response", ["", " ", "I do not know.", r"\boxed{}", r"\boxed{ }", "$$"])
def test_no_answer_earns_nothing(response):
    score = rule.equal(response, "42")
    assert score.value == 0.0
    assert score.note


def test_the_answer_stands_behind_the_think_block():
    assert value(r"<think>\boxed{41}</think>The answer is 42.", "42") == 1.0
    assert value(r"<think>\boxed{42}</think>", "42") == 0.0
    assert value(r"so \boxed{41}</think>42", "42") == 1.0


def test_an_unclosed_think_block_holds_no_answer():
    score = rule.equal(r"<think>\boxed{42}", "42")
    assert score.value == 0.0
    assert "never closes" in score.note


def test_listing_candidates_does_not_help():
    assert value(r"\boxed{40, 41, 42}", "42") == 0.0
    assert value(r"\boxed{42 \text{ or } 43}", "42") == 0.0
    assert value("The answer is 41 or 42.", "42") in (0.0, 1.0)  # the last number of the sentence


def test_unknown_extraction_names_the_close_one():
    with pytest.raises(ConfigError, match="did you mean 'boxed'"):
        rule.equal("42", "42", extract="boxd")


def test_extraction_can_be_fixed():
    response = (
        r"\boxed{1} #### 2" + "\nThe final answer is 3. I hope it is correct. <answer>4</answer> 5"
    )
    wanted = {"boxed": "1", "gsm8k": "2", "minerva": "3", "answer_tag": "4", "last_number": "5"}
    for how, answer in wanted.items():
        assert value(response, answer, extract=how) == 1.0, how


# --- the known false equalities and exploits


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("1/2004!", "1/2006!"),
        (r"\frac{1}{2^{99}}", r"\frac{1}{2^{98}}"),
        ("50", r"50\%"),
        (r"50\%", "50"),
    ],
)
def test_false_equalities_of_math_verify_are_rejected(answer, reference, asked):
    assert value(rf"\boxed{{{answer}}}", reference) == 0.0
    assert value(rf"\boxed{{{reference}}}", answer) == 0.0
    assert asked == []


def test_percent_can_be_read_as_a_unit():
    assert value(r"\boxed{50\%}", "50", percent="unit") == 1.0


def test_gsm8k_answers_that_string_graders_miss():
    for answer in ("#### 18.", "#### 18.00", "#### $18", "#### 18\n\nDone after 3 steps."):
        assert value(answer, "18", extract="gsm8k") == 1.0


def test_text_graders_lose_letters_but_this_one_does_not():
    assert value(r"\boxed{\text{issue}}", r"\text{is}") == 0.0
    assert value(r"\boxed{ab}", "b") == 0.0


# --- size and magnitude, without a worker

HOSTILE = [
    r"9^{9^{9^9}}", "10^{9}!", r"\binom{10^9}{5\cdot10^8}", "2^{2^{40}}", "(10^7)!",
    "7" * 1_000_000, "1/9^{9^{9^9}}", "(x+1)^{1000000}",
]  # fmt: skip


@pytest.mark.parametrize("answer", HOSTILE, ids=lambda a: a[:20])
@pytest.mark.parametrize("reference", ["42", r"\frac{\sqrt{3}}{2}", "x^2+1"])
def test_magnitude_proves_inequality_without_a_worker(answer, reference, asked):
    score = rule.equal(rf"\boxed{{{answer}}}", reference)
    assert score.value == 0.0
    assert score.note.endswith("different")
    assert asked == []


@pytest.mark.parametrize(
    "answer",
    [r"\frac{1}{" * 10_000 + "2" + "}" * 10_000, r"\sqrt{" * 200 + "2" + "}" * 200,
     "1" + "+1" * 50_000, r"\frac{%s}{3}" % ("7" * 1_000_000)],
    ids=["fractions", "roots", "terms", "digits"],
)  # fmt: skip
def test_size_beyond_any_answer_is_the_fault_of_the_response(answer, asked):
    reward = load("rules.math.equal")
    score, other = reward.score([Group("?", [rf"\boxed{{{answer}}}", "42"], {"reference": "42"})])[
        0
    ]
    assert (score.value, score.fault) == (0.0, "response")
    assert "cannot be judged" in score.error
    assert (other.value, other.fault) == (1.0, None)
    assert asked == []


# --- the third layer

UNDECIDED = r"\boxed{\sum_{k=1}^{%d} k}"


def test_distinct_answers_are_judged_once(asked):
    for _ in range(3):
        for number in (3, 4):
            rule.equal(UNDECIDED % number, "6")
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("outcome", "error", "fault"),
    [
        (JobOutcome("timeout"), ScoreTimeout, "response"),
        (JobOutcome("crashed"), ScoringError, "response"),
        (JobOutcome("error", error=MemoryError()), ScoringError, "response"),
        (JobOutcome("stalled"), ScoringError, "system"),
        (JobOutcome("ok", None), ScoringError, "input"),
    ],
)
def test_who_is_blamed(outcome, error, fault, monkeypatch):
    rule._judged.cache_clear()
    monkeypatch.setattr(rule._POOL, "call", lambda job, *, deadline_s: outcome)
    with pytest.raises(error) as caught:
        rule.equal(UNDECIDED % 5, "6")
    assert caught.value.fault == fault
    rule._judged.cache_clear()


def test_a_missing_extra_is_named_only_when_it_is_needed(monkeypatch):
    rule._judged.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert value(r"\boxed{\frac{1}{2}}", "0.5") == 1.0
    with pytest.raises(MissingExtra, match=r"plaudit\[math\]"):
        rule.equal(UNDECIDED % 6, "6")


def test_importing_the_rule_loads_nothing_heavy():
    code = (
        "import sys; from plaudit.rules import math;"
        "math.equal('The answer is 4.', '4');"
        "print(sorted({'numpy', 'sympy', 'math_verify', 'torch'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
        == "[]\n"
    )


needs_math_verify = pytest.mark.skipif(
    importlib.util.find_spec("math_verify") is None, reason="math-verify is not installed"
)


@pytest.fixture(scope="module")
def workers():
    yield
    rule._POOL.close()
    rule._judged.cache_clear()


@needs_math_verify
def test_math_verify_decides_what_the_reader_cannot(workers):
    assert value(UNDECIDED % 3, "6") == 1.0
    assert value(UNDECIDED % 4, "6") == 0.0
    assert value(r"\boxed{x^2 > 4}", r"(-\infty,-2) \cup (2,\infty)") == 1.0


@needs_math_verify
def test_an_undecided_answer_is_a_timeout_and_its_neighbours_are_not(workers, cpu_machine):
    hostile = r"\boxed{\prod_{k=1}^{50000} (1+\frac{1}{k^2})}"
    value(UNDECIDED % 3, "6")  # the worker is up
    reward = load("rules.math.equal", deadline_s=0.5)
    group = Group("?", [r"\boxed{6}", hostile, UNDECIDED % 3, UNDECIDED % 7], {"reference": "6"})
    scores = reward.score([group])[0]
    assert [score.value for score in scores] == [1.0, 0.0, 1.0, 0.0]
    assert [score.fault for score in scores] == [None, "response", None, None]


@needs_math_verify
def test_works_in_a_thread_and_inside_a_running_loop(workers):
    async def main():
        loop = asyncio.get_running_loop()
        inline = value(UNDECIDED % 8, "36")
        return inline, await loop.run_in_executor(None, value, UNDECIDED % 9, "45")

    assert asyncio.run(main()) == (1.0, 1.0)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda n: value(UNDECIDED % n, str(n * (n + 1) // 2)), range(10, 16))
        assert list(found) == [1.0] * 6


@needs_math_verify
def test_the_alarm_of_the_caller_still_fires(workers):
    fired = []
    before = signal.signal(signal.SIGALRM, lambda *_: fired.append(True))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        value(UNDECIDED % 20, "210")
        end = time.monotonic() + 5
        while not fired and time.monotonic() < end:
            time.sleep(0.01)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert fired == [True]


# --- hardness of the rule itself


@pytest.mark.parametrize(
    "response",
    [
        "",
        "x" * 100_000,
        "\ud800",
        "\x00",
        "42\ud800",
        "数学 42 γ",
        r"\boxed{" * 5000,
        "</think>" * 5000,
    ],
)
def test_no_response_raises(response, asked):
    for how in ("auto", "boxed", "answer_tag", "gsm8k", "last_number", "minerva"):
        assert value(response, "7", extract=how) == 0.0


def test_nothing_is_printed_or_opened(monkeypatch, capsys):
    monkeypatch.setattr(builtins, "open", None)
    assert value(r"\boxed{\frac{1}{2}}", "0.5") == 1.0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("response", "value"),
    [
        ("<think></think>\n<think>maybe \\boxed{42}, but", 0.0),
        ("<think>a</think><think>b</think><think>maybe \\boxed{42}", 0.0),
        ("<think></think><think>hm</think>\\boxed{42}", 1.0),
        ("<think>a</think>The tag <think> is opened, \\boxed{42}", 1.0),
    ],
)
def test_an_empty_block_in_front_does_not_make_an_unclosed_one_the_answer(response, value):
    reward = load("rules.math.equal")
    assert reward.score([Group("?", [response], {"reference": "42"})])[0][0].value == value
