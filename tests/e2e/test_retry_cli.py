"""What a server that was away left unscored is asked for again, and nothing else."""

import random
import sys
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "servers"))
import chat
from chat import Answer, ChatServer, Fault
from test_judge_cli import PAIR, invoke, judged, lines, pick, start, wait_for, write_pairs

__all__ = ["invoke"]  # a fixture


def command(server, *more):
    return ("judge", "rows.jsonl", "-t", PAIR, "--server", server.url, "--model", "judge",
            "--set", "retries=0", "-o", "out.jsonl", *more)  # fmt: skip


class Shaky(ChatServer):
    """Fails the calls of the items `away` ("q3"), or of one order of theirs."""

    def __init__(self, away=(), *, order=None, **options):
        super().__init__(pick, **options)
        self.away, self.order = set(away), order

    def _fault(self, item, attempt):
        is_away = item.partition(".")[0] in self.away
        return Fault("500") if is_away and self.order in (None, "." in item) else None


@pytest.fixture
def quiet(invoke, tmp_path):
    """The rows, and the bytes of an undisturbed run."""
    write_pairs(tmp_path / "rows.jsonl", 30)
    with ChatServer(pick) as server:
        assert invoke(*command(server, "--journal", "quiet.calls")).exit_code == 0
    expected = (tmp_path / "out.jsonl").read_bytes()
    (tmp_path / "out.jsonl").unlink()
    return expected


@pytest.mark.parametrize("order", [None, True], ids=["both orders", "one order"])
def test_resume_asks_for_what_failed(order, quiet, invoke, tmp_path):
    away = ["q0", "q7", "q8", "q29"]
    with Shaky(away, order=order) as server:
        first = invoke(*command(server))
        assert first.exit_code == 1
        assert "4 rows are unscored because of a system fault" in " ".join(first.output.split())
        assert "--resume" in first.output
        rows = lines(tmp_path / "out.jsonl")
        assert [row["id"] for row in rows if None in row["reward"]] == ["r0", "r7", "r8", "r29"]
        paid = judged(server)
        server.away = {"q7"}
        assert invoke(*command(server, "--resume")).exit_code == 1
        server.away = set()
        last = invoke(*command(server, "--resume", "--report", "r.html"))
        assert last.exit_code == 0, last.output
        assert judged(server) == 60  # each call once
    assert paid == (52 if order is None else 56)
    assert (tmp_path / "out.jsonl").read_bytes() == quiet
    assert not list(tmp_path.glob("out.jsonl.partial*"))
    assert "30 rows (0 bad, 29 of them before), 60 responses" in " ".join(last.output.split())


def test_keep_unscored_leaves_them(quiet, invoke, tmp_path):
    with Shaky(["q3"]) as server:
        assert invoke(*command(server)).exit_code == 1
        before, asked = (tmp_path / "out.jsonl").read_bytes(), server.stats.requests
        assert invoke(*command(server, "--keep-unscored")).exit_code == 1
        assert server.stats.requests <= asked + 1  # the probe
    assert (tmp_path / "out.jsonl").read_bytes() == before != quiet
    assert not list(tmp_path.glob("out.jsonl.partial*"))


def test_what_the_judge_said_is_not_asked_again(quiet, invoke, tmp_path):
    odd = {"q2": Answer("I like both."), "q4": Answer(None, "content_filter")}

    def answer(body):
        text = body["messages"][0]["content"]
        return next((odd[name] for name in odd if f"item={name}?" in text), None) or pick(body)

    with ChatServer(answer) as server:
        assert invoke(*command(server)).exit_code == 1
        assert not list(tmp_path.glob("out.jsonl.partial*"))
        asked = server.stats.requests
        again = invoke(*command(server, "--resume"))
        assert "already complete" in again.output
        assert server.stats.requests == asked


def test_retry_unscored_reads_the_journal_and_asks_for_failures(quiet, invoke, tmp_path):
    def answer(body):
        return "neither" if "item=q2?" in body["messages"][0]["content"] else pick(body)

    with Shaky(["q5"]) as server:
        server._answer = answer
        assert invoke(*command(server)).exit_code == 1
        server.away, paid = set(), judged(server)
        assert invoke(*command(server, "--retry-unscored")).exit_code == 1
        assert judged(server) == paid + 2
    unscored = [row["id"] for row in lines(tmp_path / "out.jsonl") if None in row["reward"]]
    assert unscored == ["r2"]


def test_a_reminder_that_failed_is_sent_by_resume(quiet, invoke, tmp_path):
    """Unreadable at first, and the server was away when it was asked again."""

    def answer(body):
        is_odd = "item=q2?" in body["messages"][0]["content"]
        return "neither" if is_odd and len(body["messages"]) == 1 else reminded(body)

    def reminded(body):
        return pick({**body, "messages": body["messages"][:1]})

    class Away(ChatServer):
        is_away = True

        def _outcome(self, body, headers, fault):
            is_second = len(body["messages"]) > 1
            return super()._outcome(
                body, headers, Fault("500") if is_second and self.is_away else fault
            )

    with Away(answer) as server:
        assert invoke(*command(server)).exit_code == 1
        (score, _) = lines(tmp_path / "out.jsonl")[2]["reward_scores"]
        assert score["parts"]["num_failed_calls"] == 2
        assert "absent" in score["error"]
        assert "the retry failed" in score["error"]
        server.is_away, paid = False, judged(server)
        assert invoke(*command(server, "--resume")).exit_code == 0
        assert judged(server) == paid + 2  # the two reminders, and nothing else
    resumed = (tmp_path / "out.jsonl").read_bytes()
    with ChatServer(answer) as server:
        assert invoke(*command(server, "--overwrite", "--journal", "other")).exit_code == 0
    assert lines(tmp_path / "out.jsonl")[2]["reward"] == [1.0, 0.0]
    assert (tmp_path / "out.jsonl").read_bytes() == resumed


