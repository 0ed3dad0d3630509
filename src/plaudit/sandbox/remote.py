"""The same work on a server: SandboxFusion, Piston or plaudit's own, over `plaudit.http`.

`Plaudit` speaks with ``plaudit sandbox serve``, which runs each work as the local sandbox does and
is believed as that is. The rest of this page is about the foreign ones. Which confinement those
have is their own affair: outcomes say ``enforced={"remote"}``. What is believed of them, from
strong to weak:

- `Program`: its standard output, which the caller compares; its exit code only as an explanation.
- `Calls`: the replies. A driver of ours calls the function and writes typed values; what is
  expected of them is never sent, so that forging a reply is giving an answer. One round trip
  carries all calls. A program that ends early leaves its later calls unanswered, whatever its exit
  code.
- `Asserts`: the verdict of the tests, in a line that begins with a token of 128 random bits. The
  tests and the token are read by a process that has forked the program off before; exit code 0
  means nothing. This is weaker than the local sandbox, where no file system and no user is shared:
  on a server that runs programs as root, a program can read the memory of the process of the tests
  and take its token. It needs a server that lets programs fork.

A server that fails, refuses or talks nonsense gives an outcome of kind "sandbox": nothing is known
of the program.
"""

from __future__ import annotations

import ast
import base64
import functools
import json
import math
import secrets
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from plaudit.errors import EngineError, clipped
from plaudit.http import Client, Request
from plaudit.sandbox.inside import values
from plaudit.sandbox.languages import name_of, service_names, suffixes
from plaudit.sandbox.outcome import Asserts, Calls, Kind, Limits, Outcome, Program, Work

__all__ = ["Piston", "Plaudit", "SandboxFusion"]

_HERE = Path(__file__).parent
_ENFORCED = frozenset({"remote"})
_MARGIN = 4096  # of the output limit, for the driver's own lines
_FEW = 512
_LATE: tuple[Kind, ...] = ("cpu", "wall")


