"""The page of a judge's report: one HTML file, under the same locks as the report of rewards."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from plaudit.report.html import write_page
from plaudit.report.judge import JudgeSummary

__all__ = ["write_judge_report"]


def write_judge_report(
    path: str | os.PathLike[str],
    summary: JudgeSummary,
    *,
    title: str = "Judge report",
    recipe_text: str = "",
    command: str = "",
    meta: Mapping[str, object] | None = None,
) -> Path:
    """Writes a judge's report as one HTML file, and returns its path.

    As `plaudit.report.write_report`: the file needs no network, no text in it can act, it appears
    whole or not at all, and equal arguments give an equal file.

    Raises: OSError where the file cannot be written.

    >>> import tempfile
    >>> write_judge_report(Path(tempfile.mkdtemp()) / "judge.html", JudgeSummary()).name
    'judge.html'
    """
    page = {
        "title": title,
        "recipe": recipe_text,
        "command": command,
        "meta": [(str(key), str(value)) for key, value in (meta or {}).items()],
        "judge": summary.as_dict(),
    }
    return write_page(path, page, script="judge.js")
