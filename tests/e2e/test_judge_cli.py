"""`plaudit judge` as a user meets it: interrupted, killed, resumed, refused, replayed."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("aiohttp")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "servers"))
from chat import Answer, ChatServer, Fault

from plaudit.cli._app import app

if sys.platform == "win32":
    pytest.skip("signals of a POSIX system", allow_module_level=True)

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
PAIR = "skywork_critic_pairwise"


def pick(body):
    """A judge that names the longer answer, and says no word more."""
    text = body["messages"][-1]["content"]
    if text == "Hi":
        return "Hello"
    a = text.split("Assistant A's Answer]\n")[1].split("\n[The End")[0]
    b = text.split("Assistant B's Answer]\n")[1].split("\n[The End")[0]
    return "[[A]]" if len(a) > len(b) else "[[B]]"


def write_pairs(path, count):
    rows = [
        {"id": f"r{i}", "prompt": f"Question item=q{i}?", "chosen": f"{i} long", "rejected": f"{i}"}
        for i in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *args: CliRunner().invoke(app, [*map(str, args)])


def start(folder, *args):
    """The verb as a process of its own."""
    command = [sys.executable, "-m", "plaudit", "judge", *map(str, args)]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def lines(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def wait_for(condition, seconds=300.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def judged(server):
    """Full answers to calls of the run; the probe has no item."""
    return sum(count for item, count in server.stats.answers_of.items() if item.startswith("q"))


# --- the job --------------------------------------------------------------------------------------


def test_pairs_are_judged_in_both_orders_and_reported(invoke, tmp_path):
    rows = write_pairs(tmp_path / "rows.jsonl", 20)
    with ChatServer(pick) as server:
        result = invoke(
            "judge", rows, "-t", PAIR, "--server", server.url, "-o", "out.jsonl",
            "--report", "report.html",
        )  # fmt: skip
        assert judged(server) == 40
    assert result.exit_code == 0, result.output
    out = lines(tmp_path / "out.jsonl")
    assert [row["reward"] for row in out] == [[1.0, 0.0]] * 20
    assert out[0]["reward_scores"][0]["parts"]["forward"] == 1.0
    assert "100.0" in result.output  # right, in both orders
    assert "40 calls, 40 of them paid" in result.output
    page = (tmp_path / "report.html").read_text()
    assert "skywork_critic_pairwise" in page
    calls = lines(tmp_path / "out.jsonl.calls.jsonl")
    assert len(calls) == 40
    assert {call["text"] for call in calls} == {"[[A]]", "[[B]]"}


def test_the_journal_is_the_cache_and_can_be_replayed(invoke, tmp_path):
    rows = write_pairs(tmp_path / "rows.jsonl", 5)
    common = ("judge", rows, "-t", PAIR, "--journal", "calls.jsonl")
    with ChatServer(pick) as server:
        for name in ("one.jsonl", "two.jsonl"):
            args = (*common, "--server", server.url, "--model", "judge", "-o", name)
            assert invoke(*args).exit_code == 0
        assert judged(server) == 10
    args = ("judge", rows, "-t", PAIR, "--model", "judge", "--replay", "calls.jsonl")
    assert invoke(*args, "-o", "three.jsonl").exit_code == 0
    outs = [(tmp_path / f"{name}.jsonl").read_bytes() for name in ("one", "two", "three")]
    assert outs[0] == outs[1] == outs[2]
    other = invoke(*args[:-4], "--model", "other", "--replay", "calls.jsonl", "-o", "four.jsonl")
    assert other.exit_code == 1
    assert "has no reply of 'other'" in other.output


def test_a_dry_run_asks_nobody_and_tells_the_cost(invoke, tmp_path):
    rows = write_pairs(tmp_path / "rows.jsonl", 50)
    with ChatServer(pick) as server:
        result = invoke(
            "judge", rows, "-t", PAIR, "--server", server.url, "--prices", "1,2", "--dry-run"
        )
        assert server.stats.requests == 0
    assert result.exit_code == 0, result.output
    assert "100" in result.output
    assert "cost at most" in result.output


def test_the_budget_is_never_passed(invoke, tmp_path):
    rows = write_pairs(tmp_path / "rows.jsonl", 40)
    with ChatServer(pick, latency_s=0.01) as server:
        result = invoke(
            "judge", rows, "-t", PAIR, "--server", server.url, "-o", "out.jsonl", "--max-calls", 30
        )
        assert judged(server) == 30
    assert result.exit_code == 1
    assert "30 are used up" in " ".join(result.output.split())
    unscored = [row for row in lines(tmp_path / "out.jsonl") if row["reward"][0] is None]
    assert 20 <= len(unscored) <= 25


# --- interrupted ----------------------------------------------------------------------------------


def test_ctrl_c_loses_nothing_and_asks_nothing_more(tmp_path):
    rows = write_pairs(tmp_path / "rows.jsonl", 200)
    with ChatServer(pick, latency_s=0.2) as server:
        args = ("rows.jsonl", "-t", PAIR, "--server", server.url, "--model", "judge",
                "--concurrency", 8, "-o", "out.jsonl")  # fmt: skip
        process = start(tmp_path, *args)
        wait_for(lambda: judged(server) >= 65)
        process.send_signal(signal.SIGINT)
        before = judged(server)
        _, err = process.communicate(timeout=600)
        time.sleep(0.5)
        assert process.returncode == 130, err
        assert "--resume" in err
        done = judged(server)
        assert done - before < 100  # of 335 that were left; at once, but the machine may be busy
        kept = lines(tmp_path / "out.jsonl.calls.jsonl")
        assert done - 8 <= len(kept) <= done  # what was answered after the signal is in flight
        process = start(tmp_path, *args, "--resume")
        _, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        assert judged(server) <= 400 + 8
    assert [row["reward"] for row in lines(tmp_path / "out.jsonl")] == [[1.0, 0.0]] * 200
    assert rows.exists()


def test_after_sigkill_only_what_was_in_flight_is_paid_again(tmp_path):
    write_pairs(tmp_path / "rows.jsonl", 100)
    with ChatServer(pick, latency_s=0.05) as server:
        args = ("rows.jsonl", "-t", PAIR, "--server", server.url, "--concurrency", 8,
                "-o", "out.jsonl", "--resume")  # fmt: skip
        for at in (40, 110):
            process = start(tmp_path, *args)
            wait_for(lambda at=at: judged(server) >= at)
            process.kill()
            process.communicate()
        process = start(tmp_path, *args)
        _, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        assert judged(server) <= 200 + 2 * 8
    assert len(lines(tmp_path / "out.jsonl")) == 100
    keys = [call["key"] for call in lines(tmp_path / "out.jsonl.calls.jsonl")]
    assert len(keys) == len(set(keys)) == 200


def test_a_second_run_on_the_same_journal_is_refused(tmp_path, invoke):
    write_pairs(tmp_path / "rows.jsonl", 50)
    with ChatServer(pick, latency_s=0.1) as server:
        args = ("rows.jsonl", "-t", PAIR, "--server", server.url, "--journal", "calls.jsonl")
        process = start(tmp_path, *args, "--concurrency", 2)
        wait_for(lambda: judged(server) >= 2)
        second = invoke("judge", *args)
        process.kill()
        process.communicate()
    assert second.exit_code == 2
    assert "another run is writing this journal" in second.output


# --- refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "args", "told"),
    [
        (Fault("401"), (), "a key is needed"),
        (None, ("--model", "jugde"), "did you mean 'judge'"),
        (Fault("no-logprobs"), ("--read", "logprobs"), "read='text'"),
        (Fault("top-logprobs"), ("--read", "logprobs"), "--max-logprobs"),
        (None, ("--set", "min_mas=0.1"), "did you mean 'min_mass'"),
        (None, ("--set", "orders=some"), "must be both or one"),
        (None, ("--max-cost", "1"), "needs the prices"),
        (None, ("--votes", "3"), "temperature 0"),
        (None, ("--api-key-env", "NO_SUCH_KEY"), "no such environment variable"),
    ],
)
def test_what_cannot_work_says_so_before_the_run(fault, args, told, invoke, tmp_path):
    rows = write_pairs(tmp_path / "rows.jsonl", 5)
    with ChatServer(pick, faults=[fault] if fault else []) as server:
        result = invoke("judge", rows, "-t", PAIR, "--server", server.url, "-o", "o.jsonl", *args)
        assert server.stats.requests <= 3
    assert result.exit_code == 2, result.output
    assert told in " ".join(result.output.split())
    assert not list(tmp_path.glob("o.jsonl.partial*"))  # mended, the same command begins anew


def test_nobody_at_the_url(invoke, tmp_path):
    rows = write_pairs(tmp_path / "rows.jsonl", 1)
    result = invoke("judge", rows, "-t", PAIR, "--server", "http://127.0.0.1:9/v1", "--model", "m")
    assert result.exit_code == 4
    assert "Cannot connect" in result.output


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("kind: pairwise\ntext: '{inptu}'\nverdict: {labels: [A, B]}\n", "did you mean 'input'"),
        ("kind: pair\ntext: '{input}'\nverdict: {labels: [A, B]}\n", "must be one of"),
    ],
)
def test_a_template_that_is_wrong(template, told, invoke, tmp_path):
    (tmp_path / "t.yaml").write_text(template)
    rows = write_pairs(tmp_path / "rows.jsonl", 1)
    result = invoke("judge", rows, "-t", "t.yaml", "--replay", "column:x")
    assert result.exit_code == 2
    assert told in result.output


def test_what_goes_wrong_with_an_item_is_counted_by_reason(invoke, tmp_path):
    rows = write_pairs(tmp_path / "rows.jsonl", 6)
    odd = {
        "q0": Answer("I like both."), "q1": Answer(None, "content_filter"), "q2": Answer(""),
        "q3": Answer("I think that", "length"),
    }  # fmt: skip

    def answer(body):
        text = body["messages"][0]["content"]
        return next((odd[name] for name in odd if f"item={name}?" in text), None) or pick(body)

    with ChatServer(answer) as server:
        result = invoke("judge", rows, "-t", PAIR, "--server", server.url, "-o", "out.jsonl")
        assert invoke(
            "judge", rows, "-t", PAIR, "--server", server.url, "-o", "again.jsonl",
            "--allow-unscored",
        ).exit_code == 0  # fmt: skip
    assert result.exit_code == 1
    for reason in ("absent", "refused", "truncated"):
        assert reason in result.output
    out = lines(tmp_path / "out.jsonl")
    assert [row["reward"] for row in out] == [[None, None]] * 4 + [[1.0, 0.0]] * 2
    score = out[0]["reward_scores"][0]
    assert score["fault"] == "system"
    assert "I like both." in score["note"]


def test_a_row_without_the_reference_is_a_bad_row(invoke, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"prompt": "2+2?", "response": "4", "reference": "4"}\n'
        '{"prompt": "2+2?", "response": "4"}\n'
    )
    with ChatServer(lambda body: "Yes") as server:
        result = invoke(
            "judge", path, "-t", "reference_correct", "--server", server.url, "-o", "out.jsonl"
        )
    assert result.exit_code == 1
    assert "rows.jsonl:2: field 'reference': missing column" in " ".join(result.output.split())
    assert [row["reward"] for row in lines(tmp_path / "out.jsonl")] == [1.0, None]


def test_a_context_that_is_too_long_is_the_input_s_fault(invoke, tmp_path):
    rows = write_pairs(tmp_path / "rows.jsonl", 3)
    with ChatServer(pick) as server:
        server.queue.append(None)  # the probe
        server.queue.append(Fault("context"))
        result = invoke(
            "judge", rows, "-t", PAIR, "--server", server.url, "-o", "out.jsonl",
            "--concurrency", 1,
        )  # fmt: skip
    assert result.exit_code == 1
    faults = [row["reward_scores"][0].get("fault") for row in lines(tmp_path / "out.jsonl")]
    assert sorted(faults, key=str) == [None, None, "input"]
    assert "too long for the model" in result.output


# --- real rows ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "template", "low", "high"),
    [
        ("zh_pointwise.jsonl.gz", "skywork_critic_rating_zh", 1, 5),
        ("pointwise_rubric.jsonl.gz", "prometheus_absolute", 1, 5),
        ("zh_pairs.jsonl.gz", "pairwise_reasoning_zh", 0, 1),
    ],
)
def test_shared_rows_with_report_and_resume(name, template, low, high, invoke, tmp_path):
    if not (DATA / name).exists():
        pytest.skip(f"{name}: the shared data is not beside the checkout")
    args = ("judge", DATA / name, "-t", template, "-o", "out.jsonl", "--limit", 40)
    with ChatServer() as server:
        result = invoke(*args, "--server", server.url, "--report", "r.html")
        assert result.exit_code == 0, result.output
        sent = server.stats.requests
        again = invoke(*args, "--server", server.url, "--resume")
        assert "already complete" in again.output
        assert server.stats.requests == sent
    values = [row["reward"] for row in lines(tmp_path / "out.jsonl")]
    flat = [v for row in values for v in (row if isinstance(row, list) else [row])]
    assert len(values) == 40
    assert all(low <= value <= high for value in flat)
    assert len(set(flat)) > 1


LLMBAR = r"""
name: llmbar
kind: pairwise
source: "princeton-nlp/LLMBar, the replies' own grammar"
text: |
  {input}
  Output (a): {response_a}
  Output (b): {response_b}
