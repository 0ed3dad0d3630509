"""Functions written for TRL: what they are given, what becomes of what they return."""

import asyncio
import copy
import math
import pickle
import threading

import pytest

import plaudit
from plaudit import Group, Response, laws
from plaudit.adapters import trl
from plaudit.errors import ConfigError, DataError, ScoringError


def groups():
    return [
        Group("6 x 7?", ["42", Response("41", token_ids=(4, 1))], {"solution": "42"}),
        Group("1 + 1?", ["2"], {"solution": "2"}, id="second"),
    ]


def values(reward, given=None):
    return [[score.value for score in row] for row in reward.score(given or groups())]


def length(completions, **kwargs):
    return [float(len(c[0]["content"])) for c in completions]


def test_one_call_for_the_whole_batch_with_what_the_trainer_gives():
    calls = []

    def spy(**kwargs):
        calls.append(kwargs)
        return [1.0, 2.0, 3.0]

    assert values(trl.wrap(spy)) == [[1.0, 2.0], [3.0]]
    (given,) = calls
    user = [{"role": "user", "content": "6 x 7?"}]
    assert given["prompts"] == [user, user, [{"role": "user", "content": "1 + 1?"}]]
    assert given["completions"][1] == [{"role": "assistant", "content": "41"}]
    assert given["completion_ids"] == [None, [4, 1], None]
    assert given["solution"] == ["42", "42", "2"]
    assert given["trainer_state"] is None
    assert given["log_metric"]("name", 1.0) is given["log_extra"]("column", []) is None


def test_texts_where_the_data_are_not_conversational():
    def short(prompts, completions):
        assert prompts[0] == "6 x 7?"
        return [float(c == "42") for c in completions]

    assert values(trl.wrap(short, conversational=False)) == [[1.0, 0.0], [0.0]]


def test_turns_of_a_response_are_the_completion():
    turns = ({"role": "assistant", "content": "a"}, {"role": "tool", "content": "b"})
    count = trl.wrap(lambda completions, **_: [len(c) for c in completions])
    assert values(count, [Group("?", [Response("b", messages=turns)])]) == [[2.0]]


def test_the_columns_of_a_response_come_before_those_of_the_row():
    given = [Group("?", [Response("a", columns={"gold": "x"}), "b"], {"gold": "y"})]
    reward = trl.wrap(lambda completions, gold: [float(g == "x") for g in gold])
    assert values(reward, given) == [[1.0, 0.0]]


def test_parameters_and_bound_columns():
    def fn(completions, gold, weight):
        return [weight * (c[0]["content"] == g) for c, g in zip(completions, gold, strict=True)]

    reward = trl.wrap(fn, weight=2.0, columns={"gold": "solution"})
    assert values(reward) == [[2.0, 0.0], [2.0]]
    assert repr(reward) == (
        "load('adapters.trl.wrap', fn='" + fn.__module__ + ":" + fn.__qualname__ + "',"
        " weight=2.0, columns={'gold': 'solution'})"
    )


def test_a_missing_column_names_row_and_column():
    def fn(completions, gold, **kwargs):
        return [0.0] * len(completions)

    with pytest.raises(DataError, match=r"row \w+, response 1: field 'gold': missing column"):
        trl.wrap(fn).score(groups())


def test_any_name_of_the_reference_finds_the_others():
    reward = trl.wrap(lambda completions, solution: [float(s == "7") for s in solution])
    assert values(reward, [Group("?", ["a"], {"reference": "7"})]) == [[1.0]]


def test_token_ids_that_a_function_needs():
    reward = trl.wrap(lambda completion_ids: [float(len(ids)) for ids in completion_ids])
    assert values(reward, [Group("?", [Response("a", token_ids=(1, 2))])]) == [[2.0]]
    with pytest.raises(DataError, match="carries no token_ids"):
        reward.score([Group("?", ["a"])])


# --- what comes back ------------------------------------------------------------------------------


def test_none_is_unscored_with_an_input_fault():
    reward = trl.wrap(lambda completions, **_: [1.0, None, 0.5])
    scores = reward.score(groups())
    assert [s.fault for s in scores[0]] == [None, "input"]
    assert math.isnan(scores[0][1].value)
    assert "returned None (row " in scores[0][1].error
    assert "response 2)" in scores[0][1].error
    assert scores[1][0].value == 0.5


