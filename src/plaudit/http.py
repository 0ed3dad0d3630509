"""The one HTTP client: JSON out, JSON in, over pooled connections, from any thread.

The event loop runs in a separate thread, so that the client works in synchronous code, in many
threads, inside a running event loop and after a fork. There is one layer of retries: full jitter
(Brooker, "Exponential Backoff And Jitter", 2015), Retry-After, one deadline over all tries.
`plaudit.pace` limits the rate of calls. With several URLs the least busy one is chosen, and one
that fails is set aside for increasing times. A POST may be sent again after its connection broke:
right for running programs and querying models, wrong for actions that must happen once. Proxies of
the environment, redirects and cookies are ignored: no host is contacted that the user did not name.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import ctypes
import email.utils
import functools
import json as standard_json
import math
import os
import random
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from plaudit.errors import ConfigError, EngineError, MissingExtra, clipped
from plaudit.outage import Outage
from plaudit.pace import Limits, Pace

__all__ = ["NO_QUOTA", "Client", "Request", "halt"]

RETRIED = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_OVERLOADED = (429, 503, 529)
_NO_LIMITS = Limits()
NO_QUOTA = "insufficient_quota"  # a 429 that waiting does not fix
_JSON = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 60.0
_PATIENT_WAIT_S = 4.0
_CONNECT_S = 10.0
_FIRST_CONNECT_S = 2.0  # for a service that never answered: fail early
_ALIVE_S = 5.0  # the timeout of a health check
_IN_A_ROW = 5  # consecutive failures at a URL that may mean an outage
_CLOSING_S = 5.0
_AHEAD = 4
_MAX_PATHS = 256


@dataclass(frozen=True, slots=True)
class Request:
    """One call for `Client.map` or `Client.gather`; `deadline_s` runs from the start of its turn.

    `timeout_s` bounds one try and `retries` the number of retries, in place of the client's.
    `tokens` count towards a limit of tokens per minute. `read` converts the JSON value to what the
    caller gets: a ValueError from it is a failed try, like a reply that is not JSON. `refusal` is
    called before each wait for a turn and again before each try: a reason that it returns ends the
    call unsent. Both run on the loop's thread, and must be quick.
    """

    path: str
    json: object = None
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    deadline_s: float | None = None
    timeout_s: float | None = None
    retries: int | None = None
    tokens: int = 0
    read: Callable[[object], object] | None = None
    refusal: Callable[[], str | None] | None = None


class Client:
    """Speaks JSON with one service at one or more base URLs.

    `timeout_s` bounds one try, `deadline_s` all tries of a call; `retries` is the number of tries
    after the first. `max_connections` bounds the calls in flight; more calls wait. A reply over
    `max_reply_mb` MiB is an error. `limits` are its other limits; the service is up if a GET of
    `life_path` is answered with any status below 500. `rng`, `clock` (monotonic seconds) and
    `sleep` (a coroutine function) are for tests. The client can be pickled; the copy opens its own
    connections.

    Raises: ConfigError for an invalid URL; MissingExtra on first use without aiohttp.

    >>> Client("http://127.0.0.1:8080/v1/", retries=2)
    Client(['http://127.0.0.1:8080/v1'], retries=2)
    """

    def __init__(
        self,
        urls: str | Sequence[str],
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 60.0,
        max_connections: int = 64,
        retries: int = 4,
        max_reply_mb: float = 64.0,
        limits: Limits = _NO_LIMITS,
        life_path: str = "",
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.urls = [_base(url) for url in ([urls] if isinstance(urls, str) else urls)]
        if not self.urls:
            raise ConfigError("no URL was given")
        self.max_connections = max_connections
        self._options = {
            "headers": dict(headers or {}),
            "timeout_s": timeout_s,
            "max_connections": max_connections,
            "retries": retries,
            "max_reply_mb": max_reply_mb,
            "limits": limits,
            "life_path": life_path,
            "rng": rng,
            "clock": clock,
            "sleep": sleep,
        }
        self._core: _Core | None = None
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def post(
        self,
        path: str,
        *,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        deadline_s: float | None = None,
    ) -> object:
        """The JSON value of the service's reply; blocks, in any thread.

        Raises: EngineError with `.status` (of the last answer) and `.retryable`, once every try has
        failed or the deadline has passed; its text lists the tries.
        """
        return self.send(Request(path, json, headers=headers or {}, deadline_s=deadline_s))

    def get(self, path: str, *, deadline_s: float | None = None) -> Any:
        """Like `post`, with method GET and no body."""
        return self.send(Request(path, method="GET", deadline_s=deadline_s))

    def send(self, request: Request) -> Any:
        """The JSON value of the reply. Raises: EngineError."""
        core = self._living()
        return _result(core.submit(core.answer(request)))

    async def apost(
        self,
        path: str,
        *,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        deadline_s: float | None = None,
    ) -> object:
        """`post` for coroutines: the caller's event loop is not blocked."""
        core = self._living()
        request = Request(path, json, headers=headers or {}, deadline_s=deadline_s)
        try:
            return await asyncio.wrap_future(core.submit(core.answer(request)))
        except asyncio.CancelledError:
            if core.is_open:
                raise
            raise _closed() from None

    def map(
        self, requests: Iterable[Request], *, concurrency: int | None = None
    ) -> Iterator[Any | EngineError]:
        """Answers in the order of the requests, with an EngineError in place of a missing answer.

        At most `concurrency` (default: `max_connections`) are in flight; `requests` is read a few
        times that far ahead, and may be endless.
        """
        width = min(concurrency or self.max_connections, self.max_connections)
        waiting: deque[concurrent.futures.Future[object]] = deque()
        core, turn = self._living(), asyncio.Semaphore(width)
        try:
            for request in requests:
                waiting.append(core.submit(core.answer(request, turn)))
                if len(waiting) >= _AHEAD * width:
                    yield _result_or_error(waiting.popleft())
            while waiting:
                yield _result_or_error(waiting.popleft())
        finally:
            for future in waiting:
                future.cancel()

    def gather(self, requests: Sequence[Request]) -> list[Any | EngineError]:
        """Like `map`, but all at once; `read` runs on each reply as it comes."""
        core = self._living()
        return _result(core.submit(core.gather(requests)))

    @property
    def pace(self) -> Pace:
        """The current rate limits."""
        return self._living().pace

    @property
    def num_retries(self) -> int:
        """How many retries there were since the client was opened."""
        return 0 if self._core is None else self._core.pace.num_retries

    def close(self) -> None:
        """Closes the connections; calls in flight end with an EngineError.

        The client can be used again; it then opens new ones.
        """
        core, self._core = self._core, None
        if core is not None:
            core.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        return functools.partial(Client, self.urls, **self._options), ()

    def __repr__(self) -> str:
        changed = [f"{k}={self._options[k]!r}" for k, v in _SHOWN.items() if self._options[k] != v]
        return f"Client({', '.join([repr([*map(_without_password, self.urls)]), *changed])})"

    def _living(self) -> _Core:
        if os.getpid() != self._pid:  # forked: thread and connections are the parent's
            self._pid, self._lock, self._core = os.getpid(), threading.Lock(), None
        core = self._core
        if core is None:
            with self._lock:
                if _HALTED.is_set():
                    raise _closed()
                core = self._core = self._core or _Core(self.urls, **self._options)
                if _HALTED.is_set():  # in between
                    core.close()
        return core


