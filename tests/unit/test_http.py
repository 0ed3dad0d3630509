"""The HTTP client against a server on loopback; waits are drawn and recorded, not waited for."""

import asyncio
import copy
import importlib.util
import os
import pickle
import random
import subprocess
import sys
import threading
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from machines import without_slow_tasks

from plaudit import http
from plaudit.errors import ConfigError, EngineError, MissingExtra
from plaudit.http import Client, Request
from plaudit.pace import Limits

pytest.importorskip("aiohttp")
_PATH = Path(__file__).parents[1] / "servers" / "standin.py"
_SPEC = importlib.util.spec_from_file_location("standin", _PATH)
standin = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(standin)
Fault = standin.Fault


@pytest.fixture
def server():
    with standin.echo() as server:
        yield server


@pytest.fixture
def waits():
    return []


@pytest.fixture
def connect(waits):
    """Makes clients whose waits are recorded and whose draws are the upper bound."""
    opened = []

    async def sleep(seconds):
        waits.append(round(seconds, 6))

    class Highest(random.Random):
        def uniform(self, low, high):
            return high

    def make(urls, **options):
        client = Client(urls, **{"sleep": sleep, "rng": Highest(0), **options})
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


def test_json_goes_out_and_comes_in(server, connect):
    client = connect(server.url + "/base/", headers={"X-Own": "1"})
    value = {"a": [1, 2.5, None, "中"], "s": "\ud800", "n": 10**30}
    assert client.post("/p", json=value, headers={"X-Call": "2"}) == {
        "path": "/base/p",
        "body": value,
    }
    _, _, _, headers = server.seen[0]
    assert (headers["X-Own"], headers["X-Call"]) == ("1", "2")
    assert headers["Content-Type"] == "application/json"
    assert client.get("q")["path"] == "/base/q"


def test_connections_are_kept_and_shared(server, connect):
    client = connect(server.url, max_connections=4)
    requests = (Request("/p", json=i) for i in range(200))
    assert [reply["body"] for reply in client.map(requests)] == list(range(200))
    assert server.num_connections <= 4


def test_map_keeps_order_and_bounds_what_is_under_way(server, connect):
    server.delay_s = 0.01
    client = connect(server.url)
    drawn = []

    def endless():
        for i in range(10**9):
            drawn.append(i)
            yield Request("/p", json=i)

    replies = client.map(endless(), concurrency=3)
    assert [next(replies)["body"] for _ in range(20)] == list(range(20))
    replies.close()
    assert server.most_busy <= 3
    assert len(drawn) < 50


def test_an_error_stands_in_its_place(server, connect):
    server.faults.extend([None, Fault("status", 400), None])
    client = connect(server.url)
    replies = list(client.map([Request("/p", json=i) for i in range(3)], concurrency=1))
    assert [isinstance(reply, EngineError) for reply in replies] == [False, True, False]
    assert replies[1].status == 400


BUSY = [408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529]


@pytest.mark.parametrize("status", BUSY)
def test_a_busy_service_is_asked_again(server, connect, waits, status):
    server.faults.extend([Fault("status", status)] * 3)
    assert connect(server.url).post("/p", json=1)["body"] == 1
    assert waits == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("kind", ["drop", "cut", "garbage"])
def test_a_broken_answer_is_asked_for_again(server, connect, kind):
    server.faults.append(Fault(kind))
    assert connect(server.url).post("/p", json=1)["body"] == 1
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [300, 301, 307, 399, 400, 401, 404, 422, 501, 525])
def test_a_refusal_is_final_and_redirects_are_not_followed(server, connect, waits, status):
    server.faults.append(Fault("status", status, {"Location": "http://192.0.2.1/else"}))
    with pytest.raises(EngineError) as caught:
        connect(server.url).post("/p")
    assert (caught.value.status, caught.value.retryable, waits) == (status, False, [])
    assert ("a redirect to" in str(caught.value)) == (status < 400)
    assert len(server.seen) == 1


def test_an_empty_reply_is_not_json(server, connect):
    server.faults.append(Fault("huge", size=0))
    with pytest.raises(EngineError, match="200, and the reply is not JSON: ''"):
        connect(server.url, retries=0).get("/p")
    assert server.seen[0][0] == "GET"


