"""The runner: order, bounded reading ahead, honest blame, and no process left behind."""

import asyncio
import contextlib
import math
import os
import re
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plaudit import lift, load
from plaudit.combine import affine, normalise
from plaudit.errors import ConfigError, DataError, EngineError
from plaudit.run import Progress, Result, _BatchSize, _Judge, run
from plaudit.types import Group, Response, Score
from plaudit.workers import Pool

LENGTH = load("rules.baseline.length")
RULES = '''
import os, signal, time
from typing import Annotated
from plaudit import ConfigError, DataError, EngineError, Range, Score, ScoringError

def act(response: str) -> Annotated[float | Score, Range(-1, 100)]:
    """Does what the response says; its length where it says nothing."""
    word = response.partition(" ")[0]
    if word == "hang":
        while True:
            pass
    if word == "sleep":
        time.sleep(60)
    if word == "exit":
        os._exit(3)
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "raise":
        raise KeyError(response)
    if word == "config":
        raise ConfigError("asked for it")
    if word == "engine":
        raise EngineError("down", 503)
    if word == "data":
        raise DataError("odd row")
    if word in ("response", "input", "system"):
        raise ScoringError(word, word)
    if word == "score":
        return Score(7.0, {"k": 1.0}, note="noted")
    if word == "print":
        print("noise")
    return float(len(response))

def act_all(responses) -> list:
    return [act(response) for response in responses]

def needs(response: str, reference: str) -> float:
    return float(len(response) + len(reference))

def pid(response: str) -> float:
    return float(os.getpid())

def total(response: str, token_ids) -> float:
    return float(sum(token_ids))

def slow(response: str, *, seconds: float = 0.005) -> float:
    time.sleep(seconds)
    return float(len(response))

def once(response: str, *, log: str) -> float:
    """Fails the first time that it is asked."""
    if os.path.exists(log):
        return 1.0
    open(log, "w").close()
    raise OSError("disk full")

def named(response: str, *, text: str) -> float:
    return float(text in response)
'''


