"""score_model and label_model: what is sent, what is read, whose fault it was, and the laws."""

import hashlib
import json
import math
import sys
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "servers"))
from chat import Fault
from judging import Answer, Judging

from plaudit import laws
from plaudit.engines.chat import Reply
from plaudit.errors import ConfigError, DataError
from plaudit.judges import grader
from plaudit.registry import load
from plaudit.types import Group

INPUT = [
    {"role": "developer", "content": "Grade from 0 to 1."},
    {"role": "user", "content": "Gold: {{item.gold}}. Answer: {{ sample.output_text }}"},
]
LABELS = {"labels": ["good", "bad", "no answer"], "passing_labels": ["good"]}


def replayed(said, *texts, kind="score_model", **more):
    """The scores of a group on recorded replies."""
    params = {"input": INPUT, "replay": "column:said", **more}
    reward = load(f"judges.grader.{kind}", **params)
    group = Group("q", list(texts or ["one"]), {"said": said, "gold": "g"})
    return reward.score([group])[0]


def result(value) -> str:
    step = {"description": "compare", "conclusion": "the same"}
    return json.dumps({"steps": [step], "result": value})


# --- what is read ---------------------------------------------------------------------------------


def test_the_number_under_result():
    (score,) = replayed(result(0.25))
    assert (score.value, score.error) == (0.25, None)
    assert replayed(result(-3), range=[-5, 5])[0].value == -3.0


@pytest.mark.parametrize(
    ("said", "flag"),
    [
        (result(1.5), "model_grader_parse_error: outside"),
        (result("high"), "model_grader_parse_error: "),
        ("Quite good.", "model_grader_parse_error: absent"),
        ("", "model_grader_parse_error: absent"),
    ],
)
def test_what_the_api_would_clamp_or_call_0_is_not_scored(said, flag):
    (score,) = replayed(said)
    assert (math.isnan(score.value), score.fault) == (True, "system")
    assert score.error.startswith(flag)


def test_a_filtered_reply_is_a_refusal():
    filtered = Answer(None, finish_reason="content_filter")
    with Judging(lambda body: filtered, by_body=True) as server:
        reward = load("judges.grader.score_model", input=INPUT, **server.way)
        (score,) = reward.score([Group("q", ["x"], {"gold": "g"})])[0]
    assert (math.isnan(score.value), score.fault) == (True, "system")
    assert score.error.startswith("model_grader_refusal_error: refused")


def test_a_call_that_the_server_refuses_is_a_server_error():
    with Judging(lambda body: result(1), by_body=True, faults=[Fault("context")]) as server:
        reward = load("judges.grader.score_model", input=INPUT, **server.way)
        (score,) = reward.score([Group("q", ["x"], {"gold": "g"})])[0]
    assert (math.isnan(score.value), score.fault) == (True, "input")
    assert score.error.startswith("model_grader_server_error: ")


@pytest.mark.parametrize(
    ("said", "value"), [("good", 1.0), ("Good", 1.0), ("bad", 0.0), ("no answer", 0.0)]
)
def test_the_label_under_result(said, value):
    assert replayed(result(said), kind="label_model", **LABELS)[0].value == value


def test_another_label_is_not_scored():
    (score,) = replayed(result("fine"), kind="label_model", **LABELS)
    assert (math.isnan(score.value), score.fault) == (True, "system")
    assert score.error.startswith("model_grader_parse_error: ")


def test_a_threshold_marks_the_score():
    (score,) = replayed(result(0.5), pass_threshold=0.5)
    assert (score.value, score.parts["passed"]) == (0.5, 1.0)
    assert replayed(result(0.4), pass_threshold=0.5)[0].parts["passed"] == 0.0


def test_a_response_that_lacks_what_is_read_is_at_fault_and_costs_no_call():
    turns = [{"role": "user", "content": "{{sample.output_json.city}}"}]
    messages = {"0": result(0.5), "1": result(0.5)}
    scores = replayed(messages, '{"city": "Paris"}', "no JSON", input=turns, range=[-1, 1])
    assert [score.value for score in scores] == [0.5, -1.0]
    assert (scores[1].fault, scores[1].error[:20]) == ("response", "sample_parse_error: ")


def test_a_missing_column_is_the_rows_fault():
    reward = load("judges.grader.score_model", input=INPUT, replay="column:said")
    with pytest.raises(DataError, match="item has no 'gold'"):
        reward.check(Group("q", ["x"], {"said": result(1)}))
    with pytest.raises(DataError, match="item has no 'gold'"):
        reward.score([Group("q", ["x"], {"said": result(1)})])


