"""Ratings: the number as stated, the expected one, votes, the Chinese 1-5 judge."""

import copy
import math
import pickle
import sys
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from chat import Fault
from judging import DATA, JSON, PAIR, RATING, TEN, Answer, Judging, shown

from plaudit.errors import ConfigError, DataError
from plaudit.registry import load
from plaudit.rule import Rule
from plaudit.types import Group, Response

NAME = "judges.pointwise.rating"
REPLY = DATA / "prompts" / "pointwise_zh_reply_example.txt"
DIMENSIONS = [f"{k}. **" for k in range(1, 7)]


def replayed(said, template=TEN, responses=("one",), **more):
    """The scores of a group on recorded replies."""
    judge = load(NAME, template=template, replay="column:said", **more)
    return judge.score([Group("q", list(responses), {"said": said})])[0]


def length_of(response: str) -> float:
    return float(len(response))


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("Rating: 7", 7.0),
        ("Good. **Rating: 10**", 10.0),
        ("Rating: 8/10", 8.0),
        ("９", 9.0),
        ("Seven of ten.", 7.0),
    ],
)
def test_the_number_that_is_stated(said, value):
    (score,) = replayed(said)
    assert (score.value, score.error, score.note) == (value, None, said)
    assert score.parts["num_votes"] == 1.0


@pytest.mark.parametrize(
    ("said", "reason"),
    [("Rating: 11", "outside"), ("Rating: 7.5", "outside"), ("Sevenfold.", "absent"),
     ("Rating: 6-8", "ambiguous"), ("", "absent"), ("<think>Rating: 3", "truncated")],
)  # fmt: skip
def test_what_cannot_be_read_is_nan_with_its_reason(said, reason):
    (score,) = replayed(said)
    assert math.isnan(score.value)
    assert score.fault == "system"
    assert score.error.startswith(f"{reason}: ")
    assert score.note == (said or None)


def test_json():
    assert replayed('{"score": 0.25, "why": "x"}', JSON)[0].value == 0.25
    assert math.isnan(replayed('{"score": true}', JSON)[0].value)


def test_each_response_has_its_own_reply():
    scores = replayed({"0": "Rating: 3", "1": "Rating: 9"}, responses=["a", "b", "c"])
    assert [s.value for s in scores[:2]] == [3.0, 9.0]
    assert (scores[2].fault, math.isnan(scores[2].value)) == ("input", True)


# --- several samples ------------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "value"), [("mean", 5.0), ("majority", 4.0)])
def test_samples(how, value):
    said = [["Rating: 4", "Rating: 7", "nothing", "Rating: 4"]]
    (score,) = replayed(said[0], samples=4, vote_by=how)
    assert score.value == value
    assert score.parts["num_votes"] == 3.0
    assert score.parts["spread"] == pytest.approx(math.sqrt(3))


def test_the_judgments_that_a_meta_reward_rates_best_count():
    said = ["Rating: 1", "A long and careful reason. Rating: 8", "Well argued. Rating: 6", "Hm."]
    meta = Rule(length_of, "x:length_of")
    (score,) = replayed(said, samples=4, meta=meta)
    assert (score.value, score.parts["num_kept"]) == (7.0, 2.0)
    (score,) = replayed(said, samples=4, meta=meta, num_kept=1)
    assert score.value == 8.0


def test_samples_of_a_server():
    with Judging(lambda texts: f"Rating: {len(texts[1])}") as server:
        judge = load(NAME, template=TEN, samples=3, temperature=1, seed=5, **server.way)
        scores = judge.score([Group("q", ["four", "sixty!"])])[0]
        bodies = server.asked
    assert [s.value for s in scores] == [4.0, 6.0]
    assert [(body["n"], body["seed"], body["temperature"]) for body in bodies] == [(3, 5, 1)] * 2


# --- expected numbers -----------------------------------------------------------------------------


def test_the_expected_number_by_hand():
    """0.9 on the 4; the stand-in shares 0.099 among nine other digits, of which four count."""
    with Judging(lambda texts: "4") as server:
        judge = load(NAME, template=RATING, read="logprobs", can_prefix=True, **server.way)
        (score,) = judge.score([Group("q", ["a"])])[0]
        assert server.asked[0]["messages"][-1]["content"] == "Rating: "
    mass = 0.9 + 4 * 0.011
    assert score.parts["mass"] == pytest.approx(mass)
    assert score.value == pytest.approx((0.9 * 4 + 0.011 * (1 + 2 + 3 + 5)) / mass)


