"""Where the final answer of a solution stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.answers.extract import extract

METHODS = ["auto", "boxed", "answer_tag", "gsm8k", "last_number", "minerva"]
NO_MARK = "closing sentence, no mark"
STORY = "There are 3 apples and 4 pears, 12 in each box. "


@pytest.mark.parametrize(
    ("text", "answer", "mark"),
    [
        (r"\boxed{1}, no, \boxed{\frac{1}{2}} of 3", r"\frac{1}{2}", "boxed"),
        ("<answer>5</answer>", "5", "answer tag"),
        (r"<answer>so $\boxed{5}$</answer>", "5", "boxed in the answer tag"),
        ("<answer>The answer is 5.</answer>", "5", "answer is"),
        (r"\boxed{4} <answer>5</answer>", "5", "answer tag"),
        (r"<answer>4</answer> no: \boxed{5}", "5", "boxed"),
        (STORY + "\n#### 18", "18", "####"),
        (STORY + "\n#### $1,800.50 in all", "$1,800.50", "####"),
        (STORY + "The answer is 18.", "18", "answer is"),
        (STORY + "The final answer is 18", "18", "answer is"),
        (STORY + "ANSWER: -18", "-18", "ANSWER:"),
        (STORY + "**Answer:** 18", "18", "Answer:"),
        (STORY + "\nA: 26", "26", "A:"),
        ("A: 26", "26", "A:"),
        (STORY + "答案是 18。", "18", "答案是"),
        (STORY + "答案：18", "18", "答案："),
        (STORY + 'so\n```json\n{\n  "answer": "18"\n}\n```', "18", "answer:"),
        (STORY + "The answer is $\\frac{3}{4}$.", r"\frac{3}{4}", "answer is"),
        (STORY + "The answer is \\(x = 5\\).", "x = 5", "answer is"),
        (STORY + "The answer is:\n\n$$\n5\n$$", "5", "answer is:"),
        (STORY + "The answer is 5. We used 3 apples.", "5", "answer is"),
        (STORY + "The answer is 7 * 3 + 1 = 22.", "7 * 3 + 1 = 22", "answer is"),
        (STORY + "The answer is Anne is 8 years old..", r"8\text{ years}", "answer is"),
        (STORY + "The answer is -$2.50.", "-$2.50", "answer is"),
        (STORY + "The answer is 14/3.", "14/3", "answer is"),
        (STORY + "The answer is 3x + 2", "3x + 2", "answer is"),
        (STORY + "The answer is Not possible.", "Not possible", "answer is"),
        (STORY + "The answer is as follows:\nshe has 18 apples", r"18\text{ apples}", NO_MARK),
        (STORY + "So she has 18 apples.", r"18\text{ apples}", NO_MARK),
        (STORY + "So it is $\\frac{3}{4}$.", r"\frac{3}{4}", "final formula"),
        (STORY + "So $x = \\frac{3}{4}$.", r"x = \frac{3}{4}", "final formula"),
        (STORY + "So it is $[0, 1)$.<|im_end|>", "[0, 1)", "final formula"),
        (STORY + r"It is \[x \in \{1, 2\}\]", r"x \in \{1, 2\}", "final formula"),
        ("The shape is $E$", "E", "final formula"),
        (STORY + "It costs $5, she has $20, so 4", "", NO_MARK),
        (STORY + "They cost $5 in all, hence 5$", "", NO_MARK),
        (STORY + r"so $\frac{3}{4}$ of them go", r"\frac{3}{4}", NO_MARK),
        ("it is .4", ".4", NO_MARK),
        ("AZYUK2A or 7", "7", NO_MARK),
        ("7 or AZYUK2A", "7", NO_MARK),
        ("it is 2/3. Good", "2/3", NO_MARK),
        (r"\boxed{1} and \boxed{2}", "1, 2", "boxed"),
        (r"$\boxed{(1,2)}, \boxed{(3,4)} \text{ or } \boxed{5}$", "(1,2), (3,4), 5", "boxed"),
        (r"$\boxed{5}$, that is $\boxed{5}$", "5", "boxed"),
        (r"$\boxed{5}$ and $\boxed{5}$", "5", "boxed"),
        (r"first \boxed{4}." + "\n\n" + r"then \boxed{5}", "5", "boxed"),
        (r"\boxed{4}. The final answer is $5$. I hope it is correct.", "5", "final answer is"),
        (r"\boxed{4}. The final answer is what I hope.", "4", "boxed"),
        ("#### 3. Compute\nSo she has 18 apples.", r"18\text{ apples}", NO_MARK),
        ("#### Final Answer\nThe answer is 18.", "18", "answer is"),
        ("The final answer is $14{,}916$. I hope it is correct.", "14{,}916", "answer is"),
        (STORY + "So it costs $5", "$5", NO_MARK),
        ("so 5-3", "", NO_MARK),
        ("from 5 to -3", "", NO_MARK),
        ("in all 60%.", "60%", NO_MARK),
        ("all 1,234,567", "1,234,567", NO_MARK),
        ("1,234,567", "1,234,567", "whole text"),
        (r"\frac{10}{9}", r"\frac{10}{9}", "whole text"),
        ("x = 5", "x = 5", "whole text"),
    ],
)
def test_auto(text, answer, mark):
    assert extract(text, "auto")[:2] == (answer, mark)


@pytest.mark.parametrize(
    ("text", "how", "answer"),
    [
        ("The answer is 5", "boxed", None),
        (r"\boxed{5", "boxed", None),
        (r"\boxed{5}", "answer_tag", None),
        ("<answer>5", "answer_tag", None),
        ("</answer><answer>", "answer_tag", None),
        ("The answer is 5", "gsm8k", None),
        ("#### 18.", "gsm8k", "18"),
        ("#### 18\nThat took 3 steps", "gsm8k", "18"),
        ("#### -$18", "gsm8k", "-$18"),
        (r"#### \frac{1}{2}", "gsm8k", r"\frac{1}{2}"),
        ("Final Answer: The final answer is $18$. I hope it is correct.", "minerva", "18"),
        ("the final answer is 18. I hope it is correct", "minerva", "18"),
        ("The answer is 18", "minerva", None),
        (r"\boxed{5} and 6", "last_number", "6"),
        ("no number", "last_number", None),
        ("", "auto", None),
    ],
)
def test_each_mark(text, how, answer):
    found = extract(text, how)
    assert (found and found.text) == answer


@pytest.mark.parametrize("filler", ["word ", "1 ", r"\boxed{", "$", "the answer ", "####"])
def test_an_answer_behind_130_kilobytes(filler):
    text = filler * (130_000 // len(filler)) + "\n"
    assert extract(text + r"so $\boxed{42}$.", "boxed").text == "42"
    assert extract(text + "#### 42", "gsm8k").text == "42"
    assert extract(text + "The answer is 42.", "auto").text == "42" or "####" in filler


def test_what_stands_far_from_the_end_is_no_closing_sentence():
    assert extract("It is 42." + " and so on" * 2000, "auto") is None
    assert extract("7" * 5000, "last_number") is None


@given(st.text(max_size=200), st.sampled_from(METHODS))
def test_any_text_gives_an_answer_or_none(text, how):
    found = extract(text, how)
    assert found is None or (isinstance(found.text, str) and found.mark)


@given(st.text(max_size=100), st.integers(-(10**9), 10**9))
def test_a_box_at_the_end_is_found_behind_any_text(text, number):
    assert extract(f"{text}\n\\boxed{{{number}}}", "boxed").text == str(number)
