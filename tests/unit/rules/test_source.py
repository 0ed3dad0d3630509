"""Static rewards on Python source: what each counts, and texts made to break a parser."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.errors import ConfigError
from plaudit.rules import source
from plaudit.rules.source import complexity, no_imports, parses, style

DATA = Path(__file__).parents[3] / ".." / "shared" / "data" / "code_python.jsonl"
RULES = (parses, no_imports, complexity, style)


def fenced(code, tag="python"):
    return f"```{tag}\n{code}\n```"


# --- the program of the response ------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("response", "note"),
    [
        ("", "no code in the response"),
        ("The answer is 4.", "no code in the response"),
        ("<think>```python\nx = 1\n```", "no code in the response"),
        (fenced("int main() {}", "cpp"), "the block is tagged cpp, not python"),
        (fenced("x = (", "py"), "line 1: '(' was never closed"),
        (fenced("# nothing but this"), "no statement"),
        (fenced("x = '\x00'"), "cannot be parsed: ValueError"),
        (fenced("x = '\ud800'"), "cannot be parsed: UnicodeEncodeError"),
    ],
)
def test_no_program_is_the_minimum_with_a_note(rule, response, note):
    score = rule(response)
    assert score.value == 0.0
    if "ValueError" in note:  # newer parsers call it a syntax error, without a line
        assert score.note in (note, "source code string cannot contain null bytes")
    else:
        assert score.note == note


def test_the_last_python_block_is_read():
    assert parses(fenced("x = (") + "\n" + fenced("x = 1")).value == 1.0
    assert parses(fenced("x = 1") + "\n" + fenced("$ ls", "console")).value == 1.0


def test_what_only_the_compiler_refuses_parses():
    assert parses(fenced("return 1")).value == 1.0


@pytest.mark.parametrize("rule", RULES)
def test_a_program_that_is_too_long_is_not_parsed(rule):
    assert rule(fenced("x = 1\n" * 10), max_chars=20).note == (
        "the program is longer than max_chars=20"
    )


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", ["(", "-", "not ", "lambda: ", "a[", "{", "f'{", "x = 1\n", "a+"])
def test_texts_that_break_parsers_are_scored(rule, seed):
    assert 0 <= rule(fenced(seed * (100_000 // len(seed)))).value <= 1


@given(st.text())
def test_any_text_is_scored(text):
    for rule in RULES:
        assert 0 <= rule(text).value <= 1
        assert 0 <= rule(fenced(text)).value <= 1


# --- imports --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import socket", "socket"),
        ("import os, subprocess as sp", "subprocess"),
        ("from subprocess import run", "subprocess.run"),
        ("from ctypes import *", "ctypes.*"),
        ("from urllib import request", "urllib.request"),
        ("import multiprocessing.pool", "multiprocessing.pool"),
        ("def f():\n    import ctypes.util", "ctypes.util"),
        ("__import__('socket')", "socket"),
        ("__import__(name='socket')", "socket"),
        ("import builtins\nbuiltins.__import__('pty')", "pty"),
        ("import importlib\nimportlib.import_module('ctypes')", "ctypes"),
        ("from importlib import import_module as im\nim('ctypes')", "ctypes"),
        ("__import__('soc' + 'ket')", "?"),
        ("__import__()", "?"),
        ("import sys\nsys.modules['socket']", "socket"),
        ("from . import tests", "."),
        ("from ..secret import answer", "..secret"),
    ],
)
def test_forbidden_imports(code, found):
    score = no_imports(fenced(code))
    assert (score.value, score.parts) == (0.0, {"finds": 1.0})
    assert score.note is not None
    assert score.note.endswith(f": {found}")


@pytest.mark.parametrize(
    "code",
    [
        "import os, sys, math",
        "from collections import Counter",
        "import urllib.parse",
        "from urllib import parse",
        "import socketlike",
        "text = 'import socket'  # import socket",
        "__import__('math')",
        "modules[name]",
    ],
)
def test_other_imports(code):
    assert no_imports(fenced(code)).value == 1.0


def test_a_list_of_what_is_allowed():
    code = fenced("import math\nimport os.path\nfrom numpy import array")
    assert no_imports(code, allowed=["math", "os", "numpy"]).value == 1.0
    score = no_imports(code, allowed=["math", "os.path"])
    assert (score.parts["finds"], score.note) == (1.0, "line 3: numpy.array")
    assert no_imports(fenced("import socket"), allowed=["socket"]).value == 0.0
    assert no_imports(fenced("import socket"), forbidden=(), allowed=["socket"]).value == 1.0


def test_a_text_is_no_list_of_modules():
    with pytest.raises(ConfigError, match=r"\['os'\]"):
        no_imports(fenced("import os"), forbidden="os")
    with pytest.raises(ConfigError, match="allowed"):
        no_imports("", allowed="math")


def test_what_static_reading_does_not_see():
    """Said in the docstring: this shapes what is written and is no wall."""
    assert no_imports(fenced("exec('import socket')")).value == 1.0


# --- complexity -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ("pass", 1),
        ("if a: pass", 2),
        ("if a: pass\n    elif b: pass\n    else: pass", 3),
        ("for a in b: pass\n    else: pass", 2),
        ("while a and b and c: pass", 4),
        ("return a if b else c", 2),
        ("return [x for x in a if x if not x for y in x]", 5),
        ("try: pass\n    except A: pass\n    except B: pass\n    finally: pass", 3),
        ("return lambda x: x or 1", 2),
        ("match a:\n        case 1: pass\n        case x if x: pass\n        case _: pass", 3),
    ],
)
def test_cyclomatic_number(body, number):
    score = complexity(fenced(f"def f(a, b, c):\n    {body}"))
    assert score.parts == {"max": number, "mean": number, "functions": 1}


def test_units_of_complexity():
    nested = "def f(a):\n    if a: pass\n    def g(b):\n        return b and a or b\n    return g"
    score = complexity(fenced(nested), limit=2)
    assert score.parts == {"max": 3.0, "mean": 2.5, "functions": 2.0}
    assert (score.value, score.note) == (2 / 3, "g: 3")
    outside = complexity(fenced("def f(): pass\nif a: pass"))
    assert outside.parts == {"max": 2.0, "mean": 1.5, "functions": 1.0}
    assert complexity(fenced("print(1)")).parts == {"max": 1.0, "mean": 1.0, "functions": 0.0}


def test_the_score_falls_with_the_worst_function():
    chain = "def f(a):\n" + "    if a: pass\n" * 19
    assert complexity(fenced(chain)).value == 0.5
    assert complexity(fenced(chain), limit=20).value == 1.0
    with pytest.raises(ConfigError, match="limit=0"):
        complexity("", limit=0)


# --- style ----------------------------------------------------------------------------------------


CLEAN = '''"""A module."""

from __future__ import annotations

import math as m


class Circle:
    """A circle."""

    def __init__(self, radius=None):
        """Keep the radius."""
        self.radius = radius if radius is not None else 1


def area(circle: Circle) -> float:
    """The area."""
    return m.pi * circle.radius**2'''


def test_clean_code_passes_every_check():
    score = style(fenced(CLEAN))
    assert (score.value, score.note) == (1.0, None)
    assert len(score.parts) == len(source._CHECKS) == 10


@pytest.mark.parametrize(
    ("code", "check"),
    [
        ("x = 1" + " + 1" * 20, "line_length"),
        ("if x:\n\ty = 1", "tabs"),
        ("x = 1 ", "trailing_blanks"),
        ("class lower: 'd'", "names"),
        ("def Upper(): 'd'", "names"),
        ("def camelCase(): 'd'", "names"),
        ("try:\n    f()\nexcept:\n    pass", "bare_except"),
        ("x == None", "none_comparison"),
        ("None != x", "none_comparison"),
        ("1 < x == None", "none_comparison"),
        ("from math import *", "wildcard_import"),
        ("def f(): pass", "docstrings"),
        ("class A:\n    'd'\n    def f(self): pass", "docstrings"),
        ("def _f(*, a={}): pass", "mutable_default"),
        ("x = lambda a=list(): a", "mutable_default"),
        ("import os", "unused_import"),
        ("import os.path as p\nos", "unused_import"),
    ],
)
def test_each_check_alone(code, check):
    score = style(fenced(code))
    assert [name for name, passed in score.parts.items() if not passed] == [check]
    assert score.value == pytest.approx(0.9)
    assert score.note is not None
    assert score.note.endswith(check)


@pytest.mark.parametrize(
    "code",
    [
        "def __getattr__(name): 'd'",
        "def f_2(): 'd'",
        "_ = 1 == x",
        "def _f(a=()): pass",
        "import os\n__all__ = ['os']",
        "import numpy as np\ndef f(x: 'np.ndarray'): 'd'",
        "def 面积(): 'd'",
        "class _Private: pass",
        "def f():\n    'd'\n    def g(): pass",
    ],
)
def test_what_is_no_fault_of_style(code):
    assert style(fenced(code)).value == 1.0


def test_a_choice_of_checks():
    code = fenced("def F(a=[]):\n    return a")
    assert style(code, checks=["names", "tabs"]).parts == {"names": 0.0, "tabs": 1.0}
    assert style(fenced("x = '" + "a" * 90 + "'"), max_line=99).value == 1.0
    with pytest.raises(ConfigError, match="did you mean 'names'"):
        style(code, checks=["name"])
    with pytest.raises(ConfigError, match="at least one"):
        style(code, checks=[])


# --- real programs --------------------------------------------------------------------------------


def test_reference_solutions():
    if not DATA.exists():
        pytest.skip("code_python.jsonl is not beside the checkout")
    with DATA.open(encoding="utf-8") as rows:
        codes = [p["code"] for row in rows for p in json.loads(row)["correct"][:1]]
    assert len(codes) > 500
    assert all(parses(fenced(code)).value == 1.0 for code in codes)
    assert all(no_imports(fenced(code)).value == 1.0 for code in codes)
    worst = sorted(complexity(fenced(code)).parts["max"] for code in codes)
    assert worst[len(worst) // 2] <= 4
