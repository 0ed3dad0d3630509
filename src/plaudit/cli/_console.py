"""What the verbs print: model text is neutralised, tables fit the terminal."""

from __future__ import annotations

import math
import os
import re
import shlex
import sys
import textwrap
from typing import TYPE_CHECKING

from plaudit.untrusted import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

__all__ = [
    "console",
    "number",
    "on_one_line",
    "say",
    "spelled_as_options",
    "stderr",
    "table",
    "text",
]

_PIPED_WIDTH = 160


def console(*, stderr: bool = False) -> Console:
    """Stdout (or stderr) without any markup: what is printed is what is seen."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _PIPED_WIDTH
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=width)


def stderr(message: str) -> None:
    """One plain line on stderr."""
    print(visible(message), file=sys.stderr, flush=True)


def say(message: str) -> None:
    """Prose on stderr, wrapped as wide as the tables are; commands stay on one line (`stderr`)."""
    width = console(stderr=True).width
    is_wide = not (sys.stderr.isatty() or "COLUMNS" in os.environ)
    stderr(message if is_wide else _filled(message, width))


def _filled(message: str, width: int) -> str:
    """A message in lines of at most this width; words are kept whole.

    >>> _filled("one two three", 20), _filled("one two three four five", 20).splitlines()
    ('one two three', ['one two three four', '  five'])
    """
    return textwrap.fill(
        message,
        max(width, 20),
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def text(value: object, style: str = "") -> Text:
    """Text for the terminal: control characters shown, markup unchanged."""
    from rich.text import Text

    return Text(visible(str(value)), style=style, overflow="fold")


def table(*columns: str, numeric: tuple[str, ...] = ()) -> Table:
    """A plain table; the `numeric` columns are set right."""
    from rich import box
    from rich.table import Table

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        if name in numeric:
            grid.add_column(name, justify="right", no_wrap=True)
        else:
            grid.add_column(name, overflow="fold")
    return grid


def number(value: float) -> str:
    """A value in four decimals at most; "-" for none.

    >>> number(0.5), number(1234567.0), number(-0.0), number(float("nan"))
    ('0.5', '1234567', '0', '-')
    """
    if math.isnan(value):
        return "-"
    if abs(value) >= 1e9:
        return f"{value:g}"
    return f"{round(value, 4) + 0.0:.4f}".rstrip("0").rstrip(".")


def on_one_line(value: str, limit: int) -> str:
    """The start of a text, on one line.

    >>> on_one_line("a\\n b", 9), on_one_line("abcdef", 4)
    ('a b', 'abc…')
    """
    line = " ".join(value[: 4 * limit + 100].split())
    return line if len(line) <= limit and len(value) <= 4 * limit + 100 else f"{line[: limit - 1]}…"


def spelled_as_options(message: str) -> str:
    """An error of the Python API with its keywords as the command line spells them.

    >>> spelled_as_options("overwrite replaces it; columns={'response': NAME}")
    '--overwrite replaces it; --column response=NAME'
    """
    message = re.sub(
        r"columns=\{'(\w+)': (?:'([^']*)'|([\w.]+))\}",
        lambda match: f"--column {shlex.quote(f'{match[1]}={match[2] or match[3]}')}",
        message,
    )
    message = re.sub(r"(?<=with )column='([^']+)'", r"--reward-column \1", message)
    return re.sub(r"(?<![\w-])(overwrite|resume)(?!\w)", r"--\1", message)
