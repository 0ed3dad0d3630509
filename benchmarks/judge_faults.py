"""What a run of judgments loses, and pays twice, when the server misbehaves or the run is ended.

``python -m benchmarks judge_faults``. 200 pairs, 16 calls in flight, 20 ms: a kind of fault meets
the share of the tries that is told, by a schedule that is the same for every client. A reply that
is whole and says nothing (a refusal, an empty or cut text, a prompt that is too long) is no loss
where the schedule gave it: such items are unscored, with the reason. Then Ctrl-C and SIGKILL, after
65 of 400 judgments with 8 in flight at 200 ms, each followed by ``--resume``. Last an outage: the
server is killed after 500 of 1 500 judgments, 64 in flight, and comes back 60 s later.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._judge_peers import CLIENTS
from benchmarks.harness import row, table, write
from benchmarks.judge_client import TEMPLATES, Server, built, groups, options, peer, write_prompts
from tests.servers.chat import drawn, fault_of

__all__ = ["FAULTS", "Away", "Ended", "Met", "main"]

NUM_ITEMS = 200
IN_FLIGHT = 16
LATENCY_MS = 20
FAULTS: Mapping[str, str] = {
    "none": "",
    "429": "429:0.3",
    "429, Retry-After": "429:0.3:retry_after=0.1",
    "429 at 70 %": "429:0.7",
    "429 on the first 5 tries": "429:1:first=5",
    "500": "500:0.3",
    "503": "503:0.3",
    "reset": "reset:0.3",
    "reset within the body": "half:0.3",
    "body too short": "cut:0.3",
    "no JSON": "malformed:0.3",
    "an error with 200": "error-body:0.3",
    "closed after the reply": "bye:0.3",
    "slow": "slow:0.3:wait_s=0.3",
    "no reply (1 s)": "hang:0.3",
    "refused": "null:0.3",
    "empty": "empty:0.3",
    "cut by length": "length:0.3",
    "too long a prompt": "context:0.3",
}
# How many calls of an item must be met for it to have no score; what cannot be read is asked again.
_EARNED = {"null": 1, "context": 1, "empty": 2, "length": 2}
_NUM_ROWS, _ENDED_AFTER, _ROWS_IN_FLIGHT, _ROW_LATENCY_MS = 400, 65, 8, 200
_NUM_AWAY, _AWAY_AFTER, _AWAY_IN_FLIGHT, _AWAY_LATENCY_MS = 1500, 500, 64, 200
_EXIT_BAR_S = 2.0
_PATIENCE_S = 120.0


class Met(NamedTuple):
    """What became of the items of one client under one kind of fault."""

    fault: str
    client: str
    scored: int
    lost: int
    paid_twice: int
    requests: int
    wall_s: float

    @property
    def is_met(self) -> bool:
        """Whether ours lost nothing and paid nothing twice."""
        return self.client != "plaudit" or not (self.lost or self.paid_twice)


class Ended(NamedTuple):
    """A run that a signal ended, and what its resumption found."""

    signal: str
    exit_s: float
    requests_after: int
    finished: int
    finished_lost: int
    repaid: int
    scored: int

    @property
    def is_met(self) -> bool:
        """Whether it ended soon, quietly, and without loss."""
        is_quiet = self.exit_s <= _EXIT_BAR_S and not self.requests_after
        has_all = not self.finished_lost and self.scored == _NUM_ROWS
        return is_quiet and has_all and self.repaid <= _ROWS_IN_FLIGHT


class Away(NamedTuple):
    """A run whose server was killed and came back. `finished` judgments were in the journal when it
    went; `repaid` counts what the second server answered beyond the rest."""

    outage_s: float
    calls: int
    in_flight: int
    finished: int
    scored: int
    lost: int
    repaid: int
    wall_s: float

    @property
    def is_met(self) -> bool:
        """Whether it lost nothing, and paid for nothing that was finished."""
        return not self.lost and not self.repaid


# --- faults ---------------------------------------------------------------------------------------


def met(name: str, client: str, python: str, folder: Path) -> Met | None:
    """One client under one kind of fault; None where it is not installed."""
    schedule = FAULTS[name]
    arguments = ["--latency-ms", str(LATENCY_MS), *(["--fault", schedule] if schedule else [])]
    with Server(*arguments) as server:
        began = time.perf_counter()
        scored = (
            _ours(server.url) if client == "plaudit" else _theirs(client, python, server, folder)
        )
        wall_s = time.perf_counter() - began
        stats = server.stats()
    if scored is None:
        return None
    return Met(
        name,
        client,
        scored,
        lost=NUM_ITEMS - scored - _num_earned(schedule),
        paid_twice=stats["paid_twice"],
        requests=_num_asked(stats),
        wall_s=wall_s,
    )


def _ours(url: str) -> int:
    from plaudit.run import run

    params = options("pairwise", url, IN_FLIGHT, orders="one", timeout_s=1.0)
    results = run(built("pairwise", **params), groups(NUM_ITEMS, 2))
    return sum(all(score.is_scored for score in result.scores) for result in results)


def _theirs(client: str, python: str, server: Server, folder: Path) -> int | None:
    path = folder / "prompts.jsonl"
    write_prompts(path, NUM_ITEMS)
    totals = peer(client, python, server.url, path, in_flight=IN_FLIGHT, timeout_s=1.0)
    return None if totals is None else totals["judged"]


def _num_earned(schedule: str) -> int:
    """How many items the schedule itself leaves without a score."""
    if not schedule:
        return 0
    fault = fault_of(schedule)
    num_calls = _EARNED.get(fault.kind)
    if num_calls is None:
        return 0
    names = ([str(item), f"{item}.1"][:num_calls] for item in range(NUM_ITEMS))
    return sum(all(drawn([fault], name, 1) for name in calls) for calls in names)


def _num_asked(stats: Mapping[str, Any]) -> int:
    """Requests for items; a client may send others before its run."""
    return sum(count for call, count in stats["attempts"].items() if _is_item(call))


def _is_item(call: str) -> bool:
    return len(call.partition("/")[0]) < 8


# --- signals --------------------------------------------------------------------------------------


def ended(number: signal.Signals, folder: Path) -> Ended:
    """A run of the command line that the signal ends, and its resumption."""
    rows, output = folder / "rows.jsonl", folder / f"{number.name}.jsonl"
    _write_rows(rows)
    with Server("--latency-ms", str(_ROW_LATENCY_MS)) as server:
        command = _command(rows, output, server.url)
        finished, signalled, exit_s = _end(command, number, server)
        stats = server.stats()
        num_journalled = _num_lines(output.with_name(f"{output.name}.calls.jsonl"))
        done = subprocess.run(
            [*command, "--resume"], capture_output=True, text=True, timeout=_PATIENCE_S
        )
        num_requests = _num_asked(server.stats())
    if done.returncode:
        raise RuntimeError(f"the resumed run ended with {done.returncode}: {done.stderr[-2000:]}")
    return Ended(
        number.name,
        exit_s,
        requests_after=sum(at > signalled for at in stats["times"]),
        finished=finished,
        finished_lost=max(0, finished - num_journalled),
        repaid=num_requests - _NUM_ROWS,
        scored=_num_scored(output),
    )


def _end(
    command: Sequence[str], number: signal.Signals, server: Server
) -> tuple[int, float, float]:
    """Judgments that the server had finished, when the signal was sent, and how long it took."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        command,
        stdout=quiet,
        stderr=quiet,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored behind nohup
    ) as process:
        while len(server.stats()["answers"]) < _ENDED_AFTER:
            if process.poll() is not None:
                raise RuntimeError(f"ended with {process.returncode} before it could be signalled")
            time.sleep(0.02)
        time.sleep(_ROW_LATENCY_MS / 4e3)  # what was answered just now has been read, too
        finished = sum(map(_is_item, server.stats()["answers"]))
        signalled, began = time.time(), time.perf_counter()
        process.send_signal(number)
        process.wait(_PATIENCE_S)
    return finished, signalled, time.perf_counter() - began


