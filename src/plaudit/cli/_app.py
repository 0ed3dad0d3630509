"""The verbs put together, and what every verb shares: exit codes, one line for an error."""

from __future__ import annotations

import inspect
import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import plaudit
from plaudit.cli import (
    check,
    compare,
    demo,
    explain,
    init,
    judge,
    list,
    probe,
    sandbox,
    score,
    select,
    show,
)
from plaudit.cli._console import spelled_as_options, stderr
from plaudit.errors import DataError, EngineError, PlauditError

__all__ = ["app"]

USAGE, DATA, IO, BUG, INTERRUPTED = 2, 3, 4, 70, 130
_EXIT_CODES = """\
Exit codes: 0 all is well; 1 some rows were bad or responses unscored (score), a law is broken \
(check); 2 the command line, a recipe or a name is wrong; 3 a bad row under --strict; \
4 reading or writing failed; 130 interrupted, what was written is kept; 70 a bug in plaudit. \
--debug, anywhere, shows the traceback of an error."""


class _Verbs(TyperGroup):
    """A group whose errors are one line on stderr."""

    def main(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Runs a verb; exits with its code, or returns it where not `standalone_mode`."""
        _print_anything()
        words = [*(sys.argv[1:] if args is None else args)]
        is_debug = "--debug" in words
        words = [word for word in words if word != "--debug"]
        try:
            code = super().main(words, prog_name, standalone_mode=False, **extra)
        except Exception as error:
            if is_debug:
                traceback.print_exc()
            code = _report(error)
        if standalone_mode:
            sys.exit(code)
        return code


def _print_anything() -> None:
    """Lets text that the terminal's encoding lacks appear escaped instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _report(error: Exception) -> int:
    """Prints one line for an error and returns the exit code."""
    code, message = _explained(error)
    if message:
        stderr(f"plaudit: {spelled_as_options(' '.join(message.split()))}")
    return code


def _explained(error: Exception) -> tuple[int, str]:
    if isinstance(error, DataError):
        return DATA, str(error)
    if isinstance(error, EngineError) or isinstance(error.__cause__, OSError):
        return IO, str(error)
    if isinstance(error, PlauditError):
        return USAGE, str(error)
    if isinstance(error, BrokenPipeError):
        return _silenced(), ""
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return IO, f"{place}{error.strerror or error}"
    if (told := getattr(error, "format_message", None)) is not None:  # whichever click it is of
        return USAGE, f"{told().rstrip('.')}; see {_help_of(error)}"
    if type(error).__name__ == "Abort":
        return INTERRUPTED, "interrupted"
    return BUG, f"{type(error).__name__}: {error} (a bug in plaudit: --debug shows the traceback)"


def _help_of(error: Any) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'plaudit'} --help"


def _silenced() -> int:
    """The reader of stdout went away: nothing more can be said there."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return IO


app = typer.Typer(
    cls=_Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog=_EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(is_asked: bool) -> None:
    if is_asked:
        print(f"plaudit {plaudit.__version__}")
        raise typer.Exit


def _reflowed(doc: str | None) -> str:
    """A docstring whose paragraphs are one line each, for the terminal to wrap."""
    paragraphs = inspect.cleandoc(doc or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


@app.callback()
def _plaudit(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Rewards for language-model responses: score files, explain scores, check your own rewards."""


for verb in (demo, init, score, judge, select, compare, explain, list, show, check, probe):
    name = verb.__name__.rpartition(".")[2]
    app.command(name=name, help=_reflowed(verb.run.__doc__))(verb.run)
app.add_typer(sandbox.app, name="sandbox", help=_reflowed(sandbox.__doc__))
