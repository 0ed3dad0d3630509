"""The tests of the core find small changes of it, one at a time (`make mutants`)."""

import json
import subprocess
import sys

import mutants
import mutate
import pytest

SOURCE = """
def largest(xs: list[int], default: int = 0) -> int:
    '''The docstring stays: 1 < 2.'''
    if not xs and default >= 0:
        return default
    return max(x + 1 for x in xs if x is not None)
"""


def test_every_change_is_one_change():
    changes = mutate.mutants(SOURCE)
    assert [(m.line, m.before, m.after) for m in changes] == [
        (2, "0", "1"),
        (2, "0", "-1"),
        (4, "not xs and default >= 0", "not xs or default >= 0"),
        (4, "not xs", "xs"),
        (4, "default >= 0", "default > 0"),
        (4, "0", "1"),
        (4, "0", "-1"),
        (
            6,
            "max((x + 1 for x in xs if x is not None))",
            "min((x + 1 for x in xs if x is not None))",
        ),
        (6, "x + 1", "x - 1"),
        (6, "1", "2"),
        (6, "1", "0"),
        (6, "x is not None", "x is None"),
    ]
    original = mutate.unparse(mutate.ast.parse(SOURCE)).splitlines()
    for i, change in enumerate(changes):
        changed = mutate.apply(SOURCE, i).splitlines()
        different = [(a, b) for a, b in zip(original, changed, strict=True) if a != b]
        assert len(different) == 1, change
    assert len({mutate.apply(SOURCE, i) for i in range(len(changes))}) == len(changes)


def test_the_mutants_do_not_depend_on_other_lines():
    before = [m.key for m in mutate.mutants(SOURCE)]
    assert [m.key for m in mutate.mutants("x = [1]\n" + SOURCE)][2:] == before


@pytest.mark.slow
def test_there_are_enough_and_each_reason_belongs_to_a_mutant():
    package = mutants.ROOT / "src" / "plaudit"
    assert sum(len(ranked) for _, ranked in mutants.chosen(mutants.TARGETS, None)) >= 200
    files = {path for target in mutants.TARGETS for path in target.files(package)}
    known = {
        (str(path.relative_to(package)), *mutant.key)
        for path in files
        for mutant in mutate.mutants(path.read_text(encoding="utf-8"))
    }
    gone = [row for row in mutants.equivalents() if row not in known]
    assert not gone, "no longer in the source: take them from equivalent_mutants.json"


@pytest.mark.slow
def test_most_of_twenty_are_caught():
    finished = subprocess.run(
        [sys.executable, str(mutants.ROOT / "tests" / "mutants.py"), "--sample", "20"],
        capture_output=True,
        text=True,
    )
    outcomes = [json.loads(line) for line in finished.stdout.splitlines() if line[0] == "{"]
    assert len(outcomes) == 20, finished.stderr
    survivors = [outcome for outcome in outcomes if not outcome["caught"]]
    assert finished.returncode == 0, survivors
