"""Choices: where a letter is stated, what rules it out or leaves it open, options with texts.

Wordings are those of published graders (openai/simple-evals common.py; TIGER-AI-Lab/MMLU-Pro;
hkust-nlp/ceval evaluators; open-compass/opencompass text_postprocessors.py; huggingface/lighteval
tests/metrics/test_extractive_match.py) and of recorded responses, with harder ones of our own.
"""

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit import ConfigError, Group, Response, load
from plaudit.answers.choices import chosen, chosen_by, chosen_each, spelled
from plaudit.answers.options import OptionTexts, option_of_text, option_within, options_of
from plaudit.errors import ScoringError
from plaudit.rules import exact

SHARED = Path(__file__).parents[4] / "shared"
LETTERS = "ABCDEFGHIJ"
STATED = [  # @ stands for the letter
    "Final Answer: Option @",
    "<answer>`@`</answer>",
    "I think it's @",
    "I think it is @.",
    "@选项",
    "选@选项",
    "本题选 **@**",
    "故选：@",
    "所以选@",
    "故答案为@",
    "\\boxed{\\text{@}}",
    "\\boxed{@}",
    "\\boxed{(@)}",
    "$\\boxed{\\mathrm{@}}$",
    "\\boxed{@.\\ 12}",
    "(@) Paris",
    "@. Paris",
    "@) Paris",
    "@: Paris",
    "Option (@)",
    "The answer is option @.",
    "@ is correct.",
    "(@) is the correct choice",
    "Therefore, @ is the correct answer.",
    "Option @ is the right answer.",
    "So the best choice is @",
    "The best guess would be (@).",
    "My answer: @",
    "**Answer: @**",
    "**Answer:** **@**",
    "Answer: $@$",
    "Answer : @",
    "ANSWER: @",
    "答：@",
    "正解：@",
    "Antwort: @",
    "Respuesta: @",
    "정답: @",
    "The answer to the question is @.",
    "所以答案是@。",
    "@是正确的",
    "选项@正确",
    "答案为@",
    "答案@",
    "选择@",
    "因此@。",
    "显然@。",
    "故@",
    "说法错误的是@",
    "因此，不正确的是@。",
    "The correct option is: @",
    "we go with:\n\n(@) **Hinder the performance**",
    "Alina and the answer is\n(@) Cecile",
    "Alina and the answer is\n@ Cecile",
    "<answer>(@) Paris</answer>",
    "<answer>Option @: Paris</answer>",
    "<answer>The answer is @.</answer>",
    "<answer>I think it's @</answer>",
    "I would choose @.",
    "I'd go with option @.",
    "By elimination, the answer is @.",
    "答案：**@**",
    "答案是选项@",
    "正确答案是 @。",
    "正确选项为@",
    "综上所述，本题的正确答案是@选项。",
    "综上，选 @",
    "\\textbf{@}",
    "\\textbf{(@)}\\ 12",
    "the answer is \\textbf{(@)}\\ 12",
    "The answer is $\\textbf{(@) }12$.",
    "It must be @.",
    "Thus the option is @",
    "“@”",
    "'@'",
    "@\n",
    "（@）",
    "[@]",
    "{@}",
    "【@】",
    "the answer is [@]",
    "the answer is {@}",
    "The most likely answer is @.",
    "The answer is most likely @",
    "The answer is probably @.",
    "最可能的答案是@",
    "Answer:@",
    "Answer - @",
    "The answer = @",
    "So @.",
    "Hence @",
    "It corresponds to option @.",
    "This matches option @, which is the answer: @.",
    "The answer should be @",
    "The answer would be @",
    "Answer\n\n@",
    "## Answer\n@",
    "### Final Answer\n\n**@**",
]
FIXED = {
    "B": [
        "The answer is not A but B.",
        "The correct answer is (B) because A is wrong.",
        "Thus, the final answer is:\nBBBBB",
        "**BBBBB**",
        "Hence, the answer is **B**. Now, I will duplicate the letter B five times:\n\nBBBBB",
        "Step by step: it's not A because it makes no sense, therefore I think it's B",
        "B. it can't be A or C",
        "The answer is for sure B, it can't be A or C",
        "The answer: B, it doesn't make sense for it to be A or D",
        "B。 不是 A",
        "Answer choice A is incorrect. Answer choice B is correct. Answer C is incorrect for x.",
        "答案A不对，答案B正确。\n答案是B",
        "A is wrong, C is wrong, so the answer must be B.",
        "排除A、C、D，故选B。",
        "不选A，选B",
        "The answer is B, not A.",
        "The answer is B (not C).",
        "【答案】B【解析】A错误",
        "【答案】B\n【解析】A错误，C正确",
        "Answer: B\n\nExplanation: Option A is wrong. The answer is not C.",
        "The answer is b",
        "The answer is (b)",
        "answer is: b.",
        "The correct answer is B. A, C and D are wrong.",
    ],
    "C": [
        "Answer: I think it is C",
        "thinking about it I think the correct answer is C",
        "Celia. C. is the answer. The answer is C.",
        "not A, not B: the answer is C",
        "The answer can't be A or B, so it is C.",
    ],
    "D": [
        "ANSWER IS D. A is incorrect.",
        "The answer is for sure D, it can't be A or B",
        "The Answer Is D",
        "THE CORRECT ANSWER IS D",
    ],
    "A": [
        "A is the answer.",
        "A is correct.",
        "A",
        "(A)",
        "A. A good reason",
        "Answer: A",
        "The answer is A",
        "<answer>A</answer>",
        "\\boxed{A}",
        "So A is the correct answer.",
        "I think A is the right option.",
        "选A",
        "A选项",
        "Option A is correct",
        "**A** is the correct answer.",
        "Answer: A.",
        "the answer is a",
    ],
    "J": [
        "Answer: J",
        "The answer is (J).",
        "\\boxed{J}",
        "JJJJJ",
    ],
    "I": [
        "The answer is (I).",
        "Answer: I",
        "IIIII",
        "\\boxed{I}",
        "The answer is I.",
        "**I**",
        "(I) Yes, because most evidence is not",
    ],
    "ABD": [
        "A, B, D",
        "A、B、D",
        "ABD",
        "\\boxed{A, B, D}",
        "The answer is A, B and D.",
        "答案：ABD",
        "故选ABD。",
        "A和B和D",
        "\\boxed{A}, \\boxed{B} and \\boxed{D}",
        "DBA",
        "选项A、B、D正确，故选ABD",
    ],
}
NO_CHOICE_OF = [  # ruled out, left open or asked
    "The answer cannot be @.",
    "I exclude option @.",
    "The answer is not @",
    "It can't be @.",
    "eliminate @",
    "I eliminate @.",
    "We can rule out @.",
    "@ is ruled out.",
    "Exclude option @",
    "$\\neg @$",
    "\\neg @",
    "¬@",
    "排除@",
    "不选@",
    "不能选@",
    "@不对",
    "@是错的",
    "不是@",
    "@被排除",
    "Answer: maybe @",
    "Perhaps @",
    "The answer may be @.",
    "The answer might be @",
    "答案可能是@",
    "也许是@",
    "The answer isn't @.",
    "Option @ is incorrect.",
    "Answer @ is wrong.",
    "@ is not correct.",
    "@ is not the answer.",
    "@AD IDEA",
    "@错误",
    "The answer is anything but @",
    "除了@",
    "答案不是@",
    "Is @ the answer?",
    "Not @",
]
TURNED_ROUND = [  # ruled out, another's, supposed, taken back, only looked at; @ is the letter
    "I don't think it's @.",
    "I don’t think the answer is @.",
    "I don't believe it's @.",
    "I doubt it's @.",
    "The wrong answer is @.",
    "The incorrect option is @.",
    "~~@~~",
    "Answer: ~~@~~",
    "@) Paris is wrong",
    "(@) ❌",
    "@: wrong",
    "@? No.",
    "@...?",
    "All but @.",
    "Everything but @.",
    "instead of @",
    "rather than @",
    "@ fails.",
    "@ contradicts the premise.",
    "@ is a distractor.",
    "@ is the least likely.",
    "@, which is wrong.",
    "Close to @, but no.",
    "The answer is hardly @.",
    "The answer is no longer @.",
    "The answer is @ or not @.",
    "The answer is @... no, wait.",
    "Answer: @ → no, something else",
    "The answer is @. Just kidding.",
    "Some people say the answer is @.",
    "A common mistake is to choose @.",
    "If it were spring, the answer would be @.",
    "Unclear: @",
    "Now option @",
    "Let me check @.",
    "Consider option @.",
    "As for @,",
    "See @.",
    "Option @ says Paris.",
    "除@以外都可以",
    "除@外均正确",
    "别选@",
    "错误答案：@",
    "未选@",
    "没有选@",
    "拒绝@",
    "@以外的选项",
    "@是干扰项",
    "我不觉得选@。",
    "有人认为答案是@",
    "如果题目改为夏天，则选@",
    "答案是@吗？",
    "是@吗",
    "答案不应是@",
    "可能选@。",
    "再看@选项",
    "下面分析@选项。",
    "at 25 °@",
    "The answer is 3 @.",
    "\\boxed{5\\text{ @}}",
    "\\boxed{25^\\circ @}",
    "@ = ma",
    "Answer: @ = 5",
    "答案：@=5",
    "\\boxed{@=ma}",
    "The answer is vitamin @.",
    "hepatitis @",
    "Group @",
    "Section @",
    "See Appendix @",
    "The matrix is @.",
    "维生素@",
    "设集合@",
    "垂足为@。",
]
GRADED = [
    "@、错误。#、正确。A、错误。D、错误。",
    "@选项错误；#选项正确；A选项错误；D选项错误。",
    "#正确，A、@、D错误。",
    "A、@、D均错误，#正确。",
    "A: False\n#: True\n@: False\nD: False",
    "- **A. Lyon** — incorrect.\n- **#. Paris** — correct. ✅\n- **@. Rome** — incorrect.",
    "**A. Lyon** – ❌ third.\n\n**#. Paris** – ✅ the capital.\n\n**@. Rome** – ❌ Italy.",
]
NO_CHOICE = [
    "A or B",
    "A or B?",
    "The answer is A or B.",
    "The answer is either A or B.",
    "It is (A) or (B).",
    "The answer could be B or C",
    "选B或C",
    "选A还是B",
    "A/B",
    "The answer is B or possibly C.",
    "The answer is neither A nor B.",
    "The correct answer is not among the options.",
    "The answer is unclear.",
    "I think so.",
    "I am sure.",
    "So do I.",
    "Answer: I think we need more data",
    "Answer: I do not know",
    "Answer: A dog",
    "A dog",
    "A good question.",
    "Answer: none of the above",
    "The answer is Ecuador",
    "The answer is Brazil.",
    "Answer: Because",
    "Bad",
    "He is A man",
    "Ah",
    "",
    "无法确定",
    "都不对",
    "Which is the answer, A or B?",
]

