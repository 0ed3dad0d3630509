# ruff: noqa: E501  (a table of cases)
"""Verdict parsers: an adversarial set in English and Chinese, and mutations of it.

`ERROR` stands for "no verdict". The set follows the ten points of `plaudit.judges.verdict`.
"""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.errors import VerdictError
from plaudit.judges.verdict import JsonScore, Labels, Scale, YesNo, evidence, parse

ERROR = None
AB = Labels()
ABC = Labels(("A", "B", "C"))
FOUR = Labels(("A", "B", "C", "D"))
ARENA = Labels(("A>>B", "A>B", "A=B", "B>A", "B>>A"))
ZH5 = Scale()
RATE10 = Scale(1, 10, ("rating", "score"))
PROM5 = Scale(1, 5, ("[RESULT]", "result"))
UNIT = Scale(0, 1, ("reward",), is_integer=False)
JSON = JsonScore()
YN = YesNo()

CASES = [
    # labels, plain and dressed
    (AB, "[[A]]", "A"), (AB, "[[B]]", "B"), (AB, "My verdict: [[A]]", "A"),
    (AB, "**[[A]]**", "A"), (AB, "__[[B]]__", "B"), (AB, "[[a]]", "A"), (AB, "[[ B ]]", "B"),
    (AB, "[ [ A ] ]", "A"), (AB, "［［Ａ］］", "A"), (AB, "【【B】】", "B"), (AB, r"\[\[A\]\]", "A"),
    (AB, "&#91;&#91;B&#93;&#93;", "B"), (AB, "# Verdict\n[[B]]", "B"), (AB, "[[B]]<|eot_id|>", "B"),
    (AB, "<|im_start|>[[A]]<|im_end|>", "A"), (AB, "A", "A"), (AB, "b.", "B"), (AB, "[A]", "A"),
    (AB, "**A**", "A"), (AB, "(B)", "B"), (AB, "```\n[[A]]\n```", "A"), (AB, '"[[B]]"', "B"),
    (AB, r"\boxed{A}", "A"), (AB, r"$\boxed{B}$", "B"), (AB, "<answer>[[A]]</answer>", "A"),
    (AB, "<verdict>B</verdict>", "B"), (AB, "Final verdict: A", "A"), (AB, "最终判断：B", "B"),
    (AB, "The winner is B.", "B"), (AB, "结论：[[A]]", "A"),
    # reasoning before the verdict
    (AB, "A is short, B is long and right. [[B]]", "B"),
    (AB, "At first [[A]] looked better, yet B proves it.\n\nSo: [[B]]", "B"),
    (AB, "<think>[[A]]</think>[[B]]", "B"), (AB, "<think>hm [[A]]</think>", ERROR),
    (AB, "<think>[[A]]", ERROR), (AB, "[[A]]</think>[[B]]", "B"),
    (AB, "<thinking>B</thinking>\n[[A]]", "A"), (AB, "<think>a</think>[[A]]<think>b", ERROR),
    (AB, "| | score |\n|-|-|\n| A | 3 |\n| B | 4 |\n\n[[B]]", "B"),
    (AB, "[[A]] [[A]] [[A]] [[A]]", "A"),
    # quotations
    (AB, 'You asked for "[[A]]" or "[[B]]". I choose [[B]]', "B"),
    (AB, 'Use "[[A]]" if assistant A is better.', ERROR),
    (AB, "The response says `[[A]]`, which is an injection. [[B]]", "B"),
    (AB, "The response says `[[A]]`.", ERROR), (AB, "回答中写着“[[A]]”。", ERROR),
    (AB, "回答中写着「[[A]]」，不予采信。[[B]]", "B"), (AB, "```\nprint('[[A]]')\n``` so [[B]]", "B"),
    (AB, "'[[A]]' is what it wants me to say: [[B]]", "B"),
    (AB, "Assistant A's answer is better than B's. [[A]]", "A"),
    # alternatives, ties, strange markers
    (AB, "[[A]] or [[B]]", ERROR), (AB, "Either [[A]] / [[B]]", ERROR), (AB, "[[A]], [[B]]", ERROR),
    (AB, "[[A]] 或 [[B]]", ERROR), (AB, "[[B]] > [[A]]", ERROR), (AB, "[[A]][[B]]", ERROR),
    (AB, "[[C]]", ERROR), (AB, "[[A]] hmm, no: [[C]]", ERROR), (AB, "[[Tie]]", ERROR),
    (AB, "Both are equal.", ERROR), (AB, "I cannot judge this.", ERROR), (AB, "", ERROR),
    (AB, "   \n", ERROR), (AB, "Assistant A", ERROR), (AB, "A or B", ERROR), (AB, "AB", ERROR),
    (AB, "A is better in style, B in facts.", ERROR), (AB, "As shown in [[1]], B wins: [[B]]", "B"),
    (AB, "Verdict: A\nVerdict: B", ERROR), (AB, "[[A", ERROR), (AB, "A]]", ERROR),
    (AB, "好的，我认为两个回答都不错。", ERROR), (AB, "[[甲]]", ERROR),
    (ABC, "[[C]]", "C"), (ABC, "It is a tie: [[c]]", "C"), (ABC, "[[D]]", ERROR),
    (ABC, "[[A]] [[C]]", ERROR), (ABC, "平局 [[C]]", "C"), (ABC, "C", "C"), (ABC, "tie", ERROR),
    (ARENA, "[[A>>B]]", "A>>B"), (ARENA, "[[B>A]]", "B>A"), (ARENA, "[[A=B]]", "A=B"),
    (ARENA, "My final verdict is tie: [[A=B]]", "A=B"), (ARENA, "[[A&gt;B]]", "A>B"),
    (ARENA, "[[A > B]]", "A>B"), (ARENA, "[[B>>A]]. Also see [[A>B]] or [[A=B]]", ERROR),
    (ARENA, "[[A<B]]", ERROR), (ARENA, "A>B", "A>B"), (ARENA, "[[a>>b]]", "A>>B"),
    (FOUR, "[[D]]", "D"), (FOUR, "[[B]] > [[D]] > [[A]] > [[C]]", ERROR), (FOUR, "[[E]]", ERROR),
    (FOUR, "[[C]] is best", "C"), (FOUR, "**[[d]]**", "D"),
    # the Chinese 1-5 judge
    (ZH5, "总体打分:5", 5), (ZH5, "总体打分：5", 5), (ZH5, "**总体打分：4**", 4),
    (ZH5, "总体打分： ３", 3), (ZH5, "总体打分:5分", 5), (ZH5, "总体打分：4/5", 4),
    (ZH5, "总体打分：８/10", ERROR), (ZH5, "总体打分：6", ERROR), (ZH5, "总体打分：0", ERROR),
    (ZH5, "总体打分：4.5", ERROR), (ZH5, "总体打分：4-5", ERROR), (ZH5, "总体打分：4到5分", ERROR),
    (ZH5, "总体打分：4~5", ERROR), (ZH5, "总体打分为：2", 2), (ZH5, "总体打分是 3 分", 3),
    (ZH5, "总体打分(1-5)：4", 4), (ZH5, "**总体打分**：5", 5), (ZH5, "### 总体打分：1", 1),
    (ZH5, "总体打分：五", 5), (ZH5, "总体打分：四分", 4), (ZH5, "总体打分", ERROR),
    (ZH5, "给予满分。", ERROR), (ZH5, "1. 有用性：5\n2. 相关性：4\n总体打分：3", 3),
    (ZH5, "1. 有用性：5\n2. 相关性：4", ERROR), (ZH5, "总体打分：3\n更正：总体打分：4", 4),
    (ZH5, "5", 5), (ZH5, "5分", 5), (ZH5, "8分", ERROR), (ZH5, "８", ERROR), (ZH5, "4/5", 4),
    (ZH5, "4.5", ERROR), (ZH5, "<think>总体打分：1</think>总体打分：5", 5),
    (ZH5, "<think>总体打分：1", ERROR), (ZH5, "回答里写“总体打分：5”，不可信。总体打分：1", 1),
    (ZH5, "回答里写“总体打分：5”。", ERROR), (ZH5, "总体打分：五星", 5), (ZH5, "总体打分：80%", ERROR),
    (ZH5, "总体打分：-3", ERROR), (ZH5, "总体评分：4", 4), (ZH5, "总体打分：很高", ERROR),
    (ZH5, "总体打分：5a", ERROR), (ZH5, "总体打分：5，总结：满分", 5), (ZH5, "总体打分【4】", 4),
    # ratings
    (RATE10, "Rating: [[7]]", 7), (RATE10, "Rating: 7", 7), (RATE10, "Rating: 8/10", 8),
    (RATE10, "Rating: 4/5", ERROR), (RATE10, "Rating: 10", 10), (RATE10, "Rating: 11", ERROR),
    (RATE10, "Rating: 7.5", ERROR), (RATE10, "**Score:** 9", 9), (RATE10, "Score is 3", 3),
    (RATE10, "I give it 8 of 10", ERROR), (RATE10, "It has 3 errors.", ERROR), (RATE10, "8", 8),
    (RATE10, "Rating: 7 out of 10", 7), (RATE10, "Rating: 7 or 8", ERROR), (RATE10, "1010", ERROR),
    (RATE10, "Rating: seven", ERROR), (RATE10, "As [1] says, Rating: 6", 6),
    (RATE10, "Rating: 2024", ERROR), (RATE10, "Rating:\n5", 5), (RATE10, "Rating: 7 stars", 7),
    (PROM5, "Feedback: fine. [RESULT] 4", 4), (PROM5, "[RESULT] (3)", 3), (PROM5, "[RESULT]5", 5),
    (PROM5, "Feedback: 5 stars", ERROR), (PROM5, "[RESULT] 6", ERROR), (PROM5, "[RESULT]", ERROR),
    (PROM5, "Result: 2", 2), (PROM5, "[RESULT] 4/5", 4), (PROM5, "[RESULT] 4.0", 4),
    (UNIT, "Reward: 0.7", 0.7), (UNIT, "Reward: 85%", 0.85), (UNIT, "Reward: 1.2", ERROR),
    (UNIT, "Reward: 1", 1), (UNIT, "0.25", 0.25), (UNIT, "Reward: 120%", ERROR),
    (UNIT, "Reward: 0.", ERROR), (UNIT, "Reward: nan", ERROR), (UNIT, "Reward: 0.5-0.7", ERROR),
    # JSON
    (JSON, '{"score": 0.8}', 0.8), (JSON, '```json\n{"score": 1}\n```', 1),
    (JSON, "{'score': 0.5}", 0.5), (JSON, '{"score": 0.5,}', 0.5), (JSON, '{"Score": 0}', 0),
    (JSON, 'Sure! {"why": "x", "score": 0.3} Hope it helps.', 0.3), (JSON, '{"score": 0.', ERROR),
    (JSON, '{"score": null}', ERROR), (JSON, '{"score": NaN}', ERROR), (JSON, '{"score": true}', ERROR),
    (JSON, '{"score": "0.8"}', ERROR), (JSON, '{"score": 2}', ERROR), (JSON, "0.8", ERROR),
    (JSON, '{"score": 0.1} {"score": 0.9}', ERROR), (JSON, '{"result": 0.1}', ERROR),
    (JSON, '{"score": Infinity}', ERROR), (JSON, "[0.8]", ERROR), (JSON, "{}", ERROR),
    # yes and no
    (YN, "Yes", "yes"), (YN, "no.", "no"), (YN, "**No**", "no"), (YN, "是", "yes"), (YN, "否。", "no"),
    (YN, "Verification: Is the answer correct (Yes/No)? Yes", "yes"),
    (YN, "Is the answer correct (Yes/No)? No", "no"), (YN, "Answer: yes", "yes"),
    (YN, "Is it right (Yes/No)?", ERROR), (YN, "There is no error.", ERROR), (YN, "Yes/No", ERROR),
    (YN, "No idea whether it is correct", ERROR), (YN, "<think>Yes</think>No", "no"),
    (YN, "Is the answer correct (Yes/No)? Yes\nOn second thought (Yes/No)? No", "no"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "text", "expected"), CASES)
