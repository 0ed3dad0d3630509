"""What a judgment costs its client, and how much of what a server bears is reached.

``python -m benchmarks judge_client``. The judges `pairwise` (both orders) and `rating` run over the
runner, with parser and journal, against the stand-in server in a process of its own: 200 ms for a
reply of some 20 tokens to a prompt of some 700. A judgment is one call. Every client is a fresh
process; its CPU time is its own, warm-up excluded; the limit is what is in flight over 200 ms.
The clients that are close to each other take turns, and the run with the least CPU time counts.
Others (`_judge_peers.py`) ask the same prompts, read them with one expression and keep no journal;
what is not installed is left out. ``--peers-python`` names an interpreter that has them.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._judge_peers import CLIENTS
from benchmarks.harness import table, write

__all__ = [
    "TEMPLATES",
    "Cost",
    "Server",
    "built",
    "groups",
    "main",
    "options",
    "peer",
    "write_prompts",
]

LATENCY_MS = 200.0
OURS = ("pairwise", "rating")
TEMPLATES = {"pairwise": "skywork_critic_pairwise", "rating": "mt_bench_single"}
_BARE = "aiohttp"
_CPU_BAR = 1.5  # times the bare worker pool's, in the same run
_SHARE_BARS = {32: 0.9, 128: 0.75}
_PATIENCE_S = 300.0
_IN_FLIGHT = (32, 128, 512)
_MOST_OF_PEERS = 1280  # calls, so that a slow client does not hold up the rest
_ROOT = Path(__file__).parents[1]
_NOT_INSTALLED = "ModuleNotFoundError"


class Cost(NamedTuple):
    """What one client came to with so many calls in flight; `over_bare` is its CPU time over that
    of a bare worker pool in the same run, NaN where that did not run."""

    client: str
    in_flight: int
    judged: int
    lost: int
    cpu_ms: float
    per_s: float
    share: float
    rss_mb: float
    server_ms: float
    over_bare: float = math.nan

    @property
    def is_met(self) -> bool:
        """Whether our bars are; others have none."""
        if self.client not in OURS:
            return True
        is_cheap = not self.over_bare > _CPU_BAR and not self.lost
        return is_cheap and self.share >= _SHARE_BARS.get(self.in_flight, 0.0)


# --- the server -----------------------------------------------------------------------------------


class Server:
    """The stand-in in a process of its own, for the length of a `with` block."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "tests.servers.chat", "--until-eof", *arguments]
        self._process = subprocess.Popen(
            command,
            cwd=_ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def stats(self) -> dict[str, Any]:
        """What it has seen so far."""
        with urllib.request.urlopen(self.url.replace("/v1", "/stats"), timeout=10) as reply:
            return json.load(reply)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exc: object) -> None:
        with self._process as process:
            process.kill()


# --- what is judged -------------------------------------------------------------------------------

_TEXT = (
    "the answer follows from what was given and so we add both sides before the number is checked"
    " once more against a case that can be done by hand which shows where it would have failed"
)


