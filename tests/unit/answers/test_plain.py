"""Plain spellings that were read as something else, or not at all."""

import pytest

from plaudit.rules.math import equal


def accepts(response, reference):
    return equal(response, reference).value == 1


@pytest.mark.parametrize(
    "form", ["The answer is %s.", r"\boxed{%s}", "#### %s", "<answer>%s</answer>"]
)
class TestInEveryMark:
    """Spellings behind marks."""

    @pytest.mark.parametrize("answer", ["5 to 7", r"5\text{ to }7"])
    def test_a_range_is_no_quotient(self, form, answer):
        assert accepts(form % answer, "5:7")
        assert accepts(form % answer, "5 to 7")
        for reference in ("5/7", r"\frac{5}{7}", "5", "7", "35"):
            assert not accepts(form % answer, reference)

    @pytest.mark.parametrize(
        ("answer", "reference", "is_right"),
        [
            ("6:4", "3:2", True), ("12:16", "3:4", True), ("2:4:6", "1:2:3", True),
            ("30:45", "2:3", True),
            ("3:2", "2:3", False), ("6:4", "3:4", False), ("2:4:6", "1:2:4", False),
            ("1:2", "1:2:3", False),
            ("2:1", "4:2", False), ("6:3", "4:2", False),  # not in lowest terms: a score of goals
            ("8:60", "4:30", False), ("2:15", "4:30", False), ("0:5", "0:1", False),  # times
        ],
    )  # fmt: skip
    def test_a_ratio_counts_in_lowest_terms(self, form, answer, reference, is_right):
        assert accepts(form % answer, reference) == is_right

    @pytest.mark.parametrize(
        ("answer", "value", "other"),
        [
            ("70_000", "70000", "70"), ("1_234_567", "1234567", "1"), ("-12_500", "-12500", "-12"),
            ("$70k", "70000", "70"), ("$70K", "70000", "70"), (r"\$1.5k", "1500", "1.5"),
            ("$5M", "5000000", "5"), ("$2.5B", "2500000000", "2.5"), ("€3k", "3000", "3"),
        ],
    )  # fmt: skip
    def test_thousands(self, form, answer, value, other):
        assert accepts(form % answer, value)
        assert not accepts(form % answer, other)

    @pytest.mark.parametrize("answer", ["101_2", "12_345_6", "x_100", "$70kg", "70k", "$5m"])
    def test_what_only_looks_like_thousands(self, form, answer):
        for reference in ("1012", "123456", "100", "70000", "5000000"):
            assert not accepts(form % answer, reference)

    @pytest.mark.parametrize(
        ("answer", "right", "wrong"),
        [
            (
                "5 dollars and 20 cents", ["5.20", r"\$5.20", "520 cents", "5.20 dollars"],
                ["520", "5", "20"],
            ),
            ("1 dollar and 5 cents", ["1.05", "105 cents"], ["105", "1.5"]),
            ("5元2角", ["5.2", "5.2元"], ["52", "5", "2"]), ("5元20分", ["5.20"], ["520", "5.02"]),
        ],
    )  # fmt: skip
    def test_dollars_and_cents(self, form, answer, right, wrong):
        assert [one for one in right if not accepts(form % answer, one)] == []
        assert [one for one in wrong if accepts(form % answer, one)] == []


@pytest.mark.parametrize("mark", ["####", "The answer is", "Answer:"])
@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("3 + 4 = 7 boxes. So there are 14 shoes.", "14", "7"),
        ("3 * 4 = 12 eggs. Therefore she sold 12 eggs.", "12", "3"),
        ("7 boxes.", "7", "14"),
    ],
)  # fmt: skip
def test_a_line_that_goes_on_to_a_conclusion(mark, text, right, wrong):
    assert accepts(f"{mark} {text}", right)
    assert not accepts(f"{mark} {text}", wrong)


TAGS = [
    "<solution>%s</solution>",
    "<response>%s</response>",
    "[ANSWER]%s[/ANSWER]",
    "<SOLUTION>%s</SOLUTION>",
]


@pytest.mark.parametrize("tag", TAGS)
class TestTags:
    """A tag beside a stated answer."""

    @pytest.mark.parametrize(
        "phrase", ["Wait. The answer is 7.", "\nAnswer: 7", "\n#### 7", "\\boxed{7}"]
    )
    def test_a_later_answer_counts(self, tag, phrase):
        assert accepts(f"{tag % 5} {phrase}", "7")
        assert not accepts(f"{tag % 5} {phrase}", "5")

    @pytest.mark.parametrize(
        "phrase", ["The answer is 7.", "Answer: -5\n", "The answer is not 5.", "A: 5 or 6\n"]
    )
    def test_what_disagrees_is_not_read(self, tag, phrase):
        for reference in ("5", "7", "-5", "6"):
            assert not accepts(f"{phrase} {tag % 5}", reference)

    @pytest.mark.parametrize(
        "phrase", ["The answer is 5.", "The answer is $5$.", "Answer: 5 apples\n", "So 5. "]
    )
    def test_what_agrees_is(self, tag, phrase):
        assert accepts(f"{phrase} {tag % 5}", "5")


@pytest.mark.parametrize("extract", ["auto", "last_number"])
@pytest.mark.parametrize(
    "form", ["%s", "The answer is %s", "Answer: %s", "#### %s", "<answer>%s</answer>"]
)
@pytest.mark.parametrize(
    "text",
    [
        " since e is not c, we can divide by (e - c) to get 4(e + c)",
        "x, because it is not 5",
        " because the base is at least 7",
        '"reasoning": "the base 10 of which", "answer": "b_solution',
        "so that less than 5",
    ],
)  # fmt: skip
def test_a_sentence_that_is_all_clause_is_unread(text, form, extract):
    assert equal(form % text, "4", extract=extract).value == 0


@pytest.mark.parametrize(
    "sentence",
    [
        "So it is not %s.", "So it is at least %s.", "So it is less than %s.", "It cannot be %s.",
        "This is because the floor of any negative number is at least %s.", "Maybe it is %s.",
        "So she chooses it so that the probability is at most %s.", "Perhaps the half of it is %s.",
        "It contradicts that half of it is more than %s.",
        "It is not the sum of 3 and 4 that is %s.",
        "If the sum of 3 and 4 is %s.", "It is wrong that twice 3 is %s.",
        "The bound is the square root of %s.",
        "The height equals the base times %s.", "Minus 3 is what one should not use, it is %s.",
        "La somme n'est pas %s.", "Die Summe ist nicht %s.", "它不是%s。", "它小于%s。",
        "可能是%s。",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["$5$", r"$\frac{3}{4}$", "$-1$", "$x + 1$", r"\(2\)", r"\[7\]"])
def test_a_closing_formula_is_read_with_the_words_before_it(sentence, value):
    assert not accepts(f"First $2$, then $3$. {sentence % value}", value)


@pytest.mark.parametrize(
    "sentence",
    [
        "So it is %s.",
        "Hence the sum of $3$ and $4$ is %s.",
        "The chance of at least one six is %s.",
    ],
)
@pytest.mark.parametrize("value", ["$5$", r"$\frac{3}{4}$", "$-1$", r"\(2\)"])
def test_a_closing_formula_counts_that_a_verb_states(sentence, value):
    assert accepts(f"First $2$, then $3$. {sentence % value}", value)
