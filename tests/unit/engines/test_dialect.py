"""Servers that want their calls otherwise, refusing in the words that they are reported to use."""

import sys
from pathlib import Path

import orjson
import pytest

pytest.importorskip("aiohttp")
sys.path.insert(0, str(Path(__file__).parents[2] / "servers"))
import chat
from chat import ChatServer

from plaudit import http
from plaudit.engines.chat import Call, Job, Sampling
from plaudit.engines.dialect import Dialect, is_cut, refuses_n
from plaudit.engines.openai import OpenAiEngine
from plaudit.engines.options import ServerOptions
from plaudit.errors import ConfigError, EngineError

RENAMED = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use"
    " 'max_completion_tokens' instead."
)
ONE_TEMPERATURE = (
    "Unsupported value: 'temperature' does not support {} with this model. Only the default (1)"
    " value is supported."
)
NO_TEMPERATURE = "Unsupported parameter: '{}' is not supported with this model."
CUT = (
    "Could not finish the message because max_tokens or model output limit was reached. Please try"
    " again with higher max_tokens."
)
PRICES = {"prompt": 1.0, "completion": 1.0}
NO_N = {
    "OpenAI": (400, "Unsupported value: 'n' does not support 3 with this model."),
    "DeepSeek": (400, "Invalid n value (currently only n = 1 is supported)"),
    "Groq": (400, "'n' : number must be at most 1"),
    "Gemini": (400, "Multiple candidates is not enabled for this model"),
    "llama.cpp": (500, "Only one completion choice is allowed"),
    "llama.cpp, newer": (
        400, "n_cmpl cannot be greater than the number of slots, please increase -np",
    ),
    "a validator": (422, "n: Input should be less than or equal to 1"),
}  # fmt: skip


class Picky(ChatServer):
    """Refuses what `refusal(body)` gives a status and a message for."""

    def __init__(self, refusal, answer=lambda body: "[[A]]", **options):
        super().__init__(answer, **options)
        self.refusal = refusal

    def _refused(self, body, headers):
        if (told := self.refusal(body)) is None:
            return super()._refused(body, headers)
        status, message = told
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
        return chat._Out(chat._http(status, {"error": error}))

    @property
    def bodies(self):
        return [request.body for request in self.seen]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch):
    monkeypatch.setattr(http, "_FIRST_WAIT_S", 0.005)
    monkeypatch.setattr(http, "_LONGEST_WAIT_S", 0.02)


@pytest.fixture
def ask():
    made = []

    def make(server, **options):
        options = ServerOptions(**{"concurrency": 8, **options})
        made.append(OpenAiEngine([server.url], "judge", options=options))
        return made[-1]

    yield make
    for engine in made:
        engine.stop()


def jobs(num, sampling, num_samples=1):
    turns = [({"role": "user", "content": f"item={i} go"},) for i in range(num)]
    return [Job(tuple(Call(t, sampling, index=k) for k in range(num_samples))) for t in turns]


def errors(rows):
    return [reply.error for row in rows for reply in row if reply.error is not None]


@pytest.mark.parametrize("status", [400, 422])
def test_the_limit_gets_the_name_that_the_refusal_gives(status, ask):
    with Picky(lambda body: (status, RENAMED) if "max_tokens" in body else None) as server:
        engine = ask(server)
        rows = engine.answer(jobs(20, Sampling(max_tokens=64)))
        first, second, *rest = server.bodies
    assert not errors(rows)
    assert first["max_tokens"] == second["max_completion_tokens"] == 1
    assert len(rest) == 20  # learnt once, at the probe
    assert all(body["max_completion_tokens"] == 64 for body in rest)
    assert not any("max_tokens" in body for body in rest)


def test_a_server_that_says_nothing_keeps_max_tokens(ask):
    with Picky(lambda body: None) as server:
        ask(server).answer(jobs(3, Sampling(max_tokens=64)))
        assert not any("max_completion_tokens" in body for body in server.bodies)


def test_a_model_that_reasons_past_the_probe_s_limit_is_asked_all_the_same(ask):
    def refusal(body):
        if "max_tokens" in body:
            return 400, RENAMED
        return (400, CUT) if body["max_completion_tokens"] < 100 else None

    with Picky(refusal) as server:
        engine = ask(server)
        assert not errors(engine.answer(jobs(3, Sampling(max_tokens=100))))
        ((reply,),) = engine.answer(jobs(1, Sampling(max_tokens=99)))
    assert (reply.text, reply.finish_reason, reply.error) == ("", "length", None)
    assert len(engine.calls) == 3  # what was cut without a reply is not filed


@pytest.mark.parametrize("name", ["temperature", "top_p"])
def test_a_refused_parameter_at_its_default_is_left_out(name, ask):
    told = NO_TEMPERATURE.format(name)
    with Picky(lambda body: (400, told) if name in body else None) as server:
        rows = ask(server).answer(jobs(4, Sampling(temperature=1.0, max_tokens=9)))
        assert not errors(rows)
        assert not any(name in body for body in server.bodies[1:])


def test_another_temperature_than_the_model_s_is_not_sent_in_silence(ask):
    def refusal(body):
        is_wrong = body["temperature"] != 1
        return (400, ONE_TEMPERATURE.format(body["temperature"])) if is_wrong else None

    with Picky(refusal) as server:
        with pytest.raises(ConfigError, match=r"--temperature 1\)"):
            ask(server).answer(jobs(1, Sampling()))
        assert not errors(ask(server).answer(jobs(1, Sampling(temperature=1.0))))