def _command(rows: Path, output: Path, url: str) -> list[str]:
    judged = ["judge", str(rows), "--template", TEMPLATES["pairwise"], "--orders", "one"]
    server_words = ["--server", url, "--model", "judge", "--concurrency", str(_ROWS_IN_FLIGHT)]
    drawn_as = ["--max-tokens", "64"]
    return [
        sys.executable,
        "-m",
        "plaudit",
        *judged,
        *server_words,
        *drawn_as,
        "--output",
        str(output),
    ]


def _write_rows(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for group in groups(_NUM_ROWS, 2):
            responses = [response.text for response in group.responses]
            row = {"prompt": group.prompt[0]["content"], "responses": responses}
            file.write(json.dumps(row) + "\n")


def _num_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def _num_scored(path: Path) -> int:
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return sum(None not in row["reward"] for row in rows)


# --- an outage ------------------------------------------------------------------------------------


class _Interrupted:
    """A server that is killed once it has answered some judgments, and is back after a while."""

    def __init__(self, outage_s: float, journal: Path) -> None:
        self._outage_s, self._journal = outage_s, journal
        self._arguments = ("--port", str(_free_port()), "--latency-ms", str(_AWAY_LATENCY_MS))
        self.finished = 0
        self._server = Server(*self._arguments)
        self.url = self._server.url
        self._thread = threading.Thread(target=self._interrupt)

    def _interrupt(self) -> None:
        while _num_asked(self._server.stats()) < _AWAY_AFTER:
            time.sleep(0.05)
        self._server.__exit__()
        time.sleep(0.5)  # what was answered has been read and written
        self.finished = _num_lines(self._journal)
        time.sleep(self._outage_s - 0.5)
        self._server = Server(*self._arguments)

    def __enter__(self) -> _Interrupted:
        self._thread.start()
        return self

    def num_answered_since(self) -> int:
        """What the server answered after it was back."""
        return sum(map(_is_item, self._server.stats()["answers"]))

    def __exit__(self, *exc: object) -> None:
        self._thread.join()
        self._server.__exit__()


def away(outage_s: float, folder: Path) -> Away:
    """A run over an outage of that many seconds."""
    from plaudit.run import run

    journal = folder / "away.calls.jsonl"
    began = time.perf_counter()
    with _Interrupted(outage_s, journal) as server:
        how = {"orders": "one", "journal": str(journal)}
        judge = built("pairwise", **options("pairwise", server.url, _AWAY_IN_FLIGHT, **how))
        results = run(judge, groups(_NUM_AWAY, 2))
        scored = sum(all(score.is_scored for score in result.scores) for result in results)
        wall_s = time.perf_counter() - began
        repaid = server.num_answered_since() - (_NUM_AWAY - server.finished)
    return Away(outage_s, _NUM_AWAY, _AWAY_IN_FLIGHT, server.finished, scored,
                _NUM_AWAY - scored, repaid, wall_s)  # fmt: skip


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


# --- the whole ------------------------------------------------------------------------------------


def main(argv: Sequence[str]) -> int:
    """Prints and writes what was met; 1 where ours lost or paid twice, or ended badly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", nargs="*", default=list(FAULTS), choices=list(FAULTS))
    parser.add_argument("--clients", nargs="*", default=["plaudit", "openai"])
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--skip-signals", action="store_true")
    parser.add_argument("--outage-s", type=float, default=60.0, help="0 leaves it out")
    args = parser.parse_args(argv)
    if unknown := set(args.clients) - {"plaudit", *CLIENTS}:
        parser.error(f"no client {', '.join(unknown)}; there are plaudit, {', '.join(CLIENTS)}")
    with tempfile.TemporaryDirectory() as folder:
        figures: list[Any] = list(_faults(args, Path(folder)))
        if not args.skip_signals:
            figures += _signals(Path(folder))
        if args.outage_s:
            print("\n" + table([*Away._fields, ""], []))
            figures.append(away(args.outage_s, Path(folder)))
            print(row([*figures[-1], "" if figures[-1].is_met else "MISSED"]), flush=True)
    if not args.skip_signals and args.outage_s and set(args.faults) == set(FAULTS):
        write("judge_faults", [{**one._asdict(), "is_met": one.is_met} for one in figures])
    return int(not all(one.is_met for one in figures))


def _faults(args: argparse.Namespace, folder: Path) -> Iterator[Met]:
    print(table([*Met._fields, ""], []))
    for name in args.faults:
        for client in args.clients:
            one = met(name, client, args.peers_python, folder)
            if one is not None:
                print(row([*one, "" if one.is_met else "MISSED"]), flush=True)
                yield one


def _signals(folder: Path) -> Iterator[Ended]:
    print("\n" + table([*Ended._fields, ""], []))
    for number in (signal.SIGINT, signal.SIGKILL):
        one = ended(number, folder)
        print(row([*one, "" if one.is_met else "MISSED"]), flush=True)
        yield one


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
