"""Fenced code blocks, as in Markdown, found in one pass."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["fenced_blocks"]


def fenced_blocks(text: str) -> Iterator[tuple[str, str | None]]:
    """Info string and body of each fenced block; the body of an open one is None.

    >>> list(fenced_blocks("a\\n```json\\n{}\\n```\\n```\\nopen"))
    [('json', '\\n{}\\n'), ('', None)]
    """
    opened: tuple[str, int, int] | None = None
    for ticks, info, start, end in _fences(text):
        if opened is None:
            if "`" not in info:
                opened = info, ticks, end
        elif not info and ticks >= opened[1]:
            yield opened[0], text[opened[2] : start]
            opened = None
    if opened is not None:
        yield opened[0], None


def _fences(text: str) -> Iterator[tuple[int, str, int, int]]:
    """Backticks, info string, start and end of every line that starts with three backticks.

    Each search begins where the last one ended, so many backticks in one line stay linear.
    """
    seen = 0
    while (start := text.find("```", seen)) >= 0:
        line = text.rfind("\n", seen, start)
        is_new_line = line >= 0 or seen == 0
        end = start + 3
        if is_new_line and not text[line + 1 : start].strip():
            stop = text.find("\n", end)
            end = len(text) if stop < 0 else stop
            run = text[start:end]
            info = run.lstrip("`")
            yield len(run) - len(info), info.strip(), start, end
        seen = end
