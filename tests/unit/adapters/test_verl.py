"""Functions written for verl: one response a call, or a batch where the names are plural."""

import asyncio

import pytest

from plaudit import Group, laws
from plaudit.adapters import verl
from plaudit.errors import ConfigError, DataError

ROW = {"data_source": "gsm8k", "ground_truth": "42", "extra_info": {"index": 3}}


def one(reward, response="42", columns=ROW):
    return reward.score([Group("6 x 7?", [response], columns, id="r")])[0][0]


def test_the_call_of_the_naive_manager():
    def compute_score(data_source, solution_str, ground_truth, extra_info=None, **kwargs):
        assert (data_source, extra_info, kwargs) == ("gsm8k", {"index": 3}, {"strict": True})
        return float(solution_str == ground_truth)

    reward = verl.wrap(compute_score, strict=True)
    assert (one(reward).value, one(reward, "41").value) == (1.0, 0.0)


def test_a_dict_is_a_value_with_parts_and_a_note():
    def compute_score(data_source, solution_str, ground_truth, extra_info=None):
        return {"score": -1.0, "acc": False, "num_boxes": 2, "pred": "41", "odd": float("nan")}

    score = one(verl.wrap(compute_score))
    assert (score.value, score.parts, score.note) == (
        -1.0,
        {"acc": 0.0, "num_boxes": 2.0},
        "pred: 41",
    )


def test_a_dict_without_a_score():
    with pytest.raises(ConfigError, match="without 'score'"):
        one(verl.wrap(lambda data_source, solution_str, ground_truth: {"acc": 1.0}))


def test_the_batch_manager_calls_once():
    calls = []

    def compute_score(data_sources, solution_strs, ground_truths, extra_infos):
        calls.append((data_sources, solution_strs, ground_truths, extra_infos))
        return [{"score": 1.0, "acc": 1.0}, 0.0]

    scores = verl.wrap(compute_score).score([Group("?", ["42", "41"], ROW)])[0]
    assert [s.value for s in scores] == [1.0, 0.0]
    assert scores[0].parts == {"acc": 1.0}
    assert calls == [
        (["gsm8k"] * 2, ["42", "41"], ["42", "42"], [{"index": 3}, {"index": 3}]),
    ]


@pytest.mark.parametrize(
    "columns",
    [
        {"reference": "42"},
        {"reward_model": {"style": "rule", "ground_truth": "42"}},
        {"answer": "42"},
    ],
)
def test_where_the_ground_truth_stands(columns):
    def compute_score(data_source, solution_str, ground_truth, extra_info):
        return float((data_source, ground_truth, extra_info) == ("", "42", {}))

    assert one(verl.wrap(compute_score), columns=columns).value == 1.0


def test_without_a_ground_truth_the_row_is_named():
    with pytest.raises(DataError, match="row r, response 1: field 'ground_truth'"):
        one(verl.wrap(lambda data_source, solution_str, ground_truth: 0.0), columns={})


def test_another_column():
    reward = verl.wrap(
        lambda data_source, solution_str, ground_truth: float(ground_truth == "g"),
        columns={"ground_truth": "gold"},
    )
    assert one(reward, columns={"gold": "g", "reference": "other"}).value == 1.0


def test_async_functions_run_at_once():
    running = []

    async def compute_score(data_source, solution_str, ground_truth, extra_info=None):
        running.append(solution_str)
        while len(running) < 3:  # would never end one after the other
            await asyncio.sleep(0)
        return len(solution_str)

    scores = verl.wrap(compute_score).score([Group("?", ["a", "bb", "ccc"], ROW)])[0]
    assert [s.value for s in scores] == [1.0, 2.0, 3.0]


def test_an_exception_names_the_row_and_leaves_the_others():
    def compute_score(data_source, solution_str, ground_truth, extra_info=None):
        return float(solution_str)

    good, bad = verl.wrap(compute_score).score([Group("?", ["1", "x"], ROW, id="r")])[0]
    assert good.value == 1.0
    assert bad.error.startswith("ValueError")
    assert bad.error.endswith("(row r, response 2)")


def test_a_function_that_needs_what_verl_does_not_give():
    with pytest.raises(ConfigError, match="needs completions, which verl does not give"):
        verl.wrap(lambda completions: 0.0)


def test_a_parameter_that_the_function_does_not_take():
    with pytest.raises(ConfigError, match="takes no parameter typo"):
        verl.wrap(lambda data_source, solution_str, ground_truth: 0.0, typo=1)


def compare(data_source, solution_str, ground_truth, extra_info=None):
    return {"score": float(solution_str == ground_truth), "num_chars": len(solution_str)}


def test_every_law_is_kept():
    assert laws.check(verl.wrap(compare)) == []
