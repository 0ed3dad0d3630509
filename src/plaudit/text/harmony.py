"""The messages of gpt-oss: reasoning and answer are channels, not a pair of marks.

    <|channel|>analysis<|message|>..<|end|><|start|>assistant<|channel|>final<|message|>..<|return|>

After openai/harmony (docs/format.md). A response without its special tokens reads
``analysis..assistantfinal..``, which is known as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

__all__ = ["OPENING", "split"]

OPENING = "<|channel|>analysis<|message|>"
_HEADER = re.compile(
    r"(?P<end><\|end\|>\s{0,9})?(?P<start><\|start\|>assistant)?[^\S\n]{0,9}"
    r"<\|channel\|>(?P<channel>analysis|commentary|final)(?P<rest>[^\n]{0,200}?)<\|message\|>"
)
_ENDS = ("<|return|>", "<|end|>")
_PLAIN, _PLAIN_FINAL = "analysis", "assistantfinal"

Found = tuple[str, str, Literal["closed", "prefilled", "unclosed"]]
Headers = Sequence[re.Match[str]]


def split(text: str) -> Found | None:
    """Reasoning, answer and status (as `think.split`), or None for a text of another family.

    The answer is the final message, or the message to a tool with its header.

    >>> analysis = "<|channel|>analysis<|message|>2+2"
    >>> split(analysis + "<|end|><|start|>assistant<|channel|>final<|message|>4<|return|>")
    ('2+2', '4', 'closed')
    >>> split(analysis)
    ('2+2', '', 'unclosed')
    """
    if "<|channel|>" not in text:
        return _without_tokens(text)
    headers = list(_HEADER.finditer(text))
    if not headers:
        return None
    if not text[: headers[0].start()].strip():
        return _opened(text, headers)
    if headers[0]["end"] and headers[0]["channel"] != "analysis":
        return text[: headers[0].start()], _answer(text, headers), "prefilled"
    return None


def _opened(text: str, headers: Headers) -> Found:
    num_analysis = next(
        (i for i, header in enumerate(headers) if header["channel"] != "analysis"), len(headers)
    )
    start = headers[0].end()
    if num_analysis == len(headers):
        return _without_end(text[start:]), "", "unclosed"
    think = text[start : headers[num_analysis].start()] if num_analysis else ""
    return think, _answer(text, headers[num_analysis:]), "closed"


def _answer(text: str, headers: Headers) -> str:
    """The last final message; where there is none, the messages up to the next analysis."""
    finals = [i for i, header in enumerate(headers) if header["channel"] == "final"]
    if finals:
        last = finals[-1]
        end = headers[last + 1].start() if last + 1 < len(headers) else len(text)
        return _without_end(text[headers[last].end() : end])
    end = next((h.start() for h in headers if h["channel"] == "analysis"), len(text))
    return text[headers[0].start() + len(headers[0]["end"] or "") : end]


def _without_end(text: str) -> str:
    for mark in _ENDS:
        text = text.removesuffix(mark)
    return text


def _without_tokens(text: str) -> Found | None:
    """A response whose special tokens were dropped; an unfinished one looks like text."""
    if not text.startswith(_PLAIN) or (end := text.find(_PLAIN_FINAL)) < 0:
        return None
    return text[len(_PLAIN) : end], text[end + len(_PLAIN_FINAL) :], "closed"
