"""Think blocks of all model families: whatever the marks, reasoning and answer come apart."""

import gzip
import json
from pathlib import Path

import pytest

from plaudit import Group, Response, load
from plaudit.combine import view
from plaudit.entry import entered
from plaudit.text.think import FAMILIES, opening_at_end, part_of, split

ROOT = Path(__file__).resolve().parents[3]
SHARED = [ROOT.parent / "shared", ROOT.parent.parent / "shared"]
END = "<|end|><|start|>assistant"
# How each family writes a response, as its chat template or a parser of a server has it:
# reasoning, answer -> text; and the end of a prompt that opens the block.
FORMS = {
    "deepseek-ai/DeepSeek-R1": (
        "<think>\n{think}\n</think>\n\n{answer}",
        "<｜Assistant｜><think>\n",
    ),
    "Qwen/QwQ-32B": ("<think>\n{think}\n</think>\n\n{answer}", "<|im_start|>assistant\n<think>\n"),
    "zai-org/GLM-4.5": ("\n<think>{think}</think>\n{answer}", "<|assistant|>\n<think>"),
    "thinking": ("<thinking>{think}</thinking>\n{answer}", "Assistant: <thinking>"),
    "LGAI-EXAONE/EXAONE-Deep-7.8B": (
        "<thought>\n{think}\n</thought>\n{answer}",
        "[|assistant|]<thought>\n",
    ),
    "reasoning": ("<reasoning>\n{think}\n</reasoning>\n{answer}", "\n<reasoning>\n"),
    "mistralai/Magistral-Small-2509": ("[THINK]{think}[/THINK]{answer}", "[/INST][THINK]"),
    "ByteDance-Seed/Seed-OSS-36B-Instruct": (
        "<seed:think>{think}</seed:think>{answer}",
        "<seed:bos>assistant\n<seed:think>",
    ),
    "MiniMaxAI/MiniMax-M3": ("<mm:think>\n{think}\n</mm:think>\n{answer}", "]~b]ai\n<mm:think>\n"),
    "meituan-longcat/LongCat-Flash-Thinking": (
        "<longcat_think>\n{think}\n</longcat_think>\n{answer}",
        "<longcat_assistant><longcat_think>\n",
    ),
    "moonshotai/Kimi-VL-A3B-Thinking": (
        "◁think▷{think}◁/think▷{answer}",
        "<|im_assistant|>assistant<|im_middle|>◁think▷",
    ),
    "moonshotai/Kimi-K3": (
        "<|open|>think<|sep|>{think}<|close|>think<|sep|><|open|>response<|sep|>{answer}"
        "<|close|>response<|sep|>",
        "<|sep|><|open|>think<|sep|>",
    ),
    "CohereLabs/command-a-reasoning-08-2025": (
        "<|START_THINKING|>{think}<|END_THINKING|><|START_RESPONSE|>{answer}<|END_RESPONSE|>",
        "<|CHATBOT_TOKEN|><|START_THINKING|>",
    ),
    "open-thoughts/OpenThinker-7B": (
        "<|begin_of_thought|>\n\n{think}\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n{answer}"
        "\n\n<|end_of_solution|>",
        "\n<|begin_of_thought|>",
    ),
    "swiss-ai/Apertus-8B-Instruct-2509": (
        "<|inner_prefix|>{think}<|inner_suffix|>{answer}",
        "<|assistant_start|><|inner_prefix|>",
    ),
    "google/medgemma-1.5-4b-it": (
        "<unused94>thought\n{think}<unused95>{answer}",
        "<start_of_turn>model\n<unused94>thought\n",
    ),
    "google/gemma-4": (
        "<|channel>thought\n{think}\n<channel|>{answer}",
        "<|turn>model\n<|channel>thought\n",
    ),
    "openai/gpt-oss-20b": (
        "<|channel|>analysis<|message|>{think}" + END + "<|channel|>final<|message|>{answer}",
        "<|start|>assistant<|channel|>analysis<|message|>",
    ),
    "tencent/Hunyuan (opensource)": (
        "<think:opensource>{think}</think:opensource>{answer}",
        "<think:opensource>",
    ),
}
# Families whose opening mark is a sentence, so that an unfinished block is no block.
PROSE = {
    "ServiceNow-AI/Apriel-1.5-15b-Thinker": (
        "Here are my reasoning steps:\n{think}\n[BEGIN FINAL RESPONSE]\n{answer}\n"
        "[END FINAL RESPONSE]"
    ),
    "ibm-granite/granite-3.2-8b-instruct": (
        "Here is my thought process: {think} Here is my response: {answer}"
    ),
}
TEXTS = [
    ("two and two", "4"),
    ("I should use the <think> tag, or `</s>`.", "It is \\boxed{4}."),
    ("先算二加二。\n\n所以是四。", "答案是4。"),
    ("x < 3 and y > 2, [see 1]", "```python\nprint('a')\n```\n"),
    ("", "no reasoning at all"),
]


