"""A lane: the slots that one processor works through, and what is in flight in them."""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from plaudit.errors import ConfigError
from plaudit.hashing import sha256
from plaudit.sandbox import languages
from plaudit.sandbox._slot import Slot
from plaudit.sandbox.inside import values, wire
from plaudit.sandbox.outcome import Asserts, Calls, Kind, Limits, Outcome, Program, Work

__all__ = ["Lane", "Ticket"]

_MIB = 1 << 20
_ERRORS = 1 * _MIB
_PATIENCE_S = 30.0  # beyond the longest a task may take, before a slot counts as lost
_LENGTH = struct.Struct("<I")
_MAX_PRODUCTS = 64
_STOPPED: Mapping[int, Kind] = {
    wire.CPU: "cpu",
    wire.WALL: "wall",
    wire.MEMORY: "memory",
    wire.PROCESSES: "processes",
    wire.OUTPUT: "output",
}
_LAST_WORDS: Mapping[bytes, Kind] = {
    b"MemoryError": "memory",
    b"std::bad_alloc": "memory",
    b"Cannot allocate memory": "memory",
    b"JavaScript heap out of memory": "memory",
    b"can't start new thread": "processes",
    b"BlockingIOError: [Errno 11]": "processes",
    b"File too large": "output",
    b"PermissionError: [Errno 1]": "forbidden",
}


@dataclass(slots=True)
class Ticket:
    """One piece of work on its way; `place` is where its outcome belongs."""

    place: int
    work: Work
    tries: int = 0
    deadline: float = 0.0
    judged: Outcome | None = None
    is_translating: bool = False


