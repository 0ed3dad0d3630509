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

from plaudit import http
from plaudit.errors import ConfigError, EngineError, MissingExtra
from plaudit.http import Client, Request

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


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_service_is_asked_again(server, connect, waits, status):
    server.faults.extend([Fault("status", status)] * 3)
    assert connect(server.url).post("/p", json=1)["body"] == 1
    assert waits == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("kind", ["drop", "cut", "garbage"])
def test_a_broken_answer_is_asked_for_again(server, connect, kind):
    server.faults.append(Fault(kind))
    assert connect(server.url).post("/p", json=1)["body"] == 1
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 422, 501])
def test_a_refusal_is_final_and_redirects_are_not_followed(server, connect, waits, status):
    server.faults.append(Fault("status", status, {"Location": "http://192.0.2.1/else"}))
    with pytest.raises(EngineError) as caught:
        connect(server.url).post("/p")
    assert (caught.value.status, caught.value.retryable, waits) == (status, False, [])
    assert len(server.seen) == 1


def test_the_error_tells_what_was_tried(server, connect):
    server.always = Fault("status", 503)
    client = connect(server.url.replace("//", "//me:secret@"), retries=2)
    with pytest.raises(EngineError, match=r"POST /p failed after 3 tries: .* 503 .*x3") as caught:
        client.post("/p")
    assert (caught.value.status, caught.value.retryable) == (503, True)
    assert "secret" not in str(caught.value) + repr(client)
    assert pickle.loads(pickle.dumps(caught.value)).status == 503


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
    began = time.monotonic()
    with pytest.raises(EngineError, match=r"no answer in 0\.2 s") as caught:
        connect(server.url).post("/p", deadline_s=0.2)
    assert caught.value.retryable
    assert time.monotonic() - began < 10


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
    first.join(10)
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
        thread.join(30)
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
    thread.join(10)
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
        timeout=60,
    )
    # a process with threads that forks is warned of by Python 3.12 and later
    said = [
        x for x in result.stderr.splitlines() if "multi-threaded" not in x and "fork()" not in x
    ]
    assert (result.returncode, said) == (0, [])
    assert [body for _, _, body, _ in server.seen] == [1, 2, 3]


def test_the_interpreter_exits_without_a_word(server):
    code = f"""
from plaudit.http import Client, Request
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
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_copies_and_repr():
    client = Client(["http://a:1", "http://b:2/"], timeout_s=9.0, headers={"Authorization": "x"})
    for other in (copy.deepcopy(client), pickle.loads(pickle.dumps(client))):
        assert (other.urls, other._options) == (client.urls, client._options)
    assert repr(client) == "Client(['http://a:1', 'http://b:2'], timeout_s=9.0)"


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
