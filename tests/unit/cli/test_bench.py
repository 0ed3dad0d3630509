"""`plaudit bench`: the leaderboard, its remarks, exit codes, runs made anew, a killed run."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from plaudit.cli._app import app


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *words: CliRunner().invoke(app, ["bench", *words])


def write(rows, name="rows.jsonl"):
    with open(name, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def pairs(num=40, subset="hep-go"):
    return [
        {"prompt": f"p{i}", "chosen": "x" * (i % 5 + 1), "rejected": "yy", "id": i,
         "subset": subset}
        for i in range(num)
    ]  # fmt: skip


RUN = ("rewardbench", "--data", "rows.jsonl", "-o", "out", "--draws", "50")
TWO = ("--reward", "rules.baseline.length", "--reward", "chance=rules.baseline.random")


def test_a_leaderboard_of_80_columns(bench):
    write([*pairs(), *pairs(20, "donotanswer"), *pairs(3, "somewhere")])
    done = bench(*RUN, *TWO)
    assert done.exit_code == 0, done.output
    assert max(map(len, done.output.splitlines())) <= 80
    messages = " ".join(done.output.split())
    assert "rules.baseline.length" in messages
    assert "chance" in messages
    assert "longer wins" in messages
    assert "floor" in messages
    assert "Safety Reasoning" in messages
    assert "ignored, no subset of this benchmark: somewhere (3)" in messages
    assert "absent: alpacaeval-easy" in messages


@pytest.fixture
def report(bench):
    return lambda *words: CliRunner().invoke(app, ["report", *words])


def test_a_run_leaves_a_page_in_its_folder_and_so_does_one_made_anew(bench, tmp_path):
    write(pairs())
    done = bench(*RUN, *TWO)
    assert "page: out/report.html" in done.output
    (tmp_path / "out/report.html").unlink()
    bench("--offline", "out")
    assert "RewardBench" in (tmp_path / "out/report.html").read_text()


def test_a_run_begun_anew_keeps_no_page_of_the_run_before(bench, tmp_path):
    write(pairs())
    bench(*RUN, *TWO)
    write(pairs()[:1])
    done = bench(*RUN, "--overwrite", "--reward", "rules.baseline.nothing")
    assert done.exit_code == 2
    assert (tmp_path / "out/report.html").exists()  # nothing was begun
    write([{"prompt": "no pair"}])
    assert bench(*RUN, *TWO, "--overwrite").exit_code == 3
    assert not (tmp_path / "out/report.html").exists()


def test_a_report_of_several_runs(bench, report, tmp_path):
    write(pairs())
    bench(*RUN, *TWO)
    bench(*RUN[:3], "-o", "same", "--reward", "fixed=rules.baseline.constant")
    write(pairs(20))
    bench(*RUN[:3], "-o", "other", *TWO)
    done = report("out", "same", "other", "-o", "page.html")
    assert done.exit_code == 0, done.output
    assert max(map(len, done.output.splitlines())) <= 80
    messages = " ".join(done.output.split())
    assert "out and same are about the same 40 rows" in messages
    assert "no test is made between them" in messages
    assert "page: page.html" in messages
    assert (tmp_path / "page.html").exists()
    again = report("out", "-o", "page.html")
    assert again.exit_code == 2
    assert "--overwrite replaces it" in again.output
    assert report("out", "-o", "page.html", "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("nowhere",), "nowhere: is not the folder of a run"),
        (("rows.jsonl",), "rows.jsonl: is not the folder of a run"),
        (("out", "."), "is not the folder of a run (manifest.json is missing)"),
        (("out", "-o", "nowhere/page.html"), "does not exist"),
        ((), "Missing argument 'RUN...'"),
    ],
)
def test_what_is_no_run_is_one_line(words, why, bench, report):
    write(pairs(4))
    bench(*RUN, *TWO)
    done = report(*words)
    assert done.exit_code == 2, done.output
    assert why in done.output


def test_without_a_name_the_benchmarks_are_listed(bench):
    done = bench()
    assert done.exit_code == 0
    for name in ("rewardbench2", "judgebench", "processbench", "graded"):
        assert name in done.output


def test_a_run_that_read_no_row_does_not_hold_its_folder(bench):
    write(pairs(6))
    assert bench("rewardbench", "--data", "absent.jsonl", "-o", "out", *TWO).exit_code == 2
    assert bench(*RUN, *TWO).exit_code == 0


def test_a_finished_run_is_made_anew(bench):
    write(pairs())
    assert bench(*RUN, *TWO).exit_code == 0
    os.unlink("rows.jsonl")
    done = bench("--offline", "out", "--credit", "share")
    assert done.exit_code == 0, done.output
    assert "credit share" in done.output


def test_runs_about_other_rows_stand_side_by_side_without_a_test(bench):
    write(pairs())
    assert bench(*RUN, *TWO).exit_code == 0
    write(pairs(20))
    assert bench(*RUN[:-3], "other", *TWO).exit_code == 0
    done = bench("--offline", "out", "other")
    assert "no test is made between them" in done.output
    same = bench("--offline", "out", "out")
    assert "no test" not in same.output


def test_bad_rows_and_unscored_responses_exit_with_1(bench):
    write([*pairs(5), {"prompt": "a", "chosen": "x", "subset": "hep-go"}])
    done = bench(*RUN, *TWO)
    assert done.exit_code == 1
    assert "bad row: rows.jsonl:6: field 'rejected'" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("rewardbnch", "--data", "rows.jsonl", "-o", "out", *TWO), 2, "did you mean 'rewardbench"),
        (("rewardbench", "--data", "rows.jsonl", *TWO), 2, "-o FOLDER"),
        ((*RUN, "--reward", "rules.baseline.nothing"), 2, "nothing"),
        (("rewardbench", "--data", "rows.jsonl", "-o", "out"), 2, "name what to score with"),
        (("rewardbench", "-o", "out", *TWO), 2, "name the rows"),
        (("rewardbench", "--data", "gone.jsonl", "-o", "out", *TWO), 2, "no such file"),
        (("rewardbench", "--data", "-", "-o", "out", *TWO), 2, "standard input is read once"),
        (("rewardbench", "rmbench", *RUN[1:], *TWO), 2, "one benchmark at a time"),
        ((*RUN, *TWO, "--credit", "stric"), 2, "did you mean 'strict'"),
        ((*RUN, *TWO, "--ensemble", "best"), 2, "mean, worst, uncertainty"),
        ((*RUN, *TWO, "--export", "csv"), 2, "rewardbench is the only layout"),
        ((*RUN, *TWO[:2], "--ensemble", "mean"), 2, "has two rewards or more, found 1"),
        (("judgebench", "--data", "rows.jsonl", "-o", "out", *TWO), 3, "no row of judgebench"),
    ],
)
def test_what_is_wrong_is_one_line(words, code, why, bench):
    write(pairs(5))
    done = bench(*words)
    assert done.exit_code == code, done.output
    assert why in done.output
    assert not os.path.exists("out/scores.jsonl")  # nothing was paid for


def test_why_responses_have_no_score_is_said(bench):
    write([{**row, "reference": "\\frac{"} for row in pairs(5)])
    done = bench(*RUN, "--reward", "rules.math.equal")
    assert done.exit_code == 1
    output = " ".join(done.output.split())
    assert "rules.math.equal: 5 of 5 unscored (100.0%): they earn nothing" in output
    assert "rules.math.equal: 10 times: " in output


def test_an_ensemble_and_an_export(bench, tmp_path):
    write(pairs())
    done = bench(*RUN, *TWO, "--ensemble", "worst", "--export", "rewardbench")
    assert done.exit_code == 0, done.output
    assert "ensemble: worst" in done.output
    assert (tmp_path / "out/rewardbench/eval-set-scores/chance.json").exists()


def test_a_published_result_is_read_and_marked(bench):
    write([{"id": 1, "category_path": "Pairwise_set/Helpfulness/A/B", "pair_uid": "7",
            "chosen_reward": 2, "reject_reward": 1, "is_correct": 1}], "m_result.json")  # fmt: skip
    done = bench("rmb", "--import", "m_result.json", "-o", "out")
    assert done.exit_code == 0, done.output
    assert "m: recomputed from rows" in done.output


def test_a_recipe_takes_part(bench):
    write([{**row, "answer": "x"} for row in pairs()])
    with open("mine.yaml", "w", encoding="utf-8") as file:
        file.write("use: rules.length.range\nhigh: 3\nfalloff: 2\nunit: chars\n")
    done = bench(*RUN, "--reward", "mine.yaml", "--reward", "short=mine.yaml")
    assert done.exit_code == 0, done.output


def test_model_text_cannot_move_the_cursor(bench):
    write([*pairs(5), *pairs(2, "bad\x1b[2J")])
    done = bench(*RUN, *TWO)
    assert "\x1b" not in done.output


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_run_goes_on_without_loss_or_doubles(tmp_path):
    rows = [
        {"prompt": f"p{i}", "chosen": "word " * 60, "rejected": f"other {i} " * 50, "id": i,
         "subset": "hep-go"}
        for i in range(3000)
    ]  # fmt: skip
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    reward = ("--reward", "rules.baseline.random", "--reward", "rules.repetition.ngram")
    words = [sys.executable, "-m", "plaudit", "bench", *RUN[:-2], *reward]
    scores = tmp_path / "out" / "scores.jsonl"
    killed = 0
    for least in (1, 3500):
        process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL)
        while process.poll() is None and _num_lines(scores) < least:
            time.sleep(0.005)
        killed += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert killed  # on a busy machine the second run may end before it is looked at
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    results = [json.loads(text) for text in scores.read_text().splitlines()]
    assert [(line["reward"], line["item"]) for line in results] == [
        (name, i)
        for name in ("rules.baseline.random", "rules.repetition.ngram")
        for i in range(3000)
    ]


def _num_lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0
