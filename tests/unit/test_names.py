"""Shipped names are public: rewards with their parameters, combinations and recipes are frozen.

A new name or parameter is written down with

    python tests/unit/test_names.py > tests/golden/names.txt

A name that is gone must go on working through `plaudit.old_names`, and stands in CHANGELOG.md.
`golden/names_0.txt` has, module by module, what could be imported from plaudit at commit d060cba,
before its names were changed. It stays as it is.
"""

import importlib
import re
import warnings
from pathlib import Path

import pytest

import plaudit
from plaudit import combine, old_names, registry
from plaudit.data.selection import Funnel
from plaudit.rule import signature_of

GOLDEN = Path(__file__).parents[1] / "golden"
FROZEN = GOLDEN / "names.txt"
FIRST = dict(
    line.split(":") for line in (GOLDEN / "names_0.txt").read_text(encoding="utf-8").splitlines()
)


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


@pytest.mark.parametrize("module", FIRST)
def test_what_could_be_imported_at_first_can_be_imported_still(module):
    code = "\n".join(f"from {module} import {name}" for name in FIRST[module].split())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        exec(f"import {module}\n{code}", {})


@pytest.mark.parametrize("module", old_names.NAMES)
def test_an_old_name_is_the_new_object_and_warns_with_both_names(module):
    for old, new in old_names.NAMES[module].items():
        home, _, new_name = new.rpartition(":")
        renamed = getattr(importlib.import_module(home or module), new_name)
        message = f"{module}.{old} is now {home or module}.{new_name}"
        with pytest.warns(DeprecationWarning, match=f"^{re.escape(message)}$") as caught:
            assert getattr(importlib.import_module(module), old) is renamed
        assert len(caught) == 1
        assert caught[0].filename == __file__


def test_a_name_that_never_was_is_no_old_name():
    with pytest.raises(AttributeError, match=r"^module 'plaudit\.workers' has no attribute 'no'$"):
        importlib.import_module("plaudit.workers").no


def test_an_old_attribute_reads_the_new_one():
    funnel = Funnel({"pairs": 3})
    with pytest.warns(DeprecationWarning, match="^taken is now incoming$") as caught:
        assert funnel.taken is funnel.incoming
    assert caught[0].filename == __file__
    with pytest.raises(AttributeError, match=r"^'Funnel' object has no attribute 'no'$"):
        funnel.no


def test_an_old_argument_is_the_new_one_and_only_once():
    @old_names.old_arguments(known="names")
    def count(names):
        return len(names)

    with pytest.warns(DeprecationWarning, match=r"^the argument known of count\(\) is now names$"):
        assert count(known="ab") == 2
    with pytest.raises(TypeError, match=r"^count\(\) got both 'known' and 'names'$"):
        count(known="ab", names="a")


if __name__ == "__main__":
    print("\n".join(names()))