class _Service:
    """What both have in common; a subclass says how work is put and how an answer is read."""

    languages: Mapping[str, str] = {}
    """Our name of a language -> theirs, where they differ."""

    def __init__(
        self,
        urls: str | Sequence[str],
        *,
        concurrency: int = 32,
        compile_timeout_s: float = 10.0,
        run_timeout_s: float | None = None,
        memory_limit_mb: int | None = None,
        output_limit_mb: float = 1.0,
        queue_s: float = 60.0,
        retries: int = 6,
        headers: Mapping[str, str] | None = None,
        client: Client | None = None,
    ) -> None:
        self._compile_s, self._run_s = compile_timeout_s, run_timeout_s
        self._memory_mb, self._queue_s = memory_limit_mb, queue_s
        self._most = int(output_limit_mb * 2**20)
        self._client = client or Client(
            self._places(urls),
            headers=headers,
            max_connections=concurrency,
            retries=retries,
        )

    def run(self, work: Work | str, /, **fields: Any) -> Outcome:
        """Runs one program and waits for it; a string is short for ``Program(string, **fields)``.

        Never raises for what the server does: its failure is an outcome of kind "sandbox".
        """
        if isinstance(work, str | bytes):
            work = Program(work, **fields)
        return next(iter(self.run_many([work])))

    def run_many(self, works: Iterable[Work]) -> Iterator[Outcome]:
        """The outcomes of many programs, in the order of the programs, `concurrency` at a time."""
        jobs: deque[_RemoteJob] = deque()

        def requests() -> Iterator[Request]:
            for work in works:
                job = self._job(work)
                jobs.append(job)
                if job.request is not None:
                    yield job.request

        for reply in self._client.map(requests()):
            while jobs[0].refused is not None:
                yield jobs.popleft().refused  # type: ignore[misc]
            yield self._finished(jobs.popleft(), reply)
        for job in jobs:
            yield job.refused or _failed("the server was not called")

    def close(self) -> None:
        """Closes the connections. It can be used again; it then opens new ones."""
        self._client.close()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._client.urls})"

    def _places(self, urls: str | Sequence[str]) -> list[str]:
        return [urls] if isinstance(urls, str) else list(urls)

    def _put(self, program: Program, code: str, stdin: str) -> Request:
        raise NotImplementedError

    def _read(self, reply: object, limits: Limits) -> Outcome:
        raise NotImplementedError

    def _job(self, work: Work) -> _RemoteJob:
        begin, token = secrets.token_hex(16), secrets.token_hex(16)
        try:
            program = work
            if not isinstance(program, Program):
                program = _driven(program, begin, token, self._driver_most)
            request = self._put(program, _text(program.code, "code"), _text(program.stdin, "stdin"))
        except _Untellable as error:
            return _RemoteJob(work, begin, token, refused=error.outcome)
        return _RemoteJob(work, begin, token, request)

    @property
    def _driver_most(self) -> int:
        return max(self._most - _MARGIN, _FEW)

    def _wall(self, limits: Limits) -> float:
        return limits.wall if self._run_s is None else self._run_s

    def _request(self, path: str, body: dict[str, object], limits: Limits) -> Request:
        """A try may take as long as the server has been told; a second one must have room."""
        one = self._queue_s + self._compile_s + self._wall(limits)
        return Request(path, body, timeout_s=one, deadline_s=2 * one)

    def _memory(self, limits: Limits) -> int:
        return math.ceil(self._memory_mb or limits.memory_mb)

    def _most_output(self, limits: Limits) -> int:
        return min(self._most, int(limits.output_mb * 2**20))

    def _finished(self, job: _RemoteJob, reply: object) -> Outcome:
        if isinstance(reply, EngineError):
            return _failed(str(reply))
        try:
            outcome = self._read(reply, job.work.limits)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            return _failed(f"the server's answer makes no sense ({error}): {clipped(reply)}")
        if isinstance(job.work, Program) or outcome.kind == "sandbox":
            return outcome
        lines, has_begun = _messages(outcome, job.token), bool(_messages(outcome, job.begin))
        outcome = replace(outcome, stdout=b"", stdout_truncated=False)
        if not has_begun and outcome.kind not in _LATE:
            last = outcome.stderr.decode("utf-8", "replace").rstrip().rpartition("\n")[2]
            needs = ", which must let programs fork" if isinstance(job.work, Asserts) else ""
            why = f"the driver never began on the server{needs}"
            return _failed(f"{why}: {clipped(last, limit=200)}")
        if isinstance(job.work, Asserts):
            return _judged(outcome, lines)
        return self._answered(job.work, outcome, lines)

    def _answered(self, work: Calls, outcome: Outcome, lines: list[dict[str, object]]) -> Outcome:
        """The outcome with its replies; asks on where the output had no room for all."""
        replies = tuple(line for line in lines if "r" in line or "x" in line)
        replies = replies[: len(work.arguments)]
        rest = work.after(len(replies))
        outcome = replace(outcome, replies=replies)
        if rest.arguments and replies and any("more" in line for line in lines):
            more = self.run(rest)
            return replace(more, replies=replies + more.replies)
        if outcome.kind == "ok" and rest.arguments:
            return replace(outcome, kind="exit", error="the program ended before its last call")
        return outcome


