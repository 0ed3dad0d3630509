"""Recorded replies in the place of a model: from a journal of calls, or from a column of the rows.

A journal answers the calls that it holds, by content. A column contains replies by the place of the
call within its job: ``{"ab": TEXT, "ba": TEXT}`` for both orders of a pair, ``{"0": TEXT, ...}`` or
a list with one text for each response of a group, or one text for a single query. A list of texts
in the place of a text is one text for each sample.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from plaudit.engines.calls import CallJournal
from plaudit.engines.chat import Call, Job, Reply
from plaudit.errors import DataError, clipped

__all__ = ["ColumnReplay", "JournalReplay"]


class _Replay:
    deterministic = True
    can_ask_again = False
    can_prefix = True
    in_flight = 1

    def check(self, call: Call) -> None:
        """Does nothing: recorded replies need no probe."""

    def stop(self) -> None:
        """Does nothing: no call is in flight."""

    def resolve(self) -> str:
        """The name under which replies are looked up."""
        return self.model

    model = ""


class JournalReplay(_Replay):
    """Answers from a journal of calls, as `model` did; a call that it lacks is a system fault."""

    can_ask_again = True  # a retried call was recorded as well

    def __init__(self, path: str | os.PathLike[str], model: str) -> None:
        self.calls, self.model = CallJournal(path, is_read_only=True), model

    def answer(self, jobs: Sequence[Job]) -> list[list[Reply]]:
        """One Reply per call of each job, in order."""
        return [[self._answer(call) for call in job.calls] for job in jobs]

    def _answer(self, call: Call) -> Reply:
        message = f"{self.calls.path} has no reply of {self.model!r} to this call"
        return self.calls.get(call.key(self.model)) or Reply(None, error=message, fault="system")


class ColumnReplay(_Replay):
    """Answers from a column of the rows: a mapping from place to text (or a list of samples)."""

    def __init__(self, column: str, model: str = "") -> None:
        self.column, self.model = column, model

    def aligned(
        self, columns: Mapping[str, object], places: Sequence[str], samples: int, where: str = ""
    ) -> Mapping[str, object]:
        """The columns with the replies by place, for a job that judges `places`.

        Raises: DataError where a list of replies has another length than the places, or one text
        is all there is for several.
        """
        replies = columns.get(self.column)
        if replies is None or isinstance(replies, Mapping) or not places:
            return columns
        if isinstance(replies, list | tuple) and len(places) == 1:
            by_place, num_calls = {places[0]: replies}, samples
        elif isinstance(replies, list | tuple) and all(map(str.isdigit, places)):
            by_place, num_calls = dict(zip(places, replies, strict=False)), len(places)
        else:
            by_place, num_calls = {places[0]: replies}, len(places) * samples
        num = len(replies) if isinstance(replies, list | tuple) else 1
        if num != num_calls:
            raise DataError(
                f"{num} replies for {num_calls} calls: {clipped(replies)}; give a list of one"
                " for each"
                f" response or sample, or a mapping from place to reply ({', '.join(places[:4])})",
                where=where,
                field=self.column,
            )
        return {**columns, self.column: by_place}

    def answer(self, jobs: Sequence[Job]) -> list[list[Reply]]:
        """One Reply per call of each job, in order."""
        return [
            [self._answer(job.columns.get(self.column), call) for call in job.calls] for job in jobs
        ]

    def _answer(self, replies: object, call: Call) -> Reply:
        reply = replies.get(call.place) if isinstance(replies, Mapping) else replies
        if isinstance(reply, list | tuple):
            reply = reply[call.index] if call.index < len(reply) else None
        if reply is None:
            message = f"column {self.column!r} has no reply for {call.place!r}, sample {call.index}"
            return Reply(None, error=message, fault="input")
        return Reply(str(reply), is_recorded=True)