def groups(count: int, num_responses: int, *, start: int = 0) -> Iterator[Any]:
    """Groups whose prompts name their item; with a judge's wording some 700 tokens together."""
    from plaudit import Group

    for item in range(start, start + count):
        draw = random.Random(item)
        responses = [_text(draw, 1500 // num_responses) for _ in range(num_responses)]
        yield Group(f"item={item} {_text(draw, 240)}", responses)


def _text(draw: random.Random, num_chars: int) -> str:
    return " ".join(draw.choices(_TEXT.split(), k=num_chars // 5))[:num_chars]


def options(judge: str, url: str, in_flight: int, **more: Any) -> dict[str, Any]:
    """How a judge is built against the stand-in."""
    defaults = {"template": TEMPLATES[judge], "max_tokens": 64}
    return {**defaults, "server": url, "model": "judge", "concurrency": in_flight, **more}


def built(judge: str, **params: Any) -> Any:
    """The judge as a Reward."""
    from plaudit import load

    path = {"pairwise": "judges.pairwise.pairwise", "rating": "judges.pointwise.rating"}[judge]
    return load(path, **params)


# --- measuring ------------------------------------------------------------------------------------


def own(judge: str, url: str, journal: str, in_flight: int, num_calls: int) -> dict[str, Any]:
    """What a run of ours costs this process, after one that opens the connections."""
    from plaudit.run import run

    per_group = 2 if judge == "pairwise" else 1
    reward = built(judge, **options(judge, url, in_flight, journal=journal))
    prompt_groups = list(groups((num_calls + 2 * in_flight) // per_group, per_group))
    num_warm = 2 * in_flight // per_group
    for _ in run(reward, prompt_groups[:num_warm]):
        pass
    cpu, wall = sum(os.times()[:2]), time.perf_counter()
    scored = [
        all(s.is_scored for s in result.scores) for result in run(reward, prompt_groups[num_warm:])
    ]
    wall, cpu = time.perf_counter() - wall, sum(os.times()[:2]) - cpu
    return {
        "judged": sum(scored) * per_group,
        "lost": (len(scored) - sum(scored)) * per_group,
        "wall_s": wall,
        "cpu_s": cpu,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def cost(client: str, python: str, in_flight: int, num_calls: int, folder: Path) -> Cost | None:
    """One client in a fresh process against a fresh server; None where it is not installed."""
    with Server("--latency-ms", str(LATENCY_MS)) as server:
        before = server.stats()["cpu_s"]
        if client in OURS:
            totals = _own(client, server.url, folder, in_flight, num_calls)
        else:
            path = folder / f"prompts-{in_flight}.jsonl"
            write_prompts(path, num_calls + 2 * in_flight)
            totals = peer(client, python, server.url, path, in_flight=in_flight, warm=2 * in_flight)
        stats = server.stats()
    if totals is None:
        return None
    per_s = (totals["judged"] + totals["lost"]) / totals["wall_s"]
    return Cost(
        client,
        in_flight,
        totals["judged"],
        totals["lost"],
        cpu_ms=totals["cpu_s"] / num_calls * 1e3,
        per_s=per_s,
        share=per_s / (in_flight / LATENCY_MS * 1e3),
        rss_mb=totals["rss_mb"],
        server_ms=(stats["cpu_s"] - before) / stats["requests"] * 1e3,
    )


def _own(judge: str, url: str, folder: Path, in_flight: int, num_calls: int) -> dict[str, Any]:
    journal = folder / f"{judge}-{in_flight}.calls.jsonl"
    arguments = [judge, url, str(journal), str(in_flight), str(num_calls)]
    totals = _child([sys.executable, "-m", "benchmarks.judge_client", "--own", *arguments])
    assert totals is not None
    return totals


def peer(
    client: str,
    python: str,
    url: str,
    prompts: Path,
    *,
    in_flight: int,
    warm: int = 0,
    timeout_s: float = 60.0,
) -> dict[str, Any] | None:
    """What another client came to, in a fresh process; None where it is not installed."""
    script = str(Path(__file__).with_name("_judge_peers.py"))
    numbers = map(str, (in_flight, warm, timeout_s))
    return _child([python, script, client, url, str(prompts), *numbers])


def _child(command: Sequence[str]) -> dict[str, Any] | None:
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=_PATIENCE_S)
    if done.returncode and _NOT_INSTALLED in done.stderr:
        return None
    if done.returncode:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def write_prompts(path: Path, count: int) -> None:
    """The prompts of our pairwise judge, each as JSON in a line."""
    from plaudit.judges.template import load_template

    template = load_template(TEMPLATES["pairwise"])
    with path.open("w", encoding="utf-8") as file:
        for group in groups(count, 2):
            one, other = (response.text for response in group.responses)
            messages = template.messages(
                input=group.prompt[0]["content"], response_a=one, response_b=other
            )
            file.write(json.dumps(messages) + "\n")


def main(argv: Sequence[str]) -> int:
    """Prints and writes the costs; 1 where a bar of ours was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--in-flight", type=int, nargs="*", default=list(_IN_FLIGHT))
    parser.add_argument("--rounds", type=int, default=20, help="calls per place in flight")
    parser.add_argument("--turns", type=int, default=3, help="the cheapest of so many runs counts")
    parser.add_argument("--clients", nargs="*", default=[*OURS, *CLIENTS])
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--own", nargs=5, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.own:
        judge, url, journal, *numbers = args.own
        print(json.dumps(own(judge, url, journal, *map(int, numbers))))
        return 0
    costs = list(_costs(args))
    if {*OURS, *CLIENTS} <= set(args.clients) and set(_IN_FLIGHT) <= set(args.in_flight):
        write("judge_client", [{**c._asdict(), "is_met": c.is_met} for c in costs])
    return int(not all(cost.is_met for cost in costs))


def _costs(args: argparse.Namespace) -> Iterator[Cost]:
    head = ["client", "in flight", "CPU ms", "x bare", "per s", "of the limit", "lost", "RSS MB"]
    print(table(head, []))
    with tempfile.TemporaryDirectory() as folder:
        for in_flight in args.in_flight:
            turns = [list(_turn(args, turn, in_flight, Path(folder))) for turn in range(args.turns)]
            best: dict[str, Cost] = {}
            for run in sorted((run for turn in turns for run in turn), key=lambda run: run.cpu_ms):
                best.setdefault(run.client, run)
            bare_ms = best[_BARE].cpu_ms if _BARE in best else math.nan
            for client in args.clients:
                run = best.get(client)
                run = run and run._replace(over_bare=run.cpu_ms / bare_ms)
                print(_line(client, in_flight, run), flush=True)
                if run is not None:
                    yield run


def _turn(args: argparse.Namespace, turn: int, in_flight: int, folder: Path) -> Iterator[Cost]:
    """Each client once; after the first turn only those that are close to each other."""
    for client in args.clients:
        if turn and client not in (*OURS, _BARE):
            continue
        count = args.rounds * in_flight
        count = count if client in OURS else min(count, _MOST_OF_PEERS)
        place = folder / str(turn)  # a journal of its own, or nothing would be asked again
        place.mkdir(exist_ok=True)
        if (client_cost := cost(client, args.peers_python, in_flight, count, place)) is not None:
            yield client_cost


def _line(client: str, in_flight: int, client_cost: Cost | None) -> str:
    if client_cost is None:
        return f"| {client} | {in_flight} | not installed | | | | | |"
    c, miss = client_cost, "" if client_cost.is_met else " (bar missed)"
    return (
        f"| {client} | {in_flight} | {c.cpu_ms:.2f} | {c.over_bare:.2f} | {c.per_s:.0f}"
        f" | {c.share:.0%}{miss}"
        f" | {c.lost} | {c.rss_mb:.0f} |"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
