"""Shipped names are public: rewards with their parameters, combinations and recipes are frozen.

A new name or parameter is written down with

    python tests/unit/test_names.py > tests/golden/names.txt

A name that is gone must go on working through `registry.RENAMED`, and stands in CHANGELOG.md.
"""

import importlib
from pathlib import Path

import pytest

import plaudit
from plaudit import combine, registry
from plaudit.rule import signature_of

FROZEN = Path(__file__).parents[1] / "golden" / "names.txt"


def names():
    """One line for each public name, with its parameters."""
    combinations = (f"combine.{n}" for n in combine.__all__ if n[0].islower())
    rewards = [*plaudit.available(), *combinations, *registry.ADAPTERS]
    lines = [f"{name}({parameters(registry.resolve(name))})" for name in rewards]
    return [*sorted(lines), *(f"recipe {name}" for name in plaudit.recipes())]


def parameters(fn):
    """The names of the parameters; a star before those that only go by name."""
    words, starred = [], False
    for param in signature_of(fn).parameters.values():
        if param.kind is param.KEYWORD_ONLY and not starred:
            words.append("*")
            starred = True
        words.append(str(param.replace(annotation=param.empty, default=param.empty)))
    return ", ".join(words)


def test_names_and_parameters_are_those_that_were_shipped():
    frozen = FROZEN.read_text(encoding="utf-8").splitlines()
    now = names()
    gone = [line for line in frozen if line not in now]
    new = [line for line in now if line not in frozen]
    assert (gone, new) == ([], []), __doc__
    assert now == frozen


def test_no_frozen_name_has_become_unloadable():
    for line in FROZEN.read_text(encoding="utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "recipe":
            assert rest in plaudit.recipes()
        else:
            assert callable(registry.resolve(line.partition("(")[0]))


@pytest.mark.parametrize("old", sorted(registry.RENAMED))
def test_old_names_lead_to_new_ones(old):
    assert old not in plaudit.available()
    assert registry.RENAMED[old] in plaudit.available()


@pytest.mark.parametrize("old", ["endmarks", "fences", "think"])
def test_modules_that_moved_are_importable_under_their_old_names(old):
    before = importlib.import_module(f"plaudit.{old}")
    after = importlib.import_module(f"plaudit.text.{old}")
    assert before.__all__ == after.__all__
    assert all(getattr(before, name) is getattr(after, name) for name in after.__all__)


if __name__ == "__main__":
    print("\n".join(names()))
