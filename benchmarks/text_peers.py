"""What other libraries' text rules do, written anew in the manner of their code: the same kind of
pattern, loop and data structure, so that their cost is theirs. TRL itself is run as installed.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections.abc import Callable

from plaudit.text.special import special_set

_OPEN_R1 = re.compile(
    r"^<think>\n.*?\n</think>\n<answer>\n.*?\n</answer>$", re.DOTALL | re.MULTILINE
)
_MS_SWIFT = re.compile(
    r"^<think>.*?</think>\s*<answer>.*?</answer>(?![\s\S])", re.DOTALL | re.MULTILINE
)
_EVAL_PROTOCOL = re.compile(r"^<think>\n.*?</think>\n<answer>\n.*?</answer>$", re.DOTALL)
_WORD_BREAK = re.compile(r"[ \n\t]")
_HAN = re.compile(r"[\u4e00-\u9fff]")


def open_r1_format(text: str) -> float:
    """huggingface/open-r1, format: think and answer on lines of their own."""
    return float(_OPEN_R1.match(text) is not None)


def ms_swift_format(text: str) -> float:
    """modelscope/ms-swift, format: think and answer blocks to the end of the text."""
    return float(_MS_SWIFT.match(text) is not None)


def eval_protocol_format(text: str) -> float:
    """eval-protocol, format: think and answer on lines of their own."""
    return float(_EVAL_PROTOCOL.match(text) is not None)


def open_r1_tag_count(text: str) -> float:
    """huggingface/open-r1, tag count: a quarter for each tag that is there once."""
    tags = ("<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>")
    return sum(0.25 for tag in tags if text.count(tag) == 1)


def word_ngrams(text: str, n: int = 3) -> float:
    """huggingface/open-r1 and modelscope/ms-swift, repetition: a set of word tuples."""
    words = text.lower().split()
    distinct, total = set(), 0
    for gram in zip(*(words[i:] for i in range(n)), strict=False):
        distinct.add(gram)
        total += 1
    return -(1 - len(distinct) / total) if total else 0.0


def data_juicer_characters(text: str, n: int = 10) -> float:
    """modelscope/data-juicer, character repetition: a dictionary of substrings."""
    counts: dict[str, int] = {}
    for gram in [text[i : i + n] for i in range(len(text) - n + 1)]:
        counts[gram] = counts.get(gram, 0) + 1
    if not counts:
        return 0.0
    falling = sorted(counts.values(), reverse=True)
    num_repeated = len([count for count in falling if count > 1])
    return sum(falling[: min(int(math.sqrt(len(falling))), num_repeated)]) / sum(falling)


def data_juicer_words(text: str, n: int = 10) -> float:
    """modelscope/data-juicer, word repetition: a dictionary of joined words."""
    words = [word.strip(_special_characters()) for word in _WORD_BREAK.split(text.lower())]
    words = [word for word in words if word]
    counts: dict[str, int] = {}
    for gram in [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]:
        counts[gram] = counts.get(gram, 0) + 1
    total = sum(counts.values())
    return sum(count for count in counts.values() if count > 1) / total if total else 0.0


@functools.cache
def _special_characters() -> str:
    """What Data-Juicer strips from words: punctuation, digits, signs, emoji."""
    return "".join(special_set())


def han_findall(text: str) -> float:
    """The expression in users' own code: the share of U+4E00 to U+9FFF, by `re.findall`."""
    return len(_HAN.findall(text)) / len(text)


def han_generator(text: str) -> float:
    """The same by comparing each character."""
    return sum(1 for c in text if "\u4e00" <= c <= "\u9fff") / len(text)


def han_unicodedata(text: str) -> float:
    """The same by each character's Unicode name."""
    return sum("CJK" in unicodedata.name(c, "") for c in text) / len(text)


def trl(name: str, **params) -> Callable:
    """A reward function of TRL itself. Raises SystemExit where it is not installed."""
    try:
        from trl import rewards
    except ImportError:
        raise SystemExit("this benchmark runs TRL itself: pip install trl torch") from None
    reward = getattr(rewards, name)
    return reward(**params) if params else reward