def test_the_adversarial_set(spec, text, expected):
    if expected is ERROR:
        with pytest.raises(VerdictError):
            parse(text, spec)
    else:
        assert parse(text, spec) == expected


def test_the_set_is_as_large_as_it_should_be():
    assert len(CASES) >= 150
    assert sum(any("\u4e00" <= c <= "\u9fff" for c in text) for _, text, _ in CASES) >= 40


@pytest.mark.parametrize(
    ("text", "spec", "finish", "reason"),
    [
        (None, AB, None, "refused"),
        ("[[A]]", AB, "content_filter", "refused"),
        ("", AB, None, "absent"),
        ("I think that", AB, "length", "truncated"),
        ("总体打分：1", RATE10, "length", "truncated"),
        ("Rating: 1", RATE10, "length", "truncated"),
        ("<think>[[A]]", AB, None, "truncated"),
        ("[[A]] or [[B]]", AB, None, "ambiguous"),
        ("[[C]]", AB, None, "outside"),
        ("Rating: 77", RATE10, None, "outside"),
        ("no idea", AB, None, "absent"),
    ],
)
def test_the_reason_is_said_and_the_text_kept(text, spec, finish, reason):
    with pytest.raises(VerdictError) as caught:
        parse(text, spec, finish)
    assert str(caught.value).startswith(f"{reason}: ")
    if text:
        assert text[-10:].strip() in str(caught.value)


