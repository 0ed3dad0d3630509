"""Rows and groups: reading files and tables, mapping columns, writing scored rows."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

_NAMES = {
    "plaudit.data.api": "Scores ascore score scored",
    "plaudit.data.read": "read",
    "plaudit.data.rows": "Layout Row",
    "plaudit.data.write": "Writer output_row run_meta",
}
_WHERE = {name: module for module, names in _NAMES.items() for name in names.split()}
__all__ = sorted(_WHERE)  # pyright: ignore[reportUnsupportedDunderAll]

if TYPE_CHECKING:
    from plaudit.data.api import Scores as Scores
    from plaudit.data.api import ascore as ascore
    from plaudit.data.api import score as score
    from plaudit.data.api import scored as scored
    from plaudit.data.read import read as read
    from plaudit.data.rows import Layout as Layout
    from plaudit.data.rows import Row as Row
    from plaudit.data.write import Writer as Writer
    from plaudit.data.write import output_row as output_row
    from plaudit.data.write import run_meta as run_meta


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module 'plaudit.data' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)
