"""Writes docs/reference.md from the signatures and docstrings of everything shipped."""

from __future__ import annotations

import inspect
from pathlib import Path

from plaudit import registry

HEAD = """# Reference

Made from the docstrings by `make docs`; every example in it runs in the tests.
"""


def entry(path: str) -> str:
    """The section of one reward."""
    signature, _, documentation = registry.show(path).partition("\n\n")
    facts = "\n".join(signature.splitlines()[1:])
    return f"### `{path}`\n\n```text\n{facts}\n```\n\n{_prose(documentation)}\n"


def _prose(documentation: str) -> str:
    """Doctests fenced, double backticks single: docstrings as Markdown."""
    out: list[str] = []
    is_code = False
    for line in documentation.replace("``", "`").splitlines():
        starts = line.startswith(">>>")
        if starts and not is_code:
            out.append("```pycon")
        if is_code and not line.strip():
            out.append("```")
        is_code = starts or (is_code and bool(line.strip()))
        out.append(line)
    return "\n".join([*out, *(["```"] if is_code else [])])


def page() -> str:
    """The whole page, one chapter a module."""
    sections = [HEAD]
    chapter = ""
    every = [*registry.available(), *registry.ADAPTERS]
    for path in sorted(every, key=lambda p: ("compat" in p, p)):
        module = path.rpartition(".")[0]
        if module != chapter:
            chapter = module
            fn = registry.resolve(path)
            title = inspect.getdoc(inspect.getmodule(fn)) or ""
            sections.append(f"## {chapter}\n\n{title.split(chr(10) * 2)[0]}\n")
        sections.append(entry(path))
    return "\n".join(sections)


if __name__ == "__main__":
    Path(__file__).with_name("reference.md").write_text(page(), encoding="utf-8")
