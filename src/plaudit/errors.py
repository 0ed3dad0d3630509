"""Everything plaudit raises, in one tree.

    PlauditError
      ConfigError(ValueError)     a name, parameter or recipe key that does not fit
      DataError(ValueError)       a row that cannot be read: place, field, expected, found
      MissingExtra(ImportError)   a feature whose optional dependency is not installed
      ScoringError(RuntimeError)  this response could not be scored; says whose fault it is
        VerdictError              a judge's reply contains no readable verdict
        SandboxError              the sandbox itself failed
        ScoreTimeout              the deadline passed before there was a score
      EngineError(RuntimeError)   a model or an HTTP back end failed

A wrong answer is a value; a failed measurement is an error. Every class pickles, because errors
travel between worker processes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from plaudit.types import Fault

__all__ = [
    "ConfigError",
    "DataError",
    "EngineError",
    "MissingExtra",
    "PlauditError",
    "SandboxError",
    "ScoreTimeout",
    "ScoringError",
    "VerdictError",
    "clipped",
    "did_you_mean",
]


class PlauditError(Exception):
    """Root of all errors that plaudit raises on purpose."""


class ConfigError(PlauditError, ValueError):
    """A reward, parameter or recipe key is unknown or does not fit; says what would fit."""


class DataError(PlauditError, ValueError):
    """A row is not what the reward needs.

    `where` is the place as ``file:line`` (or ``group 3 (id ...)``), `field` the column.

    >>> str(DataError("missing column", where="a.jsonl:7", field="reference"))
    "a.jsonl:7: field 'reference': missing column"
    """

    def __init__(self, message: str, *, where: str = "", field: str = "") -> None:
        super().__init__(message)
        self.where = where
        self.field = field

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        field = f"field {self.field!r}: " if self.field else ""
        return f"{place}{field}{self.args[0]}"

    def at(self, where: str) -> DataError:
        """The same error, placed at `where`."""
        return DataError(self.args[0], where=where, field=self.field)


class MissingExtra(PlauditError, ImportError):
    """A feature needs a package that is not installed.

    >>> str(MissingExtra.of("the math rules", package="math_verify", extra="math"))
    "the math rules need 'math_verify', which is not installed: pip install 'plaudit[math]'"
    """

    @classmethod
    def of(cls, feature: str, *, package: str, extra: str) -> MissingExtra:
        """The error for `feature`, with the pip line that mends it."""
        return cls(
            f"{feature} need {package!r}, which is not installed: pip install 'plaudit[{extra}]'"
        )


class ScoringError(PlauditError, RuntimeError):
    """This response could not be scored. A rule raises it; a lifted reward turns it into a Score.

    `fault` says who is to blame: "response" (the reward's declared minimum is given), "input" or
    "system" (the value is NaN).
    """

    default_fault: Fault = "system"

    def __init__(self, message: str, fault: Fault | None = None) -> None:
        super().__init__(message, fault)
        self.fault: Fault = fault or self.default_fault

    def __str__(self) -> str:
        return str(self.args[0])


class VerdictError(ScoringError):
    """A judge's reply contains no verdict that the parser may read."""


class SandboxError(ScoringError):
    """The sandbox itself failed; the program is not to blame."""


class ScoreTimeout(ScoringError):
    """The response exceeded its deadline; by default the response is at fault."""

    default_fault: Fault = "response"


class EngineError(PlauditError, RuntimeError):
    """A model or an HTTP back end failed; `retryable` says whether a retry may help."""

    def __init__(self, message: str, status: int | None = None, retryable: bool = False) -> None:
        super().__init__(message, status, retryable)
        self.status = status
        self.retryable = retryable

    def __str__(self) -> str:
        return str(self.args[0])


def did_you_mean(name: str, names: Iterable[str], *, limit: int = 3) -> str:
    """A sentence with the names closest to `name`, or an empty string.

    >>> did_you_mean("formt", ["format", "math"])
    "; did you mean 'format'?"
    """
    close = difflib.get_close_matches(name, list(names), n=limit, cutoff=0.5)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


def clipped(value: object, *, limit: int = 80) -> str:
    """The repr of a value found in data, cut to `limit` characters for an error message."""
    text = repr(value[: limit + 1] if isinstance(value, str) else value)
    return text if len(text) <= limit else text[: limit - 3] + "..."
