"""Chat servers under faults: nothing lost, nothing paid twice, every refusal told early."""

import asyncio
import importlib.util
import itertools
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from machines import without_slow_tasks

pytest.importorskip("aiohttp")
from plaudit import http
from plaudit.engines.calls import CallJournal
from plaudit.engines.chat import Call, Job, Reply, Sampling, Usage
from plaudit.engines.openai import OpenAiEngine, Prices, expected_tokens
from plaudit.engines.options import ServerOptions
from plaudit.errors import ConfigError, EngineError, PlauditError

_PATH = Path(__file__).parents[2] / "servers" / "chat.py"
_SPEC = importlib.util.spec_from_file_location("chat", _PATH)
chat = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(chat)
Answer, ChatServer, Fault = chat.Answer, chat.ChatServer, chat.Fault

SHORT = Sampling(max_tokens=64)
VOTES = Sampling(temperature=0.7, max_tokens=16)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch):
    """The waits between tries are drawn as always, and a hundredth as long."""
    monkeypatch.setattr(http, "_FIRST_WAIT_S", 0.005)
    monkeypatch.setattr(http, "_LONGEST_WAIT_S", 0.02)


def engine_of(urls, model="judge", calls=None, outage_s=1800.0, can_prefix=False, **options):
    """An engine with the options of a server given by name; prices may be `Prices`."""
    if isinstance(prices := options.get("prices"), Prices):
        options["prices"] = vars(prices)
    known = {} if calls is None else {"calls": calls}
    return OpenAiEngine(urls, model, options=ServerOptions(**options), outage_s=outage_s,
                        can_prefix=can_prefix, **known)  # fmt: skip


@pytest.fixture
def ask():
    """Makes engines for servers."""
    made = []

    def make(server, **options):
        usual = {"model": "judge", "concurrency": 32, "timeout_s": 5.0, "deadline_s": 60.0}
        engine = engine_of([server.url], **{**usual, **options})
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine._client.close()
        engine.calls.close()


def call(item, sampling=SHORT, **more):
    return Call(({"role": "user", "content": f"item={item} go"},), sampling, **more)


def jobs(num, **more):
    return [Job((call(i, **more),)) for i in range(num)]


def votes(item, num, sampling=VOTES):
    first = call(item, sampling)
    return Job(tuple(Call(first.messages, sampling, index=i) for i in range(num)))


def item_of(body):
    return body["messages"][0]["content"].partition("item=")[2].partition(" ")[0]


def named(body):
    """A reply that names what was asked."""
    return f"reply to {item_of(body)}"


def texts(rows):
    return [[reply.text for reply in row] for row in rows]


def errors(rows):
    return [reply.error for row in rows for reply in row if reply.error is not None]


def num_tries(server):
    """Requests but for the first, which is the probe."""
    return server.stats.requests - 1


class _Json:
    """For a server that takes and gives lone surrogates."""

    loads = staticmethod(json.loads)

    @staticmethod
    def dumps(value, **options):
        return json.dumps(value, **options).encode()


class Raw(ChatServer):
    """Sends what `make(body)` gives in place of a completion."""

    def __init__(self, make, **options):
        super().__init__(**options)
        self.make = make

    def _completion(self, body, change):
        return self.make(body)


def raw(*choices, **more):
    return {"choices": [{"index": i, **choice} for i, choice in enumerate(choices)], **more}


def said(text, **more):
    return {"message": {"role": "assistant", "content": text}, "finish_reason": "stop", **more}


# --- faults ---------------------------------------------------------------------------------------

