"""The rules of XU-YIJIE/grpo-flat (reward_funcs.py), exploits included.

Its perplexity and judge rewards need models and are not included.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Annotated

from plaudit.errors import ScoringError
from plaudit.rules.compat.mini_r1_zero import _is_one_line
from plaudit.types import Range

__all__ = [
    "chinese_char_ratio",
    "hard_thinking_format",
    "length",
    "punish_too_long",
    "repetition",
    "soft_thinking_format",
    "think_mark",
    "unbias",
]

_MARKS = ("<think>\n", "</think>\n", "<answer>\n", "</answer>\n")


def length(response: str) -> Annotated[float, Range(0, 10)]:
    """10 at 200 characters, falling to 0 on both sides as a bell of standard deviation 50.

    ``10 exp(-(characters - 200)^2 / (2 * 50^2))``.

    >>> length("x" * 200)
    10.0
    """
    return 10 * math.exp(-((len(response) - 200) ** 2) / (2 * 50**2))


def repetition(response: str) -> Annotated[float, Range(0, 10)]:
    """From near 0 (one word repeated) to 10 (no word twice): ``10 * different / all words``.

    Words as jieba segments them, spaces and punctuation included. A longer text repeats more words,
    so short ones score best.

    Raises: ScoringError (response) for an empty response, where the original divides by 0.

    >>> repetition("好好学习")
    10.0
    """
    from plaudit.text.ngrams import jieba_words

    words = jieba_words(response)
    if not words:
        raise ScoringError("an empty response has no words", fault="response")
    return len(set(words)) / len(words) * 10


def chinese_char_ratio(response: str) -> Annotated[float, Range(0, 10)]:
    """From 0 (no Chinese character) to 10 (nothing else): ``10 * [U+4E00-U+9FFF] / characters``.

    Punctuation, spaces and rarer blocks count against it. Hardened: `rules.language`.

    >>> chinese_char_ratio("你好!?")
    5.0
    """
    from plaudit.text.ngrams import code_points

    if not response:
        return 0.0
    points = code_points(response)
    count = int(((points >= 0x4E00) & (points <= 0x9FFF)).sum()) if points.itemsize > 1 else 0
    return count / len(response) * 10


def think_mark(response: str) -> Annotated[float, Range(0, 0.5)]:
    r"""0.125 for each of four tags, followed by a line break, that occurs exactly once.

    ``<think>\n``, ``</think>\n``, ``<answer>\n`` and ``</answer>\n``, in any order. Hardened:
    `rules.format.tag_count`.

    >>> think_mark("</answer>\n<answer>\n</think>\n<think>\n")
    0.5
    """
    return 0.125 * sum(response.count(mark) == 1 for mark in _MARKS)


def hard_thinking_format(response: str) -> Annotated[float, Range(0, 0.5)]:
    r"""0.5 if the response is six lines, the tags and one line in each block; else 0.

    The pattern ``^<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>\n$``, in which . is any
    character but a line break: reasoning of several lines scores 0, empty lines pass, and a line
    break after the last tag is required.

    >>> hard_thinking_format("<think>\n2 + 2\n</think>\n<answer>\n4\n</answer>\n")
    0.5
    """
    lines = response.split("\n", 8)
    if len(lines) == 8 and not lines[7]:
        del lines[7]
    tags = [*lines[:1], *lines[2:4], *lines[5:]]
    return 0.5 * (tags == ["<think>", "</think>", "<answer>", "</answer>", ""] and len(lines) == 7)


def soft_thinking_format(response: str) -> Annotated[float, Range(0, 1)]:
    """1 if the response is one line ``<think>..</think><answer>..</answer>``, else 0.

    The pattern of `rules.compat.mini_r1_zero.format`: reasoning of several lines scores 0.

    >>> soft_thinking_format("<think></think><answer></answer>")
    1.0
    """
    return float(_is_one_line(response))


def punish_too_long(
    response: str, *, punish_length: int = 100
) -> Annotated[float, Range(-float("inf"), 0)]:
    """0 at `punish_length` pieces between single spaces, less by 0.01 for each more or fewer.

    Two spaces in a row enclose an empty piece. No floor; a text in Chinese is one piece.

    >>> punish_too_long("two words")
    -0.98
    """
    return -abs(punish_length - (response.count(" ") + 1)) / 100


def unbias(response: str, reference: str) -> Annotated[float, Range(0, 1)]:
    """BLEU-1 of the response's pieces between single spaces against the reference's words.

    The original calls NLTK in such a way that each word of the reference is a reference and its
    letters are the words: only pieces of one letter can match, so normal text scores 0.

    >>> unbias("a b", "ab")
    1.0
    """
    pieces = response.split(" ")
    words = reference.split(" ")
    matched = sum(
        min(count, max(word.count(piece) for word in words))
        for piece, count in Counter(pieces).items()
        if len(piece) == 1
    )
    if not matched:
        return 0.0
    return _brevity(len(pieces), {len(word) for word in words}) * matched / len(pieces)


def _brevity(length: int, others: set[int]) -> float:
    """BLEU's brevity penalty against the closest length, the shorter one of two equally close."""
    closest = min(others, key=lambda other: (abs(other - length), other))
    return 1.0 if length > closest else math.exp(1 - closest / length)
