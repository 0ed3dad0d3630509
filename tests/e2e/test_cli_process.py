"""What only a process of its own can show: imports, signals, pipes, encodings, full disks."""

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAVY = ("torch", "transformers", "sympy", "numpy", "pandas", "pyarrow", "datasets", "yaml")
PLAUDIT = [sys.executable, "-m", "plaudit"]
LENGTH = ["--reward", "rules.baseline.length", "--workers", "0"]
WAIT_S = 600


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [{"prompt": f"question {i}", "response": "六" * i} for i in range(2000)]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    Path("in.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    Path("slow_rules.py").write_text(
        "import os, time\n\n\n"
        "def slow(response: str) -> float:\n"
        "    time.sleep(0.02)\n"
        "    return 1.0\n\n\n"
        "def halting(response: str) -> float:\n"
        "    while len(response) >= 100 and not os.path.exists('go'):\n"
        "        time.sleep(0.01)\n"
        "    return 1.0\n\n\n"
        "def stuck(response: str) -> float:\n"
        "    while True:\n"
        "        pass\n"
    )
    return tmp_path


def run(*words, **options):
    return subprocess.run(
        [*PLAUDIT, *words], capture_output=True, timeout=WAIT_S, check=False, **options
    )


@pytest.mark.parametrize("words", [["--help"], ["score", "--help"], ["--version"], ["scroe"]])
def test_help_loads_nothing_heavy(words):
    code = (
        "import sys; sys.argv = ['plaudit', *sys.argv[1:]]\n"
        "from plaudit.cli import main\n"
        "try: main()\n"
        f"finally: print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1] == "[]"


def test_a_full_disk_is_code_4():
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*PLAUDIT, "score", "in.jsonl", *LENGTH, "-o", "-"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=WAIT_S,
            check=False,
        )
    assert done.returncode == 4
    assert done.stderr.splitlines()[0] == "plaudit: No space left on device"


def test_a_reader_that_went_away_is_no_traceback():
    with subprocess.Popen(
        [*PLAUDIT, "score", "in.jsonl", *LENGTH, "-o", "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()
    assert b"Traceback" not in told
    assert process.returncode != 0


def test_an_unreadable_input_is_code_2():
    Path("secret.jsonl").write_text("{}\n")
    Path("secret.jsonl").chmod(0)
    if os.access("secret.jsonl", os.R_OK):
        pytest.skip("root may read everything")
    done = run("score", "secret.jsonl", *LENGTH)
    assert done.returncode == 2
    assert b"cannot be read" in done.stderr


def test_a_terminal_without_unicode_gets_escapes():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = run("explain", "in.jsonl:3", *LENGTH[:2], env=environment)
    assert done.returncode == 0
    assert b"\\u516d\\u516d" in done.stdout


def test_progress_is_plain_lines_where_there_is_no_terminal():
    done = run("score", "in.jsonl", *LENGTH, "-o", "out.jsonl")
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout + done.stderr


# --- at a terminal --------------------------------------------------------------------------------

pty = pytest.importorskip("pty") if sys.platform != "win32" else None


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, *words):
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, [*PLAUDIT, *words], {**os.environ, "TERM": "xterm"})
        self.shown = b""

    def wait_for(self, text):
        """Reads until the text is shown."""
        while text not in self.shown and self._read():
            pass
        assert text in self.shown, self.shown[-2000:]

    def press(self, keys):
        """Types."""
        os.write(self._fd, keys)

    def end(self):
        """Reads to the end; the exit code."""
        while self._read():
            pass
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self):
        ready = select.select([self._fd], [], [], WAIT_S)[0]
        try:
            data = os.read(self._fd, 1 << 16) if ready else b""
        except OSError:  # the other end is closed
            data = b""
        self.shown += data
        return bool(data)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_ctrl_c_keeps_what_is_written_and_resume_goes_on(workers):
    words = ["score", "in.jsonl", "--reward", "slow_rules:halting", "--workers", workers]
    words += ["-o", "out.jsonl", "--limit", "150", "--deadline-s", "600"]
    terminal = Terminal(*words)
    terminal.wait_for(b"of 150 rows")
    terminal.press(b"\x03")
    assert terminal.end() == 130
    assert b"--resume continues" in terminal.shown
    assert b"Traceback" not in terminal.shown
    kept = Path("out.jsonl.partial.jsonl").read_bytes().count(b"\n")
    assert 0 < kept < 150
    Path("go").touch()
    done = run(*words, "--resume")
    assert done.returncode == 0
    assert f"{kept:,} of them before".encode() in done.stdout
    assert Path("out.jsonl").read_bytes().count(b"\n") == 150


def test_ctrl_c_ends_a_rule_that_never_returns():
    words = ["score", "in.jsonl", "--reward", "slow_rules:stuck", "-o", "out.jsonl"]
    terminal = Terminal(*words)
    terminal.wait_for(b"%")
    time.sleep(1)
    terminal.press(b"\x03")
    assert terminal.end() == 130
    assert b"interrupted after 0 rows" in terminal.shown


def test_a_bar_with_rate_and_time_left_and_nothing_of_it_afterwards():
    words = ["score", "in.jsonl", "--reward", "slow_rules:slow", "--limit", "60"]
    terminal = Terminal(*words)
    assert terminal.end() == 0
    assert b"rows/s" in terminal.shown
    assert b"of 60 rows" in terminal.shown
    assert b" left" in terminal.shown