MORE = {  # answers in the style of several models, and what must not be read
    "B": [
        "\\boxed{B}, not \\boxed{A}",
        "It is \\boxed{B} and not $\\boxed{A}$.",
        "A is wrong. C is wrong. B.",
        "A, C and D are wrong. So B.",
        "The correct statement is B",
        "Statement B is correct.",
        "**B) Paris**",
        "### B",
        "> B",
        "- B",
        "B, because of x",
        "B - Paris",
        "Option B: Berlin",
        "Choice (B) is right",
        "I'm going with B.",
        "Between A and B, I choose B.",
        "我认为答案是B",
        "应该选择 B 项",
        "答案选B",
        "选项A和选项C都不对，选B",
        "Answer: (B",
        "The answer is B: all of the above (A, C and D).",
        "The answer is B, as A and C fail.",
        "<answer>A</answer> no, <answer>B</answer>",
        "Neither A nor C; the answer is B",
        "Thus B is correct, A is not.",
        "Only B is correct.",
        "so the correct choice is B) 12",
        "B\n\nA is wrong because ...\nC too.",
        "The correct answer is\n\n**B. Paris**",
        "The right answer: B",
        "**Correct answer: B**",
        "The final answer is $\\boxed{\\text{B}}$. I hope it is correct.",
        "正确答案：B. 巴黎",
        "答案: B、巴黎",
        "本题答案为B。A项...错误",
        "由此可知B项正确。",
        "故正确答案为B",
        "故答案选：B．",
        "因此答案是：（B）",
        "所以正确选项是（B）。",
        "应选B。",
        "应选：B．",
        "故应选择B。",
        "选B.",
        "【解答】解：选B．",
        "故选：B．",
        "**答案：B**",
        "答案（B）",
        "Answer (B)",
        "Answer is (B)",
        "answer: (b) Paris",
        "The answer: (B)",
        "ANS: B",
        "Ans: B",
        "The correct option is option B",
        "Hence option B is correct.",
        "Hence, option (B) is the correct answer.",
        "So, the answer is option (B), i.e., Paris.",
        "Therefore, the answer is: B.",
        "It's B.",
        "B!",
        "b",
        "B ",
        "The best answer is therefore B.",
        "The answer is definitely B.",
        "My final answer is B",
        "I select B",
        "I'd say B",
        "I would say B.",
        "Let's go with B.",
        "The letter is B",
        "Correct: B",
        "Solution: B",
        "Result: B",
        "Choice: B",
        "Option: B",
        "Selected: B",
    ],
    "": [
        "<answer>not B</answer>",
        "<answer>A or B</answer>",
        "\\boxed{A \\text{ or } B}",
        "\\boxed{\\neg B}",
        "It is not \\boxed{B}",
        "not \\boxed{B}",
        "All options are wrong.",
        "A, B, C and D are all possible? No.",
        "None of A, B or C",
        "The answer is not clear, B is a guess",
        "Option B can be eliminated",
        "B can be ruled out",
        "B is unlikely",
        "B would be wrong",
        "Choosing B would be wrong",
        "If the answer were B, x",
        "The answer is not B; it is not C either.",
        "We exclude B",
        "Discard B",
        "cross out B",
        "Not (B)",
        "The answer can not be B",
        "The answer can't possibly be B",
        "B is false",
        "I doubt B",
        "排除选项B",
        "B选项错误",
        "B项不正确",
        "答案不可能是B",
        "答案绝不是B",
        "不应选B",
        "不要选B",
        "不会选B",
        "B不正确",
        "选项B不符合题意",
        "B有误",
        "非B",
    ],
}


