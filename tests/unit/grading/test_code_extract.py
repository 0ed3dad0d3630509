"""Which program a response offers."""

import pytest

from plaudit.grading.extract import complete, defines, language_of, program_in

PY = "```python\ndef f(x):\n    return x\n```"


@pytest.mark.parametrize(
    ("response", "entry", "code"),
    [
        (PY, None, "def f(x):\n    return x\n"),
        (f"{PY}\n```python\nf(1)\n```", None, "f(1)\n"),
        (f"{PY}\n```python\nf(1)\n```", "f", "def f(x):\n    return x\n"),
        (f"{PY}\nOutput:\n```\n1\n```", None, "def f(x):\n    return x\n"),
        (f"{PY}\n```bash\npython a.py\n```", None, "def f(x):\n    return x\n"),
        (f"<think>{PY}</think>\n```py\nprint(2)\n```", None, "print(2)\n"),
        (f"{PY}\n```python\n\n```", None, "def f(x):\n    return x\n"),
        ("```python\nx = 1\n```\n```\ndef f(): pass\n```", "f", "def f(): pass\n"),
        ("1. Do\n   ```python\n   if x:\n       y()\n   ```", None, "if x:\n    y()\n"),
        ("```python\r\nprint(1)\r\n```", None, "print(1)\n"),
        ("```python\nprint(1)```", None, "print(1)\n"),
        ("````python\ns = '''\n```\n'''\n````", None, "s = '''\n```\n'''\n"),
    ],
)
def test_the_block_that_is_meant(response, entry, code):
    found = program_in(response, language="python", entry=entry)
    assert found is not None
    assert (found.code, found.note) == (code, "")


def test_a_cut_response_is_read_and_said():
    found = program_in("```python\nprint(1)\nprint(", language="python")
    assert found is not None
    assert found.code == "print(1)\nprint(\n"
    assert "not closed" in found.note


def test_a_wrong_tag_is_better_than_nothing_and_said():
    found = program_in("```js\nprint(1)\n```", language="python")
    assert found is not None
    assert (found.language, found.note) == (
        "javascript",
        "the block is tagged javascript, not python",
    )
    assert program_in("```c++\nint main(){}\n```", language="cpp").note == ""


@pytest.mark.parametrize(
    "response",
    [
        "",
        "The answer is 4.",
        "Hello",
        "Answer: x",
        "<think>```python\nf()\n```",
        "```\n\n```",
        "42",
        "\0",
    ],
)
def test_no_program(response):
    assert program_in(response, language="python", entry="f") is None


def test_a_bare_answer():
    assert program_in("import sys\nprint(1)", language="python").code == "import sys\nprint(1)"
    assert program_in("    return x\n", language="python", entry="f").code == "    return x\n"
    assert program_in("    return x\n", language="python") is None
    assert program_in("#include <a>\nint main() {}", language="cpp").language == "cpp"
    assert program_in("I would include it.", language="cpp") is None
    assert program_in("const x = 1;\nconsole.log(x);", language="js").language == "javascript"


def test_tags():
    assert [language_of(t) for t in ("py", "C++", "c#", "{.python}", "text", "")] == [
        "python", "cpp", "csharp", "python", "", None,
    ]  # fmt: skip


def test_definitions():
    assert defines("async def f(): ...", "f")
    assert defines("f = lambda: 1", "f")
    assert defines("class f: ...", "f")
    assert not defines("def ff(): ...", "f")
    assert not defines("f == 1", "f")


def test_a_body_is_put_under_its_prompt():
    prompt = 'import math\n\ndef f(x):\n    """Doc."""'
    assert complete(prompt, "    return x", "f") == prompt + "\n    return x"
    assert complete(prompt, "return x\n", "f") == prompt + "\n    return x\n"
    assert complete(prompt, "", "f") == prompt


def test_a_whole_function_takes_only_what_stands_before_it():
    prompt = "import math\n\ndef help(): ...\n\ndef f(x):\n    pass\n"
    code = "def f(x): return help()"
    assert complete(prompt, code, "f") == "import math\n\ndef help(): ...\n\n" + code
    future = "from __future__ import annotations\n" + code
    assert complete(prompt, future, "f") == future.replace(
        code, "import math\n\ndef help(): ...\n\n" + code
    )
    assert complete("Write f(x).", code, "f") == code


HOSTILE = [
    "`" * 100_000,
    "```\n" * 25_000,
    "a```\n" * 20_000,
    "\n" * 100_000,
    " \n" * 50_000 + "}",
    "(" * 100_000,
    "-" * 100_000 + "1",
    "#include" * 12_000 + "}",
    "```python\n" + " " * 100_000,
    "\ud800\0" * 1000,
]


@pytest.mark.parametrize("language", ["python", "cpp", "javascript", None])
@pytest.mark.parametrize("response", HOSTILE)
def test_hostile_text_is_answered(response, language):
    found = program_in(response, language=language, entry="f")
    assert found is None or found.code.strip()
