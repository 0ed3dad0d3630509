"""Rows that a fault of the system left unscored are scored again, in their places, and no other."""

import csv
import gzip
import json
import math
import random

import pytest

from plaudit import Score
from plaudit.data import Layout
from plaudit.data.api import scored
from plaudit.data.journal import Journal
from plaudit.data.write import Writer, is_retryable
from plaudit.errors import ConfigError
from plaudit.journal import Lines

NUM = 12
RAWS = [{"id": i, "prompt": f"q{i}", "response": "x" * i + "é\u2028"} for i in range(NUM)]
AWAY = Score(math.nan, error="the server is away", fault="system")
UNREADABLE = Score(math.nan, {"num_unreadable": 1.0}, fault="system", error="absent: no verdict")
INPUT = Score(math.nan, fault="input", error="an image cannot be shown")


class Flaky:
    """The length; but what `told` says of a row while it says so. `seen` lists what was scored."""

    relative, deterministic, cpu_bound, retries_itself = False, True, False, True

    def __init__(self, told=()):
        self.told, self.seen = dict(told), []

    def score(self, groups):
        numbers = [int(group.prompt[0]["content"][1:]) for group in groups]
        self.seen += numbers
        return [
            [self.told.get(number, Score(float(len(group.responses[0].text))))]
            for number, group in zip(numbers, groups, strict=True)
        ]


def rows_of(raws):
    layout = Layout()
    return [layout.row(raw, "in.jsonl", i) for i, raw in enumerate(raws, 1)]


def run(path, reward, raws=RAWS, *, batch_size=3, **options):
    indexes = []
    with Writer(path, **options) as writer:
        for row, result in scored(reward, writer.pending(rows_of(raws)), batch_size=batch_size):
            indexes.append(writer.write(row, result))
            assert row.raw["id"] == indexes[-1]
    return writer


@pytest.fixture
def quiet(tmp_path):
    folder = tmp_path / "quiet"
    folder.mkdir()
    run(folder / "out.jsonl", Flaky())
    return (folder / "out.jsonl").read_bytes()


def files(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_file())


@pytest.mark.parametrize("away", [(0,), (NUM - 1,), (3, 4, 9), range(NUM), (1, 3, 5, 7, 9, 11)])
def test_only_what_is_missing_is_scored_again(away, quiet, tmp_path):
    out, reward = tmp_path / "out.jsonl", Flaky(dict.fromkeys(away, AWAY))
    assert run(out, reward).num_retryable == len(away)
    assert files(tmp_path) == ["out.jsonl", "out.jsonl.partial.json", "out.jsonl.partial.jsonl"]
    assert len(out.read_bytes().splitlines()) == NUM
    reward.told.clear()
    reward.seen.clear()
    writer = run(out, reward, resume=True)
    assert reward.seen == sorted(away)
    assert (writer.num_retried, writer.num_retryable) == (len(away), 0)
    assert out.read_bytes() == quiet
    assert files(tmp_path) == ["out.jsonl"]


def test_what_is_still_away_stays_to_be_scored(quiet, tmp_path):
    out, reward = tmp_path / "out.jsonl", Flaky(dict.fromkeys((1, 5, 8), AWAY))
    run(out, reward)
    for left in ((5, 8), (5,), (5,), ()):
        before, reward.told, reward.seen = reward.told, dict.fromkeys(left, AWAY), []
        assert run(out, reward, resume=True).num_retryable == len(left)
        assert reward.seen == sorted(before)
    assert out.read_bytes() == quiet


def test_an_interrupted_run_goes_on_behind_what_it_scores_again(quiet, tmp_path):
    out, reward = tmp_path / "out.jsonl", Flaky({1: AWAY})
    writer = Writer(out)
    for row, result in scored(reward, writer.pending(rows_of(RAWS[:7]))):
        writer.write(row, result)
    writer.__exit__(KeyboardInterrupt)
    reward.told.clear()
    reward.seen.clear()
    run(out, reward, resume=True)
    assert reward.seen == [1, *range(7, NUM)]
    assert out.read_bytes() == quiet


@pytest.mark.parametrize(("retry", "again"), [("system", [2]), ("all", [2, 4, 6]), ("none", [])])
def test_which_rows_are_scored_again(retry, again, tmp_path):
    out, reward = tmp_path / "out.jsonl", Flaky({2: AWAY, 4: UNREADABLE, 6: INPUT})
    assert run(out, reward).num_retryable == 1
    first = out.read_bytes()
    reward.seen.clear()
    run(out, reward, resume=True, retry=retry)
    assert reward.seen == again
    assert out.read_bytes() == first
    is_finished = retry == "none"
    assert Journal.exists(out) == (not is_finished)