class Lane:
    """A program slot, and when they are first needed a slot for tests and one for other languages.

    Up to two programs are in the program slot's queue, so that it never waits for the caller.
    """

    def __init__(self, interpreter: str, options: dict[str, object]):
        self._interpreter, self._options = interpreter, options
        self._slots: dict[str, Slot] = {}
        self._queues: dict[str, deque[Ticket]] = {}
        self._products: dict[bytes, bytes] = {}
        self.owner = 0

    def slot(self, role: str) -> Slot:
        """The slot of a role ("python", "judge", "exec"), started when it is not there."""
        if role not in self._slots:
            options = {**self._options, "role": role, "forking": role == "exec"}
            if role != "python":
                options["preload"] = ()
            self._slots[role] = Slot(interpreter=self._interpreter, options=options)
            self._queues[role] = deque()
        return self._slots[role]

    def pids(self) -> list[int]:
        """The keepers' processes."""
        return [slot.pid for slot in self._slots.values()]

    @property
    def load(self) -> int:
        """How many pieces of work are in flight."""
        return len({ticket.place for queue in self._queues.values() for ticket in queue})

    def takes(self, work: Work) -> bool:
        """Whether another piece of work may be put in now."""
        if not self.load:
            return True
        mine = {type(ticket.work) for queue in self._queues.values() for ticket in queue}
        return self.load < 2 and Asserts not in mine | {type(work)} and _role(work) == "python"

    def put(self, ticket: Ticket) -> None:
        """Hands a piece of work to its slot. Raises EngineError where the slot does not start."""
        work = ticket.work
        ticket.deadline = time.monotonic() + 10.0 * work.limits.wall + _PATIENCE_S
        if isinstance(work, Asserts):
            self._put_pair(ticket, work)
        elif _role(work) == "python":
            slot = self.slot("python")
            mode, code, rest = _task(work)
            _ = slot.report
            self._queues["python"].append(ticket)
            _send(slot, mode, work.limits, code, rest)
        else:
            assert isinstance(work, Program)
            self._put_foreign(ticket, work)

    def _put_foreign(self, ticket: Ticket, work: Program, product: bytes | None = None) -> None:
        """A program that is started by exec; `product` is what its translation gave."""
        if work.language == "python":
            num = work.limits.processes
            raise ConfigError(
                f"processes={num}: a Python program starts no others here; leave it at 1, or use a"
                " remote server (plaudit.sandbox.remote)"
            )
        language = languages.get(work.language)
        if language.tool() is None:
            raise ConfigError(f"{work.language} is not installed here: {language.PACKAGES}")
        slot = self.slot("exec")
        _check_can_exec(slot.report, work.language)
        command = None
        if product is None:
            command = language.translation(work)
            product = self._products.get(_key(work), b"") if command else b""
        ticket.is_translating = command is not None and not product
        if command is None or product:
            command = language.command(work, product)
            command = replace(command, stdin=_bytes(work.stdin))
            command = replace(command, files={**work.files, **command.files})
        self._queues["exec"].append(ticket)
        inputs = _inputs(command.files, command.stdin)
        argv = json.dumps(command.argv).encode()
        how = {"fetch": command.product, "stack_mb": command.stack_mb}
        _send(slot, wire.EXEC, command.limits, argv, inputs, **how)

    def _put_pair(self, ticket: Ticket, work: Asserts) -> None:
        program, tests = self.slot("python"), self.slot("judge")
        _ = program.report, tests.report
        left, right = socket.socketpair()
        request = {"tests": work.tests, "setup": work.setup, "style": work.style}
        request |= {"stop_at_first": work.stop_at_first}
        self._queues["python"].append(ticket)
        self._queues["judge"].append(ticket)
        _send(program, wire.SERVE, work.limits, _bytes(work.code), fds=[left.detach()])
        question = json.dumps(request).encode()
        _send(tests, wire.JUDGE, work.limits, question, fds=[right.detach()])

    def masks(self) -> dict[int, int]:
        """What to wait for: descriptors and poll masks."""
        return {
            slot.sock.fileno(): select.POLLIN | (select.POLLOUT if slot.has_unsent else 0)
            for role, slot in self._slots.items()
            if self._queues[role]
        }

    def pump(self, fd: int) -> Iterator[tuple[Ticket, Outcome]]:
        """Goes on with the slot of a descriptor. Raises ConnectionError where it has ended."""
        for role, slot in self._slots.items():
            if slot.sock.fileno() == fd:
                slot.flush()
                for reply, streams in slot.replies():
                    yield from self._finished(role, reply, streams)

    def _finished(
        self, role: str, reply: wire.SlotReply, streams: list[bytes]
    ) -> Iterator[tuple[Ticket, Outcome]]:
        ticket = self._queues[role][0]
        outcome = _outcome(ticket.work, role, reply, streams, self._slots[role].report)
        self._queues[role].popleft()
        if role == "exec" and ticket.is_translating:
            yield from self._translated(ticket, outcome)
        elif not isinstance(ticket.work, Asserts):
            yield ticket, outcome
        elif ticket.judged is None:
            ticket.judged = outcome
        else:
            pair = (ticket.judged, outcome) if role == "judge" else (outcome, ticket.judged)
            yield ticket, _joined(*pair)

    def _translated(self, ticket: Ticket, outcome: Outcome) -> Iterator[tuple[Ticket, Outcome]]:
        assert isinstance(ticket.work, Program)
        product = outcome.replies[0] if outcome.replies else b""
        if outcome.kind == "sandbox":
            yield ticket, outcome
        elif outcome.kind != "ok" or not product:
            yield ticket, replace(outcome, kind="compile", replies=())
        else:
            self._products[_key(ticket.work)] = product
            while len(self._products) > _MAX_PRODUCTS:
                self._products.pop(next(iter(self._products)))
            self._put_foreign(ticket, ticket.work, product)

    def overdue(self, now: float) -> bool:
        """Whether a slot has not answered for longer than any program may take."""
        return any(ticket.deadline < now for queue in self._queues.values() for ticket in queue)

    def reset(self) -> list[Ticket]:
        """Ends the slots and gives back what was in flight, the first one as tried."""
        tickets = {t.place: t for queue in self._queues.values() for t in queue}
        suspects = {queue[0].place for queue in self._queues.values() if queue}
        self.close()
        for ticket in tickets.values():
            ticket.judged = None
            ticket.tries += ticket.place in suspects
        return list(tickets.values())

    def close(self) -> None:
        """Ends the slots."""
        slots, self._slots, self._queues = self._slots, {}, {}
        for slot in slots.values():
            slot.close()


def _check_can_exec(report: Mapping[str, Any], language: str) -> None:
    """Programs that start programs need a way to end them all, and a limit on their number."""
    can_end = report["owns_pids"] and (report["private_uid"] or report["namespaces"])
    if not can_end or report["uid"] == 0:
        raise ConfigError(
            f"{language} programs must exec, and nothing here can count and end their processes:"
            f" {'; '.join(map(str, report['missing'].values())) or 'no private user'}. They need"
            " user namespaces, or root that may change its user; or use plaudit.sandbox.remote"
        )


def _key(work: Program) -> bytes:
    return sha256(work.language.encode() + b"\0" + _bytes(work.code))


def _role(work: Work) -> str:
    if not isinstance(work, Program):
        return "python"
    return "python" if work.language == "python" and work.limits.processes == 1 else "exec"


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _task(work: Program | Calls) -> tuple[int, bytes, bytes]:
    """The mode and the payload of work for the program slot."""
    if isinstance(work, Calls):
        lines = [values.dumps(call) for call in work.encoded()]
        entry = work.entry + " fresh" * work.fresh + " await" * work.awaits
        return wire.CALLS, _bytes(work.code), b"\n".join([entry.encode(), *lines, b""])
    return wire.SCRIPT, _bytes(work.code), _inputs(work.files, _bytes(work.stdin))