def test_a_reply_that_is_too_long_neither_blames_nor_clears_its_url(server, connect):
    server.faults.extend([Fault("status", 503), Fault("huge", size=2 << 20)])
    client = connect(server.url, retries=0, max_reply_mb=1.0)
    for _ in range(2):
        with pytest.raises(EngineError):
            client.post("/p")
    (endpoint,) = client._living()._endpoints
    assert endpoint.failures == 1
    client.post("/p")
    assert endpoint.failures == 0


def test_the_error_tells_what_was_tried(server, connect):
    server.always = Fault("status", 503)
    client = connect(server.url.replace("//", "//me:secret@"), retries=2)
    with pytest.raises(EngineError, match=r"POST /p failed after 3 tries: .* 503 .*x3") as caught:
        client.post("/p")
    assert (caught.value.status, caught.value.retryable) == (503, True)
    assert "secret" not in str(caught.value) + repr(client)
    assert pickle.loads(pickle.dumps(caught.value)).status == 503


def test_the_status_of_an_error_is_that_of_the_last_try(server, connect):
    for statuses, is_retryable in (((503, 400), False), ((429, 503), True)):
        server.faults.extend(Fault("status", status) for status in statuses)
        with pytest.raises(EngineError) as caught:
            connect(server.url, retries=1).post("/p")
        assert (caught.value.status, caught.value.retryable) == (statuses[-1], is_retryable)


def test_retry_after_in_seconds_or_as_a_date(server, connect, waits):
    now = time.time()
    dates = {"Retry-After": formatdate(now + 9, usegmt=True)}
    server.faults.append(Fault("status", 503, {"Retry-After": "7"}))
    server.faults.append(Fault("status", 429, dates))
    server.faults.append(Fault("status", 429, {"Retry-After": "86400"}))
    server.faults.append(Fault("status", 429, {"Retry-After": "soon"}))
    connect(server.url).post("/p")
    assert waits[0] == 7.5
    assert 5 <= waits[1] <= 10
    assert waits[2:] == [60.5, 4.0]


def test_a_wait_beyond_the_deadline_is_not_begun(server, connect, waits):
    server.faults.append(Fault("status", 503, {"Retry-After": "30"}))
    with pytest.raises(EngineError, match="within 5 s after 1 try"):
        connect(server.url).post("/p", deadline_s=5)
    assert waits == []


def test_the_deadline_holds_against_a_server_that_hangs(server, connect):
    server.always = Fault("hang")
    with pytest.raises(EngineError, match=r"no answer in 0\.2 s") as caught:
        connect(server.url).post("/p", deadline_s=0.2)
    assert caught.value.retryable


def test_the_deadline_counts_the_wait_for_a_connection(server, connect):
    server.always = Fault("hang")
    client = connect(server.url, max_connections=1, retries=0)

    def work():
        with pytest.raises(EngineError):
            client.post("/p")

    first = threading.Thread(target=work)
    first.start()
    while not server.seen:
        time.sleep(0.01)
    with pytest.raises(EngineError, match="no connection was free"):
        client.post("/q", deadline_s=0.2)
    client.close()
    first.join(300)
    assert not first.is_alive()


def test_a_reply_has_a_size_limit(server, connect):
    server.always = Fault("huge", size=3 << 20)
    with pytest.raises(EngineError, match="over 1 MiB"):
        connect(server.url, max_reply_mb=1).post("/p")
    assert len(server.seen) == 1


def dead_url():
    """An address on loopback where nobody listens."""
    with standin.echo() as server:
        return server.url


def test_a_dead_url_is_set_aside_for_a_growing_while(server, connect, waits):
    now = [0.0]
    dead = dead_url()
    client = connect([dead, server.url], clock=lambda: now[0])

    def endpoint():
        return next(e for e in client._core._endpoints if e.base == dead)

    for i in range(20):
        assert client.post("/p", json=i)["body"] == i
    assert waits == []  # the other URL is asked at once
    assert (endpoint().failures, endpoint().aside_until) == (1, 0.5)
    for _ in range(20):
        now[0] = endpoint().aside_until
        client.post("/p")
    assert endpoint().failures > 2
    assert endpoint().aside_until - now[0] >= 2.0