@pytest.fixture(scope="session")
def module(tmp_path_factory):
    """A module of rules that a worker can import: some of them hang, or kill their process."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "hostile_rules.py").write_text(RULES)
    sys.path.insert(0, str(folder))
    yield "hostile_rules"
    sys.path.remove(str(folder))


@pytest.fixture
def act(module):
    return load(f"{module}:act")


def groups_of(*texts):
    return [Group("p", text if isinstance(text, list) else [text]) for text in texts]


def values(results):
    return [[score.value for score in result.scores] for result in results]


def is_running(pid):
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


# --- order, counts, reading ahead -----------------------------------------------------------------

WORKERS = pytest.mark.parametrize("workers", [0, 2])


@WORKERS
def test_results_come_in_order_with_their_groups(workers):
    groups = [Group("p", ["x" * (n % 7)] * (n % 3)) for n in range(300)]
    results = list(run(LENGTH, groups, workers=workers))
    assert [result.index for result in results] == list(range(300))
    assert all(result.group is group for result, group in zip(results, groups, strict=True))
    assert values(results) == [[n % 7] * (n % 3) for n in range(300)]


@WORKERS
def test_nothing_for_nothing(workers):
    assert list(run(LENGTH, [], workers=workers)) == []


def test_no_worker_starts_before_there_is_a_row(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    assert list(run(LENGTH, [], workers=2)) == []


@WORKERS
def test_bad_rows_pass_through_in_their_place(workers):
    bad = DataError("broken", where="f:2")
    items = [Group("p", ["a"]), bad, Group("p", ["bc"]), bad, bad]
    results = list(run(LENGTH, items, workers=workers))
    assert [result.error for result in results] == [None, bad, None, bad, bad]
    assert [result.group for result in results] == [items[0], None, items[2], None, None]
    assert values(results) == [[1.0], [], [2.0], [], []]


@WORKERS
def test_rows_that_the_reward_cannot_read_cost_nobody_else(workers, module):
    reward = load(f"{module}:needs")
    items = [Group("p", ["ab"], {"reference": "x"} if n % 5 else {}, f"r{n}") for n in range(50)]
    results = list(run(reward, items, workers=workers))
    for n, result in enumerate(results):
        if n % 5:
            assert (result.error, values([result])) == (None, [[3.0]])
        else:
            assert f"row r{n}: field 'reference': missing column" in str(result.error)
            assert result.group is items[n]
            assert result.scores == []


@WORKERS
@pytest.mark.parametrize("bad_at", [0, 1, 63, 64, 99])
def test_strict_stops_at_the_first_bad_row_and_not_before(workers, bad_at):
    bad = DataError("broken", where=f"f:{bad_at}")
    items = [bad if n == bad_at else Group("p", ["a"]) for n in range(100)]
    seen = []
    with pytest.raises(DataError) as caught:
        seen.extend(result.index for result in run(LENGTH, items, workers=workers, strict=True))
    assert caught.value is bad


@WORKERS
def test_strict_yields_the_rows_before(workers):
    items = [Group("p", ["a"])] * 70 + [DataError("broken")]
    results = run(LENGTH, items, workers=workers, strict=True)
    assert [next(results).index for _ in range(70)] == list(range(70))
    with pytest.raises(DataError):
        next(results)


@WORKERS
def test_progress_counts_everything(workers, act):
    items = [
        *groups_of("ab", ["c", "response x"], "input x", ["raise x", "d"]),
        DataError("broken"),
        Group("p", []),
    ]
    kept: list[Progress] = []
    list(run(act, items, workers=workers, on_progress=kept.append))
    last = kept[-1]
    assert (last.rows, last.bad_rows, last.responses) == (6, 1, 6)
    assert (last.unscored, last.faulted) == (2, {"response": 1, "input": 1, "system": 1})
    assert last.seconds > 0


@pytest.mark.parametrize("batch_size", [1, 5, 64])
def test_no_more_is_read_than_one_batch_ahead(batch_size):
    taken = 0

    def items():
        nonlocal taken
        for _ in range(200):
            taken += 1
            yield Group("p", ["a"])

    for result in run(LENGTH, items(), batch_size=batch_size):
        assert taken - result.index <= batch_size


@pytest.mark.parametrize("batch_size", [1, 8])
def test_no_more_is_read_than_the_workers_have_before_them(batch_size):
    taken = 0

    def items():
        nonlocal taken
        for _ in range(500):
            taken += 1
            yield Group("p", ["a"])

    ahead = []
    for result in run(LENGTH, items(), workers=2, batch_size=batch_size):
        ahead.append(taken - result.index)
    assert max(ahead) <= (2 * 4 + 1) * batch_size


@WORKERS
def test_long_texts_make_small_batches(workers, monkeypatch):
    monkeypatch.setattr("plaudit.run._BATCH_CHARS", 1000)
    taken = 0

    def items():
        nonlocal taken
        for _ in range(60):
            taken += 1
            yield Group("p", ["a" * 600, "b" * 600])

    ahead = [taken - result.index for result in run(LENGTH, items(), workers=workers)]
    assert max(ahead) <= (2 * 4 + 1 if workers else 1)


@WORKERS
def test_an_error_of_the_reader_comes_up(workers):
    def items():
        yield Group("p", ["a"])
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        list(run(LENGTH, items(), workers=workers))


@pytest.mark.parametrize(
    "options",
    [
        {"workers": -1},
        {"batch_size": 0},
        {"deadline_s": 0},
        {"deadline_s": -1},
        {"deadline_s": math.inf},
        {"deadline_s": math.nan},
    ],
)
def test_options_that_do_not_fit_are_refused_at_once(options):
    with pytest.raises(ConfigError, match=f"{next(iter(options))}={next(iter(options.values()))}"):
        run(LENGTH, [], **options)


def test_a_number_out_of_range_is_named_alone():
    with pytest.raises(ConfigError) as caught:
        next(run(load("rules.baseline.length"), [], deadline_s=-3.0))
    assert str(caught.value) == "run: deadline_s=-3.0 must be positive and finite"


# --- workers give what one process gives ----------------------------------------------------------

MIXED = [
    "",
    "plain",
    ["a", "bc", ""],
    "raise x",
    ["response x", "score x", "input x", "system x", "\ud800\x00", "print x"],
    [],
    "答案",
    "x" * 100_000,
]


def test_workers_give_the_same_scores(act):
    items = [*groups_of(*MIXED), DataError("broken"), *groups_of(*MIXED)] * 5
    alone, spread = list(run(act, items)), list(run(act, items, workers=2))
    assert len(alone) == len(spread)
    for one, two in zip(alone, spread, strict=True):
        assert (one.index, one.group, one.error) == (two.index, two.group, two.error)
        assert repr(one.scores) == repr(two.scores)


def test_what_is_not_cpu_bound_stays_in_this_process():
    class Here:
        relative, deterministic, cpu_bound = False, True, False

        def score(self, groups):
            return [[Score(float(os.getpid())) for _ in g.responses] for g in groups]

    results = run(Here(), groups_of("a", "b"), workers=2)
    assert values(results) == [[float(os.getpid())]] * 2


def test_token_ids_of_any_length_get_there(module):
    ids = tuple(range(300_000))
    group = Group("p", [Response("a", token_ids=ids), Response("b", token_ids=ids[:7])])
    results = run(load(f"{module}:total"), [group] * 3, workers=2)
    assert values(results) == [[float(sum(ids)), 21.0]] * 3


def test_two_workers_share_the_work(module):
    reward = load(f"{module}:pid")
    items = [Group("p", ["a"] * 3)] * 2000
    pids = {value for row in values(run(reward, items, workers=2, batch_size=1)) for value in row}
    assert len(pids) == 2
    assert os.getpid() not in pids


@WORKERS
def test_a_system_fault_is_tried_once_more(workers, module, tmp_path):
    reward = load(f"{module}:once", log=str(tmp_path / "log"))
    assert values(run(reward, groups_of("a"), workers=workers)) == [[1.0]]


@WORKERS
def test_a_fault_that_stays_is_reported(workers, act):
    score = next(iter(run(act, groups_of("raise x"), workers=workers))).scores[0]
    assert math.isnan(score.value)
    assert score.fault == "system"
    assert score.error.startswith("KeyError: ")
    assert "hostile_rules.py:" in score.error


# --- who is to blame ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("hang", r"the response outran its deadline of 0.5 s \(0\.\d s of CPU\)"),
        ("exit", "the response killed the process that scored it"),
        ("kill", "the response killed the process that scored it"),
    ],
)
def test_only_the_culprit_is_blamed(act, word, error, cpu_machine):
    texts = [f"neighbour {n}" for n in range(40)]
    items = groups_of(*texts[:20], ["before", f"{word} x", "after"], *texts[20:], f"{word} y")
    results = list(run(act, items, workers=2, deadline_s=0.5))
    expected = [[float(len(text))] for text in texts]
    assert values(results[:20] + results[21:-1]) == expected
    group = results[20].scores
    assert [score.value for score in group] == [6.0, -1.0, 5.0]
    for culprit in (group[1], results[-1].scores[0]):
        assert (culprit.value, culprit.fault) == (-1.0, "response")
        assert re.fullmatch(error, culprit.error)
    assert [score.fault for score in (group[0], group[2])] == [None, None]


def test_a_culprit_keeps_the_row_where_it_was(act):
    group = Group([{"role": "user", "content": "p"}], ["exit x", "ab"], {"k": 1}, "r7")
    result = next(iter(run(act, [group], workers=1)))
    assert result.group is group
    assert values([result]) == [[-1.0, 2.0]]


def test_the_culprit_earns_what_the_whole_reward_declares(act, module):
    assert values(run(affine(act, scale=2), groups_of("exit x"), workers=1)) == [[-2.0]]
    declared = load(f"{module}:act", on_response_fault=-5)
    assert values(run(declared, groups_of("exit x"), workers=1)) == [[-5.0]]


def test_without_a_declared_minimum_the_culprit_is_unscored(module):
    reward = lift(load(f"{module}:act").fn.__globals__["act_all"], path="x")
    assert reward.relative
    undeclared = normalise(load(f"{module}:act"))
    results = list(run(undeclared, groups_of(["exit x", "ab"], ["a", "abc"]), workers=1))
    assert all(math.isnan(score.value) for score in results[0].scores)
    assert values(results[1:]) == [pytest.approx([-(0.5**0.5), 0.5**0.5])]


@pytest.mark.parametrize("word", ["hang", "exit"])
def test_a_group_that_must_stay_whole_has_no_culprit(module, word, cpu_machine):
    reward = load(f"{module}:act_all")
    items = groups_of(["a", "bc"], ["d", f"{word} x", "e"], ["fgh"])
    results = list(run(reward, items, workers=2, deadline_s=0.3))
    assert values(results[::2]) == [[1.0, 2.0], [3.0]]
    assert len(results[1].scores) == 3
    for score in results[1].scores:
        assert math.isnan(score.value)
        assert score.fault == "system"
        assert score.error.startswith("the group ")


@pytest.mark.parametrize(("rule", "limits"), [("act", {0.5}), ("act_all", {0.5, 1.5})])
def test_a_relative_group_has_a_deadline_for_each_response(module, rule, limits, monkeypatch):
    asked = {}

    class Recorded(Pool):
        def call(self, job, *, deadline_s, **options):
            asked[tuple(len(group.responses) for group in job)] = deadline_s
            return super().call(job, deadline_s=deadline_s, **options)

    monkeypatch.setattr("plaudit.run.Pool", Recorded)
    items = [Group("p", ["a", "bc", "def"])]
    assert values(run(load(f"{module}:{rule}"), items, workers=1, deadline_s=0.5)) == [[1, 2, 3]]
    assert asked == {(3,): max(limits)}


def test_who_only_waits_is_not_blamed(act):
    items = groups_of("ab", "sleep x", "cd")
    results = list(run(act, items, workers=2, deadline_s=0.1))
    assert values(results[::2]) == [[2.0], [2.0]]
    score = results[1].scores[0]
    assert math.isnan(score.value)
    assert (score.fault, score.error) == ("system", "the response made no progress in 0.1 s, twice")


def test_the_deadline_is_that_of_a_response_not_of_a_batch(module):
    reward = load(f"{module}:slow", seconds=0.15)
    items = [Group("p", ["ab"] * 8)] * 2  # 1.2 s a group, 2.4 s in all
    scores = [s for r in run(reward, items, workers=1, deadline_s=0.8) for s in r.scores]
    assert [(score.value, score.error) for score in scores] == [(2.0, None)] * 16


@pytest.mark.parametrize(
    ("share", "fault"), [(1.0, "response"), (0.5, "response"), (0.2, "system")]
)
def test_hostile_responses_cost_their_batch_three_deadlines(act, shared_machine, share, fault):
    machine, limit = shared_machine(share), 0.4
    groups = groups_of("a", "hang x", "bc", ["d", "hang y", "efg"], "hi")
    with (
        Pool("plaudit.run:_Scorer", size=2, deadline_s=limit, setup=act) as pool,
        ThreadPoolExecutor(2) as suspects,
    ):
        scored = _Judge(act, pool, suspects, limit, _BatchSize(64)).score(groups)
    assert [[s.fault for s in scores] for scores in scored] == [
        [None], [fault], [None], [None, fault, None], [None],
    ]  # fmt: skip
    assert [s[0].value for s in (scored[0], scored[2], scored[3], scored[4])] == [1, 2, 1, 2]
    assert scored[3][2].value == 3
    batch_s, *alone_s = machine.elapsed_s.values()  # in the order in which they were waited for
    tick_s = 0.05 / share  # how coarsely a process's CPU time is counted and looked at
    assert batch_s <= limit + tick_s
    assert all(seconds <= 2 * limit + 4 * tick_s for seconds in alone_s)


# --- errors that stop the run, and what they leave ------------------------------------------------


@WORKERS
@pytest.mark.parametrize(("word", "kind"), [("config", ConfigError), ("engine", EngineError)])
def test_errors_of_configuration_and_engines_stop_the_run(act, workers, word, kind):
    with pytest.raises(kind):
        list(run(act, groups_of("a", f"{word} x", "b"), workers=workers))


@WORKERS
def test_bad_data_does_not_stop_it(act, workers):
    results = list(run(act, groups_of("a", ["b", "data x"], "cd"), workers=workers))
    assert values(results) == [[1.0], [], [2.0]]
    assert str(results[1].error).endswith("odd row")


def workers_of(module, texts, **options):
    """A running generator and the processes behind it."""
    reward = load(f"{module}:pid")
    results = run(reward, groups_of(*texts), workers=2, batch_size=1, **options)
    pids = {next(results).scores[0].value for _ in range(50)}
    assert all(map(is_running, pids))
    return results, pids


def test_closing_early_leaves_no_process(module):
    results, pids = workers_of(module, ["a"] * 1000)
    results.close()
    assert not any(map(is_running, pids))


def test_an_end_leaves_no_process(module):
    pids = {
        v for row in values(run(load(f"{module}:pid"), groups_of("a", "b"), workers=2)) for v in row
    }
    assert not any(map(is_running, pids))


def test_closing_does_not_wait_for_a_hanging_response(act):
    before = children()
    results = run(act, groups_of("a", *["hang x"] * 20), workers=2, deadline_s=10_000)
    assert next(results).scores[0].value == 1.0
    results.close()
    assert children() == before


def test_an_error_leaves_no_process_even_while_it_is_handled(module):
    before = children()
    items = [*groups_of(*["a"] * 30), DataError("broken"), *groups_of(*["a"] * 1000)]
    try:
        list(run(load(f"{module}:pid"), items, workers=2, strict=True))
    except DataError:
        assert children() == before
    else:
        pytest.fail("the bad row was not told")


def children():
    """The worker processes that this one has started and not reaped."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # gone meanwhile
            parent = path.read_text().rpartition(")")[2].split()[1]
            if parent == str(os.getpid()) and b"_serve" in path.with_name("cmdline").read_bytes():
                found.add(path.parent.name)
    return found


