"""The stand-in for chat servers: it does what the tests of judges rely on."""

import http.client
import importlib.util
import json
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from plaudit.judges.template import load_template, shipped
from plaudit.judges.verdict import parse

_ROOT = Path(__file__).parents[2]
_SPEC = importlib.util.spec_from_file_location("chat", _ROOT / "tests" / "servers" / "chat.py")
chat = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(chat)
Answer, ChatServer, Fault = chat.Answer, chat.ChatServer, chat.Fault


def body(text="item=1 Which is better, [[A]] or [[B]]?", **more):
    return {"model": "judge", "messages": [{"role": "user", "content": text}], **more}


class Caller:
    """One keep-alive connection."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection(server.url.split("/")[2], timeout=600)

    def ask(self, given, **headers):
        data = given if isinstance(given, bytes) else json.dumps(given)
        self.connection.request("POST", "/v1/chat/completions", data, headers)
        reply = self.connection.getresponse()
        return reply.status, dict(reply.headers), reply.read()

    def value(self, given):
        return json.loads(self.ask(given)[2])

    def close(self):
        self.connection.close()


@pytest.fixture
def serve():
    """Makes servers, each with a connection."""
    opened = []

    def make(answer=None, **options):
        server = ChatServer(answer, **options)
        caller = Caller(server)
        opened.extend((caller, server))
        return server, caller

    yield make
    for one in opened:
        one.close()


def test_a_reply_has_what_openai_s_have(serve):
    server, caller = serve(lambda body: "[[A]]")
    told = caller.value(body())
    assert told["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "[[A]]"},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ]
    assert told["usage"]["completion_tokens"] == 5
    assert told["system_fingerprint"] == chat.FINGERPRINT
    assert server.seen[0].body == body()


def test_one_connection_serves_many_requests(serve):
    server, caller = serve(lambda body: "x")
    assert [caller.ask(body())[0] for _ in range(3)] == [200, 200, 200]
    assert (server.stats.connections, server.stats.requests) == (1, 3)


def test_the_models_are_listed(serve):
    server, _ = serve(models=("one", "two"))
    with urllib.request.urlopen(f"{server.url}/models", timeout=600) as reply:
        assert [model["id"] for model in json.load(reply)["data"]] == ["one", "two"]


def test_a_shared_first_turn_is_cached_the_second_time(serve):
    _, caller = serve()
    system = {"role": "system", "content": "long " * 40}
    asked = [[system, {"role": "user", "content": f"item={i}"}] for i in range(2)]
    usages = [caller.value({"model": "judge", "messages": turns})["usage"] for turns in asked]
    assert [u["prompt_tokens_details"]["cached_tokens"] for u in usages] == [0, 54]


# --- replies --------------------------------------------------------------------------------------


def test_n_samples_differ_only_when_drawn(serve):
    _, caller = serve()
    greedy, drawn = (
        {c["message"]["content"] for c in caller.value(body(n=16, temperature=t))["choices"]}
        for t in (0, 1)
    )
    assert len(greedy) == 1
    assert len(drawn) > 1


@pytest.mark.parametrize(
    ("more", "text", "reason"),
    [
        ({"max_tokens": 3}, "so [", "length"),
        ({"stop": ["]"]}, "so [[A", "stop"),
        ({"stop": "[["}, "so ", "stop"),
        ({}, "so [[A]]", "stop"),
    ],
)
def test_a_reply_ends_where_it_should(serve, more, text, reason):
    _, caller = serve(lambda body: "so [[A]]")
    choice = caller.value(body(**more))["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == (text, reason)


def test_the_rivals_of_a_label_come_with_it(serve):
    _, caller = serve(lambda body: Answer("[[A]]", confidence=0.7))
    told = caller.value(body(logprobs=True, top_logprobs=20))["choices"][0]["logprobs"]["content"]
    label = next(token for token in told if token["token"] == "A")
    assert [token["token"] for token in told] == ["[", "[", "A", "]", "]"]
    assert [rival["token"] for rival in label["top_logprobs"][:4]] == ["A", "B", "C", "D"]
    assert label["logprob"] == pytest.approx(-0.35667, abs=1e-4)
    assert len(label["top_logprobs"]) == 20


def test_tokens_that_are_given_are_told(serve):
    tokens = [("Yes", -0.1, {"Yes": -0.1, "No": -2.5})]
    _, caller = serve(lambda body: Answer("Yes", tokens=tokens))
    told = caller.value(body(logprobs=True, top_logprobs=1))["choices"][0]["logprobs"]["content"]
    assert told[0]["top_logprobs"] == [{"token": "Yes", "logprob": -0.1, "bytes": [89, 101, 115]}]


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("[[A]] or [[B]]?", {"[[A]]", "[[B]]"}),
        ("[[A>>B]], [[A>B]], ...", {f"[[{x}]]" for x in ("A>>B", "A>B", "A=B", "B>A", "B>>A")}),
        ("Is it right (Yes/No)?", {"Yes", "No"}),
        ("Rate it as [[rating]]", {f"[[{i}]]" for i in range(1, 10)}),
    ],
)
def test_the_scripted_judge_keeps_to_the_form(asked, allowed):
    found = {chat.scripted(body(f"{asked} {i}")).text.split()[-1] for i in range(60)}
    assert found <= allowed
    assert len(found) > 1
    assert chat.scripted(body(asked)) == chat.scripted(body(asked))


@pytest.mark.parametrize("name", shipped())
def test_the_scripted_judge_can_be_read_by_every_template(name):
    template = load_template(name)
    values = {slot: f"some {slot}" for slot in template.slots}
    if "responses" in values:
        values["responses"] = template.listed(["one", "two", "three", "four"])
    given = {"messages": template.messages(**values)}
    if template.schema:
        given["response_format"] = {"json_schema": {"schema": template.schema}}
    text = chat.scripted(given).text
    found = parse(text, template.spec, "stop", count=4 if "responses" in values else None)
    assert found is not None


def test_a_begun_reply_goes_on():
    turns = [*body()["messages"], {"role": "assistant", "content": "[["}]
    told = chat.scripted({"messages": turns, "continue_final_message": True})
    assert told.text in ("A]]", "B]]")


def test_a_schema_is_kept_to(serve):
    schema = {
        "type": "object",
        "properties": {
            "why": {"type": "string"},
            "score": {"type": "integer", "minimum": 1, "maximum": 3},
            "verdict": {"enum": ["A", "B"]},
            "scores": {"type": "array", "items": {"type": "number"}, "minItems": 2},
        },
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "v", "schema": schema}}
    _, caller = serve()
    text = caller.value(body(response_format=wanted))["choices"][0]["message"]["content"]
    told = json.loads(text)
    assert told["score"] in (1, 2, 3)
    assert told["verdict"] in ("A", "B")
    assert len(told["scores"]) == 2


# --- what it refuses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "more", "status", "said"),
    [
        ({"key": "k"}, {}, 401, "Incorrect API key"),
        ({}, {"model": "juge"}, 404, "`juge` does not exist"),
        ({}, {"top_logprobs": 21, "logprobs": True}, 400, "top_logprobs must be <= 20"),
        ({"has_logprobs": False}, {"logprobs": True}, 400, "logprobs are not supported"),
        ({"context_tokens": 8}, {}, 400, "maximum context length is 8"),
        ({}, {"stream": True}, 400, "does not stream"),
        ({}, {"continue_final_message": True}, 400, "add_generation_prompt"),
        ({}, {"n": 0}, 400, "n must be"),
    ],
)
def test_what_cannot_be_served_is_refused(serve, options, more, status, said):
    server, caller = serve(**options)
    found, _, data = caller.ask(body(**more))
    assert found == status
    assert said in json.loads(data)["error"]["message"]
    assert server.stats.answers.total() == 0


def test_the_right_key_is_let_in_and_counted(serve):
    server, caller = serve(key="k")
    assert caller.ask(body(), Authorization="Bearer k")[0] == 200
    assert server.stats.keys == {"k": 1}


# --- faults ---------------------------------------------------------------------------------------


def test_statuses_carry_what_they_should(serve):
    server, caller = serve()
    server.queue += [
        Fault("429", retry_after=2),
        Fault("429", retry_after=3, is_date=True),
        Fault("429"),
        Fault("503"),
        None,
    ]
    found = [caller.ask(body()) for _ in range(5)]
    assert [status for status, *_ in found] == [429, 429, 429, 503, 200]
    assert found[0][1]["Retry-After"] == "2"
    dates = [parsedate_to_datetime(found[1][1][name]) for name in ("Date", "Retry-After")]
    assert (dates[1] - dates[0]).total_seconds() == 3
    assert "Retry-After" not in found[2][1]
    assert server.stats.faults == {"429": 3, "503": 1}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset", ConnectionError),
        ("half", (ConnectionError, http.client.IncompleteRead)),
        ("cut", http.client.IncompleteRead),
    ],
)
def test_connections_break(serve, kind, error):
    server, caller = serve()
    server.queue.append(Fault(kind))
    with pytest.raises(error):
        caller.ask(body())
    assert server.stats.answers.total() == 0


def test_a_connection_closes_after_a_whole_answer(serve):
    server, caller = serve(lambda body: "x")
    server.queue.append(Fault("bye"))
    assert caller.ask(body())[0] == 200
    assert server.stats.answers_of == {"1": 1}
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        caller.ask(body())


def test_a_hang_says_nothing(serve):
    server, caller = serve()
    server.queue += [Fault("hang", wait_s=0.05), Fault("hang")]
    with pytest.raises(ConnectionError):
        caller.ask(body())
    other = Caller(server)
    other.connection.timeout = 0.1
    with pytest.raises(TimeoutError):
        other.ask(body())
    other.close()
    assert caller.ask(body())[0] == 200  # by now the server has seen that the other one left
    assert (server.stats.abandoned, server.stats.in_flight) == (1, 0)


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [("null", None, "content_filter"), ("empty", "", "stop"), ("length", "so [", "length")],
)
def test_whole_answers_that_say_nothing_are_paid(serve, kind, content, reason):
    server, caller = serve(lambda body: "so [[A]]")
    server.queue.append(Fault(kind))
    choice = caller.value(body())["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == (content, reason)
    assert server.stats.answers_of == {"1": 1}


def test_bodies_that_are_no_answers(serve):
    server, caller = serve()
    server.queue += [Fault("malformed"), Fault("error-body")]
    status, _, data = caller.ask(body())
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(data)
    assert status == 200
    assert set(caller.value(body())) == {"error"}
    assert server.stats.answers.total() == 0


def test_every_client_meets_the_same_faults():
    faults = [Fault("429", 0.3), Fault("500", 0.2)]
    drawn = [chat.drawn(faults, str(item), 1) for item in range(2000)]
    counts = Counter(fault and fault.kind for fault in drawn)
    assert counts["429"] == pytest.approx(600, abs=60)
    assert counts["500"] == pytest.approx(400, abs=60)
    assert drawn == [chat.drawn(faults, str(item), 1) for item in range(2000)]
    assert drawn != [chat.drawn(faults, str(item), 2) for item in range(2000)]


def test_only_the_first_tries_of_each_call_fail(serve):
    server, caller = serve(faults=[Fault("500", first=2)])
    found = [caller.ask(body(f"item={i}"))[0] for i in (1, 2, 1, 2, 1, 2)]
    assert found == [500, 500, 500, 500, 200, 200]
    assert (server.stats.retries, server.stats.paid_twice) == (4, 0)
    assert caller.ask(body("item=1"))[0] == 200
    assert server.stats.paid_twice == 1


def test_each_call_of_an_item_meets_faults_of_its_own(serve):
    server, caller = serve(faults=[Fault("500", 0.5)])
    for item in range(40):
        found = [caller.ask(body(f"{text} item={item}"))[0] for text in ("one", "two")]
        drawn = [chat.drawn(server.faults, name, 1) for name in (f"{item}", f"{item}.1")]
        assert found == [500 if fault else 200 for fault in drawn]
    assert 20 < server.stats.faults["500"] < 60


def test_items_are_named_by_header_or_mark(serve):
    server, caller = serve(lambda body: "x")
    caller.ask(body("item=7 item=8"))
    caller.ask(body("item=7"), **{"X-Item": "head"})
    caller.ask(body([{"type": "text", "text": "item=9"}]))
    turns = [*body("item=5")["messages"], {"role": "user", "content": "Say it again."}]
    caller.ask({"model": "judge", "messages": turns})
    assert server.stats.answers_of == {"8": 1, "head": 1, "9": 1, "5": 1}


def test_an_unknown_fault_is_named():
    with pytest.raises(ValueError, match=r"\['511'\].*429"):
        chat._Service(faults=[Fault("511")])


def test_what_a_test_s_own_judge_raises_is_kept(serve):
    server, caller = serve(lambda body: 1 / 0)
    assert caller.ask(body())[0] == 500
    assert isinstance(server.errors[0], ZeroDivisionError)


def test_a_rate_is_held_to(serve):
    server, caller = serve(per_minute=60)
    found = [caller.ask(body()) for _ in range(4)]
    assert [status for status, *_ in found] == [200, 200, 429, 429]
    assert 0 < float(found[2][1]["Retry-After"]) <= 1
    assert server.stats.answers.total() == 2


def test_too_many_at_once_are_turned_away(serve):
    met = threading.Barrier(2)
    server, caller = serve(latency_s=0.2, most_at_once=1)
    other, found = Caller(server), []

    def ask(one):
        met.wait(5)
        found.append(one.ask(body())[0])

    threads = [threading.Thread(target=ask, args=(one,)) for one in (caller, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert sorted(found) == [200, 429]
    assert server.stats.most_in_flight == 2


# --- as a process ---------------------------------------------------------------------------------


def test_it_runs_as_a_process():
    argv = ["--fault", "429:1:first=1:retry_after=0.5", "--model", "m", "--until-eof"]
    command = [sys.executable, "-m", "tests.servers.chat", *argv]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=_ROOT, text=True, **pipes) as process:
        url = process.stdout.readline().strip()
        data = json.dumps({**body(), "model": "m"}).encode()
        request = urllib.request.Request(f"{url}/chat/completions", data)
        with pytest.raises(urllib.error.HTTPError, match="429") as refused:
            urllib.request.urlopen(request, timeout=600)
        refused.value.close()
        with urllib.request.urlopen(request, timeout=600) as reply:
            assert json.load(reply)["model"] == "m"
        with urllib.request.urlopen(url.replace("/v1", "/stats"), timeout=600) as reply:
            told = json.load(reply)
        process.stdin.close()
        assert process.wait(300) == 0
    assert (told["requests"], told["retries"], told["faults"]) == (2, 1, {"429": 1})
    assert len(told["times"]) == 2