verdict:
  labels:
    allowed: [a, b]
    marker: '(?m)output \(([ab])\)(?= is (?:clearly |the )?better|(?<=^output \([ab]\))\W*$)'
"""
PUBLISHED = {  # mean over orders, right in both, the same verdict in both; percent
    ("GPT-4", "Vanilla"): (84.5, 80.9, 92.8),
    ("ChatGPT", "Vanilla"): (40.0, 22.9, 65.9),
}


def llmbar_rows():
    """The recorded replies beside their pairs, in the order of the source."""

    def read(name):
        with gzip.open(DATA / name, "rt", encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    pairs = {row["id"]: row for row in read("eval_pairs.jsonl.gz")}
    rows = {}
    for told in read("judge_replies_llmbar.jsonl.gz"):
        pair = pairs[told["pair_id"]]
        key = (told["judge"], told["protocol"], told["pair_id"])
        is_first = pair["chosen_was"] == "A"
        both = [pair["chosen"], pair["rejected"]][:: 1 if is_first else -1]
        row = rows.setdefault(key, {
            "judge": key[0], "protocol": key[1], "prompt": pair["prompt"], "replies": {},
            "response_a": both[0], "response_b": both[1], "preference": "a" if is_first else "b",
        })  # fmt: skip
        if key[1] == "Rating":
            row["replies"] = {"0": told["score_reply_1"], "1": told["score_reply_2"]}
        else:
            row["replies"]["ba" if told["swapped"] else "ab"] = told["reply"]
    return list(rows.values())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    if not (DATA / "judge_replies_llmbar.jsonl.gz").exists():
        pytest.skip("judge_replies_llmbar.jsonl.gz: the shared data is not beside the checkout")
    folder = tmp_path_factory.mktemp("llmbar")
    for name, is_rating in (("pairs", False), ("ratings", True)):
        kept = [row for row in llmbar_rows() if (row["protocol"] == "Rating") == is_rating]
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.slow
def test_recorded_replies_give_the_published_table(recorded, invoke, tmp_path):
    (tmp_path / "llmbar.yaml").write_text(LLMBAR)
    result = invoke(
        "judge", recorded / "pairs.jsonl", "-t", "llmbar.yaml", "--replay", "column:replies",
        "--by", "judge", "--by", "protocol", "--report", "r.html", "--allow-unscored",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    table = {
        (words[0], words[1]): words[2:]
        for words in (line.split() for line in result.output.splitlines())
        if len(words) > 8 and words[1] in ("Vanilla", "CoT", "Swap_CoT", "Metrics_Reference")
    }
    assert len(table) == 20
    for key, (right, both, same) in PUBLISHED.items():
        assert table[key][0] == "419"
        assert [float(table[key][i]) for i in (1, 2, 3)] == [right, both, same]


def test_recorded_ratings_are_read(recorded, invoke, tmp_path):
    (tmp_path / "t.yaml").write_text(
        "kind: pointwise\ntext: '{input} {response}'\n"
        "verdict: {scale: {low: 0, high: 10, anchors: [score]}}\n"
    )
    result = invoke(
        "judge", recorded / "ratings.jsonl", "-t", "t.yaml", "--replay", "column:replies",
        "-o", "out.jsonl", "--allow-unscored", "--by", "judge",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = lines(tmp_path / "out.jsonl")
    told = [
        (value, row["replies"][str(i)]) for row in rows for i, value in enumerate(row["reward"])
    ]
    assert len(told) == 1676
    assert sum(value is None for value, _ in told) == 2  # two empty replies
    assert all(value == float(text) for value, text in told if value is not None)


def test_a_model_in_this_process(invoke, tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import tiny

    model = tiny.checkpoint("Qwen2", "ForCausalLM", kind="chatml", name="judging")
    rows = write_pairs(tmp_path / "rows.jsonl", 3)
    args = ("judge", rows, "-t", PAIR, "--model", model, "--read", "logprobs", "--set",
            "dtype=float32", "--set", "min_mass=0", "-o")  # fmt: skip
    assert invoke(*args, "one.jsonl").exit_code == 0
    assert invoke(*args, "two.jsonl").exit_code == 0
    out = lines(tmp_path / "one.jsonl")
    assert out == lines(tmp_path / "two.jsonl")
    assert all(row["reward"][0] + row["reward"][1] == pytest.approx(1) for row in out)
    assert all(0 < row["reward_scores"][0]["parts"]["mass"] < 1 for row in out)
    assert len({row["reward"][0] for row in out}) == 3
    idle = invoke("judge", rows, "-t", PAIR, "--model", model, "--concurrency", 3)
    assert idle.exit_code == 2
    assert "options of a server" in idle.output


def test_no_thread_keeps_the_process(tmp_path):
    rows = write_pairs(tmp_path / "rows.jsonl", 2)
    with ChatServer(pick) as server:
        process = start(tmp_path, rows, "-t", PAIR, "--server", server.url)
        _, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    assert os.listdir(tmp_path) == ["rows.jsonl"]


@pytest.mark.parametrize(
    "name", ["pairwise", "skywork_critic_pairwise", "skywork_critic_rating_zh"]
)
def test_a_shown_template_is_a_file_of_ones_own(name, invoke, tmp_path):
    from plaudit.judges.template import load_template

    (tmp_path / "mine.yaml").write_text(invoke("show", name).output, encoding="utf-8")
    assert load_template("mine.yaml") == load_template(name)


def test_another_wording_is_not_resumed(invoke, tmp_path):
    write_pairs(tmp_path / "rows.jsonl", 60)
    text = "kind: pairwise\ntext: '{input} {response_a} {response_b}'\nverdict: {labels: [A, B]}\n"
    (tmp_path / "t.yaml").write_text(text)
    with ChatServer(lambda body: "[[A]]", latency_s=0.05) as server:
        args = ("rows.jsonl", "-t", "t.yaml", "--server", server.url, "--concurrency", 2,
                "-o", "out.jsonl")  # fmt: skip
        process = start(tmp_path, *args)
        wait_for(lambda: judged(server) >= 20)
        process.kill()
        process.communicate()
        (tmp_path / "t.yaml").write_text(text.replace("{input}", "Judge: {input}"))
        result = invoke("judge", *args, "--resume")
        (tmp_path / "t.yaml").write_text(text)
        assert invoke("judge", *args, "--resume").exit_code == 0
    assert result.exit_code == 2
    assert "cannot be resumed" in result.output
