"""Python code that is parsed but never run: fenced blocks, their syntax and style."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from plaudit.text.fences import fenced_blocks

__all__ = ["Block", "blocks", "style"]

_NAMES = ("python", "py", "python3")
_SNAKE = re.compile(r"_*[a-z][a-z0-9_]*")
_CAMEL = re.compile(r"_*[A-Z][A-Za-z0-9]*")


class Block(NamedTuple):
    """A fenced Python block; if it does not parse, `tree` is None and `problem` says why."""

    code: str
    tree: ast.Module | None
    problem: str = ""


def blocks(text: str, max_chars: int) -> list[Block]:
    """The Python blocks of a text; code beyond `max_chars` in total is not parsed.

    >>> [block.problem for block in blocks("```python\\nx = (\\n```", 100)]
    ["line 1: '(' was never closed"]
    """
    fenced, left = [], max_chars
    for info, body in fenced_blocks(text):
        if info.partition(" ")[0].lower() in _NAMES:
            code = textwrap.dedent((body or "").strip("\n"))
            left -= len(code)
            fenced.append(_unread(code, body) or (_parsed(code) if left >= 0 else _too_long(code)))
    return fenced


def _unread(code: str, body: str | None) -> Block | None:
    return Block(code, None, "the block is not closed") if body is None else None


def _too_long(code: str) -> Block:
    return Block(code, None, "too long to parse")


def _parsed(code: str) -> Block:
    """The block with its tree; nesting too deep for the parser counts as a syntax error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes are a matter of style
            tree = ast.parse(code)
    except SyntaxError as error:
        return Block(code, None, f"line {error.lineno}: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:  # NUL, surrogates, nesting
        return Block(code, None, f"cannot be parsed: {type(error).__name__}")
    return Block(code, tree if _does_something(tree) else None, "" if tree.body else "empty")


def _does_something(tree: ast.Module) -> bool:
    """Whether there is a statement besides `pass`, `...` and bare constants."""
    return any(
        not isinstance(node, ast.Pass)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in tree.body
    )


def style(block: Sequence[Block], max_line: int) -> Mapping[str, float]:
    """Four shares from 0 to 1 over parsed blocks: line lengths, blanks, names, exceptions."""
    lines = [line for b in block for line in b.code.split("\n")]
    names = [good for b in block if b.tree for good in _names(b.tree)]
    handlers = [good for b in block if b.tree for good in _handlers(b.tree)]
    return {
        "line_length": _share([len(line) <= max_line for line in lines]),
        "blanks": _share([line == line.rstrip() and "\t" not in line for line in lines]),
        "names": _share(names),
        "exceptions": _share(handlers),
    }


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 1.0


def _names(tree: ast.Module) -> Iterator[bool]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield _SNAKE.fullmatch(node.name.strip("_") or "_a") is not None
        elif isinstance(node, ast.ClassDef):
            yield _CAMEL.fullmatch(node.name) is not None


def _handlers(tree: ast.Module) -> Iterator[bool]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            yield node.type is not None
        elif isinstance(node, ast.ImportFrom):
            yield node.names[0].name != "*"
