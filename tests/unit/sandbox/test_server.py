"""The server over a fake sandbox: the protocol, refusals, the queue; and once over the real one."""

import asyncio
import base64
import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest
from machines import without_slow_tasks

from plaudit.errors import ConfigError, MissingExtra
from plaudit.http import Client
from plaudit.sandbox import server
from plaudit.sandbox.outcome import Asserts, Calls, Limits, Outcome, Program
from plaudit.sandbox.remote import Plaudit, SandboxFusion

pytest.importorskip("aiohttp")
from aiohttp import web


class Fake:
    """A sandbox that says what it was given."""

    report = {"enforced": frozenset({"files", "seccomp"}), "missing": {"landlock": "old kernel"}}

    def __init__(self, outcome=None):
        self.outcome = outcome
        self.works = []
        self.free = threading.Event()
        self.free.set()
        self.num_busy = self.most_busy = 0
        self.lock = threading.Lock()

    def run(self, work):
        with self.lock:
            self.works.append(work)
            self.num_busy += 1
            self.most_busy = max(self.most_busy, self.num_busy)
        self.free.wait(30)
        with self.lock:
            self.num_busy -= 1
        if self.outcome is not None:
            return self.outcome
        if isinstance(work, Calls):
            return Outcome("ok", 0, replies=tuple({"r": len(args)} for args in work.arguments))
        if isinstance(work, Asserts):
            return Outcome("ok", 0, checks=({"checks": [], "finished": work.style},))
        return Outcome("ok", 0, stdout=work.stdin, enforced=frozenset({"files"}))

    def run_many(self, works):
        return map(self.run, works)


@contextlib.contextmanager
def serving(sandbox, **options):
    """The address of a server for `sandbox`, in a thread."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    runner = web.AppRunner(server.application(sandbox, **{"languages": ["python"], **options}))
    address = []

    async def start():
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        ready.set()

    def work():
        loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(10)
    try:
        yield address[0]
    finally:
        sandbox.free.set()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(300)
        assert not thread.is_alive()


def call(url, body=None, headers=None):
    """Status, JSON and headers of an answer."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=600) as response:
            return response.status, json.loads(response.read()), response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read()), error.headers


def test_run_code_speaks_as_sandbox_fusion_does():
    fake = Fake()
    body = {
        "code": "print(1)",
        "language": "python",
        "stdin": "中",
        "compile_timeout": 10,
        "run_timeout": 3,
        "memory_limit_MB": 64,
        "files": {"a/b.txt": base64.b64encode(b"\0x").decode(), "none": None},
        "fetch_files": [],
    }
    with serving(fake) as url:
        status, told, _ = call(f"{url}/run_code", body)
    assert status == 200
    assert told["status"] == "Success"
    assert told["run_result"] == {
        "status": "Finished",
        "execution_time": 0.0,
        "return_code": 0,
        "stdout": "中",
        "stderr": "",
    }
    assert (told["compile_result"], told["files"], told["executor_pod_name"]) == (None, {}, None)
    assert told["outcome"]["enforced"] == ["files"]
    (work,) = fake.works
    assert (work.code, work.stdin) == (b"print(1)", "中".encode())
    assert work.files == {"a/b.txt": b"\0x"}
    assert (work.limits.cpu_s, work.limits.memory_mb) == (3, 64)


