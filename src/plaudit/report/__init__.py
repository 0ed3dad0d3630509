"""The report: what a run gave, on one self-contained HTML page.

`Summary` gathers the results of the runner, `write_report` writes the page; `visible` and
`csv_cell` make model text safe to print anywhere.
"""

from plaudit.report._text import csv_cell, visible
from plaudit.report.html import write_report
from plaudit.report.summary import Counts, PartSummary, Summary

__all__ = ["Counts", "PartSummary", "Summary", "csv_cell", "visible", "write_report"]
