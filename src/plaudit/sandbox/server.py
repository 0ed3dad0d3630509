"""A sandbox behind HTTP: SandboxFusion's `/run_code`, and `/grade` for many tests at once.

`POST /run_code` takes and answers SandboxFusion's JSON (bytedance/SandboxFusion, server/
sandbox_api.py), so that its clients work unchanged; how the program really ended is beside it
under "outcome". `run_timeout` is seconds of CPU time here, with a wall-clock backstop of twice that
and a second, so that a busy machine changes no verdict.

`POST /grade` is what `plaudit.sandbox.remote.Plaudit` speaks: one program on many inputs (`tests`:
a list of objects with `stdin`), many calls of a function (`entry` and `calls`), or test code
(`tests`: a text) in one round trip, with any of our `limits`. The answers to inputs and calls are
never sent, so none can leak.

Who can reach the port can run programs: it listens on this machine alone unless a token is asked
for. The loop never waits for a program; those run in the sandbox, watched by threads.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import concurrent.futures
import contextlib
import dataclasses
import hmac
import ipaddress
import math
import signal
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from plaudit.errors import ConfigError, MissingExtra, PlauditError, clipped
from plaudit.sandbox import languages
from plaudit.sandbox.inside import values
from plaudit.sandbox.outcome import Asserts, Calls, Limits, Outcome, Program, Work

__all__ = ["Runs", "application", "serve"]

_RETRY_AFTER_S = 1
_MAX_TIMEOUT_S = 1800.0
_MAX_TESTS = 10_000


class Runs(Protocol):
    """What a sandbox must be able to do to be served."""

    @property
    def report(self) -> Mapping[str, Any]:
        """What it enforces, under "enforced", and what is missing."""
        ...

    def run(self, work: Work, /) -> Outcome:
        """Runs one program."""
        ...

    def run_many(self, works: Iterable[Work]) -> Iterator[Outcome]:
        """Runs many, in order."""
        ...


def application(
    sandbox: Runs,
    *,
    max_jobs: int = 256,
    threads: int = 16,
    languages: Sequence[str] | None = None,
    limits: Limits = Limits(),  # noqa: B008  (frozen)
    token: str | None = None,
    max_request_mb: float = 32.0,
) -> object:
    """An `aiohttp.web.Application` that serves the sandbox.

    At most `max_jobs` requests are accepted at once, `threads` of them run; a further one is
    answered 429 with Retry-After. `limits` are those of programs that ask for none. With `token`,
    requests must carry ``Authorization: Bearer TOKEN`` (`/ping` excepted). `languages`: those to
    offer (default: what is installed).

    Raises: MissingExtra without aiohttp.
    """
    web = _web()
    server = _Server(sandbox, max_jobs, threads, languages or _installed(), limits)
    app = web.Application(
        client_max_size=int(max_request_mb * 2**20), middlewares=[_checked(web, token)]
    )
    app.router.add_post("/run_code", server.run_code)
    app.router.add_post("/grade", server.grade)
    app.router.add_get("/", server.describe)
    for path in ("/ping", "/v1/ping"):
        app.router.add_get(path, _ping)
    app.on_cleanup.append(server.close)
    return app


def serve(
    sandbox: Runs,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    token: str | None = None,
    say: Callable[[str], object] | None = None,
    **options: Any,
) -> None:
    """Serves the sandbox until interrupted; `options` are those of `application`.

    `say` gets the address once the server listens. Port 0 selects a free one.

    Raises: ConfigError for an address beyond this machine without a token; OSError where the port
    is taken.
    """
    if token is None and not _is_local(host):
        raise ConfigError(
            f"listening on {host!r} without a token would let everyone run programs here: "
            "give a token, or listen on 127.0.0.1"
        )
    app = application(sandbox, token=token, **options)
    asyncio.run(_listen(app, host, port, say or (lambda text: None)))


async def _listen(app: object, host: str, port: int, say: Callable[[str], object]) -> None:
    web = _web()
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        address, bound_port = runner.addresses[0][:2]
        say(f"http://{f'[{address}]' if ':' in address else address}:{bound_port}")
        await _interrupted()
    finally:
        await runner.cleanup()


async def _interrupted() -> None:
    """Waits for SIGINT or SIGTERM; outside the main thread, for ever."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    await stop.wait()


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Server:
    """The handlers, and how many requests they hold."""

    def __init__(
        self,
        sandbox: Runs,
        max_jobs: int,
        threads: int,
        languages: Sequence[str],
        limits: Limits,
    ) -> None:
        self._sandbox, self._limits, self._languages = sandbox, limits, tuple(languages)
        self._max_jobs, self._num_jobs = max_jobs, 0
        self._threads = concurrent.futures.ThreadPoolExecutor(threads, "plaudit-serve")

    async def run_code(self, request: Any) -> object:
        work = self._program(await _body(request))
        outcome = await self._job(lambda: self._sandbox.run(work))
        return _reply(_as_fusion(outcome))

    async def grade(self, request: Any) -> object:
        works = self._tests(await _body(request))
        outcomes = await self._job(lambda: self._run(works))
        return _reply({"outcomes": [_outcome_fields(outcome) for outcome in outcomes]})

    async def describe(self, request: object) -> object:
        report = await self._job(lambda: self._sandbox.report)
        return _reply(
            {
                "service": "plaudit sandbox",
                "enforced": sorted(report.get("enforced", ())),
                "missing": dict(report.get("missing", {})),
                "languages": list(self._languages),
                "jobs": self._num_jobs - 1,
                "max_jobs": self._max_jobs,
            }
        )

    async def close(self, app: object) -> None:
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    def _run(self, works: list[Work]) -> list[Outcome]:
        """One work takes one slot; `run_many` may take all that are free."""
        if len(works) == 1:
            return [self._sandbox.run(works[0])]
        return list(self._sandbox.run_many(works))

    async def _job(self, act: Callable[[], Any]) -> Any:
        """Runs it in a thread, if the queue has room; counted until it ends, read or not."""
        if self._num_jobs >= self._max_jobs:
            raise _Refused(429, f"{self._max_jobs} requests are in flight; try again")
        future = asyncio.get_running_loop().run_in_executor(self._threads, act)
        self._num_jobs += 1
        future.add_done_callback(self._ended)
        return await asyncio.shield(future)

    def _ended(self, future: asyncio.Future[object]) -> None:
        self._num_jobs -= 1
        if not future.cancelled():
            future.exception()  # seen, though its client may be gone

    def _program(self, body: dict[str, Any], **fields: object) -> Program:
        if _get(body, "fetch_files", list, []):
            raise _Refused(400, "fetch_files is not offered: a program's files are not kept")
        stdin = _get(body, "stdin", str, None) or ""
        return Program(
            _code(body),
            stdin=_encoded(stdin, "stdin"),
            files=_files(_get(body, "files", dict, {})),
            language=self._language(body),
            arguments=tuple(map(str, _get(body, "args", list, []))),
            limits=self._limits_of(body),
        )

    def _language(self, body: dict[str, Any]) -> str:
        alias = _get(body, "language", str, "python").lower()
        name = languages.name_of(alias)
        if name not in self._languages:
            offered = ", ".join(self._languages)
            raise _Refused(400, f"language {clipped(alias)} is not offered; available: {offered}")
        return name

    def _limits_of(self, body: dict[str, Any]) -> Limits:
        fields = dict(_get(body, "limits", dict, {}))
        cpu_s = _get(body, "run_timeout", int | float, None)
        memory_mb = _get(body, "memory_limit_MB", int | float, -1)
        if cpu_s is not None:
            fields["cpu_s"] = cpu_s
        if memory_mb > 0:
            fields["memory_mb"] = math.ceil(memory_mb)
        try:
            limits = dataclasses.replace(self._limits, **fields)
        except (ConfigError, TypeError) as error:
            raise _Refused(400, f"run_timeout or limits: {error}") from None
        if max(limits.cpu_s, limits.wall) > _MAX_TIMEOUT_S:
            raise _Refused(400, f"run_timeout or limits: a time is over {_MAX_TIMEOUT_S:g} s")
        return limits

    def _tests(self, body: dict[str, Any]) -> list[Work]:
        if "entry" in body or "calls" in body:
            return [self._calls(body)]
        if isinstance(body.get("tests"), str):
            return [self._asserts(body)]
        tests = _get(body, "tests", list, None)
        if not tests or len(tests) > _MAX_TESTS:
            raise _Refused(400, f"tests: a list of 1 to {_MAX_TESTS} objects with stdin is needed")
        program = self._program({**body, "stdin": ""})
        return [dataclasses.replace(program, stdin=_test_stdin(test)) for test in tests]

    def _calls(self, body: dict[str, Any]) -> Calls:
        self._check_python(body)
        try:
            calls = [values.decode(call) for call in _get(body, "calls", list, None)]
            arguments = tuple(tuple(c["a"] if isinstance(c, dict) else c) for c in calls)
            keywords = tuple(dict(c["k"]) if isinstance(c, dict) else {} for c in calls)
        except (values.Malformed, TypeError, KeyError, ValueError):
            raise _Refused(400, "calls: a list of lists of encoded arguments is needed") from None
        entry = _get(body, "entry", str, None) or ""
        if not entry.isidentifier():
            raise _Refused(400, f"entry: a function's name is needed, found {clipped(entry)}")
        named = keywords if any(keywords) else ()
        how = {name: body.get(name) is True for name in ("fresh", "awaits")}
        return Calls(_code(body), entry, arguments, self._limits_of(body), named, **how)

    def _asserts(self, body: dict[str, Any]) -> Asserts:
        self._check_python(body)
        style = _get(body, "style", str, "assert")
        if style not in ("assert", "unittest", "pytest"):
            raise _Refused(400, f"style: assert, unittest or pytest, not {clipped(style)}")
        return Asserts(
            _code(body),
            body["tests"],
            setup=_get(body, "setup", str, ""),
            style=style,
            stop_at_first=body.get("stop_at_first") is True,
            limits=self._limits_of(body),
        )

    def _check_python(self, body: dict[str, object]) -> None:
        if self._language(body) != "python":
            raise _Refused(400, "calls and test code are for python")


