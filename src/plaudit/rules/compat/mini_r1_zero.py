"""The rewards of ahxt/mini-r1-zero (grpo.py), exploits included: GSM8K with R1-Zero's tags."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from plaudit.errors import ConfigError, ScoringError, clipped
from plaudit.types import Range

__all__ = ["accuracy", "format", "length", "reflection"]

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_RUN_BACKWARDS = re.compile(r"\d[\d.]*")
_MARKERS = ("wait", "possible", "perhaps", "check", "maybe")


def accuracy(response: str, reference: str) -> Annotated[float, Range(0, 1)]:
    r"""1 if the last number of the response equals the one after the reference's ``####``, else 0.

    Both as floats. The sign of the response's number is not read (a negative answer never scores)
    nor are thousands separators (1,234 is read as 234); text without a number scores 0.

    Raises: ScoringError (input) if the reference has no number.

    >>> accuracy("<answer>18 dollars</answer>", "9 * 2 = 18\n#### 18")
    1.0
    """
    gold = str(reference).split("####")[-1].replace(",", "").rstrip()
    try:
        gold_number = float(gold)
    except ValueError:
        raise ScoringError(f"no number in the reference: {clipped(gold)}", fault="input") from None
    return float(_last_number(response) == gold_number)


def format(response: str) -> Annotated[float, Range(0, 1)]:
    r"""1 if the response is one line ``<think>..</think><answer>..</answer>``, else 0.

    The pattern ``^<think>.*?</think><answer>.*?</answer>$``, in which . is any character but a line
    break: reasoning of several lines scores 0; empty blocks, repeated tags and a line break at the
    end pass. Hardened: `rules.format.think_answer`.

    >>> format("<think></think><answer></answer>"), format("<think>a\nb</think><answer>4</answer>")
    (1.0, 0.0)
    """
    return float(_is_one_line(response))


def length(
    response: str, *, form: Literal["step", "linear"] = "step"
) -> Annotated[float, Range(0, float("inf"))]:
    """0.5 above 500 characters, else 0; the earlier form "linear" is ``characters / 5000``.

    Padding is enough to earn it.

    >>> length("x" * 501), length("x" * 501, form="linear")
    (0.5, 0.1002)
    """
    if form == "linear":
        return len(response) / 5000.0
    if form != "step":
        raise ConfigError(f"form={form!r} must be 'step' or 'linear'")
    return 0.5 if len(response) > 500 else 0.0


def reflection(
    response: str, *, cap: float | None = None
) -> Annotated[float, Range(0, float("inf"))]:
    """0.1 for each reflection word, and 0.1 if " I " occurs; unbounded unless `cap` is given.

    Words between white space, lower-cased, that are exactly one of wait, possible, perhaps, check,
    maybe. The list of the original also names phrases ("let me check"), which no single word can
    equal, and words with a comma after them do not count. `cap` (ours) limits the gain from
    repeating one word.

    >>> reflection("Wait wait, wait"), reflection("wait " * 50, cap=0.5)
    (0.2, 0.5)
    """
    words = response.lower().split()
    score = sum([0.1] * sum(map(words.count, _MARKERS))) + (0.1 if " I " in response else 0)
    return float(score if cap is None else min(score, cap))


def _last_number(text: str) -> float | None:
    """The last unsigned number, read from the end: only the run of digits and dots around it."""
    run = _RUN_BACKWARDS.search(text[::-1])
    return float(_NUMBER.findall(run.group()[::-1])[-1]) if run else None


def _is_one_line(text: str) -> bool:
    line = text.removesuffix("\n")
    tag = "<think>"
    if "\n" in line or not line.startswith(tag):
        return False
    meeting = "</think><answer>"
    middle = line.find(meeting, len(tag))
    return middle >= 0 and line.endswith("</answer>", middle + len(meeting))
