"""What may be said of a generating engine: how replies are drawn, and the way to a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from plaudit.options import Option

__all__ = ["SamplingOptions", "ServerOptions"]


@dataclass(frozen=True, kw_only=True)
class SamplingOptions:
    """What goes in place of a template's own sampling; None leaves it."""

    temperature: Annotated[float | None, Option("Sent, 0 too.", "T")] = None
    top_p: float | None = None
    max_tokens: Annotated[int | None, Option("The longest reply.", least=1)] = None
    seed: Annotated[int | None, Option("Of samples and of orders.", "N")] = None
    stop: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """How the replies of a server are got, and at what price; none of it changes a reply.

    `concurrency` adapts downwards where the server is overloaded. `max_cost` and `max_calls` end
    the paying before they are exceeded: the rest is unscored and counted. `timeout_s` bounds one
    try, `deadline_s` a call with all its tries and waits. See `judges.Backend`.
    """

    concurrency: Annotated[int, Option("Requests in flight at most; 64.", "N", least=1)] = 64
    api_key_env: Annotated[str | None, Option("The variable of the key.", "NAME")] = None
    journal: Annotated[
        str | None, Option("Finished calls; by default OUT.calls.jsonl.", "FILE")
    ] = None
    prices: Annotated[
        Mapping[str, float], Option("What a million tokens cost: prompt,completion.", "IN,OUT")
    ] = field(default_factory=dict)
    max_cost: Annotated[
        float | None, Option("Stop spending here; the remaining responses are unscored.")
    ] = None
    max_calls: Annotated[int | None, Option("Pay for no more calls.", least=1)] = None
    timeout_s: float = 300.0
    deadline_s: float = 1800.0
    retries: int = 8
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
