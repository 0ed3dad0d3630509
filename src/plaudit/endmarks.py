"""End-of-turn and pad marks: what inference engines leave at the end of a response.

One table for the whole package. The list is of marks that end a turn or pad a sequence; no text
that a person writes ends in one.
"""

from __future__ import annotations

__all__ = ["END_MARKS", "without_end_marks"]

END_MARKS = (
    # ChatML: Qwen, Yi, InternLM 2, Phi 4, Kimi, SmolLM, Olmo, DBRX
    "<|im_end|>",
    # GPT-2 and after: Qwen, Yi, Phi, GLM, Falcon, Olmo, StarCoder, MPT
    "<|endoftext|>",
    # Llama 3; 4 (llama-models, models/llama4/tokenizer.py)
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",  # Granite 3 as well
    "<|finetune_right_pad_id|>",
    "<|eot|>",
    "<|eom|>",
    "<|step|>",
    "<|finetune_right_pad|>",
    # SentencePiece: Llama 2, Mistral, Baichuan, Zephyr, ChatGLM 2 and 3, ERNIE, Orion, T5
    "</s>",
    "<pad>",
    "<eos>",
    # Gemma 1 to 3; 4 (vllm-project/vllm, vllm/reasoning/gemma4_utils.py)
    "<end_of_turn>",
    "<turn|>",
    # DeepSeek; DeepSeek-Coder and Step 3
    "<｜end▁of▁sentence｜>",
    "<｜▁pad▁｜>",
    "<|EOT|>",
    # Phi 3; harmony (openai/harmony, docs/format.md); Solar (ggml-org/llama.cpp, src/llama-vocab)
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|flush|>",
    "<|calls|>",
    # GLM 4 ends its turn with the role that comes next: generation_config.json, eos_token_id
    "<|user|>",
    "<|observation|>",
    # Kimi K2 and K3
    "[EOS]",
    "[EOT]",
    "[PAD]",
    "<|close|>message<|sep|>",
    # MiniMax Text 01 and M1; M2
    "<end_of_sentence>",
    "[e~[",
    # Command R and A
    "<|END_OF_TURN_TOKEN|>",
    "<|END_RESPONSE|>",
    "<EOS_TOKEN>",
    "<PAD>",
    # InternLM 1; EXAONE; OpenChat; Seed-OSS; Ling and Ring; LongCat; Apertus; Hunyuan; ERNIE 4.5
    "<eoa>",
    "[|endofturn|]",
    "<|end_of_turn|>",
    "<seed:eos>",
    "<seed:pad>",
    "<|role_end|>",
    "</longcat_s>",
    "<|assistant_end|>",
    "<|eos|>",
    "<|end_of_sentence|>",
    # CodeLlama; SmolVLM; Olmo; Nemotron-H
    "<EOT>",
    "<end_of_utterance>",
    "<|pad|>",
    "<SPECIAL_12>",
)
_LONGEST = max(map(len, END_MARKS))
_LAST = frozenset(mark[-1] for mark in END_MARKS)


def without_end_marks(text: str) -> tuple[str, tuple[str, ...]]:
    """A text without the chain of marks at its end, and the marks in their order.

    White space between and behind the marks goes with them; that before the first mark is the
    text's own. A text that ends in no mark stays as it is, and so does HTML that ends in
    ``<s>..</s>``. Linear.

    >>> without_end_marks("4\\n<|im_end|> <|endoftext|>\\n")
    ('4\\n', ('<|im_end|>', '<|endoftext|>'))
    >>> without_end_marks("no mark \\n")
    ('no mark \\n', ())
    """
    if not text or (text[-1] not in _LAST and not text[-1].isspace()):
        return text, ()
    end, marks = _end_of_text(text, len(text)), []
    start = len(text)
    if not end or text[end - 1] not in _LAST:
        return text, ()
    html = _end_of_html(text)
    while (mark := _mark_before(text, end)) and end - len(mark) != html:
        marks.append(mark)
        start = end - len(mark)
        end = _end_of_text(text, start)
    return (text[:start], tuple(reversed(marks))) if marks else (text, ())


def _end_of_text(text: str, end: int) -> int:
    while end and text[end - 1].isspace():
        end -= 1
    return end


def _mark_before(text: str, end: int) -> str:
    """The mark that ends at `end`, or an empty text."""
    if not end or text[end - 1] not in _LAST:
        return ""
    tail = text[max(end - _LONGEST, 0) : end]
    return next((mark for mark in END_MARKS if tail.endswith(mark)), "")


def _end_of_html(text: str) -> int:
    """Where the last element ``<s>..</s>`` is closed, or -1; a ``<s>`` at the start is a BOS."""
    opening = text.rfind("<s>")
    return text.find("</s>", opening) if opening > 0 else -1
