"""The program in a response: which fenced block is meant, or the whole answer where none is.

Linear on any text.
"""

from __future__ import annotations

import ast
import functools
import re
import textwrap
import warnings
from typing import NamedTuple

from plaudit.old_names import old_names
from plaudit.sandbox import languages
from plaudit.text.fences import fenced_blocks
from plaudit.text.think import part_of

__all__ = [
    "ProgramText",
    "complete",
    "defines",
    "helpers",
    "is_prelude",
    "language_of",
    "program_in",
    "with_prelude",
]
__getattr__ = old_names(__name__)

# Beside the languages of the sandbox, whose own files say this.
_TAGS = {
    "python": "python py python3 py3 python2 pypy pypy3 pycon cpython",
    "c": "c c11 c99 gcc h",
    "typescript": "typescript ts tsx",
    "java": "java",
    "go": "go golang",
    "rust": "rust rs",
    "csharp": "csharp c# cs",
    "kotlin": "kotlin kt",
    "ruby": "ruby rb",
    "php": "php",
    "swift": "swift",
    "scala": "scala",
    "haskell": "haskell hs",
    "lua": "lua",
    "perl": "perl pl",
    "r": "r",
    "julia": "julia jl",
    "bash": "bash sh shell zsh",
    "sql": "sql",
}
_SCRIPTS = ("bash", "sql")  # rarely the program that was asked for where no language is named
_TAG = re.compile(r"[{.\s]*([A-Za-z0-9+#]+)")
_LOOKS = {
    "c": re.compile(r"^[ \t]*#[ \t]*include\b|\bint[ \t]+main[ \t]*\(", re.MULTILINE),
    "typescript": re.compile(
        r"^(?:(?:export |async )*function\b|(?:const|let) \w+ ?[:=])", re.MULTILINE
    ),
    "java": re.compile(r"^(?:public |final |abstract )*class \w", re.MULTILINE),
    "go": re.compile(r"^package \w", re.MULTILINE),
    "rust": re.compile(r"^(?:pub )?fn \w", re.MULTILINE),
}
_MOST_PARSED = 1_000_000
_RUN = re.compile("`{3,}|~{3,}")
_WORD = re.compile(r"\w+")
_NUMPY = re.compile(r"\bnp\.")
_IMPORT_NUMPY = "try: import numpy as np\nexcept ImportError: pass\n"


class ProgramText(NamedTuple):
    """A program taken out of a response.

    `language` is what the fence says, or the language asked for where it says nothing, or "".
    `note` is for people, empty where nothing is unusual.
    """

    code: str
    language: str
    note: str


class _Fence(NamedTuple):
    language: str | None  # "" for a tag that names no language we know, None without a tag
    code: str
    is_open: bool


def program_in(
    response: str, *, language: str | None = None, entry: str | None = None
) -> ProgramText | None:
    """The program that a response offers, or None where it offers none.

    Only the answer is read (`text.think`), so an unclosed think block contains no program. Among
    the fenced blocks that are not blank, one that defines `entry` wins over one that does not, then
    the right language tag over none over a wrong one, then the last. The last block may be open, as
    in a response that was cut. Without any fence the answer itself is the program if it parses as
    Python and does something (one indented body is enough where `entry` is known), or has the marks
    of the other language that was asked for.

    >>> program_in("<think>```py\\nno()\\n```</think>\\n```python\\nprint(1)\\n```\\n```\\n1\\n```")
    ProgramText(code='print(1)\\n', language='python', note='')
    >>> program_in("The answer is 4.") is None
    True
    """
    answer = part_of(response, "answer").replace("\r\n", "\n").removeprefix("\ufeff")
    fences = _fences(answer)
    if not fences:
        return _bare(answer, language, entry)
    target = _languages().get(language.lower(), language.lower()) if language else None
    is_python = target in (None, "python")
    best = max(
        range(len(fences)),
        key=lambda i: (
            bool(entry) and is_python and defines(fences[i].code, entry or ""),
            _fit(fences[i].language, target),
            i,
        ),
    )
    fence = fences[best]
    notes = []
    if target and fence.language is not None and fence.language != target:
        notes.append(f"the block is tagged {fence.language or 'otherwise'}, not {target}")
    if fence.is_open:
        notes.append("the block is not closed")
    return ProgramText(fence.code, fence.language or target or "", "; ".join(notes))