def test_a_temperature_that_was_left_out_at_its_default_is_sent_at_another(ask):
    refusal = lambda body: (400, NO_TEMPERATURE.format("temperature"))
    with Picky(lambda body: refusal(body) if "temperature" in body else None) as server:
        engine = ask(server)
        assert not errors(engine.answer(jobs(2, Sampling(temperature=1.0, max_tokens=9))))
        (error,) = errors(engine.answer(jobs(1, Sampling(temperature=0.0, max_tokens=9))))
        assert "temperature" in error
        assert "is not supported with this model" in error
        assert server.bodies[-1]["temperature"] == 0.0


@pytest.mark.parametrize(("temperature", "is_sent"), [(1.0, False), (0.0, True), (0.7, True)])
def test_only_a_default_is_left_out(temperature, is_sent):
    body = {"temperature": temperature}
    Dialect(left_out={"temperature"}).fit(body, 10, 1)
    assert body == {"max_tokens": 10, **({"temperature": temperature} if is_sent else {})}


@pytest.mark.parametrize("name", NO_N)
def test_samples_are_single_calls_where_n_is_refused(name, ask):
    with Picky(lambda body: NO_N[name] if body.get("n", 1) > 1 else None) as server:
        engine = ask(server)
        rows = engine.answer(jobs(4, Sampling(0.7, max_tokens=9, seed=5), 3))
        bodies = [body for body in server.bodies if body["max_tokens"] > 1]
        assert server.stats.answers.total() == 4 * 3 + 1  # and the probe
    assert not errors(rows)
    assert len(bodies) == 4 * 3
    assert sorted(body["seed"] for body in bodies) == sorted([5, 6, 7] * 4)
    assert engine.spending.num_paid == 4 * 3


def test_n_that_is_refused_above_the_number_of_slots(ask):
    slots = lambda body: NO_N["llama.cpp, newer"] if body.get("n", 1) > 2 else None
    with Picky(slots) as server:
        engine = ask(server)
        assert not errors(engine.answer(jobs(2, Sampling(0.7, max_tokens=9), 2)))
        assert not errors(engine.answer(jobs(5, Sampling(0.7, max_tokens=8), 4)))
    assert engine.spending.num_paid == 2 * 2 + 5 * 4


def test_one_choice_whatever_n_is(ask):
    def one_choice(self, body, change):
        return ChatServer._completion(self, {**body, "n": 1}, change)

    server_class = type("Ignorant", (Picky,), {"_completion": one_choice})
    with server_class(lambda body: None) as server:
        engine = ask(server)
        rows = engine.answer(jobs(6, Sampling(0.7, max_tokens=9), 5))
        assert server.stats.requests == 1 + 6 * 5
    assert not errors(rows)
    assert engine.spending.num_paid == 30


def test_what_is_refused_whatever_n_is_says_so(ask):
    with (
        Picky(lambda body: (400, "messages: no role user here")) as server,
        pytest.raises(ConfigError, match="no role user here"),
    ):
        ask(server).answer(jobs(1, Sampling(0.7), 3))
    assert server.stats.requests == 2


def test_both_at_once(ask):
    def refusal(body):
        if "max_tokens" in body:
            return 400, RENAMED
        return NO_N["OpenAI"] if body.get("n", 1) > 1 else None

    with Picky(refusal) as server:
        engine = ask(server)
        assert not errors(engine.answer(jobs(2, Sampling(0.7, max_tokens=9), 3)))
        assert server.stats.requests == 3 + 6
    assert engine.spending.num_paid == 6


# --- what counts as paid --------------------------------------------------------------------------


def test_paid_is_what_was_served(ask):
    def refusal(body):
        is_odd = "item=1 " in body["messages"][0]["content"]
        return (400, "no such thing") if is_odd else None

    with Picky(refusal) as server:
        engine = ask(server)
        rows = engine.answer(jobs(5, Sampling(max_tokens=9)))
    assert len(errors(rows)) == 1
    assert engine.spending.num_paid == 4
    assert engine.spending.num_reserved == engine.spending.reserved_calls == 0


@pytest.mark.parametrize("concurrency", [1, 8])
def test_calls_that_brought_nothing_leave_the_budget_to_others(concurrency, ask):
    def refusal(body):
        number = body["messages"][0]["content"].removeprefix("item=").partition(" ")[0]
        return (400, "no such thing") if number.isdigit() and int(number) % 2 else None

    with Picky(refusal) as server:
        engine = ask(server, max_calls=10, concurrency=concurrency, prices=PRICES)
        rows = engine.answer(jobs(20, Sampling(max_tokens=9)))
        assert server.stats.answers.total() == 10 + 1
    assert engine.spending.num_paid == 10
    assert [row[0].error is None for row in rows] == [True, False] * 10


# --- the words ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NO_N)
def test_refusals_of_n_are_known(name):
    status, message = NO_N[name]
    assert refuses_n(EngineError(message, status))


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (500, "The server had an error"),
        (503, "Only one completion choice is allowed"),
        (429, "n requests per minute"),
        (401, "Incorrect API key"),
        (400, "This model's maximum context length is 8 tokens"),
        (400, CUT),
        (None, "no answer in 5 s"),
    ],
)
def test_other_errors_are_no_refusals_of_n(status, message):
    assert not refuses_n(EngineError(message, status))


def test_a_cut_is_one_of_openai_s_words_alone():
    assert is_cut(EngineError(f"POST failed: 400: {orjson.dumps({'message': CUT})}", 400))
    assert not is_cut(EngineError(CUT, 500))
    assert not is_cut(EngineError("max_tokens is too large: 99999", 400))


def test_a_dialect_learns_each_thing_once():
    dialect, error = Dialect(), EngineError(RENAMED, 400)
    assert dialect.learn(error, Sampling(), 1)
    assert not dialect.learn(error, Sampling(), 1)
    assert not Dialect().learn(EngineError(RENAMED, 500), Sampling(), 1)
