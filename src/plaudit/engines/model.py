"""What a reward asks of a model's engine, whoever runs the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from plaudit.engines.plan import Item

if TYPE_CHECKING:
    from plaudit.engines.hf import Answer
    from plaudit.engines.questions import Question

__all__ = ["ModelEngine"]


class ModelEngine(Protocol):
    """Reads values off a model's rows: here (`HfEngine`), on a server, or of a fake.

    `models` ask; `way`, `why`, `device` and `dtype` say for `plaudit show` how it runs, and
    `tolerance` how far rounding may move a score of size 1.
    """

    @property
    def way(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def device(self) -> object: ...
    @property
    def dtype(self) -> str: ...
    @property
    def tolerance(self) -> float: ...

    def ask(self, question: Question, groups: Iterable[Sequence[Item]]) -> Iterator[list[Answer]]:
        """One Answer per item of each group, in order."""
        ...
