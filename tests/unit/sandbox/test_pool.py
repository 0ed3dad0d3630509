"""The pool: how programs end, order, threads, broken slots, and what is left behind."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import pytest

from plaudit.errors import ConfigError
from plaudit.sandbox import Calls, Limits, Program, Sandbox, SandboxUnavailable
from plaudit.sandbox._slot import sweep
from plaudit.sandbox.inside import wire

SHORT = Limits(cpu_s=0.5, wall_s=1.0, memory_mb=128)


@pytest.fixture(scope="module")
def box():
    with Sandbox(slots=2) as box:
        yield box


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("print(1)", "ok"),
        ("import sys; sys.exit(0)", "ok"),
        ("import sys; sys.exit(3)", "exit"),
        ("raise ValueError", "exit"),
        ("def f(:", "exit"),
        ("a\0b", "exit"),
        ("while True: pass", "cpu"),
        ("import time; time.sleep(60)", "wall"),
        ("import signal; signal.pause()", "wall"),
        ("x = bytearray(10**10)", "memory"),
        ("a = []\nwhile True: a.append(bytes(10**6))", "memory"),
        ("print('x' * 20_000_000)", "output"),
        ("import os\nos.fork()", "forbidden"),
        ("import os\nos.kill(os.getpid(), 9)", "exit"),
        ("import os\nos._exit(0)", "ok"),
        ("import socket\nsocket.socket()", "forbidden"),
    ],
)
def test_how_a_program_ends(box, code, kind):
    outcome = box.run(code, limits=SHORT)
    assert outcome.kind == kind, outcome
    assert {"files", "seccomp", "network", "processes"} <= outcome.enforced


def test_cpu_time_decides_and_is_exact(box):
    outcome = box.run("while True: pass", limits=Limits(cpu_s=0.2))
    assert outcome.kind == "cpu"
    assert 0.2 <= outcome.cpu_s < 0.4
    assert outcome.signal == signal.SIGKILL


def test_streams_and_their_caps(box):
    outcome = box.run(
        "import sys\nsys.stdout.write('a' * 3000000)\nprint('e', file=sys.stderr)",
        limits=Limits(output_mb=1),
    )
    assert outcome.kind == "output"
    assert outcome.stdout_truncated
    assert len(outcome.stdout) == 1 << 20
    assert outcome.stderr == b"e\n"


def test_bytes_that_are_no_text(box):
    outcome = box.run("import os\nos.write(1, bytes([255, 0, 65]))")
    assert outcome.stdout == b"\xff\0A"
    assert outcome.text == "\ufffd\0A"


def test_files_of_a_program_and_none_of_the_last_one(box):
    files = {"data/a.txt": b"one"}
    code = "import os\nprint(open('data/a.txt').read())\nopen('left', 'w').write('x')"
    assert box.run(code, files=files).text == "one\n"
    for _ in range(4):
        assert box.run("import os\nprint(os.listdir('.'))").text == "[]\n"


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", ""])
def test_files_must_lie_in_the_directory(box, name):
    with pytest.raises(ConfigError, match="must be in its directory"):
        box.run("print(1)", files={name: b""})
    assert box.run("print(1)").text == "1\n"


def test_calls_stop_where_the_program_stops(box):
    code = "import os\ndef f(x):\n    if x == 2: os._exit(0)\n    return x * 10"
    outcome = box.run(Calls(code, "f", ((0,), (1,), (2,), (3,))))
    assert [reply["r"] for reply in outcome.replies] == [0, 10]
    assert outcome.kind == "ok"  # an exit code proves nothing: two replies of four came


def test_a_lone_surrogate_and_a_byte_order_mark(box):
    assert box.run("print('\udc80')".encode("utf-8", "surrogatepass")).kind == "exit"
    assert box.run("\ufeffprint(2)").text == "2\n"
    assert box.run("print(3)\r\nprint(4)\r\n").text == "3\n4\n"


def test_the_standard_library_is_there_and_the_packages_that_are_allowed():
    with Sandbox(slots=1, packages=()) as box:
        assert box.run("import sqlite3, json, decimal, asyncio, unittest; print(1)").text == "1\n"
        assert "ModuleNotFoundError" in box.run("import numpy").stderr.decode()
        assert "ModuleNotFoundError" in box.run("import plaudit").stderr.decode()


def test_numpy_is_warm_on_request():
    pytest.importorskip("numpy")
    with Sandbox(slots=1, preload=("numpy",)) as box:
        outcome = box.run("import numpy as np\nprint(np.arange(4).sum())")
    assert outcome.text == "6\n"
    assert outcome.cpu_s < 0.1


def test_order_is_kept_while_some_hang(box):
    def works():
        for i in range(60):
            slow = i % 10 == 3
            yield Program(f"print({i})\nwhile {slow}: pass", limits=Limits(cpu_s=0.1))

    outcomes = list(box.run_many(works()))
    assert [outcome.kind == "cpu" for outcome in outcomes] == [i % 10 == 3 for i in range(60)]
    assert [o.text for o in outcomes if o.kind == "ok"] == [
        f"{i}\n" for i in range(60) if i % 10 != 3
    ]


def test_programs_are_read_as_slots_get_free(box):
    read = []

    def works():
        for i in range(1000):
            read.append(i)
            yield Program("pass")

    outcomes = box.run_many(works())
    next(outcomes)
    assert len(read) < 200
    outcomes.close()
    assert box.run("print('usable')").text == "usable\n"


def test_a_batch_within_a_batch(box):
    texts = []
    for outcome in box.run_many(Program(f"print({i})") for i in range(3)):
        texts.append(outcome.text + box.run("print('inner')").text)
    assert texts == ["0\ninner\n", "1\ninner\n", "2\ninner\n"]


def test_from_64_threads(box):
    found = {}

    def go(number):
        found[number] = box.run(f"print({number})").text

    threads = [threading.Thread(target=go, args=(i,)) for i in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: f"{i}\n" for i in range(64)}
    assert len(box.pids()) <= 4


def test_threads_share_the_slots(box):
    """Two sleepers on two slots sleep at the same time: no slot is held by who does not need it."""
    threads = [
        threading.Thread(target=box.run, args=("import time\ntime.sleep(3)",)) for _ in range(2)
    ]
    box.run("pass")
    held = []
    for thread in threads:
        thread.start()
    end = time.monotonic() + 300
    while held != [1, 1] and any(thread.is_alive() for thread in threads):
        assert time.monotonic() < end
        held = [lane.load for lane in box._lanes if lane.owner]
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    assert held == [1, 1]


def test_a_locked_working_directory_is_opened_again(box):
    for _ in range(4):
        box.run("import os\nopen('a', 'w').close()\nos.chmod('.', 0)")
        assert box.run("import os\nprint(os.listdir('.'))").text == "[]\n"


def test_inside_a_running_event_loop(box):
    async def main():
        return await asyncio.gather(
            *(asyncio.to_thread(box.run, f"print({i})") for i in range(8))
        ), box.run("print('blocking')").text

    outcomes, text = asyncio.run(main())
    assert [o.text for o in outcomes] == [f"{i}\n" for i in range(8)]
    assert text == "blocking\n"


def test_a_slot_that_is_killed_is_replaced_and_its_program_tried_again():
    with Sandbox(slots=1) as box:
        box.run("pass")
        (keeper,) = box.pids()
        (spawner,) = Path(f"/proc/{keeper}/task/{keeper}/children").read_text().split()
        threading.Timer(0.3, os.kill, (int(spawner), signal.SIGKILL)).start()
        outcome = box.run("import time\ntime.sleep(2)\nprint('done')")
        assert outcome.text == "done\n"
        assert box.pids() != [keeper]


def test_a_minimum_that_does_not_hold_is_refused():
    with (
        Sandbox(slots=1, minimum=("flying",)) as box,
        pytest.raises(SandboxUnavailable, match=r"cannot enforce 'flying' here \(known: files"),
    ):
        box.run("print(1)")


def test_limits_are_checked():
    with pytest.raises(ConfigError, match="limit cpu_s must be a positive number, found -1"):
        Limits(cpu_s=-1)


def test_an_interpreter_that_is_not_there():
    with (
        Sandbox(slots=1, interpreter="/nowhere/python") as box,
        pytest.raises(ConfigError, match="interpreter '/nowhere/python'"),
    ):
        box.run("print(1)")


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_cpp():
    with Sandbox(slots=1) as box:
        try:
            outcome = box.run("int main() { return 7; }", language="c++")
        except ConfigError as error:
            pytest.skip(str(error))
        assert outcome.exit_code == 7
        broken = box.run("int main() { return x; }", language="cpp")
        assert broken.kind == "compile"
        assert b"not declared" in broken.stderr
        bomb = "#include <unistd.h>\nint main() { for (;;) fork(); }"
        limits = Limits(cpu_s=0.5, wall_s=1.0, processes=8)
        assert box.run(bomb, language="cpp", limits=limits).kind in ("cpu", "wall")
        assert box.run("int main() { }", language="cpp").kind == "ok"


def test_a_language_that_nobody_knows(box):
    with pytest.raises(ConfigError, match="runs no 'cobol'"):
        box.run("x", language="cobol")


def test_kill_of_the_caller_leaves_nothing():
    code = textwrap.dedent(
        """
        import sys
        from plaudit.sandbox import Sandbox, Program, Limits
        box = Sandbox(slots=2)
        box.run("pass")
        print(*box.pids(), flush=True)
        works = [Program("while True: pass", limits=Limits(cpu_s=60)) for _ in range(4)]
        list(box.run_many(works))
        """
    )
    environment = {**os.environ, "TMPDIR": tempfile.mkdtemp()}
    caller = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
    assert caller.stdout is not None
    keepers = [int(pid) for pid in caller.stdout.readline().split()]
    end = time.monotonic() + 300
    below = []
    while len(below) < 2 and time.monotonic() < end:
        time.sleep(0.05)
        below = [int(p) for k in keepers for p in _below(k)]
    assert len(below) >= 2  # a spawner and its program
    caller.kill()
    caller.wait()
    caller.stdout.close()
    end = time.monotonic() + 300
    while time.monotonic() < end and (
        any(_is_alive(pid) for pid in [*keepers, *below]) or os.listdir(environment["TMPDIR"])
    ):
        time.sleep(0.02)
    assert not [pid for pid in [*keepers, *below] if _is_alive(pid)]
    assert os.listdir(environment["TMPDIR"]) == []


def _below(pid):
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [child, *_below(child)]
    return found


def _is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_full_disk_is_nobody_s_fault(monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with Sandbox(slots=1) as box:
        monkeypatch.setattr(tempfile, "mkdtemp", full)
        outcome = box.run("print(1)")
        assert (outcome.kind, outcome.error) == ("sandbox", "[Errno 28] No space left on device")
        monkeypatch.undo()
        assert box.run("print(1)").text == "1\n"


def test_sweep_takes_what_nobody_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stale = tmp_path / "plaudit-slot-stale"
    stale.mkdir()
    (stale / "file").write_text("x")
    with Sandbox(slots=1) as box:
        box.run("pass")
        held = list(tmp_path.iterdir())
        assert stale not in held
        assert len(held) == 1
        assert sweep() == 0
    assert list(tmp_path.iterdir()) == []


SHARES = "import mmap\nm = mmap.mmap(-1, 700 << 20)\nfor i in range(0, len(m), 4096): m[i] = 1"


def test_memory_that_a_program_shares_with_itself_counts():
    with Sandbox(slots=1) as box:
        limits = Limits(memory_mb=256)
        assert box.run(SHARES, limits=limits).kind == "memory"
        assert box.run(SHARES, limits=Limits(memory_mb=1024)).kind == "ok"


def test_a_sleeper_that_works_a_little_ends_at_its_wall_limit(monkeypatch):
    from plaudit.sandbox.inside import kernel, slot

    task = wire.Task(0, 5.0, 1.0, 0, 0, 0, 0, 0, 0, 0, 0, False)
    monkeypatch.setattr(kernel, "load", lambda: 0.1)
    assert slot._overdue(task, 0.1, 0.9) == 0
    assert slot._overdue(task, 0.1, 1.1) == wire.WALL  # 9 %: asleep
    assert slot._overdue(task, 0.9, 1.1) == 0  # it ran all the time
    assert slot._overdue(task, 5.0, 1.1) == wire.CPU
    monkeypatch.setattr(kernel, "load", lambda: 1000.0)
    assert slot._overdue(task, 0.1, 1.1) == 0  # it may have waited for a processor
    assert slot._overdue(task, 0.1, 10.1) == wire.WALL


THREADS = """
import threading, time
threading.stack_size(32768)
for _ in range(20000):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print("all of them")
"""
SHARED = """
import mmap
pages = mmap.mmap(-1, 1500 << 20)
for place in range(0, 1500 << 20, 4096):
    pages[place] = 1
