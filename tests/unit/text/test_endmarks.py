"""End-of-turn and pad marks: chains of them go, a text's own ending stays."""

import itertools

import pytest

from plaudit.text.endmarks import END_MARKS, without_end_marks

# The last tokens of a turn as chat templates and generation configs publish them.
PUBLISHED = [
    ("<|im_end|>\n", "Qwen/Qwen3-8B, chat_template"),
    ("<|im_end|><|endoftext|>", "Qwen/Qwen2.5-7B-Instruct, generation_config eos_token_id"),
    ("<|eot_id|>", "meta-llama/Llama-3.1-8B-Instruct, chat_template"),
    ("<|eom_id|>", "meta-llama/Llama-3.1-8B-Instruct, code interpreter"),
    ("<|eot|>", "meta-llama/Llama-4-Scout-17B-16E-Instruct, chat_template"),
    (" </s>", "meta-llama/Llama-2-7b-chat-hf, chat_template"),
    ("</s>", "mistralai/Mistral-7B-Instruct-v0.3, chat_template"),
    ("<end_of_turn>\n<eos>", "google/gemma-2-9b-it, chat_template"),
    ("<turn|>\n", "google/gemma-4, vllm/reasoning/gemma4_utils.py"),
    ("<｜end▁of▁sentence｜>", "deepseek-ai/DeepSeek-R1, chat_template"),
    ("<|EOT|>", "deepseek-ai/deepseek-coder-6.7b-instruct, chat_template"),
    ("<|end|>\n<|endoftext|>", "microsoft/Phi-3-mini-4k-instruct, chat_template"),
    ("<|user|>", "THUDM/glm-4-9b-chat, generation_config eos_token_id"),
    ("<|observation|>", "THUDM/glm-4-9b-chat, generation_config eos_token_id"),
    ("[EOS]", "moonshotai/Kimi-K2-Instruct, tokenizer_config"),
    ("[e~[\n", "MiniMaxAI/MiniMax-M2, chat_template"),
    ("<|END_RESPONSE|><|END_OF_TURN_TOKEN|>", "CohereLabs/c4ai-command-r7b-12-2024"),
    ("<|end_of_text|>\n", "ibm-granite/granite-3.3-8b-instruct, chat_template"),
    ("<|return|>", "openai/gpt-oss-20b, chat_template"),
    ("<eoa>\n", "internlm/internlm-chat-7b"),
    ("[|endofturn|]\n", "LGAI-EXAONE/EXAONE-3.5-7.8B-Instruct, chat_template"),
    ("<seed:eos>", "ByteDance-Seed/Seed-OSS-36B-Instruct, chat_template"),
    ("<|role_end|>", "inclusionAI/Ling-mini-2.0, chat_template"),
    ("<pad><pad><pad>", "padding on the right"),
]


@pytest.mark.parametrize(("end", "source"), PUBLISHED)
@pytest.mark.parametrize(
    "text", ["4", "答案是4。\n", "so \\boxed{4}", "a < b > c", "", "</think>4 "]
)
def test_what_a_template_writes_behind_a_turn_is_taken_off(end, source, text):
    found, marks = without_end_marks(text + end)
    assert found.rstrip(" ") == text.rstrip(" ")
    assert "".join(marks) == "".join(end.split())


@pytest.mark.parametrize("mark", END_MARKS)
def test_each_mark_alone_and_twice(mark):
    assert without_end_marks(f"4{mark}") == ("4", (mark,))
    assert without_end_marks(f"4\n{mark} {mark}\n\n") == ("4\n", (mark, mark))
    assert without_end_marks(f"{mark}4") == (f"{mark}4", ())


def test_any_chain_of_two_is_taken_off():
    for first, second in itertools.product(END_MARKS, END_MARKS):
        found, marks = without_end_marks(f"x{first}{second}")
        assert (found, "".join(marks)) == ("x", first + second)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no mark \n",
        "use `</s>`",
        'the token "<|im_end|>"',
        "<|im_end|> is a token",
        "Price: <s>12</s> 10, or <s>20</s>",
        "a<eos",
        "a list [1]",
        "x > y",
    ],
)
def test_a_text_that_ends_in_no_mark_stays(text):
    assert without_end_marks(text) == (text, ())


