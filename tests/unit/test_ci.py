"""Which slow tests CI runs for a change."""

import importlib.util
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def slow():
    spec = importlib.util.spec_from_file_location("slow", ROOT / ".ci" / "slow.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("path", "test"),
    [
        ("src/plaudit/sandbox/inside/slot.py", "tests/e2e/test_attacks.py"),
        ("src/plaudit/models/armorm.py", "tests/contract/test_models.py"),
        ("src/plaudit/engines/hf.py", "tests/unit/engines"),
        ("src/plaudit/rules/math.py", "tests/contract/test_growth.py"),
        ("src/plaudit/judges/odds.py", "tests/unit/judges"),
        ("tests/unit/rules/test_math.py", "tests/unit/rules/test_math.py"),
        ("src/plaudit/types.py", "tests"),
        ("src/plaudit/new_folder/new.py", "tests"),
        ("constraints.txt", "tests"),
    ],
)
def test_a_change_runs_what_it_may_break(slow, path, test):
    assert test in slow.broken_by(path)


@pytest.mark.parametrize("path", ["docs/rules.md", "README.zh.md", "benchmarks/results/probe.json"])
def test_a_page_breaks_nothing_slow(slow, path):
    assert slow.broken_by(path) == ()


def test_every_folder_of_the_table_is_there(slow):
    for place in slow.BREAKS:
        assert (ROOT / place).exists(), place


def test_the_script_runs():
    done = subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], capture_output=True)
    assert done.returncode == 0
