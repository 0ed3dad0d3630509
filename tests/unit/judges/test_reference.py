"""Agreement with a ground truth, and answers that say nothing."""

import math
import sys
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from judging import REFERENCE, YES_NO, Judging, shown

from plaudit.errors import ConfigError, DataError
from plaudit.judges.reference import is_master_key
from plaudit.registry import load
from plaudit.types import Group, Response

NAME = "judges.reference.correct"


def agrees(texts):
    return "Yes" if texts[0] == texts[1] else "No"


def test_agreement():
    with Judging(agrees) as server:
        judge = load(NAME, template=REFERENCE, **server.way)
        groups = [Group("q", ["42", "41"], {"solution": "42"}), Group("q", ["7"], {"answer": 7})]
        scores = judge.score(groups)
    assert [[s.value for s in row] for row in scores] == [[1.0, 0.0], [1.0]]
    assert [[s.fault for s in row] for row in scores] == [[None, None], [None]]


def test_the_share_of_votes():
    judge = load(NAME, template=REFERENCE, replay="column:said", votes=3)
    group = Group("q", ["42"], {"reference": "42", "said": ["Yes", "No", "Yes"]})
    assert judge.score([group])[0][0].value == pytest.approx(2 / 3)
    majority = load(NAME, template=REFERENCE, replay="column:said", votes=3, vote_by="majority")
    assert majority.score([group])[0][0].value == 1.0


def test_p_yes():
    with Judging(agrees) as server:
        judge = load(NAME, template=REFERENCE, read="logprobs", **server.way)
        right, wrong = judge.score([Group("q", ["42", "41"], {"reference": "42"})])[0]
    assert right.value == pytest.approx(0.9 / 0.999)
    assert wrong.value == pytest.approx(0.099 / 0.999)


def test_shipped_templates_ask_about_the_reference():
    for name in ("reference_correct", "reference_correct_zh"):
        word = "是" if name.endswith("zh") else "Yes"
        with Judging(lambda texts, word=word: word) as server:
            judge = load(NAME, template=name, **server.way)
            (score,) = judge.score([Group("q", ["b 42"], {"reference": "c 42"})])[0]
            assert shown(server.asked[0]) == ["q", "c 42", "b 42"]
        assert (score.value, score.error) == (1.0, None)


# --- master keys ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", " ", ":", "。", "...", "**Solution:**", "Solution", "Solution:\n", "解", "解：", "答案：",
     "Thought process:", "Let's solve this problem step by step.", "Let’s think step by step",
     "かいせつ", "Respuesta:", "Solucio\u0301n", "\\( \\)", "\u200b", "```\n```", "# Answer\n"],
)  # fmt: skip
def test_answers_that_say_nothing(text):
    assert is_master_key(text)


@pytest.mark.parametrize(
    "text",
    ["4", "Solution: 4", "解：42", "x", "∞", "∅", "<", "€", "🙂", "是", "yes", "answer B",
     "Let's solve this problem step by step. It is 4."],
)  # fmt: skip
def test_answers_that_say_something(text):
    assert not is_master_key(text)


@pytest.mark.parametrize("text", ["", ":", "Solution", "解", "<think>It is 42.</think>"])
def test_they_get_the_low_end_unasked(text):
    with Judging(lambda texts: "Yes") as server:
        judge = load(NAME, template=REFERENCE, **server.way)
        scores = judge.score([Group("q", [text, "42"], {"reference": "42"})])[0]
        assert len(server.asked) == 1
    assert [s.value for s in scores] == [0.0, 1.0]
    assert "no answer" in scores[0].note
    assert scores[0].error is None


def test_the_last_turn_is_the_answer():
    turns = ({"role": "assistant", "content": "42"}, {"role": "user", "content": "sure?"},
             {"role": "assistant", "content": ":"})  # fmt: skip
    with Judging(lambda texts: "Yes") as server:
        judge = load(NAME, template=REFERENCE, **server.way)
        (score,) = judge.score([Group("q", [Response(":", turns)], {"reference": "42"})])[0]
        assert server.asked == []
    assert score.value == 0.0


def test_without_the_guard_the_judge_is_asked():
    with Judging(lambda texts: "Yes") as server:
        judge = load(NAME, template=REFERENCE, guard=False, **server.way)
        (score,) = judge.score([Group("q", [":"], {"reference": "42"})])[0]
    assert score.value == 1.0


def test_all_unasked_groups_need_no_server():
    judge = load(NAME, template=REFERENCE, server="http://127.0.0.1:9/v1", model="m")
    assert judge.jobs([Group("q", [":", ""], {"reference": "4"})]) == [[]]


# --- bad input ------------------------------------------------------------------------------------


def test_a_missing_reference_names_itself_and_the_row():
    judge = load(NAME, template=REFERENCE, replay="column:said")
    with pytest.raises(DataError, match="row r3: field 'reference': missing column"):
        judge.score([Group("q", ["a"], {"said": "Yes"}, id="r3")])
    with pytest.raises(DataError, match="the row has referense"):
        judge.check(Group("q", ["a"], {"referense": "4"}))
    with pytest.raises(DataError, match="ambiguous"):
        judge.check(Group("q", ["a"], {"answer": "4", "solution": "5"}))


def test_unreadable_is_neither_right_nor_wrong():
    with Judging(lambda texts: "Perhaps it is.") as server:
        judge = load(NAME, template=REFERENCE, **server.way)
        (score,) = judge.score([Group("q", ["42"], {"reference": "42"})])[0]
        assert len(server.asked) == 2
    assert (math.isnan(score.value), score.fault) == (True, "system")
    assert score.error.startswith("absent: ")
    assert score.note == "Perhaps it is."


def test_a_template_of_another_kind():
    with pytest.raises(ConfigError, match="is verifier; this judge takes reference"):
        load(NAME, template=YES_NO, replay="column:said")


def test_a_local_model():
    pytest.importorskip("torch")
    import tiny

    path = str(tiny.checkpoint("Qwen2", "ForCausalLM", extra=("Yes", "No")))
    way = {"model": path, "device": "cpu", "dtype": "float32", "template": REFERENCE}
    group = Group("the quick brown fox", ["jumps", "a dog"], {"reference": "jumps"})
    for score in load(NAME, max_tokens=4, **way).score([group])[0]:  # random words: no verdict
        assert (math.isnan(score.value), score.fault) == (True, "system")
        assert score.error.partition(":")[0] in ("absent", "truncated")
    scores = load(NAME, read="logprobs", min_mass=0, **way).score([group])[0]
    assert all(0.0 < s.value < 1.0 for s in scores)