# --- what cannot go to a worker -------------------------------------------------------------------


def test_what_is_defined_on_the_spot_cannot_go_to_a_worker():
    for fn in (lambda response: 1.0, local_rule()):
        with pytest.raises(ConfigError, match="put it into a module that can be imported, or pass"):
            run(lift(fn), [], workers=1)
        assert values(run(lift(fn), groups_of("a"))) == [[1.0]]


def local_rule():
    def rule(response):
        return 1.0

    return rule


def test_a_rule_of_the_running_script_cannot_go_to_a_worker(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            from plaudit import ConfigError, Group, lift
            from plaudit.run import run

            def mine(response: str) -> float:
                return float(len(response))

            print([r.scores[0].value for r in run(lift(mine), [Group("p", ["abc"])])])
            try:
                run(lift(mine), [Group("p", ["abc"])], workers=1)
            except ConfigError as error:
                print(error)
            """
        )
    )
    told = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=600)
    assert told.stderr == ""
    first, second = told.stdout.splitlines()
    assert first == "[3.0]"
    assert second == (
        "load('__main__:mine') cannot go to a worker process: mine is defined in the running script"
        " or notebook; put it into a module that can be imported, or pass workers=0"
    )


def test_a_parameter_that_mentions_main_may_go(module):
    reward = load(f"{module}:named", text='if __name__ == "__main__":')
    results = run(reward, groups_of('if __name__ == "__main__":', "no"), workers=1)
    assert values(results) == [[1.0], [0.0]]


def test_a_module_that_the_worker_cannot_import_is_told(tmp_path, monkeypatch):
    (tmp_path / "gone_rules.py").write_text("def rule(response): return 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    reward = load("gone_rules:rule")
    (tmp_path / "gone_rules.py").unlink()
    with pytest.raises(EngineError, match=r"did not start: .*gone_rules"):
        list(run(reward, groups_of("a"), workers=1))


# --- wherever it is called from -------------------------------------------------------------------


def test_it_runs_in_a_thread(act):
    got = []
    items = groups_of("a", "exit x", "bc")
    thread = threading.Thread(target=lambda: got.extend(values(run(act, items, workers=2))))
    thread.start()
    thread.join()
    assert got == [[1.0], [-1.0], [2.0]]


def test_it_runs_in_a_running_event_loop(act, cpu_machine):
    async def inside():
        return values(run(act, groups_of("a", "hang x", "bc"), workers=2, deadline_s=0.3))

    assert asyncio.run(inside()) == [[1.0], [-1.0], [2.0]]


def test_two_runs_at_once_do_not_disturb_each_other(act):
    one = run(act, groups_of("a", "exit x", "bc"), workers=1)
    two = run(act, groups_of("abc", "kill x", "d"), workers=1)
    mixed = [(a.scores[0].value, b.scores[0].value) for a, b in zip(one, two, strict=True)]
    assert mixed == [(1.0, 3.0), (-1.0, -1.0), (2.0, 1.0)]


# --- what waits for a server ----------------------------------------------------------------------


class Waiting:
    """A reward of a server: it scores several batches at a time, in its own time."""

    relative, deterministic, cpu_bound = False, False, False

    def __init__(self, in_flight=8, seconds=lambda text: 0.0):
        self.in_flight, self.seconds = in_flight, seconds
        self.lock = threading.Lock()
        self.scored: list[str] = []
        self.busy = self.most_busy = 0

    def score(self, groups):
        texts = [response.text for group in groups for response in group.responses]
        with self.lock:
            self.busy += len(groups)
            self.most_busy = max(self.most_busy, self.busy)
        try:
            time.sleep(max([0.0, *map(self.seconds, texts)]))
            with self.lock:
                self.scored.extend(texts)
            return [[self.one(group, r.text) for r in group.responses] for group in groups]
        finally:
            with self.lock:
                self.busy -= len(groups)

    def one(self, group, text):
        word, _, _ = text.partition(" ")
        if word == "data":
            raise DataError("odd row", where=text)
        if word == "engine":
            raise EngineError("down", 503)
        if word == "system":
            return Score(math.nan, fault="system", error="no reply")
        return Score(float(len(text)))


def test_batches_that_overlap_keep_their_order():
    reward = Waiting(seconds=lambda text: 0.02 if len(text) % 3 == 0 else 0.001)
    groups = [Group("p", ["x" * (n % 7)] * (n % 3)) for n in range(100)]
    results = list(run(reward, groups))
    assert [result.index for result in results] == list(range(100))
    assert all(result.group is group for result, group in zip(results, groups, strict=True))
    assert values(results) == [[n % 7] * (n % 3) for n in range(100)]


def test_a_slow_one_does_not_stop_the_others():
    def seconds(text):
        began = time.monotonic()
        while text == "slow" and len(reward.scored) < 14 and time.monotonic() - began < 100:
            time.sleep(0.001)
        return 0.0

    reward = Waiting(seconds=seconds)
    results = run(reward, groups_of("slow", *["x"] * 15))
    assert len(list(results)) == 16
    assert "slow" in reward.scored[-2:]


@pytest.mark.parametrize("in_flight", [2, 3, 5, 8, 64])
@pytest.mark.parametrize("batch_size", [1, 64])
def test_no_more_groups_are_under_way_than_twice_what_it_bears(in_flight, batch_size):
    reward = Waiting(in_flight, seconds=lambda text: 0.002)
    taken = 0

    def items():
        nonlocal taken
        for _ in range(6 * in_flight + 20):
            taken += 1
            yield Group("p", ["a"])

    ahead = [taken - result.index for result in run(reward, items(), batch_size=batch_size)]
    assert 1 < reward.most_busy <= 2 * in_flight
    assert max(ahead) <= 4 * in_flight + 20


def test_what_bears_one_call_at_a_time_gets_one():
    reward = Waiting(1)
    assert values(run(reward, groups_of("a", "bc"))) == [[1.0], [2.0]]
    assert reward.most_busy == 2  # a batch, as of any other


def test_bad_rows_cost_nobody_else_where_batches_overlap():
    bad = DataError("broken", where="f:2")
    items = [*groups_of("a", "data x", "bc"), bad, *groups_of(["d", "data y"], "efg"), bad]
    results = list(run(Waiting(), items))
    assert values(results) == [[1.0], [], [2.0], [], [], [3.0], []]
    assert [str(result.error) for result in results if result.error] == [
        "data x: odd row", "f:2: broken", "data y: odd row", "f:2: broken",
    ]  # fmt: skip
    assert list(run(Waiting(), [bad] * 9))[8].error is bad
    assert list(run(Waiting(), [])) == []


def test_strict_stops_where_batches_overlap():
    items = [*groups_of("a", "bc"), DataError("broken"), *groups_of("d")]
    results = run(Waiting(), items, strict=True)
    assert [next(results).index for _ in range(2)] == [0, 1]
    with pytest.raises(DataError, match="broken"):
        next(results)


def test_an_engine_that_fails_ends_the_run_and_begins_no_new_batch():
    reward = Waiting(2, seconds=lambda text: 0.005)
    results = run(reward, groups_of(*["a"] * 5, "engine x", *["b"] * 500))
    with pytest.raises(EngineError, match="down"):
        list(results)
    time.sleep(0.1)
    assert len(reward.scored) < 40


def test_an_error_of_the_reader_comes_up_where_batches_overlap():
    def items():
        yield Group("p", ["a"])
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        list(run(Waiting(), items()))


def test_closing_begins_no_new_batch_and_does_not_wait():
    release = threading.Event()
    reward = Waiting(2, seconds=lambda text: text == "slow" and release.wait(100) and 0.0)
    results = run(reward, groups_of("a", *["slow"] * 200))
    assert next(results).index == 0
    results.close()
    assert reward.scored == ["a"]
    release.set()
    began = time.monotonic()
    while reward.busy and time.monotonic() - began < 100:
        time.sleep(0.005)
    time.sleep(0.1)
    assert len(reward.scored) <= 1 + 4


def test_what_is_paid_for_is_not_scored_twice():
    reward = Waiting()
    results = list(run(reward, groups_of("a", "system x", "b")))
    assert [result.scores[0].fault for result in results] == [None, "system", None]
    assert sorted(reward.scored) == ["a", "b", "system x"]
    known = Waiting()
    known.deterministic = True
    list(run(known, groups_of("a", "system x", "b")))
    assert sorted(known.scored) == ["a", "b", "system x", "system x"]


def test_overlapping_runs_inside_a_running_event_loop():
    async def inside():
        return values(run(Waiting(), groups_of("a", "bc", "def")))

    assert asyncio.run(inside()) == [[1.0], [2.0], [3.0]]


def test_a_batch_at_most_doubles_and_takes_about_twenty_milliseconds():
    size = _BatchSize(64)
    sizes = [size.now]
    for seconds in (1e-9, 1e-9, 0.0, 0.001, 1e-9, 0.02, 0.08, 9.0):
        size.learn(size.now, seconds)
        sizes.append(size.now)
    assert sizes == [1, 2, 4, 8, 16, 32, 32, 8, 1]
    for _ in range(9):
        size.learn(size.now, 0.0)
    assert size.now == 64


def test_progress_counts_only_the_tokens_that_were_counted():
    scores = [Score(1.0, {"num_tokens": 5.0}), Score(1.0, {"other": 1.0}), Score(math.nan)]
    progress = Progress()
    progress.count([Result(0, None, scores, None), Result(1, None, [], DataError("odd"))])
    assert (progress.rows, progress.bad_rows, progress.responses) == (2, 1, 3)
    assert (progress.tokens, progress.unscored) == (5, 1)


def test_four_batches_for_each_worker_are_read_ahead():
    taken = []

    def stream():
        for i in range(50):
            taken.append(i)
            yield Group("p", [f"{i}"])

    results = run(LENGTH, stream(), workers=1, batch_size=1)
    with contextlib.closing(results):
        assert next(results).index == 0
        assert len(taken) == 4
        next(results)
        assert len(taken) == 5
