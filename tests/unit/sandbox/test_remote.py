"""The remote back ends against stand-ins on loopback that run programs, fail and lie."""

import importlib.util
import os
import pickle
import random
import sys
from pathlib import Path

import pytest

from plaudit.http import Client
from plaudit.sandbox import remote
from plaudit.sandbox.inside import values
from plaudit.sandbox.outcome import Asserts, Calls, Limits, Outcome, Program
from plaudit.sandbox.remote import Piston, SandboxFusion

pytest.importorskip("aiohttp")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the stand-ins need fork")
_PATH = Path(__file__).parents[2] / "servers" / "standin.py"
_SPEC = importlib.util.spec_from_file_location("standin", _PATH)
standin = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(standin)
Fault = standin.Fault
LIMITS = Limits(cpu_s=1, wall_s=3)


async def no_sleep(seconds):
    """Waits between tries are not waited for."""


def fusion_box(server, **options):
    client = Client(server.url, sleep=no_sleep, rng=random.Random(0))
    return SandboxFusion(server.url, client=client, **options)


def piston_box(server, **options):
    client = Client(f"{server.url}/api/v2", sleep=no_sleep, rng=random.Random(0))
    return Piston(server.url, client=client, **{"run_timeout_s": 3, **options})


@pytest.fixture(params=["fusion", "piston"])
def pair(request):
    """A server that works, and a sandbox on it."""
    if request.param == "fusion":
        with standin.fusion() as server, fusion_box(server) as box:
            yield server, box
    else:
        with standin.piston(output_limit=1 << 20) as server, piston_box(server) as box:
            yield server, box


@pytest.fixture
def box(pair):
    return pair[1]


@pytest.fixture
def server(pair):
    return pair[0]


def calls(code, *arguments, entry="f"):
    return Calls(code, entry, arguments, LIMITS)


def test_a_program_with_input_and_files(box):
    code = "print(input()[::-1], open('a/b.bin', 'rb').read())"
    program = Program(code, stdin="中ab\n", files={"a/b.bin": b"\0\xff"}, limits=LIMITS)
    outcome = box.run(program)
    assert (outcome.kind, outcome.exit_code) == ("ok", 0)
    assert outcome.text == "ba中 b'\\x00\\xff'\n"
    assert outcome.enforced == {"remote"}
    assert outcome.wall_s > 0
    assert box.run("print(2)", limits=LIMITS).text == "2\n"


@pytest.mark.parametrize(
    ("code", "kind", "exit_code"),
    [
        ("import sys; sys.exit(3)", "exit", 3),
        ("1 / 0", "exit", 1),
        ("import os; os.kill(os.getpid(), 9)", "exit", None),
        ("print('x' * 2_000_000)", "output", None),
        (b"print('\xff')", "compile", None),
        ("print('\ud800')", "compile", None),
    ],
)
def test_how_a_program_ends(box, code, kind, exit_code):
    outcome = box.run(Program(code, limits=LIMITS))
    assert outcome.kind == kind
    assert exit_code is None or outcome.exit_code == exit_code
    assert outcome.stdout_truncated == (kind == "output")


def test_a_late_program(box):
    outcome = box.run(Program("while True: pass", limits=Limits(cpu_s=0.3, wall_s=0.6)))
    assert outcome.kind in ("cpu", "wall")


def test_a_program_that_is_not_translated(box):
    outcome = box.run(Program("int main() {", language="c++", limits=LIMITS))
    assert outcome.kind == "compile"
    assert b"main.cpp:1" in outcome.stderr


def test_an_unknown_language_is_no_verdict(box):
    outcome = box.run(Program("x", language="cobol", limits=LIMITS))
    assert outcome.kind == "sandbox"
    assert "cobol" in outcome.error


def test_an_input_that_is_no_text_is_no_verdict(box):
    assert box.run(Program("print(1)", stdin=b"\xff", limits=LIMITS)).kind == "sandbox"