FAULTS = [
    Fault("reset", 0.3),
    Fault("half", 0.3),
    Fault("cut", 0.3),
    Fault("bye", 0.3),
    Fault("malformed", 0.3),
    Fault("error-body", 0.3),
    Fault("500", 0.3),
    Fault("503", 0.3),
    Fault("503", 0.3, retry_after=0.01),
    Fault("429", 0.3),
    Fault("429", 0.3, retry_after=0.01),
    Fault("429", 0.3, retry_after=0.01, is_date=True),
    Fault("429", 0.7),
    Fault("429", 1.0, first=5),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_nothing_is_lost_and_nothing_paid_twice(fault, ask, tmp_path):
    calls = CallJournal(tmp_path / "calls")
    with ChatServer(named, latency_s=0.001, faults=[fault]) as server:
        engine = ask(server, calls=calls)
        rows = engine.answer(jobs(200))
        assert texts(rows) == [[f"reply to {i}"] for i in range(200)]
        assert server.stats.paid_twice == 0
        assert engine.spending.num_paid == len(calls) == 200
        # one layer of tries: each that went wrong is followed by one more, and no other
        num_faults = 0 if fault.kind == "bye" else server.stats.faults.total()
        assert server.stats.requests == 201 + num_faults
        assert server.errors == []


def test_a_429_takes_no_try_of_a_call(ask):
    with ChatServer(named, faults=[Fault("429", first=5)]) as server:
        engine = ask(server, retries=0)
        assert texts(engine.answer(jobs(20))) == [[f"reply to {i}"] for i in range(20)]
        assert engine.num_retries == 0


@pytest.mark.parametrize("kind", ["null", "empty"])
def test_a_refusal_is_recorded_and_not_asked_again(kind, ask):
    with ChatServer(named, faults=[Fault(kind, 0.3)]) as server:
        engine = ask(server)
        replies = [row[0] for row in engine.answer(jobs(200))]
        refused = [reply for reply in replies if not reply.text]
        assert len(refused) in (server.stats.faults[kind], server.stats.faults[kind] - 1)
        assert len(refused) > 40
        text, finish = (None, "content_filter") if kind == "null" else ("", "stop")
        assert {(r.text, r.finish_reason, r.error) for r in refused} == {(text, finish, None)}
        assert num_tries(server) == 200
        again = engine.answer(jobs(200))
        assert [row[0].text for row in again] == [reply.text for reply in replies]
        assert num_tries(server) == 200


def test_tries_are_counted_and_failures_are_not_filed(ask, tmp_path):
    calls = CallJournal(tmp_path / "calls")
    with ChatServer(named) as server:
        engine = ask(server, calls=calls, retries=2)
        server.queue.extend([None, *[Fault("500")] * 3])
        (row,) = engine.answer(jobs(1))
        assert (row[0].text, row[0].fault) == (None, "system")
        assert "failed after 3 tries" in row[0].error
        assert "500 Internal Server Error" in row[0].error
        assert (num_tries(server), len(calls), server.stats.answers.total()) == (3, 0, 1)
        assert texts(engine.answer(jobs(1))) == [["reply to 0"]]  # and may be asked for again


def test_a_service_that_is_down_is_not_asked_for_ever(ask):
    with ChatServer(named, faults=[Fault("500")]) as server:
        server.queue.append(None)
        engine = ask(server, retries=8)
        rows = engine.answer(jobs(100))
        assert len(errors(rows)) == 100
        assert 200 < num_tries(server) <= 2 * 101 + 20


@pytest.mark.parametrize(
    "fault", [Fault("hang"), Fault("slow", wait_s=3000.0), Fault("429"), Fault("500")], ids=str
)
def test_a_deadline_bounds_a_call_with_all_its_tries(fault, ask):
    with ChatServer(named, faults=[fault]) as server:
        server.queue.append(None)
        engine = ask(server, deadline_s=0.3, retries=10_000)
        began = time.monotonic()
        rows = engine.answer(jobs(20))
        assert time.monotonic() - began < 60
        assert {row[0].fault for row in rows} == {"system"}


def test_a_try_that_hangs_is_given_up_and_made_again(ask):
    with ChatServer(named) as server:
        server.queue.extend([None, Fault("hang")])
        engine = ask(server, timeout_s=0.2)
        assert texts(engine.answer(jobs(1))) == [["reply to 0"]]
        assert num_tries(server) == 2


def test_a_wrong_key_and_a_long_text_in_mid_run_cost_their_own_call_alone(ask):
    with ChatServer(named) as server:
        server.queue.extend([None, Fault("401"), Fault("context")])
        engine = ask(server, concurrency=1)
        wrong, long, good = (row[0] for row in engine.answer(jobs(3)))
        assert (wrong.text, wrong.fault) == (None, "system")
        assert "401" in wrong.error
        assert (long.text, long.fault) == (None, "input")
        assert "too long for the model" in long.error
        assert good.text == "reply to 2"
        assert num_tries(server) == 3


def test_a_server_with_a_small_context(ask):
    with ChatServer(named, context_tokens=100) as server:
        long = Call(({"role": "user", "content": "x" * 1000},))
        (a, b) = ask(server).answer([Job((long,)), *jobs(1)])
        assert (a[0].fault, b[0].text) == ("input", "reply to 0")


# --- bodies that are odd, or no bodies ------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "text", "finish"),
    [
        (said("ok"), "ok", "stop"),
        (said(None), "", "stop"),
        (said(""), "", "stop"),
        (said("par", finish_reason="length"), "par", "length"),
        (said(None, finish_reason="length"), "", "length"),
        (said(None, finish_reason="content_filter"), None, "content_filter"),
        (said("", finish_reason="content_filter"), None, "content_filter"),
        (said("half", finish_reason="content_filter"), "half", "content_filter"),
        ({"message": {"content": None, "refusal": "no"}}, None, "content_filter"),
        ({"message": {"content": "ok", "reasoning_content": "hm"}}, "<think>hm</think>ok", None),
        ({"message": {"content": "ok", "reasoning": "hm"}}, "<think>hm</think>ok", None),
        ({"message": {"content": None, "reasoning_content": "hm"}}, "<think>hm", None),
        ({"message": {"content": "ok", "reasoning_content": None}}, "ok", None),
        ({"message": {"content": "ok", "reasoning_content": ""}}, "ok", None),
        (said([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), "ab", "stop"),
        (said([{"type": "x"}, {"type": "text", "text": "b"}]), "b", "stop"),
        (said("\ud800 a"), "\ud800 a", "stop"),
    ],
)
def test_what_a_choice_says(choice, text, finish, ask, monkeypatch):
    monkeypatch.setattr(chat, "orjson", _Json)
    with Raw(lambda body: raw(choice)) as server:
        (row,) = ask(server).answer(jobs(1))
        assert (row[0].text, row[0].finish_reason, row[0].error) == (text, finish, None)
        assert num_tries(server) == 1


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        {},
        {"choices": None},
        {"choices": []},
        {"choices": [None]},
        {"choices": ["text"]},
        {"choices": [{"text": "old"}]},
        {"choices": [{"message": None}]},
        raw(said(5)),
        raw(said({"text": "x"})),
        raw(said(["text"])),
        {"error": {"message": "no worker"}},
    ],
)
def test_a_body_that_is_none_is_a_failed_try(body, ask):
    bodies = [raw(said("probe")), body, raw(said("ok"))]
    with Raw(lambda _: bodies.pop(0)) as server:
        (row,) = ask(server).answer(jobs(1))
        assert (row[0].text, num_tries(server)) == ("ok", 2)