print("all of it")
"""
FILES = """
for number in range(100000):
    open(f"f{number}", "w").close()
print("all of them")
"""
SUM = """
for number in range(30):
    with open(f"f{number}", "wb") as file:
        file.write(bytes(40 << 20))
print("all of it")
"""


@pytest.mark.parametrize(
    ("code", "kind"), [(THREADS, "processes"), (SHARED, "memory"), (FILES, ""), (SUM, "")]
)
def test_what_no_limit_of_the_kernel_counts_is_bounded(code, kind):
    with Sandbox(slots=1) as box:
        outcome = box.run(code, limits=Limits(cpu_s=20))
    assert "all of" not in outcome.text
    assert outcome.kind == kind or not kind
    assert outcome.memory_mb < 1200


def test_many_threads_that_are_honest():
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(64) as pool:\n    print(sum(pool.map(abs, range(-500, 0))))"
    )
    with Sandbox(slots=1) as box:
        assert box.run(code).text == "125250\n"


def test_a_program_that_naps_is_ended_by_its_wall_however_busy_the_machine_is():
    naps = (
        "import time\nwhile True:\n    end = time.thread_time() + 0.008\n"
        "    while time.thread_time() < end: pass\n    time.sleep(0.09)"
    )
    with Sandbox(slots=1) as box:
        outcome = box.run(naps, limits=Limits(cpu_s=30, wall_s=1))
    assert outcome.kind == "wall"
    assert outcome.cpu_s < 1


def test_a_python_program_that_may_start_others_is_refused_by_name():
    with Sandbox(slots=1) as box:
        with pytest.raises(ConfigError, match=r"processes=4: a Python program starts no others"):
            box.run(Program("print(1)", limits=Limits(processes=4)))
        assert box.run(Program("print(1)")).text == "1\n"
