"""Format rules: what each demands, each known exploit by name, and plain oracles on tag soups."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import load
from plaudit.errors import ConfigError
from plaudit.rules import format as rules
from plaudit.types import Group, Score

GOOD = "<think>\n2 + 2\n</think>\n<answer>\n4\n</answer>"
SOUP = ["<think>", "</think>", "<answer>", "</answer>", "\n", " ", "4", "<", "think>"]
soups = st.lists(st.sampled_from(SOUP), max_size=14).map("".join)


def value(result):
    return result.value if isinstance(result, Score) else result


# --- think ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "<think>2 + 2</think>4",
        "\n <think>\n2 + 2\n</think>\n\n4\n",
        "<think>想一想</think>四",
        "<think>a < b and <b>bold</b></think>4",
    ],
)
def test_think_accepts(text):
    assert rules.think(text) == 1.0


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("", "does not start with <think>"),
        ("4", "does not start with <think>"),
        ("So: <think>2 + 2</think>4", "does not start with <think>"),
        ("<think>2 + 2", "<think> is never closed"),
        ("<think>2 + 2</think>", "no answer after the think block"),
        ("<think>2 + 2</think> \n", "no answer after the think block"),
        (
            "2 + 2</think>4",
            "does not start with <think>; if the template writes it, pass prefilled=True",
        ),
    ],
)
def test_think_says_what_is_missing(text, note):
    assert rules.think(text) == Score(0.0, note=note)


@pytest.mark.parametrize("inside", ["", " ", "\n\n", "\t\u3000"])
def test_exploit_empty_think_block(inside):
    assert rules.think(f"<think>{inside}</think>4").note == "the think block is empty"
    assert value(rules.think_answer(f"<think>{inside}</think><answer>4</answer>")) == 0.0
    assert value(rules.think_answer_soft(f"<think>{inside}</think><answer>4</answer>")) == 0.0


def test_exploit_three_closing_tags():
    text = "<think>a</think>b</think>c</think>4"
    assert rules.think(text).note == "</think> occurs 3 times, not 1"


def test_exploit_three_nested_think_blocks():
    text = "<think>\n<think>\n<think>\na\n</think>\n</think>\n</think>\n<answer>\n4\n</answer>"
    assert rules.think(text).note == "<think> occurs 3 times, not 1"
    assert value(rules.think_answer(text)) == 0.0
    assert value(rules.think_answer_soft(text)) == 0.0
    assert value(rules.tag_count(text)) == 0.5


def test_a_prefilled_template_is_a_switch_not_always_0():
    text = "2 + 2</think>4"
    assert rules.think(text, prefilled=True) == rules.think(text, prefilled="auto") == 1.0
    assert rules.think("<think>" + text, prefilled="auto") == 1.0
    again = rules.think("<think>" + text, prefilled=True)
    assert again.note == "opens <think> again, after the template did"
    assert rules.think("4", prefilled=True).note == "no </think> ends a block"
    assert value(rules.think("</think>4", prefilled=True)) == 0.0


def test_a_prefilled_block_is_not_opened_later():
    assert value(rules.think("a</think>4<think>", prefilled="auto")) == 0.0


def test_another_tag():
    assert rules.think("<reasoning>a</reasoning>4", tag="reasoning") == 1.0


@pytest.mark.parametrize("name", ["think", "think_answer", "think_answer_soft"])
def test_a_wrong_switch_is_an_error(name):
    with pytest.raises(ConfigError, match="prefilled='yes'"):
        getattr(rules, name)(GOOD, prefilled="yes")


# --- think_answer ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD + "\n",
        " \n" + GOOD,
        "<think>2 + 2</think><answer>4</answer>",
        "<think>2 + 2</think> \n\n <answer>4</answer>",
    ],
)
def test_think_answer_accepts(text):
    assert rules.think_answer(text) == rules.think_answer_soft(text) == 1.0


def test_exploit_text_after_the_answer_on_a_new_line():
    text = GOOD + "\nand now for something else"
    assert rules.think_answer(text).note == "text after </answer>"
    assert rules.think_answer_soft(text) == 1.0


def test_exploit_two_answer_blocks():
    text = GOOD + "\n<answer>\n5\n</answer>"
    assert rules.think_answer(text).note == "<answer> occurs 2 times, not 1"
    assert value(rules.think_answer_soft(text)) == 0.0
    assert value(rules.tag_count(text)) == 0.5
    assert value(rules.xml_fields(text)) == 0.5


def test_exploit_reversed_blocks():
    text = "<answer>4</answer><think>2 + 2</think>"
    assert value(rules.think_answer(text)) == 0.0
    assert rules.think_answer_soft(text).note == "<answer> is out of order"
    assert value(rules.tag_count(text)) == 0.5
    assert value(rules.xml_fields(text)) == 0.5


def test_exploit_tags_inside_code_or_inside_the_reasoning():
    text = "<think>print('<answer>4</answer>')</think>4"
    assert value(rules.think_answer(text)) == 0.0
    assert value(rules.think_answer_soft(text)) == 0.0


def test_exploit_answer_inside_the_think_block():
    text = "<think>a<answer>4</answer></think>"
    assert value(rules.think_answer(text)) == 0.0
    assert rules.think_answer_soft(text).note == "<answer> is out of order"


def test_exploit_longer_tag_names():
    assert value(rules.think_answer("<thinker>a</thinker><answers>4</answers>")) == 0.0
    assert value(rules.tag_count("<thinker>a</thinker><answers>4</answers>")) == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<think>a</think>4",
        "<think>a</think> so <answer>4</answer>",
        "<think>a</think><answer></answer>",
        "<think>a</think><answer>4",
        "x<think>a</think><answer>4</answer>",
        "<think>a</think><answer>4</answer><|im_end|>",
        "<think>a</think></answer>4<answer>",
    ],
)
def test_think_answer_refuses(text):
    assert value(rules.think_answer(text)) == 0.0


def test_think_answer_prefilled():
    text = "2 + 2</think>\n<answer>4</answer>"
    assert value(rules.think_answer(text)) == 0.0
    assert value(rules.think_answer_soft(text)) == 0.0
    for switch in (True, "auto"):
        assert rules.think_answer(text, prefilled=switch) == 1.0
        assert rules.think_answer_soft(text, prefilled=switch) == 1.0
    assert value(rules.think_answer(GOOD, prefilled=True)) == 0.0
    assert value(rules.think_answer_soft(GOOD, prefilled=True)) == 0.0
    assert value(rules.think_answer_soft("</think><answer>4</answer>", prefilled=True)) == 0.0


def _strict_oracle(text):
    """The definition, cut step by step."""
    text = text.strip()
    if not text.startswith("<think>") or not text.endswith("</answer>"):
        return 0.0
    if any(text.count(tag) != 1 for tag in SOUP[:4]):
        return 0.0
    think, _, rest = text[len("<think>") : -len("</answer>")].partition("</think>")
    between, found, answer = rest.partition("<answer>")
    return float(bool(think.strip() and not between.strip() and found and answer.strip()))


@given(st.one_of(soups, st.sampled_from(["\n" + GOOD, GOOD])))
def test_think_answer_equals_the_definition(text):
    assert value(rules.think_answer(text)) == _strict_oracle(text)


@given(soups)
def test_soft_is_weaker_than_strict_and_stronger_than_the_tag_count(text):
    soft = value(rules.think_answer_soft(text))
    assert value(rules.think_answer(text)) <= soft <= value(rules.tag_count(text))


@given(soups)
def test_think_equals_the_count_form(text):
    """As the think parser of verifiers counts, and the block must not be empty."""
    body = text.strip()
    think, _, answer = body.removeprefix("<think>").partition("</think>")
    counted = body.startswith("<think>") and text.count("<think>") == text.count("</think>") == 1
    assert value(rules.think(text)) == float(bool(counted and think.strip() and answer.strip()))


# --- tag_count and xml_fields ---------------------------------------------------------------------


def test_exploit_all_four_tags_reversed():
    text = "\n</answer>\n4\n<answer>\n\n</think>\n2 + 2\n<think>\n"
    result = rules.tag_count(text)
    assert result.value == 0.25
    assert result.note == "in order: <think>; not: </think>, <answer>, </answer>"


@pytest.mark.parametrize(
    ("text", "share"),
    [
        (GOOD, 1.0),
        ("", 0.0),
        ("<think>a</think>4", 0.5),
        ("<think>a</think><answer>4", 0.75),
        ("<think>a<answer>4</answer>", 0.75),
        ("<think><think>a</think><answer>4</answer>", 0.75),
        ("<answer>4</answer><think>a</think>", 0.5),
    ],
)
def test_tag_count(text, share):
    assert value(rules.tag_count(text)) == share


def test_tag_count_prefilled_and_own_tags():
    assert rules.tag_count("a</think><answer>4</answer>", prefilled=True) == 1.0
    assert rules.tag_count("[a]b[/a]", tags=["[a]", "[/a]"]) == 1.0
    with pytest.raises(ConfigError):
        rules.tag_count(GOOD, tags=[])


@given(soups)
def test_tag_count_equals_the_longest_subset_in_order(text):
    tags = [tag for tag in SOUP[:4] if text.count(tag) == 1]
    sizes = [
        size
        for size in range(len(tags) + 1)
        for subset in itertools.combinations(tags, size)
        if (places := [text.index(tag) for tag in subset]) == sorted(places)
    ]
    assert value(rules.tag_count(text)) == max(sizes) / 4


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("<plan>a</plan><code>b</code><tests>c</tests>", 1.0),
        ("text <plan>a</plan> text <code>b</code> text <tests>c</tests>", 1.0),
        ("<plan>a</plan><tests>c</tests><code>b</code>", 2 / 3),
        ("<plan>a</plan><code></code><tests>c</tests>", 2 / 3),
        ("<plan>a</plan><code>b<tests>c</tests>", 2 / 3),
        ("<plan>a<code>b</code></plan>", 1 / 3),
        ("</plan>a<plan>", 0.0),
        ("<plan>a</plan><plan>a</plan>", 0.0),
    ],
)
def test_xml_fields(text, share):
    assert value(rules.xml_fields(text, fields=["plan", "code", "tests"])) == share


def test_exploit_no_field_at_all_earns_nothing():
    assert rules.xml_fields("4").note == "in order: none; not: think, answer"
    assert value(rules.xml_fields("4")) == 0.0


def test_fields_must_be_a_list():
    with pytest.raises(ConfigError, match="list of names"):
        rules.xml_fields(GOOD, fields="think")


# --- code and boxes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "```python\nprint(4)\n```",
        "Here:\n\n  ```python title=x\n  print(4)\n  ```\nDone.",
        "````python\n```\nprint(4)\n```\n````",
        "```\nplain\n```\n```python\nprint(4)\n```",
        "```Python\r\nprint(4)\r\n```\r\n",
        "`a` and ```inline``` first\n```python\nx\n`````\n",
    ],
)
def test_fenced_code_accepts(text):
    assert rules.fenced_code(text) == 1.0
    assert rules.fenced_code(text, language="python") == 1.0
    assert rules.fenced_code(text, "PYTHON") == 1.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "print(4)",
        "```\nprint(4)\n```",
        "```python print(4)```",
        "text ```python\nprint(4)\n```",
        "```python\nprint(4)\n``` x",
    ],
)
def test_fenced_code_refuses(text):
    assert value(rules.fenced_code(text)) == 0.0


@pytest.mark.parametrize("body", ["", "\n", " \n\t\n"])
def test_exploit_empty_fence(body):
    assert value(rules.fenced_code(f"```python\n{body}```")) == 0.0


def test_exploit_unclosed_fence():
    done = "```python\nprint(4)\n```\n"
    assert rules.fenced_code("```python\nprint(4)\n").note == "a code block is not closed"
    assert value(rules.fenced_code(done + "```python\nprint(")) == 0.0


def test_exploit_any_language_passes():
    text = "```text\nprint(4)\n```"
    assert rules.fenced_code(text) == 1.0
    assert value(rules.fenced_code(text, language="python")) == 0.0
    assert value(rules.fenced_code(text, "python", language="text")) == 0.0


def test_the_column_names_the_language():
    group = Group("q", ["```rust\nfn\n```"], {"code_language": "python"})
    assert load("rules.format.fenced_code").score([group])[0][0].value == 0.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [(r"\boxed{4}", 1.0), (r"$\boxed 4$", 1.0), (r"\boxed{\boxed{4}}", 1.0), ("4", 0.0), ("", 0.0)],
)
def test_boxed(text, expected):
    assert value(rules.boxed(text)) == expected


@pytest.mark.parametrize("text", [r"\boxed{}", r"\boxed{ }", r"\boxed{4} or \boxed{}"])
def test_exploit_empty_box(text):
    assert rules.boxed(text).note == "the last box is empty"


def test_exploit_unbalanced_box():
    assert rules.boxed(r"\boxed{\frac{1}{2}").note == "no complete box"


# --- any text -------------------------------------------------------------------------------------

HOSTILE = [
    "",
    "\ud800",
    "\x00<think>\x00</think>\x00",
    "<think>" * 20_000,
    "\n</think>\n<answer>\n" * 5_000,
    "```" * 20_000,
    "\\boxed{" * 10_000,
    "<think>" + "思" * 100_000 + "</think>好",
]


@pytest.mark.parametrize("name", rules.__all__)
def test_hostile_texts_get_a_score_in_range(name):
    rule = getattr(rules, name)
    assert all(0.0 <= value(rule(text)) <= 1.0 for text in HOSTILE)


@pytest.mark.parametrize(
    "unseen",
    ["\u200b", "\u2060\ufeff\u00ad\u200d", "\u3164", "\u2800", "\x00 \n", "\ufe0f", "\U000e0041"],
)
def test_a_block_of_invisible_characters_is_empty(unseen):
    empty_think = f"<think>{unseen}</think><answer>4</answer>"
    empty_answer = f"<think>2 + 2</think><answer>{unseen}</answer>"
    for rule in (rules.think_answer, rules.think_answer_soft):
        assert rule(empty_think).note == "the think block is empty"
        assert rule(empty_answer).note == "the answer block is empty"
    assert rules.think(f"<think>2 + 2</think>{unseen}").note == "no answer after the think block"
    assert rules.think_answer(f"<think>2{unseen}</think><answer>4</answer>") == 1.0
