"""One HTML file with everything in it: no request leaves the page, and no text in it can act.

Three locks, each enough alone: all data are in a JSON block in which ``<`` cannot occur; the
page's script puts them on the page with `textContent` only; and the content security policy allows
the page's own scripts and styles, by hash, and nothing else.
"""

from __future__ import annotations

import base64
import html
import json
import math
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from plaudit.hashing import sha256
from plaudit.report.summary import Summary
from plaudit.untrusted import visible

__all__ = ["write_page", "write_report"]

# The chart library puts this style element into every chart.
_CHART_STYLE = """:where(.plot-d6a7b5) {
  --plot-background: white;
  display: block;
  height: auto;
  height: intrinsic;
  max-width: 100%;
}
:where(.plot-d6a7b5 text),
:where(.plot-d6a7b5 tspan) {
  white-space: pre;
}"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main id="report"><noscript>This report draws itself with the script it carries; please allow \
scripts for this file.</noscript></main>
<script type="application/json" id="data">{data}</script>
<script>{charts}</script>
<script>{script}</script>
</body>
</html>
"""


def write_report(
    path: str | os.PathLike[str],
    summaries: Summary | Sequence[Summary],
    *,
    title: str = "Reward report",
    recipe_text: str = "",
    command: str = "",
    meta: Mapping[str, object] | None = None,
) -> Path:
    """Writes the report of one or several runs as one HTML file, and returns its path.

    The file needs no network and appears whole or not at all; an existing one is replaced.
    `recipe_text` and `command` say how to get the same scores again, `meta` is shown as a list
    (input, version, time, ...). Equal arguments give an equal file.

    Raises: OSError where the file cannot be written.
    """
    runs = [summaries] if isinstance(summaries, Summary) else list(summaries)
    page = {
        "title": title,
        "recipe": recipe_text,
        "command": command,
        "meta": [(str(key), str(value)) for key, value in (meta or {}).items()],
        "runs": [summary.as_dict() for summary in runs],
    }
    return write_page(path, page, script="report.js")


def write_page(path: str | os.PathLike[str], page: Mapping[str, object], *, script: str) -> Path:
    """Writes a page that contains the data of `page` (with its title) and the asset `script`.

    Several assets are named with spaces between them, and run in that order.
    """
    return _write_whole(Path(path), _page(page, script.split()))


def _page(page: Mapping[str, Any], names: Sequence[str]) -> str:
    style, charts = _asset("report.css"), _asset("plot.min.js")
    script = "".join(map(_asset, ("page.js", *names)))
    return _PAGE.format(
        policy=_policy(scripts=(charts, script), styles=(style, _CHART_STYLE)),
        title=html.escape(visible(page["title"])),
        style=style,
        data=_json(page),
        charts=charts,
        script=script,
    )


@cache
def _asset(name: str) -> str:
    return (resources.files("plaudit.report") / "assets" / name).read_text(encoding="utf-8")


def _policy(*, scripts: Sequence[str], styles: Sequence[str]) -> str:
    """A content security policy that allows these inline texts and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_hash_source, scripts))}",
            f"style-src {' '.join(map(_hash_source, styles))}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash_source(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text)).decode()}'"


def _json(value: object) -> str:
    """JSON that is safe in a script element: all text visible, no markup character in it."""
    text = json.dumps(_to_json(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", text)


def _to_json(value: object) -> object:
    """The same data with every string made visible and every number that JSON lacks as null."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {visible(str(k)): _to_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(item) for item in value]
    return value


def _write_whole(path: Path, text: str) -> Path:
    """Writes next to the target and moves into place, so that no half file is ever seen."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    return path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
