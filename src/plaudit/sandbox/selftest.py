"""The built-in attacks, run against the sandbox on this machine.

Every program has a right verdict. Besides, after each one nothing may be left: no process, no file,
and what the suite planted on the host (a secret file, a variable, a port) untouched and unread.
"""

from __future__ import annotations

import contextlib
import functools
import os
import queue
import secrets
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plaudit.old_names import old_names
from plaudit.sandbox._attack import Attack, read_attack
from plaudit.sandbox.inside import values
from plaudit.sandbox.outcome import Asserts, Calls, Limits, Outcome, Program, Work
from plaudit.sandbox.pool import Sandbox

__all__ = ["AttackResult", "categories", "chosen", "run"]
__getattr__ = old_names(__name__)

_ATTACKS = Path(__file__).with_name("attacks")
_SETTLE_S = 1.0
_SLOW = ("time", "memory", "processes")  # begun first, so that the slots end together


@dataclass(frozen=True, slots=True)
class AttackResult:
    """What became of one attack: "pass" or "fail" as a verdict, and what it left behind."""

    category: str
    attack: Attack
    verdict: str
    kind: str
    left: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the verdict is right and nothing is left."""
        return self.attack.expect in (self.verdict, "any") and not self.left


@functools.cache
def categories(folder: Path = _ATTACKS) -> dict[str, tuple[Attack, ...]]:
    """The suite by category: a folder each, with a file for each attack.

    >>> sum(map(len, categories().values())) >= 120
    True
    """
    folders = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    return {path.name: tuple(_attacks_in(path)) for path in folders}


def _attacks_in(folder: Path) -> Iterator[Attack]:
    for name in sorted(os.listdir(folder)):
        if name.endswith(".txt"):
            with open(f"{folder}/{name}", "rb", buffering=0) as file:
                yield read_attack(name[:-4], file.read().decode())


def chosen(only: Sequence[str] = ()) -> list[tuple[str, Attack]]:
    """The suite, or the categories and names in `only`, each attack with its category."""
    return [
        (category, attack)
        for category, suite in categories().items()
        for attack in suite
        if not only or category in only or attack.name in only
    ]


def run(
    make: Callable[[], Sandbox], *, only: Sequence[str] = (), slots: int = 1
) -> Iterator[AttackResult]:
    """Runs the suite, or what is in `only`, and yields each result as it comes.

    Each of the `slots` is a sandbox of its own, with a host planted for it alone, so that what a
    program leaves is known to be its doing. `make` makes a sandbox of one slot.
    """
    waiting: queue.SimpleQueue[tuple[str, Attack]] = queue.SimpleQueue()
    attacks = chosen(only)
    for each in sorted(attacks, key=lambda each: each[0] not in _SLOW):
        waiting.put(each)
    results: queue.SimpleQueue[AttackResult | BaseException] = queue.SimpleQueue()
    threads = [
        threading.Thread(target=_work, args=(make, waiting, results), daemon=True)
        for _ in range(min(slots, max(1, len(attacks))))
    ]
    for thread in threads:
        thread.start()
    for _ in attacks:
        result = results.get()
        if isinstance(result, BaseException):
            raise result
        yield result
    for thread in threads:
        thread.join()


def _work(
    make: Callable[[], Sandbox],
    waiting: queue.SimpleQueue[tuple[str, Attack]],
    results: queue.SimpleQueue[AttackResult | BaseException],
) -> None:
    """What one thread does: attack after attack, until none is left."""
    try:
        with make() as sandbox, _Host() as host, contextlib.suppress(queue.Empty):
            while True:
                category, attack = waiting.get_nowait()
                results.put(_result(sandbox, category, attack, host))
    except BaseException as error:
        results.put(error)


def _result(sandbox: Sandbox, category: str, attack: Attack, host: _Host) -> AttackResult:
    outcomes = list(sandbox.run_many(_works(attack, host)))
    if any(outcome.kind == "sandbox" for outcome in outcomes):
        verdict = "not measured"
    else:
        verdict = "pass" if _passes(attack, outcomes, host) else "fail"
    kinds = [outcome.kind for outcome in outcomes if outcome.kind != "ok"] or ["ok"]
    left = (*_survivors(sandbox), *_residue(sandbox), *host.damage())
    return AttackResult(category, attack, verdict, kinds[0], left)


def _works(attack: Attack, host: _Host) -> list[Work]:
    limits = Limits(**attack.limits)  # type: ignore[arg-type]
    code = host.filled(attack.program)
    if attack.style == "stdin":
        inputs = [host.filled(text) for text, _ in attack.tests]
        return [Program(code, stdin=stdin, limits=limits) for stdin in inputs]
    if attack.style == "call":
        arguments = tuple(tuple(args) for args, _ in attack.tests)
        return [Calls(code, "solve", arguments, limits=limits)]
    return [Asserts(code, host.filled(attack.tests), limits=limits)]


def _passes(attack: Attack, outcomes: list[Outcome], host: _Host) -> bool:
    if attack.style == "stdin":
        pairs = zip(outcomes, attack.tests, strict=True)
        return all(
            o.kind == "ok" and _text(o.stdout) == _text(host.filled(expected))
            for o, (_, expected) in pairs
        )
    if attack.style == "call":
        replies = outcomes[0].replies
        return len(replies) == len(attack.tests) and all(
            _matches(reply, host.filled(expected))
            for reply, (_, expected) in zip(replies, attack.tests, strict=True)
        )
    verdict = outcomes[0].checks[0] if outcomes[0].checks else {}
    checks = verdict.get("checks", ())
    return bool(verdict.get("finished")) and bool(checks) and all(c["ok"] for c in checks)


def _text(data: str | bytes) -> str:
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


def _matches(reply: object, expected: object) -> bool:
    return isinstance(reply, dict) and "r" in reply and values.matches(reply["r"], expected)


def _survivors(sandbox: Sandbox) -> list[str]:
    """Processes below the slots beside keeper and spawner."""
    end = time.monotonic() + _SETTLE_S
    while True:
        extra = [pid for keeper in sandbox.pids() for pid in _below(keeper, depth=2)]
        if not extra or time.monotonic() > end:
            return [f"process {pid} survives" for pid in extra]
        time.sleep(0.01)


def _below(pid: int, *, depth: int) -> list[int]:
    """Processes `depth` or more generations below a process, zombies included."""
    pids = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            children = Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="ascii")
            for child in map(int, children.split()):
                pids += [child] if depth <= 1 else []
                pids += _below(child, depth=depth - 1)
    return pids


def _residue(sandbox: Sandbox) -> list[str]:
    """What the next program finds in its directory."""
    outcome = sandbox.run("import os\nprint(*os.listdir('.'))")
    if outcome.kind != "ok":
        return [f"the slot is not usable any more: {outcome.kind} {outcome.error}"]
    return [f"file {name!r} is left" for name in outcome.text.split()]


@dataclass
class _Host:
    """What the suite plants: nothing of it may be read, changed or added to."""

    canary: str = field(default_factory=lambda: secrets.token_hex(16))

    def __enter__(self) -> _Host:
        self.folder = Path(tempfile.mkdtemp(prefix="plaudit-host-"))
        self.folder.chmod(0o755)
        self.secret = self.folder / "secret.txt"
        self.secret.write_text(self.canary, encoding="ascii")
        self.secret.chmod(0o644)
        self.shared = self.folder / "shared"
        self.shared.mkdir()
        self.shared.chmod(0o777)
        self.variable = f"PLAUDIT_{secrets.token_hex(4).upper()}"
        os.environ[self.variable] = self.canary
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.visits = 0
        threading.Thread(target=self._answer, daemon=True).start()
        self._nice = os.getpriority(os.PRIO_PROCESS, 0)
        self._cores = os.sched_getaffinity(0)
        return self

    def __exit__(self, *exc: object) -> None:
        del os.environ[self.variable]
        self._listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answer(self) -> None:
        while True:
            try:
                guest, _ = self._listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), guest:
                self.visits += 1
                guest.sendall(self.canary.encode())

    def filled(self, value: object) -> Any:
        """Text or bytes with what was planted in the place of the names in braces."""
        names = {
            "{secret_file}": str(self.secret),
            "{secret_env}": self.variable,
            "{secret_port}": str(self.port),
            "{shared_tmp}": str(self.shared),
            "{canary}": self.canary,
        }
        for name, text in names.items():
            if isinstance(value, str):
                value = value.replace(name, text)
            elif isinstance(value, bytes):
                value = value.replace(name.encode(), text.encode())
        return value

    def damage(self) -> list[str]:
        """What is not as it was planted; it is put right for the next program."""
        changes = []
        try:
            text = self.secret.read_text(encoding="ascii")
        except OSError:
            text = ""
        if text != self.canary:
            changes.append("the host's file was changed")
            self.secret.write_text(self.canary, encoding="ascii")
        for path in self.shared.iterdir():
            changes.append(f"{path.name!r} was written on the host")
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        if self.visits:
            changes.append("the host's port was reached")
            self.visits = 0
        if os.getpriority(os.PRIO_PROCESS, 0) != self._nice:
            changes.append("the caller's priority was changed")
        if os.sched_getaffinity(0) != self._cores:
            changes.append("the caller's processors were changed")
        return changes
