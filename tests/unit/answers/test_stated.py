"""How stated answers are read: endings of current models, words, hedges, marks, fragments.

The endings are in the style of current models, in English and Chinese; each row is a response, a
reference and the score.
"""

import json
import time
from pathlib import Path

import pytest

from plaudit.answers.extract import extract
from plaudit.rules.math import equal

CASES = Path(__file__).parents[4] / "shared" / "cases"
ROWS = [
    ("The answer is sqrt(17).", "17", 0),
    ("So she sold 42 clips in total.", "42", 1),
    ("Therefore, the total is **42**.", "42", 1),
    ("答：一共42个。", "42", 1),
    ("答案是负5。", "-5", 1),
    ("答案是负5。", "5", 0),
    ("答案是17的平方根。", r"\sqrt{17}", 1),
    ("答案是三分之二。", r"\frac23", 1),
    ("答案是百分之三十。", r"30\%", 1),
    ("答案是四十二。", "42", 1),
    ("一共有四十二个苹果，所以答案是四十二个。", "42", 1),
    ("The answer is two thirds.", r"\frac{2}{3}", 1),
    ("The answer is twenty-five.", "25", 1),
    ("The answer is minus five.", "-5", 1),
    ("The answer is negative 5.", "-5", 1),
    ("The answer is five squared.", "25", 1),
    ("The answer is 5 squared.", "25", 1),
    ("The answer is 5 dozen.", "60", 1),
    ("The answer is half of 10.", "5", 1),
    ("The answer is 50 percent.", r"50\%", 1),
    ("The answer is 50 percent.", "50", 0),
    ("The answer is 3 plus 4.", "7", 1),
    ("The answer is 10 divided by 4.", "2.5", 1),
    ("The answer is 3 times 4.", "12", 1),
    ("The answer is one and a half.", "1.5", 1),
    ("Answer: 3 hours and 20 minutes", "200", 1),
    ("Answer: 3 hours and 20 minutes", "20", 0),
    ("so $x = 3$ or $x = -2$.", "3,-2", 1),
    ("so $x = 3$ or $x = -2$.", "-2", 0),
    ("**Final Answer**\n\n\\[\\boxed{\\frac{1}{2}}\\]", "0.5", 1),
    ("### Answer\n12 apples", "12", 1),
    (r"The answer is: $$\frac{1}{2}$$", "1/2", 1),
    ("Answer:\n- x = 3\n- x = -2", "3,-2", 1),
    ("Answer:\n- x = 3\n- x = -2", "-2", 0),
    ("| Quantity | Value |\n|---|---|\n| **Answer** | **42** |", "42", 1),
    ("\\boxed{42}\n\nLet me know if you have 2 more questions!", "42", 1),
    ("The answer is 42 (forty-two).", "42", 1),
    ("The answer is 5 (or 6).", "5", 0),
    ("The answer is x = 5.", "5", 1),
    ("The answer is 2x = 5.", "5", 0),
    ("The answer is $x^2+y^2=25$.", "25", 0),
    ("The answer is approximately 3.14.", "3.14", 1),
    ("The answer is about 5.", "5", 1),
    ("The answer is 1,234.", "1234", 1),
    ("The answer is $1,234.50.", "1234.5", 1),
    ("The answer is 3:45.", "3:45", 1),
    ("Train leaves at 3:45", "45", 0),
    ("She works from 3 to 5", "5", 0),
    ("so x is in [3, 10].", "10", 0),
    ("It costs 5-7 dollars", "7", 0),
    ("It is less than 5", "5", 0),
    ("That is not 5", "5", 0),
    ("So she needs 42 apples. Hope this helps!", "42", 1),
    ("The result is 42, because 6*7 = 42.", "42", 1),
    ("Answer: B", "B", 1),
    ("所以选B", "B", 1),
    ("故选：B。", "B", 1),
    ("<answer>It is Friday.</answer>", r"\text{Friday}", 1),
    ("The answer is Friday.", "Friday", 1),
    (r"The final answer is \(\boxed{42}\).", "42", 1),
    (r"\boxed{1} papers and \boxed{2} bins", "1,2", 1),
    (r"$-\boxed{5}$", "5", 0),
    (r"\sqrt{\boxed{17}}", "17", 0),
    (r"The answer is not \boxed{5}", "5", 0),
    (r"It cannot be \boxed{5}.", "5", 0),
    (r"minus \boxed{5}", "5", 0),
    (r"at least \boxed{5}", "5", 0),
    (r"\boxed{5} or 6", "5", 0),
    (r"maybe \boxed{5}", "5", 0),
    (r"$\boxed{5}^2$", "5", 0),
    (r"$\boxed{5}\pi$", "5", 0),
    (r"$2\boxed{5}$", "5", 0),
    (r"$x=\boxed{5}$", "5", 1),
    ("The answer is 5!", "120", 1),
    ("The answer is 5!", "5", 1),
    ("The answer is $5!$.", "5", 0),
    (r"\boxed{5!}", "5", 0),
    (r"\boxed{5!}", "120", 1),
    ("The answer is 42!!", "42", 1),
    ("The answer is 5?", "5", 0),
    ("Is the answer 5?", "5", 0),
    ("The answer is neither 5 nor 6.", "5", 0),
    ("My answer: 5 apples per day", "5", 1),
    ("The answer is 12 square feet.", r"12\text{ square feet}", 1),
    ("The answer is thirty-seven cents.", "37", 1),
    ("Answer: 2 1/2", "2.5", 1),
    ("Answer: 2 1/2 cups", "5/2", 1),
    ("Answer: (3, 4)", "(3,4)", 1),
    ("Answer: x in (3, 4)", "(3,4)", 1),
    (r"The answer is $\frac{3}{4}$ of the pie.", "3/4", 1),
    ("The answer is 5 out of 8.", "8", 0),
    ("The answer is 5 mod 7.", "5", 0),
    (r"The answer is $5 \pmod 7$.", "5", 1),
    ("The answer is log 5.", "5", 0),
    ("The answer is max(3, 5).", "5", 1),
    ("The answer is gcd(4, 6).", "2", 1),
    ("The answer is pow(2,3).", "3", 0),
    ("The answer is 5 less than 7", "7", 0),
    ("The answer is twice 5.", "10", 1),
    ("The answer is 3.5 million.", "3500000", 1),
    ("答案是3.5万。", "35000", 1),
    ("答案是35万元。", "350000", 1),
    ("The answer is 10 apples and 5 pears.", "5", 0),
    ("The answer is A: 5, B: 6", "5", 0),
    ("The answer is 20% off, so $16.", "16", 0),
    ("#### 5 apples", "5", 1),
    ("#### -5", "-5", 1),
    ("#### 5 to 6", "6", 0),
    ("#### 5^2", "25", 1),
    ("答案是12厘米。", "12", 1),
    ("答案：x=3或x=5", "3,5", 1),
    ("答案：x=3或x=5", "5", 0),
    ("答案是大约5", "5", 1),
    ("答案是至少5个", "5", 0),
    ("The answer is all real numbers.", r"(-\infty,\infty)", 1),
    ("The answer is no solution.", r"\text{no solution}", 1),
    ("**Answer:** The speed is 60 km/h.", "60", 1),
    ("**Answer:** 60 km/h", "60", 1),
    (r"Answer: $\sqrt{2}$ units", r"\sqrt2", 1),
    ("The answer is 2π.", r"2\pi", 1),
    ("The answer is 2 pi.", r"2\pi", 1),
    ("Answer: e^2", "e^2", 1),
    ("The answer is 5, not 6.", "6", 0),
    ("The answer is n = 5, so m = 6.", "6", 0),
    ("The answer is 3 × 4 = 12.", "12", 1),
    ("Answer: 3/4 cup", "3/4", 1),
    ("Answer: 0.75 (3/4)", "0.75", 1),
    ("The probability is 3/8.", "3/8", 1),
    (r"Hence, the probability is $\frac{3}{8}$.", "3/8", 1),
    (r"Thus $a+b = 7 + 3 = \boxed{10}$.", "10", 1),
    ("The answer is: **$x = -1$**", "-1", 1),
    ("The answers are 3 and 5.", "3,5", 1),
    ("The solutions are 3 and 5", "3,5", 1),
    ("The answers are 3 and 5.", "5", 0),
    ("**Final Answer:** There are 12 ways.", "12", 1),
    ("**Final Answer:** 12 ways", "12", 1),
    ("Final Answer: The final answer is 12", "12", 1),
    ("答案：一共需要3小时20分钟", "200", 1),
    ("答：小明有5个苹果和3个梨。", "3", 0),
    (r"因此，答案为 $\frac{3}{4}$。", "3/4", 1),
    ("故答案为：$x=-1$", "-1", 1),
    ("故答案为 3 或 -3。", "3,-3", 1),
    ("综上，答案是 2√3。", r"2\sqrt{3}", 1),
    ("答案是根号3。", r"\sqrt3", 1),
    ("答案是5的平方。", "25", 1),
    ("答案是5平方米。", "5", 1),
    ("答案是5的一半", "2.5", 1),
    ("答案不是5。", "5", 0),
    ("答案可能是5", "5", 0),
    ("答案大于5", "5", 0),
    ("答案是5以上", "5", 0),
    ("答案是正5", "5", 1),
    ("答案是5或6。", "5", 0),
    ("最多可以买5个苹果。", "5", 1),
    ("答案是0.5。", "1/2", 1),
    ("答案是两个。", "2", 1),
    ("答案是第5个", "5", 1),
    ("The answer is one.", "1", 1),
    ("The answer is zero.", "0", 1),
    ("The answer is one hundred and twenty.", "120", 1),
    ("the answer is a dozen.", "12", 1),
    ("The answer is a third.", "1/3", 1),
    ("The answer is one-half.", "1/2", 1),
    ("The answer is three and three quarters.", "3.75", 1),
    ("The answer is the cube root of 27.", "3", 1),
    ("The answer is 2 to the power of 5.", "32", 1),
    ("The answer is 2 to the 5th power.", "32", 1),
    ("The answer is the absolute value of -5.", "5", 1),
    ("The answer is 5 factorial.", "120", 1),
    ("The answer is the reciprocal of 5.", "1/5", 1),
    ("The answer is the opposite of 5.", "-5", 1),
    ("The answer is the inverse of 5.", "5", 0),
    ("The answer is the sum of 5 and 7.", "5,7", 0),
    ("The answer is f(x) = 2x.", "2x", 1),
    ("The answer is y = 2x + 5.", "y=2x+5", 1),
    (r"The answer is $5 + \sqrt{2}$ cm.", r"5+\sqrt2", 1),
    ("The answer is 5 or more.", "5", 0),
    ("The answer is no more than 5.", "5", 0),
    ("The answer is over 5.", "5", 0),
    ("The answer is nearly 5.", "5", 0),
    ("The answer is up to 5", "5", 0),
    ("The answer is 5ish", "5", 0),
    ("The answer is probably 5.", "5", 0),
    ("The answer could be 5.", "5", 0),
    ("I guess the answer is 5.", "5", 1),
    ("The answer isn't 5.", "5", 0),
    ("The answer is wrong: 5.", "5", 0),
    ("The answer is 5 is incorrect.", "5", 0),
    ("The answer is undefined.", r"\text{undefined}", 1),
    ("The answer is 5 cm by 6 cm.", "6", 0),
    ("So, the answer is 42.\n\nNote: check 7.", "42", 1),
    ("The answer is 42\nNote: check 7.", "42", 1),
    ("Answer = 42", "42", 1),
    ("Answer - 42", "42", 1),
    ("```\nAnswer: 42\n```", "42", 1),
    ("answer: `42`", "42", 1),
    ("> **Answer:** 42", "42", 1),
    ('{"answer": 42}', "42", 1),
    ('{"answer": "x = 5", "confidence": 0.9}', "5", 1),
    ('{"reasoning": "3", "answer": 42, "x": 1}', "42", 1),
    ("The answer is therefore 42.", "42", 1),
    ("The answer is clearly just 42.", "42", 1),
    ("The answer, then, is 42.", "42", 1),
    (r"Our answer is $\$42$.", "42", 1),
    (r"The answer is \$42.", "42", 1),
    ("The answer is €42.", "42", 1),
    ("The correct answer is option C.", "C", 1),
    ("The answer is (C).", "C", 1),
    ("The answer is C. 42", "42", 0),
    (r"The answer is  $\text{(C)}$", "C", 1),
    ("Answer:\n\n42 apples\n\nExplanation: 6*7.", "42", 1),
    ("Answer:\n1. 42", "42", 1),
    ("Answer:\n1. 42\n2. 43", "42", 0),
]


