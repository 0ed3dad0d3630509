"""A file of lines under kills, half lines, a second writer and a full disk."""

import os
import subprocess
import sys

import pytest

from plaudit.errors import ConfigError, PlauditError
from plaudit.journal import Lines

fcntl = pytest.importorskip("fcntl")

WRITER = """
import sys
from pathlib import Path
from plaudit.journal import Lines

lines = Lines(Path(sys.argv[1]), is_alone=True)
lines._file.write(sys.argv[2].encode())
print("ready", flush=True)
sys.stdin.readline()
while True:
    lines.append(b"%d %s" % (lines.num_lines, b"x" * 3000))
    lines.num_lines += 1
    print(lines.num_lines, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lines.jsonl"


@pytest.fixture
def open_lines(path):
    opened = []

    def make(**options):
        opened.append(Lines(path, **options))
        return opened[-1]

    yield make
    for lines in opened:
        lines.close()


@pytest.fixture
def start(path):
    """Starts processes that hold the file; they write once they are told to."""
    started = []

    def make(half_line=""):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), half_line],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield make
    for process in started:
        process.kill()
        process.communicate()


def test_lines_are_there_for_the_next_who_opens(path, open_lines):
    first = open_lines()
    assert (first.num_lines, first.size, list(first)) == (0, 0, [])
    first.append(b"a")
    first.append(b"")
    first.append("é".encode() * 100_000)
    assert first.size == path.stat().st_size == 200_004
    first.close()
    second = open_lines()
    assert list(second) == [b"a", b"", "é".encode() * 100_000]
    second.append(b"new")
    assert len(list(second)) == 3  # those that were there at first


@pytest.mark.parametrize("half", [b"half", b"x" * (3 << 20)])
def test_a_half_line_is_cut_off(path, open_lines, half):
    path.write_bytes(b"one\ntwo\n" + half)
    lines = open_lines()
    assert (lines.num_lines, lines.size) == (2, 8)
    lines.append(b"three")
    assert path.read_bytes() == b"one\ntwo\nthree\n"


@pytest.mark.parametrize("whole", [b"\n", b"x" * ((1 << 20) - 1) + b"\n\n", b"\n" * (1 << 20)])
def test_an_empty_line_is_whole_wherever_it_is(path, open_lines, whole):
    path.write_bytes(whole + b"half")
    lines = open_lines()
    assert (lines.num_lines, lines.size) == (whole.count(b"\n"), len(whole))


def test_who_does_not_ask_to_be_alone_shares_the_file(path, open_lines):
    first, second = open_lines(), open_lines()
    first.append(b"one")
    second.append(b"two")
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_line_is_seen_by_others_at_once(path, open_lines):
    lines = open_lines()
    with path.open("rb") as other:
        for i in range(5):
            lines.append(b"%d" % i)
            assert other.readline() == b"%d\n" % i


@pytest.mark.parametrize("num_seen", [1, 40, 150])
def test_a_kill_loses_no_line_that_was_written(path, open_lines, start, num_seen):
    process = start()
    process.stdin.write("go\n")
    process.stdin.flush()
    told = [int(process.stdout.readline()) for _ in range(num_seen)]
    process.kill()
    process.wait()
    lines = [*open_lines(is_alone=True)]  # the lock went with its owner
    assert len(lines) >= told[-1]
    assert [line.split()[0] for line in lines] == [b"%d" % i for i in range(len(lines))]
    assert {len(line.split()[1]) for line in lines} == {3000}


def test_a_second_writer_is_refused_and_changes_nothing(path, open_lines, start):
    path.write_bytes(b"one\n")
    start(half_line="under way")
    with pytest.raises(ConfigError, match=r"lines\.jsonl: another run is writing"):
        open_lines(is_alone=True)
    assert path.read_bytes() == b"one\nunder way"


def test_who_fails_to_open_leaves_no_descriptor(path, start):
    start()
    before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    for _ in range(5):
        with pytest.raises(ConfigError):
            Lines(path, is_alone=True)
    if before:
        assert len(os.listdir("/proc/self/fd")) == before


def test_a_full_disk_leaves_whole_lines(path):
    code = """
import resource, sys
from pathlib import Path
from plaudit.errors import PlauditError
from plaudit.journal import Lines

lines = Lines(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
lines.append(b"a" * 60)
try:
    lines.append(b"b" * 60)
except PlauditError as error:
    print(error)
lines.append(b"c" * 20)
lines.close()
"""
    told = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == (
        f"{path}: cannot be written: File too large; the rows written before are kept: mend this"
        " and resume\n"
    )
    assert path.read_bytes() == b"a" * 60 + b"\n" + b"c" * 20 + b"\n"


def test_an_error_of_the_disk_is_one_of_ours(open_lines):
    lines = open_lines()

    class Full:
        def write(self, data):
            raise OSError(28, "No space left on device")

        def truncate(self, size):
            assert size == 0

    kept, lines._file = lines._file, Full()
    with pytest.raises(PlauditError, match="cannot be written: No space left on device"):
        lines.append(b"x")
    lines._file = kept
    assert lines.size == 0


def test_flushed_lines_are_forced_to_the_disk(open_lines, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    lines = open_lines()
    lines.append(b"x")
    lines.flush()
    assert synced == [lines.fileno()]