def shared_texts():
    """Responses of the shared data, every fiftieth."""
    for folder in SHARED:
        if (path := folder / "data" / "math_level5_solutions.jsonl.gz").exists():
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                return [json.loads(line)["response"] for line in list(lines)[::50]]
    pytest.skip("the shared data is not beside the checkout")


def same(found, expected):
    return found.strip() == expected.strip()


@pytest.mark.parametrize("form", [*FORMS, *PROSE])
@pytest.mark.parametrize(("think", "answer"), TEXTS)
def test_reasoning_and_answer_come_back(form, think, answer):
    text = (FORMS[form][0] if form in FORMS else PROSE[form]).format(think=think, answer=answer)
    found = split(text)
    assert (found.status, found.think.strip()) == ("closed", think.strip())
    assert same(found.answer, answer)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("think", "answer"), TEXTS)
def test_and_so_where_the_prompt_opens_the_block(form, think, answer):
    template, prompt = FORMS[form]
    whole = template.format(think=think, answer=answer).lstrip()
    opening = opening_at_end(prompt)
    assert opening
    text = whole[len(opening.rstrip()) :]
    found = split(text, prompt=prompt)
    assert (found.status, found.think.strip()) == ("prefilled", think.strip())
    assert same(found.answer, answer)
    group = entered([Group(f"2+2?{prompt}", [text])])[0]
    assert split(group.responses[0].text).think.strip() == think.strip()
    assert group.prompt[0]["content"] == f"2+2?{prompt}"[: -len(opening)]


@pytest.mark.parametrize("form", FORMS)
def test_shared_responses_come_back_whole(form):
    template, prompt = FORMS[form]
    head, _, rest = template.partition("{think}")
    for text in shared_texts():
        half = len(text) // 2
        think, answer = text[:half], text[half:]
        found = split(head + think + rest.replace("{answer}", answer))
        assert same(found.think, think), form
        assert same(found.answer, answer), form
        cut = split(think, prompt=prompt)
        assert (cut.answer, cut.status) == ("", "unclosed")
        assert split(head + think).answer == ""


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_within_unfinished_reasoning_never_counts(form):
    template, prompt = FORMS[form]
    head = template.partition("{think}")[0]
    inside = "first \\boxed{7}, <answer>7</answer> The answer is 7"
    rules = [
        load("rules.math.equal"),
        load("rules.exact.normalised", extract="answer_tag"),
        load("rules.exact.normalised", extract="boxed"),
        view(load("rules.math.equal"), part="answer"),
        load("rules.format.think", prefilled="auto"),
        load("rules.format.think_answer", prefilled="auto"),
    ]
    whole = Group("7?", [head + inside], {"reference": "7"})
    prefilled = Group(f"7?{prompt}", [inside], {"reference": "7"})
    again = Group(
        "7?",
        [template.format(think="a", answer="8") + f"\n{head.strip()} or {inside}"],
        {"reference": "7"},
    )
    for rule in rules:
        assert [rule.score([group])[0][0].value for group in (whole, prefilled, again)] == [0] * 3