def halt() -> None:
    """Ends every call of this process and refuses new ones, when a run is interrupted."""
    _HALTED.set()
    for core in list(_CORES):
        core.close()


_HALTED = threading.Event()
_SHOWN = {"timeout_s": 60.0, "max_connections": 64, "retries": 4, "max_reply_mb": 64.0}


def _base(url: str) -> str:
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"not an http:// or https:// URL: {clipped(url)}")
    if parts.query or parts.fragment:
        raise ConfigError(f"a base URL has no query and no fragment: {clipped(url)}")
    return url.rstrip("/")


def _without_password(url: str) -> str:
    netloc = urlsplit(url).netloc
    return url.replace(netloc, netloc.rpartition("@")[2], 1)


def _result(future: concurrent.futures.Future[object]) -> Any:
    try:
        return future.result()
    except concurrent.futures.CancelledError:
        raise _closed() from None
    except BaseException:
        future.cancel()  # the caller was interrupted
        raise


def _result_or_error(future: concurrent.futures.Future[object]) -> object:
    try:
        return _result(future)
    except EngineError as error:
        return error


def _closed() -> EngineError:
    return EngineError("the HTTP client was closed while the request was in flight")


class _Endpoint:
    """One base URL, as the loop's thread sees it."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.name = _without_password(base)
        self.in_flight = 0
        self.failures = 0
        self.aside_until = -math.inf
        self._paths: dict[str, object] = {}

    def is_open(self, now: float) -> bool:
        """Whether a call may go to this URL: after failures only one at a time, as a trial."""
        if now < self.aside_until:
            return False
        return not self.failures or not self.in_flight

    def url(self, path: str) -> object:
        """The parsed URL of a path; parsing costs as much as the rest of a call's overhead."""
        url = self._paths.get(path)
        if url is None:
            from yarl import URL

            if len(self._paths) >= _MAX_PATHS:
                self._paths.clear()
            url = self._paths[path] = URL(f"{self.base}/{path.lstrip('/')}")
        return url


