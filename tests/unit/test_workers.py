"""Deadlines that hold: killed hangs, honest blame, no process left."""

import asyncio
import contextlib
import functools
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from plaudit.errors import EngineError
from plaudit.workers import Pool


@pytest.fixture(params=[False, True], ids=["exec", "fork"])
def new_pool(request):
    """Makes pools of either kind: each worker exec'd, or forked by a nursery."""
    return functools.partial(Pool, forks=request.param)


HANG = "9**9**9**9"  # holds the GIL for longer than anybody waits


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_answers_come_back(new_pool):
    with new_pool("builtins:len") as pool:
        assert pool.call("abc").value == 3
        assert pool.call([1] * 10).value == 10


def test_an_error_of_the_target_is_carried(new_pool):
    with new_pool("builtins:int") as pool:
        outcome = pool.call("x")
        assert outcome.status == "error"
        assert isinstance(outcome.error, ValueError)
        assert pool.call("7").value == 7


def test_a_gil_holding_hang_is_killed_and_blamed(cpu_machine, new_pool):
    with new_pool("builtins:eval", deadline_s=0.5) as pool:
        assert pool.call("1").value == 1
        assert pool.call(HANG).status == "timeout"
        assert pool.call("2").value == 2


def test_a_job_that_sleeps_is_stalled_not_blamed(new_pool):
    with new_pool("time:sleep", deadline_s=0.05) as pool:
        assert pool.call(3000).status == "stalled"


# --- a machine that is busy with other things -----------------------------------------------------


@pytest.mark.parametrize("share", [1.0, 0.8, 0.5, 0.45, 0.44, 0.3, 0.1, 0.01, 0.0])
@pytest.mark.parametrize("limit", [0.5, 5.0, 60.0])
def test_a_job_without_end_takes_three_deadlines_at_most(busy_machine, share, limit):
    machine = busy_machine(share)
    with Pool("time:sleep", deadline_s=limit) as pool:
        outcome = pool.call(3000)
    (elapsed_s,) = machine.elapsed_s.values()
    assert elapsed_s <= 3 * limit + 1e-6
    assert outcome.status == ("timeout" if 1.8 * share >= 0.8 else "stalled")
    if outcome.status == "timeout":
        assert outcome.cpu_s >= 0.8 * limit - 1e-6


@pytest.mark.parametrize(
    ("share", "needs_s", "elapsed_s"),
    [(1.0, 3.0, 3.0), (0.5, 2.0, 4.0), (0.5, 3.0, 11.0), (0.35, 3.0, 5 + 3 / 0.35)],
)
def test_an_honest_job_is_done_though_the_machine_is_busy(busy_machine, share, needs_s, elapsed_s):
    machine = busy_machine(share, needs_s=needs_s)
    with Pool("builtins:len", deadline_s=5.0) as pool:
        assert pool.call("abc").value == 3
    assert list(machine.elapsed_s.values()) == [pytest.approx(elapsed_s)]


@pytest.mark.parametrize("share", [0.7, 0.4, 0.2, 0.1, 0.01, 0.0])
@pytest.mark.parametrize("needs_s", [0.05, 1.0, 3.9])
def test_an_honest_job_is_never_blamed(busy_machine, share, needs_s):
    busy_machine(share, needs_s=needs_s)
    with Pool("builtins:len", deadline_s=5.0) as pool:
        assert pool.call("abc").status in ("ok", "stalled")


@pytest.mark.parametrize(
    ("share", "limit", "status", "deadlines"),
    [(0.2, 5.0, "timeout", 1), (0.12, 5.0, "timeout", 2.8), (0.05, 5.0, "stalled", 2.8),
     (0.5, 0.5, "timeout", 2.8), (0.3, 0.5, "stalled", 2.8)],
)  # fmt: skip
def test_a_pool_of_short_jobs_blames_earlier_but_never_below_its_seconds(
    busy_machine, share, limit, status, deadlines
):
    machine = busy_machine(share)
    with Pool("time:sleep", deadline_s=limit, blamed_s=0.999) as pool:
        assert pool.call(3000).status == status
    assert list(machine.elapsed_s.values()) == [pytest.approx(deadlines * limit)]


def test_who_was_late_before_has_the_second_try_left(busy_machine):
    machine = busy_machine(0.1)
    with Pool("time:sleep", deadline_s=5.0) as pool:
        assert pool.call(3000, was_late=True).status == "stalled"
        assert pool.call(3000, try_again=False).status == "stalled"
    assert list(machine.elapsed_s.values()) == [pytest.approx(9.0 + 5.0)]