class _Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def _get(body: dict[str, object], name: str, kind: Any, default: object) -> Any:
    """A field of the request; null counts as absent."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or isinstance(value, bool) or value != value:
        raise _Refused(400, f"{name}: {clipped(value)} is not of the right type")
    return value


def _code(body: dict[str, object]) -> bytes:
    code = _get(body, "code", str, None)
    if code is None:
        raise _Refused(400, "code is missing")
    return _encoded(code, "code")


def _encoded(text: str, name: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise _Refused(400, f"{name} contains a lone surrogate, which is not valid text") from None


def _test_stdin(test: object) -> bytes:
    if not isinstance(test, dict) or not isinstance(test.get("stdin", ""), str):
        raise _Refused(400, f"tests: {clipped(test)} is not an object with a text under stdin")
    return _encoded(test.get("stdin", ""), "stdin")


def _files(contents: dict[str, Any]) -> dict[str, bytes]:
    files = {}
    for name, data in contents.items():
        parts = name.split("/")
        if name.startswith("/") or ".." in parts or "" in parts or "\0" in name:
            raise _Refused(
                400, f"files: {clipped(name)} is not a path within the working directory"
            )
        if data is not None:
            try:
                files[name] = base64.b64decode(data, validate=True)
            except (binascii.Error, TypeError, ValueError):
                raise _Refused(400, f"files: {clipped(name)} is not in base64") from None
    return files


async def _body(request: Any) -> dict[str, object]:
    import orjson

    try:
        body = orjson.loads(await request.read())
    except ValueError:
        raise _Refused(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise _Refused(400, "the body is not a JSON object")
    return body


def _checked(web: Any, token: str | None) -> object:
    """The middleware: asks for the token, and answers refusals as JSON."""
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def check(request: Any, handler: Callable[[object], Awaitable[object]]) -> object:
        try:
            if "Origin" in request.headers:  # a web page open on this machine, not a client
                raise _Refused(403, "requests of web pages are not served")
            if token is not None and handler is not _ping:
                header = request.headers.get("Authorization", "").encode("utf-8", "replace")
                if not hmac.compare_digest(header, expected):
                    raise _Refused(401, "a bearer token is needed")
            return await handler(request)
        except _Refused as error:
            return _error(error.status, error.detail)
        except PlauditError as error:
            return _error(503, str(error))
        except web.HTTPException as error:
            return _error(error.status, error.reason)

    return check


def _error(status: int, detail: str) -> object:
    headers = {"Retry-After": str(_RETRY_AFTER_S)} if status in (429, 503) else {}
    return _reply({"detail": detail}, status, headers)


def _reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> object:
    import orjson

    return _web().Response(
        body=orjson.dumps(value), status=status, headers=headers, content_type="application/json"
    )


async def _ping(request: object) -> object:
    return _reply("pong")


def _as_fusion(outcome: Outcome) -> dict[str, object]:
    """The outcome as SandboxFusion would tell it."""
    status = {"ok": "Success", "sandbox": "SandboxError"}.get(outcome.kind, "Failed")
    ran = compiled = None
    if outcome.kind == "compile":
        compiled = _command(outcome)
    elif outcome.kind != "sandbox":
        ran = _command(outcome)
    return {
        "status": status,
        "message": outcome.error,
        "compile_result": compiled,
        "run_result": ran,
        "executor_pod_name": None,
        "files": {},
        "outcome": _outcome_fields(outcome, streams=False),
    }


def _command(outcome: Outcome) -> dict[str, object]:
    late = outcome.kind in ("cpu", "wall")
    return {
        "status": "TimeLimitExceeded" if late else "Finished",
        "execution_time": outcome.wall_s,
        "return_code": None if late else _return_code(outcome),
        "stdout": outcome.text,
        "stderr": outcome.stderr.decode("utf-8", "replace"),
    }


def _return_code(outcome: Outcome) -> int:
    """0 for "ok" alone: a program that was stopped has not succeeded, whatever it returned."""
    if outcome.kind == "ok":
        return 0
    return -outcome.signal if outcome.signal else outcome.exit_code or 1


def _outcome_fields(outcome: Outcome, *, streams: bool = True) -> dict[str, object]:
    fields = {
        "kind": outcome.kind,
        "exit_code": outcome.exit_code,
        "signal": outcome.signal,
        "stdout_truncated": outcome.stdout_truncated,
        "stderr_truncated": outcome.stderr_truncated,
        "cpu_s": outcome.cpu_s,
        "wall_s": outcome.wall_s,
        "memory_mb": outcome.memory_mb,
        "enforced": sorted(outcome.enforced),
        "error": outcome.error,
    }
    if streams:
        fields["stdout"] = outcome.text
        fields["stderr"] = outcome.stderr.decode("utf-8", "replace")
        fields["replies"] = list(outcome.replies)
        fields["checks"] = list(outcome.checks)
    return fields


def _installed() -> tuple[str, ...]:
    return ("python", *(name for name, tool in languages.available().items() if tool))


def _web() -> Any:
    try:
        from aiohttp import web
    except ImportError:
        raise MissingExtra.of("the sandbox server", package="aiohttp", extra="http") from None
    return web
