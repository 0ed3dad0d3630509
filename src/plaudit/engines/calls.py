"""The journal of paid calls: every finished reply is on disk before it is used.

One line for each reply, filed by the content of its call and model, so that the journal is the
cache, the means to resume, and what `replay` reads. Failed calls are never in it. A line:

    {"key", "model", "template", "index", "temperature", "text", "finish_reason", "tokens",
     "usage", "latency_s", "at", "fingerprint"}
"""

from __future__ import annotations

import json
import math
import os
import re
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from plaudit.engines.chat import Call, Reply, Token, Usage
from plaudit.errors import ConfigError
from plaudit.journal import Lines
from plaudit.old_names import old_names

__all__ = ["CallJournal"]
__getattr__ = old_names(__name__)

_SYNC_S = 1.0
_BEGIN = b'{"key":"'
_KEY = re.compile(rb'{"key":"([!#-~]+)"')


class CallJournal:
    """Replies by the key of their call, in a file (or, without a path, in memory for this process).

    Each reply is written at once, and forced to the disk within a second. A file belongs to one
    process at a time.

    Raises: ConfigError for a file that another process is writing, or that is not a journal.

    >>> calls = CallJournal()
    >>> calls.put("k", Call(()), Reply("[[A]]"), "m")
    >>> calls.get("k").text, calls.get("other")
    ('[[A]]', None)
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, is_read_only: bool = False):
        self.path = None if path is None else Path(path)
        self._places: dict[str, int] = {}
        self._in_memory: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._lines: Lines | None = None
        self._bell: threading.Timer | None = None
        self._pid = os.getpid()
        if self.path is None:
            return
        if is_read_only and not self.path.is_file():
            raise ConfigError(f"no journal of calls {str(self.path)!r}")
        if not is_read_only:
            _check_kind(self.path)
            self._lines = _open_lines(self.path)
            weakref.finalize(self, self._lines.close)
        try:
            self._places = dict(_places(self.path))
        except ConfigError:
            self.close()
            raise

    def __len__(self) -> int:
        return len(self._places) + len(self._in_memory)

    def get(self, key: str) -> Reply | None:
        """The reply of an earlier call, marked as recorded."""
        line = self._in_memory.get(key)
        if line is None and self.path is not None and key in self._places:
            with self.path.open("rb") as file:  # again: threads and forks would share a position
                file.seek(self._places[key])
                line = file.readline()
        return None if line is None else _reply(json.loads(line))

    def put(
        self, key: str, call: Call, reply: Reply, model: str, fingerprint: str | None = None
    ) -> None:
        """Files a finished reply. Raises PlauditError where it cannot be written."""
        line = _line(key, call, reply, model, fingerprint)
        if self._pid != os.getpid():  # forked: file and lock are the parent's
            self._in_memory[key] = line
            return
        with self._lock:
            if self._lines is None:
                self._in_memory[key] = line
                return
            place = self._lines.size
            self._lines.append(line)
            self._places[key] = place
            if self._bell is None:
                self._bell = threading.Timer(_SYNC_S, self._sync)
                self._bell.daemon = True
                self._bell.start()

    def close(self) -> None:
        """Forces the written lines to the disk and closes the file."""
        with self._lock:
            if self._bell is not None:
                self._bell.cancel()
            if self._lines is not None:
                self._lines.flush()
                self._lines.close()
                self._lines = None

    def _sync(self) -> None:
        with self._lock:
            self._bell = None
            if self._lines is None:
                return
            try:
                descriptor = os.dup(self._lines.fileno())
            except ValueError:  # closed: the interpreter exits
                return
        os.fsync(descriptor)  # without the lock, so that a slow disk blocks no other call
        os.close(descriptor)


def _open_lines(path: Path) -> Lines:
    try:
        return Lines(path, is_alone=True)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def _check_kind(path: Path) -> None:
    """Raises ConfigError for a file of another kind, before anything is done to it."""
    if path.is_file():
        with path.open("rb") as file:
            first = file.read(len(_BEGIN))
        if not _BEGIN.startswith(first):
            raise ConfigError(
                f"{path}: is not a journal of calls, and is left unchanged; name another file with"
                " journal="
            )


def _places(path: Path) -> Iterator[tuple[str, int]]:
    """Where the line of each key begins. Raises ConfigError for a file that is not a journal."""
    place = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            key = _KEY.match(line)
            if key is None:
                raise ConfigError(
                    f"{path}:{number}: not a line of a journal of calls (lines begin with a key)"
                )
            yield key[1].decode(), place
            place += len(line)


def _line(key: str, call: Call, reply: Reply, model: str, fingerprint: str | None) -> bytes:
    record: dict[str, object] = {
        "key": key, "model": model, "template": call.template, "index": call.index,
        "temperature": call.sampling.temperature, "text": reply.text,
        "finish_reason": reply.finish_reason,
    }  # fmt: skip
    if reply.tokens:
        record["tokens"] = [[t.text, t.logprob, dict(t.top)] for t in reply.tokens]
    record["usage"] = list(reply.usage)
    record["latency_s"] = reply.latency_s if math.isfinite(reply.latency_s) else None
    record["at"] = round(time.time(), 3)
    if fingerprint:
        record["fingerprint"] = fingerprint
    return _dumps(record)


def _dumps(record: Mapping[str, object]) -> bytes:
    """JSON in one line; what orjson refuses (lone surrogates) goes through `json`."""
    import orjson

    try:
        return orjson.dumps(record)
    except TypeError:
        return json.dumps(record, separators=(",", ":")).encode()


def _reply(record: Mapping[str, Any]) -> Reply:
    tokens = tuple(Token(text, p, top) for text, p, top in record.get("tokens", ()))
    latency_s = record.get("latency_s")
    return Reply(
        record["text"],
        record.get("finish_reason"),
        tokens,
        Usage(*record.get("usage", ())),
        math.nan if latency_s is None else latency_s,
        is_recorded=True,
    )