class _FailedTry(NamedTuple):
    """Why one try failed. `wait_s` is the wait that the service requested."""

    why: str
    status: int | None = None
    is_final: bool = False
    wait_s: float | None = None
    blame: int = 1
    """1: the URL is at fault; 0: it may not be; -1: the service is healthy."""
    is_unconnected: bool = False
    """Whether not even a connection was made."""


class _Core:
    """The event loop, its thread and its connections; they belong to one process."""

    def __init__(
        self,
        urls: list[str],
        *,
        headers: dict[str, str],
        timeout_s: float,
        max_connections: int,
        retries: int,
        max_reply_mb: float,
        limits: Limits,
        life_path: str,
        rng: random.Random | None,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        aiohttp = self._aiohttp = _aiohttp()
        self._endpoints = [_Endpoint(url) for url in urls]
        self._timeout_s, self._retries, self._limits = timeout_s, retries, limits
        self._usual = aiohttp.ClientTimeout(total=timeout_s, sock_connect=_CONNECT_S)
        self._max_reply = int(max_reply_mb * 2**20)
        self._rng, self._clock, self._sleep = rng or random.SystemRandom(), clock, sleep
        self._is_patient = limits.is_patient
        self._has_answered, self._life_path = False, life_path
        self._outage = (
            Outage(self._is_alive, longest_s=limits.outage_s, clock=clock, sleep=sleep)
            if limits.outage_s
            else None
        )
        self.pace = Pace(max_connections, limits, clock=clock, sleep=sleep)
        self._lock, self.is_open = threading.Lock(), True
        self._loop = loop = asyncio.new_event_loop()
        thread = threading.Thread(target=_turn, args=(loop,), name="plaudit-http", daemon=True)
        thread.start()
        self._session = self.submit(_open(aiohttp, {**_JSON, **headers})).result()
        resources = (loop, thread, self._session)
        _LIVE[id(loop)] = resources
        _CORES.add(self)
        self._finish = weakref.finalize(self, _end, os.getpid(), *resources)

    def submit(
        self, coroutine: Coroutine[object, object, object]
    ) -> concurrent.futures.Future[Any]:
        with self._lock:  # a submitted coroutine is ended with the loop, or refused
            if self.is_open:
                return asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        coroutine.close()
        raise _closed()

    def close(self) -> None:
        with self._lock:
            self.is_open = False
        self._finish()

    async def answer(self, request: Request, turn: asyncio.Semaphore | None = None) -> Any:
        if turn is None:
            return await self._answer(request)
        async with turn:
            return await self._answer(request)

    async def gather(self, requests: Sequence[Request]) -> list[Any | EngineError]:
        tasks = [asyncio.ensure_future(self._caught(request)) for request in requests]
        try:
            return list(await asyncio.gather(*tasks))
        except BaseException:  # cancelled, or an error from `read`: nothing more is sent
            for task in tasks:
                task.cancel()
            raise

    async def _caught(self, request: Request) -> object | EngineError:
        try:
            return await self._answer(request)
        except EngineError as error:
            return error

    async def _answer(self, request: Request) -> object:
        body = None if request.method == "GET" else _dumps(request.json)
        end = math.inf if request.deadline_s is None else self._clock() + request.deadline_s
        failures: list[tuple[_Endpoint, _FailedTry]] = []
        self.pace.num_calls += 1
        while True:
            endpoint = self._choose()
            reply = await self._try(endpoint, request, body, end)
            if not isinstance(reply, _FailedTry):
                return reply
            failures.append((endpoint, reply))
            if reply.is_final or self._is_unreachable(reply):
                raise _failed(request, failures, "", self._is_unreachable(reply))
            if self._is_suspect(reply) and (away_s := await self._away_s(request, failures)):
                end += away_s
                failures.pop()  # an outage costs no try
                continue
            if not self._may_retry(request, failures):
                raise _failed(request, failures, "")
            wait_s = self._wait_s(reply, len(failures))
            if self._clock() + wait_s >= end:
                raise _failed(request, failures, f" within {request.deadline_s:g} s")
            if wait_s > 0:
                await self._sleep(wait_s)

    def _is_unreachable(self, reply: _FailedTry) -> bool:
        """Whether no URL ever accepted a connection: then waiting is pointless."""
        is_first = not self._has_answered and reply.is_unconnected
        return is_first and all(endpoint.failures for endpoint in self._endpoints)

    def _is_suspect(self, reply: _FailedTry) -> bool:
        """Whether the service may be down: every URL failed recently, and more than by chance."""
        if self._outage is None or not self._has_answered or reply.blame < 1:
            return False
        least = 1 if reply.is_unconnected else _IN_A_ROW
        is_server = reply.status is None or reply.status >= 500
        return is_server and all(e.failures >= least for e in self._endpoints)

    async def _away_s(self, request: Request, failures: Sequence[Any]) -> float:
        """Waits while the service is down, and returns for how long it was; 0 if it is up."""
        assert self._outage is not None
        away_s = await self._outage.over()
        if away_s is None:
            when = f": the service was away for more than {self._limits.outage_s:g} s, and"
            raise _failed(request, failures, when)
        if away_s:
            for endpoint in self._endpoints:
                endpoint.failures, endpoint.aside_until = 0, -math.inf
        return away_s

    async def _is_alive(self) -> bool:
        """Whether any URL answers with anything but a server error."""
        signs = [self._has_life(endpoint) for endpoint in self._endpoints]
        return any(await asyncio.gather(*signs))

    async def _has_life(self, endpoint: _Endpoint) -> bool:
        aiohttp = self._aiohttp
        limit = aiohttp.ClientTimeout(total=_ALIVE_S)
        url = endpoint.url(self._life_path)
        try:
            async with self._session.get(url, timeout=limit, allow_redirects=False) as response:
                return response.status < 500
        except (asyncio.TimeoutError, aiohttp.ClientError, OSError):
            return False

    def _may_retry(
        self, request: Request, failures: Sequence[tuple[_Endpoint, _FailedTry]]
    ) -> bool:
        """Whether another try is left; a patient client loses no try to a busy service."""
        if self._is_patient and failures[-1][1].status == 429:
            return True
        count = sum(not (self._is_patient and f.status == 429) for _, f in failures)
        most = self._retries if request.retries is None else request.retries
        return count <= most and self.pace.may_retry()

    def _choose(self) -> _Endpoint:
        """The least busy open URL, or the one that opens soonest."""
        if len(self._endpoints) == 1:
            return self._endpoints[0]
        now = self._clock()
        open_endpoints = [endpoint for endpoint in self._endpoints if endpoint.is_open(now)]
        if not open_endpoints:
            return min(self._endpoints, key=lambda endpoint: endpoint.aside_until)
        least = min(endpoint.in_flight for endpoint in open_endpoints)
        return self._rng.choice([e for e in open_endpoints if e.in_flight == least])

    def _wait_s(self, failure: _FailedTry, num_failures: int) -> float:
        """Seconds before the next try: 0 if another URL is open."""
        now = self._clock()
        if len(self._endpoints) > 1 and any(e.is_open(now) for e in self._endpoints):
            return 0.0
        most = _grown(num_failures)
        if self._is_patient and failure.status == 429:  # the pace slows down for all calls
            most = min(most, _PATIENT_WAIT_S)
        jitter_s = self._rng.uniform(0.0, most)
        if failure.wait_s is None:
            return jitter_s
        return min(failure.wait_s, _LONGEST_WAIT_S) + min(jitter_s, _FIRST_WAIT_S)

    async def _try(
        self, endpoint: _Endpoint, request: Request, body: bytes | None, end: float
    ) -> object | _FailedTry:
        """The value of the reply, or a failure."""
        endpoint.in_flight += 1  # counted while waiting, or all waiting calls would choose one URL
        try:
            _check_refusal(request)  # before waiting in vain
            if not await self.pace.enter(request.tokens, until=end):
                return _FailedTry("no connection was free, or the rate limit left no turn", blame=0)
            began = self._clock()
            try:
                result = await self._exchange(endpoint, request, body, end)
                self._note(endpoint, result, began)
            finally:
                self.pace.leave()
        finally:
            endpoint.in_flight -= 1
        return result

    def _note(self, endpoint: _Endpoint, result: object, began: float) -> None:
        """Updates the URL's record: consecutive failures, and how long to avoid it."""
        if not isinstance(result, _FailedTry) or result.status is not None:
            self._has_answered = True
        if not isinstance(result, _FailedTry) or result.blame < 0:
            endpoint.failures, endpoint.aside_until = 0, -math.inf
            if self._outage is not None:
                self._outage.end()
            self.pace.go_on()
        if not isinstance(result, _FailedTry) or result.blame <= 0:
            return
        endpoint.failures += 1
        now, requested_s = self._clock(), min(result.wait_s or 0.0, _LONGEST_WAIT_S)
        endpoint.aside_until = now + max(_grown(endpoint.failures), requested_s)
        if result.status in _OVERLOADED and not any(e.is_open(now) for e in self._endpoints):
            self.pace.slow_down(began, result.wait_s)

    async def _exchange(
        self, endpoint: _Endpoint, request: Request, body: bytes | None, end: float
    ) -> Any | _FailedTry:
        _check_refusal(request)
        aiohttp = self._aiohttp
        limit, left = request.timeout_s or self._timeout_s, end - self._clock()
        try:
            async with self._session.request(
                request.method,
                endpoint.url(request.path),
                data=body,
                headers=request.headers or None,
                timeout=self._timeout(min(limit, left)),
                allow_redirects=False,
            ) as response:
                data = await self._read(response)
        except (aiohttp.InvalidURL, aiohttp.ClientConnectorCertificateError) as error:
            return _FailedTry(_error_text(error), is_final=True)
        except aiohttp.ConnectionTimeoutError as error:
            return _FailedTry(_error_text(error), is_unconnected=True)
        except asyncio.TimeoutError:
            return _FailedTry(f"no answer in {min(limit, left):.3g} s", blame=int(left >= limit))
        except (aiohttp.ClientError, OSError) as error:
            is_unconnected = isinstance(error, aiohttp.ClientConnectorError)
            return _FailedTry(_error_text(error), is_unconnected=is_unconnected)
        return data if isinstance(data, _FailedTry) else _reply_value(response, data, request.read)

    def _timeout(self, seconds: float) -> object:
        if seconds == self._timeout_s and self._has_answered:
            return self._usual
        connect_s = _CONNECT_S if self._has_answered else _FIRST_CONNECT_S
        return self._aiohttp.ClientTimeout(total=max(seconds, 0.001), sock_connect=connect_s)

    async def _read(self, response: Any) -> bytes | _FailedTry:
        chunks, size = [], 0
        while chunk := await response.content.readany():
            size += len(chunk)
            if size > self._max_reply:
                return _FailedTry(
                    f"the reply is over {self._max_reply >> 20} MiB", is_final=True, blame=0
                )
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _check_refusal(request: Request) -> None:
    if request.refusal is not None and (why := request.refusal()):
        raise EngineError(why)


def _grown(number: int) -> float:
    return min(_FIRST_WAIT_S * 2.0 ** min(number - 1, 30), _LONGEST_WAIT_S)


def _reply_value(
    response: Any, data: bytes, read: Callable[[object], object] | None
) -> object | _FailedTry:
    """The value of a reply, or why it has none."""
    status = response.status
    if 200 <= status < 300:
        try:
            value = _loads(data)
        except (ValueError, RecursionError):
            return _FailedTry(f"{status}, and the reply is not JSON: {_excerpt(data)}", status)
        try:
            return value if read is None else read(value)
        except ValueError as error:
            return _FailedTry(f"{status}, and {error}: {_excerpt(data)}", status)
    if 300 <= status < 400:
        to = clipped(response.headers.get("Location", ""))
        return _FailedTry(f"{status}, a redirect to {to}; name that URL instead", status, True)
    why = f"{status} {response.reason or ''}: {_excerpt(data)}"
    if status not in RETRIED or NO_QUOTA.encode() in data:
        return _FailedTry(why, status, is_final=True, blame=-1)
    return _FailedTry(why, status, wait_s=_retry_after(response.headers))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from a number or from a date (against the service's own clock)."""
    text = headers.get("Retry-After", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        date = _date_s(text)
        if date is None:
            return None
        seconds = date - (_date_s(headers.get("Date", "")) or time.time())
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _date_s(text: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _excerpt(data: bytes) -> str:
    return clipped(data[:400].decode("utf-8", "replace"), limit=200)


def _error_text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _failed(
    request: Request,
    failures: Sequence[tuple[_Endpoint, _FailedTry]],
    when: str,
    is_unreachable: bool = False,
) -> EngineError:
    last = failures[-1][1]
    counts = Counter(f"{endpoint.name}: {failure.why}" for endpoint, failure in failures)
    attempts = "; ".join(f"{text} (x{n})" if n > 1 else text for text, n in counts.items())
    tries = "1 try" if len(failures) == 1 else f"{len(failures)} tries"
    what = f"{request.method} {request.path} failed{when} after {tries}: {attempts}"
    if is_unreachable:
        names = ", ".join(dict.fromkeys(endpoint.name for endpoint, _ in failures))
        what = f"no server answers at {names}: is it running? {what}"
    return EngineError(what, last.status, retryable=not last.is_final)


def _dumps(value: object) -> bytes:
    """JSON text; values that orjson refuses (lone surrogates, huge integers) go through `json`."""
    import orjson

    try:
        return orjson.dumps(value)
    except TypeError:
        return standard_json.dumps(value).encode()


def _loads(data: bytes) -> object:
    import orjson

    try:
        return orjson.loads(data)
    except ValueError:
        return standard_json.loads(data)


def _aiohttp() -> Any:
    try:
        import aiohttp
    except ImportError:
        raise MissingExtra.of("HTTP back ends", package="aiohttp", extra="http") from None
    return aiohttp


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


async def _open(aiohttp: Any, headers: dict[str, str]) -> object:
    # our semaphore bounds the connections, so that waiting for one is not part of a try's time
    connector = aiohttp.TCPConnector(limit=0)
    jar = aiohttp.DummyCookieJar()
    return aiohttp.ClientSession(
        connector=connector, headers=headers, cookie_jar=jar, trust_env=False
    )


_LIVE: dict[int, tuple[object, ...]] = {}
_CORES: weakref.WeakSet[_Core] = weakref.WeakSet()


def _end(
    pid: int, loop: asyncio.AbstractEventLoop, thread: threading.Thread, session: object
) -> None:
    """Ends a core: when it is closed, collected, or the interpreter exits."""
    if os.getpid() != pid:
        return
    _LIVE.pop(id(loop), None)
    asyncio.run_coroutine_threadsafe(_stop(session), loop)
    if threading.current_thread() is not thread:
        thread.join(_CLOSING_S)


async def _stop(session: Any) -> None:
    own = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not own]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await session.close()
    loop = asyncio.get_running_loop()
    await loop.shutdown_default_executor()
    loop.stop()


def _disown() -> None:
    """In a forked child, the objects of the parent's loop are never touched nor collected.

    Closing it would take the parent's sockets off the event queue that both share; collecting it
    would print warnings.
    """
    for resources in _LIVE.values():
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(resources))
    _LIVE.clear()


os.register_at_fork(after_in_child=_disown)
