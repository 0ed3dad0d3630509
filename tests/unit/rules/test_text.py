"""Surface measures against naive counts, and the tricks that must not work."""

import gzip
import json
import random
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import ConfigError
from plaudit.rules import text

SHARED = Path(__file__).parents[4] / "shared"


def value(score):
    return getattr(score, "value", score)


def python(code):
    return f"Here:\n```python\n{code}\n```\n"


# --- characters, lines and words ------------------------------------------------------------------


def test_characters():
    assert text.alphanumeric("ab, 1 中") == 4 / 7
    assert text.ordinary_characters("ab, 1 中") == pytest.approx(3 / 7)
    assert text.alphanumeric("") == text.ordinary_characters("") == 0.0


@pytest.mark.parametrize(
    ("rule", "response", "expected"),
    [
        (text.average_line, "", 0.0),
        (text.average_line, "abcde\nabcde", 0.55),
        (text.average_line, "x" * 5000, 1.0),
        (text.longest_line, "", 0.0),
        (text.longest_line, "abcde", 0.5),
        (text.longest_line, "short\n" + "x" * 4000, 0.25),
    ],
)
def test_lines(rule, response, expected):
    assert rule(response).value == expected


def test_line_bounds_are_checked():
    with pytest.raises(ConfigError):
        text.longest_line("x", low=0)
    with pytest.raises(ConfigError):
        text.average_line("x", low=20, high=10)


def test_stop_words():
    assert text.stop_words("Blue cats sing loud songs daily nightly weekly").value == 0.0
    assert text.stop_words("the cat sees a big dog every day now ok").parts == {"share": 0.3}
    assert text.stop_words("今天我们在学校里学习了数学和语文。").value == 1.0
    assert text.stop_words("").value == 0.0


def test_stop_words_alone_earn_nothing():
    assert text.stop_words("the of and the a " * 50).value == 0.0
    assert text.stop_words("的了是在" * 50).value == 0.0


@pytest.mark.parametrize(
    ("response", "words", "hits"),
    [
        ("Damn it, DAMN.", ["damn"], 2),
        ("a dam and damnation", ["damn"], 0),
        ("go to hell now", ["go to hell", "now"], 2),
        ("go to", ["go to hell"], 0),
        ("这是坏词吗？坏词。", ["坏词"], 2),
        ("ｄａｍｎ", ["damn"], 1),
        ("da\u200bmn", ["damn"], 1),
        ("x x x", ["x x"], 1),
        ("anything", ["", "..."], 0),
        ("damn", ["damn", "damn"], 1),
    ],
)
def test_flagged_words(response, words, hits):
    assert value(text.no_flagged_words(response, words=words)) == 1 / (1 + hits)


def test_the_list_of_flagged_words_is_a_list_of_words():
    with pytest.raises(ConfigError, match="list of words"):
        text.no_flagged_words("a", words="damn")
    with pytest.raises(ConfigError, match="list of words"):
        text.no_flagged_words("a", words=[1])


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.integers(1, 8))
def test_type_token_against_slices(words, window):
    size = min(window, len(words))
    windows = [words[i : i + size] for i in range(len(words) - size + 1)] if words else []
    expected = sum(len(set(w)) / size for w in windows) / len(windows) if windows else 0.0
    assert text.type_token(" ".join(words), window=window) == pytest.approx(expected)


def test_type_token_does_not_fall_with_length():
    words = "one two three four five six seven eight nine ten " * 100
    assert text.type_token(words, window=10) == 1.0


# --- reasoning ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "response",
    [
        "1. Add two and two first.\n2. Multiply the sum by three.\n3. The final answer is twelve.",
        "Step 1: Add two and five.\nStep 2: Multiply the sum by 3.\nStep 3: Write the answer down.",
        "First, we add two and two. Next, we multiply by three. Finally, we write down twelve.",
        "首先，把两个数相加得到四。然后，把和乘以三得到十二。最后，写出答案。",
        "第一步：把两个数相加。\n第二步：把它们的和乘以三。\n第三步：写出最后的答案。",
        "- Add two and two first.\n* Multiply the sum by three.\n- The final answer is twelve.",
    ],
)
def test_steps_are_seen(response):
    assert text.reasoning_steps(response).parts["steps"] == 3.0
    assert text.reasoning_steps(response).value == 1.0


@pytest.mark.parametrize(
    "response",
    [
        "- \n- \n- \n",
        "\n-\n-\n-",
        "1.\n2.\n3.\n4.",
        "1. ok\n2. ok\n3. ok",
        "Step 1: Step 2: Step 3:",
        "- blah blah blah blah\n- blah blah blah blah blah\n- blah",
        "First, Next, Then, Finally,",
        "首先，其次，然后，最后",
        "1. 12 34 56 78\n2. 11 22 33 44",
        "Just an answer of some length, without any marker at all.",
        "",
    ],
)
def test_a_list_of_empty_bullets_wins_nothing(response):
    assert text.reasoning_steps(response).value == 0.0


def test_one_step_said_three_times_is_one_step():
    response = "".join(f"{i}. Add two and two to get four.\n" for i in range(1, 9))
    assert text.reasoning_steps(response).parts == {"marked": 8.0, "steps": 1.0}
    assert text.reasoning_steps(response).value == pytest.approx(1 / 3)


def test_decimals_are_no_markers():
    assert text.reasoning_steps("3.14 is about the number pi they say").parts["marked"] == 0.0


def test_step_parameters():
    with pytest.raises(ConfigError):
        text.reasoning_steps("a", enough=0)


# --- Python ---------------------------------------------------------------------------------------


