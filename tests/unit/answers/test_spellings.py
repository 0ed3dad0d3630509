"""Kinds of answers in other spellings: characters for LaTeX, other languages, ratios, bases, tags.

Each kind comes with near misses, which must not be accepted.
"""

import pytest

from plaudit.answers.choices import chosen
from plaudit.rules.math import equal
from plaudit.text.think import split

CHARACTERS = [  # right answers, reference, wrong answers
    (
        ("log₂8", "⌊3.7⌋", "⌈2.1⌉", "∣−3∣", "C_{3}^{1}", "3 choose 1"),
        "3",
        ("log₃8", "⌊2.7⌋", "⌈3.1⌉"),
    ),
    (("10¹²", "10^12"), "10^{12}", ("10¹1", "10¹³", "1012")),
    (("1.5 × 10⁻³", "0.0015"), "1.5e-3", ("1.5 × 10³", "1.5 × 10⁻⁴")),
    (("x⁻³", "1/x³"), "x^{-3}", ("x³", "-x³", "x⁻²")),
    (("¹⁴⁄₃", "4⅔", "4²⁄₃", "\\nicefrac{14}{3}"), "\\frac{14}{3}", ("³⁄₁₄", "4⅓", "14⅔")),
    (("𝟑𝑥² − 𝟐𝑥", "3x² - 2x"), "3x^2 - 2x", ("3x² + 2x", "3x³ - 2x")),
    (("α + β", "β+α"), "\\alpha + \\beta", ("α − β", "α + γ", "a + b")),
    (("(-∞, 2)⋃[3, ∞)",), "(-\\infty,2)\\cup[3,\\infty)", ("(-∞, 2)⋂[3, ∞)", "(-∞, 2]⋃[3, ∞)")),
    (("ℤ",), "\\mathbb{Z}", ("ℝ", "ℚ")),
    (
        ("120", "C_{10}^{3}", "10 choose 3", "\\binom{10}{7}"),
        "\\binom{10}{3}",
        ("C_{10}^{2}", "C_3^{10}"),
    ),
    (
        ("1101₂", "1101 in base 2", "1101 (base two)", "1101 base 2"),
        "1101_2",
        ("1101₃", "1101 base 3"),
    ),
    (
        ("3 to 2", "3比2", "3∶2", "3{:}2", "3\\text{ to }2"),
        "3:2",
        ("2 to 3", "3 to 2 to 1", "from 3 to 2"),
    ),
    (("5 out of 8", "⅝"), "\\frac{5}{8}", ("5", "8 out of 5", "5⅛")),
    (("100千米/小时", "100 km/h"), "100 \\text{ km/h}", ("100米/秒", "10千米/小时")),
    (("12\\ 345", "12,345"), "12345", ("1\\ 2345", "12.345")),
    (("(8)!", "8!", "40320"), "40320", ("8", "(7)!")),
]


@pytest.mark.parametrize(("right", "reference", "wrong"), CHARACTERS)
def test_characters_and_words_that_stand_for_latex(right, reference, wrong):
    for answer in right:
        assert equal(f"Answer: {answer}", reference).value == 1, answer
    for answer in wrong:
        assert equal(f"Answer: {answer}", reference).value == 0, answer


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("(8)!", "8"),
        ("60'", "60"),
        ("60'", "60^\\circ"),
        ("\\{1,2,\\ldots,4\\}", "\\{1,2,4\\}"),
        ("\\{1,2,3,\\ldots\\}", "\\{1,2,3\\}"),
        ("49+65=113", "113"),
        ("m+n=49+65=113", "113"),
        ("x=10=5", "5"),
    ],
)
def test_what_another_parser_drops_is_no_answer(answer, reference):
    assert equal(f"\\boxed{{{answer}}}", reference).value == 0


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("49+64=113", "113"),
        ("\\frac{14}{3}=4.67", "4.67"),
        ("1,2,\\ldots,n", "1,2,\\dots,n"),
        ("f'(x)=2x", "2x"),
        ("1011_2=11_{10}", "11"),
    ],
)
def test_equations_that_hold_or_are_rounded_are_read(answer, reference):
    assert equal(f"\\boxed{{{answer}}}", reference).value == 1


MARKS = [  # @ stands for the answer
    "Ответ: @", "**Ответ:** @ рубля.", "La réponse est @.", "Réponse : @",
    "La réponse finale est **@**.",
    "Die Antwort ist @.", "Die Antwort lautet @.", "**Antwort:** @ Äpfel", "La respuesta es @.",
    "La respuesta correcta es **@**.", "A resposta é @.", "**Resposta:** @", "La risposta è @.",
    "정답: @", "정답은 @입니다.", "답은 @개이다.", "答え：@", "答えは@です。",
    "答えは **@** 個です。",
    "Đáp án: @", "Đáp số: @", "Jawaban: @", "الإجابة: @", "उत्तर: @", "คำตอบคือ @", "答案為@。",
    "答案應為：@", "最終答案：\n@", "故答案为：@．", "【答案】@．\n【点评】本题考查 7 个知识点．",
]  # fmt: skip