@pytest.mark.parametrize("form", FORMS)
def test_a_format_rule_takes_the_block_with_and_without_its_opening_mark(form):
    template, prompt = FORMS[form]
    whole = template.format(think="two and two", answer="4")
    short = whole.lstrip()[len(opening_at_end(prompt).rstrip()) :]
    for prefilled in (False, True, "auto"):
        rule = load("rules.format.think", prefilled=prefilled)
        (score,) = rule.score([Group(f"2+2?{prompt}", [short])])[0]
        assert score.value == 1.0, score.note
    assert load("rules.format.think").score([Group("2+2?", [whole])])[0][0].value == 1.0


@pytest.mark.parametrize("form", FORMS)
def test_a_view_and_the_language_of_the_reasoning_see_the_block(form):
    template, prompt = FORMS[form]
    text = template.format(think="一二三四五六七八九十", answer="It is four, of course.")
    group = Group("What is two plus two?", [text])
    short = text.lstrip()[len(opening_at_end(prompt).rstrip()) :]
    prefilled = Group(f"What is two plus two?\n{prompt}", [short], {"language": "en"})
    language = load("rules.language.consistency")
    assert language.score([group])[0][0].value == 0.0
    assert language.score([prefilled])[0][0].value == 0.0
    upper = view(load("rules.language.script_share", script="han"), part="answer")
    assert upper.score([group])[0][0].value == upper.score([prefilled])[0][0].value == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "Please use the <think> tag for your reasoning.",
        "Wrap it in <reasoning> tags, then answer.",
        "请使用<think>标签。",
        'The marks are "<think>" and "</think>".',
        "`</think>` closes the block; 4",
        "Write it so:\n```\n<think>\nreasoning\n```\nand stop.",
        "```xml\n<reasoning>a</reasoning>\n```",
        "Here are my reasoning steps: 1. add. So it is 4.",
        "Here is my response: 4",
        "analysis of the poem",
        "answer first, then <think>",
        "the channel <|channel|> is a token",
        "/kick <player> <reasoning>\nThen the player is gone.",
        "Fill in:\n<thought>\nyour thought",
    ],
)
def test_a_text_that_only_mentions_the_marks_is_all_answer(text):
    assert split(text) == ("", text, "none")


@pytest.mark.parametrize(
    ("text", "answer", "status"),
    [
        ("<think>a</think>4 <think>but", "4 ", "closed"),
        ("<think>a</think>4\n<think>\nWait, \\boxed{5}", "4\n", "closed"),
        ("<thinking>a</thinking>4.<think>Wait, 5", "4.", "closed"),
        ("<thinking>a</thinking>4.<thinking>Wait, 5", "4.", "closed"),
        ("It is 4.\n<think>Wait, 5", "It is 4.\n", "none"),
        ("<think>a</think>\n<think>b", "", "unclosed"),
        ("<think>a</think>4<think>b</think>5", "4<think>b</think>5", "closed"),
        ("<think>a</think>4<think>b</think>5<think>c", "4<think>b</think>5", "closed"),
        # the last closing mark counts, else the third block were unfinished
        (
            "<think>a</think>4<think>b</think>5<think>c</think>6",
            "4<think>b</think>5<think>c</think>6",
            "closed",
        ),
        (
            "<think>a</think>4<think>b</think>5<think>c</think>6<think>d",
            "4<think>b</think>5<think>c</think>6",
            "closed",
        ),
        ("<think>a</think>Use <think> tags: `<think>`.", "Use <think> tags: `<think>`.", "closed"),
        ("[THINK]a[/THINK]4[THINK]no", "4", "closed"),
        ("<think>say `</think>` and \\boxed{7}", "", "unclosed"),
        ("<think>a</think>\n<think> tag it \\boxed{7}", "", "unclosed"),
        ("<think>a</think>\n<think>", "", "unclosed"),
        ("<think>a</think>\n<Think >, \\boxed{7}", "", "unclosed"),
        ("<think>say `</think>` first</think>8", "8", "closed"),
    ],
)
def test_reasoning_that_is_opened_again_is_no_answer(text, answer, status):
    found = split(text)
    assert (found.answer, found.status) == (answer, status)