@pytest.mark.parametrize("value", [math.nan, math.inf, object()])
def test_what_is_no_finite_number_is_unscored_with_a_system_fault(value):
    score = trl.wrap(lambda completions: [value]).score([Group("?", ["a"], id="r1")])[0][0]
    assert not score.is_scored
    assert score.fault == "system"
    assert "(row r1, response 1)" in score.error


@pytest.mark.parametrize("value", [True, 1, "numpy", "torch"])
def test_numbers_of_any_kind(value):
    if value == "numpy":
        value = pytest.importorskip("numpy").float32(1)
    if value == "torch":
        value = pytest.importorskip("torch").tensor(1.0)
    assert values(trl.wrap(lambda completions: [value]), [Group("?", ["a"])]) == [[1.0]]


def test_an_exception_costs_only_the_row_that_raised_it():
    def first(completions, **kwargs):
        return [1 / len(c[0]["content"]) for c in completions]

    given = [Group("?", ["a", "", "bb"], id="r7")]
    good, bad, other = trl.wrap(first).score(given)[0]
    assert (good.value, other.value) == (1.0, 0.5)
    assert bad.fault == "system"
    assert bad.error.startswith("ZeroDivisionError: ")
    assert bad.error.endswith("(row r7, response 2)")
    assert "test_trl.py:" in bad.error


def test_a_scoring_error_says_whose_fault_it_is():
    def fn(completions):
        raise ScoringError("judge is down", fault="system")

    score = trl.wrap(fn).score([Group("?", ["a"])])[0][0]
    assert (score.fault, score.error.partition(" (")[0]) == ("system", "judge is down")


def test_results_of_the_wrong_length_name_the_function():
    with pytest.raises(ConfigError, match=r"returned 1 values for 3 responses"):
        trl.wrap(lambda completions, **_: [1.0]).score(groups())


@pytest.mark.parametrize("result", ["text", 1.0, None, {"a": 1}])
def test_results_that_are_no_list(result):
    with pytest.raises(ConfigError, match="expected a list"):
        trl.wrap(lambda completions, **_: result).score(groups())


def test_strings_are_refused():
    with pytest.raises(ConfigError, match=r"returned the text '1.0' \(row "):
        trl.wrap(lambda completions, **_: ["1.0"] * 3).score(groups())


def test_nothing_for_nothing():
    reward = trl.wrap(length)
    assert reward.score([]) == []
    assert reward.score([Group("?", [])]) == [[]]


# --- async ----------------------------------------------------------------------------------------


async def slowly(completions, **kwargs):
    await asyncio.sleep(0)
    return [float(threading.current_thread().name == "plaudit-adapters") for _ in completions]


def test_async_functions_run_on_a_loop_of_their_own():
    reward = trl.wrap(slowly)
    assert not reward.cpu_bound
    assert values(reward) == [[1.0, 1.0], [1.0]]


def test_async_functions_work_inside_a_running_loop():
    async def caller():
        return values(trl.wrap(slowly))

    assert asyncio.run(caller()) == [[1.0, 1.0], [1.0]]


def test_an_exception_of_an_async_function_names_the_row():
    async def fails(completions, **kwargs):
        return [1 / len(c[0]["content"]) for c in completions]

    scores = trl.wrap(fails).score([Group("?", ["a", ""], id="r")])[0]
    assert scores[0].value == 1.0
    assert "ZeroDivisionError" in scores[1].error
    assert "(row r, response 2)" in scores[1].error


# --- as a Reward ----------------------------------------------------------------------------------


def test_a_relative_function_gets_one_group_a_call():
    def shortest(completions, **kwargs):
        sizes = [len(c[0]["content"]) for c in completions]
        return [float(size == min(sizes)) for size in sizes]

    reward = trl.wrap(shortest, relative=True)
    assert reward.relative
    assert values(reward) == [[1.0, 1.0], [1.0]]
    assert laws.check(trl.wrap(rank, relative=True)) == []


def rank(completions, **kwargs):
    sizes = sorted(len(c[0]["content"]) for c in completions)
    return [float(sizes.index(len(c[0]["content"]))) for c in completions]


def test_every_law_is_kept():
    assert laws.check(trl.wrap(length)) == []


def test_it_pickles_and_copies():
    reward = trl.wrap(length)
    for again in (pickle.loads(pickle.dumps(reward)), copy.deepcopy(reward)):
        assert values(again) == [[2.0, 2.0], [1.0]]


