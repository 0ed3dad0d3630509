"""What a program says by `logging` and `warnings`, said again where its tests listen for it."""

from __future__ import annotations

import builtins
import logging
import warnings
from typing import Any

__all__ = ["Collected", "repeat"]

_MOST = 1000


class Collected(logging.Handler):
    """The program's side: log records and warnings since the last time."""

    def __init__(self) -> None:
        super().__init__()
        self._notices: list[list[object]] = []
        root = logging.getLogger()
        self._has_level = root.level != logging.WARNING
        root.addHandler(self)
        if not self._has_level:
            root.setLevel(1)  # the tests' loggers decide
        _show_always()
        warnings.showwarning = self._warned  # type: ignore[assignment]

    def emit(self, record: logging.LogRecord) -> None:
        has_level = self._has_level or _has_level(logging.getLogger(record.name))
        self._keep(["log", record.name, record.levelno, record.getMessage(), has_level])

    def _warned(self, message: object, category: type, *where: object, **more: object) -> None:
        names = [str(kind.__name__) for kind in category.__mro__]
        self._keep(["warning", str(message), names])

    def _keep(self, notice: list[object]) -> None:
        if len(self._notices) < _MOST:
            self._notices.append(notice)

    def take(self) -> list[list[Any]]:
        notices, self._notices = self._notices, []
        return notices


_NUM_DEFAULTS = len(warnings.filters)  # before any program


def _show_always() -> None:
    """Every warning counts, but where the program's own filters say otherwise."""
    filters: Any = warnings.filters
    filters.insert(max(len(filters) - _NUM_DEFAULTS, 0), ("always", None, Warning, None, 0))
    warnings.simplefilter("always", append=True)  # so that the filters are checked again


def _has_level(logger: logging.Logger) -> bool:
    """Whether the program itself has set the level of a logger, or of one above it."""
    ancestor: object = logger
    while ancestor is not None and ancestor.parent is not None:
        if ancestor.level:
            return True
        ancestor = ancestor.parent
    return False


def repeat(notices: Any) -> None:
    """The tests' side. Raises: ValueError, TypeError for what no program's side says."""
    for kind, *rest in notices:
        if kind == "log":
            _log(*rest)
        else:
            _warn(*rest)


def _log(name: object, level: Any, message: object, has_level: object) -> None:
    logger = logging.getLogger(str(name))
    record = logger.makeRecord(logger.name, int(level), "solution.py", 0, str(message), (), None)
    if has_level is True or logger.isEnabledFor(record.levelno):
        logger.handle(record)


def _warn(message: object, names: Any) -> None:
    candidates = (getattr(builtins, str(name), None) for name in names)
    kinds = (kind for kind in candidates if isinstance(kind, type) and issubclass(kind, Warning))
    warnings.warn_explicit(str(message), next(kinds, UserWarning), "solution.py", 1)
