"""The built-in attacks under every condition that this user can enter; one of each kind in a hurry.

CPU time decides the verdicts, so that several runs on two cores change none of them.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from plaudit.sandbox import conditions, selftest

MANY = 120
SELFTEST = [sys.executable, "-m", "plaudit", "sandbox", "selftest"]


def test_there_are_enough_of_them():
    suite = selftest.categories()
    names = [attack.name for attacks in suite.values() for attack in attacks]
    assert len(names) >= MANY
    assert len({(c, a.name) for c, attacks in suite.items() for a in attacks}) == len(names)
    assert {a.style for attacks in suite.values() for a in attacks} == {"call", "stdin", "assert"}


@pytest.fixture(scope="module")
def told():
    """What the suite printed, by condition."""
    with ThreadPoolExecutor(2) as pool:
        runs = {
            name: pool.submit(conditions.run_under, name, SELFTEST, capture=True)
            for name in conditions.available()
        }
        return {name: run.result() for name, run in runs.items()}


def test_one_attack_of_each_kind_is_held():
    names = [attacks[0].name for attacks in selftest.categories().values()]
    done = subprocess.run([*SELFTEST, *names], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "BAD" not in done.stdout
    (total,) = [line.split() for line in done.stdout.splitlines() if line.startswith("all ")]
    assert total[1] == total[2]
    assert int(total[1]) >= len(names)


@pytest.mark.slow
@pytest.mark.parametrize("condition", conditions.CONDITIONS)
def test_every_attack_is_held(told, condition):
    if condition not in told:
        pytest.skip(f"this user cannot become {condition}")
    done: subprocess.CompletedProcess[bytes] = told[condition]
    text = done.stdout.decode()
    assert done.returncode == 0, text + done.stderr.decode()
    assert "BAD" not in text
    (total,) = [line.split() for line in text.splitlines() if line.startswith("all ")]
    assert total[1] == total[2]
    assert int(total[1]) >= MANY
    enforced = next(line for line in text.splitlines() if line.startswith("enforced: "))
    assert ("namespaces" in enforced) == (not condition.startswith("container"))