def test_the_number_behind_its_anchor_is_read_not_the_last_digit():
    reply = "Three facts. **Rating: 4**\nI gave 1 point less; full marks are 5."
    with Judging(lambda texts: reply) as server:
        template = {**RATING, "reasons": True}
        judge = load(NAME, template=template, read="logprobs", **server.way)
        (score,) = judge.score([Group("q", ["a"])])[0]
    assert score.value == pytest.approx((0.9 * 4 + 0.011 * 11) / 0.944)


@pytest.mark.parametrize("template", [TEN, JSON])
def test_odds_of_ten_or_of_json_are_refused(template):
    with pytest.raises(ConfigError, match="not one token out of a few"):
        load(NAME, template=template, read="logprobs", server="http://127.0.0.1:9/v1")


# --- in Chinese -----------------------------------------------------------------------------------


@pytest.mark.parametrize("is_wide", [False, True])
def test_the_published_reply_gives_5_with_its_six_dimensions(is_wide):
    if not REPLY.is_file():
        pytest.skip("no ../shared/data/prompts here")
    said = REPLY.read_text(encoding="utf-8")
    said = said.replace(":", "：") if is_wide else said.replace("：", ":")
    (score,) = replayed(said, "skywork_critic_rating_zh")
    assert (score.value, score.error) == (5.0, None)
    assert all(dimension in score.note for dimension in DIMENSIONS)


@pytest.mark.parametrize("template", ["skywork_critic_rating_zh", "rating_zh"])
def test_chinese_scores_and_their_reminder(template):
    def judge(body):
        return "分析：清楚。\n**总体打分：４**" if len(body["messages"]) > 1 else "很好。"

    with Judging(judge, by_body=True) as server:
        judge = load(NAME, template=template, **server.way)
        (score,) = judge.score([Group("六乘七？", ["四十二"])])[0]
        last = server.asked[-1]["messages"][-1]["content"]
    assert (score.value, score.parts["num_reasked"]) == (4.0, 1.0)
    assert "你的回复中没有" in last


def test_the_middle_of_the_scale_is_never_made_up():
    with Judging(lambda texts: "无法评分。") as server:
        judge = load(NAME, template="rating_zh", **server.way)
        (score,) = judge.score([Group("q", ["a"])])[0]
        assert len(server.asked) == 2
    assert math.isnan(score.value)
    assert (score.parts["num_votes"], score.parts["num_unreadable"]) == (0.0, 1.0)


# --- refusals, failures ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["null", "empty"])
def test_a_refused_reply_is_not_asked_again_an_empty_one_is(kind):
    text, finish = (None, "content_filter") if kind == "null" else ("", "stop")
    with Judging(lambda texts: Answer(text, finish)) as server:
        (score,) = load(NAME, template=TEN, **server.way).score([Group("q", ["a"])])[0]
        assert len(server.asked) == (1 if kind == "null" else 2)
    assert math.isnan(score.value)
    assert score.error.startswith("refused: " if kind == "null" else "absent: ")


def test_a_filtered_reply_with_text_is_refused_and_not_asked_again():
    with Judging(lambda texts: Answer("Rating: 9", "content_filter")) as server:
        (score,) = load(NAME, template=TEN, **server.way).score([Group("q", ["a"])])[0]
        assert len(server.asked) == 1
    assert score.error.startswith("refused: ")


def test_a_refusal_where_one_token_was_wanted():
    with Judging(lambda texts: Answer(None, "content_filter")) as server:
        judge = load(NAME, template=RATING, read="logprobs", can_prefix=True, **server.way)
        (score,) = judge.score([Group("q", ["a"])])[0]
    assert score.error.startswith("refused: ")


def test_a_reply_cut_before_its_verdict():
    with Judging(lambda texts: "It is long and fine and good. Rating: 7") as server:
        (score,) = load(NAME, template=TEN, max_tokens=4, **server.way).score([Group("q", ["a"])])[
            0
        ]
        assert server.asked[0]["max_tokens"] == 4
    assert score.error.startswith("truncated: ")


# --- what a group must bring ----------------------------------------------------------------------