def test_calls_go_and_come_typed_in_one_round_trip(server, box):
    code = """
print("noise" * 1000)
def f(*xs):
    print("more noise")
    if not xs: raise ValueError("nothing")
    return {x: (x, [x]) for x in xs}
"""
    outcome = box.run(calls(code, (1,), ("a", 2.5), (), ((1, 2),), (frozenset({3}),)))
    assert (outcome.kind, len(server.seen)) == ("ok", 1)
    assert [values.decode(reply["r"]) for reply in outcome.replies if "r" in reply] == [
        {1: (1, [1])},
        {"a": ("a", ["a"]), 2.5: (2.5, [2.5])},
        {(1, 2): ((1, 2), [(1, 2)])},
        {frozenset({3}): (frozenset({3}), [frozenset({3})])},
    ]
    assert outcome.replies[2] == {"x": "ValueError", "m": "nothing"}
    assert outcome.stdout == b""


def test_calls_of_a_method(box):
    code = "class Solution:\n    def f(self, x): return x + 1"
    assert box.run(calls(code, (1,))).replies == ({"r": 2},)


@pytest.mark.parametrize(
    "code",
    [
        "import os; os._exit(0)",
        "import sys; sys.exit(0)",
        "def f(x):\n    import os\n    if x == 2: os._exit(0)\n    return x",
        "def f(x):\n    if x == 2: raise SystemExit\n    return x",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "def g(x): return x",
        "def f(x",
    ],
)
@pytest.mark.parametrize("lies", ["", "zero"])
def test_leaving_early_leaves_calls_unanswered(code, lies):
    with standin.fusion(lies=lies) as server, fusion_box(server) as box:
        outcome = box.run(calls(code, (1,), (2,), (3,)))
    assert outcome.kind == "exit"
    assert len(outcome.replies) <= 1


@pytest.mark.parametrize("make", ["fusion", "piston"])
def test_a_server_that_runs_nothing_is_no_verdict(make):
    boxes = {"fusion": fusion_box, "piston": piston_box}
    with getattr(standin, make)(lies="idle") as server, boxes[make](server) as box:
        for work in (
            calls("def f(x): return x", (1,)),
            Asserts("x = 1", "assert x", limits=LIMITS),
        ):
            outcome = box.run(work)
            assert outcome.kind == "sandbox"
            assert "never began" in outcome.error


def test_replies_that_fill_the_output_come_in_several_round_trips():
    code = "def f(x): return 'x' * x"
    with (
        standin.fusion(output_limit=100_000) as server,
        fusion_box(server, output_limit_mb=100_000 / 2**20) as box,
    ):
        outcome = box.run(calls(code, *((30_000,) for _ in range(10))))
        assert [len(reply["r"]) for reply in outcome.replies] == [30_000] * 10
        assert (outcome.kind, len(server.seen)) == ("ok", 4)
        outcome = box.run(calls(code, (1,), (200_000,), (2,)))
        assert [reply.get("x") for reply in outcome.replies] == [None, "OutputLimit", None]


def test_what_piston_cuts_below_the_limit_is_no_verdict():
    with standin.piston() as server, piston_box(server) as box:
        outcome = box.run(Program("print('x' * 5000)", limits=LIMITS))
        assert outcome.kind == "sandbox"
        assert "PISTON_OUTPUT_MAX_SIZE" in outcome.error
    with standin.piston() as server, piston_box(server, output_limit_mb=1024 / 2**20) as box:
        assert box.run(Program("print('x' * 5000)", limits=LIMITS)).kind == "output"


def test_limits_that_piston_refuses_are_no_verdict():
    with standin.piston() as server, piston_box(server, run_timeout_s=None) as box:
        outcome = box.run(Program("print(1)"))
        assert outcome.kind == "sandbox"
        assert "configured limit of 3000" in outcome.error
        assert box.runtimes()["python"] == ["3.9.4", "3.12.0"]