@pytest.mark.parametrize("mark", MARKS)
def test_marks_of_other_languages_and_in_traditional_characters(mark):
    for answer in ("42", "$42$", "-42", "\\frac{1}{2}"):
        response = mark.replace("@", answer)
        assert equal(response, answer).value == 1, response
        assert equal(response, "41").value == 0


@pytest.mark.parametrize(
    "response",
    [
        "Ответ: не 42", "Ответ: 42 или 43", "La réponse n'est pas 42.",
        "La réponse est au moins 42.",
        "La réponse est moins 42.", "Réponse : 42 ou 24", "Die Antwort ist nicht 42.",
        "Die Antwort ist mindestens 42.", "Antwort: 42 oder 24", "La respuesta no es 42.",
        "La respuesta es menos 42.", "A resposta não é 42.", "La risposta non è 42.",
        "정답은 42가 아닙니다.", "정답은 42 이상입니다.", "答えは42ではありません。",
        "答えは42以上です。",
        "答えはマイナス42です。", "答えは42または43です。", "Đáp án không phải là 42.",
        "Jawabannya bukan 42.", "La réponse est la racine carrée de 42.",
        "Die Antwort ist vielleicht 42.",
    ],
)  # fmt: skip
def test_denials_hedges_and_operations_in_other_languages_are_not_read(response):
    assert equal(response, "42").value == 0


@pytest.mark.parametrize(
    ("response", "reference", "right"),
    [
        ("Ответ: 5 км", "5000\\text{ m}", 1),
        ("Ответ: 5 км", "5\\text{ m}", 0),
        ("Ответ: 60 км/ч", "60\\text{ km/h}", 1),
        ("Ответ: 60 км/ч", "60\\text{ m/s}", 0),
        ("答えは5センチメートルです。", "5\\text{ cm}", 1),
        ("答えは5センチメートルです。", "5\\text{ m}", 0),
        ("정답은 5킬로미터입니다.", "5\\text{ km}", 1),
        ("정답은 5킬로미터입니다.", "5\\text{ m}", 0),
        ("Ответ: 3 часа", "180\\text{ minutes}", 1),
        ("Ответ: 42 яблока", "42", 1),
    ],
)
def test_units_of_other_languages_count_with_their_scale(response, reference, right):
    assert equal(response, reference).value == right


TAGS = ("<|begin_of_box|>@<|end_of_box|>", "<SOLUTION>@</SOLUTION>", "<solution>\n@\n</solution>",
        "<final_answer>@</final_answer>", "<response>The answer is @.</response>",
        "[ANSWER]@[/ANSWER]", "<scratchpad>6 x 7</scratchpad>@")  # fmt: skip


@pytest.mark.parametrize("tag", TAGS)
def test_tags_that_hold_the_answer(tag):
    assert equal(tag.replace("@", "42"), "42").value == 1
    assert equal(tag.replace("@", "42 or 43"), "42").value == 0
    assert equal(tag.replace("@", "not 42"), "42").value == 0


@pytest.mark.parametrize(
    "text",
    ["答えはBです。", "正解はBです。", "La réponse est B.", "Die Antwort ist B.", "정답은 B입니다.",
     "La respuesta correcta es B.", "Jawabannya adalah B."],
)  # fmt: skip
def test_choices_in_other_languages(text):
    assert chosen(text, "auto").letters == "B"


@pytest.mark.parametrize(
    "text",
    ["答えはBではありません。", "정답은 B가 아닙니다.", "I think it is between A and B.",
     "If the answer is B then Rome is in France.", "Suppose the answer is B."],
)  # fmt: skip
def test_choices_that_are_denied_supposed_or_left_open(text):
    assert chosen(text, "auto").letters == ""


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("<think>a <think>b</think> c</think>4", "4"),
        ("<think>a <think> tag</think>4", "4"),  # opened twice, closed once
        ("<think>a</think>4 <think>b</think>", "4 <think>b</think>"),
        ("<reason>two</reason>4", "4"),
        ("[unused16]two[unused17]4", "4"),
        ("<start_working_out>two<end_working_out><SOLUTION>4</SOLUTION>", "4"),
        ("<start_working_out>two", ""),
    ],
)
def test_the_answer_behind_nested_and_newer_think_blocks(response, answer):
    assert split(response).answer == answer