@pytest.mark.parametrize(
    "usage",
    [None, {}, "12", [1], 5, {"prompt_tokens": None}, {"prompt_tokens": "x"}, {"prompt_tokens": -3},
     {"prompt_tokens_details": 3}, {"prompt_tokens": 1.5}],
)  # fmt: skip
def test_a_usage_that_is_none_spoils_no_reply(usage, ask):
    with Raw(lambda body: raw(said("ok"), usage=usage)) as server:
        engine = ask(server)
        (row,) = engine.answer(jobs(1))
        assert (row[0].text, row[0].usage, num_tries(server)) == ("ok", Usage(), 1)


def test_usage_latency_and_fingerprint_are_kept(ask, tmp_path):
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "prompt_tokens_details": {"cached_tokens": 60},
    }
    path = tmp_path / "calls"
    with ChatServer(lambda body: Answer("ok", usage=usage), latency_s=0.05) as server:
        engine = ask(server, calls=CallJournal(path), prices=Prices(1.0, 10.0, 0.1))
        (row,) = engine.answer(jobs(1))
        assert row[0].usage == Usage(100, 20, 60)
        assert 0.05 <= row[0].latency_s < 2
        spent = engine.spending
        assert (spent.prompt_tokens, spent.completion_tokens, spent.cached_tokens) == (100, 20, 60)
        assert spent.cost == pytest.approx(2 * (40 + 6 + 200) / 1e6)  # the probe was one, too
        assert spent.latencies_s == [row[0].latency_s]
    told = json.loads(path.read_text())
    assert (told["usage"], told["fingerprint"]) == ([100, 20, 60], "fp_standin")


# --- what is sent ---------------------------------------------------------------------------------


def test_every_parameter_is_sent_zeros_included(ask):
    with ChatServer(named) as server:
        ask(server).answer(jobs(1))
        probe, body = (request.body for request in server.seen)
    assert body == {
        "model": "judge", "messages": [{"role": "user", "content": "item=0 go"}],
        "temperature": 0.0, "top_p": 1.0, "max_tokens": 64,
    }  # fmt: skip
    assert probe == {**body, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}


def test_what_a_call_may_ask_for(ask):
    schema = {"type": "object", "properties": {"verdict": {"enum": ["A", "B"]}}}
    sampling = Sampling(0.5, 0.9, 7, seed=40, stop=("\n", "##"))
    given = call(3, sampling, index=2, labels=("A", "B"), schema=schema, extra={"top_k": 5})
    with ChatServer() as server:
        body = ask(server).body(given, 4)
    assert body == {
        "model": "judge", "messages": [{"role": "user", "content": "item=3 go"}],
        "temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "n": 4, "top_k": 5,
        "seed": 42, "stop": ["\n", "##"], "logprobs": True, "top_logprobs": 20,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "verdict", "schema": schema, "strict": True},
        },
    }  # fmt: skip


def test_a_schema_is_enforced_where_the_server_can(ask):
    schema = {"type": "object", "properties": {"verdict": {"enum": ["A", "B"]}}}
    with ChatServer() as server:
        (row,) = ask(server).answer([Job((call(1, schema=schema),))])
    assert json.loads(row[0].text)["verdict"] in ("A", "B")


@pytest.mark.parametrize("can_prefix", [True, False])
def test_a_prefix_is_sent_as_a_turn_that_goes_on_where_the_server_can(can_prefix, ask):
    given = call(1, prefix="Verdict: [[")
    with ChatServer(lambda body: "A]]") as server:
        (row,) = ask(server, can_prefix=can_prefix).answer([Job((given,))])
        probe, body = (request.body for request in server.seen)
    assert row[0].text == "A]]"
    for sent in (probe, body):
        goes_on = {"role": "assistant", "content": "Verdict: [["} in sent["messages"]
        assert goes_on == can_prefix
        assert sent.get("continue_final_message", False) == can_prefix
        assert sent.get("add_generation_prompt", True) != can_prefix
    assert given.messages == ({"role": "user", "content": "item=1 go"},)


def test_texts_of_any_kind_arrive(ask, monkeypatch):
    monkeypatch.setattr(chat, "orjson", _Json)
    turns = ({"role": "user", "content": "\ud800 中 \x00 " + "x" * 100_000},)
    with ChatServer(lambda body: "ok") as server:
        (row,) = ask(server).answer([Job((Call(turns),))])
        assert row[0].text == "ok"
        assert server.seen[1].body["messages"][0]["content"].startswith("\ud800 中 \x00 x")