CITIES = ["Lyon", "Paris", "New York", "York"]


def one(response, reference, params=None, **columns):
    """The Score that the loaded rule gives one response."""
    rule = load("rules.exact.multiple_choice", **(params or {}))
    return rule.score([Group("?", [response], {"reference": reference, **columns})])[0][0]


# --- letters --------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", STATED)
def test_a_stated_letter_is_read_whichever_it_is(template):
    for letter in LETTERS:
        assert chosen(template.replace("@", letter), "auto").letters == letter
    for letter in "KTZ":
        assert chosen(template.replace("@", letter), "auto", OptionTexts("Z")).letters == letter


@pytest.mark.parametrize(
    ("letters", "text"), [(letters, text) for letters, texts in FIXED.items() for text in texts]
)
def test_stated_letters(letters, text):
    assert chosen(text, "auto").letters == letters


@pytest.mark.parametrize("template", NO_CHOICE_OF)
def test_what_is_ruled_out_or_left_open_is_no_choice(template):
    for letter in LETTERS:
        found = chosen(template.replace("@", letter), "auto")
        assert found.letters == "", (template, letter)
        assert found.problem


@pytest.mark.parametrize("template", TURNED_ROUND)
def test_what_is_not_the_choice_of_the_writer_is_none(template):
    for letter in "BCFJ":
        found = chosen(template.replace("@", letter), "auto")
        assert found.letters == "", (template, letter)
        assert found.problem