def test_a_used_up_budget_is_topped_up(quiet, invoke, tmp_path):
    with ChatServer(pick) as server:
        for _ in range(20):
            result = invoke(*command(server, "--max-calls", 11, "--resume"))
            if result.exit_code == 0:
                break
        assert judged(server) == 60
    assert (tmp_path / "out.jsonl").read_bytes() == quiet


def test_both_flags_and_flags_without_an_output(invoke, tmp_path):
    write_pairs(tmp_path / "rows.jsonl", 1)
    both = ("--retry-unscored", "--keep-unscored")
    args = ("judge", "rows.jsonl", "-t", PAIR, "--replay", "column:x")
    assert "exclude each other" in invoke(*args, "-o", "out.jsonl", *both).output
    assert "needs --output" in invoke(*args, "--keep-unscored").output


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of a POSIX system")
def test_killed_at_any_time_and_resumed(quiet, tmp_path):
    """SIGKILL in a first run and in runs that ask again, while rows fail here and there."""
    draw = random.Random(5)
    names = [f"q{i}" for i in range(30)]
    with Shaky(draw.sample(names, 8), latency_s=0.02) as server:
        args = command(server, "--resume", "--concurrency", 4)[1:]
        for at in (15, 35, 42, 50):
            process = start(tmp_path, *args)
            wait_for(lambda at=at, p=process: judged(server) >= at or p.poll() is not None)
            process.kill()
            process.communicate()
            server.away = set(draw.sample(names, 3))
        server.away = set()
        process = start(tmp_path, *args)
        _, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        assert judged(server) <= 60 + 4 * 4  # what was in flight at each kill
    assert (tmp_path / "out.jsonl").read_bytes() == quiet
    keys = [call["key"] for call in lines(tmp_path / "out.jsonl.calls.jsonl")]
    assert len(keys) == len(set(keys)) == 60


class Broke(ChatServer):
    """Answers so many calls; after that the quota is used up."""

    def __init__(self, left, **options):
        super().__init__(pick, **options)
        self.left = left

    def _refused(self, body, headers):
        self.left -= 1
        if self.left >= 0:
            return super()._refused(body, headers)
        told = {"message": "You exceeded your current quota", "code": "insufficient_quota"}
        return chat._Out(chat._http(429, {"error": told}))


def test_a_quota_that_is_used_up_ends_the_run_and_resume_goes_on(quiet, invoke, tmp_path):
    with Broke(25, latency_s=0.01) as server:
        first = invoke(*command(server, "--concurrency", 4))
        assert first.exit_code == 4
        assert "--resume" in first.output
        server.left = 10_000
        assert invoke(*command(server, "--resume")).exit_code == 0
        assert judged(server) == 60
    assert (tmp_path / "out.jsonl").read_bytes() == quiet


# --- plaudit score --------------------------------------------------------------------------------

RULE = """
from pathlib import Path

def shaky(response: str) -> float:
    with open("scored.txt", "a") as file:
        file.write(response + chr(10))
    if response in Path("away.txt").read_text().split():
        raise OSError("the disk is away")
    return float(len(response))
"""


def test_score_resumes_what_a_system_fault_left(invoke, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "shaky_rule.py").write_text(RULE)
    (tmp_path / "rows.jsonl").write_text("".join(f'{{"response": "r{i}"}}\n' for i in range(20)))
    args = ("score", "rows.jsonl", "--reward", "shaky_rule:shaky", "--allow-import", "shaky_rule",
            "--workers", "0", "-o", "out.jsonl")  # fmt: skip
    (tmp_path / "away.txt").write_text("")
    assert invoke(*args).exit_code == 0
    expected = (tmp_path / "out.jsonl").read_bytes()
    (tmp_path / "away.txt").write_text("r4 r11")
    assert invoke(*args, "--overwrite").exit_code == 1
    assert (tmp_path / "out.jsonl").read_bytes() != expected
    (tmp_path / "away.txt").write_text("")
    (tmp_path / "scored.txt").unlink()
    result = invoke(*args, "--resume")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "scored.txt").read_text().split() == ["r4", "r11"]
    assert (tmp_path / "out.jsonl").read_bytes() == expected


def test_score_with_a_judge_pays_once_over_an_outage(quiet, invoke, tmp_path):
    with Shaky(["q1", "q20"], order=True) as server:
        args = ("score", "rows.jsonl", "--recipe", "judge.yaml", "-o", "scored.jsonl")
        (tmp_path / "judge.yaml").write_text(
            f"{{use: judges.pairwise.pairwise, template: {PAIR}, server: '{server.url}',"
            " model: judge, journal: judge.calls, retries: 0}\n"
        )
        assert invoke(*args).exit_code == 1
        server.away = set()
        assert invoke(*args, "--resume").exit_code == 0
        assert judged(server) == 60
    assert (tmp_path / "scored.jsonl").read_bytes() == quiet
