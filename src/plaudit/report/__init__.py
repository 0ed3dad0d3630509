"""The report: what a run gave, on one self-contained HTML page.

`Summary` gathers the results of the runner, `write_report` writes the page.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plaudit.report.html import write_report
    from plaudit.report.summary import Counts, PartSummary, Summary

__all__ = ["Counts", "PartSummary", "Summary", "write_report"]

_WHERE = {"write_report": "html"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'plaudit.report' has no attribute {name!r}")
    return getattr(importlib.import_module(f"plaudit.report.{_WHERE.get(name, 'summary')}"), name)