def test_a_url_comes_back_after_one_good_answer(connect):
    now = [0.0]
    with standin.echo() as one, standin.echo() as two:
        client = connect([one.url, two.url], clock=lambda: now[0])
        one.always = Fault("status", 503)
        list(client.map((Request("/p") for _ in range(40)), concurrency=1))
        failed = len(one.seen)
        assert failed < 5
        one.always, now[0] = None, 1000.0
        list(client.map((Request("/p") for _ in range(40)), concurrency=1))
        assert len(one.seen) > failed


def test_the_least_busy_url_is_chosen(connect):
    with standin.echo() as slow, standin.echo() as fast:
        slow.delay_s = 0.2
        client = connect([slow.url, fast.url])
        list(client.map((Request("/p") for _ in range(60)), concurrency=4))
        assert len(fast.seen) > 2 * len(slow.seen)


def test_when_every_url_fails_all_are_named(connect):
    urls = [dead_url(), dead_url()]
    with pytest.raises(EngineError) as caught:
        connect(urls).post("/p")
    assert all(url in str(caught.value) for url in urls)
    assert (caught.value.status, caught.value.retryable) == (None, True)


def test_many_threads(server, connect):
    client = connect(server.url)
    found = []

    def work(i):
        found.append(client.post("/p", json=i)["body"] == i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert found == [True] * 64


def test_inside_a_running_loop(server, connect):
    client = connect(server.url)

    async def main():
        assert client.post("/p", json=1)["body"] == 1
        server.delay_s = 0.1
        ticks = 0
        task = asyncio.ensure_future(client.apost("/p", json=2))
        while not task.done():
            ticks += 1
            await asyncio.sleep(0.01)
        assert ticks > 2
        return (await task)["body"]

    assert asyncio.run(main()) == 2


def test_a_cancelled_apost_is_cancelled(server, connect):
    server.always = Fault("hang")
    client = connect(server.url)

    async def main():
        task = asyncio.ensure_future(client.apost("/p"))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        closed = asyncio.ensure_future(client.apost("/p"))
        await asyncio.sleep(0.1)
        client.close()
        with pytest.raises(EngineError, match="closed"):
            await closed

    asyncio.run(main())


def test_closing_ends_what_is_under_way_and_the_client_opens_again(server, connect):
    server.always = Fault("hang")
    client = connect(server.url)
    ended = []

    def work():
        with pytest.raises(EngineError, match="closed"):
            client.post("/p")
        ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    while not server.seen:
        time.sleep(0.01)
    client.close()
    thread.join(300)
    assert ended == [True]
    server.always = None
    assert client.post("/p", json=1)["body"] == 1


def test_no_thread_and_no_connection_stays(server):
    def own():
        return [t for t in threading.enumerate() if t.name == "plaudit-http"]

    before = len(own())
    num_files = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    for _ in range(3):
        with Client(server.url) as client:
            client.post("/p")
        client = Client(server.url)
        client.post("/p")
        del client
    assert len(own()) == before
    if num_files:
        assert len(os.listdir("/proc/self/fd")) <= num_files + 8  # the server's own end may linger


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_after_a_fork_it_opens_anew(server, connect):
    code = f"""
import os, sys
from plaudit.http import Client
client = Client({server.url!r})
assert client.post("/p", json=1)["body"] == 1
pid = os.fork()
if pid == 0:
    assert client.post("/p", json=2)["body"] == 2
    idle = Client({server.url!r})
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
if os.fork() == 0:
    sys.exit(0)  # never touches it
os.wait()
assert client.post("/p", json=3)["body"] == 3
"""
    result = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "always", "-c", code],
        capture_output=True,
        text=True,
        timeout=600,
    )
    # a process with threads that forks is warned of by Python 3.12 and later
    lines = without_slow_tasks(result.stderr).splitlines()
    said = [x for x in lines if "multi-threaded" not in x and "fork()" not in x]
    assert (result.returncode, said) == (0, [])
    assert [body for _, _, body, _ in server.seen] == [1, 2, 3]


