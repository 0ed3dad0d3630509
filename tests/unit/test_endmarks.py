"""End-of-turn and pad marks: chains of them go, a text's own ending stays."""

import itertools

import pytest

from plaudit.endmarks import END_MARKS, without_end_marks

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