def language_of(tag: str) -> str | None:
    """The language that a fence's info string names, "" for one that is unknown, None for none.

    >>> language_of("Python3 title=a.py"), language_of("{.cpp}"), language_of("output")
    ('python', 'cpp', '')
    """
    match = _TAG.match(tag)
    if match is None:
        return "" if tag else None
    return _languages().get(match[1].lower(), "")


def defines(code: str, entry: str) -> bool:
    """Whether Python code has a line that defines this name, at any depth; it need not parse.

    >>> defines("class A:\\n    def f(self): ...", "f"), defines("f(1)", "f")
    (True, False)
    """
    name = re.escape(entry)
    return (
        re.search(rf"^[ \t]*(?:(?:async +)?def|class)[ \t]+{name}\b", code, re.MULTILINE)
        or re.search(rf"^{name}[ \t]*(?::[^=\n]*)?=(?!=)", code, re.MULTILINE)
    ) is not None


def complete(prompt: str, code: str, entry: str) -> str:
    """A whole program from a signature prompt (as HumanEval's) and the code of a response.

    Code that does not define `entry` is the body: the prompt is put before it, and it is indented
    if it is not. Otherwise only what is in the prompt before `entry` (imports, helpers that the
    tests may use) is put before it.

    >>> print(complete("def f(x):\\n", "return x", "f"))
    def f(x):
        return x
    >>> complete("import math\\n\\ndef f(x):\\n", "def f(x): return math.e", "f")
    'import math\\n\\ndef f(x): return math.e'
    """
    if defines(code, entry):
        return with_prelude(_head(prompt, entry), code)
    body = code if _is_indented(code) else textwrap.indent(code, "    ")
    return prompt if not body.strip() else prompt + ("" if prompt.endswith("\n") else "\n") + body


def _head(prompt: str, entry: str) -> str:
    """What a prompt contains before `entry`, if that is Python by itself."""
    match = re.search(rf"^(?:async +)?def[ \t]+{re.escape(entry)}\b", prompt, re.MULTILINE)
    head = prompt[: match.start()].lstrip("\n") if match else ""
    return head if head.strip() and _parsed(head) is not None else ""


def with_prelude(prelude: str, code: str) -> str:
    """Code with other code before it, but after its docstring and `from __future__` lines.

    >>> with_prelude("import re\\n", "from __future__ import annotations\\nprint(re)")
    'from __future__ import annotations\\nimport re\\nprint(re)'
    """
    if not prelude.strip():
        return code
    if "numpy" not in prelude and _NUMPY.search(code):
        prelude += _IMPORT_NUMPY
    line = _first_line(code)
    lines = code.split("\n")
    return "\n".join([*lines[:line], prelude.removesuffix("\n"), *lines[line:]])


def _first_line(code: str) -> int:
    """The line, counted from 0, before which a program's own statements do not begin."""
    if "__future__" not in code:
        return 0
    tree, line = _parsed(code), 0
    for place, node in enumerate(tree.body if tree else ()):
        is_text = place == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not (is_text or is_future):
            break
        line = node.end_lineno or line
    return line


def helpers(prompt: str, entry: str, tests: str) -> str:
    """What a prompt defines before `entry` that the tests use, with its imports, or "".

    HumanEval/32, 38 and 50 are such rows: their tests call helpers of the prompt.

    >>> helpers("def g(x): return x\\n\\ndef f(x):\\n", "f", "assert g(f(1)) == 1")
    'def g(x): return x\\n\\n'
    """
    head = _head(prompt, entry) if entry else prompt
    tree = _parsed(head) if head.strip() else None
    words = set(_WORD.findall(tests))
    names = (name for node in (tree.body if tree else ()) for name in _names_of(node))
    return head if any(name in words for name in names) else ""


