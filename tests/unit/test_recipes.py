"""The shipped recipes: each builds, scores its kind of rows, and says what it is."""

import gzip
import hashlib
import json
import math
import random
from pathlib import Path

import pytest
import yaml

import plaudit
from plaudit import Group, Response
from plaudit.registry import read_recipe

DATA = Path(__file__).parents[2] / "../shared/data"
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
        clip,
        mean,
        minimum,
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
    assert good.value == 1.0
    assert bad.parts["loop"] == bad.value == 0.0


PARAGRAPH = (
    "Photosynthesis is the process by which plants turn light, water and carbon dioxide into sugar"
    " and oxygen. It takes place in the chloroplasts, where chlorophyll absorbs the light. The"
    " sugar feeds the plant, and the oxygen is released into the air. "
)
STORY = (
    "The French Revolution began in 1789, when the king called the Estates General because the"
    " state was close to bankruptcy. Within months the old order had fallen apart, and the new"
    " assembly abolished feudal privileges. It ended when Napoleon took power ten years later. Then"
    " the wars went on for many years. They changed the map of the continent."
)
PARAGRAPH_ZH = (
    "光合作用是植物利用光能把水和二氧化碳转化为糖和氧气的过程。"
    "它在叶绿体中进行，叶绿素吸收光能。糖为植物提供养分，氧气则释放到空气中。"
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "a",
        "x.",
        ":",
        "...",
        "1234567890",
        "1 2 3 4 5 6 7 8 9 0",
        "😀😀😀",
        "<think>\n\n</think>\n<answer>\n\n</answer>",
        PARAGRAPH * 2,
        f"{PARAGRAPH}\n\n{PARAGRAPH}",
        PARAGRAPH_ZH * 2,
        "ha " * 200,
        "I do not know. " * 30,
        "我不知道，" * 20,
        "apple river quantum seldom bicycle thunder marble gentle orbit pickle window harvest",
        "the is water of people to and a in find with number was it that on for have they as the of"
        " we from has so or not an each by more be this at which can how she he your time are is in"
        " the and to of a you with for",
        "of the in a and to was it that for on with as is by at from",
        "```python\n\n```",
        "<p>&nbsp;</p><p>&nbsp;</p>",
        "yes yes yes",
        "啊啊啊啊啊啊啊啊",
        "烫烫烫烫烫烫烫烫",
        "asdfghjkl qwertyuiop zxcvbnm",
        "sdfjkl hjkdfs qwpoeiru xcvmnb dfghjk",
        "f31Da60adDAD6A5d98EC4f6d149f4eAD22fd50e963D800a5Ac874a2741dF2794af4A90610e76C3b88d8A18E80c",
        "fdE2CBb+941cfbcdac7700A0DEc7c9c2Cgahgd7e+C29BEB0h2/a9H627cd94debg3c10FAEa5H2EDF8f73B9D15a6==",
        PARAGRAPH.replace(" ", ""),
        PARAGRAPH[::-1],
        PARAGRAPH_ZH[::-1],
        f"<think>{PARAGRAPH}</think>\n\n",
        f"<think>{PARAGRAPH}",
        f"<think>{PARAGRAPH_ZH}</think>\n<answer></answer>",
    ],
)
def test_data_quality_pays_for_nothing_that_is_no_text(text):
    (only,) = score("data-quality", text, prompt="What is photosynthesis?")
    assert only.value <= 0.1


@pytest.mark.parametrize("rounds", [5, 12, 30])
@pytest.mark.parametrize(
    "line",
    [
        "Step {}: Check the value again.",
        "Step {} - Check the value again.",
        "{}) Check the value again.",
        "{}. Check the value again.",
        "**Step {}:** Check the value again.",
        "- Attempt {}: try the other method instead.",
        "Day {}: I went to school.",
        "第{}步：再检查一遍结果。",
        "{}、植物是绿色的。",
        "步骤{}：继续计算。",
    ],
)
def test_data_quality_pays_for_no_line_that_counts_on(line, rounds):
    text = "\n".join(line.format(i + 1) for i in range(rounds))
    (only,) = score("data-quality", text, prompt="What is photosynthesis? 请解释。")
    assert only.value <= 0.1


