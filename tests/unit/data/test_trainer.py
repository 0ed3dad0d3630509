"""The rows of each trainer: the columns that its data loader reads."""

import pytest

from plaudit.data.judged import Judged, JudgedResponse
from plaudit.data.selection import Pick
from plaudit.data.trainer import LAYOUTS, layout
from plaudit.errors import ConfigError, DataError
from plaudit.types import Response

ASK = {"role": "user", "content": "2+2?"}
SYSTEM = {"role": "system", "content": "Be brief."}
FOUR, FIVE = {"role": "assistant", "content": "4"}, {"role": "assistant", "content": "5"}
CALL = {"role": "assistant", "content": "", "tool_calls": [{"name": "add"}]}
COLUMNS = {"answer": "4", "level": 1}
RATE = {"pass_rate": 0.5, "num_scored": 2, "num_unscored": 0}
CELLS = [(name, to) for name, kinds in LAYOUTS.items() for to in kinds]


def pick(to, prompt=(ASK,), columns=COLUMNS, chosen=None):
    members = (
        JudgedResponse(chosen or Response("4"), 1.0, row=7),
        JudgedResponse(Response("5"), 0.0, row=7, place=1),
    )
    judged = Judged(prompt, members, columns)
    if to == "preference":
        return Pick(judged, *members, {"margin": 1.0})
    return Pick(judged, *((members[0], None) if to == "sft" else (None, None)), RATE)


EXPECTED = {
    ("trl", "preference"): {"prompt": "2+2?", "chosen": "4", "rejected": "5"},
    ("trl", "sft"): {"prompt": "2+2?", "completion": "4"},
    ("trl", "rl-prompts"): {"prompt": "2+2?", "pass_rate": 0.5, **COLUMNS},
    ("trl-chat", "preference"): {"prompt": [ASK], "chosen": [FOUR], "rejected": [FIVE]},
    ("trl-chat", "sft"): {"prompt": [ASK], "completion": [FOUR]},
    ("trl-chat", "rl-prompts"): {"prompt": [ASK], "pass_rate": 0.5, **COLUMNS},
    ("llama-factory", "preference"): {
        "instruction": "2+2?", "input": "", "system": "", "history": [],
        "chosen": "4", "rejected": "5",
    },
    ("llama-factory", "sft"): {
        "instruction": "2+2?", "input": "", "system": "", "history": [], "output": "4",
    },
    ("llama-factory", "rl-prompts"): {
        "instruction": "2+2?", "input": "", "system": "", "history": [], "output": "",
        "pass_rate": 0.5,
    },
    ("llama-factory-sharegpt", "preference"): {
        "conversations": [{"from": "human", "value": "2+2?"}],
        "chosen": {"from": "gpt", "value": "4"}, "rejected": {"from": "gpt", "value": "5"},
    },
    ("llama-factory-sharegpt", "sft"): {
        "conversations": [{"from": "human", "value": "2+2?"}, {"from": "gpt", "value": "4"}],
    },
    ("openrlhf", "preference"): {"prompt": [ASK], "chosen": [FOUR], "rejected": [FIVE]},
    ("openrlhf", "sft"): {"input": [ASK], "output": [FOUR]},
    ("openrlhf", "rl-prompts"): {
        "input": [ASK], "label": "4", "datasource": "default", "pass_rate": 0.5,
    },
    ("verl", "sft"): {"messages": [ASK, FOUR]},
    ("verl", "rl-prompts"): {
        "data_source": "plaudit", "prompt": [ASK], "ability": "",
        "reward_model": {"style": "rule", "ground_truth": "4"},
        "extra_info": {"split": "train", "index": 7, "pass_rate": 0.5},
    },
    ("plaudit", "preference"): {"prompt": "2+2?", "chosen": "4", "rejected": "5", **COLUMNS},
    ("plaudit", "sft"): {"prompt": "2+2?", "response": "4", **COLUMNS},
    ("plaudit", "rl-prompts"): {"prompt": "2+2?", "pass_rate": 0.5, **COLUMNS},
}  # fmt: skip


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "-".join(cell))
def test_columns(cell):
    assert layout(*cell)(pick(cell[1])) == EXPECTED[cell]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "-".join(cell))
def test_several_turns_fit_or_are_refused_never_flattened(cell):
    prompt = (SYSTEM, ASK, FOUR, {"role": "user", "content": "And 3?"})
    if cell[0] == "trl":
        with pytest.raises(DataError, match="trl-chat"):
            layout(*cell)(pick(cell[1], prompt))
        return
    told = repr(layout(*cell)(pick(cell[1], prompt)))
    assert all(text in told for text in ("Be brief.", "2+2?", "'4'", "And 3?"))


def test_history_is_rounds():
    prompt = (SYSTEM, ASK, FOUR, {"role": "user", "content": "And 3?"})
    told = layout("llama-factory", "sft")(pick("sft", prompt))
    assert told["system"] == "Be brief."
    assert told["history"] == [["2+2?", "4"]]
    assert told["instruction"] == "And 3?"


@pytest.mark.parametrize("prompt", [(ASK, ASK), (SYSTEM,), (), (FOUR, ASK)])
def test_turns_that_are_no_rounds_do_not_fit_the_alpaca_layout(prompt):
    with pytest.raises(DataError, match="in alternation"):
        layout("llama-factory", "sft")(pick("sft", prompt))


@pytest.mark.parametrize("name", ["trl", "llama-factory", "llama-factory-sharegpt"])
def test_tool_calls_need_a_layout_of_turns(name):
    called = Response("4", (CALL, {"role": "tool", "content": "4"}, FOUR))
    with pytest.raises(DataError, match="trl-chat"):
        layout(name, "sft")(pick("sft", chosen=called))
    told = layout("trl-chat", "sft")(pick("sft", chosen=called))
    assert told["completion"] == [CALL, {"role": "tool", "content": "4"}, FOUR]


def test_both_sides_of_a_pair_have_one_shape():
    called = Response("4", (CALL, FOUR))
    told = layout("plaudit", "preference")(pick("preference", chosen=called))
    assert told["chosen"] == [CALL, FOUR]
    assert told["rejected"] == [FIVE]


def test_no_reference_asks_a_model():
    told = layout("verl", "rl-prompts")(pick("rl-prompts", columns={"data_source": "mine"}))
    assert told["reward_model"] == {"style": "model", "ground_truth": ""}
    assert told["data_source"] == "mine"


def test_the_id_stays_where_columns_do():
    one = pick("sft")
    one = one._replace(judged=one.judged._replace(id="q7"))
    assert layout("plaudit", "sft")(one)["id"] == "q7"
    assert "id" not in layout("trl", "sft")(one)


def test_the_columns_of_a_layout_are_not_overwritten():
    told = layout("plaudit", "sft")(pick("sft", columns={"prompt": "other", "x": 1}))
    assert told["prompt"] == "2+2?"


def test_unknown_and_impossible_layouts():
    with pytest.raises(ConfigError, match="did you mean 'openrlhf'"):
        layout("openrlfh", "sft")
    with pytest.raises(ConfigError, match=r"no preference rows.*come in plaudit, trl"):
        layout("verl", "preference")
