"""Verifiers: P(Yes), normalised or not, at once or over rationales."""

import math
import sys
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from judging import YES_NO, Answer, Judging

from plaudit.errors import ConfigError
from plaudit.registry import load
from plaudit.types import Group

NAME = "judges.verifier.verifier"
COT = {**YES_NO, "reasons": True, "text": YES_NO["text"] + " Think first."}


def at(text, yes, no, labels=("Yes", "No")):
    """An answer whose one token is Yes with probability `yes`, No with `no`."""
    top = {labels[0]: math.log(yes), labels[1]: math.log(no)}
    return Answer(text, tokens=[(text, top.get(text, -0.01), top)])


def asked(server, **more):
    return load(NAME, **{"template": YES_NO, **server.way, **more}).score([Group("q", ["a"])])[0][0]


def test_p_yes_by_hand():
    with Judging(lambda texts: at("Yes", 0.6, 0.2)) as server:
        score = asked(server)
        (body,) = server.asked
        assert asked(server, normalised=False).value == pytest.approx(0.6)
    assert score.value == pytest.approx(0.75)
    assert score.parts["mass"] == pytest.approx(0.8)
    assert (body["max_tokens"], body["logprobs"], body["temperature"]) == (1, True, 0.0)


def test_no_is_the_complement():
    with Judging(lambda texts: at("No", 0.1, 0.7)) as server:
        assert asked(server).value == pytest.approx(0.125)
        assert asked(server, normalised=False).value == pytest.approx(0.1)


def test_the_mean_over_rationales_is_one_of_probabilities():
    said = iter([("Right. Verdict: Yes", 0.9, 0.05), ("Wrong. Verdict: No", 0.2, 0.6),
                 ("Right. Verdict: Yes", 0.6, 0.3)])  # fmt: skip

    def judge(texts):
        text, yes, no = next(said)
        head, _, word = text.rpartition(" ")
        top = {" Yes": math.log(yes), " No": math.log(no)}
        return Answer(text, tokens=[(head, -0.1, {head: -0.1}), (f" {word}", top[f" {word}"], top)])

    with Judging(judge) as server:
        score = asked(server, template=COT, rationales=3, temperature=1)
        assert [body["n"] for body in server.asked] == [3]
    assert score.value == pytest.approx((0.9 / 0.95 + 0.25 + 2 / 3) / 3)
    assert score.parts["num_votes"] == 3.0
    assert score.parts["mass"] == pytest.approx(0.8)


@pytest.mark.parametrize(("said", "value"), [("Yes", 1.0), ("No", 0.0), ("Answer: no.", 0.0)])
def test_by_the_word(said, value):
    with Judging(lambda texts: said) as server:
        assert asked(server, read="text").value == value


@pytest.mark.parametrize(("word", "value"), [("是", 0.8), ("否", 0.2)])
@pytest.mark.parametrize("reasons", [False, True])
def test_in_chinese(word, value, reasons):
    """The word that is parsed is "yes", the token says 是."""
    lead = "计算正确。答案：" if reasons else ""

    def judge(texts):
        top = {"是": math.log(0.8 if word == "是" else 0.2),
               "否": math.log(0.2 if word == "是" else 0.8)}  # fmt: skip
        own = (word, top[word], top)
        return Answer(lead + word, tokens=[(lead, -0.1, {lead: -0.1}), own] if lead else [own])

    template = {**YES_NO, "language": "zh", "reasons": reasons,
                "verdict": {"yes_no": {"anchors": ["答案"]}}}  # fmt: skip
    with Judging(judge) as server:
        score = asked(server, template=template)
    assert (score.error, score.value) == (None, pytest.approx(value))


def test_neither_is_no_verdict():
    top = {"Maybe": math.log(0.7), "Yes": math.log(0.2), "No": math.log(0.1)}
    answer = Answer("Maybe", tokens=[("Maybe", top["Maybe"], top)])
    with Judging(lambda texts: answer) as server:
        score = asked(server)
        assert len(server.asked) == 1  # one token is what it is: no reminder mends it
        assert asked(server, min_mass=0.3).value == pytest.approx(2 / 3)
    assert math.isnan(score.value)
    assert "a probability of 0.3 together (min_mass=0.5)" in score.error
    assert score.parts["mass"] == pytest.approx(0.3)


def test_a_rationale_without_a_verdict_is_dropped():
    said = iter(["Answer: Yes", "I cannot tell.", "Still not.", "Answer: No"])
    with Judging(lambda texts: next(said)) as server:
        score = asked(server, template=COT, read="text", rationales=2, temperature=1)
    assert (score.value, score.parts["num_votes"]) == (1.0, 1.0)
    assert score.parts["num_unreadable"] == 1.0


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"rationales": 4, "temperature": 1}, "samples of one token are one and the same"),
        ({"rationales": 4, "template": COT}, "samples at temperature 0"),
        ({"template": {**YES_NO, "verdict": {"labels": ["right", "wrong"]}}}, "must be YesNo"),
        ({"template": "rating"}, "is pointwise; this judge takes verifier"),
        ({"rationale": 3}, "did you mean 'rationales'"),
    ],
)
def test_bad_parameters_are_told_at_once(params, told):
    with pytest.raises(ConfigError, match=told):
        load(NAME, **{"template": YES_NO, "server": "http://127.0.0.1:9/v1", **params})


def test_a_server_without_log_probs_is_told_before_the_run():
    with Judging(lambda texts: "Yes", has_logprobs=False) as server:
        with pytest.raises(ConfigError, match="read='text'"):
            asked(server)
        assert server.asked == []


def test_a_local_model():
    pytest.importorskip("torch")
    import tiny

    path = tiny.checkpoint("Qwen2", "ForCausalLM", extra=("Yes", "No"))
    way = {"model": str(path), "device": "cpu", "dtype": "float32", "template": YES_NO}
    group = Group("the quick brown fox", ["jumps over", "a lazy dog"])
    for score in load(NAME, **way).score([group])[0]:
        assert math.isnan(score.value)
        assert "the labels Yes, No have a probability of" in score.error
    scores = load(NAME, min_mass=0, **way).score([group])[0]
    assert all(0.0 < s.value < 1.0 for s in scores)
    raw = load(NAME, min_mass=0, normalised=False, **way).score([group])[0]
    assert [s.value for s in raw] == pytest.approx([s.value * s.parts["mass"] for s in scores])


def test_a_local_label_of_two_tokens_is_told():
    pytest.importorskip("torch")
    import tiny

    path = str(tiny.checkpoint("Qwen2", "ForCausalLM"))
    judge = load(NAME, model=path, device="cpu", dtype="float32", template=YES_NO)
    with pytest.raises(ConfigError, match=r"label 'Yes' after .* is 2 tokens"):
        judge.score([Group("q", ["a"])])
