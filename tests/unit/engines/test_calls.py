"""The journal of paid calls: what is filed comes back, also after kills, in threads and forks."""

import json
import math
import os
import random
import subprocess
import sys
import threading
import time

import pytest

from plaudit.engines import calls as module
from plaudit.engines.calls import CallJournal
from plaudit.engines.chat import Call, Reply, Sampling, Token, Usage
from plaudit.errors import ConfigError, PlauditError

CALL = Call(({"role": "user", "content": "hi"},), Sampling(temperature=0.5), index=2, template="t")
FULL = Reply(
    "so [[A]]",
    "length",
    (Token("so", -0.25, {"so": -0.25, "no": -9999.0}), Token(" [[", -0.5)),
    Usage(10, 3, 4),
    0.125,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "OUT.calls.jsonl"


@pytest.fixture
def opened(path):
    made = []

    def make(where=path, **options):
        made.append(CallJournal(where, **options))
        return made[-1]

    yield make
    for calls in made:
        calls.close()


def content(reply):
    return (reply.text, reply.finish_reason, reply.tokens, reply.usage)


TEXTS = ["", "[[A]]", "总体打分:5\n", "\ud800 [[B]] \udfff", 'nul\x00 \u2028 \\ "', "x" * 100_000]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_comes_back_from_the_file(opened, text):
    first = opened()
    for i in range(3):
        first.put(f"k{i}", CALL, Reply(f"{i}{text}"), "m")
        assert first.get(f"k{i}").text == f"{i}{text}"
    first.close()
    second = opened()
    assert [second.get(f"k{i}").text for i in range(3)] == [f"{i}{text}" for i in range(3)]
    assert len(second) == 3


def test_all_of_a_reply_comes_back_marked_as_recorded(opened):
    opened().put("k", CALL, FULL, "m", "fp_1")
    back = opened(is_read_only=True).get("k")
    assert (content(back), back.latency_s) == (content(FULL), 0.125)
    assert (back.is_recorded, back.error, back.fault) == (True, None, None)


def test_a_refusal_and_a_reply_without_times_come_back(opened):
    calls = opened()
    calls.put("k", CALL, Reply(None, "content_filter"), "m")
    back = calls.get("k")
    assert (back.text, back.finish_reason, back.error) == (None, "content_filter", None)
    assert math.isnan(back.latency_s)


def test_a_line_tells_what_made_it(opened, path):
    before = time.time()
    opened().put("abc", CALL, FULL, "judge", "fp_1")
    told = json.loads(path.read_text())
    assert before - 1 < told.pop("at") < time.time() + 1
    assert told == {
        "key": "abc", "model": "judge", "template": "t", "index": 2, "temperature": 0.5,
        "text": "so [[A]]", "finish_reason": "length",
        "tokens": [["so", -0.25, {"so": -0.25, "no": -9999.0}], [" [[", -0.5, {}]],
        "usage": [10, 3, 4], "latency_s": 0.125, "fingerprint": "fp_1",
    }  # fmt: skip


def test_surrogates_in_tokens_come_back(opened):
    reply = Reply("\ud800", "stop", (Token("\ud800", -0.5, {"\udfff": -2.0}),))
    calls = opened()
    calls.put("k", CALL, reply, "m")
    assert content(calls.get("k")) == content(reply)


def test_without_a_path_replies_stay_in_memory():
    calls = CallJournal()
    calls.put("k", CALL, FULL, "m")
    assert content(calls.get("k")) == content(FULL)
    assert calls.get("k").is_recorded
    assert (calls.get("other"), len(calls)) == (None, 1)


def test_the_newest_reply_of_a_key_counts(opened):
    calls = opened()
    calls.put("k", CALL, Reply("old"), "m")
    calls.put("k", CALL, Reply("new"), "m")
    assert calls.get("k").text == "new"
    assert opened(is_read_only=True).get("k").text == "new"


def test_another_reader_sees_a_line_as_soon_as_it_is_put(opened, path):
    calls = opened()
    for i in range(4):
        calls.put(f"k{i}", CALL, Reply(str(i)), "m")
        reader = opened(is_read_only=True)
        assert (reader.get(f"k{i}").text, len(reader)) == (str(i), i + 1)


def test_a_half_line_is_left_out_and_cut_off(opened, path):
    calls = opened()
    calls.put("k0", CALL, Reply("zero"), "m")
    calls.close()
    with path.open("ab") as file:
        file.write(b'{"key":"k1","text":"on')
    reader = opened(is_read_only=True)
    assert (len(reader), reader.get("k1")) == (1, None)
    assert path.read_bytes().endswith(b'"on')  # who only reads changes nothing
    again = opened()
    again.put("k2", CALL, Reply("two"), "m")
    assert [again.get(f"k{i}") and again.get(f"k{i}").text for i in range(3)] == [
        "zero", None, "two",
    ]  # fmt: skip
    assert all(json.loads(line) for line in path.read_text().splitlines())


@pytest.mark.parametrize(
    "line", [b"hello", b'{"prompt": "x"}', b'{"key":"', b'{"key":"a', b"", b"\x00" * 50]
)
def test_a_file_of_something_else_is_refused_and_left_alone(opened, path, line):
    good = b'{"key":"a","text":"x"}\n'
    path.write_bytes(good + line + b"\n")
    for options in ({}, {"is_read_only": True}):
        with pytest.raises(ConfigError, match=r"OUT\.calls\.jsonl:2: not a line of a journal"):
            opened(**options)
    assert path.read_bytes() == good + line + b"\n"
    path.write_bytes(good)
    assert opened().get("a").text == "x"  # the lock was let go


def test_places_that_cannot_be(opened, path, tmp_path):
    with pytest.raises(ConfigError, match="no journal of calls"):
        opened(is_read_only=True)
    for bad in (tmp_path, tmp_path / "no" / "such"):
        with pytest.raises(ConfigError, match="cannot be written"):
            opened(bad)


def test_a_file_belongs_to_one_process(opened, path):
    code = """
import sys
from plaudit.engines.calls import CallJournal
from plaudit.engines.chat import Call, Reply

calls = CallJournal(sys.argv[1])
calls.put("k", Call(()), Reply("theirs"), "m")
print("ready", flush=True)
sys.stdin.read()
"""
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert other.stdout.readline() == "ready\n"
        with pytest.raises(ConfigError, match="another run is writing this journal"):
            opened()
        assert opened(is_read_only=True).get("k").text == "theirs"
    finally:
        other.kill()
        other.communicate()
    assert opened().get("k").text == "theirs"


def test_what_could_not_be_written_is_not_filed(opened, monkeypatch):
    calls = opened()
    calls.put("k0", CALL, Reply("zero"), "m")

    def full(line):
        raise PlauditError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(calls._lines, "append", full)
        with pytest.raises(PlauditError, match="disk full"):
            calls.put("k1", CALL, Reply("one"), "m")
    assert (calls.get("k1"), len(calls)) == (None, 1)
    calls.put("k1", CALL, Reply("one"), "m")
    assert [calls.get(key).text for key in ("k0", "k1")] == ["zero", "one"]


def test_lines_are_forced_to_the_disk_within_a_moment_and_not_one_by_one(opened, monkeypatch):
    synced = threading.Event()
    counts = []

    def fsync(descriptor):
        counts.append(descriptor)
        synced.set()

    monkeypatch.setattr(module, "_SYNC_S", 0.05)
    monkeypatch.setattr(os, "fsync", fsync)
    calls = opened()
    for i in range(100):
        calls.put(f"k{i}", CALL, Reply("x"), "m")
    assert synced.wait(5)
    assert len(counts) < 20


def test_a_closed_journal_still_answers_and_files_in_memory(opened, path):
    calls = opened()
    calls.put("k0", CALL, Reply("zero"), "m")
    calls.close()
    size = path.stat().st_size
    calls.put("k1", CALL, Reply("one"), "m")
    assert [calls.get(f"k{i}").text for i in range(2)] == ["zero", "one"]
    assert path.stat().st_size == size


def test_threads_write_whole_lines_and_read_their_own(opened, path):
    calls, wrong = opened(), []

    def work(seed):
        rng = random.Random(seed)
        for i in range(60):
            text = "x" * rng.randrange(5000) + f"{seed}-{i}"
            calls.put(f"{seed}-{i}", CALL, Reply(text), "m")
            j = rng.randrange(i + 1)
            if not calls.get(f"{seed}-{j}").text.endswith(f"{seed}-{j}"):
                wrong.append((seed, j))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert (wrong, len(calls)) == ([], 360)
    assert len({json.loads(line)["key"] for line in path.read_text().splitlines()}) == 360


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_reads_the_file_and_writes_into_memory(path):
    code = """
import os, sys
from plaudit.engines.calls import CallJournal
from plaudit.engines.chat import Call, Reply

calls = CallJournal(sys.argv[1])
for i in range(200):
    calls.put(f"k{i}", Call(()), Reply(f"{i} " * (i + 1)), "m")
calls._lock.acquire()  # as another thread may hold it at this moment
pid = os.fork()
if pid == 0:
    calls.put("mine", Call(()), Reply("mine"), "m")
    assert calls.get("mine").text == "mine"
else:
    calls._lock.release()
for _ in range(10):  # both at once, from the same file
    for i in range(200):
        assert calls.get(f"k{i}").text == f"{i} " * (i + 1), i
if pid == 0:
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert calls.get("mine") is None
calls.put("k200", Call(()), Reply("x"), "m")
calls.close()
"""
    told = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60
    )
    # a process with threads that forks is warned of by Python 3.12 and later
    said = [x for x in told.stderr.splitlines() if "multi-threaded" not in x and "fork()" not in x]
    assert (told.returncode, said) == (0, [])
    keys = [json.loads(line)["key"] for line in path.read_text().splitlines()]
    assert keys == [f"k{i}" for i in range(201)]
