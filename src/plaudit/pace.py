"""Limits on calls to a service: how many at once, how many per minute, how many retries.

The number of calls in flight follows the capacity of the service (Chiu and Jain, 1989): one more
for each successful round, half as many when it is overloaded. Buckets enforce a number of requests
and tokens per minute. All of it belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from plaudit.errors import ConfigError

__all__ = ["Bucket", "Limits", "Pace"]

_BURST_S = 2.0
_FIRST_RETRIES = 20
_LONGEST_CLOSED_S = 60.0  # then it is tried again, even if more was requested


@dataclass(frozen=True)
class Limits:
    """The limits of a client, besides its number of connections.

    `is_adaptive`: fewer calls at once while the service answers 429 or 503. `is_patient`: a 429
    costs a wait but no try (set a deadline then). `retry_share` bounds the tries after the first,
    over all calls, to that share of the calls (and 20 more): so that a service that is down does
    not get five times as many calls. `outage_s` is how long to wait for a service that was up and
    is down (refused, silent, 5xx at every URL): the wait costs no call a try.
    """

    is_adaptive: bool = False
    is_patient: bool = False
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    retry_share: float = math.inf
    outage_s: float = 0.0

    def __post_init__(self) -> None:
        if not self.outage_s >= 0:
            raise ConfigError(f"outage_s={self.outage_s!r} must be 0 or more seconds")
        for name in ("requests_per_minute", "tokens_per_minute", "retry_share"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ConfigError(f"{name}={value!r} must be positive")


class Bucket:
    """An amount per minute, two seconds' worth of it at once, granted in order.

    >>> bucket = Bucket(62)
    >>> [bucket.wait_s(1, now=0.0) for _ in range(4)]
    [0.0, 0.0, 1.0, 2.0]
    """

    def __init__(self, per_minute: float) -> None:
        self._per_s = per_minute / (60.0 + _BURST_S)  # so that a minute includes the burst
        self._free_at = -math.inf

    def wait_s(self, amount: float, *, now: float) -> float:
        """Takes `amount`; the seconds until it may be used."""
        self._free_at = max(self._free_at, now - _BURST_S) + amount / self._per_s
        return max(0.0, self._free_at - now)

    def give_back(self, amount: float) -> None:
        """Returns an amount that was taken but not used."""
        self._free_at -= amount / self._per_s


class Pace:
    """Lets calls through: at most `most` at once, fewer after `slow_down`, more after `go_on`.

    `limit` is how many may be in flight now.
    """

    def __init__(
        self,
        most: int,
        limits: Limits,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self.limit = float(most)
        self.num_calls = self.num_retries = self.most_busy = 0
        self._most, self._limits = most, limits
        self._busy = 0
        self._waiting: deque[tuple[asyncio.Future[bool], float]] = deque()
        self._bell: asyncio.TimerHandle | None = None
        self._rings_at = math.inf
        self._closed_until = self._slowed_at = -math.inf
        self._clock, self._sleep = clock, sleep
        per_minute = (limits.requests_per_minute, limits.tokens_per_minute)
        self._requests, self._tokens = (Bucket(n) if n else None for n in per_minute)

    async def enter(self, tokens: int = 0, *, until: float = math.inf) -> bool:
        """Waits until a call of `tokens` may start; False if that is not before `until`.

        After True, `leave` must follow.
        """
        if self._busy < int(self.limit) and not self._waiting:
            self._busy += 1
        elif not await self._turn(until):
            return False
        self.most_busy = max(self.most_busy, self._busy)
        if self._is_free:
            return True
        may_go = False
        try:
            may_go = await self._may_go(tokens, until)
        finally:
            if not may_go:
                self.leave()
        if not may_go:  # False only at `until`: otherwise the next call would fail at once, too
            await self._sleep(max(0.0, until - self._clock()))
        return may_go

    @property
    def _is_free(self) -> bool:
        """Whether only the number of calls in flight can delay a call: the usual case."""
        has_buckets = self._requests is not None or self._tokens is not None
        return not has_buckets and self._closed_until <= self._clock()

    def leave(self) -> None:
        """A call has ended, successfully or not."""
        self._busy -= 1
        self._wake()

    def go_on(self) -> None:
        """A call succeeded: the limit grows by one in as many calls as it allows at once."""
        if self.limit < self._most:
            self.limit = min(float(self._most), self.limit + 1.0 / self.limit)
            self._wake()

    def slow_down(self, began: float, wait_s: float | None) -> None:
        """The service is overloaded by calls that `began` then: halves the limit, once per round.

        Call it before `leave`: otherwise the next call would start, and count as another round.
        With `wait_s` (Retry-After) no call starts before that time, or a minute, has passed.
        """
        if not self._limits.is_adaptive:
            return
        now = self._clock()
        if began >= self._slowed_at:
            self.limit = max(1.0, min(self.limit, self._busy) / 2)
            self._slowed_at = now
        if wait_s:
            self._closed_until = max(self._closed_until, now + min(wait_s, _LONGEST_CLOSED_S))

    def may_retry(self) -> bool:
        """Counts one retry; False if the share of retries is used up."""
        if self.num_retries >= _FIRST_RETRIES + self._limits.retry_share * self.num_calls:
            return False
        self.num_retries += 1
        return True

    def settle(self, expected: int, used: int) -> None:
        """Corrects the bucket of tokens by the actual use of a call."""
        if self._tokens is not None:
            self._tokens.give_back(expected - used)

    async def _turn(self, until: float) -> bool:
        """Waits in line; False if the time was up first."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((future, until))
        self._watch(until)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.result():
                self.leave()  # its turn had come in the meantime
            raise

    def _watch(self, until: float) -> None:
        """Sets the shared timer of all waiting calls to the earliest of their ends."""
        if until >= self._rings_at:
            return
        if self._bell is not None:
            self._bell.cancel()
        self._rings_at = until
        delay_s = max(0.0, until - self._clock())
        self._bell = asyncio.get_running_loop().call_later(delay_s, self._ring)

    def _ring(self) -> None:
        """Ends the waits whose time is up; sets the timer for the rest."""
        end, self._rings_at, self._bell = self._rings_at, math.inf, None
        for future, until in self._waiting:
            if until <= end and not future.done():
                future.set_result(False)
        left = [until for future, until in self._waiting if not future.done()]
        if left:
            self._watch(min(left))

    def _wake(self) -> None:
        while self._waiting and self._busy < int(self.limit):
            future, _ = self._waiting.popleft()
            if not future.done():
                self._busy += 1
                future.set_result(True)

    async def _may_go(self, tokens: int, until: float) -> bool:
        """Waits for the buckets and for Retry-After; False, with nothing taken, if that ends after
        `until`."""
        now, amounts = self._clock(), ((self._requests, 1), (self._tokens, tokens))
        withdrawals = [(bucket, amount) for bucket, amount in amounts if bucket is not None]
        ready_at = max(
            [now, *(now + bucket.wait_s(amount, now=now) for bucket, amount in withdrawals)]
        )
        may_go = False
        try:
            may_go = await self._reached(ready_at, until)
        finally:
            if not may_go:
                for bucket, amount in withdrawals:
                    bucket.give_back(amount)
        return may_go

    async def _reached(self, ready_at: float, until: float) -> bool:
        """Waits, and again if the service has asked for a longer wait meanwhile."""
        while (go_at := max(ready_at, self._closed_until)) > self._clock():
            if go_at >= until:
                return False
            await self._sleep(go_at - self._clock())
        return True