@pytest.mark.parametrize(
    "head",
    ["<|im_start|>assistant\n", "<｜Assistant｜>", "<s> ", "<|begin_of_text|><|assistant|>\n"],
)
def test_the_header_of_a_turn_may_stand_before_the_block(head):
    assert split(f"{head}<think>a</think>b") == ("a", "b", "closed")
    assert split(f"{head}[THINK]a").status == "unclosed"
    assert split(f"{head}b") == ("", f"{head}b", "none")
    split("<s> " * 30_000)


class TestHarmony:
    ANALYSIS = "<|channel|>analysis<|message|>"

    def test_several_analysis_messages_are_reasoning(self):
        text = f"{self.ANALYSIS}one{END}{self.ANALYSIS}two{END}<|channel|>final<|message|>4"
        found = split(text)
        assert found.answer == "4"
        assert "one" in found.think
        assert "two" in found.think

    def test_a_call_keeps_its_header_for_the_rules_of_tools(self):
        call = "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>"
        text = f"{self.ANALYSIS}ask{END}{call}"
        assert split(text) == ("ask", f"<|start|>assistant{call}", "closed")
        assert split(f"{self.ANALYSIS}ask<|end|>").status == "unclosed"

    def test_a_final_message_alone_has_no_reasoning(self):
        assert split("<|channel|>final<|message|>4<|return|>") == ("", "4", "closed")

    def test_without_the_special_tokens(self):
        found = split("analysisTwo and two.assistantfinalIt is 4.")
        assert found == ("Two and two.", "It is 4.", "closed")

    def test_a_preamble_before_the_final_message_is_no_answer(self):
        preamble = "<|channel|>commentary<|message|>Let me see."
        text = f"{self.ANALYSIS}a{END}{preamble}{END}<|channel|>final<|message|>4<|end|>"
        assert split(text).answer == "4"


def test_a_tag_names_one_family_or_its_own_marks():
    assert split("[THINK]a[/THINK]b", tag="[THINK]").answer == "b"
    assert split("[THINK]a[/THINK]b", tag="think").status == "none"
    assert split("<plan>a</plan>b", tag="plan") == ("a", "b", "closed")
    assert part_of("b", "answer", prompt="<think>") == ""
    assert part_of("b", "answer", tag="plan", prompt="<think>") == "b"


@pytest.mark.parametrize(
    ("prompt", "opening"),
    [
        ("<｜User｜>2+2?<｜Assistant｜><think>\n", "<think>\n"),
        ("User: 2+2? Assistant: <think>", "<think>"),
        ("Solve it.\nAssistant <think>\n", "<think>\n"),
        ("Put your reasoning in <think>", ""),
        ("先思考 <think>", ""),
        ("<think></think>", ""),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", ""),
        ("2+2?", ""),
        ("", ""),
    ],
)
def test_a_prompt_that_ends_in_the_opening_mark_opens_the_block(prompt, opening):
    assert opening_at_end(prompt) == opening


def test_no_mark_of_a_family_is_the_beginning_of_another_s():
    starts = [family.start for family in FAMILIES]
    assert len(set(starts)) == len(starts)
    for one in starts:
        assert not [other for other in starts if other != one and other.startswith(one)]


def test_degenerate_texts_are_short_work():
    for piece in ("<think>", "</think>", "`</think>`", "```<think>", "<|channel|>", "[THINK] "):
        text = piece * (130_000 // len(piece))
        split(text)
        split(text, prompt="<think>")
    split("<|channel|>analysis<|message|>" * 5000)
    split("<|end|>" + " " * 100_000)


def test_a_response_says_what_it_is():
    marked = Response("4<|im_end|>", keeps_end_marks=True)
    length = load("rules.baseline.length")
    assert [s.value for s in length.score([Group("q", [marked, "4<|im_end|>"])])[0]] == [11.0, 1.0]
