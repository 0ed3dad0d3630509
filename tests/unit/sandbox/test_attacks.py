"""The files of the built-in attacks are well formed; what runs them is tested elsewhere."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from plaudit import ConfigError
from plaudit.sandbox import selftest
from plaudit.sandbox._attack import Attack, read_attack
from plaudit.sandbox.outcome import Limits

SUITE = selftest.chosen()
FOLDER = Path(selftest.__file__).with_name("attacks")
LEAST = {
    "benign": 55,
    "disk": 42,
    "encoding": 17,
    "forgery": 116,
    "memory": 25,
    "planting": 88,
    "processes": 43,
    "theft": 68,
    "time": 57,
    "values": 63,
}
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
    "memory",
    "wall",
    "output",
    "none",
}
KEYS = ("why", "expect", "layer", "style", "limits", "tests", "program")
ABOUT_DATA = {"forgery", "theft", "planting", "values"}
PLACEHOLDERS = {"secret_file", "secret_env", "secret_port", "shared_tmp"}
NO_PYTHON = {  # to this interpreter, or not without the tests that follow
    *("indentation", "syntax_error", "byte_order_mark", "nul_in_a_comment", "nul_in_source"),
    *("tail_swallowed", "sign_compile_bomb"),
}
NO_FUNCTION = {"asserts_of_all_kinds", "empty", "missing_function", "verdict_printed"}
ONE = (
    'expect: fail\nlayer: protocol\nstyle: call\nlimits: {"cpu_s": 1.0}\ntests: (((3,), 9),)\n---\n'
)


def source(attack: Attack) -> str:
    program = attack.program
    text = program if isinstance(program, str) else program.decode("utf-8", "replace")
    return text.replace("{secret_port}", "1")


def tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def names_defined(text: str) -> set[str]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in tree(text).body if isinstance(node, kinds)}


def header_problems(text: str) -> Iterator[str]:
    header = text.split("\n---\n")[0]
    keys = [line.partition(": ")[0] for line in header.splitlines()]
    if keys != [key for key in KEYS if key in keys]:
        yield f"keys {keys}, in another order or unknown"
    if max(map(len, header.splitlines())) > 200:
        yield "a line of the header is not readable in a diff"


def word_problems(category: str, attack: Attack) -> Iterator[str]:
    if not re.fullmatch(r"[a-z][a-z0-9_]{2,40}", attack.name):
        yield "the name"
    if len(attack.why) > 110 or attack.why.endswith("."):
        yield f"why: {attack.why!r}"
    if category not in ("benign", "encoding") and len(attack.why) < 14:
        yield "no reason"
    if attack.layer not in LAYERS or attack.expect not in ("pass", "fail", "any"):
        yield f"layer {attack.layer}, expect {attack.expect}"
    if category in ABOUT_DATA and attack.expect != "fail" and attack.layer != "cleanup":
        yield "nothing here is honest"


def program_problems(category: str, attack: Attack) -> Iterator[str]:
    text = source(attack)
    if attack.name not in NO_PYTHON:
        is_called = attack.style != "stdin" and attack.name not in NO_FUNCTION
        if is_called and not names_defined(text) & {"solve", "Solution"}:
            yield "no function solve"
        if not tree(text).body and attack.name != "empty":
            yield "no program"
    if not set(re.findall(r"\{(secret_\w+|shared_\w+|canary)\}", text)) <= PLACEHOLDERS:
        yield "an unknown placeholder, or the answer is given away"
    if category == "theft" and "{canary}" not in str(attack.tests):
        yield "the secret is not what is expected"


def grading_problems(category: str, attack: Attack) -> Iterator[str]:
    limits = Limits(**attack.limits)  # type: ignore[arg-type]
    if limits.cpu_s > (4 if category in ABOUT_DATA else 10):
        yield "it may run for long"
    if attack.style == "assert":
        if not any(isinstance(node, ast.Assert) for node in ast.walk(tree(attack.tests))):
            yield "tests without an assertion"
    elif attack.style not in ("call", "stdin") or not attack.tests:
        yield f"style {attack.style}, tests {attack.tests}"
    elif not all(isinstance(x, str if attack.style == "stdin" else tuple) for x, _ in attack.tests):
        yield "tests of another style"


def test_every_file_is_well_formed():
    problems = []
    for category, attack in SUITE:
        text = (FOLDER / category / f"{attack.name}.txt").read_bytes().decode()
        problems += [
            f"{category}/{attack.name}: {problem}"
            for problem in (
                *header_problems(text),
                *word_problems(category, attack),
                *program_problems(category, attack),
                *grading_problems(category, attack),
            )
        ]
    assert problems == []


def test_nothing_is_missing_or_twice():
    sizes = {category: len(suite) for category, suite in selftest.categories().items()}
    assert sizes.keys() == LEAST.keys()
    assert all(sizes[category] >= least for category, least in LEAST.items())
    names = [attack.name for _, attack in SUITE]
    assert sorted(names) == sorted(set(names))
    programs = [(attack.program, str(attack.tests)) for _, attack in SUITE]
    assert len(programs) == len(set(programs))
    for name in PLACEHOLDERS:
        assert sum(f"{{{name}}}" in str(attack.program) for _, attack in SUITE) >= 2


def test_a_new_attack_is_one_file(tmp_path):
    (tmp_path / "README.md").write_text("no attack")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "one.txt").write_text(ONE + "def solve(x):\n    return 9\n")
    (tmp_path / "mine" / "one.txt~").write_text("of an editor")
    (attack,) = selftest.categories(tmp_path)["mine"]
    limits = {"cpu_s": 1.0}
    program = "def solve(x):\n    return 9\n"
    assert attack == Attack("one", program, (((3,), 9),), "fail", "call", limits, "protocol")


def test_programs_are_read_to_the_byte():
    assert read_attack("one", ONE).program == ""
    assert read_attack("one", ONE + "a\r\nb").program == "a\r\nb"
    assert read_attack("one", ONE[:-5] + "\nprogram: b'\\x00' * 2\n").program == b"\0\0"
    asserts = ONE.replace("call", "assert").replace("tests: (((3,), 9),)\n", "")
    attack = read_attack("one", asserts + "x = 1\n\n---\nassert x\n")
    assert (attack.program, attack.tests) == ("x = 1\n", "assert x\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ONE.replace("layer", "lair"), "lair"),
        (ONE.replace("layer: protocol\n", ""), "layer"),
        (ONE.replace("layer: ", "layer "), "attack one: "),
        (ONE.replace("(((3,), 9),)", "open('/etc/passwd')"), "is no literal"),
        (ONE.replace("(((3,), 9),)", "((("), "never closed"),
        (ONE + "\n---\nassert 1", "tests"),
    ],
)
def test_a_bad_file_is_named(text, message):
    with pytest.raises(ConfigError, match=re.escape(message)) as error:
        read_attack("one", text)
    assert "attack one" in str(error.value)