@pytest.mark.parametrize(
    ("outcome", "status", "ran", "code"),
    [
        (Outcome("ok", 0), "Success", "Finished", 0),
        (Outcome("exit", 3), "Failed", "Finished", 3),
        (Outcome("exit", None, 11), "Failed", "Finished", -11),
        (Outcome("cpu", None, 9), "Failed", "TimeLimitExceeded", None),
        (Outcome("wall", None, 9), "Failed", "TimeLimitExceeded", None),
        (Outcome("output", 0), "Failed", "Finished", 1),
        (Outcome("memory", 1), "Failed", "Finished", 1),
        (Outcome("sandbox", error="no slot"), "SandboxError", None, None),
        (Outcome("compile", 1, stderr=b"line 1"), "Failed", None, None),
    ],
)
def test_how_an_outcome_is_told(outcome, status, ran, code):
    with serving(Fake(outcome)) as url:
        _, told, _ = call(f"{url}/run_code", {"code": "", "language": "python"})
    assert told["status"] == status
    assert told["outcome"]["kind"] == outcome.kind
    if ran is None:
        assert told["run_result"] is None
    else:
        assert (told["run_result"]["status"], told["run_result"]["return_code"]) == (ran, code)
    if outcome.kind == "compile":
        assert told["compile_result"]["return_code"] == 1
        assert told["compile_result"]["stderr"] == "line 1"
    if outcome.kind == "sandbox":
        assert told["message"] == "no slot"


def test_grade_runs_many_inputs_in_one_round_trip():
    fake = Fake()
    tests = [{"stdin": str(i)} for i in range(5)]
    with serving(fake) as url:
        _, told, _ = call(f"{url}/grade", {"code": "x", "language": "python", "tests": tests})
        assert [outcome["stdout"] for outcome in told["outcomes"]] == list("01234")
        calls = {"code": "x", "entry": "f", "calls": [[1, {"t": [2, 3]}], []]}
        _, told, _ = call(f"{url}/grade", calls)
    assert told["outcomes"][0]["replies"] == [{"r": 2}, {"r": 0}]
    assert fake.works[-1].arguments == ((1, (2, 3)), ())
    assert isinstance(fake.works[0], Program)


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("run_code", b"{", 400, "not JSON"),
        ("run_code", b"[]", 400, "not a JSON object"),
        ("run_code", {"language": "python"}, 400, "code is missing"),
        ("run_code", {"code": 1}, 400, "code"),
        ("run_code", b'{"code": "\\ud800"}', 400, ""),
        ("run_code", {"code": "", "language": "cobol"}, 400, "available: python"),
        ("run_code", {"code": "", "run_timeout": -1}, 400, "run_timeout"),
        ("run_code", {"code": "", "run_timeout": True}, 400, "run_timeout"),
        ("run_code", {"code": "", "files": {"../a": ""}}, 400, "files"),
        ("run_code", {"code": "", "files": {"/a": ""}}, 400, "files"),
        ("run_code", {"code": "", "files": {"a": "%"}}, 400, "base64"),
        ("run_code", {"code": "", "files": {"a": 1}}, 400, "base64"),
        ("run_code", {"code": "", "fetch_files": ["a"]}, 400, "fetch_files"),
        ("grade", {"code": ""}, 400, "tests"),
        ("grade", {"code": "", "tests": "x", "style": "nose"}, 400, "style"),
        ("grade", {"code": "", "tests": "x", "limits": {"cpu": 1}}, 400, "limits"),
        ("grade", {"code": "", "tests": "x", "limits": {"cpu_s": "1"}}, 400, "limits"),
        ("grade", {"code": "", "tests": "x", "limits": {"cpu_s": 1e9}}, 400, "limits"),
        ("grade", {"code": "", "tests": [1]}, 400, "tests"),
        ("grade", {"code": "", "entry": "f()", "calls": []}, 400, "entry"),
        ("grade", {"code": "", "entry": "f", "calls": [{"z": 1}]}, 400, "calls"),
        ("grade", {"code": "", "entry": "f", "calls": 7}, 400, "calls"),
        ("nothing", {}, 404, "Not Found"),
    ],
)
def test_what_is_refused(path, body, status, said):
    fake = Fake()
    with serving(fake) as url:
        found, told, _ = call(f"{url}/{path}", body)
    assert (found, fake.works) == (status, [])
    assert said in told["detail"]