def test_a_bos_mark_in_front_does_not_make_html_of_the_end():
    assert without_end_marks("<s> It is 4.</s>") == ("<s> It is 4.", ("</s>",))
    assert without_end_marks("now <s>12</s></s>") == ("now <s>12</s>", ("</s>",))


def test_long_chains_are_short_work():
    for mark in ("</s>", "<|im_end|>\n", "<s></s>", "<s>"):
        found, _ = without_end_marks(f"x{mark * 30_000}")
        assert len(found) <= 1 + len(mark) * 30_000


RUN_ON = [
    "<|im_end|>\n<|im_start|>user\nThanks",
    "<|im_end|>\n<|im_start|>assistant\n\\boxed{6}",
    "<|im_end|><|im_user|>user<|im_middle|>Thanks",
    "<|endoftext|><|im_start|>user\nThanks<|im_end|>",
    "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nThanks",
    "<|eot|><|header_start|>user<|header_end|>\n\nThanks",
    "<end_of_turn>\n<start_of_turn>user\nThanks<end_of_turn>\n<start_of_turn>model\n6",
    "<turn|>\n<|turn>user\nThanks",
    "</s>[INST] Thanks [/INST] 6",
    "</s><s>[INST] Thanks [/INST] 6",
    "<｜end▁of▁sentence｜><｜User｜>Thanks<｜Assistant｜><think>\nOk",
    "<｜end▁of▁sentence｜><｜begin▁of▁sentence｜><｜User｜>Thanks",
    "<|user|>\nThanks",
    "<|end|>\n<|user|>\nThanks<|end|>",
    "</s>\n<|user|>\nThanks",
    "<|end_of_text|>\n<|start_of_role|>user<|end_of_role|>Thanks",
    "<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|USER_TOKEN|>Thanks",
    "<|return|><|start|>user<|message|>Thanks",
    "[|endofturn|]\n[|user|]Thanks",
    "[e~[\n]~b]user\nThanks",
    "<|role_end|><role>HUMAN</role>Thanks",
    "<seed:eos><seed:bos>user\nThanks",
    "<eoa>\n<|User|>: Thanks",
]


@pytest.mark.parametrize("rest", RUN_ON)
def test_what_a_model_writes_for_the_next_turn_belongs_to_no_answer(rest):
    text, marks = without_end_marks(f"The answer is 5.{rest}")
    assert (text, bool(marks)) == ("The answer is 5.", True)
    assert without_end_marks(text) == (text, ())


CALL = "<tool_call>{}</tool_call><|im_end|>\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{CALL}<|im_start|>tool\n5<|im_end|>\n<|im_start|>assistant\nIt is 5.",
        f"{CALL}<|im_start|>user\n<tool_response>\n5\n</tool_response><|im_end|>\n"
        "<|im_start|>assistant\nIt is 5.",
        "call<|eom_id|><|start_header_id|>ipython<|end_header_id|>\n\n5<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nIt is 5.",
        "call<|observation|>\n5<|assistant|>\nIt is 5.",
        "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>5",
        "ChatML reads `<|im_end|>\n<|im_start|>user`, as you know.",
        "So:\n```\n<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi\n```\nThat is all.",
        "It begins <|im_start|>system Be kind.<|im_end|> <|im_start|>user Hi, and so on.",
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello",
        "GLM writes <|user|> before the turn of the user, Mistral [INST].",
        "The mark is:\n<|user|>\nand so on.",
    ],
)
def test_tools_and_transcripts_that_a_text_shows_are_kept(text):
    assert without_end_marks(text) == (text, ())


def test_behind_the_answer_to_a_tool_the_next_user_goes_as_well():
    text = f"{CALL}<|im_start|>tool\n5<|im_end|>\n<|im_start|>assistant\nIt is 5."
    assert without_end_marks(f"{text}<|im_end|>\n<|im_start|>user\nThanks")[0] == text
    head = "<|im_start|>assistant\nIt is 5."
    assert without_end_marks(f"{head}<|im_end|>\n<|im_start|>user\nThanks")[0] == head


@pytest.mark.parametrize(
    "piece", ["<|im_end|>", "<|im_end|> \n", "<|user|>\n", "x<|user|>", "</s>[", "```"]
)
def test_repeated_marks_are_short_work(piece):
    without_end_marks("a" + piece * (130_000 // len(piece)))
    without_end_marks("<|im_end|>\n<|im_start|>tool\n" * 5000)
