"""End-of-turn and pad marks: what inference engines leave at the end of a response.

One table for the whole package. The list is of marks that end a turn or pad a sequence; no text
that a person writes ends in one. Where such a mark is followed by the header of another turn, the
model ran on and wrote the other side as well: all from there on belongs to no answer.
"""

from __future__ import annotations

import re

__all__ = ["END_MARKS", "TURN_HEADER", "without_end_marks"]

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
    # Nemotron of NVIDIA/NeMo-Aligner, docs/user-guide/dpo.rst
    "<extra_id_1>",
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
TURN_HEADER = re.compile(
    r"<\|im_start\|> ?\w+|<\|im_(?:user|system|assistant)\|>"  # ChatML; Kimi K2
    r"|<\|start_header_id\|>\w+<\|end_header_id\|>|<\|header_start\|>\w+<\|header_end\|>"  # Llama
    r"|<start_of_turn>\w+|<\|turn>\w+"  # Gemma
    r"|<[|｜](?:User|Assistant)[|｜]>"  # DeepSeek, InternLM 1
    r"|<\|(?:user|assistant|system|observation)\|>"  # GLM, Phi 3, Zephyr
    r"|\[INST\]|\[TOOL_RESULTS\]"  # Mistral, Llama 2
    r"|<\|start_of_role\|>\w+"  # Granite
    r"|<\|START_OF_TURN_TOKEN\|><\|\w+_TOKEN\|>"  # Command R and A
    r"|<\|start\|>(?!assistant)\w+"  # harmony, whose assistant goes on in channels
    r"|\[\|(?:user|assistant|system|tool)\|\]"  # EXAONE
    r"|<seed:bos>\w+|\]~b\]\w+|<role>\w+</role>"  # Seed-OSS; MiniMax M2; Ling and Ring
)
"""What a chat template writes before a turn, in the families whose headers hold a mark."""

_LONGEST = max(map(len, END_MARKS))
# How the marks begin that stand before a header: most texts hold none of them.
_HINT = re.compile(r"<(?:[|｜]|/s>|e[no]|E|turn\|>|seed:|/longcat_s>)")
_SQUARE_HINT = re.compile(r"\[(?:\|e|e~\[)")
_NEXT_TURN = re.compile(
    f"(?:{'|'.join(map(re.escape, END_MARKS))})"
    r"\s{0,9}(?P<turn>(?:(?:<s>|<bos>|<\|begin_of_text\|>|<｜begin▁of▁sentence｜>)\s{0,9})?"
    f"(?:{TURN_HEADER.pattern}))"
    r"|(?<=\S)(?P<both><\|user\|>)(?=\n)"  # GLM: the header of the next turn ends this one
)
_SPEAKER = re.compile(
    r"(?i)\b(?:user|human|system|developer|inst)\b|im_(?:user|system)|\buser_token"
)
_ASSISTANT = re.compile(r"(?i)\b(?:assistant|model|bot)\b|im_assistant|chatbot_token")
_TOOL_RESULT = re.compile(r"(?:<\|end_(?:of_role|header_id)\|>)?\s{0,9}<tool_response>")
_LAST = frozenset(mark[-1] for mark in END_MARKS)


def without_end_marks(text: str) -> tuple[str, tuple[str, ...]]:
    """A text without the chain of marks at its end, and the marks in their order.

    White space between and behind the marks goes with them; that before the first mark is the
    text's own. A text that ends in no mark stays as it is, and so does HTML that ends in
    ``<s>..</s>``. Where a mark is followed by the header of a turn of the user, the text ends there
    and the header is the last of the marks; turns of tools, and those that answer them, are kept,
    as is a transcript that a text quotes. Linear.

    >>> without_end_marks("4\\n<|im_end|> <|endoftext|>\\n")
    ('4\\n', ('<|im_end|>', '<|endoftext|>'))
    >>> without_end_marks("no mark \\n")
    ('no mark \\n', ())
    >>> without_end_marks("It is 5.<|im_end|>\\n<|im_start|>user\\nThanks")
    ('It is 5.', ('<|im_end|>', '<|im_start|>user'))
    """
    if (header := _next_turn(text)) is not None:
        own, marks = _without_chain(text[: header[0]])
        return own, (*marks, header[1])
    return _without_chain(text)


def _next_turn(text: str) -> tuple[int, str] | None:
    """Where the model goes on as somebody else, and the header that it writes there."""
    if not ("<" in text and _HINT.search(text)) and not ("[" in text and _SQUARE_HINT.search(text)):
        return None
    answers_tool = is_checked = False
    for match in _NEXT_TURN.finditer(text):
        if not is_checked and _is_quoted(text, match.start()):
            return None
        is_checked = True
        header = match["turn"] or match["both"]
        if _is_of_tool(text, header, match.end()):
            answers_tool = True
        elif answers_tool and _ASSISTANT.search(header):
            answers_tool = False
        else:
            return match.end() - len(header), header
    return None


def _is_of_tool(text: str, header: str, end: int) -> bool:
    """Whether a turn is a tool's: by its role, or as the Qwen template writes it."""
    is_speaker = _SPEAKER.search(header) or _ASSISTANT.search(header)
    return not is_speaker or _TOOL_RESULT.match(text, end) is not None


def _is_quoted(text: str, end: int) -> bool:
    """Whether the turn that ends at `end` is one that the text shows: it has a header of its own.

    The header of the assistant at the start is that of the response, as dumps keep it.
    """
    own = TURN_HEADER.match(text, len(text) - len(text.lstrip()) if text[:1].isspace() else 0)
    start = own.end() if own is not None and _ASSISTANT.search(own[0]) else 0
    if TURN_HEADER.search(text, start, end) or text[end - 1 : end] == "`":
        return True
    return text.count("```", 0, end) % 2 == 1


def _without_chain(text: str) -> tuple[str, tuple[str, ...]]:
    if not text or (text[-1] not in _LAST and not text[-1].isspace()):
        return text, ()
    marks: list[str] = []
    end, start = _end_of_text(text, len(text)), len(text)
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
