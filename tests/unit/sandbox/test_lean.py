"""Forks that touch few pages: the calls against Python's own, and what they save, by count."""

import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from plaudit.sandbox import Calls, Limits, Program, Sandbox
from plaudit.sandbox.inside import lean

MOST_FAULTS = 400  # of a program's process
SIMPLE = Calls("def double(x):\n    return 2 * x\n", "double", ((1,), ([2.5],)))


def run_alone(code):
    """What code prints in an interpreter of its own, with `lean` imported."""
    text = "import os, gc\nfrom plaudit.sandbox.inside import lean\n" + textwrap.dedent(code)
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split()


def test_a_fork_is_a_process_with_its_own_copy():
    out = run_alone("""
        box = [1]
        reader, writer = os.pipe()
        pid = lean.fork()
        if pid == 0:
            box.append(2)
            os.write(writer, f"{os.getpid()} {os.getppid()} {box}".encode())
            os._exit(7)
        print(os.waitstatus_to_exitcode(lean.wait(pid)[0]), pid, os.getpid(), [1])
        print(os.read(reader, 100).decode(), box)
        """)
    assert out[0] == "7"
    assert out[1:3] == out[4:6]  # pid and parent, as both see them
    assert out[6:] == ["[1,", "2]", "[1]"]


def test_with_other_threads_it_is_pythons_fork(monkeypatch):
    monkeypatch.setattr(os, "fork", lambda: 5)
    ready, done = threading.Event(), threading.Event()
    other = threading.Thread(target=lambda: (ready.set(), done.wait()))
    other.start()
    ready.wait()
    try:
        assert lean.fork() == 5
    finally:
        done.set()
        other.join()


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 9)", "os._exit(0)"])
def test_wait_gives_what_wait4_gives(end):
    act = "sum(range(4_000_000)); bytearray(b'1' * 30_000_000);" + end
    child = [sys.executable, "-c", "import os;" + act]
    theirs = os.wait4(os.posix_spawn(sys.executable, child, os.environ), 0)
    status, cpu_s, memory = lean.wait(os.posix_spawn(sys.executable, child, os.environ))
    assert status == theirs[1]
    assert 0.01 < cpu_s < 60
    assert memory == pytest.approx(theirs[2].ru_maxrss, rel=0.1)


def test_wait_agrees_with_the_kernels_sum_over_children():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = [sys.executable, "-c", "sum(range(3_000_000))"]
    _, cpu_s, _ = lean.wait(os.posix_spawn(sys.executable, child, os.environ))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert cpu_s == pytest.approx(total, abs=1e-4)


def test_wait_refuses_who_is_no_child():
    with pytest.raises(ChildProcessError):
        lean.wait(os.getpid())


def test_pages_keep_their_protection():
    out = run_alone("""
        def pages():
            lines = [line.split() for line in open("/proc/self/maps") if ".so" in line]
            spans = [(map(lambda end: int(end, 16), line[0].split("-")), line) for line in lines]
            return {page: (line[1], line[-1]) for span, line in spans
                    for page in range(*span, 4096)}
        before = pages()
        count = lean.share_libraries()
        print(count >= 2, before == pages(), any(way[:3] == "rwx" for way, _ in pages().values()))
        """)
    assert out == ["True", "True", "False"]


COUNT = """
    def faults():
        pid = os.fork()
        if pid == 0:
            compile("def f(a, b):\\n    return [a + i for i in b]\\n" * 5, "x", "exec")
            os._exit(0)
        return os.wait4(pid, 0)[2].ru_minflt
    import ast, inspect, json, typing, decimal, asyncio
    compile("def f(a, b):\\n    return [a + i for i in b]\\n" * 5, "x", "exec")
    gc.collect(); gc.freeze()
    faults()
    before = min(faults() for _ in range(5))
"""


@pytest.mark.parametrize(("act", "least"), [("share_libraries", 20), ("fill_holes", 10)])
def test_a_fork_then_touches_fewer_pages(act, least):
    before, after = run_alone(
        textwrap.dedent(COUNT) + f"lean.{act}()\nprint(before, min(faults() for _ in range(5)))"
    )
    assert int(after) <= int(before) - least


