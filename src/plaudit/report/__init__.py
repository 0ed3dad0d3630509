"""The report: what a run gave, on one self-contained HTML page.

`Summary` gathers the results of the runner, `write_report` writes the page; `JudgeSummary` and
`write_judge_report` do so for a judge whose verdicts are held against labels.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plaudit.report.html import write_report
    from plaudit.report.judge import JudgeSummary
    from plaudit.report.judge_html import write_judge_report
    from plaudit.report.summary import Counts, PartSummary, Summary

__all__ = [
    "Counts",
    "JudgeSummary",
    "PartSummary",
    "Summary",
    "write_judge_report",
    "write_report",
]

_WHERE = {
    "JudgeSummary": "judge",
    "write_judge_report": "judge_html",
    "write_report": "html",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'plaudit.report' has no attribute {name!r}")
    return getattr(importlib.import_module(f"plaudit.report.{_WHERE.get(name, 'summary')}"), name)
