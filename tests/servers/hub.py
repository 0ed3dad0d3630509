"""Stand-ins for model hubs: what huggingface_hub and ModelScope's API ask for, over loopback."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Serves one model's files under both protocols; `asked` are the paths that were requested."""

    def __init__(self, ident: str, folder: Path, *, damage: str = ""):
        self.ident, self.damage = ident, damage
        self.files: Mapping[str, bytes] = {
            str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*"))
            if p.is_file()
        }  # fmt: skip
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *exc: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(300)


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    import json

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def do_HEAD(self):
            self._serve(has_body=False)

        def do_GET(self):
            self._serve(has_body=True)

        def _send(self, status, data=b"", headers=None, has_body=True):
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            if has_body:
                self.wfile.write(data)

        def _json(self, status, value, headers=None):
            data = json.dumps(value).encode()
            self._send(status, data, {"Content-Type": "application/json", **(headers or {})})

        def _serve(self, has_body):
            parts = urlsplit(self.path)
            hub.asked.append(unquote(self.path))
            if parts.path.startswith(f"/api/v1/models/{hub.ident}/repo"):
                self._modelscope(parts)
            elif parts.path.startswith(f"/api/models/{hub.ident}"):
                self._repository()
            elif parts.path.startswith(f"/{hub.ident}/resolve/"):
                self._file(unquote(parts.path).split("/", 5)[5], has_body)
            elif parts.path.startswith("/api/v1/"):
                self._json(404, {"Code": 10010205001, "Message": "not exist"})
            else:
                self._json(401, {"error": "Invalid username or password."},
                           {"X-Error-Code": "RepoNotFound"})  # fmt: skip

        def _repository(self):
            listed = [{"rfilename": name} for name in hub.files]
            told = {"id": hub.ident, "modelId": hub.ident, "sha": COMMIT, "siblings": listed,
                    "private": False, "tags": [], "downloads": 0, "likes": 0}  # fmt: skip
            if "/tree/" in self.path:
                tree = [
                    {"type": "file", "path": n, "size": len(d), "oid": hashlib.sha1(d).hexdigest()}
                    for n, d in hub.files.items()
                ]
                self._json(200, tree)
                return
            self._json(200, told)

        def _file(self, name, has_body):
            data = hub.files[name]
            headers = {
                "ETag": f'"{hashlib.sha1(data).hexdigest()}"',
                "X-Repo-Commit": COMMIT,
                "Accept-Ranges": "bytes",
            }
            self._send(200, data, headers, has_body)

        def _modelscope(self, parts):
            query = parse_qs(parts.query)
            if parts.path.endswith("/repo/files"):
                files = [
                    {"Path": n, "Type": "blob", "Size": len(d),
                     "Sha256": hashlib.sha256(d).hexdigest()}
                    for n, d in hub.files.items()
                ]  # fmt: skip
                self._json(200, {"Code": 200, "Data": {"Files": files}, "Success": True})
                return
            name = query["FilePath"][0]
            data = hub.files[name]
            self._send(200, data[:-1] + b"!" if name == hub.damage else data)

    return Handler
