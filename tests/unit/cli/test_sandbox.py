"""`plaudit sandbox` as a user meets it, and the code recipe from file to file."""

import json
import subprocess
import sys

import pytest


def plaudit(*words, stdin=b"", cwd=None):
    argv = [sys.executable, "-m", "plaudit", *map(str, words)]
    return subprocess.run(argv, input=stdin, capture_output=True, cwd=cwd, timeout=600)


def test_run_shows_output_and_figures(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("import sys\nprint(input()[::-1])\nsys.exit(3)")
    (tmp_path / "in.txt").write_text("abc\n")
    done = plaudit("sandbox", "run", path, "--stdin", tmp_path / "in.txt")
    assert (done.returncode, done.stdout) == (3, b"cba\n")
    assert done.stderr.startswith(b"plaudit: exit: ")


def test_run_reads_a_program_from_stdin_and_ends_it(tmp_path):
    done = plaudit("sandbox", "run", "-", "--cpu-s", "0.2", stdin=b"while True: pass")
    assert done.returncode == 1
    assert b"plaudit: cpu (signal 9): 0.2" in done.stderr


def test_run_of_nothing_and_of_an_unknown_language(tmp_path):
    done = plaudit("sandbox", "run", tmp_path / "none.py")
    assert done.returncode == 4
    assert b"No such file" in done.stderr
    done = plaudit("sandbox", "run", "-", "--language", "pyhton")
    assert done.returncode == 2
    assert b"did you mean 'python'" in done.stderr


def test_doctor_tells_every_layer():
    done = plaudit("sandbox", "doctor")
    text = done.stdout.decode()
    for name in ("files", "seccomp", "landlock", "namespaces", "cpp", "javascript"):
        assert name in text
    assert done.returncode == (0 if "default minimum (files, seccomp) is enforced" in text else 1)


def test_selftest_of_some_and_of_an_unknown_name():
    done = plaudit("sandbox", "selftest", "encoding")
    assert done.returncode == 0, done.stdout.decode()
    assert "encoding" in done.stdout.decode()
    done = plaudit("sandbox", "selftest", "no_such_attack")
    assert done.returncode == 2
    assert b"no attack or category no_such_attack" in done.stderr


ROWS = [
    {
        "prompt": 'def twice(x: int) -> int:\n    """Doubles x."""\n',
        "test": "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(3) == 6",
        "entry_point": "twice",
        "responses": ["```python\n    return 2 * x\n```", "```python\n    return x * x\n```"],
    },
    {
        "prompt": "Add two numbers.",
        "test_list": ["assert add(1, 2) == 3", "assert add(0, 0) == 0"],
        "responses": ["def add(a, b): return a + b", "def add(a, b):\n    while True: pass"],
    },
    {
        "prompt": "Print the sum.",
        "tests": [{"input": "1 2", "output": "3"}],
        "responses": ["```python\nprint(sum(map(int, input().split())))\n```", "I cannot."],
    },
]


@pytest.fixture
def scored(tmp_path):
    lines = [json.dumps(row) for row in ROWS]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines) + "\n")
    words = ("score", "rows.jsonl", "--recipe", "code", "--set", "cpu_s=1", "--output", "out.jsonl")
    return words, plaudit(*words, cwd=tmp_path), tmp_path


def test_the_code_recipe_reads_published_rows_and_resumes(scored):
    words, done, folder = scored
    assert done.returncode == 0, done.stderr.decode()
    first = (folder / "out.jsonl").read_bytes()
    rows = [json.loads(line) for line in first.splitlines()]
    assert [row["reward"] for row in rows] == [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]
    assert b"response fault: out of CPU time" in done.stdout + done.stderr
    again = plaudit(*words, "--resume", cwd=folder)
    assert again.returncode == 0, again.stderr.decode()
    assert (folder / "out.jsonl").read_bytes() == first