def _inputs(files: Mapping[str, str | bytes], stdin: bytes) -> bytes:
    for name in files:
        if name.startswith("/") or ".." in name.split("/") or "\0" in name or not name:
            raise ConfigError(f"a file of a program must be in its directory, found {name!r}")
    contents = {name: _bytes(data) for name, data in files.items()}
    index = json.dumps([[name, len(data)] for name, data in contents.items()]).encode()
    return b"".join([_LENGTH.pack(len(index)), index, *contents.values(), stdin])


def _send(
    slot: Slot,
    mode: int,
    limits: Limits,
    code: bytes,
    rest: bytes = b"",
    *,
    fds: list[int] | None = None,
    fetch: bool = False,
    stack_mb: int = 64,
) -> None:
    task = wire.Task(
        mode=mode,
        cpu_s=limits.cpu_s,
        wall_s=limits.wall + (1.0 if mode == wire.JUDGE else 0.0),
        memory=int(limits.memory_mb * _MIB),
        stack=stack_mb * _MIB,
        file_size=int(limits.file_mb * _MIB),
        output=int(limits.output_mb * _MIB),
        errors=_ERRORS,
        open_files=max(int(limits.open_files), 16),
        processes=int(limits.processes),
        size=0,
        fetch=fetch,
    )
    slot.send(task, _LENGTH.pack(len(code)) + code + rest, fds)


def _outcome(
    work: Work, role: str, reply: wire.SlotReply, streams: list[bytes], report: dict[str, Any]
) -> Outcome:
    out, errors, result = streams
    status = reply.status
    outcome = Outcome(
        kind=_kind(reply, errors),
        exit_code=status if status >= 0 else None,
        signal=-status if status < 0 and reply.stopped != wire.HALTED else None,
        stdout=out,
        stderr=errors,
        stdout_truncated=bool(reply.truncated & 1),
        stderr_truncated=bool(reply.truncated & 2),
        cpu_s=reply.cpu_s,
        wall_s=reply.wall_s,
        memory_mb=reply.memory / _MIB,
        enforced=report["enforced"],
    )
    is_over = reply.memory > work.limits.memory_mb * _MIB + wire.INTERPRETER
    if is_over and role == "python" and outcome.kind in ("ok", "exit"):
        # memory that it shares with itself is in no limit of the kernel's; it is counted at the end
        outcome = replace(outcome, kind="memory")
    if not reply.started:
        text = errors.decode("utf-8", "replace")
        return replace(outcome, kind="sandbox", error=f"the program was not started: {text}")
    if role == "judge":
        return replace(outcome, checks=(_verdict(outcome),))
    if isinstance(work, Calls):
        return replace(outcome, replies=tuple(_replies(result, len(work.arguments))))
    return replace(outcome, replies=(result,)) if result else outcome


def _kind(reply: wire.SlotReply, errors: bytes) -> Kind:
    if reply.truncated:
        return "output"
    if reply.stopped in _STOPPED:
        return _STOPPED[reply.stopped]
    if reply.status == 0 or reply.stopped == wire.HALTED:
        return "ok"
    if reply.status in (-24, -31, -25):  # SIGXCPU, SIGSYS, SIGXFSZ
        kinds: dict[int, Kind] = {-24: "cpu", -31: "forbidden", -25: "output"}
        return kinds[reply.status]
    tail = errors[-300:].rstrip().rpartition(b"\n")[2]
    for words, kind in _LAST_WORDS.items():
        if words in tail:
            return kind
    return "exit"


def _replies(result: bytes, most: int) -> Iterator[object]:
    """The lines that can be read, in order; a broken one ends them."""
    for line in result.split(b"\n")[:most]:
        if not line:
            return
        try:
            yield values.loads(line)
        except values.Malformed:
            return


def _verdict(outcome: Outcome) -> dict[str, object]:
    """What the tests' process said. No candidate runs there, so that its words are its own."""
    try:
        return json.loads(outcome.stdout)
    except ValueError:
        return {"checks": [], "finished": False, "error": f"the tests ended: {outcome.kind}"}


def _joined(program: Outcome, tests: Outcome) -> Outcome:
    """One outcome: the program's own figures, and the verdicts of the tests."""
    joined = replace(
        program,
        checks=tests.checks,
        cpu_s=program.cpu_s + tests.cpu_s,
        wall_s=max(program.wall_s, tests.wall_s),
        stderr=program.stderr or tests.stderr,
    )
    return replace(joined, kind="sandbox", error=tests.error) if tests.error else joined