def test_the_key_is_sent_and_is_in_no_journal(ask, tmp_path, monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-secret")
    path = tmp_path / "calls"
    with ChatServer(named, key="sk-secret") as server:
        engine = ask(server, api_key_env="MY_KEY", calls=CallJournal(path))
        assert texts(engine.answer(jobs(2))) == [["reply to 0"], ["reply to 1"]]
        assert set(server.stats.keys) == {"sk-secret"}
    assert "sk-secret" not in path.read_text() + repr(engine)


# --- several samples ------------------------------------------------------------------------------


def test_samples_of_a_call_are_one_request(ask):
    with ChatServer() as server:
        engine = ask(server)
        rows = engine.answer([votes(i, 5) for i in range(3)])
        bodies = [request.body for request in server.seen[1:]]
    assert [body["n"] for body in bodies] == [5, 5, 5]
    assert [len(row) for row in rows] == [5, 5, 5]
    assert all(len({reply.text for reply in row}) > 1 for row in rows)
    assert engine.spending.num_paid == 15
    total = sum(reply.usage.completion_tokens for row in rows for reply in row)
    assert 0 < total <= engine.spending.completion_tokens


@pytest.mark.parametrize("num_given", [1, 2])
def test_a_server_that_gives_fewer_choices_is_noticed_at_the_probe(num_given, ask):
    count = itertools.count()

    def make(body):
        return raw(*[said(f"{next(count)}") for _ in range(min(body.get("n", 1), num_given))])

    with Raw(make) as server:
        engine = ask(server)
        (row,) = engine.answer([votes(1, 5, Sampling(0.7, seed=100))])
        probe, *bodies = (request.body for request in server.seen)
    assert probe["n"] == 5
    assert len({reply.text for reply in row}) == 5
    assert not any("n" in body for body in bodies)
    assert sorted(body["seed"] for body in bodies) == [*range(100, 105)]
    assert engine.spending.num_paid == 5


def test_choices_that_are_missing_later_are_asked_for_again(ask):
    count = itertools.count()

    def make(body):
        num = body.get("n", 1) if body["max_tokens"] == 1 else min(body.get("n", 1), 2)
        return raw(*[said(f"{next(count)}") for _ in range(num)])

    with Raw(make) as server:
        engine = ask(server)
        (row,) = engine.answer([votes(1, 5, Sampling(0.7, seed=100))])
        bodies = [request.body for request in server.seen[1:]]
    assert len({reply.text for reply in row}) == 5
    assert [body.get("n", 1) for body in bodies] == [5, 3, 1]
    assert [body["seed"] for body in bodies] == [100, 102, 104]
    assert engine.spending.num_paid == 5


def test_more_choices_than_asked_for_are_left_out(ask):
    with Raw(lambda body: raw(*[said(f"{i}") for i in range(4)])) as server:
        (row,) = ask(server).answer([votes(1, 2)])
    assert [reply.text for reply in row] == ["0", "1"]


def test_greedy_samples_and_calls_that_differ_are_sent_alone(ask):
    turns = call(1).messages
    differ = [
        Call(turns, VOTES),
        Call(turns, Sampling(temperature=0.7, max_tokens=17)),
        Call(turns, VOTES, labels=("A",)),
        Call(turns, VOTES, schema={"type": "object"}),
        Call(turns, Sampling(), index=0),
        Call(turns, Sampling(), index=1),
    ]
    with ChatServer() as server:
        ask(server).answer([Job(tuple(differ))])
        bodies = [request.body for request in server.seen if request.body["max_tokens"] > 1]
    assert not any("n" in body for body in bodies)
    assert sorted(body["max_tokens"] for body in bodies) == [16, 16, 16, 17, 1024, 1024]


def test_seeds_differ_by_sample(ask):
    with ChatServer() as server:
        engine = ask(server)
        seeds = [engine.body(call(1, Sampling(0.5, seed=7), index=i), 1)["seed"] for i in range(3)]
    assert seeds == [7, 8, 9]


# --- log-probabilities ----------------------------------------------------------------------------


def labelled(*tokens):
    text = "".join(token for token, *_ in tokens)
    return lambda body: Answer(text, "stop", tokens)


def test_tokens_come_with_their_rivals(ask):
    given = call(1, labels=("A", "B"))
    make = labelled(("[[", -0.01, {"[[": -0.01, "[": -5.0}), ("A", -0.25, {"A": -0.25, "B": -1.5}))
    with ChatServer(make) as server:
        (row,) = ask(server).answer([Job((given,))])
    assert [(t.text, t.logprob, t.top) for t in row[0].tokens] == [
        ("[[", -0.01, {"[[": -0.01, "[": -5.0}),
        ("A", -0.25, {"A": -0.25, "B": -1.5}),
    ]
    assert row[0].text == "[[A"


def test_a_label_that_is_not_among_the_rivals_is_not_there(ask):
    with ChatServer(labelled(("A", -0.25, {"A": -0.25, "C": -1.5}))) as server:
        (row,) = ask(server).answer([Job((call(1, labels=("A", "B")),))])
    assert "B" not in row[0].tokens[0].top


@pytest.mark.parametrize("value", [-math.inf, -9999.0, -123456.0])
def test_minus_infinity_is_one_number_however_it_is_written(value, ask, tmp_path):
    calls = CallJournal(tmp_path / "calls")
    with ChatServer(labelled(("A", -0.0, {"A": -0.0, "B": value}))) as server:
        given = [Job((call(1, labels=("A", "B")),))]
        engine = ask(server, calls=calls)
        fresh, kept = engine.answer(given)[0][0], engine.answer(given)[0][0]
    assert fresh.tokens[0].top == kept.tokens[0].top == {"A": 0.0, "B": -9999.0}
    assert (fresh.is_recorded, kept.is_recorded) == (False, True)


def test_rivals_that_read_the_same_are_added_up(ask):
    rivals = [("A", 0.5), ("\u2581A", 0.25), ("A", 0.125)]
    top = [{"token": text, "logprob": math.log(p)} for text, p in rivals]
    told = {"content": [{"token": "A", "logprob": math.log(0.5), "top_logprobs": top}]}
    with Raw(lambda body: raw(said("A", logprobs=told))) as server:
        (row,) = ask(server).answer([Job((call(1, labels=("A",)),))])
    assert math.exp(row[0].tokens[0].top["A"]) == pytest.approx(0.625)


def test_log_probs_that_were_not_asked_for_are_not_kept(ask):
    told = {"content": [{"token": "A", "logprob": -0.5, "top_logprobs": []}]}
    with Raw(lambda body: raw(said("A", logprobs=told))) as server:
        assert ask(server).answer(jobs(1))[0][0].tokens == ()


def test_what_else_is_sent_makes_another_call():
    assert call(1).key("m") != call(1, extra={"top_k": 5}).key("m")
    assert call(1, Sampling(0)).key("m") == call(1, Sampling(0.0)).key("m")


# --- looking before asking ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("server_options", "options", "given", "told"),
    [
        ({"key": "right"}, {}, call(1), r"a key is needed: api_key_env=NAME \(401\)"),
        ({"key": "right"}, {"api_key_env": "MY_KEY"}, call(1), r"the key in MY_KEY is refused"),
        (
            {"models": ("judge-7b", "other")},
            {"model": "judge-7B"},
            call(1),
            r"has no model 'judge-7B'.* did you mean 'judge-7b'.* It serves judge-7b, other",
        ),
        ({"models": ("a",)}, {"model": "zzz"}, call(1), r"has no model 'zzz'\. It serves a"),
        ({"has_logprobs": False}, {}, call(1, labels=("A",)), r"refuses log-probabilities"),
        (
            {"max_top_logprobs": 5},
            {},
            call(1, labels=("A",)),
            r"with 20 rivals: .*--max-logprobs 20.* must be <= 5",
        ),
        ({}, {}, call(1, extra={"stream": True}), "refuses calls like these: .*stream"),
    ],
)
def test_what_no_retry_mends_is_told_before_anything_else(
    server_options, options, given, told, ask, monkeypatch
):
    monkeypatch.setenv("MY_KEY", "wrong")
    with ChatServer(named, **server_options) as server:
        engine = ask(server, **options)
        with pytest.raises(ConfigError, match=told):
            engine.answer([Job((given,))] * 3)
        assert server.stats.requests <= 1
        assert engine.spending.num_paid == 0


