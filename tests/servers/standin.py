"""Stand-ins on loopback for the services that plaudit speaks to, with faults on demand.

`Standin` answers JSON over HTTP. `fusion()` and `piston()` speak the protocols of SandboxFusion and
Piston and run small Python programs in a subprocess: bounded, not confined, for our own tests only.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

Answer = Callable[[str, str, Any], tuple[int, Any]]
MEBI = 1 << 20


class Fault(NamedTuple):
    """What happens in place of an answer.

    `kind`: "status" (with `status` and `headers`), "hang", "drop" (the connection closes), "cut"
    (it closes within the body), "garbage" (200, no JSON), "huge" (200, `size` bytes).
    """

    kind: str
    status: int = 503
    headers: dict[str, str] = {}
    size: int = 0


class Standin:
    """An HTTP server in a thread. The next requests meet `faults`, then each meets `always`."""

    def __init__(self, answer: Answer, port: int = 0):
        self.answer = answer
        self.faults: deque[Fault | None] = deque()
        self.always: Fault | None = None
        self.delay_s = 0.0
        self.seen: list[tuple[str, str, Any, dict[str, str]]] = []
        self.num_connections = self.num_busy = self.most_busy = 0
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(300)

    def __enter__(self) -> Standin:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


def _handler(owner: Standin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            with owner.lock:
                owner.num_connections += 1

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, *args: Any) -> None:
            pass

        def _serve(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.loads(data) if data else None
            with owner.lock:
                owner.seen.append((self.command, self.path, body, dict(self.headers)))
                fault = owner.faults.popleft() if owner.faults else owner.always
                owner.num_busy += 1
                owner.most_busy = max(owner.most_busy, owner.num_busy)
            try:
                if fault is not None:
                    self._fail(fault)
                    return
                if owner.delay_s:
                    time.sleep(owner.delay_s)
                status, value = owner.answer(self.command, self.path, body)
            finally:
                with owner.lock:
                    owner.num_busy -= 1
            self._send(status, json.dumps(value).encode())

        def _send(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def _fail(self, fault: Fault) -> None:
            if fault.kind == "status":
                self._send(fault.status, b'{"message": "out of order"}', fault.headers)
                return
            if fault.kind == "garbage":
                self._send(200, b"<html>not json</html>")
                return
            if fault.kind == "huge":
                self._send(200, b" " * fault.size)
                return
            if fault.kind == "hang":
                owner.ended.wait(30)
            elif fault.kind == "cut":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b'{"a":')
            self.close_connection = True

    return Handler


def echo() -> Standin:
    """A service that answers what it was sent, and where."""
    return Standin(lambda method, path, body: (200, {"path": path, "body": body}))


class _Ran(NamedTuple):
    code: int | None
    stdout: bytes
    stderr: bytes
    seconds: float


def run_python(
    code: str, *, stdin: str, files: dict[str, bytes], timeout_s: float, memory_mb: int = 1024
) -> _Ran:
    """Runs a program; `code` None means that it ran out of time.

    The time is that of a machine with nothing else to do: CPU time, or wall time asleep.
    """
    limit = memory_mb * MEBI

    def limits() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_FSIZE, (8 * MEBI, 8 * MEBI))

    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for name, data in {"main.py": code.encode(), **files}.items():
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_bytes(data)
        process = subprocess.Popen(
            [sys.executable, "-I", "main.py"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=limits,
        )
        data: bytes | None = stdin.encode()
        with process:
            while True:
                try:
                    out, err = process.communicate(data, timeout=timeout_s / 2)
                    break
                except subprocess.TimeoutExpired:
                    data = None  # is on its way, and may not be given twice
                    if not _is_late(process.pid, time.monotonic() - began, timeout_s):
                        continue
                process.kill()
                with contextlib.suppress(ValueError, OSError):
                    process.communicate()
                return _Ran(None, b"", b"", time.monotonic() - began)
    return _Ran(process.returncode, out, err, time.monotonic() - began)


def _is_late(pid: int, wall_s: float, timeout_s: float) -> bool:
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return cpu_s >= timeout_s or (wall_s >= timeout_s and fields[0] == b"S")


def fusion(*, lies: str = "", output_limit: int = MEBI) -> Standin:
    """SandboxFusion's `/run_code`.

    It `lies` with "zero": exit code 0 whatever happened; with "idle": and it has not run anything.
    """

    def answer(method: str, path: str, body: Any) -> tuple[int, Any]:
        if (method, path) != ("POST", "/run_code"):
            return 404, {"detail": "Not Found"}
        if body["language"] not in ("python", "cpp"):
            return 422, {"detail": [{"msg": f"unknown language {body['language']}"}]}
        if body["language"] == "cpp":
            bad = _command("Finished", 0.1, 1, "", "main.cpp:1: error: expected ';'")
            return 200, _fusion_reply("Failed", bad, None)
        if lies == "idle":
            return 200, _fusion_reply("Success", None, _command("Finished", 0.1, 0, "", ""))
        files = {name: base64.b64decode(data) for name, data in body.get("files", {}).items()}
        ran = run_python(
            body["code"],
            stdin=body.get("stdin") or "",
            files=files,
            timeout_s=body.get("run_timeout", 10),
        )
        out = ran.stdout[:output_limit].decode("utf-8", "replace")
        err = ran.stderr[:output_limit].decode("utf-8", "replace")
        code = 0 if lies else ran.code
        state = "TimeLimitExceeded" if code is None else "Finished"
        done = _command(state, ran.seconds, code, out, err)
        return 200, _fusion_reply("Success" if code == 0 else "Failed", None, done)

    return Standin(answer)


def _command(status: str, seconds: float, code: int | None, out: str, err: str) -> dict[str, Any]:
    return {
        "status": status,
        "execution_time": seconds,
        "return_code": code,
        "stdout": out,
        "stderr": err,
    }


def _fusion_reply(status: str, compiled: Any, ran: Any) -> dict[str, Any]:
    return {
        "status": status,
        "message": "",
        "compile_result": compiled,
        "run_result": ran,
        "executor_pod_name": None,
        "files": {},
    }


def piston(*, lies: str = "", output_limit: int = 1024) -> Standin:
    """Piston's `/api/v2`, with its default output limit of 1024 bytes; `lies` as in `fusion`."""

    def answer(method: str, path: str, body: Any) -> tuple[int, Any]:
        if (method, path) == ("GET", "/api/v2/runtimes"):
            return 200, [
                {"language": "python", "version": "3.9.4", "aliases": ["py"]},
                {"language": "python", "version": "3.12.0", "aliases": ["py", "python3"]},
                {"language": "c++", "version": "10.2.0", "aliases": ["cpp"], "runtime": "gcc"},
            ]
        if (method, path) != ("POST", "/api/v2/execute"):
            return 404, {"message": "Not Found"}
        if (body["language"], body["version"]) == ("c++", "*"):
            compiled = _stage("", "main.cpp:1: error", 1, None, "RE", 0.1)
            return 200, {"language": "c++", "version": "10.2.0", "compile": compiled, "run": {}}
        if body["language"] != "python" or body["version"] not in ("*", "3.12.0"):
            return 400, {"message": f"{body['language']}-{body['version']} runtime is unknown"}
        if body["run_timeout"] > 3000:
            return 400, {"message": "run_timeout cannot exceed the configured limit of 3000"}
        if lies == "idle":
            stage = _stage("", "", 0, None, None, 0.1)
            return 200, {"language": "python", "version": "3.12.0", "run": stage}
        first, *others = body["files"]
        ran = run_python(
            first["content"],
            stdin=body.get("stdin", ""),
            files={file["name"]: base64.b64decode(file["content"]) for file in others},
            timeout_s=body["run_timeout"] / 1000,
        )
        told = _piston_stage(ran._replace(code=0) if lies else ran, output_limit)
        return 200, {"language": "python", "version": "3.12.0", "run": told}

    return Standin(answer)


def _piston_stage(ran: _Ran, output_limit: int) -> dict[str, Any]:
    out, err = ran.stdout.decode("utf-8", "replace"), ran.stderr.decode("utf-8", "replace")
    if ran.code is None:
        return _stage(out, err, None, "SIGKILL", "TO", ran.seconds)
    if len(ran.stdout) > output_limit:
        return _stage(out[:output_limit], err, None, "SIGKILL", "OL", ran.seconds)
    if ran.code < 0:
        return _stage(out, err, None, "SIGKILL", "SG", ran.seconds)
    return _stage(out, err, ran.code, None, "RE" if ran.code else None, ran.seconds)


def _stage(
    out: str, err: str, code: int | None, signal: str | None, status: str | None, seconds: float
) -> dict[str, Any]:
    return {
        "stdout": out,
        "stderr": err,
        "output": out + err,
        "code": code,
        "signal": signal,
        "status": status,
        "message": "stdout length exceeded" if status == "OL" else None,
        "memory": 9 * MEBI,
        "cpu_time": int(seconds * 1000),
        "wall_time": int(seconds * 1000),
    }