def test_the_interpreter_exits_without_a_word(server):
    code = f"""
from plaudit.http import Client, Request
from plaudit.pace import Limits
client = Client({server.url!r})
client.post("/p")
other = Client({server.url!r})
replies = other.map(Request("/p") for _ in range(100))
next(replies)
"""
    result = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "always", "-c", code],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (result.returncode, without_slow_tasks(result.stderr)) == (0, "")


def test_copies_and_repr():
    client = Client(["http://a:1", "http://b:2/"], timeout_s=9.0, headers={"Authorization": "x"})
    for other in (copy.deepcopy(client), pickle.loads(pickle.dumps(client))):
        assert (other.urls, other._options) == (client.urls, client._options)
    assert repr(client) == "Client(['http://a:1', 'http://b:2'], timeout_s=9.0)"
    assert repr(Client(["http://a:1"])) == "Client(['http://a:1'])"


@pytest.mark.parametrize("url", ["", "ftp://a", "localhost:80", "http://", "http://a?b=1", None])
def test_what_is_no_base_url(url):
    with pytest.raises(ConfigError):
        Client([url])


def test_no_url():
    with pytest.raises(ConfigError):
        Client([])


def test_no_proxy_of_the_environment(server, connect, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", dead_url())
    monkeypatch.setenv("http_proxy", dead_url())
    assert connect(server.url, retries=0).post("/p", json=1)["body"] == 1


def test_without_aiohttp(monkeypatch):
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(MissingExtra, match=r"plaudit\[http\]"):
        Client("http://127.0.0.1:9").post("/p")


def test_aiohttp_is_imported_on_first_use():
    code = "import sys, plaudit.http as h; h.Client('http://a'); print('aiohttp' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert result.stdout.strip() == "False"


def test_the_jitter_is_full():
    draws = [random.Random(i).uniform(0.0, http._grown(3)) for i in range(200)]
    assert min(draws) < 0.2
    assert max(draws) > 1.8
    assert http._grown(100) == 60.0


# --- many at once ---------------------------------------------------------------------------------


def test_gather_keeps_order_and_puts_errors_in_their_place(server, connect):
    server.answer = lambda method, path, body: (400 if body % 3 == 1 else 200, body)
    replies = connect(server.url).gather([Request("/p", json=i) for i in range(9)])
    assert [reply if isinstance(reply, int) else reply.status for reply in replies] == [
        0, 400, 2, 3, 400, 5, 6, 400, 8,
    ]  # fmt: skip
    assert connect(server.url).gather([]) == []


def test_gather_holds_to_the_limit(server, connect):
    server.delay_s = 0.01
    connect(server.url, max_connections=3).gather([Request("/p", json=i) for i in range(20)])
    assert server.most_busy == 3


def test_what_is_read_is_read_as_it_comes(server, connect):
    came = []

    def read(value):
        came.append(value["body"])
        return -value["body"]

    released = threading.Event()
    plain = server.answer

    def answer(method, path, body):
        if body == 0:
            released.wait(300)
        return plain(method, path, body)

    server.answer = answer
    found = []
    requests = [Request("/p", json=i, read=read) for i in range(4)]
    client = connect(server.url)
    thread = threading.Thread(target=lambda: found.extend(client.gather(requests)))
    thread.start()
    while len(came) < 3:
        time.sleep(0.005)
    assert sorted(came) == [1, 2, 3]
    released.set()
    thread.join(300)
    assert found == [0, -1, -2, -3]


def test_what_cannot_be_read_is_a_failed_try(server, connect, waits):
    values = iter(["bad", "good", "bad", "bad"])

    def read(value):
        if next(values) == "bad":
            raise ValueError("it has no choices")
        return value["body"]

    assert connect(server.url).send(Request("/p", json=5, read=read)) == 5
    assert waits == [0.5]
    with pytest.raises(EngineError, match=r"200, and it has no choices: .*x2"):
        connect(server.url, retries=1).send(Request("/p", json=5, read=read))


def test_an_error_quotes_two_hundred_characters_of_the_reply(server, connect):
    def refuse(reply):
        raise ValueError("odd")

    with pytest.raises(EngineError, match="200, and odd: ") as caught:
        connect(server.url, retries=0).send(Request("/p", json="x" * 1000, read=refuse))
    assert 150 < str(caught.value).count("x") <= 200


def test_another_error_of_who_reads_ends_all_at_once(server, connect):
    server.delay_s = 0.01

    def read(value):
        if value["body"] == 2:
            raise OSError("disk full")

    requests = [Request("/p", json=i, read=read) for i in range(100)]
    client = connect(server.url, max_connections=2)
    with pytest.raises(OSError, match="disk full"):
        client.gather(requests)
    time.sleep(0.1)
    assert len(server.seen) < 10
    assert client.post("/p", json=1)["body"] == 1


def test_an_interrupted_gather_sends_no_more(server, connect):
    server.delay_s = 0.02
    client = connect(server.url, max_connections=2)
    core = client._living()
    future = core.submit(core.gather([Request("/p", json=i) for i in range(100)]))
    while not server.seen:
        time.sleep(0.002)
    future.cancel()
    time.sleep(0.1)
    assert len(server.seen) < 8
    assert client.pace._busy == 0


# --- refusals, tries and patience -----------------------------------------------------------------


def test_what_is_refused_is_not_sent(server, connect):
    client = connect(server.url)
    requests = [
        Request("/p", json=i, refusal=lambda i=i: "no money" if i % 2 else None) for i in range(4)
    ]
    replies = client.gather(requests)
    assert [str(reply) if i % 2 else reply["body"] for i, reply in enumerate(replies)] == [
        0, "no money", 2, "no money",
    ]  # fmt: skip
    assert len(server.seen) == 2
    assert client.pace._busy == 0


def test_each_try_may_be_refused(server, connect, waits):
    server.always = Fault("status", 503)
    told = iter([None, None, "no money"])
    with pytest.raises(EngineError, match=r"^no money$"):
        connect(server.url).send(Request("/p", refusal=lambda: next(told)))
    assert (len(server.seen), waits) == (1, [0.5])


def test_what_is_refused_waits_for_no_turn(server, connect):
    server.always = Fault("hang")
    client = connect(server.url, max_connections=1, retries=0)
    thread = threading.Thread(target=lambda: client.gather([Request("/p", deadline_s=5.0)]))
    thread.start()
    while not server.seen:
        time.sleep(0.005)
    with pytest.raises(EngineError, match="no money"):
        client.send(Request("/q", refusal=lambda: "no money"))
    assert thread.is_alive()
    thread.join(300)


@pytest.mark.parametrize(
    ("of_client", "of_request", "num_tries"), [(4, 0, 1), (0, 3, 4), (2, None, 3)]
)
def test_a_request_may_have_its_own_number_of_tries(
    server, connect, of_client, of_request, num_tries
):
    server.always = Fault("status", 500)
    with pytest.raises(EngineError):
        connect(server.url, retries=of_client).send(Request("/p", retries=of_request))
    assert len(server.seen) == num_tries


def test_a_request_may_have_its_own_time(server, connect):
    server.faults.append(Fault("hang"))
    sent = connect(server.url).send(Request("/p", json=3, timeout_s=0.5))
    assert (sent["body"], len(server.seen)) == (3, 2)


def test_who_is_patient_loses_no_try_to_a_429_and_little_time(server, connect, waits):
    server.faults.extend([Fault("status", 429)] * 7)
    client = connect(server.url, retries=0, limits=Limits(is_patient=True))
    assert client.post("/p", json=1)["body"] == 1
    assert (len(server.seen), client.num_retries) == (8, 0)
    assert waits == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0]