@pytest.mark.parametrize("template", GRADED)
def test_a_list_that_grades_each_option_chooses_the_right_one(template):
    for right, wrong in ("BC", "CB"):
        text = template.replace("#", right).replace("@", wrong)
        assert chosen(text, "auto").letters == right


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("The answer is B, no, C. The answer is C.", "C"),
        ("选C，不选B。", "C"),
        ("A, C and D are wrong, so B must be right.", "B"),
        ("AC正确，BD错误", "AC"),
        ("正确的有A和C。", "AC"),
        ("很多同学会误选B，正确答案是C。", "C"),
        ("If x is 2, then y is 4, so the answer is B.", "B"),
        ("如果a>0，函数递增，故选B", "B"),
        ("Only option C works.", "C"),
        ("Rome — option C", "C"),
        ("👉 B", "B"),
        ("<b>C</b>", "C"),
        ("選項C正確。", "C"),
    ],
)
def test_choices_beside_denials(text, letters):
    assert chosen(text, "auto").letters == letters


def test_letters_inside_the_text_of_an_option():
    vitamins = OptionTexts("C", ("scurvy", "vitamin C deficiency", "A and B"))
    for text, letters in (
        ("The patient has vitamin C deficiency.", "B"),
        ("The answer is vitamin C deficiency.", "B"),
        ("The answer is A and B.", "C"),
    ):
        assert chosen(text, "auto", vitamins).letters == letters
    cities = OptionTexts("B", ("Lyon", "Paris"))
    assert chosen("Answer: B (Lyon)", "auto", cities).letters == ""
    assert chosen("Answer: B (Paris)", "auto", cities).letters == "B"