def test_several_suspects_run_side_by_side(busy_machine):
    """Four jobs meet in their second try: none waits until another's is over."""
    machine, meeting = busy_machine(0.1), threading.Barrier(4, timeout=300)
    wait, began = machine.readable, threading.local()

    def readable(fd, timeout_s):
        if timeout_s < 1 and not hasattr(began, "second"):
            began.second = meeting.wait()
        return wait(fd, timeout_s)

    machine.readable = readable
    with Pool("time:sleep", size=4, deadline_s=5.0) as pool:
        threads = [threading.Thread(target=pool.call, args=(3000,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not meeting.broken
    assert list(machine.elapsed_s.values()) == [pytest.approx(14.0)] * 4


# --- the process ----------------------------------------------------------------------------------


def test_a_job_that_kills_its_process_has_crashed(new_pool):
    with new_pool("os:_exit") as pool:
        assert pool.call(3).status == "crashed"


def test_printing_does_not_corrupt_the_answers(new_pool):
    with new_pool("builtins:eval") as pool:
        assert pool.call("print('noise') or 5").value == 5


def test_a_target_that_does_not_import_says_so(new_pool):
    with new_pool("no_such_module:f") as pool, pytest.raises(EngineError, match="no_such_module"):
        pool.call(1)


def test_an_answer_that_does_not_pickle_is_an_error(new_pool):
    with new_pool("builtins:eval") as pool:
        assert pool.call("lambda: 1").status == "error"


def test_memory_is_capped(new_pool):
    with new_pool("builtins:bytearray", memory_mb=512) as pool:
        assert isinstance(pool.call(2 << 30).error, MemoryError)


def test_works_in_threads_and_in_a_running_loop_and_keeps_the_callers_alarm(new_pool):
    with new_pool("builtins:len", size=2) as pool:
        got = []
        threads = [threading.Thread(target=lambda: got.append(pool.call("ab"))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [outcome.value for outcome in got] == [2] * 8

        async def inside():
            return pool.call("abcd").value

        fired = []
        before = signal.signal(signal.SIGALRM, lambda *_: fired.append(True))
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        assert asyncio.run(inside()) == 4
        time.sleep(0.4)
        signal.signal(signal.SIGALRM, before)
        assert fired == [True]


def test_close_leaves_no_process(new_pool):
    pool = new_pool("builtins:eval", size=1)
    pid = pool.call("__import__('os').getpid()").value
    pool.close()
    assert not _exists(pid)


FORKS = pytest.mark.parametrize("forks", [False, True])


@FORKS
@pytest.mark.parametrize("job", ["1", "9**9**9**9"])
def test_no_worker_survives_a_killed_parent(job, forks):
    script = (
        "import sys, threading, time; from plaudit.workers import Pool\n"
        f"pool = Pool('builtins:eval', deadline_s=1, forks={forks})\n"
        "print(pool.call(\"__import__('os').getpid()\").value, flush=True)\n"
        f"threading.Thread(target=pool.call, args=({job!r},), daemon=True).start()\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        time.sleep(0.2)
        parent.kill()
    end = time.monotonic() + 300
    while _exists(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _exists(pid)


def test_closing_from_another_thread_ends_a_job_at_once(new_pool):
    pool, got = new_pool("builtins:eval", deadline_s=10_000), []

    def ask():
        try:
            got.append(pool.call(HANG))
        except EngineError as error:
            got.append(str(error))

    pid = pool.call("__import__('os').getpid()").value
    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.2)
    pool.close()
    thread.join(timeout=300)
    assert got == ["the pool of workers was closed"]
    assert not _exists(pid)


def test_a_closed_pool_can_be_used_again(new_pool):
    pool = new_pool("builtins:len", size=2)
    for _ in range(3):
        assert pool.call("ab").value == 2
        pool.close()
        pool.close()


def test_a_worker_that_dies_while_it_starts_says_so(new_pool):
    with new_pool("os:_exit", setup=7) as pool:
        for _ in range(2):
            with pytest.raises(EngineError, match="did not start: it ended with exit code 7"):
                pool.call(1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@FORKS
def test_a_forked_child_has_workers_of_its_own(forks):
    script = (
        "import os; from plaudit.workers import Pool\n"
        f"pool = Pool('builtins:eval', forks={forks}); ask = \"__import__('os').getpid()\"\n"
        "mine = pool.call(ask).value\n"
        "if (child := os.fork()) == 0:\n"
        "    other = pool.call(ask).value\n"
        "    pool.close()\n"
        "    os._exit(0 if other != mine else 1)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), pool.call(ask).value == mine)\n"
    )
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (told.stdout, told.stderr) == ("0 True\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux alone")
def test_a_nursery_sets_up_once_and_replaces_what_it_forked(cpu_machine, tmp_path, monkeypatch):
    (tmp_path / "costly_target.py").write_text(
        "import os\n"
        "def setup(path):\n"
        "    with open(path, 'a') as log:\n"
        "        log.write('x')\n"
        "    return lambda job: eval(job)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    log = tmp_path / "log"
    with Pool("costly_target:setup", setup=str(log), size=2, deadline_s=0.2, forks=True) as pool:
        pids = {pool.call("os.getpid()", deadline_s=60).value}
        for job, status in ((HANG, "timeout"), ("os._exit(3)", "crashed")):
            assert pool.call(job).status == status
            pids.add(pool.call("os.getpid()", deadline_s=60).value)
        assert len(pids) == 3
        (parent,) = {pool.call("os.getppid()", deadline_s=60).value for _ in range(3)}
        assert parent != os.getpid()
        assert log.read_text() == "x"
    assert not any(map(_exists, [*pids, parent]))


@pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux alone")
def test_a_nursery_that_was_killed_is_replaced():
    with Pool("builtins:eval", forks=True) as pool:
        os.kill(pool.call("__import__('os').getppid()").value, signal.SIGKILL)
        outcomes = []
        for code in (
            "__import__('os')._exit(3)",
            "1",
            "1",
        ):  # its death may come to light in a call
            with contextlib.suppress(EngineError):
                outcomes.append(pool.call(code).value)
        assert outcomes[-1] == 1