def test_columns_that_the_template_reads():
    template = {**TEN, "text": "{rubric}\n{reference}\n{response}\nRating:"}
    with Judging(lambda texts: "Rating: 2") as server:
        judge = load(NAME, template=template, **server.way)
        held = {"rubric": ["be brief", "be right"], "answer": 42}
        judge.score([Group("q", ["a"], held)])
        assert shown(server.asked[0]) == ["be brief\n\nbe right", "42", "a"]
        with pytest.raises(DataError, match="row r1: field 'rubric': missing column"):
            judge.score([Group("q", ["a"], {"reference": "4"}, id="r1")])
        with pytest.raises(DataError, match="row r1: field 'reference': missing column"):
            judge.check(Group("q", ["a"], {"rubric": "x"}, id="r1"))


def test_two_turns_with_history():
    template = {**TEN, "text": "{history}|{question}|{response}|{conversation}\nRating:"}
    prompt = [{"role": r, "content": c} for r, c in
              [("user", "one"), ("assistant", "two"), ("user", "three")]]  # fmt: skip
    with Judging(lambda texts: "Rating: 2") as server:
        judge = load(NAME, template=template, **server.way)
        judge.score([Group(prompt, ["four"]), Group("alone", ["x"])])
        asked = {tuple(shown(body)) for body in server.asked}
    assert asked == {
        ("User: one\n\nAssistant: two", "three", "four",
         "User: one\n\nAssistant: two\n\nUser: three\n\nAssistant: four"),
        ("alone", "x", "User: alone\n\nAssistant: x"),
    }  # fmt: skip


def test_a_response_in_parts_is_read_by_its_text():
    turns = ({"role": "user", "content": "x"},
             {"role": "assistant", "content": [{"type": "text", "text": "four"}]})  # fmt: skip
    with Judging(lambda texts: "Rating: 2") as server:
        judge = load(NAME, template=TEN, **server.way)
        judge.score([Group("q", [Response("four", turns)])])
        assert shown(server.asked[0])[1] == "User: x\n\nAssistant: four"


def test_empty_groups_and_none():
    judge = load(NAME, template=TEN, replay="column:said")
    assert judge.score([]) == []
    assert judge.score([Group("q", [])]) == [[]]


# --- as objects -----------------------------------------------------------------------------------


def test_repr_can_be_typed_and_copies_are_equal():
    judge = load(NAME, template=TEN, replay="column:said", vote_by="majority", samples=2)
    group = Group("q", ["a"], {"said": ["Rating: 3", "Rating: 3"]})
    typed = eval(repr(judge), {"load": load})
    for other in (typed, pickle.loads(pickle.dumps(judge)), copy.deepcopy(judge)):
        assert repr(other) == repr(judge)
        assert other.score([group]) == judge.score([group])


def test_what_is_shown_of_it():
    judge = load(NAME, template="rating_zh", replay="column:said")
    assert judge.facts["template"].startswith("rating_zh ")
    assert "(zh)" in judge.facts["template"]
    assert judge.facts["draws"] == "1 x temperature 0, top_p 1, at most 2048 tokens"
    assert (judge.relative, judge.cpu_bound, judge.deterministic) == (False, False, True)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"samples": 2, "server": "http://127.0.0.1:9/v1"}, "samples at temperature 0"),
        ({"template": PAIR}, "is pairwise; this judge takes pointwise"),
        ({"template": {**TEN, "verdict": {"yes_no": {}}}}, "verdict must be Scale or JsonScore"),
        ({"template": {**TEN, "text": "{input}"}}, "needs {response}"),
        ({"template": {**TEN, "text": "{response}{response_b}"}}, "belongs to pairwise"),
        ({"meta": Rule(length_of, "x:length_of")}, "samples must be 2 or more"),
        ({"vote_by": "min"}, "must be mean or majority"),
        ({"sample": 3}, "did you mean 'samples'"),
        ({"num_kept": 0, "samples": 2}, "num_kept=0 must be 1 or more"),
        ({"view": "answers"}, "view='answers' must be answer or think or all"),
    ],
)
def test_bad_parameters_are_told_at_once(params, told):
    way = {} if "server" in params else {"replay": "column:said"}
    with pytest.raises(ConfigError, match=told):
        load(NAME, **{"template": TEN, **way, **params})


def test_samples_of_one_read_token_are_one_and_the_same():
    with pytest.raises(ConfigError, match="3 samples of one token are one and the same"):
        load(NAME, template=RATING, read="logprobs", samples=3, temperature=1, can_prefix=True,
             server="http://127.0.0.1:9/v1", model="m")  # fmt: skip


# --- a model in this process ----------------------------------------------------------------------