@pytest.mark.parametrize(("response", "reference", "right"), ROWS)
def test_an_answer_is_read_whole_or_not_at_all(response, reference, right):
    score = equal(response, reference)
    assert score.value == right
    assert right or score.note


ALGEBRA = ("hexadecimal", "order of a sequence", "letters of a word", "scale of a unit")


def shared_cases():
    """The rows of the shared cases about answers; those of the algebra stand with its tests."""
    for name in ("exclamation", "fragment", "hedge", "words", "more"):
        path = CASES / f"math_{name}.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if not row["why"].startswith(ALGEBRA):
                yield row


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not beside the checkout")
def test_the_shared_cases():
    wrong = []
    for row in shared_cases():
        references = row.get("references") or [row["reference"]]
        score = max(equal(row["response"], reference).value for reference in references)
        if score != row["right"]:
            wrong.append((row["response"], references, score, row["why"]))
    assert wrong == []


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        ("The answer is less than 5.", "'less than' is a comparison"),
        ("The answer is maybe 5.", "'maybe' is a hedge"),
        ("The answer is not 5.", "'not' is a negation"),
        ("The answer is arccosh(5).", "the function 'arccosh' is not understood"),
        ("<answer>There are 42 clips in 7 boxes.</answer>", "several quantities: 42, 7"),
        (r"So it is $-\boxed{5}$", "'-' before the box"),
        ("She works from 3:45 to 5:15", "a range or a time"),
        ("The answer is 5?", "the answer is a question"),
        ("The answer is 5 (or 6).", "a second value in brackets"),
    ],
)
def test_the_note_says_what_was_in_the_way(response, problem):
    assert extract(response).problem == problem
    assert problem in equal(response, "5").note