def test_python_syntax_counts_characters():
    response = python("a = 1") + python("b = (")
    assert text.python_syntax(response).value == 0.5
    assert text.python_syntax(response).parts == {"blocks": 2.0, "parsed": 1.0}


@pytest.mark.parametrize("code", ["", "pass", "# nothing", '"""only a docstring"""', "..."])
def test_code_that_does_nothing_is_no_code(code):
    assert text.python_syntax(python(code)).value == 0.0


def test_other_languages_and_open_blocks():
    assert text.python_syntax("```js\nlet a = 1\n```").value == 0.0
    assert text.python_syntax("a = 1").value == 0.0
    assert text.python_syntax("```python\na = 1").note == "the block is not closed"
    assert text.python_syntax("```py\n    a = 1\n    b = 2\n```").value == 1.0


@pytest.mark.parametrize(
    "code",
    [
        "(" * 50_000,
        "-" * 50_000 + "1",
        "+".join(["a"] * 50_000),
        "a" + ".b" * 50_000,
        "lambda:" * 20_000 + "1",
        "9" * 50_000,
        "".join(" " * i + "if 1:\n" for i in range(150)) + " " * 150 + "pass",
        "a\0b",
        "'\ud800'",
    ],
    ids=["brackets", "signs", "sum", "chain", "lambdas", "digits", "indent", "NUL", "surrogate"],
)
def test_code_too_deep_for_the_parser_is_wrong_and_not_fatal(code):
    assert text.python_syntax(python(code)).value == 0.0
    assert sys.getrecursionlimit() > 0


def test_invalid_escapes_raise_no_warning():
    assert text.python_syntax(python(r"a = '\d'")).value == 1.0


def test_too_much_code_is_not_parsed():
    score = text.python_syntax(python("a = 1\n" * 100), max_chars=50)
    assert (score.value, score.note) == (0.0, "too long to parse")


def test_python_style():
    code = "class thing:\n\tdef Do(self):\n\t\ttry:\n\t\t\tpass\n\t\texcept:\n\t\t\tpass"
    score = text.python_style(python(code))
    assert score.parts == {
        "line_length": 1.0,
        "blanks": pytest.approx(1 / 6),
        "names": 0.0,
        "exceptions": 0.0,
    }
    assert score.value == pytest.approx((1 + 1 / 6) / 4)
    assert text.python_style(python("def add(a, b):\n    return a + b")).value == 1.0


def test_python_style_counts_what_does_not_parse():
    assert text.python_style(python("a = 1") + python("b = (")).value == 0.5
    assert text.python_style("no code").value == 0.0


def test_long_lines_and_star_imports():
    score = text.python_style(python("from os import *\n" + "a = 1" + " + 1" * 30))
    assert (score.parts["line_length"], score.parts["exceptions"]) == (0.5, 0.0)


@given(st.text())
def test_any_text_is_scored(response):
    for rule in text.__all__:
        params = {"words": ["a b"]} if rule == "no_flagged_words" else {}
        assert 0 <= value(getattr(text, rule)(response, **params)) <= 1


def test_a_run_of_combining_marks_takes_linear_time():
    """Unicode's own NFKC is quadratic in such a run: 49 s at 256k characters."""
    score = text.no_flagged_words("a" + "\u0315\u0300\u05ae" * 80_000 + " damn", words=["damn"])
    assert score.value == 0.5


# --- letters within words -------------------------------------------------------------------------


def _inner(word, draw):
    letters = list(word)
    draw.shuffle(letters)
    return "".join(letters)


def _middle(word, draw):
    return word[:1] + _inner(word[1:-1], draw) + word[-1:] if len(word) > 3 else word


@pytest.mark.parametrize(("shuffle", "least"), [(_middle, 0.97), (_inner, 0.8)])
def test_letters_shuffled_within_words_are_no_running_text(shuffle, least):
    texts = english_responses()
    draw = random.Random(0)
    plain = [text.word_order(one).value for one in texts]
    mixed = [
        text.word_order(" ".join(shuffle(word, draw) for word in one.split())).value
        for one in texts
    ]
    assert sum(a - b >= 0.5 for a, b in zip(plain, mixed, strict=True)) >= least * len(texts)


def test_no_english_response_is_blamed_for_its_letters():
    assert max(text.word_order(one).parts["letters"] for one in english_responses()) == 0.0


def english_responses():
    """Responses of models in running English, of 300 characters and more."""
    path = SHARED / "data" / "eval_pairs.jsonl.gz"
    if not path.exists():
        pytest.skip("the shared data files are not beside this checkout")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        results = [json.loads(line) for line in lines]
    texts = [row["chosen"] for row in results if not row["subset"].startswith(("hep", "math"))][
        ::11
    ]
    return [one[:1500] for one in texts if len(one) >= 300]


@pytest.mark.parametrize(
    "say",
    [
        *(
            "4x + 5",
            "2n+1",
            "$\\frac{1}{2}$",
            "\\boxed{18}",
            "H2O",
            "B",
            "(C).",
            "π",
            "∅",
            "1.5e-3",
        ),
        *("x ∈ ℝ", "√2", "-x^2", "3/4", "n!/2", "2π", "\\infty", "7y"),
    ],
)
def test_expressions_and_choices_say_something(say):
    assert text.content(say).value == 1.0


@pytest.mark.parametrize(
    "say", ["a", "x", "-", "...", "+++", "$$", "{}", "\\", "^_^", "1234567890"]
)
def test_single_letters_and_marks_say_nothing(say):
    assert text.content(say).value == 0.0