def test_no_other_fault_keeps_the_journal(tmp_path):
    run(tmp_path / "out.jsonl", Flaky({4: UNREADABLE, 6: INPUT}))
    assert files(tmp_path) == ["out.jsonl"]


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".csv", ".parquet"])
def test_every_format_is_completed(suffix, tmp_path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    out, reward = tmp_path / f"out{suffix}", Flaky({3: AWAY, 4: AWAY})
    run(out, reward)
    assert Journal.exists(out)
    reward.told.clear()
    run(out, reward, resume=True)
    assert files(tmp_path) == [out.name]
    run(whole := tmp_path / f"whole{suffix}", Flaky())
    assert read(out) == read(whole)


def read(path):
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))
    import pyarrow.parquet

    return pyarrow.parquet.read_table(path).to_pylist()


def test_without_resume_an_output_with_missing_rows_is_refused(tmp_path):
    out = tmp_path / "out.jsonl"
    run(out, Flaky({3: AWAY}))
    with pytest.raises(ConfigError, match="left unscored; resume scores them again"):
        Writer(out)
    run(out, Flaky(), overwrite=True)
    assert files(tmp_path) == ["out.jsonl"]
    with pytest.raises(ConfigError, match="retry='some'"):
        Writer(out, resume=True, retry="some")


# --- killed ---------------------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for SIGKILL: nothing is written from there on."""


@pytest.fixture
def kill(monkeypatch):
    """Makes the n-th write or rename from now on the last thing that does not happen."""
    left = [math.inf]

    def counted(step):
        def wrapped(*args):
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return step(*args)

        return wrapped

    monkeypatch.setattr(Lines, "append", counted(Lines.append))
    monkeypatch.setattr("os.replace", counted(__import__("os").replace))

    def arm(count):
        left[0] = count

    return arm


def check_no_line_is_lost(out, quiet):
    """The lines at hand are those of a quiet run, but for the scores that are missing."""
    expected = [json.loads(line) for line in quiet.splitlines()]
    journal = out.with_name(f"{out.name}.partial.jsonl")
    path = journal if journal.exists() else out
    told = [json.loads(line) for line in path.read_bytes().splitlines()]
    for one, due in zip(told, expected, strict=False):
        assert one["id"] == due["id"]
        assert one["reward"] in (due["reward"], None)
    return len(told)


def test_killed_at_each_write_in_turn(kill, quiet, tmp_path):
    away = dict.fromkeys((0, 2, 3, 8), AWAY)
    for point in range(2 * NUM + 4):
        out = tmp_path / f"out{point}.jsonl"
        kill(math.inf)
        run(out, Flaky(away))
        reward = Flaky()
        kill(point)
        try:
            run(out, reward, resume=True)
        except Killed:
            assert check_no_line_is_lost(out, quiet) == NUM
            kill(math.inf)
            run(out, reward, resume=True)
        assert out.read_bytes() == quiet, point
        assert not Journal.exists(out)
        assert not list(tmp_path.glob(f"{out.name}.*"))
        # what was scored and written stays; a batch and what was under way is scored anew
        assert set(reward.seen) == set(away)


def test_killed_again_and_again(kill, quiet, tmp_path):
    draw = random.Random(4)
    for trial in range(60):
        out = tmp_path / f"out{trial}.jsonl"
        numbers = range(NUM)
        for _ in range(50):
            reward = Flaky(dict.fromkeys(draw.sample(numbers, draw.randrange(5)), AWAY))
            kill(draw.randrange(20))
            try:
                run(out, reward, batch_size=draw.randrange(1, 5), resume=True)
            except Killed:
                continue
            if not Journal.exists(out):
                break
        else:
            kill(math.inf)
            run(out, Flaky(), resume=True)
        assert out.read_bytes() == quiet, trial


def test_a_torn_line_of_the_second_file_is_cut_off(kill, quiet, tmp_path):
    out = tmp_path / "out.jsonl"
    run(out, Flaky({5: AWAY}))
    kill(6)
    with pytest.raises(Killed):
        run(out, Flaky(), resume=True)
    kill(math.inf)
    with out.with_name("out.jsonl.retried.jsonl").open("ab") as file:
        file.write(b'{"id": 6, "pro')
    run(out, Flaky(), resume=True)
    assert out.read_bytes() == quiet


# --- which faults ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        ({"value": None, "fault": "system"}, True),
        ({"value": None, "fault": "system", "parts": {"num_failed_calls": 1}}, True),
        ({"value": None, "fault": "system", "parts": {"num_unreadable": 2}}, False),
        (
            {
                "value": None, "fault": "system",
                "parts": {"num_unreadable": 1, "num_failed_calls": 1},
            },
            True,
        ),
        ({"value": None, "fault": "system", "parts": {"juror/a/num_unreadable": 1}}, False),
        ({"value": None, "fault": "system", "parts": {"num_unreadable": 0}}, True),
        ({"value": None, "fault": "input"}, False),
        ({"value": None, "fault": "response"}, False),
        ({"value": 0.0, "fault": "response"}, False),
        ({"value": 1.0, "fault": "system"}, False),
        ({"value": None}, False),
    ],
)  # fmt: skip
def test_whose_fault_it_must_be(score, expected):
    assert is_retryable(score) == expected