@pytest.mark.parametrize(("is_patient", "status"), [(True, 503), (False, 429), (False, 503)])
def test_only_the_patient_wait_less_and_for_a_429(server, connect, waits, is_patient, status):
    server.faults.extend([Fault("status", status)] * 6)
    limits = Limits(is_patient=is_patient)
    connect(server.url, retries=6, limits=limits).post("/p")
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0]


def test_patience_is_for_429_alone(server, connect):
    server.faults.extend([Fault("status", s) for s in (429, 503, 429, 503, 429, 503)])
    with pytest.raises(EngineError, match="after 6 tries"):
        connect(server.url, retries=2, limits=Limits(is_patient=True)).post("/p")


def test_a_deadline_ends_patience(server, connect):
    server.always = Fault("status", 429)
    now = [0.0]

    async def sleep(seconds):
        now[0] += seconds

    limits = Limits(is_patient=True)
    client = connect(server.url, limits=limits, sleep=sleep, clock=lambda: now[0])
    with pytest.raises(EngineError, match="failed within 100 s after") as caught:
        client.post("/p", deadline_s=100)
    assert (caught.value.status, caught.value.retryable) == (429, True)
    assert now[0] < 100


def test_a_service_that_is_down_is_not_asked_five_times_as_often(server, connect):
    server.always = Fault("status", 503)
    client = connect(server.url, limits=Limits(retry_share=0.1))
    replies = client.gather([Request("/p", json=i) for i in range(40)])
    assert all(isinstance(reply, EngineError) for reply in replies)
    assert len(server.seen) == 40 + 20 + 4
    assert client.num_retries == 24