def nan_for_empty(completions, **kwargs):
    return [float(len(c[0]["content"])) or math.nan for c in completions]


def place(completions, **kwargs):
    return [float(i) for i in range(len(completions))]


def main_thread_only(completions, **kwargs):
    if threading.current_thread() is not threading.main_thread():
        raise ValueError("signal only works in main thread")
    return [1.0] * len(completions)


def quadratic(completions, **kwargs):
    sizes = [min(len(c[0]["content"]), 100_000) // 5 for c in completions]
    return [float(sum(1 for i in range(n) for _ in range(0, n, 8)) % 2) for n in sizes]


@pytest.mark.parametrize(
    ("fn", "law"),
    [
        (nan_for_empty, "hard_texts_are_scored"),
        (place, "independent_of_the_batch"),
        (place, "independent_of_the_group"),
        (main_thread_only, "works_in_a_thread"),
        (lambda completions, **_: [0.0] * len(completions), "pickles"),
        (quadratic, "time_grows_linearly"),
    ],
)
def test_check_finds_the_faults_of_a_function(fn, law):
    assert law in {finding.law for finding in laws.check(trl.wrap(fn))}


# --- by name, and in recipes ----------------------------------------------------------------------


@pytest.fixture
def package(tmp_path, monkeypatch):
    source = "def long(completions, **kwargs):\n    return [float(len(c)) for c in completions]\n"
    (tmp_path / "wrapped_pkg.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "wrapped_pkg:long"


def test_in_a_recipe(package):
    node = {"use": "adapters.trl.wrap", "fn": package, "conversational": False}
    reward = plaudit.build({"use": "combine.weighted", "parts": {"long": node}})
    assert values(reward) == [[2.0, 2.0], [1.0]]
    assert repr(plaudit.build(node)) == (
        "load('adapters.trl.wrap', fn='wrapped_pkg:long', conversational=False)"
    )


def test_a_recipe_may_load_only_what_is_allowed(package):
    node = {"use": "adapters.trl.wrap", "fn": package}
    with pytest.raises(ConfigError, match=r"recipe\.fn: .*--allow-import wrapped_pkg"):
        plaudit.build(node, allow=["plaudit"])
    assert plaudit.build(node, allow=["plaudit", "wrapped_pkg"])


@pytest.mark.parametrize("fn", ["os.system", "plaudit.registry:load", "no_such_pkg_at_all:fn", 7])
def test_names_of_nothing(fn):
    with pytest.raises(ConfigError):
        plaudit.build({"use": "adapters.trl.wrap", "fn": fn})


def test_nothing_else_of_the_adapters_can_be_named():
    for name in ("adapters._wrapped.Wrapped", "adapters.trl.function_of", "adapters.trl._TRL"):
        with pytest.raises(ConfigError, match="no reward"):
            plaudit.load(name)


# --- the installed package ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rewards():
    return pytest.importorskip("trl.rewards", reason="trl is not installed")


def test_think_format_of_trl(rewards):
    texts = ["<think>a</think>b", "b", "<think>a"]
    wrapped = trl.wrap(rewards.think_format_reward)
    original = rewards.think_format_reward([[{"content": text}] for text in texts])
    assert values(wrapped, [Group("?", texts)]) == [original]
    assert values(wrapped, [Group("?", texts)]) == [[1.0, 0.0, 0.0]]


def test_accuracy_of_trl_skips_what_it_cannot_read(rewards):
    reward = trl.wrap(rewards.accuracy_reward)
    given = [
        Group("?", [r"\boxed{42}", r"\boxed{41}"], {"solution": "$42$"}),
        Group("?", [r"\boxed{[-2,7]}"], {"solution": "no formula"}, id="words"),
    ]
    (right, wrong), (skipped,) = reward.score(given)
    assert (right.value, wrong.value) == (1.0, 0.0)
    assert skipped.fault == "input"
    assert "(row words, response 1)" in skipped.error


def test_soft_overlong_of_trl(rewards):
    fn = rewards.get_soft_overlong_punishment(max_completion_len=100, soft_punish_cache=20)
    reward = trl.wrap(fn)
    given = [Group("?", [Response("a", token_ids=(1,) * n) for n in (80, 90, 101)])]
    assert values(reward, given) == [[0, -0.5, -1]]