def test_our_own_client_sends_every_kind_of_work_as_it_is():
    limits = Limits(cpu_s=2, wall_s=3, memory_mb=99, output_mb=0.5)
    works = [
        Program(b"a", stdin="b", files={"c": b"\0"}, arguments=("d",), limits=limits),
        Calls("a", "f", ((1, (2.5, None)), ({3},)), limits),
        Asserts("a", "assert f()", setup="s", style="pytest", stop_at_first=True, limits=limits),
        Program("a", stdin=b"\xff"),
    ]
    fake = Fake()
    with serving(fake) as url, Plaudit(url) as box:
        outcomes = list(box.run_many(works))
        assert box.run("x", stdin="y").text == "y"
    assert sorted(map(repr, map(as_bytes, fake.works[:3]))) == sorted(
        map(repr, map(as_bytes, works[:3]))
    )
    assert outcomes[0].text == "b"
    assert outcomes[0].enforced == {"remote", "files"}
    assert outcomes[1].replies == ({"r": 2}, {"r": 1})
    assert outcomes[2].checks == ({"checks": [], "finished": "pytest"},)
    assert outcomes[3].kind == "sandbox"


def as_bytes(work):
    """The same work with its texts as the server has them."""
    found = {"code": work.code if isinstance(work.code, bytes) else work.code.encode()}
    if isinstance(work, Program):
        found["stdin"] = work.stdin if isinstance(work.stdin, bytes) else work.stdin.encode()
    return dataclasses.replace(work, **found)


def test_our_own_client_keeps_to_the_queue_and_the_token():
    fake = Fake()
    options = {"max_jobs": 2, "threads": 2, "token": "t"}
    with serving(fake, **options) as url:
        with Plaudit(url) as box:
            outcome = box.run("x")
            assert (outcome.kind, "401" in outcome.error) == ("sandbox", True)

        async def sleep(seconds):
            await asyncio.sleep(0.01)

        headers = {"Authorization": "Bearer t"}
        client = Client(url, headers=headers, sleep=sleep, retries=1000)
        with Plaudit(url, client=client) as box:
            programs = [Program("x", stdin=str(i)) for i in range(50)]
            assert [o.text for o in box.run_many(programs)] == [str(i) for i in range(50)]
    assert fake.most_busy <= 2


def test_a_request_over_the_size_limit_is_refused():
    with serving(Fake(), max_request_mb=0.01) as url:
        status, told, _ = call(f"{url}/run_code", {"code": "#" * 20_000})
    assert (status, told["detail"]) == (413, "Request Entity Too Large")


@contextlib.contextmanager
def held(fake, url, num_requests, num_running):
    """Requests in threads, until that many run; they end with the block, each with a 200."""
    fake.free.clear()
    answers = []

    def work():
        answers.append(call(f"{url}/run_code", {"code": ""})[0])

    threads = [threading.Thread(target=work) for _ in range(num_requests)]
    for thread in threads:
        thread.start()
    while fake.num_busy < num_running:
        time.sleep(0.01)
    yield
    fake.free.set()
    for thread in threads:
        thread.join(300)
    assert answers == [200] * num_requests


def test_a_full_queue_says_when_to_come_back_and_the_loop_stays_free():
    fake = Fake()
    with serving(fake, max_jobs=2, threads=2) as url:
        with held(fake, url, 2, 2):
            status, told, headers = call(f"{url}/run_code", {"code": ""})
            assert (status, headers["Retry-After"]) == (429, "1")
            assert "2 requests" in told["detail"]
            assert call(f"{url}/ping")[1] == "pong"
        assert call(f"{url}/run_code", {"code": ""})[0] == 200


def test_what_is_accepted_waits_for_a_thread():
    fake = Fake()
    with serving(fake, max_jobs=5, threads=2) as url, held(fake, url, 5, 2):
        pass
    assert fake.most_busy == 2


