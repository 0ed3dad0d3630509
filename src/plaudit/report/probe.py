"""The page of a probe: a table of edits with intervals, and what was paid for, side by side."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plaudit.report.html import write_page

__all__ = ["write_probe_report"]

_MOST_CHARS = 20_000  # of a text that is shown


def write_probe_report(
    path: str | os.PathLike[str],
    figures: Mapping[str, Any],
    *,
    title: str = "Probe report",
    recipe_text: str = "",
    command: str = "",
    meta: Mapping[str, object] | None = None,
) -> Path:
    """Writes the figures of a probe (`Probe.as_dict`) as one HTML file, and returns its path.

    As `plaudit.report.write_report`: the file needs no network, no text in it can act, it appears
    whole or not at all, and equal arguments give an equal file. Of a long text the first 20 000
    characters are shown.

    Raises: OSError where the file cannot be written.

    >>> import tempfile
    >>> none = {"num_rows": 0, "num_responses": 0, "num_unscored": 0, "edits": [], "left_out": []}
    >>> write_probe_report(Path(tempfile.mkdtemp()) / "probe.html", none).name
    'probe.html'
    """
    edits = [
        {**edit, "worst": [_clipped(change) for change in edit["worst"]]}
        for edit in figures["edits"]
    ]
    page = {
        "title": title,
        "recipe": recipe_text,
        "command": command,
        "meta": [(str(key), str(value)) for key, value in (meta or {}).items()],
        "probe": {**figures, "edits": edits},
    }
    return write_page(path, page, script="probe.js")


def _clipped(change: Mapping[str, Any]) -> dict[str, object]:
    """A payment with its texts cut, and how long they were."""
    texts = {name: change[name][:_MOST_CHARS] for name in ("prompt", "text", "edited")}
    lengths = {f"{name}_length": len(change[name]) for name in ("text", "edited")}
    return {**change, **texts, **lengths}