def test_a_local_model(tmp_path):
    pytest.importorskip("torch")
    import tiny

    digits = {"type": "Digits", "individual_digits": True}  # so that a label is one token
    path = tiny.retokenized(
        tiny.checkpoint("Qwen2", "ForCausalLM"), tmp_path / "model", pre_tokenizer=digits
    )
    way = {"model": str(path), "device": "cpu",
           "dtype": "float32", "template": RATING, "read": "logprobs"}  # fmt: skip
    group = Group("the quick brown fox", ["jumps over", "a lazy dog"])
    for score in load(NAME, **way).score([group])[0]:
        assert math.isnan(score.value)
        assert "the labels 1, 2, 3, 4, 5 have a probability of" in score.error
    scores = load(NAME, min_mass=0, **way).score([group])[0]
    assert all(1.0 < s.value < 5.0 and 0.0 < s.parts["mass"] < 0.5 for s in scores)


@pytest.mark.parametrize(
    ("said", "samples"),
    [("Rating: 3", 1), (["Rating: 3"], 1), (["Rating: 3"] * 3, 1), (["Rating: 3"] * 3, 2)],
)
def test_replies_of_another_length_than_responses_are_a_data_error(said, samples):
    judge = load(NAME, template=TEN, replay="column:said", samples=samples, temperature=0.5)
    with pytest.raises(DataError, match="field 'said'"):
        judge.score([Group("q", ["one", "two"], {"said": said})])


def test_a_list_holds_one_reply_for_each_response():
    scores = replayed(["Rating: 3", "Rating: 5"], responses=("one", "two"))
    assert [score.value for score in scores] == [3, 5]
    rows = [["Rating: 3", "Rating: 5"], ["Rating: 1", "Rating: 1"]]
    scores = replayed(rows, responses=("one", "two"), samples=2, temperature=0.5)
    assert [score.value for score in scores] == [4, 1]


def test_a_response_that_cannot_be_shown_is_an_input_fault_and_the_others_are_scored():
    image = {"role": "assistant", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}
    said = {"0": "Rating: 3", "1": "Rating: 5"}
    first, second = replayed(said, responses=(Response("", (image,)), "two"))
    assert (first.fault, second.value) == ("input", 5)
    assert "image_url" in first.error


# --- cut by the limit -----------------------------------------------------------------------------

LONG = "word " * 300 + "\nRating: 4"


def limits(server):
    return [body["max_tokens"] for body in server.asked]


def test_a_reply_that_the_template_s_limit_cuts_gets_a_longer_one():
    with Judging(lambda texts: LONG) as server:
        (score,) = load(NAME, template=RATING, **server.way).score([Group("q", ["a"])])[0]
        assert limits(server) == [256, 1024]
        assert [len(body["messages"]) for body in server.asked] == [1, 1]  # no reminder
    assert score.value == 4
    assert score.parts["num_reasked"] == 1


def test_a_limit_that_was_chosen_is_kept_and_the_error_names_it():
    with Judging(lambda texts: LONG) as server:
        judge = load(NAME, template=RATING, max_tokens=20, **server.way)
        (score,) = judge.score([Group("q", ["a"])])[0]
        assert limits(server) == [20, 20]
        assert [len(body["messages"]) for body in server.asked] == [1, 3]  # with a reminder
    assert score.error.startswith("truncated: ")
    assert "more than 20 tokens: max_tokens, --max-tokens" in score.error


def test_a_reply_that_the_longer_limit_cuts_as_well_says_so():
    with Judging(lambda texts: "word " * 5000) as server:
        (score,) = load(NAME, template=RATING, **server.way).score([Group("q", ["a"])])[0]
        assert limits(server) == [256, 1024]
    assert "more than 1,024 tokens: max_tokens, --max-tokens" in score.error


def test_a_think_block_without_an_end_is_cut_too():
    def reply(texts):
        return f"<think>{LONG}</think>Rating: 5"

    with Judging(reply) as server:
        (score,) = load(NAME, template=RATING, **server.way).score([Group("q", ["a"])])[0]
        assert limits(server) == [256, 1024]
    assert score.value == 5


def test_a_longer_limit_that_the_server_refuses_leaves_the_first_reply():
    with Judging(lambda texts: LONG) as server:
        server.queue.extend([None, None, Fault("context")])
        (score,) = load(NAME, template=RATING, **server.way).score([Group("q", ["a"])])[0]
    assert score.error.startswith("truncated: ")
    assert "more than 256 tokens" in score.error
    assert "the retry failed: too long for the model" in score.error
    assert score.fault == "system"
