"""The verbs put together, and what every verb shares: exit codes, one line for an error.

A verb is imported when it is called or asked for its help; the list of all is a table here. Help
is plain text: laying it out in boxes would cost more than all the rest.
"""

from __future__ import annotations

import importlib
import inspect
import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

import plaudit
from plaudit.cli._console import spelled_as_options, stderr
from plaudit.errors import ConfigError, DataError, EngineError, PlauditError, did_you_mean

__all__ = ["VERBS", "Verb", "app"]


class Verb(NamedTuple):
    """The first sentence of a verb's docstring, and a command on the files of `plaudit demo`."""

    summary: str
    example: str


VERBS = {
    "demo": Verb(
        "A tour, offline, in seconds: where well-known rules go wrong silently, and why.",
        "plaudit demo --files .",
    ),
    "init": Verb(
        "Look at a file and propose a recipe: columns, tags, language, kind of reference.",
        "plaudit init rollouts.jsonl",
    ),
    "score": Verb(
        "Score the responses in files.",
        "plaudit score rollouts.jsonl --recipe recipe.yaml --output scored.jsonl",
    ),
    "judge": Verb(
        "Judge responses with a language model: pairs, single responses, lists, rubrics.",
        "plaudit judge pairs.jsonl --template pairwise --replay column:replies -o judged.jsonl",
    ),
    "select": Verb(
        "Make training data from scored rows: preference pairs, SFT samples or RL prompts.",
        "plaudit select scored.jsonl --to preference --layout trl --output preference.jsonl",
    ),
    "train": Verb(
        "Train a reward from preference data: `plaudit train linear` makes the baseline.",
        "plaudit train linear --data pairs.jsonl --out baseline",
    ),
    "compare": Verb(
        "Compare two columns of responses: how often the first wins, and by what margin.",
        "plaudit compare pairs.jsonl --a chosen --b rejected --reward rules.baseline.length",
    ),
    "explain": Verb(
        "Explain the scores of one row: every part with its weight, reason and time.",
        "plaudit explain rollouts.jsonl:7 --recipe recipe.yaml",
    ),
    "list": Verb(
        "List the shipped rewards, combinations, recipes and judge templates: what each is.",
        "plaudit list rules.format",
    ),
    "show": Verb(
        "Show a reward (signature, range, inputs, documentation), a recipe (its tree) or a"
        " template.",
        "plaudit show rules.math.equal",
    ),
    "check": Verb(
        "Check that a reward keeps the laws: shape, order, NaN, odd texts, threads, speed.",
        "plaudit check rules.format.think",
    ),
    "probe": Verb(
        "Probe how a reward can be hacked: what it pays for edits that deserve nothing.",
        "plaudit probe recipe.yaml rollouts.jsonl",
    ),
    "bench": Verb(
        "Score a benchmark with rewards of any kind: figures with intervals, floors and tests.",
        "plaudit bench pairs --data pairs.jsonl --reward rules.baseline.length -o bench",
    ),
    "report": Verb(
        "Make one page of benchmark runs: a leaderboard, charts, and every row to look at.",
        "plaudit report bench -o report.html",
    ),
    "sandbox": Verb(
        "`plaudit sandbox`: run a program, see what is enforced, serve it, attack it.",
        "plaudit sandbox doctor",
    ),
}

USAGE, DATA, IO, BUG, INTERRUPTED = 2, 3, 4, 70, 130
_EXIT_CODES = """\
Exit codes: 0 all is well; 1 some rows were bad or responses unscored (score), a law is broken \
(check); 2 the command line, a recipe or a name is wrong; 3 a bad row under --strict; \
4 reading or writing failed; 130 interrupted, what was written is kept; 70 a bug in plaudit. \
--debug, anywhere, shows the traceback of an error."""
_HELP = "plaudit --help"
_OWN = ("--version", "-h", "--help")  # to typer they are booleans, for which it loads pydantic
_OPTIONS = [
    ("--version", "Print the version."),
    ("--debug", "Show the traceback of an error; with any verb."),
    ("-h, --help", "Show this message, or that of a verb."),
]