def test_after_filling_small_blocks_lie_in_a_row():
    (share,) = run_alone("""
        import ast, inspect, typing, decimal
        lean.fill_holes()
        places = [id(each) for each in [object() for _ in range(200)]]
        steps = [b - a for a, b in zip(places, places[1:])]
        print(steps.count(16) / len(steps))
        """)
    assert float(share) > 0.9


def test_filling_twice_takes_next_to_nothing_more():
    first, second = run_alone("""
        import resource
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        lean.fill_holes()
        once = peak()
        lean.fill_holes()
        print(once, peak())
        """)
    assert int(second) - int(first) < 1024


# --- in a slot ------------------------------------------------------------------------------------


def counters(pid):
    """Minor page faults of a process, and of the children it has waited for; proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[7]), int(fields[8])


@pytest.mark.parametrize("work", [SIMPLE, Program("print(sum(map(int, input().split())))", "1 2")])
def test_a_program_touches_few_pages(work):
    with Sandbox(slots=1) as box:
        for _ in range(20):
            assert box.run(work).kind == "ok"
        (keeper,) = box.pids()
        (spawner,) = Path(f"/proc/{keeper}/task/{keeper}/children").read_text().split()
        own, children = counters(spawner)
        for _ in range(20):
            box.run(work)
        after = counters(spawner)
    assert 0 < (after[1] - children) / 20 <= MOST_FAULTS
    assert (after[0] - own) / 20 <= MOST_FAULTS / 2


def test_limits_belong_to_one_program_though_tasks_look_alike():
    code = "import resource\nprint(*[resource.getrlimit(n)[0] for n in (resource.RLIMIT_NOFILE,"
    code += " resource.RLIMIT_FSIZE, resource.RLIMIT_CPU)])"
    with Sandbox(slots=1) as box:
        for files, mib, cpu in [(32, 1, 3), (32, 1, 3), (64, 1, 3), (32, 20, 3), (32, 1, 9)]:
            limits = Limits(open_files=files, file_mb=mib, output_mb=0.5, cpu_s=cpu)
            for padding in ("", "#" * 5000):
                outcome = box.run(code + padding, limits=limits)
                assert outcome.text == f"{files} {mib << 20} {cpu + 2}\n", outcome


ENDS = {
    "import threading, time\ndef late():\n    time.sleep(0.1)\n    print('late')\n"
    "threading.Thread(target=late).start()\nprint('x')": "x\nlate\n",
    "import atexit, threading\natexit.register(lambda: print(threading.main_thread().is_alive()))"
    "\nprint('x')": "x\nFalse\n",
    "from concurrent.futures import ThreadPoolExecutor as Pool\npool = Pool(2)\n"
    "pool.submit(lambda: print('in'))": "in\n",
    "import threading\nprint(threading.main_thread().native_id == threading.get_native_id())":
        "True\n",
    "import sys\nsys.stdout.write('no end of line')": "no end of line",
    "import threading\nprint(threading.enumerate() == [threading.main_thread()])": "True\n",
    "import signal, os, time\ntry:\n    os.kill(os.getpid(), signal.SIGINT); time.sleep(1)\n"
    "except KeyboardInterrupt:\n    print('interrupted')": "interrupted\n",
}  # fmt: skip


KEEPS_LOGS = """
import logging.handlers, sys
target = logging.StreamHandler(sys.stdout)
logging.getLogger().addHandler(logging.handlers.MemoryHandler(100, target=target))
logging.warning("kept until the end")
"""


@pytest.mark.parametrize("preload", [(), ("logging",)])
def test_logs_that_a_handler_keeps_are_written_at_the_end(preload):
    with Sandbox(slots=1, preload=preload) as box:
        assert box.run(KEEPS_LOGS).text == "kept until the end\n"


def test_programs_begin_and_end_as_in_an_interpreter_of_their_own():
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # which a slot would inherit
    try:
        with Sandbox(slots=1) as box:
            for code, text in ENDS.items():
                assert box.run(code).text == text, code
    finally:
        signal.signal(signal.SIGINT, handler)
