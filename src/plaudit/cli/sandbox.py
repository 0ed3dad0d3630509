"""`plaudit sandbox`: run a program, see what is enforced, serve it, attack it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from plaudit.cli._console import console, table, text
from plaudit.cli._progress import progress_bar
from plaudit.errors import ConfigError

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

_EXITS = {"ok": 0, "sandbox": 4}


@app.command(name="run")
def run_file(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The program; - reads it from stdin.")
    ],
    stdin: Annotated[
        str | None, typer.Option(metavar="FILE", help="The program's standard input; - is ours.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Default: by the file's suffix.")] = None,
    cpu_s: Annotated[float, typer.Option("--cpu-s", help="CPU seconds.")] = 5.0,
    wall_s: Annotated[
        float | None, typer.Option("--wall-s", help="Default: 2 * cpu-s + 1.")
    ] = None,
    memory_mb: Annotated[int, typer.Option("--memory-mb", help="MiB.")] = 512,
    package: Annotated[
        list[str] | None, typer.Option(help="An importable package (default: numpy).")
    ] = None,
) -> None:
    """Run one program in the sandbox and show what it wrote and how it ended.

    The program's output goes to stdout, its errors and one line of figures to stderr. The exit code
    is the program's own, 1 where it was ended, 4 where the sandbox failed.
    """
    from plaudit.sandbox import Limits, Program, Sandbox
    from plaudit.sandbox.languages import suffixes

    code = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    stdin_bytes = b"" if stdin is None else _bytes_of(stdin)
    chosen = language or suffixes().get(Path(file).suffix, "python")
    limits = Limits(cpu_s=cpu_s, wall_s=wall_s, memory_mb=memory_mb)
    with Sandbox(slots=1, packages=package or ("numpy",)) as box:
        outcome = box.run(Program(code, stdin=stdin_bytes, language=chosen, limits=limits))
    _write(sys.stdout, outcome.stdout)
    _write(sys.stderr, outcome.stderr)
    cut = " (output cut)" if outcome.stdout_truncated or outcome.stderr_truncated else ""
    figures = f"{outcome.cpu_s:.3f} s CPU, {outcome.wall_s:.3f} s, {outcome.memory_mb:.0f} MiB"
    ended = outcome.kind if outcome.signal is None else f"{outcome.kind} (signal {outcome.signal})"
    print(f"plaudit: {ended}: {figures}{cut} {outcome.error}".rstrip(), file=sys.stderr)
    raise typer.Exit(_EXITS.get(outcome.kind, outcome.exit_code or 1))


def _bytes_of(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def _write(stream: Any, data: bytes) -> None:
    """To a file byte for byte, to a terminal with control characters shown."""
    if stream.isatty():
        stream.write(str(text(data.decode("utf-8", "replace"))))
    else:
        stream.flush()
        stream.buffer.write(data)
    stream.flush()


@app.command()
def doctor() -> None:
    """Show what the sandbox enforces here, each layer tried, and which languages are there."""
    from plaudit.sandbox import Sandbox, languages
    from plaudit.sandbox.report import LAYERS

    with Sandbox(slots=1, minimum=()) as box:
        report = box.report
    out = console()
    rows = table("layer", "here", "what it means")
    for name, meaning in LAYERS.items():
        rows.add_row(name, "yes" if name in report["enforced"] else "no", text(meaning))
    out.print(rows)
    for layer, why in report["missing"].items():
        out.print(text(f"missing {layer}: {why}"))
    out.print(text(f"Landlock ABI {report.get('landlock', 0)}, user {report['uid']}"))
    rows = table("language", "toolchain")
    rows.add_row("python", text(sys.executable))
    for name, path in languages.available().items():
        rows.add_row(name, text(path or f"not installed: {languages.get(name).PACKAGES}"))
    out.print(rows)
    ready = {"files", "seccomp"} <= set(report["enforced"])
    out.print(
        text(
            "The default minimum (files, seccomp) is enforced."
            if ready
            else "NOT ENOUGH for the default minimum (files, seccomp)."
        )
    )
    raise typer.Exit(0 if ready else 1)


@app.command()
def selftest(
    only: Annotated[
        list[str] | None, typer.Argument(metavar="[CATEGORY|NAME]...", help="Default: all.")
    ] = None,
    conditions: Annotated[
        bool,
        typer.Option(
            "--all-conditions",
            help="As root: also as an ordinary user, and both in an emulated default container.",
        ),
    ] = False,
    slots: Annotated[
        int | None, typer.Option(min=1, help="Default: the usable processors, at least 8.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="A line for each.")] = False,
) -> None:
    """Attack the sandbox with the built-in programs and say which layer stopped each."""
    if conditions:
        raise typer.Exit(_under_all_conditions(only or [], verbose))
    from plaudit.sandbox import Sandbox
    from plaudit.sandbox import selftest as suite
    from plaudit.sandbox.pool import usable_cores

    out = console()
    results: dict[str, list[object]] = {}
    bad = []
    total = len(suite.chosen(only or []))
    if not total:
        categories = ", ".join(suite.categories())
        raise ConfigError(f"no attack or category {', '.join(only or [])}; there are: {categories}")
    with Sandbox(slots=1) as box:
        out.print(text(f"enforced: {', '.join(sorted(box.report['enforced']))}"))
    slots = slots or max(8, usable_cores())  # many only sleep
    outcomes = suite.run(lambda: Sandbox(slots=1), only=only or [], slots=slots)
    for result in _counted(outcomes, total):
        results.setdefault(result.category, []).append(result)
        if verbose or not result.holds:
            _say(out, result)
        if not result.holds:
            bad.append(result)
    _summarise(out, results)
    raise typer.Exit(1 if bad else 0)


def _counted(results: Iterator[object], total: int) -> Iterator[Any]:
    """Passes results on, and shows how many have come: a bar, or a line now and then."""
    with progress_bar() as show:
        for place, result in enumerate(results, 1):
            show(place, total, "programs")
            yield result


def _say(out: Any, result: Any) -> None:
    attack = result.attack
    left = "; ".join(result.left)
    mark = "ok " if result.holds else "BAD"
    out.print(
        text(
            f"{mark} {result.category}/{attack.name}: {result.verdict} ({result.kind}), expected"
            f" {attack.expect}; stopped by {attack.layer}{'; ' + left if left else ''}"
        )
    )


def _summarise(out: Any, results_by_category: dict[str, list[Any]]) -> None:
    rows = table("category", "programs", "held", "stopped first by", numeric=("programs", "held"))
    for category, results in results_by_category.items():
        layers = sorted({result.attack.layer for result in results})
        count = sum(result.holds for result in results)
        rows.add_row(category, str(len(results)), str(count), text(", ".join(layers)))
    every = [result for results in results_by_category.values() for result in results]
    count = sum(result.holds for result in every)
    rows.add_row("all", str(len(every)), str(count), "")
    out.print(rows)


def _under_all_conditions(only: list[str], verbose: bool) -> int:
    from plaudit.sandbox import conditions

    worst = 0
    for condition in conditions.available():
        console().print(text(f"--- {condition}", "bold"))
        sys.stdout.flush()
        flags = ["--verbose"] if verbose else []
        argv = [sys.executable, "-m", "plaudit", "sandbox", "selftest", *flags, *only]
        done = conditions.run_under(condition, argv)
        worst = max(worst, abs(done.returncode))
    return min(worst, 1)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: any free port.")] = 8080,
    slots: Annotated[int | None, typer.Option(min=1, help="Default: usable processors.")] = None,
    preload: Annotated[list[str] | None, typer.Option(help="A module to import before.")] = None,
    package: Annotated[
        list[str] | None, typer.Option(help="An importable package (default: numpy).")
    ] = None,
) -> None:
    """Serve the sandbox over HTTP with SandboxFusion's requests and responses.

    A token in the environment variable PLAUDIT_TOKEN is required of every request.
    """
    from plaudit.sandbox import Sandbox, server

    token = os.environ.get("PLAUDIT_TOKEN") or None
    packages = package or ("numpy",)
    with Sandbox(slots=slots, preload=tuple(preload or ()), packages=packages) as box:
        enforced = ", ".join(sorted(box.report["enforced"]))
        print(f"plaudit: enforced: {enforced}", file=sys.stderr)
        server.serve(box, host=host, port=port, token=token)
