"""Fenced code blocks, as in Markdown, found in one pass."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

__all__ = ["fenced_blocks"]


def fenced_blocks(text: str, *, tildes: bool = False) -> Iterator[tuple[str, str | None]]:
    """Info string and body of each fenced block; the body of an open one is None.

    `tildes`: a fence may be of tildes too; it is closed by its own kind only.

    >>> list(fenced_blocks("a\\n```json\\n{}\\n```\\n```\\nopen"))
    [('json', '\\n{}\\n'), ('', None)]
    """
    lines = _fences(text, "`")
    if tildes and "~~~" in text:
        lines = heapq.merge(lines, _fences(text, "~"), key=lambda line: line[3])
    opened: tuple[str, str, int, int] | None = None
    for mark, length, info, start, end in lines:
        if opened is None:
            if mark == "~" or "`" not in info:
                opened = mark, info, length, end
        elif mark == opened[0] and not info and length >= opened[2]:
            yield opened[1], text[opened[3] : start]
            opened = None
    if opened is not None:
        yield opened[1], None


def _fences(text: str, mark: str) -> Iterator[tuple[str, int, str, int, int]]:
    """Mark, its number, info string, start and end of every line that starts with three marks.

    Each search begins where the last one ended, so many marks in one line stay linear.
    """
    position = 0
    while (start := text.find(mark * 3, position)) >= 0:
        line = text.rfind("\n", position, start)
        is_new_line = line >= 0 or position == 0
        end = start + 3
        if is_new_line and not text[line + 1 : start].strip():
            stop = text.find("\n", end)
            end = len(text) if stop < 0 else stop
            run = text[start:end]
            info = run.lstrip(mark)
            yield mark, len(run) - len(info), info.strip(), start, end
        position = end
