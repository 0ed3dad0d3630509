"""A service outage: one wait for all calls, which costs none of them a try.

While a server restarts, every call to it fails at once. Retrying each of them spends all their
tries within seconds. Instead one prober checks the service for all calls, with growing gaps, and
the calls wait for its result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

__all__ = ["Outage"]

_FIRST_GAP_S = 0.5
_LONGEST_GAP_S = 15.0


class Outage:
    """Waits until a service is up again. It belongs to one event loop.

    `is_alive` probes the service once. `longest_s` bounds one outage; after that the service is
    given up, and later calls fail at once until it answers again. `clock` gives monotonic seconds,
    `sleep` is a coroutine function.
    """

    def __init__(
        self,
        is_alive: Callable[[], Awaitable[bool]],
        *,
        longest_s: float,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self.num = 0
        self.seconds = 0.0
        self._is_alive, self._longest_s = is_alive, longest_s
        self._clock, self._sleep = clock, sleep
        self._watch: asyncio.Task[float | None] | None = None
        self._is_given_up = False

    async def over(self) -> float | None:
        """The seconds that the service was down; 0 if it is up, None if it stays down."""
        if self._watch is None or self._watch.done():
            self._watch = asyncio.ensure_future(self._seconds_away())
        return await asyncio.shield(self._watch)  # a cancelled call leaves the probe to the others

    def end(self) -> None:
        """The service has answered."""
        self._is_given_up = False

    async def _seconds_away(self) -> float | None:
        began, gap_s = self._clock(), _FIRST_GAP_S
        while not await self._is_alive():
            away_s = self._clock() - began
            if self._is_given_up or away_s + gap_s > self._longest_s:
                self._is_given_up = True
                return None
            await self._sleep(gap_s)
            gap_s = min(2 * gap_s, _LONGEST_GAP_S)
        away_s = 0.0 if gap_s == _FIRST_GAP_S else self._clock() - began
        self._is_given_up = False
        self.num += away_s > 0
        self.seconds += away_s
        return away_s