def test_a_sentence_that_breaks_off_is_not_read():
    for response in ("So she has 4", "The answer is 4", "#### 4", "答案是4"):
        assert equal(response, "4").value == 1.0
        assert equal(response, "4", "length").value == 0.0
        assert "breaks off" in equal(response, "4", "length").note
    for response in (r"It is $\boxed{4}$. And", "The answer is 4. That is", "<answer>4</answer>"):
        assert equal(response, "4", "length").value == 1.0


def test_strict_leaves_out_the_last_resort():
    assert equal("So she has 4 apples.", "4").value == 1.0
    assert "no mark" in equal("So she has 4 apples.", "4").note
    assert equal("So she has 4 apples.", "4", strict=True).value == 0.0
    assert equal("The answer is 4 apples.", "4", strict=True).value == 1.0


def test_a_loop_has_no_closing_sentence():
    assert equal("So she has 4 apples. " * 20, "4").value == 0.0


@pytest.mark.parametrize(
    "filler",
    [
        "answer of ",
        "答案",
        "选",
        "\\boxed{",
        "The answer is ",
        "5 hours ",
        "7",
        "**",
        "} ",
        "$",
        "\\(",
    ],
)
def test_degenerate_text_is_read_in_linear_time(filler):
    def cpu_s(chars):
        text = filler * (chars // len(filler))
        start = time.process_time()
        extract("<answer>" + text + "</answer>")
        extract(text + "The answer is 5")
        return time.process_time() - start

    cpu_s(10_000)
    small = max(min(cpu_s(20_000) for _ in range(3)), 1e-3)
    assert min(cpu_s(160_000) for _ in range(2)) < 30 * small