class SandboxFusion(_Service):
    """Runs work on SandboxFusion servers (bytedance/SandboxFusion, ``POST /run_code``).

    `run_timeout_s` (default: the wall limit of the work's `Limits`) and `memory_limit_mb` are what
    the server is told; it knows no CPU time, so that a late program is "wall". It keeps 1 MiB of
    each stream and does not say when it cuts: output that long counts as over the limit, so the
    limit here is the smaller of `output_limit_mb` and `Limits.output_mb`. `queue_s` is how long a
    request may wait at the server besides.

    >>> SandboxFusion("http://127.0.0.1:8080")
    SandboxFusion(['http://127.0.0.1:8080'])
    """

    languages = service_names("sandbox_fusion")

    def _put(self, program: Program, code: str, stdin: str) -> Request:
        limits = program.limits
        if program.arguments:
            raise _Untellable("SandboxFusion passes no arguments to programs")
        body = {
            "code": code,
            "language": self.languages.get(program.language, program.language),
            "stdin": stdin,
            "compile_timeout": self._compile_s,
            "run_timeout": self._wall(limits),
            "memory_limit_MB": self._memory(limits),
            "files": {name: _base64(data) for name, data in program.files.items()},
            "fetch_files": [],
        }
        return self._request("/run_code", body, limits)

    def _read(self, reply: Any, limits: Limits) -> Outcome:
        compiled, ran = reply.get("compile_result"), reply.get("run_result")
        if reply["status"] == "SandboxError":
            return _failed(f"the server's sandbox failed: {clipped(reply.get('message'))}")
        if compiled and (compiled["status"] != "Finished" or compiled["return_code"]):
            if compiled["status"] == "Error":
                return _failed(f"the server's compiler failed: {clipped(compiled['stderr'])}")
            return self._stage(compiled, "compile", limits)
        states: dict[str, Kind] = {"Finished": "ok", "TimeLimitExceeded": "wall"}
        if ran["status"] not in states:
            return _failed(f"the server could not run it: {clipped(ran['stderr'])}")
        kind = states[ran["status"]]
        if kind == "ok" and not isinstance(ran["return_code"], int):
            return _failed(f"the server names no exit code: {clipped(ran['return_code'])}")
        outcome = self._stage(ran, "exit" if kind == "ok" and ran["return_code"] else kind, limits)
        return _refined(outcome, reply.get("outcome"))

    def _stage(self, stage: Mapping[str, Any], kind: Kind, limits: Limits) -> Outcome:
        code = stage.get("return_code")
        outcome = Outcome(
            kind,
            exit_code=code if code is not None and code >= 0 else None,
            signal=-code if code is not None and code < 0 else None,
            wall_s=float(stage.get("execution_time") or 0.0),
            enforced=_ENFORCED,
        )
        out, err = (stage.get("stdout") or ""), (stage.get("stderr") or "")
        return _with_streams(outcome, out, err, self._most_output(limits))