def test_the_token():
    with serving(Fake(), token="sesame") as url:
        assert call(f"{url}/run_code", {"code": ""})[0] == 401
        assert call(f"{url}/run_code", {"code": ""}, {"Authorization": "Bearer open"})[0] == 401
        assert call(f"{url}/", None)[0] == 401
        assert call(f"{url}/ping")[0] == 200
        right = {"Authorization": "Bearer sesame"}
        assert call(f"{url}/run_code", {"code": ""}, right)[0] == 200


def test_a_web_page_on_this_machine_runs_nothing():
    fake = Fake()
    with serving(fake) as url:
        headers = {"Origin": "https://example.org", "Content-Type": "text/plain"}
        assert call(f"{url}/run_code", {"code": ""}, headers)[0] == 403
    assert fake.works == []


def test_it_says_what_it_enforces():
    with serving(Fake()) as url:
        _, told, _ = call(f"{url}/")
    assert told["enforced"] == ["files", "seccomp"]
    assert told["missing"] == {"landlock": "old kernel"}
    assert told["languages"] == ["python"]


def test_a_sandbox_that_cannot_run_is_no_verdict():
    class Broken(Fake):
        def run(self, work):
            raise ConfigError("the kernel lacks a layer")

    with serving(Broken()) as url:
        status, told, _ = call(f"{url}/run_code", {"code": ""})
    assert (status, told["detail"]) == (503, "the kernel lacks a layer")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org"])
def test_no_open_port_beyond_this_machine_without_a_token(host):
    with pytest.raises(ConfigError, match="token"):
        server.serve(Fake(), host=host)


def test_without_aiohttp(monkeypatch):
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(MissingExtra, match=r"plaudit\[http\]"):
        server.application(Fake())


@pytest.mark.skipif(sys.platform != "linux", reason="the local sandbox needs Linux")
def test_serving_the_real_sandbox_until_a_signal():
    code = (
        "from plaudit.sandbox import Sandbox, server\n"
        "with Sandbox(slots=1) as box:\n"
        "    server.serve(box, port=0, say=lambda url: print(url, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-X", "dev", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            url = process.stdout.readline().strip()
            body = {"code": "print(int(input()) * 2)", "stdin": "21", "language": "python"}
            _, told, _ = call(f"{url}/run_code", body)
            assert (told["status"], told["run_result"]["stdout"]) == ("Success", "42\n")
            body = {"code": "while True: pass", "language": "python", "run_timeout": 0.2}
            _, told, _ = call(f"{url}/run_code", body)
            assert told["run_result"]["status"] == "TimeLimitExceeded"
            body = {"code": "def f(x): return (x, 1)", "entry": "f", "calls": [[1], ["a"]]}
            _, told, _ = call(f"{url}/grade", body)
            assert told["outcomes"][0]["replies"] == [{"r": {"t": [1, 1]}}, {"r": {"t": ["a", 1]}}]
            enforced = set(call(f"{url}/")[1]["enforced"])
            assert enforced
            with Plaudit(url) as box:
                works = [Program("print(input())", stdin="a"), Calls("def f(): 1 / 0", "f", ((),))]
                works.append(Asserts("def f(x): return x", "assert f(1) == 1"))
                program, answered, judged = box.run_many(works)
            assert (program.text, program.enforced) == ("a\n", enforced | {"remote"})
            assert answered.replies[0]["x"] == "ZeroDivisionError"
            assert judged.checks[0]["finished"]
            assert [check["ok"] for check in judged.checks[0]["checks"]] == [True]
            with SandboxFusion(url) as box:  # the driver itself runs confined
                assert box.run(Calls("def f(x): return {x}", "f", ((1,),))).replies == (
                    {"r": {"S": [1]}},
                )
                refused = box.run(Asserts("def f(x): return x", "assert f(1) == 1"))
                assert (refused.kind, "must let programs fork" in refused.error) == (
                    "sandbox",
                    True,
                )
        finally:
            os.kill(process.pid, signal.SIGTERM)
            said = process.stderr.read()
            process.wait(300)
    assert (process.returncode, without_slow_tasks(said)) == (0, "")
