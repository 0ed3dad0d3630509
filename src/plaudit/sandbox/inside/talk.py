"""Questions and answers between a program's process and that of its tests, one line of JSON each.

Both sides may ask, and a question may be asked while another waits for its answer: then the inner
one is answered first, so that questions nest as calls do and need no numbers.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from plaudit.sandbox.inside import values

__all__ = ["MAX_LINE", "Closed", "Line"]

MAX_LINE = 34 << 20
_MAX_NESTED = 100
_MAX_BYTES = 512 << 20


class Closed(Exception):
    """The other side is gone, or has said what no side says."""


class Line:
    """One side of the talk; `answer(question)` gives the reply to what the other side asks."""

    def __init__(self, sock: socket.socket, answer: Callable[[object], object]):
        self._sock = sock
        self._answer = answer
        self._waiting = bytearray()
        self._nested = 0
        self._received = 0

    def ask(self, question: object) -> dict[str, object]:
        """The reply to a question. Raises: Closed, for good."""
        if self._nested >= _MAX_NESTED:
            raise Closed("too many calls inside each other")
        self._nested += 1
        try:
            self._send({"q": question})
            while True:
                message = self._receive()
                if "q" not in message:
                    return message
                self._send(self._answer(message["q"]))
        finally:
            self._nested -= 1

    def listen(self) -> None:
        """Answers until the other side hangs up."""
        while True:
            message = self._receive()
            if "q" not in message:
                raise Closed("a reply to no question")
            self._send(self._answer(message["q"]))

    def _send(self, message: object) -> None:
        data = values.dumps(message)
        if len(data) > MAX_LINE:
            data = values.dumps({"x": "OutputLimit", "m": f"{len(data)} bytes in one value"})
        try:
            self._sock.sendall(data + b"\n")
        except OSError as error:
            raise Closed(f"the other side is gone: {error.strerror}") from None

    def _receive(self) -> dict[str, object]:
        end, num_scanned = self._waiting.find(b"\n"), len(self._waiting)
        while end < 0:
            if num_scanned > MAX_LINE:
                raise Closed("a line that is too long")
            self._read()
            end, num_scanned = self._waiting.find(b"\n", num_scanned), len(self._waiting)
        line = bytes(self._waiting[:end])
        del self._waiting[: end + 1]
        try:
            message = values.loads(line, MAX_LINE)
        except values.Malformed as error:
            raise Closed(f"not readable: {error}") from None
        if type(message) is not dict:
            raise Closed("not readable: no object")
        return message

    def _read(self) -> None:
        try:
            data = self._sock.recv(1 << 16)
        except OSError as error:
            raise Closed(f"the other side is gone: {error.strerror}") from None
        self._received += len(data)
        if not data or self._received > _MAX_BYTES:
            raise Closed("the other side is gone" if not data else "it said too much")
        self._waiting += data
