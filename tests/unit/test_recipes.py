"""The shipped recipes: each builds, scores its kind of rows, and says what it is."""

import math
from pathlib import Path

import pytest
import yaml

import plaudit
from plaudit import Group, Response
from plaudit.registry import read_recipe

FOLDER = Path(plaudit.__file__).parent / "recipes"
SHIPPED = [
    "code",
    "dapo",
    "data-quality",
    "grpo-flat",
    "kimi-k1.5",
    "math",
    "mini-r1-zero",
    "r1",
    "r1-general",
    "r1-zero",
    "reasoning",
]
GOOD = "<think>Six sevens make forty-two.</think><answer>\\boxed{42}</answer>"
WRONG = "<think>Six sevens make forty-one.</think><answer>\\boxed{41}</answer>"
BARE = "So it is 42."


def score(name, *responses, prompt="What is six times seven?", **columns):
    columns = {"reference": "42", **columns}
    return plaudit.build(name).score([Group(prompt, responses, columns)])[0]


def tokens(text, count):
    return Response(text, token_ids=tuple(range(count)))


def test_these_are_shipped():
    assert plaudit.recipes() == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_says_what_it_is_and_is_commented(name):
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    description = read_recipe(name)["description"]
    assert 20 < len(description) < 100
    assert text.count("#") >= 2
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("name", SHIPPED)
def test_prints_as_it_was_built(name):
    from plaudit.combine import (  # noqa: F401
        Member,
        affine,
        mean,
        route,
        view,
        weighted,
    )

    load = plaudit.load  # noqa: F841
    reward = plaudit.build(name)
    assert repr(eval(repr(reward))) == repr(reward)


def test_r1_zero_is_accuracy_and_format_with_equal_weight():
    values = [s.value for s in score("r1-zero", GOOD, WRONG, BARE)]
    assert values == [2.0, 1.0, 1.0]


def test_r1_adds_the_language_of_the_reasoning():
    chinese = "<think>六乘七等于四十二，所以答案就是这个。</think><answer>42</answer>"
    first, second = score("r1", GOOD, chinese)
    assert first.value == 3.0
    assert second.parts["accuracy"] == second.parts["format"] == 1.0
    assert second.parts["language"] == 0.0


def test_r1_without_words_in_the_prompt_renormalises():
    (only,) = score("r1", WRONG, prompt="6 * 7 = ?")
    assert only.value == 1.5  # format 1 of the weights 2, scaled to 3
    assert "language left out" in only.note


@pytest.mark.parametrize(
    "response",
    [
        "<think>Six sevens make forty-two.</think>It is 42.",
        "Six sevens make forty-two.</think>\\boxed{42}",
        "[THINK]Six sevens make forty-two.[/THINK]It is 42.",
        "<|channel|>analysis<|message|>Six sevens make forty-two.<|end|><|start|>assistant"
        "<|channel|>final<|message|>It is 42.<|return|>",
    ],
)
def test_reasoning_takes_the_think_block_of_any_family(response):
    assert score("reasoning", response)[0].value == 3.0


def test_reasoning_pays_nothing_for_an_answer_within_unfinished_reasoning():
    (only,) = score("reasoning", "<think>Six sevens make \\boxed{42}, but")
    assert (only.parts["accuracy"], only.parts["format"]) == (0.0, 0.0)


def test_math_is_accuracy_alone():
    assert [s.value for s in score("math", GOOD, WRONG, BARE)] == [1.0, 0.0, 1.0]


def test_dapo_gives_one_or_minus_one_and_punishes_length_in_tokens():
    responses = [tokens(GOOD, 16384), tokens(WRONG, 10), tokens(GOOD, 18432), tokens(WRONG, 30000)]
    assert [s.value for s in score("dapo", *responses)] == [1.0, -1.0, 0.5, -2.0]


def test_dapo_without_tokens_says_the_way_out():
    with pytest.raises(plaudit.DataError, match="token_ids or a tokenizer"):
        score("dapo", GOOD)


def test_kimi_adds_the_length_reward_of_the_group():
    responses = [tokens(GOOD, 100), tokens(GOOD, 200), tokens(WRONG, 100), tokens(WRONG, 150)]
    assert [s.value for s in score("kimi-k1.5", *responses)] == [1.5, 0.5, 0.0, 0.0]


def test_mini_r1_zero_is_the_original_with_a_cap():
    response = "<think>" + "wait " * 20 + "</think><answer>42</answer>"
    (only,) = score("mini-r1-zero", response, reference="6 * 7 = 42\n#### 42")
    assert only.parts == {"accuracy": 1.0, "format": 1.0, "reflection": 0.5, "length": 0.0}
    assert only.value == 2.5


def test_grpo_flat_needs_no_reference():
    pytest.importorskip("jieba")
    reward = plaudit.build("grpo-flat")
    (only,) = reward.score([Group("问", ["好" * 200])])[0]
    assert only.parts["length"] == 10.0
    assert only.parts["chinese"] == 10.0
    assert only.parts["marks"] == 0.0


def test_data_quality_lowers_a_loop_and_keeps_an_ordinary_text():
    text = "Photosynthesis turns light, water and carbon dioxide into sugar and oxygen."
    loop = "Let me think about it again. " * 60
    good, bad = score("data-quality", text, loop, prompt="What is photosynthesis?")
    assert good.value == pytest.approx(1.0)
    assert bad.parts["loop"] == 0.0
    assert bad.value < 0.6


def test_data_quality_does_not_blame_digits_for_their_language():
    (only,) = score("data-quality", "1, 2, 3, 5, 7, 11, 13", prompt="List some primes.")
    assert only.parts["language"] == 1.0


def test_r1_general_runs_only_the_branch_of_the_row():
    reward = plaudit.build("r1-general")
    thought = "<think>It is easy to see.</think>"
    code = thought + "```python\nprint(42)\n```"
    groups = [
        Group("What is six times seven?", [GOOD], {"data_source": "math", "reference": "42"}),
        Group(
            "Print it.", [code], {"data_source": "code", "tests": [{"input": "", "output": "42"}]}
        ),
        Group("Say hello to her.", [thought + "Hello!"], {"data_source": "chat"}),
    ]
    math_, code_, other = (scores[0] for scores in reward.score(groups))
    assert math_.value == 3.0
    assert {name: code_.parts[name] for name in ("tests", "fenced", "format")} == {
        "tests": 1.0,
        "fenced": 1.0,
        "format": 1.0,
    }
    assert other.parts["preference"] == 0.0
    assert other.value == 2.5


def test_r1_general_has_a_slot_for_a_reward_of_ones_own():
    recipe = yaml.safe_load((FOLDER / "r1-general.yaml").read_text(encoding="utf-8"))
    slot = recipe["cases"]["general"]["parts"]["preference"]
    slot["use"] = "rules.baseline.length"
    group = Group("Say hello to her.", ["<think>It is easy.</think>Hello"], {"data_source": "chat"})
    (only,) = plaudit.build(recipe).score([group])[0]
    assert only.parts["preference"] == 5.0  # sees the answer only


@pytest.mark.parametrize("name", ["r1-zero", "r1", "reasoning", "math"])
def test_a_missing_reference_is_an_error_that_names_the_column(name):
    with pytest.raises(plaudit.DataError, match="field 'reference'"):
        plaudit.build(name).score([Group("What is it?", [GOOD])])


def test_a_reference_that_cannot_be_read_is_nobody_s_zero():
    (only,) = score("r1-zero", GOOD, reference="")
    assert math.isnan(only.value)
    assert only.fault == "input"