@pytest.mark.parametrize(
    ("letters", "text"), [(letters, text) for letters, texts in MORE.items() for text in texts]
)
def test_more_wordings(letters, text):
    assert chosen(text, "auto").letters == letters


@pytest.mark.parametrize("text", NO_CHOICE)
def test_no_choice(text):
    assert chosen(text, "auto").letters == ""


@pytest.mark.parametrize("template", STATED)
@pytest.mark.parametrize("tail", [" or {}", " or option {}", "/{}", " or ({})", "或{}"])
def test_a_second_letter_leaves_it_open(template, tail):
    """The same statements with "or another letter" right behind the letter."""
    for letter, other in ("BC", "DA", "AB"):
        text = template.replace("@", letter + tail.format(other), 1)
        assert chosen(text, "auto").letters not in (letter, other), text


@given(st.text(max_size=80), st.sampled_from(["auto", "mark", "whole", "last_letter", "boxed"]))
def test_any_text(text, extract):
    for options in (OptionTexts(), OptionTexts("D", tuple(CITIES)), OptionTexts("Z")):
        found = chosen(text, extract, options)
        assert found.letters or found.problem
        assert all(options.has(letter) for letter in found.letters)


@pytest.mark.parametrize(
    "unit",
    ["A, ", "A and ", "(A) ", "answer is ", "answers to x ", "B or ", "is B the answer ", "选"],
)
def test_long_texts(unit):
    for options in (OptionTexts(), OptionTexts("D", tuple(CITIES))):
        chosen(unit * (130_000 // len(unit)), "auto", options)


def test_letters_beyond_the_options_are_none():
    four = OptionTexts("D")
    assert chosen("The answer is E.", "auto", four).letters == ""
    assert chosen("\\boxed{E}", "auto", four).letters == ""
    assert chosen("The answer is E.", "auto").letters == "E"
    assert chosen("The answer is K.", "auto").letters == ""
    assert one("K", "K", choices=[f"option {i}" for i in range(12)]).value == 1


# --- recorded responses ---------------------------------------------------------------------------


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not beside the checkout")
def test_recorded_endings_in_ten_options():
    """The prompt asks for the letter five times in a row: an independent word on the choice.

    349 of 359 agree. Of the others two name two letters, three box a number and give the letter
    in words, one is hedged ("the answer might be"), and four are not prose any more.
    """
    path = SHARED / "data" / "bench_judgebench.jsonl.gz"
    agreed = other = silent = 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if "duplicate that letter five times" not in row["prompt"]:
                continue
            for text in (row["chosen"], row["rejected"]):
                fives = re.findall(r"(?<![A-Za-z])([A-P])\1{3,}(?![A-Za-z])", text)
                if not fives:
                    continue
                found = chosen(text, "auto").letters
                agreed += found == fives[-1]
                silent += not found
                other += bool(found) and found != fives[-1]
    assert agreed + other + silent == 359
    assert agreed >= 349
    assert other <= 2


@pytest.mark.skipif(not SHARED.exists(), reason="the shared cases are not beside the checkout")
def test_shared_cases():
    for line in (SHARED / "cases" / "choice.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert exact.multiple_choice(row["response"], row["reference"]).value == row["right"], line


# --- options with texts ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["choices", "options"])
@pytest.mark.parametrize(
    "choices",
    [
        CITIES,
        ["A. Lyon", "B. Paris", "C. New York", "D. York"],
        ["(A) Lyon", "(B) Paris", "(C) New York", "(D) York"],
        {"A": "Lyon", "B": "Paris", "C": "New York", "D": "York"},
        {"text": CITIES, "label": ["A", "B", "C", "D"]},
        "A. Lyon\nB. Paris\nC. New York\nD. York",
        json.dumps(CITIES),
        json.dumps({"D": "York", "C": "New York", "B": "Paris", "A": "Lyon"}),
    ],
)
def test_the_ways_in_which_rows_list_options(name, choices):
    assert options_of(choices) == OptionTexts("D", tuple(CITIES))
    assert one("The answer is Paris.", "B", **{name: choices}).value == 1
    assert one("The answer is Lyon.", "B", **{name: choices}).value == 0


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("Paris", "B"),
        ("paris.", "B"),
        ("**Paris**", "B"),
        ("<answer>Paris</answer>", "B"),
        ("<answer>the Paris</answer>", "B"),
        ("\\boxed{\\text{Paris}}", "B"),
        ("Answer: Paris", "B"),
        ("So the answer is Paris, in France.", "B"),
        ("I think it is Paris.", "B"),
        ("B. Paris", "B"),
        ("(B) Paris", "B"),
        ("The answer is B. Paris.", "B"),
        ("The answer is B", "B"),
        ("The answer is New York.", "C"),
        ("York", "D"),
        ("B. Lyon", ""),
        ("The answer is (B) Lyon.", ""),
        ("<answer>B. Lyon</answer>", ""),
        ("\\boxed{B. Lyon}", ""),
        ("The answer is not Paris.", ""),
        ("The answer is Paris or Lyon.", ""),
        ("The answer is maybe Paris.", ""),
        ("Paris and Lyon are cities.", ""),
        ("The answer is Berlin.", ""),
        ("Answer: E", ""),
    ],
)
def test_an_option_by_its_text(text, letter):
    assert chosen(text, "auto", OptionTexts("D", tuple(CITIES))).letters == letter


def test_numbers_and_formulas_as_options():
    signs = OptionTexts("C", ("-5", "5", "0.5"))
    for text, letter in (("-5", "A"), ("5", "B"), ("0.5", "C"), ("\\boxed{-5}", "A")):
        assert chosen(text, "auto", signs).letters == letter
    assert chosen("The answer is -5.", "auto", OptionTexts("B", ("5", "7"))).letters == ""
    assert option_of_text("$\\frac{1}{2}$", OptionTexts("B", ("\\dfrac{1}{2}", "2"))) == "A"
    assert option_of_text("12 km", OptionTexts("B", ("12 m", "12 km"))) == "B"
    assert option_within("答案是新北市", OptionTexts("B", ("北市", "新北市"))) == "B"
    assert (
        chosen("\\textbf{(C)}\\ 12", "auto", OptionTexts("D", ("1", "2", "12", "3"))).letters == "C"
    )


@pytest.mark.parametrize(
    ("reference", "params", "letters"),
    [
        ("B", {}, "B"),
        ("Paris", {}, "B"),
        ("the paris", {}, "B"),
        ("(B) Paris", {}, "B"),
        ("B. Paris", {}, "B"),
        (1, {"index_base": 0}, "B"),
        ("1", {"index_base": 0}, "B"),
        (2, {"index_base": 1}, "B"),
        (["A", "C"], {}, "AC"),
        (["Lyon", "New York"], {}, "AC"),
    ],
)
def test_references_beside_options(reference, params, letters):
    assert one(letters, reference, params, choices=CITIES).value == 1
    assert one("D", reference, params, choices=CITIES).value == 0


@pytest.mark.parametrize(
    ("reference", "params", "choices", "message"),
    [
        (1, {}, CITIES, "pass index_base=0 or index_base=1"),
        (1, {}, None, "pass index_base=0"),
        (4, {"index_base": 0}, CITIES, "is not an option from A to D"),
        (0, {"index_base": 1}, CITIES, "is not an option from A to D"),
        ("Berlin", {}, CITIES, "is not an option from A to D"),
        ("E", {}, CITIES, "is not an option from A to D"),
        ("K", {}, None, "is not an option from A to J"),
        ("B. Lyon", {}, CITIES, "the text of another option"),
        ("A", {}, ["B", "A"], "the text of another option"),
        ("2", {"index_base": 0}, ["1", "2", "3"], "could be B or C"),
        ("Same", {}, ["Same", "same"], "could be A or B"),
        ("B", {}, ["one"], "must be 2 to 26 texts"),
        ("B", {}, {"1": "x", "2": "y"}, "must be 2 to 26 texts"),
        ("B", {}, "no labels here", "must be 2 to 26 texts"),
        ("B", {}, [{"text": "x"}, {"text": "y"}], "must be 2 to 26 texts"),
    ],
)
def test_what_could_be_two_options_is_refused(reference, params, choices, message):
    score = one("B", reference, params, **({} if choices is None else {"choices": choices}))
    assert score.fault == "input"
    assert message in score.error


def test_choices_and_options_that_differ():
    assert one("B", "B", choices=CITIES, options=CITIES).value == 1
    assert one("B", "B", choices=CITIES, options=CITIES[:2]).fault == "input"
    with pytest.raises(ScoringError):
        options_of({"text": ["x"], "label": ["A", "B"]})


# --- a pattern ------------------------------------------------------------------------------------


def test_a_pattern_reads_the_choice_instead():
    params = {"pattern": r"pick =>\s*(\w+)"}
    assert one("Answer: A\npick => B", "B", params).value == 1
    assert one("pick => A, no: pick => B", "B", params).value == 1
    assert one("<think>pick => B</think>Answer: B", "B", params).value == 0
    assert one("pick => BD", ["B", "D"], params).value == 1
    assert one("pick => none", "B", params).note == "'none' is no option"
    assert chosen_by("x" * 5000 + "=> B", re.compile("=> (.)")).letters == "B"
    assert chosen_by("=> B" + "x" * 5000, re.compile("=> (.)")).letters == ""


@pytest.mark.parametrize("pattern", ["(", "no group", "(a)(b)"])
def test_patterns_that_do_not_fit(pattern):
    with pytest.raises(ConfigError, match="pattern="):
        exact.multiple_choice("A", "A", pattern=pattern)
    with pytest.raises(ConfigError, match="index_base"):
        exact.multiple_choice("A", "A", index_base=2)


def test_several_questions_keep_to_the_options():
    found = chosen_each("1. Answer: J\n2. Answer: B", 2)
    assert [one.letters for one in found] == ["J", "B"]
    assert spelled("K") == ""
    assert spelled("K", OptionTexts("L")) == "K"


def test_a_response_that_was_cut_states_nothing_in_its_last_line():
    rule = load("rules.exact.multiple_choice")
    for text, value in (
        ("So it comes down to option B", 0),
        ("The answer is B. Then", 1),
        ("B", 1),
    ):
        cut = Response(text, finish_reason="length")
        assert rule.score([Group("?", [cut], {"reference": "B"})])[0][0].value == value
    whole = Response("So it comes down to option B", finish_reason="stop")
    assert rule.score([Group("?", [whole], {"reference": "B"})])[0][0].value == 1


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("So choose *I.", "I"), ("So choose I:", "I"), ("So choose (I.", "I"), ("正确 I", "I"),
        ("Both my friend and I.", ""), ("So what do I.", ""),
    ],
)  # fmt: skip
def test_a_lone_i_is_a_choice_where_a_sign_on_one_side_sets_it_off(text, letters):
    assert chosen(text, "auto", OptionTexts("J")).letters == letters