def is_prelude(text: str) -> bool:
    """Whether a prompt is code that imports, and no words for people.

    >>> is_prelude("from typing import *\\n"), is_prelude("Add two numbers.")
    (True, False)
    """
    tree = _parsed(text) if "import" in text else None
    return any(
        isinstance(node, ast.Import | ast.ImportFrom) for node in (tree.body if tree else ())
    )


def _names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _fences(text: str) -> list[_Fence]:
    """The blocks that are not blank; a fence of our own closes the one that is left open."""
    runs = [match[0] for match in _RUN.finditer(text)]
    if not runs:
        return []
    raw_blocks = list(fenced_blocks(text, tildes=True))
    was_open = bool(raw_blocks) and raw_blocks[-1][1] is None
    if was_open:
        longest = max(map(len, runs))
        closed = (f"{text}\n{mark * longest}" for mark in "`~")
        raw_blocks = next(
            blocks
            for each in closed
            if (blocks := list(fenced_blocks(each, tildes=True)))[-1][1] is not None
        )
    fences = []
    for number, (info, body) in enumerate(raw_blocks, 1):
        is_open = was_open and number == len(raw_blocks)
        code = _code(body or "")
        if is_open and code.rstrip().endswith(("```", "~~~")):  # closed at the end of a line
            code, is_open = code.rstrip().rstrip("`~") + "\n", False
        if code.strip():
            fences.append(_Fence(language_of(info), code, is_open))
    return fences


def _code(body: str) -> str:
    """A block's text; the indentation of a list that it is in is removed."""
    code = body.removeprefix("\n")
    return textwrap.dedent(code) if _is_indented(code) else code


def _is_indented(code: str) -> bool:
    """Whether the first line that is not blank begins with white space."""
    start = len(code) - len(code.lstrip())
    return start > 0 and code[start - 1] in " \t" and bool(code.strip())


@functools.cache
def _languages() -> dict[str, str]:
    """The tags of fences and the language that each one names."""
    others = {tag: language for language, tags in _TAGS.items() for tag in tags.split()}
    return {**others, **languages.fences()}


def _fit(tag: str | None, language: str | None) -> int:
    """2 for the right language, 1 for none named, 0 for a wrong one."""
    if tag is None:
        return 1
    if language is None:
        return 2 if tag and tag not in _SCRIPTS else 0
    return 2 if tag == language else 0


def _bare(answer: str, language: str | None, entry: str | None) -> ProgramText | None:
    """The answer itself, where it is a program."""
    target = _languages().get((language or "python").lower(), language or "")
    if target != "python":
        looks = _LOOKS.get(target) or languages.looks().get(target)
        is_code = looks is not None and looks.search(answer) and answer.rstrip()[-1:] in ("}", ";")
        return ProgramText(answer, target, "no fence: all of the answer") if is_code else None
    tree = _parsed(answer)
    if tree is not None:
        return ProgramText(answer, target, "no fence: all of the answer") if _does(tree) else None
    if entry and _is_indented(answer) and _parsed(f"def _():\n{answer}") is not None:
        return ProgramText(answer, target, "no fence: the answer is the body of a function")
    return None


def _parsed(code: str) -> ast.Module | None:
    """The tree, or None for what Python's parser refuses, for whatever reason."""
    if len(code) > _MOST_PARSED:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # NUL, surrogates, nesting
        return None


def _does(tree: ast.Module) -> bool:
    """Whether some statement does something: prose such as "Answer: x" parses as well."""
    return any(
        isinstance(node.value, ast.Call | ast.Await)
        if isinstance(node, ast.Expr)
        else not isinstance(node, ast.Pass | ast.Global)
        and not (isinstance(node, ast.AnnAssign) and node.value is None)
        for node in tree.body
    )
