"""Calls to a generating engine and its replies: one shape for servers, local models and recorded
replies.

A `Call` is everything that determines a reply; a journal files the reply under its `key`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from plaudit.hashing import digest
from plaudit.types import Fault

__all__ = ["Call", "ChatEngine", "Job", "RecordedEngine", "Reply", "Sampling", "Token", "Usage"]

Turn = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a reply is drawn; every value is sent, zeros included. Temperature 0 is greedy."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 1024
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A request for one reply.

    `prefix` is the beginning of the reply (an unfinished assistant turn). With `labels`
    the reply carries its tokens with the log-probabilities of their rivals; with `max_tokens` 1 it
    is the one token after `prefix`. `schema` is a JSON schema that the reply
    must fit, where the engine can enforce one. `index` tells samples of equal calls apart.
    `template` is the hash of the wording that made the messages. `extra` are more fields for the
    engine (an `extra_body`). `place` names the call within its
    job ("ab", "ba", "0", "1", ...), for recorded replies; it is not part of the key.
    """

    messages: tuple[Turn, ...]
    sampling: Sampling = Sampling()
    index: int = 0
    prefix: str = ""
    labels: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    template: str = ""
    extra: Mapping[str, Any] | None = None
    place: str = ""

    def key(self, model: str) -> str:
        """A hash of the call and the model, in 32 hex digits.

        >>> one = Call(({"role": "user", "content": "hi"},))
        >>> one.key("m") == Call(one.messages, place="ab").key("m")
        True
        >>> one.key("m") == Call(one.messages, index=1).key("m")
        False
        """
        s = self.sampling
        contents = [
            model, self.template, self.messages, self.prefix, self.labels, self.schema, self.index,
            float(s.temperature), float(s.top_p), s.max_tokens, s.seed, s.stop,
            self.extra,
        ]  # fmt: skip
        return digest(_sorted_json(contents)).hex()


def _sorted_json(contents: object) -> bytes:
    """JSON with sorted keys; what orjson refuses (lone surrogates, huge integers) by `json`."""
    import orjson

    try:
        return orjson.dumps(contents, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return json.dumps(contents, sort_keys=True).encode()


class Token(NamedTuple):
    """A token of a reply: its text, its log-probability in nats, and the best rivals with theirs
    (itself included). A label that is not in `top` is less likely than all that are."""

    text: str
    logprob: float
    top: Mapping[str, float] = {}


class Usage(NamedTuple):
    """Tokens as the server or the tokenizer counts them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


_NO_USAGE = Usage()


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: the text (without the call's prefix), or the error.

    `text` None with an `error` is a call that failed; `fault` says who is at fault ("system":
    the server, "input": the text does not fit the model). A refused reply (content filter) has
    `text` None and no error. `is_recorded` marks a reply from a journal, which costs nothing.
    """

    text: str | None
    finish_reason: str | None = "stop"
    tokens: tuple[Token, ...] = ()
    usage: Usage = _NO_USAGE
    latency_s: float = math.nan
    error: str | None = None
    fault: Fault | None = None
    is_recorded: bool = False


class Job(NamedTuple):
    """The calls for one group or pair; the shared beginning of their prompts is read once where the
    engine can. `columns` are those of the group, which may hold recorded replies."""

    calls: tuple[Call, ...]
    columns: Mapping[str, Any] = {}


class ChatEngine(Protocol):
    """Answers jobs. `in_flight` is how many jobs may usefully be in flight (1: one by one).

    `can_prefix`: a reply can be given its beginning. `can_ask_again`: a new call gets a new reply
    (recorded replies have none).
    """

    @property
    def model(self) -> str: ...
    @property
    def deterministic(self) -> bool: ...
    @property
    def in_flight(self) -> int: ...
    @property
    def can_prefix(self) -> bool: ...
    @property
    def can_ask_again(self) -> bool: ...

    def check(self, call: Call) -> None:
        """Tries one short call, to see whether calls like this one can be answered at all.

        Raises: ConfigError for what no retry can fix: key, model name, log-probs, labels.
        """
        ...

    def resolve(self) -> str:
        """The model's name, looked up on the server where none was passed."""
        ...

    def stop(self) -> None:
        """Cancels the calls in flight, where possible."""
        ...

    def answer(self, jobs: Sequence[Job]) -> list[list[Reply]]:
        """One Reply per call of each job, in order; a failed call is a Reply with its error."""
        ...


@runtime_checkable
class RecordedEngine(Protocol):
    """An engine whose replies are in the rows (`engines.replay.ColumnReplay`); judges ask it."""

    def aligned(
        self, columns: Mapping[str, object], places: Sequence[str], samples: int, where: str = ""
    ) -> Mapping[str, object]:
        """The columns with the replies by place, for a job that judges `places`.

        Raises: DataError where they do not fit the places.
        """
        ...
