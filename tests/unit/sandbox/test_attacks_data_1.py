"""The attacks on data are well formed: what runs them is tested elsewhere."""

from __future__ import annotations

import ast
import re
import warnings

import pytest

from plaudit.sandbox import selftest
from plaudit.sandbox.attacks import forgery, planting, theft, values
from plaudit.sandbox.attacks._attack import Attack
from plaudit.sandbox.outcome import Limits

MODULES = {"forgery": forgery, "theft": theft, "planting": planting, "values": values}
ATTACKS = [attack for module in MODULES.values() for attack in module.ATTACKS]
LAYERS = {
    "protocol",
    "seccomp",
    "landlock",
    "rlimits",
    "environment",
    "descriptors",
    "namespaces",
    "cleanup",
    "cpu",
}
UNFINISHED = {"tail_swallowed"}  # waits for the tests that a grader appends to it
NEVER_CALLED = {"verdict_printed"}  # has left before
PLACEHOLDERS = {"secret_file", "secret_env", "secret_port", "shared_tmp"}

each = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)


def text(attack: Attack) -> str:
    program = attack.program
    return program.decode("utf-8", "replace") if isinstance(program, bytes) else program


def tree(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source.replace("{secret_port}", "1"))


def defined(source: str) -> set[str]:
    body = tree(source).body
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in body if isinstance(node, kinds)}


@pytest.mark.parametrize(
    ("category", "least"), [("forgery", 90), ("theft", 60), ("planting", 80), ("values", 50)]
)
def test_each_category_is_in_the_suite(category: str, least: int):
    assert selftest.categories()[category] == MODULES[category].ATTACKS
    assert len(MODULES[category].ATTACKS) >= least


def test_names_are_unique_in_the_whole_suite():
    names = [attack.name for suite in selftest.categories().values() for attack in suite]
    assert sorted(names) == sorted(set(names))


def test_programs_are_unique():
    programs = [(attack.program, str(attack.tests)) for attack in ATTACKS]
    assert len(programs) == len(set(programs))


@each
def test_name_and_reason_are_readable(attack: Attack):
    assert re.fullmatch(r"[a-z][a-z0-9_]{3,40}", attack.name)
    assert 15 <= len(attack.why) <= 110
    assert not attack.why.endswith(".")
    assert attack.layer in LAYERS


@each
def test_program_is_python(attack: Attack):
    assert attack.name in UNFINISHED or tree(text(attack)).body


@each
def test_call_styles_define_what_is_called(attack: Attack):
    if attack.name not in UNFINISHED and attack.name not in NEVER_CALLED:
        assert attack.style == "stdin" or attack.entry in defined(text(attack))


@each
def test_placeholders_are_known_and_the_answer_is_not_given_away(attack: Attack):
    found = set(re.findall(r"\{(secret_\w+|shared_\w+|canary)\}", text(attack)))
    assert found <= PLACEHOLDERS


@each
def test_tests_have_the_form_of_their_style(attack: Attack):
    if attack.style == "assert":
        assert any(isinstance(node, ast.Assert) for node in ast.walk(tree(attack.tests)))
    else:
        assert attack.tests
        for given, _ in attack.tests:
            assert isinstance(given, str if attack.style == "stdin" else tuple)


@each
def test_limits_are_limits_and_short(attack: Attack):
    limits = Limits(**dict(attack.limits))  # type: ignore[arg-type]
    assert limits.cpu_s <= 4


@each
def test_nothing_here_is_honest(attack: Attack):
    assert attack.expect == "fail" or attack.layer == "cleanup"


def test_secrets_are_looked_for_in_every_place():
    for name in PLACEHOLDERS:
        assert sum(f"{{{name}}}" in text(attack) for attack in ATTACKS) >= 2
    assert sum("{canary}" in str(attack.tests) for attack in theft.ATTACKS) == len(theft.ATTACKS)