class Piston(_Service):
    """Runs work on Piston servers (engineer-man/piston, ``POST /api/v2/execute``).

    A URL with a path is taken to hold the API's prefix already. `versions` maps a language to a
    version selector (default ``"*"``, the latest installed). Piston refuses limits above its own
    (3 s by default: give `run_timeout_s`, or raise PISTON_RUN_TIMEOUT and PISTON_RUN_CPU_TIME), and
    ends programs that write more than PISTON_OUTPUT_MAX_SIZE (1024 bytes by default): below
    `output_limit_mb` that is the server's failure, not the program's.

    >>> Piston("http://127.0.0.1:2000")
    Piston(['http://127.0.0.1:2000/api/v2'])
    """

    languages = service_names("piston")

    def __init__(
        self,
        urls: str | Sequence[str],
        *,
        versions: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(urls, **options)
        self._versions = dict(versions or {})

    def runtimes(self) -> dict[str, list[str]]:
        """The languages of the server and their versions. Raises: EngineError."""
        versions: dict[str, list[str]] = {}
        for runtime in self._client.get("/runtimes", deadline_s=self._queue_s):
            versions.setdefault(runtime["language"], []).append(runtime["version"])
        return versions

    def _places(self, urls: str | Sequence[str]) -> list[str]:
        places = [url.rstrip("/") for url in super()._places(urls)]
        return [url if url.count("/") > 2 else f"{url}/api/v2" for url in places]

    def _put(self, program: Program, code: str, stdin: str) -> Request:
        limits = program.limits
        language = self.languages.get(program.language, program.language)
        memory = self._memory(limits) << 20
        run_ms = int(self._wall(limits) * 1000)
        if not code:
            raise _Untellable("Piston takes no empty program")
        files = [{"name": _main_of(program.language), "content": code}]
        files += [
            {"name": name, "content": _base64(data), "encoding": "base64"}
            for name, data in program.files.items()
        ]
        body = {
            "language": language,
            "version": self._versions.get(program.language, "*"),
            "files": files,
            "stdin": stdin,
            "args": list(program.arguments),
            "compile_timeout": int(self._compile_s * 1000),
            "run_timeout": run_ms,
            "run_cpu_time": min(int(limits.cpu_s * 1000), run_ms),
            "run_memory_limit": memory,
        }
        return self._request("/execute", body, limits)

    def _read(self, reply: Any, limits: Limits) -> Outcome:
        compiled = reply.get("compile")
        if compiled and (compiled.get("code") or compiled.get("signal")):
            if compiled.get("status") == "XX":
                return _failed(f"the server's compiler failed: {clipped(compiled['message'])}")
            return self._stage(compiled, "compile", limits)
        ran = reply["run"]
        status, message = ran.get("status"), ran.get("message") or ""
        if status == "XX" or (ran.get("code") is None and not ran.get("signal") and not status):
            return _failed(f"the server could not run it: {clipped(message)}")
        if status in ("OL", "EL"):
            return self._over(ran, limits)
        if status == "TO":
            return self._stage(ran, "wall" if "wall" in message else "cpu", limits)
        return self._stage(ran, "exit" if ran.get("code") != 0 else "ok", limits)

    def _over(self, ran: Mapping[str, Any], limits: Limits) -> Outcome:
        most = self._most_output(limits)
        stream = "stdout" if ran["status"] == "OL" else "stderr"
        if len(ran[stream]) < most // 2:
            return _failed(
                f"the server ended the program for what it wrote on {stream}, below the limit of "
                f"{most} bytes: raise PISTON_OUTPUT_MAX_SIZE there, or lower output_limit_mb here"
            )
        return replace(self._stage(ran, "output", limits), **{f"{stream}_truncated": True})

    def _stage(self, stage: Mapping[str, Any], kind: Kind, limits: Limits) -> Outcome:
        outcome = Outcome(
            kind,
            exit_code=stage.get("code"),
            signal=_signal_number(stage.get("signal")),
            cpu_s=(stage.get("cpu_time") or 0) / 1000,
            wall_s=(stage.get("wall_time") or 0) / 1000,
            memory_mb=(stage.get("memory") or 0) / 2**20,
            enforced=_ENFORCED,
        )
        out, err = (stage.get("stdout") or ""), (stage.get("stderr") or "")
        return _with_streams(outcome, out, err, self._most_output(limits))


class Plaudit(_Service):
    """Runs work on ``plaudit sandbox serve`` (`plaudit.sandbox.server`), all of it in its own kind.

    The limits of the work are those of the run; `Outcome.enforced` says what the server enforces,
    and "remote". Test code (`Asserts`) goes to the server, the answers to calls and inputs do not.
    A server that asks for a token: ``headers={"Authorization": "Bearer TOKEN"}``.

    >>> Plaudit("http://127.0.0.1:8080")
    Plaudit(['http://127.0.0.1:8080'])
    """

    def _job(self, work: Work) -> _RemoteJob:
        try:
            body = {"code": _text(work.code, "code"), "limits": _limits(work.limits), **_own(work)}
        except _Untellable as error:
            return _RemoteJob(work, "", "", refused=error.outcome)
        return _RemoteJob(work, "", "", self._request("/grade", body, work.limits))

    def _finished(self, job: _RemoteJob, reply: Any) -> Outcome:
        if isinstance(reply, EngineError):
            return _failed(str(reply))
        try:
            (fields,) = reply["outcomes"]
            return _outcome(fields)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            return _failed(f"the server's answer makes no sense ({error}): {clipped(reply)}")


class _Untellable(Exception):
    """Work that the server's protocol cannot carry."""

    def __init__(self, reason: str, kind: Kind = "sandbox") -> None:
        super().__init__(reason)
        self.outcome = Outcome(kind, error=reason, enforced=_ENFORCED)


@dataclass(slots=True)
class _RemoteJob:
    """One piece of work in flight: its request, or the outcome it has without one."""

    work: Work
    begin: str
    token: str
    request: Request | None = None
    refused: Outcome | None = None


def _limits(limits: Limits) -> dict[str, Any]:
    return {name: getattr(limits, name) for name in limits.__slots__}


def _own(work: Work) -> dict[str, object]:
    """The fields of a request to our own server that depend on the kind of work."""
    if isinstance(work, Calls):
        how = {"fresh": work.fresh, "awaits": work.awaits}
        return {"entry": work.entry, "calls": work.encoded(), **how}
    if isinstance(work, Asserts):
        names = ("tests", "setup", "style", "stop_at_first")
        return {name: getattr(work, name) for name in names}
    return {
        "language": work.language,
        "args": list(work.arguments),
        "files": {name: _base64(data) for name, data in work.files.items()},
        "tests": [{"stdin": _text(work.stdin, "stdin")}],
    }


def _outcome(fields: Mapping[str, Any]) -> Outcome:
    """A reply of plaudit's server. Raises: KeyError, TypeError, ValueError for anything else."""
    if fields["kind"] not in get_args(Kind):
        raise ValueError(f"kind {clipped(fields['kind'])}")
    return Outcome(
        fields["kind"],
        exit_code=fields["exit_code"],
        signal=fields["signal"],
        stdout_truncated=fields["stdout_truncated"] is True,
        stderr_truncated=fields["stderr_truncated"] is True,
        cpu_s=float(fields["cpu_s"]),
        wall_s=float(fields["wall_s"]),
        memory_mb=float(fields["memory_mb"]),
        error=str(fields["error"]),
        stdout=_as_bytes(fields["stdout"]),
        stderr=_as_bytes(fields["stderr"]),
        enforced=_ENFORCED | frozenset(map(str, fields["enforced"])),
        replies=tuple(fields["replies"]),
        checks=tuple(fields["checks"]),
    )


def _failed(reason: str) -> Outcome:
    return Outcome("sandbox", error=reason, enforced=_ENFORCED)


def _text(data: str | bytes, name: str) -> str:
    """What JSON can carry. Code must be UTF-8 to be a program; other input cannot be sent."""
    try:
        text = data.decode() if isinstance(data, bytes) else data
        text.encode()
    except UnicodeError:
        kind: Kind = "compile" if name == "code" else "sandbox"
        raise _Untellable(f"the {name} is not UTF-8, and the server takes text", kind) from None
    return text


def _base64(data: bytes | str) -> str:
    return base64.b64encode(_as_bytes(data)).decode()


def _as_bytes(data: bytes | str) -> bytes:
    return data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")


def _driven(work: Calls | Asserts, begin: str, token: str, most: int) -> Program:
    """The program that the server runs: our driver, with the work on its standard input."""
    request: dict[str, Any] = {"begin": begin, "code": _base64(work.code)}
    if isinstance(work, Calls):
        request |= {"mode": "calls", "token": token, "entry": work.entry, "most": most}
        request |= {"fresh": work.fresh, "awaits": work.awaits}
        rest = b"\n".join(values.dumps(call) for call in work.encoded())
        parts: tuple[str, ...] = ("values",)
    else:
        request["mode"] = "asserts"
        tests = {name: getattr(work, name) for name in ("tests", "setup", "style", "stop_at_first")}
        rest = json.dumps({"token": token, "asked": tests}).encode()
        parts = ("serve", "judge")
    question = json.dumps(request).encode()
    stdin = b"".join([str(len(question)).encode(), b"\n", question, rest])
    return Program(_driver(parts), stdin=stdin, limits=work.limits)


@functools.cache
def _driver(parts: tuple[str, ...]) -> str:
    """The driver's text, with the modules that it imports and those that they import."""
    texts: dict[str, str] = {}
    names = list(parts)
    while names:
        name = names.pop()
        if name not in texts:
            texts[name] = (_HERE / "inside" / f"{name}.py").read_text(encoding="utf-8")
            names += _imported(texts[name])
    driver = (_HERE / "_driver.py").read_text(encoding="utf-8")
    return f"{driver}\n\nmain({texts!a})\n"


def _imported(text: str) -> list[str]:
    """The modules of `inside` that a module of it imports."""
    modules = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module == "plaudit.sandbox.inside":
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules += _inside(node.module)
        elif isinstance(node, ast.Import):
            modules += [name for alias in node.names for name in _inside(alias.name)]
    return modules


def _inside(module: str) -> list[str]:
    parent, _, name = module.rpartition(".")
    return [name] if parent == "plaudit.sandbox.inside" else []


def _messages(outcome: Outcome, token: str) -> list[dict[str, Any]]:
    """What is in the whole lines that begin with the token."""
    messages = []
    mark = f"{token} ".encode()
    for line in outcome.stdout.split(b"\n"):
        if line.startswith(mark):
            try:
                value = values.loads(line[len(mark) :])
            except values.Malformed:
                break  # cut
            if isinstance(value, dict):
                messages.append(value)
    return messages


def _judged(outcome: Outcome, lines: list[dict[str, Any]]) -> Outcome:
    """The outcome with the verdict of the tests, or one that says that they did not finish."""
    report = next((line for line in lines if _is_verdict(line.get("verdict"))), None)
    if report is None:
        error = f"the tests ended: {outcome.kind}"
        kind = "exit" if outcome.kind == "ok" else outcome.kind
        verdict = {"checks": [], "finished": False, "error": error}
        return replace(outcome, kind=kind, checks=(verdict,))
    status = report.get("status")
    if status and outcome.kind == "ok":
        code, number = (status, None) if status > 0 else (None, -status)
        outcome = replace(outcome, kind="exit", exit_code=code, signal=number)
    return replace(outcome, checks=(report["verdict"],))


def _is_verdict(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("checks"), list):
        return False
    return all(isinstance(check, dict) and "ok" in check for check in value["checks"])


def _refined(outcome: Outcome, report: object) -> Outcome:
    """With what plaudit's own server says besides of how the program ended."""
    if not isinstance(report, dict) or report.get("kind") not in get_args(Kind):
        return outcome
    return replace(
        outcome,
        kind=report["kind"] if report["kind"] != "ok" else outcome.kind,
        cpu_s=float(report.get("cpu_s") or 0.0),
        memory_mb=float(report.get("memory_mb") or 0.0),
        stdout_truncated=outcome.stdout_truncated or report.get("stdout_truncated") is True,
        stderr_truncated=outcome.stderr_truncated or report.get("stderr_truncated") is True,
    )


def _with_streams(outcome: Outcome, out: str, err: str, most: int) -> Outcome:
    """With both streams, cut at the limit: a stream that reaches it has gone over it."""
    streams = [text.encode("utf-8", "replace") for text in (out, err)]
    is_over = [len(data) >= most for data in streams]
    went_over = is_over[0] and outcome.kind in ("ok", "exit")
    return replace(
        outcome,
        kind="output" if went_over else outcome.kind,
        stdout=streams[0][:most],
        stderr=streams[1][:most],
        stdout_truncated=is_over[0],
        stderr_truncated=is_over[1],
    )


def _signal_number(name: object) -> int | None:
    number = getattr(signal, name, None) if isinstance(name, str) else None
    return None if number is None else int(number)


def _main_of(language: str) -> str:
    """The name of the main file, where compilers look at its ending."""
    name = name_of(language)
    endings = (end for end, owner in suffixes().items() if owner == name)
    return f"main{'.py' if name == 'python' else next(endings, '')}"
