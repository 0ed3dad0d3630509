"""Served classifiers: protocols, activation, order, replicas, failures."""

import importlib.util
import pickle
import sys
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("transformers")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
_SPEC = importlib.util.spec_from_file_location("classify", ROOT / "servers" / "classify.py")
classify = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(classify)
import tiny  # noqa: E402

import plaudit  # noqa: E402
from plaudit import laws  # noqa: E402
from plaudit.errors import ConfigError  # noqa: E402

GROUPS = [
    plaudit.Group("What is 6 times 7?", [f"{i} is the answer" for i in range(40, 44)]),
    plaudit.Group("Hi", ["Hello", "<think>hm</think>Hello"]),
]


def load(server, **more):
    urls = [s.url for s in server] if isinstance(server, list) else server.url
    given = {"urls": urls, "tokenizer": str(tiny.checkpoint("Llama", kind="llama")), "model": "rm"}
    return plaudit.load("models.remote.remote", **{**given, **more})


def expected(reward):
    return [[classify.raw(e.ids) for e in row] for row in reward.scorer.form.encode(GROUPS)]


def values(reward):
    return [[s.value for s in row] for row in reward.score(GROUPS)]


@pytest.mark.parametrize(
    ("make", "protocol"),
    [
        (classify.vllm, "vllm"),
        (classify.vllm, "vllm-pooling"),
        (classify.sglang, "sglang"),
        (classify.sglang, "sglang-openai"),
    ],
)
def test_token_ids_come_back_as_raw_scores(make, protocol):
    with make() as server:
        reward = load(server, protocol=protocol)
        assert values(reward) == expected(reward)
        ids = reward.scorer.form.encode(GROUPS)[0][0].ids
        assert list(ids).count(reward.scorer.form.tokenizer.bos_token_id) == 1


def test_tei_takes_pairs_of_texts():
    with classify.tei() as server:
        reward = load(server, protocol="tei", tokenizer=None)
        found = values(reward)
        texts = [("What is 6 times 7?", f"{i} is the answer") for i in range(40, 44)]
        assert found[0] == [classify.raw([ord(c) for t in pair for c in t]) for pair in texts]
        many = plaudit.Group("q", [str(i) for i in range(100)])
        assert len([s for s in reward.score([many])[0] if s.is_scored]) == 100


def test_order_is_that_of_the_index():
    with classify.vllm(turned=True) as server:
        reward = load(server)
        assert values(reward) == expected(reward)


def test_an_activation_fails_before_any_score():
    with classify.vllm(activation="always") as server:
        with pytest.raises(ConfigError, match="activation seems to be on") as caught:
            load(server).score(GROUPS)
        assert server.url in str(caught.value)
        assert all(s.is_scored for row in load(server, probe=False).score(GROUPS) for s in row)


def test_a_server_that_is_down_leaves_its_responses_unscored():
    with classify.vllm() as server:
        reward = load(server, timeout_s=1.0, probe=False)
    found = reward.score(GROUPS)
    assert all(s.fault == "system" and not s.is_scored for row in found for s in row)


def test_a_replica_that_fails_is_stood_in_for():
    with classify.vllm() as good, classify.vllm() as bad:
        reward = load([good, bad], timeout_s=5.0)
        reward.scorer.engine.probe()
        bad.always = classify.standin.Fault("status", status=400)
        assert values(reward) == expected(reward)


def test_a_group_goes_to_one_replica():
    with classify.vllm() as one, classify.vllm() as two:
        reward = load([one, two], probe=False)
        many = [plaudit.Group(f"question {i} " * 9, ["a", "b", "c"]) for i in range(16)]
        reward.score(many)
        assert len(one.seen) + len(two.seen) == 16
        assert one.seen
        assert two.seen


def test_busy_servers_are_asked_again():
    with classify.vllm() as server:
        server.faults.extend(
            [classify.standin.Fault("status", status=429, headers={"Retry-After": "0"})] * 2
        )
        reward = load(server)
        assert values(reward) == expected(reward)


def test_nan_is_an_error_of_its_own_response():
    with classify.vllm(nan_at=1) as server:
        found = load(server, probe=False).score(GROUPS[:1])[0]
    assert [s.is_scored for s in found] == [True, False, True, True]


def test_a_reply_of_another_protocol_says_so():
    with classify.standin.echo() as server:
        found = load(server, probe=False).score(GROUPS[:1])[0]
    assert "protocol 'vllm'" in found[0].error


def test_it_pickles_and_keeps_the_laws():
    with classify.vllm() as server:
        reward = load(server)
        again = pickle.loads(pickle.dumps(reward))
        assert repr(again) == repr(reward)
        assert values(again) == values(reward)
        assert laws.check(reward) == []


def test_a_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("RM_KEY", "secret")
    with classify.vllm() as server:
        reward = load(server, api_key_env="RM_KEY")
        reward.score(GROUPS)
        assert server.seen[-1][3]["Authorization"] == "Bearer secret"
        assert "secret" not in repr(reward)
    with pytest.raises(ConfigError, match="NO_SUCH_KEY"):
        load(server, api_key_env="NO_SUCH_KEY")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"protocol": "grpc"}, "must be one of"),
        ({"tokenizer": None}, "pass tokenizer="),
        ({"overflw": 1}, "did you mean 'overflow'"),
    ],
)
def test_what_does_not_fit_is_said(more, told):
    with classify.vllm() as server, pytest.raises(ConfigError, match=told):
        load(server, **more)