class _Verbs(TyperGroup):
    """A group whose errors are one line on stderr, and whose verbs are imported when needed."""

    def list_commands(self, ctx: object) -> list[str]:
        """The names of the verbs."""
        return [*self.commands, *VERBS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A verb. Raises ConfigError for an unknown name."""
        if cmd_name not in (names := self.list_commands(ctx)):
            raise ConfigError(f"no verb {cmd_name!r}{did_you_mean(cmd_name, names)}; see {_HELP}")
        if cmd_name in VERBS and cmd_name not in self.commands:
            self.commands[cmd_name] = _command(cmd_name)
        return self.commands[cmd_name]

    def format_options(self, ctx: object, formatter: Any) -> None:
        """The options and the verbs for --help."""
        with formatter.section("Options"):
            formatter.write_dl(_OPTIONS)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: object, formatter: Any) -> None:
        """The list of the verbs for --help."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.summary) for name, verb in VERBS.items()])

    def main(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> object:
        """Runs a verb; exits with its code, or returns it where not `standalone_mode`."""
        _print_anything()
        words = [*(sys.argv[1:] if args is None else args)]
        is_debug = "--debug" in words
        words = [word for word in words if word != "--debug"]
        try:
            if words and words[0] in _OWN:
                code = self._describe(words[0])
            else:
                code = super().main(words, prog_name, standalone_mode=False, **extra)
        except Exception as error:
            if is_debug:
                traceback.print_exc()
            code = _report(error)
        if standalone_mode:
            sys.exit(code)
        return code

    def _describe(self, option: str) -> None:
        """Prints the version or the help."""
        if option == "--version":
            print(f"plaudit {plaudit.__version__}")
            return
        with self.make_context("plaudit", [], resilient_parsing=True) as ctx:
            print(ctx.get_help())


def _print_anything() -> None:
    """Lets text that the terminal's encoding lacks appear escaped instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _report(error: Exception) -> int:
    """Prints one line for an error and returns the exit code."""
    if type(error).__name__ == "NoArgsIsHelpError":  # whichever click it is of
        print(error, file=sys.stderr)
        return USAGE
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
    if (usage := getattr(error, "format_message", None)) is not None:  # whichever click it is of
        return USAGE, f"{usage().rstrip('.')}; see {_help_of(error)}"
    if type(error).__name__ == "Abort":
        return INTERRUPTED, "interrupted"
    return BUG, f"{type(error).__name__}: {error} (a bug in plaudit: --debug shows the traceback)"


def _help_of(error: object) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path} --help" if context else _HELP


def _silenced() -> int:
    """The reader of stdout went away: nothing more can be said there."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return IO


def _reflowed(doc: str | None) -> str:
    """A docstring whose paragraphs are one line each, for the terminal to wrap."""
    paragraphs = inspect.cleandoc(doc or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


class _Verb(TyperCommand):
    """A command whose options are listed under the headings that they name."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The arguments and options for --help."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if (record := param.get_help_record(ctx)) is not None:
                default = "Arguments" if param.param_type_name == "argument" else "Options"
                name = getattr(param, "rich_help_panel", None) or default
                sections.setdefault(name, []).append(record)
        for name, records in sections.items():
            with formatter.section(name):
                formatter.write_dl(records)


def _command(name: str) -> Any:
    """The command of a verb, from its module."""
    module = importlib.import_module(f"plaudit.cli.{name}")
    options: dict[str, Any] = {"epilog": f"\b\nExample:\n  {VERBS[name].example}"}
    if hasattr(module, "app"):
        one = typer.Typer(**_PLAIN)
        one.add_typer(module.app, name=name, help=_reflowed(module.__doc__), **options)
        group: Any = typer.main.get_command(one)
        return group.commands[name]
    one = typer.Typer(**_PLAIN)
    one.command(name=name, cls=_Verb, help=_reflowed(module.run.__doc__), **options)(module.run)
    return typer.main.get_command(one)


_PLAIN: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"], "max_content_width": 100},
}
app = typer.Typer(
    cls=_Verbs, no_args_is_help=True, add_help_option=False, epilog=_EXIT_CODES, **_PLAIN
)


@app.callback()
def _plaudit() -> None:
    """Rewards for language-model responses: score files, explain scores, check your own rewards."""