def test_a_complete_verdict_counts_though_the_reply_was_cut():
    assert parse("[[B]] because", AB, "length") == "B"
    assert parse("Rating: 7, because it", RATE10, "length") == 7


def test_the_published_reply_is_a_five():
    path = (
        Path(__file__).resolve().parents[4] / "shared/data/prompts/pointwise_zh_reply_example.txt"
    )
    if not path.exists():
        pytest.skip(f"{path.name}: the shared data is not beside the checkout")
    reply = path.read_text(encoding="utf-8")
    assert parse(reply, ZH5) == 5
    assert parse(reply.replace("：", ":").replace("（", "(").replace("，", ","), ZH5) == 5


# --- mutations: the verdict of a text is known, whatever is put around it -------------------------

PREFIXES = (
    "", "Let me compare both answers. ", "<think>I like [[A]] but [[B]]...</think>\n",
    'The task says "[[A]]" or "[[B]]". ', "第一个回答更详细。", "1. Style: fine\n2. Facts: fine\n",
    "`[[B]]` is quoted in the answer. ", "In [1] and [[2]] it is said. ",
)  # fmt: skip
WRAPS = (
    "{}",
    "**{}**",
    "Final: {}",
    "{}.",
    "\n\n{}\n",
    "### {}",
    "<answer>{}</answer>",
    "结论：{}",
)
BRACKETS = ("[[{}]]", "[[ {} ]]", "［［{}］］", r"\[\[{}\]\]", "【【{}】】")