def test_so_many_a_minute(server, connect):
    now, went = [0.0], []
    plain = server.answer

    async def sleep(seconds):
        now[0] += seconds

    def answer(method, path, body):
        went.append(now[0])
        return plain(method, path, body)

    server.answer = answer
    limits = Limits(requests_per_minute=62, tokens_per_minute=620)
    client = connect(server.url, limits=limits, sleep=sleep, clock=lambda: now[0])
    for i in range(5):
        client.send(Request("/p", json=i))
    assert went == [0.0, 0.0, 1.0, 2.0, 3.0]
    client.send(Request("/p", json=0, tokens=60))
    client.send(Request("/p", json=0, tokens=10))
    assert went[5:] == [7.0, 8.0]


def test_a_round_of_429s_halves_what_is_under_way_once(connect):
    refused = set()

    def answer(method, path, body):
        if body not in refused:
            refused.add(body)
            return 429, None
        return 200, body

    with standin.Standin(answer) as server:
        client = connect(server.url, max_connections=8, limits=Limits(True, True))
        limits = []
        slow_down = client.pace.slow_down

        def noted(*args):
            slow_down(*args)
            limits.append(client.pace.limit)

        client.pace.slow_down = noted
        assert client.gather([Request("/p", json=i) for i in range(8)]) == [*range(8)]
        assert (len(limits), limits[0], min(limits)) == (8, 4.0, 4.0)
        assert client.pace.limit > 4.0


@pytest.fixture
def halted(monkeypatch):
    """Nothing of what is halted stays so."""
    monkeypatch.setattr(http, "_HALTED", threading.Event())
    monkeypatch.setattr(http, "_CORES", set())


def test_halting_ends_all_calls_and_lets_none_begin(server, connect, halted):
    server.always = Fault("hang")
    one, two, three = (connect(server.url) for _ in range(3))
    ended = []

    def work(client):
        with pytest.raises(EngineError, match="closed"):
            client.gather([Request("/p") for _ in range(5)])
        ended.append(True)

    threads = [threading.Thread(target=work, args=(client,)) for client in (one, two)]
    for thread in threads:
        thread.start()
    while len(server.seen) < 10:
        time.sleep(0.005)
    http.halt()
    for thread in threads:
        thread.join(300)
    assert ended == [True, True]
    server.always = None
    for client in (one, two, three):
        with pytest.raises(EngineError, match="closed"):
            client.post("/p")
    assert len(server.seen) == 10


def test_what_opens_while_all_is_halted_sends_nothing(server, connect, halted, monkeypatch):
    core = http._Core

    def late(*args, **options):
        http.halt()  # between the look and the opening
        return core(*args, **options)

    monkeypatch.setattr(http, "_Core", late)
    with pytest.raises(EngineError, match="closed"):
        connect(server.url).post("/p")
    assert server.seen == []


def test_a_429_that_no_waiting_mends_ends_the_call(connect):
    with standin.Standin(
        lambda method, path, body: (429, {"error": {"code": "insufficient_quota"}})
    ) as up:
        with pytest.raises(EngineError, match="after 1 try") as caught:
            connect(up.url, limits=Limits(is_patient=True)).post("/p")
        assert (caught.value.status, caught.value.retryable) == (429, False)
