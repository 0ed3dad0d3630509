"""The command line: one verb per file. Nothing is imported before it is needed."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Runs the command line and exits with its code."""
    try:
        from plaudit.cli._app import app

        app(prog_name="plaudit")
    except KeyboardInterrupt:  # before or after the verb, where nothing is to be kept
        raise SystemExit(130) from None