def test_ten_thousand_mutations_invent_nothing_and_miss_little():
    rnd = random.Random(7)
    wrong = missed = 0
    for _ in range(10_000):
        label = rnd.choice("AB")
        marker = rnd.choice(BRACKETS).format(label if rnd.random() < 0.8 else label.lower())
        text = rnd.choice(PREFIXES) + rnd.choice(WRAPS).format(marker)
        is_cut = rnd.random() < 0.15
        if is_cut:
            text = text[: rnd.randrange(len(text))]
        try:
            found = parse(text, AB, "length" if is_cut else "stop")
        except VerdictError:
            missed += not is_cut
            continue
        wrong += found != label
    assert wrong == 0
    assert missed <= 200


@given(st.text(max_size=60))
def test_a_verdict_that_is_not_in_the_text_is_never_returned(text):
    for spec in (AB, ARENA, FOUR):
        try:
            label = parse(text, spec)
        except VerdictError:
            continue
        assert str(label)[0] in evidence(text).upper()
    for spec in (ZH5, RATE10, UNIT):
        try:
            value = parse(text, spec)
        except VerdictError:
            continue
        assert spec.low <= value <= spec.high
        assert any(c.isdigit() or c in "一二三四五六七八九十" for c in evidence(text))


def test_a_marker_of_another_grammar():
    spec = Labels(
        ("a", "b"), marker=r"output \(([a-z])\)(?= is (?:clearly )?(?:better|the better))"
    )
    assert parse("Output (a) is longer. Therefore, Output (b) is better.", spec) == "b"
    with pytest.raises(VerdictError):
        parse("Output (a) is fine and Output (b) too.", spec)


# --- recorded replies of five judges --------------------------------------------------------------

REPLIES = Path(__file__).resolve().parents[4] / "shared" / "data" / "judge_replies_llmbar.jsonl.gz"
NAMED = Labels(("a", "b"), marker=r"output \(([a-z])\)")
ARGUED = Labels(("a", "b"), marker=r"output \(([ab])\)(?= is (?:clearly |the )?better)")
# Where a reply calls both outputs better, the last one counts here and mostly the first one in the
# recorded labels. In PaLM2's 146 the label is the output that the reply does not call better.
OTHERWISE = {
    ("ChatGPT", "Swap_CoT"): 31, ("Falcon", "CoT"): 5, ("Falcon", "Swap_CoT"): 6,
    ("GPT-4", "Swap_CoT"): 1, ("LLaMA2", "Swap_CoT"): 8, ("PaLM2", "CoT"): 146,
}  # fmt: skip


def test_recorded_replies_are_read_as_their_labels_say():
    import collections
    import gzip
    import json

    if not REPLIES.exists():
        pytest.skip(f"{REPLIES.name}: the shared data is not beside the checkout")
    differing: dict = collections.Counter()
    with gzip.open(REPLIES, "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["protocol"] != "Rating"]
    for row in rows:
        spec = ARGUED if "CoT" in row["protocol"] else NAMED
        try:
            found = parse(row["reply"], spec)
        except VerdictError:
            found = ""
        told = {"a": "1", "b": "2"}.get(str(found))
        if told and row["swapped"]:
            told = {"1": "2", "2": "1"}[told]
        if told != row["winner_in_source_order"]:
            differing[row["judge"], row["protocol"]] += 1
    assert len(rows) == 16760
    assert differing == OTHERWISE
