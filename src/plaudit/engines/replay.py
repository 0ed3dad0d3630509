"""Recorded replies in the place of a model: from a journal of calls, or from a column of the rows.

A journal answers the calls that it holds, by content. A column holds replies by the place of the
call within its job: ``{"ab": TEXT, "ba": TEXT}`` for both orders of a pair, ``{"0": TEXT, ...}``
for the responses of a group, a list of texts for several samples, or one text for all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.engines.calls import Calls
from plaudit.engines.chat import Call, Job, Reply

__all__ = ["ColumnReplay", "JournalReplay"]


class _Replay:
    deterministic = True
    can_ask_again = False
    can_prefix = True
    in_flight = 1

    def check(self, call: Call) -> None:
        """Nothing can be wrong with what is recorded."""

    def stop(self) -> None:
        """Nothing is under way."""

    def resolve(self) -> str:
        """The name under which replies are looked up."""
        return self.model

    model = ""


class JournalReplay(_Replay):
    """Answers from a journal of calls, as `model` did; a call that it lacks is a system fault."""

    can_ask_again = True  # what was asked twice stands there twice

    def __init__(self, path: str | os.PathLike[str], model: str) -> None:
        self.calls, self.model = Calls(path, is_read_only=True), model

    def answer(self, jobs: Sequence[Job]) -> list[list[Reply]]:
        """One Reply per call of each job, in order."""
        return [[self._answer(call) for call in job.calls] for job in jobs]

    def _answer(self, call: Call) -> Reply:
        told = f"{self.calls.path} holds no reply of {self.model!r} to this call"
        return self.calls.get(call.key(self.model)) or Reply(None, error=told, fault="system")


class ColumnReplay(_Replay):
    """Answers from a column of the rows: a mapping from place to text (or a list of samples)."""

    def __init__(self, column: str, model: str = "") -> None:
        self.column, self.model = column, model

    def answer(self, jobs: Sequence[Job]) -> list[list[Reply]]:
        """One Reply per call of each job, in order."""
        return [
            [self._answer(job.columns.get(self.column), call) for call in job.calls] for job in jobs
        ]

    def _answer(self, held: Any, call: Call) -> Reply:
        found = held.get(call.place) if isinstance(held, Mapping) else held
        if isinstance(found, list | tuple):
            found = found[call.index] if call.index < len(found) else None
        if found is None:
            told = f"column {self.column!r} holds no reply for {call.place!r}, sample {call.index}"
            return Reply(None, error=told, fault="input")
        return Reply(str(found), is_recorded=True)