# --- what is sent ---------------------------------------------------------------------------------


def test_the_request_has_the_filled_messages_the_sampling_and_the_schema():
    sampling = {"temperature": 0.5, "top_p": 0.9, "seed": 3, "max_completions_tokens": 99,
                "reasoning_effort": "low"}  # fmt: skip
    with Judging(lambda body: result(0.75), by_body=True) as server:
        reward = load(
            "judges.grader.score_model", input=INPUT, sampling_params=sampling, **server.way
        )
        group = Group("q", ["<think>hm</think>{{item.gold}} it is"], {"gold": "4"})
        (score,) = reward.score([group])[0]
        (body,) = server.asked
    assert score.value == 0.75
    assert body["messages"] == [
        {"role": "system", "content": "Grade from 0 to 1."},
        {"role": "user", "content": "Gold: 4. Answer: {{item.gold}} it is"},
    ]
    assert (body["temperature"], body["top_p"], body["seed"]) == (0.5, 0.9, 3)
    assert body["reasoning_effort"] == "low"
    assert 99 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["result"] == {"type": "number"}
    assert list(schema["properties"]) == ["steps", "result"]


def test_parts_of_text_are_joined_and_others_refused():
    part = {"type": "input_text", "text": "{{sample.output_text}}"}
    turns = [{"type": "message", "role": "user", "content": [part, {"type": "output_text",
              "text": "!"}]}]  # fmt: skip
    assert replayed(result(1), input=turns)[0].value == 1.0
    image = {"type": "input_image", "image_url": "x"}
    with pytest.raises(ConfigError, match="'input_image' is not text"):
        replayed(result(1), input=[{"role": "user", "content": image}])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"input": []}, "a list of messages"),
        ({"inputs": INPUT}, "inputs"),
        ({"replay": None, "model": "o4-mini"}, "name the server that has it"),
        ({"input": [{"role": "tool", "content": "x"}]}, "role='tool'"),
        ({"input": [{"role": "user", "content": "{{x}}"}]}, r"input\[0\]: "),
        ({"range": [1, 0]}, "the low end comes first"),
        ({"range": [0]}, "two numbers"),
        ({"sampling_params": {"max_completion_tokens": 1}}, "did you mean"),
        ({"pass_threshold": "x"}, "threshold='x'"),
        ({"view": "half"}, "view='half'"),
        ({"kind": "label_model", "labels": ["a"], "passing_labels": ["b"]}, "not one of the"),
        ({"kind": "label_model", "labels": ["a", "A"], "passing_labels": ["a"]}, "case alone"),
        ({"kind": "label_model", "labels": "a", "passing_labels": ["a"]}, "list of texts"),
    ],
)
def test_what_is_refused(params, message):
    with pytest.raises(ConfigError, match=message):
        replayed(result(1), **params)


def test_the_messages_and_the_labels_are_required():
    with pytest.raises(ConfigError, match="missing a required argument: 'input'"):
        load("judges.grader.score_model", replay="column:said")
    with pytest.raises(ConfigError, match="missing a required argument: 'labels'"):
        load("judges.grader.label_model", input=INPUT, replay="column:said")


# --- laws -----------------------------------------------------------------------------------------


class Drawn:
    """An engine without a model: a result by the content of the call."""

    model, deterministic, in_flight, can_prefix, can_ask_again = "drawn", True, 1, True, True

    def answer(self, jobs):
        return [[self._reply(call) for call in job.calls] for job in jobs]

    def _reply(self, call):
        byte = hashlib.blake2b(repr(call.messages).encode("utf-8", "replace")).digest()[0]
        is_label = "enum" in call.schema["properties"]["result"]
        return Reply(result(LABELS["labels"][byte % 3] if is_label else byte / 255))


@pytest.mark.parametrize("kind", ["score_model", "label_model"])
def test_the_laws(kind, monkeypatch):
    monkeypatch.setattr(grader, "engine_of", lambda backend: Drawn())
    more = LABELS if kind == "label_model" else {}
    turns = [{"role": "user", "content": "{{item.reference}} {{sample.output_text}}"}]
    reward = load(
        f"judges.grader.{kind}", input=turns, model="none", server="http://127.0.0.1:9", **more
    )
    assert laws.check(reward) == []
    scores = [score for row in reward.score(laws.sample_groups()) for score in row]
    assert all(score.is_scored for score in scores)
    assert len({score.value for score in scores}) > 1
    assert repr(eval(repr(reward), {"load": load})) == repr(reward)