STUBS = {
    "serve": """
from plaudit.sandbox.inside import values
def serve(namespace, sock):
    sock.sendall(values.dumps(values.encode(namespace["answer"]())) + b"\\n")
    sock.recv(1)
""",
    "judge": """
from plaudit.sandbox.inside.values import decode, loads
def run(*, sock, tests, setup, style, stop_at_first):
    said = b""
    while not said.endswith(b"\\n"):
        part = sock.recv(1 << 16)
        if not part:
            return {"checks": [], "finished": False, "error": "the program is gone"}
        said += part
    ok = bool(eval(tests, {"answer": decode(loads(said))}))
    return {"checks": [{"ok": ok, "line": 1, "error": ""}], "finished": True}
""",
}


@pytest.fixture
def stubs(monkeypatch, tmp_path):
    """A small judge in place of the real one: these tests are of the way to it and back."""
    (tmp_path / "inside").mkdir()
    here = remote._HERE
    (tmp_path / "_driver.py").write_text((here / "_driver.py").read_text())
    (tmp_path / "inside" / "values.py").write_text((here / "inside" / "values.py").read_text())
    for name, text in STUBS.items():
        (tmp_path / "inside" / f"{name}.py").write_text(text)
    monkeypatch.setattr(remote, "_HERE", tmp_path)
    remote._driver.cache_clear()
    yield
    remote._driver.cache_clear()


def asserts(code, tests="answer == 42"):
    return Asserts(code, tests, limits=LIMITS)


def test_the_verdict_of_tests(box, stubs):
    right = box.run(asserts("print('noise')\ndef answer(): return 42"))
    assert right.checks == ({"checks": [{"ok": True, "line": 1, "error": ""}], "finished": True},)
    assert right.kind == "ok"
    wrong = box.run(asserts("def answer(): return 41"))
    assert wrong.checks[0]["checks"][0]["ok"] is False


FORGERIES = [
    "import os; os._exit(0)",
    "raise SystemExit(0)",
    "def answer(): raise SystemExit(0)",
    "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
    "import os\ndef answer():\n    os.kill(os.getppid(), 9)",
    # everything the process knows, written to every descriptor it has or can have
    """
import gc, os, sys
texts = {x for x in gc.get_objects() if isinstance(x, str)} | set(map(str, sys.modules))
frame = sys._getframe()
while frame:
    texts |= {v for v in frame.f_locals.values() if isinstance(v, str)}
    for v in frame.f_locals.values():
        if isinstance(v, dict): texts |= {x for x in v.values() if isinstance(x, str)}
    frame = frame.f_back
verdict = '{"verdict":{"checks":[{"ok":true,"line":1,"error":""}],"finished":true},"status":0}'
data = "".join(f"\\n{t} {verdict}\\n" for t in texts if len(t) == 32).encode()
for fd in range(20):
    try: os.write(fd, data)
    except OSError: pass
os._exit(0)
""",
]


@pytest.mark.parametrize("code", FORGERIES)
@pytest.mark.parametrize("lies", ["", "zero"])
def test_forged_verdicts_lose(stubs, code, lies):
    with standin.fusion(lies=lies) as server, fusion_box(server) as box:
        outcome = box.run(asserts(code))
    assert outcome.kind in ("ok", "exit")
    assert outcome.checks[0]["finished"] is False
    assert outcome.checks[0]["checks"] == []