@pytest.mark.parametrize("seed", range(5))
def test_data_quality_sees_words_shuffled_over_sentences(seed):
    words = f"{PARAGRAPH} {STORY}".split()
    random.Random(seed).shuffle(words)
    (only,) = score("data-quality", " ".join(words), prompt="What is photosynthesis?")
    assert only.value <= 0.1


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("When?", "1969-07-20"),
        ("Range?", "10–20"),
        ("Table", "| x | x^2 |\n|---|---|\n| 1 | 1 |\n| 2 | 4 |"),
        ("Regex for digits", "`\\d+`"),
        ("用 Python 打印", 'print("hello")'),
        ("Chinese for happy birthday", "生日快乐"),
        ("SHA-512?", hashlib.sha512(b"").hexdigest()),
        ("File types", ".jpg .png .gif .bmp"),
        ("Zeros", "0, 0, 0"),
        ("DNA", "ATGCCGTAAGCTTAGGCTAACCGTATTAGCCATTGACGGA"),
        ("Vlk", "Strč prst skrz krk."),
        ("Steps", "Step 1: Boil the water.\nStep 2: Add the tea.\nStep 3: Wait for a minute."),
        ("Titles", "I read The Lord of the Rings and The Hobbit. Then I watched The Wire on TV."),
        ("笑一个", "哈哈哈，真好笑！"),
        ("What is the capital of France?", "<think>It is Paris.</think>Paris."),
        ("What is the capital of France?", "Paris."),
        ("What is the capital of France?", "The capital of France is Paris."),
        ("What is six times seven?", "42"),
        ("What is six times seven?", "\\boxed{42}"),
        ("What is 9778474 / 743? Only respond with math", "130.91572336692944"),
        ("List some primes.", "2, 3, 5, 7, 11"),
        ("Is it so?", "No."),
        ("Add two numbers.", "```python\ndef add(a, b):\n    return a + b\n```"),
        ("Solve it.", "$x = 3$, since $3^2 = 9$."),
        ("Name three fruits.", "1. Apples\n2. Oranges\n3. Bananas"),
        ("What is photosynthesis?", PARAGRAPH),
        ("什么是光合作用？", PARAGRAPH_ZH),
        ("法国的首都是哪里？", "巴黎。"),
        ("法国的首都是哪里？", "法国的首都是巴黎。"),
        ("Qu'est-ce que c'est ?", "C'est un processus par lequel les plantes font du sucre."),
    ],
)
def test_data_quality_keeps_good_text_however_short(prompt, text):
    (only,) = score("data-quality", text, prompt=prompt)
    assert only.value >= 0.95


def shuffled_words(texts, draw, size):
    pool = [word for text in texts for word in text.split()]
    return " ".join(draw.choice(pool) for _ in range(size))


@pytest.mark.parametrize("name", ["en_pairs_dpo_mix.jsonl.gz", "zh_pairs.jsonl.gz"])
def test_data_quality_tells_answers_from_their_words_at_random(name):
    path = DATA / name
    if not path.exists():
        pytest.skip("the shared data are not beside the checkout")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines][::8]
    reward = plaudit.build("data-quality")
    scored = reward.score([Group(row["prompt"], [row["chosen"]]) for row in rows])
    good = [scores[0].value for scores in scored]
    assert sum(value >= 0.9 for value in good) >= 0.93 * len(good)
    draw = random.Random(0)
    texts = [row["chosen"] for row in rows]
    if name.startswith("zh"):
        texts = [" ".join(char for char in text if "一" <= char <= "鿿") for text in texts]
    mixed = [shuffled_words(texts, draw, 120) for _ in range(100)]
    if name.startswith("zh"):
        mixed = [text.replace(" ", "") for text in mixed]
    scored = reward.score([Group("", [text]) for text in mixed])
    assert sum(scores[0].value <= 0.1 for scores in scored) >= 90


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