@pytest.mark.parametrize("logprobs", [None, {}, {"content": None}, {"content": []}, [1]])
def test_a_server_that_ignores_log_probs_is_found_out(logprobs, ask):
    with Raw(lambda body: raw(said("A", logprobs=logprobs))) as server:
        engine = ask(server)
        with pytest.raises(ConfigError, match="gives no log-probabilities for 'judge'"):
            engine.answer([Job((call(1, labels=("A",)),))])
        assert texts(engine.answer(jobs(1))) == [["A"]]


def test_each_kind_of_call_is_looked_at_before_any_is_sent(ask):
    with ChatServer(named, has_logprobs=False) as server:
        with pytest.raises(ConfigError, match="refuses log-probabilities"):
            ask(server).answer([Job((call(1), call(2, labels=("A",))))])
        assert server.stats.requests == 2


def test_a_url_that_is_not_where_the_api_begins(ask):
    with ChatServer(named) as server:
        engine = OpenAiEngine([server.url + "/deeper"], model="judge")
        with pytest.raises(ConfigError, match=r"is not where the API begins .*/v1"):
            engine.check(call(1))
        engine._client.close()


def test_nobody_answers():
    with ChatServer(named) as server:
        url = server.url
    for options in ({"model": "judge"}, {}):
        engine = engine_of([url], **{"model": "", **options})
        began = time.monotonic()
        with pytest.raises((EngineError, ConfigError), match="Cannot connect"):
            engine.answer(jobs(1))
        assert time.monotonic() - began < 60
        engine._client.close()


def test_the_probe_is_made_once_for_each_kind(ask):
    with ChatServer(named) as server:
        engine = ask(server)
        for i in range(5):
            engine.answer([Job((call(i),))])
            engine.answer([Job((call(i, labels=("A",)),))])
        probes = [request for request in server.seen if request.body["max_tokens"] == 1]
        assert len(probes) == 2
        assert server.stats.requests == 12


def test_threads_that_come_during_a_probe_share_what_it_finds(ask):
    with ChatServer(named, key="right", latency_s=0.5) as server:
        engine = ask(server)
        found = in_threads(8, lambda i: engine.answer([Job((call(i),))]))
        assert all(isinstance(one, ConfigError) for one in found)
        assert server.stats.requests == 1
        server.key = None
        assert texts(engine.answer(jobs(1))) == [["reply to 0"]]  # it is asked anew