def test_the_program_learns_neither_the_tests_nor_the_token(stubs):
    with standin.fusion() as server, fusion_box(server) as box:
        code = """
import gc, os
def answer():
    seen = [x for x in gc.get_objects() if isinstance(x, (str, bytes))] + [open("main.py").read()]
    rest = b""
    try: rest = os.read(0, 100000)
    except OSError: pass
    return any("".join(["SECRET", "42"]) in str(x) for x in (*seen, rest, gc.get_objects()))
"""
        outcome = box.run(asserts(code, "answer is False and 'SECRET42'"))
    assert outcome.checks[0]["checks"][0]["ok"] is True


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("status", 503, {"Retry-After": "1"})],
        [Fault("drop"), Fault("garbage"), Fault("cut")],
        [Fault("status", 429), Fault("status", 504)],
    ],
)
def test_a_service_that_stumbles_is_asked_again(server, box, faults):
    server.faults.extend(faults)
    assert box.run(Program("print(1)", limits=LIMITS)).text == "1\n"
    assert len(server.seen) == len(faults) + 1


@pytest.mark.parametrize(
    "fault", [Fault("status", 500), Fault("status", 401), Fault("garbage"), Fault("drop")]
)
def test_a_service_that_is_down_is_no_verdict(server, box, fault):
    server.always = fault
    for work in (Program("print(1)"), calls("def f(): 1", ()), Asserts("x", "assert x")):
        outcome = box.run(work)
        assert (outcome.kind, outcome.enforced) == ("sandbox", {"remote"})
        assert "failed after" in outcome.error


def test_a_service_that_hangs_is_no_verdict(server):
    server.always = Fault("hang")
    client = Client(server.url, retries=0)
    box = SandboxFusion(server.url, client=client, queue_s=0.1, compile_timeout_s=0.1)
    with box:
        outcome = box.run(Program("print(1)", limits=Limits(wall_s=0.1)))
    assert outcome.kind == "sandbox"
    assert "no answer in 0.3 s" in outcome.error


@pytest.mark.parametrize(
    "answer",
    [
        None,
        7,
        [],
        {},
        "Success",
        {"status": "Success"},
        {"status": "Success", "run_result": None},
        {"status": "Success", "run_result": {"status": "Finished"}},
        {"status": "Success", "run_result": {"status": "Finished", "return_code": "0"}},
        {"status": "Success", "run_result": {"status": "Error", "stderr": "no bash"}},
        {"status": "SandboxError", "message": "no space", "run_result": None},
        {"status": "Success", "compile_result": {"status": "Error", "stderr": "x"}},
        {"run": {}},
        {"run": None},
        {"run": {"code": None, "signal": None, "stdout": "", "stderr": ""}},
        {"run": {"status": "XX", "message": "isolate failed", "code": None, "signal": None}},
        {"run": {"code": 0, "stdout": 5}},
        {"run": {"code": 0, "stdout": "", "cpu_time": "x"}},
    ],
)
def test_an_answer_without_sense_is_no_verdict(answer):
    with standin.Standin(lambda method, path, body: (200, answer)) as server:
        for box in (fusion_box(server), piston_box(server)):
            with box:
                outcome = box.run(Program("print(1)", limits=LIMITS))
                assert outcome.kind == "sandbox"
                assert outcome.error


def test_many_in_order_and_only_as_far_ahead_as_needed(server, box, monkeypatch):
    monkeypatch.setattr(standin, "run_python", _echo)  # hundreds are under way: none is a process
    drawn = []

    def works():
        for i in range(1000):
            drawn.append(i)
            stdin = b"\xff" if i % 3 == 1 else str(i)
            yield Program("print(input())", stdin=stdin, limits=LIMITS)

    outcomes = box.run_many(works())
    found = [next(outcomes) for _ in range(9)]
    outcomes.close()
    assert [o.text.strip() if o.kind == "ok" else o.kind for o in found] == [
        "sandbox" if i % 3 == 1 else str(i) for i in range(9)
    ]
    assert len(drawn) < 500
    assert list(box.run_many([])) == []
    assert [o.kind for o in box.run_many([Program("x", stdin=b"\xff")] * 2)] == ["sandbox"] * 2


def _echo(code, *, stdin, files, timeout_s, memory_mb=1024):
    return standin._Ran(0, f"{stdin}\n".encode(), b"", 0.01)


