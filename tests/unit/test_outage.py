"""A service that is away for a while: nobody loses a try by it. The clock is the test's own."""

import asyncio
import importlib.util
import itertools
import random
import socket
import threading
from pathlib import Path

import pytest

from plaudit.errors import EngineError
from plaudit.http import Client, Request
from plaudit.outage import Outage
from plaudit.pace import Limits

pytest.importorskip("aiohttp")
_PATH = Path(__file__).parents[1] / "servers" / "standin.py"
_SPEC = importlib.util.spec_from_file_location("standin", _PATH)
standin = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(standin)


class Clock:
    """Seconds that pass only where somebody sleeps."""

    def __init__(self):
        self.now = 0.0
        self.lock = threading.Lock()

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        with self.lock:
            self.now += seconds
        await asyncio.sleep(0)


class Service:
    """Answers calls, but for `away_s` seconds of the clock after the call number `falls_at`."""

    def __init__(self, clock, *, falls_at=200, away_s=60.0, fault="status"):
        self.clock, self.falls_at, self.away_s, self.fault = clock, falls_at, away_s, fault
        self.back_at, self.num_answered, self.lives = None, 0, 0
        self.server = standin.Standin(self.answer)

    @property
    def is_away(self):
        return self.back_at is not None and self.clock() < self.back_at

    def answer(self, method, path, body):
        if path.endswith("/models"):
            self.lives += 1
            return (502, {}) if self.is_away else (200, {"data": []})
        if self.num_answered == self.falls_at and self.back_at is None:
            self.back_at = self.clock() + self.away_s
        if self.is_away:
            return 502, {"error": "bad gateway"}
        self.num_answered += 1
        return 200, {"value": body}


@pytest.fixture
def clock():
    return Clock()


def client_of(url, clock, *, outage_s=1800.0, **options):
    limits = Limits(is_adaptive=True, is_patient=True, retry_share=1.0, outage_s=outage_s)
    return Client(
        url, limits=limits, life_path="/models", clock=clock, sleep=clock.sleep,
        rng=random.Random(0), **options,
    )  # fmt: skip


def answers(client, count=1500, **more):
    requests = [Request("/p", json=i, **more) for i in range(count)]
    return list(client.map(requests, concurrency=64))


@pytest.mark.parametrize("away_s", [5.0, 60.0, 900.0])
def test_no_call_is_lost_while_the_service_is_away(clock, away_s):
    service = Service(clock, away_s=away_s)
    with service.server, client_of(service.server.url, clock) as client:
        replies = answers(client, deadline_s=1800.0)
    assert [r["value"] for r in replies] == list(range(1500))
    assert service.back_at is not None  # it was away
    assert service.lives < 12 + away_s / 15  # one prober, with growing gaps


def test_a_call_on_its_deadline_is_not_charged_for_the_outage(clock):
    service = Service(clock, away_s=300.0)
    with service.server, client_of(service.server.url, clock) as client:
        replies = answers(client, 400, deadline_s=100.0)
    assert not [r for r in replies if isinstance(r, EngineError)]


def test_beyond_the_limit_it_is_given_up_for_all_at_once(clock):
    service = Service(clock, away_s=1e9)
    with service.server, client_of(service.server.url, clock, outage_s=120.0) as client:
        replies = answers(client, 600)
    lost = [r for r in replies if isinstance(r, EngineError)]
    assert len(lost) >= 400 - 64  # what was answered before stays answered
    assert any("away for more than 120 s" in str(error) for error in lost)
    assert clock.now < 400  # not a wait for each call


def test_a_server_that_is_there_and_fails_is_no_outage(clock):
    """It answers the sign of life, so a call that always fails spends its tries."""

    def answer(method, path, body):
        if path.endswith("/models") or body != "poison":
            return 200, {"ok": True}
        return 500, {"error": "crash"}

    with standin.Standin(answer) as server, client_of(server.url, clock, retries=3) as client:
        assert client.post("/p", json="fine") == {"ok": True}
        for _ in range(4):
            with pytest.raises(EngineError, match="500"):
                client.post("/p", json="poison")
        assert client.post("/p", json="fine") == {"ok": True}


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def test_a_server_that_never_was_there_is_said_at_once(clock):
    nobody = client_of(f"http://127.0.0.1:{free_port()}", clock, retries=8)
    with nobody as client, pytest.raises(EngineError, match="is it running") as caught:
        client.post("/p", json=1)
    assert "1 try" in str(caught.value)
    assert clock.now == 0.0  # nobody waited


def test_a_second_url_is_asked_before_it_is_said(clock):
    with standin.echo() as server:
        urls = [f"http://127.0.0.1:{free_port()}", server.url]
        with client_of(urls, clock) as client:
            for i in range(5):
                assert client.post("/p", json=i)["body"] == i


def test_refused_connections_are_an_outage_from_the_first_on(clock):
    """The server's process ends and another one takes its port."""
    servers = [standin.echo()]
    url = servers[0].url
    plain_sleep = clock.sleep

    async def sleep(seconds):
        await plain_sleep(seconds)
        if clock.now > 30 and len(servers) == 1:
            servers.append(
                standin.Standin(lambda *a: (200, {"back": True}), int(url.rpartition(":")[2]))
            )

    clock.sleep = sleep
    with client_of(url, clock, retries=1) as client:  # one, for the kept connection that ends
        assert client.post("/p", json=1)["body"] == 1
        servers[0].always = standin.Fault("drop")
        servers[0].close()
        replies = answers(client, 100)
    assert replies == [{"back": True}] * 100
    servers[1].close()


def test_one_prober_for_all_and_growing_gaps(clock):
    asked = []

    async def is_alive():
        asked.append(clock.now)
        return clock.now >= 100

    async def run():
        outage = Outage(is_alive, longest_s=1000, clock=clock, sleep=clock.sleep)
        return await asyncio.gather(*(outage.over() for _ in range(50))), outage

    found, outage = asyncio.run(run())
    assert set(found) == {found[0]}
    assert 100 <= found[0] <= 115
    assert outage.num == 1
    gaps = [b - a for a, b in itertools.pairwise(asked)]
    assert gaps == sorted(gaps)
    assert gaps[0] == 0.5
    assert gaps[-1] == 15.0


def test_no_outage_is_no_wait(clock):
    async def is_alive():
        return True

    async def run():
        return await Outage(is_alive, longest_s=10, clock=clock, sleep=clock.sleep).over()

    assert asyncio.run(run()) == 0.0
    assert clock.now == 0.0