def test_the_only_model_of_a_server_need_not_be_named(ask):
    with ChatServer(named, models=("judge-7b",)) as server:
        engine = ask(server, model="")
        assert texts(engine.answer(jobs(1))) == [["reply to 0"]]
        assert engine.model == "judge-7b"
    with ChatServer(named, models=("a", "b")) as server:
        with pytest.raises(ConfigError, match="serves a, b; name one of them"):
            ask(server, model="").answer(jobs(1))
        assert server.stats.requests == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"urls": []}, "name one URL"),
        ({"urls": ["localhost:8000"]}, "not an http"),
        ({"max_cost": 1.0}, "needs the prices"),
        ({"api_key_env": "NO_SUCH_KEY"}, "no such environment variable"),
        ({"concurrency": 0}, "concurrency=0 must be at least 1"),
        ({"requests_per_minute": 0}, "requests_per_minute=0 must be positive"),
    ],
)
def test_what_cannot_be_right_is_told_at_once(options, told, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(ConfigError, match=told):
        engine_of(**{"urls": ["http://127.0.0.1:9"], **options})


def test_v1_is_added_where_there_is_no_path():
    urls = ["http://a:1", "http://a:1/", "http://a:1/v1/", "http://a:1/api"]
    assert OpenAiEngine(urls, model="m")._client.urls == [
        "http://a:1/v1", "http://a:1/v1", "http://a:1/v1", "http://a:1/api",
    ]  # fmt: skip


# --- budgets --------------------------------------------------------------------------------------


def test_no_more_calls_than_the_budget_has(ask, tmp_path):
    calls = CallJournal(tmp_path / "calls")
    with ChatServer(named, latency_s=0.01) as server:
        engine = ask(server, concurrency=64, max_calls=50, calls=calls)
        parts = in_threads(4, lambda i: engine.answer(jobs(200)[i::4]))
        rows = [row for part in parts for row in part]
        told = errors(rows)
        assert (len(told), server.stats.requests, len(calls)) == (150, 51, 50)
        assert {error[:35] for error in told} == {"budget: max_calls=50 are used up"}
        assert {row[0].fault for row in rows} == {None, "system"}
        engine.options = replace(engine.options, max_calls=120)
        assert len(errors(engine.answer(jobs(200)))) == 80
        assert num_tries(server) == 120


def test_tries_and_samples_count_as_calls_of_their_own_or_not(ask):
    with ChatServer(named, faults=[Fault("500", first=2)]) as server:
        engine = ask(server, max_calls=7)
        rows = engine.answer([votes(i, 2) for i in range(5)])
        assert (len(errors(rows)), engine.spending.num_paid) == (4, 6)
        assert num_tries(server) >= 9


def used(server, prices):
    """What a server's answers cost, probe included."""
    total = 0.0
    for request in server.seen:
        tokens = chat._num_tokens(request.body["messages"])
        done = min(len(chat.tokenised(named(request.body))), request.body["max_tokens"])
        total += prices.of(Usage(tokens, done))
    return total


@pytest.mark.parametrize("prices", [Prices(1.0, 0.0), Prices(0.0, 1.0), Prices(3.0, 15.0)])
def test_no_more_money_than_the_budget_has(prices, ask):
    given = jobs(300, sampling=Sampling(max_tokens=8))
    with ChatServer(named, latency_s=0.005) as server:
        engine = ask(server, concurrency=64, prices=prices, max_cost=1.0)
        engine.answer(given[:20])
        engine.options = replace(engine.options, max_cost=6 * engine.spending.cost)
        parts = in_threads(3, lambda i: engine.answer(given[i::3]))
        rows = [row for part in parts for row in part]
        told = errors(rows)
        most = engine.options.max_cost
        assert 0.5 * most < used(server, prices) <= most
        assert engine.spending.cost == pytest.approx(used(server, prices))
        assert len(told) > 100
        assert all("budget: max_cost=" in error for error in told)
        assert (engine.spending.reserved, engine.spending.num_reserved) == (0.0, 0)


def test_money_that_comes_free_is_used(ask):
    given = jobs(40, sampling=Sampling(max_tokens=1000))
    with ChatServer(named, latency_s=0.002) as server:
        # one call may cost 1000, three at a time; none costs more than 20
        engine = ask(server, prices=Prices(0.0, 1e6), max_cost=3500.0)
        parts = in_threads(2, lambda i: engine.answer(given[i::2]))
        assert [errors(rows) for rows in parts] == [[], []]
        assert server.stats.most_in_flight <= 3
        assert engine.spending.cost < 40 * 20


def test_a_server_that_tells_no_usage_is_charged_the_most(ask):
    with Raw(lambda body: raw(said("ok")), latency_s=0.002) as server:
        engine = ask(server, prices=Prices(1.0, 1.0), max_cost=0.002)
        rows = engine.answer(jobs(200))
        assert 0 < 200 - len(errors(rows)) < 20
        assert engine.spending.cost <= 0.002


def test_failed_requests_give_back_what_was_reserved(ask):
    with ChatServer(named) as server:
        server.queue.extend([None, *[Fault("401")] * 20])
        engine = ask(server, prices=Prices(1.0, 1.0), max_cost=1.0)
        assert len(errors(engine.answer(jobs(20)))) == 20
        assert (engine.spending.reserved, engine.spending.num_reserved) == (0.0, 0)


def test_what_is_refused_does_not_wait_for_its_minute(ask):
    with ChatServer(named) as server:
        engine = ask(server, requests_per_minute=60, max_calls=1)
        began = time.monotonic()
        assert len(errors(engine.answer(jobs(100)))) == 99
        assert time.monotonic() - began < 60


# --- the journal is the cache ---------------------------------------------------------------------


def test_what_was_answered_is_never_sent_again(ask, tmp_path):
    path = tmp_path / "calls"
    with ChatServer(named) as server:
        first = ask(server, calls=CallJournal(path))
        given = [*jobs(20), votes(77, 3)]
        fresh = first.answer(given)
        first.calls.close()
        second = ask(server, calls=CallJournal(path))
        again = second.answer(given)
        assert texts(again) == texts(fresh)
        assert all(reply.is_recorded for row in again for reply in row)
        assert not any(reply.is_recorded for row in fresh for reply in row)
        assert server.stats.requests == 22
        assert (second.spending.num_paid, second.spending.num_calls) == (0, 23)
    assert texts(second.answer(given)) == texts(fresh)  # nor is anybody needed


def test_another_model_sampling_or_sample_is_another_call(ask):
    with ChatServer(named, models=("judge", "other")) as server:
        calls = CallJournal()
        one, two = (ask(server, calls=calls, model=name) for name in ("judge", "other"))
        one.answer(jobs(1))
        two.answer(jobs(1))
        one.answer([Job((call(0, Sampling(max_tokens=65)),))])
        one.answer([Job((call(0, index=1),))])
        one.answer([Job((call(0, template="v2"),))])
        assert server.stats.requests == 2 + 5


def in_threads(num, work):
    """What threads return, or raise."""
    found = [None] * num

    def run(i):
        try:
            found[i] = work(i)
        except PlauditError as error:
            found[i] = error

    threads = [threading.Thread(target=run, args=(i,)) for i in range(num)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert not any(thread.is_alive() for thread in threads)
    return found


def test_equal_calls_under_way_are_sent_once(ask):
    with ChatServer(named, latency_s=0.1) as server:
        engine = ask(server)
        given = [*jobs(3), *jobs(3)]
        found = in_threads(6, lambda i: texts(engine.answer(given)))
        assert found == [[["reply to 0"], ["reply to 1"], ["reply to 2"]] * 2] * 6
        assert num_tries(server) == 3
        assert engine._pending == {}


def test_equal_calls_of_many_threads_are_never_paid_twice(ask, tmp_path):
    with ChatServer(named, keep=False) as server:
        engine = ask(server, calls=CallJournal(tmp_path / "calls"))

        def work(i):
            return [engine.answer([Job((call(j),))])[0][0].text for j in range(100)]

        assert in_threads(6, work) == [[f"reply to {j}" for j in range(100)]] * 6
        assert (server.stats.paid_twice, num_tries(server)) == (0, 100)


def test_who_waits_for_a_call_of_another_hears_that_it_failed(ask):
    with ChatServer(named, latency_s=0.1) as server:
        engine = ask(server, retries=0)
        engine.check(call(0))
        server.latency_s = 0.5
        server.queue.append(Fault("500"))
        found = in_threads(4, lambda i: engine.answer(jobs(1))[0][0])
        assert len({reply.error for reply in found}) == 1
        assert {reply.fault for reply in found} == {"system"}
        assert num_tries(server) == 1


def test_a_reply_is_on_the_disk_before_the_batch_is_done(ask, tmp_path):
    path = tmp_path / "calls"
    with ChatServer(named) as server:
        engine = ask(server, calls=CallJournal(path))
        engine.check(call(0))
        server.queue.append(Fault("slow", wait_s=4.0))
        thread = threading.Thread(target=engine.answer, args=(jobs(10),))
        thread.start()
        began = time.monotonic()
        while path.read_bytes().count(b"\n") < 9 and time.monotonic() - began < 300:
            time.sleep(0.005)
        assert thread.is_alive()
        assert path.read_bytes().count(b"\n") == 9
        thread.join(300)
        assert path.read_bytes().count(b"\n") == 10


def test_a_full_disk_ends_the_run_and_the_spending(ask, tmp_path, monkeypatch):
    with ChatServer(named, latency_s=0.005) as server:
        engine = ask(server, calls=CallJournal(tmp_path / "calls"), concurrency=4)
        put, count = engine.calls.put, iter(range(1000))

        def full(*args):
            if next(count) == 10:
                raise PlauditError("disk full")
            put(*args)

        monkeypatch.setattr(engine.calls, "put", full)
        with pytest.raises(PlauditError, match="disk full"):
            engine.answer(jobs(200))
        time.sleep(0.1)
        assert num_tries(server) < 30
        assert (engine._pending, engine.spending.num_reserved) == ({}, 0)
        assert texts(engine.answer(jobs(30)))[-1] == ["reply to 29"]


KILLED = """
import sys
from plaudit.engines.calls import CallJournal
from plaudit.engines.chat import Call, Job, Sampling
from plaudit.engines.openai import OpenAiEngine
from plaudit.engines.options import ServerOptions

journal, options = CallJournal(sys.argv[2]), ServerOptions(concurrency=8)
engine = OpenAiEngine([sys.argv[1]], "judge", journal, options)
turns = [({"role": "user", "content": f"item={i} go"},) for i in range(200)]
engine.answer([Job((Call(turn, Sampling(max_tokens=64)),)) for turn in turns])
"""


def test_a_killed_run_pays_again_for_no_more_than_was_under_way(ask, tmp_path):
    path = tmp_path / "calls"
    with ChatServer(named, latency_s=0.04) as server:
        process = subprocess.Popen([sys.executable, "-c", KILLED, server.url, str(path)])
        began = time.monotonic()
        while server.stats.answers.total() < 60 and time.monotonic() - began < 300:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        engine = ask(server, calls=CallJournal(path))
        recorded = len(engine.calls)
        assert 50 <= recorded < 200
        assert texts(engine.answer(jobs(200))) == [[f"reply to {i}"] for i in range(200)]
        assert server.stats.paid_twice <= 8 + 1  # and the probe
        assert engine.spending.num_paid == 200 - recorded


# --- the pace -------------------------------------------------------------------------------------


def test_a_server_that_bears_little_is_asked_for_little(ask):
    with ChatServer(named, latency_s=0.01, most_at_once=6) as server:
        engine = ask(server, concurrency=64)
        rows = engine.answer(jobs(300))
        assert errors(rows) == []
        assert server.stats.paid_twice == 0
        assert engine._client.pace.limit < 16
        assert server.stats.faults["429"] < 300


def test_retry_after_stops_all_calls(ask):
    with ChatServer(named, latency_s=0.01) as server:
        engine = ask(server, concurrency=4)
        engine.check(call(0))
        server.queue.extend([None] * 8 + [Fault("429", retry_after=2.0)])
        began = time.time()
        assert errors(engine.answer(jobs(60))) == []
        times = [at for at in server.stats.times if at >= began]
        gaps = [b - a for a, b in itertools.pairwise(times)]
        assert max(gaps) > 1.9
        assert sorted(gaps)[-2] < 1.5
        assert server.stats.most_in_flight <= 4


@pytest.mark.parametrize(("usage", "told"), [({"prompt_tokens": 7}, [(3 + 64, 7)]), (None, [])])
def test_the_tokens_of_a_minute_are_corrected_by_what_is_told(usage, told, ask):
    with Raw(lambda body: raw(said("ok"), usage=usage)) as server:
        engine, settled = ask(server, tokens_per_minute=1e9), []
        engine.settle = lambda expected, used: settled.append((expected, used))
        engine.answer(jobs(1))
        assert settled == told


def test_no_more_under_way_than_allowed(ask):
    with ChatServer(named, latency_s=0.01) as server:
        engine = ask(server, concurrency=5)
        in_threads(4, lambda i: engine.answer(jobs(80)[i::4]))
        assert server.stats.most_in_flight == 5
        assert engine.in_flight == 5


# --- wherever it is called from -------------------------------------------------------------------


def test_inside_a_running_loop(ask):
    with ChatServer(named) as server:
        engine = ask(server)

        async def main():
            return texts(engine.answer(jobs(5)))

        assert asyncio.run(main()) == [[f"reply to {i}"] for i in range(5)]


def test_jobs_keep_their_order_and_shape(ask):
    with ChatServer(named, latency_s=0.001, spread=10.0) as server:
        given = [Job(tuple(call(f"{i}-{j}") for j in range(i % 4))) for i in range(30)]
        rows = ask(server).answer(given)
        assert texts(rows) == [[f"reply to {i}-{j}" for j in range(i % 4)] for i in range(30)]
        assert ask(server).answer([]) == []


def test_a_closed_client_ends_the_run(ask):
    with ChatServer(named, latency_s=5.0) as server:
        server.latency_s = 0.0
        engine = ask(server)
        engine.check(call(0))
        server.latency_s = 5.0
        found = []

        def work():
            with pytest.raises(EngineError, match="closed") as caught:
                engine.answer(jobs(3))
            found.append(caught.value)

        thread = threading.Thread(target=work)
        thread.start()
        while server.stats.in_flight < 3:
            time.sleep(0.005)
        engine._client.close()
        thread.join(300)
        assert len(found) == 1
        assert engine._pending == {}


FORKED = """
import os, sys, threading, time
from plaudit.engines.calls import CallJournal
from plaudit.engines.chat import Call, Job
from plaudit.engines.openai import OpenAiEngine

def jobs(*items):
    return [Job((Call(({"role": "user", "content": f"item={i} go"},)),)) for i in items]

def texts(rows):
    return [row[0].text for row in rows]

engine = OpenAiEngine([sys.argv[1]], "judge", CallJournal(sys.argv[2]))
assert texts(engine.answer(jobs(0))) == ["reply to 0"]
thread = threading.Thread(target=engine.answer, args=(jobs(1),))
thread.start()
while not engine._pending:
    time.sleep(0.001)
engine._lock.acquire()  # as another thread may hold it at this moment
pid = os.fork()
if pid == 0:  # what the parent waits for is asked for here, too; what it knows is not
    assert texts(engine.answer(jobs(0, 1, 2))) == ["reply to 0", "reply to 1", "reply to 2"]
    assert engine.spending.num_reserved == 0
    os._exit(0)
engine._lock.release()
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
thread.join()
assert texts(engine.answer(jobs(0, 1, 3))) == ["reply to 0", "reply to 1", "reply to 3"]
engine.calls.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_after_a_fork(tmp_path):
    with ChatServer(named, latency_s=0.2) as server:
        told = subprocess.run(
            [sys.executable, "-X", "dev", "-W", "always", "-c", FORKED, server.url, tmp_path / "c"],
            capture_output=True,
            text=True,
            timeout=600,
        )
        # a process with threads that forks is warned of by Python 3.12 and later
        lines = without_slow_tasks(told.stderr).splitlines()
        said = [x for x in lines if "threaded" not in x and "fork()" not in x]
        assert (told.returncode, said) == (0, [])
        assert server.stats.answers_of.get("1") == 2
        assert server.stats.answers_of.get("0") == server.stats.answers_of.get("3") == 1


# --- arithmetic -----------------------------------------------------------------------------------


def test_prices():
    assert Prices(2.0, 8.0, 0.5).of(Usage(1000, 100, 400)) == pytest.approx(0.0022)
    assert Prices(2.0, 8.0).of(Usage(1000, 100, 400)) == pytest.approx(0.0028)
    assert Prices().of(Usage(1000, 100)) == 0.0


def test_expected_tokens_of_scripts():
    assert expected_tokens("") == 0
    assert expected_tokens("x" * 400) == 100
    assert expected_tokens("中" * 100) == 80
    assert expected_tokens("中" * 100 + "x" * 400) == 180


def test_a_reply_of_a_failed_call_has_no_numbers():
    reply = Reply(None, error="x", fault="system")
    assert (reply.usage, reply.tokens) == (Usage(), ())