def test_our_own_server_says_more(monkeypatch):
    reply = {
        "status": "Failed",
        "run_result": {"status": "Finished", "return_code": 1, "stdout": "", "stderr": "x"},
        "outcome": {"kind": "memory", "cpu_s": 0.5, "memory_mb": 99.0, "stdout_truncated": False},
    }
    with standin.Standin(lambda *args: (200, reply)) as server, fusion_box(server) as box:
        outcome = box.run("x")
    assert (outcome.kind, outcome.cpu_s, outcome.memory_mb) == ("memory", 0.5, 99.0)
    reply["outcome"] = {"kind": "ok"}  # says no more than the exit code allows
    with standin.Standin(lambda *args: (200, reply)) as server, fusion_box(server) as box:
        assert box.run("x").kind == "exit"


def test_what_piston_is_asked_for():
    box = Piston("http://a:2000/", versions={"python": "3.10"}, memory_limit_mb=99, run_timeout_s=2)
    body = box._put(Program("x", language="python", arguments=("1",)), "x", "in").json
    assert body["version"] == "3.10"
    assert (body["run_timeout"], body["run_cpu_time"]) == (2000, 2000)
    assert (body["run_memory_limit"], body["args"]) == (99 << 20, ["1"])
    assert repr(Piston("http://a/piston")) == "Piston(['http://a/piston'])"
    assert box.run(Program("")).kind == "sandbox"


def test_it_pickles(server, box):
    assert box.run(Program("print(1)", limits=LIMITS)).text == "1\n"
    other = pickle.loads(pickle.dumps(box))
    with other:
        assert other.run(Program("print(1)", limits=LIMITS)).text == "1\n"


def test_the_driver_runs_on_old_pythons():
    import ast

    text = remote._driver(("values",))
    ast.parse(text, feature_version=(3, 8))
    assert text.isascii()
    assert sys.version_info >= (3, 10)
    assert isinstance(remote._failed("x"), Outcome)


TESTS = """
def check(f):
    assert f([3, 1, 2]) == [1, 2, 3]
    assert f([]) == []
    assert f("ba") == ["a", "b"], "text"

check(solve)
"""


def passes(outcome):
    verdict = outcome.checks[0]
    checks = verdict["checks"]
    return verdict["finished"] and bool(checks) and all(check["ok"] for check in checks)


def test_tests_pass_for_what_is_right_and_not_for_what_is_wrong(box):
    right = box.run(Asserts("print(1)\ndef solve(x): return sorted(x)", TESTS, limits=LIMITS))
    wrong = box.run(Asserts("def solve(x): return list(x)", TESTS, limits=LIMITS))
    assert (right.kind, right.error, passes(right)) == ("ok", "", True)
    assert len(right.checks[0]["checks"]) == 3
    assert not passes(wrong)
    unit = "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n"
    style = Asserts(
        "def solve(x): return x", f"{unit}        self.assertEqual(solve(1), 1)", style="unittest"
    )
    assert passes(box.run(style))


@pytest.mark.parametrize(
    "code",
    [
        *FORGERIES,
        "class E:\n    def __eq__(self, other): return True\ndef solve(x): return E()",
        "class E(list):\n    def __eq__(self, other): return True\ndef solve(x): return E()",
        "import builtins\nbuiltins.sorted = None\ndef solve(x): raise SystemExit(0)",
        "def solve(x):\n    import os\n    os._exit(0)",
    ],
)
def test_programs_that_cheat_lose(code):
    with standin.fusion(lies="zero") as server, fusion_box(server) as box:
        outcome = box.run(Asserts(code, TESTS, limits=LIMITS))
    assert outcome.kind in ("ok", "exit")
    assert not passes(outcome)


def test_tests_that_cannot_be_run_are_an_input_fault(box):
    outcome = box.run(Asserts("x = 1", "assert (", limits=LIMITS))
    assert outcome.checks[0]["fault"] == "input"
